"""A program answers the doubts of a document, confirms its columns, and carries layouts about."""

from __future__ import annotations

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from zhunsheng.web.models import ApiToken, AuditEntry, SheetVersion
from zhunsheng.web.scopes import SCOPES
from zhunsheng.web.services.sheets import doubts

HEAD = "<tr><td>一级指标</td><td>二级指标</td><td>三级指标</td><td>指标值</td></tr>"
TITLE = "<p>2024年度道路养护项目绩效目标表</p>"
OWN = (
    ("干哪类", "干什么", "怎么量", "做到多少", "去年实现"),
    ("干活", "巡查次数", "翻台账", "≥12次", "10次"),
    ("干活", "验收合格率", "看报告", "≥95%", "93%"),
)
FIELDS = ["level2", "name", "description", "target", "last_year"]


def row(*cells):
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def doubtful(*values):
    lines = "".join(row("产出指标", "质量指标", f"第{n}项合格率", value) for n, value in enumerate(values))
    top = row("项目名称", "道路养护") + row("预算总额（万元）", "30")
    return f"{TITLE}<table>{top}{HEAD}{lines}</table>"


def own_words(title=TITLE):
    return f"{title}<table>{''.join(row(*cells) for cells in OWN)}</table>"


@pytest.fixture
def call(client, user):
    def request(method, path, who="keyuan", scopes=tuple(SCOPES), key=None, **more):
        secret = ApiToken.issue(user(who), "测试", list(scopes), 1)[1]
        if isinstance(more.get("data"), (dict, list)) and "file" not in more["data"]:
            more |= {"data": json.dumps(more["data"]), "content_type": "application/json"}
        return getattr(client, method)(f"/api{path}", HTTP_AUTHORIZATION=f"Bearer {secret}", **more)

    return request


@pytest.fixture
def upload(call, department):
    def sent(text, name="目标.html"):
        file = SimpleUploadedFile(name, text.encode())
        return call("post", f"/departments/{department.pk}/documents?year=2024", data={"file": file})

    return sent


def test_a_program_answers_doubts_one_by_one_and_all_or_none(call, upload):
    (made,) = upload(doubtful("≥90%", "295%", "约80%")).json()
    assert made["doubts"] == 2
    path = f"/versions/{made['version']}/doubts"
    asked = [one for one in call("get", path).json() if one["asked"]]
    assert [(one["text"], one["read"], one["value"]) for one in asked] == [
        ("295%", "≥295%", "295%"),
        ("约80%", "≥80%", "约80%"),
    ]
    # A second that can't stand leaves the first as it was.
    both = [{"number": asked[1]["number"]}, {"number": asked[0]["number"], "text": "≥95%", "was": "旧的"}]
    refused = call("post", path, data={"answers": both})
    assert refused.status_code == 422 and refused.json()["code"] == "ZS-WB-03"
    version = SheetVersion.objects.get(pk=made["version"])
    assert version.answered == {}
    both[1]["was"] = "295%"
    told = {one["number"]: one["answer"] for one in call("post", path, data={"answers": both}).json()}
    assert [told[one["number"]]["how"] for one in asked] == ["corrected", "confirmed"]
    version.refresh_from_db()
    assert doubts.waiting(version) == [] and version.target_sheet().indicators[1].target.raw == "≥95%"
    entry = AuditEntry.objects.filter(action="targets.confirm").first()
    assert entry.actor == "keyuan" and entry.object_id == str(version.pk)


def test_answering_needs_its_scope_the_permission_and_a_draft(call, upload):
    (made,) = upload(doubtful("295%")).json()
    path, said = f"/versions/{made['version']}/doubts", {"answers": [{"number": 0}]}
    assert (
        call("post", path, scopes=["targets:read", "targets:write"], data=said).json()["code"] == "ZS-WB-31"
    )
    assert call("post", path, who="shenji", data=said).json()["code"] == "ZS-WB-31"
    assert call("get", "/versions/999999999/doubts").json()["code"] == "ZS-WB-32"
    strange = call("post", path, data={"answers": [{"number": 77}]})
    assert strange.status_code == 422 and strange.json()["code"] == "ZS-WB-71"
    assert call("post", path, data={"answers": []}).status_code == 422


