"""Layouts that a person confirmed: read the second time without a question, in every carrier."""

from __future__ import annotations

import csv
import io
from datetime import date

import docx
import pytest
import yaml
from openpyxl import Workbook
from typer.testing import CliRunner

from pdfs import Sheet, pdf, table, text
from zhunsheng.cli.commands import app
from zhunsheng.errors import ZhunshengError
from zhunsheng.files.opening import open_bytes
from zhunsheng.intake import book_of, document_of
from zhunsheng.intake.layouts import Layout, LayoutColumn, layouts_of, layouts_text, misfit, word_of
from zhunsheng.targets.doubts import must_confirm
from zhunsheng.targets.rereading import reread

TITLE = "2024年度道路养护项目绩效目标表"
HEAD = (("干哪类", "干什么", "怎么量", "做到多少", "去年实现"),)
FIELDS = ("level2", "name", "description", "target", "last_year")
ROWS = (
    ("干活", "巡查次数", "翻台账", "≥12次", "10次"),
    ("干活", "验收合格率", "看报告", "≥95%", "93%"),
    ("成效", "群众满意度", "发问卷", "≥90%", "88%"),
)
# A head in two rows: what is merged in Word and Excel, or has nothing at its right in a text file.
TALL = (("干哪类", "干什么", "怎么量", "数", ""), ("", "", "", "2024年定的", "2023年做的"))


def grid(head, rows):
    return [*head, *rows]


def as_html(head, rows):
    lines = []
    for n, row in enumerate(grid(head, rows)):
        cells = []
        for c, cell in enumerate(row):
            if len(head) == 2 and n < 2:
                if (n == 0 and c == 4) or (n == 1 and c < 3):
                    continue
                span = ' colspan="2"' if c == 3 and n == 0 else ' rowspan="2"' if n == 0 else ""
            else:
                span = ""
            cells.append(f"<td{span}>{cell}</td>")
        lines.append(f"<tr>{''.join(cells)}</tr>")
    return f"<p>{TITLE}</p><table>{''.join(lines)}</table>".encode()


def as_docx(head, rows):
    made = docx.Document()
    made.add_paragraph(TITLE)
    lines = grid(head, rows)
    found = made.add_table(len(lines), 5)
    for r, row in enumerate(lines):
        for c, cell in enumerate(row):
            found.cell(r, c).text = cell
    if len(head) == 2:
        found.cell(0, 3).merge(found.cell(0, 4)).text = head[0][3]
        for c in range(3):
            found.cell(0, c).merge(found.cell(1, c)).text = head[0][c]
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def as_xlsx(head, rows):
    made = Workbook()
    sheet = made.active
    for row in ((TITLE,), *grid(head, rows)):
        sheet.append(row)
    if len(head) == 2:
        sheet.merge_cells("D2:E2")
        for letter in "ABC":
            sheet.merge_cells(f"{letter}2:{letter}3")
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def as_csv(head, rows):
    out = io.StringIO()
    csv.writer(out).writerows([(TITLE,), *grid(head, rows)])
    return out.getvalue().encode()


def as_pdf(head, rows):
    drawn = text(150, 800, TITLE) + table(grid(head, rows), [40, 120, 220, 320, 420, 520], 760)
    return pdf([Sheet(drawn)])


CARRIERS = {"html": as_html, "docx": as_docx, "xlsx": as_xlsx, "csv": as_csv, "pdf": as_pdf}


def opened(carrier, head=HEAD, rows=ROWS):
    return open_bytes(CARRIERS[carrier](head, rows), f"目标.{carrier}")


def confirmed(read, fields=FIELDS):
    """Return the layout of a document's table as a person confirms it."""
    (found,) = read.tables
    columns = [
        LayoutColumn(words=one.words, field=name, holds=one.holds)
        for one, name in zip(found.columns, fields, strict=True)
    ]
    return Layout(columns=columns, headed=found.headed, confirmed_by="张三", confirmed_on=date(2024, 3, 1))


def told(book):
    (sheet,) = book.sheets
    return [(i.level2, i.name, i.description, i.target.raw, i.last_year) for i in sheet.indicators]


@pytest.fixture(scope="module")
def layout():
    return confirmed(document_of(opened("html")))


