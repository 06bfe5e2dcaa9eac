"""Double random: the item list, the register of inspectors, draws with their steps, tasks with results."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from encrypted_fields.fields import EncryptedCharField

from zhunsheng.web.models.audited import Audited
from zhunsheng.web.models.decided import Decided, shown
from zhunsheng.web.models.people import Organisation, User


class InspectionItem(Audited):
    """One entry of the list of inspection items (随机抽查事项清单)."""

    as_seen = True

    department = models.ForeignKey(Organisation, models.PROTECT)
    code = models.CharField(_("编号"), max_length=20)
    name = models.CharField(_("抽查事项"), max_length=120)
    basis = models.CharField(_("依据"), max_length=200, blank=True)
    active = models.BooleanField(_("在用"), default=True)

    class Meta:
        ordering = ["code"]
        constraints = [models.UniqueConstraint(fields=["department", "code"], name="one_item")]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class Inspector(Audited):
    """One entry of the register of inspectors; names are encrypted and only numbers are ever published."""

    as_seen = True

    department = models.ForeignKey(Organisation, models.PROTECT)
    number = models.CharField(_("编号"), max_length=30)
    name = EncryptedCharField(_("姓名"), max_length=60, null=True)
    certified = models.BooleanField(_("有执法证"), default=False)
    districts = models.JSONField(_("辖区"), default=list)
    items = models.JSONField(_("可查事项"), default=list)
    recuse = models.JSONField(_("回避对象"), default=list)
    active = models.BooleanField(_("在用"), default=True)

    hidden = ("name",)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["department", "number"], name="one_inspector")]

    def __str__(self) -> str:
        return self.number


class Draw(Decided):
    """One draw: plan, commitment, two entries of the randomness, draw, tasks, notice."""

    class State(models.TextChoices):
        PLANNED = "planned", _("方案已定")
        COMMITTED = "committed", _("已承诺，待录入随机数")
        ENTERED = "entered", _("待第二人录入")
        SEALED = "sealed", _("种子已定，待抽取")
        DRAWN = "drawn", _("已抽取")
        VOID = "void", _("已作废")

    department = models.ForeignKey(Organisation, models.PROTECT, related_name="draws")
    code = models.CharField(_("抽查编号"), max_length=40)
    title = models.CharField(_("名称"), max_length=120)
    plan = models.JSONField()
    frame_on = models.DateField(_("名录库日期"))
    ends_on = models.DateField(_("任务截止日期"), null=True)
    state = models.CharField(max_length=12, choices=State.choices, default=State.PLANNED)
    digest = models.CharField(max_length=64, blank=True)
    frame_count = models.PositiveIntegerField(default=0)
    drawn_count = models.PositiveIntegerField(default=0)
    first_entry = models.JSONField(null=True)
    first_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    second_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    created_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    # What the first of two people entered is nobody's to read before the second did.
    hidden = ("first_entry",)
    start = ("planned", "committed")
    final = ("drawn",)
    bound = ("committed", "entered", "sealed", "drawn", "void")

    class Meta:
        ordering = ["-pk"]
        constraints = [models.UniqueConstraint(fields=["department", "code"], name="one_draw")]

    def __str__(self) -> str:
        return self.title

    @property
    def year(self) -> int:
        """The year of the frame."""
        return self.frame_on.year

    def bound_text(self) -> object:
        """Return the plan and its commitment, which nothing moves once it is given."""
        return [self.code, self.title, self.plan, str(self.frame_on), str(self.ends_on), self.digest]

    def decided_on(self) -> object:
        """Return the plan and its commitment; what another person entered is not to be seen."""
        return [
            self.code,
            self.title,
            self.plan,
            str(self.frame_on),
            str(self.ends_on),
            self.digest,
            self.drawn_count,
        ]

    def folder(self) -> Path:
        """Return the folder of the draw's files."""
        path: Path = settings.DATA / "draws" / str(self.pk)
        return path


class Commitment(Audited):
    """One entry of the public log of commitments, as ``draws.public_log.Entry``; written
    once, never changed.
    """

    class Kind(models.TextChoices):
        COMMIT = "commit", _("公布承诺")
        VOID = "void", _("作废")
        LATE = "late", _("事后补记")

    draw = models.ForeignKey(Draw, models.PROTECT, related_name="published")
    number = models.PositiveIntegerField(_("编号"), unique=True)
    at = models.DateTimeField(_("时间"))
    kind = models.CharField(_("类别"), max_length=6, choices=Kind.choices)
    # The canonical line itself: what was shown and digested, whatever is renamed since.
    line = models.TextField()

    class Meta:
        ordering = ["number"]

    def __str__(self) -> str:
        return f"{self.number} {self.draw}"

    def save(self, *args: object, **kwargs: object) -> None:
        """Save a new entry. Raises ``TypeError`` for one that is written."""
        if self.pk is not None:
            raise TypeError("an entry of the log of commitments is never changed")
        super().save(*args, **kwargs)

    @property
    def department(self) -> Organisation:
        """The department whose draw this is."""
        return self.draw.department


class CommitmentStamp(Audited):
    """A time-stamp by an outside party on an entry of the log, as it came, with what it said when it was
    taken in.
    """

    commitment = models.ForeignKey(Commitment, models.PROTECT, related_name="stamps")
    content = models.TextField()  # the file, in base64
    digest = models.CharField(max_length=64)
    found = models.JSONField()  # draws.stamps.Stamp of each statement in the file
    bound = models.DateTimeField(null=True)  # the latest moment that the best of them can mean
    by = models.ForeignKey(User, models.PROTECT)
    at = models.DateTimeField(auto_now_add=True)

    by_digest = ("content",)

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["commitment", "digest"], name="one_stamp")]

    def __str__(self) -> str:
        return f"{self.commitment}"

    def save(self, *args: object, **kwargs: object) -> None:
        """Save a new stamp. Raises ``TypeError`` for one that is kept."""
        if self.pk is not None:
            raise TypeError("a time-stamp is never changed")
        super().save(*args, **kwargs)

    @property
    def department(self) -> Organisation:
        """The department whose draw this is."""
        return self.commitment.department


class DrawTask(Audited):
    """One drawn object with its team and what the inspection came to."""

    as_seen = True

    draw = models.ForeignKey(Draw, models.PROTECT, related_name="tasks")
    entity = models.CharField(_("统一社会信用代码"), max_length=40)
    name = models.CharField(_("名称"), max_length=200, blank=True)
    stratum = models.CharField(_("分层"), max_length=80)
    rank = models.PositiveIntegerField()
    team = models.JSONField(default=list)
    inspected_on = models.DateField(_("检查日期"), null=True)
    result = models.CharField(_("检查结果"), max_length=60, blank=True)
    note = models.TextField(_("情况说明"), blank=True)
    published_on = models.DateField(_("公示日期"), null=True)
    by = models.ForeignKey(User, models.PROTECT, null=True)

    class Meta:
        ordering = ["stratum", "rank"]
        constraints = [models.UniqueConstraint(fields=["draw", "entity"], name="one_task")]

    def __str__(self) -> str:
        return self.entity

    def seen_digest(self) -> str:
        """Return the digest of the result as it stands."""
        return shown(self.inspected_on, self.result, self.note, self.published_on)

    @property
    def department(self) -> Organisation:
        """The department whose draw this belongs to."""
        return self.draw.department

    @property
    def year(self) -> int:
        """The year of the draw."""
        return self.draw.year
