"""Odd ledger files whose wrong reading nobody would notice: read right, asked about, or refused by name."""

from __future__ import annotations

import socket
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter
from django.core.management import call_command

from zhunsheng.cli import main
from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence import Store, csv_files, ledger_of
from zhunsheng.evidence.layout import current
from zhunsheng.evidence.mappings import LedgerMapping
from zhunsheng.evidence.shared import scratch_database, session
from zhunsheng.evidence.tables import ledger_sql
from zhunsheng.files.scratch import sweep
from zhunsheng.usecases.importing import Imported, import_ledger

HEAD = ["凭证号", "项目名称", "支付金额", "支付日期"]
DAY = date(2021, 3, 1)


def workbook(path, rows, *merged):
    """Write rows to a workbook, some cells merged."""
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for cells in merged:
        book.active.merge_cells(cells)
    book.save(path)
    return path


@pytest.fixture
def taken(tmp_path):
    """What imports a file (or the text of a csv) into the store of the test."""

    def take(file, ledger="payments", **options) -> Imported:
        if isinstance(file, str):
            path = tmp_path / f"{len(list(tmp_path.iterdir()))}.csv"
            path.write_text(file, "utf8")
            file = path
        options = {"department": "305001", "label": "甲局", "marked_in": tmp_path, **options}
        return import_ledger(tmp_path / "store", file, ledger=ledger and ledger_of(ledger), **options)

    return take


def rows_of(tmp_path, *columns, ledger="payments"):
    """Return columns of the rows that stand in a ledger, as texts."""
    opened = Store(tmp_path / "store")
    with opened.reading() as index:
        query = ledger_sql(ledger_of(ledger), current(index, ledger))
        found = duckdb.sql(f"SELECT {', '.join(columns)} FROM ({query}) ORDER BY ALL").fetchall()
    return [tuple(None if value is None else str(value) for value in row) for row in found]


# -- headers of two lines that name a column twice
# -----------------------------------------------------------------------------------------------------------

TWO_YEARS: list[list[str | int | None]] = [
    ["凭证号", "项目名称", "上年", None, "本年", None],
    [None, None, "支付金额", "支付日期", "支付金额", "支付日期"],
    ["V1", "甲", 100, "2020-03-01", 200, "2021-03-01"],
]


@pytest.mark.parametrize("ending", ["xlsx", "csv"])
def test_the_upper_line_tells_a_column_named_twice_apart_and_it_is_asked(tmp_path, taken, ending):
    file = tmp_path / f"a.{ending}"
    if ending == "xlsx":
        workbook(file, TWO_YEARS, "A1:A2", "B1:B2", "C1:D1", "E1:F1")
    else:
        file.write_text("\n".join(",".join(str(c or "") for c in row) for row in TWO_YEARS), "utf8")
    done = taken(file, None)
    (question,) = done.questions
    assert done.batch is None
    assert [(part.text, part.proposed) for part in question.parts] == [
        ("本年支付金额", "支付金额"),
        ("本年支付日期", "支付日期"),
    ]
    with pytest.raises(ZhunshengError, match=r"ZS-EV-43.*上年支付金额、本年支付金额"):
        taken(file, agreed=True)  # a plain yes makes no likeness a fact
    assert taken(file, None, answers={"columns": "proposed"}).batch
    assert rows_of(tmp_path, "amount", "paid_on") == [("200.00", "2021-03-01")]
    other = {"column:上年支付金额": "支付金额", "column:上年支付日期": "支付日期"}
    taken(
        file, agreed=True, answers={**other, "column:本年支付金额": "unused", "column:本年支付日期": "unused"}
    )
    assert rows_of(tmp_path, "amount", "paid_on") == [("100.00", "2020-03-01")]
    # What was agreed once is remembered by the titles of both lines.
    assert not taken(file, None, remembered=[done.learned], agreed="").questions[:-1]


