"""Read a ledger file as it comes (xlsx, csv in any common encoding, parquet), check every row,
and say what is wrong.
"""

from __future__ import annotations

import csv
import re
import tempfile
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Literal

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from xlsxwriter.utility import xl_col_to_name

from zhunsheng.clock import today
from zhunsheng.codes import named_code
from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence.bounds import HOME, Bounds
from zhunsheng.evidence.ledgers import DEPARTMENT, FIRST_DAY, LAST_DAY, MONEY_BELOW, Column, Ledger, ledgers
from zhunsheng.evidence.sql import quoted, quoted_name
from zhunsheng.faults import of_system
from zhunsheng.files.opening import decode, file_digest, open_file
from zhunsheng.files.spreadsheet import MAX_CELLS, MAX_TEXT, Sheet, read_workbook, show
from zhunsheng.text import GUARDED, INVISIBLE, NOT_GUARDED, UNFIT, clean
from zhunsheng.translation import series, worded

_HEAD_ROWS = 15  # a header stands among the first rows, under a title or two
_NOISE = re.compile(r"[\s::*＊（()）【】\[\]/、，,。.]+")
_DEPARTMENT_TITLES = ("部门", "单位", "部门名称", "单位名称")
_TRUE, _FALSE = (
    ("是", "有", "对", "1", "true", "y", "yes", "√", "合格"),
    ("否", "无", "0", "false", "n", "no", "×", "不合格"),
)

# One SQL expression a type turns trimmed text into a value, or into NULL where it can't be read.
_MACROS = """
CREATE MACRO zs_cn(s) AS regexp_replace(regexp_replace(regexp_replace(regexp_replace(
    translate(s, '〇零一二三四五六七八九', '00123456789'), '([0-9])十([0-9])', '\\1\\2', 'g'),
    '([0-9])十', '\\g<1>0', 'g'), '十([0-9])', '1\\1', 'g'), '十', '10', 'g');
CREATE MACRO zs_date(s) AS coalesce(
    try_cast(regexp_replace(regexp_replace(zs_cn(s), '[年月/.]', '-', 'g'),
      '(日|号)?([ T]?00:00(:00(\\.0+)?)?)?$', '') AS DATE),
    CASE WHEN regexp_full_match(s, '(19|20)\\d{6}') THEN CAST(try_strptime(s, '%Y%m%d') AS DATE) END,
    CASE WHEN regexp_full_match(s, '[2-5]\\d{4}(\\.0+)?')
      THEN DATE '1899-12-30' + CAST(CAST(s AS DOUBLE) AS INTEGER) END);
CREATE MACRO zs_bare(s) AS regexp_replace(s, '[,，¥￥元 ]', '', 'g');
CREATE MACRO zs_misgrouped(s) AS regexp_matches(s, '\\d[,， ]+\\d')
    AND NOT regexp_full_match(s, '[^\\d]*\\d{1,3}([,， ]\\d{3})+(\\.\\d+)?[^\\d]*');
CREATE MACRO zs_integer(s) AS CASE WHEN regexp_full_match(regexp_replace(s, '[,，]', '', 'g'),
  '[+-]?\\d+(\\.0+)?')
    AND NOT zs_misgrouped(s) THEN try_cast(split_part(regexp_replace(s, '[,，]', '', 'g'), '.', 1)
      AS BIGINT) END;
CREATE MACRO zs_fen(s) AS regexp_full_match(zs_bare(s), '[+-]?\\d+\\.\\d{2}\\d*[1-9]\\d*');
CREATE MACRO zs_money(s) AS CASE WHEN regexp_full_match(zs_bare(s), '[+-]?\\d+(\\.\\d+)?')
  AND NOT zs_misgrouped(s)
    AND NOT zs_fen(s) THEN try_cast(zs_bare(s) AS DECIMAL(18,2)) END;
CREATE MACRO zs_no_such_day(s) AS
    regexp_full_match(zs_cn(s), '\\d{2,4}[年./-]\\d{1,2}[月./-]\\d{1,2}[日号]?([ T]?\\d{1,2}:.*)?')
    OR regexp_full_match(s, '(19|20)\\d{6}');
""".replace("\\g<1>0", "\\10")

