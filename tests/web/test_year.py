"""The year in the office: overview and lineage, ledgers, monitoring, self-evaluation and re-check,
jobs done once.
"""

from __future__ import annotations

import io
import threading
from datetime import date, timedelta

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence import View, browse, ledgers
from zhunsheng.regulations import scheme_of
from zhunsheng.web.audit import altered_records
from zhunsheng.web.models import Assessment, Checkpoint, Job, Organisation, SelfEvaluation, Upload, User, Word
from zhunsheng.web.models.audited import changed_in_bulk
from zhunsheng.web.services import evidence, jobs, todo
from zhunsheng.web.services.year import calendar, figures, filling, rechecking, records
from zhunsheng.web.workflow import advance

HTMX = {"HTTP_HX_REQUEST": "true"}
HEAD = "活动编号,活动类别,主题类别,活动名称,开展日期"


def here(department, name, *more):
    return reverse(name, args=[department.pk, 2021, *more])


def activities(*rows, head=HEAD, name="活动台账.csv"):
    return SimpleUploadedFile(name, "\n".join([head, *rows]).encode(), "text/csv")


# -- overview
# --------------------------------------------------------------------------------------------------


def test_the_overview_shows_the_stored_figures_and_leads_to_their_rows(department, sign_in):
    client = sign_in("keyuan")
    page = client.get(here(department, "overview")).content.decode()
    result = records.newest_assessment(department, 2021).result
    for one in result["results"]:
        assert one["sheet"] in page
        for line in one["indicators"]:
            assert line["outcome"]["origin"] == "none" or line["outcome"]["text"] in page
    n = next(
        i for i, line in enumerate(result["results"][1]["indicators"]) if line["name"] == "举报案件办结率"
    )
    behind = client.get(here(department, "lineage", 1, n)).content.decode()
    reading = result["results"][1]["indicators"][n]["reading"]
    assert f"<dd>{reading['numerator']}</dd>" in behind and f"<dd>{reading['denominator']}</dd>" in behind
    assert "投诉举报台账" in behind and "keyuan" in behind and "TJ2021" in behind
    assert client.get(here(department, "lineage", 1, "paid")).status_code == 200
    for wrong in ((9, "0"), (1, "99"), (1, "x")):
        assert client.get(here(department, "lineage", *wrong)).status_code == 404


def test_personal_values_behind_a_figure_are_masked_by_role(department, sign_in):
    result = records.newest_assessment(department, 2021).result
    n = next(
        i for i, line in enumerate(result["results"][1]["indicators"]) if line["name"] == "举报案件办结率"
    )
    url = here(department, "lineage", 1, n)
    own = sign_in("keyuan").get(url).content.decode()
    other = sign_in("shenji").get(url).content.decode()
    assert "诉求人1" in own or "诉求人2" in own
    assert "19900" not in other and "<td>**</td>" in other
    assert "siv1:" not in own + other


def test_an_empty_year_says_what_to_do(department, sign_in):
    page = sign_in("keyuan").get(reverse("overview", args=[department.pk, 2030])).content.decode()
    assert "还没有绩效目标" in page
    assert sign_in("keyuan").get(reverse("overview", args=[department.pk, 1999])).status_code == 404


def test_home_leads_each_role_to_its_work(department, sign_in, client):
    def home(who):
        return (sign_in(who) if who else client).get("/")["Location"]

    assert home(None) == reverse("public")
    assert home("keyuan") == here(department, "overview")
    assert home("caizheng") == home("shenji") == reverse("portfolio")
    assert home("guanli") == reverse("administration")
    assert "/keyeval" in home("zhuanjia1")


