"""The rule catalogue: each rule on its own examples, findings at their place, and what the real document holds."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from zhunsheng.intake import read_book
from zhunsheng.review import all_rules, review
from zhunsheng.review.catalogue import rule
from zhunsheng.review.examples import example
from zhunsheng.review.sarif import sarif


def codes(patch):
    book, previous = example(patch)
    return [f.code for f in review(book, previous)]


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
    found = review(read_book(real))
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
    found = review(book)
    run = json.loads(json.dumps(sarif(found, real.name)))["runs"][0]
    assert len(run["results"]) == len(found)
    assert len(run["tool"]["driver"]["rules"]) == len(all_rules())
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["locations"][0]["physicalLocation"]["region"]["startLine"] > 0
