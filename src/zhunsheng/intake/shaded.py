"""Tables of pages that are told by the shading of their cells: every other row is filled with a colour."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from zhunsheng.files.bounds import SHADED_MAX_COLUMNS
from zhunsheng.intake.aligned import Run, covered
from zhunsheng.intake.drawn import Box, Page, is_marked
from zhunsheng.intake.ruled import Lines, Walls, heights, joined

_NEAR = 3.0  # points between two edges of one border
_APART = 12  # of a letter's height: so far one shaded row may stand from the next
PITCH = 1.7  # of a letter's height, from line to line of one paragraph


@dataclass(frozen=True)
class Shading:
    """What shading tells of a table: its box, the edges of rows, the places of its columns, its areas."""

    box: Box
    lines: Lines
    places: list[float]
    areas: list[Box]


def shadings(
    page: Page,
    size: float,
    used: Sequence[Box],
    known: Sequence[float],
    parts_tables: Callable[[Box], bool],
) -> Iterator[Shading]:
    """Give the tables whose cells are shaded in several rows, or in one whose columns stand at ``known``
    places; none within the ``used`` boxes. ``parts_tables`` says whether what stands in a box is no row.
    """
    areas = [
        one
        for one in page.areas
        if one.width > size
        and one.height > 0.8 * size
        and (one.width < 0.97 * page.width or one.height < 0.5 * page.height)
        and not any(box.top - 4 <= one.top <= box.bottom + 4 for box in used)
    ]
    full = joined(one for one in page.lines if one.height < _NEAR).across
    for group in _groups(sorted(areas, key=lambda one: one.top), full, size, parts_tables):
        places = heights((x for one in group for x in (one.left, one.right)), _NEAR)
        tops = heights((one.top for one in group), _NEAR)
        goes_on = all(any(abs(x - y) < _NEAR for y in known) for x in places)
        if not 3 <= len(places) <= SHADED_MAX_COLUMNS or (len(tops) < 2 and not goes_on):
            continue
        left, right = places[0], places[-1]
        top, bottom = min(one.top for one in group), max(one.bottom for one in group)
        ends = [y for y, start, end in full if abs(start - left) < 6 and abs(end - right) < 6]
        above = max((y for y in ends if y <= top + _NEAR), default=top)
        below = min((y for y in ends if y >= bottom - _NEAR), default=bottom)
        if top - above < _APART * size and not parts_tables(Box(left, above, right, top)):
            top = above
        if below - bottom < _APART * size and not parts_tables(Box(left, bottom, right, below)):
            bottom = below
        edges = [Box(one.left, y, one.right, y) for one in group for y in (one.top, one.bottom)]
        edges += [Box(left, y, right, y) for y in (top, bottom) if y in ends]
        yield Shading(Box(left, top, right, bottom), Lines(joined(edges).across, []), places, group)


def _groups(
    areas: Sequence[Box],
    full: Sequence[tuple[float, float, float]],
    size: float,
    parts_tables: Callable[[Box], bool],
) -> Iterator[list[Box]]:
    """Give areas of one table together, from above; ``full`` are the lines across the page."""
    group: list[Box] = []
    bottom = 0.0
    for one in areas:
        if group:
            left, right = min(a.left for a in group), max(a.right for a in group)
            between = Box(min(left, one.left), bottom, max(right, one.right), one.top)
            ends = sorted(
                y for y, low, high in full if bottom <= y <= one.top and high - low > 0.9 * between.width
            )
            bands = pairwise([bottom, *ends, one.top])
            far = between.height > _APART * size
            if far or any(
                low - high > size and parts_tables(Box(between.left, high, between.right, low))
                for high, low in bands
            ):
                yield group
                group, bottom = [], 0.0
        group.append(one)
        bottom = max(bottom, one.bottom)
    if group:
        yield group


def merged(
    areas: Sequence[Box], ys: Sequence[float], xs: Sequence[float], below: Walls, beside: Walls
) -> None:
    """Take away the walls within areas: each is one cell."""
    for one in areas:
        rows = [n for n, y in enumerate(ys) if one.top + _NEAR < y < one.bottom - _NEAR]
        columns = [n for n, x in enumerate(xs) if one.left + _NEAR < x < one.right - _NEAR]
        first, last = np.searchsorted(xs, [one.left + _NEAR, one.right - _NEAR])
        top, bottom = np.searchsorted(ys, [one.top + _NEAR, one.bottom - _NEAR])
        for row in rows:
            below[row][first - 1 : last] = False
        for column in columns:
            beside[top - 1 : bottom, column] = False


def parted(
    areas: Sequence[Box],
    ys: Sequence[float],
    xs: Sequence[float],
    below: Walls,
    runs: Sequence[Sequence[Run]],
    size: float,
) -> None:
    """Add the walls between cells of which neither is shaded, one below the other: where a text of the column
    begins at the height at which those of other columns do, and is no further point of a list.
    """
    rows, columns = len(ys) - 1, len(xs) - 1
    texts: list[list[list[Run]]] = [[] for _column in range(columns)]  # paragraphs by column, from above
    for line in runs:
        for run in line:
            first, _last = covered(run, xs[1:-1], size)
            own = texts[first]
            if own and run.middle - own[-1][-1].middle <= PITCH * size:
                own[-1].append(run)
            else:
                own.append([run])
    shaded = np.zeros((rows, columns), bool)
    for one in areas:
        first, last = np.searchsorted(xs, [one.left + _NEAR, one.right - _NEAR])
        top, bottom = np.searchsorted(ys, [one.top + _NEAR, one.bottom - _NEAR])
        shaded[top - 1 : bottom, first - 1 : last] = True
    for column, own in enumerate(texts):
        for before, paragraph in pairwise(own):
            row = int(np.searchsorted(ys, paragraph[0].middle)) - 1
            if not 0 < row < rows or shaded[row][column] or shaded[row - 1][column]:
                continue
            begin = [
                one
                for other in texts
                for one in other
                if one is not paragraph and abs(one[0].middle - paragraph[0].middle) < 0.3 * size
            ]
            listed = all(is_marked(one[0].letters) for one in (before, paragraph))
            if len(begin) > min(1, columns - 3) and not listed:
                below[row][column] = True
