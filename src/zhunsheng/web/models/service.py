"""What the service observed of itself: its workers' signs of life, and what was last done for its upkeep."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now


class WorkerSign(models.Model):
    """A background worker: when it began, when it last gave a sign of life, when it ended in order.

    By the database's clock. One without an end that gives no more signs died.
    """

    name = models.CharField(max_length=64, unique=True)
    started_at = models.DateTimeField(db_default=Now(), editable=False)
    seen_at = models.DateTimeField(db_default=Now(), db_index=True)
    ended_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name


class Upkeep(models.Model):
    """The last time something was done for the site's upkeep, and whether it went well; none: never seen."""

    class Kind(models.TextChoices):
        BACKUP = "backup", "backup"
        AUDIT = "audit", "check_audit"

    kind = models.CharField(max_length=20, choices=Kind.choices, unique=True)
    at = models.DateTimeField(db_default=Now())
    good = models.BooleanField()

    def __str__(self) -> str:
        return self.kind

    @classmethod
    def note(cls, kind: Kind, *, good: bool) -> None:
        """Write down that it was done now."""
        cls.objects.update_or_create(kind=kind, defaults={"good": good, "at": Now()})
