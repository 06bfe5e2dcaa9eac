"""A target value as offices write it (≥90%, 2021年12月底前, 有效提升): read once, exactly, and compared with results."""

from __future__ import annotations

import calendar
import operator
import re
import unicodedata
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, field_validator, model_validator

from zhunsheng.targets.units import comparable, convert, split_unit
from zhunsheng.text import clean

Op = Literal[">=", "<=", "==", ">", "<", "range", "by", "level", "unread"]
Result = Decimal | Fraction | int | date | str

_GLYPHS = str.maketrans(
    {
        "≧": "≥",
        "⩾": "≥",
        "≮": "≥",
        "≦": "≤",
        "⩽": "≤",
        "≯": "≤",
        "﹥": ">",
        "﹤": "<",
        "〉": ">",
        "〈": "<",
        "﹪": "%",
        "﹦": "=",
        "～": "~",
        "∼": "~",
        "〜": "~",
        "－": "-",
        "–": "-",
        "—": "-",
        "―": "-",
        "−": "-",
        "〇": "零",
    }
)
_OPS: dict[str, Op] = {
    "不得低于": ">=",
    "不得少于": ">=",
    "大于或者等于": ">=",
    "大于或等于": ">=",
    "大于等于": ">=",
    "高于或等于": ">=",
    "不低于": ">=",
    "不少于": ">=",
    "不小于": ">=",
    "不下于": ">=",
    "至少": ">=",
    "达到": ">=",
    "达": ">=",
    "最低": ">=",
    "≥": ">=",
    ">=": ">=",
    "=>": ">=",
    ">＝": ">=",
    "不得超过": "<=",
    "不得高于": "<=",
    "不得多于": "<=",
    "小于或者等于": "<=",
    "小于或等于": "<=",
    "小于等于": "<=",
    "低于或等于": "<=",
    "不高于": "<=",
    "不超过": "<=",
    "不大于": "<=",
    "不多于": "<=",
    "不超": "<=",
    "至多": "<=",
    "最多": "<=",
    "最高": "<=",
    "控制在": "<=",
    "≤": "<=",
    "<=": "<=",
    "=<": "<=",
    "大于": ">",
    "高于": ">",
    "超过": ">",
    "多于": ">",
    "超": ">",
    ">": ">",
    "小于": "<",
    "低于": "<",
    "少于": "<",
    "<": "<",
    "等于": "==",
    "==": "==",
    "=": "==",
}
_OP_WORDS = sorted(_OPS, key=len, reverse=True)
_SUFFIX_OPS: dict[str, Op] = {
    "(含)以上": ">=",
    "及以上": ">=",
    "或以上": ">=",
    "以上": ">=",
    "(含)以下": "<=",
    "及以下": "<=",
    "以下": "<=",
    "(含)以内": "<=",
    "以内": "<=",
    "之内": "<=",
    "内": "<=",
}
_SUFFIX_WORDS = sorted(_SUFFIX_OPS, key=len, reverse=True)
_PERIODS = {"季度": 4, "季": 4, "月": 12, "半年": 2, "周": 52, "年": 1, "年度": 1}
_FILLERS = (
    "确保",
    "力争",
    "预计",
    "完成",
    "实现",
    "保持在",
    "保持",
    "维持在",
    "维持",
    "稳定在",
    "累计",
    "合计",
    "共计",
    "总计",
    "平均",
    "全年",
    "年均",
    "共",
    "为",
    "在",
    "约",
)
_LEVEL_SCALES = re.compile(r"^[优良中低差好较高合格一般/、,]+$")
_RELATIVE = re.compile(
    r"^(?:(?:较|比|与)?(?:上年度?|去年|上一年度?|上年同期|去年同期|基期)(?:同期)?(?:相比)?|同比|环比)"
    r"(?:有所)?(增长|提高|上升|提升|增加|下降|降低|减少|压减)?(?:率)?"
)
_NUMBER = r"(?:-?\d[\d,]*(?:\.\d+)?|-?\.\d+)"
_LONG = re.compile(r"\d[\d,]{40,}")  # no amount has as many digits, and arithmetic on thousands of them takes its time
_CN = "零一二两三四五六七八九十百千万亿点"
_CN_NUMBER = rf"[{_CN}]+"
_CN_DIGITS = "零一二三四五六七八九"
_PLAIN_DIGIT = re.compile("[0-9０-９]")
LONGEST = 1000  # characters of a value that is read as one; a number with its words has a few dozen
REMEMBERED = 200  # characters up to which a reading is remembered: what repeats is short, and what is long takes memory
_PLACEHOLDERS = frozenset({"", "-", "--", "---", "----", "/", "\\", "…", "……", "...", "无", "*"})
# Words that say nothing measurable follow a number without being its unit.
_BAD_UNIT = re.compile(r"[\d≥≤<>=%]{2}|[,;:。,;:!?!?()]")
_EXCEL_EPOCH = date(1899, 12, 30)  # Excel counts a 29 February 1900 that never was.
EXCEL_DATES = range(36526, 55153)  # 2000-01-01 to 2050-12-31, the serials a plan of this century can hold


