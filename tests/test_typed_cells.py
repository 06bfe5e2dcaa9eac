"""A cell becomes the same value in whatever file it stands; what it leaves open its column decides."""

from __future__ import annotations

import re
import shutil
import time
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from agreed import import_ledger
from fuzz_ledgers import run
from zhunsheng.clock import today
from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence import check_file, ledger_of
from zhunsheng.numerals import chinese_amount

WILD = Path(__file__).parent / "wild"
HEAD = ["凭证号", "项目名称", "支付金额", "支付日期"]
DAY = date(2021, 3, 5)


def read(path, ledger="payments"):
    """Check a file; return what its rows are read as, its errors, notes and account."""
    with check_file(path, ledger_of(ledger), "D1") as checked:
        names = ", ".join(checked.columns)
        rows = checked.connection.execute(f"SELECT _row, {names} FROM good ORDER BY _id").fetchall()
        found = {row: dict(zip(checked.columns, values, strict=True)) for row, *values in rows}
        return found, {(e.row, e.column): e.message for e in checked.errors}, checked.notes, checked.account


@pytest.fixture
def texts(tmp_path):
    """Return a function that writes payments into a tab-separated text, one by day and amount."""

    def write(days=(), amounts=(), title="支付金额"):
        count = max(len(days), len(amounts))
        rows = [["凭证号", "项目名称", title, "支付日期"]]
        for n in range(count):
            amount = amounts[n] if n < len(amounts) else "1"
            rows.append([f"V{n}", "一期", amount, days[n] if n < len(days) else "2021-03-05"])
        path = tmp_path / "支付.tsv"
        path.write_text("\n".join("\t".join(row) for row in rows) + "\n")
        return path

    return write


# -- kinds of files
# ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["26-office.ods", "26-office.xls", "26-office.et", "26-office"])
def test_an_office_file_of_any_kind_is_read_by_what_it_holds(tmp_path, name):
    source = WILD / (name if name.endswith((".ods", ".xls")) else "26-office.xls")
    shutil.copyfile(source, tmp_path / name)
    rows, errors, _notes, account = read(tmp_path / name)
    assert rows[3] == {
        "voucher": "000123",
        "project": "一期",
        "amount": Decimal("12.50"),
        "paid_on": DAY,
        "purpose": "甲",
    }
    assert rows[5]["voucher"] == "2021033100001" and rows[5]["amount"] == 3
    assert set(rows) == {3, 5}
    assert errors[4, "支付金额"] == "是百分数，不是金额"
    assert errors[6, "用途"] == "是 Excel 的错误值" and (7, "支付日期") in errors
    (table,) = account.tables
    assert table.above == ((1, "支付台账"),) and table.header == (2, 2) and table.comments == 1
    assert table.hidden_rows == ((5, 5),) and table.hidden_columns == ("E",)
    assert account.changes["spread"] == 1 and account.unread[0].startswith("字典（缺少")


def test_days_of_an_xls_counted_from_1904_and_its_errors_are_read(tmp_path):
    rows, errors, _notes, account = read(WILD / "27-days-from-1904.xls")
    assert [rows[n]["paid_on"] for n in (2, 3, 6)] == [DAY] * 3
    assert errors == {(4, "用途"): "是 Excel 的错误值", (5, "支付金额"): "是百分数，不是金额"}
    assert account.tables[0].hidden_rows == ((6, 6),) and account.tables[0].hidden_columns == ("E",)


