"""Sign-ins in the audit log, the check of its chain, and of the records that it tells of."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import islice
from typing import Any

from django.apps import apps
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Q
from django.db.models.signals import post_migrate

from zhunsheng.errors import ZhunshengError
from zhunsheng.web.actor import acting, current
from zhunsheng.web.databases.guards import foreign, unguarded
from zhunsheng.web.models import AuditEntry, AuditHead, Decided, Upload, User
from zhunsheng.web.models.audited import Audited, record
from zhunsheng.web.templatetags.audit_words import record_word

__all__ = ["altered_records", "altered_uploads", "broken_links", "record", "register", "unlogged_records"]

STOCK, REGISTERED = "stock", "papers registered"  # done once, after an upgrade
AT_ONCE = 500  # records compared with the log by one query: SQLite takes no more than some thousand values


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
            who = credentials.get("username") or getattr(request, "unknown_person", "")
            record("sign-in failed", title=str(who)[:150])

    def upgraded(sender: object, **_: object) -> None:
        if _up_to_date():
            catch_up()

    post_migrate.connect(upgraded, sender=apps.get_app_config("web"), weak=False, dispatch_uid="audit-stock")
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


def altered_uploads() -> list[str]:
    """Return the files that were taken in and are gone, can't be read with the site's key, or are others than
    their record says by its digest.
    """
    found: list[str] = []
    whole: dict[str, bool] = {}
    for one in Upload.objects.order_by("pk").iterator(chunk_size=AT_ONCE):
        if one.sha256 not in whole:
            try:
                whole[one.sha256] = hashlib.sha256(one.content()).hexdigest() == one.sha256
            except (OSError, ZhunshengError):
                whole[one.sha256] = False
        if not whole[one.sha256]:
            found.append(f"{record_word('upload')} {one.pk}（{one}）的文件不在、读不出，或与登记的摘要不同")
    return found


def _up_to_date() -> bool:
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def catch_up() -> None:
    """Do once what a site needs that comes from a version before some migration: take stock of its records,
    register what it has published. What is due shows in the log, and not in which migrations just ran: a
    process may be ended between the two.
    """
    if _due("0029_sealed_records"):
        _once(STOCK, partial(take_stock, _audited()))
    elif _due("0034_sealed_hidden"):
        _once(STOCK, partial(take_stock, [one for one in _audited() if one.encrypted()]))
    if _due("0032_papers", REGISTERED):
        from zhunsheng.web.services.papers import register_all_published  # services stand above

        _once(REGISTERED, register_all_published)


def _due(migration: str, action: str = STOCK) -> bool:
    """Return whether a site's log is older than a migration and tells of nothing done after it."""
    applied = MigrationRecorder.Migration.objects.get(app="web", name=migration).applied
    older = AuditEntry.objects.filter(at__lt=applied).exists()
    return older and not AuditEntry.objects.filter(action=action, at__gte=applied).exists()


def _once(action: str, act: Callable[[], None]) -> None:
    """Do what is due and write down that it was done, or neither."""
    with transaction.atomic():
        act()
        record(action)


def take_stock(models: Iterable[type[Audited]]) -> None:
    """Write down every record as it stands: done once, as a site comes from a version whose log kept no
    digests of records, or none of their encrypted fields, so that from then on none can be changed past the
    log.
    """
    for model in models:
        members = model._meta.local_many_to_many
        for one in model._base_manager.order_by("pk").iterator(chunk_size=AT_ONCE):
            linked = {f.name: sorted(getattr(one, f.name).values_list("pk", flat=True)) for f in members}
            record(STOCK, one, {}, linked, left=one)


def _audited() -> list[type[Audited]]:
    return [model for model in apps.get_models() if issubclass(model, Audited)]


def unlogged_records() -> list[str]:
    """Return the records that are not as the log's last entry on them left them, that it knows nothing of,
    or that it knows and are gone: made, changed or removed past the site, in the database itself.

    Unwatched fields are not compared.
    """
    found: list[str] = []
    for model in _audited():
        kind = model._meta.model_name or ""
        said = record_word(kind)
        for some in _parts(model._base_manager.order_by("pk").iterator(chunk_size=AT_ONCE)):
            lasts: dict[str, AuditEntry] = {}
            entries = AuditEntry.objects.filter(model=kind, object_id__in=[str(one.pk) for one in some])
            for entry in entries.only("object_id", "record", "salt", "number").order_by("number"):
                # One without a digest tells of something else than a change, or is older than digests.
                if entry.record or entry.object_id not in lasts:
                    lasts[entry.object_id] = entry
            linked = _linked(model, some)
            for one in some:
                last = lasts.get(str(one.pk))
                if last is None:
                    found.append(f"{said} {one.pk}（{one}）在日志里没有来历")
                elif last.record and one.sealed(last.salt) != last.record:
                    found.append(f"{said} {one.pk}（{one}）与日志第 {last.number} 条之后的内容不同")
                found += [f"{said} {one.pk}（{one}）的“{n}”与日志所记的不同" for n in linked.get(one.pk, ())]
        made = AuditEntry.objects.filter(model=kind, action__in=("create", STOCK)).order_by("number")
        for keys in _parts(made.values_list("object_id", flat=True).iterator(chunk_size=AT_ONCE)):
            there = {str(pk) for pk in model._base_manager.filter(pk__in=keys).values_list("pk", flat=True)}
            gone = [key for key in dict.fromkeys(keys) if key not in there]
            found += [f"{said} {key} 在日志里有来历，记录却不在了" for key in gone]
    return found


def _parts(found: Iterable[Any]) -> Iterator[list[Any]]:
    """Cut what is read into lists of at most ``AT_ONCE``."""
    rest = iter(found)
    while some := list(islice(rest, AT_ONCE)):
        yield some


def _linked(model: type[Audited], some: list[Audited]) -> dict[int, list[str]]:
    """Return by record the many-to-many fields whose members are not those the log last told."""
    wrong: dict[int, list[str]] = {}
    for field in model._meta.local_many_to_many:
        now: dict[int, list[int]] = {one.pk: [] for one in some}
        own, other = field.m2m_column_name(), field.m2m_reverse_name()
        through: Any = field.remote_field.through
        members = through._base_manager.filter(**{f"{own}__in": list(now)})
        for pk, linked in members.values_list(own, other):
            now[pk].append(linked)
        entries = AuditEntry.objects.filter(
            model=model._meta.model_name, object_id__in=[str(pk) for pk in now]
        )
        entries = entries.filter(action__in=("change", STOCK), after__has_key=field.name).order_by("number")
        told = {key: after[field.name] for key, after in entries.values_list("object_id", "after")}
        for pk, those in now.items():
            if sorted(those) != sorted(told.get(str(pk), [])):
                wrong.setdefault(pk, []).append(str(field.verbose_name))
    return wrong


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
    if not number and User.objects.exists():
        problems.append("日志是空的，网站却有用户：日志被清空过")
    problems += [f"数据库里防止改写的触发器缺失或被改动：{name}" for name in unguarded(connection)]
    problems += [f"数据库里有不是本程序的触发器或规则：{name}" for name in foreign(connection)]
    return problems
