"""A target far exceeded: the finance bureau finds whether it had been set too low, two of its officers do,
and the office's own word changes nothing of it.
"""

from __future__ import annotations

from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from pages import here
from small_department import (
    CLOSURE,
    END,
    PROOF,
    YEAR,
    brought_up,
    first,
    indicator,
    project,
    say,
    sign_on,
    step,
)

from zhunsheng.web.models import AuditEntry, LowTarget, Membership, User
from zhunsheng.web.services.sheets import lookup
from zhunsheng.web.services.year import filling, question, rechecking, records

# 83 of 92 closed are 90.2174 %, of 60 % that is 150.36 %: 20.36 % beyond 130 %. 50 × (1 − 20.36 %) = 39.82.
LOW = "39.82"


@pytest.fixture
def bureau(found, user, sign_in):
    """The signed self-evaluation of a department with a target far exceeded, and a second officer."""
    place = found(project(indicator(CLOSURE, "≥60%")))
    second = User.objects.get(username="caizheng2")
    Membership.objects.create(user=second, organisation=place, role="bureau")
    evaluation = brought_up(place, user, sign_in)
    assert [str(first(evaluation.assessment.run)[1].score.score), state(evaluation)] == ["50", "signed"]
    return evaluation


def state(evaluation):
    evaluation.refresh_from_db()
    return evaluation.state


def line(evaluation):
    evaluation.refresh_from_db()
    return first(evaluation.assessment.run)[1]


def find(client, evaluation, low="yes", n=0, reason="按上年一半估计"):
    evaluation.refresh_from_db()
    sheet = evaluation.assessment.run.results[0]
    said = {"sheet": sheet.id, "indicator": sheet.indicators[n].id, "low": low, "reason": reason}
    return client.post(reverse("low-target", args=[evaluation.pk]), said)


def test_2_one_officer_finds_another_upholds_and_points_go_down_by_the_deviation(bureau, sign_in):
    one, two = sign_in("caizheng"), sign_in("caizheng2")
    page = one.get(here(bureau.department, "selfeval")).content.decode()
    assert "待说明" in page and reverse("low-target", args=[bureau.pk]) in page
    assert find(one, bureau).status_code == 302
    finding = LowTarget.objects.get()
    assert (finding.low, finding.result, finding.by.username) == (True, "90.22%", "caizheng")
    # A finding that nobody upheld moves nothing, and nothing is closed over it.
    assert str(line(bureau).score.score) == "50"
    rechecking.recheck(bureau)
    answer = step(one, bureau, "selfeval.accept").content.decode()
    assert "ZS-WB-11" in answer and f"待另一人确认：{CLOSURE}" in answer
    assert step(one, finding, "lowtarget.uphold").status_code == 403
    assert "确认目标是否偏低的认定" in two.get(here(bureau.department, "overview")).content.decode()
    assert step(two, finding, "lowtarget.uphold").status_code == 302
    # The signatures were for other points: it goes back, and says why.
    assert state(bureau) == "returned" and CLOSURE in bureau.last_step().remark
    score = line(bureau).score
    assert (str(score.score), score.verdict) == (LOW, "over") and "财政局认定目标偏低" in score.how
    entries = AuditEntry.objects.filter(model="lowtarget", object_id=str(finding.pk))
    assert [e.actor for e in entries.order_by("number")] == ["caizheng", "caizheng2"]
    # What the office says of it later takes nothing back.
    staff = sign_in("keyuan")
    proof = {"files": [SimpleUploadedFile("清单.pdf", PROOF)]}
    assert say(staff, bureau, 0, reason="上级临时任务", **proof).status_code == 302
    assert say(staff, bureau, 0, over_accepted="on", reason="上级临时任务").status_code == 302
    filling.fill_self_evaluation(bureau)
    assert str(line(bureau).score.score) == LOW
    # Signed again, the re-check takes the finding and finds no other points.
    sign_on(sign_in, bureau)
    found = rechecking.recheck(bureau)
    assert [d for sheet in found for d in sheet["differences"] if d["indicator"] == CLOSURE] == []
    assert step(one, bureau, "selfeval.accept").status_code == 302
    assert find(two, bureau, "no").status_code == 403  # closed: its figures move no more


def test_2_the_office_finds_nothing_and_no_officer_finds_twice(bureau, sign_in):
    for who in ("keyuan", "caiwu", "juzhang", "shenji"):
        assert find(sign_in(who), bureau).status_code == 403, who
    one, two = sign_in("caizheng"), sign_in("caizheng2")
    assert "ZS-WB-61" in find(one, bureau, n=2).content.decode()  # 95 % of 90 % is not far beyond it
    assert "没有填写" in find(one, bureau, reason="").content.decode() and not LowTarget.objects.exists()
    assert find(one, bureau).status_code == 302
    assert "ZS-WB-62" in find(two, bureau, "no").content.decode()
    finding = LowTarget.objects.get()
    assert "ZS-WB-02" in step(two, finding, "lowtarget.dismiss").content.decode()
    assert step(two, finding, "lowtarget.dismiss", remark="依据不足").status_code == 302
    assert (finding.state, state(bureau), str(line(bureau).score.score)) == ("dismissed", "signed", "50")
    rechecking.recheck(bureau)
    assert step(one, bureau, "selfeval.accept").status_code == 302


