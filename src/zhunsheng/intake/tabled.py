"""A table put together from its parts on one or several pages: its cells with their texts and places."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

import numpy as np

from zhunsheng.files.bounds import RULED_MAX_CELLS
from zhunsheng.intake.aligned import Block as TextBlock
from zhunsheng.intake.aligned import (
    Row,
    Run,
    aligned_by,
    blocks_of,
    columns_of,
    covered,
    rows_of,
    runs_of,
    tiled,
)
from zhunsheng.intake.drawn import Box, Letter, Page, around, goes_on, is_marked, region, words_of
from zhunsheng.intake.ruled import Cell, Lines, Walls, cells_of, edges, heights, joined, walls
from zhunsheng.intake.shaded import PITCH, merged, parted

Kind = Literal["ruled", "level", "free"]
GoesOn = Callable[[Cell, Cell], bool]
_LINED = 5  # heights at which lines run across all of a table that parts its rows by lines
_CUT_SHORT = re.compile(  # a date, a range, a mark or a number with its unit that a page's end cuts in two
    r"\d年\n\d{1,2}月|\d月\n\d{1,2}日|\d[-~—～至]\n\d|^(?:指标|目标)\n\d{1,2}[：:.、]|^[≥≤＞＜><=＝]+\n[\d０-９]|"
    r"(?:年|月|日|底)\n(?:之|以)?前$"
)
_CROSSING = 0.15  # of the texts of a part may run across the columns of the part before it


@dataclass
class Told:
    """A cell as told: its text, its page and the part of the page that it takes."""

    row: int
    column: int
    rows: int
    columns: int
    text: str
    page: int
    region: tuple[float, float, float, float]


@dataclass
class Table:
    """The cells of a table of so many rows and columns."""

    cells: list[Told]
    height: int
    width: int


@dataclass
class Plan:
    """Where a table's rows and columns begin and end, and where walls stand between them; ``homes`` are the
    places from the left of letters that jut out of their column, by number.
    """

    ys: list[float]
    xs: list[float]
    below: Walls
    beside: Walls
    homes: dict[int, float] = field(default_factory=dict)


@dataclass
class Part:
    """What of a table is on one page; ``ruled`` has lines both ways, ``level`` only across, ``free`` none."""

    page: Page
    box: Box
    lines: Lines
    letters: list[Letter]
    kind: Kind
    size: float
    places: list[float] = field(default_factory=list)  # of columns, where the shading of cells tells them
    areas: list[Box] = field(default_factory=list)  # shaded cells, then
    _xs: list[float] = field(default_factory=list)

    @property
    def near(self) -> float:
        """How near to one another two lines of one border stand, in points."""
        return max(3.0, 0.45 * self.size)

    @property
    def begins(self) -> bool:
        """Whether a line across begins it."""
        return any(abs(y - self.box.top) < self.near for y, _, _ in self.lines.across)

    @property
    def ends(self) -> bool:
        """Whether a line across ends it."""
        return any(abs(y - self.box.bottom) < self.near for y, _, _ in self.lines.across)

    def xs(self) -> list[float]:
        """Return the places of its columns, with both its sides."""
        if not self._xs:
            if self.kind == "ruled":
                self._xs = edges(self.lines, self.near)[1]
            elif self.places:
                self._xs = self.places
            else:
                places = columns_of(runs_of(self.letters, self.size), self.size)
                self._xs = [self.box.left - 1, *places, self.box.right + 1]
        return self._xs

    def is_table(self) -> bool:
        """Say whether it has several cells with words in them, and not too many to be a table."""
        if self.kind == "ruled":
            ys, xs = edges(self.lines, self.near)
            rows, columns = len(ys) - 1, len(xs) - 1
            if rows * columns > RULED_MAX_CELLS or rows * columns < 2:
                return False
            return any(not one.text.isspace() for one in self.letters)
        if len(self.xs()) < 3:
            return False
        table = table_of([self])
        per_row = Counter(cell.row for cell in table.cells if cell.text)
        return sum(count > 1 for count in per_row.values()) > 1

    def goes_on_in(self, part: Part) -> bool:
        """Say whether a part at the head of the next page is of the same table: the same kind, sides and
        columns.
        """
        if self.kind != part.kind:
            return False
        mine, its = self.xs(), part.xs()
        if self.kind == "free" or (self.kind == "level" and len(mine) != len(its)):
            return self._keeps(part)
        slack = 4.0
        if abs(mine[0] - its[0]) > slack or abs(mine[-1] - its[-1]) > slack:
            return False
        if self.kind == "ruled":
            few, many = sorted((mine[1:-1], its[1:-1]), key=len)
            return sum(any(abs(x - y) < 4 for y in many) for x in few) >= 0.6 * len(few)
        return len(mine) == len(its)

    def _keeps(self, part: Part) -> bool:
        """Say whether the texts of a part keep to the columns of this one."""
        mine, its = self.xs(), part.xs()
        slack = 3 * self.size
        if its[0] < mine[0] - slack or its[-1] > mine[-1] + slack:
            return False
        if part.places and self.places:
            return sum(any(abs(x - y) < 4 for y in mine) for x in its) >= 0.6 * len(its)
        if self.kind == "level" and max(abs(mine[0] - its[0]), abs(mine[-1] - its[-1])) > 4:
            return False
        lines = runs_of(part.letters, self.size)
        if len(mine) == len(its) and self.kind == "free":
            return True
        runs = [covered(run, mine[1:-1], self.size) for line in lines for run in line]
        return sum(first != last for first, last in runs) <= _CROSSING * len(runs)

    def takes(self, lines: Sequence[Sequence[Run]]) -> bool:
        """Say whether lines of text at the head of the next page are more of it: each text keeps to a column,
        and one that stands alone in its line goes on with the last one of its column.
        """
        if self.kind == "ruled":
            return not lines
        inner, own = self.xs()[1:-1], defaultdict[int, list[Run]](list)
        for line in runs_of(self.letters, self.size) if lines else ():
            for run in line:
                first, last = covered(run, inner, self.size)
                if first == last:
                    own[first].append(run)
        for more in lines:
            if more[0].box.left < self.xs()[0] - self.size or more[-1].box.right > self.xs()[-1] + self.size:
                return False
            for run in more:
                first, last = covered(run, inner, self.size)
                if first != last or (len(more) == 1 and not _continues(own[first], run)):
                    return False
                own[first].append(run)
        return True

    def rest(self, page: Page, letters: list[Letter]) -> Part:
        """Return the part of the next page that holds the rest of its last row, and few rows more."""
        box = around(letters)
        box = Box(self.box.left, box.top - 1, self.box.right, box.bottom + 1)
        across = [one for one in joined(page.lines).across if box.top < one[0] < box.bottom]
        return Part(page, box, Lines(across, []), letters, self.kind, self.size, list(self.xs()))

    def take(self, letters: Sequence[Letter]) -> None:
        """Take letters above it as its own."""
        self.letters = [*letters, *self.letters]
        box = around(letters)
        self.box = Box(
            min(self.box.left, box.left), box.top - 1, max(self.box.right, box.right), self.box.bottom
        )
        if not self.places:
            self._xs = []


def _continues(column: Sequence[Run], run: Run) -> bool:
    """Say whether a run can go on with the last one of its column."""
    if not column:
        return False
    left, right = min(one.box.left for one in column), max(one.box.right for one in column)
    return goes_on(column[-1].letters, run.letters, left, right)


def table_of(parts: Sequence[Part]) -> Table:
    """Put a table together from its parts, each of a later page than the one before."""
    stack = _stacked(parts)
    plan = _plan(stack)
    letters = [(plan.homes.get(one.order, (one.left + one.right) / 2), one) for one in stack.letters]
    cells = cells_of(plan.ys, plan.xs, plan.below, plan.beside, letters)
    if len(parts) > 1:
        cells = _mended(cells, plan, stack)
    return _told(_without_empty(cells), stack, plan.xs)


@dataclass
class _Stack:
    """Parts one below the other: all their lines and letters, and from which height each part takes."""

    parts: Sequence[Part]
    starts: list[float]
    seams: list[float]  # from which height on the place is looked for at which each part begins
    lines: Lines
    letters: list[Letter]
    areas: list[Box]

    @property
    def size(self) -> float:
        return self.parts[0].size

    @property
    def near(self) -> float:
        return self.parts[0].near

    @property
    def kind(self) -> Kind:
        return self.parts[0].kind

    def part_at(self, y: float) -> int:
        """Return which part a height belongs to."""
        return max((n for n, start in enumerate(self.starts) if start <= y + 2), default=0)


def _stacked(parts: Sequence[Part]) -> _Stack:
    lines, letters, starts, areas, seams = Lines([], []), [], [], [], []
    at = parts[0].box.top
    for before, part in zip([None, *parts], parts, strict=False):
        lined = part.kind == "ruled" or bool(part.places) or (before and before.ends and part.begins)
        at += 0 if lined or before is None else 1.5 * part.size
        down = at - part.box.top
        starts.append(at)
        seams.append(at if lined else at - 1.6 * part.size)
        lines.across.extend((y + down, left, right) for y, left, right in part.lines.across)
        lines.down.extend((x, top + down, bottom + down) for x, top, bottom in part.lines.down)
        letters += [one.moved(down, one.order) for one in part.letters]
        areas += [one.moved(down) for one in part.areas]
        at += part.box.height
    return _Stack(parts, starts, seams, lines, letters, areas)


def _plan(stack: _Stack) -> Plan:
    if stack.kind == "ruled":
        ys, xs = edges(stack.lines, stack.near)
        below = walls(stack.lines.across, ys, xs)
        beside = walls(stack.lines.down, xs, ys).T.copy()
        plan = Plan(ys, xs, below, beside)
        runs = runs_of(stack.letters, stack.size)
        plan = _with_columns(plan, runs, stack.size)
        if len(ys) <= 4 + 2 * len(stack.parts) and len(xs) > 3:
            plan = _with_rows(plan, runs, stack)
        return plan
    runs = runs_of(stack.letters, stack.size)
    if len(stack.parts) == 1:
        xs = stack.parts[0].xs()
    elif all(part.places for part in stack.parts):
        xs = heights((x for part in stack.parts for x in part.places), 3.0)
    else:
        left = min(part.xs()[0] for part in stack.parts)
        right = max(part.xs()[-1] for part in stack.parts)
        xs = [left, *columns_of(runs, stack.size), right]
    top = min(one.top for one in stack.letters) - 1
    bottom = max(one.bottom for one in stack.letters) + 1
    ys = heights((y for y, _, _ in stack.lines.across), stack.near)
    ys = [*([top] if not ys or top < ys[0] - stack.near else []), *ys]
    ys = [*ys, *([bottom] if bottom > ys[-1] + stack.near else [])]
    below = (
        walls(stack.lines.across, ys, xs) if stack.lines.across else np.zeros((len(ys), len(xs) - 1), bool)
    )
    plan = Plan(ys, xs, below, np.ones((len(ys) - 1, len(xs)), bool))
    if stack.areas:
        merged(stack.areas, ys, xs, plan.below, plan.beside)
        parted(stack.areas, ys, xs, plan.below, runs, stack.size)
        return _crossed(_with_unshaded(plan, runs, stack), runs, stack.size)
    return _crossed(_with_rows(plan, runs, stack), runs, stack.size)


def _crossed(plan: Plan, runs: Sequence[Sequence[Run]], size: float) -> Plan:
    """Take away the walls through which a run goes, in all rows of its cell; letters of other runs that jut
    out of their column stay in it.
    """
    for line in runs:
        for run in line:
            row = int(np.searchsorted(plan.ys, run.middle)) - 1
            if not 0 <= row < len(plan.ys) - 1:
                continue
            first, last = covered(run, plan.xs[1:-1], size)
            top, bottom = _open_rows(plan, row, slice(first, last + 1))
            plan.beside[top : bottom + 1, first + 1 : last + 1] = False
            middle = (plan.xs[first] + plan.xs[first + 1]) / 2
            out = [
                one
                for one in run.letters
                if not plan.xs[first] < (one.left + one.right) / 2 < plan.xs[last + 1]
            ]
            plan.homes.update((one.order, middle) for one in out)
    return plan


def _open_rows(plan: Plan, row: int, columns: slice) -> tuple[int, int]:
    """Return the rows, first and last, that no wall parts from a row over some columns."""
    top = bottom = row
    while top > 0 and not plan.below[top][columns].any():
        top -= 1
    while bottom < len(plan.ys) - 2 and not plan.below[bottom + 1][columns].any():
        bottom += 1
    return top, bottom


def _with_columns(plan: Plan, runs: Sequence[Sequence[Run]], size: float) -> Plan:
    """Add the walls of rows in which no line parts the columns of the others, though their texts keep to
    these.
    """
    bare = [row for row in range(len(plan.ys) - 1) if len(plan.xs) > 3 and not plan.beside[row][1:-1].any()]
    within: dict[int, list[Run]] = {row: [] for row in bare}
    for line in runs:
        for run in line:
            row = int(np.searchsorted(plan.ys, run.middle)) - 1
            if row in within:
                within[row].append(run)
    slack = 0.3 * size

    def kept_to(row: int) -> int:
        if any(run.box.left + slack < x < run.box.right - slack for run in within[row] for x in plan.xs):
            return 0
        return len({int(np.searchsorted(plan.xs, run.box.left + slack)) for run in within[row]})

    if sum(kept_to(row) > 2 for row in bare) > 1:
        for row in bare:
            plan.beside[row] = True
            own = within[row]
            for n, x in enumerate(plan.xs):
                if any(run.box.left + slack < x < run.box.right - slack for run in own):
                    plan.beside[row][n] = False
    return plan


def _with_rows(plan: Plan, runs: Sequence[Sequence[Run]], stack: _Stack) -> Plan:
    """Add the rows that no line parts: in bands between full lines whose texts stand in rows of several
    cells.
    """
    full = [n for n, row in enumerate(plan.below) if row.all() or n in (0, len(plan.ys) - 1)]
    lined = stack.kind == "level" and len(full) > _LINED
    extra: list[tuple[float, list[bool]]] = []
    for first, last in pairwise(full):
        if last - first == 1:
            top, bottom = plan.ys[first], plan.ys[last]
            within = [[run for run in line if top < run.middle < bottom] for line in runs]
            found = _rows_within([line for line in within if line], plan.xs, stack)
            # Where lines part rows all over a table, lines of text as near as those of one cell are of one.
            extra += [] if lined and _is_one_cell(within, stack.size) else found
    return _with_heights(plan, extra)


def _is_one_cell(lines: Sequence[Sequence[Run]], size: float) -> bool:
    middles = [line[0].middle for line in lines if line]
    return all(below - above < 1.45 * size for above, below in pairwise(middles))


def _with_heights(plan: Plan, extra: Sequence[tuple[float, list[bool]]]) -> Plan:
    """Return a plan with more heights between rows, each with the columns over which a wall stands there."""
    if not extra:
        return plan
    count = len(plan.xs) - 1
    levels = [(y, list(map(bool, row))) for y, row in zip(plan.ys, plan.below, strict=True)]
    levels += extra
    levels.sort(key=lambda one: one[0])
    ys = [y for y, _ in levels]
    below = np.array([row for _, row in levels], bool).reshape(len(ys), count)
    old = [max(0, int(np.searchsorted(plan.ys, y, side="right")) - 1) for y in ys[:-1]]
    return Plan(ys, plan.xs, below, plan.beside[old])


def _with_unshaded(plan: Plan, runs: Sequence[Sequence[Run]], stack: _Stack) -> Plan:
    """Add the rows that follow one another unshaded (one between them is hidden): where the texts of most of
    the columns begin anew at one height.
    """
    size, extra = stack.size, list[tuple[float, list[bool]]]()
    for top, bottom in pairwise(plan.ys):
        starts: dict[int, list[Run]] = defaultdict(list)  # by column, where paragraphs begin
        ends: dict[int, float] = {}
        for line in runs:
            for run in line:
                if top < run.middle < bottom:
                    column = covered(run, plan.xs[1:-1], size)[0]
                    if column not in ends or run.middle - ends[column] > PITCH * size:
                        starts[column].append(run)
                    ends[column] = run.middle
        later = sorted(run.middle for own in starts.values() for run in own[1:])
        for height in heights(later, 0.3 * size):
            begin = [
                n for n, own in starts.items() if any(abs(r.middle - height) < 0.4 * size for r in own[1:])
            ]
            listed = all(is_marked(run.letters) for n in begin for run in starts[n])
            if len(begin) > 1 and 2 * len(begin) >= len(starts) and not listed:
                high = [n in begin or n not in starts for n in range(len(plan.xs) - 1)]
                extra.append((height - 0.8 * size, high))
    return _with_heights(plan, extra)


def _rows_within(
    lines: Sequence[Sequence[Run]], xs: Sequence[float], stack: _Stack
) -> list[tuple[float, list[bool]]]:
    """Return the heights between the rows of a band and over which columns a wall stands there."""
    columns = len(xs) - 1
    blocks = blocks_of(lines, xs[1:-1], stack.size)
    downwards = sum(map(len, lines)) > 3 * max(map(len, lines), default=0)
    if stack.kind == "level" and downwards and all(len(block.runs) == 1 for block in blocks):
        return []  # a head of many lines: nothing tells which of them would be rows
    rows, over = rows_of(blocks, columns, stack.size)
    least = min(3, columns)
    full = [row for row in rows if len({block.first for block in row.blocks}) >= least]
    if len(rows) < 2 or (stack.kind != "free" and len(full) < 2):
        return []
    found = [((above.bottom + below.top) / 2, [True] * columns) for above, below in pairwise(rows)]
    for n, (above, below) in enumerate(pairwise(rows)):
        if _goes_on_listing(above, below):
            found[n][1][:] = [False] * columns
    level = aligned_by(blocks, stack.size) != "top"
    for column in range(columns):
        if column >= columns // 2:
            break
        for first, last in _over_rows(column, rows, over, stack.size, level):
            for n in range(first, last):
                found[n][1][column] = False
    return found


def _goes_on_listing(above: Row, below: Row) -> bool:
    """Say whether a row is no more than a further point (目标2) of the list that the one above it has."""
    if len(below.blocks) != 1:
        return False
    point = below.blocks[0]
    return is_marked(point.runs[0].letters) and any(
        block.first == point.first > 0 and is_marked(block.runs[-1].letters) for block in above.blocks
    )


def _over_rows(
    column: int, rows: Sequence[Row], over: Sequence[TextBlock], size: float, level: bool
) -> list[tuple[int, int]]:
    """Return the rows, first and last, that cells of a column cover; whose texts stand in their middle where
    they are ``level``, else at their top.
    """
    high = [block for block in over if block.first <= column <= block.last]
    heads = [n for n, row in enumerate(rows) if n == 0 or _same_head(row, rows[0])]
    spans: list[tuple[int, int]] = []
    for start, end in pairwise([*heads, len(rows)]):
        body = range(start + 1, end)
        if not body:
            continue
        top, bottom = rows[body[0]].top, rows[body[-1]].bottom
        mine = [block for block in high if top <= block.middle <= bottom]
        own = [*mine, *(b for n in body for b in rows[n].blocks if b.first <= column <= b.last)]
        whole = len(own) == len(body) and not mine
        found = None if whole or not own or not (level or mine) else tiled(own, [rows[n] for n in body], size)
        if found is not None:
            spans += [(body[a], body[b]) for a, b in found if b > a]
            continue
        for block in mine:
            upper, lower = block.top - size / 2, block.bottom + size / 2
            covered = [n for n in body if rows[n].top <= lower and upper <= rows[n].bottom]
            if len(covered) > 1:
                spans.append((covered[0], covered[-1]))
    return spans


def _same_head(row: Row, head: Row) -> bool:
    return len(row.blocks) > 1 and _words(row) == _words(head)


def _words(row: Row) -> list[str]:
    return sorted("".join(one.text for run in block.runs for one in run.letters) for block in row.blocks)


# Over the seams of pages.


def _mended(cells: list[Cell], plan: Plan, stack: _Stack) -> list[Cell]:
    """Leave out header rows that every page repeats and make rows whole that a page's end cut."""
    over = {cell.column for cell in cells if cell.rows > 1 and cell.columns == 1}
    for number in range(1, len(stack.parts)):
        height = len(plan.ys) - 1
        seam = min(range(height), key=lambda n: abs(plan.ys[n] - _seam_at(stack, number, plan)))
        repeated = _repeated(cells, seam)
        cells = [cell for cell in cells if not seam <= cell.row < seam + repeated]
        after = seam + repeated
        if after >= height:
            continue
        open_ = _open_below(stack, number - 1, plan, seam)
        cells = _joined_rows(cells, seam, after, open_, over, _going_on(cells, stack.kind))
    return cells


