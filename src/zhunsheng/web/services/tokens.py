"""Tokens of the API: issued by a person for one of their places, and revoked."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.exceptions import PermissionDenied

from zhunsheng.web.models import ApiToken, Organisation, User
from zhunsheng.web.roles import token_places

DAYS = 30  # that a token is valid where nothing else is said


def issue(user: User, name: str, scopes: Sequence[str], days: int | None, place: Organisation | None) -> str:
    """Issue a token and return its secret. Raises ``PermissionDenied`` for a person who has no place.

    Without a word the token is for the place where its person works, not for all that they reach.
    """
    place = place or next(iter(token_places(user)), None)
    if place is None:
        raise PermissionDenied("account")
    _token, secret = ApiToken.issue(user, name, list(scopes), days or DAYS, place)
    return secret


def revoke(token: ApiToken) -> None:
    """End a token for good."""
    token.revoked = True
    token.save()
