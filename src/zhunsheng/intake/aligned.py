"""Tables without lines: columns by the blank that runs down between them, rows by what stands at one height.

Programs write a table cell by cell, so that the lines of a cell follow one another: with that a cell of several
lines is told from several rows.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from zhunsheng.intake.drawn import Box, Letter, around, lines_of

_GAP = 0.35  # of a letter's height: what is wider and has no blank in it parts two cells
_BLANK = 1.2  # of a letter's height: a gap with a blank in it that parts two cells
_RIVER = 0.25  # of a letter's height: the least blank between two columns
_LEAST = 0.25  # of the lines at either side: so few may run across a blank
_PITCH = 2.0  # of a letter's height, from line to line of one cell


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
    """What a cell holds: runs one below the other, and the columns that they cover, from 0, the last included."""

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
    """Return the places, from the left, at which a blank runs down between two columns."""
    spread = around([one for line in lines for run in line for one in run.letters])
    parts = [
        (run.box.left, run.box.right) for line in lines for run in line if _column_like(run, line, spread)
    ]
    if not parts:
        return []
    places = sorted({x for part in parts for x in part})
    spans: list[tuple[float, float, int]] = []
    starts, ends = Counter(low for low, _ in parts), Counter(high for _, high in parts)
    count = 0
    for x, following in pairwise(places):
        count += starts[x] - ends[x]
        spans.append((x, following, count))
    return sorted(_rivers(spans, size))


def _column_like(run: Run, line: Sequence[Run], spread: Box) -> bool:
    """Say whether a run shows where columns are: one that is alone in its line and wide doesn't."""
    return len(line) > 1 or run.box.width < 0.5 * spread.width


def _rivers(spans: Sequence[tuple[float, float, int]], size: float) -> list[float]:
    """Return the middles of the blanks that part columns: of each stretch first the one that fewest lines cross."""
    if len(spans) < 3:
        return []
    found: list[float] = []
    todo = [list(spans)]
    while todo:
        stretch = todo.pop()
        if len(stretch) < 3:
            continue
        peak_left: list[int] = []
        highest = 0
        for _low, _high, count in stretch:
            highest = max(highest, count)
            peak_left.append(highest)
        peak_right = [0] * len(stretch)
        highest = 0
        for n in range(len(stretch) - 1, -1, -1):
            highest = max(highest, stretch[n][2])
            peak_right[n] = highest
        best: tuple[float, int, int] | None = None
        n = 0
        while n < len(stretch):
            least = _LEAST * min(peak_left[n], peak_right[n])
            end = n
            while end < len(stretch) and stretch[end][2] <= least:
                end += 1
            width = stretch[end - 1][1] - stretch[n][0] if end > n else 0.0
            if 0 < n and n < end < len(stretch) and width >= _RIVER * size:
                crossed = sum((high - low) * count for low, high, count in stretch[n:end]) / width
                rank = (crossed / min(peak_left[n], peak_right[end - 1]), n, end)
                best = rank if best is None or rank[0] < best[0] else best
            n = max(end, n + 1)
        if best is None:
            continue
        _rank, n, end = best
        low = min(count for _, _, count in stretch[n:end])
        clear = [(a, b) for a, b, count in stretch[n:end] if count == low]
        a, b = max(clear, key=lambda one: one[1] - one[0])
        found.append((a + b) / 2)
        todo += [stretch[:n], stretch[end:]]
    return found


def blocks_of(lines: Sequence[Sequence[Run]], places: Sequence[float], size: float) -> list[Block]:
    """Return what the cells hold: runs of the same columns that follow one another downwards as written."""
    inner = [*places]
    blocks: list[Block] = []
    for run in sorted((run for line in lines for run in line), key=lambda one: one.first):
        slack = 0.3 * size
        first = sum(run.box.left + slack >= x for x in inner)
        last = max(sum(run.box.right - slack > x for x in inner), first)
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
    if blocks and sum(len(block.runs) for block in blocks) > 3 * len(blocks):
        return [Block([run], block.first, block.last) for block in blocks for run in block.runs]
    return blocks


def _follows(block: Block, run: Run, size: float) -> bool:
    before = block.runs[-1]
    return 0 < run.first - before.last <= 4 and 0.5 * size < run.middle - before.middle <= _PITCH * size


def rows_of(blocks: Sequence[Block], columns: int, size: float) -> tuple[list[Row], list[Block]]:
    """Return rows of blocks that stand at one height, and the blocks of cells that go over several rows."""
    key = _aligned_by(blocks, size)
    rows: list[Row] = []
    for block in sorted(blocks, key=key):
        if rows and key(block) - key(rows[-1].blocks[0]) <= 0.5 * size:
            rows[-1].blocks.append(block)
        else:
            rows.append(Row([block]))
    full = [row for row in rows if len({block.first for block in row.blocks}) >= max(2, (columns + 1) // 2)]
    over: list[Block] = []
    for row in rows:
        if row in full or not full:
            continue
        leading = all(block.last < max(1, columns // 2) for block in row.blocks)
        if leading and any(
            _overlap(block, other, size) for block in row.blocks for one in full for other in one.blocks
        ):
            over += row.blocks
            row.blocks = []
    rows = [row for row in rows if row.blocks]
    for row in rows:
        row.top = min(block.top for block in row.blocks) - size / 2
        row.bottom = max(block.bottom for block in row.blocks) + size / 2
    return rows, over


def _aligned_by(blocks: Sequence[Block], size: float):  # type: ignore[no-untyped-def]
    """Return by what rows are aligned: the middle of their cells, their first or their last lines."""
    single = sorted(block.top for block in blocks if len(block.runs) == 1)
    counts: Counter[str] = Counter()
    for block in blocks:
        if len(block.runs) > 1:
            for name in ("middle", "top", "bottom"):
                counts[name] += any(abs(getattr(block, name) - at) <= 0.25 * size for at in single)
    name = max(("middle", "top", "bottom"), key=lambda one: counts[one])
    return lambda block: getattr(block, name)


def _overlap(block: Block, other: Block, size: float) -> bool:
    return min(block.bottom, other.bottom) - max(block.top, other.top) > -0.85 * size


def tiled(blocks: Sequence[Block], rows: Sequence[Row], size: float) -> list[tuple[int, int]] | None:
    """Return for each block of a column the first and last row that it covers, where the middles of cells that
    cover all rows without a gap explain its height; None where they don't.
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
