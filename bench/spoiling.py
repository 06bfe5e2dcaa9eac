"""Spoil what offices write: texts, and documents of every format by the parts that they are made of.

Each takes the chance that it draws from, so that a seed and a number give the same input again.
"""

from __future__ import annotations

import base64
import contextlib
import copy
import io
import json
import random
import re
import struct
import sys
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from lxml import etree

from zhunsheng.files.compound import Compound, UnfitCompound
from zhunsheng.text import clean

sys.path.append(str(Path(__file__).resolve().parent.parent / "tests"))

from compounds import compound

# -- texts

NUMERALS = "零〇一二两三四五六七八九十百千万亿点壹贰叁拾佰仟廿卅半几余兆"
DIGITS = "0123456789０９٣۴४๕߃²³¹₂½⅔①㈠Ⅷ㊿𝟗𝟎𑁧"
_LISTED = (
    "百分之 千分之 成 % ％ ‰ 个百分点 倍 ≥ ≤ ≯ > < = 不低于 不超过 以上 以内 (含)以上 左右 约 至 - ~ — 到 每"
    "季度 每月 次 件 万元 元 亿 人次 个工作日 年 月 日 号 季度 上半年 年底前 2021年 12月底 2021-02-30 "
    "2021.13.1 44561 较上年增长 同比下降 负增长 未发生 无 没有 是 否 已完成 完成率 优 良 定性： 台账 人工填"
    "报 争议已采纳 第 分之 上年 计划 未 . , ， ; ； : （ ） ( ) [ ] / \\ \" ' + − e E9 nan inf 0x _ # = \t "
    "\n \x0b \x00 \u200b \u202e \ufeff \u0301 \U00020000 \U0001f4a9 \ue000 #DIV/0! =1+1 "
    "项目名称 绩效目标 一级指标 产出指标 数量指标 指标值 总体目标 目标1： 其中：财政拨款 合计 序号 一、 □ ☑"
)
WORDS = _LISTED.split(" ")


def nonsense(draw: random.Random) -> str:
    """Return one text of pieces that offices write, in an order that nobody would;
    now and then a very long one.
    """
    found = []
    for _ in range(draw.randint(1, 8)):
        kind = draw.random()
        if kind < 0.3:
            found.append("".join(draw.choices(NUMERALS, k=draw.randint(1, 5))))
        elif kind < 0.55:
            found.append(
                "".join(draw.choices(DIGITS[:10] if draw.random() < 0.6 else DIGITS, k=draw.randint(1, 5)))
            )
        elif kind < 0.95:
            found.append(draw.choice(WORDS))
        else:
            found.append(chr(draw.choice((draw.randint(0, 0xD7FF), draw.randint(0xE000, 0x10FFFF)))))
    if draw.random() < 0.001:
        found *= draw.choice((50, 4000))
    return "".join(found)


def number(draw: random.Random) -> str:
    """Return a number that files carry in their structure, and shouldn't."""
    return draw.choice(
        ("-1", "0", "1e9", "99999999999", "2147483648", "abc", "²", "٣", "", "9" * 400, "0x10", "1.5")
    )


def spoiled_lines(text: str, draw: random.Random) -> str:
    """Return a text of lines with some put in another's place, changed, doubled, cut, joined or parted by
    other signs.
    """
    lines = text.split("\n")
    for _ in range(draw.randint(1, 15)):
        at = draw.randrange(len(lines))
        cells = re.split("([\t,;|│]|  +)", lines[at])
        lines[at : at + 1] = draw.choice(
            (
                [nonsense(draw)],
                [lines[draw.randrange(len(lines))]],
                [lines[at] + nonsense(draw)],
                [lines[at]] * draw.choice((2, 2, 300)),
                [],
                [lines[at].replace(",", draw.choice("\t;|，\u3000"))],
                ['"' + lines[at]],
                ["".join(draw.sample(cells, len(cells)))],
                [lines[at] * draw.choice((2, 40))],
                [draw.choice("┌│├+-|=─\t ") * draw.choice((3, 500))],
            )
        )
        lines = lines or [""]
    return "\n".join(lines)


def encoded(text: str, draw: random.Random) -> bytes:
    """Return a text in one of the encodings that offices use."""
    return text.encode(draw.choice(("utf8", "utf8", "utf-8-sig", "gb18030", "utf-16", "big5")), "replace")


