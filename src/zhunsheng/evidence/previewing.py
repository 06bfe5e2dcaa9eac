"""What a checked file would change in its ledger, cell by cell, before any of it is written."""

from __future__ import annotations

from dataclasses import dataclass

from zhunsheng.evidence.doubts import Change
from zhunsheng.evidence.importing import Checked
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
    if not there or not columns:
        return UNCHANGED
    differs = [f'(g."{c.name}" IS DISTINCT FROM t."{c.name}")' for c in columns]
    cells = ", ".join(
        f"{differ} AS differs_{n}, coalesce(CAST(t.\"{c.name}\" AS VARCHAR), '') AS before_{n}, "
        f"coalesce(CAST(g.\"{c.name}\" AS VARCHAR), '') AS after_{n}"
        for n, (c, differ) in enumerate(zip(columns, differs, strict=True))
    )
    key = key_text(ledger, "g")
    run = checked.connection.execute
    run(
        f"CREATE OR REPLACE TEMP TABLE changing AS SELECT g._id, g._sheet, g._row, trim({key}) AS key, "
        f"{cells} FROM good g JOIN {there} t ON {same_key(ledger, 'g', 't')} WHERE {' OR '.join(differs)}"
    )
    ((rows,),) = run("SELECT count(DISTINCT _id) FROM changing").fetchall()
    if not rows:
        return UNCHANGED
    parts = " UNION ALL ".join(
        f"SELECT _id, _sheet, _row, key, {n} AS n, before_{n} AS before, after_{n} AS after FROM first "
        f"WHERE differs_{n}"
        for n in range(len(columns))
    )
    found = run(
        f"WITH first AS (FROM changing ORDER BY _id LIMIT {int(limit)}) "
        f"SELECT * EXCLUDE (_id) FROM ({parts}) ORDER BY _id, n"
    ).fetchall()
    several = len(checked.layouts) > 1
    changes = (
        Change(sheet if several else None, row, key, columns[n].title, before, after)
        for sheet, row, key, n, before, after in found
    )
    return Preview(rows, tuple(changes))
