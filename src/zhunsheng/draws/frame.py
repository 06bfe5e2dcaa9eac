"""The frame (检查对象名录库): who can be drawn, in order, as a text with its key, digest and tree."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from zhunsheng.draws.drawing import DrawEngine, DuckDatabase, draw_file
from zhunsheng.draws.merkle import KEPT_FROM, Groups, keep
from zhunsheng.draws.spec import KEY, UNSALTED, Tree, frame_line, head, leaf_under, proof_of
from zhunsheng.errors import ZhunshengError
from zhunsheng.translation import worded

BATCH = 200_000
TEXT_BATCH = 2**20  # lines of the text at a time


@dataclass
class Frame:
    """A checked frame: table ``frame(id, stratum)`` on ``connection``, with its digests and the size of each
    stratum.

    ``root`` is empty where it was not asked for, ``key`` in a frame of ``draw/1``, whose tree is not salted.
    """

    connection: duckdb.DuckDBPyConnection
    count: int
    digest: str
    root: str
    sizes: dict[str, int]
    key: str
    groups: Groups

    def lines(self) -> Iterator[tuple[str, str]]:
        """Yield (id, stratum) in the protocol's order: by the bytes of the id."""
        cursor = self.connection.cursor()
        cursor.execute("SELECT id, stratum FROM frame ORDER BY id")
        while rows := cursor.fetchmany(BATCH):
            yield from rows

    def text(self) -> Iterator[pa.Buffer]:
        """Yield the published text, the key's line first, then a million lines at a time."""
        yield pa.py_buffer(head(self.key))
        yield from text_pieces(self.connection)

    def write(self, path: Path) -> None:
        """Write the published text, so that ``sha256sum`` of the file is the committed digest."""
        with path.open("wb") as stream:
            for text in self.text():
                stream.write(text)

    def keep(self, path: Path) -> None:
        """Write the tree's nodes to a file beside the text, for who asks for one entity's proof;
        of a small frame nothing.
        """
        if self.count >= KEPT_FROM:
            keep(self.groups, self.digest, path)

    def engine(self) -> DrawEngine:
        """Return what draws from this frame."""
        return DuckDatabase(self.connection)

    def write_drawn(self, seed: str, quotas: Mapping[str, Mapping[str, int]], path: Path) -> int:
        """Write the drawn of a draw too large to hold to a Parquet file; return how many."""
        return draw_file(DuckDatabase(self.connection), seed, quotas, path)

    def proofs(self, entities: list[str]) -> dict[str, Any]:
        """Return the salt and the path in the tree (``spec.proof_of``) of each of ``entities``,
        all in the frame.
        """
        places, tree = self.position(entities), self.tree()
        return {entity: proof_of(self.key, entity, tree.proof(places[entity])) for entity in entities}

    def tree(self) -> Tree:
        """Return the tree over the frame; 64 bytes an entity."""
        return Tree(leaf_under(self.key, frame_line(*row)) for row in self.lines())

    def strata_of(self, entities: Sequence[str]) -> dict[str, str]:
        """Return the stratum of each of ``entities`` that is in the frame."""
        return strata_in(self.connection, entities)

    def position(self, entities: list[str]) -> dict[str, int]:
        """Return where entities stand in the frame, from 0."""
        rows = self.connection.execute(
            "SELECT id, n FROM (SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM frame) WHERE id IN "
            "(SELECT unnest(?))",
            [entities],
        ).fetchall()
        return dict(rows)


def open_database(memory_limit: str | None = None, scratch: Path | None = None) -> duckdb.DuckDBPyConnection:
    """Return a DuckDB connection that spills to ``scratch`` beyond ``memory_limit``."""
    connection = duckdb.connect(str(scratch / "draw.duckdb") if scratch else ":memory:")
    connection.execute("SET enable_progress_bar = false")
    if memory_limit:
        connection.execute(f"SET memory_limit = '{memory_limit}'")
    return connection


def text_pieces(connection: duckdb.DuckDBPyConnection) -> Iterator[pa.Buffer]:
    """Yield the lines of the table ``frame`` as it is published, a million at a time."""
    rows = "SELECT id, stratum FROM frame ORDER BY id"
    for batch in connection.cursor().sql(rows).to_arrow_reader(TEXT_BATCH):
        if batch.num_rows:
            yield text_of(batch)


def text_of(batch: pa.RecordBatch) -> pa.Buffer:
    """Return the lines of rows (id, stratum), none of them null, joined one after another."""
    ids, strata = (column.cast(pa.large_string()) for column in batch.columns)
    feed, tab = pa.scalar("\n", pa.large_string()), pa.scalar("\t", pa.large_string())
    lines = pc.binary_join_element_wise(
        ids, pc.binary_join_element_wise(strata, pa.scalar("", pa.large_string()), feed), tab
    )
    _, places, data = lines.buffers()
    begin, end = (
        int.from_bytes(places[8 * k : 8 * k + 8].to_pybytes(), sys.byteorder)
        for k in (lines.offset, lines.offset + len(lines))
    )
    return data.slice(begin, end - begin)


def new_key() -> str:
    """Return a key for a new frame: whoever doesn't have the frame can't guess from one line's proof what
    others hold.
    """
    return secrets.token_hex(16)


def key_of(path: Path) -> str:
    """Return the key in the first line of a frame.tsv, empty where there is none.
    Raises ``ZS-DR-48`` for a broken line, ``ZS-DR-08`` for one that ends otherwise.
    """
    with path.open("rb") as stream:
        first = stream.read(len(head("0" * 32)))
    if not first.startswith(b"#"):
        return ""
    key = first[2:-1].decode("latin-1")
    if first[-1:] == b"\r" and KEY.fullmatch(key):
        detail = worded("换行被改成了 Windows 的写法（CRLF），多半是用别的软件打开后又存过")
        raise ZhunshengError("ZS-DR-08", name=path.name, detail=detail)
    if not KEY.fullmatch(key) or first != head(key):
        raise ZhunshengError(
            "ZS-DR-48", name=path.name, detail=worded("第一行应是“#”、制表符和 32 个十六进制字符")
        )
    return key


def refuse_key(version: str, frame: Frame, name: str) -> None:
    """Raise ``ZS-DR-48`` for a frame without a key under a version that has one, and the other way round."""
    if (version == UNSALTED) == bool(frame.key):
        detail = worded("这个版本的名录库第一行没有盐") if frame.key else worded("缺少第一行的盐，无法核对")
        raise ZhunshengError("ZS-DR-48", name=name, detail=detail)


def strata_in(connection: duckdb.DuckDBPyConnection, entities: Sequence[str]) -> dict[str, str]:
    """Return the stratum of each of ``entities`` that the table ``frame`` has."""
    if not entities:
        return {}
    rows = connection.execute(
        "SELECT id, stratum FROM frame WHERE id IN (SELECT unnest(?))", [list(entities)]
    ).fetchall()
    return dict(rows)
