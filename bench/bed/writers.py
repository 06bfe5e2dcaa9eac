"""Write a test document as docx, xlsx, html, txt, csv, and in what else is made here."""

from __future__ import annotations

import csv
import html
import io
import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from pathlib import Path
from xml.sax.saxutils import escape

import docx
import xlsxwriter
from docx.enum.section import WD_ORIENT
from docx.oxml import parse_xml

from bed.flat import write_excel, write_word
from bed.grids import Cell, Document, Table

_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def write(document: Document, ending: str, folder: Path, draw: random.Random) -> Path:
    """Write the document into a folder; return the file."""
    path = folder / f"{document.stem}.{'xml' if ending in ('wordxml', 'excelxml') else ending}"
    WRITERS[ending](document, path, draw)
    return path


# -- Word


_SYMBOLS = {"≥": "F0B3", "≤": "F0A3"}  # in the font Symbol, as older forms have them


@dataclass(frozen=True)
class _Hand:
    """How a Word document was typed: signs as symbols of a font, hyphens that hold, old words struck out."""

    symbols: bool
    hyphens: bool
    changes: bool

    def runs(self, text: str, *, hidden: bool = False) -> str:
        """Return the paragraphs of a text, one a line."""
        return "".join(f"<w:p>{self.line(line, hidden)}</w:p>" for line in text.split("\n"))

    def line(self, line: str, hidden: bool) -> str:
        mark = "<w:rPr><w:vanish/></w:rPr>" if hidden else ""
        struck = ""
        if self.changes and re.fullmatch(r"[≥≤]\d.*", line):
            struck = '<w:del w:id="1" w:author="a"><w:r><w:delText>原值9</w:delText></w:r></w:del>'
        pieces = []
        for piece in re.split(r"([≥≤-])", line):
            if self.symbols and piece in _SYMBOLS:
                said = f'<w:sym w:font="Symbol" w:char="{_SYMBOLS[piece]}"/>'
            elif self.hyphens and piece == "-":
                said = "<w:noBreakHyphen/>"
            else:
                said = f'<w:t xml:space="preserve">{escape(piece)}</w:t>'
            pieces.append(f"<w:r>{mark}{said}</w:r>")
        return struck + "".join(pieces)


# The lines of a table by its look: all, none, across only, or every other row shaded.
_LOOKS = {
    "ruled": ("top", "left", "bottom", "right", "insideH", "insideV"),
    "across": ("top", "bottom", "insideH"),
    "striped": ("top", "bottom"),
    "bare": (),
}


def _word_table(table: Table, look: str, wide: int, hand: _Hand) -> str:
    rows = []
    for r in range(table.height):
        cells = []
        shade = '<w:shd w:val="clear" w:fill="E8EEF4"/>' if look == "striped" and r % 2 else ""
        for cell in sorted((c for c in table.cells if c.row <= r < c.row + c.rows), key=lambda c: c.column):
            properties = f'<w:gridSpan w:val="{cell.columns}"/>' if cell.columns > 1 else ""
            if cell.rows > 1:
                properties += '<w:vMerge w:val="restart"/>' if r == cell.row else "<w:vMerge/>"
            text = cell.text if r == cell.row else ""
            inner = hand.runs(text, hidden=r in table.hidden)
            cells.append(f"<w:tc><w:tcPr>{properties}{shade}</w:tcPr>{inner}</w:tc>")
        rows.append(f"<w:tr>{''.join(cells)}</w:tr>")
    grid = f'<w:gridCol w:w="{wide // max(1, table.width)}"/>' * table.width
    borders = "".join(f'<w:{side} w:val="single" w:sz="4"/>' for side in _LOOKS[look])
    head = f"<w:tblPr><w:tblBorders>{borders}</w:tblBorders></w:tblPr><w:tblGrid>{grid}</w:tblGrid>"
    return f"<w:tbl {_W}>{head}{''.join(rows)}</w:tbl>"


def _docx(document: Document, path: Path, draw: random.Random) -> None:
    file = docx.Document()
    section = file.sections[0]
    if draw.random() < 0.3:
        section.orientation = WD_ORIENT.LANDSCAPE
        section.page_width, section.page_height = section.page_height, section.page_width
    wide = int(
        (section.page_width - section.left_margin - section.right_margin) / 635
    )  # in twentieths of a point
    look = draw.choices(list(_LOOKS), (6, 1, 1, 1))[0]
    hand = _Hand(*(draw.random() < 0.15 for _ in range(3)))
    end = file.element.body[-1]
    for block in document.blocks:
        if isinstance(block, Table):
            end.addprevious(parse_xml(_word_table(block, look, wide, hand)))
        for line in block.split("\n") if isinstance(block, str) else [""]:
            run = f'<w:r><w:t xml:space="preserve">{escape(line)}</w:t></w:r>'
            end.addprevious(parse_xml(f"<w:p {_W}>{run}</w:p>"))
    file.save(str(path))


