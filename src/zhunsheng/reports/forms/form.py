"""The shape of a form: cells with spans, built once and written alike to Excel, Word and the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

from zhunsheng.wording import percent_beside

Align = Literal["center", "left", "right"]


@dataclass(frozen=True)
class Cell:
    """One cell of a form; ``rows`` × ``columns`` positions are covered."""

    text: str
    rows: int = 1
    columns: int = 1
    align: Align = "center"
    bold: bool = False


Row = tuple[Cell, ...]


@dataclass(frozen=True)
class Form:
    """A form: title, caption lines under it, relative column widths, rows, and how many of them head the
    indicators.

    ``header_rows`` are (first, last) rows, from 0, that repeat on every page in Word and Excel;
    rows list only cells that are not covered from above or from the left, as in HTML.
    """

    title: str
    widths: tuple[float, ...]
    rows: tuple[Row, ...]
    caption: str = ""
    landscape: bool = False
    header_rows: tuple[int, int] | None = None
    notes: tuple[str, ...] = field(default=())

    def placed(self) -> list[tuple[int, int, Cell]]:
        """Return (row, column, cell) for every cell, from 0. Raises ``ValueError`` when rows do not fill the
        width.
        """
        taken: set[tuple[int, int]] = set()
        found = []
        for r, row in enumerate(self.rows):
            column = 0
            for cell in row:
                while (r, column) in taken:
                    column += 1
                found.append((r, column, cell))
                taken.update((r + i, column + j) for i in range(cell.rows) for j in range(cell.columns))
                column += cell.columns
        if len(taken) != len(self.rows) * len(self.widths) or any(c >= len(self.widths) for _, c in taken):
            raise ValueError(f"the rows of form {self.title} do not fill its {len(self.widths)} columns")
        return found


def label(text: str, rows: int = 1, columns: int = 1) -> Cell:
    """Return a bold, centred cell."""
    return Cell(text, rows, columns, bold=True)


def text(value: str | None, columns: int = 1, rows: int = 1) -> Cell:
    """Return a left-aligned cell for running text."""
    return Cell(value or "", rows, columns, align="left")


def share(value: Fraction | None, bounds: Sequence[Fraction] = ()) -> str:
    """Return a fraction in percent, on its true side of ``bounds`` and of the whole."""
    return "—" if value is None else percent_beside(value, (Fraction(1), *bounds))