# -- bytes


def spoiled_bytes(data: bytes, draw: random.Random) -> bytes:
    """Return bytes with a few flipped, cut, doubled or put in."""
    found = bytearray(data)
    for _ in range(draw.randint(1, 6)):
        at = draw.randrange(len(found) + 1)
        what = draw.random()
        if what < 0.4:
            found[at : at + 1] = bytes([draw.randrange(256)])
        elif what < 0.6:
            del found[at : at + draw.randint(1, 2000)]
        elif what < 0.8:
            found[at:at] = found[at : at + draw.randint(1, 200)]
        else:
            found[at:at] = draw.randbytes(draw.randint(1, 40))
    return bytes(found)


def spoiled_numbers(data: bytes, draw: random.Random, places: Sequence[int] = ()) -> bytes:
    """Return bytes of which some numbers of one, two or four bytes are others: at ``places``, or anywhere."""
    found = bytearray(data)
    for _ in range(draw.randint(1, 8)):
        wide = 4 if places else draw.choice((1, 2, 4))
        if len(found) < wide:
            break
        at = draw.choice(places) if places else draw.randrange(0, len(found) - wide + 1) // wide * wide
        other = draw.choice(places) if places else draw.randrange(0, len(found) - wide + 1)
        new = draw.choice(
            (0, 1, 0xFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFE, draw.randrange(2**32), None, len(data))
        )
        raw = bytes(found[other : other + wide]) if new is None else new.to_bytes(4, "little")[:wide]
        if at + wide <= len(found):
            found[at : at + wide] = raw.ljust(wide, b"\0")
    return bytes(found)


# -- markup


def spoiled_markup(text: str, draw: random.Random, count: int | None = None) -> str:
    """Return XML or HTML with texts, attributes and elements changed: mostly still well formed."""
    for _ in range(count or draw.randint(1, 8)):
        what = draw.random()
        if what < 0.55:
            pattern, new = r">[^<>]+<", f">{escape(clean(nonsense(draw)))}<"
        elif what < 0.75:
            pattern, new = r'="[^"]*"', f'="{number(draw)}"'
        elif what < 0.85:
            pattern, new = r"<[a-z:A-Z]+[^<>]*/>", ""
        elif what < 0.92:
            pattern, new = (
                r"</?[a-z:A-Z]+[^<>]*>",
                draw.choice(
                    ("", "<x>", "<w:tbl/>", "<tr>", "&e;", "<!-- -->", "<select><option>", "<td colspan=9>")
                ),
            )
        else:
            start = draw.randrange(len(text) + 1)
            piece = text[start : start + draw.randint(1, 3000)]
            text = text[:start] + piece + text[start:]
            continue
        places = list(re.finditer(pattern, text))
        if places:
            one = draw.choice(places)
            text = text[: one.start()] + new + text[one.end() :]
    return text


_MOST_NODES = 40_000  # so that a tree doubled within itself stays a file that someone could send


