"""A department's own ledgers: a sample becomes a definition, a definition gets new versions, rows are typed
in.
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _

from zhunsheng.web.forms.own_ledgers import ADDED, TYPES, Definition, RowForm, Sample
from zhunsheng.web.models import Organisation, Upload
from zhunsheng.web.requests import SignedInRequest
from zhunsheng.web.services import own_ledgers as service
from zhunsheng.web.services.uploads import take
from zhunsheng.web.views.common import demand, done, integer_of, page
from zhunsheng.web.views.ledgers import known_ledger


@page("ledgers.define", methods=("GET", "POST"))
def new(request: SignedInRequest, department: Organisation, year: int) -> HttpResponse:
    """Ask for a sample of the ledger that is to be defined."""
    if request.method == "POST":
        upload = take(Sample.of(request)["file"], "ledger", department, request.user)
        return done(request, "ledger-proposal", department=department.pk, year=year, upload=upload.pk)
    return render(request, "web/ledger_new.html", {"part": "ledgers", "form": Sample.blank(request)})


@page("ledgers.define", methods=("GET", "POST"), whole=False)
def proposal(request: SignedInRequest, department: Organisation, year: int, upload: int) -> HttpResponse:
    """Show what ledger a sample proposes, column by column; a POST defines it as it was confirmed."""
    sample = get_object_or_404(Upload, pk=upload, department=department, purpose="ledger")
    found = service.proposed(sample)
    columns = [one.column for one in found.columns]
    if request.method == "POST":
        form = Definition.sent(request, columns, (), sample=True)
        sent = form.cleaned_data
        ledger = service.made(sent, *form.defined(), None, department)
        made = service.define(department, request.user, ledger, why=sent["why"], base="")
        said = _("已新建台账“%(title)s”，可以下载模板、导入了。") % {"title": made.file}
        return done(request, "ledger", said, department=department.pk, year=year, ledger=made.ledger)
    shown = Definition.said_of(columns, found.key, ())
    shown |= {f"take-{n}": one.taken for n, one in enumerate(found.columns)}
    form = Definition.blank(request, columns, (), sample=True, said={**shown, "title": found.title})
    context = {
        "part": "ledgers",
        "found": found,
        "form": form,
        "lines": list(zip(form.drawn(), found.columns, strict=True)),
        "upload": sample,
    }
    return render(request, "web/ledger_proposal.html", context)


@page("ledgers.view", methods=("GET", "POST"), whole=False)
def definition(request: SignedInRequest, department: Organisation, year: int, ledger: str) -> HttpResponse:
    """Show a ledger's columns and the versions of its definition; a POST defines a new one."""
    known = known_ledger(ledger, department)
    can = service.may_define(request.user, known, department)
    fixed = service.fixed(known, department)
    columns = [c for c in known.columns if c not in fixed]
    names = service.names_for(known, ADDED)
    shape: dict[str, Any] = {"only_columns": service.built_in(known)}
    if request.method == "POST":
        demand(request, "ledgers.define", department)
        if not can:
            raise PermissionDenied("ledgers.define")
        form = Definition.sent(request, columns, names, **shape)
        said = form.cleaned_data
        made = service.define(
            department,
            request.user,
            service.made(said, *form.defined(), known, department),
            why=said["why"],
            base=said["base"],
            agreed=said["agreed"],
        )
        told = _("“%(title)s”的定义已是新的一版，记为批次 %(batch)s。")
        told %= {"title": made.file, "batch": made.batch}
        return done(request, "ledger-definition", told, department=department.pk, year=year, ledger=known.id)
    said = Definition.said_of(columns, known.key, names)
    said |= {name: getattr(known, name) for name in ("title", "what", "steward", "retired")}
    form = Definition.blank(request, columns, names, said={**said, "base": known.defined}, **shape)
    context = {
        "part": "ledgers",
        "ledger": known,
        "fixed": fixed,
        "shown": fixed if can else known.columns,
        "types": dict(TYPES),
        "built_in": service.built_in(known),
        "form": form,
        "lines": [(line, None) for line in form.drawn()],
        "can": can,
        "versions": service.history(known, department),
    }
    return render(request, "web/ledger_definition.html", context)


@page("ledgers.import", methods=("GET", "POST"), whole=False)
def row(request: SignedInRequest, department: Organisation, year: int, ledger: str) -> HttpResponse:
    """Ask for a row to be added or, told by where it came from, corrected; a POST shows what it comes to, and
    saves it once that was seen.
    """
    known = known_ledger(ledger, department)
    place = service.place_of(department, known)
    if request.method == "POST":
        return _typed(request, department, year, known)
    before = None
    if batch := integer_of(request, "batch", 0, 0, 2**53):
        before = place.row(batch, integer_of(request, "row", 0, 0, 2**53), request.GET.get("sheet") or None)
    said: dict[str, object] = {}
    if before:
        origin = dict(zip(("batch", "row", "sheet"), before.place, strict=True))
        said = {**RowForm.said_of(before.values), **origin}
    form = RowForm.blank(request, known, corrects=before is not None, said=said)
    return _row_page(request, known, form, before)


def _typed(request: SignedInRequest, department: Organisation, year: int, known: Any) -> HttpResponse:
    place = service.place_of(department, known)
    corrects = bool(request.POST.get("batch"))
    form = RowForm.sent(request, known, corrects=corrects)
    said, values, before = form.cleaned_data, form.values(), None
    if corrects:
        before = place.row(said["batch"], said["row"] or 0, said["sheet"] or None)
        values = {name: before.values[name] for name in known.key} | values
    came: Any = None if said["seen"] else place.look(values, before)
    if came is None or not (came.errors or came.known or came.questions):
        made = service.save_row(
            department, known, request.user, values, said["why"], before=before, agreed=said["agreed"]
        )
        if service.saved(made):
            told = _("已更正，记为批次 %(n)s。") if corrects else _("已登记，记为批次 %(n)s。")
            here = {"department": department.pk, "year": year, "ledger": known.id}
            return done(request, "ledger", told % {"n": made.batch}, **here)
        came = made
    return _row_page(request, known, form, before, came)


def _row_page(
    request: SignedInRequest, known: Any, form: RowForm, before: Any, came: Any = None
) -> HttpResponse:
    faults: dict[str, list[str]] = {}
    for error in came.errors if came else ():
        faults.setdefault(error.column, []).append(error.message)
    context = {
        "part": "ledgers",
        "place": request.department,
        "year": request.year,
        "ledger": known,
        "form": form,
        "cells": [(column, field, faults.get(column.title, [])) for column, field in form.cells()],
        "elsewhere": [(title, said) for title, said in faults.items() if not _in(form, title)],
        "before": before,
        "fixed": [(c, before.values[c.name]) for c in known.columns if before and c.name in known.key],
        "came": came,
        "ready": came is not None and not came.errors,
    }
    template = "web/_row_form.html" if request.htmx else "web/ledger_row.html"
    return render(request, template, context)


def _in(form: RowForm, title: str) -> bool:
    return any(column.title == title for column, _field in form.cells())
