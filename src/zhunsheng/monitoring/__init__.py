"""Where money and indicators stand on a date: expected by now, forecast for the year's end, and a light for each.

Basis: 财预〔2019〕136号 (双监控: budget execution and target attainment).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from zhunsheng.judgements import Judgement
from zhunsheng.measures.definitions import Accrual
from zhunsheng.outcomes import Outcome, result_of
from zhunsheng.regulations import MonitoringRules
from zhunsheng.targets import Indicator, SpendingPlan, TargetSheet, convert
from zhunsheng.targets.units import comparable

Light = Literal["green", "yellow", "red", "grey"]
LIGHT_WORDS: dict[Light, str] = {"green": "绿灯", "yellow": "黄灯", "red": "红灯", "grey": "无法判断"}
NO_EVIDENCE = "没有证据"
PlanMode = Literal["linear", "step"]
BY_TIME = "按时间推算，没有支出计划"  # what is said of money expected by now where the sheet has no spending plan
MODE_WORDS: dict[PlanMode, str] = {"linear": "按计划日期之间均匀推算", "step": "按计划日期分段"}


@dataclass(frozen=True)
class Money:
    """Budget execution: yuan, and shares of the adjusted budget as fractions; None where nothing is known.

    ``doubt`` says in words why nothing can be divided by the budget, None where it can or there is none.
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


@dataclass(frozen=True)
class Status:
    """One indicator at the checkpoint; ``expected`` and ``forecast`` are in the target's unit.

    ``likelihood`` is empty where the light is grey: nobody can say how likely what nobody knows is.
    """

    indicator: int
    outcome: Outcome
    expected: Fraction | None
    forecast: Fraction | date | None
    method: str
    light: Light
    likelihood: str
    cause: str | None
    measures: str | None


@dataclass(frozen=True)
class Checkpoint:
    """One sheet on one date; ``rules`` are the monitoring rules it was judged by."""

    sheet: TargetSheet
    as_of: date
    rules: MonitoringRules
    money: Money
    indicators: tuple[Status, ...]


@dataclass(frozen=True)
class Figures:
    """The money figures of a sheet from evidence, in yuan."""

    initial: Decimal | None = None
    adjusted: Decimal | None = None
    paid: Decimal | None = None


def monitor(
    sheet: TargetSheet,
    outcomes: Sequence[Outcome],
    accruals: Sequence[Accrual | None],
    figures: Figures,
    as_of: date,
    *,
    rules: MonitoringRules,
    mode: PlanMode = "linear",
    said: Mapping[str, Judgement] | None = None,
) -> Checkpoint:
    """Return the checkpoint of a sheet on ``as_of`` (inclusive); ``outcomes`` and ``accruals`` go with its indicators.

    ``said`` holds judgements by the indicator's code; causes and measures written for another day explain nothing here.
    """
    year = sheet.year or as_of.year
    words = {k: j for k, j in (said or {}).items() if j.day in (None, as_of)}
    statuses = [
        _status(n, indicator, outcome, accrual, year, as_of, rules, words.get(indicator.id))
        for n, (indicator, outcome, accrual) in enumerate(zip(sheet.indicators, outcomes, accruals, strict=True))
    ]
    return Checkpoint(sheet, as_of, rules, money_of(sheet, figures, as_of, mode, rules), tuple(statuses))


def _unusable(sheet: TargetSheet, figures: Figures) -> str | None:
    """Return in words why nothing can be divided by the budget; None where it can, or where there is no budget.

    It is no positive amount, or a department's budget ledger does not stand for its approved budget: a ledger that holds only some of a department's projects says nothing of the whole: neither what was approved at the
    year's beginning nor what it was adjusted to reaches the budget of the approved sheet.
    """
    approved = sheet.budget.total
    budget = approved if figures.adjusted is None else figures.adjusted
    if budget is not None and budget <= 0:
        return f"预算数为 {budget:,.2f}元，不是正数"
    if sheet.kind != "department" or not approved or figures.adjusted is None:
        return None
    held = max(figures.adjusted, figures.initial or Decimal(0))
    if held >= approved:
        return None
    told = f"批复的部门预算 {approved:,.2f}元，预算台账合计 {figures.adjusted:,.2f}元，相差 {approved - figures.adjusted:,.2f}元"
    return f"{told}，台账没有覆盖批复的预算"


def money_of(sheet: TargetSheet, figures: Figures, as_of: date, mode: PlanMode, rules: MonitoringRules) -> Money:
    """Compare payments to date with the spending plan on ``as_of``."""
    adjusted = figures.adjusted if figures.adjusted is not None else sheet.budget.total
    initial = figures.initial if figures.initial is not None else sheet.budget.total
    expected = expected_share(sheet.spending_plan, sheet.year or as_of.year, as_of, mode)
    doubt = _unusable(sheet, figures)
    if doubt or figures.paid is None or adjusted is None:
        why = f"{doubt}，待核对" if doubt else "没有支付或预算数据"
        return Money(initial, adjusted, figures.paid, expected, None, None, mode, why, "grey", doubt)
    actual = Fraction(figures.paid) / Fraction(adjusted)
    if expected >= 1 or not expected:
        forecast, method = actual, "年度已到期，按实际" if expected else "计划尚未开始，按实际"
    else:
        forecast, method = min(actual / expected, Fraction(1)), "按至今支出与计划之比外推至年底，不超过预算"
    light = light_of(actual / expected if expected else Fraction(1), rules)
    return Money(initial, adjusted, figures.paid, expected, actual, forecast, mode, method, light)


