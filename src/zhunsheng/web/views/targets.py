"""Target sheets: upload, the sheet beside the original, findings beside fields, corrections, decisions, versions."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from zhunsheng.errors import ZhunshengError
from zhunsheng.reports.docx import write_forms
from zhunsheng.reports.forms import target_form
from zhunsheng.reports.xlsx import write_workbook
from zhunsheng.targets.editing import INDICATOR_LABELS, changes, fields_of
from zhunsheng.usecases.documents import original, place_key
from zhunsheng.web.forms.targets import SameForm, SettleForm
from zhunsheng.web.models import LibraryIndicator, Organisation, SheetVersion
from zhunsheng.web.requests import SignedInRequest
from zhunsheng.web.roles import available, may
from zhunsheng.web.services import indicators as deciding
from zhunsheng.web.services import review, sheets
from zhunsheng.web.services import year as figures
from zhunsheng.web.views.common import demand, done, integer_of, page, send, text_of
from zhunsheng.web.workflow import compare as unchanged


@page("targets.view", methods=("GET", "POST"), whole=False)
def targets(request: SignedInRequest, department: Organisation, year: int) -> HttpResponse:
    """List the sheets of a year; a POST starts some: from a document, last year's, or the empty form."""
    if request.method == "POST":
        demand(request, "targets.start", department)
        how = request.POST.get("how")
        if how == "upload":
            document = sheets.read_file(request.FILES.get("file"))
            reason = text_of(request, "reason")
            upload, made = sheets.keep_document(document, department, year, request.user, reason)
            message = _("识别出 %(n)s 张目标表，请逐项核对。") % {"n": len(made)}
            if elsewhere := sorted({v.sheet.year for v in made} - {year}):
                message += _("文件写明的年度是 %(years)s 年，已归入该年，不在 %(year)s 年之下。") % {
                    "years": "、".join(str(y) for y in elsewhere),
                    "year": year,
                }
            if made[0].upload_id != upload.pk:
                message = _("这份文件先前已上传，没有另建版本。")
                if any(v.edited for v in made):
                    message += _("那之后改过内容，现在的与文件不同。")
                    message += (
                        _("已批复的要按文件重来，请先提出调整，再上传。")
                        if any(v.state == "approved" for v in made)
                        else _("要按文件重来，请先作废这一版再上传。")
                    )
            else:
                message += "".join(sheets.joined_words(v) for v in made)
            return done(request, "version", message, made[0].pk)
        if how == "last-year":
            made = sheets.start_from_last_year(department, year, request.user)
            return done(
                request,
                "targets",
                _("已沿用上年 %(n)s 张目标表。") % {"n": len(made)},
                department=department.pk,
                year=year,
            )
        if how == "review":
            sheets.review_again(department, year)
            asked = integer_of(request.POST, "version", 0, 0, 2**31 - 1)
            one = get_object_or_404(SheetVersion, pk=asked, sheet__department=department, sheet__year=year)
            return done(request, "version", _("已重新审核。"), one.pk)
        kind = "department" if request.POST.get("kind") == "department" else "project"
        one = sheets.start_blank(
            department, year, kind, text_of(request, "name", _("项目名称"), most=120), request.user
        )
        return done(request, "version", _("已建立空白目标表。"), one.pk)
    standings = review.standings(department, year)
    listed = [
        {
            "sheet": s,
            "version": (v := sheets.newest(s)),
            "in_force": sheets.in_force(s),
            "levels": _levels(v),
            "standing": standings[v.pk],
        }
        for s in sheets.sheets_of(department, year)
    ]
    context = {
        "part": "targets",
        "listed": listed,
        "void": sheets.void_of(department, year),
        "can_start": may(request.user, "targets.start", department),
        "next_year": year + 1,
    }
    return render(request, "web/targets.html", context)


def _levels(version: SheetVersion) -> dict[str, int]:
    levels = list(version.findings.values_list("level", flat=True))
    return {level: levels.count(level) for level in ("error", "warning", "note")}


def _about(field: str, path: str) -> bool:
    """Return whether a finding on a field belongs beside the field at a path: the field itself, or the first of its parts."""
    return (
        field == path or (field == "budget" and path == "budget.total") or (field == "goals" and path == "goals.0.text")
    )


def _review_context(
    request: SignedInRequest, version: SheetVersion, sheet: Any, fields: dict[str, Any]
) -> dict[str, Any]:
    """Return what the panel of the review shows: how it stands, its findings, and those that stand beside no field."""
    standing = review.standing_of(version)
    findings = list(version.findings.all()) or review.told(version, standing)
    codes = {i.id for i in sheet.indicators}  # their findings stand in their rows
    beside = [p for p in fields if p.split(".")[0] not in ("plan", "indicators")]
    return {
        "standing": standing,
        "by_state": [(state, STATE_WORDS[state], listed) for state, listed in standing.duties.items()],
        "findings": findings,
        "general": [
            f
            for f in findings
            if f.indicator_code not in codes and (f.indicator or not any(_about(f.field, p) for p in beside))
        ],
        "can_review": version.sheet.latest.pk == version.pk and may(request.user, "targets.start", version.department),
    }


