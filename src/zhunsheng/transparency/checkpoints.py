"""Signed checkpoints of the log: how many entries, their root and when, as a note that a key checks.

The format is that of the signed notes of Go's checksum database and of Certificate Transparency's static logs
(C2SP, signed-note and tlog-checkpoint), so that their tools read it: origin, size, root in base64, the time,
an empty line, and the signature by Ed25519.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from datetime import datetime

from zhunsheng.clock import in_utc, of_utc
from zhunsheng.errors import ZhunshengError
from zhunsheng.translation import worded

ED25519 = b"\x01"  # the kind of a key, in front of it
MOST = 10_000  # characters of a note
SIGNED = re.compile(r"— (?P<name>[^ +\n]+) (?P<signature>[A-Za-z0-9+/]+=*)")


@dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint says: whose log, how many entries from its start, the root over them, when (UTC)."""

    origin: str
    size: int
    root: bytes
    at: datetime

    def text(self) -> str:
        """Return what is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n{in_utc(self.at)}\n"


def _key_id(name: str, public: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + ED25519 + public).digest()[:4]


def verifier(name: str, public: bytes) -> str:
    """Return a public key (32 bytes) as the line that people keep: name, id and key."""
    return f"{name}+{_key_id(name, public).hex()}+{base64.b64encode(ED25519 + public).decode()}"


def read_verifier(line: str) -> tuple[str, bytes]:
    """Return the name and the public key of such a line. Raises ``ZS-LG-03`` for any other."""
    parts = line.strip().split("+", 2)
    try:
        key = base64.b64decode(parts[2], validate=True)
        good = key[:1] == ED25519 and len(key) == 33 and parts[1] == _key_id(parts[0], key[1:]).hex()
    except (IndexError, ValueError):  # a key that is no ASCII, a name that is no text, among others
        good = False
    if not good:
        raise ZhunshengError("ZS-LG-03")
    return parts[0], key[1:]


def public_key(private: bytes) -> bytes:
    """Return the public key (32 bytes) of a private one (32 bytes)."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


def signed(checkpoint: Checkpoint, private: bytes) -> str:
    """Return a checkpoint as a note, signed by an Ed25519 key (its 32 bytes) under the log's name."""
    return signed_text(checkpoint.text(), checkpoint.origin, private)


def signed_text(text: str, name: str, private: bytes) -> str:
    """Return a text (lines, each ended) as a note, signed by an Ed25519 key (its 32 bytes) under a name."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    signature = Ed25519PrivateKey.from_private_bytes(private).sign(text.encode())
    mark = _key_id(name, public_key(private)) + signature
    return f"{text}\n— {name} {base64.b64encode(mark).decode()}\n"


def _parts(note: str) -> tuple[str, str]:
    """Return what a note says and the lines of its signatures, whatever its line ends became on the way."""
    text, _, marks = note.replace("\r\n", "\n").partition("\n\n")
    return text, marks


def read_checkpoint(note: str, name: str) -> Checkpoint:
    """Return what a note says, whoever signed it. Raises ``ZS-LG-01`` with the fault."""

    def refuse(why: str) -> ZhunshengError:
        return ZhunshengError("ZS-LG-01", name=name, detail=why)

    text, marks = _parts(note)
    lines = text.split("\n")
    if len(note) > MOST or len(lines) != 4:
        raise refuse(worded("不是四行：日志的名称、条数、根、时间"))
    origin, size, encoded, at = lines
    if not origin.strip() or len(size) > 15 or not re.fullmatch("0|[1-9][0-9]*", size):
        raise refuse(worded("第 2 行不是条数"))
    try:
        root = base64.b64decode(encoded, validate=True)
        moment = of_utc(at)
    except (binascii.Error, ValueError):
        raise refuse(worded("第 3 行不是根，或者第 4 行不是时间")) from None
    if len(root) != 32:
        raise refuse(worded("第 3 行的根不是 32 字节"))
    if not SIGNED.match(marks):
        raise refuse(worded("没有签名"))
    return Checkpoint(origin, int(size), root, moment)


def signed_by(note: str, key: str) -> bool:
    """Return whether a note that ``read_checkpoint`` takes is signed by a key. Raises ``ZS-LG-03``."""
    text, _ = _parts(note)
    return text.split("\n", 1)[0] == read_verifier(key)[0] and text_signed_by(note, key) == f"{text}\n"


def text_signed_by(note: str, key: str) -> str | None:
    """Return the text of a note (lines, each ended) that a key signed, None where it didn't.
    Raises ``ZS-LG-03``.
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    name, public = read_verifier(key)
    text, marks = _parts(note)
    for line in marks.split("\n"):
        found = SIGNED.fullmatch(line)
        if found is None or found["name"] != name:
            continue
        try:
            mark = base64.b64decode(found["signature"] + "==")
        except binascii.Error:
            continue
        if mark[:4] != _key_id(name, public):
            continue
        try:
            Ed25519PublicKey.from_public_bytes(public).verify(mark[4:], f"{text}\n".encode())
        except InvalidSignature:
            continue
        return f"{text}\n"
    return None