@pytest.mark.parametrize("carrier", CARRIERS)
def test_a_confirmed_layout_is_read_in_every_carrier_without_a_question(carrier, layout):
    assert document_of(opened(carrier)).refusal.code == "ZS-IN-50"
    read = document_of(opened(carrier), [layout])
    assert told(read.book) == list(ROWS)
    assert [one.field for one in read.book.unsure if must_confirm(one)] == []
    (entry,) = [one for one in read.book.unsure if one.field == "layout"]
    assert entry.why.startswith("按已确认的版式读入（张三 2024-03-01 确认）：“干哪类”作“二级指标”")
    assert read.tables[0].layout == layout


@pytest.mark.parametrize("carrier", ["html", "docx", "xlsx", "csv"])
def test_a_head_of_two_rows_is_known_again_and_so_is_another_year(carrier):
    made = confirmed(document_of(opened("html", TALL)))
    assert told(document_of(opened(carrier, TALL), [made]).book) == list(ROWS)
    later = [[cell.replace("2024", "2025").replace("2023", "2024") for cell in row] for row in TALL]
    data = CARRIERS[carrier](later, ROWS)
    if carrier in ("html", "csv"):  # the others' title is packed
        data = data.decode().replace(TITLE, TITLE.replace("2024", "2025")).encode()
        assert told(book_of(open_bytes(data, f"目标.{carrier}"), [made])) == list(ROWS)


def test_the_proposal_confirmed_as_it_is_gives_the_same_values():
    known = [("一级指标", "二级指标", "三级指标", "指标值", "上年值")]
    rows = [("产出指标", *row[:2], row[3], row[4]) for row in ROWS]
    for head in (known, [("一类", "二类", "干什么", "做到多少", "上年做到")]):
        data = opened("html", head, [("产出指标", "数量指标", *row[2:]) for row in rows])
        first = document_of(data)
        again = document_of(data, [confirmed(first, [one.field for one in first.tables[0].columns])])
        assert told(again.book) == told(first.book)
        assert not [one for one in again.book.unsure if one.field == "header"]


def test_cells_that_are_something_else_now_raise_a_doubt_and_are_not_read_by_force(layout):
    swapped = [(row[0], row[3], row[2], row[1], row[4]) for row in ROWS]
    known = [("一级指标", "二级指标", "三级指标", "指标值", "上年值")]
    read = document_of(opened("html", HEAD, swapped), [layout])
    assert read.refusal is not None and read.tables[0].layout is None
    (doubt,) = [one for one in read.book.unsure if one.field == "header"]
    assert "“做到多少”应为“指标值”，现在是文字" in doubt.why
    odd = Layout(
        columns=[LayoutColumn(words=words, field=name) for words, name in zip(known[0], FIELDS, strict=True)],
        confirmed_by="李四",
    )
    rows = [("产出指标", "数量指标", row[1], row[3], row[4]) for row in ROWS]
    read = document_of(opened("html", known, rows), [odd])  # which no document of these words can be
    assert [i.name for i in read.book.sheets[0].indicators] == [row[1] for row in ROWS]
    assert [one.field for one in read.book.unsure if must_confirm(one)] == ["header"]


def test_a_table_that_is_not_understood_is_doubted_at_its_place_and_offered_beside_one_that_is():
    form = [("一级指标", "二级指标", "三级指标", "指标值"), ("产出指标", "数量指标", "修补路面", "≥3公里")]
    other = [HEAD[0], *ROWS[:2]]
    tables = (
        "<table>"
        + "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
        + "</table>"
        for rows in (form, other)
    )
    page = open_bytes(f"<p>{TITLE}</p>{'<p>另有：</p>'.join(tables)}".encode(), "目标.html")
    read = document_of(page)
    assert [one.name for sheet in read.book.sheets for one in sheet.indicators] == ["修补路面"]
    (doubt,) = [one for one in read.book.unsure if one.place.table == 2]
    assert doubt.unread and must_confirm(doubt) and doubt.place.row == 2
    (offered,) = [one for one in read.tables if not one.read]
    assert [one.head for one in offered.columns] == list(HEAD[0])
    columns = [
        LayoutColumn(words=one.words, field=name, holds=one.holds)
        for one, name in zip(offered.columns, FIELDS, strict=True)
    ]
    layout = Layout(columns=columns, headed=True, confirmed_by="张三")
    again = document_of(page, [layout])
    names = [one.name for sheet in again.book.sheets for one in sheet.indicators]
    assert names == ["修补路面", *(row[1] for row in ROWS[:2])]


