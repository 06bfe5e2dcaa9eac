"""Steps on records: what was on the screen, four eyes, taken back and returned."""

from __future__ import annotations

import re

import pytest
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.urls import reverse
from pages import HTMX, step_on

from zhunsheng.web.actions import ACTIONS
from zhunsheng.web.actor import acting
from zhunsheng.web.models import Publication, SafeguardRecord, SelfEvaluation, SheetVersion
from zhunsheng.web.models.decided import Overtaken
from zhunsheng.web.roles import may, permits
from zhunsheng.web.services import review
from zhunsheng.web.services.publishing.acts import ask, decide
from zhunsheng.web.services.sheets import documents, drafts
from zhunsheng.web.services.year import filling
from zhunsheng.web.workflow import advance

# -- one way for every change of a state
# ------------------------------------------------------------------------------------------------------------


def test_an_overtaken_publication_says_by_whose_act(department, user):
    version = SheetVersion.objects.filter(
        sheet__department=department, sheet__kind="project", state="approved"
    )[0]
    old = Publication.objects.get(kind="targets", object_id=version.pk, state="published")
    waiting = ask("targets", version, user("caiwu"))
    new = ask("targets", version, user("caiwu2"))
    waiting.refresh_from_db()
    assert (waiting.state, waiting.last_step().by.username) == ("withdrawn", "caiwu2")
    decide(new, user("juzhang"), "publish.approve")
    old.refresh_from_db()
    last = old.last_step()
    assert (old.state, last.action, last.by.username) == (
        "withdrawn",
        "publish.overtake",
        "juzhang",
    ) and last.remark
    assert not any(act.system and act.roles for act in ACTIONS.values())


def test_a_step_of_the_system_is_not_taken_by_hand(department, sign_in):
    published = Publication.objects.filter(state="published")[0]
    assert step_on(sign_in("juzhang"), published, "publish.overtake").status_code == 404


# -- every state has a way out
# ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "kind", "submit", "withdraw"),
    [("keyuan", "targets", "submit", "withdraw"), ("keyuan", "selfeval", "submit", "withdraw")],
)
def test_what_was_submitted_is_taken_back_while_nobody_acted(
    who, kind, submit, withdraw, project, department, sign_in, left_open_confirmed
):
    record = project
    if kind == "selfeval":
        record = filling.fill_self_evaluation(SelfEvaluation.objects.get(department=department))
    client = sign_in(who)
    assert step_on(client, record, f"{kind}.{submit}").status_code == 302
    assert step_on(client, record, f"{kind}.{withdraw}").status_code == 302
    record.refresh_from_db()
    assert record.state == "draft"
    # Once finance has acted, it is theirs.
    step_on(client, record, f"{kind}.{submit}")
    assert step_on(sign_in("caiwu"), record, f"{kind}.check").status_code == 302
    answer = step_on(client, record, f"{kind}.{withdraw}").content.decode()
    assert "ZS-WB-11" in answer or "ZS-WB-01" in answer
    record.refresh_from_db()
    assert record.state == "checked"


def test_requests_are_taken_back(department, sign_in, user):
    record = SafeguardRecord.objects.get(data__asset_no="GD-0002")
    assert record.state == "requested"
    assert step_on(sign_in("keyuan"), record, "safeguards.withdraw").status_code == 302
    record.refresh_from_db()
    assert record.state == "open"
    version = SheetVersion.objects.filter(
        sheet__department=department, sheet__kind="project", state="approved"
    )[0]
    asked = ask("targets", version, user("caiwu"))
    assert step_on(sign_in("caiwu"), asked, "publish.retract").status_code == 302
    asked.refresh_from_db()
    assert asked.state == "withdrawn"


def test_changes_asked_for_come_back_as_such_when_taken_back(project, user):
    advance(user("keyuan"), project, "targets.submit")
    advance(user("caiwu"), project, "targets.check")
    advance(user("caizheng"), project, "targets.ask", "请核对")
    advance(user("keyuan"), project, "targets.submit")
    assert project.state == "submitted"
    advance(user("keyuan"), project, "targets.withdraw")
    assert project.state == "changes"


def hidden_of(page):
    form = re.search(r"<form[^>]*/step/targets.*?</form>", page, re.S).group(0)
    return dict(re.findall(r'type="hidden" name="(?!csrf)([^"]+)" value="([^"]*)"', form))


# -- what was on the screen
# ------------------------------------------------------------------------------------------------------------


