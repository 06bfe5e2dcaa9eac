"""Definitions as the profession means them: figures worked out by hand on small ledgers, and random ledgers
against a plain account in Python of what is known on a day.
"""

from __future__ import annotations

import random
from datetime import date, timedelta

import pytest
import yaml

from agreed import import_ledger
from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence import Store, ledgers
from zhunsheng.measures import DuckEngine, Rows, SparkEngine, combine, evidence_rows, measures, read_all
from zhunsheng.measures.definitions import QUESTIONS, load
from zhunsheng.measures.pledges import pledged, pledges
from zhunsheng.regulations.conditions import expanded

YEAR, END = 2021, date(2022, 2, 28)
OFFICE = "甲局"
ENTITY = "统一社会信用代码,名称,主体类型,成立日期"


def code(n):
    """A registration number of fifteen digits, the n-th."""
    return f"1301{n:011d}"


class Office:
    """A department whose ledgers are written in a test, by the titles of their columns."""

    def __init__(self, folder):
        self.folder, self.files = folder, 0

    def put(self, ledger, head, *rows):
        self.files += 1
        (file := self.folder / f"{self.files}.csv").write_text("\n".join([head, *rows]) + "\n", "utf8")
        import_ledger(self.folder / "store", file, ledger=ledgers()[ledger], department=OFFICE)
        return self

    @property
    def snapshot(self):
        return Store(self.folder / "store").snapshot()

    def read(self, name, as_of=END, **more):
        """The reading of a measure as of a day, as (numerator, denominator, what is said)."""
        snapshot = self.snapshot
        found = read_all([measures()[name]], DuckEngine(snapshot), snapshot, YEAR, as_of, **more)
        reading = found[name, OFFICE, None]
        numerator = None if reading.numerator is None else int(reading.numerator)
        return numerator, reading.denominator, reading.text() if reading.value is None else reading.note or ""

    def listed(self, name, only=None):
        snapshot = self.snapshot
        rows = evidence_rows(measures()[name], DuckEngine(snapshot), snapshot, YEAR, END, Rows(only=only))
        return sorted(r.row for r in rows)


@pytest.fixture
def office(tmp_path):
    return Office(tmp_path)


def test_annual_reports_know_nothing_later_than_their_day(office):
    office.put(
        "entities",
        f"{ENTITY},注销日期,吊销日期,迁入日期,迁出日期,登记状态",
        f"{code(1)},一,企业,2015-01-01,,,,,",  # reports in March
        f"{code(2)},二,企业,2015-01-01,2021-05-10,,,,注销",  # closed in May
        f"{code(3)},三,企业,2015-01-01,,2021-06-01,,,吊销",  # revoked in June
        f"{code(4)},四,企业,2015-01-01,,,2021-04-15,,",  # came in April, reports in May
        f"{code(5)},五,企业,2015-01-01,,,,2021-02-01,迁出",  # left in February
        f"{code(6)},六,企业,2015-01-01,,,2021-03-20,2020-03-20,",  # left a year ago and came back
        f"{code(7)},七,企业,2015-01-01,,,,,吊销",  # revoked, nobody says when
        f"{code(8)},八,企业,2015-01-01,,,,2021-08-01,迁出",  # left when the reports were due
        f"{code(9)},九,企业,2021-01-01,,,,,",  # new: due next year
    ).put(
        "annual_reports",
        "统一社会信用代码,报告年度,报送日期",
        f"{code(1)},2020,2021-03-05",
        f"{code(2)},2020,2021-02-05",  # reported, then closed
        f"{code(4)},2020,2021-05-20",
        f"{code(8)},2020,2021-07-02",  # too late
    )
    name, undated = "annual_report_rate_company", "其中 1 行写明吊销或迁出而没有日期，仍按应报计入"
    # 31 March: 1, 2, 3, 6, 7, 8 are there (2 and 3 not gone yet, 4 not come, 5 gone); 1 and 2 have reported.
    assert office.read(name, date(2021, 3, 31)) == (2, 6, undated)
    # 31 May: 2 is gone and 4 has come and reported.
    assert office.read(name, date(2021, 5, 31)) == (2, 6, undated)
    # 30 June and ever after: 3 is gone too; 8 left only later.
    for day in (date(2021, 6, 30), date(2021, 9, 1), END):
        assert office.read(name, day) == (2, 5, undated)
    assert office.read("entities_standing", date(2021, 8, 1)) == (
        5,  # 1, 4, 6, 7, 9
        5,
        "其中 1 行写明吊销或迁出而没有日期，仍按在册计入",
    )


