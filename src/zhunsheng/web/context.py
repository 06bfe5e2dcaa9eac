"""What every page knows: the department and year in view, the parts a user may open, work going on."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from zhunsheng.web.models import Organisation, User
from zhunsheng.web.requests import SiteRequest
from zhunsheng.web.roles import departments, may, memberships, roles_at

# part, label, icon, route, action; the routes of PARTS name a department and year
PARTS = [
    ("overview", _("总览"), "gauge", "overview", "overview.view"),
    ("targets", _("绩效目标"), "target", "targets", "targets.view"),
    ("ledgers", _("台账证据"), "database", "ledgers", "ledgers.view"),
    ("monitoring", _("运行监控"), "activity", "monitoring", "monitoring.view"),
    ("matches", _("口径确认"), "link", "matches", "matches.view"),
    ("selfeval", _("绩效自评"), "clipboard-check", "selfeval", "selfeval.view"),
    ("keyeval", _("重点评价"), "scale", "keyeval", "keyeval.view"),
    ("draws", _("双随机"), "dice", "draws", "draws.view"),
    ("safeguards", _("保障措施"), "shield-check", "safeguards", "safeguards.view"),
    ("publish", _("信息公开"), "speakerphone", "publish", "publish.view"),
]
WIDE = [
    ("portfolio", _("财政汇总"), "building-bank", "portfolio", "portfolio.view"),
    ("administration", _("系统管理"), "settings", "administration", "admin.manage"),
    ("audit", _("审计日志"), "list-details", "audit", "audit.view"),
]


def working_year(department: Organisation) -> int | None:
    """Return the newest year with an approved sheet, else the newest with any: next year's drafts are not the
    year's work.
    """
    sheets = department.sheets.filter(retired=False).order_by("-year").values_list("year", flat=True)
    approved: int | None = sheets.filter(versions__state="approved").first()
    return approved or sheets.first()


def home_of(user: User) -> tuple[Organisation | None, int | None]:
    """Return the department a user starts in and the year that was worked on last."""
    mine = departments(user, "targets.view")
    if not mine:
        return None, None
    first = (
        next((m.organisation.department for m in memberships(user) if m.organisation.department), None)
        or mine[0]
    )
    return first, working_year(first)


FETCHED = ("job",)  # addresses that pages ask for a part of


def _brief(request: SiteRequest) -> bool:
    """Whether only a part of a page is asked for, which needs nothing of what stands around it.

    A whole page asked for with htmx's header, by whatever sends it, is a whole page all the same.
    """
    match = request.resolver_match
    return bool(request.htmx) and (
        request.method != "GET" or (match is not None and match.view_name in FETCHED)
    )


def site(request: SiteRequest) -> dict[str, object]:
    """Return the context of every page."""
    context: dict[str, Any] = {"site_title": settings.SITE_TITLE, "oidc": settings.OIDC}
    context |= {
        "passwords": settings.LOCAL_PASSWORDS or settings.LDAP,
        "directory": settings.OIDC or settings.LDAP,
    }
    context["number"] = getattr(request, "number", "")
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated or _brief(request):
        return context
    department = getattr(request, "department", None)
    year = getattr(request, "year", None)
    if department is None or department.kind != "department":
        if "place" in request.session:
            pk, remembered = request.session["place"]
            department = Organisation.objects.filter(pk=pk, kind="department").first()
            year = year or remembered
        else:
            department, year = home_of(user)
    if department is not None and year is None:
        year = working_year(department)
    year = year or timezone.localdate().year
    if (
        department is not None
        and request.session.get("place") != [department.pk, year]
        and getattr(request, "year", None)
    ):
        request.session["place"] = [department.pk, year]
    parts = []
    if department is not None:
        for key, label, icon, route, action in PARTS:
            if may(user, action, department):
                parts.append(
                    {
                        "key": key,
                        "label": label,
                        "icon": icon,
                        "url": reverse(route, kwargs={"department": department.pk, "year": year}),
                    }
                )
    for key, label, icon, route, action in WIDE:
        if may(user, action):
            parts.append({"key": key, "label": label, "icon": icon, "url": reverse(route)})
    several = len({m.organisation_id for m in memberships(user)}) > 1 or any(
        m.organisation.kind in ("city", "district") for m in memberships(user)
    )
    years = (
        list(department.sheets.order_by("-year").values_list("year", flat=True).distinct())
        if department
        else []
    )
    if department is not None and year not in years:
        years = sorted({*years, year}, reverse=True)
    held = roles_at(user, department) if department else {m.role for m in memberships(user)}
    return context | {
        "place": department,
        "year": year,
        # What a page of a whole district is of, which is no department the reader happened to look at before.
        "where": getattr(request, "where", None),
        "years": years,
        "menu": parts,
        "several": several,
        "held": [m.get_role_display() for m in memberships(user) if m.role in held][:2],
    }
