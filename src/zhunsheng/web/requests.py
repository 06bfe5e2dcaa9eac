"""The request that a page gets: who signed in, and the department and year that its address
or record names.
"""

from __future__ import annotations

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from zhunsheng.web.models import Organisation, User


class SiteRequest(HttpRequest):
    """A request as the middleware of the settings makes it; ``session_over``: it came with a session that has
    ended; ``number``: what its lines in the log bear.
    """

    htmx: HtmxDetails
    session_over: bool
    number: str


class SignedInRequest(SiteRequest):
    """A request of a signed-in user, as ``views.common.page`` hands it to a page."""

    user: User
    department: Organisation | None
    year: int | None
    where: tuple[Organisation, int | None]  # of a page of a whole district
    position: int  # of the last entry of the log that its page shows
