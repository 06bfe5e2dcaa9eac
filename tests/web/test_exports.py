"""Everything that is exported: no text runs as a formula, each file is what its name says,
nothing is kept on the way.
"""

from __future__ import annotations

import ast
import csv
import io
import re
import zipfile
from pathlib import Path

import openpyxl
import pytest
from addresses import POSTED, TABLE
from django.db.models import QuerySet
from django.urls import reverse

from zhunsheng.evidence import check_file, ledgers, marked_copy, write_template
from zhunsheng.sample.documents import write_documents
from zhunsheng.text import csv_text
from zhunsheng.web.models import (
    Checkpoint,
    DrawTask,
    Publication,
    SafeguardRecord,
    SelfEvaluation,
    SheetVersion,
)
from zhunsheng.web.services import registers
from zhunsheng.web.services.draws import results
from zhunsheng.web.services.publishing import acts

SRC = Path(__file__).parents[2] / "src" / "zhunsheng"
RUNS = (
    "=1+1",
    "+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "＝1+1",
    "{=1+1}",
    "http://a/b",
    '=HYPERLINK("x")',
)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def hostile(data, at=0):
    """The same data with something that would run in every text of words (those that nobody parses)."""
    if isinstance(data, dict):
        return {k: hostile(v, at + n) if k not in KEPT else v for n, (k, v) in enumerate(data.items())}
    if isinstance(data, list):
        return [hostile(v, at + n) for n, v in enumerate(data)]
    return f"{RUNS[at % len(RUNS)]}{data}" if isinstance(data, str) and data else data


KEPT = {
    "id",
    "kind",
    "op",
    "value",
    "unit",
    "per",
    "relative",
    "doubts",
    "by",
    "cumulative",
    "total",
    "fiscal",
    "other",
    "operator",
    "direction",
    "nature",
    "weight",
    "year",
}


def cells_that_run(content, name):
    """What of an exported file a spreadsheet would run: formulas and links of a workbook,
    cells of a csv that begin so.
    """
    if name.endswith(".csv"):
        rows = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
        return [
            c
            for row in rows
            for c in row
            if re.match("[=+\\-@\t\r\n＝＋－＠]", c) and not re.fullmatch("[+-]?[0-9][0-9.,]*[%‰一-鿿]*", c)
        ]
    book = openpyxl.load_workbook(io.BytesIO(content))
    found = [
        c.coordinate
        for sheet in book
        for row in sheet.iter_rows()
        for c in row
        if c.data_type == "f" or c.hyperlink
    ]
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return found + [n for n in archive.namelist() if "externalLink" in n or b"<f>" in archive.read(n)]


@pytest.fixture
def spoilt(department, user):
    """The sample with something that would run in every text that people write."""
    # Past the records themselves, which would not have it: what was approved is bound.
    for version in SheetVersion.objects.filter(sheet__department=department):
        QuerySet(SheetVersion).filter(pk=version.pk).update(body=hostile(version.body))
    department.name = "=1+1局"
    department.save()
    for record in SafeguardRecord.objects.filter(department=department):
        data = {k: f"=1+1{v}" if v and not v[:1].isdigit() else v for k, v in record.data.items()}
        QuerySet(SafeguardRecord).filter(pk=record.pk).update(data=data)
    for task in DrawTask.objects.filter(draw__department=department).exclude(inspected_on=None)[:3]:
        task.name = task.note = "@SUM(1)"
        task.save()
    return department


def exports(department):
    """Every address that gives a csv or a workbook, of everything that has one."""
    here = {"department": department.pk, "year": 2021}
    found = [reverse("portfolio-export") + "?year=2021"]
    for ledger in ledgers():
        page = reverse("ledger", kwargs={**here, "ledger": ledger})
        found += [
            f"{page}?export=xlsx",
            f"{page}?export=csv",
            reverse("template", kwargs={**here, "ledger": ledger}),
        ]
    found += [
        reverse("target-xlsx", args=[v.pk]) for v in SheetVersion.objects.filter(sheet__department=department)
    ]
    found += [
        reverse("checkpoint-xlsx", args=[c.pk]) for c in Checkpoint.objects.filter(department=department)
    ]
    found += [
        reverse("selfeval-file", args=[e.pk, "table.xlsx"])
        for e in SelfEvaluation.objects.filter(department=department)
    ]
    found += [reverse("open-data", args=[p.pk, "csv"]) for p in Publication.objects.filter(state="published")]
    return found


def test_no_export_runs_anything(spoilt, sign_in, user):
    version = SheetVersion.objects.filter(sheet__department=spoilt, sheet__kind="project", state="approved")[
        0
    ]
    acts.decide(acts.ask("targets", version, user("caiwu")), user("juzhang"), "publish.approve")
    seen = set()
    for url in exports(spoilt):
        who = "caizheng" if "portfolio" in url else "keyuan"
        answer = sign_in(who).get(url)
        assert answer.status_code == 200, url
        name = answer["Content-Disposition"]
        ending = "csv" if answer["Content-Type"].startswith("text/csv") else "xlsx"
        assert answer["Content-Type"] == (XLSX if ending == "xlsx" else "text/csv; charset=utf-8"), url
        assert name.rstrip('"').endswith(f".{ending}") and answer["X-Content-Type-Options"] == "nosniff", url
        assert cells_that_run(answer.content, f"x.{ending}") == [], url
        seen.add((re.sub("[0-9]+", "", url.split("?")[0]), ending))
    assert len(seen) > 8
    for register in registers.registers().values():
        if register.ledger and registers.counted(register, spoilt):
            assert cells_that_run(registers.as_ledger(register, spoilt), "x.csv") == [], register.id
    draw = DrawTask.objects.filter(draw__department=spoilt).exclude(inspected_on=None)[0].draw
    assert cells_that_run(results.ledger_file(draw), "x.csv") == []


