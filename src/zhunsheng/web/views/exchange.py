"""A department's year in the field names of the data standard: taken along, and taken in."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from zhunsheng.web.forms.targets import ExchangeFile
from zhunsheng.web.models import Organisation
from zhunsheng.web.requests import SignedInRequest
from zhunsheng.web.roles import may
from zhunsheng.web.services import exchange as exchanging
from zhunsheng.web.views.common import demand, done, download, page


@page("targets.view", methods=("GET", "POST"))
def exchange(request: SignedInRequest, department: Organisation, year: int) -> HttpResponse:
    """Show what can be taken along and what has no place there; send it with ``?export=``; a POST takes the
    targets of a file in as drafts.
    """
    if request.method == "POST":
        demand(request, "targets.start", department)
        said = ExchangeFile.of(request)
        _upload, made = exchanging.take(said["file"], department, year, request.user, said["reason"])
        words = _("读入了 %s 张目标表，请核对后提交。") % len(made)
        return done(request, "targets", words, department=department.pk, year=made[0].sheet.year)
    if kind := request.GET.get("export"):
        given = exchanging.given(department, year, request.GET.get("what", ""), kind)
        if given is None:
            raise Http404
        return download(*given)
    targets, left = exchanging.targets_of(department, year)
    result = exchanging.result_of(department, year)
    context = {
        "part": "targets",
        "targets": exchanging.told(targets),
        "targets_left": left,
        "result": exchanging.told(result[0]) if result else [],
        "result_left": result[1] if result else [],
        "can_start": may(request.user, "targets.start", department),
        "sent": ExchangeFile.blank(request),
    }
    return render(request, "web/exchange.html", context)
