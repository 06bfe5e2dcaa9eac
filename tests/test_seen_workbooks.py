"""Workbooks of targets as a person sees them: shown values, without what is hidden, which is told."""

from __future__ import annotations

import zipfile
from datetime import date

import openpyxl
import pytest
import xlsxwriter
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.styles import Font, PatternFill

from places import GOLDEN
from test_typed_cells import ods
from zhunsheng.errors import ZhunshengError
from zhunsheng.files.opening import open_file
from zhunsheng.intake import blocks_of, read_book
from zhunsheng.intake.grid import Grid, Picture
from zhunsheng.targets import Unsure


def grids(path):
    """The tables of a document as texts by row."""
    return [
        [[block.text(r, c) for c in range(len(block.rows[r]))] for r in range(len(block.rows))]
        for block in blocks_of(open_file(path))
        if isinstance(block, Grid)
    ]


def told(path):
    """What the reader tells of a document: field, text, reason."""
    return [(b.field, b.text, b.why) for b in blocks_of(open_file(path)) if isinstance(b, Unsure)]


def test_a_form_whose_signs_and_units_are_in_its_number_formats(tmp_path):
    book = openpyxl.Workbook()
    sheet = book.active
    rows = [
        ["绩效目标表（2025年度）"],
        ["项目名称", "护林"],
        ["项目编码", 340_123_456_789_015],
        ["预算数", 83500],
        ["一级指标", "二级指标", "三级指标", "指标值"],
        ["产出指标", "数量指标", "培训人数", 260],
        ["产出指标", "质量指标", "到位率", 0.98],
        ["产出指标", "时效指标", "完成时间", date(2025, 11, 30)],
        ["满意度指标", "满意度指标", "满意度", "90"],
    ]
    for row in rows:
        sheet.append(row)
    formats = {
        "B3": "0",
        "B4": '0!.0000"万元"',
        "D6": '"≥"0"人"',
        "D7": '"≥"0%',
        "D8": 'yyyy"年"m"月"d"日前"',
    }
    for cell, code in formats.items():
        sheet[cell].number_format = code
    sheet["D9"].number_format = '0;-0;0;"≥"@"%"'
    book.save(path := tmp_path / "a.xlsx")
    read = read_book(path)
    (form,) = read.sheets
    assert (form.code, form.budget.total) == ("340123456789015", 83500)
    assert [i.target.text() for i in form.indicators] == ["≥260人", "≥98%", "2025年11月30日前", "≥90%"]
    assert read.unsure == ()


def test_what_is_hidden_is_left_out_and_told_where_it_stands(tmp_path):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "目标"
    for n in range(1, 9):
        sheet.append([f"甲{n}", f"乙{n}", f"丙{n}", f"丁{n}"])
    sheet.append([None] * 4)
    sheet.row_dimensions[2].hidden = sheet.row_dimensions[9].hidden = True
    sheet.column_dimensions["B"].hidden = True
    for cells in ("A2:A4", "B6:C6", "A7:B8"):
        sheet.merge_cells(cells)
    for name, state in (("旧稿", "hidden"), ("深藏", "veryHidden"), ("空", "hidden")):
        other = book.create_sheet(name)
        other.sheet_state = state
        if name != "空":
            other.append(["旧"])
    book.save(path := tmp_path / "a.xlsx")
    (block,) = [b for b in blocks_of(open_file(path)) if isinstance(b, Grid)]
    assert [[block.text(r, c) for c in range(3)] for r in range(5)] == [
        ["甲1", "丙1", "丁1"],
        ["甲2", "丙3", "丁3"],
        ["甲2", "丙4", "丁4"],
        ["甲5", "丙5", "丁5"],
        ["甲6", "乙6", "丁6"],
    ]
    assert block.cell(2, 0).rows == 2
    assert block.place(1, 0).label() == "工作表“目标”A2"  # where the value of the merged cell stands
    assert block.place(1, 1).label() == "工作表“目标”C3"
    assert block.place(5, 2).label() == "工作表“目标”D7"
    assert [(field, text) for field, text, _why in told(path)] == [
        ("hidden", "“目标”第 2 行"),
        ("hidden", "“目标”B 列"),
        ("hidden", "“旧稿”整张工作表"),
        ("hidden", "“深藏”整张工作表"),
    ]


def test_rows_and_columns_without_height_or_width_are_hidden(tmp_path):
    with xlsxwriter.Workbook(path := tmp_path / "a.xlsx") as book:
        sheet = book.add_worksheet("表")
        for row in range(3):
            sheet.write_row(row, 0, [f"{row}甲", f"{row}乙", f"{row}丙"])
    data = {m.filename: zipfile.ZipFile(path).read(m) for m in zipfile.ZipFile(path).infolist()}
    part = "xl/worksheets/sheet1.xml"
    data[part] = data[part].replace(b'<row r="2"', b'<row r="2" ht="0" customHeight="1"')
    flat = b'<cols><col min="3" max="3" width="0" customWidth="1"/></cols><sheetData>'
    data[part] = data[part].replace(b"<sheetData>", flat)
    with zipfile.ZipFile(path, "w") as target:
        for name, content in data.items():
            target.writestr(name, content)
    assert grids(path) == [[["0甲", "0乙"], ["2甲", "2乙"]]]
    assert [text for _field, text, _why in told(path)] == ["“表”第 2 行", "“表”C 列"]


