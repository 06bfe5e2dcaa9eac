"""What must hold whatever happens, tried on the core alone; ``docs/invariants.md`` lists every rule with its
tests.
"""

from __future__ import annotations

import ast
import os
import re
import sys
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import docx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import zhunsheng.regulations as regulations
import zhunsheng.usecases.assessing as assessing
from scored import score_department, score_sheet
from zhunsheng.cli import terminal
from zhunsheng.cli.show import results as show
from zhunsheng.clock import today
from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence import Store, ledgers
from zhunsheng.folders import RunResult
from zhunsheng.intake import read_book
from zhunsheng.judgements import Judgement, read_judgements
from zhunsheng.measures import MeasureLink, ProjectLink, catalogue
from zhunsheng.outcomes import outcome_of_text, shown_result
from zhunsheng.regulations import rules_for, scheme_of
from zhunsheng.reports.docx import write_forms
from zhunsheng.reports.forms import monitoring_form, self_evaluation_form, target_form
from zhunsheng.reports.xlsx import write_workbook
from zhunsheng.targets import Book, Goal, Indicator, Source, TargetSheet, TargetValue
from zhunsheng.targets.identity import identified
from zhunsheng.usecases.assessing import AssessedDepartment, Evidence, assess
from zhunsheng.usecases.importing import import_ledger
from zhunsheng.usecases.outputs import write_outputs
from zhunsheng.usecases.rechecking import recheck_book
from zhunsheng.usecases.result import run_of
from zhunsheng.wording import rate

ROOT = Path(__file__).parents[1]
DAY = date(2022, 2, 28)
PLACE = AssessedDepartment("A1", "甲局")
CLOSURE, SAMPLING, DONE, EVENTS = "举报案件办结率", "监督抽查完成率", "项目完成时限", "应急演练次数"
LOCAL = ROOT / "src/zhunsheng/regulations/data/local/local-example.yaml"
PAID = "凭证号,项目名称,项目编码,支付金额,支付日期"
BUDGET = "项目名称,项目编码,变动类型,金额,批复日期"
EVENT = "活动编号,活动类别,主题类别,活动名称,开展日期"
STEP = "项目名称,项目编码,环节,计划完成日期,实际完成日期"
COMPLAINT = "登记编号,类别,收到日期,办结日期"


# -- a small office
# ---------------------------------------------------------------------------------------------------


def put(root, name, head, *lines, department="A1", label="甲局"):
    path = root.parent / f"{name}-{department}.csv"
    path.write_text("\n".join([head, *lines]) + "\n", "utf8")
    done = import_ledger(root, path, department=department, label=label)
    assert done.batch is not None and not done.errors, done.errors
    return done.batch


def complaints(closed=83, of=92, start=0):
    """83 of 92 closed: 90.22 %."""
    return [f"T{n},举报,2021-03-05,{'2021-06-01' if n < closed else ''}" for n in range(start, of)]


@pytest.fixture
def root(tmp_path):
    """A store with complaints of the department, and money of phase one of a project only."""
    store = tmp_path / "store"
    put(store, "complaints", COMPLAINT, *complaints())
    put(store, "payments", PAID, "V1,治理经费,P1,750000,2021-05-01")
    put(store, "budgets", BUDGET, "治理经费,P1,年初批复,1000000,2021-01-01")
    put(store, "steps", STEP, "治理经费,P1,验收,2021-11-20,")
    return store


def indicator(name, raw, **more):
    common = {"level1": "产出指标", "level2": "质量指标"} | more
    return Indicator(name=name, target=TargetValue.parse(raw, year=2021), **common)


def project(*indicators, name="治理经费", code="P1", **more):
    budget = {"total": Decimal(1_000_000)}
    made = {
        "kind": "project",
        "name": name,
        "code": code,
        "year": 2021,
        "department": "甲局",
        "budget": budget,
    }
    return identified(TargetSheet(indicators=indicators, **made | more))


def book(*sheets):
    return Book(source=Source(name="甲.docx", sha256="", media_type=""), sheets=sheets)


def confirmed(name=CLOSURE, measure="report_closure_rate", sheet=None):
    return MeasureLink(sheet=sheet, indicator=name, measure=measure)


def answer(root, *sheets, said=(), links=(), day=DAY, place=PLACE, **more):
    evidence = Evidence.of(Store(root))
    return assess(book(*sheets), evidence, day, department=place, judgements=said, links=links, **more)


def shown(done, root):
    return run_of(done, Evidence.of(Store(root)))


def texts(form):
    return "\n".join([*(c.text for row in form.rows for c in row), *form.notes])


def figures(done):
    """Return all numbers of an assessment, without what names and words say."""
    return [
        (
            r.card.total,
            r.card.range,
            r.card.execution.rate,
            [s.score for s in r.card.scores],
            [o.value for o in r.outcomes],
        )
        for r in done.results
    ]


# -- 1. identity is a code, a name is a dated label
# -------------------------------------------------------------------


