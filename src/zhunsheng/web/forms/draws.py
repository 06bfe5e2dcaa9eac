"""What people send on the pages of double random."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from zhunsheng.web.forms.base import offer
from zhunsheng.web.models import InspectionItem
from zhunsheng.web.services.draws import CHAIN_NAMES, CLASSES


class PlanForm(forms.Form):
    """The plan of a draw; shares are in percent."""

    code = forms.CharField(label=gettext_lazy("抽查编号"), max_length=40)
    title = forms.CharField(label=gettext_lazy("名称"), max_length=120)
    rule = forms.CharField(label=gettext_lazy("抽查依据"), max_length=200)
    items = forms.MultipleChoiceField(label=gettext_lazy("抽查事项"), required=False)
    frame_on = forms.DateField(label=gettext_lazy("名录库日期"))
    known_at = forms.DateTimeField(label=gettext_lazy("随机数公布时间"))
    lead = forms.IntegerField(label=gettext_lazy("承诺至少提前（分钟）"), min_value=1, max_value=525_600, required=False)
    ends_on = forms.DateField(label=gettext_lazy("任务截止日期"), required=False)
    lottery_name = forms.CharField(label=gettext_lazy("彩票名称"), max_length=60, required=False)
    lottery_issue = forms.CharField(label=gettext_lazy("期号"), max_length=40, required=False)
    speakers = forms.CharField(label=gettext_lazy("现场报数人"), max_length=200, required=False)
    sealed = forms.BooleanField(label=gettext_lazy("报数前先封存"), required=False)
    drand_chain = forms.ChoiceField(label="drand", choices=[(c, c) for c in ("", *CHAIN_NAMES)], required=False)
    drand_round = forms.IntegerField(label=gettext_lazy("drand 轮次"), min_value=1, max_value=10**12, required=False)
    per_object = forms.IntegerField(label=gettext_lazy("每户检查人员"), min_value=2, max_value=10, required=False)
    reserve = forms.DecimalField(label=gettext_lazy("候补比例"), min_value=0, max_value=100, required=False)
    seen = forms.CharField(required=False)

    def __init__(self, data: QueryDict, items: Iterable[InspectionItem]) -> None:
        super().__init__(data)
        offer(self, "items", ((i.code, str(i)) for i in items))
        for letter in CLASSES:
            self.fields[f"ratio_{letter}"] = forms.DecimalField(
                label=_("%s 类抽取比例") % letter, min_value=Decimal(0), max_value=Decimal(100), required=False
            )
            self.fields[f"floor_{letter}"] = forms.IntegerField(
                label=_("%s 类每层至少") % letter, min_value=0, max_value=10**6, required=False
            )

    def clean(self) -> dict[str, Any]:
        """Ask for the issue of a lottery that is named."""
        said = self.cleaned_data
        if said.get("lottery_name") and not said.get("lottery_issue"):
            self.add_error("lottery_issue", _("请填写彩票期号"))
        return said
