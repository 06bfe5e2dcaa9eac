"""A target value as offices write it (≥90%, 2021年12月底前, 有效提升): read once, exactly,
and compared with results.
"""

from __future__ import annotations

import operator
import re
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic.json_schema import SkipJsonSchema

from zhunsheng.targets.dates import EXCEL_DATES, excel_date, read_date
from zhunsheng.targets.quantity import Columns, read_quantity
from zhunsheng.targets.spelling import Op, column_op, normalise, odd_digits, periods, too_long
from zhunsheng.targets.units import as_written, comparable, convert, split_unit
from zhunsheng.text import clean
from zhunsheng.translation import worded

Result = Decimal | Fraction | int | date | str

_COMPARE = {">=": operator.ge, "<=": operator.le, "==": operator.eq, ">": operator.gt, "<": operator.lt}
LONGEST = 1000  # characters of a value that is read as one; a number with its words has a few dozen
# characters up to which a reading is remembered: what repeats is short, and what is long takes memory
REMEMBERED = 200
_PLACEHOLDERS = frozenset({"", "-", "--", "---", "----", "/", "\\", "…", "……", "...", "无", "*"})
_LEVEL = re.compile(r"定性[:：]\s*(.+)$", re.S)
_EVERY_TIME = re.compile(
    r"(?:每个?|次|当)(?:月|季度?|周)[后末底初]{0,2}(?:\d{1,2}个?(?:工作)?[日号天]|[末底])?(?:之?前|以前|之?内|底前|末前).*|"
    r"每个?(?:月|季度?)的?\d{1,2}[日号](?:之?前|左右)?[^\d]{0,6}"
)
_CURRENCY = re.compile(r"(?:¥|人民币)(\d[\d,]*(?:\.\d+)?)(百?万|千|亿)?(元)?")  # ¥850 is 850元
_MEASURED = re.compile(r"[\d≥≤<>=]|一半|翻[一两二]番|[一二两三四五六七八九]倍")
_GRADE = re.compile(r"(?:达到?|≥|=)?[1-5]?A{1,5}级[^\d]{0,10}")  # of a place or a credit: 4A级以上
_DAY_OF_DIGITS = re.compile(r"20\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")


