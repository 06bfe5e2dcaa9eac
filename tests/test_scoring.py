"""Scoring: the rules of the scheme case by case, mistakes seen elsewhere, properties,
and every constant mutated.
"""

from __future__ import annotations

import ast
import inspect
from datetime import date
from decimal import Decimal
from fractions import Fraction
from importlib.resources import files
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from scored import SCORING, parsed, score_department, score_indicator, score_sheet, together
from zhunsheng.errors import ZhunshengError
from zhunsheng.evaluation import execution, points, recheck, scorecard
from zhunsheng.judgements import Judgement, read_judgements, resolve
from zhunsheng.outcomes import NOTHING, Outcome, outcome_of_text
from zhunsheng.regulations import Scheme, rules_for, scheme_named, scheme_of
from zhunsheng.targets import Book, Goal, Indicator, Source, TargetSheet, TargetValue
from zhunsheng.targets.identity import identified
from zhunsheng.targets.sheet import Execution

OLD, NEW = scheme_of(2021), scheme_of(2022)
LOCAL = scheme_of(2021, Path(str(files("zhunsheng.regulations") / "data" / "local" / "local-example.yaml")))
SCHEMES = (OLD, NEW, LOCAL)
DAY = date(2022, 2, 28)


def indicator(raw, name="甲", level1="产出指标", level2="数量指标", **more):
    return Indicator(
        level1=level1, level2=level2, name=name, target=TargetValue.parse(raw, year=2021), **more
    )


def sheet(*indicators, **more):
    return TargetSheet(kind="project", name="项目", year=2021, indicators=indicators, **more)


def one(raw, result, unit=None, *, scheme=OLD, said=None, points="10"):
    value = result if isinstance(result, date) or result is None else Fraction(result)
    outcome = Outcome(value, unit, str(result), "evidence")
    return score_indicator(indicator(raw), outcome, Decimal(points), scheme, said)


CASES = [
    # raw, result, score of 10, verdict
    ("≥90%", "90", "10.00", "met"),
    ("≥90%", "45", "5.00", "missed"),
    ("≥90%", "89.996", "9.99", "missed"),  # rounds to full marks that it did not earn
    ("≥90%", "0", "0.00", "missed"),
    ("≥90%", "-5", "0.00", "missed"),
    ("≤700元", "700", "10.00", "met"),
    ("≤700元", "900", "7.78", "missed"),  # not full marks because 900 ≥ 700
    ("≤700元", "300", "10.00", "met"),
    ("0起", "0", "10.00", "met"),
    ("0起", "1", "0.00", "missed"),  # no division by a zero target
    (">90%", "90", "9.99", "missed"),  # what is not met is no full mark
    ("≥-5%", "-8", "0.00", "missed"),  # of two negative figures there is no share
    ("大于4次", "4", "8.00", "missed"),
    ("大于4次", "5", "10.00", "met"),
    ("=1次", "2", "10.00", "explain"),  # = is reached, and more is no miss
    ("=1次", "1", "10.00", "met"),
    ("3-5天", "10", "5.00", "missed"),
    ("3-5天", "4", "10.00", "met"),
    ("≥100件", "129", "10.00", "met"),
    ("≥100件", "130", "10.00", "explain"),
    ("≥100件", "140", "10.00", "explain"),  # points go down once someone finds the target too low
    ("每季度1次", "3", "7.50", "missed"),
    ("2021年12月底前", date(2021, 12, 31), "10.00", "met"),
    ("2021年12月底前", date(2022, 1, 1), "0.00", "pending"),  # no national rule says what lateness costs
    ("2021年12月底前", None, "0.00", "nothing"),
    ("≥90%", None, "0.00", "nothing"),
    ("优", None, "0.00", "pending"),
    ("2:1", "5", "0.00", "pending"),
]


@pytest.mark.parametrize(("raw", "result", "score", "verdict"), CASES)
def test_cases(raw, result, score, verdict):
    found = one(raw, result)
    assert (str(found.score), found.verdict) == (score, verdict)
    assert found.how
    assert (found.asks is None) == (verdict == "met" and not (raw == "≤700元" and result == "300"))


@pytest.mark.parametrize(
    ("raw", "text", "name", "formula"),
    [
        ("=10项", "12项", "清单事项", "目标 ÷ 结果 83.33%"),  # 10 ÷ 12
        ("=10项", "8项", "清单事项", "结果 ÷ 目标 80%"),  # 8 ÷ 10
        ("±3%以内", "5%", "误差", "目标 ÷ 结果 60%"),  # 3 ÷ 5
        ("±3%以内", "-5%", "误差", "目标 ÷ 结果 60%"),
        ("80-100人", "60人", "培训人数", "结果 ÷ 目标 75%"),  # 60 ÷ 80
    ],
)
def test_the_formula_told_is_the_one_computed(raw, text, name, formula):
    assert f"按{formula} 计分" in typed(raw, text, name).how


@pytest.mark.parametrize(
    ("done", "score"),
    [
        (date(2021, 12, 31), "10.00"),
        (date(2022, 1, 30), "8.00"),
        (date(2022, 1, 31), "6.00"),
        (date(2022, 3, 1), "6.00"),
        (date(2022, 3, 31), "3.00"),
        (date(2022, 4, 1), "0.00"),
    ],
)
def test_a_place_may_say_what_lateness_costs(done, score):
    assert str(one("2021年12月底前", done, scheme=LOCAL).score) == score