# What ``text.clean`` does, in DuckDB's own words (its functions in Python would need numpy).
# No text there holds surrogates.
_GONE = "".join(f"\\x{{{a:X}}}-\\x{{{b:X}}}" for a, b in (*UNFIT, *INVISIBLE) if not 0xD800 <= a <= 0xDFFF)
_CLEAN = (
    "nfc_normalize(regexp_replace(regexp_replace({0}, "
    "'\\r\\n|[\\r\\x0b\\x0c\\x1c-\\x1e\\x{{85}}\\x{{2028}}\\x{{2029}}]', chr(10), 'g'), "
    f"'[{_GONE.replace('{', '{{').replace('}', '}}')}]', '', 'g'))"
)
# A text that ``text.clean`` leaves as it is; only others are worth the work.
_PLAIN = "[\\n -~\\x{3001}-\\x{3029}\\x{3030}-\\x{303f}\\x{4e00}-\\x{9fff}（），：；]*"
_ERRORS = r"#(N/A|REF!|DIV/0!|VALUE!|NAME\?|NULL!|NUM!|SPILL!|CALC!|FIELD!)"
_LISTED = 10  # rows or columns listed in a note before it only counts
_HEAD_LINE = 2**20  # characters of one of the first rows
_SURPLUS = 16  # cells beyond the header that are looked for in a row of a csv


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
            connection.execute(_MACROS)
            raw = _load(path, ledger, connection, Path(scratch), bounds)
            given = {clean(word): code for word, code in (known or {}).items()}
            codes = {department, *given.values()} - {""}
            given |= ({clean(label): department} if label else {}) | {code: code for code in codes}
            yield _check(path, raw, connection, _Owner(department, label or department, only, given))
        except (MemoryError, duckdb.OutOfMemoryException) as error:
            raise ZhunshengError("ZS-EV-41") from error
        finally:
            connection.close()


@dataclass
class _Raw:
    """A file loaded as table ``raw``: _row and one text column a file column.

    ``titles`` are the header's cells, ``faults`` (row, position from 0, why) cells that hold no value though
    they seem to; cells from position ``surplus`` on stand beyond the header. ``guarded`` says that a text can
    have an apostrophe before what a spreadsheet would run, as ``text.guarded`` writes it into a csv.
    """

    ledger: Ledger
    columns: dict[str, int]
    header_row: int
    sheet: str | None
    titles: tuple[str, ...] = ()
    faults: list[tuple[int, int, str]] = field(default_factory=list)
    notes: tuple[str, ...] = ()
    surplus: tuple[int, ...] = ()
    guarded: bool = False


def _load(
    path: Path, ledger: Ledger | None, connection: duckdb.DuckDBPyConnection, scratch: Path, bounds: Bounds
) -> _Raw:
    if not path.is_file():
        raise ZhunshengError("ZS-IN-01", name=str(path))
    with path.open("rb") as stream:
        head = stream.read(8)
    if head[:4] == b"PAR1":
        return _load_parquet(path, ledger, connection, bounds)
    if (
        head[:4] == b"PK\x03\x04"
        or head[:4] == b"\xd0\xcf\x11\xe0"
        or path.suffix.lower() in (".xlsx", ".xls", ".xlsm")
    ):
        return _load_workbook(path, ledger, connection, bounds)
    return _load_csv(path, ledger, connection, scratch, bounds)


def _too_much(name: str, detail: str) -> ZhunshengError:
    return ZhunshengError("ZS-EV-40", name=name, detail=detail)


def _refuse_more(name: str, rows: int, columns: int, bounds: Bounds) -> None:
    """Refuse more rows and columns than ``bounds`` let through. Raises ``ZS-EV-40``."""
    if columns > bounds.columns:
        raise _too_much(name, f"{columns:,} 列，上限 {bounds.columns:,} 列")
    if rows > bounds.rows:
        raise _too_much(name, f"{rows:,} 行，上限 {bounds.rows:,} 行")
    if rows * columns > bounds.cells:
        raise _too_much(name, f"{rows:,} 行 × {columns:,} 列，上限 {bounds.cells:,} 格")


