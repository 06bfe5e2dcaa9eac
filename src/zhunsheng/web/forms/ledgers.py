"""Forms of the ledgers: a file to be taken in, a batch to be undone."""

from __future__ import annotations

from collections.abc import Iterable

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from zhunsheng.web.forms.base import Files, SentForm
from zhunsheng.web.forms.fields import CleanCharField, IdField, OneOfField, SentFile


class LedgerFile(SentForm):
    """The ledger that a file is of, empty for telling by its headers; ``ledgers`` are the known ones."""

    ledger = CleanCharField(label=_("台账"), most=60, required=False)
    file = SentFile(label=_("台账文件"))
    good_rows = forms.BooleanField(label=_("跳过有错的行"), required=False)

    def __init__(self, data: QueryDict, files: Files, ledgers: Iterable[str]) -> None:
        super().__init__(data, files)
        self.fields["ledger"] = OneOfField(ledgers, label=_("台账"), required=False)


class Undoing(SentForm):
    """A batch to be undone."""

    batch = IdField(label=_("批次"))
