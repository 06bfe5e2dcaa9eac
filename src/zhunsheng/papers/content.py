"""What stands in a paper, by places, in a way that saving it again in another office program leaves as it is.

The reading is part of the format ``zhunsheng.paper/1``: it may not change for papers that were given out. It
is of texts, not of looks; what could hide or replace a text (pictures, comments, formulas, what is hidden) is
counted.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import lxml.html
from lxml import etree

from zhunsheng.files.number_formats import is_general, shown
from zhunsheng.files.opening import Opened
from zhunsheng.files.spreadsheet import column_of, sheets_of

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_S = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_SPACES = re.compile(r"[\s\u200b\ufeff]+")
# Codes of a sheet's head and foot: font, colour, size, place and fields; what they leave is text.
_HEAD_CODES = re.compile('&"[^"]*"|&K[0-9A-Fa-f+-]{6}|&[0-9]{1,3}(?![0-9])|&[A-Za-z]')
_BUILT_IN = {"9": "0%", "10": "0.00%", "14": "yyyy-mm-dd", "3": "#,##0", "4": "#,##0.00"}


@dataclass(frozen=True)
class Cell:
    """One cell of a row: its column (from 1; in Word its turn among the row's cells), its text, whether it
    heads others (bold), and the columns of the table's grid that it covers, first and last.
    """

    column: int
    text: str
    heads: bool = False
    grid: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class Row:
    """One row: its number as a reader counts it (from 1) and its cells that hold something."""

    number: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Block:
    """One piece of a paper: ``kind`` is p (a paragraph), t (a table), s (a worksheet), h or f (a page's head
    or foot); ``text`` is a paragraph's, or a worksheet's name.
    """

    kind: str
    text: str = ""
    rows: tuple[Row, ...] = ()


@dataclass(frozen=True)
class Content:
    """All blocks in order, and by kind how many things there are that could hide or replace a text."""

    blocks: tuple[Block, ...]
    marks: dict[str, int]


MARKS = ("pictures", "comments", "notes", "formulas", "fields", "hidden", "scripts")


def plain(text: str) -> str:
    """Return a text as it is compared: blanks of any kind and number as one, empty lines left out."""
    lines = (_SPACES.sub(" ", line).strip() for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


def content_of(opened: Opened) -> Content | None:
    """Return what stands in a docx, xlsx or html; None for any other kind. Raises ``ZS-IN-05``, ``-07``,
    ``-08``.
    """
    if opened.kind == "docx":
        return _word(opened)
    if opened.kind == "xlsx":
        return _excel(opened)
    return _page(opened.text) if opened.kind == "html" else None


def _told(blocks: Sequence[Block], counted: dict[str, int]) -> Content:
    return Content(tuple(blocks), {name: counted[name] for name in MARKS if counted.get(name)})


def without_line(content: Content, line: str) -> Content:
    """Return what stands in a paper but for the line on its face; the same where no such line stands
    there.
    """
    told, blocks = plain(line), []
    for block in content.blocks:
        if block.kind in "pf" and told in (lines := block.text.split("\n")):
            rest = "\n".join(one for one in lines if one != told)
            if rest:
                blocks.append(Block(block.kind, rest))
        else:
            blocks.append(block)
    return Content(tuple(blocks), content.marks)


# -- Word


def _word(opened: Opened) -> Content:
    assert opened.archive is not None
    root = opened.xml("word/document.xml")
    body = root.find(f"{_W}body")
    blocks = list(_word_blocks(body if body is not None else root))
    counted = _word_marks(root)
    edges: set[tuple[str, str]] = set()
    for name in sorted(opened.archive.names):
        part = posixpath.basename(name)
        if not name.startswith("word/") or not part.endswith(".xml") or "/" in name[5:]:
            continue
        if part.startswith(("header", "footer")):
            text = "\n".join(_word_text(p) for p in opened.xml(name).iter(f"{_W}p"))
            edges.add((part[0], plain(text)))
        elif part.startswith("comments.") and "comments" not in counted:
            counted["comments"] = len(list(opened.xml(name).iter(f"{_W}comment")))
        elif part.startswith(("footnotes.", "endnotes.")):
            own = [n for n in opened.xml(name) if n.get(f"{_W}type") in (None, "normal")]
            counted["notes"] = counted.get("notes", 0) + len(own)
    blocks += [Block(kind, text) for kind, text in sorted(edges) if text]
    return _told(blocks, counted)


def _word_marks(root: Any) -> dict[str, int]:
    def count(*tags: str) -> int:
        return sum(not _is_fallback(e) for tag in tags for e in root.iter(f"{_W}{tag}"))

    return {
        "pictures": count("drawing", "pict", "object"),
        "fields": count("instrText", "fldSimple", "altChunk"),
        "hidden": count("vanish"),
    }


def _is_fallback(element: Any) -> bool:
    return any(above.tag == f"{_MC}Fallback" for above in element.iterancestors())


def _word_blocks(parent: Any) -> Iterator[Block]:
    for element in parent:
        if element.tag == f"{_W}p":
            if text := plain(_word_text(element)):
                yield Block("p", text)
        elif element.tag == f"{_W}tbl":
            yield Block("t", rows=tuple(_word_rows(element)))
        elif element.tag not in (f"{_W}sectPr", f"{_MC}Fallback"):  # whatever holds paragraphs and tables
            yield from _word_blocks(element)


def _word_rows(table: Any) -> Iterator[Row]:
    for number, row in enumerate(table.iterfind(f".//{_W}tr"), start=1):
        if next(row.iterancestors(f"{_W}tbl")) is not table:
            continue  # of a table within a cell, which is that cell's text
        cells, column = [], 1
        own = [c for c in row.iterfind(f".//{_W}tc") if next(c.iterancestors(f"{_W}tr")) is row]
        for turn, cell in enumerate(own, start=1):
            said = cell.find(f"{_W}tcPr")
            span = _value(said, "gridSpan")
            width = int(span) if span.isdecimal() else 1
            merged = said.find(f"{_W}vMerge") if said is not None else None
            goes_on = merged is not None and merged.get(f"{_W}val", "continue") == "continue"
            text = plain("\n".join(_word_text(p) for p in cell.iter(f"{_W}p")))
            if text:  # of a cell that another covers nothing is shown; a text in it was put there
                heads = _bold(cell) and not goes_on
                cells.append(Cell(turn, text, heads, (column, column + width - 1)))
            column += width
        yield Row(number, tuple(cells))


def _value(parent: Any, tag: str) -> str:
    found = parent.find(f"{_W}{tag}") if parent is not None else None
    return (found.get(f"{_W}val") or "") if found is not None else ""


def _bold(cell: Any) -> bool:
    bold = next(cell.iter(f"{_W}b"), None)
    return bold is not None and bold.get(f"{_W}val", "true") not in ("0", "false", "off")


def _word_text(paragraph: Any) -> str:
    """Return a paragraph's text as it is shown with all changes taken; text boxes in it count."""
    said = []
    for element in paragraph.iter(
        f"{_W}t", f"{_W}br", f"{_W}cr", f"{_W}tab", f"{_W}sym", f"{_W}noBreakHyphen"
    ):
        if _is_fallback(element):
            continue
        name = etree.QName(element).localname
        if name == "t":
            said.append(element.text or "")
        elif name == "sym":
            said.append(f"〔{element.get(f'{_W}char')}〕")
        elif name != "tab" or element.getparent().tag == f"{_W}r":  # a tab of the style is none
            said.append({"tab": " ", "noBreakHyphen": "-"}.get(name, "\n"))
    return "".join(said)


# -- Excel


def _excel(opened: Opened) -> Content:
    assert opened.archive is not None
    names = opened.archive.names
    shared: list[str] = []
    if "xl/sharedStrings.xml" in names:
        shared = [_strings(one) for one in opened.xml("xl/sharedStrings.xml").iter(f"{_S}si")]
    styles = _styles(opened) if "xl/styles.xml" in names else []
    blocks, edges, counted = [], set(), {"pictures": sum(n.startswith("xl/media/") for n in names)}
    for drawing in (n for n in names if n.startswith("xl/drawings/") and n.endswith(".xml")):
        anchors = opened.xml(drawing)  # each holds a shape, a text box, a chart
        counted["pictures"] += sum("Anchor" in etree.QName(e).localname for e in anchors)
    comments = [n for n in names if posixpath.basename(n).startswith(("comments", "threadedComment"))]
    counted["comments"] = sum(
        len(opened.xml(n).findall(f".//{_S}comment")) for n in comments if n.endswith(".xml")
    )
    counted["formulas"] = counted["hidden"] = 0
    for name, path, hidden in sheets_of(opened):
        root = opened.xml(path)
        blocks.append(Block("s", plain(name), tuple(_excel_rows(root, shared, styles))))
        counted["formulas"] += sum(1 for _ in root.iter(f"{_S}f"))
        counted["hidden"] += hidden + sum(
            e.get("hidden") in ("1", "true") for tag in ("row", "col") for e in root.iter(f"{_S}{tag}")
        )
        for part in root.iter(f"{_S}headerFooter"):
            for element in part:
                kind = "h" if etree.QName(element).localname.endswith("Header") else "f"
                edges.add((kind, plain(_HEAD_CODES.sub("\n", element.text or "").replace("&&", "&"))))
    blocks += [Block(kind, text) for kind, text in sorted(edges) if text]
    return _told(blocks, counted)


def _strings(element: Any) -> str:
    """Return a text's runs; how it is read aloud (phonetic) is none of it."""
    return "".join(
        t.text or "" for t in element.iter(f"{_S}t") if etree.QName(t.getparent()).localname != "rPh"
    )


def _styles(opened: Opened) -> list[tuple[str, bool]]:
    """Return of each style of cells its number format and whether it is bold."""
    root = opened.xml("xl/styles.xml")
    formats = {f.get("numFmtId"): f.get("formatCode") or "" for f in root.iter(f"{_S}numFmt")}
    bold = []
    for font in root.iterfind(f"{_S}fonts/{_S}font"):
        said = font.find(f"{_S}b")
        bold.append(said is not None and said.get("val", "1") not in ("0", "false"))
    found = []
    for xf in root.iterfind(f"{_S}cellXfs/{_S}xf"):
        number, font_id = xf.get("numFmtId") or "0", int(xf.get("fontId") or 0)
        found.append((formats.get(number, _BUILT_IN.get(number, "")), font_id < len(bold) and bold[font_id]))
    return found


def _excel_rows(root: Any, shared: Sequence[str], styles: Sequence[tuple[str, bool]]) -> Iterator[Row]:
    number = 0
    for row in root.iter(f"{_S}row"):
        said = row.get("r") or ""
        number = int(said) if said.isdecimal() else number + 1
        cells, column = [], 0
        for cell in row.iterfind(f"{_S}c"):
            letters = (cell.get("r") or "").rstrip("0123456789").encode()
            column = column_of(letters) if letters else column + 1
            style = cell.get("s") or "0"
            code, heads = (
                styles[int(style)] if style.isdecimal() and int(style) < len(styles) else ("", False)
            )
            if text := plain(_cell_text(cell, shared, code)):
                cells.append(Cell(column, text, heads, (column, column)))
        if cells:
            yield Row(number, tuple(cells))


def _cell_text(cell: Any, shared: Sequence[str], code: str) -> str:
    """Return what a cell shows by its number format."""
    kind, value = cell.get("t", "n"), cell.find(f"{_S}v")
    text = (value.text or "") if value is not None else ""
    if kind == "s":
        text = shared[int(text)] if text.isdecimal() and int(text) < len(shared) else text
    elif kind == "inlineStr":
        text = _strings(cell)
    if kind not in ("n", "s", "inlineStr", "str") or not text:
        return text
    found: str | float = text
    if kind == "n":
        try:
            found = float(text)
        except ValueError:
            return text
        text = f"{found:.15g}"
    if is_general(code):
        return text
    told = shown(found, code)
    return text if told is None else told


# -- pages

_INLINE = {
    "a",
    "abbr",
    "b",
    "bdi",
    "code",
    "em",
    "i",
    "mark",
    "small",
    "span",
    "strong",
    "sub",
    "sup",
    "u",
    "time",
}
_SILENT = {"script", "style", "template", "title", "head", "meta", "link"}


def _page(text: str) -> Content:
    root = lxml.html.document_fromstring(text)
    body = root.find("body")
    blocks: list[Block] = []
    loose: list[str] = []

    def end() -> None:
        if told := plain("".join(loose)):
            blocks.append(Block("p", told))
        loose.clear()

    def walk(element: Any) -> None:
        for child in element:
            if not isinstance(child.tag, str) or child.tag in _SILENT:
                pass
            elif child.tag == "table":
                end()
                blocks.append(Block("t", rows=tuple(_page_rows(child))))
            elif child.tag == "br":
                loose.append("\n")
            elif child.tag in _INLINE:
                loose.append(child.text or "")
                walk(child)
            else:
                end()
                loose.append(child.text or "")
                walk(child)
                end()
            loose.append(child.tail or "")

    if body is not None:
        loose.append(body.text or "")
        walk(body)
        end()
    pictures = len(root.xpath("//img|//svg|//canvas|//object|//iframe|//embed"))
    counted = {"scripts": len(root.xpath("//script")), "pictures": pictures}
    counted["fields"] = len(root.xpath("//input|//textarea|//select|//button"))
    return _told(blocks, counted)


def _page_rows(table: Any) -> Iterator[Row]:
    taken: dict[tuple[int, int], bool] = {}
    for number, row in enumerate(table.iter("tr"), start=1):
        cells, column = [], 1
        for turn, cell in enumerate(row.iterchildren("td", "th"), start=1):
            while (number, column) in taken:
                column += 1
            wide, high = (_count(cell.get(name)) for name in ("colspan", "rowspan"))
            taken |= {(number + r, column + c): True for r in range(high) for c in range(wide)}
            for line in cell.iter("br"):
                line.tail = f"\n{line.tail or ''}"
            if text := plain(cell.text_content()):
                heads = cell.tag == "th" or "bold" in (cell.get("class") or "").split()
                cells.append(Cell(turn, text, heads, (column, column + wide - 1)))
            column += wide
        yield Row(number, tuple(cells))


def _count(said: str | None) -> int:
    return min(int(said), 1000) if said and said.isdecimal() and int(said) else 1