def test_days_of_an_xlsx_are_counted_from_where_it_says(tmp_path):
    book = openpyxl.Workbook()
    book.epoch = CALENDAR_MAC_1904
    book.active.append(HEAD)
    book.active.append(["V1", "一期", 5, DAY])
    book.active.append(["V2", "一期", 5, (DAY - date(1904, 1, 1)).days])  # a bare number, without a format
    book.active.append(["V3", "一期", 5, "44260"])  # a text counts as Excel's own days do
    book.save(tmp_path / "a.xlsx")
    rows, errors, _notes, _account = read(tmp_path / "a.xlsx")
    assert [row["paid_on"] for row in rows.values()] == [DAY] * 3 and not errors


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("sign", ["\t", ",", ";", "|"])
def test_texts_of_any_encoding_and_delimiter_are_read(tmp_path, encoding, sign):
    title = "二〇二一年，支付,台,账,汇,总"
    lines = [title, sign.join(HEAD), sign.join(["000123", "一期（甲）", "12.5", "2021-03-05"])]
    (tmp_path / "a.txt").write_bytes("\r\n".join(lines).encode(encoding))
    rows, errors, _notes, account = read(tmp_path / "a.txt")
    assert rows == {
        3: {"voucher": "000123", "project": "一期（甲）", "amount": Decimal("12.50"), "paid_on": DAY}
    }
    assert not errors and account.tables[0].above[0][0] == 1


def test_a_binary_workbook_is_refused_and_says_what_to_do(tmp_path):
    import zipfile

    with zipfile.ZipFile(tmp_path / "a.xlsb", "w") as archive:
        archive.writestr("xl/workbook.bin", b"x")
    with pytest.raises(ZhunshengError, match=r"xlsb；请用 Excel 或 WPS 打开后另存为 xlsx"):
        read(tmp_path / "a.xlsb")


ODS = (
    '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>'
    '<table:table table:name="表">{}</table:table></office:spreadsheet></office:body>'
    "</office:document-content>"
)


def ods(path, rows, **members):
    """Write an ods of rows in its own words."""
    import zipfile

    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", ODS.format(rows))
        for name, content in members.items():
            archive.writestr(name.replace("__", "/"), content)
    return path


def texts_of_ods(*cells):
    """Return a row of texts of an ods."""
    row = "".join(
        f'<table:table-cell office:value-type="string"><text:p>{cell}</text:p></table:table-cell>'
        for cell in cells
    )
    return f"<table:table-row>{row}</table:table-row>"


def test_typed_cells_of_an_ods_are_values_and_other_currencies_no_yuan(tmp_path):
    def row(key, amount, day):
        text = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
        cells = "".join(map(text.format, (key, "一期")))
        return (
            f"<table:table-row>{cells}<table:table-cell {amount}/><table:table-cell {day}/></table:table-row>"
        )

    day = 'office:value-type="date" office:date-value="2021-03-05T08:30:00"'
    yuan = 'office:value-type="currency" office:currency="CNY" office:value="1234567.89"'
    dollars = 'office:value-type="currency" office:currency="USD" office:value="12.5"'
    rows = [texts_of_ods(*HEAD), row("V1", yuan, day), row("V2", dollars, day)]
    rows.append(row("V3", 'table:formula="of:=[.A1]"', day))
    found, errors, _notes, _account = read(ods(tmp_path / "a.ods", "".join(rows)))
    assert found[2]["amount"] == Decimal("1234567.89") and found[2]["paid_on"] == DAY
    assert errors[3, "支付金额"] == "不是金额" and "公式没有计算结果" in errors[4, "支付金额"]


def test_an_ods_that_repeats_a_cell_beyond_all_bounds_is_refused(tmp_path):
    cell = '<table:table-cell table:number-columns-repeated="16384" office:value-type="string">'
    cell += "<text:p>x</text:p></table:table-cell>"
    row = f'<table:table-row table:number-rows-repeated="1048576">{cell}</table:table-row>'
    began = time.process_time()
    with pytest.raises(ZhunshengError, match="ZS-IN-10"):
        read(ods(tmp_path / "a.ods", row))
    one = (
        '<table:table-row table:number-rows-repeated="999999999"><table:table-cell office:value-type="float" '
    )
    with pytest.raises(ZhunshengError, match="ZS-IN-10"):
        read(ods(tmp_path / "b.ods", f'{one}office:value="1"/></table:table-row>'))
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"META-INF__manifest.xml": "<x><manifest:encryption-data/></x>"}, "ZS-IN-04"),
        ({"Basic__script-lc.xml": "<x/>"}, "ZS-IN-09"),
    ],
)
def test_an_ods_with_a_password_or_macros_is_refused(tmp_path, members, code):
    with pytest.raises(ZhunshengError, match=code):
        read(ods(tmp_path / "a.ods", texts_of_ods(*HEAD), **members))


