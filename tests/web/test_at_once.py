"""Two at once: a stale save undoes nothing, a form is acted on once, the log's head is taken last."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from zhunsheng.errors import ZhunshengError
from zhunsheng.web.audit import broken_links
from zhunsheng.web.databases.connections import remembering
from zhunsheng.web.models import (
    AuditEntry,
    AuditHead,
    CalendarEntry,
    Checkpoint,
    KeyEvaluation,
    LibraryIndicator,
    Rectification,
    SafeguardRecord,
    Sent,
    User,
    Word,
)
from zhunsheng.web.services import once
from zhunsheng.web.services.year import comparing, figures, filling, records, words
from zhunsheng.web.workflow import advance

TEMPLATES = Path(once.__file__).parents[1] / "templates"


@pytest.fixture
def checkpoint(department):
    return Checkpoint.objects.get(department=department, name="前十个月")


def explain_all(checkpoint, user):
    for sheet, indicator in records.unexplained(checkpoint):
        words.keep_word(checkpoint, sheet, indicator, user, None, cause="其他", measures="按计划推进")


def key(seen=None):
    return once.new_key(once.position() if seen is None else seen)


# -- stale saves
# ------------------------------------------------------------------------------------------------------


def test_a_save_of_a_record_read_before_a_decision_does_not_undo_it(checkpoint, user):
    explain_all(checkpoint, user("keyuan"))
    stale = Checkpoint.objects.get(pk=checkpoint.pk)
    advance(user("keyuan"), checkpoint, "monitoring.submit")
    stale.assessment = None
    with pytest.raises(ZhunshengError, match="ZS-WB-01"):
        stale.save()
    checkpoint.refresh_from_db()
    assert (checkpoint.state, checkpoint.assessment is None) == ("submitted", False)


def test_figures_computed_before_a_decision_are_not_put_in_after_it(checkpoint, user, monkeypatch):
    explain_all(checkpoint, user("keyuan"))
    computed, held = figures.assess_now, checkpoint.assessment_id

    def decided_meanwhile(*args, **kwargs):
        found = computed(*args, **kwargs)
        advance(user("keyuan"), Checkpoint.objects.get(pk=checkpoint.pk), "monitoring.submit")
        return found

    monkeypatch.setattr(filling, "assess_now", decided_meanwhile)
    filling.fill_checkpoint(checkpoint)
    assert (checkpoint.state, checkpoint.assessment_id) == ("submitted", held)


def test_figures_computed_before_a_word_do_not_take_the_place_of_those_with_it(checkpoint, user, monkeypatch):
    computed, done = figures.assess_now, []
    sheet = checkpoint.assessment.run.results[0]

    def said_meanwhile(*args, **kwargs):
        found = computed(*args, **kwargs)
        if not done:
            done.append(1)
            monkeypatch.setattr(filling, "assess_now", computed)
            other = Checkpoint.objects.get(pk=checkpoint.pk)
            words.say(other, sheet.id, sheet.indicators[0].id, user("keyuan"), cause="其他", measures="补齐")
        return found

    monkeypatch.setattr(filling, "assess_now", said_meanwhile)
    filling.fill_checkpoint(checkpoint)
    assert done and not comparing.drifted(checkpoint)


def test_two_who_read_one_record_each_save_their_own_field_and_not_the_same_one(user):
    first, second, third = (User.objects.get(username="keyuan2") for _ in range(3))
    first.display = "科员乙（甲改）"
    first.save()
    second.email = "a@example.gov.cn"
    second.save()
    now = user("keyuan2")
    assert (now.display, now.email) == ("科员乙（甲改）", "a@example.gov.cn")
    third.display = "科员乙（乙改）"
    with pytest.raises(ZhunshengError, match="ZS-WB-45"):
        third.save()
    assert user("keyuan2").display == "科员乙（甲改）"


def test_a_save_writes_the_fields_that_were_set_and_logs_them(user):
    one = user("keyuan2")
    one.save()  # nothing was set: nothing is written or logged
    before = once.position()
    one.must_change = True
    one.save()
    entry = AuditEntry.objects.get(number__gt=before)
    assert (entry.before, entry.after) == ({"must_change": False}, {"must_change": True})


def test_of_two_words_on_one_indicator_from_the_same_page_one_is_kept(checkpoint, sign_in, user):
    sheet = checkpoint.assessment.run.results[0]
    last = records.words_of(checkpoint).get((sheet.id, sheet.indicators[0].id))
    said = {
        "sheet": sheet.id,
        "indicator": sheet.indicators[0].id,
        "cause": "其他",
        "seen": str(last.pk if last else 0),
    }
    address = reverse("checkpoint", args=[checkpoint.pk])
    assert sign_in("keyuan").post(address, said | {"measures": "甲写的"}).status_code == 302
    assert "ZS-WB-10" in sign_in("keyuan2").post(address, said | {"measures": "乙写的"}).content.decode()
    with pytest.raises(ZhunshengError, match="ZS-WB-01"):
        explain_all(checkpoint, user("keyuan"))
        filling.fill_checkpoint(checkpoint)
        old = Checkpoint.objects.get(pk=checkpoint.pk)
        advance(user("keyuan"), checkpoint, "monitoring.submit")
        words.say(old, sheet.id, sheet.indicators[0].id, user("keyuan"), cause="其他", measures="又一句")
    assert Word.objects.filter(checkpoint=checkpoint, measures="又一句").count() == 0


def test_a_word_is_computed_before_anything_is_locked(checkpoint, user, monkeypatch):
    compute, seen = figures.compute, []

    def watched(*args, **kwargs):
        seen.append((connection.in_transaction, len(connection.waiting)))  # type: ignore[attr-defined]
        return compute(*args, **kwargs)

    monkeypatch.setattr(words, "compute", watched)
    sheet, before = checkpoint.assessment.run.results[0], checkpoint.assessment_id
    said = {"cause": "其他", "measures": "补齐", "actual": "3", "reason": "见附件"}
    words.say(checkpoint, sheet.id, sheet.indicators[0].id, user("keyuan"), **said)
    assert seen and set(seen) == {(False, 0)}
    assert checkpoint.assessment_id != before and not comparing.drifted(checkpoint)


# -- pages as they were seen
# ------------------------------------------------------------------------------------------


def test_a_page_of_the_administration_from_before_a_change_changes_nothing(sign_in, user):
    old, entry = key(), CalendarEntry.objects.first()
    address, said = reverse("calendar"), {"id": entry.pk}
    assert sign_in("guanli").post(address, said | {"once": old}).status_code == 302
    late = sign_in("guanli").post(address, said | {"once": key(int(old.split(".")[1]))})
    assert late.status_code == 409 and "ZS-WB-10" in late.content.decode() and "在用" in late.content.decode()
    entry.refresh_from_db()
    assert not entry.active  # ended by the first, not taken up again by the second
    assert sign_in("guanli").post(address, said | {"once": key()}).status_code == 302


def test_marks_from_an_older_window_do_not_replace_newer_ones(department, sign_in):
    evaluation = KeyEvaluation.objects.get(department=department)
    card = {f"points_{m.row}": str(m.points) for m in evaluation.marks.all()}
    name, old = next(iter(card)), once.position()
    address = reverse("marks", args=[evaluation.pk])
    assert sign_in("zhuanjia2").post(address, card | {"once": key()}).status_code == 302
    changed = card | {name: "0"}
    assert sign_in("zhuanjia2").post(address, changed | {"once": key()}).status_code == 302
    assert sign_in("zhuanjia2").post(address, card | {"once": key(old)}).status_code == 409
    assert evaluation.marks.get(by__username="zhuanjia2", row=name.removeprefix("points_")).points == 0


# -- one form, one act
# ------------------------------------------------------------------------------------------------


def test_a_form_sent_six_times_is_acted_on_once_and_answered_alike(department, sign_in):
    client, address = sign_in("keyuan"), reverse("register", args=[department.pk, 2021, "training"])
    said = {
        "activity_no": "PX-77",
        "topic": "业务能力",
        "title": "培训",
        "held_on": "2021-05-01",
        "once": key(),
    }
    answers = [client.post(address, said) for _ in range(6)]
    mine = SafeguardRecord.objects.filter(data__activity_no="PX-77")
    assert mine.count() == 1 and {(a.status_code, a["Location"]) for a in answers} == {
        (302, answers[0]["Location"])
    }
    # Someone who goes back and writes the next one sends another form; another person's is theirs.
    client.post(address, said | {"title": "又一次培训"})
    sign_in("caiwu").post(address, said)
    assert mine.count() == 3
    for _ in range(2):  # a program's form has no key: it acts each time
        client.post(address, {k: v for k, v in said.items() if k != "once"})
    assert mine.count() == 5


def test_a_form_that_was_refused_may_be_sent_again(department, sign_in):
    client, evaluation = sign_in("caizheng"), KeyEvaluation.objects.get(department=department)
    address, one = reverse("rectification", args=[evaluation.pk]), key()
    said = {"problem": "问题", "owner": "综合科", "due_on": "", "once": one}
    before = Rectification.objects.count()
    assert client.post(address, said).status_code == 400
    for _ in range(2):
        assert client.post(address, said | {"due_on": "2022-06-30"}).status_code == 302
    assert (
        Rectification.objects.count() == before + 1
        and Sent.objects.filter(key=one.split(".")[0]).count() == 1
    )


def test_a_step_that_fills_figures_and_is_then_refused_keeps_its_key(department, sign_in, checkpoint):
    client, address = sign_in("keyuan"), reverse("step", args=["monitoring", checkpoint.pk])
    said = {"action": "monitoring.submit", "seen": checkpoint.seen_digest(), "once": key()}
    before = once.position()
    words.keep_word(  # type: ignore[call-arg]
        checkpoint,
        *lines(checkpoint)[0],
        User.objects.get(username="keyuan2"),
        None,
        cause="其他",
        measures="补",
    )
    checkpoint.refresh_from_db()
    said["seen"] = checkpoint.seen_digest()
    assert client.post(address, said).status_code in (400, 409)  # the figures were filled, which is kept
    assert AuditEntry.objects.filter(model="checkpoint", number__gt=before).exists()
    assert not Sent.objects.filter(key=said["once"].split(".")[0]).exists()


def lines(record):
    return [(s.id, i.id) for s in record.assessment.run.results for i in s.indicators]


def test_a_repeated_form_of_htmx_is_led_where_the_first_was(sign_in):
    client, address, one = sign_in("guanli"), reverse("library"), key()
    said = {"level1": "产出指标", "level2": "数量指标", "name": "新指标", "once": one}
    first, second = (client.post(address, said, HTTP_HX_REQUEST="true") for _ in range(2))
    assert first.status_code == second.status_code == 204
    assert first["HX-Redirect"] == second["HX-Redirect"]
    assert LibraryIndicator.objects.filter(name="新指标").count() == 1


def test_every_form_carries_a_key_of_its_own(department, sign_in, checkpoint):
    for path in TEMPLATES.rglob("*.html"):
        for form in re.findall(r"<form\b.*?</form>", path.read_text("utf8"), re.S):
            if 'method="post"' in form:
                assert "{% csrf_token %}" in form or "seen record" in form, path
    page = sign_in("keyuan").get(reverse("checkpoint", args=[checkpoint.pk])).content.decode()
    keys = re.findall(r'name="once" value="([0-9a-f]{16}\.\d+)"', page)
    assert len(keys) > 3 and len(set(keys)) == len(keys)


def test_keys_are_forgotten_after_a_day(user):
    told = {"user": user("keyuan"), "digest": "d", "path": "/"}
    old, new = (Sent.objects.create(key=k, **told) for k in ("old", "new"))
    Sent.objects.filter(pk=old.pk).update(at=timezone.now() - timedelta(hours=25))
    assert once.prune() == 1 and list(Sent.objects.filter(digest="d")) == [new]


# -- the log comes last
# -----------------------------------------------------------------------------------------------


def test_the_log_is_written_at_the_end_of_a_transaction(user):
    head = AuditHead._base_manager.get(pk=1)
    with transaction.atomic():
        one = user("keyuan2")
        one.display = "改了"
        one.save()
        assert AuditHead._base_manager.get(pk=1).number == head.number and len(connection.waiting) == 1  # type: ignore[attr-defined]
    assert AuditHead._base_manager.get(pk=1).number == head.number + 1 and not connection.waiting  # type: ignore[attr-defined]
    assert broken_links() == []


def test_what_is_rolled_back_leaves_no_entry(user):
    before = once.position()
    with transaction.atomic():
        one = user("keyuan2")
        one.display = "改了"
        one.save()
        with pytest.raises(ZhunshengError), transaction.atomic():
            one.email = "a@example.gov.cn"
            one.save()
            raise ZhunshengError("ZS-WB-47")
    assert [e.after for e in AuditEntry.objects.filter(number__gt=before)] == [{"display": "改了"}]
    with pytest.raises(ZhunshengError), transaction.atomic():
        other = user("keyuan")
        other.display = "没改成"
        other.save()
        raise ZhunshengError("ZS-WB-47")
    assert once.position() == before + 1 and broken_links() == []


def test_whoever_reads_the_log_in_a_transaction_finds_what_it_has_to_say(user):
    with transaction.atomic():
        one = user("keyuan2")
        one.display = "改了"
        one.save()
        assert AuditEntry.objects.first().after == {"display": "改了"}


# -- what a request has read
# -------------------------------------------------------------------------------------------


def test_what_a_request_has_read_is_read_again_once_it_writes_locks_or_begins_a_transaction(checkpoint, user):
    """So that a reading of before a lock is never what an act behind the lock goes by."""

    def reads() -> int:
        with CaptureQueriesContext(connection) as asked:
            records.words_of(checkpoint)
        return len(asked)

    assert reads() == reads() > 0  # in a job or a command nothing is kept
    with remembering():
        cost = reads()
        assert cost > 0
        assert reads() == 0
        record = SafeguardRecord.objects.filter(department=checkpoint.department).first()
        for act in (
            record.save,
            lambda: list(Checkpoint._base_manager.select_for_update().filter(pk=checkpoint.pk)),
            lambda: QuerySet(LibraryIndicator).filter(pk=0).update(name="x"),
        ):
            with transaction.atomic():
                act()
                assert reads() == cost
            assert reads() == cost
            assert reads() == 0
    assert reads() == cost


def test_what_is_rolled_back_is_not_remembered(checkpoint, user):
    explain_all(checkpoint, user("keyuan"))
    with remembering():
        before = records.words_of(checkpoint)
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            QuerySet(Word).filter(checkpoint=checkpoint).update(measures="另一个说法")
            assert {w.measures for w in records.words_of(checkpoint).values()} == {"另一个说法"}
            raise ZeroDivisionError
        assert {k: w.measures for k, w in records.words_of(checkpoint).items()} == {
            k: w.measures for k, w in before.items()
        }
