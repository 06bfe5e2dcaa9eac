"""A ledger's files as one SQL table: columns that a file lacks are empty, departments stand by code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from zhunsheng.evidence.ledgers import DEPARTMENT, Ledger
from zhunsheng.evidence.sql import quoted


def ledger_sql(ledger: Ledger, files: Sequence[str], renames: Mapping[str, str] | None = None) -> str:
    """Return a DuckDB query over a ledger's Parquet files with every column the ledger has today, in order.

    Columns that a file lacks are NULL of their type. ``renames`` (name -> code) is applied to the department of rows
    written before departments had codes. No files give no rows.
    """
    columns = ledger.stored()
    empty = "SELECT " + ", ".join(f'NULL::{t} AS "{c}"' for c, t in columns.items()) + " WHERE false"
    if not files:
        return empty
    named = ", ".join(f'"{c}"' for c in columns)
    if renames:
        pairs = ", ".join(f"{quoted(name)}: {quoted(code)}" for name, code in renames.items())
        named = named.replace(
            f'"{DEPARTMENT}"', f'coalesce(MAP {{{pairs}}}["{DEPARTMENT}"], "{DEPARTMENT}") AS "{DEPARTMENT}"', 1
        )
    listed = ", ".join(quoted(path) for path in files)
    # The empty part comes first: it gives the columns their types and those that no file has.
    return (
        f"SELECT {named} FROM ({empty} UNION ALL BY NAME SELECT * FROM read_parquet([{listed}], union_by_name = true))"
    )
