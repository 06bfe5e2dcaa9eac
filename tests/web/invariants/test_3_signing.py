"""Invariants of part 3 on the site: what is submitted, signed, re-checked and closed, and on what."""

from __future__ import annotations

from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models.signals import post_save
from django.urls import reverse
from pages import here
from small_department import (
    CLOSURE,
    COMPLAINT,
    END,
    PROOF,
    YEAR,
    brought_up,
    explained,
    first,
    indicator,
    judged,
    made_public,
    more_closed,
    opened,
    project,
    published,
    say,
    settle,
    sign_on,
    step,
    words_in,
)

from zhunsheng import errors
from zhunsheng.reports.forms import self_evaluation_form
from zhunsheng.reports.xlsx import write_workbook
from zhunsheng.usecases.opened_evidence import Evidence
from zhunsheng.web.actions import ACTIONS
from zhunsheng.web.models import CalendarEntry, SafeguardRecord, Step
from zhunsheng.web.services import evidence, jobs
from zhunsheng.web.services.publishing import acts
from zhunsheng.web.services.rules import rules_for
from zhunsheng.web.services.year import calendar, filling, official, question, rechecking

# -- 3. state governs every number
# ------------------------------------------------------------------------------------------------------------


def test_3_a_contest_goes_up_with_reason_and_proof_only(found, sign_in, user):
    place = found(project())
    settle(place, user)
    evaluation = opened(place, user)
    staff = sign_in("keyuan")
    judged(staff, evaluation, place)
    say(staff, evaluation, 0, actual="99%", proof=False)
    answer = step(staff, evaluation, "selfeval.submit").content.decode()
    assert "ZS-WB-11" in answer and "没有写理由" in answer and "没有附证明材料" in answer
    assert evaluation.state == "draft"
    say(staff, evaluation, 0, actual="99%", reason="台账外办结")
    assert step(staff, evaluation, "selfeval.submit").status_code == 302


def test_3_a_missed_target_is_signed_with_its_cause_and_measures_only(found, sign_in, user):
    place = found(project())
    settle(place, user)
    evaluation = opened(place, user)
    staff = sign_in("keyuan")
    judged(staff, evaluation, place)
    say(staff, evaluation, 0, cause="", measures="")
    asked = "未达标，签字前请写明偏差原因和改进措施"
    assert asked in staff.get(here(place, "selfeval")).content.decode()
    answer = step(staff, evaluation, "selfeval.submit").content.decode()
    assert f"没有写明偏差原因和改进措施：{CLOSURE}" in answer and evaluation.state == "draft"
    say(staff, evaluation, 0, cause="其他", measures="逐件督办")
    assert asked not in staff.get(here(place, "selfeval")).content.decode()
    assert step(staff, evaluation, "selfeval.submit").status_code == 302
    # In the official table people's words come first, and what the program worked out is called so.
    assert "其他：逐件督办；得分依据：完成值 90.22%" in words_in(
        official.file_of(evaluation, "绩效自评表.docx")
    )


def test_3_nothing_is_closed_over_an_open_contest_or_without_a_re_check_of_what_was_signed(
    found, sign_in, user, put
):
    place = found(project())
    settle(place, user)
    evaluation = opened(place, user)
    staff, bureau = sign_in("keyuan"), sign_in("caizheng")
    judged(staff, evaluation, place)
    say(staff, evaluation, 0, actual="99%", reason="台账外办结")

    def signed():
        for who, act in (("keyuan", "submit"), ("caiwu", "check"), ("juzhang", "sign")):
            assert step(sign_in(who), evaluation, f"selfeval.{act}").status_code == 302

    signed()
    assert "还没有复核" in bureau.get(here(place, "selfeval")).content.decode()
    answer = step(bureau, evaluation, "selfeval.accept").content.decode()
    assert "还有 1 项争议未裁定" in answer and "还没有复核" in answer and evaluation.state == "signed"
    contest, seen = evaluation.contests.get(), evaluation.seen_digest()
    assert bureau.post(reverse("recheck", args=[evaluation.pk])).status_code == 302
    evaluation.refresh_from_db()
    answer = step(bureau, evaluation, "selfeval.accept", seen=seen)
    page = answer.content.decode()
    assert answer.status_code == 409 and "<td>复核</td>" in page
    assert evaluation.rechecked not in page
    assert "复核于" in bureau.get(here(place, "selfeval")).content.decode()
    assert step(bureau, contest, "contest.accept", remark="经核实").status_code == 302
    evaluation.refresh_from_db()
    assert evaluation.state == "returned"  # the ruling moved the figures
    signed()
    # The re-check was of the former figures.
    answer = step(bureau, evaluation, "selfeval.accept").content.decode()
    assert "复核之后得分有了变化" in answer and evaluation.state == "signed"
    assert "须重新复核" in bureau.get(here(place, "selfeval")).content.decode()
    bureau.post(reverse("recheck", args=[evaluation.pk]))
    # A reading that moves meanwhile opens the contest again: closing waits for it.
    more_closed(put, place)
    assert filling.refill(place, YEAR) == []
    assert "还有 1 项争议未裁定" in step(bureau, evaluation, "selfeval.accept").content.decode()
    contest = evaluation.contests.get(state="open")
    assert step(bureau, contest, "contest.refuse", remark="台账已补").status_code == 302
    evaluation.refresh_from_db()
    assert (evaluation.state, first(evaluation.assessment.run)[1].outcome.origin) == ("returned", "evidence")
    signed()
    bureau.post(reverse("recheck", args=[evaluation.pk]))
    assert step(bureau, evaluation, "selfeval.accept").status_code == 302
    assert 'value="contest.accept"' not in bureau.get(here(place, "selfeval")).content.decode()


