"""The audit log and the base of every model whose changes it keeps: append-only,
each entry chained to the one before.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import pickle
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from math import isfinite
from typing import Any, NoReturn, Self, TypeVar

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models, transaction
from django.db.models.signals import m2m_changed
from django.utils import timezone
from encrypted_fields.fields import EncryptedFieldMixin

from zhunsheng.errors import ZhunshengError
from zhunsheng.web.actor import current
from zhunsheng.web.databases.connections import connection, writer
from zhunsheng.web.models.sent import spend
from zhunsheng.web.sending import current as form


@dataclass(frozen=True)
class Seen:
    """What stood on a screen: the digest of the text, the state, the last step and the last entry of the log
    (0: none).
    """

    text: str = ""
    state: str = ""
    step: int = 0
    entry: int = 0

    @classmethod
    def read(cls, sent: str) -> Seen:
        """Return what a form sent back; anything that is none counts as nothing seen."""
        parts = sent.split("-")
        if len(parts) != 4 or not (parts[2].isdecimal() and parts[3].isdecimal()) or len(sent) > 120:
            return cls()
        return cls(parts[0], parts[1], int(parts[2]), int(parts[3]))

    def __str__(self) -> str:
        return f"{self.text}-{self.state}-{self.step}-{self.entry}"


class Overtaken(ZhunshengError):
    """The record is no longer what was on the screen (``ZS-WB-10``); ``record`` is as it is now."""

    def __init__(self, record: Any, seen: Seen) -> None:
        super().__init__("ZS-WB-10", title=str(record))
        self.record = record
        self.seen = seen


class LateSave(ZhunshengError):
    """A record was changed by somebody else between reading it and saving it (``ZS-WB-45``)."""

    def __init__(self, record: models.Model, names: list[str]) -> None:
        labels = [str(f.verbose_name) for n in names for f in record._meta.concrete_fields if f.attname == n]
        super().__init__("ZS-WB-45", title=str(record), fields="、".join(labels))


M = TypeVar("M", bound=models.Model)
A = TypeVar("A", bound="Audited")


class Log(models.Manager[M]):
    """The log as it is read: with what this transaction has to say, which waits for its end,
    written down first.
    """

    def get_queryset(self) -> models.QuerySet[M]:
        """Return the query."""
        connection.write_waiting()
        return super().get_queryset()


class AuditHead(models.Model):
    """The last entry's number and digest: one row, locked while an entry is written,
    so that the chain has no forks.
    """

    number = models.PositiveBigIntegerField(default=0)
    digest = models.CharField(max_length=64, default="", blank=True)

    objects = Log()


class AuditEntry(models.Model):
    """Who did what, when, from where, and what changed from what to what. Triggers of the database refuse
    changes.
    """

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
    # The ids of the organisations it belongs to, from the root down, as they stood then; none:
    # it is of no place.
    place = models.CharField(max_length=200, null=True)
    # The digest of the whole record as the change left it (``Audited.sealed``); empty: what was done
    # changed no record, or the entry is from before records were sealed.
    record = models.CharField(max_length=64, blank=True)
    # What keeps the record and the entry from being guessed from their digests; those of entries are public.
    salt = models.CharField(max_length=32, blank=True)
    previous = models.CharField(max_length=64, blank=True)
    digest = models.CharField(max_length=64)

    objects = Log()

    class Meta:
        ordering = ["-number"]
        indexes = [models.Index(fields=["model", "object_id"]), models.Index(fields=["actor"])]

    def content(self) -> str:
        """Return all fields and the previous digest as canonical JSON: what the digest is of."""
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
        if self.salt:
            body |= {"record": self.record, "salt": self.salt}
        return json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    def content_digest(self) -> str:
        """Return the SHA-256 of the content."""
        return hashlib.sha256(self.content().encode()).hexdigest()


def record(
    action: str,
    instance: models.Model | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    title: str = "",
    *,
    left: Audited | None = None,
) -> None:
    """Append an entry to the log, of the current request's or job's actor; ``left`` is the record as it
    stands in the database afterwards, where it was changed.

    Within a transaction it is written at the end, where the log's head is held for no longer than that takes;
    entry and change stay or fall together all the same.
    """
    who = current()
    entry = AuditEntry(
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
        salt=secrets.token_hex(16),
    )
    if left is not None:
        entry.record = left.sealed(entry.salt)
    if connection.in_transaction:
        connection.put_off(entry)
    else:
        with transaction.atomic():
            append([entry])


@writer
def append(entries: list[AuditEntry]) -> None:
    """Chain entries to the log in their order; the head is held from here to the end of the transaction."""
    if (sent := form()) is not None:
        spend(sent)
    heads = AuditHead._base_manager.select_for_update()
    head = heads.filter(pk=1).first()
    if head is None:
        AuditHead._base_manager.bulk_create([AuditHead(pk=1)], ignore_conflicts=True)
        head = heads.get(pk=1)
    for entry in entries:
        entry.number, entry.previous = head.number + 1, head.digest
        entry.digest = entry.content_digest()
        head.number, head.digest = entry.number, entry.digest
    AuditEntry._base_manager.bulk_create(entries)
    if sent is not None:
        sent.own.update(entry.number for entry in entries)
    head.save(update_fields=["number", "digest"])


class _Copy:
    """A list or mapping as it was, equal to one of the same content."""

    def __init__(self, value: object) -> None:
        self.kept = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)

    def __eq__(self, other: object) -> bool:
        return bool(pickle.loads(self.kept) == other)

    __hash__ = None  # type: ignore[assignment]  # how Python says that what changes has no hash


def _place_of(instance: models.Model | None) -> str | None:
    """Return the path of the organisation that a record belongs to, or of the one that it is."""
    owner: Any = instance if hasattr(instance, "path") else None
    for name in ("department", "organisation"):
        owner = owner or getattr(instance, name, None)
    return owner.path if owner is not None else None


def _held(field: models.Field[Any, Any], value: Any) -> Any:
    """Return a field's value as plain data, the same whether it was set or read back from any database."""
    if value is None:
        return None
    if isinstance(field, models.JSONField):
        return _numbered(_plain(value))
    value = getattr(field, "target_field", field).to_python(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, Decimal) and isinstance(field, models.DecimalField):
        # As each database rounds what has more places.
        rounding = ROUND_HALF_UP if connection.vendor == "postgresql" else ROUND_HALF_EVEN
        return f"{value.quantize(Decimal(1).scaleb(-field.decimal_places), rounding) + 0:f}"
    return _plain(value)


