"""Where a draw is computed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from zhunsheng.draws.drawing import DrawEngine
from zhunsheng.draws.engines import Kind, connected
from zhunsheng.draws.frame import Frame


@dataclass(frozen=True)
class Where:
    """Where a draw is computed: an engine, its address, and of PostgreSQL a table that already holds the
    frame.
    """

    kind: Kind = "duckdb"
    url: str | None = None
    table: str | None = None


HERE = Where()


@contextmanager
def engine_for(where: Where, frame: Frame, text: Path) -> Iterator[DrawEngine]:
    """Give the engine that was chosen, with the frame, whose published text is given.
    Raises as ``engines.connected``.
    """
    if where.kind == "duckdb":
        yield frame.engine()
        return
    with connected(where.kind, where.url, text, frame.digest, where.table) as engine:
        yield engine
