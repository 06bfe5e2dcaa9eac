"""What all pages share: who may open them, errors in words, pages of lists, files for download."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import Any, Protocol, cast
from urllib.parse import quote

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import models, transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render, resolve_url
from django.urls import reverse
from django.utils import timezone

from zhunsheng.clock import DEFAULT
from zhunsheng.errors import ZhunshengError
from zhunsheng.web.forms.base import Faults, SentForm
from zhunsheng.web.models import Draw, Organisation
from zhunsheng.web.models.decided import Overtaken
from zhunsheng.web.requests import SignedInRequest, SiteRequest
from zhunsheng.web.roles import Subject, may
from zhunsheng.web.sending import sending
from zhunsheng.web.services import ceremony, decisions, once
from zhunsheng.web.session import above, sign_in_again, typed

View = Callable[..., HttpResponse]


class OpenedView(Protocol):
    """A view as ``page`` opens it: with the action it asks for and the methods it answers."""

    action: str | None
    methods: tuple[str, ...]

    def __call__(self, request: HttpRequest, **named: object) -> HttpResponse:
        """Answer a request."""


Decorator = Callable[[View], OpenedView]
TYPES = {
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".csv": "text/csv; charset=utf-8",
    ".json": "application/json",
    ".zip": "application/zip",
    ".pdf": "application/pdf",
}


def page(
    action: str | None,
    *,
    methods: tuple[str, ...] = ("GET",),
    whole: bool = True,
    **records: type[models.Model],
) -> Decorator:
    """Open a page to those who may take ``action`` where its address says, by ``methods`` and no others.

    An address names ``department`` (and ``year``), or a record: ``page("targets.view",
    version=SheetVersion)`` turns the id ``version`` into the record, whose department and year the page is
    of. A record without a department is refused. ``action`` None asks for a signed-in user only.
    Permission comes before all else; whether a person may act on the record in its state is asked again where
    the act is done. What a POST does is done whole or not at all, on records that are read anew and locked;
    not so (``whole`` false) where it changes the evidence store, which no rollback reaches,
    or computes at length, which no lock may wait for: the service then opens its own transactions.
    The same form sent twice is acted on once and answered alike.
    """
    allowed = (*methods, "HEAD") if "GET" in methods else methods

    def wrap(view: View) -> OpenedView:
        @wraps(view)
        def inner(request: SignedInRequest, **kwargs: Any) -> HttpResponse:
            if request.method not in allowed:
                return HttpResponseNotAllowed(allowed)
            if not request.user.is_authenticated:
                return sign_in_again(request)
            department = year = None
            if "department" in kwargs:
                department = kwargs["department"] = get_object_or_404(Organisation, pk=kwargs["department"])
            for name, model in records.items():
                record = kwargs[name] = get_object_or_404(model, pk=kwargs[name])
                department, year = getattr(record, "department", None), getattr(record, "year", None)
                if department is None:
                    raise PermissionDenied(action)
            if "year" in kwargs:
                year = kwargs["year"]
                if not 2000 <= year <= 2100:
                    raise Http404
            if action and not may(request.user, action, department):
                raise PermissionDenied(action)
            request.department, request.year = department, year
            try:
                if request.method == "POST":
                    return _acted(request, view, kwargs, records, action, whole)
                request.position = once.position()
                return view(request, **kwargs)
            except ZhunshengError as error:
                return say_error(request, error)

        opened = cast(OpenedView, inner)
        opened.action, opened.methods = action, allowed
        return opened

    return wrap


def _acted(
    request: SignedInRequest,
    view: View,
    kwargs: dict[str, Any],
    records: dict[str, type[models.Model]],
    action: str | None,
    whole: bool,
) -> HttpResponse:
    """Act on what was sent, once for each form, on records read and locked in the transaction that changes
    them.
    """

    def act() -> HttpResponse:
        for name in request.FILES:
            for file in request.FILES.getlist(name):
                file.seek(0)
        if not whole:
            response = view(request, **kwargs)
            once.answered(response, response.said if isinstance(response, Done) else "")
            return response
        with transaction.atomic():
            # Of what is begun in one department one thing comes after the other: the second finds what the
            # first made.
            if "department" in kwargs:
                locked = Organisation._base_manager.select_for_update(no_key=True)
                kwargs["department"] = request.department = locked.get(pk=kwargs["department"].pk)
            for name, model in records.items():
                kwargs[name] = model._base_manager.select_for_update(no_key=True).get(pk=kwargs[name].pk)
            # While this waited for the lock, the role that let it in may have been ended.
            if action and not may(request.user, action, request.department):
                raise PermissionDenied(action)
            response = view(request, **kwargs)
            once.answered(response, response.said if isinstance(response, Done) else "")
            once.spend_now()
            return response

    with sending(once.form_of(request)):
        found = once.acted(act, whole=whole)
    return found if isinstance(found, HttpResponse) else done(request, found.location, found.said)


def say_error(request: SiteRequest, error: ZhunshengError) -> HttpResponse:
    """Show an error a person can mend: above the form they filled, which stays as it is,
    or on a page of its own.
    """
    if isinstance(error, Overtaken):
        return say_overtaken(request, error)
    faults = error.faults if isinstance(error, Faults) else {}
    context: dict[str, object] = {"error": error, "faults": faults}
    if request.htmx:
        return above(request, "web/_alert.html", context=context)
    if isinstance(error, Faults) and isinstance(error.form, SentForm):
        # A form sent whole leaves its page: it is drawn anew, with what was typed and the faults beside it.
        error.form.offer_to(request.user)
        context["shown"] = error.form.shown()
        visible = {one.html_name for one in error.form.visible_fields()}
        context["carried"] = [one for one in typed(request) if one[0] not in visible]
        return render(request, "web/faults.html", context, status=400)
    return render(request, "web/error.html", context, status=400)


def say_overtaken(request: SiteRequest, error: Overtaken) -> HttpResponse:
    """Show what changed since the page was opened from which someone decided, and the way to the page as it
    is now.
    """
    changed = decisions.changes_since(error.record, error.seen)
    context = {"error": error, "changes": changed, "address": decisions.address_of(error.record)}
    if request.htmx:
        return above(request, "web/_overtaken.html", context=context)
    # A form sent whole leaves its page: what was written in it stands beside what is there now.
    context["typed"] = [one for one in typed(request) if one[0] not in ("seen", "path", "was")]
    return render(request, "web/overtaken.html", context, status=409)


class Done(HttpResponseRedirect):
    """Where to go on after something was done, with what was ``said`` of it, which the same form is told
    again.

    A form that was sent by a page's script (not ``whole``) has the script go there.
    """

    def __init__(self, address: str, said: str, *, whole: bool) -> None:
        super().__init__(address)
        self.said = said
        if not whole:
            self.status_code = 204
            self["HX-Redirect"] = self.url
            del self["Location"]


def done(request: SiteRequest, to: str, message: str = "", *args: object, **kwargs: object) -> HttpResponse:
    """Go on to a page after something was done, with a message on it."""
    if message:
        messages.success(request, message)
    address = resolve_url(to, *args, **kwargs)
    return Done(address, message, whole=not request.htmx)


def demand(request: SignedInRequest, action: str, subject: Subject) -> None:
    """Refuse unless the user may take the action on the record in its present state."""
    if not may(request.user, action, subject):
        raise PermissionDenied(action)


def on_screen(request: SiteRequest, draw: Draw, *, inside: bool) -> HttpResponse:
    """Show a draw's screen for the hall, or of it the part that changes; ``inside``:
    with what is not public yet.
    """
    shown = ceremony.screen(draw, inside=inside)
    address = (
        request.build_absolute_uri(reverse("commitment", args=[shown.entry.number])) if shown.entry else ""
    )
    context = {
        "screen": shown,
        "draw": draw,
        "inside": inside,
        "code": ceremony.code_of(address) if address else "",
        "zone": timezone.get_current_timezone_name() == DEFAULT,
    }
    response = render(request, "web/_screen.html" if request.htmx else "web/screen.html", context)
    response["Cache-Control"] = "no-store"
    return response


# -- what an address says
# ---------------------------------------------------------------------------------------------


def integer_of(request: HttpRequest, name: str, default: int, low: int, high: int) -> int:
    """Return a number from the address, the default for anything else."""
    try:
        return min(max(int(request.GET.get(name, default)), low), high)
    except ValueError:
        return default


def paged(request: HttpRequest, found: Sequence[Any] | QuerySet[Any], size: int) -> dict[str, Any]:
    """Return one page of a list as the context that lists and their pager read: ``found``, ``total``,
    ``number``, ``pages``.
    """
    shown = Paginator(found, size).get_page(request.GET.get("page", 1))
    return {
        "found": shown.object_list,
        "total": shown.paginator.count,
        "number": shown.number,
        "pages": shown.paginator.num_pages,
    }


# -- files
# ------------------------------------------------------------------------------------------------------------


def download(content: bytes, name: str) -> HttpResponse:
    """Send bytes as a file to be saved; browsers never show uploaded content as a page."""
    response = HttpResponse(
        content, content_type=TYPES.get(Path(name).suffix.lower(), "application/octet-stream")
    )
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def given(content: bytes | Path | None, name: str) -> HttpResponse:
    """Send a paper as a service gives it out: its bytes, or where a large file lies. Raises ``Http404`` for
    none.
    """
    if content is None:
        raise Http404
    return download(content, name) if isinstance(content, bytes) else send(content, name)


def send(path: Path, name: str | None = None) -> HttpResponse:
    """Send a file of the data folder. Raises ``Http404`` where it is not there."""
    if not path.is_file():
        raise Http404
    return download(path.read_bytes(), name or path.name)