def test_last_years_column_is_not_taken_for_its_better_title(tmp_path, taken):
    rows = [["凭证号", "项目名称", "上年", "本年", "支付日期"], [None, None, "支付金额", "金额", None]]
    file = workbook(tmp_path / "a.xlsx", [*rows, ["V1", "甲", 100, 200, DAY]], "A1:A2", "B1:B2", "E1:E2")
    taken(file, answers={"columns": "proposed"})
    assert rows_of(tmp_path, "amount") == [("200.00",)]


def test_two_halves_of_a_year_are_not_told_apart_by_guessing(tmp_path, taken):
    rows = [
        ["凭证号", "项目名称", "上半年", "下半年", "支付日期"],
        [None, None, "支付金额", "支付金额", None],
    ]
    file = workbook(tmp_path / "a.xlsx", [*rows, ["V1", "甲", 1, 2, DAY]], "A1:A2", "B1:B2", "E1:E2")
    with pytest.raises(ZhunshengError, match=r"ZS-EV-43.*上半年支付金额、下半年支付金额"):
        taken(file)


def test_what_both_lines_say_together_outranks_the_lower_alone(tmp_path, taken):
    rows = [["项目名称", "批复", None, "公开", "变动类型"], [None, "日期", "金额", "日期", None]]
    rows.append(["甲", "2021-01-05", "100", "2021-01-20", "年初批复"])
    file = workbook(tmp_path / "a.xlsx", rows, "A1:A2", "B1:C1", "E1:E2")
    assert taken(file, "budgets").batch
    assert rows_of(tmp_path, "adjusted_on", "published_on", ledger="budgets") == [
        ("2021-01-05", "2021-01-20")
    ]


def test_a_row_above_a_header_said_again_is_no_line_of_it(taken):
    text = "凭证号,项目名称,支付金额,支付日期,用途,用途\nV1,甲,1,2021-03-01,a,b\n"
    with pytest.raises(ZhunshengError, match="ZS-EV-08"):
        taken(text + "凭证号,项目名称,支付金额,支付日期,用途,用途\nV2,甲,1,2021-03-01,a,b\n")


# -- names alike, departments and merged amounts: asked, thing by thing
# -----------------------------------------------------------------------------------------------------------

BUDGETS = "项目名称,批复日期,金额,变动类型\n"


def test_names_that_differ_in_width_or_blanks_are_proposed_as_one(tmp_path, taken):
    first = BUDGETS + "办案经费（一期）,2021-01-05,100,年初批复\n"
    assert taken(first, "budgets").batch
    again = (
        BUDGETS
        + "办案经费(一期),2021-01-05,100,年初批复\nＢ项目,2021-01-05,1,年初批复\nB 项目,2021-02-05,1,追加\n"
    )
    done = taken(again, "budgets")
    (question,) = done.questions
    assert [(part.text, part.proposed) for part in question.parts] == [
        ("办案经费(一期)", "办案经费（一期）"),
        ("B 项目", "Ｂ项目"),
    ]
    own = {"value:项目名称:B 项目": "refused"}
    assert taken(again, "budgets", answers={"values": "proposed", **own}).batch.updated == 0
    names = [("B 项目",), ("办案经费（一期）",), ("Ｂ项目",)]
    assert rows_of(tmp_path, "project", ledger="budgets") == names


def test_names_alike_are_told_where_a_plain_yes_keeps_both(tmp_path, taken):
    done = taken(BUDGETS + "A,2021-01-05,1,年初批复\nＡ,2021-01-05,1,年初批复\n", "budgets", agreed=True)
    assert len(rows_of(tmp_path, "project", ledger="budgets")) == 2
    assert "“项目名称”只差全角半角、空格或大小写，仍按两个读入：Ａ、A" in done.notes


