"""What readers give to recognition: paragraphs and grids, whose cells know their spans and their place in the
file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from zhunsheng.files.spreadsheet import show
from zhunsheng.targets import Place, Unsure

Spans = dict[tuple[int, int], tuple[int, int]]


@dataclass(frozen=True)
class Paragraph:
    """A paragraph outside tables."""

    text: str
    place: Place


@dataclass(frozen=True)
class GridCell:
    """One cell: its text, its place, and how many rows and columns it covers (1 × 1 where it
    is not merged).
    """

    text: str
    place: Place
    rows: int = 1
    columns: int = 1


@dataclass
class Grid:
    """A table: raw values by row, merged spans by anchor, and a function from (row,
    column) to the place in the file.

    Rows and columns count from 0; rows may be ragged. ``title`` is what stands over the table (a worksheet's
    name), ``beside`` what stands left of the cell that it is in, of a table within another.
    """

    rows: Sequence[Sequence[Any]]
    spans: Spans
    place_of: Callable[[int, int], Place]
    title: str = ""
    beside: str = ""

    @cached_property
    def _owners(self) -> dict[tuple[int, int], tuple[int, int]]:
        return {
            (row + i, column + j): (row, column)
            for (row, column), (height, width) in self.spans.items()
            for i in range(height)
            for j in range(width)
        }

    @cached_property
    def kept(self) -> dict[object, Any]:
        """What recognition has worked out of the table once, by what it is of."""
        return {}

    @cached_property
    def width(self) -> int:
        """Columns of the widest row."""
        return max(map(len, self.rows), default=0)

    def owner(self, row: int, column: int) -> tuple[int, int]:
        """Return the anchor of the merged cell that covers a position, or the position itself."""
        return self._owners.get((row, column), (row, column))

    def distinct(self, row: int) -> Iterator[int]:
        """Give the first column of every cell that a row shows, once, also of those merged from above."""
        if not self.spans:
            yield from range(len(self.rows[row]))
            return
        seen: set[tuple[int, int]] = set()
        for column in range(self.width):
            owner = self.owner(row, column)
            if owner not in seen:
                seen.add(owner)
                yield column

    def text(self, row: int, column: int) -> str:
        """Return what the cell at a position shows, also where a merged cell covers it."""
        if self.spans:
            row, column = self.owner(row, column)
        try:
            value = self.rows[row][column]
        except IndexError:
            return ""
        if type(value) is str:
            return value
        return show(value) if value is not None else ""

    def left_of(self, row: int, column: int) -> str:
        """Return what the nearest cell left of a position says."""
        texts = (self.text(row, before).strip() for before in range(column - 1, -1, -1))
        return next(filter(None, texts), "")

    def part(self, rows_of: range, columns_of: range) -> Grid:
        """Return rows and columns that follow one another as a table of their own."""
        rows, spans, moved = part_of(self.rows, self.spans, rows_of, columns_of)

        def place(row: int, column: int) -> Place:
            own = (row + rows_of.start, column + columns_of.start)
            return self.place_of(*moved.get((row, column), own))

        return Grid(rows, spans, place, self.title)

    def cell(self, row: int, column: int) -> GridCell:
        """Return the cell that covers a position."""
        anchor = self.owner(row, column)
        height, width = self.spans.get(anchor, (1, 1))
        return GridCell(self.text(row, column), self.place_of(*anchor), height, width)

    def place(self, row: int, column: int) -> Place:
        """Return where the cell that covers a position stands in the file."""
        return self.place_of(*self.owner(row, column))


def part_of(
    rows: Sequence[Sequence[Any]], spans: Spans, row_of: Sequence[int], column_of: Sequence[int]
) -> tuple[list[list[Any]], Spans, dict[tuple[int, int], tuple[int, int]]]:
    """Return the cells of the rows and columns that are shown, and what of the merged ones is.

    ``row_of`` and ``column_of`` are the numbers of those rows and columns (from 0). A merged cell whose first
    row or column is not shown begins at the first that is: the third value says where its text stands.
    """
    row_at = {row: n for n, row in enumerate(row_of)}
    column_at = {column: n for n, column in enumerate(column_of)}
    made = [[rows[row][column] for column in column_of if column < len(rows[row])] for row in row_of]
    kept: Spans = {}
    moved: dict[tuple[int, int], tuple[int, int]] = {}
    for (top, left), (height, width) in spans.items():
        own_rows = [row_at[row] for row in range(top, top + height) if row in row_at]
        own_columns = [column_at[column] for column in range(left, left + width) if column in column_at]
        if not own_rows or not own_columns:
            continue
        row, column = own_rows[0], own_columns[0]
        if len(own_rows) * len(own_columns) > 1:
            kept[row, column] = (len(own_rows), len(own_columns))
        if (row_of[row], column_of[column]) != (top, left):
            moved[row, column] = (top, left)
            made[row] += [""] * (column + 1 - len(made[row]))
            made[row][column] = rows[top][left] if top < len(rows) and left < len(rows[top]) else ""
    return made, kept, moved


@dataclass(frozen=True)
class Picture:
    """Something that is shown and not read: a picture, a chart, an embedded object."""

    place: Place
    what: str = "图片"


Block = Paragraph | Grid | Picture | Unsure  # what a reader left out or doubts, where it stands
_CLIPPED = 60


def clipped(text: str) -> str:
    """Return the beginning of a text, in one line, to name it by."""
    line = " ".join(text.split())
    return line if len(line) <= _CLIPPED else f"{line[: _CLIPPED - 1]}…"
