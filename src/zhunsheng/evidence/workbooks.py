"""Load a ledger from a workbook or a web page: every sheet with its header, what was not read told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from xlsxwriter.utility import xl_col_to_name

from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence.bounds import Bounds
from zhunsheng.evidence.headers import HEAD_ROWS, Head, header_of
from zhunsheng.evidence.ledgers import DEPARTMENT, Ledger
from zhunsheng.evidence.mappings import Guide, LedgerMapping
from zhunsheng.evidence.raw import EXCEL_ERROR, LISTED, Layout, Raw, refuse_more
from zhunsheng.files.opening import Opened, open_file
from zhunsheng.files.spreadsheet import MAX_CELLS, MAX_TEXT, Worksheet, read_workbook, show
from zhunsheng.files.webpage import tables_of
from zhunsheng.translation import series, translatable, worded

_KINDS = {"docx": translatable("Word 文档")}
# A double holds 15 decimal digits and a bit: of a longer number Excel has put zeros for the last ones.
_DIGITS_LOST = 10**15


@dataclass(frozen=True)
class _Table:
    """A worksheet in which a ledger's header was found."""

    sheet: Worksheet
    head: Head
    mapping: LedgerMapping | None


def load_workbook(
    path: Path, ledger: Ledger | None, connection: duckdb.DuckDBPyConnection, bounds: Bounds, guide: Guide
) -> Raw:
    """Load every sheet with a ledger's header into table ``raw``. Raises ``ZS-IN-*``, ``ZS-EV-*``;
    ``ZS-EV-45`` where sheets are of several ledgers and nobody said which is meant.
    """
    opened = open_file(path)
    sheets = list(_sheets(opened, path, bounds))
    tables, unread = _tables(sheets, ledger, path.name, guide)
    width = max((len(row) for table in tables for row in table.sheet.rows), default=0)
    refuse_more(path.name, sum(len(table.sheet.rows) for table in tables), width, bounds)
    columns: dict[str, int] = {}
    for table in tables:
        for name in table.head.columns:
            columns.setdefault(name, len(columns))
    raw = Raw(
        tables[0].head.ledger,
        columns,
        [],
        notes=tuple(_sheet_notes(tables, unread)),
        unread=unread,
        mapping=tables[0].mapping,
    )
    several = len(tables) > 1
    begun = 0
    for table in tables:
        name = table.sheet.name
        raw.faults += [(name, row, column, why) for row, column, why in _faults_of(table)]
        _complete(table)
        rows = table.sheet.rows[table.head.at + table.head.lines :]
        _append(connection, raw, table, rows, begun)
        begun += len(rows)
        raw.layouts.append(Layout(name, table.head, len(rows)))
        raw.notes += tuple(_hidden_notes(table.sheet)) + tuple(_bare_notes(table, rows, several))
    return raw


def _sheets(opened: Opened, path: Path, bounds: Bounds) -> Iterable[Worksheet]:
    """Return the sheets of a workbook, or the tables of a web page, which systems send under
    the name .xls.
    """
    if opened.kind == "html":
        return [
            Worksheet(worded("表{n}", n=n), rows, spans)
            for n, (rows, spans) in enumerate(tables_of(opened), start=1)
        ]
    if opened.kind not in ("xlsx", "xls"):
        what = worded(_KINDS.get(opened.kind, translatable("文字")))
        detail = worded("内容是{what}，请用 Excel 或 WPS 打开后另存为 xlsx", what=what)
        raise ZhunshengError("ZS-IN-03", name=path.name, detail=detail)
    most = {"max_cells": min(bounds.cells, MAX_CELLS), "max_text": min(bounds.texts, MAX_TEXT)}
    return read_workbook(opened, **most)


