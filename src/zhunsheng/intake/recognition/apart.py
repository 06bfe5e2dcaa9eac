"""Tables that stand side by side in one grid: two forms, two groups of indicators, or a project's labels
beside its indicators.
"""

from __future__ import annotations

import re
from dataclasses import replace

from zhunsheng.intake import labels
from zhunsheng.intake.grid import Grid
from zhunsheng.intake.recognition.content import level_of
from zhunsheng.intake.recognition.turned import turned_parts

_DEEPEST = 40  # rows within which the heads of two forms side by side stand
_TOP = 6  # rows within which those beside labels do


def parts_of(grid: Grid) -> list[Grid]:
    """Return the tables that a grid holds side by side, the left one first; itself where it is one. A table
    that lies on its side is turned, and apart from what stands above and below it.
    """
    if turned := turned_parts(grid):
        return turned
    for number in range(min(len(grid.rows), _DEEPEST)):
        found = [(column, name) for column in grid.distinct(number) if (name := _head(grid, number, column))]
        fields = [name for _, name in found]
        if fields.count("name") == 2 and fields.count("target") == 2:
            return _two(grid, number, found) or [grid]
        if number < _TOP and len(found) > 2 and found[0][0] > 2 and _labels_beside(grid, number, found[0][0]):
            return _split(grid, 0, found[0][0])
    return [grid]


def _head(grid: Grid, row: int, column: int) -> str | None:
    return labels.header(grid.text(row, column))


def _two(grid: Grid, number: int, found: list[tuple[int, str]]) -> list[Grid] | None:
    """Return the parts of a grid whose heads name everything twice; None where they are one table's."""
    first = next(column for column, name in found if name == "name")
    second = next(c for c, name in found if c > first and name in ("level1", "level2", "name"))
    own = [
        column
        for above in range(number)
        for column in grid.distinct(above)
        if labels.label(grid.text(above, column)) == "name"
    ]
    if any(column < second for column in own) and any(column >= second for column in own):
        return _split(grid, 0, second)
    fields, half = [name for _, name in found], len(found) // 2
    over = [grid.text(number - 1, column) for column in (0, second)] if number else []
    if fields[:half] == fields[half:] and over and all(map(_names_level, over)):
        return [grid.part(range(number - 1), range(grid.width)), *_split(grid, number - 1, second)]
    return None


def _split(grid: Grid, top: int, column: int) -> list[Grid]:
    """Return what stands from a row on left of a column, and what stands right of it as of the same sheet."""
    rows = range(top, len(grid.rows))
    left = grid.part(rows, range(column))
    right = replace(grid.part(rows, range(column, grid.width)), title="")
    return [replace(left, title="") if top else left, right]


def _names_level(text: str) -> bool:
    """Say whether a text names a level 1, or several (效益指标与满意度指标)."""
    return all(level_of(part) for part in re.split("[与和及、]", text.strip()))


def _labels_beside(grid: Grid, number: int, first: int) -> bool:
    """Say whether left of the first head of a row, beyond an empty column, the labels of a project stand."""
    below = range(number, len(grid.rows))
    told = {labels.label(grid.text(row, 0)) for row in below} - {None}
    return "name" in told and len(told) > 1 and not any(grid.text(row, first - 1).strip() for row in below)
