"""Large ledger files take other ways than small ones: what comes of them is the same."""

import re
import zipfile
from datetime import date, datetime

import openpyxl
import pytest
import xlsxwriter

from agreed import import_ledger
from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence import marking
from zhunsheng.evidence.bounds import silent
from zhunsheng.evidence.cleaning import plain_signs
from zhunsheng.files import plain_sheets
from zhunsheng.files.opening import open_file
from zhunsheng.files.spreadsheet import read_workbook, show
from zhunsheng.text import clean

TITLES = ("登记编号", "类别", "收到日期", "受理日期", "办结日期", "承办科室", "诉求人", "联系电话")
BOUNDS = {"max_cells": 10**9, "max_text": 10**9, "said": silent}


@pytest.fixture
def all_large(monkeypatch):
    """Take every file for a large one."""
    monkeypatch.setattr(plain_sheets, "LARGE", 0)
    monkeypatch.setattr(marking, "_MARKED_BYTES", 0)


def workbook(path, rows, *, title="台账", hidden=(), merged=None):
    """Write a workbook in which every kind of cell stands."""
    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet(title)
    formats = {
        "day": book.add_format({"num_format": "yyyy-mm-dd"}),
        "percent": book.add_format({"num_format": "0.0%", "bold": True}),
        "filled": book.add_format({"bg_color": "#CCFFCC"}),
    }
    for at, row in enumerate(rows):
        for n, value in enumerate(row):
            if isinstance(value, date):
                sheet.write_datetime(at, n, datetime(value.year, value.month, value.day), formats["day"])
            elif isinstance(value, tuple):
                sheet.write_number(at, n, value[0], formats[value[1]])
            elif value is None:
                sheet.write_blank(at, n, None, formats["filled"])
            elif value is not ...:
                sheet.write(at, n, value)
    for at in hidden:
        sheet.set_row(at, None, None, {"hidden": True})
    if merged:
        sheet.merge_range(*merged)
    book.close()
    return path


ODD_CELLS = [
    ["一个标题", ...],
    ["文字", "数", "日期", "比例", "空", "远"],
    [" 前后有空格 ", 12, date(2021, 3, 5), (0.123, "percent"), None, "a&b <c>"],
    ["换\n行", 12.5, date(1999, 12, 31), (0.9, "percent"), ..., "_x000D_"],
    [...],
    ["重复", -3, ..., ..., "", True],
    ["重复", 9007199254740991, 1e21, 0.1, False, "é中文ｗｉｄｅ"],
]


def test_plain_sheets_hold_what_the_library_reads(tmp_path, all_large):
    path = workbook(tmp_path / "a.xlsx", ODD_CELLS, hidden=[3], merged=(0, 0, 0, 5, "一个标题"))
    opened = open_file(path)
    (sheet,) = plain_sheets.read_plain(opened, **BOUNDS)
    (other,) = read_workbook(opened)
    shown = [
        [show(value, percent=(r, c) in other.percents) for c, value in enumerate(row)]
        for r, row in enumerate(other.rows)
    ]
    assert sheet.first(100) == shown
    assert (sheet.spans, sheet.hidden) == (other.spans, other.hidden)


@pytest.mark.parametrize(
    "change",
    [
        (b"<sheetData>", b"<sheetData><!-- a -->"),
        (b'<c r="A2"', b'<c r="B2"'),
        (b'<c r="A2"', b'<c  r="A2"'),
        (b'<row r="3"', b'<row r="2"'),
        (b"<v>0</v>", b"<v>99999</v>"),
        (b"<v>0</v>", b"<v>x</v>"),
        (b"<v>12</v>", b"<f>A1</f><v>12</v>"),
        (b' t="s"><v>0</v>', b' t="e"><v>#N/A</v>'),
    ],
)
def test_a_sheet_that_is_not_written_plainly_is_left_to_the_other_reader(tmp_path, all_large, change):
    path = workbook(tmp_path / "a.xlsx", ODD_CELLS)
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(tmp_path / "b.xlsx", "w") as target:
        for member in source.namelist():
            data = source.read(member)
            target.writestr(member, data.replace(change[0], change[1], 1) if "sheet1" in member else data)
    assert plain_sheets.read_plain(open_file(path), **BOUNDS)
    assert plain_sheets.read_plain(open_file(tmp_path / "b.xlsx"), **BOUNDS) is None


def rows(count, bad=()):
    """Return rows of complaints, of which the ``bad`` ones (from 0) have no such day."""
    return [
        [
            f"T{n:05d}",
            "举报" if n % 3 else "投诉",
            "2021-02-30" if n in bad else date(2021, 1, 1 + n % 28),
            date(2021, 2, 1 + n % 28),
            ...,
            f"科室{n % 4}",
            f"张{n}",
            13800000000 + n,
        ]
        for n in range(count)
    ]