def test_names_alike_are_asked_about_and_told_of_within_bounds(taken):
    rows = (f"项目{n},2021-01-05,1,年初批复\n项目 {n},2021-02-05,1,追加\n" for n in range(70))
    text = BUDGETS + "".join(rows)
    asked = taken(text, "budgets")
    assert len(asked.questions[0].parts) == 50
    listed = "、".join(f"项目 {n}、项目{n}" for n in range(50, 60))
    rest = f"“项目名称”只差全角半角、空格或大小写，仍按两个读入：{listed}等 20 个"
    assert rest in asked.notes
    assert rest in taken(text, "budgets", answers={"values": "proposed"}).batch.notes
    (told,) = [
        n for n in taken(text.replace("\n项目", "\n工程"), "budgets", agreed=True).notes if "全角半角" in n
    ]
    assert told.endswith("等 70 个")


def test_names_read_as_one_are_judged_as_one(taken):
    done = taken(BUDGETS + "A,2021-01-05,1,年初批复\nＡ,2021-01-05,2,年初批复\n", "budgets")
    assert [error.message.partition(" ")[2] for error in done.errors] == ["与第 2 行重复"]


def test_each_of_several_new_departments_is_answered_by_itself(tmp_path, taken):
    rows = "V1,甲,1,2021-03-01,丙局\nV2,甲,2,2021-03-01,丁局\n"
    text = "凭证号,项目名称,支付金额,支付日期,部门\n" + rows
    (question,) = taken(text).questions
    assert [part.key for part in question.parts] == ["departments:丙局", "departments:丁局"]
    assert taken(text, answers={"departments:丁局": "aside"}).batch is None  # of the other nothing is said
    with pytest.raises(ZhunshengError, match="ZS-EV-80"):
        taken(text, answers={"departments:丁局": "no", "departments:丙局": "new"})
    done = taken(text, answers={"departments:丁局": "aside", "departments:丙局": "new"})
    assert done.batch.named and [(e.row, e.value) for e in done.errors] == [(3, "丁局")]
    assert rows_of(tmp_path, "voucher") == [("V1",)]


def test_an_answer_to_one_known_row_is_one_that_it_can_have(taken):
    assert taken(",".join(HEAD) + "\nV1,甲,1,2021-03-01\n").batch
    with pytest.raises(ZhunshengError, match="ZS-EV-80"):
        taken(
            ",".join(HEAD) + "\nV1,甲,2,2021-03-01\n", answers={"identity": "update", "identity:V1 甲": "x"}
        )


def test_an_amount_that_stands_once_for_two_rows_is_asked_about(tmp_path, taken):
    rows = [HEAD, ["V1", "甲", 100, DAY], ["V2", "乙", None, DAY], ["V3", "丙", 5, DAY]]
    file = workbook(tmp_path / "a.xlsx", rows, "C2:C3")
    (question,) = taken(file).questions
    assert question.text == "金额合并了单元格，一个数盖住几行：第 2、3 行"
    done = taken(file, answers={"merged": "aside"})
    assert rows_of(tmp_path, "voucher", "amount") == [("V3", "5.00")]
    assert {(e.row, e.column, e.message) for e in done.errors} == {
        (row, "支付金额", "合并的单元格，按答复没有导入") for row in (2, 3)
    }


# -- values of other programs
# -----------------------------------------------------------------------------------------------------------


def test_binary_fractions_are_no_codes_and_moments_are_the_offices(tmp_path, taken):
    moment = datetime(2021, 3, 1, 16, 30, tzinfo=UTC)  # half past midnight of the second in the office
    columns = [pa.array([1e15 + 1, 5.0, 7.5]), ["甲"] * 3, pa.array([1.1, 2.2, 3.0])]
    table = pa.table([*columns, pa.array([moment] * 3, pa.timestamp("us", "UTC"))], names=HEAD)
    pq.write_table(table, tmp_path / "a.parquet")
    done = taken(tmp_path / "a.parquet", good_rows=True)
    (error,) = done.errors
    assert (error.row, error.column, error.value) == (1, "凭证号", "1000000000000001")
    stored = rows_of(tmp_path, "voucher", "amount", "paid_on")
    assert stored == [("5", "2.20", "2021-03-02"), ("7.5", "3.00", "2021-03-02")]


