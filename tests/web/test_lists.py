"""Lists from Excel: a preview row by row of which nothing is done, a yes that does just that, typos that make
nothing.
"""

from __future__ import annotations

import io
import re

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from zhunsheng.web.forms.fields import MOST_LISTED
from zhunsheng.web.models import AuditEntry, InspectionItem, Inspector, Membership, Organisation, Upload, User
from zhunsheng.web.services import lists, office

CODES = ["单位代码", "名称", "类别", "上级", "并入", "撤销", "生效日期", "依据文号"]
PEOPLE = ["用户名", "姓名", "单位", "角色", "联系电话"]


def book(head, *rows, name="名单.xlsx"):
    """Return an Excel file of these rows."""
    made = openpyxl.Workbook()
    for row in (head, *rows):
        made.active.append(list(row))
    buffer = io.BytesIO()
    made.save(buffer)
    return SimpleUploadedFile(name, buffer.getvalue())


@pytest.fixture
def guanli(db):
    client = Client()
    client.force_login(User.objects.get(username="guanli"), "django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def district(db):
    return Organisation.objects.get(name="示例区")


def sent(client, name, file):
    """Send a list; return the address of its preview and the preview."""
    file.seek(0)
    answer = client.post(reverse("lists"), {"name": name, "file": file})
    assert answer.status_code == 302, answer.content.decode()
    page = client.get(answer["Location"])
    assert page.status_code == 200, page.content.decode()
    return answer["Location"], page.content.decode()


def yes(client, address, page, *agreed):
    seen = re.search(r'name="seen" value="([0-9a-f]{64})"', page)[1]
    return client.post(address, {"seen": seen, "agreed": agreed})


def test_a_list_of_organisations_is_seen_before_it_is_done(guanli, district):
    before = Organisation.objects.count(), AuditEntry.objects.count()
    file = book(
        CODES,
        ("K01", "办公室", "科室", "30901"),  # whoever is above may stand below
        ("30901", "新设局", "部门", district.name),
        ("30901-1", "新设局服务中心", "单位", "30901"),
        ("91110000000000000X", "错码局", "部门", district.name),
        ("30903", "某某局", "部门", "示列区"),
        ("30904", "无上级局", "部门", ""),
    )
    address, page = sent(guanli, "organisations", file)
    assert Organisation.objects.count() == before[0]
    assert "新增 3 行" in page and "有错 3 行" in page and "现在什么都还没有做" in page
    assert "审计日志" in page  # the menu is there on this page too
    assert "校验位不对" in page and "没有代码或名称是“示列区”的单位" in page and "相近的：示例区" in page
    assert AuditEntry.objects.filter(model="organisation", number__gt=before[1]).count() == 0
    assert yes(guanli, address, page).status_code == 302
    unit = Organisation.objects.get(official_code="30901-1")
    assert (unit.kind_word, unit.parent.official_code) == ("单位", "30901")
    assert Organisation.objects.get(official_code="K01").parent.name == "新设局"
    assert not Organisation.objects.filter(name__in=["错码局", "某某局", "无上级局"]).exists()
    assert AuditEntry.objects.filter(action="list").exists()
    # The same file again does nothing.
    _again, page = sent(guanli, "organisations", file)
    assert "没有变化 3 行" in page and "确认导入" not in page


def test_another_name_of_a_known_code_is_an_act_that_is_asked(guanli, district):
    one = district.children.filter(kind="department").exclude(official_code="").first()
    was = one.name
    row = [one.official_code, "更名后的局", "部门", district.name]
    _address, page = sent(guanli, "organisations", book(CODES, row))
    assert f"由“{was}”更名为“更名后的局”" in page and "要写生效日期和依据文号" in page and "有错 1 行" in page
    file = book(CODES, [*row, "", "", "2026-03-01", "某编发〔2026〕3号"])
    address, page = sent(guanli, "organisations", file)
    assert "要您回答 1 行" in page
    yes(guanli, address, page)  # unticked: nothing is renamed
    one.refresh_from_db()
    assert one.name == was
    address, page = sent(guanli, "organisations", file)
    yes(guanli, address, page, re.search(r'name="agreed" value="([^"]+)"', page)[1])
    one.refresh_from_db()
    last = one.stages.last()
    assert (one.name, last.note, str(last.from_on)) == ("更名后的局", "某编发〔2026〕3号", "2026-03-01")


def test_offices_move_merge_and_end_by_rows_that_are_ticked_with_day_and_document(guanli, district):
    act = ("2026-03-01", "某编发〔2026〕5号")
    made = [(f"3090{n}", f"新设{n}局", "部门", district.name) for n in range(1, 4)]
    made.append(("309K1", "综合科", "科室", "30901"))
    yes(guanli, *sent(guanli, "organisations", book(CODES, *made)))
    file = book(
        CODES,
        ("309K1", "综合科", "科室", "30902", "", "", *act),
        ("30901", "新设1局", "部门", district.name, "30902", "", *act),
        ("30903", "新设3局", "部门", district.name, "", "是", *act),
    )
    address, page = sent(guanli, "organisations", file)
    assert "要您回答 3 行" in page and "由“新设1局”划转到“新设2局”" in page and "并入“" in page
    yes(guanli, address, page, *re.findall(r'name="agreed" value="([^"]+)"', page))
    now = {one.official_code: one for one in Organisation.objects.filter(official_code__startswith="309")}
    assert now["309K1"].parent == now["30902"] and now["309K1"].active
    assert [now[code].active for code in ("30901", "30902", "30903")] == [False, True, False]
    last = now["30901"].stages.last()
    assert (last.event, last.successors, last.note) == ("merged", [now["30902"].code], act[1])
    assert now["30903"].stages.last().event == "closed"


def test_a_yes_to_what_changed_since_does_nothing(guanli, district):
    address, page = sent(guanli, "organisations", book(CODES, ("30901", "新设局", "部门", district.name)))
    made = book(CODES, ("30901", "别人设的局", "部门", district.name))
    yes(guanli, *sent(guanli, "organisations", made))
    answer = yes(guanli, address, page)
    assert answer.status_code == 400 and "ZS-WB-87" in answer.content.decode()
    assert Organisation.objects.get(official_code="30901").name == "别人设的局"


def test_people_come_with_first_passwords_that_are_shown_once(guanli):
    place = Organisation.objects.get(name="示例区市场监督管理局")
    file = book(
        PEOPLE,
        ("xin01", "甲", place.official_code or place.name, "经办", "010-1"),
        ("xin01", "甲", place.official_code or place.name, "财务科", ""),
        ("xin02", "乙", "没有的局", "科室人员", ""),
        ("xin03", "丙", place.official_code or place.name, "局座", ""),
    )
    address, page = sent(guanli, "people", file)
    assert "有错 2 行" in page and not User.objects.filter(username="xin01").exists()
    assert yes(guanli, address, page).status_code == 302
    user = User.objects.get(username="xin01")
    assert user.must_change and user.memberships.filter(active=True).count() == 2
    shown = guanli.get(reverse("users")).content.decode()
    password = re.search(r'<code class="secret">([^<]+)</code>', shown)[1]
    assert user.check_password(password)
    assert password not in guanli.get(reverse("users")).content.decode()
    # Another name for the same account is asked.
    _address, page = sent(guanli, "people", book(PEOPLE, ("xin01", "丁", place.name, "科室人员", "")))
    assert "姓名由“甲”改为“丁”" in page and "要您回答 1 行" in page


def test_an_administrator_s_list_reaches_no_further_than_they_do(db):
    place = Organisation.objects.get(name="示例区市场监督管理局")
    user = User.objects.create(username="below", display="乙")
    Membership.objects.create(user=user, organisation=place, role="admin")
    client = Client()
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    file = book(CODES, ("30901", "新设局", "部门", "示例区"), ("K77", "新科室", "科室", place.name))
    address, page = sent(client, "organisations", file)
    assert "新增 1 行" in page and "没有代码或名称是“示例区”的单位" in page
    # What one sent is nobody else's to see.
    assert Client().get(address).status_code == 302
    other = Client()
    other.force_login(User.objects.get(username="guanli"), "django.contrib.auth.backends.ModelBackend")
    assert other.get(address).status_code == 404


def test_items_and_inspectors_come_from_excel_too(department, sign_in):
    client, here = sign_in("caiwu"), [department.pk, 2021]

    def preview(name, file):
        answer = client.post(reverse("draw-lists", args=here), {"list": name, "file": file})
        return answer["Location"], client.get(answer["Location"]).content.decode()

    items = book(["编号", "抽查事项", "依据"], ("B09", "价格检查", "价格法"))
    assert yes(client, *preview("items", items)).status_code == 302
    assert InspectionItem.objects.get(code="B09").basis == "价格法"
    head = ["编号", "姓名", "有执法证", "可查事项"]
    file = book(head, ("ZF901", "甲", "是", "B09"), ("ZF902", "乙", "否", "X99"), ("张三", "丙", "是", "B09"))
    address, page = preview("inspectors", file)
    assert "新增 1 行" in page and "有错 2 行" in page and "抽查事项清单里没有：X99" in page
    assert yes(client, address, page).status_code == 302
    assert Inspector.objects.get(number="ZF901").name == "甲"
    assert not Inspector.objects.filter(number="ZF902").exists()
    _address, page = preview("inspectors", book(head, ("ZF901", "丁", "否", "B09")))
    assert "这个编号的姓名改了" in page and "有执法证改为“—”" in page
    assert "名录" in client.get(reverse("draws", args=here)).content.decode()


def test_each_template_is_read_as_its_own_list(guanli):
    for name in lists.SITE:
        answer = guanli.get(reverse("list-template", args=[name]))
        sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).worksheets[0]
        assert [c.value for c in sheet[1]] == [c.title for c in lists.lists()[name].columns]
    assert guanli.get(reverse("list-template", args=["items"])).status_code == 404
    assert not Upload.objects.filter(purpose="list:items").exists()