def test_old_ledgers_without_the_new_columns_read_as_they_did(office):
    office.put(
        "entities",
        f"{ENTITY},注销日期,食品生产许可",
        f"{code(1)},一,企业,2015-01-01,,是",
        f"{code(2)},二,企业,2015-01-01,2021-08-01,否",
        f"{code(3)},三,企业,2015-01-01,,是",
    ).put(
        "inspections",
        "任务编号,统一社会信用代码,检查方式,检查事项,检查日期",
        f"R1,{code(1)},专项检查,食品生产监督检查,2021-05-06",
        f"R2,{code(3)},双随机,公示信息检查,2021-05-06",
    )
    said = (
        "其中 2 行许可证日期不全，按“食品生产许可”一列或已有的日期认定；"
        "其中 1 行只受过别的事项的检查（检查事项里没有“食品生产”），没有计入"
    )
    assert office.read("food_producer_inspection_rate") == (1, 2, said)
    for name, title in (
        ("food_producer_high_risk_rate", "食品生产风险等级"),
        ("visits_over_ceiling", "年度检查上限"),
    ):
        assert office.read(name)[2] == f"市场主体台账没有填写“{title}”，说不出"
    # Growth is told: the ledger keeps those that closed. Three at the end of 2020, two now.
    assert office.read("entity_growth_rate") == (-1, 3, "")


def test_growth_is_not_told_of_a_ledger_that_keeps_no_one_who_left(office):
    office.put("entities", ENTITY, f"{code(1)},一,企业,2015-01-01", f"{code(2)},二,企业,2021-03-01")
    _, _, said = office.read("entity_growth_rate")
    assert said == "市场主体台账没有填写“注销日期”、“吊销日期”、“迁出日期”，说不出"
    snapshot = office.snapshot
    reading = read_all([measures()["entity_growth_rate"]], DuckEngine(snapshot), snapshot, YEAR, END)[
        "entity_growth_rate", OFFICE, None
    ]
    assert (reading.value, reading.silent, reading.known) == (None, "entities", False)


def test_growth_of_market_entities(office):
    office.put(
        "entities",
        f"{ENTITY},注销日期,吊销日期,迁入日期,迁出日期",
        *(f"{code(n)},{n},个体工商户,2019-01-01,,,," for n in range(1, 9)),  # eight that stay
        f"{code(9)},九,企业,2019-01-01,2021-04-01,,,",  # closed
        f"{code(10)},十,企业,2019-01-01,,2021-05-01,,",  # revoked
        f"{code(11)},十一,企业,2021-02-01,,,,",  # new
        f"{code(12)},十二,企业,2018-02-01,,,2021-06-01,",  # came
        f"{code(13)},十三,企业,2021-07-01,,,,",  # new in July
    )
    # Ten at the end of 2020. By March one more; by June two gone, two come; by the end 11.
    assert office.read("entity_growth_rate", date(2021, 3, 31))[:2] == (1, 10)
    assert office.read("entity_growth_rate", date(2021, 6, 30))[:2] == (0, 10)
    assert office.read("entity_growth_rate")[:2] == (1, 10)
    assert office.read("entities_standing")[0] == 11