STATE_WORDS = {
    "passed": gettext_lazy("通过"),
    "found": gettext_lazy("有发现"),
    "not_applicable": gettext_lazy("不适用"),
    "cannot_judge": gettext_lazy("判断不了"),
    "not_run": gettext_lazy("还没查"),
}
RARE = ("weight", "last_year")  # columns that many sheets leave empty


@page("targets.view", version=SheetVersion)
def version(request: SignedInRequest, version: SheetVersion) -> HttpResponse:
    """Show a version: the original on one side, the fields with their findings on the other."""
    sheet = version.target_sheet()
    fields = fields_of(sheet)
    keys = {path: place_key(f.place) for path, f in fields.items()}
    head: list[dict[str, Any]] = []
    goals: list[dict[str, Any]] = []
    plan: dict[int, dict[str, Any]] = {}
    indicators: dict[int, dict[str, Any]] = {}
    reviewed = _review_context(request, version, sheet, fields)
    findings = reviewed["findings"]
    for path, field in fields.items():
        entry: dict[str, Any] = {
            "field": field,
            "key": keys[path],
            "path": path,
            "findings": [f for f in findings if not f.indicator and _about(f.field, path)],
        }
        parts = path.split(".")
        if parts[0] == "plan":
            plan.setdefault(int(parts[1]), {})[parts[2]] = entry
        elif parts[0] == "goals":
            goals.append(entry | {"row": sheets.row_keys(sheet, "goals")[int(parts[1])]})
        elif parts[0] == "indicators":
            indicators.setdefault(int(parts[1]), {})[parts[2]] = entry
        else:
            entry["long"] = parts[0] in ("purpose", "narrative")
            head.append(entry)
    rows: list[dict[str, Any]] = []
    for n, cells in indicators.items():
        one = sheet.indicators[n]
        rows.append(
            {
                "n": n,
                "cells": cells,
                "one": one,
                "unread": one.target.op == "unread",
                "findings": [f for f in findings if f.indicator_code == one.id],
            }
        )
    # Empty columns take room that the original needs; a click brings them back.
    hidden = [
        name for name in RARE if "all" not in request.GET and not any(r["cells"][name]["field"].text for r in rows)
    ]
    document: list[dict[str, Any]] = []
    if version.upload is not None:
        try:
            with version.upload.opened() as file:
                document = original(file)
        except ZhunshengError as error:
            document = [{"kind": "p", "key": "", "text": error.web}]
    linked = set(keys.values()) - {""}
    versions = list(version.sheet.versions.order_by("-number"))
    # A void version takes nobody's place, and can be restored while none has taken its own.
    later = version.sheet.versions.exclude(state="void").filter(number__gt=version.number).order_by("-number").first()
    last = later is None
    in_force = sheets.in_force(version.sheet)
    editable = may(request.user, "targets.edit", version) and last
    actions = available(request.user, version, "targets")
    pairs, left = deciding.pairings(version) if editable else ([], {})
    context = {
        "part": "targets",
        "version": version,
        "in_force": in_force,
        "newer": later,
        "sheet": sheet,
        "head": head,
        "plan": plan,
        "goals": goals,
        "rows": rows,
        "plan_keys": sheets.row_keys(sheet, "plan"),
        "labels": {k: v for k, v in INDICATOR_LABELS.items() if k not in hidden},
        "hidden": hidden,
        **reviewed,
        "document": document,
        "linked": linked,
        "versions": versions,
        "editable": editable,
        **deciding.CHOICES,
        "pairs": pairs,
        "left": left,
        "actions": actions if last else [],
        "can_adjust": version.state == "approved" and last and may(request.user, "targets.adjust", version),
        "can_publish": version == in_force and may(request.user, "publish.request", version),
        "steps": version.steps(),
        "prefix": "targets",
        "library": LibraryIndicator.objects.filter(active=True),
        "error_count": sum(f.level == "error" for f in findings)
        if any(n == "targets.submit" for n, _a in actions)
        else 0,
    }
    return render(request, "web/version.html", context)