def test_a_time_with_its_zone_is_of_the_offices_day(tmp_path, taken):
    times = ("2021-03-01T16:30:00Z", "2021-03-01 09:00:00+08:00", "2021-03-01T15:59:59.5+0000")
    taken(",".join(HEAD) + "".join(f"\nV{n},甲,1,{time}" for n, time in enumerate(times)))
    assert [day for (_, day) in rows_of(tmp_path, "voucher", "paid_on")] == [
        "2021-03-02",
        "2021-03-01",
        "2021-03-01",
    ]


@pytest.mark.parametrize("merged", [False, True])
def test_a_code_typed_as_a_number_keeps_the_noughts_that_are_shown(tmp_path, taken, merged):
    book = xlsxwriter.Workbook(tmp_path / "a.xlsx")
    sheet, shown = book.add_worksheet(), book.add_format({"num_format": "000000"})
    for row, cells in enumerate([HEAD, [123, "甲", 1, "2021-03-01"], ["000124", "甲", 2, "2021-03-01"]]):
        sheet.write_row(row, 0, cells)
    sheet.write_number(1, 0, 123, shown)
    if merged:  # which is read another way
        sheet.merge_range("B2:B3", "甲")
    book.close()
    taken(tmp_path / "a.xlsx")
    assert rows_of(tmp_path, "voucher") == [("000123",), ("000124",)]


def test_a_quote_within_a_cell_is_a_sign_like_any_other(tmp_path, taken):
    taken(",".join([*HEAD, "用途"]) + '\nV1,甲,1,2021-03-01,屏幕 24" 两台\nV2,甲,2,2021-03-01,"他说""好"""\n')
    assert rows_of(tmp_path, "purpose") == [('他说"好"',), ('屏幕 24" 两台',)]


def test_seals_days_alone_and_carried_pages_are_left_out_by_name(tmp_path, taken):
    rows = [HEAD, ["V1", "小计量器具检定", 1, DAY], [None, "小　计", 1, None], ["过次页", None, 1, None]]
    rows += [["承前页", None, 1, None], ["V2", "乙", 2, DAY], ["单位负责人（签章）", None, None, None]]
    rows += [["（加盖公章）", None, None, None], [None, None, None, "2021年12月31日"]]
    rows.append(["附注：无", None, None, None])
    done = taken(workbook(tmp_path / "a.xlsx", rows))
    assert done.batch and "略过合计、小计行：第 3、4、5 行" in done.notes
    assert "略过落款、说明：第 7、8、9、10 行" in done.notes
    assert rows_of(tmp_path, "voucher") == [("V1",), ("V2",)]


# -- a clean csv is looked at once for all that is asked of it first
# -----------------------------------------------------------------------------------------------------------

CLEAN = ",".join(HEAD) + "\nV1,甲,1,2021-03-01\nV2,乙,2,2021-03-02\n"


@pytest.mark.parametrize(
    "rows",
    [
        "",
        "合计,,3,\n",
        ",小计,3,\nV3,丙,4,2021-03-03\n",
        "凭证号,项目名称,支付金额,支付日期\nV3,丙,4,2021-03-03\n",
        "填表人：张三,,,\n",
        "V3,丙,#N/A,2021-03-03\n",
        "V1,甲,5,2021-03-01\n",
        'V3,丙,"1,234.50",2021-03-03\n',
        "V3,丙,1.234,21.3.5\nV4,丙,1,22.3.5\n",
        "V3,丙,5,2021-03-03,x\n",
        " V3 ,丙,5,2021-03-03 \n",
        ",,,\n2021年3月1日,,,\n",
    ],
)
def test_a_csv_reads_alike_where_it_lies_and_once_it_is_kept(tmp_path, monkeypatch, rows):
    came = []
    for kept in (0, 1 << 40):
        monkeypatch.setattr(csv_files, "_KEPT", kept)
        folder = tmp_path / str(kept)
        folder.mkdir()
        (folder / "a.csv").write_text(CLEAN + rows, "utf8")
        options = {"good_rows": True, "agreed": True, "marked_in": folder}
        done = import_ledger(folder / "store", folder / "a.csv", **options)
        said = done.as_json()
        told = {key: said[key] for key in ("rows", "bad_rows", "errors", "notes", "account")}
        came.append((told, rows_of(folder, "*")))
    assert came[0] == came[1]


