"""What people send is checked: no address answers nonsense with a fault of its own,
and each answers its methods only.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from addresses import POSTED
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import get_resolver, reverse

from zhunsheng.web.forms.administration import NewCalendarEntry
from zhunsheng.web.forms.fields import CleanCharField, DigestField, IdField, RecordField
from zhunsheng.web.models import Organisation, User

# Thousands of requests: what they reach is counted by the tests of each page, so that the tracer need not
# slow them.
pytestmark = pytest.mark.no_cover
SOURCE = Path(__file__).parents[2] / "src" / "zhunsheng" / "web"
NONSENSE = ("abc", "²", "-1", "千" * 7000, "\x00")
# Who gets furthest at an address, so that the check of what is sent is reached;
# the finance section where not named.
SENDERS = {
    "guanli": ("organisation", "users", "library", "rules", "calendar"),
    "zhuanjia2": ("marks",),
    "keyuan": ("task",),
}
SENDERS["caizheng"] = ("portfolio-import", "job-places", "keyeval", "agree", "rectification", "recheck")
# Where a choice decides which other fields are read.
DEEPER = [
    ("draw-register", {"what": "end-item", "id": "@"}),
    ("draw-register", {"what": "item", "code": "@", "name": "@"}),
    ("part", {"part": "indicators", "library": "@"}),
    ("part", {"part": "indicators", "remove": "@"}),
    ("settle", {"indicator": "@", "kind": "@", "sense": "@", "unit": "@", "reason": "@"}),
    ("same", {"indicator": "@", "former": "@"}),
    ("step", {"action": "targets.submit", "remark": "@"}),
    ("keyeval", {"sheet": "@", "evaluators": "@"}),
    ("checkpoint", {"sheet": "@", "indicator": "@", "cause": "@", "measures": "@"}),
]


def sender(name: str) -> str:
    """Return who sends to an address."""
    return next((who for who, listed in SENDERS.items() if name in listed), "caiwu")


def posting() -> list[str]:
    """Return the names of the addresses that take a POST."""
    found = []
    for pattern in get_resolver().url_patterns:
        view = getattr(pattern, "callback", None)
        if view is not None and "POST" in getattr(view, "methods", ()):
            found.append(pattern.name)
    return sorted(found)


@cache
def fields() -> tuple[str, ...]:
    """Return every name of a field that the code asks for or a template sends."""
    found = set()
    for path in [*SOURCE.rglob("*.html"), *SOURCE.rglob("*.py")]:
        text = path.read_text("utf8")
        found |= set(re.findall(r'name="([a-z_]+)"', text))
        found |= set(re.findall(r'POST(?:\.get(?:list)?\(|\[)"([a-z_]+)"', text))
        found |= set(re.findall(r'_of\(request, "([a-z_]+)"', text))
        found |= (
            set(re.findall(r"^    ([a-z_]+) = (?:forms\.)?(?:\w+Field|Sent\w+)\(", text, re.M))
            if "forms" in path.parts
            else set()
        )
    return tuple(sorted(found | {"place_0", "action", "points_A101", "reason_A101"}))


def test_the_addresses_that_act_are_known():
    assert {"organisation", "undo", "step", "portfolio-import", "job-places"} <= set(posting()) and len(
        posting()
    ) > 25
    assert {"entry", "sheet", "id", "batch", "membership"} <= set(fields())


@pytest.mark.parametrize("text", NONSENSE, ids=("letters", "superscript", "negative", "20KB", "null"))
def test_nonsense_in_any_field_of_any_address_is_never_a_fault_of_the_site(text, address, sign_in):
    clients = {}
    bodies = [(name, dict.fromkeys(fields(), text)) for name in posting()]
    bodies += [(name, {k: text if v == "@" else v for k, v in body.items()}) for name, body in DEEPER]
    broken = []
    for name, body in bodies:
        who = sender(name)
        client = clients.get(who) or clients.setdefault(who, sign_in(who))
        client.raise_request_exception = False
        status = client.post(address(name), body).status_code
        if status >= 500:
            broken.append((name, list(body)[:2], status))
    assert not broken


CASES = [
    ("users", {"what": "role", "user": "@", "role": "staff", "organisation": "@"}),
    ("users", {"what": "end-role", "user": "@", "membership": "@"}),
    ("organisation", {"id": "@", "what": "rename", "name": "x"}),
    ("organisation", {"id": "1", "what": "move", "parent": "@", "on": "@"}),
    ("organisation", {"id": "1", "what": "merge", "into": "@"}),
    ("organisation", {"name": "x", "kind": "department", "parent": "@"}),
    ("library", {"id": "@"}),
    ("rules", {"id": "@"}),
    ("rules", {"organisation": "@", "first_year": "@", "text": "id: x"}),
    ("calendar", {"organisation": "@", "year": "@", "kind": "@", "name": "x"}),
    ("account", {"revoke": "@"}),
    ("account", {"name": "x", "days": "@", "scopes": "@"}),
    ("portfolio-import", {"year": "@", "assess": "1"}),
    ("monitoring", {"entry": "@"}),
    ("undo", {"batch": "@"}),
    ("ledgers", {"ledger": "@"}),
]


@pytest.mark.parametrize("name, body", CASES, ids=[f"{n}-{i}" for i, (n, _) in enumerate(CASES)])
# A control character alone is nothing given, which is a fault only where something is required.
@pytest.mark.parametrize("text", [*(t for t in NONSENSE if t != "\x00"), "9" * 30, str(2**63), "1e3", "٣"])
def test_a_nonsense_id_is_a_message_at_its_field(name, body, text, address, sign_in):
    who = {
        "monitoring": "caiwu",
        "undo": "caiwu",
        "ledgers": "keyuan",
        "account": "keyuan",
        "portfolio-import": "caizheng",
    }
    answer = sign_in(who.get(name, "guanli")).post(
        address(name), {k: text if v == "@" else v for k, v in body.items()}
    )
    assert answer.status_code == 400 and "ZS-WB-06" in answer.content.decode(), answer.status_code


def test_every_fault_is_told_at_once(sign_in):
    said = {
        "organisation": "abc",
        "year": "1850",
        "kind": "x",
        "opens_on": "2022-07-01",
        "due_on": "2022-06-01",
    }
    page = sign_in("guanli").post(reverse("calendar"), said).content.decode()
    for name in ("organisation", "year", "kind", "name", "as_of", "due_on"):
        assert f'data-fault="{name}"' in page, name
    browser = sign_in("guanli").post(reverse("calendar"), said, headers={"HX-Request": "true"})
    assert browser["HX-Retarget"] == "#alerts" and 'data-fault="year"' in browser.content.decode()
    form = NewCalendarEntry({**said, "organisation": Organisation.objects.first().pk})
    form.fields["organisation"].user = User.objects.get(username="guanli")  # type: ignore[attr-defined]
    assert not form.is_valid() and "organisation" not in form.errors
    # A form that nobody sent reaches no record.
    with pytest.raises(PermissionDenied):
        NewCalendarEntry({**said, "organisation": Organisation.objects.first().pk}).is_valid()


def test_fields_take_what_they_should():
    assert IdField().clean(" 12 ") == 12 and IdField(required=False).clean("") is None
    assert CleanCharField().clean(" 一行\x0b二行 ") == "一行\n二行"
    assert DigestField().clean("0" * 64) == "0" * 64
    assert (
        RecordField(Organisation.objects).clean(str(Organisation.objects.first().pk))
        == Organisation.objects.first()
    )


# -- methods
# ----------------------------------------------------------------------------------------------------------


def test_every_view_declares_its_methods():
    for pattern in get_resolver().url_patterns:
        view = getattr(pattern, "callback", None)
        if view is None or pattern.name in ("openapi-json",):
            continue
        answer = Client().generic("BREW", _plain(pattern))
        assert answer.status_code == 405 and answer["Allow"], pattern.name


def _plain(pattern) -> str:
    said = {"IntConverter": "1", "StringConverter": "x"}
    text = "/" + str(pattern.pattern)
    for name, converter in pattern.pattern.converters.items():
        text = re.sub(rf"<\w+:{name}>", said[type(converter).__name__], text)
    return text


def test_reading_an_address_that_acts_is_405_with_what_is_allowed(address, sign_in):
    client = sign_in("guanli")
    for name in sorted(POSTED - {"publish-ask"}):  # which is a page of what is to be decided, too
        answer = client.get(address(name))
        assert answer.status_code == 405 and "POST" in answer["Allow"], name
    answer = client.post(reverse("administration"))
    assert answer.status_code == 405 and answer["Allow"] == "GET, HEAD"
    assert client.head(reverse("administration")).status_code == 200
    # Whoever was signed out meanwhile keeps what was typed and signs in beside it.
    assert Client().post(address("undo")).status_code == 401
