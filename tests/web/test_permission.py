"""Permission is the first thing a request meets; what is refused or nonsense does and says nothing."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from filled import BEACON_PLAN
from pages import step_on

from zhunsheng.web.models import (
    Checkpoint,
    Draw,
    Job,
    KeyEvaluation,
    Rectification,
    SafeguardRecord,
    SheetVersion,
    Upload,
)
from zhunsheng.web.roles import may, permits
from zhunsheng.web.services import decisions
from zhunsheng.web.workflow import CONDITIONS, advance

# -- permission comes first
# ------------------------------------------------------------------------------------------------------------


def test_a_record_without_a_department_is_refused(sign_in, user, department):
    upload = Upload.keep(b"%PDF-x", "x.pdf", "attachment", None, user("keyuan"))
    for who in ("keyuan", "caizheng", "shenji", "guanli"):
        assert sign_in(who).get(reverse("attachment", args=[upload.pk])).status_code == 403
        assert not may(user(who), "selfeval.view", upload)
    job = Job.objects.create(kind="archive", key="nowhere", result={"unknown": [{"name": "x", "files": []}]})
    assert sign_in("caizheng").post(reverse("job-places", args=[job.pk])).status_code == 403


def test_permission_is_asked_before_anything_is_done_or_said(sign_in, department):
    outsider, record = sign_in("guanli"), SafeguardRecord.objects.filter(department=department)[0]
    for url, body in (
        (reverse("ledgers", args=[department.pk, 2021]), {"ledger": "nonsense"}),
        (reverse("record", args=[record.pk]), {}),
        (reverse("undo", args=[department.pk, 2021]), {"batch": "abc"}),
        (reverse("monitoring", args=[department.pk, 2021]), {"entry": "abc"}),
    ):
        answer = outsider.post(url, body)
        assert answer.status_code == 403 and "ZS-" not in answer.content.decode()


# -- permission is the first thing
# ------------------------------------------------------------------------------------------------------------


def test_nothing_is_read_computed_or_said_before_permission(department, sign_in, monkeypatch):
    def never(*args, **kwargs):
        raise AssertionError("reached")

    checkpoint = Checkpoint.objects.filter(department=department, state="open")[0]
    fix = Rectification.objects.get(department=department)
    monkeypatch.setitem(decisions.PREPARE, "monitoring.submit", never)
    monkeypatch.setitem(decisions.CHANGES, "rectify.prove", never)
    monkeypatch.setitem(CONDITIONS, "lights_explained", never)
    monkeypatch.setattr("zhunsheng.web.views.decisions.StepForm.of", never)
    monkeypatch.setattr("zhunsheng.web.workflow.compare", never)
    for record, action in ((checkpoint, "monitoring.submit"), (fix, "rectify.prove")):
        answer = step_on(sign_in("shenji"), record, action, seen="")
        page = answer.content.decode()
        assert (
            answer.status_code == 403 and str(record) not in page and record.get_state_display() not in page
        )


def test_who_is_refused_learns_nothing_of_the_state(department, user):
    approved = SheetVersion.objects.filter(sheet__department=department, state="approved")[0]
    with pytest.raises(PermissionDenied):
        advance(user("shenji"), approved, "targets.check", seen="")


def test_a_record_without_a_department_is_refused_not_free(user):
    nobodys = Upload(department=None, purpose="attachment", name="x", size=1, sha256="0" * 64)
    for name in ("keyuan", "caizheng", "guanli"):
        assert not permits(user(name), "targets.view", nobodys) and not may(
            user(name), "admin.manage", nobodys
        )


def test_reading_an_address_that_acts_is_405(department, sign_in):
    key = KeyEvaluation.objects.get(department=department)
    draw = Draw.objects.filter(department=department)[0]
    client = sign_in("caizheng")
    for url in (
        reverse("step", args=["targets", 1]),
        reverse("marks", args=[key.pk]),
        reverse("agree", args=[key.pk]),
        reverse("rectification", args=[key.pk]),
        reverse("draw-act", args=[draw.pk, "commit"]),
        reverse("draw-register", args=[department.pk, 2021]),
    ):
        assert client.get(url).status_code == 405, url


def test_nonsense_is_a_message_never_a_failure(department, sign_in, user):
    client = sign_in("caizheng")
    key = KeyEvaluation.objects.get(department=department)
    for url, said in (
        (
            reverse("keyeval", args=[department.pk, 2021]),
            {"sheet": "abc", "method": "x", "evaluators": "abc"},
        ),
        (reverse("rectification", args=[key.pk]), {"problem": "p", "owner": "o", "due_on": "abc"}),
    ):
        answer = client.post(url, said)
        assert answer.status_code == 400 and "ZS-WB-06" in answer.content.decode()
    mark = sign_in("zhuanjia2").post(reverse("marks", args=[key.pk]), {"points_A1": "abc", "finish": "1"})
    assert mark.status_code == 400
    plan = {
        **BEACON_PLAN,
        "known_at": "abc",
        "items": ["?"],
        "per_object": "x",
        "drand_round": "-1",
        "floor_A": "?",
    }
    answer = sign_in("keyuan").post(reverse("draw-plan", args=[department.pk, 2021]), plan)
    assert answer.status_code == 400 and "随机数公布时间" in answer.content.decode()
    nonsense = sign_in("keyuan").post(
        reverse("draw-register", args=[department.pk, 2021]), {"what": "end-item", "id": "abc"}
    )
    assert nonsense.status_code == 404
    for seen in ("", "x", "a-b-c-d", "-" * 200, "a-draft-9-9"):
        record = Rectification.objects.get(department=department)
        assert (
            step_on(
                sign_in("keyuan"), record, "rectify.prove", result="r", no_proof="n", seen=seen
            ).status_code
            == 409
        )


# -- operation
# ------------------------------------------------------------------------------------------------------------


def test_permission_denied_is_what_a_view_raises(user, department):
    from zhunsheng.web.workflow import advance

    with pytest.raises(PermissionDenied):
        advance(user("shenji"), department.self_evaluations.get(), "selfeval.submit")
