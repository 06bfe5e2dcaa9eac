"""Forms of the finance bureau: a zip of documents, and where the documents go that name
no known department.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from zhunsheng.web.forms.base import Files, SentForm
from zhunsheng.web.forms.fields import OneOfField, RecordField, SentFile, SentFiles, YearField
from zhunsheng.web.models import Organisation

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

NEW = "new"


class Archive(SentForm):
    """Documents, as a zip or a folder, with the year of those that name none; or all is to
    be assessed anew.
    """

    file = SentFile(
        label=_("各部门目标文件的 zip 压缩包（文件内写明部门，或以部门为文件夹名）"), accept=".zip"
    )
    folder = SentFiles(label=_("或直接选择文件夹（文件内写明部门）"))
    year = YearField(label=_("年度（文件没有写明时）"), required=False)
    assess = OneOfField(("1",), label=_("全部重新测算"), required=False, widget=forms.HiddenInput)


def _near(unknown: Mapping[str, Any]) -> list[tuple[str, StrOrPromise]]:
    """Return where the documents of a name may go: the departments that are near it, a new one, nowhere."""
    found: list[tuple[str, StrOrPromise]] = [("", _("不收进来"))]
    for one in unknown["near"]:
        kind = _("同名") if one["same"] else _("相近")
        found.append((str(one["id"]), f"{kind}：{one['name']} {one['code'] or ''}".strip()))
    if not unknown["near"] or not unknown["near"][0]["same"]:
        found.append((NEW, f"{_('新增部门')}：{unknown['name']}"))
    return found


class Places(SentForm):
    """For each name that documents bear: a department, ``new`` for one to be added,
    nothing to leave them out.

    The field of the n-th name is ``place_n``; the values come as {name: department, ``new`` or None}.
    """

    def __init__(
        self,
        data: QueryDict | None,
        files: Files | None,
        unknown: Sequence[Mapping[str, Any]],
        below: QuerySet[Organisation],
    ) -> None:
        super().__init__(data, files)
        self.names = [str(one["name"]) for one in unknown]
        for n, one in enumerate(unknown):
            name = self.names[n]
            place = forms.Select(choices=_near(one))
            if data is not None and data.get(f"place_{n}", "").strip() == NEW:
                self.fields[f"place_{n}"] = OneOfField((NEW,), label=name, widget=place)
            else:
                self.fields[f"place_{n}"] = RecordField(below, label=name, required=False, widget=place)

    def clean(self) -> dict[str, object]:
        """Return the places by name; at least one must be chosen."""
        super().clean()
        values = self.cleaned_data
        places: dict[str, Organisation | str | None] = {
            name: values.get(f"place_{n}") for n, name in enumerate(self.names)
        }
        if not self.errors and not any(places.values()):
            raise forms.ValidationError(_("没有选择部门"))
        return {"places": places}
