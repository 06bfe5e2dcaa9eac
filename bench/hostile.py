"""Hostile files of every format, each read by the command that a person runs: seconds and memory of each.

``python bench/hostile.py`` makes the files one after the other, runs ``zhunsheng read`` on each and prints
how it ended: the code of the refusal or ``read``, seconds of the processor, MiB at most. It ends with 1 where
one took more than ``BOUND`` seconds or ``MOST_MIB``, or ended otherwise than with an answer. ``--only`` names
files by a part of their name, ``--keep`` is a folder for them, ``--write`` puts the table into
docs/benchmarks-fuzz.md.
"""

from __future__ import annotations

import argparse
import base64
import gzip
import io
import multiprocessing
import os
import platform
import re
import struct
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT / "tests"))

from compounds import compound, word_97  # noqa: E402 - of the tests
from ofds import ofd  # noqa: E402
from ofds import text as ofd_text  # noqa: E402
from pdfs import Sheet, pdf  # noqa: E402
from pdfs import text as pdf_text  # noqa: E402

BOUND = 5.0  # seconds of the processor, the start of the program included
MOST_MIB = 300  # of the process, the program included
ENDS = (0, 1, 2)  # of the command: read, one of several refused, refused

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
R = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
RELATED = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGED = 'xmlns="http://schemas.openxmlformats.org/package/2006/relationships"'
OF = (
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"'
)
_SHEETS = "urn:schemas-microsoft-com:office:spreadsheet"
SS = f'xmlns="{_SHEETS}" xmlns:ss="{_SHEETS}"'
LAUGHS = (
    "<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'>"
    + "".join(f"<!ENTITY {b} '{f'&{a};' * 10}'>" for a, b in zip("abcdefgh", "bcdefghi", strict=True))
    + "]>"
)
ROOT_OF_WORKBOOK = (
    f'<Relationships {PACKAGED}><Relationship Id="r1" Type="{RELATED}/officeDocument" '
    'Target="xl/workbook.xml"/></Relationships>'
)
HEADS = ("一级指标", "二级指标", "三级指标", "指标值")


# -- what files are made of
# --------------------------------------------------------------------------------------------------------