def test_characters_of_a_file_are_found_whatever_piece_they_lie_in(tmp_path, monkeypatch):
    monkeypatch.setattr(csv_files, "_BLOCK", 5)
    file = tmp_path / "a.csv"
    file.write_text("\ufeffa甲,é😀\n乙,\u3000", "utf8")
    assert csv_files._signs_of_utf8(file) - set("a,\n") == set("甲é😀乙\u3000")
    for broken in ("甲".encode()[:2], "甲".encode("gb18030"), b"\xe4A\xbd\xa0", b"\xed\xa0\x80"):
        file.write_bytes(b"abc" + broken)
        assert csv_files._signs_of_utf8(file) is None


# -- commands
# -----------------------------------------------------------------------------------------------------------


def test_a_row_removed_before_is_told_with_when_by_whom_and_why(tmp_path, taken, capsys):
    assert taken(CLEAN).batch
    words = ["--store", str(tmp_path / "store"), "--reason", "重复", "--who", "李四"]
    codes = []
    for keys in (["V1,甲"], ["V1,甲"], ["V1,甲", "V9,甲"]):
        with pytest.raises(SystemExit) as ended:
            main(["ledger", "remove", "payments", *keys, *words])
        codes.append((ended.value.code, capsys.readouterr().err))
    assert codes[0] == (0, "")
    assert "ZS-EV-105" in codes[1][1] and "（批次 2，李四 于 " in codes[1][1]
    assert "原因：重复）" in codes[1][1]
    assert "ZS-EV-60" in codes[2][1] and "V1 甲（批次 2，" in codes[2][1] and "V9 甲。" in codes[2][1]


def test_two_states_are_compared_in_their_order_and_the_log_reads_in_names(tmp_path, taken, capsys):
    assert taken(CLEAN).batch and taken(CLEAN + "V3,丙,3,2021-03-03\n").batch
    store = ["--store", str(tmp_path / "store")]

    def said(*words):
        with pytest.raises(SystemExit):
            main(["ledger", *words, *store])
        return capsys.readouterr().out

    swapped = said("diff", "2", "1")
    assert swapped.startswith("所写的第一个状态晚于第二个，已按先后比较。\n从第 1 批次到第 2 批次")
    assert swapped.partition("\n")[2] == said("diff", "1", "2")
    first, counts, *_ = said("log").splitlines()
    assert "甲局  支付台账" in first and "2 行：新增 2，更新 0，剔除 0" in counts


def test_a_site_on_a_port_in_use_says_so_before_it_prepares_anything():
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(ZhunshengError, match="ZS-WB-90"):
        call_command("serve", "--port", str(other.getsockname()[1]))


def test_a_mapping_by_both_lines_of_a_header_is_read(tmp_path, taken):
    file = workbook(tmp_path / "a.xlsx", TWO_YEARS, "A1:A2", "B1:B2", "C1:D1", "E1:F1")
    columns = {"上年支付金额": "支付金额", "上年支付日期": "支付日期"}
    columns |= {"本年支付金额": None, "本年支付日期": None}
    said = LedgerMapping(ledger="支付台账", columns=columns).of_names()
    assert taken(file, mapping=said).batch
    assert rows_of(tmp_path, "amount") == [("100.00",)]


def test_two_numbers_in_one_cell_are_no_number(tmp_path, taken):
    file = workbook(tmp_path / "a.xlsx", [HEAD, ["V1\nV2", "甲", 1, DAY], ["V3", "乙\n项目", 1, DAY]])
    (error,) = taken(file, good_rows=True).errors
    assert (error.row, error.column) == (2, "凭证号")
    assert error.message == "一格里写了几行，像是几个凭证号；请一行只写一个"
    assert rows_of(tmp_path, "voucher") == [("V3",)]