def test_lateness_without_a_rule_is_a_persons_to_judge():
    late = date(2022, 1, 15)
    found = one("2021年12月底前", late)
    assert (found.verdict, found.shown, found.open) == ("pending", None, Decimal(10))
    assert found.how == (
        "2022-01-15 完成，逾期 15 天，怎样计分没有规定（财预〔2020〕10号未作规定，由各地自定），"
        "待定（满分 10）"
    )
    said = Judgement(indicator="甲", band="部分达成", share=Decimal("0.7"), reason="疫情影响进场")
    judged = one("2021年12月底前", late, said=said)
    assert (judged.verdict, str(judged.score)) == ("judged", "7.00")
    assert judged.how.startswith(
        "2022-01-15 完成，逾期 15 天，评为“部分达成”，得分率 70%，理由：疫情影响进场"
    )
    # A re-check knows no words: full marks are a difference, what a person may give is none.
    own = sheet(indicator("2021年12月底前"))
    card = score_sheet(
        own, [Outcome(late, None, "2022-01-15", "evidence")], spent=None, budget=None, scheme=OLD, as_of=DAY
    )
    full = card.scores[0].points
    for claimed, kinds in ((full, ["score"]), (full - 1, [])):
        row = indicator("2021年12月底前", actual="2022年1月15日", score=claimed)
        assert [d.kind for d in recheck(sheet(row), card) if d.kind != "total"] == kinds
    # Where a rule says, or the day was kept, a band changes nothing.
    assert str(one("2021年12月底前", late, scheme=LOCAL, said=said).score) == "8.00"
    assert one("2021年12月底前", date(2021, 12, 1), said=said).verdict == "met"


def test_yuan_and_ten_thousands_are_not_mixed():
    assert one("≤5万元", "49000", "元").verdict == "met"
    assert one("≤5万元", "51000", "元").verdict == "missed"
    other = one("≤5万元", "4", "%")
    assert (other.verdict, str(other.score)) == ("check", "0.00")
    assert "单位不可比：目标为“万元”，完成值为“%”" in other.how


def typed(raw, text, name="甲", **columns):
    """The score of 10 of a result as someone typed it."""
    target = indicator(raw, name, **columns)
    outcome = outcome_of_text(text, target.aim.unit, 2021, "judgement")
    return score_indicator(target, outcome, Decimal(10), OLD)


@pytest.mark.parametrize(
    ("raw", "text", "score", "verdict"),
    [
        ("较上年增长8%", "下降3%", "0.00", "missed"),  # not full marks because 3 is a number too
        ("较上年增长8%", "增长4%", "5.00", "missed"),
        ("较上年增长8%", "增长9%", "10.00", "met"),
        ("较上年下降5%", "增长8%", "0.00", "missed"),
        ("较上年下降5%", "下降6%", "10.00", "met"),
        ("≥4次", "已开展4次", "10.00", "met"),  # not nothing because of the words
        ("≥12批次", "共完成12批次", "10.00", "met"),
        ("每季度1次", "每半年1次", "5.00", "missed"),
        ("≥0.32万人次", "全年累计 3,200 人次", "10.00", "met"),
        ("≥90%", "0.92", "0.00", "check"),
        ("≤15天", "7个工作日", "0.00", "check"),
        ("15天", "12天", "0.00", "check"),
        ("是", "已建立", "10.00", "met"),
        ("是", "否", "0.00", "missed"),
        ("是", "推进中", "0.00", "check"),
        ("0起", "未发生", "10.00", "met"),
        ("2021年12月底前", "按时完成", "0.00", "check"),
    ],
)
def test_a_result_is_scored_as_it_is_read(raw, text, score, verdict):
    found = typed(raw, text)
    assert (str(found.score), found.verdict) == (score, verdict)
    assert (verdict == "check") == ("待核对" in found.how)


def test_one_row_never_stops_an_evaluation():
    rows = [("≥90%", "95%"), ("≤15天", "7个工作日"), ("≥4次", "5元"), ("2021年12月底前", "5次")]
    target = sheet(*(indicator(raw, str(n)) for n, (raw, _) in enumerate(rows)))
    outcomes = [
        outcome_of_text(text, i.aim.unit, 2021, "judgement")
        for (_, text), i in zip(rows, target.indicators, strict=True)
    ]
    card = score_sheet(target, outcomes, spent=Decimal(1), budget=Decimal(1), scheme=OLD, as_of=DAY)
    assert [s.verdict for s in card.scores] == ["met", "check", "check", "check"]
    assert [s.indicator for s in card.pending] == [1, 2, 3]
    assert all("单位不可比" in s.how or "日期" in s.how for s in card.pending)


def test_scoring_asks_the_indicator_for_its_direction():
    down = {"direction": "反向"}
    assert typed("15天", "12天", **down).verdict == "met"
    assert typed("15天", "18天", **down).verdict == "missed"
    assert typed("≥15天", "18天", **down).verdict == "check"
    settled = indicator("15天").settle(sense="less", reason="原件为“15天以内”")
    outcome = outcome_of_text("18天", "天", 2021, "judgement")
    assert score_indicator(settled, outcome, Decimal(10), OLD).verdict == "missed"


def test_points_are_shown_once_they_are_decided():
    for raw, result, _, verdict in CASES:
        found = one(raw, result)
        assert (found.shown is None) == (verdict in scorecard.OPEN) == bool(found.open)
        assert ("待定" in found.how) == (found.shown is None) != ("得 " in found.how.rpartition("，")[2])


def test_what_a_dimension_came_to_and_what_is_open_stand_apart():
    target = sheet(indicator("≥90%"), indicator("≥1次", "乙"))
    known = Outcome(Fraction(95), "%", "95%", "evidence")
    card = score_sheet(target, [known, NOTHING], spent=None, budget=Decimal(9), scheme=OLD, as_of=DAY)
    assert card.by_dimension() == {"产出": (90, 45, 45), "预算执行率": (10, 0, 10)}
    assert card.execution.shown is None


@pytest.mark.parametrize(("result", "score"), [("130", "10.00"), ("140", "9.00"), ("341", "7.00")])
def test_a_target_far_exceeded_is_asked_about_before_it_costs_points(result, score):
    asked = one("≥100件", result)
    assert (str(asked.score), asked.verdict, asked.open) == ("10.00", "explain", 0)
    assert "目标是否偏低" in asked.asks
    explained = one("≥100件", result, said=Judgement(indicator="甲", reason="临时任务"))
    assert (str(explained.score), explained.verdict, explained.asks) == ("10.00", "over", None)
    low = one("≥100件", result, said=Judgement(indicator="甲", target_low=True, reason="年初估少了"))
    assert (str(low.score), low.verdict, low.asks) == (score, "over", None)
    assert "年初估少了" in low.how
    with pytest.raises(ZhunshengError, match="ZS-SC-03"):
        one("≥100件", result, said=Judgement(indicator="甲", target_low=True))