def test_food_producers_by_licence_and_by_what_was_inspected(office):
    office.put(
        "entities",
        f"{ENTITY},注销日期,食品生产许可,食品生产许可证起始日期,食品生产许可证有效期至,食品生产风险等级",
        f"{code(1)},一,企业,2010-01-01,,是,2015-01-01,2025-01-01,A",  # in 2020 over all points, not since
        f"{code(2)},二,企业,2010-01-01,,是,2015-01-01,2025-01-01,C",  # this year, over all points
        f"{code(3)},三,企业,2010-01-01,,是,2015-01-01,2021-11-30,D",  # licence ran out in November
        f"{code(4)},四,企业,2010-01-01,,否,2021-05-01,2026-05-01,B",  # licensed in May, not seen
        f"{code(5)},五,企业,2010-01-01,2021-10-01,是,2015-01-01,2025-01-01,D",  # closed in October
        f"{code(6)},六,企业,2010-01-01,,是,2022-01-15,2027-01-15,A",  # licensed after the year
        f"{code(7)},七,企业,2010-01-01,,是,,,D",  # no dates: by the flag
        f"{code(8)},八,企业,2010-01-01,,否,,,",  # no producer
    ).put(
        "inspections",
        "任务编号,统一社会信用代码,检查方式,检查事项,检查日期,覆盖全部要点",
        f"A1,{code(1)},日常检查,食品生产监督检查,2020-03-01,是",
        f"A2,{code(1)},双随机,登记事项检查,2021-03-01,",  # another item
        f"A3,{code(2)},日常检查,食品生产经营监督检查,2021-09-09,是",
        f"A4,{code(3)},日常检查,食品生产监督检查,2021-04-01,否",
        f"A5,{code(7)},日常检查,食品生产监督检查,2021-04-01,",
        f"A6,{code(8)},日常检查,食品生产监督检查,2021-04-01,是",
    )
    # On 30 June: 1, 2, 3, 4, 5, 7; of this year's inspections 3 and 7 were then.
    assert office.read("food_producer_inspection_rate", date(2021, 6, 30))[:2] == (2, 6)
    # At the end of the year: 1, 2, 4, 7; inspected were 2 and 7.
    numerator, base, said = office.read("food_producer_inspection_rate")
    assert (numerator, base) == (2, 4)
    assert said == (
        "其中 1 行许可证日期不全，按“食品生产许可”一列或已有的日期认定；"
        "其中 1 行只受过别的事项的检查（检查事项里没有“食品生产”），没有计入"
    )
    # In two years, over all points: 1, 2 and 7 (unsaid); 4 is not licensed for two years yet.
    assert office.read("food_producer_biennial_coverage")[:2] == (3, 3)
    # On 28 February 2021 the two years begin on 1 March 2019: of 1, 2, 3, 5, 7 only 1 was covered.
    assert office.read("food_producer_biennial_coverage", date(2021, 2, 28))[:2] == (1, 5)
    assert office.read("food_producer_high_risk_rate")[:2] == (2, 2)  # 2 (C) and 7 (D)


def test_equipment_leaves_on_the_day_of_its_state(office):
    office.put(
        "special_equipment",
        "设备代码,设备种类,重点设备,应检日期,实检日期,设备状态,状态日期",
        "D1,电梯,是,2021-05-01,2021-04-20,,",  # in time
        "D2,电梯,否,2021-05-01,,停用,2021-04-30",  # stopped before: not due
        "D3,电梯,是,2021-05-01,,停用,2021-05-02",  # stopped a day too late: missed
        "D4,电梯,否,2021-05-01,,报废,2021-05-01",  # scrapped on the day itself
        "D5,电梯,否,2021-05-01,,停用,",  # nobody says when
        "D6,电梯,是,2021-09-01,,迁出,2021-07-15",  # moved in July
        "D7,电梯,否,2021-05-01,2021-05-03,在用,2020-01-01",  # late
    )
    name = "equipment_inspection_rate"
    said = "其中 1 行写明停用、报废、注销或迁出而没有状态日期，说不出到期时是否在用，没有计入"
    assert office.read(name, date(2021, 5, 1)) == (1, 3, said)  # 1, 3 (not stopped yet), 7
    assert office.read(name) == (1, 3, said)  # D6 had left before it was due
    assert office.read("key_equipment_inspection_rate")[:2] == (1, 2)
    assert office.listed(name) == [2, 4, 8]
    # The limit sees the same rows: on 1 May D3 and D7 are not overdue yet, the day after they are.
    assert office.read("equipment_inspect_in_time")[:2] == (1, 3)


