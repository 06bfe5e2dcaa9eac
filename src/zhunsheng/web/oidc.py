"""Sign-in through OpenID Connect for people the administrator has entered; matched by user name, never created."""

from __future__ import annotations

from typing import Any

from mozilla_django_oidc.auth import OIDCAuthenticationBackend


class Backend(OIDCAuthenticationBackend):  # type: ignore[misc]
    """Match the provider's ``preferred_username`` with the user name here."""

    def verify_claims(self, claims: dict[str, Any]) -> bool:
        """Accept claims that name a user."""
        return bool(claims.get("preferred_username"))

    def filter_users_by_claims(self, claims: dict[str, Any]) -> Any:
        """Return the active users of that name: one, or none."""
        return self.UserModel.objects.filter(username=claims.get("preferred_username", ""), is_active=True)
