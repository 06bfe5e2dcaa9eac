"""Paragraphs and tables of pages as drawn: running titles and page numbers set aside, tables that go on over
pages put together, rows cut by a page's end made whole.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from zhunsheng.intake.aligned import Run, covered, runs_of
from zhunsheng.intake.drawn import (
    Box,
    Letter,
    Page,
    around,
    is_marked,
    radicals,
    region,
    size_of,
    starts_anew,
    upright,
)
from zhunsheng.intake.grid import Block, Grid, Paragraph, Picture
from zhunsheng.intake.ruled import Lines, frame, joined, touching
from zhunsheng.intake.shaded import PITCH, Shading, shadings
from zhunsheng.intake.struck import without_struck
from zhunsheng.intake.tabled import Kind, Part, Table, table_of
from zhunsheng.intake.telling import STRUCK, Telling
from zhunsheng.targets import Place
from zhunsheng.translation import worded

_NUMBER = re.compile(
    r"[-—–－·\s]*(?:第\s*)?\d{1,4}(?:\s*页)?(?:\s*[/／,，]?\s*(?:共|of)?\s*\d{1,4}\s*页?)?[-—–－·\s]*", re.I
)
_DENSE = 5  # lines across of one table that show its rows; fewer set off its head and end
_MARGIN = 0.12  # of a page's height: where running titles and page numbers stand
_TITLE = re.compile(r"表(?:[（(][^）)]*[）)])?\s*$|单位[:：]|名称[:：]|^\d+[.、]|说明|^注[:：]|^附")
_LABELLED = re.compile(  # how a line begins that tells a field of the form, and goes on with no other line
    r"(?:(?:项目|专项|单位|部门)(?:资金)?名称|(?:主管|预算|实施|填报|编制)(?:部门|单位)|项目(?:编码|代码|编号)|"
    r"(?:年度|项目|预算|资金)+(?:总额|金额|总量|数)|(?:预算|评价|自评)?年度)[：:]"
)
_NAMED = re.compile(r"(?:项目|部门|单位)(?:[（(]单位[）)])?名称|主管部门|预算单位|填报单位|项目编码")


@dataclass
class _Sheet:
    """A page at work: what its tables took and what is left."""

    page: Page
    size: float
    parts: list[Part] = field(default_factory=list)
    free: list[Letter] = field(default_factory=list)
    text: list[list[Run]] = field(default_factory=list)
    running: list[list[Run]] = field(default_factory=list)


def blocks_of(pages: Sequence[Page]) -> list[Block]:
    """Return the paragraphs, tables and pictures of a document's pages, in the order of reading, then what
    was left out for being struck through.
    """
    sheets = _numbered(pages)
    telling = Telling()
    for sheet in sheets:
        _without_struck(sheet, telling)
    for sheet in sheets:
        _ruled(sheet)
    _without_running(sheets)
    known: Sequence[float] = ()
    before: _Sheet | None = None
    for sheet in sheets:
        known = _shaded(sheet, known)
        _levelled(sheet, before)
        _aligned(sheet)
        before = sheet
    return [*_told(sheets), *telling.entries()]


def _numbered(pages: Sequence[Page]) -> list[_Sheet]:
    """Return pages upright, with their letters numbered, radicals made characters and letters printed twice
    (for a bold look) kept once.
    """
    sheets: list[_Sheet] = []
    order = 0
    table = radicals()
    for shown in pages:
        page = upright(shown)
        seen: set[tuple[str, int, int]] = set()
        kept: list[Letter] = []
        for one in page.letters:
            x, y = int(one.left * 2), int(one.top * 2)
            if one.text.isspace():
                if min(one.right - one.left, one.bottom - one.top) < 0.5:  # no room: put in by the program
                    continue
            elif any((one.text, x + i, y + j) in seen for i in (-1, 0, 1) for j in (-1, 0, 1)):
                continue
            seen.add((one.text, x, y))
            order += 1
            kept.append(one._replace(text=one.text.translate(table), order=order))
        sheets.append(_Sheet(page, size_of(kept), free=kept))
    return sheets


def _without_struck(sheet: _Sheet, telling: Telling) -> None:
    """Take out the letters that a line strikes through, and those lines."""
    sheet.page, sheet.free, struck = without_struck(sheet.page, sheet.free)
    for letters in struck:
        place = Place(page=sheet.page.number, region=region(around(letters), sheet.page))
        telling.add(place, "hidden", "".join(one.text for one in letters), STRUCK)


def _ruled(sheet: _Sheet) -> None:
    """Take out the tables that lines show, the inner ones first."""
    groups = sorted(touching(joined(sheet.page.lines)), key=lambda one: frame(one).width * frame(one).height)
    for lines in groups:
        box = frame(lines)
        within = [one for one in sheet.free if _inside(one, box)]
        part = Part(sheet.page, box, lines, within, "ruled", sheet.size)
        if part.is_table():
            sheet.parts.append(part)
            taken = {one.order for one in within}
            sheet.free = [one for one in sheet.free if one.order not in taken]


def _inside(one: Letter, box: Box) -> bool:
    return box.left <= (one.left + one.right) / 2 <= box.right and box.top <= one.middle <= box.bottom


def _without_running(sheets: Sequence[_Sheet]) -> None:
    """Take page numbers out, and of running titles all but the first; the rest becomes lines of text."""
    lines = [[(run, sheet) for run in runs_of(sheet.free, sheet.size)] for sheet in sheets]
    counts: Counter[tuple[str, int]] = Counter()
    for of_page in lines:
        counts.update({_mark(line, sheet) for line, sheet in of_page if _at_edge(line, sheet)})
    seen: set[tuple[str, int]] = set()
    for of_page in lines:
        for line, sheet in of_page:
            if not _at_edge(line, sheet):
                sheet.text.append(line)
                continue
            mark = _mark(line, sheet)
            said = "".join(one.text for run in line for one in run.letters)
            numbered = _NUMBER.fullmatch(said) and not _of_column(line, of_page)
            if numbered or (counts[mark] > 1 and mark in seen):
                continue
            seen.add(mark)
            (sheet.running if counts[mark] > 1 else sheet.text).append(line)


def _of_column(line: Sequence[Run], of_page: Sequence[tuple[list[Run], _Sheet]]) -> bool:
    """Say whether a number stands right below or above another text with which it begins: in a cell."""
    first = line[0]
    return any(
        0 < abs(run.middle - first.middle) <= PITCH * sheet.size and abs(run.box.left - first.box.left) < 1
        for other, sheet in of_page
        for run in other
    )


def _at_edge(line: Sequence[Run], sheet: _Sheet) -> bool:
    at = line[0].middle / sheet.page.height
    beyond = all(part.box.top > line[0].middle for part in sheet.parts) or all(
        part.box.bottom < line[0].middle for part in sheet.parts
    )
    return beyond and len(line) < 4 and not _MARGIN < at < 1 - _MARGIN


def _mark(line: Sequence[Run], sheet: _Sheet) -> tuple[str, int]:
    """Return what tells a running title from other lines: its text without numbers and its height."""
    said = "".join(one.text for run in line for one in run.letters)
    return re.sub(r"\d+", "#", said), round(line[0].middle / 6)


def _shaded(sheet: _Sheet, known: Sequence[float]) -> Sequence[float]:
    """Take out the tables whose cells are shaded, every other row; return the places of the columns of the
    last one. ``known`` are those of the page before, with which a table can go on by one row.
    """
    used = [part.box for part in sheet.parts]
    slack = 0.5 * sheet.size
    last: Sequence[float] = ()
    for found in list(shadings(sheet.page, sheet.size, used, known, lambda box: _parts_tables(sheet, box))):
        box = _with_rows_beyond(sheet, found)
        inside = [
            line
            for line in sheet.text
            if box.top < line[0].middle < box.bottom
            and line[0].box.left > box.left - slack
            and line[-1].box.right < box.right + slack
        ]
        if sum(len(line) > 1 for line in inside) < 2:
            continue
        letters = _letters(sheet, inside)
        part = Part(sheet.page, box, found.lines, letters, "level", sheet.size, found.places, found.areas)
        if part.is_table():
            sheet.parts.append(part)
            _take(sheet, inside)
            last = found.places
    return last


def _with_rows_beyond(sheet: _Sheet, found: Shading) -> Box:
    """Return the box of a shaded table with the lines of text above and below that keep to its columns: of
    rows that are not shaded.
    """
    left, top, right, bottom = found.box
    size = sheet.size

    def is_of_it(line: Sequence[Run]) -> bool:
        within = left - size < line[0].box.left and line[-1].box.right < right + size
        if len(line) == 1:
            first, last = covered(line[0], found.places[1:-1], size)
            return within and first == last > 0
        return within and not any(_TITLE.search("".join(one.text for one in run.letters)) for run in line)

    text = sorted(sheet.text, key=lambda line: line[0].middle)
    for line in text:
        if line[0].middle > bottom:
            if line[0].box.top - bottom > 2 * size or not is_of_it(line):
                break
            bottom = line[0].box.bottom + 1
    for line in reversed(text):
        if line[0].middle < top:
            if top - line[0].box.bottom > 2 * size or not is_of_it(line):
                break
            top = line[0].box.top - 1
    return Box(left, top, right, bottom)


def _levelled(sheet: _Sheet, before: _Sheet | None) -> None:
    """Take out the tables that have lines across only: many, or as long as those of the page ``before``."""
    used = [part.box for part in sheet.parts]
    across = [one for one in joined(sheet.page.lines).across if not any(_on(one, box) for box in used)]
    for stack in _stacks(across, sheet.page.width):
        last = max(before.parts, key=lambda part: part.box.bottom) if before and before.parts else None
        if last is not None and not _is_as_wide(last, stack):
            last = None
        if len(stack) >= _DENSE or (last is not None and len(stack) > 1):
            sheet.parts += _level_parts(sheet, stack, last)


def _is_as_wide(last: Part, stack: Sequence[tuple[float, float, float]]) -> bool:
    """Say whether lines across are as long as a table that has such lines too."""
    left, right = min(one[1] for one in stack), max(one[2] for one in stack)
    return last.kind == "level" and abs(last.box.left - left) < 4 and abs(last.box.right - right) < 4


def _stripes(sheet: _Sheet, box: Box) -> list[tuple[float, float, float]]:
    """Return the lines across within a box, and the edges of rows that are filled with a colour."""
    edges = [one for one in sheet.page.lines if one.height < 3 and _near(one, box, sheet.size)]
    edges += [
        Box(area.left, y, area.right, y)
        for area in sheet.page.areas
        if area.height < 0.5 * sheet.page.height
        for y in (area.top, area.bottom)
        if _near(Box(area.left, y, area.right, y), box, sheet.size)
    ]
    return [one for one in joined(edges).across if one[2] - one[1] > 0.9 * box.width]


def _near(line: Box, box: Box, size: float) -> bool:
    return box.top - size < line.top < box.bottom + size and line.left < box.right and box.left < line.right


def _on(line: tuple[float, float, float], box: Box) -> bool:
    y, left, right = line
    return box.top - 4 <= y <= box.bottom + 4 and left < box.right and box.left < right


def _stacks(
    lines: list[tuple[float, float, float]], width: float
) -> Iterator[list[tuple[float, float, float]]]:
    """Give lines across that have the same ends, with the shorter ones between them."""
    wide = sorted((one for one in lines if one[2] - one[1] > 0.3 * width), key=lambda one: one[1] - one[2])
    todo = list(wide)
    while todo:
        _y, left, right = todo[0]
        same = [one for one in todo if abs(one[1] - left) < 6 and abs(one[2] - right) < 6]
        todo = [one for one in todo if one not in same]
        top, bottom = min(one[0] for one in same), max(one[0] for one in same)
        yield sorted(
            {
                *same,
                *(
                    one
                    for one in lines
                    if top < one[0] < bottom and left - 6 <= one[1] and one[2] <= right + 6
                ),
            }
        )


def _level_parts(sheet: _Sheet, stack: list[tuple[float, float, float]], last: Part | None) -> Iterator[Part]:
    """Give the tables of a stack of lines: a line of text alone in a band, across the columns, parts two
    tables. Where ``last``, of the page before, can go on there, a row is enough.
    """
    left, right = min(one[1] for one in stack), max(one[2] for one in stack)
    full = [one for one in stack if one[2] - one[1] > 0.9 * (right - left)]
    start = 0
    bands = list(pairwise([one[0] for one in full]))
    for n, (top, bottom) in enumerate([*bands, (full[-1][0], full[-1][0])]):
        if n < len(bands) and not _parts_tables(sheet, Box(left, top, right, bottom)):
            continue
        if n > start:
            box = Box(left, full[start][0], right, top)
            across = [one for one in stack if box.top - 1 <= one[0] <= box.bottom + 1]
            part = _cut(sheet, box, across, last)
            if part:
                yield part
        start = n + 1


def _parts_tables(sheet: _Sheet, box: Box) -> bool:
    within = [line for line in sheet.text if box.top < line[0].middle < box.bottom]
    within = [
        [run for run in line if run.box.left < box.right and run.box.right > box.left] for line in within
    ]
    within = [line for line in within if line]
    if not within:
        return box.height > 6 * sheet.size
    alone = all(len(line) == 1 for line in within)
    captions = [_is_caption(line[0], box) for line in within]
    return alone and (all(captions) or (any(captions) and box.height > 3 * sheet.size))


def _is_caption(run: Run, box: Box) -> bool:
    said = "".join(one.text for one in run.letters)
    centred = abs(run.box.left + run.box.right - box.left - box.right) < 0.1 * box.width
    return bool(_TITLE.search(said)) or centred or run.box.width > 0.5 * box.width


def _cut(sheet: _Sheet, box: Box, across: list[tuple[float, float, float]], last: Part | None) -> Part | None:
    """Return the table within a box, its lines of text taken out; None where it is none."""
    slack = 0.5 * sheet.size
    box = _with_edge_rows(sheet, box)
    inside = [
        line
        for line in sheet.text
        if box.top < line[0].middle < box.bottom
        and line[0].box.left > box.left - slack
        and line[-1].box.right < box.right + slack
    ]
    if sum(len(line) > 1 for line in inside) < (2 if last is None else 1):
        return None
    places = last.places if last is not None else []
    part = Part(sheet.page, box, Lines(across, []), _letters(sheet, inside), "level", sheet.size, places)
    if last is None and not part.is_table():
        return None
    _take(sheet, inside)
    return part


def _with_edge_rows(sheet: _Sheet, box: Box) -> Box:
    """Return a table's box with the row above its first line and the one below its last, where such stand
    there: many tables have lines between their rows only.
    """
    near = 1.6 * sheet.size
    top, bottom = box.top, box.bottom
    for line in sheet.text:
        above, below = box.top - line[0].box.bottom, line[0].box.top - box.bottom
        within = box.left - near < line[0].box.left and line[-1].box.right < box.right + near
        titled = any(_TITLE.search("".join(one.text for one in run.letters)) for run in line)
        if len(line) > 1 and within and not titled:
            top = min(top, line[0].box.top - 1) if -1 < above < near else top
            bottom = max(bottom, line[0].box.bottom + 1) if -1 < below < near else bottom
    return Box(box.left, top, box.right, bottom)


def _letters(sheet: _Sheet, lines: Sequence[Sequence[Run]]) -> list[Letter]:
    """Return the letters of lines of text, with the blanks that stand among them."""
    seen = [one for line in lines for run in line for one in run.letters]
    box = around(seen)
    return [*seen, *(one for one in sheet.free if one.text.isspace() and _inside(one, box))]


def _take(sheet: _Sheet, lines: Sequence[Sequence[Run]]) -> None:
    taken = {id(line) for line in lines}
    sheet.text = [line for line in sheet.text if id(line) not in taken]


def _aligned(sheet: _Sheet) -> None:
    """Take out the tables that have no lines."""
    for lines in list(_candidates(sheet)):
        letters = _letters(sheet, lines)
        box = around(letters)
        stripes = _stripes(sheet, box)
        kind: Kind = "level" if len(stripes) > 3 else "free"
        lines_ = Lines(stripes if kind == "level" else [], [])
        part = Part(sheet.page, box, lines_, letters, kind, sheet.size)
        if part.is_table():
            sheet.parts.append(part)
            _take(sheet, lines)


def _candidates(sheet: _Sheet) -> Iterator[list[list[Run]]]:
    """Give lines of text that stand together like a table: most of several runs, the others parts of
    cells.
    """
    size = sheet.size
    group: list[list[Run]] = []
    text = sorted(sheet.text, key=lambda line: line[0].middle)
    tops = [part.box for part in sheet.parts]
    listed: set[int] = set()  # lines that are no more than a point of a list in a cell
    for n, line in enumerate(text):
        before = text[n - 1] if n else None
        after = text[n + 1] if n + 1 < len(text) else None
        far = before is not None and (
            line[0].middle - before[0].middle > 6.5 * size
            or any(before[0].middle < box.top and box.bottom < line[0].middle for box in tops)
        )
        point = (
            len(line) == 1 and before is not None and _is_point(line[0], before, id(before) in listed, sheet)
        )
        listed |= {id(line)} if point else set()
        alone = len(line) == 1 and not point and _stands_alone(line[0], before, after, sheet)
        if far or alone:
            yield from _trimmed(group, size)
            group = []
        if not alone:
            group.append(line)
    yield from _trimmed(group, size)


def _is_point(run: Run, before: Sequence[Run], listed: bool, sheet: _Sheet) -> bool:
    """Say whether a run alone in its line is a further point (目标2) of a list in a cell: right below a point
    that stands behind another cell, or is ``listed`` as such a line itself.
    """
    near = run.middle - before[0].middle < 3.5 * sheet.size
    above = [one for one in before if abs(one.box.left - run.box.left) < 0.3 * sheet.size]
    return (
        near
        and is_marked(run.letters)
        and any(is_marked(one.letters) and (listed or one is not before[0]) for one in above)
    )


def _stands_alone(run: Run, before: Sequence[Run] | None, after: Sequence[Run] | None, sheet: _Sheet) -> bool:
    """Say whether a run is a line of its own, no part of a cell."""
    wide = run.box.width > 0.45 * sheet.page.width
    for line in (before, after):
        if line and (len(line) > 1 or not wide) and _of_one_cell(run, line, sheet.size):
            return False
    gaps = [abs(run.middle - line[0].middle) for line in (before, after) if line]
    if gaps and min(gaps) < 1.1 * sheet.size:
        return False
    said = "".join(one.text for one in run.letters)
    middle = (run.box.left + run.box.right) / sheet.page.width
    return bool(_TITLE.search(said)) or 0.9 < middle < 1.1 or wide


def _of_one_cell(run: Run, line: Sequence[Run], size: float) -> bool:
    """Say whether a run and one of a line next to it were written one after the other, one below the
    other.
    """
    return any(
        0 < max(run.first - other.last, other.first - run.last) <= 4
        and other.box.left < run.box.right
        and run.box.left < other.box.right
        and abs(run.middle - other.middle) <= 2 * size
        for other in line
    )


def _in_some(run: Run, lines: Sequence[Sequence[Run]], size: float) -> bool:
    return any(_of_one_cell(run, line, size) for line in lines)


def _trimmed(group: list[list[Run]], size: float) -> Iterator[list[list[Run]]]:
    """Give a group of lines that can be a table, without what stands alone at its head and end."""
    while len(group) > 1 and len(group[0]) == 1 and not _in_some(group[0][0], group[1:4], size):
        group = group[1:]
    while len(group) > 1 and len(group[-1]) == 1 and not _in_some(group[-1][0], group[-4:-1], size):
        group = group[:-1]
    if sum(len(line) > 2 for line in group) >= 2 or sum(len(line) > 1 for line in group) >= 4:
        yield group


# What is told of the pages.


@dataclass
class _Counts:
    tables: int = 0
    paragraphs: int = 0


def _told(sheets: Sequence[_Sheet]) -> Iterator[Block]:
    counts = _Counts()
    stacks = _over_pages(sheets)
    for sheet in sheets:
        items: list[tuple[float, object]] = [(line[0].middle, line) for line in (*sheet.text, *sheet.running)]
        items += [(part.box.top, part) for part in sheet.parts]
        items += [(box.top, box) for box in _pictures(sheet)]
        lines: list[list[Run]] = []
        for _top, item in sorted(items, key=lambda one: one[0]):
            if isinstance(item, list):
                lines.append(item)
                continue
            yield from _paragraphs(lines, sheet, counts)
            lines = []
            if isinstance(item, Box):
                yield Picture(Place(page=sheet.page.number, region=region(item, sheet.page)), worded("图片"))
            elif isinstance(item, Part) and id(item) in stacks:
                counts.tables += 1
                yield _grid(stacks[id(item)], counts.tables)
        yield from _paragraphs(lines, sheet, counts)


def _pictures(sheet: _Sheet) -> list[Box]:
    """Return the pictures of a page that are large enough to hold words; of guessed pages none."""
    if sheet.page.guessed:
        return []
    least = 0.04 * sheet.page.width * sheet.page.height
    return [box for box in sheet.page.pictures if box.width * box.height > least]


def _over_pages(sheets: Sequence[_Sheet]) -> dict[int, Table]:
    """Return the tables, each by its first part; a part that goes on from the page before belongs to that."""
    stacks: list[list[Part]] = []
    last: Part | None = None
    for sheet in sheets:
        parts = sorted(sheet.parts, key=lambda part: part.box.top)
        for n, part in enumerate(parts):
            above = [line for line in sheet.text if line[0].middle < part.box.top]
            if not n and last is not None and last.goes_on_in(part) and last.takes(above):
                if above:  # the rest of a row that the page's end cut
                    part.take(_letters(sheet, above))
                    _take(sheet, above)
                stacks[-1].append(part)
            else:
                stacks.append([part])
        if not parts and last is not None and (rest := _rest(sheet, last)) is not None:
            sheet.parts.append(rest)
            stacks[-1].append(rest)
            parts = [rest]
        below = any(line[0].middle > parts[-1].box.bottom for line in sheet.text if parts)
        last = parts[-1] if parts and not below else None
    tables: dict[int, Table] = {}
    for stack in stacks:
        for some in _sorted_out(stack):
            tables[id(some[0])] = table_of(some)
    return tables


def _rest(sheet: _Sheet, last: Part) -> Part | None:
    """Return of a page without tables what the end of the page before cut from the last row of one there."""
    lines: list[list[Run]] = []
    for line in sorted(sheet.text, key=lambda one: one[0].middle):
        far = lines and line[0].middle - lines[-1][0].middle > 3.5 * sheet.size
        if far or not last.takes([*lines, line]):
            break
        lines.append(line)
    if not lines or last.kind == "ruled":
        return None
    part = last.rest(sheet.page, _letters(sheet, lines))
    _take(sheet, lines)
    return part


def _sorted_out(stack: list[Part]) -> Iterator[list[Part]]:
    """Give the parts of one table together; a part that starts as the first one did, with another name, is
    the next form of the same kind.
    """
    first = _opening(stack[0])
    start = 0
    for n in range(1, len(stack)):
        if _another_form(first, _opening(stack[n])):
            yield stack[start:n]
            start = n
            first = _opening(stack[n])
    yield stack[start:]


def _opening(part: Part) -> list[list[str]]:
    """Return the texts of a part's first rows."""
    rows: dict[int, list[str]] = defaultdict(list)
    for cell in table_of([part]).cells:
        if cell.row < 8:
            rows[cell.row].append(cell.text)
    return [rows[n] for n in sorted(rows)]