def test_failed_products_and_failed_food_have_their_own_figures_and_limits(office):
    head = (
        "抽样单号,产品名称,抽查领域,抽样日期,检验日期,是否合格,抽检类别,责令改正日期,后处理完成日期,复查日期"
    )
    office.put(
        "samples",
        head,
        "S1,插座,流通,2021-03-01,2021-03-10,否,产品,2021-03-15,2021-05-14,2021-05-29",  # day 60, day 75
        "S2,插座,流通,2021-03-01,2021-03-10,否,产品,2021-03-15,2021-05-17,2021-05-31",  # day 63, day 77
        "S3,插座,流通,2021-03-01,2021-03-10,否,,2021-03-15,,",  # no category: a product; nothing done
        "S4,白酒,流通,2021-03-01,2021-03-10,否,食品,,2021-06-08,",  # day 90
        "S5,白酒,流通,2021-03-01,2021-03-10,否,食品,,2021-06-09,",  # day 91
        "S6,白酒,流通,2021-03-01,2021-03-10,是,食品,,,",
    )
    said = "其中 1 行没有写抽检类别，按产品计入"
    assert office.read("failed_product_followup_rate") == (2, 3, said)
    assert office.read("failed_product_followup_rate", date(2021, 5, 15)) == (1, 3, said)
    assert office.read("failed_food_followup_rate") == (2, 2, "")
    assert office.read("failed_food_followup_rate", date(2021, 6, 8)) == (1, 2, "")
    assert office.read("product_correct_in_time")[:2] == (1, 3)
    assert office.read("product_recheck_in_time")[:2] == (1, 3)
    assert office.read("food_follow_up_in_time")[:2] == (1, 2)


def test_failed_food_is_not_told_where_no_category_is(office):
    office.put(
        "samples",
        "抽样单号,产品名称,抽查领域,抽样日期,检验日期,是否合格",
        "S1,白酒,流通,2021-03-01,2021-03-10,否",
    )
    assert office.read("failed_food_followup_rate")[2] == "监督抽查台账没有填写“抽检类别”，说不出"


def test_visits_beyond_the_published_ceiling_and_items(office):
    office.put(
        "entities",
        f"{ENTITY},年度检查上限",
        f"{code(1)},一,企业,2015-01-01,1",
        f"{code(2)},二,企业,2015-01-01,2",
        f"{code(3)},三,企业,2015-01-01,0",
        f"{code(4)},四,企业,2015-01-01,",
    ).put(
        "inspections",
        "任务编号,统一社会信用代码,检查方式,检查事项,检查日期",
        *(f"T{n},{code(1)},日常检查,甲事项,2021-0{n}-01" for n in (1, 2, 3)),  # two too many
        f"T1,{code(2)},日常检查,甲事项,2021-01-01",
        f"T4,{code(2)},日常检查,乙事项,2021-04-01",
        f"T5,{code(3)},日常检查,丙事项,2021-05-01",  # one too many
        f"T6,{code(4)},日常检查,甲事项,2021-06-01",  # no ceiling published
        f"T0,{code(3)},日常检查,甲事项,2020-06-01",  # another year
    )
    assert office.read("visits_over_ceiling") == (
        3,
        3,
        "其中 1 行受过检查而没有公布年度检查上限，说不出是否超过",
    )
    assert office.read("visits_over_ceiling", date(2021, 2, 1))[0] == 1
    assert office.read("unlisted_item_visits")[2] == "台账“检查事项清单”从未导入"
    office.put(
        "inspection_items",
        "检查事项,公布日期,取消日期",
        "甲事项,2020-01-01,",
        "乙事项,2021-05-01,",  # published after its visit
        "丙事项,2019-01-01,2020-12-31",  # withdrawn before
    )
    assert office.read("unlisted_item_visits")[0] == 2
    assert office.listed("unlisted_item_visits") == [6, 7]


