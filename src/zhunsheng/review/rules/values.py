"""Rules on target values: operators, units, dates, ceilings, and values at odds with names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction

from zhunsheng.review.catalogue import Context, Hit, bigrams, rule
from zhunsheng.review.costs import is_unit_cost, quantity_of, spent, total_cost
from zhunsheng.review.rules.completeness import LEFT_OPEN
from zhunsheng.targets import Indicator, TargetValue, split_unit
from zhunsheng.targets.kinds import COUNT_NAME, RATE_NAME, type_of
from zhunsheng.targets.units import comparable
from zhunsheng.translation import worded
from zhunsheng.wording import thousands

_MEASURABLE = "财预〔2015〕88号（细化量化）"
_FEASIBLE = "财预〔2015〕88号（适当性、可行性审核）"
_UP = (">=", ">")


@rule(
    "ZS201",
    "warning",
    "该用数字的地方用了文字",
    why="数量、时效和成本一般都能用数字表示，写成文字就无法核对。",
    mend="改成数字、日期或比率。",
    basis=_MEASURABLE,
    bad={"project.indicators.0.target": "有效开展"},
    good={"project.indicators.0.target": "≥2次"},
    only=("levels",),
    needs=("indicators",),
    each=("value", "category"),
)
def words_for_numbers(c: Context) -> Iterator[Hit]:
    """Qualitative wording under quantity, timeliness or cost."""
    for n, (indicator, (_, category)) in enumerate(zip(c.sheet.indicators, c.places, strict=True)):
        rhythm = category == "时效" and _EVERY.search(indicator.target.raw)  # 每季度末15日内
        if indicator.target.op == "level" and category in ("数量", "时效", "成本", "经济成本") and not rhythm:
            yield Hit(
                worded(
                    "“{name}”属于{category}指标，指标值却是“{raw}”",
                    name=indicator.name,
                    category=category,
                    raw=indicator.target.raw,
                ),
                n,
                "target",
            )


_EVERY = re.compile(r"每.{0,6}\d+\s*个?(?:工作)?[日天号月]|\d+\s*个?(?:工作)?[日天]内")


@rule(
    "ZS202",
    "error",
    "比率指标没有用百分数",
    why="名称是比率，单位却不是 %，结果无法比较。",
    mend="改成百分数，或改名称。",
    basis=_MEASURABLE,
    bad={"project.indicators.2.target": "≥90次"},
    good={"project.indicators.2.target": "≥90%"},
    needs=("indicators",),
    about="rates",
    each=("value",),
)
def rate_without_percent(c: Context) -> Iterator[Hit]:
    """A rate whose unit is not a ratio, or that is told in words where outputs are counted."""
    for n, indicator in enumerate(c.sheet.indicators):
        target = indicator.target
        in_words = target.op == "level" and not LEFT_OPEN.fullmatch(target.raw.strip())
        if in_words and c.places[n][1] == "质量" and RATE_NAME.search(indicator.name):
            yield Hit(
                worded("“{name}”是比率，指标值却是“{raw}”", name=indicator.name, raw=target.raw), n, "target"
            )
        if RATE_NAME.search(indicator.name) and (target.number is not None or target.op == "range"):
            base = split_unit(target.unit)[0]
            if base not in ("比值", "分") and not (
                base == "" and target.number is not None and target.number <= 1
            ):
                yield Hit(
                    worded(
                        "“{name}”的指标值是“{indicator}”，单位不是 %",
                        name=indicator.name,
                        indicator=indicator.words(),
                    ),
                    n,
                    "target",
                )


@rule(
    "ZS203",
    "error",
    "数量指标用了百分数",
    why="名称是次数或数量，单位却是 %，读者不知道在数什么。",
    mend="改成次、件、批次等单位，或把名称改成比率。",
    basis=_MEASURABLE,
    bad={"project.indicators.0.target": "≥90%"},
    good={"project.indicators.0.target": "≥2次"},
    needs=("indicators",),
    about="counts",
    each=("value",),
)
def count_with_percent(c: Context) -> Iterator[Hit]:
    """A count whose unit is %."""
    for n, indicator in enumerate(c.sheet.indicators):
        if (
            COUNT_NAME.search(indicator.name)
            and not indicator.target.relative
            and split_unit(indicator.target.unit)[0] == "比值"
        ):
            yield Hit(
                worded("“{name}”的指标值是“{indicator}”", name=indicator.name, indicator=indicator.words()),
                n,
                "target",
            )


@rule(
    "ZS204",
    "error",
    "比率超过 100%",
    why="完成率、合格率、满意度一类的比率不可能超过 100%。",
    mend="核对数字；增长率请在名称中写明“增长”。",
    basis=_FEASIBLE,
    bad={"project.indicators.2.target": "≥120%"},
    good={"project.indicators.2.target": "≥90%"},
    needs=("indicators",),
    each=("value",),
)
def rate_above_hundred(c: Context) -> Iterator[Hit]:
    """A rate above 100 %, unless it looks like a mistyped sign."""
    for n, indicator in enumerate(c.sheet.indicators):
        number = indicator.target.number
        if (
            number is not None
            and indicator.target.unit == "%"
            and number > 100
            and not re.search(r"增|升|降", indicator.name)
        ):
            if not indicator.target.relative and not _mistyped(indicator.target.raw):
                yield Hit(
                    worded(
                        "“{name}”的指标值是“{indicator}”", name=indicator.name, indicator=indicator.words()
                    ),
                    n,
                    "target",
                )


@rule(
    "ZS205",
    "warning",
    "疑为“≥”误识成“2”",
    why="扫描或重新录入的文件常把“≥90%”变成“290%”。",
    mend="对照原件，改成“≥”。",
    basis=_FEASIBLE,
    bad={"project.indicators.2.target": "290%"},
    good={"project.indicators.2.target": "≥90%"},
    needs=("indicators",),
)
def mistyped_sign(c: Context) -> Iterator[Hit]:
    """A percentage in the two-hundreds where ≥ was probably meant."""
    for n, indicator in enumerate(c.sheet.indicators):
        if _mistyped(indicator.target.raw) and not re.search(r"增", indicator.name):
            yield Hit(
                worded(
                    "“{name}”的“{raw}”疑为“≥{rest}”",
                    name=indicator.name,
                    raw=indicator.target.raw,
                    rest=indicator.target.raw.lstrip()[1:],
                ),
                n,
                "target",
            )


@rule(
    "ZS206",
    "error",
    "比较方向与指标相反",
    why="成本越低越好，满意度越高越好；方向写反，完成得越差得分越高。",
    mend="成本用“≤”，满意度、合格率用“≥”。",
    basis=_FEASIBLE,
    bad={"project.indicators.4.target": "≥700元"},
    good={"project.indicators.4.target": "≤700元"},
    needs=("indicators",),
    each=("value", "category"),
)
def wrong_direction(c: Context) -> Iterator[Hit]:
    """An operator at odds with the direction column, the place or the name: cost with ≥,
    satisfaction with ≤.
    """
    for n, indicator in enumerate(c.sheet.indicators):
        for why in indicator.type.against:
            yield Hit(f"“{indicator.name}”：{why}", n, "target")
        if not indicator.type.against and _bad_with_floor(indicator):
            yield Hit(
                worded("“{name}”越低越好，却要求“{target}”", name=indicator.name, target=indicator.words()),
                n,
                "target",
            )


@rule(
    "ZS207",
    "error",
    "时限不在年度内",
    why="年度目标的完成时限应在预算年度之内。",
    mend="改正年份，跨年项目写明年度阶段任务。",
    basis=_FEASIBLE,
    bad={"project.indicators.3.target": "2022年6月底前"},
    good={"project.indicators.3.target": "2021年11月30日前"},
    needs=("year", "indicators"),
    about="deadlines",
    each=("value",),
)
def deadline_outside_year(c: Context) -> Iterator[Hit]:
    """A deadline outside the fiscal year."""
    for n, indicator in enumerate(c.sheet.indicators):
        value = indicator.target.value
        if isinstance(value, date) and c.sheet.year and value.year != c.sheet.year:
            yield Hit(
                worded(
                    "“{name}”的时限 {value} 不在 {year} 年内",
                    name=indicator.name,
                    value=value,
                    year=c.sheet.year,
                ),
                n,
                "target",
            )


@rule(
    "ZS208",
    "note",
    "时限只是重复年底",
    why="“12月底前”对任何年度项目都成立，说明不了进度。",
    mend="写明关键节点，例如抽检、验收的完成日期。",
    basis=_MEASURABLE,
    bad={"project.indicators.3.target": "2021年12月底前"},
    good={"project.indicators.3.target": "2021年11月30日前"},
    needs=("indicators",),
    about="deadlines",
    each=("value",),
)
def deadline_is_year_end(c: Context) -> Iterator[Hit]:
    """A deadline that only restates the end of the year."""
    for n, indicator in enumerate(c.sheet.indicators):
        value = indicator.target.value
        if isinstance(value, date) and (value.month, value.day) == (12, 31):
            yield Hit(worded("“{name}”只要求年底前完成", name=indicator.name), n, "target")


@rule(
    "ZS209",
    "warning",
    "指标放错了二级指标",
    why="放错位置会漏掉应有的一类指标，也会用错分值。",
    mend="日期放在时效，价格和费用放在成本，抽查比例等产出放在数量或质量。",
    basis="财预〔2015〕88号（指标体系）；财预〔2021〕101号",
    bad={"project.indicators.1.target": "2021年11月底前"},
    good={},
    only=("levels",),
    needs=("indicators",),
    each=("value", "category"),
)
def wrong_category(c: Context) -> Iterator[Hit]:
    """A date under quantity, a price under quality, an output under effect."""
    for n, (indicator, (dimension, category)) in enumerate(zip(c.sheet.indicators, c.places, strict=True)):
        target, name = indicator.target, indicator.name
        if target.op == "by" and category in ("数量", "质量", "成本"):
            yield Hit(
                worded("“{name}”的值是日期，却放在{category}指标", name=name, category=category), n, "level2"
            )
        elif split_unit(target.unit)[0] == "元" and category in ("数量", "质量", "时效"):
            yield Hit(
                worded("“{name}”的值是金额，却放在{category}指标", name=name, category=category), n, "level2"
            )
        elif dimension == "效益" and re.search(
            r"(?:抽查|检查|抽检|巡查|培训|宣传)(?:比例|次数|数量|率|批次|覆盖率)$", name
        ):
            yield Hit(
                worded(
                    "“{name}”说的是做了多少，属于产出，却放在{category}",
                    name=name,
                    category=category or dimension,
                ),
                n,
                "level2",
            )


@rule(
    "ZS210",
    "error",
    "单位成本乘以数量超过预算",
    why="按单价上限和数量下限计算，预算不够。",
    mend="核对单价、数量和预算总额，三者应能对上。",
    basis=_FEASIBLE,
    bad={"project.indicators.4.name": "单次检查费用", "project.indicators.4.target": "≤250000元"},
    good={},
    only=("budgeted",),
    needs=("budget", "indicators"),
    about="unit costs",
    each=("value", "quantity"),
)
def cost_exceeds_budget(c: Context) -> Iterator[Hit]:
    """Unit cost × quantity above the budget, or a whole cost above it."""
    budget = c.sheet.budget.total
    if budget is None:
        return
    for n, cost in enumerate(c.sheet.indicators):
        if (whole := total_cost(cost)) is not None and whole > budget:
            yield Hit(
                worded(
                    "“{name}”{cost}，预算 {total} 元", name=cost.name, cost=cost.words(), total=_yuan(budget)
                ),
                n,
                "target",
            )
        if not is_unit_cost(cost) or (quantity := quantity_of(c, n)) is None:
            continue
        if (needed := spent(cost, quantity)) > budget:
            yield Hit(
                worded(
                    "“{name}”{cost} × “{other}”{quantity} = {spent} 元，预算 {total} 元",
                    name=cost.name,
                    cost=cost.words(),
                    other=quantity.name,
                    quantity=quantity.words(),
                    spent=_yuan(needed),
                    total=_yuan(budget),
                ),
                n,
                "target",
            )


@rule(
    "ZS211",
    "note",
    "比较符写法不统一",
    why="同一张表里混用“≥”“≧”“大于”“不低于”，读者分不清是否包含本数。",
    mend="统一用“≥”“≤”，需要严格大于时写“>”。",
    basis="表格规范",
    bad={"project.indicators.2.target": "≧90%"},
    good={"project.indicators.2.target": "≥90%"},
    needs=("indicators",),
)
def mixed_signs(c: Context) -> Iterator[Hit]:
    """Look-alike glyphs, or strict and non-strict words for the same kind of floor, in one sheet."""
    raws = " ".join(i.target.raw for i in c.sheet.indicators)
    odd = [sign for sign in ("≧", "≦", "＞=", "＞＝", "⩾", "⩽") if sign in raws]
    strict = re.search(r"大于(?!等|或)|高于(?!等|或)|超过", raws)
    loose = re.search(r"不低于|不少于|达|≥", raws)
    if odd:
        n = next(n for n, i in enumerate(c.sheet.indicators) if any(sign in i.target.raw for sign in odd))
        yield Hit(worded("用了“{odd}”", odd="”“".join(odd)), n, "target")
    if strict and loose:
        n = next(n for n, i in enumerate(c.sheet.indicators) if strict[0] in i.target.raw)
        yield Hit(
            worded("同时用了“{strict}”和“{loose}”，前者不含本数", strict=strict[0], loose=loose[0]),
            n,
            "target",
        )


@rule(
    "ZS212",
    "note",
    "单位与名称不一致",
    why="名称说“次数”，单位写“个”，同一事项在别的表里又写“次”，汇总时要靠猜。",
    mend="次数用“次”，件数用“件”，批次用“批次”。",
    basis="表格规范",
    bad={"project.indicators.0.target": "≥2个"},
    good={"project.indicators.0.target": "≥2次"},
    needs=("indicators",),
    about="counts",
    each=("value", "unit"),
)
def unit_at_odds(c: Context) -> Iterator[Hit]:
    """A unit that differs from the one the name asks for."""
    expected = {
        "次数": ("次", "场", "场次", "期"),
        "件数": ("件",),
        "人数": ("人", "名"),
        "人次": ("人次",),
        "批次": ("批次", "批", "次"),
        "户数": ("户", "家"),
    }
    for n, indicator in enumerate(c.sheet.indicators):
        if indicator.target.number is None or not indicator.target.unit:
            continue
        for word, units in expected.items():
            base = split_unit(indicator.target.unit)[0]
            own = indicator.name.removesuffix("数").endswith(base)  # 接种剂次数 in 剂次
            if indicator.name.endswith(word) and base != "比值" and base not in units and not own:
                yield Hit(
                    worded("“{name}”的单位写成“{unit}”", name=indicator.name, unit=indicator.target.unit),
                    n,
                    "target",
                )


@rule(
    "ZS213",
    "note",
    "指标值含糊或可疑",
    why="“约”“左右”、前后重复或相反的比较词、字母冒充数字，都会引起争议。",
    mend="写成一个明确的比较符、数字和单位。",
    basis=_MEASURABLE,
    bad={"project.indicators.0.target": "约2次"},
    good={"project.indicators.0.target": "≥2次"},
    needs=("indicators",),
    each=("value",),
)
def vague_value(c: Context) -> Iterator[Hit]:
    """A value that was read with doubts."""
    for n, indicator in enumerate(c.sheet.indicators):
        if indicator.target.op != "unread":
            said = indicator.type
            # What is beyond the whole has a rule of its own.
            beyond = indicator.target.unit == "%" and (indicator.target.number or 0) > 100
            unsure = () if indicator.target.implied or beyond else said.unsure
            for doubt in indicator.target.doubts or unsure:
                if doubt not in said.against:
                    yield Hit(f"“{indicator.name}”：{doubt}", n, "target")


@rule(
    "ZS214",
    "note",
    "指标值没有比较符",
    why="只写一个数，不知道是至少、至多还是恰好。",
    mend="加上“≥”“≤”或“=”。",
    basis=_MEASURABLE,
    bad={"project.indicators.0.target": "2次"},
    good={"project.indicators.0.target": "≥2次"},
    needs=("indicators",),
    each=("value",),
)
def no_operator(c: Context) -> Iterator[Hit]:
    """A bare number."""
    for n, indicator in enumerate(c.sheet.indicators):
        told = (
            indicator.direction or indicator.settled or indicator.target.per
        )  # 每季度1次: at least that often
        whole = (
            indicator.target.unit == "%" and indicator.target.number == 100
        )  # all of it can but be that much
        if indicator.target.implied and not told and not whole:
            yield Hit(
                worded(
                    "“{name}”的指标值“{indicator}”没有比较符",
                    name=indicator.name,
                    indicator=indicator.words(),
                ),
                n,
                "target",
            )


@rule(
    "ZS215",
    "warning",
    "指标值没有单位",
    why="没有单位的数字无法核对，金额尤其容易差一万倍。",
    mend="在指标值或度量单位列写明单位。",
    basis=_MEASURABLE,
    bad={"project.indicators.0.target": "≥2"},
    good={"project.indicators.0.target": "≥2次"},
    needs=("indicators",),
    each=("value",),
)
def no_unit(c: Context) -> Iterator[Hit]:
    """A number other than zero without unit; coefficients, indices and ratios to one have none."""
    for n, indicator in enumerate(c.sheet.indicators):
        if indicator.target.number and not indicator.target.unit and not _PURE.search(indicator.name):
            yield Hit(
                worded(
                    "“{name}”的指标值“{indicator}”没有单位", name=indicator.name, indicator=indicator.words()
                ),
                n,
                "target",
            )


@rule(
    "ZS216",
    "warning",
    "指标值低于上年结果",
    why="比上年已经做到的还低，目标没有约束力。",
    mend="参照上年完成值和近三年平均值确定，确需降低的说明理由。",
    basis=_FEASIBLE,
    bad={"project.indicators.2.last_year": "96%"},
    good={"project.indicators.2.last_year": "88%"},
    needs=("indicators",),
    about="bounded",
    each=("value", "last value"),
)
def below_last_year(c: Context) -> Iterator[Hit]:
    """A target easier than last year's result."""
    for n, indicator in enumerate(c.sheet.indicators):
        target = indicator.aim
        bound = indicator.target.op in (">=", ">", "<=", "<")  # = names a standard, which may rise
        if not indicator.last_year or target.number is None or not bound:
            continue
        last = TargetValue.parse(indicator.last_year)
        if last.number is None or not comparable(last.unit or target.unit, target.unit):
            continue
        if bool(target.relative) != bool(last.relative):
            continue  # a change (较上年下降3%) is not measured by what was reached
        margin = target.margin(Decimal(last.number), last.unit or target.unit)
        if margin is not None and margin > 0:
            yield Hit(
                worded(
                    "“{name}”上年已达到 {last_year}，今年目标“{indicator}”",
                    name=indicator.name,
                    last_year=indicator.last_year,
                    indicator=indicator.words(),
                ),
                n,
                "target",
            )


