"""A target sheet and its parts: budget, spending plan, goals and indicators, frozen and validated."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, field_validator

from zhunsheng.errors import ZhunshengError
from zhunsheng.targets.kinds import (
    IndicatorType,
    Kind,
    Sense,
    Settled,
    contradicted,
    direction_told,
    held_by_unit,
    type_of,
)
from zhunsheng.targets.spelling import is_operator
from zhunsheng.targets.value import TargetValue
from zhunsheng.text import clean
from zhunsheng.translation import worded
from zhunsheng.wording import plain

FORMAT = "zhunsheng.book/1"


Exact = Annotated[
    Decimal, Field(allow_inf_nan=False), PlainSerializer(plain, return_type=str, when_used="json")
]
Money = Annotated[Exact, Field(ge=0)]


# What an amount in yuan and a weight can come to at most, as a person types them;
# a document keeps what it says.
MOST_MONEY, MOST_WEIGHT = Decimal(10) ** 13, Decimal(1000)


def _is_false(value: object) -> bool:
    return value is False


def _is_none(value: object) -> bool:
    return value is None


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    @field_validator("*", mode="before")
    @classmethod
    def _printable(cls, value: object) -> object:
        return clean(value) if isinstance(value, str) else value

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Return a copy; texts put into it are cleaned as those of a new one are,
        which copying by itself leaves out.
        """
        said = {k: clean(v) if isinstance(v, str) else v for k, v in (update or {}).items()}
        return super().model_copy(update=said, deep=deep)


def _silent(value: object) -> bool:
    return value is None


Share = Annotated[float, Field(ge=0, le=1)]


class Place(_Frozen):
    """Where something stood in its file; rows, columns, tables, lines and pages count from 1.

    ``region`` is the part of its page as shown: left, top, right and bottom as shares of the page's width and
    height, of four decimals. Formats without pages have neither, also not in JSON.
    """

    line: int | None = None
    paragraph: int | None = None
    sheet: str | None = None
    table: int | None = None
    row: int | None = None
    column: int | None = None
    page: int | None = Field(default=None, exclude_if=_silent)
    region: tuple[Share, Share, Share, Share] | None = Field(default=None, exclude_if=_silent)

    def label(self) -> str:
        """Return the place in words: 第87行, 表2第3行第4列, 第2页表1第3行第4列, 工作表“自评”D5."""
        if self.page is not None:
            return worded("第{page}页", page=self.page) + self._on_page()
        return self._on_page() or worded("全文")

    def position(self) -> tuple[tuple[str, str], int] | None:
        """Return what it can be told before or after in (text, worksheet, table), and its line,
        paragraph or row there; None for what has none.
        """
        if self.line is not None:
            return ("line", ""), self.line
        if self.paragraph is not None:
            return ("paragraph", ""), self.paragraph
        if self.row is None:
            return None
        return (f"table{self.table or ''}", self.sheet or ""), self.row

    def _on_page(self) -> str:
        if self.line is not None:
            return worded("第{line}行", line=self.line)
        if self.paragraph is not None:
            return worded("第{paragraph}段", paragraph=self.paragraph)
        if self.sheet is not None and self.row is not None:
            return worded(
                "工作表“{sheet}”{column}{row}",
                sheet=self.sheet,
                column=column_letters(self.column or 1),
                row=self.row,
            )
        if self.sheet is not None:
            return worded("工作表“{sheet}”", sheet=self.sheet)
        if self.table is not None and self.row is not None:
            return worded(
                "表{table}第{row}行第{column}列", table=self.table, row=self.row, column=self.column
            )
        if self.table is not None:
            return worded("表{number}", number=self.table)
        return ""


def column_letters(column: int) -> str:
    """Return the spreadsheet letters of a column counted from 1: 1 -> A, 27 -> AA."""
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


