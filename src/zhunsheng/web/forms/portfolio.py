"""Forms of the finance bureau: a zip of documents, and where the documents go that name
no known department.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from zhunsheng.web.forms.base import Files, SentForm
from zhunsheng.web.forms.fields import OneOfField, RecordField, SentFile, SentFiles, YearField
from zhunsheng.web.models import Organisation

NEW = "new"


class Archive(SentForm):
    """Documents, as a zip or a folder, with the year of those that name none; or all is to
    be assessed anew.
    """

    year = YearField(label=_("年度"), required=False)
    file = SentFile(label=_("压缩包"))
    folder = SentFiles(label=_("文件夹"))
    assess = OneOfField(("1",), label=_("全部重新测算"), required=False)


class Places(SentForm):
    """For each name that documents bear: a department, ``new`` for one to be added,
    nothing to leave them out.

    The field of the n-th name is ``place_n``; the values come as {name: department, ``new`` or None}.
    """

    def __init__(
        self, data: QueryDict, files: Files, names: list[str], below: QuerySet[Organisation]
    ) -> None:
        super().__init__(data, files)
        self.names = names
        for n, name in enumerate(names):
            if data.get(f"place_{n}", "").strip() == NEW:
                self.fields[f"place_{n}"] = OneOfField((NEW,), label=name)
            else:
                self.fields[f"place_{n}"] = RecordField(below, label=name, required=False)

    def clean(self) -> dict[str, Any]:
        """Return the places by name; at least one must be chosen."""
        super().clean()
        values = self.cleaned_data
        places: dict[str, Organisation | str | None] = {
            name: values.get(f"place_{n}") for n, name in enumerate(self.names)
        }
        if not self.errors and not any(places.values()):
            raise forms.ValidationError(_("没有选择部门"))
        return {"places": places}
