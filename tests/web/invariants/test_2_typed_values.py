"""Invariants of part 2 on the site: a typed value stands beside the reading, a contest is ruled on."""

from __future__ import annotations

import csv
import io
import json

from django.urls import reverse
from pages import here
from small_department import (
    END,
    MEASURE,
    YEAR,
    first,
    judged,
    opened,
    project,
    say,
    settle,
    sign_on,
    step,
    words_in,
)

from zhunsheng.web.models import Membership, Publication
from zhunsheng.web.services.publishing import acts
from zhunsheng.web.services.rules import rules_for
from zhunsheng.web.services.year import figures, filling, official, question, rechecking
from zhunsheng.web.workflow import CONDITIONS, advance

# -- 2. evidence first; what a person types stands beside it
# ------------------------------------------------------------------------------------------------------------


def test_2_a_typed_value_stands_beside_the_reading_everywhere_and_changes_no_score(
    found, sign_in, user, call, client
):
    place = found(project())
    settle(place, user)
    evaluation = opened(place, user)
    staff = sign_in("keyuan")
    judged(staff, evaluation, place)
    before = evaluation.assessment.run.results[0].score
    assert say(staff, evaluation, 0, actual="99%", reason="台账外办结").status_code == 302
    sheet, line = first(evaluation.assessment.run)
    assert (sheet.score.total, sheet.score.basis) == (before.total, before.basis)
    assert (line.outcome.text, line.outcome.origin, line.reading is not None) == ("90.22%", "evidence", True)
    contest = evaluation.contests.get()
    assert (contest.state, contest.computed) == ("open", "90.22%")

    def told(text, where):
        assert "90.22%" in text and "99%" in text and "8.78" in text, where

    figures.assess_now(place, YEAR)
    told(staff.get(here(place, "selfeval")).content.decode(), "page")
    told(staff.get(here(place, "overview")).content.decode(), "overview")
    told(call(f"/departments/{place.pk}/assessment?year={YEAR}").content.decode(), "API")
    for name in ("table.docx", "table.xlsx", "report.docx"):
        told(words_in(staff.get(reverse("selfeval-file", args=[evaluation.pk, name])).content), name)
    told(staff.get(reverse("selfeval-form", args=[evaluation.pk])).content.decode(), "form")
    for who, act in (("keyuan", "submit"), ("caiwu", "check"), ("juzhang", "sign")):
        assert step(sign_in(who), evaluation, f"selfeval.{act}").status_code == 302, act
    acts.decide(acts.ask("self", evaluation, user("caiwu")), user("juzhang"), "publish.approve")
    public = Publication.objects.get(kind="self", object_id=evaluation.pk, state="published")
    told(client.get(reverse("public-one", args=[public.pk])).content.decode(), "public page")
    told(client.get(reverse("open-data-json", args=[public.pk])).content.decode(), "public JSON")
    told(client.get("/api/public?limit=100").content.decode(), "public API")
    rows = list(
        csv.DictReader(
            io.StringIO(client.get(reverse("open-data", args=[public.pk, "csv"])).content.decode("utf-8-sig"))
        )
    )
    assert (rows[0]["完成值"], rows[0]["台账算出"], rows[0]["人工填报"], rows[0]["争议"]) == (
        "90.22%",
        "90.22%",
        "99%",
        "有争议，待财政局裁定",
    )
    # What no ledger holds is marked as typed, and the share of points that rests on such is told.
    assert (rows[2]["完成值来源"], rows[2]["人工填报"]) == ("人工填报", "95%")
    page = client.get(reverse("public-one", args=[public.pk])).content.decode()
    assert "人工填报" in page.split("评分办法")[0]
    assert str(user("keyuan")) not in json.dumps(public.data["scores"], ensure_ascii=False)


