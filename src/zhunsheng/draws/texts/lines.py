"""Lines of a frame's text as they are made of a query, in the order of their bytes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

import duckdb
import numpy as np
import pyarrow as pa

from zhunsheng.draws import kernels

SORTED_IN_MEMORY = 640 * 2**20  # bytes of text; more is sorted by DuckDB, which spills
FEW = 32  # lines that are sorted by comparing each with each
ROWS = 20_480  # taken from DuckDB at once; their text is about a piece


class NullError(Exception):
    """A row lacks its id or its stratum."""


_Text = Iterator[tuple[Any, int]]  # bytes (uint8) of whole lines, and how many lines


def lines_of(connection: duckdb.DuckDBPyConnection, query: str) -> _Text:
    """Yield the lines of a query for id and stratum. Raises ``_NullError``."""
    for batch in connection.cursor().sql(query).to_arrow_reader(ROWS):
        columns = [column.cast(pa.string()) for column in batch.columns]
        if any(column.null_count for column in columns):
            raise NullError
        (ids, id_ends), (strata, stratum_ends) = map(_bytes, columns)
        out = np.empty(ids.size + strata.size + 2 * batch.num_rows + kernels.ROOM, np.uint8)
        if batch.num_rows:
            yield out[: kernels.joined(ids, id_ends, strata, stratum_ends, out)], batch.num_rows


def _bytes(column: pa.Array) -> tuple[Any, Any]:
    """Return the bytes of a column of texts, with room behind, and where each begins,
    with the end of the last.
    """
    _, ends, data = column.buffers()
    places = np.frombuffer(ends, np.int32)[column.offset : column.offset + len(column) + 1]
    return np.frombuffer((data.to_pybytes() if data else b"") + bytes(kernels.ROOM), np.uint8), places


def in_order(rows: _Text) -> _Text | None:
    """Return the lines sorted by their bytes, which is by id; None where they are too many to
    sort in memory.
    """
    pieces, size, count = [], 0, 0
    for text, lines in rows:
        pieces.append(text)
        size += text.size
        count += lines
        if size > SORTED_IN_MEMORY:
            return None
    text = np.concatenate([*pieces, np.zeros(kernels.ROOM, np.uint8)])
    del pieces
    starts = np.concatenate([[0], np.flatnonzero(text == 10) + 1])
    if starts.size != count + 1:
        raise NullError  # a line feed within a row
    out = np.empty(size + kernels.ROOM, np.uint8)
    kernels.permuted(text, starts, _order(text, starts, np.arange(count), 0), out)
    return iter([(out[:size], count)])


def _order(text: Any, starts: Any, lines: Any, skip: int) -> Any:
    """Return ``lines`` sorted by their bytes from ``skip`` on; those before are the same.
    24 bytes are compared in all.
    """
    keys = np.empty(lines.size, np.uint64)
    while True:
        kernels.words(text, starts, lines, skip, keys)
        same = (64 - int(keys.min() ^ keys.max()).bit_length()) // 8
        if same == 0 or skip + same >= kernels.LONGEST_ID + 1:
            break
        skip += same  # what all have in common tells nothing
    order = np.argsort(keys)
    lines, keys = lines[order], keys[order]
    large = np.empty((lines.size // FEW + 1, 2), np.int64)
    for begin, end in large[: kernels.settle(text, starts, lines, keys, skip + 8, FEW, large)]:
        if skip + 8 < kernels.LONGEST_ID + 1:
            lines[begin:end] = _order(text, starts, lines[begin:end], skip + 8)
    return lines


class Lines:
    """Lines as they are made, read like a file and written to one on the way; ``count`` lines so far."""

    def __init__(self, rows: _Text, stream: BinaryIO) -> None:
        self.count = 0
        self._rows, self._stream = rows, stream
        self._text = memoryview(b"")

    def readinto(self, into: memoryview, /) -> int:
        """Fill ``into`` as an open file does."""
        while not self._text:
            text, lines = next(self._rows, (None, 0))
            if text is None:
                return 0
            self.count += lines
            self._text = memoryview(text)
            self._stream.write(self._text)
        size = min(len(into), len(self._text))
        into[:size] = self._text[:size]
        self._text = self._text[size:]
        return size