def test_the_to_do_list_names_what_waits_for_each(department, user):
    day = date(2022, 3, 1)

    def of(name, year=2021):
        return [t["what"] for t in todo.of(user(name), department, year, day)]

    assert any("填报人签字提交" in t for t in of("keyuan")) and any("红黄灯" in t for t in of("keyuan"))
    assert any("提交审核" in t for t in of("keyuan", 2022))
    assert any("审批" in t for t in of("juzhang"))
    assert any("独立评分" in t for t in of("zhuanjia2")) and not of("zhuanjia1")
    assert not of("shenji")


# -- ledgers
# --------------------------------------------------------------------------------------------------


def upload(client, department, file, **more):
    return client.post(here(department, "ledgers"), {"file": file, **more})


def test_a_ledger_with_wrong_rows_is_shown_row_by_row_and_imported_on_request(department, sign_in, work_off):
    client = sign_in("keyuan")
    rows = ("HD-T1,宣传,食品安全,进社区,2021-05-01", "HD-T2,跳舞,食品安全,进学校,2021-13-01")
    response = upload(client, department, activities(*rows))
    job = Job.objects.get(pk=int(response["Location"].rsplit("/", 1)[1]))
    assert "可以离开这个页面" in client.get(reverse("job", args=[job.pk])).content.decode()
    work_off()
    page = client.get(reverse("job", args=[job.pk])).content.decode()
    assert "其中 1 行有误" in page and "没有导入任何行" in page and "应为：宣传" in page
    marked = client.get(reverse("job-file", args=[job.pk]))
    book = openpyxl.load_workbook(io.BytesIO(marked.content))
    assert any("应为" in str(c.value) for row in book.active.iter_rows() for c in row if c.value)
    assert client.get(reverse("job", args=[job.pk]), **HTMX).status_code == 286
    again = client.post(reverse("job-again", args=[job.pk]))
    work_off()
    done = Job.objects.get(pk=int(again["Location"].rsplit("/", 1)[1]))
    assert (
        done.result["batch"]["inserted"] == 1
        and client.get(reverse("job-state", args=[done.pk])).json()["percent"] == 100
    )
    listed = client.get(here(department, "ledger", "activities") + "?q=HD-T1").content.decode()
    assert "进社区" in listed and "共 1 条" in listed


def test_the_same_file_twice_is_imported_once_and_measured_once(department, sign_in, work_off):
    client, file = sign_in("keyuan"), ("HD-T9,宣传,食品安全,进社区,2021-05-01",)
    upload(client, department, activities(*file))
    upload(client, department, activities(*file))
    done = [j for j in work_off() if j.kind == "import"]
    assert [j.result["new"] for j in done] == [True, False]
    page = client.get(reverse("job", args=[done[1].pk])).content.decode()
    assert "没有重复导入" in page


def test_rows_of_another_department_are_refused(department, sign_in, work_off):
    client = sign_in("keyuan")
    rows = ("东城农业农村局,HD-X,宣传,食品安全,进社区,2021-05-01", "HD,HD-Y,宣传,食品安全,x,2021-05-01")
    upload(client, department, activities(*rows, head=f"部门,{HEAD}"), good_rows="on")
    (job, *_rest) = work_off()
    assert job.result["bad_rows"] == 2 and job.result["batch"] is None
    assert "只能导入本部门" in job.result["errors"][0]["message"] and job.result["marked"]


def test_a_file_that_is_no_ledger_is_refused_before_anything_is_kept(department, sign_in):
    client = sign_in("keyuan")
    kept = Upload.objects.count()
    for file in (SimpleUploadedFile("a.xlsx", b"PK\x03\x04broken"), SimpleUploadedFile("a.csv", b"")):
        assert "[ZS-IN-" in upload(client, department, file).content.decode()
    assert "ZS-WB-05" in client.post(here(department, "ledgers"), {}).content.decode()
    assert "ZS-WB-06" in upload(client, department, activities("x"), ledger="nothing").content.decode()
    assert Upload.objects.count() == kept


def test_too_large_a_file_is_refused(department, sign_in, settings):
    settings.MAX_UPLOAD = 10
    assert "ZS-WB-04" in upload(sign_in("keyuan"), department, activities("x" * 20)).content.decode()


