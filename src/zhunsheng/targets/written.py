"""A result as people write it (已开展4次, 较上年下降3%, 未发生): its figure, day or answer,
and the words beside it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Literal

from zhunsheng.targets.spelling import misgrouped, normalise, odd_digits, too_long
from zhunsheng.targets.units import known_unit, split_unit
from zhunsheng.targets.value import LONGEST, TargetValue
from zhunsheng.translation import worded

Bound = Literal["", "least", "most", "about"]
_NUMBER = re.compile(r"-?(?:\d[\d,]*(?:\.\d+)?|\.\d+)")
_CHINESE = re.compile(r"[一二两三四五六七八九十百千万]+")
_NOTE = re.compile(r"\([^()]*\)$")
# What the product's own tables put in brackets behind a result (``outcomes.marks``):
# it says where the figure is from.
_MARK = (
    r"\d+份,95%置信区间[^;()]*|人工填报|上报数|口径未确认|人工填报,争议已采纳,(?:曾有)?台账[^;]*"
    r"|(?:曾有台账[^;]*,)?人工填报[^;]*,(?:有争议,未采纳|有争议,待裁定|有争议,待财政局裁定|争议未采纳)"
)
_MARKS = re.compile(rf"\((?:{_MARK})(?:;(?:{_MARK}))*\)")
# The same words where a person types them: whatever stands between them, nobody but the system says so.
_OWN_MARKS = re.compile(
    r"人工填报|上报数(?!据|量)|口径未确认|争议[已未]?采纳|有争议(?=[待未])|待财政局裁定|财政局[已未]?(?:采纳|"
    r"裁定)|曾有台账"
)
_LEDGER_BESIDE = re.compile(r"[(\[【,;:、。](台账(?:读数|显示|为|是)?)[\d-]")
# 会计写法: a whole figure in brackets is a negative one.
_BRACKETED = re.compile(r"[(\[{【〔][^()]*\d[^()]*[)\]}】〕][%‰]?[一-龥]{0,3}")
_LAST_YEAR = r"(?:上一?年度?|去年度?|基期)(?:同期)?"
_RELATIVE = re.compile(
    rf"(?:较|比|与|同){_LAST_YEAR}(?:相比)?|{_LAST_YEAR}相比|(?:(?<=[低高少多]于)|(?<=超过)){_LAST_YEAR}|"
    rf"同比|环比|(?:较|比|与)同期(?:相比)?"
)
LEVELLED = re.compile(r"(?:增长|增加|提高|提升|上升|下降|降低|减少|压减|压降|增|升|降)(?:到|至)$")
_FALLS = "负增长|下降|降低|减少|压减|压降|下滑|回落|下跌|降幅|减幅|跌幅|降|减|跌|少"
_RISES = "增长|增加|提高|提升|上升|上涨|反弹|回升|增幅|涨幅|增|升|涨|多"
_WAY = re.compile(
    rf"(?:(?P<falls>{_FALLS})|(?P<rises>(?<!新)(?:{_RISES})))(?:了|率|幅度?|额|比例)?(?:约|为|达到?|有)?$"
)
_WAY_BESIDE = re.compile(r"(?:(?P<falls>低于|少于|低)|(?P<rises>高于|多于|超过|超出|高))(?:了)?(?:约)?$")
_ANY_WAY = re.compile(rf"{_FALLS.replace('|少', '')}|{_RISES.replace('|多', '')}")
_LEAST = re.compile(
    r"(?:不得?低于|不得?少于|不小于|不下于|至少|最低|大于等于|超过|多于|高于|大于|超|[≥>]=?)$"
)
_MOST = re.compile(
    r"(?:不得?超过|不得?高于|不得?多于|不大于|至多|最多|最高|小于等于|控制在|低于|少于|小于|不超|[≤<]=?)$"
)
_LEAST_BEHIND = re.compile(r"^(?:\(含\)|及|或)?以上")
_MOST_BEHIND = re.compile(r"^(?:\(含\)|及|或)?(?:以下|以内|之内|内)")
_PER = re.compile(r"每(?:个)?(季度|季|两个月|两月|双月|月|半年|两周|周|年|日|天)度?")
_ABOUT = re.compile(r"约|大概|左右|上下|接近|近(?=\d)|余|多(?=[个件次人户家台批]|$)")
_SAYS = r"(?:(?!但|仅|除|只|另)[一-龥])"
NOTHING = re.compile(
    r"(?:全年|年内|本年度?|至今|均|从)*(?:"
    rf"(?:未|没有|零)(?:再)?(?:发生|出现|收到|接到|发现){_SAYS}{{0,14}}"
    r"|(?:无|零)(?:安全|重大|较大|食品|药品|生产|责任|群体性?|质量|有效|群众|集体|违规|违法)*"
    r"(?:事故|投诉|事件|上访|信访|差错|举报|舆情|案件|行为|发生)(?:发生|情况)?)"
)
_DENIED = re.compile(r"^.*?(?:未|没有|零|无)(?:再)?(?:发生|出现|收到|接到|发现)?")
_DOING = r"建立|完成|制定|出台|发布|印发|建成|实现|落实|通过|公开|达标|发生|执行|开通"
# A draft, a preliminary or a step on the way is not the thing.
_HALF = (
    "未|尚|不|没|无|待|拟|将|计划|预计|草|稿|初[稿审步评]|征求|意见|部分|一半|基本|"
    "立项|招标|论证|框架|工作组|专班|起草|方案|试[行点]"
)
_FULLY = rf"(?:(?!{_HALF})[一-龥])"
_YES = re.compile(
    rf"是|有|(?:已经?)(?:全部|全面|按时)?(?:{_DOING}){_FULLY}{{0,8}}|(?:按时|全部|如期)?(?:{_DOING})了?"
)
_NO = re.compile(rf"否|不是|没有|(?:未|尚未|还未|没有|暂未)(?:{_DOING})[一-龥]{{0,8}}")
_PARTS = re.compile(
    r"(上半年|下半年|第?[一二三四1-4]季度|\d{1,2}月份?)([^\d,;、]{0,12}?)(\d[\d,]*)(?![\d日号])([一-龥]{0,3})"
)
_DAY = re.compile(r"\d{4}(?:年|[-./])\d{1,2}(?:月|[-./])\d{1,2}日?")
_WHOLE_DAY = re.compile(r"[日号]|[-./]\d{1,2}[-./]|\d{5}")  # 11月 leaves the day open
_YEARLESS = re.compile(r"(?<![\d年])\d{1,2}月\d{1,2}[日号]")
_DAY_PARTS = re.compile(
    r"(?<=[\d年月日号份])(?:至|到|~|-)(?=\d)|\d{1,2}:\d{2}(?::\d{2})?|\d+|"
    r"[一二三四五六七八九十]+(?=[月日号])|第?[一二三四]季度|"
    r"上半年|[年月日号][底末初]?|[上中下]旬|份|[-./:]"
)
_RANGE = re.compile(r"\d[^\d,;、升降增减提高低涨跌落]{0,2}(?:-|~|至|到)\d|[≥>]\S*\d\S*[≤<]")
_FROM_TO = re.compile(r"[由从]\D{0,6}\d")  # 由100起降至94起 is a change, no range
_UNCHANGED = re.compile(
    rf"(?:(?:较|比|与|同)?{_LAST_YEAR}(?:相比)?)?(?:保持)?(?:持平|零增长|没有变化|无变化)"
)
_NO_DAY = re.compile(
    r"\d{4}(?:年|[-./])\d{1,2}(?:月|[-./])\d{1,2}[日号]?(?!\d)|(?<!\d)\d{1,2}月\d{1,2}[日号]"
)
_TENTHS = re.compile(
    r"(?<![.\d])([一二两三四五六七八九十\d]|\d\.\d)成([一二三四五六七八九\d半])?(?![员果立本效功人长交品分])"
)


@dataclass(frozen=True)
class Written:
    """A result as someone wrote it, before it meets its indicator.

    ``growth`` is 1 for a rise, -1 for a fall, 0 where neither is said; ``bound`` says that the number is only
    a least, a most or a rough one; ``answer`` is a yes or no; ``why`` says what stands in the way of reading
    it. ``signed`` is true where a plus or minus stands before the number. ``parts`` are the figures of a
    year told by its halves, quarters or months, in their order. ``around`` are the words beside the number
    or day that said none of this: only the indicator can tell whether they are harmless. ``denied`` is what
    is said not to have happened, in the words that name it: 重大事故 of 未发生重大事故.
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
    around: tuple[str, ...] = ()
    denied: str = ""
    signed: bool = False
    parts: tuple[Fraction, ...] = ()


