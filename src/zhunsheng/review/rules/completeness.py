"""Rules on what a sheet must contain: names, money, plan, goals, indicators, values."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from decimal import Decimal

from zhunsheng.review.catalogue import Context, Hit, rule
from zhunsheng.targets.fields import PLACEHOLDER
from zhunsheng.translation import series, worded
from zhunsheng.wording import percent_beside, plain

_FILL = "财预〔2015〕88号（目标的内容）"
_REVIEW = "财预〔2015〕88号（完整性审核）"


@rule(
    "ZS101",
    "error",
    "没有项目名称",
    why="没有名称的项目无法与预算、支付和自评对应。",
    mend="按预算批复填写项目全称。",
    basis=_FILL,
    bad={"project.name": None},
    good={"project.name": "市场秩序维护经费"},
    only=("project",),
)
def no_name(c: Context) -> Iterator[Hit]:
    """A project sheet without a name."""
    if c.project and not c.sheet.name:
        yield Hit(worded("项目名称是空的"), field="name")


@rule(
    "ZS102",
    "warning",
    "没有项目编码",
    why="编码是项目在预算一体化系统中的唯一标识，缺少时跨年、跨表都要靠名称猜。",
    mend="填写预算一体化系统生成的项目编码。",
    basis=_FILL,
    bad={"project.code": None},
    good={"project.code": "130100210000012345"},
    only=("project", "asks code"),
)
def no_code(c: Context) -> Iterator[Hit]:
    """A project sheet without a code."""
    if c.project and not c.sheet.code:
        yield Hit(worded("项目编码是空的或只画了横线"), field="code")


@rule(
    "ZS103",
    "error",
    "没有预算金额",
    why="没有金额就不能判断目标与资金是否匹配，也算不出预算执行率。",
    mend="填写预算总额，并写明单位（元或万元）。",
    basis=_FILL,
    bad={"project.budget.total": None, "project.budget.fiscal": None},
    good={},
    only=("project",),
    needs=("asks budget",),
)
def no_budget(c: Context) -> Iterator[Hit]:
    """A project sheet without a budget."""
    if c.project and c.sheet.budget.total is None:
        yield Hit(worded("没有读到预算总额"), field="budget.total")


@rule(
    "ZS104",
    "error",
    "预算构成相加不等于总额",
    why="财政资金与其他资金之和应等于预算总额。",
    mend="核对总额、财政资金和其他资金，注意元与万元。",
    basis=_REVIEW,
    bad={"project.budget.fiscal": "300000"},
    good={"project.budget.fiscal": "400000"},
    only=("budgeted",),
    needs=("budget", "fiscal"),
)
def parts_do_not_sum(c: Context) -> Iterator[Hit]:
    """Fiscal and other funds that do not make the total."""
    budget, sheet = c.sheet.budget, c.sheet
    if budget.total is None or budget.fiscal is None:
        return
    parts = budget.fiscal + (budget.other or 0)
    # A form that asks for the fiscal funds alone (其中：财政拨款) leaves open what the rest is.
    whole = budget.other is not None or sheet.place is None or "budget.other" in sheet.provenance
    if parts > budget.total or (whole and parts != budget.total):
        yield Hit(
            worded(
                "财政资金与其他资金合计 {parts} 万元，总额 {total} 万元",
                parts=_wan(parts),
                total=_wan(budget.total),
            ),
            field="budget.total",
        )


@rule(
    "ZS105",
    "warning",
    "没有资金支出计划",
    why="没有支出计划，运行监控就只能按月均摊，容易误判进度。",
    mend="按季度或项目节点填写累计支出比例。",
    basis="财预〔2019〕136号（预算执行情况监控）",
    bad={"project.spending_plan": []},
    good={},
    only=("project", "asks plan"),
    needs=("year",),
)
def no_plan(c: Context) -> Iterator[Hit]:
    """A project sheet without a spending plan."""
    if c.project and not c.sheet.spending_plan.steps:
        yield Hit(worded("没有读到资金支出计划"), field="spending_plan")


@rule(
    "ZS106",
    "error",
    "支出计划没有逐期递增",
    why="累计支出比例只能随日期增加。",
    mend="按日期先后填写累计（不是当期）比例。",
    basis=_REVIEW,
    bad={"project.spending_plan": [["2021-03-31", "0.5"], ["2021-06-30", "0.25"], ["2021-12-31", "1"]]},
    good={},
    only=("planned",),
    needs=("plan",),
)
def plan_not_rising(c: Context) -> Iterator[Hit]:
    """Cumulative shares or dates that do not rise."""
    steps = c.sheet.spending_plan.steps
    for before, after in itertools.pairwise(steps):
        if after.by <= before.by or after.cumulative < before.cumulative:
            one, other = after.cumulative, before.cumulative
            yield Hit(
                worded(
                    "{by} 的累计比例 {one} 没有接在 {before} 的 {other} 之后",
                    by=after.by,
                    one=percent_beside(one, (other,), 0),
                    before=before.by,
                    other=percent_beside(other, (one,), 0),
                ),
                field="spending_plan",
            )


@rule(
    "ZS107",
    "error",
    "支出计划的终点不是 100%",
    why="年度预算应在年度内安排完；终点不足或超过 100% 说明比例填错，或把当期比例当成累计比例。",
    mend="最后一期的累计比例填 100%。",
    basis=_REVIEW,
    bad={"project.spending_plan": [["2021-06-30", "0.5"], ["2021-12-31", "0.9"]]},
    good={},
    only=("planned",),
    needs=("plan",),
)
def plan_not_full(c: Context) -> Iterator[Hit]:
    """A plan that does not end at 100 %."""
    steps = c.sheet.spending_plan.steps
    if steps and steps[-1].cumulative != 1:
        yield Hit(
            worded("支出计划终点为 {cumulative}", cumulative=percent_beside(steps[-1].cumulative, (1,), 0)),
            field="spending_plan",
        )


@rule(
    "ZS108",
    "warning",
    "支出计划的日期不在年度内",
    why="年度支出计划的日期应落在预算年度之内。",
    mend="改正日期的年份。",
    basis=_REVIEW,
    bad={"project.spending_plan": [["2020-06-30", "0.5"], ["2021-12-31", "1"]]},
    good={},
    only=("planned",),
    needs=("plan", "year"),
)
def plan_outside_year(c: Context) -> Iterator[Hit]:
    """Plan dates outside the fiscal year."""
    for step in c.sheet.spending_plan.steps:
        if c.sheet.year and step.by.year != c.sheet.year:
            yield Hit(worded("{by} 不在 {year} 年内", by=step.by, year=c.sheet.year), field="spending_plan")


@rule(
    "ZS109",
    "error",
    "没有绩效目标",
    why="指标是目标的细化；没有目标，指标就没有所指。",
    mend="用一两句话写明要做成什么事、达到什么程度。",
    basis=_FILL,
    bad={"project.goals": []},
    good={},
    needs=("asks goals",),
)
def no_goals(c: Context) -> Iterator[Hit]:
    """A sheet without goals."""
    if not any(goal.text and goal.text != PLACEHOLDER for goal in c.sheet.goals):
        yield Hit(worded("没有读到绩效目标"), field="goals")


@rule(
    "ZS110",
    "error",
    "缺少必设的一级指标",
    why="产出和效益两个方面都要有指标，否则看不出做了什么、有什么用。",
    mend="补充该一级指标下的指标。",
    basis="财预〔2015〕88号（指标体系）；财预〔2021〕101号",
    bad={"project.indicators.5": None},
    good={},
    only=("project", "dimensions"),
    needs=("year",),
)
def missing_dimension(c: Context) -> Iterator[Hit]:
    """A required dimension without any indicator, be it that the sheet has none at all."""
    if not c.project:
        return
    present = {dimension for dimension, _ in c.places}
    for dimension in c.framework.dimensions:
        # Satisfaction has a rule of its own, since not every project serves the public.
        if dimension.required and dimension.name != "满意度" and dimension.name not in present:
            yield Hit(worded("“{name}指标”下没有指标", name=dimension.name), field="indicators")


@rule(
    "ZS111",
    "warning",
    "缺少必设的二级指标",
    why="数量、质量、时效（以及成本）共同说明产出；只报数量，看不出好坏和快慢。",
    mend="补充该二级指标下的指标，确不适用的说明理由。",
    basis="财预〔2015〕88号（指标体系）；财预〔2021〕101号",
    bad={"project.indicators.2": None},
    good={},
    only=("project", "categories"),
    needs=("year", "indicators"),
)
def missing_category(c: Context) -> Iterator[Hit]:
    """A required category without any indicator."""
    if not c.project or not c.sheet.indicators:
        return
    present = set(c.places)
    dimensions = {dimension for dimension, _ in present}
    for dimension in c.framework.dimensions:
        for category in dimension.categories:
            if (
                category.required
                and dimension.name in dimensions
                and (dimension.name, category.name) not in present
            ):
                yield Hit(
                    worded("“{name}指标”下没有“{other}指标”", name=dimension.name, other=category.name),
                    field="indicators",
                )


# Words that stand for a value still to be told.
LEFT_OPEN = re.compile(
    r"(?:暂|待|另行?)?(?:未?定|待定|确定|略|无)|[按据依]?(?:要求|规定|实际|需要?|情况|上级要求)|视.{0,4}情况|较[多少]|若干|一定(?:数量|比例|程度)?|适[量当]|[/\\]"
)
MINIMUM = 5  # indicators a project sheet is expected to have at least; local practice


@rule(
    "ZS112",
    "warning",
    "指标过少",
    why="指标太少，看不全项目做成了什么。",
    mend=f"项目指标一般不少于 {MINIMUM} 个（各地要求不一）。",
    basis=_REVIEW,
    bad={
        "project.indicators.6": None,
        "project.indicators.4": None,
        "project.indicators.1": None,
        "project.indicators.3": None,
    },
    good={},
    only=("project",),
)
def too_few(c: Context) -> Iterator[Hit]:
    """A project sheet with too few indicators."""
    if c.project and len(c.sheet.indicators) < MINIMUM:
        yield Hit(worded("只有 {indicators} 个指标", indicators=len(c.sheet.indicators)), field="indicators")


@rule(
    "ZS113",
    "error",
    "指标值没有填写或无法衡量",
    why="没有可衡量的指标值，年底无法判断是否完成。",
    mend="写成“≥90%”“≤700元”“2021年12月底前”这样的值。",
    basis=_REVIEW,
    bad={"project.indicators.2.target": "——"},
    good={"project.indicators.2.target": "≥90%"},
    needs=("indicators",),
)
def unread_value(c: Context) -> Iterator[Hit]:
    """A target value that is missing or can't be read."""
    for n, indicator in enumerate(c.sheet.indicators):
        left_open = indicator.target.op == "level" and LEFT_OPEN.fullmatch(indicator.target.raw.strip())
        if indicator.target.op == "unread" or left_open:
            why = series(indicator.target.doubts, "；") or worded("无法衡量")
            yield Hit(
                worded(
                    "“{name}”的指标值“{raw}”：{why}", name=indicator.name, raw=indicator.target.raw, why=why
                ),
                n,
                "target",
            )


