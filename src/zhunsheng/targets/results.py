"""What an indicator came to, read against the indicator: a figure in its own terms, or why that is doubtful."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from zhunsheng.targets.kinds import RATE_NAME, IndicatorType, denies, same_unit, wants
from zhunsheng.targets.sheet import Indicator
from zhunsheng.targets.spelling import misgrouped, normalise, odd_digits, periods, too_long
from zhunsheng.targets.units import convert, counted_alike, counts, known_unit, split_unit
from zhunsheng.targets.value import LONGEST, TargetValue
from zhunsheng.wording import plain

Bound = Literal["", "least", "most", "about"]
BEYOND = ("倍", "百分点", "个百分点")  # ratios that stop at no whole
HIGH = 50  # a percentage from which on a result of one percent or less is rather a share that lost its format

_NUMBER = re.compile(r"-?(?:\d[\d,]*(?:\.\d+)?|\.\d+)")
_CHINESE = re.compile(r"[一二两三四五六七八九十百千万]+")
_NOTE = re.compile(r"\([^()]*\)$")
# What the product's own tables put in brackets behind a result (``outcomes.marks``): it says where the figure is from.
_MARK = (
    r"人工填报|上报数|口径未确认|人工填报,争议已采纳,(?:曾有)?台账[^;]*"
    r"|(?:曾有台账[^;]*,)?人工填报[^;]*,(?:有争议,未采纳|有争议,待裁定|有争议,待财政局裁定|争议未采纳)"
)
_MARKS = re.compile(rf"\((?:{_MARK})(?:;(?:{_MARK}))*\)")
# The same words where a person types them: whatever stands between them, nobody but the system says so.
_OWN_MARKS = re.compile(
    r"人工填报|上报数(?!据|量)|口径未确认|争议[已未]?采纳|有争议(?=[待未])|待财政局裁定|财政局[已未]?(?:采纳|裁定)|曾有台账"
)
_LEDGER_BESIDE = re.compile(r"[(\[【,;:、。](台账(?:读数|显示|为|是)?)[\d-]")
# 会计写法: a whole figure in brackets is a negative one.
_BRACKETED = re.compile(r"[(\[{【〔][^()]*\d[^()]*[)\]}】〕][%‰]?[一-龥]{0,3}")
_ENDS = re.compile(r"[。.;,、:·“”\"'()\[\]【】]+")

# What may stand beside a number or a day and changes nothing. Everything else makes the result doubtful.
_NEUTRAL = (
    "目前|截[至止]目前|至今|现已|已经|已|现|全年度?|年内|本年度?|当年度?|今年|本期|全区|全市|全县|全局|我局|我区|本局|"
    "共计|共|累计|合计|总计|总共|总|实际|平均|年均|均|全部|各|了|是|为|达到|达|在|于|按|的|"
    "完成值|实际值|结果|数值|数量|总数|件数|次数|人数|人次|批次|场次|项目|工作|情况|发生|出现"
)
# Words for having done it; beside an indicator that counts what is not done they would say the opposite.
_DOING_WORDS = "开展|完成|办结|实现|组织|举办|召开|举行|达标|通过|验收|建成|宣传|活动"
_RATES = "(?:完成|办结|达标|通过|实现|合格|覆盖|验收)率|满意度"
_DAY_WORDS = (
    "印发|上线|交付|启用|已于|时间|日期|日前|之前|以前|前|之?内|以内|底|末|止|为止|按时|按期|如期|及时|提前|全面|顺利|正式|办理|"
    "结束|到位|完工|竣工|结项|支付|完毕|投入使用"
)
_PLAIN_WORDS = re.compile(_NEUTRAL)
_LABELS = re.compile(r"完成率|完成值|实际值|完成情况")
_NO_LABEL = re.compile(rf"{_NEUTRAL}|完成|实现")
_NO_NAME = re.compile(rf"{_NEUTRAL}|{_DOING_WORDS}")
_PLAIN = re.compile(rf"(?:{_NEUTRAL}|\|)*")
_EDGES = re.compile(rf"^(?:{_NEUTRAL})+|(?:{_NEUTRAL})+$")
_DONE = re.compile(rf"(?:{_NEUTRAL}|{_DOING_WORDS}|\|)*")
_DONE_RATE = re.compile(rf"(?:{_NEUTRAL}|{_RATES}|{_DOING_WORDS}|\|)*")
_DATED = re.compile(rf"(?:{_NEUTRAL}|{_DOING_WORDS}|{_DAY_WORDS}|\|)*")
# Never excused by standing somewhere in the name: it denies, plans, wants, or speaks of another time.
_AWAY = re.compile(
    r"[未没不无非缺差欠拟应须需待停]|少于|计划|目标|预[计期定]|打算|争取|力争|将|还剩|仅剩|剩余|余下|取消|暂缓|终止|中止|退回|撤销|作废|"
    r"[去上前明次]一?年|同期|以往|历年|逾期|超期|超时"
)
# Beside a day: what says that something began or goes on, and what says that it was done.
_GOES_ON = re.compile(r"至今|目前|截[至止]")
_BEGUN = re.compile(r"开展|组织|举办|召开|举行|宣传|活动|办理|发生|出现")
_ENDED = re.compile(
    r"完成|办[结毕完]|达标|通过|验收|建成|结束|到位|完[工毕]|竣工|结项|支付|投入使用|印发|上线|实现|交付|启用"
)
_OCCASION = re.compile(r"会议|培训|活动|宣传|演练|比赛|竞赛|讲座|论坛|会$|展$|节$")  # held is done
_TASK_DONE = re.compile(r"完成|办结|达成|实现")
# Beside an amount: that it was spent, and, where the indicator is of the cost of one, what it was spent on one of.
_SPENT = re.compile(r"支出|支付|花费|费用|成本")
_EACH = re.compile(r"(?:每|/)(?:人次|批次|[次批件户人家台场项])")
_OF_EACH = re.compile(r"单(?:位|[次批件户人家台场项])|每|[人户次件]均|平均")
# Marks of doubt, words for a target, and what others came to: nobody's result, wherever they stand.
_HEDGE = re.compile(
    r"[?!~≈±]|(?<![签预违节制公合契])约|大概|左右|可能|估计|估算|指标值|目标值|计划值|全[国省市区县州]\w{0,3}?(?:平均|均值|水平)|平均水平"
)
# What narrows a thing to a part of it: without it a label names another, larger thing.
_NARROW = re.compile(
    r"按[期时]|及时|如期|限时|准时|即时|当[日天期场年]|一次性?|首次|初次|提前|线上|线下|网上|现场|重[大点要]|特[大重别]|较大|"
    r"主要|关键|严重|[大中小]型|中小|规模以上|限额以上|一般|普通|新[增建办招]|有效|优秀|优良|优质|良好|先进|高[端级层效质]|"
    r"无害化|[国省市区县镇村]级|国家级|上级|困难|特困|低保|残疾|老年|未成年|妇女|儿童|青年|农村|城镇|越级|恶性|以上|人均|户均"
)
_TAIL_OF_NAME = re.compile(
    r"(?:次数|数量|个数|件数|批次|人数|人次|户数|起数|场次|总数|数|率|比例|比率|时限|时间|日期)$"
)

_LAST_YEAR = r"(?:上一?年度?|去年度?|基期)(?:同期)?"
_RELATIVE = re.compile(
    rf"(?:较|比|与|同){_LAST_YEAR}(?:相比)?|{_LAST_YEAR}相比|(?:(?<=[低高少多]于)|(?<=超过)){_LAST_YEAR}|同比|环比|(?:较|比|与)同期(?:相比)?"
)
_LEVELLED = re.compile(r"(?:增长|增加|提高|提升|上升|下降|降低|减少|压减|压降|增|升|降)(?:到|至)$")
_FALLS = "负增长|下降|降低|减少|压减|压降|下滑|回落|下跌|降幅|减幅|跌幅|降|减|跌|少"
_RISES = "增长|增加|提高|提升|上升|上涨|反弹|回升|增幅|涨幅|增|升|涨|多"
_WAY = re.compile(
    rf"(?:(?P<falls>{_FALLS})|(?P<rises>(?<!新)(?:{_RISES})))(?:了|率|幅度?|额|比例)?(?:约|为|达到?|有)?$"
)
_WAY_BESIDE = re.compile(r"(?:(?P<falls>低于|少于|低)|(?P<rises>高于|多于|超过|超出|高))(?:了)?(?:约)?$")
_ANY_WAY = re.compile(rf"{_FALLS.replace('|少', '')}|{_RISES.replace('|多', '')}")
_LEAST = re.compile(r"(?:不得?低于|不得?少于|不小于|不下于|至少|最低|大于等于|超过|多于|高于|大于|超|[≥>]=?)$")
_MOST = re.compile(
    r"(?:不得?超过|不得?高于|不得?多于|不大于|至多|最多|最高|小于等于|控制在|低于|少于|小于|不超|[≤<]=?)$"
)
_LEAST_BEHIND = re.compile(r"^(?:\(含\)|及|或)?以上")
_MOST_BEHIND = re.compile(r"^(?:\(含\)|及|或)?(?:以下|以内|之内|内)")
_PER = re.compile(r"每(?:个)?(季度|季|月|半年|周|年)度?")
_ABOUT = re.compile(r"约|大概|左右|上下|接近|近(?=\d)|余|多(?=[个件次人户家台批]|$)")
_SAYS = r"(?:(?!但|仅|除|只|另)[一-龥])"
_NOTHING = re.compile(
    r"(?:全年|年内|本年度?|至今|均|从)*(?:"
    rf"(?:未|没有|零)(?:再)?(?:发生|出现|收到|接到|发现){_SAYS}{{0,14}}"
    r"|(?:无|零)(?:安全|重大|较大|食品|药品|生产|责任|群体性?|质量|有效|群众|集体|违规|违法)*"
    r"(?:事故|投诉|事件|上访|信访|差错|举报|舆情|案件|行为|发生)(?:发生|情况)?)"
)
_DENIED = re.compile(r"^.*?(?:未|没有|零|无)(?:再)?(?:发生|出现|收到|接到|发现)?")
_ALL_OF_IT = re.compile(
    r"任何|各类|各种|一切|所有|此类|该类|相关|有关|一起|一例|一件|一宗|群众|事故|事件|情况|现象|问题|行为|发生|出现|了|的|等|过|类|\|"
)
_BAD = re.compile(r"事故|投诉|事件|上访|信访|差错|举报|舆情|案件|死亡|伤亡|违规|违法")
_DOING = r"建立|完成|制定|出台|发布|印发|建成|实现|落实|通过|公开|达标|发生|执行|开通"
# A draft, a preliminary or a step on the way is not the thing.
_HALF = r"未|尚|不|没|无|待|拟|将|计划|预计|草|稿|初[稿审步评]|征求|意见|部分|一半|基本|立项|招标|论证|框架|工作组|专班|起草|方案|试[行点]"
_FULLY = rf"(?:(?!{_HALF})[一-龥])"
_YES = re.compile(
    rf"是|有|(?:已经?)(?:全部|全面|按时)?(?:{_DOING}){_FULLY}{{0,8}}|(?:按时|全部|如期)?(?:{_DOING})了?"
)
_NO = re.compile(rf"否|不是|没有|(?:未|尚未|还未|没有|暂未)(?:{_DOING})[一-龥]{{0,8}}")
_PARTS = re.compile(r"(上半年|下半年|[一二三四1-4]季度|\d{1,2}月份?)([^\d,;、]{0,12}?)(\d[\d,]*)(?![\d日号])([一-龥]{0,3})")
_DAY = re.compile(r"\d{4}(?:年|[-./])\d{1,2}(?:月|[-./])\d{1,2}日?")
_YEARLESS = re.compile(r"(?<![\d年])\d{1,2}月\d{1,2}[日号]")
_DAY_PARTS = re.compile(
    r"(?<=[\d年月日号份])(?:至|到|~|-)(?=\d)|\d{1,2}:\d{2}(?::\d{2})?|\d+|[一二三四五六七八九十]+(?=[月日号])|第?[一二三四]季度|"
    r"上半年|[年月日号][底末初]?|[上中下]旬|份|[-./:]"
)
_RANGE = re.compile(r"\d[^\d,;、升降增减提高低涨跌落]{0,2}(?:-|~|至|到)\d|[≥>]\S*\d\S*[≤<]")
_FROM_TO = re.compile(r"[由从]\D{0,6}\d")  # 由100起降至94起 is a change, no range
_NO_DAY = re.compile(r"\d{4}(?:年|[-./])\d{1,2}(?:月|[-./])\d{1,2}[日号]?(?!\d)|(?<!\d)\d{1,2}月\d{1,2}[日号]")
_AVERAGE = re.compile(r"平均|人均|户均|均|/|比例|密度")
_TENTHS = re.compile(r"([一二两三四五六七八九十\d])成([一二三四五六七八九\d半])?(?![员果立本效功人长交品分])")


@dataclass(frozen=True)
class Written:
    """A result as someone wrote it, before it meets its indicator.

    ``growth`` is 1 for a rise, -1 for a fall, 0 where neither is said; ``bound`` says that the number is only a least, a
    most or a rough one; ``answer`` is a yes or no; ``why`` says what stands in the way of reading it. ``around`` are the
    words beside the number or day that said none of this: only the indicator can tell whether they are harmless.
    ``denied`` is what is said not to have happened, in the words that name it: 重大事故 of 未发生重大事故.
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


