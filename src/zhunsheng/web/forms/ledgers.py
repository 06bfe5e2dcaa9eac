"""Forms of the ledgers: a file to be taken in, a batch to be undone, rows to be taken out."""

from __future__ import annotations

from collections.abc import Mapping

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from zhunsheng.evidence import Ledger
from zhunsheng.web.forms.base import Files, SentForm
from zhunsheng.web.forms.fields import CleanCharField, IdField, OneOfField, SentFile, SentTexts


class LedgerFile(SentForm):
    """The ledger that a file is of, empty for telling by its headers; ``ledgers`` are known, by id."""

    ledger = CleanCharField(label=_("台账"), most=60, required=False)
    file = SentFile(label=_("台账文件"), required=True, accept=".xlsx, .xls, .csv, .parquet")
    good_rows = forms.BooleanField(label=_("有错的行跳过"), required=False)

    def __init__(self, data: QueryDict | None, files: Files | None, ledgers: Mapping[str, Ledger]) -> None:
        super().__init__(data, files)
        titles = [(key, one.title) for key, one in ledgers.items()]
        self.fields["ledger"] = OneOfField(titles, empty=_("按表头自动识别"), label=_("台账"), required=False)


class Undoing(SentForm):
    """A batch to be undone."""

    batch = IdField(label=_("批次"))


class Removal(SentForm):
    """Rows to be taken out of a ledger, by their keys, and why."""

    key = SentTexts(label=_("要删除的行"))
    reason = CleanCharField(label=_("删除的原因"), most=500)
