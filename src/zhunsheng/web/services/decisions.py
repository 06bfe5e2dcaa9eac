"""Steps as people take them on a page: what each sets beside the state, what follows from it,
what changed meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from django.core.exceptions import FieldDoesNotExist, PermissionDenied
from django.db import transaction
from django.db.models import DateTimeField, Field
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from zhunsheng.clock import to_minute
from zhunsheng.web.actions import ACTIONS
from zhunsheng.web.models import (
    ApiToken,
    Assessment,
    Audited,
    AuditEntry,
    CalendarEntry,
    Checkpoint,
    Contest,
    Decided,
    Draw,
    DrawTask,
    InspectionItem,
    Inspector,
    KeyEvaluation,
    KeyMark,
    LibraryIndicator,
    LocalScheme,
    LowTarget,
    Membership,
    Organisation,
    Publication,
    Rectification,
    RuleBasis,
    SafeguardRecord,
    SelfEvaluation,
    SheetVersion,
    Step,
    User,
    Word,
)
from zhunsheng.web.models.decided import Overtaken, Seen
from zhunsheng.web.models.year import shown_figures
from zhunsheng.web.roles import permits
from zhunsheng.web.services import commitments, jobs, review
from zhunsheng.web.services.publishing import acts, drift
from zhunsheng.web.services.sheets import drafts, lookup
from zhunsheng.web.services.uploads import take
from zhunsheng.web.services.year import comparing, contests, filling, low_targets
from zhunsheng.web.workflow import Said, advance, check, compare

RECORDS: dict[str, type[Decided]] = {
    "targets": SheetVersion,
    "monitoring": Checkpoint,
    "selfeval": SelfEvaluation,
    "contest": Contest,
    "lowtarget": LowTarget,
    "keyeval": KeyEvaluation,
    "rectify": Rectification,
    "draws": Draw,
    "safeguards": SafeguardRecord,
    "publish": Publication,
}


def known(prefix: str, action: str) -> bool:
    """Return whether an action is one of the steps that the pages of a kind of record offer."""
    act = ACTIONS.get(action)
    return (
        prefix in RECORDS
        and action.startswith(f"{prefix}.")
        and act is not None
        and bool(act.label and act.to)
    )


def permitted(user: User, record: Decided, action: str) -> None:
    """Refuse who may not take a step at all, before anything is read or said. Raises ``PermissionDenied``."""
    if not permits(user, action, record):
        raise PermissionDenied(action)


def decide(user: User, record: Decided, action: str, said: Said) -> Step | Overtaken:
    """Take a step on a record with what was sent (the fields of ``StepForm``), and do what follows from it.

    What is long is computed first, before anything is locked; what was on the screen is compared again where
    the step is taken. Returns ``Overtaken`` where the figures had to be filled anew, which is kept.
    Raises as ``advance``.
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
    if isinstance(record, SheetVersion) and action == "targets.submit" and said.get("despite"):
        if count := record.findings.filter(level="error").count():
            told = _("带着 %s 个“错误”级问题提交") % count
            remark = f"{remark} {told}".strip()
    change = (lambda now: CHANGES[action](now, said, user)) if action in CHANGES else None
    sent = cast(Said, {k: v for k, v in said.items() if v})
    with transaction.atomic():
        if isinstance(record, Publication):
            step = acts.decide(record, user, action, remark, seen=seen)
        else:
            step = advance(user, record, action, remark, seen=seen, said=sent, change=change)
        if action in AFTER:
            AFTER[action](record, user)
    return step


def _reasoned(record: SheetVersion, said: Said, user: User) -> None:
    # Only a version that adjusts an approved one has a reason for that; what is said otherwise is the step's
    # remark.
    if record.sheet.versions.filter(state="approved").exists():
        record.reason = record.reason or str(said.get("remark") or "").strip()


def _proved(record: Rectification, said: Said, user: User) -> None:
    record.result = str(said.get("result") or "").strip()
    if said.get("file"):
        record.proof = take(said["file"], "attachment", record.department, user)
    else:
        record.proof = None


def _asked(record: SafeguardRecord, said: Said, user: User) -> None:
    record.request = str(said.get("request") or "").strip()


def _as_before(record: SafeguardRecord, said: Said, user: User) -> None:
    """Take back what was asked for, too: a record that was approved stays approved for what it was approved
    for.
    """
    entries = AuditEntry.objects.filter(model="safeguardrecord", object_id=str(record.pk), action="change")
    last = entries.filter(after__has_key="request").order_by("number").last()
    record.request = str(last.before.get("request") or "") if last else ""


def _ruled(record: Contest, said: Said, user: User) -> None:
    record.ruling = str(said.get("remark") or "").strip()


def _counted(record: Contest, user: User) -> None:
    contests.ruled(record, user)


def _filled(record: Checkpoint | SelfEvaluation) -> None:
    filling.fill(record, tables=True)


def _weighed(record: Contest) -> None:
    """Bring a contest to the present reading and words, so that nobody rules on what it no longer is."""
    filling.weigh(record.evaluation)
    record.refresh_from_db()


