"""What lies in an S3-compatible object store: read, put, and put only where none of a name is."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

from zhunsheng.errors import ZhunshengError
from zhunsheng.translation import worded

_BUCKET = r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"
_PREFIX = r"[A-Za-z0-9_][A-Za-z0-9_.-]*"
_URL = re.compile(rf"s3://({_BUCKET})((?:/{_PREFIX})*)/?")
_ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")
# A stalled line is found soon, a slow one may take its time; what is tried again is tried for a minute.
_PATIENCE = {"connect_timeout": "10s", "read_timeout": "2min", "timeout": "30min"}
_TRIES = {"max_retries": 4, "retry_timeout": timedelta(minutes=1)}
_PIECE = 2**20  # bytes read at once
# Bytes of a file that goes in one piece: of what goes in parts those of a process that was killed stay there,
# in no list, until a rule of the bucket ends the upload.
_WHOLE = 64 * 2**20
# Where the client looks for credentials when nothing else names any.
_METADATA = "169.254.169.254"


class ObjectStoreError(ZhunshengError):
    """What an object store refused, or could not be asked."""


@dataclass(frozen=True)
class Remote:
    """A folder of an object store: ``url`` is ``s3://bucket/prefix``, ``endpoint`` the address of the service
    (empty: that of AWS). Region and credentials come from the environment (``AWS_*``).
    """

    url: str
    endpoint: str = ""

    @classmethod
    def at(cls, url: str) -> Remote:
        """Return the folder of an address, at the service that the environment names. Raises ``ZS-EV-91``."""
        if not (found := _URL.fullmatch(url)):
            raise ObjectStoreError("ZS-EV-91", place=url)
        endpoint = next((os.environ[name] for name in _ENDPOINTS if os.environ.get(name)), "")
        return cls(f"s3://{found[1]}{found[2]}", endpoint)

    def read(self, name: str, into: BinaryIO | None = None) -> tuple[int, str] | None:
        """Read an object, and write it to ``into``; return its bytes and SHA-256, None where there is none.
        Raises ``ZS-EV-92`` to ``-94``.
        """
        digest, size = hashlib.sha256(), 0
        with self._asked():
            try:
                found = self._client.get(name)
            except FileNotFoundError as error:
                if "NoSuchBucket" in str(error):
                    raise
                return None
            pieces = iter(found.stream(min_chunk_size=_PIECE))
        while True:
            with self._asked():
                if (piece := next(pieces, None)) is None:
                    return size, digest.hexdigest()
            digest.update(piece)
            size += len(piece)
            if into is not None:
                into.write(piece)

    def get(self, name: str) -> bytes | None:
        """Return a small object, None where there is none. Raises ``ZS-EV-92`` to ``-94``."""
        with self._asked():
            try:
                return bytes(self._client.get(name).bytes())
            except FileNotFoundError as error:
                if "NoSuchBucket" in str(error):
                    raise
                return None

    def size(self, name: str) -> int | None:
        """Return the bytes of an object, None where there is none. Raises ``ZS-EV-92`` to ``-94``."""
        with self._asked():
            try:
                return int(self._client.head(name)["size"])
            except FileNotFoundError:
                return None

    def sizes(self, folder: str) -> dict[str, int]:
        """Return the bytes of each object below a folder. Raises ``ZS-EV-92`` to ``-94``."""
        with self._asked():
            return {one["path"]: one["size"] for part in self._client.list(folder) for one in part}

    def put(self, name: str, content: Path) -> None:
        """Put an object whose name stands for its content, so that whatever lies there is the same.
        Raises ``ZS-EV-92`` to ``-94``.
        """
        with self._asked():
            self._client.put(name, content, use_multipart=content.stat().st_size > _WHOLE)

    def put_first(self, name: str, content: bytes) -> bool:
        """Put an object where none of its name is; return whether what lies there now is this one.

        The answer to an earlier try can have been lost, so that the object that is in the way is one's own.
        Raises ``ZS-EV-92`` to ``-95``.
        """
        return self._created(name, content) or self.get(name) == content

    def refuses_second(self, name: str, content: bytes) -> bool:
        """Put an object whose content is always the same; return whether the service keeps the condition
        that none of its name is there. Raises ``ZS-EV-92`` to ``-95``.
        """
        return not self._created(name, content) or not self._created(name, content)

    def remove(self, name: str) -> None:
        """Remove an object. Raises ``ZS-EV-92`` to ``-94``."""
        with self._asked():
            self._client.delete(name)

    def _created(self, name: str, content: bytes) -> bool:
        from obstore.exceptions import AlreadyExistsError

        with self._asked():
            try:
                self._client.put(name, content, mode="create")
            except AlreadyExistsError:
                return False
            return True

    @property
    def _client(self) -> Any:
        return _client(self, os.getpid())

    @contextmanager
    def _asked(self) -> Iterator[None]:
        """Tell what goes wrong with the object store, and nothing else, as one error of ours."""
        try:
            from obstore.exceptions import BaseError
        except ImportError:
            raise ObjectStoreError("ZS-EV-90") from None
        try:
            yield
        except (BaseError, FileNotFoundError, PermissionError, NotImplementedError, ValueError) as error:
            raise self._told(error) from None

    def _told(self, error: Exception) -> ObjectStoreError:
        said = str(error)
        status = int(found[1]) if (found := re.search(r"status code: (\d{3})", said)) else 0
        code = found[1] if (found := re.search(r"<Code>(\w{1,60})</Code>", said)) else ""
        # What follows a dash is the reason; before it stand the request and how often it was tried.
        detail = f"{status} {code}".strip() if status else said.partition("\n")[0].rpartition(" - ")[2][:120]
        if code == "NoSuchBucket":
            return ObjectStoreError(
                "ZS-EV-93", bucket=self.url.split("/")[2], endpoint=self.endpoint or "AWS"
            )
        if _METADATA in said:
            return ObjectStoreError("ZS-EV-94", place=self.url, detail=worded("没有设置访问密钥"))
        if status in (401, 403):
            return ObjectStoreError("ZS-EV-94", place=self.url, detail=detail)
        if status == 501 or isinstance(error, NotImplementedError):
            return ObjectStoreError("ZS-EV-95", place=self.url)
        return ObjectStoreError("ZS-EV-92", place=self.url, endpoint=self.endpoint or "AWS", detail=detail)


@cache
def _client(remote: Remote, process: int) -> Any:
    """Return the client of a folder, one a process: a child can't use its parent's."""
    from obstore.store import S3Store

    bucket, _, prefix = remote.url.removeprefix("s3://").partition("/")
    plain = os.environ.get("AWS_ALLOW_HTTP", "").lower() in ("true", "1")
    how: dict[str, Any] = {
        "client_options": {**_PATIENCE, "allow_http": plain},
        "retry_config": _TRIES,
        "conditional_put": "etag",
    }
    if remote.endpoint:
        how["endpoint"] = remote.endpoint
    return S3Store(bucket, prefix=prefix or None, **how)
