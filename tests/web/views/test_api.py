"""The API: tokens and scopes, one shape of errors, answers that keep to the schema, a key that acts once."""

from __future__ import annotations

import importlib
import io
import json
import shutil
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
import schemathesis
from django.core import signals
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from pages import here

from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence.bounds import WEB
from zhunsheng.sample.documents import bureau, flattened
from zhunsheng.usecases.importing import import_ledger
from zhunsheng.web.api import api
from zhunsheng.web.models import ApiToken, AuditEntry, Job, Organisation, SheetVersion, Upload, User
from zhunsheng.web.models.work import cipher
from zhunsheng.web.scopes import SCOPES
from zhunsheng.web.services import evidence
from zhunsheng.web.services.sheets import drafts

ALL = list(SCOPES)
WILD = Path(__file__).parents[2] / "wild"


@pytest.fixture(autouse=True)
def _connection_kept():
    """What serves requests closes a connection in a transaction that is none of its own: here the test's."""
    for signal in (signals.request_started, signals.request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (signals.request_started, signals.request_finished):
        signal.connect(close_old_connections)


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
    assert all("未核实" in one["basis"] or "表格规范" in one["basis"] for one in findings)
    assert call("get", f"/departments/{pk}/assessment?year=2021").json()["format"] == "zhunsheng.run/1"
    assert call("get", f"/departments/{pk}/assessment?year=2030").status_code == 404
    rows = call("get", f"/departments/{pk}/ledgers/complaints?limit=5").json()
    assert len(rows["rows"]) == 5 and all(r["complainant"].endswith("**") for r in rows["rows"])
    assert call("get", f"/departments/{pk}/ledgers/nothing").json()["code"] == "ZS-EV-01"
    assert sum(not one["department"] for one in call("get", "/ledgers").json()) == 20
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


GOOD = "HD-F1,宣传,食品安全,活动,2021-03-01\n"
HEAD = "活动编号,活动类别,主题类别,活动名称,开展日期\n"
BAD = "HD-F2,宣传,食品安全,活动,2021-13-01\n"


@pytest.fixture
def call(client, user):
    """Ask the API as a person, each person with one token."""
    secrets: dict[str, str] = {}

    def request(method, path, who="keyuan", scopes=tuple(SCOPES), key=None, **more):
        scopes = tuple(scopes)
        if (who, scopes) not in secrets:
            secrets[who, scopes] = ApiToken.issue(user(who), "测试", list(scopes), 1)[1]
        if key is not None:
            more["HTTP_IDEMPOTENCY_KEY"] = key
        return getattr(client, method)(
            f"/api{path}", HTTP_AUTHORIZATION=f"Bearer {secrets[who, scopes]}", **more
        )

    return request


def document_sent(year=2023, name="目标.txt", amount=""):
    text = flattened({**bureau(), "year": year}).replace("2021年", f"{year}年") + amount
    return {"file": SimpleUploadedFile(name, text.encode())}


def ledger_file(*rows, name="活动.csv"):
    return {"file": SimpleUploadedFile(name, (HEAD + "".join(rows)).encode())}


PROBLEM = {
    "type": "object",
    "required": ["code", "message"],
    "additionalProperties": False,
    "properties": {"code": {"pattern": r"^ZS-[A-Z]{2}-\d{2,3}$"}, "message": {"type": "string"}},
}


def refusals(call, client, pk):
    few = ("draws:read",)
    yield 401, client.get("/api/departments")
    yield 401, client.get("/api/departments", HTTP_AUTHORIZATION="Bearer nothing")
    yield 403, call("get", f"/departments/{pk}/sheets?year=2021", scopes=few)
    yield 404, call("get", "/departments/999999/sheets?year=2021")
    yield 404, call("get", "/jobs/999999")
    yield 404, call("get", f"/jobs/{2**40}/marked")
    yield 404, call("get", f"/departments/{pk}/assessment?year=2035")
    yield 404, call("get", "/nothing")
    yield 405, call("post", "/departments")
    yield 405, call("delete", f"/departments/{pk}/sheets")
    yield 422, call("get", f"/departments/{pk}/sheets?year=1999")
    yield 422, call("get", f"/departments/{pk}/sheets")
    yield 422, call("get", "/departments/x/sheets?year=2021")
    yield 422, call("get", f"/departments/{pk}/ledgers/nothing")
    yield 422, call("post", f"/departments/{pk}/documents?year=2023")
    yield 422, call("post", f"/departments/{pk}/documents?year=2023", key="k" * 300, data=document_sent())


# -- one shape for errors, one for each answer
# ------------------------------------------------------------------------------------------------------------


def test_every_error_of_the_api_has_one_shape(call, client, department):
    for status, answer in refusals(call, client, department.pk):
        assert answer.status_code == status, answer.content
        assert answer["Content-Type"].startswith("application/json")
        jsonschema.validate(answer.json(), PROBLEM)
        assert answer.json()["code"] in answer.json()["message"]


def test_an_error_of_the_program_has_the_same_shape(call, department, monkeypatch):
    monkeypatch.setattr("zhunsheng.web.api.lookup.sheets_of", lambda *_: 1 / 0)
    answer = call("get", f"/departments/{department.pk}/sheets?year=2021")
    assert answer.status_code == 500
    jsonschema.validate(answer.json(), PROBLEM)
    assert answer.json()["code"] == "ZS-CL-99"


def written_schema():
    return json.loads(json.dumps(api.get_openapi_schema(), default=str))


def operations():
    return {o["operationId"]: o for path in written_schema()["paths"].values() for o in path.values()}


def _first(call, pk):
    (row,) = call("get", f"/departments/{pk}/ledgers/complaints?limit=1").json()["rows"]
    return row["complaint_no"]


OWN_WORDS = (
    ("干哪类", "干什么", "怎么量", "做到多少", "去年实现"),
    ("干活", "巡查次数", "翻台账", "≥12次", "10次"),
    ("干活", "验收合格率", "看报告", "约95%", "93%"),
)


def _of_documents(call, pk):
    """Return what the operations on a document in words of its own answer, one after the other."""
    rows = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in OWN_WORDS)
    text = f"<p>2024年度道路养护项目绩效目标表</p><table>{rows}</table>"
    file = SimpleUploadedFile("自己的.html", text.encode())
    refused = call("post", f"/departments/{pk}/documents?year=2024", data={"file": file}).json()
    path = f"/departments/{pk}/documents/{refused['document']}/tables"
    found = call("get", path)
    fields = ["level2", "name", "description", "target", "last_year"]
    said = json.dumps({"layout": found.json()["tables"][0]["layout"], "fields": fields})
    done = call("post", f"{path}?year=2024", data=said, content_type="application/json")
    asked = f"/versions/{done.json()['versions'][0]}/doubts"
    listed = call("get", asked)
    number = next(one["number"] for one in listed.json() if one["asked"])
    given = json.dumps({"answers": [{"number": number}]})
    layouts = call("get", f"/departments/{pk}/layouts")
    kept = SimpleUploadedFile("版式.json", json.dumps(layouts.json()).encode())
    return {
        "document_tables": found,
        "confirm_columns": done,
        "doubts": listed,
        "answer_doubts": call("post", asked, data=given, content_type="application/json"),
        "layouts": layouts,
        "bring_layouts": call("post", f"/departments/{pk}/layouts", data={"file": kept}),
    }


