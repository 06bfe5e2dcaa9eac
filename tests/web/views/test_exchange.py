"""The data standard on the site: what is taken along comes back as drafts of the same text."""

from __future__ import annotations

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from pages import flat

from zhunsheng.usecases.exchange import read, sheets_of
from zhunsheng.web.models import AuditEntry, LibraryIndicator, SheetVersion
from zhunsheng.web.services import exchange, library


def sent(answer, name):
    return SimpleUploadedFile(name, answer.content)


@pytest.mark.parametrize("kind", ["xlsx", "json"])
def test_targets_go_out_and_come_back_as_drafts(sign_in, department, kind):
    at = reverse("exchange", args=[department.pk, 2021])
    page = sign_in("caiwu").get(at)
    assert "PM_PERF_INDICATOR" in flat(page) and "资金支出计划" in flat(page)
    answer = sign_in("caiwu").get(at, {"what": "targets", "export": kind})
    tables, unread = read(answer.content, f"x.{kind}")
    sheets, left = sheets_of(tables)
    assert not unread and not left
    before = exchange.targets_of(department, 2021)[0]
    assert [len(sheet.indicators) for sheet in sheets]
    assert sum(len(s.indicators) for s in sheets) == len(
        [r for r in before["PM_PERF_INDICATOR"] if r["perf_obj_type_name"] == "年度"]
    )
    assert AuditEntry.objects.filter(action="exchange exported").exists()


def test_a_file_of_next_year_makes_drafts(sign_in, department):
    at = reverse("exchange", args=[department.pk, 2021])
    answer = sign_in("caiwu").get(at, {"what": "targets", "export": "json"})
    moved = json.loads(answer.content)
    for rows in moved["tables"].values():
        for row in rows:
            row["fiscal_year"] = "2031"
            row["kpi_evalstd"] = "每少一次扣一分"
    file = SimpleUploadedFile("目标.json", json.dumps(moved).encode())
    sign_in("keyuan").post(reverse("exchange", args=[department.pk, 2031]), {"file": file})
    made = list(SheetVersion.objects.filter(sheet__year=2031))
    old, _left = exchange.targets_of(department, 2021)
    assert {v.state for v in made} == {"draft"}
    assert sum(len(v.body["indicators"]) for v in made) == len(
        {r["kpi_id"] for r in old["PM_PERF_INDICATOR"]}
    )
    assert any("评（扣）分标准" in one["why"] for v in made for one in v.unsure)


def test_a_file_of_another_unit_is_refused(sign_in, department):
    if not department.official_code:
        department.official_code = "105001"
        department.save()
    rows = [{"agency_code": "999", "pro_name": "甲", "lv3_perf_ind_name": "乙", "kpi_val": "1次"}]
    file = SimpleUploadedFile("x.json", json.dumps({"PM_PERF_INDICATOR": rows}).encode())
    answer = sign_in("keyuan").post(reverse("exchange", args=[department.pk, 2031]), {"file": file})
    assert "ZS-WB-111" in answer.content.decode()
    assert not SheetVersion.objects.filter(sheet__year=2031).exists()


def test_the_result_goes_along_with_what_has_no_place_named(sign_in, department):
    at = reverse("exchange", args=[department.pk, 2021])
    answer = sign_in("caiwu").get(at, {"what": "result", "export": "json"})
    said = json.loads(answer.content)
    assert {"PAY_PERF_MONITOR_INFO", "PM_SELF_EVAL_INDICATOR", "PM_PERF_SELF_BGT"} <= set(said["tables"])
    assert any("预警灯" in one for one in said["left_out"])
    assert any(row.get("ind_comp") for row in said["tables"]["PM_SELF_EVAL_INDICATOR"])
    assert any(row.get("完成目标可能性") for row in said["tables"]["PAY_PERF_MONITOR_INFO"])
    assert sign_in("caiwu").get(at, {"what": "nothing", "export": "json"}).status_code == 404


@pytest.mark.parametrize("kind", ["xlsx", "json"])
def test_the_library_goes_out_and_comes_in_over_nothing(sign_in, department, kind):
    admin = sign_in("guanli")
    made = library.add({"level1": "产出指标", "level2": "数量指标", "name": "检查户次", "target": "≥5次"})
    answer = admin.get(reverse("library"), {"export": kind})
    before = LibraryIndicator.objects.count()
    library.change(made, {name: getattr(made, name) for name in library.FIELDS} | {"target": "≥9次"})
    told = flat(
        admin.post(reverse("library"), {"what": "file", "library": sent(answer, f"x.{kind}")}, follow=True)
    )
    assert "加入 0 项" in told
    made.refresh_from_db()
    assert made.target == "≥9次" and LibraryIndicator.objects.count() == before
    rows = [{"perf_ind_code": "SL1", "一级指标": "产出指标", "二级指标": "质量指标", "三级指标": "新的一项"}]
    file = SimpleUploadedFile("y.json", json.dumps({"BAS_PERF_INDICATOR": rows}).encode())
    admin.post(reverse("library"), {"what": "file", "library": file})
    one = LibraryIndicator.objects.get(name="新的一项")
    assert one.code.startswith("GE-O2-") and one.origin == "y.json"
