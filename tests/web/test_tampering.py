"""What is changed in the database itself, past the site, is refused there or found by the log's check."""

from __future__ import annotations

import base64
import json
import shutil
import sqlite3
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from guarding import drop, guard, run, table_of, unguard
from running import manage

from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence.records import Records
from zhunsheng.transparency.checkpoints import read_checkpoint, signed_by
from zhunsheng.transparency.merkle import Growing, consistent, leaf_hash
from zhunsheng.web import audit
from zhunsheng.web.databases.guards import guards
from zhunsheng.web.management.commands import worker
from zhunsheng.web.models import (
    AuditEntry,
    Commitment,
    KeyEvaluation,
    Membership,
    Paper,
    SheetVersion,
    Step,
    Upload,
    User,
)
from zhunsheng.web.models.audited import Audited
from zhunsheng.web.services import transparency
from zhunsheng.web.services.evidence import folder
from zhunsheng.web.templatetags.audit_words import record_word


def test_every_kind_of_record_has_a_word():
    kinds = [model._meta.model_name for model in apps.get_models() if issubclass(model, Audited)]
    assert [kind for kind in kinds if record_word(kind) == kind] == []


def test_a_site_as_it_runs_is_sound():
    assert audit.broken_links() == audit.unlogged_records() == audit.altered_records() == []


REPLACING = {
    "sqlite": (
        "INSERT OR REPLACE INTO {} ({}) SELECT {} FROM {} LIMIT 1",
        "REPLACE INTO {} ({}) SELECT {} FROM {} LIMIT 1",
        "INSERT OR IGNORE INTO {} ({}) SELECT {} FROM {} LIMIT 1",
    ),
    "postgresql": (
        "INSERT INTO {} ({}) SELECT {} FROM {} LIMIT 1 ON CONFLICT (id) DO UPDATE SET id = EXCLUDED.id",
    ),
}


@pytest.mark.parametrize("model", [AuditEntry, Step])
def test_replacing_a_row_is_refused_as_changing_and_removing_are(model):
    table, columns = model._meta.db_table, [f'"{f.column}"' for f in model._meta.concrete_fields]
    for act in REPLACING[connection.vendor]:
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            run(act.format(table, ", ".join(columns), ", ".join(columns), table))
    # By the number, which is unique too, under a key of its own.
    if model is AuditEntry:
        into, columns = ", ".join(columns), [one.strip('"') for one in columns]
        forged = ", ".join(
            "999999" if c == "id" else "'someone'" if c == "actor" else f'"{c}"' for c in columns
        )
        act = REPLACING[connection.vendor][0].replace("(id)", "(number)")
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            run(act.format(table, into, forged, table))


OTHERWISE = {
    "sqlite": "CREATE TRIGGER {} BEFORE UPDATE ON {} BEGIN SELECT 1; END",
    "postgresql": "CREATE TRIGGER {} BEFORE UPDATE ON {} FOR EACH ROW EXECUTE FUNCTION web_append_only()",
}


@pytest.mark.parametrize("name", sorted(guards(connection.vendor)))
def test_a_trigger_that_was_dropped_or_rewritten_is_seen(name):
    drop(name)
    said = f"数据库里防止改写的触发器缺失或被改动：{name}"
    assert audit.broken_links() == [said]
    run(OTHERWISE[connection.vendor].format(name, table_of(name)))
    assert audit.broken_links() == [said]
    drop(name)
    run(guards(connection.vendor)[name])
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
        "UPDATE web_user SET is_superuser = TRUE WHERE username = 'keyuan'"
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
    guard()
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


def test_a_file_put_in_place_of_one_taken_in_is_found(department):
    assert audit.altered_uploads() == []
    kept = Upload.keep(b"a", "佐证.txt", "word", department, None)
    other = Upload.keep(b"b", "佐证.txt", "word", department, None)
    lies, lie = (settings.DATA / "uploads" / one.sha256[:2] / one.sha256 for one in (kept, other))
    lies.write_bytes(lie.read_bytes())  # under the site's own key, as the administrator can
    lie.write_bytes(b"no longer readable")
    found = audit.altered_uploads()
    assert [
        f" {one.pk}（佐证.txt）的文件" in said for one, said in zip((kept, other), found, strict=True)
    ] == [
        True,
        True,
    ]
    with pytest.raises(CommandError) as refused:
        call_command("check_audit")
    assert found[0] in str(refused.value)
    for file in (lies, lie):
        file.unlink()


