"""Administration: the organisation tree, users and roles, schemes, calendars,
and the audit log.
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from zhunsheng.errors import ZhunshengError
from zhunsheng.web.actions import ACTIONS
from zhunsheng.web.forms import administration as sent
from zhunsheng.web.forms.fields import LARGEST
from zhunsheng.web.models import (
    CalendarEntry,
    CheckpointMail,
    LocalScheme,
    Membership,
    Organisation,
    Role,
    RuleBasis,
    User,
    Witness,
)
from zhunsheng.web.models.work import cipher
from zhunsheng.web.requests import SignedInRequest
from zhunsheng.web.roles import everywhere, governs, memberships, within
from zhunsheng.web.services import administration as managing
from zhunsheng.web.services import office, starting, watching
from zhunsheng.web.services import witnesses as mail
from zhunsheng.web.services.permissions import parts
from zhunsheng.web.services.year import calendar as dates
from zhunsheng.web.views.common import done, integer_of, page, paged

PAGE = 50


def _from_above(request: SignedInRequest, parent: Organisation | None = None) -> None:
    """Refuse what is decided at an organisation, or for None above all of them,
    to whoever does not reach that far.
    """
    if not (governs(request.user, parent) if parent else everywhere(request.user, "admin.manage")):
        raise PermissionDenied("admin.manage")


def _in_force(request: SignedInRequest, model: Any) -> QuerySet[Any]:
    """Return what was set for places within an administrator's reach, and what is set above them."""
    above = {pk for m in memberships(request.user) if m.role == Role.ADMIN for pk in m.organisation.line}
    found: QuerySet[Any] = model.objects.filter(
        within(request.user, "admin.manage", "organisation__") | Q(organisation__in=above)
    )
    return found.select_related("organisation__parent__parent")


@page("admin.manage")
def administration(request: SignedInRequest) -> HttpResponse:
    """Show the organisation tree with the people of each place."""
    search = request.GET.get("q", "").strip()
    mine = within(request.user, "admin.manage")
    found = Organisation.objects.filter(mine).select_related("parent__parent")
    if search:
        found = found.filter(
            Q(name__contains=search) | Q(official_code=search) | Q(parent__name__contains=search)
        )
    listed = paged(request, found, PAGE)
    rows = []
    shown = list(listed["found"])
    held: dict[int, list[Membership]] = {}
    for m in Membership.objects.filter(organisation__in=shown, active=True).select_related("user"):
        held.setdefault(m.organisation_id, []).append(m)
    for one in shown:
        rows.append((one, one.path.count("/") - 2, held.get(one.pk, [])))
    one = Organisation.objects.filter(mine, pk=integer_of(request, "one", 0, 0, LARGEST)).first()
    change = None
    if one:
        said = {"name": one.name, "official_code": one.official_code, "parent": one.parent_id}
        change = sent.OrganisationChange.blank(request, key="one", said=said | {"on": timezone.localdate()})
        change.merging(one, request.user)
    context = listed | {
        "part": "administration",
        "tab": "tree",
        "one": one,
        "change": change,
        "rows": rows,
        "search": search,
        "new": sent.NewOrganisation.blank(request),
    }
    return render(request, "web/admin/tree.html", context)


@page("admin.manage", methods=("POST",))
def organisation(request: SignedInRequest) -> HttpResponse:
    """Add an organisation, or change one as of a day."""
    if not sent.OrganisationChange.came(request):
        said = sent.NewOrganisation.of(request)
        _from_above(request, said["parent"])
        office.found(
            said["name"], said["kind"], said["parent"], official_code=said["official_code"], on=said["on"]
        )
        return done(request, "administration", _("已保存。"))
    said = sent.OrganisationChange.of(request)
    if said["what"] == "move":
        _from_above(request, said["parent"])
    # What an organisation is called and becomes is decided above it: its own administrator keeps what is
    # below.
    _from_above(request, said["id"].parent)
    changed = managing.change_organisation(said, request.user)
    return done(request, "administration", _("已保存。") if changed else _("没有变化，没有保存任何内容。"))


@page("admin.manage")
def places_found(request: SignedInRequest) -> HttpResponse:
    """Propose organisations for a part of a name or a code as it is typed, under whatever field's name."""
    text = str(next(iter(request.GET.values()), "")).strip()[:200]
    found = sent.found(request.user, text) if text else ()
    return render(request, "web/admin/_places_found.html", {"found": found})