def test_undoing_a_batch_makes_a_new_one_and_new_figures(department, sign_in, work_off):
    client = sign_in("keyuan")
    upload(client, department, activities("HD-U1,宣传,守法经营,撤销试验,2021-05-01"))
    (job, *_rest) = work_off()
    number = job.result["batch"]["batch"]
    url = here(department, "undo")
    assert client.post(url, {"batch": number}).status_code == 403
    finance = sign_in("caiwu")
    assert finance.post(url, {"batch": number}).status_code == 302
    found = browse(
        evidence.store().snapshot(), ledgers()["activities"], department.code, View(search="撤销试验")
    )
    assert found.total == 0
    assert "ZS-EV-12" in finance.post(url, {"batch": number}).content.decode()
    others = next(b.batch for b in evidence.store().batches() if b.department != department.code)
    assert "不是本部门的批次" in finance.post(url, {"batch": others}).content.decode()
    assert "已撤销" in finance.get(here(department, "ledgers")).content.decode()
    assert evidence.store().verify() == []


def test_browsing_exports_what_was_found_and_records_it(department, sign_in):
    client = sign_in("keyuan")
    response = client.get(here(department, "ledger", "complaints") + "?kind=举报&export=xlsx")
    sheet = openpyxl.load_workbook(io.BytesIO(response.content)).active
    kinds = {row[1] for row in sheet.iter_rows(min_row=2, values_only=True)}
    assert kinds == {"举报"}
    text = (
        sign_in("shenji")
        .get(here(department, "ledger", "complaints") + "?export=csv")
        .content.decode("utf-8-sig")
    )
    assert "诉求人" in text.splitlines()[0] and "19900" not in text and "诉**" in text
    assert client.get(here(department, "ledger", "nothing")).status_code == 404
    page = client.get(
        here(department, "ledger", "complaints") + "?order=-received_on&page=2"
    ).content.decode()
    assert "第 2 /" in page


def test_templates_and_sources_are_sent(department, sign_in):
    client = sign_in("keyuan")
    response = client.get(here(department, "template", "complaints"))
    assert openpyxl.load_workbook(io.BytesIO(response.content)).sheetnames
    batch = next(b for b in evidence.store().batches() if b.department == department.code)
    assert client.get(here(department, "source", batch.batch)).status_code == 200
    assert sign_in("juzhang").get(here(department, "source", batch.batch)).status_code == 403
    assert client.get(here(department, "source", 9999)).status_code == 404


# -- jobs
# --------------------------------------------------------------------------------------------------


def test_the_same_work_is_put_in_line_once(department, user):
    one = jobs.enqueue("assess", "t:1", user("keyuan"), department, year=2021)
    assert jobs.enqueue("assess", "t:1", user("caiwu"), department, year=2021).pk == one.pk
    assert Job.objects.filter(key="t:1").count() == 1


def test_a_job_that_runs_or_is_done_is_not_run_again(department, user, monkeypatch):
    ran = []
    monkeypatch.setitem(jobs.HANDLERS, "assess", lambda job, progress: ran.append(job.pk) or {})
    job = jobs.enqueue("assess", "t:2", user("keyuan"), department, year=2021)
    for _ in range(3):
        jobs.run_job.func(job.pk)
    assert ran == [job.pk]


def test_an_interrupted_job_is_taken_up_again_but_not_for_ever(department, user):
    job = jobs.enqueue("assess", "t:3", user("keyuan"), department, year=2021)
    old = timezone.now() - timedelta(minutes=5)
    Job.objects.filter(pk=job.pk).update(state="running", attempts=1, touched_at=old)
    assert jobs.requeue_interrupted() == 1
    job.refresh_from_db()
    assert job.state == "queued"
    Job.objects.filter(pk=job.pk).update(state="running", attempts=jobs.ATTEMPTS, touched_at=old)
    assert jobs.requeue_interrupted() == 0
    job.refresh_from_db()
    assert job.state == "failed" and "ZS-CL-99" in job.error
    # One still alive is left alone.
    Job.objects.filter(pk=job.pk).update(state="running", attempts=1, touched_at=timezone.now())
    assert jobs.requeue_interrupted() == 0


