"""The request that a page gets: who signed in, and the department and year that its address or record names."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from zhunsheng.web.models import Organisation, User


class SignedInRequest(HttpRequest):
    """A request of a signed-in user, as ``views.common.page`` hands it to a page."""

    user: User
    department: Organisation | None
    year: int | None
    where: tuple[Organisation, int | None]  # of a page of a whole district
    htmx: Any
