"""What an indicator is, told once: its kind, which way is better, its operator and unit;
unsure where they conflict.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Literal

from pydantic import BaseModel, ConfigDict, field_validator

from zhunsheng.targets.spelling import Op, normalise
from zhunsheng.targets.units import comparable, convert, split_unit
from zhunsheng.targets.value import TargetValue
from zhunsheng.text import clean
from zhunsheng.translation import series, worded

Kind = Literal["quantity", "share", "date", "level", "growth", "frequency", "yes_no"]
Sense = Literal["more", "less", "exact", "within"]
KIND_WORDS: dict[Kind, str] = {
    "quantity": "数量",
    "share": "比率",
    "date": "日期",
    "level": "定性",
    "growth": "增减幅度",
    "frequency": "频次",
    "yes_no": "是否",
}
SENSE_WORDS: dict[Sense, str] = {
    "more": "越高越好",
    "less": "越低越好",
    "exact": "恰好",
    "within": "在区间内",
}
_DAYS: dict[Sense, str] = {"more": "越晚越好", "less": "越早越好"}
_FALLS: dict[Sense, str] = {"more": "降得越多越好", "less": "降得越少越好"}

RATE_NAME = re.compile(r"(?:率|比例|比重|占比|覆盖面|满意度)(?:指标)?$")
COUNT_NAME = re.compile(r"(?:次数|数量|个数|件数|批次|人数|人次|户数|起数|篇数|份数|场次|台数|面积|里程)$")
_GROWTH_NAME = re.compile(
    r"(?:增长|增加|提高|提升|上升|下降|降低|减少|压减|变化|变动)(?:率|幅度?|比例)$|增幅$|增速$|降幅$|涨幅$|"
    r"同比(?:增长|上升|下降|降低|减少)$"
)
# 能耗增长, 办件量下降: a change where it is told in percent, something done where it is counted.
_CHANGE_NAME = re.compile(r"(?:增长|上升|下降|降低|减少|压减)$")
MULTIPLIERS = ("万", "亿", "千", "百万")  # of money whose 元 is left out
_RISES = re.compile(r"(?:增长|增加|提高|提升|上升)(?:率|幅度?|比例)?$|增幅$|增速$")
DOWN = re.compile(r"下降|降低|减少|压减|降幅|降")
# Rates of what is done right; every one of them can be said badly by 不 in front (不合格率).
_GOOD_RATE = re.compile(r"(?<![不未])(?:满意度|(?:合格|办结|完成|覆盖|及时|达标)率)(?:指标)?$")
_BAD = (
    r"(?:事故|死亡|伤亡|投诉|投诉举报|纠纷|差错|出错|错误|失误|失败|故障|误差|误诊|误报|漏报|瞒报|不良|不合格|不达标|"
    r"不满意|超标|超支|超时|超期|滞后|违规|违法|犯罪|逾期|延误|拖欠|欠薪|流失|舆情|上访|信访|差评|发病|患病|感染|"
    r"中毒|火灾|污染|填埋|隐患|问题|辍学|失业|返贫|贫困|空置|闲置|负债|退货|次品|废品|缺陷|返工|返修|破损|损耗|"
    r"缺勤|重复|复发|结余|结转|变更|科目调整|宕机|死机|停机|中断|断电|停水|漏损|漏水|跌倒|受害|泄露|泄漏|丢失|拥堵|内涝)"
)
# What is found in people when they are looked at: 近视检出率, fewer of it is better.
_ILL = r"(?:贫血|近视|龋齿?|肥胖|超重|营养不良)(?:检出|发生)?"
_OVERDUE = r"(?:差错|出错|错误|超时|超期|滞后|违规|违法|逾期|延误|返工|重复)"
# 投诉工单数 is what came in or what was dealt with: fewer or more of it may be meant.
_EITHER_WAY = re.compile(r"(?:投诉|举报|投诉举报|信访|纠纷|舆情)(?:办件|工单|事项)(?:件数|数量|数|量)?$")
_BAD_NAME = re.compile(
    rf"(?:{_BAD}(?:案件|事件)?|{_OVERDUE}(?:办件|工单|事项))(?:发生)?(?:起数|次数|件数|人数|数量|数|率|比例|量)?$|(?:能耗|排放量|浓度|噪[声音])$|"
    rf"{_ILL}(?:率|比例|人数)$|(?:成本|费用|经费|支出|人员|三公)控制率$"
)
# What there is less of by it: what is counted is then the cut, not what was cut.
_SHORTER = re.compile(r"缩短|压缩|提前|减少|降低|节约|节省")
# What goes wrong in what is done, however that is called: 业务办理差错率.
_SLIPS = re.compile(r"(?:差错|出错|错误|失误|超时|超期|逾期|延误|返工|投诉)率$")
# What is done about something bad, or has to come in: more of it is better, or nobody can tell.
_ACTS = re.compile(
    r"查处|查办|查出|办理|打击|侦破|受理|处理|处置|调解|化解|接待|救助|救治|帮扶|消除|排查|整治|整改|解决|发现|监测|"
    rf"{_SHORTER.pattern}|下降|压减|压降|下架|召回|销毁|封存|追回|退市|发放|拨付|争取|收缴|追缴|上缴|征收|退还|减免|筹集|消费|"
    r"^[无零]|杜绝|避免|防止|未发生|不发生"
)
_BAD_SHARE = re.compile(rf"(?:{_BAD}(?:案件|事件)?|{_OVERDUE}(?:办件|工单|事项))(?:发生)?(?:率|比例)$")
# What one holds or carries out: nought of it is rather a cell left empty than a promise.
_HELD = re.compile(
    r"(?:培训|宣传|检查|巡查|演练|活动|会议|调研|抽检|监测|讲座|论坛|展览)(?:次数|场次|批次|期数|人数|人次|数量|数)?$"
)
_PAID_OUT = re.compile(r"(?:补助|补贴|发放|救助|低保|奖励|待遇|供养|生活费?).{0,4}标准$")
_COST_NAME = re.compile(r"(?:(?:成本|费用|单价|支出|经费|花费)(?:标准|控制数?|上限|额)?|费)$")
_SAVED = re.compile(r"(?:节约|节省|压减|降低|减少|增收|创收)(?:的)?(?:总?额|金额|资金|数额?|量)?$")
_SAVING = re.compile(
    r"节约|节省|降低|下降|减少|(?:支付|执行|到位|使用|控制|完成|达标|拨付|覆盖|合格|有效)率$"
)
_DURATION = re.compile(
    r"(?:时限|用时|周期|期限|耗时|工期)$|(?:办理|办结|审批|审核|响应|等待|等候|排队|候诊|处理|处置|回复|答复|反馈|受理|修复|维修|送达|"
    r"到达|检测|检验|评审|拨付|支付|完成|交付|施工|恢复)(?:平均)?(?:时间|时长|天数)$"
)
_HELD_DOWN = re.compile(rf"{_BAD}|能耗|物价|价格|支出|经费|成本|费用|债务|排放|^控制")
_DIRECTION_TOLD = re.compile(r"越[低小少高大多]越好|[反逆负正]向性?指标")
_SCANNED = re.compile(r"2(100|[1-9]\d(?:\.\d+)?)")  # ≥ that was read as 2: 290% is ≥90%
# What is to last, so that more of it is better: 免费开放天数, 公示期.
_LASTS = re.compile(
    r"开放|培训|授课|学习|学时|服务(?:时间|天数|时长)|优良|达标|公示|公告|值[班守]|监测|养护|存放|保存|在线|"
    r"运行|寿命|使用年限|质保|保修|保质|有效期|驻村|驻点|供[暖热水电气]|扶持|托管|展[览出]|保障(?:天数|时长|时间)|"
    r"^(?:缩短|压缩|压减|减少|提前)|"
    r"(?:补贴|补助|救助|待遇|生活费|低保).{0,4}(?:月数|时长)|提前.{0,6}天数$|(?:时间|时限|用时)(?:缩短|压缩)(?:天数)?$"
)
# What nobody can do more of than there is: going beyond it is a slip, not an achievement.
_YEARLY = re.compile(r"(?:年度|年份|时间|时限)$")
_FINITE = re.compile(r"清单|名单|目录|在册|定员|编制|标准$")
# Rates that end at the whole: a target beyond it is a slip of the pen (290% is ≥90% typed anew).
_WHOLE_RATE = re.compile(
    r"(?:满意度|(?:合格|办结|覆盖|及时|达标|准确|知晓|通过|清运|处理|处置|到位|满意|优良|成活|入学|普及|参保|兑现|拨付|"
    r"公开|归档|受理|答复|出勤|到岗|完好|保存|巩固|规范|真实|守法)率)(?:指标)?$"
)
_YES = re.compile(r"是|有|(?:已|已经)?(?:建立|制定|出台|发布|印发|公开)")
_NO = re.compile(r"否|(?:未|不|零|没有)(?:再)?发生|未出现")
# Words in which 不, 未, 非, 无 deny nothing that is counted, and the operators among words.
_NO_DENIAL = re.compile(
    r"不动产|未成年|非遗|非物质文化|非税|非公|非机动|非营利|非洲|无障碍|无线|无人机|无偿|无公害|无烟|无土|"
    r"不得?(?:低于|少于|小于|高于|超过|大于|多于)|不下于"
)
_DENIALS = re.compile(r"[不未非无]|没有|逾期|超期|超时")
_TIMES = ("日", "工作日", "小时", "分钟", "月")
_UP: tuple[Op, ...] = (">=", ">")
_LESS: tuple[Op, ...] = ("<=", "<")


class Settled(BaseModel):
    """A person's word on what an indicator is, where its columns, place and name conflict or don't tell."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind | None = None
    sense: Sense | None = None
    unit: str | None = None
    reason: str | None = None
    by: str | None = None
    on: date | None = None

    @field_validator("unit", "reason", "by", mode="before")
    @classmethod
    def _printable(cls, text: object) -> object:
        return clean(text) if isinstance(text, str) else text


