"""Write forms and running text to Word: A4, Chinese fonts, merges as plain gridSpan and vMerge."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import docx
from docx.enum.section import WD_ORIENT
from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT, WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt
from docx.table import _Cell
from docx.text.paragraph import Paragraph

from zhunsheng.files.writing import write_whole
from zhunsheng.papers.packing import members_of, packed
from zhunsheng.reports.forms import Form
from zhunsheng.text import clean

_ALIGN = {
    "center": WD_ALIGN_PARAGRAPH.CENTER,
    "left": WD_ALIGN_PARAGRAPH.LEFT,
    "right": WD_ALIGN_PARAGRAPH.RIGHT,
}
A4 = (Cm(21.0), Cm(29.7))
MARGIN = Cm(2.0)
HIGH = 300  # characters in the narrowest cells of a form that fill about half a page


def new_document(*, landscape: bool = False) -> Any:
    """Return an empty A4 document in 宋体 with 黑体 headings."""
    document = docx.Document()
    # The library signs with its own name; a file of the site is signed by nobody.
    document.core_properties.author = document.core_properties.comments = ""
    _page(document.sections[0], landscape)
    for name, font, size in (
        ("Normal", "宋体", 10.5),
        ("Heading 1", "黑体", 15),
        ("Heading 2", "楷体", 13),
        ("Heading 3", "宋体", 12),
        ("Title", "黑体", 18),
    ):
        style = document.styles[name]
        style.font.name, style.font.size = font, Pt(size)
        style.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), font)
        for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
            style.element.rPr.rFonts.attrib.pop(qn(f"w:{theme}"), None)
        if name != "Normal":
            style.font.color.rgb = docx.shared.RGBColor(0, 0, 0)
    return document


def write_forms(forms: Sequence[Form], path: Path) -> None:
    """Write forms to ``path``, each on a page of its own in the orientation it asks for."""
    document = new_document(landscape=forms[0].landscape)
    for n, form in enumerate(forms):
        if n:
            _page(document.add_section(), form.landscape)
        add_form(document, form)
    save(document, path)


def save(document: Any, path: Path) -> None:
    """Write a document to ``path``, whole or not at all: the same content gives the same bytes."""
    buffer = BytesIO()
    document.save(buffer)
    write_whole(path, packed(members_of(buffer.getvalue())))


def add_form(document: Any, form: Form) -> None:
    """Append a form: title, caption, table, notes."""
    _line(document, form.title, 16, "黑体", WD_ALIGN_PARAGRAPH.CENTER)
    if form.caption:
        _line(document, form.caption, 10.5, "宋体", WD_ALIGN_PARAGRAPH.CENTER)
    section = document.sections[-1]
    room = section.page_width - section.left_margin - section.right_margin
    unit = room / sum(form.widths)
    widths = [int(w * unit) for w in form.widths]
    table = document.add_table(rows=1, cols=len(widths))
    table.style = "Table Grid"
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    table.autofit = False
    for column, width in zip(table.columns, widths, strict=True):
        column.width = width
    first = table.rows[0]._tr
    for tc, width in zip(first.tc_lst, widths, strict=True):
        tc.width = width
        _Cell(tc, table).vertical_alignment = WD_CELL_VERTICAL_ALIGNMENT.CENTER
    for _ in form.rows[1:]:  # the library takes ten times as long to make a row as to copy one
        table._tbl.append(deepcopy(first))
    rows = list(table.rows)
    grid = [list(row._tr.tc_lst) for row in rows]
    high = {r + n for r, _, cell in form.placed() if _high(cell.text) for n in range(cell.rows)}
    for n, row in enumerate(rows):
        if n not in high:  # a row higher than a page that may not break would lose its end
            _mark(row, "w:cantSplit")
    for r, c, cell in form.placed():
        if cell.rows * cell.columns > 1:
            _span(grid, r, c, cell.rows, cell.columns, sum(widths[c : c + cell.columns]))
        _fill(_Cell(grid[r][c], table), cell.text, _ALIGN[cell.align], cell.bold, 9 if form.landscape else 10)
    if form.header_rows and form.header_rows[0] == 0:
        for row in rows[: form.header_rows[1] + 1]:
            _mark(row, "w:tblHeader")
    for note in form.notes:
        _line(document, note, 9, "宋体", WD_ALIGN_PARAGRAPH.LEFT)


def add_heading(document: Any, words: str, level: int = 1) -> None:
    """Append a heading; level 0 is the title."""
    document.add_heading(clean(words), level)


def add_text(document: Any, text: str) -> None:
    """Append a paragraph of running text, indented by two characters."""
    paragraph = document.add_paragraph()
    paragraph.paragraph_format.first_line_indent = Pt(24)
    paragraph.paragraph_format.line_spacing = 1.5
    run = paragraph.add_run(clean(text))
    run.font.size = Pt(12)


def _fill(cell: Any, text: str, align: Any, bold: bool, size: float) -> None:
    # Merging leaves the covered cells' empty paragraphs behind; only those made here stay.
    for before in cell._tc.p_lst:
        cell._tc.remove(before)
    for line in clean(text).split("\n"):
        paragraph = deepcopy(_paragraph(align, bold, size))
        paragraph.r_lst[0].text = line
        cell._tc.append(paragraph)


@cache
def _paragraph(align: Any, bold: bool, size: float) -> Any:
    """Return a cell's paragraph to copy: the library takes ten times as long to make one as to copy it."""
    paragraph = Paragraph(OxmlElement("w:p"), None)  # type: ignore[arg-type]  # to copy, of no document yet
    paragraph.alignment = align
    paragraph.paragraph_format.space_before = paragraph.paragraph_format.space_after = Pt(2)
    run = paragraph.add_run("")
    run.bold = bold
    run.font.size = Pt(size)
    return paragraph._element


def _line(document: Any, text: str, size: float, font: str, align: Any) -> None:
    paragraph = document.add_paragraph()
    paragraph.alignment = align
    paragraph.paragraph_format.space_after = Pt(4)
    run = paragraph.add_run(clean(text))
    run.font.size, run.font.name = Pt(size), font
    run._element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), font)


def _page(section: Any, landscape: bool) -> None:
    width, height = A4
    section.orientation = WD_ORIENT.LANDSCAPE if landscape else WD_ORIENT.PORTRAIT
    section.page_width, section.page_height = (height, width) if landscape else (width, height)
    section.left_margin = section.right_margin = MARGIN
    section.top_margin = section.bottom_margin = MARGIN


def _span(grid: list[list[Any]], r: int, c: int, rows: int, columns: int, width: int) -> None:
    """Let an empty cell cover others; the library's own merge looks through the whole table
    for every cell.
    """
    for n, line in enumerate(grid[r : r + rows]):
        for covered in line[c + 1 : c + columns]:
            covered.getparent().remove(covered)
        line[c].grid_span = columns
        line[c].width = width
        if rows > 1:
            line[c].vMerge = "continue" if n else "restart"


def _high(text: str) -> bool:
    """Return whether a text may take more of a page than a row that stays together should."""
    return len(text) > HIGH or text.count("\n") * 12 > HIGH


def _mark(row: Any, tag: str) -> None:
    row._tr.get_or_add_trPr().append(OxmlElement(tag))