def test_1_departments_of_one_name_share_no_figure(root):
    put(root, "complaints", COMPLAINT, *complaints(46, 92), department="B1", label="甲局")
    one, other = (
        answer(root, project(indicator(CLOSURE, "≥95%")), place=AssessedDepartment(c, "甲局"))
        for c in ("A1", "B1")
    )
    assert [r.results[0].outcomes[0].text for r in (one, other)] == ["90.22%", "50%"]
    assert other.results[0].money == {} and one.results[0].money["paid"].numerator == 750_000


def test_1_renaming_a_department_changes_no_figure(root):
    sheet = project(indicator(CLOSURE, "≥95%"))
    before = answer(root, sheet)
    put(root, "more", COMPLAINT, *complaints(95, 93, start=92), label="新名局")
    put(root, "undone", COMPLAINT, "T92,举报,2020-03-05,", label="新名局")
    after = answer(root, sheet, place=AssessedDepartment("A1", "新名局"))
    assert Store(root).departments()["A1"].name == "新名局"
    assert figures(after) == figures(before) and after.basis != before.basis


def test_1_a_second_phase_takes_nothing_of_the_first(root):
    second = project(indicator(CLOSURE, "≥95%"), name="治理经费（二期）", code="P2")
    uncoded = second.model_copy(update={"code": None})
    for sheet in (second, uncoded):
        done = answer(root, sheet)
        (result,) = done.results
        assert result.money == {} and result.card.execution.spent is None
        assert result.card.execution.open == result.card.execution.points and result.card.execution.score == 0
        assert (
            ("治理经费" in dict(result.project.proposals))
            or "P1" in dict(result.project.proposals)
            or not result.project.keys
        )
        assert result.project.keys == ()


def test_1_a_likeness_of_projects_counts_once_a_person_says_so(root):
    put(root, "other", PAID, "V9,治理经费（二期项目）,,5000,2021-05-01")
    second = project(indicator(CLOSURE, "≥95%"), name="治理经费（二期）", code="P2")
    (open_one,) = answer(root, second).results
    assert open_one.money == {} and "治理经费（二期项目）" in dict(open_one.project.proposals)
    link = ProjectLink(sheet=second.id, project="治理经费（二期项目）")
    (told,) = answer(root, second, links=[link]).results
    assert told.money["paid"].numerator == 5000
    (unsaid,) = answer(root, second, links=[link.model_copy(update={"confirmed": False})]).results
    assert unsaid.money == {}


def test_1_an_exact_project_hides_no_alike_one(root):
    """Money written under a name that is merely alike is never left out without a word,
    whatever else is exact.
    """
    put(root, "alike", PAID, "V7,治理经费（二期）,,90000,2021-06-01", "V8,治理经费 (二期),,10000,2021-06-01")
    one = project(indicator(CLOSURE, "≥95%"))
    done = answer(root, one)
    (found,) = done.results
    names = {name for name, _ in found.project.proposals}
    assert found.project.keys == ("P1",) and found.money["paid"].numerator == 750_000
    assert {"治理经费（二期）", "治理经费 (二期)"} <= names and "待确认" in found.project.why
    assert set(shown(done, root).results[0].proposals) == names
    # What is another sheet's own is no proposal, nor is what a person said is another project.
    second = project(indicator(CLOSURE, "≥95%"), name="治理经费（二期）", code="P2")
    assert "治理经费（二期）" not in dict(answer(root, one, second).results[0].project.proposals)
    links = [ProjectLink(sheet=one.id, project=name, same=False) for name in names]
    (told,) = answer(root, one, links=links).results
    assert (
        told.project.proposals == ()
        and "待确认" not in told.project.why
        and told.money.keys() == found.money.keys()
    )
    (given,) = answer(root, one, links=[ProjectLink(sheet=one.id, project="治理经费（二期）")]).results
    assert given.money["paid"].numerator == 840_000


def test_1_a_project_code_on_two_sheets_is_neithers_money(root):
    one, other = project(indicator(CLOSURE, "≥95%")), project(indicator(CLOSURE, "≥95%"), name="另一项目")
    done = answer(root, one, other)
    assert [r.money for r in done.results] == [{}, {}] and [r.project.keys for r in done.results] == [(), ()]
    assert all("不止一张目标表" in r.project.why for r in done.results)
    told = answer(root, one, other, links=[ProjectLink(sheet=other.id, project="P1")])
    assert [bool(r.money) for r in told.results] == [False, True]
    # Given to both it is nobody's: the same money never counts twice.
    both = [ProjectLink(sheet=s.id, project="P1") for s in (one, other)]
    assert [r.money for r in answer(root, one, other, links=both).results] == [{}, {}]


@pytest.mark.parametrize(
    ("name", "raw", "ledger", "head", "line"),
    [
        (
            SAMPLING,
            "≥95%",
            "samples",
            "抽样单号,产品名称,抽查领域,计划抽样日期,抽样日期,项目名称",
            "S1,面粉,流通领域,2021-03-01,2021-03-01,另一项目",
        ),
        (DONE, "2021年12月底前", "steps2", STEP, "另一项目,P9,立项,2021-11-20,2021-11-01"),
    ],
)
def test_1_a_project_without_rows_has_no_evidence(root, name, raw, ledger, head, line):
    """The ledger tells projects apart and holds rows of others only: none of them is this project's."""
    if ledger == "samples":
        field = next(c for c in ledgers()["samples"].columns if c.name == "field").values[0]
        line = line.replace("流通领域", field)
    put(root, ledger, head, line)
    sheet = project(indicator(name, raw), name="无行项目", code="P7")
    measure = next(m for m in catalogue().values() if m.name == name)
    (found,) = answer(root, sheet, links=[confirmed(name, measure.id)]).results
    assert found.readings == (None,) and found.money == {}
    assert found.outcomes[0].value is None and found.outcomes[0].origin == "none"
    assert found.card.scores[0].verdict == "nothing" and found.card.grade is None
    whole = Evidence.of(Store(root)).read(2021, DAY, "A1")
    assert whole[measure.id, "A1", None].batch, "the level above has rows that were not taken"


