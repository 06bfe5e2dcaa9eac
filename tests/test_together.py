"""Departments read at once give what each gives alone, readings and payments by day alike."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from agreed import import_ledger
from zhunsheng.evidence import Store
from zhunsheng.usecases.opened_evidence import Evidence
from zhunsheng.usecases.tracing import payments_of

END = date(2021, 12, 31)
PAID = "凭证号,项目名称,项目编码,支付金额,支付日期"
ROWS = {
    "A1": [
        "V1,经费,P1,10,2021-03-01",
        "V2,旧名,P1,5,2021-03-01",
        "V3,经费,,7,2021-02-01",
        "V4,经费,P1,1,2020-12-31",
    ],
    "B1": ["V1,经费,P1,100,2021-05-01"],
    "C1": ["V1,经费,P1,1000,2021-05-01"],
}


@pytest.fixture
def store(tmp_path):
    for department, lines in ROWS.items():
        path = tmp_path / f"{department}.csv"
        path.write_text("\n".join([PAID, *lines]) + "\n", "utf8")
        import_ledger(tmp_path / "store", path, department=department, label="一局")
    return Store(tmp_path / "store")


def test_readings_of_departments_read_together_are_those_of_each_alone(store):
    together = Evidence.of(store, together=["A1", "B1", "Z9"])
    for department in ("A1", "B1", "C1", "Z9"):
        alone = Evidence.of(store).read(2021, END, department)
        assert together.read(2021, END, department) == alone
        assert {key[1] for key in alone} <= {department}
    assert together.read(2021, END, "Z9") == {}


def test_departments_read_together_are_read_once(store, monkeypatch):
    evidence, asked = Evidence.of(store, together=["A1", "B1"]), []
    query = evidence.engine.query
    monkeypatch.setattr(evidence.engine, "query", lambda sql: asked.append(sql) or query(sql))
    evidence.read(2021, END, "A1")
    evidence.course(["paid"], 2021, END, "A1")
    once = len(asked)
    evidence.read(2021, END, "B1")
    evidence.course(["paid"], 2021, END, "B1")
    assert len(asked) == once > 1


@pytest.mark.parametrize("together", [(), ("A1", "B1")])
def test_payments_of_a_project_add_up_by_day_to_the_date(store, together):
    evidence = Evidence.of(store, together=together)
    march = (date(2021, 3, 1), Decimal(15))
    assert payments_of(evidence, "A1", ["P1"], 2021, END) == (march,)
    both = ((date(2021, 2, 1), Decimal(7)), (date(2021, 3, 1), Decimal(22)))
    assert payments_of(evidence, "A1", ["P1", "经费"], 2021, END) == both
    assert payments_of(evidence, "A1", ["P1"], 2021, date(2021, 2, 28)) == ()
    assert payments_of(evidence, "B1", ["P1"], 2021, END) == ((date(2021, 5, 1), Decimal(100)),)
    assert payments_of(evidence, "A1", ["P2"], 2021, END) == ()
