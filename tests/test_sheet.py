"""Sheets: plans, JSON there and back, the published schema."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import jsonschema
import pytest

from places import GOLDEN
from zhunsheng.intake import read_book
from zhunsheng.targets import Book, Budget, Place, PlanStep, SpendingPlan, json_schema
from zhunsheng.targets.sheet import column_letters

PLAN = SpendingPlan(
    steps=tuple(
        PlanStep(by=date(2021, m, d), cumulative=c)
        for m, d, c in [(3, 31, "0.25"), (6, 30, "0.5"), (10, 31, "0.75"), (12, 31, "1")]
    )
)


def test_plan_between_its_dates():
    assert PLAN.expected(date(2020, 12, 31)) == 0
    assert PLAN.expected(date(2021, 1, 1)) == Fraction(1, 4) / 90
    assert PLAN.expected(date(2021, 3, 31)) == Fraction(1, 4)
    assert PLAN.expected(date(2021, 8, 31)) == Fraction(1, 2) + Fraction(1, 4) * Fraction(62, 123)
    assert PLAN.expected(date(2022, 2, 1)) == 1
    assert SpendingPlan().expected(date(2021, 5, 1)) == 0


def test_plan_by_steps():
    assert PLAN.expected(date(2021, 3, 30), mode="step") == 0
    assert PLAN.expected(date(2021, 6, 29), mode="step") == Fraction(1, 4)
    assert PLAN.expected(date(2021, 6, 30), mode="step") == Fraction(1, 2)


def test_sheets_are_frozen_and_validated():
    with pytest.raises(ValueError, match="frozen"):
        PLAN.steps = ()
    with pytest.raises(ValueError, match="greater than or equal to 0"):
        Budget(total="-1")
    with pytest.raises(ValueError, match="Extra inputs"):
        Budget(all="1")  # type: ignore[call-arg]


@pytest.mark.parametrize("name", sorted(p.name for p in GOLDEN.iterdir() if p.suffix in (".html", ".txt")))
def test_book_json_matches_its_schema_and_reads_back(name):
    book = read_book(GOLDEN / name)
    data = book.as_json()
    jsonschema.validate(data, json_schema())
    assert Book.from_json(data) == book


def test_other_formats_are_refused():
    with pytest.raises(ValueError, match="not zhunsheng"):
        Book.from_json({"format": "other/1"})


def test_places_have_words():
    assert Place(line=87).label() == "第87行"
    assert Place(paragraph=3).label() == "第3段"
    assert Place(sheet="自评", row=5, column=28).label() == "工作表“自评”AB5"
    assert Place(table=2, row=3, column=4).label() == "表2第3行第4列"
    assert Place(table=2).label() == "表2"
    assert Place().label() == "全文"
    assert [column_letters(n) for n in (1, 26, 27, 702, 703)] == ["A", "Z", "AA", "ZZ", "AAA"]
