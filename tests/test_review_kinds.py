"""What the review finds in any wording, what it demands of a form, and how seldom it suspects the honest."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest

from inflation import body
from zhunsheng.intake import read_book
from zhunsheng.review import review, review_sheet
from zhunsheng.review.inflation import signs_in
from zhunsheng.targets import Book, Goal, Indicator, Place, Source, TargetSheet, TargetValue


def sheet(*rows, **told):
    """Return a project's sheet of (level 2, name, value) rows, from a document."""
    indicators = [
        Indicator(level1="产出指标", level2=level2, name=name, target=TargetValue.parse(value, year=2024))
        for level2, name, value in rows
    ]
    said = {"name": "甲项目", "year": 2024, "place": Place(line=1), **told}
    return TargetSheet(kind="project", indicators=indicators, **said)


def found(*sheets):
    source = Source(name="x.txt", sha256="0" * 64, media_type="text/plain")
    return [(f.code, f.indicator) for f in review(Book(source=source, sheets=sheets)).findings]


@pytest.mark.parametrize(
    ("quantity", "cost", "above"),
    [
        (("新增图书册数", "≥12000册"), ("单册采购成本", "≤38元/册"), 456_000),
        (("新增图书册数", "≥1.2万册"), ("单册采购成本", "≤38元"), 456_000),
        (("清淤河道长度", "≥12.6公里"), ("每公里清淤成本", "≤28.5万元/公里"), 3_591_000),
        (("培训人次", "≥3600人次"), ("人均培训成本", "≤600元/人"), 2_160_000),
        (("资助学生人数", "≥2150人"), ("生均资助标准", "=1250元/生"), 2_687_500),
        (("检查次数", "每季度2次"), ("单次检查费用", "≤5000元"), 40_000),
        (("参与户数", "≥80户"), ("项目总成本", "≤12万元"), 120_000),  # the whole, whatever it is of
    ],
)
def test_cost_and_quantity_are_held_against_the_budget_in_any_wording(quantity, cost, above):
    rows = [("数量指标", *quantity), ("成本指标", *cost)]
    for total, told in ((above - 1, True), (above, False)):
        codes = found(sheet(*rows, budget={"total": total}))
        assert (("ZS210", cost[0]) in codes) is told, total


def test_a_cost_of_other_pieces_is_of_no_quantity():
    rows = [("数量指标", "宣传次数", "≥900次"), ("成本指标", "单次审计费用", "≤700元")]
    assert not [one for one in found(sheet(*rows, budget={"total": 1000})) if one[0] == "ZS210"]


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("安全责任事故发生率", "≥2%", True),
        ("群众办事排队时间", "≥30分钟", True),
        ("业务办理差错率", "≥1%", True),
        ("重大安全事故起数", "≥1起", True),
        ("不合格商品下架率", "≥95%", False),
        ("查处违法案件数", "≥30件", False),
        ("投诉办结率", "≥95%", False),
    ],
)
def test_something_bad_with_at_least_is_told(name, value, told):
    assert (("ZS206", name) in found(sheet(("质量指标", name, value)))) is told


def test_a_form_is_asked_for_nothing_that_it_has_no_cell_for(tmp_path):
    head = [["项目名称", "检查经费"], ["项目资金", "10万元"], ["绩效目标", "开展检查"]]
    rows = [["一级指标", "二级指标", "三级指标", "指标值"], ["产出指标", "数量指标", "检查次数", "≥4次"]]
    blank = [["项目编码", ""], ["资金支出计划", ""]]
    for extra, codes in (([], set()), (blank, {"ZS102", "ZS105"})):
        cells = "".join(
            f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in head + extra + rows
        )
        (file := tmp_path / "表.html").write_text(
            f"<p>项目绩效目标表（2024年度）</p><table>{cells}</table>", "utf8"
        )
        assert {f.code for f in review(read_book(file)).findings} & {"ZS102", "ZS105"} == codes
    # What was begun in the browser has every cell.
    blank = TargetSheet(kind="project", name="甲", year=2024)
    assert {"ZS102", "ZS105", "ZS109"} <= {code for code, _ in found(blank)}


def test_a_share_of_the_funds_alone_leaves_the_rest_open(tmp_path):
    told = {"budget.total": Place(line=1), "budget.fiscal": Place(line=2)}
    budget = {"total": 100, "fiscal": 80}
    assert "ZS104" not in {code for code, _ in found(sheet(budget=budget, provenance=told))}
    assert "ZS104" in {code for code, _ in found(sheet(budget={**budget, "fiscal": 120}, provenance=told))}
    both = {**told, "budget.other": Place(line=3)}
    assert "ZS104" in {code for code, _ in found(sheet(budget={**budget, "other": 10}, provenance=both))}


