"""Pages of targets as a browser shows them: nothing hidden, what forms hold, tables within tables."""

from __future__ import annotations

import pytest

from zhunsheng.errors import ZhunshengError
from zhunsheng.files.opening import open_bytes
from zhunsheng.intake import blocks_of
from zhunsheng.intake.grid import Grid, Paragraph
from zhunsheng.targets import Unsure


def read(body, head=""):
    return blocks_of(open_bytes(f"<html><head>{head}</head><body>{body}</body></html>".encode(), "a.html"))


def texts(blocks):
    return [block.text for block in blocks if isinstance(block, Paragraph)]


def grids(blocks):
    return [
        [[b.text(r, c) for c in range(len(b.rows[r]))] for r in range(len(b.rows))]
        for b in blocks
        if isinstance(b, Grid)
    ]


def told(blocks):
    return [(b.place.label(), b.text, b.why[:6]) for b in blocks if isinstance(b, Unsure)]


RULES = """<style>
/* .wide{display:none} */ .no, table td.x .deep { color:red; display : none }
#away{visibility:hidden} .off{display:none}.row .off{display:inline} .cut{text-decoration:line-through}
@media print{.paper{display:none}} @media screen and (min-width:1px){.screen{display:none}}
.last{display:none !important}</style>"""


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("≥7<span style='display: none'>0</span>个", "≥7个"),
        ("≥7<span style='visibility:hidden'>0</span>个", "≥7个"),
        ("≥7<span hidden>0</span>个", "≥7个"),
        ("≥7<b style='opacity:0'>0</b><i style='font-size:0px'>1</i>个", "≥7个"),
        ("<div style='font-size:0'><b style='font-size:14px'>≥7个</b></div>", "≥7个"),
        ("≥7<span style='mso-hide:all'>0</span>个", "≥7个"),
        ("≥7<span class='a no'>0</span><span id=away>1</span>个", "≥7个"),
        ("<span class=wide>≥7</span><span class=paper>个</span><span class=screen>0</span>", "≥7个"),
        ("<p class=row>≥<span class=off>7</span></p><span class=off>0</span>", "≥7"),
        ("<span class=last style='display:inline'>0</span>≥7", "≥7"),
        ("<select><option>优<option selected>良<option>差</select>", "良"),
        ("<select><option>优<option>良</select>", "优"),
        ("<select><option value=''>--请选择--</option><option>良</select>", ""),
        ("<select multiple><option selected>甲<option>乙<option selected>丙</select>", "甲、丙"),
        ("<input value='≥90'>%", "≥90%"),
        ("<input type=hidden value=1><input type=submit value=保存>≥90%", "≥90%"),
        ("<input type=checkbox checked>是<input type=checkbox>否", "☑是□否"),
        ("<input type=radio name=a>优<input type=radio name=a checked>良", "□优☑良"),
        ("<textarea>\n完成年报\n提高能力</textarea>", "完成年报\n提高能力"),
        ("≥9<script>document.write(1)</script><style>p{}</style><template>2</template>0%", "≥90%"),
        ("<del>≥80%</del><s>1</s><ins>≥90%</ins>", "≥90%"),
        ("<span style='text-decoration: line-through'>≥80%</span><span class=cut>1</span>≥90%", "≥90%"),
        ("&ge;90&#37;&nbsp;以上", "≥90% 以上"),
        ("甲<br>乙<p>丙</p>丁", "甲\n乙\n丙\n丁"),
        ("质量\n      指标 A\n  B", "质量指标 A B"),
        ("5m<sup>2</sup>，10<sup>4</sup>，CO<sub>2</sub>，注<sup>①</sup>", "5m²，10⁴，CO2，注①"),
        ("<details><summary>指标</summary>旧值</details>", "指标"),
        ("<details open><summary>指标</summary>新值</details>", "指标\n新值"),
        ("<ruby>准<rp>(</rp><rt>zhǔn</rt><rp>)</rp></ruby>绳", "准绳"),
        ("<ol><li>做好年报<li>提高能力</ol><ul><li>甲</ul>", "1. 做好年报\n2. 提高能力\n甲"),
        (
            "<ol type=a start=3><li>甲<li value=5>乙</ol><ol style='list-style-type:none'><li>丙</ol>",
            "c. 甲\ne. 乙\n丙",
        ),
        ("<math><mo>≥</mo><mfrac><mn>1</mn><mn>3</mn></mfrac></math>", "≥1/3"),
        ("<math><mn>5</mn><msup><mi>m</mi><mn>2</mn></msup></math>", "5m²"),
    ],
)
def test_a_cell_shows(cell, text):
    assert grids(read(f"<table><tr><td>名<td>{cell}</table>", RULES)) == [[["名", text]]]