def test_1_two_indicators_of_one_name_keep_apart(root):
    sheet = project(
        indicator(CLOSURE, "≥95%"), indicator(CLOSURE, "≥50%"), indicator("办件满意情况", "有效提升")
    )
    one, two, _ = sheet.indicators
    said = [Judgement(sheet=sheet.id, indicator=two.id, cause="其他", measures="只说第二个", reason="甲")]
    (result,) = answer(root, sheet, said=said).results
    assert one.id != two.id and [s.verdict for s in result.card.scores[:2]] == ["missed", "over"]
    assert [s.measures for s in result.checkpoint.indicators[:2]] == [None, "只说第二个"]
    lines = shown(answer(root, sheet, said=said), root).results[0].indicators
    assert [(i.id, i.monitoring.measures) for i in lines[:2]] == [(one.id, None), (two.id, "只说第二个")]
    with pytest.raises(ZhunshengError, match="ZS-ID-01"):  # a name that two bear is nobody's
        answer(root, sheet, said=[said[0].model_copy(update={"indicator": CLOSURE})])


def test_1_renaming_an_indicator_keeps_words_and_confirmation(root):
    sheet = project(indicator(CLOSURE, "≥95%"))
    (old,) = sheet.indicators
    renamed = sheet.model_copy(
        update={"indicators": (old.model_copy(update={"name": "群众举报按期办结情况"}),)}
    )
    said = [Judgement(sheet=sheet.id, indicator=old.id, cause="人员保障", measures="增派两人")]
    links = [confirmed(old.id, sheet=sheet.id)]
    before, after = (answer(root, s, said=said, links=links).results[0] for s in (sheet, renamed))
    assert after.matches[0].status == "confirmed" and after.checkpoint.indicators[0].measures == "增派两人"
    assert (after.outcomes[0].value, after.card.total) == (before.outcomes[0].value, before.card.total)


# -- 2. evidence first; what a person types stands beside it
# ----------------------------------------------------------


TYPED = Judgement(indicator=CLOSURE, actual="99%", reason="台账外办结", proof="清单.pdf", by="科员甲")


def test_2_a_typed_value_never_replaces_a_reading_and_stands_beside_it(root):
    sheet = project(indicator(CLOSURE, "≥95%"))
    plain, typed = answer(root, sheet), answer(root, sheet, said=[TYPED])
    assert figures(plain) == figures(typed)
    (result,) = typed.results
    contest = result.outcomes[0].contest
    assert (result.outcomes[0].text, contest.typed, contest.computed) == ("90.22%", "99%", "90.22%")
    assert contest.difference == "+8.78个百分点" and result.readings[0].value == Fraction(8300, 92)
    line = shown(typed, root).results[0].indicators[0]
    assert (line.outcome.text, line.outcome.origin, line.outcome.contest.typed) == (
        "90.22%",
        "evidence",
        "99%",
    )
    assert line.reading is not None
    for form in (self_evaluation_form(result.card), monitoring_form(result.checkpoint)):
        said = texts(form)
        assert "90.22%" in said and "99%" in said and "8.78" in said, form.title
    assert "typed" not in result.card.basis


def test_2_a_contest_counts_once_the_bureau_accepted_it_with_a_reason(root):
    sheet = project(indicator(CLOSURE, "≥95%"))
    done = answer(root, sheet, said=[TYPED.model_copy(update={"accepted": "经核实，台账漏记"})])
    (result,) = done.results
    assert result.outcomes[0].origin == "accepted" and result.card.scores[0].verdict == "met"
    assert result.readings[0] is not None and result.outcomes[0].contest.computed == "90.22%"
    assert result.card.basis["typed"] == result.card.scores[0].points
    for form in (self_evaluation_form(result.card), monitoring_form(result.checkpoint)):
        assert "90.22%" in texts(form) and "99%" in texts(form) and "经核实" in texts(form), form.title


@pytest.mark.parametrize(
    ("typed", "why"), [("下降3%", "增减幅度"), ("约95%", "约数"), ("9,5.1%", "逗号"), ("1%（计划）", "计划")]
)
def test_2_a_contest_that_cannot_be_compared_has_no_difference_and_is_not_accepted(root, typed, why):
    sheet = project(indicator(CLOSURE, "≥95%"))
    said = TYPED.model_copy(update={"actual": typed, "accepted": "经核实，台账漏记"})
    done = answer(root, sheet, said=[said])
    assert figures(done) == figures(answer(root, sheet))
    (result,) = done.results
    contest = result.outcomes[0].contest
    assert (contest.difference, contest.accepted) == (None, None) and why in contest.doubt
    assert shown(done, root).results[0].indicators[0].outcome.contest.doubt == contest.doubt
    for form in (self_evaluation_form(result.card), monitoring_form(result.checkpoint)):
        assert "不能比较" in texts(form) and why in texts(form) and "相差" not in texts(form), form.title
    # What the table says of it is a mark, whatever was typed: read back it is the reading.
    assert outcome_of_text(shown_result(result.outcomes[0]), "%", 2021, "reported").written.around == ()


