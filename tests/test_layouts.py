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
    return f"<html><body>{before}<table>{''.join(rows)}</table></body></html>"


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
    book = book_of(open_bytes(page(case).encode(), "form.html"))
    (sheet,) = book.sheets
    assert [words(one) for one in sheet.indicators] == case["indicators"]
    for part in ("total", "fiscal", "other", "project"):
        if part in case:
            assert getattr(sheet.budget, part) == case[part], part
    if "goals" in case:
        assert [goal.text for goal in sheet.goals] == case["goals"]
    if "plan" in case:
        steps = sheet.spending_plan.steps
        assert [f"{one.by} {one.cumulative}" for one in steps] == case["plan"]
    doubted = [one.text for one in book.unsure]
    for text in case.get("doubts", []):
        assert any(text in one for one in doubted), (text, doubted)