def test_3_a_re_check_is_of_the_signed_tables_and_says_what_it_was_of(found, sign_in, user, tmp_path):
    place = found(project(), project(name="另一经费", code="P2"))
    settle(place, user)
    evaluation = opened(place, user)
    staff, bureau = sign_in("keyuan"), sign_in("caizheng")
    for n in (0, 1):
        sheet = evaluation.assessment.run.results[n]
        band = rules_for(place, YEAR).scheme.qualitative[0]
        for code, said in (
            (sheet.indicators[1].id, {"band": band.name, "share": "90"}),
            (sheet.indicators[2].id, {"actual": "95%"}),
        ):
            files = [SimpleUploadedFile("清单.pdf", PROOF)]
            sent = {"sheet": sheet.id, "indicator": code, "reason": "问卷", "files": files, **said}
            assert staff.post(reverse("word", args=[evaluation.pk]), sent).status_code == 302
    evaluation.refresh_from_db()
    explained(staff, evaluation)
    sign_on(sign_in, evaluation)
    url = reverse("recheck", args=[evaluation.pk])
    # The department reports one of its two sheets.
    asked = question.Question(place, YEAR, END, None, words=False)
    card = asked.answer(Evidence.of(evidence.store())).results[0].card
    write_workbook([(card.sheet.title(), self_evaluation_form(card))], tmp_path / "上报一张.xlsx")
    bureau.post(url, {"file": SimpleUploadedFile("上报一张.xlsx", (tmp_path / "上报一张.xlsx").read_bytes())})
    evaluation.refresh_from_db()
    of_file = [s for s in evaluation.differences if s["of"] == "上报一张.xlsx"]
    assert [d["kind"] for d in of_file[1]["differences"]] == ["absent"] and len(of_file) == 2
    page = bureau.get(url).content.decode()
    assert "系统内签字的自评表" in page and "上报一张.xlsx" in page and "上报材料没有这张表" in page
    # Without a file it is of the signed tables alone, whatever was brought before.
    bureau.post(url)
    evaluation.refresh_from_db()
    assert {s["of"] for s in evaluation.differences} == {""} and evaluation.rechecked_of is None
    assert [d for s in evaluation.differences for d in s["differences"] if d["kind"] != "total"] == []
    bureau.post(url, {"again": "1"})
    evaluation.refresh_from_db()
    assert evaluation.rechecked_of.name == "上报一张.xlsx" and evaluation.rechecked_as_it_is  # type: ignore[attr-defined]


def test_3_open_records_follow_the_ledgers_and_a_submitted_one_says_its_drift(
    found, sign_in, user, put, work_off
):
    place = found(project())
    settle(place, user)
    evaluation = opened(place, user)
    point = filling.open_checkpoint(calendar.calendar_of(place, YEAR, "monitoring")[2], place, user("caiwu"))
    staff = sign_in("keyuan")
    judged(staff, evaluation, place)
    changed = "台账、口径、规则或单位名称已有变化，数据将重新计算"
    pages = [here(place, "selfeval"), reverse("checkpoint", args=[point.pk])]
    assert not any(changed in staff.get(url).content.decode() for url in pages)
    more_closed(put, place)
    assert all(changed in staff.get(url).content.decode() for url in pages)
    jobs.assess_soon(place, user("keyuan"))
    (job,) = work_off()
    assert (job.state, job.result["unfilled"]) == ("done", [])
    for record in (evaluation, point):
        record.refresh_from_db()
        assert first(record.assessment.run)[1].outcome.text == "91%"
    assert not any(changed in staff.get(url).content.decode() for url in pages)
    # From the filler's signature on it is what was signed, and says how that differs from what it comes to
    # now.
    assert step(staff, evaluation, "selfeval.submit").status_code == 302
    put(place, "latest", COMPLAINT, *(f"T{950 + n},举报,2021-04-05,,赵六{n}" for n in range(30)))
    page = staff.get(pages[0]).content.decode()
    assert changed not in page and "91% → 70%" in page