class Budget(_Frozen):
    """Budget of the year in yuan: total, from fiscal funds, other funds; None where the document is silent.

    ``project`` is what the whole project costs over its years (项目总投资), left out of JSON where nothing is
    said of it.
    """

    total: Money | None = None
    fiscal: Money | None = None
    other: Money | None = None
    project: Money | None = Field(None, exclude_if=_is_none)


class PlanStep(_Frozen):
    """By the end of ``by`` (inclusive), ``cumulative`` of the budget is to be spent,
    as a fraction (0.25 = 25 %).
    """

    by: date
    cumulative: Money


class SpendingPlan(_Frozen):
    """The cumulative share of the budget to be spent by each date, in the order of the document."""

    steps: tuple[PlanStep, ...] = ()

    def expected(
        self, on: date, *, mode: Literal["linear", "step"] = "linear", start: date | None = None
    ) -> Fraction:
        """Return the share of the budget that should be spent by ``on`` (inclusive), 0 to 1 in a sound plan.

        ``linear`` interpolates by days between the plan's dates, from nothing at the eve of ``start``
        (default: 1 January of the first date's year); ``step`` counts a date's share only once the date is
        reached.
        """
        steps = sorted(self.steps, key=lambda s: s.by)
        if not steps:
            return Fraction(0)
        first = start or date(steps[0].by.year, 1, 1)
        day, share = first.toordinal() - 1, Fraction(0)
        for step in steps:
            here, reached = step.by.toordinal(), Fraction(step.cumulative)
            if on.toordinal() >= here:
                day, share = here, reached
                continue
            if mode == "step" or on.toordinal() <= day:
                return share
            return share + (reached - share) * Fraction(on.toordinal() - day, here - day)
        return share


class Goal(_Frozen):
    """A goal (目标1) or sub-goal (分项绩效目标) with its words."""

    title: str | None = None
    text: str
    place: Place | None = None


