"""Rules on how the parts of a document fit together: indicators, goals, weights, sheets,
and last year's text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from rapidfuzz import fuzz

from zhunsheng.review.catalogue import Context, Hit, rule, squeezed
from zhunsheng.review.inflation import signs_in
from zhunsheng.review.serving import (
    backs,
    called,
    goal_topics,
    indicator_topics,
    sheet_topics,
    topics,
    trades,
)
from zhunsheng.targets import Indicator, Place
from zhunsheng.targets.kinds import COUNT_NAME
from zhunsheng.translation import series, worded
from zhunsheng.wording import percent_beside

HALF = Decimal("0.5")

_RELEVANT = "财预〔2015〕88号（相关性审核）"
_COMPLETE = "财预〔2015〕88号（完整性审核）"
_DOUBLED = re.compile(r"([一-龥]{2,4})\1")
_HOLLOW = re.compile(
    r"^(?:进一步|不断|持续|全面|切实|有效|大力|积极|努力|着力|扎实)?(?:加强|提高|提升|推进|强化|完善|促进|"
    r"保障|做好|推动)(?:相关|各项|有关)?(?:工作|管理|水平|能力|质量|效能|服务|建设|发展)(?:水平|能力|"
    r"质量)?[。；]?$"
)
_GENUINE_DOUBLES = frozenset(
    [
        "人人",
        "天天",
        "年年",
        "月月",
        "日日",
        "层层",
        "家家",
        "户户",
        "处处",
        "事事",
        "时时",
        "多多",
        "级级",
        "步步",
        "常常",
        "往往",
    ]
)


@rule(
    "ZS301",
    "error",
    "指标重复",
    why="同一指标列两次，同一件事得两次分。",
    mend="合并或删去其中一个。",
    basis=_COMPLETE,
    bad={"project.indicators.1.name": "守法经营宣传次数"},
    good={},
    needs=("indicators",),
)
def duplicate(c: Context) -> Iterator[Hit]:
    """Two indicators of one name in one sheet."""
    seen: dict[str, int] = {}
    for n, indicator in enumerate(c.sheet.indicators):
        own = (squeezed(indicator.name), *_counted_thing(indicator))
        first = next((seen[key] for key in own if key in seen), None)
        if first is not None:
            yield Hit(worded("“{name}”与第 {n} 个指标重复", name=indicator.name, n=first + 1), n, "name")
        for key in own:
            seen.setdefault(key, n)


_NUMBER_OF = re.compile(r"(?:(?:台套?|套|件|个|座|处|所|辆)数|数量|总数|数)$")


def _counted_thing(one: Indicator) -> tuple[str, ...]:
    """Return what an indicator counts with how many it asks for: 购置设备数量 and 购置设备台（套）数 of 17
    are one thing; nothing for what counts nothing.
    """
    name = squeezed(one.name)
    bare = _NUMBER_OF.sub("", name)
    counted = one.target.number is not None and (bare != name or COUNT_NAME.search(one.name))
    return (f"{bare} {one.aim.op} {one.target.number:f}",) if counted and len(bare) > 3 else ()


@rule(
    "ZS302",
    "note",
    "指标近似重复",
    why="名称几乎相同的指标常常说的是同一件事。",
    mend="确认是否为两件事；是同一件事的合并。",
    basis=_COMPLETE,
    bad={"project.indicators.1.name": "守法经营宣传的次数"},
    good={},
    needs=("indicators",),
)
def near_duplicate(c: Context) -> Iterator[Hit]:
    """Two indicators of almost the same name."""
    names = [squeezed(i.name) for i in c.sheet.indicators]
    for n, name in enumerate(names):
        for m in range(n):
            if name != names[m] and fuzz.ratio(name, names[m], score_cutoff=88):
                yield Hit(
                    worded(
                        "“{name}”与“{other}”近似",
                        name=c.sheet.indicators[n].name,
                        other=c.sheet.indicators[m].name,
                    ),
                    n,
                    "name",
                )


@rule(
    "ZS303",
    "note",
    "指标描述只是重复名称",
    why="描述应说明怎么算、数据从哪里来，重复名称等于没有写。",
    mend="写出计算公式，例如“举报办结数/举报受理数”。",
    basis="财预〔2015〕88号（指标值及其依据）",
    bad={"project.indicators.1.description": "专项检查次数"},
    good={},
    needs=("indicators",),
    about="described",
)
def description_repeats_name(c: Context) -> Iterator[Hit]:
    """A description equal to the name."""
    for n, indicator in enumerate(c.sheet.indicators):
        if indicator.description and squeezed(indicator.description) == squeezed(indicator.name):
            yield Hit(worded("“{name}”的描述与名称相同", name=indicator.name), n, "description")


@rule(
    "ZS304",
    "error",
    "权重合计不对",
    why="指标权重加上预算执行率 10 分应为 100 分。",
    mend="调整权重，使指标合计为 90（另有预算执行率 10 分）或 100。",
    basis="财预〔2020〕10号（单位自评）；财预〔2021〕101号",
    bad={"project.indicators.0.weight": "30"},
    good={},
    only=("weighted",),
    needs=("indicators",),
    each=("weight",),
)
def weights_do_not_sum(c: Context) -> Iterator[Hit]:
    """Weights that make neither 90 nor 100."""
    weights = [i.weight for i in c.sheet.indicators]
    if weights and all(w is not None for w in weights):
        total = sum((w for w in weights if w is not None), Decimal(0))
        if total not in (90, 100):
            yield Hit(worded("指标权重合计 {total}", total=f"{total:f}"), field="indicators")


@rule(
    "ZS305",
    "warning",
    "一个指标占了一半权重",
    why="一个指标定成败，其他指标形同虚设。",
    mend="分散权重，单个指标一般不超过 30。",
    basis="财预〔2021〕101号",
    bad={
        "project.indicators.0.weight": "55",
        "project.indicators.1.weight": "5",
        "project.indicators.2.weight": "5",
        "project.indicators.5.weight": "5",
    },
    good={},
    only=("weighted",),
    needs=("indicators",),
    each=("weight",),
)
def one_rules(c: Context) -> Iterator[Hit]:
    """One indicator with half the weight or more."""
    weights = [i.weight or Decimal(0) for i in c.sheet.indicators]
    total = sum(weights)
    if total and len(weights) > 2:
        for n, weight in enumerate(weights):
            if weight * 2 >= total:
                yield Hit(
                    worded(
                        "“{name}”权重 {weight}，占 {share}",
                        name=c.sheet.indicators[n].name,
                        weight=f"{weight:f}",
                        share=percent_beside(weight / total, (HALF,), 0),
                    ),
                    n,
                    "weight",
                )


@rule(
    "ZS306",
    "warning",
    "只有部分指标有权重",
    why="没有权重的指标不知道值几分。",
    mend="补齐权重，或全部不填（按一级指标分值平均分配）。",
    basis="财预〔2020〕10号（单位自评）",
    bad={"project.indicators.3.weight": None},
    good={},
    only=("weighted",),
    needs=("indicators",),
)
def some_weights(c: Context) -> Iterator[Hit]:
    """Weights on some indicators only."""
    without = [n for n, i in enumerate(c.sheet.indicators) if i.weight is None]
    if without and len(without) < len(c.sheet.indicators):
        for n in without:
            yield Hit(worded("“{name}”没有权重", name=c.sheet.indicators[n].name), n, "weight")


@rule(
    "ZS307",
    "note",
    "指标值多凭工作经验确定",
    why="“工作经验”难以核实，审核时看不出高低。",
    mend="改引年度计划、文件、行业标准或近三年数据。",
    basis="财预〔2015〕88号（指标值及其依据）",
    bad={f"project.indicators.{n}.basis": "工作经验" for n in (0, 1, 2, 3)},
    good={},
    needs=("indicators", "bases"),
)
def basis_is_experience(c: Context) -> Iterator[Hit]:
    """Two fifths or more of the values resting on experience."""
    counted = [i for i in c.sheet.indicators if i.basis]
    by_feel = [i for i in counted if i.basis and re.search(r"经验|估计|估算", i.basis)]
    if counted and len(by_feel) * 5 >= len(counted) * 2:
        yield Hit(
            worded(
                "{counted} 个指标中有 {by_feel} 个以工作经验为依据",
                counted=len(counted),
                by_feel=len(by_feel),
            ),
            field="indicators",
        )


@rule(
    "ZS308",
    "warning",
    "目标没有指标支撑",
    why="目标写了而没有指标衡量，年底无法说明是否做到。",
    mend="为该目标增加指标，或删去该目标。",
    basis=_RELEVANT,
    bad={"project.goals.+": "支持企业上市融资，培育单项冠军。"},
    good={},
    needs=("goals", "indicators"),
)
def goal_without_indicator(c: Context) -> Iterator[Hit]:
    """A goal that speaks of nothing that any indicator speaks of."""
    if not c.sheet.indicators:
        return
    linked = {i.goal for i in c.sheet.indicators if i.goal is not None}
    words = indicator_topics(c.sheet)
    for n, goal in enumerate(c.sheet.goals):
        hollow = _HOLLOW.match(goal.text.strip())  # which has a rule of its own
        if n in linked or not goal.text or hollow:
            continue
        whole = not topics(goal.text) & words
        parts = [] if whole else [p for p in _SENTENCE.split(goal.text) if len(p) > _SHORT_GOAL]
        for said in [goal.text] if whole else parts:
            if not topics(said) & words:
                yield Hit(
                    worded("“{title}{text}”没有对应的指标", title=goal.title or "", text=_short(said)),
                    field="goals",
                    place=goal.place,
                )


_SENTENCE = re.compile(r"[。；;\n]")


@rule(
    "ZS309",
    "note",
    "指标找不到对应的目标",
    why="与目标、资金用途都无关的指标，衡量的是别的事。",
    mend="在目标或资金用途中写明这项工作，或换一个相关的指标。",
    basis=_RELEVANT,
    bad={
        "project.indicators.4.name": "单次审计费用",
        "project.indicators.4.description": "审计费用÷审计次数",
    },
    good={},
    only=("project",),
    needs=("aims", "indicators"),
)
def indicator_without_goal(c: Context) -> Iterator[Hit]:
    """An output or cost that speaks of nothing that goals, purpose or the project's name speak of, nor of
    anything that such an indicator speaks of, and names things of a trade that nothing else in the sheet
    names. Time limits and satisfaction serve any goal, effects may show in any trade.
    """
    goals = "".join(g.text + (g.title or "") for g in c.sheet.goals)
    words = topics(f"{c.sheet.purpose or ''}。{goals}。{c.sheet.name or ''}")
    if not words or not c.project:
        return
    own = {
        n: topics(_MANNER.sub(" ", one.name + (one.description or "")))
        for n, (one, (dimension, category)) in enumerate(zip(c.sheet.indicators, c.places, strict=True))
        if dimension != "满意度" and category != "时效"
    }
    while served := [n for n, said in own.items() if said & words]:
        words = words.union(*(own.pop(n) for n in served))
    for n in own:
        name, (dimension, _) = c.sheet.indicators[n].name, c.places[n]
        others = "。".join(i.name for m, i in enumerate(c.sheet.indicators) if m != n)
        text = f"{c.sheet.name or ''}。{c.sheet.purpose or ''}。{goals}。{others}"
        if dimension not in ("产出", "成本", "") or not trades(name) - trades(text):
            continue
        yield Hit(worded("“{name}”在目标和资金用途中没有提到", name=name), n, "name")


# How anything is measured, which ties no indicator to another.
_MANNER = re.compile(r"成本|费用|合格|覆盖|及时|完成|达标|准确|单位|总数|全部|比例|人数|户数|件数|上年|实际")


@rule(
    "ZS310",
    "warning",
    "目标空泛",
    why="没有对象和程度的目标放在哪个项目都成立。",
    mend="写明对谁、做什么、做到什么程度。",
    basis="财预〔2015〕88号（指向明确、细化量化）",
    bad={"project.goals.0.text": "进一步加强各项工作。"},
    good={},
    needs=("goals",),
)
def hollow_goal(c: Context) -> Iterator[Hit]:
    """A goal that is all verbs and no object."""
    for goal in c.sheet.goals:
        if goal.text and _HOLLOW.match(goal.text.strip()):
            yield Hit(
                worded("目标“{text}”没有写明对象和程度", text=_short(goal.text)),
                field="goals",
                place=goal.place,
            )


@rule(
    "ZS311",
    "note",
    "文字重复",
    why="叠字多半是复制或录入错误，公开后有损严肃性。",
    mend="删去重复的字。",
    basis="表格规范",
    bad={"project.purpose": "用于守法经营宣传和市场专项检查检查。"},
    good={},
    needs=("words",),
)
def doubled_word(c: Context) -> Iterator[Hit]:
    """A word written twice in a row."""
    parts: list[tuple[str, str | None, Place | None]] = [
        ("purpose", c.sheet.purpose, None),
        ("narrative", c.sheet.narrative, None),
        *(("goals", g.text, g.place) for g in c.sheet.goals),
        *(("safeguards", g.text, g.place) for g in c.sheet.safeguards),
    ]
    for field, text, place in parts:
        for match in _DOUBLED.finditer(text or ""):
            if match[1] not in _GENUINE_DOUBLES:
                yield Hit(f"“{match[0]}”", field=field, place=place)
    for n, indicator in enumerate(c.sheet.indicators):
        doubled = _DOUBLED.search(indicator.name) or _DOUBLED.search(indicator.description or "")
        if doubled and doubled[1] not in _GENUINE_DOUBLES:
            yield Hit(f"“{doubled[0]}”", n, "name")


@rule(
    "ZS312",
    "warning",
    "与上年文字雷同",
    why="逐年照抄，目标与当年任务脱节。",
    mend="按本年任务重新填写目标。",
    basis=_RELEVANT,
    bad={"previous.goals.0.text": "开展守法经营宣传和市场专项检查，及时办结举报，市场秩序明显好转。"},
    good={},
    needs=("last year", "last year's goals", "goals"),
)
def copied_from_last_year(c: Context) -> Iterator[Hit]:
    """Goals taken over from last year word for word."""
    if c.previous is None:
        return
    old = {squeezed(re.sub(r"20\d{2}", "", g.text)) for g in c.previous.goals}
    for goal in c.sheet.goals:
        if len(goal.text) > 12 and squeezed(re.sub(r"20\d{2}", "", goal.text)) in old:
            yield Hit(
                worded("目标“{text}”与上年完全相同", text=_short(goal.text)), field="goals", place=goal.place
            )


@rule(
    "ZS313",
    "error",
    "同名项目两处写得不一样",
    why="同一项目在两张表里金额不同，至少有一处是错的。",
    mend="核对预算批复，改成一致。",
    basis=_COMPLETE,
    bad={"other.name": "市场秩序维护经费", "other.budget.total": "500000"},
    good={},
    only=("project", "others"),
    needs=("name", "budget"),
)
def same_project_twice(c: Context) -> Iterator[Hit]:
    """The same project with another budget elsewhere in the document."""
    for other in c.siblings:
        same = (
            other.kind == c.sheet.kind == "project"
            and other.name
            and squeezed(other.name) == squeezed(c.sheet.name)
        )
        known = other.budget.total is not None  # a budget that is not filled in is no other budget
        if same and known and other.budget.total != c.sheet.budget.total:
            yield Hit(
                worded("“{name}”在另一处的预算是 {total} 元", name=c.sheet.name, total=other.budget.total),
                field="budget.total",
            )


@rule(
    "ZS314",
    "error",
    "部门表与项目表的同一指标对不上",
    why="同一指标在部门整体目标和项目目标里不一样，年底会得出两个结论。",
    mend="以审定的指标值为准，改成一致。",
    basis=_COMPLETE,
    bad={"department.indicators.0.target": "不低于80%"},
    good={},
    only=("project",),
    needs=("department sheet", "indicators"),
    about="shared",
    each=("both numbers",),
)
def sheets_disagree(c: Context) -> Iterator[Hit]:
    """A project indicator whose value differs from the department's indicator of the same name."""
    if not c.project:
        return
    shared = {squeezed(i.name): i for s in c.siblings if s.kind == "department" for i in s.indicators}
    for n, indicator in enumerate(c.sheet.indicators):
        other = shared.get(squeezed(indicator.name))
        if other is None or other.target.number is None or indicator.target.number is None:
            continue
        if not other.aim.same(indicator.aim):
            yield Hit(
                worded(
                    "“{name}”部门表为“{other}”，本表为“{indicator}”",
                    name=indicator.name,
                    other=other.words(),
                    indicator=indicator.words(),
                ),
                n,
                "target",
            )


