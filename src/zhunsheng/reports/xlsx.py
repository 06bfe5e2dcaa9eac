"""Write forms to an Excel workbook: one sheet a form, A4, Chinese fonts, merged cells, text
always as text.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

from zhunsheng.files.writing import MOST_HEIGHT, TextBook, pieces, whole_file
from zhunsheng.reports.forms import Cell, Form
from zhunsheng.text import clean

_LINE = 15.0  # points a line of 10.5-point text takes


def write_workbook(forms: Sequence[tuple[str, Form]], path: Path) -> None:
    """Write (sheet name, form) pairs to ``path``, whole or not at all. User text that looks like a formula
    stays text.

    Nothing is cut: a row higher than Excel has rows becomes several, its cells merged over them;
    what one cell can't hold goes on on the sheet 续页. Raises ``ZS-CL-10``, ``-11``, ``-12``.
    """
    with whole_file(path) as partial, TextBook(partial) as book:
        for name, form in forms:
            _write(book, name, form)


def _write(book: TextBook, name: str, form: Form) -> None:
    sheet = book.sheet(name)
    base = {"font_name": "宋体", "font_size": 10.5, "valign": "vcenter"}
    formats = {
        (align, bold): book.book.add_format(
            {**base, "align": align, "bold": bold, "border": 1, "text_wrap": True}
        )
        for align in ("center", "left", "right")
        for bold in (True, False)
    }
    title = book.book.add_format(
        {**base, "font_name": "黑体", "font_size": 16, "align": "center", "text_wrap": True}
    )
    plain = book.book.add_format({**base, "align": "center"})
    note = book.book.add_format({**base, "font_size": 9, "align": "left", "text_wrap": True})
    total = sum(form.widths)
    room = 118 if form.landscape else 80  # characters across an A4 page at this size
    widths = [w * room / total for w in form.widths]
    for n, width in enumerate(widths):
        sheet.set_column(n, n, width)
    last = len(widths) - 1
    _merge(book, sheet, (0, 0, 0, last), form.title, title)
    sheet.set_row(0, min(30 * math.ceil(_width(clean(form.title)) * 1.6 / room), MOST_HEIGHT))
    top = 1
    if form.caption:
        _merge(book, sheet, (1, 0, 1, last), form.caption, plain)
        top = 2
    placed = form.placed()
    heights = row_heights(placed, widths, len(form.rows))
    # A row of the form is as many of the worksheet as its height asks for; ``starts`` are the first ones,
    # and the end.
    counts = [math.ceil(height / MOST_HEIGHT) for height in heights]
    starts = list(accumulate(counts, initial=top))
    for r, c, cell in placed:
        end = starts[min(r + cell.rows, len(counts))] - 1
        _merge(
            book, sheet, (starts[r], c, end, c + cell.columns - 1), cell.text, formats[cell.align, cell.bold]
        )
    for start, count, height in zip(starts, counts, heights, strict=False):
        for row in range(start, start + count):
            sheet.set_row(row, height / count)
    row = starts[-1]
    for line in form.notes:
        needed = 13.0 * _lines(clean(line), room) + 2
        count = math.ceil(needed / MOST_HEIGHT)
        _merge(book, sheet, (row, 0, row + count - 1, last), line, note)
        for n in range(row, row + count):
            sheet.set_row(n, needed / count)
        row += count
    sheet.set_paper(9)
    sheet.set_margins(0.5, 0.5, 0.6, 0.6)
    sheet.center_horizontally()
    sheet.fit_to_pages(1, 0)
    sheet.set_footer("&C第 &P 页，共 &N 页")
    if form.landscape:
        sheet.set_landscape()
    if form.header_rows:
        sheet.repeat_rows(starts[form.header_rows[0]], starts[form.header_rows[1] + 1] - 1)


def _merge(book: TextBook, sheet: Any, area: tuple[int, int, int, int], text: str, style: object) -> None:
    """Write a text over an area: first row and column, last row and column."""
    row, column, *end = area
    if [row, column] != end:
        sheet.merge_range(*area, "", style)
    book.text(sheet, row, column, text, style)


def row_heights(placed: Sequence[tuple[int, int, Cell]], widths: Sequence[float], rows: int) -> list[float]:
    """Return heights in points that show all text, since Excel does not fit rows with merged cells by itself.

    They may be more than a row of Excel can have.
    """
    heights = [_LINE + 5] * rows
    for r, c, cell in sorted(placed, key=lambda p: p[2].rows):
        width = sum(widths[c : c + cell.columns]) - 1
        needed = sum(_lines(piece, width) for piece in pieces(clean(cell.text))[:1]) * _LINE + 5
        have = sum(heights[r : r + cell.rows])
        if needed > have:
            for i in range(r, r + cell.rows):
                heights[i] += (needed - have) / cell.rows
    return heights


def _lines(text: str, width: float) -> int:
    """Return how many lines a text takes in a column of so many characters."""
    return sum(max(1, math.ceil(_width(line) / max(width, 2))) for line in text.split("\n"))


def _width(text: str) -> float:
    """Return the width of a line in characters of Latin text."""
    return sum(2.1 if unicodedata.east_asian_width(c) in "WF" else 1.05 for c in text)
