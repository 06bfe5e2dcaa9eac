"""The acts of publication: asked for, approved, refused, withdrawn, kept for a reason, overtaken."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models.signals import post_save
from django.dispatch import receiver
from django.utils import timezone

from zhunsheng.errors import ZhunshengError
from zhunsheng.files.writing import write_whole
from zhunsheng.translation import worded
from zhunsheng.web.models import Publication, Step, User
from zhunsheng.web.models.decided import Overtaken
from zhunsheng.web.models.public import SETTLED
from zhunsheng.web.services import disclosing, papers
from zhunsheng.web.services.disclosing import Decision, UndecidedData
from zhunsheng.web.services.publishing.copies import copied
from zhunsheng.web.services.publishing.drift import keep_drift
from zhunsheng.web.services.publishing.looking import undecided
from zhunsheng.web.services.publishing.subjects import of_one_thing, same, still_ready
from zhunsheng.web.workflow import advance, check, note


def ask(
    kind: str, subject: Any, user: User, said: Mapping[str, Decision] | None = None, *, frame: bool = True
) -> Publication:
    """Copy what is to be published and ask for approval; ``said`` is what was decided on what is personal in
    it, by key.

    ``frame`` as in ``copied``. Raises ``ZS-WB-01`` where the record is not ready for it,
    ``UndecidedData`` (``ZS-WB-40``) where something personal in it was not decided on,
    ``ZS-WB-42`` to ``-44``.
    """
    seen = subject.seen()
    whole = copied(kind, subject, frame=frame)
    items = disclosing.decided(whole.personal(), said or {}, user)
    if waiting := [item for item in items if not item.decision]:
        raise UndecidedData("ZS-WB-40", whole.title, waiting)
    public = of_one_thing(kind, subject.pk).filter(published_at__isnull=False).order_by("pk")
    whole = whole.without(items, [one.data for one in public] if kind == "results" else [])
    with transaction.atomic():
        # Copied before anything was locked: what moved meanwhile is not what was copied.
        now = type(subject)._base_manager.select_for_update(no_key=True).get(pk=subject.pk)
        if now.seen() != seen:
            raise Overtaken(now, seen)
        for old in of_one_thing(kind, subject.pk).filter(state="requested"):
            advance(user, old, "publish.overtake", worded("同一内容又提出了新的公开申请"))
        made = Publication.objects.create(
            department=subject.department,
            year=whole.year,
            kind=kind,
            object_id=subject.pk,
            title=whole.title,
            data=whole.data,
            requested_by=user,
            disclosures=[item.as_json() for item in items],
            looked_by=whole.digest(),
        )
        note(user, made, "publish.request", after="requested")
        # A number may have been given before, to what was never kept: nothing of that goes out under it.
        shutil.rmtree(made.folder(), ignore_errors=True)
        for name, content in whole.files.items():
            write_whole(made.folder() / name, content)
    return made


def keep(
    publication: Publication, user: User, said: Mapping[str, Decision], seen: str | None = None
) -> Publication:
    """Keep what is personal in something public, each for a reason. Raises ``PermissionDenied``,
    ``ZS-WB-10``, ``ZS-WB-44``.
    """
    with transaction.atomic():
        now = Publication.objects.select_for_update().get(pk=publication.pk)
        check(user, now, "publish.keep", seen)
        items = disclosing.read(now.disclosures)
        open_ = [item for item in items if not item.decision]
        disclosing.decided(open_, {k: v for k, v in said.items() if v.what == disclosing.KEEP}, user)
        if any(item.decision for item in open_):
            now.disclosures = [item.as_json() for item in items]
            now.save()
            note(user, now, "publish.keep", now.state, now.state, seen=seen)
    return now


def decide(
    publication: Publication, user: User, action: str, remark: str = "", *, seen: str | None = None
) -> Step:
    """Approve, refuse or withdraw; an earlier publication of the same thing gives way to the new one.

    What is approved must still be ready to be public, and says from the first moment how its figures differ
    from what they come to now. What is personal in it must have been decided on when it was asked for,
    all that is in it now.
    Raises as ``advance``, ``ZS-WB-01``, as ``assess_now``, and ``UndecidedData`` (``ZS-WB-41``).
    """
    if action == "publish.approve" and publication.state == "requested":
        check(user, publication, action, seen)
        if waiting := undecided(publication):
            raise UndecidedData("ZS-WB-41", str(publication), waiting)

    def dated(now: Publication) -> None:
        if action == "publish.approve":
            still_ready(now)
            now.published_at = timezone.now()

    with transaction.atomic():
        step = advance(user, publication, action, remark, seen=seen, change=dated)
        if action == "publish.approve":
            for old in same(publication).filter(state="published").exclude(pk=publication.pk):
                advance(user, old, "publish.overtake", worded("由新的公开内容代替"))
            keep_drift(publication)
            papers.register_published(publication)
    return step


@receiver(post_save, sender=Step, dispatch_uid="publications follow their self-evaluation")
def _follow(sender: object, instance: Step, created: bool, **_more: object) -> None:
    """Let requests and publications follow each step of a self-evaluation, whoever takes it
    and from where.
    """
    if not created or instance.model != "selfevaluation":
        return
    mine = Publication.objects.filter(kind="self", object_id=instance.object_id)
    if instance.after not in SETTLED:
        for asked in mine.filter(state="requested"):
            advance(instance.by, asked, "publish.overtake", worded("自评已退回重新填报"))
        for one in mine.filter(state="published").exclude(drift=[]):
            one.drift, one.checked_at = [], None
            one.save()
        return
    for one in mine.filter(state="published"):
        try:
            keep_drift(one)
        except ZhunshengError:
            # Signing does not hang on it: the page says no more of what is unknown,
            # and the next computation compares.
            one.drift, one.checked_at = [], None
            one.save()
