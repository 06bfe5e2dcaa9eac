"""The site's log: a line of JSON for each thing that happened, which names nobody and holds nothing of
anybody.

What a line may tell: when, which request or job, which page (by its name and the numbers of its address), the
account's number, status and time. What people typed, their names and addresses stand in none: the audit log
has who did what, for those who may read it.
"""

from __future__ import annotations

import json
import logging
import re
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import Error as DatabaseError

from zhunsheng.clock import zone
from zhunsheng.errors import ZhunshengError

if TYPE_CHECKING:  # the settings name this module before there are models
    from zhunsheng.web.requests import SiteRequest

_about: ContextVar[dict[str, object]] = ContextVar("about")
# What may be of a person in words that are not our own: anything quoted, not in ASCII, or with five digits.
_SAID = re.compile(r"'[^']*'|\"[^\"]*\"|\([^()]*\)=\([^()]*\)|[^\x20-\x7e]+|[^\s]*\d{5,}[^\s]*")
OWN = "zhunsheng"
REQUESTS = logging.getLogger("zhunsheng.request")


@contextmanager
def telling(**about: object) -> Iterator[None]:
    """Have every line within the block say what it is about: ``request=``, ``job=``."""
    token = _about.set({**_about.get({}), **about})
    try:
        yield
    finally:
        _about.reset(token)


def bare(text: str) -> str:
    """Return the first line of words that are not our own, with what may be of a person left out."""
    return _SAID.sub("…", next(iter(text.splitlines()), ""))[:300]


def what_failed(error: BaseException) -> str:
    """Return an error by its code, or its kind and what can be said of it."""
    if isinstance(error, ZhunshengError):
        return error.code
    kind = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
    state = getattr(error.__cause__, "sqlstate", None) if isinstance(error, DatabaseError) else None
    return f"{kind} {state or ''}: {bare(str(error))}".replace(" :", ":")


class Line(logging.Formatter):
    """Writes a record as one line of JSON; of an error its kind and where it was, line by line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        own = record.name.split(".")[0] == OWN
        said = {
            "at": datetime.fromtimestamp(record.created, zone()).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage() if own else bare(record.getMessage()),
            **_about.get({}),
            **getattr(record, "fields", {}),
        }
        if record.exc_info and (error := record.exc_info[1]) is not None:
            said["error"] = what_failed(error)
            frames = traceback.extract_tb(error.__traceback__)
            said["trace"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
        return json.dumps(said, ensure_ascii=False, default=str)


class Refusals(logging.Filter):
    """Takes Django's own lines on a refused request out: the request's line tells of it, with the reason that
    they give; strangers can make thousands.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Let all through but what tells of an answer below 500."""
        if not record.name.startswith("django.") or getattr(record, "status_code", 500) >= 500:
            return True
        if (request := getattr(record, "request", None)) is not None:
            request.refused = _reason(record)
        return False


def _reason(record: logging.LogRecord) -> str:
    """Return why a request was refused, in Django's words or by the kind of the error; of it no address."""
    if record.exc_info and record.exc_info[0] is not None:
        return record.exc_info[0].__name__
    if isinstance(record.args, tuple) and len(record.args) == 2:  # reason and path
        return bare(str(record.args[0]))
    return record.name.rpartition(".")[2] if record.name.startswith("django.security.") else ""


def log_request(request: SiteRequest, status: int, seconds: float) -> None:
    """Write the one line of a request that was answered."""
    # Who is asked for here would be looked up for the line alone.
    match, user = request.resolver_match, getattr(request, "_cached_user", None)
    numbers = {k: v for k, v in match.kwargs.items() if isinstance(v, int)} if match else {}
    fields: dict[str, object] = {
        "method": request.method,
        "page": (match.view_name or match.route) if match else None,
        **({"of": numbers} if numbers else {}),
        "status": status,
        "ms": round(seconds * 1000, 1),
        "user": user.pk if user is not None and user.is_authenticated else None,
    }
    if reason := getattr(request, "refused", ""):
        fields["why"] = reason
    level = logging.ERROR if status >= 500 else logging.INFO
    REQUESTS.log(level, "answered", extra={"fields": fields})
