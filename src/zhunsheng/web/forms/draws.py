"""What people send on the pages of double random."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from zhunsheng.web.forms.base import Files, SeenForm, SentForm, offer
from zhunsheng.web.forms.fields import CleanCharField, DayField, ListedField, OneOfField, SentFile
from zhunsheng.web.models import InspectionItem, Inspector, Organisation
from zhunsheng.web.services.draws.inspectors import UNNUMBERED, numbered
from zhunsheng.web.services.draws.plans import CHAIN_NAMES, CLASSES, chained


class ItemForm(SentForm):
    """An entry of the list of what is inspected."""

    mark, marks = "what", ("item",)

    code = CleanCharField(label=gettext_lazy("编号"), most=20)
    name = CleanCharField(label=gettext_lazy("抽查事项"), most=120)
    basis = CleanCharField(label=gettext_lazy("依据"), most=200, required=False)


class InspectorForm(SentForm):
    """An entry of the register of inspectors; districts, items and who is not inspected by them as lists with
    “、”.
    """

    mark, marks = "what", ("inspector",)

    number = CleanCharField(label=gettext_lazy("编号"))
    name = CleanCharField(label=gettext_lazy("姓名"), most=60, required=False)
    certified = forms.BooleanField(label=gettext_lazy("有执法证"), required=False)
    districts = CleanCharField(label=gettext_lazy("辖区"), required=False)
    items = CleanCharField(label=gettext_lazy("可查事项"), required=False)
    recuse = CleanCharField(label=gettext_lazy("回避对象"), required=False)

    def clean_number(self) -> str:
        """Refuse a number that is none."""
        number: str = self.cleaned_data["number"]
        if not numbered(number):
            raise forms.ValidationError(UNNUMBERED)
        return number

    def clean_certified(self) -> str:
        """Say it as a csv of inspectors does."""
        return "是" if self.cleaned_data["certified"] else "否"


class InspectorsFile(SentForm):
    """A csv of inspectors."""

    mark, marks = "what", ("file",)

    file = SentFile(label=gettext_lazy("检查人员 csv"))


class ItemTurn(SentForm):
    """An entry of a department's item list whose use is ended or begun again."""

    mark, marks = "what", ("end-item",)

    def __init__(self, data: QueryDict, files: Files, department: Organisation) -> None:
        super().__init__(data, files)
        self.fields["id"] = ListedField(
            InspectionItem.objects.filter(department=department), label=_("抽查事项")
        )


class InspectorTurn(SentForm):
    """An inspector of a department's register whose use is ended or begun again."""

    mark, marks = "what", ("end-inspector",)

    def __init__(self, data: QueryDict, files: Files, department: Organisation) -> None:
        super().__init__(data, files)
        self.fields["id"] = ListedField(Inspector.objects.filter(department=department), label=_("检查人员"))


class NumbersForm(SeenForm):
    """One person's entry of the random numbers that a plan names, in its order.

    ``v<n>`` are the numbers of the n-th source (of a ceremony ``v<n>_<k>``, with its slips' blanks
    ``s<n>_<k>``), or the signature of a beacon's round, with ``p<n>`` the one before where a round rests on
    it.
    """

    def __init__(self, data: QueryDict, files: Files, sources: Sequence[dict[str, Any]]) -> None:
        super().__init__(data, files)
        self.sources = sources
        for n, source in enumerate(sources):
            if source["source"] == "ceremony":
                for letter in ("v", "s") if source.get("sealed") else ("v",):
                    for k, who in enumerate(source["speakers"]):
                        self.fields[f"{letter}{n}_{k}"] = CleanCharField(label=who, most=64)
            elif source["source"] == "drand":
                self.fields[f"v{n}"] = CleanCharField(label=_("签名"), most=200)
                if chained(source):
                    self.fields[f"p{n}"] = CleanCharField(label=_("前一轮签名"), most=200)
            else:
                self.fields[f"v{n}"] = CleanCharField(label=_("号码"), most=200)

    def values(self) -> list[dict[str, Any]]:
        """Return what was entered of each source, as it is kept."""
        return [self._of(n, source) for n, source in enumerate(self.sources)]

    def _of(self, n: int, source: dict[str, Any]) -> dict[str, Any]:
        said = self.cleaned_data
        if source["source"] == "ceremony":
            names = {"numbers": "v"} | ({"salts": "s"} if source.get("sealed") else {})
            turns = range(len(source["speakers"]))
            return {name: [said[f"{letter}{n}_{k}"] for k in turns] for name, letter in names.items()}
        if source["source"] == "drand":
            before = {"previous_signature": said[f"p{n}"].lower()} if chained(source) else {}
            return {"signature": said[f"v{n}"].lower()} | before
        return {"numbers": said[f"v{n}"]}


