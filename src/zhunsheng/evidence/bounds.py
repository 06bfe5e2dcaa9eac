"""How much one ledger file may hold, by the face it comes through: the one place, whatever its format; and
how much of one is done.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Bounds:
    """What a file may hold at most: ``rows``, ``columns``, ``cells`` (their product),
    and bytes of all its ``texts`` written out.

    ``memory`` is what the database may take to check it (in DuckDB's words); beyond it spills to disk.
    """

    rows: int
    columns: int
    cells: int
    texts: int
    memory: str


# From a stranger through the site: what a sheet of Excel holds, and no more packed text than is checked in
# half a minute.
WEB = Bounds(rows=1_048_576, columns=500, cells=32 * 2**20, texts=128 * 2**20, memory="128MB")
# On one's own machine: the ledgers of a province. The disk is the bound, and what is plainly no ledger.
HOME = Bounds(rows=1_000_000_000, columns=2_000, cells=40_000_000_000, texts=64 * 2**30, memory="128MB")

Said = Callable[[float], None]  # is told how much of some work is done, as a fraction


def silent(_part: float) -> None:
    """Say nothing."""
