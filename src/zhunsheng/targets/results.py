"""What an indicator came to, read against the indicator: a figure in its own terms, or why that is doubtful."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from zhunsheng.targets.kinds import IndicatorType, same_unit, wants
from zhunsheng.targets.sheet import Indicator
from zhunsheng.targets.units import convert, known_unit, split_unit
from zhunsheng.targets.value import TargetValue, normalise, periods

Bound = Literal["", "least", "most", "about"]
HIGH = 50  # a percentage from which on a result of one percent or less is rather a share that lost its format

_NUMBER = re.compile(r"-?(?:\d[\d,]*(?:\.\d+)?|\.\d+)")
_CHINESE = re.compile(r"[一二两三四五六七八九十百千万]+")
_LEAD = re.compile(
    r"^(?:目前|截至目前|至今|现已|已经|已|现|全年|年内|本年度?|当年|全区|共计|共|累计|合计|总计|实际|平均|均|全部|"
    r"开展|完成|实现|达到|达|组织|举办|召开|举行|为|了)+"
)
_NOTE = re.compile(r"\([^()]*\)$")
_AWAY = re.compile(r"未|没|不|无|差|缺|少于|计划|拟|应|目标|仅剩|还剩|剩余|预计")
_GROWTH = re.compile(r"(增长|提高|上升|提升|增加|下降|降低|减少|压减|增|降)(?:了|率|幅度?|额)?(?:约|为|达|达到)?$")
_ABOUT = re.compile(r"约|大概|左右|上下|接近|近(?=\d)|余|多(?=[个件次人户家台批]|$)")
_NOTHING = re.compile(
    r"(?:全年|年内|本年度?|至今|均|从)*(?:"
    r"(?:未|没有|零)(?:再)?(?:发生|出现|收到|接到|发现)[一-龥]{0,14}"
    r"|(?:无|零)(?:安全|重大|较大|食品|药品|生产|责任|群体性?|质量|有效|群众|集体|违规|违法)*"
    r"(?:事故|投诉|事件|上访|信访|差错|举报|舆情|案件|行为|发生)(?:发生|情况)?)"
)
_DOING = r"建立|完成|制定|出台|发布|印发|建成|实现|落实|通过|公开|达标|发生|执行|开通"
_YES = re.compile(rf"是|有|(?:已经?)(?:全部|全面|按时)?(?:{_DOING})[一-龥]{{0,8}}|(?:按时|全部|如期)?(?:{_DOING})")
_NO = re.compile(rf"否|不是|没有|(?:未|尚未|还未|没有|暂未)(?:{_DOING})[一-龥]{{0,8}}")
_PARTS = re.compile(r"(上半年|下半年|[一二三四1-4]季度|\d{1,2}月份?)[^\d,;、]{0,12}?(\d[\d,]*)([一-龥]{0,3})")
_DAY = re.compile(r"\d{4}(?:年|[-./])\d{1,2}(?:月|[-./])\d{1,2}日?")


@dataclass(frozen=True)
class Written:
    """A result as someone wrote it, before it meets its indicator.

    ``growth`` is 1 for a rise, -1 for a fall, 0 where neither is said; ``bound`` says that the number is only a least, a
    most or a rough one; ``answer`` is a yes or no; ``why`` says what stands in the way of reading it.
    """

    text: str
    number: Fraction | None = None
    unit: str | None = None
    per: str | None = None
    growth: int = 0
    bound: Bound = ""
    day: date | None = None
    answer: bool | None = None
    why: str | None = None


@dataclass(frozen=True)
class Result:
    """A result in its indicator's terms: a figure in the target's unit for the whole year, a day, a yes or no.

    For a growth target the figure counts in the target's direction: a fall of 3 % is -3 against 增长8%, 3 against 下降2%.
    ``value`` is None where there is none; then ``doubt`` says why where something is there but can't be relied on.
    """

    value: Fraction | date | bool | None
    doubt: str | None = None


def read_written(text: str, *, year: int | None = None, unit: str | None = None, dated: bool = False) -> Written:
    """Read a result as people write it: 92%, 已开展4次, 全年累计3,200人次, 下降3%, 每月1次, 2021年11月26日, 未发生.

    ``unit`` is the unit to look for first behind the number; ``year`` completes a day without year. Never raises.
    """
    words = normalise(text)
    bare = _NOTE.sub("", words).rstrip("。;；,，") or words
    whole = TargetValue.parse(bare, year=year, dated=dated)
    if isinstance(whole.value, date):
        return Written(text, day=whole.value)
    days = _DAY.findall(bare)
    if len(days) == 1 and isinstance(day := TargetValue.parse(days[0], year=year).value, date):
        return Written(text, day=day)
    if _NOTHING.fullmatch(bare):
        return Written(text, Fraction(0), answer=False)
    if parts := _PARTS.findall(bare):
        return _sum_of(text, parts)
    if not re.search(r"\d", bare) and (_YES.fullmatch(bare) or _NO.fullmatch(bare)):
        return Written(text, answer=bool(_YES.fullmatch(bare)))
    return _read_number(text, bare, unit)


def _sum_of(text: str, parts: list[tuple[str, str, str]]) -> Written:
    """Add up a year told by its halves or quarters; a year told in part is doubtful."""
    names = {re.sub(r"\D季|季", "季", p.translate(str.maketrans("一二三四", "1234"))) for p, _, _ in parts}
    units = {u for _, _, u in parts if u}
    halves = {p for p, _, _ in parts} == {"上半年", "下半年"}
    if len(names) != len(parts) and not halves:
        return Written(text, why="同一时段写了两次")
    if not halves and len(parts) != (4 if "季度" in parts[0][0] else 12):
        return Written(text, why="只写了年内一部分时间")
    if len(units) > 1:
        return Written(text, why="各时段的单位不同")
    total = sum((Fraction(n.replace(",", "")) for _, n, _ in parts), Fraction(0))
    return Written(text, total, unit=next(iter(units), None))


def _read_number(text: str, bare: str, unit: str | None) -> Written:
    body = re.sub(r"(?:19|20)\d{2}年度?", "", bare)
    body = _LEAD.sub("", body)
    about: Bound = "about" if _ABOUT.search(body) else ""
    body = _ABOUT.sub("", body) if about else body
    read = TargetValue.parse(body)
    if read.number is not None and not read.relative and any("误录" in d for d in read.doubts):
        return Written(text, why=next(d for d in read.doubts if "误录" in d))
    if read.number is not None and not re.search(r"目标|计划", body):
        bound: Bound = about or (
            "" if read.implied else {">": "least", ">=": "least", "<": "most", "<=": "most"}.get(read.op, "")
        )  # type: ignore[assignment]
        if read.relative:
            head = read.relative
            sign = _sign(head)
            bound = about if not re.search(r"[≥≤<>]|不|以上|以下|超", body) else bound
            return Written(text, Fraction(read.number), read.unit, read.per, sign, bound)
        return Written(text, Fraction(read.number), _unit(read.unit or "", unit), read.per, 0, bound)
    if isinstance(read.value, tuple):
        return Written(text, why="写的是一个区间")
    found = list(_NUMBER.finditer(body))
    if not found:
        found = [
            m
            for m in _CHINESE.finditer(body)
            if known_unit(body[m.end() :]) or (unit and body[m.end() :].startswith(unit))
        ]
    if not found:
        return Written(text, why="没有写出数")
    if len(found) > 1:
        return Written(text, why="写了不止一个数")
    head, tail = body[: found[0].start()], body[found[0].end() :]
    if _AWAY.search(head):
        return Written(text, why=f"“{head}”后面的数不一定是完成的数")
    alone = TargetValue.parse(found[0][0] + (_unit(tail, unit) or ""))
    if alone.number is None:
        return Written(text, why="没有写出数")
    per = match[1] if (match := re.search(r"每(季度|季|月|半年|周|年)度?[^每]*$", head)) else None
    growth = _sign(match[1]) if (match := _GROWTH.search(head)) else 0
    least: Bound = "least" if re.search(r"超过?$|[≥>]$", head) or tail.endswith("以上") else ""
    return Written(text, Fraction(alone.number), alone.unit, per or alone.per, growth, about or least)


def _sign(word: str) -> int:
    if re.search(r"下降|降低|减少|压减|降", word):
        return -1
    return 1 if re.search(r"增|提高|上升|提升", word) else 0


def _unit(tail: str, wanted: str | None) -> str | None:
    """Return the unit at the head of what follows a number: the wanted one, a known one, or all of it."""
    if wanted and tail.startswith(wanted):
        return wanted
    return known_unit(tail) or re.split(r"[,;:。、，；：!？?()以]", tail)[0] or None


def against(indicator: Indicator, figure: Fraction | date | None, unit: str | None, written: Written | None) -> Result:
    """Read a result against its indicator; ``written`` for what a person or table says, ``figure`` for a reading.

    Never raises: what can't be compared comes back with ``doubt``.
    """
    told = indicator.type
    if told.unsure:
        return Result(None, "指标本身待核对：" + "；".join(told.unsure))
    if written is None and figure is None:
        return Result(None)
    if written is None:
        written = Written("", day=figure) if isinstance(figure, date) else Written("", figure, unit)
        if told.aim.relative and written.number is not None:
            return Result(None, f"目标是“{told.aim.relative}”，台账给出的不是增减幅度")
    elif written.why and told.kind not in ("level", "yes_no"):
        return Result(None, f"完成值“{written.text}”{written.why}")
    if told.kind == "date":
        return Result(written.day) if written.day else Result(None, "目标是日期，完成值没有写日期")
    if told.kind == "yes_no":
        return _answer(told, written)
    if written.day is not None:
        return Result(None, "目标是数，完成值是日期")
    if written.number is None:
        return Result(None, f"完成值“{written.text}”是文字，目标是数")
    return _figure(told, written)


def _answer(told: IndicatorType, written: Written) -> Result:
    answer = written.answer
    if answer is None and written.number is not None:
        answer = written.number > 0
    if answer is None:
        return Result(None, f"目标是“{told.aim.raw}”，完成值看不出是或否")
    return Result(answer == wants(told.aim))


def _figure(told: IndicatorType, written: Written) -> Result:
    aim, number, unit = told.aim, written.number, written.unit
    assert number is not None
    if told.kind == "growth":
        way = -1 if told.falling else 1
        if not written.growth and number < 0 and told.falling:
            return Result(None, "目标是下降，完成值写成负数，看不出是升是降")
        number *= written.growth * way if written.growth else 1
    elif written.growth:
        return Result(None, f"完成值“{written.text}”写的是增减幅度，目标不是")
    if written.per:
        number *= 1 if split_unit(unit or aim.unit)[0] == "比值" else periods(written.per)
    if unit and not same_unit(unit, aim.unit):
        return Result(None, f"单位不可比：目标为“{aim.unit or '无单位'}”，完成值为“{unit}”")
    if written.text and (doubt := _share_doubt(told, number, unit)):
        return Result(None, doubt)
    value = convert(number, unit or aim.unit, aim.unit)
    if doubt := _bound_doubt(told, value, written.bound):
        return Result(None, doubt)
    return Result(value)


def _share_doubt(told: IndicatorType, number: Fraction, unit: str | None) -> str | None:
    """Return why a share that someone wrote may be one or a hundred times what it says."""
    aim = told.aim
    if split_unit(aim.unit)[0] != "比值" or not number:
        return None
    if not unit and aim.unit != "比值" and abs(number) <= 1:
        return (
            f"完成值“{_plain(number)}”没有写 {aim.unit}，不知是 {_plain(number)}{aim.unit} 还是 {_plain(number * 100)}%"
        )
    if not unit and aim.unit == "比值" and abs(number) > 1:
        return f"目标以 1 为满，完成值“{_plain(number)}”疑为百分数"
    highest = aim.value[1] if isinstance(aim.value, tuple) else aim.value
    high = isinstance(highest, Decimal) and convert(highest, aim.unit, "%") >= HIGH
    if unit and high and 0 < convert(number, unit, "%") <= 1 and told.sense == "more":
        return f"完成值 {_plain(number)}{unit} 疑为百分数格式丢失"
    return None


def _bound_doubt(told: IndicatorType, value: Fraction, bound: Bound) -> str | None:
    if not bound:
        return None
    if bound == "about":
        return "完成值只是约数"
    safe = (bound == "least" and told.sense == "more") or (bound == "most" and told.sense == "less")
    return None if safe and told.aim.meets(value) else "完成值只写了一个界限，不是确数"


def _plain(number: Fraction) -> str:
    text = f"{Decimal(number.numerator) / Decimal(number.denominator):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
