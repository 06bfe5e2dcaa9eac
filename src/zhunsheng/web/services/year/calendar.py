"""The days of a year: up to which it is shown, what opens when, what is overdue."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

from django.utils import timezone

from zhunsheng.errors import ZhunshengError
from zhunsheng.regulations.dates import fixed_day
from zhunsheng.translation import worded
from zhunsheng.web.models import CalendarEntry, Checkpoint, Organisation, SelfEvaluation


def default_as_of(year: int) -> date:
    """Return the date up to which a year is shown: today, for years past the day to which self-evaluations go
    by custom.
    """
    return min(timezone.localdate(), fixed_day("self-evaluation-as-of", year))


def day_of(department: Organisation, year: int) -> date:
    """Return the day up to which a department's year is shown: once it is over that of its self-evaluation,
    if one is open.

    One of a day within the year does not hold the year there: what came after it is shown, too.
    """
    return days_of([department.pk], year).get(department.pk, default_as_of(year))


def days_of(departments: Collection[int], year: int) -> dict[int, date]:
    """Return the days of ``day_of`` by department, those alone that are another than the year's."""
    opened = SelfEvaluation.objects.filter(
        department__in=departments, year=year, as_of__range=(date(year, 12, 31), timezone.localdate())
    )
    return dict(opened.values_list("department_id", "as_of"))


def calendar_of(department: Organisation, year: int, kind: str | None = None) -> list[CalendarEntry]:
    """Return the dates that hold for a department: its own and those set above it."""
    found = CalendarEntry.objects.filter(organisation__in=department.line, year=year, active=True)
    return list(found.filter(kind=kind) if kind else found)


def time_has_come(name: str, opens_on: date | None, as_of: date) -> None:
    """Refuse to open what has not begun, or whose data do not exist yet. Raises ``ZS-WB-06``."""
    if early := _too_early(name, opens_on, as_of):
        raise ZhunshengError("ZS-WB-06", detail=early)


def _too_early(name: str, opens_on: date | None, as_of: date) -> str:
    today = timezone.localdate()
    if opens_on is not None and opens_on > today:
        return worded("“{name}”{opens_on} 起填报，现在还不能开启", name=name, opens_on=opens_on)
    return (
        worded("“{name}”的数据截至 {as_of}，这一天还没有到，现在还不能办理", name=name, as_of=as_of)
        if as_of > today
        else ""
    )


def self_entry(department: Organisation, year: int) -> CalendarEntry | None:
    """Return the date of the self-evaluation that holds for a department: the nearest above it,
    there the newest.
    """
    line = department.line
    return max(
        calendar_of(department, year, "self"),
        key=lambda e: (line.index(e.organisation_id), e.pk),
        default=None,
    )


def self_too_early(department: Organisation, year: int, *, begun: bool = False) -> str:
    """Return in words why a year's self-evaluation can't be opened (or, where it has ``begun``,
    submitted) yet; else empty.

    A year that the calendar says nothing of is evaluated once it is over.
    """
    entry = self_entry(department, year)
    if entry is not None:
        return _too_early(entry.name, None if begun else entry.opens_on, entry.as_of)
    if timezone.localdate() > date(year, 12, 31):
        return ""
    return worded(
        "{year}年还没有结束，年度自评在年度结束之后开启；确需提前的，请管理员先在日历中写明自评的数据截至日",
        year=year,
    )


def self_dates(department: Organisation, year: int) -> dict[str, date]:
    """Return up to which day a year's self-evaluation goes and when it is due, as its fields."""
    entry = self_entry(department, year)
    if entry is None:
        return {"as_of": default_as_of(year), "due_on": fixed_day("self-evaluation-due", year)}
    return {"as_of": entry.as_of, "due_on": entry.due_on}


def late_things(department: Organisation, year: int, today: date) -> list[dict[str, Any]]:
    """Return what is overdue or due within two weeks: checkpoints and self-evaluations not done,
    by due date.
    """
    found = []
    for entry in calendar_of(department, year):
        if entry.opens_on > today:
            continue
        done = False
        if entry.kind == "monitoring":
            done = (
                Checkpoint.objects.filter(department=department, as_of=entry.as_of)
                .exclude(state="open")
                .exists()
            )
        elif entry.kind == "self":
            done = (
                SelfEvaluation.objects.filter(department=department, year=year)
                .exclude(state__in=("draft", "returned"))
                .exists()
            )
        if not done:
            found.append(
                {
                    "name": entry.name,
                    "kind": entry.kind,
                    "due_on": entry.due_on,
                    "late": (today - entry.due_on).days,
                }
            )
    return sorted(found, key=lambda f: f["due_on"])


# -- a calendar to begin with
# ------------------------------------------------------------------------------------------------------------


# What most bodies have, month and day of each, ``+1`` for the next year's; prescribed by no document.
PROPOSED = (
    ("monitoring", worded("一季度"), "03-31", "04-01", "04-15"),
    ("monitoring", worded("上半年"), "06-30", "07-01", "07-15"),
    ("monitoring", worded("前三季度"), "09-30", "10-09", "10-25"),
    ("self", worded("年度绩效自评"), "12-31", "+1 01-10", "+1 03-31"),
)


def proposed(year: int) -> list[dict[str, Any]]:
    """Return the fields of the proposed entries of a year."""

    def day(text: str) -> date:
        month, day = map(int, text.removeprefix("+1 ").split("-"))
        return date(year + text.startswith("+1 "), month, day)

    return [
        {
            "kind": kind,
            "name": name,
            "year": year,
            "as_of": day(as_of),
            "opens_on": day(opens),
            "due_on": day(due),
        }
        for kind, name, as_of, opens, due in PROPOSED
    ]


def take_proposed(place: Organisation, year: int) -> int:
    """Add the proposed dates of a year that do not hold for a place yet, and return how many those are."""
    held = CalendarEntry.objects.filter(organisation__in=place.line, year=year, active=True)
    known = set(held.values_list("kind", "as_of"))
    lacking = [one for one in proposed(year) if (one["kind"], one["as_of"]) not in known]
    for one in lacking:
        CalendarEntry.objects.create(organisation=place, **one | {"name": str(one["name"])})
    return len(lacking)
