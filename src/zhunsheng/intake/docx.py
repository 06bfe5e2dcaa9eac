"""Reader for docx: the body's paragraphs and tables as a person sees them, with merged cells."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from lxml import etree

from zhunsheng.errors import ZhunshengError
from zhunsheng.files.bounds import MAX_CELLS, MAX_COLUMNS, MAX_DEPTH, MAX_ENDS
from zhunsheng.files.opening import Opened, parse_xml
from zhunsheng.intake.grid import Block, Grid, Paragraph, Picture, Spans
from zhunsheng.intake.pictures import in_word
from zhunsheng.intake.telling import HIDDEN, SYMBOL, Telling, tracked
from zhunsheng.intake.word_text import FIELD, MC, VAL, Shown, W, Words, alternative, is_placeholder
from zhunsheng.targets import Place, Unsure
from zhunsheng.translation import worded

_P, _TBL, _TR, _TC, _SDT = f"{W}p", f"{W}tbl", f"{W}tr", f"{W}tc", f"{W}sdt"
_SPAN, _DOWN, _ACROSS, _CELL_DELETED = f"{W}gridSpan", f"{W}vMerge", f"{W}hMerge", f"{W}cellDel"
_AROUND = (f"{W}sdtContent", f"{W}customXml", f"{W}ins", f"{W}moveTo", f"{W}smartTag")
_PICTURED = (b":drawing", b":pict", b":object")


def read(opened: Opened) -> list[Block]:
    """Return the blocks of a Word document. Raises ``ZS-IN-05``, ``ZS-IN-08`` or ``ZS-IN-10``."""
    data = opened.member("word/document.xml")
    root = parse_xml(data, opened.name)
    names = opened.archive.names if opened.archive else ()

    def part(path: str) -> etree._Element | None:
        return opened.xml(path) if path in names else None

    styled = b":pStyle" in data or b":rStyle" in data
    words = Words(part("word/styles.xml") if styled else None, lambda: part("word/numbering.xml"))
    return blocks_of(opened.name, root, words, pictured=any(mark in data for mark in _PICTURED))


def blocks_of(name: str, root: etree._Element, words: Words, *, pictured: bool) -> list[Block]:
    """Return the blocks of a Word document, ``pictured`` where it may show pictures. Raises as ``read``."""
    body = root.find(f"{W}body")
    if body is None:
        raise ZhunshengError("ZS-IN-05", name=name, detail=worded("没有正文"))
    reading = _Reading(name, words, pictured=pictured)
    reading.walk(body, 0)
    return [*reading.out, *reading.told()]


@dataclass
class _Table:
    """A table while it is read; ``numbers`` are those of its rows in the file, from 1."""

    number: int
    rows: list[list[str]] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    spans: Spans = field(default_factory=dict)
    merges: dict[int, tuple[int, int]] = field(default_factory=dict)  # column -> anchor of one still running
    inner: list[tuple[int, int, etree._Element]] = field(default_factory=list)  # tables, and in which cells
    shown: list[Picture] = field(default_factory=list)

    def place(self, row: int, column: int) -> Place:
        """Return where the cell at a row and column (from 0) stands."""
        number = self.numbers[row] if row < len(self.numbers) else row + 1
        return Place(table=self.number, row=number, column=column + 1)


@dataclass
class _Reading:
    """A document while it is read: its blocks, and how many paragraphs and tables came before."""

    name: str
    words: Words
    pictured: bool  # whether it has pictures anywhere
    out: list[Block] = field(default_factory=list)
    paragraphs: int = 0
    tables: int = 0
    cells: int = 0
    telling: Telling = field(default_factory=Telling)
    begun: str = ""  # the text of a paragraph whose end was deleted: the next one goes on with it

    def told(self) -> Iterator[Unsure]:
        """Yield what was left out or could not be told."""
        yield from self.telling.entries()
        yield from tracked(self.words.deletions)

    def walk(self, parent: Iterable[etree._Element], depth: int, box: Place | None = None) -> None:
        """Read the paragraphs and tables under ``parent``, which may be a text box anchored at ``box``."""
        for child in parent:
            if child.tag == _P:
                self._paragraph(child, depth, box)
            elif child.tag == _TBL:
                self._table(child, depth)
            elif child.tag == f"{MC}AlternateContent":
                self.walk(alternative(child), depth, box)
            elif child.tag == f"{W}altChunk":
                self.out.append(Picture(Place(paragraph=self.paragraphs), worded("插入的文档")))
            elif child.tag in _AROUND or (child.tag == _SDT and not is_placeholder(child)):
                self.walk(child, depth, box)

    def _paragraph(self, p: etree._Element, depth: int, box: Place | None) -> None:
        self.paragraphs += box is None
        if self.paragraphs > MAX_ENDS:
            detail = worded("超过 {most} 段", most=f"{MAX_ENDS:,}")
            raise ZhunshengError("ZS-IN-06", name=self.name, detail=detail)
        place = box or Place(paragraph=self.paragraphs)
        shown = self.words.read(p)
        self._tell(shown, place)
        text = self.begun + (shown.number + shown.text if shown.text else "")
        self.begun = text if shown.joined else ""
        if text and not shown.joined:
            self.out.append(Paragraph(text, place))
        if self.pictured and box is None:
            self.out.extend(Picture(place, what) for what in in_word(p))
        for inner in shown.boxes:
            self._deeper(depth, place)
            self.walk(inner, depth + 1, place)

    def _tell(self, shown: Shown, place: Place) -> None:
        for said, why in shown.notes:
            kind = "symbol" if why == SYMBOL else "cell" if why == FIELD else "hidden"
            self.telling.add(place, kind, said, why, unread=kind == "cell")

    def _deeper(self, depth: int, place: Place) -> None:
        if depth > MAX_DEPTH:
            detail = worded("表格嵌套过深")
            raise ZhunshengError("ZS-IN-10", name=self.name, where=place.label(), detail=detail)

    def _table(self, table: etree._Element, depth: int, beside: str = "") -> None:
        self.tables += 1
        made = _Table(self.tables)
        self._deeper(depth, Place(table=made.number))
        for number, tr in enumerate(_children(table, _TR), start=1):
            properties = tr.find(f"{W}trPr")
            if properties is not None and self._left_out(properties, tr, made, number):
                continue
            made.numbers.append(number)
            made.rows.append(self._row(tr, properties, made))
            self.cells += len(made.rows[-1])
            if self.cells > MAX_CELLS:  # told now, before there is room for more
                where = worded("表{number}", number=made.number)
                detail = worded("连同前面的表超过 {most} 格", most=f"{MAX_CELLS:,}")
                raise ZhunshengError("ZS-IN-10", name=self.name, where=where, detail=detail)
        grid = Grid(made.rows, made.spans, made.place, beside=beside)
        self.out.append(grid)
        self.out.extend(made.shown)
        for row, column, inner in made.inner:
            self._table(inner, depth + 1, grid.left_of(row, column))

    def _left_out(self, properties: etree._Element, tr: etree._Element, made: _Table, number: int) -> bool:
        """Say whether a row is not shown: deleted, or hidden, which is told."""
        if properties.find(f"{W}del") is not None:
            self.words.deletions += 1
            return True
        hidden = properties.find(f"{W}hidden")
        if hidden is None or hidden.get(VAL) in ("0", "false", "off"):
            return False
        texts = (self.words.read(p).text for p in tr.iter(_P))
        if said := " ".join(filter(None, texts)):
            self.telling.add(Place(table=made.number, row=number, column=1), "hidden", said, HIDDEN)
        return True

    def _row(self, tr: etree._Element, properties: etree._Element | None, made: _Table) -> list[str]:
        at = len(made.rows)
        row: list[str] = [""] * self._beside(properties, "gridBefore", made)
        for tc in _children(tr, _TC):
            column = len(row)
            width, down, across, deleted = self._merged(tc, made)
            if deleted:
                continue
            if column + width > MAX_COLUMNS:
                raise ZhunshengError(
                    "ZS-IN-10",
                    name=self.name,
                    where=worded("表{number}第{n}行", number=made.number, n=at + 1),
                    detail=worded("超过 {most} 列", most=MAX_COLUMNS),
                )
            if across == "continue" and row:
                anchor = next((c for c in range(column - 1, -1, -1) if (at, c) in made.spans), column - 1)
                height, before = made.spans.get((at, anchor), (1, 1))
                made.spans[at, anchor] = (height, before + width)
                row.extend([""] * width)
                continue
            if down is not None and down != "restart" and column in made.merges:
                anchor_at = made.merges[column]
                _height, covered = made.spans.get(anchor_at, (1, width))
                made.spans[anchor_at] = (at - anchor_at[0] + 1, covered)
                row.extend([""] * width)
                continue
            made.merges.pop(column, None)
            if down is not None:
                made.merges[column] = (at, column)
            if width > 1 or across == "restart":
                made.spans[at, column] = (1, width)
            row.append(self._cell(tc, made, at, column))
            row.extend([""] * (width - 1))
        return row + [""] * self._beside(properties, "gridAfter", made)

    def _beside(self, properties: etree._Element | None, name: str, made: _Table) -> int:
        """Return how many columns a row leaves free before or after its cells."""
        found = properties.find(f"{W}{name}") if properties is not None else None
        return self._count(found, made) if found is not None else 0

    def _merged(self, tc: etree._Element, made: _Table) -> tuple[int, str | None, str | None, bool]:
        """Return how many columns a cell covers, how it is merged down and across, whether it was deleted."""
        properties = tc.find(f"{W}tcPr")
        if properties is None:
            return 1, None, None, False
        width, down, across, deleted = 1, None, None, False
        for one in properties:
            if one.tag == _SPAN:
                width = self._count(one, made)
            elif one.tag == _DOWN:
                down = one.get(VAL) or "continue"
            elif one.tag == _ACROSS:
                across = one.get(VAL) or "continue"
            elif one.tag == _CELL_DELETED:
                deleted = True
        return width, down, across, deleted

    def _cell(self, tc: etree._Element, made: _Table, row: int, column: int) -> str:
        """Return the text of a cell, a line a paragraph; keep the tables and pictures within."""
        lines: list[str] = []
        control = tc.getparent().getparent()  # of a cell within a content control
        if control.tag != _SDT or not is_placeholder(control):
            self._lines(tc, lines, made, (row, column))
        if self.pictured:
            made.shown.extend(Picture(made.place(row, column), what) for what in in_word(tc))
        return "\n".join(filter(None, lines))

    def _lines(
        self, parent: Iterable[etree._Element], lines: list[str], made: _Table, at: tuple[int, int]
    ) -> None:
        joined = False
        for child in parent:
            if child.tag == _P:
                shown = self.words.read(child)
                if shown.notes:
                    self._tell(shown, made.place(*at))
                if joined and lines:
                    lines[-1] += shown.text
                else:
                    lines.append((shown.number + shown.text).strip())
                joined = shown.joined
                for inner in shown.boxes:
                    self._lines(inner, lines, made, at)
            elif child.tag == _TBL:
                made.inner.append((*at, child))
            elif child.tag == f"{MC}AlternateContent":
                self._lines(alternative(child), lines, made, at)
            elif child.tag in _AROUND or (child.tag == _SDT and not is_placeholder(child)):
                self._lines(child, lines, made, at)

    def _count(self, element: etree._Element, made: _Table) -> int:
        try:
            count = int(element.get(VAL) or 1)
        except ValueError:
            count = 1
        if not 0 <= count <= MAX_COLUMNS:
            raise ZhunshengError(
                "ZS-IN-10",
                name=self.name,
                where=worded("表{number}", number=made.number),
                detail=worded("单元格横跨 {count} 列", count=f"{count:,}"),
            )
        return max(count, 1)


def _children(parent: etree._Element, tag: str) -> list[etree._Element]:
    """Return direct children with a tag, looking through content controls and tracked insertions."""
    found = []
    for child in parent:
        if child.tag == tag:
            found.append(child)
        elif child.tag in _AROUND or child.tag == _SDT:
            found.extend(_children(child, tag))
    return found