class Indicator(_Frozen):
    """One indicator with what the document says of it; level names are kept as written, None where silent.

    ``id`` is its stable code within the sheet (see ``identity``), never shown as its name;
    ``weight`` is the points or weight as written; ``actual`` and ``score`` come from self-evaluation tables;
    ``goal`` is the index of the (sub-)goal it stands under; ``medium_term`` is the 中期 value beside the
    year's, ``original`` the one before it was adjusted (调整前), left out of JSON where there is none.
    ``operator`` and ``unit`` are what columns of their own say (指标符号, 度量单位), ``nature`` and
    ``direction`` likewise (where there is no direction, what ``description`` says of it counts); ``type`` is
    what all of them together make it, ``settled`` what a person decided where they don't.
    """

    id: str = ""
    level1: str | None = None
    level2: str | None = None
    name: str
    description: str | None = None
    target: TargetValue
    weight: Exact | None = None
    basis: str | None = None
    operator: str | None = None
    unit: str | None = None
    direction: str | None = None
    nature: str | None = None
    settled: Settled | None = None
    last_year: str | None = None
    medium_term: TargetValue | None = None
    original: TargetValue | None = Field(None, exclude_if=_is_none)
    actual: str | None = None
    score: Exact | None = None
    deviation: str | None = None
    goal: int | None = None
    place: Place | None = None

    @cached_property
    def type(self) -> IndicatorType:
        """What it is: kind, sense, operator, unit; the one place that tells."""
        return type_of(
            self.name,
            self.target,
            level1=self.level1,
            level2=self.level2,
            nature=self.nature,
            direction=self.direction or direction_told(self.description),
            operator=self.operator,
            settled=self.settled,
        )

    @property
    def aim(self) -> TargetValue:
        """The target value that results are compared with, operator and unit filled in by ``type``."""
        return self.type.aim

    @property
    def reads(self) -> str:
        """What its target was read as, in one standard spelling, empty for nothing. A range stays one, also
        where results are compared with one of its ends.
        """
        if self.target.op == "unread":
            return ""
        if self.target.op == "range" and self.aim.op != "range":
            return self.target.replaced(unit=self.aim.unit).text()
        return self.aim.text()

    def operator_column(self) -> str | None:
        """Return what its operator column says; 指标性质 often is one (≥, ＝, 定性)."""
        return self.operator or (self.nature if self.nature and is_operator(self.nature) else None)

    def due_on(self, year: int) -> date:
        """Return the day by which it is to be met: its own date, or the end of the year."""
        return self.aim.value if isinstance(self.aim.value, date) else date(year, 12, 31)

    def words(self) -> str:
        """Return the target value for one column of a form that has levels and names but no operator,
        unit or direction.
        """
        return self._words

    @cached_property
    def _words(self) -> str:
        words = self.target.words()
        alone = type_of(self.name, self.target.replaced(raw=words), level1=self.level1, level2=self.level2)
        return words if alone.aim.same(self.aim) else self.aim.words()

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Return a copy; what was told of the original is told anew, since its fields may differ."""
        copied = super().model_copy(update=update, deep=deep)
        for told in ("type", "_words"):
            copied.__dict__.pop(told, None)
        return copied

    def settle(
        self,
        *,
        kind: Kind | None = None,
        sense: Sense | None = None,
        unit: str | None = None,
        reason: str,
        by: str | None = None,
        on: date | None = None,
    ) -> Indicator:
        """Return the indicator with a person's decision on what it is, which ends what was unsure.

        It answers a doubt and nothing else: what the document writes is changed in its text,
        not by its reading.
        Raises ``ZS-TG-10`` without a reason; ``ZS-TG-11`` where nothing is unsure,
        for a decision against the operator or unit that is written, for one that the value can't hold,
        and for one that leaves it unsure.
        """
        if not reason.strip():
            raise ZhunshengError("ZS-TG-10", name=self.name)
        if why := self._unsettled(kind, sense, unit and unit.strip()):
            raise ZhunshengError("ZS-TG-11", name=self.name, text=self.target.raw, why=why)
        decided = Settled(kind=kind, sense=sense, unit=unit, reason=reason.strip(), by=by, on=on)
        return self.model_copy(update={"settled": decided})

    def _unsettled(self, kind: Kind | None, sense: Sense | None, unit: str | None) -> str | None:
        """Return why an indicator can't be settled so, None where it can."""
        open_one = self.model_copy(update={"settled": None})
        if not open_one.type.unsure and self.settled is None:
            return worded("它没有待核对之处；要改的请改指标值、比较符或单位")
        numeric = isinstance(self.target.value, Decimal | tuple)
        if sense and (sense == "within") != isinstance(self.target.value, tuple):
            return worded("比较方向与指标值的写法不合")
        if kind and numeric == (kind in ("level", "date", "yes_no")):
            return worded("性质与指标值的写法不合")
        if kind and (kind == "date") != (self.target.op == "by") and not numeric:
            return worded("性质与指标值的写法不合")
        if sense and (written := contradicted(sense, self.target, self.operator, self.nature)):
            return worded(
                "原文写了比较符“{written}”，认定不能与它相反；原文有误的，请改指标值与比较符", written=written
            )
        own = self.target.unit or self.unit
        if unit and own and unit != own:
            return worded("原文写了单位“{own}”，不能另定为“{unit}”；原文有误的，请改单位", own=own, unit=unit)
        if numeric and not sense and open_one.type.unsure:
            return worded("还没有确定越高越好还是越低越好")
        found = open_one.model_copy(update={"settled": Settled(kind=kind, sense=sense, unit=unit)}).type
        if found.kind is None:
            return worded("还没有确定是哪一种指标")
        if found.unsure:
            return "；".join(found.unsure)
        return held_by_unit(found) if numeric else None


class Execution(_Frozen):
    """The money row of a self-evaluation table, in yuan; ``points`` and ``score`` as reported."""

    planned: Money | None = None
    adjusted: Money | None = None
    spent: Money | None = None
    points: Exact | None = None
    score: Exact | None = None


