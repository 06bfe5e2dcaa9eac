"""Stores of the first version, keyed by departments' names, brought to codes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from zhunsheng.codes import department_code
from zhunsheng.evidence import layout
from zhunsheng.evidence.batches import next_batch, recover
from zhunsheng.evidence.commits import rewrite
from zhunsheng.evidence.index import Index
from zhunsheng.evidence.ledgers import DEPARTMENT, ledgers
from zhunsheng.evidence.records import Batch
from zhunsheng.evidence.shared import scratch_database
from zhunsheng.evidence.sql import one_file, quoted
from zhunsheng.evidence.tables import ledger_sql


def migrate(
    index: Index, codes: Mapping[str, str], who: str | None = None, when: datetime | None = None
) -> list[Batch]:
    """Bring every ledger that is not migrated to codes, as ``plan`` says; return their recorded batches."""
    done = []
    for name, renames in plan(index, codes).items():
        ledger = ledgers()[name]
        files = layout.current(index, name)
        with scratch_database() as connection:
            query = ledger_sql(ledger, files, renames)
            rows = int(connection.execute(f"SELECT count(*) FROM ({query})").fetchall()[0][0])
            batch = next_batch(
                index,
                name,
                who,
                when,
                file="迁移：部门改用代码",
                rows=rows,
                updated=rows,
                renames=renames,
            )
            rewrite(index.root, ledger, connection.sql(query).to_arrow_reader(100_000), batch)
        done.append(recover(index)[-1])
    layout.mark(index.root)
    return done


def plan(index: Index, codes: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Return name -> code for each ledger that is not migrated, as migrations before,
    ``codes`` or the name give it.
    """
    known = {**codes, **index.renames()}
    found = {}
    for ledger in index.unmigrated():
        names = set(index.departments_named(ledger))
        written = sorted(layout.table(index.root, ledger).glob("*.parquet"))
        if written:
            listed = ", ".join(quoted(one_file(str(p))) for p in written)
            with scratch_database() as connection:
                rows = connection.execute(
                    f"SELECT DISTINCT {DEPARTMENT} FROM read_parquet([{listed}])"
                ).fetchall()
            names |= {name for (name,) in rows}
        found[ledger] = {name: known.get(name) or department_code(name) for name in sorted(names)}
    return found
