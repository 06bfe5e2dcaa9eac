"""Double random, key evaluation, safeguards, publication: the rest of the office's year as its
people do it.
"""

from __future__ import annotations

import io
import json
import zipfile
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from pages import flat

from zhunsheng.draws.slips import slip
from zhunsheng.draws.strata import untouched
from zhunsheng.draws.verification import verify
from zhunsheng.regulations import key_frameworks
from zhunsheng.sample.documents import bureau, flattened
from zhunsheng.usecases.drawing.verifying import verify_bundle
from zhunsheng.web.models import (
    AuditEntry,
    AuditHead,
    Draw,
    InspectionItem,
    Inspector,
    KeyEvaluation,
    Membership,
    Organisation,
    Publication,
    Rectification,
    SafeguardRecord,
    SelfEvaluation,
    Sheet,
    SheetVersion,
    User,
)
from zhunsheng.web.services import keyeval, office, registers
from zhunsheng.web.services.draws import committing, entering, results
from zhunsheng.web.services.sample_site import PASSWORD
from zhunsheng.web.services.year import filling


def here(department, name, *more):
    return reverse(name, args=[department.pk, 2021, *more])


# -- double random
# ----------------------------------------------------------------------------------------------------

PLAN = {
    "code": "SJ-2021-09",
    "title": "第九次抽查",
    "rule": "国发〔2019〕5号",
    "items": ["A01"],
    "frame_on": "2021-02-25",
    "ends_on": "2098-12-31",
    "per_object": "2",
    "reserve": "10",
    "ratio_A": "1",
    "floor_A": "1",
    "ratio_B": "2",
    "floor_B": "1",
    "ratio_C": "5",
    "floor_C": "1",
    "ratio_D": "20",
    "floor_D": "1",
    "lottery_name": "某彩票",
    "lottery_issue": "2021099",
    "speakers": "代表甲、代表乙",
}