class TargetSheet(_Frozen):
    """A department's overall sheet or one project's sheet.

    ``id`` is its stable code (see ``identity``); ``code`` is the project's official code (项目编码) as the
    document writes it. ``provenance`` says where each field that was recognised stood,
    by its dotted name (``budget.total``).
    """

    id: str = ""
    kind: Literal["department", "project"]
    name: str | None = None
    code: str | None = None
    department: str | None = None
    unit: str | None = None
    year: int | None = None
    purpose: str | None = None
    budget: Budget = Budget()
    spending_plan: SpendingPlan = SpendingPlan()
    goals: tuple[Goal, ...] = ()
    indicators: tuple[Indicator, ...] = ()
    narrative: str | None = None
    safeguards: tuple[Goal, ...] = ()
    execution: Execution | None = None
    total_score: Exact | None = None
    place: Place | None = None
    provenance: dict[str, Place] = Field(default_factory=dict)

    def levels(self) -> list[tuple[str | None, str | None]]:
        """Return the (level 1, level 2) names of its indicators, as written."""
        return [(i.level1, i.level2) for i in self.indicators]

    def places(self) -> list[Place]:
        """Return where its parts stood, those that are known."""
        parts: tuple[Goal | Indicator, ...] = (*self.goals, *self.indicators, *self.safeguards)
        known = (self.place, *self.provenance.values(), *(one.place for one in parts))
        return [place for place in known if place is not None]

    def title(self) -> str:
        """Return what to call the sheet."""
        return self.name or ("部门整体绩效目标" if self.kind == "department" else "（未命名项目）")


class Source(_Frozen):
    """The file a book was read from."""

    name: str
    sha256: str
    media_type: str


class Unsure(_Frozen):
    """Something recognised that a person should look at: where, and why.

    ``sheet`` is the index (from 0) of the book's sheet that it is of, left out of JSON where it is of none.
    ``field`` is what it is about, a path of the editor or a word of ``doubts``. ``unread`` says that nothing
    was read there: it is answered on its own, never with what was read and compared.
    """

    place: Place | None = None
    field: str
    text: str
    why: str
    sheet: int | None = Field(None, ge=0, exclude_if=_is_none)
    unread: bool = Field(False, exclude_if=_is_false)


class Book(_Frozen):
    """All target sheets of one document."""

    source: Source
    sheets: tuple[TargetSheet, ...] = ()
    unsure: tuple[Unsure, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the book in format ``zhunsheng.book/1``: decimals as strings, dates as ISO text,
        null where silent.
        """
        data = self.model_dump(mode="json")
        for sheet in data["sheets"]:
            sheet["spending_plan"] = sheet["spending_plan"]["steps"]
        return {"format": FORMAT, **data}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Book:
        """Read back what ``as_json`` wrote. Raises ``ValueError`` on another format or wrong fields."""
        if data.get("format") != FORMAT:
            raise ValueError(f"format is {data.get('format')!r}, not {FORMAT}")
        body = {k: v for k, v in data.items() if k != "format"}
        sheets = [{**s, "spending_plan": {"steps": s["spending_plan"]}} for s in body.get("sheets", [])]
        return cls.model_validate({**body, "sheets": sheets})


def json_schema() -> dict[str, Any]:
    """Return the JSON schema of format ``zhunsheng.book/1``."""
    schema = Book.model_json_schema(mode="serialization")
    schema["$id"] = FORMAT
    schema["title"] = "准绳绩效目标文档"
    schema["properties"] = {"format": {"const": FORMAT}, **schema["properties"]}
    schema["required"] = ["format", "source", "sheets", "unsure"]
    sheet = schema["$defs"]["TargetSheet"]["properties"]
    sheet["spending_plan"] = {"type": "array", "items": {"$ref": "#/$defs/PlanStep"}}
    schema["$defs"].pop("SpendingPlan", None)
    return schema