def test_one_of_two_projects_is_told_of_what_both_have():
    goal = Goal(text="更换老旧路灯，消除照明盲区")
    one = sheet(("数量指标", "更换路灯数量", "≥1240盏"), goals=[goal])
    two = sheet(
        ("数量指标", "更换路灯数量", "≥1240盏"),
        ("质量指标", "验收合格率", "≥95%"),
        goals=[goal],
        name="乙项目",
        place=Place(line=9),
    )
    told = [f for f in found(one, two) if f[0] == "ZS319"]
    assert told == [("ZS319", None), ("ZS319", "更换路灯数量")]


def test_words_that_are_said_for_one_another_join_goal_and_indicator():
    goals = [Goal(text="病虫害控制在较低水平"), Goal(text="推进水价综合改革")]
    rows = [("质量指标", "有害生物成灾率", "≤3‰"), ("数量指标", "修剪株数", "≥9株")]
    source = Source(name="x.txt", sha256="0" * 64, media_type="text/plain")
    done = review(Book(source=source, sheets=(sheet(*rows, goals=goals),)))
    assert ["水价" in f.message for f in done.findings if f.code == "ZS308"] == [True]


def test_padded_bodies_stand_out_and_honest_ones_are_left_alone():
    draw = random.Random(11)
    seen = {padded: [signs_in(*body(draw, padded)) for _ in range(150)] for padded in (False, True)}
    assert sum(one.padded for one in seen[False]) <= 3  # under 1 % of many: see the bench
    assert sum(one.padded for one in seen[True]) >= 110
    # Fewer than six results that can be compared say nothing, whatever they are.
    few = sheet(*[("质量指标", f"合格率{n}", "≥90%") for n in range(5)])
    few = few.model_copy(
        update={"indicators": tuple(i.model_copy(update={"actual": "90%"}) for i in few.indicators)}
    )
    assert signs_in([few]).measured == 5 and not signs_in([few]).padded


@pytest.mark.parametrize(
    ("many", "cost", "told"),
    [
        (("养护里程", "≥1260公里"), ("每公里养护费用", "≤8000元"), True),  # 10.08 million of 9.5
        (("养护里程", "≥1100公里"), ("每公里养护费用", "≤8000元"), False),  # 8.8 million
        (("更换管网长度", "≥26千米"), ("每千米更换费用", "≤30万元"), False),  # 7.8 million
        (("更换管网长度", "≥40千米"), ("每千米更换费用", "≤30万元"), True),  # 12 million
        (("统防统治面积", "≥250000亩次"), ("每亩防治补助", "≤60元/亩"), True),  # 15 million
    ],
)
def test_a_piece_is_measured_as_its_cost_says(many, cost, told):
    one = sheet(("数量指标", *many), ("成本指标", *cost))
    one = one.model_copy(update={"budget": one.budget.model_copy(update={"total": Decimal(9_500_000)})})
    codes = {f.code for f in review_sheet(one).findings}
    assert ("ZS210" in codes) is told


@pytest.mark.parametrize(
    ("row", "code", "told"),
    [
        (("质量指标", "补助对象认定准确率", "≥60%"), "ZS219", True),
        (("质量指标", "补助对象认定准确率", "≥70%"), "ZS219", False),
        (("质量指标", "学员考核合格率", "≥60%"), "ZS219", False),  # an examination
        (("满意度指标", "相关人员满意度", "≥90%"), "ZS321", True),
        (("满意度指标", "在园幼儿家长满意度", "≥90%"), "ZS321", False),
        (("质量指标", "持证上岗比例", "大部分持证"), "ZS202", True),
        (("质量指标", "渠系水利用系数", "≥0.58"), "ZS215", False),  # has no unit by nature
        (("时效指标", "补贴拨付时限", "每季度末15日内"), "ZS201", False),
        (("效益指标", "孕产妇死亡率", "≤10/10万"), "ZS113", False),
        (("效益指标", "学生近视检出率", "≥45%"), "ZS206", True),
        (("质量指标", "系统宕机次数", "≥3次"), "ZS206", True),
    ],
)
def test_what_reviewers_of_other_trades_say(row, code, told):
    codes = {f.code for f in review_sheet(sheet(row)).findings}
    assert (code in codes) is told
