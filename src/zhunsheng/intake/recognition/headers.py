"""Header rows: which columns of a table hold what of the indicators, told by the words over them and, where
nobody knows the words, by what the columns hold.
"""

from __future__ import annotations

import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

from zhunsheng.intake import labels
from zhunsheng.intake.grid import Grid
from zhunsheng.intake.layouts import Layout
from zhunsheng.intake.recognition.by_content import by_content, is_whole, sums_up
from zhunsheng.intake.recognition.by_words import by_words
from zhunsheng.intake.recognition.columns import (
    REQUIRED,
    TALLEST,
    Column,
    columns_at,
    height_at,
    own_cells,
    shown,
)
from zhunsheng.intake.recognition.content import LONGEST_STATED, is_value, level_of, stated
from zhunsheng.intake.recognition.rows import said
from zhunsheng.intake.recognition.titles import is_year
from zhunsheng.intake.recognition.wide import Group, groups_at
from zhunsheng.targets import TargetValue
from zhunsheng.targets.spelling import column_op

_SHORT = {
    "项目": "name",
    "专项": "name",
    "金额": "budget.total",
    "预算": "budget.total",
}  # of a list of projects
_LONGEST_STAIR = 10  # characters of a head over levels in rows of their own
_SIGN_AND_NUMBER = re.compile(r"[≥≤<>＝=≧≦]\s*\d|不[低少高多超][于过]?\s*\d")
_SIGNED = frozenset("≥≤<>=＝≧≦")  # how a value begins, and no head


@dataclass(frozen=True)
class Header:
    """A header: the column of each field, the rows it takes (0: the rows begin without one), and what
    of it a person should look at.

    ``guessed`` are the columns known by what they hold, ``rivals`` those that claim the value that
    another column was given, ``unread`` those that hold something of no known kind. ``groups`` are those of
    a wide table. ``columns`` are all of the table's, none where there are groups; ``layout`` is what a
    person confirmed of them.
    """

    fields: dict[str, int]
    height: int
    guessed: tuple[tuple[int, str], ...] = ()
    rivals: tuple[int, ...] = ()
    unread: tuple[int, ...] = ()
    groups: tuple[Group, ...] = ()
    weak: bool = False  # whether the column of values is but the likeliest of several
    columns: tuple[Column, ...] = ()
    layout: Layout | None = None

    def rows(self, grid: Grid, row: int) -> tuple[tuple[str, ...], ...]:
        """Return what the rows of the header at a row show, by which it is known where it comes again."""
        return tuple(shown(grid, row + n) for n in range(self.height))


def header_at(grid: Grid, row: int, year: int | None = None, *, unheaded: bool = False) -> Header | None:
    """Return what the header that begins at a row says; None where none begins there.

    ``year`` is the sheet's, by which its own values are told from those of other years. With ``unheaded``,
    where no header is in force, rows that plainly are indicators are taken under unknown words or none too.
    """
    texts = [text for column in grid.distinct(row) if (text := grid.text(row, column))]
    known = [text for text in texts if labels.header(text)]
    if sum(is_value(text) and not is_year(text) for text in texts) > 1 and not _is_all_heads(texts):
        known = []  # an indicator beside what a page's end left of the heads
    if not known and not unheaded and not any(map(level_of, texts)):
        return None
    if not any(text[0] in _SIGNED for text in texts) and (wide := groups_at(grid, row)):
        groups, height = wide
        return Header(dict(groups[0].fields), height, groups=tuple(groups))
    spending = {labels.execution(text) for text in texts} & {"planned", "adjusted", "spent"}
    if len(spending) > 1 and not {"name", "target"} & {labels.header(text) for text in known}:
        return None  # the money of a self-evaluation, with 分值 and 得分 of its own
    if len({labels.header(text) for text in known}) < 2:
        known = known[:1]  # one head twice (指标 | 指标) is rather what a page's end left of two words
    if len(known) < 2 and unheaded and (stairs := _over_stairs(grid, row)):
        return stairs
    if len(known) < 2 and not (unheaded and _over_indicators(grid, row)):
        return _without_header(grid, row) if unheaded else None
    height = height_at(grid, row)
    columns = columns_at(grid, row, height)
    fields, rivals = by_words(columns, grid, row, year)
    guessed = by_content(columns, fields, rivals)
    placed = {"level1", "level2"} & fields.keys() or {"op", "unit"} <= fields.keys()
    if len(known) < 2 and not (placed and {"target", "stated"} & fields.keys()):
        return None
    if "name" not in fields and "description" in fields and "level2" in fields:
        fields["name"] = fields.pop("description")
    if "name" not in fields or not REQUIRED & fields.keys():
        return None
    if len(fields) < 3 and not _over_banners(grid, row + height):
        return None
    if "unit_or_grid" in fields:
        fields.setdefault("unit", fields.pop("unit_or_grid"))
    weak = _is_weak(columns, fields, rivals)
    taken = {*fields.values(), *rivals}
    unread = tuple(
        c.number for c in columns if c.number not in taken and c.heads and c.holds not in ("empty", "serial")
    )
    return Header(fields, height, tuple(guessed), tuple(rivals), unread, weak=weak, columns=tuple(columns))


