"""What rules declare of themselves: on which sheets they bear, what they need, which indicators
they look at.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from zhunsheng.review.catalogue import Context, squeezed
from zhunsheng.review.costs import is_unit_cost, names_cost, quantity_of, total_cost
from zhunsheng.targets import Indicator, TargetValue
from zhunsheng.targets.fields import PLACEHOLDER
from zhunsheng.targets.kinds import COUNT_NAME, RATE_NAME
from zhunsheng.targets.units import comparable

_BOUNDS = (">=", ">", "<=", "<")


@dataclass(frozen=True)
class Scope:
    """The sheets a rule bears on, and why it bears on no other."""

    else_why: str
    holds: Callable[[Context], bool]


@dataclass(frozen=True)
class Need:
    """Something without which a rule can't be judged at all, by the name a reader knows it by."""

    name: str
    there: Callable[[Context], bool]


@dataclass(frozen=True)
class Subject:
    """The indicators a rule looks at; a sheet without any has nothing for the rule to judge."""

    none_why: str
    of: Callable[[Context, int], bool]


@dataclass(frozen=True)
class Detail:
    """What each indicator looked at must have; the rule is judged for those that have it."""

    name: str
    has: Callable[[Context, int], bool]


def _one(c: Context, n: int) -> Indicator:
    return c.sheet.indicators[n]


def _goals(c: Context) -> bool:
    return any(g.text and g.text != PLACEHOLDER for g in c.sheet.goals)


def _budgeted(c: Context) -> bool:
    budget = c.sheet.budget
    return c.project or any(part is not None for part in (budget.total, budget.fiscal, budget.other))


def _levels(c: Context) -> bool:
    return c.project or any(i.level1 or i.level2 for i in c.sheet.indicators)


def _weighted(c: Context) -> bool:
    """Whether weights are filled in; weights are for the sheet to have or not, but only indicators could have
    them.
    """
    return not c.sheet.indicators or any(i.weight is not None for i in c.sheet.indicators)


def _unread(c: Context, n: int) -> bool:
    return _one(c, n).target.op == "unread"


def _deadline(c: Context, n: int) -> bool:
    if isinstance(_one(c, n).target.value, date):
        return True
    return _unread(c, n) and (c.places[n][1] == "时效" or bool(re.search(r"时限|时间|日期", _one(c, n).name)))


def _percent(c: Context, n: int) -> bool:
    one = _one(c, n)
    return "满意" not in one.name and (
        one.target.unit == "%" or (_unread(c, n) and bool(RATE_NAME.search(one.name)))
    )


def _unit_cost(c: Context, n: int) -> bool:
    one = _one(c, n)
    return is_unit_cost(one) or total_cost(one) is not None or (_unread(c, n) and names_cost(one))


def _quantity(c: Context, n: int) -> bool:
    return total_cost(_one(c, n)) is not None or quantity_of(c, n) is not None


def _last_year(c: Context, n: int) -> bool:
    one = _one(c, n)
    last = TargetValue.parse(one.last_year) if one.last_year else None
    if last is None or last.number is None:
        return False
    return _unread(c, n) or comparable(last.unit or one.target.unit, one.target.unit)


def _shared(c: Context, n: int) -> Indicator | None:
    """Return the department's indicator of the same name."""
    name = squeezed(_one(c, n).name)
    mine = (i for s in c.siblings if s.kind == "department" for i in s.indicators)
    return next((i for i in mine if squeezed(i.name) == name), None)


def _both_numbers(c: Context, n: int) -> bool:
    other = _shared(c, n)
    return other is not None and other.target.number is not None and _one(c, n).target.number is not None


def _asks(*fields: str) -> Callable[[Context], bool]:
    """Return whether a sheet's form asks for one of these fields: a layout without a cell for it demands
    nothing. What was written without a document has all cells.
    """
    return lambda c: c.sheet.place is None or any(field in c.sheet.provenance for field in fields)


def _sorted(c: Context, level: int) -> bool:
    """Whether indicators stand under a dimension (0) or category (1) that the framework knows; a sheet
    without indicators could have them.
    """
    return not c.sheet.indicators or any(place[level] for place in c.places)