def test_a_busy_database_does_not_end_a_jobs_signs_of_life(department, user, monkeypatch):
    """Without them the job would be taken for dead and begun a second time while it runs."""
    job = jobs.enqueue("assess", "t:5", user("keyuan"), department, year=2021)
    beats, alive = [], threading.Event()

    def beat(**changed):
        beats.append(changed)
        if len(beats) < 3:
            raise OperationalError("database table is locked")
        alive.set()

    monkeypatch.setattr(jobs, "BEAT", 0.01)
    with monkeypatch.context() as patched:
        patched.setattr(QuerySet, "update", lambda self, **changed: beat(**changed))
        with jobs._beating(job):
            assert alive.wait(10)
    assert len(beats) >= 3


def test_a_failed_job_says_why_without_a_trace_and_can_be_tried_again(department, user, monkeypatch, sign_in):
    def fail(job, progress):
        raise RuntimeError("secret detail")

    monkeypatch.setitem(jobs.HANDLERS, "assess", fail)
    job = jobs.enqueue("assess", "t:4", user("keyuan"), department, year=2021)
    jobs.run_job.func(job.pk)
    job.refresh_from_db()
    page = sign_in("keyuan").get(reverse("job", args=[job.pk])).content.decode()
    assert (
        job.state == "failed"
        and "ZS-CL-99" in page
        and "secret detail" not in page
        and "Traceback" not in page
    )
    monkeypatch.setitem(jobs.HANDLERS, "assess", lambda job, progress: progress("x", 1, 2) or {"ok": 1})
    again = jobs.enqueue("assess", "t:4", user("keyuan"), department, year=2021)
    jobs.run_job.func(again.pk)
    again.refresh_from_db()
    assert again.pk == job.pk and again.state == "done" and again.result == {"ok": 1}


def test_the_same_state_is_assessed_once(department):
    first = figures.assess_now(department, 2021)
    assert figures.assess_now(department, 2021).pk == first.pk
    assert Assessment.objects.filter(department=department, year=2021, key=first.key).count() == 1
    empty = Organisation.objects.create(name="空部门", kind="department", parent=department.parent)
    with pytest.raises(ZhunshengError) as caught:
        figures.assess_now(empty, 2021)
    assert caught.value.code == "ZS-WB-06"


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


# -- monitoring
# --------------------------------------------------------------------------------------------------


def test_a_checkpoint_is_explained_submitted_and_confirmed_by_another(department, sign_in, user):
    checkpoint = Checkpoint.objects.get(department=department, name="前十个月")
    red = [
        (sheet.id, line.id)
        for sheet in checkpoint.assessment.run.results
        for line in sheet.indicators
        if line.monitoring.light in ("red", "yellow")
    ]
    assert red
    client, url = sign_in("keyuan"), reverse("checkpoint", args=[checkpoint.pk])
    for sheet, line in red:
        answer = client.post(
            url, {"sheet": sheet, "indicator": line, "cause": "人员保障", "measures": "抽调两名人员"}
        )
        assert answer.status_code == 302
    assert (
        "ZS-WB-06"
        in client.post(
            url, {"sheet": "x", "indicator": "y", "cause": "天气", "measures": "等"}
        ).content.decode()
    )
    checkpoint.refresh_from_db()
    assert records.unexplained(checkpoint) == []
    step = reverse("step", args=["monitoring", checkpoint.pk])
    assert client.post(step, {"action": "monitoring.submit"}).status_code == 302
    assert (
        client.post(url, {"sheet": "x", "indicator": "y", "cause": "其他", "measures": "z"}).status_code
        == 403
    )
    assert sign_in("juzhang").post(step, {"action": "monitoring.confirm"}).status_code == 403
    assert sign_in("caiwu").post(step, {"action": "monitoring.confirm"}).status_code == 302
    checkpoint.refresh_from_db()
    frozen = checkpoint.assessment_id
    assert checkpoint.state == "confirmed" and filling.fill_checkpoint(checkpoint).assessment_id == frozen
    form = client.get(reverse("checkpoint-form", args=[checkpoint.pk])).content.decode()
    assert "监控" in form and "抽调两名人员" in form
    assert client.get(reverse("checkpoint-xlsx", args=[checkpoint.pk])).content[:2] == b"PK"


