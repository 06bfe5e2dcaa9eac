"""Invariants of part 5 on the site: one computation, typed from end to end."""

from __future__ import annotations

import json
from datetime import date

from django.urls import reverse
from pages import here
from small_department import (
    COMPLAINT,
    END,
    LOCAL,
    MEASURE,
    YEAR,
    opened,
    project,
    row_of,
    say,
    settle,
    step,
    words_in,
)

import zhunsheng.regulations as regulations
import zhunsheng.usecases.assessing as assessing
from zhunsheng import __version__
from zhunsheng.measures import catalogue
from zhunsheng.web.models import Assessment, Checkpoint, LocalScheme, Organisation, SelfEvaluation, Word
from zhunsheng.web.services import evidence, jobs, office
from zhunsheng.web.services.rules import rules_for
from zhunsheng.web.services.sheets import drafts, lookup
from zhunsheng.web.services.year import figures, official, question, records

# -- 3. state governs every number
# ------------------------------------------------------------------------------------------------------------


def test_5_a_changed_scheme_is_followed_by_all_departments_below(
    found, sign_in, user, work_off, admin_scheme
):
    place = found(project())
    jobs.assess_soon(place, user("keyuan"))
    work_off()
    national = records.newest_assessment(place, YEAR)
    assert not row_of(place)["overtaken"]
    admin_scheme(place.parent)
    assert row_of(place)["overtaken"]
    page = sign_in("caizheng").get(reverse("portfolio") + f"?year={YEAR}&q=甲局").content.decode()
    assert "依据已变化，待重新测算" in page
    assert {(j.kind, j.department_id) for j in work_off()} == {("assess-all", place.parent_id)}
    assert records.newest_assessment(place, YEAR).run.scheme.id != national.run.scheme.id
    assert not row_of(place)["overtaken"]
    scheme = LocalScheme.objects.get(organisation=place.parent)
    assert sign_in("guanli").post(reverse("rules"), {"id": scheme.pk}).status_code == 302
    assert row_of(place)["overtaken"] and work_off()
    assert records.newest_assessment(place, YEAR).pk == national.pk and not row_of(place)["overtaken"]


# -- 5. one computation, typed from end to end
# ------------------------------------------------------------------------------------------------------------


def test_5_what_figures_rest_on_is_one_digest(found, put, adjusted, sign_in, user, monkeypatch, admin_scheme):
    place = found(project())
    evaluation = opened(place, user)
    seen = {}

    def key(what, day=END):
        place.refresh_from_db()
        found_key = question.state_key(place, YEAR, day)
        assert found_key not in seen.values(), f"{what} changed nothing"
        seen[what] = found_key

    key("now")
    assert question.state_key(place, YEAR, END) == seen["now"]
    key("date", date(2022, 2, 27))
    with monkeypatch.context() as patch:
        patch.setattr(assessing, "__version__", "999")
        key("program")
    with monkeypatch.context() as patch:
        patch.setattr(
            "zhunsheng.regulations.rules.data_digest", lambda: "monitoring bands and all other national rules"
        )
        key("national rules and monitoring bands")
    with monkeypatch.context() as patch:
        known = dict(catalogue())
        known[MEASURE] = known[MEASURE].model_copy(update={"formula": "另一个算法"})
        patch.setattr(question, "of_body", lambda _code: known)
        key("measures")
    assert question.state_key(place, YEAR, END) == seen["now"]
    # What another department brings changes nothing that these figures rest on.
    put(found(project(), name="乙局"), "others", COMPLAINT, "T901,举报,2021-03-05,,李四")
    assert question.state_key(place, YEAR, END) == seen["now"]
    put(place, "one-more", COMPLAINT, "T900,举报,2020-03-05,,李四")
    key("evidence")
    settle(place, user)
    key("confirmation")
    say(sign_in("keyuan"), evaluation, 0, cause="其他", measures="甲", proof=False)
    key("word")
    say(sign_in("keyuan"), evaluation, 0, actual="99%", reason="乙", proof=False)
    key("typed figure")
    say(sign_in("keyuan"), evaluation, 0, actual="99%", reason="乙")
    key("proof")
    step(sign_in("caizheng"), evaluation.contests.get(state="open"), "contest.accept", remark="同意")
    key("ruling")
    adjusted(place, "indicators.0.target", "≥94%")
    key("sheet")
    office.rename(place, "改名后的局", date(2021, 7, 1))
    key("department name")
    admin_scheme(place.parent)
    key("local scheme")


def test_5_a_local_scheme_with_other_band_names_works_from_form_to_score(found, sign_in, user, admin_scheme):
    place = found(project())
    admin_scheme(place)
    evaluation = opened(place, user)
    client = sign_in("keyuan")
    page = client.get(here(place, "selfeval")).content.decode()
    national = regulations.scheme_of(YEAR).qualitative[0]
    assert "本地第0档" in page and national.name not in page
    band = rules_for(place, YEAR).scheme.qualitative[0]
    share = str(band.high * 100)
    assert (
        "[ZS-" in say(client, evaluation, 1, band=national.name, share=share, reason="走访").content.decode()
    )
    assert say(client, evaluation, 1, band="本地第0档", share=share, reason="走访").status_code == 302
    line = evaluation.assessment.run.results[0].indicators[1]
    assert line.score.verdict == "judged" and "本地第0档" in line.score.how and line.score.score > 0
    assert evaluation.assessment.run.scheme.id == rules_for(place, YEAR).scheme.id
    assert "本地第0档" in words_in(official.file_of(evaluation, "绩效自评表.docx").read_bytes())


