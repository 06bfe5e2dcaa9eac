"""The year's work on approved targets: assessments, monitoring checkpoints, words on indicators,
self-evaluation.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from zhunsheng.judgements import Judgement
from zhunsheng.translation import worded
from zhunsheng.usecases.result import Run
from zhunsheng.web.models.audited import Audited
from zhunsheng.web.models.decided import Decided
from zhunsheng.web.models.people import Organisation, User
from zhunsheng.web.models.work import Upload
from zhunsheng.web.vocabulary import RULED

POINTS = (MinValueValidator(0), MaxValueValidator(100))


class Assessment(models.Model):
    """A department's sheets measured, monitored and scored on a date against one state of the evidence;
    derived, kept whole.

    ``key`` is the digest of all it rests on; the same state found again is the same assessment,
    ``assessed_at`` tells when last. Amounts are yuan, wide enough for the sum of as many rows as a ledger
    holds (each below 10^13).
    """

    department = models.ForeignKey(Organisation, models.PROTECT, related_name="assessments")
    year = models.PositiveSmallIntegerField()
    as_of = models.DateField()
    batch = models.PositiveIntegerField(default=0)
    digest = models.CharField(max_length=64, blank=True)
    key = models.CharField(max_length=64)
    program = models.CharField(
        max_length=40, blank=True, default=""
    )  # what computed it; "" before it was kept
    result = models.JSONField()
    # What lists of departments show, taken from the result.
    total = models.DecimalField(max_digits=6, decimal_places=2, null=True, blank=True, validators=POINTS)
    most = models.DecimalField(max_digits=6, decimal_places=2, null=True, blank=True, validators=POINTS)
    basis = models.JSONField(default=dict, blank=True)  # points earned by what they rest on, as text
    grade = models.CharField(max_length=10, blank=True)
    paid = models.DecimalField(max_digits=24, decimal_places=2, null=True, blank=True)
    budget = models.DecimalField(max_digits=24, decimal_places=2, null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    assessed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-assessed_at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["department", "year", "key"], name="one_assessment")]
        indexes = [models.Index(fields=["department", "year", "as_of", "assessed_at"])]

    def __str__(self) -> str:
        return f"{self.department} {self.year} {self.as_of}"

    @cached_property
    def run(self) -> Run:
        """The result as a typed value. Raises ``ZS-RN-01``."""
        return Run.read(self.result)

    @property
    def execution(self) -> float | None:
        """What was paid over what was budgeted, a fraction; None where either is unknown."""
        return float(self.paid / self.budget) if self.paid is not None and self.budget else None

    def folder(self) -> Path:
        """Return the folder of its official tables."""
        path: Path = settings.DATA / "assessments" / self.key
        return path


def shown_figures(assessment: int | None) -> object:
    """Return what pages show of an assessment (by id), whichever state of the store it was computed from;
    None for none.

    Read anew, because pages put things of their own into the result they hold.
    """
    if assessment is None:
        return None
    found = Assessment.objects.filter(pk=assessment).values_list("as_of", "result").first()
    return None if found is None else [found[0].isoformat(), _apart(found[1].get("results"))]


def _apart(value: object) -> object:
    """Return a result without the store's state, which other departments' imports change too."""
    if isinstance(value, dict):
        return {k: _apart(v) for k, v in value.items() if k not in ("batch", "digest")}
    return [_apart(v) for v in value] if isinstance(value, list) else value


class IndicatorLight(models.Model):
    """One indicator of a department's newest assessment, as a row that can be counted over departments."""

    department = models.ForeignKey(Organisation, models.CASCADE)
    year = models.PositiveSmallIntegerField()
    sheet = models.CharField(max_length=200)
    sheet_code = models.CharField(max_length=12, blank=True)
    indicator = models.CharField(max_length=300)
    indicator_code = models.CharField(max_length=12, blank=True)
    dimension = models.CharField(max_length=20)
    verdict = models.CharField(max_length=10, blank=True)
    light = models.CharField(max_length=8)
    points = models.DecimalField(max_digits=6, decimal_places=2, default=Decimal(0))
    score = models.DecimalField(max_digits=6, decimal_places=2, default=Decimal(0))

    class Meta:
        indexes = [models.Index(fields=["year", "department"])]


