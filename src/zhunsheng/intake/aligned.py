"""Tables without lines: columns by the blank that runs down between them, rows by what stands at one height.

Programs write a table cell by cell, so that the lines of a cell follow one another: with that a cell of
several lines is told from several rows.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from math import ceil
from operator import attrgetter
from statistics import median
from typing import NamedTuple

from zhunsheng.intake.drawn import Box, Letter, around, lines_of

_GAP = 0.35  # of a letter's height: what is wider and has no blank in it parts two cells
_BLANK = 1.2  # of a letter's height: a gap with a blank in it that parts two cells
_RIVER = 0.25  # of a letter's height: the least blank between two columns
_LEAST = 0.25  # of the lines at either side: so few may run across a blank
_TELLING = 0.7  # of the most runs in a line: such lines show the columns
_PITCH = 2.0  # of a letter's height, from line to line of one cell


class _Stretch(NamedTuple):
    """A stretch from the left to the right, in points, and how many lines have a letter there."""

    left: float
    right: float
    lines: int


class Run(NamedTuple):
    """Letters of one line without a wide gap; ``line`` counts the lines from above."""

    letters: tuple[Letter, ...]
    line: int
    box: Box

    @property
    def first(self) -> int:
        """The number of the letter that was written first."""
        return self.letters[0].order

    @property
    def last(self) -> int:
        """The number of the letter that was written last."""
        return self.letters[-1].order

    @property
    def middle(self) -> float:
        """The height at which it stands."""
        return self.letters[0].middle


@dataclass
class Block:
    """What a cell holds: runs one below the other, and the columns that they cover, from 0, the last
    included.
    """

    runs: list[Run]
    first: int
    last: int

    @property
    def top(self) -> float:
        """The height of its first line."""
        return self.runs[0].middle

    @property
    def bottom(self) -> float:
        """The height of its last line."""
        return self.runs[-1].middle

    @property
    def middle(self) -> float:
        """The height of its middle."""
        return (self.top + self.bottom) / 2


@dataclass
class Row:
    """A row: its blocks and where it ends above and below, in points."""

    blocks: list[Block]
    top: float = 0.0
    bottom: float = 0.0


def runs_of(letters: Sequence[Letter], size: float) -> list[list[Run]]:
    """Return the runs of letters by line, from above and from the left."""
    seen = [one for one in letters if not one.text.isspace()]
    blanks = [one for one in letters if one.text.isspace()]
    heights: dict[int, list[Letter]] = defaultdict(list)
    for one in blanks:
        heights[round(one.middle / size)].append(one)
    out: list[list[Run]] = []
    for number, line in enumerate(lines_of(seen)):
        near = round(line[0].middle / size)
        beside = [one for n in (near - 1, near, near + 1) for one in heights.get(n, ())]
        parts = [[line[0]]]
        for before, letter in pairwise(line):
            if _parted(before, letter, beside, size):
                parts.append([])
            parts[-1].append(letter)
        out.append([Run(tuple(part), number, around(part)) for part in parts])
    return out


def _parted(before: Letter, letter: Letter, blanks: Sequence[Letter], size: float) -> bool:
    gap = letter.left - before.right
    if gap <= 0.1 * size:
        return False
    if gap > _BLANK * size:
        return True
    written = 0 < letter.order - before.order <= 4
    if not written:
        return True
    if gap <= _GAP * size:
        return False
    return not any(before.left < one.left and one.right <= letter.right for one in blanks)


def columns_of(lines: Sequence[Sequence[Run]], size: float) -> list[float]:
    """Return the places, from the left, at which a blank runs down between two columns.

    The lines with most cells show the columns, all lines show where between two of them least is cut.
    """
    most = max((len(line) for line in lines), default=0)
    if most < 2:
        return []
    telling = [line for line in lines if len(line) >= max(2, ceil(_TELLING * most))]
    rivers = _rivers(_cover(telling), size)
    every = _cover(lines)
    places = sorted(_clearest(river, every) for river in rivers)
    return sorted([*places, *_within_columns(lines, places, size)])


def _within_columns(lines: Sequence[Sequence[Run]], places: Sequence[float], size: float) -> Iterator[float]:
    """Give the places between two columns of which one has words in few lines: at which two runs of one line
    part, and which no other run crosses, or where runs of several lines begin.
    """
    pairs: dict[int, list[tuple[float, float]]] = defaultdict(list)  # by column: end of a run, start of next
    own: dict[int, list[Run]] = defaultdict(list)
    for line in lines:
        columns = [covered(run, places, size) for run in line]
        for run, (first, last) in zip(line, columns, strict=True):
            if first == last:
                own[first].append(run)
        for (run, (first, last)), (after, of_after) in pairwise(zip(line, columns, strict=True)):
            if (
                first == last
                and of_after == (first, first)
                and after.box.left - run.box.right > _RIVER * size
            ):
                pairs[first].append((run.box.right, after.box.left))
    for column, found in pairs.items():
        for start in sorted({round(low) for _high, low in found}):
            same = [(high, low) for high, low in found if abs(low - start) < 2]
            left, right = max(high for high, _low in same), min(low for _high, low in same)
            if left >= right:
                continue
            free = max(run.box.right for run in own[column] if run.box.left < right - 2)
            if len(same) > 1 or free < right:
                yield (max(left, free if free < right else left) + right) / 2
                break


def _cover(lines: Sequence[Sequence[Run]]) -> list[_Stretch]:
    """Return how many lines have a letter at each place from the left."""
    parts = [(run.box.left, run.box.right) for line in lines for run in line]
    starts, ends = Counter(low for low, _ in parts), Counter(high for _, high in parts)
    stretches: list[_Stretch] = []
    count = 0
    for x, following in pairwise(sorted({x for part in parts for x in part})):
        count += starts[x] - ends[x]
        stretches.append(_Stretch(x, following, count))
    return stretches


def _rivers(stretches: list[_Stretch], size: float) -> list[tuple[float, float]]:
    """Return the blanks that part columns, from and to: of each part of a table first the one that fewest
    cross.
    """
    found: list[tuple[float, float]] = []
    todo = [stretches]
    while todo:
        part = todo.pop()
        river = _river(part, size)
        if river:
            first, last = river
            found.append((part[first].left, part[last - 1].right))
            todo += [part[:first], part[last:]]
    return found


def _river(part: Sequence[_Stretch], size: float) -> tuple[int, int] | None:
    """Return the stretches, from and to, that fewer lines cross than a quarter of those at either side; None
    where there are none.
    """
    before = list(accumulate((one.lines for one in part), max))
    behind = list(accumulate((one.lines for one in reversed(part)), max))[::-1]
    best: tuple[float, int, int] | None = None
    n = 0
    while n < len(part):
        end = n
        while end < len(part) and part[end].lines <= _LEAST * min(before[n], behind[end]):
            end += 1
        if 0 < n < end < len(part) and part[end - 1].right - part[n].left >= _RIVER * size:
            cut = sum((one.right - one.left) * one.lines for one in part[n:end])
            share = cut / (part[end - 1].right - part[n].left) / min(before[n], behind[end - 1])
            best = min(best or (share, n, end), (share, n, end))
        n = max(end, n + 1)
    return best[1:] if best else None


def _clearest(river: tuple[float, float], every: Sequence[_Stretch]) -> float:
    """Return the place within a blank that fewest lines cross: the middle of the widest such."""
    within = [
        _Stretch(max(one.left, river[0]), min(one.right, river[1]), one.lines)
        for one in every
        if one.left < river[1] and one.right > river[0]
    ]
    least = min((one.lines for one in within), default=0)
    widest = max(
        (one for one in within if one.lines == least),
        key=lambda one: one.right - one.left,
        default=_Stretch(*river, 0),
    )
    return (widest.left + widest.right) / 2


def blocks_of(lines: Sequence[Sequence[Run]], places: Sequence[float], size: float) -> list[Block]:
    """Return what the cells hold: runs of the same columns that follow one another downwards as written."""
    blocks: list[Block] = []
    for run in sorted((run for line in lines for run in line), key=lambda one: one.first):
        first, last = covered(run, places, size)
        last_block = blocks[-1] if blocks else None
        if (
            last_block
            and _follows(last_block, run, size)
            and last_block.first <= last
            and first <= last_block.last
        ):
            last_block.runs.append(run)
            last_block.first, last_block.last = min(last_block.first, first), max(last_block.last, last)
        else:
            blocks.append(Block([run], first, last))
    # A table that was written column by column: what follows downwards are rows.
    columns = len(blocks) <= 2 * (len(places) + 1)
    if blocks and columns and sum(len(block.runs) for block in blocks) > 3 * len(blocks):
        return [Block([run], block.first, block.last) for block in blocks for run in block.runs]
    return blocks


def covered(run: Run, places: Sequence[float], size: float) -> tuple[int, int]:
    """Return the columns, first and last, that a run covers: of one that it only juts into it covers
    nothing.
    """
    slack = max(0.3 * size, min(0.35 * run.box.width, 1.5 * size))
    inner = [n for n, x in enumerate(places) if run.box.left + slack < x < run.box.right - slack]
    if inner:
        return inner[0], inner[-1] + 1
    column = sum((run.box.left + run.box.right) / 2 > x for x in places)
    return column, column


def _follows(block: Block, run: Run, size: float) -> bool:
    before = block.runs[-1]
    return 0 < run.first - before.last <= 4 and 0.5 * size < run.middle - before.middle <= _PITCH * size


def rows_of(blocks: Sequence[Block], columns: int, size: float) -> tuple[list[Row], list[Block]]:
    """Return rows of blocks that stand at one height, and the blocks of cells that go over several rows: they
    stand in the blank between rows, where no row has room.
    """
    key: Callable[[Block], float] = attrgetter(aligned_by(blocks, size))
    rows: list[Row] = []
    for block in sorted(blocks, key=key):
        if rows and key(block) - key(rows[-1].blocks[0]) <= 0.5 * size:
            rows[-1].blocks.append(block)
        else:
            rows.append(Row([block]))
    for row in rows:
        row.top = min(block.top for block in row.blocks) - size / 2
        row.bottom = max(block.bottom for block in row.blocks) + size / 2
    full = [row for row in rows if len({block.first for block in row.blocks}) >= max(2, (columns + 1) // 2)]
    _within_others(rows, size)
    rows = [row for row in rows if row.blocks]
    full = [row for row in full if row.blocks]
    several = [row for row in rows if len(row.blocks) > 1]
    # A blank between rows is one of a table whose rows have few cells, too.
    usual = median([below.top - above.bottom for above, below in pairwise(several)]) if len(full) > 1 else 0.0
    over: list[Block] = []
    for row in rows:
        leading = all(block.last < max(1, columns // 2) for block in row.blocks)
        near = min((_apart(row, other) for other in several if other is not row), default=size)
        if row not in full and leading and near < 0.5 * max(usual, 0.2 * size):
            over += row.blocks
            row.blocks = []
    return [row for row in rows if row.blocks], over


def _within_others(rows: Sequence[Row], size: float) -> None:
    """Put what stands alone beside the lower lines of a row, which has nothing in its column, into it."""
    for row in rows:
        for other in rows if len(row.blocks) == 1 else ():
            inside = other.top <= row.top + 0.1 * size and row.bottom <= other.bottom + 0.1 * size
            first, last = row.blocks[0].first, row.blocks[0].last
            free = all(block.last < first or last < block.first for block in other.blocks)
            if other is not row and len(other.blocks) > 1 and inside and free:
                other.blocks += row.blocks
                row.blocks = []
                break


def _apart(row: Row, other: Row) -> float:
    """Return the blank between two rows, in points; less than nothing where they overlap."""
    return max(row.top, other.top) - min(row.bottom, other.bottom)


def aligned_by(blocks: Sequence[Block], size: float) -> str:
    """Return by what rows are aligned: the ``middle`` of their cells, their first or last lines (``top``,
    ``bottom``).
    """
    single = sorted(block.top for block in blocks if len(block.runs) == 1)
    counts: Counter[str] = Counter()
    for block in blocks:
        if len(block.runs) > 1:
            for name in ("middle", "top", "bottom"):
                at = bisect_left(single, getattr(block, name) - 0.25 * size)
                counts[name] += at < len(single) and single[at] <= getattr(block, name) + 0.25 * size
    return max(("middle", "top", "bottom"), key=lambda one: counts[one])


def tiled(blocks: Sequence[Block], rows: Sequence[Row], size: float) -> list[tuple[int, int]] | None:
    """Return for each block of a column the first and last row that it covers, where the middles of cells
    that cover all rows without a gap explain its height; None where they don't.
    """
    spans: list[tuple[int, int]] = []
    start = 0
    for block in sorted(blocks, key=lambda one: one.middle):
        if start >= len(rows):
            return None
        off = [
            abs((rows[start].top + rows[end].bottom) / 2 - block.middle) for end in range(start, len(rows))
        ]
        best = min(range(len(off)), key=off.__getitem__)
        if off[best] > 0.9 * size:
            return None
        spans.append((start, start + best))
        start += best + 1
    return spans if start == len(rows) else None
