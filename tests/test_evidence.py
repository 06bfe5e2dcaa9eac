"""Ledgers in: templates, checks by row and column, marked copies, batches, versions,
and what verification finds.
"""

from __future__ import annotations

import csv
import json
import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from agreed import import_ledger
from places import DEPARTMENT
from zhunsheng.cli import main
from zhunsheng.codes import department_code
from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence import Cipher, Store, View, Window, browse, checks, ledger_of, ledgers, write_template
from zhunsheng.evidence.checks import MACROS
from zhunsheng.evidence.cleaning import _CLEAN
from zhunsheng.evidence.ledgers import Ledger
from zhunsheng.text import clean, guarded

HEAD = ["编号", "类型", "收到日期", "办结日期"]


def write(path: Path, rows, encoding="utf-8-sig"):
    path.write_text("\n".join(",".join(r) for r in rows) + "\n", encoding)
    return path


def rows_of(store: Store, ledger: str, **when):
    files = store.snapshot(**when).files.get(ledger, ())
    return duckdb.sql(f"SELECT * FROM read_parquet({list(files)})").fetchall() if files else []


@pytest.fixture
def store(tmp_path):
    return tmp_path / "store"


def test_every_ledger_is_sound_and_has_a_template_that_imports(tmp_path, store):
    for ledger in ledgers().values():
        path = tmp_path / f"{ledger.id}.xlsx"
        write_template(ledger, path)
        book = openpyxl.load_workbook(path)
        sheet = book[ledger.title]
        assert [c.value for c in sheet[1]] == [c.title for c in ledger.columns]
        assert all(c.comment for c in sheet[1])
        drop_downs = [v for v in sheet.data_validations.dataValidation if v.type == "list"]
        assert len(drop_downs) == sum(c.type in ("choice", "bool") for c in ledger.columns)
        example = {"text": "甲", "date": date(2021, 3, 5), "integer": 3, "money": 12.5, "bool": "是"}
        row = []
        for column in ledger.columns:
            value = column.values[0] if column.type == "choice" else example[column.type]
            row.append("91130190000000012E" if column.pattern else 2021 if column.near else value)
        sheet.append(row)
        book.save(path)
        done = import_ledger(store, path)
        assert (done.ledger.id, done.errors, done.batch.inserted) == (ledger.id, (), 1)
    assert Store(store).verify() == []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "utf-16", "utf-16-le", "utf-16-be"])
def test_csv_in_any_encoding_with_synonyms_and_chinese_dates(tmp_path, store, encoding):
    rows = [HEAD, ["T1", "投诉", "2021年3月5日", "2021.4.1"], ["T2", "举报", "二〇二一年十二月三十一日", ""]]
    done = import_ledger(store, write(tmp_path / "a.csv", rows, encoding))
    assert done.ledger.id == "complaints"
    stored = rows_of(Store(store), "complaints")
    assert sorted((r[1], r[2], r[3], r[5]) for r in stored) == [
        ("T1", "投诉", date(2021, 3, 5), date(2021, 4, 1)),
        ("T2", "举报", date(2021, 12, 31), None),
    ]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2021-3-5", "2021-03-05"),
        ("2021/03/05", "2021-03-05"),
        ("20210305", "2021-03-05"),
        ("44260", "2021-03-05"),
        ("2021年3月5日", "2021-03-05"),
        ("2021.3.5", "2021-03-05"),
        ("2021-03-05 00:00:00", "2021-03-05"),
        ("二〇二一年十月二十日", "2021-10-20"),
        ("二零二一年二月十一号", "2021-02-11"),
        ("2021-13-05", None),
        ("去年", None),
        ("2021", None),
        ("20211305", None),
    ],
)
def test_dates(text, day):
    connection = duckdb.connect()
    connection.execute(MACROS)
    (found,) = connection.execute("SELECT zs_date(?)", [text]).fetchone()
    assert found == (date.fromisoformat(day) if day else None)


@pytest.mark.parametrize(
    ("macro", "text", "value"),
    [
        ("zs_integer", "1,200", 1200),
        ("zs_integer", "12.0", 12),
        ("zs_integer", "12.5", None),
        ("zs_integer", "多", None),
        ("zs_yuan", "¥1,200.50元", "1200.50"),
        ("zs_yuan", "-20000", "-20000.00"),
        ("zs_yuan", "12.5万元", "125000.00"),
        ("zs_yuan", "五千", None),
        ("zs_yuan", "1.2万", None),
    ],
)
def test_numbers(macro, text, value):
    connection = duckdb.connect()
    connection.execute(MACROS)
    asked = "zs_money(?, 1)" if macro == "zs_yuan" else f"{macro}(?)"
    (found,) = connection.execute(f"SELECT {asked}", [text]).fetchone()
    assert (str(found) if isinstance(value, str) else found) == value


