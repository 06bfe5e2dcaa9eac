"""Files that are wrong or hostile end in a coded error, quickly and in little memory."""

from __future__ import annotations

import io
import os
import re
import resource
import struct
import subprocess
import sys
import threading
import time
import warnings
import zipfile

import docx
import openpyxl
import pytest

from compounds import compound, word_97
from ofds import ofd
from places import GOLDEN
from zhunsheng.errors import ZhunshengError
from zhunsheng.files.opening import open_file
from zhunsheng.intake import MAX_DOCUMENT, book_of, read_book
from zhunsheng.intake.apart import apart

DOCUMENT = (
    "<?xml "
    'version="1.0"?>{doctype}<w:document '
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>{body}</w:body></w:document>'
)


def word(body: str = "", doctype: str = "", **members: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", DOCUMENT.format(doctype=doctype, body=body))
        for name, data in members.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), data)
    return stream.getvalue()


def sheet(rows: str = "", merges: str = "", doctype: str = "") -> bytes:
    plain = io.BytesIO()
    openpyxl.Workbook().save(plain)
    stream = io.BytesIO()
    with zipfile.ZipFile(plain) as source, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for member in source.infolist():
            data = source.read(member)
            if member.filename == "xl/worksheets/sheet1.xml":
                data = (
                    "<?xml "
                    f'version="1.0"?>{doctype}<worksheet '
                    'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
                    f"<sheetData>{rows}</sheetData>{merges}</worksheet>"
                ).encode()
            archive.writestr(member.filename, data)
    return stream.getvalue()


def looped() -> bytes:
    """A document of Word 97 whose text says it has 4 GB, in sectors that follow one another in a circle."""
    data = bytearray(word_97("绩效目标\r" * 2000))
    links = data.rindex(struct.pack("<3I", 1, 2, 3))
    data[links + 12 : links + 16] = struct.pack("<I", 0)
    entry = data.index("WordDocument".encode("utf-16-le"))
    data[entry + 120 : entry + 124] = b"\xff\xff\xff\xff"
    return bytes(data)


def saved_docx() -> bytes:
    stream = io.BytesIO()
    document = docx.Document()
    document.add_paragraph("项目绩效目标表" * 50)
    document.save(stream)
    return stream.getvalue()


def spoiled() -> bytes:
    """A document whose text was overwritten on the way, so that its packing no longer opens."""
    data = saved_docx()
    at = data.index(b"word/document.xml") + 40
    return data[:at] + b"\xff" * 200 + data[at + 200 :]


OLD_WORD = (GOLDEN / "carriers" / "merged-nested-tracked.doc").read_bytes()
LINES = "L 1 1 " * 60_000
WIDE = "<row r='1'>" + "".join(f'<c r="{c}1"><v>1</v></c>' for c in ("A", "NTP")) + "</row>"
FAR = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="ZZ1048576"><v>1</v></c></row>'
BILLION = "<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;'>]>"
EXTERNAL = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'


def many_texts(count: str) -> bytes:
    """A workbook whose table of shared texts says it has so many; the library makes room for them before it
    reads one.
    """
    stream = io.BytesIO(sheet("<row r='1'><c r='A1' t='s'><v>0</v></c></row>"))
    table = (
        "<sst "
        'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
        f'uniqueCount="{count}"><si><t>x</t></si></sst>'
    )
    with zipfile.ZipFile(stream, "a") as archive:
        archive.writestr("xl/SharedStrings.xml", table)
    return stream.getvalue()


def record(kind: int, content: bytes = b"") -> bytes:
    return struct.pack("<2H", kind, len(content)) + content


def part(kind: int, *records: bytes) -> bytes:
    return record(0x809, struct.pack("<2H12x", 0x600, kind)) + b"".join(records) + record(0xA)


def number(row: int, column: int, value: float = 1.0) -> bytes:
    return record(0x203, struct.pack("<3Hd", row, column, 0, value))


def label(row: int, column: int, text: str) -> bytes:
    return record(0x204, struct.pack("<4HB", row, column, 0, len(text), 1) + text.encode("utf-16-le"))


def old_workbook(sheet: bytes, *before: bytes) -> bytes:
    """A workbook of Excel 97 with one sheet, and records before those that name it."""
    head = record(0x809, struct.pack("<2H12x", 0x600, 5)) + b"".join(before)
    begin = len(head) + 4 + 10 + 4
    named = record(0x85, struct.pack("<I2x2B", begin, 2, 0) + b"S1")
    return compound({"Workbook": head + named + record(0xA) + sheet})


