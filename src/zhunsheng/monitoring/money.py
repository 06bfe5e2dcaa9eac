"""Budget execution on a date: payments beside the spending plan, forecast for the year's end,
and the light.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from zhunsheng.measures.sources import Source
from zhunsheng.monitoring.lights import Light, elapsed, light_of
from zhunsheng.regulations import MonitoringRules
from zhunsheng.targets import SpendingPlan, TargetSheet
from zhunsheng.translation import series, worded
from zhunsheng.wording import money

PlanMode = Literal["linear", "step"]
BY_TIME = (
    worded(
        "按时间推算，没有支出计划"
    )  # what is said of money expected by now where the sheet has no spending plan
)
MODE_WORDS: dict[PlanMode, str] = {
    "linear": worded("按计划日期之间均匀推算"),
    "step": worded("按计划日期分段"),
}


@dataclass(frozen=True)
class Figures:
    """The money figures of a sheet from evidence, in yuan; ``missing`` says in words why there are none of
    what was paid or of the budget. ``sources`` are what each source is of them, ``told`` says in words by
    what rows were placed in the year where it was not their budget year, and which do not tell their source;
    ``unsure`` says why the sheet's own money, as its document was read, can't be relied on yet.
    """

    initial: Decimal | None = None
    adjusted: Decimal | None = None
    paid: Decimal | None = None
    missing: str | None = None
    sources: tuple[Source, ...] = ()
    told: tuple[str, ...] = ()
    unsure: str = ""


@dataclass(frozen=True)
class Money:
    """Budget execution: yuan, and shares of the adjusted budget as fractions; None where nothing is known.

    ``doubt`` says in words why nothing can be divided by the budget, None where it can or there is none;
    ``sources`` and ``told`` are as in ``Figures``.
    """

    initial: Decimal | None
    adjusted: Decimal | None
    paid: Decimal | None
    expected: Fraction | None
    actual: Fraction | None
    forecast: Fraction | None
    mode: PlanMode
    method: str
    light: Light
    doubt: str | None = None
    sources: tuple[Source, ...] = ()
    told: tuple[str, ...] = ()


def money_of(
    sheet: TargetSheet,
    figures: Figures,
    as_of: date,
    mode: PlanMode,
    rules: MonitoringRules,
    since: date | None = None,
) -> Money:
    """Compare payments to date with the spending plan on ``as_of``; ``since`` is the day on which the body
    began.
    """
    year = sheet.year or as_of.year
    expected = expected_share(sheet.spending_plan, year, as_of, mode, since)
    found = _compared(sheet, figures, expected, mode, rules)
    return replace(found, sources=figures.sources, told=figures.told)


def _compared(
    sheet: TargetSheet, figures: Figures, expected: Fraction, mode: PlanMode, rules: MonitoringRules
) -> Money:
    adjusted = figures.adjusted if figures.adjusted is not None else sheet.budget.total
    initial = figures.initial if figures.initial is not None else sheet.budget.total
    doubt = _unusable(sheet, figures)
    if doubt or figures.paid is None or adjusted is None:
        why = worded("{doubt}，待核对", doubt=doubt) if doubt else _nothing(figures.missing)
        return Money(initial, adjusted, figures.paid, expected, None, None, mode, why, "grey", doubt)
    actual = Fraction(figures.paid) / Fraction(adjusted)
    if expected >= 1 or not expected:
        forecast, method = (
            actual,
            worded("年度已到期，按实际") if expected else worded("计划尚未开始，按实际"),
        )
    else:
        forecast, method = (
            max(min(actual / expected, Fraction(1)), actual),
            worded("按至今支出与计划之比外推至年底，不超过预算"),
        )
    light = light_of(actual / expected if expected else Fraction(1), rules)
    if actual > 1:
        light, method = "red", worded("支出超过预算")
    elif expected < min(actual, Fraction(1)) and actual >= expected * Fraction(rules.lights.ahead):
        # Money that goes out far ahead of its plan asks for a reason as money that stays does.
        light, method = "yellow", series([worded("支出远快于计划"), method], "；")
    return Money(initial, adjusted, figures.paid, expected, actual, forecast, mode, method, light)


def _nothing(missing: str | None) -> str:
    return worded("没有支付或预算数据：{why}", why=missing) if missing else worded("没有支付或预算数据")


def expected_share(
    plan: SpendingPlan, year: int, on: date, mode: PlanMode, since: date | None = None
) -> Fraction:
    """Return the share of the budget expected to be spent by ``on``; without a plan, by days of the year,
    from ``since`` on where the body began within it.
    """
    if plan.steps:
        return plan.expected(on, mode=mode)
    first, last = date(year, 1, 1), date(year, 12, 31)
    return elapsed(since if since is not None and first < since <= last else first, last, on)


def _unusable(sheet: TargetSheet, figures: Figures) -> str | None:
    """Return in words why nothing can be divided by the budget; None where it can,
    or where there is no budget.

    It is no positive amount, or a department's budget ledger does not stand for its approved budget:
    a ledger that holds only some of a department's projects says nothing of the whole:
    neither what was approved at the year's beginning nor what it was adjusted to reaches the budget of the
    approved sheet.
    """
    if figures.unsure:
        return figures.unsure
    approved = sheet.budget.total
    budget = approved if figures.adjusted is None else figures.adjusted
    if budget is not None and budget <= 0:
        return worded("预算数为 {budget}元，不是正数", budget=money(budget))
    if sheet.kind != "department" or not approved or figures.adjusted is None:
        return None
    held = max(figures.adjusted, figures.initial or Decimal(0))
    if held >= approved:
        return None
    short = approved - figures.adjusted
    told = worded(
        "批复的部门预算 {approved}元，预算台账合计 {adjusted}元，相差 {short}元",
        approved=money(approved),
        adjusted=money(figures.adjusted),
        short=money(short),
    )
    return worded("{how}，台账没有覆盖批复的预算", how=told)