def normalise(text: str) -> str:
    """Return ``text`` without white space, in half-width, with look-alike signs folded into one."""
    text = unicodedata.normalize("NFKC", str(text).translate(_GLYPHS)).translate(_GLYPHS)
    return re.sub(r"\s+", "", text)


def odd_digits(text: str) -> str:
    """Return the signs of a text that are numbers and yet no plain digits: ①②, ³, ½, ٣; empty where there are none.

    Folded into digits they would make another number of the one beside them: 10³ is no 103, ①② no 12. The exponent of
    a unit (m², m³) is one of the unit.
    """
    bare = re.sub("(?<=m)[²³]", "", text)
    return "".join(c for c in bare if unicodedata.category(c) == "No" or (c.isdigit() and not _PLAIN_DIGIT.match(c)))


def too_long(text: str) -> int:
    """Return how many digits a number of a normalised text has where it is longer than any amount (40); 0 for none."""
    return len(found[0].replace(",", "")) if (found := _LONG.search(text)) else 0


_GROUPED = re.compile(r"\d+(?:,\d+)+")
_WELL_GROUPED = re.compile(r"[1-9]\d{0,2}(?:,\d{3})+")


def misgrouped(text: str) -> str | None:
    """Return the first number of a normalised text whose commas part no thousands (1,2345 or 1,23,456); None without one."""
    return next((m[0] for m in _GROUPED.finditer(text) if not _WELL_GROUPED.fullmatch(m[0])), None)


def chinese_number(word: str) -> Decimal | None:
    """Return the number that a word of Chinese numerals writes (九十五, 二〇二一, 三点二); None where it writes none.

    The one place where the library of numerals is called: what it raises for words that only look like numbers
    (九十零, 十点一二三万) is of many kinds and costs that word alone. Digits behind 点 are read here, since the library
    gives a binary fraction.
    """
    whole, point, digits = word.partition("点")
    if point and not (digits and all(c in _CN_DIGITS for c in digits)):
        return None
    try:
        import cn2an  # here, because a quarter of a second goes by while it is loaded

        units = Decimal(int(cn2an.cn2an(whole, "smart")))
    except Exception:
        return None
    return units + Decimal("0." + "".join(str(_CN_DIGITS.index(c)) for c in digits)) if point else units


def excel_date(serial: int) -> date:
    """Return the date an Excel serial (days since 1899-12-30) stands for."""
    return _EXCEL_EPOCH + timedelta(days=serial)