@pytest.mark.parametrize(
    ("title", "text", "why"),
    [
        ("支付金额", "1,2345", "千位"),
        ("支付金额", "1，23，456", "千位"),
        ("支付金额", "1 2345", "千位"),
        ("支付金额", "100.005", "最多两位小数"),
        ("支付金额", "1.2万", None),
        ("支付金额", "1.2万件", "不是金额"),
        ("支付金额", "1,234.50", None),
        ("支付金额", "1，234", None),
        ("支付金额", "100.500", None),
        ("支付日期", "2021-02-30", "没有这一天"),
        ("支付日期", "2021年13月1日", "没有这一天"),
        ("支付日期", "20210230", "没有这一天"),
        ("支付日期", "去年", "不是日期"),
        ("支付日期", "21-3-5", None),
        ("支付日期", "5-3-21", "年份请写四位"),
        ("支付日期", "21.03.05", "年份请写四位"),
        ("支付日期", "0221-03-05", "年份请写四位"),
        ("支付日期", "2201-03-05", "2001 年至 2099 年"),
        ("收款人", "#N/A", "错误值"),
        ("支付日期", "#DIV/0!", "错误值"),
    ],
)
def test_a_cell_that_can_be_read_two_ways_or_none_is_an_error_that_says_why(
    tmp_path, store, title, text, why
):
    row = {
        "凭证号": "V1",
        "项目名称": "甲",
        "支付金额": "5",
        "支付日期": "2021-03-05",
        "收款人": "乙",
        title: f'"{text}"',
    }
    done = import_ledger(store, write(tmp_path / "a.csv", [list(row), list(row.values())]))
    assert [(e.row, e.column, e.value) for e in done.errors] == ([(2, title, text)] if why else [])
    assert why is None or why in done.errors[0].message


def test_amounts_of_a_workbook_are_kept_to_the_last_digit(tmp_path, store):
    book = openpyxl.Workbook()
    for row in (
        ["凭证号", "项目名称", "支付金额", "支付日期"],
        [2021033100001, "甲", 12345678901.23, "2021-03-05"],
    ):
        book.active.append(row)
    book.active.append([2021033100002, "甲", 0.1 + 0.2, "2021-03-05"])
    book.active.append([2021033100003, "甲", 100.005, "2021-03-05"])
    book.save(path := tmp_path / "a.xlsx")
    done = import_ledger(store, path, good_rows=True)
    assert [(e.row, e.message) for e in done.errors] == [(4, "金额最多两位小数")]
    kept = {(r[1], str(r[3])) for r in rows_of(Store(store), "payments")}
    assert kept == {("2021033100001", "12345678901.23"), ("2021033100002", "0.30")}


def test_binary_fractions_of_parquet_bring_no_noise(tmp_path, store):
    columns = {"凭证号": ["V1", "V2"], "项目名称": ["甲", "甲"], "支付金额": [0.1 + 0.2, 100.005]}
    pq.write_table(pa.table(columns | {"支付日期": [date(2021, 3, 5)] * 2}), tmp_path / "a.parquet")
    done = import_ledger(store, tmp_path / "a.parquet", good_rows=True)
    assert [(e.row, e.value, e.message) for e in done.errors] == [(2, "100.005", "金额最多两位小数")]


def test_formulas_without_result_errors_and_merged_cells_are_errors_at_their_cell(tmp_path, store):
    book = openpyxl.Workbook()
    head = [*HEAD, "承办科室"]
    rows = [["T1", "举报", "2021-03-01", "=C2+4", "一科"], ["T2", "举报", "2021-03-01", None, "二科"]]
    rows += [["T3", "举报", "2021-03-01", None, "三科"], ["T4", "举报", None, None, None]]
    for row in (head, *rows, ["T5", "举报", "2021-03-01", None, "五科"]):
        book.active.append(row)
    book.active["D3"] = "#REF!"
    book.active["D3"].data_type = "e"
    book.active.merge_cells("C4:C5")
    book.active.merge_cells("C6:D6")
    book.save(path := tmp_path / "a.xlsx")
    done = import_ledger(store, path, good_rows=True)
    assert [(e.row, e.column, e.value) for e in done.errors] == [
        (2, "办结日期", "=C2+4"),
        (3, "办结日期", "#REF!"),
        (6, "办结日期", ""),
    ]
    assert "没有计算结果" in done.errors[0].message and "与 C6 合并" in done.errors[2].message
    assert {r[1] for r in rows_of(Store(store), "complaints")} == {"T3", "T4"}
    sheet = openpyxl.load_workbook(done.marked).active
    assert sheet["D2"].comment and sheet["D3"].comment and sheet["C6"].comment.text.startswith("与 C6 合并")


def test_what_is_unused_or_hidden_is_said_and_kept_with_the_batch(tmp_path, store, capsys):
    book = openpyxl.Workbook()
    for row in (
        [*HEAD, "备注说明"],
        ["T1", "举报", "2021-03-01", None, "某事"],
        ["T2", "举报", "2021-03-01", None, "", "散"],
    ):
        book.active.append(row)
    book.active.row_dimensions[3].hidden = True
    book.active.column_dimensions["D"].hidden = True
    book.save(path := tmp_path / "a.xlsx")
    done = import_ledger(store, path)
    said = "；".join(done.notes)
    assert "没有用到的列：备注说明" in said and "第 3 行" in said and "隐藏的列，也已读入：D" in said
    assert "没有列名、没有读入的列：F" in said
    opened = Store(store)
    assert opened.batch(1).notes == done.notes == done.batch.notes and opened.verify() == []
    with pytest.raises(SystemExit, match="0"):
        main(["ledger", "import", str(path), "--store", str(tmp_path / "other")])
    assert "备注说明" in capsys.readouterr().out.replace("\n", "")
    # A store whose batches have nothing to say keeps the digests it had.
    import_ledger(store, write(tmp_path / "b.csv", [HEAD, ["T9", "投诉", "2021-03-05", ""]]))
    assert "notes" not in Store(store).batch(2).as_json()


