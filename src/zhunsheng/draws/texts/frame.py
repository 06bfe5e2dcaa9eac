"""A frame whose text lies in a file: read as it was published, or made of a view."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from zhunsheng.draws import lookalikes
from zhunsheng.draws.bundle_rules import MAX_MATCHES
from zhunsheng.draws.drawing import DrawEngine, DuckDatabase, check, wanted_of
from zhunsheng.draws.frame import Frame, key_of, new_key
from zhunsheng.draws.frame_making import frame_from_file, stratum_of
from zhunsheng.draws.merkle import GROUP, Groups, group_of
from zhunsheng.draws.plan import Plan
from zhunsheng.draws.spec import ID, STRATUM_JOIN, head, proof_of
from zhunsheng.draws.texts.lines import Lines, NullError, in_order, lines_of
from zhunsheng.draws.texts.ranking import ranked, rows_of_table
from zhunsheng.draws.texts.reader import Reader, Tickets
from zhunsheng.errors import ZhunshengError
from zhunsheng.files.writing import whole_file
from zhunsheng.translation import worded


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
    def connection(self) -> duckdb.DuckDBPyConnection:  # type: ignore[override]  # filled once asked for
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
        check(seed, rows_of_table(found.take(pa.array(np.arange(0, found.num_rows, step)))))
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
        return rows_of_table(found)

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
            lines = Lines(lines_of(connection, query), stream)
            reader = Reader(len(plan.strata), looks=True, key=key)
            wrong = reader.read(lines)
        if wrong == "order":
            rows = lines_of(connection, query)
            with into.open("wb") as stream:
                stream.write(head(key))
                lines = Lines(in_order(rows) or lines_of(connection, f"{query} ORDER BY id"), stream)
                reader = Reader(len(plan.strata), looks=True, key=key)
                wrong = reader.read(lines)
    except (duckdb.Error, NullError):
        return None
    if wrong or reader.count != lines.count or not _fits(reader, plan) or _alike(reader, plan):
        return None
    reader.look_hashes = bytearray()
    return TextFrame(into, plan, reader, connection, ours=True)


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
