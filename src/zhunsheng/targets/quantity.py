"""A quantity as one phrase (每季度不少于1次, 较上年增长5%以上, 3-5天): operator, number or range, unit,
period.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from zhunsheng.numerals import chinese_number
from zhunsheng.targets.spelling import NUMBER, Op, number_at, number_of, operator_at, unit_and_suffix
from zhunsheng.targets.units import split_unit
from zhunsheng.translation import worded

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
    "预算",
    "概算",
    "共",
    "为",
    "在",
    "约",
)
# 12月底达到100%: the day on which the year's value is to be reached anyway.
_BY_YEAR_END = re.compile(
    r"(?:(?:20\d\d年)?12月(?:31日|底|末|份)?|(?:本|当|今)?年(?:底|末))(?:之?前)?"
    r"(?=(?:累计)?(?:达到|达|完成|实现|不[低少]于|≥))"
)
_RELATIVE = re.compile(
    r"^(?:(?:较|比|与)?(?:上年度?|去年|上一年度?|上年同期|去年同期|基期)(?:同期)?(?:相比)?|同比|环比)"
    r"(?:有所)?(增长|提高|上升|提升|增加|下降|降低|减少|压减)?(?:率)?"
)
# 下降3% and 减少1000人 speak of the year before without naming it.
_BARE_CHANGE = re.compile(
    rf"^(?:增长|提高|上升|提升|增加|下降|降低|减少|压减)"
    rf"(?=(?:不[低少小]于|[≥>])?(?:{NUMBER}|[一二两三四五六七八九]成))"
)
# From when a time limit is counted: 收到资金后30日内.
_SINCE = re.compile(
    r"(?:自|从|在)?[一-龥]{2,12}?(?:之日起|之后|后|起)(?=不?[超多少]?[过于]?\d{1,3}个?(?:工作日|日|天|小时|月))"
)
_PER = re.compile(r"每(季度|季|两个月|两月|双月|月|半年|两周|周|年度|年|日|天)(?:度)?")
_ONCE_IN = re.compile(
    r"(?:(?:一个?|1)(?=[年月周])|(?=半年))(半年|年|月|周)(?=\D{0,4}[\d一二两三四五六七八九十]+[次场遍]$)"
)
_DAILY = ("日", "天")
_OCCASIONS = ("次", "场", "场次", "班次", "遍")  # what of 每日 can be counted over a year
_PER_UNIT = re.compile(r"/(季度|季|月|半年|周)$")
_OWN_NAME = re.compile(r"(?!每|较|同比|环比|[比与][上去])[一-龥]{2,12}?[率数量比例度额](?=[≥≤<>=])")
_BOTH_ENDS = re.compile(
    rf"(?:≥|>|大于等于|不低于)({NUMBER})([^\d,且]*)[,、且并]?(?:≤|<|小于等于|不高于|不超过)({NUMBER})(.*)"
)
_SPAN = re.compile(rf"({NUMBER})([^\d\-~至到]{{0,4}})(?:-|~|至|到)({NUMBER})([^\d]*?)(之间)?")
_ZERO = re.compile(
    r"零([起次件例宗个人]?)(?:事故|投诉|伤亡|死亡|差错|违规|上访|舆情|事件|案件|发生|新增|积压)*"
)
_EITHER_WAY = re.compile(
    r"(?:误差|偏差|浮动|波动|变动)?(?:率|幅度|范围)?(?:≤|<|不超过|不大于|小于等于|控制在|在)?"
    rf"±({NUMBER})([^\d]*?)(?:以内|之内|内|范围内)?"
)
_LETTER = re.compile(r"^[A-Za-z](?=[≥≤<>=])")  # X≥85%
_BETWEEN = re.compile(rf"({NUMBER})([^\d≤]*)≤[A-Za-z]?≤({NUMBER})(.*)")  # 80%≤X≤100%
# A share of one that kept its % (0.95%): a rate to be reached is not as small, one to be held down may be.
_LOST_FORMAT = Decimal("0.6")
_FRACTION = re.compile(
    r"(?:(?P<whole>[二三四五六七八九十]{1,2})分之(?P<part>[一二三四五六七八九十]{1,2})|"
    r"(?P<above>\d)/(?P<below>\d)(?=以上|及以上|以下|以内))(?P<suffix>(?:及|\(含\)|或)?以[上下内])?"
)
# 全省前三名: better than that is a lower number.
_RANK = re.compile(
    r"(?:在?(?:全国|全省|全市|全区|全县|同类|同级|系统|片区)*)?(?:综合)?(?:考核|考评|测评|评价)?(?:排名|排位|位居|位列|名列|列|进入|进|居|保持)*"
    r"(?:全国|全省|全市|全区|全县)?(?:前(\d{1,3}|[一二三四五六七八九十]{1,3})(名|位)?|第(\d{1,3}|[一二三四五六七八九十]{1,3})(名|位))(?:以内|之内|内|以上)?"
)
_IN_A_YEAR = re.compile(r"年[一-龥]")  # 2025年汛前: when, and no number
_NO_UNIT = re.compile(r"[≥≤<>=]|\d[.,]?\d*[一-龥]{2}")  # 36万立方米 is a value
_MULTIPLIERS = ("万", "亿", "千", "百万")


@dataclass(frozen=True)
class Quantity:
    """Operator and number, or a range from low to high; ``implied`` where no operator is written."""

    op: Op
    value: Decimal | tuple[Decimal, Decimal]
    unit: str | None
    per: str | None = None
    relative: str | None = None
    implied: bool = False


@dataclass(frozen=True)
class Columns:
    """What columns beside a value say: its operator and its unit."""

    op: Op | None
    unit: str | None


@dataclass(frozen=True)
class _Lead:
    """What stands before the number: an operator, the period, what a growth is measured against."""

    op: Op | None = None
    per: str | None = None
    relative: str | None = None


def read_quantity(text: str, columns: Columns, doubts: list[str]) -> Quantity | None:
    """Read a normalised text as a quantity; None where it is none.

    What the phrase says outranks the columns. What a reader should look at again is added to ``doubts``.
    """
    text = _LETTER.sub("", text)
    if both := _BETWEEN.fullmatch(text):
        return _range(both[1], both[3], both[4] or both[2] or columns.unit, doubts)
    if both := _BOTH_ENDS.fullmatch(text):
        return _range(both[1], both[3], both[4] or both[2] or columns.unit, doubts)
    if rank := _RANK.fullmatch(text):
        said = rank[1] or rank[3]
        place = number_of(said) if said.isdigit() else chinese_number(said)
        if place is not None:
            return Quantity("<=", Decimal(place), rank[2] or rank[4] or "名")
    lead, rest = _lead(_without_name(text, doubts), doubts)
    if part := _FRACTION.fullmatch(rest):
        return _fraction(part, lead, doubts)
    if zero := _ZERO.fullmatch(rest):
        return Quantity("==", Decimal(0), zero[1] or columns.unit)
    if away := _EITHER_WAY.fullmatch(rest):
        return _range(f"-{away[1]}", away[1], away[2] or columns.unit, doubts)
    if (span := _SPAN.fullmatch(rest)) and lead.op in (None, "==", "<="):
        if span[2] and span[4] and span[2] != span[4]:
            return None
        return _range(span[1], span[3], span[4] or span[2] or columns.unit, doubts)
    amount, tail = number_at(rest, doubts)
    if amount is None:
        return None
    written, suffix = unit_and_suffix(tail, doubts)
    if written is None or (_IN_A_YEAR.match(written) and 1990 < amount < 2100):
        return None
    _doubt_suffix(text, lead.op, suffix, doubts)
    op = lead.op or suffix
    if op and columns.op and op != columns.op:
        doubts.append(worded("指标值自带的比较符与比较符列不一致，以指标值为准"))
    op = op or columns.op or (">=" if lead.relative else None)
    unit = _unit(written, columns.unit, doubts)
    if unit == "%" and _LOST_FORMAT <= amount < 1 and op not in ("<=", "<") and not lead.relative:
        doubts.append(
            worded(
                "{amount}% 疑为百分数格式丢失，请核对是否 {percent}%",
                amount=amount,
                percent=f"{amount * 100:f}",
            )
        )
    match = _PER_UNIT.search(unit or "")
    per = lead.per or (match[1] if match else None)
    if per in _DAILY and unit not in _OCCASIONS:  # 每日10吨 is a rate, told by no sum of a year
        return None
    return Quantity(op or "==", amount, unit, per, lead.relative, implied=op is None and bool(amount))


def _fraction(part: re.Match[str], lead: _Lead, doubts: list[str]) -> Quantity | None:
    """Return a fraction in words (五分之四以上) as a percentage; one that doesn't come out even is rounded
    to two places, and doubted.
    """
    words = (part["whole"] or part["below"], part["part"] or part["above"])
    whole, share = (Decimal(w) if w.isdigit() else chinese_number(w) for w in words)
    if not whole or share is None or share > whole:
        return None
    exact = Decimal(share) * 100 / Decimal(whole)
    percent = exact.quantize(Decimal("0.01")).normalize()
    op = lead.op or (">=" if "上" in (part["suffix"] or "") else "<=" if part["suffix"] else None)
    if percent != exact and op is None:
        return None  # 三分之二 by itself stays the words that it is
    if percent != exact:
        doubts.append(worded("“{text}”除不尽，按 {percent}% 读入", text=part[0], percent=f"{percent:f}"))
    return Quantity(op or "==", Decimal(f"{percent:f}"), "%", lead.per, lead.relative, implied=op is None)


def _without_name(text: str, doubts: list[str]) -> str:
    """Take the indicator's own name off the head of its value (办结率≥90%)."""
    match = _OWN_NAME.match(text)
    if match is None:
        return text
    doubts.append(worded("指标值里写了“{match}”", match=match[0]))
    return text[match.end() :]


