"""The frame of a draw, made of a file or ledger or read as it was published; compiled where it is large."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from zhunsheng.clock import today
from zhunsheng.draws.frame import Frame
from zhunsheng.draws.frame_making import frame_from_file, frame_of_source
from zhunsheng.draws.frame_sources import LEDGER, source_of_file, source_of_ledger
from zhunsheng.draws.merkle import compiles, kept
from zhunsheng.draws.plan import Plan
from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence import Store
from zhunsheng.translation import worded

# beside frame.tsv, of large frames: the tree's nodes, so that proofs need no second hashing
KEPT = "frame.tree.parquet"


@dataclass(frozen=True)
class FrameSource:
    """What a frame is made from: a file as it is, or the ``entities`` ledger of the ``evidence`` as of a day
    (None: today).

    ``where`` (a condition) and ``department`` (a code) narrow the ledger.
    """

    file: Path | None = None
    evidence: Path | None = None
    on: date | None = None
    where: str | None = None
    department: str | None = None

    def view(self, connection: duckdb.DuckDBPyConnection) -> tuple[list[str], str]:
        """Make the view ``source`` of it; return its columns and what a refusal calls it.
        Raises ``ZS-CL-01``, ``ZS-DR-*``.
        """
        if self.file is not None:
            if self.evidence or self.on or self.where:
                raise ZhunshengError(
                    "ZS-CL-01",
                    detail=worded(
                        "--evidence、--on 和 --where 不能与 --frame 同用：名录库文件是什么样就按什么"
                        "样抽，请先在文件里筛好"
                    ),
                )
            return source_of_file(self.file, connection), self.file.name
        if self.evidence is None:
            raise ZhunshengError("ZS-CL-01", detail=worded("请用 --frame 或 --evidence 指明名录库"))
        snapshot = Store.existing(self.evidence).snapshot()
        return source_of_ledger(snapshot, self.on or today(), connection, self.where, self.department), LEDGER


COMPILED_FROM = 4 * 2**20  # bytes of a frame's text from which the start of compiled code is worth it
# A draw: its seed and its quotas.
Wanted = tuple[str, Mapping[str, Mapping[str, int]]]


def new_frame(
    connection: duckdb.DuckDBPyConnection, plan: Plan, names: list[str], source: str, scratch: Path
) -> Frame:
    """Return the frame of the view ``source``: by compiled code where there is some and much to do,
    else by SQL.
    """
    if compiles() and _large(connection):
        from zhunsheng.draws.texts import frame

        if found := frame.new_frame(connection, plan, names, source, scratch / "frame.tsv"):
            return found
    return frame_of_source(connection, plan, names, source)


def _large(connection: duckdb.DuckDBPyConnection) -> bool:
    """Return whether the view ``source`` has so many rows that their text is large (a line is
    some 25 bytes).
    """
    rows = f"SELECT count(*) FROM (SELECT 1 FROM source LIMIT {COMPILED_FROM // 25 + 1})"
    try:
        ((count,),) = connection.execute(rows).fetchall()
    except duckdb.Error:  # what is no row is told with its place by who reads them
        return False
    return bool(25 * count > COMPILED_FROM)


def _compiled(path: Path) -> bool:
    """Return whether a text is read by compiled code: where there is some and much to do."""
    return path.is_file() and path.stat().st_size > COMPILED_FROM and compiles()


def published_frame(
    path: Path, plan: Plan, connection: duckdb.DuckDBPyConnection, wanted: Wanted, *, tree: bool = True
) -> Frame:
    """Return a published frame, read for the draw ``wanted`` (seed, quotas).
    Raises as ``frame_from_file``.
    """
    if path.suffix == ".tsv" and _compiled(path):
        from zhunsheng.draws.texts import frame, reader

        if found := frame.published_frame(path, plan, connection, reader.Tickets(*wanted), tree=tree):
            return found
    return frame_from_file(path, plan, connection, published=True, tree=tree)


def with_kept_tree(
    folder: Path,
    plan: Plan,
    connection: duckdb.DuckDBPyConnection,
    wanted: Wanted,
    root: str,
    told: Callable[[str], None],
) -> Frame:
    """Return the published frame of a folder, with the tree kept at the commitment where that is still its
    own.

    The text is digested anew whatever lies beside it; ``root`` is the committed one,
    to which the kept nodes must lead.
    """
    path = folder / KEPT
    if not path.is_file() or not _compiled(folder / "frame.tsv"):
        return published_frame(folder / "frame.tsv", plan, connection, wanted)
    frame = published_frame(folder / "frame.tsv", plan, connection, wanted, tree=False)
    if (take := getattr(frame, "take", None)) and (groups := kept(path, frame.digest, root, frame.key)):
        take(groups)
        return frame
    told(f"{KEPT} 不是这份名录库的，已不用，树根重新计算")
    return published_frame(folder / "frame.tsv", plan, connection, wanted)
