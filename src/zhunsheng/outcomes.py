"""An outcome: what an indicator came to, from evidence, from a person or from a reported table,
with where it is from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Literal, Protocol

from zhunsheng.measures.course import Course
from zhunsheng.targets import Indicator
from zhunsheng.targets.dates import spans
from zhunsheng.targets.results import Result, against
from zhunsheng.targets.spelling import periods
from zhunsheng.targets.units import comparable, convert
from zhunsheng.targets.written import Written, read_written
from zhunsheng.translation import series, worded
from zhunsheng.wording import number as show_number
from zhunsheng.wording import number_beside

Origin = Literal["evidence", "judgement", "accepted", "reported", "none"]
ORIGIN_WORDS: dict[Origin, str] = {
    "evidence": "台账",
    "judgement": "人工填报",
    "accepted": "人工填报（争议已采纳）",
    "reported": "上报数",
    "none": "无证据",
}
# What became of a figure typed against the ledgers: three things, in one set of words wherever they are told.
Ruled = Literal["open", "accepted", "refused"]
RULED_WORDS: dict[Ruled, str] = {
    "open": "有争议，待财政局裁定",
    "accepted": "争议已采纳",
    "refused": "争议未采纳",
}


def ruled(accepted: str | None, refused: str | None) -> Ruled:
    """Return what was ruled on a contest, by the reasons of an acceptance and of a refusal."""
    return "accepted" if accepted else "refused" if refused else "open"


@dataclass(frozen=True)
class ContestedResult:
    """A result that someone typed against the reading: shown beside it, counted only once the finance bureau
    accepted it.

    ``accepted`` or ``refused`` is the reason of the ruling, both None while there is none.
    ``computed`` is the reading in words, ``difference`` what lies between them (None where they can't be
    compared), ``doubt`` why the typed text can't be relied on: then there is no difference,
    and nobody can accept it. ``measured_on`` is the day (ISO) on which a reading was computed that the
    ledgers no longer give, since a batch was taken back or its rows are gone; None for a reading that stands.
    """

    typed: str
    computed: str
    difference: str | None
    reason: str | None
    proof: str | None
    by: str | None = None
    accepted: str | None = None
    doubt: str | None = None
    measured_on: str | None = None
    refused: str | None = None

    @property
    def apart(self) -> str:
        """What lies between the two in words (相差 +2个百分点), or why that can't be told;
        empty where neither is known.
        """
        if self.doubt:
            return worded("不能比较：{doubt}", doubt=self.doubt)
        return worded("相差 {difference}", difference=self.difference) if self.difference else ""

    @property
    def state(self) -> Ruled:
        """What the finance bureau ruled."""
        return ruled(self.accepted, self.refused)


@dataclass(frozen=True)
class Outcome:
    """``value`` in ``unit``, or a date, or None where there is none; ``text`` is how to show it.

    ``known`` is true where a ledger says something, be it that it is not done yet;
    one without rows says nothing, and its origin is ``none``.
    ``confirmed`` is false for a reading whose measure nobody has confirmed for the indicator yet.
    ``proof`` names the files that prove a typed result.
    ``written`` holds a typed or reported result as it was read, which ``result_of`` compares instead of
    ``value``. ``sampled`` says in words what the share of a survey leaves open: its answers and interval.
    ``parts`` is what a ledger counts in each period of the year, where the target asks for something in each.
    ``unsure`` says why the indicator itself, as its document was read, can't be relied on before a person has
    confirmed it.
    """

    value: Fraction | date | None
    unit: str | None
    text: str
    origin: Origin
    note: str | None = None
    written: Written | None = None
    known: bool = False
    confirmed: bool = True
    contest: ContestedResult | None = None
    proof: str | None = None
    sampled: str = ""
    parts: tuple[Fraction, ...] = ()
    unsure: str = ""


_FLAT = str.maketrans({"（": "，", "(": "，", "）": None, ")": None, "；": "，", ";": "，"})

NOTHING = Outcome(None, None, "—", "none", worded("没有证据"))


def outcome_of_text(text: str, unit: str | None, year: int | None, origin: Origin) -> Outcome:
    """Read a result as people write it in tables (92%, 已开展4次, 2021年11月26日, even ≥90%);
    None where it is words.

    ``unit`` is the target's; a number without unit is in it.
    """
    # Only a table that the product wrote bears its marks; typed by a person they are words like any other.
    written = read_written(text, year=year, unit=unit, marked=origin != "judgement")
    if written.day is not None:
        return Outcome(written.day, None, text, origin, written=written)
    if written.number is not None:
        return Outcome(written.number, written.unit or unit, text, origin, written=written)
    return Outcome(None, None, text, origin, written.why or worded("完成值不是数"), written)


def outcome_of_reading(
    value: Fraction | date | None,
    unit: str,
    indicator: Indicator,
    note: str | None = None,
    *,
    known: bool = True,
) -> Outcome:
    """Return what a ledger's reading says of an indicator, shown so that it stands on its true side of the
    target.

    A reading without rows (``known`` false) is no evidence: its outcome is of origin ``none``,
    with the note that says so.
    """
    if not known:
        return Outcome(None, None, "—", "none", note or worded("没有证据"))
    if not isinstance(value, Fraction):
        return Outcome(
            value, None, value.isoformat() if value else note or "—", "evidence", note, known=known
        )
    return Outcome(value, unit, figure_text(value, unit, indicator), "evidence", note, known=known)


def marks(outcome: Outcome | None) -> list[str]:
    """Return what is said beside a result wherever it is shown: that it was typed,
    that nobody confirmed its measure, and the other figure of a contest. Empty where it is a ledger's and
    nobody speaks against it.
    """
    if outcome is None:
        return []
    found = [outcome.sampled] if outcome.sampled else []
    if outcome.parts:
        found.append(worded("依次各期 {parts}", parts="、".join(show_number(p) for p in outcome.parts)))
    if outcome.origin in ("judgement", "reported"):
        found.append(ORIGIN_WORDS[outcome.origin])
    if outcome.origin == "evidence" and not outcome.confirmed:
        found.append(worded("口径未确认"))
    if c := outcome.contest:
        apart = [c.apart] if c.apart else []
        accepted = worded("人工填报，争议已采纳，{contest}", contest=ledger_words(c))
        refused = [ledger_words(c)] if c.measured_on else []
        refused.append(worded("人工填报 {typed}", typed=c.typed))
        parts = [accepted, *apart] if c.accepted else [*refused, *apart, worded(RULED_WORDS[c.state])]
        found.append(series(parts, "，"))
    return found


def ledger_words(contest: ContestedResult) -> str:
    """Return what the ledgers say, or once said, of a contested result."""
    if contest.measured_on is None:
        return worded("台账 {computed}", computed=contest.computed)
    return worded(
        "曾有台账读数 {computed}（测算于 {measured_on}），台账已撤销或不再有数",
        computed=contest.computed,
        measured_on=contest.measured_on,
    )


def sampled_words(
    interval: tuple[float, float],
    answers: int,
    indicator: Indicator,
    *,
    people: int | None = None,
    questions: int = 0,
    repeated: int = 0,
) -> str:
    """Return what a survey's share leaves open: how many answers it rests on, its 95 % interval (in percent),
    and whether the target lies within, so that nobody can tell on which side the whole is.

    A share over several ``questions`` says that their answers are added up, and that its interval is one of
    ``people``; answers ``repeated`` by someone don't count.
    """
    low, high = interval
    bounds = {"low": f"{low:g}", "high": f"{high:g}"}
    if questions > 1:
        words = worded(
            "{people} 人答 {questions} 题，{answers} 个回答合计，按人数的 95%置信区间 {low}%至{high}%",
            people=people,
            questions=questions,
            answers=answers,
            **bounds,
        )
    else:
        words = worded("{answers} 份，95%置信区间 {low}%至{high}%", answers=answers, **bounds)
    if repeated:
        words = worded("{words}，另有 {repeated} 个重复回答不计", words=words, repeated=repeated)
    if any(low < bound < high for bound in bounds_in(indicator, "%")):
        words = worded("{words}，区间跨过目标值", words=words)
    return words


def shown_result(outcome: Outcome | None) -> str:
    """Return a result with its marks in brackets behind it, as a table shows it: 9场（人工填报）;
    — where there is none.

    A table read back takes one pair of brackets at the end for a note, so the marks have none of their own.
    """
    if outcome is None:
        return "—"
    said = "；".join(mark.translate(_FLAT) for mark in marks(outcome))
    return f"{outcome.text}（{said}）" if said else outcome.text


def origin_words(outcome: Outcome | None, verdict: str) -> str:
    """Return where a result is from, in words; one that was judged by its quality has no ledger
    to be from.
    """
    if outcome is None or (outcome.origin == "none" and verdict == "judged"):
        return "定性评定" if verdict == "judged" else ORIGIN_WORDS["none"]
    return ORIGIN_WORDS[outcome.origin]


def result_of(indicator: Indicator, outcome: Outcome) -> Result:
    """Read an outcome against its indicator: a comparable figure, nothing, or a doubt that a person has to
    clear.
    """
    if outcome.unsure:
        return Result(None, outcome.unsure)
    written = outcome.written
    if outcome.parts and isinstance(outcome.value, Fraction):
        left = periods(indicator.aim.per) - indicator.aim.before - len(outcome.parts)
        whole = (*outcome.parts, *[Fraction(0)] * left)
        written = Written("", outcome.value, outcome.unit, parts=whole)
    return against(indicator, outcome.value, outcome.unit, written)


def parts_of(
    indicator: Indicator, course: Course, unit: str | None, year: int, on: date
) -> tuple[Fraction, ...]:
    """Return what a ledger counts in each period of a year that has begun by a day, where the target asks for
    something in each (每季度1次); empty where it does not, or counts in another unit than the ledger.
    """
    aim = indicator.aim
    if not comparable(unit, aim.unit) or convert(1, unit, aim.unit) != 1:
        return ()
    return tuple(
        sum((Fraction(d.amount) for d in course.days if d.day and first <= d.day <= last), Fraction(0))
        for first, last in spans(aim.per, year)[aim.before :]
        if first <= on
    )


def figure_text(value: Fraction, unit: str | None, indicator: Indicator) -> str:
    """Return a figure with its unit, with as many digits as it takes to stand on its true side
    of the target.
    """
    return f"{number_beside(value, bounds_in(indicator, unit))}{unit or ''}"


def forecast_text(value: Fraction | date | None, indicator: Indicator) -> str:
    """Return what a year is expected to end with, in the unit of the target; — where nothing is."""
    if value is None:
        return "—"
    return figure_text(value, indicator.aim.unit, indicator) if isinstance(value, Fraction) else str(value)


class Between(Protocol):
    """What ends between ``low`` and ``high``, in the target's unit."""

    @property
    def low(self) -> Fraction | None: ...
    @property
    def high(self) -> Fraction | None: ...


def between(outlook: Between, indicator: Indicator) -> str:
    """Return between what a year may end (40至55件); empty where nothing is known or nothing is open."""
    low, high = outlook.low, outlook.high
    if low is None or high is None or low == high:
        return ""
    first, last = (number_beside(n, bounds_in(indicator, indicator.aim.unit)) for n in (low, high))
    return (
        "" if first == last else worded("{low}至{high}", low=first, high=f"{last}{indicator.aim.unit or ''}")
    )


def bounds_in(indicator: Indicator, unit: str | None) -> Sequence[Fraction]:
    """Return what an indicator's target turns on (its number for the year, both ends of a range),
    in ``unit``.
    """
    told = indicator.type
    if unit is None or unit == told.unit:
        return told.bounds
    return [convert(b, told.unit, unit) for b in told.bounds] if comparable(told.unit, unit) else []
