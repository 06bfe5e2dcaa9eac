"""Which rows of a ledger file are good, and what is wrong with each of the others."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb

from zhunsheng.evidence.checks import (
    Check,
    Strictness,
    checks_of,
    half_keys,
    sign_checks,
)
from zhunsheng.evidence.ledgers import DEPARTMENT, Ledger
from zhunsheng.evidence.parsing import Owner
from zhunsheng.evidence.raw import Raw
from zhunsheng.evidence.sql import quoted, worded_sql
from zhunsheng.translation import translatable, worded

_TWICE = translatable("{titles} 与第 {first} 行重复")


def judge(
    connection: duckdb.DuckDBPyConnection, raw: Raw, owner: Owner, strictness: Strictness | None
) -> None:
    """Make table ``problems`` (row, title, value, message), table ``aside`` for rows that an answer will keep
    out, and view ``good``, the rows in neither.
    """
    ledger = raw.ledger
    # Of a column that the file does not have nothing can be wrong but that it is required.
    there = [c for c in ledger.columns if c.name in raw.columns or c.required]
    simple = [check for column in there for check in checks_of(ledger, column, strictness)]
    simple += sign_checks(ledger)
    wrong = f"{DEPARTMENT} <> {quoted(owner.code)}" if owner.only else f"{DEPARTMENT} = ''"
    why = (
        worded("只能导入本部门（{name}）的数据", name=owner.name)
        if owner.only
        else worded("有几个部门用过这个名称，请改填部门代码")
    )
    simple.append(Check(wrong, "'部门'", f"raw_{DEPARTMENT}", quoted(why)))
    # One look at all rows for what is wrong anywhere costs less than a search for each thing that may be.
    looks = ", ".join(f"bool_or({check.where})" for check in simple)
    (seen,) = connection.execute(f"SELECT {looks} FROM parsed").fetchall()
    checks = [check.select() for check, some in zip(simple, seen, strict=True) if some]
    checks += _said_twice(connection, ledger)
    checks += [half_keys(ledger, name) for name in ledger.open_key if name in raw.columns]
    connection.execute("CREATE TABLE problems(_id BIGINT, title VARCHAR, value VARCHAR, message VARCHAR)")
    if checks:
        connection.execute(f"INSERT INTO problems {' UNION ALL '.join(checks)}")
    # What a cell holds instead of a value is said once, by what it is, and not as a date or amount that can't
    # be read.
    connection.execute("DELETE FROM problems WHERE (_id, title) IN (SELECT _id, title FROM faults)")
    connection.execute("INSERT INTO problems SELECT * FROM faults WHERE _id IN (SELECT _id FROM parsed)")
    connection.execute(
        "CREATE TABLE aside(_id BIGINT, title VARCHAR, value VARCHAR, message VARCHAR); "
        "CREATE VIEW good AS SELECT * FROM parsed WHERE _id NOT IN (SELECT DISTINCT _id FROM problems) "
        "AND _id NOT IN (SELECT _id FROM aside)"
    )


def _said_twice(connection: duckdb.DuckDBPyConnection, ledger: Ledger) -> Iterator[str]:
    """Yield the SELECT (row, title, value, message) of rows whose key an earlier one has, if there are any:
    of a million rows hardly one is said twice, and only to tell which they must be put in order.
    """
    key = ", ".join((DEPARTMENT, *ledger.key))
    # A row without its key is told so; it is no second one of another without.
    given = [f"{k} IS NOT NULL" for k in ledger.key if ledger.column(k).required]
    keyed = f" WHERE {' AND '.join(given)}" if given else ""
    twice = f"SELECT 1 FROM parsed{keyed} GROUP BY {key} HAVING count(*) > 1 LIMIT 1"
    if not connection.execute(twice).fetchall():
        return
    titles = "、".join(ledger.column(k).title for k in ledger.key)
    message = worded_sql(_TWICE, titles=quoted(titles), first="first")
    title, value = quoted(ledger.column(ledger.key[0]).title), f"raw_{ledger.key[0]}"
    yield (
        f"SELECT _id, {title} AS title, {value} AS value, {message} AS message FROM "
        f"(SELECT _id, {value}, first_value(_id) OVER same AS earliest, first_value(_row) OVER same AS first "
        f"FROM parsed{keyed} WINDOW same AS (PARTITION BY {key} ORDER BY _id)) WHERE earliest <> _id"
    )
