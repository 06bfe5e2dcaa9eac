"""States of records: one way to change them, a way out of each, and the log sees all."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.urls import reverse

import zhunsheng.web
from zhunsheng.web.actions import ACTIONS
from zhunsheng.web.audit import altered_records
from zhunsheng.web.models import (
    AuditEntry,
    Checkpoint,
    Draw,
    InspectionItem,
    KeyEvaluation,
    Publication,
    Rectification,
    SafeguardRecord,
    SelfEvaluation,
    Sheet,
    SheetVersion,
    Step,
    User,
)
from zhunsheng.web.models.audited import changed_in_bulk, created_in_bulk
from zhunsheng.web.services.decisions import RECORDS
from zhunsheng.web.workflow import CONDITIONS

WEB = Path(zhunsheng.web.__file__).parent


def sources():
    for path in sorted(WEB.rglob("*.py")):
        if "migrations" not in path.parts:
            yield path.relative_to(WEB).as_posix(), ast.parse(path.read_text("utf8"))


# -- one way for every change of a state
# ------------------------------------------------------------------------------------------------------------


def test_nothing_sets_a_state_but_the_workflow():
    """Jobs and mails have a state of their own, which no person decides on."""
    wrong = []
    for name, tree in sources():
        if name in ("workflow.py", "services/jobs.py", "services/witnesses.py"):
            continue
        for node in ast.walk(tree):
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
            for target in targets:
                parts = target.elts if isinstance(target, ast.Tuple) else [target]
                if any(isinstance(p, ast.Attribute) and p.attr == "state" for p in parts):
                    wrong.append(f"{name}:{node.lineno} sets a state")  # type: ignore[attr-defined]
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                if node.func.attr in ("update", "create", "changed_in_bulk"):
                    wrong += [
                        f"{name}:{node.lineno} {node.func.attr}(state=)"
                        for k in node.keywords
                        if k.arg == "state"
                    ]
    assert not wrong


def test_every_step_that_a_page_leads_to_says_what_was_seen():
    wrong = []
    for name, tree in sources():
        if not name.startswith(("views/", "api")) and name != "services/decisions.py":
            continue
        for node in ast.walk(tree):
            called = node.func if isinstance(node, ast.Call) else None
            what = getattr(called, "attr", getattr(called, "id", ""))
            if what == "advance" and not any(k.arg == "seen" for k in node.keywords):  # type: ignore[attr-defined]
                wrong.append(f"{name}:{node.lineno}")  # type: ignore[attr-defined]
    assert not wrong


def test_every_form_of_a_step_carries_what_was_seen():
    for path in (WEB / "templates").rglob("*.html"):
        for form in re.findall(r"<form.*?</form>", path.read_text("utf8"), re.S):
            if re.search(r"url 'step'|url 'draw-act' draw.pk '(commit|enter|draw)'", form):
                assert "{% seen " in form, (path.name, form[:80])
            if re.search(r"url '(settle|same)'", form) or path.name in ("_match.html", "matches.html"):
                assert 'name="seen"' in form, (path.name, form[:80])


@pytest.mark.parametrize("prefix", RECORDS)
def test_every_change_of_a_state_in_the_sample_has_its_step_and_its_entry(
    prefix, department, contested, found_low
):
    model = RECORDS[prefix]
    initial = model._meta.get_field("state").get_default()
    found = list(model.objects.all())
    assert found
    for record in found:
        state = initial
        for step in record.steps():
            if step.before:
                assert step.before == state, (record, step)
            state = step.after or state
            if step.before and step.before != step.after:
                entries = AuditEntry.objects.filter(
                    model=step.model, object_id=str(step.object_id), action="change"
                )
                assert entries.filter(before__state=step.before, after__state=step.after).exists(), (
                    record,
                    step,
                )
        assert state == record.state, record


def test_a_record_saved_with_another_state_is_refused(department):
    checkpoint = Checkpoint.objects.filter(department=department, state="open")[0]
    checkpoint.state = "confirmed"
    with pytest.raises(TypeError):
        checkpoint.save()
    with pytest.raises(TypeError):
        Checkpoint.objects.filter(pk=checkpoint.pk).update(state="confirmed")
    other = Checkpoint(department=department, year=2021, name="x", as_of="2021-01-01", due_on="2021-01-02")
    other.state = "confirmed"
    with pytest.raises(TypeError):
        other.save()


# -- every state has a way out
# ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("prefix", RECORDS)
def test_every_state_has_a_way_out_or_is_declared_final(prefix):
    model = RECORDS[prefix]
    states = set(model.State.values)  # type: ignore[attr-defined]
    acts = {n: a for n, a in ACTIONS.items() if n.startswith(f"{prefix}.") and a.to}
    assert set(model.final) <= states and set(model.start) <= states
    for name, act in acts.items():
        assert {*act.on, *act.leads} <= states, name
    for state in states:
        out = [n for n, a in acts.items() if a.roles and state in a.on and set(a.leads) - {state}]
        assert out or state in model.final, f"{prefix} {state} is a dead end"
    reached = {model._meta.get_field("state").get_default()}
    while more := {s for a in acts.values() if reached & set(a.on) for s in a.leads} - reached:
        reached |= more
    assert reached == states


# -- conditions
# ------------------------------------------------------------------------------------------------------------


def test_every_condition_of_the_table_is_known_and_every_known_one_is_used():
    assert {name for act in ACTIONS.values() for name in act.needs} == set(CONDITIONS)
    assert all(act.leads for act in ACTIONS.values() if act.needs)


# -- what was approved is not changed in silence
# ------------------------------------------------------------------------------------------------------------


def test_each_step_keeps_the_digest_of_the_text_that_it_left(department):
    kept = 0
    for model in set(RECORDS.values()):
        for record in model.objects.all():
            last = record.last_step()
            if last is not None and record.state in record.bound:
                kept += 1
                assert last.text == record.bound_digest(), (model, record.pk)
    assert kept > 8 and altered_records() == []


def test_what_was_decided_on_is_not_saved_otherwise(department, user):
    """Whatever code saves a record in a state that binds its text: the text stays, or the save is refused."""
    changes = {
        SafeguardRecord: ("data", {"asset_no": "GD-0001", "value": "999999"}),
        SheetVersion: ("body", {}),
        Publication: ("data", {"sheet": {}}),
        Draw: ("plan", {}),
    }
    for model, (name, value) in changes.items():
        record = next(r for r in model.objects.all() if r.state in model.bound)
        setattr(record, name, value)
        with pytest.raises(TypeError, match="new version or step"):
            record.save()
    fix = Rectification.objects.get(department=department)
    assert "proved" in fix.bound and KeyEvaluation.bound and Checkpoint.bound and SelfEvaluation.bound


def test_a_text_changed_in_the_database_itself_is_told(department, sign_in):
    version = SheetVersion.objects.filter(sheet__department=department, state="approved")[0]
    with connection.cursor() as cursor:
        cursor.execute("UPDATE web_sheetversion SET reason = %s WHERE id = %s", ["悄悄改了", version.pk])
    page = sign_in("shenji").get(reverse("version", args=[version.pk])).content.decode()
    assert "与最后一步办理时的不同" in page
    assert [str(version.pk) in one for one in altered_records()] == [True]
    with pytest.raises(CommandError, match="与最后一步办理时的内容不同"):
        call_command("check_audit")
    assert "悄悄改了" in page


# -- the log sees all
# ------------------------------------------------------------------------------------------------------------


def test_changes_of_many_to_many_fields_reach_the_log(department, user):
    key = KeyEvaluation.objects.get(department=department)

    def last():
        return AuditEntry.objects.filter(model="keyevaluation", object_id=str(key.pk)).first()

    first = sorted(key.evaluators.values_list("pk", flat=True))
    key.evaluators.add(user("keyuan"))
    assert last().before == {"evaluators": first}
    assert last().after == {"evaluators": sorted([*first, user("keyuan").pk])}
    key.evaluators.remove(user("keyuan"))
    assert last().after == {"evaluators": first}
    key.evaluators.set([user("zhuanjia1")])
    assert last().after == {"evaluators": [user("zhuanjia1").pk]}
    key.evaluators.clear()
    assert last().after == {"evaluators": []}
    user("zhuanjia2").key_evaluations.add(key)
    entry = AuditEntry.objects.filter(model="user", object_id=str(user("zhuanjia2").pk)).first()
    assert list(entry.after.values()) == [[key.pk]]


def test_changes_of_many_rows_are_refused_or_recorded_each(department):
    items = InspectionItem.objects.filter(department=department)
    for change in (
        lambda: items.update(active=False),
        lambda: items.delete(),
        lambda: InspectionItem.objects.bulk_create([InspectionItem(department=department, code="Z")]),
        lambda: InspectionItem.objects.bulk_update(list(items), ["active"]),
        lambda: User.objects.filter(username="keyuan").update(is_active=False),
    ):
        with pytest.raises(TypeError):
            change()
    before = AuditEntry.objects.filter(model="inspectionitem").count()
    count = changed_in_bulk(items, active=False)
    made = created_in_bulk([InspectionItem(department=department, code=f"Z{n}", name="x") for n in range(2)])
    assert count and AuditEntry.objects.filter(model="inspectionitem").count() == before + count + made


def test_every_step_has_a_person_and_the_sample_no_open_end():
    assert not Step.objects.filter(by=None).exists()
    assert Sheet.objects.exists()
