"""Monitoring: a checkpoint is explained, submitted and confirmed by another; they open by the calendar."""

from __future__ import annotations

from datetime import date

from django.urls import reverse

from zhunsheng.web.models import Checkpoint, Organisation, SelfEvaluation, User, Word
from zhunsheng.web.models.audited import changed_in_bulk
from zhunsheng.web.roles import permits
from zhunsheng.web.services.year import calendar, filling, records

# -- monitoring
# ------------------------------------------------------------------------------------------------------------


def test_a_checkpoint_is_explained_submitted_and_confirmed_by_another(department, sign_in, user):
    checkpoint = Checkpoint.objects.get(department=department, name="前十个月")
    red = [
        (sheet.id, line.id)
        for sheet in checkpoint.assessment.run.results
        for line in sheet.indicators
        if line.monitoring.light in ("red", "yellow")
    ]
    assert red
    client, url = sign_in("keyuan"), reverse("checkpoint", args=[checkpoint.pk])
    for sheet, line in red:
        answer = client.post(
            url, {"sheet": sheet, "indicator": line, "cause": "人员保障", "measures": "抽调两名人员"}
        )
        assert answer.status_code == 302
    assert (
        "ZS-WB-06"
        in client.post(
            url, {"sheet": "x", "indicator": "y", "cause": "天气", "measures": "等"}
        ).content.decode()
    )
    checkpoint.refresh_from_db()
    assert records.unexplained(checkpoint) == []
    step = reverse("step", args=["monitoring", checkpoint.pk])
    assert client.post(step, {"action": "monitoring.submit"}).status_code == 302
    assert (
        client.post(url, {"sheet": "x", "indicator": "y", "cause": "其他", "measures": "z"}).status_code
        == 403
    )
    assert sign_in("juzhang").post(step, {"action": "monitoring.confirm"}).status_code == 403
    assert sign_in("caiwu").post(step, {"action": "monitoring.confirm"}).status_code == 302
    checkpoint.refresh_from_db()
    frozen = checkpoint.assessment_id
    assert checkpoint.state == "confirmed" and filling.fill_checkpoint(checkpoint).assessment_id == frozen
    form = client.get(reverse("checkpoint-form", args=[checkpoint.pk])).content.decode()
    assert "监控" in form and "抽调两名人员" in form
    assert client.get(reverse("checkpoint-xlsx", args=[checkpoint.pk])).content[:2] == b"PK"


def test_the_official_table_of_an_open_checkpoint_is_never_empty(department, sign_in):
    """A word on the checkpoint fills its table anew; a word of the self-evaluation is
    not the checkpoint's.
    """
    checkpoint = Checkpoint.objects.get(department=department, name="前十个月")
    client = sign_in("keyuan")
    evaluation = SelfEvaluation.objects.get(department=department)
    sheet = checkpoint.assessment.run.results[0]
    said = {"sheet": sheet.id, "indicator": sheet.indicators[0].id, "cause": "其他"}
    elsewhere = reverse("word", args=[evaluation.pk])
    assert client.post(elsewhere, {**said, "measures": "另处所写"}).status_code == 302
    here_said = {**said, "measures": "此处所写"}
    assert client.post(reverse("checkpoint", args=[checkpoint.pk]), here_said).status_code == 302
    page = client.get(reverse("checkpoint-form", args=[checkpoint.pk])).content.decode()
    assert 'class="official' in page and "此处所写" in page and "另处所写" not in page
    assert client.get(reverse("checkpoint-docx", args=[checkpoint.pk])).content[:2] == b"PK"


def test_what_is_not_explained_is_not_submitted(department, sign_in):
    entry = calendar.calendar_of(department, 2021, "monitoring")[0]
    other = Organisation.objects.create(name="新部门", kind="department", parent=department.parent)
    assert entry in calendar.calendar_of(other, 2021)
    checkpoint = Checkpoint.objects.get(department=department, name="前十个月")
    word = Word.objects.create(
        department=department, year=2021, sheet="x", indicator="y", by=User.objects.first()
    )
    assert str(word) == "y"
    changed_in_bulk(Word.objects.filter(department=department), cause="")
    filling.fill_checkpoint(checkpoint)
    answer = sign_in("keyuan").post(
        reverse("step", args=["monitoring", checkpoint.pk]), {"action": "monitoring.submit"}
    )
    assert "没有写明原因和措施" in answer.content.decode()


def test_checkpoints_open_by_the_calendar(department, sign_in, user):
    district = department.parent
    other = Organisation.objects.filter(parent=district, kind="department").exclude(pk=department.pk)[0]
    from zhunsheng.web.models import Membership

    Membership.objects.create(user=user("caiwu"), organisation=other, role="finance")
    client, url = sign_in("caiwu"), reverse("monitoring", args=[other.pk, 2021])
    page = client.get(url).content.decode()
    assert "待开启" in page and "逾期" in page
    entry = calendar.calendar_of(other, 2021, "monitoring")[0]
    assert client.post(url, {"entry": entry.pk}).status_code == 302
    assert Checkpoint.objects.filter(department=other, as_of=entry.as_of).exists()
    assert client.post(url, {"entry": 0}).status_code == 400
    assert {x["name"] for x in calendar.late_things(other, 2021, date(2022, 4, 1))} >= {"一季度", "上半年"}


# -- four eyes look at texts
# ------------------------------------------------------------------------------------------------------------


def test_who_explained_a_light_does_not_confirm_the_checkpoint(department, user):
    checkpoint = Checkpoint.objects.filter(department=department, state="open")[0]
    from zhunsheng.web.models import Word

    assert checkpoint.writers() == set()
    Word.objects.create(
        department=department, year=2021, checkpoint=checkpoint, sheet="x", indicator="y", by=user("caiwu")
    )
    assert not permits(user("caiwu"), "monitoring.confirm", checkpoint)
    assert permits(user("caiwu2"), "monitoring.confirm", checkpoint)
