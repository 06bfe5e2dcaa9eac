"""How the site answers what goes wrong on the way: retries, bad rows, stray characters,
errors a program must read.
"""

from __future__ import annotations

import importlib
import io
import json
import subprocess
import sys
import time

import jsonschema
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.wsgi import get_wsgi_application
from django.test import Client
from django.utils import timezone

from zhunsheng import clock
from zhunsheng.sample.documents import bureau, flattened
from zhunsheng.text import clean
from zhunsheng.web.api import api
from zhunsheng.web.models import ApiToken, Checkpoint, Job, SheetVersion, Upload, Word
from zhunsheng.web.scopes import SCOPES
from zhunsheng.web.services.sheets import drafts

GOOD = "HD-F1,宣传,食品安全,活动,2021-03-01\n"
HEAD = "活动编号,活动类别,主题类别,活动名称,开展日期\n"
BAD = "HD-F2,宣传,食品安全,活动,2021-13-01\n"


@pytest.fixture
def call(client, user):
    """Ask the API as a person, each person with one token."""
    secrets: dict[str, str] = {}

    def request(method, path, who="keyuan", scopes=tuple(SCOPES), key=None, **more):
        if (who, scopes) not in secrets:
            secrets[who, scopes] = ApiToken.issue(user(who), "测试", list(scopes), 1)[1]
        if key is not None:
            more["HTTP_IDEMPOTENCY_KEY"] = key
        return getattr(client, method)(
            f"/api{path}", HTTP_AUTHORIZATION=f"Bearer {secrets[who, scopes]}", **more
        )

    return request


def document(year=2023, name="目标.txt", amount=""):
    text = flattened({**bureau(), "year": year}).replace("2021年", f"{year}年") + amount
    return {"file": SimpleUploadedFile(name, text.encode())}


def ledger_file(*rows, name="活动.csv"):
    return {"file": SimpleUploadedFile(name, (HEAD + "".join(rows)).encode())}


# -- control characters
# -----------------------------------------------------------------------------------------------

SOFT = "第一，加强检验。\x0b第二，联系机构。\x00\x1f\ufffe"


def test_a_soft_line_break_from_word_is_a_line_break_wherever_a_form_takes_it(sign_in, department):
    place = sign_in("keyuan")
    point = Checkpoint.objects.filter(department=department, state="open").order_by("-as_of")[0]
    sheet = point.assessment.run.results[0]
    said = {"sheet": sheet.id, "indicator": sheet.indicators[0].id, "cause": "其他", "measures": SOFT}
    place.post(f"/monitoring/{point.pk}", said)
    assert Word.objects.order_by("-pk")[0].measures == "第一，加强检验。\n第二，联系机构。"
    for kind in ("docx", "xlsx"):
        assert place.get(f"/monitoring/{point.pk}/file/{kind}").status_code == 200
    version = place.post(
        f"/d/{department.pk}/2023/targets", {"how": "blank", "kind": "project", "name": "甲\x0b乙\x07"}
    )
    assert version.status_code == 302
    made = SheetVersion.objects.order_by("-pk")[0]
    place.post(f"/targets/{made.pk}/field", {"path": "purpose", "text": SOFT, "was": ""})
    made.refresh_from_db()
    assert made.body["purpose"] == "第一，加强检验。\n第二，联系机构。"
    assert all(c not in json.dumps(made.body, ensure_ascii=False) for c in "\x0b\x00\x1f\ufffe")
    assert place.get(f"/targets/{made.pk}/file/docx").status_code == 200


def test_addresses_bring_no_control_characters_either(sign_in, department):
    place = sign_in("keyuan")
    assert place.get(f"/d/{department.pk}/2021/ledgers/complaints?q=%00%0B%ED%A0%80x").status_code == 200


def test_clean_keeps_what_people_write():
    assert clean("a\r\nb\rc\u2028d\x85e\tf") == "a\nb\nc\nd\ne\tf"
    assert clean("\ud800字\ufeff𠮷😀") == "字𠮷😀"


def test_the_site_and_the_commands_keep_one_clock(settings):
    assert str(clock.zone()) == settings.TIME_ZONE
    assert clock.today() == timezone.localdate()


# -- one shape for errors, one for each answer
# --------------------------------------------------------------------------

