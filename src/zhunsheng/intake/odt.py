"""Reader for OpenDocument text (ODF 1.3): paragraphs, lists and tables as a person sees them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from lxml import etree

from zhunsheng.errors import ZhunshengError
from zhunsheng.files.bounds import ODT_MAX_COLUMNS, ODT_MAX_DEPTH, ODT_MAX_ROWS, ODT_MAX_TABLES
from zhunsheng.files.opening import Opened
from zhunsheng.intake.grid import Block, Grid, Paragraph, Picture, Spans
from zhunsheng.intake.numbering import ENDS, counted
from zhunsheng.intake.symbols import UNKNOWN, is_symbolic, raised, translated
from zhunsheng.intake.telling import HIDDEN, STRUCK, SYMBOL, Telling, tracked
from zhunsheng.intake.word_text import Look
from zhunsheng.targets import Place
from zhunsheng.text import whole
from zhunsheng.translation import worded

_NS = "urn:oasis:names:tc:opendocument:xmlns:"
_OFFICE, _TEXT, _TABLE, _DRAW, _STYLE = (
    f"{{{_NS}{name}:1.0}}" for name in ("office", "text", "table", "drawing", "style")
)
_FO, _SVG = f"{{{_NS}xsl-fo-compatible:1.0}}", f"{{{_NS}svg-compatible:1.0}}"
_LO = "{urn:org:documentfoundation:names:experimental:office:xmlns:loext:1.0}"
_PARAGRAPHS = (f"{_TEXT}p", f"{_TEXT}h")
_ITEMS = (f"{_TEXT}list-item", f"{_TEXT}list-header")
_SHAPES = tuple(
    f"{_DRAW}{name}" for name in ("custom-shape", "rect", "ellipse", "caption", "polygon", "path")
)
# What is no text, or no text that stands here.
_SKIP = {f"{_OFFICE}annotation", f"{_OFFICE}annotation-end", f"{_OFFICE}forms", f"{_TEXT}ruby-text"}
_SKIP |= {f"{_TEXT}{name}" for name in ("tracked-changes", "note", "placeholder", "alphabetical-index-mark")}
_SKIP |= {
    f"{_TEXT}{name}"
    for name in ("sequence-decls", "variable-decls", "user-field-decls", "dde-connection-decls")
}
_SKIP |= {
    f"{_TEXT}{name}"
    for name in ("table-of-content-source", "index-title-template", "list-level-style-number")
}
_SIGNS = {f"{_TEXT}tab": "\t", f"{_TEXT}line-break": "\n", f"{_TEXT}soft-page-break": ""}
_BLANKS = re.compile(r"[ \t\r\n]+")
_NUMBERS = {"1": "decimal", "a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman", "I": "upperRoman"}
_NUMBERS |= {"一": "chineseCounting", "①": "decimalEnclosedCircle", "壹": "chineseLegalSimplified"}
_NUMBERS |= {"甲": "ideographTraditional", "子": "ideographZodiac", "１": "decimalFullWidth", "": "none"}
_PLAIN = Look()


def read(opened: Opened) -> list[Block]:
    """Return the blocks of a text, then what of it was left out. Raises ``ZS-IN-05``, ``-07``, ``-08``,
    ``-10``.
    """
    root = opened.xml("content.xml")
    body = root.find(f"{_OFFICE}body/{_OFFICE}text")
    if body is None:
        raise ZhunshengError("ZS-IN-05", name=opened.name, detail=worded("没有正文"))
    styles = _Styles()
    if opened.archive is not None and "styles.xml" in opened.archive.names:
        styles.take(opened.xml("styles.xml"))
    styles.take(root)
    reading = _Reading(opened.name, styles)
    reading.deletions = sum(1 for _one in body.iterfind(f"{_TEXT}tracked-changes//{_TEXT}deletion"))
    reading.walk(body, 0)
    return [*reading.out, *reading.telling.entries(), *tracked(reading.deletions)]


@dataclass
class _Level:
    """How the numbers of one level of a list are written."""

    style: str = "none"
    before: str = ""
    after: str = ""
    start: int = 1
    shown: int = 1  # how many levels its number shows


class _Styles:
    """What the styles of a text do to how it reads."""

    def __init__(self) -> None:
        self._own: dict[str, tuple[str, Look, bool, str]] = {}
        self._fonts: dict[str, str] = {}
        self._looks: dict[str, tuple[Look, bool]] = {}
        self.lists: dict[str, dict[int, _Level]] = {}
        self.unseen: set[str] = set()

    def take(self, root: etree._Element) -> None:
        """Take the styles that stand in a part of the file."""
        for face in root.iter(f"{_STYLE}font-face"):
            family = (face.get(f"{_SVG}font-family") or "").strip("'\" ")
            self._fonts[face.get(f"{_STYLE}name") or ""] = family
        for style in root.iter(f"{_STYLE}style"):
            name = style.get(f"{_STYLE}name") or ""
            look, above = self._look(style.find(f"{_STYLE}text-properties"))
            of_list = style.get(f"{_STYLE}list-style-name") or ""
            self._own[name] = style.get(f"{_STYLE}parent-style-name") or "", look, above, of_list
        for style in root.iter(f"{_TEXT}list-style"):
            levels = {}
            for level in style.iterchildren(f"{_TEXT}list-level-style-number"):
                number = whole(level.get(f"{_TEXT}level") or "1", 2) or 1
                said = (level.get(f"{_STYLE}num-format") or "").partition(",")[0].strip()
                levels[number] = _Level(
                    _NUMBERS.get(said, "decimal"),
                    level.get(f"{_STYLE}num-prefix") or "",
                    level.get(f"{_STYLE}num-suffix") or "",
                    1 if (start := whole(level.get(f"{_TEXT}start-value") or "1", 6)) is None else start,
                    whole(level.get(f"{_TEXT}display-levels") or "1", 2) or 1,
                )
            self.lists[style.get(f"{_STYLE}name") or ""] = levels

    def _look(self, properties: etree._Element | None) -> tuple[Look, bool]:
        """Return how text looks by its own properties, and whether it is raised."""
        if properties is None:
            return _PLAIN, False
        shown = properties.get(f"{_TEXT}display")
        lines = [properties.get(f"{_STYLE}text-line-through-{name}") for name in ("style", "type")]
        struck = any(line not in (None, "none") for line in lines) if any(lines) else None
        font = properties.get(f"{_STYLE}font-name")
        family = (properties.get(f"{_FO}font-family") or self._fonts.get(font or "", font or "")).strip(
            "'\" "
        )
        above = (properties.get(f"{_STYLE}text-position") or "").startswith("super")
        hidden = None if shown is None else shown == "none"
        return Look(hidden, struck, (family,) if is_symbolic(family) else ()), above

    def of(self, name: str | None) -> tuple[Look, bool]:
        """Return how text of a style looks, with what it has of those it builds on; whether it is raised."""
        key = name or ""
        if key not in self._looks:
            chain: list[str] = []
            at = key
            while at in self._own and at not in chain and len(chain) < 20:
                chain.append(at)
                at = self._own[at][0]
            look, above = _PLAIN, False
            for one in reversed(chain):
                look, above = look.under(self._own[one][1]), above or self._own[one][2]
            self._looks[key] = look, above
        return self._looks[key]


@dataclass
class _Shown:
    """What a paragraph shows, and what of it does not; ``boxes`` are the text boxes in it."""

    parts: list[str] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)
    boxes: list[etree._Element] = field(default_factory=list)
    pictures: list[str] = field(default_factory=list)

    def text(self) -> str:
        """Return its text, and note where a sign of it can't be told."""
        text = "".join(self.parts).strip(" ")
        lines = (line.strip(" ") for line in text.split("\n"))
        text = "\n".join(lines).strip()
        if UNKNOWN in text:
            self.notes.append((text, SYMBOL))
        return text