# -- Excel


def _typed(cell: Cell, draw: random.Random) -> tuple[float, str] | None:
    """Return a number and its format where a person might have typed one, None for a text."""
    if (
        re.fullmatch(r"\d{1,9}(\.\d{1,4})?", cell.text)
        and not cell.text.startswith("00")
        and draw.random() < 0.7
    ):
        return float(cell.text), "General"
    if re.fullmatch(r"\d{1,3}(\.\d{1,2})?%", cell.text) and draw.random() < 0.5:
        places = len(cell.text.rstrip("%").partition(".")[2])
        return float(cell.text[:-1]) / 100, f"0.{'0' * places}%" if places else "0%"
    if re.fullmatch(r"≥\d{1,3}%", cell.text) and draw.random() < 0.15:
        return float(cell.text[1:-1]) / 100, '"≥"0%'
    if found := re.fullmatch(r"≥(\d{2,6})(\w{1,2})", cell.text):
        if draw.random() < 0.1:
            return float(found[1]), f'"≥"0"{found[2]}"'
    if found := re.fullmatch(r"(\d{4})[-/](\d+)[-/](\d+)", cell.text):
        if draw.random() < 0.7:
            day = date(*map(int, found.groups()))
            return float((day - date(1899, 12, 30)).days), draw.choice(("yyyy-mm-dd", 'yyyy"年"m"月"d"日"'))
    return None


def _xlsx(document: Document, path: Path, draw: random.Random) -> None:
    with xlsxwriter.Workbook(str(path)) as book:
        formats: dict[str, object] = {}
        plain = book.add_format({"border": 1, "text_wrap": True})
        pages = document.pages if len(document.pages) < 2 or draw.random() < 0.6 else [document.blocks]
        for n, page in enumerate(pages, 1):
            sheet = book.add_worksheet(f"表{n}" if len(pages) > 1 else "绩效目标")
            at = 0
            for block in page:
                if isinstance(block, str):
                    sheet.write_string(at, 0, block)
                    at += 1
                    continue
                for cell in block.cells:
                    row = at + cell.row
                    typed = _typed(cell, draw)
                    style = plain
                    if typed and typed[1] != "General":
                        style = formats.setdefault(
                            typed[1], book.add_format({"border": 1, "num_format": typed[1]})
                        )  # type: ignore[assignment]
                    if cell.rows * cell.columns > 1:
                        sheet.merge_range(
                            row, cell.column, row + cell.rows - 1, cell.column + cell.columns - 1, "", style
                        )
                    if typed and draw.random() < 0.1:
                        sheet.write_formula(row, cell.column, f"={typed[0]!r}", style, typed[0])
                    elif typed:
                        sheet.write_number(row, cell.column, typed[0], style)
                    else:
                        sheet.write_string(row, cell.column, cell.text, style)
                for row in block.hidden:
                    sheet.set_row(at + row, None, None, {"hidden": True})
                at += block.height


# -- the web


def _html_cell(text: str, draw: random.Random, form: bool) -> str:
    """Return what stands in a cell; on a form a value may be an input's or the chosen one of a list."""
    said = html.escape(text).replace("\n", "<br>")
    if form and re.match(r"[≥≤]", text):
        chance = draw.random()
        if chance < 0.3:
            return f'<input type="text" value="{said}">'
        if chance < 0.5:
            return f"<select><option>请选择</option><option selected>{said}</option></select>"
        if chance < 0.7:
            return f'{said[:2]}<span style="display:none">9</span>{said[2:]}'
    return said


def _html_table(table: Table, draw: random.Random, form: bool) -> str:
    rows = []
    for r, cells in enumerate(table.rows()):
        shown = "".join(
            f"<td{f' rowspan={c.rows}' if c.rows > 1 else ''}"
            f"{f' colspan={c.columns}' if c.columns > 1 else ''}>{_html_cell(c.text, draw, form)}</td>"
            for c in cells
        )
        hidden = draw.choice((' style="display:none"', " hidden")) if r in table.hidden else ""
        rows.append(f"<tr{hidden}>{shown}</tr>")
    return f"<table border=1>{''.join(rows)}</table>"


