"""Safeguards: registers and assets with approval, what is due and late, audit findings and their end."""

from __future__ import annotations

from datetime import timedelta

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from pages import here, step_on

from zhunsheng.web.audit import altered_records
from zhunsheng.web.models import Membership, SafeguardRecord
from zhunsheng.web.roles import may, permits
from zhunsheng.web.services import decisions, registers, safeguards
from zhunsheng.web.workflow import advance

# -- safeguards
# ------------------------------------------------------------------------------------------------------------


def test_all_faults_of_a_record_are_told_at_once_in_the_language_of_the_page(department, sign_in):
    client, url = sign_in("keyuan"), here(department, "register", "assets")
    page = client.post(url, {"asset_no": " ", "name": "打印机", "value": "很贵"}).content.decode()
    assert 'data-fault="asset_no"' in page and 'data-fault="value"' in page and "填写有误：很贵" in page
    client.cookies["django_language"] = "en"
    page = client.post(url, {"asset_no": " ", "name": "打印机", "value": "很贵"}).content.decode()
    assert "is not valid: 很贵" in page and not SafeguardRecord.objects.filter(data__name="打印机").exists()


def test_an_asset_is_registered_used_and_disposed_with_approval(department, sign_in):
    staff, head = sign_in("keyuan"), sign_in("juzhang")
    url = here(department, "register", "assets")
    assert (
        "ZS-WB-06"
        in staff.post(url, {"asset_no": "GD-9", "name": "打印机", "value": "很贵"}).content.decode()
    )
    staff.post(url, {"asset_no": "GD-9", "name": "打印机", "value": "2,300"})
    record = SafeguardRecord.objects.get(data__asset_no="GD-9")
    assert record.data["value"] == "2300.00"
    step = reverse("step", args=["safeguards", record.pk])
    for request in ("登记入账", "领用", "处置报废"):
        assert staff.post(step, {"action": "safeguards.request", "request": request}).status_code == 302
        assert staff.post(reverse("record", args=[record.pk]), {"asset_no": "x"}).status_code == 403
        assert staff.post(step, {"action": "safeguards.approve"}).status_code == 403
        assert head.post(step, {"action": "safeguards.approve", "remark": "同意"}).status_code == 302
    assert (
        "没有这种申请"
        in staff.post(step, {"action": "safeguards.request", "request": "变卖"}).content.decode()
    )
    staff.post(step, {"action": "safeguards.request", "request": "调拨"})
    assert "ZS-WB-02" in head.post(step, {"action": "safeguards.refuse"}).content.decode()
    head.post(step, {"action": "safeguards.refuse", "remark": "尚在使用"})
    record.refresh_from_db()
    assert (
        record.state == "refused"
        and "尚在使用" in staff.get(reverse("record", args=[record.pk])).content.decode()
    )


def test_every_register_lists_adds_and_feeds_its_ledger(department, sign_in, work_off):
    client = sign_in("caiwu")
    for register in registers.registers().values():
        url = here(department, "register", register.id)
        said = {
            f.name: {
                "date": "2021-06-01",
                "money": "100",
                "number": "5",
                "choice": (f.values or ("",))[0],
            }.get(f.type, f"内容{f.name}")
            for f in register.fields
        }
        assert client.post(url, said).status_code == 302, register.id
        assert register.title in client.get(url).content.decode()
        answer = client.post(url, {"to_ledger": "1"})
        if register.ledger:
            assert answer.status_code == 302
            job = work_off()[0]
            assert job.state == "done" and job.result["bad_rows"] == 0, (register.id, job.result["errors"])
        else:
            assert "没有对应的台账" in answer.content.decode()
    page = client.get(here(department, "safeguards")).content.decode()
    assert "健全制度。修订预算绩效管理" in page
    assert client.get(here(department, "register", "nothing")).status_code == 404


def test_what_is_due_and_not_done_is_late(department, sign_in):
    record = SafeguardRecord.objects.get(department=department, register="audits")
    assert registers.due_of(registers.registers()["audits"], record.data).isoformat() == "2022-03-31"
    client = sign_in("keyuan")
    assert "逾期" in client.get(here(department, "register", "audits")).content.decode()
    proof = SimpleUploadedFile("整改报告.docx", b"not a docx")
    assert (
        "[ZS-IN-"
        in client.post(reverse("record", args=[record.pk]), {**record.data, "file": proof}).content.decode()
    )
    proof = SimpleUploadedFile("整改.pdf", b"%PDF-1.7")
    mended = {**record.data, "mended_on": "2022-03-01", "result": "已按计划支付", "file": proof}
    client.post(reverse("record", args=[record.pk]), mended)
    record.refresh_from_db()
    assert (
        record.due_on is None
        and "zs-red" not in client.get(here(department, "register", "audits")).content.decode()
    )
    # Closed by another than who wrote how it was mended.
    url, close = reverse("step", args=["safeguards", record.pk]), {"action": "safeguards.close"}
    assert (client.post(url, close).status_code, sign_in("caiwu").post(url, close).status_code) == (403, 302)