def _seam_at(stack: _Stack, number: int, plan: Plan) -> float:
    if stack.seams[number] == stack.starts[number]:
        return stack.starts[number]
    return min((y for y in plan.ys if y > stack.seams[number]), default=stack.starts[number])


def _row(cells: Sequence[Cell], row: int) -> list[Cell]:
    return [cell for cell in cells if cell.row == row]


def _plain(cell: Cell) -> str:
    seen = sorted((one for one in cell.letters if not one.text.isspace()), key=lambda one: one.order)
    return "".join(one.text for one in seen)


def _repeated(cells: Sequence[Cell], seam: int) -> int:
    """Return how many of the first rows stand again after a seam."""
    by_row: dict[int, list[tuple[int, str]]] = defaultdict(list)
    for cell in cells:
        if cell.row < 6 or seam <= cell.row < seam + 6:
            by_row[cell.row].append((cell.column, _plain(cell)))
    for start in range(min(6, seam)):
        count = 0
        while (
            count < min(4, seam - start)
            and by_row[start + count]
            and by_row[start + count] == by_row[seam + count]
        ):
            count += 1
        if count and sum(bool(text) for _, text in by_row[start]) > 1:
            return count
    return 0


def _open_below(stack: _Stack, number: int, plan: Plan, seam: int) -> list[bool]:
    """Say for each column whether no line ends a part there, so that its last cell goes on."""
    part = stack.parts[number]
    down = stack.starts[number] - part.box.top
    bottom = part.box.bottom + down
    across = [(y + down, left, right) for y, left, right in part.lines.across]
    last = [one for one in across if abs(one[0] - bottom) <= stack.near]
    if stack.kind != "ruled":
        return [False] * (len(plan.xs) - 1)
    return [not shut for shut in walls(last, [bottom], plan.xs)[0]] if last else [True] * (len(plan.xs) - 1)


