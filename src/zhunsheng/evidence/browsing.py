"""Look through a ledger as a person does: search, filter, sort, page by page; personal columns masked unless
allowed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from zhunsheng.evidence.ledgers import DEPARTMENT, Ledger
from zhunsheng.evidence.privacy import Cipher, shown
from zhunsheng.evidence.shared import session
from zhunsheng.evidence.snapshot import Snapshot


@dataclass(frozen=True)
class LedgerRow:
    """One row: its values in the order of the ledger's columns, the batch that brought it, and its row in
    that batch's file, on which worksheet.
    """

    values: tuple[Any, ...]
    batch: int
    row: int
    sheet: str | None = None


@dataclass(frozen=True)
class LedgerPage:
    """Some rows of a ledger and how many there are in all."""

    rows: tuple[LedgerRow, ...]
    total: int


@dataclass(frozen=True)
class View:
    """What is looked for in a ledger, and how it is shown.

    ``search`` finds text in any column that is not personal, ``filters`` compare columns by name for
    equality, ``order`` is a column's name. Personal columns come masked, or as they are with ``personal``.
    ``place`` is the one row of a batch, by its row and worksheet there.
    """

    search: str = ""
    filters: Mapping[str, str] | None = None
    batch: int | None = None
    order: str | None = None
    descending: bool = False
    personal: bool = False
    place: tuple[int, int, str | None] | None = None


@dataclass(frozen=True)
class Window:
    """The bounds of a page of rows: how many at most, behind how many others."""

    limit: int = 50
    offset: int = 0


EVERYTHING, FIRST = View(), Window()


def browse(
    snapshot: Snapshot,
    ledger: Ledger,
    department: str,
    view: View = EVERYTHING,
    window: Window = FIRST,
    cipher: Cipher | None = None,
) -> LedgerPage:
    """Return a page of rows of one department's ledger; ``department`` is its code.

    With a ``cipher`` personal columns are decrypted before they are masked or shown.
    """
    if not snapshot.files.get(ledger.id):
        return LedgerPage((), 0)
    names = [c.name for c in ledger.columns]
    tests: list[str] = [f'"{DEPARTMENT}" = ?']
    values: list[Any] = [department]
    if view.search:
        open_columns = [c.name for c in ledger.columns if not c.personal]
        escaped = view.search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        tests.append(
            "(" + " OR ".join(f"CAST(\"{c}\" AS VARCHAR) ILIKE ? ESCAPE '\\'" for c in open_columns) + ")"
        )
        values += [f"%{escaped}%"] * len(open_columns)
    for name, value in (view.filters or {}).items():
        if name in names and not ledger.column(name).personal:
            tests.append(f'CAST("{name}" AS VARCHAR) = ?')
            values.append(value)
    if view.batch is not None:
        tests.append(f"_batch = {int(view.batch)}")
    if view.place is not None:
        tests.append("_batch = ? AND _row = ? AND _sheet IS NOT DISTINCT FROM ?")
        values += view.place
    where = " AND ".join(tests)
    by = f'"{view.order}" {"DESC" if view.descending else "ASC"} NULLS LAST, ' if view.order in names else ""
    table = f"({snapshot.sql(ledger)})"
    with session() as connection:
        total = int(
            connection.execute(f"SELECT count(*) FROM {table} WHERE {where}", values).fetchall()[0][0]
        )
        columns = ", ".join(f'"{n}"' for n in names)
        found = connection.execute(
            f"SELECT {columns}, _batch, _row, _sheet FROM {table} WHERE {where} ORDER BY {by}_batch DESC, "
            f"_sheet, _row LIMIT {int(window.limit)} OFFSET {int(window.offset)}",
            values,
        ).fetchall()
    hidden = [c.personal for c in ledger.columns]
    rows = tuple(
        LedgerRow(
            tuple(
                shown(v, personal=view.personal, cipher=cipher) if h else v
                for v, h in zip(r[:-3], hidden, strict=True)
            ),
            *r[-3:],
        )
        for r in found
    )
    return LedgerPage(rows, total)
