"""Writes compound files (OLE) of named streams, as small as a test needs them."""

from __future__ import annotations

import struct

SECTOR = 512
_NONE, _END, _TABLE, _LIST = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD, 0xFFFFFFFC


def compound(streams: dict[str, bytes]) -> bytes:
    """Return a compound file whose streams stand at its top; each is filled up with zeros to 4,096 bytes."""
    contents = {name: data.ljust(4096, b"\0") for name, data in streams.items()}
    links, body, entries = [], b"", []
    for name, data in contents.items():
        data += b"\0" * (-len(data) % SECTOR)
        first, count = len(links), len(data) // SECTOR
        links += [*range(first + 1, first + count), _END]
        body += data
        entries.append((name, 2, first, len(contents[name])))
    listed = [("Root Entry", 5, _END, 0), *entries]
    directory = b"".join(_entry(n, len(listed), *entry) for n, entry in enumerate(listed))
    directory += b"\0" * (-len(directory) % SECTOR)
    start = len(links)
    links += [*range(start + 1, start + len(directory) // SECTOR), _END]
    table_at, tables = len(links), 1
    beyond = 0  # sectors that list those of the table for which the head has no room (MS-CFB, 2.5)
    while (len(links) + tables + beyond) * 4 > tables * SECTOR:
        tables += 1
        beyond = -(-max(tables - 109, 0) // 127)
    links += [_TABLE] * tables + [_LIST] * beyond
    table = struct.pack(f"<{len(links)}I", *links).ljust(tables * SECTOR, b"\xff")
    places = [*range(table_at, table_at + tables)]
    lists = [places[n : n + 127] for n in range(109, tables, 127)]
    for n, listed_there in enumerate(lists, start=1):
        after = table_at + tables + n if n < beyond else _END
        table += struct.pack("<128I", *listed_there, *[_NONE] * (127 - len(listed_there)), after)
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".ljust(24, b"\0")
    head += struct.pack("<5H", 0x3E, 3, 0xFFFE, 9, 6) + b"\0" * 6
    first_list = table_at + tables if beyond else _END
    head += struct.pack("<9I", 0, tables, start, 0, 4096, _END, 0, first_list, beyond)
    head += struct.pack("<109I", *places[:109], *[_NONE] * (109 - tables))
    return head + body + directory + table


def _entry(number: int, count: int, name: str, kind: int, first: int, size: int) -> bytes:
    """Return an entry of the directory; each at the top is the right sibling of the one before."""
    raw = name.encode("utf-16-le") + b"\0\0"
    right = number + 1 if 0 < number < count - 1 else _NONE
    child = 1 if kind == 5 and count > 1 else _NONE
    return (
        raw.ljust(64, b"\0")
        + struct.pack("<H2B3I", len(raw), kind, 1, _NONE, right, child)
        + b"\0" * 36
        + struct.pack("<2IQ", first, size, 0)[:12]
    ).ljust(128, b"\0")


def word_97(text: str, pieces: list[tuple[int, int, int]] | None = None, flags: int = 0x200) -> bytes:
    """Return a document of Word 97 of paragraphs alone. ``pieces`` are its runs of text: the first character,
    the one behind the last, the byte of the stream where the run lies, from 1,024 on.
    """
    pieces = pieces or [(0, len(text), 1024)]
    head = struct.pack("<5H", 0xA5EC, 0xC1, 0, 0, 0) + struct.pack("<H", flags) + b"\0" * 20
    counts = [0, 0, 0, pieces[-1][1], *[0] * 18]
    table = struct.pack(f"<{len(pieces) + 1}I", pieces[0][0], *(end for _first, end, _at in pieces))
    table += b"".join(struct.pack("<HIH", 0, at, 0) for _first, _end, at in pieces)
    clx = b"\2" + struct.pack("<I", len(table)) + table
    parts = [0, 0] * 93
    parts[66], parts[67] = 0, len(clx)
    fib = head + struct.pack("<H", 14) + b"\0" * 28 + struct.pack("<H22i", 22, *counts)
    fib += struct.pack("<H186I", 93, *parts)
    return compound({"WordDocument": fib.ljust(1024, b"\0") + text.encode("utf-16-le"), "1Table": clx})
