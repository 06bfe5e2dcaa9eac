"""Target sheets: one a department or project and year, in versions that are approved one after another."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import models
from django.dispatch import Signal
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from zhunsheng.targets import Book, Source, TargetSheet
from zhunsheng.targets.identity import identified
from zhunsheng.translation import worded
from zhunsheng.web.models.audited import Audited, AuditEntry
from zhunsheng.web.models.decided import Decided
from zhunsheng.web.models.people import Organisation, User, new_code
from zhunsheng.web.models.work import Upload

counted_anew = Signal()  # of a sheet (``instance``) another version is the newest that counts
WHOLE, UNNAMED = "部门整体绩效目标", "（未命名项目）"


class Sheet(Audited):
    """A department's sheet or a project's sheet of one year; what it says stands in its versions.

    ``code`` is what it is, for good; ``name`` is how it is called now, ``project_code`` its project's
    official code.
    """

    department = models.ForeignKey(Organisation, models.PROTECT, related_name="sheets")
    year = models.PositiveSmallIntegerField(_("年度"))
    kind = models.CharField(max_length=12, choices=[("department", _("部门整体")), ("project", _("项目"))])
    code = models.CharField(max_length=12, unique=True, editable=False, default=new_code)
    project_code = models.CharField(_("项目编码"), max_length=40, blank=True)
    name = models.CharField(_("名称"), max_length=200)
    retired = models.BooleanField(default=False)

    class Meta:
        ordering = ["kind", "pk"]
        indexes = [models.Index(fields=["department", "year", "kind", "name"])]

    def __str__(self) -> str:
        return self.name

    @property
    def counted(self) -> list[SheetVersion]:
        """The versions that are not void, from what was prefetched."""
        return [v for v in self.versions.all() if v.state != "void"]

    @property
    def latest(self) -> SheetVersion:
        """The newest version that is not void; where all are, the newest of those."""
        return (
            self.versions.exclude(state="void").order_by("-number").first()
            or self.versions.order_by("-number")[0]
        )

    @property
    def effective(self) -> SheetVersion | None:
        """The version in force: the newest approved one."""
        return self.versions.filter(state="approved").order_by("-number").first()


class SheetVersion(Decided):
    """One version: a sheet as JSON, its state, and why it was made. Approved versions never change."""

    class State(models.TextChoices):
        DRAFT = "draft", _("草稿")
        SUBMITTED = "submitted", _("待财务科审核")
        CHECKED = "checked", _("待财政局批复")
        CHANGES = "changes", _("要求修改")
        RETURNED = "returned", _("已退回")
        APPROVED = "approved", _("已批复")
        VOID = "void", _("已作废")

    sheet = models.ForeignKey(Sheet, models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField()
    body = models.JSONField()
    state = models.CharField(max_length=12, choices=State.choices, default=State.DRAFT)
    reason = models.TextField(_("调整理由"), blank=True)
    origin = models.CharField(max_length=20, default="upload")
    upload = models.ForeignKey(Upload, models.PROTECT, null=True)
    # Who wrote the text that it was taken over from, where nobody had approved that: written down then,
    # for good.
    carried = models.JSONField(default=list)
    unsure = models.JSONField(default=list)
    # Who confirmed or corrected which of the entries of ``unsure``, by their numbers there (as texts), when
    # and how: ``{"0": {"by", "at", "how"}}``.
    answered = models.JSONField(default=dict)
    # What is personal in the document it was read from, masked, with its places
    # (``services/disclosing.noted``).
    personal = models.JSONField(default=list)
    # The tables of the document that its rows are from: what their columns are, some of their cells, by which
    # confirmed layout they were read (``services/sheets/columns.kept``).
    tables = models.JSONField(default=list)
    # The first day on which an approved version holds; the year's first one holds for the whole year.
    in_force_from = models.DateField(null=True)
    created_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)

    by_digest = ("body", "unsure", "answered")
    unwatched = ("changed_at", "personal", "tables")
    start = ("draft",)
    final = ("approved",)
    bound = ("submitted", "checked", "approved", "void")

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["sheet", "number"], name="one_number")]

    def __str__(self) -> str:
        return worded("{sheet}（第{number}版）", sheet=self.sheet.name, number=self.number)

    @property
    def department(self) -> Organisation:
        """The department whose sheet this is."""
        return self.sheet.department

    @property
    def year(self) -> int:
        """The year of the sheet."""
        return self.sheet.year

    def moved(self, before: str) -> None:
        """Say from when an approved version holds; retire a sheet of which all is void,
        take it up again when restored.
        """
        if self.state == self.State.APPROVED and self.in_force_from is None:
            others = self.sheet.versions.filter(state=self.State.APPROVED).exclude(pk=self.pk)
            first, last = date(self.sheet.year, 1, 1), date(self.sheet.year, 12, 31)
            # An adjustment holds from its approval on, one approved after the year for the year as a whole
            # from its end.
            self.in_force_from = min(max(timezone.localdate(), first), last) if others.exists() else first
            self.save()
            self.call_sheet()
        if "void" in (before, self.state):
            self.sheet.retired = not self.sheet.versions.exclude(state="void").exists()
            self.sheet.save()
            counted_anew.send(Sheet, instance=self.sheet)
            if not self.sheet.versions.filter(state=self.State.APPROVED).exists():
                self.sheet.latest.call_sheet()

    def decided_on(self) -> object:
        """Return the text without who confirmed its reading: that changes no word of it, and a page on which
        somebody else just did so still shows what is decided on. The log keeps each confirmation.
        """
        text = super().decided_on()
        assert isinstance(text, dict)
        return {name: said for name, said in text.items() if name != "answered"}

    def bound_text(self) -> object:
        """Return the sheet and the reason for its adjustment; from when it holds follows
        from the approval.
        """
        return [self.body, self.reason]

    def approved_on(self) -> date | None:
        """Return the day on which it was approved, None for one that was not (or whose step is from before
        they were kept).
        """
        step = next((s for s in reversed(self.steps()) if s.action == "targets.approve"), None)
        return timezone.localtime(step.at).date() if step else None

    def call_sheet(self) -> None:
        """Call the record as this version calls it; the record stays the same under its code."""
        project = self.sheet.kind == "project"
        name = (str(self.body.get("name") or UNNAMED) if project else WHOLE)[:200]
        code = str(self.body.get("code") or "")[:40] if project else ""
        if (name, code) != (self.sheet.name, self.sheet.project_code):
            self.sheet.name, self.sheet.project_code = name, code
            self.sheet.save()

    def writers(self) -> set[str]:
        """Return the user names of those who brought or edited the text since a version was last approved.

        A new version of a draft is the same work going on: whoever wrote in the one before wrote it too.
        """
        earlier = self.sheet.versions.filter(number__lte=self.number)
        approved = earlier.filter(state=self.State.APPROVED).order_by("number").last()
        mine = list(earlier.filter(number__gt=approved.number if approved and approved.pk != self.pk else 0))
        brought = {v.created_by.get_username() for v in mine if v.created_by}
        for version in mine:
            brought |= set(version.carried)
        # Who says that it was read right answers for the text as who typed it does.
        edits = AuditEntry.objects.filter(
            model="sheetversion",
            object_id__in=[str(v.pk) for v in mine],
            action__in=("edit", "targets.confirm", "targets.columns"),
        )
        return brought | set(edits.values_list("actor", flat=True))

    @property
    def edited(self) -> bool:
        """Whether a person changed its text since it was made."""
        return self._edits().exists()

    def _edits(self) -> models.QuerySet[AuditEntry]:
        return AuditEntry.objects.filter(model="sheetversion", object_id=str(self.pk), action="edit")

    def target_sheet(self) -> TargetSheet:
        """Return the sheet as a value, of its record's code and year, with codes for indicators kept before
        there were any.
        """
        sheet = book_of([self.body]).sheets[0]
        return identified(sheet.model_copy(update={"id": self.sheet.code, "year": self.sheet.year}))


def body_of(sheet: TargetSheet) -> dict[str, object]:
    """Return one sheet as the JSON that versions keep."""
    body: dict[str, object] = Book(source=NO_SOURCE, sheets=(sheet,)).as_json()["sheets"][0]
    return body


def book_of(bodies: list[dict[str, Any]], source: Source | None = None) -> Book:
    """Return sheets kept as JSON as one book."""
    data = {"source": (source or NO_SOURCE).model_dump(), "sheets": bodies, "unsure": []}
    return Book.from_json({"format": "zhunsheng.book/1", **data})


NO_SOURCE = Source(name="", sha256="", media_type="")


class SheetFinding(models.Model):
    """One finding of the review of a version, as rows that can be counted over departments;
    made anew at each review.
    """

    version = models.ForeignKey(SheetVersion, models.CASCADE, related_name="findings")
    department = models.ForeignKey(Organisation, models.CASCADE)
    year = models.PositiveSmallIntegerField()
    rule = models.CharField(max_length=20)
    level = models.CharField(max_length=10)
    title = models.CharField(max_length=120)
    message = models.TextField()
    mend = models.TextField(blank=True)
    indicator = models.CharField(max_length=300, blank=True)
    indicator_code = models.CharField(max_length=12, blank=True)
    field = models.CharField(max_length=60, blank=True)
    place = models.CharField(max_length=80, blank=True)

    class Meta:
        ordering = ["pk"]
        indexes = [
            models.Index(fields=["year", "rule", "level"]),
            models.Index(fields=["department", "year", "level"]),
        ]