def test_2_a_target_found_fair_keeps_its_points_whatever_the_office_admits(found, user, sign_in):
    place = found(project(indicator(CLOSURE, "≥60%")))
    second = User.objects.get(username="caizheng2")
    Membership.objects.create(user=second, organisation=place, role="bureau")
    low = {"target_low": "on", "reason": "年初估少了"}
    evaluation = brought_up(place, user, sign_in, first=lambda staff, it: say(staff, it, 0, **low))
    assert str(line(evaluation).score.score) == LOW
    assert find(sign_in("caizheng"), evaluation, "no", reason="上级临时部署").status_code == 302
    assert step(sign_in("caizheng2"), LowTarget.objects.get(), "lowtarget.uphold").status_code == 302
    score = line(evaluation).score
    assert str(score.score) == "50" and "财政局认定目标没有偏低：上级临时部署" in score.how
    page = sign_in("keyuan").get(here(place, "selfeval")).content.decode()
    assert "财政局：目标没有偏低" in page and "已认定" in page


def test_2_a_finding_holds_for_the_target_it_was_found_of(bureau, sign_in):
    assert find(sign_in("caizheng"), bureau).status_code == 302
    assert step(sign_in("caizheng2"), LowTarget.objects.get(), "lowtarget.uphold").status_code == 302
    promised = question.promises(lookup.book_in_force(bureau.department, YEAR, END))
    ((key, finding),) = records.rulings_of(bureau.department, YEAR, END, promised).items()
    assert key == (finding.sheet_code, finding.indicator_code) and finding.low
    moved = {**promised, key: {**promised[key], "target": "≥65%"}}
    assert records.rulings_of(bureau.department, YEAR, END, moved) == {}
    # Another writing of the same bound, another name or description let nobody out of it.
    for target in ("≥60.0%", "不低于60%", " ≥60% "):
        written = {**promised[key], "target": target, "name": "举报办结率", "description": "按收件计"}
        assert list(records.rulings_of(bureau.department, YEAR, END, {**promised, key: written})) == [key]
    assert records.rulings_of(bureau.department, YEAR, date(2021, 6, 30), promised) == {}


def test_2_whoever_signed_a_self_evaluation_judges_none_of_its_targets(bureau, sign_in):
    assert find(sign_in("caizheng"), bureau).status_code == 302
    (finding,) = LowTarget.objects.all()
    signers = [s.by for s in bureau.steps() if s.action in ("selfeval.check", "selfeval.sign")]
    assert signers
    for user in signers:
        Membership.objects.create(user=user, organisation=bureau.department, role="bureau")
        for action in ("lowtarget.uphold", "lowtarget.dismiss"):
            assert step(sign_in(user.username), finding, action, remark="无").status_code == 403


def test_2_a_finding_is_upheld_on_the_figure_it_was_made_of(bureau, sign_in):
    assert find(sign_in("caizheng"), bureau).status_code == 302
    finding, two = LowTarget.objects.get(), sign_in("caizheng2")
    finding.result = "95%"  # what it came to when it was found
    finding.save()
    answer = step(two, finding, "lowtarget.uphold").content.decode()
    assert "ZS-WB-11" in answer and "完成值 95% → 90.22%" in answer and finding.state == "found"
    assert step(two, finding, "lowtarget.dismiss", remark="完成值已变").status_code == 302


def test_2_a_target_changed_since_it_was_found_is_judged_anew_before_anything_is_closed(
    bureau, sign_in, adjusted
):
    one, two = sign_in("caizheng"), sign_in("caizheng2")
    assert find(one, bureau).status_code == 302
    assert step(two, LowTarget.objects.get(), "lowtarget.uphold").status_code == 302
    adjusted(bureau.department, "indicators.0.target", "≥65%")
    assert state(bureau) == "returned"
    filling.fill_self_evaluation(bureau)
    # 90.2174 ÷ 65 = 138.8 %: still far beyond, and nobody found anything of 65 %.
    assert (str(line(bureau).score.score), line(bureau).score.verdict) == ("50", "explain")
    sign_on(sign_in, bureau)
    rechecking.recheck(bureau)
    answer = step(one, bureau, "selfeval.accept").content.decode()
    assert "ZS-WB-11" in answer and f"请重新认定目标是否偏低：{CLOSURE}" in answer
    assert find(one, bureau, "no", reason="上级临时部署").status_code == 302
    assert step(two, LowTarget.objects.last(), "lowtarget.uphold").status_code == 302
    if state(bureau) == "returned":
        sign_on(sign_in, bureau)
    rechecking.recheck(bureau)
    assert step(one, bureau, "selfeval.accept").status_code == 302


def test_2_a_finding_of_an_earlier_day_holds_for_what_came_after(bureau, sign_in):
    assert find(sign_in("caizheng"), bureau).status_code == 302
    assert step(sign_in("caizheng2"), LowTarget.objects.get(), "lowtarget.uphold").status_code == 302
    promised = question.promises(lookup.book_in_force(bureau.department, YEAR, END))
    assert len(records.rulings_of(bureau.department, YEAR, date(2022, 3, 31), promised)) == 1


def test_2_figures_of_another_scheme_are_not_accepted(bureau, sign_in, admin_scheme):
    rechecking.recheck(bureau)
    admin_scheme(bureau.department.parent)
    rechecking.recheck(bureau)
    answer = step(sign_in("caizheng"), bureau, "selfeval.accept").content.decode()
    assert "ZS-WB-11" in answer and "现行的评分方案是" in answer and state(bureau) == "signed"
