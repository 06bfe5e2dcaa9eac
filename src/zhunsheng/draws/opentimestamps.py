"""Read an OpenTimestamps proof: which Bitcoin blocks, or calendars that only promise one, a digest leads to.

The format is that of python-opentimestamps (``core/timestamp.py``, ``core/op.py``, ``core/notary.py``):
operations on a message, forks, and attestations at the ends. Nothing is asked of a network:
a block's header is given, or left to compare.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from zhunsheng.translation import worded

MAGIC = b"\x00OpenTimestamps\x00\x00Proof\x00\xbf\x89\xe2\xe8\x84\xe8\x92\x94"
MAX_MESSAGE, MAX_PAYLOAD = 4096, 8192  # bytes: the bounds of the format's own library
HASHES = {0x02: "sha1", 0x03: "ripemd160", 0x08: "sha256"}
SHA256, APPEND, PREPEND, REVERSE, HEXLIFY = 0x08, 0xF0, 0xF1, 0xF2, 0xF3
ATTESTATION, FORK = 0x00, 0xFF
PENDING, BITCOIN = bytes.fromhex("83dfe30d2ef90c8e"), bytes.fromhex("0588960d73d71901")
ADDRESS = re.compile(
    rb"[A-Za-z0-9._/:-]{1,1000}"
)  # no queries, no names: what a proof may have published of itself
HEADER = 80  # bytes of a block's header
LEAST_DIFFICULTY = (
    10**10
)  # the main chain's never fell below it since June 2014, two years before there were calendars


class Unreadable(ValueError):
    """A file that is no proof of this format, with what is wrong in Chinese."""


@dataclass(frozen=True)
class Attestation:
    """An end of a proof: a calendar's promise (``name`` its address), a block (``height``, ``root``),
    or one unknown here.

    ``root`` is the Merkle root as block explorers write it, 64 hexadecimal digits.
    """

    kind: Literal["pending", "block", "other"]
    name: str = ""
    height: int = 0
    root: str = ""


@dataclass(frozen=True)
class Header:
    """What an 80-byte header of a block says: its hash and Merkle root as explorers write them, its time,
    its work.
    """

    block: str
    root: str
    time: datetime
    difficulty: int


class _Reader:
    """The bytes of a file, read from front to end."""

    def __init__(self, content: bytes) -> None:
        self.content, self.at = content, 0

    def take(self, size: int) -> bytes:
        found = self.content[self.at : self.at + size]
        if len(found) != size:
            raise Unreadable(worded("文件不完整"))
        self.at += size
        return found

    def byte(self) -> int:
        return self.take(1)[0]

    def number(self) -> int:
        found = 0
        for place in range(0, 64, 7):
            part = self.byte()
            found |= (part & 0x7F) << place
            if part < 0x80:
                return found
        raise Unreadable(worded("数过大"))

    def text(self, most: int) -> bytes:
        size = self.number()
        if size > most:
            raise Unreadable(worded("有一段过长"))
        return self.take(size)


def read_proof(content: bytes) -> tuple[str, list[Attestation]]:
    """Return the digest (SHA-256, hexadecimal) that a proof is for and where it leads,
    in the order of the file.

    Raises ``Unreadable``.
    """
    file = _Reader(content)
    if file.take(len(MAGIC)) != MAGIC:
        raise Unreadable(worded("不是 OpenTimestamps 文件"))
    if file.number() != 1:
        raise Unreadable(worded("版本不是 1"))
    if file.byte() != SHA256:
        raise Unreadable(worded("不是 SHA-256 摘要的证明"))
    start = file.take(32)
    found, waiting = [], [start]
    while waiting:
        message = waiting.pop()
        while (tag := file.byte()) != ATTESTATION:
            if tag == FORK:
                waiting.append(message)
                if (tag := file.byte()) == ATTESTATION:
                    break
            message = _operated(file, tag, message)
        found.append(_attestation(file, message))
    if file.at != len(content):
        raise Unreadable(worded("末尾有多余的内容"))
    return start.hex(), found


def _operated(file: _Reader, tag: int, message: bytes) -> bytes:
    """Return a message after the operation ``tag``."""
    if tag in HASHES:
        try:
            return hashlib.new(HASHES[tag], message).digest()
        except ValueError:  # OpenSSL may come without ripemd160
            raise Unreadable(worded("用到 {hash}，这台机器不会算", hash=HASHES[tag])) from None
    if tag in (APPEND, PREPEND):
        more = file.text(MAX_MESSAGE)
        message = message + more if tag == APPEND else more + message
        if not more:
            raise Unreadable(worded("有一段是空的"))
    elif tag == REVERSE:
        message = message[::-1]
    elif tag == HEXLIFY:
        message = message.hex().encode()
    else:
        raise Unreadable(worded("有不认识的运算 {tag}", tag=f"{tag:02x}"))
    if len(message) > MAX_MESSAGE:
        raise Unreadable(worded("有一段过长"))
    return message


def _attestation(file: _Reader, message: bytes) -> Attestation:
    tag, payload = file.take(8), _Reader(file.text(MAX_PAYLOAD))
    if tag == PENDING:
        address = payload.text(1_000)
        if not ADDRESS.fullmatch(address):
            raise Unreadable(worded("日历的地址写得不对"))
        found = Attestation("pending", address.decode("ascii"))
    elif tag == BITCOIN:
        height = payload.number()
        if len(message) != 32 or height >= 2**31:
            raise Unreadable(worded("比特币见证写得不对"))
        found = Attestation("block", height=height, root=message[::-1].hex())
    else:
        return Attestation("other", tag.hex())
    if payload.at != len(payload.content):
        raise Unreadable(worded("见证里有多余的内容"))
    return found


def _twice(content: bytes) -> bytes:
    return hashlib.sha256(hashlib.sha256(content).digest()).digest()


def header_of(raw: bytes) -> Header:
    """Return what a block's header says. Raises ``Unreadable`` for one whose hash is not below the target
    that it names.
    """
    if len(raw) != HEADER:
        raise Unreadable(worded("区块头应是 {header} 字节，有 {raw} 字节", header=HEADER, raw=len(raw)))
    bits = int.from_bytes(raw[72:76], "little")
    size, mantissa = bits >> 24, bits & 0x7FFFFF
    target = mantissa << 8 * (size - 3) if size >= 3 else mantissa >> 8 * (3 - size)
    block = _twice(raw)
    if bits & 0x800000 or size > 32 or not 0 < int.from_bytes(block, "little") <= target:
        raise Unreadable(worded("区块头的工作量证明不成立"))
    time = datetime.fromtimestamp(int.from_bytes(raw[68:72], "little"), UTC)
    return Header(block[::-1].hex(), raw[36:68][::-1].hex(), time, (0xFFFF << 208) // target)


def headers_of(content: bytes) -> list[bytes]:
    """Return the headers of a file: 80 bytes each without anything between, or a line of 160 hexadecimal
    digits each.

    Raises ``Unreadable``.
    """
    try:
        found = [bytes.fromhex(line) for line in content.decode("ascii").split()]
    except ValueError:
        found = [content[at : at + HEADER] for at in range(0, len(content), HEADER)]
    if not found or any(len(one) != HEADER for one in found):
        raise Unreadable(
            worded("应是每个 {header} 字节的区块头，或每行 {n} 位十六进制", header=HEADER, n=2 * HEADER)
        )
    return found


def header_for(block: Attestation, headers: Sequence[bytes]) -> Header:
    """Return the header that bears a block's Merkle root. Raises ``Unreadable`` where none does,
    or where it took no work.
    """
    for raw in headers:
        if raw[36:68][::-1].hex() == block.root:
            found = header_of(raw)
            if found.difficulty < LEAST_DIFFICULTY:
                raise Unreadable(
                    worded("区块头的难度 {difficulty} 太小，不是比特币主链的", difficulty=found.difficulty)
                )
            return found
    raise Unreadable(worded("给出的区块头里，没有默克尔根是 {root} 的", root=block.root))
