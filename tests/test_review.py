"""The rule catalogue: each rule on its own examples, findings at their place, and what the real document
holds.
"""

from __future__ import annotations

import json
from collections import Counter

import pytest
from typer.testing import CliRunner

from zhunsheng.cli.commands import app
from zhunsheng.intake import read_book
from zhunsheng.review import STATES, all_rules, review
from zhunsheng.review.catalogue import Rule, rule
from zhunsheng.review.conditions import DETAILS, NEEDS, SCOPES, SUBJECTS
from zhunsheng.review.examples import WITHOUT, WITHOUT_EACH, example
from zhunsheng.review.sarif import sarif
from zhunsheng.sample.documents import bureau, flattened
from zhunsheng.targets.starting import blank_sheet


def codes(patch):
    book, previous = example(patch)
    return [f.code for f in review(book, previous).findings]


def test_the_example_document_has_no_finding():
    assert codes({}) == []


@pytest.mark.parametrize("entry", all_rules(), ids=lambda r: r.code)
def test_every_rule_on_its_own_examples(entry):
    assert entry.code in codes(entry.bad)
    assert entry.code not in codes(entry.good)
    for text in (entry.title, entry.why, entry.mend, entry.basis):
        assert len(text) >= 4


def test_there_are_enough_rules_of_every_level():
    assert len(all_rules()) >= 30
    assert Counter(r.level for r in all_rules()).keys() == {"error", "warning", "note"}


def test_a_code_is_given_once():
    with pytest.raises(ValueError, match="twice"):
        rule("ZS101", "error", "x", why="", mend="", basis="", bad={}, good={})(lambda c: [])


def test_findings_stand_at_their_place(real):
    found = review(read_book(real)).findings
    assert not [f for f in found if f.level == "error"]
    at = {(f.code, f.place.line) for f in found}
    assert ("ZS209", 152) in at  # 双随机抽查比例 under social effect
    assert ("ZS212", 117) in at  # ≥2个 for a number of times
    assert ("ZS311", 48) in at  # 意见意见
    assert ("ZS309", 138) in at  # 单次审计费用, which no goal mentions
    assert sum(f.code == "ZS102" for f in found) == 2  # neither project has a code
    assert any(f.code == "ZS118" for f in found)  # the plan's dates are not month ÷ 12
    assert any(f.code == "ZS315" and "知识产权" in f.message for f in found)  # no project behind the IP goal
    assert {f.code for f in found if "≧" in f.message} == {"ZS211"}


def test_sarif_is_complete(real):
    book = read_book(real)
    found = review(book).findings
    run = json.loads(json.dumps(sarif(found, real.name)))["runs"][0]
    assert len(run["results"]) == len(found)
    assert len(run["tool"]["driver"]["rules"]) == len(all_rules())
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["locations"][0]["physicalLocation"]["region"]["startLine"] > 0
        basis = result["properties"]["basis"]
        assert basis and all(one["words"].startswith(one["citation"]) for one in basis)


# -- a state for each rule and sheet
# ----------------------------------------------------------------------------------

SHEETS = ("project", "department", "other")


def duty(entry, patch, number):
    return next(d for d in review(*example(patch)).of(number).duties if d.rule == entry.code)


def tried_on(entry):
    """Return the index of the first sheet on which a rule's bad example is found."""
    return next(
        d.sheet for d in review(*example(entry.bad)).duties if d.rule == entry.code and d.state == "found"
    )


def without(entry, patch, number):
    """Return a patch that takes something away from a rule's good example, as far as the sheet has it."""
    rows = 1 if SHEETS[number] == "department" else 7
    named = {k.replace("*", SHEETS[number]): v for k, v in patch.items()}
    kept = {k: v for k, v in named.items() if ".indicators." not in k or int(k.split(".")[2]) < rows}
    return dict(entry.good) | kept


def test_a_review_has_a_state_for_each_rule_and_sheet():
    book, previous = example({})
    done = review(book, previous)
    assert [(d.sheet, d.rule) for d in done.duties] == [(n, r.code) for n in range(3) for r in all_rules()]
    assert sum(done.counts.values()) == 3 * len(all_rules()) and done.counts.keys() == STATES.keys()
    for one in done.duties:
        assert bool(one.why) == (one.state in ("not_applicable", "not_run"))
        assert one.missing or one.state != "cannot_judge"


@pytest.mark.parametrize("entry", all_rules(), ids=lambda r: r.code)
def test_a_bad_example_is_found_and_a_good_one_passes(entry):
    number = tried_on(entry)
    assert duty(entry, entry.good, number).state in ("passed", "not_applicable")


@pytest.mark.parametrize("entry", [r for r in all_rules() if r.needs], ids=lambda r: r.code)
def test_without_what_it_needs_a_rule_cannot_be_judged_and_says_what_is_missing(entry):
    number = tried_on(entry)
    for need in entry.needs:
        one = duty(entry, without(entry, WITHOUT[need], number), number)
        assert one.state == "cannot_judge" and NEEDS[need].name in one.missing, need