def test_what_the_finance_bureau_found_of_a_target_stands_before_the_filler_s_word():
    # 140 of 100 is 10 % beyond 130 %: 10 × (1 − 10 %) = 9 points; where points go at once, 2 of 10.
    low = {"ruled_low": True, "ruling": "按上年一半估计"}
    for said in ({}, {"reason": "临时任务"}, {"target_low": True, "reason": "估少了"}):
        found = one("≥100件", "140", said=Judgement(indicator="甲", **low, **said))
        assert (str(found.score), found.verdict, found.asks) == ("9.00", "over", None)
        assert "财政局认定目标偏低：按上年一半估计" in found.how and "估少了" not in found.how
    fair = {"ruled_low": False, "ruling": "上级临时部署"}
    for said in ({}, {"target_low": True, "reason": "估少了"}):
        found = one("≥100件", "140", said=Judgement(indicator="甲", **fair, **said))
        assert (str(found.score), found.verdict, found.asks) == ("10.00", "over", None)
        assert "财政局认定目标没有偏低：上级临时部署" in found.how
    kept = Judgement(indicator="甲", over_accepted=True, reason="临时任务", **low)
    assert str(one("≥100件", "341", said=kept, scheme=LOCAL).score) == "8.00"
    kept = Judgement(indicator="甲", **fair)
    found = one("≥100件", "341", said=kept, scheme=LOCAL)
    assert (str(found.score), str(found.granted)) == ("10.00", "0")
    with pytest.raises(ZhunshengError, match="ZS-SC-03"):
        one("≥100件", "140", said=Judgement(indicator="甲", ruled_low=True))
    assert Judgement(indicator="甲", day=DAY, **low).ruling_alone
    assert not Judgement(indicator="甲", reason="x", **low).ruling_alone


def test_over_achievement_with_an_accepted_reason_where_points_go_at_once():
    said = Judgement(indicator="甲", over_accepted=True, reason="临时任务")
    found = one("≥100件", "341", said=said, scheme=LOCAL)
    assert (str(found.score), found.verdict, found.asks) == ("10.00", "over", None)
    assert str(found.granted) == "2.00", "the part that the reason alone gives"
    with pytest.raises(ZhunshengError, match="ZS-SC-03"):
        one("≥100件", "341", said=Judgement(indicator="甲", over_accepted=True), scheme=LOCAL)


def test_a_scheme_that_is_like_another_says_what_differs():
    hubei, nobody = scheme_named("hubei"), scheme_named("没有")
    assert nobody is None and hubei is not None
    assert (hubei.late, hubei.over, hubei.grades) == (OLD.late, OLD.over, OLD.grades)
    assert [(b.low, b.high) for b in hubei.qualitative] == [
        (Decimal("0.8"), 1),
        (Decimal("0.5"), Decimal("0.8")),
        (0, Decimal("0.5")),
    ]
    with pytest.raises(ValueError, match="cn-2020-three"):
        Scheme.model_validate({"like": "没有", "id": "x"})
    glad = indicator("≥1%", "丙", "满意度指标", "服务对象满意度指标")
    effect = indicator("≥1%", "乙", "效益指标", "社会效益指标")
    found, card = points_of(sheet(indicator("≥1次"), effect, glad), hubei)
    assert (found, str(card.execution.points)) == (["40", "20", "20"], "20")
    assert "满意度指标不在本方案之内，与效益指标一并计分" in card.notes


def test_a_local_scheme_takes_off_points():
    assert str(one("≥100件", "341", scheme=LOCAL).score) == "8.00"
    assert str(one("≥100件", "129", scheme=LOCAL).score) == "10.00"
    assert str(one("≥100件", "341", scheme=LOCAL, points="0").score) == "0.00"


@pytest.mark.parametrize(
    ("band", "share", "score"),
    [
        ("达成", "1", "10.00"),
        ("达成", "0.8", "8.00"),
        ("部分达成", "0.6", "6.00"),
        ("部分达成", "0.79", "7.90"),
        ("未达成", "0", "0.00"),
        ("未达成", "0.59", "5.90"),
    ],
)
def test_qualitative_bands(band, share, score):
    found = one("有效提升", None, said=Judgement(indicator="甲", band=band, share=share, reason="有据"))
    assert (str(found.score), found.verdict) == (score, "judged")
    assert "有据" in found.how


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"band": "达成", "share": "0.79", "reason": "x"}, "ZS-SC-02"),
        ({"band": "部分达成", "share": "0.8", "reason": "x"}, "ZS-SC-02"),
        ({"band": "未达成", "share": "0.6", "reason": "x"}, "ZS-SC-02"),
        ({"band": "未达成", "share": "-0.1", "reason": "x"}, "ZS-SC-02"),
        ({"band": "达成", "share": "0.9", "reason": " "}, "ZS-SC-03"),
        ({"band": "达成", "reason": "x"}, "ZS-SC-04"),
        ({"band": "很好", "share": "0.9", "reason": "x"}, "ZS-SC-04"),
    ],
)
def test_judgements_outside_the_rules_are_refused(said, code):
    with pytest.raises(ZhunshengError, match=code):
        one("有效提升", None, said=Judgement(indicator="甲", **said))


def points_of(target, scheme=OLD, **more):
    outcomes = [NOTHING] * len(target.indicators)
    card = score_sheet(target, outcomes, spent=None, budget=None, scheme=scheme, as_of=DAY, **more)
    return [str(s.points) for s in card.scores], card