def test_words_in_a_text_box_are_told_as_unread(tmp_path):
    with xlsxwriter.Workbook(path := tmp_path / "a.xlsx") as book:
        sheet = book.add_worksheet("表")
        sheet.write(0, 0, "甲")
        sheet.insert_textbox("C3", "满意度≥90%")
    found = [(b.place.label(), b.what) for b in blocks_of(open_file(path)) if isinstance(b, Picture)]
    assert found == [("工作表“表”C3", "文本框“满意度≥90%”")]


def test_white_cells_struck_text_and_long_numbers_are_told(tmp_path):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "目标"
    sheet.append(["标题", "旧值", 7, 8, 340_123_456_789_012_345, 0])
    sheet["A1"].font = Font(color="FFFFFFFF")
    sheet["A1"].fill = PatternFill("solid", fgColor="FF003366")
    sheet["B1"].font = Font(color="FFFFFFFF")
    sheet["C1"].number_format = ";;;"
    sheet["D1"].font = Font(strike=True)
    sheet["A2"] = CellRichText("≥", TextBlock(InlineFont(strike=True), "80"), "90%")
    sheet.sheet_view.showZeros = False
    book.save(path := tmp_path / "a.xlsx")
    assert grids(path)[0] == [["标题", "", "", "", "340123456789012000", ""], ["≥90%", *[""] * 5]]
    said = [(text.split()[-1], why[:7]) for _field, text, why in told(path)]
    assert said == [
        ("旧值", "打开文件时看不"),
        ("7", "打开文件时看不"),
        ("8", "有删除线，按已"),
        ("340123456789012000", "超过 15 位"),
        ("80", "有删除线，按已"),
    ]


def test_an_old_workbook_shows_the_same(tmp_path):
    (rows,) = grids(GOLDEN / "shown-values.xls")
    assert [row[1] for row in rows[:10]] == [
        "≥98%",
        "≥260人",
        "0",
        "340123456789015",
        "510923240000102000",
        "2021年6月30日",
        "1,234,567.89",
        "",
        "",
        "",
    ]
    assert ["隐列" in row for row in rows] == [False] * len(rows)
    assert "隐行" not in [row[0] for row in rows]
    assert rows[-4][:2] == ["负", "负3"]
    said = told(GOLDEN / "shown-values.xls")
    assert [text for field, text, _why in said if field == "hidden"] == [
        "“目标”第 11 行",
        "“目标”C 列",
        "“藏”整张工作表",
    ]
    assert [text.split()[-1] for field, text, _why in said if field == "cell"] == [
        "510923240000102000",
        "5",
        "7",
        "8",
        "80",
    ]


def test_an_open_document_shows_the_text_of_its_cells(tmp_path):
    rows = (
        '<table:table-row><table:table-cell office:value-type="percentage" office:value="0.98">'
        "<text:p>≥98%</text:p></table:table-cell>"
        '<table:table-cell office:value-type="float" office:value="340123456789015">'
        "<text:p>3.40123456789015E+14</text:p></table:table-cell>"
        '<table:table-cell office:value-type="date" office:date-value="2021-06-30">'
        "<text:p>6月30日</text:p></table:table-cell>"
        '<table:table-cell office:value-type="float" office:value="5"><text:p/></table:table-cell>'
        "</table:table-row>"
    )
    path = ods(tmp_path / "a.ods", rows)
    assert grids(path) == [[["≥98%", "340123456789015", "6月30日", ""]]]
    assert [text for _field, text, _why in told(path)] == ["工作表“表”D1 5"]


def test_a_table_of_shared_texts_may_be_empty(tmp_path):
    path = _with_texts(tmp_path, b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"/>')
    assert grids(path) == [[["甲"]]]


def test_a_broken_table_of_shared_texts_is_refused(tmp_path):
    with pytest.raises(ZhunshengError, match="ZS-IN-05"):
        grids(_with_texts(tmp_path, b"<sst><si><r><rPr><strike/>"))


def _with_texts(tmp_path, texts):
    """A workbook with one text, and another table of shared texts."""
    book = openpyxl.Workbook()
    book.active["A1"] = "甲"
    book.save(path := tmp_path / "a.xlsx")
    data = {m.filename: zipfile.ZipFile(path).read(m) for m in zipfile.ZipFile(path).infolist()}
    data["xl/sharedStrings.xml"] = texts
    with zipfile.ZipFile(path, "w") as target:
        for name, content in data.items():
            target.writestr(name, content)
    return path
