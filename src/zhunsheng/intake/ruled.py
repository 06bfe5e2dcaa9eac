"""Tables by their lines: strokes joined to long lines, lines that touch to tables, and cells merged where no
line lies between them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from zhunsheng.files.bounds import PAGE_MAX_LINES
from zhunsheng.intake.drawn import Box, Letter

Walls = npt.NDArray[np.bool_]

_SAME = 1.2  # points between two strokes of one line
_DASH = 5.0  # points between two dashes of one line
_SHORT = 8.0  # points; what is shorter is part of a sign
_TOUCH = 3.5  # points between the end of a line and the line on which it ends


@dataclass(frozen=True)
class Lines:
    """Long lines: ``across`` as (height, left, right), ``down`` as (from the left, top, bottom)."""

    across: list[tuple[float, float, float]]
    down: list[tuple[float, float, float]]


@dataclass
class Cell:
    """A cell of a table, from 0, with the rows and columns that it covers, its box and its letters."""

    row: int
    column: int
    rows: int
    columns: int
    box: Box
    letters: list[Letter] = field(default_factory=list)


def joined(boxes: Iterable[Box]) -> Lines:
    """Join strokes, dashes and dots to lines; what stays short is none."""
    across: list[tuple[float, float, float]] = []
    down: list[tuple[float, float, float]] = []
    for box in boxes:
        square = abs(box.width - box.height) < 1 and box.width <= 3
        if box.width >= box.height or square:
            across.append(((box.top + box.bottom) / 2, box.left, box.right))
        if box.height > box.width or square:
            down.append(((box.left + box.right) / 2, box.top, box.bottom))
    return Lines(_joined(across), _joined(down))


def _joined(pieces: list[tuple[float, float, float]]) -> list[tuple[float, float, float]]:
    pieces.sort()
    found: list[tuple[float, float, float]] = []
    start = 0
    for end in range(1, len(pieces) + 1):
        if end < len(pieces) and pieces[end][0] - pieces[start][0] <= _SAME:
            continue
        same = sorted(pieces[start:end], key=lambda one: one[1])
        at = sum(one[0] for one in same) / len(same)
        first, last = same[0][1:]
        for _at, low, high in same[1:]:
            if low - last > _DASH:
                found.append((at, first, last))
                first = low
                last = high
            last = max(last, high)
        found.append((at, first, last))
        start = end
    return [one for one in found if one[2] - one[1] >= _SHORT]


def touching(lines: Lines) -> list[Lines]:
    """Part lines into groups that touch one another, each of at least two across and one down."""
    across, down = lines.across, lines.down
    if not across or not down or max(len(across), len(down)) > PAGE_MAX_LINES:
        return []
    y, left, right = (np.array(part)[:, None] for part in zip(*across, strict=True))
    x, top, bottom = (np.array(part)[None, :] for part in zip(*down, strict=True))
    meet = (left - _TOUCH <= x) & (x <= right + _TOUCH) & (top - _TOUCH <= y) & (y <= bottom + _TOUCH)
    group = np.arange(len(across))
    for _ in range(len(across)):
        of_down = np.where(meet, group[:, None], len(across)).min(axis=0)
        new = np.minimum(group, np.where(meet, of_down[None, :], len(across)).min(axis=1))
        if (new == group).all():
            break
        group = new
    parts: dict[int, Lines] = defaultdict(lambda: Lines([], []))
    for n, number in enumerate(group):
        parts[int(number)].across.append(across[n])
    for n, number in enumerate(of_down):
        if number < len(across):
            parts[int(number)].down.append(down[n])
    return [one for one in parts.values() if len(one.across) > 1 and one.down]


def heights(values: Iterable[float], near: float) -> list[float]:
    """Return the middles of values that stand within ``near`` of their neighbours, in order."""
    groups: list[list[float]] = []
    for value in sorted(values):
        if groups and value - groups[-1][-1] <= near:
            groups[-1].append(value)
        else:
            groups.append([value])
    return [sum(group) / len(group) for group in groups]


def frame(lines: Lines) -> Box:
    """Return the box around lines."""
    xs = [x for x, _, _ in lines.down] + [x for _, left, right in lines.across for x in (left, right)]
    ys = [y for y, _, _ in lines.across] + [y for _, top, bottom in lines.down for y in (top, bottom)]
    return Box(min(xs), min(ys), max(xs), max(ys))


def edges(lines: Lines, near: float) -> tuple[list[float], list[float]]:
    """Return the heights of a table's rows and the places of its columns, the frame's sides among them also
    where they are not drawn.
    """
    box = frame(lines)
    ys = heights((y for y, _, _ in lines.across), near)
    xs = heights((x for x, _, _ in lines.down), near)
    return _between(ys, box.top, box.bottom, near), _between(xs, box.left, box.right, near)


def _between(values: list[float], first: float, last: float, near: float) -> list[float]:
    before = [first] if not values or values[0] - first > near else []
    after = [last] if not values or last - values[-1] > near else []
    return [*before, *values, *after]


def walls(lines: Sequence[tuple[float, float, float]], at: Sequence[float], along: Sequence[float]) -> Walls:
    """Say for each of the places ``at`` which parts of ``along`` a line there covers, by seven tenths at
    least.
    """
    covered = np.zeros((len(at), len(along) - 1))
    low, high = np.array(along[:-1]), np.array(along[1:])
    places = np.array(at)
    for place, first, last in lines:
        nearest = int(np.abs(places - place).argmin())
        covered[nearest] += np.clip(np.minimum(high, last) - np.maximum(low, first), 0, None)
    shut: Walls = covered >= 0.7 * (high - low)
    return shut


def cells_of(
    ys: Sequence[float],
    xs: Sequence[float],
    below: Walls,
    beside: Walls,
    letters: Iterable[tuple[float, Letter]],
) -> list[Cell]:
    """Return the cells of a table, row by row, with the letters within them, each given with its place from
    the left.

    ``below`` says of each height and column whether a wall stands there, ``beside`` of each row and place;
    those of the frame count as standing.
    """
    rows, columns = len(ys) - 1, len(xs) - 1
    owner = [[-1] * columns for _ in range(rows)]
    cells: list[Cell] = []
    for row in range(rows):
        for column in range(columns):
            if owner[row][column] < 0:
                cells.append(_cell(row, column, below, beside, owner, len(cells)))
    for cell in cells:
        cell.box = Box(
            xs[cell.column], ys[cell.row], xs[cell.column + cell.columns], ys[cell.row + cell.rows]
        )
    for x, letter in letters:
        row = bisect_right(ys, letter.middle) - 1
        column = bisect_right(xs, x) - 1
        if 0 <= row < rows and 0 <= column < columns:
            cells[owner[row][column]].letters.append(letter)
    return cells


def _cell(row: int, column: int, below: Walls, beside: Walls, owner: list[list[int]], number: int) -> Cell:
    """Return the widest cell that starts at a position, and then the highest, and mark what it covers."""
    rows, columns = len(owner), len(owner[0])
    right = column + 1
    while right < columns and owner[row][right] < 0 and not beside[row][right]:
        right += 1
    bottom = row + 1
    while bottom < rows and _goes_on(bottom, column, right, below, beside, owner):
        bottom += 1
    for i in range(row, bottom):
        owner[i][column:right] = [number] * (right - column)
    return Cell(row, column, bottom - row, right - column, Box(0, 0, 0, 0))


def _goes_on(row: int, column: int, right: int, below: Walls, beside: Walls, owner: list[list[int]]) -> bool:
    """Say whether a cell goes on to a row: no wall above it, none within, none of its places taken."""
    free = all(owner[row][c] < 0 for c in range(column, right))
    open_ = not below[row][column:right].any() and not beside[row][column + 1 : right].any()
    return free and bool(open_)
