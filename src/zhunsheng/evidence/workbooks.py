"""Load a ledger from a workbook or a web page: every sheet with its header, what was not read told."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from xlsxwriter.utility import xl_col_to_name

from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence.bounds import Bounds, Said, silent
from zhunsheng.evidence.headers import HEAD_ROWS, Head, header_of
from zhunsheng.evidence.ledgers import DEPARTMENT, Ledger
from zhunsheng.evidence.mappings import Guide, LedgerMapping
from zhunsheng.evidence.raw import DIGITS_LOST, EXCEL_ERROR, LISTED, Layout, Raw, lines_above, refuse_more
from zhunsheng.files.opening import Opened, open_file
from zhunsheng.files.plain_sheets import Codes, PlainSheet, Values, lengths, read_plain
from zhunsheng.files.sheets import Worksheet
from zhunsheng.files.spreadsheet import MAX_CELLS, MAX_TEXT, read_workbook, show
from zhunsheng.files.webpage import tables_of, texts_around
from zhunsheng.translation import series, translatable, worded

_KINDS = {
    "docx": translatable("Word 文档"),
    "doc": translatable("Word 文档"),
    "rtf": translatable("Word 文档"),
    "pdf": translatable("PDF 文件"),
    "ofd": translatable("OFD 文件"),
}
_READ = 0.45  # of the work on a large file: how much of it is done where its cells are read
_LOST = translatable("超过 15 位的数字在 Excel 中丢失了末位，请设为文本格式后重新录入")
_TO_1904 = 1462  # days from the first day that Excel counts to the one that Excel for the Mac did


@dataclass(frozen=True)
class _Table:
    """A worksheet in which a ledger's header was found."""

    sheet: Worksheet  # of a plain one the first rows alone
    head: Head
    mapping: LedgerMapping | None
    plain: PlainSheet | None = None

    @property
    def top(self) -> int:
        """How many rows stand before the first under the header."""
        return self.head.at + self.head.lines

    @property
    def rows(self) -> int:
        """How many rows stand under the header."""
        return max(0, (self.plain.rows if self.plain else len(self.sheet.rows)) - self.top)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Let the interpreter look for no circles of objects meanwhile: millions of cells make none, and the
    search among them takes longer than reading them.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


@_uncollected()
def load_workbook(
    path: Path,
    ledger: Ledger | None,
    connection: duckdb.DuckDBPyConnection,
    bounds: Bounds,
    guide: Guide,
    said: Said = silent,
) -> Raw:
    """Load every sheet with a ledger's header into table ``raw``. Raises ``ZS-IN-*``, ``ZS-EV-*``;
    ``ZS-EV-45`` where sheets are of several ledgers and nobody said which is meant.
    """
    opened = open_file(path)
    macros = (worded("文件含宏，没有运行；读的是保存时的内容"),) if opened.macros else ()
    most = {"max_cells": min(bounds.cells, MAX_CELLS), "max_text": min(bounds.texts, MAX_TEXT)}
    plain = read_plain(opened, **most, said=lambda part: said(_READ * part))
    if plain and (raw := _load_plain(plain, path.name, ledger, connection, bounds, guide)):
        raw.notes += macros
        return raw
    sheets = list(_sheets(opened, path, most))
    tables, unread = _tables(sheets, ledger, path.name, guide)
    width = max((len(row) for table in tables for row in table.sheet.rows), default=0)
    refuse_more(path.name, sum(len(table.sheet.rows) for table in tables), width, bounds)
    raw = _raw_of(tables, unread)
    several = len(tables) > 1
    begun = 0
    for table in tables:
        name = table.sheet.name
        raw.faults += [(name, row, column, why) for row, column, why in _faults_of(table)]
        merged = tuple(_merged_amounts(table))
        spread = _complete(table)
        rows = table.sheet.rows[table.head.at + table.head.lines :]
        _append(connection, raw, table, rows, begun)
        begun += len(rows)
        bare = _bare(table, rows)
        raw.layouts.append(
            Layout(
                name,
                table.head,
                len(rows),
                _above(table),
                table.sheet.hidden,
                bare,
                table.sheet.comments,
                spread,
                merged,
            )
        )
        raw.notes += tuple(_hidden_notes(table.sheet)) + tuple(_bare_notes(name, bare, several))
    raw.fractions = frozenset(_fractions(tables))
    raw.notes += macros
    return raw


