"""Administration: the organisation tree, users and roles, indicator library, schemes, calendars, and the audit log."""

from __future__ import annotations

import secrets
import tempfile
from pathlib import Path
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _

from zhunsheng.errors import ZhunshengError
from zhunsheng.measures import measures
from zhunsheng.regulations import deadlines, frameworks, key_frameworks, monitoring_rules, scheme_of, schemes
from zhunsheng.web.models import (
    AuditEntry,
    CalendarEntry,
    LibraryIndicator,
    LocalScheme,
    Membership,
    Organisation,
    Role,
    User,
)
from zhunsheng.web.roles import ACTIONS
from zhunsheng.web.views.common import choice_of, date_of, done, integer_of, page, paged, require_post, text_of

PAGE = 50


def _toggle(request: HttpRequest, model: Any) -> None:
    """End the use of an entry, or resume it."""
    one = get_object_or_404(model, pk=integer_of(request.POST, "id", 0, 0, 2**31))
    one.active = not one.active
    one.save()


@page("admin.manage")
def administration(request: HttpRequest) -> HttpResponse:
    """Show the organisation tree with the people of each place."""
    search = request.GET.get("q", "").strip()
    found = Organisation.objects.all()
    if search:
        found = found.filter(name__contains=search)
    listed = paged(request, found, PAGE)
    rows = []
    shown = list(listed["found"])
    held: dict[int, list[Membership]] = {}
    for m in Membership.objects.filter(organisation__in=shown, active=True).select_related("user"):
        held.setdefault(m.organisation_id, []).append(m)
    for one in shown:
        rows.append((one, one.path.count("/") - 2, held.get(one.pk, [])))
    context = listed | {
        "part": "administration",
        "tab": "tree",
        "rows": rows,
        "search": search,
        "kinds": Organisation.Kind.choices,
        "parents": Organisation.objects.filter(kind__in=("city", "district", "department"), active=True)[:500],
    }
    return render(request, "web/admin/tree.html", context)


@page("admin.manage")
def organisation(request: HttpRequest) -> HttpResponse:
    """Add an organisation, rename one, or end or resume its use."""
    require_post(request)
    if request.POST.get("id"):
        one = get_object_or_404(Organisation, pk=integer_of(request.POST, "id", 0, 0, 2**31))
        if "toggle" in request.POST:
            one.active = not one.active
        else:
            one.name = text_of(request, "name", _("名称"), required=True, most=120)
        one.save()
    else:
        kind = choice_of(request, "kind", _("类别"), Organisation.Kind.values)
        parent = Organisation.objects.filter(pk=integer_of(request.POST, "parent", 0, 0, 2**31)).first()
        order = Organisation.Kind.values
        if (parent is None) != (kind == "city") or (parent and order.index(parent.kind) >= order.index(kind)):
            raise ZhunshengError("ZS-WB-06", detail=_("科室在部门之下，部门在区县或市之下，区县在市之下"))
        name = text_of(request, "name", _("名称"), required=True, most=120)
        if Organisation.objects.filter(parent=parent, name=name).exists():
            raise ZhunshengError("ZS-WB-06", detail=_("“%s”已存在") % name)
        Organisation.objects.create(name=name, kind=kind, parent=parent, code=text_of(request, "code", most=40))
    return done(request, "administration", _("已保存。"))


@page("admin.manage")
def users(request: HttpRequest) -> HttpResponse:
    """List users with their roles; a POST adds a user, gives or ends a role, hands out a new password, or ends an account."""
    if request.method == "POST":
        return _change_user(request)
    search = request.GET.get("q", "").strip()
    found = User.objects.prefetch_related("memberships__organisation").order_by("username")
    if search:
        found = found.filter(username__contains=search) | found.filter(display__contains=search)
    context = paged(request, found, PAGE) | {
        "part": "administration",
        "tab": "users",
        "search": search,
        "roles": Role.choices,
        "organisations": Organisation.objects.filter(active=True)[:1000],
        "handed": request.session.pop("handed", None),
    }
    return render(request, "web/admin/users.html", context)


