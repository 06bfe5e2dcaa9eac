"""Nonsense for every reader: values as offices might write them, documents, ledgers,
data files and API requests, all spoiled.

``python bench/fuzz.py`` reads 316,000 values and 10,000 documents and a share of each other kind,
from a seed, and prints what each kind came to: answers, refusals with a code, crashes, hangs, seconds,
memory. It ends with 1 where anything crashed or hung; ``--values``, ``--documents``,
``--others`` and ``--seed`` say how much and which; ``--only`` names kinds, and ``--write`` keeps the table in
docs/benchmarks-fuzz.md.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import copy
import csv
import io
import json
import os
import platform
import random
import re
import resource
import signal
import sys
import tempfile
import time
import traceback
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import yaml

from zhunsheng.errors import ZhunshengError
from zhunsheng.files.opening import open_bytes
from zhunsheng.intake import book_of
from zhunsheng.judgements import read_judgements
from zhunsheng.measures import measures, read_mapping
from zhunsheng.measures.definitions import load as load_measures
from zhunsheng.regulations import read_scheme
from zhunsheng.reports.docx import write_forms
from zhunsheng.reports.forms import target_form
from zhunsheng.reports.xlsx import write_workbook
from zhunsheng.review import review
from zhunsheng.sample.documents import write_documents
from zhunsheng.sample.ledgers import write_ledgers
from zhunsheng.targets import Book, Indicator
from zhunsheng.targets.editing import with_text
from zhunsheng.targets.fields import fields_of
from zhunsheng.targets.results import against
from zhunsheng.targets.value import TargetValue
from zhunsheng.targets.written import read_written
from zhunsheng.text import clean
from zhunsheng.usecases.importing import import_ledger
from zhunsheng.usecases.result import Run

BOUND = 10.0  # seconds of the processor that any one input may take
DAY = date(2021, 12, 31)
ENDINGS = ("docx", "xlsx", "html", "txt", "doc", "rtf", "ofd", "mht", "csv")
DATA = ("scheme", "measures", "mapping", "judgements", "plan", "inspectors", "results", "run")


class Hang(BaseException):
    """One input took longer than ``BOUND``; no reader may catch it as an error of its own."""


# -- nonsense
# ---------------------------------------------------------------------------------------------------------

NUMERALS = "零〇一二两三四五六七八九十百千万亿点壹贰叁拾佰仟廿卅半几余兆"
DIGITS = "0123456789０９٣۴४๕߃²³¹₂½⅔①㈠Ⅷ㊿𝟗𝟎𑁧"
_LISTED = (
    "百分之 千分之 成 % ％ ‰ 个百分点 倍 ≥ ≤ ≯ > < = 不低于 不超过 以上 以内 (含)以上 左右 约 至 - ~ — 到 每"
    "季度 每月 次 件 万元 元 亿 人次 个工作日 年 月 日 号 季度 上半年 年底前 2021年 12月底 2021-02-30 "
    "2021.13.1 44561 较上年增长 同比下降 负增长 未发生 无 没有 是 否 已完成 完成率 优 良 定性： 台账 人工填"
    "报 争议已采纳 第 分之 上年 计划 未 . , ， ; ； : （ ） ( ) [ ] / \\ \" ' + − e E9 nan inf 0x _ # = \t "
    "\n \x0b \x00 \u200b \u202e \ufeff \u0301 \U00020000 \U0001f4a9 \ue000 #DIV/0! =1+1"
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
                draw.choice(("", "<x>", "<w:tbl/>", "<tr>", "&e;", "<!-- -->")),
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


def spoiled_zip(data: bytes, draw: random.Random) -> bytes:
    """Return a zip of which members are changed, dropped, doubled, renamed, or whose own
    bytes are spoiled.
    """
    if draw.random() < 0.15:
        return spoiled_bytes(data, draw)
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as source,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        listed = source.infolist()
        telling = [
            m
            for m in listed
            if re.search(
                r"document\.xml$|sheet\d+\.xml|sharedStrings|\.rels$|workbook\.xml$|styles|\.txt$", m.filename
            )
        ]
        chosen = {m.filename for m in draw.choices(telling or listed, k=draw.randint(1, 2))}
        for member in listed:
            content, name = source.read(member), member.filename
            if name in chosen:
                what = draw.random()
                if what < 0.75:
                    content = spoiled_markup(content.decode("utf8", "replace"), draw).encode(
                        "utf8", "replace"
                    )
                elif what < 0.85:
                    content = spoiled_bytes(content, draw)
                elif what < 0.9:
                    continue
                elif what < 0.95:
                    name = draw.choice(
                        ("../" + name, name + "\x00x", "名" * 120, name.upper(), "CON", "a." * 200)
                    )
                else:
                    target.writestr(name, content[: len(content) // 2])
            with contextlib.suppress(ValueError):
                target.writestr(name, content)
    return stream.getvalue()


def spoiled_compound(data: bytes, draw: random.Random) -> bytes:
    """Return a compound file with numbers of its structure changed: of sectors, sizes, counts and places."""
    if draw.random() < 0.2:
        return spoiled_bytes(data, draw)
    found = bytearray(data)
    for _ in range(draw.randint(1, 10)):
        wide = draw.choice((1, 2, 4))
        at = draw.randrange(0, len(found) - wide)
        at -= at % wide
        number = draw.choice((0, 1, 0xFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFE, draw.randrange(2**32)))
        found[at : at + wide] = (number % 2 ** (8 * wide)).to_bytes(wide, "little")
    return bytes(found)


def spoiled_words(data: bytes, draw: random.Random) -> bytes:
    """Return RTF with control words changed, moved, dropped, and their numbers replaced."""
    if draw.random() < 0.2:
        return spoiled_bytes(data, draw)
    marks = list(re.finditer(rb"\\[a-z]+-?\d*|[{}]", data))
    found = data
    for mark in sorted(draw.sample(marks, min(len(marks), draw.randint(1, 12))), key=lambda m: -m.start()):
        word = re.match(rb"\\?[a-z]*", mark[0])
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
            )
        )
        found = found[: mark.start()] + new + found[mark.end() :]
    return found


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


# -- what is read
# -----------------------------------------------------------------------------------------------------


class Readers:
    """The readers, each with how to make an input for it: ``(makes, reads)`` by kind,
    on a sample made once in ``work``.
    """

    def __init__(self, work: Path) -> None:
        self.work = work
        paths = write_documents(work / "documents")
        self.documents = {e: paths[e].read_bytes() for e in ("docx", "txt")}
        book = book_of(open_bytes(self.documents["docx"], "目标.docx"))
        self.book = book
        write_workbook([(s.title(), target_form(s)) for s in book.sheets], work / "目标.xlsx")
        self.documents["xlsx"] = (work / "目标.xlsx").read_bytes()
        rows = "".join(
            "<tr>"
            + "".join(f'<td rowspan="{c.rows}" colspan="{c.columns}">{escape(c.text)}</td>' for c in row)
            + "</tr>"
            for s in book.sheets
            for row in target_form(s).rows
        )
        self.documents["html"] = f"<html><body><table>{rows}</table></body></html>".encode()
        self.documents |= _carriers(book, self.documents["html"])
        self.indicators = [i for s in book.sheets for i in s.indicators]
        self.ledgers = {p.name: p for p in write_ledgers(work / "ledgers", entities=60)}
        self.data = self._data(paths["judgements"])
        self.fields = {s.title(): list(fields_of(s)) for s in book.sheets}
        self.site: Any = None

    def _data(self, judgements: Path) -> dict[str, Any]:
        from importlib.resources import files

        from zhunsheng.sample.draw import inspectors, plan

        rules = files("zhunsheng.regulations") / "data" / "schemes" / "cn-2020-three.yaml"
        known = yaml.safe_load((files("zhunsheng.measures") / "catalogue.yaml").read_text("utf8"))
        one, other = self.indicators[0], self.indicators[1]
        return {
            "scheme": yaml.safe_load(rules.read_text("utf8")),
            "measures": known[:6],
            "mapping": [
                {"indicator": one.name, "measure": known[0]["id"]},
                {"indicator": other.name, "measure": None},
            ],
            "judgements": yaml.safe_load(judgements.read_text("utf8")),
            "plan": plan(),
            "inspectors": inspectors(1)[:5],
            "results": [
                {"id": "E1", "inspectors": ["A", "B"], "result": "合格", "inspected_on": "2021-05-01"}
            ],
            "run": {
                "format": "zhunsheng.run/1",
                "program": "0",
                "department": "x",
                "as_of": "2021-12-31",
                "final": True,
                "store": {"version": {}, "head": None},
                "scheme": {"id": "x", "citation": "x"},
                "results": [],
            },
        }

    def value(self, draw: random.Random) -> tuple[Any, ...]:
        """Return a value with what may stand beside it."""
        unit = draw.choice((None, "%", "次", "万元", "日", nonsense(draw)))
        op = draw.choice((None, None, "≥", "≤", "定性", nonsense(draw)))
        return nonsense(draw), op, unit, draw.choice((None, 2021)), draw.random() < 0.2

    def read_value(self, said: tuple[Any, ...]) -> None:
        """Read a value as a target, as a result, and as what a person types into a field;
        write it and read it again.
        """
        text, op, unit, year, dated = said
        one = TargetValue.parse(text, op=op, unit=unit, year=year, dated=dated)
        assert TargetValue.model_validate_json(one.model_dump_json()) == one
        one.words(), one.same(one), one.yearly
        Indicator(name=text or "x", unit=unit, target=one).type  # noqa: B018
        written = read_written(text, year=year, unit=unit, dated=dated)
        for n in (0, 7, 13):
            against(self.indicators[n % len(self.indicators)], None, None, written)
        against(Indicator(name="办件数", target=one), None, None, written)

    def field(self, draw: random.Random) -> tuple[Any, ...]:
        """Return a text for one field of a sheet."""
        sheet = draw.choice(self.book.sheets)
        return sheet, draw.choice(self.fields[sheet.title()]), nonsense(draw)

    def read_field(self, said: tuple[Any, ...]) -> None:
        """Put it there, and read the sheet as it is kept."""
        changed = with_text(*said)
        kept = Book(source=self.book.source, sheets=(changed,)).as_json()
        assert Book.from_json(json.loads(json.dumps(kept))).sheets[0] == changed

    def document(self, ending: str) -> Callable[[random.Random], tuple[bytes, str]]:
        """Return what makes a spoiled document of a kind."""

        def make(draw: random.Random) -> tuple[bytes, str]:
            data = self.documents[ending]
            if ending in ("docx", "xlsx", "ofd"):
                return spoiled_zip(data, draw), f"目标.{ending}"
            if ending == "doc":
                return spoiled_compound(data, draw), "目标.doc"
            if ending == "rtf":
                return spoiled_words(data, draw), "目标.rtf"
            if draw.random() < 0.2 or ending == "mht":
                return spoiled_bytes(data, draw), f"目标.{ending}"
            text = data.decode()
            if ending == "html":
                return spoiled_markup(text, draw, 20).encode("utf8", "replace"), f"目标.{ending}"
            lines = text.split("\n")
            for _ in range(draw.randint(1, 15)):
                at = draw.randrange(len(lines))
                lines[at] = draw.choice(
                    (nonsense(draw), lines[draw.randrange(len(lines))], lines[at] + nonsense(draw))
                )
            return "\n".join(lines).encode(
                draw.choice(("utf8", "utf8", "gb18030", "utf-16")), "replace"
            ), f"目标.{ending}"

        return make

    def read_document(self, said: tuple[bytes, str]) -> None:
        """Read it, review it, keep it as JSON; write the form of what changed most in Excel and Word."""
        book = book_of(open_bytes(*said))
        review(book)
        assert Book.from_json(json.loads(json.dumps(book.as_json()))) == book
        if len(said[0]) % 10 == 0 and book.sheets:
            forms = [target_form(s) for s in book.sheets[:2]]
            write_workbook([("表", f) for f in forms], self.work / "out.xlsx")
            write_forms(forms, self.work / "out.docx")

    def ledger(self, draw: random.Random) -> tuple[str, bytes]:
        """Return a spoiled ledger file under a name."""
        path = draw.choice(list(self.ledgers.values()))
        data, ending = path.read_bytes(), path.suffix
        if ending == ".xlsx":
            return path.name, spoiled_zip(data, draw)
        if draw.random() < 0.2:
            return path.name, spoiled_bytes(data, draw)
        lines = data.decode("utf8", "replace").split("\n")[:80]
        for _ in range(draw.randint(1, 10)):
            at = draw.randrange(len(lines))
            cells = lines[at].split(",")
            cells[draw.randrange(len(cells))] = draw.choice((nonsense(draw), f'"{nonsense(draw)}"', '"', ""))
            lines[at] = ",".join(cells)
        return path.name, "\n".join(lines).encode(
            draw.choice(("utf8", "utf8", "gb18030", "utf-16")), "replace"
        )

    def read_ledger(self, said: tuple[str, bytes]) -> None:
        """Import what is good of it into a store of its own, and write the marked copy."""
        with tempfile.TemporaryDirectory(dir=self.work) as folder:
            (path := Path(folder) / said[0]).write_bytes(said[1])
            import_ledger(Path(folder) / "store", path, good_rows=True, marked_in=Path(folder) / "marked")

    def data_file(self, kind: str) -> Callable[[random.Random], tuple[str, str]]:
        """Return what makes a spoiled data file of a kind."""

        def make(draw: random.Random) -> tuple[str, str]:
            data = spoiled_data(self.data[kind], draw)
            text = (
                json.dumps(data, ensure_ascii=False)
                if draw.random() < 0.5
                else yaml.safe_dump(data, allow_unicode=True)
            )
            what = draw.random()
            if what < 0.2:
                text = spoiled_bytes(text.encode("utf8", "replace"), draw).decode("utf8", "replace")
            elif what < 0.23:
                depth = draw.choice((50, 5000, 200_000))
                text = draw.choice(("[", "{a: ", "- ", "&a [*a, ")) * depth
            elif what < 0.25:
                text = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
                    f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 9)}]\n"
                    for n in range(12)
                )
            return kind, text

        return make

    def read_data(self, said: tuple[str, str]) -> None:
        """Read it by the reader of its kind."""
        from zhunsheng.draws.reading import read_inspectors, read_plan, read_results
        from zhunsheng.faults import parsed

        kind, text = said
        (path := self.work / f"{kind}.yaml").write_text(text, "utf8", errors="replace")
        if kind == "scheme":
            read_scheme(text, path.name)
        elif kind == "measures":
            load_measures(text, path.name)
        elif kind == "run":
            with contextlib.suppress(yaml.YAMLError):
                Run.read(parsed(text))
        else:
            readers = {
                "judgements": read_judgements,
                "plan": read_plan,
                "inspectors": read_inspectors,
                "results": read_results,
            }
            read_mapping(path, measures()) if kind == "mapping" else readers[kind](path)

    def request(self, draw: random.Random) -> tuple[Any, ...]:
        """Return a request for the API: method, address, body, type, headers."""
        if self.site is None:
            self.site = _site(self.work)
        text = nonsense(draw)
        place = draw.choice((str(self.site[1]), "1", "0", "-1", "²", "9" * 30, text))
        paths = (
            "departments",
            f"departments/{place}/sheets",
            f"departments/{place}/findings",
            f"departments/{place}/reviews",
            f"departments/{place}/documents",
            f"departments/{place}/ledgers/{draw.choice(('complaints', text))}",
            f"departments/{place}/batches",
            f"departments/{place}/assessment",
            f"departments/{place}/draws",
            "ledgers",
            f"jobs/{place}",
            f"jobs/{place}/marked",
            "public",
            text,
        )
        names = ("year", "limit", "offset", "good_rows", "reason", text[:20])
        query = {
            n: draw.choice((number(draw), nonsense(draw), "2021", "true")) for n in draw.sample(names, 3)
        }
        json_body = json.dumps(spoiled_data(self.data["judgements"], draw))
        body: Any = draw.choice(
            (
                b"",
                json_body.encode(),
                draw.randbytes(200),
                b"[" * 100_000,
                b"--x\r\n\r\n",
                b"file=x&year=2021",
            )
        )
        kind = draw.choice(
            (
                "application/json",
                "multipart/form-data; boundary=x",
                "multipart/form-data",
                "text/plain; charset=²",
                "application/x-www-form-urlencoded",
                "application/json; charset=utf-16",
                "",
                "x",
            )
        )
        if draw.random() < 0.5:
            name, content = (
                self.ledger(draw) if draw.random() < 0.5 else ("目标.txt", text.encode("utf8", "replace"))
            )
            name = draw.choice(
                (name, "长" * 300 + ".csv", "CON", "NUL.txt", "a\x00.csv", "..", "x. ", "=1.csv")
            )
            safe = name.replace("\x00", "%00").replace('"', "")
            head = f'--x\r\nContent-Disposition: form-data; name="file"; filename="{safe}"\r\n\r\n'
            body, kind = head.encode() + content + b"\r\n--x--\r\n", "multipart/form-data; boundary=x"
        headers = {"HTTP_IDEMPOTENCY_KEY": text[:300]} if draw.random() < 0.2 else {}
        return (
            draw.choice(("get", "post", "post", "put")),
            paths[draw.randrange(len(paths))],
            query,
            body,
            kind,
            headers,
        )

    def read_request(self, said: tuple[Any, ...]) -> None:
        """Send it; the answer is no 5xx."""
        from urllib.parse import quote, urlencode

        client, _place, secret = self.site
        method, path, query, body, kind, headers = said
        query = urlencode(
            {k.encode("utf8", "replace"): v.encode("utf8", "replace") for k, v in query.items()}
        )
        url = f"/api/{quote(path.encode('utf8', 'replace'))}?{query}"
        sent = {"HTTP_AUTHORIZATION": f"Bearer {secret}", **headers}
        answer = client.generic(method.upper(), url, body, content_type=kind, **sent)
        assert answer.status_code < 500, (answer.status_code, answer.content[:300])
        assert b"Traceback" not in (b"" if answer.streaming else answer.content)

    def kinds(self) -> Iterator[tuple[str, str, Callable[..., Any], Callable[..., Any]]]:
        """Yield the kinds: name, group (values, documents, others), what makes an input, what reads it."""
        yield "value", "values", self.value, self.read_value
        yield "field", "others", self.field, self.read_field
        for ending in ENDINGS:
            yield ending, "documents", self.document(ending), self.read_document
        yield "ledger", "others", self.ledger, self.read_ledger
        for kind in DATA:
            yield kind, "others", self.data_file(kind), self.read_data
        yield "api", "others", self.request, self.read_request


def _carriers(book: Book, page: bytes) -> dict[str, bytes]:
    """Return documents of the formats that are read and not written, kept for tests or made here."""
    kept = Path(__file__).parent.parent / "tests" / "golden" / "carriers" / "merged-nested-tracked"
    rows = [["一级指标", "二级指标", "三级指标", "指标值"]]
    rows += [
        [i.level1 or "", i.level2 or "", i.name, i.target.raw] for s in book.sheets for i in s.indicators
    ]
    cells = io.StringIO()
    csv.writer(cells).writerows(rows)
    head = b"MIME-Version: 1.0\nContent-Type: multipart/related; boundary=b\n\n--b\n"
    part = b"Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: base64\n\n"
    return {
        "doc": kept.with_suffix(".doc").read_bytes(),
        "rtf": kept.with_suffix(".rtf").read_bytes(),
        "ofd": (kept.parent / "merged.ofd").read_bytes(),
        "mht": head + part + base64.encodebytes(page) + b"--b--\n",
        "csv": cells.getvalue().encode(),
    }


def _site(work: Path) -> tuple[Any, int, str]:
    """Start a site of one department in a folder of its own; return a client, the department's id and a
    token.
    """
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "zhunsheng.web.settings",
        "ZHUNSHENG_DATA": str(work / "site"),
        "ZHUNSHENG_HTTPS": "0",
    }
    import logging

    import django

    django.setup()
    logging.disable(logging.CRITICAL)
    from django.conf import settings
    from django.core.management import call_command
    from django.test import Client

    from zhunsheng.web.actor import acting
    from zhunsheng.web.models import ApiToken, Membership, Organisation, User
    from zhunsheng.web.scopes import SCOPES

    settings.ALLOWED_HOSTS = ["testserver"]
    settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
    call_command("migrate", verbosity=0)
    with acting("fuzz", ""):
        city = Organisation.objects.create(name="市", kind="city")
        district = Organisation.objects.create(name="区", kind="district", parent=city)
        place = Organisation.objects.create(name="局", kind="department", parent=district)
        user = User.objects.create(username="fuzz")
        Membership.objects.create(user=user, organisation=place, role="staff")
        _token, secret = ApiToken.issue(user, "fuzz", list(SCOPES), 1)
    return Client(raise_request_exception=False), place.pk, secret


# -- the run
# ----------------------------------------------------------------------------------------------------------


HEAD = (
    "| kind | inputs | read | refused | crashed | hung | seconds | slowest | peak MiB |",
    "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
)
DOC_INTRO = """# Nonsense for every reader

