"""The site's transparency log: entries in the order in which they were sealed, its tree, its checkpoints."""

from __future__ import annotations

from django.db import models


class LogEntry(models.Model):
    """One entry (``zhunsheng.transparency.entries.Entry``) at its place in the tree; triggers of the database
    refuse changes.
    """

    index = models.PositiveBigIntegerField(primary_key=True)  # from 0
    kind = models.CharField(max_length=20)
    number = models.PositiveBigIntegerField()
    digest = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "number"], name="one_entry")]


class LogNode(models.Model):
    """The hash of a complete subtree of 256, 65,536 … entries (level 8, 16 …): what proofs start from.

    All of it follows from the entries; ``check_audit`` computes it anew.
    """

    level = models.PositiveSmallIntegerField()
    index = models.PositiveBigIntegerField()
    hash = models.BinaryField(max_length=32)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["level", "index"], name="one_node")]


class LogCheckpoint(models.Model):
    """A signed checkpoint as it was published; triggers of the database refuse changes."""

    size = models.PositiveBigIntegerField(primary_key=True)
    at = models.DateTimeField()
    note = models.TextField()
