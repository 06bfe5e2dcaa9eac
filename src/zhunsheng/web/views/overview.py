"""The year at a glance, and the way from any figure back to the rows it rests on."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from zhunsheng.clock import day_of
from zhunsheng.web.context import home_of
from zhunsheng.web.models import Job, KeyEvaluation, Organisation, SheetFinding
from zhunsheng.web.requests import SignedInRequest
from zhunsheng.web.roles import departments, inherited, may
from zhunsheng.web.services import limits, office, review, starting, todo
from zhunsheng.web.services.lineage import behind
from zhunsheng.web.services.sheets.lookup import in_force, newest, sheets_of
from zhunsheng.web.services.year import calendar, comparing, records
from zhunsheng.web.views.common import integer_of, page

ROWS = 50


@require_safe
def home(request: SignedInRequest) -> HttpResponse:
    """Go where the visitor works: the public pages, the portfolio, the administration,
    or a department's overview.
    """
    if not request.user.is_authenticated:
        return redirect("set-up" if starting.waits() else "public")
    if may(request.user, "portfolio.view"):
        return redirect("portfolio")
    mine = KeyEvaluation.objects.filter(evaluators=request.user).order_by("-state", "-year").first()
    if mine is not None:
        return redirect("keyeval", department=mine.department_id, year=mine.year)
    department, year = home_of(request.user)
    if department is not None:
        year = year or timezone.localdate().year
        if may(request.user, "overview.view", department):
            return redirect("overview", department=department.pk, year=year)
        return redirect("keyeval", department=department.pk, year=year)
    return redirect("start" if may(request.user, "admin.manage") else "account")


@page(None)
def places(request: SignedInRequest) -> HttpResponse:
    """Let a user of several departments choose one."""
    search = request.GET.get("q", "").strip()
    mine = [*departments(request.user, "targets.view"), *inherited(request.user, "targets.view")]
    keys = [d.pk for d in mine]
    known = Organisation.objects.filter(pk__in=keys).select_related("parent__parent").order_by("path")
    found = [d for d in known if search in office.told(d)]
    this = timezone.localdate().year
    years = dict(
        Organisation.objects.filter(pk__in=[d.pk for d in found[:200]]).values_list("pk", "sheets__year")
    )
    listed = [(d, years.get(d.pk) or this) for d in found[:200]]
    return render(request, "web/places.html", {"found": listed, "total": len(found), "search": search})


@page("overview.view")
def overview(request: SignedInRequest, department: Organisation, year: int) -> HttpResponse:
    """Show payments against the plan, lights, scores, findings, what is overdue,
    and what waits for the reader.
    """
    today = timezone.localdate()
    assessment = records.newest_assessment(department, year)
    sheets = sheets_of(department, year)
    findings = SheetFinding.objects.filter(department=department, year=year).select_related("version")
    levels = {level: sum(1 for f in findings if f.level == level) for level in ("error", "warning", "note")}
    standings = review.standings(department, year)
    run = assessment.run if assessment else None
    results = [
        {
            "n": n,
            "chart_id": f"plan-{n}",
            "sheet": one,
            "chart": _chart(one, year, assessment.as_of) if assessment else None,
        }
        for n, one in enumerate(run.results if run else ())
    ]
    working = Job.objects.filter(department=department, state__in=("queued", "running")).first()
    context = {
        "part": "overview",
        "assessment": assessment,
        "run": run,
        "results": results,
        "stale": assessment is not None and comparing.overtaken(assessment),
        "approved": any(in_force(s) for s in sheets),
        "levels": levels,
        "drafts": sum(f.version.state != "approved" for f in findings),
        "unreviewed": sum(not s.current for s in standings.values()),
        "open_ends": sum(s.verdict == "open" or s.counts["cannot_judge"] > 0 for s in standings.values()),
        "clean": bool(standings) and all(s.verdict == "clean" for s in standings.values()),
        "sheets": [(s, newest(s)) for s in sheets],
        "late": calendar.late_things(department, year, today),
        "limits": limits.waiting(department, calendar.day_of(department, year)),
        "todo": todo.of(request.user, department, year, today),
        "working": working,
        "past_year_end": assessment is not None and assessment.as_of > date(year, 12, 31),
    }
    return render(request, "web/overview.html", context)


def _chart(one: Any, year: int, as_of: date) -> dict[str, Any] | None:
    """Return the plan and the payments as shares of the budget in percent by date,
    None without a plan or a budget.
    """
    budget = one.money.initial if one.money.adjusted is None else one.money.adjusted
    if not one.plan or budget is None or one.money.doubt:
        return None
    start = f"{year}-01-01"
    plan = [[start, 0.0], *([day_of(day), round(float(share) * 100, 2)] for day, share in one.plan)]
    if one.money.paid is None:
        # What was paid is not known, which is another thing than nothing.
        return {"plan": plan, "paid": [], "labels": [_("计划")]}
    paid = [
        [start, 0.0],
        *([day_of(day), round(float(total / budget) * 100, 2)] for day, total in one.payments),
    ]
    paid.append([day_of(min(as_of, date(year, 12, 31))), paid[-1][1]])
    return {"plan": plan, "paid": paid, "labels": [_("计划"), _("实际支付")]}


@page("overview.view")
def lineage(
    request: SignedInRequest, department: Organisation, year: int, sheet: int, line: str
) -> HttpResponse:
    """Show what lies behind one figure: definition, numerator and denominator, rows, batches, files,
    who imported them.

    ``line`` is an indicator's number, or ``paid`` or ``budget`` for the sheet's money.
    """
    personal = may(request.user, "ledgers.personal", department)
    limit = integer_of(request, "rows", ROWS, 10, 1000)
    context = behind(department, year, sheet, line, limit, personal=personal)
    if context is None:
        raise Http404
    return render(request, "web/lineage.html", {"part": "overview", "year": year} | context)
