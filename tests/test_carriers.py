"""The same document out of Word 97–2003, RTF, web archives, csv, OFD and macro workbooks."""

from __future__ import annotations

import base64
import io
import json
import re
import zipfile

import openpyxl
import pytest

from compounds import compound
from ofds import ofd, table, text
from places import GOLDEN
from zhunsheng.files.opening import open_bytes
from zhunsheng.intake import blocks_of, book_of
from zhunsheng.intake.grid import Grid, Paragraph
from zhunsheng.intake.telling import DELETED, HIDDEN
from zhunsheng.targets import Unsure

CARRIERS = GOLDEN / "carriers"


def plain(blocks):
    """Blocks as data: paragraphs with their number, grids with the text of every row's cells and spans."""
    found = []
    for block in blocks:
        if isinstance(block, Unsure):
            continue
        if isinstance(block, Grid):
            rows = [[block.text(r, c) for c in block.distinct(r)] for r in range(len(block.rows))]
            found.append({"rows": rows, "spans": sorted([*a, *s] for a, s in block.spans.items())})
        elif isinstance(block, Paragraph):
            found.append({"text": block.text, "paragraph": block.place.paragraph})
        else:
            found.append({"picture": str(block.what)})
    return found


def told(blocks):
    """What is told of a document: where, and the words."""
    return [(one.place.label(), one.text) for one in blocks if isinstance(one, Unsure)]


@pytest.mark.parametrize("ending", ["doc", "rtf"])
def test_word_97_and_rtf_keep_merges_nesting_and_what_is_seen(ending):
    """Saved by LibreOffice from one document: header and footer, a deletion, hidden text, a field, a table
    with cells merged both ways, one within a cell, one of 36 columns.
    """
    path = CARRIERS / f"merged-nested-tracked.{ending}"
    opened = open_bytes(path.read_bytes(), path.name)
    assert opened.kind == ending
    blocks = blocks_of(opened)
    assert plain(blocks) == json.loads((CARRIERS / "merged-nested-tracked.json").read_text("utf8"))
    assert told(blocks) == [("第2段", "（隐藏）"), ("全文", "1 处修订删去的文字")]
    table = next(b for b in blocks if isinstance(b, Grid))
    assert table.place(5, 3).label() == "表1第6行第4列"
    (sheet,) = book_of(opened).sheets
    assert (sheet.year, sheet.budget.total) == (2024, 1_200_000)
    assert [i.name for i in sheet.indicators] == [
        "断面数",
        "数据合格率",
        "完成时间",
        "信息公开次数",
        "公众满意度",
    ]


ROWS: list[list[str | None]] = [
    ["项目名称", "水质监测", "主管部门", "示例市生态局", ""],
    ["一级指标", "二级指标", "三级指标", "指标值", "权重"],
    ["产出指标", "数量指标", "断面数", "≥30个", "20"],
    [None, "质量指标", "数据合格率", "≥95%", "20"],
    [None, "时效指标", "完成时间", "2024年12月31日前", "10"],
    ["效益指标", "社会效益指标", "信息公开次数", "≥12次", "30"],
    ["满意度指标", "公众满意度指标", "公众满意度", "≥90%", "10"],
]
WIDTHS = [25.0, 35.0, 45.0, 45.0, 20.0]


def test_ofd_gives_tables_by_their_lines_and_letters_by_their_own_places():
    title = text("2024年项目支出绩效目标表", 60, 20)
    opened = open_bytes(ofd([title + table(ROWS, WIDTHS, 20, 30)]), "目标.ofd")
    assert opened.kind == "ofd"
    blocks = blocks_of(opened)
    assert blocks[0].text == "2024年项目支出绩效目标表"
    (grid,) = (b for b in blocks if isinstance(b, Grid))
    assert [[grid.text(r, c) for c in range(5)] for r in range(7)] == [
        [cell if cell is not None else "产出指标" for cell in row] for row in ROWS
    ]
    assert grid.spans == {(2, 0): (3, 1)}
    (sheet,) = book_of(opened).sheets
    assert (sheet.name, sheet.year) == ("水质监测", 2024)
    assert [(i.name, i.weight) for i in sheet.indicators][:2] == [("断面数", 20), ("数据合格率", 20)]
    assert sheet.indicators[1].place.page == 1


def test_ofd_reads_templates_pages_and_sideways_pages():
    head, rest = ROWS[:4], ROWS[4:]
    data = ofd(
        [
            table(head, WIDTHS, 20, 30),
            table([ROWS[1], ["产出指标", *rest[0][1:]], *rest[1:]], WIDTHS, 20, 30),
        ],
        template=text("示例市财政局", 20, 12),
    )
    blocks = blocks_of(open_bytes(data, "目标.ofd"))
    assert [b.text for b in blocks if isinstance(b, Paragraph)] == ["示例市财政局"]
    texts = [b.text(r, 2) for b in blocks if isinstance(b, Grid) for r in range(len(b.rows))]
    assert [t for t in texts if t != "三级指标"] == ["主管部门", *(row[2] for row in ROWS[2:])]
    sideways = ofd(["".join(text(w, 200 - 10 * n, 20, turned=True) for n, w in enumerate("甲乙丙"))])
    assert [b.text for b in blocks_of(open_bytes(sideways, "横.ofd"))] == ["甲", "乙", "丙"]


def csv_grid(data: bytes, name: str = "目标.csv") -> Grid:
    (grid,) = blocks_of(open_bytes(data, name))
    assert isinstance(grid, Grid)
    return grid