@rule(
    "ZS315",
    "note",
    "分项目标没有项目支撑",
    why="部门承诺的事没有项目和资金，要么不花钱，要么漏列了项目。",
    mend="说明由基本支出保障，或补列项目。",
    basis=_RELEVANT,
    bad={"department.goals.+": "培育地理标志商标品牌，专利授权稳步增加。"},
    good={},
    only=("department",),
    needs=("project sheets", "goals"),
)
def goal_without_project(c: Context) -> Iterator[Hit]:
    """A department's sub-goal that no project sheet speaks of."""
    projects = [s for s in c.siblings if s.kind == "project"]
    if c.project or not projects:
        return
    words: frozenset[str] = frozenset().union(*(sheet_topics(s) for s in projects))
    for n, goal in enumerate(c.sheet.goals):
        if goal_topics(c.sheet, n) and not backs(words, c.sheet, n):
            yield Hit(
                worded("分项目标“{goal}”没有相应的项目", goal=_short(called(goal))),
                field="goals",
                place=goal.place,
            )


@rule(
    "ZS316",
    "note",
    "多数比率指标没有写计算公式",
    why="比率没有分子分母，年底各算各的。",
    mend="在指标描述里写“分子/分母”。",
    basis="财预〔2015〕88号（指标值及其依据）",
    bad={"project.indicators.2.description": "举报办结", "project.indicators.5.description": "抽查合格"},
    good={},
    needs=("indicators", "descriptions"),
    about="percentages",
    each=("value",),
)
def rates_without_formula(c: Context) -> Iterator[Hit]:
    """Rates, most of which have no formula, in a sheet that describes its indicators."""
    if not any(i.description for i in c.sheet.indicators):
        return
    rates = [i for i in c.sheet.indicators if i.target.unit == "%" and "满意" not in i.name]
    bare = [i for i in rates if not re.search(r"[/÷]|除以|占", i.description or "")]
    if rates and len(bare) * 2 > len(rates):
        yield Hit(
            worded(
                "{rates} 个比率指标中有 {bare} 个没有公式：{names}",
                rates=len(rates),
                bare=len(bare),
                names=series(i.name for i in bare),
            ),
            field="indicators",
        )


