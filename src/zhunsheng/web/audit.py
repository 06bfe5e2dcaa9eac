"""Sign-ins in the audit log, the check of its chain, and of the records that were decided on."""

from __future__ import annotations

from django.apps import apps
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db.models import Q

from zhunsheng.web.actor import acting, current
from zhunsheng.web.models import AuditEntry, AuditHead, Decided, User
from zhunsheng.web.models.audited import record

__all__ = ["altered_records", "broken_links", "record", "register"]


def register() -> None:
    """Record every sign-in, sign-out and failure."""

    def signed_in(sender: object, request: object, user: User, **_: object) -> None:
        with acting(user.get_username(), current().origin):
            record("sign-in", user)

    def signed_out(sender: object, request: object, user: User | None, **_: object) -> None:
        if user is not None:
            record("sign-out", user)

    def failed(sender: object, credentials: dict[str, str], request: object = None, **_: object) -> None:
        # A try that came before its wait was over was not looked at: nothing happened that the log could
        # tell.
        if not getattr(request, "axes_locked_out", False):
            record("sign-in failed", title=str(credentials.get("username", ""))[:150])

    user_logged_in.connect(signed_in, weak=False, dispatch_uid="audit-in")
    user_logged_out.connect(signed_out, weak=False, dispatch_uid="audit-out")
    user_login_failed.connect(failed, weak=False, dispatch_uid="audit-failed")


def altered_records() -> list[str]:
    """Return the records whose text is no longer what was decided on: changed past the site,
    in the database itself.
    """
    found = []
    for model in apps.get_models():
        if not (issubclass(model, Decided) and model.bound):
            continue
        for one in model.objects.filter(Q(state__in=model.bound)).iterator(chunk_size=500):
            last = one.last_step()
            if last is not None and last.text and last.text != one.bound_digest():
                found.append(f"{model._meta.model_name} {one.pk}（{one}）与最后一步办理时的内容不同")
    return found


def broken_links(head: str | None = None) -> list[str]:
    """Return what does not hold in the log: missing or altered entries; ``head`` is a last digest noted
    elsewhere.
    """
    problems = []
    previous, number, seen = "", 0, head is None
    for entry in AuditEntry.objects.order_by("number").iterator(chunk_size=2000):
        number += 1
        if entry.number != number:
            problems.append(f"第 {number} 条缺失（其后是第 {entry.number} 条）")
            number = entry.number
        if entry.previous != previous or entry.content_digest() != entry.digest:
            problems.append(f"第 {entry.number} 条被改动，或与前一条不衔接")
        previous = entry.digest
        seen = seen or entry.digest == head
    last = AuditHead.objects.filter(pk=1).first()
    if last and (last.number, last.digest) != (number, previous):
        problems.append(f"末尾被截断：应有 {last.number} 条，现有 {number} 条")
    if not seen:
        problems.append("所给的摘要不在日志里")
    return problems
