"""Word documents of targets as a person sees them: symbols, equations, changes, controls, boxes, lists."""

from __future__ import annotations

import io
import zipfile

import pytest

from zhunsheng.files.opening import open_bytes
from zhunsheng.intake import blocks_of
from zhunsheng.intake.grid import Grid, Paragraph
from zhunsheng.intake.numbering import counted
from zhunsheng.intake.symbols import UNKNOWN, symbol
from zhunsheng.targets import Unsure

SPACES = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
    'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math" '
    'xmlns:w14="http://schemas.microsoft.com/office/word/2010/wordml" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape" '
    'xmlns:v="urn:schemas-microsoft-com:vml"'
)


def read(body, **parts):
    """The blocks of a document with this body; ``styles`` and ``numbering`` are parts of their own."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("word/document.xml", f"<w:document {SPACES}><w:body>{body}</w:body></w:document>")
        for name, content in parts.items():
            archive.writestr(f"word/{name}.xml", f"<w:{name} {SPACES}>{content}</w:{name}>")
    return blocks_of(open_bytes(made.getvalue(), "a.docx"))


def texts(blocks):
    return [block.text for block in blocks if isinstance(block, Paragraph)]


def told(blocks):
    return [(block.field, block.text) for block in blocks if isinstance(block, Unsure)]


def grids(blocks):
    return [
        [[b.text(r, c) for c in range(len(b.rows[r]))] for r in range(len(b.rows))]
        for b in blocks
        if isinstance(b, Grid)
    ]


def t(text, look=""):
    return f"<w:r><w:rPr>{look}</w:rPr><w:t>{text}</w:t></w:r>"


def p(*runs):
    return f"<w:p>{''.join(runs)}</w:p>"


def cell(*content, look=""):
    return f"<w:tc><w:tcPr>{look}</w:tcPr>{''.join(content)}</w:tc>"


def table(*rows):
    return f"<w:tbl>{''.join(f'<w:tr>{row}</w:tr>' for row in rows)}</w:tbl>"


def sym(font, code):
    return f'<w:r><w:sym w:font="{font}" w:char="{code}"/></w:r>'


def font(name):
    return f'<w:rFonts w:ascii="{name}" w:hAnsi="{name}"/>'


def mark(kind, data=""):
    return f'<w:r><w:fldChar w:fldCharType="{kind}">{data}</w:fldChar></w:r>'


def code(text):
    return f"<w:r><w:instrText>{text}</w:instrText></w:r>"


def math(inner):
    return f"<m:oMath>{inner}</m:oMath>"


def mr(text):
    return f"<m:r><m:t>{text}</m:t></m:r>"


@pytest.mark.parametrize(
    ("run", "text"),
    [
        (sym("Symbol", "F0B3") + t("310台"), "≥310台"),
        (sym("Symbol", "F0A3") + t("450元"), "≤450元"),
        (sym("Symbol", "B1") + t("5%"), "±5%"),
        (sym("Wingdings", "F0FE") + t("是") + sym("Wingdings", "F0A8") + t("否"), "☑是□否"),
        (sym("Wingdings", "F0FC"), "✓"),
        (sym("Wingdings", "F06E") + sym("Wingdings", "F06C"), "■●"),
        (sym("Wingdings 2", "0052") + sym("Wingdings 2", "F0A3"), "☑□"),
        (sym("Wingdings 2", "F050"), "✓"),
        (sym("Webdings", "F061"), "✓"),
        (sym("宋体", "2265"), "≥"),
        (t("\uf0b3", font("Symbol")) + t("3次"), "≥3次"),
        (t("R", font("Wingdings 2")) + t("是"), "☑是"),
        (t("≥3次", font("Symbol")), "≥3次"),
        (t("2") + "<w:r><w:noBreakHyphen/></w:r>" + t("4天"), "2-4天"),
        (t("2\u20114天"), "2-4天"),
        (t("满") + "<w:r><w:softHyphen/></w:r>" + t("意\u00ad度"), "满意度"),
        (t("甲") + "<w:r><w:tab/></w:r>" + t("乙") + "<w:r><w:cr/></w:r>" + t("丙"), "甲\t乙\n丙"),
        (t("5m") + t("2", '<w:vertAlign w:val="superscript"/>'), "5m²"),
        (t("10") + t("4", '<w:vertAlign w:val="superscript"/>') + t("个"), "10⁴个"),
        (t("CO") + t("2", '<w:vertAlign w:val="subscript"/>'), "CO2"),
        (math(mr("≥86")) + t("%"), "≥86%"),
        (math(f"<m:f><m:num>{mr('1')}</m:num><m:den>{mr('3')}</m:den></m:f>"), "1/3"),
        (math(f"<m:f><m:num>{mr('a+b')}</m:num><m:den>{mr('2')}</m:den></m:f>"), "(a+b)/2"),
        (math(f"<m:sSup><m:e>{mr('5m')}</m:e><m:sup>{mr('2')}</m:sup></m:sSup>"), "5m²"),
        (math(f"<m:sSup><m:e>{mr('90')}</m:e><m:sup>{mr('%')}</m:sup></m:sSup>"), "90%"),
        (math(f"<m:sSup><m:e>{mr('x')}</m:e><m:sup>{mr('n')}</m:sup></m:sSup>"), "x^n"),
        (math(f"<m:rad><m:deg/><m:e>{mr('2')}</m:e></m:rad>"), "√2"),
        (math(f"<m:d><m:e>{mr('3')}</m:e></m:d>"), "(3)"),
        (math(mr("𝟗𝟎")), "90"),
        (f"<w:ins>{t('≥80%')}</w:ins><w:del><w:r><w:delText>≥70%</w:delText></w:r></w:del>", "≥80%"),
        (f"<w:moveFrom>{t('旧')}</w:moveFrom>{t('中')}<w:moveTo>{t('新')}</w:moveTo>", "中新"),
        (t("≥8", "") + t("0", "<w:vanish/>") + t("%"), "≥8%"),
        (t("≥8") + t("0", "<w:strike/>") + t("5%", '<w:strike w:val="0"/>'), "≥85%"),
        (
            "<w:r><w:ruby><w:rt><w:r><w:t>zhǔn</w:t></w:r></w:rt><w:rubyBase>"
            + t("准")
            + "</w:rubyBase></w:ruby></w:r>",
            "准",
        ),
        (t("满意度") + '<w:r><w:footnoteReference w:id="1"/></w:r>', "满意度"),
        ('<w:r><w:footnoteReference w:customMarkFollows="1" w:id="1"/><w:t>①</w:t></w:r>' + t("甲"), "甲"),
        (mark("begin") + code(" =SUM(A1) ") + mark("separate") + t("14") + mark("end") + t("万元"), "14万元"),
        (f'<w:fldSimple w:instr="DOCPROPERTY x">{t("甲")}</w:fldSimple>', "甲"),
        (mark("begin") + code(r"EQ \o\ac(□,√)") + mark("end") + t("是"), "☑是"),
        (mark("begin") + code(r"eq \o\ac(○,3)") + mark("end"), "③"),
        (mark("begin") + code(r"EQ \f(1,3)") + mark("end"), "1/3"),
        (mark("begin") + code(r'SYMBOL 179 \f "Symbol"') + mark("end") + t("5"), "≥5"),
        (
            mark("begin", "<w:ffData><w:checkBox><w:checked/></w:checkBox></w:ffData>")
            + code("FORMCHECKBOX")
            + mark("end"),
            "☑",
        ),
        (
            mark(
                "begin",
                '<w:ffData><w:ddList><w:result w:val="1"/><w:listEntry w:val="优"/><w:listEntry w:val="良"/>'
                "</w:ddList></w:ffData>",
            )
            + code("FORMDROPDOWN")
            + mark("separate")
            + mark("end"),
            "良",
        ),
        (
            mark("begin")
            + code("IF ")
            + mark("begin")
            + code("X")
            + mark("separate")
            + t("无")
            + mark("end")
            + code("=1")
            + mark("separate")
            + t("有")
            + mark("end"),
            "有",
        ),
        (
            "<w:sdt><w:sdtPr><w:dropDownList/></w:sdtPr><w:sdtContent>" + t("优") + "</w:sdtContent></w:sdt>",
            "优",
        ),
        (
            t("甲")
            + "<w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr><w:sdtContent>"
            + t("选择一项。")
            + "</w:sdtContent></w:sdt>",
            "甲",
        ),
        (
            '<w:sdt><w:sdtPr><w14:checkbox><w14:checked w14:val="1"/></w14:checkbox></w:sdtPr><w:sdtContent>'
            + t("☒")
            + "</w:sdtContent></w:sdt>"
            + t("是"),
            "☑是",
        ),
    ],
)
def test_a_paragraph_shows(run, text):
    assert texts(read(p(run))) == [text]


def test_what_is_left_out_and_what_is_unknown_is_told_at_its_place():
    blocks = read(
        p(t("正文"), t("暗", "<w:vanish/>"))
        + table(cell(p(t("≥8"), t("0", "<w:dstrike/>"), t("5%"))) + cell(p(sym("怪体", "F041"), t("5个"))))
        + p(f"<w:del><w:r><w:delText>旧</w:delText></w:r></w:del>{t('新')}")
        + p(mark("begin"), code("BARCODE 1"), mark("end"), t("码"))
    )
    assert grids(blocks) == [[["≥85%", f"{UNKNOWN}5个"]]]
    entries = {block.text: block for block in blocks if isinstance(block, Unsure)}
    assert [(one.field, one.place.label()) for one in entries.values()] == [
        ("hidden", "第1段"),
        ("hidden", "表1第1行第1列"),
        ("symbol", "表1第1行第2列"),
        ("cell", "第3段"),
        ("tracked", "全文"),
    ]
    assert list(entries) == ["暗", "0", f"{UNKNOWN}5个", "BARCODE 1", "1 处修订删去的文字"]


def test_a_plain_document_tells_nothing():
    assert told(read(p(t("甲")) + table(cell(p(t("乙")))))) == []


def test_many_hidden_words_are_counted():
    blocks = read("".join(p(t(f"甲{n}", "<w:vanish/>")) for n in range(50)))
    assert len(told(blocks)) == 21
    assert told(blocks)[-1] == ("hidden", "另有 30 处")


def test_styles_hide_strike_and_number():
    styles = (
        '<w:style w:type="paragraph" w:default="1" w:styleId="a"/>'
        '<w:style w:type="character" w:styleId="暗"><w:rPr><w:vanish/></w:rPr></w:style>'
        '<w:style w:type="character" w:styleId="更暗"><w:basedOn w:val="暗"/></w:style>'
        '<w:style w:type="paragraph" w:styleId="删"><w:rPr><w:strike/></w:rPr></w:style>'
        '<w:style w:type="paragraph" w:styleId="条"><w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr>'
        "</w:style>"
    )
    numbering = (
        '<w:abstractNum w:abstractNumId="0"><w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="decimal"/>'
        '<w:lvlText w:val="目标%1："/><w:pStyle w:val="条"/></w:lvl></w:abstractNum>'
        '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>'
    )
    body = (
        p('<w:pPr><w:pStyle w:val="条"/></w:pPr>', t("做好年报"), t("暗", '<w:rStyle w:val="更暗"/>'))
        + p('<w:pPr><w:pStyle w:val="删"/></w:pPr>', t("旧"))
        + p('<w:pPr><w:pStyle w:val="条"/></w:pPr>', t("提高能力"), t("。", '<w:vanish w:val="0"/>'))
    )
    blocks = read(body, styles=styles, numbering=numbering)
    assert texts(blocks) == ["目标1：做好年报", "目标2：提高能力。"]
    assert told(blocks) == [("hidden", "暗"), ("hidden", "旧")]


def test_numbers_of_lists_are_counted_by_level_and_restart():
    def level(n, style, text, more=""):
        said = f'<w:start w:val="1"/><w:numFmt w:val="{style}"/><w:lvlText w:val="{text}"/>'
        return f'<w:lvl w:ilvl="{n}">{said}{more}</w:lvl>'

    numbering = (
        '<w:abstractNum w:abstractNumId="0">'
        + level(0, "chineseCountingThousand", "%1、")
        + level(1, "decimal", "%1.%2", "<w:isLgl/>")
        + '</w:abstractNum><w:abstractNum w:abstractNumId="1">'
        + level(0, "bullet", "\uf0d8")
        + "</w:abstractNum>"
        '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>'
        '<w:num w:numId="2"><w:abstractNumId w:val="1"/></w:num>'
        '<w:num w:numId="3"><w:abstractNumId w:val="0"/><w:lvlOverride w:ilvl="0">'
        '<w:startOverride w:val="1"/></w:lvlOverride></w:num>'
    )

    def item(text, number, at=0):
        listed = f'<w:pPr><w:numPr><w:ilvl w:val="{at}"/><w:numId w:val="{number}"/></w:numPr></w:pPr>'
        return p(listed, t(text))

    body = item("甲", 1) + item("子", 1, 1) + item("丑", 1, 1) + item("乙", 1) + item("寅", 1, 1)
    body += item("点", 2) + item("无", 0) + item("重", 3) + table(cell(item("", 3)) + cell(p(t("名"))))
    blocks = read(body, numbering=numbering)
    assert texts(blocks) == ["一、甲", "1.1 子", "1.2 丑", "二、乙", "2.1 寅", "点", "无", "一、重"]
    assert grids(blocks) == [[["二、", "名"]]]


@pytest.mark.parametrize(
    ("number", "style", "text"),
    [
        (12, "chineseCounting", "十二"),
        (21, "chineseCountingThousand", "二十一"),
        (3, "chineseLegalSimplified", "叁"),
        (3, "decimalEnclosedCircle", "③"),
        (21, "decimalEnclosedCircle", "21"),
        (2, "ideographParenthesized", "㈡"),
        (2, "ideographTraditional", "乙"),
        (4, "upperRoman", "IV"),
        (28, "lowerLetter", "bb"),
        (7, "decimalZero", "07"),
        (12, "decimalFullWidth", "１２"),
        (5, "japaneseFullWidthWhatever", "5"),
    ],
)
def test_numbers_of_lists_in_their_styles(number, style, text):
    assert counted(number, style) == text


def test_text_boxes_are_read_once_and_their_tables_too():
    inner = f"<w:txbxContent>{p(t('框中字'))}{table(cell(p(t('框中格'))))}</w:txbxContent>"
    drawn = (
        f"<w:r><mc:AlternateContent><mc:Choice><w:drawing><wps:txbx>{inner}</wps:txbx></w:drawing></mc:Choice>"
        f"<mc:Fallback><w:pict><v:textbox>{inner}</v:textbox></w:pict></mc:Fallback></mc:AlternateContent></w:r>"
    )
    blocks = read(p(t("前"), drawn) + p(t("后")) + table(cell(p(t("格"), drawn))))
    assert texts(blocks) == ["前", "框中字", "后"]
    assert [b.place.paragraph for b in blocks if isinstance(b, Paragraph)] == [1, 1, 2]
    assert grids(blocks) == [[["框中格"]], [["格\n框中字"]], [["框中格"]]]
    old = p(f"<w:r><w:pict><v:textbox>{inner}</v:textbox></w:pict></w:r>")
    assert texts(read(old)) == ["框中字"]


def test_tables_with_controls_merges_and_deleted_rows():
    control = "<w:sdt><w:sdtPr>{}</w:sdtPr><w:sdtContent>{}</w:sdtContent></w:sdt>"
    rows = (
        '<w:trPr><w:gridBefore w:val="1"/><w:gridAfter w:val="2"/></w:trPr>' + cell(p(t("甲"))),
        control.format("", cell(p(t("乙")), look='<w:vMerge w:val="restart"/>'))
        + control.format("<w:showingPlcHdr/>", cell(p(t("请填写"))))
        + cell(p(t("丙")), look='<w:hMerge w:val="restart"/>')
        + cell(p(), look="<w:hMerge/>"),
        "<w:trPr><w:del/></w:trPr>" + cell(p(t("删"))),
        "<w:trPr><w:hidden/></w:trPr>" + cell(p(t("藏"))),
        cell(p(), look="<w:vMerge/>")
        + cell(control.format("", p(t("丁")) + p(t("戊"))))
        + cell(p(t("己")))
        + cell(p(t("庚"))),
    )
    blocks = read(table(*rows) + control.format("", table(cell(p(t("外"))))))
    (first, second) = (b for b in blocks if isinstance(b, Grid))
    assert grids([first]) == [
        [["", "甲", "", ""], ["乙", "", "丙", "丙"], ["乙", "丁\n戊", "己", "庚"]],
    ]
    assert (first.cell(2, 0).rows, first.cell(1, 2).columns) == (2, 2)
    assert first.place(2, 1).label() == "表1第5行第2列"
    assert second.text(0, 0) == "外"
    assert told(blocks) == [("hidden", "藏"), ("tracked", "1 处修订删去的文字")]


def test_a_paragraph_whose_end_was_deleted_goes_on():
    gone = "<w:pPr><w:rPr><w:del/></w:rPr></w:pPr>"
    blocks = read(p(gone, t("满意")) + p(t("度")) + table(cell(p(gone, t("≥9")) + p(t("0%")))))
    assert texts(blocks) == ["满意度"]
    assert grids(blocks) == [[["≥90%"]]]


def test_a_field_that_never_ends_hides_nothing_of_what_follows():
    blocks = read(p(mark("begin"), code("X"), t("无")) + p(t("甲")) + p(mark("end"), t("乙")))
    assert texts(blocks) == ["甲", "乙"]


def test_an_inserted_document_is_told():
    blocks = read('<w:altChunk xmlns:r="r" r:id="1"/>' + p(t("甲")))
    assert [block.what for block in blocks if not isinstance(block, Paragraph)] == ["插入的文档"]


def test_symbols():
    assert symbol(0xF0B3, "symbol") == symbol(0xB3, "Symbol") == "≥"
    assert symbol(0x2265, "Wingdings") == "≥"
    assert symbol(0xF0B3, "宋体") == symbol(0xD800, "宋体") == symbol(0x10, "Symbol") == UNKNOWN
    assert symbol(0x41, "宋体") == "A"


def test_a_field_without_a_result_has_to_be_answered():
    """Its value is missing: unlike what was hidden, that may be one that counts."""
    gone = mark("begin") + code("=SUM(ABOVE)") + mark("end")
    (entry,) = (b for b in read(table(cell(p(gone)))) if isinstance(b, Unsure))
    assert (entry.field, entry.text, entry.unread) == ("cell", "=SUM(ABOVE)", True)
    assert entry.place.label() == "表1第1行第1列"
