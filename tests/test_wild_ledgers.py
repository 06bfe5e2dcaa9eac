"""Ledgers as offices send them: each small file of ``wild/`` is stored as it says, or what is not is said."""

from __future__ import annotations

import shutil
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import openpyxl
import pytest

from agreed import import_ledger
from zhunsheng.cli import main
from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence import Store, View, browse, ledger_of
from zhunsheng.evidence.layout import current, files_at
from zhunsheng.evidence.tables import ledger_sql
from zhunsheng.usecases import importing

WILD = Path(__file__).parent / "wild"


def taken(store, *names, ledger=None, **options):
    """Import files of the folder in turn; return what the last came to."""
    done = None
    for name in names:
        file = next(WILD.glob(f"{name}*"))
        done = import_ledger(
            store, file, ledger=ledger and ledger_of(ledger), marked_in=store.parent, **options
        )
    return done


def stored(store, ledger, *columns, order="1"):
    """Return the rows of a ledger as they stand, the columns asked for."""
    opened = Store(store)
    with opened.reading() as index:
        query = ledger_sql(ledger_of(ledger), current(index, ledger))
        return duckdb.sql(f"SELECT {', '.join(columns)} FROM ({query}) ORDER BY {order}").fetchall()


@pytest.fixture
def store(tmp_path):
    """A store that is not there yet."""
    return tmp_path / "store"


def test_a_sheet_for_each_month_is_read_whole(store):
    done = taken(store, "04-")
    assert done.batch.inserted == 9
    assert "读入的工作表：1月（3 行）、2月（3 行）、3月（3 行）" in done.notes
    assert [n for (n,) in stored(store, "complaints", "complaint_no")][::4] == ["T1-0", "T2-1", "T3-2"]


def test_amounts_under_a_line_with_their_unit_are_converted_and_told(store):
    done = taken(store, "05-")
    assert stored(store, "payments", "amount") == [(Decimal("125000.00"),)]
    assert "“支付金额”按万元读入，乘 10,000 存为元（文件写明：单位：万元）" in done.notes


@pytest.mark.parametrize(
    "lines",
    [
        ("凭证号,项目名称,支付金额（元）：,支付日期",),
        ("单位：万元,,,", "凭证号,项目名称,支付金额（元）：,支付日期"),
        ("单位：万元,,,", "凭证号,项目名称,支付金额（元）\u200b,支付日期"),
        ("单位：万元,,,", "凭证号,项目名称,支付金额（人民币元）,支付日期"),
        ("单位：万元,,,", "凭证号,项目名称,*支付金额(元)*,支付日期"),
        ("单位：万元,,,", "凭证号,项目名称,【支付金额（元）】,支付日期"),
        ("注：按元填报,,,", "凭证号,项目名称,支付金额,支付日期"),
    ],
)
def test_the_unit_of_a_title_counts_however_the_title_ends(tmp_path, store, lines):
    file = tmp_path / "a.csv"
    file.write_text("\n".join([*lines, "P1,甲,12.5,2021-03-01"]), "utf8")
    import_ledger(store, file)
    assert stored(store, "payments", "amount") == [(Decimal("12.50"),)]


@pytest.mark.parametrize(
    "lines",
    [
        ("XX局支付情况表（万元）,,,", "凭证号,项目名称,支付金额,支付日期"),
        (",,金额（万元）,", "凭证号,项目名称,支付金额,支付日期"),
        ("凭证号,项目,（万元）,", ",名称,支付金额,支付日期"),
        ("凭证号,项目名称,支付金额（人民币万元）：,支付日期",),
        ("金额以万元计,,,", "凭证号,项目名称,支付金额,支付日期"),
    ],
)
def test_a_unit_above_a_column_or_the_table_is_read(tmp_path, store, lines):
    file = tmp_path / "a.csv"
    file.write_text("\n".join([*lines, "P1,甲,12.5,2021-03-01"]), "utf8")
    done = import_ledger(store, file)
    assert stored(store, "payments", "amount") == [(Decimal("125000.00"),)]
    assert any("“支付金额”按万元读入" in note for note in done.notes)


