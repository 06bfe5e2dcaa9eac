"""A review follows the record: which year, which text, which sheets beside it;
silence is never taken for “没有发现问题”.
"""

from __future__ import annotations

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from pages import flat

from zhunsheng.review import all_rules, catalogue
from zhunsheng.review.examples import example
from zhunsheng.sample.documents import bureau, flattened
from zhunsheng.web.models import ApiToken, Organisation, Sheet, SheetFinding, SheetReview, SheetVersion
from zhunsheng.web.models.decided import stepping
from zhunsheng.web.models.targets import body_of
from zhunsheng.web.services import review
from zhunsheng.web.services.portfolio.ranking import ranking
from zhunsheng.web.services.portfolio.summary import totals
from zhunsheng.web.services.sheets import documents, drafts

CLEAN = "没有发现问题"
NOT_YET = "尚未审核"


def document(year):
    text = flattened({**bureau(), "year": year}).replace("2021年", f"{year}年")
    return SimpleUploadedFile("目标.txt", text.encode(), "text/plain")


@pytest.fixture
def fresh(district):
    """A department that has nothing yet."""
    return Organisation.objects.create(parent=district, name="新设立的局", kind="department")


@pytest.fixture
def manager(sign_in):
    return sign_in("caizheng")


def add(sheet, department, year=2021, name=None, **changes):
    """Keep an example sheet as a draft of a department's year, without review."""
    name = name or sheet.name
    given = sheet.model_copy(update={"department": department.name, "year": year, "name": name, **changes})
    return documents.add_version(given, department, None, "test")


@pytest.fixture
def clean(fresh):
    """A project that no rule finds anything in, beside its department's sheet and last year's."""
    book, previous = example({})
    add(previous.sheets[0], fresh, 2020)
    made = [add(sheet, fresh) for sheet in book.sheets[:2]]
    review.refresh(fresh, {2021})
    return made[0]


def test_a_document_of_another_year_is_reviewed_in_that_year_and_the_page_says_where_it_went(
    department, sign_in
):
    client = sign_in("keyuan")
    page = client.post(
        reverse("targets", args=[department.pk, 2026]), {"how": "upload", "file": document(2017)}, follow=True
    ).content.decode()
    made = SheetVersion.objects.filter(sheet__department=department, sheet__year=2017)
    assert made.count() == 3 and not Sheet.objects.filter(department=department, year=2026).exists()
    assert SheetFinding.objects.filter(department=department, year=2017).exists()
    assert {s.verdict for s in review.standings(department, 2017).values()} == {"found"}
    assert "2017 年，已归入该年" in page and CLEAN not in page and NOT_YET not in page
    listed = client.get(reverse("targets", args=[department.pk, 2017])).content.decode()
    assert CLEAN not in listed and "条判断不了" in listed


def test_a_version_without_review_is_not_without_problems(fresh, manager):
    version = add(example({})[0].sheets[0], fresh)
    assert review.standing_of(version).verdict == "unreviewed"
    for address in (
        reverse("version", args=[version.pk]),
        reverse("targets", args=[fresh.pk, 2021]),
        reverse("overview", args=[fresh.pk, 2021]),
    ):
        page = manager.get(address).content.decode()
        assert NOT_YET in page and CLEAN not in page, address


def test_no_problem_found_is_said_when_all_rules_ran_on_the_present_text(clean, manager):
    standing = review.standing_of(clean)
    assert standing.verdict == "clean" and standing.missing == ()
    page = manager.get(reverse("version", args=[clean.pk])).content.decode()
    assert CLEAN in page and NOT_YET not in page
    for word in ("通过", "有发现", "不适用", "判断不了", "还没查"):
        assert f"<summary>{word} <strong>" in page
    assert CLEAN in manager.get(reverse("targets", args=[clean.department.pk, 2021])).content.decode()


def test_a_review_of_an_earlier_text_counts_as_not_run(clean, manager, district):
    other = example({"project.purpose": "用于别的事。"})[0].sheets[0]
    clean.body = body_of(other.model_copy(update={"department": clean.department.name}))
    clean.save()
    assert SheetReview.objects.get(version=clean).stale
    standing = review.standing_of(clean)
    assert standing.verdict == "unreviewed" and standing.why == "changed"
    page = manager.get(reverse("version", args=[clean.pk])).content.decode()
    assert NOT_YET in page and CLEAN not in page
    assert review.unreviewed(district, 2021)[clean.department.pk] == 1
    # Also where the text was changed behind the model's back.
    SheetReview.objects.filter(version=clean).update(stale=False)
    assert review.standing_of(clean).verdict == "unreviewed"


