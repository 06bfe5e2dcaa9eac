"""A ledger's files as one SQL table: columns that a file lacks are empty, departments stand by code."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from zhunsheng.evidence.ledgers import DEPARTMENT, Ledger
from zhunsheng.evidence.sql import one_file, quoted


def key_text(ledger: Ledger, rows: str) -> str:
    """Return the SQL of the key of ``rows`` (an alias) as one text, empty parts left empty."""
    return " || ' ' || ".join(f"coalesce(CAST({rows}.\"{name}\" AS VARCHAR), '')" for name in ledger.key)


def same_key(
    ledger: Ledger,
    one: str,
    other: str,
    lacking: Collection[str] = (),
    called: Mapping[str, str] | None = None,
) -> str:
    """Return the SQL condition that rows ``one`` and ``other`` (aliases) have one key,
    of a department and the ledger.

    Columns that can't be empty are compared by ``=``, which joins by hash everywhere;
    the others take empty as a value. Each test stands in brackets: delta-rs reads ``a IS NOT DISTINCT FROM b
    AND c`` as ``b AND c`` compared with ``a``. ``lacking`` are columns that ``one`` does not have yet,
    which is to say that they are empty there; ``called`` says by what names ``other`` has some.
    """
    tests = []
    for name in (DEPARTMENT, *ledger.key):
        theirs = f'{other}."{(called or {}).get(name, name)}"'
        if name in lacking:
            tests.append(f"{theirs} IS NULL")
        else:
            sign = "IS NOT DISTINCT FROM" if name in ledger.open_key else "="
            tests.append(f'({one}."{name}" {sign} {theirs})')
    return " AND ".join(tests)


def half_key(ledger: Ledger, one: str, other: str) -> str:
    """Return the SQL condition that rows may be one and the same: keys differ only in that one row lacks what
    the other has.
    """
    kept = [name for name in (DEPARTMENT, *ledger.key) if name not in ledger.open_key]
    tests = [f'{one}."{name}" = {other}."{name}"' for name in kept]
    halves = (
        f'({one}."{name}" IS NULL OR {other}."{name}" IS NULL OR {one}."{name}" = {other}."{name}")'
        for name in ledger.open_key
    )
    differ = " OR ".join(
        f'({one}."{name}" IS NULL) <> ({other}."{name}" IS NULL)' for name in ledger.open_key
    )
    return " AND ".join([*tests, *halves, f"({differ})"])


def ledger_sql(ledger: Ledger, files: Sequence[str], renames: Mapping[str, str] | None = None) -> str:
    """Return a DuckDB query over a ledger's Parquet files with every column the ledger has today, in order.

    Columns that a file lacks are NULL of their type. ``renames`` (name -> code) is applied to the department
    of rows written before departments had codes. No files give no rows.
    """
    columns = ledger.stored()
    empty = "SELECT " + ", ".join(f'NULL::{t} AS "{c}"' for c, t in columns.items()) + " WHERE false"
    if not files:
        return empty
    named = ", ".join(f'"{c}"' for c in columns)
    if renames:
        pairs = ", ".join(f"{quoted(name)}: {quoted(code)}" for name, code in renames.items())
        named = named.replace(
            f'"{DEPARTMENT}"',
            f'coalesce(MAP {{{pairs}}}["{DEPARTMENT}"], "{DEPARTMENT}") AS "{DEPARTMENT}"',
            1,
        )
    listed = ", ".join(quoted(one_file(path)) for path in files)
    # The empty part comes first: it gives the columns their types and those that no file has.
    return (
        f"SELECT {named} FROM ({empty} UNION ALL BY NAME SELECT * FROM read_parquet([{listed}], "
        "union_by_name = true))"
    )
