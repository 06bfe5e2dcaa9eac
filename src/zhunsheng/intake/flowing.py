"""Blocks out of a stream of text with marks at the ends of paragraphs, cells and rows, as Word 97–2003 and
RTF keep a document: rows say where their cells end on the page, and the grid's columns come of that.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from zhunsheng.errors import ZhunshengError
from zhunsheng.files.bounds import MAX_COLUMNS, MAX_DEPTH, MAX_ENDS, MAX_SIGNS
from zhunsheng.intake.grid import Block, Grid, Paragraph, Picture, Spans
from zhunsheng.intake.symbols import UNKNOWN
from zhunsheng.intake.telling import DELETED, SYMBOL, Telling, tracked
from zhunsheng.targets import Place, Unsure
from zhunsheng.translation import worded

# Twips (1/20 point) by which the same edge may differ from row to row, tried in turn: what is joined by the
# first must not be two edges of one row.
_TOLERANCES = (60, 15, 0)


@dataclass
class Note:
    """Words of a paragraph or cell that were left out or not told, and why."""

    field: str
    words: str
    why: str


@dataclass(frozen=True)
class RowLayout:
    """What a row says of its cells: ``edges`` in twips, one more than cells; what each is merged with.

    ``begins`` and ``goes_on`` hold the cells that begin, or continue, a cell merged downwards;
    ``beside`` those merged with the one to their left.
    """

    edges: tuple[int, ...] = ()
    begins: frozenset[int] = frozenset()
    goes_on: frozenset[int] = frozenset()
    beside: frozenset[int] = frozenset()


@dataclass
class _Table:
    """A table that is being read: its rows so far, and the cells and paragraphs of the row that is open."""

    rows: list[tuple[list[str], RowLayout]] = field(default_factory=list)
    cells: list[str] = field(default_factory=list)
    paragraphs: list[str] = field(default_factory=list)
    pictures: list[tuple[int, int, str]] = field(default_factory=list)
    notes: list[tuple[int, int, Note]] = field(default_factory=list)
    inner: list[tuple[int, int, _Table]] = field(default_factory=list)  # tables, and in which row and cell


class Flow:
    """Takes the text of a document with its marks, in order, and gives its blocks."""

    def __init__(self, name: str) -> None:
        """``name`` of the file is for messages."""
        self.name = name
        self.blocks: list[Block] = []
        self._words: list[str] = []
        self._shown: list[str] = []
        self._notes: list[Note] = []
        self._noted = 0  # how many words of the paragraph were there when the last note was taken
        self._telling = Telling()
        self._deletions = 0
        self._open: list[_Table] = []  # the table that is read, and those within its open cell
        self._signs = self._ends = self._paragraphs = self._tables = 0

    def text(self, words: str) -> None:
        """Take words of the open paragraph. Raises ``ZS-IN-06`` beyond ``MAX_SIGNS``."""
        self._signs += len(words)
        if self._signs > MAX_SIGNS:
            self._refuse(worded("正文超过 {most} 字", most=f"{MAX_SIGNS:,}"))
        self._words.append(words)

    def picture(self, what: str) -> None:
        """Take a picture of the open paragraph."""
        self._count_end()
        self._shown.append(what)

    def left_out(self, words: str, why: str) -> None:
        """Take words of the open paragraph that are not read, and why; ``DELETED`` ones are only counted.

        Raises ``ZS-IN-06`` beyond ``MAX_SIGNS``.
        """
        self._signs += len(words)
        if self._signs > MAX_SIGNS:
            self._refuse(worded("正文超过 {most} 字", most=f"{MAX_SIGNS:,}"))
        last = self._notes[-1] if self._notes else None
        if last is not None and last.why == why and len(self._words) == self._noted:
            last.words += words
        elif words.strip():
            self._notes.append(Note("hidden", words, why))
        self._noted = len(self._words)

    def paragraph(self, depth: int) -> None:
        """End a paragraph that stands ``depth`` tables deep, 0 outside of them."""
        self._count_end()
        self._at(depth)
        words, shown, notes = self._taken()
        if not depth:
            self._paragraphs += 1
            place = Place(paragraph=self._paragraphs)
            if words:
                self.blocks.append(Paragraph(words, place))
            self.blocks += [Picture(place, what) for what in shown]
            self._tell(place, notes)
            return
        self._take(self._open[-1], words, shown, notes)

    def cell(self, depth: int) -> None:
        """End a cell, and its last paragraph, of a table ``depth`` deep, from 1."""
        self._count_end()
        self._at(depth)
        table = self._open[-1]
        self._take(table, *self._taken())
        table.cells.append("\n".join(table.paragraphs))
        table.paragraphs.clear()
        if len(table.cells) > MAX_COLUMNS:
            self._too_large(worded("超过 {most} 列", most=MAX_COLUMNS))

    def row(self, depth: int, layout: RowLayout) -> None:
        """End a row of a table ``depth`` deep."""
        self._count_end()
        self._at(depth)
        table = self._open[-1]
        words, shown, notes = self._taken()
        if words or shown or notes or table.paragraphs:  # text without a mark of its cell's end
            self._take(table, words, shown, notes)
            table.cells.append("\n".join(table.paragraphs))
            table.paragraphs.clear()
        if table.cells:
            table.rows.append((list(table.cells), layout))
            table.cells.clear()

    def done(self) -> list[Block]:
        """End the document, whatever is still open, and return its blocks."""
        if any(map(str.strip, self._words)) or self._shown or self._notes:
            self.paragraph(len(self._open))
        for table in self._open:
            if table.paragraphs:
                table.cells.append("\n".join(table.paragraphs))
            if table.cells:
                table.rows.append((table.cells, RowLayout()))
        self._at(0)
        return self.blocks

    def told(self) -> list[Unsure]:
        """Return what was left out of the document, or could not be told, with its place."""
        return [*self._telling.entries(), *tracked(self._deletions)]

    def _taken(self) -> tuple[str, list[str], list[Note]]:
        words, shown, notes = "".join(self._words).strip(), self._shown, self._notes
        self._words, self._shown, self._notes = [], [], []
        if UNKNOWN in words:
            notes.append(Note("symbol", words, SYMBOL))
        return words, shown, notes

    def _tell(self, place: Place, notes: Sequence[Note]) -> None:
        for note in notes:
            if note.why == DELETED:
                self._deletions += 1
            elif said := note.words.strip():
                self._telling.add(place, note.field, said, note.why)

    def _take(self, table: _Table, words: str, shown: Sequence[str], notes: Sequence[Note]) -> None:
        if words:
            table.paragraphs.append(words)
        table.pictures += [(len(table.rows), len(table.cells), what) for what in shown]
        table.notes += [(len(table.rows), len(table.cells), note) for note in notes]

    def _at(self, depth: int) -> None:
        """Open or close tables until ``depth`` of them are open."""
        if depth > MAX_DEPTH:
            self._too_large(worded("表格嵌套过深"))
        while len(self._open) < depth:
            self._open.append(_Table())
        while len(self._open) > depth:
            table = self._open.pop()
            if self._open:
                around = self._open[-1]
                around.inner.append((len(around.rows), len(around.cells), table))
            else:
                self._give(table)

    def _give(self, table: _Table, beside: str = "") -> None:
        """Put a table among the blocks, then the tables within its cells."""
        texts = [""] * len(table.inner)
        if table.rows:
            self._tables += 1
            made, place_of = gridded(table.rows, self._tables, lambda d: self._too_large(d, self._tables))
            made.beside = beside
            places = [place_of(row, cell) for row, cell, _ in table.inner]
            texts = [made.left_of((at.row or 1) - 1, (at.column or 1) - 1) for at in places]
            self.blocks.append(made)
            self.blocks += [Picture(place_of(r, k), what) for r, k, what in table.pictures]
            for row, cell, note in table.notes:
                self._tell(place_of(row, cell), [note])
        for (_row, _cell, inner), text in zip(table.inner, texts, strict=True):
            self._give(inner, text)

    def _count_end(self) -> None:
        self._ends += 1
        if self._ends > MAX_ENDS:
            self._refuse(worded("超过 {most} 段", most=f"{MAX_ENDS:,}"))

    def _refuse(self, detail: str) -> None:
        raise ZhunshengError("ZS-IN-06", name=self.name, detail=detail)

    def _too_large(self, detail: str, number: int | None = None) -> None:
        where = worded("表{number}", number=number or self._tables + 1)
        raise ZhunshengError("ZS-IN-10", name=self.name, where=where, detail=detail)


def gridded(
    rows: Sequence[tuple[Sequence[str], RowLayout]],
    number: int,
    too_large: Callable[[str], None],
) -> tuple[Grid, Callable[[int, int], Place]]:
    """Return table ``number`` as a grid, and what tells the place of a row's cell, both counted from 0.

    ``too_large`` raises where it has more columns than ``MAX_COLUMNS``.
    """
    places, width = _columns(rows)
    if width > MAX_COLUMNS:
        too_large(worded("超过 {most} 列", most=MAX_COLUMNS))
    texts: list[list[str]] = []
    spans: Spans = {}
    running: dict[int, tuple[int, int]] = {}  # column -> anchor of a cell that goes on downwards
    starts: dict[tuple[int, int], int] = {}
    for r, ((cells, layout), (firsts, end)) in enumerate(zip(rows, places, strict=True)):
        row = [""] * end
        for k, text in enumerate(cells):
            column, last = firsts[k], (firsts[k + 1] if k + 1 < len(firsts) else end)
            starts[r, k] = column
            if k in layout.beside and k:
                anchor = (
                    r,
                    next(starts[r, j] for j in range(k - 1, -1, -1) if j not in layout.beside or not j),
                )
                height, _width = spans.get(anchor, (1, 1))
                spans[anchor] = (height, last - anchor[1])
                row[anchor[1]] = "\n".join(filter(None, (row[anchor[1]], text)))
                continue
            if k in layout.goes_on and column in running:
                anchor = running[column]
                _height, across = spans.get(anchor, (1, last - column))
                spans[anchor] = (r - anchor[0] + 1, across)
                continue
            running.pop(column, None)
            if k in layout.begins or k in layout.goes_on:
                running[column] = (r, column)
            if last - column > 1:
                spans[r, column] = (1, last - column)
            row[column] = text
        running = {c: at for c, at in running.items() if _reaches(at, spans, r)}
        texts.append(row)

    def place(row: int, column: int) -> Place:
        return Place(table=number, row=row + 1, column=column + 1)

    return Grid(texts, spans, place), lambda row, cell: place(row, starts.get((row, cell), cell))


def _reaches(anchor: tuple[int, int], spans: Spans, row: int) -> bool:
    return anchor[0] + spans.get(anchor, (1, 1))[0] - 1 == row


def _columns(
    rows: Sequence[tuple[Sequence[str], RowLayout]],
) -> tuple[list[tuple[list[int], int]], int]:
    """Return for each row the columns in which its cells begin and the one behind the last, and the width.

    A row that states no edges takes those of the last one with as many cells, or a column a cell.
    """
    stated: list[tuple[int, ...] | None] = []
    by_count: dict[int, tuple[int, ...]] = {}
    for cells, layout in rows:
        if len(layout.edges) == len(cells) + 1 and sorted(layout.edges) == list(layout.edges):
            by_count[len(cells)] = layout.edges
            stated.append(layout.edges)
        else:
            stated.append(by_count.get(len(cells)))
    known = sorted({edge for edges in stated if edges for edge in edges})
    for tolerance in _TOLERANCES:
        joined: list[int] = []
        for edge in known:
            if not joined or edge - joined[-1] > tolerance:
                joined.append(edge)
        # Every edge of a group stands behind its first, or is it.
        at = {edge: bisect_left(joined, edge + 1) - 1 for edge in known}
        if all(len({at[e] for e in edges}) == len(edges) for edges in stated if edges):
            break
    found = []
    for (cells, _layout), edges in zip(rows, stated, strict=True):
        if edges is None:
            found.append((list(range(len(cells))), len(cells)))
            continue
        firsts = [at[e] for e in edges]
        for k in range(1, len(firsts)):  # cells without a width, side by side
            firsts[k] = max(firsts[k], firsts[k - 1] + 1)
        found.append((firsts[:-1], firsts[-1]))
    return found, max((end for _firsts, end in found), default=0)
