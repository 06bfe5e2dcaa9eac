"""What people send in the year's work: words on indicators, confirmations of matches."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from zhunsheng.text import MOST
from zhunsheng.web.forms.base import Files, SentForm, offer
from zhunsheng.web.forms.fields import SentFile, SentFiles


def _choices(values: Sequence[str]) -> list[tuple[str, str]]:
    return [("", ""), *((v, v) for v in values)]


class _OfIndicator(SentForm):
    """The indicator that is spoken of, by codes of sheet and indicator."""

    sheet = forms.CharField(label=_("目标表"), max_length=12)
    indicator = forms.CharField(label=_("指标"), max_length=12)
    seen = forms.CharField(max_length=64, required=False)


class Refresh(SentForm):
    """The figures of a checkpoint are to be filled anew."""

    mark = "refresh"


class ExplanationForm(_OfIndicator):
    """Why an indicator is behind at a checkpoint, and what is done about it."""

    cause = forms.ChoiceField(label=_("偏差原因"))
    measures = forms.CharField(label=_("改进措施"), max_length=MOST["words"])

    def __init__(self, data: QueryDict, files: Files, causes: Sequence[str]) -> None:
        super().__init__(data, files)
        offer(self, "cause", _choices(causes))


class WordForm(_OfIndicator):
    """What is said of an indicator in the self-evaluation: band and share, a typed figure, reasons,
    cause and measures.
    """

    band = forms.ChoiceField(label=_("评定档次"), required=False)
    share = forms.DecimalField(
        label=_("得分率"), min_value=Decimal(0), max_value=Decimal(100), max_digits=8, required=False
    )
    actual = forms.CharField(label=_("完成值"), max_length=MOST["actual"], required=False)
    over_accepted = forms.BooleanField(required=False)
    reason = forms.CharField(label=_("理由"), max_length=MOST["words"], required=False)
    cause = forms.ChoiceField(label=_("偏差原因"), required=False)
    measures = forms.CharField(label=_("改进措施"), max_length=MOST["words"], required=False)

    def __init__(self, data: QueryDict, files: Files, bands: Sequence[str], causes: Sequence[str]) -> None:
        super().__init__(data, files)
        offer(self, "band", _choices(bands))
        self.fields["files"] = SentFiles(label=_("附件"))
        offer(self, "cause", _choices(causes))

    def clean_share(self) -> Decimal | None:
        """Turn percent into a fraction."""
        share: Decimal | None = self.cleaned_data["share"]
        return None if share is None else share / 100


class RecheckForm(SentForm):
    """What signed tables are compared with beside: a file, or (``again``) the one that was brought before."""

    again = forms.BooleanField(required=False)
    file = SentFile(label=_("复核文件"))


class MatchForm(_OfIndicator):
    """Which measure proves an indicator; empty: none does."""

    measure = forms.CharField(label=_("测度"), max_length=60, required=False)


class ProjectForm(SentForm):
    """Whether a project of the ledgers is a sheet's."""

    mark = "project"

    sheet = forms.CharField(label=_("目标表"), max_length=12)
    project = forms.CharField(label=_("台账中的项目"), max_length=MOST["name"])
    same = forms.ChoiceField(label=_("是同一项目"), choices=[("yes", _("是")), ("no", _("否"))])
    seen = forms.CharField(max_length=64, required=False)
