"""What is computed after an import is what a full computation says, and only what the import touched."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum.cn import uscc

from agreed import import_ledger
from zhunsheng.evidence import Store, commits, ledgers
from zhunsheng.measures import DuckEngine, SparkEngine, catalogue, read_all
from zhunsheng.measures.compiling import Rows
from zhunsheng.measures.course import read_courses
from zhunsheng.measures.kept import Asked, Kept, put_together
from zhunsheng.measures.reading import evidence_rows

END = date(2021, 12, 31)
HEADS = {
    "市场主体": "统一社会信用代码,名称,主体类型,成立日期,食品生产许可",
    "年报": "统一社会信用代码,年报年度,报送日期",
    "支出": "凭证号,项目名称,支付金额,支付日期",
    "投诉举报": "登记编号,类别,收到日期,办结日期",
    "检查": "任务编号,统一社会信用代码,检查方式,检查事项,检查日期",
    "项目进度": "项目名称,环节,计划完成日期,实际完成日期",
}


def code(number):
    stem = f"9113019{number:010d}"
    return stem + uscc.calc_check_digit(stem)


def line(kind, number, turn):
    """A row of a ledger by its number; what it says changes with the turn."""
    day = f"2021-0{turn % 9 + 1}-0{number % 9 + 1}"
    return {
        "市场主体": f"{code(number)},主体{number},{['企业', '个体工商户'][turn % 2]},2019-03-01,是",
        "年报": f"{code(number)},2020,{day}",
        "支出": f"N{number},项目{number % 3},{number + turn},{day}",
        "检查": f"R{number % 3},{code(number)},{['双随机', '专项检查'][turn % 2]},事项,{day}",
        "项目进度": f"项目{number % 3},环节{number},{day},{day if turn % 3 else ''}",
        "投诉举报": f"T{number},{['投诉', '举报'][number % 2]},{day},{'2021-12-20' if turn % 3 else ''}",
    }[kind]


KINDS = list(HEADS)
acts = st.lists(
    st.tuples(
        st.sampled_from(KINDS),
        st.sampled_from(["甲局", "乙局"]),
        st.lists(st.integers(1, 30), min_size=1, max_size=8, unique=True),
        st.integers(0, 20),
    ),
    min_size=1,
    max_size=6,
)


def act(root, n, kind, department, numbers, turn):
    path = root.parent / f"{kind}台账-{n}.csv"
    path.write_text("\n".join([HEADS[kind], *(line(kind, one, turn) for one in numbers)]), "utf8")
    return import_ledger(root, path, department=department)


class Counting:
    """An engine that counts what it is asked."""

    def __init__(self, snapshot):
        self.engine, self.asked = DuckEngine(snapshot), []
        self.dialect, self.over, self.view = self.engine.dialect, self.engine.over, self.engine.view

    def query(self, sql):
        self.asked.append(sql)
        return self.engine.query(sql)


def both(store, kept, departments):
    """The readings and the courses with what is kept, compared with a full computation; the queries."""
    snapshot, chosen = store.snapshot(), list(catalogue().values())
    engine, full = Counting(snapshot), DuckEngine(snapshot)
    ours = read_all(chosen, engine, snapshot, 2021, END, departments=departments, kept=kept)
    asked = list(engine.asked)
    assert ours == read_all(chosen, full, snapshot, 2021, END, departments=departments)
    given = (2021, END, departments or ["甲局", "乙局"])
    assert read_courses(chosen, engine, snapshot, *given, kept) == read_courses(
        chosen, full, snapshot, *given
    )
    return asked


@settings(max_examples=15, deadline=None)
@given(acts, st.data())
def test_readings_after_each_import_are_those_of_a_full_computation(tmp_path_factory, given_acts, data):
    root = tmp_path_factory.mktemp("kept") / "store"
    kept, store = Kept(), Store(root)
    for n, (kind, department, numbers, turn) in enumerate(given_acts):
        act(root, n, kind, department, numbers, turn)
        if data.draw(st.booleans()):
            done = [b for b in store.batches() if b.imports]
            gone = {b.undoes for b in store.batches()}
            if left := [b.batch for b in done if b.batch not in gone]:
                store.undo(data.draw(st.sampled_from(left)))
        if data.draw(st.booleans()):
            store.compact()
        for departments in (["甲局"], ["甲局", "乙局"], None):
            both(store, kept, departments)


def test_only_what_an_import_touched_is_asked_for(tmp_path):
    root, kept = tmp_path / "store", Kept()
    for n, kind in enumerate(KINDS):
        act(root, n, kind, "甲局", range(1, 20), 1)
    store = Store(root)
    first = both(store, kept, ["甲局"])
    # Each ledger with rows is asked, none of the others, and the second time nothing is.
    held = store.snapshot().files
    asked = {n for n in ledgers() if any(f"FROM {n} AS t" in sql for sql in first)}
    assert asked == set(held) - {"annual_reports"}  # in which rows are only looked up
    assert len(held) == len(KINDS) and not both(store, kept, ["甲局"])
    act(root, 10, "支出", "甲局", [40, 41], 2)
    asked = both(store, kept, ["甲局"])
    assert asked and all("payments_some" in sql for sql in asked)  # the new rows alone
    act(root, 11, "支出", "甲局", [1], 3)  # a known row changes: the file it stands in is another
    asked = both(store, kept, ["甲局"])
    assert asked and all("payments_some" in sql for sql in asked)
    act(root, 12, "年报", "甲局", [7], 3)  # what entities are looked up in
    asked = both(store, kept, ["甲局"])
    looked = [sql for sql in asked if "FROM entities AS t" in sql]
    assert looked and all(f"v.credit_code IN ('{code(7)}')" in sql for sql in looked)
    act(root, 13, "市场主体", "甲局", [8], 2)
    asked = [sql for sql in both(store, kept, ["甲局"]) if "FROM entities AS t" in sql]
    assert asked and all(f"v.credit_code IN ('{code(8)}')" in sql for sql in asked)
    act(root, 14, "项目进度", "甲局", [1], 8)  # the latest of days may have been the one that went
    assert any(sql.startswith("SELECT") for sql in both(store, kept, ["甲局"]))


def test_many_changed_rows_are_computed_in_full(tmp_path, monkeypatch):
    monkeypatch.setattr("zhunsheng.measures.kept.MOST_KEYS", 3)
    root, kept = tmp_path / "store", Kept()
    act(root, 0, "市场主体", "甲局", range(1, 20), 1)
    act(root, 1, "年报", "甲局", range(1, 10), 1)
    both(Store(root), kept, ["甲局"])
    act(root, 2, "年报", "甲局", range(10, 19), 1)
    assert any(sql.startswith("SELECT department, NULL") for sql in both(Store(root), kept, ["甲局"]))
    act(root, 3, "市场主体", "甲局", range(1, 9), 2)  # its files are compared as they are
    assert not any(sql.startswith("SELECT department, NULL") for sql in both(Store(root), kept, ["甲局"]))


def test_a_file_that_was_changed_or_is_gone_is_read_again(tmp_path):
    root, kept = tmp_path / "store", Kept()
    act(root, 0, "支出", "甲局", range(1, 20), 1)
    store = Store(root)
    both(store, kept, ["甲局"])
    (path,) = store.snapshot().files["payments"]
    os.utime(path, ns=(1, 1))
    assert both(store, kept, ["甲局"])
    Path(path).rename(tmp_path / "away")
    snapshot = store.snapshot()
    with pytest.raises(Exception, match="ZS-EV-11"):
        read_all([catalogue()["paid"]], DuckEngine(snapshot), snapshot, 2021, END, kept=kept)


def test_what_is_kept_is_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr("zhunsheng.measures.kept.MOST_ROWS", 5)
    root, kept = tmp_path / "store", Kept()
    act(root, 0, "支出", "甲局", range(1, 20), 1)
    both(Store(root), kept, ["甲局"])
    assert sum(len(rows) + 1 for _files, rows in kept._found.values()) <= 5 or len(kept._found) == 1


def test_figures_are_put_together_by_group():
    asked = Asked("", "payments", {}, 1, ["sum", "count", "latest"])
    known = [("a", 2, None, 0, None), ("b", 2, 5, 1, 3)]
    come = [("b", 1, None, 0, 4), ("c", 4, 7, 2, 1)]
    joined = [("a", 2, None, 0, None), ("b", 3, 5, 1, 4), ("c", 4, 7, 2, 1)]
    assert put_together(known, [], come, asked) == joined
    assert put_together(joined, [("b", 1, None, 0, 4)], [], asked) is None  # which day is the latest now?
    asked = Asked("", "payments", {}, 1, ["sum", "count"])
    assert put_together([("b", 2, 5, 1)], [("b", 1, 5, 1)], [], asked) == [
        ("b", 1, None, 0)
    ]  # nought of none
    assert put_together([("b", 2, 5, 1)], [("b", 2, 5, 1)], [], asked) == []
    assert put_together([("b", 2, 5, 1)], [("b", 3, 5, 1)], [], asked) is None
    assert put_together([], [("b", 3, 5, 1)], [], asked) is None


def held(store):
    """What a store says: its batches but for when and in which files, and the rows of its ledgers."""
    snapshot = store.snapshot()
    engine = DuckEngine(snapshot)
    names = [name for name, files in snapshot.files.items() if files]
    rows = {name: sorted(engine.query(f"SELECT * FROM {name}"), key=repr) for name in sorted(names)}
    said = ("ledger", "department", "rows", "inserted", "updated", "rejected", "undoes", "notes")
    return rows, [[getattr(batch, name) for name in said] for batch in store.batches() if not batch.compacts]


@settings(max_examples=4, deadline=None)
@given(acts)
def test_a_few_rows_come_to_what_a_merge_makes_of_them(tmp_path_factory, given_acts):
    stores = []
    for few in (0, commits.FEW):
        root = tmp_path_factory.mktemp("few") / "store"
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(commits, "FEW", few)
            for n, (kind, department, numbers, turn) in enumerate(given_acts):
                act(root, n, kind, department, numbers, turn)
        store = Store(root)
        assert store.verify() == []
        stores.append(store)
    assert held(stores[0]) == held(stores[1])


def test_a_few_changed_rows_rewrite_the_files_they_stand_in(tmp_path):
    root = tmp_path / "store"
    for n in range(3):
        act(root, n, "年报", "甲局", range(10 * n + 1, 10 * n + 9), 1)
    before = {Path(path).name for path in Store(root).snapshot().files["annual_reports"]}
    done = act(root, 3, "年报", "甲局", [1, 2, 19], 2)
    after = {Path(path).name for path in Store(root).snapshot().files["annual_reports"]}
    assert (done.batch.inserted, done.batch.updated) == (1, 2)
    assert len(before & after) == 2 and Store(root).verify() == []
    Store(root).undo(4)
    assert len(held(Store(root))[0]["annual_reports"]) == 24


def test_first_rows_are_those_of_a_search_among_all(tmp_path, monkeypatch):
    root = tmp_path / "store"
    act(root, 0, "市场主体", "甲局", range(1, 30), 2)
    act(root, 1, "市场主体", "乙局", range(1, 9), 2)
    act(root, 2, "年报", "甲局", [3, *range(20, 29)], 1)
    snapshot, measure = Store(root).snapshot(), catalogue()["annual_report_rate_company"]
    for first, files, most in ((1, 8, 0), (4, 8, 0), (25, 8, 0), (25, -1, 3), (25, -1, 24)):
        monkeypatch.setattr("zhunsheng.measures.reading.MANY_FILES", files)
        monkeypatch.setattr("zhunsheng.measures.compiling.FILE_ROWS", most)
        for limit, only in ((2, True), (2, False), (3, None), (20, True)):
            for department in ("甲局", None):
                asked = Rows(limit, only, department)
                monkeypatch.setattr("zhunsheng.measures.reading.FIRST", first)
                ours = evidence_rows(measure, DuckEngine(snapshot), snapshot, 2021, END, asked)
                everything = evidence_rows(
                    measure, DuckEngine(snapshot), snapshot, 2021, END, replace(asked, limit=None)
                )
                assert ours == everything[:limit]


def test_spark_is_asked_for_what_differs_alike(tmp_path, spark):
    root, kept = tmp_path / "store", Kept()
    chosen = [catalogue()["annual_report_rate_company"]]
    acts = [
        ("市场主体", range(1, 9), 2),
        ("年报", range(1, 5), 1),
        ("年报", [1, 6], 8),
        ("市场主体", [2, 9], 1),
    ]
    for n, (kind, numbers, turn) in enumerate(acts):
        act(root, n, kind, "甲局", numbers, turn)
        snapshot = Store(root).snapshot()
        engine = SparkEngine(snapshot, spark)
        theirs = read_all(chosen, engine, snapshot, 2021, END, kept=kept)
        assert theirs == read_all(chosen, DuckEngine(snapshot), snapshot, 2021, END)