@dataclass(frozen=True)
class IndicatorType:
    """What an indicator is. ``kind`` and ``sense`` are None where they can't be told,
    ``unsure`` then says why.

    ``aim`` is the target value to compare with, operator and unit filled in; ``falling`` is true for a growth
    target that asks for a fall (较上年下降5%), whose number counts the fall. ``against`` are those of the
    reasons that speak against the direction: an operator at odds with a column, the place or the name.
    ``either`` is true where all that is unsure is which way is better: a result that is the target itself is
    met by both.
    """

    kind: Kind | None
    sense: Sense | None
    aim: TargetValue
    falling: bool = False
    unsure: tuple[str, ...] = ()
    against: tuple[str, ...] = ()
    either: bool = False

    @property
    def unit(self) -> str | None:
        """The unit results are compared in."""
        return self.aim.unit

    @cached_property
    def bounds(self) -> tuple[Fraction, ...]:
        """What the target turns on, in its own unit: its number for a whole year, both ends of a range."""
        if isinstance(self.aim.value, tuple):
            return tuple(map(Fraction, self.aim.value))
        return () if self.aim.yearly is None else (Fraction(self.aim.yearly),)

    def words(self) -> str:
        """Return kind and sense in words, or why they can't be told: 比率，越高越好."""
        if self.unsure:
            return worded("待核对：{doubt}", doubt=series(self.unsure, "；"))
        senses = SENSE_WORDS | (_DAYS if self.kind == "date" else _FALLS if self.falling else {})
        known = (self.kind and KIND_WORDS[self.kind], self.sense and senses[self.sense])
        return series((worded(words) for words in known if words), "，")


