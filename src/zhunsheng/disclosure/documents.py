"""The texts of a file that someone may open: cells, paragraphs, headers and footers, comments, properties,
members, lines.

Hidden sheets, rows and columns count like any other. Each text knows its place and can be written over in
place, so that a file goes out without what was hidden in it. A format that can't be read is refused,
never passed unread.
"""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

import lxml.html
from lxml import etree

from zhunsheng.disclosure.finding import Found, found_in, hidden
from zhunsheng.disclosure.rules import rules
from zhunsheng.errors import ZhunshengError
from zhunsheng.files.opening import decode, open_bytes, parse_xml, unfit
from zhunsheng.files.spreadsheet import read_workbook, show
from zhunsheng.files.zips import UnfitZip, Zip
from zhunsheng.translation import worded

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_S = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_REL = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_WORD_PARTS = {
    "header": "页眉",
    "footer": "页脚",
    "comments": "批注",
    "footnotes": "脚注",
    "endnotes": "尾注",
    "document": "正文",
}
# Codes of a page header: font, colour, size, place and fields; what they leave is text.
_HEAD_CODES = re.compile('&"[^"]*"|&K[0-9A-Fa-f+-]{6}|&[0-9]{1,3}(?![0-9])|&[A-Za-z&]')
_AUTHORS = {"creator", "lastModifiedBy", "Manager"}
_WHO = {f"{_W}author", f"{_W}initials", "displayName", "userId"}
_INLINE = {
    "a",
    "abbr",
    "b",
    "bdi",
    "bdo",
    "code",
    "em",
    "font",
    "i",
    "mark",
    "s",
    "small",
    "span",
    "strong",
    "sub",
    "sup",
    "u",
    "wbr",
}
MAX_COPY_TAGS = 20_000_000  # of a workbook that the site wrote for the public
MAX_DEPTH = 3  # archives within archives
MOST_LABEL = 20  # signs of a paragraph that may be the label of the next
# An element whose text, or whose attribute of that name, is a piece of a text; or a list and the place in it.
Part = tuple[Any, str | int | None]


@dataclass
class Text:
    """One text of a file: where it stands, its words, the labels beside it; ``signed`` where all of it names
    its author.

    ``parts`` are the pieces it is written in, one after the other; ``cover`` blanks what a reader of it never
    sees.
    """

    place: str
    parts: list[Part]
    labels: tuple[str, ...] = ()
    signed: bool = False
    cover: Callable[[str], str] = str
    lines: bool = False
    written: Callable[[], None] | None = field(default=None, repr=False)
    breaks: list[int] | None = field(default=None, repr=False)

    @property
    def words(self) -> str:
        """The text as a reader sees it, sign for sign as it is written."""
        return self.cover("".join(_get(part) for part in self.parts))

    def found(self) -> list[Found]:
        """Return what is personal in it."""
        words = self.words
        if self.signed:
            name = words.strip()
            told = not name or name in rules().programs or name == hidden("author")
            return [] if told else [Found("author", 0, len(words), name)]
        return found_in(words, self.labels)

    def where(self, one: Found) -> str:
        """Return the place of what was found in it."""
        if not self.lines:
            return self.place
        if self.breaks is None:
            self.breaks = [m.start() for m in re.finditer("\n", self.words)]
        return f"{self.place}第{bisect_left(self.breaks, one.start) + 1}行"

    def hide(self, hides: Callable[[Found], bool]) -> bool:
        """Write 〔已隐去…〕 over what ``hides`` says yes to; return whether anything was."""
        gone = [one for one in self.found() if hides(one)]
        start = n = 0
        for part in self.parts if gone else ():
            text, said, last = _get(part), [], 0
            end = start + len(text)
            # What reaches into this part: written over where it begins, left out of the parts after.
            while n < len(gone) and gone[n].start < end:
                one = gone[n]
                low, high = max(one.start - start, 0), min(one.end - start, len(text))
                said += [text[last:low], hidden(one.kind) if one.start >= start else ""]
                last = high
                if one.end > end:
                    break
                n += 1
            if said:
                _set(part, "".join([*said, text[last:]]))
            start = end
        self.breaks = None
        if gone and self.written:
            self.written()
        return bool(gone)


