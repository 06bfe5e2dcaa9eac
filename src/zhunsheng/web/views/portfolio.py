"""The finance bureau's view of hundreds of departments: import in one go, findings, heat map, who is late, ranking, export."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import xlsxwriter
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from zhunsheng.errors import ZhunshengError
from zhunsheng.web.models import Job, Organisation, Sheet, SheetFinding, SheetVersion, Upload
from zhunsheng.web.roles import ACTIONS, may, memberships
from zhunsheng.web.services import jobs
from zhunsheng.web.services import portfolio as service
from zhunsheng.web.services.review import unreviewed
from zhunsheng.web.services.uploads import take
from zhunsheng.web.views.common import done, download, integer_of, page, paged, require_post

PAGE = 50


def _scope(request: HttpRequest, action: str) -> tuple[Organisation, int]:
    """Return the organisation whose departments are looked at, and the year."""
    held = [m.organisation for m in memberships(request.user) if m.role in ACTIONS[action].roles]
    if not held:
        raise PermissionDenied(action)
    top = min(held, key=lambda o: len(o.path))
    sheets = Sheet.objects.filter(department__path__startswith=top.path, retired=False).order_by("-year")
    # The year most is known of: next year's few drafts are not what the bureau looks at.
    counted = sheets.values("year").annotate(n=Count("department", distinct=True)).order_by("-n", "-year").first()
    newest = counted["year"] if counted else None
    year = integer_of(request.GET, "year", newest or timezone.localdate().year, 2000, 2100)
    request.department, request.year = None, None  # type: ignore[attr-defined]
    return top, year


@page("portfolio.view")
def portfolio(request: HttpRequest) -> HttpResponse:
    """Show all departments at once."""
    top, year = _scope(request, "portfolio.view")
    ranked = service.ranking(top, year)
    search = request.GET.get("q", "").strip()
    order = request.GET.get("order", "")
    if search:
        ranked = [r for r in ranked if search in r["department"].name]
    if order == "red":
        ranked.sort(key=lambda r: -r["lights"].get("red", 0))
    elif order == "errors":
        # Not reviewed is not the same as without errors: those come last, in a list of their own.
        ranked.sort(key=lambda r: (r["unreviewed"] > 0, -r["findings"].get("error", 0)))
    elif order == "execution":
        ranked.sort(key=lambda r: (r["execution"] is None, r["execution"] or 0))
    number = integer_of(request.GET, "page", 1, 1, 10**6)
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
        "totals": service.totals(top, year),
        "ranked": list(enumerate(ranked, start=1))[(number - 1) * PAGE : number * PAGE],
        "found": len(ranked),
        "number": number,
        "pages": max(1, -(-len(ranked) // PAGE)),
        "unreviewed": (pending := [r for r in ranked if r["unreviewed"]])[:15],
        "unreviewed_total": len(pending),
        "search": search,
        "order": order,
        "rules": service.findings_by_rule(top, year)[:15],
        "late": (late := service.late(top, year, timezone.localdate()))[:15],
        "late_total": len(late),
        "waiting": SheetVersion.objects.filter(
            sheet__department__path__startswith=top.path, state="checked"
        ).select_related("sheet__department")[:10],
        "can_import": may(request.user, "portfolio.import"),
        "jobs": Job.objects.filter(kind__in=("archive", "assess-all"))[:5],
    }
    return render(request, "web/portfolio.html", context)


@page("portfolio.view")
def heat_map(request: HttpRequest) -> HttpResponse:
    """Return the heat map's figures."""
    top, year = _scope(request, "portfolio.view")
    return JsonResponse(service.heat_map(top, year), json_dumps_params={"ensure_ascii": False})


