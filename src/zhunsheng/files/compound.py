"""Take apart the compound files (OLE) of Office 97–2003: which streams they hold, and the bytes of one."""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterator

from zhunsheng.files.bounds import COMPOUND_MAX_ENTRIES

HEAD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_FREE = 0xFFFFFFFA  # from here on a number of a sector is a mark
_IN_HEAD = 109  # sectors of the table that the head names
_STREAM, _ROOT = 2, 5  # kinds of entries


class UnfitCompound(Exception):
    """A compound file that can't be taken apart."""


class Compound:
    """A compound file in memory; ``in`` says whether an entry stands at its top, a stream or a storage.

    Names are told apart without regard to case. What is embedded (a workbook in a Word document) lies in
    storages below and is none of them. No chain of sectors is followed further than the file has sectors.
    """

    def __init__(self, data: bytes) -> None:
        """Read the directory. Raises ``UnfitCompound``."""
        self._data = data
        self._root = b""
        self._mini: array[int] | None = None
        try:
            self._begin()
        except (struct.error, IndexError, ValueError, OverflowError) as error:
            raise UnfitCompound(str(error)[:120]) from None

    def _begin(self) -> None:
        data = self._data
        sector, small = struct.unpack_from("<2H", data, 30)
        if sector not in (9, 12) or small != 6:
            raise ValueError(f"sector 2**{sector}, 2**{small}")
        self._size, self._small = 1 << sector, 1 << small
        (directory,) = struct.unpack_from("<I", data, 48)
        self._least, self._mini_table, _count, more, _blocks = struct.unpack_from("<5I", data, 56)
        listed = [s for s in struct.unpack_from(f"<{_IN_HEAD}I", data, 76) if s < _FREE]
        seen: set[int] = set()
        while more < _FREE and more not in seen and len(listed) * self._size < len(data):
            seen.add(more)
            *sectors, more = struct.unpack_from(f"<{self._size // 4}I", data, (more + 1) * self._size)
            listed += [s for s in sectors if s < _FREE]
        self._table = array("I")
        for one in dict.fromkeys(listed):
            piece = self._sector(one)
            self._table.frombytes(piece[: len(piece) // 4 * 4])
        self._streams: dict[str, tuple[int, int]] = {}
        self._storages: set[str] = set()
        self._list(self._chained(directory, None))

    def _sector(self, at: int) -> bytes:
        return self._data[(at + 1) * self._size : (at + 2) * self._size]

    def _chained(self, start: int, length: int | None) -> bytes:
        most = len(self._table) if length is None else -(-length // self._size)
        return b"".join(self._sector(s) for s in _chain(start, self._table, most))

    def _list(self, entries: bytes) -> None:
        """Note the entries right under the root: its child and the siblings of that, in whatever order."""
        count = min(len(entries) // 128, COMPOUND_MAX_ENTRIES)
        if not count or entries[66] != _ROOT:
            raise ValueError("root")
        (child,) = struct.unpack_from("<I", entries, 76)
        self._root_at = struct.unpack_from("<2I", entries, 116)
        seen: set[int] = set()
        ahead = [child]
        while ahead:
            at = ahead.pop()
            if at >= count or at in seen:
                continue
            seen.add(at)
            name_size, kind, _colour, left, right = struct.unpack_from("<H2B2I", entries, at * 128 + 64)
            raw = entries[at * 128 : at * 128 + min(64, max(0, name_size - 2))]
            name = raw.decode("utf-16-le", "replace").lower()
            if kind == _STREAM:
                self._streams.setdefault(name, struct.unpack_from("<2I", entries, at * 128 + 116))
            else:
                self._storages.add(name)
            ahead += [left, right]

    def __contains__(self, name: object) -> bool:
        return str(name).lower() in self._streams or str(name).lower() in self._storages

    def stream(self, name: str) -> bytes:
        """Return the bytes of a stream at the top, as many as there are of those that its entry states.

        Raises ``KeyError`` for a name that is none, ``UnfitCompound``.
        """
        start, length = self._streams[name.lower()]
        try:
            if length >= self._least:
                return self._chained(start, length)[:length]
            if self._mini is None:
                table = self._chained(self._mini_table, None)
                self._mini = array("I", table[: len(table) // 4 * 4])
                self._root = self._chained(*self._root_at)
            small = self._small
            places = _chain(start, self._mini, -(-length // small))
            return b"".join(self._root[s * small : (s + 1) * small] for s in places)[:length]
        except (struct.error, IndexError, ValueError, OverflowError) as error:
            raise UnfitCompound(str(error)[:120]) from None


_SECTOR = 4096  # bytes, in the files that are written here
_NONE, _END, _TABLE = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


def holding(name: str, content: bytes | bytearray) -> bytes:
    """Return a sound compound file of one stream, which a library reads that would follow the sectors of a
    broken one in a circle.

    Raises ``UnfitCompound`` for more than 400 MB.
    """
    count = max(1, -(-max(len(content), _SECTOR) // _SECTOR))
    tables = 1
    while (count + 1 + tables) * 4 > tables * _SECTOR:
        tables += 1
    if tables > _IN_HEAD:
        raise UnfitCompound(name)
    links = [*range(1, count), _END, _END, *[_TABLE] * tables]
    table = struct.pack(f"<{len(links)}I", *links).ljust(tables * _SECTOR, b"\xff")
    entries = _entry("Root Entry", _ROOT, 1, _END, 0) + _entry(name, _STREAM, _NONE, 0, count * _SECTOR)
    places = [*range(count + 1, count + 1 + tables)]
    head = HEAD.ljust(24, b"\0") + struct.pack("<5H6x", 0x3E, 3, 0xFFFE, 12, 6)
    head += struct.pack("<9I", 0, tables, count, 0, 4096, _END, 0, _END, 0)
    head += struct.pack(f"<{_IN_HEAD}I", *places, *[_NONE] * (_IN_HEAD - tables))
    filling = bytes(count * _SECTOR - len(content))
    parts = head.ljust(_SECTOR, b"\0"), content, filling, entries.ljust(_SECTOR, b"\0"), table
    return b"".join(parts)  # at once: each may be as large as the file


def _entry(name: str, kind: int, child: int, first: int, size: int) -> bytes:
    raw = name.encode("utf-16-le") + b"\0\0"
    told = struct.pack("<H2B3I36x", len(raw), kind, 1, _NONE, _NONE, child) + struct.pack("<IQ", first, size)
    return raw.ljust(64, b"\0") + told


def _chain(start: int, links: array[int], most: int) -> Iterator[int]:
    for _step in range(min(most, len(links))):
        if start >= _FREE:
            return
        yield start
        start = links[start]
