"""Take a decision on a record: checked against the table of roles, kept as a step, never overwriting what was decided."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction

from zhunsheng.errors import ZhunshengError
from zhunsheng.web.models import Step, User
from zhunsheng.web.roles import ACTIONS, may


def advance(user: User, subject: Any, action: str, remark: str = "") -> Step:
    """Take a step and return it. Raises ``PermissionDenied``, ``ZS-WB-01`` when the record moved on, ``ZS-WB-02`` without words."""
    act = ACTIONS[action]
    with transaction.atomic():
        # The row is locked, so that of two people deciding at once the second sees the first's decision.
        now = type(subject)._base_manager.select_for_update().get(pk=subject.pk)
        if act.on and now.state not in act.on:
            raise ZhunshengError("ZS-WB-01", title=str(now), state=now.get_state_display())
        if not may(user, action, now):
            raise PermissionDenied(action)
        if act.remark and not remark.strip():
            raise ZhunshengError("ZS-WB-02", action=act.label)
        before, after = now.state, act.to
        if action == "targets.submit" and before == "changes":
            after = _asked_from(now)
        now.state = after
        now.save()
        subject.state = after
        return note(user, now, action, before, after, remark)


def note(user: User, subject: Any, action: str, before: str = "", after: str = "", remark: str = "") -> Step:
    """Keep a step that changes no state, such as planning a draw or entering a number."""
    return Step.objects.create(
        model=subject._meta.model_name,
        object_id=subject.pk,
        action=action,
        before=before,
        after=after,
        remark=remark.strip(),
        by=user,
    )


def _asked_from(subject: Any) -> str:
    """Changes that were asked for go back to whoever asked, not to the start of the line."""
    asked = Step.objects.filter(model=subject._meta.model_name, object_id=subject.pk, action="targets.ask").last()
    return asked.before if asked else "submitted"


def steps_of(subject: Any) -> list[Step]:
    """Return the record's steps in order."""
    return list(Step.objects.filter(model=subject._meta.model_name, object_id=subject.pk).select_related("by"))