def test_a_table_of_money_is_no_table_of_indicators():
    rows = [
        ("科目编码", "科目名称", "合计"),
        ("2010101", "行政运行", "1203.50"),
        ("2010102", "事务", "86.20"),
    ]
    cells = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    form = "<tr><td>一级指标</td><td>三级指标</td><td>指标值</td></tr>"
    form += "<tr><td>产出指标</td><td>修补路面</td><td>≥3公里</td></tr>"
    page = f"<p>{TITLE}</p><table>{form}</table><p>附表</p><table>{cells}</table>"
    read = document_of(open_bytes(page.encode(), "目标.html"))
    assert not [one for one in read.book.unsure if one.place.table == 2]


def test_a_layout_outranks_words_and_says_so():
    known = [("一级指标", "二级指标", "三级指标", "指标值", "计划值")]
    rows = [("产出指标", "数量指标", row[1], row[3], row[4]) for row in ROWS]
    first = document_of(opened("html", known, rows))
    assert any("都像指标值" in one.why and one.unread for one in first.book.unsure)
    made = confirmed(first, ("level1", "level2", "name", "last_year", "target"))
    read = document_of(opened("html", known, rows), [made])
    assert [(i.target.raw, i.last_year) for i in read.book.sheets[0].indicators] == [
        (row[4], row[3]) for row in ROWS
    ]
    assert [one.field for one in read.book.unsure] == ["layout"]


def test_rows_without_a_head_are_known_by_what_their_columns_hold():
    rows = [("产出指标", "数量指标", row[1], row[3], "计划") for row in ROWS]
    fields = ("level1", "level2", "name", "target", None)
    first = document_of(opened("html", [], rows))
    made = confirmed(first, [one.field for one in first.tables[0].columns])
    assert not made.headed and "巡查" not in repr(made.key)
    read = document_of(opened("xlsx", [], rows), [confirmed(first, fields)])
    assert [one.field for one in read.book.unsure if one.field != "header"] == ["layout"]
    assert [i.name for i in read.book.sheets[0].indicators] == [
        i.name for i in first.book.sheets[0].indicators
    ]


def test_rows_without_a_head_that_another_layout_may_be_just_like_are_doubted():
    rows = [("产出指标", "数量指标", *row[1:]) for row in ROWS]
    fields = ("level1", "level2", "name", "description", "target", "last_year")
    made = confirmed(document_of(opened("html", [], rows)), fields)
    # In another office's table of the same kinds last year's value stands first.
    other = [(*row[:4], row[5], row[4]) for row in rows]
    read = document_of(opened("html", [], other), [made])
    (doubt,) = [one for one in read.book.unsure if must_confirm(one)]
    assert doubt.field == "header" and "指标值、上年值" in doubt.why and "三级指标、指标描述" in doubt.why
    # Where each kind of cells stands in one column, there is nothing to mistake.
    plain = [(row[0], row[1], row[2], row[4]) for row in rows]
    known = confirmed(document_of(opened("html", [], plain)), ("level1", "level2", "name", "target"))
    assert not [
        one for one in document_of(opened("html", [], plain), [known]).book.unsure if must_confirm(one)
    ]


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        (("level2", "name", "name", "target", None), "两列都作“三级指标”"),
        (("level2", None, None, "target", None), "没有哪一列是“三级指标”"),
        (("level2", "name", None, None, "last_year"), "没有哪一列是“指标值”"),
        (("level2", "name", "stated", "target", None), "只能有一列"),
    ],
)
def test_two_columns_of_one_field_or_none_of_the_values_are_no_layout(fields, why):
    with pytest.raises(ValueError, match=why):
        confirmed(document_of(opened("html")), fields)


