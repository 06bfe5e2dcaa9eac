"""The form that a request brings: its one-time key, what it says, and up to which entry of the log its page
had seen.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field


@dataclass
class FormUnderway:
    """A form on its way. ``digest`` is of all it says; ``position`` the log's last entry when its page was
    made, if known.

    ``row`` is where the key is kept, once it is; ``own`` are the entries that the request itself wrote;
    ``open`` says that nothing came of it, so that the key stays good.
    """

    user: int
    key: str
    digest: str
    path: str
    position: int | None = None
    row: int | None = None
    location: str = ""
    said: str = ""
    own: set[int] = field(default_factory=set)
    open: bool = False


_current: ContextVar[FormUnderway | None] = ContextVar("form", default=None)


def current() -> FormUnderway | None:
    """Return the form that is being acted on, None outside of a form's request."""
    return _current.get()


@contextmanager
def sending(form: FormUnderway | None) -> Iterator[None]:
    """Name the form of everything within the block."""
    token = _current.set(form)
    try:
        yield
    finally:
        _current.reset(token)
