"""The public pages that look up a paper in somebody's hands: by its code, or by the digest of the file."""

from __future__ import annotations

import json
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from zhunsheng.errors import ZhunshengError
from zhunsheng.web.forms.public import HeldPaper, KeptSize
from zhunsheng.web.models import Paper
from zhunsheng.web.roles import may
from zhunsheng.web.services import papers
from zhunsheng.web.telling import tell
from zhunsheng.web.views.common import download, given

# Who may look at a record may see which papers were given out of it.
LOOKS = {
    "sheetversion": "targets.view",
    "checkpoint": "monitoring.view",
    "selfevaluation": "selfeval.view",
    "keyevaluation": "keyeval.view",
    "draw": "draws.view",
    "publication": "publish.view",
    "organisation": "portfolio.view",
}


@require_safe
def look(request: HttpRequest) -> HttpResponse:
    """Ask for a code or a file's digest, and lead to the paper; 404 with words where the site knows none."""
    form = HeldPaper(request.GET if "said" in request.GET else None)
    if not form.is_valid():
        status = 400 if form.is_bound else 200
        return render(request, "web/public/papers.html", {"form": form}, status=status)
    code, digest = form.cleaned_data["said"]
    if code:
        found = Paper.objects.filter(code=code).first()
    else:
        found = Paper.objects.filter(sha256=digest).order_by("number").last()
    if found is None:
        form.add_error("said", tell(ZhunshengError("ZS-WB-82", said=code or f"{digest[:16]}…")))
        return render(request, "web/public/papers.html", {"form": form}, status=404)
    address = reverse("paper", args=[found.code])
    return redirect(f"{address}?file={digest}" if digest else address)


def _insider(request: HttpRequest, paper: Paper) -> bool:
    user: Any = request.user
    return bool(user.is_authenticated and may(user, LOOKS[paper.of], paper.department))


@require_safe
def paper(request: HttpRequest, code: str) -> HttpResponse:
    """Tell what the site knows of a paper: of a public one all, of any other to whoever holds the file or
    may see the record what it is, and to anyone else no more than that it is registered.
    """
    found = get_object_or_404(Paper.objects.select_related("department"), code=code)
    publication = papers.publication_of(found)
    held = request.GET.get("file", "").lower() == found.sha256
    inside = _insider(request, found)
    context = {
        "paper": found,
        "publication": publication,
        "held": held,
        "inside": inside,
        "told": publication is not None or held or inside,
        "entry": papers.entry_of(found),
        "form": HeldPaper(),
        "size_form": KeptSize(),
    }
    return render(request, "web/public/paper.html", context)


@require_safe
def proof(request: HttpRequest, code: str) -> HttpResponse:
    """Send what shows that a paper stands in the log, under a checkpoint of so many entries or the newest;
    say in words where it can't be given.
    """
    found = get_object_or_404(Paper, code=code)
    form = KeptSize(request.GET if request.GET.get("size") else None)
    size = form.cleaned_data["size"] if form.is_bound and form.is_valid() else None
    if form.is_bound and not form.is_valid():
        return render(request, "web/public/papers.html", {"form": HeldPaper(), "error": form}, status=400)
    try:
        said = json.dumps(papers.proof_of(found, size), ensure_ascii=False, indent=1)
    except ZhunshengError as error:
        context = {"form": HeldPaper(), "problem": tell(error)}
        return render(request, "web/public/papers.html", context, status=404)
    return download(said.encode(), f"proof-{found.code}.json")


@require_safe
def file(request: HttpRequest, code: str) -> HttpResponse:
    """Send a paper as it was given out, to anyone where it is public, else to whoever may see its record."""
    found = get_object_or_404(Paper.objects.select_related("department"), code=code)
    publication = papers.publication_of(found)
    if publication is not None:
        return given(papers.published(publication, found.name), found.name)
    if not _insider(request, found):
        raise Http404
    return download(papers.file_of(found), found.name)
