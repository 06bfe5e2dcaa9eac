"""One row of a table as recognition sees it, and what single cells say: a label, a number, nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from zhunsheng.intake import labels
from zhunsheng.intake.grid import Grid
from zhunsheng.targets import Place
from zhunsheng.targets.spelling import normalise


@dataclass(frozen=True)
class Row:
    """A row of a table; ``cells`` are those that show something, each once, as (column, text)."""

    grid: Grid
    number: int
    cells: tuple[tuple[int, str], ...]

    @property
    def only(self) -> str | None:
        """The text of a row that says one thing, be it in every cell."""
        texts = {text for _, text in self.cells}
        return self.cells[0][1] if len(texts) == 1 else None

    def text(self, column: int) -> str:
        """Return what the row shows in a column."""
        return self.grid.text(self.number, column)

    def place(self, column: int) -> Place:
        """Return where the row's cell in a column stands in the file."""
        return self.grid.place(self.number, column)

    def words(self) -> str:
        """Return all that the row shows."""
        return " ".join(text for _, text in self.cells)


def row_of(grid: Grid, number: int) -> Row:
    """Return a row of a table (from 0), with cells that are merged from above too."""
    cells = ((column, grid.text(number, column).strip()) for column in grid.distinct(number))
    return Row(grid, number, tuple((column, text) for column, text in cells if text))


def label_of(text: str) -> tuple[str | None, str]:
    """Return the field a cell labels and, where the cell holds the value too (项目名称：甲), that value."""
    if found := labels.label(text):
        return found, ""
    for mark in ("：", ":"):
        left, sep, right = text.partition(mark)
        if sep and (found := labels.label(left)):
            return found, right.strip()
    return None, ""


def decimal(text: str) -> Decimal | None:
    """Return the number that a cell is, with 分 or % behind it or without; None for anything else."""
    match = re.fullmatch(r"(-?\d+(?:\.\d+)?)(?:%|分|％)?", normalise(text)) if text else None
    return Decimal(match[1]) if match else None


def said(text: str | None) -> str | None:
    """Return the text, or None for the dashes and strokes that stand for nothing."""
    clean = (text or "").strip()
    return None if not clean or re.fullmatch(r"[—\-–―─/\\＿_一…]+", clean) else clean