@rule(
    "ZS317",
    "error",
    "得分超过分值",
    why="自评得分不能高于该指标的分值。",
    mend="改正得分。",
    basis="财预〔2020〕10号（单位自评）",
    bad={"project.indicators.0.score": "16"},
    good={"project.indicators.0.score": "15"},
    needs=("indicators",),
    about="scored",
    each=("weight",),
)
def score_above_points(c: Context) -> Iterator[Hit]:
    """A self-evaluation score above its points."""
    for n, indicator in enumerate(c.sheet.indicators):
        if (
            indicator.score is not None
            and indicator.weight is not None
            and indicator.score > indicator.weight
        ):
            yield Hit(
                worded(
                    "“{name}”分值 {weight}，得分 {score}",
                    name=indicator.name,
                    weight=f"{indicator.weight:f}",
                    score=f"{indicator.score:f}",
                ),
                n,
                "score",
            )


@rule(
    "ZS318",
    "warning",
    "定量指标的完成值写成了文字",
    why="“完成”“达标”不是数，无法核对和复算。",
    mend="填写实际完成的数字和单位。",
    basis="财预〔2020〕10号（单位自评）",
    bad={"project.indicators.0.actual": "已完成"},
    good={"project.indicators.0.actual": "3次"},
    needs=("indicators",),
    about="results",
    each=("value",),
)
def words_for_result(c: Context) -> Iterator[Hit]:
    """A quantitative indicator whose result is words."""
    for n, indicator in enumerate(c.sheet.indicators):
        if (
            indicator.actual
            and indicator.target.number is not None
            and not re.search(r"[\d零一二两三四五六七八九十]", indicator.actual)
        ):
            yield Hit(
                worded("“{name}”的完成值是“{actual}”", name=indicator.name, actual=indicator.actual),
                n,
                "actual",
            )