@page("admin.manage", methods=("GET", "POST"))
def users(request: SignedInRequest) -> HttpResponse:
    """List users with their roles; a POST adds a user, gives or ends a role, hands out a new password,
    or ends an account.
    """
    if request.method == "POST":
        return _change_user(request)
    search = request.GET.get("q", "").strip()
    mine = within(request.user, "admin.manage", "memberships__organisation__")
    if everywhere(request.user, "admin.manage"):
        mine |= Q(memberships=None)
    found = User.objects.filter(pk__in=User.objects.filter(mine).values("pk"))
    found = found.prefetch_related("memberships__organisation__parent__parent").order_by("username")
    if search:
        found = found.filter(username__contains=search) | found.filter(display__contains=search)
    context = paged(request, found, PAGE) | {
        "part": "administration",
        "tab": "users",
        "search": search,
        "new": sent.UserChange.blank(request),
        "handed": [(name, cipher().show(text)) for name, text in request.session.pop("handed", ())],
    }
    context["found"] = [
        (
            u,
            [m for m in u.memberships.all() if m.active and governs(request.user, m)],
            governs(request.user, u),
        )
        for u in context["found"]
    ]
    return render(request, "web/admin/users.html", context)


def _change_user(request: SignedInRequest) -> HttpResponse:
    if not sent.UserChange.came(request):
        raise Http404
    said = sent.UserChange.of(request)
    made = said["what"] == "add"
    if password := managing.change_user(said, request.user):
        hand(request, said["username"] if made else said["user"].username, password)
    return done(request, "users", _("已建立用户 %s。") % said["username"] if made else _("已保存。"))


def hand(request: SignedInRequest, username: str, password: str) -> None:
    """Keep a password for the one page that shows it, in no copy of the database that anybody could read."""
    kept = request.session.get("handed", [])
    request.session["handed"] = [*kept, [username, cipher().hide(password)]]


@page("admin.manage", methods=("GET", "POST"))
def rules(request: SignedInRequest) -> HttpResponse:
    """Show the rules in force, and local schemes, and what one that is chosen would move; a POST adds a local
    scheme, checked against the format, or ends one.
    """
    if request.method == "POST":
        if sent.SchemeToggle.came(request):
            managing.toggle(sent.SchemeToggle.of(request)["id"], request.user)
            return done(request, "rules", _("已保存。"))
        said = sent.NewScheme.of(request)
        managing.add_scheme(
            said["organisation"], said["first_year"], said["text"], request.user, chosen=said["pack"]
        )
        return done(request, "rules", _("方案已启用。"))
    new = sent.NewScheme.blank(request)
    asked = {name: request.GET.get(name, "").strip() for name in ("organisation", "first_year", "pack")}
    if asked["pack"]:
        new.initial = asked
    context: dict[str, Any] = {
        "part": "administration",
        "tab": "rules",
        "data": managing.rules_in_data(),
        "local": [
            (s, managing.local_in_words(s), governs(request.user, s)) for s in _in_force(request, LocalScheme)
        ],
        "new": new if new.offers("organisation") else None,
    }
    if asked["pack"]:
        try:
            context["preview"] = managing.scheme_preview(request.user, asked)
        except ZhunshengError as error:
            context["error"] = error
    return render(request, "web/admin/rules.html", context)


@page("admin.manage", methods=("GET", "POST"))
def bases(request: SignedInRequest) -> HttpResponse:
    """List what the review's rules rest on, in the whole country and in places; a POST adds a place's
    document or ends one.
    """
    if request.method == "POST":
        if sent.BasisToggle.came(request):
            managing.toggle(sent.BasisToggle.of(request)["id"])
        else:
            said = sent.NewBasis.of(request)
            managing.add_basis(said.pop("organisation"), **said)
        return done(request, "bases", _("已保存。"))
    new = sent.NewBasis.blank(request)
    context = {
        "part": "administration",
        "tab": "bases",
        "national": managing.national_bases(),
        "local": [(b, governs(request.user, b)) for b in _in_force(request, RuleBasis)],
        "today": timezone.localdate(),
        "new": new if new.offers("organisation") else None,
    }
    return render(request, "web/admin/bases.html", context)