@dataclass(frozen=True)
class Result:
    """A result in its indicator's terms: a figure in the target's unit for the whole year, a day, a yes or no.

    For a growth target the figure counts in the target's direction: a fall of 3 % is -3 against 增长8%, 3 against 下降2%.
    ``value`` is None where there is none; then ``doubt`` says why where something is there but can't be relied on.
    """

    value: Fraction | date | bool | None
    doubt: str | None = None


def own_marks(text: str) -> str:
    """Return the first of the product's own words about a figure in a text (争议已采纳), whatever stands between its signs."""
    words = normalise(text)
    found = _OWN_MARKS.search(re.sub(r"[\W_]+", "", words))
    beside = _LEDGER_BESIDE.search(words)
    return found[0] if found else beside[1] if beside else ""


def read_written(
    text: str, *, year: int | None = None, unit: str | None = None, dated: bool = False, marked: bool = True
) -> Written:
    """Read a result as people write it: 92%, 已开展4次, 全年累计3,200人次, 下降3%, 每月1次, 2021年11月26日, 未发生.

    ``unit`` is the unit to look for first behind the number; ``year`` is the indicator's: it completes a day without
    year, and a day before it is doubtful. ``marked``: the text is of a table that may bear the product's own marks.
    Never raises.
    """
    if odd := odd_digits(text):
        return Written(text, why=f"里的“{odd}”不是普通数字，读不准是多少")
    words = normalise(text)
    if len(words) > LONGEST:
        return Written(text, why=f"有 {len(words)} 字，读不准是多少")
    if digits := too_long(words):
        return Written(text, why=f"里有一个 {digits} 位的数，读不准是多少")
    note = match[0] if (match := _NOTE.search(words)) else ""
    bare = _NOTE.sub("", words).rstrip("。;；,，") or words
    beside = (
        () if bare == words or not note or (marked and _MARKS.fullmatch(note)) else tuple(filter(None, (_note(note),)))
    )
    if parted := misgrouped(bare):
        return Written(text, why=f"里的“{parted}”逗号不在千位上，不知是几")
    if _BRACKETED.fullmatch(words) and not isinstance(TargetValue.parse(words[1:-1], year=year).value, date):
        return Written(text, why="整个写在括号里，可能是负数（会计写法），请写明")
    whole = TargetValue.parse(bare, year=year, dated=dated)
    for said in _NO_DAY.finditer(bare):
        if why := next((d for d in TargetValue.parse(said[0], year=year or 2000).doubts if "这一天" in d), None):
            return Written(text, why=f"写的日期不存在：{why if year or '年' in said[0] else f'没有 {said[0]} 这一天'}")
    if isinstance(whole.value, date):
        return _read_day(text, whole.value, _DAY_PARTS.sub("", bare), beside, year)
    dayed = _YEARLESS.sub(rf"{year}年\g<0>", bare) if year and not _DAY.search(bare) else bare
    days = list(_DAY.finditer(dayed))
    if len(days) == 1 and isinstance(day := TargetValue.parse(days[0][0], year=year).value, date):
        return _read_day(text, day, dayed[: days[0].start()] + "|" + dayed[days[0].end() :], beside, year)
    if _NOTHING.fullmatch(bare):
        return Written(text, Fraction(0), answer=False, around=beside, denied=_DENIED.sub("", bare))
    if parts := _PARTS.findall(bare):
        rest = tuple(filter(None, (*_PARTS.sub(lambda m: f"|{m[2]}|", bare).split("|"), *beside)))
        return _sum_of(text, [(p, n, u) for p, _, n, u in parts], tuple(_years_out(r, year) for r in rest))
    if not re.search(r"\d", bare) and (_YES.fullmatch(bare) or _NO.fullmatch(bare)):
        return Written(text, answer=bool(_YES.fullmatch(bare)), around=beside)
    read = _read_number(text, bare, unit, year, beside)
    if not read.why and read.number is not None and (other := _contradicts(read, note)):
        return Written(text, why=f"与括号里的“{other}”对不上")
    return read