def _get(part: Part) -> str:
    element, name = part
    if name is None:
        return element.text or ""
    return element.get(name) or "" if isinstance(element, etree._Element) else str(element[name])


def _set(part: Part, text: str) -> None:
    element, name = part
    if name is None:
        element.text = text
    elif isinstance(element, etree._Element):
        element.set(name, text)
    else:
        element[name] = text


# -- any file
# ---------------------------------------------------------------------------------------------------------


def texts_of(name: str, data: bytes) -> Iterator[Text]:
    """Yield every text of a file. Raises ``ZS-WB-43`` for a format that is not read here, ``ZS-IN-05``,
    ``ZS-IN-08``.
    """
    yield from _Whole(name, data).texts()


def without(name: str, data: bytes, hides: Callable[[Found], bool]) -> bytes:
    """Return a file with 〔已隐去…〕 in the place of what ``hides`` says yes to;
    the same bytes where there is nothing.
    """
    whole = _Whole(name, data)
    changed = [text.hide(hides) for text in whole.texts()]
    return whole.content() if any(changed) else data


class _Whole:
    """A file taken apart, to be put together again."""

    def __init__(self, name: str, data: bytes, depth: int = 0) -> None:
        self.name, self.data, self.depth = name, data, depth
        self.members: dict[str, Any] = {}
        self.tree: Any = None

    def texts(self) -> Iterator[Text]:
        """Yield the texts, by the format that the name says."""
        ending = PurePosixPath(self.name).suffix.lower()
        if ending in (".docx", ".xlsx", ".zip"):
            yield from self._archive(ending)
        elif ending == ".json":
            self.tree = [_json(self.data, self.name)]
            yield from json_texts(self.name, self.tree, 0)
        elif ending in (".html", ".htm"):
            self.tree = lxml.html.document_fromstring(decode(self.data, self.name))
            yield from _html(self.name, self.tree)
        elif ending == ".csv":
            self.tree = list(csv.reader(io.StringIO(decode(self.data, self.name))))
            yield from texts_of_rows(self.name, self.tree)
        elif ending == ".xls":
            for sheet in read_workbook(open_bytes(self.data, self.name)):
                cells = [[show(value) for value in row] for row in sheet.rows]
                yield from texts_of_rows(f"{self.name}的工作表“{sheet.name}”", cells)
        elif ending in (".tsv", ".txt", ".md"):
            self.tree = [decode(self.data, self.name)]
            yield Text(self.name, [(self.tree, 0)], lines=True)
        else:
            raise ZhunshengError("ZS-WB-43", name=self.name)

    def content(self) -> bytes:
        """Return the file with what was written over."""
        ending = PurePosixPath(self.name).suffix.lower()
        if ending in (".docx", ".xlsx", ".zip"):
            return self._packed()
        if ending == ".json":
            return json.dumps(
                self.tree[0], ensure_ascii=False, sort_keys=True, separators=(",", ":")
            ).encode()
        if ending in (".html", ".htm"):
            return bytes(lxml.html.tostring(self.tree, encoding="utf-8", doctype="<!doctype html>"))
        if ending in (".xls", ".csv"):  # nothing of the site's is published so
            raise ZhunshengError("ZS-WB-43", name=self.name)
        return str(self.tree[0]).encode()

    def _archive(self, ending: str) -> Iterator[Text]:
        if self.depth > MAX_DEPTH:
            raise ZhunshengError("ZS-WB-43", name=self.name)
        try:
            archive = Zip(self.data)
        except UnfitZip as fault:
            raise unfit(fault, self.name) from None
        yield from _named(f"{self.name}的成员名称", [info.filename for info in archive.members])
        for info in archive.members:
            member = info.filename
            content = self._read(archive, info)
            inside = PurePosixPath(member).suffix.lower()
            if ending != ".zip" and inside in (".xml", ".rels", ".vml"):
                if content.strip():
                    self.members[member] = parse_xml(content, self.name, MAX_COPY_TAGS)
            elif inside in (
                ".docx",
                ".xlsx",
                ".zip",
                ".json",
                ".html",
                ".htm",
                ".csv",
                ".tsv",
                ".txt",
                ".md",
            ):
                self.members[member] = _Whole(member, content, self.depth + 1)
            elif ending == ".zip" and not member.endswith("/"):
                raise ZhunshengError("ZS-WB-43", name=f"{self.name}/{member}")
        trees = {k: v for k, v in self.members.items() if not isinstance(v, _Whole)}
        if ending == ".docx":
            yield from _word(self.name, trees)
        elif ending == ".xlsx":
            yield from _excel(self.name, trees)
        for member in self.members.values():
            if isinstance(member, _Whole):
                for text in member.texts():
                    text.place = f"{self.name} › {text.place}"
                    yield text

    def _read(self, archive: Zip, info: zipfile.ZipInfo) -> bytes:
        try:
            return archive.read(info)
        except UnfitZip as fault:
            raise unfit(fault, self.name) from None

    def _packed(self) -> bytes:
        out = io.BytesIO()
        archive = Zip(self.data)
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
            for info in archive.members:
                member = self.members.get(info.filename)
                content = self._read(archive, info)
                if isinstance(member, _Whole):
                    content = member.content() if member.tree is not None or member.members else content
                elif member is not None:
                    content = etree.tostring(member, xml_declaration=True, encoding="UTF-8", standalone=True)
                made.writestr(info, content, zipfile.ZIP_DEFLATED)
        return out.getvalue()