@rule(
    "ZS319",
    "warning",
    "两个项目写了同样的目标或指标",
    why="同一件事列在两个项目里，钱花了两份，成绩也算了两次。",
    mend="分清各项目做的部分；是同一件事的，只留在一个项目里。",
    basis=_RELEVANT,
    bad={"other.goals.0.text": "开展守法经营宣传和市场专项检查，及时办结举报，市场秩序明显好转。"},
    good={},
    only=("project", "others"),
)
def said_in_two_projects(c: Context) -> Iterator[Hit]:
    """A goal, or an indicator with its value, that an earlier project of the document has word for word. How
    satisfied people are, when all is done and that money is well spent may be asked of every project.
    """
    if not c.project:
        return
    before = [s for s in c.siblings[: c.number] if s.kind == "project"]
    goals = {squeezed(g.text): s for s in before for g in s.goals if len(squeezed(g.text)) > _SHORT_GOAL}
    for goal in c.sheet.goals:
        if other := goals.get(squeezed(goal.text)):
            text = _short(goal.text)
            said = worded("目标“{text}”与“{other}”的相同", text=text, other=other.title())
            yield Hit(said, field="goals", place=goal.place)
    values = {(squeezed(i.name), _squeezed_value(i)): s for s in before for i in s.indicators}
    for n, (one, (dimension, category)) in enumerate(zip(c.sheet.indicators, c.places, strict=True)):
        common = dimension == "满意度" or category == "时效" or _OF_ANY.search(one.name)
        other = values.get((squeezed(one.name), _squeezed_value(one)))
        if other and one.target.number is not None and not common:
            said = worded("“{name}”及其指标值与“{other}”的相同", name=one.name, other=other.title())
            yield Hit(said, n, "name")