def _change_user(request: HttpRequest) -> HttpResponse:
    what = request.POST.get("what")
    if what == "add":
        username = text_of(request, "username", _("用户名"), required=True, most=60)
        if User.objects.filter(username=username).exists():
            raise ZhunshengError("ZS-WB-06", detail=_("用户名“%s”已存在") % username)
        user = User(
            username=username,
            display=text_of(request, "display", _("姓名"), required=True, most=60),
            phone=text_of(request, "phone", most=40),
        )
        try:
            User.username_validator(username)
        except ValidationError as error:
            raise ZhunshengError("ZS-WB-06", detail="".join(error.messages)) from None
        _hand_password(request, user)
        _give_role(request, user)
        return done(request, "users", _("已建立用户 %s。") % username)
    user = get_object_or_404(User, pk=integer_of(request.POST, "user", 0, 0, 2**31))
    if what == "role":
        _give_role(request, user)
    elif what == "end-role":
        membership = get_object_or_404(Membership, pk=integer_of(request.POST, "membership", 0, 0, 2**31), user=user)
        if user == request.user and membership.role == Role.ADMIN:
            raise ZhunshengError("ZS-WB-06", detail=_("不能取消自己的管理员角色"))
        membership.active = False
        membership.save()
    elif what == "password":
        _hand_password(request, user)
    elif what == "toggle":
        if user == request.user:
            raise ZhunshengError("ZS-WB-06", detail=_("不能停用自己的账号"))
        user.is_active = not user.is_active
        user.save()
    else:
        raise Http404
    return done(request, "users", _("已保存。"))


def _hand_password(request: HttpRequest, user: User) -> None:
    """Give a password that must be changed at the next sign-in; it is shown once, to the administrator."""
    password = f"{secrets.token_urlsafe(9)}-Zs1"
    validate_password(password, user)
    user.set_password(password)
    user.must_change = True
    user.save()
    request.session["handed"] = [user.username, password]


def _give_role(request: HttpRequest, user: User) -> None:
    role = choice_of(request, "role", _("角色"), Role.values)
    place = get_object_or_404(Organisation, pk=integer_of(request.POST, "organisation", 0, 0, 2**31))
    if role in (Role.FINANCE, Role.HEAD) and place.kind not in ("department", "section"):
        raise ZhunshengError("ZS-WB-06", detail=_("财务科、部门负责人应在部门任职"))
    if role == Role.BUREAU and place.kind not in ("city", "district"):
        raise ZhunshengError("ZS-WB-06", detail=_("财政局应设在市或区县"))
    Membership.objects.update_or_create(user=user, organisation=place, role=role, defaults={"active": True})


@page("admin.manage")
def library(request: HttpRequest) -> HttpResponse:
    """List the indicator library; a POST adds an entry or ends one."""
    if request.method == "POST":
        if request.POST.get("id"):
            _toggle(request, LibraryIndicator)
        else:
            measure = choice_of(request, "measure", _("测度"), measures(), required=False)
            level2, name = (
                text_of(request, "level2", _("二级指标"), required=True, most=40),
                text_of(request, "name", _("三级指标"), required=True, most=120),
            )
            if LibraryIndicator.objects.filter(level2=level2, name=name).exists():
                raise ZhunshengError("ZS-WB-06", detail=_("“%s”已存在") % name)
            LibraryIndicator.objects.create(
                level1=text_of(request, "level1", _("一级指标"), required=True, most=40),
                level2=level2,
                name=name,
                description=text_of(request, "description", most=300),
                target=text_of(request, "target", most=60),
                basis=text_of(request, "basis", most=60),
                measure=measure,
            )
        return done(request, "library", _("已保存。"))
    return render(
        request,
        "web/admin/library.html",
        {
            "part": "administration",
            "tab": "library",
            "found": LibraryIndicator.objects.all(),
            "measures": measures().values(),
        },
    )