def _contradicts(read: Written, note: str) -> str | None:
    """Return what in a note beside a figure comes to another figure, beyond the digits shown: 45/60 beside 90%."""
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
    return re.sub(r"((?:19|20)\d{2})年度?", lambda m: "" if year is None or int(m[1]) == year else m[0], words)


def _read_day(text: str, day: date, rest: str, beside: tuple[str, ...], year: int | None) -> Written:
    bound: Bound = "most" if re.search(r"前|内|止|[≤<]", rest.replace("日前", "前")) and "提前" not in rest else ""
    around = tuple(filter(None, re.split(r"\||[≤<=]", rest)))
    # What is done in a year is not done before it: a wrong year, or another year's work.
    why = f"写的是 {year} 年以前的日期" if year is not None and day.year < year else None
    return Written(text, day=day, bound=bound, why=why, around=(*around, *beside))


def _sum_of(text: str, parts: list[tuple[str, str, str]], around: tuple[str, ...]) -> Written:
    """Add up a year told by its halves or quarters; a year told in part is doubtful."""
    names = {re.sub(r"\D季|季", "季", p.translate(str.maketrans("一二三四", "1234"))) for p, _, _ in parts}
    units = {_unit(u, None) for _, _, u in parts if u}
    more = (u[len(_unit(u, None) or "") :] for _, _, u in parts if u)
    halves = {p for p, _, _ in parts} == {"上半年", "下半年"}
    if len(names) != len(parts) and not halves:
        return Written(text, why="同一时段写了两次")
    if not halves and len(parts) != (4 if "季度" in parts[0][0] else 12):
        return Written(text, why="只写了年内一部分时间")
    if len(units) > 1:
        return Written(text, why="各时段的单位不同")
    total = sum((Fraction(n.replace(",", "")) for _, n, _ in parts), Fraction(0))
    return Written(text, total, unit=next(iter(units), None), around=(*around, *filter(None, more)))


