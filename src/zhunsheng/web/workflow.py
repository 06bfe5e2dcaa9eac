"""Take a decision on a record: the one place where a state changes, checked against the table of roles,
kept as a step.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypedDict, TypeVar

from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from zhunsheng.errors import ZhunshengError
from zhunsheng.translation import series, worded
from zhunsheng.web.actions import ACTIONS, Act
from zhunsheng.web.models import Decided, Step, User
from zhunsheng.web.models.decided import Overtaken, Seen, stepping
from zhunsheng.web.roles import in_state, permits, was_last

D = TypeVar("D", bound=Decided)


class Said(TypedDict, total=False):
    """What comes with a step: the remark, the digest of what was on the screen, and what single steps ask for
    beside.
    """

    remark: str
    seen: str
    result: str
    no_proof: str
    request: str
    despite: bool
    file: UploadedFile[bytes] | None


Condition = Callable[[Any, Said], list[str]]
CONDITIONS: dict[str, Condition] = {}


def condition(check: Condition) -> Condition:
    """Register a condition under its name: given the record as it would be and what was sent,
    it returns what is missing.
    """
    CONDITIONS[check.__name__] = check
    return check


def advance(
    user: User,
    subject: D,
    action: str,
    remark: str = "",
    *,
    seen: str | None = None,
    said: Said | None = None,
    change: Callable[[D], None] | None = None,
    to: str = "",
) -> Step:
    """Take a step and return it; ``subject`` is then as it was saved.

    ``seen`` is what a form carried (``""``: nothing); None for a step that no page led to.
    ``change`` sets fields of the locked record; it runs once the step is permitted,
    and the conditions look at what it made. ``to`` chooses among the ways of an action.
    In this order it raises ``PermissionDenied``, ``Overtaken`` (``ZS-WB-10``), ``ZS-WB-01`` when the record
    moved on, ``ZS-WB-02`` without words, what ``change`` raises, ``ZS-WB-11`` naming what is missing.
    """
    act = ACTIONS[action]
    with transaction.atomic():
        # The row is locked, so that of two people deciding at once the second sees the first's decision.
        now = type(subject)._base_manager.select_for_update().get(pk=subject.pk)
        check(user, now, action, seen)
        if act.remark and not remark.strip():
            raise ZhunshengError("ZS-WB-02", action=act.label)
        if change is not None:
            change(now)
        missing = [words for name in act.needs for words in CONDITIONS[name](now, said or {})]
        if missing:
            raise ZhunshengError("ZS-WB-11", action=act.label or action, detail=series(missing, "；"))
        before = now.state
        now.state = to or _destination(now, act, action)
        if now.state not in act.leads:
            raise ValueError(f"{action} does not lead to {now.state}")
        with stepping():
            now.save()
        now.moved(before)
        for field in now._meta.concrete_fields:
            setattr(subject, field.attname, getattr(now, field.attname))
        subject.remember()
        return note(user, now, action, before, now.state, remark, seen)


def check(user: User, record: Decided, action: str, seen: str | None = None) -> None:
    """Refuse a step before anything is done for it. Raises as ``advance``, permission first."""
    act = ACTIONS[action]
    if not act.system and not permits(user, action, record):
        raise PermissionDenied(action)
    if seen is not None:
        compare(record, seen, blind=act.blind)
    if act.on and record.state not in act.on:
        raise ZhunshengError("ZS-WB-01", title=str(record), state=record.get_state_display())
    if not act.system and not in_state(user, action, record):
        raise PermissionDenied(action)
    if act.undoes and not was_last(record, act.undoes):
        raise ZhunshengError("ZS-WB-11", action=act.label, detail=worded("已有人办理"))


def compare(record: Decided, *seen: str, blind: bool = False) -> None:
    """Refuse what was decided on another text or, unless ``blind``, in another round. Raises ``Overtaken``.

    A page may carry several: what it showed at first, and what the person's own edits made of it since.
    """
    now, shown = record.seen(), [Seen.read(one) for one in seen] or [Seen()]
    if not any(
        was.text == now.text and (blind or (was.state, was.step) == (now.state, now.step)) for was in shown
    ):
        raise Overtaken(record, shown[-1])


def note(
    user: User,
    subject: Decided,
    action: str,
    before: str = "",
    after: str = "",
    remark: str = "",
    seen: str | None = None,
) -> Step:
    """Keep a step that changes no state, such as making a record; ``after`` is then the state it
    was made in.
    """
    step = Step(
        model=subject._meta.model_name or "",
        object_id=subject.pk,
        action=action,
        before=before,
        after=after,
        remark=remark.strip(),
        seen=seen,
        text=subject.bound_digest(),
        by=user,
    )
    step.department = subject.department
    step.save()
    return step


def _destination(record: Decided, act: Act, action: str) -> str:
    """Return where a step leads: what is taken back goes where it came from.

    What was returned, or changed because somebody asked for it, passes every stage anew: it is another text.
    """
    if act.undoes:
        last = record.last_step()
        return last.before if last else act.to
    return act.to
