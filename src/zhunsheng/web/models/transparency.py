"""The site's transparency log: entries in the order in which they were sealed, its tree, its checkpoints, and
who gets these by mail.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from encrypted_fields.fields import EncryptedEmailField

from zhunsheng.web.models.audited import Audited
from zhunsheng.web.models.people import Organisation


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


class Witness(Audited):
    """Who gets the checkpoints by mail and keeps them elsewhere; ``body`` is public, name and address are
    not, and the address is encrypted at rest.
    """

    as_seen = True

    organisation = models.ForeignKey(Organisation, models.PROTECT, verbose_name=_("登记单位"))
    body = models.CharField(_("见证单位"), max_length=120)
    name = models.CharField(_("收件人"), max_length=60)
    email = EncryptedEmailField(_("邮箱"), max_length=254)
    active = models.BooleanField(_("在用"), default=True)

    hidden = ("name", "email")

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.body


class CheckpointMail(models.Model):
    """What became of a day's checkpoint for a witness, as far as this machine observed it.

    No record of the log: each would make the log grow, and its growing the next mail.
    """

    class State(models.TextChoices):
        SENDING = "sending", _("正在交给邮件服务器")
        HANDED = "handed", _("已交给邮件服务器")
        WAITING = "waiting", _("没有交出，稍后再试")
        FAILED = "failed", _("没有交出")
        UNKNOWN = "unknown", _("交出时中断，不知邮件服务器收下没有")

    witness = models.ForeignKey(Witness, models.PROTECT, related_name="mails")
    on = models.DateField(_("日期"))
    size = models.PositiveBigIntegerField(_("检查点"))  # the checkpoint's
    state = models.CharField(max_length=8, choices=State.choices, default=State.SENDING)
    tries = models.PositiveSmallIntegerField(default=1)
    at = models.DateTimeField()  # of the last try
    next_at = models.DateTimeField(null=True)
    # What was observed, without the other side's words, which may name people: "SMTP 550", "TimeoutError".
    answer = models.CharField(max_length=60, blank=True)

    class Meta:
        ordering = ["-on", "-pk"]
        constraints = [models.UniqueConstraint(fields=["witness", "on"], name="one_mail_a_day")]