@pytest.mark.parametrize(
    ("field", "cells", "holds", "before", "wrong"),
    [
        ("target", ("≥3次", "5份"), "target", None, False),
        ("target", ("产出指标", "效益指标"), "level1", None, True),
        ("target", ("建立", "完善"), "words", "target", True),
        ("weight", ("10", "20分"), "points", None, False),
        ("weight", ("100", "250"), "target", None, True),
        ("name", ("10", "20"), "points", None, True),
        ("level2", ("甲", "乙"), "words", "level2", True),
        ("level2", ("甲", "乙"), "words", "words", False),
        ("op", ("≥", "≤"), "op", None, False),
        ("op", ("次", "份"), "unit", None, True),
        ("stated", ("检查≥3次",), "words", None, False),
        ("stated", ("检查", "宣传"), "words", None, True),
        ("basis", ("%", "次"), "unit", None, True),
        ("target", ("", "—"), "empty", "target", False),
    ],
)
def test_what_a_field_cannot_hold(field, cells, holds, before, wrong):
    assert (misfit(field, cells, holds, before) is not None) is wrong


def test_a_year_in_a_head_is_told_by_its_distance():
    assert word_of("2024年目标", 2025) == word_of("2023年目标", 2024) == "-1年目标"
    assert word_of("2024年目标", None) == "2024年目标"


def test_a_file_of_layouts_comes_back_as_it_went(layout):
    written = layouts_text([layout])
    assert layouts_of(written, "版式.yaml") == (layout,)
    assert not any(word in written for row in ROWS for word in row)
    data = yaml.safe_load(written)
    assert data["layouts"][0]["columns"][3] == {"words": "做到多少", "field": "指标值", "holds": "target"}
    for broken in (
        "",
        "layouts: []",
        written.replace("指标值", "指标植"),
        written.replace("三级指标", "指标值"),
    ):
        with pytest.raises(ZhunshengError, match="ZS-IN-51"):
            layouts_of(broken, "版式.yaml")
    with pytest.raises(ZhunshengError, match="ZS-IN-52"):
        layouts_of(layouts_text([layout, layout]), "版式.yaml")


def test_the_command_line_writes_layouts_and_reads_by_them(tmp_path):
    file, kept = tmp_path / "目标.html", tmp_path / "版式.yaml"
    file.write_bytes(as_html(HEAD, ROWS))

    def ran(*said):
        return CliRunner().invoke(app, ["read", str(file), *said])

    first = ran("--save-layouts", str(kept))
    assert first.exit_code and "翻台账" in first.output and "ZS-IN-50" in str(first.exception)
    assert "ZS-IN-54" in str(ran("--save-layouts", str(kept)).exception)
    unsigned = ran("--layouts", str(kept))
    assert "有 1 个版式还没有人确认" in unsigned.output and unsigned.exit_code
    data = yaml.safe_load(kept.read_text("utf8"))
    data["layouts"][0] |= {"confirmed_by": "张三", "confirmed_on": "2024-03-01"}
    kept.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf8")
    read = ran("--layouts", str(kept))
    output = read.output.replace("\n", "")
    assert read.exit_code == 0 and "巡查次数" in output and "按已确认的版式读入" in output
    (tmp_path / "空.txt").write_text("绩效指标：巡查≥3次。\n2024年度", encoding="utf8")
    none = CliRunner().invoke(app, ["read", str(tmp_path / "空.txt"), "--save-layouts", str(kept)])
    assert "ZS-IN-53" in str(none.exception)


def test_what_was_typed_stays_where_a_sheet_is_read_again(layout):
    before = book_of(opened("html"), [layout]).sheets[0]
    columns = [
        c.model_copy(update={"field": "basis"}) if c.field == "description" else c for c in layout.columns
    ]
    after = book_of(opened("html"), [layout.model_copy(update={"columns": tuple(columns)})]).sheets[0]
    first, second, third = before.indicators
    typed = second.model_copy(update={"description": "看验收报告", "weight": None, "id": "abc"})
    added = first.model_copy(update={"name": "自己加的", "place": None, "id": "def"})
    now = before.model_copy(update={"name": "改过的名称", "indicators": (first, typed, added)})
    made = reread(before, now, after)
    assert made.name == "改过的名称" and third.name not in [i.name for i in made.indicators]
    assert [(i.name, i.description, i.basis) for i in made.indicators] == [
        ("巡查次数", None, "翻台账"),
        ("验收合格率", "看验收报告", "看报告"),
        ("自己加的", "翻台账", None),
    ]
    assert [i.id for i in made.indicators] == [first.id, "abc", "def"]