def test_a_csv_row_with_a_cell_too_many_is_an_error(tmp_path, store):
    rows = [
        HEAD,
        ["T1", "投诉", "2021-03-05"],
        ["T2", "投诉", "2021-03-05", "2021-03-06", "", "多余"],
        ["T3", "投诉", "2021-03-05", "", ""],
    ]
    done = import_ledger(store, write(tmp_path / "a.csv", rows), good_rows=True)
    assert [(e.row, e.value) for e in done.errors] == [(3, "多余")] and "多出一格" in done.errors[0].message
    assert {r[1] for r in rows_of(Store(store), "complaints")} == {"T1", "T3"}


@pytest.mark.parametrize("kind", ["csv", "xlsx", "parquet"])
def test_texts_of_a_ledger_are_clean(tmp_path, store, kind):
    rows = {
        "编号": ["T1", "T2"],
        "类型": ["投诉", "举报"],
        "收到日期": ["2021-03-05"] * 2,
        "承办科室": ["一科\x0b二科\x7f", "　甲科 "],
    }
    path = tmp_path / f"a.{kind}"
    if kind == "parquet":
        pq.write_table(pa.table(rows), path)
    elif kind == "csv":
        write(path, [list(rows), *zip(*rows.values(), strict=True)])
    else:
        with xlsxwriter.Workbook(str(path)) as book:
            sheet = book.add_worksheet()
            for r, row in enumerate([list(rows), *zip(*rows.values(), strict=True)]):
                for c, text in enumerate(row):
                    sheet.write_string(r, c, text)
    import_ledger(store, path)
    assert {r[7] for r in rows_of(Store(store), "complaints")} == {"一科\n二科", "甲科"}


def test_a_file_that_is_no_ledger_says_so_in_words_of_ledgers(tmp_path, store):
    (tmp_path / "a.xls").write_text("<html><table><tr><td>编号</td></tr></table></html>", "utf8")
    with pytest.raises(ZhunshengError, match=r"ZS-EV-10.*投诉举报台账（complaints）"):
        import_ledger(store, tmp_path / "a.xls")
    (tmp_path / "b.xls").write_text("登记编号\t类别\t收到日期\nT1\t举报\t2021-03-01\n", "utf8")
    assert (
        import_ledger(tmp_path / "other", tmp_path / "b.xls").batch.inserted == 1
    )  # a text that is named so
    with pytest.raises(ZhunshengError, match=r"ZS-EV-10.*投诉举报台账（complaints）"):
        import_ledger(store, write(tmp_path / "c.csv", [["甲", "乙"], ["1", "2"]]))
    (tmp_path / "d.csv").write_bytes(
        "登记编号,类别,收到日期\nB1,举报,2021-03-01\n".encode("gbk") + b"\xff\xfe\xff\n"
    )
    with pytest.raises(ZhunshengError, match=r"ZS-EV-07.*第 3 行"):
        import_ledger(store, tmp_path / "d.csv")


BAD = [
    ["统计表", "", "", ""],
    HEAD,
    ["T1", "投诉", "2021-03-05", "2021-04-01"],
    ["T2", "咨询", "2021-03-05", ""],
    ["T3", "举报", "2021年13月1日", ""],
    ["T4", "举报", "2021-03-05", "2020-01-01"],
    ["", "举报", "2021-03-05", ""],
    ["", "", "", ""],
    ["T1", "投诉", "2021-03-06", ""],
]
WRONG = [(4, "类别"), (5, "收到日期"), (6, "办结日期"), (7, "登记编号"), (9, "登记编号")]


def test_errors_by_row_and_column_and_a_marked_csv(tmp_path, store):
    done = import_ledger(store, write(tmp_path / "a.csv", BAD), marked_in=tmp_path / "marked")
    assert [(e.row, e.column) for e in done.errors] == WRONG
    assert (done.batch, done.rows, done.bad_rows) == (None, 6, 5)
    assert not (store / "batches").exists()
    sheet = openpyxl.load_workbook(done.marked).active
    assert [row[0].value for row in sheet.iter_rows(min_row=2)] == [4, 5, 6, 7, 9]
    assert sheet["C2"].fill.fgColor.rgb.endswith("FFC7CE")
    assert "应为" in sheet.cell(2, sheet.max_column).value


def test_errors_are_marked_in_the_workbook_itself(tmp_path, store):
    book = openpyxl.Workbook()
    for row in BAD:
        book.active.append(row)
    book.active["A1"].value = "=1+1"
    book.save(path := tmp_path / "a.xlsx")
    done = import_ledger(store, path)
    assert [(e.row, e.column) for e in done.errors] == WRONG
    sheet = openpyxl.load_workbook(done.marked).active
    assert sheet["B4"].comment.text.startswith("应为")
    assert sheet["C5"].fill.fgColor.rgb == "FFFFC7CE"
    assert sheet["B3"].comment is None
    assert sheet["E2"].value == "错误说明"


