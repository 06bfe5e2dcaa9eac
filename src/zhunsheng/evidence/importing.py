"""Check a ledger file row by row: what is good of it, what is wrong with the rest, whose rows they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice
from pathlib import Path

import duckdb
import pyarrow as pa

from zhunsheng.codes import named_code
from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence.account import Account, Sum, account_of
from zhunsheng.evidence.bounds import HOME, WEB, Bounds, Said, silent
from zhunsheng.evidence.checks import (
    Check,
    Strictness,
    checks_of,
    half_keys,
    macros,
    mischecked,
    narrowed_sql,
    sign_checks,
    value_sql,
)
from zhunsheng.evidence.cleaning import clean_texts, empty, unguard, untrick
from zhunsheng.evidence.conventions import Settled, settle
from zhunsheng.evidence.csv_files import load_csv
from zhunsheng.evidence.doubts import (
    EXAMPLE,
    SPELLINGS,
    TAKE,
    Question,
    alike_names,
    columns_asked,
    examples_asked,
    merged_asked,
    names_asked,
    names_told,
    nothing_asked,
    values_asked,
)
from zhunsheng.evidence.headers import in_yuan, is_department, shown_title
from zhunsheng.evidence.ledgers import DEPARTMENT, Ledger
from zhunsheng.evidence.left_out import LeftOut, left_out
from zhunsheng.evidence.mappings import UNGUIDED, Guide, LedgerMapping
from zhunsheng.evidence.parquet import load_parquet
from zhunsheng.evidence.raw import BEYOND, EXCEL_ERROR, LISTED, Layout, Raw, give_back, rows_listed
from zhunsheng.evidence.shared import workroom
from zhunsheng.evidence.sql import quoted, worded_sql
from zhunsheng.evidence.workbooks import load_workbook
from zhunsheng.files.opening import HEAD, begins_as_page, file_digest
from zhunsheng.files.scratch import scratch_folder
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
    sheet: str | None = None  # of a file of which several were read


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
    layouts: tuple[Layout, ...]  # the tables that were read, in the file's order
    account: Account  # its good rows are still held
    columns: tuple[str, ...]  # the ledger's columns that the file has, in the ledger's order
    named: dict[str, str] = field(default_factory=dict)  # departments first met in the rows: code -> name
    holds: tuple[str, ...] = ()  # codes of departments other than the given one that good rows belong to
    owner: str = ""  # the code of the given one
    notes: tuple[str, ...] = ()  # what its reader should know though no row is wrong
    amiss: tuple[str, ...] = ()  # sums that the file states and that are not those of its rows
    questions: tuple[Question, ...] = ()  # what is asked of its columns and values
    learned: LedgerMapping | None = None  # by what files like it are read from now on, if all is agreed

    @property
    def stated(self) -> tuple[str, ...]:
        """The columns of which a row of the file says what they hold, its department among them."""
        return (DEPARTMENT, *self.columns)

    @property
    def good_rows(self) -> int:
        """How many rows passed every check."""
        return self.rows - self.bad_rows

    def others_held(self) -> tuple[str, ...]:
        """Return the codes of other departments that the rows belong to which an answer did not put aside."""
        return _others(self.connection, self.owner)

    def aside(self) -> list[RowError]:
        """Return the rows that an answer put aside, each with why."""
        sheet = "p._sheet" if len(self.layouts) > 1 else "NULL"
        found = self.connection.execute(
            f"SELECT p._row, a.title, coalesce(a.value, ''), a.message, {sheet} FROM aside a "
            f"JOIN parsed p ON p._id = a._id ORDER BY p._id, a.title LIMIT {MAX_ERRORS}"
        ).fetchall()
        return [RowError(*row) for row in found]


def _others(connection: duckdb.DuckDBPyConnection, owner: str) -> tuple[str, ...]:
    query = f"SELECT DISTINCT {DEPARTMENT} FROM good WHERE {DEPARTMENT} <> ? ORDER BY 1"
    return tuple(code for (code,) in connection.execute(query, [owner]).fetchall())


# How much of the work is done where a file is loaded, its conventions are settled, its values read.
_LOADED, _SETTLED, _PARSED = 0.55, 0.65, 0.85
MAX_ERRORS = 10_000  # errors listed by row; more are counted
_PACKED = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # workbooks, new and old
_THREADS = 2  # of the database of a file: each needs memory of its own, and others import beside
_SMALL = 2**20  # bytes of a file up to which no database is made on disk for it


def _no_names(_ledger: Ledger, _departments: list[str]) -> list[str]:
    return []


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
    strictness: Strictness | None = None,
    guide: Guide = UNGUIDED,
    names: Callable[[Ledger, list[str]], list[str]] = _no_names,
    said: Said = silent,
) -> Iterator[Checked]:
    """Read and check a ledger file; the result is valid within the ``with`` block.

    ``ledger`` None recognises the ledger by its headers; ``department`` (a code,
    ``label`` its name) fills rows that name none. A row's own department is a code or an exact name out of
    ``known`` (name or code -> code, "" for a name of several, which is an error;
    a code is its own department's, whoever bears it as a name); any other makes a new department,
    told in ``Checked.named``: a name under a code made from it, what is no name under itself. With ``only``,
    rows of another department are errors. ``strictness`` says whether a wrong check character is an error or
    a warning (by default an error in codes of 18, a warning in the older numbers of 15); ``guide`` by what
    columns and values are known beyond the ledger's own words, ``names`` returns the project names that stand
    in a ledger of some departments (codes); ``said`` is told how much of the work is done
    (a fraction). Memory is bounded
    by ``bounds.memory``, beyond it DuckDB spills to disk. Raises ``ZS-IN-*`` and ``ZS-EV-02``, ``-06``,
    ``-07``, ``-08``, ``-10``; ``-40`` for more than ``bounds`` let through, ``-41`` where memory is too small
    for it all the same, ``-42`` for a column that holds no single values.
    """
    with (
        scratch_folder() as scratch,
        _room(path, bounds, scratch) as connection,
    ):
        try:
            raw = _load(path, ledger, connection, scratch, bounds, guide, said)
            if path.stat().st_size > _SMALL:
                give_back()
            given = {clean(word): code for word, code in (known or {}).items()}
            codes = {department, *given.values()} - {""}
            given |= ({clean(label): department} if label else {}) | {code: code for code in codes}
            owner = _Owner(department, label or department, only, given)
            yield _check(path, raw, connection, owner, strictness, guide, names, said)
        except (MemoryError, duckdb.OutOfMemoryException) as error:
            raise ZhunshengError("ZS-EV-41") from error


@contextmanager
def _room(path: Path, bounds: Bounds, scratch: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Return a database to check a file in: of its own where it can grow beyond what the file's size says."""
    small = path.is_file() and path.stat().st_size <= _SMALL
    if small and bounds in (HOME, WEB) and not _packed(path):
        with workroom() as connection:
            yield connection
        return
    # In memory, of which what does not fit goes to disk: a database on disk is written whole, which few are.
    with duckdb.connect(":memory:") as connection:
        connection.execute(
            f"SET memory_limit = '{bounds.memory}'; SET threads = {_THREADS}; "
            f"SET temp_directory = {quoted(str(scratch))}; SET enable_progress_bar = false; {macros()}"
        )
        yield connection


def _packed(path: Path) -> bool:
    """Tell whether a file is of a kind that holds more than its size says."""
    with path.open("rb") as stream:
        return stream.read(4) in (*_PACKED, b"PAR1")


def _load(  # noqa: PLR0913 - what a file is loaded by
    path: Path,
    ledger: Ledger | None,
    connection: duckdb.DuckDBPyConnection,
    scratch: Path,
    bounds: Bounds,
    guide: Guide,
    said: Said,
) -> Raw:
    if not path.is_file():
        raise ZhunshengError("ZS-IN-01", name=str(path))
    with path.open("rb") as stream:
        head = stream.read(HEAD)
    if head[:4] == b"PAR1":
        return load_parquet(path, ledger, connection, bounds, guide)
    packed = head[:4] in _PACKED
    # Without its noughts a text of two bytes a letter shows its marks too.
    page = begins_as_page(head.replace(b"\0", b"").decode("latin-1"))
    if packed or page or path.suffix.lower() in (".xlsx", ".xlsm"):
        return load_workbook(path, ledger, connection, bounds, guide, said)
    return load_csv(path, ledger, connection, scratch, bounds, guide)


@dataclass(frozen=True)
class _Owner:
    """Whose rows a file holds: a code with its name; whether ``only`` its own, and codes by the words rows
    may name.
    """

    code: str
    name: str
    only: bool
    known: Mapping[str, str]


def _check(  # noqa: PLR0913 - what a file is checked by
    path: Path,
    raw: Raw,
    connection: duckdb.DuckDBPyConnection,
    owner: _Owner,
    strictness: Strictness | None,
    guide: Guide,
    names: Callable[[Ledger, list[str]], list[str]],
    said: Said,
) -> Checked:
    said(_LOADED)
    if raw.mapping:
        raw.mapping = raw.mapping.model_copy(update={"ledger": raw.ledger.id}).of_names()
    changes = {"guarded": unguard(connection, raw)}
    changes["invisible"] = clean_texts(connection, raw)
    answered = raw.mapping.answers.get(EXAMPLE) if raw.mapping else None
    left = left_out(connection, raw, examples=guide.examples or answered == TAKE)
    changes |= untrick(connection, raw)
    changes["nothing"] = empty(connection, raw)
    notes = [
        *raw.notes,
        *left.notes,
        *_mended_notes(changes),
        *_units(raw),
        *_overruled(raw),
        *_mapped(raw),
        *_no_departments(connection, raw, owner),
    ]
    settled = settle(connection, raw)
    changes |= settled.changes
    notes += settled.notes
    asked = [*columns_asked(connection, raw), *merged_asked(connection, raw), *examples_asked(raw, left)]
    said(_SETTLED)
    named = _parse(connection, raw, owner, settled)
    said(_PARSED)
    notes += _signed(connection, raw)
    (rows,) = connection.execute("SELECT count(*) FROM parsed").fetchone() or (0,)
    if not rows:
        raise ZhunshengError("ZS-EV-06", name=path.name)
    if alike := alike_names(connection, raw, names):
        proposed = dict(islice(alike.items(), SPELLINGS if "values" in guide.propose else 0))
        if proposed:
            asked.append(names_asked(connection, raw, proposed))
        if rest := {name: other for name, other in alike.items() if name not in proposed}:
            notes.append(names_told(raw, rest))
    _judge(connection, raw, owner, strictness)
    if "values" in guide.propose:
        asked += values_asked(connection, raw)
        if raw.ledger.signs and raw.ledger.signs.by in raw.proposed:
            notes += _signed(connection, raw)  # of spellings that are only now read as a kind
            for contrary in sign_checks(raw.ledger):
                connection.execute(f"INSERT INTO problems {contrary.select()} EXCEPT SELECT * FROM problems")
    asked += nothing_asked(connection, raw)
    (bad,) = connection.execute("SELECT count(DISTINCT _id) FROM problems").fetchone() or (0,)
    account = account_of(raw, left, rows, bad, changes, [*_sums(connection, left)])
    notes += [*_unused(account), *_doubted(connection, raw, strictness)]
    notes += [*_years_apart(connection, raw), *_repeated(connection, raw)]
    sheet = "p._sheet" if len(raw.layouts) > 1 else "NULL"
    found = connection.execute(
        f"SELECT p._row, e.title, coalesce(e.value, ''), e.message, {sheet} FROM problems e "
        f"JOIN parsed p ON p._id = e._id ORDER BY p._id, e.title LIMIT {MAX_ERRORS}"
    ).fetchall()
    others = _others(connection, owner.code)
    return Checked(
        ledger=raw.ledger,
        path=path,
        sha256=file_digest(path),
        connection=connection,
        rows=rows,
        bad_rows=bad,
        errors=[RowError(*row) for row in found],
        layouts=tuple(raw.layouts),
        account=account,
        columns=tuple(c.name for c in raw.ledger.columns if c.name in raw.columns),
        named={code: name for code, name in named.items() if code in others},
        holds=others,
        owner=owner.code,
        notes=tuple(notes),
        amiss=left.amiss,
        questions=tuple(asked),
        learned=_learned(raw, account),
    )


def _sums(connection: duckdb.DuckDBPyConnection, left: LeftOut) -> Iterator[Sum]:
    """Yield the sums that a file states, each with what its rows above come to that are good and refused."""
    for one in left.sums:
        ((refused,),) = connection.execute(
            f"SELECT coalesce(sum(zs_yuan(raw_{one.column}, 1)), 0) FROM parsed WHERE _row < ? AND "
            "_sheet IS NOT DISTINCT FROM ? AND _id IN (SELECT _id FROM problems)",
            [one.row, one.sheet],
        ).fetchall()
        yield Sum(one.sheet, one.row, one.title, one.said, one.read - Decimal(refused), Decimal(refused))


def _learned(raw: Raw, account: Account) -> LedgerMapping:
    """Return the mapping by which files like this one are read from now on, once what is asked is agreed:
    all its titles, what is not used among them, and all spellings spoken of.
    """
    base = raw.mapping or LedgerMapping(ledger=raw.ledger.id)
    heads = [layout.head for layout in raw.layouts]
    columns: dict[str, str | None] = {
        shown_title(head.titles[at]): name
        for head in heads
        for name, at in head.columns.items()
        if head.how[name] in ("mapping", "proposed") and name in raw.columns
    }
    unused: dict[str, str | None] = {one.title: None for table in account.tables for one in table.unused}
    values = {
        name: {**base.values.get(name, {}), **raw.proposed.get(name, {})}
        for name in dict.fromkeys((*base.values, *raw.proposed))
    }
    titles = tuple(shown_title(title) for title in heads[0].titles if title.strip())
    said = {"ledger": raw.ledger.id, "titles": titles, "columns": {**columns, **unused}, "values": values}
    return base.model_copy(update=said)


def _mended_notes(changes: Mapping[str, int]) -> list[str]:
    said = {
        "tricks": worded("去掉为保留文本而加的撇号、等号：{count} 格", count=changes["tricks"]),
        "wide": worded("编号里的全角字符改为半角：{count} 格", count=changes["wide"]),
    }
    return [words for kind, words in said.items() if changes[kind]]


def _units(raw: Raw) -> list[str]:
    """Say in which unit amounts were written and where that stands, where it is not the yuan."""
    said = {
        (unit, layout.head.stated[name], raw.ledger.column(name).title)
        for layout in raw.layouts
        for name, unit in layout.head.units.items()
        if unit != 1
    }
    return [
        worded(
            "“{title}”按{unit}读入，乘 {factor} 存为元（文件写明：{stated}）",
            title=title,
            unit=in_yuan(unit),
            factor=f"{unit:,}",
            stated=clean(stated),
        )
        for unit, stated, title in sorted(said)
    ]


def _overruled(raw: Raw) -> list[str]:
    """Say which columns state a unit of their own that is not the one above the header."""
    both = {(title, line) for layout in raw.layouts for title, line in layout.head.overruled.items()}
    return [
        worded("“{title}”按列名写的单位读入，表头上面写的是“{line}”", title=clean(title), line=clean(line))
        for title, line in sorted(both)
    ]


def _mapped(raw: Raw) -> list[str]:
    """Say which columns and spellings were read by what a person said of them: a batch keeps what it rests
    on.
    """
    columns = {
        worded(
            "{title}→{column}", title=shown_title(head.titles[at]), column=raw.ledger.column(name).title
        ): None
        for head in (layout.head for layout in raw.layouts)
        for name, at in head.columns.items()
        if head.how[name] == "mapping" and name != DEPARTMENT
    }
    values = {
        worded("{title}→{column}", title=text, column=value): None
        for said in (raw.mapping.values if raw.mapping else {}).values()
        for text, value in said.items()
        if value is not None
    }
    found: list[str] = [worded("按确认的对应读入的列：{columns}", columns=series(columns))] if columns else []
    return [*found, worded("按确认的对应读入的取值：{values}", values=series(values))] if values else found


def _no_departments(connection: duckdb.DuckDBPyConnection, raw: Raw, owner: _Owner) -> list[str]:
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


def _parse(
    connection: duckdb.DuckDBPyConnection, raw: Raw, owner: _Owner, settled: Settled
) -> dict[str, str]:
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


def _signed(connection: duckdb.DuckDBPyConnection, raw: Raw) -> list[str]:
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
    whens = " ".join(f"WHEN {quoted(k)} THEN {quoted(v)}" for k, v in said.items() if v is not None)
    return f"(CASE {text} {whens} ELSE {text} END)" if whens else text


def _factor(raw: Raw, column: str) -> str:
    """Return the SQL of how many yuan an amount of a column is written in, on each sheet by its own word."""
    units = {layout.sheet: layout.head.units.get(column, 1) for layout in raw.layouts}
    if len(set(units.values())) == 1:
        return str(next(iter(units.values())))
    whens = " ".join(f"WHEN {quoted(sheet or '')} THEN {unit}" for sheet, unit in units.items())
    return f"CASE _sheet {whens} END"


_TWICE = translatable("{titles} 与第 {first} 行重复")


def _judge(
    connection: duckdb.DuckDBPyConnection, raw: Raw, owner: _Owner, strictness: Strictness | None
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


def _doubted(connection: duckdb.DuckDBPyConnection, raw: Raw, strictness: Strictness | None) -> Iterator[str]:
    """Say which rows were let in though the check character of a number contradicts it."""
    for column in raw.ledger.columns:
        if column.check:
            wrong = mischecked(column, "warning", strictness)
            connection.execute(
                f"CREATE OR REPLACE TEMP TABLE doubted AS SELECT _id, _sheet, _row FROM good WHERE {wrong}"
            )
            ((count,),) = connection.execute("SELECT count(*) FROM doubted").fetchall()
            if count:
                first = f"SELECT _sheet, _row FROM doubted ORDER BY _id LIMIT {LISTED}"
                rows = connection.execute(first).fetchall()
                listed = rows_listed(rows, several=len(raw.layouts) > 1, count=count)
                yield worded("“{title}”校验位不对，仍已读入：{rows}", title=column.title, rows=listed)


def _years_apart(connection: duckdb.DuckDBPyConnection, raw: Raw) -> Iterator[str]:
    """Say which rows are of another year than that of their day: by right (what is paid in January of last
    year's budget), or a slip of the pen.
    """
    for column in raw.ledger.columns:
        if not column.near:
            continue
        other = raw.ledger.column(column.near)
        found = connection.execute(
            f"SELECT _sheet, _row FROM good WHERE {column.name} <> year({other.name}) ORDER BY _id"
        ).fetchall()
        if found:
            rows = rows_listed(found, several=len(raw.layouts) > 1)
            said = {"title": column.title, "day": other.title, "rows": rows}
            yield worded("“{title}”与“{day}”不在同一年，仍按{title}计，请核对：{rows}", **said)


def _repeated(connection: duckdb.DuckDBPyConnection, raw: Raw) -> Iterator[str]:
    """Say who says something again in a file of a ledger where that counts once, and in which rows."""
    if (once := raw.ledger.once) is None:
        return
    key = ", ".join((DEPARTMENT, once.named, *once.by))
    title = raw.ledger.column(once.who).title
    several = len(raw.layouts) > 1
    if nobody := connection.execute(
        f"SELECT _sheet, _row FROM good WHERE {once.who} IS NOT NULL AND ({once.named}) IS NULL ORDER BY _id"
    ).fetchall():
        rows = rows_listed(nobody, several=several)
        yield worded("“{title}”写的是占位，按没有填写处理，一份答卷算一人：{rows}", title=title, rows=rows)
    found = connection.execute(
        f"SELECT arg_min({once.who}, _id), list(_sheet ORDER BY _id), list(_row ORDER BY _id) FROM good "
        f"WHERE ({once.named}) IS NOT NULL GROUP BY {key} HAVING count(*) > 1 ORDER BY min(_id)"
    ).fetchall()
    if not found:
        return
    said = series(
        worded(
            "{who}（{rows}）",
            who=who,
            rows=rows_listed(list(zip(sheets, rows, strict=True)), several=several, count=len(rows)),
        )
        for who, sheets, rows in found[:LISTED]
    )
    more = worded(" 等 {count} 处", count=len(found)) if len(found) > LISTED else ""
    yield worded("同一{title}重复的行只计最后一次：{said}", title=title, said=said + more)


def _unused(account: Account) -> list[str]:
    """Say which titled columns of a file no column of the ledger takes, each with the title it
    is most alike.
    """
    left = {
        worded("{title}（是否为“{near}”？）", title=column.title, near=column.nearest)
        if column.nearest
        else column.title: None
        for table in account.tables
        for column in table.unused
    }
    return [worded("没有用到的列：{columns}", columns=series(left))] if left else []


_ROW = "（整行）"  # where what is wrong is in no column of the ledger
_BEYOND = translatable("比表头多出一格，列可能错位；内容里有逗号的请加引号")


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
