"""Personal columns at rest: encrypted value by value with AES-SIV, so that equal values stay equal to a
merge.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from zhunsheng.errors import ZhunshengError
from zhunsheng.translation import worded

_MARK = "siv1:"


class Cipher:
    """Encrypts and decrypts personal values and files under one key (RFC 5297); without the key,
    nothing is readable.
    """

    def __init__(self, key: str) -> None:
        """Take any secret text of at least 32 characters. Raises ``ZS-EV-13`` for a shorter one."""
        if len(key) < 32:
            raise ZhunshengError("ZS-EV-13", detail=worded("密钥少于 32 个字符"))
        self._aead = AESSIV(hashlib.sha512(b"zhunsheng-personal:" + key.encode()).digest())

    def sealed(self, data: bytes) -> bytes:
        """Return the encrypted bytes."""
        return self._aead.encrypt(data, None) if data else data

    def opened(self, data: bytes) -> bytes:
        """Return the plain bytes. Raises ``ZS-EV-13`` under another key or when they were altered."""
        try:
            return self._aead.decrypt(data, None) if data else data
        except InvalidTag:
            raise ZhunshengError("ZS-EV-13", detail=worded("密钥不符，或内容被改动")) from None

    def hide(self, text: str) -> str:
        """Return a value's encrypted text."""
        return _MARK + base64.b64encode(self.sealed(text.encode())).decode() if text else text

    def show(self, value: Any) -> Any:
        """Return the plain value of what ``hide`` wrote; anything else as it is."""
        if isinstance(value, str) and value.startswith(_MARK):
            return self.opened(base64.b64decode(value[len(_MARK) :])).decode()
        return value

    def encrypted(self, rows: pa.RecordBatchReader, columns: Sequence[str]) -> pa.RecordBatchReader:
        """Return the rows with the named text columns encrypted, batch by batch."""
        if not columns:
            return rows

        def batches() -> Iterator[pa.RecordBatch]:
            for batch in rows:
                for name in columns:
                    at = batch.schema.get_field_index(name)
                    hidden = [None if v is None else self.hide(v) for v in batch.column(at).to_pylist()]
                    batch = batch.set_column(at, name, pa.array(hidden, pa.string()))
                yield batch

        schema = rows.schema
        for name in columns:
            schema = schema.set(schema.get_field_index(name), pa.field(name, pa.string()))
        return pa.RecordBatchReader.from_batches(schema, batches())


def mask(value: Any) -> Any:
    """Return a personal value with all but its first character hidden; an encrypted one shows nothing."""
    if value is None:
        return None
    return "**" if str(value).startswith(_MARK) else str(value)[:1] + "**"


def shown(value: Any, *, personal: bool, cipher: Cipher | None) -> Any:
    """Return a personal value as it is shown: as it is to whom ``personal`` allows it, else masked;
    with a ``cipher`` it is decrypted before.
    """
    if value is None:
        return None
    plain = cipher.show(value) if cipher else value
    return plain if personal else mask(plain)