def zipped(parts: dict[str, str | bytes], *, packed: bool = False, **stored: bytes) -> bytes:
    """Return a zip of members; ``stored`` ones are not packed, nor are tight ones but where ``packed``."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        if {"word/document.xml", "xl/workbook.xml"} & set(parts):
            archive.writestr("[Content_Types].xml", "<Types/>")
        for name, data in stored.items():
            archive.writestr(zipfile.ZipInfo(name), data)
        for name, data in parts.items():
            # What would be told by its packing alone is not packed.
            tight = (
                len(data) > 1000 * len(zlib.compress(data.encode() if isinstance(data, str) else data, 1)) / 8
            )
            archive.writestr(name, data, zipfile.ZIP_STORED if tight and not packed else zipfile.ZIP_DEFLATED)
    return stream.getvalue()


def docx(body: str, doctype: str = "", **parts: str) -> bytes:
    """Return a document of Word; ``parts`` are members of word/ without their ending."""
    whole = f'<?xml version="1.0"?>{doctype}<w:document {W} {R}><w:body>{body}</w:body></w:document>'
    return zipped({"word/document.xml": whole, **{f"word/{n}.xml": data for n, data in parts.items()}})


def xlsx(rows: str, *, book: str = "", after: str = "", doctype: str = "", **parts: str) -> bytes:
    """Return a workbook of one sheet, with more in its list of sheets and ``after`` its rows."""
    return zipped(
        {
            "_rels/.rels": ROOT_OF_WORKBOOK,
            "xl/workbook.xml": f'{doctype}<workbook {MAIN} {R}><sheets><sheet name="表" sheetId="1" '
            'r:id="r1"/>'
            f"</sheets>{book}</workbook>",
            "xl/_rels/workbook.xml.rels": f'<Relationships {PACKAGED}><Relationship Id="r1" '
            f'Type="{RELATED}/worksheet" Target="worksheets/sheet1.xml"/>'
            f'<Relationship Id="r2" Type="{RELATED}/styles" Target="styles.xml"/>'
            f'<Relationship Id="r3" Type="{RELATED}/sharedStrings" Target="sharedStrings.xml"/>'
            "</Relationships>",
            "xl/worksheets/sheet1.xml": f"{doctype}<worksheet {MAIN}><sheetData>{rows}</sheetData>{after}"
            "</worksheet>",
            **{f"xl/{n}.xml": data for n, data in parts.items()},
        }
    )


def cells(value: str, rows: int, columns: int, more: str = "") -> str:
    """Return rows of cells of one value."""
    letters = [letters_of(n) for n in range(columns)]
    return "".join(
        f'<row r="{r}">' + "".join(f'<c r="{c}{r}"{more}>{value}</c>' for c in letters) + "</row>"
        for r in range(1, rows + 1)
    )


def letters_of(n: int) -> str:
    """Return the letters of a column, from 0."""
    return (letters_of(n // 26 - 1) if n >= 26 else "") + chr(65 + n % 26)


def record(kind: int, content: bytes = b"") -> bytes:
    """Return a record of Excel 97."""
    return struct.pack("<2H", kind, len(content)) + content


def part(kind: int, *records: bytes) -> bytes:
    """Return a part of a workbook of Excel 97."""
    return record(0x809, struct.pack("<2H12x", 0x600, kind)) + b"".join(records) + record(0xA)


def xls(*records: bytes, before: Iterable[bytes] = ()) -> bytes:
    """Return a workbook of Excel 97 of one sheet, and records before those that name it."""
    head = record(0x809, struct.pack("<2H12x", 0x600, 5)) + b"".join(before)
    named = record(0x85, struct.pack("<I2x2B", len(head) + 18, 2, 0) + b"S1")
    return compound({"Workbook": head + named + record(0xA) + part(16, *records)})


def formula(row: int, column: int, tokens: bytes = b"\x1e\1\0") -> bytes:
    """Return a formula with its result."""
    return record(
        6, struct.pack("<3Hd", row, column, 0, 1.5) + bytes(6) + struct.pack("<H", len(tokens)) + tokens
    )


def ods(body: str, doctype: str = "", kind: str = "spreadsheet") -> bytes:
    """Return an OpenDocument file with what stands in its body."""
    content = (
        f"{doctype}<office:document-content {OF}><office:body><office:{kind}>{body}</office:{kind}>"
        "</office:body></office:document-content>"
    )
    return zipped({"content.xml": content}, mimetype=f"application/vnd.oasis.opendocument.{kind}".encode())


def odt(body: str, doctype: str = "") -> bytes:
    """Return a text of OpenDocument."""
    return ods(body, doctype, "text")


def excel_xml(rows: str, doctype: str = "", styles: str = "") -> bytes:
    """Return a workbook of Excel 2003 in XML."""
    sheet = f'<Worksheet ss:Name="表"><Table>{rows}</Table></Worksheet>'
    return f'<?xml version="1.0"?>{doctype}<Workbook {SS}>{styles}{sheet}</Workbook>'.encode()


def word_xml(body: str, doctype: str = "") -> bytes:
    """Return a document of Word 2003 in XML."""
    space = "http://schemas.microsoft.com/office/word/2003/wordml"
    return (
        f'<?xml version="1.0"?>{doctype}<w:wordDocument xmlns:w="{space}"><w:body>{body}</w:body>'
        "</w:wordDocument>"
    ).encode()


def packaged(body: str, doctype: str = "") -> bytes:
    """Return a document of Word as a package in one file."""
    space = "http://schemas.microsoft.com/office/2006/xmlPackage"
    return (
        f'<?xml version="1.0"?>{doctype}<pkg:package xmlns:pkg="{space}">'
        '<pkg:part pkg:name="/word/document.xml">'
        f"<pkg:xmlData><w:document {W}><w:body>{body}</w:body></w:document></pkg:xmlData></pkg:part>"
        "</pkg:package>"
    ).encode()


def mht(body: bytes, encoding: str = "quoted-printable", charset: str = "utf-8", head: str = "") -> bytes:
    """Return a web archive of one page."""
    said = f"Content-Type: text/html; charset={charset}\nContent-Transfer-Encoding: {encoding}\n{head}"
    return f"MIME-Version: 1.0\n{said}\n".encode() + body


def html_table(rows: Iterable[str]) -> bytes:
    """Return a page of one table with headers of indicators."""
    head = "".join(f"<td>{one}" for one in HEADS)
    return f"<html><table><tr><td>项目名称<td>甲<tr>{head}{''.join(rows)}</table>".encode()


def changed(data: bytes, at: int, kind: str, *values: int) -> bytes:
    """Return bytes with numbers put in."""
    made = bytearray(data)
    struct.pack_into(f"<{kind}", made, at, *values)
    return bytes(made)


def with_miniature(size: int = 0x7FFFFFFF) -> bytes:
    """Return a compound file whose short stream is in a table of small sectors that goes in a circle."""
    data = compound({"WordDocument": word_97("x")[512:4608], "0Table": b"\0" * 4096})
    at = data.index("WordDocument".encode("utf-16-le"))
    data = changed(data, at + 116, "2I", 0, 4000)
    data = changed(data, 60, "2I", 0, 2**31 - 1)  # the table of small sectors, and how many it has
    return changed(data, data.index("Root Entry".encode("utf-16-le")) + 116, "2I", 0, size)


def raw_pdf(parts: dict[int, bytes], trailer: str = "") -> bytes:
    """Return a PDF of numbered objects, the first of which is its catalogue."""
    out, places = b"%PDF-1.7\n", []
    for number, content in parts.items():
        places.append(b"%d 1\n%010d 00000 n \n" % (number, len(out)))
        out += b"%d 0 obj\n" % number + content + b"\nendobj\n"
    end = f"trailer<</Size {max(parts) + 1}/Root 1 0 R{trailer}>>startxref {len(out)}\n%%EOF".encode()
    return out + b"xref\n0 1\n0000000000 65535 f \n" + b"".join(places) + end


def stream(data: bytes, more: str = "", *, packs: int = 1) -> bytes:
    """Return a stream of a PDF, packed so often."""
    for _n in range(packs):
        data = zlib.compress(data, 9)
    filters = "/FlateDecode" * packs
    return f"<</Length {len(data)}/Filter[{filters}]{more}>>stream\n".encode() + data + b"\nendstream"


def tree_of_pages(depth: int, wide: int) -> bytes:
    """Return a PDF whose tree of pages names each node of the level below many times over."""
    parts = {1: b"<</Type/Catalog/Pages 10 0 R>>"}
    for n in range(depth):
        kids = f"{11 + n} 0 R " * wide
        parts[10 + n] = f"<</Type/Pages/Count {wide ** (depth - n)}/Kids[{kids}]>>".encode()
    parts[10 + depth] = b"<</Type/Page/MediaBox[0 0 99 99]/Contents 9 0 R>>"
    parts[9] = stream(b"0 0 9 9 re S")
    return raw_pdf(parts)


def forms_within(depth: int, wide: int) -> bytes:
    """Return a PDF whose page draws a form that draws one many times, and so on."""
    forms = []
    for n in range(depth):
        inner = b"/X Do " * wide if n < depth - 1 else b"0 0 9 9 re S "
        more = f"/Type/XObject/Subtype/Form/BBox[0 0 999 999]/Resources<</XObject<</X {101 + n} 0 R>>>>"
        forms.append(stream(inner, more))
    page = Sheet("q /X Do Q", more="/Resources<</XObject<</X 100 0 R>>>>")
    made = pdf([page], forms)
    return made.replace(own := b"/Resources<</Font<</F 3 0 R>>>>", b" " * len(own), 1)


def in_objects(count: int, loops: bool) -> bytes:
    """Return a PDF of objects in streams, which extend one another in a circle where it ``loops``."""
    index = b" ".join(b"%d %d" % (10 + n, 2 * n) for n in range(count))
    body = index + b" " + b"1 " * count
    more = f"/Type/ObjStm/N {count}/First {len(index) + 1}" + ("/Extends 5 0 R" if loops else "")
    return raw_pdf({1: b"<</Type/Catalog/Pages 10 0 R>>", 5: stream(body, more), 6: stream(body, more)})


def nested_zip(depth: int) -> bytes:
    """Return a zip within a zip and so on, with a table of targets full of zeros at its end."""
    data = docx("<w:p/>")
    for n in range(depth):
        data = zipped({f"{n}-{k}.zip": data for k in range(6)})
    return data


def one_text_many_names(count: int) -> bytes:
    """Return a zip whose directory names one packed member many times (the files overlap)."""
    size = 21 * 2**20
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    kernel = packer.compress(b"a" * size) + packer.flush()
    crc = zlib.crc32(b"a" * size)
    local = (
        struct.pack("<4s5H3I2H", b"PK\3\4", 20, 0, 8, 0, 0, crc, len(kernel), size, 5, 0) + b"0.txt" + kernel
    )
    entry = struct.pack(
        "<4s6H3I5H2I", b"PK\1\2", 20, 20, 0, 8, 0, 0, crc, len(kernel), size, 9, 0, 0, 0, 0, 0, 0
    )
    directory = b"".join(entry + b"%05d.txt" % n for n in range(count))
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, count, count, len(directory), len(local), 0)
    return local + directory + end


def hidden_page_tree() -> bytes:
    """Return a PDF that says it has two billion pages."""
    return raw_pdf({1: b"<</Type/Catalog/Pages 2 0 R>>", 2: b"<</Type/Pages/Count 2000000000/Kids[2 0 R]>>"})


def shared(*texts: str, count: int | None = None) -> str:
    """Return the part of a workbook that holds its shared texts."""
    said = f' uniqueCount="{count}"' if count else ""
    return f"<sst {MAIN}{said}>{''.join(texts)}</sst>"


PICTURE = "<w:p><w:r><w:drawing/></w:r></w:p>"
EQ_BEGIN = '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>EQ '
EQ_END = '</w:instrText></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r>'


def box(inner: str) -> str:
    """Return a paragraph with a text box."""
    return f"<w:p><w:r><w:pict><w:txbxContent>{inner}</w:txbxContent></w:pict></w:r></w:p>"


def nested(outer: Callable[[str], str], depth: int) -> str:
    """Return what wraps itself so deep."""
    found = ""
    for _n in range(depth):
        found = outer(found)
    return found


def sst_continued(count: int) -> bytes:
    """Return a workbook of Excel 97 of one shared text that goes on in many records, each of one sign."""
    texts = record(0xFC, struct.pack("<2IHB", 1, 1, count, 0)) + record(0x3C, b"\0a") * count
    return xls(record(0xFD, struct.pack("<3HI", 0, 0, 0, 0)), before=[texts])


FILES: dict[str, Callable[[], bytes]] = {
    # -- workbooks
    "1e300.xlsx": lambda: xlsx(cells("<v>1e300</v>", 2000, 100)),
    "-1e300-in-500-columns.xlsx": lambda: xlsx(cells("<v>-1e300</v>", 1200, 500)),
    "300-digits.xlsx": lambda: xlsx(cells(f"<v>{'9' * 300}</v>", 2000, 100)),
    "300-digits-in-600,000.xlsx": lambda: xlsx(cells(f"<v>{'7' * 40}</v>", 1200, 500)),
    "defined-names.xlsx": lambda: xlsx(
        cells("<v>1</v>", 2, 2),
        book="<definedNames>"
        + "".join(f'<definedName name="n{n}">表!$A$1</definedName>' for n in range(400_000))
        + "</definedNames>",
    ),
    "formulas.xlsx": lambda: xlsx(cells("<f>1+1</f><v>2</v>", 2000, 100)),
    "formulas-without-results.xlsx": lambda: xlsx(cells("<f>SUM(B1:B9)</f>", 2000, 100)),
    "errors.xlsx": lambda: xlsx(cells("<v>#REF!</v>", 2000, 100, ' t="e"')),
    "inline-texts.xlsx": lambda: xlsx(cells("<is><t>指标值</t></is>", 2000, 100, ' t="inlineStr"')),
    "shared-text-long.xlsx": lambda: xlsx(
        cells("<v>0</v>", 1000, 50, ' t="s"'), sharedStrings=shared(f"<si><t>{'甲' * 30_000}</t></si>")
    ),
    "shared-rich-texts.xlsx": lambda: xlsx(
        cells("<v>0</v>", 100, 10, ' t="s"'),
        sharedStrings=shared("<si><r><rPr><strike/></rPr><t>a</t></r><r><t>b</t></r></si>" * 150_000),
    ),
    "rich-text-of-many-runs.xlsx": lambda: xlsx(
        cells("<v>0</v>", 600, 100, ' t="s"'),
        sharedStrings=shared("<si>" + "<r><rPr><strike/></rPr><t>a</t></r>" * 500 + "</si>"),
    ),
    "formats.xlsx": lambda: xlsx(
        cells("<v>43000.5</v>", 1500, 100, ' s="1"'),
        styles=f'<styleSheet {MAIN}><numFmts><numFmt numFmtId="200" formatCode="'
        f'yyyy&quot;年&quot;m&quot;月&quot;d&quot;日&quot; hh:mm:ss.000;;{"0" * 200}"/></numFmts>'
        '<cellXfs><xf/><xf numFmtId="200"/></cellXfs></styleSheet>',
    ),
    "format-of-zeros.xlsx": lambda: xlsx(
        cells("<v>5</v>", 1500, 100, ' s="1"'),
        styles=f'<styleSheet {MAIN}><numFmts><numFmt numFmtId="200" formatCode="{"0" * 30_000}"/></numFmts>'
        '<cellXfs><xf/><xf numFmtId="200"/></cellXfs></styleSheet>',
    ),
    "merges.xlsx": lambda: xlsx(
        cells("<v>1</v>", 500, 100),
        after="<mergeCells>" + '<mergeCell ref="A1:CV500"/>' * 100_000 + "</mergeCells>",
    ),
    "rules.xlsx": lambda: xlsx(
        cells("<v>1</v>", 9, 9),
        after='<conditionalFormatting sqref="A1:I9"><cfRule type="expression" dxfId="0"><formula>1</formula>'
        "</cfRule></conditionalFormatting>" * 200_000,
    ),
    "no-places.xlsx": lambda: xlsx("<row><c><v>1e300</v></c></row>" * 150_000),
    "laughs.xlsx": lambda: xlsx("<row r='1'><c r='A1'><v>&i;</v></c></row>", doctype=LAUGHS),
    "laughs-in-texts.xlsx": lambda: xlsx(
        "<row r='1'><c r='A1' t='s'><v>0</v></c></row>", sharedStrings=LAUGHS + shared("<si><t>&i;</t></si>")
    ),
    "styles.xlsx": lambda: xlsx(
        cells("<v>1</v>", 9, 9),
        styles=f"<styleSheet {MAIN}><cellXfs>{'<xf/>' * 1_400_000}</cellXfs></styleSheet>",
    ),
    "sheets.xlsx": lambda: many_sheets(3000),
    "formulas.xls": lambda: xls(*(formula(r, c) for r in range(6000) for c in range(100))),
    "long-formulas.xls": lambda: xls(
        *(formula(r, c, b"\x1e\1\0" + b"\x1e\1\0\3" * 2000) for r in range(250) for c in range(16))
    ),
    "1e300.xls": lambda: xls(
        *(record(0x203, struct.pack("<3Hd", r, c, 0, 1e300)) for r in range(2000) for c in range(100))
    ),
    "lying-length.xls": lambda: xls(record(0x203, b"\0" * 14) * 9 + struct.pack("<2H", 0x203, 0xFFFF) + b"x"),
    "lying-multiple.xls": lambda: xls(
        record(0xBD, struct.pack("<2H", 0, 0) + b"\0" * 6 + struct.pack("<H", 65535)) * 9999
    ),
    "texts-continued.xls": lambda: sst_continued(60_000),
    "texts-of-no-length.xls": lambda: xls(
        record(0xFD, struct.pack("<3HI", 0, 0, 0, 0)),
        before=[
            record(0xFC, struct.pack("<2I", 9, 2_000_000) + b"\0\0\0" * 2700),
            *[record(0x3C, b"\0\0\0" * 2700)] * 700,
        ],
    ),
    "fonts.xls": lambda: xls(before=[record(0x31, b"\0" * 14 + b"\2\0ab")] * 400_000),
    "formats.xls": lambda: xls(
        before=[
            record(0x41E, struct.pack("<2HB", 164 + n % 60_000, 8000, 0) + b"0" * 8000) for n in range(1500)
        ]
    ),
    "looping-sectors.xls": lambda: (lambda data: changed(data, len(data) - 512, "4I", 1, 0, 1, 0))(
        xls(*(record(0x203, struct.pack("<3Hd", r, 0, 0, 1)) for r in range(500)))
    ),
    "sheet-in-sheet.xls": lambda: xls(*[record(0x809, struct.pack("<2H12x", 0x600, 32))] * 200_000),
    "columns-hidden.xls": lambda: xls(*[record(0x7D, struct.pack("<6H", 0, 255, 0, 0, 1, 0))] * 500_000),
    # -- documents of Word
    "runs.docx": lambda: docx("<w:p>" + "<w:r><w:t>a</w:t></w:r>" * 490_000 + "</w:p>"),
    "pictures.docx": lambda: docx(PICTURE * 150_000),
    "empty-paragraphs.docx": lambda: docx("<w:p/>" * 1_990_000),
    "pictures-in-one.docx": lambda: docx("<w:p>" + "<w:r><w:pict/></w:r>" * 490_000 + "</w:p>"),
    "cells.docx": lambda: docx(
        "<w:tbl>" + ("<w:tr>" + "<w:tc><w:p/></w:tc>" * 60 + "</w:tr>") * 4_000 + "</w:tbl>"
    ),
    "deep.docx": lambda: docx(nested(lambda x: f"<w:sdt><w:sdtContent>{x}</w:sdtContent></w:sdt>", 120)),
    "deep-runs.docx": lambda: docx("<w:p>" + "<w:ins>" * 250 + "</w:ins>" * 250 + "</w:p>"),
    "boxes.docx": lambda: docx(nested(box, 60)),
    "laughs.docx": lambda: docx("<w:p>&i;</w:p>", LAUGHS),
    "laughs-in-styles.docx": lambda: docx(
        '<w:p><w:pPr><w:pStyle w:val="a"/></w:pPr></w:p>', styles=f"{LAUGHS}<w:styles {W}>&i;</w:styles>"
    ),
    "styles-in-a-circle.docx": lambda: docx(
        '<w:p><w:pPr><w:pStyle w:val="a"/></w:pPr><w:r><w:t>x</w:t></w:r></w:p>' * 9999,
        styles=f'<w:styles {W}><w:style w:styleId="a"><w:basedOn w:val="b"/></w:style>'
        f'<w:style w:styleId="b"><w:basedOn w:val="a"/></w:style></w:styles>',
    ),
    "chain-of-styles.docx": lambda: docx(
        '<w:p><w:pPr><w:pStyle w:val="s0"/></w:pPr><w:r><w:t>x</w:t></w:r></w:p>' * 9999,
        styles=f"<w:styles {W}>"
        + "".join(f'<w:style w:styleId="s{n}"><w:basedOn w:val="s{n + 1}"/></w:style>' for n in range(20_000))
        + "</w:styles>",
    ),
    "equations.docx": lambda: docx("<w:p>" + (EQ_BEGIN + r"\f(1,2)" * 20 + EQ_END) * 9000 + "</w:p>"),
    "tabs.docx": lambda: docx("<w:p><w:r>" + "<w:tab/>" * 1_500_000 + "</w:r></w:p>"),
    "symbols.docx": lambda: docx(
        ("<w:p>" + '<w:r><w:sym w:font="x" w:char="F0A3"/></w:r>' * 30 + "</w:p>") * 6500
    ),
    "one-long-text.docx": lambda: docx("<w:p><w:r><w:t>" + "甲" * 9_000_000 + "</w:t></w:r></w:p>"),
    "attributes.docx": lambda: docx("<w:p " + " ".join(f'w:a{n}="1"' for n in range(200_000)) + "/>"),
    "paragraphs-of-text.docx": lambda: docx("<w:p><w:r><w:t>甲</w:t></w:r></w:p>" * 199_000),
    "notes.docx": lambda: docx(("<w:p><w:r><w:rPr><w:vanish/></w:rPr><w:t>x</w:t></w:r></w:p>") * 190_000),
    "overlapping-pieces.doc": lambda: word_97(
        "目标\r" * 9000, [(n * 9000, n * 9000 + 9000, 1024) for n in range(160)]
    ),
    "pieces.doc": lambda: word_97("目标\r" * 9000, [(n, n + 1, 1024 + 2 * n) for n in range(200_000)]),
    "cell-marks.doc": lambda: word_97("\7" * 1_400_000),
    "fields.doc": lambda: word_97("\x13" * 700_000 + "\x15" * 700_000),
    "piece-behind-its-end.doc": lambda: word_97("目标\r", [(0, 1_000_000, 2**30)]),
    "small-sectors-in-a-circle.doc": with_miniature,
    "small-sectors-none.doc": lambda: with_miniature(0),
    "directory-in-a-circle.doc": lambda: (
        lambda data: changed(data, data.index("WordDocument".encode("utf-16-le")) + 68, "3I", 0, 1, 1)
    )(word_97("绩效目标\r" * 200)),
    "master-table-in-a-circle.doc": lambda: changed(
        changed(word_97("x\r" * 200), 44, "I", 2**31), 68, "2I", 0, 2**31
    ),
    "many-entries.doc": lambda: compound({f"s{n}": b"" for n in range(3000)}),
    "sectors-of-2-31.doc": lambda: changed(word_97("x\r" * 99), 30, "H", 31),
    "bin.rtf": lambda: b"{\\rtf1" + b"\\bin99999999999999999999 " + b"x" * 9999 + b"}",
    "bins.rtf": lambda: b"{\\rtf1" + b"\\bin1 x" * 900_000 + b"}",
    "deep.rtf": lambda: b"{\\rtf1" + b"{" * 4_000_000 + b"}" * 4_000_000,
    "unicode.rtf": lambda: b"{\\rtf1\\uc99999999" + b"\\u30002?" * 900_000 + b"}",
    "fonts.rtf": lambda: (
        b"{\\rtf1{\\fonttbl" + b"".join(b"{\\f%d\\fcharset134 a;}" % n for n in range(200_000)) + b"}x\\par}"
    ),
    "cells.rtf": lambda: (
        b"{\\rtf1" + (b"\\trowd" + b"\\cellx9" * 60 + b"\\cell" * 60 + b"\\row") * 3900 + b"}"
    ),
    "one-word.rtf": lambda: b"{\\rtf1\\" + b"a" * 40_000_000 + b"}",
    "hex.rtf": lambda: b"{\\rtf1\\ansicpg936 " + b"\\'b1\\'ed" * 900_000 + b"}",
    "columns-repeated.odt": lambda: odt(
        '<table:table><table:table-column table:number-columns-repeated="2147483647"/><table:table-row>'
        '<table:table-cell table:number-columns-repeated="2147483648"><text:p>x</text:p></table:table-cell>'
        "</table:table-row></table:table>"
    ),
    "rows-repeated.odt": lambda: odt(
        '<table:table><table:table-row table:number-rows-repeated="2147483648"><table:table-cell>'
        "<text:p>x</text:p>"
        "</table:table-cell></table:table-row></table:table>"
    ),
    "blanks.odt": lambda: odt('<text:p><text:s text:c="2147483647"/>x</text:p>' * 100),
    "deep.odt": lambda: odt("<text:section>" * 250 + "<text:p>x</text:p>" + "</text:section>" * 250),
    "lists.odt": lambda: odt(
        "<text:list><text:list-item>" * 120 + "<text:p>x</text:p>" + "</text:list-item></text:list>" * 120
    ),
    "spans.odt": lambda: odt("<text:p>" + "<text:span>a</text:span>" * 900_000 + "</text:p>"),
    "paragraphs.odt": lambda: odt("<text:p/>" * 1_900_000),
    "laughs.odt": lambda: odt("<text:p>&i;</text:p>", LAUGHS),
    "rows-repeated.ods": lambda: ods(
        '<table:table table:name="a"><table:table-row table:number-rows-repeated="1048576"><table:table-cell '
        'table:number-columns-repeated="16384" office:value-type="float" office:value="1"/></table:table-row>'
        "</table:table>"
    ),
    "rows-repeated-beyond.ods": lambda: ods(
        '<table:table table:name="a"><table:table-row table:number-rows-repeated="99999999999999999999">'
        '<table:table-cell office:value-type="float" office:value="1e300"/></table:table-row></table:table>'
    ),
    "1e300.ods": lambda: ods(
        '<table:table table:name="a">'
        + (
            "<table:table-row>" + '<table:table-cell office:value-type="float" office:value="1e300">'
            "<text:p>1e300</text:p></table:table-cell>" * 100 + "</table:table-row>"
        )
        * 1900
        + "</table:table>"
    ),
    "paragraphs-in-a-cell.ods": lambda: ods(
        '<table:table table:name="a"><table:table-row><table:table-cell>'
        + "<text:p>x</text:p>" * 900_000
        + "</table:table-cell></table:table-row></table:table>"
    ),
    "tables.ods": lambda: ods('<table:table table:name="a"/>' * 300_000),
    "laughs.ods": lambda: ods('<table:table table:name="a">&i;</table:table>', LAUGHS),
    "laughs.wordxml.xml": lambda: word_xml("<w:p>&i;</w:p>", LAUGHS),
    "runs.wordxml.xml": lambda: word_xml("<w:p>" + "<w:r><w:t>a</w:t></w:r>" * 480_000 + "</w:p>"),
    "laughs.package.xml": lambda: packaged("<w:p>&i;</w:p>", LAUGHS),
    "runs.package.xml": lambda: packaged("<w:p>" + "<w:r><w:t>a</w:t></w:r>" * 480_000 + "</w:p>"),
    "pictures.package.xml": lambda: packaged(PICTURE * 150_000),
    "laughs.excelxml.xml": lambda: excel_xml("<Row><Cell><Data>&i;</Data></Cell></Row>", LAUGHS),
    "1e300.excelxml.xml": lambda: excel_xml(
        ("<Row>" + '<Cell><Data ss:Type="Number">1e300</Data></Cell>' * 100 + "</Row>") * 1900
    ),
    "spans.excelxml.xml": lambda: excel_xml(
        '<Row ss:Index="1048576" ss:Span="4294967295"><Cell ss:Index="999999999"/></Row>'
    ),
    "deep-rich-text.excelxml.xml": lambda: excel_xml(
        '<Row><Cell><ss:Data ss:Type="String" xmlns="http://www.w3.org/TR/REC-html40">'
        + "<B>" * 250
        + "a"
        + "</B>" * 250
        + "</ss:Data></Cell></Row>"
    ),
    # -- pages, archives, texts
    "deep.html": lambda: b"<html>" + b"<div>" * 1_000_000 + b"x",
    "deep-tables.html": lambda: b"<html>" + b"<table><tr><td>" * 300_000,
    "unclosed.html": lambda: b"<html>" + b"<b><i><font>" * 300_000,
    "entities.html": lambda: b"<html><p>" + b"&amp;&#x7532;" * 2_000_000,
    "one-tag.html": lambda: b"<html><p " + b"a" * 40_000_000,
    "quotes.html": lambda: b'<html><p title="' + b"<td>" * 490_000,
    "comments.html": lambda: b"<html>" + b"<!-- - -->" * 1_900_000,
    "options.html": lambda: b"<html><table><tr><td><select>" + b"<option>a" * 900_000,
    "spans.html": lambda: html_table(f"<tr><td rowspan={n}>a<td colspan=400>b" for n in range(14_000)),
    "styles.html": lambda: (
        b"<html><style>" + b".a{display:none}" * 900_000 + b"</style>" + b"<p class=a>x" * 40_000
    ),
    "classes.html": lambda: (
        b"<html><style>.a1{display:none}</style>"
        + (b'<p class="' + b" ".join(b"a%d" % n for n in range(900)) + b'">x') * 9000
    ),
    "quoted.mht": lambda: mht(b"<html>" + b"=E7=94=B2" * 5_000_000),
    "quoted-soft-breaks.mht": lambda: mht(b"<html><p>" + b"a=\n" * 12_000_000),
    "base64.mht": lambda: mht(b"\n".join([base64.b64encode(b"<html><p>" + b"x" * 48)] * 600_000), "base64"),
    "parts.mht": lambda: (
        b"MIME-Version: 1.0\nContent-Type: multipart/related; boundary=x\n\n" + b"--x\n\na\n" * 900_000
    ),
    "parts-within.mht": lambda: b"".join(
        b"MIME-Version: 1.0\nContent-Type: multipart/related; boundary=x%d\n\n--x%d\n" % (n, n)
        for n in range(20_000)
    ),
    "one-head.mht": lambda: mht(b"<p>x", head="X: " + "a" * 30_000_000 + "\n"),
    "heads.mht": lambda: mht(b"<p>x", head="X: a\n" * 3_000_000),
    "one-line.csv": lambda: b"a," * 100_000_000,
    "one-line-49-mb.csv": lambda: b"a" * (49 * 2**20),
    "quote-never-closed.csv": lambda: ",".join(HEADS).encode() + b'\n"' + b"a\n" * 20_000_000,
    "quotes.csv": lambda: ",".join(HEADS).encode() + b"\n" + b'"""",' * 9_000_000,
    "separators.csv": lambda: b"\n".join([b"a;b,c\td|e"] * 4_500_000),
    "utf-16.csv": lambda: ("甲,乙\n" * 4_000_000).encode("utf-16"),
    "blank-lines.txt": lambda: b"\n" * (40 * 2**20),
    "one-line.txt": lambda: "指标".encode() * 6_000_000,
    "drawn.txt": lambda: ("┼" * 700 + "\n").encode() * 700,
    "columns.txt": lambda: ("指标1    " * 500 + "\n").encode() * 900,
    "values.txt": lambda: "\n".join(
        f"{n}. 三级指标：修路{n}公里，指标值：≥{n}" for n in range(90_000)
    ).encode(),
    "no-encoding.txt": lambda: os.urandom(2**20).replace(b"\0", b"a") * 40,
    # -- PDF and OFD
    "objects-in-a-circle.pdf": lambda: in_objects(20, loops=True),
    "objects.pdf": lambda: in_objects(400_000, loops=False),
    "tree-of-pages.pdf": lambda: tree_of_pages(12, 30),
    "two-billion-pages.pdf": hidden_page_tree,
    "pages.pdf": lambda: pdf([Sheet(pdf_text(9, 9, "甲"))] * 9000),
    "forms-in-forms.pdf": lambda: forms_within(9, 9),
    "form-in-itself.pdf": lambda: forms_within(1, 1).replace(b"/X 101 0 R", b"/X 100 0 R"),
    "packed-50-times.pdf": lambda: raw_pdf(
        {
            1: b"<</Type/Catalog/Pages 2 0 R>>",
            2: b"<</Type/Pages/Count 1/Kids[3 0 R]>>",
            3: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Contents 4 0 R>>",
            4: stream(b"0 0 m " * 50_000_000, packs=3),
        }
    ),
    "lines.pdf": lambda: pdf([Sheet("0 0 m 9 9 l S\n" * 900_000)]),
    "letters.pdf": lambda: pdf([Sheet(pdf_text(9, 9, "甲" * 250_000))]),
    "letters-on-many.pdf": lambda: pdf([Sheet(pdf_text(9, 9, "甲" * 20_000))] * 200),
    "deep-arrays.pdf": lambda: raw_pdf({1: b"<</Type/Catalog/Pages " + b"[" * 2_000_000 + b">>"}),
    "saved-states.pdf": lambda: pdf([Sheet("q " * 3_000_000)]),
    "size-of-page.pdf": lambda: pdf([Sheet(pdf_text(9, 9, "甲"), size=(1e30, 1e30))] * 3),
    "grid.pdf": lambda: pdf(
        [Sheet("".join(f"{n / 2} 0 m {n / 2} 800 l S 0 {n / 2} m 600 {n / 2} l S\n" for n in range(1600)))]
        * 9
    ),
    "picture.pdf": lambda: pdf(
        [Sheet("q 600 0 0 800 0 0 cm /X Do Q", more="")],
        [
            stream(
                b"\0" * 90_000_000,
                "/Type/XObject/Subtype/Image/Width 30000/Height 3000/ColorSpace/DeviceGray"
                "/BitsPerComponent 8",
            )
        ],
    ).replace(b"/Font<</F 3 0 R>>", b"/XObject<</X 100 0 R>>"),
    "page-in-a-circle.ofd": lambda: ofd([""], **{"Doc_0/Document.xml": OFD_LOOP}),
    "pages-of-one.ofd": lambda: ofd(
        [ofd_text("甲", 9, 9)],
        **{"Doc_0/Document.xml": OFD_LOOP.replace("Document.xml", "Pages/Page_0/Content.xml")},
    ),
    "attachments.ofd": lambda: ofd(
        [ofd_text("甲", 9, 9)],
        **{f"Doc_0/Attachs/{n}.xml": b" " * 5_000_000 for n in range(12)},
    ),
    "documents-in-ofd.ofd": lambda: ofd(
        [""],
        **{
            "OFD.xml": OFD_HEAD
            + "<ofd:DocBody><ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot></ofd:DocBody>" * 9000
            + "</ofd:OFD>"
        },
    ),
    "template-in-itself.ofd": lambda: ofd(
        [ofd_text("甲", 9, 9)] * 200,
        template='<ofd:Template TemplateID="9"/>' + ofd_text("乙" * 400, 9, 9) * 20,
    ),
    "letters.ofd": lambda: ofd([ofd_text("甲" * 90, 9, 9) * 1000] * 4),
    "laughs.ofd": lambda: ofd([""], **{"OFD.xml": f"{LAUGHS}<x>&i;</x>"}),
    "deltas.ofd": lambda: ofd(
        [
            '<ofd:TextObject><ofd:TextCode DeltaX="'
            + "g 999999999 1 " * 90_000
            + '">甲乙</ofd:TextCode></ofd:TextObject>'
        ]
    ),
    # -- zips
    "zips-in-zips.zip": lambda: nested_zip(6),
    "one-member-10,000-times.zip": lambda: one_text_many_names(10_000),
    "names.zip": lambda: zipped({f"{n}.txt": b"" for n in range(60_000)}),
    "bombs.zip": lambda: zipped({f"{n}.csv": b"a," * 12_000_000 for n in range(3)}, packed=True),
    "gzip.txt": lambda: gzip.compress(b"a" * 90_000_000),
}
OFD_SPACE = 'xmlns:ofd="http://www.ofdspec.org/2016"'
OFD_HEAD = f"<ofd:OFD {OFD_SPACE}>"
OFD_LOOP = (
    f"<ofd:Document {OFD_SPACE}><ofd:CommonData><ofd:PageArea><ofd:PhysicalBox>0 0 210 297</ofd:PhysicalBox>"
    "</ofd:PageArea></ofd:CommonData><ofd:Pages>"
    + '<ofd:Page ID="1" BaseLoc="Document.xml"/>' * 290
    + "</ofd:Pages></ofd:Document>"
)


