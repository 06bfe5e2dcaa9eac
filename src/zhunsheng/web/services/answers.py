"""Answer a repeated request as the first time: a program that heard no answer may ask again without doing it
twice.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.http import HttpRequest

from zhunsheng.errors import ZhunshengError
from zhunsheng.web.models.api import ApiAnswer
from zhunsheng.web.models.people import ApiToken

KEPT = timedelta(days=30)


def request_digest(request: HttpRequest, but: tuple[str, ...] = ()) -> str:
    """Return the SHA-256 of what a request asks for: method, address with its query, fields or
    JSON, and each file's name and bytes.

    Fields named in ``but`` are left out.
    """
    files = []
    for field in sorted(request.FILES):
        for file in request.FILES.getlist(field):
            files.append([field, file.name, hashlib.sha256(file.read()).hexdigest()])
            file.seek(0)
    fields = sorted([k, v] for k in request.POST if k not in but for v in request.POST.getlist(k))
    asked = [request.method, request.get_full_path(), fields, files]
    if request.content_type == "application/json":
        asked.append(hashlib.sha256(request.body).hexdigest())
    text = json.dumps(asked, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf8", "replace")).hexdigest()


def once(
    token: ApiToken, key: str | None, request: HttpRequest, run: Callable[[], tuple[int, Any]]
) -> tuple[int, Any]:
    """Return what ``run`` answers, (status, body), or what it answered under this token's key before.

    What fails is not kept and may be tried again. Two at once: the second waits for the first.
    Raises ``ZS-WB-36`` for a key that came with another request before.
    """
    if not key:
        return run()
    digest = request_digest(request)
    try:
        with transaction.atomic():
            kept = ApiAnswer.objects.create(token=token, key=key, digest=digest)
            kept.status, kept.body = run()
            kept.save()
    except IntegrityError:
        known = ApiAnswer.objects.filter(token=token, key=key).first()
        if known is None:  # the failure was another one
            raise
        if known.digest != digest:
            raise ZhunshengError("ZS-WB-36", key=key[:60]) from None
        return known.status, known.body
    return kept.status, kept.body