def test_a_review_by_earlier_rules_counts_as_not_run_until_all_are_reviewed_anew(clean, district):
    SheetReview.objects.filter(version=clean).update(rules="0" * 64)
    assert review.standing_of(clean).why == "rules"
    assert review.unreviewed(district, 2021)[clean.department.pk] == 1
    call_command("review_sheets", verbosity=0)
    assert review.standing_of(clean).verdict == "clean"
    assert clean.department.pk not in review.unreviewed(district, 2021)


def test_when_last_years_sheet_changes_this_years_comparison_follows(clean, fresh):
    copied = "开展守法经营宣传和市场专项检查，及时办结举报，市场秩序明显好转。"
    last = SheetVersion.objects.get(sheet__department=fresh, sheet__year=2020)
    drafts.set_field(last, "goals.0.text", copied, last.target_sheet().goals[0].text)
    assert [f.rule for f in clean.findings.all()] == ["ZS312"]
    assert review.standing_of(clean).verdict == "found"


def test_when_last_years_sheet_is_taken_out_the_comparison_cannot_be_judged(clean, fresh, manager):
    last = Sheet.objects.get(department=fresh, year=2020)
    last.retired = True
    last.save()
    standing = review.standing_of(clean)
    assert standing.verdict == "open" and standing.missing == ("上年的目标表",)
    assert [d["rule"] for d in standing.duties["cannot_judge"]] == ["ZS312"]
    page = manager.get(reverse("version", args=[clean.pk])).content.decode()
    assert CLEAN not in page and "上年的目标表" in page and "没有查全" in page
    # Taken out without a word to anyone, it still doesn't pass for compared.
    last.retired = False
    last.save()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE web_sheet SET retired = %s WHERE id = %s", [True, last.pk])
    assert review.standing_of(clean).verdict == "unreviewed"


def test_when_another_version_of_last_year_comes_into_force_this_year_is_compared_with_it(clean, fresh):
    sheet = Sheet.objects.get(department=fresh, year=2020)
    first = sheet.latest
    with stepping():
        first.state = "approved"
        first.save()
    copied = example(
        {"previous.goals.0.text": "开展守法经营宣传和市场专项检查，及时办结举报，市场秩序明显好转。"}
    )[1]
    second = SheetVersion.objects.create(
        sheet=sheet, number=2, body=body_of(copied.sheets[0].model_copy(update={"department": fresh.name}))
    )
    assert review.standing_of(clean).verdict == "clean"  # a draft is not what was in force
    with stepping():
        second.state = "approved"
        second.save()
    assert review.standing_of(clean).verdict == "found"


def test_an_empty_form_is_reviewed_and_says_what_is_missing(fresh, user, manager):
    for kind in ("project", "department"):
        version = drafts.start_blank(fresh, 2022, kind, "甲项目", user("caizheng"))
        standing = review.standing_of(version)
        assert standing.verdict == "found" and "绩效指标" in standing.missing
        page = manager.get(reverse("version", args=[version.pk])).content.decode()
        assert CLEAN not in page and "绩效指标" in page


def test_a_rule_that_raises_is_listed_as_not_run_and_the_page_stands(clean, fresh, manager, monkeypatch):
    def broken(context):
        raise ZeroDivisionError("no reason")

    entry = next(r for r in all_rules() if r.code == "ZS301")
    monkeypatch.setitem(catalogue._RULES, "ZS301", catalogue.Rule(**{**entry.__dict__, "check": broken}))
    review.refresh(fresh, {2021})
    standing = review.standing_of(clean)
    assert standing.verdict == "open" and [d["rule"] for d in standing.duties["not_run"]] == ["ZS301"]
    assert standing.counts["passed"] + standing.counts["not_applicable"] == len(all_rules()) - 1
    page = manager.get(reverse("version", args=[clean.pk])).content.decode()
    assert "[ZS-RV-01]" in page and CLEAN not in page
    assert review.unreviewed(fresh, 2021) == {fresh.pk: 2}