def test_5_a_kept_result_is_read_back_as_the_typed_value_it_was(found):
    place = found(project())
    kept = figures.assess_now(place, YEAR)
    again = Assessment.objects.get(pk=kept.pk)
    assert (
        again.run.as_json() == kept.result
        and again.run.format == "zhunsheng.run/1"
        and again.run.basis == kept.key
    )


def test_5_the_api_gives_the_result_whole(found, call):
    place = found(project())
    kept = figures.assess_now(place, YEAR)
    assert call(f"/departments/{place.pk}/assessment?year={YEAR}").json() == kept.result
    batch = evidence.store().batches(department=place.code)[0]
    given = call(f"/departments/{place.pk}/batches").json()[0]
    told = {"notes": []} | {k: v for k, v in json.loads(json.dumps(batch.as_json())).items() if k != "files"}
    assert {k: v for k, v in given.items() if v is not None} == told


def test_5_a_record_of_another_department_is_nobodys_to_see(found, sign_in, user, district):
    """Permission is the first thing a request meets, also where a nonsense body would be refused later."""
    place = found(project())
    evaluation = opened(place, user)
    stranger = user("keyuan2")
    assert not stranger.memberships.filter(organisation=place).exists()
    client = sign_in("keyuan2")
    before = (Assessment.objects.count(), Word.objects.count())
    for path, body in (
        (reverse("word", args=[evaluation.pk]), {"sheet": "x", "indicator": "y", "band": "没有"}),
        (reverse("recheck", args=[evaluation.pk]), {}),
        (reverse("step", args=["selfeval", evaluation.pk]), {"action": "selfeval.submit"}),
        (here(place, "matches"), {"sheet": "x"}),
        (here(place, "undo"), {"batch": "abc"}),
    ):
        assert client.post(path, body).status_code == 403, path
    assert (Assessment.objects.count(), Word.objects.count()) == before
    assert isinstance(evaluation, SelfEvaluation) and Checkpoint.objects.filter(department=place).count() == 0
    assert Organisation.objects.filter(pk=place.pk).exists()


def test_5_figures_of_another_version_of_the_program_are_computed_anew(found, work_off):
    place = found(project())
    kept = figures.assess_now(place, YEAR)
    assert kept.program == __version__ and not row_of(place)["overtaken"]
    Assessment.objects.filter(pk=kept.pk).update(program="0.0.1", key="0" * 64)  # what an upgrade finds
    assert row_of(place)["overtaken"]
    jobs.assess_upgraded()
    assert work_off()
    assert records.newest_assessment(place, YEAR).program == __version__ and not row_of(place)["overtaken"]
    jobs.assess_upgraded()
    assert not work_off()


# -- what one row, one broken step or one sign nobody sees may not do
# ------------------------------------------------------------------------------------------------------------


def test_5_garbage_in_a_sheet_or_a_scheme_is_a_message(found, district, sign_in, user):
    place = found(project())
    new = drafts.adjust(lookup.in_force(lookup.sheets_of(place, YEAR)[0]), user("keyuan"), "试")
    for path in ("budget.total", "indicators.0.weight"):
        sent = {"path": path, "text": "1e99999999", "was": drafts.current_fields(new)[path].text}
        answer = sign_in("keyuan").post(reverse("field", args=[new.pk]), sent)
        assert answer.status_code < 500 and "ZS-TG-01" in answer.content.decode()
    text = LOCAL.read_text("utf8")
    for old, wrong in (
        ("points:", "points: &a [*a]\nx:"),
        ('threshold: "1.3"', 'threshold: "1e999999999"'),
        ('share: "0.8"', 'share: "99"'),
    ):
        sent = {"organisation": district.pk, "first_year": 2030, "text": text.replace(old, wrong, 1)}
        answer = sign_in("guanli").post(reverse("rules"), sent)
        assert answer.status_code == 400 and "ZS-RG-01" in answer.content.decode()


def test_5_a_local_scheme_that_has_run_out_leaves_the_national_one_and_the_page_says_so(found, sign_in, user):
    place = found(project())
    text = LOCAL.read_text("utf8").replace("valid_to: null", f"valid_to: {YEAR - 1}-12-31")
    LocalScheme.objects.create(organisation=place.parent, name="本地", first_year=YEAR - 1, text=text)
    rules = rules_for(place, YEAR)
    assert rules.scheme == regulations.scheme_of(YEAR) and not rules.local
    opened(place, user)
    page = sign_in("keyuan").get(here(place, "selfeval")).content.decode()
    assert f"{YEAR - 1}-12-31" in page and rules.scheme.name in page and "按国家方案" in page
