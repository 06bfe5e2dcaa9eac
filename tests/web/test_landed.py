"""The site of the version that landed first opens under today's code, on SQLite and moved to PostgreSQL."""

from __future__ import annotations

import shutil
import sqlite3
import tarfile
from pathlib import Path

import pytest
from running import database_of, manage, script

LANDED = Path(__file__).parents[1] / "landed" / "site.tar.xz"
LAST = "0002"  # the last migration of that version
pytestmark = pytest.mark.xdist_group("postgres")

PAGES = """
from django.conf import settings
from django.test import Client
from zhunsheng.web.models import *
settings.ALLOWED_HOSTS = ["testserver"]
d = Organisation.objects.get(name="示例区市场监督管理局")
here = f"/d/{d.pk}/2021"
version = SheetVersion.objects.filter(sheet__department=d, state="approved").first().pk
checkpoint = Checkpoint.objects.filter(department=d).exclude(state="open").first().pk
evaluation = SelfEvaluation.objects.get(department=d).pk
key = KeyEvaluation.objects.get(department=d).pk
draw = Draw.objects.get(department=d, code="SJ-2021-01")
published = Publication.objects.filter(state="published").first().pk
public = ["/public", f"/public/{published}", "/public/datapackage.json", "/public/verify"]
paths = {
    None: public,
    "keyuan": [
        *(here + p for p in ("", "/targets", "/ledgers", "/ledgers/complaints", "/monitoring", "/selfeval")),
        *(here + p for p in ("/keyeval", "/draws", "/safeguards", "/safeguards/policies", "/publish")),
        f"/targets/{version}", f"/monitoring/{checkpoint}", f"/selfeval/{evaluation}/recheck",
        f"/keyeval/{key}", f"/draws/{draw.pk}", f"/tasks/{draw.tasks.first().pk}",
        f"/publications/{published}", "/account", "/places",
    ],
    "caizheng": ["/portfolio", "/portfolio/heat-map", "/portfolio/findings", "/portfolio/export"],
    "guanli": [
        "/admin", f"/admin?one={d.pk}", "/admin/users", "/admin/library", "/admin/rules",
        "/admin/calendar", "/admin/permissions", "/audit",
    ],
}
bad = []
for who, listed in paths.items():
    c = Client()
    if who:
        said = {"username": who, "password": "Zhunsheng-2021"}
        bad += [(who, "sign-in")] * (c.post("/sign-in", said).status_code != 302)
    for path in listed:
        answer = c.get(path, follow=True)
        bad += [(who, path, answer.status_code)] * (answer.status_code != 200)
print(bad)
"""
OFFICE = """
import datetime
from zhunsheng.web.models import *
from django.core.management import call_command
call_command("migrate", check_unapplied=True, verbosity=0)
call_command("check_audit")
every = list(Organisation.objects.all())
assert len({o.code for o in every}) == len(every) == 8 and all(len(o.code) == 10 for o in every)
assert all(o.stages.get().event == "founded" and o.stages.get().name == o.name for o in every)
bureau = Organisation.objects.get(name="示例区市场监督管理局")
assert bureau.official_code == "305001" and bureau.code != "305001"
assert not Organisation.objects.get(name="消费者权益保护科").stage_on(datetime.date(2021, 6, 1)).active
print("every one")
"""
COPY = """
import json, sqlite3
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
call_command("migrate", "web", "LAST", verbosity=0)
for app in ("auth", "contenttypes", "sessions", "axes", "django_tasks_db"):
    try: call_command("migrate", app, verbosity=0)
    except CommandError: pass
source = sqlite3.connect("@")


def mark(kind):
    return "%s::" + ("jsonb" if kind == "jsonb" else "text::" + kind)


with connection.cursor() as c:
    listed = "SELECT table_name, column_name, data_type FROM information_schema.columns"
    c.execute(listed + " WHERE table_schema = 'public'")
    kinds = {}
    for table, column, kind in c.fetchall():
        kinds.setdefault(table, {})[column] = kind
    # Rows come in any order, and no trigger looks at them.
    c.execute("SET session_replication_role = replica")
    named = source.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    tables = [name for (name,) in named]
    count = 0
    for table in tables:
        if table == "django_migrations" or table not in kinds:
            continue
        rows = source.execute(f'SELECT * FROM "{table}"')
        names = [d[0] for d in rows.description]
        c.execute(f'DELETE FROM "{table}"')
        for row in rows.fetchall():
            cells = list(zip([kinds[table][n] for n in names], row))
            row = [bool(v) if kind == "boolean" and v is not None else v for kind, v in cells]
            marks = ", ".join(mark(kind) if isinstance(v, str) else "%s" for kind, v in cells)
            columns = ", ".join(f'"{n}"' for n in names)
            c.execute(f'INSERT INTO "{table}" ({columns}) VALUES ({marks})', row)
            count += 1
        if "id" in names:
            c.execute("SELECT pg_get_serial_sequence(%s, 'id')", [table])
            if c.fetchone()[0]:
                newest = f'(SELECT max(id) FROM "{table}")'
                c.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), coalesce({newest}, 1))")
    c.execute("SET session_replication_role = DEFAULT")
print(count)
"""


