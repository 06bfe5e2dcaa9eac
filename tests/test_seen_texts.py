"""Text files of targets: columns lined up by blanks, tables drawn with strokes, any encoding."""

from __future__ import annotations

import time

import pytest

from zhunsheng.errors import ZhunshengError
from zhunsheng.files.opening import open_bytes
from zhunsheng.intake import blocks_of, book_of
from zhunsheng.intake.grid import Grid, Paragraph


def read(text, encoding="utf8"):
    return blocks_of(open_bytes(text.encode(encoding), "a.txt"))


def grids(text):
    return [
        [[b.text(r, c) for c in range(len(b.rows[r]))] for r in range(len(b.rows))]
        for b in read(text)
        if isinstance(b, Grid)
    ]


LINED_UP = """2024年度项目支出绩效目标表

项目名称      水质监测
预算数        12万元
一级指标      二级指标      三级指标    指标值
--------      --------      --------    ------
产出指标      数量指标      监测断面    ≥30个
                            采样人员    ≥5人
              质量指标      数据合格率  ≥95%
                            （复核后）
效益指标      社会效益      知晓率      ≥80%
"""


@pytest.mark.parametrize("encoding", ["utf8", "gb18030", "utf-16"])
@pytest.mark.parametrize("blank", [" ", "\u3000"])
def test_columns_lined_up_by_blanks(encoding, blank):
    text = LINED_UP.replace("  ", blank if blank == "\u3000" else "  ")
    blocks = read(text, encoding)
    (grid,) = [b for b in blocks if isinstance(b, Grid)]
    assert [[grid.text(r, c) for c in range(4)] for r in range(len(grid.rows))] == [
        ["项目名称", "水质监测", "", ""],
        ["预算数", "12万元", "", ""],
        ["一级指标", "二级指标", "三级指标", "指标值"],
        ["产出指标", "数量指标", "监测断面", "≥30个"],
        ["", "", "采样人员", "≥5人"],
        ["", "质量指标", "数据合格率（复核后）", "≥95%"],
        ["效益指标", "社会效益", "知晓率", "≥80%"],
    ]
    assert grid.place(5, 2).line == 9
    (sheet,) = book_of(open_bytes(text.encode(encoding), "a.txt")).sheets
    assert (sheet.name, sheet.budget.total, sheet.year) == ("水质监测", 120_000, 2024)
    assert [(i.level1, i.level2, i.target.text()) for i in sheet.indicators] == [
        ("产出指标", "数量指标", "≥30个"),
        ("产出指标", "数量指标", "≥5人"),
        ("产出指标", "质量指标", "≥95%"),
        ("效益指标", "社会效益", "≥80%"),
    ]


def test_columns_filled_up_by_signs_and_numbers_to_the_right():
    rows = [("指标名称", "目标", "分"), ("培训", "≥3次", "5"), ("群众满意度情况", "≥90%", "10")]
    by_signs = "\n".join(f"{a.ljust(10)}{b.ljust(8)}{c}" for a, b, c in rows)
    assert grids(by_signs) == [[list(row) for row in rows]]
    to_the_right = "指标名称        目标     分\n培训            ≥3次     5\n满意度          ≥90%    10\n"
    assert grids(to_the_right) == [
        [["指标名称", "目标", "分"], ["培训", "≥3次", "5"], ["满意度", "≥90%", "10"]]
    ]


def test_rows_with_empty_lines_between():
    assert grids("名称   值   分\n\n甲     1    2\n\n乙     3    4\n\n\n完") == [
        [["名称", "值", "分"], ["甲", "1", "2"], ["乙", "3", "4"]]
    ]


@pytest.mark.parametrize(
    "text",
    [
        "　　本年度完成培训。\n　　提高能力。",
        "部门：某局    日期：2024年\n单位：万元    表号：3\n",
        "第一条  按时完成。\n第二条  提高能力。\n",
        "一行  两段",
        "会议通知\n请准时参加。",
    ],
)
def test_sentences_are_no_table(text):
    assert all(isinstance(block, Paragraph) for block in read(text))


DRAWN = """┌──────┬──────┬────┐
│一级  │二级  │值  │
├──────┼──────┼────┤
│产出  │数量  │≥1  │
│指标  ├──────┼────┤
│      │质量  │≥2  │
│      │指标  │    │
├──────┴──────┼────┤
│合计         │100 │
└─────────────┴────┘
"""


