"""When a session has ended, or a page's own token is old: nothing typed is lost,
and signing in happens beside it.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib.auth import BACKEND_SESSION_KEY
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from zhunsheng.web.requests import SiteRequest

TOKEN = "csrfmiddlewaretoken"
ADDRESSES = ("Origin checking failed", "Referer checking failed")  # as Django says why
FIELD = "once"  # a form sent again after signing in is a form of its own


def sign_in_again(request: SiteRequest) -> HttpResponse:
    """Ask someone who is not signed in to sign in.

    A page goes to sign-in and back. A part of a page answers 401 with words for the page's head,
    so that the form stays as it is; a form sent whole answers 401 with all that was typed,
    to be sent again after signing in.
    """
    if request.htmx:
        return above(request, "web/_session_over.html", 401)
    if request.method == "POST":
        return render(
            request, "web/session_over.html", {"typed": typed(request), "files": _files(request)}, status=401
        )
    asked = {"next": request.get_full_path()}
    if getattr(request, "session_over", False):
        asked["over"] = "1"
    return redirect(f"{reverse('sign-in')}?{urlencode(asked, safe='/')}")


def stale(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form whose token is not this session's, as after signing in again in another window, or that
    was sent from another address: 403, the text kept.

    The text is shown to be copied, never sent again from here: the form may be a stranger's.
    """
    # Not an old page, but one at an address that the site does not take for its own: a proxy that says
    # another name or port than browsers use, or a stranger's form. No new token would mend it.
    elsewhere = reason.startswith(ADDRESSES)
    said = {
        "elsewhere": elsewhere,
        "origin": request.headers.get("Origin", request.headers.get("Referer", ""))[:200],
        "here": f"{request.scheme}://{request.get_host()}",
    }
    if request.headers.get("HX-Request") == "true":
        response = above(request, "web/_session_stale.html", 403, said)
        if not elsewhere:
            response["X-Renew"] = "1"
        return response
    return render(request, "web/session_stale.html", {"typed": typed(request), **said}, status=403)


def must_change(request: HttpRequest) -> bool:
    """Return whether who is signed in has to choose a password first: whoever came through the directory
    gave none here.
    """
    by_password = request.session.get(BACKEND_SESSION_KEY) == "django.contrib.auth.backends.ModelBackend"
    return by_password and bool(getattr(request.user, "must_change", False))


@require_safe
def session(request: HttpRequest) -> JsonResponse:
    """Tell an open page who is signed in now and the token its forms need; nobody is,
    who must choose a password first.
    """
    ready = request.user.is_authenticated and not must_change(request)
    name = request.user.get_username() if ready else ""
    return JsonResponse({"user": name, "token": get_token(request)})


def above(
    request: HttpRequest, template: str, status: int = 200, context: dict[str, Any] | None = None
) -> HttpResponse:
    """Answer a part of a page with words for the page's head, so that the form on it stays as it is."""
    response = render(request, template, context, status=status)
    response["HX-Retarget"], response["HX-Reswap"] = "#alerts", "innerHTML show:#alerts:top"
    return response


def typed(request: HttpRequest) -> list[tuple[str, str, bool]]:
    """Return what was sent as (field, text, whether a person typed it at length); passwords never."""
    return [
        (name, text, len(text) > 12 or "\n" in text)
        for name, texts in request.POST.lists()
        for text in texts
        if name not in (TOKEN, FIELD) and "password" not in name
    ]


def _files(request: HttpRequest) -> list[str]:
    return [f.name or "" for name in request.FILES for f in request.FILES.getlist(name)]
