"""Nonsense for every reader: values as offices might write them, documents of every format, ledgers,
data files and API requests, all spoiled (see ``spoiling``).

``python bench/fuzz.py`` goes round the kinds for an hour (``--seconds``), from a seed, and prints what each
came to: inputs, answers, refusals by code, crashes, hangs, seconds, memory. They are read in
processes copied from one that has everything loaded, so that one that ends is told and the next input read,
and nothing is started for an input. It ends with 1 where anything crashed, hung or
took too much memory; ``--only`` names kinds, ``--at kind:number`` reads one input again, ``--keep`` is a
folder for the inputs that failed, and ``--write`` keeps the table in docs/benchmarks-fuzz.md.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import io
import json
import multiprocessing
import os
import platform
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

import yaml
from lxml import etree

from bed.layouts import document as laid_out
from bed.noise import noise_of
from bed.office import FILTERS, convert
from bed.writers import write as write_page
from spoiling import (
    encoded,
    nonsense,
    number,
    packed,
    spoiled_bytes,
    spoiled_compound,
    spoiled_data,
    spoiled_lines,
    spoiled_markup,
    spoiled_message,
    spoiled_pdf,
    spoiled_words,
    spoiled_xml,
    spoiled_zip,
)
from zhunsheng.errors import ZhunshengError
from zhunsheng.files import pdf, pdfium
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
from zhunsheng.usecases.importing import import_ledger
from zhunsheng.usecases.many_documents import is_many, read_one, tasks_in
from zhunsheng.usecases.result import Run

ROOT = Path(__file__).resolve().parent.parent
BOUND = 5.0  # seconds of the processor that one input may take
MOST_MIB = 300  # of the process that reads it
ROOM = 1536 * 2**20  # bytes of addresses a reader of documents may take, so that no input takes the machine's
SILENT = 240.0  # seconds by the clock after which a process that says nothing is ended
TURN = 3.0  # seconds by the clock that a kind is read at a time
RESTED = 20_000  # inputs after which a process is copied anew, so that what it keeps does not count as theirs
DAY = date(2021, 12, 31)
ENDINGS = (
    *("docx", "docm", "doc", "wps", "rtf", "odt", "wordxml", "xlsx", "xlsm", "xls", "et", "ods"),
    *("excelxml", "csv", "tsv", "html", "mht", "pdf", "ofd", "txt"),
)
DOCUMENTS = ("value", *ENDINGS, "zip")
LARGE = ("ledger", "api")  # which load databases and the site: each has a process
SEEDS = ("beijing", "packed-cells", "gansu-stairs", "money-by-source", "transfers-book", "department-prose")
DATA = ("scheme", "measures", "mapping", "judgements", "plan", "inspectors", "results", "run")


Kinds = dict[str, tuple[Callable[..., Any], Callable[..., Any]]]


class Hang(BaseException):
    """One input took longer than ``BOUND``; no reader may catch it as an error of its own."""


# -- what is read
# -----------------------------------------------------------------------------------------------------


class Readers:
    """The readers, each with how to make an input for it: ``(makes, reads)`` by kind,
    on a sample made once in ``work``.
    """

    def __init__(self, work: Path) -> None:
        self.work = work
        paths = write_documents(work / "documents")
        book = book_of(open_bytes(paths["docx"].read_bytes(), "目标.docx"))
        self.book = book
        write_workbook([(s.title(), target_form(s)) for s in book.sheets], work / "目标.xlsx")
        self.documents = seeds(work / "seeds")
        self.documents["docx"].append(paths["docx"].read_bytes())
        self.documents["txt"].append(paths["txt"].read_bytes())
        self.documents["xlsx"].append((work / "目标.xlsx").read_bytes())
        self.indicators = [i for s in book.sheets for i in s.indicators]
        self.data = self._data(paths["judgements"])
        self.fields = {s.title(): list(fields_of(s)) for s in book.sheets}
        self.site: Any = None

    @cached_property
    def ledgers(self) -> dict[str, Path]:
        """Sample ledgers by name: made where they are first asked for, since what writes and reads them keeps
        threads, which a process forked later would not have.
        """
        return {p.name: p for p in write_ledgers(self.work / f"ledgers-{os.getpid()}", entities=60)}

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
            return spoiled(draw.choice(self.documents[ending]), ending, draw), f"目标.{ending}"

        return make

    def pack(self, draw: random.Random) -> bytes:
        """Return a zip of documents of some kinds, spoiled and not."""
        found = []
        for n in range(draw.randint(1, 5)):
            ending = draw.choice(ENDINGS)
            data = draw.choice(self.documents[ending])
            if draw.random() < 0.6:
                data = spoiled(data, ending, draw)
            found.append((data, f"{n}.{draw.choice((ending, ending, ending, draw.choice(ENDINGS)))}"))
        return packed(found, draw)

    def read_pack(self, said: bytes) -> None:
        """Read every document in a zip, as ``read_many`` does in its processes."""
        (path := self.work / "目标.zip").write_bytes(said)
        if not is_many(path):
            book_of(open_bytes(said, path.name))
            return
        count, tasks = tasks_in(path)
        for task in tasks:
            with contextlib.suppress(ZhunshengError):
                count -= 1
                if task.error is None:
                    read_one(task, True)
        assert count == 0

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
            self.site = _site(self.work / f"site-{os.getpid()}")
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

    def kinds(self) -> Iterator[tuple[str, Callable[..., Any], Callable[..., Any]]]:
        """Yield the kinds: name, what makes an input, what reads it."""
        yield "value", self.value, self.read_value
        for ending in ENDINGS:
            yield ending, self.document(ending), self.read_document
        yield "zip", self.pack, self.read_pack
        yield "field", self.field, self.read_field
        yield "ledger", self.ledger, self.read_ledger
        for kind in DATA:
            yield kind, self.data_file(kind), self.read_data
        yield "api", self.request, self.read_request


def spoiled(data: bytes, ending: str, draw: random.Random) -> bytes:
    """Return a document spoiled by the parts that its format is made of."""
    match ending:
        case "docx" | "docm" | "odt" | "xlsx" | "xlsm" | "ods" | "ofd":
            return spoiled_zip(data, draw)
        case "wordxml" | "excelxml":
            return spoiled_xml(data, draw)
        case "doc" | "wps" | "xls" | "et":
            return spoiled_compound(data, draw)
        case "rtf":
            return spoiled_words(data, draw)
        case "pdf":
            return spoiled_pdf(data, draw)
        case "mht":
            return spoiled_message(data, draw)
    if draw.random() < 0.2:
        return spoiled_bytes(data, draw)
    text = data.decode("utf8", "replace")
    return encoded(spoiled_markup(text, draw, 20) if ending == "html" else spoiled_lines(text, draw), draw)


def seeds(folder: Path) -> dict[str, list[bytes]]:
    """Return sound documents of every format: some layouts of the test bed, with its noise, and what is kept
    for tests. Formats that only an office suite writes are made where one is installed.
    """
    found: dict[str, list[bytes]] = {ending: [] for ending in ENDINGS}
    sources: dict[str, list[Path]] = {ending: [] for ending in ENDINGS}
    for layout in SEEDS:
        draw = random.Random(layout)
        page = laid_out(layout, draw, noise_of(draw, 1.0))
        for ending in ("docx", "xlsx", "html", "txt", "csv", "mht", "ofd"):
            (place := folder / layout).mkdir(parents=True, exist_ok=True)
            sources[ending].append(write_page(page, ending, place, draw))
            found[ending].append(sources[ending][-1].read_bytes())
    if shutil.which("soffice"):
        for ending, (source, _filter) in FILTERS.items():
            found[ending] = [path.read_bytes() for path in convert(sources[source], ending)]
    kept = ROOT / "tests" / "golden" / "carriers" / "merged-nested-tracked"
    for ending in ("doc", "wps"):
        found[ending].append(kept.with_suffix(".doc").read_bytes())
    found["rtf"].append(kept.with_suffix(".rtf").read_bytes())
    found["ofd"].append((kept.parent / "merged.ofd").read_bytes())
    for ending in ("xls", "et"):
        found[ending].append((ROOT / "tests" / "golden" / "shown-values.xls").read_bytes())
    found["pdf"].append(_drawn())
    found["tsv"] = [data.replace(b",", b"\t") for data in found["csv"]]
    found["docm"] = [_with_macros(data, "word") for data in found["docx"]]
    found["xlsm"] = [_with_macros(data, "xl") for data in found["xlsx"]]
    found["ods"] = found["ods"] or [(ROOT / "tests" / "wild" / "26-office.ods").read_bytes()]
    found["odt"].append((kept.parent / "signs-and-struck.odt").read_bytes())
    found["wordxml"] += [_in_one_file(data) for data in found["docx"]]
    found["excelxml"].append(_excel_xml())
    return found


ROWS = [["一级指标", "二级指标", "三级指标", "指标值"]]
ROWS += [["产出指标", "数量指标", f"检测{n}样品", f"≥{n}批"] for n in range(1, 30)]


def _drawn() -> bytes:
    """Return a PDF of a ruled table, as tests draw it."""
    from pdfs import Sheet, pdf, table

    return pdf([Sheet(table(ROWS, (40, 140, 240, 400, 540), 800))] * 2)


def _excel_xml() -> bytes:
    """Return the table as Excel 2003 writes it in one file."""
    rows = ["".join(f'<Cell><Data ss:Type="String">{cell}</Data></Cell>' for cell in row) for row in ROWS]
    cells = "".join(f"<Row>{row}</Row>" for row in rows)
    space = "urn:schemas-microsoft-com:office:spreadsheet"
    sheet = f'<Worksheet ss:Name="表"><Table>{cells}</Table></Worksheet>'
    return f'<?xml version="1.0"?><Workbook xmlns="{space}" xmlns:ss="{space}">{sheet}</Workbook>'.encode()


def _in_one_file(docx: bytes) -> bytes:
    """Return a document of Word as the package in one file that Word writes for "Word XML"."""
    space = "http://schemas.microsoft.com/office/2006/xmlPackage"
    package = etree.Element(f"{{{space}}}package", nsmap={"pkg": space})
    with zipfile.ZipFile(io.BytesIO(docx)) as archive:
        for name in archive.namelist():
            if name.endswith((".xml", ".rels")) and name != "[Content_Types].xml":
                one = etree.SubElement(package, f"{{{space}}}part", {f"{{{space}}}name": f"/{name}"})
                etree.SubElement(one, f"{{{space}}}xmlData").append(etree.fromstring(archive.read(name)))
    return etree.tostring(package, xml_declaration=True, encoding="UTF-8", standalone=True)


def _with_macros(data: bytes, folder: str) -> bytes:
    stream = io.BytesIO(data)
    with zipfile.ZipFile(stream, "a") as archive:
        archive.writestr(f"{folder}/vbaProject.bin", b"\xd0\xcf\x11\xe0" + b"Attribute VB_Name" * 9)
    return stream.getvalue()


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
    "| kind | inputs | read | refused | crashed | hung | over {most} MiB | seconds | slowest | peak MiB |",
    "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
)
DOC_INTRO = """# Nonsense for every reader