class TargetValue(BaseModel):
    """One target value.

    ``value`` is a Decimal in ``unit`` as written (90 with %), a date for ``by`` (inclusive), a pair for ``range``
    (both ends inclusive), the words for ``level``, and None for ``unread``. ``per`` names the period a rhythm is
    counted in (每季度1次 -> 季度). ``relative`` holds the comparison a growth target is measured against.
    ``implied`` is true where no operator was written. ``doubts`` says what a reader should look at again.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    raw: str  # what the document says, whatever columns beside it say too; ``words`` is what prints
    op: Op
    value: Decimal | tuple[Decimal, Decimal] | date | str | None = None
    unit: str | None = None
    per: str | None = None
    relative: str | None = None
    implied: bool = False
    doubts: tuple[str, ...] = ()

    @field_validator("raw", "unit", "per", "relative", "value", mode="before")
    @classmethod
    def _printable(cls, text: object) -> object:
        return clean(text) if isinstance(text, str) else text

    @model_validator(mode="before")
    @classmethod
    def _value_by_operator(cls, data: Any) -> Any:
        """Read ``value`` back from JSON by what the operator says it is, since a union of strings can't tell."""
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
        kind: dict[str, type | tuple[type, ...]] = {"by": date, "range": tuple, "level": str, "unread": type(None)}
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

        ``op`` and ``unit`` are what columns of their own say; ``year`` completes a date written without one; ``dated``
        is true where a date is expected, so that an Excel serial is read as one. Whether more or less is better is told
        by the indicator (``kinds``), not here. Never raises: what can't be read comes back as ``unread`` with the reason
        among ``doubts``.
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
        """The number for a whole year: 每季度1次 gives 4; a rate kept every month (每月95%) stays what it is."""
        return None if self.number is None else self.number * self.times

    @property
    def times(self) -> int:
        """How many of its periods a year has, for what adds up over a year; 1 where there is no period."""
        return 1 if split_unit(self.unit)[0] == "比值" else periods(self.per)

    @cached_property
    def _goal(self) -> Fraction:
        return Fraction(self.yearly or 0)

    @property
    def ceiling(self) -> bool:
        """True where less is better: ≤, <, and a zero to be kept."""
        return self.op in ("<=", "<") or (self.op == "==" and self.value == 0)

    def meets(self, result: Result, unit: str | None = None) -> bool | None:
        """Say whether ``result`` (in ``unit``, or in the target's own) meets the target; None where nobody can tell.

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
        if self.implied and goal:
            return figure >= goal
        return bool(_COMPARE[self.op](figure, goal))

    def margin(self, result: Result, unit: str | None = None) -> Fraction | None:
        """Return by how much ``result`` is better (positive) or worse (negative) than the target, in its unit or days.

        A range gives the distance to its nearer end, positive inside; an exact target gives minus the distance.
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
        if self.op == "==" and not self.implied:
            return -abs(gap)
        return gap

    def attainment(self, result: Result, unit: str | None = None) -> Fraction | None:
        """Return result ÷ target as a fraction (1 = just met), turned round where less is better.

        大于4次 can only be met by 5 or more, so a strict bound on a count is measured by the next whole number.

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
        return figure / goal if goal else None

    def _figure(self, result: Result, unit: str | None) -> Fraction | None:
        if self.op in ("level", "unread", "by") or isinstance(result, date | str):
            return None
        return convert(result, self.unit if unit is None else unit, self.unit)

    def same(self, other: TargetValue) -> bool:
        """Say whether two values promise the same: operator, number in base units, period and comparison.

        A value without unit agrees with one that has a unit, as the number is then the same in the column it stood in.
        """
        if (self.op, self.relative) != (other.op, other.relative) or (self.implied != other.implied and self._exact):
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
        """Return what to print where one column holds it all: as the document writes it if that alone reads back the
        same, the standard spelling (``text``) where operator or unit stood in columns of their own."""
        year = self.value.year if isinstance(self.value, date) else None
        return self.raw if TargetValue.parse(self.raw, year=year)._alike(self) else self.text()

    def _alike(self, other: TargetValue) -> bool:
        return self.same(other) and split_unit(self.unit) == split_unit(other.unit) and self.implied == other.implied

    def text(self) -> str:
        """Return the value in one standard spelling; reading it again gives the same value."""
        unit = "个月" if self.unit == "月" else self.unit or ""  # ≤1月 would read as a day of January
        if isinstance(self.value, date):
            return f"{self.value.year}年{self.value.month}月{self.value.day}日前"
        if isinstance(self.value, tuple):
            return f"{self.value[0]:f}-{self.value[1]:f}{unit}"
        if isinstance(self.value, Decimal):
            plain = self.implied or (self.relative and self.op == ">=")  # 较上年增长5% says at least by itself
            sign = "" if plain else {">=": "≥", "<=": "≤", "==": "="}.get(self.op, self.op)
            per = f"每{self.per}" if self.per and f"/{self.per}" not in unit else ""
            return f"{self.relative or ''}{per}{sign}{self.value:f}{unit}"
        if self.op == "level" and TargetValue.parse(self.raw).op != "level":
            return f"定性：{self.raw}"  # 高于90% under an operator column that says 定性
        return self.raw


def periods(per: str | None) -> int:
    """Return how often a period (季度, 月, 半年) comes in a year; 1 for none."""
    return _PERIODS.get(per or "", 1)


_COMPARE = {">=": operator.ge, "<=": operator.le, "==": operator.eq, ">": operator.gt, "<": operator.lt}


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
    text = normalise(raw)
    doubts: list[str] = []
    column_op = _column_op(op_text)
    column_unit = unit_text.strip() or None
    if text in _PLACEHOLDERS:
        return TargetValue(raw=raw, op="unread", unit=column_unit, doubts=("没有填写指标值",))
    if len(text) > LONGEST:
        words = re.sub(r"^定性[:：]\s*", "", raw)
        if words != raw or column_op == "level" or not re.search(r"[\d≥≤<>=]", text):
            return TargetValue(raw=raw, op="level", value=words, unit=column_unit)
        return TargetValue(raw=raw, op="unread", unit=column_unit, doubts=(f"指标值有 {len(text)} 字，读不准",))
    if odd := odd_digits(raw):
        if column_op == "level" or re.match(r"定性[:：]", raw):
            return TargetValue(raw=raw, op="level", value=re.sub(r"^定性[:：]\s*", "", raw), unit=column_unit)
        return TargetValue(raw=raw, op="unread", unit=column_unit, doubts=(f"“{odd}”不是普通数字，读不准指标值",))
    if digits := too_long(text):
        return TargetValue(raw=raw, op="unread", unit=column_unit, doubts=(f"有一个 {digits} 位的数，读不准指标值",))
    if dated and re.fullmatch(r"\d{5}(?:\.0+)?", text) and int(float(text)) in EXCEL_DATES:
        found = excel_date(int(float(text)))
        return TargetValue(raw=raw, op="by", value=found, doubts=(f"由 Excel 日期序号 {text} 还原为 {found}",))
    by = _read_date(text, year, dated)
    if isinstance(by, date):
        return TargetValue(raw=raw, op="by", value=by)
    if by is not None:
        return TargetValue(raw=raw, op="unread", doubts=(by,))
    if match := re.match(r"定性[:：]\s*(.+)$", raw, re.S):
        return TargetValue(raw=raw, op="level", value=match[1], unit=column_unit)
    if column_op == "level":
        return TargetValue(raw=raw, op="level", value=raw, unit=column_unit)
    found_value = _read_quantity(text, column_op, column_unit, doubts)
    if found_value is not None:
        if re.fullmatch(r"\d{5}", text) and int(text) in EXCEL_DATES and not column_unit:
            doubts.append(f"若为日期，{text} 是 Excel 日期序号 {excel_date(int(text))}")
        return TargetValue(raw=raw, doubts=tuple(doubts), **found_value)
    if not re.search(r"\d", text) and not re.search(r"[≥≤<>=]", text):
        return TargetValue(raw=raw, op="level", value=raw.strip(), unit=column_unit)
    return TargetValue(raw=raw, op="unread", unit=column_unit, doubts=(f"认不出指标值“{raw}”",))


def is_operator(text: str) -> bool:
    """Say whether a cell of 指标性质 holds an operator (≥, ＝, 定性) rather than a nature (定量)."""
    return _column_op(text) is not None


def _column_op(text: str) -> Op | None:
    word = normalise(text)
    if not word:
        return None
    if word in ("定性", "文字描述", "文字"):
        return "level"
    return _OPS.get(word)


def _read_quantity(
    text: str, column_op: Op | None, column_unit: str | None, doubts: list[str]
) -> dict[str, Any] | None:
    """Read operator, number(s) and unit; None where the text is not of that form."""
    op: Op | None = None
    per: str | None = None
    relative: str | None = None
    rest = text
    both = re.fullmatch(
        rf"(?:≥|>|大于等于|不低于)({_NUMBER})([^\d,且]*)[,、且并](?:≤|<|小于等于|不高于|不超过)({_NUMBER})(.*)", rest
    )
    if both:
        return _range(both[1], both[3], both[4] or both[2] or column_unit, doubts)
    if match := re.match(r"^(?!每|较|同比|环比|[比与][上去])[一-龥]{2,12}?[率数量比例度额](?=[≥≤<>=])", rest):
        doubts.append(f"指标值里写了“{match[0]}”")
        rest = rest[match.end() :]
    while True:
        before = rest
        if op is None and (word := next((w for w in _OP_WORDS if rest.startswith(w)), None)):
            op, rest = _OPS[word], rest[len(word) :]
        if (match := re.match(r"^每(季度|季|月|半年|周|年度|年)(?:度)?", rest)) and per is None:
            per, rest = match[1], rest[match.end() :]
        if relative is None and (match := _RELATIVE.match(rest)) and match.end():
            relative, rest = match[0], rest[match.end() :]
        if word := next((w for w in _FILLERS if rest.startswith(w)), None):
            if word == "约":
                doubts.append("“约”字使指标值不明确")
            rest = rest[len(word) :]
        if rest == before:
            break
    if rest in ("零", "零起", "零次", "零件", "零例"):
        return {"op": "==", "value": Decimal(0), "unit": rest[1:] or column_unit}
    span = re.fullmatch(rf"({_NUMBER})([^\d\-~至到]{{0,4}})(?:-|~|至|到)({_NUMBER})([^\d]*?)(之间)?", rest)
    if span and op in (None, "==", "<="):
        unit = span[4] or span[2]
        if span[2] and span[4] and span[2] != span[4]:
            return None
        return _range(span[1], span[3], unit or column_unit, doubts)
    amount, unit_rest = _number(rest, doubts)
    if amount is None:
        return None
    unit_written, suffix = _unit_and_suffix(unit_rest, doubts)
    if unit_written is None:
        return None
    if suffix and op and suffix != op and not (op == ">" and suffix == ">=") and not (op == "<" and suffix == "<="):
        doubts.append(f"“{text}”前后的比较词相反")
    elif suffix and op in (">", "<"):
        doubts.append(f"“{text}”前后的比较词重复")
    found = op or suffix
    if found and column_op and found != column_op:
        doubts.append("指标值自带的比较符与比较符列不一致，以指标值为准")
    found = found or column_op
    implied = found is None
    if found is None:
        if relative:
            found, implied = ">=", False
        else:
            found = "=="
            implied = bool(amount)
    unit = unit_written or column_unit
    if unit_written and column_unit and unit_written != column_unit:
        # 万 in the value and 元 in the column make 万元; otherwise the cell speaks for itself.
        if unit_written in ("万", "亿", "千", "百万"):
            unit = unit_written + column_unit
        else:
            doubts.append(f"指标值的单位“{unit_written}”与单位列“{column_unit}”不一致，以指标值为准")
    if unit == "%" and amount and 0 < amount <= 1:
        doubts.append(f"{amount}% 疑为百分数格式丢失，请核对是否 {amount * 100:f}%")
    if match := re.search(r"/(季度|季|月|半年|周)$", unit or ""):
        per = per or match[1]
    return {"op": found, "value": amount, "unit": unit or None, "per": per, "relative": relative, "implied": implied}


def _range(low: str, high: str, unit: str | None, doubts: list[str]) -> dict[str, Any]:
    a, b = Decimal(low.replace(",", "")), Decimal(high.replace(",", ""))
    if a > b:
        doubts.append("区间上下限颠倒，已按从小到大处理")
        a, b = b, a
    return {"op": "range", "value": (a, b), "unit": unit or None}


def _number(text: str, doubts: list[str]) -> tuple[Decimal | None, str]:
    """Read a number at the head of ``text``; return it and what follows (with % put back for 百分之)."""
    if match := re.match(rf"^({'百分之|千分之'})({_NUMBER}|{_CN_NUMBER})", text):
        inner, rest = _number(match[2], doubts)
        return inner, ("%" if match[1] == "百分之" else "‰") + rest + text[match.end() :]
    if match := re.match(rf"^{_NUMBER}", text):
        head, rest = match[0], text[match.end() :]
        if letters := re.match(r"^[oOlI]+(?=[%\d一-龥]|$)", rest):
            fixed = head + letters[0].translate(str.maketrans("oOlI", "0011"))
            doubts.append(f"“{head}{letters[0]}”疑为“{fixed}”的误录")
            head, rest = fixed, rest[letters.end() :]
        if re.match(r"^[,\d.]", rest):
            return None, text
        if odd := misgrouped(head):
            doubts.append(f"“{odd}”的逗号不在千位上，不知是几")
        return Decimal(head.replace(",", "")), rest
    if match := re.match(rf"^{_CN_NUMBER}", text):
        word, rest = match[0], text[match.end() :]
        # 十万元 keeps 万 in the number; a number that is only a multiplier (万, 亿, 千) is none.
        if (
            not re.search(r"[零一二两三四五六七八九十]", word)
            or rest[:1] in ("级", "定", "票")
            or rest.startswith("分之")
        ):
            return None, text
        number = chinese_number(word)
        if number is None:
            return None, text
        return (number * 10, "%" + rest[1:]) if rest.startswith("成") and len(word) == 1 else (number, rest)
    return None, text


def _unit_and_suffix(text: str, doubts: list[str]) -> tuple[str | None, Op | None]:
    """Split ``90 | %以上`` behind the number; (None, None) where what follows is no unit."""
    suffix: Op | None = None
    text = re.sub(r"(?:完成|之间|目标)$", "", text)
    if text.endswith(("左右", "上下")):
        doubts.append("“左右”使指标值不明确")
        text = text[:-2]
    if word := next((w for w in _SUFFIX_WORDS if text.endswith(w)), None):
        suffix, text = _SUFFIX_OPS[word], text[: -len(word)]
    text = re.sub(r"\((?:含|不含)?[^()]{0,6}\)$", "", text)
    text = "%" if text == "百分比" else text
    if text.startswith("%") and len(text) > 1 and not re.search(r"[\d%]", text[1:]):
        doubts.append(f"百分数后有文字“{text[1:]}”")
        text = "%"
    if len(text) > 12 or _BAD_UNIT.search(text) or re.search(r"\d", text.replace("m2", "").replace("m3", "")):
        return None, None
    return text, suffix


_DAY_WORDS = {
    "初": 5,
    "上旬": 10,
    "中旬": 20,
    "中": 15,
    "下旬": 0,
    "底": 0,
    "末": 0,
    "月底": 0,
    "月末": 0,
    "份": 0,
    "": 0,
}
_QUARTER = {"一": 3, "二": 6, "三": 9, "四": 12, "1": 3, "2": 6, "3": 9, "4": 12}
_TAIL = r"(?:(?:之?以?前|之?内|止|为止)?(?:全部|全面|及时|按时)?(?:完成|办结|结束|到位|完工|竣工|验收|实施|支付)?(?:完毕|任务|工作|率)?)"


def _read_date(text: str, year: int | None, dated: bool) -> date | str | None:
    """Return a date, a reason why a date can't be completed, or None where the text is no date."""
    body = re.sub(r"^(?:≤|<=?|=|≥)?(?:截至|截止|截止到|截至到|于|在|到|至|按时于)?", "", text)
    body = re.sub(r"[一二三四五六七八九十]{1,3}(?=[月日号])", lambda m: str(chinese_number(m[0]) or m[0]), body)
    body = re.sub(r"\d{1,2}:\d{2}(?::\d{2})?$", "", body) if re.search(r"\d{4}-\d", body) else body
    period = re.fullmatch(r"(.*?\d(?:年|月|日)?份?)(?:-|~|至|到)(\d.*)", body)
    if period and re.search(r"年|月|日|\d{4}[.\-/]\d", period[1]):
        left_year = re.match(r"(\d{4})[年.\-/]", period[1])
        end = _one_date(period[2], int(left_year[1]) if left_year else year, True)
        if isinstance(end, date) and _one_date(period[1], year or end.year, True) is not None:
            return end
    if re.fullmatch(r"1-12月(?:份|底|末)?", body):
        return date(year, 12, 31) if year else "日期缺少年份"
    return _one_date(body, year, dated)


