"""The finance bureau's view of hundreds of departments: import in one go, findings, heat map, who is late,
ranking, export.
"""

from __future__ import annotations

import json

from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from zhunsheng.web.actions import ACTIONS
from zhunsheng.web.forms.fields import LARGEST
from zhunsheng.web.forms.portfolio import Archive, Places
from zhunsheng.web.models import Job, Organisation, Sheet, SheetFinding, SheetVersion
from zhunsheng.web.requests import SignedInRequest
from zhunsheng.web.roles import may, memberships
from zhunsheng.web.services import jobs, office
from zhunsheng.web.services.portfolio import duties, ranking, ranking_file, summary
from zhunsheng.web.services.review import unreviewed
from zhunsheng.web.views.common import done, download, integer_of, page, paged

PAGE = 50


def _scope(request: SignedInRequest, action: str) -> tuple[Organisation, int]:
    """Return the organisation whose departments are looked at, and the year."""
    held = [m.organisation for m in memberships(request.user) if m.role in ACTIONS[action].roles]
    if not held:
        raise PermissionDenied(action)
    top = min(held, key=lambda o: len(o.path))
    sheets = Sheet.objects.filter(department__path__startswith=top.path, retired=False).order_by("-year")
    # The year most is known of: next year's few drafts are not what the bureau looks at.
    counted = (
        sheets.values("year").annotate(n=Count("department", distinct=True)).order_by("-n", "-year").first()
    )
    newest = counted["year"] if counted else None
    year = integer_of(request, "year", newest or timezone.localdate().year, 2000, 2100)
    request.where = top, year
    return top, year


def _elsewhere(request: SignedInRequest, department: Organisation) -> str:
    """Return in words why a department of the year can't be opened by who looks; empty where it can."""
    if may(request.user, "overview.view", department):
        return ""
    above = department.parent
    return _("现属%s，由那里办理") % above.name if above else _("不在您可看的范围内")


@page("portfolio.view")
def portfolio(request: SignedInRequest) -> HttpResponse:
    """Show all departments at once."""
    top, year = _scope(request, "portfolio.view")
    ranked = everyone = ranking.ranking(top, year)
    search = request.GET.get("q", "").strip()
    order = request.GET.get("order", "")
    if search:
        ranked = [r for r in ranked if search in office.told(r["department"], year)]
    if order == "red":
        ranked.sort(key=lambda r: -r["lights"].get("red", 0))
    elif order == "errors":
        # Not reviewed is not the same as without errors: those come last, in a list of their own.
        ranked.sort(key=lambda r: (r["unreviewed"] > 0, -r["findings"].get("error", 0)))
    elif order == "execution":
        ranked.sort(key=lambda r: (r["execution"] is None, r["execution"] or 0))
    listed = paged(request, ranked, PAGE)
    pending = [r for r in ranked if r["unreviewed"]]
    for row in (*listed["found"], *pending[:15]):
        row["elsewhere"] = _elsewhere(request, row["department"])
    years = (
        Sheet.objects.filter(department__path__startswith=top.path)
        .order_by("-year")
        .values_list("year", flat=True)
        .distinct()
    )
    context = {
        "part": "portfolio",
        "top": top,
        "the_year": year,
        "the_years": list(years),
        "totals": summary.totals(top, year, everyone),
        "ranked": listed["found"],
        "total": listed["total"],
        "number": listed["number"],
        "pages": listed["pages"],
        "unreviewed": pending[:15],
        "unreviewed_total": len(pending),
        "search": search,
        "order": order,
        "rules": summary.findings_by_rule(top, year)[:15],
        "late": (late := summary.late(top, year, timezone.localdate()))[:15],
        "late_total": len(late),
        "calendar": summary.has_calendar(top, year),
        "waiting": SheetVersion.objects.filter(
            sheet__department__path__startswith=top.path, state="checked"
        ).select_related("sheet__department")[:10],
        "can_import": may(request.user, "portfolio.import"),
        "archive": Archive.blank(request, said={"year": year}),
        "jobs": Job.objects.filter(kind__in=("archive", "assess-all"), department__path__startswith=top.path)[
            :5
        ],
    }
    return render(request, "web/portfolio.html", context)


@page("portfolio.view")
def heat_map(request: SignedInRequest) -> HttpResponse:
    """Return the heat map's figures."""
    top, year = _scope(request, "portfolio.view")
    found = summary.heat_map(top, year)
    places = Organisation.objects.in_bulk(found["ids"])
    found["ids"] = [pk if may(request.user, "overview.view", places[pk]) else None for pk in found["ids"]]
    return JsonResponse(found, json_dumps_params={"ensure_ascii": False})


