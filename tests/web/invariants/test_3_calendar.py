"""Invariants of part 3 on the site: each figure and word is of its day, each year of who had it."""

from __future__ import annotations

import json
from datetime import date

import pytest
from django.urls import reverse
from django.utils import timezone
from pages import here
from small_department import (
    COMPLAINT,
    END,
    YEAR,
    first,
    judged,
    opened,
    project,
    row_of,
    say,
    settle,
    sign_on,
    step,
)

from zhunsheng.web.models import (
    Assessment,
    CalendarEntry,
    Checkpoint,
    IndicatorLight,
    Membership,
    SelfEvaluation,
)
from zhunsheng.web.services import administration, evidence, office
from zhunsheng.web.services.year import calendar, comparing, figures, filling, records

# -- 3. state governs every number
# ------------------------------------------------------------------------------------------------------------


def test_3_nothing_opens_before_its_time(found, sign_in, user, monkeypatch):
    place = found(project())
    finance = sign_in("caiwu")
    monkeypatch.setattr(timezone, "localdate", lambda: date(2021, 6, 1))
    answer = finance.post(here(place, "selfeval"))
    assert answer.status_code == 400 and "2022-01-10 起填报" in answer.content.decode()
    assert "开启自评</button>" not in finance.get(here(place, "selfeval")).content.decode()
    half = next(e for e in calendar.calendar_of(place, YEAR, "monitoring") if e.name == "上半年")
    answer = finance.post(here(place, "monitoring"), {"entry": half.pk})
    assert answer.status_code == 400 and "2021-07-01 起填报" in answer.content.decode()
    # Begun by the calendar, but of a day that has not come.
    half.opens_on = date(2021, 5, 1)
    half.save()
    assert "这一天还没有到" in finance.post(here(place, "monitoring"), {"entry": half.pk}).content.decode()
    assert not Checkpoint.objects.filter(department=place).exists()
    assert not SelfEvaluation.objects.filter(department=place).exists()
    # Figures of a later date, kept from before, are not the year's newest.
    Assessment.objects.create(department=place, year=YEAR, as_of=date(2021, 12, 31), key="x", result={})
    mine = figures.assess_now(place, YEAR)
    assert (records.newest_assessment(place, YEAR).pk, mine.as_of) == (mine.pk, date(2021, 6, 1))


def test_3_an_adjustment_holds_from_the_day_of_its_approval(found, adjusted, monkeypatch):
    place = found(project())
    with monkeypatch.context() as clock:
        clock.setattr(timezone, "localdate", lambda *a: date(2021, 8, 15))
        new = adjusted(place, "indicators.0.target", "≥10%")
    assert new.in_force_from == date(2021, 8, 15)
    on = {
        d: first(figures.assess_now(place, YEAR, date.fromisoformat(d)).run)[1]
        for d in ("2021-08-14", "2021-08-15", "2022-02-28")
    }
    assert [line.target for line in on.values()] == ["≥95%", "≥10%", "≥10%"]
    # The figures of the earlier day stay so, whenever they are asked for.
    assert first(figures.assess_now(place, YEAR, date(2021, 8, 14)).run)[1].target == "≥95%"


def test_3_going_back_to_an_earlier_state_shows_its_figures(found, adjusted, sign_in):
    place = found(project())
    seen = []
    for target in (None, "≥10%", "≥95%"):
        if target:
            adjusted(place, "indicators.0.target", target)
        figures.assess_now(place, YEAR)
        newest = records.newest_assessment(place, YEAR)
        sheet, line = first(newest.run)
        page = sign_in("keyuan").get(here(place, "overview")).content.decode()
        assert line.target in page
        seen.append((line.target, line.score.score, sheet.score.total, row_of(place)["total"]))
    assert seen[0] == seen[2] != seen[1]


def test_3_going_back_to_an_earlier_state_of_the_ledgers_shows_its_figures(found, put):
    place = found(project())
    one = figures.assess_now(place, YEAR).total
    batch = put(place, "more", COMPLAINT, *(f"X{n},举报,2021-03-05,,王五" for n in range(200)))
    two = figures.assess_now(place, YEAR).total
    evidence.store().undo(batch.batch, who="caiwu")
    figures.assess_now(place, YEAR)
    assert records.newest_assessment(place, YEAR).total == one != two