def _tenths(match: re.Match[str]) -> str:
    """Write tenths as percent: 九成九 is 99%, 三成半 35%, 十成 100%."""
    digits = str.maketrans("一二两三四五六七八九半", "12234567895")
    whole = 10 if match[1] == "十" else int(match[1].translate(digits))
    return f"{whole * 10 + int((match[2] or '0').translate(digits))}%"


def _read_number(text: str, bare: str, unit: str | None, year: int | None, beside: tuple[str, ...]) -> Written:
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
        return Written(text, why="没有写出数")
    number = Fraction(parsed.number)
    tail = tail.removeprefix(_unit(tail, unit) or "")
    if per := _PER.search(head):
        head = head[: per.start()] + head[per.end() :]
    rhythm = per[1] if per else parsed.per
    if not rhythm and (match := re.match(r"/(季度|季|月|半年|周|年)", tail)):
        rhythm, tail = match[1], tail[match.end() :]
    if head.endswith("负"):
        head, number = head[:-1], -number
    bound, head, tail = _bound_of(head, tail)
    growth, head, why = _way_of(head)
    if growth < 0 and number < 0:
        why = "既写下降又写负数，看不出是升是降"
    around = tuple(filter(None, (*others, head, tail, *beside)))
    return Written(text, number, parsed.unit or None, rhythm, growth, about or bound, why=why, around=around)


