"""Sign-in through OpenID Connect for people the administrator has entered; matched by user name,
never created, asked about again every quarter of an hour, and signed out there too.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

import jwt
import requests
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY
from django.contrib.auth.views import LogoutView
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from mozilla_django_oidc.auth import OIDCAuthenticationBackend
from mozilla_django_oidc.utils import import_from_settings
from mozilla_django_oidc.views import OIDCAuthenticationCallbackView, OIDCAuthenticationRequestView

from zhunsheng.web.models import User
from zhunsheng.web.requests import SiteRequest
from zhunsheng.web.services import directory

log = logging.getLogger(__name__)
BACKEND = "zhunsheng.web.oidc.Backend"
# The library's settings by the provider's own words for its addresses (OpenID Connect Discovery 1.0, 3).
ENDPOINTS = {
    "OIDC_OP_AUTHORIZATION_ENDPOINT": "authorization_endpoint",
    "OIDC_OP_TOKEN_ENDPOINT": "token_endpoint",
    "OIDC_OP_USER_ENDPOINT": "userinfo_endpoint",
    "OIDC_OP_JWKS_ENDPOINT": "jwks_uri",
    "OIDC_OP_LOGOUT_ENDPOINT": "end_session_endpoint",
}
KEPT = 3600  # seconds that what a provider says of itself is kept
# A silent question that the provider can't answer without the person (Core 1.0, 3.1.2.6).
_NOT_SIGNED_IN = {"login_required", "interaction_required", "consent_required", "account_selection_required"}


@lru_cache(maxsize=1)
def _discovered(issuer: str, _turn: int) -> dict[str, Any]:
    """Return what a provider says of itself. Raises ``RequestException``, ``SuspiciousOperation``."""
    answer = requests.get(
        f"{issuer}/.well-known/openid-configuration",
        verify=settings.OIDC_VERIFY_SSL,
        timeout=settings.OIDC_TIMEOUT,
    )
    answer.raise_for_status()
    said: dict[str, Any] = answer.json()
    if str(said.get("issuer", "")).rstrip("/") != issuer:
        raise SuspiciousOperation("the provider says that it is another issuer")
    return said


def setting(name: str, *default: Any) -> Any:
    """Return a setting of the library; an address that is not set is what the provider says.
    Raises ``RequestException``, ``SuspiciousOperation``.
    """
    if name in ENDPOINTS and not getattr(settings, name, ""):
        return _discovered(settings.OIDC_ISSUER, int(time.time()) // KEPT).get(ENDPOINTS[name], "")
    return import_from_settings(name, *default)


class Backend(OIDCAuthenticationBackend):  # type: ignore[misc]  # the package has no types
    """Match the claim that holds the user name (``settings.OIDC_NAME``) with the user name here."""

    get_settings = staticmethod(setting)

    def verify_token(self, token: Any, **kwargs: Any) -> dict[str, Any]:
        """Return the claims of a token that this issuer gave to this site (OpenID Connect Core 1.0, 3.1.3.7).

        The library leaves issuer and audience unchecked: a token given to another site would do. Raises
        ``SuspiciousOperation``.
        """
        claims: dict[str, Any] = super().verify_token(token, **kwargs)
        given = claims.get("aud")
        audience = given if isinstance(given, list) else [given]
        if (
            self.OIDC_RP_CLIENT_ID not in audience
            or claims.get("azp", self.OIDC_RP_CLIENT_ID) != self.OIDC_RP_CLIENT_ID
        ):
            raise SuspiciousOperation("the token is for another client")
        if str(claims.get("iss", "")).rstrip("/") != settings.OIDC_ISSUER:
            raise SuspiciousOperation("the token is of another issuer")
        return claims

    def get_userinfo(self, access_token: Any, id_token: Any, payload: dict[str, Any]) -> dict[str, Any]:
        """Return what the provider says of the person whom the token names, and of nobody else (Core 1.0,
        5.3.2).
        """
        said: dict[str, Any] = super().get_userinfo(access_token, id_token, payload)
        if said.get("sub") != payload.get("sub"):
            raise SuspiciousOperation("the provider speaks of another person")
        return said

    def verify_claims(self, claims: dict[str, Any]) -> bool:
        """Accept claims that name a user; a request whose claims don't has ``nameless``."""
        self.request.nameless = not claims.get(settings.OIDC_NAME)
        return not self.request.nameless

    def filter_users_by_claims(self, claims: dict[str, Any]) -> Any:
        """Return the active users of that name: one, or none, of whom the request then has
        ``unknown_person``.
        """
        name = str(claims.get(settings.OIDC_NAME, ""))
        found = User.objects.filter(username=name, is_active=True)
        if not found:
            self.request.unknown_person = name[:150]
        return found

    def update_user(self, user: User, claims: dict[str, Any]) -> User:
        """Bring the roles of a person's groups up to date."""
        groups = claims.get(settings.OIDC_GROUPS) or ()
        directory.follow(user, [groups] if isinstance(groups, str) else map(str, groups))
        return user