PROBLEM = {
    "type": "object",
    "required": ["code", "message"],
    "additionalProperties": False,
    "properties": {"code": {"pattern": r"^ZS-[A-Z]{2}-\d\d$"}, "message": {"type": "string"}},
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
    yield 422, call("post", f"/departments/{pk}/documents?year=2023", key="k" * 300, data=document())


def test_every_error_of_the_api_has_one_shape(call, client, department):
    for status, answer in refusals(call, client, department.pk):
        assert answer.status_code == status, answer.content
        assert answer["Content-Type"].startswith("application/json")
        jsonschema.validate(answer.json(), PROBLEM)
        assert answer.json()["code"] in answer.json()["message"]


def test_an_error_of_the_program_has_the_same_shape(call, department, monkeypatch):
    monkeypatch.setattr("zhunsheng.web.api.sheets.sheets_of", lambda *_: 1 / 0)
    answer = call("get", f"/departments/{department.pk}/sheets?year=2021")
    assert answer.status_code == 500
    jsonschema.validate(answer.json(), PROBLEM)
    assert answer.json()["code"] == "ZS-CL-99"


def written_schema():
    return json.loads(json.dumps(api.get_openapi_schema(), default=str))


def operations():
    return {o["operationId"]: o for path in written_schema()["paths"].values() for o in path.values()}


def test_every_answer_keeps_to_the_schema(call, client, department, work_off):
    pk = department.pk
    document_of = written_schema()
    job = call("post", f"/departments/{pk}/ledgers/activities", data=ledger_file(GOOD, BAD)).json()["id"]
    work_off()
    answers = {
        "departments": call("get", "/departments"),
        "sheets": call("get", f"/departments/{pk}/sheets?year=2021"),
        "findings": call("get", f"/departments/{pk}/findings?year=2021"),
        "upload_document": call("post", f"/departments/{pk}/documents?year=2023", data=document()),
        "ledgers": call("get", "/ledgers"),
        "ledger_rows": call("get", f"/departments/{pk}/ledgers/complaints?limit=5"),
        "import_ledger": call("post", f"/departments/{pk}/ledgers/activities", data=ledger_file(GOOD)),
        "batches": call("get", f"/departments/{pk}/batches"),
        "job": call("get", f"/jobs/{job}"),
        "job_marked": call("get", f"/jobs/{job}/marked", who="keyuan"),
        "assessment": call("get", f"/departments/{pk}/assessment?year=2021"),
        "draws": call("get", f"/departments/{pk}/draws"),
        "public": client.get("/api/public"),
        "reviews": call("get", f"/departments/{pk}/reviews?year=2021"),
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
# ---------------------------------------------------------------------------------------------


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


# -- the session ended
# ----------------------------------------------------------------------------------------------------


def test_a_form_sent_after_the_session_ended_keeps_what_was_typed(client, department):
    point = Checkpoint.objects.filter(department=department)[0]
    text = "会话过期后保存的长文字，写了很久。"
    answer = client.post(f"/monitoring/{point.pk}", {"measures": text, "cause": "其他"})
    page = answer.content.decode()
    assert answer.status_code == 401 and text in page and 'name="cause" value="其他"' in page
    assert "登录已过期" in page and f'action="/monitoring/{point.pk}"' in page
    part = client.post(f"/monitoring/{point.pk}", {"measures": text}, headers={"HX-Request": "true"})
    assert part.status_code == 401 and part["HX-Retarget"] == "#alerts"
    assert "password" not in part.content.decode() and "在新窗口登录" in part.content.decode()


def test_an_idle_session_ends_in_the_same_way(sign_in, department, settings):
    place = sign_in("keyuan")
    point = Checkpoint.objects.filter(department=department)[0]
    place.get("/account")
    kept = place.session
    kept["seen"] = int(time.time()) - settings.SESSION_IDLE - 1
    kept.save()
    answer = place.post(f"/monitoring/{point.pk}", {"measures": "写了很久的一段文字，不能丢。"})
    assert answer.status_code == 401 and "写了很久的一段文字，不能丢。" in answer.content.decode()
    assert place.get("/session").json()["user"] == ""
    assert place.get("/public").status_code == 200


def test_a_password_to_be_changed_takes_no_text_either(sign_in, user):
    place = sign_in("keyuan")
    who = user("keyuan")
    who.must_change = True
    who.save()
    part = place.post("/portfolio/import", {"assess": "1"}, headers={"HX-Request": "true"})
    assert (
        part.status_code == 401 and part["HX-Retarget"] == "#alerts" and "修改密码" in part.content.decode()
    )
    assert place.get("/session").json()["user"] == ""


def test_a_form_of_an_older_session_is_refused_with_its_text(user):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(user("keyuan"), backend="django.contrib.auth.backends.ModelBackend")
    text = "另一个窗口里重新登录之前写的文字"
    answer = strict.post("/account", {"name": text, "csrfmiddlewaretoken": "x" * 32})
    page = answer.content.decode()
    assert answer.status_code == 403 and text in page
    assert "<button" not in page.split(text)[1]  # a stranger's form is never sent on from here
    part = strict.post("/account", {"name": text}, headers={"HX-Request": "true"})
    assert part.status_code == 403 and part["X-Renew"] == "1"
    told = strict.get("/session").json()
    assert told["user"] == "keyuan"
    assert strict.post("/account", {"name": text, "csrfmiddlewaretoken": told["token"]}).status_code == 302


# -- the same once more
# -------------------------------------------------------------------------------------------------


def test_the_same_document_sent_again_is_the_same_version(call, sign_in, department):
    path = f"/departments/{department.pk}/documents?year=2023"
    first = call("post", path, data=document()).json()
    again = call("post", path, data=document(name="另名.txt")).json()
    assert [v["version"] for v in first] == [v["version"] for v in again]
    assert {v["new"] for v in first} == {True} and {v["new"] for v in again} == {False}
    place = sign_in("keyuan")
    page = place.post(
        f"/d/{department.pk}/2023/targets", {"how": "upload", **document()}, follow=True
    ).content.decode()
    assert "这份文件先前已上传" in page and "那之后改过内容" not in page
    assert SheetVersion.objects.filter(sheet__year=2023, sheet__department=department).count() == len(first)
    other = call("post", path, data=document(amount="\n补充说明。")).json()
    assert not {v["version"] for v in other} & {v["version"] for v in first}
    # Back to the first text is a step of its own, no repetition.
    back = call("post", path, data=document()).json()
    assert {v["new"] for v in back} == {True}
    # What a person changed since is not in the file: the page says so.
    version = SheetVersion.objects.get(pk=back[0]["version"])
    path, field = next((p, f) for p, f in drafts.current_fields(version).items() if p.endswith(".name"))
    drafts.set_field(version, path, "改过的名称", field.text)
    page = place.post(
        f"/d/{department.pk}/2023/targets", {"how": "upload", **document()}, follow=True
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


def test_what_failed_under_a_key_may_be_tried_again(call, department):
    path = f"/departments/{department.pk}/documents?year=2023"
    broken = {"file": SimpleUploadedFile("x.docx", b"x")}
    assert call("post", path, data=broken, key="b-1").status_code == 422
    assert call("post", path, data=document(), key="b-1").status_code == 201
