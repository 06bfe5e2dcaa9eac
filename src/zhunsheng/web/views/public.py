"""Publication inside the office, and the public pages: only what was approved, never personal data,
all as open data.
"""

from __future__ import annotations

import base64
import hashlib
import re
from functools import lru_cache
from importlib.resources import files
from typing import Any
from urllib.parse import urlencode

from csp.decorators import csp_replace
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from zhunsheng.errors import ZhunshengError
from zhunsheng.web.forms.base import Faults, SeenForm
from zhunsheng.web.forms.public import Disclosed, Extent, HeldSlip, OwnCode, rows_of
from zhunsheng.web.models import Commitment, Organisation, Publication
from zhunsheng.web.requests import SignedInRequest, SiteRequest
from zhunsheng.web.roles import available, may
from zhunsheng.web.services import commitments, office, own_proofs, papers, stamps
from zhunsheng.web.services.ceremony import code_of
from zhunsheng.web.services.disclosing import UndecidedData
from zhunsheng.web.services.publishing import (
    acts,
    afterwards,
    copies,
    drift,
    exports,
    looking,
    public_pages,
    subjects,
)
from zhunsheng.web.throttle import MOST_ASKED, asked
from zhunsheng.web.views.common import demand, done, download, given, on_screen, page, paged, say_error, send

PAGE = 30
SLIPS = 4  # of a commitment on one sheet of paper


@page("publish.view")
def publish(request: SignedInRequest, department: Organisation, year: int) -> HttpResponse:
    """List what was asked to be published and what became of it."""
    found = Publication.objects.filter(department=department).select_related("requested_by")
    return render(request, "web/publish.html", {"part": "publish", "found": found})


@page(None, methods=("GET", "POST"), whole=False)
def ask(request: SignedInRequest, kind: str, pk: int) -> HttpResponse:
    """Ask for the publication of approved targets, a signed self-evaluation, a draw or its results.

    What is personal in it is shown first, masked, with its places: each is hidden, or kept with a reason.
    """
    if kind not in subjects.SUBJECTS:
        raise Http404
    subject = get_object_or_404(subjects.SUBJECTS[kind], pk=pk)
    demand(request, "publish.request", subject.department)
    request.department = subject.department
    said = Disclosed.decided(request) if request.method == "POST" else {}
    frame = Extent.whole(request)
    error: ZhunshengError | None = None
    if request.method == "POST":
        try:
            made = acts.ask(kind, subject, request.user, said, frame=frame)
        except UndecidedData as waiting:
            if not said and frame:
                return done(request, "publish-ask", "", kind, pk)
            error = waiting
        except ZhunshengError as wrong:
            if not said:
                raise
            error = wrong
        else:
            return done(request, "publication", _("已提出公开申请，待部门负责人批准。"), made.pk)
    whole = copies.copied(kind, subject, frame=frame)
    context = {
        "part": "publish",
        "kind": kind,
        "subject": subject,
        "year": whole.year,
        "title": whole.title,
        "extent": Extent.blank(request, key="extent", said={"frame": "whole" if frame else "own"}),
        "items": rows_of(whole.personal(), said, hiding=True),
        "error": error,
    }
    return render(request, "web/publish_ask.html", context, status=400 if error else 200)


@page("publish.view", publication=Publication)
def publication(request: SignedInRequest, publication: Publication) -> HttpResponse:
    """Show exactly what would be or is public, with its decisions and what was decided on personal data in
    it.
    """
    items = looking.disclosures(publication)
    context = public_pages.shown(publication) | {
        "part": "publish",
        "record": publication,
        "actions": available(request.user, publication, "publish"),
        "steps": publication.steps(),
        "prefix": "publish",
        "drift": drift.drifted_from(publication),
        "items": rows_of(items, {}, hiding=False),
        "waiting": [item for item in items if not item.decision],
        "may_keep": may(request.user, "publish.keep", publication),
    }
    return render(request, "web/publication.html", context)


@page("publish.view", methods=("POST",), publication=Publication)
def keep(request: SignedInRequest, publication: Publication) -> HttpResponse:
    """Keep what is personal in something that is public already, each for a reason."""
    demand(request, "publish.keep", publication)
    acts.keep(publication, request.user, Disclosed.decided(request), SeenForm.of(request)["seen"])
    return done(request, "publication", _("已记下保留的理由。"), publication.pk)


# -- without signing in
# -----------------------------------------------------------------------------------------------


