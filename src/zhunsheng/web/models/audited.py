"""The audit log and the base of every model whose changes it keeps: append-only, each entry chained to the one before."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models, transaction
from django.db.models.signals import m2m_changed
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
    # The ids of the organisations it belongs to, from the root down, as they stood then; none: it is of no place.
    place = models.CharField(max_length=200, null=True)
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
        if self.place:  # entries from before there were places keep their digests
            body["place"] = self.place
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
            place=_place_of(instance),
            previous=head.digest,
        )
        entry.digest = entry.content_digest()
        entry.save(force_insert=True)
        head.number, head.digest = entry.number, entry.digest
        head.save()
    return entry


def _place_of(instance: models.Model | None) -> str | None:
    """Return the path of the organisation that a record belongs to, or of the one that it is."""
    owner: Any = instance if hasattr(instance, "path") else None
    for name in ("department", "organisation"):
        owner = owner or getattr(instance, name, None)
    return owner.path if owner is not None else None


def _plain(data: Any) -> Any:
    return json.loads(json.dumps(data, cls=DjangoJSONEncoder, ensure_ascii=False))


class AuditedQuerySet(models.QuerySet[Any]):
    """Queries of audited records: what would change many rows past the log is refused (``changed_in_bulk`` records it)."""

    def update(self, **values: Any) -> int:
        """Change fields that the log does not watch. Raises ``TypeError`` for any other."""
        watched = [name for name in values if name not in getattr(self.model, "unwatched", ())]
        if watched:
            raise TypeError(f"{self.model.__name__}: {watched} would change past the log; use changed_in_bulk")
        return super().update(**values)

    def bulk_create(self, *args: Any, **kwargs: Any) -> Any:
        """Refuse; ``created_in_bulk`` records each."""
        raise TypeError(f"{self.model.__name__} would be created past the log; use created_in_bulk")

    def bulk_update(self, *args: Any, **kwargs: Any) -> Any:
        """Refuse; ``changed_in_bulk`` records each."""
        raise TypeError(f"{self.model.__name__} would change past the log; use changed_in_bulk")

    def delete(self) -> Any:
        """Refuse: what was entered stays."""
        raise TypeError(f"{self.model.__name__} is never deleted")


def changed_in_bulk(found: models.QuerySet[Any], **values: Any) -> int:
    """Set fields of every record of a query, each with its own entry in the log; return how many there were."""
    with transaction.atomic():
        records = list(found.select_for_update())
        for one in records:
            for name, value in values.items():
                setattr(one, name, value)
            one.save()
    return len(records)


def created_in_bulk(records: Iterable[Audited]) -> int:
    """Save new records, each with its own entry in the log; return how many there were."""
    count = 0
    with transaction.atomic():
        for one in records:
            one.save(force_insert=True)
            count += 1
    return count


class Audited(models.Model):
    """A record whose every change goes to the audit log; it can't be deleted.

    ``by_digest`` fields are large: the log keeps their SHA-256. ``hidden`` fields are secret or personal: the log keeps
    only that they changed. ``unwatched`` fields change too often to say anything.
    """

    by_digest: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    unwatched: tuple[str, ...] = ()

    objects = AuditedQuerySet.as_manager()

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


def _many_changed(
    sender: Any, instance: Any, action: str, reverse: bool, model: Any, pk_set: set[Any] | None, **_: Any
) -> None:
    """Record what was added to or taken from a many-to-many field, on the record the call was made on."""
    if not isinstance(instance, Audited):
        return
    fields = [f for f in sender._meta.get_fields() if f.is_relation and f.related_model is not None]
    own = next(f for f in fields if isinstance(instance, f.related_model))
    other = next(f for f in fields if f is not own)
    linked = sender._base_manager.filter(**{own.attname: instance.pk})
    now = sorted(linked.values_list(other.attname, flat=True))
    name = sender._meta.object_name.split("_", 1)[1]
    if reverse:
        name = f"{name} of {model._meta.model_name}"
    if action == "pre_clear" and now:
        record("change", instance, {name: now}, {name: []})
    elif action == "post_add" and pk_set:
        record("change", instance, {name: [k for k in now if k not in pk_set]}, {name: now})
    elif action == "post_remove" and pk_set:
        record("change", instance, {name: sorted({*now, *pk_set})}, {name: now})


m2m_changed.connect(_many_changed, dispatch_uid="audited-many")
