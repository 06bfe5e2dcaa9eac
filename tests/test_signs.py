"""Refunds, reversals and cuts count negative by their kind, however their amounts were written."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from agreed import import_ledger
from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence import Store, browse, ledger_of, ledgers
from zhunsheng.evidence.ledgers import Ledger
from zhunsheng.measures import DuckEngine, measures, read_all

PAYMENTS, BUDGETS = map(ledger_of, ("payments", "budgets"))
PAID = "凭证号,项目名称,支付类型,支付金额,支付日期"
BUDGET = "项目名称,变动类型,金额,批复日期"


@pytest.fixture
def root(tmp_path):
    return tmp_path / "store"


def put(root, head, *lines, **how):
    path = root.parent / f"{len(list(root.parent.iterdir()))}.csv"
    path.write_text("\n".join([head, *lines]) + "\n", "utf8")
    return import_ledger(root, path, department="A", **how)


def money(root, *names):
    snapshot = Store(root).snapshot()
    chosen = [measures()[name] for name in names]
    found = read_all(chosen, DuckEngine(snapshot), snapshot, 2021, date(2021, 12, 31))
    return [found[name, "A", None].value for name in names]


@pytest.mark.parametrize("kind", ["退款", "冲销", "红字更正", "退回", "冲正", "红字"])
@pytest.mark.parametrize("written", ["500", "-500", "(500)", "（500）", "－500", "500元", "0.05万元"])
def test_a_refund_counts_negative_however_it_is_written(root, kind, written):
    done = put(root, PAID, "V1,甲,支付,2000,2021-03-01", f"V2,甲,{kind},{written},2021-04-01")
    assert done.batch and not done.errors
    (row,) = (r for r in browse(Store(root).snapshot(), PAYMENTS, "A").rows if r.values[0] == "V2")
    assert row.values[2] == Decimal(-500) and money(root, "paid") == [1500]
    turned = written not in ("-500", "(500)", "（500）", "－500")
    said = "“支付类型”是退款、冲销、红字更正的，“支付金额”按负数计：第 3 行"
    assert (said in done.notes) == turned


def test_a_cut_of_the_budget_is_taken_off_and_the_execution_rate_with_it(root):
    lines = ("甲,年初批复,1000,2021-01-05", "甲,追加,200,2021-03-01", "甲,调减,400,2021-06-01")
    put(root, BUDGET, *lines, "甲,核减,-100,2021-07-01")
    put(root, PAID, "V1,甲,支付,750,2021-05-01", "V2,甲,退款,50,2021-06-01", "V3,甲,,-0,2021-06-02")
    assert money(root, "budget_initial", "budget_adjusted", "paid") == [1000, 700, 700]


def test_a_sign_that_contradicts_its_kind_is_an_error_and_one_without_a_kind_is_told(root):
    done = put(root, PAID, "V1,甲,支付,-10,2021-03-01", "V2,甲,,-20,2021-03-01", "V3,甲,,30,2021-03-01")
    assert done.batch is None and [(e.row, e.column, e.value, e.message) for e in done.errors] == [
        (2, "支付金额", "-10", "是负数，“支付类型”却是支付；减少的应写 退款、冲销、红字更正"),
    ]
    head = "凭证号,项目名称,支付金额,支付日期"
    done = put(root, head, "V1,甲,10,2021-03-01", "V2,甲,-4,2021-03-01")
    assert "“支付金额”是负数而没有写“支付类型”，按减少计：第 3 行" in done.batch.notes
    assert money(root, "paid") == [6]
    done = put(root, BUDGET, "甲,年初批复,-5,2021-01-05", "甲,追加,-5,2021-02-05", "甲,调减,-5,2021-03-05")
    assert [e.row for e in done.errors] == [2, 3]


def test_a_spelling_of_a_kind_that_is_only_proposed_turns_the_sign_too(root):
    lines = ("V1,甲,支付,100,2021-03-01", "V2,甲,退款（多付）,30,2021-04-01")
    asked = put(root, PAID, *lines, agreed=False)
    assert asked.batch is None and [q.kind for q in asked.questions] == ["values"]
    put(root, PAID, *lines, agreed=asked.asked)
    assert money(root, "paid") == [70]


def test_a_file_without_kinds_does_not_make_a_refund_a_payment(root):
    put(root, PAID, "V1,甲,支付,100,2021-03-01", "V2,甲,退款,50,2021-04-01")
    head = "凭证号,项目名称,支付金额,支付日期"
    with pytest.raises(ZhunshengError, match=r"ZS-EV-65.*支付类型.*第 3 行（退款）"):
        put(root, head, "V1,甲,100,2021-03-01", "V2,甲,50,2021-04-01")
    assert money(root, "paid") == [50] and Store(root).head[0] == 1
    put(root, PAID, "V1,甲,支付,100,2021-03-01", "V2,甲,退款,60,2021-04-01")
    assert money(root, "paid") == [40]


def test_signs_are_data_and_name_kinds_that_are_there():
    assert {name for name, ledger in ledgers().items() if ledger.signs} == {"payments", "budgets"}
    said = BUDGETS.model_dump()
    for wrong in ({"by": "nothing"}, {"of": "nothing"}, {"negative": ["没有的"]}):
        with pytest.raises(ValueError, match="signs"):
            Ledger.model_validate({**said, "signs": {**said["signs"], **wrong}})