class _Told:
    """A view of the library by what the provider says of itself, which says so where the provider can't be
    asked or its answer is not right.
    """

    get_settings = staticmethod(setting)

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Callable[..., HttpResponse]:
        """Return the view; addresses are asked for as it is made, for each request."""
        asked: Callable[..., HttpResponse] = super().as_view(**initkwargs)  # type: ignore[misc]

        def view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            try:
                return asked(request, *args, **kwargs)
            except (requests.RequestException, SuspiciousOperation, jwt.PyJWTError, ValueError) as error:
                log.error("single sign-on: %s: %s", type(error).__name__, error)
                return render(request, "web/not_signed_in.html", {"down": True}, status=502)

        return view


class Ask(_Told, OIDCAuthenticationRequestView):  # type: ignore[misc]
    """Lead to the provider; with ``again`` only ask it whether the person is still signed in there."""

    def get_extra_params(self, request: HttpRequest) -> dict[str, str]:
        """Return what is asked beside the usual."""
        return {"prompt": "none"} if request.GET.get("again") else {}


class Answer(_Told, OIDCAuthenticationCallbackView):  # type: ignore[misc]
    """Take the provider's answer: sign in, or say why not."""

    def login_failure(self) -> HttpResponse:
        """Say why nobody is signed in."""
        request = self.request
        error = request.GET.get("error", "")
        if error in _NOT_SIGNED_IN:
            # The session was opened there and has ended there: here it has ended with it.
            return redirect(f"{reverse('sign-in')}?{urlencode({'over': 1})}")
        said = {
            "name": getattr(request, "unknown_person", ""),
            "nameless": getattr(request, "nameless", False),
            "claim": settings.OIDC_NAME,
            "error": error[:60],
        }
        return render(request, "web/not_signed_in.html", said, status=403)


class SignOut(LogoutView):
    """End the session here, and there where it was opened there (OpenID Connect RP-Initiated Logout 1.0)."""

    http_method_names = ("post",)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Sign out."""
        there = request.session.get(BACKEND_SESSION_KEY) == BACKEND
        token = request.session.get("oidc_id_token", "")
        back = request.build_absolute_uri(reverse("public"))
        left: HttpResponse = super().post(request, *args, **kwargs)
        if not there:
            return left
        try:
            address = setting("OIDC_OP_LOGOUT_ENDPOINT")
        except (requests.RequestException, SuspiciousOperation, ValueError) as error:
            log.error("single sign-on: %s: %s", type(error).__name__, error)
            address = ""
        if not address:
            return left
        said = {"client_id": settings.OIDC_RP_CLIENT_ID, "post_logout_redirect_uri": back}
        said |= {"id_token_hint": token} if token else {}
        return HttpResponseRedirect(f"{address}?{urlencode(said)}")


def renewal(get_response: Callable[[SiteRequest], HttpResponse]) -> Callable[[SiteRequest], HttpResponse]:
    """Ask the provider again whether a person is still let in, a quarter of an hour after it last said so,
    before the next whole page: who was removed there has no session here for longer.
    """

    def middleware(request: SiteRequest) -> HttpResponse:
        if (
            request.method == "GET"
            and not request.htmx
            and request.headers.get("Sec-Fetch-Mode", "navigate") == "navigate"
            and request.user.is_authenticated
            and request.session.get(BACKEND_SESSION_KEY) == BACKEND
            and request.session.get("oidc_id_token_expiration", 0) < time.time()
            and not request.path.startswith((reverse("oidc_authentication_callback"), "/static/"))
            and request.path != reverse("oidc_authentication_init")
        ):
            asked = {"again": 1, "next": request.get_full_path()}
            return redirect(f"{reverse('oidc_authentication_init')}?{urlencode(asked, safe='/')}")
        return get_response(request)

    return middleware