@pytest.mark.parametrize("odd", [(b'<c r="', b"<c  r='"), (b"<v>", b"\n <v>")])
def test_errors_hidden_rows_and_percents_are_known_however_a_sheet_is_written(tmp_path, odd):
    import zipfile

    import xlsxwriter

    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        page = book.add_worksheet()
        percent, day = book.add_format({"num_format": "0%"}), book.add_format({"num_format": "yyyy-mm-dd"})
        page.write_row(0, 0, [*HEAD, "用途"])
        for row in range(1, 5):
            page.write_row(row, 0, [f"V{row}", "一期", 5])
            page.write_datetime(row, 3, DAY, day)
        page.write_formula(1, 4, "=1/0", None, "#DIV/0!")
        page.write_formula(2, 4, "=A1", None, "")
        page.write_number(3, 2, 0.5, percent)
        page.set_row(4, None, None, {"hidden": True})
        page.set_column(4, 4, None, None, {"hidden": True})
    with zipfile.ZipFile(tmp_path / "a.xlsx") as source, zipfile.ZipFile(tmp_path / "b.xlsx", "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name.endswith("sheet1.xml"):
                content = content.replace(*odd)
                if b"'" in odd[1]:
                    content = re.sub(rb"(<c  r='[A-Z]+[0-9]+)\"", rb"\1'", content)
            target.writestr(name, content)
    rows, errors, _notes, account = read(tmp_path / "b.xlsx")
    assert set(rows) == {5}
    assert errors[2, "用途"] == "是 Excel 的错误值" and "公式没有计算结果" in errors[3, "用途"]
    assert errors[4, "支付金额"] == "是百分数，不是金额"
    assert account.tables[0].hidden_rows == ((5, 5),) and account.tables[0].hidden_columns == ("E",)


def test_an_xls_cut_short_is_refused_or_read_and_never_crashes(tmp_path):
    data = (WILD / "26-office.xls").read_bytes()
    for size in range(600, len(data), 411):
        (tmp_path / "a.xls").write_bytes(data[:size])
        try:
            read(tmp_path / "a.xls")
        except ZhunshengError as error:
            assert error.code in ("ZS-IN-05", "ZS-EV-06", "ZS-EV-02")


def test_the_unit_that_a_page_states_outside_its_table_counts(tmp_path):
    row = "<tr>" + "".join(f"<td>{cell}</td>" for cell in HEAD) + "</tr>"
    row += "<tr><td>000123</td><td>一期</td><td>12.5</td><td>2021-03-05</td></tr>"
    page = (
        f"<html><body><h3>支付台账</h3><p>单位：万元</p><table>{row}</table><p>制表：张某</p></body></html>"
    )
    (tmp_path / "a.xls").write_text(page)
    rows, _errors, _notes, account = read(tmp_path / "a.xls")
    assert rows[2]["amount"] == 125_000 and rows[2]["voucher"] == "000123"
    assert account.tables[0].above == ((0, "支付台账"), (0, "单位：万元"), (0, "制表：张某"))


def test_a_unit_in_a_title_outranks_the_line_above_and_that_is_told(tmp_path):
    (tmp_path / "a.csv").write_text("单位：万元\n凭证号,项目名称,金额（元）,支付日期\nV1,一期,5,2021-03-05\n")
    rows, _errors, notes, _account = read(tmp_path / "a.csv")
    assert rows[3]["amount"] == 5
    assert "“金额（元）”按列名写的单位读入，表头上面写的是“单位：万元”" in notes


# -- what a column decides
# ---------------------------------------------------------------------------------------------------


def days(texts, *written):
    """Return what days of one column are read as, by row, and the errors."""
    rows, errors, notes, account = read(texts(days=written))
    return [rows[n]["paid_on"].isoformat() if n in rows else None for n in range(2, len(written) + 2)], (
        errors,
        notes,
        account,
    )


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        (["21.3.5"], ["2021-03-05"]),
        (["21-3-5", "２１．１２．３０"], ["2021-03-05", "2021-12-30"]),
        (["21.3.31", "21.4.2"], ["2021-03-31", "2021-04-02"]),  # 2031 is not yet
        (["21.03.05", "2021-04-01", "2021-05-06"], ["2021-03-05", "2021-04-01", "2021-05-06"]),
        ([f"21.0{m}.1{m}" for m in range(1, 7)], [f"2021-0{m}-1{m}" for m in range(1, 7)]),
        (["5/3/2021", "25/3/2021"], ["2021-03-05", "2021-03-25"]),
        (["3/5/2021", "3/25/2021"], ["2021-03-05", "2021-03-25"]),
        (["21年3月5日", "21年12月30日"], ["2021-03-05", "2021-12-30"]),
        (["5/5/2021"], ["2021-05-05"]),
    ],
)
def test_short_days_are_read_where_the_column_leaves_one_reading_and_it_is_told(texts, written, read_as):
    found, (errors, _notes, account) = days(texts, *written)
    assert found == read_as and not errors
    assert account.changes.keys() & {"years", "order"}


