"""Around every request: who acts, how long a session lasts, and how long the answer took."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from zhunsheng.web.actor import acting

Handler = Callable[[HttpRequest], HttpResponse]
MINUTE = 60


def address(request: HttpRequest) -> str:
    """Return the client's address, past as many proxies as are trusted and no more."""
    if settings.PROXIES:
        passed = [p.strip() for p in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if p.strip()]
        if passed:
            return passed[-min(settings.PROXIES, len(passed))][:64]
    return str(request.META.get("REMOTE_ADDR", ""))[:64]


def actor(get_response: Handler) -> Handler:
    """Name the actor for the audit log."""

    def middleware(request: HttpRequest) -> HttpResponse:
        name = request.user.get_username() if request.user.is_authenticated else "anonymous"
        with acting(name, address(request)):
            return get_response(request)

    return middleware


def session_limits(get_response: Handler) -> Handler:
    """End a session left idle; ask for a new password where one was handed out."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated and "_auth_user_id" in request.session:
            now, seen = int(time.time()), request.session.get("seen")
            if seen is not None and now - seen > settings.SESSION_IDLE:
                logout(request)
                return redirect("sign-in")
            # Written at most once a minute: a page view should not cost a write.
            if seen is None or now - seen > MINUTE:
                request.session["seen"] = now
            if getattr(request.user, "must_change", False) and not request.path.startswith(
                ("/account", "/sign", "/static", "/language")
            ):
                return redirect("password")
        return get_response(request)

    return middleware


class Figures:
    """Counts and times of answers since the process started, by route and status."""

    counts: Counter[tuple[str, int]] = Counter()
    seconds: defaultdict[str, float] = defaultdict(float)


def measured(get_response: Handler) -> Handler:
    """Count answers and their time for the metrics page."""

    def middleware(request: HttpRequest) -> HttpResponse:
        start = time.perf_counter()
        response = get_response(request)
        match: Any = request.resolver_match
        route = match.view_name or "" if match else ""
        Figures.counts[route, response.status_code] += 1
        Figures.seconds[route] += time.perf_counter() - start
        return response

    return middleware
