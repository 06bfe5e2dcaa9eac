"""What an indicator came to, read against the indicator: a figure in its own terms, or why
that is doubtful.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from zhunsheng.targets.beside import left_out, narrowed, odd_words, takes_back
from zhunsheng.targets.kinds import DOWN, MULTIPLIERS, IndicatorType, same_unit, wants
from zhunsheng.targets.sheet import Indicator
from zhunsheng.targets.spelling import normalise, periods
from zhunsheng.targets.units import convert, counted_alike, counts, split_unit
from zhunsheng.targets.value import TargetValue
from zhunsheng.targets.written import Bound, Written, read_written
from zhunsheng.translation import series, worded
from zhunsheng.wording import plain

BEYOND = ("倍", "百分点", "个百分点")  # ratios that stop at no whole
HIGH = 50  # a percentage from which on a result of one percent or less is rather a share that lost its format
_AVERAGE = re.compile(r"平均|人均|户均|均|/|比例|密度")
_STOCK = re.compile(
    r"单[次价位件批]|时限|用时|周期|在[岗册职编校]|监管|现有|保有|存量|年末|期末"
)  # no sum of a year


@dataclass(frozen=True)
class Result:
    """A result in its indicator's terms: a figure in the target's unit for the whole year, a day,
    a yes or no.

    For a growth target the figure counts in the target's direction: a fall of 3 % is -3 against 增长8%,
    3 against 下降2%. ``value`` is None where there is none; then ``doubt`` says why where something is there
    but can't be relied on.
    """

    value: Fraction | date | bool | None
    doubt: str | None = None


def against(
    indicator: Indicator, figure: Fraction | date | None, unit: str | None, written: Written | None
) -> Result:
    """Read a result against its indicator; ``written`` for what a person or table says,
    ``figure`` for a reading.

    Never raises: what can't be compared comes back with ``doubt``.
    """
    told = indicator.type
    read = _against(indicator, figure, unit, written)
    if told.unsure and not (told.either and read.value in told.bounds):
        return Result(None, worded("指标本身待核对：{doubt}", doubt=series(told.unsure, "；")))
    return read


def _against(
    indicator: Indicator, figure: Fraction | date | None, unit: str | None, written: Written | None
) -> Result:
    told = indicator.type
    if written is None and figure is None:
        return Result(None)
    if written is None:
        written = Written("", day=figure) if isinstance(figure, date) else Written("", figure, unit)
        if told.aim.relative and written.number is not None:
            return Result(
                None, worded("目标是“{relative}”，台账给出的不是增减幅度", relative=told.aim.relative)
            )
    elif written.why and told.kind not in ("level", "yes_no"):
        shown = written.text if len(written.text) <= 100 else f"{written.text[:100]}…"
        return Result(None, worded("完成值“{shown}”{why}", shown=shown, why=written.why))
    if told.kind != "level" and (written.day is not None or written.number is not None):
        if odd := odd_words(indicator, written):
            return Result(
                None,
                worded("完成值“{text}”里的“{odd}”使旁边的数不一定是完成的数", text=written.text, odd=odd),
            )
        if narrower := narrowed(indicator, written.denied):
            return Result(
                None,
                worded(
                    "完成值“{text}”只说没有“{narrower}”，没有说指标的其余部分",
                    text=written.text,
                    narrower=narrower,
                ),
            )
        if written.day is None and (dropped := left_out(indicator, written)):
            return Result(
                None,
                worded(
                    "完成值“{text}”写的不是整个指标名称，少了“{dropped}”，不一定是这个指标",
                    text=written.text,
                    dropped=dropped,
                ),
            )
    if told.kind == "date":
        return _day(told, written)
    if told.kind == "yes_no":
        return _answer(told, written)
    if written.day is not None:
        return Result(None, worded("目标是数，完成值是日期"))
    if written.number is None:
        return Result(None, worded("完成值“{text}”是文字，目标是数", text=written.text))
    return _figure(indicator, written)


def _day(told: IndicatorType, written: Written) -> Result:
    if written.day is None and isinstance(told.aim.value, date) and written.text:
        # 10月 is a day to be done by only where a day is asked for.
        written = read_written(written.text, year=told.aim.value.year, dated=True)
    if written.day is None and written.answer is False and not written.denied:
        return Result(False)
    if written.day is None:
        return Result(None, worded("目标是日期，完成值没有写日期"))
    if written.bound and isinstance(told.aim.value, date) and written.day > told.aim.value:
        return Result(None, worded("完成值只写了一个期限，不是完成的日期"))
    if (open_days := _days_left_open(told.aim)) and open_days[0] <= written.day <= open_days[1]:
        return Result(
            None, worded("指标值“{raw}”没有写是期初还是期末以前，完成日期在此期间", raw=told.aim.raw)
        )
    return Result(written.day)


def _days_left_open(aim: TargetValue) -> tuple[date, date] | None:
    """Return first and last day of the quarter or month before which (三季度前, 10月前) something is to be
    done, since nobody can tell whether its beginning or its end is meant; None where the day is told.
    """
    found = re.search(r"(季度|月)之?以?前", normalise(aim.raw))
    if found is None or not isinstance(aim.value, date):
        return None
    month = aim.value.month - 2 if found[1] == "季度" else aim.value.month
    return aim.value.replace(day=1, month=month), aim.value


def _answer(told: IndicatorType, written: Written) -> Result:
    answer = written.answer
    if answer is None and written.number is not None:
        answer = written.number > 0
        if split_unit(written.unit)[0] == "比值" and written.unit and answer:
            return Result(
                None,
                worded(
                    "目标是“{raw}”，完成值“{text}”是比例，看不出是否全部完成",
                    raw=told.aim.raw,
                    text=written.text,
                ),
            )
    if answer is None:
        return Result(None, worded("目标是“{raw}”，完成值看不出是或否", raw=told.aim.raw))
    if written.number is None and answer == wants(told.aim):
        if share := re.search(r"\d+(?:\.\d+)?%", normalise(written.text)):
            return Result(
                None,
                worded(
                    "完成值“{text}”里的“{words}”使旁边的是或否不一定成立", text=written.text, words=share[0]
                ),
            )
        for words in written.around:
            if takes_back(words):
                return Result(
                    None,
                    worded(
                        "完成值“{text}”里的“{words}”使旁边的是或否不一定成立", text=written.text, words=words
                    ),
                )
    return Result(answer == wants(told.aim))


def _figure(indicator: Indicator, written: Written) -> Result:
    told = indicator.type
    aim, number, unit = told.aim, written.number, written.unit
    assert number is not None
    if told.kind == "growth":
        way = -1 if told.falling else 1
        if (
            written.text
            and number < 0
            and told.falling
            and not told.aim.relative
            and DOWN.search(indicator.name)
        ):
            return Result(
                None, worded("名称是下降的比率，完成值“{text}”是负数，看不出是升是降", text=written.text)
            )
        if written.signed and told.falling and told.aim.relative:
            # Beside 较上年下降3% a sign tells the change of the thing: -5% is a fall.
            if DOWN.search(indicator.name):
                return Result(None, worded("名称和目标都说下降，完成值带正负号，看不出是升是降"))
            number *= way
        elif written.text and not written.growth and (doubt := _growth_doubt(told, number, unit)):
            return Result(None, doubt)
        number *= written.growth * way if written.growth else 1
    elif written.growth:
        return Result(None, worded("完成值“{text}”写的是增减幅度，目标不是", text=written.text))
    elif written.text and number < 0 and all(b >= 0 for b in told.bounds):
        return Result(None, worded("完成值“{text}”写成负数", text=written.text))
    yearly = _for_the_year(indicator, written, number)
    if isinstance(yearly, str):
        return Result(None, yearly)
    number = yearly
    unit = _in_yuan(unit, aim.unit)
    if told.sense == "less":
        number, unit = _waited(number, unit, aim.unit)
    if unit and (
        not same_unit(unit, aim.unit) or (written.text and aim.unit and not counted_alike(unit, aim.unit))
    ):
        return Result(
            None,
            worded(
                "单位不可比：目标为“{own}”，完成值为“{unit}”", own=aim.unit or worded("无单位"), unit=unit
            ),
        )
    if written.text and (
        doubt := _share_doubt(told, number, unit)
        or _part_doubt(indicator, written)
        or _money_doubt(told, number, unit)
    ):
        return Result(None, doubt)
    value = convert(number, unit or aim.unit, aim.unit)
    if written.text and (doubt := _heads_doubt(told, value, unit)):
        return Result(None, doubt)
    if doubt := _beyond_doubt(told, value, written.text) or _bound_doubt(told, value, written.bound):
        return Result(None, doubt)
    return Result(value)


def _in_yuan(unit: str | None, wanted: str | None) -> str | None:
    """Return the unit of an amount whose 元 is left out (3.5万 beside ≤3.5万元); any other as it is."""
    return f"{unit}元" if unit in MULTIPLIERS and split_unit(wanted)[0] == "元" else unit


def _for_the_year(indicator: Indicator, written: Written, number: Fraction) -> Fraction | str:
    """Return a figure for the whole year, or why what is written of its parts can't be told of the whole."""
    aim = indicator.aim
    if written.parts and aim.per:
        whole = _by_period(indicator.type, written.parts)
        if whole is None:
            return worded("完成值“{text}”没有按“每{per}”分开写", text=written.text, per=aim.per)
        return whole
    if written.parts and (_AVERAGE.search(indicator.name) or _STOCK.search(indicator.name)):
        return worded("完成值“{text}”各时段的数不能相加", text=written.text)
    if aim.per in ("日", "天") and not written.per and number <= (aim.number or 0):
        return worded("完成值“{text}”没有写是每{per}还是全年", text=written.text, per=aim.per)
    if written.per:
        if split_unit(written.unit or aim.unit)[0] == "比值":
            return number
        share = Fraction(periods(aim.per) - aim.before, periods(aim.per))  # of the year that counts
        return number * periods(written.per) * share
    return number


