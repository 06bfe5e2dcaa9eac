"""Checkpoints: money against the plan, indicators against time, forecasts, lights."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from zhunsheng.errors import ZhunshengError
from zhunsheng.judgements import Judgement
from zhunsheng.measures.definitions import Accrual
from zhunsheng.monitoring import Figures, MonitoringTerms, Trail, elapsed, light_of, monitor
from zhunsheng.outcomes import NOTHING, Outcome, outcome_of_text
from zhunsheng.regulations import monitoring_rules, rules_for
from zhunsheng.targets import Indicator, TargetSheet, TargetValue

RULES = monitoring_rules()[0]
PLAN = {
    "steps": [
        {"by": f"2021-{m}", "cumulative": c}
        for m, c in (("03-31", "0.25"), ("06-30", "0.5"), ("10-31", "0.75"), ("12-31", "1"))
    ]
}
COUNT, LEVEL, DATE = Accrual(shape="count"), Accrual(shape="level"), Accrual(shape="date")
WINDOW = Accrual.model_validate({"shape": "window", "from": "01-01", "to": "06-30"})


UNDONE = "尚未完成"  # as a ledger says it


def trail_of(accrual, kind=None, numerator=None, denominator=0, **courses):
    """What a ledger tells besides a figure; a level is a share of 100 rows where nothing else is said."""
    kind = kind or {"date": "date", "level": "mean"}.get(accrual.shape, "count")
    return Trail(kind, accrual, numerator, denominator or 100, **courses)


def at(
    day,
    raw="≥100件",
    value=None,
    unit=None,
    accrual=COUNT,
    figures=Figures(),
    mode="linear",
    said=(),
    budget="400000",
    kind=None,
    **trail,
):
    target = TargetValue.parse(raw, year=2021)
    sheet = TargetSheet(
        kind="project",
        name="甲",
        year=2021,
        budget={"total": budget},
        spending_plan=PLAN,
        indicators=(Indicator(name="乙", target=target),),
    )
    outcome = (
        NOTHING
        if value is None
        else Outcome(None, None, UNDONE, "evidence", UNDONE, known=True)
        if value == UNDONE
        else Outcome(value if isinstance(value, date) else Fraction(value), unit, str(value), "evidence")
    )
    rules = rules_for(2021).monitoring(day)
    words = {"": said[0]} if said else {}
    found = monitor(
        sheet,
        [outcome],
        [trail_of(accrual, kind, **trail)],
        figures,
        MonitoringTerms(day, rules, mode, words),
    )
    return found.money, found.indicators[0]


@pytest.mark.parametrize(
    ("day", "mode", "paid", "expected", "light"),
    [
        (date(2021, 10, 31), "linear", 300_000, Fraction(3, 4), "green"),
        (date(2021, 10, 31), "linear", 240_000, Fraction(3, 4), "yellow"),
        (date(2021, 10, 31), "linear", 200_000, Fraction(3, 4), "red"),
        (date(2021, 10, 30), "step", 200_000, Fraction(1, 2), "green"),
        (date(2021, 3, 30), "step", 0, Fraction(0), "green"),
        (date(2022, 1, 31), "linear", 386_000, Fraction(1), "green"),
    ],
)
def test_money_against_the_plan(day, mode, paid, expected, light):
    money, _ = at(day, figures=Figures(Decimal(400_000), Decimal(400_000), Decimal(paid)), mode=mode)
    assert (money.expected, money.light, money.mode) == (expected, light, mode)
    assert money.actual == Fraction(paid, 400_000)
    assert money.method


def test_money_forecast_and_adjusted_budget():
    money, _ = at(date(2021, 10, 31), figures=Figures(Decimal(400_000), Decimal(300_000), Decimal(180_000)))
    assert (money.actual, money.forecast) == (Fraction(3, 5), Fraction(4, 5))
    money, _ = at(date(2021, 10, 31), figures=Figures(paid=Decimal(390_000)))
    assert (money.adjusted, money.forecast) == (400_000, 1)
    money, _ = at(date(2021, 10, 31))
    assert (money.light, money.forecast, money.adjusted) == ("grey", None, 400_000)
    money, _ = at(date(2021, 10, 31), figures=Figures(paid=Decimal(1)), budget="0")
    assert money.light == "grey"


def test_without_a_plan_the_days_of_the_year_count():
    sheet = TargetSheet(kind="project", year=2021, budget={"total": "100"})
    found = monitor(sheet, [], [], Figures(paid=Decimal(50)), MonitoringTerms(date(2021, 7, 2), RULES))
    assert found.money.expected == Fraction(183, 365)


@pytest.mark.parametrize(
    ("day", "raw", "value", "accrual", "expected", "forecast", "light", "likely"),
    [
        (
            date(2021, 7, 2),
            "≥100件",
            "60",
            COUNT,
            Fraction(36500 - 18200, 365),
            Fraction(60 * 365, 183),
            "green",
            "确定能",
        ),
        (
            date(2021, 7, 2),
            "≥100件",
            "40",
            COUNT,
            Fraction(18300, 365),
            Fraction(40 * 365, 183),
            "yellow",
            "有可能",
        ),
        (
            date(2021, 7, 2),
            "≥100件",
            "10",
            COUNT,
            Fraction(18300, 365),
            Fraction(10 * 365, 183),
            "red",
            "有可能",
        ),
        (date(2021, 12, 31), "≥100件", "99", COUNT, Fraction(100), Fraction(99), "yellow", "完全不可能"),
        (date(2021, 12, 31), "≥100件", "100", COUNT, Fraction(100), Fraction(100), "green", "确定能"),
        (date(2021, 3, 31), "≥85%", "50", WINDOW, Fraction(85 * 90, 181), Fraction(100), "green", "确定能"),
        (date(2021, 8, 1), "≥85%", "84", WINDOW, Fraction(85), Fraction(84), "yellow", "完全不可能"),
        (date(2021, 8, 1), "≥90%", "88", LEVEL, Fraction(90), Fraction(88), "yellow", "有可能"),
        (date(2021, 8, 1), "≥90%", "93", LEVEL, Fraction(90), Fraction(93), "green", "确定能"),
        (date(2021, 8, 1), "≤700元", "744", LEVEL, Fraction(700), Fraction(744), "yellow", "有可能"),
        (date(2021, 8, 1), "≤700元", "1400", LEVEL, Fraction(700), Fraction(1400), "red", "有可能"),
        (date(2021, 8, 1), "0起", "0", LEVEL, Fraction(0), Fraction(0), "green", "确定能"),
        (date(2021, 8, 1), "0起", "1", LEVEL, Fraction(0), Fraction(1), "red", "有可能"),
        (date(2022, 2, 1), "0起", "1", LEVEL, Fraction(0), Fraction(1), "red", "完全不可能"),
        (
            date(2021, 7, 2),
            "每季度1次",
            "2",
            COUNT,
            Fraction(4 * 183, 365),
            Fraction(2 * 365, 183),
            "green",
            "有可能",
        ),
        (date(2021, 8, 1), "3-5天", "4", LEVEL, None, Fraction(4), "green", "确定能"),
    ],
)
def test_indicators_against_time(day, raw, value, accrual, expected, forecast, light, likely):
    _, status = at(day, raw, value, accrual=accrual)
    assert (status.expected, status.forecast, status.light, status.likelihood) == (
        expected,
        forecast,
        light,
        likely,
    )
    assert status.method


@pytest.mark.parametrize(
    ("day", "done", "light", "likely"),
    [
        (date(2021, 8, 1), UNDONE, "green", "有可能"),
        (date(2022, 1, 1), UNDONE, "red", "完全不可能"),
        (date(2021, 8, 1), None, "grey", ""),
        (date(2022, 1, 1), None, "grey", ""),
        (date(2022, 2, 1), date(2021, 11, 26), "green", "确定能"),
        (date(2022, 2, 1), date(2022, 1, 14), "red", "完全不可能"),
        (date(2022, 1, 10), date(2022, 1, 14), "red", "完全不可能"),
    ],
)
def test_deadlines(day, done, light, likely):
    _, status = at(day, "2021年12月底前", done, accrual=DATE)
    assert (status.light, status.likelihood) == (light, likely)


def test_what_only_a_person_can_fill_in():
    for raw, value in (("优", None), ("≥90%", None), ("2:1", "5")):
        _, status = at(date(2021, 8, 1), raw, value)
        assert status.light == "grey"
    said = [Judgement(indicator="乙", cause="人员保障", measures="增加人手")]
    _, status = at(date(2021, 8, 1), value="1", said=said)
    assert (status.cause, status.measures) == ("人员保障", "增加人手")


def test_nothing_is_expected_before_the_start():
    later = Accrual.model_validate({"shape": "window", "from": "03-01", "to": "06-30"})
    _, status = at(date(2021, 2, 1), "≥85%", "0", accrual=later)
    assert (status.light, status.method) == ("green", "尚未开始")


@pytest.mark.parametrize(
    ("day", "raw", "value", "unit", "light"),
    [
        (date(2021, 1, 5), "≥2次", 0, "次", "green"),  # 0.03 times are expected by then
        (date(2021, 6, 30), "≥2次", 0, "次", "green"),
        (date(2021, 7, 31), "≥2次", 0, "次", "red"),
        (date(2021, 12, 31), "≥1次", 0, "次", "red"),
        (date(2021, 1, 31), "≥0.32万人次", 0, "人次", "red"),  # 272 are expected
        (date(2021, 1, 5), "≥90%", 0, "%", "red"),  # a share has no whole pieces
    ],
)
def test_no_light_warns_of_less_than_one_whole_piece(day, raw, value, unit, light):
    _, status = at(day, raw, value, unit)
    assert status.light == light
    assert ("尚早" in status.method) == (light == "green")


def test_how_likely_is_said_of_what_is_known_only():
    for raw, value in (("优", None), ("≥100件", None), ("≥100件", "5")):
        _, status = at(date(2021, 6, 30), raw, value, "%" if value else None)
        assert (status.light, status.likelihood) == ("grey", "")


def test_lights_and_days():
    assert [light_of(Fraction(x), RULES) for x in ("0.9", "0.89", "0.7", "0.69")] == [
        "green",
        "yellow",
        "yellow",
        "red",
    ]
    assert elapsed(date(2021, 1, 1), date(2021, 12, 31), date(2020, 12, 31)) == 0
    assert elapsed(date(2021, 1, 1), date(2021, 12, 31), date(2021, 1, 1)) == Fraction(1, 365)
    assert elapsed(date(2021, 1, 1), date(2021, 12, 31), date(2023, 1, 1)) == 1


def test_no_rules_before_2019():
    with pytest.raises(ZhunshengError, match="ZS-RG-02"):
        at(date(2018, 8, 1))


def test_a_doubtful_result_waits_for_a_person_and_says_why():
    _, status = at(date(2021, 8, 1), "≤15天", "7", "个工作日")
    assert (status.light, status.forecast) == ("grey", None)
    assert "单位不可比" in status.method
    _, status = at(date(2021, 8, 1), "15天", "7", "天")  # at most or at least?
    assert (status.light, "不知是至多还是至少" in status.method) == ("grey", True)


def test_results_in_other_units_are_forecast_in_the_targets():
    _, status = at(date(2022, 1, 1), "≥5万元", "49000", "元", accrual=LEVEL)
    assert (status.forecast, status.expected, status.light) == (Fraction(49, 10), Fraction(5), "yellow")


def test_a_growth_target_is_not_carried_forward_by_days():
    target = TargetValue.parse("较上年增长8%")
    sheet = TargetSheet(
        kind="project", name="甲", year=2021, indicators=(Indicator(name="乙", target=target),)
    )
    said = outcome_of_text("下降3%", "%", 2021, "judgement")
    (status,) = monitor(sheet, [said], [None], Figures(), MonitoringTerms(date(2021, 8, 1), RULES)).indicators
    assert (status.forecast, status.light, status.likelihood) == (Fraction(-3), "red", "有可能")


@pytest.mark.parametrize(
    ("text", "day", "light"),
    [
        ("已建立", date(2021, 8, 1), "green"),
        ("未建立", date(2021, 8, 1), "yellow"),
        ("未建立", date(2022, 1, 1), "red"),
        ("推进中", date(2022, 1, 1), "grey"),
    ],
)
def test_a_yes_or_no_on_a_date(text, day, light):
    one = Indicator(name="乙", target=TargetValue.parse("建立"))
    sheet = TargetSheet(kind="project", name="甲", year=2021, indicators=(one,))
    said = outcome_of_text(text, None, 2021, "judgement")
    assert monitor(sheet, [said], [None], Figures(), MonitoringTerms(day, RULES)).indicators[0].light == light
