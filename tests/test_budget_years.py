"""The budget of a year is what the ledgers say it is, and its money is told apart by where it is from."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from agreed import import_ledger
from small_office import answer, book, indicator, project, shown, texts
from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence import Store
from zhunsheng.intake import read_book
from zhunsheng.measures import DuckEngine, match_book, measures, read_all
from zhunsheng.measures.definitions import BY_DATE, MONEY, SOURCES
from zhunsheng.reports.forms import monitoring_form, self_evaluation_form
from zhunsheng.reports.xlsx import write_workbook

BUDGET = "项目名称,项目编码,变动类型,金额,批复日期,预算年度,资金来源"
PAID = "凭证号,项目名称,项目编码,支付金额,支付日期,预算年度,资金来源"
# 2021: 900,000 + 100,000 carried over, 50,000 more in January 2022 after the year's end; the budget of 2022
# was given early, in November 2021.
BUDGETS = (
    "治理经费,P1,年初批复,900000,2021-01-18,2021,财政拨款",
    "治理经费,P1,年初批复,100000,2021-01-18,2021,上年结转资金",
    "治理经费,P1,追加,50000,2022-01-06,2021,当年财政拨款",
    "治理经费,P1,年初批复,700000,2021-08-20,2022,财政拨款",
)
# Paid: 60,000 + 400,000 in 2021 of this year's, 40,000 of it in January 2022; 30,000 of last year's budget in
# January 2021, 20,000 of 2022's budget in December.
PAYMENTS = (
    "V1,治理经费,P1,60000,2021-02-01,2021,上年结转",
    "V2,治理经费,P1,400000,2021-06-01,2021,财政拨款",
    "V3,治理经费,P1,40000,2022-01-20,2021,财政拨款",
    "V4,治理经费,P1,30000,2021-01-10,2020,财政拨款",
    "V5,治理经费,P1,20000,2021-12-10,2022,财政拨款",
)
SHEET = project(indicator("办结率", "≥90%"))


@pytest.fixture
def root(tmp_path):
    return tmp_path / "store"


def put(root, head, *lines):
    path = root.parent / f"{len(list(root.parent.iterdir()))}.csv"
    path.write_text("\n".join([head, *lines]) + "\n", "utf8")
    return import_ledger(root, path, department="A1", label="甲局")


def money(root, year, day):
    snapshot = Store(root).snapshot()
    names = ("budget_initial", "budget_adjusted", "paid")
    found = read_all([measures()[n] for n in names], DuckEngine(snapshot), snapshot, year, day)
    return [found[name, "A1", None].value if (name, "A1", None) in found else None for name in names]


def rows_of(form):
    return [[cell.text for cell in row] for row in form.rows[2:7]]


def test_the_budget_year_counts_and_not_the_day(root):
    put(root, BUDGET, *BUDGETS)
    done = put(root, PAID, *PAYMENTS)
    # What is of another year than its day is told, and counts in its budget's.
    assert "“预算年度”与“支付日期”不在同一年，仍按预算年度计，请核对：第 4、5、6 行" in done.batch.notes
    # At the end of 2021 nothing of January 2022 is known: 1,000,000 given, 460,000 paid.
    assert money(root, 2021, date(2021, 12, 31)) == [1_000_000, 1_000_000, 460_000]
    # By March it is: 1,050,000 and 500,000; 2022 has its own 700,000, of which 20,000 was paid.
    assert money(root, 2021, date(2022, 3, 1)) == [1_000_000, 1_050_000, 500_000]
    assert money(root, 2022, date(2022, 3, 1)) == [700_000, 700_000, 20_000]


def test_without_the_column_the_day_counts_as_ever_and_is_told(root):
    head, line = BUDGET.replace(",预算年度,资金来源", ""), "治理经费,P1,年初批复,900000,2021-01-18"
    put(root, head, line, "治理经费,P1,追加,100000,2022-01-06")
    put(root, PAID.replace(",预算年度,资金来源", ""), "V1,治理经费,P1,450000,2021-02-01")
    put(root, PAID, "V2,治理经费,P1,45000,2021-03-01,2021,财政拨款")
    result = answer(root, SHEET).results[0]
    assert (result.card.execution.spent, result.card.execution.budget) == (495_000, 900_000)
    assert result.card.told == (
        "预算台账没有写预算年度，按批复日期算入 2021 年",
        "支付台账有 1 行没有写预算年度，按支付日期算入 2021 年",
        "支付台账有 1 行没有写资金来源，不分来源列出",
    )
    form = self_evaluation_form(result.card)
    assert all(told in texts(form) for told in result.card.told)
    # Unknown is not nought: nothing is told apart, so that nothing stands there.
    assert [row[1:] for row in rows_of(form)[2:]] == [["—"] * 6] * 3


def test_the_official_table_tells_carried_over_money_apart(root, tmp_path):
    put(root, BUDGET, *BUDGETS)
    put(root, PAID, *PAYMENTS)
    done = answer(root, SHEET)
    card = done.results[0].card
    # 500,000 ÷ 1,050,000 = 47.62 %; 440,000 ÷ 950,000 = 46.32 %; 60,000 ÷ 100,000 = 60 %.
    assert rows_of(self_evaluation_form(card)) == [
        ["项目资金（万元）", "", "年初预算数", "全年预算数", "全年执行数", "分值", "执行率", "得分"],
        ["年度资金总额", "100", "105", "50", "10", "47.62%", "4.76"],
        ["其中：当年财政拨款", "90", "95", "44", "—", "46.32%", "—"],
        ["上年结转资金", "10", "10", "6", "—", "60%", "—"],
        ["其他资金", "0", "0", "0", "—", "—", "—"],
    ]
    assert card.told == () and card.sources[1].rate == Fraction(3, 5)
    # The monitoring table has the same rows (财预〔2019〕136号); the plan is of the whole.
    checkpoint = monitoring_form(done.results[0].checkpoint)
    assert [[cell.text for cell in row][-7:] for row in checkpoint.rows[4:7]] == [
        ["其中：财政拨款", "90", "95", "44", "46.32%", "—", "—"],
        ["上年结转资金", "10", "10", "6", "60%", "—", "—"],
        ["其他资金", "0", "0", "0", "—", "—", "—"],
    ]
    (run,) = shown(done, root).results
    assert [(s.name, s.adjusted, s.paid) for s in run.money.sources] == [
        ("fiscal", Decimal(950_000), Decimal(440_000)),
        ("carried", Decimal(100_000), Decimal(60_000)),
        ("other", Decimal(0), Decimal(0)),
    ]
    # Read back, what was carried over is of fiscal funds, so that the parts make the whole.
    path = tmp_path / "自评表.xlsx"
    write_workbook([("自评表", self_evaluation_form(card))], path)
    (back,) = read_book(path).sheets
    assert (back.budget.total, back.budget.fiscal, back.budget.other) == (1_000_000, 1_000_000, 0)
    assert back.execution.spent == 500_000


def test_more_paid_than_given_is_told(root):
    put(root, BUDGET, "治理经费,P1,年初批复,400000,2021-01-18,2021,财政拨款")
    put(root, PAID, "V1,治理经费,P1,600000,2021-06-01,2021,财政拨款")
    card = answer(root, SHEET).results[0].card
    # 600,000 ÷ 400,000: the points are full, and someone has to look.
    assert (card.execution.score, card.execution.rate) == (10, Fraction(3, 2))
    assert card.told == ("支出是全年预算数的 150%，超过预算，请核对预算台账是否漏了追加、支付台账是否多记",)
    assert card.told[0] in texts(self_evaluation_form(card))


def test_a_project_that_the_budgets_alone_name_was_paid_nothing(root):
    head, of = BUDGET.replace(",预算年度,资金来源", ""), PAID.replace(",预算年度,资金来源", "")
    put(root, head, "治理经费,P1,年初批复,400000,2021-01-18", "别的项目,P2,年初批复,300000,2021-01-18")
    nothing = answer(root, SHEET).results[0].card.execution
    assert (nothing.spent, nothing.rate) == (None, None)  # no payments were ever imported
    put(root, of, "V1,别的项目,P2,200000,2021-02-01")
    result = answer(root, SHEET).results[0]
    # The other project's payments are known, this one's are nought: 0 ÷ 400,000.
    assert (result.card.execution.spent, result.card.execution.rate) == (0, 0)
    assert result.checkpoint.money.light == "red"
    assert "没有这个项目的，按没有支付计" in result.card.told[-1]
    # A payment of a project that no budget names may be this one's by another name.
    put(root, of, "V2,专项治理,P9,100000,2021-03-01")
    assert answer(root, SHEET).results[0].card.execution.spent is None


def test_a_step_of_next_january_counts_in_the_project_of_its_year(root):
    head = "项目名称,项目编码,环节,计划完成日期,实际完成日期,预算年度"
    steps = ("治理经费,P1,采购,2021-06-30,2021-06-20,", "治理经费,P1,验收,2022-01-20,,2021")
    put(root, head, *steps)
    snapshot = Store(root).snapshot()
    day = date(2021, 12, 31)
    read = read_all([measures()["project_completed_on"]], DuckEngine(snapshot), snapshot, 2021, day)
    found = read["project_completed_on", "A1", "P1"]
    assert (found.value, found.note) == (None, "还有 1 个环节没有完成")


def test_one_ledger_that_tells_its_sources_is_told_apart_alone(root):
    put(root, BUDGET, *BUDGETS[:2])
    put(root, PAID.replace(",资金来源", ""), "V1,治理经费,P1,60000,2021-02-01,2021")
    card = answer(root, SHEET).results[0].card
    assert [row[1:4] for row in rows_of(self_evaluation_form(card))[2:]] == [
        ["90", "90", "—"],
        ["10", "10", "—"],
        ["0", "0", "—"],
    ]
    assert [source.rate for source in card.sources] == [None] * 3


def test_a_budget_year_far_from_its_day_is_an_error(root):
    done = put(root, PAID, "V1,治理经费,P1,60000,2021-02-01,2012,", "V2,治理经费,P1,1,2021-02-01,21,")
    assert done.batch is None and [(e.row, e.column, e.message) for e in done.errors] == [
        (2, "预算年度", "与支付日期相差一年以上"),
        (3, "预算年度", "不能小于 1990"),
        (3, "预算年度", "与支付日期相差一年以上"),
    ]


def test_a_row_without_a_source_beside_one_with_it_is_not_guessed_at(root):
    head = BUDGET.replace(",资金来源", "")
    put(root, head, "治理经费,P1,年初批复,900000,2021-01-18,2021")
    with pytest.raises(ZhunshengError, match=r"ZS-EV-25.*资金来源是 财政拨款.*没有填资金来源"):
        put(root, BUDGET, *BUDGETS[:2])
    assert money(root, 2021, date(2021, 12, 31))[0] == 900_000


def test_a_known_row_that_gets_another_year_is_asked_about(root):
    put(root, PAID, PAYMENTS[0])
    path = root.parent / "再.csv"
    path.write_text("\n".join([PAID, PAYMENTS[0].replace(",2021,", ",2020,")]), "utf8")
    asked = import_ledger(root, path, department="A1", agreed=False)
    assert [q.kind for q in asked.questions] == ["identity"]
    assert [(c.column, c.before, c.after) for c in asked.questions[0].changes] == [
        ("预算年度", "2021", "2020")
    ]


def test_a_part_of_the_money_is_no_measure_of_its_own():
    parts = [m for m in measures().values() if m.part]
    assert {m.id for m in parts} == {f"{of}_{key}" for of in MONEY for key in (*SOURCES, BY_DATE)}
    matches = match_book(book(project(indicator("年初预算（财政拨款）", "≥50万元"))), measures())
    assert matches and not {m.measure for m in matches} & {m.id for m in parts}
