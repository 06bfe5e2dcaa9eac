"""A thing to be done by a day: when it will be done, by its planned steps and how late they run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from statistics import NormalDist

from zhunsheng.monitoring.endings import unsettled
from zhunsheng.monitoring.forecasting import KEPT
from zhunsheng.monitoring.lights import elapsed
from zhunsheng.monitoring.trail import Trail
from zhunsheng.translation import worded

ROUGH = 3.0  # days by which a finish is told wrong, and the share of the days to it
PER_DAY = 0.1


@dataclass(frozen=True)
class Finish:
    """When a thing will be done, how likely by its day, and how that was told.

    ``left`` is how many steps are not done, None where no ledger holds steps; ``late`` by how many days the
    latest of them runs behind its plan.
    """

    day: date | None
    chance: float
    words: str
    left: int | None = None
    late: int = 0


def finish_of(trail: Trail | None, first: date, goal: date, on: date) -> Finish:
    """Return when something that is not done yet on a day will be, of what has to be done by ``goal``."""
    if on >= goal:
        return Finish(None, 0.0, worded("已过时限仍未完成"))
    steps = [d for d in trail.course.days if d.day is not None] if trail is not None else []
    if not steps:
        open_ = KEPT * (1 - float(elapsed(first, goal, on)))
        chance = open_ / (open_ + 1 - KEPT)
        return Finish(None, unsettled(chance), worded("未到时限，没有分步计划可推算"))
    undone = [d.day for d in steps if d.denominator and d.day]
    overdue = [(on - day).days for day in undone if day < on]
    # What the last finished step ran late, the next will, until it is caught up.
    delays = [
        (d.numerator - d.day).days
        for d in steps
        if d.day and isinstance(d.numerator, date) and d.numerator <= on and not d.denominator
    ]
    late = max([0, *overdue, *delays[-1:]])
    end = max(max(undone, default=on) + timedelta(days=late), on + timedelta(days=1))
    spread = ROUGH + PER_DAY * (end - on).days
    chance = NormalDist().cdf(((goal - end).days + 0.5) / spread)
    if (last := max(undone, default=goal)) > goal:
        words = worded("台账里计划 {day} 完成，晚于时限", day=last)
    elif late:
        words = worded("按台账里的分步计划，已有环节迟 {late} 天", late=late)
    else:
        words = worded("按台账里的分步计划，没有环节迟延")
    return Finish(end, unsettled(chance), words, sum(d.denominator for d in steps), late)
