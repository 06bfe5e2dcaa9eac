"""The English site speaks English: Chinese is on its pages only where it is somebody's data or the language
of the law, of official forms and of their terms.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.apps import apps
from django.urls import reverse
from test_access import POSTED, ROLES, TABLE

import zhunsheng
from zhunsheng.recall import recalled

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
    """All texts that people, forms and the law gave: records, ledgers, terms of ledgers and regulations."""
    found: set[str] = set()
    for model in apps.get_app_config("web").get_models():
        if model.__name__ not in OWN:
            for row in model._default_manager.values_list():
                texts = leaves(list(row))
                mixed = model.__name__ in MIXED
                found.update(t for t in texts if not mixed or recalled(t, "en") == t)
    for folder in ("evidence/ledgers", "measures", "regulations", "intake"):
        for path in (SOURCE / folder).rglob("*.yaml"):
            found.update(leaves(yaml.safe_load(path.read_text("utf8"))))
    found.update(path.read_text("utf8") for path in (SOURCE / "sample").glob("*.py"))  # rows of the ledgers
    return "\n".join(found)


def english(browser):
    browser.post(reverse("set_language"), {"language": "en", "next": "/"})
    return browser


def left(page: str, data: str) -> list[str]:
    return sorted({run for text in Reader(page).texts for run in RUN.findall(text) if run not in data})


@pytest.mark.parametrize("role", ROLES)
def test_pages_hold_no_chinese_but_data(role, address, sign_in, client, data):
    browser = english(sign_in(ROLES[role]) if ROLES[role] else client)
    found = {}
    for name in sorted(TABLE):
        if name in ("sign-out", "set_language"):
            continue
        where = address(name)
        response = browser.post(where) if name in POSTED else browser.get(where)
        if "html" in response.headers.get("Content-Type", "") and not response.streaming:
            if runs := left(response.content.decode(), data):
                found[name] = runs
    import json

    Path(f"/tmp/errtool/english-{role}.json").write_text(json.dumps(found, ensure_ascii=False, indent=1))
    assert not found