def test_cases_are_handled_and_closed_apart(office):
    office.put(
        "cases",
        "立案编号,立案日期,处理决定日期,处理决定,执行完毕日期,结案审批日期,案由类别",
        "C1,2021-02-01,2021-03-01,行政处罚,2021-04-01,2021-04-10,无照经营",
        "C2,2021-02-01,2021-03-01,行政处罚,2021-06-01,,传销",  # executed: closed by that
        "C3,2021-02-01,2021-03-01,行政处罚,,,违规直销",  # decided, not executed
        "C4,2021-02-01,2021-03-01,违法轻微不予处罚,,,虚假违法广告",  # nothing to execute
        "C5,2021-02-01,2021-05-01,移送司法机关,,2021-07-01,商标侵权",  # closed in July
        "C6,2021-02-01,2021-03-01,撤案,,,不正当竞争",
        "C7,2021-02-01,,,,,无照经营",  # open
        "C8,2021-02-01,,,,2021-08-01,劣质散煤",  # closed, so it was decided
        "C9,2021-02-01,2021-03-01,,2021-03-05,,",  # which decision nobody says
    )
    assert office.read("case_handling_rate")[:2] == (8, 9)
    assert office.read("case_handling_rate", date(2021, 4, 30))[:2] == (6, 9)  # not 5, 7, 8
    numerator, base, said = office.read("case_closure_rate")
    assert (numerator, base) == (7, 9)  # not 3, 7
    assert said == "其中 4 行没有结案审批日期，按执行完毕日期或不须执行的决定日期认定"
    # 30 April: 1, 4, 6, 9. What is approved in July is not known to be closed by its decision of May.
    assert office.read("case_closure_rate", date(2021, 4, 30))[:2] == (4, 9)
    assert office.read("case_closure_rate", date(2021, 6, 30))[:2] == (5, 9)
    assert office.read("case_execution_rate")[:2] == (3, 4)  # 1, 2, 9 of 1, 2, 3, 9
    counted = {
        "unlicensed_trade_cases": 1,
        "pyramid_selling_cases": 2,
        "advertising_cases": 1,
        "unfair_competition_cases": 1,
        "ip_cases": 1,
        "coal_cases": 1,
    }
    assert {name: office.read(name)[0] for name in counted} == counted
    assert office.read("coal_cases")[2] == "其中 1 行没有写案由类别，没有计入"
    assert office.read("coal_cases", date(2021, 7, 31))[0] == 0


def test_audit_mending_counts_problems(office):
    office.put(
        "audits",
        "审计编号,审计对象,审计完成日期,发现问题数,整改完成日期,已整改问题数,整改统计日期",
        "A1,甲,2021-02-01,3,2021-05-01,,",  # all three
        "A2,乙,2021-02-01,4,,3,2021-06-30",  # three of four by June
        "A3,丙,2021-02-01,2,,1,",  # one, nobody says by when
        "A4,丁,2021-02-01,0,,,",  # none found
        "A5,戊,2021-02-01,,,,",  # how many nobody says
        "A6,己,2021-02-01,2,2022-05-01,2,2021-12-01",  # counted as mended before it was
    )
    said = (
        "其中 1 行没有填写发现问题数，没有计入；"
        "其中 1 行写了已整改问题数而没有整改统计日期，说不出是到哪一天的，没有计入"
    )
    assert office.read("audit_mending_rate") == (8, 11, said)  # 3 + 3 + 0 + 2 of 3 + 4 + 2 + 2
    assert office.read("audit_mending_rate", date(2021, 5, 31))[:2] == (3, 11)
    assert office.read("audit_mending_rate", date(2021, 1, 31))[:2] == (0, 0)


def test_reports_closed_and_reports_in_time_stand_apart(office):
    office.put(
        "complaints",
        "登记编号,类别,收到日期,办结日期",
        "T1,举报,2021-03-01,2021-03-22",  # the 15th working day
        "T2,举报,2021-03-01,2021-03-23",  # one late
        "T3,举报,2021-03-01,",
        "T4,投诉,2021-03-01,2021-03-02",
    )
    assert office.read("report_closure_rate")[:2] == (2, 3)
    assert office.read("report_check_in_time")[:2] == (1, 3)
    assert "举报案件按期办结率" in measures()["report_check_in_time"].aliases


def test_trademarks_indications_help_drills_and_actions(office):
    office.put(
        "ip_rights",
        "事项编号,事项类别,申请日期,完成日期",
        "Z1,商标,2020-08-01,2021-03-01",
        "Z2,注册商标,2021-08-01,",
        "Z3,地理标志,2019-08-01,2021-03-01",
        "Z4,驰名商标,2021-08-01,",
        "Z5,维权援助,2021-08-01,2021-08-09",
        "Z6,维权援助,2021-12-20,2022-01-05",
    ).put(
        "activities",
        "活动编号,活动类别,主题类别,活动名称,开展日期",
        "H1,应急演练,食品安全,甲,2021-03-01",
        "H2,应急演练,特种设备,乙,2021-03-01",
        "H3,专项检查,大气污染防治,丙,2021-03-01",
        "H4,宣传,打击传销,丁,2021-03-01",
    )
    counted = {
        "trademarks_registered": 1,
        "geographical_indications": 1,
        "well_known_recommended": 1,
        "food_drill_count": 1,
        "drill_count": 2,
        "air_action_count": 1,
        "direct_selling_action_count": 1,
    }
    assert {name: office.read(name)[0] for name in counted} == counted
    # Of an as-of behind the year what was done by its end counts.
    assert office.read("rights_help_rate")[:2] == (1, 2)


