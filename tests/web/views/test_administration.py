"""Administration: organisations with code, name and dates, people and roles, rules, library and calendar."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from filled import ON
from pages import flat

from zhunsheng.disclosure import found_in
from zhunsheng.errors import ZhunshengError
from zhunsheng.web.actions import ACTIONS
from zhunsheng.web.audit import broken_links
from zhunsheng.web.models import (
    AuditEntry,
    CalendarEntry,
    LibraryIndicator,
    LocalScheme,
    Membership,
    Organisation,
    Sheet,
)
from zhunsheng.web.models.people import new_code
from zhunsheng.web.roles import may
from zhunsheng.web.services import office
from zhunsheng.web.services.year import figures
from zhunsheng.web.services.year.question import Question
from zhunsheng.web.templatetags import audit_words

# -- jobs
# ------------------------------------------------------------------------------------------------------------


def test_a_local_scheme_counts_for_all_below_it(department, sign_in):
    from importlib.resources import files

    national = figures.assess_now(department, 2021)
    text = (files("zhunsheng.regulations") / "data" / "local" / "local-example.yaml").read_text("utf8")
    admin = sign_in("guanli")
    wrong = admin.post(
        reverse("rules"), {"organisation": department.parent_id, "first_year": 2021, "text": "id: x"}
    )
    assert "ZS-RG-01" in wrong.content.decode()
    admin.post(reverse("rules"), {"organisation": department.parent_id, "first_year": 2021, "text": text})
    local = figures.assess_now(department, 2021)
    assert local.result["scheme"]["id"] != national.result["scheme"]["id"]
    assert "启用" in admin.get(reverse("rules")).content.decode()


def refused(code, act, *args, **kwargs):
    with pytest.raises(ZhunshengError) as error:
        act(*args, **kwargs)
    assert error.value.code == code, error.value


# -- identity is a code, a name is a dated label
# ------------------------------------------------------------------------------------------------------------


def test_a_code_is_random_unique_and_never_changes(department):
    codes = list(Organisation.objects.values_list("code", flat=True))
    assert len(set(codes)) == len(codes) and all(len(c) == 10 for c in codes)
    assert not any(o.code in o.name or o.name in o.code for o in Organisation.objects.all())
    before = department.code
    office.rename(department, "示例区市场监管局", ON)
    office.number(department, "777")
    department.refresh_from_db()
    assert department.code == before and department.official_code == "777"
    department.code = "another000"
    with pytest.raises(ValueError):
        department.save()


def test_no_code_looks_like_the_account_of_a_person():
    assert [one.kind for one in found_in("qqjh23456p", ("统一社会信用代码",))] == ["account"]
    assert not any("q" in new_code() for _ in range(500))


def test_a_past_page_shows_the_name_of_its_time(department, sign_in):
    old = department.name
    office.rename(department, "示例区综合监管局", ON, "机构改革方案")
    one = Organisation.objects.get(pk=department.pk)
    assert (one.name_on(ON - timedelta(1)), one.name_on(ON), one.name) == (
        old,
        "示例区综合监管局",
        "示例区综合监管局",
    )
    assert (one.name_in(2021), one.name_in(2022), one.name_in(2100)) == (old, one.name, one.name)
    bar = '<div class="place-bar'
    staff = sign_in("keyuan")
    past = flat(staff.get(reverse("safeguards", args=[one.pk, 2021]))).split(bar)[1]
    now = flat(staff.get(reverse("safeguards", args=[one.pk, 2023]))).split(bar)[1]
    assert f"<strong>{old}</strong>" in past and "<strong>示例区综合监管局</strong>" in now
    bureau_page = sign_in("caizheng").get(reverse("portfolio") + "?year=2021").content.decode()
    assert old in bureau_page and "示例区综合监管局" not in bureau_page
    heat = sign_in("caizheng").get(reverse("heat-map") + "?year=2021").json()
    assert old in heat["departments"]


def test_every_change_has_its_day_and_its_entry_in_the_log(department, district, other_district):
    office.rename(department, "新名局", date(2022, 1, 1))
    office.move(department, other_district, date(2022, 3, 1), "区划调整")
    office.close(department, date(2022, 5, 1))
    office.reopen(department, date(2022, 6, 1))
    one = Organisation.objects.get(pk=department.pk)
    assert [s.event for s in one.stages.all()] == ["founded", "renamed", "moved", "closed", "reopened"]
    assert one.parent_on(date(2022, 2, 1)) == district and one.parent_on(date(2022, 4, 1)) == other_district
    assert [one.stage_on(date(2022, m, 2)).active for m in (4, 5, 6)] == [True, False, True]
    assert one.kind_on(date(2021, 1, 1)) == "department"
    entries = AuditEntry.objects.filter(
        model="organisation", object_id=str(one.pk), action__startswith="office."
    )
    assert {e.action for e in entries} >= {
        "office.renamed",
        "office.moved",
        "office.closed",
        "office.reopened",
    }
    moved = entries.get(action="office.moved")
    assert (moved.before["parent"], moved.after["parent"]) == (district.name, "邻区")
    assert moved.after["from_on"] == "2022-03-01" and moved.after["note"] == "区划调整"
    assert broken_links() == []


def test_moving_takes_all_below_along_and_never_in_a_circle(department, district, other_district):
    section = department.children.filter(kind="section")[0]
    office.move(department, other_district, ON)
    section.refresh_from_db()
    department.refresh_from_db()
    assert department.path == f"{other_district.path}{department.pk}/"
    assert section.path == f"{department.path}{section.pk}/" and other_district.covers(section)
    assert not district.covers(section)
    refused("ZS-WB-21", office.move, other_district, department, ON)
    refused("ZS-WB-21", office.move, department, department, ON)
    refused("ZS-WB-21", office.move, department, section, ON)
    refused("ZS-WB-21", office.move, department, None, ON)


def test_a_taken_name_is_a_message(sign_in, district, department):
    other = office.found("甲局", "department", district)
    refused("ZS-WB-20", office.rename, other, department.name, ON)
    answer = sign_in("guanli").post(
        reverse("organisation"),
        {"id": other.pk, "what": "rename", "name": department.name, "on": "2022-07-01"},
    )
    assert answer.status_code == 400 and "ZS-WB-20" in answer.content.decode()
    refused("ZS-WB-24", office.number, other, department.official_code)
    wide = "".join(chr(ord(c) + 0xFEE0) for c in department.official_code)
    refused("ZS-WB-24", office.number, other, f" {wide}")
    # A closed one keeps its name; another may bear it, and then the first can't come back under it.
    office.close(other, ON)
    office.found("甲局", "department", district)
    refused("ZS-WB-20", office.reopen, other, ON)


def test_a_change_is_neither_before_the_last_one_nor_to_come(department):
    office.rename(department, "乙局", ON)
    refused("ZS-WB-22", office.rename, department, "丙局", ON - timedelta(1))
    refused("ZS-WB-22", office.close, department, timezone.localdate() + timedelta(1))
    assert Organisation.objects.get(pk=department.pk).name == "乙局"


def test_merging_ends_one_in_the_other(department, district, user):
    into = office.found("大局", "department", district)
    code, sections = department.code, list(department.children.all())
    office.merge(department, into, ON, "合并")
    one = Organisation.objects.get(code=code)
    last = one.stages.last()
    assert (one.active, last.event, last.successors) == (False, "merged", [into.code])
    assert not Organisation.objects.filter(pk__in=[s.pk for s in sections], active=True).exists()
    # Its records stay its own, and those above it may still read them.
    assert (
        Sheet.objects.filter(department=one).exists() and not Sheet.objects.filter(department=into).exists()
    )
    assert may(user("caizheng"), "targets.view", one) and not may(user("keyuan"), "targets.view", one)
    refused("ZS-WB-23", office.merge, into, one, ON)
    refused("ZS-WB-23", office.merge, into, into, ON)
    refused("ZS-WB-23", office.merge, into, district, ON)


def test_merging_districts_moves_their_departments(district, other_district):
    below = set(Organisation.objects.filter(parent=district, kind="department").values_list("pk", flat=True))
    office.merge(district, other_district, ON)
    assert set(Organisation.objects.filter(parent=other_district).values_list("pk", flat=True)) == below
    namesake = Organisation.objects.get(pk=min(below))
    third = office.found("三区", "district", district.parent)
    office.found(namesake.name, "department", third)
    refused("ZS-WB-20", office.merge, third, other_district, ON)
    third.refresh_from_db()
    assert third.active  # whole or not at all


def test_splitting_names_its_successors(district):
    one = office.found("合署局", "department", district)
    first, second = office.split(one, ["合署局", "分出局"], ON)
    one.refresh_from_db()
    assert not one.active and one.stages.last().successors == [first.code, second.code]
    assert first.code != one.code and first.name == "合署局" and first.stages.get().event == "split"
    (third,) = office.split(second, ["再分局"], ON, stays=True)
    second.refresh_from_db()
    assert second.active and second.stages.last().successors == [third.code]
    refused("ZS-WB-20", office.split, second, ["再分局"], ON, stays=True)
    refused("ZS-WB-23", office.split, second, ["丁局", "丁局"], ON)
    refused("ZS-WB-23", office.close, district, ON)


# -- the log sees all
# ------------------------------------------------------------------------------------------------------------


def test_every_step_is_told_in_words(sign_in):
    for name, act in ACTIONS.items():
        if act.to:
            assert str(audit_words._said(name)) != name
    page = sign_in("shenji").get(reverse("audit") + "?model=step").content.decode()
    titles = [one.split("<div")[0].strip() for one in page.split('<td class="mid">')[1:]]
    assert titles and not any("→" in t and re.search(r"[a-z]+\.[a-z]+|[a-z]{4}", t) for t in titles), titles
    assert any("待财务科审核 → 待财政局批复" in t for t in titles)


# -- administration
# ------------------------------------------------------------------------------------------------------------


def test_the_organisation_tree_keeps_its_order(sign_in, department, district):
    admin, url = sign_in("guanli"), reverse("organisation")
    assert admin.post(url, {"name": "新科", "kind": "section", "parent": department.pk}).status_code == 302
    made = Organisation.objects.get(name="新科")
    assert made.path.startswith(department.path) and made.department == department
    for wrong in (
        {"kind": "department", "parent": made.pk},
        {"kind": "district"},
        {"kind": "city", "parent": district.pk},
        {"kind": "county", "parent": district.pk},
    ):
        code = "ZS-WB-06" if wrong["kind"] == "county" else "ZS-WB-21"
        assert code in admin.post(url, {"name": "错", **wrong}).content.decode()
    again = admin.post(url, {"name": "新科", "kind": "section", "parent": department.pk})
    assert "之下已有“新科”" in again.content.decode()
    admin.post(url, {"id": made.pk, "what": "rename", "name": "改名科"})
    assert "请勾选确认" in admin.post(url, {"id": made.pk, "what": "close"}).content.decode()
    admin.post(url, {"id": made.pk, "what": "close", "confirmed": "on"})
    made.refresh_from_db()
    assert (made.name, made.active) == ("改名科", False)
    assert "改名科" in admin.get(reverse("administration") + "?q=改名").content.decode()


def test_users_get_and_lose_roles(sign_in, department, district, user):
    admin, url = sign_in("guanli"), reverse("users")
    one = user("keyuan")
    admin.post(url, {"what": "role", "user": one.pk, "role": "finance", "organisation": department.pk})
    given = Membership.objects.get(user=one, role="finance")
    admin.post(url, {"what": "end-role", "user": one.pk, "membership": given.pk})
    given.refresh_from_db()
    assert not given.active
    for wrong in (
        {"role": "finance", "organisation": district.pk},
        {"role": "bureau", "organisation": department.pk},
        {"role": "king", "organisation": district.pk},
    ):
        assert "ZS-WB-06" in admin.post(url, {"what": "role", "user": one.pk, **wrong}).content.decode()
    me = user("guanli")
    assert "不能停用自己" in admin.post(url, {"what": "toggle", "user": me.pk}).content.decode()
    assert (
        "不能取消自己"
        in admin.post(
            url, {"what": "end-role", "user": me.pk, "membership": me.memberships.get().pk}
        ).content.decode()
    )
    admin.post(url, {"what": "toggle", "user": one.pk})
    one.refresh_from_db()
    assert not one.is_active
    assert (
        "已存在"
        in admin.post(
            url,
            {
                "what": "add",
                "username": "keyuan",
                "display": "x",
                "role": "staff",
                "organisation": department.pk,
            },
        ).content.decode()
    )
    assert (
        "ZS-WB-06"
        in admin.post(
            url,
            {
                "what": "add",
                "username": "有 空格",
                "display": "x",
                "role": "staff",
                "organisation": department.pk,
            },
        ).content.decode()
    )
    assert admin.post(url, {"what": "nothing", "user": one.pk}).status_code == 404
    assert "keyuan2" in admin.get(url + "?q=keyuan").content.decode()


def test_library_and_calendar_are_kept(sign_in, district):
    admin = sign_in("guanli")
    said = {
        "level1": "产出指标",
        "level2": "数量指标",
        "name": "新指标",
        "target": "≥5次",
        "measure": "report_closure_rate",
    }
    admin.post(reverse("library"), said)
    assert "已存在" in admin.post(reverse("library"), said).content.decode()
    one = LibraryIndicator.objects.get(name="新指标")
    admin.post(reverse("library"), {"id": one.pk})
    one.refresh_from_db()
    assert not one.active
    day = {
        "organisation": district.pk,
        "year": 2022,
        "kind": "monitoring",
        "name": "上半年",
        "as_of": "2022-06-30",
        "opens_on": "2022-07-01",
        "due_on": "2022-07-15",
    }
    admin.post(reverse("calendar"), day)
    assert "早于" in admin.post(reverse("calendar"), {**day, "due_on": "2022-06-01"}).content.decode()
    assert "应为日期" in admin.post(reverse("calendar"), {**day, "due_on": "七月"}).content.decode()
    entry = CalendarEntry.objects.get(year=2022)
    admin.post(reverse("calendar"), {"id": entry.pk})
    entry.refresh_from_db()
    assert not entry.active and not LocalScheme.objects.exists()


def test_a_year_that_a_department_begins_in_is_told_from_its_history(district, department):
    young = office.found("新设局", "department", district, on=date(2021, 9, 1))
    assert (young.begun_in(2021), young.begun_in(2022)) == (date(2021, 9, 1), None)
    # On the first day of a year the year is whole; where nobody said a day it always was there.
    whole = office.found("年初局", "department", district, on=date(2021, 1, 1))
    assert whole.begun_in(2021) is None and department.begun_in(2021) is None
    office.rename(young, "改名局", date(2022, 5, 1))
    assert young.begun_in(2022) is None
    question = Question(young, 2021, date(2021, 10, 31), None)
    assert question.place.began_in(2021) == date(2021, 9, 1)