Read by `make fuzz` (`bench/fuzz.py`, seed {seed}, {clock:,.0f} seconds by the clock, {processor:,.0f} of the
processor, {day}, Python {python}). Each line is one kind of input, made from sound ones and spoiled by the
parts that its format is made of (`bench/spoiling.py`): members of a zip and its directory, nodes of XML and
HTML, sectors, entries and chains of a compound file, the head and table of Word 97, the records of Excel 97,
control words of RTF, objects and drawing commands of PDF, heads and parts of a web archive, lines and
separators of texts, and bytes of each. *Refused* is an error with a code, *crashed* any other exception or a
process that ends, *hung* more than {bound:.0f} seconds of the processor for one input, *over* more than
{most} MiB for one input, the {base:.0f} MiB of the program itself included; *slowest* in seconds of the
processor.

"""


@dataclass
class Tally:
    """What the inputs of a kind came to so far."""

    ends: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    slowest: float = 0.0
    mib: float = 0.0
    failures: dict[str, int] = field(default_factory=dict)  # the number of an input by what happened

    @property
    def inputs(self) -> int:
        """How many were read, or tried to."""
        return sum(self.ends.values()) - self.ends["over"]

    def line(self, kind: str) -> str:
        """Return the row of the table."""
        counts = (self.ends[k] for k in ("read", "refused", "crashed", "hung", "over"))
        cells = [f"{n:,}" for n in (self.inputs, *counts)]
        return f"| {kind} | {' | '.join(cells)} | {self.seconds:.0f} | {self.slowest:.2f} | {self.mib:.0f} |"


def _overdue(*_: Any) -> None:
    raise Hang


def _peak() -> float:
    """Return the most memory that this process had since ``_forget_peak``, in MiB."""
    with Path("/proc/self/status").open() as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def _forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def read_input(
    seed: int, kind: str, n: int, make: Callable[..., Any], read: Callable[..., Any]
) -> tuple[str, str, float, float]:
    """Read the input of a kind by its number; return how it ended, the code or what happened, seconds of the
    processor and peak MiB.
    """
    said = make(random.Random(f"{seed}-{kind}-{n}"))
    signal.signal(signal.SIGPROF, _overdue)
    _forget_peak()
    begun = time.process_time()
    signal.setitimer(signal.ITIMER_PROF, BOUND)
    try:
        read(said)
        end, what = "read", ""
    except ZhunshengError as error:
        end, what = ("crashed" if error.code == "ZS-CL-99" else "refused"), error.code
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        last = [f for f in traceback.extract_tb(error.__traceback__) if "zhunsheng" in f.filename][-1:]
        where = f"{Path(last[0].filename).name}:{last[0].lineno}" if last else ""
        end = "hung" if isinstance(error, Hang) else "crashed"
        what = f"{type(error).__name__} {where} {str(error)[:200]}"
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return end, what, time.process_time() - begun, _peak()


def _reading(pipe: Connection, at: Any, seed: int, first: Sequence[int], until: float, kinds: Kinds) -> None:
    """Read inputs of kinds by turns, each from its first number on, until a time; tell of each after it was
    read, and in ``at`` (kind, number) which one is.
    """
    gc.freeze()  # what the sample takes is looked through no more
    if all(kind in DOCUMENTS for kind in kinds):
        resource.setrlimit(resource.RLIMIT_AS, (ROOM, resource.RLIM_INFINITY))
    numbers = list(first)
    told = 0
    while told < RESTED:
        for at[0], (kind, (make, read)) in enumerate(kinds.items()):
            ends = time.monotonic() + TURN
            while (now := time.monotonic()) < min(ends, until):
                at[1] = numbers[at[0]]
                pipe.send((kind, at[1], read_input(seed, kind, at[1], make, read)))
                numbers[at[0]] += 1
                told += 1
            if now >= until:
                pipe.send(None)
                return


class Reader:
    """A process that reads inputs of some kinds, copied from this one and copied again where it ended:
    nothing is started or imported for an input.
    """

    def __init__(self, seed: int, kinds: Kinds, tallies: dict[str, Tally], until: float) -> None:
        self.seed, self.kinds, self.tallies, self.until = seed, kinds, tallies, until
        self.at = multiprocessing.get_context("fork").Array("q", 2, lock=False)
        self.start()

    def start(self) -> None:
        """Let it go on with the numbers that were not read."""
        forked = multiprocessing.get_context("fork")
        self.pipe, its = forked.Pipe(duplex=False)
        first = [self.tallies[kind].inputs for kind in self.kinds]
        self.heard = time.monotonic()
        given = (its, self.at, self.seed, first, self.until, self.kinds)
        self.process = forked.Process(target=_reading, args=given)  # it may have children
        self.process.start()
        its.close()

    def hear(self) -> bool:
        """Count what it tells; say whether it is done."""
        try:
            told = self.pipe.recv()
        except EOFError:
            self.process.join()
            if self.process.exitcode != 0:
                kind = list(self.kinds)[self.at[0]]
                what = f"process ended with {self.process.exitcode}"
                _count(self.tallies[kind], kind, self.at[1], ("crashed", what, 0.0, 0.0))
            self.start()
            return False
        if told is None:
            self.process.join()
            return True
        self.heard = time.monotonic()
        kind, n, done = told
        _count(self.tallies[kind], kind, n, done)
        return False

    def end_silent(self) -> None:
        """End it where it says nothing any more."""
        if time.monotonic() - self.heard > SILENT:
            self.process.kill()


def read_all(seed: int, kinds: Kinds, seconds: float) -> dict[str, Tally]:
    """Read inputs of all kinds for some seconds by the clock, in as many processes as there are cores for
    documents and one for what else is read; return what they came to.
    """
    tallies = {kind: Tally() for kind in kinds}
    documents = [kind for kind in kinds if kind in DOCUMENTS]
    cores = max(1, os.cpu_count() or 1)
    groups = [documents[n::cores] for n in range(cores)] + [[kind] for kind in kinds if kind in LARGE]
    groups.append([kind for kind in kinds if kind not in (*DOCUMENTS, *LARGE)])
    until = time.monotonic() + seconds
    readers = [
        Reader(seed, {kind: kinds[kind] for kind in group}, tallies, until) for group in groups if group
    ]
    while readers:
        ready = wait([one.pipe for one in readers], timeout=1)
        readers = [one for one in readers if one.pipe not in ready or not one.hear()]
        for one in readers:
            one.end_silent()
    return tallies


def _told_by_a_copy(data: bytes, what: Sequence[str]) -> tuple[int, bytes]:
    """Do what ``zhunsheng.files.pdf`` asks of its process by a copy of this one, within the same bounds."""
    out, into = os.pipe()
    if not (pid := os.fork()):
        status = 1
        try:
            resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            with os.fdopen(into, "wb") as stream:
                stream.write(pdfium.answer(data, what))
            status = 0
        finally:
            os._exit(status)
    os.close(into)
    with os.fdopen(out, "rb") as stream:
        answer = stream.read()
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), answer


def _count(tally: Tally, kind: str, n: int, done: tuple[str, str, float, float]) -> None:
    end, what, seconds, mib = done
    tally.ends[end] += 1
    failed = "" if end in ("read", "refused") else what
    if end == "refused":
        tally.codes[what] += 1
    if mib > MOST_MIB:
        tally.ends["over"] += 1
        failed = failed or f"over {mib:.0f} MiB"
    if failed and failed not in tally.failures:
        tally.failures[failed] = n
        print(f"    {kind}:{n} {failed}", file=sys.stderr, flush=True)
    tally.seconds += seconds
    tally.slowest, tally.mib = max(tally.slowest, seconds), max(tally.mib, mib)


def shown(tallies: dict[str, Tally]) -> str:
    """Return the table of all kinds, and how many inputs were refused by each code."""
    rows = [HEAD[0].format(most=MOST_MIB), HEAD[1], *(t.line(kind) for kind, t in tallies.items())]
    whole = Tally(
        sum((t.ends for t in tallies.values()), Counter()),
        seconds=sum(t.seconds for t in tallies.values()),
        slowest=max(t.slowest for t in tallies.values()),
        mib=max(t.mib for t in tallies.values()),
    )
    codes = [
        f"- {kind}: " + ", ".join(f"{code} {n:,}" for code, n in t.codes.most_common())
        for kind, t in tallies.items()
        if t.codes
    ]
    return "\n".join([*rows, whole.line("all"), "", "Refused, by code:", "", *codes]) + "\n"


def main() -> None:
    """Go round the kinds asked for and print a table; end with 1 where anything failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3600, help="by the clock, of all kinds")
    parser.add_argument("--seed", type=int, default=2021)
    parser.add_argument("--only", nargs="*", default=())
    parser.add_argument("--at", help="kind:number of one input, which is read again")
    parser.add_argument("--keep", type=Path, help="a folder for inputs that failed")
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    warnings.simplefilter("ignore")  # of zipfile, for the names doubled on purpose
    os.environ["RUST_BACKTRACE"] = "0"
    with tempfile.TemporaryDirectory(prefix="zhunsheng-fuzz-") as work:
        readers = Readers(Path(work))
        kinds = {kind: (make, read) for kind, make, read in readers.kinds() if _asked(kind, given)}
        if given.at:
            kind, _, n = given.at.partition(":")
            if given.keep:
                keep(given.keep, given.seed, kind, int(n), kinds[kind][0])
            print(read_input(given.seed, kind, int(n), *kinds[kind]))
            return
        base = _peak()
        begun = time.monotonic()
        pdf._asked = _told_by_a_copy
        tallies = read_all(given.seed, kinds, given.seconds)
        table = shown(tallies)
        print(table)
        if given.write:
            _write(
                table, given.seed, time.monotonic() - begun, sum(t.seconds for t in tallies.values()), base
            )
        if given.keep:
            for kind, tally in tallies.items():
                for n in tally.failures.values():
                    keep(given.keep, given.seed, kind, n, kinds[kind][0])
    sys.exit(any(t.failures for t in tallies.values()))


