"""Wide tables: a column for each level or each indicator, a row for each project."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from zhunsheng.intake import labels
from zhunsheng.intake.grid import Grid
from zhunsheng.intake.recognition.content import Class, class_of, is_level, is_value, level_of, stated

_TALLEST = 3  # rows of heads: level 1, level 2, the indicator
# Fields of columns in a pair by what they hold.
_PAIRED: dict[Class, str] = {"words": "name", "op": "op", "unit": "unit", "points": "weight"}
_LEAST = 3  # columns under levels, so that no row of indicators is taken for heads


@dataclass(frozen=True)
class Group:
    """Columns that stand under the name of a level: names and values (``name``, ``target``), statements of
    both in one cell (``stated``), or the values of one indicator whose ``name`` stands over them.
    """

    level1: str
    level2: str
    fields: Mapping[str, int]
    name: str = ""


def groups_at(grid: Grid, row: int) -> tuple[list[Group], int] | None:
    """Return the groups of columns that heads from a row on name, and how many rows the heads take; None
    where no such heads begin.
    """
    return _pairs(grid, row) or _single(grid, row)


def _pairs(grid: Grid, row: int) -> tuple[list[Group], int] | None:
    """Return pairs of columns: 产出指标 over 三级指标 | 指标值, 效益指标 over another pair …"""
    if not grid.spans or row + 1 >= len(grid.rows):
        return None
    found = []
    for column in grid.distinct(row):
        level, width = grid.text(row, column), grid.spans.get(grid.owner(row, column), (1, 1))[1]
        if width < 2 or not level_of(level):
            continue
        if fields := _pair(grid, row, range(column, column + width)):
            of_first = is_level(level, "level1")
            found.append(Group(level if of_first else "", "" if of_first else level, fields))
    return (found, 2) if len(found) > 1 else None


def _pair(grid: Grid, row: int, columns: range) -> dict[str, int] | None:
    """Return the fields of columns under one level: by their heads, or (指标 | 值) by what they hold; None
    where they are no names and values.
    """
    heads = [labels.header(grid.text(row + 1, column)) for column in columns]
    told = {name: column for name, column in zip(heads, columns, strict=True) if name}
    if {"name", "target"} <= told.keys():
        return told
    below = [[grid.text(r, column).strip() for r in range(row + 2, len(grid.rows))] for column in columns]
    if any(is_value(grid.text(row + 1, column)) for column in columns):
        return None
    holds = [class_of(cells) for cells in below]
    if holds.count("words") != 1 or holds.count("target") != 1 or not {*holds} <= {"target", *_PAIRED}:
        return None
    return {_PAIRED.get(held, "target"): column for held, column in zip(holds, columns, strict=True)}


def _single(grid: Grid, row: int) -> tuple[list[Group], int] | None:
    """Return single columns: 数量指标 over what each project is to do of that kind, or over the name of one
    indicator.
    """
    texts = [grid.text(row, column).strip() for column in grid.distinct(row)]
    found_levels = [level for text in texts if (level := level_of(text))]
    # A row of indicators has one level 1 and one level 2.
    if len(found_levels) < _LEAST and found_levels != ["level1", "level1"]:
        return None
    if any(map(is_value, texts)):
        return None
    height = _height(grid, row)
    found = list(_columns(grid, row, height))
    if len(found) < _LEAST or len({(one.level1, one.level2) for one in found}) < 2:
        return None
    if len({one.name for one in found if one.name}) < sum(bool(one.name) for one in found):
        return None  # 指标 | 值 under each level are no names
    tallies = [_below(grid, next(iter(one.fields.values())))[row + height] for one in found]
    filled, told = (sum(counts) for counts in zip(*tallies, strict=True))
    return (found, height) if filled and 2 * told >= filled else None


def _below(grid: Grid, column: int) -> list[tuple[int, int]]:
    """Return for each row, and for the end, how many cells of a column from there on say something, and how
    many of these tell a value. It is asked at each row that may be a head, so each cell is looked at once.
    """
    if ("below", column) not in grid.kept:
        counts = [(0, 0)]
        for number in reversed(range(len(grid.rows))):
            text = grid.text(number, column).strip()
            told = bool(text) and (is_value(text) or any(map(stated, text.splitlines())))
            counts.append((counts[-1][0] + bool(text), counts[-1][1] + told))
        grid.kept["below", column] = counts[::-1]
    counts_below: list[tuple[int, int]] = grid.kept["below", column]
    return counts_below


def _height(grid: Grid, row: int) -> int:
    """Return how many rows the heads take: those in which the project's own head goes on, or levels stand."""
    own = next((c for c in grid.distinct(row) if labels.label(grid.text(row, c)) == "name"), None)
    height = grid.spans.get(grid.owner(row, 0), (1, 1))[0]
    if 1 < height <= _TALLEST and row + height < len(grid.rows):
        return height  # as tall as the head at the left
    height = 1
    while height < _TALLEST and row + height < len(grid.rows):
        below = [t for c in grid.distinct(row + height) if (t := grid.text(row + height, c).strip())]
        goes_on = own is not None and grid.text(row + height, own) in ("", grid.text(row, own))
        if any(map(is_value, below)) or not (goes_on or any(is_level(text, "level2") for text in below)):
            break
        height += 1
    return height


def _columns(grid: Grid, row: int, height: int) -> Iterator[Group]:
    """Give the columns under levels, a level 1 that stands once reaching over those at its right."""
    level1 = ""
    for column in range(grid.width):
        texts = [grid.text(row + n, column).strip() for n in range(height)]
        heads = list(dict.fromkeys(text for text in texts if text))
        if not heads:
            continue
        first = heads[0]
        if level_of(first) is None:
            level1 = ""
            continue
        second = next((text for text in heads if text != first and is_level(text, "level2")), "")
        if is_level(first, "level1"):
            level1 = first
        else:
            second = second or first
        name = next((text for text in reversed(heads) if level_of(text) is None), "")
        fields = {"target": column} if name else {"name": column, "stated": column}
        yield Group(level1, second, fields, name)
