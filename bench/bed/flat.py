"""Write a test document as the XML that Word and Excel 2003 save: one file of its own format, named .xml."""

from __future__ import annotations

import random
from collections.abc import Callable
from html import escape
from pathlib import Path

from bed.grids import Cell, Document, Table

_WORD = "http://schemas.microsoft.com/office/word/2003/wordml"
_EXCEL = "urn:schemas-microsoft-com:office:spreadsheet"
_FORMATS = {"0.00": "Fixed", "General": "General"}  # as Excel names them
Typed = Callable[[Cell, random.Random], tuple[float, str] | None]


def write_word(document: Document, path: Path, tables: Callable[[Table], str]) -> None:
    """Write WordprocessingML; ``tables`` makes the XML of one table in the format of docx."""
    parts = []
    for block in document.blocks:
        if isinstance(block, str):
            parts += [f"<w:p><w:r><w:t>{escape(line)}</w:t></w:r></w:p>" for line in block.split("\n")]
        else:
            parts.append(tables(block).replace("<w:vMerge", "<w:vmerge"))
    path.write_text(
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?><?mso-application progid="Word.Document"?>'
        f'<w:wordDocument xmlns:w="{_WORD}"><w:body>{"".join(parts)}<w:sectPr/></w:body></w:wordDocument>',
        encoding="utf-8",
    )


def write_excel(document: Document, path: Path, draw: random.Random, typed: Typed) -> None:
    """Write SpreadsheetML; ``typed`` tells which cells hold numbers, and in what format."""
    styles: dict[str, str] = {}
    sheets = []
    for n, page in enumerate(document.pages, 1):
        rows = []
        for block in page:
            if isinstance(block, str):
                rows.append(f'<Row><Cell><Data ss:Type="String">{escape(block)}</Data></Cell></Row>')
                continue
            for number, cells in enumerate(block.rows()):
                hidden = ' ss:Hidden="1"' if number in block.hidden else ""
                written = "".join(_cell(cell, typed(cell, draw), styles) for cell in cells)
                rows.append(f"<Row{hidden}>{written}</Row>")
        sheets.append(f'<Worksheet ss:Name="表{n}"><Table>{"".join(rows)}</Table></Worksheet>')
    told = "".join(
        f'<Style ss:ID="{name}"><NumberFormat ss:Format="{escape(_FORMATS.get(code, code))}"/></Style>'
        for code, name in styles.items()
    )
    path.write_text(
        '<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>'
        f'<Workbook xmlns="{_EXCEL}" xmlns:ss="{_EXCEL}"><Styles>{told}</Styles>{"".join(sheets)}</Workbook>',
        encoding="utf-8",
    )


def _cell(cell: Cell, typed: tuple[float, str] | None, styles: dict[str, str]) -> str:
    marks = f' ss:Index="{cell.column + 1}"'
    marks += f' ss:MergeAcross="{cell.columns - 1}"' if cell.columns > 1 else ""
    marks += f' ss:MergeDown="{cell.rows - 1}"' if cell.rows > 1 else ""
    if typed is None:
        text = escape(cell.text).replace("\n", "&#10;")
        return f'<Cell{marks}><Data ss:Type="String">{text}</Data></Cell>'
    style = styles.setdefault(typed[1], f"s{len(styles) + 21}")
    return f'<Cell{marks} ss:StyleID="{style}"><Data ss:Type="Number">{typed[0]!r}</Data></Cell>'