def _split(body: str, unit: str | None) -> tuple[str, str | None, str]:
    """Return what stands before the one number, the number, and what follows; or (.., None, why there is none)."""
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
        return (body[: zero.start()], "0", body[zero.end() :]) if zero else (body, None, "没有写出数")
    if len(found) > 1:
        ranged = _RANGE.search(body) and not _FROM_TO.search(body)
        return body, None, "写的是一个区间" if ranged else "写了不止一个数"
    return body[: found[0].start()], found[0][0], body[found[0].end() :]


def _bound_of(head: str, tail: str) -> tuple[Bound, str, str]:
    """Take out of the words around a number those that make it a bound: not where a year before is what it is beside."""
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
    """Return which way a number before which these words stand has changed, the words left, and why that can't be told."""
    beside = _RELATIVE.search(head)
    words = _RELATIVE.sub("", head)
    if not beside and _LEVELLED.search(words):
        return 0, words, None  # a level that was reached, no change: 提高到95%
    match = (_WAY_BESIDE.search(words) if beside else None) or _WAY.search(words)
    if match is None:
        if beside:
            return 0, words, f"写了“{beside[0]}”，没有写是增是减"
        return 0, head, None
    left = words[: match.start()]
    if _ANY_WAY.search(left) or re.search(r"[率速幅]$|幅度$", left):
        return 0, left, f"里的“{words}”看不出是升是降"
    if beside and beside[0] == "环比":
        return 0, left, "写的是环比，不是与上年相比"
    return (-1 if match["falls"] else 1), left, None


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
        shown = written.text if len(written.text) <= 100 else f"{written.text[:100]}…"
        return Result(None, f"完成值“{shown}”{written.why}")
    if told.kind != "level" and (written.day is not None or written.number is not None):
        if odd := _odd(indicator, written):
            return Result(None, f"完成值“{written.text}”里的“{odd}”使旁边的数不一定是完成的数")
        if narrower := _narrower(indicator, written.denied):
            return Result(None, f"完成值“{written.text}”只说没有“{narrower}”，没有说指标的其余部分")
        if written.day is None and (dropped := _dropped(indicator, written)):
            return Result(None, f"完成值“{written.text}”写的不是整个指标名称，少了“{dropped}”，不一定是这个指标")
    if told.kind == "date":
        return _day(told, written)
    if told.kind == "yes_no":
        return _answer(told, written)
    if written.day is not None:
        return Result(None, "目标是数，完成值是日期")
    if written.number is None:
        return Result(None, f"完成值“{written.text}”是文字，目标是数")
    return _figure(indicator, written)


