"""Sign-in through OpenID Connect for people the administrator has entered; matched by user name,
never created.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from mozilla_django_oidc.auth import OIDCAuthenticationBackend


class Backend(OIDCAuthenticationBackend):  # type: ignore[misc]  # the package has no types
    """Match the provider's ``preferred_username`` with the user name here."""

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
        """Accept claims that name a user."""
        return bool(claims.get("preferred_username"))

    def filter_users_by_claims(self, claims: dict[str, Any]) -> Any:
        """Return the active users of that name: one, or none."""
        return self.UserModel.objects.filter(username=claims.get("preferred_username", ""), is_active=True)
