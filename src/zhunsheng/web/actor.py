"""Who acts now and from where, for the audit log: set for each request and each background job."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

# Who acts where no person does; no account bears such a name.
SYSTEM, STRANGER = "system", "anonymous"


@dataclass(frozen=True)
class Actor:
    """A user name (or the system's) and a network address, empty for work without a request."""

    name: str = SYSTEM
    origin: str = ""


_current: ContextVar[Actor] = ContextVar("actor", default=Actor())  # noqa: B039 (frozen)


def current() -> Actor:
    """Return who acts now."""
    return _current.get()


@contextmanager
def acting(name: str, origin: str = "") -> Iterator[None]:
    """Name the actor of everything within the block."""
    token = _current.set(Actor(name, origin))
    try:
        yield
    finally:
        _current.reset(token)