class SlipsForm(SeenForm):
    """The digests of the slips of a ceremony's speakers, in their order."""

    def __init__(self, data: QueryDict, files: Files, speakers: Sequence[str]) -> None:
        super().__init__(data, files)
        self.count = len(speakers)
        for k, who in enumerate(speakers):
            self.fields[f"slip_{k}"] = CleanCharField(label=who, most=64)

    def slips(self) -> list[str]:
        """Return the digests in small letters."""
        return [self.cleaned_data[f"slip_{k}"].lower() for k in range(self.count)]


class StampForm(SentForm):
    """A time-stamp on an entry of the public log."""

    file = SentFile(label=gettext_lazy("时间戳文件"))


class ResultForm(SeenForm):
    """What an inspection came to; ``next``: then to the next one."""

    inspected_on = DayField(label=gettext_lazy("检查日期"), required=False)
    note = CleanCharField(label=gettext_lazy("情况说明"), required=False)
    published_on = DayField(label=gettext_lazy("公示日期"), required=False)
    next = forms.BooleanField(required=False)

    def __init__(self, data: QueryDict, files: Files, categories: Sequence[str]) -> None:
        super().__init__(data, files)
        self.fields["result"] = OneOfField(categories, label=_("检查结果"), required=False)


class PlanForm(SentForm):
    """The plan of a draw; shares are in percent."""

    code = forms.CharField(label=gettext_lazy("抽查编号"), max_length=40)
    title = forms.CharField(label=gettext_lazy("名称"), max_length=120)
    rule = forms.CharField(label=gettext_lazy("抽查依据"), max_length=200)
    items = forms.MultipleChoiceField(label=gettext_lazy("抽查事项"), required=False)
    frame_on = forms.DateField(label=gettext_lazy("名录库日期"))
    known_at = forms.DateTimeField(label=gettext_lazy("随机数公布时间"))
    lead = forms.IntegerField(
        label=gettext_lazy("承诺至少提前（分钟）"), min_value=1, max_value=525_600, required=False
    )
    ends_on = forms.DateField(label=gettext_lazy("任务截止日期"), required=False)
    lottery_name = forms.CharField(label=gettext_lazy("彩票名称"), max_length=60, required=False)
    lottery_issue = forms.CharField(label=gettext_lazy("期号"), max_length=40, required=False)
    speakers = forms.CharField(label=gettext_lazy("现场报数人"), max_length=200, required=False)
    sealed = forms.BooleanField(label=gettext_lazy("报数前先封存"), required=False)
    drand_chain = forms.ChoiceField(
        label="drand", choices=[(c, c) for c in ("", *CHAIN_NAMES)], required=False
    )
    drand_round = forms.IntegerField(
        label=gettext_lazy("drand 轮次"), min_value=1, max_value=10**12, required=False
    )
    per_object = forms.IntegerField(
        label=gettext_lazy("每户检查人员"), min_value=2, max_value=10, required=False
    )
    reserve = forms.DecimalField(label=gettext_lazy("候补比例"), min_value=0, max_value=100, required=False)
    seen = forms.CharField(required=False)

    def __init__(self, data: QueryDict, files: Files, items: Iterable[InspectionItem]) -> None:
        super().__init__(data, files)
        offer(self, "items", ((i.code, str(i)) for i in items))
        for letter in CLASSES:
            self.fields[f"ratio_{letter}"] = forms.DecimalField(
                label=_("%s 类抽取比例") % letter,
                min_value=Decimal(0),
                max_value=Decimal(100),
                required=False,
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