def test_every_answer_keeps_to_the_schema(call, client, department, work_off):
    pk = department.pk
    document_of = written_schema()
    job = call("post", f"/departments/{pk}/ledgers/activities", data=ledger_file(GOOD, BAD)).json()["id"]
    work_off()
    answers = {
        "departments": call("get", "/departments"),
        "sheets": call("get", f"/departments/{pk}/sheets?year=2021"),
        "findings": call("get", f"/departments/{pk}/findings?year=2021"),
        "upload_document": call("post", f"/departments/{pk}/documents?year=2023", data=document_sent()),
        "ledgers": call("get", "/ledgers"),
        "ledger_rows": call("get", f"/departments/{pk}/ledgers/complaints?limit=5"),
        "import_ledger": call("post", f"/departments/{pk}/ledgers/activities", data=ledger_file(GOOD)),
        "remove_rows": call(
            "post",
            f"/departments/{pk}/ledgers/complaints/removals",
            "caiwu",
            data={"keys": [_first(call, pk)], "reason": "误录"},
        ),
        "batches": call("get", f"/departments/{pk}/batches"),
        "job": call("get", f"/jobs/{job}"),
        "job_marked": call("get", f"/jobs/{job}/marked", who="keyuan"),
        "assessment": call("get", f"/departments/{pk}/assessment?year=2021"),
        "draws": call("get", f"/departments/{pk}/draws"),
        "public": client.get("/api/public"),
        "reviews": call("get", f"/departments/{pk}/reviews?year=2021"),
        **_of_documents(call, pk),
    }
    assert set(operations()) == set(answers)  # a new operation needs an answer here
    for name, answer in answers.items():
        said = operations()[name]["responses"]
        assert str(answer.status_code) in said, (name, answer.content[:300])
        content = said[str(answer.status_code)]["content"]
        assert content, name
        for status in said:
            if int(status) >= 400:
                assert said[status]["content"]["application/json"]["schema"]["$ref"].endswith("/Problem")
        if "application/json" in content and answer.status_code < 300:
            whole = {**content["application/json"]["schema"], "components": document_of["components"]}
            jsonschema.Draft202012Validator(whole).validate(answer.json())


