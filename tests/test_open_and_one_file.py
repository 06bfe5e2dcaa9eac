"""OpenDocument text, and the XML of Office 2003 in one file, read as the formats that they stand for."""

from __future__ import annotations

import io
import resource
import time
import zipfile
from pathlib import Path

import pytest

from agreed import import_ledger
from zhunsheng.errors import ZhunshengError
from zhunsheng.files.office_xml import kind_of_xml
from zhunsheng.files.opening import open_bytes
from zhunsheng.intake import blocks_of, book_of
from zhunsheng.intake.grid import Grid, Paragraph, Picture
from zhunsheng.intake.telling import DELETED, HIDDEN, STRUCK
from zhunsheng.targets import Unsure

NS = "".join(
    f' xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{full}:1.0"'
    for name, full in [("office", "office"), ("text", "text"), ("table", "table"), ("style", "style"),
                       ("draw", "drawing"), ("fo", "xsl-fo-compatible")]
)  # fmt: skip
NOTE = "<text:note><text:p>注</text:p></text:note>"
STYLES = (
    '<office:automatic-styles><style:style style:name="H"><style:text-properties text:display="none"/>'
    '</style:style><style:style style:name="S" style:parent-style-name="X"><style:text-properties '
    'style:text-line-through-style="solid"/></style:style><style:style style:name="W">'
    '<style:text-properties style:font-name="Wingdings"/></style:style><text:list-style style:name="L">'
    '<text:list-level-style-number text:level="1" style:num-format="一, 二, 三, ..." style:num-suffix="、"/>'
    '<text:list-level-style-number text:level="2" style:num-format="1" style:num-prefix="（" '
    'style:num-suffix="）"/></text:list-style></office:automatic-styles>'
)


def odt(body: str, head: str = "", kind: str = "text") -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", f"application/vnd.oasis.opendocument.{kind}")
        text = f"{head}<office:document-content{NS}>{STYLES}<office:body><office:text>{body}</office:text>"
        archive.writestr("content.xml", f"{text}</office:body></office:document-content>")
    return stream.getvalue()


def p(inner: str) -> str:
    return f"<text:p>{inner}</text:p>"


def span(style: str, inner: str) -> str:
    return f'<text:span text:style-name="{style}">{inner}</text:span>'


def seen(data: bytes, name: str) -> tuple[list[str], list[list[list[str]]], list[Unsure]]:
    """The paragraphs, the rows of the tables, and what is told."""
    blocks = blocks_of(open_bytes(data, name))
    tables = [
        [[one.text(r, c) for c in range(one.width)] for r in range(len(one.rows))]
        for one in blocks
        if isinstance(one, Grid)
    ]
    told = [one for one in blocks if isinstance(one, Unsure)]
    return [one.text for one in blocks if isinstance(one, Paragraph)], tables, told


def test_an_open_document_shows_its_text_and_tells_the_rest():
    texts, _tables, told = seen(
        odt(
            "<text:tracked-changes><text:changed-region><text:deletion><text:p>删去</text:p></text:deletion>"
            "</text:changed-region></text:tracked-changes>"
            + p("指标\n  值：<text:s text:c='2'/>≥<text:line-break/>90%" + NOTE)
            + p(span("H", "暗") + span("S", "旧") + "新" + span("W", "þ") + "<text:soft-page-break/>")
            + "<text:list text:style-name='L'><text:list-item>" + p("甲") + p("续")
            + "<text:list><text:list-item>"
            + p("乙") + "</text:list-item></text:list></text:list-item><text:list-item>" + p("丙")
            + "</text:list-item></text:list>"
            + "<text:section text:display='none'>" + p("密") + "</text:section>"
            + p("<draw:frame><draw:text-box>" + p("框") + "</draw:text-box></draw:frame>")
            + p("<draw:frame><draw:image/></draw:frame>")
        ),
        "目标.odt",
    )  # fmt: skip
    assert texts == ["指标 值：  ≥\n90%", "新☑", "一、甲", "续", "（1）乙", "二、丙", "框"]
    assert [(one.text, one.why) for one in told if one.field != "picture"] == [
        ("暗", HIDDEN),
        ("旧", STRUCK),
        ("密", HIDDEN),
        ("1 处修订删去的文字", DELETED),
    ]
    blocks = blocks_of(open_bytes(odt(p("<draw:frame><draw:image/></draw:frame>")), "图.odt"))
    assert [type(one) for one in blocks] == [Picture]


