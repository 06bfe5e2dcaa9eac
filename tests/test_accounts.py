"""Every row of a ledger file has a fate that the account names, and what is doubtful waits for a yes."""

from __future__ import annotations

import json

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhunsheng.cli import main
from zhunsheng.evidence import Bounds, Store, check_file, ledger_of
from zhunsheng.usecases.importing import import_ledger

HEAD = "支付凭证号,项目名称,金额,支付日期,收款人"


@pytest.fixture
def store(tmp_path):
    """A store that is not there yet."""
    return tmp_path / "store"


@pytest.fixture
def payments(tmp_path):
    """Return a function that writes a file of payments."""
    count = 0

    def write(*rows, head=HEAD):
        nonlocal count
        count += 1
        file = tmp_path / f"支付{count}.csv"
        file.write_text("\n".join([head, *rows]) + "\n")
        return file

    return write


def test_known_rows_of_another_amount_wait_for_a_yes(store, payments):
    first = import_ledger(store, payments("P1,一期,100,2021-03-01,甲", "P2,一期,200,2021-03-02,乙"))
    assert first.batch.inserted == 2 and first.account.fates["new"] == 2
    file = payments("P1,一期,100,2021-03-01,甲", "P2,一期,250,2021-03-02,乙", "P3,一期,9,2021-03-03,丙")
    asked = import_ledger(store, file)
    assert asked.batch is None and len(Store(store).batches()) == 1
    (question,) = asked.questions
    (change,) = question.changes
    assert (change.row, change.key, change.column) == (3, "P2 一期", "支付金额")
    assert (change.before, change.after) == ("200.00", "250.00")
    # A yes is to what was asked, and to nothing else.
    assert import_ledger(store, file, agreed="0" * 64).batch is None
    done = import_ledger(store, file, agreed=asked.asked)
    assert done.batch.updated == 1 and done.batch.inserted == 1
    assert done.account.told() == [("新增", 1), ("有变化", 1), ("与台账相同", 1)]
    assert any("有疑问：" in note for note in done.batch.notes)


def test_a_yes_is_asked_anew_where_the_ledger_has_moved_since(store, payments):
    import_ledger(store, payments("P1,一期,100,2021-03-01,甲"))
    file = payments("P1,一期,250,2021-03-01,甲")
    asked = import_ledger(store, file).asked
    import_ledger(store, payments("P1,一期,180,2021-03-01,甲"), agreed=True)
    again = import_ledger(store, file, agreed=asked)
    assert again.batch is None and again.questions[0].changes[0].before == "180.00"


def test_values_that_would_be_cleared_wait_and_missing_columns_do_not(store, payments):
    import_ledger(store, payments("P1,一期,100,2021-03-01,甲"))
    asked = import_ledger(store, payments("P1,一期,100,2021-03-01,"))
    assert [q.kind for q in asked.questions] == ["cleared"] and "“收款人”" in asked.questions[0].text
    without = payments("P1,一期,100,2021-03-02", head=HEAD.rpartition(",")[0])
    assert import_ledger(store, without).batch.updated == 1


def test_a_department_that_nobody_knows_waits(store, payments):
    rows = ("城东局,P1,一期,100,2021-03-01,甲", "城西局,P2,一期,100,2021-03-01,甲")
    file = payments(*rows, head=f"部门,{HEAD}")
    asked = import_ledger(store, file, department="D1", label="城东局")
    (question,) = asked.questions
    assert question.rows == 1 and "城西局 1 行" in question.text and asked.batch is None
    known = {"城西局": "D2"}
    assert import_ledger(store, file, department="D1", label="城东局", known=known).batch.inserted == 2