def test_a_client_made_from_the_schema_works(user, department, tmp_path, monkeypatch):
    httpx = importlib.import_module("httpx")  # comes with the generator, whose clients stand on it
    _token, secret = ApiToken.issue(user("keyuan"), "生成的客户端", list(SCOPES), 1)
    (tmp_path / "openapi.json").write_text(json.dumps(api.get_openapi_schema(), default=str), "utf8")
    (tmp_path / "config.yaml").write_text(
        "post_hooks: []\n", "utf8"
    )  # how the made code is laid out is not the point
    words = [
        "generate",
        "--path",
        "openapi.json",
        "--output-path",
        "made_client",
        "--meta",
        "none",
        "--config",
        "config.yaml",
    ]
    made = subprocess.run(
        [sys.executable, "-m", "openapi_python_client", *words],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert made.returncode == 0 and "WARNING" not in made.stdout.upper(), made.stdout + made.stderr
    monkeypatch.syspath_prepend(str(tmp_path))

    def client_of(secret):
        own = importlib.import_module("made_client").AuthenticatedClient(
            base_url="http://localhost", token=secret
        )
        headers = {"Authorization": f"Bearer {secret}"}
        transport = httpx.WSGITransport(app=get_wsgi_application())
        return own.set_httpx_client(
            httpx.Client(base_url="http://localhost", headers=headers, transport=transport)
        )

    client, pk = client_of(secret), department.pk
    call = {o: importlib.import_module(f"made_client.api.default.{o}").sync for o in operations()}
    assert call["job"](9999, client=client).code == "ZS-WB-32"
    assert call["job_marked"](9999, client=client).code == "ZS-WB-32"
    found = call["sheets"](pk, client=client, year=2021)
    assert [s.state for s in found] == ["approved"] * 3 and found[0].sheet["kind"] == "department"
    assert call["sheets"](pk, client=client, year=1999).code == "ZS-WB-34"
    assert call["departments"](client=client)[0].name == department.name
    assert (
        call["ledgers"](client=client)[0].columns and call["findings"](pk, client=client, year=2021)[0].rule
    )
    assert call["batches"](pk, client=client)[0].previous == ""
    assert call["ledger_rows"](pk, "complaints", client=client, limit=2).total > 2
    assert call["assessment"](pk, client=client, year=2021).format_ == "zhunsheng.run/1"
    assert call["draws"](pk, client=client)[0].plan["id"] and call["public"](client=client)[0].data
    shape = importlib.import_module("made_client.models")
    file = importlib.import_module("made_client.types").File(
        io.BytesIO((HEAD + GOOD).encode()), "活动.csv", "text/csv"
    )
    body = next(getattr(shape, n) for n in dir(shape) if n.startswith("ImportLedger"))(file=file)
    sent = call["import_ledger"](pk, "activities", client=client, body=body, idempotency_key="made-1")
    assert (sent.state, sent.outcome) == ("queued", None)
    assert call["ledgers"](client=client_of("x")).code == "ZS-WB-30"


# -- what an import came to
# ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "good_rows", "outcome", "counts"),
    [
        ((GOOD,), "", "imported", (1, 1, 0, 1)),
        ((GOOD, BAD), "", "refused", (2, 1, 1, 0)),
        ((GOOD, BAD), "?good_rows=true", "partly", (2, 1, 1, 1)),
    ],
)
def test_what_a_job_came_to_is_told_apart(
    call, sign_in, department, work_off, rows, good_rows, outcome, counts
):
    rows = [r.replace("HD-F", f"HD-{outcome}-") for r in rows]
    answer = call(
        "post", f"/departments/{department.pk}/ledgers/activities{good_rows}", data=ledger_file(*rows)
    )
    assert answer.json()["outcome"] is None
    work_off()
    job = call("get", f"/jobs/{answer.json()['id']}").json()
    said = job["counts"]
    assert (job["outcome"], said["rows"], said["good"], said["bad"], said["inserted"]) == (outcome, *counts)
    assert (job["error"] or "").startswith("[ZS-IN-20]") == (outcome == "refused")
    marked = job["marked"]
    assert (marked is None) == (outcome == "imported")
    page = sign_in("keyuan").get(f"/jobs/{job['id']}").content.decode()
    words = {"imported": "已全部导入", "refused": "没有导入", "partly": "部分导入"}
    assert words[outcome] in page and f'data-job-outcome="{outcome}"' in page
    if marked:
        file = call("get", marked.removeprefix("/api"))
        assert file.status_code == 200 and len(b"".join(file.streaming_content)) > 100
        assert call("get", marked.removeprefix("/api"), who="caiwu").status_code == 404
        assert call("get", marked.removeprefix("/api"), scopes=("targets:read",)).status_code == 403