def _going_on(cells: Sequence[Cell], kind: Kind) -> GoesOn:
    """Return what says whether the words of one cell can go on in another: its lines may run from side to
    side, and where no line shows these, as far as the texts of its column do.
    """
    pad = _padding(cells)
    rooms: dict[int, tuple[float, float]] = {}
    for cell in cells if kind != "ruled" else ():
        if cell.columns == 1 and any(not one.text.isspace() for one in cell.letters):
            box = around(one for one in cell.letters if not one.text.isspace())
            left, right = rooms.get(cell.column, (box.left, box.right))
            rooms[cell.column] = min(left, box.left), max(right, box.right)

    def goes(above: Cell, cell: Cell) -> bool:
        room = rooms.get(above.column) if above.columns == 1 else None
        left, right = room or (above.box.left + pad, above.box.right - pad)
        return goes_on(above.letters, cell.letters, left, right)

    return goes


def _joined_rows(
    cells: list[Cell], seam: int, after: int, open_: Sequence[bool], over: set[int], goes: GoesOn
) -> list[Cell]:
    """Join what goes on over a seam: the whole row, or the cells of columns with merged ones (``over``)."""
    last = {cell.column: cell for cell in cells if cell.row < seam and cell.row + cell.rows >= seam}
    first = {cell.column: cell for cell in cells if cell.row == after}
    whole = _is_cut(last, first, all(open_), over, goes)
    gone: set[int] = set()
    if whole:
        for cell in last.values():  # also those below which nothing stands
            cell.rows = max(cell.rows, after + 1 - cell.row)
    for column, cell in first.items():
        above = last.get(column)
        if whole and not _plain(cell) and above is not None and above.columns != cell.columns:
            gone.add(id(cell))
            continue
        past = above is not None and above.row + above.rows > seam and not whole
        if above is None or above.columns != cell.columns or past:
            continue
        blank = not _plain(cell) or (not _plain(above) and cell.rows > 1)
        merged = open_[column] or column in over
        same = merged and _same_record(first, last, column) and _is_cut_text(above, cell, goes)
        if whole or same or (blank and merged) or _is_cut_word(above, cell, goes):
            above.letters += cell.letters
            above.rows = cell.row + cell.rows - above.row
            gone.add(id(cell))
    return [cell for cell in cells if id(cell) not in gone]