def wants(aim: TargetValue) -> bool:
    """Return what a yes/no target asks for: True for 建立, False for 未发生."""
    return not _NO.fullmatch(normalise(aim.raw))


@lru_cache(maxsize=16384)
def type_of(  # noqa: PLR0913 - an indicator's columns, by which it is kept
    name: str,
    target: TargetValue,
    *,
    level1: str | None = None,
    level2: str | None = None,
    nature: str | None = None,
    direction: str | None = None,
    operator: str | None = None,
    settled: Settled | None = None,
) -> IndicatorType:
    """Tell an indicator's kind, sense, operator and unit from its columns, its place in the framework,
    its name and value.

    ``nature`` is the column 指标性质 (定量, 定性, or an operator), ``direction`` 指标方向 (正向, 反向),
    ``operator`` an operator column; ``settled`` is what a person decided, which ends every doubt it answers.
    Pure: the same words, the same type.
    """
    kind = settled.kind if settled and settled.kind else _kind(name, target)
    if kind is None:
        return IndicatorType(None, None, target, unsure=(worded("指标值读不出"),) if not settled else ())
    if kind in ("level", "yes_no", "date") or target.op in ("level", "by", "unread"):
        odd = kind == "level" and "定量" in (nature or "") and not settled
        words = worded("指标性质写“{nature}”，指标值“{raw}”却是文字", nature=nature, raw=target.raw)
        return IndicatorType(kind, "less" if kind == "date" else None, target, unsure=(words,) if odd else ())
    unit = (settled and settled.unit) or _money_of(name, target, f"{level1 or ''} {level2 or ''}")
    unit = unit or target.unit or _unit_of(name, target)
    aim = target if unit == target.unit else target.replaced(unit=unit)
    falling = kind == "growth" and bool(DOWN.search(target.relative or name))
    place = f"{level1 or ''} {level2 or ''}"
    unsure = () if settled else tuple(_torn(name, target, nature, operator))
    if kind == "share" and not (settled and settled.unit) and (doubt := _scale_doubt(name, target)):
        unsure = (*unsure, doubt)
    if not settled and RATE_NAME.search(name) and kind != "growth" and (slip := slip_of(name, aim)):
        unsure = (*unsure, slip)
    if not settled and not unit and _YEARLY.search(name) and 1990 < _highest(target) < 2100:
        unsure = (*unsure, worded("“{raw}”像是年份，不是数量", raw=target.raw))
    if not settled and target.op == "==" and target.number == 0 and _HELD.search(name) and not _bad(name):
        why = worded("“{name}”的指标值是 0，不知是不开展还是没有填写", name=name)
        return IndicatorType(kind, None, aim, falling, (*unsure, why), either=not unsure)
    if settled and settled.sense:
        return IndicatorType(kind, settled.sense, _by_sense(aim, settled.sense), falling, unsure)
    pointed = sense_of_direction(direction)
    if not settled and (ended := _by_one_end(kind, name, aim, place, pointed)):
        return IndicatorType(kind, _sense_of(ended), ended, falling, unsure)
    equals = target.op == "==" and not target.implied and bool(target.value)
    if not target.implied and not equals:
        sense = _sense_of(target)
        against = (
            ()
            if settled or kind == "growth"
            else tuple(_against(name, target, place, sense, pointed, direction))
        )
        return IndicatorType(kind, sense, aim, falling, (*unsure, *against), against)
    hints = {
        s: w
        for s, w in (
            (pointed, worded("指标方向“{direction}”", direction=direction)),
            *_hints(name, aim, place, kind),
        )
        if s
    }
    if len(hints) > 1 and not settled:
        pointers = (worded("{what}说{says}", what=w, says=SENSE_WORDS[s]) for s, w in hints.items())
        sign = worded("“=”不说高低") if equals else worded("没有比较符")
        why = worded("{sign}，{parts}", sign=sign, parts=series(pointers, "，"))
        return IndicatorType(kind, None, aim, falling, (*unsure, why), (why,), either=not unsure)
    told = next(iter(hints), None)
    base = split_unit(unit)[0].split("/")[0]  # 元 of 元/人
    open_money = base == "元" and not re.search(
        r"效益|数量|质量", place
    )  # income or output there, at least that much
    if told is None and (target.number or 0) < 0 and not settled:
        why = worded("“{raw}”是负数，没有比较符，不知是至多还是至少", raw=target.raw)
        return IndicatorType(kind, None, aim, falling, (*unsure, why), either=not unsure)
    if told is None and equals and (base in _TIMES or open_money or _FINITE.search(name)):
        # a fee, a term, a list: neither more nor less
        return IndicatorType(kind, "exact", aim, falling, unsure)
    either = base in _TIMES or open_money or _EITHER_WAY.search(name)
    if told is None and either and not settled:
        why = worded("“{raw}”没有比较符，不知是至多还是至少", raw=target.raw)
        return IndicatorType(kind, None, aim, falling, (*unsure, why), either=not unsure)
    if told is None or (equals and told == "more"):
        # A count or rate that is named, with = or with no sign at all, is what is promised to be done:
        # at least that much. It stays implied, so that review asks.
        return IndicatorType(kind, "more", aim.replaced(enough=True) if equals else aim, falling, unsure)
    return IndicatorType(kind, told, _by_sense(aim, told), falling, unsure)


