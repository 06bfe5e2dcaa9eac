"""What is changed in the database itself, past the site, is refused there or found by the log's check."""

from __future__ import annotations

import json

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from zhunsheng.web import audit
from zhunsheng.web.databases.guards import guards
from zhunsheng.web.models import AuditEntry, KeyEvaluation, Membership, SheetVersion, Step, User
from zhunsheng.web.models.audited import Audited
from zhunsheng.web.templatetags.audit_words import record_word


def run(statement, *values):
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def unguard():
    for name in guards("sqlite"):
        run(f"DROP TRIGGER {name}")


def test_every_kind_of_record_has_a_word():
    kinds = [model._meta.model_name for model in apps.get_models() if issubclass(model, Audited)]
    assert [kind for kind in kinds if record_word(kind) == kind] == []


def test_a_site_as_it_runs_is_sound():
    assert audit.broken_links() == audit.unlogged_records() == audit.altered_records() == []


@pytest.mark.parametrize("table", ["web_auditentry", "web_step"])
def test_replacing_a_row_is_refused_as_changing_and_removing_are(table):
    for act in ("INSERT OR REPLACE INTO", "REPLACE INTO", "INSERT OR IGNORE INTO"):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            run(f"{act} {table} SELECT * FROM {table} LIMIT 1")
    # By the number, which is unique too, under a key of its own.
    if table == "web_auditentry":
        columns = [f.column for f in AuditEntry._meta.concrete_fields]
        forged = ", ".join("999999" if c == "id" else "'someone'" if c == "actor" else c for c in columns)
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            run(f"INSERT OR REPLACE INTO {table} ({', '.join(columns)}) SELECT {forged} FROM {table} LIMIT 1")


@pytest.mark.parametrize("name", sorted(guards("sqlite")))
def test_a_trigger_that_was_dropped_or_rewritten_is_seen(name):
    run(f"DROP TRIGGER {name}")
    said = f"数据库里防止改写的触发器缺失或被改动：{name}"
    assert audit.broken_links() == [said]
    table = name.rsplit("_no_", 1)[0]
    run(f"CREATE TRIGGER {name} BEFORE UPDATE ON {table} BEGIN SELECT 1; END")
    assert audit.broken_links() == [said]
    run(f"DROP TRIGGER {name}")
    run(guards("sqlite")[name])
    assert audit.broken_links() == []


# What an administrator of the database could want: who approved, what was approved, a role, an account.
CHANGED = {
    "who approved": lambda: run(
        "UPDATE web_step SET by_id = (SELECT id FROM web_user WHERE username = 'guanli') WHERE id = %s",
        step(),
    ),
    "when it was approved": lambda: run(
        "UPDATE web_step SET at = '2020-01-01 00:00:00' WHERE id = %s", step()
    ),
    "what was approved": lambda: run("UPDATE web_sheetversion SET body = %s WHERE id = %s", *body()),
    "a role": lambda: run("UPDATE web_membership SET role = 'admin' WHERE id = %s", member()),
    "a password": lambda: run("UPDATE web_user SET password = 'md5$x$y' WHERE username = 'juzhang'"),
    "an account that is in use again": lambda: run(
        "UPDATE web_user SET is_superuser = 1 WHERE username = 'keyuan'"
    ),
}


def step():
    return Step.objects.filter(action="targets.approve").first().pk


def member():
    return Membership.objects.filter(role="staff").first().pk


def body():
    version = SheetVersion.objects.filter(state="approved").first()
    changed = json.loads(json.dumps(version.body, ensure_ascii=False).replace("≥90", "≥50").replace("1", "2"))
    return json.dumps(changed, ensure_ascii=False), version.pk


@pytest.mark.parametrize("what", CHANGED)
def test_a_record_changed_past_the_site_is_found(what):
    unguard()
    CHANGED[what]()
    for statement in guards("sqlite").values():
        run(statement)
    assert audit.broken_links() == []  # the log itself is whole
    found = audit.unlogged_records()
    assert len(found) == 1 and "之后的内容不同" in found[0]
    with pytest.raises(CommandError) as refused:
        call_command("check_audit")
    assert found[0] in str(refused.value)


def test_a_record_made_or_removed_past_the_site_is_found():
    columns = [f.column for f in Membership._meta.concrete_fields if not f.primary_key]
    forged = ", ".join("'admin'" if column == "role" else column for column in columns)
    into = f"INSERT INTO web_membership ({', '.join(columns)})"
    run(f"{into} SELECT {forged} FROM web_membership WHERE id = %s", member())
    assert [said.endswith("在日志里没有来历") for said in audit.unlogged_records()] == [True]
    run("DELETE FROM web_membership WHERE id = (SELECT MAX(id) FROM web_membership)")
    assert audit.unlogged_records() == []
    kept = member()
    run("DELETE FROM web_membership WHERE id = %s", kept)
    assert [f" {kept} 在日志里有来历，记录却不在了" in said for said in audit.unlogged_records()] == [True]


def test_an_expert_put_in_past_the_site_is_found():
    card = KeyEvaluation.objects.first()
    outsider = User.objects.exclude(pk__in=card.evaluators.all()).first()
    run(
        "INSERT INTO web_keyevaluation_evaluators (keyevaluation_id, user_id) VALUES (%s, %s)",
        card.pk,
        outsider.pk,
    )
    found = audit.unlogged_records()
    assert len(found) == 1 and "与日志所记的不同" in found[0]


def test_a_log_that_was_emptied_is_no_sound_log_of_nothing():
    unguard()
    run("DELETE FROM web_auditentry")
    run("UPDATE web_audithead SET number = 0, digest = ''")
    for statement in guards("sqlite").values():
        run(statement)
    assert audit.broken_links() == ["日志是空的，网站却有用户：日志被清空过"]
    with pytest.raises(CommandError):
        call_command("check_audit")
