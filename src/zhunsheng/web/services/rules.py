"""The rules that hold for a department in a year: the national ones, or the local scheme nearest above it."""

from __future__ import annotations

from zhunsheng.regulations import Rules, read_scheme
from zhunsheng.regulations import rules_for as national
from zhunsheng.web.models import LocalScheme, Organisation


def rules_for(department: Organisation, year: int) -> Rules:
    """Return scheme, bands, framework, monitoring rules and grades of a department's year. Raises ``ZS-RG-*``."""
    local = scheme_for(department, year)
    return national(year, read_scheme(local.text, local.name, year) if local else None)


def scheme_for(department: Organisation, year: int) -> LocalScheme | None:
    """Return the local scheme nearest above a department in force for a year, None for the national one."""
    found = LocalScheme.objects.filter(
        organisation__in=department.line, active=True, first_year__lte=year
    ).select_related("organisation")
    return max(found, key=lambda s: (len(s.organisation.path), s.first_year), default=None)