class Checkpoint(Decided):
    """A monitoring date of a department: opened by the calendar, filled from
    evidence, explained, confirmed.
    """

    class State(models.TextChoices):
        OPEN = "open", _("填报中")
        SUBMITTED = "submitted", _("待财务科确认")
        CONFIRMED = "confirmed", _("已确认")

    department = models.ForeignKey(Organisation, models.PROTECT, related_name="checkpoints")
    year = models.PositiveSmallIntegerField()
    name = models.CharField(_("时点"), max_length=60)
    as_of = models.DateField(_("截至日期"))
    due_on = models.DateField(_("填报期限"))
    state = models.CharField(max_length=12, choices=State.choices, default=State.OPEN)
    assessment = models.ForeignKey(Assessment, models.PROTECT, null=True)

    start = ("open",)
    final = ("confirmed",)
    bound = ("submitted", "confirmed")

    class Meta:
        ordering = ["as_of"]
        constraints = [models.UniqueConstraint(fields=["department", "as_of"], name="one_checkpoint")]

    def __str__(self) -> str:
        return f"{self.department} {self.name}"

    def decided_on(self) -> object:
        """Return the figures and the words as they stand on the page."""
        return [
            shown_figures(self.assessment_id),
            list(self.words.order_by("pk").values_list("pk", flat=True)),
        ]

    def writers(self) -> set[str]:
        """Return the user names of those who explained its indicators."""
        return set(self.words.exclude(by=None).values_list("by__username", flat=True))


class Word(Audited):
    """What a person said of one indicator at a checkpoint or in a self-evaluation, and of no other record.

    The indicator is named by codes; ``sheet`` and ``indicator`` are how they were called then.
    A newer word replaces an older one, both stay.
    """

    department = models.ForeignKey(Organisation, models.PROTECT)
    year = models.PositiveSmallIntegerField()
    checkpoint = models.ForeignKey(Checkpoint, models.PROTECT, null=True, related_name="words")
    evaluation = models.ForeignKey("SelfEvaluation", models.PROTECT, null=True, related_name="said")
    sheet = models.CharField(max_length=200)
    sheet_code = models.CharField(max_length=12, blank=True, db_index=True)
    indicator = models.CharField(max_length=300)
    indicator_code = models.CharField(max_length=12, blank=True)
    cause = models.CharField(_("偏差原因"), max_length=40, blank=True)
    measures = models.TextField(_("改进措施"), blank=True)
    actual = models.CharField(_("完成值"), max_length=100, blank=True)
    band = models.CharField(_("评定档次"), max_length=60, blank=True)
    share = models.DecimalField(_("得分率"), max_digits=5, decimal_places=4, null=True, blank=True)
    over_accepted = models.BooleanField(_("认可超额"), default=False)
    target_low = models.BooleanField(_("目标定低了"), default=False)
    reason = models.TextField(_("理由"), blank=True)
    # What the indicator promised when the figure was typed (``promise``); empty for what was typed before
    # that was kept.
    promised = models.JSONField(default=dict)
    attachments = models.ManyToManyField(Upload)
    by = models.ForeignKey(User, models.PROTECT, null=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["department", "year"])]

    def __str__(self) -> str:
        return self.indicator

    @property
    def claim(self) -> tuple[str, str, tuple[str, ...]]:
        """The figure it states, why, and the digests of the files that prove it:
        what a ruling on it rests on.
        """
        return self.claim_with(self.attachments.all())

    def claim_with(self, files: Iterable[Upload]) -> tuple[str, str, tuple[str, ...]]:
        """Return the claim that it would state with these files."""
        return self.actual, self.reason, tuple(sorted({a.sha256 for a in files}))

    def judgement(self, promise: dict[str, str]) -> Judgement:
        """Return the word as the judgement that scoring and monitoring take, on what the indicator promises
        now.

        What was accepted of another promise is not accepted of this one.
        """
        return self.judged(promise, self.attachments.all(), self.contests.all())

    def judged(
        self, promise: dict[str, str], attached: Iterable[Upload], contests: Iterable[Contest]
    ) -> Judgement:
        """Return the judgement that the word is with these files and contests, which it need not have yet."""
        files = "、".join(a.name for a in attached)
        contests = list(contests)
        accepted = (c for c in contests if c.state == Contest.State.ACCEPTED)
        contest = next((c for c in accepted if not promise_moved(c.promised, promise)), None)
        return Judgement(
            sheet=self.sheet_code,
            indicator=self.indicator_code,
            band=self.band or None,
            share=None if self.share is None else self.share.normalize(),
            actual=self.actual or None,
            proof=files or None,
            accepted=contest.ruling if contest else None,
            against=contest.computed if contest else None,
            over_accepted=self.over_accepted,
            target_low=self.target_low,
            reason=self.reason or None,
            cause=self.cause or None,
            measures=self.measures or None,
            by=str(self.by) if self.by else None,
            anew=self.asked_anew(promise) or None,
            **self._refusal(contests),
        )

    def _refusal(self, contests: Iterable[Contest]) -> dict[str, str]:
        """Return why the finance bureau refused the figure, and against which reading;
        empty where it did not.
        """
        contest = next((c for c in contests if c.state == Contest.State.REFUSED), None)
        return {"refused": contest.ruling, "refused_against": contest.computed} if contest else {}

    def asked_anew(self, promise: dict[str, str]) -> str:
        """Return in words why the figure is to be typed again: its indicator counts something else now;
        empty where not.
        """
        was = self.promised
        if not self.actual or not was or was.get("counts") == promise["counts"]:
            return ""
        return worded("之后指标改了（{why}），须重新填报", why=promise_moved(was, promise))