def test_what_a_title_says_of_filling_it_in_is_no_part_of_it(tmp_path, taken):
    head = ["凭证号（必填）", "项目名称*", "支付金额(元)", "支付日期\n（年/月/日）"]
    taken(workbook(tmp_path / "a.xlsx", [head, ["V1", "甲", 1, DAY]]), None)
    assert rows_of(tmp_path, "voucher", "project") == [("V1", "甲")]


# -- an example of how to fill in a table, words for nothing
# -----------------------------------------------------------------------------------------------------------

COMPLAINTS = "登记编号,类别,收到日期,受理日期,承办科室,实名举报"


@pytest.mark.parametrize("first", ["示例", "（填写示例）C0", "示例001", "例：C0", "样例", "例如：C0"])
def test_an_example_row_is_left_out_and_named_unless_it_is_said_to_be_a_record(tmp_path, taken, first):
    text = f"{COMPLAINTS}\n{first},举报,2021-03-01,,,\nC1,投诉,2021-03-02,,,\n"
    asked = taken(text, "complaints")
    (question,) = asked.questions
    assert question.kind == "example" and question.text == "像是填写示例，不是记录：第 2 行"
    assert asked.batch is None and asked.account.fates["example"] == 1
    record = taken(text, "complaints", answers={"example": "take"})
    assert (record.batch.rows, record.questions, record.account.fates.get("example")) == (2, (), None)
    # Of a file with other bytes, since the same would be known; left out, the row is in the account.
    left = taken(f"{text}C2,投诉,2021-03-02,,,\n", "complaints", answers={"example": "leave"})
    assert (left.batch.rows, left.account.fates["example"]) == (2, 1)
    assert ("填写示例", "第 2 行") in left.account.rest()
    with pytest.raises(ZhunshengError, match="ZS-EV-80"):
        taken(f"{text}C3,投诉,2021-03-02,,,\n", "complaints", answers={"example": "perhaps"})


def test_what_only_begins_like_an_example_is_a_record(tmp_path, taken):
    names = ["例行检查经费", "示例村改造", "条例宣传", "示范街建设"]
    rows = [HEAD, *([f"V{n}", name, 1, DAY] for n, name in enumerate(names))]
    rows += [[f"W{n}", "丙", 1, DAY] for n in range(3)] + [
        ["示例", "丁", 1, DAY]
    ]  # no first row of the table
    done = taken(workbook(tmp_path / "a.xlsx", rows))
    assert done.batch.rows == len(rows) - 1 and "example" not in done.account.fates


@pytest.mark.parametrize(
    "word", ["NULL", "null", "N/A", "n/a", "NA", "nan", "None", "—", "——", "/", "-", "空"]
)
def test_a_word_for_nothing_is_no_value_and_is_counted(tmp_path, taken, word):
    done = taken(f"{COMPLAINTS}\nC1,举报,2021-03-01,{word},{word},{word}\n", "complaints")
    assert rows_of(tmp_path, "accepted_on", "section", "named", ledger="complaints") == [(None, None, None)]
    assert done.account.changes["nothing"] == 3
    assert ("写的是“无”“N/A”“—”之类，按没有填写", "3 格") in done.account.rest()


def test_nothing_says_no_where_yes_or_no_is_asked_and_names_a_value_where_it_is_one(tmp_path, taken):
    done = taken(f"{COMPLAINTS}\nC1,举报,2021-03-01,无,无,无\n", "complaints")
    assert done.account.changes["nothing"] == 2
    assert rows_of(tmp_path, "accepted_on", "named", ledger="complaints") == [(None, "False")]
    incident = "事故编号,事故类别,事故等级,发生日期,处置完成日期\nS1,无,零报告,2021-03-01,无\n"
    assert taken(incident, "incidents").batch  # as a report of no accident is to be filled in
    assert rows_of(tmp_path, "kind", "severity", "dealt_on", ledger="incidents") == [("无", "无", None)]