def test_an_old_page_does_not_approve_a_changed_text_and_shows_what_changed(project, sign_in):
    staff, one, two = sign_in("keyuan"), sign_in("caiwu"), sign_in("caiwu2")
    step_on(staff, project, "targets.submit", despite="1")
    fields = drafts.current_fields(project)
    budget, target = fields["budget.total"].text, fields["indicators.0.target"].text
    page = one.get(reverse("version", args=[project.pk])).content.decode()
    step_on(two, project, "targets.return", remark="请核对")
    field = reverse("field", args=[project.pk])
    staff.post(field, {"path": "budget.total", "text": "90", "was": budget})
    staff.post(field, {"path": "indicators.0.target", "text": "≥10%", "was": target})
    step_on(staff, project, "targets.submit", despite="1")
    answer = step_on(one, project, "targets.check", **hidden_of(page))
    shown = answer.content.decode()
    assert answer.status_code == 409 and "ZS-WB-10" in shown
    assert all(text in shown for text in (budget, "90", target, "≥10%", "请核对", "科员甲"))
    part = one.post(
        reverse("step", args=["targets", project.pk]), {"action": "targets.check", **hidden_of(page)}, **HTMX
    )
    assert part["HX-Retarget"] == "#alerts" and "≥10%" in part.content.decode()
    project.refresh_from_db()
    assert project.state == "submitted"
    # From the page as it is now, it goes through, and the step keeps what was seen.
    now = one.get(reverse("version", args=[project.pk])).content.decode()
    assert step_on(one, project, "targets.check", **hidden_of(now)).status_code == 302
    assert project.last_step().seen == hidden_of(now)["seen"]


def test_ones_own_edit_moves_what_was_seen_and_anothers_does_not(project, sign_in):
    one, two = sign_in("keyuan"), sign_in("keyuan2")
    field = reverse("field", args=[project.pk])
    fields = drafts.current_fields(project)
    seen = hidden_of(one.get(reverse("version", args=[project.pk])).content.decode())["seen"]
    said = {"path": "unit", "was": fields["unit"].text, "text": "综合科", "seen": seen}
    answer = one.post(field, said).content.decode()
    moved = re.search(r'value="([^"]+)" id="seen-steps" hx-swap-oob="true"', answer).group(1)
    project.refresh_from_db()
    assert moved == project.seen_digest() != seen
    two.post(field, {"path": "purpose", "was": fields["purpose"].text, "text": "改了用途"})
    answer = one.post(
        field, {"path": "unit", "was": "综合科", "text": "财务科", "seen": moved}
    ).content.decode()
    assert 'data-status="kept"' in answer and 'id="seen-steps"' not in answer
    refused = step_on(one, project, "targets.submit", despite="1", seen=moved)
    assert refused.status_code == 409 and "改了用途" in refused.content.decode()


def test_a_step_without_what_was_seen_is_refused(project, sign_in, user):
    assert step_on(sign_in("keyuan"), project, "targets.submit", seen="").status_code == 409
    with pytest.raises(Overtaken):
        advance(user("keyuan"), project, "targets.submit", seen="")


def test_the_same_text_in_another_round_is_not_what_was_seen(project, user):
    advance(user("keyuan"), project, "targets.submit")
    seen = project.seen_digest()
    advance(user("keyuan"), project, "targets.withdraw")
    advance(user("keyuan"), project, "targets.submit")
    with pytest.raises(Overtaken):
        advance(user("caiwu"), project, "targets.check", seen=seen)
    advance(user("caiwu"), project, "targets.check", seen=project.seen_digest())


# -- four eyes look at texts
# ------------------------------------------------------------------------------------------------------------


def test_who_submitted_once_in_the_round_does_not_check(project, department, user):
    """Finance submits, the sheet comes back, staff submits it again: the first may not check what they stood
    for.
    """
    advance(user("caiwu"), project, "targets.submit")
    advance(user("caiwu2"), project, "targets.return", "请核对")
    advance(user("keyuan"), project, "targets.submit")
    with pytest.raises(PermissionDenied):
        advance(user("caiwu"), project, "targets.check")
    advance(user("caiwu2"), project, "targets.check")


def test_who_wrote_the_text_does_not_check_it(project, user):
    with acting("caiwu"):
        drafts.set_field(project, "unit", "财务科", drafts.current_fields(project)["unit"].text)
    advance(user("keyuan"), project, "targets.submit")
    with pytest.raises(PermissionDenied):
        advance(user("caiwu"), project, "targets.check")
    advance(user("caiwu2"), project, "targets.check")


def test_a_round_begins_where_the_way_begins(project, user):
    advance(user("caiwu"), project, "targets.submit")
    advance(user("caiwu"), project, "targets.withdraw")
    advance(user("keyuan"), project, "targets.submit")
    advance(user("caiwu"), project, "targets.check")
    assert project.state == "checked"