CELL = (
    '<table:table-cell table:number-rows-spanned="{}" table:number-columns-spanned="{}">{}</table:table-cell>'
)


def test_tables_of_an_open_document_keep_their_merged_cells_and_those_within():
    def cell(text: str, rows: int = 1, columns: int = 1) -> str:
        return CELL.format(rows, columns, p(text))

    covered, row = "<table:covered-table-cell/>", "<table:table-row>{}</table:table-row>"
    head = [cell(t) for t in ("一级指标", "二级指标", "三级指标", "指标值")]
    inner = f"<table:table>{row.format(cell('内'))}</table:table>"
    body = [
        "<table:table><table:table-header-rows>" + row.format("".join(head)) + "</table:table-header-rows>",
        row.format(cell("产出指标", 2) + cell("数量指标") + cell("断面数") + cell("≥30个")),
        row.format(covered + cell("质量指标") + cell("合格率") + cell("≥95%")),
        row.format(cell("说明", 1, 2) + covered + CELL.format(1, 2, p("见内") + inner) + covered),
        "</table:table>",
    ]
    data = odt(p("2024年项目支出绩效目标表") + p("项目名称：水质监测") + "".join(body))
    _texts, (outer, within), _told = seen(data, "目标.odt")
    assert outer == [
        ["一级指标", "二级指标", "三级指标", "指标值"],
        ["产出指标", "数量指标", "断面数", "≥30个"],
        ["产出指标", "质量指标", "合格率", "≥95%"],
        ["说明", "说明", "见内", "见内"],
    ]
    assert within == [["内"]]
    (sheet,) = book_of(open_bytes(data, "没有后缀")).sheets
    assert [(one.name, one.place.label()) for one in sheet.indicators] == [
        ("断面数", "表1第2行第3列"),
        ("合格率", "表1第3行第3列"),
    ]


W_2003 = "http://schemas.microsoft.com/office/word/2003/wordml"
AML = "http://schemas.microsoft.com/aml/2001/core"
WX = "http://schemas.microsoft.com/office/word/2003/auxHint"


def word_2003(body: str, head: str = "") -> bytes:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{head}<?mso-application progid="Word.Document"?>'
        f'<w:wordDocument xmlns:w="{W_2003}" xmlns:aml="{AML}" xmlns:wx="{WX}"><w:styles><w:style '
        'w:type="paragraph" w:styleId="a" w:default="on"/></w:styles>'
        f"<w:body><wx:sect>{body}</wx:sect></w:body></w:wordDocument>"
    ).encode()


def test_a_document_of_word_2003_in_xml_is_read_as_a_docx():
    def run(text: str, look: str = "") -> str:
        return f"<w:r><w:rPr>{look}</w:rPr><w:t>{text}</w:t></w:r>"

    def change(kind: str, inner: str) -> str:
        content = f"<aml:content>{inner}</aml:content>"
        return f'<aml:annotation aml:id="1" w:type="Word.{kind}">{content}</aml:annotation>'

    def cell(inner: str, properties: str = "") -> str:
        return f"<w:tc><w:tcPr>{properties}</w:tcPr><w:p>{inner}</w:p></w:tc>"

    down = '<w:vmerge w:val="restart"/>', "<w:vmerge/>"
    listed = '<w:p><w:pPr><w:listPr><wx:t wx:val="{}"/>{}</w:listPr></w:pPr>' + run("点") + "</w:p>"
    sign = '<w:r><w:sym w:font="Symbol" w:char="F0B3"/></w:r>'
    texts, (rows,), told = seen(
        word_2003(
            f"<wx:sub-section>{listed.format('（1）', '')}</wx:sub-section>"
            + listed.format("1", "") + listed.format("·", '<wx:font wx:val="Symbol"/>')
            + "<w:p>" + change("Insertion", run("新")) + change("Deletion", run("旧"))
            + change("Comment", "<w:p>" + run("批") + "</w:p>")
            + run("文") + "<w:r><w:footnote><w:p>" + run("注") + "</w:p></w:footnote></w:r></w:p>"
            + "<w:tbl><w:tr>" + cell(run("产出指标"), down[0]) + cell(sign + run("30个")) + "</w:tr><w:tr>"
            + cell("", down[1]) + cell(run("≥8", '<w:strike/>') + run("≥95%") + run("暗", "<w:vanish/>"))
            + "</w:tr></w:tbl>"
        ),
        "目标.doc",
    )  # fmt: skip
    assert texts == ["（1）点", "1 点", "点", "新文"]
    assert rows == [["产出指标", "≥30个"], ["产出指标", "≥95%"]]
    assert [(one.text, one.why) for one in told] == [
        ("≥8", STRUCK),
        ("暗", HIDDEN),
        ("1 处修订删去的文字", DELETED),
    ]


