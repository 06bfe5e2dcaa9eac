"""What changed between two states of the evidence: rows, cells, readings and scores."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import openpyxl
import pytest

from agreed import import_ledger
from zhunsheng.cli import main
from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence import Store, ledger_of
from zhunsheng.usecases.differing import MovedReading, difference, state_of
from zhunsheng.usecases.opened_evidence import Evidence
from zhunsheng.usecases.removing import remove_rows

COMPLAINTS = ledger_of("complaints")
HEAD = "编号,类型,收到日期,办结日期,诉求人"
END = date(2021, 12, 31)


def put(root, lines, when, head=HEAD, department="A"):
    path = root.parent / f"{len(list(root.parent.iterdir()))}.csv"
    path.write_text("\n".join([head, *lines]) + "\n", "utf8")
    return import_ledger(root, path, department=department, when=when)


@pytest.fixture
def root(tmp_path):
    """Batch 1 on the 1st, 2 on the 2nd at 20:00 UTC (the 3rd in Beijing), a removal (3) on the 5th."""
    root = tmp_path / "store"
    rows = ("T1,举报,2021-03-01,2021-03-05,甲", "T2,举报,2021-03-02,,乙", "T3,举报,2021-03-03,,丙")
    put(root, rows, datetime(2021, 11, 1, 1, tzinfo=UTC))
    put(
        root,
        ("T2,举报,2021-03-02,2021-03-20,李四", "T4,举报,2021-03-04,,丁"),
        datetime(2021, 11, 2, 20, tzinfo=UTC),
    )
    when = datetime(2021, 11, 5, 1, tzinfo=UTC)
    remove_rows(root, COMPLAINTS, ["T3"], "并案", department="A", when=when)
    return root


def told(root, first, second, **how):
    store = Store(root)
    before, after = (Evidence.of(store, batch=state_of(store, str(n))) for n in (first, second))
    return difference(before, after, END, year=2021, **how)


def test_rows_are_new_changed_or_no_more_each_with_its_cells_and_place(root):
    found = told(root, 1, 3)
    (one,) = found.ledgers
    assert one.counts == {"new": 1, "changed": 1, "removed": 1}
    said = {
        (r.kind, r.key, r.batch, r.row): [(c.column, str(c.before), str(c.after)) for c in r.cells]
        for r in one.rows
    }
    assert said["changed", "T2", 2, 2] == [
        ("办结日期", "None", "2021-03-20"),
        ("诉求人", "乙**", "李**"),
    ]
    assert said["removed", "T3", 1, 4][0] == ("投诉举报编号", "T3", "None") or said["removed", "T3", 1, 4]
    assert {kind for kind, *_ in said} == {"new", "changed", "removed"} and ("new", "T4", 2, 3) in said
    assert [b.batch for b in found.batches] == [2, 3]
    # Two of three were open, then one of three: 1/3 -> 2/3.
    (moved,) = (r for r in found.readings if r.measure == "report_closure_rate")
    assert moved == MovedReading("report_closure_rate", moved.name, "A", None, "33.33%", "66.67%")
    # The other way round everything is the other way round.
    (back,) = told(root, 3, 1).ledgers
    assert back.counts == one.counts and {r.key for r in back.rows if r.kind == "new"} == {"T3"}
    assert told(root, 2, 2).ledgers == () and told(root, 2, 2).readings == ()


def test_only_what_is_asked_for_is_compared(root):
    put(root, ("X1,举报,2021-03-01,,戊",), datetime(2021, 11, 6, tzinfo=UTC), department="B")
    assert told(root, 3, 4, department="A").ledgers == ()
    (one,) = told(root, 3, 4, department="B").ledgers
    assert [(r.key, r.department) for r in one.rows] == [("X1", "B")]
    assert told(root, 0, 4, among=[ledger_of("payments")]).ledgers == ()
    (one,) = told(root, 0, 4, limit=2).ledgers
    assert one.counts["new"] == 4 and len(one.rows) == 2


def test_a_state_is_a_batch_a_day_or_a_time_inclusive_in_the_offices_zone(root):
    store = Store(root)
    for text, batch in (
        ("0", 0),
        ("2", 2),
        ("2021-11-02", 1),
        ("2021-11-03", 2),
        ("2021-11-03T04:00:00", 2),
        ("2021-11-03T03:59:59", 1),
        ("2021-11-02T20:00:00+00:00", 2),
        ("2020-01-01", 0),
    ):
        assert state_of(store, text) == batch, text
    for text, code in (("9", "ZS-EV-05"), ("昨天", "ZS-EV-64"), ("", "ZS-EV-64"), ("2021-02-30", "ZS-EV-64")):
        with pytest.raises(ZhunshengError, match=code):
            state_of(store, text)


def test_the_command_prints_tells_as_json_and_writes_a_workbook(root, tmp_path, capsys):
    def run(*words):
        with pytest.raises(SystemExit) as ended:
            main(["ledger", "diff", *words, "--store", str(root), "--as-of", "2021-12-31"])
        return ended.value.code, capsys.readouterr().out

    code, out = run("1", "2021-11-05")
    assert code == 0 and "从第 1 批次到第 3 批次，其间 2 个批次" in out and "删除 1 行：并案" in out
    assert "新增 1 行，有变化 1 行，不再有 1 行" in out and "33.33%" in out and "66.67%" in out
    code, out = run("1", "3", "--json")
    said = json.loads(out)
    assert (said["before"]["batch"], said["after"]["batch"]) == (1, 3)
    assert said["ledgers"][0]["counts"] == {"new": 1, "changed": 1, "removed": 1}
    assert {"measure", "before", "after"} <= set(said["readings"][0])
    code, out = run("1", "3", "--output", str(tmp_path / "变化.xlsx"))
    book = openpyxl.load_workbook(tmp_path / "变化.xlsx")
    assert book.sheetnames == ["批次", "行的变化", "读数的变化"]
    rows = [r for r in book["行的变化"].iter_rows(min_row=2, values_only=True) if r[3] == "T2"]
    assert [r[2:7] for r in rows] == [
        ("有变化", "T2", "办结日期", "", "2021-03-20"),
        ("有变化", "T2", "诉求人", "乙**", "李**"),
    ]
    assert run("3", "3")[1].endswith("行没有变化。\n")


def test_scores_that_moved_are_told_where_targets_are_given(root, real, capsys):
    with pytest.raises(SystemExit):
        words = ("ledger", "diff", "1", "3", "--store", str(root), "--as-of", "2021-12-31", "--json")
        main([*words, "--targets", str(real)])
    said = json.loads(capsys.readouterr().out)
    assert any("办结率" in (s["indicator"] or "") for s in said["scores"]), said["scores"]
