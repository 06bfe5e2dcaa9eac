"""Draw a test document on pages, letter by letter and line by line, as OFD (GB/T 33190)."""

from __future__ import annotations

import random
from itertools import groupby
from pathlib import Path

from bed.grids import Cell, Document, Table
from ofds import SIZE, line, ofd, text

_STEP, _EDGE = SIZE + 0.8, 12.0  # millimetres from line to line, and from the paper's edge


def wrapped(words: str, wide: float) -> list[str]:
    """Return a text in lines that fit a width in millimetres."""
    found = []
    for said in words.split("\n"):
        row, used = "", 0.0
        for sign in said:
            takes = SIZE if ord(sign) > 0x2E80 else SIZE / 2
            if row and used + takes > wide:
                found.append(row)
                row, used = "", 0.0
            row, used = row + sign, used + takes
        found.append(row)
    return found


class _Pages:
    """Pages under way: what each holds, and how far down the last is filled."""

    def __init__(self, wide: float, high: float) -> None:
        self.wide, self.high = wide, high
        self.held: list[list[str]] = [[]]
        self.y = _EDGE

    def room(self, high: float) -> None:
        """Begin a page where this one has no room for something so high."""
        if self.y + high > self.high - _EDGE and (self.held[-1] or self.y > _EDGE):
            self.held.append([])
            self.y = _EDGE

    def paragraph(self, words: str) -> None:
        """Write a paragraph in the page's width."""
        for row in wrapped(words, self.wide - 2 * _EDGE):
            self.room(_STEP)
            self.held[-1].append(text(row, _EDGE, self.y + SIZE))
            self.y += _STEP + 1

    def table(self, table: Table) -> None:
        """Draw a table, a cell that a page's end cuts on both pages."""
        column = (self.wide - 2 * _EDGE) / table.width
        rows = [0.0 if row in table.hidden else _STEP + 1 for row in range(table.height)]
        lines = {id(cell): wrapped(cell.text, cell.columns * column - 2) for cell in table.cells}
        for cell in table.cells:
            last = cell.row + cell.rows - 1
            if cell.row not in table.hidden:
                lacking = len(lines[id(cell)]) * _STEP + 1 - sum(rows[cell.row : last + 1])
                rows[last] += max(0.0, lacking)
        places = []  # of each row: its page and its top
        for high in rows:
            self.room(high)
            places.append((len(self.held) - 1, self.y))
            self.y += high
        for cell in table.cells:
            if cell.row not in table.hidden:
                self.cell(cell, places, rows, column, lines[id(cell)])
        self.y += 3

    def cell(
        self, cell: Cell, places: list[tuple[int, float]], rows: list[float], column: float, said: list[str]
    ) -> None:
        """Draw a cell's frame on each of its pages, and its lines as far as each has room."""
        left, right = _EDGE + cell.column * column, _EDGE + (cell.column + cell.columns) * column
        span = range(cell.row, cell.row + cell.rows)
        for page, run in groupby(span, key=lambda row: places[row][0]):
            these = list(run)
            top, bottom = places[these[0]][1], places[these[-1]][1] + rows[these[-1]]
            held = self.held[page]
            held += [line(left, top, right, top), line(left, bottom, right, bottom)]
            held += [line(left, top, left, bottom), line(right, top, right, bottom)]
            most = int((bottom - top) / _STEP)
            held += [text(row, left + 1, top + (n + 1) * _STEP) for n, row in enumerate(said[:most]) if row]
            said = said[most:]


def write_ofd(document: Document, path: Path, draw: random.Random) -> None:
    """Write the document as OFD, wide tables on pages that lie on their side."""
    tables = [block for block in document.blocks if isinstance(block, Table)]
    wide, high = (297, 210) if max((table.width for table in tables), default=0) > 7 else (210, 297)
    pages = _Pages(wide, high)
    for block in document.blocks:
        if isinstance(block, Table):
            pages.table(block)
        else:
            pages.paragraph(block)
    path.write_bytes(ofd(["".join(held) for held in pages.held], box=f"0 0 {wide} {high}"))