def _load_workbook(
    path: Path, ledger: Ledger | None, connection: duckdb.DuckDBPyConnection, bounds: Bounds
) -> _Raw:
    opened = open_file(path)
    if opened.kind not in ("xlsx", "xls"):
        what = {"html": "网页", "docx": "Word 文档"}.get(opened.kind, "文字")
        raise ZhunshengError(
            "ZS-IN-03",
            name=path.name,
            detail=worded("内容是{what}，请用 Excel 或 WPS 打开后另存为 xlsx", what=what),
        )
    best: tuple[_Raw, list[list[Any]]] | None = None
    failure: ZhunshengError | None = None
    for sheet in read_workbook(
        opened, max_cells=min(bounds.cells, MAX_CELLS), max_text=min(bounds.texts, MAX_TEXT)
    ):
        try:
            found, columns, at = _find_header(
                [[show(v) for v in row] for row in sheet.rows[:_HEAD_ROWS]], ledger, path.name
            )
        except ZhunshengError as error:
            failure = failure or error
            continue
        _refuse_more(path.name, len(sheet.rows), max(map(len, sheet.rows), default=0), bounds)
        titles = tuple(show(v) for v in sheet.rows[at])
        known = set(columns.values())
        faults = [(r + 1, c, why) for r, c, why in _faults_of(sheet) if r > at and c in known]
        notes = tuple(_hidden_notes(sheet))
        # What a faulty cell holds instead of a value stands there, so that its row is checked and shows it;
        # a last row of formulas that never came to anything is no row to the reader.
        sheet.rows += [
            [] for _r in range(max((r for r, _c in sheet.faults), default=-1) + 1 - len(sheet.rows))
        ]
        best = (_Raw(found, columns, at + 1, sheet.name, titles, faults, notes), sheet.rows[at + 1 :])
        for (r, c), said in sheet.faults.items():
            if r > at:
                sheet.rows[r] += [None] * (c + 1 - len(sheet.rows[r]))
                sheet.rows[r][c] = said
        break
    if best is None:
        raise failure or ZhunshengError("ZS-EV-06", name=path.name)
    raw, rows = best
    width = max((len(row) for row in rows), default=0)
    texts = [
        [_text(row[c]) if c < len(row) else None for row in rows]
        for c in range(max(width, max(raw.columns.values()) + 1))
    ]
    table = pa.table(
        {"_row": pa.array(range(raw.header_row + 1, raw.header_row + 1 + len(rows)), pa.int64())}
        | {f"c{c}": pa.array(values, pa.string()) for c, values in enumerate(texts)}
    )
    connection.register("incoming", table)
    connection.execute("CREATE TABLE raw AS SELECT * FROM incoming")
    connection.unregister("incoming")
    bare = [c for c, values in enumerate(texts) if not "".join(raw.titles[c : c + 1]).strip() and any(values)]
    if bare:
        raw.notes += (f"没有列名、没有读入的列：{'、'.join(xl_col_to_name(c) for c in bare[:_LISTED])}",)
    return raw


def _faults_of(sheet: Sheet) -> Iterator[tuple[int, int, str]]:
    """Yield the cells of a worksheet that hold no value of their own: row and column from 0, and why."""
    for (row, column), said in sheet.faults.items():
        why = (
            "公式没有计算结果，请在 Excel 或 WPS 中打开、计算后保存"
            if said.startswith("=")
            else "是 Excel 的错误值"
        )
        yield row, column, why
    for (top, left), (height, width) in sheet.spans.items():
        for row in range(top, top + height):
            for column in range(left, left + width):
                if (row, column) != (top, left):
                    yield (
                        row,
                        column,
                        f"与 {xl_col_to_name(left)}{top + 1} 合并了单元格，请取消合并后逐格填写",
                    )


def _hidden_notes(sheet: Sheet) -> Iterator[str]:
    """Say what of a worksheet is hidden and was read all the same."""
    if sheet.hidden.sheet:
        yield f"工作表“{sheet.name}”是隐藏的，也已读入"
    if rows := sheet.hidden.rows:
        listed = "、".join(map(str, rows[:_LISTED])) + (f" 等 {len(rows)} 行" if len(rows) > _LISTED else "")
        yield f"有隐藏的行，也已读入：第 {listed}{'' if len(rows) > _LISTED else ' 行'}"
    if sheet.hidden.columns:
        yield (
            "有隐藏的列，也已读入："
            f"{'、'.join(xl_col_to_name(c - 1) for c in sheet.hidden.columns[:_LISTED])}"
        )


