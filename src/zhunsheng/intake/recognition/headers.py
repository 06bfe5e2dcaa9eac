"""Header rows: which columns of a table hold what of the indicators, told by what the cells mean."""

from __future__ import annotations

import re
from collections.abc import Mapping

from zhunsheng.intake import labels
from zhunsheng.intake.grid import Grid

_REQUIRED = {"target", "actual", "score", "weight", "medium_term"}
_Found = list[tuple[int, str]]  # (column, field) from the left


def header_at(grid: Grid, row: int) -> tuple[dict[str, int], int] | None:
    """Return the indicator columns that a header names and how many rows it takes; None without header."""
    found, used = _fields_from(grid, row)
    if len(found) < 2:
        return None
    names = [column for column, name in found if name == "name"]
    if len(names) > 1:
        # 绩效指标 beside the table is the form's own label, not a column of names.
        keep = [column for column in names if labels.clean(grid.text(row, column)) != "绩效指标"] or names
        found = [(column, name) for column, name in found if name != "name" or column in keep]
    columns = _columns(grid, row, found)
    if "name" not in columns and "description" in columns and "level2" in columns:
        columns["name"] = columns.pop("description")
    if "name" not in columns or not _REQUIRED & columns.keys() or len(columns) < 3:
        return None
    if "unit_or_grid" in columns:
        columns.setdefault("unit", columns.pop("unit_or_grid"))
    return columns, used


def project_columns(grid: Grid, row: int, taken: Mapping[str, int]) -> dict[str, int]:
    """Return the columns of a list of projects (单位名称 | 项目名称 | 预算数 | 年度目标) beside the
    indicators' own.

    Empty where no column names the project: then the rows are one sheet's.
    """
    indicators = set(taken.values())
    found = {
        name: column
        for column in range(grid.width)
        if column not in indicators and (name := labels.label(grid.text(row, column)))
    }
    return found if "name" in found else {}


def _fields_from(grid: Grid, row: int) -> tuple[_Found, int]:
    """Return the fields that a header names, also in a second row that parts it, and the rows it takes."""
    first = _fields_at(grid, row)
    if len(first) < 2 or row + 1 >= len(grid.rows):
        return first, 1
    second = _fields_at(grid, row + 1)
    new = [one for one in second if one not in first]
    named = any(name == "name" for _, name in first)
    if not (new and len(second) >= 2 and not named) and len(new) < 3:
        return first, 1
    replaced = {column for column, _ in second}
    return [one for one in first if one[0] not in replaced] + second, 2


def _fields_at(grid: Grid, row: int) -> _Found:
    texts = ((column, grid.text(row, column)) for column in grid.distinct(row))
    return [(column, name) for column, text in texts if text and (name := labels.header(text))]


def _columns(grid: Grid, row: int, found: _Found) -> dict[str, int]:
    """Return the column of each field; of two columns of target values the left one is the medium-term's.

    Of two groups of columns side by side the yearly one is taken: the right one, unless a head over it tells.
    """
    columns: dict[str, int] = {}
    for column, name in sorted(found):
        if name in columns and name == "target":
            columns.setdefault("medium_term", columns[name])
        columns[name] = column
    names = sorted(column for column, name in found if name == "name")
    if len(names) < 2:
        return columns
    over = " ".join(grid.text(row - 1, column) for column in range(names[1])) if row else ""
    if re.search(r"年度|当年", over) and not re.search(r"中期|长期|实施期", over):
        columns |= {name: column for column, name in sorted(found, reverse=True)}
        columns.pop("medium_term", None)
    return columns
