"""Reader for html, also as saved under the name .xls: paragraphs and tables with their spans."""

from __future__ import annotations

from lxml import etree

from zhunsheng.errors import ZhunshengError
from zhunsheng.files.opening import Opened
from zhunsheng.files.webpage import parsed, spread, text_of
from zhunsheng.intake.grid import Block, Grid, Paragraph, Picture
from zhunsheng.intake.pictures import in_html
from zhunsheng.targets import Place
from zhunsheng.translation import worded

MAX_DEPTH = 500
_SKIP = {"script", "style", "head", "noscript", "template"}
_BLOCKS = {
    "p",
    "div",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "li",
    "section",
    "article",
    "td",
    "th",
    "tr",
    "center",
    "br",
}


def read(opened: Opened) -> list[Block]:
    """Return the blocks of a page. Raises ``ZS-IN-05`` or ``ZS-IN-10``."""
    root = parsed(opened)
    out: list[Block] = []
    pending: list[str] = []
    count = [0]

    def flush(line: int) -> None:
        text = "".join(pending).strip()
        pending.clear()
        if text:
            out.append(Paragraph(" ".join(text.split()), Place(line=line)))

    def walk(node: etree._Element, depth: int) -> None:
        if depth > MAX_DEPTH:
            raise ZhunshengError(
                "ZS-IN-10", name=opened.name, where=worded("网页"), detail=worded("标签嵌套过深")
            )
        tag = node.tag if isinstance(node.tag, str) else ""
        if not tag or tag in _SKIP:
            return
        line = node.sourceline or 0
        if tag == "table" and node.find(".//table") is None:
            flush(line)
            count[0] += 1
            shown: list[Picture] = []
            out.append(_table(node, count[0], opened.name, shown))
            out.extend(shown)
            return
        if in_html(node):
            flush(line)
            out.append(Picture(Place(line=line)))
        if tag in _BLOCKS:
            flush(line)
        pending.append(node.text or "")
        for child in node:
            walk(child, depth + 1)
            pending.append(child.tail or "")
        if tag in _BLOCKS:
            flush(line)

    walk(root, 0)
    flush(root.sourceline or 0)
    return out


def _table(table: etree._Element, number: int, name: str, shown: list[Picture]) -> Grid:
    def place(row: int, column: int) -> Place:
        return Place(table=number, row=row + 1, column=column + 1)

    def read(td: etree._Element, row: int, column: int) -> str:
        shown.extend(Picture(place(row, column)) for inner in td.iter() if in_html(inner))
        return text_of(td)

    rows, spans = spread(table, number, name, read, "")
    return Grid(rows, spans, place)
