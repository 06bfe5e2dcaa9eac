"""The course of a measure: how its figures came through a year, day by day."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from zhunsheng.evidence.snapshot import Snapshot
from zhunsheng.measures.compiling import course_texts
from zhunsheng.measures.definitions import Measure
from zhunsheng.measures.engines import Engine
from zhunsheng.measures.kept import Kept
from zhunsheng.measures.reading import asked_of

Courses = dict[tuple[str, str], "dict[str | None, Course]"]  # (measure, department) -> by project


@dataclass(frozen=True)
class CourseDay:
    """What the rows of one day come to, as a reading's ``numerator`` and ``denominator`` of them; ``day`` is
    None for rows that have none, such as those that no row of a link lets count.
    """

    day: date | None
    numerator: Decimal | date | None
    denominator: int

    @property
    def amount(self) -> Decimal:
        """What counts of the day: hits, pieces, or a sum."""
        return self.numerator if isinstance(self.numerator, Decimal) else Decimal(0)


@dataclass(frozen=True)
class Course:
    """The days of a measure in a year, in order, rows without a day first."""

    days: tuple[CourseDay, ...] = ()

    def amount(self, until: date | None = None) -> Decimal:
        """Return what counts up to a day (inclusive); None for all there is."""
        return sum((d.amount for d in self._upto(until)), Decimal(0))

    def rows(self, until: date | None = None) -> int:
        """Return how many rows the figure rests on up to a day (inclusive); None for all there are."""
        return sum(d.denominator for d in self._upto(until))

    def since(self, first: date) -> Course:
        """Return the course from a day on (inclusive); rows without a day are not in it."""
        return Course(tuple(d for d in self.days if d.day is not None and d.day >= first))

    def _upto(self, until: date | None) -> Iterable[CourseDay]:
        return (d for d in self.days if until is None or (d.day is not None and d.day <= until))


def joined(courses: Iterable[Course]) -> Course:
    """Return the course of rows that are in several courses, none of them in two."""
    found: dict[date | None, CourseDay] = {}
    for one in (day for course in courses for day in course.days):
        found[one.day] = _both(found[one.day], one) if one.day in found else one
    return Course(tuple(sorted(found.values(), key=lambda d: d.day or date.min)))


def _both(one: CourseDay, other: CourseDay) -> CourseDay:
    numbers = [n for n in (one.numerator, other.numerator) if n is not None]
    dates = [n for n in numbers if isinstance(n, date)]
    amounts = [n for n in numbers if isinstance(n, Decimal)]
    numerator = max(dates) if dates else sum(amounts, Decimal(0)) if amounts else None
    return CourseDay(one.day, numerator, one.denominator + other.denominator)


def read_courses(  # noqa: PLR0913 - measures, their evidence, the time, how narrowed
    measures: Sequence[Measure],
    engine: Engine,
    snapshot: Snapshot,
    year: int,
    as_of: date,
    departments: Collection[str],
    kept: Kept | None = None,
    *,
    ahead: bool = False,
) -> Courses:
    """Return the courses of measures in a year as of a day (inclusive), for departments of given codes.

    Measures that name no day have none. A project is what rows say of it: its code, or its name where they
    have none; None are the rows that name no project. With ``ahead`` the days to come are in it, with what of
    them counts already on the day. With ``kept`` only what is not known there is computed.
    """
    found: dict[tuple[str, str], dict[str | None, list[CourseDay]]] = {}
    for group, text in course_texts(measures, year, as_of, sorted(departments), engine.dialect, ahead=ahead):
        for department, project, day, _rows, *figures in asked_of(engine, snapshot, kept, group, text):
            for n, measure in enumerate(group):
                numerator, denominator = figures[2 * n], int(figures[2 * n + 1] or 0)
                if numerator or denominator:
                    days = found.setdefault((measure.id, department), {}).setdefault(project, [])
                    days.append(CourseDay(day, _number(numerator), denominator))
    return {
        key: {project: joined([Course(tuple(days))]) for project, days in by.items()}
        for key, by in found.items()
    }


def _number(figure: Any) -> Decimal | date | None:
    return figure if figure is None or isinstance(figure, date) else Decimal(figure)