def test_2_a_difference_counts_for_the_whole_year(root):
    """每半年1次 is two a year: ten fewer than the twelve that the ledger holds."""
    head = f"{EVENT},项目名称,项目编码"
    put(
        root,
        "drills",
        head,
        *(f"E{n},演练,食品安全,演练{n},2021-{n:02}-05,治理经费,P1" for n in range(1, 13)),
    )
    sheet = project(indicator(EVENTS, "≥10次"))
    said = [Judgement(indicator=EVENTS, actual="每半年1次", reason="漏", proof="a.pdf")]
    (result,) = answer(root, sheet, said=said).results
    assert (result.outcomes[0].text, result.outcomes[0].contest.difference) == ("12次", "-10次")


def test_2_a_ledger_that_says_not_done_is_a_reading_too(root):
    """A step without its date is open by the ledger: a date typed against that is a contest, not a fact."""
    sheet = project(indicator(DONE, "2021年12月底前"))
    links = [confirmed(DONE, "project_completed_on")]
    said = [Judgement(indicator=DONE, actual="2021年11月1日", reason="已验收", proof="验收单.pdf")]
    plain, typed = (answer(root, sheet, links=links, said=s) for s in ((), said))
    assert (
        plain.results[0].outcomes[0].origin == "evidence"
        and plain.results[0].card.scores[0].verdict == "missed"
    )
    assert figures(plain) == figures(typed)
    assert typed.results[0].outcomes[0].contest.typed == "2021年11月1日"
    accepted = [said[0].model_copy(update={"accepted": "已看原件"})]
    assert answer(root, sheet, links=links, said=accepted).results[0].card.scores[0].verdict == "met"


def test_2_a_typed_value_without_proof_counts_nothing(root):
    sheet = project(indicator("外出宣讲场次", "≥4场"))
    bare = Judgement(indicator="外出宣讲场次", actual="9场", reason="记得有")
    (result,) = answer(root, sheet, said=[bare]).results
    assert result.outcomes[0].value is None and result.card.scores[0].verdict == "nothing"
    assert "没有证明材料" in result.outcomes[0].note
    (proved,) = answer(root, sheet, said=[bare.model_copy(update={"proof": "照片.pdf"})]).results
    assert proved.card.scores[0].verdict == "over" and proved.outcomes[0].origin == "judgement"
    for form in (self_evaluation_form(proved.card), monitoring_form(proved.checkpoint)):
        assert "人工填报" in texts(form) and "照片.pdf" in texts(form), form.title


def test_2_a_band_typed_for_a_measured_indicator_changes_nothing(root):
    sheet = project(indicator(CLOSURE, "≥95%"))
    best = scheme_of(2021).qualitative[0]
    band = {"band": best.name, "share": best.high}
    judged = Judgement(indicator=CLOSURE, reason="很好", **band)
    assert figures(answer(root, sheet, said=[judged])) == figures(answer(root, sheet))
    # Nor does it once the bureau accepted a contest: what it accepted was a figure.
    accepted = TYPED.model_copy(update={"actual": "92%", "accepted": "经核实"})
    alone, with_band = (answer(root, sheet, said=[s]) for s in (accepted, accepted.model_copy(update=band)))
    assert figures(alone) == figures(with_band) and alone.results[0].card.scores[0].verdict == "missed"


def test_2_the_re_check_holds_nothing_that_was_typed(root):
    sheet = project(
        indicator(CLOSURE, "≥95%"), indicator("外出宣讲场次", "≥4场"), indicator("环境", "有效提升")
    )
    reported = book(
        sheet.model_copy(
            update={
                "indicators": tuple(
                    i.model_copy(update={"actual": "99%", "score": Decimal(10)}) for i in sheet.indicators
                )
            }
        )
    )
    found = recheck_book(reported, answer(root, sheet))
    assert any(d.kind == "actual" for r in found for d in r.differences)
    with pytest.raises(ZhunshengError, match="ZS-SC-05"):
        recheck_book(reported, answer(root, sheet, said=[TYPED]))
    # A word that says nothing of figures is one too.
    with pytest.raises(ZhunshengError, match="ZS-SC-05"):
        recheck_book(
            reported, answer(root, sheet, said=[Judgement(indicator=CLOSURE, cause="其他", measures="甲")])
        )


def test_2_an_acceptance_holds_for_the_reading_it_was_made_against_only(root):
    sheet = project(indicator(CLOSURE, "≥95%"))
    said = TYPED.model_copy(update={"accepted": "经核实", "against": "90.22%"})
    held = answer(root, sheet, said=[said]).results[0].outcomes[0]
    assert (held.origin, held.contest.accepted) == ("accepted", "经核实")
    moved = answer(root, sheet, said=[said.model_copy(update={"against": "90.2%"})]).results[0].outcomes[0]
    assert (moved.origin, moved.text, moved.contest.accepted) == ("evidence", "90.22%", None)