def _numbered(data: Any) -> Any:
    """Return plain data with its numbers as every database gives them back: PostgreSQL keeps no zero below
    zero, and writes large ones out as whole numbers.
    """
    if isinstance(data, dict):
        return {key: _numbered(value) for key, value in data.items()}
    if isinstance(data, list):
        return [_numbered(value) for value in data]
    if isinstance(data, float) and isfinite(data) and (not data or abs(data) >= 1e16):
        return int(Decimal(repr(data))) if data else 0.0
    return data


def _plain(data: object) -> Any:
    return json.loads(json.dumps(data, cls=DjangoJSONEncoder, ensure_ascii=False))


class AuditedQuerySet(models.QuerySet[M]):
    """Queries of audited records: what would change many rows past the log is refused (``changed_in_bulk``
    records it).
    """

    def update(self, **values: object) -> int:
        """Change fields that the log does not watch. Raises ``TypeError`` for any other."""
        watched = [name for name in values if name not in getattr(self.model, "unwatched", ())]
        if watched:
            raise TypeError(
                f"{self.model.__name__}: {watched} would change past the log; use changed_in_bulk"
            )
        return super().update(**values)

    def bulk_create(self, *args: object, **kwargs: object) -> NoReturn:
        """Refuse; ``created_in_bulk`` records each."""
        raise TypeError(f"{self.model.__name__} would be created past the log; use created_in_bulk")

    def bulk_update(self, *args: object, **kwargs: object) -> NoReturn:
        """Refuse; ``changed_in_bulk`` records each."""
        raise TypeError(f"{self.model.__name__} would change past the log; use changed_in_bulk")

    def delete(self) -> NoReturn:
        """Refuse: what was entered stays."""
        raise TypeError(f"{self.model.__name__} is never deleted")


class AuditedManager(models.Manager[M]):
    """What gives the guarded queries."""

    def get_queryset(self) -> AuditedQuerySet[M]:
        """Return the guarded query."""
        return AuditedQuerySet(self.model, using=self._db)


