"""Every way in which the database was, or could be, changed past the site: whether the database refuses it,
and whether ``check_audit`` finds it without and with a checkpoint that somebody kept.

docs/tampering.md tells the same table in words; a test holds the two against each other.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db import DatabaseError, connection, transaction

from zhunsheng.errors import ZhunshengError
from zhunsheng.web import audit
from zhunsheng.web.databases.guards import guards
from zhunsheng.web.models import AuditEntry, Membership, Organisation, SheetVersion, Step, Upload, User
from zhunsheng.web.models.audited import Audited
from zhunsheng.web.services import transparency

DOC = Path(__file__).parents[3] / "docs" / "tampering.md"
LOGS = ("web_logentry", "web_lognode", "web_logcheckpoint")
SQLITE, POSTGRESQL = "sqlite", "postgresql"


def run(statement, *values):
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def table_of(trigger):
    return re.sub(r"_(no_\w+|append_only)$", "", trigger)


def unguard():
    for name in guards(connection.vendor):
        run(f"DROP TRIGGER {name}" + ("" if connection.vendor == SQLITE else f" ON {table_of(name)}"))


def guard():
    for statement in guards(connection.vendor).values():
        run(statement)


def past(*acts):
    """Acts with the triggers taken away before and put back afterwards, as an administrator can."""

    def act():
        unguard()
        for one in acts:
            one() if callable(one) else run(one)
        guard()

    return act


# -- what is done to the audit log


def last():
    return AuditEntry._base_manager.order_by("-number").first()


def cut():
    gone = last()
    run("DELETE FROM web_auditentry WHERE number = %s", gone.number)
    run("UPDATE web_audithead SET number = %s, digest = %s", gone.number - 1, gone.previous)


def rebuilt():
    """An entry is forged, and the chain made anew from there to its end."""
    entries = list(AuditEntry._base_manager.order_by("number"))
    head = entries[20].previous
    entries[20].actor = "someone"
    for entry in entries[20:]:
        entry.previous = head
        entry.digest = head = entry.content_digest()
        run(
            "UPDATE web_auditentry SET actor = %s, previous = %s, digest = %s WHERE number = %s",
            entry.actor,
            entry.previous,
            entry.digest,
            entry.number,
        )
    run("UPDATE web_audithead SET digest = %s", head)


def sealed_anew():
    """The transparency log is thrown away and made anew of what is there now."""
    for table in LOGS:
        run(f"DELETE FROM {table}")
    transparency.seal()


def forged():
    entry = last()
    entry.pk, entry.number, entry.previous, entry.actor = None, entry.number + 1, entry.digest, "someone"
    entry.digest = "0" * 64
    AuditEntry._base_manager.bulk_create([entry])


def swapped():
    first = last().number
    for number, other in ((first, 0), (first - 1, first), (0, first - 1)):
        run("UPDATE web_auditentry SET number = %s WHERE number = %s", other, number)


def emptied():
    run("DELETE FROM web_auditentry")
    run("UPDATE web_audithead SET number = 0, digest = ''")


def replacing(table):
    return f"INSERT OR REPLACE INTO {table} SELECT * FROM {table} LIMIT 1"


def replaced_by_kind():
    run(
        'INSERT OR REPLACE INTO web_logentry ("index", kind, number, digest) '
        "SELECT 99999999, kind, number, kind FROM web_logentry LIMIT 1"
    )


# -- what is done to records


def step():
    return Step.objects.filter(action="targets.approve").first().pk


def of(table, what, pick):
    return lambda: run(f"UPDATE {table} SET {what} WHERE id = %s", pick())


def member():
    return Membership.objects.filter(role="staff").first().pk


SOMEONE_ELSE = "by_id = (SELECT id FROM web_user WHERE username = 'guanli')"


def user(name="keyuan"):
    return User.objects.get(username=name).pk


def inserted():
    columns = [f.column for f in Membership._meta.concrete_fields if not f.primary_key]
    new = ", ".join("'admin'" if c == "role" else c for c in columns)
    run(
        f"INSERT INTO web_membership ({', '.join(columns)}) SELECT {new} FROM web_membership WHERE id = %s",
        member(),
    )


def expert():
    run(
        "INSERT INTO web_keyevaluation_evaluators (keyevaluation_id, user_id) "
        "SELECT k.id, u.id FROM web_keyevaluation k, web_user u WHERE NOT EXISTS (SELECT 1 FROM "
        "web_keyevaluation_evaluators e WHERE e.keyevaluation_id = k.id AND e.user_id = u.id) LIMIT 1"
    )


def body():
    version = SheetVersion.objects.filter(state="approved").first().pk
    renamed = {SQLITE: "json_set(body, '$.name', 'x')", POSTGRESQL: 'body || \'{"name": "x"}\'::jsonb'}
    run(f"UPDATE web_sheetversion SET body = {renamed[connection.vendor]} WHERE id = %s", version)


def uploaded(spoil):
    def act():
        one = Upload.keep(b"proof", "佐证.txt", "word", Organisation.objects.first(), None)
        transparency.seal()
        spoil(settings.DATA / "uploads" / one.sha256[:2] / one.sha256)

    return act


# -- what PostgreSQL can do


def replica():
    run("SET LOCAL session_replication_role = replica")
    run("UPDATE web_step SET at = '2020-01-01' WHERE id = %s", step())
    run("SET LOCAL session_replication_role = DEFAULT")


def partitioned():
    run("ALTER TABLE web_auditentry RENAME TO old_entries")
    run("CREATE TABLE web_auditentry (LIKE old_entries INCLUDING DEFAULTS) PARTITION BY RANGE (number)")
    run("CREATE TABLE a_part PARTITION OF web_auditentry DEFAULT")
    run("INSERT INTO web_auditentry SELECT * FROM old_entries")


def owned():
    run("CREATE ROLE another_owner")
    run("ALTER TABLE web_auditentry OWNER TO another_owner")


def hidden_rows():
    run("ALTER TABLE web_step ENABLE ROW LEVEL SECURITY")
    run("CREATE POLICY few ON web_step USING (id > 1)")


@dataclass(frozen=True)
class Case:
    """One way: by the words of docs/tampering.md; what is done; what comes of it."""

    words: str
    act: Callable[[], object]
    found: str  # refused | without | kept | never
    only: str = ""  # a database, where the other knows no such thing


def refusing(*statements):
    def act():
        for statement in statements:
            run(statement)

    return act


CASES = [
    # The fifteen that were tried on the first version.
    Case("改审计日志一条的内容", past("UPDATE web_auditentry SET actor = 'x' WHERE number = 30"), "without"),
    Case("删审计日志中间的一条", past("DELETE FROM web_auditentry WHERE number = 30"), "without"),
    Case(
        "倒签审计日志一条的时间",
        past("UPDATE web_auditentry SET at = '2020-01-01 00:00:00+00' WHERE number = 30"),
        "without",
    ),
    Case(
        "截去审计日志的末尾，不动记着末尾的一行",
        past(lambda: run("DELETE FROM web_auditentry WHERE number = %s", last().number)),
        "without",
    ),
    Case("改记着末尾的一行", refusing("UPDATE web_audithead SET digest = 'x'"), "without"),
    Case("在审计日志末尾补一条伪造的", forged, "without"),
    Case("调换审计日志的两条", past(swapped), "without"),
    Case(
        "直接改审计日志、办理记录、透明日志、检查点",
        refusing("UPDATE web_auditentry SET actor = 'x' WHERE number = 30"),
        "refused",
    ),
    Case("直接删审计日志、办理记录、透明日志、检查点", refusing("DELETE FROM web_step"), "refused"),
    Case("截去审计日志的末尾，连同记着末尾的一行", past(cut), "without"),
    Case("截去审计日志的末尾，再重做透明日志", past(cut, sealed_anew), "kept"),
    Case("清空审计日志", past(emptied), "without"),
    Case("从一条起重做审计日志的链", past(rebuilt), "without"),
    Case("从一条起重做审计日志的链，再重做透明日志", past(rebuilt, sealed_anew), "kept"),
    Case("改办理记录：谁批准的", past(of("web_step", SOMEONE_ELSE, step)), "without"),
    Case("用 INSERT OR REPLACE 换掉办理记录", refusing(replacing("web_step")), "refused", SQLITE),
    Case("改目标表的内容", body, "without"),
    # The transparency log itself.
    Case("改透明日志的一条", past('UPDATE web_logentry SET digest = kind WHERE "index" = 5'), "without"),
    Case("用 INSERT OR REPLACE 换掉透明日志的一条", replaced_by_kind, "refused", SQLITE),
    Case("截去透明日志的末尾", past('DELETE FROM web_logentry WHERE "index" > 100'), "without"),
    Case("改透明日志的节点", refusing("DELETE FROM web_lognode"), "without"),
    Case("改检查点", past("UPDATE web_logcheckpoint SET note = replace(note, 'UTC', 'UT')"), "without"),
    Case("清空透明日志", past(*(f"DELETE FROM {t}" for t in LOGS)), "without"),
    Case("清空再重做透明日志，记录一条未改", past(sealed_anew), "kept"),
    # Triggers.
    Case("去掉防改写的触发器", unguard, "without"),
    Case("另加触发器", lambda: run(foreign_trigger()), "without"),
    # Records.
    Case("改角色", of("web_membership", "role = 'admin'", member), "without"),
    Case("改密码", of("web_user", "password = 'x'", user), "without"),
    Case("增添一条记录", inserted, "without"),
    Case("删去一条记录", lambda: run("DELETE FROM web_membership WHERE id = %s", member()), "without"),
    Case("给重点评价加一名专家", expert, "without"),
    Case("换掉加密的字段，如联系电话", of("web_user", "phone = 'gAAAAAx'", user), "without"),
    Case("清除加密的字段", of("web_user", "phone = NULL", user), "without"),
    Case("改不留痕的字段，如最近登录时间", of("web_user", "last_login = NULL", user), "never"),
    Case("改算得出的数，如测算结果", lambda: run("DELETE FROM web_indicatorlight"), "never"),
    Case("换掉上传的文件", uploaded(lambda file: file.write_bytes(b"x")), "without"),
    Case("删去上传的文件", uploaded(lambda file: file.unlink()), "without"),
    # PostgreSQL.
    Case("TRUNCATE 办理记录", refusing("TRUNCATE web_step CASCADE"), "refused", POSTGRESQL),
    Case(
        "停用触发器后 TRUNCATE 再启用",
        lambda: [
            run("ALTER TABLE web_step DISABLE TRIGGER USER"),
            run("TRUNCATE web_step CASCADE"),
            run("ALTER TABLE web_step ENABLE TRIGGER USER"),
        ],
        "without",
        POSTGRESQL,
    ),
    Case("停用触发器", lambda: run("ALTER TABLE web_step DISABLE TRIGGER USER"), "without", POSTGRESQL),
    Case("session_replication_role=replica 之后改办理记录", replica, "without", POSTGRESQL),
    Case(
        "另加规则 DO INSTEAD NOTHING",
        lambda: run("CREATE RULE nothing AS ON UPDATE TO web_user DO INSTEAD NOTHING"),
        "without",
        POSTGRESQL,
    ),
    Case("审计日志换成分区表", partitioned, "without", POSTGRESQL),
    Case("另加行级安全策略，藏起几行", hidden_rows, "without", POSTGRESQL),
    Case("换表的所有者，不改内容", owned, "never", POSTGRESQL),
]


def foreign_trigger():
    if connection.vendor == SQLITE:
        return "CREATE TRIGGER other AFTER INSERT ON web_step BEGIN UPDATE web_user SET is_superuser = 1; END"
    return "CREATE TRIGGER other AFTER INSERT ON web_user FOR EACH ROW EXECUTE FUNCTION web_append_only()"


def found(kept=None):
    return [
        *transparency.problems(kept),
        *audit.broken_links(),
        *audit.altered_records(),
        *audit.unlogged_records(),
        *audit.altered_uploads(),
    ]


@pytest.fixture
def site(monkeypatch):
    """A sealed site, with a checkpoint that somebody kept; sound. Nothing waits longer than it should."""
    monkeypatch.setattr(transparency, "UNSEALED", timedelta(0))
    one = User.objects.get(username="keyuan")
    one.phone = "12345"
    one.save()
    audit.record("sign-in", title="the last entry is of no record")
    kept = (transparency.seal() or transparency.newest()).note
    assert found(kept) == []
    return kept


@pytest.mark.parametrize("case", CASES, ids=[f"{case.words} {case.only}" for case in CASES])
def test_what_is_done_past_the_site_is_refused_or_found_as_the_documents_say(site, case):
    if case.only not in ("", connection.vendor):
        return  # the other database's run tries it
    if case.found == "refused":
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            case.act()
        assert found(site) == []
        return
    case.act()
    alone, together = told(), told(site)
    assert (bool(alone), bool(together)) == (case.found == "without", case.found != "never"), (
        alone,
        together,
    )


def told(kept=None):
    """What the check says, or the error that it ends with: a checkpoint that is none is a find too."""
    try:
        return found(kept)
    except ZhunshengError as error:
        return [error.text()]


WORDS = {"refused": "拒绝", "without": "查得出", "kept": "查不出", "never": "查不出"}


def rows_of(heading):
    part = DOC.read_text("utf8").split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in part.splitlines() if line.startswith("| ")][1:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_the_documents_tell_every_way_and_what_comes_of_it():
    said = {
        (case.words, WORDS[case.found], {"refused": "拒绝", "never": "查不出"}.get(case.found, "查得出"))
        for case in CASES
    }
    assert {tuple(row[:3]) for row in rows_of("数据库")} == said


def test_every_table_is_watched_or_named_as_not_watched():
    watched = {
        table
        for model in apps.get_models()
        if issubclass(model, Audited)
        for table in [model._meta.db_table, *(f.m2m_db_table() for f in model._meta.local_many_to_many)]
    }
    named = {name for row in rows_of("不核对的表") for name in re.findall("`([^`]+)`", row[0])}
    own = {name for row in rows_of("日志自己的表") for name in re.findall("`([^`]+)`", row[0])}
    assert not watched & named
    assert watched | named | own == set(connection.introspection.table_names())


def test_every_field_that_is_not_watched_is_named():
    fields = {
        f"{model._meta.db_table}.{name}"
        for model in apps.get_models()
        if issubclass(model, Audited)
        for name in model.unwatched
    }
    assert {name for row in rows_of("不核对的字段") for name in re.findall("`([^`]+)`", row[0])} == fields