def test_a_log_that_was_emptied_is_no_sound_log_of_nothing():
    unguard()
    run("DELETE FROM web_auditentry")
    run("UPDATE web_audithead SET number = 0, digest = ''")
    guard()
    assert audit.broken_links() == ["日志是空的，网站却有用户：日志被清空过"]
    with pytest.raises(CommandError):
        call_command("check_audit")


# -- the transparency log


def sealed():
    checkpoint = transparency.seal() or transparency.newest()
    return checkpoint.note


def test_what_was_recorded_is_sealed_once_and_the_log_goes_on_from_every_checkpoint(department):
    notes = [sealed()]
    assert transparency.seal() is None
    for name in ("甲", "乙", "丙"):
        user = User.objects.get(username="keyuan")
        user.display = name
        user.save()
        notes.append(sealed())
    held = [read_checkpoint(note, "") for note in notes]
    assert [b.size - a.size for a, b in pairwise(held)] == [1, 1, 1]
    batches = list(Records(folder()).after(0))
    others = Commitment.objects.count() + Paper.objects.count()
    assert held[-1].size == AuditEntry.objects.count() + len(batches) + others
    assert transparency.problems() == []
    for note, before in zip(notes, held, strict=True):
        assert transparency.problems(note) == []
        shown = transparency.proof(before.size)
        proof = [base64.b64decode(one) for one in shown["proof"]]
        last = read_checkpoint(shown["checkpoint"], "")
        assert signed_by(shown["checkpoint"], transparency.key())
        assert consistent(before.size, last.size, before.root, last.root, proof)
    with pytest.raises(ZhunshengError, match="ZS-LG-05"):
        transparency.proof(held[-1].size + 1)


@pytest.mark.parametrize("size", [1, 7, 255, 256, 257, 511, 512, 700])
def test_proofs_start_from_nodes_that_are_kept(size):
    sealed()
    last = read_checkpoint(transparency.newest().note, "")
    tree, roots = Growing(), {}
    for line in transparency.lines():
        tree.add(leaf_hash(line.rstrip("\n").encode()))
        roots[tree.size] = tree.root()
    assert roots[last.size] == last.root and last.size > 700
    proof = [base64.b64decode(one) for one in transparency.proof(size)["proof"]]
    assert consistent(size, last.size, roots[size], last.root, proof)


def rebuilt():
    """Forge an entry of the log and chain it anew to its end, as whoever has the database can."""
    unguard()
    first = AuditEntry.objects.order_by("number")[10]
    first.actor = "someone"
    head = first.previous
    for entry in AuditEntry.objects.filter(number__gte=first.number).order_by("number"):
        entry.actor = "someone" if entry.number == first.number else entry.actor
        entry.previous = head
        entry.digest = head = entry.content_digest()
        AuditEntry.objects.filter(pk=entry.pk).update(
            actor=entry.actor, previous=entry.previous, digest=entry.digest
        )
    run("UPDATE web_audithead SET digest = %s", head)
    guard()


def test_a_log_rebuilt_from_end_to_end_contradicts_what_was_sealed():
    note = sealed()
    rebuilt()
    assert audit.broken_links() == []  # the chain alone says nothing
    assert any("与原来的记录不同" in said for said in transparency.problems())
    # Sealed anew from its beginning, it contradicts a checkpoint that somebody kept, and nothing else.
    unguard()
    for table in ("web_logentry", "web_lognode", "web_logcheckpoint"):
        run(f"DELETE FROM {table}")
    guard()
    transparency.seal()
    assert transparency.problems() == []
    (said,) = transparency.problems(note)
    assert f"现在的前 {read_checkpoint(note, '').size} 条不是检查点" in said