def own_marks(text: str) -> str:
    """Return the first of the product's own words about a figure in a text (争议已采纳),
    whatever stands between its signs.
    """
    words = normalise(text)
    found = _OWN_MARKS.search(re.sub(r"[\W_]+", "", words))
    beside = _LEDGER_BESIDE.search(words)
    return found[0] if found else beside[1] if beside else ""


def read_written(
    text: str, *, year: int | None = None, unit: str | None = None, dated: bool = False, marked: bool = True
) -> Written:
    """Read a result as people write it: 92%, 已开展4次, 全年累计3,200人次, 下降3%, 每月1次, 2021年11月26日,
    未发生.

    ``unit`` is the unit to look for first behind the number; ``year`` is the indicator's:
    it completes a day without year, and a day before it is doubtful. ``marked``:
    the text is of a table that may bear the product's own marks. Never raises.
    """
    if odd := odd_digits(text):
        return Written(text, why=worded("里的“{odd}”不是普通数字，读不准是多少", odd=odd))
    words = normalise(text)
    if len(words) > LONGEST:
        return Written(text, why=worded("有 {count} 字，读不准是多少", count=len(words)))
    if digits := too_long(words):
        return Written(text, why=worded("里有一个 {digits} 位的数，读不准是多少", digits=digits))
    note = match[0] if (match := _NOTE.search(words)) else ""
    bare = _NOTE.sub("", words).rstrip("。;；,，") or words
    beside = (
        ()
        if bare == words or not note or (marked and _MARKS.fullmatch(note))
        else tuple(filter(None, (_note(note),)))
    )
    if parted := misgrouped(bare):
        return Written(text, why=worded("里的“{parted}”逗号不在千位上，不知是几", parted=parted))
    if _BRACKETED.fullmatch(words) and not isinstance(TargetValue.parse(words[1:-1], year=year).value, date):
        return Written(text, why=worded("整个写在括号里，可能是负数（会计写法），请写明"))
    whole = TargetValue.parse(bare, year=year, dated=dated)
    for said in _NO_DAY.finditer(bare):
        if why := next(
            (d for d in TargetValue.parse(said[0], year=year or 2000).doubts if "这一天" in d), None
        ):
            return Written(
                text,
                why=worded(
                    "写的日期不存在：{why}",
                    why=why if year or "年" in said[0] else worded("没有 {said} 这一天", said=said[0]),
                ),
            )
    if isinstance(whole.value, date):
        return _read_day(text, whole.value, _DAY_PARTS.sub("", bare), beside, year)
    dayed = _YEARLESS.sub(rf"{year}年\g<0>", bare) if year and not _DAY.search(bare) else bare
    days = list(_DAY.finditer(dayed))
    if len(days) == 1 and isinstance(day := TargetValue.parse(days[0][0], year=year).value, date):
        return _read_day(text, day, dayed[: days[0].start()] + "|" + dayed[days[0].end() :], beside, year)
    if NOTHING.fullmatch(bare):
        return Written(text, Fraction(0), answer=False, around=beside, denied=_DENIED.sub("", bare))
    if _UNCHANGED.fullmatch(bare):
        return Written(text, Fraction(0), "%", growth=1, around=beside)
    if parts := _PARTS.findall(bare):
        rest = tuple(filter(None, (*_PARTS.sub(lambda m: f"|{m[2]}|", bare).split("|"), *beside)))
        return _sum_of(text, [(p, n, u) for p, _, n, u in parts], tuple(_years_out(r, year) for r in rest))
    if not re.search(r"\d", bare) and (_YES.fullmatch(bare) or _NO.fullmatch(bare)):
        return Written(text, answer=bool(_YES.fullmatch(bare)), around=beside)
    read = _read_number(text, bare, unit, year, beside)
    if not read.why and read.number is not None and (other := _contradicts(read, note)):
        return Written(text, why=worded("与括号里的“{other}”对不上", other=other))
    return read


