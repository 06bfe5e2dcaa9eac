"""The traffic light for what is reached of what is expected by now, and the share of a time
that has passed.
"""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Literal

from zhunsheng.regulations import MonitoringRules

Light = Literal["green", "yellow", "red", "grey"]
LIGHT_WORDS: dict[Light, str] = {"green": "绿灯", "yellow": "黄灯", "red": "红灯", "grey": "无法判断"}


def light_of(ratio: Fraction, rules: MonitoringRules) -> Light:
    """Return the light for result ÷ expected."""
    if ratio >= Fraction(rules.lights.green):
        return "green"
    return "yellow" if ratio >= Fraction(rules.lights.yellow) else "red"


def verdict(chance: float | None, rules: MonitoringRules) -> tuple[Light, str]:
    """Return the light and the official word for how likely a target is met; grey and no word for None.

    Only what is settled for good is 确定能 or 完全不可能.
    """
    surely, perhaps, never = rules.likelihood
    if chance is None:
        return "grey", ""
    word = surely if chance == 1 else perhaps if chance else never
    if chance >= rules.chances.green:
        return "green", word
    return "yellow" if chance >= rules.chances.yellow else "red", word


def elapsed(first: date, last: date, on: date) -> Fraction:
    """Return the share of the days from ``first`` to ``last`` (both inclusive) that have passed by the end of
    ``on``.
    """
    days = (last - first).days + 1
    return Fraction(min(max((on - first).days + 1, 0), days), days)
