"""A scorecard: each indicator's points in words and numbers, execution, total, grade, and what is open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Literal, NamedTuple

from zhunsheng.judgements import Judgement
from zhunsheng.measures.sources import Source
from zhunsheng.outcomes import Outcome
from zhunsheng.regulations import Scheme
from zhunsheng.targets import TargetSheet
from zhunsheng.translation import worded

HUNDREDTH = Decimal("0.01")
FULL, NONE = Fraction(1), Fraction(0)  # shares of an indicator's points
Verdict = Literal["met", "over", "explain", "missed", "judged", "pending", "nothing", "early", "check"]
VERDICT_WORDS: dict[Verdict, str] = {
    "met": "完成",
    "over": "超额较多",
    "explain": "待说明",
    "missed": "未达标",
    "judged": "已评定",
    "pending": "待评定",
    "nothing": "无证据",
    "early": "未到期",
    "check": "待核对",
}
# Verdicts that leave an indicator's points undecided.
OPEN: tuple[Verdict, ...] = ("pending", "nothing", "early", "check")
OPEN_WORD = "待定"  # what stands in place of points that are not decided
# What the decided points of a card rest on, and why the others are open, in words.
BASIS_WORDS = {
    "evidence": "台账",
    "unconfirmed": "台账（口径未确认）",
    "typed": "人工填报",
    "judged": "定性评定",
}


@dataclass(frozen=True)
class Score:
    """One indicator's points (full and earned, two decimals), how they came about,
    and what is asked of the office.

    ``score`` is what adds up to the total; what is shown is ``shown``, which knows points that are not
    decided. ``granted`` is the part of it that nothing but the filler's own reason gives.
    """

    indicator: int
    dimension: str
    points: Decimal
    score: Decimal
    verdict: Verdict
    how: str
    asks: str | None = None
    outcome: Outcome | None = None
    granted: Decimal = Decimal(0)

    @property
    def shown(self) -> Decimal | None:
        """The points to show: None while they are open, which is not nought."""
        return None if self.verdict in OPEN else self.score

    @property
    def open(self) -> Decimal:
        """The points that are not decided yet: all of them while nobody judged, nothing proves it,
        or it is not due.
        """
        return self.points if self.verdict in OPEN else Decimal(0)

    @property
    def basis(self) -> str | None:
        """What the decided points rest on, a key of ``BASIS_WORDS``; None while they are open."""
        if self.verdict in OPEN:
            return None
        if self.verdict == "judged" or self.outcome is None:
            return "judged"
        if self.outcome.origin == "evidence":
            return "evidence" if self.outcome.confirmed else "unconfirmed"
        return "typed"


@dataclass(frozen=True)
class ExecutionScore:
    """Points for budget execution; amounts in yuan. ``open`` points are not decided: no data,
    or a year not over.
    """

    points: Decimal
    score: Decimal
    spent: Decimal | None
    budget: Decimal | None
    rate: Fraction | None
    how: str
    open: Decimal = Decimal(0)

    @property
    def shown(self) -> Decimal | None:
        """The points to show: None where nothing is known of the money, which is not nought."""
        return None if self.rate is None else self.score


class Sum(NamedTuple):
    """Points of a dimension: full, earned, still open."""

    points: Decimal
    score: Decimal
    open: Decimal


@dataclass(frozen=True)
class Range:
    """A total that may still move: what is earned for sure, and what it can come to at most."""

    low: Decimal
    high: Decimal

    @property
    def settled(self) -> bool:
        """Whether nothing is open."""
        return self.low == self.high


@dataclass(frozen=True)
class Scorecard:
    """A sheet's year: scores, execution, total, grade, and the entries of law they rest on.

    ``total`` is what is earned; ``range`` says what it may still come to. While anything is open,
    or rests on a measure that nobody confirmed, there is no grade.
    ``said`` are the judgements that went in, by the indicator's code.
    """

    sheet: TargetSheet
    scheme: Scheme
    as_of: date
    scores: tuple[Score, ...]
    execution: ExecutionScore
    total: Decimal
    grade: str | None
    notes: tuple[str, ...] = ()
    citations: tuple[str, ...] = ()
    # (name, budget, total) behind a department's card
    projects: tuple[tuple[str, Decimal, Range], ...] = field(default=())
    projects_points: Decimal = Decimal(0)
    projects_score: Decimal = Decimal(0)
    projects_open: Decimal = Decimal(0)
    said: Mapping[str, Judgement] = field(default_factory=dict, repr=False)
    projects_basis: Mapping[str, Decimal] = field(default_factory=dict)  # what ``projects_score`` rests on
    projects_unconfirmed: bool = False
    most: Decimal = Decimal(100)  # the highest total that a cap leaves
    initial: Decimal | None = None  # the budget of the year's beginning, in yuan
    sources: tuple[Source, ...] = ()  # what each source is of the year's money
    told: tuple[str, ...] = ()  # by what rows of money were placed in the year, in words
    unsure_budget: bool = False  # whether its budget, as it was read, is yet to be confirmed

    @property
    def range(self) -> Range:
        """What the total is for sure and at most."""
        waiting = sum((s.open for s in self.scores), self.execution.open + self.projects_open)
        return Range(self.total, max(self.total, min(self.total + waiting, self.most)))

    @property
    def basis(self) -> dict[str, Decimal]:
        """The points earned by what they rest on, with keys of ``BASIS_WORDS``; what is nil is left out."""
        found: dict[str, Decimal] = {}
        for score in self.scores:
            if score.basis:
                found[score.basis] = found.get(score.basis, Decimal(0)) + score.score - score.granted
                found["typed"] = found.get("typed", Decimal(0)) + score.granted
        found["evidence"] = found.get("evidence", Decimal(0)) + self.execution.score
        for name, points in self.projects_basis.items():
            found[name] = found.get(name, Decimal(0)) + points
        return {k: found[k] for k in BASIS_WORDS if found.get(k)}

    @property
    def unconfirmed(self) -> bool:
        """Whether any points, earned or lost, rest on a measure that nobody confirmed."""
        return self.projects_unconfirmed or any(s.basis == "unconfirmed" for s in self.scores)

    @property
    def waiting(self) -> dict[Verdict, Decimal]:
        """The open points of indicators by why they are open."""
        found: dict[Verdict, Decimal] = {}
        for score in self.scores:
            if score.open:
                found[score.verdict] = found.get(score.verdict, Decimal(0)) + score.open
        return found

    def by_dimension(self) -> dict[str, Sum]:
        """Return what each dimension has, came to and leaves open, in the order of the
        sheet, execution last.
        """
        parts: dict[str, list[Score]] = {}
        for score in self.scores:
            parts.setdefault(score.dimension, []).append(score)
        found = {
            name: Sum(
                sum((s.points for s in scores), Decimal(0)),
                sum((s.score for s in scores), Decimal(0)),
                sum((s.open for s in scores), Decimal(0)),
            )
            for name, scores in parts.items()
        }
        if self.projects_points:
            found[worded("所属项目")] = Sum(self.projects_points, self.projects_score, self.projects_open)
        found[worded("预算执行率")] = Sum(self.execution.points, self.execution.score, self.execution.open)
        return found

    @property
    def pending(self) -> tuple[Score, ...]:
        """The scores that are not decided yet."""
        return tuple(s for s in self.scores if s.verdict in OPEN)


def rounded(value: Fraction) -> Decimal:
    """Return points in hundredths, a half rounded up."""
    return (Decimal(value.numerator) / Decimal(value.denominator)).quantize(HUNDREDTH, ROUND_HALF_UP)
