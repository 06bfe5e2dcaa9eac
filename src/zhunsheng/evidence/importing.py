"""Check a ledger file row by row: what is good of it, what is wrong with the rest, whose rows they are."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow as pa

from zhunsheng.codes import named_code
from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence.bounds import HOME, Bounds
from zhunsheng.evidence.checks import MACROS, checks_of, half_keys, value_sql
from zhunsheng.evidence.cleaning import clean_texts, unguard
from zhunsheng.evidence.csv_files import load_csv
from zhunsheng.evidence.ledgers import DEPARTMENT, Ledger
from zhunsheng.evidence.parquet import load_parquet
from zhunsheng.evidence.raw import EXCEL_ERROR, Raw
from zhunsheng.evidence.sql import quoted, worded_sql
from zhunsheng.evidence.workbooks import load_workbook
from zhunsheng.files.opening import file_digest
from zhunsheng.text import clean
from zhunsheng.translation import series, translatable, worded

_ERRORS = r"#(N/A|REF!|DIV/0!|VALUE!|NAME\?|NULL!|NUM!|SPILL!|CALC!|FIELD!)"


@dataclass(frozen=True)
class RowError:
    """What is wrong with one cell: row as the file counts it (from 1), column title, the value as it stands,
    and why.
    """

    row: int
    column: str
    value: str
    message: str


@dataclass
class Checked:
    """A file after checking: ``connection`` holds the good rows as view ``good``;
    errors are in order of rows.
    """

    ledger: Ledger
    path: Path
    sha256: str
    connection: duckdb.DuckDBPyConnection
    rows: int
    bad_rows: int
    errors: list[RowError]
    columns: dict[str, int]  # column name -> position in the file, from 0
    header_row: int  # the header's row in the file, from 1
    sheet: str | None
    named: dict[str, str] = field(default_factory=dict)  # departments first met in the rows: code -> name
    holds: tuple[str, ...] = ()  # codes of departments other than the given one that good rows belong to
    notes: tuple[
        str, ...
    ] = ()  # what its reader should know though no row is wrong: unused columns, hidden rows

    @property
    def good_rows(self) -> int:
        """How many rows passed every check."""
        return self.rows - self.bad_rows


MAX_ERRORS = 10_000  # errors listed by row; more are counted


@contextmanager
def check_file(  # noqa: PLR0913 - options, by their names
    path: Path,
    ledger: Ledger | None,
    department: str,
    bounds: Bounds = HOME,
    *,
    only: bool = False,
    label: str | None = None,
    known: Mapping[str, str] | None = None,
) -> Iterator[Checked]:
    """Read and check a ledger file; the result is valid within the ``with`` block.

    ``ledger`` None recognises the ledger by its headers; ``department`` (a code,
    ``label`` its name) fills rows that name none. A row's own department is a code or an exact name out of
    ``known`` (name or code -> code, "" for a name of several, which is an error;
    a code is its own department's, whoever bears it as a name); any other makes a new department,
    told in ``Checked.named``: a name under a code made from it, what is no name under itself. With ``only``,
    rows of another department are errors. Memory is bounded by ``bounds.memory``,
    beyond it DuckDB spills to disk. Raises ``ZS-IN-*`` and ``ZS-EV-02``, ``-06``, ``-07``, ``-08``, ``-10``;
    ``-40`` for more than ``bounds`` let through, ``-41`` where memory is too small for it all the same,
    ``-42`` for a column that holds no single values.
    """
    with tempfile.TemporaryDirectory(prefix="zhunsheng-") as scratch:
        connection = duckdb.connect(str(Path(scratch) / "import.duckdb"))
        try:
            connection.execute(f"SET memory_limit = '{bounds.memory}'")
            connection.execute("SET enable_progress_bar = false")
            connection.execute(MACROS)
            raw = _load(path, ledger, connection, Path(scratch), bounds)
            given = {clean(word): code for word, code in (known or {}).items()}
            codes = {department, *given.values()} - {""}
            given |= ({clean(label): department} if label else {}) | {code: code for code in codes}
            yield _check(path, raw, connection, _Owner(department, label or department, only, given))
        except (MemoryError, duckdb.OutOfMemoryException) as error:
            raise ZhunshengError("ZS-EV-41") from error
        finally:
            connection.close()


def _load(
    path: Path, ledger: Ledger | None, connection: duckdb.DuckDBPyConnection, scratch: Path, bounds: Bounds
) -> Raw:
    if not path.is_file():
        raise ZhunshengError("ZS-IN-01", name=str(path))
    with path.open("rb") as stream:
        head = stream.read(8)
    if head[:4] == b"PAR1":
        return load_parquet(path, ledger, connection, bounds)
    if (
        head[:4] == b"PK\x03\x04"
        or head[:4] == b"\xd0\xcf\x11\xe0"
        or path.suffix.lower() in (".xlsx", ".xls", ".xlsm")
    ):
        return load_workbook(path, ledger, connection, bounds)
    return load_csv(path, ledger, connection, scratch, bounds)


@dataclass(frozen=True)
class _Owner:
    """Whose rows a file holds: a code with its name; whether ``only`` its own, and codes by the words rows
    may name.
    """

    code: str
    name: str
    only: bool
    known: Mapping[str, str]


def _check(path: Path, raw: Raw, connection: duckdb.DuckDBPyConnection, owner: _Owner) -> Checked:
    notes = (*raw.notes, *_unused(raw))
    if raw.guarded:
        unguard(connection, sorted(raw.columns.values()))
    clean_texts(connection, sorted(raw.columns.values()))
    named = _parse(connection, raw, owner)
    (rows,) = connection.execute("SELECT count(*) FROM parsed").fetchone() or (0,)
    if not rows:
        raise ZhunshengError("ZS-EV-06", name=path.name)
    _judge(connection, raw.ledger, owner)
    (bad,) = connection.execute("SELECT count(DISTINCT _row) FROM problems").fetchone() or (0,)
    found = connection.execute(
        "SELECT _row, title, coalesce(value, ''), message FROM problems ORDER BY _row, "
        f"title LIMIT {MAX_ERRORS}"
    ).fetchall()
    others = [
        code
        for (code,) in connection.execute(
            f"SELECT DISTINCT {DEPARTMENT} FROM good WHERE {DEPARTMENT} <> ? ORDER BY 1", [owner.code]
        ).fetchall()
    ]
    return Checked(
        ledger=raw.ledger,
        path=path,
        sha256=file_digest(path),
        connection=connection,
        rows=rows,
        bad_rows=bad,
        errors=[RowError(*row) for row in found],
        columns=raw.columns,
        header_row=raw.header_row,
        sheet=raw.sheet,
        named={code: name for code, name in named.items() if code in others},
        holds=tuple(others),
        notes=notes,
    )


def _parse(connection: duckdb.DuckDBPyConnection, raw: Raw, owner: _Owner) -> dict[str, str]:
    """Make tables ``parsed`` (texts and what they are read as) and ``faults`` of ``raw``, which goes;
    return the departments first met in the rows, by code.
    """
    ledger = raw.ledger
    chosen = {c.name: f"c{raw.columns[c.name]}" for c in ledger.columns if c.name in raw.columns}
    given = f"c{raw.columns[DEPARTMENT]}" if DEPARTMENT in raw.columns else "NULL::VARCHAR"
    named = _departments(connection, given, owner.known)
    fields = [
        f"{given} AS raw_{DEPARTMENT}",
        f"coalesce((SELECT code FROM departments WHERE name = {given}), {quoted(owner.code)}) AS {DEPARTMENT}"
        if DEPARTMENT in raw.columns
        else f"{quoted(owner.code)} AS {DEPARTMENT}",
    ]
    for column in ledger.columns:
        if column.name in chosen:
            fields += [
                f"{chosen[column.name]} AS raw_{column.name}",
                f"{value_sql(column, chosen[column.name])} AS {column.name}",
            ]
        else:
            fields += [f"NULL::VARCHAR AS raw_{column.name}", f"NULL::{column.sql_type} AS {column.name}"]
    filled = " OR ".join(f"{text} IS NOT NULL" for text in chosen.values())
    connection.execute(f"CREATE TABLE parsed AS SELECT _row, {', '.join(fields)} FROM raw WHERE {filled}")
    _faulty(connection, raw, chosen, given)
    connection.execute("DROP TABLE raw")
    return named


_TWICE = translatable("{titles} 与第 {first} 行重复")


def _judge(connection: duckdb.DuckDBPyConnection, ledger: Ledger, owner: _Owner) -> None:
    """Make table ``problems`` (row, title, value, message) and view ``good``, the rows without any."""
    checks = [check for column in ledger.columns for check in checks_of(ledger, column)]
    key = ", ".join((DEPARTMENT, *ledger.key))
    titles = "、".join(ledger.column(k).title for k in ledger.key)
    message = worded_sql(_TWICE, titles=quoted(titles), first="first")
    checks.append(
        f"SELECT _row, {quoted(ledger.column(ledger.key[0]).title)} AS title, raw_{ledger.key[0]} AS value, "
        f"{message} AS message FROM (SELECT _row, raw_{ledger.key[0]}, "
        f"first_value(_row) OVER (PARTITION BY {key} ORDER BY _row) AS first FROM parsed) WHERE first <> _row"
    )
    checks += [half_keys(ledger, name) for name in ledger.open_key]
    wrong = f"SELECT _row, '部门' AS title, raw_{DEPARTMENT} AS value, "
    if owner.only:
        said = quoted(worded("只能导入本部门（{name}）的数据", name=owner.name))
        checks.append(f"{wrong}{said} AS message FROM parsed WHERE {DEPARTMENT} <> {quoted(owner.code)}")
    else:
        said = quoted(worded("有几个部门用过这个名称，请改填部门代码"))
        checks.append(f"{wrong}{said} AS message FROM parsed WHERE {DEPARTMENT} = ''")
    connection.execute(f"CREATE TABLE problems AS {' UNION ALL '.join(checks)}")
    # What a cell holds instead of a value is said once, by what it is, and not as a date or amount that can't
    # be read.
    connection.execute("DELETE FROM problems WHERE (_row, title) IN (SELECT _row, title FROM faults)")
    connection.execute("INSERT INTO problems SELECT * FROM faults WHERE _row IN (SELECT _row FROM parsed)")
    connection.execute(
        "CREATE VIEW good AS SELECT * FROM parsed WHERE _row NOT IN (SELECT DISTINCT _row FROM problems)"
    )


def _unused(raw: Raw) -> list[str]:
    """Say which titled columns of a file no column of the ledger takes."""
    used = set(raw.columns.values())
    left = [
        " ".join(title.split()) for n, title in enumerate(raw.titles) if n not in used and str(title).strip()
    ]
    return [worded("没有用到的列：{columns}", columns=series(left))] if left else []


_BEYOND = translatable("比表头多出一格，列可能错位；内容里有逗号的请加引号")


def _faulty(connection: duckdb.DuckDBPyConnection, raw: Raw, chosen: Mapping[str, str], given: str) -> None:
    """Make table ``faults`` (row, title, value, message): cells that hold no value,
    and cells beyond the header.
    """
    titles = {f"c{raw.columns[c.name]}": c.title for c in raw.ledger.columns if c.name in chosen}
    if DEPARTMENT in raw.columns:
        titles[given] = "部门"
    connection.execute("CREATE TABLE faults(_row BIGINT, title VARCHAR, value VARCHAR, message VARCHAR)")
    for cell, title in titles.items():
        connection.execute(
            f"INSERT INTO faults SELECT _row, ?, {cell}, {quoted(EXCEL_ERROR)} FROM raw WHERE "
            f"regexp_full_match({cell}, ?)",
            [title, _ERRORS],
        )
    known = [(row, titles[f"c{n}"], why) for row, n, why in raw.faults if f"c{n}" in titles]
    if known:
        table = pa.table(dict(zip(("row", "title", "why"), map(list, zip(*known, strict=True)), strict=True)))
        connection.register("incoming", table)
        connection.execute("DELETE FROM faults WHERE (_row, title) IN (SELECT row, title FROM incoming)")
        values = " ".join(f"WHEN {quoted(title)} THEN {cell}" for cell, title in titles.items())
        connection.execute(
            f"INSERT INTO faults SELECT raw._row, i.title, CASE i.title {values} END, i.why FROM incoming i "
            "JOIN raw ON raw._row = i.row"
        )
        connection.unregister("incoming")
    if raw.surplus:
        filled = " ".join(f"WHEN trim(coalesce(c{n}, '')) <> '' THEN c{n}" for n in raw.surplus)
        connection.execute(
            f"INSERT INTO faults SELECT _row, '（表头以外）', said, {quoted(_BEYOND)} FROM (SELECT _row, "
            f"CASE {filled} END AS said FROM raw) WHERE said IS NOT NULL"
        )


def _departments(
    connection: duckdb.DuckDBPyConnection, given: str, known: Mapping[str, str]
) -> dict[str, str]:
    """Make table ``departments`` (name, code) of those that rows name; return the new ones by code."""
    connection.execute("CREATE TABLE departments(name VARCHAR, code VARCHAR)")
    found = [
        name
        for (name,) in connection.execute(
            f"SELECT DISTINCT {given} AS d FROM raw WHERE d IS NOT NULL"
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