def test_points_by_dimension_and_evenly_within():
    effect, glad = ("效益指标", "社会效益指标"), ("满意度指标", "服务对象满意度指标")
    full = sheet(
        *(indicator("≥1次") for _ in range(3)), indicator("≥1%", "乙", *effect), indicator("≥1%", "丙", *glad)
    )
    points, card = points_of(full)
    assert points == ["16.67", "16.67", "16.66", "30", "10"]
    assert sum(s.points for s in card.scores) == 90
    assert card.by_dimension().keys() == {"产出", "效益", "满意度", "预算执行率"}
    without = sheet(indicator("≥1次"), indicator("≥1%", "乙", *effect))
    points, card = points_of(without)
    assert points == ["56.25", "33.75"]
    assert "没有满意度指标" in card.notes[0]
    assert points_of(sheet(indicator("≥1次", level1="", level2="")))[0] == ["90"]


def test_points_of_the_framework_with_cost():
    cost = indicator("≤1元", "费", "成本指标", "经济成本指标")
    rest = (
        indicator("≥1次"),
        indicator("≥1%", "乙", "效益指标", "社会效益指标"),
        indicator("≥1%", "丙", "满意度指标", "服务对象满意度指标"),
    )
    assert points_of(sheet(cost, *rest), NEW)[0] == ["20", "40", "20", "10"]
    assert points_of(sheet(*rest), NEW)[0] == ["50", "30", "10"]
    old = indicator("≤1元", "费", "产出指标", "成本指标")
    under_output = identified(sheet(old, *rest).model_copy(update={"year": 2024}))
    chosen = rules_for(2024).scheme_for(under_output.levels())
    assert chosen.id == "cn-2020-three", "what the sheet says outranks its year"
    assert points_of(under_output, chosen)[0] == ["25", "25", "30", "10"]
    assert rules_for(2024).scheme_for(sheet(cost, *rest).levels()).id == "cn-2020-four"
    assert rules_for(2021).scheme_for(sheet(cost, *rest).levels()).id == "cn-2020-four"
    assert points_of(sheet(*rest[:2]), NEW)[0] == ["50", "40"], "what satisfaction would have goes to effects"
    assert points_of(sheet(cost, *rest[:2]), NEW)[0] == ["20", "40", "30"]
    assert points_of(sheet(cost, indicator("≥1次")), OLD)[0] == ["45", "45"]


def test_points_by_weights_in_the_table():
    points, card = points_of(sheet(indicator("≥1次", weight="60"), indicator("≥1次", "乙", weight="30")))
    assert (points, card.notes) == (["60", "30"], ("按表内权重计分",))
    points, card = points_of(sheet(indicator("≥1次", weight="60"), indicator("≥1次", "乙", weight="40")))
    assert points == ["54", "36"]
    assert "合计 100" in card.notes[0]
    points, card = points_of(sheet(indicator("≥1次", weight="60"), indicator("≥1次", "乙")))
    assert points == ["60", "30"]
    assert "权重不全" in card.notes[-1]
    effect = indicator("≥1%", "丙", "效益指标", "社会效益指标")
    # 90 - 20 = 70 are left; outputs have 50 - 20 = 30 of them, effects 30 + 10 (none is of satisfaction).
    points, card = points_of(sheet(indicator("≥1次", weight="20"), indicator("≥1次", "乙"), effect), NEW)
    assert points == ["20", "30", "40"]
    points, card = points_of(sheet(indicator("≥1次", weight="95"), indicator("≥1次", "乙")))
    assert points == ["90", "0"]
    assert "没有分值分给" in card.notes[-1]


def test_points_printed_in_headings_outrank_the_scheme():
    def of(*printed, **more):
        rows = [
            indicator("≥1次", "甲", printed[0], "数量指标"),
            indicator("≥1次", "乙", printed[0], "质量指标"),
            indicator("≥1%", "丙", printed[1], "社会效益指标"),
        ]
        return points_of(sheet(*rows, **more))

    points, card = of("产出指标（60分）", "效益指标(30分)")
    assert (points, str(card.execution.points)) == (["30", "30", "30"], "10")
    assert any("产出指标（60分）" in note and "50" in note for note in card.notes)
    points, card = of("产出指标（40分）", "效益指标（40分）")  # 20 are left for the money
    assert (points, str(card.execution.points)) == (["20", "20", "40"], "20")
    points, card = of("产出指标（40分）", "效益指标")  # printed for one alone: the scheme's
    assert points == ["28.13", "28.12", "33.75"]
    points, card = of("产出指标（60分）", "效益指标（40分）")  # 100 leave nothing, so they share 90
    assert (points, str(card.execution.points)) == (["27", "27", "36"], "10")


def test_a_row_of_execution_is_the_execution_part():
    rate = indicator("≥95%", "预算执行率", "预算执行", "", weight="20")
    card = score_sheet(
        sheet(rate, indicator("≥1次", "乙", weight="80")),
        [NOTHING, Outcome(Fraction(1), "次", "1次", "evidence")],
        spent=Decimal(90),
        budget=Decimal(100),
        scheme=OLD,
        as_of=DAY,
    )
    assert [str(s.points) for s in card.scores] == ["0", "80"]
    assert (str(card.execution.points), str(card.execution.score), str(card.total)) == (
        "20",
        "18.00",
        "98.00",
    )
    assert card.scores[0].verdict == "missed" and "本行即预算执行部分" in card.scores[0].how
    assert card.grade == "优", "the row is not waiting for evidence of its own"
    unpaid = score_sheet(
        sheet(rate, indicator("≥1次", "乙")),
        [NOTHING, NOTHING],
        spent=None,
        budget=None,
        scheme=OLD,
        as_of=DAY,
    )
    assert [str(s.points) for s in unpaid.scores] == ["0", "80"]


@pytest.mark.parametrize(
    ("spent", "budget", "score"),
    [
        ("38.6", "40", "9.65"),
        ("45", "40", "10.00"),
        ("0", "40", "0.00"),
        ("5", "0", "0"),
        (None, "40", "0"),
        ("-5", "40", "0.00"),
    ],
)
def test_execution(spent, budget, score):
    found = execution.score_execution(Decimal(spent) if spent else None, Decimal(budget), Decimal(10))
    assert str(found.score) == score
    assert found.how


