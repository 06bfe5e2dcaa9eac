"""Invariants of part 2 on the site: a contest outlives the evidence that it was made against."""

from __future__ import annotations

from datetime import date

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from pages import here
from small_department import (
    CLOSURE,
    COMPLAINT,
    ONCE,
    PAID,
    YEAR,
    first,
    indicator,
    judged,
    opened,
    project,
    public,
    published,
    say,
    settle,
    sign_on,
    step,
    take_back,
    words_in,
)

from agreed import import_ledger
from zhunsheng.evidence import ledger_of
from zhunsheng.web.models import CalendarEntry
from zhunsheng.web.models.work import cipher
from zhunsheng.web.services import evidence, ledgers
from zhunsheng.web.services.year import comparing, figures, filling

# -- 2. evidence first; what a person types stands beside it
# ------------------------------------------------------------------------------------------------------------


def test_2_a_contest_outlives_the_evidence_it_was_made_against(found, sign_in, user, work_off, client):
    place = found(project())
    settle(place, user)
    evaluation = opened(place, user)
    staff, bureau = sign_in("keyuan"), sign_in("caizheng")
    judged(staff, evaluation, place)
    say(staff, evaluation, 0, actual="99%", reason="台账外办结")
    contest = evaluation.contests.get()
    take_back(place, user, work_off)
    contest.refresh_from_db(), evaluation.refresh_from_db()
    sheet, line = first(evaluation.assessment.run)
    assert (contest.state, contest.computed, evaluation.contests.count()) == ("open", "90.22%", 1)
    assert (line.outcome.origin, line.score.verdict, line.score.score) == ("none", "nothing", 0)
    assert line.outcome.contest.measured_on == timezone.localdate().isoformat() and sheet.score.grade is None

    def told(text, where):
        assert ONCE in text and "90.22%" in text and "99%" in text and "已撤销或不再有数" in text, where

    told(staff.get(here(place, "selfeval")).content.decode(), "page")
    told(staff.get(reverse("selfeval-form", args=[evaluation.pk])).content.decode(), "form")
    for name in ("table.docx", "table.xlsx", "report.docx"):
        told(words_in(staff.get(reverse("selfeval-file", args=[evaluation.pk, name])).content), name)
    assert comparing.drifted(evaluation) is False  # asked again it is the same
    sign_on(sign_in, evaluation)
    told(public(client, out := published(evaluation, user))[0], "public page")
    told(client.get(reverse("open-data", args=[out.pk, "csv"])).content.decode("utf-8-sig"), "public csv")
    assert bureau.post(reverse("recheck", args=[evaluation.pk])).status_code == 302
    assert "还有 1 项争议未裁定" in step(bureau, evaluation, "selfeval.accept").content.decode()
    # The bureau rules on that reading; then the figure counts, marked, with the reading beside it.
    assert step(bureau, contest, "contest.accept", remark="经核实").status_code == 302
    evaluation.refresh_from_db()
    line = first(evaluation.assessment.run)[1]
    assert (evaluation.state, line.outcome.origin, line.outcome.contest.computed) == (
        "returned",
        "accepted",
        "90.22%",
    )
    told(bureau.get(here(place, "selfeval")).content.decode(), "page of the accepted one")
    # The ledger comes back with another figure: nobody ruled on that one.
    put_back = [f"T{n},举报,2021-03-05,{'2021-06-01' if n < 80 else ''},张三{n}" for n in range(92)]
    path = settings.DATA / "again.csv"
    path.write_text("\n".join([COMPLAINT, *put_back]) + "\n", "utf8")
    import_ledger(evidence.store().root, path, department=place.code, label=place.name, cipher=cipher())
    filling.refill(place, YEAR)
    contest.refresh_from_db(), evaluation.refresh_from_db()
    assert (contest.state, first(evaluation.assessment.run)[1].outcome.origin) == ("replaced", "evidence")