def _reviewed_first(record: SheetVersion) -> None:
    """Review a sheet that was not reviewed as it stands (by the rules of today),
    so that its findings are known.
    """
    if not review.standing_of(record).current:
        lookup.refresh_findings(record.department, record.sheet.year)


def _compared(record: Publication) -> None:
    """Compute what a publication is compared with once it is public."""
    drift.drifted_from(record)


def _reviewed(record: SheetVersion, user: User) -> None:
    lookup.refresh_findings(record.department, record.sheet.year)


def _annulled(record: Draw, user: User) -> None:
    """Say in the public log that a commitment is given up, and why."""
    step = record.last_step()
    reason = step.remark if step else ""
    commitments.refuse_personal(record, reason)
    commitments.append(record, "void", reason)


def _assessed(record: Decided, user: User) -> None:
    jobs.assess_soon(record.department, user)


PREPARE: dict[str, Callable[[Any], None]] = {
    "targets.submit": _reviewed_first,
    "monitoring.submit": _filled,
    "selfeval.submit": _filled,
    "contest.accept": _weighed,
    "contest.refuse": _weighed,
    "publish.approve": _compared,
}
CHANGES: dict[str, Callable[[Any, Said, User], None]] = {
    "targets.submit": _reasoned,
    "rectify.prove": _proved,
    "safeguards.request": _asked,
    "safeguards.withdraw": _as_before,
    "contest.accept": _ruled,
    "contest.refuse": _ruled,
}
AFTER: dict[str, Callable[[Any, User], None]] = {
    "targets.approve": _assessed,
    "selfeval.recall": _assessed,
    "targets.void": _reviewed,
    "targets.restore": _reviewed,
    "contest.accept": _counted,
    "contest.refuse": _counted,
    "lowtarget.uphold": low_targets.upheld,
    "draws.annul": _annulled,
}


# -- what changed since
# -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ChangeSince:
    """One thing that changed since a page was opened: a field from one text to another, or
    a step (``step``).
    """

    at: datetime
    who: str
    what: str = ""
    before: str = ""
    after: str = ""
    step: Step | None = None


def changes_since(record: Audited, seen: Seen) -> list[ChangeSince]:
    """Return what happened to a record since it was seen, oldest first; nothing where the page carried no
    trace of it.
    """
    if not seen.text:
        return []
    steps = [
        ChangeSince(s.at, str(s.by), step=s)
        for s in Step.objects.filter(model=record._meta.model_name, object_id=record.pk, pk__gt=seen.step)
    ]
    found = [*steps, *_fields_since(record, seen.entry)]
    if isinstance(record, Checkpoint | SelfEvaluation):
        found += [*_words_since(record, seen.entry), *_figures_since(record, seen.entry)]
    return sorted(found, key=lambda c: c.at)


def mended_since(record: Decided) -> tuple[Step, list[ChangeSince]] | None:
    """Return the last step that sent a record back and what was changed since; None for what was not sent
    back, or is again.
    """
    sent_back = [s for s in record.steps() if s.action.endswith((".return", ".ask", ".reopen", ".recall"))]
    if not sent_back or record.state in (*record.start, sent_back[-1].after):
        return None
    last = sent_back[-1]
    entry = AuditEntry.objects.filter(model="step", object_id=str(last.pk), action="create").first()
    since = Seen(text="sent back", step=last.pk, entry=entry.number if entry else 0)
    return last, [c for c in changes_since(record, since) if c.step is None]


def _words_since(record: Checkpoint | SelfEvaluation, entry: int) -> list[ChangeSince]:
    """Return what was said of indicators since: by whom, of which indicator, each part of it from what to
    what.
    """
    kept = record.words if isinstance(record, Checkpoint) else record.words()
    made = AuditEntry.objects.filter(model=Word._meta.model_name, action="create", number__gt=entry)
    new = {int(one) for one in made.values_list("object_id", flat=True)}
    first: dict[tuple[str, str], Word | None] = {}
    last: dict[tuple[str, str], Word] = {}
    newest: dict[tuple[str, str], Word] = {}
    for word in kept.select_related("by").prefetch_related("attachments").order_by("pk"):
        key = (word.sheet_code, word.indicator_code)
        if word.pk in new:
            first.setdefault(key, newest.get(key))
            last[key] = word
        newest[key] = word
    found = []
    for key, word in last.items():
        was, now = _said(first[key]), _said(word)
        found += [
            ChangeSince(
                word.at,
                str(word.by or ""),
                f"{word.indicator} · {label}",
                was.get(label, ""),
                now.get(label, ""),
            )
            for label in dict.fromkeys([*was, *now])
            if was.get(label, "") != now.get(label, "")
        ]
    return found