def _is_cut(
    last: dict[int, Cell], first: dict[int, Cell], no_line: bool, over: set[int], goes: GoesOn
) -> bool:
    """Say whether a page's end cuts a row: no line ends it, or all of what follows can go on with its cells,
    and it has nothing for one of them (behind the first, or of a column without merged cells) or goes on
    with a word.
    """
    if not first or any(
        column not in last or (_plain(cell) and last[column].columns != cell.columns)
        for column, cell in first.items()
    ):
        return False
    filled = {column for column, cell in first.items() if _plain(cell)}
    had = {column for column, cell in last.items() if _plain(cell)}
    if no_line:
        return all(goes(last[column], first[column]) for column in filled & had)
    shared = filled & had
    if not shared or not (filled <= had or had - filled):
        return False
    lacking = any(column > min(filled) or column not in over for column in had - filled)
    certain = any(_is_cut_word(last[column], first[column], goes) for column in shared)
    if not lacking and not certain:
        return False
    can = sum(goes(last[column], first[column]) for column in shared)
    return 2 * can > len(shared) if certain else can == len(shared)


def _same_record(first: dict[int, Cell], last: dict[int, Cell], column: int) -> bool:
    """Say whether what stands before a column goes on over a seam: it has words above and none below."""
    before = [(last[n], cell) for n, cell in first.items() if n < column and n in last]
    return any(_plain(above) for above, _ in before) and not any(_plain(cell) for _, cell in before)