def _text(value: Any) -> str | None:
    text = show(value).strip() if value is not None else ""
    return text or None


def look_parquet(source: Path | IO[bytes], name: str, bounds: Bounds) -> pa.Schema:
    """Return the schema of a parquet file whose own account of itself is within ``bounds``.
    Raises ``ZS-IN-05``, ``ZS-EV-40``.
    """
    try:
        said = pq.ParquetFile(source).metadata
        schema = said.schema.to_arrow_schema()
        groups = [said.row_group(n) for n in range(said.num_row_groups)]
        names = schema.names
    except (pa.ArrowException, OSError, ValueError) as error:
        if told := of_system(error):
            raise told from error
        raise ZhunshengError("ZS-IN-05", name=name, detail=str(error)[:120]) from None
    _refuse_more(name, max(said.num_rows, sum(group.num_rows for group in groups)), len(names), bounds)
    size = sum(group.total_byte_size for group in groups)
    if size > bounds.texts:
        raise _too_much(name, f"解压后 {size / 2**20:,.0f} MB，上限 {bounds.texts / 2**20:,.0f} MB")
    return schema


def _load_parquet(
    path: Path, ledger: Ledger | None, connection: duckdb.DuckDBPyConnection, bounds: Bounds
) -> _Raw:
    schema = look_parquet(path, path.name, bounds)
    found, columns, _ = _find_header([schema.names], ledger, path.name)
    used = sorted(set(columns.values()))
    for n in used:
        if pa.types.is_nested(schema.field(n).type):
            raise ZhunshengError(
                "ZS-EV-42", name=path.name, column=schema.names[n], kind=str(schema.field(n).type)[:40]
            )
    texts = ", ".join(f"{_written(schema.field(n))} AS c{n}" for n in used)
    try:
        # A value that stands in the file once can stand in a million rows: what it comes to is asked of the
        # rows, whose texts the database counts where they are, without writing one of them out.
        sizes = " + ".join(f"coalesce(sum({_size(schema.field(n))}), 0)" for n in used)
        ((size,),) = connection.execute(f"SELECT {sizes} FROM read_parquet(?)", [str(path)]).fetchall()
        if size > bounds.texts:
            raise _too_much(
                path.name, f"写成文字有 {size / 2**20:,.0f} MB，上限 {bounds.texts / 2**20:,.0f} MB"
            )
        connection.execute(
            f"CREATE TABLE raw AS SELECT file_row_number + 1 AS _row, {texts} FROM read_parquet(?, "
            "file_row_number = true)",
            [str(path)],
        )
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:
        if told := of_system(error):
            raise told from error
        raise ZhunshengError("ZS-IN-05", name=path.name, detail=str(error).splitlines()[0][:160]) from None
    return _Raw(found, columns, 0, None, tuple(schema.names))


def _size(column: pa.Field) -> str:
    """Return the SQL of how many bytes a parquet column's value takes as text, at most."""
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return f"strlen({quoted_name(column.name)})"
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        return f"4 * octet_length(CAST({quoted_name(column.name)} AS BLOB))"
    return "40"


def _written(column: pa.Field) -> str:
    """Return the SQL that writes a parquet column as text; binary fractions without their noise."""
    name = quoted_name(column.name)
    if not pa.types.is_floating(column.type):
        return f"CAST({name} AS VARCHAR)"
    exact = f"CAST(try_cast(round({name}, 6) AS DECIMAL(38, 6)) AS VARCHAR)"
    return f"coalesce(regexp_replace({exact}, '\\.?0+$', ''), CAST({name} AS VARCHAR))"


