"""What was approved for publication: a copy made at that moment, which public pages show and nothing else."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from zhunsheng.web.models.decided import Decided
from zhunsheng.web.models.people import Organisation, User

# States of a self-evaluation in which its figures are no longer the department's alone.
SETTLED = ("signed", "accepted")


class Publication(Decided):
    """One published thing. ``data`` is what is shown, without personal data; files lie in ``folder()``."""

    class Kind(models.TextChoices):
        TARGETS = "targets", _("绩效目标")
        SELF = "self", _("绩效自评")
        DRAW = "draw", _("抽查公告")
        RESULTS = "results", _("抽查结果")

    class State(models.TextChoices):
        REQUESTED = "requested", _("待批准公开")
        PUBLISHED = "published", _("已公开")
        REFUSED = "refused", _("不予公开")
        WITHDRAWN = "withdrawn", _("已撤下")

    department = models.ForeignKey(Organisation, models.PROTECT, related_name="publications")
    year = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=12, choices=Kind.choices)
    object_id = models.PositiveBigIntegerField()
    title = models.CharField(max_length=200)
    data = models.JSONField(default=dict)
    state = models.CharField(max_length=12, choices=State.choices, default=State.REQUESTED)
    requested_by = models.ForeignKey(User, models.PROTECT, related_name="+", null=True)
    published_at = models.DateTimeField(null=True)
    # How what is shown differs from what it would come to now (sheet, what, then, now), as last computed.
    drift = models.JSONField(default=list)
    checked_at = models.DateTimeField(null=True)

    # What was found to be personal in it, masked, with its places and what was decided
    # (``services/disclosing.Datum``).
    disclosures = models.JSONField(default=list)
    # The digest of the copy and the rules as it was last looked through by them; empty for never.
    looked_by = models.CharField(max_length=64, blank=True, default="")

    by_digest = ("data",)
    unwatched = ("checked_at", "looked_by")
    start = ("requested",)
    final = ("refused", "withdrawn")
    bound = ("published", "refused", "withdrawn")

    class Meta:
        ordering = ["-published_at", "-pk"]
        indexes = [models.Index(fields=["state", "kind"])]

    def __str__(self) -> str:
        return self.title

    def writers(self) -> set[str]:
        """Return the user name of who asked for it."""
        return {self.requested_by.get_username()} if self.requested_by else set()

    def bound_text(self) -> object:
        """Return the copy; what became of it since is no part of it."""
        return [self.kind, self.object_id, self.title, self.data]

    def folder(self) -> Path:
        """Return the folder of the published files."""
        path: Path = settings.DATA / "published" / str(self.pk)
        return path