@rule(
    "ZS217",
    "error",
    "区间或数值不合常理",
    why="负数或 0% 的下限没有约束力。",
    mend="核对数值。",
    basis=_FEASIBLE,
    bad={"project.indicators.2.target": "≥0%"},
    good={"project.indicators.2.target": "≥90%"},
    needs=("indicators",),
    each=("value",),
)
def empty_floor(c: Context) -> Iterator[Hit]:
    """A floor that any result meets."""
    for n, indicator in enumerate(c.sheet.indicators):
        number = indicator.target.number
        if (
            number is not None
            and indicator.aim.op in _UP
            and number <= 0
            and indicator.type.kind != "growth"
            and "增" not in indicator.name
        ):
            yield Hit(
                worded(
                    "“{name}”的指标值“{indicator}”任何结果都能达到",
                    name=indicator.name,
                    indicator=indicator.words(),
                ),
                n,
                "target",
            )


@rule(
    "ZS218",
    "warning",
    "比率的分子不在分母里",
    why="比率是部分占全体的份额；分子分母数的不是同一种东西，算出来的不是比率。",
    mend="分母写全体，分子写其中的一部分，例如“按期办结件数/应办结件数”。",
    basis=_MEASURABLE,
    bad={"project.indicators.2.description": "举报办结件数/检查人员人数"},
    good={"project.indicators.2.description": "举报办结件数/举报受理件数"},
    needs=("indicators", "descriptions"),
    about="percentages",
    each=("value",),
)
def odd_ratio(c: Context) -> Iterator[Hit]:
    """A share whose formula divides things of one kind by things of another."""
    for n, indicator in enumerate(c.sheet.indicators):
        formula = _FORMULA.search(indicator.description or "")
        if formula is None or indicator.target.unit != "%" or indicator.type.kind == "growth":
            continue
        part, whole = formula[1], formula[2]
        kinds = [{kind for kind, words in _THINGS.items() if words.search(side)} for side in (part, whole)]
        alike = bigrams(part) & bigrams(whole) or kinds[0] & kinds[1] or _ASKED.search(whole)
        if all(kinds) and not alike:
            yield Hit(
                worded("“{name}”用“{part}”除以“{whole}”", name=indicator.name, part=part, whole=whole),
                n,
                "description",
            )


