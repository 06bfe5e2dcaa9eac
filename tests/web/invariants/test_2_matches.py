"""Invariants of part 2 on the site: a match is a proposal until a person confirms it."""

from __future__ import annotations

from pages import here
from small_department import MEASURE, YEAR, first, judged, opened, project, step

from zhunsheng.web.actions import ACTIONS
from zhunsheng.web.services import matching
from zhunsheng.web.services.portfolio import ranking
from zhunsheng.web.services.year import figures
from zhunsheng.web.workflow import CONDITIONS


def test_2_unconfirmed_matches_are_marked_and_nothing_is_submitted_or_signed_on_them(found, sign_in, user):
    place = found(project())
    evaluation = opened(place, user)
    staff = sign_in("keyuan")
    judged(staff, evaluation, place)
    sheet, line = first(evaluation.assessment.run)
    assert line.match.status == "proposed" and not line.outcome.confirmed
    assert sheet.score.unconfirmed == line.score.score > 0
    figures.assess_now(place, YEAR)
    ranked = next(r for r in ranking.ranking(place.parent, YEAR) if r["department"] == place)
    assert ranked["weak"]["unconfirmed"] > 0
    page = staff.get(here(place, "selfeval")).content.decode()
    assert "口径未确认" in page and "台账（口径未确认）" in page
    answer = step(staff, evaluation, "selfeval.submit").content.decode()
    assert "ZS-WB-11" in answer and "口径未确认" in answer and evaluation.state == "draft"
    assert "matches_confirmed" in ACTIONS["selfeval.sign"].needs and CONDITIONS["matches_confirmed"](
        evaluation, {}
    )
    sent = {"sheet": sheet.id, "indicator": line.id, "measure": MEASURE}
    assert staff.post(here(place, "matches"), sent).status_code == 302
    assert step(staff, evaluation, "selfeval.submit").status_code in (302, 409)
    if evaluation.state == "draft":  # the figures moved while it was sent; the person looks and sends again
        assert step(staff, evaluation, "selfeval.submit").status_code == 302
    assert evaluation.assessment.run.results[0].score.unconfirmed == 0


def test_2_a_clerk_takes_no_measure_away(found, sign_in, user):
    """To silence a bad reading and type a figure in its place takes the finance bureau."""
    place = found(project())
    sheet, line = first(figures.assess_now(place, YEAR).run)

    def post(who, measure):
        said = {"sheet": sheet.id, "indicator": line.id, "measure": measure}
        return sign_in(who).post(here(place, "matches"), said, headers={"HX-Request": "true"})

    def now():
        match = first(figures.assess_now(place, YEAR).run)[1].match
        return match.status, match.measure

    select = 'aria-label="测度"'
    for state in ("proposed", "confirmed"):
        assert now() == (state, MEASURE)
        for who in ("keyuan", "caiwu"):
            for measure in ("", "case_handling_rate"):
                answer = post(who, measure).content.decode()
                assert "ZS-WB-06" in answer and "由财政局改定" in answer
        assert now() == (state, MEASURE)
        row = (
            sign_in("keyuan")
            .get(here(place, "matches"))
            .content.decode()
            .split(line.name)[1]
            .split("</tr>")[0]
        )
        assert select not in row
        assert post("keyuan", MEASURE).status_code in (204, 302)
    assert select in sign_in("caizheng").get(here(place, "matches")).content.decode()
    assert post("caizheng", "").status_code in (204, 302) and now() == ("none", None)
    # What the bureau decided is not turned round either.
    assert "由财政局改定" in post("keyuan", MEASURE).content.decode()
    assert post("caizheng", MEASURE).status_code in (204, 302) and now() == ("confirmed", MEASURE)


def test_2_an_old_page_confirms_no_match_and_no_project(found, sign_in, user):
    """Whoever confirms, confirms the words that stand there now and the decision that was made last."""
    place = found(project(), project(name="第二项目", code="P2"))
    sheet, line = first(figures.assess_now(place, YEAR).run)
    second = figures.assess_now(place, YEAR).run.results[1]
    clerk, bureau = sign_in("keyuan"), sign_in("caizheng")
    page = clerk.get(here(place, "matches")).content.decode()
    assert "年初预算（财政拨款）" not in page and "年初预算" in page  # a part of a measure is none to choose
    form = next(f for f in page.split("<form") if f'value="{sheet.id}"' in f and f'value="{line.id}"' in f)
    old = form.split('name="seen" value="')[1].split('"')[0]
    link = matching.project_seen(second.sheet, place, second.id)

    def post(client, seen, **said):
        sent = {"seen": seen, **said}
        return client.post(here(place, "matches"), sent, headers={"HX-Request": "true"}).content.decode()

    about = {"sheet": sheet.id, "indicator": line.id, "measure": MEASURE}
    for seen in ("", "0" * 64):
        assert "ZS-WB-10" in post(clerk, seen, **about)
    assert first(figures.assess_now(place, YEAR).run)[1].match.status == "proposed"
    assert "ZS-WB" not in post(clerk, old, **about)
    # The bureau's page was opened before: it does not know of the clerk's word.
    assert "ZS-WB-10" in post(bureau, old, **{**about, "measure": ""})
    linked = {"sheet": second.id, "project": "丁项目", "same": "yes"}
    assert "ZS-WB-10" in post(clerk, "", **linked)
    assert "ZS-WB" not in post(clerk, link, **linked)
    assert "ZS-WB-10" in post(bureau, link, **{**linked, "same": "no"})