def many_sheets(count: int) -> bytes:
    """Return a workbook of many small sheets."""
    names = [f'<sheet name="S{n}" sheetId="{n}" r:id="r{n}"/>' for n in range(1, count)]
    related = [
        f'<Relationship Id="r{n}" Type="{RELATED}/worksheet" Target="worksheets/sheet{n}.xml"/>'
        for n in range(1, count)
    ]
    one = f"<worksheet {MAIN}><sheetData>{cells('<v>1</v>', 9, 9)}</sheetData></worksheet>"
    return zipped(
        {
            "_rels/.rels": ROOT_OF_WORKBOOK,
            "xl/workbook.xml": f"<workbook {MAIN} {R}><sheets>{''.join(names)}</sheets></workbook>",
            "xl/_rels/workbook.xml.rels": f"<Relationships {PACKAGED}>{''.join(related)}</Relationships>",
            **{f"xl/worksheets/sheet{n}.xml": one for n in range(1, count)},
        }
    )


# -- the run
# --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Measured:
    """What the command made of a file: its exit status, the code it said, seconds of the processor, MiB."""

    size: int
    status: int
    code: str
    seconds: float
    mib: float

    @property
    def within(self) -> bool:
        """Whether it was answered within the bounds."""
        answered = self.status in ENDS and self.code != "none"
        return answered and self.seconds <= BOUND and self.mib <= MOST_MIB


