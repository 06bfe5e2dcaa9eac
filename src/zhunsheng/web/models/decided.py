"""The base of every record on which decisions are taken: its state changes by steps only,
and it says what was seen.
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Self

from django.db import models

from zhunsheng.errors import ZhunshengError
from zhunsheng.web.models.audited import Audited, AuditEntry, Overtaken, Seen
from zhunsheng.web.models.people import Organisation
from zhunsheng.web.models.work import Step

__all__ = ["Decided", "Overtaken", "Seen", "shown", "stepping"]

_stepping: ContextVar[bool] = ContextVar("stepping", default=False)


@contextmanager
def stepping() -> Iterator[None]:
    """Let states change within the block; the workflow alone opens it."""
    token = _stepping.set(True)
    try:
        yield
    finally:
        _stepping.reset(token)


def shown(*said: object) -> str:
    """Return the digest of what a page shows, which the form that decides on it carries."""
    return hashlib.sha256("\x1f".join(map(str, said)).encode()).hexdigest()


def _digest(said: object) -> str:
    plain = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(plain.encode()).hexdigest()[:32]


class Decided(Audited):
    """A record with a state. ``start`` are the states in which a round of decisions begins,
    ``final`` those that end it.

    In the ``bound`` states its text is what was decided on: it changes by a step that leads elsewhere,
    and by nothing else.
    """

    start: tuple[str, ...] = ()
    final: tuple[str, ...] = ()
    bound: tuple[str, ...] = ()

    class Meta:
        abstract = True

    if TYPE_CHECKING:  # what each has as a field or a property of its own
        state: models.CharField[str, str]

        @property
        def department(self) -> Organisation:
            """The department that it is of."""

        def get_state_display(self) -> str:
            """Return the state in words."""

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save. Raises ``TypeError`` where the state would change without a step,
        or a text that was decided on at all.
        """
        if not _stepping.get():
            new = self._state.adding
            field = self._meta.get_field("state")
            assert isinstance(field, models.Field)
            known = field.get_default() if new else self.__dict__["_read"].get("state")
            if "state" in self.__dict__ and known != self.__dict__["state"]:
                raise TypeError(f"{type(self).__name__}: a state changes by a step of the workflow only")
        super().save(*args, **kwargs)

    def _refuse_late(self, known: Self, names: list[str]) -> None:
        """Refuse as every record does, and what was meant for a state that the record is no longer in."""
        super()._refuse_late(known, names)
        if self.__dict__["_read"].get("state") != known.state:
            raise ZhunshengError("ZS-WB-01", title=str(known), state=known.get_state_display())
        if known.state in self.bound and "state" not in names:
            kept = copy.copy(known)
            for name in names:
                setattr(kept, name, getattr(self, name))
            if kept.bound_text() != known.bound_text():
                raise TypeError(
                    f"{type(self).__name__}: what was decided on changes by a new version or step only"
                )

    def bound_text(self) -> object:
        """Return as plain data what may not change in a ``bound`` state."""
        return self.decided_on()

    def bound_digest(self) -> str:
        """Return its digest, which each step keeps of the text that it left."""
        return _digest(self.bound_text())

    def decided_on(self) -> object:
        """Return as plain data the text a decision rests on, without the state."""
        return {k: v for k, v in self._logged().items() if k != "state"}

    def steps(self) -> list[Step]:
        """Return the record's steps in order."""
        found = Step.objects.filter(model=self._meta.model_name, object_id=self.pk)
        return list(found.select_related("by").order_by("pk"))

    def last_step(self) -> Step | None:
        """Return the newest step."""
        return Step.objects.filter(model=self._meta.model_name, object_id=self.pk).order_by("pk").last()

    def seen(self) -> Seen:
        """Return what someone sees who looks at the record now."""
        step = self.last_step()
        entries = AuditEntry.objects.filter(model=self._meta.model_name, object_id=str(self.pk))
        entry = entries.order_by("-number").values_list("number", flat=True).first()
        return Seen(_digest(self.decided_on()), self.state, step.pk if step else 0, entry or 0)

    def seen_digest(self) -> str:
        """Return the same as the text that forms carry."""
        return str(self.seen())

    def moved(self, before: str) -> None:
        """Follow a change of the state, as part of the step."""

    def writers(self) -> set[str]:
        """Return the user names of those who wrote the text since it was last approved."""
        return set()

    def kept_apart(self, action: str) -> set[str]:
        """Return the user names of those who wrote what a step decides on, and so do not take it:
        those of the text.
        """
        return self.writers()