def _kind(name: str, target: TargetValue) -> Kind | None:
    if target.op == "unread":
        return None
    if target.op == "by":
        return "date"
    if target.op == "level":
        words = normalise(target.raw)
        return "yes_no" if _YES.fullmatch(words) or _NO.fullmatch(words) else "level"
    ratio = split_unit(target.unit)[0] == "比值"
    if target.relative or _GROWTH_NAME.search(name) or (ratio and _CHANGE_NAME.search(name)):
        return "growth"
    if target.per:
        return "frequency"
    if ratio or (not target.unit and _is_rate(name, target)):
        return "share"
    return "quantity"


def _is_rate(name: str, target: TargetValue) -> bool:
    return bool(RATE_NAME.search(name)) and _highest(target) <= 100


def _highest(target: TargetValue) -> Decimal:
    value = target.value[1] if isinstance(target.value, tuple) else target.value
    return value if isinstance(value, Decimal) else Decimal(0)


def slip_of(name: str, aim: TargetValue) -> str | None:
    """Return why the target of a rate may be a slip, with what it may have been: beyond the whole where no
    rate of its kind goes, or ≥ read as 2 (298% is ≥98%); None where nothing speaks for one.
    """
    highest = _highest(aim)
    ratio = split_unit(aim.unit)[0] == "比值"
    scanned = aim.unit in (None, "", "%") and _SCANNED.fullmatch(f"{highest:f}")
    beyond = ratio and convert(highest, aim.unit, "%") > 100
    if not scanned and not (beyond and _WHOLE_RATE.search(name)):
        return None
    unit = aim.unit or ""
    digits = f"{highest:f}"
    likely = f"≥{scanned[1]}{unit}" if scanned else f"{digits[:2]}.{digits[2:]}{unit}"
    if not scanned and not re.fullmatch(r"[4-9]\d{2}", digits):  # 925% may be 92.5%; of 120% nobody can tell
        return worded("“{name}”不会超过 100%，“{raw}”疑为误录", name=name, raw=aim.raw)
    return worded(
        "“{name}”不会超过 100%，“{raw}”疑为误录，可能是“{likely}”", name=name, raw=aim.raw, likely=likely
    )


