"""Key evaluation of chosen projects: marks of each evaluator, the agreed score, and what is
to be rectified.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from zhunsheng.web.models.audited import Audited
from zhunsheng.web.models.decided import Decided
from zhunsheng.web.models.people import Organisation, User
from zhunsheng.web.models.targets import Sheet
from zhunsheng.web.models.work import Upload


class KeyEvaluation(Decided):
    """One project evaluated by several people."""

    class State(models.TextChoices):
        SCORING = "scoring", _("独立评分中")
        AGREEING = "agreeing", _("合议中")
        REPORTED = "reported", _("已出报告")

    sheet = models.ForeignKey(Sheet, models.PROTECT, related_name="key_evaluations")
    department = models.ForeignKey(Organisation, models.PROTECT)
    year = models.PositiveSmallIntegerField()
    framework = models.CharField(max_length=40)
    method = models.CharField(_("评价方法"), max_length=40)
    evaluators = models.ManyToManyField(User, related_name="key_evaluations")
    conclusion = models.TextField(_("评价结论"), blank=True)
    state = models.CharField(max_length=12, choices=State.choices, default=State.SCORING)
    finished = models.JSONField(default=list)  # ids of evaluators whose marks are complete
    agreed = models.JSONField(default=dict)  # row code -> {"points", "reason"}

    start = ("scoring",)
    final = ("reported",)
    bound = ("reported",)

    class Meta:
        ordering = ["-pk"]
        constraints = [models.UniqueConstraint(fields=["sheet"], name="one_key_evaluation")]

    def __str__(self) -> str:
        return f"{self.sheet.name} 重点评价"

    def decided_on(self) -> object:
        """Return what was agreed; who has finished marking is nobody else's business."""
        return [self.sheet_id, self.framework, self.method, self.agreed, self.conclusion]


class KeyMark(Audited):
    """One evaluator's points for one row, with the reason."""

    as_seen = True

    evaluation = models.ForeignKey(KeyEvaluation, models.PROTECT, related_name="marks")
    by = models.ForeignKey(User, models.PROTECT)
    row = models.CharField(max_length=8)
    points = models.DecimalField(max_digits=5, decimal_places=2)
    reason = models.TextField(blank=True)

    # Marks are given unseen by one another; what they were at last stands in the record.
    hidden = ("points", "reason")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["evaluation", "by", "row"], name="one_mark")]

    def __str__(self) -> str:
        return self.row

    @property
    def department(self) -> Organisation:
        """The department whose project is evaluated."""
        return self.evaluation.department


class Rectification(Decided):
    """A problem to be mended: owner, due date, proof, closure."""

    class State(models.TextChoices):
        OPEN = "open", _("整改中")
        PROVED = "proved", _("待验收")
        CLOSED = "closed", _("已销号")

    evaluation = models.ForeignKey(KeyEvaluation, models.PROTECT, related_name="rectifications")
    department = models.ForeignKey(Organisation, models.PROTECT)
    problem = models.TextField(_("问题"))
    owner = models.CharField(_("责任人"), max_length=60)
    due_on = models.DateField(_("整改期限"))
    state = models.CharField(max_length=12, choices=State.choices, default=State.OPEN)
    result = models.TextField(_("整改情况"), blank=True)
    proof = models.ForeignKey(Upload, models.PROTECT, null=True)

    start = ("open",)
    final = ("closed",)
    bound = ("proved", "closed")

    class Meta:
        ordering = ["due_on", "pk"]

    def __str__(self) -> str:
        return self.problem[:60]