def test_a_sum_that_is_not_of_its_rows_waits(store, tmp_path):
    book = openpyxl.Workbook()
    for row in (
        HEAD.split(","),
        ["P1", "一期", 100, "2021-03-01", "甲"],
        ["P2", "一期", 200, "2021-03-02", "乙"],
        ["合计", None, 310, None, None],
    ):
        book.active.append(row)
    file = tmp_path / "支付.xlsx"
    book.save(file)
    asked = import_ledger(store, file)
    assert [q.text for q in asked.questions] == ["第 4 行的合计与读到的“支付金额”不符：写的是 310，读到 300"]
    done = import_ledger(store, file, agreed=True)
    assert done.account.told() == [("新增", 2), ("合计、小计行", 1)]


def test_the_command_asks_and_takes_a_yes(store, payments, capsys):
    def run(*more):
        with pytest.raises(SystemExit) as ended:
            main(["ledger", "import", *map(str, more), "--store", str(store)])
        return ended.value.code, capsys.readouterr().out

    assert run(payments("P1,一期,100,2021-03-01,甲"), "--department", "某局")[0] == 0
    file = payments("P1,一期,120,2021-03-01,甲", "P2,一期,9,2021-03-03,丙")
    code, said = run(file)
    assert code == 1 and "请确认" in said and "100.00" in said and "120.00" in said and "--yes" in said
    code, said = run(file, "--yes")
    assert code == 0 and "新增 1，有变化 1" in said and "表头在第 1 行" in said
    code, said = run(file, "--json")
    (told,) = json.loads(said)
    assert told["account"]["fates"]["equal"] == 2 and told["questions"] == [] and code == 0


@pytest.mark.parametrize("name", ["支付.xlsx", "支付.csv"])
def test_the_marked_copy_has_the_account_too(store, tmp_path, name):
    rows = ([*HEAD.split(","), "=备注"], ["P1", "一期", "x", "2021-03-01", "甲", "y"], ["合计"])
    file = tmp_path / name
    if name.endswith("csv"):
        file.write_text("\n".join(",".join(row) for row in rows) + "\n")
    else:
        book = openpyxl.Workbook()
        for row in rows:
            book.active.append(row)
            book.active.cell(book.active.max_row, len(row)).data_type = "s"
        book.save(file)
    done = import_ledger(store, file, marked_in=tmp_path / "marked")
    sheet = openpyxl.load_workbook(done.marked)["读入情况"]
    told = [tuple(cell.value for cell in row) for row in sheet]
    assert told == list(done.account.lines()) and sheet.cell(6, 1).data_type == "s"
    assert told[:2] == [("拒绝", "1 行"), ("合计、小计行", "1 行")]
    assert ("金额", "读作“支付金额”（同义的列名）") in told and ("=备注", "没有用到") in told


CELLS = st.sampled_from(
    [
        "",
        " ",
        "P1",
        "P2",
        "一期",
        "100",
        "12x",
        "2021-03-01",
        "2021-13-01",
        "合计",
        "小计",
        "填表人：某",
        "支付金额",
        "甲",
    ]
)


@given(st.lists(st.lists(CELLS, min_size=5, max_size=5), min_size=1, max_size=12))
def test_every_row_under_the_header_has_one_fate(tmp_path_factory, rows):
    """Whatever a file holds, the rows of its account by fate are all the rows under its header."""
    file = tmp_path_factory.mktemp("fates") / "支付.xlsx"
    book = openpyxl.Workbook()
    for row in [HEAD.split(","), ["P9", "一期", "1", "2021-03-01", "甲"], *rows]:
        book.active.append([cell or None for cell in row])
    book.save(file)
    with check_file(
        file, ledger_of("payments"), "D1", Bounds(10**4, 10**3, 10**6, 10**7, "500MB")
    ) as checked:
        account = checked.account
        assert sum(account.fates.values()) == account.rows and min(account.fates.values()) >= 0
        assert account.rows >= 1 + max(
            (n for n, row in enumerate(rows, 1) if any(c.strip() for c in row)), default=0
        )
        assert account.fates["held"] == checked.good_rows and account.fates["refused"] == checked.bad_rows
