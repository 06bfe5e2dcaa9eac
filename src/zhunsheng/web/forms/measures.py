"""Forms of a department's own measures: a measure as a person states it, its end, a pack brought in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from zhunsheng.evidence.ledgers import Ledger
from zhunsheng.measures.clicked import HOWS, Condition
from zhunsheng.measures.definitions import QUESTIONS
from zhunsheng.measures.stated import OF, WHATS, YEARS, Stated
from zhunsheng.web.forms.base import Files, SentForm
from zhunsheng.web.forms.fields import (
    CleanCharField,
    ManyOfField,
    NumberField,
    OneOfField,
    SentFile,
    lines,
)
from zhunsheng.web.telling import tell

if TYPE_CHECKING:
    from django.http import QueryDict

ROWS = {"c": 5, "h": 3}  # conditions of the rows, and of those that count in a share
EMPTY = _("不选")


def _named(words: Mapping[Any, str]) -> list[tuple[str, str]]:
    return [(key, tell(text)) for key, text in words.items()]


class MeasureForm(SentForm):
    """A measure over one ledger as it is stated; ``do`` is the button: look at it first, or save it."""

    name = CleanCharField(label=_("测度名称"), most=60)
    what = OneOfField([], label=_("算什么"))
    column = OneOfField([], label=_("算哪一列（合计、平均数、中位数、不同的值、最后一天）"), required=False)
    also = CleanCharField(label=_("条件，SQL 写法"), most=1000, required=False)
    hits_also = CleanCharField(label=_("其中的条件，SQL 写法"), most=1000, required=False)
    begins = OneOfField([], label=_("从哪一天起算"), required=False)
    ends = OneOfField([], label=_("哪一天办结"), required=False)
    days = NumberField(label=_("多少天之内"), low=0, high=3650, required=False)
    count_days = OneOfField([("work", _("工作日")), ("all", _("自然日"))], label=_("哪种天"))
    day = OneOfField([], label=_("按哪个日期归年"), required=False)
    shape = OneOfField([], label=_("算哪一段"))
    first = CleanCharField(label=_("从几月几日"), most=5, required=False)
    last = CleanCharField(label=_("到几月几日"), most=5, required=False)
    unit = CleanCharField(label=_("单位"), most=10, required=False)
    drill = ManyOfField([], label=_("可以按哪些列分开看"), required=False)
    aliases = CleanCharField(label=_("目标文件里的别的叫法，用顿号隔开"), most=400, required=False)
    formula = CleanCharField(label=_("计算方法，写给人看"), most=400, widget=lines(2))
    citation = CleanCharField(label=_("依据"), most=400, widget=lines(2))
    why = CleanCharField(label=_("为什么这样定、这样改"), most=400, widget=lines(2))
    after = NumberField(label=_("版本"), low=0, high=10**6, widget=forms.HiddenInput)
    do = OneOfField(["preview", "save"], label=_("办什么"), widget=forms.HiddenInput)

    def __init__(self, data: QueryDict | None, files: Files | None, ledger: Ledger) -> None:
        super().__init__(data, files)
        self.ledger = ledger
        columns = [(c.name, c.title) for c in ledger.columns if not c.personal]
        days = [("", EMPTY), *((c.name, c.title) for c in ledger.columns if c.type == "date")]
        types = {kind for kinds in OF.values() for kind in kinds}
        told = [(c.name, c.title) for c in ledger.columns if c.type in types and not c.personal]
        self._offer("what", _named(WHATS))
        self._offer("shape", _named(YEARS))
        self._offer("column", [("", EMPTY), *told])
        for name in ("begins", "ends", "day"):
            self._offer(name, days)
        self._offer("drill", columns)
        for part, count in ROWS.items():
            for n in range(count):
                self.fields[f"{part}{n}-column"] = OneOfField(
                    columns, empty=EMPTY, label=_("列"), required=False
                )
                self.fields[f"{part}{n}-how"] = OneOfField(
                    _named(HOWS), empty=EMPTY, label=_("怎样比较"), required=False
                )
                self.fields[f"{part}{n}-value"] = CleanCharField(label=_("值"), most=400, required=False)
        for key, words in QUESTIONS.items():
            self.fields[key] = CleanCharField(label=tell(words), most=1000, widget=lines(2))

    def _offer(self, name: str, choices: Iterable[tuple[str, Any]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = list(choices)

    def rows(self, part: str) -> list[tuple[forms.BoundField, ...]]:
        """Return the fields of the conditions, three each: column, comparison, value."""
        return [
            tuple(self[f"{part}{n}-{name}"] for name in ("column", "how", "value")) for n in range(ROWS[part])
        ]

    @property
    def condition_rows(self) -> list[tuple[forms.BoundField, ...]]:
        """The fields of the conditions that choose rows."""
        return self.rows("c")

    @property
    def hit_rows(self) -> list[tuple[forms.BoundField, ...]]:
        """The fields of the conditions of those rows that count in a share."""
        return self.rows("h")

    @property
    def answers(self) -> list[forms.BoundField]:
        """The fields of what auditors ask."""
        return [self[key] for key in QUESTIONS]

    def stated(self) -> Stated:
        """Return what was sent as a statement."""
        said = self.cleaned_data
        return Stated(
            ledger=self.ledger.id,
            name=said["name"],
            what=said["what"],
            of=said["column"],
            conditions=self._conditions("c"),
            also=said["also"],
            hits=self._conditions("h"),
            hits_also=said["hits_also"],
            begins=said["begins"],
            ends=said["ends"],
            days=said["days"],
            workdays=said["count_days"] == "work",
            day=said["day"],
            shape=said["shape"],
            first=said["first"] or "01-01",
            last=said["last"] or "12-31",
            unit=said["unit"],
            drill=tuple(said["drill"]),
            aliases=tuple(filter(None, (one.strip() for one in said["aliases"].split("、")))),
            formula=said["formula"],
            citation=said["citation"],
            answers={key: said[key] for key in QUESTIONS},
        )

    def _conditions(self, part: str) -> tuple[Condition, ...]:
        kinds = {c.name: c.type for c in self.ledger.columns}
        found = []
        for n in range(ROWS[part]):
            column, how, value = (
                self.cleaned_data[f"{part}{n}-{name}"] for name in ("column", "how", "value")
            )
            if not (column or how or value):
                continue
            values = value.split("、") if kinds.get(column) == "choice" else [value]
            found.append(Condition(column, how, tuple(filter(None, (one.strip() for one in values)))))
        return tuple(found)


class MeasureEnded(SentForm):
    """The end of a measure, with the version that was on the screen."""

    mark = "ended"

    ended = NumberField(label=_("版本"), low=1, high=10**6, widget=forms.HiddenInput)
    why = CleanCharField(label=_("为什么不再用"), most=400)


class PackFile(SentForm):
    """A pack of measures as a file."""

    mark = "pack"

    pack = SentFile(label=_("测度包（yaml）"), required=True, accept=".yaml, .yml")


class PackTaken(SentForm):
    """What is taken in of a pack that was looked at: ``asked`` are the ids of those that are here
    otherwise.
    """

    mark = "text"

    text = forms.CharField(label=_("测度包（yaml）"), max_length=2**20, widget=forms.HiddenInput)
    why = CleanCharField(label=_("为什么收进"), most=400)

    def __init__(self, data: QueryDict | None, files: Files | None, asked: Mapping[str, str]) -> None:
        super().__init__(data, files)
        for name, title in asked.items():
            choices = [("skip", _("不收，用现有的")), ("version", _("存为新的一版"))]
            self.fields[f"take-{name}"] = OneOfField(choices, empty=EMPTY, label=title)

    def said(self) -> dict[str, str]:
        """Return what to do of each that was asked about."""
        return {
            name.removeprefix("take-"): value
            for name, value in self.cleaned_data.items()
            if name.startswith("take-")
        }

    @property
    def asked(self) -> list[forms.BoundField]:
        """The fields that ask."""
        return [self[name] for name in self.fields if name.startswith("take-")]
