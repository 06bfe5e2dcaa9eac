"""Reader for txt: paragraphs, tables flattened to one cell a line, behind a tab or not, with tabs between
cells, lined up by blanks, or drawn with strokes.
"""

from __future__ import annotations

import re

from zhunsheng.errors import ZhunshengError
from zhunsheng.files.bounds import FORM_MAX_LINES, MAX_COLUMNS, MAX_DRAWN, MAX_LINES
from zhunsheng.files.opening import Opened
from zhunsheng.intake import boxes, labels, lined_up, one_a_line
from zhunsheng.intake.grid import Block, Grid, Paragraph, Spans
from zhunsheng.targets import Place
from zhunsheng.translation import worded

_HEADING = re.compile(
    r"^\s*(?:\d+[.、．](?!\d)|[一二三四五六七八九十]+、|（[一二三四五六七八九十]+）|第[一二三四五六七八九十]+部分)|"
    r"绩效(?:目标|自评|指标).{0,6}表\s*(?:[（(]\s*20\d\d\s*年度?[）)])?\s*$"
)
_PAGE = re.compile(
    r"(?:第\s*)?[-—]?\s*\d+\s*[-—]?(?:\s*页)?(?:\s*[,，/]?\s*共\s*\d+\s*页)?"
)  # 第 1 页 共 2 页
_ITEM = re.compile(r"\s*(\d{1,2})[.、．](?!\d)")
_LINES_OF_CELL = 20  # of one quoted cell at most
_Cell = tuple[str, int]


def read(opened: Opened) -> list[Block]:
    """Return the blocks of a text file, in order. Raises ``ZS-IN-10``."""
    lines = opened.text.splitlines()
    if len(lines) > MAX_LINES:
        detail = worded("超过 {most} 行", most=MAX_LINES)
        raise ZhunshengError("ZS-IN-10", name=opened.name, where=worded("全文"), detail=detail)
    return blocks(lines, opened.name)


def _bound(lines: list[str], number: int, name: str) -> None:
    """Refuse a drawn table of more signs or columns than are taken apart in good time."""
    columns = max(sum(map(boxes.is_upright, line)) for line in lines)
    if columns > MAX_COLUMNS or sum(map(len, lines)) > MAX_DRAWN:
        detail = (
            worded("超过 {most} 列", most=MAX_COLUMNS)
            if columns > MAX_COLUMNS
            else worded("超过 {most} 个字", most=f"{MAX_DRAWN:,}")
        )
        raise ZhunshengError("ZS-IN-10", name=name, where=worded("表{number}", number=number), detail=detail)


def blocks(lines: list[str], name: str = "") -> list[Block]:
    """Turn lines into paragraphs and grids.

    In the flattened form a line with a leading tab starts a cell, a blank line before such a line starts a
    row, and a line without tab that is followed by cells again goes on with the cell above it.
    """
    out: list[Block] = []
    rows: list[list[_Cell]] = []
    table = 0
    i = 0

    def close() -> None:
        nonlocal rows, table
        if rows:
            table += 1
            out.append(_grid(_without_lead(rows), {}, table))
            rows = []

    blank = tried = looked = 0  # the lines up to which no table is lined up by blanks, none has a cell a line
    while i < len(lines):
        line = lines[i]
        if (end := boxes.stretch(lines, i)) > i:
            close()
            table += 1
            _bound(lines[i:end], table, name)
            out.append(_grid(*boxes.rows_of(lines[i:end], i + 1), table))
            i = end
            continue
        if not rows and i >= tried and not _HEADING.search(line):
            end, is_table = lined_up.stretch(lines, i)
            tried = end
            if is_table:
                table += 1
                out.append(_grid(lined_up.rows_of(lines[i:end], i + 1), {}, table))
                i = end
                continue
        if not rows and i >= looked and labels.label(next(iter(line.split()), "")):
            looked, cells = _one_a_line(lines, i)
            if cells:
                table += 1
                out.append(_grid(cells, {}, table))
                i = looked
                continue
        if line.startswith("|") and line.rstrip().endswith("|"):  # a table drawn with strokes
            if not re.fullmatch(r"\|(?:\s*:?-{2,}:?\s*\|)+", line.strip()):
                rows.append([(c.strip(), i + 1) for c in line.strip()[1:-1].split("|")])
            blank = 0
        elif line.startswith("\t") or "\t" in (line.strip("\r\n ") if rows else line.strip()):
            inner = line.strip("\r\n ")
            if "\t" in inner.lstrip("\t"):  # cells of one row beside each other
                inner, more = _whole_cells(lines, i)
                rows.append([(_unquoted(c), i + 1) for c in inner.split("\t")])
                i += more
            else:
                _add_cell(rows, lines, i, blank)
            blank = 0
        elif not line.strip():
            blank += 1
        elif rows and blank <= 1 and not _begins_part(rows[-1][-1][0], line) and _cells_follow(lines, i):
            text, at = rows[-1][-1]
            rows[-1][-1] = (f"{text}\n{line.strip()}", at)
            blank = 0
        else:
            close()
            out.append(Paragraph(line.strip(), Place(line=i + 1)))
            blank = 0
        i += 1
    close()
    return out


