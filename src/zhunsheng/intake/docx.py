"""Reader for docx: the body's paragraphs and tables, straight from the XML, with merged cells."""

from __future__ import annotations

from collections.abc import Iterable

from lxml import etree

from zhunsheng.errors import ZhunshengError
from zhunsheng.files.opening import Opened
from zhunsheng.intake.grid import Block, Grid, Paragraph, Picture, Spans
from zhunsheng.intake.pictures import in_word
from zhunsheng.targets import Place
from zhunsheng.translation import worded

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_P, _TBL, _TR, _TC, _T = f"{_W}p", f"{_W}tbl", f"{_W}tr", f"{_W}tc", f"{_W}t"
_VAL = f"{_W}val"
_BREAKS = {f"{_W}tab": "\t", f"{_W}br": "\n", f"{_W}cr": "\n"}
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_SKIP = {_FALLBACK, f"{_W}del", f"{_W}rPr", f"{_W}pPr", f"{_W}instrText"}
MAX_COLUMNS = 500  # Word itself stops at 63
MAX_DEPTH = 8  # tables within tables


def read(opened: Opened) -> list[Block]:
    """Return the blocks of a Word document. Raises ``ZS-IN-05``, ``ZS-IN-08`` or ``ZS-IN-10``."""
    root = opened.xml("word/document.xml")
    body = root.find(f"{_W}body")
    if body is None:
        raise ZhunshengError("ZS-IN-05", name=opened.name, detail=worded("没有正文"))
    out: list[Block] = []
    _walk(body, out, opened.name, [0, 0], 0)
    return out


def _walk(
    parent: Iterable[etree._Element], out: list[Block], name: str, counts: list[int], depth: int
) -> None:
    """Append the blocks under ``parent``; ``counts`` holds how many paragraphs and tables came before."""
    for child in parent:
        if child.tag == _P:
            counts[0] += 1
            text = _text(child).strip()
            if text:
                out.append(Paragraph(text, Place(paragraph=counts[0])))
            out.extend(Picture(Place(paragraph=counts[0]), what) for what in in_word(child))
        elif child.tag == _TBL:
            counts[1] += 1
            if depth > MAX_DEPTH:
                raise ZhunshengError(
                    "ZS-IN-10",
                    name=name,
                    where=worded("表{number}", number=counts[1]),
                    detail=worded("表格嵌套过深"),
                )
            nested: list[etree._Element] = []
            shown: list[Picture] = []
            out.append(_table(child, counts[1], name, nested, shown))
            out.extend(shown)
            for cell in nested:
                for inner in cell.iterchildren(_TBL):
                    _walk([inner], out, name, counts, depth + 1)
        elif child.tag in (f"{_W}sdt", f"{_W}sdtContent", f"{_W}customXml", f"{_W}ins"):
            _walk(child, out, name, counts, depth)


def _table(
    table: etree._Element, number: int, name: str, nested: list[etree._Element], shown: list[Picture]
) -> Grid:
    rows: list[list[str]] = []
    spans: Spans = {}
    open_merges: dict[int, tuple[int, int]] = {}  # column -> anchor of a vertical merge still running
    for tr in _children(table, _TR):
        row: list[str] = []
        before = tr.find(f"{_W}trPr/{_W}gridBefore")
        row.extend([""] * _count(before, number, name) if before is not None else [])
        for tc in _children(tr, _TC):
            column = len(row)
            properties = tc.find(f"{_W}tcPr")
            width, merge = 1, None
            if properties is not None:
                span = properties.find(f"{_W}gridSpan")
                width = _count(span, number, name) if span is not None else 1
                merge = properties.find(f"{_W}vMerge")
            if column + width > MAX_COLUMNS:
                raise ZhunshengError(
                    "ZS-IN-10",
                    name=name,
                    where=worded("表{number}第{n}行", number=number, n=len(rows) + 1),
                    detail=worded("超过 {most} 列", most=MAX_COLUMNS),
                )
            continues = merge is not None and merge.get(_VAL) != "restart" and column in open_merges
            if continues:
                anchor = open_merges[column]
                _height, across = spans.get(anchor, (1, width))
                spans[anchor] = (len(rows) - anchor[0] + 1, across)
                row.extend([""] * width)
                continue
            open_merges.pop(column, None)
            if merge is not None:
                open_merges[column] = (len(rows), column)
            if width > 1:
                spans[len(rows), column] = (1, width)
            row.append(
                "\n".join(filter(None, (_text(p).strip() for p in tc.iter(_P) if not _inside_table(p, tc))))
            )
            shown.extend(
                Picture(Place(table=number, row=len(rows) + 1, column=column + 1), w) for w in in_word(tc)
            )
            row.extend([""] * (width - 1))
            if tc.find(_TBL) is not None:
                nested.append(tc)
        rows.append(row)
    return Grid(rows, spans, lambda r, c: Place(table=number, row=r + 1, column=c + 1))


def _children(parent: etree._Element, tag: str) -> list[etree._Element]:
    """Return direct children with a tag, looking through content controls and tracked insertions."""
    found = []
    for child in parent:
        if child.tag == tag:
            found.append(child)
        elif child.tag in (f"{_W}sdt", f"{_W}sdtContent", f"{_W}customXml", f"{_W}ins"):
            found.extend(_children(child, tag))
    return found


def _inside_table(p: etree._Element, tc: etree._Element) -> bool:
    parent = p.getparent()
    while parent is not None and parent is not tc:
        if parent.tag == _TBL:
            return True
        parent = parent.getparent()
    return False


def _count(element: etree._Element, number: int, name: str) -> int:
    try:
        count = int(element.get(_VAL) or 1)
    except ValueError:
        count = 1
    if not 0 <= count <= MAX_COLUMNS:
        raise ZhunshengError(
            "ZS-IN-10",
            name=name,
            where=worded("表{number}", number=number),
            detail=worded("单元格横跨 {count} 列", count=f"{count:,}"),
        )
    return max(count, 1)


def _text(p: etree._Element) -> str:
    parts: list[str] = []
    _collect(p, parts)
    return "".join(parts)


def _collect(node: etree._Element, parts: list[str]) -> None:
    for child in node:
        tag = child.tag
        if tag == _T:
            parts.append(child.text or "")
        elif tag in _BREAKS:
            parts.append(_BREAKS[tag])
        elif tag not in _SKIP:
            _collect(child, parts)
