"""A department's own measures: listed, stated without SQL, looked at before they are saved, taken from
packs.
"""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from zhunsheng.usecases.own_measures import Offered, Own
from zhunsheng.web.forms.measures import MeasureEnded, MeasureForm, PackFile, PackTaken
from zhunsheng.web.models import Organisation
from zhunsheng.web.requests import SignedInRequest
from zhunsheng.web.roles import may
from zhunsheng.web.services import jobs
from zhunsheng.web.services import own_measures as service
from zhunsheng.web.views.common import demand, done, download, page

MOST = 2**20  # bytes of a pack


@page("measures.view", methods=("GET", "POST"), whole=False)
def own_measures(request: SignedInRequest, department: Organisation, year: int) -> HttpResponse:
    """List the department's own measures; a POST looks at a pack, or takes it in."""
    if request.method == "POST":
        demand(request, "measures.define", department)
        if PackTaken.came(request):
            return _taken(request, department, year)
        file = PackFile.of(request)["pack"]
        text, offers = service.offered(department, file.read(MOST), file.name)
        form = PackTaken.blank(request, _asked(offers), said={"text": text})
        return _list(request, department, year, {"offers": offers, "taking": form})
    if (name := request.GET.get("ledger")) and service.ledger(name):
        return redirect("own-measure-new", department=department.pk, year=year, ledger=name)
    return _list(request, department, year, {})


def _list(
    request: SignedInRequest, department: Organisation, year: int, more: dict[str, Any]
) -> HttpResponse:
    context = {
        "part": "ledgers",
        "listed": service.with_ledgers(department),
        "ledgers": service.all_ledgers(),
        "can_define": may(request.user, "measures.define", department),
        "pack": PackFile.blank(request),
        **more,
    }
    return render(request, "web/own_measures.html", context)


def _asked(offers: list[Offered]) -> dict[str, str]:
    return {one.measure.id: one.measure.name for one in offers if one.fate == "version"}


def _taken(request: SignedInRequest, department: Organisation, year: int) -> HttpResponse:
    text = request.POST.get(PackTaken.mark, "")[:MOST]
    _text, offers = service.offered(department, text.encode(), "yaml")
    form = PackTaken.sent(request, _asked(offers))
    made = service.take(department, request.user, text, form.said(), form.cleaned_data["why"])
    if made:
        jobs.assess_soon(department, request.user)
    told = _("已收进 %(n)s 个测度。") % {"n": len(made)}
    return done(request, "own-measures", told, department=department.pk, year=year)


@page("measures.view")
def own_measures_file(request: SignedInRequest, department: Organisation, year: int) -> HttpResponse:
    """Send the department's own measures as one pack."""
    return download(*service.exported(department))


@page("measures.define", methods=("GET", "POST"), whole=False)
def own_measure_new(
    request: SignedInRequest, department: Organisation, year: int, ledger: str
) -> HttpResponse:
    """State a new measure over a ledger; a POST looks at it, or saves it."""
    known = service.ledger(ledger)
    if known is None:
        raise Http404
    if request.method == "POST":
        return _stated(request, department, year, known, None)
    form = MeasureForm.blank(request, known, said={"after": 0, "count_days": "work"})
    return _form(request, known, form, None)


@page("measures.view", methods=("GET", "POST"), whole=False)
def own_measure(request: SignedInRequest, department: Organisation, year: int, measure: str) -> HttpResponse:
    """Show one of the department's own measures with its versions; a POST looks at the next,
    saves it, or ends the measure.
    """
    own = service.one_of(department, measure)
    if own is None:
        raise Http404
    known = service.ledger(own.measure.ledger)
    can = may(request.user, "measures.define", department) and service.may_change(department, own)
    if request.method == "POST":
        demand(request, "measures.define", department)
        if not can or known is None:
            raise Http404
        if MeasureEnded.came(request):
            ended = MeasureEnded.of(request)
            service.end(department, request.user, own, ended["why"], ended["ended"])
            jobs.assess_soon(department, request.user)
            told = _("“%(name)s”不再用，各版仍可查到。") % {"name": own.measure.name}
            return done(request, "own-measures", told, department=department.pk, year=year)
        return _stated(request, department, year, known, own)
    said = service.statement(own.measure) if can and known else None
    form = None
    if said is not None:
        form = MeasureForm.blank(request, known, said={**said, "after": len(own.versions)})
    return _form(request, known, form, own)


def _form(
    request: SignedInRequest,
    ledger: Any,
    form: MeasureForm | None,
    own: Own | None,
    preview: service.Preview | None = None,
) -> HttpResponse:
    context = {
        "part": "ledgers",
        "ledger": ledger,
        "form": form,
        "own": own,
        "preview": preview,
        "ending": MeasureEnded.blank(request, said={"ended": len(own.versions)}) if own else None,
    }
    return render(request, "web/own_measure.html", context)


def _stated(
    request: SignedInRequest, department: Organisation, year: int, ledger: Any, own: Own | None
) -> HttpResponse:
    form = MeasureForm.sent(request, ledger)
    said = form.cleaned_data
    made = service.made(department, form.stated(), own)
    if said["do"] == "preview":
        return _form(request, ledger, form, own, service.previewed(department, year, made, own, said["why"]))
    kept = service.save(department, request.user, made, said["why"], said["after"])
    jobs.assess_soon(department, request.user)
    told = _("“%(name)s”已存为第 %(n)s 版，数据将重新计算。") % {"name": kept.name, "n": kept.version}
    return done(request, "own-measures", told, department=department.pk, year=year)