@page("targets.view", methods=("POST",), version=SheetVersion)
def field(request: SignedInRequest, version: SheetVersion) -> HttpResponse:
    """Set one field; where someone else changed it meanwhile, both values come back for a choice."""
    demand(request, "targets.edit", version)
    path, text, was = request.POST.get("path", ""), request.POST.get("text", ""), request.POST.get("was", "")
    status, error, value = "kept", None, text.strip()
    # The person's own edit moves what they have seen along; an edit by someone else since then does not.
    followed = bool(request.POST.get("seen")) and request.POST["seen"] == version.seen_digest()
    try:
        version = sheets.set_field(version, path, text, was)
    except ZhunshengError as problem:
        error, status = problem, "conflict" if problem.code == "ZS-WB-03" else "wrong"
    sheet = version.target_sheet()
    fields = fields_of(sheet)
    known = fields.get(path)
    if status == "conflict" and error is not None:
        known = replace(known, text=error.params["theirs"]) if known else None
    if status == "kept" and known is not None:
        value = known.text
    reviewed = _review_context(request, version, sheet, fields)
    parts = path.split(".")
    one = sheet.indicators[int(parts[1])] if known is not None and parts[0] == "indicators" else None
    context = {
        "status": status,
        "one": one,
        "beside": [f for f in reviewed["findings"] if one and f.indicator_code == one.id],
        **deciding.CHOICES,
        "error": error,
        "value": value,
        "known": known,
        "version": version,
        **reviewed,
        "followed": followed and status == "kept",
    }
    return render(request, "web/_field_state.html", context)


@page("targets.view", methods=("POST",), version=SheetVersion)
def part(request: SignedInRequest, version: SheetVersion) -> HttpResponse:
    """Add or remove an indicator, a goal or a plan date."""
    demand(request, "targets.edit", version)
    what = request.POST.get("part", "")
    if "remove" in request.POST:
        unchanged(version, *request.POST.getlist("seen"))
        sheets.remove_part(version, what, request.POST["remove"])
    else:
        library = None
        if request.POST.get("library"):
            library = get_object_or_404(LibraryIndicator, pk=integer_of(request.POST, "library", 0, 0, 2**31))
        sheets.add_part(version, what, library)
    return done(request, "version", "", version.pk)


@page("targets.view", methods=("POST",), version=SheetVersion)
def settle(request: SignedInRequest, version: SheetVersion) -> HttpResponse:
    """Keep a person's word on what an indicator is."""
    demand(request, "targets.edit", version)
    said = SettleForm.of(request)
    deciding.settle(version, said["indicator"], said, request.user)
    return done(request, "version", _("已认定。"), version.pk)


@page("targets.view", methods=("POST",), version=SheetVersion)
def same(request: SignedInRequest, version: SheetVersion) -> HttpResponse:
    """Keep a person's word which indicator of an earlier version one is."""
    demand(request, "targets.edit", version)
    said = SameForm.of(request)
    deciding.say_same(version, said["indicator"], said["former"], said["seen"])
    return done(request, "version", _("已记下。"), version.pk)


@page("targets.view", methods=("POST",), version=SheetVersion)
def adjust(request: SignedInRequest, version: SheetVersion) -> HttpResponse:
    """Open an adjustment of an approved version, with its reason."""
    demand(request, "targets.adjust", version)
    made = sheets.adjust(version, request.user, text_of(request, "reason", _("调整理由"), required=True))
    return done(request, "version", _("已建立调整稿，批复前仍按原目标执行。"), made.pk)


@page("targets.view", version=SheetVersion)
def compare(request: SignedInRequest, version: SheetVersion, other: int) -> HttpResponse:
    """Show two versions of a sheet side by side, changed fields first."""
    against = get_object_or_404(SheetVersion, pk=other, sheet=version.sheet)
    old, new = sorted((version, against), key=lambda v: v.number)
    one, two = old.target_sheet(), new.target_sheet()
    context = {
        "part": "targets",
        "old": old,
        "new": new,
        "changes": changes(one, two),
        "forms": [target_form(one), target_form(two)],
    }
    return render(request, "web/compare.html", context)


@page("targets.view", version=SheetVersion)
def target_file(request: SignedInRequest, version: SheetVersion, kind: str) -> HttpResponse:
    """Send the official target table as Word or Excel, or the original document."""
    name = f"{version.sheet.name}（第{version.number}版）"
    if kind == "original":
        if version.upload is None:
            raise Http404
        with version.upload.opened() as path:
            return send(path)
    form = target_form(version.target_sheet())
    with tempfile.TemporaryDirectory(prefix="zhunsheng-") as scratch:
        path = Path(scratch) / f"表.{kind}"
        if kind == "docx":
            write_forms([form], path)
        else:
            write_workbook([("绩效目标表", form)], path)
        return send(path, f"{name}.{kind}")


@page("overview.view", version=SheetVersion)
def trial(request: SignedInRequest, version: SheetVersion) -> HttpResponse:
    """Show what a version that is not in force would come to (试算); nothing is kept and nothing else shows it."""
    context = {"part": "targets", "version": version, "run": figures.trial(version)}
    return render(request, "web/trial.html", context)