def _load_csv(
    path: Path, ledger: Ledger | None, connection: duckdb.DuckDBPyConnection, scratch: Path, bounds: Bounds
) -> _Raw:
    if not path.stat().st_size:
        raise ZhunshengError("ZS-IN-02", name=path.name)
    source = _as_utf8(path, scratch)
    with source.open(encoding="utf-8-sig", newline="") as stream:
        lines = [line for _ in range(_HEAD_ROWS) if (line := stream.readline(_HEAD_LINE))]
    if any(len(line) >= _HEAD_LINE for line in lines):
        raise _too_much(path.name, f"前 {_HEAD_ROWS} 行中有一行超过 {_HEAD_LINE:,} 个字")
    if any("\0" in line for line in lines):
        raise ZhunshengError("ZS-IN-03", name=path.name, detail=worded("二进制文件"))
    delimiter = max(",\t;|", key=lambda d: max((line.count(d) for line in lines), default=0))
    try:
        head = list(csv.reader(lines, delimiter=delimiter))
    except csv.Error as error:
        raise ZhunshengError("ZS-IN-05", name=path.name, detail=str(error)) from None
    found, columns, at = _find_header(head, ledger, path.name)
    titles = tuple(head[at])
    own = max((n + 1 for n, title in enumerate(titles) if title.strip()), default=0)
    width = max(len(row) for row in head) + _SURPLUS
    _refuse_more(path.name, 0, width - _SURPLUS, bounds)
    most = min(bounds.rows, bounds.cells // width)
    names = "{" + ", ".join(f"'c{n}': 'VARCHAR'" for n in range(width)) + "}"
    query = (
        f"CREATE OR REPLACE TABLE raw AS SELECT row_number() OVER () + {at + 1} AS _row, * FROM read_csv(?, "
        f"header = false, skip = {at + 1}, delim = '{delimiter}', quote = '\"', escape = '\"', "
        f"columns = {names}, null_padding = true, auto_detect = false, strict_mode = false, parallel = "
    )
    # One more than may be, so that no more than that is read where the file holds more.
    end = f") LIMIT {most + 1}" if bounds.rows < HOME.rows else ")"
    try:
        connection.execute(query + "true" + end, [str(source)])
    except duckdb.Error:
        try:  # quoted line breaks can't be split among threads
            connection.execute(query + "false" + end, [str(source)])
        except duckdb.OutOfMemoryException:
            raise
        except duckdb.Error as error:
            if told := of_system(error):  # a full disk says nothing against the file
                raise told from error
            raise ZhunshengError(
                "ZS-IN-05", name=path.name, detail=str(error).splitlines()[0][:160]
            ) from None
    ((rows,),) = connection.execute("SELECT count(*) FROM raw").fetchall()
    if rows > most:
        raise _too_much(path.name, f"超过 {most:,} 行（{width - _SURPLUS:,} 列的文件的上限）")
    return _Raw(found, columns, at + 1, None, titles, surplus=tuple(range(own, width)), guarded=True)


def _as_utf8(path: Path, scratch: Path) -> Path:
    """Return the file, or a copy in UTF-8 where it is in another encoding. Raises ``ZS-EV-07``."""
    encoding = None
    with path.open("rb") as stream:
        mark = stream.read(2)
    for candidate in ("utf-16",) if mark in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "gb18030"):
        try:
            with path.open(encoding=candidate, newline="") as stream:
                while stream.read(2**20):
                    pass
        except UnicodeError:
            continue
        encoding = candidate
        break
    if encoding == "utf-8-sig":
        return path
    copy = scratch / "utf8.csv"
    if encoding is None:
        copy.write_text(decode(path.read_bytes(), path.name), "utf8")
        return copy
    with (
        path.open(encoding=encoding, newline="") as source,
        copy.open("w", encoding="utf8", newline="") as target,
    ):
        while block := source.read(2**20):
            target.write(block)
    return copy


def _key(title: str) -> str:
    return _NOISE.sub("", unicodedata.normalize("NFKC", clean(title))).lower()


def _titles(ledger: Ledger) -> dict[str, str]:
    titles = {_key(t): DEPARTMENT for t in _DEPARTMENT_TITLES}
    for column in ledger.columns:
        for title in (column.title, column.name, *column.synonyms):
            titles[_key(title)] = column.name
    titles[_key(DEPARTMENT)] = DEPARTMENT
    return titles