def one_apart(count: int) -> bytes:
    """A workbook of Excel 97 whose many sheets begin a record after one another, in the same cells."""
    sheet = part(16, *(number(row, 0) for row in range(5000)))
    head = record(0x809, struct.pack("<2H12x", 0x600, 5))
    begin = len(head) + count * (12 + 5) + 4
    names = b"".join(
        record(0x85, struct.pack("<I2x2B", begin + 18 * n, 5, 0) + b"%05d" % n) for n in range(count)
    )
    return compound({"Workbook": head + names + record(0xA) + sheet})


def in_many_cells(text: int, count: int) -> bytes:
    """A workbook of Excel 97 of one long shared text in many cells."""
    shared = record(0xFC, struct.pack("<2IHB", 1, 1, text, 0) + b"a" * text)
    cells = (record(0xFD, struct.pack("<3HI", row, 0, 0, 0)) for row in range(count))
    return old_workbook(part(16, *cells), shared)


def same_name() -> bytes:
    """A workbook of two sheets of one name: a library asked for it by name reads the first."""
    stream = io.BytesIO(sheet(FAR))
    with zipfile.ZipFile(stream) as source:
        book = source.read("xl/workbook.xml").decode()
        rels = source.read("xl/_rels/workbook.xml.rels").decode()
    one, near = re.search(r"<sheet [^>]*/>", book), re.search(r"<Relationship [^>]*sheet1.xml[^>]*/>", rels)
    assert one and near
    other = re.sub('Id="[^"]*"', 'Id="other"', near[0]).replace("sheet1.xml", "sheet2.xml")
    second = one[0] + re.sub('r?:?id="[^"]*"', 'r:id="other"', one[0])
    with zipfile.ZipFile(stream, "a") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        archive.writestr("xl/workbook.xml", book.replace(one[0], second))
        archive.writestr("xl/_rels/workbook.xml.rels", rels.replace(near[0], near[0] + other))
        archive.writestr("xl/worksheets/sheet2.xml", "<worksheet><sheetData/></worksheet>")
    return stream.getvalue()


def of_another_space() -> bytes:
    """A workbook that lists its sheets in a namespace of its own, which the library passes over."""
    stream = io.BytesIO(sheet(FAR))
    with zipfile.ZipFile(stream) as source:
        book = source.read("xl/workbook.xml").decode()
    with zipfile.ZipFile(stream, "a") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        archive.writestr("xl/workbook.xml", book.replace("<sheet ", '<x:sheet xmlns:x="urn:x" '))
    return stream.getvalue()


def same_part(count: int) -> bytes:
    """A workbook whose many sheets are one part of it."""
    stream = io.BytesIO(sheet("<row r='1'><c r='A1'><v>1</v></c></row>"))
    with zipfile.ZipFile(stream) as source:
        book = source.read("xl/workbook.xml").decode()
    one = re.search(r"<sheet [^>]*/>", book)
    assert one
    sheets = "".join(re.sub('name="[^"]*"', f'name="S{n}"', one[0]) for n in range(count))
    with zipfile.ZipFile(stream, "a") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        archive.writestr("xl/workbook.xml", book.replace(one[0], sheets))
    return stream.getvalue()


SS = "urn:schemas-microsoft-com:office:spreadsheet"
LISTED = '<w:numPr><w:ilvl w:val="8"/><w:numId w:val="1"/></w:numPr>'
LEVEL = f'<w:lvl w:ilvl="8"><w:start w:val="999999"/><w:lvlText w:val="{"%9" * 50}"/></w:lvl>'
NUMBERING = (
    '<w:numbering xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
    f'<w:abstractNum w:abstractNumId="0">{LEVEL}</w:abstractNum>'
    '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num></w:numbering>'
)
RULES = "".join(f".a{n} div p{{display:none}}" for n in range(500))
HEADED = "<tr><td>项目名称<td>甲<tr><td>一级指标<td>三级指标<td>指标值"