def test_what_is_left_out_is_told_where_it_stands():
    blocks = read(
        "<p>标题<span hidden>旧</span></p><div class=no>菜单</div>"
        "<table><tr><td>甲<td>乙<s>旧值</s></tr><tr hidden><td>藏行<td>1</tr>"
        "<tr><td>丙<td class=no>藏格<td>丁</tr></table>"
        "<div class=no><table><tr><td>藏表</table></div>",
        RULES,
    )
    assert texts(blocks) == ["标题"]
    assert grids(blocks) == [[["甲", "乙"], ["丙", "丁"]]]
    (grid,) = [b for b in blocks if isinstance(b, Grid)]
    assert grid.place(1, 1).label() == "表1第3行第2列"
    assert told(blocks) == [
        ("表1第2行第1列", "藏行1", "是隐藏的文字"),
        ("表1第1行第2列", "旧值", "有删除线，按"),
        ("表1第3行第1列", "藏格", "是隐藏的文字"),
        ("第5行", "藏表", "是隐藏的文字"),
        ("第5行", "表格以外 2 处文字", "是隐藏的文字"),
    ]


def test_a_page_that_hides_nothing_tells_nothing():
    assert told(read("<p>甲<table><tr><td><span style='display:none'></span>乙</table>")) == []


def test_a_cell_that_is_not_visible_keeps_its_room():
    rows = "<tr><td>甲<td style='visibility:hidden'>乙<td>丙</tr><tr style='visibility:collapse'><td>丁</tr>"
    assert grids(read(f"<table>{rows}</table>")) == [[["甲", "", "丙"]]]
    columns = "<colgroup><col><col style='visibility:collapse'><col></colgroup>"
    assert grids(read(f"<table>{columns}<tr><td>甲<td>乙<td>丙</table>")) == [[["甲", "", "丙"]]]


def test_a_hidden_row_is_counted_in_what_a_cell_covers_where_it_was_meant_to_be():
    first, hidden = "<tr><td rowspan={}>产出<td>甲<td>1</tr>", "<tr hidden><td>旧<td>0</tr>"
    last = "<tr><td>乙<td>2</tr><tr><td>效益<td>丙<td>3</tr>"
    for rowspan in (3, 2):
        blocks = read(f"<table>{first.format(rowspan)}{hidden}{last}</table>")
        assert grids(blocks) == [[["产出", "甲", "1"], ["产出", "乙", "2"], ["效益", "丙", "3"]]]
        (grid,) = [b for b in blocks if isinstance(b, Grid)]
        assert grid.place(1, 1).label() == "表1第3行第2列"
        assert told(blocks) == [("表1第2行第1列", "旧0", "是隐藏的文字")]


def test_spans_to_the_end():
    blocks = read(
        "<table><thead><tr><td rowspan=0>头<td>一</thead><tbody><tr><td rowspan=0>产出<td colspan=0>甲"
        "<tr><td>乙</tbody><tbody><tr><td>效益<td>丙</tbody></table>"
    )
    assert grids(blocks) == [[["头", "一"], ["产出", "甲"], ["产出", "乙"], ["效益", "丙"]]]


def test_tables_within_tables():
    inner = "<table><tr><td>一级指标<td>二级指标</table>"
    layout = f"<table><tr><td>上</td></tr><tr><td>{inner}</td></tr><tr><td>下</td></tr></table>"
    blocks = read(layout)
    assert texts(blocks) == ["上", "下"]
    assert grids(blocks) == [[["一级指标", "二级指标"]]]
    form = f"<table><tr><td>项目名称<td>甲</tr><tr><td>指标<td>{inner}</tr><tr><td>备注<td>无</tr></table>"
    blocks = read(form)
    assert grids(blocks) == [
        [["项目名称", "甲"], ["指标", ""], ["备注", "无"]],
        [["一级指标", "二级指标"]],
    ]
    assert [b.place(0, 0).label() for b in blocks if isinstance(b, Grid)] == [
        "表1第1行第1列",
        "表2第1行第1列",
    ]


def test_a_page_of_too_many_levels_is_refused():
    with pytest.raises(ZhunshengError, match="ZS-IN-10"):
        read("<div>" * 600 + "甲" + "</div>" * 600)


def test_odd_rules_bring_nothing_down():
    for rule in (
        "{",
        "}",
        "}{",
        "a{",
        "@media{",
        "@media print{a{}",
        ".x{display:none",
        "a,,b{display:none}",
        "@import x;",
    ):
        assert texts(read("<p>甲", f"<style>{rule}</style>")) == ["甲"]