def _waited(number: Fraction, unit: str | None, wanted: str | None) -> tuple[Fraction, str | None]:
    """Return how long something took in the unit asked for, days of 24 hours each (24小时 beside 1天); as it
    is where no such unit meets the other. Working days have no hours.
    """
    base, scale = split_unit(unit)
    own = split_unit(wanted)[0]
    if {base, own} != {"小时", "日"}:
        return number, unit
    hours = number * scale * (24 if base == "日" else 1)
    return (hours, "小时") if own == "小时" else (hours / 24, "天")


_VISITS = {"人次": ("人", "名"), "户次": ("户", "家"), "家次": ("家", "户"), "台次": ("台",)}


def _heads_doubt(told: IndicatorType, value: Fraction, unit: str | None) -> str | None:
    """Return why persons can't be compared with visits: a person may come more than once, so that 120人 are
    at least 120人次, and 120人次 at most as many persons. None where that is enough to tell.
    """
    one, own = split_unit(unit)[0], split_unit(told.unit)[0]
    heads, visits = one in _VISITS.get(own, ()), own in _VISITS.get(one, ())
    safe = (heads and told.sense == "more") or (visits and told.sense == "less")
    if not (heads or visits) or (safe and told.aim.meets(value)):
        return None
    return worded("目标以“{own}”计，完成值以“{unit}”计，不能比较", own=told.unit, unit=unit)


