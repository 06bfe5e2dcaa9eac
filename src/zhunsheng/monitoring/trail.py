"""What the ledgers tell of an indicator besides its figure: the rows it rests on, how they came through this
year and the last, and what lies ahead; and the pace that follows from it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

from zhunsheng.measures.course import Course
from zhunsheng.measures.definitions import Accrual, Kind
from zhunsheng.monitoring.lights import elapsed
from zhunsheng.targets import Indicator
from zhunsheng.translation import worded
from zhunsheng.wording import percent

NO_COURSE = Course()
ENOUGH = 12  # rows from which on the course of a year says more than its days: one a month


@dataclass(frozen=True)
class Trail:
    """``numerator`` and ``denominator`` are the reading's. ``course`` is this year's to the day, ``ahead``
    this year's with all days that the ledger already holds, ``last`` last year's: the whole of it, or from
    the day on which the body began this year (``since``).
    """

    kind: Kind
    accrual: Accrual
    numerator: Decimal | None = None
    denominator: int = 0
    course: Course = NO_COURSE
    ahead: Course = NO_COURSE
    last: Course = NO_COURSE
    since: date | None = None

    def begun(self, since: date) -> Trail:
        """Return the trail of a body that began on a day: of last year as much as it has of this one."""
        return replace(self, last=self.last.since(_year_before(since)), since=since)

    @property
    def grows(self) -> bool:
        """Whether the figure grows with time, through the year or between two days."""
        return self.accrual.shape in ("count", "window")

    @property
    def to_come(self) -> int | None:
        """How many rows the ledger holds of days to come that do not count yet; None where it does not
        tell.
        """
        if not self.accrual.ahead:
            return None
        return max(self.ahead.rows() - self.denominator - self.secured, 0)

    @property
    def secured(self) -> int:
        """How many rows of days to come count already: a device inspected before its day."""
        return max(int(self.ahead.amount() - (self.numerator or 0)), 0)

    def last_total(self) -> Fraction | None:
        """Return what last year came to, in the reading's pieces (hits, rows, a sum); None where the ledger
        holds too little of it to tell.
        """
        if self.last.rows() < ENOUGH or not self.last.amount() or self.partial:
            return None
        return Fraction(self.last.amount())

    @property
    def partial(self) -> bool:
        """Whether last year's ledger looks as if only a part of it were here: nothing for its first half."""
        if self.since is not None:
            return False
        days = [d.day for d in self.last.days if d.day is not None and d.denominator]
        return self.accrual.shape != "window" and bool(days) and min(days).month > 6


@dataclass(frozen=True)
class Pace:
    """The ``share`` (0 to 1) of the year's work that is to be expected by a day, in words how that is told,
    and on how many ``rows`` it rests.
    """

    share: Fraction
    words: str
    rows: int = 0


def pace_of(trail: Trail | None, first: date, due: date, on: date) -> Pace:
    """Return the pace of what is to come between two days (inclusive): planned, as last year, or even.

    ``due`` is the last day that counts; what lies behind it in last year's course is left out.
    """
    even = elapsed(first, due, on)
    if trail is not None and trail.accrual.ahead and (whole := trail.ahead.rows(due)):
        return Pace(Fraction(trail.ahead.rows(on), whole), worded("按台账里的计划日期"), whole)
    if trail is not None and (found := _last_year(trail, due, on)) is not None:
        rows, share = found
        said = worded(
            "按去年的进度：去年台账 {rows} 件，同期已有 {share}", rows=rows, share=percent(share, 0)
        )
        return Pace(share, said, rows)
    if trail is not None and trail.partial:
        told = worded(
            "去年的台账上半年没有记录，疑不全，未采用；按已过时间的 {share} 均匀推算", share=percent(even, 0)
        )
        return Pace(even, told)
    return Pace(even, worded("没有往年台账，按已过时间的 {share} 均匀推算", share=percent(even, 0)))


def _last_year(trail: Trail, due: date, on: date) -> tuple[int, Fraction] | None:
    """Return how many rows last year came to by the last day, and what share of it had come by the same day;
    None where these are too few to tell.
    """
    if trail.partial:
        return None
    there, here = _year_before(due), _year_before(min(on, due))
    of = trail.last.amount if trail.grows else trail.last.rows
    rows = int(of(there)) if trail.kind != "sum" else trail.last.rows(there)
    return (rows, Fraction(of(here)) / Fraction(of(there))) if rows >= ENOUGH and of(there) else None


def _year_before(day: date) -> date:
    leap = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year - 1, day=28 if leap else day.day)


def last_day(indicator: Indicator, accrual: Accrual | None, year: int) -> date:
    """Return the last day that counts for an indicator: that by which it is to be met, or the end of the time
    in which its figure grows, if that is earlier.
    """
    due = indicator.due_on(year)
    if accrual is not None and accrual.shape == "window":
        return min(due, accrual.window(year)[1])
    return due