CASES = {
    "远.xls": (old_workbook(part(16, number(0, 0), number(65535, 255))), "ZS-IN-10"),
    "倒序.et": (old_workbook(part(16, number(65535, 0), number(0, 0))), "ZS-IN-05"),
    "无头.xls": (old_workbook(number(0, 0) + number(65534, 65535) + record(0xA)), "ZS-IN-05"),
    "列外.xls": (old_workbook(part(16, number(0, 65000))), "ZS-IN-05"),
    "界外.xls": (
        old_workbook(part(16, record(0x200, struct.pack("<2I3H", 0, 2**32 - 1, 0, 2**16 - 1, 0)))),
        "ZS-IN-13",
    ),
    "共有文字.xls": (
        old_workbook(part(16, number(0, 0)), record(0xFC, struct.pack("<2I", 2**31 - 1, 2**31 - 1))),
        "ZS-IN-05",
    ),
    "相错.xls": (one_apart(4000), "ZS-IN-05"),
    "同名.xlsx": (same_name(), "ZS-IN-05"),
    "另名.xlsx": (of_another_space(), "ZS-IN-05"),
    "长文多格.xls": (in_many_cells(8000, 20_000), "ZS-IN-10"),
    "合并多.xls": (
        old_workbook(part(16, *[record(0xE5, struct.pack("<H", 1000) + bytes(8000))] * 200)),
        "ZS-IN-10",
    ),
    "隐藏行.xls": (
        f'<?xml version="1.0"?><Workbook xmlns="{SS}" xmlns:ss="{SS}">'.encode()
        + b'<Worksheet ss:Name="a"><Table><Row ss:Hidden="1" ss:Span="1048575"/></Table></Worksheet>' * 200
        + b"</Workbook>",
        "ZS-IN-13",
    ),
    "域.docx": (
        word(
            '<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>EQ '
            + r"\o(" * 50_000
            + '</w:instrText></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>'
        ),
        "ZS-IN-13",
    ),
    "多段.xls": (
        old_workbook(part(16), record(0xFC, struct.pack("<2I", 1, 1)) + record(0x3C) * 30_000),
        "ZS-IN-05",
    ),
    "隐藏列.xls": (
        old_workbook(part(16, record(0x7D, struct.pack("<6H", 0, 65535, 0, 0, 1, 0)) * 50_000)),
        "13",
    ),
    "同表.xlsx": (same_part(2000), "ZS-IN-05"),
    "多列.xlsx": (
        sheet("<row r='1'>" + "".join(f'<c r="{c}1"><v>1</v></c>' for c in ("A", "SG")) + "</row>"),
        "ZS-IN-10",
    ),
    "编号.docx": (
        word(
            f"<w:p><w:pPr>{LISTED}</w:pPr><w:r><w:t>a</w:t></w:r></w:p>" * 3_000,
            word__numbering_dot_xml=NUMBERING.encode(),
        ),
        "ZS-IN-13",
    ),
    "属性.html": (f"<html><p {' '.join(f'a{n}' for n in range(90_000))}>".encode(), "ZS-IN-07"),
    "规则.html": (
        f"<html><style>{RULES}</style>".encode()
        + b"".join(b"<div class=b%d><p>x</p></div>" % n for n in range(9000)),
        "ZS-IN-10",
    ),
    "多目标.html": (
        f"<table><tr><td>项目名称<td>甲{'<tr><td>年度目标<td>目标：完成' * 15_100}</table>".encode(),
        "ZS-IN-10",
    ),
    "多行字.html": (
        f"<table>{HEADED}<tr><td>产出指标<td>{'修路<br>' * 51_000}<td>1</table>".encode(),
        "ZS-IN-06",
    ),
    "格线.txt": (("│" + "a│" * 600 + "\n").encode() * 9, "ZS-IN-10"),
    "怪码.mht": (
        b"MIME-Version: 1.0\nContent-Type: text/html; charset=punycode\n\n<p>"
        + b"x" * 90_000
        + b"-"
        + b"z9" * 90_000,
        "ZS-IN-13",
    ),
    "大图.mht": (
        b"MIME-Version: 1.0\nContent-Type: multipart/related; boundary=x\n\n--x\nContent-Type: text/html\n\n"
        + b"<p>x</p>\n--x\nContent-Type: image/png\nContent-Transfer-Encoding: base64\n\n"
        + (b"A" * 76 + b"\n") * 500_000
        + b"--x--\n",
        "ZS-IN-13",
    ),
    "多字.doc": (word_97("甲" * 1_500_001), "ZS-IN-06"),
    "共有文字.xlsx": (many_texts("99999999999"), "ZS-IN-05"),
    "共有文字也多.xlsx": (many_texts("4294967295"), "ZS-IN-05"),
    "怪数字.xlsx": (many_texts("²"), "ZS-IN-05"),
    "空.docx": (b"", "ZS-IN-02"),
    "全零.txt": (b"\0" * 100, "ZS-IN-02"),
    "改名.docx": (bytes(range(1, 256)) * 20, "ZS-IN-11"),
    "改名.xlsx": ("这是文字".encode(), "ZS-IN-11"),
    "二进制.txt": (b"abc\0\x01\x02" * 100, "ZS-IN-03"),
    "扫描.pdf": (b"%PDF-1.7 xxx", "ZS-IN-05"),
    "别的.zip": (word().replace(b"word/document.xml", b"xxxx/document.xml"), "ZS-IN-03"),
    "加密.docx": (compound({"EncryptedPackage": b"x"}), "ZS-IN-04"),
    "加密.doc": (word_97("绩效目标\r", flags=0x300), "ZS-IN-04"),
    "空壳.doc": (compound({"WordDocument": b"\xec\xa5\xc1\0"}), "ZS-IN-05"),
    "缺表.doc": (compound({"WordDocument": word_97("x")[512:4608]}), "ZS-IN-05"),
    "截断.doc": (OLD_WORD[:9000], "ZS-IN-05"),
    "重叠.doc": (word_97("目标\r" * 900, [(n * 2000, n * 2000 + 2000, 1024) for n in range(9)]), "ZS-IN-05"),
    "循环.doc": (looped(), "ZS-IN-05|ZS-IN-13"),
    "多段.doc": (word_97("\r" * 300_000), "ZS-IN-06"),
    "旧版.doc": (compound({"WordDocument": b"\xdc\xa5\x65\0"}), "ZS-IN-45.*Word 95"),
    "加密.xls": (
        compound({"Workbook": struct.pack("<2H16x2H54x", 0x809, 16, 0x2F, 54)}),
        "ZS-IN-04",
    ),
    "演示.doc": (compound({"PowerPoint Document": b"WordDocument"}), "ZS-IN-45.*PowerPoint"),
    "邮件.doc": (compound({"__properties_version1.0": b"x"}), "ZS-IN-45.*Outlook"),
    "别的.doc": (compound({"无关": "Workbook".encode("utf-16-le")}), "ZS-IN-05"),
    "早期.wps": (b"\xff\x57\x50\x53" + bytes(64), "ZS-IN-45.*WPS"),
    "图.docx": (b"\x89PNG\r\n\x1a\n" + bytes(64), "ZS-IN-45.*图片"),
    "照片.doc": (b"\xff\xd8\xff\xe0" + bytes(64), "ZS-IN-45.*图片"),
    "程序.doc": (b"MZ\x90\0" + bytes(64), "ZS-IN-45.*可执行程序"),
    "包.zip": (b"Rar!\x1a\x07\x01\0" + bytes(64), "ZS-IN-45.*压缩包"),
    "表.xls": (
        b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"/>',
        "ZS-IN-13",
    ),
    "深.rtf": (b"{\\rtf1" + b"{" * 100_000, "ZS-IN-05"),
    "多列.rtf": (b"{\\rtf1\\trowd" + b"\\cell" * 600 + b"\\row}", "ZS-IN-10"),
    "嵌套.rtf": (b"{\\rtf1\\itap20 x\\par}", "ZS-IN-10"),
    "多段.rtf": (b"{\\rtf1" + b"\\par x" * 300_000 + b"}", "ZS-IN-06"),
    "标记.rtf": (b"{\\rtf1" + b"\\b\\b0" * 1_000_000 + b"}", "ZS-IN-07"),
    "跳过.rtf": (b"{\\rtf1\\bin999999999 x}", "ZS-IN-13"),
    "多层.mht": (b"MIME-Version: 1.0\nContent-Type: multipart/related\n" * 40, "ZS-IN-05"),
    "多页.mht": (
        b"MIME-Version: 1.0\nContent-Type: text/html\n\n" + b"<p>x</p>" * 210_000,
        "ZS-IN-07",
    ),
    "无页.mht": (b"MIME-Version: 1.0\nContent-Type: multipart/related; boundary=x\n\n--x--\n", "ZS-IN-05"),
    "加密.ofd": (ofd([], **{"Encryptions.xml": b"<x/>"}), "ZS-IN-04"),
    "缺页.ofd": (ofd([""]).replace(b"Page_0/Content", b"Page_1/Content"), "ZS-IN-05"),
    "实体.ofd": (ofd([], **{"OFD.xml": EXTERNAL.encode() + b"<x>&e;</x>"}), "ZS-IN-08"),
    "多页.ofd": (ofd([""] * 301), "ZS-IN-06"),
    "多字.ofd": (ofd(["<ofd:TextObject><ofd:TextCode>" + "字" * 100_001]), "ZS-IN-05"),
    "字多.ofd": (
        ofd(
            [
                f'<ofd:TextObject><ofd:TextCode DeltaX="g 999999999 1">{"字" * 100_001}</ofd:TextCode>'
                "</ofd:TextObject>"
            ]
        ),
        "ZS-IN-06",
    ),
    "线多.ofd": (
        ofd([f"<ofd:PathObject><ofd:AbbreviatedData>{LINES}</ofd:AbbreviatedData></ofd:PathObject>"]),
        "ZS-IN-06",
    ),
    "深.ofd": (ofd(["<ofd:PageBlock>" * 30 + "</ofd:PageBlock>" * 30]), "ZS-IN-05"),
    "炸弹.ofd": (ofd([" " * (70 * 2**20)]), "ZS-IN-07"),
    "大小.ofd": (ofd([""], box="0 0 1e30 5"), "ZS-IN-05"),
    "引号.csv": ('项目名称,指标\n"甲,≥1\n乙,≥2\n丙,≥3\n'.encode(), "ZS-IN-46"),
    "多列.csv": (b"1," * 3000, "ZS-IN-10"),
    "多行.csv": (b"a,b\n" * 20_001, "ZS-IN-10"),
    "多格.csv": ((b"1," * 1999 + b"\n") * 2100, "ZS-IN-10"),
    "残缺.xls": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0x" * 300, "ZS-IN-05"),
    "坏的.xls": (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 500 + "Workbook".encode("utf-16-le"),
        "ZS-IN-05",
    ),
    "截断.docx": (saved_docx()[:-400], "ZS-IN-05"),
    "坏包.docx": (spoiled(), "ZS-IN-05"),
    "坏XML.docx": (word("<w:p>"), "ZS-IN-05"),
    "宏.docm": (word(word__vbaProject_dot_bin=b"x"), "ZS-IN-13"),
    "炸弹.docx": (word(word__media__x_dot_bin=b"\0" * (40 * 2**20)), "ZS-IN-07"),
    "空段.docx": (word("<w:p/>" * 2_100_000), "ZS-IN-07"),
    "空段不多.docx": (word("<w:p/>" * 200_001), "ZS-IN-06"),
    "跨列多行.docx": (
        word(
            "<w:tbl>"
            + '<w:tr><w:tc><w:tcPr><w:gridSpan w:val="500"/></w:tcPr><w:p/></w:tc></w:tr>' * 60_000
            + "</w:tbl>"
        ),
        "ZS-IN-10",
    ),
    "实体.docx": (word("<w:p>&e;</w:p>", EXTERNAL), "ZS-IN-08"),
    "笑.docx": (word("<w:p>&b;</w:p>", BILLION), "ZS-IN-08"),
    "实体.xlsx": (sheet("<row r='1'><c r='A1'><v>1</v></c></row>", doctype=EXTERNAL), "ZS-IN-08"),
    "宽.xlsx": (sheet(WIDE), "ZS-IN-10"),
    "远.xlsx": (sheet(FAR), "ZS-IN-10"),
    "合并.xlsx": (
        sheet(
            '<row r="1"><c r="A1"><v>1</v></c></row>',
            '<mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>',
        ),
        "ZS-IN-10",
    ),
    "跨列.docx": (
        word(
            '<w:tbl><w:tr><w:tc><w:tcPr><w:gridSpan w:val="1000000000"/></w:tcPr><w:p/></w:tc></w:tr></w:tbl>'
        ),
        "ZS-IN-10",
    ),
    "多列.docx": (word("<w:tbl><w:tr>" + "<w:tc><w:p/></w:tc>" * 600 + "</w:tr></w:tbl>"), "ZS-IN-10"),
    "嵌套.docx": (word("<w:tbl><w:tr><w:tc>" * 20 + "<w:p/>" + "</w:tc></w:tr></w:tbl>" * 20), "ZS-IN-10"),
    "跨行.html": (b"<table><tr><td rowspan=1000000000 colspan=1000000000>x</td></tr></table>", "ZS-IN-10"),
    "多格.html": (
        b"<table><tr>" + b"<td rowspan=2000 colspan=100>x</td>" * 50 + b"</tr></table>",
        "ZS-IN-10",
    ),
    "深.html": (b"<html>" + b"<div>" * 3000 + b"x", "ZS-IN-13|ZS-IN-10|ZS-IN-05"),
    "别名.docx": (b"PK\x03\x04" + b"junk" * 100, "ZS-IN-05"),
    "无名.xyz": (b"text", "ZS-IN-03"),
}