def test_the_official_table_of_an_open_checkpoint_is_never_empty(department, sign_in):
    """A word on the checkpoint fills its table anew; a word of the self-evaluation is
    not the checkpoint's.
    """
    checkpoint = Checkpoint.objects.get(department=department, name="前十个月")
    client = sign_in("keyuan")
    evaluation = SelfEvaluation.objects.get(department=department)
    sheet = checkpoint.assessment.run.results[0]
    said = {"sheet": sheet.id, "indicator": sheet.indicators[0].id, "cause": "其他"}
    elsewhere = reverse("word", args=[evaluation.pk])
    assert client.post(elsewhere, {**said, "measures": "另处所写"}).status_code == 302
    here_said = {**said, "measures": "此处所写"}
    assert client.post(reverse("checkpoint", args=[checkpoint.pk]), here_said).status_code == 302
    page = client.get(reverse("checkpoint-form", args=[checkpoint.pk])).content.decode()
    assert 'class="official' in page and "此处所写" in page and "另处所写" not in page
    assert client.get(reverse("checkpoint-docx", args=[checkpoint.pk])).content[:2] == b"PK"


def test_what_is_not_explained_is_not_submitted(department, sign_in):
    entry = calendar.calendar_of(department, 2021, "monitoring")[0]
    other = Organisation.objects.create(name="新部门", kind="department", parent=department.parent)
    assert entry in calendar.calendar_of(other, 2021)
    checkpoint = Checkpoint.objects.get(department=department, name="前十个月")
    word = Word.objects.create(
        department=department, year=2021, sheet="x", indicator="y", by=User.objects.first()
    )
    assert str(word) == "y"
    changed_in_bulk(Word.objects.filter(department=department), cause="")
    filling.fill_checkpoint(checkpoint)
    answer = sign_in("keyuan").post(
        reverse("step", args=["monitoring", checkpoint.pk]), {"action": "monitoring.submit"}
    )
    assert "没有写明原因和措施" in answer.content.decode()


def test_checkpoints_open_by_the_calendar(department, sign_in, user):
    district = department.parent
    other = Organisation.objects.filter(parent=district, kind="department").exclude(pk=department.pk)[0]
    from zhunsheng.web.models import Membership

    Membership.objects.create(user=user("caiwu"), organisation=other, role="finance")
    client, url = sign_in("caiwu"), reverse("monitoring", args=[other.pk, 2021])
    page = client.get(url).content.decode()
    assert "待开启" in page and "逾期" in page
    entry = calendar.calendar_of(other, 2021, "monitoring")[0]
    assert client.post(url, {"entry": entry.pk}).status_code == 302
    assert Checkpoint.objects.filter(department=other, as_of=entry.as_of).exists()
    assert client.post(url, {"entry": 0}).status_code == 400
    assert {x["name"] for x in calendar.late_things(other, 2021, date(2022, 4, 1))} >= {"一季度", "上半年"}


# -- self-evaluation
# --------------------------------------------------------------------------------------------------


@pytest.fixture
def evaluation(department, left_open_confirmed):
    """Its figures are of the ledgers as other tests left them: submitting older ones is refused."""
    return filling.fill_self_evaluation(SelfEvaluation.objects.get(department=department, year=2021))