_PURE = re.compile(r"(?:系数|指数|比值|[师生医护容密性]比|PH值?|pH值?|等级|评分|得分)$")


@rule(
    "ZS219",
    "warning",
    "指标值偏低",
    why="准确率、及时率、满意度一类的指标要求不到七成，做成怎样都算完成，目标没有约束力。",
    mend="参照行业标准、上年结果或同类项目提高指标值，确需这样定的写明依据。",
    basis=_FEASIBLE,
    bad={"project.indicators.2.target": "≥50%"},
    good={"project.indicators.2.target": "≥90%"},
    needs=("indicators",),
    about="percentages",
    each=("value",),
)
def low_floor(c: Context) -> Iterator[Hit]:
    """A floor below seven tenths for a rate of what is done right, which offices nearly always bring near the
    whole.
    """
    for n, indicator in enumerate(c.sheet.indicators):
        number, aim = indicator.target.number, indicator.aim
        if number is None or aim.op not in _UP or indicator.target.unit != "%" or indicator.target.relative:
            continue
        if 0 < number < LOW and _DONE_RIGHT.search(indicator.name) and not _EXAM.search(indicator.name):
            yield Hit(
                worded("“{name}”只要求“{target}”", name=indicator.name, target=indicator.words()), n, "target"
            )