@pytest.mark.parametrize("name", CASES)
def test_refused_with_a_code_in_bounded_time_and_memory(tmp_path, name):
    data, code = CASES[name]
    (path := tmp_path / name).write_bytes(data)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.process_time()
    with pytest.raises(ZhunshengError, match=code):  # by the counts, before the process is ended
        book_of(open_file(path, max_bytes=MAX_DOCUMENT))
    assert time.process_time() - started < 5  # of a processor: by the clock others' work counts too
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300 * 1024  # KiB


def test_a_document_of_many_sheets_and_goals_is_read_in_time_of_its_length(tmp_path):
    rows = "<tr><td>项目名称<td>甲<tr><td>一级指标<td>三级指标<td>指标值<tr><td>产出<td>修路<td>≥1公里"
    (path := tmp_path / "多表.html").write_text(f"<table>{rows}</table>" * 1000, encoding="utf-8")
    goals = "".join(f"<tr><td>年度目标<td>目标：完成{n}" for n in range(4000))
    (other := tmp_path / "目标.html").write_text(
        f"<table><tr><td>项目名称<td>甲{goals}</table>", encoding="utf-8"
    )
    started = time.process_time()
    book = book_of(open_file(path))
    assert len({sheet.id for sheet in book.sheets}) == len(book.sheets) == 1000
    assert len(book_of(open_file(other)).sheets[0].goals) == 4000
    assert time.process_time() - started < 5


