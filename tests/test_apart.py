"""Forms whose indicators stand side by side, or each in a table of its own."""

from zhunsheng.files.opening import open_bytes
from zhunsheng.intake import book_of


def sheets(*tables):
    """The sheets of a page with these tables, each a list of rows of cells; "text|3" covers three columns."""
    page = "<p>2025年绩效目标表</p>"
    for rows in tables:
        cells = ("".join(_cell(text) for text in row) for row in rows)
        page += f"<table>{''.join(f'<tr>{row}</tr>' for row in cells)}</table>"
    return book_of(open_bytes(f"<html><body>{page}</body></html>".encode(), "a.html")).sheets


def _cell(text):
    text, _, wide = text.partition("|")
    return f'<td colspan="{wide or 1}">{text}</td>'


def named(sheet):
    return [(i.level1, i.level2, i.name, i.target.words()) for i in sheet.indicators]


HEAD = ["一级指标", "二级指标", "三级指标", "指标值"]


def test_two_projects_side_by_side():
    left, right = sheets(
        [
            ["项目名称", "结核病防治|3", "", "项目名称", "病媒监测|3"],
            ["预算金额（万元）", "46|3", "", "预算金额（万元）", "18|3"],
            [*HEAD, "", *HEAD],
            ["产出指标", "数量指标", "筛查", "≥32人", "", "产出指标", "数量指标", "监测点", "≥36个"],
        ]
    )
    assert (left.name, left.budget.total, named(left)) == (
        "结核病防治",
        460_000,
        [("产出指标", "数量指标", "筛查", "≥32人")],
    )
    assert (right.name, right.budget.total, named(right)) == (
        "病媒监测",
        180_000,
        [("产出指标", "数量指标", "监测点", "≥36个")],
    )


def test_two_groups_of_one_project_side_by_side():
    (sheet,) = sheets(
        [
            ["项目名称", "护林|5"],
            ["产出指标|3", "效益指标与满意度指标|3"],
            [*HEAD[1:], *HEAD[1:]],
            ["数量指标", "巡护里程", "≥1.8万公里", "社会效益指标", "火情发现率", "≥98%"],
        ]
    )
    assert named(sheet) == [
        ("产出指标", "数量指标", "巡护里程", "≥1.8万公里"),
        ("效益指标", "社会效益指标", "火情发现率", "≥98%"),
    ]


def test_labels_beside_the_indicators():
    (sheet,) = sheets(
        [
            ["项目信息|2", "", *HEAD],
            ["项目名称", "微站", "", "产出指标", "数量指标", "建成微站", "12个"],
            ["预算金额（万元）", "142.3", "", "产出指标", "时效指标", "建成时间", "2025年9月底前"],
        ]
    )
    assert (sheet.name, sheet.budget.total) == ("微站", 1_423_000)
    assert [name for _, _, name, _ in named(sheet)] == ["建成微站", "建成时间"]


def test_an_indicator_a_card():
    (sheet,) = sheets(
        [["项目名称", "茶产业"], ["预算金额", "268万元"]],
        [
            ["指标名称", "改造茶园", "一级指标", "产出指标"],
            ["二级指标", "数量指标", "指标方向", "≥"],
            ["目标值", "6800", "计量单位", "亩"],
        ],
        [
            ["指标名称", "亩均成本", "一级指标", "成本指标"],
            ["二级指标", "经济成本指标", "指标方向", "≤"],
            ["目标值", "350", "计量单位", "元"],
        ],
    )
    assert named(sheet) == [
        ("产出指标", "数量指标", "改造茶园", "≥6800亩"),
        ("成本指标", "经济成本指标", "亩均成本", "≤350元"),
    ]


def test_projects_as_rows_between_their_indicators():
    one, two = sheets(
        [
            HEAD,
            ["项目：康复（预算：68.5万元）|4"],
            ["产出指标", "数量指标", "管控人员", "≥320人"],
            ["项目：流动人口服务（预算：45万元）|4"],
            ["产出指标", "数量指标", "登记人口", "≥1.6万人"],
        ]
    )
    assert [(s.name, s.budget.total, len(s.indicators)) for s in (one, two)] == [
        ("康复", 685_000, 1),
        ("流动人口服务", 450_000, 1),
    ]


def test_a_list_with_a_column_for_each_level():
    one, two = sheets(
        [
            ["项目名称", "预算金额（万元）", "数量指标", "质量指标", "社会效益指标"],
            ["公路养护", "320", "养护里程≥860公里；修复坑槽≥1.2万平方米", "优良率≥82%", "出行便利"],
            ["公交补贴", "150", "补贴车辆48辆", "完好率≥96%", "乘车≥30万人次"],
            ["合计", "470", "", "", ""],
        ]
    )
    assert [name for _, _, name, _ in named(one)] == ["养护里程", "修复坑槽", "优良率"]
    assert [name for _, _, name, _ in named(two)] == ["补贴车辆", "完好率", "乘车"]
    assert (one.name, two.name, two.budget.total) == ("公路养护", "公交补贴", 1_500_000)


def test_a_form_without_a_projects_name_says_so():
    table = [["预算金额", "46万元"], HEAD, ["产出指标", "数量指标", "筛查", "≥32人"]]
    cells = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in table)
    text = f"<html><body><p>2025年项目支出绩效目标表</p><table>{cells}</table></body></html>"
    book = book_of(open_bytes(text.encode(), "a.html"))
    assert "name" in [one.field for one in book.unsure]