def test_only_the_good_rows_when_asked(tmp_path, store):
    done = import_ledger(store, write(tmp_path / "a.csv", BAD), good_rows=True, marked_in=tmp_path)
    assert (done.batch.inserted, done.batch.rejected) == (1, 5)
    assert [r[1] for r in rows_of(Store(store), "complaints")] == ["T1"]
    told = [str(c.value) for s in openpyxl.load_workbook(done.marked) for row in s for c in row if c.value]
    said = " ".join(told)
    assert "新增 1 行" in said and "没有写入" not in said, "the copy tells what the command does"


def test_rows_without_a_key_are_no_doubles_of_each_other(tmp_path, store):
    rows = [HEAD, ["", "投诉", "2021-03-05", ""], ["", "举报", "2021-03-06", ""]]
    done = import_ledger(store, write(tmp_path / "a.csv", rows))
    assert [e.message for e in done.errors] == ["必填", "必填"]


def test_the_same_file_changes_nothing_and_keys_are_merged(tmp_path, store):
    first = write(
        tmp_path / "a.csv", [HEAD, ["T1", "投诉", "2021-03-05", ""], ["T2", "举报", "2021-03-06", ""]]
    )
    one = import_ledger(store, first, when=datetime(2021, 4, 1, tzinfo=UTC), who="甲")
    again = import_ledger(store, first)
    assert (one.new, again.new, again.batch.batch) == (True, False, 1)
    second = write(
        tmp_path / "b.csv",
        [
            HEAD,
            ["T2", "举报", "2021-03-06", "2021-05-01"],
            ["T3", "举报", "2021-04-06", ""],
            ["T1", "投诉", "2021-03-05", ""],
        ],
    )
    two = import_ledger(store, second, when=datetime(2021, 6, 1, tzinfo=UTC))
    assert (two.batch.inserted, two.batch.updated) == (1, 1)
    opened = Store(store)
    assert {(r[1], r[-3]) for r in rows_of(opened, "complaints")} == {("T1", 1), ("T2", 2), ("T3", 2)}
    # any earlier version or time
    assert len(rows_of(opened, "complaints", batch=1)) == 2
    assert len(rows_of(opened, "complaints", at=datetime(2021, 5, 1, tzinfo=UTC))) == 2
    assert rows_of(opened, "complaints", batch=0) == []
    assert {r[5] for r in rows_of(opened, "complaints", batch=1)} == {None}
    log = opened.batches()
    assert [(b.who, b.file, b.previous == "") for b in log] == [
        ("甲", "a.csv", True),
        (log[1].who, "b.csv", False),
    ]
    assert log[1].previous == log[0].digest
    with pytest.raises(ZhunshengError, match="ZS-EV-05"):
        opened.snapshot(batch=9)


def test_departments_are_kept_apart(tmp_path, store):
    path = write(tmp_path / "a.csv", [HEAD, ["T1", "投诉", "2021-03-05", ""]])
    import_ledger(store, path, department="甲局")
    import_ledger(store, path, department="乙局")
    assert sorted(r[0] for r in rows_of(Store(store), "complaints")) == ["乙局", "甲局"]
    named = write(
        tmp_path / "b.csv",
        [["部门", *HEAD], ["丙局", "T1", "投诉", "2021-03-05", ""], ["乙局", "T2", "投诉", "2021-03-05", ""]],
    )
    done = import_ledger(store, named, department="甲局")
    # A name that no batch spoke of makes a new department with a code of its own, and the batch says so.
    new = department_code("丙局")
    assert (done.batch.named, set(done.batch.holds)) == ({new: "丙局"}, {new, "乙局"})
    assert sorted(r[0] for r in rows_of(Store(store), "complaints")) == sorted([new, "乙局", "乙局", "甲局"])
    assert Store(store).resolve("丙局").code == new


def test_parquet_and_aliases(tmp_path, store):
    table = pa.table(
        {
            "统一社会信用代码": ["91130190000000012E"],
            "名称": ["甲"],
            "类型": ["个体户"],
            "成立日期": [date(2020, 1, 2)],
        }
    )
    pq.write_table(table, tmp_path / "a.parquet")
    done = import_ledger(store, tmp_path / "a.parquet")
    assert (done.ledger.id, rows_of(Store(store), "entities")[0][3]) == ("entities", "个体工商户")


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("无.csv", None, "ZS-IN-01"),
        ("空.csv", b"", "ZS-IN-02"),
        ("只有表头.csv", "编号,类型,收到日期\n".encode(), "ZS-EV-06"),
        ("认不出.csv", "甲,乙\n1,2\n".encode(), "ZS-EV-10"),
        (
            "重复列.csv",
            "编号,类型,收到日期,收到日期\nT1,投诉,2021-01-01,2021-01-01\n".encode(),
            "ZS-EV-08|ZS-EV-10",
        ),
        ("二进制.csv", b"a\0b,c\n1,2\n", "ZS-IN-03"),
        ("坏.parquet", b"PAR1xxxxxxxxPAR1", "ZS-IN-05"),
        ("坏.xlsx", b"PK\x03\x04zzzz", "ZS-IN-05"),
    ],
)
def test_files_that_are_no_ledger(tmp_path, store, name, data, code):
    path = tmp_path / name
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(ZhunshengError, match=code):
        import_ledger(store, path)


