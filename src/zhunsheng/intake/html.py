"""Reader for html, also as saved under the name .xls: paragraphs and tables with their spans."""

from __future__ import annotations

from lxml import etree
from lxml import html as lxml_html

from zhunsheng.errors import ZhunshengError
from zhunsheng.files.opening import Opened
from zhunsheng.intake.grid import Block, Grid, Paragraph, Picture, Spans
from zhunsheng.intake.pictures import in_html
from zhunsheng.targets import Place
from zhunsheng.text import whole
from zhunsheng.translation import worded

MAX_SPAN = 2_000  # browsers stop at 1,000 columns; a form never comes near
MAX_COVERED = 400_000  # positions under merged cells of one table
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
    # The text is decoded already, so the page's own word on its encoding must not count.
    parser = lxml_html.HTMLParser(
        encoding="utf-8", no_network=True, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = lxml_html.fromstring(opened.text.encode(), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        raise ZhunshengError("ZS-IN-05", name=opened.name, detail=str(error)[:120]) from None
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
    rows: list[list[str]] = []
    spans: Spans = {}
    taken: set[tuple[int, int]] = set()
    lines: list[int] = []
    for r, tr in enumerate(table.iter("tr")):
        row: list[str] = []
        lines.append(tr.sourceline or 0)
        for td in tr:
            if td.tag not in ("td", "th"):
                continue
            while (r, len(row)) in taken:
                row.append("")
            height, width = _span(td, "rowspan", number, name), _span(td, "colspan", number, name)
            if len(taken) + height * width > MAX_COVERED:
                raise ZhunshengError(
                    "ZS-IN-10",
                    name=name,
                    where=worded("表{number}", number=number),
                    detail=worded("合并单元格过大"),
                )
            if height * width > 1:
                spans[r, len(row)] = (height, width)
                taken.update((r + i, len(row) + j) for i in range(1, height) for j in range(width))
            place = Place(table=number, row=len(rows) + 1, column=len(row) + 1)
            shown.extend(Picture(place) for inner in td.iter() if in_html(inner))
            row.append(_text(td))
            row.extend([""] * (width - 1))
        rows.append(row)
    spans = {(r, c): (min(h, len(rows) - r), w) for (r, c), (h, w) in spans.items()}
    return Grid(rows, spans, lambda r, c: Place(table=number, row=r + 1, column=c + 1))


def _span(td: etree._Element, attribute: str, number: int, name: str) -> int:
    text = (td.get(attribute) or "1").strip()
    span = whole(text)
    if span is None and not (text.isascii() and text.isdigit()):
        return 1
    if span is None or span > MAX_SPAN:
        raise ZhunshengError(
            "ZS-IN-10",
            name=name,
            where=worded("表{number}", number=number),
            detail=f"{attribute}={text[:12]}",
        )
    return max(span, 1)


def _text(td: etree._Element) -> str:
    for br in td.iter("br", "p", "div"):
        br.tail = "\n" + (br.tail or "")
    text = "".join(td.itertext())
    return "\n".join(filter(None, (" ".join(line.split()) for line in text.splitlines())))
