"""The review of a version as it was made: a state for each rule, of which text, beside which sheets,
by which rule set.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

from django.db import models
from django.db.models.signals import post_save
from django.dispatch import receiver

from zhunsheng.web.models.people import Organisation
from zhunsheng.web.models.targets import SheetVersion


class SheetReview(models.Model):
    """One review of one version, made anew whenever its sheet, a sheet beside it or last year's changes.

    ``duties`` holds a mapping for each rule: rule, level, title, state, why, missing (texts) and messages of
    what was found. ``body`` is the digest of the text reviewed, ``beside`` that of the sheets it was compared
    with, ``rules`` that of the rule set; the review speaks for the version only as long as all three are
    those of now.
    """

    version = models.OneToOneField(SheetVersion, models.CASCADE, related_name="review")
    department = models.ForeignKey(Organisation, models.CASCADE, related_name="+")
    year = models.PositiveSmallIntegerField()
    at = models.DateTimeField()
    rules = models.CharField(max_length=64)
    body = models.CharField(max_length=64)
    beside = models.CharField(max_length=64)
    stale = models.BooleanField(default=False)
    duties = models.JSONField(default=list)
    passed = models.PositiveSmallIntegerField(default=0)
    found = models.PositiveSmallIntegerField(default=0)
    not_applicable = models.PositiveSmallIntegerField(default=0)
    cannot_judge = models.PositiveSmallIntegerField(default=0)
    not_run = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["department", "year"])]

    def __str__(self) -> str:
        return f"{self.version}审核"


def body_digest(body: dict[str, object]) -> str:
    """Return the SHA-256 of a sheet as versions keep it."""
    text = json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def beside_digest(bodies: Iterable[dict[str, object]], previous: Iterable[dict[str, object]]) -> str:
    """Return the SHA-256 of the sheets of a year and of the year before, in whichever order."""
    parts = (sorted(body_digest(b) for b in bodies), sorted(body_digest(b) for b in previous))
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


@receiver(post_save, sender=SheetVersion)
def text_changed(sender: object, instance: SheetVersion, created: bool, **kwargs: object) -> None:
    """Mark a review as stale once the text it reviewed is no longer the version's, so that counts
    see it too.
    """
    if not created:
        digest = body_digest(instance.body)
        SheetReview.objects.filter(version=instance, stale=False).exclude(body=digest).update(stale=True)
