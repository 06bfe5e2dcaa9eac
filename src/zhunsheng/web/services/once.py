"""One form, one act: every form carries a key of its own, kept with what was done,
so that a double click does it once.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable
from datetime import timedelta

from django.db import IntegrityError, OperationalError
from django.http import HttpResponse
from django.utils import timezone

from zhunsheng.errors import ZhunshengError
from zhunsheng.web.models.api import ApiAnswer
from zhunsheng.web.models.audited import AuditHead, LateSave
from zhunsheng.web.models.sent import Repeated, Sent, spend
from zhunsheng.web.requests import SignedInRequest
from zhunsheng.web.sending import FormUnderway, current
from zhunsheng.web.services.answers import KEPT, request_digest

FIELD = "once"
DAY = timedelta(days=1)
WAIT = 20.0  # seconds for the first of two to come to an end
TURNS = 3
DEADLOCKS = ("40001", "40P01")  # as PostgreSQL calls them
_KEY = re.compile(r"([0-9a-f]{16})\.([0-9]{0,15})")


def position() -> int:
    """Return the number of the log's last entry: what a page made now has seen."""
    return AuditHead._base_manager.filter(pk=1).values_list("number", flat=True).first() or 0


def new_key(seen: int | None) -> str:
    """Return a key for one form, with the position up to which its page has seen."""
    return f"{secrets.token_hex(8)}.{'' if seen is None else seen}"


def form_of(request: SignedInRequest) -> FormUnderway:
    """Return the form that a POST brings; one without a key (a program's) is acted on each time it comes."""
    told = _KEY.fullmatch(request.POST.get(FIELD, ""))
    user, path = request.user.pk, request.path
    if told is None:
        return FormUnderway(user, "", "", path)
    # The same page sent with other words is another act: someone went back and wrote the next one.
    digest = request_digest(request, but=(FIELD, "csrfmiddlewaretoken"))
    return FormUnderway(user, told[1], digest, path, int(told[2]) if told[2] else None)


def acted(act: Callable[[], HttpResponse], *, whole: bool) -> HttpResponse | Sent:
    """Act on the current form, or return what was kept where it was acted on before.

    What is done ``whole`` is done again where somebody else was first with the same thing or changed what it
    rests on: the next turn reads theirs. What fails keeps nothing and may be sent again.
    Raises ``ZS-WB-47`` where the first does not come to an end.
    """
    form = current()
    assert form is not None
    for _turn in range(TURNS):
        if form.key and (kept := _first(form)) is not None:
            return kept
        try:
            response = act()
            _settle(form)
        except Repeated:
            form.row = None
            continue
        except Exception as error:
            _let_go(form)
            if whole and _turn + 1 < TURNS and _of_two(error):
                continue  # somebody else was first with the same thing, or changed what it rests on
            # Refused because the same form was acted on while this one was on its way: that is its answer,
            # too.
            if form.key and (kept := _first(form)) is not None:
                return kept
            raise
        if form.open and form.key and (kept := _first(form)) is not None:
            return kept
        return response
    raise ZhunshengError("ZS-WB-47")


def _of_two(error: Exception) -> bool:
    """Return whether an error of the database comes of two acts at once."""
    waited = isinstance(error, OperationalError) and getattr(error.__cause__, "sqlstate", "") in DEADLOCKS
    return waited or isinstance(error, IntegrityError | LateSave)


def answered(response: HttpResponse, said: str = "") -> None:
    """Note what a form is answered with: where it leads is where the same form leads the next time.

    An answer that leads nowhere says that nothing came of it.
    """
    form = current()
    if form is None:
        return
    form.location = response.get("HX-Redirect") or response.get("Location") or ""
    form.open = not form.location
    form.said = said


def spend_now() -> None:
    """Keep the current form's key with what was done, at the end of its transaction. Raises ``Repeated``."""
    form = current()
    if form is not None:
        spend(form)


def _first(form: FormUnderway) -> Sent | None:
    """Return what came of the same form before, None where nothing did. Raises ``ZS-WB-47``."""
    until = time.monotonic() + WAIT
    while True:
        kept: Sent | None = Sent.objects.filter(user=form.user, key=form.key, digest=form.digest).first()
        if kept is None or kept.location:
            return kept
        if time.monotonic() > until:
            raise ZhunshengError("ZS-WB-47")
        time.sleep(0.05)


def _settle(form: FormUnderway) -> None:
    """Keep where an act in several transactions led; where it led nowhere, let its key go."""
    if form.open:
        _let_go(form)
    elif form.key and form.row is None:
        spend(form)
    elif form.row is not None:
        Sent.objects.filter(pk=form.row, location="").update(location=form.location[:500], said=form.said)


def _let_go(form: FormUnderway) -> None:
    if form.row is not None:
        Sent.objects.filter(pk=form.row).delete()
        form.row = None


def prune() -> int:
    """Forget keys of forms after a day, and of programs' requests after theirs; return how many."""
    now = timezone.now()
    forms, _of = Sent.objects.filter(at__lt=now - DAY).delete()
    answers, _of = ApiAnswer.objects.filter(at__lt=now - KEPT).delete()
    return int(forms) + int(answers)
