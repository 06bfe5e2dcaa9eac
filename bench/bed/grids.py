"""A test document before it has a format: paragraphs and tables of cells that know their place and their span."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Cell:
    """One cell: where it begins, what it covers, what it says; ``number`` and ``shown`` for a workbook's typed cell."""

    row: int
    column: int
    text: str
    rows: int = 1
    columns: int = 1
    number: float | None = None
    shown: str = ""


@dataclass
class Table:
    """A table: cells in order of place, its size, and the rows nobody sees."""

    width: int = 0
    height: int = 0
    cells: list[Cell] = field(default_factory=list)
    hidden: set[int] = field(default_factory=set)

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

    def texts(self, *, repeat: bool = False) -> list[list[str]]:
        """Return the table as texts, what is merged below and beside blank, or repeated."""
        found = [[""] * self.width for _ in range(self.height)]
        for cell in self.cells:
            for i in range(cell.rows if repeat else 1):
                found[cell.row + i][cell.column] = cell.text
        return found


Block = str | Table


@dataclass
class Document:
    """A document: pages (worksheets) of blocks, the stem of its file's name, and what it truly says."""

    stem: str
    pages: list[list[Block]]
    sheets: list[dict[str, Any]]
    layout: str = ""

    @property
    def blocks(self) -> list[Block]:
        """Return all its blocks, page after page."""
        return [block for page in self.pages for block in page]
