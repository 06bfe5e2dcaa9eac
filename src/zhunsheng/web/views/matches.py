"""Which measure proves an indicator, and which project of the ledgers is a sheet's: proposals,
confirmed by a person.
"""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from zhunsheng.web.forms.year import MatchForm, ProjectForm
from zhunsheng.web.models import Organisation
from zhunsheng.web.requests import SignedInRequest
from zhunsheng.web.roles import may
from zhunsheng.web.services import jobs
from zhunsheng.web.services import matching as service
from zhunsheng.web.services.sheets.lookup import book_in_force
from zhunsheng.web.services.year import calendar, records
from zhunsheng.web.views.common import demand, done, page


@page("matches.view", methods=("GET", "POST"))
def matches(request: SignedInRequest, department: Organisation, year: int) -> HttpResponse:
    """List how each indicator in force is computed, open proposals first; a POST confirms one,
    or a project.
    """
    book = book_in_force(department, year, calendar.day_of(department, year))
    if request.method == "POST":
        demand(request, "matches.confirm", department)
        if ProjectForm.came(request):
            project = ProjectForm.of(request)
            service.confirm_project(
                department,
                book,
                project["sheet"],
                project["project"],
                project["same"] == "yes",
                request.user,
                seen=project["seen"],
            )
        else:
            said = MatchForm.of(request)
            service.confirm(
                department,
                book,
                said["sheet"],
                said["indicator"],
                said["measure"],
                request.user,
                seen=said["seen"],
            )
        jobs.assess_soon(department, request.user)
        return done(request, "matches", _("已确认，数据将重新计算。"), department=department.pk, year=year)
    assessment = records.newest_assessment(department, year)
    run = assessment.run if assessment else None
    lines = service.lines(department, book, run) if run else []
    context = {
        "part": "matches",
        "lines": [(one, _form(request, one)) for one in lines],
        "projects": service.project_lines(department, run) if run else [],
        "can_confirm": may(request.user, "matches.confirm", department),
        "can_override": may(request.user, "matches.override", department),
        "approved": bool(book.sheets),
    }
    return render(request, "web/matches.html", context)


def _form(request: SignedInRequest, line: service.Line) -> MatchForm:
    """Return the form that confirms a line's measure."""
    form = MatchForm.blank(request, said={"measure": line.indicator.match.measure})
    assert request.department is not None  # the page is of one
    form.offer(service.choices(request.department))
    return form
