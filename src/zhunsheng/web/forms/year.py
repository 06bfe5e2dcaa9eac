"""What people send in the year's work: words on indicators, confirmations of matches."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Self

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from zhunsheng.intake import ENDINGS
from zhunsheng.measures import Measure
from zhunsheng.regulations import Scheme
from zhunsheng.text import MOST
from zhunsheng.usecases.result import RunIndicator
from zhunsheng.web.forms.base import Files, SentForm, offer
from zhunsheng.web.forms.fields import PROOF, SentFile, SentFiles, decimal_input, lines
from zhunsheng.web.models import Word
from zhunsheng.wording import number, percent

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


def _causes(values: Sequence[str]) -> list[tuple[str, StrOrPromise]]:
    return [("", _("偏差原因")), *((v, v) for v in values)]


class _OfIndicator(SentForm):
    """The indicator that is spoken of, by codes of sheet and indicator."""

    sheet = forms.CharField(label=_("目标表"), max_length=12, widget=forms.HiddenInput)
    indicator = forms.CharField(label=_("指标"), max_length=12, widget=forms.HiddenInput)
    seen = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)


class Refresh(SentForm):
    """The figures of a checkpoint are to be filled anew."""

    mark = "refresh"


class ExplanationForm(_OfIndicator):
    """Why an indicator is behind at a checkpoint, and what is done about it."""

    cause = forms.ChoiceField(label=_("偏差原因"))
    measures = forms.CharField(label=_("改进措施"), max_length=MOST["words"], widget=lines(2))

    def __init__(self, data: QueryDict | None, files: Files | None, causes: Sequence[str]) -> None:
        super().__init__(data, files)
        offer(self, "cause", _causes(causes))

    def tell(self, i: RunIndicator) -> Self:
        """Fill in what is said of an indicator already."""
        self.initial = {"cause": i.monitoring.cause, "measures": i.monitoring.measures}
        return self


class WordForm(_OfIndicator):
    """What is said of an indicator in the self-evaluation: band and share, a typed figure, reasons,
    cause and measures.
    """

    band = forms.ChoiceField(label=_("评定档次"), required=False)
    share = forms.DecimalField(
        label=_("得分率 %"),
        min_value=Decimal(0),
        max_value=Decimal(100),
        max_digits=8,
        required=False,
        widget=decimal_input(),
    )
    actual = forms.CharField(label=_("完成值"), max_length=MOST["actual"], required=False)
    reason = forms.CharField(label=_("理由"), max_length=MOST["words"], required=False, widget=lines(2))
    cause = forms.ChoiceField(label=_("偏差原因"), required=False)
    measures = forms.CharField(label=_("改进措施"), max_length=MOST["words"], required=False)
    over_accepted = forms.BooleanField(label=_("认可超额（写理由，不扣分）"), required=False)
    target_low = forms.BooleanField(label=_("目标定低了（写理由，按偏离度扣分）"), required=False)

    def __init__(
        self, data: QueryDict | None, files: Files | None, scheme: Scheme, causes: Sequence[str]
    ) -> None:
        super().__init__(data, files)
        # A scheme that takes points off at once is answered by a reason to keep them, one that asks first by
        # a finding that takes them.
        del self.fields["over_accepted" if scheme.over.when == "asked" else "target_low"]
        told = [(b.name, f"{b.name}（{percent(b.low, 0)}–{percent(b.high, 0)}）") for b in scheme.qualitative]
        offer(self, "band", [("", _("定性档次（定量指标不选）")), *told])
        self.fields["files"] = SentFiles(label=_("附件"), accept=PROOF)
        offer(self, "cause", _causes(causes))

    def tell(self, i: RunIndicator, word: Word | None, *, anew: bool) -> Self:
        """Fill in what is said of an indicator already; a figure that is asked ``anew`` is left out."""
        held = i.outcome.origin == "evidence" or i.outcome.contest
        self.fields["actual"].help_text = (
            _("台账已有完成值：另填的作为争议，须写理由、附证明，财政局采纳前不计分。")
            if held
            else _("台账没有完成值：填报的须附证明，并标明“人工填报”。")
        )
        if word:
            told = ("band", "reason", "cause", "measures", "over_accepted", "target_low")
            self.initial = {name: getattr(word, name) for name in told}
            self.initial["actual"] = "" if anew else word.actual
            self.initial["share"] = None if word.share is None else number(word.share * 100, 6)
        return self

    def clean_share(self) -> Decimal | None:
        """Turn percent into a fraction."""
        share: Decimal | None = self.cleaned_data["share"]
        return None if share is None else share / 100


class LowTargetForm(_OfIndicator):
    """What an officer of the finance bureau finds of a target that was far exceeded."""

    low = forms.ChoiceField(
        label=_("目标是否偏低"),
        choices=[("yes", _("偏低，按偏离度扣分")), ("no", _("没有偏低，不扣分"))],
    )
    reason = forms.CharField(label=_("认定理由"), max_length=MOST["words"], widget=lines(2))
    seen = forms.CharField(required=False, widget=forms.HiddenInput)


class RecheckForm(SentForm):
    """What signed tables are compared with beside: a file, or (``again``) the one that was brought before."""

    again = forms.BooleanField(required=False, widget=forms.HiddenInput)
    file = SentFile(
        label=_("部门另行上报的自评表（不选则只复核系统内签字的自评表）"),
        accept=", ".join(f".{ending}" for ending in ENDINGS),
    )


class MatchForm(_OfIndicator):
    """Which measure proves an indicator; empty: none does."""

    measure = forms.CharField(label=_("测度"), max_length=60, required=False, widget=forms.Select)

    def offer(self, measures: Iterable[Measure]) -> None:
        """Offer measures to choose from."""
        place = self.fields["measure"].widget
        assert isinstance(place, forms.Select)
        told = [(m.id, f"{m.name}（{m.formula}）") for m in measures]
        place.choices = [("", _("没有测度可以证明")), *told]


class ProjectForm(SentForm):
    """Whether a project of the ledgers is a sheet's."""

    mark = "project"

    sheet = forms.CharField(label=_("目标表"), max_length=12, widget=forms.HiddenInput)
    project = forms.CharField(label=_("台账中的项目"), max_length=MOST["name"], widget=forms.HiddenInput)
    same = forms.ChoiceField(label=_("是同一项目"), choices=[("yes", _("是")), ("no", _("否"))])
    seen = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)
