"""A body that began within the year: nothing is expected of the days before it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from agreed import import_ledger
from small_office import answer, confirmed, indicator, project
from zhunsheng.targets import Indicator, TargetSheet, TargetValue
from zhunsheng.targets.partial_year import begun

SEPTEMBER = date(2021, 9, 1)
HEAD = "活动编号,活动类别,主题类别,活动名称,开展日期,项目名称"


@pytest.mark.parametrize(
    ("raw", "since", "times"),
    [
        ("每季度1次", SEPTEMBER, 1),  # the fourth quarter
        ("每季度1次", date(2021, 7, 1), 2),  # of the third not a day is lacking
        ("每月2次", SEPTEMBER, 4),
        ("每月2次", date(2021, 9, 2), 3),
        ("每半年1次", SEPTEMBER, 1),  # the last period counts in any case
        ("每日1次", SEPTEMBER, 121),  # 365 - 243 of 364 days, rounded up: 244 are over
        ("≥4次", SEPTEMBER, 1),
    ],
)
def test_the_periods_that_begin_from_then_on_count(raw, since, times):
    sheet = TargetSheet(
        kind="project", year=2021, indicators=[Indicator(name="检查频次", target=TargetValue.parse(raw))]
    )
    (one,) = begun(sheet, since).indicators
    assert one.aim.times == times
    assert "before" not in one.model_dump_json() and sheet.indicators[0].aim.times >= times


def test_pace_frequency_and_money_run_from_then_on(tmp_path):
    root = tmp_path / "store"
    (path := tmp_path / "活动.csv").write_text(
        f"{HEAD}\nH1,培训,业务能力,宣传一,2021-09-20,治理经费\nH2,培训,业务能力,宣传二,2021-10-08,治理经费\n",
        "utf8",
    )
    import_ledger(root, path, department="A1", label="甲局")
    names = ("培训次数", "培训频次")
    sheet = project(indicator(names[0], "≥12次"), indicator(names[1], "每季度1次"))
    links = [confirmed(name, "training_count") for name in names]

    def result(day, since=None):
        (found,) = answer(root, sheet, links=links, day=day, since=since).results
        return found

    halfway, whole = date(2021, 10, 31), date(2021, 12, 31)
    # By the end of October 304 of 365 days have passed: 9 of 12; from September on 61 of 122 days: 6 of 12.
    assert result(halfway).checkpoint.indicators[0].expected == 9
    assert result(halfway, SEPTEMBER).checkpoint.indicators[0].expected == 6
    # Money without a plan: the same days.
    assert result(halfway).checkpoint.money.expected == Fraction(304, 365)
    assert result(halfway, SEPTEMBER).checkpoint.money.expected == Fraction(1, 2)
    # Two of four quarters have theirs, Q3 and Q4: 2 ÷ 4; of those that begin from September on all: 1 of 1.
    before, after = result(whole), result(whole, SEPTEMBER)
    assert [s.verdict for s in before.card.scores] == ["missed", "missed"]
    assert before.card.scores[1].score == before.card.scores[1].points / 2
    assert after.card.scores[1].verdict == "met"
    assert after.card.scores[0].score == before.card.scores[0].score  # 2 of 12, whoever asks
    assert "自 2021-09-01 起计，此前的时段不作要求" in after.card.told
    # Another year is a whole one, and so is one that it was there for from the first day on.
    assert result(halfway, date(2020, 9, 1)).checkpoint.indicators[0].expected == 9
    assert not any("起计" in words for words in result(whole, date(2021, 1, 1)).card.told)
    assert Decimal(0) == before.card.execution.score
