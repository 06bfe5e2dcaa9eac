"""The public pages of the transparency log: what it is, its checkpoint and key, its entries, and proofs."""

from __future__ import annotations

import json
from itertools import islice
from typing import Any
from urllib.parse import quote

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe

from zhunsheng.errors import ZhunshengError
from zhunsheng.web.actor import acting, current
from zhunsheng.web.forms.public import KeptSize, OneEntry
from zhunsheng.web.services import transparency, witnesses
from zhunsheng.web.services.administration import may_read
from zhunsheng.web.telling import tell
from zhunsheng.web.views.common import download

LINES = 2_000  # sent at once, some 200 KB


def _page(request: HttpRequest, status: int = 200, **forms: object) -> HttpResponse:
    context = {
        "last": transparency.newest(),
        "keys": transparency.keys(),
        "form": KeptSize(auto_id="kept-%s"),
        "one": OneEntry(auto_id="one-%s"),
        "mailed": witnesses.last_handed(),
    }
    return render(request, "web/public/log.html", context | forms, status=status)


@require_safe
def log(request: HttpRequest) -> HttpResponse:
    """Tell what the log is, with its newest checkpoint and its keys, and what can be done with them."""
    return _page(request)


@require_safe
def checkpoint(request: HttpRequest) -> HttpResponse:
    """Send the newest checkpoint, or none where nothing was sealed yet."""
    last = transparency.newest()
    if last is None:
        return HttpResponse(status=404)
    return download(last.note.encode(), f"checkpoint-{last.size}.txt")


@require_safe
def entries(request: HttpRequest) -> HttpResponseBase:
    """Send all entries up to the newest checkpoint, a line each, as they are read."""
    lines = transparency.lines()
    # A chunk a line would be a write to the network for every hundred bytes.
    chunks = iter(lambda: "".join(islice(lines, LINES)), "")
    answer = StreamingHttpResponse(chunks, content_type="application/jsonl")
    answer["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote('透明日志.jsonl', safe='')}"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


def _sent(said: dict[str, Any], name: str) -> HttpResponse:
    return download(json.dumps(said, ensure_ascii=False, indent=1).encode(), name)


@require_safe
def proof(request: HttpRequest) -> HttpResponse:
    """Send what shows that the log goes on from a checkpoint of so many entries; show the form where it
    can't be given.
    """
    form = KeptSize(request.GET, auto_id="kept-%s")
    if form.is_valid():
        old = form.cleaned_data["size"]
        try:
            return _sent(transparency.proof(old), f"proof-from-{old}.json")
        except ZhunshengError as error:
            form.add_error("size", tell(error))
    return _page(request, 400, form=form)


@require_safe
def entry_proof(request: HttpRequest) -> HttpResponse:
    """Send what shows that one entry is among those of a checkpoint; of the audit log with what it says, to
    whoever may read that; show the form where it can't be given.
    """
    form = OneEntry(request.GET, auto_id="one-%s")
    if form.is_valid():
        kind, number, size = (form.cleaned_data[name] for name in ("kind", "number", "size"))
        read = may_read(request.user, number) if kind == "audit" else None
        try:
            said = transparency.entry_proof(kind, number, size, content=read.content() if read else "")
            return _sent(said, f"{kind}-{number}-in-{said['size']}.json")
        except ZhunshengError as error:
            form.add_error("size" if error.code == "ZS-LG-05" else "number", tell(error))
    return _page(request, 400, one=form)


@require_http_methods(["GET", "HEAD", "POST"])
def stop(request: HttpRequest, token: str) -> HttpResponse:
    """Ask a witness who followed the address in a mail whether the mails are to end; a POST ends them."""
    witness = witnesses.of_link(token)
    if witness is None:
        raise Http404
    if request.method == "POST" and witness.active:
        with acting(f"witness {witness.pk}", current().origin):
            witnesses.stop(witness)
    return render(request, "web/public/log_stop.html", {"witness": witness, "token": token})