def test_2_whoever_types_after_the_evidence_was_withdrawn_fares_no_better(found, sign_in, user, work_off):
    place = found(project())
    settle(place, user)
    figures.assess_now(place, YEAR)
    take_back(place, user, work_off)
    evaluation = opened(place, user)
    staff, bureau = sign_in("keyuan"), sign_in("caizheng")
    assert first(evaluation.assessment.run)[1].outcome.contest is None
    say(staff, evaluation, 0, actual="99%", reason="台账外办结")
    line = first(evaluation.assessment.run)[1]
    contest = evaluation.contests.get()
    assert (contest.state, contest.computed, line.score.verdict, line.score.score) == (
        "open",
        "90.22%",
        "nothing",
        0,
    )
    # Who evaluates sees what was taken back: when, by whom, which ledger.
    pages = [here(place, "selfeval"), reverse("recheck", args=[evaluation.pk])]
    (batch,) = ledgers.undone(place, YEAR)
    for page in (bureau.get(url).content.decode() for url in pages):
        assert (
            str(user("caiwu")) in page
            and f"批次 {batch.undoes}" in page
            and ledger_of("complaints").title in page
        )
    assert step(bureau, contest, "contest.refuse", remark="台账应当恢复").status_code == 302
    evaluation.refresh_from_db()
    assert first(evaluation.assessment.run)[1].score.score == 0
    # That no measure proves the indicator is the bureau's to say: then there is no reading to speak against.
    sheet, line = first(evaluation.assessment.run)
    sent = {"sheet": sheet.id, "indicator": line.id, "measure": ""}
    assert bureau.post(here(place, "matches"), sent).status_code == 302
    filling.refill(place, YEAR)
    evaluation.refresh_from_db(), contest.refresh_from_db()
    line = first(evaluation.assessment.run)[1]
    assert (contest.state, line.outcome.origin, line.outcome.contest) == ("replaced", "judgement", None)


# -- what one row, one broken step or one sign nobody sees may not do
# ------------------------------------------------------------------------------------------------------------


def test_2_a_reading_of_another_day_is_remembered_too(found, sign_in, user, district, work_off):
    place = found(project())
    settle(place, user)
    figures.assess_now(place, YEAR)  # of the end of February, as the overview shows it
    take_back(place, user, work_off)
    dates = {"as_of": date(2021, 12, 31), "opens_on": date(2022, 1, 1), "due_on": date(2022, 3, 31)}
    CalendarEntry.objects.create(organisation=place, year=YEAR, kind="self", name="自评", **dates)
    evaluation = opened(place, user)
    say(sign_in("keyuan"), evaluation, 0, actual="99%", reason="台账外办结")
    assert (
        evaluation.as_of == date(2021, 12, 31) and evaluation.contests.get(state="open").computed == "90.22%"
    )
    assert first(evaluation.assessment.run)[1].score.verdict == "nothing"


def test_2_a_reading_of_what_the_indicator_was_before_is_no_withdrawn_one(
    found, sign_in, user, adjusted, put
):
    """No batch of another ledger makes one of it either."""
    place = found(project(indicator(CLOSURE, "≥95%")))
    settle(place, user)
    figures.assess_now(place, YEAR)
    adjusted(place, "indicators.0.description", "接受走访的商户中表示知晓政策的比例")
    adjusted(place, "indicators.0.name", "商户政策知晓度")
    settle(place, user)
    evaluation, staff = opened(place, user), sign_in("keyuan")
    say(staff, evaluation, 0, actual="99%", reason="走访记录")
    judged(staff, evaluation, place)
    sign_on(sign_in, evaluation)
    kept = first(evaluation.assessment.run)[1]
    assert (kept.outcome.origin, kept.score.verdict) == ("judgement", "met")
    put(place, "more", PAID, "V2,治理经费,P1,10,2021-05-02")
    figures.assess_now(place, YEAR)
    assert not evaluation.contests.exists()
    assert {d["what"] for d in comparing.drift(evaluation)} == {"已支付（元）"}
