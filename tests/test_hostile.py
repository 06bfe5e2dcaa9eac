"""Files that are wrong or hostile end in a coded error, quickly and in little memory."""

from __future__ import annotations

import io
import resource
import struct
import subprocess
import sys
import time
import zipfile

import docx
import openpyxl
import pytest

from compounds import compound, word_97
from ofds import ofd
from places import GOLDEN
from zhunsheng.errors import ZhunshengError
from zhunsheng.intake import read_book

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


CASES = {
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
    started = time.monotonic()
    with pytest.raises(ZhunshengError, match=code):
        read_book(path)
    assert time.monotonic() - started < 5
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300 * 1024  # KiB


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