LOW = 70  # %; no rule names a figure: local practice
_DONE_RIGHT = re.compile(r"(?:准确|合格|及时|按期办结|办结|完好|满意|到位|完成|执行|支付|拨付)(?:率|度)$")
_EXAM = re.compile(r"考[试核]|测[试验]|体[质检]|达标|中期|首次|一次|当[日天场月]|抽[查检]|监测|达产")

# Bounded, for in a text of one long run each of its beginnings would be tried to its end.
_FORMULA = re.compile(r"([一-龥A-Za-z]{1,60})\s{0,9}(?:/|÷|除以)\s{0,9}([一-龥A-Za-z]{1,60})")
_ASKED = re.compile("问卷|调查|受访|样本|测评|答卷")
# What the words of a formula count.
_THINGS = {
    "people": re.compile(r"人数|人员|人次|人口|学员|学生|儿童|居民|村民|群众|读者|家长|职工|教师|患者|名"),
    "bodies": re.compile(r"户|企业|主体|商家|家数|单位数|机构数|学校数|医院数"),
    "cases": re.compile(r"件|起数|案|投诉|举报|工单|信访|事项"),
    "times": re.compile(r"次数|场次|批次|期数|班次|次$"),
    "money": re.compile(r"资金|经费|预算|金额|支出|费用?$|投资|收入"),
    "works": re.compile(r"项目|工程|任务"),
    "land": re.compile(r"面积|亩"),
    "length": re.compile(r"里程|长度|公里"),
    "papers": re.compile(r"报告|份数|样品"),
    "time": re.compile(r"天数|小时|时间|时长"),
    "places": re.compile(r"村|社区|乡镇|街道"),
}


def _bad_with_floor(indicator: Indicator) -> bool:
    """Return whether an indicator asks for at least so much of what its name alone says less is better of."""
    target = indicator.target
    if indicator.aim.op not in _UP or target.number is None or target.relative or indicator.settled:
        return False
    if target.implied or not target.number:
        return False
    bare = TargetValue.parse(f"{target.number:f}{target.unit or ''}")
    return type_of(indicator.name, bare).sense == "less"


def _mistyped(raw: str) -> bool:
    return bool(re.fullmatch(r"\s*2(?:[5-9]\d|100)(?:\.\d+)?[%％]\s*", raw))


def _yuan(amount: Decimal | Fraction) -> str:
    return thousands(int(amount))
