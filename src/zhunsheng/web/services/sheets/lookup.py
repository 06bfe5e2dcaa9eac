"""A department's sheets and their versions: the newest, the one in force on a day, their findings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from zhunsheng.targets import Book
from zhunsheng.web.databases.connections import remembered
from zhunsheng.web.models import Organisation, Sheet, SheetVersion, User
from zhunsheng.web.models.targets import NO_SOURCE
from zhunsheng.web.roles import permits
from zhunsheng.web.services.review import refresh
from zhunsheng.web.services.sheets import doubts

EDITABLE = ("draft", "returned", "changes")


@remembered
def sheets_of(department: Organisation, year: int) -> Sequence[Sheet]:
    """Return a department's sheets of a year: its own first, then its projects.
    Those of which all is void are retired.
    """
    found = Sheet.objects.filter(department=department, year=year, retired=False)
    return list(found.select_related("department").prefetch_related("versions"))


def void_of(department: Organisation, year: int) -> list[SheetVersion]:
    """Return the void versions of a year, newest first; they count nowhere and can be restored."""
    found = SheetVersion.objects.filter(sheet__department=department, sheet__year=year, state="void")
    return list(found.select_related("sheet").order_by("-pk"))


def newest(sheet: Sheet) -> SheetVersion:
    """Return the newest version that is not void, from what was prefetched."""
    return max(sheet.counted, key=lambda v: v.number)


def in_force(sheet: Sheet) -> SheetVersion | None:
    """Return the newest approved version, from what was prefetched."""
    return max(
        (v for v in sheet.versions.all() if v.state == "approved"), key=lambda v: v.number, default=None
    )


def with_version(book: Book, version: SheetVersion) -> Book:
    """Return a book of sheets in force with a version in place of its sheet's own, behind the others."""
    left = [n for n, sheet in enumerate(book.sheets) if sheet.id != version.sheet.code]
    told = [one for one in book.unsure if one.sheet in left]
    moved = [one.model_copy(update={"sheet": left.index(one.sheet)}) for one in told if one.sheet is not None]
    own = [one.model_copy(update={"sheet": len(left)}) for one in doubts.unanswered(version)]
    sheets = (*(book.sheets[n] for n in left), version.target_sheet())
    return book.model_copy(update={"sheets": sheets, "unsure": (*moved, *own)})


@contextmanager
def turn(department: Organisation, user: User | None) -> Iterator[None]:
    """Do what begins sheets in a department one after the other, whole or not at all:
    the second finds what the first made.

    Raises ``PermissionDenied`` where the role in which the user came has ended while they waited.
    """
    with transaction.atomic():
        Organisation._base_manager.select_for_update(no_key=True).get(pk=department.pk)
        if user is not None and not any(
            permits(user, act, department) for act in ("targets.start", "portfolio.import")
        ):
            raise PermissionDenied("targets.start")
        yield


def review_again(department: Organisation, year: int) -> None:
    """Review a year's sheets anew, as when the rules have changed."""
    with turn(department, None):
        refresh(department, {year})


def in_force_on(sheet: Sheet, day: date) -> SheetVersion | None:
    """Return the version in force on a day (inclusive), None where none is, from what was prefetched."""
    held = [
        v
        for v in sheet.versions.all()
        if v.state == "approved" and v.in_force_from and v.in_force_from <= day
    ]
    return max(held, key=lambda v: v.number, default=None)


@remembered
def book_in_force(department: Organisation, year: int, day: date) -> Book:
    """Return the sheets as they are in force on a day, in their order: what alone counts in figures."""
    return book_of_versions([v for s in sheets_of(department, year) if (v := in_force_on(s, day))])


def book_of_versions(versions: Sequence[SheetVersion]) -> Book:
    """Return versions as a book, with what nobody has confirmed of how they were read: that isn't scored."""
    unsure = (
        one.model_copy(update={"sheet": n}) for n, v in enumerate(versions) for one in doubts.unanswered(v)
    )
    return Book(source=NO_SOURCE, sheets=tuple(v.target_sheet() for v in versions), unsure=tuple(unsure))


def refresh_findings(department: Organisation, year: int) -> None:
    """Review a department's year, and the next where it compares itself with this one;
    keep states and findings.
    """
    refresh(department, {year})


def this_year() -> int:
    """Return the year of today's date at the office."""
    return timezone.localdate().year