def test_missing_columns_are_named(tmp_path, store):
    path = write(tmp_path / "a.csv", [["编号", "类型"], ["T1", "投诉"]])
    with pytest.raises(ZhunshengError, match=r"ZS-EV-02.*收到日期"):
        import_ledger(store, path, ledger=ledger_of("投诉举报台账"))
    with pytest.raises(ZhunshengError, match="ZS-EV-01"):
        ledger_of("没有")
    with pytest.raises(ZhunshengError, match="ZS-EV-04"):
        Store.existing(store)


def test_a_ledger_definition_that_does_not_hold_together_is_refused():
    column = {"name": "a", "title": "甲", "type": "text"}
    for wrong in ({"key": ["b"]}, {"columns": [column, column]}, {"columns": [{**column, "values": ["x"]}]}):
        with pytest.raises(ValueError, match=r"no column|twice|values"):
            Ledger.model_validate(
                {"id": "x", "title": "x", "what": "x", "key": ["a"], "columns": [column], **wrong}
            )


def test_quoted_line_breaks_in_csv(tmp_path, store):
    (tmp_path / "a.csv").write_text(
        '编号,类型,收到日期,承办科室\nT1,投诉,2021-01-01,"甲\n科"\nT2,举报,2021-01-02,乙\n', "utf8"
    )
    import_ledger(store, tmp_path / "a.csv")
    assert {r[7] for r in rows_of(Store(store), "complaints")} == {"甲\n科", "乙"}


def two_batches(tmp_path, store):
    for n in (1, 2):
        import_ledger(store, write(tmp_path / f"{n}.csv", [HEAD, [f"T{n}", "投诉", "2021-03-05", ""]]))
    return Store(store)


def test_verification_finds_every_later_change(tmp_path, store):
    opened = two_batches(tmp_path, store)
    assert opened.verify() == []
    head = opened.batches()[-1].digest
    assert opened.verify(head) == []
    victims = [p for p in store.rglob("*") if p.is_file() and p.name != ".lock"]
    assert len(victims) == 10
    for path in victims:
        kept = path.read_bytes()
        path.write_bytes(
            kept.replace(b"T1", b"T9").replace(b"complaints", b"complaintz")
            if b"T1" in kept or b"complaints" in kept
            else kept[:-1] + b"!"
        )
        if path.read_bytes() == kept:
            path.write_bytes(kept + b" ")
        assert opened.verify(), path.name
        path.write_bytes(kept)
        path.unlink()
        # The last record can be completed again from its commit, the index and the marker from the records;
        # all else is missed.
        if path.name not in ("000002.json", "index.sqlite", "format.json"):
            assert opened.verify(), path.name
        path.write_bytes(kept)
        assert opened.verify(head) == []


def test_batches_cut_off_the_end_show_against_a_noted_digest(tmp_path, store):
    opened = two_batches(tmp_path, store)
    head = opened.batches()[-1].digest
    (store / "batches" / "000002.json").unlink()
    (store / "ledgers" / "complaints" / "_delta_log" / f"{1:020d}.json").unlink()
    assert opened.verify() == []
    assert "不符" in opened.verify(head)[0]


def test_a_commit_from_elsewhere_is_found(tmp_path, store):
    opened = two_batches(tmp_path, store)
    log = store / "ledgers" / "complaints" / "_delta_log"
    (log / f"{2:020d}.json").write_text(json.dumps({"commitInfo": {"operation": "WRITE"}}))
    assert any("未经记录" in p for p in opened.verify())


def test_a_lost_data_file_is_a_clear_error(tmp_path, store):
    opened = two_batches(tmp_path, store)
    (store / "batches" / "000001.json").write_text("{")
    assert "ZS-EV-11" in opened.verify()[0]
    (store / "index.sqlite").unlink()  # what is opened by the index does not read every record
    with pytest.raises(ZhunshengError, match="ZS-EV-11"):
        opened.batches()
    assert "ZS-EV-11" in opened.verify()[0]


def test_a_store_in_use_says_so(tmp_path, store, monkeypatch):
    from filelock import FileLock

    opened = two_batches(tmp_path, store)
    monkeypatch.setattr("zhunsheng.evidence.store.LOCK_SECONDS", 0.1)
    with FileLock(str(store / ".lock")):
        assert len(opened.batches()) == 2  # reading goes on
        with pytest.raises(ZhunshengError, match="ZS-EV-09"):
            opened.undo(1)


