"""Every role sends nonsense in every field of every form it can reach: no answer is a fault of the site,
none shows a trace.

``ZHUNSHENG_NONSENSE=wide`` sends all nonsense in every field, many times as much as the run of every day.
"""

from __future__ import annotations

import json
import os
import random
import re

import pytest
from crawling import Crawl, Form, crawl, name_of
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.http import HttpResponse

from zhunsheng.web.models import ApiToken
from zhunsheng.web.scopes import SCOPES

WIDE = os.environ.get("ZHUNSHENG_NONSENSE") == "wide"
PEOPLE = ("caiwu", "keyuan", "juzhang", "caizheng", "zhuanjia2", "shenji", "guanli")
TEXTS = (
    "",
    " ",
    "abc",
    "²",
    "٣",
    "①",
    "-1",
    "0",
    "1.5",
    "1e999999999",
    "nan",
    "inf",
    "9" * 30,
    "9" * 5000,
    str(2**63),
    "true",
    "2021-02-30",
    "0000-00-00",
    "99999-12-31",
    "2021-13-01T25:61",
    "\x00",
    "甲\x0b乙\x1b丙",
    "\u202e\u0301\U00020000\ufdfa",
    "=1+1",
    "'; DROP TABLE web_user; --",
    "<script>alert(1)</script>",
    "{{ 7*7 }}",
    "%s%n{0}",
    "../../etc/passwd",
    "CON",
    "百分之九十零1.2",
    "一\n" * 300,
    "千" * 7000,
    "[" * 3000,
    "&a [*a]",
    "indicators.999.name",
    "indicators.².name",
    "plan.x.y",
    "-",
)
FEW = 1  # texts a field gets in the run of every day, others the next field
FILES = (
    ("长" * 90 + ".docx", b"PK\x03\x04junk"),
    ("CON", b"x"),
    ("a\x00b.xlsx", b"\xd0\xcf\x11\xe0" + b"\0" * 600),
    ("空.txt", b""),
    ("...", b"%PDF-1.4"),
    ("x. ", "项目名称：甲".encode()),
    ("表.html", b"<table><tr><td rowspan='\xc2\xb2'>x</td></tr></table>"),
)
_TRACE = re.compile(
    rb"Traceback \(most recent|File \"/[^\"]+\.py\"|django\.(?:core|db)\.|DoesNotExist|IntegrityError"
)


class Sender:
    """Sends as one person and keeps count; what was sent is undone, so that the next finds the site as it
    was.
    """

    def __init__(self, client) -> None:
        self.client = client
        self.client.raise_request_exception = False
        self.sent = 0
        self.faults: list[tuple] = []
        self.statuses: dict[int, int] = {}

    def __call__(self, what: str, method: str, address: str, data=None, **more) -> HttpResponse | None:
        self.sent += 1
        try:
            with transaction.atomic():
                if isinstance(data, bytes):
                    answer = self.client.generic(method.upper(), address, data, **more)
                else:
                    answer = getattr(self.client, method)(address, data, **more)
                transaction.set_rollback(True)
        except (UnicodeError, ValueError) as error:  # what no client could send
            self.statuses[0] = self.statuses.get(0, 0) + 1
            assert "surrogate" in str(error) or "null" in str(error) or "NUL" in str(error), error
            return None
        self.statuses[answer.status_code] = self.statuses.get(answer.status_code, 0) + 1
        content = b"" if answer.streaming else answer.content
        if answer.status_code >= 500 or _TRACE.search(content):
            self.faults.append((what, method, address, str(data)[:150], answer.status_code))
        return answer


