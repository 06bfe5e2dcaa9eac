"""What people send on the pages of key evaluation."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from zhunsheng.regulations import KeyFramework
from zhunsheng.text import MOST
from zhunsheng.web.forms.base import Files, SentForm, offer, offer_records
from zhunsheng.web.models import Sheet, User


class EvaluatorsForm(SentForm):
    """Evaluators among the people who may be."""

    evaluators = forms.ModelMultipleChoiceField(
        label=_("评价人"), queryset=User.objects.none(), required=False
    )

    def __init__(self, data: QueryDict, files: Files, people: Sequence[User]) -> None:
        super().__init__(data, files)
        offer_records(self, "evaluators", User.objects.filter(pk__in=[p.pk for p in people]))


class KeyStartForm(EvaluatorsForm):
    """A project, the method, and two evaluators or more."""

    sheet = forms.ModelChoiceField(label=_("项目"), queryset=Sheet.objects.none())
    method = forms.ChoiceField(label=_("评价方法"))

    def __init__(
        self,
        data: QueryDict,
        files: Files,
        sheets: QuerySet[Sheet],
        people: Sequence[User],
        methods: Sequence[str],
    ) -> None:
        super().__init__(data, files, people)
        offer_records(self, "sheet", sheets)
        offer(self, "method", ((m, m) for m in methods))


class AppointForm(EvaluatorsForm):
    """Who is to mark from now on, and why."""

    remark = forms.CharField(label=_("理由"), max_length=MOST["remark"], required=False)
    seen = forms.CharField(required=False)


class PointsForm(SentForm):
    """Points and reasons by row, each within its row's points; rows left empty are not touched."""

    conclusion = forms.CharField(label=_("评价结论"), max_length=MOST["words"], required=False)
    finish = forms.BooleanField(required=False)
    seen = forms.CharField(required=False)

    def __init__(self, data: QueryDict, files: Files, framework: KeyFramework) -> None:
        super().__init__(data, files)
        self.framework = framework
        for row in framework.rows:
            self.fields[f"points_{row.code}"] = forms.DecimalField(
                label=row.name, min_value=Decimal(0), max_value=row.points, decimal_places=2, required=False
            )
            self.fields[f"reason_{row.code}"] = forms.CharField(
                label=row.name, max_length=MOST["remark"], required=False
            )

    def given(self) -> dict[str, tuple[Decimal, str]]:
        """Return (points, reason) of the rows that were filled, by row code."""
        said = self.cleaned_data
        return {
            row.code: (said[f"points_{row.code}"], said[f"reason_{row.code}"])
            for row in self.framework.rows
            if said[f"points_{row.code}"] is not None
        }


class RectificationForm(SentForm):
    """A problem to be mended: who, and by when."""

    problem = forms.CharField(label=_("问题"), max_length=MOST["remark"])
    owner = forms.CharField(label=_("责任人"), max_length=60)
    due_on = forms.DateField(label=_("整改期限"))