@pytest.mark.parametrize("kind", ["selfeval", "monitoring"])
def test_3_a_refused_old_page_shows_the_figures_and_words_that_changed(found, sign_in, user, put, kind):
    place = found(project())
    settle(place, user)
    evaluation = opened(place, user)
    point = filling.open_checkpoint(calendar.calendar_of(place, YEAR, "monitoring")[2], place, user("caiwu"))
    record = evaluation if kind == "selfeval" else point
    staff = sign_in("keyuan")
    judged(staff, evaluation, place)
    record.refresh_from_db()
    ids, seen = [record.assessment_id], record.seen_digest()
    more_closed(put, place)
    sheet, line = first(record.assessment.run)
    said = {"sheet": sheet.id, "indicator": line.id, "cause": "其他", "measures": "加派人手"}
    url = reverse("word" if kind == "selfeval" else "checkpoint", args=[record.pk])
    assert staff.post(url, said).status_code == 302
    record.refresh_from_db()
    ids.append(record.assessment_id)
    answer = step(staff, record, f"{kind}.submit", seen=seen)
    page = answer.content.decode().split("办成", 1)[-1]
    assert answer.status_code == 409
    for words in (
        f"{CLOSURE}</td>",
        "90.22%",
        "91%",
        f"{CLOSURE} · 改进措施",
        "加派人手",
        str(user("keyuan")),
    ):
        assert words in page, words
    assert not any(f"<td>{one}</td>" in page for one in ids) and "按台账重新计算" not in page


def test_3_a_target_is_called_too_low_with_a_reason(found, sign_in, user):
    place = found(project())
    evaluation = opened(place, user)
    answer = say(sign_in("keyuan"), evaluation, 0, target_low="on").content.decode()
    assert "认定目标定低了，没有写理由" in answer and "定性" not in answer.split("ZS-", 1)[1][:200]
    # What forms say is joined into one sentence.
    told = sign_in("keyuan").post(reverse("word", args=[evaluation.pk]), {}).content.decode()
    assert "“目标表”、“指标”没有填写。" in told and "。。" not in told


def test_3_a_request_made_before_a_return_is_not_approved_after_it(signed, sign_in, user):
    asked = acts.ask("self", signed, user("caiwu"))
    post_save.disconnect(dispatch_uid="publications follow their self-evaluation", sender=Step)
    try:
        step(sign_in("caizheng"), signed, "selfeval.return", remark="补材料")
    finally:
        post_save.connect(acts._follow, sender=Step, dispatch_uid="publications follow their self-evaluation")
    for _again in range(2):
        with pytest.raises(errors.ZhunshengError, match="ZS-WB-01"):
            acts.decide(asked, user("juzhang"), "publish.approve")
        if signed.state == "returned":
            sign_on(sign_in, signed)
    asked.refresh_from_db()
    assert asked.state == "withdrawn"


def test_3_an_acceptance_is_recalled_with_a_reason_and_the_public_page_says_so(found, sign_in, user, client):
    evaluation = brought_up(found(project()), user, sign_in)
    public, bureau = made_public(evaluation, user), sign_in("caizheng")
    rechecking.recheck(evaluation)
    assert step(bureau, evaluation, "selfeval.accept").status_code == 302
    for who in ("keyuan", "caiwu", "juzhang"):
        assert step(sign_in(who), evaluation, "selfeval.recall", remark="有误").status_code == 403
    assert "ZS-WB-02" in step(bureau, evaluation, "selfeval.recall").content.decode()
    assert step(bureau, evaluation, "selfeval.recall", remark="复核依据有误").status_code == 302
    assert evaluation.state == "returned" and evaluation.last_step().remark == "复核依据有误"
    page = client.get(reverse("public-one", args=[public.pk])).content.decode()
    assert "退回，正在重新填报" in page and "未经财政局复核" in page
    assert step(sign_in("keyuan"), evaluation, "selfeval.submit").status_code == 302


def test_3_how_an_audit_finding_ended_is_closed_by_somebody_else(department, sign_in, user):
    record = SafeguardRecord.objects.get(department=department, register="audits")
    clerk, url = sign_in("caiwu"), reverse("record", args=[record.pk])
    sent = {**record.data, "owner": "办公室二"}
    clerk.post(url, sent)
    assert record.steps()[-1].action == "safeguards.edit"
    proof = SimpleUploadedFile("整改.pdf", PROOF)
    clerk.post(url, {**sent, "mended_on": "2022-03-01", "result": "已整改", "file": proof})
    page = clerk.get(url).content.decode()
    assert "由部门的另一人办结" in page and 'value="safeguards.close"' not in page
    assert "修改" in page and "填写办结情况" in page
    assert step(clerk, record, "safeguards.close").status_code == 403
    # Whoever only changed other fields may.
    assert step(sign_in("keyuan"), record, "safeguards.close").status_code == 302
    # One who enters a finding that is already dealt with wrote how it ended, too.
    given = {"source": "审计", "finding": "账实不符", "owner": "办公室", "due_on": "2022-05-01"}
    done = {"mended_on": "2022-03-01", "result": "已整改"}
    clerk.post(
        here(department, "register", "audits"), {**given, **done, "file": SimpleUploadedFile("a.pdf", PROOF)}
    )
    other = SafeguardRecord.objects.filter(register="audits").latest("pk")
    assert step(clerk, other, "safeguards.close").status_code == 403


