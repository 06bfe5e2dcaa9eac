"""Working days and holidays: the published calendar, and what is assumed of years beyond it.

Published are the arrangements of the State Council's office as ``chinese_calendar`` has them. Of other years
only weekends and the holidays of a fixed date (data: ``holidays.yaml``) are known; what is counted over them
is provisional, since lunar holidays and exchanged days come with the publication.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

from chinese_calendar.constants import holidays as _off
from chinese_calendar.constants import workdays as _exchanged

from zhunsheng.regulations.entries import Holiday
from zhunsheng.regulations.loading import DATA, read_packaged

DAY = timedelta(days=1)
# The days that limits are counted over: no row of an office lies before, no limit ends behind.
FIRST, LAST = date(1990, 1, 1), date(2060, 12, 31)
PUBLISHED = (min(_off).replace(month=1, day=1), max(_off).replace(month=12, day=31))


@lru_cache
def fixed_holidays() -> tuple[Holiday, ...]:
    """Return the holidays of a fixed date, as cited data."""
    return tuple(read_packaged(DATA / "holidays.yaml", list[Holiday]))


@lru_cache
def _fixed() -> dict[tuple[int, int], list[Holiday]]:
    found: dict[tuple[int, int], list[Holiday]] = {}
    for holiday in fixed_holidays():
        for day in holiday.days:
            found.setdefault((int(day[:2]), int(day[3:])), []).append(holiday)
    return found


def published(day: date) -> bool:
    """Return whether a day's year has a published calendar."""
    return bool(PUBLISHED[0] <= day <= PUBLISHED[1])


def is_holiday(day: date) -> bool:
    """Return whether a day is a holiday: one of a published arrangement with its exchanged days off,
    else one of a fixed date. A plain weekend is none.
    """
    if published(day):
        return bool(day in _off and day not in _exchanged)
    listed = _fixed().get((day.month, day.day), ())
    return any(h.valid_from <= day and (h.valid_to is None or day <= h.valid_to) for h in listed)


def is_workday(day: date) -> bool:
    """Return whether an office works on a day: no weekend and no holiday, or a weekend day exchanged."""
    if published(day) and day in _exchanged:
        return True
    return day.weekday() < 5 and not is_holiday(day)


def after_holiday(day: date) -> date:
    """Return the first day from ``day`` on that is no holiday."""
    while is_holiday(day):
        day += DAY
    return day


def month_before(day: date) -> date:
    """Return the same day of the month before, its last day where it has none such."""
    last = day.replace(day=1) - DAY
    return last.replace(day=min(day.day, last.day))


def nth_workday(start: date, days: int) -> date:
    """Return the ``days``-th working day after ``start``."""
    day, left = start, days
    while left:
        day += DAY
        left -= is_workday(day)
    return day


@lru_cache
def _counts() -> tuple[int, ...]:
    return tuple(count for _day, _number, count, *_others in calendar_rows())


def workdays_until(day: date) -> int:
    """Return how many working days there were from ``FIRST`` to a day, both inclusive."""
    return _counts()[day.toordinal() - FIRST.toordinal()]


@lru_cache
def _turns() -> tuple[date, ...]:
    return tuple(day for day, _number, _count, turn, *_others in calendar_rows() if turn is not None)


def workday_numbered(number: int) -> date | None:
    """Return the working day up to which there were ``number`` of them, None beyond ``LAST``."""
    return _turns()[number - 1] if number <= len(_turns()) else None


CalendarRow = tuple[date, int, int, int | None, date, date, int]


@lru_cache
def calendar_rows() -> tuple[CalendarRow, ...]:
    """Return ``FIRST`` to ``LAST`` as a table for SQL: the day, its number, how many working days there were
    up to it, the same only where it is one, the first day from it on that is no holiday, the day a month
    before, the number of its month.
    """
    found: list[CalendarRow] = []
    count = 0
    for number in range(FIRST.toordinal(), LAST.toordinal() + 1):
        day = date.fromordinal(number)
        works = is_workday(day)
        count += works
        turn, month = count if works else None, 12 * day.year + day.month
        found.append((day, number, count, turn, after_holiday(day), month_before(day), month))
    return tuple(found)
