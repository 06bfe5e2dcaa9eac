"""Key evaluations: evaluators mark apart, then agree; what they found is mended and told."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from pages import here, step_on

from zhunsheng.regulations import key_frameworks
from zhunsheng.web.models import AuditEntry, AuditHead, KeyEvaluation, Membership, Rectification, Sheet, User
from zhunsheng.web.services import keyeval
from zhunsheng.web.services.sample_site import PASSWORD


@pytest.fixture
def key(department):
    return KeyEvaluation.objects.get(department=department)


def marks(share, rows=None):
    return {
        f"points_{r.code}": str((r.points * Decimal(share)).quantize(Decimal("0.01")))
        for r in (rows or key_frameworks()[0].rows)
    }


# -- key evaluation
# ------------------------------------------------------------------------------------------------------------


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


# -- the finance bureau
# ------------------------------------------------------------------------------------------------------------


def test_what_was_found_is_offered_for_rectification(key, sign_in):
    page = sign_in("caizheng").get(reverse("keyevaluation", args=[key.pk])).content.decode()
    offered = page.split('<datalist id="suggested">')[1].split("</datalist>")[0]
    assert "未完成" in offered


# -- conditions
# ------------------------------------------------------------------------------------------------------------


def test_mending_is_told_with_a_proof_or_why_there_is_none(department, sign_in):
    fix = Rectification.objects.get(department=department)
    client = sign_in("keyuan")
    assert "佐证材料" in step_on(client, fix, "rectify.prove", result="已改").content.decode()
    assert (
        step_on(client, fix, "rectify.prove", result="已改", no_proof="口头提醒，无书面材料").status_code
        == 302
    )
    fix.refresh_from_db()
    assert fix.state == "proved" and "口头提醒" in fix.last_step().remark
    assert step_on(client, fix, "rectify.withdraw").status_code == 302


def test_an_incomplete_card_is_not_reported(department, user, sign_in):
    key = KeyEvaluation.objects.get(department=department)
    two = sign_in("zhuanjia2")
    from zhunsheng.regulations import key_frameworks

    rows = key_frameworks()[0].rows
    two.post(reverse("marks", args=[key.pk]), {f"points_{r.code}": "1" for r in rows} | {"finish": "1"})
    key.refresh_from_db()
    assert key.state == "agreeing" and key.last_step().after == "agreeing"
    answer = step_on(sign_in("caizheng"), key, "keyeval.report").content.decode()
    assert "ZS-WB-11" in answer and "没有评定得分" in answer


# -- what was approved is not changed in silence
# ------------------------------------------------------------------------------------------------------------


def test_two_experts_of_one_name_are_two(department, user):
    evaluation = KeyEvaluation.objects.get(department=department)
    for name in ("zhuanjia1", "zhuanjia2"):
        one = user(name)
        one.display = "张伟"
        one.save()
    card = keyeval.card_of(evaluation)
    named = keyeval.told_apart(evaluation.evaluators.all())
    assert sorted(named.values()) == ["张伟（zhuanjia1）", "张伟（zhuanjia2）"] and card is not None