_SHORT_GOAL = 6
# What is asked of every project, whatever it does.
_OF_ANY = re.compile(r"满意|资金|预算|支付|执行率|合规|成本|验收|及时率|完成率|合格率|事故|到位率|廉政|档案")


def _squeezed_value(one: Indicator) -> str:
    """Return an indicator's value without blanks, to compare wording."""
    return "".join(one.words().split())


@rule(
    "ZS320",
    "warning",
    "自评结果过于整齐，请复核",
    why="如实填报的结果有高有低；大多恰好等于目标、只高出一点、与上年相同的，值得用台账核对。",
    mend="用台账复核完成值；属实的，附上数据来源。",
    basis="财预〔2020〕10号（自评结果应当真实）",
    bad={
        f"{sheet}.indicators.{n}.actual": value
        for sheet, first in (("project", "90%"), ("other", "95%"))
        for n, value in ((2, first), (4, "5000元"), (6, "90%"))
    },
    good={},
    needs=("indicators",),
    about="results",
)
def too_even(c: Context) -> Iterator[Hit]:
    """Self-evaluations of a body that bear the signs of padding; told once, of its first sheet with
    results.
    """
    if any(i.actual for s in c.siblings[: c.number] for i in s.indicators):
        return
    scored = [s for s in (c.sheet, *c.siblings) if any(i.actual for i in s.indicators)]
    seen = signs_in(scored, [c.previous] if c.previous else ())
    if seen.padded:
        told = {
            worded("{n} 个恰好等于目标", n=seen.seen["equal"]): seen.seen["equal"],
            worded("{n} 个只好出不到 2%", n=seen.seen["just"]): seen.seen["just"],
            worded("{n} 个未完成却得满分", n=seen.seen["full though missed"]): seen.seen[
                "full though missed"
            ],
            worded("{n} 个与上年相同", n=seen.seen["as last year"]): seen.seen["as last year"],
            worded("原因都写“{phrase}”", phrase=seen.phrase): seen.seen["one phrase"],
            worded("得满分而资金支出不到三分之二"): seen.seen["full, and a third unspent"],
        }
        signs = series((words for words, many in told.items() if many), "，")
        said = worded("{measured} 个可比的结果中，{signs}", measured=seen.measured, signs=signs)
        yield Hit(said, field="indicators")