def test_the_self_evaluation_is_signed_in_order_and_rechecked(evaluation, department, sign_in, user):
    url = reverse("step", args=["selfeval", evaluation.pk])
    for who, action in (("juzhang", "sign"), ("caiwu", "check"), ("caizheng", "accept")):
        assert "ZS-WB-01" in sign_in(who).post(url, {"action": f"selfeval.{action}"}).content.decode()
    for who, action in (("keyuan", "submit"), ("caiwu", "check"), ("juzhang", "sign")):
        assert sign_in(who).post(url, {"action": f"selfeval.{action}"}).status_code == 302, action
    page = sign_in("caizheng").get(here(department, "selfeval")).content.decode()
    assert page.count("stop signed") == 3 and "科员甲" in page and "局长甲" in page
    # The department's own table flatters itself: the re-check says where.
    sign_in("caizheng").post(reverse("recheck", args=[evaluation.pk]), {"again": "1"})
    evaluation.refresh_from_db()
    kinds = {d["kind"] for s in evaluation.differences if s["of"] for d in s["differences"]}
    assert {"score", "actual"} <= kinds
    assert (
        "完成值与证据不符" in sign_in("shenji").get(reverse("recheck", args=[evaluation.pk])).content.decode()
    )
    # What the site itself computed differs only where the department's word kept points:
    # an excess it calls justified.
    own = [d for s in rechecking.recheck(evaluation) for d in s["differences"] if not s["of"]]
    assert [(d["indicator"], d["reported"], d["recomputed"]) for d in own if d["kind"] != "total"] == [
        ("组织开展专项检查次数", "10", "7.00")
    ]
    assert sign_in("caizheng").post(url, {"action": "selfeval.accept"}).status_code == 302
    # It may be re-checked again, with the reported file too; what was accepted stays as it was accepted.
    evaluation.refresh_from_db()
    text = evaluation.bound_text()
    assert (
        sign_in("caizheng").post(reverse("recheck", args=[evaluation.pk]), {"again": "1"}).status_code == 302
    )
    evaluation.refresh_from_db()
    assert evaluation.state == "accepted" and evaluation.bound_text() == text and altered_records() == []
    assert sign_in("keyuan").post(reverse("word", args=[evaluation.pk]), {}).status_code == 403


def test_a_word_is_kept_only_if_scoring_accepts_it(evaluation, department, sign_in):
    client, url = sign_in("keyuan"), reverse("word", args=[evaluation.pk])
    filling.fill_self_evaluation(evaluation)
    one = evaluation.assessment.run.results[0]
    missed = next(i for i in one.indicators if i.score.verdict == "missed" and "%" in i.target and i.reading)
    said = {"sheet": one.id, "indicator": missed.id}
    count = Word.objects.count()
    file = SimpleUploadedFile("佐证.pdf", b"%PDF-1.4 x")
    answer = client.post(url, {**said, "actual": "99%", "reason": "补充台账外办结", "files": [file]})
    assert answer.status_code == 302
    evaluation.refresh_from_db()
    # A figure typed against the ledgers is shown and weighed by the finance bureau;
    # until then it counts nowhere.
    after = evaluation.assessment.run.results[0]
    assert after.score.total == one.score.total
    assert after.indicator(missed.id).outcome.contest.typed == "99%"
    word = Word.objects.last()
    assert word.attachments.get().name == "佐证.pdf"
    assert "佐证.pdf" in client.get(here(department, "selfeval")).content.decode()
    assert client.get(reverse("attachment", args=[word.attachments.get().pk])).content == b"%PDF-1.4 x"
    # A band without a reason, a share outside its band, a band that is none: refused, nothing kept.
    for wrong in (
        {"band": "全部或基本达成预期指标", "share": "90"},
        {"share": "140"},
        {"band": "很好"},
        {"cause": "天气"},
    ):
        assert "[ZS-" in client.post(url, {**said, **wrong}).content.decode()
    disguised = SimpleUploadedFile("佐证.pdf", b"MZ executable")
    assert "[ZS-IN-" in client.post(url, {**said, "files": [disguised]}).content.decode()
    assert Word.objects.count() == count + 1
    # The newer word carries on the attachments of the older while it states the same figure.
    client.post(url, {**said, "actual": "99%", "reason": "补充台账外办结", "cause": "其他"})
    assert Word.objects.last().attachments.count() == 1
    client.post(url, {**said, "actual": "98%"})
    assert Word.objects.last().attachments.count() == 0