def test_a_marked_copy_of_a_strangers_workbook_runs_nothing(tmp_path):
    ledger = ledgers()["entities"]
    template = tmp_path / f"{ledger.title}.xlsx"
    write_template(ledger, template)
    book = openpyxl.load_workbook(template)
    sheet = book.worksheets[0]
    for n, column in enumerate(ledger.columns, start=1):
        sheet.cell(2, n, "=1+1" if column.type == "text" else "坏")
        sheet.cell(3, n, '=WEBSERVICE("http://a")')
    book.properties.lastModifiedBy = "zhangsan"
    book.save(template)
    with check_file(template, ledger, "B0001") as checked:
        copy = marked_copy(checked, tmp_path / "out")
    assert cells_that_run(copy.read_bytes(), copy.name) == []
    assert openpyxl.load_workbook(copy).properties.lastModifiedBy is None


def test_every_csv_and_workbook_is_written_by_the_one_way():
    """Nobody writes a csv but ``text.csv_text``, nobody opens a workbook for writing but with ``AS_TEXT``."""
    wrong = []
    for path in SRC.rglob("*.py"):
        where = path.relative_to(SRC).as_posix()
        for node in ast.walk(ast.parse(path.read_text("utf8"))):
            if not isinstance(node, ast.Call):
                continue
            said = ast.unparse(node)
            if said.startswith(("csv.writer(", "csv.DictWriter(")) and where != "text.py":
                wrong.append(f"{where}: {said[:60]}")
            if (
                "xlsxwriter.Workbook(" in said.split(")")[0]
                and "AS_TEXT" not in said
                and "options" not in said
            ):
                wrong.append(f"{where}: {said[:60]}")
            if said.startswith(("openpyxl.Workbook(",)) and not where.startswith("sample/"):
                wrong.append(f"{where}: {said[:60]}")
    assert not wrong


@pytest.mark.parametrize("text", RUNS)
def test_a_cell_of_a_csv_never_runs(text):
    assert cells_that_run(csv_text([[text, 1, None]]).encode("utf-8-sig"), "a.csv") == []


@pytest.mark.parametrize("ending", ["exe", "html", "xlsx", "CSV", "csv.exe", "js", ""])
def test_open_data_comes_under_its_own_ending_only(ending, client):
    one = Publication.objects.filter(state="published")[0]
    assert client.get(f"/public/{one.pk}/data.{ending}").status_code == 404


def test_files_of_the_site_are_signed_by_nobody(tmp_path, sign_in, user):
    names = {u.encode() for u in ("keyuan", "caiwu", "juzhang", "python-docx", "openpyxl")}
    files = [p.read_bytes() for p in write_documents(tmp_path).values() if p.suffix in (".docx", ".xlsx")]
    evaluation = SelfEvaluation.objects.all()[0]
    for name in ("table.xlsx", "table.docx", "report.docx"):
        answer = sign_in("keyuan").get(reverse("selfeval-file", args=[evaluation.pk, name]))
        files += [answer.content] if answer.status_code == 200 else []
    assert len(files) >= 3
    for content in files:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            about = b"".join(archive.read(n) for n in archive.namelist() if n.startswith("docProps/"))
        assert not any(name in about for name in names)


# -- nothing is kept on the way
# ---------------------------------------------------------------------------------------

OPEN = {
    "public-file",
    "open-data",
    "open-data-json",
    "data-package",
    "verify",
    "commitment-lines",
    "commitment-file",
}


@pytest.mark.parametrize("who", ["caiwu", "caizheng", "guanli", None])
def test_no_answer_to_someone_signed_in_is_kept(who, sign_in, client, address, walked):
    browser = sign_in(who) if who else client

    def asked_anew(name):
        visitor = client.__class__()
        return visitor.post(address(name)) if name in POSTED else visitor.get(address(name))

    for name in sorted(set(TABLE) - {"sign-out"}):
        answer = walked(who)[name] if who else asked_anew(name)
        kept = answer.get("Cache-Control", "") != "no-store"
        assert kept == (who is None and name in OPEN and answer.status_code == 200), (
            name,
            answer.status_code,
        )
    # Errors and the API too.
    for url in ("/nothing", "/api/departments", "/api/nothing"):
        assert browser.get(url)["Cache-Control"] == "no-store", url
    open_ = client.__class__().get("/api/public")
    assert open_.status_code == 200 and "Cache-Control" not in open_
    assert client.__class__().get("/api/public", HTTP_AUTHORIZATION="Bearer x")["Cache-Control"] == "no-store"