def _tables(
    sheets: Sequence[Worksheet], ledger: Ledger | None, name: str, guide: Guide
) -> tuple[list[_Table], tuple[str, ...]]:
    """Return the sheets with a ledger's header, and which others there are and why they were not read. Only
    where no sheet has all that a ledger requires is one made so by what is proposed.
    """
    found: list[_Table] = []
    others: list[tuple[str, ZhunshengError | None]] = []
    for guess in (False, True) if "columns" in guide.propose else (False,):
        others.clear()
        for sheet in sheets:
            try:
                rows = [[show(v) for v in row] for row in sheet.rows[:HEAD_ROWS]]
                head, mapping = header_of(rows, ledger, name, guide, sheet.spans, guess=guess)
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
        read = [worded("{sheet}（{rows} 行）", sheet=t.sheet.name, rows=_under(t)) for t in tables]
        yield worded("读入的工作表：{sheets}", sheets=series(read))
    if unread:
        yield worded("没有读的工作表：{sheets}", sheets=series(unread))


def _under(table: _Table) -> int:
    return max(0, len(table.sheet.rows) - table.head.at - table.head.lines)


def _unread(others: Sequence[tuple[str, ZhunshengError | None]], ledger: Ledger) -> Iterator[str]:
    """Say of each sheet that was not read why: it is empty, or what of the header it lacks."""
    for sheet, error in others:
        if error is None:
            yield worded("{sheet}（空）", sheet=sheet)
        elif error.code == "ZS-EV-02" and error.params.get("ledger") == ledger.id:
            yield worded("{sheet}（缺少{columns}）", sheet=sheet, columns=error.params["columns"])
        else:
            yield worded("{sheet}（没有{ledger}的表头）", sheet=sheet, ledger=ledger.title)


def _complete(table: _Table) -> None:
    """Give the rows of a sheet what its cells do not hold themselves: the value of a merged cell counts for
    all the rows it covers, and what a faulty cell holds instead of a value stands there, so that its row is
    checked and shows it.
    """
    rows, top = table.sheet.rows, table.head.at + table.head.lines
    for (row, column), (height, _width) in table.sheet.spans.items():
        value = rows[row][column] if row < len(rows) and column < len(rows[row]) else None
        for below in range(max(row + 1, top), row + height) if row >= top else ():
            _put(rows, below, column, value)
    for (row, column), said in table.sheet.faults.items():
        if row >= top:
            _put(rows, row, column, said)


def _put(rows: list[list[Any]], row: int, column: int, value: Any) -> None:
    rows += [[] for _r in range(row + 1 - len(rows))]
    rows[row] += [None] * (column + 1 - len(rows[row]))
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
        texts = [_text(row[at]) if at is not None and at < len(row) else None for row in rows]
        data[f"c{n}"] = pa.array(texts, pa.string())
    connection.register("incoming", pa.table(data))
    connection.execute(
        "INSERT INTO raw SELECT * FROM incoming"
        if begun or raw.layouts
        else "CREATE TABLE raw AS FROM incoming"
    )
    connection.unregister("incoming")


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
    exact = {c.name for c in table.head.ledger.columns if c.type == "text"} | {DEPARTMENT}
    texts = [(at, name) for at, name in names.items() if name in exact]
    for at, cells in enumerate(sheet.rows[top:], start=top + 1):
        for column, name in texts:
            if column < len(cells) and _lost(cells[column]):
                yield at, name, worded("超过 15 位的数字在 Excel 中丢失了末位，请设为文本格式后重新录入")


def _lost(value: Any) -> bool:
    """Say whether a number stands where a text should that a sheet can't have kept to its last digit."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) >= _DIGITS_LOST


def _bare_notes(table: _Table, rows: list[list[Any]], several: bool) -> Iterator[str]:
    """Say which columns without a title hold something."""
    titles = table.head.titles
    width = max(map(len, rows), default=0)
    bare = [
        c
        for c in range(width)
        if not "".join(titles[c : c + 1]).strip() and any(c < len(row) and _text(row[c]) for row in rows)
    ]
    if bare:
        listed = [
            f"{table.sheet.name} {xl_col_to_name(c)}" if several else xl_col_to_name(c) for c in bare[:LISTED]
        ]
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
    return next((v.strip() for v in row if isinstance(v, str) and v.strip()), None)


def _text(value: Any) -> str | None:
    text = show(value).strip() if value is not None else ""
    return text or None