class TargetValue(BaseModel):
    """One target value.

    ``value`` is a Decimal in ``unit`` as written (90 with %), a date for ``by`` (inclusive),
    a pair for ``range`` (both ends inclusive), the words for ``level``, and None for ``unread``.
    ``per`` names the period a rhythm is counted in (每季度1次 -> 季度). ``relative`` holds the comparison a
    growth target is measured against. ``implied`` is true where no operator was written.
    ``enough`` is true where = is written of an indicator of which more is better, so that reaching it is
    enough: the indicator tells (``kinds``), no document.
    ``before`` is how many of a year's periods were over before the body began: the day tells, no document.
    ``doubts`` says what a reader should look at again.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    raw: str  # what the document says, whatever columns beside it say too; ``words`` is what prints
    op: Op
    value: Decimal | tuple[Decimal, Decimal] | date | str | None = None
    unit: str | None = None
    per: str | None = None
    relative: str | None = None
    implied: bool = False
    enough: SkipJsonSchema[bool] = Field(False, exclude=True, repr=False)
    before: SkipJsonSchema[int] = Field(0, exclude=True, repr=False)
    doubts: tuple[str, ...] = ()

    @field_validator("raw", "unit", "per", "relative", "value", mode="before")
    @classmethod
    def _printable(cls, text: object) -> object:
        return clean(text) if isinstance(text, str) else text

    @model_validator(mode="before")
    @classmethod
    def _value_by_operator(cls, data: Any) -> Any:
        """Read ``value`` back from JSON by what the operator says it is, since a union of
        strings can't tell.
        """
        if not isinstance(data, dict) or data.get("value") is None:
            return data
        op, value = data.get("op"), data["value"]
        if op == "by" and isinstance(value, str):
            return {**data, "value": date.fromisoformat(value)}
        if op == "range":
            low, high = value
            return {**data, "value": (Decimal(low), Decimal(high))}
        if op in _COMPARE and isinstance(value, str | int):
            try:
                return {**data, "value": Decimal(value)}
            except InvalidOperation:
                raise ValueError(f"{value} is not a number") from None
        return data

    @model_validator(mode="after")
    def _value_fits_operator(self) -> TargetValue:
        kind: dict[str, type | tuple[type, ...]] = {
            "by": date,
            "range": tuple,
            "level": str,
            "unread": type(None),
        }
        if not isinstance(self.value, kind.get(self.op, Decimal)):
            raise ValueError(f"operator {self.op} does not go with value {self.value!r}")
        if isinstance(self.value, tuple) and self.value[0] > self.value[1]:
            raise ValueError("a range runs from low to high")
        return self

    @classmethod
    def parse(
        cls,
        raw: object,
        *,
        op: str | None = None,
        unit: str | None = None,
        year: int | None = None,
        dated: bool = False,
    ) -> TargetValue:
        """Read one value cell.

        ``op`` and ``unit`` are what columns of their own say; ``year`` completes a date written without one;
        ``dated`` is true where a date is expected, so that an Excel serial is read as one.
        Whether more or less is better is told by the indicator (``kinds``), not here. Never raises:
        what can't be read comes back as ``unread`` with the reason among ``doubts``.
        """
        text, column = _cell_text(raw), _cell_text(unit)
        read = _parse if len(text) + len(column) <= REMEMBERED else _parse.__wrapped__
        return read(text, _cell_text(op), column, year, dated)

    def replaced(self, **changes: Any) -> TargetValue:
        """Return the value with some fields changed, validated anew."""
        return TargetValue(**{name: getattr(self, name) for name in type(self).model_fields} | changes)

    @property
    def number(self) -> Decimal | None:
        """The number compared with, in ``unit``; None for ranges, dates, levels and what was not read."""
        return self.value if isinstance(self.value, Decimal) else None

    @property
    def yearly(self) -> Decimal | None:
        """The number for a whole year: 每季度1次 gives 4; a rate kept every month (每月95%) stays
        what it is.
        """
        return None if self.number is None else self.number * self.times

    @property
    def times(self) -> int:
        """How many of its periods a year has that count, for what adds up over a year; 1 where there is no
        period.
        """
        return 1 if split_unit(self.unit)[0] == "比值" else periods(self.per) - self.before

    @cached_property
    def _goal(self) -> Fraction:
        return Fraction(self.yearly or 0)

    @property
    def at_least(self) -> bool:
        """True where = or no operator is written and reaching the value is enough."""
        return self.implied or self.enough

    @property
    def ceiling(self) -> bool:
        """True where less is better: ≤, <, and a zero to be kept."""
        return self.op in ("<=", "<") or (self.op == "==" and self.value == 0)

    def meets(self, result: Result, unit: str | None = None) -> bool | None:
        """Say whether ``result`` (in ``unit``, or in the target's own) meets the target;
        None where nobody can tell.

        Levels are decided by a person and unread targets by nobody, so both give None.
        """
        if self.op == "by":
            return result <= self.value if isinstance(result, date) and isinstance(self.value, date) else None
        figure = self._figure(result, unit)
        if figure is None:
            return None
        if isinstance(self.value, tuple):
            return self.value[0] <= figure <= self.value[1]
        goal = self._goal
        if self.at_least and goal:
            return figure >= goal
        if self.op == "==" and not goal:
            return figure <= 0  # a nought to be kept; a change of it may be a fall
        return bool(_COMPARE[self.op](figure, goal))

    def margin(self, result: Result, unit: str | None = None) -> Fraction | None:
        """Return by how much ``result`` is better (positive) or worse (negative) than the target,
        in its unit or days.

        A range gives the distance to its nearer end, positive inside; an exact target gives minus the
        distance.
        """
        if self.op == "by":
            if not isinstance(result, date) or not isinstance(self.value, date):
                return None
            return Fraction((self.value - result).days)
        figure = self._figure(result, unit)
        if figure is None:
            return None
        if isinstance(self.value, tuple):
            return min(figure - Fraction(self.value[0]), Fraction(self.value[1]) - figure)
        gap = figure - self._goal
        if self.ceiling:
            return -gap
        if self.op == "==" and not self.at_least:
            return -abs(gap)
        return gap

    def attainment(self, result: Result, unit: str | None = None) -> Fraction | None:
        """Return result ÷ target as a fraction (1 = just met), turned round where less is better.

        大于4次 can only be met by 5 or more, so a strict bound on a count is measured by the next whole
        number.

        None where there is no such proportion: dates, levels, a zero target, or a ceiling with a zero result.
        """
        figure = self._figure(result, unit)
        if figure is None or self.op == "by":
            return None
        if isinstance(self.value, tuple):
            low, high = map(Fraction, self.value)
            if low <= figure <= high:
                return Fraction(1)
            goal = low if figure < low else high
            if not goal or not figure:
                return Fraction(0)
            return figure / goal if figure < low else goal / figure
        goal = self._goal
        if self.op in (">", "<") and goal.denominator == 1 and comparable(self.unit, "次"):
            goal += 1 if self.op == ">" else -1
        if self.ceiling:
            return goal / figure if figure and goal else None
        if goal < 0:  # of two negative figures there is no share of what was to be reached
            return Fraction(int(figure >= goal))
        return figure / goal if goal else None

    def _figure(self, result: Result, unit: str | None) -> Fraction | None:
        if self.op in ("level", "unread", "by") or isinstance(result, date | str):
            return None
        return convert(result, self.unit if unit is None else unit, self.unit)

    def same(self, other: TargetValue) -> bool:
        """Say whether two values promise the same: operator, number in base units, period and comparison.

        A value without unit agrees with one that has a unit, as the number is then the same in the column it
        stood in.
        """
        if (self.op, self.relative) != (other.op, other.relative) or (
            self.at_least != other.at_least and self._exact
        ):
            return False
        if self.op in ("by", "level", "unread"):
            return self.value == other.value
        if periods(self.per) != periods(other.per):
            return False
        if not self.unit or not other.unit:
            return self.value == other.value
        if not comparable(self.unit, other.unit):
            return False
        return self._in_base_units() == other._in_base_units()

    @property
    def _exact(self) -> bool:
        return self.op == "==" and bool(self.value)

    def _in_base_units(self) -> tuple[Fraction, ...]:
        values = self.value if isinstance(self.value, tuple) else (self.value,)
        factor = split_unit(self.unit)[1]
        return tuple(Fraction(v) * factor for v in values if isinstance(v, Decimal))

    def words(self) -> str:
        """Return what to print where one column holds it all: as the document writes it if that alone reads
        back the same, the standard spelling (``text``) where operator or unit stood in columns of their own.
        """
        year = self.value.year if isinstance(self.value, date) else None
        return self.raw if TargetValue.parse(self.raw, year=year)._alike(self) else self.text()

    def _alike(self, other: TargetValue) -> bool:
        return (
            self.same(other)
            and split_unit(self.unit) == split_unit(other.unit)
            and self.at_least == other.at_least
        )

    def text(self) -> str:
        """Return the value in one standard spelling; reading it again gives the same value."""
        unit = "个月" if self.unit == "月" else self.unit or ""  # ≤1月 would read as a day of January
        if isinstance(self.value, date):
            return f"{self.value.year}年{self.value.month}月{self.value.day}日前"
        if isinstance(self.value, tuple):
            return f"{self.value[0]:f}-{self.value[1]:f}{unit}"
        if isinstance(self.value, Decimal):
            plain = self.implied or (
                self.relative and self.op == ">="
            )  # 较上年增长5% says at least by itself
            sign = "" if plain else {">=": "≥", "<=": "≤", "==": "="}.get(self.op, self.op)
            per = f"每{self.per}" if self.per and f"/{self.per}" not in unit else ""
            return f"{self.relative or ''}{per}{sign}{self.value:f}{unit}"
        if self.op == "level" and TargetValue.parse(self.raw).op != "level":
            return f"定性：{self.raw}"  # 高于90% under an operator column that says 定性
        return self.raw


def _cell_text(raw: object) -> str:
    """Return what a cell shows: dates as ISO, floats without binary noise."""
    if raw is None:
        return ""
    if isinstance(raw, datetime):
        return raw.date().isoformat()
    if isinstance(raw, float):
        short = Decimal(f"{raw:.12g}")
        return f"{short.normalize():f}" if short != short.to_integral() else f"{short.to_integral():f}"
    return clean(str(raw)).strip()


# Documents repeat a few hundred spellings thousands of times, so the reading of each is remembered.
@lru_cache(maxsize=16384)
def _parse(raw: str, op_text: str, unit_text: str, year: int | None, dated: bool) -> TargetValue:
    columns = Columns(column_op(op_text), unit_text.strip() or None)
    text = _CURRENCY.sub(r"\1\2\3" if columns.unit else r"\1\2元", normalise(raw))
    if text in _PLACEHOLDERS:
        return _unread(raw, columns.unit, worded("没有填写指标值"))
    told = _LEVEL.match(raw)
    level = columns.op == "level" or told is not None
    words = told[1] if told else raw
    if why := _unreadable(raw, text):
        if level or (len(text) > LONGEST and not _MEASURED.search(text)):
            return TargetValue(raw=raw, op="level", value=words, unit=columns.unit)
        return _unread(raw, columns.unit, why)
    if digits := too_long(text):
        return _unread(raw, columns.unit, worded("有一个 {digits} 位的数，读不准指标值", digits=digits))
    if day := _day(raw, text, year, dated):
        return day
    level = level or _GRADE.fullmatch(text) is not None
    if not level:
        if quantity := _quantity(raw, text, columns):
            return quantity
        if _MEASURED.search(text):
            return _unread(raw, columns.unit, worded("认不出指标值“{raw}”", raw=raw))
    return TargetValue(raw=raw, op="level", value=words, unit=columns.unit)


def _unread(raw: str, unit: str | None, why: str) -> TargetValue:
    return TargetValue(raw=raw, op="unread", unit=unit, doubts=(why,))


def _unreadable(raw: str, text: str) -> str | None:
    """Return why nobody should try to read a number or a day from a value, None where they may."""
    if len(text) > LONGEST:
        return worded("指标值有 {count} 字，读不准", count=len(text))
    odd = odd_digits(raw)
    return worded("“{odd}”不是普通数字，读不准指标值", odd=odd) if odd else None


def _day(raw: str, text: str, year: int | None, dated: bool) -> TargetValue | None:
    """Read a value as a day to be done by; None where it is none."""
    if dated and re.fullmatch(r"\d{5}(?:\.0+)?", text) and int(float(text)) in EXCEL_DATES:
        found = excel_date(int(float(text)))
        return TargetValue(
            raw=raw,
            op="by",
            value=found,
            doubts=(worded("由 Excel 日期序号 {text} 还原为 {found}", text=text, found=found),),
        )
    if _EVERY_TIME.fullmatch(text):  # a day of every period is no day of the year
        return TargetValue(raw=raw, op="level", value=raw)
    by = read_date(text, year, dated)
    if isinstance(by, str):
        return _unread(raw, None, by)
    return None if by is None else TargetValue(raw=raw, op="by", value=by)


def _quantity(raw: str, text: str, columns: Columns) -> TargetValue | None:
    """Read a value as operator, number and unit; None where it is not of that form."""
    doubts: list[str] = []
    found = read_quantity(text, columns, doubts)
    if found is None:
        return None
    if re.fullmatch(r"\d{5}", text) and int(text) in EXCEL_DATES and not columns.unit:
        doubts.append(
            worded("若为日期，{text} 是 Excel 日期序号 {day}", text=text, day=excel_date(int(text)))
        )
    if _DAY_OF_DIGITS.fullmatch(text) and not columns.unit:
        doubts.append(worded("“{text}”疑为日期，请核对", text=text))
    return TargetValue(
        raw=raw, doubts=tuple(doubts), **found.__dict__ | {"unit": as_written(found.unit, raw)}
    )