def _one_a_line(lines: list[str], i: int) -> tuple[int, list[list[_Cell]]]:
    """Return the rows of a form that has one cell a line from ``i`` on, empty where there is none, and the
    line behind what was looked at.
    """
    found: list[tuple[int, str]] = []
    end = i
    for end in range(i, min(len(lines), i + FORM_MAX_LINES)):
        text = lines[end].strip()
        if "\t" in text or lines[end].startswith(("\t", "|")) or _HEADING.search(text):
            break
        if text:
            found.append((end + 1, text))
    else:
        end += 1
    form = one_a_line.table(found)
    if form is None:  # or cells beside each other, with one blank between them
        found = [
            (number, word) for number, text in found if not _PAGE.fullmatch(text) for word in text.split()
        ]
        form = one_a_line.table(found)
    if form is None:
        return end, []
    rows, count = form
    return (found[count][0] - 1 if count < len(found) else end), rows


def _add_cell(rows: list[list[_Cell]], lines: list[str], i: int, blank: int) -> None:
    """Add a line of one cell to the row above, or to a new one behind a blank line."""
    cell = (lines[i].strip(), i + 1)
    if not rows or blank or (len(rows[-1]) > 1 and "\t" in lines[i - 1].strip("\t \r")):
        rows.append([cell])
    else:
        rows[-1].append(cell)


def _whole_cells(lines: list[str], i: int) -> tuple[str, int]:
    """Return a line of cells between tabs with the lines in which a quoted cell of it goes on, and their
    number: a spreadsheet puts a cell of several lines in quotes.
    """
    text = lines[i].strip("\r\n ")
    for more, line in enumerate(lines[i + 1 : i + 1 + _LINES_OF_CELL]):
        last = text.rpartition("\t")[2].strip()
        if not last.startswith('"') or last.count('"') % 2 == 0:
            return text, more
        text += "\n" + line.strip("\r\n ")
    last = text.rpartition("\t")[2].strip()
    closed = not last.startswith('"') or last.count('"') % 2 == 0
    return (text, len(lines[i + 1 : i + 1 + _LINES_OF_CELL])) if closed else (lines[i].strip("\r\n "), 0)


def _unquoted(cell: str) -> str:
    cell = cell.strip()
    quoted = len(cell) > 1 and cell[0] == cell[-1] == '"' and cell.count('"') % 2 == 0
    return cell[1:-1].replace('""', '"').strip() if quoted else cell


def _cells_follow(lines: list[str], i: int) -> bool:
    """Say whether the paragraph lines from ``i`` on run, with single blanks at most, into another cell."""
    blank, before = 0, lines[i]
    for line in lines[i + 1 : i + 12]:
        if line.startswith("\t"):
            return True
        blank = 0 if line.strip() else blank + 1
        if blank > 1 or _begins_part(before, line):
            return False
        before = line if line.strip() else before
    return False


def _begins_part(before: str, line: str) -> bool:
    """Say whether a line is a heading, and not the next item of those that a cell counts."""
    last, item = _ITEM.match(before.strip().rpartition("\n")[2]), _ITEM.match(line)
    counted = last is not None and item is not None and int(item[1]) == int(last[1]) + 1
    return _HEADING.search(line) is not None and not counted


def _without_lead(rows: list[list[_Cell]]) -> list[list[_Cell]]:
    """Return rows without the tab that leads every line of a flattened table, which is not a cell."""
    leads = len(rows) > 1 and all(len(row) > 1 and not row[0][0] for row in rows)
    return [row[1:] for row in rows] if leads else rows


def _grid(rows: list[list[_Cell]], spans: Spans, table: int) -> Grid:
    def place(row: int, column: int) -> Place:
        cells = rows[row]
        return Place(line=cells[min(column, len(cells) - 1)][1], table=table, row=row + 1, column=column + 1)

    return Grid([[text for text, _ in row] for row in rows], spans, place)