IMPORT = textwrap.dedent(
    """
    import os, sys
    from pathlib import Path
    from zhunsheng.evidence import commits, sources
    from zhunsheng.evidence.records import Records
    from zhunsheng.usecases.importing import import_ledger
    where = sys.argv[3]
    if where != "never":
        owner = {"merge": commits, "keep_source": sources, "write": Records}[where]
        assert hasattr(owner, where)
        def die(*a, **k):
            os._exit(9)
        setattr(owner, where, die)
    import_ledger(Path(sys.argv[1]), Path(sys.argv[2]), agreed=True)
    """
)


def run_import(store, path, where="never"):
    return subprocess.Popen(
        [sys.executable, "-c", IMPORT, str(store), str(path), where], stderr=subprocess.DEVNULL
    )


@pytest.mark.parametrize(("where", "committed"), [("merge", False), ("keep_source", False), ("write", True)])
def test_killed_at_its_turning_points(tmp_path, store, where, committed):
    first = write(tmp_path / "1.csv", [HEAD, ["T1", "投诉", "2021-03-05", ""]])
    import_ledger(store, first)
    second = write(
        tmp_path / "2.csv", [HEAD, ["T2", "投诉", "2021-03-05", ""], ["T3", "投诉", "2021-03-05", ""]]
    )
    assert run_import(store, second, where).wait(60) == 9
    opened = Store(store)
    assert len(opened.batches()) == (2 if committed else 1)
    assert len(rows_of(opened, "complaints")) == (3 if committed else 1)
    assert opened.verify() == []
    assert import_ledger(store, second).new is not committed
    assert len(rows_of(opened, "complaints")) == 3


def test_killed_at_any_moment(tmp_path, store):
    """Kill imports at random moments: a batch is there whole or not at all, and none committed before is
    lost.
    """
    draw = random.Random(7)
    sizes = {}
    done = 0
    for n in range(12):
        rows = [[f"K{n}-{i}", "投诉", "2021-03-05", ""] for i in range(3000)]
        path = write(tmp_path / f"{n}.csv", [HEAD, *rows])
        sizes[path.name] = len(rows)
        process = run_import(store, path)
        deadline = time.monotonic() + draw.uniform(0.35, 1.3)
        while process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.005)
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
        process.wait(60)
        opened = Store(store)
        batches = opened.batches()
        assert opened.verify() == []
        assert len(batches) >= done
        done = len(batches)
        stored = rows_of(opened, "complaints")
        assert len(stored) == sum(sizes[b.file] for b in batches)
    assert import_ledger(store, tmp_path / "0.csv").batch is not None


@pytest.mark.parametrize(
    ("amount", "taken"),
    [("9999999999999.99", True), ("10000000000000", False), ("-1e1", False), ("-9999999999999999", False)],
)
def test_an_amount_no_office_has_is_an_error_of_its_row(tmp_path, amount, taken):
    path = tmp_path / "a.csv"
    path.write_text(f"项目名称,变动类型,金额,批复日期\n经费,追加,{amount},2021-06-01\n", "utf8")
    done = import_ledger(tmp_path / "store", path, department="A1")
    assert (done.batch is not None) is taken
    assert taken or {e.column for e in done.errors} == {"金额"}


def test_characters_nobody_sees_make_no_other_department_project_or_value(tmp_path):
    hidden = "\u200b\u3164\u00ad\u2060"
    path = tmp_path / "a.csv"
    path.write_text(
        f"部门,凭\u200b证号,项目名称,支付金额,支付日期\n甲局{hidden},V1,经{hidden}费,1{hidden},2021-06-01\n"
        f"{hidden},V2,经费,2,2021-06-01\n",
        "utf8",
    )
    done = import_ledger(tmp_path / "store", path, department="A1", label="甲局")
    store = Store(tmp_path / "store")
    assert done.batch.named == {} and list(store.departments()) == ["A1"]
    rows = browse(store.snapshot(), ledgers()["payments"], "A1").rows
    assert [(r.values[0], r.values[1]) for r in rows] == [("V1", "经费"), ("V2", "经费")]
    path.write_text(f"凭证号,项目名称,支付金额,支付日期\nV3,{hidden},1,2021-06-01\n", "utf8")
    done = import_ledger(tmp_path / "store", path, department="A1")
    assert [(e.column, e.message) for e in done.errors] == [("项目名称", "必填")]


# -- undo, privacy, browsing
# ------------------------------------------------------------------------------------------


def _activities(path, rows):
    lines = ["活动编号,活动类别,主题类别,活动名称,开展日期"]
    path.write_text(
        "\n".join([*lines, *(f"{n},宣传,食品安全,{title},2021-05-0{n}" for n, title in rows)]), "utf8"
    )
    return path


