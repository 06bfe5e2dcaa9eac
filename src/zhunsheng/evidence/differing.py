"""What changed in the ledgers between two states of the store, row by row and cell by cell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from zhunsheng.evidence.ledgers import DEPARTMENT, Ledger
from zhunsheng.evidence.privacy import Cipher, shown
from zhunsheng.evidence.shared import scratch_database
from zhunsheng.evidence.snapshot import Snapshot
from zhunsheng.evidence.sql import quoted
from zhunsheng.evidence.tables import same_key
from zhunsheng.translation import translatable

Kind = Literal["new", "changed", "removed"]
KINDS: dict[Kind, str] = {
    "new": translatable("新增"),
    "changed": translatable("有变化"),
    "removed": translatable("不再有"),
}


@dataclass(frozen=True)
class CellChange:
    """A cell of a row, by its column's title: what it was and what it is; None is empty."""

    column: str
    before: Any
    after: Any


@dataclass(frozen=True)
class RowChange:
    """A row that differs between two states: its ledger, department (a code), key, and the cells that differ
    (of a new or a removed one all that are filled).

    ``batch``, ``row`` and ``sheet`` are where the row as it is now comes from; of one that is no more, where
    it came from.
    """

    kind: Kind
    ledger: str
    department: str
    key: str
    cells: tuple[CellChange, ...]
    batch: int
    row: int
    sheet: str | None = None


@dataclass(frozen=True)
class LedgerChanges:
    """What changed in one ledger: how many rows by kind, and the first of them."""

    ledger: Ledger
    counts: dict[Kind, int]
    rows: tuple[RowChange, ...]


def ledger_changes(  # noqa: PLR0913 - options, by their names
    before: Snapshot,
    after: Snapshot,
    ledger: Ledger,
    *,
    department: str | None = None,
    limit: int | None = None,
    personal: bool = False,
    cipher: Cipher | None = None,
) -> LedgerChanges:
    """Return what changed in a ledger from one state to another, of one department (a code) or of all.

    Rows come by kind, department and key, at most ``limit`` of them; personal cells are masked unless
    ``personal``, with a ``cipher`` decrypted before.
    """
    if before.files.get(ledger.id) == after.files.get(ledger.id):
        return LedgerChanges(ledger, {"new": 0, "changed": 0, "removed": 0}, ())
    columns = [c.name for c in ledger.columns]
    both = [DEPARTMENT, *columns, "_batch", "_row", "_sheet"]
    cells = ", ".join(f'b."{c}" AS before_{n}, a."{c}" AS after_{n}' for n, c in enumerate(both))
    differs = " OR ".join(f'b."{c}" IS DISTINCT FROM a."{c}"' for c in columns)
    where = f"WHERE {DEPARTMENT} = {quoted(department)}" if department is not None else ""
    kind = (
        f"CASE WHEN b.{DEPARTMENT} IS NULL THEN 'new' WHEN a.{DEPARTMENT} IS NULL THEN 'removed' "
        "ELSE 'changed' END"
    )
    key = ", ".join(f'coalesce(a."{name}", b."{name}")' for name in (DEPARTMENT, *ledger.key))
    with scratch_database() as connection:
        connection.execute(
            f"CREATE TABLE differing AS SELECT {kind} AS kind, {cells} FROM "
            f"(SELECT * FROM ({before.sql(ledger)}) {where}) b FULL JOIN "
            f"(SELECT * FROM ({after.sql(ledger)}) {where}) a ON {same_key(ledger, 'a', 'b')} "
            f"WHERE {differs} ORDER BY {key}"
        )
        counted: dict[Kind, int] = dict(
            connection.execute("SELECT kind, count(*) FROM differing GROUP BY 1").fetchall()
        )
        most = "" if limit is None else f" LIMIT {int(limit)}"
        found = connection.execute(
            "SELECT * FROM differing ORDER BY CASE kind WHEN 'removed' THEN 0 WHEN 'changed' THEN 1 ELSE 2 "
            f"END, rowid{most}"
        ).fetchall()
    hidden = {c.name for c in ledger.columns if c.personal}

    def told(name: str, value: Any) -> Any:
        return shown(value, personal=personal, cipher=cipher) if name in hidden else value

    def change(row: tuple[Any, ...]) -> RowChange:
        was = dict(zip(both, row[1::2], strict=True))
        now = dict(zip(both, row[2::2], strict=True))
        of = was if row[0] == "removed" else now
        return RowChange(
            row[0],
            ledger.id,
            of[DEPARTMENT],
            " ".join(str(of[name]) for name in ledger.key if of[name] is not None),
            tuple(
                CellChange(ledger.column(name).title, told(name, was[name]), told(name, now[name]))
                for name in columns
                if was[name] != now[name]
            ),
            of["_batch"],
            of["_row"],
            of["_sheet"],
        )

    return LedgerChanges(ledger, {k: counted.get(k, 0) for k in KINDS}, tuple(map(change, found)))


def changes(
    before: Snapshot, after: Snapshot, among: Sequence[Ledger], **how: Any
) -> Iterator[LedgerChanges]:
    """Yield what changed in each of some ledgers in which anything did; ``how`` as of ``ledger_changes``."""
    for ledger in among:
        found = ledger_changes(before, after, ledger, **how)
        if any(found.counts.values()):
            yield found
