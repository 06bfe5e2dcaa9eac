"""Statutory limits: what is overdue, due soon or was done in time, by section, and each row of it."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render

from zhunsheng.web.models import Organisation
from zhunsheng.web.requests import SignedInRequest
from zhunsheng.web.services import limits as service
from zhunsheng.web.services.year.calendar import day_of
from zhunsheng.web.views.common import download, page


@page("ledgers.view")
def limits(request: SignedInRequest, department: Organisation, year: int) -> HttpResponse:
    """Show how the department's rows stand to the statutory limits on a day; or export those listed."""
    as_of = service.day_named(request.GET.get("as_of", ""), day_of(department, year))
    section = request.GET.get("section", "").strip()[:100]
    asked = service.sought(request.GET.get("limit", ""), section, request.GET.get("state", ""))
    if (kind := request.GET.get("export")) in ("xlsx", "csv"):
        return download(*service.exported(department, as_of, asked, kind))
    context = {
        "part": "ledgers",
        "as_of": as_of,
        "asked": asked,
        "most": service.SHOWN,
        "published_until": service.PUBLISHED_UNTIL,
        **service.shown(department, as_of, asked),
    }
    return render(request, "web/limits.html", context)