@pytest.fixture(scope="module")
def landed(tmp_path_factory):
    """The data folder as the landed version left it."""
    data = tmp_path_factory.mktemp("landed")
    with tarfile.open(LANDED) as archive:
        archive.extractall(data)  # our own: every Python 3.11 takes it so
    return data


def opens(data: Path, collected: Path, **more: str) -> None:
    """Migrate the site, and see that its organisations, its people, its log and its pages are there."""
    manage(data, "migrate", "-v0", **more)
    shutil.copytree(collected, data / "static", dirs_exist_ok=True)
    assert script(data, OFFICE, **more) == "every one"
    assert script(data, PAGES, **more) == "[]"


def test_the_landed_site_opens_on_sqlite(landed, collected, tmp_path):
    data = tmp_path / "site"
    shutil.copytree(landed, data)
    opens(data, collected)


# Every migration is made, and then the process is killed before what an upgrade owes to the records is done.
KILLED = """
import os, signal
from django.core.management import call_command
from zhunsheng.web import audit
audit.catch_up = lambda: os.kill(os.getpid(), signal.SIGKILL)
call_command("migrate", verbosity=0)
"""
OWED = """
from zhunsheng.web.models import AuditEntry, Paper, Publication
published = Publication.objects.filter(state="published")
files = sum(len(list(one.folder().iterdir())) for one in published if one.folder().is_dir())
stock = AuditEntry.objects.filter(action="stock")
registered = AuditEntry.objects.filter(action="papers registered").count()
print([stock.exclude(model="").exists(), registered, files > 0, Paper.objects.count() == files])
"""


def test_a_migration_killed_before_it_took_stock_takes_it_at_the_next_and_once(landed, tmp_path):
    data = tmp_path / "site"
    shutil.copytree(landed, data)
    assert manage(data, "shell", "-v0", "-c", KILLED, check=False).returncode
    assert script(data, OWED) == "[False, 0, True, False]"
    manage(data, "migrate", "-v0")
    assert script(data, OWED) == "[True, 1, True, True]"
    manage(data, "check_audit")
    count = "from zhunsheng.web.models import AuditEntry; print(AuditEntry.objects.count())"
    before = script(data, count)
    manage(data, "migrate", "-v0")
    assert script(data, count) == before


def test_the_landed_site_opens_on_postgresql(landed, collected, postgres, tmp_path):
    data = tmp_path / "site"
    shutil.copytree(landed, data)
    database = database_of(postgres, "landed")
    # The tables of that version, filled row by row from its SQLite database.
    copy = COPY.replace("@", str(data / "zhunsheng.sqlite3")).replace("LAST", LAST)
    assert int(script(data, copy, **database)) > 500
    (data / "zhunsheng.sqlite3").unlink()
    opens(data, collected, **database)
    assert not (data / "zhunsheng.sqlite3").exists()


def test_the_fixture_is_of_the_landed_version(landed):
    with sqlite3.connect(landed / "zhunsheng.sqlite3") as database:
        known = {n for (n,) in database.execute("SELECT name FROM django_migrations WHERE app = 'web'")}
        columns = {row[1] for row in database.execute("PRAGMA table_info(web_organisation)")}
    assert known == {"0001_initial", "0002_append_only"}
    assert "code" in columns and "official_code" not in columns
