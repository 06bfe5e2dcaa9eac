"""Signed checkpoints of the log: how many entries, their root and when, as a note that a key checks.

The format is that of the signed notes of Go's checksum database and of Certificate Transparency's static logs
(C2SP, signed-note and tlog-checkpoint), so that their tools read it: origin, size, root in base64, the time,
an empty line, and a signature by each of the log's keys (``signing``).
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
from zhunsheng.transparency.signing import ALGORITHMS, ED25519, Algorithm, Key

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


def _key_id(name: str, algorithm: Algorithm, public: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + algorithm.mark + public).digest()[:4]


def verifier(name: str, public: bytes, algorithm: Algorithm = ED25519) -> str:
    """Return a public key as the line that people keep: name, id and key."""
    marked = base64.b64encode(algorithm.mark + public).decode()
    return f"{name}+{_key_id(name, algorithm, public).hex()}+{marked}"


def read_verifier(line: str) -> tuple[str, Algorithm, bytes]:
    """Return the name, the algorithm and the public key of such a line. Raises ``ZS-LG-03`` for any other."""
    parts = line.strip().split("+", 2)
    try:
        marked = base64.b64decode(parts[2], validate=True)
        for algorithm in ALGORITHMS.values():
            public = marked[len(algorithm.mark) :]
            if marked == algorithm.mark + public and len(public) == algorithm.length:
                if parts[1] == _key_id(parts[0], algorithm, public).hex():
                    return parts[0], algorithm, public
    except (IndexError, ValueError):  # a key that is no ASCII, a name that is no text, among others
        pass
    raise ZhunshengError("ZS-LG-03")


def signed(checkpoint: Checkpoint, *keys: Key) -> str:
    """Return a checkpoint as a note, signed by each key under the log's name. Raises ``ZS-LG-10``."""
    return signed_text(checkpoint.text(), checkpoint.origin, *keys)


def signed_text(text: str, name: str, *keys: Key) -> str:
    """Return a text (lines, each ended) as a note, signed by each key under a name. Raises ``ZS-LG-10``."""
    note = f"{text}\n"
    for key in keys:
        mark = _key_id(name, key.algorithm, key.public) + key.algorithm.sign(key.private, text.encode())
        note += f"— {name} {base64.b64encode(mark).decode()}\n"
    return note


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
    """Return whether a note that ``read_checkpoint`` takes is signed by a key. Raises ``ZS-LG-03``,
    ``ZS-LG-10``.
    """
    text, _ = _parts(note)
    return text.split("\n", 1)[0] == read_verifier(key)[0] and text_signed_by(note, key) == f"{text}\n"


def text_signed_by(note: str, key: str) -> str | None:
    """Return the text of a note (lines, each ended) that a key signed, None where it didn't.
    Raises ``ZS-LG-03``, ``ZS-LG-10``.
    """
    name, algorithm, public = read_verifier(key)
    text, marks = _parts(note)
    for line in marks.split("\n"):
        found = SIGNED.fullmatch(line)
        if found is None or found["name"] != name:
            continue
        try:
            mark = base64.b64decode(found["signature"] + "==")
        except binascii.Error:
            continue
        if mark[:4] == _key_id(name, algorithm, public) and algorithm.verify(
            public, f"{text}\n".encode(), mark[4:]
        ):
            return f"{text}\n"
    return None
