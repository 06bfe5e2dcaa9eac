"""Before a file is imported: what it would change cell by cell, and its own sums beside its rows."""

from __future__ import annotations

from zhunsheng.usecases.importing import import_ledger

HEAD = "登记编号,类别,收到日期,办结日期,承办科室,诉求人\n"
PAID = "凭证号,项目名称,支付金额,支付日期\n"


def put(root, name, text, **options):
    path = root.parent / name
    path.write_text(text, "utf8")
    return import_ledger(root, path, department="A1", label="甲局", marked_in=root.parent, **options)


def test_all_rows_that_would_change_are_listed_cell_by_cell(tmp_path):
    root = tmp_path / "store"
    rows = [f"T{n},举报,2021-03-01,,一科,张三\n" for n in range(60)]
    put(root, "a.csv", HEAD + "".join(rows))
    changed = [f"T{n},举报,2021-03-01,2021-03-{n % 28 + 1:02d},二科,李四\n" for n in range(50)]
    clearing = "T50,举报,2021-03-01,,,张三\n"
    waiting = put(root, "b.csv", HEAD + "".join([*changed, clearing, *rows[51:], "T60,举报,2021-03-01,,,\n"]))
    assert waiting.batch is None and waiting.preview.rows == 51
    cells = [(c.row, c.column, c.before, c.after) for c in waiting.preview.changes]
    assert cells[:2] == [(2, "办结日期", "", "2021-03-01"), (2, "承办科室", "一科", "二科")]
    assert cells[-1] == (52, "承办科室", "一科", "") and len(cells) == 101
    assert not any("李四" in cell or "诉求人" in cell for cell in map(str, cells))
    done = put(root, "b.csv", (tmp_path / "b.csv").read_text("utf8"), agreed=True)
    assert done.batch.updated == 51 and done.preview.rows == 0
    assert done.as_json()["preview"] == {"rows": 0, "changes": ()}


def test_a_file_that_is_refused_for_some_rows_says_what_the_others_would_change(tmp_path):
    root = tmp_path / "store"
    put(root, "a.csv", HEAD + "T1,举报,2021-03-01,,一科,\nT2,举报,2021-03-01,,一科,\n")
    done = put(root, "b.csv", HEAD + "T1,举报,2021-03-01,2021-03-05,一科,\nT2,举报,3月,,一科,\n")
    assert done.batch is None and done.bad_rows == 1
    assert [(c.key, c.column, c.after) for c in done.preview.changes] == [("T1", "办结日期", "2021-03-05")]


def test_a_sum_that_a_file_states_is_taken_apart_into_good_and_refused_rows(tmp_path):
    rows = "P1,甲,100,2021-03-01\nP2,甲,150.50,2021-03-02\nP3,甲,50,3月\n合计,,300.5,\n"
    done = put(tmp_path / "store", "a.csv", PAID + rows, good_rows=True)
    (one,) = done.as_json()["account"]["sums"]
    assert one == {
        "sheet": None,
        "row": 5,
        "column": "支付金额",
        "stated": "300.5",
        "good": "250.5",
        "refused": "50",
        "apart": "0",
    }
    done = put(tmp_path / "other", "a.csv", PAID + rows.replace("300.5", "400"), good_rows=True)
    (one,) = done.as_json()["account"]["sums"]
    assert (one["stated"], one["apart"]) == ("400", "99.5") and done.questions
