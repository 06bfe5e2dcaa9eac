"""A year by another scheme that comes with the program: what it would move, in a department or below a
place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from zhunsheng.errors import ZhunshengError
from zhunsheng.regulations import Scheme, local_schemes, scheme_named, schemes
from zhunsheng.usecases.comparing_schemes import Beside, by_schemes
from zhunsheng.web.models import Organisation, Sheet
from zhunsheng.web.services import office
from zhunsheng.web.services.year.calendar import day_of
from zhunsheng.web.services.year.question import Question
from zhunsheng.web.services.year.readings import opened_for, remember
from zhunsheng.web.services.year.records import record_of

LOOKED = 30  # departments that a preview looks at


def packs() -> list[Scheme]:
    """Return the schemes that come with the program: national ones, then those of places."""
    return [*schemes(), *local_schemes()]


def pack(name: str) -> Scheme:
    """Return the scheme with an id. Raises ``ZS-WB-63``."""
    if (found := scheme_named(name)) is None:
        raise ZhunshengError("ZS-WB-63", name=name)
    return found


def beside(department: Organisation, year: int, others: Sequence[Scheme]) -> list[Beside]:
    """Return every sheet of a department's year by each of other schemes beside its own, on the day that its
    figures are shown of. Raises as ``Question.answer`` and ``by_schemes``.
    """
    day = day_of(department, year)
    evidence = opened_for(department.code)
    done = Question(department, year, day, record_of(department, year, day)).answer(evidence)
    remember(department.code, evidence)
    return by_schemes(done, others)


@dataclass(frozen=True)
class Moves:
    """What a scheme would move below a place: of how many ``sheets`` of how many ``departments`` the total or
    the grade; ``left`` departments were not looked at, ``failed`` could not be scored by it (why, by name).
    """

    year: int
    departments: int
    sheets: int
    totals: int
    grades: int
    left: int
    failed: tuple[tuple[str, ZhunshengError], ...]


def moves(place: Organisation, year: int, scheme: Scheme) -> Moves:
    """Return what a scheme would move below a place in the newest year from ``year`` on that has approved
    sheets there; whose figures they are is not told.
    """
    known = Sheet.objects.filter(year__gte=year, retired=False, versions__state="approved")
    years = known.order_by("-year").values_list("year", flat=True).distinct()
    newest = next((y for y in years if known.filter(office.below(place, y, "department__"), year=y)), year)
    mine = known.filter(office.below(place, newest, "department__"), year=newest)
    all_of_them = Organisation.objects.filter(pk__in=mine.values("department")).order_by("path")
    looked = list(all_of_them[:LOOKED])
    found: list[Beside] = []
    failed = []
    for one in looked:
        try:
            found += beside(one, newest, [scheme])
        except ZhunshengError as error:
            failed.append((str(one), error))
    return Moves(
        year=newest,
        departments=len(looked) - len(failed),
        sheets=len(found),
        totals=sum(one.own.range != one.card.range for one in found),
        grades=sum(one.own.grade != one.card.grade for one in found),
        left=all_of_them.count() - len(looked),
        failed=tuple(failed),
    )