@require_safe
def public(request: HttpRequest) -> HttpResponse:
    """List what is public, newest first, by kind, department and words."""
    kind, search = request.GET.get("kind", ""), request.GET.get("q", "").strip()[:60]
    found = Publication.objects.filter(state="published").select_related("department__parent")
    if kind in Publication.Kind.values:
        found = found.filter(kind=kind)
    if search:
        years = found.order_by().values_list("year", flat=True).distinct()
        found = found.filter(Q(title__contains=search) | office.bearing(search, years, "department__"))
    context = paged(request, found, PAGE) | {
        "kinds": Publication.Kind.choices,
        "kind": kind,
        "search": search,
    }
    return render(request, "web/public/list.html", context)


@require_safe
def commitment_log(request: HttpRequest) -> HttpResponse:
    """List the public log of commitments, newest first, with the digest that its last entry ends on."""
    found = Commitment.objects.select_related("draw__department__parent").order_by("-number")
    last = found.first()
    head = {"head": commitments.entry_of(last).own if last else "", "last": last, "latest": stamps.latest()}
    context = paged(request, found, PAGE) | head
    return render(request, "web/public/commitments.html", context)


@require_safe
def commitment_lines(request: HttpRequest) -> HttpResponse:
    """Send the whole log, one canonical line an entry, as it is chained."""
    return download(commitments.log_text().encode(), "承诺记录.jsonl")


@require_safe
def commitment(request: HttpRequest, number: int) -> HttpResponse:
    """Show one entry of the log: what was committed to, and what has come of it."""
    kept = get_object_or_404(Commitment.objects.select_related("draw__department"), number=number)
    context = commitments.shown(kept) | stamps.shown(kept)
    context |= {
        "own_number": number if own_proofs.askable(kept.draw) else None,
        "own_form": OwnCode.blank(request),
    }
    return render(request, "web/public/commitment.html", context)


@require_safe
def commitment_check(request: HttpRequest) -> HttpResponse:
    """Tell whoever holds a slip whether its entry still stands in the log as it was."""
    said = HeldSlip(request.GET) if request.GET else None
    found = commitments.held_by(**said.cleaned_data) if said is not None and said.is_valid() else None
    last = Commitment.objects.order_by("number").last()
    other = None
    if said is not None and found is not None and found.entry is None:
        other = commitments.mistaken_for(said.cleaned_data["digest"])
    context = {"form": said or HeldSlip(), "said": said, "found": found, "other": other, "last": last}
    return render(
        request, "web/public/check.html", context, status=400 if said is not None and found is None else 200
    )


def _slip(request: HttpRequest, number: int) -> dict[str, Any]:
    """Return what a slip to be handed out says of an entry, and the address at which it is compared."""
    kept = get_object_or_404(Commitment.objects.select_related("draw__department__parent"), number=number)
    entry = commitments.entry_of(kept)
    held = urlencode({"number": entry.number, "digest": entry.own})
    address = request.build_absolute_uri(f"{reverse('commitment-check')}?{held}")
    return {
        "kept": kept,
        "entry": entry,
        "office": office.told(kept.draw.department, kept.draw.year),
        "kind": commitments.KINDS[entry.kind],
        "subject": f"抽查承诺公开记录第 {entry.number} 号",
        "page": request.build_absolute_uri(reverse("commitment-check")),
        "text": commitments.slip_text(kept, address),
        "code": code_of(address, "l"),
        "slips": range(SLIPS),
    }


@require_safe
def commitment_slip(request: HttpRequest, number: int) -> HttpResponse:
    """Show the slips of an entry for one sheet of paper: handed to observers, who come back with them."""
    return render(request, "web/public/slip.html", _slip(request, number))


@require_safe
def commitment_slip_text(request: HttpRequest, number: int) -> HttpResponse:
    """Send the slip as a text to be mailed."""
    return download(_slip(request, number)["text"].encode("utf-8-sig"), f"承诺摘要-第{number}号.txt")


@require_safe
def commitment_screen(request: SiteRequest, number: int) -> HttpResponse:
    """Show a draw to a hall, or to whoever follows it from elsewhere, as far as it is public."""
    kept = get_object_or_404(Commitment.objects.select_related("draw__department"), number=number)
    try:
        return on_screen(request, kept.draw, inside=False)
    except ZhunshengError as error:  # a file of the draw that was tampered with
        return say_error(request, error)


@require_safe
def commitment_file(request: HttpRequest, number: int, name: str) -> HttpResponse:
    """Send the plan, the commitment itself, what it takes to have the entry stamped, or a
    time-stamp on it.
    """
    kept = get_object_or_404(Commitment, number=number)
    if found := stamps.file_of(kept, name):
        return download(*found)
    if name not in commitments.FILES:
        raise Http404
    return send(kept.draw.folder() / name)


