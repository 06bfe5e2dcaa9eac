"""Dates, money and the words of standing are spelled in one place each, and no page shows a date as machines
write it.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from addresses import POSTED
from django.urls import get_resolver

from zhunsheng.web import vocabulary

SOURCE = Path(__file__).parents[2] / "src" / "zhunsheng"
WEB = SOURCE / "web"
PAGES = sorted((WEB / "templates").rglob("*.html"))
MODULES = sorted(p for p in SOURCE.rglob("*.py") if "migrations" not in p.parts)
# Where dates and money get their spelling, and what browsers send of days.
SPELLING = {"clock.py", "wording.py", "fields.py"}
MACHINES = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d|T\d\d:\d\d:\d\d|\+00:00|\+08:00")


def told(path, pattern):
    """Return the lines of a file that hold a pattern."""
    text = path.read_text("utf8")
    return [
        f"{path.relative_to(SOURCE)}: {line.strip()}"
        for line in text.splitlines()
        if re.search(pattern, line)
    ]


def test_templates_spell_no_date_and_no_number_of_their_own():
    found = [
        line for p in PAGES for line in told(p, r"\|(date|time|floatformat|stringformat:\"[^s])\b|isoformat")
    ]
    assert not found


def test_dates_are_spelled_by_the_clock_alone():
    found = [line for p in MODULES if p.name not in SPELLING for line in told(p, r"\.strftime\(|:%[YmdHM]")]
    assert not found


def test_what_services_and_pages_show_has_no_iso_of_their_own():
    # In records, in what is published and on its way through the API a moment is kept as machines read it.
    kept = {
        "services/registers.py",
        "services/jobs.py",
        "services/limits.py",
        "services/review.py",
        "services/disclosing.py",
        "services/draws/plans.py",
        "services/portfolio/ranking.py",
        "services/publishing/contents.py",
        "services/publishing/exports.py",
        "services/publishing/rows.py",
        "services/sheets/doubts.py",
    }
    files = [
        *(WEB / "services").rglob("*.py"),
        *(WEB / "views").rglob("*.py"),
        *(WEB / "templatetags").rglob("*.py"),
    ]
    found = [p for p in files if told(p, r"(?<!from)isoformat\(")]
    assert {p.relative_to(WEB).as_posix() for p in found} <= kept


def test_money_and_counts_have_their_commas_from_one_place():
    shown = [
        p for p in MODULES if p.name not in SPELLING and {"web", "evaluation", "monitoring"} & set(p.parts)
    ]
    assert not [line for p in shown for line in told(p, r":,[.}]")]


def test_words_of_standing_are_translated_in_one_place():
    told_once = (vocabulary.LIGHTS, vocabulary.VERDICTS, vocabulary.ORIGINS, vocabulary.RULED)
    # Short ones and what a column is called say other things, too.
    words = {str(w) for one in told_once for w in one.values() if len(str(w)) > 2} - {"人工填报", "待说明"}
    for path in [*WEB.rglob("*.py"), *PAGES]:
        text = path.read_text("utf8")
        for word in words:
            mark = rf"(_|gettext|gettext_lazy)\(\"{re.escape(word)}\"\)|translate ['\"]{re.escape(word)}['\"]"
            assert not re.search(mark, text), (path.name, word)


@pytest.mark.parametrize("name", ["caiwu", "caizheng", "guanli", "zhuanjia1"])
def test_no_page_shows_a_moment_as_machines_write_it(name, address, sign_in, walked):
    client, answers, seen = sign_in(name), walked(name), 0
    for pattern in get_resolver().url_patterns:
        if not getattr(pattern, "name", None) or pattern.name.startswith(("api", "oidc")):
            continue
        if "GET" not in getattr(pattern.callback, "methods", ("GET",)):
            continue
        try:
            opened = pattern.name in answers and pattern.name not in POSTED
            answer = answers[pattern.name] if opened else client.get(address(pattern.name))
        except (KeyError, TypeError):
            continue
        if answer.status_code != 200 or not answer["Content-Type"].startswith("text/html"):
            continue
        text = re.sub(r"<(script|style).*?</\1>|<pre.*?</pre>", " ", answer.content.decode(), flags=re.S)
        text = re.sub(r"<[^>]*>", " ", text)
        assert not MACHINES.search(text), (pattern.name, MACHINES.search(text)[0])
        seen += 1
    assert seen > 15