def _contradicts(read: Written, note: str) -> str | None:
    """Return what in a note beside a figure comes to another figure, beyond the digits shown:
    45/60 beside 90%.
    """
    assert read.number is not None
    ratio = split_unit(read.unit)[0] == "比值" or not read.unit
    digits = re.findall(r"\d\.(\d+)", _NOTE.sub("", normalise(read.text)))
    step = Fraction(1, 10 ** max(map(len, digits), default=0))
    inner = re.sub(r"(?<=\d),(?=\d{3}(?!\d))|[×*]100%?", "", note[1:-1])
    pieces: list[str] = re.split(r"[=,;:、]", inner)
    for one in filter(None, pieces):
        if match := re.fullmatch(r"\D*?(\d+(?:\.\d+)?)[/÷](\d+(?:\.\d+)?)\D*", one):
            if not ratio:
                continue
            below, above = Fraction(match[2]), Fraction(match[1])
            if not below:
                return one
            share = above / below
            if read.unit:
                scale = split_unit(read.unit)[1]
                meant = [share / scale] + ([abs(share - 1) / scale] if read.growth or share > 1 else [])
            else:
                meant = [share, share * 100]
        elif match := re.fullmatch(r"(-?\d+(?:\.\d+)?)%", one):
            if split_unit(read.unit)[0] != "比值" or not read.unit:
                continue
            meant = [Fraction(match[1]) / 100 / split_unit(read.unit)[1]]
        elif not ratio and re.fullmatch(r"\d+(?:\.\d+)?(?:\+\d+(?:\.\d+)?)*", one):
            meant = [sum(map(Fraction, one.split("+")), Fraction(0))]
        else:
            continue
        # Rounded or cut off at the digits shown; anything else is another figure.
        if not any(abs(read.number - m) <= step / 2 or 0 <= m - read.number < step for m in meant):
            return one
    return None


