"""Target sheets: upload, the sheet beside the original, findings beside fields, corrections, decisions,
versions.
"""

from __future__ import annotations

import json

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _

from zhunsheng.web.forms.targets import (
    AdjustmentForm,
    BlankForm,
    DocumentForm,
    DoubtForm,
    FieldForm,
    LastYearForm,
    PartAddition,
    PartRemoval,
    RestConfirmed,
    ReviewForm,
    SameForm,
    SettleForm,
)
from zhunsheng.web.models import Organisation, SheetVersion
from zhunsheng.web.requests import SignedInRequest
from zhunsheng.web.roles import available, may
from zhunsheng.web.services import indicators as deciding
from zhunsheng.web.services import jobs, review, versions
from zhunsheng.web.services.sheets import drafts, lookup, taking
from zhunsheng.web.services.sheets.coherence import coherence_of
from zhunsheng.web.services.sheets.doubts import Doubt
from zhunsheng.web.services.year import figures
from zhunsheng.web.views.common import demand, done, download, page, send
from zhunsheng.web.views.layouts import tables_shown
from zhunsheng.web.workflow import compare as unchanged


@page("targets.view", methods=("GET", "POST"), whole=False)
def targets(request: SignedInRequest, department: Organisation, year: int) -> HttpResponse:
    """List the sheets of a year; a POST starts some: from a document, last year's, or the empty form."""
    if request.method == "POST":
        demand(request, "targets.start", department)
        return _start(request, department, year)
    standings = review.standings(department, year)
    listed = [
        {
            "sheet": s,
            "version": (v := lookup.newest(s)),
            "in_force": lookup.in_force(s),
            "levels": versions.levels(v),
            "standing": standings[v.pk],
        }
        for s in lookup.sheets_of(department, year)
    ]
    context = {
        "part": "targets",
        "listed": listed,
        "void": lookup.void_of(department, year),
        "can_start": may(request.user, "targets.start", department),
        "next_year": year + 1,
        "document": DocumentForm.blank(request),
        "blank": BlankForm.blank(request),
    }
    return render(request, "web/targets.html", context)


@page("targets.view")
def coherence(request: SignedInRequest, department: Organisation, year: int) -> HttpResponse:
    """Show how a year's targets hang together and what stands alone; ``?format=json`` as data."""
    found, versions_drawn = coherence_of(department, year)
    if request.GET.get("format") == "json":
        text = json.dumps(found.as_json(), ensure_ascii=False, indent=1)
        return download(text.encode(), f"对应-{department.code}-{year}.json")
    context = {
        "part": "targets",
        "promises": found.promises,
        "orphans": found.orphans.items(),
        "pledged": found.measured,
        "unmeasured": found.unmeasured,
        "versions": versions_drawn,
    }
    return render(request, "web/coherence.html", context)


def _start(request: SignedInRequest, department: Organisation, year: int) -> HttpResponse:
    if DocumentForm.came(request):
        return _uploaded(request, department, year)
    if LastYearForm.came(request):
        made, left = drafts.start_from_last_year(department, year, request.user)
        told = _("已沿用上年 %(n)s 张目标表。") % {"n": len(made)}
        if left:
            names = "、".join(map(str, left))
            told += _("%(names)s还有未核对之处，没有沿用；请在上年核对后再沿用。") % {"names": names}
        return done(request, "targets", told, department=department.pk, year=year)
    if ReviewForm.came(request):
        reviewed = ReviewForm.of(request, department, year)["version"]
        lookup.review_again(department, year)
        return done(request, "version", _("已重新审核。"), reviewed.pk)
    said = BlankForm.of(request)
    one = drafts.start_blank(department, year, said["kind"], said["name"], request.user)
    return done(request, "version", _("已建立空白目标表。"), one.pk)


def _uploaded(request: SignedInRequest, department: Organisation, year: int) -> HttpResponse:
    """Take in what was sent: one document at once, several in the background."""
    said = DocumentForm.of(request)
    if (several := taking.several(said["files"], department, request.user)) is not None:
        job = jobs.documents_soon(several, department, year, request.user, said["reason"])
        return done(request, "job", "", job.pk)
    upload, made = taking.take_one(said["files"][0], department, year, request.user, said["reason"])
    if len(made) == 1:
        return done(request, "version", versions.uploaded_words(made, upload.pk, year), made[0].pk)
    words = versions.uploaded_words(made, upload.pk, year) if made else ""
    kept = made[0].upload_id if made else upload.pk
    return done(request, "document", words, department.pk, year, kept)


