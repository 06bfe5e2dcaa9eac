"""Forms of the ledgers: a file to be taken in, a batch to be undone, rows to be taken out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from zhunsheng.evidence import Ledger
from zhunsheng.web.forms.base import Files, SentForm
from zhunsheng.web.forms.fields import CleanCharField, IdField, OneOfField, SentFile, SentTexts
from zhunsheng.web.telling import tell


class LedgerFile(SentForm):
    """The ledger that a file is of, empty for telling by its headers; ``ledgers`` are known, by id."""

    ledger = CleanCharField(label=_("台账"), most=60, required=False)
    file = SentFile(
        label=_("台账文件"), required=True, accept=".xlsx, .xls, .et, .ods, .csv, .tsv, .txt, .parquet, .html"
    )
    good_rows = forms.BooleanField(label=_("有错的行跳过"), required=False)

    def __init__(self, data: QueryDict | None, files: Files | None, ledgers: Mapping[str, Ledger]) -> None:
        super().__init__(data, files)
        titles = [(key, one.title) for key, one in ledgers.items()]
        self.fields["ledger"] = OneOfField(titles, empty=_("按表头自动识别"), label=_("台账"), required=False)


class MappingFile(SentForm):
    """A file with the mapping of a source."""

    mark = "mapping"

    mapping = SentFile(label=_("台账对应文件"), required=True, accept=".yaml, .yml")


class Answers(SentForm):
    """What is answered to the questions that a file raised, whether its rows with errors are left out,
    and under which name its columns and values are remembered.

    A question has the field ``q{n}``, its parts ``q{n}-{m}``, each row that would be another ``q{n}-row{m}``.
    """

    good_rows = forms.BooleanField(label=_("跳过有错的行，导入其余行"), required=False)
    remember = forms.BooleanField(label=_("记住列和取值的对应，下次不再问"), required=False)
    name = CleanCharField(label=_("来源的名称"), most=60, required=False)

    def __init__(
        self, data: QueryDict | None, files: Files | None, questions: Sequence[Mapping[str, Any]]
    ) -> None:
        super().__init__(data, files)
        self.keys: dict[str, str] = {}
        for n, question in enumerate(questions):
            for m, part in enumerate(question["parts"]):
                self._ask(f"q{n}-{m}", part["key"], part["text"], part["choices"], part["proposed"])
            choices = question["choices"]
            if choices:
                self._ask(
                    f"q{n}", question["key"], question["text"], choices, choices[0]["answer"], each=True
                )
            if question["kind"] == "identity":
                for m, key in enumerate(rows_of(question)):
                    self._ask(f"q{n}-row{m}", f"identity:{key}", key, choices, "")

    def _ask(
        self,
        name: str,
        key: str,
        label: str,
        choices: Sequence[Mapping[str, str]],
        first: str,
        *,
        each: bool = False,
    ) -> None:
        told = [(one["answer"], tell(one["text"])) for one in choices]
        widget = forms.RadioSelect() if each else forms.Select()
        empty = None if first else _("同上")
        self.fields[name] = OneOfField(
            told, label=tell(label), empty=empty, required=bool(first), initial=first, widget=widget
        )
        self.keys[name] = key

    def clean(self) -> dict[str, Any]:
        """Return the answers by key, with the other fields; a name is needed where it is to be remembered."""
        super().clean()
        said = self.cleaned_data
        if said.get("remember") and not said.get("name"):
            self.miss("name")
        answers = {key: said[name] for name, key in self.keys.items() if said.get(name)}
        named = said.get("name", "") if said.get("remember") else ""
        return {"answers": answers, "good_rows": said.get("good_rows", False), "name": named}


def rows_of(question: Mapping[str, Any]) -> list[str]:
    """Return the keys of the rows that a question shows, each once, in order."""
    return list(dict.fromkeys(change["key"] for change in question["changes"]))


class Undoing(SentForm):
    """A batch to be undone."""

    batch = IdField(label=_("批次"))


class Removal(SentForm):
    """Rows to be taken out of a ledger, by their keys, and why."""

    key = SentTexts(label=_("要删除的行"))
    reason = CleanCharField(label=_("删除的原因"), most=500)