def _find_header(
    rows: list[list[str]], ledger: Ledger | None, name: str
) -> tuple[Ledger, dict[str, int], int]:
    """Return the ledger, its columns' positions and the header's index among ``rows``."""
    best: tuple[int, Ledger, dict[str, int], int] | None = None
    runner_up = -1
    for candidate in [ledger] if ledger else ledgers().values():
        titles = _titles(candidate)
        top: tuple[int, dict[str, int], int] | None = None
        for at, row in enumerate(rows):
            columns: dict[str, int] = {}
            for position, title in enumerate(row):
                column = titles.get(_key(str(title or "")))
                if column is None:
                    continue
                if column in columns:
                    raise ZhunshengError("ZS-EV-08", name=name, column=str(title))
                columns[column] = position
            if top is None or len(columns) > len(top[1]):
                top = (sum(c.required for c in candidate.columns if c.name in columns), columns, at)
        if top is None:
            continue
        missing = sum(c.required for c in candidate.columns) - top[0]
        score = len(top[1]) - 100 * missing
        if best is None or score > best[0]:
            runner_up = best[0] if best else -1
            best = (score, candidate, top[1], top[2])
        elif score > runner_up:
            runner_up = score
    if best is None:
        raise ZhunshengError("ZS-EV-06", name=name)
    score, found, columns, at = best
    if ledger is None and (score <= 1 or score == runner_up):
        raise ZhunshengError(
            "ZS-EV-10",
            name=name,
            known=series(worded("{name}（{code}）", name=x.title, code=x.id) for x in ledgers().values()),
        )
    missing_titles = [c.title for c in found.columns if c.required and c.name not in columns]
    if missing_titles:
        raise ZhunshengError("ZS-EV-02", name=name, columns=series(missing_titles), ledger=found.id)
    return found, columns, at


@dataclass(frozen=True)
class _Owner:
    """Whose rows a file holds: a code with its name; whether ``only`` its own, and codes by the words rows
    may name.
    """

    code: str
    name: str
    only: bool
    known: Mapping[str, str]


def _check(path: Path, raw: _Raw, connection: duckdb.DuckDBPyConnection, owner: _Owner) -> Checked:
    ledger = raw.ledger
    present = [c for c in ledger.columns if c.name in raw.columns]
    notes = (*raw.notes, *_unused(raw))
    if raw.guarded:
        _unguard(connection, sorted(raw.columns.values()))
    _clean(connection, sorted(raw.columns.values()))
    chosen = {c.name: f"c{raw.columns[c.name]}" for c in present}
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
                f"{_parse(column, chosen[column.name])} AS {column.name}",
            ]
        else:
            fields += [f"NULL::VARCHAR AS raw_{column.name}", f"NULL::{column.sql_type} AS {column.name}"]
    filled = " OR ".join(f"{text} IS NOT NULL" for text in chosen.values())
    connection.execute(f"CREATE TABLE parsed AS SELECT _row, {', '.join(fields)} FROM raw WHERE {filled}")
    _faulty(connection, raw, chosen, given)
    connection.execute("DROP TABLE raw")
    (rows,) = connection.execute("SELECT count(*) FROM parsed").fetchone() or (0,)
    if not rows:
        raise ZhunshengError("ZS-EV-06", name=path.name)
    checks = [check for column in ledger.columns for check in _checks(ledger, column)]
    key = ", ".join((DEPARTMENT, *ledger.key))
    titles = "、".join(ledger.column(k).title for k in ledger.key)
    checks.append(
        f"SELECT _row, {quoted(ledger.column(ledger.key[0]).title)} AS title, raw_{ledger.key[0]} AS value, "
        f"'{titles} 与第 ' || first || ' 行重复' AS message FROM (SELECT _row, raw_{ledger.key[0]}, "
        f"first_value(_row) OVER (PARTITION BY {key} ORDER BY _row) AS first FROM parsed) WHERE first <> _row"
    )
    checks += [_half(ledger, name) for name in ledger.open_key]
    wrong = f"SELECT _row, '部门' AS title, raw_{DEPARTMENT} AS value, "
    if owner.only:
        said = quoted(f"只能导入本部门（{owner.name}）的数据")
        checks.append(f"{wrong}{said} AS message FROM parsed WHERE {DEPARTMENT} <> {quoted(owner.code)}")
    else:
        said = quoted("有几个部门用过这个名称，请改填部门代码")
        checks.append(f"{wrong}{said} AS message FROM parsed WHERE {DEPARTMENT} = ''")
    connection.execute(f"CREATE TABLE problems AS {' UNION ALL '.join(checks)}")
    # What a cell holds instead of a value is said once, by what it is, and not as a date or amount that can't
    # be read.
    connection.execute("DELETE FROM problems WHERE (_row, title) IN (SELECT _row, title FROM faults)")
    connection.execute("INSERT INTO problems SELECT * FROM faults WHERE _row IN (SELECT _row FROM parsed)")
    connection.execute(
        "CREATE VIEW good AS SELECT * FROM parsed WHERE _row NOT IN (SELECT DISTINCT _row FROM problems)"
    )
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
        ledger=ledger,
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