@page("targets.view", version=SheetVersion)
def version(request: SignedInRequest, version: SheetVersion) -> HttpResponse:
    """Show a version: the original on one side, the fields with their findings on the other."""
    shown = versions.shown(version, every="all" in request.GET)
    # A void version takes nobody's place, and can be restored while none has taken its own.
    later = (
        version.sheet.versions.exclude(state="void")
        .filter(number__gt=version.number)
        .order_by("-number")
        .first()
    )
    last = later is None
    in_force = lookup.in_force(version.sheet)
    editable = may(request.user, "targets.edit", version) and last
    actions = available(request.user, version, "targets")
    pairs, left = deciding.pairings(version) if editable else ([], {})
    former = SameForm.blank(request)
    former.offer(left)
    addition = PartAddition.blank(request)
    context = {
        "part": "targets",
        "version": version,
        "upload": version.upload,
        "columns": tables_shown(request, versions.tables_of(version)) if editable else [],
        "in_force": in_force,
        "newer": later,
        **shown,
        "can_review": _can_review(request, version),
        "versions": list(version.sheet.versions.order_by("-number")),
        "editable": editable,
        "pairs": pairs,
        "former": former,
        "actions": actions if last else [],
        "can_adjust": version.state == "approved" and last and may(request.user, "targets.adjust", version),
        "can_publish": version == in_force and may(request.user, "publish.request", version),
        "steps": version.steps(),
        "prefix": "targets",
        "addition": addition if editable and addition.offers("library") else None,
        "adjustment": AdjustmentForm.blank(request),
        "settling": SettleForm.of_each(request, [row["one"] for row in shown["rows"]]) if editable else {},
        "error_count": sum(f.level == "error" for f in shown["findings"])
        if any(n == "targets.submit" for n, _a in actions)
        else 0,
    }
    return render(request, "web/version.html", context)


def _can_review(request: SignedInRequest, version: SheetVersion) -> bool:
    return version.sheet.latest.pk == version.pk and may(request.user, "targets.start", version.department)


@page("targets.view", methods=("POST",), version=SheetVersion)
def field(request: SignedInRequest, version: SheetVersion) -> HttpResponse:
    """Set one field; where someone else changed it meanwhile, both values come back for a choice."""
    demand(request, "targets.edit", version)
    context = versions.set_field(version, **FieldForm.of(request))
    context["can_review"] = _can_review(request, context["version"])
    context["settling"] = SettleForm.of_each(request, [context["one"]] if context["one"] else [])
    context["actions"] = available(request.user, context["version"], "targets")
    return render(request, "web/_field_state.html", context)


@page("targets.view", methods=("POST",), version=SheetVersion)
def part(request: SignedInRequest, version: SheetVersion) -> HttpResponse:
    """Add or remove an indicator, a goal or a plan date."""
    demand(request, "targets.edit", version)
    if PartRemoval.came(request):
        said = PartRemoval.of(request)
        unchanged(version, *said["seen"])
        drafts.remove_part(version, said["part"], said["remove"])
    else:
        said = PartAddition.of(request)
        drafts.add_part(version, said["part"], said["library"])
    return done(request, "version", "", version.pk)


@page("targets.view", methods=("POST",), version=SheetVersion)
def doubt(request: SignedInRequest, version: SheetVersion) -> HttpResponse:
    """Keep that one doubt of the reading, or all that are left, were compared with the original."""
    demand(request, "targets.confirm", version)
    number = None if RestConfirmed.came(request) else DoubtForm.of(request)["number"]
    version = drafts.confirm(version, None if number is None else [number])
    context = {"version": version, "editable": True, **versions.doubted(version), "unfolded": True}
    if not request.htmx:
        said = _("还有 %s 处未核对。") % context["unconfirmed"]
        return done(request, "version", said if context["unconfirmed"] else _("已全部核对。"), version.pk)
    context["next"] = next((one.number for one in _from(number, context["asked"]) if one.waits), "")
    context["actions"] = available(request.user, version, "targets")
    return render(request, "web/_doubts_state.html", context)


def _from(number: int | None, asked: list[Doubt]) -> list[Doubt]:
    """Return doubts in their order, those behind one first."""
    at = next((n for n, one in enumerate(asked) if one.number == number), 0)
    return asked[at:] + asked[:at]


@page("targets.view", version=SheetVersion)
def page_picture(request: SignedInRequest, version: SheetVersion, number: int) -> HttpResponse:
    """Show a page of the PDF that a version was read from."""
    picture = versions.page_picture(version, number)
    if picture is None:
        raise Http404
    response = HttpResponse(picture, content_type="image/png")
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, max-age=3600"
    return response


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
    made = drafts.adjust(version, request.user, AdjustmentForm.of(request)["reason"])
    return done(request, "version", _("已建立调整稿，批复前仍按原目标执行。"), made.pk)


@page("targets.view", version=SheetVersion)
def compare(request: SignedInRequest, version: SheetVersion, other: int) -> HttpResponse:
    """Show two versions of a sheet side by side, changed fields first."""
    against = get_object_or_404(SheetVersion, pk=other, sheet=version.sheet)
    return render(request, "web/compare.html", {"part": "targets"} | versions.compared(version, against))


@page("targets.view", version=SheetVersion)
def target_file(request: SignedInRequest, version: SheetVersion, kind: str) -> HttpResponse:
    """Send the official target table as Word or Excel, or the original document."""
    if kind == "original":
        if version.upload is None:
            raise Http404
        with version.upload.opened() as path:
            return send(path)
    return download(*versions.official_table(version, kind))


@page("overview.view", version=SheetVersion)
def trial(request: SignedInRequest, version: SheetVersion) -> HttpResponse:
    """Show what a version that is not in force would come to (试算); nothing is kept and nothing else shows
    it.
    """
    context = {"part": "targets", "version": version, "run": figures.trial(version)}
    return render(request, "web/trial.html", context)