@page("portfolio.view")
def portfolio_findings(request: HttpRequest) -> HttpResponse:
    """List findings by rule, severity and department."""
    top, year = _scope(request, "portfolio.view")
    found = SheetFinding.objects.filter(department__path__startswith=top.path, year=year).select_related(
        "department", "version__sheet"
    )
    rule, level, search = (
        request.GET.get("rule", ""),
        request.GET.get("level", ""),
        request.GET.get("q", "").strip()[:60],
    )
    if search:
        found = found.filter(department__name__contains=search)
    if rule:
        found = found.filter(rule=rule)
    if level in ("error", "warning", "note"):
        found = found.filter(level=level)
    context = paged(request, found.order_by("department__name", "pk"), PAGE) | {
        "part": "portfolio",
        "the_year": year,
        "rules": service.findings_by_rule(top, year),
        "unreviewed": len(unreviewed(top, year)),
        "rule": rule,
        "level": level,
        "search": search,
    }
    return render(request, "web/portfolio_findings.html", context)


@page("portfolio.import")
def portfolio_import(request: HttpRequest) -> HttpResponse:
    """Take in a zip of documents, or assess all anew, in the background."""
    require_post(request)
    top, year = _scope(request, "portfolio.import")
    year = integer_of(request.POST, "year", year, 2000, 2100)
    if "assess" in request.POST:
        stamp = timezone.localtime().strftime("%Y%m%d%H%M")
        job = jobs.enqueue("assess-all", f"assess-all:{top.pk}:{year}:{stamp}", request.user, top, year=year)
        return done(request, "job", "", job.pk)
    folder = [f for f in request.FILES.getlist("folder") if f.name and f.name.lower().endswith(service.ENDINGS)]
    if folder:
        upload = Upload.keep(_packed(folder), _("选择的文件夹") + ".zip", "archive", top, request.user)
    else:
        upload = take(request.FILES.get("file"), "archive", top, request.user)
    job = jobs.enqueue("archive", f"archive:{upload.pk}", request.user, top, upload=upload.pk, year=year)
    return done(request, "job", "", job.pk)


def _packed(files: list[Any]) -> bytes:
    """Return the files of a chosen folder as one zip, so that they go the way of an uploaded one."""
    if sum(f.size or 0 for f in files) > settings.MAX_UPLOAD:
        raise ZhunshengError("ZS-WB-04", name=_("选择的文件夹"), limit=settings.MAX_UPLOAD // 2**20)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for n, file in enumerate(files):
            archive.writestr(f"{n:04d}/{file.name}", file.read())
    return buffer.getvalue()


@page("portfolio.view")
def portfolio_export(request: HttpRequest) -> HttpResponse:
    """Send the ranking as Excel."""
    top, year = _scope(request, "portfolio.view")
    buffer = io.BytesIO()
    titles = [
        _("名次"),
        _("部门"),
        _("目标表数"),
        _("得分"),
        _("等级"),
        _("预算执行率"),
        _("绿灯"),
        _("黄灯"),
        _("红灯"),
        _("待填报"),
        _("错误"),
        _("警告"),
        _("提示"),
        _("尚未审核（表）"),
    ]
    with xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False}) as book:
        sheet = book.add_worksheet(f"{year}")
        bold = book.add_format({"bold": True, "bg_color": "#EEF2F7", "border": 1, "align": "center"})
        percent = book.add_format({"num_format": "0.00%"})
        for c, title in enumerate(titles):
            sheet.write(0, c, title, bold)
        sheet.set_column(1, 1, 36)
        for n, row in enumerate(service.ranking(top, year), start=1):
            sheet.write_row(n, 0, [n, row["department"].name, row["sheets"]])
            if row["total"] is not None:
                sheet.write(n, 3, row["total"])
                sheet.write(n, 4, row["grade"])
            if row["execution"] is not None:
                sheet.write(n, 5, row["execution"], percent)
            sheet.write_row(n, 6, [row["lights"].get(c, 0) for c in ("green", "yellow", "red", "grey")])
            if not row["unreviewed"]:
                sheet.write_row(n, 10, [row["findings"].get(c, 0) for c in ("error", "warning", "note")])
            sheet.write(n, 13, row["unreviewed"])
        sheet.freeze_panes(1, 2)
    return download(buffer.getvalue(), f"{top.name}{year}年部门绩效汇总.xlsx")