def _json(data: bytes, name: str) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        raise ZhunshengError("ZS-IN-05", name=name, detail=worded("不是完整的 JSON")) from None


def _named(place: str, names: Sequence[str]) -> Iterator[Text]:
    """Yield the names of members; they can't be written over where they stand."""
    for name in names:
        yield Text(place, [([name], 0)])


def json_texts(place: str, holder: Any, key: Any, labels: tuple[str, ...] = ()) -> Iterator[Text]:
    """Yield the texts of plain data at ``holder[key]``, keys beside them as their labels.

    In a row of cells (``text``) the words of a cell are the label of the next.
    """
    value = holder[key]
    if isinstance(value, str):
        yield Text(place, [(holder, key)], labels)
    elif isinstance(value, dict):
        yield from _named(f"{place}的名称", [k for k in value if isinstance(k, str)])
        for name in value:
            if name not in rules().figures:
                beside = (str(name), *labels) if name == "text" else (str(name),)
                yield from json_texts(f"{place} › {name}", value, name, beside)
    elif isinstance(value, list):
        for n, one in enumerate(value):
            before = value[n - 1] if n and isinstance(one, dict) else None
            beside = (str(before.get("text", "")),) if isinstance(before, dict) else labels
            if n and isinstance(one, str) and isinstance(value[n - 1], str):
                beside = (*labels, _label(value[n - 1]))
            yield from json_texts(f"{place}第{n + 1}项", value, n, beside)


def texts_of_rows(place: str, rows: list[list[str]]) -> Iterator[Text]:
    """Yield the texts of a table, each cell with what stands before it and above it as its labels."""
    head = rows[0] if rows else []
    for r, row in enumerate(rows):
        for c, _cell in enumerate(row):
            labels = (row[c - 1] if c else "", head[c] if r and c < len(head) else "")
            yield Text(f"{place}第{r + 1}行第{c + 1}列", [(row, c)], labels)