OFFICES_OWN = (
    ("考核大类", "考核小项", "工作事项", "应达到程度", "赋分", "上年达到"),
    ("产出", "数量", "新增公办园学位", "≥540个", "10", "420个"),
    ("产出", "数量", "营养改善受益学生", "1.26万人", "20", "1.21万人"),
    ("产出", "质量", "教师持证上岗率", "100%", "20", "99.2%"),
    ("产出", "时效", "资助款发放到卡", "每学期第8周前", "20", "第10周"),
    ("效益", "社会", "义务教育巩固率", "不低于97.5%", "20", "97.1%"),
    ("满意", "服务对象", "家长满意率", "95%以上", "10", "93%"),
)
FORM_ABOVE = (
    ("项目名称", "教育重点任务", "主管部门", "云岭县教育局"),
    ("实施单位", "教育股", "项目总额（万元）", "560"),
)


def in_html(*tables):
    rows = ["".join(f"<tr>{''.join(f'<td>{c}</td>' for c in row)}</tr>" for row in rows) for rows in tables]
    made = "".join(f"<table>{one}</table><p></p>" for one in rows)
    return document_of(open_bytes(f"<p>2025年度绩效目标表</p>{made}".encode(), "目标.html"))


def test_values_of_this_year_are_taken_under_an_offices_own_heads_and_not_last_years():
    read = in_html(FORM_ABOVE, OFFICES_OWN)
    (sheet,) = read.book.sheets
    told_of = [(i.level2, i.name, i.target.raw) for i in sheet.indicators]
    assert told_of == [(row[1], row[2], row[3]) for row in OFFICES_OWN[1:]]
    (asked,) = [one for one in read.book.unsure if one.field == "header"]
    assert must_confirm(asked) and "“应达到程度”作“指标值”" in asked.why
    assert read.tables[0].headed  # so that the layout is known again by these words alone


def test_rows_under_words_that_say_last_year_are_left_to_a_person():
    rows = [(*row[:3], row[5]) for row in OFFICES_OWN]
    read = in_html(rows)
    assert read.refusal is not None and read.refusal.code == "ZS-IN-50"
    assert [one.field for one in read.tables[0].columns][3] == "last_year"


def test_points_beside_values_some_of_which_are_words_are_no_values():
    heads = ("大项", "小项", "考评项目", "量化要求", "单位", "分")
    read = in_html(
        [
            heads,
            ("产出指标", "数量指标", "在编教师数", "2860", "人", "10"),
            ("产出指标", "质量指标", "大班额比例", "≤3", "%", "10"),
            ("产出指标", "时效指标", "工资发放", "按月", "", "10"),
            ("效益指标", "社会效益", "教师流失率", "1.5", "%", "10"),
            ("满意度指标", "服务对象满意度", "群众满意度", "90", "%", "10"),
        ]
    )
    (sheet,) = read.book.sheets
    assert [i.target.raw for i in sheet.indicators] == ["2860", "≤3", "按月", "1.5", "90"]
    assert {i.weight for i in sheet.indicators} == {10}


def test_the_table_of_tasks_is_offered_and_not_the_form_above_it():
    tasks = [
        ("序号", "重点任务", "2024年完成", "2025年要求", "分值"),
        ("1", "改扩建寄宿制学校", "3所", "4所", "20"),
        ("2", "毛入学率（%）", "93.4", "94", "20"),
        ("3", "校车安全检查", "每月1次", "每月≥2次", "20"),
    ]
    read = in_html(FORM_ABOVE, tasks)
    assert read.refusal is not None and "重点任务" in str(read.refusal)
    (table,) = read.tables
    assert [one.field for one in table.columns] == [None, "name", "last_year", "target", "weight"]


def test_the_columns_of_a_layout_are_told_in_words_that_are_no_codes():
    columns = [
        LayoutColumn(words="重点任务", field="name"),
        LayoutColumn(words="-1年完成", field="last_year"),
        LayoutColumn(words="+0年度要求", field="target", holds="target"),
    ]
    assert [words for words, _ in Layout(columns=columns).parts()] == ["重点任务", "上年完成", "本年度要求"]
    kinds = [str(words) for words, _ in Layout(columns=columns, headed=False).parts()]
    assert kinds == ["文字", "文字", "可以衡量的值"]