def test_a_file_known_already_and_one_that_fails_say_so(call, department, work_off):
    path = f"/departments/{department.pk}/ledgers/activities"
    jobs = []
    for data in (ledger_file(GOOD), ledger_file(GOOD), {"file": SimpleUploadedFile("x.csv", b"a,b\n1,2\n")}):
        jobs.append(call("post", path, data=data).json()["id"])
        work_off()
    said = [call("get", f"/jobs/{j}").json() for j in jobs]
    assert [s["outcome"] for s in said] == ["imported", "unchanged", "failed"]
    assert said[2]["error"].startswith("[ZS-EV-")


# -- the same once more
# ------------------------------------------------------------------------------------------------------------


def test_the_same_document_sent_again_is_the_same_version(call, sign_in, department):
    path = f"/departments/{department.pk}/documents?year=2023"
    first = call("post", path, data=document_sent()).json()
    again = call("post", path, data=document_sent(name="另名.txt")).json()
    assert [v["version"] for v in first] == [v["version"] for v in again]
    assert {v["new"] for v in first} == {True} and {v["new"] for v in again} == {False}
    place = sign_in("keyuan")
    page = place.post(
        f"/d/{department.pk}/2023/targets", {"how": "upload", **document_sent()}, follow=True
    ).content.decode()
    assert "这份文件先前已上传" in page and "那之后改过内容" not in page
    assert SheetVersion.objects.filter(sheet__year=2023, sheet__department=department).count() == len(first)
    other = call("post", path, data=document_sent(amount="\n补充说明。")).json()
    assert not {v["version"] for v in other} & {v["version"] for v in first}
    # Back to the first text is a step of its own, no repetition.
    back = call("post", path, data=document_sent()).json()
    assert {v["new"] for v in back} == {True}
    # What a person changed since is not in the file: the page says so.
    version = SheetVersion.objects.get(pk=back[0]["version"])
    path, field = next((p, f) for p, f in drafts.current_fields(version).items() if p.endswith(".name"))
    drafts.set_field(version, path, "改过的名称", field.text)
    page = place.post(
        f"/d/{department.pk}/2023/targets", {"how": "upload", **document_sent()}, follow=True
    ).content.decode()
    assert "那之后改过内容，现在的与文件不同" in page


