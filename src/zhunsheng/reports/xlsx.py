"""Write forms to an Excel workbook: one sheet a form, A4, Chinese fonts, merged cells, text always as text."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from pathlib import Path

import xlsxwriter

from zhunsheng.reports.forms import Cell, Form
from zhunsheng.text import AS_TEXT, clean

_LINE = 15.0  # points a line of 10.5-point text takes


def write_workbook(forms: Sequence[tuple[str, Form]], path: Path) -> None:
    """Write (sheet name, form) pairs to ``path``. User text that looks like a formula stays text."""
    book = xlsxwriter.Workbook(str(path), AS_TEXT)
    used: set[str] = set()
    for name, form in forms:
        _write(book, sheet_name(name, used), form)
    book.close()


def sheet_name(name: str, used: set[str]) -> str:
    """Return a name Excel accepts (31 characters, no []:*?/\\) that is not among ``used``, and add it to them."""
    fit = "".join("-" if c in "[]:*?/\\'\n\t" else c for c in clean(name))[:28] or "表"
    candidate, n = fit, 2
    while candidate.lower() in used:
        candidate, n = f"{fit}{n}", n + 1
    used.add(candidate.lower())
    return candidate


def _write(book: xlsxwriter.Workbook, name: str, form: Form) -> None:
    sheet = book.add_worksheet(name)
    base = {"font_name": "宋体", "font_size": 10.5, "valign": "vcenter"}
    formats = {
        (align, bold): book.add_format({**base, "align": align, "bold": bold, "border": 1, "text_wrap": True})
        for align in ("center", "left", "right")
        for bold in (True, False)
    }
    title = book.add_format({**base, "font_name": "黑体", "font_size": 16, "align": "center"})
    plain = book.add_format({**base, "align": "center"})
    note = book.add_format({**base, "font_size": 9, "align": "left", "text_wrap": True})
    total = sum(form.widths)
    room = 118 if form.landscape else 80  # characters across an A4 page at this size
    widths = [w * room / total for w in form.widths]
    for n, width in enumerate(widths):
        sheet.set_column(n, n, width)
    last = len(widths) - 1
    _merge(sheet, 0, 0, 0, last, form.title, title)
    sheet.set_row(0, 30)
    top = 1
    if form.caption:
        _merge(sheet, 1, 0, 1, last, form.caption, plain)
        top = 2
    placed = form.placed()
    for r, c, cell in placed:
        _merge(
            sheet, top + r, c, top + r + cell.rows - 1, c + cell.columns - 1, cell.text, formats[cell.align, cell.bold]
        )
    for r, height in enumerate(row_heights(placed, widths, len(form.rows))):
        sheet.set_row(top + r, height)
    for n, line in enumerate(form.notes):
        row = top + len(form.rows) + n
        _merge(sheet, row, 0, row, last, line, note)
        sheet.set_row(row, 13 * math.ceil(_width(line) / room) + 2)
    sheet.set_paper(9)
    sheet.set_margins(0.5, 0.5, 0.6, 0.6)
    sheet.center_horizontally()
    sheet.fit_to_pages(1, 0)
    sheet.set_footer("&C第 &P 页，共 &N 页")
    if form.landscape:
        sheet.set_landscape()
    if form.header_rows:
        sheet.repeat_rows(top + form.header_rows[0], top + form.header_rows[1])


def _merge(sheet: xlsxwriter.worksheet.Worksheet, r1: int, c1: int, r2: int, c2: int, text: str, style: object) -> None:
    if (r1, c1) != (r2, c2):
        sheet.merge_range(r1, c1, r2, c2, "", style)
    sheet.write_string(r1, c1, clean(text), style)


def row_heights(placed: Sequence[tuple[int, int, Cell]], widths: Sequence[float], rows: int) -> list[float]:
    """Return heights in points that show all text, since Excel does not fit rows with merged cells by itself."""
    heights = [_LINE + 5] * rows
    for r, c, cell in sorted(placed, key=lambda p: p[2].rows):
        width = sum(widths[c : c + cell.columns]) - 1
        lines = sum(max(1, math.ceil(_width(line) / max(width, 2))) for line in cell.text.split("\n"))
        needed = lines * _LINE + 5
        have = sum(heights[r : r + cell.rows])
        if needed > have:
            for i in range(r, r + cell.rows):
                heights[i] += (needed - have) / cell.rows
    return [min(h, 400.0) for h in heights]


def _width(text: str) -> float:
    """Return the width of a line in characters of Latin text."""
    return sum(2.1 if unicodedata.east_asian_width(c) in "WF" else 1.05 for c in text)