def test_a_drawn_table_with_merged_cells():
    expected = [
        ["一级", "二级", "值"],
        ["产出指标", "数量", "≥1"],
        ["产出指标", "质量指标", "≥2"],
        ["合计", "合计", "100"],
    ]
    assert grids(DRAWN) == [expected]
    (grid,) = read(DRAWN)
    assert (grid.cell(1, 0).rows, grid.cell(3, 0).columns, grid.place(2, 1).line) == (2, 2, 6)
    heavy = DRAWN.translate(str.maketrans("┌─┬┐│├┼┤└┴┘", "┏━┳┓┃┣╋┫┗┻┛"))
    assert grids(f"表\n{heavy}后") == [expected]
    wide = "┌──┬──┐\n│名称│值　│\n├──┼──┤\n│甲　│１　│\n└──┴──┘"  # strokes two columns wide
    assert grids(wide) == [[["名称", "值"], ["甲", "１"]]]


def test_a_drawn_table_whose_rows_have_no_lines_between_them():
    head = "┌────┬────┬──┐\n│名  │值  │分│\n├────┼────┼──┤\n"
    text = f"{head}│甲  │≥1  │5 │\n│很长│    │  │\n│乙  │≥2  │6 │\n└────┴────┴──┘"
    assert grids(text) == [[["名", "值", "分"], ["甲", "≥1", "5"], ["很长", "", ""], ["乙", "≥2", "6"]]]
    only = "│名│值│\n│甲│1│\n│乙│2│"
    assert grids(only) == [[["名", "值"], ["甲", "1"], ["乙", "2"]]]


def test_strokes_that_do_not_stand_below_one_another():
    text = "┌──┬──┐\n│指标名称│值│\n├──┼──┤\n│满意度│≥90%│\n└──┴──┘"
    assert grids(text) == [[["指标名称", "值"], ["满意度", "≥90%"]]]


def test_strokes_of_ascii():
    line = "+------+------+\n"
    text = f"{line}| 甲   | 乙   |\n{line.replace('-', '=')}| 丙   | 1    |\n{line}| 丁   | 2    |\n{line}"
    assert grids(text) == [[["甲", "乙"], ["丙", "1"], ["丁", "2"]]]
    assert grids("| 甲 | 乙 |\n|---|---|\n| 丙 | 1 |\n") == [[["甲", "乙"], ["丙", "1"]]]


@pytest.mark.parametrize(
    "text",
    [
        "甲  乙。\n" * 60_000,
        "a  " * 200_000,
        "│" * 30_000,
        "│\n" * 30_000,
        "┌─┐\n" * 20_000,
        "+-\n" * 30_000,
        "甲 　乙\t\n" * 20_000,
    ],
)
def test_no_text_takes_long(text):
    begun = time.process_time()
    try:
        read(text)
    except ZhunshengError as error:
        assert error.code in ("ZS-IN-06", "ZS-IN-10")  # longer than any document of targets
    assert time.process_time() - begun < 5


STATED = [
    ("产出指标", "数量指标", "新建城市书房", ">=", 6, "座"),
    ("产出指标", "数量指标", "配置图书", ">=", 3, "万册"),
    ("满意度指标", "服务对象满意度指标", "读者满意度", ">=", 90, "%"),
]
CELLS = """项目名称 城市书房
项目资金（万元） 年度资金总额 180
一级指标 二级指标 三级指标 指标值
产出指标 数量指标 新建城市书房 ≥6座
配置图书 ≥3万册
第 1 页 共 2 页
满意度指标 服务对象满意度指标 读者满意度 ≥90%"""
OUTLINE = """项目名称：城市书房
资金额度：180万元（县级财政）
绩效目标：新建书房。
【产出指标】
（1）数量指标
新建城市书房：≥6座
数量指标：配置图书（≥**册）≥3万册；
【满意度指标】
服务对象满意度指标：读者满意度（≥**%）≥90%。
2024年3月27日"""


@pytest.mark.parametrize(
    "text",
    [CELLS, CELLS.replace("第 1 页 共 2 页\n", "").replace(" ", "\n"), OUTLINE],
    ids=["one blank between cells", "one cell a line", "an outline"],
)
def test_forms_copied_without_their_table(text):
    (sheet,) = book_of(open_bytes(f"2025年绩效目标表\n{text}\n".encode(), "a.txt")).sheets
    assert (sheet.name, sheet.year, sheet.budget.total) == ("城市书房", 2025, 1_800_000)
    told = [
        (i.level1, i.level2, i.name, i.target.op, i.target.value, i.target.unit) for i in sheet.indicators
    ]
    assert told == STATED


def test_a_cell_of_several_lines_stands_in_quotes():
    rows = (
        '项目名称\t牧道\n一级指标\t二级指标\t三级指标\t指标值\n产出指标\t质量指标\t"验收\n合格率"\t"≥95%"\n'
    )
    assert grids(rows)[0][2] == ["产出指标", "质量指标", "验收\n合格率", "≥95%"]