def measured(path: Path) -> Measured:
    """Run ``zhunsheng read`` on a file; return what it came to."""
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "zhunsheng", "read", str(path)], stdout=subprocess.DEVNULL, stderr=out
        )
        _pid, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        said = out.read().decode("utf8", "replace")
    code = re.search(r"ZS-[A-Z]{2}-\d\d", said)
    told = code[0] if code and process.returncode else "read" if process.returncode < 2 else "none"
    if "Traceback" in said:
        told = "none"
    seconds = used.ru_utime + used.ru_stime
    return Measured(path.stat().st_size, process.returncode, told, seconds, used.ru_maxrss / 1024)


HEAD = ("| file | KB | ended | seconds | MiB |", "|---|---:|---|---:|---:|")
INTRO = """## Hostile files, by the command

Read by `bench/hostile.py` ({day}, Python {python}): each of {count} files by `zhunsheng read FILE`, one after
the other. *Seconds* are those of the processor and *MiB* the most that one of its processes had, both with
the program itself (0.9 s and 77 MiB for a table of one page); *ended* is the code of the refusal, or *read*.
The bounds are {bound:.0f} seconds and {most} MiB; beyond them: {over}.

"""
MARKS = ("<!-- hostile -->", "<!-- /hostile -->")


def main() -> None:
    """Measure the files asked for and print a line for each; end with 1 where one is beyond the bounds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", default=())
    parser.add_argument("--keep", type=Path, help="a folder for the files")
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    lines, over = [], []
    print(*HEAD, sep="\n")
    with tempfile.TemporaryDirectory(prefix="zhunsheng-hostile-") as work:
        folder = given.keep or Path(work)
        folder.mkdir(parents=True, exist_ok=True)
        for name, make in FILES.items():
            if given.only and not any(one in name for one in given.only):
                continue
            path = folder / name
            # In a process of its own: what a process had counts as what its children have.
            making = multiprocessing.get_context("fork").Process(target=_made, args=(path, make))
            making.start()
            making.join()
            one = measured(path)
            if not given.keep:
                path.unlink()
            lines.append(
                f"| {name} | {one.size / 1000:,.0f} | {one.code} | {one.seconds:.1f} | {one.mib:.0f} |"
            )
            print(lines[-1] + ("" if one.within else " **over**"), flush=True)
            over += [] if one.within else [name]
    if given.write:
        _write(lines, over)
    sys.exit(bool(over))


def _made(path: Path, make: Callable[[], bytes]) -> None:
    path.write_bytes(make())


def _write(lines: list[str], over: list[str]) -> None:
    intro = INTRO.format(
        day=date.today().isoformat(),
        python=platform.python_version(),
        count=len(lines),
        bound=BOUND,
        most=MOST_MIB,
        over="、".join(over) or "none",
    )
    path = ROOT / "docs" / "benchmarks-fuzz.md"
    text = path.read_text("utf8")
    before, _mark, rest = text.partition(f"{MARKS[0]}\n")
    after = rest.partition(f"{MARKS[1]}\n")[2] if rest else ""
    table = "\n".join((*HEAD, *lines))
    path.write_text(f"{before}{MARKS[0]}\n{intro}{table}\n{MARKS[1]}\n{after}", "utf8")


if __name__ == "__main__":
    main()
