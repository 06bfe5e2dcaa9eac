"""The words beside a result: harmless, the indicator's own, or such that the figure may be
of something else.
"""

from __future__ import annotations

import re

from zhunsheng.targets.kinds import RATE_NAME, denies
from zhunsheng.targets.sheet import Indicator
from zhunsheng.targets.spelling import normalise
from zhunsheng.targets.units import split_unit
from zhunsheng.targets.written import LEVELLED, NOTHING, Written

_ENDS = re.compile(r"[。.;,、:·“”\"'()\[\]【】]+")
# What may stand beside a number or a day and changes nothing. Everything else makes the result doubtful.
_NEUTRAL = (
    "目前|截[至止]目前|至今|现已|已经|已|现|全年度?|年内|本年度?|当年度?|今年|本期|全区|全市|全县|全局|我局|"
    "我区|本局|共计|共|累计|合计|总计|总共|总|实际|平均|年均|均|全部|各|了|是|为|达到|达|在|于|按|的|完成值|"
    "实际值|结果|数值|数量|总数|件数|次数|人数|人次|批次|场次|项目|工作|情况|发生|出现"
)
# Words for having done it; beside an indicator that counts what is not done they would say the opposite.
_DOING_WORDS = "开展|完成|办结|实现|组织|举办|召开|举行|达标|通过|验收|建成|宣传|活动"
_RATES = "(?:完成|办结|达标|通过|实现|合格|覆盖|验收)率|满意度"
_DAY_WORDS = (
    "印发|上线|交付|启用|已于|时间|日期|日前|之前|以前|前|之?内|以内|底|末|止|为止|按时|按期|如期|及时|提前|"
    "全面|顺利|正式|办理|结束|到位|完工|竣工|结项|支付|完毕|投入使用"
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
    r"[未没不无非缺差欠拟应须需待停]|少于|计划|目标|预[计期定]|打算|争取|力争|将|还剩|仅剩|剩余|余下|取消|"
    r"暂缓|终止|中止|退回|撤销|作废|"
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
# Beside an amount: that it was spent, and, where the indicator is of the cost of one,
# what it was spent on one of.
_SPENT = re.compile(r"支出|支付|花费|费用|成本")
_EACH = re.compile(r"(?:每|/)(?:人次|批次|[次批件户人家台场项])")
_OF_EACH = re.compile(r"单(?:位|[次批件户人家台场项])|每|[人户次件]均|平均")
# Marks of doubt, words for a target, and what others came to: nobody's result, wherever they stand.
_HEDGE = re.compile(
    r"[?!~≈±]|(?<![签预违节制公合契])约|大概|左右|可能|估计|估算|指标值|目标值|计划值|"
    r"全[国省市区县州]\w{0,3}?(?:平均|均值|水平)|平均水平"
)
# What narrows a thing to a part of it: without it a label names another, larger thing.
_NARROW = re.compile(
    r"按[期时]|及时|如期|限时|准时|即时|当[日天期场年]|一次性?|首次|初次|提前|线上|线下|网上|现场|重[大点要]|"
    r"特[大重别]|较大|"
    r"主要|关键|严重|[大中小]型|中小|规模以上|限额以上|一般|普通|新[增建办招]|有效|优秀|优良|优质|良好|先进|"
    r"高[端级层效质]|"
    r"无害化|[国省市区县镇村]级|国家级|上级|困难|特困|低保|残疾|老年|未成年|妇女|儿童|青年|农村|城镇|越级|"
    r"恶性|以上|人均|户均"
)
_TAIL_OF_NAME = re.compile(
    r"(?:次数|数量|个数|件数|批次|人数|人次|户数|起数|场次|总数|数|率|比例|比率|时限|时间|日期)$"
)
_ALL_OF_IT = re.compile(
    r"任何|各类|各种|一切|所有|此类|该类|相关|有关|一起|一例|一件|一宗|群众|事故|事件|情况|现象|问题|行为|"
    r"发生|出现|了|的|等|过|类|\|"
)
_BAD = re.compile(r"事故|投诉|事件|上访|信访|差错|举报|舆情|案件|死亡|伤亡|违规|违法")


def odd_words(indicator: Indicator, written: Written) -> str | None:
    """Return the first words around a result that are neither harmless nor the indicator's own;
    None where there are none.

    Words of the indicator's name count, but not those that the name denies: of 未办结率,
    办结 says the opposite.
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
        if day and (
            _GOES_ON.search(rest) or any(b[0] not in name and not held for b in _BEGUN.finditer(rest))
        ):
            return words.strip(",;:。、")
        rest = rest if growth else LEVELLED.sub("", rest)
        if (
            harmless.fullmatch(rest)
            or _names(_EDGES.sub("", rest), name, short)
            or (written.number == 0 and NOTHING.fullmatch(rest))
        ):
            continue
        if _AWAY.search(rest):
            return words.strip(",;:。、")
        if len(rest) == 1 and rest in name:
            continue
        if not harmless.fullmatch(_without(rest, name)):
            return words.strip(",;:。、")
    return None


def narrowed(indicator: Indicator, denied: str) -> str | None:
    """Return what was said not to have happened where it is only a part of what the indicator counts,
    or another thing.
    """
    own = normalise("|".join(filter(None, (indicator.name, indicator.description, indicator.target.raw))))
    strict = bool(_BAD.search(own))  # it names what must not happen: any other word narrows it
    parts = re.split(r"[及和或与、,]|以及", denied)
    for part in parts:
        rest = _ALL_OF_IT.sub("", _PLAIN_WORDS.sub("", _shared_out(part, own)))
        if not rest or not (strict or _NARROW.search(rest)):
            return None
    return denied


def left_out(indicator: Indicator, written: Written) -> str | None:
    """Return what a label beside a figure leaves out of the indicator's name, where that narrows it:
    按期 of 按期办结率.
    """
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
    """Say whether words are the end of a name, with what the name denies in them:
    未办结率 of 案件未办结率.
    """
    for name in names:
        before = name.removesuffix(words)
        if len(words) > 2 and before != name and not denies(before[-2:]):
            return True
    return False


def _without(words: str, name: str) -> str:
    """Take the longest pieces that words share with a name out of them, two letters at least,
    save what the name denies.
    """
    n = len(words)
    for length in range(n, 1, -1):
        for start in range(n - length + 1):
            piece = words[start : start + length]
            at = name.find(piece) if "|" not in piece else -1
            if at >= 0 and not denies(name[max(0, at - 2) : at + 1]):
                return _without(words[:start], name) + "|" + _without(words[start + length :], name)
    return words


def takes_back(words: str) -> bool:
    """Say whether words deny, plan, speak of another time or leave in doubt what stands beside them."""
    return bool(_AWAY.search(words) or _HEDGE.search(words))
