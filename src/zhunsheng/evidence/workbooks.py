"""Load a ledger from a workbook: its sheet with the header, hidden and merged cells told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from xlsxwriter.utility import xl_col_to_name

from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence.bounds import Bounds
from zhunsheng.evidence.headers import HEAD_ROWS, find_header
from zhunsheng.evidence.ledgers import Ledger
from zhunsheng.evidence.raw import EXCEL_ERROR, LISTED, Raw, refuse_more
from zhunsheng.files.opening import open_file
from zhunsheng.files.spreadsheet import MAX_CELLS, MAX_TEXT, Worksheet, read_workbook, show
from zhunsheng.translation import series, worded


def load_workbook(
    path: Path, ledger: Ledger | None, connection: duckdb.DuckDBPyConnection, bounds: Bounds
) -> Raw:
    """Load the sheet with a ledger's header into table ``raw``. Raises ``ZS-IN-*``, ``ZS-EV-*``."""
    opened = open_file(path)
    if opened.kind not in ("xlsx", "xls"):
        what = {"html": worded("网页"), "docx": worded("Word 文档")}.get(opened.kind, worded("文字"))
        raise ZhunshengError(
            "ZS-IN-03",
            name=path.name,
            detail=worded("内容是{what}，请用 Excel 或 WPS 打开后另存为 xlsx", what=what),
        )
    best: tuple[Raw, list[list[Any]]] | None = None
    failure: ZhunshengError | None = None
    for sheet in read_workbook(
        opened, max_cells=min(bounds.cells, MAX_CELLS), max_text=min(bounds.texts, MAX_TEXT)
    ):
        try:
            found, columns, at = find_header(
                [[show(v) for v in row] for row in sheet.rows[:HEAD_ROWS]], ledger, path.name
            )
        except ZhunshengError as error:
            failure = failure or error
            continue
        refuse_more(path.name, len(sheet.rows), max(map(len, sheet.rows), default=0), bounds)
        titles = tuple(show(v) for v in sheet.rows[at])
        known = set(columns.values())
        faults = [(r + 1, c, why) for r, c, why in _faults_of(sheet) if r > at and c in known]
        notes = tuple(_hidden_notes(sheet))
        # What a faulty cell holds instead of a value stands there, so that its row is checked and shows it;
        # a last row of formulas that never came to anything is no row to the reader.
        sheet.rows += [
            [] for _r in range(max((r for r, _c in sheet.faults), default=-1) + 1 - len(sheet.rows))
        ]
        best = (Raw(found, columns, at + 1, sheet.name, titles, faults, notes), sheet.rows[at + 1 :])
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
        raw.notes += (
            worded(
                "没有列名、没有读入的列：{columns}", columns=series(xl_col_to_name(c) for c in bare[:LISTED])
            ),
        )
    return raw


def _faults_of(sheet: Worksheet) -> Iterator[tuple[int, int, str]]:
    """Yield the cells of a worksheet that hold no value of their own: row and column from 0, and why."""
    for (row, column), said in sheet.faults.items():
        why = (
            worded("公式没有计算结果，请在 Excel 或 WPS 中打开、计算后保存")
            if said.startswith("=")
            else worded(EXCEL_ERROR)
        )
        yield row, column, why
    for (top, left), (height, width) in sheet.spans.items():
        for row in range(top, top + height):
            for column in range(left, left + width):
                if (row, column) != (top, left):
                    yield (
                        row,
                        column,
                        worded(
                            "与 {cell} 合并了单元格，请取消合并后逐格填写",
                            cell=f"{xl_col_to_name(left)}{top + 1}",
                        ),
                    )


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


def _text(value: Any) -> str | None:
    text = show(value).strip() if value is not None else ""
    return text or None