def test_undoing_a_batch_brings_back_what_was_and_keeps_every_version(tmp_path):
    store = Store(tmp_path / "store")
    for name, rows in (("a", [(1, "甲"), (2, "乙")]), ("b", [(2, "乙改"), (3, "丙")]), ("c", [(3, "丙改")])):
        import_ledger(store.root, _activities(tmp_path / f"{name}.csv", rows), department="某局")
    ledger = ledgers()["activities"]

    def titles(**when):
        found = browse(store.snapshot(**when), ledger, "某局", View(order="activity_no")).rows
        return [r.values[3] for r in found]

    assert titles() == ["甲", "乙改", "丙改"]
    undone = store.undo(2, who="张某")
    # Row 2 returns to what it was; row 3 was changed by a later batch and stays.
    assert titles() == ["甲", "乙", "丙改"]
    assert (undone.undoes, undone.rows, undone.updated) == (2, 1, 1)
    assert titles(batch=3) == ["甲", "乙改", "丙改"] and store.verify() == []
    # An undone file may be imported again.
    again = import_ledger(store.root, tmp_path / "b.csv", department="某局")
    assert again.new and titles() == ["甲", "乙改", "丙"]
    for number in (2, undone.batch, 99):
        with pytest.raises(ZhunshengError) as caught:
            store.undo(number)
        assert caught.value.code == "ZS-EV-12"
    assert store.verify() == []


def test_undoing_the_first_batch_empties_the_ledger_without_deleting(tmp_path):
    store = Store(tmp_path / "store")
    import_ledger(store.root, _activities(tmp_path / "a.csv", [(1, "甲")]), department="某局")
    store.undo(1)
    ledger = ledgers()["activities"]
    assert browse(store.snapshot(), ledger, "某局").total == 0
    assert browse(store.snapshot(batch=1), ledger, "某局").total == 1
    assert store.source_of(store.batches()[0])[1] == (tmp_path / "a.csv").read_bytes()


KEY = "0123456789abcdef0123456789abcdef"


def test_personal_columns_are_unreadable_without_the_key(tmp_path):
    cipher = Cipher(KEY)
    path = tmp_path / "投诉举报台账.csv"
    head = "登记编号,类别,收到日期,诉求人,联系电话"
    path.write_text(f"{head}\nT1,举报,2021-05-01,钱某某,19900011111\nT2,举报,2021-05-02,,\n", "utf8")
    store = tmp_path / "store"
    import_ledger(store, path, department="某局", cipher=cipher)
    for kept in store.rglob("*"):
        if kept.is_file():
            data = kept.read_bytes()
            assert "钱某某".encode() not in data and b"19900011111" not in data, kept
    opened = Store(store, cipher)
    ledger, snapshot = ledgers()["complaints"], opened.snapshot()
    names = [c.name for c in ledger.columns]

    def first(personal=False, **how):
        values = (
            browse(snapshot, ledger, "某局", View(order="complaint_no", personal=personal), **how)
            .rows[0]
            .values
        )
        return dict(zip(names, values, strict=True))

    assert first(personal=True, cipher=cipher)["complainant"] == "钱某某"
    assert first(cipher=cipher)["complainant"] == "钱**"
    assert first()["complainant"] == "**" and first()["kind"] == "举报"
    assert opened.source_of(opened.batches()[0])[1] == path.read_bytes()
    with pytest.raises(ZhunshengError):
        Store(store).source_of(opened.batches()[0])
    with pytest.raises(ZhunshengError):
        first(personal=True, cipher=Cipher(KEY[::-1]))
    # The same rows again, from another file, change nothing: equal values are equal when encrypted.
    path.write_text(path.read_text("utf8") + "T3,举报,2021-05-03,孙某,\n", "utf8")
    again = import_ledger(store, path, department="某局", cipher=cipher)
    assert (again.batch.inserted, again.batch.updated) == (1, 0)
    assert opened.verify() == []
    with pytest.raises(ZhunshengError):
        Cipher("short")


def test_browsing_searches_filters_and_pages_but_never_by_personal_columns(sample):
    out, _ = sample
    snapshot = Store(out / "results" / "evidence").snapshot()
    ledger = ledgers()["complaints"]
    everything = browse(snapshot, ledger, DEPARTMENT, window=Window(limit=5))
    assert len(everything.rows) == 5 and everything.total > 100
    reports = browse(snapshot, ledger, DEPARTMENT, View(filters={"kind": "举报"}), Window(limit=1000))
    assert 0 < reports.total < everything.total
    kind = [c.name for c in ledger.columns].index("kind")
    assert {r.values[kind] for r in reports.rows} == {"举报"}
    second = browse(snapshot, ledger, DEPARTMENT, window=Window(limit=5, offset=5))
    assert {r.row for r in second.rows}.isdisjoint({r.row for r in everything.rows})
    assert browse(snapshot, ledger, DEPARTMENT, View(search="诉求人1")).total == 0
    assert (
        browse(snapshot, ledger, DEPARTMENT, View(filters={"complainant": "诉求人1"})).total
        == everything.total
    )
    assert browse(snapshot, ledger, DEPARTMENT, View(search="100%_")).total == 0
    assert browse(snapshot, ledger, "别的局").total == 0
    backwards = browse(
        snapshot, ledger, DEPARTMENT, View(order="received_on", descending=True), Window(limit=1)
    )
    assert backwards.rows[0].values[2] >= everything.rows[0].values[2]


def test_a_batch_is_undone_from_the_command_line(tmp_path, capsys):
    store = tmp_path / "store"
    import_ledger(store, _activities(tmp_path / "a.csv", [(1, "甲")]), department="某局")
    with pytest.raises(SystemExit) as left:
        main(["ledger", "undo", "1", "--store", str(store), "--json"])
    assert left.value.code == 0 and json.loads(capsys.readouterr().out)["undoes"] == 1
    with pytest.raises(SystemExit) as left:
        main(["ledger", "undo", "1", "--store", str(store)])
    assert left.value.code == 2 and "ZS-EV-12" in capsys.readouterr().err


