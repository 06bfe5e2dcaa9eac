"""The indicator library and the starter packs on the site."""

from __future__ import annotations

import shutil

import pytest
from django.urls import reverse
from pages import flat

from zhunsheng.evidence import defined, ledgers
from zhunsheng.measures import measures
from zhunsheng.packs import packs
from zhunsheng.web.audit import altered_records, broken_links
from zhunsheng.web.models import AuditEntry, LibraryIndicator, Sheet
from zhunsheng.web.services import library
from zhunsheng.web.services.evidence import folder, store
from zhunsheng.web.services.sheets import drafts

SAID = {"level1": "产出指标", "level2": "时效指标", "name": "办件按期率", "industry": "ED"}


@pytest.fixture
def admin(sign_in):
    yield sign_in("guanli")
    shutil.rmtree(folder() / defined.FOLDER, ignore_errors=True)  # no other test's


def test_a_pack_comes_with_all_it_says_and_once(admin, department):
    page = flat(admin.get(reverse("packs"), {"pack": "education"}))
    education = packs()["education"]
    count = len(education.ledgers) + len(education.measures) + len(education.indicators)
    assert f"装入这 {count} 项" in page and "学生资助台账" in page and "ED-O2-002" in page
    admin.post(reverse("packs"), {"pack": "education"})
    assert store().root and "ed_aid" in ledgers() and "ed_aid_times" in measures()
    entry = LibraryIndicator.objects.get(code="ED-O2-002")
    assert (entry.origin, entry.measure) == (education.mark, "ed_aid_coverage")
    logged = AuditEntry.objects.get(action="pack installed")
    assert len(logged.after["new"]) == count and logged.actor == "guanli"
    again = flat(admin.get(reverse("packs"), {"pack": "education"}))
    assert "装入这" not in again and "可装入 0 项" in again
    admin.post(reverse("packs"), {"pack": "education"})
    assert LibraryIndicator.objects.filter(code__startswith="ED-").count() == len(education.indicators)
    assert not broken_links() and not altered_records()
    assert "已装入：教育" in flat(admin.get(reverse("start")))


def test_what_a_body_wrote_stays_as_it_is(admin, department):
    admin.post(reverse("packs"), {"pack": "common"})
    mine = LibraryIndicator.objects.get(code="GE-S1-004")
    said = {name: getattr(mine, name) for name in library.FIELDS} | {"entry": mine.pk, "target": "≥95%"}
    admin.post(reverse("library"), {key: value for key, value in said.items() if value is not False})
    page = flat(admin.get(reverse("packs"), {"pack": "common"}))
    assert "同一编号，内容不同，不改动" in page and "参考指标值" in page
    admin.post(reverse("packs"), {"pack": "common"})
    mine.refresh_from_db()
    assert (mine.target, mine.version, mine.code) == ("≥95%", 2, "GE-S1-004")


def test_no_such_pack(admin, department):
    assert admin.get(reverse("packs"), {"pack": "farming"}).status_code == 404


def test_an_entry_gets_a_code_that_stays(admin, department):
    admin.post(reverse("library"), SAID)
    one = LibraryIndicator.objects.get(name="办件按期率")
    last = max(int(i.code[-3:]) for i in packs()["education"].indicators)
    assert one.code == f"ED-O3-{last + 1:03d}"
    moved = {"entry": one.pk, "level1": "效益指标", "level2": "社会效益指标", "name": "办件按期率"}
    admin.post(reverse("library"), moved)
    one.refresh_from_db()
    assert (one.level2, one.version, one.code) == ("社会效益指标", 2, f"ED-O3-{last + 1:03d}")
    assert "没有变化" in flat(admin.post(reverse("library"), moved, follow=True))


def test_an_entry_from_before_there_were_codes_gets_one_when_it_is_changed(admin, department):
    one = LibraryIndicator.objects.create(level1="产出指标", level2="数量指标", name="旧的一项")
    assert not one.code
    said = {"entry": one.pk, "level1": "产出指标", "level2": "数量指标", "name": "旧的一项", "target": "≥5次"}
    admin.post(reverse("library"), said)
    one.refresh_from_db()
    assert one.code.startswith("GE-O1-")


def test_the_library_is_searched_and_says_where_an_entry_is_used(admin, department):
    version = Sheet.objects.filter(department=department).first().latest
    name = version.body["indicators"][0]["name"]
    one = library.add({"level1": "产出指标", "level2": "另一处", "name": name})
    page = flat(admin.get(reverse("library"), {"q": name[:3], "one": one.pk}))
    assert name in page and "用在哪里" in page
    nothing = flat(admin.get(reverse("library"), {"q": "没有这样的指标名"}))
    assert "指标库里没有这样的指标" in nothing


def test_what_has_no_usual_value_brings_its_sign_and_unit_into_a_sheet(department, user):
    version = drafts.start_blank(department, 2025, "project", "项目甲", user("keyuan"))
    said = {"level1": "产出指标", "level2": "数量指标", "name": "人次", "direction": "≥", "unit": "人次"}
    drafts.add_part(version, "indicators", library.add(said))
    version.refresh_from_db()
    indicator = version.target_sheet().indicators[-1]
    assert (indicator.operator, indicator.unit, indicator.target.op) == ("≥", "人次", "unread")