def _one_date(text: str, year: int | None, dated: bool) -> date | str | None:
    if match := re.fullmatch(rf"(\d{{4}})(?:年|\.|-|/)(\d{{1,2}})(?:月|\.|-|/)(\d{{1,2}})[日号]?{_TAIL}", text):
        return _date(int(match[1]), int(match[2]), int(match[3]))
    if dated and (match := re.fullmatch(r"((?:19|20)\d{2})(\d{2})(\d{2})", text)):
        return _date(int(match[1]), int(match[2]), int(match[3]))
    if match := re.fullmatch(
        rf"(\d{{4}})(?:年|\.|-|/)(\d{{1,2}})月?(月底|月末|底|末|初|上旬|中旬|下旬|中|份)?{_TAIL}", text
    ):
        return _month(int(match[1]), int(match[2]), match[3] or "")
    if match := re.fullmatch(rf"(\d{{4}})年度?(?:年底|年末|底|末|内)?{_TAIL}", text):
        return _date(int(match[1]), 12, 31)
    if match := re.fullmatch(rf"(\d{{4}})年(?:第)?([一二三四1-4])季度(?:末|底)?{_TAIL}", text):
        return _month(int(match[1]), _QUARTER[match[2]], "")
    if match := re.fullmatch(rf"(\d{{4}})年上半年{_TAIL}", text):
        return _date(int(match[1]), 6, 30)
    month = day = 0
    word = ""
    if match := re.fullmatch(rf"(?:当年|本年|全年|年度)?(\d{{1,2}})月(\d{{1,2}})[日号]{_TAIL}", text):
        month, day = int(match[1]), int(match[2])
    elif match := re.fullmatch(rf"(?:当年|本年)?(\d{{1,2}})月(底|末|初|上旬|中旬|下旬|份底?)?{_TAIL}", text):
        if not (match[2] or dated or re.search(r"前|完成", text)):
            return None
        month, word = int(match[1]), (match[2] or "")[:2].replace("份底", "底")
    elif re.fullmatch(rf"(?:本|当|今)?(?:年底|年末|年内|年度内|年度|财政年度内){_TAIL}", text):
        month, day = 12, 31
    elif re.fullmatch(rf"上半年{_TAIL}", text):
        month, day = 6, 30
    elif match := re.fullmatch(rf"(?:第)?([一二三四1-4])季度(?:末|底)?{_TAIL}", text):
        month = _QUARTER[match[1]]
    else:
        return None
    if year is None:
        return "日期缺少年份"
    return _date(year, month, day) if day else _month(year, month, word)


def _date(year: int, month: int, day: int) -> date | str:
    try:
        return date(year, month, day)
    except ValueError:
        return f"没有 {year}年{month}月{day}日 这一天"


def _month(year: int, month: int, word: str) -> date | str:
    if not 1 <= month <= 12 or not 1900 < year < 2200:
        return f"没有 {year}年{month}月"
    day = _DAY_WORDS.get(word, 0)
    return date(year, month, day or calendar.monthrange(year, month)[1])