# -- conditions
# ------------------------------------------------------------------------------------------------------------


def test_an_audit_finding_closes_with_result_date_and_proof(department, sign_in):
    record = SafeguardRecord.objects.get(department=department, register="audits")
    client, url = sign_in("keyuan"), reverse("record", args=[record.pk])
    answer = step_on(client, record, "safeguards.close").content.decode()
    assert "ZS-WB-11" in answer and all(t in answer for t in ("整改情况", "整改完成日期", "佐证材料"))
    future = (timezone.localdate() + timedelta(days=1)).isoformat()
    assert "不能晚于今天" in client.post(url, {**record.data, "mended_on": future}).content.decode()
    proof = SimpleUploadedFile("整改.pdf", b"%PDF-1.7")
    client.post(url, {**record.data, "mended_on": "2022-03-01", "result": "已整改", "file": proof})
    # Whoever wrote how it ended does not close it; the edit is told as one.
    assert record.steps()[-1].action == "safeguards.result"
    assert step_on(client, record, "safeguards.close").status_code == 403
    assert step_on(sign_in("caiwu"), record, "safeguards.close").status_code == 302


# -- what was approved is not changed in silence
# ------------------------------------------------------------------------------------------------------------


def test_changing_an_approved_asset_opens_it_again(department, sign_in, user):
    record = SafeguardRecord.objects.get(data__asset_no="GD-0001")
    assert record.state == "approved"
    client, url = sign_in("keyuan"), reverse("record", args=[record.pk])
    seen = record.seen_digest()
    assert client.post(url, {**record.data, "value": "1"}).status_code == 302
    record.refresh_from_db()
    last = record.last_step()
    assert (record.state, last.action, last.before, last.after) == (
        "open",
        "safeguards.edit",
        "approved",
        "open",
    )
    # The second of two people is told.
    assert client.post(url, {**record.data, "value": "2", "seen": seen}).status_code == 409
    # Who changed it does not approve it.
    Membership.objects.create(user=user("keyuan"), organisation=department, role="head")
    advance(
        user("keyuan2"), record, "safeguards.request", change=lambda now: setattr(now, "request", "登记入账")
    )
    assert not may(user("keyuan"), "safeguards.approve", record) and may(
        user("juzhang"), "safeguards.approve", record
    )


def test_a_request_taken_back_leaves_what_was_approved_as_it_was(department, user):
    record = SafeguardRecord.objects.get(data__asset_no="GD-0001")
    was = record.request
    asked = {"request": "处置报废", "seen": record.seen_digest()}
    decisions.decide(user("keyuan2"), record, "safeguards.request", asked)
    assert (record.state, record.request) == ("requested", "处置报废")
    decisions.decide(user("keyuan2"), record, "safeguards.withdraw", {"seen": record.seen_digest()})
    record.refresh_from_db()
    assert (record.state, record.request) == ("approved", was) and altered_records() == []


def test_an_asset_is_disposed_of_once_it_is_approved_as_it_stands(department, sign_in, user):
    record = SafeguardRecord.objects.get(data__asset_no="GD-0001")
    said = {**record.data, "value": "1", "disposed_on": "2021-12-01"}
    assert sign_in("keyuan").post(reverse("record", args=[record.pk]), said).status_code == 302
    assert "还没有批准" in step_on(sign_in("keyuan"), record, "safeguards.close").content.decode()
    record.refresh_from_db()
    assert record.state == "open"


def test_who_rewrites_a_finding_once_its_end_is_told_does_not_close_it(department, user, sign_in):
    audits = registers.registers()["audits"]
    said = {"source": "审计", "finding": "问题", "owner": "综合科", "due_on": "2021-12-31"}
    record = safeguards.enter(audits, department, said, None, user("keyuan"))
    told = said | {"mended_on": "2021-06-01", "result": "已改"}
    proof = SimpleUploadedFile("证明.pdf", b"%PDF-1.4 x")
    safeguards.change(record, told, proof, user("keyuan2"))
    assert permits(user("keyuan"), "safeguards.close", record)
    safeguards.change(record, told | {"finding": "没有问题"}, None, user("keyuan"))
    assert not permits(user("keyuan"), "safeguards.close", record)
    assert permits(user("caiwu"), "safeguards.close", record)