def test_the_cells_of_a_chart_in_an_old_workbook_are_none_of_its_sheet(tmp_path):
    heads = [label(1, n, text) for n, text in enumerate(("一级指标", "二级指标", "三级指标", "指标值"))]
    row = [label(2, n, text) for n, text in enumerate(("产出指标", "数量指标", "修路", "≥5公里"))]
    chart = part(32, number(0, 0), number(1, 3), record(0x200, struct.pack("<2I3H", 0, 2, 0, 4, 0)))
    named = [label(0, 0, "项目名称"), label(0, 1, "甲")]
    (path := tmp_path / "有图.xls").write_bytes(old_workbook(part(16, *named, *heads, *row, chart)))
    (sheet,) = read_book(path).sheets
    assert [(one.name, one.target.raw) for one in sheet.indicators] == [("修路", "≥5公里")]


def test_too_large_a_file_is_not_read(tmp_path):
    with (path := tmp_path / "大.txt").open("wb") as stream:
        stream.truncate(60 * 2**20)
    with pytest.raises(ZhunshengError, match="ZS-IN-06"):
        read_book(path)


def test_folders_and_missing_files(tmp_path):
    with pytest.raises(ZhunshengError, match="ZS-IN-01"):
        read_book(tmp_path / "无.docx")
    with pytest.raises(ZhunshengError, match=r"ZS-IN-0[36]"):
        read_book(tmp_path)