@dataclass
class _List:
    """A list that is open: its style, how deep it is, and the count of its level."""

    style: str
    level: int


@dataclass
class _Table:
    """A table while it is read."""

    number: int
    rows: list[list[str]] = field(default_factory=list)
    spans: Spans = field(default_factory=dict)
    inner: list[tuple[Place, etree._Element]] = field(default_factory=list)  # tables, and in which cells
    pictures: list[Picture] = field(default_factory=list)


@dataclass
class _Reading:
    """A text while it is read: its blocks, and how many paragraphs and tables came before."""

    name: str
    styles: _Styles
    out: list[Block] = field(default_factory=list)
    telling: Telling = field(default_factory=Telling)
    deletions: int = 0
    paragraphs: int = 0
    tables: int = 0
    counts: dict[str, dict[int, int]] = field(default_factory=dict)  # of lists: by style and level

    def walk(self, parent: Iterable[etree._Element], depth: int, around: _List | None = None) -> None:
        """Read the paragraphs, lists and tables under ``parent``."""
        self._deeper(depth)
        for child in parent:
            if child.tag in _PARAGRAPHS:
                self._paragraph(child, depth, self._label(child, parent, around))
            elif child.tag == f"{_TABLE}table":
                self._table(child, depth, 0)
            elif child.tag == f"{_TEXT}list":
                self.walk(child, depth + 1, self._list(child, around))
            elif self._is_unseen(child):
                said = " ".join("".join(child.itertext()).split())
                if said:
                    self.telling.add(Place(paragraph=self.paragraphs + 1), "hidden", said, HIDDEN)
            elif child.tag in (*_SHAPES, f"{_DRAW}frame"):
                self._shapes(child, depth)
            elif isinstance(child.tag, str) and child.tag not in _SKIP:
                self.walk(child, depth + 1, around)

    def _deeper(self, depth: int, tables: int = 0) -> None:
        if depth > ODT_MAX_DEPTH or tables > ODT_MAX_TABLES:
            detail = worded("表格嵌套过深") if tables > ODT_MAX_TABLES else worded("标签嵌套过深")
            raise ZhunshengError("ZS-IN-10", name=self.name, where=worded("正文"), detail=detail)

    def _is_unseen(self, node: etree._Element) -> bool:
        """Say whether a section is hidden."""
        hidden = node.get(f"{_TEXT}display") == "none" or node.get(f"{_TEXT}is-hidden") == "true"
        return bool(node.tag == f"{_TEXT}section" and hidden)

    # -- lists

    def _list(self, node: etree._Element, around: _List | None) -> _List:
        """Return a list that begins; its count goes on only where it says so."""
        style = node.get(f"{_TEXT}style-name") or (around.style if around else "")
        made = _List(style, around.level + 1 if around else 1)
        goes_on = node.get(f"{_TEXT}continue-numbering") == "true" or node.get(f"{_TEXT}continue-list")
        if not goes_on:
            self.counts.setdefault(style, {}).pop(made.level, None)
        return made

    def _label(self, p: etree._Element, parent: Iterable[etree._Element], around: _List | None) -> str:
        """Return what stands before the first paragraph of an item of a list."""
        item = p.getparent()
        if around is None or item.tag != _ITEMS[0] or p.getprevious() is not None:
            return ""
        levels = self.styles.lists.get(around.style, {})
        level = levels.get(around.level)
        if level is None:
            return ""
        counts = self.counts.setdefault(around.style, {})
        own = whole(item.get(f"{_TEXT}start-value") or "", 6)
        counts[around.level] = own if own is not None else counts.get(around.level, level.start - 1) + 1
        for deeper in [one for one in counts if one > around.level]:
            del counts[deeper]
        if level.style == "none":
            return ""
        first = max(1, around.level - level.shown + 1)
        said = [
            counted(counts.get(n, 1), levels[n].style if n in levels else "decimal")
            for n in range(first, around.level + 1)
        ]
        text = f"{level.before}{'.'.join(filter(None, said))}{level.after}"
        return text if not text or text[-1] in ENDS else f"{text} "

    # -- paragraphs

    def _paragraph(self, p: etree._Element, depth: int, label: str) -> None:
        self.paragraphs += 1
        place = Place(paragraph=self.paragraphs)
        shown = self._shown(p, depth)
        text = shown.text()
        self._tell(shown, place)
        if text:
            self.out.append(Paragraph(label + text, place))
        self.out += [Picture(place, what) for what in shown.pictures]
        for box in shown.boxes:
            self.walk(box, depth + 1)

    def _tell(self, shown: _Shown, place: Place) -> None:
        for said, why in shown.notes:
            self.telling.add(place, "symbol" if why == SYMBOL else "hidden", said, why)

    def _shapes(self, node: etree._Element, depth: int) -> None:
        """Read a shape that stands between paragraphs."""
        shown = _Shown()
        self._shape(node, shown)
        place = Place(paragraph=self.paragraphs)
        self.out += [Picture(place, what) for what in shown.pictures]
        for box in shown.boxes:
            self.walk(box, depth + 1)

    def _shown(self, p: etree._Element, depth: int) -> _Shown:
        """Return what a paragraph shows."""
        shown = _Shown()
        look, _above = self.styles.of(p.get(f"{_TEXT}style-name"))
        self._collect(p, shown, look, depth)
        return shown

    def _put(self, text: str | None, shown: _Shown, look: Look) -> None:
        if not text:
            return
        said = translated(_BLANKS.sub(" ", text), look.fonts).replace("\u00ad", "").replace("\u2011", "-")
        if look.hidden or look.struck:
            why = HIDDEN if look.hidden else STRUCK
            if shown.notes and shown.notes[-1][1] == why:
                shown.notes[-1] = shown.notes[-1][0] + said, why
            elif said.strip():
                shown.notes.append((said, why))
        elif said.startswith(" ") and (not shown.parts or shown.parts[-1][-1:] in (" ", "\n")):
            self._add(said[1:], shown)  # blanks that follow one another are one
        else:
            self._add(said, shown)

    def _add(self, said: str, shown: _Shown) -> None:
        if said:
            shown.parts.append(said)

    def _collect(self, node: etree._Element, shown: _Shown, look: Look, depth: int) -> None:
        self._deeper(depth)
        self._put(node.text, shown, look)
        for child in node:
            tag = child.tag
            if tag == f"{_TEXT}s":
                count = min(whole(child.get(f"{_TEXT}c") or "1", 4) or 1, 1000)
                if not (look.hidden or look.struck):
                    shown.parts.append(" " * count)
            elif tag in _SIGNS:
                if not (look.hidden or look.struck):
                    self._add(_SIGNS[tag], shown)
            elif tag == f"{_TEXT}span":
                self._span(child, shown, look, depth)
            elif tag in (*_SHAPES, f"{_DRAW}frame"):
                self._shape(child, shown)
            elif tag in (f"{_TEXT}hidden-text", f"{_TEXT}hidden-paragraph"):
                hidden = child.get(f"{_TEXT}is-hidden") != "false"
                self._collect(child, shown, replace(look, hidden=hidden or look.hidden), depth + 1)
            elif tag == f"{_LO}content-control" and child.get(f"{_LO}showing-place-holder") == "true":
                pass
            elif isinstance(tag, str) and tag not in _SKIP:
                self._collect(child, shown, look, depth + 1)
            self._put(child.tail, shown, look)

    def _span(self, span: etree._Element, shown: _Shown, look: Look, depth: int) -> None:
        own, above = self.styles.of(span.get(f"{_TEXT}style-name"))
        begin = len(shown.parts)
        self._collect(span, shown, look.under(own), depth + 1)
        if above and shown.parts[begin:]:
            before = "".join(shown.parts[max(0, begin - 3) : begin])
            shown.parts[begin:] = [raised("".join(shown.parts[begin:]), before)]

    def _shape(self, node: etree._Element, shown: _Shown) -> None:
        """Take the text boxes and pictures of a shape."""
        if node.tag in _SHAPES:
            shown.boxes.append(node)
            return
        for child in node:
            if child.tag == f"{_DRAW}text-box":
                shown.boxes.append(child)
                return
            if child.tag in (f"{_DRAW}object", f"{_DRAW}object-ole"):
                shown.pictures.append(worded("嵌入的对象"))
                return
        if any(child.tag == f"{_DRAW}image" for child in node):
            shown.pictures.append(worded("图片"))

    # -- tables

    def _table(self, table: etree._Element, depth: int, within: int, beside: str = "") -> None:
        self._deeper(depth, within)
        self.tables += 1
        made = _Table(self.tables)
        for row in _rows(table):
            repeated = max(1, whole(row.get(f"{_TABLE}number-rows-repeated") or "1", 6) or 1)
            if len(made.rows) + repeated > ODT_MAX_ROWS:
                self._too_large(made, worded("超过 {most} 行", most=ODT_MAX_ROWS))
            cells = self._row(row, made, depth)
            made.rows += [list(cells) for _n in range(repeated)]
        height = len(made.rows)
        spans = {(r, c): (min(high, height - r), wide) for (r, c), (high, wide) in made.spans.items()}
        number = made.number

        def place(row: int, column: int) -> Place:
            return Place(table=number, row=row + 1, column=column + 1)

        grid = Grid(made.rows, spans, place, beside=beside)
        self.out.append(grid)
        self.out += made.pictures
        for at, inner in made.inner:
            text = grid.left_of((at.row or 1) - 1, (at.column or 1) - 1)
            self._table(inner, depth + 1, within + 1, text)

    def _row(self, row: etree._Element, made: _Table, depth: int) -> list[str]:
        at, cells = len(made.rows), list[str]()
        for cell in row:
            if cell.tag not in (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"):
                continue
            repeated = max(1, whole(cell.get(f"{_TABLE}number-columns-repeated") or "1", 6) or 1)
            wide, high = (
                max(1, whole(cell.get(f"{_TABLE}number-{name}-spanned") or "1", 6) or 1)
                for name in ("columns", "rows")
            )
            if len(cells) + max(repeated, wide) > ODT_MAX_COLUMNS or high > ODT_MAX_ROWS:
                self._too_large(made, worded("超过 {most} 列", most=ODT_MAX_COLUMNS))
            if cell.tag.endswith("covered-table-cell"):
                cells += [""] * repeated
                continue
            if wide * high > 1:
                made.spans[at, len(cells)] = (high, wide)
            cells += [
                self._cell(cell, made, Place(table=made.number, row=at + 1, column=len(cells) + 1), depth)
            ]
            cells += [cells[-1]] * (repeated - 1)
        return cells

    def _cell(self, cell: etree._Element, made: _Table, place: Place, depth: int) -> str:
        lines: list[str] = []
        self._lines(cell, lines, made, place, depth + 1, None)
        return "\n".join(filter(None, lines))

    def _lines(
        self,
        parent: Iterable[etree._Element],
        lines: list[str],
        made: _Table,
        place: Place,
        depth: int,
        around: _List | None,
    ) -> None:
        """Take the paragraphs of a cell, a line each; keep the tables and pictures within."""
        self._deeper(depth)
        for child in parent:
            if child.tag in _PARAGRAPHS:
                label = self._label(child, parent, around)
                shown = self._shown(child, depth)
                text = shown.text()
                self._tell(shown, place)
                lines.append(label + text if text else "")
                made.pictures += [Picture(place, what) for what in shown.pictures]
                for box in shown.boxes:
                    self._lines(box, lines, made, place, depth + 1, None)
            elif child.tag == f"{_TABLE}table":
                made.inner.append((place, child))
            elif child.tag == f"{_TEXT}list":
                self._lines(child, lines, made, place, depth + 1, self._list(child, around))
            elif isinstance(child.tag, str) and child.tag not in _SKIP and not self._is_unseen(child):
                self._lines(child, lines, made, place, depth + 1, around)

    def _too_large(self, made: _Table, detail: str) -> None:
        where = worded("表{number}", number=made.number)
        raise ZhunshengError("ZS-IN-10", name=self.name, where=where, detail=detail)


def _rows(table: etree._Element) -> Iterator[etree._Element]:
    """Yield the rows of a table, none of those within its cells."""
    stack = [iter(table)]
    while stack:
        child = next(stack[-1], None)
        if child is None:
            stack.pop()
        elif child.tag == f"{_TABLE}table-row":
            yield child
        elif child.tag in [
            f"{_TABLE}{name}" for name in ("table-header-rows", "table-rows", "table-row-group")
        ]:
            stack.append(iter(child))
