"""Invariant of part 3 on the site: what a document was not surely read to say is scored nowhere before
somebody confirmed it.
"""

from __future__ import annotations

import json

from django.db import connection
from django.urls import reverse
from pages import flat
from small_department import CLOSURE, END, YEAR, first, indicator, opened, project, row_of, settle

from zhunsheng.targets import Place, Unsure
from zhunsheng.web.actor import acting
from zhunsheng.web.models import SheetVersion
from zhunsheng.web.services.sheets import documents, drafts, lookup
from zhunsheng.web.services.year import figures

HERE = Place(table=1, row=5)
DOUBT = Unsure(place=HERE, field="target", text="290%", why="疑为误录").model_dump(mode="json")
SURE = Unsure(field="column", text="备查号", why="没有读入").model_dump(mode="json")


def of_before(place):
    """Make the version in force one that was approved when nobody was asked about the reading yet."""
    version = lookup.in_force(lookup.sheets_of(place, YEAR)[0])
    with connection.cursor() as cursor:  # as the database of an earlier version has it, past the log
        unsure = json.dumps([SURE, DOUBT])
        cursor.execute("UPDATE web_sheetversion SET unsure = %s WHERE id = %s", [unsure, version.pk])
    return SheetVersion.objects.get(pk=version.pk)


def test_3_what_nobody_confirmed_is_scored_on_no_page_and_in_no_answer(found, user, sign_in, call):
    place = found(project(indicator(CLOSURE, "≥90%", place=HERE)))
    settle(place, user)
    assert first(figures.assess_now(place, YEAR, END).run)[1].score.verdict == "met"
    of_before(place)
    sheet, line = first(figures.assess_now(place, YEAR, END).run)
    assert line.score.verdict == "check" and "疑为误录" in line.score.how
    assert line.monitoring.light == "grey" and sheet.score.grade is None
    answer = call(f"/departments/{place.pk}/assessment?year={YEAR}").json()
    assert answer["results"][0]["indicators"][0]["score"]["verdict"] == "check"
    assert row_of(place)["standing"] == "open" and not row_of(place)["grade"]
    evaluation = opened(place, user)
    assert evaluation.assessment.run.results[0].indicators[0].score.verdict == "check"
    page = flat(sign_in("keyuan").get(reverse("selfeval", args=[place.pk, YEAR])))
    assert "还没有人核对" in page


def test_3_a_trial_leaves_open_what_nobody_confirmed(found, user):
    place = found(project(indicator(CLOSURE, "≥95%", place=HERE)))
    with acting("keyuan"):
        other = project(indicator(CLOSURE, "≥90%", place=HERE))
        made = documents.add_version(
            other, place, user("keyuan"), "upload", reason="改", unsure=[SURE, DOUBT]
        )
    ((line, *_),) = [sheet.indicators for sheet in figures.trial(made).results]
    assert line.score.verdict == "check"
    with acting("keyuan"):
        drafts.confirm(made)
    ((line, *_),) = [s.indicators for s in figures.trial(SheetVersion.objects.get(pk=made.pk)).results]
    assert line.score.verdict == "met"


def test_3_last_years_unconfirmed_draft_is_not_carried_over(found, user, sign_in):
    place = found(project())
    with acting("keyuan"):
        documents.add_version(
            project(name="另一项", code="P2"), place, user("keyuan"), "upload", unsure=[DOUBT]
        )
    page = flat(
        sign_in("keyuan").post(
            reverse("targets", args=[place.pk, YEAR + 1]), {"how": "last-year"}, follow=True
        )
    )
    assert "没有沿用" in page and "另一项" in page
    assert [s.name for s in lookup.sheets_of(place, YEAR + 1)] == ["治理经费"]
    page = flat(
        sign_in("keyuan").post(
            reverse("targets", args=[place.pk, YEAR + 1]), {"how": "last-year"}, follow=True
        )
    )
    assert "ZS-WB-100" in page