def _odd(indicator: Indicator, written: Written) -> str | None:
    """Return the first words around a result that are neither harmless nor the indicator's own; None where there are none.

    Words of the indicator's name count, but not those that the name denies: of 未办结率, 办结 says the opposite.
    """
    name, sense = normalise(indicator.name), indicator.type.sense
    day = written.day is not None
    denied = denies(name)
    growth = indicator.type.kind == "growth"
    rated = sense == "more" and not denied and not RATE_NAME.search(name)
    harmless = _DATED if day else _PLAIN if denied else _DONE_RATE if rated else _DONE
    short = _TAIL_OF_NAME.sub("", name)
    own = sorted({w for w in (name, short, indicator.type.unit or "") if len(w) > 1}, key=len, reverse=True)
    held = bool(_OCCASION.search(short)) or bool(_ENDED.search("|".join(written.around)))
    for words in written.around:
        rest = _ENDS.sub("", words)
        for word in own:
            rest = rest.replace(word, "|")
        if _HEDGE.search(rest) or ("任务" in rest and not _TASK_DONE.search(rest)):
            return words.strip(",;:。、") or words
        rest = rest.replace("任务", "|")
        if split_unit(indicator.type.unit or indicator.aim.unit)[0] == "元":
            rest = _SPENT.sub("|", rest)
            rest = _EACH.sub("|", rest) if _OF_EACH.search(name) else rest
        if day and (_GOES_ON.search(rest) or any(b[0] not in name and not held for b in _BEGUN.finditer(rest))):
            return words.strip(",;:。、")
        rest = rest if growth else _LEVELLED.sub("", rest)
        if (
            harmless.fullmatch(rest)
            or _names(_EDGES.sub("", rest), name, short)
            or (written.number == 0 and _NOTHING.fullmatch(rest))
        ):
            continue
        if _AWAY.search(rest):
            return words.strip(",;:。、")
        if len(rest) == 1 and rest in name:
            continue
        if not harmless.fullmatch(_without(rest, name)):
            return words.strip(",;:。、")
    return None


def _narrower(indicator: Indicator, denied: str) -> str | None:
    """Return what was said not to have happened where it is only a part of what the indicator counts, or another thing."""
    own = normalise("|".join(filter(None, (indicator.name, indicator.description, indicator.target.raw))))
    strict = bool(_BAD.search(own))  # it names what must not happen: any other word narrows it
    parts = re.split(r"[及和或与、,]|以及", denied)
    for part in parts:
        rest = _ALL_OF_IT.sub("", _PLAIN_WORDS.sub("", _shared_out(part, own)))
        if not rest or not (strict or _NARROW.search(rest)):
            return None
    return denied


