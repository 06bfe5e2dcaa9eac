"""Rows taken out of a ledger with a reason: a batch of its own, told, undone, never a disappearance."""

from __future__ import annotations

import json
import shutil
from datetime import date

import openpyxl
import pytest

from agreed import import_ledger
from zhunsheng.cli import main
from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence import Store, browse, ledger_of
from zhunsheng.evidence.privacy import Cipher
from zhunsheng.evidence.removing import removed_rows
from zhunsheng.measures import DuckEngine, measures, read_all
from zhunsheng.usecases.removing import remove_rows

COMPLAINTS, PAYMENTS, BUDGETS = map(ledger_of, ("complaints", "payments", "budgets"))
HEAD = "编号,类型,收到日期,办结日期,诉求人"
ROWS = (
    "T1,举报,2021-03-01,2021-03-05,甲",
    "T2,举报,2021-03-02,,乙",
    "T3,举报,2021-03-03,2021-03-09,丙",
    "T4,举报,2021-03-04,,丁",
)
KEY = "k" * 40


def put(root, lines, head=HEAD, **how):
    path = root.parent / f"{len(list(root.parent.iterdir()))}.csv"
    path.write_text("\n".join([head, *lines]) + "\n", "utf8")
    return import_ledger(root, path, department="A", **how)


def numbers(store, **when):
    return sorted(r.values[0] for r in browse(store.snapshot(**when), COMPLAINTS, "A").rows)


def closure(store, **when):
    """Return reports closed and received, as the closure rate counts them."""
    snapshot = store.snapshot(**when)
    found = read_all(
        [measures()["report_closure_rate"]], DuckEngine(snapshot), snapshot, 2021, date(2021, 12, 31)
    )
    return next(((r.numerator, r.denominator) for r in found.values()), None)


def remove(root, *keys, ledger=COMPLAINTS, reason="重复录入", department="A", **how):
    return remove_rows(root, ledger, list(keys), reason, department=department, **how)


def gone(store, **how):
    with store.reading() as index:
        return removed_rows(index, COMPLAINTS, "A", **how)


@pytest.fixture
def root(tmp_path):
    return tmp_path / "store"


def test_a_removal_is_a_batch_with_its_reason_and_undone_the_rows_return(root):
    put(root, ROWS)
    store = Store(root)
    assert closure(store) == (2, 4)
    made = remove(root, "T2", " T3 ", reason=" 与 12345 平台重复 ", who="张三")
    assert (made.batch, made.removes, made.rows, made.who, made.file) == (
        2,
        "与 12345 平台重复",
        2,
        "张三",
        "删除 2 行",
    )
    assert numbers(store) == ["T1", "T4"] and closure(store) == (1, 2)
    assert store.verify() == [] and [b.removes for b in store.batches()] == [None, "与 12345 平台重复"]
    # Every earlier state stays as it was.
    assert numbers(store, batch=1) == ["T1", "T2", "T3", "T4"] and closure(store, batch=1) == (2, 4)
    rows, count = gone(store)
    assert count == 2 and [(r.values[0], r.by.batch, r.batch, r.row) for r in rows] == [
        ("T2", 2, 1, 3),
        ("T3", 2, 1, 4),
    ]
    assert rows[0].values[COMPLAINTS.columns.index(COMPLAINTS.column("complainant"))] == "乙**"
    undone = store.undo(2)
    assert (undone.undoes, undone.rows, undone.updated) == (2, 2, 2)
    assert numbers(store) == ["T1", "T2", "T3", "T4"] and closure(store) == (2, 4)
    assert gone(store) == ((), 0) and store.verify() == []
    # They are of the batch that brought them, as if nothing had been.
    assert {r.batch for r in browse(store.snapshot(), COMPLAINTS, "A").rows} == {1}
    with pytest.raises(ZhunshengError, match="ZS-EV-12"):
        store.undo(2)


def test_a_removal_binds_the_file_of_what_it_took_out(root):
    put(root, ROWS)
    remove(root, "T2")
    store = Store(root)
    (kept,) = (root / "removed").iterdir()
    copy = root.parent / "copy"
    shutil.copytree(root, copy)
    kept.write_bytes(kept.read_bytes()[:-1] + b"x")
    assert store.verify() == ["批次 2 的文件被改动：removed/000002.parquet"]
    kept.unlink()
    assert store.verify() == ["批次 2 的文件丢失：removed/000002.parquet"]
    with pytest.raises(ZhunshengError, match="ZS-EV-11"):
        store.undo(2)
    record = copy / "batches" / "000002.json"
    record.write_text(record.read_text("utf8").replace("重复录入", "录入重复"), "utf8")
    (copy / "index.sqlite").unlink()
    assert any("批次 2 的记录被改动" in said for said in Store(copy).verify())


