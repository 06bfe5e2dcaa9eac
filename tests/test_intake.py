"""Documents in: the real one, one golden document a layout, and the same form in every format."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import docx
import openpyxl
import pytest

from places import GOLDEN
from zhunsheng.errors import ZhunshengError
from zhunsheng.files.opening import open_bytes
from zhunsheng.intake import blocks_of, book_of, read_book
from zhunsheng.intake.grid import Grid, Paragraph
from zhunsheng.intake.prose import indicators
from zhunsheng.reports.forms import target_form
from zhunsheng.sample.documents import write_documents


def core(sheet):
    """A sheet without places, to compare readings of different files."""
    data = sheet.model_dump(mode="json", exclude={"place", "provenance"})
    for part in ("goals", "indicators", "safeguards"):
        for one in data[part]:
            one.pop("place", None)
    return data


def names(sheet):
    return [i.name for i in sheet.indicators]


def test_the_real_document(real):
    book = read_book(real)
    department, first, second = book.sheets
    assert department.kind == "department"
    assert len(department.goals) == 4
    assert [sum(i.goal == g for i in department.indicators) for g in range(4)] == [7, 2, 3, 2]
    assert [len(s.indicators) for s in (first, second)] == [7, 7]
    assert (first.budget.total, first.budget.fiscal, first.budget.other) == (400_000, 400_000, None)
    assert (second.budget.total, second.budget.fiscal) == (300_000, 300_000)
    for sheet in (first, second):
        assert [(s.by, s.cumulative) for s in sheet.spending_plan.steps] == [
            (date(2021, 3, 31), Decimal("0.25")),
            (date(2021, 6, 30), Decimal("0.5")),
            (date(2021, 10, 31), Decimal("0.75")),
            (date(2021, 12, 31), Decimal("1")),
        ]
        assert len(sheet.goals) == 2
        assert sheet.code is None
    assert all(i.target.op not in ("unread", "level") for s in book.sheets for i in s.indicators)
    assert all(s.year == 2021 for s in book.sheets)
    assert first.indicators[4].target.op == "<="
    assert first.indicators[3].target.value == date(2021, 12, 31)
    assert (first.indicators[5].level1, first.indicators[5].level2) == ("效果指标", "社会效益指标")
    assert first.indicators[2].place.line == 124
    assert book.unsure == ()


def test_the_sample_reads_alike_from_word_and_text(tmp_path):
    paths = write_documents(tmp_path)
    word, text = read_book(paths["docx"]), read_book(paths["txt"])
    assert [core(s) for s in word.sheets] == [core(s) for s in text.sheets]
    assert [len(s.indicators) for s in word.sheets] == [14, 7, 7]
    assert len(word.sheets[0].safeguards) == 7
    assert word.sheets[1].department == "示例区市场监督管理局"


def test_self_evaluation_layout():
    (sheet,) = read_book(GOLDEN / "self-evaluation.txt").sheets
    assert (sheet.name, sheet.department, sheet.unit, sheet.year) == ("法治宣传", "某局", "某局办公室", 2022)
    assert (sheet.execution.planned, sheet.execution.adjusted, sheet.execution.spent) == (
        500_000,
        450_000,
        405_000,
    )
    assert (sheet.execution.points, sheet.execution.score, sheet.total_score) == (10, 9, Decimal("96.8"))
    assert names(sheet) == ["宣传次数", "宣传合格率", "知晓率", "群众满意度"]
    assert [i.score for i in sheet.indicators] == [25, 25, 28, Decimal("9.8")]
    assert sheet.indicators[1].actual == "≥90%"
    assert sheet.indicators[0].level1 == "产出指标(50分)"
    assert sheet.indicators[3].deviation == "样本少"
    assert [g.text for g in sheet.goals] == ["做好普法工作，提高群众法治意识。"]


def test_self_evaluation_with_conclusion():
    (sheet,) = read_book(GOLDEN / "self-evaluation-with-conclusion.txt").sheets
    assert (sheet.code, sheet.name) == ("51092324T000010263357", "2023年替代补助资金项目")
    assert sheet.execution.spent == 33_600
    assert [i.target.op for i in sheet.indicators] == ["==", "<="]
    assert [g.text for g in sheet.goals] == ["根据要求购买设备，并完成项目资金支付。"]


def test_list_of_projects_in_one_table():
    first, second = read_book(GOLDEN / "list-of-projects.txt").sheets
    assert (first.name, first.budget.total, len(first.indicators)) == ("村级经费", Decimal("3309840.00"), 2)
    assert (second.name, second.unit, len(second.indicators)) == ("活动经费", "820001-某镇政府", 2)
    assert [i.target.op for i in first.indicators + second.indicators] == [">=", "<=", "==", "level"]
    assert first.indicators[1].target.unit == "月"


def test_medium_term_beside_the_year():
    (sheet,) = read_book(GOLDEN / "medium-term-and-yearly.html").sheets
    assert names(sheet) == ["监测批次", "报告份数", "完成时间"]
    assert sheet.indicators[0].medium_term.value == 900
    assert sheet.indicators[0].target.value == 300
    assert sheet.indicators[2].target.value == date(2023, 12, 31)
    assert [g.title for g in sheet.goals] == ["目标1", "目标2"]
    assert sheet.budget.fiscal == 1_005_000


def test_central_transfer_form():
    (sheet,) = read_book(GOLDEN / "central-transfer.html").sheets
    assert (sheet.name, sheet.year) == ("市场监管补助资金", 2022)
    assert names(sheet) == ["抽检批次", "能力验证次数", "任务完成时间", "公众满意度"]
    assert [i.level2 for i in sheet.indicators] == ["数量指标", "数量指标", "时效指标", "服务对象满意度指标"]
    assert sheet.indicators[2].target.value == date(2022, 11, 30)
    assert sheet.budget.total == 12_000_000
    assert sheet.execution.spent == Decimal("11505000.0")
    assert [g.text for g in sheet.goals] == ["完成国家抽检任务。", "提高检验能力。"]


def test_two_groups_of_columns_in_one_row(tmp_path):
    rows = [
        ["项目名称", "水质监测"],
        ["绩效指标", "中期目标", "", "", "年度目标", "", ""],
        ["一级指标", "二级指标", "三级指标", "指标值", "二级指标", "三级指标", "指标值"],
        ["产出指标", "数量指标", "断面数", "≥90个", "数量指标", "断面数", "≥30个"],
    ]
    (sheet,) = read_book(_workbook(tmp_path, {"目标表2022": rows})).sheets
    assert sheet.indicators[0].target.value == 30
    assert sheet.indicators[0].medium_term.value == 90
    assert sheet.year == 2022


def test_several_sheets_percent_formats_and_trailing_columns(tmp_path):
    book = openpyxl.Workbook()
    for n, name in enumerate(("甲项目", "乙项目")):
        sheet = book.active if n == 0 else book.create_sheet()
        sheet.title = name
        sheet.append(["项目支出绩效目标表"])
        sheet.merge_cells("A1:E1")
        sheet.append(["项目名称", name, "年度", 2023])
        sheet.append(["一级指标", "二级指标", "三级指标", "指标值", "权重"])
        sheet.append(["产出指标", "质量指标", "合格率", 0.955, 50])
        sheet["D4"].number_format = "0.0%"
        sheet.append([None, "时效指标", "完成时间", date(2023, 11, 30), 40])
        sheet.append(["……"])
        sheet.append(["合计", None, None, None, 90])
        sheet.cell(2, 1600).number_format = "0.00"  # a formatted, empty cell far to the right
    book.create_sheet("无关").append(["收入总表", 1, 2])
    book.save(path := tmp_path / "多表.xlsx")
    first, second = read_book(path).sheets
    assert (first.name, second.name, first.year) == ("甲项目", "乙项目", 2023)
    assert [i.target.text() for i in first.indicators] == ["95.5%", "2023年11月30日前"]
    assert first.indicators[1].level1 == "产出指标"
    assert first.indicators[0].place.label() == "工作表“甲项目”C4"
    assert sum(i.weight for i in second.indicators) == 90


def test_a_table_broken_over_pages_goes_on(tmp_path):
    document = docx.Document()
    document.add_paragraph("2022年度项目支出绩效目标表")
    parts = [
        [
            ["项目名称", "甲", "", ""],
            ["一级指标", "二级指标", "三级指标", "指标值"],
            ["产出指标", "数量指标", "次数甲", "≥1次"],
        ],
        [["一级指标", "二级指标", "三级指标", "指标值"], ["", "", "次数乙", "≥2次"]],
        [["效益指标", "社会效益指标", "知晓率", "≥80%"]],
    ]
    for rows in parts:
        table = document.add_table(rows=len(rows), cols=4)
        for r, row in enumerate(rows):
            for c, text in enumerate(row):
                table.cell(r, c).text = text
        document.add_paragraph("— 1 —")
    document.save(path := tmp_path / "跨页.docx")
    (sheet,) = read_book(path).sheets
    assert names(sheet) == ["次数甲", "次数乙", "知晓率"]
    assert sheet.indicators[1].target.value == 2


def test_word_merges_content_controls_and_nested_tables(tmp_path):
    document = docx.Document()
    outer = document.add_table(rows=1, cols=1)
    inner = outer.cell(0, 0).add_table(rows=4, cols=4)
    inner.cell(0, 0).text = "项目名称"
    inner.cell(0, 1).merge(inner.cell(0, 3)).text = "嵌套项目"
    for c, text in enumerate(("一级指标", "二级指标", "三级指标", "指标值")):
        inner.cell(1, c).text = text
    merged = inner.cell(2, 0).merge(inner.cell(3, 0))
    merged.text = "产出指标"
    for r, (two, name, value) in enumerate(
        [("数量指标", "甲次数", "≥1次"), ("质量指标", "乙率", "≥90%")], start=2
    ):
        for c, text in enumerate((two, name, value), start=1):
            inner.cell(r, c).text = text
    document.save(path := tmp_path / "嵌套.docx")
    grids = [b for b in blocks_of(open_bytes(path.read_bytes(), path.name)) if isinstance(b, Grid)]
    assert grids[1].cell(3, 0).rows == 2
    assert grids[1].cell(3, 0).text == "产出指标"
    assert grids[1].cell(0, 2).columns == 3
    (sheet,) = read_book(path).sheets
    assert [(i.level1, i.level2, i.name) for i in sheet.indicators] == [
        ("产出指标", "数量指标", "甲次数"),
        ("产出指标", "质量指标", "乙率"),
    ]
    assert sheet.indicators[1].target.value == 90


def test_money_units_come_from_value_label_or_caption(tmp_path):
    def total(*rows):
        body = "\n".join(
            "\t".join(r)
            for r in [
                *rows,
                ("项目名称", "甲"),
                ("一级指标", "二级指标", "三级指标", "指标值"),
                ("产出指标", "数量指标", "次", "≥1次"),
            ]
        )
        (path := tmp_path / "a.txt").write_text("2022年绩效目标\n" + body, "utf8")
        book = read_book(path)
        return book.sheets[0].budget.total, [u.why for u in book.unsure]

    assert total(("项目名称", "甲"), ("预算数", "40万元"))[0] == 400_000
    assert total(("项目名称", "甲"), ("项目资金（万元）", "预算数", "40"))[0] == 400_000
    assert total(("项目名称", "甲"), ("预算数", "400,000元"))[0] == 400_000
    amount, doubts = total(("项目名称", "甲"), ("预算数", "40"))
    assert amount == 400_000
    assert doubts == ["金额没有写单位，按万元读入"]


def test_prose():
    found, left = indicators(
        "企业年报率不低于85%，农专年报率不低于85%；维持事故数为零。开展培训5次，12月底前完成验收，"
        "全面提升能力。",
        2021,
    )
    assert [(s.name, s.target.op, str(s.target.value)) for s in found] == [
        ("企业年报率", ">=", "85"),
        ("农专年报率", ">=", "85"),
        ("事故数", "==", "0"),
        ("开展培训", "==", "5"),
        ("验收", "by", "2021-12-31"),
    ]
    assert left == ["全面提升能力"]


@pytest.mark.parametrize(
    ("clause", "name", "raw", "yearly"),
    [
        ("培训次数每季度1次", "培训次数", "每季度1次", 4),
        ("宣传活动每月不少于2次", "宣传活动", "每月不少于2次", 24),
        ("专利授权量比上年增长10%", "专利授权量", "比上年增长10%", 10),
        ("投诉量同比下降5%", "投诉量", "同比下降5%", 5),
        ("专利拥有量增长率不低于8%", "专利拥有量增长率", "不低于8%", 8),
        ("每年开展培训4次", "每年开展培训", "4次", 4),
        ("项目完成时限为2021年12月底前", "项目完成时限", "2021年12月底前", None),
    ],
)
def test_period_and_comparison_are_of_the_value_in_a_sentence(clause, name, raw, yearly):
    ((found,), left) = indicators(clause, 2021)
    assert (found.name, found.raw, found.target.yearly, left) == (name, raw, yearly, [])


def test_what_is_uncertain_is_reported(tmp_path):
    text = (
        "2022年绩效目标表\n项目名称\t甲\n一级指标\t二级指标\t三级指标\t绩效指标描述\t指标值\n"
        "产出指标\t数量指标\t次数\t\t约3次\n产出指标\t质量指标\t\t抽检合格比例\t≥9O%\n"
    )
    (path := tmp_path / "a.txt").write_text(text, "utf8")
    book = read_book(path)
    assert any("约" in u.why for u in book.unsure)
    assert any("误录" in u.why for u in book.unsure)
    assert any("没有名称" in u.why for u in book.unsure)
    assert all(u.place.line for u in book.unsure)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_text_encodings(tmp_path, encoding):
    (path := tmp_path / "a.txt").write_text(
        "2022年部门整体绩效目标\n\n绩效指标：年报率不低于85%。\n", encoding
    )
    assert names(read_book(path).sheets[0]) == ["年报率"]


def test_nothing_found_is_an_error(tmp_path):
    (path := tmp_path / "a.txt").write_text("会议通知\n请准时参加。", "utf8")
    with pytest.raises(ZhunshengError, match="ZS-IN-13"):
        read_book(path)


def test_html_outside_tables_is_paragraphs():
    page = (
        "<html><head><title>x</title></head><body><div>甲<b>乙</b><p>丙</p></div><script>丁"
        "</script></body></html>"
    )
    blocks = blocks_of(open_bytes(page.encode(), "a.html"))
    assert [b.text for b in blocks if isinstance(b, Paragraph)] == ["甲乙", "丙"]


def _workbook(tmp_path: Path, sheets: dict[str, list[list[str]]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path := tmp_path / "a.xlsx")
    return path


def test_cells_without_a_value_and_what_is_hidden_are_said(tmp_path):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "目标"
    rows = [["2021年项目支出绩效目标表"], ["项目名称", "甲项目", "预算数（万元）", "1,2345"]]
    rows += [["一级指标", "二级指标", "三级指标", "指标值"], ["产出指标", "数量指标", "检查次数", "=1+3"]]
    rows += [["产出指标", "质量指标", "合格率", "x"], ["产出指标", "时效指标", "完成时限", "2021年12月底前"]]
    for row in rows:
        sheet.append(row)
    sheet["D5"] = "#N/A"
    sheet["D5"].data_type = "e"
    sheet.row_dimensions[6].hidden = True
    sheet.column_dimensions["B"].hidden = True
    other = book.create_sheet("旧稿")
    for row in rows[:-1]:
        other.append(row)
    other.sheet_state = "hidden"
    book.save(path := tmp_path / "a.xlsx")
    said = [(u.field, u.text, u.why) for u in read_book(path).unsure]
    cells = [(text, why) for name, text, why in said if name == "target" and "目标" in text]  # each told once
    assert [text.split()[-1] for text, _ in cells] == ["=1+3", "#N/A"]
    assert "没有计算结果" in cells[0][1] and "错误值" in cells[1][1]
    assert {text for name, text, _ in said if name == "hidden"} == {
        "“目标”第 6 行",
        "“目标”B 列",
        "“旧稿”整张工作表",
    }
    assert any("千位" in why for name, _, why in said if name == "budget")
    assert read_book(path).sheets[0].budget.total is None


def test_a_sheet_that_begins_in_prose_takes_no_goal_of_the_one_before():
    """Spoiled lines once left indicators under a goal that their sheet does not have,
    and its tables could not be written.
    """
    lines = (
        "2021年部门整体绩效目标\n（一）市场主体年报\n目标：按时年报\n第二部分 其他\n"
        "绩效指标：企业年报率达到95%以上，案件查处率达到100%。"
    )
    book = book_of(open_bytes(lines.encode(), "目标.txt"))
    assert [i.goal for s in book.sheets for i in s.indicators] == [None, None]
    assert all(target_form(sheet).rows for sheet in book.sheets)
