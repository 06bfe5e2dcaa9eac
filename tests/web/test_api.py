"""The REST API: tokens with scopes, the same rules as the pages, and no 5xx whatever is asked."""

from __future__ import annotations

import pytest
import schemathesis
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.wsgi import get_wsgi_application
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from zhunsheng.sample.documents import bureau, flattened
from zhunsheng.web.models import ApiToken, AuditEntry, Organisation, SheetVersion, User
from zhunsheng.web.scopes import SCOPES

ALL = list(SCOPES)


@pytest.fixture
def call(client, user):
    def request(method, path, who="keyuan", scopes=ALL, **more):
        _token, secret = ApiToken.issue(user(who), "测试", scopes, 1)
        return getattr(client, method)(f"/api{path}", HTTP_AUTHORIZATION=f"Bearer {secret}", **more)

    return request


def test_without_a_valid_token_nothing_is_given(client, user, department):
    assert client.get("/api/departments").status_code == 401
    token, secret = ApiToken.issue(user("keyuan"), "x", ALL, 1)
    headers = {"HTTP_AUTHORIZATION": f"Bearer {secret}"}
    assert client.get("/api/departments", **headers).status_code == 200
    token.refresh_from_db()
    assert token.last_used_at is not None
    token.revoked = True
    token.save()
    assert client.get("/api/departments", **headers).status_code == 401
    # A page's session does not open the API, nor a token a page.
    assert client.get(f"/d/{department.pk}/2021/", **headers).status_code == 302


def test_a_token_needs_the_scope_and_its_person_the_permission(call, department):
    path = f"/departments/{department.pk}/sheets?year=2021"
    assert call("get", path, scopes=["draws:read"]).status_code == 403
    assert call("get", path, who="guanli").status_code == 404
    assert call("get", "/departments/999999/sheets?year=2021").status_code == 404
    other = Organisation.objects.filter(kind="department").exclude(pk=department.pk)[0]
    assert call("get", f"/departments/{other.pk}/sheets?year=2021").status_code == 404
    assert [s["state"] for s in call("get", path).json()] == ["approved"] * 3


def test_reading_what_the_pages_show(call, department):
    pk = department.pk
    assert call("get", "/departments").json() == [{"id": pk, "name": department.name, "years": [2021, 2022]}]
    findings = call("get", f"/departments/{pk}/findings?year=2021").json()
    assert findings and {"rule", "level", "message", "mend"} <= set(findings[0])
    assert call("get", f"/departments/{pk}/assessment?year=2021").json()["format"] == "zhunsheng.run/1"
    assert call("get", f"/departments/{pk}/assessment?year=2030").status_code == 404
    rows = call("get", f"/departments/{pk}/ledgers/complaints?limit=5").json()
    assert len(rows["rows"]) == 5 and all(r["complainant"].endswith("**") for r in rows["rows"])
    assert call("get", f"/departments/{pk}/ledgers/nothing").json()["code"] == "ZS-EV-01"
    assert len(call("get", "/ledgers").json()) == 17
    batches = call("get", f"/departments/{pk}/batches").json()
    assert batches[0]["previous"] == "" and all(b["department"] == department.code for b in batches)
    assert call("get", f"/departments/{pk}/draws").json()[0]["code"] == "SJ-2021-01"


def test_writing_goes_the_way_of_the_pages(call, department, work_off):
    pk = department.pk
    rows = "活动编号,活动类别,主题类别,活动名称,开展日期\nHD-API,宣传,食品安全,接口试验,2021-05-01\n"
    file = SimpleUploadedFile("活动.csv", rows.encode())
    answer = call("post", f"/departments/{pk}/ledgers/activities", data={"file": file})
    assert answer.status_code == 202
    work_off()
    done = call("get", f"/jobs/{answer.json()['id']}").json()
    assert done["state"] == "done" and done["result"]["rows"] == 1
    assert call("get", f"/jobs/{answer.json()['id']}", who="caiwu").status_code == 404
    text = flattened({**bureau(), "year": 2023}).replace("2021年", "2023年")
    made = call(
        "post",
        f"/departments/{pk}/documents?year=2023",
        data={"file": SimpleUploadedFile("目标.txt", text.encode())},
    )
    assert made.status_code == 201 and len(made.json()) == 3
    assert SheetVersion.objects.get(pk=made.json()[0]["version"]).state == "draft"
    assert AuditEntry.objects.filter(actor="keyuan", model="sheetversion").exists()
    bad = call(
        "post", f"/departments/{pk}/documents?year=2023", data={"file": SimpleUploadedFile("x.docx", b"x")}
    )
    assert bad.status_code == 422 and bad.json()["code"].startswith("ZS-IN-")
    assert (
        call("post", f"/departments/{pk}/documents?year=2023", who="juzhang", data={"file": file}).status_code
        == 404
    )


def test_public_content_needs_no_token(client):
    found = client.get("/api/public").json()
    assert {p["kind"] for p in found} == {"targets", "draw", "results"}


schema = schemathesis.openapi.from_wsgi("/api/openapi.json", get_wsgi_application())


@schema.parametrize()
@hypothesis_settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_request_brings_a_server_error(case, db):
    user = User.objects.get(username="keyuan")
    _token, secret = ApiToken.issue(user, "schemathesis", ALL, 1)
    # Half of the department numbers are the person's own, so that requests get behind the door.
    if "department" in (case.path_parameters or {}) and hash(str(case.path_parameters)) % 2:
        case.path_parameters["department"] = Organisation.objects.get(name="示例区市场监督管理局").pk
    response = case.call(headers={"Authorization": f"Bearer {secret}"})
    assert response.status_code < 500, response.text
    case.validate_response(response, checks=(schemathesis.checks.not_a_server_error,))
