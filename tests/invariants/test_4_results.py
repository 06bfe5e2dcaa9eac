"""Invariants of part 4: a result has a type."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import docx
import pytest

from small_office import BUDGET, CLOSURE, LOCAL, PAID, answer, indicator, project, put, shown, texts
from zhunsheng.cli.show import results as show
from zhunsheng.evidence import Store
from zhunsheng.intake import read_book
from zhunsheng.judgements import Judgement
from zhunsheng.regulations import rules_for, scheme_of
from zhunsheng.reports.docx import write_forms
from zhunsheng.reports.forms import self_evaluation_form, target_form
from zhunsheng.reports.xlsx import write_workbook
from zhunsheng.targets import Goal, TargetSheet
from zhunsheng.usecases.opened_evidence import Evidence
from zhunsheng.usecases.outputs import write_outputs
from zhunsheng.wording import rate

# -- 4. a result has a type
# ------------------------------------------------------------------------------------------------------------


def test_4_one_row_never_stops_an_evaluation_and_says_why(root):
    sheet = project(indicator(CLOSURE, "≥95%"), indicator("受理时限", "≤7个工作日", level2="时效指标"))
    said = [Judgement(indicator="受理时限", actual="15天", proof="单.pdf")]
    (result,) = answer(root, sheet, said=said).results
    assert [s.verdict for s in result.card.scores] == ["missed", "check"]
    assert (
        "待核对" in result.card.scores[1].how and result.card.scores[1].open == result.card.scores[1].points
    )


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("≥100次", "100次（计划）"),
        ("≥100次", "120次，均未完成"),
        ("≥100次", "去年120次"),
        ("≥90%", "95%未办结"),
        ("≥90%", "130%"),
        ("2021年12月底前", "2021年11月26日尚未完成"),
    ],
)
def test_4_a_result_that_is_denied_planned_or_of_another_time_earns_nothing_until_looked_at(root, raw, text):
    said = [Judgement(indicator="外出宣讲", actual=text, proof="单.pdf")]
    (result,) = answer(root, project(indicator("外出宣讲", raw)), said=said).results
    (score,) = result.card.scores
    assert (score.verdict, score.score or 0) == ("check", 0) and score.open == score.points


@pytest.mark.parametrize("text", ["负增长3%", "下滑3%", "比上年少3%", "低于上年3%"])
def test_4_a_fall_never_meets_a_rise(root, text):
    said = [Judgement(indicator="税收", actual=text, proof="单.pdf")]
    (result,) = answer(root, project(indicator("税收", "较上年增长3%")), said=said).results
    assert result.card.scores[0].verdict == "missed"


def test_4_a_rate_just_below_a_cap_never_looks_like_the_cap(root, tmp_path, capsys):
    """79.999995 % beside a cap of 80 % is 79.999995 % wherever it stands."""
    put(root, "more", PAID, "V2,治理经费,P1,49999.95,2021-06-01")
    rules = rules_for(2021, scheme_of(2021, LOCAL))
    assert Decimal("0.8") in {cap.below for cap in rules.scheme.execution_caps}
    done = answer(root, project(indicator(CLOSURE, "≥95%")), rules=rules)
    (result,) = done.results
    assert shown(done, root).results[0].money.actual == Decimal("0.79999995")
    show.card(result.card, final=True)
    files = write_outputs(done, Evidence.of(Store(root)), tmp_path / "out", only=["绩效评价报告"])
    report = "\n".join(p.text for p in docx.Document(next(iter(files.values()))).paragraphs)
    for said in (capsys.readouterr().out, report, texts(self_evaluation_form(result.card))):
        assert "79.999995%" in said and "执行率80%" not in said


def test_4_a_rate_of_a_group_is_sum_over_sum(root):
    put(root, "more", PAID, "V2,大项目,P2,0,2021-05-01")
    put(root, "budgets2", BUDGET, "大项目,P2,年初批复,9000000,2021-01-01")
    sheets = (
        project(indicator(CLOSURE, "≥95%")),
        project(indicator(CLOSURE, "≥95%"), name="大项目", code="P2"),
    )
    run = shown(answer(root, *sheets), root)
    assert [m.actual for m in (r.money for r in run.results)] == [Decimal("0.7500"), Decimal("0.0000")]
    money = [r.money for r in run.results]
    assert rate((m.paid for m in money), (m.adjusted for m in money)) == Fraction(750_000, 10_000_000)


# -- the page that lists them
# ------------------------------------------------------------------------------------------------------------


def test_4_the_budget_of_a_departments_sheet_is_printed_and_read_back(tmp_path):
    own = TargetSheet(
        kind="department",
        name="部门整体绩效目标",
        year=2021,
        department="甲局",
        budget={"total": Decimal(2_500_000), "fiscal": Decimal(2_000_000)},
        goals=(Goal(title="目标1", text="办好举报"),),
        indicators=(indicator(CLOSURE, "≥95%", goal=0),),
    )
    form = target_form(own)
    assert "250万元" in texts(form)
    write_workbook([("表", form)], tmp_path / "表.xlsx")
    write_forms([form], tmp_path / "表.docx")
    for name in ("表.xlsx", "表.docx"):
        (read,) = read_book(tmp_path / name).sheets
        assert (read.kind, read.budget.total, read.budget.fiscal) == ("department", 2_500_000, 2_000_000), (
            name
        )