@pytest.mark.parametrize(
    ("written", "both"),
    [
        (["21.03.05"], ("2005-03-21", "2021-03-05")),
        (["05-03-21", "06-03-21"], ("2005-03-21", "2021-03-05", "2021-05-03")),
        (["5/3/2021"], ("2021-03-05", "2021-05-03")),
        (["5/3/2021", "25/3/2021", "3/25/2021"], ("2021-03-05", "2021-05-03")),
    ],
)
def test_short_days_of_several_readings_are_errors_that_name_them(texts, written, both):
    found, (errors, _notes, _account) = days(texts, *written)
    assert found[0] is None
    said = errors[2, "支付日期"]
    assert all(day in said for day in both) and "先后不明" in said and "年份请写四位" in said


@pytest.mark.parametrize(
    ("ledger", "column", "early"),
    [
        ("payments", "paid_on", "2000-12-31"),
        ("patents", "filed_on", "1985-01-01"),
        ("entities", "registered_on", "1949-09-30"),
    ],
)
def test_each_column_has_its_own_plausible_years(tmp_path, ledger, column, early):
    one = ledger_of(ledger).column(column)
    assert (one.first_day > date.fromisoformat(early)) is (ledger != "patents")
    assert one.last_day >= today()


def test_what_happened_lies_in_the_years_of_its_column_and_not_after_today(texts):
    tomorrow = (today() + timedelta(days=1)).isoformat()
    found, (errors, _notes, _account) = days(texts, "2000-12-31", "2001-01-01", today().isoformat(), tomorrow)
    assert found == [None, "2001-01-01", today().isoformat(), None]
    assert "2001 年至 2099 年" in errors[2, "支付日期"] and "今天之后" in errors[5, "支付日期"]


def amounts(texts, *written, title="支付金额"):
    """Return what amounts of one column are read as, None where refused, and the errors."""
    rows, errors, _notes, account = read(texts(amounts=written, title=title))
    found = [float(rows[n]["amount"]) if n in rows else None for n in range(2, len(written) + 2)]
    return found, errors, account


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        (["12,5", "13,25", "100"], [12.5, 13.25, 100]),
        (["1.234,56", "1.000", "7"], [1234.56, 1000, 7]),
        (["-1.234,50", "(12,5)", "1.234.567"], [-1234.5, -12.5, 1_234_567]),
        (["12,5"], [None]),  # one alone may be a slip of 12,500
        (["12,5", "13,25", "12.5"], [None, None, 12.5]),  # another has a point
        (["1.234,56", "1,234.56"], [None, 1234.56]),
        (["1,234", "5,678"], [1234, 5678]),
        (["12,5", "13,25", "1,234"], [12.5, 13.25, None]),  # 1.234 is no amount of whole fen
    ],
)
def test_commas_are_decimal_points_only_where_the_column_says_so(texts, written, read_as):
    found, errors, account = amounts(texts, *written)
    assert found == read_as
    assert len({row for row, _ in errors}) == read_as.count(None)
    assert bool(account.changes.get("decimals")) is (read_as[0] in (12.5, 1234.56, -1234.5))


