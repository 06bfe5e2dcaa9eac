"""Known rows get where money is from, its year, a question: asked about, and never counted twice."""

from __future__ import annotations

from datetime import date
from itertools import permutations

import pytest

from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence import Store, browse, ledgers
from zhunsheng.measures import DuckEngine, measures, read_all
from zhunsheng.measures.kept import Kept
from zhunsheng.usecases import importing
from zhunsheng.usecases.removing import remove_rows

PLAIN = "项目名称,项目编码,变动类型,金额,批复日期,公开日期"
SOURCED = "项目名称,项目编码,变动类型,金额,批复日期,预算年度,资金来源"
FIRST = ("治理经费,P1,年初批复,900000,2021-01-18,2021-02-01", "治理经费,P1,追加,50000,2021-06-01,")
FULL = (
    "治理经费,P1,年初批复,900000,2021-01-18,2021,财政拨款",
    "治理经费,P1,追加,50000,2021-06-01,2021,上年结转",
)


@pytest.fixture
def root(tmp_path):
    return tmp_path / "store"


def put(root, head, *lines, **said):
    path = root.parent / f"{len(list(root.parent.iterdir()))}.csv"
    path.write_text("\n".join([head, *lines]) + "\n", "utf8")
    return importing.import_ledger(root, path, department="A1", label="甲局", **said)


def stand(root):
    rows = browse(Store(root).snapshot(), ledgers()["budgets"], "A1").rows
    columns = [c.name for c in ledgers()["budgets"].columns]
    named = [dict(zip(columns, row.values, strict=True)) for row in rows]
    named.sort(key=lambda row: row["adjusted_on"])
    return [(r["source"], r["budget_year"], r["amount"], r["published_on"]) for r in named]


def given(root, kept=None):
    """The adjusted budget of 2021 in yuan, and how much of it is known to be fiscal."""
    snapshot = Store(root).snapshot()
    names = ("budget_adjusted", "budget_adjusted_fiscal")
    asked, day = [measures()[n] for n in names], date(2021, 12, 31)
    found = read_all(asked, DuckEngine(snapshot), snapshot, 2021, day, kept=kept)
    return tuple(found[n, "A1", None].value if (n, "A1", None) in found else None for n in names)


def test_a_source_added_is_asked_about_and_no_amount_is_doubled(root):
    kept = Kept()  # what is remembered of earlier answers knows the rows by their files
    put(root, PLAIN, *FIRST)
    assert given(root) == given(root, kept) == (950_000, 0)
    asked = put(root, SOURCED, *FULL)
    (question,) = asked.questions
    assert asked.batch is None and question.text == "2 行台账里已有，没有填资金来源、预算年度，文件补填了"
    assert [(c.row, c.column, c.before, c.after) for c in question.changes] == [
        (2, "资金来源", "", "财政拨款"),
        (2, "预算年度", "", "2021"),
        (3, "资金来源", "", "上年结转"),
        (3, "预算年度", "", "2021"),
    ]
    # Both rows are known: none is new.
    assert (asked.account.fates["known"], asked.account.fates["fresh"]) == (2, 0)
    done = put(root, SOURCED, *FULL, agreed=asked.asked)
    assert (done.batch.inserted, done.batch.updated) == (0, 2)
    # What the file does not speak of stays: the day of publication.
    assert stand(root) == [("财政拨款", 2021, 900_000, date(2021, 2, 1)), ("上年结转", 2021, 50_000, None)]
    assert given(root) == given(root, kept) == (950_000, 900_000)
    assert Store(root).verify() == []
    # Said again, nothing is asked or written; said without the source, the row can't be told.
    assert put(root, SOURCED, *FULL).new is False
    with pytest.raises(ZhunshengError, match=r"ZS-EV-25.*没有填资金来源"):
        put(root, PLAIN, *FIRST)


def test_undoing_gives_back_the_row_as_it_was_in_whatever_order(root):
    put(root, PLAIN, *FIRST)
    put(root, SOURCED, *FULL, agreed=True)
    put(root, SOURCED, FULL[0].replace("900000", "800000"), agreed=True)
    store = Store(root)
    assert given(root) == (850_000, 800_000)
    # The row without its source may not return beside the one that has it: 900,000 + 800,000.
    with pytest.raises(ZhunshengError, match=r"ZS-EV-100.*治理经费 P1.*批次 3"):
        store.undo(2)
    assert given(root) == (850_000, 800_000)
    store.undo(3)
    # Of what the third batch did not speak the second still says what it found.
    assert stand(root) == [("财政拨款", 2021, 900_000, date(2021, 2, 1)), ("上年结转", 2021, 50_000, None)]
    store.undo(2)
    assert stand(root) == [(None, None, 900_000, date(2021, 2, 1)), (None, None, 50_000, None)]
    assert given(root) == (950_000, 0) and store.verify() == []
    assert put(root, SOURCED, *FULL, agreed=True).batch.updated == 2
    store.undo(1)
    assert given(root) == (950_000, 900_000)


