"""The texts of a loaded ledger read as values: what each row holds beside the texts as they stood, and which
cells hold no value though they seem to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from zhunsheng.codes import named_code
from zhunsheng.evidence.checks import (
    narrowed_sql,
    value_sql,
)
from zhunsheng.evidence.conventions import Settled
from zhunsheng.evidence.headers import is_department
from zhunsheng.evidence.ledgers import DEPARTMENT
from zhunsheng.evidence.raw import BEYOND, EXCEL_ERROR, Raw, rows_listed
from zhunsheng.evidence.sql import quoted
from zhunsheng.translation import series, translatable, worded

_ERRORS = r"#(N/A|REF!|DIV/0!|VALUE!|NAME\?|NULL!|NUM!|SPILL!|CALC!|FIELD!)"


_ROW = "（整行）"  # where what is wrong is in no column of the ledger


_BEYOND = translatable("比表头多出一格，列可能错位；内容里有逗号的请加引号")


@dataclass(frozen=True)
class Owner:
    """Whose rows a file holds: a code with its name; whether ``only`` its own, and codes by the words rows
    may name.
    """

    code: str
    name: str
    only: bool
    known: Mapping[str, str]


def departments_or_none(connection: duckdb.DuckDBPyConnection, raw: Raw, owner: Owner) -> list[str]:
    """Take a column that only a general word calls departments (单位) for none where none of its values is
    one.
    """
    heads = [layout.head for layout in raw.layouts if DEPARTMENT in layout.head.columns]
    general = [head.titles[head.columns[DEPARTMENT]] for head in heads]
    # What a person said to be departments is, whatever stands there.
    if not general or any(map(is_department, general)) or any(h.how[DEPARTMENT] == "mapping" for h in heads):
        return []
    column = f"c{raw.columns[DEPARTMENT]}"
    listed = f"SELECT DISTINCT {column} FROM raw WHERE {column} IS NOT NULL LIMIT 1000"
    values = [value for (value,) in connection.execute(listed).fetchall()]
    if not values or any(value in owner.known for value in values):
        return []
    del raw.columns[DEPARTMENT]
    shown = series(sorted(values)[:3])
    return [
        worded("列“{title}”的内容（{values}）都不是已知的部门，没有当作部门", title=general[0], values=shown)
    ]


def parse(connection: duckdb.DuckDBPyConnection, raw: Raw, owner: Owner, settled: Settled) -> dict[str, str]:
    """Make ``parsed`` (texts and what they are read as; a view of table ``cells``) and table ``faults`` of
    ``raw``, which goes; return the departments first met in the rows, by code.
    """
    ledger = raw.ledger
    chosen = {c.name: f"c{raw.columns[c.name]}" for c in ledger.columns if c.name in raw.columns}
    given = f"c{raw.columns[DEPARTMENT]}" if DEPARTMENT in raw.columns else "NULL::VARCHAR"
    given = _meant(raw, DEPARTMENT, given)
    named = _departments(connection, given, owner.known) if DEPARTMENT in raw.columns else {}
    # What is kept of each row, and what of it is the same for all rows or stands there already.
    kept, shown = ["_id", "_row"], ["_id", "_row"]
    one = raw.layouts[0].sheet if len(raw.layouts) == 1 else None
    if one is None and raw.layouts[0].sheet is not None:
        kept, shown = [*kept, "_sheet"], [*shown, "_sheet"]
    else:
        shown.append(f"{'NULL' if one is None else quoted(one)}::VARCHAR AS _sheet")
    if DEPARTMENT in raw.columns:
        code = f"coalesce((SELECT code FROM departments WHERE name = {given}), {quoted(owner.code)})"
        kept += [f"{given} AS raw_{DEPARTMENT}", f"{code} AS {DEPARTMENT}"]
        shown += [f"raw_{DEPARTMENT}", DEPARTMENT]
    else:
        shown += [f"NULL::VARCHAR AS raw_{DEPARTMENT}", f"{quoted(owner.code)} AS {DEPARTMENT}"]
    # Looked up and narrowed once each: the text of a value is mentioned many times where it is read.
    decided = {n for n, _text, _value in settled.values}
    plain = ""
    for column in ledger.columns:
        name = column.name
        if name not in chosen:
            shown += [f"NULL::VARCHAR AS raw_{name}", f"NULL::{column.sql_type} AS {name}"]
            continue
        text, n = chosen[name], raw.columns[name]
        looked = f"coalesce((SELECT value FROM settled s WHERE s.n = {n} AND s.text = c{n}), c{n})"
        meant = narrowed_sql(column, _meant(raw, name, looked if n in decided else text))
        if meant != text:
            plain += f", {meant} AS plain_{n}"
        value = value_sql(column, text if meant == text else f"plain_{n}", _factor(raw, name))
        kept += [f"{value} AS {name}"]
        if value == text:
            shown += [f"{name} AS raw_{name}", name]
        else:
            kept += [f"{text} AS raw_{name}"]
            shown += [f"raw_{name}", name]
    filled = " OR ".join(f"{text} IS NOT NULL" for text in ("_over", *chosen.values()))
    filled += f" OR _row IN ({raw.torn})"
    connection.execute(
        f"CREATE TABLE cells AS SELECT {', '.join(kept)} FROM (SELECT *{plain} FROM raw) WHERE {filled}; "
        f"CREATE VIEW parsed AS SELECT {', '.join(shown)} FROM cells"
    )
    _faulty(connection, raw, chosen, given, settled)
    raw.drop(connection)
    return named


def signed(connection: duckdb.DuckDBPyConnection, raw: Raw) -> list[str]:
    """Make negative the amounts of rows whose kind takes from others, however they were written; say of which
    rows the sign was turned, and which are negative though no kind says why.
    """
    signs = raw.ledger.signs
    if signs is None:
        return []
    said = {"by": raw.ledger.column(signs.by).title, "of": raw.ledger.column(signs.of).title}
    turned = f"{signs.by} IN ({', '.join(map(quoted, signs.negative))}) AND {signs.of} > 0"
    bare = f"raw_{signs.by} IS NULL AND {signs.of} < 0"
    query = f"SELECT {turned}, _sheet, _row FROM parsed WHERE ({turned}) OR ({bare}) ORDER BY _id"
    found = connection.execute(query).fetchall()
    flipped = [(sheet, row) for flip, sheet, row in found if flip]
    unsaid = [(sheet, row) for flip, sheet, row in found if not flip]
    several = len(raw.layouts) > 1
    notes: list[str] = []
    if flipped:
        connection.execute(f"UPDATE cells SET {signs.of} = -{signs.of} WHERE {turned}")
        rows, kinds = rows_listed(flipped, several=several), series(signs.negative)
        notes.append(worded("“{by}”是{kinds}的，“{of}”按负数计：{rows}", kinds=kinds, rows=rows, **said))
    if unsaid:
        rows = rows_listed(unsaid, several=several)
        notes.append(worded("“{of}”是负数而没有写“{by}”，按减少计：{rows}", rows=rows, **said))
    return notes


def _meant(raw: Raw, column: str, text: str) -> str:
    """Return the SQL of a column's ``text`` (SQL) with the spellings that a mapping speaks of as what they
    mean.
    """
    said = raw.mapping.values.get(column, {}) if raw.mapping else {}
    whens = " ".join(f"WHEN {quoted(k)} THEN {quoted(v)}" for k, v in said.items() if v)
    return f"(CASE {text} {whens} ELSE {text} END)" if whens else text


def _factor(raw: Raw, column: str) -> str:
    """Return the SQL of how many yuan an amount of a column is written in, on each sheet by its own word."""
    units = {layout.sheet: layout.head.units.get(column, 1) for layout in raw.layouts}
    if len(set(units.values())) == 1:
        return str(next(iter(units.values())))
    whens = " ".join(f"WHEN {quoted(sheet or '')} THEN {unit}" for sheet, unit in units.items())
    return f"CASE _sheet {whens} END"


def _faulty(
    connection: duckdb.DuckDBPyConnection,
    raw: Raw,
    chosen: Mapping[str, str],
    given: str,
    settled: Settled,
) -> None:
    """Make table ``faults`` (id, title, value, message): cells that hold no value,
    and cells beyond the header.
    """
    titles = {name: raw.ledger.column(name).title for name in chosen}
    cells = dict(chosen)
    if DEPARTMENT in raw.columns:
        titles[DEPARTMENT], cells[DEPARTMENT] = "部门", given
    connection.execute("CREATE TABLE faults(_id BIGINT, title VARCHAR, value VARCHAR, message VARCHAR)")
    tests = {name: f"starts_with({cell}, '#')" for name, cell in cells.items()} if raw.may_hold("#") else {}
    *looked, beyond = raw.some(connection, [*tests.values(), BEYOND])
    for name in [name for name, some in zip(tests, looked, strict=True) if some]:
        connection.execute(
            f"INSERT INTO faults SELECT _id, ?, {cells[name]}, {quoted(EXCEL_ERROR)} FROM raw WHERE "
            f"regexp_full_match({cells[name]}, ?)",
            [titles[name], _ERRORS],
        )
    unclear = {n for n, _text, _why in settled.unclear}
    for name in [name for name in raw.columns if name in titles and raw.columns[name] in unclear]:
        connection.execute(
            f"INSERT INTO faults SELECT raw._id, ?, {cells[name]}, s.why FROM raw JOIN settled s ON s.text = "
            f"{cells[name]} AND s.n = {raw.columns[name]} AND s.why IS NOT NULL",
            [titles[name]],
        )
    if raw.faults:
        known = [(sheet, row, titles.get(name, _ROW), why) for sheet, row, name, why in raw.faults]
        columns = [pa.array(values) for values in zip(*known, strict=True)]
        table = pa.table([columns[0].cast(pa.string()), *columns[1:]], names=["sheet", "row", "title", "why"])
        connection.register("incoming", table)
        connection.execute(
            "CREATE TABLE known AS SELECT raw._id, i.title, i.why FROM incoming i JOIN raw ON raw._row = "
            "i.row AND raw._sheet IS NOT DISTINCT FROM i.sheet"
        )
        connection.unregister("incoming")
        connection.execute("DELETE FROM faults WHERE (_id, title) IN (SELECT _id, title FROM known)")
        values = " ".join(f"WHEN {quoted(title)} THEN {cells[name]}" for name, title in titles.items())
        connection.execute(
            f"INSERT INTO faults SELECT _id, title, CASE title {values} END, why FROM known JOIN raw USING "
            "(_id)"
        )
        connection.execute("DROP TABLE known")
    if beyond:
        connection.execute(
            f"INSERT INTO faults SELECT _id, '（表头以外）', _over, {quoted(_BEYOND)} FROM raw WHERE _over "
            "IS NOT NULL"
        )


def _departments(
    connection: duckdb.DuckDBPyConnection, given: str, known: Mapping[str, str]
) -> dict[str, str]:
    """Make table ``departments`` (name, code) of those that rows name; return the new ones by code."""
    connection.execute("CREATE TABLE departments(name VARCHAR, code VARCHAR)")
    found = [
        name
        for (name,) in connection.execute(
            f"SELECT d FROM (SELECT {given} AS d, _id FROM raw) WHERE d IS NOT NULL "
            "GROUP BY d ORDER BY min(_id)"  # as the file has them
        ).fetchall()
    ]
    new = {named_code(name): name for name in found if name not in known}
    codes = {**known, **{name: code for code, name in new.items()}}
    if found:
        # As one table: a statement a name takes minutes where every row names another.
        connection.register("incoming", pa.table({"name": found, "code": [codes[name] for name in found]}))
        connection.execute("INSERT INTO departments SELECT name, code FROM incoming")
        connection.unregister("incoming")
    return new