def test_3_words_of_march_do_not_explain_october(found, user, sign_in):
    place = found(project())
    entries = {e.name: e for e in calendar.calendar_of(place, YEAR, "monitoring")}
    march, october = (
        filling.open_checkpoint(entries[n], place, user("caiwu")) for n in ("一季度", "前十个月")
    )
    client = sign_in("keyuan")
    assert records.unexplained(october)
    for point in (march,):
        for sheet, indicator_ in [(s.id, i.id) for s in point.assessment.run.results for i in s.indicators]:
            said = {"sheet": sheet, "indicator": indicator_, "cause": "其他", "measures": "下季度补齐"}
            assert client.post(reverse("checkpoint", args=[point.pk]), said).status_code == 302
    filling.fill_checkpoint(october)
    assert records.unexplained(october)
    assert "下季度补齐" not in json.dumps(october.assessment.result, ensure_ascii=False)
    answer = step(client, october, "monitoring.submit").content.decode()
    assert "没有写明原因和措施" in answer and october.state == "open"
    evaluation = opened(place, user)
    assert not any(i.monitoring.measures for s in evaluation.assessment.run.results for i in s.indicators)


def test_3_a_year_is_evaluated_once_it_is_over_and_follows_the_calendar(
    found, sign_in, user, district, monkeypatch
):
    place = found(project())
    finance = sign_in("caiwu")
    for entry in CalendarEntry.objects.filter(year=YEAR, kind="self"):
        administration.toggle(entry)
    monkeypatch.setattr(timezone, "localdate", lambda *_: date(2021, 11, 26))
    answer = finance.post(here(place, "selfeval"))
    assert answer.status_code == 400 and "2021年还没有结束" in answer.content.decode()
    page = finance.get(here(place, "selfeval")).content.decode()
    assert "开启自评</button>" not in page and "2021年还没有结束" in page
    # The calendar may say so; it can be said later, too, and nearer to the department.
    dates = {"year": YEAR, "kind": "self", "opens_on": date(2021, 11, 1), "due_on": date(2021, 12, 1)}
    CalendarEntry.objects.create(organisation=district, name="提前自评", as_of=date(2021, 10, 31), **dates)
    assert finance.post(here(place, "selfeval")).status_code == 302
    evaluation = SelfEvaluation.objects.get(department=place)
    assert evaluation.as_of == date(2021, 10, 31)
    later = {**dates, "opens_on": date(2022, 1, 10), "due_on": date(2022, 3, 31)}
    CalendarEntry.objects.create(organisation=place, name="年度自评", as_of=END, **later)
    filling.refill(place, YEAR)
    evaluation.refresh_from_db()
    assert evaluation.as_of == date(2021, 10, 31)
    answer = step(sign_in("keyuan"), evaluation, "selfeval.submit").content.decode()
    assert "ZS-WB-11" in answer and "这一天还没有到" in answer and evaluation.state == "draft"
    monkeypatch.setattr(timezone, "localdate", lambda *_: date(2022, 3, 2))
    assert filling.refill(place, YEAR) == []
    evaluation.refresh_from_db()
    assert (evaluation.as_of, evaluation.due_on) == (END, date(2022, 3, 31))
    assert evaluation.assessment.as_of == END


def test_3_each_record_is_filled_from_its_own_words(found, sign_in, user, district):
    place = found(project())
    settle(place, user)
    evaluation = opened(place, user)
    staff = sign_in("keyuan")
    judged(staff, evaluation, place)
    say(staff, evaluation, 0, proof=False, cause="其他", measures="自评里说的")
    # A monitoring date on the self-evaluation's day, from before the calendar refused it.
    entry = CalendarEntry.objects.create(
        organisation=district, year=YEAR, kind="monitoring", name="年末", as_of=END, opens_on=END, due_on=END
    )
    point = filling.open_checkpoint(entry, place, user("caiwu"))
    sheet, line = first(point.assessment.run)
    assert (line.monitoring.measures, sheet.indicators[2].outcome.origin) == (None, "none")
    said = {"sheet": sheet.id, "indicator": line.id, "cause": "其他", "measures": "监控里说的"}
    assert staff.post(reverse("checkpoint", args=[point.pk]), said).status_code == 302
    point.refresh_from_db(), evaluation.refresh_from_db()
    assert first(point.assessment.run)[1].monitoring.measures == "监控里说的"
    assert first(evaluation.assessment.run)[1].monitoring.measures == "自评里说的"
    assert "监控里说的" in staff.get(reverse("checkpoint-form", args=[point.pk])).content.decode()
    assert not comparing.drifted(point) and not comparing.drifted(evaluation)
    assert records.newest_assessment(place, YEAR) == evaluation.assessment
    sent = {"organisation": district.pk, "year": YEAR, "kind": "monitoring", "name": "年末监控"}
    sent |= {"as_of": "2022-02-28", "opens_on": "2022-03-01", "due_on": "2022-03-15"}
    answer = sign_in("guanli").post(reverse("calendar"), sent).content.decode()
    assert "应在该年度之内" in answer and not CalendarEntry.objects.filter(name="年末监控").exists()


