"""Cards: a small table for each indicator, whose heads stand beside what they head (指标名称 | 改造茶园 |
一级指标 | 产出指标).
"""

from __future__ import annotations

from zhunsheng.intake import labels
from zhunsheng.intake.grid import Grid
from zhunsheng.intake.recognition.rows import row_of

_MOST_ROWS = 12
_FEWEST = 4  # heads of a card


def card_in(grid: Grid) -> dict[str, tuple[int, int]] | None:
    """Return where a table has the value of each field, as (row, column) from 0; None where it is no card."""
    if len(grid.rows) > _MOST_ROWS:
        return None
    found: dict[str, tuple[int, int]] = {}
    for number in range(len(grid.rows)):
        cells = row_of(grid, number).cells
        if len(cells) % 2:
            return None
        for (_, head), (column, value) in zip(cells[::2], cells[1::2], strict=True):
            name = labels.header_like(head)
            if name is None or labels.header(value):
                return None
            found.setdefault(name, (number, column))
    return found if {"name", "target"} <= found.keys() and len(found) >= _FEWEST else None