def plan(client, department, **changes):
    known = (timezone.localtime() + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S")
    return client.post(here(department, "draw-plan"), {**PLAN, "known_at": known, **changes})


def test_a_draw_from_plan_to_results(department, sign_in, work_off, monkeypatch):
    one, two = sign_in("keyuan"), sign_in("keyuan2")
    assert plan(one, department).status_code == 302
    draw = Draw.objects.get(code="SJ-2021-09")
    assert "公布承诺" in one.get(reverse("draw", args=[draw.pk])).content.decode()
    assert one.post(reverse("draw-act", args=[draw.pk, "draw"])).status_code == 403
    one.post(reverse("draw-act", args=[draw.pk, "commit"]))
    (job,) = work_off()
    assert job.state == "done"
    draw.refresh_from_db()
    assert draw.state == "committed" and draw.frame_count > 300 and len(draw.digest) == 64
    # Planning again is over; the numbers can't be entered before they are known.
    numbers = {"v0": "03 08 17", "v1_0": "0731", "v1_1": "58"}
    enter = reverse("draw-act", args=[draw.pk, "enter"])
    assert "才公布" in one.post(enter, numbers).content.decode()
    for step in ("sealing", "running"):
        monkeypatch.setattr(
            f"zhunsheng.usecases.drawing.{step}.clock_now", lambda: timezone.now() + timedelta(hours=2)
        )
    draw.plan["known_at"] = (timezone.now() - timedelta(seconds=1)).isoformat()
    QuerySet(Draw).filter(pk=draw.pk).update(plan=draw.plan)  # past the record, whose plan is bound
    draw.refresh_from_db()
    assert "ZS-DR-05" in one.post(enter, {**numbers, "v0": "三"}).content.decode()
    assert one.post(enter, numbers).status_code == 302
    assert "由两个人完成" in one.post(enter, numbers).content.decode()
    draw.refresh_from_db()
    assert draw.state == "entered" and draw.first_by.username == "keyuan"
    # A second entry that differs takes the first back.
    assert "ZS-DR-04" in two.post(enter, {**numbers, "v0": "03 08 18"}).content.decode()
    draw.refresh_from_db()
    assert draw.state == "committed" and draw.first_by is None
    one.post(enter, numbers)
    assert two.post(enter, numbers).status_code == 302
    draw.refresh_from_db()
    assert draw.state == "sealed"
    one.post(reverse("draw-act", args=[draw.pk, "draw"]))
    work_off()
    draw.refresh_from_db()
    assert draw.state == "drawn" and draw.tasks.count() == draw.drawn_count > 5
    checks = verify_bundle(draw.folder() / "抽查包.zip", draw.folder() / "frame.tsv", draw.digest)
    assert [c.title for c in checks if c.holds is False] == []
    page = one.get(reverse("draw", args=[draw.pk])).content.decode()
    assert "检查任务" in page and "任务清单.xlsx" in page
    # Results, on a phone: one after the other.
    task = draw.tasks.first()
    url = reverse("task", args=[task.pk])
    assert "ZS-DR-09" in one.post(url, {"result": "未发现问题"}).content.decode()
    assert "ZS-WB-06" in one.post(url, {"result": "很好", "inspected_on": "2021-05-01"}).content.decode()
    assert (
        "ZS-DR-09"
        in one.post(url, {"inspected_on": "2021-05-01", "published_on": "2021-04-01"}).content.decode()
    )
    answer = one.post(
        url, {"result": "未发现问题", "inspected_on": "2021-05-01", "published_on": "2021-05-20", "next": "1"}
    )
    assert answer["Location"].startswith("/tasks/") and answer["Location"] != url
    assert (
        sign_in("caiwu").post(url, {"result": "未发现问题", "inspected_on": "2021-05-01"}).status_code == 403
    )
    # And into the ledger as evidence.
    one.post(reverse("draw-act", args=[draw.pk, "ledger"]))
    imported = work_off()[0]
    assert imported.result["ledger"] == "inspections" and imported.result["batch"]["inserted"] == 1
    late = results.overdue_tasks(draw, draw.ends_on + timedelta(days=1))
    assert len(late) == draw.drawn_count - 1


def test_slips_are_recorded_before_a_ceremony_speaks_and_only_they_are_taken(department, sign_in, work_off):
    one, two = sign_in("keyuan"), sign_in("keyuan2")
    plan(one, department, lottery_name="", lottery_issue="", sealed="on")
    draw = Draw.objects.get(code="SJ-2021-09")
    assert draw.plan["randomness"] == [
        {"source": "ceremony", "speakers": ["代表甲", "代表乙"], "sealed": True}
    ]
    one.post(reverse("draw-act", args=[draw.pk, "commit"]))
    work_off()
    page = one.get(reverse("draw", args=[draw.pk])).content.decode()
    assert "登记封条" in page and "仅有见证" in page and "封条上的盐" not in page
    salts = ["a" * 32, "b" * 32]
    handed = {"slip_0": slip(salts[0], "0731"), "slip_1": slip(salts[1], "58")}
    record = reverse("draw-act", args=[draw.pk, "slips"])
    assert "ZS-DR-39" in one.post(record, {**handed, "slip_1": "0731"}).content.decode()
    assert sign_in("caizheng").post(record, handed).status_code == 403
    # One person alone makes nothing final, and an auditor takes no part in it.
    assert sign_in("shenji").post(record, handed).status_code == 403
    assert one.post(record, handed).status_code == 302
    assert (
        entering.slips_shown(draw) is None
        and "ZS-DR-35"
        in two.post(
            reverse("draw-act", args=[draw.pk, "enter"]),
            {"v0_0": "0731", "v0_1": "58", "s0_0": salts[0], "s0_1": salts[1]},
        ).content.decode()
    )
    assert "ZS-WB-06" in one.post(record, handed).content.decode() and entering.slips_shown(draw) is None
    assert "登记封条</h2>" not in one.get(reverse("draw", args=[draw.pk])).content.decode()
    # Another's differ: whose is told, neither is recorded, both begin again.
    told = two.post(record, {**handed, "slip_1": slip(salts[1], "59")}).content.decode()
    assert "ZS-WB-59" in told and "不一致：代表乙，没有登记" in told and entering.slips_shown(draw) is None
    assert two.post(record, handed).status_code == 302 and entering.slips_shown(draw) is None
    assert one.post(record, handed).status_code == 302
    assert "ZS-DR-37" in two.post(record, handed).content.decode()
    draw.refresh_from_db()
    shown = entering.slips_shown(draw)["digest"]
    assert shown in one.get(reverse("draw", args=[draw.pk])).content.decode()
    enter = reverse("draw-act", args=[draw.pk, "enter"])
    said = {"v0_0": "0731", "v0_1": "58", "s0_0": salts[0], "s0_1": salts[1]}
    assert "ZS-DR-36" in one.post(enter, {**said, "v0_1": "59"}).content.decode()
    assert "才公布" in one.post(enter, said).content.decode()


def test_a_beacon_needs_no_round(department, sign_in):
    known = (timezone.localtime() + timedelta(hours=1)).replace(second=7, microsecond=0)
    for chain, period in (("quicknet", 3), ("default", 30)):
        client = sign_in("keyuan")
        made = plan(
            client,
            department,
            code=f"SJ-{chain}",
            lottery_name="",
            speakers="",
            drand_chain=chain,
            known_at=known.strftime("%Y-%m-%dT%H:%M:%S"),
        )
        assert made.status_code == 302, made.content.decode()
        draw = Draw.objects.get(code=f"SJ-{chain}")
        (source,) = draw.plan["randomness"]
        later = datetime.fromisoformat(draw.plan["known_at"]) - known
        assert (
            source["chain"] == chain
            and source["round"] > 1
            and timedelta(0) <= later < timedelta(seconds=period)
        )
        page = client.get(reverse("draw", args=[draw.pk])).content.decode()
        assert "有证明" in page and f"第 {source['round']} 轮" in page


def test_the_plan_says_what_is_wrong(department, sign_in):
    client = sign_in("keyuan")
    assert "ZS-WB-06" in plan(client, department, code="").content.decode()
    assert "ZS-DR-01" in plan(client, department, items=[]).content.decode()
    assert "ZS-DR-01" in plan(client, department, code="有 空格").content.decode()
    assert "ZS-WB-06" in plan(client, department, ratio_A="120").content.decode()
    assert "ZS-WB-06" in plan(client, department, known_at="明天").content.decode()
    assert "ZS-WB-06" in plan(client, department, lottery_issue="").content.decode()
    assert "ZS-WB-06" in plan(client, department, code="SJ-2021-01").content.decode()
    assert not Draw.objects.filter(code="SJ-2021-09").exists()
    plan(client, department, lottery_name="", lottery_issue="", speakers="")
    draw = Draw.objects.get(code="SJ-2021-09")
    assert draw.plan["randomness"] == [{"source": "office"}]


def test_a_commitment_after_the_numbers_are_known_fails_in_words(department, sign_in, work_off):
    client = sign_in("keyuan")
    past = plan(client, department, known_at="2021-01-01T00:00:00").content.decode()
    assert "ZS-WB-12" in past and "2021-01-01 00:00:00" in past
    plan(client, department)
    draw = Draw.objects.get(code="SJ-2021-09")
    draw.plan["known_at"] = (timezone.now() - timedelta(seconds=1)).isoformat()
    QuerySet(Draw).filter(pk=draw.pk).update(plan=draw.plan)  # past the record, whose plan is bound
    draw.refresh_from_db()
    client.post(reverse("draw-act", args=[draw.pk, "commit"]))
    (job,) = work_off()
    assert job.state == "failed" and "ZS-WB-12" in job.error


def test_registers_take_single_entries_and_files(department, sign_in):
    client, url = sign_in("caiwu"), here(department, "draw-register")
    client.post(url, {"what": "item", "code": "B01", "name": "价格检查"})
    client.post(
        url,
        {
            "what": "inspector",
            "number": "ZF900",
            "name": "某某",
            "certified": "on",
            "districts": "东湖所、中心所",
            "items": "A01,B01",
        },
    )
    one = Inspector.objects.get(number="ZF900")
    assert (one.districts, one.items, one.certified) == (["东湖所", "中心所"], ["A01", "B01"], True)
    csv = "编号,姓名,有执法证,辖区,可查事项\nZF901,甲,是,,A01\nZF902,乙,否,北山所,A01\n"
    client.post(url, {"what": "file", "file": SimpleUploadedFile("名录.csv", csv.encode("gbk"))})
    assert Inspector.objects.get(number="ZF902").name == "乙"
    bad = SimpleUploadedFile("名录.csv", "编号,姓名\n张三,甲\n".encode())
    assert "第 2 行" in client.post(url, {"what": "file", "file": bad}).content.decode()
    item = InspectionItem.objects.get(code="B01")
    client.post(url, {"what": "end-item", "id": item.pk})
    item.refresh_from_db()
    assert not item.active
    # Names are shown to the office only.
    assert "检查员1" in client.get(here(department, "draws")).content.decode()
    assert "检查员1" not in sign_in("shenji").get(here(department, "draws")).content.decode()


def test_a_number_that_looks_like_anothers_is_refused(department, sign_in):
    client, url = sign_in("caiwu"), here(department, "draw-register")
    assert Inspector.objects.filter(department=department, number="ZF001").exists()
    said = client.post(url, {"what": "inspector", "number": "ZFOO1", "items": "A01"}).content.decode()
    assert "ZS-DR-25" in said and "ZFOO1 与已有的 ZF001" in said
    csv = "编号,姓名,可查事项\nZF950,甲,A01\nzf95O,乙,A01\n"
    said = client.post(
        url, {"what": "file", "file": SimpleUploadedFile("名录.csv", csv.encode())}
    ).content.decode()
    assert "ZS-DR-25" in said and "第 3 行：zf95O 与已有的 ZF950" in said
    assert not Inspector.objects.filter(number__in=["ZFOO1", "ZF950", "zf95O"]).exists()
    assert "ZS-WB-06" in client.post(url, {"what": "inspector", "number": "9" * 23}).content.decode()


def test_strata_of_which_nobody_is_drawn_are_told_before_and_after_the_commitment(
    department, sign_in, work_off
):
    client = sign_in("keyuan")
    plan(client, department, ratio_A="0", floor_A="0", speakers="")
    draw = Draw.objects.get(code="SJ-2021-09")
    address = reverse("draw", args=[draw.pk])
    before = client.get(address).content.decode()
    assert "以下各层一户也不抽" in before and "按现在的台账，承诺时将分为以下各层" in before
    told = [s for s in committing.foreseen(draw)[0] if not s["quota"]]
    assert told and all(s["stratum"].endswith("|A") for s in told)
    client.post(reverse("draw-act", args=[draw.pk, "commit"]))
    work_off()
    draw.refresh_from_db()
    assert committing.foreseen(draw) == ([], None)
    sizes = untouched(committing.allotted(draw))
    assert [(s["stratum"], s["size"]) for s in told] and {s["stratum"] for s in sizes} == {
        s["stratum"] for s in told
    }
    assert f"{sizes[0]['words']}（{sizes[0]['size']} 户）" in flat(client.get(address))
    asking = sign_in("caiwu").post(reverse("publish-ask", args=["draw", draw.pk]))
    assert asking.status_code == 302, asking.content.decode()
    asked = Publication.objects.get(kind="draw", object_id=draw.pk)
    assert asked.data["untouched"] == [{"stratum": s["stratum"], "size": s["size"]} for s in sizes]
    page = sign_in("juzhang").get(reverse("publication", args=[asked.pk])).content.decode()
    assert "一户也不抽的分层" in page and sizes[0]["words"] in page and sizes[0]["words"].endswith(" A 类")


def test_what_stands_against_a_commitment_is_told_on_the_plans_page(department, sign_in):
    client = sign_in("keyuan")
    plan(client, department)
    draw = Draw.objects.get(code="SJ-2021-09")
    Inspector.objects.create(department=department, number="zfOO1", name="影")
    page = client.get(reverse("draw", args=[draw.pk])).content.decode()
    assert "ZS-DR-25" in page and "ZF001" in page and "还不能承诺" in page


# -- key evaluation
# ---------------------------------------------------------------------------------------------------


@pytest.fixture
def key(department):
    return KeyEvaluation.objects.get(department=department)


def marks(share, rows=None):
    return {
        f"points_{r.code}": str((r.points * Decimal(share)).quantize(Decimal("0.01")))
        for r in (rows or key_frameworks()[0].rows)
    }


def test_evaluators_score_apart_then_agree_and_what_they_found_is_mended(key, sign_in, user):
    second, bureau, staff = sign_in("zhuanjia2"), sign_in("caizheng"), sign_in("keyuan")
    begun = AuditHead.objects.get().number
    page_url, url = reverse("keyevaluation", args=[key.pk]), reverse("marks", args=[key.pk])
    # While the second scores, the first's marks are not to be seen, and the bureau sees none.
    for client in (second, bureau, staff):
        assert "资料齐全，个别环节滞后" not in client.get(page_url).content.decode()
    assert "ZS-WB-06" in second.post(url, {"points_A1": "3"}).content.decode()
    second.post(url, {"points_A1": "1", "reason_A1": "依据不足"})
    assert "没有评分" in second.post(url, {"finish": "1"}).content.decode()
    assert second.post(url, {**marks("0.5"), "finish": "1"}).status_code == 302
    key.refresh_from_db()
    assert key.state == "agreeing"
    assert second.post(url, marks("1")).status_code == 403
    page = bureau.get(page_url).content.decode()
    assert "差异大" in page and "专家甲" in page and "专家乙" in page
    step = reverse("step", args=["keyeval", key.pk])
    bureau.post(
        reverse("agree", args=[key.pk]), {**marks("0.8"), "reason_A1": "合议", "conclusion": "总体较好"}
    )
    key.refresh_from_db()
    assert key.agreed["A1"] == {"points": "1.60", "reason": "合议"}
    report = bureau.get(reverse("key-report", args=[key.pk]))
    assert report.content[:2] == b"PK" and "80" in bureau.get(page_url).content.decode()
    assert bureau.post(step, {"action": "keyeval.report"}).status_code == 302
    assert bureau.post(reverse("agree", args=[key.pk]), marks("1")).status_code == 403
    # Rectification: owner, due date, proof, closure by another.
    bureau.post(
        reverse("rectification", args=[key.pk]),
        {"problem": "目标偏低", "owner": "综合科", "due_on": "2022-05-01"},
    )
    fix = Rectification.objects.get(problem="目标偏低")
    # What is final does not grow: a problem listed after it is followed up, and is not in the report.
    assert fix not in keyeval.reported_fixes(key) and list(keyeval.reported_fixes(key)) != list(
        key.rectifications.all()
    )
    # Marks are of the department that they are given to, and so are their entries in the log.
    entries = AuditEntry.objects.filter(model="keymark", number__gt=begun)
    assert {e.place for e in entries} == {key.department.path}
    fix_url = reverse("step", args=["rectify", fix.pk])
    assert "ZS-WB-11" in staff.post(fix_url, {"action": "rectify.prove"}).content.decode()
    proof = SimpleUploadedFile("整改.pdf", b"%PDF-1.7")
    assert (
        staff.post(fix_url, {"action": "rectify.prove", "result": "已调整目标", "file": proof}).status_code
        == 302
    )
    assert staff.post(fix_url, {"action": "rectify.close"}).status_code == 403
    assert "ZS-WB-02" in bureau.post(fix_url, {"action": "rectify.reopen"}).content.decode()
    assert bureau.post(fix_url, {"action": "rectify.close"}).status_code == 302
    fix.refresh_from_db()
    assert fix.state == "closed" and fix.proof.name == "整改.pdf"


def test_others_mark_for_evaluators_who_can_not_any_more(key, sign_in, user):
    """An evaluation does not wait for ever for somebody who can't mark; what was handed in stays."""
    bureau, url = sign_in("caizheng"), reverse("appoint", args=[key.pk])
    third = User(username="zhuanjia3", display="专家丙")
    third.set_password(PASSWORD)
    third.save()
    Membership.objects.create(user=third, organisation=key.department.parent, role="evaluator")
    one, two = user("zhuanjia1"), user("zhuanjia2")
    assert key.finished == [one.pk]
    said = {"evaluators": [third.pk], "remark": "专家乙不再担任", "seen": key.seen_digest()}
    assert sign_in("juzhang").post(url, said).status_code == 403
    assert "ZS-WB-02" in bureau.post(url, said | {"remark": ""}).content.decode()
    assert "至少两位" in bureau.post(url, said | {"evaluators": []}).content.decode()
    assert bureau.post(url, said).status_code == 302
    key.refresh_from_db()
    assert set(key.evaluators.all()) == {one, third} and key.state == "scoring"
    assert "专家乙 → 专家甲、专家丙" in key.last_step().remark
    assert sign_in("zhuanjia2").post(reverse("marks", args=[key.pk]), marks("0.5")).status_code == 403
    # Who has handed in can't be exchanged; where all that are left have, the talk begins.
    done = {**marks("0.5"), "finish": "1"}
    assert sign_in("zhuanjia3").post(reverse("marks", args=[key.pk]), done).status_code == 302
    key.refresh_from_db()
    assert key.state == "agreeing" and set(keyeval.card_of(key).rows[0].given) == {"专家甲", "专家丙"}
    assert two not in key.evaluators.all()


def test_a_project_is_chosen_with_two_evaluators(department, sign_in, user):
    bureau, url = sign_in("caizheng"), here(department, "keyeval")
    free = Sheet.objects.filter(department=department, year=2021, kind="project", key_evaluations=None).get()
    said = {"sheet": free.pk, "method": "比较法", "evaluators": [user("zhuanjia1").pk, user("zhuanjia2").pk]}
    assert "至少两位" in bureau.post(url, {**said, "evaluators": [user("zhuanjia1").pk]}).content.decode()
    stranger = bureau.post(url, {**said, "evaluators": [user("zhuanjia1").pk, user("keyuan").pk]})
    assert "ZS-WB-06" in stranger.content.decode() and "评价人" in stranger.content.decode()
    assert bureau.post(url, said).status_code == 302
    assert "已列入" in bureau.post(url, said).content.decode()


def test_all_faults_of_a_form_of_the_draws_are_told_at_once(department, sign_in):
    client = sign_in("caiwu")
    register = here(department, "draw-register")
    page = client.post(register, {"what": "item", "code": "9" * 21, "name": " "}).content.decode()
    assert all(f'data-fault="{name}"' in page for name in ("code", "name")) and "超过 20 字" in page
    page = client.post(register, {"what": "inspector", "number": "甲-1", "name": "长" * 61}).content.decode()
    assert all(f'data-fault="{name}"' in page for name in ("number", "name")) and "应由字母和数字组成" in page
    other = Inspector.objects.filter(department=department).first()
    other.pk, other.number = None, "ZF999"
    other.department = department.parent.children.exclude(pk=department.pk).first()
    other.save()
    # Of another department nothing is known here.
    assert client.post(register, {"what": "end-inspector", "id": other.pk}).status_code == 404
    assert client.post(register, {"what": "nothing"}).status_code == 404


# -- safeguards
# -------------------------------------------------------------------------------------------------------


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


# -- publication
# ------------------------------------------------------------------------------------------------------


def test_only_what_the_head_approved_is_public(department, sign_in, client, user):
    version = SheetVersion.objects.get(
        sheet__department=department, sheet__year=2021, sheet__kind="department"
    )
    before = client.get(reverse("public")).content.decode()
    title = f"{department} 2021年 部门整体绩效目标"
    assert title not in before
    sign_in("caiwu").post(reverse("publish-ask", args=["targets", version.pk]))
    asked = Publication.objects.get(kind="targets", object_id=version.pk)
    assert client.get(reverse("public-one", args=[asked.pk])).status_code == 404
    assert client.get(reverse("open-data-json", args=[asked.pk])).status_code == 404
    step = reverse("step", args=["publish", asked.pk])
    assert sign_in("caiwu").post(step, {"action": "publish.approve"}).status_code == 403
    assert title in sign_in("juzhang").get(reverse("publication", args=[asked.pk])).content.decode()
    sign_in("juzhang").post(step, {"action": "publish.approve"})
    assert title in client.get(reverse("public") + "?kind=targets&q=整体").content.decode()
    assert "企业年报率" in client.get(reverse("public-one", args=[asked.pk])).content.decode()
    data = client.get(reverse("open-data-json", args=[asked.pk])).json()
    assert (
        data["data"]["sheet"]["indicators"][0]["name"] == "企业年报率"
        and "provenance" not in data["data"]["sheet"]
    )
    sign_in("juzhang").post(step, {"action": "publish.withdraw", "remark": "有误"})
    assert client.get(reverse("public-one", args=[asked.pk])).status_code == 404


def test_what_is_not_ready_cannot_be_asked_to_be_public(department, sign_in):
    finance = sign_in("caiwu")
    draft = SheetVersion.objects.filter(sheet__department=department, sheet__year=2022)[0]
    evaluation = SelfEvaluation.objects.get(department=department)
    for kind, pk in (("targets", draft.pk), ("self", evaluation.pk)):
        assert "ZS-WB-01" in finance.post(reverse("publish-ask", args=[kind, pk])).content.decode()
    assert finance.post("/publish/nothing/1/ask").status_code == 404


def test_a_signed_self_evaluation_is_published_with_its_files(
    department, sign_in, client, left_open_confirmed
):
    evaluation = filling.fill_self_evaluation(SelfEvaluation.objects.get(department=department))
    step = reverse("step", args=["selfeval", evaluation.pk])
    for who, action in (("keyuan", "submit"), ("caiwu", "check"), ("juzhang", "sign")):
        sign_in(who).post(step, {"action": f"selfeval.{action}"})
    sign_in("caiwu").post(reverse("publish-ask", args=["self", evaluation.pk]))
    asked = Publication.objects.get(kind="self")
    sign_in("juzhang").post(reverse("step", args=["publish", asked.pk]), {"action": "publish.approve"})
    page = client.get(reverse("public-one", args=[asked.pk])).content.decode()
    assert "绩效自评表" in page and "举报案件办结率" in page
    assert client.get(reverse("public-file", args=[asked.pk, "绩效自评表.xlsx"])).content[:2] == b"PK"
    rows = client.get(reverse("open-data", args=[asked.pk, "csv"])).content.decode("utf-8-sig").splitlines()
    assert rows[0].startswith("类别,目标表,指标,指标值,完成值,完成值来源,口径,结论,") and len(rows) > 20


def test_anyone_verifies_a_published_draw(client):
    found = Publication.objects.get(kind="draw", state="published", title="2021年第一次双随机抽查")
    page = client.get(reverse("public-one", args=[found.pk])).content.decode()
    assert found.data["seed"] in page
    content = client.get(reverse("public-file", args=[found.pk, "抽查包.zip"])).content
    with zipfile.ZipFile(io.BytesIO(content)) as bundle:
        parts = {n: json.loads(bundle.read(n)) for n in bundle.namelist() if n.endswith(".json")}
    assert all(c.holds is not False for c in verify(parts, None, found.data["digest"]))
    page = client.get(reverse("verify"))
    policy = page["Content-Security-Policy"]
    assert "sha256-" in policy and "unsafe-inline" not in policy and "connect-src 'none'" in policy
    assert "worker-src blob:" in policy and "unsafe-eval" not in policy
    assert client.get(reverse("public-file", args=[found.pk, "inspectors.json"])).status_code == 404


def test_public_pages_and_data_hold_nothing_personal(client, department):
    names = {i.name for i in Inspector.objects.filter(department=department)}
    entities = {t.name for d in Draw.objects.filter(department=department) for t in d.tasks.all()}
    assert names and entities
    pages = [reverse("public"), reverse("data-package"), "/api/public"]
    for one in Publication.objects.filter(state="published"):
        pages += [
            reverse("public-one", args=[one.pk]),
            reverse("open-data-json", args=[one.pk]),
            reverse("open-data", args=[one.pk, "csv"]),
        ]
        pages += [
            reverse("public-file", args=[one.pk, p.name])
            for p in (one.folder().iterdir() if one.folder().is_dir() else ())
        ]
    for url in pages:
        content = client.get(url).content
        assert content, url
        for secret in (*names, *entities, "诉求人", "19900", "keyuan"):
            assert secret.encode() not in content, (url, secret)


def test_the_data_package_describes_every_published_table(client):
    package = client.get(reverse("data-package")).json()
    assert len(package["resources"]) == Publication.objects.filter(state="published").count()
    for resource in package["resources"]:
        rows = (
            client.get(resource["path"].replace("http://testserver", ""))
            .content.decode("utf-8-sig")
            .splitlines()
        )
        assert rows[0].split(",") == [f["name"] for f in resource["schema"]["fields"]]


# -- the finance bureau
# -----------------------------------------------------------------------------------------------


def test_the_portfolio_counts_all_departments(sign_in, district):
    client = sign_in("caizheng")
    page = client.get(reverse("portfolio")).content.decode()
    assert "2021 年部门绩效汇总" in page and "示例区市场监督管理局" in page and "东城农业农村局" in page
    assert "待重新测算" not in page
    heat = client.get(reverse("heat-map") + "?year=2021").json()
    assert len(heat["departments"]) == 5 and heat["values"] and set(heat["dimensions"]) >= {"产出", "满意度"}
    for order in ("red", "errors", "execution"):
        assert client.get(reverse("portfolio") + f"?order={order}&q=局&page=1").status_code == 200
    assert "逾期" in page
    found = client.get(reverse("portfolio-findings") + "?year=2021&level=error").content.decode()
    assert "错误" in found
    import openpyxl

    book = openpyxl.load_workbook(io.BytesIO(client.get(reverse("portfolio-export") + "?year=2021").content))
    rows = list(book.active.iter_rows(values_only=True))
    assert len(rows) == 6 and rows[0][1] == "部门" and rows[1][3] >= rows[2][3]


def zipped(**members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return SimpleUploadedFile("目标.zip", buffer.getvalue())


def test_a_zip_of_documents_is_taken_in_at_once_with_what_failed(sign_in, work_off, district):

    office.found("某某新局", "department", district)
    good = flattened({**bureau(), "department": "某某新局"})
    client = sign_in("caizheng")
    file = zipped(**{"某某新局/目标.txt": good, "坏/坏.docx": b"broken", "说明.pdf": b"%PDF"})
    assert client.post(reverse("portfolio-import"), {"file": file, "year": "2021"}).status_code == 302
    (job,) = work_off()
    assert job.state == "done", job.error
    assert (job.result["files"], job.result["sheets"], job.result["departments"]) == (2, 3, 1)
    assert job.result["failed"][0]["file"] == "坏/坏.docx" and "ZS-IN" in job.result["failed"][0]["error"]
    assert Organisation.objects.get(name="某某新局").parent == district
    page = client.get(reverse("job", args=[job.pk])).content.decode()
    assert "没有收进来的文件" in page
    for wrong, code in (
        (SimpleUploadedFile("a.zip", b"no zip"), "ZS-IN-03"),
        (SimpleUploadedFile("a.zip", b"PK\x03\x04rest"), None),
    ):
        answer = client.post(reverse("portfolio-import"), {"file": wrong})
        if code:
            assert code in answer.content.decode()
        else:
            assert "ZS-WB-07" in work_off()[0].error
    assert client.post(reverse("portfolio-import"), {"assess": "1", "year": "2021"}).status_code == 302
    assert work_off()[0].state == "done"


def test_a_chosen_folder_goes_the_way_of_a_zip(sign_in, work_off, district):
    for name in ("甲新局", "乙新局"):
        office.found(name, "department", district)
    files = [
        SimpleUploadedFile(f"{name}.txt", flattened({**bureau(), "department": name}).encode())
        for name in ("甲新局", "乙新局")
    ]
    client = sign_in("caizheng")
    answer = client.post(
        reverse("portfolio-import"), {"folder": [*files, SimpleUploadedFile("图.png", b"x")], "year": "2021"}
    )
    assert answer.status_code == 302
    (job,) = work_off()
    assert (job.result["files"], job.result["departments"]) == (2, 2)
    found = client.get(reverse("portfolio-findings") + "?year=2021&q=甲新局").content.decode()
    assert "甲新局" in found and "乙新局" not in found


def test_what_was_found_is_offered_for_rectification(key, sign_in):
    page = sign_in("caizheng").get(reverse("keyevaluation", args=[key.pk])).content.decode()
    offered = page.split('<datalist id="suggested">')[1].split("</datalist>")[0]
    assert "未完成" in offered
