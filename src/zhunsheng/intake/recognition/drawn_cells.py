"""Rows of tables that were drawn on pages, put right before they are read: heads and the first row taken for
one row, rows that a page's end cut in two.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from zhunsheng.intake import labels
from zhunsheng.intake.grid import Grid
from zhunsheng.intake.recognition.content import MARK, is_value, level_of
from zhunsheng.targets import Place
from zhunsheng.targets.spelling import column_op

_FEWEST_HEADS = 4  # cells of a row that begin with heads, so that it holds two rows
_ENDS_HEAD = re.compile("(?:指标|名称|值|单位|性质|权重|得分|内容|依据|说明|情况|[）)])$")
_LONGEST_HEAD = 10  # characters
_LONGEST_REST = 6  # characters of what a page's end leaves of a cell


def put_right(grid: Grid) -> tuple[Grid, list[int]]:
    """Return a table with such rows apart or joined, and the numbers of those (from 0) that were joined of
    two; a table that was not drawn as it is.
    """
    if not grid.rows or not any(grid.place(0, column).region for column in grid.distinct(0)):
        return grid, []
    for number in range(len(grid.rows)):
        if heads := _heads_of(grid, number):
            grid = _parted(grid, number, heads)
            break
    joined: list[int] = []
    number = 1
    while number < len(grid.rows):
        if rest := _rest_of(grid, number):
            grid = _joined(grid, number, rest)
            joined.append(number - 1)
        else:
            number += 1
    return grid, joined


def _own(grid: Grid, row: int) -> Iterator[tuple[int, str]]:
    """Give the cells that begin in a row and say something, as (column, text)."""
    for column in grid.distinct(row):
        if grid.owner(row, column)[0] == row and (text := grid.text(row, column).strip()):
            yield column, text


def _heads_of(grid: Grid, row: int) -> dict[int, str]:
    """Return the heads with which most cells of a row begin, with what stands below them behind
    (一级指标产出指标); empty for a row of one kind.
    """
    own = list(_own(grid, row))
    found = {column: head for column, text in own if (head := _head_before(text))}
    names = {labels.header_like(head) for head in found.values()}
    fields = len(names) == len(found) >= _FEWEST_HEADS and 3 * len(found) >= 2 * len(own)
    return found if fields and {"name", "level1", "level2"} & names else {}


def _head_before(text: str) -> str:
    """Return the head with which a text of two cells begins: the one behind which a level, a sign or a value
    stands, else the longest; empty for other texts.
    """
    if labels.header(text):
        return ""
    heads = [text[:n] for n in range(2, min(_LONGEST_HEAD, len(text) - 1) + 1)]
    like = [head for head in heads if _ENDS_HEAD.search(head) and labels.header_like(head)]
    for head in (*filter(labels.header, heads), *like):
        rest = text[len(head) :].strip()
        if level_of(rest) or column_op(rest) or is_value(rest):
            return head
    return next(filter(labels.header, reversed(heads)), "")


def _parted(grid: Grid, number: int, heads: dict[int, str]) -> Grid:
    """Return a table with a row as two: its heads, what stands behind them."""
    rows = [[grid.rows[r][c] if c < len(grid.rows[r]) else "" for c in range(grid.width)] for r in _all(grid)]
    above = [heads.get(column, "") for column in range(grid.width)]
    for column, text in _own(grid, number):
        rows[number][column] = text[len(heads[column]) :].strip() if column in heads else text
    spans = {}
    for (row, column), (height, width) in grid.spans.items():
        down = row > number or (row == number and height == 1)
        reaches = row <= number < row + height and not down
        spans[row + down, column] = (height + reaches, width)
        if row == number and height == 1:
            spans[row, column] = (1, width)
    for column, text in enumerate(rows[number]):
        if (number, column) in spans and spans[number, column][0] > 1:  # the form's own label beside
            above[column], rows[number][column] = above[column] or text, ""

    def place(row: int, column: int) -> Place:
        return grid.place_of(row - (row > number), column)

    return replace(grid, rows=[*rows[:number], above, *rows[number:]], spans=spans, place_of=place)


def _all(grid: Grid) -> range:
    return range(len(grid.rows))


def _rest_of(grid: Grid, row: int) -> dict[int, str]:
    """Return by column what a page's end cut from the cells of the row above it (停车收入增长 | 率); empty
    for a row of its own: with a value, a level or a mark, or with something where the row above has nothing.
    """
    own, above = dict(_own(grid, row)), dict(_own(grid, row - 1))
    pages = (
        [grid.place(row, next(iter(own))).page, grid.place(row - 1, next(iter(above))).page]
        if own and above
        else []
    )
    if len(set(pages)) < 2 or not own.keys() < above.keys() or not any(map(is_value, above.values())):
        return {}
    if any(grid.owner(row, column)[0] < row - 1 for column in above):
        return {}
    strange = any(
        len(text) > _LONGEST_REST
        or is_value(text)
        or MARK.match(text)
        or text[:1] in "…."
        or labels.header(text)
        or (level_of(text) and level_of(above[column] + text) is None)
        for column, text in own.items()
    )
    return {} if strange else own


def _joined(grid: Grid, number: int, rest: dict[int, str]) -> Grid:
    """Return a table without a row, whose texts go on with the cells above them."""
    rows = [[*row] for row in grid.rows]
    for column, text in rest.items():
        rows[number - 1][column] = grid.text(number - 1, column).strip() + text
    spans = {
        (row - (row > number), column): (height - (row < number < row + height), width)
        for (row, column), (height, width) in grid.spans.items()
        if row != number
    }

    def place(row: int, column: int) -> Place:
        return grid.place_of(row + (row >= number), column)

    return replace(grid, rows=[*rows[:number], *rows[number + 1 :]], spans=spans, place_of=place)
