"""Records of the safeguards, and what administrators keep: indicator library, local schemes, the calendar."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from zhunsheng.targets.library import LibraryEntry
from zhunsheng.web.models.audited import Audited
from zhunsheng.web.models.decided import Decided
from zhunsheng.web.models.people import Organisation, User
from zhunsheng.web.models.work import Upload

WRITING = ("safeguards.record", "safeguards.edit", "safeguards.result")  # steps that write a record's text


class SafeguardRecord(Decided):
    """One record of a register of the safeguards (``registers.yaml`` says which,
    with what fields and what approvals).
    """

    class State(models.TextChoices):
        OPEN = "open", _("在办")
        REQUESTED = "requested", _("待审批")
        APPROVED = "approved", _("已批准")
        REFUSED = "refused", _("未批准")
        CLOSED = "closed", _("已办结")
        VOID = "void", _("已作废")

    department = models.ForeignKey(Organisation, models.PROTECT, related_name="safeguards")
    register = models.CharField(max_length=20)
    data = models.JSONField(default=dict)
    state = models.CharField(max_length=12, choices=State.choices, default=State.OPEN)
    request = models.CharField(_("申请事项"), max_length=40, blank=True)
    due_on = models.DateField(_("期限"), null=True, blank=True)
    proof = models.ForeignKey(Upload, models.PROTECT, null=True)
    created_by = models.ForeignKey(User, models.PROTECT, null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    start = ("open", "approved", "refused")
    final = ("closed",)
    bound = ("requested", "approved", "refused", "closed", "void")

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["department", "register"])]

    def __str__(self) -> str:
        return str(next(iter(self.data.values()), self.register))[:120]

    def bound_text(self) -> object:
        """Return what was entered and what was asked for."""
        return [self.register, self.data, self.request, str(self.due_on or ""), self.proof_id]

    def writers(self) -> set[str]:
        """Return the user names of those who entered or changed it since it was last approved."""
        found: set[str] = set()
        for step in self.steps():
            if step.action == "safeguards.approve":
                found = set()
            elif step.action in WRITING:
                found.add(step.by.get_username())
        return found

    def kept_apart(self, action: str) -> set[str]:
        """Return those who wrote the text; for closing those who wrote how it ended,
        in registers that keep them apart.
        """
        if action != "safeguards.close":
            return self.writers()
        # From the first telling of how it ended on, whoever writes anything writes what the closing is about.
        steps = self.steps()
        told = next((n for n, step in enumerate(steps) if step.action == "safeguards.result"), len(steps))
        return {step.by.get_username() for step in steps[told:] if step.action in WRITING}


class LibraryIndicator(Audited):
    """One entry of the indicator library, offered when a sheet is written: ``code`` is what it is, for good
    (empty for one from before there were codes); ``origin`` says what brought it, empty for a person.
    """

    as_seen = True

    code = models.CharField(_("编号"), max_length=20, blank=True, default="")
    common = models.BooleanField(_("共性指标"), default=False)
    level1 = models.CharField(_("一级指标"), max_length=40)
    level2 = models.CharField(_("二级指标"), max_length=40)
    name = models.CharField(_("三级指标"), max_length=120)
    description = models.CharField(_("指标描述"), max_length=300, blank=True)
    unit = models.CharField(_("计量单位"), max_length=20, blank=True, default="")
    direction = models.CharField(_("计算符号"), max_length=4, blank=True, default="")
    standard = models.CharField(_("绩效标准"), max_length=4, blank=True, default="")
    target = models.CharField(_("参考指标值"), max_length=60, blank=True)
    basis = models.CharField(_("确定依据"), max_length=60, blank=True)
    source = models.CharField(_("数据来源"), max_length=120, blank=True, default="")
    period = models.CharField(_("周期"), max_length=20, blank=True, default="")
    cautions = models.CharField(_("注意"), max_length=300, blank=True, default="")
    measure = models.CharField(_("测度"), max_length=60, blank=True)
    origin = models.CharField(_("来历"), max_length=80, blank=True, default="")
    version = models.PositiveSmallIntegerField(_("版本"), default=1)
    active = models.BooleanField(_("在用"), default=True)

    class Meta:
        ordering = ["level1", "level2", "name"]
        constraints = [
            models.UniqueConstraint(fields=["level2", "name"], name="one_library_indicator"),
            models.UniqueConstraint(fields=["code"], condition=~models.Q(code=""), name="one_library_code"),
        ]

    def __str__(self) -> str:
        return self.name

    def entry(self) -> LibraryEntry:
        """Return it as a value; one without a code yet has none."""
        names = set(LibraryEntry.model_fields)
        return LibraryEntry.model_construct(**{name: getattr(self, name) for name in names})


class LocalScheme(Audited):
    """A local scoring scheme, valid for an organisation and all below from a year on;
    text in the format of the data files.
    """

    as_seen = True

    organisation = models.ForeignKey(Organisation, models.PROTECT)
    name = models.CharField(_("名称"), max_length=120)
    first_year = models.PositiveSmallIntegerField(_("起始年度"))
    text = models.TextField(_("方案（YAML）"))
    active = models.BooleanField(_("在用"), default=True)

    class Meta:
        ordering = ["-first_year"]

    def __str__(self) -> str:
        return self.name


class RuleBasis(Audited):
    """A document of a place that rules of the review rest on there, for it and all below; ``verified_on`` is
    the day on which somebody held it against its source, none where nobody did.
    """

    as_seen = True

    organisation = models.ForeignKey(Organisation, models.PROTECT)
    rules = models.CharField(_("规则"), max_length=400)  # codes, a blank between them
    name = models.CharField(_("文件名称"), max_length=120)
    citation = models.CharField(_("文号"), max_length=60)
    article = models.CharField(_("条款"), max_length=60, blank=True)
    scope = models.CharField(_("适用范围"), max_length=120, blank=True)
    valid_from = models.DateField(_("施行"))
    valid_to = models.DateField(_("失效"), null=True, blank=True)
    verified_on = models.DateField(_("核实"), null=True, blank=True)
    active = models.BooleanField(_("在用"), default=True)

    class Meta:
        ordering = ["citation", "pk"]

    def __str__(self) -> str:
        return f"{self.citation}{self.article}"


class CalendarEntry(Audited):
    """A date of the year for an organisation and all below: when a monitoring checkpoint or the
    self-evaluation opens and is due.
    """

    as_seen = True

    class Kind(models.TextChoices):
        MONITORING = "monitoring", _("运行监控")
        SELF = "self", _("绩效自评")
        TARGETS = "targets", _("目标申报")

    organisation = models.ForeignKey(Organisation, models.PROTECT)
    year = models.PositiveSmallIntegerField(_("年度"))
    kind = models.CharField(_("事项"), max_length=12, choices=Kind.choices)
    name = models.CharField(_("名称"), max_length=60)
    as_of = models.DateField(_("数据截至"))
    opens_on = models.DateField(_("开始"))
    due_on = models.DateField(_("截止"))
    active = models.BooleanField(_("在用"), default=True)

    class Meta:
        ordering = ["as_of"]

    def __str__(self) -> str:
        return f"{self.year} {self.name}"
