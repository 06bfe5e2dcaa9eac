"""Tables of a web page: cells in rows, with what they cover; systems send such pages under the name .xls."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TypeVar

from lxml import etree
from lxml import html as lxml_html

from zhunsheng.errors import ZhunshengError
from zhunsheng.files.bounds import MAX_COVERED, PAGE_MAX_SPAN
from zhunsheng.files.opening import Opened
from zhunsheng.text import whole
from zhunsheng.translation import worded

_UNSEEN = ("script", "style", "title", "meta", "xml")
Spans = dict[tuple[int, int], tuple[int, int]]
Cell = TypeVar("Cell")


def parsed(opened: Opened) -> etree._Element:
    """Return the root of a page, which fetches and runs nothing. Raises ``ZS-IN-05``."""
    # The text is decoded already, so the page's own word on its encoding must not count.
    parser = lxml_html.HTMLParser(
        encoding="utf-8", no_network=True, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        return lxml_html.fromstring(opened.text.encode(), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        raise ZhunshengError("ZS-IN-05", name=opened.name, detail=str(error)[:120]) from None


def spread(
    table_rows: Iterable[etree._Element],
    number: int,
    name: str,
    read: Callable[[etree._Element, int, int], Cell],
    empty: Cell,
    is_there: Callable[[etree._Element], bool] = lambda _td: True,
) -> tuple[list[list[Cell]], Spans]:
    """Return the cells of a table's rows, read at their (row, column) from 0, ``empty`` where a merged one
    covers; none of those that are not ``is_there``.

    Spans map an anchor to the rows and columns it covers. Raises ``ZS-IN-10``.
    """
    rows: list[list[Cell]] = []
    spans: Spans = {}
    taken: set[tuple[int, int]] = set()
    for r, tr in enumerate(table_rows):
        row: list[Cell] = []
        for td in tr:
            if td.tag not in ("td", "th") or not is_there(td):
                continue
            while (r, len(row)) in taken:
                row.append(empty)
            height, width = _span(td, "rowspan", number, name), _span(td, "colspan", number, name)
            if len(taken) + height * width > MAX_COVERED:
                where, detail = worded("表{number}", number=number), worded("合并单元格过大")
                raise ZhunshengError("ZS-IN-10", name=name, where=where, detail=detail)
            if height * width > 1:
                spans[r, len(row)] = (height, width)
                taken.update((r + i, len(row) + j) for i in range(1, height) for j in range(width))
            row.append(read(td, r, len(row)))
            row.extend([empty] * (width - 1))
        rows.append(row)
    return rows, {(r, c): (min(h, len(rows) - r), w) for (r, c), (h, w) in spans.items()}


def tables_of(opened: Opened) -> list[tuple[list[list[str]], Spans]]:
    """Return the tables of a page that hold no other table, as texts. Raises ``ZS-IN-05``, ``ZS-IN-10``."""
    innermost = (t for t in parsed(opened).iter("table") if t.find(".//table") is None)
    return [
        spread(table.iter("tr"), n, opened.name, lambda td, _row, _column: text_of(td), "")
        for n, table in enumerate(innermost, start=1)
    ]


def texts_around(opened: Opened) -> list[tuple[str, ...]]:
    """Return for each table of ``tables_of`` the texts that stand before it and in no such table; the last
    one has those behind it too.
    """
    root = parsed(opened)
    tables = [t for t in root.iter("table") if t.find(".//table") is None]
    found: list[list[str]] = [[] for _table in tables] or [[]]
    at = 0
    stack: list[Iterator[etree._Element | str]] = [iter([root])]  # a page may nest deeper than calls can
    while stack:
        one = next(stack[-1], None)
        if one is None:
            stack.pop()
        elif isinstance(one, str):
            if words := " ".join(one.split()):
                found[min(at, len(found) - 1)].append(words)
        elif one.tag == "table" and one.find(".//table") is None:
            at += 1
        elif isinstance(one.tag, str) and one.tag not in _UNSEEN:
            pieces: list[etree._Element | str] = [one.text or ""]
            for child in one:
                pieces += [child, child.tail or ""]
            stack.append(iter(pieces))
    return [tuple(texts) for texts in found[: len(tables)]]


def text_of(td: etree._Element) -> str:
    """Return the text of a cell, its lines trimmed."""
    for br in td.iter("br", "p", "div"):
        br.tail = "\n" + (br.tail or "")
    text = "".join(td.itertext())
    return "\n".join(filter(None, (" ".join(line.split()) for line in text.splitlines())))


def _span(td: etree._Element, attribute: str, number: int, name: str) -> int:
    text = (td.get(attribute) or "1").strip()
    span = whole(text)
    if span == 0 and attribute == "rowspan":  # to the end of its part of the table
        return 1 + sum(1 for _row in islice(td.getparent().itersiblings("tr"), PAGE_MAX_SPAN - 1))
    if span is None and not (text.isascii() and text.isdigit()):
        return 1
    if span is None or span > PAGE_MAX_SPAN:
        raise ZhunshengError(
            "ZS-IN-10",
            name=name,
            where=worded("表{number}", number=number),
            detail=f"{attribute}={text[:12]}",
        )
    return max(span, 1)
