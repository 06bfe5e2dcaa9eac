"""What a checked file would change in its ledger, cell by cell, before any of it is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from zhunsheng.evidence.doubts import Change
from zhunsheng.evidence.importing import Checked
from zhunsheng.evidence.ledgers import Column
from zhunsheng.evidence.tables import key_text, same_key


@dataclass(frozen=True)
class Preview:
    """How many known ``rows`` a file would change, and its ``changes`` cell by cell in the file's order, of
    the first of these rows.
    """

    rows: int = 0
    changes: tuple[Change, ...] = ()


UNCHANGED = Preview()


def preview(checked: Checked, there: str, limit: int) -> Preview:
    """Return what the good rows of a file would change of the rows that stand ``there`` (``standing``),
    of at most ``limit`` rows; an empty text is an empty cell. Columns of personal data, which stand
    encrypted, are not compared.
    """
    ledger = checked.ledger
    columns = [c for c in ledger.columns if c.name in checked.columns and c.name not in ledger.key]
    columns = [c for c in columns if not c.personal]
    return compared(checked, there, columns, 'g."{0}" IS DISTINCT FROM t."{0}"', "changing", rows=limit)


def compared(
    checked: Checked,
    there: str,
    columns: Sequence[Column],
    differs: str,
    table: str,
    *,
    rows: int,
) -> Preview:
    """Make ``table`` of the good rows (g) of which a cell ``differs`` (SQL by the column's name) from the row
    that stands ``there`` (t), with their ``_id`` and ``key``; return how many, and the cells of the first.
    """
    if not there or not columns:
        return UNCHANGED
    ledger, run = checked.ledger, checked.connection.execute
    tests = [f"({differs.format(c.name)})" for c in columns]
    cells = ", ".join(
        f"{test} AS differs_{n}, coalesce(CAST(t.\"{c.name}\" AS VARCHAR), '') AS before_{n}, "
        f"coalesce(CAST(g.\"{c.name}\" AS VARCHAR), '') AS after_{n}"
        for n, (c, test) in enumerate(zip(columns, tests, strict=True))
    )
    # The ledger is read once, however many columns are compared.
    run(
        f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT g._id, g._sheet, g._row, "
        f"trim({key_text(ledger, 'g')}) AS key, {cells} "
        f"FROM good g JOIN {there} t ON {same_key(ledger, 'g', 't')} WHERE {' OR '.join(tests)}"
    )
    ((count,),) = run(f"SELECT count(DISTINCT _id) FROM {table}").fetchall()
    if not count:
        return UNCHANGED
    parts = " UNION ALL ".join(
        f"SELECT _id, _sheet, _row, key, {n} AS n, before_{n} AS before, after_{n} AS after FROM first "
        f"WHERE differs_{n}"
        for n in range(len(columns))
    )
    found = run(
        f"WITH first AS (FROM {table} ORDER BY _id LIMIT {int(rows)}) "
        f"SELECT * EXCLUDE (_id) FROM ({parts}) ORDER BY _id, n"
    ).fetchall()
    several = len(checked.layouts) > 1
    changes = (
        Change(sheet if several else None, row, key, columns[n].title, before, after)
        for sheet, row, key, n, before, after in found
    )
    return Preview(count, tuple(changes))