SCOPES: dict[str, Scope] = {
    "project": Scope("只查项目表", lambda c: c.project),
    "department": Scope("只查部门整体表", lambda c: not c.project),
    "asks code": Scope("表式没有项目编码一栏", _asks("code")),
    "asks plan": Scope("表式没有资金支出计划一栏", _asks("spending_plan")),
    "asks purpose": Scope("表式没有资金用途一栏", _asks("purpose")),
    "dimensions": Scope("本表的指标不分一级", lambda c: _sorted(c, 0)),
    "categories": Scope("本表的指标不分二级", lambda c: _sorted(c, 1)),
    "planned": Scope("部门整体表没有列支出计划", lambda c: c.project or bool(c.sheet.spending_plan.steps)),
    "budgeted": Scope("部门整体表没有列预算", _budgeted),
    "levels": Scope("本表的指标不分一级、二级", _levels),
    "weighted": Scope("本表没有填权重", _weighted),
    "others": Scope("没有别的项目表", lambda c: any(s.kind == "project" for s in c.siblings)),
}

NEEDS: dict[str, Need] = {
    "asks goals": Need("绩效目标（表式没有这一栏）", lambda c: _goals(c) or _asks("goals", "narrative")(c)),
    "asks budget": Need(
        "预算金额（表式没有这一栏）", _asks("budget", "budget.total", "budget.fiscal", "budget.other")
    ),
    "year": Need("年度", lambda c: c.sheet.year is not None),
    "name": Need("项目名称", lambda c: bool(c.sheet.name)),
    "budget": Need("预算总额", lambda c: c.sheet.budget.total is not None),
    "fiscal": Need("财政资金", lambda c: c.sheet.budget.fiscal is not None),
    "plan": Need("资金支出计划", lambda c: bool(c.sheet.spending_plan.steps)),
    "goals": Need("绩效目标", _goals),
    "aims": Need("绩效目标或资金用途", lambda c: _goals(c) or bool(c.sheet.purpose)),
    "words": Need(
        "文字内容", lambda c: _goals(c) or bool(c.sheet.purpose or c.sheet.narrative or c.sheet.indicators)
    ),
    "indicators": Need("绩效指标", lambda c: bool(c.sheet.indicators)),
    "bases": Need("指标值确定依据（全表都没有填）", lambda c: any(i.basis for i in c.sheet.indicators)),
    "descriptions": Need(
        "指标描述（全表都没有填）", lambda c: any(i.description for i in c.sheet.indicators)
    ),
    "last year": Need("上年的目标表", lambda c: c.previous is not None),
    "last year's goals": Need(
        "上年的绩效目标", lambda c: c.previous is None or any(g.text for g in c.previous.goals)
    ),
    "department sheet": Need("部门整体目标表", lambda c: any(s.kind == "department" for s in c.siblings)),
    "project sheets": Need("项目目标表", lambda c: any(s.kind == "project" for s in c.siblings)),
}

SUBJECTS: dict[str, Subject] = {
    "indicators": Subject("本表没有指标", lambda c, n: True),
    "rates": Subject("没有比率指标", lambda c, n: bool(RATE_NAME.search(_one(c, n).name))),
    "counts": Subject(
        "没有以次数、件数一类命名的指标", lambda c, n: bool(COUNT_NAME.search(_one(c, n).name))
    ),
    "percentages": Subject("没有比率指标", _percent),
    "deadlines": Subject("没有时限指标", _deadline),
    "unit costs": Subject("没有单位成本或总成本指标", _unit_cost),
    "bounded": Subject("没有上限或下限指标", lambda c, n: _one(c, n).target.op in _BOUNDS or _unread(c, n)),
    "described": Subject("没有填指标描述", lambda c, n: bool(_one(c, n).description)),
    "shared": Subject("与部门整体表没有同名指标", lambda c, n: _shared(c, n) is not None),
    "satisfaction": Subject("没有满意度指标", lambda c, n: "满意" in _one(c, n).name),
    "scored": Subject("本表没有自评得分", lambda c, n: _one(c, n).score is not None),
    "results": Subject("本表没有完成值", lambda c, n: bool(_one(c, n).actual)),
}

DETAILS: dict[str, Detail] = {
    "value": Detail("读得出的指标值", lambda c, n: not _unread(c, n)),
    "unit": Detail("度量单位", lambda c, n: _one(c, n).target.number is None or bool(_one(c, n).target.unit)),
    "category": Detail(
        "认得出的二级指标", lambda c, n: not _levels(c) or bool(c.places[n][1] or c.places[n][0])
    ),
    "weight": Detail("权重", lambda c, n: _one(c, n).weight is not None),
    "quantity": Detail("对应的数量指标", _quantity),
    "last value": Detail("可比的上年值", _last_year),
    "both numbers": Detail("两表都是数字的指标值", _both_numbers),
}
