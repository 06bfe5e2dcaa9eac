"""What a document shows as a picture and nobody reads: scanned tables, drawings, embedded objects,
counted and told where.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence

from lxml import etree

from zhunsheng.errors import ZhunshengError
from zhunsheng.faults import spaced
from zhunsheng.files.opening import Opened
from zhunsheng.files.sheets import Worksheet
from zhunsheng.files.spreadsheet import sheet_paths
from zhunsheng.intake.grid import Block, Grid, Paragraph, Picture, clipped
from zhunsheng.targets import Place, Unsure
from zhunsheng.text import whole
from zhunsheng.translation import series, worded

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_XDR = "{http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_VML_IMAGE = "{urn:schemas-microsoft-com:vml}imagedata"
_OLE = "{urn:schemas-microsoft-com:office:office}OLEObject"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_DRAWN = re.compile(
    r"/(?:chart|diagram|chartex)$"
)  # kinds of graphic data that are no picture file and yet unread
_IN_CELL = re.compile(r"^=?(?:_xlfn\.)?DISPIMG\(", re.I)  # how WPS keeps a picture in a cell
_RICH_CELL = re.compile(rb'<c r="([A-Z]{1,3})(\d{1,7})"[^>]*\bvm="\d+"')  # how Excel does
_BITMAPS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0\x00\x10JFIF", b"\xff\xd8\xff\xe1")
HTML_TAGS = ("img", "object", "embed", "v:imagedata")
WHY = worded("没有读；其中若有绩效目标，请改成可编辑的表格后重新上传")
NAMED = 5  # places named in a refusal


def _blips(node: etree._Element) -> int:
    return sum(1 for b in node.iter(f"{_A}blip") if b.get(f"{_R}embed") or b.get(f"{_R}link"))


def in_word(node: etree._Element) -> list[str]:
    """Return what the pictures under a part of a Word document are, inline or anchored, in
    DrawingML or VML.
    """
    found: list[str] = []
    for child in node:
        if child.tag in (_FALLBACK, f"{_W}del", f"{_W}tbl"):
            continue  # a fallback shows the same picture again; tables have their own cells
        if child.tag == f"{_W}drawing":
            blips = _blips(child)
            drawn = sum(1 for d in child.iter(f"{_A}graphicData") if _DRAWN.search(d.get("uri") or ""))
            found += [worded("图片")] * blips + [worded("图表")] * drawn
            if not blips:
                found += [w for t in child.iter(f"{_W}txbxContent") for w in in_word(t)]
        elif child.tag == f"{_W}object":
            objects = [o.get("ProgID") or "" for o in child.iter(_OLE)]
            found += [
                worded("嵌入的对象（{o}）", o=o) if o else worded("嵌入的对象") for o in objects or [""]
            ]
        elif child.tag == f"{_W}pict":
            objects = [o.get("ProgID") or "" for o in child.iter(_OLE)]
            found += [worded("嵌入的对象（{o}）", o=o) for o in objects] or [
                worded("图片") for _ in child.iter(_VML_IMAGE)
            ]
        else:
            found += in_word(child)
    return found


def bitmaps(data: bytes) -> int:
    """Return how many pictures lie in bytes as they are, by the heads of their formats."""
    return sum(data.count(head) for head in _BITMAPS)


def in_workbook(opened: Opened, sheets: Sequence[Worksheet]) -> list[Picture]:
    """Return the pictures of a workbook by worksheet: floating, in cells, embedded objects.
    Charts show cells that are read.
    """
    found = [
        Picture(Place(sheet=s.name, row=r + 1, column=c + 1))
        for s in sheets
        for r, row in enumerate(s.rows)
        for c, value in enumerate(row)
        if isinstance(value, str) and _IN_CELL.match(value)
    ]
    if opened.kind == "xls":
        return found + [Picture(Place()) for _ in range(bitmaps(opened.data))]
    if opened.archive is None:
        return found
    if opened.kind == "ods":
        return found + [Picture(Place()) for path in opened.archive.names if path.startswith("Pictures/")]
    members = set(opened.archive.names)
    rich = any(m.startswith("xl/richData/richValueRel") for m in members)
    for name, path in sheet_paths(opened):
        if rich:
            for letters, row in _RICH_CELL.findall(opened.member(path)):
                found.append(Picture(Place(sheet=name, row=int(row), column=_number(letters))))
        related = f"{posixpath.dirname(path)}/_rels/{posixpath.basename(path)}.rels"
        if related in members:
            found += _floating(opened, members, name, path, related)
    return found


def _number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _floating(opened: Opened, members: set[str], sheet: str, path: str, related: str) -> Iterator[Picture]:
    links = [(r.get("Type") or "", r.get("Target") or "") for r in opened.xml(related)]
    objects = sum(kind.endswith(("/oleObject", "/package")) for kind, _target in links)
    yield from (Picture(Place(sheet=sheet), "嵌入的对象") for _ in range(objects))
    for kind, target in links:
        at = (
            target.lstrip("/")
            if target.startswith("/")
            else posixpath.normpath(f"{posixpath.dirname(path)}/{target}")
        )
        if not kind.endswith("/drawing") or at not in members:
            continue
        try:
            root = opened.xml(at)
        except ZhunshengError:  # a drawing that is broken hides nothing of the cells
            yield Picture(Place(sheet=sheet))
            continue
        for anchor in root:
            blips = _blips(anchor)
            start = anchor.find(f"{_XDR}from")
            place = Place(sheet=sheet)
            if start is not None:
                row, column = (
                    (whole((start.findtext(f"{_XDR}{n}") or "").strip(), 7) or 0) + 1 for n in ("row", "col")
                )
                place = Place(sheet=sheet, row=row, column=column)
            yield from (Picture(place) for _ in range(0 if objects else blips))
            if text := clipped("".join(one.text or "" for one in anchor.iter(f"{_A}t"))):
                yield Picture(place, worded("文本框“{text}”", text=text))


def in_html(node: etree._Element) -> bool:
    """Return whether an element of a page is a picture; marks of one pixel that count visits are none."""
    if node.tag not in HTML_TAGS:
        return False
    return "1" not in (node.get("width", "").removesuffix("px"), node.get("height", "").removesuffix("px"))


def unread(blocks: Sequence[Block]) -> tuple[Unsure, ...]:
    """Return an entry for each picture of a document: where it stands, and after which words."""
    return tuple(
        Unsure(
            place=picture.place,
            field="picture",
            text=f"图片{n}",
            why=worded("{where}，{why}", where=where, why=WHY),
        )
        for n, (picture, where) in enumerate(_places(blocks), start=1)
    )


def _places(blocks: Sequence[Block]) -> Iterator[tuple[Picture, str]]:
    """Yield each picture with where it stands in its document."""
    tables, before = 0, ""
    for block in blocks:
        if isinstance(block, Picture):
            where = (
                worded("“{before}”之后是{what}", before=before, what=block.what)
                if before
                else worded("这里是{what}", what=block.what)
            )
            if block.place.row is None and tables:
                where = worded("第{tables}个表之后，{where}", tables=tables, where=where)
            yield block, where
        elif isinstance(block, Paragraph):
            before = block.text[:40]
        elif isinstance(block, Grid):
            tables, before = tables + 1, ""


def refusal(name: str, blocks: Sequence[Block]) -> ZhunshengError:
    """Return why a document brought no targets: it is pictures only, has unread pictures beside its text,
    or neither.
    """
    pictures = list(_places(blocks))
    if not pictures:
        return ZhunshengError("ZS-IN-13", name=name)
    where = series((spaced(p.place.label() if p.place else "", where) for p, where in pictures[:NAMED]), "；")
    words = any(
        block.text.strip() if isinstance(block, Paragraph) else any(v for row in block.rows for v in row)
        for block in blocks
        if isinstance(block, Paragraph | Grid)
    )
    return ZhunshengError("ZS-IN-22" if words else "ZS-IN-21", name=name, count=len(pictures), where=where)