def test_a_row_imported_again_is_new_and_says_so(root):
    put(root, ROWS)
    remove(root, "T1", reason="误录")
    remove(root, "T2", reason="不属本局")
    done = put(root, ("T1,举报,2021-03-01,2021-03-05,甲", "T4,举报,2021-03-04,,丁"))
    assert (done.batch.inserted, done.batch.updated) == (1, 0)
    assert done.batch.notes == ("1 行曾在批次 2 删除（误录），现作为新行导入",)
    store = Store(root)
    assert numbers(store) == ["T1", "T3", "T4"] and [r.values[0] for r in gone(store)[0]] == ["T2"]
    (row,) = (r for r in browse(store.snapshot(), COMPLAINTS, "A").rows if r.values[0] == "T1")
    assert row.batch == 4
    # What stands there is no row that comes back, and the same file once more is none either.
    assert put(root, ("T1,举报,2021-03-01,2021-03-06,甲",)).batch.notes == ()
    # The whole first file again is no file that was imported already: one of its rows is not there.
    again = put(root, ROWS)
    assert again.new and again.batch.notes == ("1 行曾在批次 3 删除（不属本局），现作为新行导入",)
    # A column that a file lacks is empty of a row that comes back: what was taken out says nothing any more.
    remove(root, "T3")
    put(root, ("T3,举报,2021-03-03",), head="编号,类型,收到日期")
    (row,) = (r for r in browse(store.snapshot(), COMPLAINTS, "A").rows if r.values[0] == "T3")
    assert row.values[COMPLAINTS.columns.index(COMPLAINTS.column("closed_on"))] is None


def test_what_is_left_of_removals_and_imports_counts_in_whatever_order_they_are_undone(root):
    put(root, ROWS[:2])  # 1
    remove(root, "T1")  # 2
    put(root, ("T1,举报,2021-03-01,2021-03-09,甲",))  # 3
    store = Store(root)
    store.undo(2)  # 4: batch 3 said the last word of T1
    closed = COMPLAINTS.columns.index(COMPLAINTS.column("closed_on"))

    def row(**when):
        found = [r for r in browse(store.snapshot(**when), COMPLAINTS, "A").rows if r.values[0] == "T1"]
        return [(str(r.values[closed]), r.batch) for r in found]

    assert row() == [("2021-03-09", 3)]
    store.undo(3)  # 5
    assert row() == [("2021-03-05", 1)] and store.verify() == []
    remove(root, "T1")  # 6
    store.undo(1)  # 7: what would be taken back is not there
    assert numbers(store) == []
    store.undo(6)  # 8: nor has the removal left anything to return
    assert numbers(store) == [] and store.verify() == []
    assert row(batch=6) == [] and row(batch=5) == [("2021-03-05", 1)]


def test_all_or_none_with_a_reason_by_keys_that_are_there(root):
    put(root, ROWS)
    for keys, reason, code in (
        (["T1", "T9"], "x", "ZS-EV-60"),
        (["T1"], " \n", "ZS-EV-61"),
        (["T1,举报"], "x", "ZS-EV-62"),
        ([""], "x", "ZS-EV-62"),
        (["T1", "T1"], "x", "ZS-EV-63"),
        (["=T1"], "x", "ZS-EV-60"),
    ):
        with pytest.raises(ZhunshengError, match=code):
            remove(root, *keys, reason=reason)
    with pytest.raises(ZhunshengError, match="ZS-EV-60"):
        remove(root, "T1", department="B")
    assert Store(root).head[0] == 1 and not (root / "removed").exists()


def test_keys_of_several_columns_and_a_file_of_keys(root, tmp_path):
    head = "项目名称,项目编码,变动类型,金额,批复日期"
    put(root, ("甲,P1,年初批复,100,2021-01-05", "乙,,追加,50,2021-05-06"), head=head)
    paid = ("V1,甲,10,2021-03-01", "V1,乙,20,2021-03-01", '"V,2",甲,30,2021-03-02')
    put(root, paid, head="凭证号,项目名称,支付金额,支付日期")
    remove(root, "甲,P1,2021年1月5日,年初批复", ledger=BUDGETS)
    remove(root, "乙,,2021-05-06,追加", ledger=BUDGETS)
    remove(root, '"V,2",甲', ledger=PAYMENTS)
    store = Store(root)
    assert browse(store.snapshot(), BUDGETS, "A").total == 0
    assert {r.values[:2] for r in browse(store.snapshot(), PAYMENTS, "A").rows} == {
        ("V1", "甲"),
        ("V1", "乙"),
    }
    book = openpyxl.Workbook()
    for row in (("项目", "凭证编号", "备注"), ("乙", "V1", "重复")):
        book.active.append(row)
    book.save(tmp_path / "keys.xlsx")
    made = remove_rows(root, PAYMENTS, tmp_path / "keys.xlsx", "重复支付", department="A")
    assert made.rows == 1 and browse(store.snapshot(), PAYMENTS, "A").total == 1
    assert store.verify() == []


