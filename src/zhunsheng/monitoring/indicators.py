"""One indicator on a date: what is expected of it by now, how its year may end, its light and likelihood,
and what is still to be done.

Light and likelihood are told from one number, the chance that the target is met, so that they never disagree.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from zhunsheng.judgements import Judgement
from zhunsheng.monitoring.endings import MIDDLE, Ending
from zhunsheng.monitoring.forecasting import Figure, ending_of
from zhunsheng.monitoring.lights import Light, elapsed, verdict
from zhunsheng.monitoring.milestones import finish_of
from zhunsheng.monitoring.rhythms import asked_by, ending_by_period
from zhunsheng.monitoring.tasks import figure_left, period_left, steps_left
from zhunsheng.monitoring.trail import Trail, pace_of
from zhunsheng.outcomes import NOTHING, Outcome, result_of
from zhunsheng.regulations import MonitoringRules
from zhunsheng.targets import Indicator
from zhunsheng.targets.kinds import wants
from zhunsheng.translation import worded

NO_EVIDENCE = worded("没有证据")


@dataclass(frozen=True)
class Outlook:
    """How an indicator's year may end. ``expected`` (by now), ``forecast`` (the middle of what the year may
    end with), ``low`` and ``high`` (the ends of what it does in eight years of ten) are in the target's unit.

    ``chance`` (0 to 1) is how likely the target is met, None where nobody can tell; ``task`` is what is still
    to be done, in words.
    """

    method: str
    chance: float | None = None
    expected: Fraction | None = None
    forecast: Fraction | date | None = None
    low: Fraction | None = None
    high: Fraction | None = None
    task: str = ""


@dataclass(frozen=True)
class Status(Outlook):
    """One indicator at the checkpoint: its outlook, with the light and the likelihood that follow from it.

    ``likelihood`` is empty where the light is grey: nobody can say how likely what nobody knows is.
    """

    indicator: int = 0
    outcome: Outcome = NOTHING
    light: Light = "grey"
    likelihood: str = ""
    cause: str | None = None
    measures: str | None = None


@dataclass(frozen=True)
class MonitoredCase:
    """An indicator to be judged on a day: its number in the sheet, what it came to, what its ledger tells
    besides, what is said.

    ``trail`` is None where no measure proves it; ``due`` is the last day that counts for it; ``said`` holds
    on the day; ``since`` is the day on which the body began, where that was in the year.
    """

    number: int
    indicator: Indicator
    outcome: Outcome
    trail: Trail | None
    said: Judgement | None
    year: int
    due: date
    as_of: date
    rules: MonitoringRules
    since: date | None = None

    @property
    def first(self) -> date:
        """The first day on which its figure grows."""
        if self.trail is not None and self.trail.accrual.shape == "window":
            return self.trail.accrual.window(self.year)[0]
        first = date(self.year, 1, 1)
        return self.since if self.since is not None and first < self.since <= self.due else first

    @property
    def over(self) -> bool:
        """Whether its time is over."""
        return self.as_of >= self.due


def status_of(case: MonitoredCase) -> Status:
    """Return where an indicator stands; what a person judges, what is doubtful and what nothing proves is
    grey.
    """
    outlook = _outlook(case)
    light, likelihood = verdict(outlook.chance, case.rules)
    cause, measures = (case.said.cause, case.said.measures) if case.said else (None, None)
    return Status(
        **vars(outlook),
        indicator=case.number,
        outcome=case.outcome,
        light=light,
        likelihood=likelihood,
        cause=cause,
        measures=measures,
    )


def _outlook(case: MonitoredCase) -> Outlook:
    target, told = case.indicator.aim, case.indicator.type
    if case.outcome.unsure:
        return Outlook(worded("待核对：{doubt}", doubt=case.outcome.unsure))
    if target.op == "unread" or (told.kind == "level" and not told.unsure):
        return Outlook(worded("需人工评定"))
    result = result_of(case.indicator, case.outcome)
    if result.doubt:
        return Outlook(worded("待核对：{doubt}", doubt=result.doubt))
    if isinstance(result.value, bool):
        return _of_answer(case, result.value)
    if target.op == "by" and isinstance(target.value, date):
        return _of_date(case, target.value, result.value)
    if not isinstance(result.value, Fraction):
        return Outlook(case.outcome.note or NO_EVIDENCE)
    return _of_figure(case, result.value)


def _of_date(case: MonitoredCase, goal: date, done: Fraction | date | None) -> Outlook:
    if isinstance(done, date) and done <= case.as_of:
        return Outlook(worded("已完成，按实际日期"), float(done <= goal), forecast=done)
    if not case.outcome.known and done is None:
        return Outlook(case.outcome.note or NO_EVIDENCE)
    finish = finish_of(case.trail, case.first, goal, case.as_of)
    task = steps_left(finish, goal, case.as_of)
    return Outlook(finish.words, finish.chance, forecast=finish.day, task=task)


def _of_answer(case: MonitoredCase, met: bool) -> Outlook:
    if met:
        return Outlook(worded("已按目标完成"), 1.0)
    if case.over or not wants(case.indicator.aim):  # what has happened can't be undone
        return Outlook(worded("与目标不符"), 0.0)
    finish = finish_of(None, case.first, case.due, case.as_of)
    return Outlook(finish.words, finish.chance, task=steps_left(finish, case.due, case.as_of))


def _of_figure(case: MonitoredCase, value: Fraction) -> Outlook:
    pace = pace_of(case.trail, case.first, case.due, case.as_of)
    even = elapsed(case.first, case.due, case.as_of)
    unit, trail = case.outcome.unit, case.trail
    figure = Figure(case.indicator, value, unit, trail, pace, even, case.as_of, case.due)
    told, expected = case.indicator.type, _expected(figure)
    ending, words = (Ending.settled(value), worded("已到期，按实际")) if case.over else ending_of(figure)
    chance = ending.chance(told)
    if not case.over and (each := ending_by_period(case.outcome.parts, told.aim, case.year, case.as_of)):
        (ending, chance), words = each, worded("各期分别推算")
        expected = asked_by(told.aim, case.year, case.as_of)
        task = period_left(case.outcome.parts, told.aim, case.year, case.as_of)
        return Outlook(words, chance, expected, ending.at(0.5), task=task)
    if case.as_of < case.first:
        words = worded("尚未开始")
    elif chance == 1 and not case.over:
        words = worded("已经达到目标，不会再变")
    return Outlook(
        words,
        chance,
        expected,
        ending.at(0.5),
        ending.at(1 - MIDDLE),
        ending.at(MIDDLE),
        figure_left(figure, ending, case.due, expected),
    )


def _expected(figure: Figure) -> Fraction | None:
    """Return what is expected by now, in the target's unit: whole pieces of what is counted in pieces.

    Of a ceiling it is what there may be by now.
    """
    goal, told = figure.indicator.aim.yearly, figure.indicator.type
    if goal is None:
        return None
    if not figure.grows:
        return Fraction(goal)
    expected = figure.goal * figure.pace.share
    if figure.counted and (piece := figure.piece):
        return piece * (math.ceil if told.sense == "less" else math.floor)(expected / piece)
    return expected