def _unit_of(name: str, target: TargetValue) -> str | None:
    """Return the unit a rate without one is in: 合格率 ≥95 is percent, ≥0.95 a share of one, and so is
    nought; None for what is no rate.
    """
    if not _is_rate(name, target):
        return None
    highest = _highest(target)
    return "比值" if highest and highest <= 1 and not _one_percent(name, target) else "%"


def _one_percent(name: str, target: TargetValue) -> bool:
    """Say whether a bare 1 is one percent: a rate of what is bad that may come to the whole is no promise."""
    return _highest(target) == 1 and target.op in ("==", *_LESS) and bool(_BAD_SHARE.search(name))


def _bad(name: str) -> bool:
    """Say whether a name is of something bad, of which nought is promised."""
    return bool(_BAD_NAME.search(name)) or denies(name)


def _by_one_end(
    kind: Kind, name: str, aim: TargetValue, place: str, pointed: Sense | None
) -> TargetValue | None:
    """Return the one bound that a target means though it is written as a range or as nought; None for others.

    Where place and name tell which way is better, the end on the better side is no promise (3-5天 done in 2
    is early, 合格率 85%-95% that comes to 97% is better still), and a direction that is written says the
    same; 增长率 0% asks that nothing falls, where what grows is not to be held down.
    """
    if isinstance(aim.value, tuple) and aim.value[0] >= 0:
        hints = {sense for sense, _words in _hints(name, aim, place, kind)}
        told = pointed or (hints.pop() if len(hints) == 1 else None)
        if told == "less":
            return aim.replaced(op="<=", value=aim.value[1])
        return aim.replaced(op=">=", value=aim.value[0]) if told == "more" else None
    rises = kind == "growth" and aim.op == "==" and not aim.value and not pointed and _RISES.search(name)
    return aim.replaced(op=">=") if rises and not _HELD_DOWN.search(_growing(name)) else None


def _growing(name: str) -> str:
    """Return what grows or falls, of the name of its growth: 能耗 of 能耗增长率."""
    return _CHANGE_NAME.sub("", _GROWTH_NAME.sub("", name))