def _another_form(first: list[list[str]], other: list[list[str]]) -> bool:
    for row, its in zip(first, other, strict=False):
        if row == its:
            continue
        return bool(row and its and row[0] == its[0] and _NAMED.search(row[0]))
    return False


def _grid(table: Table, number: int) -> Grid:
    """Return a table as recognition takes it."""
    rows = [[""] * table.width for _ in range(table.height)]
    places: dict[tuple[int, int], Place] = {}
    spans = {}
    for cell in table.cells:
        rows[cell.row][cell.column] = cell.text
        if cell.rows > 1 or cell.columns > 1:
            spans[cell.row, cell.column] = (cell.rows, cell.columns)
        places[cell.row, cell.column] = Place(
            page=cell.page, region=cell.region, table=number, row=cell.row + 1, column=cell.column + 1
        )

    def place(row: int, column: int) -> Place:
        return places.get((row, column)) or Place(table=number, row=row + 1, column=column + 1)

    return Grid(rows, spans, place)


def _paragraphs(lines: Sequence[list[Run]], sheet: _Sheet, counts: _Counts) -> Iterator[Paragraph]:
    if not lines:
        return
    every = [one for line in (*sheet.text, *sheet.running) for run in line for one in run.letters]
    column = around(every)
    group: list[list[Run]] = []
    for line in lines:
        letters = [one for run in line for one in run.letters]
        if group and (
            _LABELLED.match("".join(one.text for one in letters))
            or starts_anew([one for run in group[-1] for one in run.letters], letters, column)
        ):
            yield _paragraph(group, sheet, counts)
            group = []
        group.append(line)
    yield _paragraph(group, sheet, counts)


def _paragraph(group: Sequence[Sequence[Run]], sheet: _Sheet, counts: _Counts) -> Paragraph:
    said = []
    for line in group:
        letters = [one for run in line for one in run.letters]
        box = around(letters)
        blanks = [
            one
            for one in sheet.free
            if one.text.isspace()
            and abs(one.middle - line[0].middle) < 3
            and box.left <= one.left <= box.right
        ]
        ordered = sorted([*letters, *blanks], key=lambda one: (one.left, one.order))
        words = ""
        for n, one in enumerate(ordered):
            gap = n and one.left - ordered[n - 1].right > 0.5 * sheet.size
            words += (" " if gap and not words.endswith(" ") and not one.text.isspace() else "") + one.text
        said.append(re.sub(r"\s+", " ", words).strip())
    text = said[0]
    for before, after in pairwise(said):
        latin = before[-1:].isascii() and before[-1:].isalpha() and after[:1].isascii()
        text += f" {after}" if latin else after
    counts.paragraphs += 1
    box = around([one for line in group for run in line for one in run.letters])
    place = Place(page=sheet.page.number, paragraph=counts.paragraphs, region=region(box, sheet.page))
    return Paragraph(text, place)
