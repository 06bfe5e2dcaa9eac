"""How a row stands to a statutory limit on a day: when it is due, how many days are used, in which state.

The first day is never counted. A day of a suspension is not counted either, however many suspensions hold it.
Which version of a limit holds is decided by the day on which it starts to run. An extension counts only if it
was approved before the limit ran out.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Literal

from zhunsheng.errors import ZhunshengError
from zhunsheng.regulations.entries import Deadline
from zhunsheng.regulations.loading import deadlines
from zhunsheng.regulations.workdays import (
    DAY,
    FIRST,
    LAST,
    after_holiday,
    is_workday,
    month_before,
    published,
    workday_numbered,
    workdays_until,
)
from zhunsheng.translation import series

State = Literal["not-started", "running", "due-soon", "overdue", "stopped", "in-time", "late", "doubtful"]
# Every state with its words, what asks for something first.
STATES: dict[State, str] = {
    "overdue": "逾期未办",
    "due-soon": "临近到期",
    "stopped": "停计中",
    "running": "办理中",
    "late": "逾期办结",
    "in-time": "按期办结",
    "doubtful": "日期存疑",
    "not-started": "未起算",
}
OPEN: tuple[State, ...] = ("overdue", "due-soon", "stopped", "running")


@dataclass(frozen=True)
class Interval:
    """A suspension from its first to its last day, both inclusive; without ``to`` it goes on."""

    from_: date
    to: date | None
    why: str = ""


@dataclass(frozen=True)
class Row:
    """What a ledger's row says of a limit: when it started to run, when it was done, when an extension was
    approved, until when it was prolonged without a number of days, and its suspensions.
    """

    start: date | None
    done: date | None = None
    extended_on: date | None = None
    until: date | None = None
    stops: Sequence[Interval] = ()


@dataclass(frozen=True)
class Standing:
    """How a row stands: the version that holds, the last day, when it was done, days used, the state.

    ``due`` of a stopped row is the last day if the clock ran on from the day after. ``provisional`` says that
    working days or holidays beyond the published calendar were counted, ``extended_late`` that an extension
    was approved when the limit had run out and does not count, ``unended`` that what was done is dated within
    a suspension. A row done before its clock began is doubtful: one of both dates is wrong.
    """

    entry: Deadline | None
    due: date | None
    done: date | None
    used: int | None
    state: State
    provisional: bool = False
    extended_late: bool = False
    unended: bool = False


@lru_cache
def versions() -> dict[str, tuple[Deadline, ...]]:
    """Return all limits with their versions, the earliest first."""
    found: dict[str, list[Deadline]] = {}
    for entry in sorted(deadlines(), key=lambda d: d.valid_from):
        found.setdefault(entry.id, []).append(entry)
    order = dict.fromkeys(d.id for d in deadlines())
    return {name: tuple(found[name]) for name in order}


@lru_cache
def applied() -> dict[str, tuple[Deadline, ...]]:
    """Return the limits that are computed over a ledger's rows."""
    return {name: entries for name, entries in versions().items() if entries[-1].ledger}


def limit_of(name: str) -> str:
    """Return the id of a limit by id, name or the name of its rate. Raises ``ZS-RG-20`` with those known."""
    for key, entries in applied().items():
        if name == key or any(name in (e.name, e.rate) for e in entries):
            return key
    raise ZhunshengError("ZS-RG-20", limit=name, known=series([e[-1].name for e in applied().values()]))


def version_on(name: str, start: date) -> Deadline | None:
    """Return the version of a limit that holds for what starts to run on a day, None where there was none."""
    for entry in versions()[name]:
        if entry.valid_from <= start and (entry.valid_to is None or start <= entry.valid_to):
            return entry
    return None


def suspended(stops: Sequence[Interval], why: Collection[str], as_of: date) -> frozenset[date]:
    """Return the days up to ``as_of`` on which the clock stood still for one of some reasons."""
    found = set()
    for stop in stops:
        if why and stop.why not in why:
            continue
        day, last = stop.from_, min(stop.to or as_of, as_of)
        while day <= last:
            found.add(day)
            day += DAY
    return frozenset(found)


def standing(name: str, row: Row, as_of: date) -> Standing:
    """Return how a row stands to a limit at the end of ``as_of``; what lies behind that day is not known yet.

    A row due on ``as_of`` itself is due soon, not overdue. Suspensions end at the latest with what was done.
    """
    done = row.done if row.done is not None and row.done <= as_of else None
    entry = None if row.start is None else version_on(name, row.start)
    if row.start is None or entry is None or not (entry.ahead or row.start <= as_of):
        return Standing(entry, None, done, None, "not-started")
    still = suspended(row.stops, entry.stops, done or as_of) if entry.stops else frozenset()
    due, extended_late = _due(entry, row, still, as_of)
    if due is None:
        return Standing(entry, None, done, None, "not-started")
    doubtful = done is not None and done < row.start and not entry.ahead
    used = None if entry.ahead or doubtful else _counted(entry, row.start, done or as_of, still)
    state: State
    if doubtful:
        state = "doubtful"
    elif done is not None:
        state = "in-time" if done <= due else "late"
    elif due < as_of:
        state = "overdue"
    elif as_of in still:
        state = "stopped"
    else:
        state = "due-soon" if (due - as_of).days <= entry.soon else "running"
    provisional = (entry.workdays or entry.shift) and not (published(row.start) and published(due))
    unended = done is not None and not doubtful and done in still
    return Standing(entry, due, done, used, state, provisional, extended_late, unended)


def _due(entry: Deadline, row: Row, still: Collection[date], as_of: date) -> tuple[date | None, bool]:
    """Return the last day, None where it lies beyond the days that are counted over; and whether an extension
    was approved too late to count: nor does what was set beyond it then.
    """
    assert row.start is not None
    if not FIRST <= row.start <= LAST:
        return None, False
    day = _end(entry, row.start, entry.days, still)
    late = False
    if day is not None and entry.extension and row.extended_on is not None and row.extended_on <= as_of:
        late = row.extended_on > day
        day = day if late else _end(entry, row.start, entry.days + entry.extension, still)
    if day is not None and row.until is not None and not late:
        day = max(day, row.until)
    return day, late


def _end(entry: Deadline, start: date, days: int, still: Collection[date]) -> date | None:
    """Return the last of some days from the day after ``start`` that are not suspended."""
    day: date | None = month_before(start) if entry.month_before else start
    assert day is not None
    if still:
        while days:
            day += DAY
            if day > LAST:
                return None
            days -= day not in still and (not entry.workdays or is_workday(day))
    elif entry.workdays and days:
        day = workday_numbered(workdays_until(day) + days)
    else:
        day += days * DAY
    if day is None or day > LAST:
        return None
    return after_holiday(day) if entry.shift else day


def _counted(entry: Deadline, start: date, end: date, still: Collection[date]) -> int:
    """Return how many days of a limit's kind are used from the day after ``start`` to ``end``."""
    if not entry.workdays:
        return max(0, (end - start).days) - sum(start < day <= end for day in still)
    stood = sum(start < day <= end and is_workday(day) for day in still)
    return max(0, workdays_until(end) - workdays_until(start)) - stood
