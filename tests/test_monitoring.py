"""Checkpoints: money against the plan, indicators against time, forecasts, lights."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhunsheng.errors import ZhunshengError
from zhunsheng.judgements import Judgement
from zhunsheng.measures.course import Course, CourseDay
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
    ("day", "raw", "value", "accrual", "expected", "light", "likely"),
    [
        # 183 of 365 days have passed on 2 July: 50 of 100 are expected, and whole ones only.
        (date(2021, 7, 2), "≥100件", "60", COUNT, 50, "green", "有可能"),
        (date(2021, 7, 2), "≥100件", "50", COUNT, 50, "green", "有可能"),
        (date(2021, 7, 2), "≥100件", "45", COUNT, 50, "yellow", "有可能"),
        (date(2021, 7, 2), "≥100件", "10", COUNT, 50, "red", "有可能"),
        (date(2021, 7, 2), "≥100件", "100", COUNT, 50, "green", "确定能"),
        # A year that is over and missed is red, be it by one.
        (date(2021, 12, 31), "≥100件", "99", COUNT, 100, "red", "完全不可能"),
        (date(2021, 12, 31), "≥100件", "100", COUNT, 100, "green", "确定能"),
        (date(2021, 8, 1), "≥85%", "84", WINDOW, 85, "red", "完全不可能"),
        (date(2021, 8, 1), "≤700元", "744", LEVEL, 700, "red", "有可能"),
        (date(2021, 8, 1), "≤700元", "702", LEVEL, 700, "yellow", "有可能"),
        (date(2021, 8, 1), "≤700元", "600", LEVEL, 700, "green", "有可能"),
        # A nought that is broken stays broken; one that holds may still be broken.
        (date(2021, 8, 1), "0起", "0", COUNT, 0, "green", "有可能"),
        (date(2021, 8, 1), "0起", "1", COUNT, 0, "red", "完全不可能"),
        (date(2022, 2, 1), "0起", "1", COUNT, 0, "red", "完全不可能"),
        (date(2021, 12, 31), "0起", "0", COUNT, 0, "green", "确定能"),
        (date(2021, 8, 1), "3-5天", "4", LEVEL, None, "green", "有可能"),
    ],
)
def test_indicators_against_time(day, raw, value, accrual, expected, light, likely):
    _, status = at(day, raw, value, accrual=accrual)
    assert (status.expected, status.light, status.likelihood) == (expected, light, likely)
    assert status.method


def year_of(*days, denominator=1, rest=0):
    """A course with one row that counts on each day, and rows that never did."""
    counted = tuple(CourseDay(day, Decimal(1), denominator) for day in sorted(days))
    return Course(((CourseDay(None, Decimal(0), rest),) if rest else ()) + counted)


def test_the_pace_of_last_year_is_this_years():
    # Of last year's 100 a quarter had come by 30 June: a quarter of 80 is expected, not a half.
    last = year_of(*[date(2020, 5, 1)] * 25, *[date(2020, 11, 1)] * 75)
    _, status = at(date(2021, 6, 30), "≥80件", "20", last=last)
    assert (status.expected, status.light) == (20, "green")
    assert "去年台账 100 件，同期已有 25%" in status.method
    # What is usual, (80 + 100) ÷ 2, weighs as half a year; F = (25 + 181 ÷ 365) ÷ 101 = 0.2524 has passed:
    # (½ × 90 + 20) ÷ (½ + F) = 86.4 a year, of which 1 - F, 64.6, are still to come.
    assert 82 <= status.forecast <= 85  # the middle lies a little below the mean
    assert status.low < status.forecast < status.high
    # Eleven rows say less than the days of the year do.
    _, status = at(date(2021, 6, 30), "≥80件", "20", last=year_of(*[date(2020, 11, 1)] * 11))
    assert (status.expected, "181" in str(status.method) or "50%" in status.method) == (39, True)


def test_reports_that_come_late_in_their_window_are_not_behind():
    # 900 of 1,000 last year: 270 by 31 March. 26 % of this year's 1,000 are 260, expected are 85 % × 30 %.
    last = year_of(*[date(2020, 3, 1)] * 270, *[date(2020, 6, 20)] * 630, rest=100)
    given = {"kind": "ratio", "numerator": Decimal(260), "denominator": 1000, "accrual": WINDOW}
    _, status = at(date(2021, 3, 31), "≥85%", "26", "%", last=last, **given)
    assert (status.expected, status.light) == (Fraction(51, 2), "green")
    # By the days of its window 42.3 % would be expected, and it would be far behind.
    _, linear = at(date(2021, 3, 31), "≥85%", "26", "%", **given)
    assert linear.expected == Fraction(85 * 90, 181)
    assert "还差 590 项（59个百分点），2021-06-30 前" in status.task


def test_what_is_done_a_few_times_is_not_behind_before_one_is_due():
    _, status = at(date(2021, 6, 30), "≥2次", "0", "次")
    assert (status.expected, status.forecast, status.light) == (0, 2, "green")
    # Kept promises have none of two by half of the year in (184 ÷ 365)² of cases, broken ones in half of 1
    # and half of 184 ÷ 365: 0.9 × 0.2541 against 0.1 × 0.752.
    none_of_two = (184 / 365) ** 2
    kept = 0.9 * none_of_two
    broken = 0.05 * 1 + 0.05 * 184 / 365
    assert status.chance == pytest.approx(kept / (kept + broken))
    _, status = at(date(2021, 12, 20), "≥2次", "0", "次")
    assert status.light == "red"
    # 大于2次 asks for three.
    _, status = at(date(2021, 12, 28), "大于2次", "2", "次")
    assert (status.light, status.likelihood) == ("yellow", "有可能")
    assert "还差 1次，2021-12-31 前" in status.task


def test_ceilings_are_carried_forward():
    _, status = at(date(2021, 7, 2), "≤100件", "80")
    assert (status.expected, status.light) == (51, "red")  # at most 50.1 by now; 80 of 100 are used up
    assert status.forecast > 100 and "至多还可有 20件" in status.task
    _, status = at(date(2021, 7, 2), "≤100件", "101")
    assert (status.likelihood, "已超出 1件" in status.task) == ("完全不可能", True)


def test_what_fell_due_and_was_not_done_cannot_be_made_good():
    due = {"shape": "level", "day": "due_on", "ahead": True}
    # 50 of 60 in time, 40 more to come: at best 90 of 100.
    ahead = Course(
        (CourseDay(date(2021, 3, 1), Decimal(50), 60), CourseDay(date(2021, 10, 1), Decimal(0), 40))
    )
    given = {
        "kind": "ratio",
        "numerator": Decimal(50),
        "denominator": 60,
        "ahead": ahead,
        "accrual": Accrual.model_validate(due),
    }
    _, status = at(date(2021, 7, 2), "≥95%", "83.33", "%", **given)
    assert (status.light, status.likelihood, status.chance) == ("red", "完全不可能", 0)
    assert "今后到期的 40 项全部按期也不够" in status.task
    _, status = at(date(2021, 7, 2), "≥90%", "83.33", "%", **given)
    assert status.likelihood == "有可能" and "40 项中须有 40 项按期" in status.task
    _, status = at(date(2021, 7, 2), "≥50%", "83.33", "%", **given)
    assert (status.light, status.likelihood) == ("green", "确定能")  # 50 of 100 are there


def test_a_plan_in_the_ledger_is_the_pace():
    plan = {"shape": "count", "day": "planned_on", "ahead": True}
    ahead = Course(
        (CourseDay(date(2021, 3, 1), Decimal(9), 10), CourseDay(date(2021, 11, 1), Decimal(0), 90))
    )
    _, status = at(
        date(2021, 9, 30),
        "≥80%",
        "9",
        "%",
        kind="ratio",
        numerator=Decimal(9),
        denominator=100,
        ahead=ahead,
        accrual=Accrual.model_validate(plan),
    )
    assert (status.expected, status.light) == (8, "green")  # 80 % of the ten that were to be taken by now
    assert "计划日期" in status.method


def test_a_milestone_shows_the_delay_of_its_steps_before_its_own_day():
    def step(planned, done=None):
        return CourseDay(planned, done, 0 if done else 1)

    first, second, third = date(2021, 3, 31), date(2021, 6, 30), date(2021, 11, 30)
    goal = "2021年12月底前"
    in_time = Course((step(first, date(2021, 3, 30)), step(second, date(2021, 6, 30)), step(third)))
    _, status = at(date(2021, 8, 1), goal, UNDONE, accrual=DATE, course=in_time)
    assert (status.forecast, status.light) == (third, "green")
    # The second step is 45 days late on 14 August: so will the third be, on 14 January.
    late = Course((step(first, date(2021, 3, 30)), step(second), step(third)))
    _, status = at(date(2021, 8, 14), goal, UNDONE, accrual=DATE, course=late)
    assert (status.forecast, status.light) == (date(2022, 1, 14), "yellow")
    assert "还有 2 个环节，2021-12-31 前完成；已迟 45 天" in status.task
    assert "迟 45 天" in status.method
    # One that was made late and is done: its delay is carried on.
    made = Course((step(first, date(2021, 4, 20)), step(second), step(third)))
    _, status = at(date(2021, 5, 1), goal, UNDONE, accrual=DATE, course=made)
    assert status.forecast == date(2021, 12, 20)


@pytest.mark.parametrize(
    ("day", "parts", "expected", "light", "likely"),
    [
        (date(2021, 7, 2), (1, 1), 2, "green", "有可能"),
        (date(2021, 7, 2), (2, 0), 2, "red", "完全不可能"),  # two in one quarter make up for none in another
        (date(2021, 6, 29), (2, 0), 1, "yellow", "有可能"),  # one day is left of the quarter
        (date(2021, 12, 15), (1, 1, 3, 1), 3, "green", "确定能"),
        (date(2021, 12, 15), (1, 1, 3), 3, "green", "有可能"),
    ],
)
def test_each_quarter_has_its_own(day, parts, expected, light, likely):
    target = TargetValue.parse("每季度1次", year=2021)
    sheet = TargetSheet(kind="project", year=2021, indicators=(Indicator(name="乙", target=target),))
    shares = tuple(map(Fraction, parts))
    outcome = Outcome(sum(shares, Fraction(0)), "次", "", "evidence", parts=shares)
    terms = MonitoringTerms(day, RULES)
    (status,) = monitor(sheet, [outcome], [trail_of(COUNT)], Figures(), terms).indicators
    assert (status.expected, status.light, status.likelihood) == (expected, light, likely)


def test_money_far_ahead_of_its_plan_warns_as_money_behind_does():
    # 75 % is planned by 31 October: 1.3 × 75 % = 97.5 %.
    for paid, light in ((389_000, "green"), (390_000, "yellow"), (400_100, "red")):
        money, _ = at(date(2021, 10, 31), figures=Figures(Decimal(400_000), Decimal(400_000), Decimal(paid)))
        assert money.light == light
        assert money.method.startswith("支出") == (light != "green")
        assert money.forecast >= money.actual
    money, _ = at(date(2021, 12, 31), figures=Figures(Decimal(400_000), Decimal(400_000), Decimal(400_000)))
    assert money.light == "green"


@given(
    st.sampled_from(
        ["≥100件", "≥3次", "≤20件", "0起", "3-5次", "12期", "大于4次", "≥90%", "≤700元", "每季度1次"]
    ),
    st.integers(0, 130),
    st.integers(0, 400),
    st.sampled_from([COUNT, LEVEL, WINDOW]),
    st.lists(st.integers(0, 365), max_size=40),
    st.booleans(),
)
def test_3_light_likelihood_chance_and_forecast_never_disagree(raw, value, days, accrual, last, rated):
    on = date(2021, 1, 1) + timedelta(days=days)
    course = year_of(*[date(2020, 1, 1) + timedelta(days=d) for d in last])
    kind = "ratio" if rated and raw.endswith("%") else None
    given = {"kind": kind, "numerator": Decimal(min(value, 130)), "denominator": 130} if kind else {}
    shown = str(Fraction(100 * value, 130)) if kind else str(value)
    _, status = at(on, raw, shown, accrual=accrual, last=course, **given)
    if status.light == "grey":
        assert (status.chance, status.likelihood) == (None, "")
        return
    bounds, chance, target = RULES.chances, status.chance, TargetValue.parse(raw, year=2021)
    word = RULES.likelihood.index(status.likelihood)
    assert 0 <= chance <= 1
    assert (status.light == "green") == (chance >= bounds.green)
    assert (status.light == "red") == (chance < bounds.yellow)
    assert (word == 0) == (chance == 1) and (word == 2) == (chance == 0)
    assert status.low <= status.forecast <= status.high
    if target.op not in ("range", "==") or target.ceiling:
        # What is forecast meets the target where the light is green, and not where it is red.
        assert status.light != "green" or target.meets(status.forecast)
        assert status.light != "red" or not target.meets(status.forecast)
    if on >= date(2021, 12, 31):
        assert chance in (0, 1) and status.low == status.high == status.forecast


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
    assert (status.forecast, status.expected, status.light) == (Fraction(49, 10), Fraction(5), "red")


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
        ("未建立", date(2021, 8, 1), "green"),  # not due is not missed
        ("未建立", date(2021, 12, 10), "yellow"),
        ("未建立", date(2022, 1, 1), "red"),
        ("推进中", date(2022, 1, 1), "grey"),
    ],
)
def test_a_yes_or_no_on_a_date(text, day, light):
    one = Indicator(name="乙", target=TargetValue.parse("建立"))
    sheet = TargetSheet(kind="project", name="甲", year=2021, indicators=(one,))
    said = outcome_of_text(text, None, 2021, "judgement")
    assert monitor(sheet, [said], [None], Figures(), MonitoringTerms(day, RULES)).indicators[0].light == light


@pytest.mark.parametrize(("accrual", "word"), [(WINDOW, "确定能"), (COUNT, "有可能")])
def test_a_share_whose_rows_may_still_grow_in_number_is_not_settled(accrual, word):
    given = {"kind": "ratio", "numerator": Decimal(95), "denominator": 100}
    _, status = at(date(2021, 5, 31), "≥90%", "95", "%", accrual=accrual, **given)
    assert (status.light, status.likelihood) == ("green", word)
