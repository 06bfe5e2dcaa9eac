"""Doubts of a document: of which sheet each is, which must be confirmed, where the editor mends them."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from zhunsheng.cli.commands import app
from zhunsheng.files.opening import open_bytes
from zhunsheng.folders import read_books
from zhunsheng.intake import book_of
from zhunsheng.targets import Place, Unsure
from zhunsheng.targets.doubts import must_confirm, part_of, path_of, words_of
from zhunsheng.targets.editing import with_text, without

HEAD = ("一级指标", "二级指标", "三级指标", "指标值")


def page(*parts):
    """Return a page of paragraphs (texts) and tables (lists of rows)."""
    told = []
    for part in parts:
        if isinstance(part, str):
            told.append(f"<p>{part}</p>")
            continue
        rows = ["".join(f"<td>{cell}</td>" for cell in row) for row in part]
        told.append("<table>" + "".join(f"<tr>{row}</tr>" for row in rows) + "</table>")
    return f"<html><body>{''.join(told)}</body></html>"


def form(name, *indicators, head=HEAD, budget="30"):
    """Return the table of a project with its indicators, of one level each."""
    first = (("项目名称", name), ("预算总额（万元）", budget))
    return [*first, head, *(("产出指标", "质量指标", *one) for one in indicators)]


def read(*parts):
    return book_of(open_bytes(page(*parts).encode(), "目标.html"))


TITLE = "2024年度项目绩效目标表"
GOOD = ("检测座数", "≥12座")


def test_each_doubt_is_of_its_sheet():
    book = read(
        TITLE,
        form("道路养护", ("验收合格率", "285%"), budget="3,5000"),
        TITLE,
        form("桥梁检测", GOOD, ("检测合格率", "295%")),
    )
    assert [(u.sheet, u.field, u.text) for u in book.unsure] == [
        (0, "budget", "3,5000"),
        (0, "target", "285%"),
        (1, "target", "295%"),
        (0, "budget.total", "预算总额（万元） 3,5000"),
    ]
    assert "sheet" not in Unsure(field="macro", text="", why="").model_dump()


def test_money_told_above_a_table_is_of_the_sheet_that_begins():
    book = read(TITLE, form("道路养护", GOOD), TITLE, "预算安排为50万元。", form("桥梁检测", GOOD))
    assert [(u.sheet, u.field) for u in book.unsure] == [(1, "budget.total")]


def test_a_table_nobody_understands_is_of_the_form_that_it_follows():
    strange = [("一级指标", "二级指标", "三级指标"), ("产出指标", "质量指标", "合格率")]
    book = read(TITLE, form("道路养护", GOOD), strange, TITLE, form("桥梁检测", GOOD))
    assert {u.sheet for u in book.unsure if u.field == "header"} == {0}


def test_what_a_draft_without_a_sheet_doubts_is_of_none():
    book = read(TITLE, form("道路养护", budget="3,5000")[:2], TITLE, form("桥梁检测", GOOD))
    assert len(book.sheets) == 1
    assert [(u.sheet, u.field) for u in book.unsure] == [(None, "budget")]


def test_several_documents_are_one_book_whose_doubts_keep_their_sheets(tmp_path):
    paths = [tmp_path / f"{n}.html" for n in range(2)]
    paths[0].write_text(page(TITLE, form("甲", GOOD), TITLE, form("乙", GOOD)), encoding="utf-8")
    paths[1].write_text(page(TITLE, form("丙", ("合格率", "285%"))), encoding="utf-8")
    book = read_books(paths)
    assert [book.sheets[u.sheet].name for u in book.unsure] == ["丙"]


def test_what_a_reader_tells_of_a_place_is_of_the_sheet_that_stands_there(tmp_path):
    from openpyxl import Workbook
    from openpyxl.styles import Font

    made = Workbook()
    made.remove(made.active)
    for name in ("甲", "乙"):
        sheet = made.create_sheet(name)
        for row in form(name, GOOD):
            sheet.append(row)
    made["乙"]["D4"].font = Font(strike=True)
    made.save(tmp_path / "目标.xlsx")
    book = read_books([tmp_path / "目标.xlsx"])
    told = [(u.field, book.sheets[u.sheet].name) for u in book.unsure if u.field == "cell"]
    assert told == [("cell", "乙")]


@pytest.mark.parametrize(
    ("field", "asked", "words"),
    [
        ("target", True, "指标值"),
        ("header", True, "表头"),
        ("indicators", True, "绩效指标"),
        ("budget.total", True, "预算总额（万元）"),
        ("spending_plan", True, "资金支出计划"),
        ("cell", True, "单元格"),
        ("of a reader still to come", True, "内容"),
        ("column", False, "没有读入的列"),
        ("hidden", False, "隐藏的内容"),
        ("picture", False, "图片"),
        ("macro", False, "宏"),
    ],
)
def test_what_counts_must_be_confirmed_and_the_rest_is_told(field, asked, words):
    one = Unsure(field=field, text="", why="")
    assert (must_confirm(one), words_of(one)) == (asked, words)


def test_a_doubt_leads_to_its_field_wherever_its_row_went():
    book = read(TITLE, form("道路养护", GOOD, ("验收合格率", "285%"), ("返工率", "约5%")))
    sheet = book.sheets[0]
    assert [path_of(sheet, u) for u in book.unsure] == ["indicators.1.target", "indicators.2.target"]
    fewer = without(sheet, "indicators", 0)
    assert [path_of(fewer, u) for u in book.unsure] == ["indicators.0.target", "indicators.1.target"]
    fewer = without(fewer, "indicators", 0)
    assert [path_of(fewer, u) for u in book.unsure] == [None, "indicators.0.target"]
    typed = with_text(sheet, "indicators.1.target", "≥85%")
    assert path_of(typed, book.unsure[0]) == "indicators.1.target"


def test_a_doubt_of_no_single_field_leads_to_its_part():
    sheet = read(TITLE, form("道路养护", GOOD)).sheets[0]
    for field, part in (("header", "indicators"), ("spending_plan", "plan"), ("budget", "head")):
        one = Unsure(place=Place(table=1, row=9, column=1), field=field, text="", why="")
        assert (path_of(sheet, one), part_of(one)) == (None, part)
    there = Unsure(place=sheet.provenance["budget.total"], field="budget", text="30", why="没有写单位")
    assert path_of(sheet, there) == "budget.total"


def test_read_prints_doubts_at_the_end_in_two_groups_with_counts(tmp_path):
    path = tmp_path / "目标.html"
    wide = form("道路养护", (*GOOD, "甲"), ("验收合格率", "285%", "乙"), head=(*HEAD, "备查号"))
    path.write_text(page(TITLE, wide), encoding="utf-8")
    said = CliRunner().invoke(app, ["read", str(path)]).output
    asked, told = said.index("须核对"), said.index("说明")
    assert asked < told and said.index("“285%”") < told < said.index("备查号")
    assert "表1第5行第4列  指标值 “285%”" in said
    assert said.strip().splitlines()[-1] == "须核对 1 处，说明 1 处"