@page("admin.manage", methods=("GET", "POST"))
def calendar(request: SignedInRequest) -> HttpResponse:
    """List the calendar; a POST adds a date or ends one."""
    if request.method == "POST":
        if sent.CalendarToggle.came(request):
            managing.toggle(sent.CalendarToggle.of(request)["id"])
        elif sent.ProposedDates.came(request):
            said = sent.ProposedDates.of(request)
            n = dates.take_proposed(said["organisation"], said["year"])
            return done(request, "calendar", _("已装入 %s 个日期。") % n if n else _("这些日期都已有了。"))
        else:
            said = sent.NewCalendarEntry.of(request)
            managing.add_date(said.pop("organisation"), **said)
        return done(request, "calendar", _("已保存。"))
    new = sent.NewCalendarEntry.blank(request)
    year = timezone.localdate().year
    context = {
        "part": "administration",
        "tab": "calendar",
        "proposed": dates.proposed(year),
        "take": sent.ProposedDates.blank(request, said={"year": year, "what": "proposed"}),
        "found": [
            (e, governs(request.user, e))
            for e in _in_force(request, CalendarEntry).order_by("-year", "as_of")[:500]
        ],
        "new": new if new.offers("organisation") else None,
    }
    return render(request, "web/admin/calendar.html", context)


@page("admin.manage", methods=("GET", "POST"))
def witnesses(request: SignedInRequest) -> HttpResponse:
    """List who gets the log's checkpoints by mail, and what became of each; a POST adds or ends one."""
    if request.method == "POST":
        if sent.WitnessToggle.came(request):
            managing.toggle(sent.WitnessToggle.of(request)["id"])
        else:
            mail.add(**sent.NewWitness.of(request))
        return done(request, "witnesses", _("已保存。"))
    mine = within(request.user, "admin.manage", "organisation__")
    found = Witness.objects.filter(mine).select_related("organisation__parent__parent")
    context = {
        "part": "administration",
        "tab": "witnesses",
        "found": found,
        "mails": CheckpointMail.objects.filter(witness__in=found).select_related("witness")[:PAGE],
        "configured": mail.configured(),
        "new": sent.NewWitness.blank(request),
    }
    return render(request, "web/admin/witnesses.html", context)


@page("admin.manage")
def permissions(request: SignedInRequest) -> HttpResponse:
    """Show the table of roles and stages as it is in force."""
    context = {"part": "administration", "tab": "permissions", "table": parts(), "roles": Role.labels}
    return render(request, "web/admin/permissions.html", context)


@page("admin.manage")
def start(request: SignedInRequest) -> HttpResponse:
    """Show how far setting up has got, found out by looking, and what is next."""
    stages = starting.stages(request.user, timezone.localdate().year)
    needed = [one for one in stages if one.needed]
    context = {
        "part": "administration",
        "tab": "start",
        "stages": stages,
        "done": sum(one.done for one in needed),
        "total": len(needed),
        "next": next((one for one in needed if not one.done), None),
        "machine": starting.machine() if everywhere(request.user, "admin.manage") else None,
    }
    return render(request, "web/admin/start.html", context)


@page("admin.manage")
def service(request: SignedInRequest) -> HttpResponse:
    """Show how the service is, what is wrong first; to administrators above all organisations alone."""
    _from_above(request)
    order: dict[str, int] = {"wrong": 0, "unseen": 1, "ok": 2}
    facts = watching.observe()
    found = sorted(watching.checks(facts), key=lambda one: order[one.state])
    count = {state: sum(one.state == state for one in found) for state in order}
    context = {"part": "administration", "tab": "service", "found": found, "count": count, "at": facts.now}
    return render(request, "web/admin/service.html", context)


@page("audit.view")
def audit(request: SignedInRequest) -> HttpResponse:
    """Show the audit log, newest first: by person, kind of record, and words."""
    held = [m.organisation for m in memberships(request.user) if m.role in ACTIONS["audit.view"].roles]
    request.where = min(held, key=lambda o: len(o.path)), None
    found = all_mine = managing.entries_for(request.user)
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
        "whole": everywhere(request.user, "audit.view"),
        "models": all_mine.order_by("model").values_list("model", flat=True).distinct(),
    }
    return render(request, "web/admin/audit.html", context)