def test_3_the_year_of_a_closed_department_is_its_successors(found, district, sign_in, user):
    place, into = found(project()), found(name="接收局")
    settle(place, user)
    evaluation = opened(place, user)
    judged(sign_in("keyuan"), evaluation, place)
    # Held above, a role reaches the department also after it is closed.
    Membership.objects.create(user=user("keyuan"), organisation=district, role="staff")
    office.merge(place, into, timezone.localdate())
    for one in Membership.objects.filter(user=user("caiwu"), organisation=into):
        one.active = False
        one.save()
    assert step(sign_in("caiwu"), evaluation, "selfeval.submit").status_code == 403
    assert step(sign_in("keyuan"), evaluation, "selfeval.submit").status_code == 302
    assert "甲局" in sign_in("juzhang").get(reverse("places")).content.decode()
    other = found(project(), name="乙局")
    settle(other, user)
    evaluation = opened(other, user)
    judged(sign_in("keyuan"), evaluation, other)
    office.close(other, timezone.localdate())
    assert step(sign_in("keyuan"), evaluation, "selfeval.submit").status_code == 403
    assert say(sign_in("keyuan"), evaluation, 2, actual="99%", reason="问卷").status_code == 403
    assert sign_in("keyuan").get(here(other, "selfeval")).status_code == 200


def test_3_what_belongs_elsewhere_now_is_listed_without_a_dead_link(found, district, sign_in, user):
    place = found(project())
    other = office.found("新区", "district", district.parent)
    for one in Membership.objects.filter(organisation=place, user=user("caizheng")):
        one.active = False
        one.save()
    bureau = sign_in("caizheng")

    def listed():
        return bureau.get(reverse("portfolio") + f"?year={YEAR}&q=甲局").content.decode()

    link = reverse("overview", args=[place.pk, YEAR])
    figures.assess_now(place, YEAR)
    assert link in listed() and place.pk in bureau.get(reverse("heat-map") + f"?year={YEAR}").json()["ids"]
    office.move(place, other, timezone.localdate())
    assert bureau.get(link).status_code == 403
    page = listed()
    assert link not in page and "甲局" in page and "现属新区" in page
    assert place.pk not in bureau.get(reverse("heat-map") + f"?year={YEAR}").json()["ids"]


# -- what one row, one broken step or one sign nobody sees may not do
# ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("day", [date(2021, 12, 31), date(2022, 3, 15)])
def test_3_a_year_that_is_over_is_shown_on_the_day_of_its_self_evaluation(found, sign_in, user, put, day):
    """A band or a figure that a person gave speaks of that day: on another one it would be open again."""
    place = found(project())
    settle(place, user)
    figures.assess_now(place, YEAR)  # of the end of February, before any self-evaluation
    dates = {"as_of": day, "opens_on": date(2022, 1, 1), "due_on": date(2022, 3, 31)}
    CalendarEntry.objects.create(organisation=place, year=YEAR, kind="self", name="自评", **dates)
    evaluation = opened(place, user)
    judged(sign_in("keyuan"), evaluation, place)
    sign_on(sign_in, evaluation)
    signed = evaluation.assessment
    figures.assess_now(place, YEAR)
    row = row_of(place)
    assert (row["total"], row["grade"], row["standing"], row["signed"]) == (
        signed.total,
        signed.grade,
        "graded",
        "",
    )
    assert records.newest_assessment(place, YEAR) == signed
    assert f"{day}" in sign_in("keyuan").get(here(place, "overview")).content.decode()
    # What changed since is computed for that day, and said beside what was signed.
    put(place, "worse", COMPLAINT, *[f"Z{n},举报,2021-03-05,,李四" for n in range(200)])
    figures.assess_now(place, YEAR)
    row = row_of(place)
    assert row["total"] < signed.total and f"{signed.total:.2f} 分" in row["signed"]


def test_3_a_self_evaluation_of_a_day_within_the_year_holds_its_words_and_not_the_year(found, sign_in, user):
    place = found(project())
    settle(place, user)
    dates = {"as_of": date(2021, 10, 31), "opens_on": date(2021, 11, 1), "due_on": date(2021, 12, 1)}
    CalendarEntry.objects.create(organisation=place, year=YEAR, kind="self", name="提前自评", **dates)
    evaluation = opened(place, user)
    judged(sign_in("keyuan"), evaluation, place)
    line = evaluation.assessment.run.results[0].indicators[2]
    assert (line.outcome.text, line.outcome.origin) == ("95%", "judgement")
    figures.assess_now(place, YEAR)
    assert records.newest_assessment(place, YEAR).as_of == END
    lights = set(IndicatorLight.objects.filter(department=place, year=YEAR).values_list("light", flat=True))
    shown = {
        i.monitoring.light for s in records.newest_assessment(place, YEAR).run.results for i in s.indicators
    }
    assert lights == shown