def _money_of(name: str, target: TargetValue, place: str) -> str | None:
    """Return the unit of an amount of money whose 元 is left out: 250万 of 项目总成本 are 250万元; None for
    anything else.
    """
    if target.unit not in MULTIPLIERS or target.op == "level":
        return None
    return f"{target.unit}元" if _COST_NAME.search(name) or _is_cost(name, place) else None


def _scale_doubt(name: str, target: TargetValue) -> str | None:
    """Return why a rate without unit may be a share of one or a percentage: a bare 0.9 is 90 % or 0.9 %,
    ≤0.5 as well.

    What has to be reached (≥0.95) is surely no share below one percent.
    """
    highest = _highest(target)
    if target.unit or not 0 < highest <= 1 or (target.op in _UP and not target.implied):
        return None
    if _one_percent(name, target):
        return None
    plain = f"{(highest * 100).normalize():f}"
    return worded(
        "“{raw}”没有写单位，不知是 {plain}% 还是 {highest}%，请定单位：比值（1 为满）或 %",
        raw=target.raw,
        plain=plain,
        highest=f"{highest:f}",
    )


def _sense_of(target: TargetValue) -> Sense:
    if target.op == "range":
        return "within"
    if target.ceiling:
        return "less"
    return "exact" if target.op == "==" else "more"


def sense_of_direction(direction: str | None) -> Sense | None:
    """Return which way 指标方向 says is better: 正向 more, 反向 less; None where it says neither."""
    words = normalise(direction or "")
    if re.search(r"反|逆|负|越[低小少]|↓", words):
        return "less"
    return "more" if re.search(r"正|越[高大多]|↑", words) else None


def direction_told(description: str | None) -> str | None:
    """Return the words by which a description says which way is better (越低越好, 反向指标);
    None where there are none, or some for either way.
    """
    told = {m[0] for m in _DIRECTION_TOLD.finditer(normalise(description or ""))}
    return min(told) if len({sense_of_direction(words) for words in told}) == 1 else None


def _is_cost(name: str, place: str) -> bool:
    if _PAID_OUT.search(name):  # what is paid to people is short where less of it is paid
        return False
    return ("成本" in place and not re.search(r"社会成本|生态|环境", place)) or bool(
        re.search(r"控制指标", place)
    )


def _hints(name: str, aim: TargetValue, place: str, kind: Kind) -> list[tuple[Sense | None, str]]:
    """Return which way is better by place and by name, with the words for each."""
    found: list[tuple[Sense | None, str]] = []
    base = split_unit(aim.unit)[0].split("/")[0]
    by_name = worded("名称“{name}”", name=name)
    if kind == "growth":
        head = _growing(name)
        return [("less", by_name)] if _HELD_DOWN.search(head) and not DOWN.search(name) else found
    slips = _SLIPS.search(name) and not _SHORTER.search(name)
    timed, acts = base in _TIMES, _ACTS.search(name) if not slips else None
    counted = not timed and base not in ("元", "比值", "")
    money = base == "元" and not re.search(r"效益|数量|质量", place)
    bad = _BAD_NAME.search(name) or (kind == "share" and denies(name)) or (money and _COST_NAME.search(name))
    if _is_cost(name, place) and not _SAVING.search(name) and not acts and not counted:
        found.append(("less", worded("成本指标")))
    elif timed and _LASTS.search(name) and not re.search(r"[至到]$", name):
        found.append(("more", by_name))
    elif timed and not _SHORTER.search(name) and (base == "工作日" or _DURATION.search(name)):
        found.append(("less", worded("时限")))  # working days are counted only where something is waited for
    elif base == "元" and _SAVED.search(name):
        found.append(("more", by_name))
    elif bad and not acts:
        found.append(("less", by_name))
    if _GOOD_RATE.search(name) and not denies(name):
        found.append(("more", by_name))
    return found


