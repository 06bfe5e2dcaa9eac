"""Return a ledger file with its bad cells marked: coloured, commented, and a column that says
what is wrong.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container
from pathlib import Path
from typing import Any

from zhunsheng.evidence.account import Account
from zhunsheng.evidence.importing import Checked, RowError
from zhunsheng.evidence.ledgers import DEPARTMENT, Ledger
from zhunsheng.evidence.marking_large import Marks, mark_large
from zhunsheng.evidence.raw import Layout
from zhunsheng.faults import of_system
from zhunsheng.files.opening import Opened, open_file
from zhunsheng.files.spreadsheet import sheets_of
from zhunsheng.files.writing import TextBook, named_after, pieces, whole_file

_FILL = "FFFFC7CE"
_TITLE = "错误说明"
_ACCOUNT = "读入情况"
ByRow = dict[tuple[str | None, int], list[RowError]]  # by worksheet and row
# Up to so much openpyxl marks the workbook, which sets a note on each cell too and takes half a kilobyte a
# cell, also of empty ones; a larger one is marked while it is copied.
_MARKED_BYTES, _MARKED_CELLS = 16 * 2**20, 500_000


def marked_copy(checked: Checked, out: Path) -> Path:
    """Write the marked copy to folder ``out`` and return its path: the workbook itself,
    or the bad rows of a csv.
    """
    out.mkdir(parents=True, exist_ok=True)
    target = out / named_after(checked.path.stem, "-标注.xlsx")
    by_row: ByRow = defaultdict(list)
    only = checked.layouts[0].sheet
    for error in checked.errors:
        by_row[error.sheet or only, error.row].append(error)
    with whole_file(target) as partial:
        if not (checked.path.suffix.lower() == ".xlsx" and only and _mark(checked, by_row, partial)):
            _write_bad_rows(checked, by_row, partial)
    return target


def _mark(checked: Checked, by_row: ByRow, target: Path) -> bool:
    """Mark a copy of the workbook; return False where neither way takes it."""
    try:
        opened = open_file(checked.path)
        parts = opened.archive
        if parts is None:
            return False
        if sum(m.file_size for m in parts.members if m.filename.endswith(".xml")) > _MARKED_BYTES:
            _mark_large(opened, checked, by_row, target)
            return True
        return _mark_workbook(checked, by_row, target)
    except Exception as error:
        if of_system(error):
            raise
        # Read by another library, which takes more: styles that are none, names that lead nowhere,
        # days before 1900.
        return False


def _mark_large(opened: Opened, checked: Checked, by_row: ByRow, target: Path) -> None:
    titles = {c.title: c.name for c in checked.ledger.columns}
    marks = {}
    for layout in checked.layouts:
        own = {row: errors for (sheet, row), errors in by_row.items() if sheet == layout.sheet}
        columns = layout.head.columns
        cells = {
            row: frozenset(columns.get(titles.get(error.column, DEPARTMENT), 0) for error in errors)
            for row, errors in own.items()
        }
        said = {row: pieces(_said(errors)) for row, errors in own.items()}
        marks[layout.sheet or ""] = Marks(layout, cells, said, _TITLE)
    taken = [name for name, _path, _hidden in sheets_of(opened)]
    mark_large(opened, marks, list(checked.account.lines()), _free_name(taken), target)


def _free_name(taken: Container[str]) -> str:
    """Return the name of the sheet with the account, which none of a workbook's own has."""
    name = _ACCOUNT
    while name in taken:
        name += "_"
    return name


def _mark_workbook(checked: Checked, by_row: ByRow, target: Path) -> bool:
    """Mark a copy of the workbook; return False where it has too many cells."""
    import openpyxl  # here, as below: a quarter of a second that no command pays which marks nothing

    book = openpyxl.load_workbook(checked.path, keep_links=False)
    if sum(sheet.max_row * sheet.max_column for sheet in book.worksheets) > _MARKED_CELLS:
        return False
    _still(book, checked.path)
    for layout in checked.layouts:
        own = {row: errors for (sheet, row), errors in by_row.items() if sheet == layout.sheet}
        _mark_sheet(book[layout.sheet or ""], layout, checked.ledger, own)
    _tell(book, checked.account)
    book.save(target)
    return True


