"""Invariants of part 3: state governs every number."""

from __future__ import annotations

import re
from decimal import Decimal

import docx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agreed import import_ledger
from scored import score_department, score_sheet
from small_office import (
    BUDGET,
    CLOSURE,
    COMPLAINT,
    DAY,
    DONE,
    PAID,
    STEP,
    answer,
    book,
    confirmed,
    indicator,
    project,
    put,
    shown,
    texts,
)
from zhunsheng.cli.show import results as show
from zhunsheng.clock import today
from zhunsheng.evidence import Store, ledgers
from zhunsheng.folders import RunResult
from zhunsheng.intake import read_book
from zhunsheng.judgements import Judgement
from zhunsheng.outcomes import outcome_of_text
from zhunsheng.regulations import scheme_of
from zhunsheng.reports.forms import monitoring_form, self_evaluation_form
from zhunsheng.targets import TargetSheet
from zhunsheng.targets.identity import identified
from zhunsheng.usecases.opened_evidence import Evidence
from zhunsheng.usecases.outputs import write_outputs
from zhunsheng.usecases.rechecking import recheck_book

# -- 2. evidence first; what a person types stands beside it
# ------------------------------------------------------------------------------------------------------------


def test_3_a_re_check_misses_no_sheet_and_no_self_evaluation(root):
    one, other = (
        project(indicator(CLOSURE, "≥95%")),
        project(indicator(CLOSURE, "≥90%"), name="另一经费", code="P2"),
    )
    done = answer(root, one, other)
    told = one.indicators[0].model_copy(update={"actual": "90.22%", "score": Decimal("1")})
    lone, missing = recheck_book(book(one.model_copy(update={"indicators": (told,)})), done)
    assert "absent" not in {d.kind for d in lone.differences}
    assert [(d.kind, d.indicator) for d in missing.differences] == [("absent", "整张表")]
    assert missing.as_json()["differences"][0]["title"] == "上报材料没有这张表"
    # The approved targets handed in once more say nothing of what became of them.
    found = recheck_book(book(one, other), done)
    assert [[d.kind for d in r.differences] for r in found] == [["absent"], ["absent"]]
    assert "不是自评表" in found[0].differences[0].why


def test_3_what_the_ledger_says_is_not_done_speaks_against_a_reported_day(root):
    sheet = project(indicator(DONE, "2021年11月底前", level2="时效指标"))
    done = answer(root, sheet)
    outcome = done.results[0].outcomes[0]
    assert outcome.known and outcome.value is None
    told = sheet.indicators[0].model_copy(update={"actual": "2021年11月20日", "score": Decimal("90")})
    (found,) = recheck_book(book(sheet.model_copy(update={"indicators": (told,)})), done)
    actual = next(d for d in found.differences if d.kind == "actual")
    assert (actual.reported, actual.recomputed) == ("2021年11月20日", outcome.text)


# -- 3. state governs every number
# ------------------------------------------------------------------------------------------------------------


def test_3_unknown_is_not_zero(root):
    sheet = project(indicator(CLOSURE, "≥95%"), name="新项目", code="P7")
    done = answer(root, sheet)
    (result,) = done.results
    card = result.card
    assert card.execution.spent is None and card.execution.open == card.execution.points
    assert card.grade is None and not card.range.settled and card.range.low < card.range.high
    money = shown(done, root).results[0].money
    assert (money.paid, money.actual, money.light) == (None, None, "grey")
    paid = next(row for row in monitoring_form(result.checkpoint).rows if row[0].text == "年度资金总额")
    assert [c.text for c in paid[3:5]] == ["—", "—"]
    assert "已得" in texts(self_evaluation_form(card)) and "差" not in {
        c.text for r in self_evaluation_form(card).rows for c in r
    }