def test_numbers_of_a_workbook_are_never_read_by_commas(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(HEAD)
    for n, amount in enumerate(("12,5", "13,5", 1.25)):
        book.active.append([f"V{n}", "一期", amount, DAY])
    book.save(tmp_path / "a.xlsx")
    rows, errors, _notes, _account = read(tmp_path / "a.xlsx")
    assert [row["amount"] for row in rows.values()] == [Decimal("1.25")] and len(errors) == 2


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("壹佰元整", 100),
        ("一万二千", 12_000),
        ("人民币叁仟零伍拾元伍角整", 3050.5),
        ("贰拾圆零伍分", 20.05),
        ("负三百", -300),
        ("1.2万", 12_000),
        ("12.5万元", 125_000),
        ("（500）", -500),
        ("(1,234.50)", -1234.5),
        ("−500", -500),
        ("－500", -500),
        ("﹣500", -500),
        ("‑500", -500),
        ("￥１，２３４．５０", 1234.5),
        ("50%", None),
        ("1e5", None),
        ("1E+05", None),
        ("五千件", None),
        ("九十零", None),
    ],
)
def test_amounts_in_words_signs_and_full_width_are_read_or_refused(texts, written, value):
    assert amounts(texts, written)[0] == [value]


def test_words_without_their_unit_are_refused_under_another_unit(texts):
    found, errors, _account = amounts(texts, "一万二千", "壹佰元整", "1.5", title="支付金额（万元）")
    assert found == [None, 100, 15_000] and "没有写“元”" in errors[2, "支付金额"]


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("壹佰元整", (100, True)),
        ("十二", (12, False)),
        ("三点二五", (Decimal("3.25"), False)),
        ("九十零", None),
        ("甲", None),
    ],
)
def test_an_amount_in_words_is_a_number_or_none(text, amount):
    assert chinese_amount(text) == amount


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("是", True), ("√", True), ("✓", True), ("☑", True), ("TRUE", True), ("ｙｅｓ", True), ("１", True),
        ("否", False), ("×", False), ("✗", False), ("False", False), ("０", False), ("也许", None),
    ],
)  # fmt: skip
def test_yes_and_no_in_all_their_signs(tmp_path, written, value):
    head = "统一社会信用代码,名称,主体类型,成立日期,食品生产许可,信用风险类别"
    (tmp_path / "a.csv").write_text(f"{head}\n91330000MA00000018,甲,企业,2001-03-05,{written},Ｂ\n")
    with check_file(tmp_path / "a.csv", ledger_of("entities"), "D1", strictness="warning") as checked:
        rows = checked.connection.execute("SELECT food_producer, credit_class FROM good").fetchall()
    assert rows == ([(value, "B")] if value is not None else [])


def test_codes_that_a_program_took_for_numbers_lose_their_nought_only_together(tmp_path):
    def codes(*written):
        lines = [",".join(HEAD), *(f"{code},一期,5,2021-03-05" for code in written)]
        (tmp_path / "a.csv").write_text("\n".join(lines))
        rows, errors, notes, account = read(tmp_path / "a.csv")
        return [row["voucher"] for row in rows.values()], errors, notes, account.changes

    assert codes("3.0", "4.0")[::3] == (["3", "4"], {"floats": 2})
    kept, _errors, notes, _changes = codes("3.0", "A4")
    assert kept == ["3.0", "A4"] and any("以 .0 结尾" in note for note in notes)
    found, errors, *_rest = codes("1E5", "2.02103E14", "1e+05")
    assert found == ["1E5"] and {row for row, _ in errors} == {3, 4}