def test_a_note_under_the_table_that_states_another_unit_is_asked_about(tmp_path, store):
    file = tmp_path / "a.csv"
    rows = ("凭证号,项目名称,支付金额,支付日期", "P1,甲,12.5,2021-03-01", "注：金额单位为万元,,,")
    file.write_text("\n".join(rows), "utf8")
    waiting = importing.import_ledger(store, file)
    (question,) = waiting.questions
    assert waiting.batch is None
    assert question.text == "第 3 行写着“注：金额单位为万元”，“支付金额”却不是按万元读入的"
    file.write_text("\n".join((*rows[:2], "注：金额单位为元,,,")), "utf8")
    assert importing.import_ledger(store, file).batch.inserted == 1


def test_a_column_that_is_not_used_is_named_with_the_nearest_title(store):
    assert "没有用到的列：实际办结日期（是否为“办结日期”？）" in taken(store, "06-").notes
    assert stored(store, "complaints", "closed_on") == [(None,)] * 3


def test_a_unit_of_measure_makes_no_department(store):
    done = taken(store, "07-", department="A1")
    assert stored(store, "assets", "department") == [("A1",)] * 2 and done.batch.named == {}
    assert any("（台、张）都不是已知的部门" in note for note in done.notes)


def test_departments_under_a_general_title_are_departments_where_they_are_known(tmp_path, store):
    file = tmp_path / "a.csv"
    file.write_text("登记编号,类别,收到日期,单位\nT1,举报,2021-03-01,甲局\nT2,举报,2021-03-01,\n", "utf8")
    import_ledger(store, file, department="B1", known={"甲局": "A1"})
    assert stored(store, "complaints", "complaint_no", "department") == [("T1", "A1"), ("T2", "B1")]


def test_a_unit_of_measure_on_one_sheet_of_two_makes_no_department(tmp_path, store):
    book = openpyxl.Workbook()
    for sheet, head, row in (
        (book.active, ["资产编号", "资产名称", "原值", "单位"], ["Z1", "电脑", 5000, "台"]),
        (book.create_sheet(), ["资产编号", "资产名称", "原值"], ["Z2", "桌", 800]),
    ):
        sheet.append(head)
        sheet.append(row)
    book.save(tmp_path / "a.xlsx")
    done = import_ledger(store, tmp_path / "a.xlsx", department="A1")
    assert done.batch.named == {} and stored(store, "assets", "department") == [("A1",)] * 2


def test_an_error_of_a_cell_is_an_error_at_the_cell(store):
    done = taken(store, "08-")
    assert done.batch is None and [(e.row, e.column, e.value) for e in done.errors] == [
        (2, "办结日期", "#N/A"),
        (3, "办结日期", "#REF!"),
    ]


def test_days_of_no_possible_year_are_refused_and_short_ones_told(store):
    done = taken(store, "09-")
    assert done.batch is None and [e.row for e in done.errors] == [4, 5]
    assert done.account.changes == {"years": 2}
    assert "“收到日期”有 2 格按年、月、日的先后读入，如 21-3-5 读作 2021-03-05" in done.notes


def test_what_a_merged_cell_says_counts_for_all_the_rows_it_covers(store):
    assert taken(store, "10-").batch.inserted == 3
    assert stored(store, "payments", "project", "paid_on") == [("市场秩序维护经费", date(2021, 3, 1))] * 3


def test_a_quote_that_is_never_closed_is_an_error_with_its_line(store):
    done = taken(store, "11-")
    (error,) = done.errors
    assert done.batch is None and (error.row, error.column) == (3, "承办科室")
    assert error.message == "引号没有闭合，把后面 4 行并进了这一格，没有读"


@pytest.mark.parametrize(
    "line", ['合计,,,"12', '"合计：,,,', '填表人：,,"张某,', ',,,,"附件', ',"登记编号,类别,收到日期']
)
def test_a_quote_that_is_never_closed_is_told_whatever_its_row_is(tmp_path, store, line):
    file = tmp_path / "a.csv"
    rows = (
        "登记编号,类别,收到日期,承办科室,备用",
        "T1,举报,2021-03-01,一科,",
        line,
        "T2,举报,2021-03-02,二科,",
    )
    file.write_text("\n".join((*rows, "T3,举报,2021-03-02,二科,")), "utf8")
    done = import_ledger(store, file, marked_in=tmp_path, good_rows=True)
    assert any(e.row == 3 and "把后面 2 行并进了这一格" in e.message for e in done.errors), done.errors
    assert stored(store, "complaints", "complaint_no") == [("T1",)]


