"""Steps as people take them on a page: what each sets beside the state, what follows from it, what changed meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import FieldDoesNotExist, PermissionDenied
from django.urls import reverse
from django.utils.translation import gettext as _

from zhunsheng.web.models import (
    AuditEntry,
    Checkpoint,
    Contest,
    Decided,
    Draw,
    KeyEvaluation,
    Publication,
    Rectification,
    SafeguardRecord,
    SelfEvaluation,
    SheetVersion,
    Step,
    User,
)
from zhunsheng.web.models.decided import Seen
from zhunsheng.web.roles import ACTIONS, permits
from zhunsheng.web.services import jobs, publishing, review, sheets
from zhunsheng.web.services import year as figures
from zhunsheng.web.services.uploads import take
from zhunsheng.web.workflow import Overtaken, advance, check, compare

RECORDS: dict[str, type[Decided]] = {
    "targets": SheetVersion,
    "monitoring": Checkpoint,
    "selfeval": SelfEvaluation,
    "contest": Contest,
    "keyeval": KeyEvaluation,
    "rectify": Rectification,
    "draws": Draw,
    "safeguards": SafeguardRecord,
    "publish": Publication,
}


def known(prefix: str, action: str) -> bool:
    """Return whether an action is one of the steps that the pages of a kind of record offer."""
    act = ACTIONS.get(action)
    return prefix in RECORDS and action.startswith(f"{prefix}.") and act is not None and bool(act.label and act.to)


def permitted(user: User, record: Any, action: str) -> None:
    """Refuse who may not take a step at all, before anything is read or said. Raises ``PermissionDenied``."""
    if not permits(user, action, record):
        raise PermissionDenied(action)


def decide(user: User, record: Any, action: str, said: Mapping[str, Any]) -> Step | Overtaken:
    """Take a step on a record with what was sent (the fields of ``StepForm``), and do what follows from it.

    Returns ``Overtaken`` where the figures had to be filled anew, which is kept. Raises as ``advance``.
    """
    seen = said.get("seen") or ""
    check(user, record, action, seen)
    if action in PREPARE:
        PREPARE[action](record)
        try:
            compare(record, seen)
        except Overtaken as moved:
            return moved
    remark = str(said.get("remark") or "")
    if action == "rectify.prove" and not said.get("file") and said.get("no_proof"):
        told = _("没有佐证材料：%s") % said["no_proof"]
        remark = f"{remark} {told}".strip()
    if action == "targets.submit" and said.get("despite"):
        if count := record.findings.filter(level="error").count():
            told = _("带着 %s 个“错误”级问题提交") % count
            remark = f"{remark} {told}".strip()
    change = (lambda now: CHANGES[action](now, said, user)) if action in CHANGES else None
    sent = {k: v for k, v in said.items() if v}
    if isinstance(record, Publication):
        step = publishing.decide(record, user, action, remark, seen=seen)
    else:
        step = advance(user, record, action, remark, seen=seen, said=sent, change=change)
    if action in AFTER:
        AFTER[action](record, user)
    return step


def _reasoned(record: Any, said: Mapping[str, Any], user: User) -> None:
    record.reason = record.reason or str(said.get("remark") or "").strip()


def _proved(record: Any, said: Mapping[str, Any], user: User) -> None:
    record.result = str(said.get("result") or "").strip()
    if said.get("file"):
        record.proof = take(said["file"], "attachment", record.department, user)
    else:
        record.proof = None


def _asked(record: Any, said: Mapping[str, Any], user: User) -> None:
    record.request = str(said.get("request") or "").strip()


def _ruled(record: Any, said: Mapping[str, Any], user: User) -> None:
    record.ruling = str(said.get("remark") or "").strip()


def _counted(record: Any, user: User) -> None:
    figures.ruled(record, user)


def _filled(record: Any) -> None:
    if isinstance(record, Checkpoint):
        figures.fill_checkpoint(record, tables=True)
    else:
        figures.fill_self_evaluation(record, tables=True)


def _reviewed_first(record: Any) -> None:
    """Review a sheet that was not reviewed as it stands (by the rules of today), so that its findings are known."""
    if not review.standing_of(record).current:
        sheets.refresh_findings(record.department, record.sheet.year)


def _reviewed(record: Any, user: User) -> None:
    sheets.refresh_findings(record.department, record.sheet.year)


def _assessed(record: Any, user: User) -> None:
    jobs.assess_soon(record.department, user)


PREPARE: dict[str, Callable[[Any], None]] = {
    "targets.submit": _reviewed_first,
    "monitoring.submit": _filled,
    "selfeval.submit": _filled,
}
CHANGES: dict[str, Callable[[Any, Mapping[str, Any], User], None]] = {
    "targets.submit": _reasoned,
    "rectify.prove": _proved,
    "safeguards.request": _asked,
    "contest.accept": _ruled,
    "contest.refuse": _ruled,
}
AFTER: dict[str, Callable[[Any, User], None]] = {
    "targets.approve": _assessed,
    "targets.void": _reviewed,
    "targets.restore": _reviewed,
    "contest.accept": _counted,
}


# -- what changed since -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Change:
    """One thing that changed since a page was opened: a field from one text to another, or a step (``step``)."""

    at: datetime
    who: str
    what: str = ""
    before: str = ""
    after: str = ""
    step: Step | None = None


def changes_since(record: Any, seen: Seen) -> list[Change]:
    """Return what happened to a record since it was seen, oldest first; nothing where the page carried no trace of it."""
    if not seen.text:
        return []
    steps = [
        Change(s.at, str(s.by), step=s)
        for s in Step.objects.filter(model=record._meta.model_name, object_id=record.pk, pk__gt=seen.step)
    ]
    return sorted([*steps, *_fields_since(record, seen.entry)], key=lambda c: c.at)


def _fields_since(record: Any, entry: int) -> list[Change]:
    found = AuditEntry.objects.filter(
        model=record._meta.model_name, object_id=str(record.pk), number__gt=entry, action__in=("edit", "change")
    ).order_by("number")
    labels = {p: f.label for p, f in sheets.current_fields(record).items()} if isinstance(record, SheetVersion) else {}
    changes: dict[str, Change] = {}
    for one in found:
        for name in {**one.before, **one.after}:
            label = labels.get(name, name) if one.action == "edit" else _label(record, name)
            if not label:
                continue
            first = changes.get(label)
            before = first.before if first else _text(one.before.get(name))
            changes[label] = Change(one.at, one.actor, label, before, _text(one.after.get(name)))
    return [c for c in changes.values() if c.before != c.after]


def _label(record: Any, name: str) -> str:
    """Return the label of a field; none for what the entries of edits or the steps say better."""
    if name in ("state", *record.by_digest):
        return ""
    if name == "assessment_id":
        return _("数据（已按台账重新计算）")
    try:
        return str(record._meta.get_field(name.removesuffix("_id")).verbose_name)
    except FieldDoesNotExist:
        return name


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return "；".join(f"{k}：{v}" for k, v in value.items())[:300]
    return "" if value is None else str(value)[:300]


def address_of(record: Any) -> str:
    """Return the page of a record."""
    if isinstance(record, SelfEvaluation):
        return reverse("selfeval", kwargs={"department": record.department_id, "year": record.year})
    if isinstance(record, Contest):
        return address_of(record.evaluation)
    if isinstance(record, Rectification):
        return reverse("keyevaluation", args=[record.evaluation_id])
    return reverse(PAGES[type(record)], args=[record.pk])


PAGES: dict[type[Decided], str] = {
    SheetVersion: "version",
    Checkpoint: "checkpoint",
    KeyEvaluation: "keyevaluation",
    SafeguardRecord: "record",
    Draw: "draw",
    Publication: "publication",
}