def _beyond_doubt(told: IndicatorType, value: Fraction, text: str) -> str | None:
    """Return why what goes beyond its range can't be judged: more may have been done, or too much.

    A range around nought (±3%) is a tolerance, which nothing exceeds for the better.
    """
    if not text or told.sense != "within" or min(told.bounds) < 0 or value <= max(told.bounds):
        return None
    return worded("完成值“{text}”超过区间的上限，不知是多做还是超出范围，请写明指标方向", text=text)


def _by_period(told: IndicatorType, parts: Sequence[Fraction]) -> Fraction | None:
    """Return what a year's parts (quarters, months, halves) come to for a target that is to be met in each of
    its periods, in the target's terms for the year; None where the parts do not make up its periods.

    每季度1次 is met by four quarters with one each: two in one make up for none in another.
    """
    aim = told.aim
    count = periods(aim.per) - aim.before
    if len(parts) % count or aim.number is None:
        return None
    each = len(parts) // count
    sums = [sum(parts[n : n + each], Fraction(0)) for n in range(0, len(parts), each)]
    goal = Fraction(aim.number)
    if aim.ceiling:
        return max(sums) * aim.times
    counted = sums if all(s >= goal for s in sums) else [min(s, goal) for s in sums]
    return sum(counted, Fraction(0)) / (count // aim.times)


def _growth_doubt(told: IndicatorType, number: Fraction, unit: str | None) -> str | None:
    """Return why a number without a word of rise or fall can't be compared with a growth target."""
    said = worded("完成值“{number}{unit}”", number=plain(number), unit=unit or "")
    if told.falling and told.aim.relative and number:  # a 下降率 counts the fall by its name
        return worded("目标是下降，{what}没有写上升还是下降，请写明", what=said)
    if told.aim.relative and split_unit(told.unit)[0] != "比值":  # 增加100人 beside 1100人: the count itself
        return worded(
            "目标是“{relative}”，{what}没有写是增减数，请写明", relative=told.aim.relative, what=said
        )
    if split_unit(told.unit)[0] != "比值" or not same_unit(unit or told.unit, told.unit):
        return None
    # 108% beside 增长8% is far more likely the year before taken as 100 than a growth of more than double.
    here, aims = convert(number, unit or told.unit, "%"), [convert(b, told.unit, "%") for b in told.bounds]
    if aims and abs(here - 100 - max(aims)) < abs(here - max(aims)):
        return worded(
            "{what}疑以上年为 100，不知是增长 {here}% 还是 {beyond}%，请写明增幅",
            what=said,
            here=plain(here),
            beyond=plain(here - 100),
        )
    return None


def _part_doubt(indicator: Indicator, written: Written) -> str | None:
    """Return why a result can't be a count: a part of a thing that only whole ones are of (1.5 册 may be
    1,500).
    """
    told, number = indicator.type, written.number
    if (
        number is None
        or told.kind not in ("quantity", "frequency")
        or _AVERAGE.search(indicator.name + written.text)
    ):
        return None
    unit = written.unit or told.unit
    if not counts(unit) or any((b * split_unit(told.unit)[1]).denominator != 1 for b in told.bounds):
        return None
    if (number * split_unit(unit)[1]).denominator == 1:
        return None
    return worded("完成值“{text}”不是整数，“{unit}”只能整着数，请核对小数点", text=written.text, unit=unit)


def _share_doubt(told: IndicatorType, number: Fraction, unit: str | None) -> str | None:
    """Return why a share that someone wrote may be one or a hundred times what it says."""
    aim = told.aim
    if split_unit(aim.unit)[0] != "比值" or not number or not any(told.bounds):
        return None  # nought is broken by 0.3 of one and by 0.3 %
    beyond = told.kind == "growth" or aim.unit in BEYOND  # 1.2 may well be meant there, 0.92 may not
    if not unit and aim.unit != "比值" and (abs(number) <= 1 or (abs(number) < 2 and not beyond)):
        return worded(
            "完成值“{number}”没有写 {unit}，不知是 {number}{unit} 还是 {percent}%",
            number=plain(number),
            unit=aim.unit,
            percent=plain(number * 100),
        )
    if not unit and aim.unit == "比值" and abs(number) > 1:
        return worded("目标以 1 为满，完成值“{number}”疑为百分数", number=plain(number))
    highest = aim.value[1] if isinstance(aim.value, tuple) else aim.value
    high = isinstance(highest, Decimal) and convert(highest, aim.unit, "%") >= HIGH
    whole = isinstance(highest, Decimal) and convert(highest, aim.unit, "%") <= 100
    if (
        told.kind != "growth"
        and told.sense != "less"
        and aim.unit not in BEYOND
        and whole
        and convert(number, unit or aim.unit, "%") > 100
    ):
        return worded("完成值 {number}{unit} 超过 100%", number=plain(number), unit=unit or aim.unit)
    if unit and high and 0 < convert(number, unit, "%") <= 1 and told.sense == "more":
        return worded("完成值 {number}{unit} 疑为百分数格式丢失", number=plain(number), unit=unit)
    if high and told.sense == "more" and isinstance(highest, Decimal):
        tenth = convert(number, unit or aim.unit, "%") * 10 / convert(highest, aim.unit, "%")
        if Fraction(9, 10) <= tenth <= Fraction(23, 20):
            shown = f"{plain(number)}{unit or aim.unit}"
            return worded("完成值 {shown} 约为目标的十分之一，疑小数点有误", shown=shown)
    return None


def _money_doubt(told: IndicatorType, number: Fraction, unit: str | None) -> str | None:
    """Return why a bare number beside a target in money may be in another unit:
    2.9 beside ≤30000元 is rather 万元.
    """
    base, scale = split_unit(told.unit)
    if not number or told.kind == "growth" or not told.bounds:
        return None
    low, high = min(told.bounds), max(told.bounds)
    if base == "分" and abs(number) > high * 10 > 0:
        return worded("完成值 {number} 分与目标不像同一分制", number=plain(number))
    if unit:
        small = base == "元" and told.sense == "less" and convert(abs(number), unit, told.unit) * 1000 < low
        shown = f"{plain(number)}{unit}"
        return worded("完成值“{shown}”不到目标的千分之一，单位可能有误", shown=shown) if small else None
    if base == "元" and scale == 1 and abs(number) * 100 < low:
        return worded("完成值“{number}”没有写单位，目标以元计，单位可能是万元", number=plain(number))
    if scale > 1 and base != "比值" and abs(number) > high * 20 > 0:
        unit = base or worded("个")
        return worded(
            "完成值“{number}”没有写单位，目标以{aim}计，单位可能是{unit}",
            number=plain(number),
            aim=told.unit,
            unit=unit,
        )
    return None


def _bound_doubt(told: IndicatorType, value: Fraction, bound: Bound) -> str | None:
    if not bound:
        return None
    if bound == "about":
        return worded("完成值只是约数")
    if value in told.bounds:
        return worded("完成值照抄了指标值的界限，不是确数")
    safe = (bound == "least" and told.sense == "more") or (bound == "most" and told.sense == "less")
    return None if safe and told.aim.meets(value) else worded("完成值只写了一个界限，不是确数")