def test_a_package_of_word_in_one_file_is_read_as_a_docx():
    w = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    data = (
        '<?xml version="1.0"?><pkg:package xmlns:pkg="http://schemas.microsoft.com/office/2006/xmlPackage">'
        f'<pkg:part pkg:name="/word/document.xml"><pkg:xmlData><w:document xmlns:w="{w}"><w:body><w:p><w:r>'
        "<w:t>目标</w:t></w:r></w:p></w:body></w:document></pkg:xmlData></pkg:part></pkg:package>"
    )
    for encoding in ("utf-8", "utf-16"):
        assert seen(data.encode(encoding), "目标.xml")[0] == ["目标"]


EXCEL = (
    '<?xml version="1.0"?>{}<?mso-application progid="Excel.Sheet"?><Workbook '
    'xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:x="urn:schemas-microsoft-com:office:excel" '
    'xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet" xmlns:html="http://www.w3.org/TR/REC-html40">'
    '<Styles><Style ss:ID="Default"><Font ss:FontName="宋体"/></Style><Style ss:ID="p"><NumberFormat '
    'ss:Format="Percent"/></Style><Style ss:ID="s" ss:Parent="p"><Font ss:StrikeThrough="1"/></Style>'
    '<Style ss:ID="d"><NumberFormat ss:Format="Short Date"/></Style><Style ss:ID="w"><Font '
    'ss:Color="#FFFFFF"/></Style></Styles>{}</Workbook>'
)


def excel(rows: str, more: str = "", head: str = "", sheets: str = "") -> bytes:
    sheet = f'<Worksheet ss:Name="目标"><Table>{rows}</Table>{more}</Worksheet>'
    return EXCEL.format(head, sheet + sheets).encode()


def data(value: str, kind: str = "String", cell: str = "") -> str:
    return f'<Cell {cell}><Data ss:Type="{kind}">{value}</Data></Cell>'


def test_a_workbook_of_excel_2003_in_xml_shows_its_cells():
    rich = '<html:B>≥</html:B><html:S>8</html:S><html:Font html:Face="Wingdings">þ</html:Font>90%'
    hidden = (
        '<Worksheet ss:Name="藏"><Table><Row>{}</Row></Table><x:WorksheetOptions><x:Visible>{}</x:Visible>'
    )
    opened = open_bytes(
        excel(
            '<Column/><Column ss:Index="5" ss:Hidden="1"/>'
            "<Row>" + data("标题", cell='ss:MergeAcross="2"') + "</Row>"
            '<Row ss:Index="3">' + data("0.985", "Number", 'ss:StyleID="p"')
            + data("2024-06-30T00:00:00.000", "DateTime", 'ss:StyleID="d"') + data(rich, cell='ss:Index="4"')
            + data("列", cell='ss:Index="5"') + "</Row>"
            '<Row ss:Hidden="1">' + data("行") + "</Row>"
            "<Row>" + data("1", "Number", 'ss:StyleID="s"') + data("白", cell='ss:StyleID="w"')
            + '<Cell ss:Formula="=R1C1"/>' + data("#N/A", "Error") + "</Row>",
            sheets=hidden.format(data("密"), "SheetHidden") + "</x:WorksheetOptions></Worksheet>",
        ),
        "目标.xls",
    )  # fmt: skip
    assert opened.kind == "excelxml"
    blocks = blocks_of(opened)
    (grid,) = (one for one in blocks if isinstance(one, Grid))
    rows = [[grid.text(r, c) for c in range(grid.width)] for r in range(len(grid.rows))]
    assert rows == [
        ["标题", "标题", "标题", ""],
        ["", "", "", ""],
        ["98.50%", "2024/6/30", "", "≥☑90%"],
        ["", "", "=R1C1", "#N/A"],
    ]
    assert grid.place(3, 0).label() == "工作表“目标”A5"
    told = [
        (one.text.split()[-1] if one.field == "cell" else one.text)
        for one in blocks
        if isinstance(one, Unsure)
    ]
    assert told == ["8", "100.00%", "白", "=R1C1", "#N/A", "“目标”第 4 行", "“目标”E 列", "“藏”整张工作表"]


