"""The first day of a site: who sets it up with the code of its terminal, and what is found to be done."""

from __future__ import annotations

import json
import re
import shutil
import stat
from datetime import date

import pytest
from django.test import Client
from running import environment, manage, script

from zhunsheng.web.models import CalendarEntry, Membership, Organisation, Role, User
from zhunsheng.web.models.audited import changed_in_bulk
from zhunsheng.web.services import starting

SAID = {
    "department": "某区教育局",
    "official_code": "201001",
    "district": "某区",
    "city": "某市",
    "username": "guanli",
    "display": "管理员甲",
    "password": "Chushi-2026-abc",
    "again": "Chushi-2026-abc",
}
# Each said to an empty site; what came of it: where it leads or the status, and what is said of faults.
ASKED = """
import json, re
from django.conf import settings
from django.test import Client
from zhunsheng.web.models import *
from zhunsheng.web.services import starting
settings.ALLOWED_HOSTS = ["testserver"]
said = json.loads({said!r})
c, code, came = Client(), starting.code(), [Client().get("/").headers["Location"]]
for one in said:
    if one.get("code") == "right": one["code"] = code.lower().replace("-", " ")
    answer = c.post("/set-up", one)
    words = re.findall(r"ZS-WB-[0-9]+|两次写的密码不同|没有填写", answer.content.decode())
    came.append([answer.headers.get("Location") or answer.status_code, sorted(set(words))])
made = [list(o) for o in Organisation.objects.order_by("path").values_list("name", "kind", "official_code")]
page = c.get("/admin/start")
came += [made, starting.code(), starting.FILE.exists(), page.status_code]
came.append(Client().get("/").headers["Location"])
came.append(list(AuditEntry.objects.filter(actor="anonymous").values_list("model", flat=True).distinct()))
print(json.dumps(came, ensure_ascii=False))
"""


@pytest.fixture
def bare(empty, tmp_path, collected):
    """A site with its tables and nobody in them."""
    shutil.copy(empty / "zhunsheng.sqlite3", tmp_path)
    shutil.copytree(collected, tmp_path / "static")
    return tmp_path


def test_whoever_has_the_code_sets_the_site_up_once(bare):
    tries = [
        SAID | {"code": "AAAA-AAAA-AAAA"},
        SAID | {"code": "right", "again": "other"},
        SAID | {"code": "right", "password": "kurz", "again": "kurz"},
        SAID | {"code": "right", "username": "anonymous"},
        SAID | {"code": "right", "city": ""},
        SAID | {"code": "right"},
        SAID | {"code": "right", "username": "second"},
    ]
    came = json.loads(script(bare, ASKED.format(said=json.dumps(tries))))
    assert came[:7] == [
        "/set-up",
        [400, ["ZS-WB-83"]],
        [400, ["两次写的密码不同"]],
        [400, ["ZS-WB-06"]],
        [400, ["ZS-WB-06"]],
        [400, ["没有填写"]],
        ["/admin/start", []],
    ]
    places = [["某市", "city", ""], ["某区", "district", ""], ["某区教育局", "department", "201001"]]
    assert came[7:] == [["/sign-in", []], places, None, False, 200, "/public", came[-1]]
    assert {"user", "organisation"} <= {one.lower() for one in came[-1]}


def test_the_code_is_the_account_s_alone_and_of_this_site(bare):
    told = "from zhunsheng.web.services import starting; print(starting.code(), starting.code())"
    first, again = script(bare, told).split()
    assert first == again and re.fullmatch(r"([A-Z2-9]{4}-){2}[A-Z2-9]{4}", first)
    assert stat.S_IMODE((bare / "setup.code").stat().st_mode) == 0o600
    assert manage(bare, "first_admin", "guanli").returncode == 0
    assert script(bare, told) == "None None" and not (bare / "setup.code").exists()
    assert "setup.code" not in environment(bare)


def test_who_guesses_the_code_waits(bare):
    tries = [SAID | {"code": f"AAAA-AAAA-{n:04}"} for n in range(42)]
    came = json.loads(script(bare, ASKED.format(said=json.dumps(tries))))
    assert came[1] == [400, ["ZS-WB-83"]] and came[42] == [400, ["ZS-WB-86"]]


@pytest.fixture
def guanli(db):
    client = Client()
    client.force_login(User.objects.get(username="guanli"), "django.contrib.auth.backends.ModelBackend")
    return client


def stages(year=2021):
    return {one.label: one for one in starting.stages(User.objects.get(username="guanli"), year)}


def test_what_is_done_is_found_out_by_looking(guanli):
    assert all(one.done for one in stages().values() if one.needed)
    assert "步都已做好" not in guanli.get("/admin/start").content.decode()  # this year has no dates yet
    changed_in_bulk(CalendarEntry.objects.filter(year=2021), active=False)
    assert not stages()["2021 年的日历"].done
    place = Organisation.objects.get(name="示例区市场监督管理局")
    changed_in_bulk(Membership.objects.filter(role=Role.HEAD, organisation=place), active=False)
    people = stages()["人员与角色"]
    assert any(one.startswith("示例区市场监督管理局还缺") and "部门负责人" in one for one in people.missing)


def test_a_department_s_administrator_sees_what_is_below_alone(db):
    place = Organisation.objects.get(name="示例区市场监督管理局")
    user = User.objects.create(username="below", display="乙")
    Membership.objects.create(user=user, organisation=place, role=Role.ADMIN)
    client = Client()
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    page = client.get("/admin/start").content.decode()
    assert "已有 1 个部门" in page and "这台机器" not in page


def test_a_calendar_to_begin_with_is_taken_once(guanli):
    place = Organisation.objects.get(name="示例区市场监督管理局")
    page = guanli.get("/admin/calendar").content.decode()
    assert "常见的一套日期" in page and "前三季度" in page
    said = {"what": "proposed", "organisation": place.parent_id, "year": "2030"}
    for n in (4, 4):
        assert guanli.post("/admin/calendar", said).status_code == 302
        held = CalendarEntry.objects.filter(year=2030, organisation=place.parent_id)
        assert held.count() == n
    own = held.get(kind="self")
    assert (own.as_of, own.opens_on, own.due_on) == (date(2030, 12, 31), date(2031, 1, 10), date(2031, 3, 31))
    assert stages(2030)["2030 年的日历"].done