def _dropped(indicator: Indicator, written: Written) -> str | None:
    """Return what a label beside a figure leaves out of the indicator's name, where that narrows it: 按期 of 按期办结率."""
    name = normalise(indicator.name)
    said = "|".join(_LABELS.sub("|", _ENDS.sub("", words)) for words in written.around)
    harmless = _NO_LABEL if indicator.type.kind in ("share", "growth") else _NO_NAME
    label = harmless.sub("|", said)
    whole = (name, _TAIL_OF_NAME.sub("", name), normalise(indicator.description or "") or name)
    if any(w in said for w in whole if len(w) > 1) or not any(
        label[i : i + 2] in name for i in range(len(label) - 1) if "|" not in label[i : i + 2]
    ):
        return None
    left = _shared_out(name, said)
    found = _NARROW.search(left)
    return found[0] if found else None


def _shared_out(words: str, others: str) -> str:
    """Take the longest pieces that words share with others out of them, two letters at least."""
    n = len(words)
    for length in range(n, 1, -1):
        for start in range(n - length + 1):
            piece = words[start : start + length]
            if "|" not in piece and piece in others:
                return _shared_out(words[:start], others) + "|" + _shared_out(words[start + length :], others)
    return words


def _names(words: str, *names: str) -> bool:
    """Say whether words are the end of a name, with what the name denies in them: 未办结率 of 案件未办结率."""
    for name in names:
        before = name.removesuffix(words)
        if len(words) > 2 and before != name and not denies(before[-2:]):
            return True
    return False


def _without(words: str, name: str) -> str:
    """Take the longest pieces that words share with a name out of them, two letters at least, save what the name denies."""
    n = len(words)
    for length in range(n, 1, -1):
        for start in range(n - length + 1):
            piece = words[start : start + length]
            at = name.find(piece) if "|" not in piece else -1
            if at >= 0 and not denies(name[max(0, at - 2) : at + 1]):
                return _without(words[:start], name) + "|" + _without(words[start + length :], name)
    return words


def _day(told: IndicatorType, written: Written) -> Result:
    if written.day is None:
        return Result(None, "目标是日期，完成值没有写日期")
    if written.bound and isinstance(told.aim.value, date) and written.day > told.aim.value:
        return Result(None, "完成值只写了一个期限，不是完成的日期")
    return Result(written.day)


def _answer(told: IndicatorType, written: Written) -> Result:
    answer = written.answer
    if answer is None and written.number is not None:
        answer = written.number > 0
        if split_unit(written.unit)[0] == "比值" and written.unit and answer:
            return Result(None, f"目标是“{told.aim.raw}”，完成值“{written.text}”是比例，看不出是否全部完成")
    if answer is None:
        return Result(None, f"目标是“{told.aim.raw}”，完成值看不出是或否")
    if written.number is None and answer == wants(told.aim):
        if share := re.search(r"\d+(?:\.\d+)?%", normalise(written.text)):
            return Result(None, f"完成值“{written.text}”里的“{share[0]}”使旁边的是或否不一定成立")
        for words in written.around:
            if _AWAY.search(words) or _HEDGE.search(words):
                return Result(None, f"完成值“{written.text}”里的“{words}”使旁边的是或否不一定成立")
    return Result(answer == wants(told.aim))


def _figure(indicator: Indicator, written: Written) -> Result:
    told = indicator.type
    aim, number, unit = told.aim, written.number, written.unit
    assert number is not None
    if told.kind == "growth":
        way = -1 if told.falling else 1
        if not written.growth and number < 0 and told.falling:
            return Result(None, "目标是下降，完成值写成负数，看不出是升是降")
        if written.text and not written.growth and (doubt := _growth_doubt(told, number, unit)):
            return Result(None, doubt)
        number *= written.growth * way if written.growth else 1
    elif written.growth:
        return Result(None, f"完成值“{written.text}”写的是增减幅度，目标不是")
    elif written.text and number < 0 and all(b >= 0 for b in told.bounds):
        return Result(None, f"完成值“{written.text}”写成负数")
    if written.per:
        number *= 1 if split_unit(unit or aim.unit)[0] == "比值" else periods(written.per)
    if unit and (not same_unit(unit, aim.unit) or (written.text and aim.unit and not counted_alike(unit, aim.unit))):
        return Result(None, f"单位不可比：目标为“{aim.unit or '无单位'}”，完成值为“{unit}”")
    if written.text and (
        doubt := _share_doubt(told, number, unit) or _part_doubt(indicator, written) or _money_doubt(told, number, unit)
    ):
        return Result(None, doubt)
    value = convert(number, unit or aim.unit, aim.unit)
    if doubt := _bound_doubt(told, value, written.bound):
        return Result(None, doubt)
    return Result(value)