def test_total_grade_and_execution_cap():
    good = sheet(indicator("≥90%"))
    outcomes = [Outcome(Fraction(95), "%", "95%", "evidence")]
    card = score_sheet(good, outcomes, spent=Decimal(75), budget=Decimal(100), scheme=OLD, as_of=DAY)
    assert (str(card.total), card.grade) == ("97.50", "优")
    for spent, total in (("75", "89"), ("69.99", "79"), ("55", "69"), ("40", "59"), ("80", "98.00")):
        capped = score_sheet(
            good, outcomes, spent=Decimal(spent), budget=Decimal(100), scheme=LOCAL, as_of=DAY
        )
        assert str(capped.total) == total


def test_unknown_is_unknown_a_total_with_anything_open_is_a_range_without_a_grade():
    target = sheet(indicator("≥90%"), indicator("≥1次", "乙"), indicator("有效提升", "丙"))
    known = Outcome(Fraction(95), "%", "95%", "evidence")
    card = score_sheet(
        target, [known, NOTHING, NOTHING], spent=None, budget=Decimal(9), scheme=OLD, as_of=DAY
    )
    assert (card.range.low, card.range.high, card.grade) == (Decimal(30), Decimal(100), None)
    assert [s.verdict for s in card.scores] == ["met", "nothing", "pending"]
    assert card.waiting == {"nothing": Decimal(30), "pending": Decimal(30)}
    assert card.execution.open == 10


def test_no_evidence_not_due_and_missed_are_three_different_things():
    target = sheet(
        indicator("≥10次"),
        indicator("≥10次", "乙"),
        indicator("2021年11月底前", "丙"),
        indicator("0起", "丁"),
    )
    five = Outcome(Fraction(5), "次", "5次", "evidence")
    late = Outcome(None, None, "尚未完成", "evidence", "尚未完成", known=True)
    one_too_many = Outcome(Fraction(1), "起", "1起", "evidence")
    outcomes = [five, NOTHING, late, one_too_many]
    common = {"spent": Decimal(5), "budget": Decimal(10), "scheme": OLD}
    june = score_sheet(target, outcomes, as_of=date(2021, 6, 30), **common)
    assert [s.verdict for s in june.scores] == ["early", "nothing", "early", "missed"]
    assert june.execution.open == Decimal("5.00")
    after = score_sheet(target, outcomes, as_of=DAY, **common)
    assert [s.verdict for s in after.scores] == ["missed", "nothing", "missed", "missed"]
    assert after.execution.open == 0


def test_a_day_that_lies_ahead_is_not_done_yet():
    target = sheet(indicator("2021年10月底前"), indicator("2021年12月底前", "乙"))
    outcomes = [outcome_of_text("2021年11月26日", None, 2021, "judgement")] * 2

    def verdicts(day):
        card = score_sheet(target, outcomes, spent=None, budget=None, scheme=OLD, as_of=day)
        return [s.verdict for s in card.scores]

    # Asked in September both are still to come; in November the first is missed, from its day on it is late.
    assert verdicts(date(2021, 9, 30)) == ["early", "early"]
    assert verdicts(date(2021, 10, 31)) == ["missed", "early"]
    assert verdicts(date(2021, 11, 25)) == ["missed", "early"]
    assert verdicts(date(2021, 11, 26)) == ["pending", "met"]


def test_a_department_over_its_projects():
    project = score_sheet(
        sheet(indicator("≥90%"), budget={"total": "300000"}),
        [Outcome(Fraction(95), "%", "95%", "evidence")],
        spent=Decimal(150000),
        budget=Decimal(300000),
        scheme=OLD,
        as_of=DAY,
    )
    other = score_sheet(
        sheet(indicator("≥90%"), budget={"total": "100000"}),
        [NOTHING],
        spent=None,
        budget=None,
        scheme=OLD,
        as_of=DAY,
    )
    goals = (Goal(title="一", text="甲"), Goal(text="乙"))
    department = TargetSheet(
        kind="department",
        year=2021,
        goals=goals,
        indicators=(indicator("≥1次", goal=0), indicator("≥1次", "乙", goal=1), indicator("≥1次", "丙")),
    )
    outcomes = [Outcome(Fraction(1), "次", "1次", "evidence"), NOTHING, NOTHING]
    common = {"spent": Decimal(50), "budget": Decimal(100), "scheme": OLD, "as_of": DAY}
    card = score_department(department, outcomes, [project, other], **common)
    assert (project.total, other.total) == (Decimal("95.00"), Decimal("0.00"))
    assert [s.dimension for s in card.scores] == ["一", "乙", "部门指标"]
    assert str(card.projects_score) == "21.38"  # 30 × (0.75 × 95 + 0.25 × 0) ÷ 100
    assert card.total == Decimal("20.00") + Decimal("21.38") + Decimal("5.00")
    alone = score_department(department, outcomes, [], **common)
    assert [str(s.points) for s in alone.scores] == ["30", "30", "30"]
    bare = TargetSheet(kind="department", year=2021)
    assert str(score_department(bare, [], [project], **common).projects_score) == "85.50"
    unfunded = score_sheet(
        sheet(indicator("≥90%")), [NOTHING], spent=None, budget=None, scheme=OLD, as_of=DAY
    )
    assert str(score_department(bare, [], [unfunded], **common).projects_score) == "0.00"