def _html(document: Document, path: Path, draw: random.Random) -> None:
    form = draw.random() < 0.25
    parts = [
        _html_table(block, draw, form) if isinstance(block, Table) else f"<p>{html.escape(block)}</p>"
        for block in document.blocks
    ]
    head = "<meta charset=utf-8><title>公开</title><script>var 指标值 = '≥1';</script>"
    path.write_text(f"<!DOCTYPE html><html><head>{head}</head><body>{''.join(parts)}</body></html>", "utf-8")


# -- plain text


def _seen(table: Table) -> list[list[str]]:
    return [row for r, row in enumerate(table.texts()) if r not in table.hidden]


def _flattened(table: Table) -> str:
    """Return each cell on a line behind a tab, rows parted by an empty line, as copied from a page."""
    rows = []
    covered: list[list[str]] = []
    for r in range(table.height):
        if r in table.hidden:
            continue
        row = []
        for cell in sorted((c for c in table.cells if c.row <= r < c.row + c.rows), key=lambda c: c.column):
            row.append(cell.text if r == cell.row else "")
        covered.append(row)
    for row in covered:
        rows.append("\n".join(f"\t{text}" for text in row))
    return "\n\n".join(rows)


def _width(text: str) -> int:
    return sum(2 if ord(c) > 0x2E80 else 1 for c in text)


def _aligned(table: Table) -> str:
    """Return the table lined up by blanks; a merged cell takes the room of its columns."""
    widths = [0] * table.width
    for cell in sorted(table.cells, key=lambda c: c.columns):
        columns = range(cell.column, cell.column + cell.columns)
        lacking = (
            _width(cell.text.replace("\n", "")) - sum(widths[c] for c in columns) - 2 * (cell.columns - 1)
        )
        widths[columns[-1]] += max(0, lacking)
    lines = []
    for r in range(table.height):
        if r in table.hidden:
            continue
        parts = []
        for cell in sorted((c for c in table.cells if c.row <= r < c.row + c.rows), key=lambda c: c.column):
            room = sum(widths[cell.column : cell.column + cell.columns]) + 2 * (cell.columns - 1)
            text = cell.text.replace("\n", "") if cell.row == r else ""
            parts.append(text + " " * (room - _width(text)))
        lines.append("  ".join(parts).rstrip())
    return "\n".join(lines)


def _stroked(table: Table) -> str:
    return "\n".join("| " + " | ".join(t.replace("\n", " ") for t in row) + " |" for row in _seen(table))


def _tabbed(table: Table) -> str:
    return "\n".join("\t".join(t.replace("\n", " ") for t in row) for row in _seen(table))


def _txt(document: Document, path: Path, draw: random.Random) -> None:
    shape = draw.choice((_flattened, _flattened, _stroked, _tabbed, _aligned))
    parts = [shape(block) if isinstance(block, Table) else block for block in document.blocks]
    path.write_text("\n\n".join(parts) + "\n", encoding=draw.choice(("utf-8", "utf-8", "gb18030")))


def _csv(document: Document, path: Path, draw: random.Random) -> None:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=draw.choice((",", ",", ",", ";", "\t")))
    for block in document.blocks:
        writer.writerows(_seen(block) if isinstance(block, Table) else [[block]])
    path.write_bytes(out.getvalue().encode(draw.choice(("utf-8-sig", "gb18030"))))


# -- packed


def _mht(document: Document, path: Path, draw: random.Random) -> None:
    page = path.with_suffix(".part")
    _html(document, page, draw)
    message = MIMEMultipart("related", type="text/html")
    message["Subject"] = document.stem
    message.attach(MIMEText(page.read_text(encoding="utf-8"), "html", "utf-8"))
    page.unlink()
    path.write_bytes(message.as_bytes())


def _ofd(document: Document, path: Path, draw: random.Random) -> None:
    from bed.drawn import write_ofd  # its pages are those that tests draw, on the path of tests

    write_ofd(document, path, draw)


def _wordxml(document: Document, path: Path, draw: random.Random) -> None:
    look = draw.choices(list(_LOOKS), (6, 1, 1, 1))[0]
    hand = _Hand(draw.random() < 0.15, draw.random() < 0.15, changes=False)
    write_word(document, path, lambda table: _word_table(table, look, 9000, hand).replace(f" {_W}", ""))


def _excelxml(document: Document, path: Path, draw: random.Random) -> None:
    write_excel(document, path, draw, _typed)


WRITERS: dict[str, Callable[[Document, Path, random.Random], None]] = {
    "docx": _docx,
    "xlsx": _xlsx,
    "html": _html,
    "txt": _txt,
    "csv": _csv,
    "mht": _mht,
    "ofd": _ofd,
    "wordxml": _wordxml,
    "excelxml": _excelxml,
}
