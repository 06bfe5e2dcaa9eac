"""Ledgers: uploads with wrong rows, the same file twice, undoing, browsing, templates and sources."""

from __future__ import annotations

import io

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from filled import HEAD, activities
from pages import HTMX, here

from zhunsheng.evidence import View, browse, ledgers
from zhunsheng.web.models import AuditEntry, Job, SourceMapping, Upload, User
from zhunsheng.web.services import evidence


def upload(client, department, file, **more):
    return client.post(here(department, "ledgers"), {"file": file, **more})


# -- ledgers
# ------------------------------------------------------------------------------------------------------------


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


def test_what_is_doubtful_is_shown_and_waits_for_a_yes(department, sign_in, work_off):
    client = sign_in("keyuan")
    upload(client, department, activities("HD-Q1,宣传,食品安全,进社区,2021-05-01"))
    work_off()
    file = activities("HD-Q1,宣传,食品安全,进学校,2021-05-01", "HD-Q2,宣传,食品安全,进商场,2021-05-02")
    upload(client, department, file)
    asked = next(j for j in work_off() if j.kind == "import")
    assert asked.result["batch"] is None
    page = client.get(reverse("job", args=[asked.pk])).content.decode()
    assert "1 行的编号台账里已有" in page and "ZS-EV-47" in page and "没有导入任何行" in page
    assert "进社区" in page and "进学校" in page
    assert "照此导入" in page and "跳过有错的行" not in page
    assert "ZS-WB-06" in client.post(reverse("job-again", args=[asked.pk])).content.decode()
    client.post(reverse("job-again", args=[asked.pk]), {"q0": "update"})
    done = next(j for j in work_off() if j.kind == "import")
    assert (done.result["batch"]["inserted"], done.result["batch"]["updated"]) == (1, 1)
    page = client.get(reverse("job", args=[done.pk])).content.decode()
    assert "2 行的去向" in page and "表头在第 1 行" in page
    written = AuditEntry.objects.filter(action="import ledger").order_by("pk").last()
    assert asked.result["asked"] in str(written.after)


def test_what_a_file_would_change_its_sums_and_the_readings_that_moved_are_on_its_page(
    department, sign_in, work_off
):
    client = sign_in("keyuan")
    head = "凭证号,项目名称,支付金额,支付日期,用途"
    first = "".join(f"PV{n},预览经费,100,2021-03-01,旧\n" for n in range(30))
    file = SimpleUploadedFile("支付.csv", f"{head}\n{first}".encode())
    upload(client, department, file, ledger="payments")
    done = next(j for j in work_off() if j.kind == "import")
    page = client.get(reverse("job", args=[done.pk])).content.decode()
    assert "随之变化的读数" in page and "支付金额" in page and "预览经费" in page
    assert any(one["project"] == "预览经费" and one["year"] == 2021 for one in done.result["moved"])
    assert "看前后的变化" in page and f"?a={done.result['batch']['batch'] - 1}&amp;b=" in page
    second = (
        first.replace(",100,", ",200,").replace("旧", "新") + "PV99,预览经费,x,2021-03-01,\n合计,,6000,,\n"
    )
    file = SimpleUploadedFile("支付2.csv", f"{head}\n{second}".encode())
    upload(client, department, file, ledger="payments")
    waiting = next(j for j in work_off() if j.kind == "import")
    page = client.get(reverse("job", args=[waiting.pk])).content.decode()
    assert "将有变化的 30 行" in page and page.count("PV29") >= 2  # its amount and its purpose
    assert "文件自己的合计" in page and "+ 拒绝的行" in page and '<td class="num">6000</td>' in page


ODD = "活动编号,活动类别,主题类别,活动全称,开展日期,承办"