def _against(
    name: str, target: TargetValue, place: str, sense: Sense, pointed: Sense | None, direction: str | None
) -> list[str]:
    """Return what speaks against the operator that is written."""
    if sense not in ("more", "less"):
        return []
    if pointed and pointed != sense and target.value:
        return [
            worded("指标方向“{direction}”与比较符相反：“{target}”", direction=direction, target=target.text())
        ]
    if sense == "more" and _is_cost(name, place) and not _SAVING.search(name):
        return [worded("“{name}”是成本，却要求“{target}”", name=name, target=target.text())]
    if sense == "less" and target.value and _GOOD_RATE.search(name):
        return [worded("“{name}”越高越好，却要求“{target}”", name=name, target=target.text())]
    return []


def _torn(name: str, target: TargetValue, nature: str | None, operator: str | None) -> list[str]:
    """Return what speaks against itself within the value and its own columns."""
    found: list[str] = []
    for column in filter(None, (operator, nature)):
        alone = TargetValue.parse(target.raw)
        said = TargetValue.parse("1", op=column)
        if (
            not alone.implied
            and alone.number is not None
            and not said.implied
            and said.op not in ("level", alone.op)
            and not (alone.number == 0 and said.op == "<=")  # none, and at most none
        ):
            found.append(
                worded("比较符列“{column}”与指标值“{raw}”自带的比较符不一致", column=column, raw=target.raw)
            )
    if any("前后的比较词相反" in doubt for doubt in target.doubts):
        found.append(worded("“{raw}”前后的比较词相反", raw=target.raw))
    low = target.number is not None and 0 < target.number <= 1 and target.unit == "%"
    if low and target.op in _UP and _GOOD_RATE.search(name):
        found.append(worded("“{raw}”疑为百分数格式丢失", raw=target.raw))
    return found


def contradicted(sense: Sense, target: TargetValue, operator: str | None, nature: str | None) -> str | None:
    """Return the operator that is written, in the value itself or its column, against a sense;
    None where none is.
    """
    alone = TargetValue.parse(target.raw)
    if _says_sense(alone) and _sense_of(alone) != sense:
        return alone.text() if alone.relative else alone.op
    for column in filter(None, (operator, nature)):
        said = TargetValue.parse("1", op=column)
        if _says_sense(said) and _sense_of(said) != sense:
            return column
    return None


def _says_sense(target: TargetValue) -> bool:
    """Say whether an operator is written that tells which way is better: = names a value and tells nothing,
    save of nought.
    """
    named = target.op == "==" and bool(target.value)
    return not target.implied and isinstance(target.value, Decimal | tuple) and not named


def held_by_unit(told: IndicatorType) -> str | None:
    """Return why a kind can't go with the unit of its target: a share is a ratio, a quantity none,
    a frequency has a period.
    """
    unit, aim = told.unit, told.aim
    ratio = split_unit(unit)[0] == "比值"
    words = (
        worded("单位“{unit}”不合于“{kind}”", unit=unit or worded("无"), kind=KIND_WORDS[told.kind])
        if told.kind
        else None
    )
    if told.kind == "share":
        return None if ratio else words
    if told.kind == "quantity":
        return words if ratio else None
    if told.kind == "growth":
        return None if ratio or aim.relative else words
    return words if told.kind == "frequency" and not aim.per else None


def _by_sense(aim: TargetValue, sense: Sense) -> TargetValue:
    """Return the value with the operator that a sense asks for; a strict bound on that side stays strict."""
    if isinstance(aim.value, tuple) or aim.number is None:
        return aim
    ops: dict[Sense, tuple[Op, ...]] = {"more": _UP, "less": _LESS, "exact": ("==",), "within": ("==",)}
    if aim.op in ops[sense] and not aim.implied:
        return aim
    return aim.replaced(op=ops[sense][0], implied=False)


def denials(text: str) -> list[tuple[str, str]]:
    """Return what denies in a text, each with the words behind it: 未办结率 gives 未 and 办结率,
    逾期 and the like included.
    """
    words = _NO_DENIAL.sub(lambda m: "＿" * len(m[0]), text)
    return [(m[0], words[m.end() :]) for m in _DENIALS.finditer(words)]


def denies(text: str) -> bool:
    """Say whether a text denies something: 未办结率, 不满意度, 逾期率; not 不动产登记率 or 不低于."""
    return bool(denials(text))


def same_unit(one: str | None, other: str | None) -> bool:
    """Say whether two units surely measure the same: a share and 百分点 do not, though both are ratios."""
    points = ("百分点", "个百分点")
    return comparable(one, other) and (one in points) == (other in points)