# —— random ledgers against a plain account


def days(draw, share=0.5):
    """A day around the year, or none."""
    return date(2020, 1, 1) + timedelta(draw.randrange(800)) if draw.random() < share else None


def shown(value):
    if value is None:
        return ""
    return ("否", "是")[value] if isinstance(value, bool) else str(value)


def written(office, ledger, rows):
    titles = {c.name: c.title for c in ledgers()[ledger].columns}
    lines = [",".join(shown(row[name]) for name in rows[0]) for row in rows]
    office.put(ledger, ",".join(titles[name] for name in rows[0]), *lines)


def later(day, value):
    """What is known on a day of something dated."""
    return value if value is not None and value <= day else None


def stands(e, day):
    """Whether an entity is in the register on a day, by what happened up to then, in its order."""
    if e["registered_on"] > day or later(day, e["deregistered_on"]) or later(day, e["revoked_on"]):
        return False
    came, left = e["moved_in_on"], later(day, e["moved_out_on"])
    if came is not None and came > day:
        return False
    return left is None or (came is not None and left < came)


def licensed(e, day):
    since, until = e["licence_from"], e["licence_to"]
    if until is not None and until < day:
        return False
    return since <= day if since is not None else bool(e["food_producer"] or until)


@pytest.fixture(scope="module")
def random_office(tmp_path_factory):
    draw = random.Random(16)
    office = Office(tmp_path_factory.mktemp("random"))
    entities, used = [], set()
    for n in range(1, 900):
        registered = date(2017, 1, 1) + timedelta(draw.randrange(1900))
        after = lambda share: max(registered, d) if (d := days(draw, share)) else None  # noqa: B023, E731
        since = after(0.3)
        until = max(since or registered, date(2021, 1, 1) + timedelta(draw.randrange(700)))
        entities.append(
            {
                "credit_code": code(n),
                "name": f"户{n}",
                "type": draw.choice(["企业", "农民专业合作社", "个体工商户"]),
                "registered_on": registered,
                "deregistered_on": after(0.15),
                "revoked_on": after(0.15),
                "moved_in_on": after(0.15),
                "moved_out_on": after(0.15),
                "food_producer": draw.choice([True, False, None]),
                "licence_from": since,
                "licence_to": until if draw.random() < 0.4 else None,
                "risk_grade": draw.choice(["A", "B", "C", "D", None]),
                "visit_ceiling": draw.choice([0, 1, 2, None]),
            }
        )
    reports = [
        {"credit_code": e["credit_code"], "report_year": year, "filed_on": days(draw, 1)}
        for e in entities
        for year in (2019, 2020)
        if draw.random() < 0.6
    ]
    inspections = []
    for n in range(1500):
        at = draw.choice(entities)["credit_code"]
        if (f"T{n % 40}", at) in used:
            continue
        used.add((f"T{n % 40}", at))
        inspections.append(
            {
                "task_no": f"T{n % 40}",
                "credit_code": at,
                "kind": draw.choice(["双随机", "日常检查", "跨部门联合"]),
                "item": draw.choice(["食品生产监督检查", "公示信息检查"]),
                "inspected_on": days(draw, 1),
                "all_points": draw.choice([True, False, None]),
            }
        )
    equipment = [
        {
            "device_no": f"D{n}",
            "kind": "电梯",
            "key_device": draw.random() < 0.3,
            "due_on": days(draw, 1),
            "inspected_on": days(draw, 0.6),
            "status": draw.choice(["在用", None, "停用", "报废", "迁出"]),
            "state_on": days(draw, 0.7),
        }
        for n in range(600)
    ]
    for name, rows in (
        ("entities", entities),
        ("annual_reports", reports),
        ("inspections", inspections),
        ("special_equipment", equipment),
    ):
        written(office, name, rows)
    return office, entities, reports, inspections, equipment


