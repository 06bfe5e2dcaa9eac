"""What is to be done in each period of a year: each quarter, month or half with its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from fractions import Fraction

from zhunsheng.monitoring.endings import Ending, one_by_one
from zhunsheng.monitoring.forecasting import FEW, KEPT
from zhunsheng.monitoring.lights import elapsed
from zhunsheng.targets.dates import spans
from zhunsheng.targets.value import TargetValue


def asked_by(target: TargetValue, year: int, on: date) -> Fraction:
    """Return what the periods that are over by a day ask for together."""
    ended = sum(last <= on for _, last in spans(target.per, year)[target.before :])
    return Fraction(target.number or 0) * ended


def ending_by_period(
    parts: Sequence[Fraction], target: TargetValue, year: int, on: date
) -> tuple[Ending, float] | None:
    """Return how a year ends whose periods each have a number of their own, and how likely all have it:
    never, once one that is over has not. ``parts`` are those of the periods that have begun.

    None where nothing is asked for by periods, or more in one than single tasks.
    """
    goal, periods = Fraction(target.number or 0), spans(target.per, year)[target.before :]
    if not parts or target.ceiling or not 0 < goal <= FEW or goal.denominator != 1:
        return None
    kept, chance, met, open_ = KEPT ** (1 / len(periods)), 1.0, Fraction(0), Fraction(0)
    for n, (first, last) in enumerate(periods):
        held = min(parts[n], goal) if n < len(parts) else Fraction(0)
        met += held
        if held == goal:
            continue
        if last <= on:
            chance = 0.0
            continue
        open_ += goal - held
        passed = float(elapsed(first, last, on))
        chance *= one_by_one(int(held), int(goal), passed, kept, Fraction(1)).pieces[-1]
    return Ending(met, met + open_, mean=float(met + open_)), chance
