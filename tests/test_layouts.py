"""Forms laid out in many ways: of each small one what has to be read, and what has to be asked about."""

import re
from html import escape

import pytest
import yaml

from places import GOLDEN
from zhunsheng.files.opening import open_bytes
from zhunsheng.intake import book_of

CASES = yaml.safe_load((GOLDEN / "layouts.yaml").read_text("utf8"))


def page(case):
    """A form as a web page, its cells with their spans."""
    rows = []
    for line in case["rows"].splitlines():
        cells = []
        for cell in line.split("|"):
            text, columns, height = re.fullmatch(r"\s*(.*?)(?: <(\d+)x(\d+))?\s*", cell).groups()
            said = escape(text).replace("\\n", "<br>")
            cells.append(f'<td colspan="{columns or 1}" rowspan="{height or 1}">{said}</td>')
        rows.append(f"<tr>{''.join(cells)}</tr>")
    before = "".join(f"<p>{text}</p>" for text in case.get("before", []))
    return f"{before}<table>{''.join(rows)}</table>"


def written(*parts):
    """The book of a web page of such parts."""
    return book_of(open_bytes(f"<html><body>{''.join(parts)}</body></html>".encode(), "form.html"))


def words(one):
    """What was read of an indicator, as the cases write it."""
    target = one.target
    value = target.value
    told = "-".join(map(str, value)) if isinstance(value, tuple) else value if value is not None else ""
    said = f"{target.op} {told} {target.unit or ''}".strip()
    beside = {
        "完成": one.actual,
        "权重": one.weight,
        "得分": one.score,
        "上年": one.last_year,
        "中期": one.medium_term and one.medium_term.raw,
        "调整前": one.original and one.original.raw,
    }
    name = " / ".join(filter(None, (one.level1, one.level2, one.name)))
    return "；".join([f"{name}：{said}", *(f"{k} {v}" for k, v in beside.items() if v is not None)])


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_a_form_is_read_as_a_person_reads_it(case):
    book = written(page(case))
    (sheet,) = book.sheets
    assert [words(one) for one in sheet.indicators] == case["indicators"]
    for part in ("total", "fiscal", "other", "project"):
        if part in case:
            assert getattr(sheet.budget, part) == case[part], part
    if "year" in case:
        assert sheet.year == case["year"]
    if "spent" in case:
        assert sheet.execution.spent == case["spent"]
    if "goals" in case:
        assert [goal.text for goal in sheet.goals] == case["goals"]
    if "plan" in case:
        steps = sheet.spending_plan.steps
        assert [f"{one.by} {one.cumulative}" for one in steps] == case["plan"]
    doubted = [one.text for one in book.unsure]
    for text in case.get("doubts", []):
        assert any(text in one for one in doubted), (text, doubted)


HEAD = "一级指标 | 二级指标 | 三级指标 | 指标值\n"


def test_tables_of_kinds_of_indicators_are_one_sheet():
    own = "项目名称 | 湿地 <3x1\n" + HEAD + "产出指标 | 数量指标 | 恢复面积 | ≥1260亩"
    more = "一级指标 | 二级指标 | 三级指标 | 单位 | 预期程度\n产出指标 | 时效指标 | 完成及时性 | 无 | 及时"
    before = page({"before": ["2024年绩效目标申报表"], "rows": own})
    (sheet,) = written(before, page({"before": ["（二）定性指标"], "rows": more})).sheets
    assert [one.name for one in sheet.indicators] == ["恢复面积", "完成及时性"]


def test_a_table_that_nothing_names_is_asked_about():
    own = "项目名称 | 湿地 <3x1\n" + HEAD + "产出指标 | 数量指标 | 恢复面积 | ≥1260亩"
    more = HEAD.replace("\n", " | 备注\n") + "产出指标 | 数量指标 | 巡护次数 | ≥12次 |"
    book = written(page({"before": ["2024年绩效目标表"], "rows": own}), page({"rows": more}))
    assert [one.name for one in book.sheets] == ["湿地", None]
    assert [(one.field, one.sheet, one.unread) for one in book.unsure] == [("name", 1, True)]


def test_a_table_within_a_cell_stands_under_the_level_beside_it():
    rows = "二级指标 | 三级指标 | 目标值\n{} | {} | ≥86"
    inner = [
        page({"rows": rows.format(*said)}) for said in (("数量指标", "修建道路"), ("经济效益", "亩均增收"))
    ]
    cells = "".join(
        f"<tr><td>{level}</td><td>{table}</td></tr>"
        for level, table in zip(("产出指标", "效益指标"), inner, strict=True)
    )
    whose = "<tr><td>项目名称</td><td>竹产业</td></tr>"
    (sheet,) = written("<h2>2025年绩效目标表</h2>", f"<table>{whose}{cells}</table>").sheets
    assert [(one.level1, one.name) for one in sheet.indicators] == [
        ("产出指标", "修建道路"),
        ("效益指标", "亩均增收"),
    ]