def test_a_quote_that_closes_within_a_cell_is_an_error_at_it_and_not_taken_off(tmp_path, store):
    file = tmp_path / "a.csv"
    rows = (
        "登记编号,类别,收到日期,承办科室",
        'T1,举报,2021-03-01,"示范"企业科',
        'T2,举报,2021-03-01,"甲""乙"',
    )
    file.write_text("\n".join((*rows, 'T3,举报,2021-03-01,甲"乙"丙')), "utf8")
    done = import_ledger(store, file, marked_in=tmp_path, good_rows=True)
    (error,) = done.errors
    assert (error.row, error.column) == (2, "承办科室") and "引号后面还有文字" in error.message
    assert stored(store, "complaints", "section", order="complaint_no") == [('甲"乙',), ('甲"乙"丙',)]


def test_a_title_over_two_lines_of_a_csv_counts_as_header(tmp_path, store):
    file = tmp_path / "a.csv"
    file.write_text('"登记\n编号",类别,"",办结\n,,收到日期,日期\nT1,举报,2021-03-01,2021-03-05\n', "utf8")
    done = import_ledger(store, file, marked_in=tmp_path)
    assert done.account.tables[0].header == (1, 3) and done.account.tables[0].above == ()
    assert stored(store, "complaints", "complaint_no", "_row") == [("T1", 4)]


def test_rows_of_a_csv_bear_the_numbers_of_their_lines(tmp_path, store):
    file = tmp_path / "a.csv"
    file.write_text(
        '登记编号,类别,收到日期,承办科室\n\nT1,举报,2021-03-01,"一\n科"\n\nT2,举报,3月,x\n', "utf8"
    )
    done = import_ledger(store, file, marked_in=tmp_path, good_rows=True)
    assert [(e.row, e.column) for e in done.errors] == [(6, "收到日期")]
    assert stored(store, "complaints", "complaint_no", "_row", "section") == [("T1", 3, "一\n科")]


def test_tricks_that_keep_a_text_a_text_are_taken_off_and_lost_digits_refused(store):
    done = taken(store, "13-", good_rows=True)
    assert [(e.row, e.value) for e in done.errors] == [(6, "2.02103E+14")]
    numbers = [n for (n,) in stored(store, "complaints", "complaint_no")]
    assert numbers == ["000123", "000124", "000125", "000126"]
    assert "去掉为保留文本而加的撇号、等号：3 格" in done.notes


def test_a_projects_code_in_wide_letters_is_the_code_also_beside_the_key(tmp_path, store):
    file = tmp_path / "a.csv"
    file.write_text("凭证号,项目名称,项目编码,支付金额,支付日期\nV1,甲,Ｐ－１,10,2021-03-01\n", "utf8")
    done = import_ledger(store, file)
    assert stored(store, "payments", "project_code") == [("P-1",)]
    assert done.account.changes["wide"] == 1


def test_a_page_named_xls_is_read(store):
    taken(store, "15-")
    assert stored(store, "complaints", "complaint_no", "section") == [("T1", "一科")]


def test_what_batches_left_say_stands_once_two_are_taken_back(store):
    taken(store, "16-A", "16-B", "16-C")
    for number in (2, 3):
        Store(store).undo(number)
    assert stored(store, "complaints", "closed_on") == [(None,)]


def test_a_voucher_that_pays_two_projects_is_two_rows(store):
    assert taken(store, "17-").batch.inserted == 2
    assert stored(store, "payments", "project", "amount") == [
        ("A项目", Decimal("100.00")),
        ("B项目", Decimal("150.00")),
    ]


def test_totals_and_signatures_are_left_out_by_name(store):
    assert "略过合计、小计行：第 5 行" in taken(store, "19-sub").notes
    assert stored(store, "payments", "sum(amount)") == [(Decimal("300.00"),)]
    shutil.rmtree(store)
    done = taken(store, "19b")
    assert done.batch.inserted == 3 and {
        "略过合计、小计行：第 6 行",
        "略过落款、说明：第 7 行",
        "第 6 行的合计与读到的“支付金额”相符：300",
    } <= set(done.notes)


