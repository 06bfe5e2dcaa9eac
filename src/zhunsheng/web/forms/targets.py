"""What people send about target sheets: how to start some, single fields and rows,
decisions about an indicator.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Self

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext_lazy as _

from zhunsheng.intake import ENDINGS
from zhunsheng.intake.layouts import FIELDS
from zhunsheng.targets import Indicator
from zhunsheng.targets.kinds import KIND_WORDS, SENSE_WORDS
from zhunsheng.text import MOST
from zhunsheng.web.forms.base import Files, SentForm
from zhunsheng.web.forms.fields import (
    CleanCharField,
    ListedField,
    OneOfField,
    SentFile,
    SentFiles,
    SentTexts,
    lines,
)
from zhunsheng.web.models import LibraryIndicator, Organisation, SheetVersion, User
from zhunsheng.web.services.sheets.layouts import TableKept

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class DocumentForm(SentForm):
    """A document with sheets to be read; the reason for an adjustment of what is approved."""

    mark, marks = "how", ("upload",)

    file = SentFiles(
        label=_("Word、Excel、WPS、PDF、OFD、csv、rtf、txt 或网页，可以多个，也可以是 zip；每个最大 50 MB"),
        accept=", ".join(f".{ending}" for ending in (*ENDINGS, "zip")),
    )
    folder = SentFiles(label=_("或直接选择文件夹，里面的文件逐个识别"))
    reason = CleanCharField(label=_("理由（已批复的目标表要调整时填）"), required=False)

    def clean(self) -> dict[str, Any]:
        """Take files and those of a folder as one list; there must be one."""
        said = dict(super().clean() or {})
        said["files"] = [*(said.pop("file", None) or []), *(said.pop("folder", None) or [])]
        if not said["files"]:
            raise forms.ValidationError(_("没有选择文件"))
        return said


class ColumnsForm(SentForm):
    """What the columns of a table are, each one of the fields of indicators or none; ``table`` is what its
    layout is known by, ``agreed`` the digest of the changes that were seen.
    """

    mark = "table"

    table = forms.CharField(max_length=20, widget=forms.HiddenInput)
    agreed = forms.CharField(max_length=40, required=False, widget=forms.HiddenInput)

    def __init__(self, data: QueryDict | None, files: Files | None, table: TableKept) -> None:
        super().__init__(data, files)
        self.columns = [f"column-{n}" for n in range(len(table.columns))]
        for name, column in zip(self.columns, table.columns, strict=True):
            choices = [(key, _(word)) for key, word in FIELDS.items()]
            label = column.head or _("没有表头的列")
            self.fields[name] = OneOfField(choices, empty=_("不读入"), label=label, required=False)

    @classmethod
    def of_table(cls, request: HttpRequest, table: TableKept) -> Self:
        """Return the form of a table with its columns as they were read."""
        said = {f"column-{n}": column.field or "" for n, column in enumerate(table.columns)}
        return cls.blank(request, table, key=f"columns-{table.digest}", said={**said, "table": table.digest})

    def chosen(self) -> list[str | None]:
        """Return the field of each column, None for one that is not read."""
        return [self.cleaned_data[name] or None for name in self.columns]


class DocumentTakenIn(SentForm):
    """A document is to be taken in, whose tables are of confirmed layouts by now."""

    mark, marks = "how", ("take-in",)


class LayoutFileForm(SentForm):
    """A file of confirmed layouts."""

    file = SentFile(label=_("版式文件（yaml 或 json）"), required=True, accept=".yaml, .yml, .json")


class LayoutEnded(SentForm):
    """A layout by which no more documents are to be read, by its number."""

    mark = "ended"

    ended = forms.IntegerField(label=_("序号"), min_value=1, max_value=2**31, widget=forms.HiddenInput)


class LastYearForm(SentForm):
    """Last year's sheets are to be taken over."""

    mark, marks = "how", ("last-year",)


class ReviewForm(SentForm):
    """The sheets of a department's year are to be reviewed anew, from the page of one version."""

    mark, marks = "how", ("review",)

    def __init__(
        self, data: QueryDict | None, files: Files | None, department: Organisation, year: int
    ) -> None:
        super().__init__(data, files)
        mine = SheetVersion.objects.filter(sheet__department=department, sheet__year=year)
        self.fields["version"] = ListedField(mine, label=_("版本"))