def _raw_of(tables: Sequence[_Table], unread: tuple[str, ...]) -> Raw:
    """Return what will be loaded of some tables, whose columns it numbers."""
    columns: dict[str, int] = {}
    for table in tables:
        for name in table.head.columns:
            columns.setdefault(name, len(columns))
    notes = tuple(_sheet_notes(tables, unread))
    mapping = tables[0].mapping
    return Raw(tables[0].head.ledger, columns, [], notes=notes, unread=unread, mapping=mapping)


def _load_plain(
    sheets: Sequence[PlainSheet],
    name: str,
    ledger: Ledger | None,
    connection: duckdb.DuckDBPyConnection,
    bounds: Bounds,
    guide: Guide,
) -> Raw | None:
    """Make ``raw`` a view of sheets that were read as columns; None where cells under a header are merged."""
    begun = [Worksheet(s.name, s.first(HEAD_ROWS), s.spans, hidden=s.hidden) for s in sheets]
    if any(sheet.rows and not any(map(any, one.rows)) for sheet, one in zip(sheets, begun, strict=True)):
        return None
    found, unread = _tables(begun, ledger, name, guide)
    by_name = {sheet.name: sheet for sheet in sheets}
    tables = [replace(table, plain=by_name[table.sheet.name]) for table in found]
    if any(row + high > table.top for table in tables for (row, _), (high, _w) in table.sheet.spans.items()):
        return None
    width = max(len(table.plain.columns) for table in tables if table.plain)
    refuse_more(name, sum(table.plain.rows for table in tables if table.plain), width, bounds)
    raw = _raw_of(tables, unread)
    values = sheets[0].values
    texts, fractions = values.trimmed(), set()
    filled = lengths(texts) > 0
    begun_at = 0
    for number, table in enumerate(tables):
        sheet = table.plain
        assert sheet
        columns = [column[table.top :] for column in sheet.columns]
        sheet.columns.clear()
        raw.faults += [(sheet.name, *fault) for fault in _lost_digits(table, columns, values)]
        fractions |= {
            name
            for name, at in table.head.columns.items()
            if at < len(columns) and values.fractions and np.isin(columns[at], list(values.fractions)).any()
        }
        titles = table.head.titles
        bare = tuple(
            xl_col_to_name(at)
            for at, column in enumerate(columns)
            if not "".join(titles[at : at + 1]).strip() and filled[column[column >= 0]].any()
        )
        connection.register(f"plain_{number}", _arrow(raw, table, columns, values, texts, filled, begun_at))
        begun_at += table.rows
        layout = Layout(sheet.name, table.head, table.rows, _above(table), sheet.hidden, bare, sheet.comments)
        raw.layouts.append(layout)
        raw.notes += (*_hidden_notes(table.sheet), *_bare_notes(sheet.name, bare, len(tables) > 1))
    raw.fractions, raw.signs, raw.lazy = frozenset(fractions), frozenset(values.signs), True
    raw.registered = tuple(f"plain_{n}" for n in range(len(tables)))
    parts = " UNION ALL ".join(f"SELECT * FROM {one}" for one in raw.registered)
    connection.execute(f"CREATE VIEW raw AS {parts}")
    return raw


def _arrow(  # noqa: PLR0913 - what a table of columns is made of
    raw: Raw,
    table: _Table,
    columns: list[Codes],
    values: Values,
    texts: pa.Array,
    filled: npt.NDArray[np.bool_],
    begun: int,
) -> pa.Table:
    """Return the rows of a plain sheet as table ``raw`` is to be, after ``begun`` rows of others: each column
    as numbers of the texts that occur in it.
    """
    first, count = table.head.first_row, table.rows
    lead = np.full(count, -1, np.int32)
    word = values.words & filled
    for column in columns:
        lead = np.where((lead < 0) & (column >= 0) & word[column], column, lead)
    data: dict[str, pa.Array | None] = {
        "_id": pa.array(np.arange(begun + 1, begun + 1 + count)),
        "_sheet": pa.DictionaryArray.from_arrays(
            pa.repeat(pa.scalar(0, pa.int32()), count), [table.sheet.name]
        ),
        "_row": pa.array(np.arange(first, first + count)),
        "_lead": None,
        "_over": pa.nulls(count, pa.string()),
    }
    none = np.full(count, -1, np.int32)
    for name, n in raw.columns.items():
        at = table.head.columns.get(name)
        column = columns[at] if at is not None and at < len(columns) else none
        data[f"c{n}"] = _numbered(column, texts, filled)
        # Of most rows the first text is that of the first column, which need not lie there twice.
        if data["_lead"] is None and np.array_equal(lead, column):
            data["_lead"] = data[f"c{n}"]
        if at is not None and at < len(columns):
            columns[at] = none  # which takes no memory of its own
    if data["_lead"] is None:
        data["_lead"] = _numbered(lead, texts, filled)
    return pa.table(data)