def test_of_many_organisations_one_is_looked_for_by_name_or_code(guanli, district):
    made = [
        office.found(f"第{n}中学", "department", district, official_code=f"7{n:04}")
        for n in range(MOST_LISTED + 1)
    ]
    page = guanli.get(reverse("users")).content.decode()
    assert 'name="organisation-words"' in page and 'list="places-found"' in page
    assert '<select name="organisation"' not in page
    assert 'name="organisation-words"' in guanli.get(reverse("calendar")).content.decode()
    found = guanli.get(reverse("places-found"), {"organisation-words": "第17中学"}).content.decode()
    assert "第17中学" in found and "70017" in found
    new = {"what": "add", "username": "lao", "display": "老", "role": "staff"}
    answer = guanli.post(reverse("users"), new | {"organisation-words": "第 17 中学"})
    assert answer.status_code == 400 and not User.objects.filter(username="lao").exists()
    answer = guanli.post(reverse("users"), new | {"organisation-words": "第1"})
    # Without a script the ones that are found are listed to choose from.
    assert answer.status_code == 400 and f'<option value="{made[1].pk}"' in answer.content.decode()
    guanli.post(reverse("users"), new | {"organisation-words": "70017"})
    assert User.objects.get(username="lao").memberships.get().organisation == made[17]