def test_a_cut_end_is_found_with_a_checkpoint_though_everything_was_set_back(tmp_path):
    user = User.objects.get(username="keyuan")
    user.display = "甲"
    user.save()
    note = sealed()
    (tmp_path / "检查点.txt").write_text(note, encoding="utf8")
    call_command("check_audit", checkpoint=tmp_path / "检查点.txt")
    unguard()
    last = AuditEntry.objects.order_by("-number").first()
    run("DELETE FROM web_auditentry WHERE number = %s", last.number)
    run("UPDATE web_audithead SET number = %s, digest = %s", last.number - 1, last.previous)
    for table in ("web_logentry", "web_lognode", "web_logcheckpoint"):
        run(f"DELETE FROM {table}")
    guard()
    transparency.seal()
    assert audit.broken_links() == transparency.problems() == []
    with pytest.raises(CommandError):
        call_command("check_audit", checkpoint=tmp_path / "检查点.txt")
    assert "末尾被截断" in transparency.problems(note)[0]


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ('UPDATE web_logentry SET digest = kind WHERE "index" = 5', "透明日志第 6 条"),
        ('DELETE FROM web_logentry WHERE "index" = 5', "透明日志第 6 条缺失"),
        ('DELETE FROM web_logentry WHERE "index" > 100', "透明日志应有"),
        (
            'UPDATE web_lognode SET hash = substr(hash, 1, 1) WHERE level = 8 AND "index" = 0',
            "透明日志的节点 8/0",
        ),
        ("UPDATE web_logcheckpoint SET note = replace(note, 'UTC', 'UT')", "检查点"),
    ],
)
def test_what_is_changed_in_the_transparency_log_itself_is_found(statement, said):
    sealed()
    if "lognode" not in statement:  # which follow from the entries
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            run(statement)
    unguard()
    run(statement)
    guard()
    try:
        found = transparency.problems()
    except ZhunshengError as error:
        found = [error.text()]
    assert any(said in one for one in found)


def test_what_cannot_be_sealed_keeps_the_worker_from_nothing_else(monkeypatch, caplog):
    def damaged():
        raise ZhunshengError("ZS-EV-11", detail="1.json")

    monkeypatch.setattr(transparency, "seal", damaged)
    worker.seal()
    assert "ZS-EV-11" in caplog.text
    monkeypatch.undo()
    worker.seal()
    assert transparency.seal() is None


# -- the file of SQLite, while no site runs


def neutered(file):
    """The triggers do nothing any more, by a change of the schema that the program's own tools don't make."""
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("PRAGMA writable_schema = ON")
        database.execute(
            "UPDATE sqlite_master SET sql = replace(sql, 'RAISE(ABORT', 'nullif(1') WHERE type = 'trigger'"
        )


def attached(file):
    """The roles are those of another copy of the database."""
    other = file.with_name("other.sqlite3")
    shutil.copy(file, other)
    with closing(sqlite3.connect(other)) as database, database:
        database.execute("UPDATE web_membership SET role = 'admin'")
    with closing(sqlite3.connect(file)) as database:
        database.execute("ATTACH ? AS other", [str(other)])
        with database:
            database.execute("DELETE FROM web_membership")
            database.execute("INSERT INTO web_membership SELECT * FROM other.web_membership")
    other.unlink()


@pytest.mark.parametrize(
    ("spoil", "words", "alone", "kept"),
    [
        (neutered, "用 PRAGMA writable_schema 把触发器改成什么也不做", True, True),
        (attached, "用 ATTACH 把一张表换成另一份里的", True, True),
        (None, "整个换成以前的一份，连同证据库", False, True),
    ],
)
def test_a_file_that_was_changed_while_no_site_ran_is_found(loaded, tmp_path, spoil, words, alone, kept):
    site, note = shutil.copytree(loaded, tmp_path / "site"), tmp_path / "检查点.txt"
    grow = (
        "from zhunsheng.web.audit import record; from zhunsheng.web.services import transparency as t; "
        "record('sign-in', title='later'); t.seal(); print(t.newest().note, end='')"
    )
    later = shutil.copytree(site, tmp_path / "later")
    note.write_text(manage(later, "shell", "-v0", "-c", grow).stdout, encoding="utf8")
    checked = site if spoil is None else later
    if spoil is not None:
        assert manage(later, "check_audit", "--checkpoint", note).returncode == 0
        spoil(later / "zhunsheng.sqlite3")
    else:
        shutil.copy(later / "log.key", site / "log.key")
    held = ((), ("--checkpoint", note))
    codes = [manage(checked, "check_audit", *more, check=False).returncode for more in held]
    assert [bool(code) for code in codes] == [alone, kept]
    told = Path("docs/tampering.md").read_text("utf8")
    answers = {True: "查得出", False: "查不出"}
    assert f"| {words} | {answers[alone]} | {answers[kept]} |" in told


def test_a_site_from_before_encrypted_fields_were_sealed_takes_stock_of_them(loaded, tmp_path):
    site = shutil.copytree(loaded, tmp_path / "site")
    manage(site, "migrate", "web", "0031_layouts", "-v0", "--lose-data")
    manage(site, "migrate", "-v0")
    asked = (
        "from zhunsheng.web.models import AuditEntry as e; "
        "print(*sorted(set(e.objects.filter(action='stock').values_list('model', flat=True))))"
    )
    assert manage(site, "shell", "-v0", "-c", asked).stdout.split() == ["inspector", "user"]
    manage(site, "check_audit")
