"""One indicator on a date: what is expected of it by now, what it comes to by the year's end,
its light and likelihood.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from zhunsheng.judgements import Judgement
from zhunsheng.measures.definitions import Accrual
from zhunsheng.monitoring.lights import Light, elapsed, light_of
from zhunsheng.outcomes import Outcome, result_of
from zhunsheng.regulations import MonitoringRules
from zhunsheng.targets import Indicator, convert
from zhunsheng.targets.units import comparable
from zhunsheng.translation import worded

NO_EVIDENCE = worded("没有证据")


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
class MonitoredCase:
    """An indicator to be judged on a day: its number in the sheet, what it came to, how its figure grows,
    what is said.

    ``year`` is the sheet's; ``accrual`` is None where no measure tells how the figure grows;
    ``said`` holds on the day.
    """

    number: int
    indicator: Indicator
    outcome: Outcome
    accrual: Accrual | None
    said: Judgement | None
    year: int
    as_of: date
    rules: MonitoringRules

    @property
    def over(self) -> bool:
        """Whether the year is over."""
        return self.as_of >= date(self.year, 12, 31)

    @property
    def grows(self) -> bool:
        """Whether the figure grows with time, through the year or between two days."""
        return self.accrual is not None and self.accrual.shape in ("count", "window")

    @property
    def stands(self) -> bool:
        """Whether the figure may be what it is at any time of the year, so that no time lifts
        it by itself.
        """
        return self.accrual is None or self.accrual.shape == "level"

    @property
    def passed(self) -> Fraction:
        """The share that has passed of the time in which the figure grows."""
        if self.accrual is not None and self.grows:
            return elapsed(*self.accrual.window(self.year), self.as_of)
        return elapsed(date(self.year, 1, 1), date(self.year, 12, 31), self.as_of)

    def found(
        self,
        method: str,
        light: Light,
        likelihood: str = "",
        *,
        expected: Fraction | None = None,
        forecast: Fraction | date | None = None,
    ) -> Status:
        """Return the indicator's status, with the words said of it; grey without a likelihood."""
        cause, measures = (self.said.cause, self.said.measures) if self.said else (None, None)
        return Status(
            self.number, self.outcome, expected, forecast, method, light, likelihood, cause, measures
        )


def status_of(case: MonitoredCase) -> Status:
    """Return where an indicator stands; what a person judges, what is doubtful and what nothing proves is
    grey.
    """
    target, told = case.indicator.aim, case.indicator.type
    if target.op == "unread" or (told.kind == "level" and not told.unsure):
        return case.found(worded("需人工评定"), "grey")
    result = result_of(case.indicator, case.outcome)
    if result.doubt:
        return case.found(worded("待核对：{doubt}", doubt=result.doubt), "grey")
    if isinstance(result.value, bool):
        return _of_answer(case, result.value)
    if target.op == "by" and isinstance(target.value, date):
        return _of_date(case, target.value, result.value)
    if not isinstance(result.value, Fraction):
        return case.found(case.outcome.note or NO_EVIDENCE, "grey")
    return _of_figure(case, result.value)


def _of_answer(case: MonitoredCase, met: bool) -> Status:
    surely, perhaps, never = case.rules.likelihood
    if met:
        return case.found(worded("已按目标完成"), "green", surely)
    return (
        case.found(worded("与目标不符"), "red", never)
        if case.over
        else case.found(worded("与目标不符"), "yellow", perhaps)
    )


def _of_date(case: MonitoredCase, goal: date, done: Fraction | date | None) -> Status:
    surely, perhaps, never = case.rules.likelihood
    if isinstance(done, date) and done <= case.as_of:
        met = done <= goal
        likelihood = surely if met else never
        return case.found(worded("已完成，按实际日期"), "green" if met else "red", likelihood, forecast=done)
    if not case.outcome.known and done is None:
        return case.found(case.outcome.note or NO_EVIDENCE, "grey")
    if case.as_of > goal:
        return case.found(worded("已过时限仍未完成"), "red", never)
    return case.found(worded("未到时限"), "green", perhaps)


def _of_figure(case: MonitoredCase, value: Fraction) -> Status:
    surely, perhaps, never = case.rules.likelihood
    target, share = case.indicator.aim, case.passed
    if not share:
        return case.found(worded("尚未开始"), "green", perhaps, expected=Fraction(0))
    expected, forecast, method = _forecast(case, value, share)
    ratio = _ratio(case.indicator, value, expected)
    light = light_of(ratio, case.rules) if ratio is not None else "green" if target.meets(value) else "red"
    closed = share >= 1 or case.over
    likelihood = surely if target.meets(forecast) else never if closed else perhaps
    # Near the target is not the target: where more time or none will not lift the figure by itself, no green.
    if light == "green" and (closed or case.stands) and not target.meets(value):
        light = "yellow"
    if light != "green" and not closed and case.grows and _less_than_one(case, expected):
        method, light, likelihood = worded("尚早：按进度应达不足 1"), "green", perhaps
    return case.found(method, light, likelihood, expected=expected, forecast=forecast)


def _forecast(case: MonitoredCase, value: Fraction, share: Fraction) -> tuple[Fraction | None, Fraction, str]:
    """Return what is expected by now, what the figure comes to by the year's end, and how that was told.

    ``share`` (0 to 1) is what has passed of the time in which the figure grows.
    """
    target, told = case.indicator.aim, case.indicator.type
    goal = Fraction(target.yearly) if target.yearly is not None else None
    if case.grows and told.sense != "less" and told.kind != "growth" and share < 1:
        expected = goal * share if goal is not None else None
        forecast, method = value / share, worded("按已过时间的 {share} 外推", share=f"{float(share):.0%}")
    else:
        expected = goal
        forecast, method = value, worded("已到期，按实际") if share >= 1 else worded("按现状持平")
    if told.kind == "share" and isinstance(target.value, Decimal):
        forecast = min(forecast, convert(100, "%", target.unit))
    return expected, forecast, method


def _less_than_one(case: MonitoredCase, expected: Fraction | None) -> bool:
    """Return whether less than one whole piece is expected of a count by now: none can't be behind yet."""
    kind, unit, outcome = case.indicator.type.kind, case.indicator.aim.unit, case.outcome
    if expected is None or kind not in ("quantity", "frequency") or unit in ("%", "元"):
        return False
    whole = isinstance(outcome.value, Fraction) and outcome.value.denominator == 1
    pieces = convert(expected, unit, outcome.unit) if comparable(unit, outcome.unit) else expected
    return whole and pieces < 1


def _ratio(indicator: Indicator, value: Fraction, expected: Fraction | None) -> Fraction | None:
    """Return how far the value is on the way to what is expected, 1 = there; None where there is no such
    ratio.
    """
    target = indicator.aim
    attained = target.attainment(value)
    if attained is None or target.ceiling or expected is None or not target.yearly:
        return attained
    return attained * Fraction(target.yearly) / expected if expected else Fraction(1)