def _note(note: str) -> str:
    """Return what a note in brackets says beside figures: nothing for (46/51), 计划 for (计划)."""
    return re.sub(r"[\d.,/÷=×%+\-]|100%", "", note[1:-1])


def _years_out(words: str, year: int | None) -> str:
    """Take the year that the result is for out of its words; another year stays."""
    return re.sub(
        r"((?:19|20)\d{2})年度?", lambda m: "" if year is None or int(m[1]) == year else m[0], words
    )


def _read_day(text: str, day: date, rest: str, beside: tuple[str, ...], year: int | None) -> Written:
    within = re.search(r"前|内|止|[≤<]", rest.replace("日前", "前")) and "提前" not in rest
    bound: Bound = "most" if within or not _WHOLE_DAY.search(normalise(text)) else ""
    around = tuple(filter(None, re.split(r"\||[≤<=]", rest)))
    # What is done in a year is not done before it: a wrong year, or another year's work.
    why = worded("写的是 {year} 年以前的日期", year=year) if year is not None and day.year < year else None
    return Written(text, day=day, bound=bound, why=why, around=(*around, *beside))


def _sum_of(text: str, parts: list[tuple[str, str, str]], around: tuple[str, ...]) -> Written:
    """Add up a year told by its halves, quarters or months; a year told in part is doubtful."""
    figures = {_begins(name): Fraction(figure.replace(",", "")) for name, figure, _ in parts}
    units = {_unit(u, None) for _, _, u in parts if u}
    more = (u[len(_unit(u, None) or "") :] for _, _, u in parts if u)
    if len(figures) != len(parts):
        return Written(text, why=worded("同一时段写了两次"))
    if sorted(figures) not in _WHOLE_YEARS:
        return Written(text, why=worded("只写了年内一部分时间"))
    if len(units) > 1:
        return Written(text, why=worded("各时段的单位不同"))
    told = tuple(figures[month] for month in sorted(figures))
    beside = (*around, *filter(None, more))
    return Written(text, sum(told, Fraction(0)), unit=next(iter(units), None), around=beside, parts=told)


