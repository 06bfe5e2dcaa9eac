"""The rules that hold for a department in a year: the national ones, or the local scheme nearest above it."""

from __future__ import annotations

from zhunsheng.regulations import Rules, read_scheme
from zhunsheng.regulations import rules_for as national
from zhunsheng.web.models import LocalScheme, Organisation
from zhunsheng.web.services import office


def rules_for(department: Organisation, year: int) -> Rules:
    """Return scheme, bands, framework, monitoring rules and grades of a department's year. Raises ``ZS-RG-*``."""
    local = scheme_for(department, year)
    return national(year, read_scheme(local.text, local.name, year) if local else None)


def scheme_for(department: Organisation, year: int) -> LocalScheme | None:
    """Return the local scheme nearest above a department in force for a year, None for the national one.

    Above it is what was above it at the end of that year, whoever it belongs to since.
    """
    line = office.lines([department], year)[department.pk]
    found = LocalScheme.objects.filter(organisation__in=line, active=True, first_year__lte=year)
    return max(found, key=lambda s: (line.index(s.organisation_id), s.first_year), default=None)
