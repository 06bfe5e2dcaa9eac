"""The indicator library and the starter packs: looked up, changed, installed."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from zhunsheng.web.forms import administration as sent
from zhunsheng.web.forms.fields import LARGEST
from zhunsheng.web.models import LibraryIndicator
from zhunsheng.web.requests import SignedInRequest
from zhunsheng.web.roles import everywhere
from zhunsheng.web.services import administration as managing
from zhunsheng.web.services import exchange, packs
from zhunsheng.web.services import library as keeping
from zhunsheng.web.views.common import done, download, integer_of, page, paged

PAGE = 100


def _from_above(request: SignedInRequest) -> None:
    """Refuse what is decided for all places to whoever does not reach that far."""
    if not everywhere(request.user, "admin.manage"):
        raise PermissionDenied("admin.manage")


@page("admin.manage", methods=("GET", "POST"))
def library(request: SignedInRequest) -> HttpResponse:
    """List the indicator library, and of one entry its text, its use and its past; a POST adds an entry,
    changes one, or ends one.
    """
    if request.method == "POST":
        return _change_library(request)
    if kind := request.GET.get("export"):
        given = exchange.library_given(kind)
        if given is None:
            raise Http404
        return download(*given)
    search, industry = (request.GET.get(name, "").strip()[:60] for name in ("q", "industry"))
    number = integer_of(request, "one", 0, 0, LARGEST)
    one = LibraryIndicator.objects.filter(pk=number).first() if number else None
    measures = managing.known_measures()
    may_change = everywhere(request.user, "admin.manage")
    context = paged(request, keeping.found(search, industry), PAGE) | {
        "part": "administration",
        "tab": "library",
        "search": search,
        "industry": industry,
        "industries": keeping.industries(),
        "may_change": may_change,
        "new": sent.NewLibraryIndicator.blank(request, measures),
        "one": one,
        "file": sent.LibraryFile.blank(request),
    }
    if one:
        said = {name: getattr(one, name) for name in keeping.FIELDS} | {"entry": one.pk}
        context |= {
            "change": sent.LibraryChange.blank(request, measures, key="one", said=said),
            "used": keeping.used(one, request.user),
            "years": keeping.YEARS,
            "history": keeping.history(one),
        }
    return render(request, "web/admin/library.html", context)


def _change_library(request: SignedInRequest) -> HttpResponse:
    _from_above(request)
    if sent.LibraryToggle.came(request):
        managing.toggle(sent.LibraryToggle.of(request)["id"])
        return done(request, "library", _("已保存。"))
    if sent.LibraryFile.came(request):
        came, left = exchange.take_library(sent.LibraryFile.of(request)["library"])
        said = {"new": came["new"], "rest": sum(came.values()) - came["new"]}
        words = _("加入 %(new)s 项，%(rest)s 项已有或与已有的不同，没有改动。") % said
        return done(request, "library", words + "".join(f"{one}；" for one in left[:10]))
    if sent.LibraryChange.came(request):
        values: dict[str, Any] = sent.LibraryChange.of(request, managing.known_measures())
        changed = keeping.change(values.pop("entry"), values)
        return done(request, "library", _("已保存。") if changed else _("没有变化，没有保存任何内容。"))
    new: dict[str, Any] = sent.NewLibraryIndicator.of(request, managing.known_measures())
    made = keeping.add(new, new.pop("industry"))
    return done(request, "library", _("已保存，编号 %s。") % made.code)


@page("admin.manage", methods=("GET", "POST"))
def packs_page(request: SignedInRequest) -> HttpResponse:
    """List the starter packs, and of one what it would bring; a POST installs it."""
    if request.method == "POST":
        _from_above(request)
        put, count = packs.put(sent.PackInstall.of(request)["pack"], request.user)
        said = _("已装入“%(name)s”的 %(count)s 项。") % {"name": put.name, "count": count}
        return done(request, "packs", said if count else _("没有可装入的，什么也没有改动。"))
    name = request.GET.get("pack", "")
    pack = packs.named(name)
    if name and pack is None:
        raise Http404
    context: dict[str, Any] = {
        "part": "administration",
        "tab": "packs",
        "offers": packs.offers() if pack is None else [],
        "one": packs.offer(pack) if pack else None,
        "may_change": everywhere(request.user, "admin.manage"),
    }
    return render(request, "web/admin/packs.html", context)