def _html(place: str, root: Any) -> Iterator[Text]:
    """Yield the texts of a page block by block: a cell, a paragraph; what stands inline belongs
    to its block.
    """
    blocks: list[tuple[Any, list[Part]]] = [(root, [])]

    def walk(element: Any, block: Any) -> None:
        if not isinstance(element.tag, str) or element.tag in ("style", "script"):
            return
        inner = block if element.tag in _INLINE else element
        if inner is not block:
            blocks.append((inner, []))
        blocks[-1][1].append((element, None))
        for child in element:
            walk(child, inner)
            if blocks[-1][0] is not inner:
                blocks.append((inner, []))
            blocks[-1][1].append((_Tail(child), None))

    walk(root, None)
    before = ""
    for block, parts in blocks:
        left = block.getprevious() if block.tag in ("td", "th") else None
        labels = (
            ("".join(left.itertext()) if left is not None else "",)
            if block.tag in ("td", "th")
            else (before,)
        )
        if any(_get(part).strip() for part in parts):
            yield Text(place, parts, labels)
            before = _label("".join(map(_get, parts)).strip())


class _Tail:
    """What stands behind an element, as if it were an element's text."""

    def __init__(self, element: Any) -> None:
        self.element = element

    @property
    def text(self) -> str:
        """The words behind the element."""
        return self.element.tail or ""

    @text.setter
    def text(self, words: str) -> None:
        self.element.tail = words


# -- Word and Excel
# ---------------------------------------------------------------------------------------------------


def _properties(name: str, trees: dict[str, Any]) -> Iterator[Text]:
    """Yield what a document says of itself: who wrote it, its title, properties of its own;
    and where its links lead.
    """
    for path, root in trees.items():
        if path.startswith("docProps/"):
            for element in root.iter():
                if not isinstance(element.tag, str) or not (element.text or "").strip():
                    continue
                tag = etree.QName(element).localname
                above = element.getparent()
                label = above.get("name") or "" if above is not None else ""
                yield Text(
                    f"{name}的文档属性（{label or tag}）", [(element, None)], (label,), tag in _AUTHORS
                )
        for element in root.iter():
            for key, value in element.attrib.items() if isinstance(element.tag, str) else ():
                if key in _WHO:
                    yield Text(f"{name}的批注或修订的作者", [(element, key)], signed=True)
                elif (path.endswith(".rels") and key == "Target") or "@" in value:
                    yield Text(f"{name}的链接", [(element, key)])


def _word(name: str, trees: dict[str, Any]) -> Iterator[Text]:
    yield from _properties(name, trees)
    for path, root in trees.items():
        if not path.startswith("word/") or path.endswith(".rels"):
            continue
        part = next(
            (words for head, words in _WORD_PARTS.items() if path.removeprefix("word/").startswith(head)),
            "其他部分",
        )
        cells = _cells_of(root)
        before = ""
        for count, paragraph in enumerate(root.iter(f"{_W}p"), start=1):
            pieces = paragraph.iter(f"{_W}t", f"{_W}delText", f"{_W}instrText")
            pieces = [t for t in pieces if _of(t, f"{_W}p") is paragraph]
            if pieces:
                cell = _of(paragraph, f"{_W}tc")
                labels, place = cells.get(cell, ((), ""))
                # A label may stand in a paragraph of its own, above what it names.
                labels = (*labels, before) if cell is None else labels
                before = _label("".join(t.text or "" for t in pieces))
                at = place or (f"第{count}段" if part == "正文" else "")
                yield Text(f"{name}的{part}{at}", [(t, None) for t in pieces], labels)
        yield from _drawn(name, root)


def _label(words: str) -> str:
    """Return a text that is short enough to be the label of the next, else nothing."""
    return words if len(words) <= MOST_LABEL else ""


def _of(element: Any, tag: str) -> Any:
    return next(element.iterancestors(tag), None)


def _cells_of(root: Any) -> dict[Any, tuple[tuple[str, ...], str]]:
    """Return of each cell of a document's tables its labels (left of it, above it) and its place."""
    found: dict[Any, tuple[tuple[str, ...], str]] = {}
    for table in root.iter(f"{_W}tbl"):
        head: list[str] = []
        for r, row in enumerate(table.findall(f"{_W}tr")):
            cells = row.findall(f"{_W}tc")
            words = [_words(cell) for cell in cells]
            head = head or words
            for c, cell in enumerate(cells):
                above = head[c] if r and c < len(head) else ""
                found[cell] = (words[c - 1] if c else "", above), f"表格第{r + 1}行第{c + 1}格"
    return found