_WHOLE_YEARS = [list(range(1, 13, months)) for months in (1, 3, 6)]


def _begins(part: str) -> int:
    """Return the month in which a part of a year begins: 4 for 二季度, 7 for 下半年, 10 for 10月份."""
    if "半年" in part:
        return 1 if part == "上半年" else 7
    number = int(re.sub(r"\D", "", part.translate(str.maketrans("一二三四", "1234"))))
    return number * 3 - 2 if "季" in part else number


def _tenths(match: re.Match[str]) -> str:
    """Write tenths as percent: 九成九 is 99%, 三成半 35%, 十成 100%."""
    digits = str.maketrans("一二两三四五六七八九半", "12234567895")
    if "." in match[1]:
        return f"{float(match[1]) * 10:g}%"
    whole = 10 if match[1] == "十" else int(match[1].translate(digits))
    return f"{whole * 10 + int((match[2] or '0').translate(digits))}%"


def _read_number(
    text: str, bare: str, unit: str | None, year: int | None, beside: tuple[str, ...]
) -> Written:
    body = _TENTHS.sub(_tenths, _years_out(bare, year))
    others = tuple(m[0] for m in re.finditer(r"(?:19|20)\d{2}年度?", body))
    body = re.sub(r"(?:19|20)\d{2}年度?", "", body)
    about: Bound = "about" if _ABOUT.search(body) else ""
    body = _ABOUT.sub("", body) if about else body
    head, token, tail = _split(body, unit)
    if token is None:
        return Written(text, why=tail)
    parsed = TargetValue.parse(token + (_unit(tail, unit) or ""))
    if misread := next((d for d in TargetValue.parse(token + tail).doubts if "误录" in d), None):
        return Written(text, why=misread)
    if parsed.number is None:
        return Written(text, why=worded("没有写出数"))
    number = Fraction(parsed.number)
    tail = tail.removeprefix(_unit(tail, unit) or "")
    if per := _PER.search(head):
        head = head[: per.start()] + head[per.end() :]
    rhythm = per[1] if per else parsed.per
    if not rhythm and (match := re.match(r"/(季度|季|月|半年|周|年)", tail)):
        rhythm, tail = match[1], tail[match.end() :]
    signed = number < 0 or head.endswith(("负", "+"))
    if head.endswith("负"):
        head, number = head[:-1], -number
    head = head.removesuffix("+")
    bound, head, tail = _bound_of(head, tail)
    growth, head, why = _way_of(head)
    if growth < 0 and number < 0:
        why = worded("既写下降又写负数，看不出是升是降")
    around = tuple(filter(None, (*others, head, tail, *beside)))
    return Written(
        text,
        number,
        parsed.unit or None,
        rhythm,
        growth,
        about or bound,
        why=why,
        around=around,
        signed=signed and not growth,
    )