PROMISED = {
    "name": worded("指标名称"),
    "description": worded("指标描述"),
    "target": worded("指标值"),
    "unit": worded("计量单位"),
}


def promise_moved(was: dict[str, str], now: dict[str, str]) -> str:
    """Return in words what an indicator promises otherwise than it did; empty where nothing,
    or where it was not kept.
    """
    told = [
        f"{label} “{was[key]}” → “{now[key]}”"
        for key, label in PROMISED.items()
        if key in was and was[key] != now[key] and (key != "unit" or was.get("target") == now["target"])
    ]
    return "；".join(told)


class OfSelfEvaluation:
    """A record of one self-evaluation, whose department and year it has."""

    evaluation: SelfEvaluation

    @property
    def department(self) -> Organisation:
        """The department that is evaluated."""
        return self.evaluation.department

    @property
    def year(self) -> int:
        """The year of the self-evaluation."""
        return self.evaluation.year


class Contest(OfSelfEvaluation, Decided):
    """A figure that a department typed against what its ledgers say: with reason and proof,
    decided by the finance bureau.

    Until it is accepted the reading counts; both are shown wherever the figure is.
    A ruling is on one claim (figure, reason, proof) against one reading (``computed``),
    also one that was taken back since, of what the indicator ``promised`` (its name, description and target):
    where any of them is another, the contest is replaced by a new one.
    """

    class State(models.TextChoices):
        OPEN = "open", RULED["open"]
        ACCEPTED = "accepted", RULED["accepted"]
        REFUSED = "refused", RULED["refused"]
        REPLACED = "replaced", _("已由新的填报代替")

    word = models.ForeignKey(Word, models.PROTECT, related_name="contests")
    evaluation = models.ForeignKey("SelfEvaluation", models.PROTECT, related_name="contests")
    computed = models.TextField(_("台账算出"))
    promised = models.JSONField(default=dict)
    ruling = models.TextField(_("裁定理由"), blank=True)
    state = models.CharField(max_length=12, choices=State.choices, default=State.OPEN)

    start = ("open",)
    final = ("accepted", "refused", "replaced")

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.word.indicator}：{self.word.actual}"

    def decided_on(self) -> object:
        """Return the claim, the reading and the promise it is made against, and what its self-evaluation
        shows of it now.
        """
        return [*self.word.claim, self.computed, self.promised, self._shown_now()]

    def _shown_now(self) -> str | None:
        held = self.evaluation.assessment_id
        if held is None:
            return None
        kept = Assessment.objects.filter(pk=held).values_list("result", flat=True).first() or {}
        for sheet in kept.get("results", ()):
            for line in sheet["indicators"] if sheet.get("id") == self.word.sheet_code else ():
                if line.get("id") == self.word.indicator_code:
                    contest = line["outcome"].get("contest") or {}
                    shown = str(contest.get("computed") or line["outcome"]["text"])
                    return f"{shown} {contest.get('measured_on') or ''} {line.get('target')}".strip()
        return None

    def writers(self) -> set[str]:
        """Return the user names of all who typed a figure for the indicator, in whatever writing,
        whoever was the last.
        """
        mine = {"sheet_code": self.word.sheet_code, "indicator_code": self.word.indicator_code}
        typed = self.evaluation.words().filter(by__isnull=False, **mine).exclude(actual="")
        return set(typed.values_list("by__username", flat=True))


class LowTarget(OfSelfEvaluation, Decided):
    """What the finance bureau finds of a target that was far exceeded: whether it had been set too low, so
    that points go down by the deviation (财预〔2020〕10号). One officer finds, another upholds.

    A finding is of what the indicator ``promised`` and of nothing else, however that is written. Of several
    that were upheld the newest holds, whatever the office says.
    """

    class State(models.TextChoices):
        FOUND = "found", _("待另一人确认")
        UPHELD = "upheld", _("已认定")
        DISMISSED = "dismissed", _("未予认定")

    evaluation = models.ForeignKey("SelfEvaluation", models.PROTECT, related_name="low_targets")
    sheet_code = models.CharField(max_length=12)
    indicator = models.CharField(max_length=300)
    indicator_code = models.CharField(max_length=12)
    low = models.BooleanField(_("目标定低了"))
    reason = models.TextField(_("认定理由"))
    result = models.TextField(_("完成值"))
    promised = models.JSONField(default=dict)
    by = models.ForeignKey(User, models.PROTECT)
    state = models.CharField(max_length=12, choices=State.choices, default=State.FOUND)

    start = ("found",)
    final = ("upheld", "dismissed")
    bound = ("upheld", "dismissed")

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.indicator

    def writers(self) -> set[str]:
        """Return the user names of whoever found it, and of all who filled, checked or signed the
        self-evaluation: they would judge their own figures.
        """
        signed = ("selfeval.submit", "selfeval.check", "selfeval.sign")
        took = {step.by.username for step in self.evaluation.steps() if step.action in signed}
        return {self.by.username, *self.evaluation.writers(), *took}