def test_a_large_workbook_is_marked_while_it_is_copied(tmp_path, all_large):
    path = workbook(tmp_path / "a.xlsx", [TITLES, *rows(300, bad={7, 250})])
    done = import_ledger(tmp_path / "store", path, marked_in=tmp_path / "marked")
    assert done.batch is None and done.bad_rows == 2
    book = openpyxl.load_workbook(done.marked)
    sheet = book["台账"]
    assert sheet["I1"].value == "错误说明" and sheet.max_row == 301
    for row in (9, 252):
        assert sheet.cell(row, 3).fill.fgColor.rgb == "FFFFC7CE"
        assert "没有这一天" in sheet.cell(row, 9).value
        assert sheet.cell(row, 3).value == "2021-02-30"
    assert sheet["C8"].fill.fgColor.rgb != "FFFFC7CE" and sheet["I8"].value is None
    assert sheet["D9"].number_format == "yyyy-mm-dd" and sheet["D9"].is_date
    assert ("拒绝", "2 行") in [tuple(c.value for c in line) for line in book["读入情况"].iter_rows()]
    assert book.properties.creator == "准绳"


def test_a_large_copy_runs_nothing_and_a_missing_cell_is_marked_too(tmp_path, all_large):
    path = workbook(tmp_path / "a.xlsx", [TITLES, *rows(5)])
    book = openpyxl.load_workbook(path)
    sheet = book["台账"]
    sheet["A4"] = None
    sheet["K2"] = "=1+1"
    book.save(path)
    done = import_ledger(tmp_path / "store", path, marked_in=tmp_path / "marked")
    marked = openpyxl.load_workbook(done.marked)["台账"]
    assert marked["A4"].fill.fgColor.rgb == "FFFFC7CE"
    assert all(cell.data_type != "f" for row in marked.iter_rows() for cell in row)
    assert marked["K2"].value == "=1+1"


@pytest.mark.parametrize(
    "formula", [b"<f><![CDATA[1+1]]></f>", b"<f>1+1</f >", b"<f\n>1+1</f>", b"<f>1+1</f>"]
)
def test_a_large_copy_holds_no_formula_and_nothing_that_leads_outside(tmp_path, all_large, formula):
    path = workbook(tmp_path / "a.xlsx", [TITLES, *rows(5, bad={1})])
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(tmp_path / "b.xlsx", "w") as target:
        for member in source.namelist():
            data = source.read(member)
            if "sheet1" in member:
                data = data.replace(b"<v>13800000002</v>", formula + b"<v>13800000002</v>")
            if member == "docProps/core.xml":
                data = data.replace(b"<dc:creator>", b"<dc:creator>somebody")
            target.writestr(member, data)
        target.writestr("xl/externalLinks/externalLink1.xml", b"<externalLink/>")
        target.writestr("xl/connections.xml", b"<connections/>")
        target.writestr("xl/macrosheets/sheet9.xml", b"<macrosheet/>")
    done = import_ledger(tmp_path / "store", tmp_path / "b.xlsx", marked_in=tmp_path / "marked")
    with zipfile.ZipFile(done.marked) as made:
        parts = {name: made.read(name) for name in made.namelist()}
    assert not any(word in name for name in parts for word in ("external", "connections", "macro"))
    assert not any(re.search(rb"<f[\s/>]", data) for data in parts.values())
    assert not any(b"somebody" in data for data in parts.values())


def test_what_is_plain_by_its_characters_is_what_cleaning_leaves():
    for code in range(0x20, 0x10000):
        sign = chr(code)
        if not 0xD800 <= code <= 0xDFFF and plain_signs({sign}):
            assert clean(sign) == sign and clean(f"e{sign}") == f"e{sign}", hex(code)
    assert (
        plain_signs(set("复查（一）：“x”—é·①"))
        and not plain_signs({"\u200b"})
        and not plain_signs({"\u0301"})
    )


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_a_csv_with_blanks_at_the_ends_of_cells_is_read_trimmed(tmp_path, ends):
    lines = [
        "登记编号,类别,收到日期,受理日期,办结日期",
        " T1 ,举报,2021-01-01,2021-01-02,　",
        "T2,投诉 ,2021-01-01,2021-01-02,",
    ]
    path = tmp_path / "a.csv"
    path.write_text(ends.join(lines) + ends, "utf8", newline="")
    done = import_ledger(tmp_path / "store", path)
    assert (done.batch.rows, done.bad_rows) == (2, 0)
    again = import_ledger(tmp_path / "store", path)
    assert not again.new


def test_a_csv_that_is_cut_within_a_letter_is_refused_or_read_in_another_encoding(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes("登记编号,类别,收到日期\nT1,举报,2021-01-01\n".encode()[:-30])
    with pytest.raises(ZhunshengError):
        import_ledger(tmp_path / "store", path)


def test_an_import_says_how_far_it_is_and_never_goes_back(tmp_path, all_large):
    path = workbook(tmp_path / "a.xlsx", [TITLES, *rows(50, bad={3})])
    said = []
    import_ledger(
        tmp_path / "store",
        path,
        good_rows=True,
        marked_in=tmp_path,
        progress=lambda what, done, total: said.append((what, done / total)),
    )
    parts = [part for _what, part in said]
    assert parts == sorted(parts) and len(parts) > 5 and parts[-1] < 1
    assert [*dict.fromkeys(what.partition(" ")[0] for what, _part in said)] == ["检查", "写入", "标注"]