def _is_all_heads(texts: Sequence[str]) -> bool:
    return all(labels.header_like(text) or is_value(text) for text in texts)


def _over_stairs(grid: Grid, row: int) -> Header | None:
    """Return the columns under two or three unknown heads (考核事项 | 承诺水平), below which levels stand in
    rows of their own over names and values; None where no such rows are.
    """
    heads = [text for _, text in own_cells(grid, row)]
    first = row + 1
    if (
        not 2 <= len(heads) <= 3
        or first >= len(grid.rows)
        or any(len(text) > _LONGEST_STAIR for text in heads)
    ):
        return None
    if any(labels.label(text) or is_value(text) or level_of(text) for text in heads):
        return None
    below = [
        [(c, text) for c, text in own_cells(grid, n) if said(text)] for n in range(first, len(grid.rows))
    ]
    if not below[0] or {level_of(text) for _, text in below[0]} != {"level1"}:
        return None
    pairs = [cells for cells in below if len(cells) > 1 and not level_of(cells[0][1])]
    told = [cells for cells in pairs if cells[0][0] == below[0][0][0] and is_value(cells[1][1])]
    if len(told) < 2 or 2 * len(told) <= len(pairs) or len({cells[1][0] for cells in told}) > 1:
        return None
    names, values = told[0][0][0], told[0][1][0]
    columns = columns_at(grid, row, 1)
    fields = {"name": names, "target": values}
    guessed = tuple((number, name) for name, number in fields.items())
    return Header(fields, 1, guessed, columns=tuple(columns))


def proposed(grid: Grid, row: int, year: int | None) -> Header:
    """Return what the columns under a row of unknown words may be, so that a person can say what they are."""
    tall = [grid.spans.get((row, column), (1, 1))[0] for column, _ in own_cells(grid, row)]
    reach = max(tall, default=1)  # heads merged downwards stand beside one that is parted
    height = max(height_at(grid, row), reach if tall.count(reach) > 1 and reach <= TALLEST else 1)
    columns = columns_at(grid, row, height)
    fields, rivals = by_words(columns, grid, row, year)
    guessed = by_content(columns, fields, rivals)
    if "name" not in fields:
        free = [one for one in columns if one.number not in fields.values() and one.holds == "words"]
        apart = [one for one in free if len(set(one.cells)) == len(one.cells)]
        names = next(iter(apart or free), None)
        if names is not None:
            fields["name"] = names.number
            guessed.append((names.number, "name"))
            if free[0].number < names.number and "level2" not in fields:  # what comes again is over several
                fields["level2"] = free[0].number
                guessed.append((free[0].number, "level2"))
    return Header(fields, height, tuple(guessed), columns=tuple(columns))


def _is_weak(columns: Sequence[Column], fields: Mapping[str, int], rivals: Sequence[int]) -> bool:
    """Say whether the values were taken from one of several columns that hold signs and whose heads nobody
    knows.
    """
    mine = next((one for one in columns if one.number == fields.get("target")), None)
    if mine is None or not mine.heads or labels.header(mine.heads[-1]) == "target":
        return False
    others = [one for one in columns if one.number not in {*fields.values(), *rivals} and one.said is None]
    signed = [
        one
        for one in others
        if one.holds == "target"
        and not one.told("past")
        and any(re.search(r"[≥≤<>≧≦]", text) for text in one.cells)
    ]
    return bool(signed) and not (is_whole(mine) or sums_up(mine, [mine, *signed]))


def _over_banners(grid: Grid, row: int) -> bool:
    """Say whether a row says nothing but the name of a level, in all its columns."""
    texts = {text for _, text in own_cells(grid, row)} if row < len(grid.rows) else set()
    return len(texts) == 1 and all(map(level_of, texts))