class MeasureDecision(Audited):
    """A person's confirmation which measure (empty: none) proves an indicator; the newest one holds.

    ``described`` is the digest of what the indicator said it counts: described otherwise,
    it is to be confirmed again; called otherwise, it is not.
    """

    department = models.ForeignKey(Organisation, models.PROTECT)
    sheet_code = models.CharField(max_length=12, db_index=True)
    indicator_code = models.CharField(max_length=12)
    measure = models.CharField(_("测度"), max_length=60, blank=True)
    described = models.CharField(max_length=64)
    by = models.ForeignKey(User, models.PROTECT)
    # Whether the finance bureau ruled it, whoever its officer is since; None: kept before that was told.
    ruled = models.BooleanField(null=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.indicator_code} {self.measure}"


class ProjectDecision(Audited):
    """A person's word whether a project of the ledgers, as written there, is a sheet's; the
    newest one holds.
    """

    department = models.ForeignKey(Organisation, models.PROTECT)
    sheet_code = models.CharField(max_length=12, db_index=True)
    project = models.CharField(_("台账中的项目"), max_length=200)
    same = models.BooleanField(_("是同一项目"))
    by = models.ForeignKey(User, models.PROTECT)
    ruled = models.BooleanField(null=True)  # as a measure's
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.project


class SelfEvaluation(Decided):
    """A department's self-evaluation of a year: filled, checked by finance, signed by the head,
    re-checked by the bureau.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("填报中")
        FILLED = "filled", _("待财务科审核")
        CHECKED = "checked", _("待负责人签字")
        SIGNED = "signed", _("待财政局复核")
        RETURNED = "returned", _("已退回")
        ACCEPTED = "accepted", _("复核通过")

    department = models.ForeignKey(Organisation, models.PROTECT, related_name="self_evaluations")
    year = models.PositiveSmallIntegerField()
    as_of = models.DateField()
    due_on = models.DateField()
    state = models.CharField(max_length=12, choices=State.choices, default=State.DRAFT)
    assessment = models.ForeignKey(Assessment, models.PROTECT, null=True)
    reported = models.ForeignKey(
        Upload, models.PROTECT, null=True, related_name="+", verbose_name=_("上报文件")
    )
    differences = models.JSONField(default=list)
    # What the re-check was made for: the key of the figures, when, and the file that was re-checked beside
    # them.
    rechecked = models.CharField(max_length=64, blank=True, default="")
    rechecked_at = models.DateTimeField(_("复核"), null=True)
    rechecked_of = models.ForeignKey(
        Upload, models.PROTECT, null=True, related_name="+", verbose_name=_("复核的上报文件")
    )

    by_digest = ("differences",)
    start = ("draft",)
    bound = ("accepted",)

    class Meta:
        ordering = ["-year"]
        constraints = [models.UniqueConstraint(fields=["department", "year"], name="one_self_evaluation")]

    def __str__(self) -> str:
        return f"{self.department} {self.year}"

    def words(self) -> models.QuerySet[Word]:
        """Return what was said for the self-evaluation."""
        return Word.objects.filter(department=self.department_id, year=self.year, checkpoint=None)

    def decided_on(self) -> list[object]:
        """Return the figures, the words and the re-check as they stand on the page."""
        words = list(self.words().order_by("pk").values_list("pk", flat=True))
        checked = [self.rechecked, self.rechecked_of_id, self.differences]
        return [shown_figures(self.assessment_id), words, self.reported_id, *checked]

    @property
    def rechecked_as_it_is(self) -> bool:
        """Whether the re-check was made for the figures that the record holds."""
        return self.assessment is not None and self.rechecked == self.assessment.key

    def bound_text(self) -> object:
        """Return the figures and the words; a re-check may be made anew, and of another file."""
        return self.decided_on()[:2]

    def writers(self) -> set[str]:
        """Return the user names of those who filled it."""
        return set(self.words().exclude(by=None).values_list("by__username", flat=True))
