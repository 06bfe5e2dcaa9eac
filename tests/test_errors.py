"""Every error has a code that something raises, and speaks to people by the means they have."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import zhunsheng
from zhunsheng.errors import MESSAGES, ZhunshengError

SOURCE = Path(zhunsheng.__file__).parent
COMMAND = re.compile(r"zhunsheng |--|docs/|ZHUNSHENG_")


def _fields(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


def test_every_code_is_raised_somewhere_and_every_raised_code_is_known():
    code = {p: p.read_text("utf8") for p in SOURCE.rglob("*.py") if p.name != "errors.py"}
    raised = {c for text in code.values() for c in re.findall(r'"(ZS-[A-Z]{2}-\d\d)"', text)}
    assert sorted(set(MESSAGES) - raised) == []
    assert sorted(raised - set(MESSAGES)) == []


@pytest.mark.parametrize("code", MESSAGES)
def test_no_page_of_the_site_advises_a_command_line(code):
    said = ZhunshengError(code, **dict.fromkeys(_fields(" ".join(MESSAGES[code])), "甲")).text("web")
    assert not COMMAND.search(said), said


def test_the_terminal_and_the_site_each_have_their_remedy():
    error = ZhunshengError("ZS-EV-04", store="证据库")
    assert "zhunsheng ledger import" in error.text() == error.text("terminal") == str(error)
    assert "台账证据" in error.web and error.web == error.text("web")
    same = ZhunshengError("ZS-WB-05")
    assert same.text() == same.web


def test_texts_of_the_site_are_taken_where_people_are():
    """Nothing in the web application prints the terminal's text of an error."""
    for path in [*(SOURCE / "web").rglob("*.html"), *(SOURCE / "web").rglob("*.py")]:
        assert not re.search(r"\b(error|failure|problem)\.text\b", path.read_text("utf8")), path.name
