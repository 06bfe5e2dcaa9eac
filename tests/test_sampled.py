"""A survey's share is shown with its interval, and says where the target lies within."""

from __future__ import annotations

from fractions import Fraction

import pytest

from zhunsheng.measures.reading import wilson
from zhunsheng.outcomes import Outcome, outcome_of_text, sampled_words, shown_result
from zhunsheng.targets import Indicator, TargetValue


@pytest.mark.parametrize(
    ("raw", "crosses"), [("≥90%", True), ("≥0.9", True), ("≥75%", False), ("≥97%", False), ("85%-95%", True)]
)
def test_the_interval_stands_beside_the_share(raw, crosses):
    one = Indicator(name="群众满意度", target=TargetValue.parse(raw))
    interval = wilson(90, 100)  # 82.56 to 94.48 by Wilson's formula
    assert interval == (82.56, 94.48)
    said = sampled_words(interval, 100, one)
    assert said.startswith("100 份，95%置信区间 82.56%至94.48%")
    assert ("区间跨过目标值" in said) == crosses
    outcome = Outcome(Fraction(90), "%", "90%", "evidence", known=True, confirmed=False, sampled=said)
    shown = shown_result(outcome)
    assert said in shown and "口径未确认" in shown
    assert outcome_of_text(shown, "%", 2021, "reported").value == 90  # a table that says so is read back
