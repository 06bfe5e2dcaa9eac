"""The frame as its published text: read, checked, digested, ticketed and hashed to a tree in one pass,
in bounded memory.

Piece by piece while it lies in the processor's cache, so that a hundred million lines take seconds and no
table. Only what is written exactly as the specification says passes; of anything else ``None`` is returned
and ``frame`` reads it with SQL, which names each wrong row. Needs the extra ``fast``.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from zhunsheng.draws import kernels, lookalikes
from zhunsheng.draws.bundle import MAX_MATCHES, MAX_STRATA
from zhunsheng.draws.drawing import DrawEngine, DuckDatabase, check, limits_of, wanted_of
from zhunsheng.draws.frame import Frame, frame_from_file, key_of, new_key, stratum_of
from zhunsheng.draws.merkle import GROUP, Groups, group_of
from zhunsheng.draws.plan import Plan
from zhunsheng.draws.spec import ID, PART, SALT_LENGTH, SEPARATOR, STRATUM_JOIN, head, proof_of, salt, ticket
from zhunsheng.errors import ZhunshengError
from zhunsheng.files.writing import whole_file
from zhunsheng.translation import worded

PIECE = 2**18  # bytes read at once: with all that is made of them they stay in the second-level cache
MOST_KEPT = 10_000_000  # candidates held in memory, some 200 bytes each; draws of more are the database's
SORTED_IN_MEMORY = 640 * 2**20  # bytes of text; more is sorted by DuckDB, which spills
AT_ONCE = 512  # lines salted and hashed while their salts lie in the first-level cache
FEW = 32  # lines that are sorted by comparing each with each
SLOTS = 2**16
ROWS = 20_480  # taken from DuckDB at once; their text is about a piece
_LINES = (PIECE + kernels.LONGEST_LINE) // 4 + 1  # an id, a tab, a stratum, a line feed


class TextSource(Protocol):
    """What text is read from: an open file, or lines that are made as they are read."""

    def readinto(self, into: memoryview, /) -> int | None:
        """Fill ``into`` from its beginning and return how many bytes that were; 0 at the end."""
        ...


@dataclass
class Tickets:
    """Which tickets may be drawn by ``seed``: by stratum, and how many each has to give."""

    seed: str
    quotas: Mapping[str, Mapping[str, int]]
    filtered: bool = True


@dataclass
class Candidates:
    """Lines whose tickets may be drawn: number of the stratum, first 64 bits of the ticket, line,
    id in 24 bytes.
    """

    strata: Any
    heads: Any
    lines: Any
    ids: Any


@dataclass
class Reader:
    """One pass over a frame's text behind its ``key``'s line, which is digested with it.

    ``tree`` and ``looks`` say what else is made of it than its digest and its checks.
    """

    parts: int
    wanted: Tickets | None = None
    tree: bool = True
    looks: bool = False
    key: str = ""
    names: list[str] = field(default_factory=list)
    count: int = 0
    overflow: bool = False

    def __post_init__(self) -> None:
        self._whole = hashlib.sha256(head(self.key))
        self.groups = Groups(key=self.key)
        self.look_hashes = bytearray()
        self._found: list[Candidates] = []
        self._kept = 0
        self._stratum = re.compile(STRATUM_JOIN.replace("|", "\\|").join([PART.pattern] * self.parts))
        self._text = np.zeros(PIECE + kernels.LONGEST_LINE + kernels.ROOM, np.uint8)
        self._starts, self._lengths = np.zeros(_LINES + 1, np.int32), np.zeros(_LINES, np.int32)
        self._strata, self._rows = np.zeros(_LINES, np.int32), np.zeros(_LINES, np.int32)
        self._heads, self._looks = np.zeros(_LINES, np.uint64), np.zeros(_LINES, np.uint64)
        self._leaves = np.zeros((_LINES + GROUP, 32), np.uint8)
        self._waiting = 0  # leaves that are no whole group yet
        self._table = np.full(SLOTS, -1, np.int64)
        self._name_bytes = np.zeros(MAX_STRATA * 64 + kernels.LONGEST_LINE, np.uint8)
        self._name_starts = np.zeros(MAX_STRATA + 1, np.int64)
        self._counts = np.zeros(MAX_STRATA, np.int64)
        self._last = np.zeros(3, np.uint64)
        self._limits = np.zeros(MAX_STRATA, np.uint64)
        self._prefix = np.zeros(kernels.PREFIX, np.uint8)
        if self.wanted:
            self._prefix[:] = _bytes_of(f"{self.wanted.seed}{SEPARATOR}")
            self._bounds = limits_of(self.wanted.quotas, filtered=self.wanted.filtered)
        self._salts = np.zeros((AT_ONCE, 24), np.uint8)  # the zero byte of a leaf, its salt, room
        self._key = _bytes_of(f"{self.key}{SEPARATOR}")

    @property
    def digest(self) -> str:
        """SHA-256 of the text read so far, in hex."""
        return self._whole.hexdigest()

    @property
    def sizes(self) -> dict[str, int]:
        """The size of each stratum, by its bytes."""
        found = {name: int(n) for name, n in zip(self.names, self._counts, strict=False)}
        return {k: found[k] for k in sorted(found, key=str.encode)}

    def read(self, source: TextSource) -> str | None:
        """Read to the end; return None when all lines are as specified, else what is wrong with the first
        that is not.
        """
        begin, at_file = (
            0,
            len(head(self.key)),
        )  # bytes carried over from the piece before; where the buffer begins
        view = memoryview(self._text.data)
        while got := source.readinto(view[begin : begin + PIECE]):
            self._whole.update(view[begin : begin + got])
            end = begin + got
            done = 0
            while True:
                why, found, done = self._scanned(done, end)
                if found:
                    self._take(found, at_file)
                if why == kernels.NEW_STRATUM:
                    if not self._add(done):
                        return "stratum"
                elif why in (kernels.NOT_A_LINE, kernels.OUT_OF_ORDER):
                    return "order" if why == kernels.OUT_OF_ORDER else "line"
                else:
                    break
            begin = end - done
            if begin > kernels.LONGEST_LINE:
                return "line"
            self._text[:begin] = self._text[done:end].copy()
            at_file += done
        if self.tree:
            self._fold(self._waiting)
        return "line" if begin else None

    def _scanned(self, begin: int, end: int) -> tuple[int, int, int]:
        # Nothing of an earlier piece may stand behind the end: a line is only one with its own line feed.
        self._text[end : end + kernels.ROOM] = 0
        found: tuple[int, int, int] = kernels.scan(
            self._text,
            begin,
            end,
            self._last,
            self._table,
            self._name_bytes,
            self._name_starts,
            self._starts,
            self._lengths,
            self._strata,
            self._counts,
        )
        return found

    def _add(self, at: int) -> bool:
        """Make the stratum of the line at ``at`` known; False where it is none that a frame may have."""
        line = self._text[at : at + kernels.LONGEST_LINE + kernels.ROOM].tobytes()
        begin, end = line.index(b"\t") + 1, line.index(b"\n")
        try:
            name = line[begin:end].decode()
        except UnicodeDecodeError:
            return False
        number, used = len(self.names), int(self._name_starts[len(self.names)])
        if number == MAX_STRATA or not self._stratum.fullmatch(name):
            return False
        if used + end - begin + kernels.LONGEST_LINE > self._name_bytes.size:
            self._name_bytes = np.concatenate([self._name_bytes, np.zeros(self._name_bytes.size, np.uint8)])
        self._table[kernels.place_of(self._text, at + begin, at + end, self._table)] = number
        self._name_bytes[used : used + end - begin] = self._text[at + begin : at + end]
        self._name_starts[number + 1] = used + end - begin
        if self.wanted:
            self._limits[number] = self._bounds.get(name, 0)
        self.names.append(name)
        return True

    def _take(self, found: int, at_file: int) -> None:
        """Make of the lines just found what is asked for; ``at_file`` is where the buffer begins
        in the text.
        """
        text, starts = self._text, self._starts
        if self.wanted and not self.overflow:
            self._ticketed(found)
        if self.looks:
            kernels.looks(text, starts, self._lengths, found, self._looks)
            self.look_hashes += self._looks[:found].data
        if self.tree:
            self._hash(found)
            first = -self.count % GROUP  # the first line here that begins a group
            self.groups.starts_at((starts[first:found:GROUP].astype(np.int64) + at_file).tobytes())
            self._waiting += found
            self._fold(self._waiting // GROUP * GROUP)
        self.count += found

    def _hash(self, found: int) -> None:
        """Add the leaves of the lines just found to those that wait."""
        text, starts, leaves = self._text, self._starts, self._leaves[self._waiting :]
        if not self.key:
            kernels.digests(_ZERO, 1, text, starts[:found], starts[1 : found + 1] - 1, leaves)
            return
        for begin in range(0, found, AT_ONCE):
            end = min(begin + AT_ONCE, found)
            kernels.salts(self._key, text, starts, self._lengths, begin, end, self._salts)
            if begin == 0:
                entity = text[starts[0] : starts[0] + self._lengths[0]].tobytes().decode("ascii")
                if self._salts[0, 1 : 1 + SALT_LENGTH].tobytes() != salt(self.key, entity):
                    raise AssertionError(f"the compiled salt of {entity} is not SHA-256")
            one = slice(begin, end), slice(begin + 1, end + 1)
            kernels.digests(
                self._salts, 1 + SALT_LENGTH, text, starts[one[0]], starts[one[1]] - 1, leaves[begin:]
            )

    def _ticketed(self, found: int) -> None:
        text, starts, lengths, rows = self._text, self._starts, self._lengths, self._rows
        assert self.wanted
        # The same compiled code on two lines, against hashlib, in every piece.
        kernels.tickets(
            self._prefix, text, starts, lengths, self._strata, _ALL, min(found, 2), rows, self._heads
        )
        for n in range(min(found, 2)):
            entity = text[starts[n] : starts[n] + lengths[n]].tobytes().decode("ascii")
            if f"{int(self._heads[n]):016x}" != ticket(self.wanted.seed, entity)[:16]:
                raise AssertionError(f"the compiled ticket of {entity} is not SHA-256")
        kept = kernels.tickets(
            self._prefix, text, starts, lengths, self._strata, self._limits, found, rows, self._heads
        )
        if not kept:
            return
        ids = np.empty((kept, 24), np.uint8)
        kernels.gather(text, starts, lengths, rows, kept, ids)
        chosen = rows[:kept]
        self._found.append(
            Candidates(self._strata[chosen], self._heads[:kept].copy(), chosen + np.int64(self.count), ids)
        )
        self._kept += kept
        if self._kept > MOST_KEPT:
            self.overflow, self._found = True, []

    def _fold(self, count: int) -> None:
        """Make nodes of ``count`` waiting leaves: whole groups, and at the end of the text the rest."""
        if count == 0:
            return
        rest = self._leaves[count : self._waiting].copy()
        left = count
        for _ in range(GROUP.bit_length() - 1):
            left = kernels.level(self._leaves, left)
        self.groups.add(self._leaves[:left].tobytes())
        self._waiting -= count
        self._leaves[: self._waiting] = rest

    def candidates(self) -> Candidates:
        """Return the lines that may be drawn."""
        if not self._found:
            none = np.zeros(0, np.int64)
            return Candidates(none, np.zeros(0, np.uint64), none, np.zeros((0, 24), np.uint8))
        return Candidates(
            np.concatenate([one.strata for one in self._found]),
            np.concatenate([one.heads for one in self._found]),
            np.concatenate([one.lines for one in self._found]),
            np.concatenate([one.ids for one in self._found]),
        )


_ZERO = np.zeros((1, 8), np.uint8)
_ALL = np.full(MAX_STRATA, 2**64 - 1, np.uint64)


# -- the frame that comes of it
# ---------------------------------------------------------------------------------------


class TextFrame(Frame):
    """A frame whose text lies in a file that was read; its table is made only for who asks for
    ``connection``.
    """

    def __init__(
        self,
        path: Path,
        plan: Plan,
        reader: Reader,
        database: duckdb.DuckDBPyConnection,
        *,
        ours: bool = False,
    ) -> None:
        self.path, self.plan, self._database, self._filled, self._ours = path, plan, database, False, ours
        self.count, self.digest, self.sizes, self.key = reader.count, reader.digest, reader.sizes, reader.key
        self.groups = reader.groups
        self.root = reader.groups.root() if reader.tree else ""
        self._ready = [reader] if reader.wanted else []

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:  # type: ignore[override]
        """The frame as a table of DuckDB's."""
        if not self._filled:
            frame_from_file(self.path, self.plan, self._database, published=True, tree=False)
            self._filled = True
        return self._database

    def write(self, path: Path) -> None:
        """Write the text; where it was made here, the file is moved there."""
        if not self._ours:
            shutil.copyfile(self.path, path)
            return
        shutil.move(self.path, path)
        self.path = path

    def take(self, groups: Groups) -> None:
        """Have the tree that was kept, instead of one computed."""
        self.groups, self.root = groups, groups.root()

    def text(self) -> Iterator[pa.Buffer]:
        """Yield the text as it lies in the file."""
        with self.path.open("rb") as stream:
            while piece := stream.read(2**24):
                yield pa.py_buffer(piece)

    def lines(self) -> Iterator[tuple[str, str]]:
        """Yield (id, stratum) in the protocol's order."""
        with self.path.open(encoding="utf8", newline="\n") as stream:
            stream.read(len(head(self.key)))
            for line in stream:
                entity, _, stratum = line.rstrip("\n").partition("\t")
                yield entity, stratum

    def engine(self) -> DrawEngine:
        """Return what draws from the text."""
        return TextEngine(self)

    def write_drawn(self, seed: str, quotas: Mapping[str, Mapping[str, int]], path: Path) -> int:
        """Write the drawn to a Parquet file (stratum, place, id, ticket); return how many.

        One drawn ticket in a hundred, at least a thousand, is computed again with ``hashlib``.
        """
        found = TextEngine(self).drawn(seed, quotas)
        if found is None:
            return super().write_drawn(seed, quotas, path)
        step = max(1, min(100, found.num_rows // 1000))
        check(seed, _rows(found.take(pa.array(np.arange(0, found.num_rows, step)))))
        with whole_file(path) as partial:
            pq.write_table(
                found, partial, use_dictionary=["stratum"], compression="NONE", write_statistics=False
            )
        return int(found.num_rows)

    def strata_of(self, entities: Sequence[str]) -> dict[str, str]:
        """Return the stratum of each of ``entities`` that is in the frame, read where they would stand and
        nowhere else.
        """
        found = {}
        for one in entities:
            if ID.fullmatch(one):
                _, lines, within = group_of(self.path, self.groups, one)
                if within is not None:
                    found[one] = lines[within].partition(b"\t")[2].decode()
        return found

    def position(self, entities: list[str]) -> dict[str, int]:
        """Return where entities stand in the frame, from 0; those that are not in it are left out."""
        found = {entity: group_of(self.path, self.groups, entity) for entity in entities}
        return {
            one: GROUP * group + within for one, (group, _, within) in found.items() if within is not None
        }

    def proofs(self, entities: list[str]) -> dict[str, Any]:
        """Return the salt and the path in the tree (``spec.proof_of``) of each of ``entities``,
        all in the frame.
        """
        proofs = {}
        for one in entities:
            group, lines, within = group_of(self.path, self.groups, one)
            assert within is not None
            proofs[one] = proof_of(self.key, one, self.groups.proof(group, lines, within))
        return proofs


class TextEngine:
    """Draws from a frame's text: tickets, the threshold and ranks in compiled code."""

    def __init__(self, frame: TextFrame) -> None:
        self.frame = frame

    def ranked(
        self, seed: str, quotas: Mapping[str, Mapping[str, int]], *, filtered: bool
    ) -> list[tuple[Any, ...]]:
        """Return (stratum, place, id, ticket) as ``drawing.DrawEngine`` says."""
        found = self._ranked(Tickets(seed, quotas, filtered))
        if found is None:
            return DuckDatabase(self.frame.connection).ranked(seed, quotas, filtered=filtered)
        return _rows(found)

    def drawn(self, seed: str, quotas: Mapping[str, Mapping[str, int]]) -> pa.Table | None:
        """Return the drawn as a table, or None where they are too many to hold."""
        for filtered in (True, False):
            found = self._ranked(Tickets(seed, quotas, filtered))
            if found is None or found.num_rows == wanted_of(quotas):
                break
        return found

    def _ranked(self, wanted: Tickets) -> pa.Table | None:
        reader = next((one for one in self.frame._ready if one.wanted == wanted), None)
        if reader is None:
            reader = Reader(len(self.frame.plan.strata), wanted, tree=False, key=self.frame.key)
            with self.frame.path.open("rb", buffering=0) as stream:
                stream.seek(len(head(self.frame.key)))
                wrong = reader.read(stream)
            if wrong or reader.digest != self.frame.digest:
                raise ZhunshengError(
                    "ZS-DR-08", name=self.frame.path.name, detail=worded("名录库在读取期间被改动")
                )
        return None if reader.overflow else ranked(reader.candidates(), reader.names, wanted)


def ranked(found: Candidates, names: list[str], wanted: Tickets) -> pa.Table:
    """Return the table (stratum, place, id, ticket) of the smallest tickets of each stratum,
    by stratum and place.
    """
    chosen, sizes, places = [], [], []
    by_stratum = np.argsort(found.strata, kind="stable")
    ends = np.searchsorted(found.strata, np.arange(len(names) + 1), sorter=by_stratum)
    order = sorted(
        (n for n, name in enumerate(names) if name in wanted.quotas), key=lambda n: names[n].encode()
    )
    for n in order:
        numbers = wanted.quotas[names[n]]
        mine = by_stratum[ends[n] : ends[n + 1]]
        mine = mine[np.argsort(found.heads[mine], kind="stable")]
        mine = _settled(mine, found, wanted.seed)[: numbers["quota"] + numbers["reserve"]]
        chosen.append(mine)
        sizes.append(mine.size)
        places.append(np.arange(1, mine.size + 1))
    rows = np.concatenate(chosen) if chosen else np.zeros(0, np.int64)
    ids = found.ids[rows]
    there = ids != 0
    flat = np.concatenate([ids[there], np.zeros(kernels.ROOM, np.uint8)])
    starts = np.concatenate([[0], np.cumsum(there.sum(axis=1))]).astype(np.int32)
    marks = np.zeros((rows.size, 32), np.uint8)
    seed = np.zeros((1, kernels.PREFIX // 8 * 8 + 8), np.uint8)
    seed[0, : kernels.PREFIX] = _bytes_of(f"{wanted.seed}{SEPARATOR}")
    kernels.digests(seed, kernels.PREFIX, flat, starts[:-1], starts[1:], marks)
    hexes = _HEX[marks]
    return pa.table(
        {
            "stratum": pa.DictionaryArray.from_arrays(
                np.repeat(np.arange(len(order), dtype=np.int32), sizes),
                pa.array([names[n] for n in order], pa.string()),
            ),
            "place": np.concatenate(places) if places else np.zeros(0, np.int64),
            "id": pa.StringArray.from_buffers(rows.size, pa.py_buffer(starts), pa.py_buffer(flat)),
            "ticket": pa.LargeStringArray.from_buffers(
                rows.size, pa.py_buffer(np.arange(rows.size + 1, dtype=np.int64) * 64), pa.py_buffer(hexes)
            ),
        }
    )


def _bytes_of(text: str) -> Any:
    return np.frombuffer(text.encode("ascii"), np.uint8)


_HEX = np.array([int.from_bytes(f"{n:02x}".encode(), "little") for n in range(256)], np.dtype("<u2"))


def _settled(mine: Any, found: Candidates, seed: str) -> Any:
    """Return lines sorted by head with those of the same head by (ticket, id)."""
    heads = found.heads[mine]
    same = np.flatnonzero(heads[1:] == heads[:-1])
    for at in same:
        begin = end = int(at)
        while begin > 0 and heads[begin - 1] == heads[at]:
            begin -= 1
        while end < heads.size and heads[end] == heads[at]:
            end += 1

        def key(line: int) -> tuple[str, str]:
            entity = found.ids[line].tobytes().rstrip(b"\0").decode("ascii")
            return ticket(seed, entity), entity

        mine[begin:end] = sorted(mine[begin:end].tolist(), key=key)
    return mine


def _rows(found: pa.Table) -> list[tuple[Any, ...]]:
    return list(zip(*(column.to_pylist() for column in found.columns), strict=True))


def published_frame(
    path: Path,
    plan: Plan,
    connection: duckdb.DuckDBPyConnection,
    wanted: Tickets | None = None,
    *,
    tree: bool = True,
) -> TextFrame | None:
    """Read a frame.tsv as it is published; None where it is not as specified, or not for this plan.

    ``connection`` takes the rows where a table is asked for. ``wanted``: the draw that follows,
    so that one pass is enough. ``tree``: the root is asked for. Raises ``ZS-DR-48`` for a broken line of the
    key.
    """
    reader = Reader(len(plan.strata), wanted, tree=tree, key=key_of(path))
    with path.open("rb", buffering=0) as stream:
        stream.seek(len(head(reader.key)))
        wrong = reader.read(stream)
    return None if wrong or not _fits(reader, plan) else TextFrame(path, plan, reader, connection)


def new_frame(
    connection: duckdb.DuckDBPyConnection,
    plan: Plan,
    names: list[str],
    source: str,
    into: Path,
    key: str | None = None,
) -> TextFrame | None:
    """Write the frame of the view ``source`` to ``into`` as it is published; None where SQL must say what is
    wrong.

    ``source`` is what a refusal calls it; without ``key`` the frame gets a new one.
    Raises ``ZS-DR-02`` for columns that are missing.
    """
    query = f"SELECT CAST(id AS VARCHAR) AS id, {stratum_of(plan, names, source)} AS stratum FROM source"
    key = new_key() if key is None else key
    try:
        with into.open("wb") as stream:
            stream.write(head(key))
            lines = _Lines(_rows_of(connection, query), stream)
            reader = Reader(len(plan.strata), looks=True, key=key)
            wrong = reader.read(lines)
        if wrong == "order":
            rows = _rows_of(connection, query)
            with into.open("wb") as stream:
                stream.write(head(key))
                lines = _Lines(_in_order(rows) or _rows_of(connection, f"{query} ORDER BY id"), stream)
                reader = Reader(len(plan.strata), looks=True, key=key)
                wrong = reader.read(lines)
    except (duckdb.Error, _NullError):
        return None
    if wrong or reader.count != lines.count or not _fits(reader, plan) or _alike(reader, plan):
        return None
    reader.look_hashes = bytearray()
    return TextFrame(into, plan, reader, connection, ours=True)


class _NullError(Exception):
    """A row lacks its id or its stratum."""


_Text = Iterator[tuple[Any, int]]  # bytes (uint8) of whole lines, and how many lines


def _rows_of(connection: duckdb.DuckDBPyConnection, query: str) -> _Text:
    """Yield the lines of a query for id and stratum. Raises ``_NullError``."""
    for batch in connection.cursor().sql(query).to_arrow_reader(ROWS):
        columns = [column.cast(pa.string()) for column in batch.columns]
        if any(column.null_count for column in columns):
            raise _NullError
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


def _in_order(rows: _Text) -> _Text | None:
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
        raise _NullError  # a line feed within a row
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


class _Lines:
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


def _fits(reader: Reader, plan: Plan) -> bool:
    """Return whether the strata are as many as allowed, and each has a quota."""
    few = len(reader.names) > 0 and len(reader.names) * len(plan.quotas) <= MAX_MATCHES
    return few and all(plan.quota(name) for name in reader.names)


def _alike(reader: Reader, plan: Plan) -> bool:
    """Return whether two ids, or two values of one part of a stratum, may look alike:
    ``frame`` compares those exactly.
    """
    hashes = np.frombuffer(reader.look_hashes, np.uint64)
    hashes.sort()
    if (hashes[1:] == hashes[:-1]).any():
        return True
    parts = zip(*(name.split(STRATUM_JOIN) for name in reader.names), strict=True)
    return any(lookalikes.pairs(values) for values in parts)