def _numbered(column: Codes, texts: pa.Array, filled: npt.NDArray[np.bool_]) -> pa.Array:
    """Return a column of numbers of ``texts`` as these, or where each stands in several rows as numbers of
    those alone that occur in it.
    """
    empty = (column < 0) | ~np.append(filled, False)[column]
    used = np.zeros(len(filled), bool)
    used[column[~empty]] = True
    if 2 * np.count_nonzero(used) > len(column):
        return texts.take(pa.array(column, mask=empty))
    place = np.cumsum(used, dtype=np.int32) - 1
    own = np.where(empty, 0, place[column]) if len(place) else column
    return pa.DictionaryArray.from_arrays(pa.array(own, mask=empty), texts.filter(pa.array(used)))


def _lost_digits(table: _Table, columns: list[Codes], values: Values) -> Iterator[tuple[int, str, str]]:
    """Yield the cells of texts that hold a number which a sheet can't have kept to its last digit."""
    exact = {c.name for c in table.head.ledger.columns if c.type == "text"} | {DEPARTMENT}
    for name, at in table.head.columns.items():
        if values.large and name in exact and at < len(columns):
            for row in np.flatnonzero(np.isin(columns[at], list(values.large))).tolist():
                yield row + table.head.first_row, name, worded(_LOST)


def _above(table: _Table) -> tuple[tuple[int, str], ...]:
    """Return the lines before the header; what of a page stands outside its table is line 0."""
    before = enumerate(([show(v) for v in row] for row in table.sheet.rows[: table.head.at]), start=1)
    return lines_above([*((0, [text]) for text in table.sheet.around), *before])


def _fractions(tables: Sequence[_Table]) -> Iterator[str]:
    """Yield the columns in which decimals stand as numbers, so that a comma there is no decimal point."""
    for table in tables:
        rows = table.sheet.rows[table.head.at + table.head.lines :]
        for name, at in table.head.columns.items():
            if any(isinstance(v, float) and v % 1 for row in rows for v in row[at : at + 1]):
                yield name


def _sheets(opened: Opened, path: Path, most: Mapping[str, int]) -> Iterable[Worksheet]:
    """Return the sheets of a workbook, or the tables of a web page, which systems send under
    the name .xls.
    """
    if opened.kind in ("html", "mht"):
        both = zip(tables_of(opened), texts_around(opened), strict=True)
        return [
            Worksheet(worded("表{n}", n=n), rows, spans, around=around)
            for n, ((rows, spans), around) in enumerate(both, start=1)
        ]
    if opened.kind not in ("xlsx", "xls", "ods", "excelxml"):
        what = worded(_KINDS.get(opened.kind, translatable("文字")))
        detail = worded("内容是{what}，请用 Excel 或 WPS 打开后另存为 xlsx", what=what)
        raise ZhunshengError("ZS-IN-03", name=path.name, detail=detail)
    return read_workbook(opened, max_cells=most["max_cells"], max_text=most["max_text"])


def _tables(
    sheets: Sequence[Worksheet], ledger: Ledger | None, name: str, guide: Guide
) -> tuple[list[_Table], tuple[str, ...]]:
    """Return the sheets with a ledger's header, and which others there are and why they were not read. Only
    where no sheet has all that a ledger requires is one made so by what is proposed.
    """
    found: list[_Table] = []
    others: list[tuple[str, ZhunshengError | None]] = []
    for sheet in sheets:
        # What a faulty cell holds instead of a value stands there, so that its row is checked and shows it.
        for (row, column), said in sheet.faults.items():
            _put(sheet.rows, row, column, said)
    for guess in (False, True) if "columns" in guide.propose else (False,):
        others.clear()
        for sheet in sheets:
            try:
                rows = [[show(v) for v in row] for row in sheet.rows[:HEAD_ROWS]]
                head, mapping = header_of(
                    rows, ledger, name, guide, sheet.spans, around=sheet.around, guess=guess
                )
                found.append(_Table(sheet, head, mapping))
            except ZhunshengError as error:
                others.append((sheet.name, error if any(map(any, sheet.rows)) else None))
        if found:
            break
    if not found:
        raise next((error for _sheet, error in others if error), None) or ZhunshengError(
            "ZS-EV-06", name=name
        )
    kinds = {table.head.ledger.id: table.head.ledger.title for table in found}
    if len(kinds) > 1:
        listed = [
            worded("{sheet}（{ledger}）", sheet=table.sheet.name, ledger=table.head.ledger.title)
            for table in found
        ]
        raise ZhunshengError("ZS-EV-45", name=name, sheets=series(listed), known=series(kinds))
    return found, tuple(_unread(others, found[0].head.ledger))