def test_projects_of_unknown_weight_leave_what_they_bring_open():
    def project(result, budget):
        known = Outcome(Fraction(result), "%", f"{result}%", "evidence")
        money = {"spent": Decimal(1), "budget": Decimal(1)} if budget else {"spent": None, "budget": None}
        target = sheet(indicator("≥90%"), budget={"total": budget})
        return score_sheet(target, [known], scheme=OLD, as_of=DAY, **money)

    bare = TargetSheet(kind="department", year=2021)
    paid = {"spent": Decimal(1), "budget": Decimal(1), "scheme": OLD, "as_of": DAY}
    full, half = project(90, "100"), project(45, None)
    assert (full.range.low, half.range.low, half.range.high) == (100, 45, 55)
    card = score_department(bare, [], [full, half], **paid)
    # 90 points for projects: the least if nothing but the unknown one weighs, the most if it weighs nothing.
    assert (card.projects_score, card.projects_open, card.grade) == (Decimal("40.50"), Decimal("49.50"), None)
    assert "权重不能确定" in card.notes[-1]
    both = score_department(bare, [], [half, half], **paid)
    assert (both.projects_score, both.projects_open) == (Decimal("40.50"), Decimal("9.00"))
    assert score_department(bare, [], [full], **paid).grade == "优"


@given(
    raw=st.sampled_from(["≥90%", "≤700元", ">4次", "0起", "=5次", "3-5天", "≥100件"]),
    results=st.tuples(st.fractions(0, 1000), st.fractions(0, 1000)),
)
def test_a_score_never_rises_when_a_result_gets_worse(raw, results):
    target = TargetValue.parse(raw)
    worse, better = sorted(results, key=target.margin)
    # Too much and too little of an exact figure are worse in ways that can't be compared.
    if target.op in ("==", "range") and (worse > 5) != (better > 5) and target.value:
        return
    far = target.attainment(better)
    # Far above the target points are taken off on purpose, so the property ends there.
    if not target.ceiling and far is not None and far >= Fraction(OLD.over.threshold):
        return
    assert one(raw, worse).score <= one(raw, better).score


@given(st.lists(st.fractions(0, 100), min_size=1, max_size=30), st.integers(0, 100))
def test_spread_points_add_up(weights, total):
    found = points.spread(Decimal(total), weights)
    assert sum(found) == (total if any(weights) else 0)
    assert all(p >= 0 for p in found)


# -- mutation: no number of the schemes or of the code can change unnoticed
# ----------------------------------------------


class Differs(Exception):
    """The scoring said something else of a case than before."""


class Compared(list):
    """What is said of cases, held against what was said of them before: the first that differs ends it."""

    def __init__(self, before) -> None:
        super().__init__()
        self.before = before

    def append(self, said) -> None:
        if self.before[len(self) : len(self) + 1] != [said]:
            raise Differs
        super().append(said)


def golden(module, scheme, before=None) -> list[object]:
    """Everything the scoring says of cases that touch every number of a scheme. Raises ``Differs`` where it
    is not what was said ``before``.
    """
    found: list[object] = [] if before is None else Compared(before)
    for raw, result, _, _ in CASES:
        value = result if isinstance(result, date) or result is None else Fraction(result)
        outcome = Outcome(value, None, str(result), "evidence")
        score = score_indicator(indicator(raw), outcome, Decimal("7.77"), scheme, module=module)
        found.append((score.score, score.verdict, score.how, score.asks))
    for result in ("129", "130", "140", "170"):
        for said in ({"target_low": True}, {"over_accepted": True}, {}):
            outcome = Outcome(Fraction(result), None, result, "evidence")
            judged = Judgement(indicator="甲", reason="x", **said)
            score = score_indicator(indicator("≥100件"), outcome, Decimal(10), scheme, judged, module)
            found.append((score.score, score.verdict, score.granted))
    for band in ("达成", "部分达成", "未达成"):
        for hundredths in range(0, 101):
            said = Judgement(indicator="甲", band=band, share=Decimal(hundredths) / 100, reason="x")
            try:
                found.append(
                    score_indicator(indicator("优"), NOTHING, Decimal(10), scheme, said, module).score
                )
            except ZhunshengError as error:
                found.append(error.code)
    parts = [
        indicator("≥1次"),
        indicator("≥1%", "乙", "效益指标", "社会效益指标"),
        indicator("≥1%", "丙", "满意度指标", "服务对象满意度指标"),
    ]
    cost = indicator("≤1元", "费", "成本指标", "经济成本指标")
    met = [Outcome(Fraction(1), None, "1", "evidence")] * 7
    sevenths = [indicator("≥1次", str(n)) for n in range(7)]
    for chosen in (
        sevenths,
        parts,
        [cost, *parts],
        parts[:2],
        [indicator("≥1次", weight="1"), indicator("≥1次", "乙", weight="5")],
        *(
            [indicator("≥1次", weight=w), indicator("≥1次", "乙", weight="50")]
            for w in ("29", "30", "45", "46")
        ),
        [indicator("≥1次", weight="0"), indicator("≥1次", "乙")],
        [indicator("≥1次", weight="99"), indicator("≥1次", "乙", weight="1")],
        [indicator("≥1次", weight="20"), *parts],
        [indicator("≥1次", level1="产出（100分）"), indicator("≥1次", "乙", "效益（90.5分）")],
        [indicator("≥1次", "预算执行率", weight="1"), *parts],
        [indicator("≥1次", "预算执行率", weight="0"), *parts],
        [indicator("≥1次", "预算执行率", weight="99"), *parts],
        [indicator("≥1次", "预算执行率", weight="100"), *parts],
    ):
        for spent in (0, 45, 49, 50, 55, 59, 60, 65, 69, 70, 75, 79, 80, 100, 150):
            card = score_sheet(
                sheet(*chosen),
                met[: len(chosen)],
                spent=Decimal(spent),
                budget=Decimal(100),
                scheme=scheme,
                as_of=DAY,
                module=module,
            )
            found.append(
                (
                    card.total,
                    card.grade,
                    card.range,
                    card.basis,
                    card.waiting,
                    [s.points for s in card.scores],
                    card.execution.score,
                    card.execution.how,
                    card.notes,
                    card.by_dimension(),
                )
            )
    department = TargetSheet(kind="department", year=2021, indicators=(indicator("≥1次"),))
    paid = {"spent": Decimal(30), "budget": Decimal(100), "scheme": scheme, "as_of": DAY, "module": module}
    funded = score_sheet(sheet(indicator("≥1次"), budget={"total": "3"}), met[:1], **paid)
    unfunded = score_sheet(sheet(indicator("≥1次")), [NOTHING], **paid)
    for projects in ([funded], [funded, unfunded], [unfunded], []):
        for own in (department, TargetSheet(kind="department", year=2021)):
            scored = score_department(own, met[: len(own.indicators)], projects, **paid)
            found.append(
                (scored.total, scored.projects_points, scored.projects_score, scored.projects, scored.range)
            )
    # Before the year is over, without payments, and without evidence: what is open and why.
    typed = [
        Outcome(Fraction(1), None, "1", "judgement"),
        Outcome(Fraction(0), None, "0", "evidence"),
        NOTHING,
    ]
    three = sheet(indicator("≥1次"), indicator("≥1次", "乙"), indicator("≥1次", "丙"))
    for day in (date(2021, 12, 30), date(2021, 12, 31), DAY):
        for spent in (None, Decimal(30), Decimal(100)):
            card = score_sheet(
                three, typed, spent=spent, budget=Decimal(100), scheme=scheme, as_of=day, module=module
            )
            found.append((card.range, card.grade, card.basis, card.waiting, card.execution.open))
    found.append(module.spread(Decimal(5), [Fraction(0)]))
    found += [
        (
            days,
            score_indicator(
                indicator("2021年12月底前"),
                Outcome(date.fromordinal(date(2021, 12, 31).toordinal() + days), None, "", "evidence"),
                Decimal(10),
                scheme,
                module=module,
            ).score,
        )
        for days in range(0, 100)
    ]
    found += [
        module.score_execution(s, b, Decimal(10)).score
        for s, b in ((None, Decimal(1)), (Decimal(1), None), (Decimal(1), Decimal(0)))
    ]
    found += [scheme.grade(Decimal(t) / 100) for t in range(0, 10001, 25)]
    return found