@pytest.mark.parametrize("entry", [r for r in all_rules() if r.each], ids=lambda r: r.code)
def test_without_a_detail_of_its_indicators_a_rule_never_passes(entry):
    number = tried_on(entry)
    for detail in entry.each:
        patch = {k: v for k, v in entry.bad.items() if detail == "weight"} | WITHOUT_EACH[detail]
        if entry.code == "ZS317":
            patch = {"project.indicators.0.score": "15", "project.indicators.0.weight": None}
        one = duty(entry, without(entry, patch, number), number)
        assert one.state in ("cannot_judge", "found"), detail
        assert any(m.startswith(DETAILS[detail].name) for m in one.missing), (detail, one.missing)


def test_rules_declare_by_names_that_exist():
    for entry in all_rules():
        assert set(entry.only) <= SCOPES.keys() and set(entry.needs) <= NEEDS.keys()
        assert entry.about in SUBJECTS and set(entry.each) <= DETAILS.keys()
    assert WITHOUT.keys() == NEEDS.keys() and WITHOUT_EACH.keys() == DETAILS.keys()


def broken(context):
    raise RuntimeError("rule out of order")
    yield


def test_a_rule_that_raises_is_not_run_and_the_others_are():
    first, *rest = all_rules()
    bad = Rule("ZS000", "error", "坏规则", "", "", "", {}, {}, broken)
    done = review(*example({"project.code": None}), only=[bad, first, *rest])
    states = {d.rule: d.state for d in done.of(0).duties}
    assert states["ZS000"] == "not_run" and states["ZS102"] == "found" and states["ZS101"] == "passed"
    assert "[ZS-RV-01]" in next(done.among("not_run")).why
    assert not done.clean and "还没查" in done.verdict()


def clean_project():
    """A document of one project and last year's, of which no rule has anything to ask."""
    book, previous = example({"project.indicators.0.score": "15", "project.indicators.0.actual": "2次"})
    return book.model_copy(update={"sheets": book.sheets[:2]}), previous


def test_no_problem_found_is_said_only_when_all_rules_have_run():
    book, previous = clean_project()
    done = review(book, previous).of(0)
    assert done.clean and done.verdict() == "没有发现问题"
    # Without last year's document a comparison was not made, and nothing found is no longer the whole truth.
    done = review(book).of(0)
    assert not done.findings and not done.clean and "没有发现问题" not in done.verdict()
    assert [(d.rule, d.missing) for d in done.among("cannot_judge")] == [("ZS312", ("上年的目标表",))]
    # A part of the rules isn't all of them.
    assert not review(book, previous, only=all_rules()[:10]).clean
    assert review(book.model_copy(update={"sheets": ()})).verdict() == "尚未审核"


def test_an_unnamed_project_is_not_taken_for_last_years_unnamed_project():
    book, previous = example({"project.name": None, "previous.name": None})
    assert (
        duty(next(r for r in all_rules() if r.code == "ZS312"), {"project.name": None}, 0).state
        == "cannot_judge"
    )
    assert "ZS312" in {d.rule for d in review(book, previous).of(0).among("cannot_judge")}


def test_a_budget_that_is_not_filled_in_is_no_other_budget():
    patch = {"other.name": "市场秩序维护经费", "other.budget.total": None}
    assert "ZS313" not in codes(patch)
    assert "ZS313" in codes({**patch, "other.budget.total": "500000"})


def test_a_plan_that_ends_just_below_the_whole_does_not_look_whole():
    patch = {"project.spending_plan": [["2021-06-30", "0.5"], ["2021-12-31", "0.996"]]}
    assert any("99.6%" in f.message for f in review(*example(patch)).findings if f.code == "ZS107")


def test_an_empty_form_is_not_without_problems():
    for kind in ("project", "department"):
        sheet = blank_sheet(kind, "甲项目", "某局", 2026)
        done = review(example({})[0].model_copy(update={"sheets": (sheet,)}))
        found = {f.code for f in done.findings}
        assert "ZS109" in found and not done.clean
        assert kind == "department" or {"ZS103", "ZS110", "ZS112"} <= found
        assert all(d.missing for d in done.among("cannot_judge")) and done.counts["cannot_judge"] > 20


def test_the_command_prints_counts_and_its_json_has_every_duty(tmp_path):
    file = tmp_path / "目标.txt"
    file.write_text(flattened(bureau()), "utf8")
    said = CliRunner().invoke(app, ["review", str(file)])
    for word in STATES.values():
        assert word in said.stdout
    assert "缺上年的目标表" in said.stdout and not said.stdout.rstrip().endswith("没有发现问题")
    data = json.loads(CliRunner().invoke(app, ["review", str(file), "--json"]).stdout)
    assert data["format"] == "zhunsheng.review/2" and len(data["duties"]) % len(all_rules()) == 0
    assert sum(data["counts"].values()) == len(data["duties"]) and data["findings"]