def _split(body: str, unit: str | None) -> tuple[str, str | None, str]:
    """Return what stands before the one number, the number, and what follows; or (.., None,
    why there is none).
    """
    if match := re.search(r"(百分之|千分之)(-?[\d,.]+|[零一二两三四五六七八九十百千万点]+)", body):
        percent = "%" if match[1] == "百分之" else "‰"
        amount = TargetValue.parse(match[2]).number
        if amount is not None and not re.search(r"\d", body[: match.start()] + body[match.end() :]):
            return body[: match.start()], f"{amount:f}", percent + body[match.end() :]
    found = list(_NUMBER.finditer(re.sub(r"(?<=m)[23]", "_", body)))
    if not found:
        found = [
            m
            for m in _CHINESE.finditer(body)
            if known_unit(body[m.end() :]) or (unit and body[m.end() :].startswith(unit)) or m[0] == body
        ]
    if not found:
        zero = re.search(r"零(?=[起次件例个人]|$)", body)
        return (body[: zero.start()], "0", body[zero.end() :]) if zero else (body, None, worded("没有写出数"))
    if len(found) > 1:
        ranged = _RANGE.search(body) and not _FROM_TO.search(body)
        return body, None, worded("写的是一个区间") if ranged else worded("写了不止一个数")
    return body[: found[0].start()], found[0][0], body[found[0].end() :]


def _bound_of(head: str, tail: str) -> tuple[Bound, str, str]:
    """Take out of the words around a number those that make it a bound: not where a year before is what it is
    beside.
    """
    bound: Bound = ""
    if match := _LEAST_BEHIND.match(tail):
        bound, tail = "least", tail[match.end() :]
    elif match := _MOST_BEHIND.match(tail):
        bound, tail = "most", tail[match.end() :]
    # 超过 is found in 不超过 as well: what denies is looked for first.
    sides: tuple[tuple[Bound, re.Pattern[str]], ...] = (("most", _MOST), ("least", _LEAST))
    denied = re.search(r"不得?(?:低于|少于|小于)$|不下于$", head)
    for side, words in reversed(sides) if denied else sides:
        if (match := words.search(head)) and not _RELATIVE.search(
            head[: match.start()] if not _signs(match[0]) else ""
        ):
            return side, head[: match.start()], tail
    return bound, head, tail


def _signs(words: str) -> bool:
    return bool(re.match(r"[≥≤<>不至最控]", words))


def _way_of(head: str) -> tuple[int, str, str | None]:
    """Return which way a number before which these words stand has changed, the words left,
    and why that can't be told.
    """
    beside = _RELATIVE.search(head)
    words = _RELATIVE.sub("", head)
    if not beside and LEVELLED.search(words):
        return 0, words, None  # a level that was reached, no change: 提高到95%
    match = (_WAY_BESIDE.search(words) if beside else None) or _WAY.search(words)
    if match is None:
        if beside:
            return 0, words, worded("写了“{beside}”，没有写是增是减", beside=beside[0])
        return 0, head, None
    left = words[: match.start()]
    if _ANY_WAY.search(left) or re.search(r"[率速幅]$|幅度$", left):
        return 0, left, worded("里的“{words}”看不出是升是降", words=words)
    if beside and beside[0] == "环比":
        return 0, left, worded("写的是环比，不是与上年相比")
    return (-1 if match["falls"] else 1), left, None


def _unit(tail: str, wanted: str | None) -> str | None:
    """Return the unit at the head of what follows a number: the wanted one, a known one, or all of it."""
    base = known_unit(tail)
    if wanted and tail.startswith(wanted) and len(wanted) >= len(base or ""):
        return wanted  # 人 is no unit of 120人次
    if (
        base
        and wanted
        and "/" in wanted
        and (each := re.match(r"/[^\d,;:。、，；：！？!?以]+", tail[len(base) :]))
    ):
        # 52000元/台 beside 万元/台: for each of the same, in another multiple.
        same = split_unit(base + each[0])[0] == split_unit(wanted)[0]
        if same and not re.fullmatch("/(?:季度|季|月|半年|周|年)", each[0]):
            return base + each[0]
    return base or re.split(r"[,;:。、，；：!？?()以]", tail)[0] or None