@rule(
    "ZS114",
    "warning",
    "没有写指标值确定依据",
    why="没有依据的指标值说不清高低，也难以审核。",
    mend="写明年度计划、文件、行业标准或历史数据。",
    basis="财预〔2015〕88号（指标值及其依据）",
    bad={"project.indicators.0.basis": None},
    good={},
    needs=("indicators", "bases"),
)
def no_basis(c: Context) -> Iterator[Hit]:
    """An indicator without basis in a sheet that has such a column."""
    if not any(i.basis for i in c.sheet.indicators):
        return
    for n, indicator in enumerate(c.sheet.indicators):
        if not indicator.basis:
            yield Hit(worded("“{name}”没有写依据", name=indicator.name), n, "basis")


@rule(
    "ZS115",
    "warning",
    "没有满意度指标",
    why="面向企业和群众的项目，应当听取服务对象的评价。",
    mend="增加服务对象满意度指标，并写明调查对象和方式。",
    basis="财预〔2015〕88号（指标体系）",
    bad={"project.indicators.6": None},
    good={},
    only=("project",),
    needs=("indicators",),
)
def no_satisfaction(c: Context) -> Iterator[Hit]:
    """A project sheet that does not ask those it serves."""
    if c.project and c.sheet.indicators and "满意度" not in {dimension for dimension, _ in c.places}:
        if not any("满意" in i.name for i in c.sheet.indicators):
            yield Hit(worded("没有服务对象满意度指标"), field="indicators")