def test_a_qualitative_band_is_judged_with_its_reason(department, evaluation, sign_in, user):
    from zhunsheng.web.services.sheets import drafts, lookup

    version = lookup.in_force(lookup.sheets_of(department, 2021)[1])
    new = drafts.adjust(version, user("keyuan"), "定性试验")
    drafts.set_field(new, "indicators.5.target", "有效提升", new.target_sheet().indicators[5].target.raw)
    for who, action in (("keyuan", "submit"), ("caiwu", "check"), ("caizheng", "approve")):
        advance(user(who), new, f"targets.{action}")
    filling.fill_self_evaluation(evaluation)
    sheet = evaluation.assessment.run.results[1]
    line = next(i for i in sheet.indicators if i.target == "有效提升")
    assert line.score.verdict == "pending"
    step = reverse("step", args=["selfeval", evaluation.pk])
    client = sign_in("keyuan")
    assert "待评定" in client.post(step, {"action": "selfeval.submit"}).content.decode()
    band = scheme_of(2021).qualitative[0]
    said = {
        "sheet": sheet.id,
        "indicator": line.id,
        "band": band.name,
        "share": "90",
    }
    assert "ZS-SC-03" in client.post(reverse("word", args=[evaluation.pk]), said).content.decode()
    assert (
        client.post(reverse("word", args=[evaluation.pk]), {**said, "reason": "问卷与走访"}).status_code
        == 302
    )
    # The target was changed after its match was confirmed: a person looks again.
    assert "口径未确认：双随机抽查比例" in client.post(step, {"action": "selfeval.submit"}).content.decode()
    # That no measure proves it any more is for the finance bureau to say: a clerk would silence the ledger by
    # it.
    confirmed = {"sheet": sheet.id, "indicator": line.id, "measure": ""}
    assert "由财政局改定" in client.post(here(department, "matches"), confirmed).content.decode()
    assert sign_in("caizheng").post(here(department, "matches"), confirmed).status_code == 302
    filling.fill_self_evaluation(evaluation)
    assert client.post(step, {"action": "selfeval.submit"}).status_code == 302


def test_the_official_tables_and_the_report_are_sent(evaluation, sign_in):
    client = sign_in("keyuan")
    for name in ("table.xlsx", "table.docx", "report.docx"):
        assert client.get(reverse("selfeval-file", args=[evaluation.pk, name])).content[:2] == b"PK"
    assert client.get(reverse("selfeval-file", args=[evaluation.pk, "secret.key"])).status_code == 404
    assert "绩效自评表" in client.get(reverse("selfeval-form", args=[evaluation.pk])).content.decode()


def test_a_year_without_self_evaluation_offers_to_open_it(department, sign_in):
    page = sign_in("caiwu").get(reverse("selfeval", args=[department.pk, 2022])).content.decode()
    assert "自评还没有开启" in page and "开启自评" in page
    assert sign_in("keyuan").post(reverse("selfeval", args=[department.pk, 2022])).status_code == 403
    # Nothing is evaluated that was never promised.
    refused = sign_in("caiwu").post(reverse("selfeval", args=[department.pk, 2022]))
    assert refused.status_code == 400 and "批复" in refused.content.decode()
    assert (
        "ZS-WB-06" in sign_in("caiwu").post(reverse("selfeval", args=[department.pk, 2026])).content.decode()
    )