def _sheet_notes(tables: Sequence[_Table], unread: Sequence[str]) -> Iterator[str]:
    """Say which sheets were read, where there are several, and which were not."""
    if len(tables) > 1:
        read = [worded("{sheet}（{rows} 行）", sheet=t.sheet.name, rows=t.rows) for t in tables]
        yield worded("读入的工作表：{sheets}", sheets=series(read))
    if unread:
        yield worded("没有读的工作表：{sheets}", sheets=series(unread))


def _unread(others: Sequence[tuple[str, ZhunshengError | None]], ledger: Ledger) -> Iterator[str]:
    """Say of each sheet that was not read why: it is empty, or what of the header it lacks."""
    for sheet, error in others:
        if error is None:
            yield worded("{sheet}（空）", sheet=sheet)
        elif error.code == "ZS-EV-02" and error.params.get("ledger") == ledger.id:
            yield worded("{sheet}（缺少{columns}）", sheet=sheet, columns=error.params["columns"])
        else:
            yield worded("{sheet}（没有{ledger}的表头）", sheet=sheet, ledger=ledger.title)


def _merged_amounts(table: _Table) -> Iterator[tuple[int, int, str]]:
    """Yield the amounts that stand once for several rows: the first and last row, and the column."""
    money = {c.name for c in table.head.ledger.columns if c.type == "money"}
    names = {at: name for name, at in table.head.columns.items() if name in money}
    rows, top = table.sheet.rows, table.head.at + table.head.lines
    for (row, column), (height, _width) in sorted(table.sheet.spans.items()):
        if height > 1 and row >= top and column in names and row < len(rows):
            if "".join(map(show, rows[row][column : column + 1])).strip():
                yield row + 1, row + height, names[column]


def _complete(table: _Table) -> int:
    """Let the value of a merged cell count for all the rows it covers; return for how many cells."""
    rows, top, spread = table.sheet.rows, table.head.at + table.head.lines, 0
    for (row, column), (height, _width) in table.sheet.spans.items():
        value = rows[row][column] if row < len(rows) and column < len(rows[row]) else ""
        for below in range(max(row + 1, top), row + height) if row >= top else ():
            spread += bool(_text(value))
            _put(rows, below, column, value)
    return spread


def _put(rows: list[list[Any]], row: int, column: int, value: Any) -> None:
    rows += [[] for _r in range(row + 1 - len(rows))]
    rows[row] += [""] * (column + 1 - len(rows[row]))
    rows[row][column] = value


def _append(
    connection: duckdb.DuckDBPyConnection, raw: Raw, table: _Table, rows: list[list[Any]], begun: int
) -> None:
    """Write the rows of a sheet into table ``raw``, after ``begun`` rows of others."""
    first, count = table.head.first_row, len(rows)
    data: dict[str, pa.Array] = {
        "_id": pa.array(range(begun + 1, begun + 1 + count), pa.int64()),
        "_sheet": pa.array([table.sheet.name] * count, pa.string()),
        "_row": pa.array(range(first, first + count), pa.int64()),
        "_lead": pa.array([_lead(row) for row in rows], pa.string()),
        "_over": pa.nulls(count, pa.string()),
    }
    for name, n in raw.columns.items():
        at = table.head.columns.get(name)
        if at is None:
            data[f"c{n}"] = pa.nulls(count, pa.string())
            continue
        texts = _texts(raw, table, rows, name, at)
        data[f"c{n}"] = pa.array(texts, pa.string())
    connection.register("incoming", pa.table(data))
    connection.execute(
        "INSERT INTO raw SELECT * FROM incoming"
        if begun or raw.layouts
        else "CREATE TABLE raw AS FROM incoming"
    )
    connection.unregister("incoming")


def _texts(raw: Raw, table: _Table, rows: list[list[Any]], name: str, at: int) -> list[str | None]:
    """Return a column's cells as texts: percentages as such, days counted from 1904 by their own count."""
    top = table.head.at + table.head.lines
    percents = {row - top for row, column in table.sheet.percents if column == at}
    days = table.sheet.of_1904 and name != DEPARTMENT and raw.ledger.column(name).type == "date"
    values = [row[at] if at < len(row) else None for row in rows]
    if days:
        values = [
            v + _TO_1904 if isinstance(v, int | float) and not isinstance(v, bool) else v for v in values
        ]
    if percents:
        return [_text(value, percent=n in percents) for n, value in enumerate(values)]
    # Nearly every cell is a text already; a call for each of millions takes longer than all that is done.
    return [(v.strip() or None) if type(v) is str else _text(v) for v in values]