def numbers(node, path=()):
    """Yield (path, value) of every number in a data file."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield from numbers(value, (*path, key))
    elif isinstance(node, list):
        for key, value in enumerate(node):
            yield from numbers(value, (*path, key))
    elif isinstance(node, int | float) or (isinstance(node, str) and node.replace(".", "", 1).isdigit()):
        yield path, node


SCHEME_FILES = [
    *(p for p in (files("zhunsheng.regulations") / "data" / "schemes").iterdir()),
    *(p for p in (files("zhunsheng.regulations") / "data" / "local").iterdir()),
]


@pytest.mark.parametrize("path", SCHEME_FILES, ids=lambda p: p.name)
def test_every_number_of_a_scheme_matters(path):
    data = yaml.safe_load(path.read_text("utf8"))
    before = golden(SCORING, Scheme.model_validate(data))
    found = list(numbers({k: v for k, v in data.items() if k not in ("valid_from", "valid_to")}))
    assert len(found) > (2 if "like" in data else 15)  # one that is like another says only what differs
    for where, value in found:
        for step in (
            Decimal("1") if Decimal(str(value)) > 1 else Decimal("0.01"),
            Decimal("-1") if Decimal(str(value)) > 1 else Decimal("-0.01"),
        ):
            changed = yaml.safe_load(path.read_text("utf8"))
            node = changed
            for key in where[:-1]:
                node = node[key]
            node[where[-1]] = str(Decimal(str(value)) + step)
            try:
                after = golden(SCORING, Scheme.model_validate(changed), before)
            except (ValueError, StopIteration):
                break  # refused outright
            except Differs:
                break
            if after != before:
                break
        else:
            pytest.fail(f"{path.name}: {where} = {value} can change unnoticed")


def test_every_number_in_the_scoring_code_matters():
    before = [golden(SCORING, one) for one in SCHEMES]
    tried = 0
    survivors = []
    for module, tree in (trees := parsed()).items():
        lines = inspect.getsource(module).splitlines()
        for node in ast.walk(tree):
            if not (isinstance(node, ast.Constant) and type(node.value) in (int, float)):
                continue
            line = lines[node.lineno - 1]
            # Defaults of a dataclass field are no scoring constants, and equal weights are equal whatever
            # they are.
            if "Decimal = Decimal(0)" in line or "# equal weights" in line:
                continue
            tried += 1
            kept = node.value
            node.value += 1
            try:
                mutant = together(trees)
                after = [golden(mutant, one, said) for one, said in zip(SCHEMES, before, strict=True)]
            except Exception:
                continue  # it differs, or broke, which no test run would miss
            finally:
                node.value = kept
            if after == before:
                survivors.append(f"{module.__name__}, line {node.lineno}: {line.strip()}")
    assert tried > 15
    assert not survivors, "\n".join(survivors)


# -- judgements, outcomes and the re-check
# -------------------------------------------------------------------------------


def test_judgement_files(tmp_path):
    (path := tmp_path / "j.yaml").write_text(
        "- {indicator: 甲, band: 达成, share: 0.9, reason: 有据}\n"
        "- {sheet: 项目, indicator: 甲, cause: 其他}\n",
        "utf8",
    )
    project = identified(sheet(indicator("优"), indicator("优", "乙")))
    other = identified(sheet(indicator("优")).model_copy(update={"name": "别的"}))
    book = Book(source=Source(name="", sha256="", media_type=""), sheets=(project, other))
    found = resolve(book, read_judgements(path))
    assert found[project.id, project.indicators[0].id].cause == "其他"
    assert found[other.id, other.indicators[0].id].band == "达成"
    assert (project.id, project.indicators[1].id) not in found
    path.write_text("", "utf8")
    assert read_judgements(path) == []
    path.write_text("- {band: 达成}", "utf8")
    with pytest.raises(ZhunshengError, match="ZS-RG-01"):
        read_judgements(path)
    with pytest.raises(ZhunshengError, match="ZS-IN-01"):
        read_judgements(tmp_path / "none.yaml")


def test_outcomes_read_what_tables_say():
    assert outcome_of_text("≥90%", "%", 2021, "reported").value == 90
    assert outcome_of_text("2021年11月26日", None, 2021, "reported").value == date(2021, 11, 26)
    words = outcome_of_text("已完成", "%", 2021, "reported")
    assert (words.value, words.note) == (None, "完成值不是数")


def test_recheck_names_every_difference():
    approved = sheet(
        indicator("≥90%", "办结率"),
        indicator("≤700元", "单次审计费用"),
        indicator("≥2次", "宣传次数"),
        indicator("优", "质量"),
    )
    outcomes = [
        Outcome(Fraction(80), "%", "80%", "evidence"),
        Outcome(Fraction(744), "元", "744元", "evidence"),
        Outcome(Fraction(2), "次", "2次", "evidence"),
        NOTHING,
    ]
    card = score_sheet(approved, outcomes, spent=Decimal(90), budget=Decimal(100), scheme=OLD, as_of=DAY)
    half = Decimal("22.5")
    claimed = sheet(
        indicator("≥90%", "办结率", weight=half, actual="98%", score=half),
        indicator("≤900元", "单次审计费用", weight=half, actual="744元", score=half),
        indicator("优", "质量", weight=half, score=half),
        indicator("≥1次", "另立指标", weight=half, actual="1次", score=half),
        execution=Execution(spent="95", score="10"),
        total_score="100",
    )
    found = recheck(claimed, card)
    kinds = [(d.kind, d.indicator) for d in found]
    assert kinds == [
        ("actual", "办结率"),
        ("target", "单次审计费用"),
        ("score", "单次审计费用"),
        ("missing", "宣传次数"),
        ("extra", "另立指标"),
        ("execution", "全年执行数"),
        ("execution", "预算执行率"),
        ("total", "总分"),
    ]
    assert "20.00" in found[0].why  # 80 ÷ 90 of 22.5
    assert all(d.as_json()["title"] for d in found)
    wrong_sum = claimed.model_copy(update={"total_score": Decimal(97)})
    assert [d.kind for d in recheck(wrong_sum, card)][-2:] == ["total", "total"]


def test_the_re_check_says_what_a_target_that_was_admitted_low_took_off():
    """24 场 beside ≥4场 is six times the target: full points until explained. The office took 2 off."""
    approved = sheet(indicator("≥4场", "培训场次"))
    outcomes = [Outcome(value=Decimal(24), origin="evidence", text="24场", note="", unit="场")]
    card = score_sheet(approved, outcomes, spent=Decimal(100), budget=Decimal(100), scheme=OLD, as_of=DAY)
    points = card.scores[0].points
    row = indicator("≥4场", "培训场次", weight=points, actual="24场", score=points - 2)
    whole = Execution(spent="100", score="10")
    claimed = sheet(row, execution=whole, total_score=str(card.total - 2))
    found = recheck(claimed, card)
    assert [d.kind for d in found] == ["score", "total"]
    assert "差 2.00 分" in found[0].why
    assert "其中 2.00 分是自评认定目标偏低而扣的" in found[1].why


def test_the_re_check_reads_targets_as_typed_values():
    approved = sheet(indicator("≥90%", "办结率"), indicator("≥5万元", "补助"), indicator("≤15天", "审批时限"))
    card = score_sheet(approved, [NOTHING] * 3, spent=None, budget=None, scheme=OLD, as_of=DAY)
    said = [("90%", "不低于90%", "90"), ("50000元", "≥50000元", "≥5万元"), ("15天", "≤15日", "15天以内")]
    for a, b, c in zip(*said, strict=True):
        claimed = sheet(indicator(a, "办结率"), indicator(b, "补助"), indicator(c, "审批时限"))
        assert [d for d in recheck(claimed, card) if d.kind == "target"] == []
    changed = sheet(indicator("≥80%", "办结率"), indicator("≥5元", "补助"), indicator("≥15天", "审批时限"))
    assert [d.indicator for d in recheck(changed, card) if d.kind == "target"] == [
        "办结率",
        "补助",
        "审批时限",
    ]


def test_the_re_check_names_a_doubtful_result_instead_of_ending():
    approved = sheet(indicator("≤15天", "审批时限"))
    card = score_sheet(approved, [NOTHING], spent=None, budget=None, scheme=OLD, as_of=DAY)
    claimed = sheet(indicator("≤15天", "审批时限", actual="7个工作日", score="90", weight="90"))
    (found,) = recheck(claimed, card)
    assert (found.kind, "单位不可比" in found.why) == ("check", True)


def test_the_re_check_holds_no_open_points_against_a_report():
    approved = sheet(indicator("≥90%", "办结率"), indicator("≥4场", "宣讲"))
    outcomes = [Outcome(Fraction(80), "%", "80%", "evidence"), NOTHING]
    common = {"spent": None, "budget": None, "scheme": OLD, "as_of": date(2021, 6, 30)}
    card = score_sheet(approved, outcomes, **common)
    assert [s.verdict for s in card.scores] == ["early", "nothing"]
    claimed = sheet(
        indicator("≥90%", "办结率", weight="45", actual="98%", score="45"),
        indicator("≥4场", "宣讲", weight="45", score="45"),
        execution=Execution(score="10"),
    )
    found = {d.kind: d for d in recheck(claimed, card)}
    assert "execution" not in found, "nothing is known of the money"
    assert "按台账得分待定" in found["actual"].why and found["score"].recomputed == "待定"


def test_recheck_of_an_honest_report_is_empty():
    approved = sheet(indicator("≥90%", "办结率"))
    card = score_sheet(
        approved,
        [Outcome(Fraction(95), "%", "95%", "evidence")],
        spent=Decimal(9),
        budget=Decimal(10),
        scheme=OLD,
        as_of=DAY,
    )
    honest = sheet(
        indicator("≥90%", "办结率", weight="90", actual="95%", score="90"),
        execution=Execution(spent="9", score="9"),
        total_score="99",
    )
    assert recheck(honest, card) == []
