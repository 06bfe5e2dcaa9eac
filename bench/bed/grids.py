"""A test document before it has a format: paragraphs, and tables of cells with their place and span."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Cell:
    """One cell: where it begins, what it says, what it covers."""

    row: int
    column: int
    text: str
    rows: int = 1
    columns: int = 1


@dataclass
class Table:
    """A table: its cells, its size, the rows nobody sees, and where a page may break it: the first row of the
    indicators' head, the first below the head, the first after them.
    """

    width: int = 0
    height: int = 0
    cells: list[Cell] = field(default_factory=list)
    hidden: set[int] = field(default_factory=set)
    breakable: tuple[int, int, int] | None = None

    def put(self, row: int, column: int, text: str, rows: int = 1, columns: int = 1) -> None:
        """Write a cell and make room for it."""
        self.cells.append(Cell(row, column, text, rows, columns))
        self.width = max(self.width, column + columns)
        self.height = max(self.height, row + rows)

    def rows(self) -> list[list[Cell]]:
        """Return the cells that begin in each row, from left to right."""
        found: list[list[Cell]] = [[] for _ in range(self.height)]
        for cell in sorted(self.cells, key=lambda c: (c.row, c.column)):
            found[cell.row].append(cell)
        return found

    def texts(self) -> list[list[str]]:
        """Return the table as texts, what is merged below and beside blank."""
        found = [[""] * self.width for _ in range(self.height)]
        for cell in self.cells:
            found[cell.row][cell.column] = cell.text
        return found


Block = str | Table


@dataclass
class Document:
    """A document: pages (worksheets) of blocks, the stem of its file's name, and what it truly says."""

    stem: str
    pages: list[list[Block]]
    sheets: list[dict[str, Any]]

    @property
    def blocks(self) -> list[Block]:
        """Return all its blocks, page after page."""
        return [block for page in self.pages for block in page]


def broken(table: Table, how: str) -> list[Block]:
    """Break a table over a page within its indicators: the head ``again`` in the same table, a new ``table``
    with it, or a new one without (``bare``). What was merged over the break goes on blank.
    """
    assert table.breakable
    head, first, last = table.breakable
    at = (first + last) // 2
    if at <= first:
        return [table]
    deep = 0 if how == "bare" else first - head
    upper, lower = Table(), Table()
    for cell in table.cells:
        end = cell.row + cell.rows
        if deep and head <= cell.row and end <= first:
            lower.put(cell.row - head, cell.column, cell.text, cell.rows, cell.columns)
        if end <= at:
            upper.put(cell.row, cell.column, cell.text, cell.rows, cell.columns)
        elif cell.row >= at:
            lower.put(cell.row - at + deep, cell.column, cell.text, cell.rows, cell.columns)
        else:
            upper.put(cell.row, cell.column, cell.text, at - cell.row, cell.columns)
            since = 0 if cell.row <= head else deep
            lower.put(since, cell.column, "", end - at + deep - since, cell.columns)
    upper.hidden = {row for row in table.hidden if row < at}
    lower.hidden = {row - at + deep for row in table.hidden if row >= at}
    if how != "again":
        return [upper, "", lower]
    top = upper.height
    for cell in lower.cells:
        upper.put(cell.row + top, cell.column, cell.text, cell.rows, cell.columns)
    upper.hidden |= {row + top for row in lower.hidden}
    return [upper]