@page("portfolio.view")
def portfolio_findings(request: SignedInRequest) -> HttpResponse:
    """List findings by rule, severity and department."""
    top, year = _scope(request, "portfolio.view")
    found = (
        SheetFinding.objects.filter(office.below(top, year, "department__"), year=year)
        .select_related("department", "version__sheet")
        .prefetch_related(f"department__{office.STAGES}")
    )
    rule, level, search = (
        request.GET.get("rule", ""),
        request.GET.get("level", ""),
        request.GET.get("q", "").strip()[:60],
    )
    if search:
        # By the name of the year, which is the one that is shown.
        there = Organisation.objects.filter(pk__in=found.values("department")).prefetch_related("stages")
        found = found.filter(department__in=[o.pk for o in there if search in o.name_in(year)])
    if rule:
        found = found.filter(rule=rule)
    if level in ("error", "warning", "note"):
        found = found.filter(level=level)
    context = paged(request, found.order_by("department__name", "pk"), PAGE)
    context["found"] = [(f, may(request.user, "targets.view", f.department)) for f in context["found"]]
    context |= {
        "part": "portfolio",
        "the_year": year,
        "rules": summary.findings_by_rule(top, year),
        "unreviewed": len(waiting := unreviewed(top, year)),
        "reviewed": Sheet.objects.filter(
            office.below(top, year, "department__"), year=year, retired=False
        ).count()
        > sum(waiting.values()),
        "rule": rule,
        "level": level,
        "search": search,
    }
    return render(request, "web/portfolio_findings.html", context)


@page("portfolio.view")
def portfolio_duties(request: SignedInRequest) -> HttpResponse:
    """Show the ledger of the review over all departments, by rule or by department, down to the duties of a
    department; ``?format=xlsx`` or ``json`` as a file.
    """
    top, year = _scope(request, "portfolio.view")
    rule, fate = request.GET.get("rule", ""), request.GET.get("fate", "")
    department = integer_of(request, "department", 0, 0, LARGEST)
    context = {
        "part": "portfolio",
        "the_year": year,
        "fates": [(one, duties.fate_word(one)) for one in duties.FATES],
        "rule": duties.rule_named(rule),
        "fate": fate,
    }
    if department and (rule or fate):
        found = duties.lines(top, year, department=department, rule=rule, fate=fate)
        if not found:
            raise Http404
        place = found[0].version.sheet.department
        context |= paged(request, found, PAGE)
        context |= {"department": place, "opens": may(request.user, "targets.view", place)}
        return render(request, "web/portfolio_duties_lines.html", context)
    told = duties.tally(top, year)
    if request.GET.get("format") == "xlsx":
        return download(*duties.workbook(told, top, year))
    if request.GET.get("format") == "json":
        text = json.dumps(duties.as_json(told, top, year), ensure_ascii=False, indent=1)
        return download(text.encode(), f"审核清单-{top.code}-{year}.json")
    context |= {"sheets": told.sheets.total(), "unreviewed": told.unreviewed.total()}
    if department:
        if (one := next((d for d in told.departments if d.pk == department), None)) is None:
            raise Http404
        context |= {"department": one, "by_rule": told.by_rule(one.pk)}
    elif rule or request.GET.get("by") == "department":
        context |= paged(request, told.by_department(rule or None), PAGE)
        context |= {"by_department": context["found"]}
    else:
        context["by_rule"] = told.by_rule()
    return render(request, "web/portfolio_duties.html", context)


@page("portfolio.import", methods=("POST",), whole=False)
def portfolio_import(request: SignedInRequest) -> HttpResponse:
    """Take in a zip of documents, or assess all anew, in the background."""
    top, year = _scope(request, "portfolio.import")
    said = Archive.of(request)
    year = said["year"] or year
    if said["assess"]:
        job = jobs.assess_all_soon(top, year, request.user)
        return done(request, "job", "", job.pk)
    job = jobs.archive_soon(top, year, request.user, said["file"], said["folder"])
    return done(request, "job", "", job.pk)


@page("portfolio.import", methods=("POST",), job=Job)
def archive_places(request: SignedInRequest, job: Job) -> HttpResponse:
    """Take in the documents of a zip that named no known department, where a person says they belong."""
    if job.kind != "archive" or job.department is None or not job.result.get("unknown"):
        raise Http404
    below = Organisation.objects.filter(path__startswith=job.department.path, kind="department", active=True)
    again = jobs.archive_again(job, Places.of(request, job.result["unknown"], below)["places"], request.user)
    return done(request, "job", "", again.pk)


@page("portfolio.view")
def portfolio_export(request: SignedInRequest) -> HttpResponse:
    """Send the ranking as Excel."""
    top, year = _scope(request, "portfolio.view")
    return download(*ranking_file.ranking_given(top, year))
