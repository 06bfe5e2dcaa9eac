"""Forecasts from ledgers as imports leave them: last year's course, due days, periods, steps."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from stdnum.cn import uscc

from small_office import EVENT, EVENTS, STEP, answer, confirmed, indicator, project, put
from zhunsheng.evidence import Store
from zhunsheng.measures import DuckEngine, catalogue
from zhunsheng.measures.course import CourseDay, read_courses
from zhunsheng.outcomes import marks

ENTITY = "统一社会信用代码,名称,主体类型,成立日期"
REPORT = "统一社会信用代码,报告年度,报送日期"
DEVICE = "设备代码,设备种类,重点设备,应检日期,实检日期"


def code(n):
    bare = f"91110108MA{n:07d}"
    return bare + uscc.calc_check_digit(bare)


def days(first, count):
    return [(first + timedelta(days=n)).isoformat() for n in range(count)]


@pytest.fixture
def root(tmp_path):
    """100 companies: last year 90 reported, 27 of them by 31 March; this year 26 have by then."""
    store = tmp_path / "store"
    put(store, "entities", ENTITY, *(f"{code(n)},甲{n},企业,2015-01-01" for n in range(100)))
    last = days(date(2020, 3, 5), 27) + days(date(2020, 4, 20), 63)
    now = days(date(2021, 3, 1), 26)
    put(
        store,
        "annual_reports",
        REPORT,
        *(f"{code(n)},2019,{day}" for n, day in enumerate(last)),
        *(f"{code(n)},2020,{day}" for n, day in enumerate(now)),
    )
    return store


def course_of(root, measure, year, on):
    snapshot = Store(root).snapshot()
    found = read_courses([catalogue()[measure]], DuckEngine(snapshot), snapshot, year, on, ["A1"])
    return found.get((measure, "A1"), {})


def test_a_course_has_the_first_day_on_which_a_link_lets_a_row_count(root):
    (course,) = course_of(root, "annual_report_rate_company", 2020, date(2020, 12, 31)).values()
    assert (course.amount(), course.rows()) == (90, 100)
    assert course.amount(date(2020, 3, 31)) == 27
    assert course.days[0] == CourseDay(None, Decimal(0), 10)  # ten never reported
    assert course.days[1] == CourseDay(date(2020, 3, 5), Decimal(1), 1)


def test_reports_are_held_against_last_years_course(root):
    sheet = project(indicator("企业年报率", "≥85%"))
    done = answer(
        root, sheet, links=[confirmed("企业年报率", "annual_report_rate_company")], day=date(2021, 3, 31)
    )
    (status,) = done.results[0].checkpoint.indicators
    # 27 of 90 had come by then: 30 % of 85 %.
    assert (status.expected, status.light) == (Fraction(51, 2), "green")
    assert "去年台账 90 件，同期已有 30%" in status.method
    assert status.task == "还差 59 项（59个百分点），2021-06-30 前"
    assert done.results[0].outcomes[0].value == 26


def test_what_is_due_later_is_no_part_of_the_rate_but_of_its_forecast(tmp_path):
    root = tmp_path / "store"
    rows = [f"S{n},电梯,否,2021-03-01,{'2021-02-01' if n < 18 else ''}" for n in range(20)]
    rows += [f"S{n},电梯,否,2021-11-01," for n in range(20, 100)]
    rows += ["S100,电梯,否,2022-01-01,", "S101,电梯,否,2020-12-31,2020-12-01"]
    put(root, "special_equipment", DEVICE, *rows)
    sheet = project(indicator("特种设备定检完成率", "≥98%"))
    links = [confirmed("特种设备定检完成率", "equipment_inspection_rate")]
    for target, word in (("≥98%", "有可能"), ("≥99%", "完全不可能")):
        sheet = project(indicator("特种设备定检完成率", target))
        done = answer(root, sheet, links=links, day=date(2021, 6, 30))
        (status,) = done.results[0].checkpoint.indicators
        assert done.results[0].outcomes[0].value == 90  # 18 of the 20 that are due
        assert status.likelihood == word  # at best 98 of 100
    assert status.task == "今后到期的 80 项全部按期也不够"


def test_a_day_asked_knows_nothing_of_what_was_done_later(tmp_path):
    """20 of 20 batches planned by March were taken, 80 are planned for September: whether the ledger holds
    these already or not, in June they are to come, and nearly all of them do.
    """
    sheet = project(indicator("监督抽查完成率", "≥85%"))
    links, found = [confirmed("监督抽查完成率", "sampling_completion_rate")], []
    for n, later in enumerate(("", "2021-09-20")):
        root = tmp_path / str(n)
        rows = [f"C{k},插座,流通,2021-03-01,2021-03-05,治理经费" for k in range(20)]
        rows += [f"C{k},插座,流通,2021-09-10,{later},治理经费" for k in range(20, 100)]
        put(root, "samples", "抽样单号,产品名称,抽查领域,计划抽样日期,抽样日期,项目名称", *rows)
        (result,) = answer(root, sheet, links=links, day=date(2021, 6, 30)).results
        assert result.outcomes[0].value == 20
        found.append(result.checkpoint.indicators[0])
    assert found[0] == found[1]
    # (20 + 4 × 85 %) ÷ (20 + 4) of the 80, less what half of them, halved every 20 days from 10 September to
    # the year's end (112 days), leave open: 77.2 × (1 − 0.5 ^ 6.6) = 77.2; with the 20 that is 97.2.
    assert 96 <= found[0].forecast <= 98 and found[0].light == "green"


def test_each_quarter_is_counted_from_the_ledger(tmp_path):
    root = tmp_path / "store"
    held = ["2021-02-01", "2021-03-01", "2021-08-01", "2021-10-05"]
    rows = (f"E{n},应急演练,食品安全,演练,{day},治理经费,P1" for n, day in enumerate(held))
    put(root, "activities", f"{EVENT},项目名称,项目编码", *rows)
    sheet = project(indicator(EVENTS, "每季度1次"))
    links = [confirmed(EVENTS, "drill_count")]
    done = answer(root, sheet, links=links, day=date(2021, 12, 31))
    (result,) = done.results
    # Two in the first quarter make up for none in the second: three of four quarters.
    assert result.outcomes[0].text == "4次" and "依次各期 2、0、1、1" in marks(result.outcomes[0])
    assert result.checkpoint.indicators[0].likelihood == "完全不可能"
    (score,) = result.card.scores
    assert (score.verdict, score.score / score.points) == ("missed", Decimal("0.75"))
    # Before the second quarter is over nothing is missed; a quarter that has not begun has no number.
    done = answer(root, sheet, links=links, day=date(2021, 5, 31))
    (status,) = done.results[0].checkpoint.indicators
    assert "依次各期 2、0" in marks(done.results[0].outcomes[0])
    assert (status.expected, status.light) == (1, "green")


def test_steps_of_a_project_tell_when_it_will_be_done(tmp_path):
    root = tmp_path / "store"
    put(
        root,
        "procurements",
        STEP,
        "治理经费,P1,需求,2021-03-31,2021-03-31",
        "治理经费,P1,采购,2021-06-30,",
        "治理经费,P1,验收,2021-11-30,",
        "别的,P2,验收,2021-02-28,",
    )
    sheet = project(indicator("项目完成时限", "2021年12月底前"))
    done = answer(
        root, sheet, links=[confirmed("项目完成时限", "project_completed_on")], day=date(2021, 8, 14)
    )
    (status,) = done.results[0].checkpoint.indicators
    assert (status.forecast, status.light) == (
        date(2022, 1, 14),
        "yellow",
    )  # 30 November + 45 days
    assert status.task == "还有 2 个环节，2021-12-31 前完成；已迟 45 天"


@pytest.mark.parametrize("turned", [False, True])
def test_a_measure_of_two_indicators_is_counted_by_quarters_where_one_asks_for_them(tmp_path, turned):
    root = tmp_path / "store"
    held = ("2021-02-01", "2021-03-01", "2021-08-01", "2021-10-05")
    rows = (f"E{n},应急演练,食品安全,演练,{day},治理经费,P1" for n, day in enumerate(held))
    put(root, "activities", f"{EVENT},项目名称,项目编码", *rows)
    both = [indicator(EVENTS, "每季度1次"), indicator("全年应急演练次数", "≥4次")]
    sheet = project(*(reversed(both) if turned else both))
    links = [confirmed(name, "drill_count") for name in (EVENTS, "全年应急演练次数")]
    (result,) = answer(root, sheet, links=links, day=date(2021, 12, 31)).results
    # 45 points each: three of four quarters are 33.75.
    scores = {sheet.indicators[s.indicator].name: str(s.score) for s in result.card.scores}
    assert scores == {EVENTS: "33.75", "全年应急演练次数": "45.00"}
