"""The English site speaks English: Chinese is on its pages only where it is somebody's data or the language
of the law, of official forms and of their terms.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from test_access import POSTED, ROLES, TABLE
from test_forms import CASES, DEEPER, fields, posting, sender

import zhunsheng
from zhunsheng.evidence import ledger_of
from zhunsheng.recall import recalled
from zhunsheng.review import all_rules
from zhunsheng.text import csv_text
from zhunsheng.translation import catalogue
from zhunsheng.web.services.evidence import store

SOURCE = Path(zhunsheng.__file__).parent
RUN = re.compile(r"[一-鿿]+")


class Reader(HTMLParser):
    """Reads what a page shows and says: its texts and labels, but for what is marked as Chinese."""

    HIDDEN, SAYS = ("script", "style"), ("title", "alt", "placeholder", "aria-label")
    VOID = ("input", "img", "br", "meta", "link", "hr", "col", "source", "wbr")

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.open: list[bool] = []  # of each open element: whether it is looked at
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        seen = (not self.open or self.open[-1]) and tag not in self.HIDDEN
        seen = seen and not (given.get("lang") or "").startswith("zh")
        if seen:
            self.texts += [given[name] or "" for name in self.SAYS if name in given]
        if tag not in self.VOID:
            self.open.append(seen)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID and self.open:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1]:
            self.texts.append(data)


def leaves(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, one in value.items():
            yield from (*leaves(key), *leaves(one))
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from leaves(one)


# What the program itself writes into the records; what is data in it stands in other records too.
OWN = {
    "Assessment",
    "SheetReview",
    "SheetFinding",
    "AuditEntry",
    "Job",
    "Sent",
    "Checkpoint",
    "SelfEvaluation",
}
# Texts of people and of the program beside each other: those of the program are no data.
MIXED = {"SheetVersion", "Step", "Publication", "Draw"}


@pytest.fixture
def data(db) -> str:
    """All texts that people, forms and the law gave: records, ledgers and their terms, packs, regulations."""
    found: set[str] = set()
    for model in apps.get_app_config("web").get_models():
        if model.__name__ not in OWN:
            for row in model._default_manager.values_list():
                texts = leaves(list(row))
                mixed = model.__name__ in MIXED
                found.update(t for t in texts if not mixed or recalled(t, "en") == t)
    found.update(rule.basis for rule in all_rules())  # as documents are cited
    for folder in (
        "evidence/ledgers",
        "measures",
        "regulations",
        "intake",
        "review",
        "packs",
        "usecases/exchange",
        "web/lists",
    ):
        for path in (SOURCE / folder).rglob("*.yaml"):
            found.update(leaves(yaml.safe_load(path.read_text("utf8"))))
    for path in store().root.rglob("*.parquet"):  # rows of the ledgers
        for row in duckdb.sql(f"SELECT * FROM read_parquet('{path}')").fetchall():
            found.update(leaves(list(row)))
    # What other tests put into the store: the words of its batches that the program has no text for.
    own = "\n".join(catalogue("en"))
    for batch in store().batches():
        found.add(batch.file)
        found.update(r for t in leaves(batch.as_json()) for r in RUN.findall(t) if r not in own)
    # What of the rows is encrypted, as the sample made it.
    found.update(path.read_text("utf8") for path in (SOURCE / "sample").rglob("*.py"))
    return "\n".join(found)


# Papers the office hands out, and the columns that a register is to have: Chinese wherever they are said.
ALLOWED = {"抽查包", "公告", "任务清单", "检查记录表"} | {
    "编号",
    "姓名",
    "有执法证",
    "辖区",
    "可查事项",
    "回避对象",
}


def english(browser):
    browser.post(reverse("set_language"), {"language": "en", "next": "/"})
    return browser


def left(page: str, data: str) -> list[str]:
    """Return what Chinese a page says of its own."""
    runs = {run for text in Reader(page).texts for run in RUN.findall(text)}
    return sorted(run for run in runs if run not in data and run not in ALLOWED)


def of_pages(answers) -> dict[str, list[str]]:
    """Return by address what is left in Chinese; ``answers`` are names with their responses and the data."""
    found = {}
    for name, response, data in answers:
        if response.streaming or response.headers.get("Content-Type", "").split(";")[0] not in TEXTS:
            continue
        if runs := left(response.content.decode(), data):
            found.setdefault(name, []).extend(runs)
    return found


TEXTS = ("text/html", "text/plain")


@pytest.mark.parametrize("role", ROLES)
def test_pages_hold_no_chinese_but_data(role, address, sign_in, client, data):
    browser = english(sign_in(ROLES[role]) if ROLES[role] else client)

    def answers():
        for name in sorted(set(TABLE) - {"sign-out", "set_language", "commitment-file", "public-file"}):
            where = address(name)
            yield name, browser.post(where) if name in POSTED else browser.get(where), data

    assert not of_pages(answers())


def test_what_is_wrong_with_a_form_is_told_in_english(address, sign_in, data):
    clients: dict[str, Any] = {}
    bodies = [(name, dict.fromkeys(fields(), "abc")) for name in posting()]
    bodies += [(name, {k: "abc" if v == "@" else v for k, v in body.items()}) for name, body in DEEPER]
    bodies += [(name, {k: "9" * 30 if v == "@" else v for k, v in body.items()}) for name, body in CASES]
    errors = 0

    def answers():
        nonlocal errors
        for name, body in bodies:
            if name in ("set_language", "sign-out"):
                continue
            who = sender(name)
            client = clients.get(who) or clients.setdefault(who, english(sign_in(who)))
            response = client.post(address(name), body)
            errors += b"[ZS-" in response.content
            yield name, response, data

    assert not of_pages(answers())
    assert errors > 20


@pytest.mark.parametrize(
    "name, content",
    [
        ("a.docx", b"PK\x03\x04 no zip"),
        ("a.docx", b"no document"),
        ("a.txt", b""),
        ("a.txt", b"nothing of targets"),
        ("a.pdf", b"%PDF-1.4"),
        ("a.xls", b"\xd0\xcf\x11\xe0" + b"\0" * 600),
    ],
)
def test_what_is_wrong_with_a_document_is_told_in_english(name, content, department, sign_in, data):
    browser = english(sign_in("keyuan"))
    response = browser.post(
        reverse("targets", args=[department.pk, 2024]),
        {"how": "upload", "file": SimpleUploadedFile(name, content)},
    )
    assert b"[ZS-IN-" in response.content
    assert left(response.content.decode(), data) == []


def test_what_is_wrong_with_a_ledger_and_its_rows_is_told_in_english(department, sign_in, work_off, data):
    ledger = ledger_of("complaints")
    titles = [column.title for column in ledger.columns]
    wrong = {"date": "2021-02-31", "integer": "1,00", "money": "12.345", "bool": "vielleicht", "choice": "x"}
    rows = [[wrong.get(column.type, "" if n % 2 else "a") for column in ledger.columns] for n in range(4)]
    files = {"a.csv": csv_text([titles, *rows]), "b.csv": "x,y\n1,2\n", "c.csv": ""}
    browser = english(sign_in("keyuan"))
    for name, text in files.items():
        browser.post(
            reverse("ledgers", args=[department.pk, 2021]),
            {"ledger": "complaints", "file": SimpleUploadedFile(name, text.encode())},
        )
    for job in work_off():
        if job.kind == "import":
            page = browser.get(reverse("job", args=[job.pk])).content.decode()
            assert left(page, data) == [], job.key
            assert "[ZS-" in page and "Please" in page
            assert "[ZS-" in str(job.problem) and "请" in str(job.problem)  # the record stays in Chinese


def test_the_api_answers_in_the_language_that_is_asked_for(client):
    for language, said in (("en", "There is no token"), ("zh-hans", "没有令牌"), (None, "没有令牌")):
        headers = {"Accept-Language": language} if language else {}
        answer = client.get("/api/departments", headers=headers)
        assert answer.status_code == 401 and said in answer.json()["message"]
