"""The office's clock: which day it is and how a moment reads there, in one place for command and site."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from zhunsheng.errors import ZhunshengError
from zhunsheng.translation import worded

VARIABLE = "ZHUNSHENG_TIMEZONE"
DEFAULT = "Asia/Shanghai"


@lru_cache
def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError):  # not found is a KeyError
        if name == DEFAULT:  # a machine without zone data; Beijing time has been eight hours ahead since 1991
            return timezone(timedelta(hours=8))
        raise ZhunshengError(
            "ZS-CL-01",
            detail=worded(
                "{variable}={name} 不是时区，应写成 {default}", variable=VARIABLE, name=name, default=DEFAULT
            ),
        ) from None


def zone() -> tzinfo:
    """Return the office's time zone: ``ZHUNSHENG_TIMEZONE``, Beijing time without
    one. Raises ``ZS-CL-01``.
    """
    return _zone(os.environ.get(VARIABLE) or DEFAULT)


def zone_name() -> str:
    """Return the name of the office's zone in the zone database. Raises ``ZS-CL-01``."""
    zone()
    return os.environ.get(VARIABLE) or DEFAULT


def now() -> datetime:
    """Return this moment, with the office's zone."""
    return datetime.now(zone())


def today() -> date:
    """Return the office's day, whatever zone the machine keeps. Raises ``ZS-CL-01``."""
    return now().date()


def moment_of(text: str) -> datetime:
    """Return the moment of a text: a time in ISO, the office's where it says no zone; a day alone means its
    end, since what is asked as of a day includes it. Raises ``ValueError`` for text that is neither.
    """
    try:
        found = datetime.combine(date.fromisoformat(text), time.max)
    except ValueError:
        found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=zone())


def local(moment: datetime | str) -> datetime:
    """Return a moment (with its zone; text as ISO) in the office's zone. Raises ``ValueError`` for text that
    is none.
    """
    return (datetime.fromisoformat(moment) if isinstance(moment, str) else moment).astimezone(zone())


def told(moment: datetime | str) -> str:
    """Return how a moment is told to people: office time, to the second, without a zone's letters."""
    return f"{day_of(local(moment))} {time_of(local(moment))}"


def to_minute(moment: datetime | str) -> str:
    """Return a moment in office time, to the minute."""
    return f"{local(moment):%Y-%m-%d %H:%M}"


def time_of(moment: datetime | str) -> str:
    """Return the time of day of a moment in office time, to the second."""
    return f"{local(moment):%H:%M:%S}"


def day_of(on: date) -> str:
    """Return a day, or a moment's day in office time."""
    return f"{local(on).date() if isinstance(on, datetime) else on:%Y-%m-%d}"


def beside(moment: datetime | date, now: datetime) -> str:
    """Return a moment (to the second) or a day without the year that it shares with ``now``; one of another
    year to the minute.
    """
    if not isinstance(moment, datetime):
        return f"{moment:%m-%d}" if moment.year == local(now).year else day_of(moment)
    at = local(moment)
    return f"{at:%m-%d} {time_of(at)}" if at.year == local(now).year else to_minute(at)


def spelled_out(on: date) -> str:
    """Return a day as a report writes it: 2021年03月31日."""
    return f"{on:%Y年%m月%d日}"


def month_day(on: date) -> str:
    """Return a day of a year that is known: 03月31日."""
    return f"{on:%m月%d日}"


_IN_UTC = "%Y-%m-%d %H:%M:%S UTC"


def in_utc(moment: datetime) -> str:
    """Return a moment as people of any place read it: UTC, said so, to the second."""
    return moment.astimezone(UTC).strftime(_IN_UTC)


def of_utc(text: str) -> datetime:
    """Return the moment that ``in_utc`` wrote. Raises ``ValueError``."""
    return datetime.strptime(text, _IN_UTC).replace(tzinfo=UTC)


def utc(moment: datetime) -> str:
    """Return a moment as files that are signed or chained hold it: UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
