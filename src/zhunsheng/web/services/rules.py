"""The rules that hold for a department in a year: the national ones, or the local scheme nearest above it."""

from __future__ import annotations

from zhunsheng.regulations import Rules, read_scheme
from zhunsheng.regulations import rules_for as national
from zhunsheng.review import LocalBasis
from zhunsheng.web.databases.connections import remembered
from zhunsheng.web.models import LocalScheme, Organisation, RuleBasis
from zhunsheng.web.services import office


@remembered
def bases_for(department: Organisation, year: int) -> tuple[LocalBasis, ...]:
    """Return the documents of the places above a department that rules of the review rest on, nearest first.

    Above it is what was above it at the end of that year.
    """
    line = office.lines([department], year)[department.pk]
    found = RuleBasis.objects.filter(organisation__in=line, active=True)
    return tuple(
        LocalBasis(
            id=str(one.pk),
            rules=tuple(one.rules.split()),
            name=one.name,
            citation=one.citation,
            article=one.article,
            scope=one.scope,
            valid_from=one.valid_from,
            valid_to=one.valid_to,
            status="verified" if one.verified_on else "unverified",
            checked_on=one.verified_on,
        )
        for one in sorted(found, key=lambda b: line.index(b.organisation_id), reverse=True)
    )


@remembered
def rules_for(department: Organisation, year: int) -> Rules:
    """Return scheme, bands, framework, monitoring rules and grades of a department's year.
    Raises ``ZS-RG-*``.

    The local scheme that holds is the nearest above that is in force for the year.
    Where all of them have run out it is the national one, and the rules say why.
    """
    known = [read_scheme(one.text, one.name) for one in _schemes(department, year)]
    return national(year, next((s for s in known if s.holds(year)), known[0] if known else None))


def _schemes(department: Organisation, year: int) -> list[LocalScheme]:
    """Return the local schemes in use above a department, nearest first, then newest;
    whatever their own dates say.

    Above it is what was above it at the end of that year, whoever it belongs to since.
    """
    line = office.lines([department], year)[department.pk]
    found = LocalScheme.objects.filter(organisation__in=line, active=True, first_year__lte=year)
    return sorted(found, key=lambda s: (line.index(s.organisation_id), s.first_year, s.pk), reverse=True)
