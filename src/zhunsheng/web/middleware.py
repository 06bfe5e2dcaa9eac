"""Around every request: its number and its line in the log, who acts, and how long a session lasts."""

from __future__ import annotations

import logging
import re
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from ipaddress import ip_address
from typing import TYPE_CHECKING, cast

from django.conf import settings
from django.contrib.auth import logout
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.shortcuts import redirect, render
from django.urls import reverse

from zhunsheng.errors import ZhunshengError
from zhunsheng.faults import of_system
from zhunsheng.text import clean, whole
from zhunsheng.web import logs, metrics
from zhunsheng.web.actor import STRANGER, acting
from zhunsheng.web.databases.connections import remembering
from zhunsheng.web.forms.fields import LARGEST
from zhunsheng.web.requests import SiteRequest
from zhunsheng.web.session import above, must_change, sign_in_again
from zhunsheng.web.telling import tell

if TYPE_CHECKING:
    from django.http.request import _ImmutableQueryDict

log = logging.getLogger(__name__)
Handler = Callable[[SiteRequest], HttpResponse]
MINUTE = 60
BESIDE = 10 * 2**20  # bytes of a form beside its file
FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")


# What proxies write, each its own; any of them shows that one was passed.
FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_X_REAL_IP", "HTTP_FORWARDED", "HTTP_VIA", "HTTP_X_FORWARDED_PROTO")


NUMBER = "X-Request-Id"
_NUMBER = re.compile(r"[A-Za-z0-9._-]{8,64}")
# Asked for by whatever watches over the site, by the machine's address or a name of its own, without TLS.
WATCHED = ("/health", "/metrics")


def logged(get_response: Handler) -> Handler:
    """Give a request a number, which its answer, its error page and its lines in the log bear, and count it.

    A trusted proxy's number is taken over, so that its log and this one can be laid side by side.
    """

    def middleware(request: SiteRequest) -> HttpResponse:
        start = time.perf_counter()
        given = request.headers.get(NUMBER, "")
        trusted = settings.PROXIES.trusts(str(request.META.get("REMOTE_ADDR", "")), 0)
        known = trusted and _NUMBER.fullmatch(given)
        request.number = given if known else secrets.token_hex(8)
        with logs.telling(request=request.number):
            response = get_response(request)
            response[NUMBER] = request.number
            seconds, status = time.perf_counter() - start, response.status_code
            match = request.resolver_match
            metrics.answered(match.view_name or "" if match else "", status, seconds)
            if status >= 400 or not request.path.startswith((settings.STATIC_URL, *WATCHED)):
                logs.log_request(request, status, seconds)
        return response

    return middleware


def watched(get_response: Handler) -> Handler:
    """Let what watches over the site ask by any name: whose name it is changes nothing of these answers."""

    def middleware(request: SiteRequest) -> HttpResponse:
        own = settings.ALLOWED_HOSTS[0].lstrip(".") if settings.ALLOWED_HOSTS else ""
        if request.path in WATCHED and own not in ("", "*"):
            request.META["HTTP_HOST"] = own
        return get_response(request)

    return middleware