def plain(day, entities, reports, inspections, equipment):
    """Numerators and denominators as of a day, row by row."""
    as_of = min(day, date(YEAR, 12, 31))
    due, first = date(YEAR, 6, 30), date(YEAR, 1, 1)
    seen = {}
    for i in inspections:
        if i["inspected_on"] <= as_of:
            seen.setdefault(i["credit_code"], []).append(i)
    filed = {
        r["credit_code"]
        for r in reports
        if r["report_year"] == YEAR - 1 and first <= r["filed_on"] <= min(due, as_of)
    }
    found = {}
    kinds = {"company": "企业", "cooperative": "农民专业合作社", "individual": "个体工商户"}
    for name, kind in kinds.items():
        base = [
            e
            for e in entities
            if e["type"] == kind and e["registered_on"] < first and stands(e, min(due, day))
        ]
        found[f"annual_report_rate_{name}"] = sum(e["credit_code"] in filed for e in base), len(base)
    there = [e for e in entities if stands(e, as_of)]
    before = [e for e in entities if stands(e, date(YEAR - 1, 12, 31))]
    found["entities_standing"] = len(there), len(there)
    found["entity_growth_rate"] = len(there) - len(before), len(before)

    def inspected(e, since, *, food=False, full=False):
        return any(
            i["inspected_on"] >= since
            and (not food or "食品生产" in i["item"])
            and (not full or i["all_points"] is not False)
            for i in seen.get(e["credit_code"], ())
        )

    drawn = {
        i["credit_code"]
        for i in inspections
        if first <= i["inspected_on"] <= as_of and i["kind"] in ("双随机", "跨部门联合")
    }
    found["double_random_ratio"] = sum(e["credit_code"] in drawn for e in there), len(there)
    makers = [e for e in there if licensed(e, as_of)]
    found["food_producer_inspection_rate"] = sum(inspected(e, first, food=True) for e in makers), len(makers)
    two = date(as_of.year - 2, as_of.month, as_of.day) + timedelta(1)
    old = [e for e in makers if e["licence_from"] is None or e["licence_from"] < two]
    found["food_producer_biennial_coverage"] = (
        sum(inspected(e, two, food=True, full=True) for e in old),
        len(old),
    )
    high = [e for e in makers if e["risk_grade"] in ("C", "D")]
    found["food_producer_high_risk_rate"] = sum(inspected(e, first, food=True) for e in high), len(high)
    capped = [e for e in entities if e["visit_ceiling"] is not None]
    visits = {
        e["credit_code"]: sum(i["inspected_on"] >= first for i in seen.get(e["credit_code"], ()))
        for e in capped
    }
    over = sum(max(0, visits[e["credit_code"]] - e["visit_ceiling"]) for e in capped)
    found["visits_over_ceiling"] = over, len(capped)
    bound = []
    for d in equipment:
        if not first <= d["due_on"] <= as_of:
            continue
        gone = d["status"] not in (None, "在用")
        if gone and (d["state_on"] is None or d["state_on"] <= d["due_on"]):
            continue
        bound.append(d)
    for name, rows in (
        ("equipment_inspection_rate", bound),
        ("key_equipment_inspection_rate", [d for d in bound if d["key_device"]]),
    ):
        done = sum(d["inspected_on"] is not None and d["inspected_on"] <= min(d["due_on"], day) for d in rows)
        found[name] = done, len(rows)
    return found


@pytest.mark.parametrize("day", [date(2021, 1, 31), date(2021, 6, 30), date(2021, 9, 17), END])
def test_a_plain_account_says_the_same(random_office, day):
    office, *rows = random_office
    expected = plain(day, *rows)
    snapshot = office.snapshot
    found = read_all([measures()[name] for name in expected], DuckEngine(snapshot), snapshot, YEAR, day)
    told = {name: found[name, OFFICE, None] for name in expected}
    assert {name: (int(r.numerator), r.denominator) for name, r in told.items()} == expected
    assert all(below > 0 for _, below in expected.values())


def test_spark_says_the_same_of_the_new_definitions(random_office, spark):
    office, *_ = random_office
    snapshot = office.snapshot
    chosen = [m for m in measures().values() if m.ledger in ("entities", "inspections", "special_equipment")]
    day = date(2021, 6, 30)  # the year's end is asked of the sample (test_measures)
    here = read_all(chosen, DuckEngine(snapshot), snapshot, YEAR, day)
    assert read_all(chosen, SparkEngine(snapshot, spark), snapshot, YEAR, day) == here
    assert any(r.asides for r in here.values())