@pytest.mark.parametrize("name", ["炸弹.docx", "远.xlsx", "实体.docx", "改名.docx"])
def test_the_command_exits_with_2_and_no_trace(tmp_path, name):
    data, code = CASES[name]
    (path := tmp_path / name).write_bytes(data)
    done = subprocess.run(
        [sys.executable, "-m", "zhunsheng", "read", str(path)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2
    assert code in done.stderr
    assert "Traceback" not in done.stderr


def _busy():
    while True:
        pass


def _hungry():
    return [bytes(2**24) for _n in range(100)]


def _ended():
    os._exit(3)


def _wrong():
    raise ZhunshengError("ZS-IN-05", name="甲.docx", detail="坏")


@pytest.mark.parametrize(
    ("work", "said"),
    [
        (_busy, "ZS-IN-49.*时间"),
        (_hungry, "ZS-IN-49.*复杂"),
        (_ended, "ZS-IN-49.*复杂"),
        (_wrong, "ZS-IN-05.*坏"),
    ],
)
def test_whatever_a_reader_does_its_process_alone_ends_and_is_told(work, said):
    with pytest.raises(ZhunshengError, match=said):
        apart("甲.docx", work)
    done = threading.Event()
    beside = threading.Thread(target=done.wait)
    beside.start()
    try:  # with threads, as the site has them
        assert apart("甲.docx", len, "abc") == 3
    finally:
        done.set()
        beside.join()
