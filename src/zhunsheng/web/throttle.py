"""How long whoever failed to sign in waits, by name and address, each longer than before;
how often a stranger may ask.

Nobody is locked out by strangers: a browser that has signed in as a person before carries a mark of it and
waits for its own failures only, and no wait of the others is longer than a minute (OWASP, device cookies).
"""

from __future__ import annotations

import secrets
import time
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network
from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from axes.models import AccessAttempt
from django.conf import settings
from django.core import signing
from django.core.cache import caches
from django.db.models import Max, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.crypto import salted_hmac

from zhunsheng.web.models import User

COOKIE = f"{settings.COOKIE_PREFIX}zhunsheng-known"
COOKIE_AGE = 180 * 86400
MOST_KNOWN = 20  # people that one browser may be known to
SALT = "zhunsheng.known-browser"
MOST_ASKED, HOUR = 40, 3600  # questions of a public page that one network has answered in an hour


@dataclass(frozen=True)
class Limit:
    """So many failures are free; then each doubles the wait, from ``first`` seconds up to ``most``."""

    free: int
    first: int
    most: int

    def wait(self, failures: int) -> timedelta:
        """Return the wait after so many failures."""
        over = failures - self.free
        return timedelta(seconds=min(self.first * 2 ** min(over, 20), self.most) if over >= 0 else 0)


# An office may share one address: its limit is wider than that of one name.
BY_BOTH = Limit(5, 30, 900)
BY_NAME = Limit(20, 1, 60)
BY_ADDRESS = Limit(50, 1, 60)
FRESH = 2  # tries by a name that each network has


def known(request: HttpRequest, name: str) -> str:
    """Return the mark under which a browser's failures count when it has signed in by a name before,
    else nothing.
    """
    try:
        said = signing.loads(request.COOKIES.get(COOKIE, ""), salt=SALT, max_age=COOKIE_AGE)
    except signing.BadSignature:
        return ""
    names: dict[str, str] = said if isinstance(said, dict) else {}
    return names.get(name, "")


def remember(request: HttpRequest, response: HttpResponse, user: User) -> None:
    """Mark a browser as one that has signed in as a person; it may be known to several, who
    share a computer.
    """
    try:
        names = dict(signing.loads(request.COOKIES.get(COOKIE, ""), salt=SALT, max_age=COOKIE_AGE))
    except (signing.BadSignature, TypeError, ValueError):
        names = {}
    name = user.get_username()
    names[name] = names.pop(name, "") or f"known-{secrets.token_urlsafe(12)}"
    kept = dict(list(names.items())[-MOST_KNOWN:])
    response.set_cookie(
        COOKIE,
        signing.dumps(kept, salt=SALT),
        max_age=COOKIE_AGE,
        httponly=True,
        samesite="Lax",
        secure=settings.HTTPS,
    )


def counted(name: str) -> str:
    """Return a user name as failures are counted by it: capitals and width make no other person."""
    return unicodedata.normalize("NFKC", name).casefold()


def counted_name(request: HttpRequest, credentials: dict[str, str] | None = None) -> str:
    """Return the name that a try is counted by."""
    return counted(str((credentials or {}).get("username") or ""))


def network(address: str) -> str:
    """Return what of an address one subscriber has: of IPv6 a /64, which comes with any connection."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    return str(ip_network(f"{found}/64", strict=False).network_address) if found.version == 6 else address


def waiting(name: str, address: str, mark: str, now: datetime) -> timedelta:
    """Return how long until the next try is looked at."""
    strangers = AccessAttempt.objects.filter(user_agent="")
    if mark:
        limits = [(AccessAttempt.objects.filter(username=name, user_agent=mark), BY_BOTH)]
    else:
        here = strangers.filter(username=name, ip_address=address)
        limits = [(here, BY_BOTH), (strangers.filter(ip_address=address), BY_ADDRESS)]
        # A network from which the name was hardly tried is looked at, whatever others do to it:
        # they lock nobody out.
        if (here.aggregate(n=Sum("failures_since_start"))["n"] or 0) >= FRESH:
            limits.append((strangers.filter(username=name), BY_NAME))
    longest = timedelta()
    for failures, limit in limits:
        found = failures.aggregate(n=Sum("failures_since_start"), last=Max("attempt_time"))
        if found["n"]:
            longest = max(longest, found["last"] + limit.wait(found["n"]) - now)
    return longest


class Handler(AxesDatabaseHandler):  # type: ignore[misc]  # the package has no types
    """Counts failures by name, address and known browser, and refuses a try that comes before its wait is
    over.
    """

    def is_locked(self, request: Any, credentials: dict[str, str] | None = None) -> bool:
        """Return whether the wait is not over; ``sign_in_wait`` of the request then is the rest of it in
        seconds. Who comes back from the identity provider tries no password here, and waits for nobody's.
        """
        if "nonce" in (credentials or {}):
            return False
        name = counted_name(request, credentials)
        request.axes_user_agent = known(request, str((credentials or {}).get("username") or ""))
        request.axes_ip_address = network(request.axes_ip_address)
        left = waiting(name, request.axes_ip_address, request.axes_user_agent, timezone.now())
        request.sign_in_wait = max(1, -(-int(left.total_seconds() * 1000) // 1000))
        return left > timedelta()

    def user_login_failed(
        self, sender: Any, credentials: dict[str, str], request: Any = None, **kwargs: Any
    ) -> None:
        """Count a wrong password: not where none was tried, the directory could not be asked, or it let in
        somebody whom only this site does not know.
        """
        known_there = getattr(request, "directory_down", False) or getattr(request, "unknown_person", "")
        if "nonce" not in credentials and not known_there:
            super().user_login_failed(sender, credentials, request, **kwargs)


def asked(request: HttpRequest) -> int:
    """Count a stranger's question by its network; return the seconds until another is answered,
    0 where this one is.

    Kept is a number under a keyed digest of the network, in this process's memory and for an hour:
    neither who asked nor what. So several processes answer as many times as much.
    """
    turn, left = divmod(int(time.time()), HOUR)
    name = salted_hmac(
        "zhunsheng.asked", f"{turn} {network(str(request.META.get('REMOTE_ADDR', '')))}"
    ).hexdigest()
    kept = caches["asked"]
    kept.add(name, 0, HOUR)
    try:
        times = kept.incr(name)
    except ValueError:  # put out meanwhile, by very many others
        times = 1
    return HOUR - left if times > MOST_ASKED else 0


def answer(
    request: HttpRequest, response: HttpResponse | None = None, credentials: object = None
) -> HttpResponse:
    """Say how long to wait; 429 with ``Retry-After``."""
    seconds = getattr(request, "sign_in_wait", 1)
    said = render(request, "web/locked.html", {"minutes": seconds // 60, "seconds": seconds % 60}, status=429)
    said["Retry-After"] = str(seconds)
    return said
