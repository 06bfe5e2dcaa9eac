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
from zhunsheng.web.forms.fields import (
    SECOND,
    CleanCharField,
    DayField,
    DayInput,
    ListedField,
    OneOfField,
    SentFile,
    decimal_input,
    lines,
)
from zhunsheng.web.models import InspectionItem, Inspector, Organisation
from zhunsheng.web.services.draws.inspectors import UNNUMBERED, numbered
from zhunsheng.web.services.draws.plans import CHAIN_NAMES, CLASSES, chained

SOURCES = {
    "lottery": gettext_lazy("彩票"),
    "ceremony": gettext_lazy("现场报数"),
    "drand": "drand",
    "office": gettext_lazy("机关自定"),
}


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


class ItemTurn(SentForm):
    """An entry of a department's item list whose use is ended or begun again."""

    mark, marks = "what", ("end-item",)

    def __init__(self, data: QueryDict | None, files: Files | None, department: Organisation) -> None:
        super().__init__(data, files)
        self.fields["id"] = ListedField(
            InspectionItem.objects.filter(department=department), label=_("抽查事项")
        )


class InspectorTurn(SentForm):
    """An inspector of a department's register whose use is ended or begun again."""

    mark, marks = "what", ("end-inspector",)

    def __init__(self, data: QueryDict | None, files: Files | None, department: Organisation) -> None:
        super().__init__(data, files)
        self.fields["id"] = ListedField(Inspector.objects.filter(department=department), label=_("检查人员"))


class NumbersForm(SeenForm):
    """One person's entry of the random numbers that a plan names, in its order.

    ``v<n>`` are the numbers of the n-th source (of a ceremony ``v<n>_<k>``, with its slips' blanks
    ``s<n>_<k>``), or the signature of a beacon's round, with ``p<n>`` the one before where a round rests on
    it.
    """

    def __init__(
        self, data: QueryDict | None, files: Files | None, sources: Sequence[dict[str, Any]]
    ) -> None:
        super().__init__(data, files)
        self.sources = sources
        for n, source in enumerate(sources):
            kind = SOURCES[source["source"]]
            if source["source"] == "ceremony":
                for k, who in enumerate(source["speakers"]):
                    self._ask(f"v{n}_{k}", f"{kind}：{who}", 64)
                    if source.get("sealed"):
                        self._ask(f"s{n}_{k}", _("封条上的盐"), 64, maxlength=32)
            elif source["source"] == "drand":
                self._ask(f"v{n}", f"{kind} {source['round']}", 200)
                if chained(source):
                    self._ask(f"p{n}", _("前一轮签名"), 200)
            elif source["source"] == "lottery":
                self._ask(f"v{n}", f"{kind}：{source['name']} {source['issue']}", 200)
            else:
                self._ask(f"v{n}", str(kind), 200)

    def _ask(self, name: str, label: str, most: int, **attributes: object) -> None:
        place = forms.TextInput({"autocomplete": "off"} | attributes)
        self.fields[name] = CleanCharField(label=label, most=most, widget=place)

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

    def __init__(self, data: QueryDict | None, files: Files | None, speakers: Sequence[str]) -> None:
        super().__init__(data, files)
        self.count = len(speakers)
        for k, who in enumerate(speakers):
            place = forms.TextInput({"autocomplete": "off", "maxlength": 64})
            self.fields[f"slip_{k}"] = CleanCharField(label=who, most=64, widget=place)

    def slips(self) -> list[str]:
        """Return the digests in small letters."""
        return [self.cleaned_data[f"slip_{k}"].lower() for k in range(self.count)]


class StampForm(SentForm):
    """A time-stamp on an entry of the public log."""

    file = SentFile(label=gettext_lazy("时间戳文件（tsr 或 ots）"), required=True, accept=".tsr, .ots")