@require_http_methods(["GET", "HEAD", "POST"])
def own_proof(request: HttpRequest, number: int) -> HttpResponse:
    """Tell one entity by its code whether it is in the frame of a draw, its ticket and whether it was drawn;
    or send its proof.

    What is asked comes in the form, never in the address, which logs and histories keep.
    """
    kept = get_object_or_404(Commitment.objects.select_related("draw__department"), number=number)
    if not own_proofs.askable(kept.draw):
        raise Http404
    context: dict[str, object] = {
        "entry": kept,
        "draw": kept.draw,
        "given_up": commitments.given_up(kept.draw),
        "own_form": OwnCode.blank(request),
    }
    status = 200
    if request.method == "POST":
        try:
            form = OwnCode.sent(request)
            context["own_form"], said = form, form.cleaned_data
            if seconds := asked(request):
                raise _Often("ZS-WB-50", most=MOST_ASKED, minutes=-(-seconds // 60))
            if said["file"] and (found := own_proofs.proof_file(kept.draw, said["code"])):
                name, raw = found
                return download(raw, name)
            context["told"] = own_proofs.told(kept.draw, said["code"])
        except ZhunshengError as error:
            context["error"] = error
            if isinstance(error, Faults):
                context["own_form"] = error.form
            status = 429 if isinstance(error, _Often) else 400
    return render(request, "web/public/own_proof.html", context, status=status)


class _Often(ZhunshengError):
    """A network has asked as often as it may."""


def _public(pk: int, route: str, *more: str) -> Publication | HttpResponse:
    """Return what is public under a number, or for one that was overtaken the way to what took its place,
    else 404.
    """
    found = get_object_or_404(Publication, pk=pk)
    if found.state == "published":
        return found
    instead = afterwards.newer(found)
    if instead is None:
        raise Http404
    return redirect(route, instead.pk, *more)


@require_safe
def public_one(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one published thing; the address of one that was overtaken leads to what took its place."""
    found = _public(pk, "public-one")
    if isinstance(found, HttpResponse):
        return found
    context = public_pages.shown(found) | {
        "own_number": own_proofs.number_of(found),
        "own_form": OwnCode.blank(request),
    }
    return render(request, "web/public/one.html", context)


@require_safe
def public_file(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """Send a published file."""
    found = _public(pk, "public-file", name)
    if isinstance(found, HttpResponse):
        return found
    return given(papers.published(found, name), name)


@require_safe
def open_data(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """Return what is published as JSON, or its rows as csv."""
    if kind not in ("json", "csv"):
        raise Http404
    found = _public(pk, *(("open-data-json",) if kind == "json" else ("open-data", kind)))
    if isinstance(found, HttpResponse):
        return found
    if kind == "json":
        return JsonResponse(
            exports.open_document(found), json_dumps_params={"ensure_ascii": False, "indent": 1}
        )
    return download(exports.open_csv(found), f"zhunsheng-{found.kind}-{found.pk}.csv")


@require_safe
def data_package(request: HttpRequest) -> HttpResponse:
    """Describe all open data as a data package: every published csv with its fields, types and titles."""

    def address(one: Publication) -> str:
        return request.build_absolute_uri(reverse("open-data", args=[one.pk, "csv"]))

    package = exports.data_package(address)
    return JsonResponse(package, json_dumps_params={"ensure_ascii": False, "indent": 1})


@lru_cache
def _verify_page() -> tuple[bytes, dict[str, list[str]]]:
    """Return the verify page, and the policy that lets exactly its own script and style run and nothing be
    fetched.
    """
    page = (files("zhunsheng.draws") / "verify.html").read_bytes()

    def hashes(tag: str) -> list[str]:
        found = re.findall(rf"<{tag}[^>]*>(.*?)</{tag}>".encode(), page, re.S)
        return [f"'sha256-{base64.b64encode(hashlib.sha256(body).digest()).decode()}'" for body in found]

    return page, {
        "script-src": hashes("script"),
        "style-src": hashes("style"),
        "worker-src": ["blob:"],
        "img-src": ["data:"],
        "connect-src": ["'none'"],
    }


@require_safe
@csp_replace(_verify_page()[1])
def verify(request: HttpRequest) -> HttpResponse:
    """Show the page on which anyone verifies a draw in their own browser; it also works when saved."""
    return HttpResponse(_verify_page()[0], content_type="text/html; charset=utf-8")