def test_2_a_contest_counts_after_the_bureaus_acceptance_with_a_reason_only(found, sign_in, user, call):
    place = found(project())
    settle(place, user)
    evaluation = opened(place, user)
    staff = sign_in("keyuan")
    say(staff, evaluation, 0, actual="99%", reason="台账外办结")
    contest, before = evaluation.contests.get(), first(evaluation.assessment.run)[1].score
    assert step(staff, contest, "contest.accept", remark="同意").status_code == 403
    assert step(sign_in("caiwu"), contest, "contest.accept", remark="同意").status_code == 403
    bureau = sign_in("caizheng")
    assert "ZS-WB-02" in step(bureau, contest, "contest.accept").content.decode() and contest.state == "open"
    assert step(bureau, contest, "contest.accept", remark="经核实，台账漏记").status_code == 302
    evaluation.refresh_from_db()
    sheet, line = first(evaluation.assessment.run)
    assert line.score.score > before.score and line.outcome.origin == "accepted"
    assert (line.outcome.contest.computed, line.outcome.contest.accepted) == ("90.22%", "经核实，台账漏记")
    assert sheet.score.typed >= line.score.score
    figures.assess_now(place, YEAR)
    assert "90.22%" in call(f"/departments/{place.pk}/assessment?year={YEAR}").content.decode()
    # A new figure is a new contest; what was accepted was the other one.
    assert say(staff, evaluation, 0, actual="100%", proof=False).status_code == 302
    contest.refresh_from_db()
    assert contest.state == "replaced" and first(evaluation.assessment.run)[1].score.score == before.score


def test_2_a_ruling_after_the_signatures_has_the_new_figures_signed_anew(found, sign_in, user):
    place = found(project())
    settle(place, user)
    evaluation = opened(place, user)
    staff = sign_in("keyuan")
    say(staff, evaluation, 0, actual="99%", reason="台账外办结")
    judged(staff, evaluation, place)
    sign_on(sign_in, evaluation)
    signed = first(evaluation.assessment.run)[0].score.total
    contest = evaluation.contests.get()
    assert step(sign_in("caizheng"), contest, "contest.accept", remark="经核实").status_code == 302
    evaluation.refresh_from_db()
    assert (evaluation.state, first(evaluation.assessment.run)[0].score.total > signed) == ("returned", True)
    back = evaluation.last_step()
    assert (back.action, back.before, "请重新审核签字" in back.remark) == ("selfeval.reopen", "signed", True)
    page = staff.get(here(place, "selfeval")).content.decode()
    assert "裁定后退回重签" in page and "填报人签字提交" in page


def test_2_a_contest_without_reason_or_proof_is_not_accepted(found, sign_in, user):
    place = found(project())
    evaluation = opened(place, user)
    say(sign_in("keyuan"), evaluation, 0, actual="99%", proof=False)
    contest = evaluation.contests.get()
    answer = step(sign_in("caizheng"), contest, "contest.accept", remark="同意").content.decode()
    assert "ZS-WB-11" in answer and "理由" in answer and "证明材料" in answer and contest.state == "open"
    evaluation.state = "accepted"
    contest.evaluation = evaluation
    assert CONDITIONS["still_rechecked"](contest, {})


def test_2_a_contest_that_cannot_be_compared_is_not_accepted(found, sign_in, user):
    place = found(project())
    settle(place, user)
    evaluation = opened(place, user)
    clerk = sign_in("keyuan")
    say(clerk, evaluation, 0, actual="下降3%", reason="台账外办结")
    page = clerk.get(here(place, "selfeval")).content.decode()
    assert "不能比较" in page and "写的是增减幅度" in page and "相差" not in page.split("不能比较")[1][:200]
    assert "写的是增减幅度" in step(clerk, evaluation, "selfeval.submit").content.decode()
    contest = evaluation.contests.get()
    answer = step(sign_in("caizheng"), contest, "contest.accept", remark="同意").content.decode()
    assert (
        "ZS-WB-11" in answer
        and "不能比较" in answer
        and "写的是增减幅度" in answer
        and contest.state == "open"
    )


def test_2_nobody_rules_on_a_claim_of_their_own(found, sign_in, user):
    """A person of both sides raises a claim for the one and would accept it for the other."""
    place = found(project())
    settle(place, user)
    evaluation = opened(place, user)
    Membership.objects.create(user=user("keyuan"), organisation=place.parent, role="bureau")
    both = sign_in("keyuan")
    say(both, evaluation, 0, actual="99%", reason="台账外办结")
    contest = evaluation.contests.get()
    for action in ("contest.accept", "contest.refuse"):
        assert step(both, contest, action, remark="同意本人所报").status_code == 403
    assert contest.state == "open" and "采纳争议" not in both.get(here(place, "selfeval")).content.decode()
    assert step(sign_in("caizheng"), contest, "contest.accept", remark="经核实").status_code == 302


