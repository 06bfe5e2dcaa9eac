"""What people send on the pages of key evaluation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from zhunsheng.regulations import KeyFramework
from zhunsheng.text import MOST
from zhunsheng.web.forms.base import Files, SentForm, offer, offer_records
from zhunsheng.web.forms.fields import DayInput, decimal_input, lines
from zhunsheng.web.models import Sheet, User


class _Persons(forms.CheckboxSelectMultiple):
    """People to choose from; ``fixed`` are those whose choice can't be changed any more."""

    fixed: frozenset[int] = frozenset()

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Return one choice."""
        made: dict[str, Any] = super().create_option(name, value, *args, **kwargs)
        if int(str(value)) in self.fixed:
            made["attrs"]["disabled"] = True
        return made


class _Chosen(forms.ModelMultipleChoiceField[User]):
    """Records among those offered; a number that no database holds is none of them."""

    def clean(self, value: Any) -> Any:
        """Return the records. Raises ``ValidationError`` for one that is not offered."""
        try:
            return super().clean(value)
        except OverflowError:
            raise forms.ValidationError(
                self.error_messages["invalid_choice"], code="invalid_choice", params={"value": "…"}
            ) from None


class EvaluatorsForm(SentForm):
    """Evaluators among the people who may be."""

    evaluators = _Chosen(
        label=_("评价人"),
        queryset=User.objects.none(),
        required=False,
        widget=_Persons,
    )

    def __init__(self, data: QueryDict | None, files: Files | None, people: Sequence[User]) -> None:
        super().__init__(data, files)
        offer_records(self, "evaluators", User.objects.filter(pk__in=[p.pk for p in people]))

    def tell_apart(self, names: Iterable[tuple[int, str]], fixed: Iterable[int] = ()) -> None:
        """List the people by names that tell namesakes apart; what is ``fixed`` of them can't be changed."""
        widget = self.fields["evaluators"].widget
        assert isinstance(widget, _Persons)
        widget.choices, widget.fixed = list(names), frozenset(fixed)


class KeyStartForm(EvaluatorsForm):
    """A project, the method, and two evaluators or more."""

    sheet = forms.ModelChoiceField(label=_("项目"), queryset=Sheet.objects.none(), empty_label=None)
    method = forms.ChoiceField(label=_("评价方法"))

    def __init__(
        self,
        data: QueryDict | None,
        files: Files | None,
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
    seen = forms.CharField(required=False, widget=forms.HiddenInput)


class PointsForm(SentForm):
    """Points and reasons by row, each within its row's points; rows left empty are not touched."""

    conclusion = forms.CharField(
        label=_("评价结论"), max_length=MOST["words"], required=False, widget=lines(3)
    )
    finish = forms.BooleanField(required=False, widget=forms.HiddenInput)
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: QueryDict | None, files: Files | None, framework: KeyFramework) -> None:
        super().__init__(data, files)
        self.framework = framework
        for row in framework.rows:
            self.fields[f"points_{row.code}"] = forms.DecimalField(
                label=row.name,
                min_value=Decimal(0),
                max_value=row.points,
                decimal_places=2,
                required=False,
                widget=decimal_input(),
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

    problem = forms.CharField(
        label=_("问题"), max_length=MOST["remark"], widget=forms.TextInput({"list": "suggested"})
    )
    owner = forms.CharField(label=_("责任人"), max_length=60)
    due_on = forms.DateField(label=_("整改期限"), widget=DayInput)
