"""Invariants of part 2 on the site: what an acceptance of a contest is of, and what ends it."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from pages import here
from small_department import (
    CLOSURE,
    END,
    YEAR,
    accepted,
    first,
    indicator,
    more_closed,
    opened,
    project,
    say,
    settle,
    step,
)

from zhunsheng.web.services import jobs
from zhunsheng.web.services.year import comparing, figures, filling


def test_2_an_acceptance_falls_with_the_reading_it_was_made_on(found, sign_in, user, put, work_off):
    place = found(project())
    evaluation, contest = accepted(place, user, sign_in)
    more_closed(put, place)
    # Whoever computes now, counts the reading; nobody ruled on this one.
    line = first(figures.assess_now(place, YEAR, END).run)[1]
    assert (line.outcome.origin, line.outcome.text, line.outcome.contest.accepted) == (
        "evidence",
        "91%",
        None,
    )
    jobs.assess_soon(place, user("keyuan"))
    work_off()
    contest.refresh_from_db(), evaluation.refresh_from_db()
    again = evaluation.contests.get(state="open")
    assert (contest.state, again.computed, again.word) == ("replaced", "91%", contest.word)
    assert "台账算出 90.22% → 91%" in contest.last_step().remark
    page = sign_in("caizheng").get(here(place, "selfeval")).content.decode()
    assert "有争议，待财政局裁定" in page and "争议已采纳" not in page and not comparing.drifted(evaluation)


@pytest.mark.parametrize(
    "said", [{"reason": "另有说法"}, {"files": b"%PDF-1.4 other"}], ids=("reason", "proof")
)
def test_2_an_acceptance_falls_with_its_reason_or_its_proof(found, sign_in, user, said):
    place = found(project())
    evaluation, contest = accepted(place, user, sign_in)
    files = [SimpleUploadedFile("另附.pdf", said["files"])] if "files" in said else []
    sheet, line = first(evaluation.assessment.run)
    sent = {
        "sheet": sheet.id,
        "indicator": line.id,
        "actual": "99%",
        "reason": said.get("reason", "台账外办结"),
    }
    assert (
        sign_in("keyuan").post(reverse("word", args=[evaluation.pk]), sent | {"files": files}).status_code
        == 302
    )
    contest.refresh_from_db(), evaluation.refresh_from_db()
    line = first(evaluation.assessment.run)[1]
    assert (contest.state, line.outcome.origin, line.outcome.contest.accepted) == (
        "replaced",
        "evidence",
        None,
    )
    assert evaluation.contests.get(state="open").word.reason == sent["reason"]
    page = sign_in("caizheng").get(here(place, "selfeval")).content.decode()
    assert "有争议，待财政局裁定" in page and "争议已采纳" not in page


def test_2_a_word_beside_the_claim_leaves_the_ruling(found, sign_in, user):
    place = found(project())
    evaluation, contest = accepted(place, user, sign_in)
    said = {"actual": "99%", "reason": "台账外办结", "cause": "其他", "measures": "补登台账"}
    say(sign_in("keyuan"), evaluation, 0, proof=False, **said)
    contest.refresh_from_db()
    line = first(evaluation.assessment.run)[1]
    assert (contest.state, line.outcome.origin, contest.word.cause) == ("accepted", "accepted", "其他")
    assert evaluation.contests.count() == 1


def test_2_an_old_page_accepts_no_other_figure_reading_reason_or_proof(found, sign_in, user, put):
    place = found(project())
    settle(place, user)
    evaluation = opened(place, user)
    staff, bureau = sign_in("keyuan"), sign_in("caizheng")
    say(staff, evaluation, 0, actual="99%", reason="台账外办结")
    contest = evaluation.contests.get()
    seen = contest.seen_digest()
    say(staff, evaluation, 0, actual="98%", reason="台账外办结")
    answer = step(bureau, contest, "contest.accept", remark="同意", seen=seen)
    assert answer.status_code == 409 and "填报的完成值 99% → 98%" in answer.content.decode()
    # The ledger moved and nobody computed anew yet: the ruling does, and finds it.
    contest = evaluation.contests.get(state="open")
    seen = contest.seen_digest()
    more_closed(put, place)
    answer = step(bureau, contest, "contest.accept", remark="同意", seen=seen)
    assert answer.status_code == 409 and "台账算出 90.22% → 91%" in answer.content.decode()
    evaluation.refresh_from_db()
    assert first(evaluation.assessment.run)[1].outcome.origin == "evidence"
    contest = evaluation.contests.get(state="open")
    assert step(bureau, contest, "contest.accept", remark="同意").status_code == 302
    evaluation.refresh_from_db()
    assert first(evaluation.assessment.run)[1].outcome.origin == "accepted"


def test_2_an_old_page_writes_over_no_word_of_another(found, sign_in, user):
    """Two clerks open the page; the second to save is told, and the first one's figure,
    reason and proof stand.
    """
    evaluation = opened(found(project()), user)
    one, other = sign_in("keyuan"), sign_in("caiwu")
    assert say(one, evaluation, 2, actual="95%", reason="问卷", seen="0").status_code == 302
    answer = say(other, evaluation, 2, proof=False, cause="其他", measures="再走访", actual="", seen="0")
    assert answer.status_code == 400 and "ZS-WB-10" in answer.content.decode()
    line = evaluation.assessment.run.results[0].indicators[2]
    assert (line.outcome.text, line.outcome.origin) == ("95%", "judgement")


@pytest.mark.parametrize(
    "path, text",
    [("indicators.0.target", "≥99%"), ("indicators.0.name", "举报案件按时办结率")],
    ids=("target", "name"),
)
def test_2_an_acceptance_is_of_one_promise(found, sign_in, user, adjusted, path, text):
    place = found(project(indicator(CLOSURE, "≥95%", description="举报案件办结数÷举报案件受理数")))
    evaluation, contest = accepted(place, user, sign_in)
    adjusted(place, path, text)
    # Whoever computes now counts the reading, before anybody looked at the contest.
    line = first(figures.assess_now(place, YEAR, END).run)[1]
    assert (line.outcome.origin, line.outcome.contest.accepted) == ("evidence", None)
    filling.refill(place, YEAR)
    contest.refresh_from_db(), evaluation.refresh_from_db()
    again = evaluation.contests.get(state="open")
    assert (contest.state, again.word, again.computed) == ("replaced", contest.word, "90.22%")
    assert text in contest.last_step().remark
    assert step(sign_in("caizheng"), again, "contest.accept", remark="按新指标核实").status_code == 302
    evaluation.refresh_from_db()
    assert first(evaluation.assessment.run)[1].outcome.origin == "accepted"