def test_departments_not_reviewed_are_listed_apart_in_the_portfolio(fresh, clean, district, manager):
    add(example({})[0].sheets[2], fresh)
    row = next(r for r in ranking(district, 2021) if r["department"] == fresh)
    assert row["unreviewed"] == 1
    assert totals(district, 2021, ranking(district, 2021))["unreviewed"] >= 1
    page = manager.get(reverse("portfolio") + "?year=2021&q=新设立").content.decode()
    assert "尚未审核的部门" in page and 'id="unreviewed"' in page
    assert (
        "部门的目标表尚未审核" in manager.get(reverse("portfolio-findings") + "?year=2021").content.decode()
    )
    review.refresh(fresh, {2021})
    page = manager.get(reverse("portfolio") + "?year=2021&q=新设立").content.decode()
    assert 'id="unreviewed"' not in page


def test_the_list_of_findings_says_how_many_stand_elsewhere(department, sign_in):
    client = sign_in("keyuan")
    client.post(reverse("targets", args=[department.pk, 2023]), {"how": "upload", "file": document(2023)})
    seen = set()
    for version in SheetVersion.objects.filter(sheet__department=department, sheet__year=2023):
        page = client.get(reverse("version", args=[version.pk])).content.decode()
        total = version.findings.count()
        before, panel = page.split('id="review-panel"')
        listed = panel.split('<details class="mt-1"')[0].count('class="finding ')
        assert before.count('class="finding ') + listed == total
        words = (
            f"共 {total} 个发现，都列在各字段旁"
            if not listed
            else f"共 {total} 个发现：{listed} 个列在这里，其余列在各字段旁"
        )
        assert words in panel
        seen.add(listed > 0)
    assert seen == {True, False}


def test_a_field_kept_brings_the_review_of_the_new_text(department, sign_in):
    client = sign_in("keyuan")
    client.post(reverse("targets", args=[department.pk, 2023]), {"how": "upload", "file": document(2023)})
    version = SheetVersion.objects.filter(
        sheet__department=department, sheet__year=2023, sheet__kind="project"
    )[0]
    answer = flat(
        client.post(reverse("field", args=[version.pk]), {"path": "code", "text": "XM-2023-001", "was": ""})
    )
    assert 'hx-swap-oob="true"' in answer and NOT_YET not in answer
    assert f'id="finding-count">{version.findings.count()}<' in answer


def test_a_person_has_a_sheet_reviewed_from_its_page(department, sign_in):
    client = sign_in("keyuan")
    version = add(example({})[0].sheets[0], department, 2016)
    page = client.get(reverse("version", args=[version.pk])).content.decode()
    assert "现在审核" in page
    client.post(reverse("targets", args=[department.pk, 2016]), {"how": "review", "version": version.pk})
    assert review.standing_of(version).current
    assert Client().post(reverse("targets", args=[department.pk, 2016]), {"how": "review"}).status_code == 401
    assert sign_in("keyuan").post(
        reverse("targets", args=[department.pk, 2016]), {"how": "review", "version": "abc"}
    ).status_code in (404, 422)


def test_an_overtaken_version_keeps_the_review_of_its_text(clean, fresh):
    made = SheetVersion.objects.create(sheet=clean.sheet, number=2, body=clean.body)
    review.refresh(fresh, {2021})
    assert review.standing_of(made).verdict == "clean" and review.standing_of(clean).verdict == "clean"


def test_an_overtaken_version_still_shows_what_was_found_of_it(department, user, sign_in):
    given = SheetVersion.objects.filter(
        sheet__department=department, sheet__kind="project", sheet__year=2022
    ).first()
    found = given.findings.count()
    assert found
    documents.add_version(given.target_sheet(), department, user("keyuan"), "upload")
    review.refresh(department, {2022})
    page = sign_in("keyuan").get(reverse("version", args=[given.pk])).content.decode()
    assert not given.findings.exists() and f"共 {found} 个发现" in page and "没有发现问题" not in page


def test_programs_get_the_state_of_every_rule(clean, user):
    _token, secret = ApiToken.issue(user("caizheng"), "t", ["targets:read"], 1)
    got = Client().get(
        f"/api/departments/{clean.department.pk}/reviews?year=2021",
        headers={"authorization": f"Bearer {secret}"},
    )
    found = json.loads(got.content)
    one = next(r for r in found if r["version"] == clean.pk)
    assert one["verdict"] == "clean" and len(one["duties"]) == len(all_rules())
