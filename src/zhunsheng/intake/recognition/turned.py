"""Tables that lie on their side: heads below one another at the left, an indicator in each column."""

from __future__ import annotations

from dataclasses import replace

from zhunsheng.intake import labels
from zhunsheng.intake.grid import Grid
from zhunsheng.targets import Place

_FEWEST = 3  # heads below one another, and indicators beside them


def turned_parts(grid: Grid) -> list[Grid]:
    """Return what stands above heads at the left, the table beside them as one with its heads on top, and
    what stands below; empty where no such heads are.
    """
    heads = [labels.header(grid.text(row, 0)) for row in range(len(grid.rows))]
    first = next((row for row, head in enumerate(heads) if head), None)
    if first is None:
        return []
    end = next((row for row in range(first, len(heads)) if not heads[row]), len(heads))
    told = heads[first:end]
    if len(set(told)) < max(len(told), _FEWEST) or not {"name", "target"} <= set(told):
        return []
    beside = [
        [grid.text(row, column) for column in grid.distinct(row) if column] for row in range(first, end)
    ]
    names = beside[told.index("name")]
    if len(names) < _FEWEST or any(labels.header(text) for row in beside for text in row):
        return []
    every = range(grid.width)
    parts = [grid.part(range(first), every)] if first else []
    parts.append(_turned(grid.part(range(first, end), every), "" if first else grid.title))
    if end < len(grid.rows):
        parts.append(replace(grid.part(range(end, len(grid.rows)), every), title=""))
    return parts


def _turned(grid: Grid, title: str) -> Grid:
    """Return a table with its columns as rows; places stay those of its cells in the file."""
    rows = [[row[column] if column < len(row) else "" for row in grid.rows] for column in range(grid.width)]
    spans = {(column, row): (width, height) for (row, column), (height, width) in grid.spans.items()}

    def place(row: int, column: int) -> Place:
        return grid.place_of(column, row)

    return Grid(rows, spans, place, title)
