"""Rows that stand in a ledger without what a file now says of them, such as where money is from: which they
are, and what they are once they have it.
"""

from __future__ import annotations

import pyarrow as pa

from zhunsheng.evidence import layout
from zhunsheng.evidence.importing import Checked
from zhunsheng.evidence.index import Index
from zhunsheng.evidence.ledgers import DEPARTMENT, Ledger
from zhunsheng.evidence.sql import column_list
from zhunsheng.evidence.tables import half_key, ledger_sql


def adopted_key(ledger: Ledger) -> tuple[str, ...]:
    """The columns of the key that a row can get where it had none: a value is then added to the row, which
    stays the one it was.
    """
    return tuple(name for name in ledger.open_key if name in ledger.adopts)


def was(name: str) -> str:
    """Return the name of the column that holds what a column of the key was before the file."""
    return f"_was_{name}"


def adopt(checked: Checked, index: Index) -> str:
    """Make table ``adopted`` (the ``_id`` of a good row, the columns of the key that it adds to as they
    were) and return the query of the rows that stand there with what is added to them; empty where nothing
    is.

    A row gets what it lacks from the one row of the file that has the same key otherwise, where it is the
    only one in the ledger that has: of two nobody can say which of them it is, or whether its amount is split
    between them.
    """
    ledger, run = checked.ledger, checked.connection.execute
    if not (added := adopted_key(ledger)):
        return ""
    told = ", ".join(f'NULL::{ledger.column(name).sql_type} AS "{was(name)}"' for name in added)
    run(f"CREATE OR REPLACE TEMP TABLE adopted AS SELECT NULL::BIGINT AS _id, {told} WHERE false")
    if not (current := layout.current(index, ledger.id)):
        return ""
    there = ledger_sql(ledger, current)
    other = (DEPARTMENT, *(name for name in ledger.key if name not in added))
    fits = " AND ".join(f'(g."{c}" IS NOT DISTINCT FROM t."{c}" OR t."{c}" IS NULL)' for c in added)
    # The few rows that may be meant are found by a join that hashes; only they are looked at all round.
    run(
        "CREATE OR REPLACE TEMP TABLE halves AS SELECT g._id FROM good g "
        f"JOIN ({there}) t ON {half_key(ledger, 'g', 't')}"
    )
    if not any_halves(checked):
        return ""
    alone = ", ".join(f't."{name}"' for name in other)
    in_file, meant_by = (
        " AND ".join(f'{rows}."{name}" IS NOT DISTINCT FROM t."{name}"' for name in other)
        for rows in ("g", "m")
    )
    added_to = ", ".join(f'g."{name}" AS "_own_{name}"' for name in added)
    meant = f"SELECT DISTINCT {column_list(other)} FROM parsed WHERE _id IN (FROM halves)"
    pairs = (
        f"SELECT t.*, g._id, {added_to}, ({fits}) AS _fits, count(*) OVER (PARTITION BY {alone}) AS _pairs "
        f"FROM ({there}) t JOIN ({meant}) m ON {meant_by} JOIN parsed g ON {in_file}"
    )
    run(
        f"CREATE OR REPLACE TEMP TABLE lacking AS SELECT * EXCLUDE (_fits, _pairs) FROM ({pairs}) "
        "WHERE _fits AND _pairs = 1 AND _id IN (FROM halves)"
    )
    told = ", ".join(f'"{name}" AS "{was(name)}"' for name in added)
    run(f"INSERT INTO adopted SELECT _id, {told} FROM lacking")
    filled = ", ".join(f'"_own_{name}" AS "{name}"' for name in added)
    owns = ", ".join(f'"_own_{name}"' for name in added)
    run(
        f"CREATE OR REPLACE TEMP TABLE adopting AS SELECT * EXCLUDE (_id, {owns}) REPLACE ({filled}) "
        "FROM lacking"
    )
    return "adopting" if run("SELECT count(*) FROM adopted").fetchall() != [(0,)] else ""


def any_halves(checked: Checked) -> bool:
    """Return whether a good row differs from one that stands there only in what one of them lacks of the key
    (of a ledger of which ``adopt`` looked).
    """
    return checked.connection.execute("SELECT count(*) FROM halves").fetchall() != [(0,)]


def adopted_rows(checked: Checked) -> pa.Table:
    """Return the rows that are added to, as they stood there, but for those that an answer put aside."""
    return checked.connection.sql(
        f"SELECT {column_list(checked.ledger.stored())} FROM lacking WHERE _id IN (SELECT _id FROM good)"
    ).to_arrow_table()