@pytest.mark.parametrize("same", ["90.22%", "90.22", "约90.22%"])
def test_2_a_figure_equal_to_the_reading_is_no_contest(root, same):
    sheet = project(indicator(CLOSURE, "≥95%"))
    outcome = answer(root, sheet, said=[TYPED.model_copy(update={"actual": same})]).results[0].outcomes[0]
    assert outcome.origin == "evidence" and (outcome.contest is None) is ("约" not in same)


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


def test_2_an_unconfirmed_match_is_marked_and_its_share_of_points_is_told(root):
    sheet = project(indicator(CLOSURE, "≥95%"), indicator("环境", "有效提升"))
    proposal, decided = answer(root, sheet), answer(root, sheet, links=[confirmed()])
    one, two = (d.results[0] for d in (proposal, decided))
    assert (one.unconfirmed, two.unconfirmed) == ((0,), ())
    assert one.card.total == two.card.total
    earned = one.card.scores[0].score
    assert one.card.basis["unconfirmed"] == earned and two.card.basis.get("unconfirmed") is None
    assert "口径未确认" in texts(self_evaluation_form(one.card)) and "口径未确认" not in texts(
        self_evaluation_form(two.card)
    )
    assert [
        s.open_matches != () for s in (shown(proposal, root).results[0], shown(decided, root).results[0])
    ] == [
        True,
        False,
    ]


def test_2_the_description_outweighs_the_name(root):
    sheet = project(indicator("案件办结率", "≥95%", description="师德投诉办结数/师德投诉受理数"))
    (result,) = answer(root, sheet).results
    assert result.readings == (None,) and result.card.scores[0].verdict == "nothing"


def test_2_a_reading_without_rows_is_no_evidence_and_yields_to_a_proved_word(root):
    """A share without base is said with its reason, has no origin, and what someone typed with proof stands
    for it.
    """
    # The complaints of the store are of 2021: of 2022 there is no base.
    sheet = project(indicator(CLOSURE, "≥95%"), kind="department", name="整体", code=None, year=2022)
    links, day = [confirmed()], date(2022, 6, 30)
    (result,) = answer(root, sheet, links=links, day=day).results
    outcome = result.outcomes[0]
    assert (outcome.origin, outcome.known, outcome.text) == ("none", False, "—") and outcome.note
    assert result.readings[0] is not None, "what was asked can still be looked up"
    assert result.card.scores[0].verdict == "nothing", "no evidence is not early"
    assert (
        shown(answer(root, sheet, links=links, day=day), root).results[0].indicators[0].outcome.origin
        == "none"
    )
    word = Judgement(indicator=CLOSURE, actual="96%", day=date(2022, 6, 30))
    bare, proved = (
        answer(root, sheet, links=links, day=day, said=[w]).results[0]
        for w in (word, word.model_copy(update={"proof": "登记簿.pdf"}))
    )
    assert (bare.outcomes[0].origin, bare.card.scores[0].verdict) == ("none", "nothing")
    assert (proved.outcomes[0].origin, proved.outcomes[0].contest) == ("judgement", None)
    assert proved.card.basis["typed"] == proved.card.scores[0].points


def test_2_points_that_only_the_fillers_reason_gives_rest_on_what_was_typed(root):
    put(root, "activities", EVENT, *(f"E{n},宣传,守法经营,宣传日,2021-0{n}-05" for n in range(1, 6)))
    sheet = project(indicator("守法经营宣传次数", "≥2次"), kind="department", name="整体", code=None)
    links = [confirmed("守法经营宣传次数", "law_publicity_count")]
    kept = Judgement(indicator="守法经营宣传次数", over_accepted=True, reason="上级临时部署")
    (plain,), (typed,) = (answer(root, sheet, links=links, said=s).results for s in ((), [kept]))
    one, two = plain.card.scores[0], typed.card.scores[0]
    assert one.verdict == two.verdict == "over" and two.score == two.points > one.score
    assert typed.card.basis["typed"] == two.granted == two.score - one.score
    assert typed.card.basis["evidence"] == plain.card.basis["evidence"]


def test_2_a_band_counts_for_quality_only(root):
    """A quantity, share, date, growth, frequency or yes and no without evidence stays open whatever band is
    typed.
    """
    raws = ("≥4场", "≥90%", "2021年12月底前", "较上年增长8%", "每季度1次", "是")
    sheet = project(
        *(indicator(f"宣讲{n}", raw) for n, raw in enumerate(raws)), indicator("环境", "有效提升")
    )
    best = scheme_of(2021).qualitative[0]
    said = [
        Judgement(indicator=i.name, band=best.name, share=best.high, reason="很好", day=None)
        for i in sheet.indicators
    ]
    (result,) = answer(root, sheet, said=said).results
    assert [s.verdict for s in result.card.scores[:-1]] == ["nothing"] * 5 + ["pending"]
    assert all(s.open == s.points and "档次" in s.how for s in result.card.scores[:-1])
    assert result.card.scores[-1].verdict == "judged"
    # Nor does it overrule a ledger that says "not done".
    done = project(indicator(DONE, "2021年12月底前"))
    said = [Judgement(indicator=DONE, band=best.name, share=best.high, reason="很好")]
    (late,) = answer(root, done, said=said, links=[confirmed(DONE, "project_completed_on")]).results
    assert (late.card.scores[0].verdict, late.card.scores[0].score) == ("missed", 0)