def _is_cut_text(above: Cell, cell: Cell, goes: GoesOn) -> bool:
    """Say whether a page's end cuts a longer text."""
    text = _plain(above)
    unended = len(text) > 12 and not text.endswith(("。", "；", "指标"))
    return unended and bool(_plain(cell)) and goes(above, cell)


def _is_cut_word(above: Cell, cell: Cell, goes: GoesOn) -> bool:
    """Say whether a page's end cuts what is one word or one bracket."""
    before, both = _plain(above), _plain(above) + _plain(cell)
    unclosed = before.count("（") > before.count("）") and both.count("（") == both.count("）")
    level = (
        both.endswith("指标")
        and not before.endswith("指标")
        and not _plain(cell).startswith(before[:1] or " ")
    )
    if not _plain(cell):
        return False
    if _CUT_SHORT.search(before + "\n" + _plain(cell)):
        return True  # whatever room there was behind it
    return (unclosed or level) and goes(above, cell)


def _without_empty(cells: list[Cell]) -> list[Cell]:
    """Leave out the rows and columns in which no cell begins."""
    rows = {row: n for n, row in enumerate(sorted({cell.row for cell in cells}))}
    columns = {column: n for n, column in enumerate(sorted({cell.column for cell in cells}))}
    for cell in cells:
        cell.rows = sum(cell.row <= row < cell.row + cell.rows for row in rows)
        cell.columns = sum(cell.column <= column < cell.column + cell.columns for column in columns)
        cell.row, cell.column = rows[cell.row], columns[cell.column]
    return sorted(cells, key=lambda cell: (cell.row, cell.column))