def test_a_word_for_nothing_in_a_required_number_is_asked_about(tmp_path, taken):
    text = f"{COMPLAINTS}\nN/A,举报,2021-03-01,,,\nC1,举报,2021-03-02,,,\n"
    (question,) = taken(text, "complaints").questions
    assert (question.key, question.rows) == ("nothing:登记编号", 1)
    assert question.text == "“登记编号”必填，写的却是N/A：第 2 行"
    done = taken(text, "complaints", agreed=True)
    assert rows_of(tmp_path, "complaint_no", ledger="complaints") == [("C1",)]
    (error,) = done.errors
    assert (error.row, error.column, error.value) == (2, "登记编号", "N/A")
    taken(f"{text}C2,举报,2021-03-02,,,\n", "complaints", answers={"nothing:登记编号": "take"})
    assert ("N/A",) in rows_of(tmp_path, "complaint_no", ledger="complaints")


def test_a_word_for_nothing_in_a_required_day_is_an_error_that_shows_it(tmp_path, taken):
    (error,) = taken(f"{COMPLAINTS}\nC1,举报,N/A,,,\n", "complaints").errors
    assert (error.column, error.value, error.message) == ("收到日期", "N/A", "不是日期")


def test_what_a_database_spills_goes_to_a_private_folder_that_goes_with_it():
    asked = "SELECT current_setting('temp_directory')"
    with scratch_database() as connection:
        ((place,),) = connection.execute(asked).fetchall()
        assert Path(place).stat().st_mode & 0o077 == 0 and Path(place).parent.name.startswith("zhunsheng-")
    assert not Path(place).exists()
    ((shared,),) = session().execute(asked).fetchall()
    # Its process holds the lock, by which those of the dead are told from it.
    assert Path(shared).is_dir() and (Path(shared).parent / ".lock").is_file()
    assert Path(shared).parent not in sweep(Path(shared).parents[1])


# -- lines between the rows, sheets of other departments
# -----------------------------------------------------------------------------------------------------------


def test_page_lines_and_headings_between_the_rows_are_left_out_by_name(tmp_path, taken):
    rows = [HEAD, ["一、基本支出"], ["V1", "甲", 1, DAY], ["第1页 共2页"], HEAD, ["（二）项目支出"]]
    rows += [["V2", "乙", 2, DAY], ["第 2 页，共 2 页"]]
    done = taken(workbook(tmp_path / "a.xlsx", rows))
    left = {k: n for k, n in done.account.fates.items() if n}
    assert left == {"heading": 2, "signed": 2, "header": 1, "new": 2}
    assert ("小标题行", "第 2、6 行") in done.account.rest()
    # What has all that a record needs is one, whatever its number looks like.
    done = taken(workbook(tmp_path / "b.xlsx", [HEAD, ["一、1", "甲", 1, DAY], ["第1页", "乙", 1, DAY]]))
    assert done.batch.inserted == 2


def test_rows_on_a_sheet_that_bears_another_departments_name_are_asked_about(tmp_path, taken):
    book = openpyxl.Workbook()
    for n, name in enumerate(("甲局", "乙局")):
        sheet = book.active if n == 0 else book.create_sheet()
        sheet.title = name
        for row in (HEAD, [f"V{n}", "甲", 1, DAY]):
            sheet.append(row)
    book.save(tmp_path / "a.xlsx")
    known = {"乙局": "305002", "甲局": "305001"}
    (question,) = taken(tmp_path / "a.xlsx", known=known).questions
    assert question.text == "工作表“乙局”是另一个部门的名称，它的 1 行没有写部门"
    done = taken(tmp_path / "a.xlsx", known=known, agreed=True)
    assert rows_of(tmp_path, "voucher") == [("V0",)] and done.account.fates["aside"] == 1
    taken(tmp_path / "a.xlsx", known=known, answers={"sheets": "take"})
    assert rows_of(tmp_path, "voucher") == [("V0",), ("V1",)]