@rule(
    "ZS116",
    "warning",
    "看不出是哪一年的目标",
    why="年度决定适用的指标框架、评分办法和时限。",
    mend="在标题或表头写明年度。",
    basis=_FILL,
    bad={"project.year": None},
    good={"project.year": 2021},
)
def no_year(c: Context) -> Iterator[Hit]:
    """A sheet whose year is unknown."""
    if c.sheet.year is None:
        yield Hit(worded("没有读到年度"), field="year")


@rule(
    "ZS117",
    "note",
    "没有写资金用途或项目概况",
    why="不知道钱用在哪里，就无法判断指标是否相关。",
    mend="写明资金主要用于哪些工作。",
    basis=_FILL,
    bad={"project.purpose": None, "project.goals": []},
    good={},
    only=("project", "asks purpose"),
)
def no_purpose(c: Context) -> Iterator[Hit]:
    """A project sheet that says neither what the money is for nor what it is to reach."""
    if c.project and not c.sheet.purpose and not c.sheet.goals:
        yield Hit(worded("没有写资金用途"), field="purpose")


@rule(
    "ZS118",
    "note",
    "支出计划不是按月均摊",
    why="计划的日期或比例与“月份÷12”不同，按月均摊监控会误报快慢。",
    mend="不必改动；运行监控请按计划的日期衡量进度。",
    basis="财预〔2019〕136号（预算执行情况监控）",
    bad={"project.spending_plan": [["2021-03-31", "0.25"], ["2021-10-31", "0.75"], ["2021-12-31", "1"]]},
    good={},
    only=("planned",),
    needs=("plan",),
)
def plan_is_uneven(c: Context) -> Iterator[Hit]:
    """A plan that runs apart from months ÷ 12 by five points or more."""
    apart = [
        s
        for s in c.sheet.spending_plan.steps
        if abs(s.cumulative - Decimal(s.by.month) / 12) >= Decimal("0.05")
    ]
    if apart:
        said = "、".join(
            worded(
                "{month}月底 {cumulative}（均摊为 {even}）",
                month=s.by.month,
                cumulative=f"{s.cumulative:.0%}",
                even=f"{Decimal(s.by.month) / 12:.0%}",
            )
            for s in apart
        )
        yield Hit(worded("支出计划 {what}", what=said), field="spending_plan")


def _wan(amount: Decimal) -> str:
    return plain(amount / 10000)
