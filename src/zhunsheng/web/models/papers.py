"""The register of papers that the site gave out: each with its code, and the digests of what it was."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.db import models

from zhunsheng.web.models.audited import Audited
from zhunsheng.web.models.people import Organisation


class Paper(Audited):
    """One paper as it was first given out; the same content under the same name is the same paper.

    ``of`` and ``object_id`` are the record it is of, ``ground`` the key of the figures in it, where it has
    some. ``raw`` is the SHA-256 of the file before its code was put on, ``sha256`` of what was given out,
    ``manifest`` of its manifest, which is its entry in the transparency log; ``size`` is the checkpoint
    printed on it, ``note`` the site's signature.
    """

    number = models.PositiveBigIntegerField(unique=True)
    code = models.CharField(max_length=14, unique=True)
    name = models.CharField(max_length=255)
    of = models.CharField(max_length=40)
    object_id = models.PositiveBigIntegerField()
    ground = models.CharField(max_length=64, blank=True, default="")
    department = models.ForeignKey(Organisation, models.PROTECT, related_name="papers")
    year = models.PositiveSmallIntegerField()
    issued = models.DateField()
    raw = models.CharField(max_length=64)
    sha256 = models.CharField(max_length=64, db_index=True)
    manifest = models.CharField(max_length=64)
    salt = models.CharField(max_length=32)
    size = models.PositiveBigIntegerField(default=0)
    program = models.CharField(max_length=40)
    note = models.TextField()

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["of", "object_id", "name", "raw"], name="one_paper")]

    def __str__(self) -> str:
        return f"{self.name} {self.code}"

    def stored(self) -> Path:
        """Return where the file lies as it was given out."""
        path: Path = settings.DATA / "papers" / self.sha256[:2] / self.sha256
        return path