class BlankForm(SentForm):
    """An empty sheet: the department's own, or a project's with its name."""

    kind = OneOfField(
        [("project", _("项目")), ("department", _("部门整体"))], label=_("类别"), required=False
    )
    name = CleanCharField(label=_("项目名称"), most=120, required=False)

    def clean(self) -> dict[str, object]:
        """Ask for the name of a project, which is what is meant where nothing else is said."""
        values = self.cleaned_data
        values["kind"] = values.get("kind") or "project"
        if values["kind"] == "project" and not values.get("name"):
            self.miss("name")
        return values


class FieldForm(SentForm):
    """One field's new text over what it ``was``; ``seen`` is what the page knows of the whole version."""

    path = forms.CharField(required=False, widget=forms.HiddenInput)
    text = forms.CharField(label=_("内容"), required=False, strip=False, widget=lines(1))
    was = forms.CharField(required=False, strip=False, widget=forms.HiddenInput)
    seen = forms.CharField(required=False, widget=forms.HiddenInput)


class PartRemoval(SentForm):
    """A row to be removed from a part of a sheet, by its key; ``seen`` at first and after the person's own
    edits.
    """

    mark = "remove"

    part = forms.CharField(required=False, widget=forms.HiddenInput)
    remove = forms.CharField(required=False, widget=forms.HiddenInput)
    seen = SentTexts()


def _library(_user: User) -> QuerySet[LibraryIndicator]:
    return LibraryIndicator.objects.filter(active=True)


def _entry(one: LibraryIndicator) -> str:
    return f"{one.level2} · {one.name}"


class ExchangeFile(SentForm):
    """A file of the data standard to be read, and why where that changes what is approved."""

    file = SentFile(label=_("数据标准文件"), required=True, accept=".xlsx, .json")
    reason = CleanCharField(label=_("调整理由"), most=2000, required=False)


class PartAddition(SentForm):
    """A row to be added to a part of a sheet, an indicator perhaps from the library."""

    part = forms.CharField(required=False, widget=forms.HiddenInput)
    library = ListedField(
        LibraryIndicator.objects, offered=_library, words=_entry, label=_("指标库"), required=False
    )


class RestConfirmed(SentForm):
    """All doubts of the reading that are left were compared with the original."""

    mark = "all"


class DoubtForm(SentForm):
    """One doubt of the reading, by its number (from 0), was compared with the original."""

    number = forms.IntegerField(label=_("序号"), min_value=0, max_value=100_000, widget=forms.HiddenInput)


class AdjustmentForm(SentForm):
    """Why an approved version is to be adjusted."""

    reason = CleanCharField(label=_("调整理由"), widget=lines(2))


def _or_as_read(words: Iterable[tuple[str, str]]) -> list[tuple[str, StrOrPromise]]:
    return [("", _("照读出的")), *((value, _(word)) for value, word in words)]


class SettleForm(SentForm):
    """Kind, direction and unit of an indicator whose columns, place and name conflict or don't tell; empty:
    as read.
    """

    indicator = forms.CharField(label=_("指标"), max_length=12, widget=forms.HiddenInput)
    kind = forms.ChoiceField(label=_("性质"), choices=_or_as_read(KIND_WORDS.items()), required=False)
    sense = forms.ChoiceField(label=_("方向"), choices=_or_as_read(SENSE_WORDS.items()), required=False)
    unit = forms.CharField(label=_("单位（照读出的可不填）"), max_length=MOST["unit"], required=False)
    reason = forms.CharField(label=_("理由"), max_length=MOST["remark"])
    seen = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)

    @classmethod
    def of_each(cls, request: HttpRequest, found: Iterable[Indicator]) -> dict[str, Self]:
        """Return the form of each indicator, with what was settled of it, by the indicator's code."""
        return {
            one.id: cls.blank(
                request,
                key=f"settle-{one.id}",
                said={name: getattr(one.settled, name, None) for name in ("kind", "sense", "unit")},
            )
            for one in found
        }


class SameForm(SentForm):
    """Which indicator of an earlier version one is, by its code; empty: none, it is a new one."""

    indicator = forms.CharField(label=_("指标"), max_length=12, widget=forms.HiddenInput)
    former = forms.CharField(label=_("以前的指标"), max_length=12, required=False, widget=forms.Select)
    seen = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)

    def offer(self, former: Mapping[str, Indicator]) -> None:
        """Offer earlier indicators, by code."""
        place = self.fields["former"].widget
        assert isinstance(place, forms.Select)
        told = [(key, f"{i.name}（{i.level2 or ''} {i.words}）") for key, i in former.items()]
        place.choices = [("", _("新指标")), *told]
