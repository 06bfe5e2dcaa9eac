"""Invariants of part 2: evidence first; what a person types stands beside it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import docx
import pytest

from small_office import (
    CLOSURE,
    DONE,
    EVENT,
    EVENTS,
    LOCAL,
    TYPED,
    answer,
    book,
    confirmed,
    figures,
    indicator,
    project,
    put,
    shown,
    texts,
)
from zhunsheng.cli import terminal
from zhunsheng.cli.show import results as show
from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence import Store
from zhunsheng.folders import RunResult
from zhunsheng.intake import read_book
from zhunsheng.judgements import Judgement, read_judgements
from zhunsheng.outcomes import outcome_of_text, shown_result
from zhunsheng.regulations import rules_for, scheme_of
from zhunsheng.reports.forms import monitoring_form, self_evaluation_form
from zhunsheng.targets import TargetSheet
from zhunsheng.targets.identity import identified
from zhunsheng.usecases.opened_evidence import Evidence
from zhunsheng.usecases.outputs import write_outputs
from zhunsheng.usecases.rechecking import recheck_book


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
    rules = rules_for(2021, scheme_of(2021, LOCAL))  # takes points off at once
    (plain,), (typed,) = (answer(root, sheet, links=links, said=s, rules=rules).results for s in ((), [kept]))
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
