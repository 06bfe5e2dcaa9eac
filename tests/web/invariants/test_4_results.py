"""Invariants of part 4 on the site: a result has a type."""

from __future__ import annotations

import io
from decimal import Decimal

import openpyxl
import pytest
from small_department import BUDGET, CLOSURE, PAID, YEAR, indicator, opened, project, row_of, say

from zhunsheng.web.services.portfolio import ranking, ranking_file, summary
from zhunsheng.web.services.year import figures


def test_4_a_rate_of_a_group_is_sum_over_sum_everywhere(found, put, sign_in, call):
    place = found(project(), project(name="大项目", code="P2", total=9_000_000))
    put(place, "p2", PAID, "V2,大项目,P2,450000,2021-05-01")
    put(place, "b2", BUDGET, "大项目,P2,年初批复,9000000,2021-01-01")
    kept = figures.assess_now(place, YEAR)
    # 75 % and 5 %, together 12 %: never their mean.
    assert [s.money.actual for s in kept.run.results] == [Decimal("0.7500"), Decimal("0.0500")]
    money = [{"paid": s.money.paid, "budget": s.money.adjusted} for s in kept.run.results]
    assert ranking.group_rate(money) == 0.12
    assert kept.execution == row_of(place)["execution"] == 0.12
    api = call(f"/departments/{place.pk}/assessment?year={YEAR}").json()
    paid, whole = (sum(Decimal(s["money"][k]) for s in api["results"]) for k in ("paid", "adjusted"))
    assert paid / whole == Decimal("0.12")
    rows = ranking.ranking(place.parent, YEAR)
    known = [r for r in rows if r["paid"] is not None and r["budget"]]
    assert len(known) > 1
    expected = float(sum(r["paid"] for r in known) / sum(r["budget"] for r in known))
    assert summary.totals(place.parent, YEAR, rows)["execution"] == pytest.approx(expected)
    book = openpyxl.load_workbook(io.BytesIO(ranking_file.ranking_file(place.parent, YEAR)[0]))
    line = next(r for r in book.active.iter_rows(values_only=True) if r[1] == place.name)
    assert line[10] == pytest.approx(0.12)


def test_4_one_doubtful_row_never_stops_a_department(found, sign_in, user):
    place = found(project(indicator(CLOSURE, "≥95%"), indicator("受理时限", "≤7个工作日", level2="时效指标")))
    evaluation = opened(place, user)
    assert say(sign_in("keyuan"), evaluation, 1, actual="15天").status_code == 302
    one, two = evaluation.assessment.run.results[0].indicators[:2]
    assert (one.score.verdict, two.score.verdict) == ("missed", "check") and "待核对" in two.score.how
