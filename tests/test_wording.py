"""Words for figures: a shown value stands on its true side, a group's rate is sum over sum,
pasted text can be kept anywhere.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from zhunsheng.text import clean
from zhunsheng.wording import number, number_beside, percent, percent_beside, rate


def test_a_shown_value_never_stands_on_the_other_side_of_its_target():
    assert number(Fraction("89.996")) == "90"
    assert number_beside(Fraction("89.996"), [90]) == "89.996"
    assert number_beside(Fraction("90.004"), [Decimal(90)]) == "90.004"
    assert number_beside(Fraction(90), [90]) == "90"
    assert percent_beside(Fraction(7_999_999, 10_000_000), [Fraction(4, 5)]) == "79.99999%"
    assert number_beside(Fraction("89.996"), [Fraction("89.996")]) == "89.996"
    assert number_beside(Fraction(1, 3), [Fraction(1, 3)]) == "0.33"


# A share's denominator is a count or an amount in 分: far below 10^15.
@given(
    st.fractions(0, 1000, max_denominator=10**15),
    st.decimals(0, 1000, places=3),
    st.decimals(0, 1000, places=3),
)
def test_a_shown_value_stands_to_every_bound_as_the_true_one(value, one, other):
    shown = Fraction(number_beside(value, [one, other]))
    for bound in (Fraction(one), Fraction(other)):
        assert (shown > bound) - (shown < bound) == (value > bound) - (value < bound)


def test_a_rate_of_a_group_is_sum_over_sum():
    assert rate([38, 27], [40, 28]) == Fraction(65, 68)
    assert percent(rate([Decimal("0.0001"), 60], [90, 28])) == "50.85%"  # not the mean of the two rates
    assert rate([], []) is None and rate([1], [0]) is None


def test_control_characters_become_line_breaks_or_go():
    assert clean("甲\x0b乙\x0c丙\r\n丁\r戊\u2028己") == "甲\n乙\n丙\n丁\n戊\n己"
    assert clean("甲\x00\x07\x1b\ufffe\ud800乙\t丙") == "甲乙\t丙"
    assert clean("绩效目标（表）：≥90%") == "绩效目标（表）：≥90%"


@given(st.text())
def test_cleaned_text_stays_as_it_is(text):
    assert clean(clean(text)) == clean(text)
    clean(text).encode("utf8")