def test_2_no_grade_rests_on_a_measure_that_nobody_confirmed(root):
    sheet = project(indicator(CLOSURE, "≥90%"))
    (open_,), (sure,) = (answer(root, sheet, links=links).results for links in ((), [confirmed()]))
    assert open_.card.range == sure.card.range and open_.card.range.settled
    assert (open_.card.grade is None, sure.card.grade is None) == (True, False)
    assert "口径未确认，不评等级" in texts(self_evaluation_form(open_.card))
    assert "等级" in texts(self_evaluation_form(sure.card)) and "未确认" not in texts(
        self_evaluation_form(sure.card)
    )
    # A lost point rests on it as an earned one does, and a department's total on those of its projects.
    missed = project(indicator(CLOSURE, "0%", id=""))
    (lost,) = answer(root, missed).results
    assert lost.card.grade is None
    whole = identified(TargetSheet(kind="department", name="整体", year=2021, department="甲局"))
    found = answer(root, whole, sheet).results[0].card
    assert found.projects_unconfirmed and found.grade is None


def test_2_words_and_figures_hold_from_their_day_on(root):
    sheet = project(indicator("外出宣讲场次", "≥4场"), indicator(CLOSURE, "≥95%"))
    october, december = date(2021, 10, 31), date(2021, 12, 31)
    figure = {"indicator": "外出宣讲场次", "actual": "4场", "proof": "照片.pdf"}

    def origin(on, **more):
        (result,) = answer(root, sheet, said=[Judgement(**figure, **more)], day=on).results
        return result.outcomes[0].origin, result.outcomes[0].note

    assert origin(date(2021, 1, 5)) == ("none", "填报了“4场”，没有写日期，年底起计")
    assert origin(december)[0] == "judgement"
    assert origin(date(2021, 10, 30), day=october) == ("none", "填报了“4场”，自 2021-10-31 起计")
    assert [origin(d, day=october)[0] for d in (october, december)] == ["judgement"] * 2
    words = Judgement(indicator=CLOSURE, cause="人员保障", measures="增派两人", day=october)
    for day, told in ((october, True), (december, False), (date(2021, 10, 30), False)):
        (result,) = answer(root, sheet, said=[words], day=day).results
        for form in (self_evaluation_form(result.card), monitoring_form(result.checkpoint)):
            assert ("增派两人" in texts(form)) == told, (form.title, day)


def test_2_a_proof_that_is_not_there_proves_nothing(root, tmp_path):
    sheet = project(indicator("外出宣讲场次", "≥4场"), indicator(CLOSURE, "≥95%"))
    (path := tmp_path / "说明.yaml").write_text(
        "- {indicator: 外出宣讲场次, actual: 4场, proof: 照片.pdf、名单.xlsx}\n"
        f"- {{indicator: {CLOSURE}, actual: 99%, reason: 漏记, proof: ../说明.yaml, accepted: 属实}}\n",
        "utf8",
    )
    (tmp_path / "照片.pdf").write_bytes(b"%PDF")
    (result,) = answer(root, sheet, said=read_judgements(path)).results
    assert result.outcomes[0].origin == "none" and result.card.scores[0].verdict == "nothing"
    assert "没有找到证明材料 名单.xlsx" in result.outcomes[0].note
    assert result.outcomes[1].origin == "evidence" and result.outcomes[1].contest.accepted is None
    (tmp_path / "名单.xlsx").write_bytes(b"PK")
    (proved,) = answer(root, sheet, said=read_judgements(path)).results
    assert proved.outcomes[0].origin == "judgement"


@pytest.mark.parametrize(
    ("proof", "why"),
    [
        ("、", "没有证明材料，没有写出文件名"),
        ("空.pdf", "没有证明材料，文件是空的：空.pdf"),
        ("说明.yaml", "没有证明材料，写的是填报文件自己：说明.yaml"),
        ("./说明.yaml", "没有证明材料，写的是填报文件自己"),
        ("照片.pdf、空.pdf、名单.xlsx", "没有证明材料，文件是空的：空.pdf，没有找到证明材料 名单.xlsx"),
    ],
)
def test_2_a_proof_with_nothing_in_it_proves_nothing_and_says_why(root, tmp_path, proof, why):
    (tmp_path / "空.pdf").touch()
    (tmp_path / "照片.pdf").write_bytes(b"%PDF")
    (path := tmp_path / "说明.yaml").write_text(
        f"- {{indicator: 外出宣讲场次, actual: 4场, proof: {proof}}}\n", "utf8"
    )
    (result,) = answer(root, project(indicator("外出宣讲场次", "≥4场")), said=read_judgements(path)).results
    assert result.outcomes[0].origin == "none" and result.card.scores[0].verdict == "nothing"
    assert why in result.outcomes[0].note