class ResultForm(SeenForm):
    """What an inspection came to; ``next``: then to the next one."""

    inspected_on = DayField(label=gettext_lazy("检查日期"), required=False)
    note = CleanCharField(label=gettext_lazy("情况说明"), required=False, widget=lines(3))
    published_on = DayField(label=gettext_lazy("公示日期"), required=False)
    next = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: QueryDict | None, files: Files | None, categories: Sequence[str]) -> None:
        super().__init__(data, files)
        self.fields["result"] = OneOfField(categories, empty=_("请选择"), label=_("检查结果"), required=False)


class _SecondInput(forms.DateTimeInput):
    """A moment to the second, as browsers ask for one."""

    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__({"step": 1}, format=SECOND)


class PlanForm(SentForm):
    """The plan of a draw; shares are in percent."""

    code = forms.CharField(label=gettext_lazy("抽查编号"), max_length=40)
    title = forms.CharField(label=gettext_lazy("名称"), max_length=120)
    rule = forms.CharField(label=gettext_lazy("抽查依据"), max_length=200)
    items = forms.MultipleChoiceField(
        label=gettext_lazy("抽查事项"), required=False, widget=forms.CheckboxSelectMultiple
    )
    frame_on = forms.DateField(label=gettext_lazy("名录库日期（当日在册）"), widget=DayInput)
    known_at = forms.DateTimeField(label=gettext_lazy("随机数公布时间"), widget=_SecondInput)
    lead = forms.IntegerField(
        label=gettext_lazy("承诺至少提前（分钟）"), min_value=1, max_value=525_600, required=False
    )
    ends_on = forms.DateField(label=gettext_lazy("任务截止日期"), required=False, widget=DayInput)
    lottery_name = forms.CharField(label=gettext_lazy("彩票名称"), max_length=60, required=False)
    lottery_issue = forms.CharField(label=gettext_lazy("期号"), max_length=40, required=False)
    speakers = forms.CharField(label=gettext_lazy("现场报数人（用“、”隔开）"), max_length=200, required=False)
    sealed = forms.BooleanField(
        label=gettext_lazy("报数前先封存"),
        help_text=gettext_lazy("不封存的，公告会写明最后报数的人可以选定结果。"),
        required=False,
    )
    drand_chain = forms.ChoiceField(
        label="drand",
        choices=[("", gettext_lazy("不用")), *((c, c) for c in CHAIN_NAMES)],
        help_text=gettext_lazy("不填轮次的，取公布时间起的第一轮。"),
        required=False,
    )
    drand_round = forms.IntegerField(
        label=gettext_lazy("drand 轮次"),
        min_value=1,
        max_value=10**12,
        required=False,
        widget=forms.TextInput({"inputmode": "numeric"}),
    )
    per_object = forms.IntegerField(
        label=gettext_lazy("每户检查人员"), min_value=2, max_value=10, required=False
    )
    reserve = forms.DecimalField(
        label=gettext_lazy("候补比例（%）"),
        min_value=0,
        max_value=100,
        required=False,
        widget=decimal_input(),
    )
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: QueryDict | None, files: Files | None, items: Iterable[InspectionItem]) -> None:
        super().__init__(data, files)
        offer(self, "items", ((i.code, str(i)) for i in items))
        for letter in CLASSES:
            self.fields[f"ratio_{letter}"] = forms.DecimalField(
                label=_("%s 类抽取比例") % letter,
                min_value=Decimal(0),
                max_value=Decimal(100),
                required=False,
                widget=decimal_input(),
            )
            self.fields[f"floor_{letter}"] = floor = forms.IntegerField(
                label=_("%s 类每层至少") % letter, min_value=0, max_value=10**6, required=False
            )
            del floor.widget.attrs["max"]  # browsers make the place as narrow as that number

    def quotas(self) -> list[tuple[str, forms.BoundField, forms.BoundField]]:
        """Return the fields of each class: its letter, its share, its floor."""
        return [(c, self[f"ratio_{c}"], self[f"floor_{c}"]) for c in CLASSES]

    def clean(self) -> dict[str, object]:
        """Ask for the issue of a lottery that is named."""
        said = self.cleaned_data
        if said.get("lottery_name") and not said.get("lottery_issue"):
            self.add_error("lottery_issue", _("请填写彩票期号"))
        return said