def project_columns(grid: Grid, row: int, height: int, taken: Container[int]) -> dict[str, int]:
    """Return the columns of a list of projects (单位名称 | 项目名称 | 预算数 | 年度目标) beside the
    indicators' own.

    Empty where no column names the project: then the rows are one sheet's.
    """
    found: dict[str, int] = {}
    for column in range(grid.width):
        if column in taken:
            continue
        heads = [grid.text(row + n, column) for n in reversed(range(height))]
        names = [labels.label(head) or _spending(head) or _SHORT.get(labels.clean(head)) for head in heads]
        if name := next(filter(None, names), None):
            found.setdefault(name, column)
    whose = next((name for name in ("unit", "department") if name in found), None)
    if "name" not in found and whose and len(found) > 1:  # a list of bodies: 单位名称 | 资金总额 | 绩效目标
        found = {"name": found[whose]} | found
    return found if "name" in found else {}


def _spending(head: str) -> str | None:
    """Return the field of a head over money of the execution (年初预算, 全年执行); None for another."""
    name = labels.execution(head)
    return f"execution.{name}" if name in ("planned", "adjusted", "spent") else None


def _over_indicators(grid: Grid, row: int) -> bool:
    """Say whether a row of unknown words stands over rows that plainly are indicators."""
    own = [(c, text) for c, text in own_cells(grid, row) if c or not _is_tall(grid, row, c)]
    if len(own) < 3 or row + 1 >= len(grid.rows) or any(level_of(t) or is_value(t) for _, t in own):
        return False
    if any(len(text) > 16 for _, text in own):
        return False
    told = [labels.label(text) for _, text in own]
    if any(told) and (told.count(None) < 3 or "name" not in told):
        return False  # labels with their values; in a list of projects they stand over columns
    height = height_at(grid, row)
    return row + height < len(grid.rows) and is_indicator(grid, row + height)


def _is_tall(grid: Grid, row: int, column: int) -> bool:
    """Say whether a cell reaches down over other rows, as the form's own label beside a table does."""
    return grid.spans.get(grid.owner(row, column), (1, 1))[0] > 1


def is_indicator(grid: Grid, row: int) -> bool:
    """Say whether a row plainly is an indicator: a category of the framework, and a value."""
    texts = [grid.text(row, column) for column in grid.distinct(row)]
    filled = [text for text in texts if said(text)]
    told = [text for text in filled if is_value(text) or (not level_of(text) and stated(text))]
    dates = [text for text in told if TargetValue.parse(text, year=2000).op == "by"]
    if len(dates) > 1 and dates == told:
        return False  # a step of the work, from when to when
    signed = len(filled) >= 4 and any(column_op(text) is not None for text in filled)
    return len(filled) >= 3 and (signed or any(map(level_of, filled))) and bool(told)


def indicating_row(grid: Grid) -> int | None:
    """Return the first row (from 0) of a table that holds values as indicators have them, on two rows at
    least: with signs, or beside names of levels; None for a table of something else.
    """
    signed, valued, levels = [], [], 0
    for row in range(len(grid.rows)):
        texts = [text for _, text in own_cells(grid, row) if len(text) <= LONGEST_STATED]
        levels += any(map(level_of, texts))
        if any(_SIGN_AND_NUMBER.match(text) and is_value(text) for text in texts):
            signed.append(row)
        if len(texts) > 1 and any(map(is_value, texts)) and not any(map(labels.label, texts)):
            valued.append(row)
    if len(signed) > 1:
        return signed[0]
    return valued[0] if levels > 1 and len(valued) > 1 else None


def under_heads(grid: Grid, row: int) -> bool:
    """Say whether a row of indicators is the first under words that are heads, known or not."""
    return row > 0 and _over_indicators(grid, row - 1)


def _without_header(grid: Grid, row: int) -> Header | None:
    """Return the columns of rows that plainly are indicators and have no header over them.

    Under words that could not be made out they are left to a person: of two columns of values those words
    say which is last year's, and what the cells hold does not.
    """
    if not is_indicator(grid, row) or under_heads(grid, row):
        return None
    columns = columns_at(grid, row, 0)
    fields: dict[str, int] = {}
    guessed = by_content(columns, fields, [])
    if "name" not in fields or not {"target", "stated"} & fields.keys():
        return None
    if not {"level1", "level2"} & fields.keys():
        return None
    return Header(fields, 0, tuple(guessed), columns=tuple(columns))