def test_encrypted_rows_are_kept_as_they_stood_and_return_so(root):
    cipher = Cipher(KEY)
    put(root, ROWS, cipher=cipher)
    store = Store(root, cipher)
    before = browse(store.snapshot(), COMPLAINTS, "A", cipher=cipher)
    remove(root, "T1", cipher=cipher)
    assert "甲".encode() not in b"".join(p.read_bytes() for p in (root / "removed").iterdir())
    column = COMPLAINTS.columns.index(COMPLAINTS.column("complainant"))
    assert gone(store, personal=True, cipher=cipher)[0][0].values[column] == "甲"
    store.undo(2)
    assert browse(store.snapshot(), COMPLAINTS, "A", cipher=cipher) == before


@pytest.mark.parametrize("where", ["before the commit", "after it"])
def test_killed_at_any_moment_a_removal_is_there_whole_or_not_at_all(root, monkeypatch, where):
    put(root, ROWS)
    from zhunsheng.evidence import commits
    from zhunsheng.evidence.batches import recover

    class Killed(BaseException):
        pass

    def die(*a, **k):
        raise Killed

    with monkeypatch.context() as patched:
        if where == "before the commit":
            patched.setattr(commits, "take_back", die)
        else:
            calls = []
            patched.setattr(
                "zhunsheng.evidence.store.recover",
                lambda index: calls.append(1) or (die() if len(calls) > 1 else recover(index)),
            )
            # Who is killed takes nothing back.
            patched.setattr("zhunsheng.evidence.store.mirror.discard", lambda index: None)
        with pytest.raises(Killed):
            remove(root, "T2")
    store = Store(root)
    there = ["T1", "T3", "T4"] if where == "after it" else ["T1", "T2", "T3", "T4"]
    assert numbers(store) == there and store.verify() == []
    if where == "after it":
        assert (store.batches()[-1].removes, store.batches()[-1].rows) == ("重复录入", 1)
    put(root, ("T5,举报,2021-03-04,,丁",))
    assert numbers(store) == [*there, "T5"] and store.verify() == []


def test_the_command_removes_by_keys_and_by_a_file(root, tmp_path, capsys):
    put(root, ROWS)

    def run(*words):
        with pytest.raises(SystemExit) as ended:
            main(["ledger", *words, "--store", str(root)])
        said = capsys.readouterr()
        return ended.value.code, said.out, said.err

    code, out, _ = run("remove", "投诉举报台账", "T1", "--reason", "误录")
    assert code == 0 and out == "已删除 投诉举报台账 1 行：第 2 批次，原因：误录\n"
    keys = tmp_path / "keys.csv"
    keys.write_text("编号\nT2\nT3\n", "utf8")
    code, out, _ = run(
        "remove", "complaints", "--keys", str(keys), "--reason", "并案", "--who", "李四", "--json"
    )
    said = json.loads(out)
    assert code == 0 and (said["removes"], said["rows"], said["who"]) == ("并案", 2, "李四")
    code, out, _ = run("log", "--json")
    assert code == 0 and [b.get("removes") for b in json.loads(out)] == [None, "误录", "并案"]
    assert numbers(Store(root)) == ["T4"]
    for words, said in (
        (("remove", "complaints", "--reason", "x"), "ZS-CL-01"),
        (("remove", "complaints", "T4", "--keys", str(keys), "--reason", "x"), "ZS-CL-01"),
        (("remove", "complaints", "T4"), "ZS-EV-61"),
        (("remove", "complaints", "T1", "--reason", "x"), "ZS-EV-105"),
        (("remove", "complaints", "T9", "--reason", "x"), "ZS-EV-60"),
    ):
        code, _, err = run(*words)
        assert code == 2 and said in err, words
    keys.write_text("编号\nT4\nT4\n", "utf8")
    code, _, err = run("remove", "complaints", "--keys", str(keys), "--reason", "并案")
    assert code == 2 and "ZS-EV-63" in err and "重复" in err
    assert run("undo", "3")[0] == 0 and numbers(Store(root)) == ["T2", "T3", "T4"]