def test_reading_goes_on_while_another_imports(tmp_path):
    store = Store(tmp_path / "store")
    import_ledger(store.root, _activities(tmp_path / "a.csv", [(1, "甲")]), department="某局")
    with Store(store.root)._locked():
        start = time.monotonic()
        assert store.snapshot().batch == 1 and len(store.batches()) == 1
        assert time.monotonic() - start < 5


def test_the_door_of_ledgers_and_that_of_all_other_texts_let_in_the_same():
    every = (*range(0xD800), *range(0xE000, 0x20000), *range(0xE0000, 0xE2000))
    texts = [f"甲{chr(n)}乙" for n in every] + ["一\r\n二", "\r\n", "一\v\f二"]
    with duckdb.connect() as connection:
        connection.register("given", pa.table({"c": texts}))
        found = connection.execute(f"SELECT {_CLEAN.format('c')} FROM given").fetchall()
    assert [text for (text,) in found] == [clean(text) for text in texts]


def test_canonically_equivalent_texts_are_one_and_full_width_forms_are_not(tmp_path):
    texts = [
        "\uf90a",
        "cafe\u0301",
        "a\u200b\u0301",
        "\u302b\u302a",
        "e\u0323\u0302",
        "A\u030a",
        "Ａ",
        "①",
        "\u1112\u1161\u11ab",
    ]
    with duckdb.connect() as connection:
        connection.register("given", pa.table({"c": texts}))
        found = [t for (t,) in connection.execute(f"SELECT {_CLEAN.format('c')} FROM given").fetchall()]
    assert found == [clean(t) for t in texts]
    assert found[:3] == ["金", "caf\u00e9", "\u00e1"] and found[6:8] == ["Ａ", "①"]
    path = tmp_path / "a.csv"
    for number, name in enumerate(["\uf90a山经费", "金山经费", "调\u302b\u302a", "调\u302a\u302b"]):
        path.write_text(f"项目名称,变动类型,金额,批复日期\n{name},年初批复,{number},2021-01-01\n", "utf8")
        import_ledger(tmp_path / "store", path, department="A1", label="\uf90a山局" if number else "金山局")
    store = Store(tmp_path / "store")
    rows = browse(store.snapshot(), ledgers()["budgets"], "A1").rows
    assert sorted((r.values[0], int(r.values[2])) for r in rows) == [("调\u302a\u302b", 3), ("金山经费", 1)]


def test_the_guard_of_a_csv_comes_off_again_exactly(tmp_path):
    texts = [
        "-A1",
        "=1+1",
        "@甲",
        "+甲",
        "'-A1",
        "''=1",
        "'甲",
        "-5元",
        "'-5元",
        "-5 天",
        "甲",
        "=一\n二",
        "+１２",
        "'",
        "-",
    ]
    path = tmp_path / "a.csv"
    with path.open("w", encoding="utf8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["活动编号", "活动类别", "主题类别", "活动名称", "开展日期"])
        for number, text in enumerate(texts):
            writer.writerow([f"N{number}", "宣传", "食品安全", guarded(text), "2021-05-01"])
    import_ledger(tmp_path / "store", path, department="A1", answers={"nothing": "take"})
    rows = browse(Store(tmp_path / "store").snapshot(), ledgers()["activities"], "A1").rows
    assert [r.values[3] for r in sorted(rows, key=lambda r: r.row)] == texts
    # Only a csv bears the guard.
    book = openpyxl.Workbook()
    for row in (
        ["活动编号", "活动类别", "主题类别", "活动名称", "开展日期"],
        ["'-X", "宣传", "食品安全", "甲", "2021-05-01"],
    ):
        book.active.append(row)
    book.save(tmp_path / "b.xlsx")
    import_ledger(tmp_path / "other", tmp_path / "b.xlsx", department="A1")
    (row,) = browse(Store(tmp_path / "other").snapshot(), ledgers()["activities"], "A1").rows
    assert row.values[0] == "'-X"  # type: ignore[attr-defined]


def test_the_same_file_brings_what_was_not_good_then(tmp_path, monkeypatch):
    path = tmp_path / "a.csv"
    lines = [
        "活动编号,活动类别,主题类别,活动名称,开展日期",
        "N1,宣传,食品安全,甲,2021-05-01",
        "N2,宣传,食品安全,乙,2021-06-01",
    ]
    path.write_text("\n".join(lines), "utf8")
    store = tmp_path / "store"
    for day, batch, new, total in ((20, 1, True, 1), (20, 1, False, 1), (40, 2, True, 2), (40, 2, False, 2)):
        monkeypatch.setattr(checks, "today", lambda day=day: date(2021, 5, 1) + timedelta(days=day))
        done = import_ledger(store, path, department="A1", good_rows=True)
        assert (done.batch.batch, done.new) == (batch, new)
        assert browse(Store(store).snapshot(), ledgers()["activities"], "A1").total == total
    assert done.batch.inserted == 1
