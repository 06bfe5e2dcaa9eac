"""Small invented documents, a kind of misreading each, against what they say (tests/golden/reading)."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from zhunsheng.intake import read_book
from zhunsheng.targets import Indicator, TargetValue

CASES = Path(__file__).parent / "golden" / "reading"


def _options(text: str | None) -> list[str]:
    return (text or "").split("|")


def _plain(text: str | None) -> str:
    return re.sub(r"(?<=.)指标$", "", re.sub(r"[（(].*?[)）]|\s|^\d[\d.]*\s*", "", text or ""))


def _value(target: TargetValue) -> str:
    value = target.value
    if isinstance(value, tuple):
        return f"{value[0]:f}-{value[1]:f}"
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value or "")


def _number(text: str) -> str:
    return f"{Decimal(text).normalize():f}" if re.fullmatch(r"-?\d+(?:\.\d+)?", text) else text


def _misread(one: Indicator, want: dict[str, Any]) -> list[str]:
    """Return which fields of an indicator are not among what may be read."""
    wrong = []
    for name, read in (("level1", one.level1), ("level2", one.level2)):
        if want[name] is not None and _plain(read) not in map(_plain, _options(want[name])):
            wrong.append(f"{name}: {read}")
    if one.target.op not in _options(want["op"]):
        wrong.append(f"op: {one.target.op}")
    if want["value"] is not None and _value(one.target) not in map(_number, _options(want["value"])):
        wrong.append(f"value: {_value(one.target)}")
    if want["unit"] is not None and (one.target.unit or "") not in _options(want["unit"]):
        wrong.append(f"unit: {one.target.unit}")
    for name in ("weight", "score"):
        if want[name] is not None and getattr(one, name) != Decimal(want[name]):
            wrong.append(f"{name}: {getattr(one, name)}")
    if want["actual"] is not None and want["actual"] != one.actual:
        wrong.append(f"actual: {one.actual}")
    return wrong


@pytest.mark.parametrize("truth", sorted(CASES.glob("*.json")), ids=lambda path: path.stem)
def test_a_document_is_read_as_it_is(truth):
    document = next(path for path in CASES.glob(f"{truth.stem}.*") if path.suffix != ".json")
    wants = json.loads(truth.read_text(encoding="utf-8"))["sheets"]
    sheets = read_book(document).sheets
    assert [one.name for one in sheets] == [want["name"] for want in wants]
    for sheet, want in zip(sheets, wants, strict=True):
        assert (sheet.kind, str(sheet.year) if sheet.year else None) == (want["kind"], want["year"])
        totals: list[Decimal | None] = [Decimal(total) for total in _options(want["total"]) if total]
        assert sheet.budget.total in (totals or [None])
        goals = [re.sub(r"^(?:目标)?\d{1,2}[.:：、]", "", goal.text) for goal in sheet.goals]
        assert goals == want.get("goals", goals)
        for part, amount in want.get("execution", {}).items():
            assert sheet.execution is not None and getattr(sheet.execution, part) == Decimal(amount)
        assert len(sheet.indicators) == len(want["indicators"])
        for one, told in zip(sheet.indicators, want["indicators"], strict=True):
            assert one.name in _options(told["name"])
            assert _misread(one, told) == [], one.name


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("次年3月底前", "2026-03-31"),
        ("2025年9月1日前投用", "2025-09-01"),
        ("控制在预算1.26亿元以内", "<=1.26亿元"),
        ("减少三成以上", ">=30%"),
        ("2025年汛前", "unread"),
        ("6月30日前后", "unread"),
        ("减少一半", "unread"),
    ],
)
def test_values_in_words(text, read):
    target = TargetValue.parse(text, year=2025, dated=True)
    told = {"by": f"{target.value}", "unread": "unread"}.get(
        target.op, f"{target.op}{target.value}{target.unit}"
    )
    assert told == read
    assert bool(target.doubts) == (read == "unread")


def test_what_stands_in_a_column_of_units_and_is_none_is_doubted():
    assert TargetValue.parse("32", unit="36万立方米").doubts
    assert not TargetValue.parse("32", unit="元/100人").doubts