def test_3_open_points_are_open_wherever_they_are_shown(root, capsys, tmp_path, monkeypatch):
    """No evidence, doubt, not due and not judged are 待定 on paper, in the terminal, on the page and as data:
    never 0.
    """
    sheet = project(
        indicator("外出宣讲场次", "≥4场"),
        indicator("环境", "有效提升", level1="效益指标", level2="社会效益指标"),
        indicator("受益群体满意度", "≥90%", level1="满意度指标", level2="服务对象满意度指标"),
        name="新项目",
        code="P7",
    )
    said = [Judgement(indicator="受益群体满意度", actual="5场", proof="问卷.pdf")]
    done = answer(root, sheet, said=said)
    (result,) = done.results
    card = result.card
    assert [s.verdict for s in card.scores] == ["nothing", "pending", "check"]
    assert all(s.shown is None and "得 0" not in s.how and "不得分" not in s.how for s in card.scores)
    assert card.execution.shown is None
    rows = {row[-6].text: row for row in self_evaluation_form(card).rows if len(row) >= 6}
    assert [rows[s.name][-2].text for s in sheet.indicators] == ["待定"] * 3
    table = next(row for row in self_evaluation_form(card).rows if row[0].text == "年度资金总额")
    assert [c.text for c in table[-2:]] == ["—", "待定"]
    files = write_outputs(done, Evidence.of(Store(root)), tmp_path / "out")
    report = docx.Document(str(files["绩效评价报告（Word）"]))
    said = "\n".join(
        [*(p.text for p in report.paragraphs), *(c.text for t in report.tables for c in t._cells)]
    )
    assert "，得0分" not in said and "不得分" not in said and "产出：满分50分，已得0分，待定50分" in said
    problems = said[said.index("存在的问题") : said.index("六、有关建议")]
    assert (
        not re.search(r"\d+\. 新项目“", problems) and "尚待确定、不作评价的：“外出宣讲场次”无证据" in problems
    )
    show.card(card, final=True)
    show.run(RunResult(done, (), (), (), files))
    terminal = capsys.readouterr().out
    assert "待定" in terminal and not re.search(r"(?<!\d)0\.00|  0 分", terminal)
    page = files["绩效总览（网页）"].read_text("utf8")
    assert (
        "已得 0，待定 50（满分 50）" in page
        and "待定/50" in page
        and "0 / 50" not in page
        and "0.00 <small>" not in page
    )
    lines = shown(done, root).results[0].indicators
    assert [i.score.shown for i in lines] == [None] * 3
    assert shown(done, root).results[0].score.dimensions["产出"].open == 50
    # Reading the table back finds no nought either.
    (reported,) = read_book(tmp_path / "out" / "绩效自评表.xlsx").sheets
    assert [i.score for i in reported.indicators] == [None] * 3 and reported.execution.score is None


def test_3_a_project_of_unknown_weight_leaves_the_departments_total_open(root):
    funded = project(indicator(CLOSURE, "≥90%"))
    unfunded = project(indicator("外出宣讲场次", "≥4场"), name="新项目", code="P7", budget={"total": None})
    whole = identified(TargetSheet(kind="department", name="整体", year=2021, department="甲局"))
    links = [confirmed()]
    card = answer(root, whole, funded, unfunded, links=links).results[0].card
    assert not card.range.settled and card.grade is None and card.projects_open > 0
    assert any("新项目" in note and "权重不能确定" in note for note in card.notes)
    alone = answer(root, whole, funded, links=links).results[0].card
    assert alone.projects_open == 0, "a single project weighs all there is"


@pytest.mark.parametrize("change", [-1_360_000, -1_000_000])
def test_3_a_budget_of_nought_or_less_is_no_weight_and_leaves_its_points_open(root, change):
    put(
        root,
        "more",
        BUDGET,
        f"乙项目,P2,年初批复,{1_000_000},2021-01-01",
        f"乙项目,P2,调减,{change},2021-06-01",
    )
    put(root, "paid2", PAID, "V2,乙项目,P2,500000,2021-05-01")
    odd = project(indicator(CLOSURE, "≥90%"), name="乙项目", code="P2")
    whole = identified(
        TargetSheet(
            kind="department",
            name="整体",
            year=2021,
            department="甲局",
            indicators=(indicator(CLOSURE, "≥90%"),),
        )
    )
    done = answer(root, whole, project(indicator(CLOSURE, "≥90%")), odd, links=[confirmed()])
    card, _, mine = (r.card for r in done.results)
    assert mine.execution.open == mine.execution.points and mine.execution.rate is None and mine.grade is None
    assert "不是正数，预算执行率待核对" in mine.execution.how and not mine.range.settled
    assert any("乙项目" in note and "权重不能确定" in note for note in card.notes)
    assert (
        card.grade is None and not card.range.settled and {n: w for n, w, _ in card.projects}["乙项目"] == 0
    )
    assert all(0 <= r.card.range.low <= r.card.range.high <= 100 for r in done.results)
    money = done.results[2].checkpoint.money
    assert money.actual is None and money.light == "grey" and "待核对" in money.method


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.one_of(st.none(), st.decimals(-(10**13), 10**13, places=2)),
            st.one_of(st.none(), st.decimals(-(10**13), 10**13, places=2)),
            st.booleans(),
        ),
        max_size=5,
    ),
    st.one_of(st.none(), st.decimals(-(10**13), 10**13, places=2)),
)
def test_3_no_total_leaves_nought_to_a_hundred(projects, budget):
    scheme = scheme_of(2021)
    goal = (indicator(CLOSURE, "≥90%"),)

    def outcome(done):
        return [outcome_of_text("95%" if done else "10%", "%", 2021, "reported")]

    cards = [
        score_sheet(project(*goal), outcome(done), spent=spent, budget=had, scheme=scheme, as_of=DAY)
        for spent, had, done in projects
    ]
    whole = identified(TargetSheet(kind="department", name="整体", year=2021, indicators=goal))
    card = score_department(
        whole, outcome(True), cards, spent=budget, budget=budget, scheme=scheme, as_of=DAY
    )
    for one in (card, *cards):
        assert 0 <= one.range.low <= one.range.high <= 100