def test_what_is_proposed_is_answered_part_by_part_and_remembered(department, sign_in, work_off):
    client = sign_in("keyuan")
    rows = ("HD-M1,普法宣传,食品安全,进社区,2021-05-01,甲", "HD-M2,专题培训,食品安全,进学校,2021-05-02,乙")
    upload(client, department, activities(*rows, head=ODD, name="活动月报202105.csv"))
    asked = next(j for j in work_off() if j.kind == "import")
    kinds = [question["kind"] for question in asked.result["questions"]]
    assert kinds == ["columns", "values"] and asked.result["batch"] is None
    page = client.get(reverse("job", args=[asked.pk])).content.decode()
    assert "活动全称" in page and "普法宣传" in page and 'value="活动月报"' in page
    answers = {"q0-0": "活动名称", "q1-0": "培训", "q1-1": "refused"}
    no_name = client.post(reverse("job-again", args=[asked.pk]), {**answers, "remember": "on"})
    assert "来源的名称" in no_name.content.decode()
    answers |= {"remember": "on", "name": "月报", "good_rows": "on"}
    client.post(reverse("job-again", args=[asked.pk]), answers)
    done = next(j for j in work_off() if j.kind == "import")
    assert done.result["batch"]["inserted"] == 1 and done.result["bad_rows"] == 1
    # The next month's file is read without a word; what was refused stays so.
    rows = ("HD-M3,专题培训,食品安全,进机关,2021-06-01,甲", "HD-M4,普法宣传,食品安全,进商场,2021-06-02,乙")
    upload(client, department, activities(*rows, head=ODD, name="六月.csv"))
    later = next(j for j in work_off() if j.kind == "import")
    assert not later.result["questions"] and later.result["bad_rows"] == 1
    assert later.result["mapping"]["name"] == "月报"
    listed = client.get(here(department, "ledgers")).content.decode()
    assert "月报" in listed and "活动台账" in listed
    kept = SourceMapping.objects.get(name="月报")
    address = here(department, "mapping", kept.pk)
    text = client.get(address).content.decode()
    assert "活动全称: 活动名称" in text and "专题培训" in text
    changed = SimpleUploadedFile("月报.yaml", text.replace("普法宣传: null", "普法宣传: 宣传").encode())
    client.post(here(department, "ledgers"), {"mapping": changed})
    upload(client, department, activities(*rows, head=ODD, name="六月.csv"))
    assert next(j for j in work_off() if j.kind == "import").result["batch"]["inserted"] == 2
    wrong = SimpleUploadedFile("错.yaml", "ledger: 没有的台账".encode())
    assert "ZS-EV-01" in client.post(here(department, "ledgers"), {"mapping": wrong}).content.decode()
    large = SimpleUploadedFile("大.yaml", b" " * (2**20 + 1))
    assert "ZS-EV-48" in client.post(here(department, "ledgers"), {"mapping": large}).content.decode()
    client.post(address)
    assert client.post(address).status_code == 404 and not SourceMapping.objects.get(name="月报").active
    upload(client, department, activities(*rows, head=ODD, name="七月.csv"))
    assert next(j for j in work_off() if j.kind == "import").result["questions"]
    told = [entry for entry in AuditEntry.objects.all() if (entry.after or {}).get("name") == "月报"]
    assert len(told) >= 2  # kept, taken out


def test_rows_that_would_be_another_are_answered_one_by_one_on_the_page(department, sign_in, work_off):
    client = sign_in("keyuan")
    upload(client, department, activities(*(f"HD-R{n},宣传,食品安全,旧{n},2021-05-01" for n in (1, 2))))
    work_off()
    upload(client, department, activities(*(f"HD-R{n},宣传,食品安全,新{n},2021-05-01" for n in (1, 2))))
    asked = next(j for j in work_off() if j.kind == "import")
    client.post(reverse("job-again", args=[asked.pk]), {"q0": "aside", "q0-row1": "update"})
    done = next(j for j in work_off() if j.kind == "import")
    assert done.result["batch"]["updated"] == 1 and done.result["account"]["fates"]["aside"] == 1
    found = client.get(here(department, "ledger", "activities") + "?q=HD-R").content.decode()
    assert "旧1" in found and "新2" in found and "旧2" not in found


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


def test_chosen_rows_are_taken_out_with_a_reason_and_told(department, sign_in, work_off):
    staff, finance = sign_in("keyuan"), sign_in("caiwu")
    rows = (f"HD-OUT{n},宣传,守法经营,删除试验{n},2021-05-0{n}" for n in (1, 2, 3))
    upload(staff, department, activities(*rows))
    jobs = work_off()
    assert jobs[0].result["batch"], jobs[0].result
    page, url = here(department, "ledger", "activities"), here(department, "remove", "activities")
    assert 'name="key"' not in staff.get(page + "?q=删除试验").content.decode()
    shown = finance.get(page + "?q=删除试验").content.decode()
    assert all(f'value="HD-OUT{n}"' in shown for n in (1, 2, 3))
    assert staff.post(url, {"key": "HD-OUT1", "reason": "重复"}).status_code == 403
    assert "ZS-WB-06" in finance.post(url, {"key": "HD-OUT1"}).content.decode()
    assert "ZS-WB-60" in finance.post(url, {"reason": "重复"}).content.decode()
    assert "ZS-EV-60" in finance.post(url, {"key": "HD-OUT9", "reason": "重复"}).content.decode()
    assert finance.post(url, {"key": ["HD-OUT1", "HD-OUT3"], "reason": "重复登记"}).status_code == 302
    made = evidence.store().batches(department=department.code)[-1]
    assert (made.removes, made.rows, made.who) == ("重复登记", 2, "caiwu")
    found = browse(
        evidence.store().snapshot(), ledgers()["activities"], department.code, View(search="删除试验")
    )
    assert [r.values[0] for r in found.rows] == ["HD-OUT2"]
    shown = " ".join(staff.get(page).content.decode().split())
    who = User.objects.get(username="caiwu")
    assert f"由{who}删除：重复登记（批次 {made.batch}）" in shown and "HD-OUT3" in shown
    log = AuditEntry.objects.filter(object_id=str(department.pk), after__ledger="activities")
    assert log.filter(action="remove rows").count() == 2
    assert log.get(action="remove rows refused").after["why"] == "ZS-EV-60"
    assert log.get(action="rows removed").after["batch"] == made.batch
    batches = finance.get(here(department, "ledgers")).content.decode()
    assert "原因：重复登记" in batches and here(department, "source", made.batch) not in batches
    assert finance.post(here(department, "undo"), {"batch": made.batch}).status_code == 302
    assert f"（批次 {made.batch}）" not in staff.get(page).content.decode()
    assert evidence.store().verify() == []


