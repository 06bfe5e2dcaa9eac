"""What people send about target sheets: how to start some, single fields and rows,
decisions about an indicator.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from zhunsheng.targets.kinds import KIND_WORDS, SENSE_WORDS
from zhunsheng.text import MOST
from zhunsheng.web.forms.base import Files, SentForm
from zhunsheng.web.forms.fields import CleanCharField, ListedField, OneOfField, SentFile, SentTexts
from zhunsheng.web.models import LibraryIndicator, Organisation, SheetVersion


class DocumentForm(SentForm):
    """A document with sheets to be read; the reason for an adjustment of what is approved."""

    mark, marks = "how", ("upload",)

    file = SentFile(label=_("目标文件"))
    reason = CleanCharField(label=_("理由"), required=False)


class LastYearForm(SentForm):
    """Last year's sheets are to be taken over."""

    mark, marks = "how", ("last-year",)


class ReviewForm(SentForm):
    """The sheets of a department's year are to be reviewed anew, from the page of one version."""

    mark, marks = "how", ("review",)

    def __init__(self, data: QueryDict, files: Files, department: Organisation, year: int) -> None:
        super().__init__(data, files)
        mine = SheetVersion.objects.filter(sheet__department=department, sheet__year=year)
        self.fields["version"] = ListedField(mine, label=_("版本"))


class BlankForm(SentForm):
    """An empty sheet: the department's own, or a project's with its name."""

    kind = OneOfField(("project", "department"), label=_("类别"), required=False)
    name = CleanCharField(label=_("项目名称"), most=120, required=False)

    def clean(self) -> dict[str, Any]:
        """Ask for the name of a project, which is what is meant where nothing else is said."""
        values = self.cleaned_data
        values["kind"] = values.get("kind") or "project"
        if values["kind"] == "project" and not values.get("name") and "name" not in self.errors:
            self.add_error("name", self.fields["name"].error_messages["required"])
        return values


class FieldForm(SentForm):
    """One field's new text over what it ``was``; ``seen`` is what the page knows of the whole version."""

    path = forms.CharField(required=False)
    text = forms.CharField(required=False, strip=False)
    was = forms.CharField(required=False, strip=False)
    seen = forms.CharField(required=False)


class PartRemoval(SentForm):
    """A row to be removed from a part of a sheet, by its key; ``seen`` at first and after the person's own
    edits.
    """

    mark = "remove"

    part = forms.CharField(required=False)
    remove = forms.CharField(required=False)
    seen = SentTexts()


class PartAddition(SentForm):
    """A row to be added to a part of a sheet, an indicator perhaps from the library."""

    part = forms.CharField(required=False)
    library = ListedField(LibraryIndicator.objects, label=_("指标库"), required=False)


class AdjustmentForm(SentForm):
    """Why an approved version is to be adjusted."""

    reason = CleanCharField(label=_("调整理由"))


class SettleForm(SentForm):
    """Kind, direction and unit of an indicator whose columns, place and name conflict or don't tell; empty:
    as read.
    """

    indicator = forms.CharField(label=_("指标"), max_length=12)
    kind = forms.ChoiceField(label=_("性质"), choices=[("", ""), *KIND_WORDS.items()], required=False)
    sense = forms.ChoiceField(label=_("方向"), choices=[("", ""), *SENSE_WORDS.items()], required=False)
    unit = forms.CharField(label=_("单位"), max_length=MOST["unit"], required=False)
    reason = forms.CharField(label=_("理由"), max_length=MOST["remark"])
    seen = forms.CharField(max_length=64, required=False)


class SameForm(SentForm):
    """Which indicator of an earlier version one is, by its code; empty: none, it is a new one."""

    indicator = forms.CharField(label=_("指标"), max_length=12)
    former = forms.CharField(label=_("以前的指标"), max_length=12, required=False)
    seen = forms.CharField(max_length=64, required=False)