def _unused(raw: _Raw) -> list[str]:
    """Say which titled columns of a file no column of the ledger takes."""
    used = set(raw.columns.values())
    left = [
        " ".join(title.split()) for n, title in enumerate(raw.titles) if n not in used and str(title).strip()
    ]
    return [f"没有用到的列：{'、'.join(left)}"] if left else []


def _unguard(connection: duckdb.DuckDBPyConnection, columns: Sequence[int]) -> None:
    """Take off the apostrophes that ``text.guarded`` put before texts of a csv."""
    for n in dict.fromkeys(columns):
        connection.execute(
            f"UPDATE raw SET c{n} = substr(c{n}, 2) WHERE starts_with(c{n}, chr(39)) "
            f"AND regexp_full_match(c{n}, ?) AND NOT regexp_full_match(c{n}, ?)",
            [GUARDED, NOT_GUARDED],
        )


def _clean(connection: duckdb.DuckDBPyConnection, columns: Sequence[int]) -> None:
    """Make the texts of the used columns of ``raw`` clean and trimmed, empty ones NULL:
    the door of every ledger.
    """
    for n in dict.fromkeys(columns):
        text = f"CASE WHEN regexp_full_match(c{n}, '{_PLAIN}') THEN c{n} ELSE {_CLEAN.format(f'c{n}')} END"
        connection.execute(
            f"UPDATE raw SET c{n} = nullif(trim({text}, ' \t\r\n"
            f"　'), '') WHERE c{n} IS NOT NULL AND (NOT regexp_full_match(c{n}, '{_PLAIN}') OR c{n} = '' OR "
            f"regexp_matches(c{n}, '^[ \t\r\n　]|[ \t\r\n　]$'))"
        )