@page("admin.manage")
def rules(request: HttpRequest) -> HttpResponse:
    """Show the rules in force, and local schemes; a POST adds a local scheme, checked against the format, or ends one."""
    if request.method == "POST":
        if request.POST.get("id"):
            _toggle(request, LocalScheme)
            return done(request, "rules", _("已保存。"))
        text, year = (
            text_of(request, "text", _("方案"), required=True, most=50_000),
            integer_of(request.POST, "first_year", 0, 0, 2100),
        )
        place = get_object_or_404(Organisation, pk=integer_of(request.POST, "organisation", 0, 0, 2**31))
        with tempfile.TemporaryDirectory(prefix="zhunsheng-") as scratch:
            path = Path(scratch) / "方案.yaml"
            path.write_text(text, "utf8")
            scheme = scheme_of(year, path)
        LocalScheme.objects.create(organisation=place, name=scheme.name, first_year=year, text=text)
        return done(request, "rules", _("方案已启用。"))
    data: list[tuple[str, Any]] = [
        (_("指标框架"), frameworks()),
        (_("评分方案"), schemes()),
        (_("运行监控规则"), monitoring_rules()),
        (_("重点评价指标体系"), key_frameworks()),
        (_("法定期限"), deadlines()),
    ]
    context = {
        "part": "administration",
        "tab": "rules",
        "data": data,
        "local": LocalScheme.objects.select_related("organisation"),
        "organisations": Organisation.objects.filter(active=True).exclude(kind="section")[:1000],
    }
    return render(request, "web/admin/rules.html", context)


@page("admin.manage")
def calendar(request: HttpRequest) -> HttpResponse:
    """List the calendar; a POST adds a date or ends one."""
    if request.method == "POST":
        if request.POST.get("id"):
            _toggle(request, CalendarEntry)
            return done(request, "calendar", _("已保存。"))
        opens, due = date_of(request, "opens_on", _("开始")), date_of(request, "due_on", _("截止"))
        assert opens is not None and due is not None
        if due < opens:
            raise ZhunshengError("ZS-WB-06", detail=_("截止日期早于开始日期"))
        CalendarEntry.objects.create(
            organisation=get_object_or_404(Organisation, pk=integer_of(request.POST, "organisation", 0, 0, 2**31)),
            year=integer_of(request.POST, "year", 2000, 2000, 2100),
            kind=choice_of(request, "kind", _("事项"), CalendarEntry.Kind.values),
            name=text_of(request, "name", _("名称"), required=True, most=60),
            as_of=date_of(request, "as_of", _("数据截至")),
            opens_on=opens,
            due_on=due,
        )
        return done(request, "calendar", _("已保存。"))
    context = {
        "part": "administration",
        "tab": "calendar",
        "found": CalendarEntry.objects.select_related("organisation").order_by("-year", "as_of")[:500],
        "kinds": CalendarEntry.Kind.choices,
        "organisations": Organisation.objects.filter(active=True).exclude(kind="section")[:1000],
    }
    return render(request, "web/admin/calendar.html", context)


@page("admin.manage")
def permissions(request: HttpRequest) -> HttpResponse:
    """Show the table of roles and stages as it is in force."""
    rows = [(name, act, [(role, role in act.roles) for role in Role.values]) for name, act in ACTIONS.items()]
    return render(
        request,
        "web/admin/permissions.html",
        {"part": "administration", "tab": "permissions", "rows": rows, "roles": Role.choices},
    )


@page("audit.view")
def audit(request: HttpRequest) -> HttpResponse:
    """Show the audit log, newest first: by person, kind of record, and words."""
    found = AuditEntry.objects.all()
    actor, model, search = (request.GET.get(k, "").strip()[:60] for k in ("actor", "model", "q"))
    if actor:
        found = found.filter(actor=actor)
    if model:
        found = found.filter(model=model)
    if search:
        found = found.filter(title__contains=search)
    context = paged(request, found, PAGE) | {
        "part": "audit",
        "actor": actor,
        "model": model,
        "search": search,
        "models": AuditEntry.objects.order_by("model").values_list("model", flat=True).distinct(),
    }
    return render(request, "web/admin/audit.html", context)