def test_a_program_confirms_columns_once_and_the_next_document_is_not_asked(call, upload, department):
    refused = upload(own_words())
    assert (refused.status_code, refused.json()["code"]) == (422, "ZS-IN-50")
    document = refused.json()["document"]
    path = f"/departments/{department.pk}/documents/{document}/tables"
    found = call("get", path).json()
    (table,) = found["tables"]
    assert not table["read"] and found["refusal"]["code"] == "ZS-IN-50" and found["versions"] == []
    assert [c["head"] for c in table["columns"]] == list(OWN[0]) and found["fields"]["target"] == "指标值"
    said = {"layout": table["layout"], "fields": [*FIELDS[:-1], "target"]}
    assert call("post", f"{path}?year=2024", data=said).json()["code"] == "ZS-WB-72"
    said["fields"] = FIELDS
    came = call("post", f"{path}?year=2024", data=said).json()
    assert len(came["versions"]) == 1 and not came["changes"]
    kept = call("get", f"/departments/{department.pk}/layouts").json()
    assert kept["format"] == "zhunsheng.layouts/1" and len(kept["layouts"]) == 1
    (second,) = upload(own_words(TITLE.replace("道路", "桥梁")), "桥.html").json()
    assert second["doubts"] == 0 and second["new"]


def test_columns_that_change_a_draft_are_agreed_to_first(call, upload, department):
    document = upload(own_words()).json()["document"]
    path = f"/departments/{department.pk}/documents/{document}/tables"
    (table,) = call("get", path).json()["tables"]
    call("post", f"{path}?year=2024", data={"layout": table["layout"], "fields": FIELDS})
    (table,) = call("get", path).json()["tables"]
    said = {"layout": table["layout"], "fields": ["level2", "name", "description", "last_year", "target"]}
    came = call("post", f"{path}?year=2024", data=said).json()
    assert came["versions"] == [] and {one["old"] for one in came["changes"]} >= {"≥12次"}
    came = call("post", f"{path}?year=2024", data=said | {"agreed": came["agreed"]}).json()
    (version,) = came["versions"]
    assert SheetVersion.objects.get(pk=version).target_sheet().indicators[0].target.raw == "10次"


def test_layouts_are_brought_to_a_department_as_a_file(call, upload, department):
    layout = {
        "columns": [{"words": words, "field": field} for words, field in zip(OWN[0], FIELDS, strict=True)],
        "confirmed_by": "张三",
    }
    text = json.dumps({"format": "zhunsheng.layouts/1", "layouts": [layout]}, ensure_ascii=False)
    path = f"/departments/{department.pk}/layouts"
    file = SimpleUploadedFile("版式.json", text.encode())
    sent = call("post", path, scopes=["targets:write"], data={"file": file})
    assert sent.json()["code"] == "ZS-WB-31"
    file.seek(0)
    assert call("post", path, data={"file": file}).json() == {"kept": 1}
    (made,) = upload(own_words()).json()
    assert made["doubts"] == 0


def test_a_key_with_another_body_is_another_request(call, upload, client, user):
    (made,) = upload(doubtful("295%", "约80%")).json()
    secret = ApiToken.issue(user("keyuan"), "测试", list(SCOPES), 1)[1]

    def sent(number):
        return client.post(
            f"/api/versions/{made['version']}/doubts",
            data=json.dumps({"answers": [{"number": number}]}),
            content_type="application/json",
            HTTP_AUTHORIZATION=f"Bearer {secret}",
            HTTP_IDEMPOTENCY_KEY="k",
        )

    first = sent(0)
    assert first.status_code == 200 and sent(0).json() == first.json()
    assert sent(1).json()["code"] == "ZS-WB-36"