def _faulty(connection: duckdb.DuckDBPyConnection, raw: _Raw, chosen: Mapping[str, str], given: str) -> None:
    """Make table ``faults`` (row, title, value, message): cells that hold no value,
    and cells beyond the header.
    """
    titles = {f"c{raw.columns[c.name]}": c.title for c in raw.ledger.columns if c.name in chosen}
    if DEPARTMENT in raw.columns:
        titles[given] = "部门"
    connection.execute("CREATE TABLE faults(_row BIGINT, title VARCHAR, value VARCHAR, message VARCHAR)")
    for cell, title in titles.items():
        connection.execute(
            f"INSERT INTO faults SELECT _row, ?, {cell}, '是 Excel 的错误值' FROM raw WHERE "
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
            "INSERT INTO faults SELECT _row, '（表头以外）', said, '比表头多出一格，列可能错位；"
            f"内容里有逗号的请加引号' FROM (SELECT _row, CASE {filled} END AS said FROM raw) WHERE said IS "
            "NOT NULL"
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


def _parse(column: Column, text: str) -> str:
    if column.type == "text":
        return text
    if column.type == "choice":
        whens = "".join(f" WHEN {quoted(k)} THEN {quoted(v)}" for k, v in column.aliases.items())
        values = ", ".join(map(quoted, column.values))
        same = f"CASE WHEN {text} IN ({values}) THEN {text} END"
        return f"CASE {text}{whens} ELSE {same} END" if whens else same
    if column.type == "bool":
        true, false = (", ".join(map(quoted, words)) for words in (_TRUE, _FALSE))
        return f"CASE WHEN lower({text}) IN ({true}) THEN true WHEN lower({text}) IN ({false}) THEN false END"
    macro: dict[Literal["date", "integer", "money"], str] = {
        "date": "zs_date",
        "integer": "zs_integer",
        "money": "zs_money",
    }
    return f"{macro[column.type]}({text})"


_WHAT = {"date": "不是日期", "integer": "不是整数", "money": "不是金额", "bool": "应填“是”或“否”"}
# What is wrong with a text of a type, told before it is only called unreadable: (type,
# SQL condition on the text, why).
_WHY: tuple[tuple[str, str, str], ...] = (
    ("date", "zs_no_such_day({0})", "没有这一天"),
    ("integer", "zs_misgrouped({0})", "逗号不在千位上，不知是几"),
    ("money", "zs_misgrouped({0})", "逗号不在千位上，不知是几"),
    ("money", "zs_fen({0})", "金额最多两位小数"),
)


def _half(ledger: Ledger, name: str) -> str:
    """Return the SELECT (as of ``_checks``) of rows without a part of the key that other rows have,
    else of the same key.

    Nobody can say whether such two are one, so that neither may replace the other nor stand beside it.
    """
    title = ledger.column(name).title
    kept = ", ".join((DEPARTMENT, *(k for k in ledger.key if k != name)))
    return (
        f"SELECT _row, {quoted(title)} AS title, raw_{name} AS value, '没有填{title}，"
        f"第 ' || other || ' 行同名项目的{title}是 ' || code || '，分不清是不是同一个' AS message FROM "
        f"(SELECT _row, raw_{name}, {name}, min(_row) FILTER ({name} IS NOT NULL) OVER (PARTITION BY "
        f"{kept}) AS other, arg_min({name}, _row) FILTER ({name} IS NOT NULL) OVER (PARTITION BY {kept}) AS "
        f"code FROM parsed) WHERE {name} IS NULL AND other IS NOT NULL"
    )


def _checks(ledger: Ledger, column: Column) -> list[str]:
    """Return one SELECT (row, title, value, message) for each check of a column."""
    name, raw, title = column.name, f"raw_{column.name}", quoted(column.title)

    def select(message: str, where: str) -> str:
        return (
            f"SELECT _row, {title} AS title, {raw} AS value, {quoted(message)} AS message FROM parsed WHERE "
            f"{where}"
        )

    found = []
    if column.required:
        found.append(select("必填", f"{raw} IS NULL"))
    if column.type == "choice":
        found.append(select(f"应为：{'、'.join(column.values)}", f"{raw} IS NOT NULL AND {name} IS NULL"))
    elif column.type in _WHAT:
        unread = f"{raw} IS NOT NULL AND {name} IS NULL"
        reasons = [(test.format(raw), why) for kind, test, why in _WHY if kind == column.type]
        for n, (test, why) in enumerate(reasons):
            found.append(select(why, " AND ".join([unread, test, *(f"NOT {t}" for t, _ in reasons[:n])])))
        found.append(select(_WHAT[column.type], " AND ".join([unread, *(f"NOT {t}" for t, _ in reasons)])))
    if column.pattern:
        found.append(
            select(
                f"格式不对（{column.note or column.pattern}）",
                f"NOT regexp_full_match({name}, {quoted(column.pattern)})",
            )
        )
    if column.type == "money":
        found.append(select(f"绝对值不能达到 {MONEY_BELOW:,} 元", f"abs({name}) >= {MONEY_BELOW}"))
    if column.minimum is not None:
        found.append(select(f"不能小于 {column.minimum}", f"{name} < {column.minimum}"))
    if column.not_before:
        found.append(select(f"早于{ledger.column(column.not_before).title}", f"{name} < {column.not_before}"))
    if column.type == "date":
        out = f"{name} < DATE '{FIRST_DAY}' OR {name} > DATE '{LAST_DAY}'"
        found.append(select(f"日期应在 {FIRST_DAY.year} 年至 {LAST_DAY.year} 年之间，年份请写四位", out))
    if column.type == "date" and not column.ahead:
        found.append(
            select(
                "日期在今天之后，还没有发生",
                f"{name} > DATE '{today().isoformat()}' AND {name} <= DATE '{LAST_DAY}'",
            )
        )
    return found