def test_what_changed_between_two_batches_is_shown_and_exported(department, sign_in, work_off):
    staff, auditor = sign_in("keyuan"), sign_in("shenji")
    first = evidence.store().head[0]
    upload(staff, department, activities("HD-D1,宣传,守法经营,比较试验,2021-05-01"))
    work_off()
    second = evidence.store().head[0]
    url = here(department, "diff")
    shown = auditor.get(f"{url}?a={first}&b={second}").content.decode()
    assert "比较试验" in shown and "HD-D1" in shown and "随之变化的读数和得分" in shown
    book = auditor.get(f"{url}?a={first}&b={second}&export=xlsx")
    sheets = openpyxl.load_workbook(io.BytesIO(book.content))
    assert sheets.sheetnames[:3] == ["批次", "行的变化", "读数的变化"]
    rows = [row[2:7] for row in sheets["行的变化"].iter_rows(min_row=2, values_only=True)]
    assert ("新增", "HD-D1", "活动名称", "", "比较试验") in rows
    assert AuditEntry.objects.filter(action="export", after__ledger="difference").count() == 1
    assert "本部门的台账没有变化" in auditor.get(f"{url}?a={second}&b={second}").content.decode()
    assert "ZS-EV-64" in auditor.get(f"{url}?a=x").content.decode()
    assert auditor.get(f"{url}?ledger=x").status_code == 404


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


# -- documents go to the department they name, or wait for a person
# ------------------------------------------------------------------------------------------------------------


def test_a_parquet_file_beyond_the_site_s_bounds_is_not_even_kept(sign_in, department):
    rows = pa.array([0], pa.int32()).take(pa.array([0] * 1_100_000))
    buffer = io.BytesIO()
    pq.write_table(pa.table({"登记编号": pa.DictionaryArray.from_arrays(rows, pa.array(["T"]))}), buffer)
    before = Upload.objects.count()
    file = SimpleUploadedFile("投诉.parquet", buffer.getvalue())
    answer = sign_in("keyuan").post(reverse("ledgers", args=[department.pk, 2021]), {"file": file})
    assert answer.status_code == 400 and "ZS-EV-40" in answer.content.decode()
    assert Upload.objects.count() == before


def test_rows_that_get_what_they_lacked_and_examples_are_decided_on_the_page(department, sign_in, work_off):
    client = sign_in("keyuan")
    head = "项目名称,项目编码,变动类型,金额,批复日期"

    def put(name, head, *rows):
        file = SimpleUploadedFile(f"{name}.csv", "\n".join([head, *rows]).encode())
        upload(client, department, file, ledger="budgets")
        return next(j for j in work_off() if j.kind == "import")

    def answer(asked, **said):
        client.post(reverse("job-again", args=[asked.pk]), said)
        return next(j for j in work_off() if j.kind == "import").result

    put("一", head, "补填经费,BT1,年初批复,100,2021-01-18", "补填经费,BT1,追加,50,2021-06-01")
    lines = "补填经费,BT1,年初批复,100,2021-01-18,财政拨款", "补填经费,BT1,追加,50,2021-06-01,财政拨款"
    asked = put("二", f"{head},资金来源", *lines)
    page = client.get(reverse("job", args=[asked.pk])).content.decode()
    assert asked.result["batch"] is None and "2 行台账里已有，没有填资金来源，文件补填了" in page
    assert "是同一行，补填" in page and "这些行先不导入" in page and page.count("财政拨款") >= 2
    fates = answer(asked, q0="add")["account"]["fates"]
    assert (fates["changed"], fates["new"]) == (2, 0)
    asked = put("三", head, "示例,BT9,追加,1,2021-06-02", "补填经费二,BT2,追加,2,2021-06-03")
    page = client.get(reverse("job", args=[asked.pk])).content.decode()
    assert "像是填写示例，不是记录：第 2 行" in page and "是示例，不导入" in page
    fates = answer(asked, q0="take")["account"]["fates"]
    assert fates["new"] == 2 and not fates.get("example")