def test_3_the_report_says_of_what_it_knows_only(root, tmp_path):
    put(root, "budgets2", BUDGET, "治理经费,P1,追加,200000,2021-06-01")
    sheet = project(
        indicator(CLOSURE, "≥95%"), indicator("外出宣讲场次", "≥4场"), budget={"total": 1_200_000}
    )
    said = [
        Judgement(
            indicator="外出宣讲场次", actual="9场", proof="照片.pdf", over_accepted=True, reason="临时部署"
        ),
        Judgement(indicator=CLOSURE, measures="增派两人"),
    ]
    done = answer(root, sheet, said=said)
    files = write_outputs(done, Evidence.of(Store(root)), tmp_path / "out")
    text = "\n".join(p.text for p in docx.Document(str(files["绩效评价报告（Word）"])).paragraphs)
    assert (
        "每个完成值都可追溯" not in text and "2个指标中，1个的完成值可追溯到台账的行，1个为人工填报" in text
    )
    assert "年初预算100万元，调整后预算120万元" in text
    table = next(r for r in self_evaluation_form(done.results[0].card).rows if r[0].text == "年度资金总额")
    assert [c.text for c in table[1:3]] == ["100", "120"]
    advice = text[text.index("六、有关建议") : text.index("七、")]
    assert "请" not in advice and "增派两人" in advice
    assert "临时部署" in text and "原因待责任科室说明" not in text
    for form in (self_evaluation_form(done.results[0].card), monitoring_form(done.results[0].checkpoint)):
        assert not any(c.text.startswith("请") or "；请" in c.text for row in form.rows for c in row)
    bare = answer(root, sheet)
    files = write_outputs(bare, Evidence.of(Store(root)), tmp_path / "out")
    text = "\n".join(p.text for p in docx.Document(str(files["绩效评价报告（Word）"])).paragraphs)
    assert "原因待责任科室说明" in text and "1个没有完成值" in text
    sure = answer(root, project(indicator(CLOSURE, "≥95%")))
    files = write_outputs(sure, Evidence.of(Store(root)), tmp_path / "out")
    text = "\n".join(p.text for p in docx.Document(str(files["绩效评价报告（Word）"])).paragraphs)
    assert "每个完成值都可追溯到台账的行" in text


@pytest.mark.parametrize(("day", "taken"), [("2035-01-01", False), ("today", True)])
def test_3_what_happened_did_not_happen_in_the_future(root, tmp_path, day, taken):
    day = today().isoformat() if day == "today" else day
    path = tmp_path / "later.csv"
    path.write_text(f"{COMPLAINT}\nT900,举报,{day},\n", "utf8")
    done = import_ledger(root, path, department="A1", label="甲局")
    assert (done.batch is not None) == taken and bool(done.errors) != taken
    assert all("今天之后" in e.message and e.value == day for e in done.errors)
    # What is planned lies ahead.
    path.write_text(f"{STEP}\n治理经费,P1,复验,{day},\n", "utf8")
    assert import_ledger(root, path, department="A1", label="甲局").batch is not None


def test_3_only_plans_and_terms_may_lie_ahead():
    ahead = {(x.id, c.name) for x in ledgers().values() for c in x.columns if c.ahead}
    assert ahead == {
        ("procurements", "planned_on"),
        ("samples", "planned_on"),
        ("cases", "extended_until"),
        ("samples", "extended_until"),
        ("special_equipment", "due_on"),
        ("entities", "licence_to"),
        ("policies", "in_force_on"),
        ("policies", "repealed_on"),
    }