def client(get_response: Handler) -> Handler:
    """Put the client's address in the place of the proxy's, for all that asks for it: limits, log, metrics.

    What forwarded headers say counts only as far as the proxies are trusted (``settings.PROXIES``);
    from anyone else they are taken away, but for one that shows that a proxy was passed.
    """

    def middleware(request: SiteRequest) -> HttpResponse:
        here = str(request.META.get("REMOTE_ADDR", ""))
        passed = [
            one for one in map(str.strip, request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")) if one
        ]
        found, hops = here, 0
        while passed and settings.PROXIES.trusts(found, hops) and (further := _host(passed[-1])):
            found, hops = further, hops + 1
            passed.pop()
        request.META["REMOTE_ADDR"] = found
        request.META["zhunsheng.proxied"] = any(name in request.META for name in FORWARDED)
        if not settings.PROXIES.trusts(here, 0):
            request.META.pop("HTTP_X_FORWARDED_PROTO", None)
        return get_response(request)

    return middleware


def _host(written: str) -> str:
    """Return the address that an entry of the header names, without its port; empty where it is none."""
    bare = re.sub(r"^\[([^]]*)\](:[0-9]+)?$|^([^:]*):[0-9]+$", lambda m: m[1] or m[3] or "", written)
    try:
        return str(ip_address(bare))
    except ValueError:
        return ""


def address(request: HttpRequest) -> str:
    """Return the client's address."""
    return str(request.META.get("REMOTE_ADDR", ""))[:64]


def actor(get_response: Handler) -> Handler:
    """Name the actor for the audit log."""

    def middleware(request: SiteRequest) -> HttpResponse:
        name = request.user.get_username() if request.user.is_authenticated else STRANGER
        with acting(name, address(request)):
            return get_response(request)

    return middleware


def session_limits(get_response: Handler) -> Handler:
    """End a session left idle; ask for a new password where one was handed out."""

    def middleware(request: SiteRequest) -> HttpResponse:
        if request.user.is_authenticated and "_auth_user_id" in request.session:
            now, seen = int(time.time()), request.session.get("seen")
            # Each save of a session renews its cookie; the day it began is what ends it.
            since = request.session.setdefault("since", now)
            over = now - since > settings.SESSION_COOKIE_AGE or not request.user.is_active
            if over or (seen is not None and now - seen > settings.SESSION_IDLE):
                logout(request)
                request.session_over = True
                return get_response(request)  # pages ask to sign in; public ones stay open
            # Written at most once a minute: a page view should not cost a write.
            if seen is None or now - seen > MINUTE:
                request.session["seen"] = now
            if must_change(request) and request.path not in _before_a_password():
                if request.htmx:
                    return sign_in_again(request)
                return redirect("password")
        return get_response(request)

    return middleware


@cache
def _before_a_password() -> frozenset[str]:
    """Return the addresses that stay open to who must choose a password first, and no others below them."""
    return frozenset(reverse(name) for name in ("password", "session", "sign-in", "sign-out", "set_language"))


def clean_input(get_response: Handler) -> Handler:
    """Let no control character in: what forms and addresses bring is cleaned before anything reads it."""

    def middleware(request: SiteRequest) -> HttpResponse:
        if _length(request) > settings.MAX_UPLOAD + BESIDE:
            # Said before anything of it is read, to whoever sends it: what is read first lies on the disk.
            told = ZhunshengError("ZS-WB-04", name=request.path[:100], limit=settings.MAX_UPLOAD // 2**20)
            return HttpResponse(tell(told), status=413, content_type="text/plain; charset=utf-8")
        if request.META.get("QUERY_STRING"):
            request.GET = _cleaned(request.GET)
        if request.method == "POST" and request.content_type in FORM_TYPES:
            # Whoever reads a form that is broken meets the same error and answers it.
            with suppress(MultiPartParserError, UnreadablePostError):
                request.POST = _cleaned(request.POST)
        return get_response(request)

    return middleware


def _length(request: HttpRequest) -> int:
    """Return how much a request says that it brings, in bytes."""
    return whole(str(request.META.get("CONTENT_LENGTH") or "")) or 0


def _cleaned(sent: QueryDict) -> _ImmutableQueryDict:
    found = QueryDict(mutable=True, encoding=sent.encoding)
    for name, values in sent.lists():
        found.setlist(clean(name), [clean(v) for v in values])
    found._mutable = False
    return cast("_ImmutableQueryDict", found)


class KnownNumbers:
    """Answer an address with a number that no record can have as one that leads nowhere,
    before anything asks for it.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: SiteRequest) -> HttpResponse:
        """Pass on."""
        return self.get_response(request)

    def process_view(
        self, request: SiteRequest, view: object, args: object, named: dict[str, object]
    ) -> None:
        """Look at the numbers. Raises ``Http404``."""
        if any(isinstance(value, int) and value > LARGEST for value in named.values()):
            raise Http404


class SystemFaults:
    """Answer what the system refuses (a full disk, a folder closed to the site) with what it is and who can
    mend it.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: SiteRequest) -> HttpResponse:
        """Pass on."""
        return self.get_response(request)

    def process_exception(self, request: SiteRequest, error: Exception) -> HttpResponse | None:
        """Answer a refusal of the system, None for any other error."""
        if (told := of_system(error)) is None:
            return None
        log.error("%s", told.code, exc_info=error)
        said = {"error": told, "faults": {}}
        if request.htmx:
            return above(request, "web/_alert.html", 507, said)
        return render(request, "web/error.html", said, status=507)


def problems(get_response: Handler) -> Handler:
    """Give every error of the API its one shape, those too that arise before or around its own code."""

    def middleware(request: SiteRequest) -> HttpResponse:
        response = get_response(request)
        if not request.path.startswith("/api/") or response.status_code < 400:
            return response
        if response.headers.get("Content-Type", "").startswith("application/json"):
            return response
        status = response.status_code
        if status == 404:
            error = ZhunshengError("ZS-WB-32", what=request.path)
        elif status == 405:
            error = ZhunshengError("ZS-WB-33", method=request.method)
        elif status >= 500:
            error = ZhunshengError("ZS-CL-99", detail=str(status))
        else:
            error = ZhunshengError("ZS-WB-37", detail=str(status))
        said = JsonResponse({"code": error.code, "message": tell(error)}, status=status)
        if "Allow" in response.headers:
            said["Allow"] = response.headers["Allow"]
        return said

    return middleware


# Pages, data and files that are the same for everybody and hold nothing of anybody;
# all else is kept by nobody on the way.
OPEN = {
    "public-file",
    "open-data",
    "open-data-json",
    "data-package",
    "verify",
    "commitment-lines",
    "commitment-file",
}  # pages carry a token of the visitor's
OPEN_API = ("/api/public", "/api/openapi.json", "/api/docs")


def unkept(get_response: Handler) -> Handler:
    """Let no browser and no proxy keep an answer, but what is public and was asked for without signing in."""

    def middleware(request: SiteRequest) -> HttpResponse:
        response = get_response(request)
        match = request.resolver_match
        open_ = (match is not None and match.view_name in OPEN) or request.path in OPEN_API
        known = "Authorization" in request.headers or settings.SESSION_COOKIE_NAME in request.COOKIES
        if request.path.startswith(settings.STATIC_URL):
            return response
        if not open_ or known or response.status_code >= 400 or response.cookies:
            response["Cache-Control"] = "no-store"
        return response

    return middleware


def read_once(get_response: Handler) -> Handler:
    """Read once what a request asks for in many places."""

    def middleware(request: SiteRequest) -> HttpResponse:
        with remembering():
            return get_response(request)

    return middleware