def _lead(rest: str, doubts: list[str]) -> tuple[_Lead, str]:
    """Take what stands before the number, in any order, and words that say nothing; return the rest too."""
    op: Op | None = None
    per: str | None = None
    relative: str | None = None
    before = ""
    while rest != before:
        before = rest
        if op is None:
            op, rest = operator_at(rest)
        if per is None and (match := _PER.match(rest) or _ONCE_IN.match(rest)):
            per, rest = match[1], rest[match.end() :]
        if match := _SINCE.match(rest) or _BY_YEAR_END.match(rest):
            rest = rest[match.end() :]
        if relative is None and (match := _RELATIVE.match(rest) or _BARE_CHANGE.match(rest)):
            relative, rest = match[0], rest[match.end() :]
        if word := next((word for word in _FILLERS if rest.startswith(word)), None):
            if word == "约":
                doubts.append(worded("“约”字使指标值不明确"))
            rest = rest[len(word) :]
    return _Lead(op, per, relative), rest


def _doubt_suffix(text: str, op: Op | None, suffix: Op | None, doubts: list[str]) -> None:
    """Note where operators before and behind the number contradict or repeat each other."""
    if not suffix or not op:
        return
    if suffix != op and (op, suffix) not in ((">", ">="), ("<", "<=")):
        doubts.append(worded("“{text}”前后的比较词相反", text=text))
    elif op in (">", "<"):
        doubts.append(worded("“{text}”前后的比较词重复", text=text))


def _unit(written: str, column: str | None, doubts: list[str]) -> str | None:
    """Return the unit of a value from what stands behind the number and what the column of units says."""
    if column and _NO_UNIT.search(column):
        doubts.append(worded("单位列“{column}”不像是单位", column=column))
    if not written or not column or written == column:
        return written or column or None
    # 万 in the value and 元 in the column make 万元; otherwise the cell speaks for itself.
    if written in _MULTIPLIERS:
        return written + column
    if split_unit(written) == split_unit(column):
        return written  # 日 and 天
    doubts.append(
        worded(
            "指标值的单位“{written}”与单位列“{column}”不一致，以指标值为准", written=written, column=column
        )
    )
    return written


def _range(low: str, high: str, unit: str | None, doubts: list[str]) -> Quantity:
    first, last = number_of(low), number_of(high)
    if first > last:
        doubts.append(worded("区间上下限颠倒，已按从小到大处理"))
        first, last = last, first
    return Quantity("range", (first, last), unit or None)