def _asked(kind: str, given: argparse.Namespace) -> bool:
    return given.at.startswith(f"{kind}:") if given.at else not given.only or kind in given.only


def keep(folder: Path, seed: int, kind: str, n: int, make: Callable[..., Any]) -> None:
    """Write an input of a kind to a folder: its bytes, or what is read, written out."""
    said = make(random.Random(f"{seed}-{kind}-{n}"))
    folder.mkdir(parents=True, exist_ok=True)
    data = next(
        (part for part in (said if isinstance(said, tuple) else (said,)) if isinstance(part, bytes)), None
    )
    (folder / f"{n}.{kind}").write_bytes(repr(said).encode() if data is None else data)


def _write(table: str, seed: int, clock: float, processor: float, base: float) -> None:
    intro = DOC_INTRO.format(
        seed=seed,
        clock=clock,
        processor=processor,
        bound=BOUND,
        most=MOST_MIB,
        base=base,
        python=platform.python_version(),
        day=date.today().isoformat(),
    )
    path = ROOT / "docs" / "benchmarks-fuzz.md"
    # What fuzz_ledgers.py wrote there stays.
    _before, mark, rest = path.read_text("utf8").partition("\n<!-- ledgers -->\n")
    path.write_text(intro + table + mark + rest, "utf8")


if __name__ == "__main__":
    main()