def test_a_total_that_differs_is_told(tmp_path, store):
    file = tmp_path / "a.csv"
    rows = ("凭证号,项目名称,支付金额,支付日期", "P1,甲,100,2021-03-01", "P2,甲,50,2021-03-02", "合 计,,160,")
    file.write_text("\n".join(rows), "utf8")
    done = import_ledger(store, file)
    told = "有疑问：第 4 行的合计与读到的“支付金额”不符：写的是 160，读到 150；答复：照读到的行导入"
    assert told in done.notes


def test_a_name_that_begins_like_a_total_is_no_total(tmp_path, store):
    file = tmp_path / "a.csv"
    file.write_text("凭证号,项目名称,支付金额,支付日期\nP1,总计划室经费,100,2021-03-01\n", "utf8")
    assert import_ledger(store, file).batch.inserted == 1


def test_a_record_that_has_all_it_needs_may_be_called_a_total(tmp_path, store):
    file = tmp_path / "a.csv"
    rows = ("凭证号,项目名称,支付金额,支付日期", "P1,合计,100,2021-03-01", ",合计,100,")
    file.write_text("\n".join(rows), "utf8")
    done = import_ledger(store, file)
    assert stored(store, "payments", "project", "amount") == [("合计", Decimal("100.00"))]
    assert "略过合计、小计行：第 3 行" in done.notes


def test_wide_figures_and_amounts_in_brackets_are_read(tmp_path, store):
    file = tmp_path / "a.csv"
    head = "凭证号,项目名称,支付类型,支付金额,支付日期"
    rows = (head, "P1,甲,退款,(300),２０２１－３－１", "P2,甲,,１２３．５,2021–3–2")
    file.write_text("\n".join(rows), "utf8")
    import_ledger(store, file)
    assert stored(store, "payments", "amount", "paid_on", order="voucher") == [
        (Decimal("-300.00"), date(2021, 3, 1)),
        (Decimal("123.50"), date(2021, 3, 2)),
    ]


def test_a_header_of_two_lines_is_read_as_one(store):
    taken(store, "20-")
    assert stored(store, "complaints", "complaint_no", "received_on", "closed_on") == [
        ("T1", date(2021, 3, 1), date(2021, 3, 5))
    ]


def test_a_broken_file_keeps_none_of_the_others_back(store, capsys):
    files = [str(next(WILD.glob(f"{n}*"))) for n in ("16-A", "24-", "16-C")]
    with pytest.raises(SystemExit) as ended:
        main(["ledger", "import", *files, "--store", str(store)])
    said = capsys.readouterr().out
    assert ended.value.code == 2 and said.count("已导入") == 2 and "未导入 24-broken.xls" in said
    assert len(Store(store).batches()) == 2


def test_a_columns_own_title_outranks_a_synonym(store):
    done = taken(store, "25-", ledger="complaints")
    assert stored(store, "complaints", "received_on") == [(date(2021, 3, 1),)]
    assert any(note.startswith("没有用到的列：登记日期") for note in done.notes)


def test_of_two_synonyms_none_is_chosen(tmp_path, store):
    file = tmp_path / "a.csv"
    file.write_text("登记编号,类别,登记日期,来件日期\nT1,举报,2021-03-01,2021-03-02\n", "utf8")
    with pytest.raises(ZhunshengError, match=r"ZS-EV-43.*登记日期、来件日期"):
        import_ledger(store, file, ledger=ledger_of("complaints"))


def test_long_numbers_keep_their_last_digit(store):
    taken(store, "02-voucher-week1", "02-voucher-week2")
    assert stored(store, "payments", "count(*)", "sum(amount)") == [(2, Decimal("350000.00"))]


def test_a_column_that_a_file_lacks_leaves_what_stands_there(store):
    taken(store, "03-full", "03-fewer")
    first = stored(store, "complaints", "complaint_no", "closed_on", "section")
    assert first == [("T1", date(2021, 3, 9), "一科"), ("T2", None, None)]
    # Once the batch that said them is taken back, nobody says them any more.
    Store(store).undo(1)
    assert stored(store, "complaints", "closed_on", "section") == [(None, None)] * 2


def test_empty_cells_clear_and_it_is_told_how_many(tmp_path, store):
    taken(store, "03-full")
    file = tmp_path / "a.csv"
    file.write_text("登记编号,类别,收到日期,办结日期\nT1,举报,2021-03-01,\n", "utf8")
    done = import_ledger(store, file)
    assert stored(store, "complaints", "closed_on", "section") == [(None, "一科")]
    assert "有疑问：“办结日期”在文件里是空的，台账里有值：1 格；答复：照文件清空" in done.batch.notes