def test_readings_of_parts_say_together_what_they_leave_out(office):
    office.put(
        "samples",
        "抽样单号,产品名称,抽查领域,抽样日期,检验日期,是否合格,项目名称",
        "S1,插座,流通,2021-03-01,2021-03-10,否,甲项目",
        "S2,插座,流通,2021-03-01,2021-03-10,否,乙项目",
    )
    snapshot, one = office.snapshot, measures()["failed_product_followup_rate"]
    found = read_all([one], DuckEngine(snapshot), snapshot, YEAR, END)
    parts = [found[one.id, OFFICE, project] for project in ("甲项目", "乙项目")]
    assert [p.denominator for p in parts] == [1, 1]
    both = combine(one, parts)
    assert both.asides == (("没有写抽检类别，按产品计入", 2),)
    assert found[one.id, OFFICE, None].asides == both.asides


# —— what every measure says


def test_every_measure_answers_what_auditors_ask():
    for measure in measures().values():
        said = measure.answers.model_dump()
        assert list(said) == list(QUESTIONS)
        assert all(len(text) >= 4 for text in said.values()), measure.id
    # No one text stands for all: what is known to be limited is said of the measure itself.
    own = [m for m in measures().values() if not m.part and not m.limit]
    assert len({m.answers.limits for m in own}) > len(own) * 0.6


LOCAL = {
    "id": "x",
    "name": "x",
    "kind": "count",
    "unit": "件",
    "ledger": "cases",
    "population": "filed_on >= :year_start",
    "accrual": {"shape": "count"},
    "formula": "x",
    "citation": "x",
    "answers": dict.fromkeys(QUESTIONS, "说明"),
}


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"answers": None}, "ZS-MS-04"),
        ({"answers": {"verified": "查"}}, "ZS-RG-01"),
        ({"answers": {**LOCAL["answers"], "limits": ""}}, "ZS-RG-01"),
        ({"version": 2}, "ZS-MS-05"),
        ({"needs": ["colour"]}, "ZS-MS-02"),
        ({"asides": [{"where": "colour = 1", "says": "没有"}]}, "ZS-MS-02"),
        ({"population": "[nowhere :as_of]"}, "ZS-RG-01"),
        ({"per": "penalty"}, "ZS-MS-02"),
        ({"kind": "ratio", "hits": "TRUE", "of": "penalty"}, "ZS-MS-02"),
    ],
)
def test_a_definition_that_leaves_something_open_is_refused(changes, error):
    load(yaml.safe_dump([LOCAL], allow_unicode=True), "x.yaml")
    with pytest.raises(ZhunshengError, match=error):
        load(yaml.safe_dump([LOCAL | changes], allow_unicode=True), "x.yaml")


def test_shared_conditions_are_written_out():
    assert expanded("[standing :as_of]").count(":as_of") == 5 and "[" not in expanded("[undated]")
    with pytest.raises(ValueError, match="没有条件"):
        expanded("[nothing]")


def test_every_promise_has_a_measure_or_a_reason():
    named = [one.name for one in pledges()]
    assert len(set(named)) == len(named)
    assert all(bool(one.measures) != bool(one.why) for one in pledges())


def test_what_the_real_document_promises(real):
    from zhunsheng.intake import read_book

    found = {one.pledge.name: one.pledge for one in pledged(read_book(real))}
    measured = {
        "市场主体数量稳定增长": "entity_growth_rate",
        "食品安全突发事件应急处置": "food_drill_count",
        "清理无照经营": "unlicensed_trade_cases",
        "打击传销、监管直销": "pyramid_selling_cases",
        "整治虚假违法广告": "advertising_cases",
        "商标": "trademarks_registered",
        "地理标志": "geographical_indications",
        "驰名商标推荐": "well_known_recommended",
        "知识产权维权援助": "rights_help_rate",
        "大气污染防治": "air_action_count",
    }
    assert {name: measured[name] in found[name].measures for name in measured} == dict.fromkeys(
        measured, True
    )
    assert {name for name, one in found.items() if not one.measures} == {
        "标准的实施与监督检查",
        "品牌建设",
        "检验检测机构保持认证条件和技术能力",
        "知识产权运营服务体系",
        "知识产权信息公共服务体系",
        "市场活力与发展环境",
        "药品安全",
        "网络广告监测",
        "调研与建议的采用",
    }
