"""Signs that a self-evaluation was written to look good: results that meet their targets to the digit or by a
hair, full marks for what was missed, the same words in every cell, last year's figures again.

None of them proves anything alone. Each counts by how much oftener it is assumed to happen in padded tables
than in honest ones (``LIKELIHOODS``, chosen on invented years; ``bench/inflation.py`` says how often they
mislead). Basis: 财预〔2020〕10号 (self-evaluation is to be true and complete).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import log

from zhunsheng.targets import Indicator, TargetSheet, TargetValue, split_unit
from zhunsheng.targets.units import comparable
from zhunsheng.targets.written import read_written

# How often a sign is assumed to be seen in a padded table and in an honest one.
LIKELIHOODS: dict[str, tuple[float, float]] = {
    "equal": (0.34, 0.05),  # a measured result that is its target to the digit
    "just": (0.34, 0.15),  # better by a fiftieth at most
    "above": (0.27, 0.55),
    "missed": (0.05, 0.25),
    "full though missed": (0.5, 0.01),
    "as last year": (0.3, 0.02),
    "other than last year": (0.7, 0.98),
    "one phrase": (0.5, 0.06),
    "full, and a third unspent": (0.3, 0.02),
}
# From so much on a table is told of: e to this power times likelier padded than honest.
THRESHOLD = 5.0
LEAST = 6  # measured results and signs of other kinds, fewer say nothing
_OTHERS = ("full though missed", "one phrase", "full, and a third unspent")
_HAIR = Fraction(1, 50)
_PHRASES = 4
_COUNTED = (
    "比值",
    "元",
    "日",
    "工作日",
    "小时",
)  # what is measured; what is counted is often done as ordered


@dataclass(frozen=True)
class Signs:
    """What was seen in the self-evaluation of a body, by sign how often, and ``weight``: the natural
    logarithm of how much likelier all of it is in a padded table than in an honest one.
    """

    scored: int
    full: int
    measured: int
    seen: Counter[str] = field(default_factory=Counter)
    phrase: str = ""

    @property
    def weight(self) -> float:
        """The sum of what all signs say."""
        return sum(
            many * log(LIKELIHOODS[sign][0] / LIKELIHOODS[sign][1]) for sign, many in self.seen.items()
        )

    @property
    def padded(self) -> bool:
        """Whether it looks padded."""
        enough = self.measured + sum(self.seen[sign] for sign in _OTHERS) >= LEAST
        return enough and self.weight >= THRESHOLD


def signs_in(sheets: Iterable[TargetSheet], previous: Sequence[TargetSheet] = ()) -> Signs:
    """Return the signs in the self-evaluations of a body; ``previous`` are those of the year before."""
    seen: Counter[str] = Counter()
    scored = full = measured = 0
    phrases: Counter[str] = Counter()
    for sheet in sheets:
        before = {one.name: one for old in previous if old.name == sheet.name for one in old.indicators}
        all_full = True
        for one in sheet.indicators:
            if one.score is not None and one.weight:
                scored += 1
                full += one.score >= one.weight
                all_full &= one.score >= one.weight
            if one.deviation and len(one.deviation.strip()) > 1:
                phrases[one.deviation.strip()] += 1
            if (sign := _met(one, sheet.year)) is None:
                continue
            measured += 1
            seen[sign] += 1
            if sign == "missed" and one.score is not None and one.weight and one.score >= one.weight:
                seen["full though missed"] += 1
            last = before[one.name].actual if one.name in before else one.last_year
            if last and one.actual:
                seen["as last year" if _same(last, one.actual) else "other than last year"] += 1
        if all_full and scored and (share := _spent(sheet)) is not None and share < Fraction(2, 3):
            seen["full, and a third unspent"] += 1
    phrase, many = phrases.most_common(1)[0] if phrases else ("", 0)
    if sum(phrases.values()) >= _PHRASES and many == sum(phrases.values()):
        seen["one phrase"] += 1
    else:
        phrase = ""
    return Signs(scored, full, measured, seen, phrase)


def _met(one: Indicator, year: int | None) -> str | None:
    """Return how a result stands to its target; None for what was not measured, or can't be exceeded."""
    aim = one.aim
    if not one.actual or not aim.number or aim.op not in (">=", ">", "<=", "<"):
        return None
    unit = split_unit((aim.unit or "").partition("/")[0])[0]
    if unit not in _COUNTED or (aim.unit == "%" and aim.number >= 100):
        return None
    result = read_written(one.actual, year=year, unit=aim.unit, marked=False)
    if result.number is None or not comparable(result.unit or aim.unit, aim.unit):
        return None
    margin = aim.margin(result.number, result.unit or aim.unit)
    if margin is None:
        return None
    if margin < 0:
        return "missed"
    if margin == 0:
        return "equal"
    return "just" if margin <= abs(Fraction(aim.number)) * _HAIR else "above"


def _same(last: str, now: str) -> bool:
    one, other = TargetValue.parse(last), TargetValue.parse(now)
    return one.number is not None and one.number == other.number


def _spent(sheet: TargetSheet) -> Fraction | None:
    """Return the share of the year's money that was spent; None where the table does not tell."""
    money = sheet.execution
    base = money and (money.adjusted or money.planned)
    if money is None or not base or money.spent is None:
        return None
    return Fraction(money.spent) / Fraction(base)