@pytest.mark.parametrize("sign", [",", "\t", ";", "|", "，", "^"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16"])
def test_csv_targets_in_any_encoding_and_with_any_separator(sign, encoding):
    rows = ["项目名称", "三级指标", "指标值"], ["甲", f'"办件{sign}数"', "≥5件"], ["甲", '"满意\n度"', "≥90%"]
    grid = csv_grid("\r\n".join(sign.join(row) for row in rows).encode(encoding))
    assert [list(row) for row in grid.rows] == [
        ["项目名称", "三级指标", "指标值"],
        ["甲", f"办件{sign}数", "≥5件"],
        ["甲", "满意\n度", "≥90%"],
    ]
    assert [grid.place(r, 1).line for r in range(3)] == [1, 2, 3]


def test_csv_says_its_sign_and_keeps_numbers_as_they_are():
    grid = csv_grid('sep=;\n编码;名称\n="00120";甲,乙\n'.encode())
    assert [list(row) for row in grid.rows] == [["编码", "名称"], ["00120", "甲,乙"]]
    assert grid.place(1, 0).line == 3


def test_a_csv_of_targets_with_commas_within_quotes():
    said = '项目名称,一级指标,二级指标,三级指标,指标值\n图书,产出指标,数量指标,采购图书,"≥1,200册"\n'
    (sheet,) = book_of(open_bytes(said.encode(), "目标.csv")).sheets
    (indicator,) = sheet.indicators
    assert (indicator.name, indicator.target.value, indicator.place.line) == ("采购图书", 1200, 2)


PAGE = "<html><body><p>2024年目标</p><table><tr><td>三级指标</td><td>指标值</td></tr></table></body></html>"


def test_web_archives_are_read_as_their_page():
    head = "MIME-Version: 1.0\nContent-Type: multipart/related; boundary=b\n\n"
    part = "--b\nContent-Type: text/html; charset={}\nContent-Transfer-Encoding: {}\n\n{}\n"
    packed = base64.b64encode(PAGE.encode("gbk")).decode()
    frames = part.format("gb2312", "8bit", "<html><frameset/></html>")
    for parts in (part.format("gb2312", "base64", packed), frames + part.format("gb2312", "base64", packed)):
        for name in ("目标.mht", "目标.doc"):  # Word names such archives .doc, too
            opened = open_bytes(f"{head}{parts}--b--\n".encode(), name)
            assert opened.kind == "mht"
            paragraph, grid = blocks_of(opened)
            assert (paragraph.text, grid.rows) == ("2024年目标", [["三级指标", "指标值"]])


def test_every_page_in_the_frames_of_a_web_archive_is_read():
    part = "--b\nContent-Type: text/html; charset=gb18030\n\n{}\n"
    pages = ["<html><frameset/></html>", *(f"<html><body><p>{said}</p></body></html>" for said in "甲乙")]
    head = "MIME-Version: 1.0\nContent-Type: multipart/related; boundary=b\n\n"
    data = (head + "".join(map(part.format, pages)) + "--b--\n").encode("gb18030")
    assert [block.text for block in blocks_of(open_bytes(data, "目标.mht"))] == ["甲", "乙"]


def test_ofd_digits_set_as_wide_as_ideographs_are_not_parted():
    said = text("预算1,236元", 20, 20)
    wide = re.sub('DeltaX="[^"]*"', 'DeltaX="g 7 4.0"', said)
    (paragraph,) = blocks_of(open_bytes(ofd([wide]), "目标.ofd"))
    assert paragraph.text == "预算1,236元"


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (PAGE.encode(), "html"),
        (b"{\\rtf1 x}", "rtf"),
        ("绩效目标：甲".encode(), "txt"),
        (compound({"WordDocument": "Workbook Book".encode("utf-16-le")}), "doc"),
        (compound({"Book": "WordDocument".encode("utf-16-le")}), "xls"),
    ],
)
@pytest.mark.parametrize("name", ["目标.doc", "目标.wps"])
def test_what_is_named_doc_is_told_by_its_content(name, content, kind):
    assert open_bytes(content, name).kind == kind


def test_rtf_decodes_by_the_font_then_by_the_page_and_leaves_out_what_is_not_seen():
    said = (
        r"{\rtf1\ansi\ansicpg936\deff0{\fonttbl{\f0\fcharset0 A;}{\f1\fcharset134 B;}{\f2\fcharset136 C;}}"
        r"{\info{\title no}{\upr{\author x}{\*\ud{\author no}}}}{\mmathPr\mathFont34}"
        r"{\header no}{\*\unknown no}{\field{\*\fldinst no}{\fldrslt yes}}"
        r"{\uc2 \u20057\'d2\'d2}{\f1 \'bc\'d7}{\f2 \'a4\'40}{\v no}{\deleted no}\'bc\'d7"
        r"{\upr{x}{\*\ud{\u19993 ?}}}\u55356?\u56324?{\*\shppict{\pict 00}}\'b7\line\~\par}"
    )
    paragraph, picture, *rest = blocks_of(open_bytes(said.encode("ascii"), "目标.rtf"))
    assert (paragraph.text, picture.what) == ("yes乙甲一甲丙🀄·", "图片")
    assert [one.why for one in rest] == [HIDDEN, DELETED]


def test_values_of_a_workbook_with_macros_are_read_and_the_macro_is_told(tmp_path):
    plain = io.BytesIO()
    book = openpyxl.Workbook()
    book.active.append(["一级指标", "二级指标", "三级指标", "指标值"])
    book.active.append(["产出指标", "数量指标", "办件数", "≥5件"])
    book.save(plain)
    with zipfile.ZipFile(plain, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"x")
    read = book_of(open_bytes(plain.getvalue(), "目标.xlsm"))
    assert [i.name for i in read.sheets[0].indicators] == ["办件数"]
    (told,) = (u for u in read.unsure if u.field == "macro")
    assert "没有运行" in told.why