def expected_share(plan: SpendingPlan, year: int, on: date, mode: PlanMode) -> Fraction:
    """Return the share of the budget expected to be spent by ``on``; without a plan, by days of the year."""
    if plan.steps:
        return plan.expected(on, mode=mode)
    return elapsed(date(year, 1, 1), date(year, 12, 31), on)


def elapsed(first: date, last: date, on: date) -> Fraction:
    """Return the share of the days from ``first`` to ``last`` (both inclusive) that have passed by the end of ``on``."""
    days = (last - first).days + 1
    return Fraction(min(max((on - first).days + 1, 0), days), days)


def light_of(ratio: Fraction, rules: MonitoringRules) -> Light:
    """Return the light for result ÷ expected."""
    if ratio >= Fraction(rules.lights.green):
        return "green"
    return "yellow" if ratio >= Fraction(rules.lights.yellow) else "red"


def _status(
    n: int,
    indicator: Indicator,
    outcome: Outcome,
    accrual: Accrual | None,
    year: int,
    as_of: date,
    rules: MonitoringRules,
    said: Judgement | None,
) -> Status:
    target = indicator.aim
    kind = indicator.type.kind
    surely, perhaps, never = rules.likelihood
    cause, measures = (said.cause, said.measures) if said else (None, None)
    closed_year = as_of >= date(year, 12, 31)

    def status(
        expected: Fraction | None, forecast: Fraction | date | None, method: str, light: Light, likelihood: str
    ) -> Status:
        return Status(
            n, outcome, expected, forecast, method, light, "" if light == "grey" else likelihood, cause, measures
        )

    if target.op == "unread" or (kind == "level" and not indicator.type.unsure):
        return status(None, None, "需人工评定", "grey", perhaps)
    result = result_of(indicator, outcome)
    if result.doubt:
        return status(None, None, f"待核对：{result.doubt}", "grey", perhaps)
    if isinstance(result.value, bool):
        if result.value:
            return status(None, None, "已按目标完成", "green", surely)
        return status(None, None, "与目标不符", "red" if closed_year else "yellow", never if closed_year else perhaps)
    if target.op == "by" and isinstance(target.value, date):
        if isinstance(result.value, date) and result.value <= as_of:
            met = result.value <= target.value
            return status(None, result.value, "已完成，按实际日期", "green" if met else "red", surely if met else never)
        if not outcome.known and result.value is None:
            return status(None, None, outcome.note or NO_EVIDENCE, "grey", perhaps)
        if as_of > target.value:
            return status(None, None, "已过时限仍未完成", "red", never)
        return status(None, None, "未到时限", "green", perhaps)
    if not isinstance(result.value, Fraction):
        return status(None, None, outcome.note or NO_EVIDENCE, "grey", perhaps)
    value = result.value
    shape = accrual.shape if accrual else "level"
    first, last = (
        accrual.window(year) if accrual and shape in ("count", "window") else (date(year, 1, 1), date(year, 12, 31))
    )
    share = elapsed(first, last, as_of)
    if shape in ("count", "window") and indicator.type.sense != "less" and kind != "growth" and 0 < share < 1:
        forecast, method = value / share, f"按已过时间的 {float(share):.0%} 外推"
        goal = target.yearly
        expected = Fraction(goal) * share if goal is not None else None
    else:
        forecast, method = value, "已到期，按实际" if share >= 1 else "按现状持平"
        expected = Fraction(target.yearly) if target.yearly is not None else None
    if not share:
        return status(Fraction(0), None, "尚未开始", "green", perhaps)
    if kind == "share" and isinstance(target.value, Decimal):
        forecast = min(forecast, convert(100, "%", target.unit))
    ratio = _ratio(indicator, value, expected)
    met_in_the_end = target.meets(forecast)
    light = light_of(ratio, rules) if ratio is not None else "green" if target.meets(value) else "red"
    closed = share >= 1 or closed_year
    likelihood = surely if met_in_the_end else never if closed else perhaps
    # Near the target is not the target: where more time or none will not lift the figure by itself, no green.
    if light == "green" and (closed or shape == "level") and not target.meets(value):
        light = "yellow"
    if (
        light != "green"
        and not closed
        and shape in ("count", "window")
        and _less_than_one(indicator, outcome, expected)
    ):
        return status(expected, forecast, "尚早：按进度应达不足 1", "green", perhaps)
    return status(expected, forecast, method, light, likelihood)


def _less_than_one(indicator: Indicator, outcome: Outcome, expected: Fraction | None) -> bool:
    """Return whether less than one whole piece is expected of a count by now: none can't be behind yet."""
    kind, unit = indicator.type.kind, indicator.aim.unit
    if expected is None or kind not in ("quantity", "frequency") or unit in ("%", "元"):
        return False
    whole = isinstance(outcome.value, Fraction) and outcome.value.denominator == 1
    pieces = convert(expected, unit, outcome.unit) if comparable(unit, outcome.unit) else expected
    return whole and pieces < 1


def _ratio(indicator: Indicator, value: Fraction, expected: Fraction | None) -> Fraction | None:
    """Return how far the value is on the way to what is expected, 1 = there; None where there is no such ratio."""
    target = indicator.aim
    attained = target.attainment(value)
    if attained is None or target.ceiling or expected is None or not target.yearly:
        return attained
    return attained * Fraction(target.yearly) / expected if expected else Fraction(1)
