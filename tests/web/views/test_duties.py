"""The review's ledger over all departments, and what its rules rest on in a place."""

from __future__ import annotations

import io
import json
from datetime import date

import openpyxl
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from zhunsheng.review import STATES, all_rules
from zhunsheng.sample.documents import bureau, flattened
from zhunsheng.web.models import Organisation, RuleBasis, Sheet, SheetReview
from zhunsheng.web.services import office
from zhunsheng.web.services.portfolio import duties

YEAR = 2021


def place_of():
    return Organisation.objects.get(name="示例区")


def test_every_rule_of_every_sheet_is_counted_once(sign_in):
    told = duties.tally(place_of(), YEAR)
    sheets = sum(told.sheets.values())
    assert sheets == Sheet.objects.filter(year=YEAR, retired=False).count() and len(told.rules) == len(
        all_rules()
    )
    for line in told.by_rule():
        assert sum(line["fates"].values()) == sheets, line["rule"].code
    assert sum(sum(line["fates"].values()) for line in told.by_department()) == sheets * len(all_rules())
    # What the ledger says of one sheet is what its own review says.
    kept = SheetReview.objects.filter(stale=False).first()
    own = duties.lines(place_of(), YEAR, department=kept.department_id)
    mine = {line.rule: line for line in own if line.version.pk == kept.version_id}
    assert {code: line.fate for code, line in mine.items()} == {d["rule"]: d["state"] for d in kept.duties}
    for one in mine.values():
        assert one.said or one.fate == "passed", one.rule  # each with its reason in words


def test_a_sheet_that_was_not_reviewed_as_it_stands_counts_as_unreviewed():
    one = SheetReview.objects.filter(stale=False, department__path__startswith=place_of().path).first()
    before = duties.tally(place_of(), YEAR)
    SheetReview.objects.filter(pk=one.pk).update(stale=True)
    after = duties.tally(place_of(), YEAR)
    assert after.unreviewed[one.department_id] == before.unreviewed[one.department_id] + 1
    found = duties.lines(place_of(), YEAR, department=one.department_id, rule="ZS102")
    assert "unreviewed" in {line.fate for line in found}


def test_the_bureau_drills_from_rules_to_departments_to_sheets(sign_in):
    client = sign_in("caizheng")
    page = client.get(reverse("portfolio-duties") + f"?year={YEAR}").content.decode()
    assert "ZS102" in page and "判断不了" in page and "还没查" in page and "尚未审核" in page
    name = "示例区市场监督管理局"
    for query in ("by=department", "rule=ZS102"):
        assert name in client.get(reverse("portfolio-duties") + f"?year={YEAR}&{query}").content.decode()
    pk = Organisation.objects.get(name=name, kind="department").pk
    assert (
        "ZS319" in client.get(reverse("portfolio-duties") + f"?year={YEAR}&department={pk}").content.decode()
    )
    lines = client.get(
        reverse("portfolio-duties") + f"?year={YEAR}&department={pk}&rule=ZS312"
    ).content.decode()
    assert "上年的目标表" in lines and "/targets/" in lines
    data = json.loads(client.get(reverse("portfolio-duties") + f"?year={YEAR}&format=json").content)
    assert data["format"] == "zhunsheng.duties/1" and len(data["rules"]) == len(all_rules())
    for one in data["departments"]:
        for fates in one["rules"].values():
            assert sum(fates.values()) == one["sheets"] - one["unreviewed"] and set(fates) <= set(STATES)
    book = openpyxl.load_workbook(
        io.BytesIO(client.get(reverse("portfolio-duties") + f"?year={YEAR}&format=xlsx").content)
    )
    assert book.sheetnames[:3] == ["按规则", "按部门", "规则与部门"]
    rules = list(book["按规则"].iter_rows(values_only=True))
    assert len(rules) == len(all_rules()) + 1 and all(
        sum(row[3:9]) == sum(rules[1][3:9]) for row in rules[1:]
    )


def test_the_judged_see_no_ledger_of_others_and_a_bureau_none_of_another_district(sign_in, district):
    for name in ("keyuan", "caiwu", "juzhang", "guanli"):
        client = sign_in(name)
        assert client.get(reverse("portfolio-duties")).status_code == 403, name
    city = office.found("另一市", "city", None)
    other = office.found("外局", "department", office.found("另一区", "district", city))
    assert duties.lines(place_of(), YEAR, department=other.pk) == []
    client = sign_in("caizheng")
    for query in (f"department={other.pk}", f"department={other.pk}&rule=ZS102"):
        assert client.get(reverse("portfolio-duties") + f"?year={YEAR}&{query}").status_code == 404


def test_a_place_names_what_its_rules_rest_on_and_findings_say_so(sign_in, district, department):
    client = sign_in("guanli")
    said = {
        "organisation": district.pk,
        "rules": "zs102，ZS209",
        "citation": "示财绩〔2020〕7号",
        "name": "示例区预算绩效目标管理办法",
        "article": "第九条",
        "scope": "区级各部门",
        "valid_from": "2020-01-01",
        "valid_to": "",
        "verified_on": "2021-02-01",
    }
    assert client.post(reverse("bases"), {**said, "rules": "ZS999"}).status_code == 400
    assert client.post(reverse("bases"), {**said, "valid_to": "2019-01-01"}).status_code == 400
    assert not RuleBasis.objects.exists()
    assert client.post(reverse("bases"), said).status_code == 302
    assert RuleBasis.objects.get().rules == "ZS102 ZS209"
    assert "示财绩〔2020〕7号" in client.get(reverse("bases")).content.decode()
    staff = sign_in("keyuan")
    text = flattened({**bureau(), "department": department.name})
    staff.post(
        reverse("targets", args=[department.pk, YEAR]),
        {"file": SimpleUploadedFile("目标.txt", text.encode())},
    )
    finding = SheetReview.objects.filter(found__gt=0, department=department).order_by("-pk")
    pages = [staff.get(reverse("version", args=[r.version_id])).content.decode() for r in finding]
    assert any("示财绩〔2020〕7号第九条（本地，约束区级各部门，已核实）" in page for page in pages)
    assert any("只约束中央部门，地方参照" in page for page in pages)
    one = RuleBasis.objects.get()
    one.valid_to = date(2020, 12, 31)
    one.save()
    pages = [staff.get(reverse("version", args=[r.version_id])).content.decode() for r in finding]
    assert any("示财绩〔2020〕7号第九条（本地，已于 2020-12-31 失效）" in page for page in pages)
    assert not any("约束区级各部门" in page for page in pages)
