"""An outcome: what an indicator came to, from evidence, from a person or from a reported table, with where it is from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from zhunsheng.targets import TargetValue

Origin = Literal["evidence", "judgement", "accepted", "reported", "none"]
ORIGIN_WORDS: dict[Origin, str] = {
    "evidence": "台账",
    "judgement": "人工填报",
    "accepted": "人工填报（争议已采纳）",
    "reported": "上报数",
    "none": "无",
}


@dataclass(frozen=True)
class Contest:
    """A result that someone typed against the reading: shown beside it, counted only once the finance bureau accepted it.

    ``computed`` is the reading in words, ``difference`` what lies between them (None where they can't be compared).
    """

    typed: str
    computed: str
    difference: str | None
    reason: str | None
    proof: str | None
    by: str | None = None
    accepted: str | None = None


@dataclass(frozen=True)
class Outcome:
    """``value`` in ``unit``, or a date, or None where there is none; ``text`` is how to show it.

    ``confirmed`` is false for a reading whose measure nobody has confirmed for the indicator yet.
    """

    value: Fraction | date | None
    unit: str | None
    text: str
    origin: Origin
    note: str | None = None
    confirmed: bool = True
    contest: Contest | None = None


NOTHING = Outcome(None, None, "—", "none", "没有证据")


def outcome_of_text(text: str, unit: str | None, year: int | None, origin: Origin) -> Outcome:
    """Read a result as people write it in tables (92%, 3次, 2021年11月26日, even ≥90%); None where it is words."""
    read = TargetValue.parse(text, unit=unit, year=year)
    if isinstance(read.value, Decimal):
        return Outcome(Fraction(read.value), read.unit, text, origin)
    if isinstance(read.value, date):
        return Outcome(read.value, None, text, origin)
    return Outcome(None, None, text, origin, "完成值不是数")