def bodies(form: Form, draw: random.Random):
    """Yield (what is tried, body) for a form: each field with nonsense in turn, and the form as a whole."""
    base = {name: draw.choice(values or [""]) for name, values in form.fields.items()}
    full = base | {name: SimpleUploadedFile("甲.txt", b"x") for name in form.files}
    yield "as it stands", full
    for n, name in enumerate(form.fields):
        texts = (
            TEXTS
            if WIDE
            else [TEXTS[(n * FEW + k + draw.randrange(len(TEXTS))) % len(TEXTS)] for k in range(FEW)]
        )
        for text in texts:
            yield f"{name}={text[:20]!r}", full | {name: text}
    for name in form.files:
        for file, content in FILES if WIDE else draw.sample(FILES, 2):
            yield f"file {name}={file[:20]!r}", base | {name: SimpleUploadedFile(file, content)}
        yield f"{name} as text", base | {name: "abc"}
    text = draw.choice(TEXTS)
    yield f"all fields {text[:20]!r}", dict.fromkeys([*form.fields, *form.files], text)
    yield "nothing", {}
    if form.fields:
        name = draw.choice(list(form.fields))
        yield f"without {name}", {k: v for k, v in full.items() if k != name}
        yield f"{name} twice", full | {name: [base[name], draw.choice(TEXTS)]}
        yield f"{name} as a file", full | {name: SimpleUploadedFile("x", b"\xff\xfe")}
        other = {k: "1" for k, v in base.items() if v.isdigit()}
        yield "other ids", full | other


def odd_requests(address: str, form: Form, draw: random.Random):
    """Yield (what is tried, body, content type) that no form of a page would send."""
    body = json.dumps(dict.fromkeys(form.fields, draw.choice(TEXTS))).encode()
    yield "json", body, "application/json"
    yield (
        "broken multipart",
        b"--x\r\nContent-Disposition: form-data; name=",
        "multipart/form-data; boundary=x",
    )
    yield "multipart without boundary", b"abc", "multipart/form-data"
    yield (
        "gbk",
        b"&".join(f"{n}=".encode() + "甲".encode("gbk") for n in form.fields),
        "application/x-www-form-urlencoded",
    )
    yield "odd charset", b"a=%ff", "application/x-www-form-urlencoded; charset=x\xb2"


_DONE: set = set()
_REACHED: dict[str, Crawl] = {}


@pytest.mark.parametrize("who", PEOPLE)
def test_no_form_answers_nonsense_with_a_fault(who, sign_in, record_property):
    draw = random.Random(who)
    client = sign_in(who)
    client.raise_request_exception = False
    reached = _REACHED[who] = crawl(client)
    send = Sender(client)
    fields = 0
    for form in reached.forms.values():
        if form.name in ("sign-out", "password", "sign-in"):
            continue
        fields += len(form.fields) + len(form.files)
        tried = list(bodies(form, draw))
        if (
            form.key in _DONE and not WIDE
        ):  # whoever else reaches it sends less: permission comes before all of it
            tried = draw.sample(tried, 3)
        for what, body in tried:
            brief = {"HTTP_HX_REQUEST": "true"} if draw.random() < 0.5 else {}
            send(what, form.method if form.method in ("get", "post") else "post", form.action, body, **brief)
        if form.method == "post":
            for what, body, kind in odd_requests(form.action, form, draw):
                if WIDE or (form.key not in _DONE and draw.random() < 0.4):
                    send(what, "post", form.action, body, content_type=kind)
        _DONE.add(form.key)
    pages = len(reached.pages)
    print(
        "\n"
        f"{who}: {pages} pages, {len(reached.forms)} forms, {fields} fields, {send.sent} sent: "
        f"{send.statuses}"
    )
    record_property(
        "nonsense", {"pages": pages, "forms": len(reached.forms), "fields": fields, "sent": send.sent}
    )
    assert not reached.faults
    assert not send.faults
    least = LEAST[who]
    assert (
        pages >= least[0]
        and len(reached.forms) >= least[1]
        and fields >= least[2]
        and send.sent >= len(reached.forms)
    )


# (pages, forms, fields) that each one reaches at least: a crawl that finds less tests less.
LEAST = {
    "caiwu": (60, 28, 95),
    "keyuan": (60, 28, 95),
    "juzhang": (60, 8, 15),
    "caizheng": (60, 12, 28),
    "zhuanjia2": (25, 5, 30),
    "shenji": (60, 10, 18),
    "guanli": (22, 18, 60),
}


