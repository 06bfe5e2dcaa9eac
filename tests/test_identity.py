"""Codes of sheets and indicators: the same words give the same code, a code once given stays,
a likeness is nothing.
"""

from __future__ import annotations

from zhunsheng.codes import derived_code
from zhunsheng.targets import Indicator, TargetSheet, TargetValue
from zhunsheng.targets.identity import identified


def sheet(*names, **more):
    made = tuple(
        Indicator(level1="产出指标", level2="数量指标", name=n, target=TargetValue.parse("≥2次"))
        for n in names
    )
    return TargetSheet(kind="project", name="抽检经费", year=2021, indicators=made, **more)


def test_codes_are_the_same_on_every_reading_and_differ_within_a_sheet():
    one, two = identified(sheet("甲", "乙", "甲")), identified(sheet("甲", "乙", "甲"))
    assert one == two
    assert len({i.id for i in one.indicators}) == 3
    assert identified(one) == one


def test_a_renamed_indicator_keeps_its_code_and_a_new_one_of_the_old_name_gets_another():
    first = identified(sheet("甲", "乙"))
    renamed = first.model_copy(
        update={
            "indicators": (
                first.indicators[0].model_copy(update={"name": "甲（新口径）"}),
                first.indicators[1],
            )
        }
    )
    assert [i.id for i in identified(renamed).indicators] == [i.id for i in first.indicators]
    again = identified(
        renamed.model_copy(update={"indicators": (*renamed.indicators, sheet("甲").indicators[0])})
    )
    assert again.indicators[2].id not in {i.id for i in first.indicators}


def test_a_later_document_keeps_codes_of_equal_indicators_only():
    first = identified(sheet("监督抽检批次", "不合格处置率"))
    later = identified(sheet("监督抽检批数", "不合格处置率"), first)
    assert later.id == first.id
    assert later.indicators[1].id == first.indicators[1].id
    assert later.indicators[0].id != first.indicators[0].id


def test_a_taken_code_gives_way():
    first = derived_code("甲")
    assert derived_code("甲", taken={first}) != first