def _mark_sheet(sheet: Any, layout: Layout, ledger: Ledger, by_row: dict[int, list[RowError]]) -> None:
    from openpyxl.comments import Comment
    from openpyxl.styles import Font, PatternFill

    fill = PatternFill("solid", fgColor=_FILL)
    last = sheet.max_column + 1
    head = sheet.cell(layout.head.first_row - 1, last, _TITLE)
    head.font = Font(bold=True, color="FF9C0006")
    sheet.column_dimensions[head.column_letter].width = 48
    titles = {c.title: c.name for c in ledger.columns}
    anchors = _anchors(sheet)
    for row, errors in by_row.items():
        for error in errors:
            at = row, layout.head.columns.get(titles.get(error.column, DEPARTMENT), 0) + 1
            cell = sheet.cell(*anchors.get(at, at))  # what a merged cell covers takes no comment of its own
            cell.fill = fill
            cell.comment = Comment(error.message, "准绳")
        for n, piece in enumerate(pieces(_said(errors))):  # what one cell can't hold goes on to its right
            note = sheet.cell(row, last + n, piece)
            note.data_type = "s"
            note.font = Font(color="FF9C0006")


def _tell(book: Any, account: Account) -> None:
    """Add a sheet with the account of the file, under a name that none of its own has."""
    sheet = book.create_sheet(_free_name(book.sheetnames))
    for at, line in enumerate(account.lines(), start=1):
        for column, text in enumerate(line, start=1):
            cell = sheet.cell(at, column, text)
            cell.data_type = "s"  # a title of the file is no formula
    for letter in "AB":
        sheet.column_dimensions[letter].width = 40


def _still(book: Any, path: Path) -> None:
    """Leave of each formula what it came to when the file was saved, or its words:
    the copy of a stranger's file runs nothing.

    Who wrote and who saved the file is nobody's business who gets the copy.
    """
    formulas = [
        cell
        for sheet in book.worksheets
        for row in sheet.iter_rows()
        for cell in row
        if cell.data_type == "f"
    ]
    if formulas:
        import openpyxl

        values = openpyxl.load_workbook(path, data_only=True, keep_links=False)
        for cell in formulas:
            value, words = (
                values[cell.parent.title][cell.coordinate].value,
                getattr(cell.value, "text", cell.value),
            )
            cell.value = str(words) if value is None else value
            if isinstance(cell.value, str):
                cell.data_type = "s"
    book.properties.creator, book.properties.lastModifiedBy = "准绳", None


def _anchors(sheet: Any) -> dict[tuple[int, int], tuple[int, int]]:
    """Return the first cell (row, column from 1) of the merged ones that cover each cell."""
    return {
        (row, column): (merged.min_row, merged.min_col)
        for merged in sheet.merged_cells.ranges
        for row in range(merged.min_row, merged.max_row + 1)
        for column in range(merged.min_col, merged.max_col + 1)
    }


def _write_bad_rows(checked: Checked, by_row: ByRow, target: Path) -> None:
    """A csv has no colours, so its bad rows go into a workbook, each with its row number in the file."""
    columns = [
        c for c in checked.ledger.columns if any(c.name in layout.head.columns for layout in checked.layouts)
    ]
    with TextBook(target) as book:
        sheet = book.sheet("不合格的行")
        bold = book.book.add_format({"bold": True})
        bad = book.book.add_format({"bg_color": "#FFC7CE"})
        for n, title in enumerate(["文件行号", *(c.title for c in columns), _TITLE]):
            sheet.write_string(0, n, title, bold)
        fields = ", ".join(f"raw_{c.name}" for c in columns)
        rows = checked.connection.execute(
            f"SELECT _sheet, _row, {fields} FROM parsed WHERE _id IN (SELECT _id FROM problems) ORDER BY _id "
            f"LIMIT {len(by_row)}"
        ).fetchall()
        for at, (table, row, *values) in enumerate(rows, start=1):
            errors = by_row.get((table, row), [])
            wrong = {error.column for error in errors}
            sheet.write_number(at, 0, row)
            for n, (column, value) in enumerate(zip(columns, values, strict=True), start=1):
                book.text(sheet, at, n, value or "", bad if column.title in wrong else None)
            book.text(sheet, at, len(columns) + 1, _said(errors))
        sheet.autofit(320)
        sheet.freeze_panes(1, 1)
        told = book.sheet(_ACCOUNT)
        for at, line in enumerate(checked.account.lines()):
            for n, text in enumerate(line):
                book.text(told, at, n, text)
        told.autofit(320)


def _said(errors: list[RowError]) -> str:
    return "；".join(f"{e.column}：{e.message}" for e in errors)