def test_2_nobody_types_the_marks_that_the_system_writes(tmp_path):
    (path := tmp_path / "说明.yaml").write_text(
        "- {indicator: 办结率, actual: '95%（人工填报，争议已采纳，台账 80%）', proof: 清单.pdf}\n", "utf8"
    )
    with pytest.raises(ZhunshengError) as refused:
        read_judgements(path)
    assert (
        refused.value.code == "ZS-SC-10"
        and "完成值里不要写“人工填报”，这是系统自己的标注" in refused.value.text()
    )


def test_2_a_mark_stands_beside_the_value_wherever_it_is_shown(root, capsys, tmp_path, monkeypatch):
    sheet = project(indicator("外出宣讲场次", "≥4场"), indicator(CLOSURE, "≥95%"))
    said = [TYPED, Judgement(indicator="外出宣讲场次", actual="9场", proof="照片.pdf")]
    done = answer(root, sheet, said=said)
    (result,) = done.results
    want = ("人工填报", "口径未确认", "人工填报 99%，相差 +8.78个百分点，有争议，待财政局裁定")
    cells = [
        {c.text for row in form.rows for c in row}
        for form in (self_evaluation_form(result.card), monitoring_form(result.checkpoint))
    ]
    files = write_outputs(done, Evidence.of(Store(root)), tmp_path / "out")
    report = docx.Document(str(files["绩效评价报告（Word）"]))
    cells.append({c.text for t in report.tables for row in t.rows for c in row.cells})
    for found in cells:
        assert "9场（人工填报）" in found and f"90.22%（{want[1]}；{want[2]}）" in found
    monkeypatch.setattr(terminal.console, "width", 300)
    show.checkpoint(result.checkpoint)
    printed = capsys.readouterr().out
    show.run(RunResult(done, (), (), (), files))
    for told in (printed, capsys.readouterr().out, files["绩效总览（网页）"].read_text("utf8")):
        assert all(word in told for word in want)
    # Marks are no part of the value: a table read back says the same.
    for name in ("xlsx", "docx"):
        (reported,) = read_book(tmp_path / "out" / f"绩效自评表.{name}").sheets
        assert [i.actual for i in reported.indicators] == [
            shown_result(o).replace(" ", "") for o in result.outcomes
        ]
        read = [outcome_of_text(i.actual, i.aim.unit, 2021, "reported").value for i in reported.indicators]
        assert read == [Fraction(9), Fraction("90.22")]


# -- 3. state governs every number
# ------------------------------------------------------------------------------------


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
        ("special_equipment", "due_on"),
        ("policies", "in_force_on"),
        ("policies", "repealed_on"),
    }


# -- 4. a result has a type
# -------------------------------------------------------------------------------------------


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


# -- 5. one computation
# -----------------------------------------------------------------------------------------------


def _version(root, monkeypatch):
    monkeypatch.setattr(assessing, "__version__", "999")


def _national(root, monkeypatch):
    monkeypatch.setattr("zhunsheng.regulations.rules.data_digest", lambda: "another")


def _ledger(root, monkeypatch):
    put(root, "one-more", COMPLAINT, "T900,举报,2020-03-05,")


CHANGES = {
    "program": (_version, {}),
    "national rules": (_national, {}),
    "local scheme": (None, {"rules": rules_for(2021, scheme_of(2021, LOCAL))}),
    "department name": (None, {"place": AssessedDepartment("A1", "新名局")}),
    "department code": (None, {"place": AssessedDepartment("A2", "甲局")}),
    "confirmation": (None, {"links": [confirmed()]}),
    "project": (None, {"links": [ProjectLink(sheet="治理经费", project="P1")]}),
    "word": (None, {"said": [TYPED]}),
    "evidence": (_ledger, {}),
    "date": (None, {"day": date(2022, 2, 27)}),
    "mode": (None, {"mode": "step"}),
    "last year": (None, {"previous": book(project(indicator(CLOSURE, "≥90%"), year=2020))}),
}


@pytest.mark.parametrize("what", CHANGES)
def test_5_what_figures_rest_on_is_one_digest(root, monkeypatch, what):
    sheet = project(indicator(CLOSURE, "≥95%"))
    before = answer(root, sheet).basis
    assert answer(root, sheet).basis == before
    act, more = CHANGES[what]
    if act:
        act(root, monkeypatch)
    assert answer(root, sheet, **more).basis != before


def test_5_the_digest_moves_with_the_sheet_and_with_every_part_of_a_word(root):
    sheet = project(indicator(CLOSURE, "≥95%"))
    other = project(indicator(CLOSURE, "≥94%"))
    found = {answer(root, s).basis for s in (sheet, other)}
    words = {
        "actual": "98%",
        "reason": "另一个理由",
        "proof": "别的.pdf",
        "accepted": "同意",
        "measures": "甲",
        "by": "乙",
    }
    found |= {answer(root, sheet, said=[TYPED.model_copy(update={k: v})]).basis for k, v in words.items()}
    assert len(found) == 2 + len(words)