def _faults_of(table: _Table) -> Iterator[tuple[int, str, str]]:
    """Yield the cells under a sheet's header that hold no value of their own: row from 1, column, why."""
    sheet, top = table.sheet, table.head.at + table.head.lines
    names = {at: name for name, at in table.head.columns.items()}
    for (row, column), said in sheet.faults.items():
        if row >= top and column in names:
            formula = said.startswith("=")
            why = "公式没有计算结果，请在 Excel 或 WPS 中打开、计算后保存" if formula else EXCEL_ERROR
            yield row + 1, names[column], worded(why)
    for (row, left), (height, width) in sheet.spans.items():
        for column in range(left + 1, left + width):
            for at in range(max(row, top), row + height) if column in names else ():
                why = worded(
                    "与 {cell} 合并了单元格，请取消合并后逐格填写", cell=f"{xl_col_to_name(left)}{row + 1}"
                )
                yield at + 1, names[column], why
        yield from _covered(table, (row, left), height, names)
    exact = {c.name for c in table.head.ledger.columns if c.type == "text"} | {DEPARTMENT}
    for column, name in names.items():
        for at, cells in enumerate(sheet.rows[top:], start=top + 1) if name in exact else ():
            if column < len(cells) and type(cells[column]) is not str and _lost(cells[column]):
                yield at, name, worded(_LOST)


def _covered(
    table: _Table, anchor: tuple[int, int], height: int, names: dict[int, str]
) -> Iterator[tuple[int, str, str]]:
    """Yield the cells of a column that a merged one covers and that hold something else: nobody sees it."""
    (row, left), top = anchor, table.head.at + table.head.lines
    if row < top or left not in names or height == 1:
        return
    cells = [
        table.sheet.rows[at][left : left + 1] for at in range(row, min(row + height, len(table.sheet.rows)))
    ]
    shown, *below = [_text(cell[0]) if cell else None for cell in cells]
    for n, text in enumerate(below, start=row + 2):
        if text and text != shown:
            yield (
                n,
                names[left],
                worded("合并的单元格盖住了另一个内容“{text}”，请取消合并后逐格填写", text=text),
            )


def _lost(value: Any) -> bool:
    """Say whether a number stands where a text should that a sheet can't have kept to its last digit."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) >= DIGITS_LOST


def _bare(table: _Table, rows: list[list[Any]]) -> tuple[str, ...]:
    """Return the letters of the columns without a title that hold something."""
    titles = table.head.titles
    width = max(map(len, rows), default=0)
    return tuple(
        xl_col_to_name(c)
        for c in range(width)
        if not "".join(titles[c : c + 1]).strip() and any(c < len(row) and _text(row[c]) for row in rows)
    )


def _bare_notes(sheet: str, bare: Sequence[str], several: bool) -> Iterator[str]:
    """Say which columns without a title hold something."""
    if bare:
        listed = [f"{sheet} {letters}" if several else letters for letters in bare[:LISTED]]
        yield worded("没有列名、没有读入的列：{columns}", columns=series(listed))


def _hidden_notes(sheet: Worksheet) -> Iterator[str]:
    """Say what of a worksheet is hidden and was read all the same."""
    if sheet.hidden.sheet:
        yield worded("工作表“{name}”是隐藏的，也已读入", name=sheet.name)
    if rows := sheet.hidden.rows:
        listed = series(map(str, rows[:LISTED]))
        yield (
            worded("有隐藏的行，也已读入：第 {rows} 等 {count} 行", rows=listed, count=len(rows))
            if len(rows) > LISTED
            else worded("有隐藏的行，也已读入：第 {rows} 行", rows=listed)
        )
    if sheet.hidden.columns:
        yield (
            worded(
                "有隐藏的列，也已读入：{columns}",
                columns=series(xl_col_to_name(c - 1) for c in sheet.hidden.columns[:LISTED]),
            )
        )


def _lead(row: list[Any]) -> str | None:
    """Return the first text of a row; a number or a day is none."""
    for value in row:
        if isinstance(value, str) and (text := value.strip()):
            return text
    return None


def _text(value: Any, *, percent: bool = False) -> str | None:
    text = show(value, percent=percent).strip() if value is not None else ""
    return text or None
