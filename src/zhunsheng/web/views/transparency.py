"""The public pages of the transparency log: what it is, its checkpoint and key, its entries, and proofs."""

from __future__ import annotations

import json
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from zhunsheng.errors import ZhunshengError
from zhunsheng.web.forms.public import KeptSize
from zhunsheng.web.services import transparency
from zhunsheng.web.telling import tell
from zhunsheng.web.views.common import download


@require_safe
def log(request: HttpRequest) -> HttpResponse:
    """Tell what the log is, with its newest checkpoint and its key, and what can be done with them."""
    context = {"last": transparency.newest(), "key": transparency.key(), "form": KeptSize()}
    return render(request, "web/public/log.html", context)


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
    answer = StreamingHttpResponse(transparency.lines(), content_type="application/jsonl")
    answer["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote('透明日志.jsonl', safe='')}"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


@require_safe
def proof(request: HttpRequest) -> HttpResponse:
    """Send what shows that the log goes on from a checkpoint of so many entries; show the form where it
    can't be given.
    """
    form = KeptSize(request.GET)
    if form.is_valid():
        old = form.cleaned_data["size"]
        try:
            said = json.dumps(transparency.proof(old), ensure_ascii=False, indent=1)
            return download(said.encode(), f"proof-from-{old}.json")
        except ZhunshengError as error:
            form.add_error("size", tell(error))
    context = {"last": transparency.newest(), "key": transparency.key(), "form": form}
    return render(request, "web/public/log.html", context, status=400)