def test_what_was_changed_because_somebody_asked_passes_every_stage_anew(project, user, sign_in):
    """One word asked for by the bureau, the budget rewritten: finance sees it first,
    and everyone sees what changed.
    """
    advance(user("keyuan"), project, "targets.submit")
    advance(user("caiwu"), project, "targets.check")
    advance(user("caizheng"), project, "targets.ask", "请改一个字")
    fields = drafts.current_fields(project)
    was = fields["budget.total"].text
    with acting("keyuan"):
        drafts.set_field(project, "budget.total", "9999", was)
    advance(user("keyuan2"), project, "targets.submit", said={"despite": True})
    assert project.state == "submitted" and not may(user("caizheng"), "targets.approve", project)
    for reader in ("caiwu", "caizheng"):
        page = sign_in(reader).get(reverse("version", args=[project.pk])).content.decode()
        mended = page.split("退回之后的改动")[1].split("</table>")[0]
        assert "请改一个字" in mended and was in mended and "9999" in mended
    advance(user("caiwu2"), project, "targets.check")
    advance(user("caizheng"), project, "targets.approve")


def test_a_return_without_a_change_says_so(project, user, sign_in):
    advance(user("keyuan"), project, "targets.submit")
    advance(user("caiwu"), project, "targets.return", "请核对")
    assert "退回之后" not in sign_in("keyuan").get(reverse("version", args=[project.pk])).content.decode()
    advance(user("keyuan"), project, "targets.submit")
    assert (
        "退回之后内容没有改动" in sign_in("caiwu").get(reverse("version", args=[project.pk])).content.decode()
    )


def test_who_wrote_an_earlier_version_since_the_last_approval_is_an_author(project, department, user):
    """Finance writes version 1, staff brings it again as version 2 and submits:
    finance checks its own text no more.
    """
    with acting("caiwu"):
        drafts.set_field(project, "unit", "财务科", drafts.current_fields(project)["unit"].text)
    again = documents.add_version(
        project.target_sheet(), department, user("keyuan"), "upload", of=project.sheet
    )
    review.refresh(department, {2023})
    advance(user("keyuan"), again, "targets.submit", said={"despite": True})
    assert again.writers() >= {"caiwu", "keyuan"}
    for step in ("targets.check", "targets.return"):
        assert permits(user("caiwu2"), step, again)
    with pytest.raises(PermissionDenied):
        advance(user("caiwu"), again, "targets.check")
    advance(user("caiwu2"), again, "targets.check")
    advance(user("caizheng"), again, "targets.approve")
    # What was approved is nobody's draft any more: an adjustment has authors of its own.
    adjusted = drafts.adjust(again, user("keyuan2"), "调整")
    assert adjusted.writers() == {"keyuan2"}


# -- what was approved is not changed in silence
# ------------------------------------------------------------------------------------------------------------


def test_putting_aside_and_taking_up_again_begins_no_round(project, user):
    advance(user("caiwu"), project, "targets.submit")
    advance(user("caiwu2"), project, "targets.return", "请核对")
    advance(user("caiwu"), project, "targets.void", "不要了")
    advance(user("caiwu"), project, "targets.restore")
    advance(user("keyuan"), project, "targets.submit")
    with pytest.raises(PermissionDenied):
        advance(user("caiwu"), project, "targets.check")


def test_a_draft_of_last_year_that_is_taken_over_keeps_its_writers(project, department, user):
    with acting("caiwu"):
        drafts.set_field(project, "unit", "财务科", drafts.current_fields(project)["unit"].text)
    made, _left = drafts.start_from_last_year(department, 2024, user("keyuan2"))
    one = next(v for v in made if v.sheet.name == project.sheet.name)
    assert one.writers() >= {"caiwu", "keyuan", "keyuan2"}
    assert not permits(user("caiwu"), "targets.check", one) and permits(user("caiwu2"), "targets.check", one)


@pytest.mark.parametrize(
    "what",
    ["the new one is renamed", "the old one is renamed", "the old one is void", "another text is approved"],
)
def test_who_wrote_a_draft_that_was_taken_over_wrote_it_whatever_becomes_of_either(
    project, department, user, what
):
    """That is written down when it is taken over: no name, no state of today says it."""
    with acting("caiwu"):
        drafts.set_field(project, "unit", "财务科", drafts.current_fields(project)["unit"].text)
    made, _left = drafts.start_from_last_year(department, 2024, user("keyuan2"))
    one = next(v for v in made if v.sheet.name == project.sheet.name)
    if what == "another text is approved":
        QuerySet(SheetVersion).filter(pk=project.pk).update(state="approved", body=one.body)
    elif what == "the old one is void":
        advance(user("keyuan"), project, "targets.void", "不要了")
    else:
        renamed = one if what.startswith("the new") else project
        with acting("keyuan2"):
            drafts.set_field(renamed, "name", "另一个名称", drafts.current_fields(renamed)["name"].text)
    one = SheetVersion.objects.get(pk=one.pk)
    assert one.writers() >= {"caiwu", "keyuan", "keyuan2"}
    assert not permits(user("caiwu"), "targets.check", one) and permits(user("caiwu2"), "targets.check", one)
