"""The first two columns of a form of indicators: their levels or sub-goals, merged over neighbours of the
same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from zhunsheng.reports.forms.form import Cell, Row, label
from zhunsheng.targets import Indicator, TargetSheet


def levelled(sheet: TargetSheet, *, two_columns: bool = True) -> list[tuple[Indicator, Row, Row]]:
    """Return indicators with their level-1 and level-2 cells, merged downwards over neighbours of the same
    name.

    A department's indicators that have no levels stand under their sub-goals, across both columns where there
    are two.
    """
    indicators = sheet.indicators
    bare = not any(i.level1 or i.level2 for i in indicators)
    found = []
    for n, indicator in enumerate(indicators):
        one: Row = ()
        two: Row = ()
        if bare:
            if n == 0 or indicators[n - 1].goal != indicator.goal:
                rows = _run(indicators, n, lambda i: i.goal)
                one = (label(goal_title(sheet, indicator), rows, 2 if two_columns else 1),)
        else:
            if n == 0 or indicators[n - 1].level1 != indicator.level1:
                one = (label(indicator.level1 or "", rows=_run(indicators, n, lambda i: i.level1)),)
            if n == 0 or (indicators[n - 1].level1, indicators[n - 1].level2) != (
                indicator.level1,
                indicator.level2,
            ):
                two = (
                    Cell(indicator.level2 or "", rows=_run(indicators, n, lambda i: (i.level1, i.level2))),
                )
        found.append((indicator, one, two))
    return found


def level_heads(sheet: TargetSheet, rows: int = 1) -> Row:
    """Return the heads over the two columns of levels, ``rows`` high; over both sub-goals where a sheet has
    no levels.
    """
    if any(i.level1 or i.level2 for i in sheet.indicators):
        return label("一级指标", rows), label("二级指标", rows)
    return (label("分项目标", rows, 2),)


def goal_title(sheet: TargetSheet, indicator: Indicator) -> str:
    """Return the title of the goal an indicator stands under, its number where it has none,
    empty under no goal.
    """
    if indicator.goal is None:
        return ""
    return sheet.goals[indicator.goal].title or f"目标{indicator.goal + 1}"


def _run(indicators: Sequence[Indicator], start: int, key: Callable[[Indicator], object]) -> int:
    """Return how many indicators from ``start`` on have the same key."""
    end = start
    while end < len(indicators) and key(indicators[end]) == key(indicators[start]):
        end += 1
    return end - start