def _words(cell: Any) -> str:
    return "".join(t.text or "" for t in cell.iter(f"{_W}t"))[:40]


def _drawn(name: str, root: Any) -> Iterator[Text]:
    """Yield the texts of drawings and charts."""
    for paragraph in root.iter(f"{_A}p"):
        pieces = list(paragraph.iter(f"{_A}t"))
        if pieces:
            yield Text(f"{name}的图形", [(t, None) for t in pieces])


def _excel(name: str, trees: dict[str, Any]) -> Iterator[Text]:
    yield from _properties(name, trees)
    book, links = trees.get("xl/workbook.xml"), trees.get("xl/_rels/workbook.xml.rels")
    shared = list(trees["xl/sharedStrings.xml"].iter(f"{_S}si")) if "xl/sharedStrings.xml" in trees else []
    used: set[int] = set()
    if book is not None and links is not None:
        paths = {r.get("Id"): f"xl/{(r.get('Target') or '').removeprefix('/xl/')}" for r in links}
        for sheet in book.iter(f"{_S}sheet"):
            yield Text(f"{name}的工作表名称", [(sheet, "name")])
            root = trees.get(paths.get(sheet.get(f"{_REL}id"), ""))
            if root is not None:
                unseen = "（隐藏）" if sheet.get("state", "visible") != "visible" else ""
                yield from _sheet(f"{name}的工作表“{sheet.get('name')}”{unseen}", root, shared, used)
    for n, one in enumerate(shared):
        if n not in used:
            yield Text(f"{name}的未用文字", _pieces(one))
    for path, root in trees.items():
        for comment in root.iter(f"{_S}comment"):
            yield Text(f"{name}的批注（{comment.get('ref')}）", _pieces(comment))
        for author in root.iter(f"{_S}author"):
            yield Text(f"{name}的批注或修订的作者", [(author, None)], signed=True)
        if "threadedComment" in path:
            yield from (Text(f"{name}的批注", [(e, None)]) for e in root.iter() if (e.text or "").strip())
        for defined in root.iter(f"{_S}definedName"):
            yield Text(f"{name}的名称定义", [(defined, None)])
        yield from _drawn(name, root)


def _pieces(element: Any) -> list[Part]:
    return [(t, None) for t in element.iter(f"{_S}t")]


def _sheet(place: str, root: Any, shared: list[Any], used: set[int]) -> Iterator[Text]:
    """Yield the texts of a worksheet's cells, each with the cell to its left and the first above it as
    labels; headers too.
    """
    heads: dict[str, str] = {}
    for row in root.iter(f"{_S}row"):
        left = ""
        for cell in row.iter(f"{_S}c"):
            at = cell.get("r") or ""
            column = at.rstrip("0123456789")
            value, kind = cell.find(f"{_S}v"), cell.get("t")
            parts: list[Part] = [(value, None)] if value is not None else _pieces(cell)
            if (
                kind == "s"
                and value is not None
                and (value.text or "").isdecimal()
                and int(value.text) < len(shared)
            ):
                used.add(int(value.text))
                parts = _pieces(shared[int(value.text)])
            text = Text(f"{place}单元格{at}", parts, (left, heads.get(column, "")))
            if value is not None and kind in (None, "n"):
                text.written = lambda cell=cell: cell.set("t", "str")
            words = text.words
            if words:
                yield text
                left = words[:40]
                heads.setdefault(column, words[:40])
            if (formula := cell.find(f"{_S}f")) is not None and formula.text:
                yield Text(f"{place}单元格{at}的公式", [(formula, None)])
    for part in root.iter(f"{_S}headerFooter"):
        for element in part:
            tag = etree.QName(element).localname
            yield Text(f"{place}的{'页眉' if 'Header' in tag else '页脚'}", [(element, None)], cover=_covered)


def _covered(text: str) -> str:
    return _HEAD_CODES.sub(lambda m: "\n" * len(m.group()), text)
