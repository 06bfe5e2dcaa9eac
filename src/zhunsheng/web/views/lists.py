"""Lists from Excel: templates to fill in, what a filled one would do row by row, and the yes to it."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from zhunsheng.web.forms.lists import ListFile, ListYes, RegisterFile
from zhunsheng.web.models import Organisation, Upload
from zhunsheng.web.requests import SignedInRequest
from zhunsheng.web.services import lists as service
from zhunsheng.web.views.administration import hand
from zhunsheng.web.views.common import demand, done, download, page

LED = {"organisations": "administration", "people": "users"}  # where a list's outcome is seen


@page("admin.manage", methods=("GET", "POST"))
def lists(request: SignedInRequest) -> HttpResponse:
    """Show the lists that a site is set up with; a POST keeps a filled one and leads to its preview."""
    if request.method == "POST":
        said = ListFile.of(request)
        kept = service.keep(said["name"], said["file"], None, request.user)
        return done(request, "list", "", kept.pk)
    context = {
        "part": "administration",
        "tab": "lists",
        "lists": [(name, service.lists()[name]) for name in service.SITE],
        "form": ListFile.blank(request),
    }
    return render(request, "web/admin/lists.html", context)


@page("admin.manage")
def template(request: SignedInRequest, name: str) -> HttpResponse:
    """Send a list's Excel file to fill in."""
    if name not in service.SITE:
        raise Http404
    return download(*service.template(name))


@page("admin.manage", methods=("GET", "POST"))
def one(request: SignedInRequest, upload: int) -> HttpResponse:
    """Show what a list would do, row by row; a POST is the yes to it."""
    found, name = _kept(request, upload, None)
    if request.method == "POST":
        outcome = _acted(request, found, name, None)
        for username, password in outcome.passwords:
            hand(request, username, password)
        return done(request, LED[name], _told(outcome))
    context: dict[str, object] = {"part": "administration", "tab": "lists", "back": reverse("lists")}
    return _preview(request, found, name, None, context)


@page("draws.view", methods=("POST",))
def register(request: SignedInRequest, department: Organisation, year: int) -> HttpResponse:
    """Keep a filled list of a department's register, and lead to its preview."""
    demand(request, "draws.registers", department)
    said = RegisterFile.of(request)
    kept = service.keep(said["list"], said["file"], department, request.user)
    return done(request, "draw-list", "", department.pk, year, kept.pk)


@page("draws.view")
def register_template(
    request: SignedInRequest, department: Organisation, year: int, name: str
) -> HttpResponse:
    """Send the Excel file of a register to fill in."""
    if name not in service.REGISTERS:
        raise Http404
    return download(*service.template(name))


@page("draws.view", methods=("GET", "POST"))
def register_one(request: SignedInRequest, department: Organisation, year: int, upload: int) -> HttpResponse:
    """Show what a list would do to a register, row by row; a POST is the yes to it."""
    demand(request, "draws.registers", department)
    found, name = _kept(request, upload, department)
    if request.method == "POST":
        told = _told(_acted(request, found, name, department))
        return done(request, "draws", told, department=department.pk, year=year)
    back = reverse("draws", args=[department.pk, year])
    return _preview(request, found, name, department, {"part": "draws", "back": back})


def _kept(request: SignedInRequest, upload: int, place: Organisation | None) -> tuple[Upload, str]:
    found = service.kept(upload, place, request.user)
    if found is None:
        raise Http404
    return found


def _acted(
    request: SignedInRequest, upload: Upload, name: str, place: Organisation | None
) -> service.Outcome:
    said = ListYes.of(request)
    agreed = frozenset(said["agreed"])
    return service.act(upload, name, request.user, place, seen=said["seen"], agreed=agreed)


def _told(outcome: service.Outcome) -> str:
    n = outcome.counts
    return _("已导入：新增 %(new)s 行，改动 %(changed)s 行，问过的 %(asked)s 行按您的回答。") % n


def _preview(
    request: SignedInRequest,
    upload: Upload,
    name: str,
    place: Organisation | None,
    context: dict[str, object],
) -> HttpResponse:
    outcome = service.look(upload, name, request.user, place)
    order = (service.REFUSED, service.ASKED, service.CHANGED, service.NEW, service.EQUAL)
    parts = [(state, [x for x in outcome.lines if x.state == state]) for state in order]
    context |= {
        "upload": upload,
        "ledger": service.lists()[name],
        "outcome": outcome,
        "parts": [(state, found) for state, found in parts if found],
        "counts": outcome.counts,
    }
    return render(request, "web/list_preview.html", context)
