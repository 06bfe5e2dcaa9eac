"""Invariants of part 1: identity is a code, a name is a dated label."""

from __future__ import annotations

import pytest

from small_office import (
    CLOSURE,
    COMPLAINT,
    DAY,
    DONE,
    PAID,
    SAMPLING,
    STEP,
    answer,
    complaints,
    confirmed,
    figures,
    indicator,
    project,
    put,
    shown,
)
from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence import Store, ledgers
from zhunsheng.judgements import Judgement
from zhunsheng.measures import ProjectLink, catalogue
from zhunsheng.usecases.assessing import AssessedDepartment
from zhunsheng.usecases.opened_evidence import Evidence


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