@pytest.mark.parametrize("order", list(permutations((1, 2, 3))))
def test_no_order_of_undoing_counts_a_row_twice(tmp_path, order):
    root = tmp_path / "store"
    put(root, PLAIN, FIRST[0])
    put(root, SOURCED, FULL[0], agreed=True)
    put(root, SOURCED, FULL[0].replace("900000", "800000"), agreed=True)
    store = Store(root)
    for number in order:
        try:
            store.undo(number)
        except ZhunshengError as error:
            assert error.code == "ZS-EV-100"
        assert given(root)[0] in (None, 800_000, 900_000)
    assert store.verify() == []


def test_of_two_rows_nobody_says_which_is_added_to(root):
    put(root, PLAIN, FIRST[0])
    # 900,000 split between two sources is not one row that gets its source.
    split = (
        FULL[0].replace("900000", "800000"),
        FULL[0].replace("900000,", "100000,").replace("财政拨款", "其他"),
    )
    with pytest.raises(ZhunshengError, match=r"ZS-EV-25.*资金来源是 财政拨款.*没有填资金来源"):
        put(root, SOURCED, *split, agreed=True)
    # A code is no addition: a project without one may be another.
    with pytest.raises(ZhunshengError, match="ZS-EV-25"):
        put(root, SOURCED, FULL[0].replace(",P1,", ",,"), agreed=True)
    assert given(root) == (900_000, 0)


def test_another_amount_is_asked_about_besides(root):
    put(root, PLAIN, FIRST[0])
    asked = put(root, SOURCED, FULL[0].replace("900000", "800000"))
    assert [q.kind for q in asked.questions] == ["identity", "adopted"]
    assert [(c.before, c.after) for c in asked.questions[0].changes] == [("900000.00", "800000.00")]
    kept = put(
        root,
        SOURCED,
        FULL[0].replace("900000", "800000"),
        FULL[1],
        answers={"identity": "update", "adopted": "aside"},
    )
    # The row put aside stays as it was; the new one is in.
    assert (kept.batch.inserted, kept.batch.updated, kept.batch.rejected) == (1, 0, 1)
    assert stand(root) == [(None, None, 900_000, date(2021, 2, 1)), ("上年结转", 2021, 50_000, None)]


def test_a_question_added_to_an_answer_is_asked_about(root):
    head = "答卷编号,调查批次,受访群体,题目,回答,答卷日期"
    put(root, head.replace("题目,", ""), "A1,上半年,企业,满意,2021-06-01", "A2,上半年,企业,不满意,2021-06-01")
    lines = ("A1,上半年,企业,窗口服务,满意,2021-06-01", "A2,上半年,企业,窗口服务,不满意,2021-06-01")
    asked = put(root, head, *lines)
    assert [(c.key, c.column, c.before, c.after) for q in asked.questions for c in q.changes] == [
        ("A1 窗口服务", "题目", "", "窗口服务"),
        ("A2 窗口服务", "题目", "", "窗口服务"),
    ]
    assert put(root, head, *lines, agreed=True).batch.updated == 2
    snapshot = Store(root).snapshot()
    found = read_all([measures()["satisfaction"]], DuckEngine(snapshot), snapshot, 2021, date(2021, 12, 31))
    # One of two, not two of four.
    assert (found["satisfaction", "A1", None].value, found["satisfaction", "A1", None].people) == (50, 2)


def test_a_payment_gets_its_year_and_source_by_a_yes(root):
    head = "凭证号,项目名称,支付金额,支付日期"
    put(root, head, "V1,治理经费,60000,2021-01-20")
    asked = put(root, f"{head},预算年度,资金来源", "V1,治理经费,60000,2021-01-20,2020,上年结转")
    assert [(c.column, c.after) for q in asked.questions for c in q.changes] == [
        ("资金来源", "上年结转"),
        ("预算年度", "2020"),
    ]
    done = put(root, f"{head},预算年度,资金来源", "V1,治理经费,60000,2021-01-20,2020,上年结转", agreed=True)
    assert (done.batch.inserted, done.batch.updated) == (0, 1)


def test_a_row_removed_does_not_return_beside_the_one_that_took_its_place(root):
    put(root, PLAIN, FIRST[0])
    path = root.parent / "keys.csv"
    path.write_text(
        "项目名称,项目编码,批复日期,变动类型,资金来源\n治理经费,P1,2021-01-18,年初批复,\n", "utf8"
    )
    remove_rows(root, ledgers()["budgets"], path, department="A1", reason="重复")
    put(root, SOURCED, FULL[0], agreed=True)
    with pytest.raises(ZhunshengError, match="ZS-EV-100"):
        Store(root).undo(2)
    assert given(root) == (900_000, 900_000)
