"""Draws from plan to results, their registers and numbers entered unseen."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import QuerySet
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from filled import BEACON_PLAN
from pages import HTMX, flat, here, step_on

from zhunsheng.draws.slips import slip
from zhunsheng.draws.strata import untouched
from zhunsheng.usecases.drawing.verifying import verify_bundle
from zhunsheng.web.actions import ACTIONS
from zhunsheng.web.models import (
    AuditEntry,
    Draw,
    DrawTask,
    InspectionItem,
    Inspector,
    KeyMark,
    Publication,
    User,
)
from zhunsheng.web.services import todo
from zhunsheng.web.services.draws import committing, entering, results
from zhunsheng.web.services.publishing.acts import ask, decide
from zhunsheng.web.workflow import advance

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


# -- double random
# ------------------------------------------------------------------------------------------------------------


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


def test_registers_take_single_entries(department, sign_in):
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
    csv = SimpleUploadedFile("名录.csv", "编号,姓名,可查事项\nZF950,甲,A01\nzf95O,乙,A01\n".encode())
    kept = client.post(here(department, "draw-lists"), {"list": "inspectors", "file": csv})
    said = client.get(kept["Location"]).content.decode()
    assert "ZS-DR-25" in said and "zf95O 与已有的 ZF950" in said
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
    assert told and all(s["stratum"].endswith("|A") for s in told)  # type: ignore[attr-defined]
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
# ------------------------------------------------------------------------------------------------------------


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


def soon(hours=1):
    return (timezone.localtime() + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%S")


# -- every state has a way out
# ------------------------------------------------------------------------------------------------------------


def test_a_plan_is_changed_until_it_is_committed_or_made_void(department, sign_in, work_off):
    client = sign_in("keyuan")
    url = reverse("draw-plan", args=[department.pk, 2021])
    assert "ZS-WB-12" in client.post(url, {**BEACON_PLAN, "known_at": "2021-01-01T00:00:00"}).content.decode()
    client.post(url, {**BEACON_PLAN, "known_at": soon()})
    draw = Draw.objects.get(code="SJ-2021-10")
    edit = reverse("draw-edit", args=[draw.pk])
    page = client.get(edit).content.decode()
    assert 'value="2.5"' in page and "代表甲、代表乙" in page and 'name="seen"' in page
    past = client.post(edit, {**BEACON_PLAN, "known_at": "2021-01-01T08:00:00"}).content.decode()
    assert "ZS-WB-12" in past and "2021-01-01 08:00:00" in past
    old = draw.seen_digest()
    assert client.post(edit, {**BEACON_PLAN, "title": "改名", "known_at": soon(2)}).status_code == 302
    draw.refresh_from_db()
    assert (draw.title, draw.state, draw.last_step().action) == ("改名", "planned", "draws.plan")
    assert (
        client.post(edit, {**BEACON_PLAN, "title": "又改", "known_at": soon(2), "seen": old}).status_code
        == 409
    )
    # A commitment from a page with the old plan is none.
    act = reverse("draw-act", args=[draw.pk, "commit"])
    assert client.post(act, {"seen": old}).status_code == 409 and not work_off()
    assert step_on(client, draw, "draws.void", remark="不抽了").status_code == 302
    assert client.post(act).status_code == 403
    assert not any(
        "改名" in t["what"]
        for t in todo.of(User.objects.get(username="keyuan"), department, 2021, timezone.localdate())
    )
    assert step_on(client, draw, "draws.restore").status_code == 302
    client.post(act)
    (job,) = work_off()
    assert job.state == "done", job.error
    assert (
        client.get(edit).status_code == 403
        and client.post(edit, {**BEACON_PLAN, "known_at": soon()}).status_code == 403
    )


# -- conditions
# ------------------------------------------------------------------------------------------------------------


def test_an_inspection_is_not_kept_blank_or_in_the_future(department, sign_in):
    task = DrawTask.objects.filter(draw__department=department, inspected_on=None)[0]
    client, url = sign_in("keyuan"), reverse("task", args=[task.pk])
    future = (timezone.localdate() + timedelta(days=1)).isoformat()
    good = {"inspected_on": "2021-05-01", "result": "未发现问题"}
    for wrong in ({}, {"note": "只有说明"}, {"inspected_on": "2021-05-01"}, {**good, "inspected_on": future}):
        assert "ZS-DR-09" in client.post(url, wrong).content.decode(), wrong
    assert "ZS-DR-09" in client.post(url, {**good, "published_on": future}).content.decode()
    early = (task.draw.frame_on - timedelta(days=1)).isoformat()
    assert "早于名录库的日期" in client.post(url, {**good, "inspected_on": early}).content.decode()
    seen = task.seen_digest()
    assert client.post(url, good).status_code == 302
    # Someone else kept a result meanwhile: an old page does not write over it.
    answer = client.post(url, {**good, "result": "发现问题已责令改正", "seen": seen}, **HTMX).content.decode()
    task.refresh_from_db()
    assert "ZS-WB-10" in answer and task.result == "未发现问题"


def test_a_result_changed_after_its_publication_is_told_in_public(department, sign_in, user):
    draw = Draw.objects.filter(
        department=department, state="drawn", tasks__inspected_on__isnull=False
    ).distinct()[0]
    one = ask("results", draw, user("caiwu"))
    decide(one, user("juzhang"), "publish.approve")
    task = draw.tasks.exclude(inspected_on=None)[0]
    was, day = task.result, task.inspected_on.isoformat()
    other = "发现问题已责令改正" if was == "未发现问题" else "未发现问题"
    page = Client().get(reverse("public-one", args=[one.pk])).content.decode()
    assert "检查结果又有变动" not in page
    kept = {"inspected_on": day, "result": other}
    assert sign_in("keyuan").post(reverse("task", args=[task.pk]), kept).status_code == 302
    page = Client().get(reverse("public-one", args=[one.pk])).content.decode()
    assert "检查结果又有变动" in page and f"{was}（{day}）" in page and f"{other}（{day}）" in page


# -- what was on the screen
# ------------------------------------------------------------------------------------------------------------


def test_two_people_enter_a_draws_numbers_without_seeing_each_other(department, user):
    draw = Draw.objects.filter(department=department)[0]
    before = draw.seen()
    draw.first_entry, draw.first_by = {"by": "x"}, user("keyuan")
    draw.save()
    assert draw.seen().text == before.text
    assert ACTIONS["draws.enter"].blind and ACTIONS["keyeval.mark"].blind


# -- what was approved is not changed in silence
# ------------------------------------------------------------------------------------------------------------


def test_what_two_people_enter_unseen_is_not_in_the_log(department, user):
    draw = Draw.objects.get(department=department, code="SJ-2021-01")
    QuerySet(Draw).filter(pk=draw.pk).update(state="committed")
    draw.refresh_from_db()
    entry = {"by": "keyuan", "values": {"winning": "735192"}}
    advance(user("keyuan"), draw, "draws.enter", change=lambda now: setattr(now, "first_entry", entry))
    mark = KeyMark.objects.first()
    mark.reason = "很不理想"
    mark.save()
    logged = str(list(AuditEntry.objects.values_list("before", "after", "title")))
    assert "735192" not in logged and "很不理想" not in logged