def test_a_key_gets_the_same_answer_and_does_nothing_twice(call, department):
    path = f"/departments/{department.pk}/ledgers/activities"
    first = call("post", path, data=ledger_file(GOOD), key="a-1")
    jobs, uploads = Job.objects.count(), Upload.objects.count()
    again = call("post", path, data=ledger_file(GOOD), key="a-1")
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert (Job.objects.count(), Upload.objects.count()) == (jobs, uploads)
    for changed in (ledger_file(GOOD, BAD), ledger_file(GOOD, name="别的.csv")):
        other = call("post", path, data=changed, key="a-1")
        assert other.status_code == 422 and other.json()["code"] == "ZS-WB-36"
    assert call("post", f"{path}?good_rows=true", data=ledger_file(GOOD), key="a-1").status_code == 422
    assert call("post", path, data=ledger_file(GOOD), key="a-1", scopes=("ledgers:write",)).status_code == 202


def test_rows_are_taken_out_with_a_reason_once(call, department, work_off):
    rows = HEAD + "HD-P1,宣传,守法经营,甲,2021-05-01\nHD-P2,宣传,守法经营,乙,2021-05-02\n"
    path = f"/departments/{department.pk}/ledgers/activities"
    call("post", path, data={"file": SimpleUploadedFile("p.csv", rows.encode())})
    (job, *_rest) = work_off()
    assert job.result["batch"], job.result
    said = {"keys": ["HD-P1"], "reason": "重复登记"}
    assert call("post", f"{path}/removals", data=said).json()["code"] == "ZS-WB-32"
    made = call("post", f"{path}/removals", "caiwu", key="r1", data=said)
    assert made.status_code == 201 and (made.json()["removes"], made.json()["rows"]) == ("重复登记", 1)
    again = call("post", f"{path}/removals", "caiwu", key="r1", data=said)
    assert again.json() == made.json()
    other = call("post", f"{path}/removals", "caiwu", key="r1", data={**said, "keys": ["HD-P2"]})
    assert other.json()["code"] == "ZS-WB-36"
    assert call("post", f"{path}/removals", "caiwu", data=said).json()["code"] == "ZS-EV-105"
    assert call("post", f"{path}/removals", "caiwu", data={"keys": ["HD-P2"]}).status_code == 422
    newest = call("get", f"/departments/{department.pk}/batches").json()[-1]
    assert (newest["batch"], newest["removes"]) == (made.json()["batch"], "重复登记")


def test_what_failed_under_a_key_may_be_tried_again(call, department):
    path = f"/departments/{department.pk}/documents?year=2023"
    broken = {"file": SimpleUploadedFile("x.docx", b"x")}
    assert call("post", path, data=broken, key="b-1").status_code == 422
    assert call("post", path, data=document_sent(), key="b-1").status_code == 201


# -- odd files
# ------------------------------------------------------------------------------------------------------------


def _told(result):
    """Return what is said of a file, without what a store or a folder alone decides."""
    errors = [(e["sheet"], e["row"], e["column"], e["message"]) for e in result["errors"]]
    account, asked = dict(result["account"]), [(q["kind"], q["text"]) for q in result["questions"]]
    return result["ledger"], result["rows"], result["bad_rows"], account, asked, errors, list(result["notes"])


def test_of_odd_ledgers_page_and_api_say_what_the_command_says(call, department, sign_in, work_off, tmp_path):
    root, kept = evidence.store().root, tmp_path / "store"
    shutil.copytree(root, kept)
    said = {"department": department.code, "label": department.name, "only_own": True, "agreed": ""}
    page, refused = sign_in("keyuan"), 0
    for number, file in enumerate(sorted(WILD.iterdir())):
        ledger = None
        try:
            if number % 2:  # a program names the ledger, a page finds it
                ledger = import_ledger(tmp_path / "tried", file, bounds=WEB, marked_in=tmp_path).ledger
            done = import_ledger(
                kept, file, ledger=ledger, bounds=WEB, marked_in=tmp_path, cipher=cipher(), **said
            )
            known = json.loads(json.dumps(done.as_json(), default=str))
        except ZhunshengError as error:
            known, refused = error.code, refused + 1
        sent = {"file": SimpleUploadedFile(file.name, file.read_bytes())}
        if ledger:
            call("post", f"/departments/{department.pk}/ledgers/{ledger.id}", data=sent)
        else:
            page.post(here(department, "ledgers"), sent)
        (job,) = [job for job in work_off() if job.kind == "import"]
        if isinstance(known, str):
            assert job.state == "failed" and known in job.error, file.name
        else:
            assert _told(job.result) == _told(known), file.name
    assert 0 < refused < 6