def test_3_what_was_submitted_stays_as_it_was_signed_and_is_asked_at_each_signature(
    found, sign_in, user, adjusted, work_off
):
    place = found(project())
    settle(place, user)
    evaluation = opened(place, user)
    staff = sign_in("keyuan")
    unjudged = evaluation.assessment
    judged(staff, evaluation, place)
    assert step(staff, evaluation, "selfeval.submit").status_code == 302
    kept = evaluation.assessment
    adjusted(place, "indicators.0.target", "≥91%")
    jobs.assess_soon(place, user("keyuan"))
    work_off()
    evaluation.refresh_from_db()
    assert (evaluation.state, evaluation.assessment) == ("filled", kept)
    assert "≥95% → ≥91%" in staff.get(here(place, "selfeval")).content.decode().replace("&gt;", ">")

    def hold(assessment):
        evaluation.assessment = assessment
        evaluation.save()

    # Each signature asks again what the first one asked.
    for state, who, act in (("filled", "caiwu", "check"), ("checked", "juzhang", "sign")):
        hold(unjudged)
        answer = step(sign_in(who), evaluation, f"selfeval.{act}").content.decode()
        assert "ZS-WB-11" in answer and "待评定" in answer and evaluation.state == state
        hold(kept)
        assert step(sign_in(who), evaluation, f"selfeval.{act}").status_code == 302
    assert step(sign_in("caizheng"), evaluation, "selfeval.return", remark="目标已调整").status_code == 302
    filling.refill(place, YEAR)
    evaluation.refresh_from_db()
    assert evaluation.assessment != kept and first(evaluation.assessment.run)[1].target == "≥91%"
    assert "lights_explained" in ACTIONS["monitoring.confirm"].needs


# -- what one row, one broken step or one sign nobody sees may not do
# ------------------------------------------------------------------------------------------------------------


def test_3_official_files_are_of_the_figures_that_were_signed(found, sign_in, user, adjusted):
    """A reading that came to be known under the same evidence, of what the indicator counted before,
    moves none of them.
    """
    place = found(project(indicator(CLOSURE, "≥95%")))
    adjusted(place, "indicators.0.description", "师德投诉办结数/师德投诉受理数")
    evaluation, staff = opened(place, user), sign_in("keyuan")
    say(staff, evaluation, 0, actual="99%", reason="台账外办结")
    judged(staff, evaluation, place)
    settle(place, user)
    dates = {"as_of": date(2021, 6, 30), "opens_on": date(2021, 7, 1), "due_on": date(2021, 7, 31)}
    entry = CalendarEntry.objects.create(
        organisation=place, year=YEAR, kind="monitoring", name="6月", **dates
    )
    filling.open_checkpoint(entry, place, user("caiwu"))
    sign_on(sign_in, evaluation)
    kept = first(evaluation.assessment.run)[0].score.total
    out = published(evaluation, user)
    for name in ("绩效自评表.xlsx", "绩效自评表.docx"):
        for path in (official.file_of(evaluation, name), out.folder() / name):
            text = words_in(path)
            assert f"{kept:g}" in text and "曾有台账读数" not in text and "不评等级" not in text, name


def test_3_a_re_check_that_would_find_another_thing_now_closes_nothing(found, sign_in, user, put):
    place = found(project())
    settle(place, user)
    evaluation, staff, bureau = opened(place, user), sign_in("keyuan"), sign_in("caizheng")
    judged(staff, evaluation, place)
    sign_on(sign_in, evaluation)
    bureau.post(reverse("recheck", args=[evaluation.pk]))
    put(place, "worse", COMPLAINT, *[f"Z{n},举报,2021-03-05,,李四" for n in range(200)])
    evaluation.refresh_from_db()
    assert "现在复核的结果不同" in step(bureau, evaluation, "selfeval.accept").content.decode()
    assert evaluation.state == "signed"
    bureau.post(reverse("recheck", args=[evaluation.pk]))
    evaluation.refresh_from_db()
    assert evaluation.differences[0]["differences"]
    assert step(bureau, evaluation, "selfeval.accept").status_code == 302