def test_a_ledger_of_excel_2003_in_xml_is_read(tmp_path: Path):
    path = tmp_path / "支付.xls"
    head = ["凭证号", "项目名称", "项目编码", "支付金额", "支付日期"]
    row = data("V1") + data("治理经费") + data("P1") + data("1200.5", "Number")
    row += data("2021-03-05T00:00:00.000", "DateTime")
    path.write_bytes(excel(f"<Row>{''.join(map(data, head))}</Row><Row>{row}</Row>"))
    done = import_ledger(tmp_path / "store", path, department="A1", label="甲局")
    assert not done.errors and done.batch is not None


ENTITIES = "<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'>]>"
OPEN = "<text:list><text:list-item>"
WIDE = "<table:table><table:table-row><table:table-cell {}/></table:table-row></table:table>"
HOSTILE = {
    "实体.odt": (odt(p("&b;"), ENTITIES), "ZS-IN-08"),
    "深.odt": (odt(OPEN * 60 + p("x") + "</text:list-item></text:list>" * 60), "ZS-IN-10"),
    "宽.odt": (odt(WIDE.format('table:number-columns-repeated="999999"')), "ZS-IN-10"),
    "高.odt": (odt(WIDE.format('table:number-rows-spanned="999999"')), "ZS-IN-10"),
    "标记.odt": (odt("<text:p/>" * 2_100_000), "ZS-IN-07"),
    "演示.odt": (odt("", kind="presentation"), "ZS-IN-45.*OpenDocument"),
    "空.odt": (odt("").replace(b"office:text", b"office:xxxx"), "ZS-IN-0[57]|ZS-IN-13"),
    "改名.odt": ("绩效目标".encode(), "ZS-IN-11"),
    "平.fodt": (f"<office:document{NS}/>".encode(), "ZS-IN-45.*fodt"),
    "实体.xml": (word_2003("<w:p><w:r><w:t>&b;</w:t></w:r></w:p>", ENTITIES), "ZS-IN-08"),
    "深.xml": (word_2003("<w:p>" * 400), "ZS-IN-05"),
    "无文.xml": (word_2003("").replace(b"w:body", b"w:other"), "ZS-IN-05"),
    "标记.xml": (word_2003("<w:p/>" * 2_100_000), "ZS-IN-07"),
    "实体.xls": (excel(f"<Row>{data('&b;')}</Row>", head=ENTITIES), "ZS-IN-08"),
    "晚实体.xls": (excel(f"<!--{' ' * 9000}--><Row/>", head=f"<!--{' ' * 9000}-->{ENTITIES}"), "ZS-IN-11"),
    "宽.xls": (excel("<Row>" + data("x", cell='ss:Index="99999"') + "</Row>"), "ZS-IN-10"),
    "远.xls": (excel('<Row ss:Index="99999999">' + data("x") + "</Row>"), "ZS-IN-10"),
    "并.xls": (excel("<Row>" + data("x", cell='ss:MergeDown="99999999"') + "</Row>"), "ZS-IN-10"),
    "长行.xls": (excel("<Row>" + "<Cell/>" * 250_000 + "</Row>"), "ZS-IN-10"),
    "杂.xls": (excel("<a/>" * 400_000), "ZS-IN-10"),
    "标记.xls": (excel("<Row/>" * 2_100_000), "ZS-IN-07"),
    "断.xls": (excel("<Row>")[:-20], "ZS-IN-05"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_hostile_is_refused_with_a_code_in_bounded_time_and_memory(name):
    content, code = HOSTILE[name]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.monotonic()
    with pytest.raises(ZhunshengError, match=code):
        book_of(open_bytes(content, name))
    assert time.monotonic() - started < 5
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300 * 1024  # KiB


def test_what_stands_before_the_root_of_xml_is_looked_at_once():
    begun = time.process_time()
    assert kind_of_xml(b"<??>" * 1000 + b"x") is None
    assert kind_of_xml(b"<!---->" * 500 + b"x") is None
    assert time.process_time() - begun < 1
    root = b'<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">'
    ahead = b'<?xml version="1.0"?>\n<!-- a -->\n<?mso-application progid="Excel.Sheet"?>'
    assert kind_of_xml(ahead + root) == "excelxml"