def test_5_the_digest_moves_with_measures_ledgers_and_monitoring_bands(root, monkeypatch):
    sheet = project(indicator(CLOSURE, "≥95%"))
    evidence = Evidence.of(Store(root))
    known = evidence.measures
    before = assess(book(sheet), evidence, DAY, department=PLACE).basis
    changed = known["report_closure_rate"].model_copy(update={"formula": "另一个算法"})
    other = replace(evidence, measures={**known, changed.id: changed})
    assert assess(book(sheet), other, DAY, department=PLACE).basis != before
    one = ledgers()["complaints"].model_copy(update={"what": "另一个说明"})
    every = {**ledgers(), "complaints": one}
    monkeypatch.setattr(assessing, "ledgers", lambda: every)
    assert assess(book(sheet), evidence, DAY, department=PLACE).basis != before


def test_5_every_file_of_national_rules_is_in_the_digest(tmp_path, monkeypatch):
    """Monitoring bands, deadlines, frameworks, schemes, key evaluation: a changed byte in any is another
    digest.
    """
    import shutil

    data = tmp_path / "data"
    shutil.copytree(ROOT / "src/zhunsheng/regulations/data", data)
    monkeypatch.setattr("zhunsheng.regulations.loading.DATA", data)
    found = {regulations.data_digest.__wrapped__()}
    files = [p for f in (data, data / "schemes") for p in sorted(f.iterdir()) if p.is_file()]
    assert {"monitoring.yaml", "frameworks.yaml", "deadlines.yaml", "key-evaluation.yaml"} <= {
        p.name for p in files
    }
    for path in files:
        kept = path.read_bytes()
        path.write_bytes(kept + b"\n")
        found.add(regulations.data_digest.__wrapped__())
        path.write_bytes(kept)
    assert len(found) == 1 + len(files)


_opened: list[str] | None = None


def _watch(event, arguments):
    if _opened is None:
        return
    if event == "open" and isinstance(arguments[0], str | bytes | os.PathLike):
        mode, flags = arguments[1] or "", arguments[2] or 0
        if set(mode) & set("wax+") or flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            _opened.append(os.fsdecode(arguments[0]))
    elif event in (
        "os.mkdir",
        "os.rename",
        "os.remove",
        "os.rmdir",
        "os.truncate",
        "tempfile.mkdtemp",
        "tempfile.mkstemp",
    ):
        _opened.append(f"{event} {arguments[0]}")


def test_5_use_cases_take_values_and_write_nothing(root, tmp_path, monkeypatch):
    """The store and the folder worked in are read-only, and nothing is opened for writing anywhere."""
    global _opened
    sys.addaudithook(_watch)
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    sheet = project(indicator(CLOSURE, "≥95%"))
    answer(root, sheet)  # what is loaded once is loaded

    def tree():
        return {
            p: (p.stat().st_mtime_ns, p.read_bytes() if p.is_file() else b"") for p in tmp_path.rglob("*")
        }

    before = tree()
    folders = [p for p in (root, here, *root.rglob("*")) if p.is_dir()]
    for folder in folders:
        folder.chmod(0o555)
    _opened = []
    try:
        done = answer(root, sheet, said=[TYPED], links=[confirmed()])
        run_of(done, Evidence.of(Store(root))).as_json()
        recheck_book(book(sheet), answer(root, sheet))
        written = [p for p in _opened if not p.startswith("/dev/")]
    finally:
        _opened = None
        for folder in folders:
            folder.chmod(0o755)
    assert written == [] and tree() == before


def test_5_a_local_scheme_with_other_band_names_is_scored_by_its_own(root):
    text = LOCAL.read_text("utf8")
    national, local = scheme_of(2021), scheme_of(2021, LOCAL)
    for n, band in enumerate(local.qualitative):
        text = text.replace(band.name, f"本地第{n}档")
    own = regulations.read_scheme(text, "本地.yaml", 2021)
    assert not {b.name for b in own.qualitative} & {b.name for b in national.qualitative}
    sheet = project(indicator("环境", "有效提升"))
    said = [
        Judgement(
            indicator="环境", band=own.qualitative[0].name, share=own.qualitative[0].high, reason="走访"
        )
    ]
    (result,) = answer(root, sheet, said=said, rules=rules_for(2021, own)).results
    assert (
        result.card.scores[0].verdict == "judged"
        and result.card.scores[0].score == result.card.scores[0].points
    )
    with pytest.raises(ZhunshengError, match="ZS-SC-04"):
        answer(root, sheet, said=said)


# -- the page that lists them
# -----------------------------------------------------------------------------------------


def test_every_test_that_the_page_of_invariants_names_exists():
    page = (ROOT / "docs" / "invariants.md").read_text("utf8")
    named = set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", page))
    assert len(named) > 60
    known = {}
    for path in {p for p, _ in named}:
        tree = ast.parse((ROOT / path).read_text("utf8"))
        known[path] = {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)}
    assert not sorted((p, n) for p, n in named if n not in known[p])


def test_every_invariant_tried_is_on_the_page():
    page = (ROOT / "docs" / "invariants.md").read_text("utf8")
    for path in ("tests/test_invariants.py", "tests/web/test_site_invariants.py"):
        tree = ast.parse((ROOT / path).read_text("utf8"))
        tests = {n.name for n in tree.body if isinstance(n, ast.FunctionDef) and re.match(r"test_\d", n.name)}
        assert tests and not sorted(t for t in tests if f"`{path}::{t}`" not in page), path


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