def spoiled_tree(data: bytes, draw: random.Random) -> bytes:
    """Return XML with elements dropped, doubled, moved, nested, renamed, and their attributes and texts
    others' or nonsense: always well formed.
    """
    try:
        root = etree.fromstring(data, etree.XMLParser(resolve_entities=False))
    except etree.XMLSyntaxError:
        return spoiled_bytes(data, draw)
    for _ in range(draw.randint(1, 8)):
        nodes = [n for n in root.iter() if isinstance(n.tag, str)]
        one, other = draw.choice(nodes), draw.choice(nodes)
        within = one.getparent()
        match draw.randrange(9):
            case 0:
                with contextlib.suppress(ValueError):
                    one.text = clean(nonsense(draw))
            case 1 if one.attrib:
                key = draw.choice(list(one.attrib))
                values = [number(draw), *other.attrib.values(), clean(nonsense(draw))]
                with contextlib.suppress(ValueError):
                    one.set(key, draw.choice(values))
            case 2 if within is not None:
                within.remove(one)
            case 3 if within is not None:
                size = sum(1 for _ in one.iter())
                for _ in range(min(draw.choice((1, 1, 3, 200)), (_MOST_NODES - len(nodes)) // size)):
                    within.insert(within.index(one), copy.deepcopy(one))
            case 4 if len(nodes) + sum(1 for _ in one.iter()) < _MOST_NODES:
                other.append(copy.deepcopy(one))
            case 5:
                for _ in range(draw.choice((1, 5, 60, 300))):
                    inner = etree.SubElement(one, draw.choice((one.tag, other.tag)))
                    inner.text = one.text
                    one = inner
            case 6:
                one.tag = other.tag
            case 7:
                one.text, other.text = other.text, one.text
            case _:
                for key, value in other.attrib.items():
                    one.set(key, value)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)


def spoiled_xml(data: bytes, draw: random.Random) -> bytes:
    """Return a file of XML with its tree, its text or its bytes spoiled."""
    what = draw.random()
    if what < 0.6:
        return spoiled_tree(data, draw)
    if what < 0.85:
        return spoiled_markup(data.decode("utf8", "replace"), draw).encode("utf8", "replace")
    return spoiled_bytes(data, draw)


# -- zips

_TELLING = re.compile(
    r"document\.xml$|sheet\d+\.xml|sharedStrings|\.rels$|workbook\.xml$|styles|numbering|\.txt$|[Cc]ontent\.xml$|"
    r"Document\.xml$|OFD\.xml$|settings\.xml$|vbaProject"
)
_ODD_NAMES = ("名" * 120, "CON", "a." * 200, "a\x00x", "/etc/x", "C:\\x", "x\u202edoc", ".")


def spoiled_zip(data: bytes, draw: random.Random) -> bytes:
    """Return a zip of which members are changed, dropped, doubled, renamed, or whose own
    bytes are spoiled.
    """
    if draw.random() < 0.15:
        return spoiled_bytes(data, draw)
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as source,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as target,
    ):
        listed = source.infolist()
        telling = [m for m in listed if _TELLING.search(m.filename)]
        chosen = {m.filename for m in draw.choices(telling or listed, k=draw.randint(1, 3))}
        for member in listed:
            content, name = source.read(member), member.filename
            if name in chosen:
                what = draw.random()
                if what < 0.45:
                    content = spoiled_tree(content, draw)
                elif what < 0.7:
                    content = spoiled_markup(content.decode("utf8", "replace"), draw).encode(
                        "utf8", "replace"
                    )
                elif what < 0.8:
                    content = spoiled_bytes(content, draw)
                elif what < 0.85:
                    content = source.read(draw.choice(listed))
                elif what < 0.9:
                    continue
                elif what < 0.95:
                    name = draw.choice(("../" + name, name.upper(), name + "\x00x", *_ODD_NAMES))
                else:
                    target.writestr(name, content[: len(content) // 2])
            with contextlib.suppress(ValueError):
                target.writestr(name, content)
    found = stream.getvalue()
    return spoiled_directory(found, draw) if draw.random() < 0.1 else found


def spoiled_directory(data: bytes, draw: random.Random) -> bytes:
    """Return a zip whose lists of members state other sizes, methods, flags, sums and places."""
    heads = [m.start() for m in re.finditer(rb"PK\x01\x02|PK\x03\x04|PK\x05\x06", data)]
    return spoiled_numbers(data, draw, [head + draw.randrange(4, 46) for head in heads])


def packed(documents: Sequence[tuple[bytes, str]], draw: random.Random) -> bytes:
    """Return a zip of documents, some under names that no document should have, now and then a zip in it."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", draw.choice((zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED))) as target:
        for n, (data, name) in enumerate(documents):
            what = draw.random()
            if what < 0.2:
                name = draw.choice((*_ODD_NAMES, "../" + name, f"夹/{name}", f"~${name}", f"{n}.zip"))
            elif what < 0.3:  # as tools of Windows write names: GBK, and nothing that says so
                name = name.encode("gbk").decode("cp437")
            with contextlib.suppress(ValueError):
                target.writestr(name, data)
                if what > 0.95:
                    target.writestr(f"{n}.zip", stream.getvalue())
    found = stream.getvalue()
    what = draw.random()
    return (
        spoiled_directory(found, draw) if what < 0.2 else spoiled_bytes(found, draw) if what < 0.3 else found
    )


# -- compound files (OLE)

_STREAMS = ("WordDocument", "1Table", "0Table", "Data", "Workbook", "Book")


def spoiled_compound(data: bytes, draw: random.Random) -> bytes:
    """Return a compound file with other sectors, chains and entries, or other records of a stream in it."""
    what = draw.random()
    if what < 0.1:
        return spoiled_bytes(data, draw)
    if what < 0.2:
        return spoiled_numbers(data, draw)
    if what < 0.45:
        return spoiled_numbers(data, draw, _structure(data))
    try:
        whole = Compound(data)
        streams = {name: whole.stream(name) for name in _STREAMS if name in whole}
    except UnfitCompound:
        return spoiled_bytes(data, draw)
    one = draw.choice(list(streams))
    streams[one] = {"WordDocument": spoiled_fib, "Workbook": spoiled_records, "Book": spoiled_records}.get(
        one, lambda raw, chance: spoiled_numbers(raw, chance, range(0, len(raw) - 4, 4))
    )(streams[one], draw)
    if draw.random() < 0.05:
        del streams[draw.choice(list(streams))]
    return compound(streams)


def _structure(data: bytes) -> list[int]:
    """Return the places of the numbers that hold a compound file together: of its head, of the table of
    sectors, and of the entries.
    """
    size = 512
    first, tables = struct.unpack_from("<I", data, 48)[0], struct.unpack_from("<8I", data, 76)
    places = [*range(28, 108, 4)]
    places += [(t + 1) * size + n for t in tables if t < len(data) // size for n in range(0, size, 4)]
    places += [(first + 1) * size + e + n for e in range(0, size, 128) for n in (64, 68, 72, 76, 116, 120)]
    return [place for place in places if place + 4 <= len(data)]


def spoiled_fib(stream: bytes, draw: random.Random) -> bytes:
    """Return the main stream of Word 97 with counts and places of its head changed ([MS-DOC] 2.5), or its
    text cut or spoiled.
    """
    what = draw.random()
    if what < 0.4:  # how many characters stand where
        return spoiled_numbers(stream, draw, range(0x40, 0x9A, 4))
    if what < 0.8:  # where in the table stream each part lies, and how long it is
        return spoiled_numbers(stream, draw, range(0x9A, min(0x382, len(stream) - 4), 4))
    return spoiled_bytes(stream, draw)


def spoiled_records(stream: bytes, draw: random.Random) -> bytes:
    """Return a workbook of Excel 97 with records dropped, doubled, moved, of another kind, length or content
    ([MS-XLS] 2.1.4).
    """
    records, at = [], 0
    while at + 4 <= len(stream):
        kind, size = struct.unpack_from("<2H", stream, at)
        records.append((kind, size, stream[at + 4 : at + 4 + size]))
        at += 4 + size
    for _ in range(draw.randint(1, 8)):
        n = draw.randrange(len(records))
        kind, size, content = records[n]
        match draw.randrange(7):
            case 0 if len(records) > 1:
                del records[n]
            case 1:
                records[n:n] = [records[n]] * draw.choice((1, 1, 300))
            case 2:
                records.insert(draw.randrange(len(records)), records[n])
            case 3:
                records[n] = (draw.choice(records)[0], size, content)
            case 4:
                records[n] = (kind, draw.choice((0, size + 1, 0xFFFF, 8224)), content)
            case 5:
                records[n] = (kind, size, spoiled_numbers(content, draw))
            case _:
                other = draw.choice(records)[2]
                records[n] = (kind, len(other), other)
    return b"".join(struct.pack("<2H", kind, size) + content for kind, size, content in records)


# -- RTF


def spoiled_words(data: bytes, draw: random.Random) -> bytes:
    """Return RTF with control words changed, moved, dropped, their numbers replaced, groups doubled or
    nested, letters of other encodings.
    """
    if draw.random() < 0.2:
        return spoiled_bytes(data, draw)
    marks = list(re.finditer(rb"\\[a-z]+-?\d*|\\'[0-9a-f]{2}|[{}]", data))
    found = data
    for mark in sorted(draw.sample(marks, min(len(marks), draw.randint(1, 12))), key=lambda m: -m.start()):
        word = re.match(rb"\\?[a-z]*", mark[0])
        piece = data[mark.start() : mark.start() + draw.randint(1, 800)]
        new = draw.choice(
            (
                b"",
                b"{",
                b"}",
                draw.choice(marks)[0],
                (word[0] if word else b"") + number(draw).encode("ascii", "replace"),
                b"\\trowd\\cellx-5\\cellx99999999999\\row",
                b"\\itap9\\nestcell",
                b"\\bin7 ",
                b"\\u-70000 ",
                b"{\\*\\shppict" * draw.choice((1, 60)),
                b"\\ansicpg%d " % draw.choice((0, 65001, 1361, 99999)),
                piece * draw.choice((1, 2, 60)),
                rtf_text(nonsense(draw)),
            )
        )
        found = found[: mark.start()] + new + found[mark.end() :]
    return found


def rtf_text(text: str) -> bytes:
    """Return a text as RTF writes it."""
    units = text.encode("utf-16-le", "replace")
    return b"".join(b"\\u%d?" % code for (code,) in struct.iter_unpack("<h", units))


# -- PDF

_OBJECT = re.compile(rb"(\d+) 0 obj(.*?)endobj", re.DOTALL)
_STREAM = re.compile(rb"(.*?)stream\r?\n(.*)\r?\nendstream", re.DOTALL)


def spoiled_pdf(data: bytes, draw: random.Random) -> bytes:
    """Return a PDF of which objects have other entries, numbers, references or drawing commands, are dropped,
    doubled, or stand in a circle; its table of places is right, mostly.
    """
    if draw.random() < 0.15:
        return spoiled_bytes(data, draw)
    objects = {int(m[1]): m[2] for m in _OBJECT.finditer(data)}
    trailer = re.search(rb"trailer\s*<<(.*?)>>\s*startxref", data, re.DOTALL)
    if not objects or trailer is None:
        return spoiled_bytes(data, draw)
    for _ in range(draw.randint(1, 6)):
        n = draw.choice(list(objects))
        stream = _STREAM.match(objects[n])
        what = draw.random()
        if what < 0.08 and len(objects) > 1:
            del objects[n]
        elif what < 0.15:
            objects[n] = objects[draw.choice(list(objects))]
        elif stream and what < 0.75:
            objects[n] = _spoiled_stream(stream[1], stream[2], draw)
        else:
            head = stream[1] if stream else objects[n]
            objects[n] = spoiled_entries(head, draw, list(objects)) + objects[n][len(head) :]
    out, places = b"%PDF-1.7\n", {}
    for n, said in objects.items():
        places[n] = len(out) + (draw.randint(-9, 9) if draw.random() < 0.002 else 0)
        out += b"%d 0 obj" % n + said + b"endobj\n"
    table = b"".join(b"%d 1\n%010d 00000 n \n" % (n, max(0, at)) for n, at in sorted(places.items()))
    tail = b"trailer<<" + trailer[1] + b">>\nstartxref\n%d\n%%%%EOF\n" % len(out)
    return out + b"xref\n0 1\n0000000000 65535 f \n" + table + tail


def spoiled_entries(said: bytes, draw: random.Random, numbers: Sequence[int]) -> bytes:
    """Return an object's entries with a number, a name, a reference or a whole entry another's."""
    pieces = re.split(rb"(/[A-Za-z0-9]+|-?\d+ 0 R|-?\d+(?:\.\d+)?|<<|>>|\[|\])", said)
    at = [n for n, piece in enumerate(pieces) if n % 2 and piece not in (b"<<", b">>")]
    for n in draw.sample(at, min(len(at), draw.randint(1, 3))):
        if pieces[n].endswith(b" R"):
            pieces[n] = b"%d 0 R" % draw.choice((*numbers, 0, 99999))
        elif pieces[n].startswith(b"/"):
            pieces[n] = draw.choice((pieces[draw.choice(at)], b"/Kids", b"/Length 99", b"/XObject", b""))
        else:
            pieces[n] = draw.choice((number(draw).encode(), b"[" * draw.choice((1, 900)), b"1e30", b"-1"))
    return b"".join(pieces)


def _spoiled_stream(head: bytes, raw: bytes, draw: random.Random) -> bytes:
    """Return a stream with drawing commands changed where it can be unpacked, else with bytes spoiled."""
    try:
        content = zlib.decompress(raw) if b"FlateDecode" in head else raw
    except zlib.error:
        return head + b"stream\n" + spoiled_bytes(raw, draw) + b"\nendstream"
    content = (spoiled_drawing if draw.random() < 0.8 else spoiled_bytes)(content, draw)
    again = zlib.compress(content) if b"FlateDecode" in head else content
    head = re.sub(rb"/Length \d+(?: 0 R)?", b"/Length %d" % len(again), head)
    return head + b"stream\n" + again + b"\nendstream"


_OPERATORS = (
    b"q",
    b"Q",
    b"cm",
    b"Tm",
    b"Td",
    b"Tf",
    b"Tj",
    b"TJ",
    b"re",
    b"m",
    b"l",
    b"S",
    b"f",
    b"Do",
    b"BT",
)


def spoiled_drawing(content: bytes, draw: random.Random) -> bytes:
    """Return drawing commands with numbers, operators and lines others', doubled many times or dropped."""
    lines = content.split(b"\n")
    for _ in range(draw.randint(1, 12)):
        n = draw.randrange(len(lines))
        pieces = lines[n].split(b" ")
        p = draw.randrange(len(pieces))
        match draw.randrange(6):
            case 0:
                pieces[p] = draw.choice((number(draw).encode(), b"-1e9", b"0", b"0.0001"))
            case 1:
                pieces[p] = draw.choice(_OPERATORS)
            case 2:
                lines[n:n] = lines[n : n + draw.randint(1, 30)] * draw.choice((1, 3, 100))
                continue
            case 3 if len(lines) > 1:
                del lines[n]
                continue
            case 4:
                lines[n], lines[-1] = lines[-1], lines[n]
                continue
            case _:
                pieces = draw.sample(pieces, len(pieces))
        lines[n] = b" ".join(pieces)
    return b"\n".join(lines)


# -- web archives

_HEADS = (
    b"Content-Type: text/html; charset=%s",
    b"Content-Type: multipart/related; boundary=%s",
    b"Content-Transfer-Encoding: %s",
    b"Content-Location: %s",
    b"MIME-Version: %s",
)
_SAID = (
    *(b"utf-8", b"gbk", b"big5", b"utf-7", b"punycode", b"idna", b"zip", b"unicode_escape", b"utf-16", b"hz"),
    *(b"base64", b"quoted-printable", b"8bit", b"x-uuencode", b"binary", b'"', b"", b"b", b"\xff", b"1.0"),
)


def spoiled_message(data: bytes, draw: random.Random) -> bytes:
    """Return a web archive with heads, boundaries, encodings or the page itself changed."""
    if draw.random() < 0.2:
        return spoiled_bytes(data, draw)
    head, mark, body = data.partition(b"\n\n--")
    pieces = re.split(rb"(\r?\n\r?\n)", body)
    longest = max(range(len(pieces)), key=lambda n: len(pieces[n]))
    with contextlib.suppress(ValueError):
        coded, end, rest = pieces[longest].partition(b"\n--")
        page = spoiled_markup(base64.b64decode(coded).decode("utf8", "replace"), draw, 12)
        pieces[longest] = (
            base64.encodebytes(page.encode(draw.choice(("utf8", "gbk")), "replace")) + end + rest
        )
    said = mark + b"".join(pieces)
    if draw.random() < 0.5:
        lines = said.split(b"\n")
        for _ in range(draw.randint(1, 4)):
            at = draw.randrange(min(len(lines), 12))
            new = draw.choice(_HEADS) % draw.choice(_SAID)
            lines[at : at + draw.randint(0, 1)] = [new] * draw.choice((1, 1, 1, 200))
        said = b"\n".join(lines)
    return head + said


# -- plain data


def spoiled_data(data: Any, draw: random.Random) -> Any:
    """Return plain data of which some values are another type, missing, huge, deep or doubled."""
    data = json.loads(json.dumps(data, default=str))
    odd = (
        None,
        True,
        -1,
        1.5,
        1e308,
        10**30,
        "",
        [],
        {},
        [[]],
        {"x": 1},
        "²",
        "1e999999999",
        "9" * 5000,
        "\x00",
        "nan",
        "inf",
    )
    for _ in range(draw.randint(1, 4)):
        node = data
        while isinstance(node, dict | list) and node:
            key = draw.choice(list(node)) if isinstance(node, dict) else draw.randrange(len(node))
            if isinstance(node[key], dict | list) and node[key] and draw.random() < 0.85:
                node = node[key]
                continue
            what = draw.random()
            if what < 0.5:
                node[key] = copy.deepcopy(draw.choice(odd))
            elif what < 0.75:
                node[key] = nonsense(draw)
            elif what < 0.85:
                del node[key]
            elif isinstance(node, dict):
                node[nonsense(draw)] = copy.deepcopy(node[key])
            else:
                node.append(copy.deepcopy(node[key]))
            break
    return data