# -- what is named
# ----------------------------------------------------------------------------------------------------------


def test_what_a_merged_cell_covers_is_no_silent_loss(tmp_path):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(HEAD)
    for n in range(3):
        sheet.append([f"V{n}", "一期" if n < 2 else "二期", 5, DAY])
    book.save(tmp_path / "a.xlsx")
    data = _merged(tmp_path / "a.xlsx", "B2:B4")
    (tmp_path / "b.xlsx").write_bytes(data)
    rows, errors, _notes, account = read(tmp_path / "b.xlsx")
    assert [row["project"] for row in rows.values()] == ["一期", "一期"] and account.changes["spread"] == 2
    assert "盖住了另一个内容“二期”" in errors[4, "项目名称"]


def _merged(path, ref):
    """Return a workbook with a merge written beside what the cells hold, as careless programs do."""
    import io
    import zipfile

    stream = io.BytesIO()
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(stream, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name.endswith("sheet1.xml"):
                merge = f'</sheetData><mergeCells count="1"><mergeCell ref="{ref}"/></mergeCells>'
                content = content.replace(b"</sheetData>", merge.encode())
            target.writestr(name, content)
    return stream.getvalue()


def test_the_account_names_all_that_no_row_holds_in_every_face(tmp_path, capsys):
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (
        ["支付台账"],
        ["填报单位：样例局"],
        [*HEAD, None],
        ["V1", "一期", 5, DAY, "备用"],
        ["合计", None, 5],
    ):
        sheet.append(row)
    sheet.append(["='V2", "一期", "坏", DAY])
    sheet.row_dimensions[4].hidden = True
    book.save(tmp_path / "a.xlsx")
    done = import_ledger(tmp_path / "store", tmp_path / "a.xlsx", good_rows=True, marked_in=tmp_path)
    told = dict(done.account.remarks())
    assert told["没有列名的列，没有读入"] == "E" and told["隐藏的行，也已读入"] == "第 4 行"
    assert told["合计、小计行"] == "第 5 行"
    assert [how for _what, how in done.account.remarks()][:2] == [
        "第 1 行：支付台账",
        "第 2 行：填报单位：样例局",
    ]
    assert done.as_json()["account"]["remarks"] == done.account.remarks()
    marked = openpyxl.load_workbook(done.marked)["读入情况"]
    cells = [tuple(row) for row in marked.iter_rows(values_only=True)]
    assert set(done.account.remarks()) <= set(cells)


def test_a_row_that_holds_something_only_beyond_the_header_is_refused(tmp_path):
    (tmp_path / "a.csv").write_text(",".join(HEAD) + "\nV1,一期,5,2021-03-05\n,,,,遗漏\n")
    rows, errors, _notes, account = read(tmp_path / "a.csv")
    assert set(rows) == {2} and (3, "（表头以外）") in errors and account.fates["refused"] == 1


def test_a_column_of_a_csv_without_a_title_is_named(tmp_path):
    (tmp_path / "a.csv").write_text("凭证号,,项目名称,支付金额,支付日期\nV1,遗漏,一期,5,2021-03-05\n")
    assert read(tmp_path / "a.csv")[3].tables[0].bare == ("B",)
    (tmp_path / "b.csv").write_text('凭证号,,项目名称,支付金额,支付日期\n"V1","遗漏",一期,5,2021-03-05\n')
    assert read(tmp_path / "b.csv")[3].tables[0].bare == ("B",)


def test_files_drawn_by_lot_lose_no_cell():
    counts, _codes, faults = run(17, seconds=60, most=60)
    assert not faults and not sum(count["crashed"] for count in counts.values())
    assert sum(count["cells stored"] for count in counts.values()) > 1_000