def test_odd_parts_of_addresses_are_told_and_no_fault(sign_in):
    odd = (
        "²",
        "٣",
        "0",
        "9" * 30,
        "-1",
        "%00",
        "..%2f..%2fetc",
        "长" * 300,
        "a" * 3000,
        "CON",
        "%ff",
        "%F0%A0%80%80",
        "1e3",
        "'",
        "<x>",
    )
    sent, done = 0, set()
    for who in ("caiwu", "caizheng", "guanli"):
        client = sign_in(who)
        reached = _REACHED.get(who) or crawl(client, each=1)
        send = Sender(client)
        for address, status in reached.pages:
            if status != 200 or (name_of(address) in done and not WIDE):
                continue
            done.add(name_of(address))
            path = address.partition("?")[0]
            parts = path.strip("/").split("/")
            draw = random.Random(path)
            for n in range(len(parts)):
                for text in draw.sample(odd, len(odd) if WIDE else 1):
                    send(f"part {n}", "get", "/" + "/".join([*parts[:n], text, *parts[n + 1 :]]))
            names = {
                "page",
                "q",
                "sheet",
                "entry",
                "year",
                "kind",
                "state",
                "sort",
                "next",
                *reached.parameters.get(path, ()),
            }
            for name in sorted(names) if WIDE else draw.sample(sorted(names), 3):
                send(name, "get", path, {name: draw.choice(TEXTS)})
        assert not send.faults, who
        sent += send.sent
    print(f"\n{len(done)} pages, {sent} odd addresses")
    assert len(done) > 25 and sent > 100


ODD_ADDRESSES = (
    "d/{d}/2021/lineage/0/²",
    "d/{d}/2021/lineage/0/٣",
    "d/{d}/2021/lineage/99999999999999999999/0",
    "d/{d}/2021/lineage/0/-1",
    "d/{d}/2021/monitoring?entry=abc",
    "d/{d}/2021/matches?sheet=abc",
    "d/{d}/2021/ledgers/complaints?page=²",
    "audit?page=" + "9" * 400,
    "portfolio?sheet=abc",
    "d/{d}/2021/keyeval?sheet=abc",
    "public?page=-1",
    "d/9223372036854775808/2021/",
    "d/{d}/99999/",
)


@pytest.mark.parametrize("address", ODD_ADDRESSES)
def test_addresses_that_once_were_faults(address, sign_in, department):
    for who in ("caiwu", "caizheng", "shenji"):
        client = sign_in(who)
        client.raise_request_exception = False
        assert client.get("/" + address.format(d=department.pk)).status_code < 500


def test_a_file_under_a_name_too_long_is_told_and_one_under_a_device_s_name_kept(sign_in, department):
    client = sign_in("keyuan")
    page = f"/d/{department.pk}/2021/ledgers"
    rows = "活动编号,活动类别,主题类别,活动名称,开展日期\nHD-N,宣传,食品安全,试验,2021-05-01\n".encode()
    said = client.post(page, {"ledger": "activities", "file": SimpleUploadedFile("长" * 90 + ".csv", rows)})
    assert said.status_code == 400 and "ZS-IN-31" in said.content.decode()
    said = client.post(page, {"ledger": "activities", "file": SimpleUploadedFile("NUL.csv", rows)})
    assert said.status_code == 302


def test_programs_that_send_nonsense_get_an_answer_in_json(sign_in, user, department, client):
    client.raise_request_exception = False
    _token, secret = ApiToken.issue(user("keyuan"), "测试", list(SCOPES), 1)
    send, head = Sender(client), {"HTTP_AUTHORIZATION": f"Bearer {secret}"}
    kinds = (
        "application/json",
        "multipart/form-data",
        "multipart/form-data; boundary=x",
        "text/plain; charset=x",
        "",
        "application/json; charset=utf-16",
    )
    deep = b"[" * 100_000
    for path in (
        f"departments/{department.pk}/documents?year=2021",
        f"departments/{department.pk}/ledgers/complaints",
        "departments/0/documents",
    ):
        for kind in kinds:
            for body in (b"", b"{}", b'{"file": 1}', deep, b"\xff\xfe\x00", b"--x\r\n\r\n", b"file=x"):
                answer = send(kind, "post", f"/api/{path}", body, content_type=kind, **head)
                assert answer is None or answer.headers["Content-Type"].startswith("application/json")
    for path in (
        "departments?limit=²",
        "departments?offset=" + "9" * 400,
        "jobs/²",
        "jobs/" + "9" * 40,
        "departments/1/sheets?year=²",
        "public?limit=x",
        "%00",
    ):
        send("get", "get", f"/api/{path}", **head)
    assert not send.faults and send.sent > 100
    assert name_of("/api/departments")