def _growth_doubt(told: IndicatorType, number: Fraction, unit: str | None) -> str | None:
    """Return why a number without a word of rise or fall can't be compared with a growth target."""
    said = f"完成值“{plain(number)}{unit or ''}”"
    if told.falling and number:
        return f"目标是下降，{said}没有写上升还是下降，请写明"
    if split_unit(told.unit)[0] != "比值" or not same_unit(unit or told.unit, told.unit):
        return None
    # 108% beside 增长8% is far more likely the year before taken as 100 than a growth of more than double.
    here, aims = convert(number, unit or told.unit, "%"), [convert(b, told.unit, "%") for b in told.bounds]
    if aims and abs(here - 100 - max(aims)) < abs(here - max(aims)):
        return f"{said}疑以上年为 100，不知是增长 {plain(here)}% 还是 {plain(here - 100)}%，请写明增幅"
    return None


def _part_doubt(indicator: Indicator, written: Written) -> str | None:
    """Return why a result can't be a count: a part of a thing that only whole ones are of (1.5 册 may be 1,500)."""
    told, number = indicator.type, written.number
    if number is None or told.kind not in ("quantity", "frequency") or _AVERAGE.search(indicator.name + written.text):
        return None
    unit = written.unit or told.unit
    if not counts(unit) or any((b * split_unit(told.unit)[1]).denominator != 1 for b in told.bounds):
        return None
    if (number * split_unit(unit)[1]).denominator == 1:
        return None
    return f"完成值“{written.text}”不是整数，“{unit}”只能整着数，请核对小数点"


def _share_doubt(told: IndicatorType, number: Fraction, unit: str | None) -> str | None:
    """Return why a share that someone wrote may be one or a hundred times what it says."""
    aim = told.aim
    if split_unit(aim.unit)[0] != "比值" or not number:
        return None
    beyond = told.kind == "growth" or aim.unit in BEYOND  # 1.2 may well be meant there, 0.92 may not
    if not unit and aim.unit != "比值" and (abs(number) <= 1 or (abs(number) < 2 and not beyond)):
        return (
            f"完成值“{plain(number)}”没有写 {aim.unit}，不知是 {plain(number)}{aim.unit} 还是 {plain(number * 100)}%"
        )
    if not unit and aim.unit == "比值" and abs(number) > 1:
        return f"目标以 1 为满，完成值“{plain(number)}”疑为百分数"
    highest = aim.value[1] if isinstance(aim.value, tuple) else aim.value
    high = isinstance(highest, Decimal) and convert(highest, aim.unit, "%") >= HIGH
    whole = isinstance(highest, Decimal) and convert(highest, aim.unit, "%") <= 100
    if told.kind != "growth" and aim.unit not in BEYOND and whole and convert(number, unit or aim.unit, "%") > 100:
        return f"完成值 {plain(number)}{unit or aim.unit} 超过 100%"
    if unit and high and 0 < convert(number, unit, "%") <= 1 and told.sense == "more":
        return f"完成值 {plain(number)}{unit} 疑为百分数格式丢失"
    return None


def _money_doubt(told: IndicatorType, number: Fraction, unit: str | None) -> str | None:
    """Return why a bare number beside a target in money may be in another unit: 2.9 beside ≤30000元 is rather 万元."""
    base, scale = split_unit(told.unit)
    if unit or base != "元" or not number or told.kind == "growth" or not told.bounds:
        return None
    low, high = min(told.bounds), max(told.bounds)
    if scale == 1 and abs(number) * 100 < low:
        return f"完成值“{plain(number)}”没有写单位，目标以元计，单位可能是万元"
    if scale > 1 and abs(number) > high * 100 > 0:
        return f"完成值“{plain(number)}”没有写单位，目标以{told.unit}计，单位可能是元"
    return None


def _bound_doubt(told: IndicatorType, value: Fraction, bound: Bound) -> str | None:
    if not bound:
        return None
    if bound == "about":
        return "完成值只是约数"
    safe = (bound == "least" and told.sense == "more") or (bound == "most" and told.sense == "less")
    return None if safe and told.aim.meets(value) else "完成值只写了一个界限，不是确数"