def test_2_a_ruling_outlives_the_office_of_who_made_it(found, sign_in, user):
    place = found(project(), project(name="第二项目", code="P2"))
    sheet, line = first(figures.assess_now(place, YEAR).run)
    second = figures.assess_now(place, YEAR).run.results[1]
    about = {"sheet": sheet.id, "indicator": line.id}
    linked = {"sheet": second.id, "project": "丁项目"}
    bureau, clerk = sign_in("caizheng"), sign_in("keyuan")
    assert bureau.post(here(place, "matches"), {**about, "measure": ""}).status_code == 302
    assert bureau.post(here(place, "matches"), {**linked, "same": "no"}).status_code == 302
    for held in Membership.objects.filter(user=user("caizheng")):
        held.active = False
        held.save()
    for said in ({**about, "measure": MEASURE}, {**linked, "same": "yes"}):
        answer = clerk.post(here(place, "matches"), said, headers={"HX-Request": "true"})
        assert "由财政局改定" in answer.content.decode()


def test_2_a_proof_proves_its_own_figure_only(found, sign_in, user):
    place = found(project())
    evaluation = opened(place, user)
    staff = sign_in("keyuan")
    say(staff, evaluation, 2, actual="95%", reason="问卷")
    assert evaluation.assessment.run.results[0].indicators[2].score.verdict == "met"
    answer = say(staff, evaluation, 2, actual="99%", reason="问卷", proof=False)
    assert "附件没有带过来" in staff.get(answer["Location"]).content.decode()
    line = evaluation.assessment.run.results[0].indicators[2]
    assert line.score.verdict == "nothing" and "没有证明材料" in line.outcome.note


def test_2_a_figure_equal_to_the_reading_is_no_contest(found, sign_in, user):
    place = found(project())
    evaluation = opened(place, user)
    staff = sign_in("keyuan")
    for same in ("90.22%", "90.22"):
        say(staff, evaluation, 0, actual=same)
        assert (
            first(evaluation.assessment.run)[1].outcome.contest is None and not evaluation.contests.exists()
        )
    say(staff, evaluation, 0, actual="90.3%")
    assert evaluation.contests.get(state="open").computed == "90.22%"
    say(staff, evaluation, 0, actual="90.22%")
    assert evaluation.contests.get().state == "replaced"


def test_2_a_typed_value_without_proof_counts_nothing(found, sign_in, user):
    place = found(project())
    evaluation = opened(place, user)
    client = sign_in("keyuan")
    assert say(client, evaluation, 2, actual="95%", reason="记得", proof=False).status_code == 302
    line = evaluation.assessment.run.results[0].indicators[2]
    assert (line.score.verdict, line.score.score) == ("nothing", 0) and "没有证明材料" in line.outcome.note
    say(client, evaluation, 2, actual="95%", reason="问卷")
    sheet = evaluation.assessment.run.results[0]
    assert (
        sheet.indicators[2].score.verdict == "met" and sheet.score.typed == sheet.indicators[2].score.points
    )
    page = client.get(here(place, "selfeval")).content.decode()
    assert "人工填报" in page


def test_2_a_band_typed_for_a_measured_indicator_changes_nothing(found, sign_in, user):
    place = found(project())
    evaluation = opened(place, user)
    before = first(evaluation.assessment.run)[1].score
    band = rules_for(place, YEAR).scheme.qualitative[0]
    for said in ({"band": band.name, "share": "95"}, {"share": "95"}):
        answer = say(sign_in("keyuan"), evaluation, 0, reason="很好", **said)
        assert answer.status_code == 400 and "定量指标不评档次" in answer.content.decode()
    after = first(evaluation.assessment.run)[1].score
    assert (after.score, after.verdict, after.how) == (before.score, before.verdict, before.how)
    # The page offers no band there; where a person judges, it asks for both.
    assert sign_in("keyuan").get(here(place, "selfeval")).content.decode().count('name="band"') == 1
    assert (
        "没有选评定档次" in say(sign_in("keyuan"), evaluation, 1, share="95", reason="很好").content.decode()
    )