@rule(
    "ZS321",
    "warning",
    "看不出谁来评满意度",
    why="不写明问的是谁，年底可以挑最满意的人来问。",
    mend="在名称或描述里写明调查对象，例如“在园幼儿家长满意度”。",
    basis="财预〔2015〕88号（指向明确、细化量化）",
    bad={"project.indicators.6.name": "满意度", "project.indicators.6.description": "问卷调查"},
    good={"project.indicators.6.name": "受访经营者满意度"},
    needs=("indicators",),
    about="satisfaction",
)
def nobody_named(c: Context) -> Iterator[Hit]:
    """A satisfaction whose name tells nobody in particular, and whose description names nobody either."""
    for n, one in enumerate(c.sheet.indicators):
        if _NOBODY.fullmatch(squeezed(one.name)) and not _SOMEBODY.search(one.description or ""):
            yield Hit(worded("“{name}”没有写明对象", name=one.name), n, "name")


_NOBODY = re.compile(
    r"(?:总体|综合|整体|平均|(?:相关|有关|各类|各方)(?:人员|单位|群体|对象|方面|各方)?)?满意(?:度|率)(?:指标)?"
)
_SOMEBODY = re.compile(r"[人户民众员生者师长商]|企业|单位|家长|群众|对象")


def _short(text: str) -> str:
    return text if len(text) <= 18 else text[:17] + "…"