def test_a_partial_batch_between_two_whole_ones_is_taken_back_alone(tmp_path, store):
    def file(name, text):
        (tmp_path / name).write_text(text, "utf8")
        return import_ledger(store, tmp_path / name)

    file("1.csv", "登记编号,类别,收到日期,办结日期,承办科室\nT1,举报,2021-03-01,2021-03-05,一科\n")
    file("2.csv", "登记编号,类别,收到日期,承办科室\nT1,举报,2021-03-02,二科\n")
    file("3.csv", "登记编号,类别,收到日期,办结日期\nT1,举报,2021-03-02,2021-03-07\n")
    ask = ("received_on", "closed_on", "section")
    assert stored(store, "complaints", *ask) == [(date(2021, 3, 2), date(2021, 3, 7), "二科")]
    Store(store).undo(2)
    assert stored(store, "complaints", *ask) == [(date(2021, 3, 2), date(2021, 3, 7), "一科")]


@pytest.mark.parametrize("name", ["绩效 2021", "a%b", "a#b?c", "a{b}'c`d", '!$&*()+=;:,<>~"@%zz'])
def test_a_store_lies_under_any_path(tmp_path, name):
    store = tmp_path / name / "证据库"
    store.parent.mkdir()
    taken(store, "16-A", "16-B")
    Store(store).undo(2)
    assert stored(store, "complaints", "closed_on") == [(None,)]
    assert [Path(f).is_file() for f in files_at(store, "complaints", 1)] == [True]


@pytest.mark.parametrize(
    "name", ["a[b]", "a^b", "a|b", "a\\b", "a%20b", "a\tb", "a\nb", "a\x7fb", "a\udcffb"]
)
def test_a_place_that_the_tables_library_can_not_take_is_refused_before_anything_is_written(tmp_path, name):
    with pytest.raises(ZhunshengError, match="ZS-EV-46"):
        taken(tmp_path / name / "s", "16-A")
    assert not (tmp_path / name).exists()


def test_a_file_is_read_under_a_name_that_looks_like_a_pattern(tmp_path, store):
    file = shutil.copy(next(WILD.glob("13-*")), tmp_path / "x[1]*?.csv")
    assert import_ledger(store, Path(file), marked_in=tmp_path).rows == 5


def test_a_code_whose_check_character_is_wrong_is_refused_or_told_as_asked(store):
    done = taken(store, "14-")
    (error,) = done.errors
    assert done.batch is None and (error.row, error.value) == (3, "91130100MA01234561")
    assert "校验位不对" in error.message
    done = taken(store, "14-", strictness="warning")
    assert done.batch.inserted == 2
    assert "“统一社会信用代码”校验位不对，仍已读入：第 3 行" in done.notes


def test_an_old_number_of_fifteen_is_told_unless_asked_otherwise(store, tmp_path):
    file = tmp_path / "主体.csv"
    file.write_text(
        "统一社会信用代码,名称,主体类型,成立日期\n"
        "110108000000016,甲,企业,2009-01-02\n110108000000017,乙,企业,2009-01-02\n"
    )
    done = import_ledger(store, file, strictness="error", marked_in=tmp_path)
    assert done.batch is None and [e.row for e in done.errors] == [3]
    done = import_ledger(store, file)
    assert done.batch.inserted == 2
    assert "“统一社会信用代码”校验位不对，仍已读入：第 3 行" in done.notes


def test_a_row_knows_its_worksheet_also_once_it_is_taken_back(store):
    taken(store, "04-")
    rows = stored(store, "complaints", "_sheet", "_row", "complaint_no", order="1, 2")
    assert (
        rows[:4]
        == [
            ("1月", 2, "T1-0"),
            ("1月", 3, "T1-1"),
            ("1月", 4, "T1-2"),
            ("2月", 2, "T2-0"),
        ]
        and len({row[:2] for row in rows}) == 9
    )
    taken(store, "03-full")
    Store(store).undo(2)
    assert stored(store, "complaints", "_sheet", "_row", "complaint_no", order="1, 2") == rows
    (found,) = browse(Store(store).snapshot(), ledger_of("complaints"), "本部门", View(search="T2-0")).rows
    assert (found.sheet, found.row) == ("2月", 2)
