"""Forms of a department's own ledgers: a sample, the columns of a definition, one row."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from zhunsheng.evidence import Column, Ledger
from zhunsheng.web.forms.base import Files, SentForm
from zhunsheng.web.forms.fields import CleanCharField, NumberField, OneOfField, SentFile, decimal_input, lines

TYPES = [
    ("text", _("文字")),
    ("date", _("日期")),
    ("integer", _("整数")),
    ("money", _("金额（元）")),
    ("bool", _("是或否")),
    ("choice", _("选项")),
]
ADDED = 4  # empty lines for columns to be added
_BETWEEN = re.compile(r"[\n、，,;；]+")


class Sample(SentForm):
    """A sample of the ledger that is to be defined."""

    file = SentFile(
        label=_("样表"), required=True, accept=".xlsx, .xls, .et, .ods, .csv, .tsv, .txt, .parquet"
    )


class Definition(SentForm):
    """A ledger's definition. Column ``n`` has the fields ``title-n``, ``type-n``, ``values-n``,
    ``required-n``, ``personal-n``, ``key-n`` and, of a sample's, ``take-n``; those behind ``columns`` are to
    be added where they have a title.
    """

    title = CleanCharField(label=_("名称"), most=30)
    what = CleanCharField(label=_("说明"), most=200, required=False)
    steward = CleanCharField(label=_("归口科室"), most=40, required=False)
    why = CleanCharField(label=_("原因"), most=500)
    agreed = forms.BooleanField(label=_("已有的行照旧"), required=False)
    retired = forms.BooleanField(label=_("停用，不再导入"), required=False)
    base = CleanCharField(most=80, required=False, widget=forms.HiddenInput)

    def __init__(
        self,
        data: QueryDict | None,
        files: Files | None,
        columns: Sequence[Column],
        names: Sequence[str],
        *,
        only_columns: bool = False,
        sample: bool = False,
    ) -> None:
        super().__init__(data, files)
        self.columns, self.names, self.sample = columns, names, sample
        if only_columns:  # of one of the product's
            for name in ("title", "what", "steward", "retired"):
                del self.fields[name]
        for n in range(len(columns) + len(names)):
            known = columns[n] if n < len(columns) else None
            self.fields[f"title-{n}"] = CleanCharField(
                label=_("列名"), most=40, required=known is not None and not sample
            )
            self.fields[f"type-{n}"] = OneOfField(TYPES, label=_("类型"), required=False)
            self.fields[f"values-{n}"] = CleanCharField(
                label=_("取值"), most=2000, required=False, widget=lines(1)
            )
            self.fields[f"required-{n}"] = forms.BooleanField(label=_("必填"), required=False)
            self.fields[f"personal-{n}"] = forms.BooleanField(label=_("个人信息"), required=False)
            self.fields[f"key-{n}"] = forms.BooleanField(label=_("主键"), required=False)
            if sample:
                self.fields[f"take-{n}"] = forms.BooleanField(label=_("收这一列"), required=False)

    @staticmethod
    def said_of(columns: Sequence[Column], key: Sequence[str], names: Sequence[str]) -> dict[str, object]:
        """Return what the fields of columns say, by field."""
        said: dict[str, object] = {}
        for n, column in enumerate(columns):
            said |= {
                f"title-{n}": column.title,
                f"type-{n}": column.type,
                f"values-{n}": "、".join(column.values),
                f"required-{n}": column.required,
                f"personal-{n}": column.personal,
                f"key-{n}": column.name in key,
            }
        return said | {f"type-{n}": "text" for n in range(len(columns), len(columns) + len(names))}

    def drawn(self) -> list[dict[str, Any]]:
        """Return the fields of each column, as a table draws them."""
        kinds = ("title", "type", "values", "required", "personal", "key", "take")
        return [
            {kind: self[f"{kind}-{n}"] for kind in kinds if f"{kind}-{n}" in self.fields}
            for n in range(len(self.columns) + len(self.names))
        ]

    def defined(self) -> tuple[tuple[Column, ...], tuple[str, ...]]:
        """Return the columns as they were sent, and the names of those of the key."""
        said, found, key = self.cleaned_data, [], []
        whole = [*self.columns, *(Column(name=name, title="", type="text") for name in self.names)]
        for n, column in enumerate(whole):
            title = str(said.get(f"title-{n}") or "").strip()
            if not title or (self.sample and n < len(self.columns) and not said.get(f"take-{n}")):
                continue
            values = tuple(dict.fromkeys(v.strip() for v in _BETWEEN.split(said[f"values-{n}"]) if v.strip()))
            kind = said.get(f"type-{n}") or column.type
            if kind == "text" and values:  # whoever lists values wants a choice of them
                kind = "choice"
            if kind == "choice" and not values:
                kind = "text"
            in_key = bool(said.get(f"key-{n}"))
            change = {
                "title": title,
                "type": kind,
                "values": values if kind == "choice" else (),
                "required": bool(said.get(f"required-{n}")) or in_key,
                "personal": bool(said.get(f"personal-{n}")),
            }
            found.append(column.model_copy(update=change))
            key += [column.name] * in_key
        return tuple(found), tuple(key)


class RowForm(SentForm):
    """A row of a ledger by the names of its columns, and why it is added or corrected; ``batch``, ``row`` and
    ``sheet`` tell where a corrected one came from, ``agreed`` names what was asked of it.
    """

    def __init__(
        self, data: QueryDict | None, files: Files | None, ledger: Ledger, *, corrects: bool = False
    ) -> None:
        super().__init__(data, files)
        self.ledger = ledger
        for column in ledger.columns:
            if corrects and column.name in ledger.key:
                continue
            self.fields[f"v-{column.name}"] = _cell(column)
        self.fields["why"] = CleanCharField(label=_("原因"), most=500)
        for name in ("batch", "row"):
            self.fields[name] = NumberField(low=0, high=2**53, required=False, widget=forms.HiddenInput)
        for name in ("sheet", "agreed", "seen"):
            self.fields[name] = CleanCharField(most=10_000, required=False, widget=forms.HiddenInput)

    @staticmethod
    def said_of(values: Mapping[str, str]) -> dict[str, object]:
        """Return what the fields say of a row's values."""
        return {f"v-{name}": value for name, value in values.items()}

    def values(self) -> dict[str, str]:
        """Return what was sent of the row, by column."""
        return {n[2:]: str(v or "") for n, v in self.cleaned_data.items() if n.startswith("v-")}

    def cells(self) -> list[tuple[Column, forms.BoundField]]:
        """Return the columns that can be filled in, each with its field."""
        return [(c, self[f"v-{c.name}"]) for c in self.ledger.columns if f"v-{c.name}" in self.fields]


def _cell(column: Column) -> forms.Field:
    """Return the field of a column: what it takes is told by its checks, as of a file."""
    said: dict[str, Any] = {"label": column.title, "required": False}
    if column.type in ("choice", "bool"):
        return OneOfField(column.values or ("是", "否"), empty="—", **said)
    if column.type == "date":
        said["widget"] = forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    elif column.type in ("money", "integer"):
        said["widget"] = decimal_input()
    return CleanCharField(most=4000, help_text=column.note or "", **said)