def _said(word: Word | None) -> dict[str, str]:
    """Return the parts of a word by their labels."""
    if word is None:
        return {}
    names = ("actual", "band", "reason", "cause", "measures")
    labels = {field.name: str(field.verbose_name) for field in Word._meta.fields}
    said = {labels[name]: str(getattr(word, name)) for name in names}
    said[_("得分率")] = "" if word.share is None else f"{word.share:.2%}"
    said[_("认可超额")] = _("是") if word.over_accepted else ""
    said[_("目标定低了")] = _("是") if word.target_low else ""
    said[_("附件")] = "、".join(sorted(a.name for a in word.attachments.all()))
    return said


def _figures_since(record: Checkpoint | SelfEvaluation, entry: int) -> list[ChangeSince]:
    """Return the figures that are others since, by sheet and indicator; one line where only what they rest on
    is another.
    """
    moved = [e for e in _entries_since(record, entry) if "assessment_id" in {**e.before, **e.after}]
    if not moved:
        return []
    at, who = moved[-1].at, str(User.objects.filter(username=moved[-1].actor).first() or _("系统"))
    was = Assessment.objects.filter(pk=moved[0].before.get("assessment_id")).first()
    now = record.assessment
    if was is None or now is None or was.pk == now.pk:
        return []
    apart = comparing.differences(comparing.figures_of(was.run), comparing.figures_of(now.run))
    if not apart and shown_figures(was.pk) != shown_figures(now.pk):
        return [ChangeSince(at, who, _("完成值和得分没有变，它们的依据或说明有变"))]
    return [ChangeSince(at, who, f"{d['sheet']} · {d['what']}", d["then"], d["now"]) for d in apart]


def _entries_since(record: Audited, entry: int) -> list[AuditEntry]:
    found = AuditEntry.objects.filter(
        model=record._meta.model_name, object_id=str(record.pk), number__gt=entry
    )
    return list(found.filter(action__in=("edit", "change")).order_by("number"))


def _fields_since(record: Audited, entry: int) -> list[ChangeSince]:
    found = _entries_since(record, entry)
    labels = (
        {p: f.label for p, f in drafts.current_fields(record).items()}
        if isinstance(record, SheetVersion)
        else {}
    )
    changes: dict[str, ChangeSince] = {}
    for one in found:
        for name in {**one.before, **one.after}:
            label = labels.get(name, name) if one.action == "edit" else _label(record, name)
            if not label:
                continue
            first = changes.get(label)
            before = first.before if first else _value(record, name, one.before.get(name))
            changes[label] = ChangeSince(
                one.at, one.actor, label, before, _value(record, name, one.after.get(name))
            )
    return [c for c in changes.values() if c.before != c.after]


def _label(record: Audited, name: str) -> str:
    """Return the label of a field; none for what the entries of edits or the steps say better."""
    if name in ("state", "assessment_id", "word_id", "rechecked", *record.by_digest):
        return ""
    try:
        field = record._meta.get_field(name.removesuffix("_id"))
    except FieldDoesNotExist:
        return name
    return str(field.verbose_name) if isinstance(field, Field) else name


def _value(record: Audited, name: str, value: object) -> str:
    """Return a field's value as people know it: what an id points to by its name,
    a moment in the office's time.
    """
    try:
        field = record._meta.get_field(name.removesuffix("_id"))
    except FieldDoesNotExist:
        return _text(value)
    if value is None:
        return ""
    if field.is_relation and field.related_model:
        return str(field.related_model._base_manager.filter(pk=value).first() or "")
    moment = parse_datetime(str(value)) if isinstance(field, DateTimeField) else None
    return to_minute(moment) if moment else _text(value)


def _text(value: object) -> str:
    if isinstance(value, dict):
        return "；".join(f"{k}：{v}" for k, v in value.items())[:300]
    return "" if value is None else str(value)[:300]


def address_of(record: Audited) -> str:
    """Return the page of a record."""
    if isinstance(record, InspectionItem | Inspector):
        return reverse("draws", args=[record.department_id, timezone.localdate().year])
    if isinstance(record, KeyMark):
        return reverse("keyevaluation", args=[record.evaluation_id])
    if type(record) in LISTS:
        return reverse(LISTS[type(record)])
    if isinstance(record, SelfEvaluation):
        return reverse("selfeval", kwargs={"department": record.department_id, "year": record.year})
    if isinstance(record, Contest | LowTarget):
        return address_of(record.evaluation)
    if isinstance(record, Rectification):
        return reverse("keyevaluation", args=[record.evaluation_id])
    return reverse(PAGES[type(record)], args=[record.pk])


PAGES: dict[type[Audited], str] = {
    SheetVersion: "version",
    Checkpoint: "checkpoint",
    KeyEvaluation: "keyevaluation",
    SafeguardRecord: "record",
    Draw: "draw",
    Publication: "publication",
    DrawTask: "task",
}
# Records without a page of their own: the page that lists them.
LISTS: dict[type[Audited], str] = {
    Organisation: "administration",
    User: "users",
    Membership: "users",
    LibraryIndicator: "library",
    LocalScheme: "rules",
    RuleBasis: "bases",
    CalendarEntry: "calendar",
    ApiToken: "account",
}