def _told(cells: Sequence[Cell], stack: _Stack, xs: Sequence[float]) -> Table:
    pad = _padding(cells)
    told = []
    for cell in cells:
        number = stack.part_at(cell.box.top)
        part = stack.parts[number]
        down = stack.starts[number] - part.box.top
        box = cell.box.moved(-down)
        box = Box(box.left, max(box.top, part.box.top), box.right, min(box.bottom, part.box.bottom))
        inner = _room(cell, pad, stack.kind)
        text = words_of(cell.letters, *inner) if any(not one.text.isspace() for one in cell.letters) else ""
        told.append(
            Told(
                cell.row, cell.column, cell.rows, cell.columns, text, part.page.number, region(box, part.page)
            )
        )
    height = max((cell.row + cell.rows for cell in cells), default=0)
    width = max((cell.column + cell.columns for cell in cells), default=0)
    return Table(told, height, width)


def _padding(cells: Sequence[Cell]) -> float:
    """Return how near to the sides of their cells lines come, in points: as a quarter of the cells of several
    lines have it, since marks may hang over and words stay short; 0 where there are none.
    """
    gaps = []
    for cell in cells:
        seen = [one for one in cell.letters if not one.text.isspace()]
        box = around(seen) if seen else None
        if box and box.height > 1.5 * (seen[0].bottom - seen[0].top):
            gaps.append(min(box.left - cell.box.left, cell.box.right - box.right))
    return min(max(sorted(gaps)[len(gaps) // 4], 0.0), 8.0) if gaps else 0.0


def _room(cell: Cell, pad: float, kind: Kind) -> tuple[float, float]:
    """Return from where to where the lines of a cell may run."""
    if kind == "ruled" or not cell.letters:
        return cell.box.left + pad, cell.box.right - pad
    return min(one.left for one in cell.letters), max(one.right for one in cell.letters)