def test_2_the_re_check_holds_nothing_that_was_typed(found, user, sign_in, tmp_path):
    """Change every word, contested and accepted: not a byte of the re-check moves."""
    place = found(project())
    settle(place, user)
    evaluation = opened(place, user)
    table = tmp_path / "上报.xlsx"
    figures.assess_now(place, YEAR, END)
    table.write_bytes(official.file_of(evaluation, "绩效自评表.xlsx").read_bytes())
    staff = sign_in("keyuan")
    from zhunsheng.web.models import Upload

    evaluation.reported = Upload.keep(table.read_bytes(), table.name, "document", place, user("keyuan"))
    evaluation.save()

    def bytes_now():
        found = [s for s in rechecking.recheck(evaluation, evaluation.reported) if s["of"]]
        assert found
        return json.dumps(found, ensure_ascii=False, sort_keys=True).encode()

    plain = bytes_now()
    judged(staff, evaluation, place)
    for n, typed in enumerate(("99%", "", "40%")):
        say(staff, evaluation, n, actual=typed, reason="另写", cause="其他", measures="另写的话")
    advance(
        user("caizheng"),
        evaluation.contests.get(state="open"),
        "contest.accept",
        "同意",
        change=lambda c: setattr(c, "ruling", "同意"),
    )
    filling.fill_self_evaluation(evaluation)
    assert first(evaluation.assessment.run)[1].outcome.origin == "accepted"
    assert bytes_now() == plain
    judge = question.Question(place, YEAR, END, None, words=False)
    assert judge.judgements == []


def test_2_a_typed_value_is_asked_anew_when_its_indicator_counts_something_else(
    found, sign_in, user, adjusted
):
    place = found(project())
    settle(place, user)
    evaluation = opened(place, user)
    staff = sign_in("keyuan")
    judged(staff, evaluation, place)
    adjusted(place, "indicators.2.description", "接受走访的服务对象中表示满意的比例")
    filling.refill(place, YEAR)
    evaluation.refresh_from_db()
    line = evaluation.assessment.run.results[0].indicators[2]
    assert (line.score.verdict, line.score.score) == ("pending", 0) and "须重新填报" in line.outcome.note
    page = staff.get(here(place, "selfeval")).content.decode()
    assert "填报过“95%”" in page and 'value="95%"' not in page
    assert (
        "待评定" in step(staff, evaluation, "selfeval.submit").content.decode()
        and evaluation.state == "draft"
    )
    # A proof of the other thing proves nothing of this one.
    say(staff, evaluation, 2, actual="95%", reason="问卷", proof=False)
    assert "没有证明材料" in evaluation.assessment.run.results[0].indicators[2].outcome.note
    say(staff, evaluation, 2, actual="95%", reason="问卷")
    assert evaluation.assessment.run.results[0].indicators[2].score.verdict == "met"
    # A new target alone leaves what was counted.
    adjusted(place, "indicators.2.target", "≥96%")
    filling.refill(place, YEAR)
    evaluation.refresh_from_db()
    assert evaluation.assessment.run.results[0].indicators[2].score.verdict == "missed"


# -- what one row, one broken step or one sign nobody sees may not do
# ------------------------------------------------------------------------------------------------------------


def test_2_nobody_rules_on_a_claim_that_another_repeated(found, sign_in, user):
    place = found(project())
    settle(place, user)
    evaluation = opened(place, user)
    Membership.objects.create(user=user("keyuan"), organisation=place.parent, role="bureau")
    say(sign_in("keyuan"), evaluation, 0, actual="99%", proof=False)
    say(sign_in("caiwu"), evaluation, 0, actual="99%", reason="台账外办结")
    contest = evaluation.contests.get(state="open")
    assert step(sign_in("keyuan"), contest, "contest.accept", remark="同意").status_code == 403
    assert contest.state == "open"
    assert step(sign_in("caizheng"), contest, "contest.accept", remark="经核实").status_code == 302