def changed_in_bulk(found: models.QuerySet[A], **values: object) -> int:
    """Set fields of every record of a query, each with its own entry in the log; return how
    many there were.
    """
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

    It knows what was read from the database, and a save writes the fields alone that were set to something
    else since: a save of one field never takes another back. Where somebody else set the same field
    meanwhile, nothing is saved.

    ``by_digest`` fields are large: the log keeps their SHA-256. ``hidden`` fields are secret or personal:
    the log keeps only that they changed. ``unwatched`` fields change too often to say anything.
    ``as_seen`` records are changed from pages as those showed them: what changed after the page was made is
    shown first, and not written over.
    """

    as_seen = False
    by_digest: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    unwatched: tuple[str, ...] = ()

    objects = AuditedManager()

    class Meta:
        abstract = True

    @classmethod
    def from_db(cls, *args: Any, **kwargs: Any) -> Self:
        """Return a record as it was read, and remember how that was."""
        found = super().from_db(*args, **kwargs)
        found.remember()
        return found

    def remember(self, *names: str) -> None:
        """Take the fields (all, or those named) as they are for what the database holds."""
        held = self.__dict__
        if not names:
            self._read: dict[str, Any] = {}
            names = tuple(f.attname for f in self._meta.concrete_fields)
        for name in names:
            if name in held:
                value = held[name]
                # What can change in place is kept as a copy of its own.
                self._read[name] = _Copy(value) if isinstance(value, dict | list) else value

    def refresh_from_db(self, *args: Any, **kwargs: Any) -> None:
        """Read anew, and remember how that was."""
        super().refresh_from_db(*args, **kwargs)
        self.remember()

    def _set(self) -> list[str]:
        """Return the fields that are another than what was read."""
        read = self.__dict__.get("_read", {})
        return [
            f.attname
            for f in self._meta.concrete_fields
            if f.attname in self.__dict__
            and not (f.attname in read and read[f.attname] == self.__dict__[f.attname])
        ]

    def save(self, *args: Any, update_fields: Iterable[str] | None = None, **kwargs: Any) -> None:
        """Save what was set, and record what changed. Raises ``ZS-WB-45`` where somebody else set it
        meanwhile.
        """
        with transaction.atomic():
            # Locked, so that what it is compared with is what is written over.
            rows = type(self)._base_manager.select_for_update(no_key=True)
            known = rows.filter(pk=self.pk).first() if self.pk else None
            if known is None:
                super().save(*args, update_fields=update_fields, **kwargs)
                self.remember()
                made = {k: v for k, v in sorted(self._logged().items()) if v is not None}
                record("create", self, {}, {k: self._shown(k, v) for k, v in made.items()}, left=self)
                return
            names = [n for n in self._set() if update_fields is None or self._named(n, update_fields)]
            if not names:
                return
            self._refuse_late(known, names)
            kept = [f.attname for f in self._meta.concrete_fields if getattr(f, "auto_now", False)]
            super().save(*args, update_fields=[*names, *kept], **kwargs)
            self.remember(*names, *kept)
            before, after = known._logged(), self._logged()
            for name in (*names, *kept):
                setattr(known, name, self.__dict__[name])
            changed = sorted(k for k in names if k in after and before[k] != after[k])
            if changed:
                record(
                    "change",
                    self,
                    {k: self._shown(k, before[k]) for k in changed},
                    {k: self._shown(k, after[k]) for k in changed},
                    left=known,
                )

    def _named(self, attname: str, given: Iterable[str]) -> bool:
        return attname in given or self._meta.get_field(attname).name in given

    def _refuse_late(self, known: Self, names: list[str]) -> None:
        """Refuse to write over what the record's fields became since it was read. Raises ``LateSave``,
        ``Overtaken``.
        """
        read = self.__dict__.get("_read", {})
        late = [n for n in names if n in read and read[n] != known.__dict__[n]]
        if late:
            raise LateSave(known, late)
        sent = form()
        if self.as_seen and sent is not None and sent.position is not None:
            since = AuditEntry._base_manager.filter(model=self._meta.model_name, object_id=str(self.pk))
            since = since.filter(number__gt=sent.position, action__in=("create", "change")).exclude(
                number__in=sent.own
            )
            if since.exists():
                raise Overtaken(known, Seen("page", entry=sent.position))

    def delete(self, *args: object, **kwargs: object) -> NoReturn:
        """Refuse: what was entered stays; records are closed, withdrawn or replaced instead."""
        raise TypeError(f"{type(self).__name__} is never deleted")

    def _logged(self) -> dict[str, Any]:
        return {
            f.attname: _plain(getattr(self, f.attname))
            for f in self._meta.concrete_fields
            if f.name not in self.unwatched and not f.primary_key
        }

    @classmethod
    def encrypted(cls) -> list[str]:
        """Return the names of the fields that are encrypted at rest."""
        return [f.attname for f in cls._meta.concrete_fields if isinstance(f, EncryptedFieldMixin)]

    def sealed(self, salt: str) -> str:
        """Return the SHA-256 of the record as the database holds it, under a salt, as canonical JSON.

        What is as it was when nothing was said (empty, or the field's default) is left out, so that a field
        that a later version adds changes no digest. Encrypted fields are in it under the key that they are
        encrypted with: whoever has the database without it can't try their few possible values.
        ``unwatched`` fields are not.
        """
        body: dict[str, Any] = {"model": self._meta.model_name, "salt": salt, "pk": self.pk}
        for field in self._meta.concrete_fields:
            if field.name in self.unwatched or field.primary_key or isinstance(field, EncryptedFieldMixin):
                continue
            value = _held(field, self.__dict__[field.attname])
            if value not in (None, "", [], {}) and value != _held(field, field.get_default()):
                body[field.attname] = value
        if hidden := self.encrypted():
            said = json.dumps([body["model"], self.pk, salt, [str(self.__dict__[n] or "") for n in hidden]])
            key = f"zhunsheng.sealed/1\n{settings.PERSONAL_KEY}".encode()
            body["hidden"] = hmac.new(key, said.encode(), hashlib.sha256).hexdigest()
        text = json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def _shown(self, name: str, value: object) -> Any:
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