Read by `make fuzz` (`bench/fuzz.py`, seed {seed}) on {day}, Python {python}. Each line is one kind of input,
made from the
sample and spoiled: its bytes, the members of its zip, its markup, its texts. *Refused* is an error with a
code, *crashed* any
other exception or a process that ends, *hung* more than {bound:.0f} seconds of the processor for one input.
Memory is the whole process from its start.

"""


def _overdue(*_: Any) -> None:
    raise Hang


def run(
    kind: str, count: int, seed: int, make: Callable[..., Any], read: Callable[..., Any]
) -> dict[str, Any]:
    """Read ``count`` inputs of a kind; return counts, seconds, the slowest and the memory,
    and one input of each crash.
    """
    draw = random.Random(f"{seed}-{kind}")
    ends: Counter[str] = Counter()
    crashes: dict[str, str] = {}
    slowest, started = 0.0, time.process_time()
    signal.signal(signal.SIGPROF, _overdue)
    for _ in range(count):
        said = make(draw)
        begun = time.process_time()
        signal.setitimer(signal.ITIMER_PROF, BOUND)
        try:
            read(said)
            ends["read"] += 1
        except ZhunshengError as error:
            ends["refused" if error.code != "ZS-CL-99" else "crashed"] += 1
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            ends["hung" if isinstance(error, Hang) else "crashed"] += 1
            last = [f for f in traceback.extract_tb(error.__traceback__) if "zhunsheng" in f.filename][-1:]
            where = f"{Path(last[0].filename).name}:{last[0].lineno}" if last else ""
            crashes.setdefault(f"{type(error).__name__} {where}", f"{str(error)[:300]} ← {str(said)[:400]}")
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
        slowest = max(slowest, time.process_time() - begun)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "kind": kind,
        "count": count,
        **ends,
        "seconds": time.process_time() - started,
        "slowest": slowest,
        "MiB": memory,
        "crashes": crashes,
    }


def main() -> None:
    """Run the kinds asked for and print a line each; end with 1 where one crashed or hung."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--values", type=int, default=316_000)
    parser.add_argument("--documents", type=int, default=10_000)
    parser.add_argument("--others", type=int, default=1_000, help="inputs of each other kind")
    parser.add_argument("--seed", type=int, default=2021)
    parser.add_argument("--only", nargs="*", default=())
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    counts = {"values": given.values, "documents": given.documents // len(ENDINGS), "others": given.others}
    bad = 0
    warnings.simplefilter("ignore")  # of zipfile, for the names doubled on purpose
    with tempfile.TemporaryDirectory(prefix="zhunsheng-fuzz-") as work:
        table = list(HEAD)
        print("\n".join(HEAD))
        for kind, group, make, read in Readers(Path(work)).kinds():
            if given.only and kind not in given.only:
                continue
            found = run(kind, counts[group], given.seed, make, read)
            cells = [kind, *(found.get(k, 0) for k in ("count", "read", "refused", "crashed", "hung"))]
            table.append(
                f"| {' | '.join(map(str, cells))} | {found['seconds']:.0f} | {found['slowest']:.2f} | "
                f"{found['MiB']:.0f} |"
            )
            print(table[-1], flush=True)
            for what, example in found["crashes"].items():
                print(f"    {what}: {example!r}", file=sys.stderr, flush=True)
            bad += found.get("crashed", 0) + found.get("hung", 0)
    if given.write:
        intro = DOC_INTRO.format(
            seed=given.seed, bound=BOUND, python=platform.python_version(), day=date.today().isoformat()
        )
        path = Path("docs/benchmarks-fuzz.md")
        # What fuzz_ledgers.py wrote there stays.
        _before, mark, rest = path.read_text("utf8").partition("\n<!-- ledgers -->\n")
        path.write_text(intro + "\n".join(table) + "\n" + mark + rest, "utf8")
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
