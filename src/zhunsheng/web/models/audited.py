"""The audit log and the base of every model whose changes it keeps: append-only, each entry chained to the one before."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models, transaction
from django.utils import timezone

from zhunsheng.web.actor import current


class AuditHead(models.Model):
    """The last entry's number and digest: one row, locked while an entry is written, so that the chain has no forks."""

    number = models.PositiveBigIntegerField(default=0)
    digest = models.CharField(max_length=64, default="", blank=True)


class AuditEntry(models.Model):
    """Who did what, when, from where, and what changed from what to what. Triggers of the database refuse changes."""

    number = models.PositiveBigIntegerField(unique=True)
    at = models.DateTimeField()
    actor = models.CharField(max_length=150)
    origin = models.CharField(max_length=64, blank=True)
    action = models.CharField(max_length=40)
    model = models.CharField(max_length=60, blank=True)
    object_id = models.CharField(max_length=40, blank=True)
    title = models.CharField(max_length=300, blank=True)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    previous = models.CharField(max_length=64, blank=True)
    digest = models.CharField(max_length=64)

    class Meta:
        ordering = ["-number"]
        indexes = [models.Index(fields=["model", "object_id"]), models.Index(fields=["actor"])]

    def content_digest(self) -> str:
        """Return the SHA-256 of all fields and the previous digest, as canonical JSON."""
        body = {
            "number": self.number,
            "at": self.at.isoformat(),
            "actor": self.actor,
            "origin": self.origin,
            "action": self.action,
            "model": self.model,
            "object": self.object_id,
            "title": self.title,
            "before": self.before,
            "after": self.after,
            "previous": self.previous,
        }
        text = json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def record(
    action: str, instance: models.Model | None = None, before: Any = None, after: Any = None, title: str = ""
) -> AuditEntry:
    """Append an entry to the log and return it; the actor and the address are the current request's or job's."""
    with transaction.atomic():
        head, _ = AuditHead.objects.select_for_update().get_or_create(pk=1)
        who = current()
        entry = AuditEntry(
            number=head.number + 1,
            at=timezone.now(),
            actor=who.name,
            origin=who.origin,
            action=action,
            model=instance._meta.model_name or "" if instance is not None else "",
            object_id=str(instance.pk) if instance is not None else "",
            title=(title or (str(instance) if instance is not None else ""))[:300],
            before=_plain(before or {}),
            after=_plain(after or {}),
            previous=head.digest,
        )
        entry.digest = entry.content_digest()
        entry.save(force_insert=True)
        head.number, head.digest = entry.number, entry.digest
        head.save()
    return entry


def _plain(data: Any) -> Any:
    return json.loads(json.dumps(data, cls=DjangoJSONEncoder, ensure_ascii=False))


class Audited(models.Model):
    """A record whose every change goes to the audit log; it can't be deleted.

    ``by_digest`` fields are large: the log keeps their SHA-256. ``hidden`` fields are secret or personal: the log keeps
    only that they changed. ``unwatched`` fields change too often to say anything.
    """

    by_digest: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    unwatched: tuple[str, ...] = ()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save, and record what changed."""
        with transaction.atomic():
            known = type(self)._base_manager.filter(pk=self.pk).first() if self.pk else None
            super().save(*args, **kwargs)
            before = known._logged() if isinstance(known, Audited) else {}
            after = self._logged()
            changed = {k for k in after if before.get(k) != after[k]}
            if known is None or changed:
                record(
                    "create" if known is None else "change",
                    self,
                    {k: self._shown(k, before[k]) for k in sorted(changed) if k in before},
                    {k: self._shown(k, after[k]) for k in sorted(changed)},
                )

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        """Refuse: what was entered stays; records are closed, withdrawn or replaced instead."""
        raise TypeError(f"{type(self).__name__} is never deleted")

    def _logged(self) -> dict[str, Any]:
        return {
            f.attname: _plain(getattr(self, f.attname))
            for f in self._meta.concrete_fields
            if f.name not in self.unwatched and not f.primary_key
        }

    def _shown(self, name: str, value: Any) -> Any:
        if name in self.hidden:
            return "***" if value else ""
        if name in self.by_digest and value:
            text = json.dumps(value, ensure_ascii=False, sort_keys=True)
            return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
        return value
