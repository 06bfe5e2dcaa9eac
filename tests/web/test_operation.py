"""Running the site for real: PostgreSQL by one setting, upgrades by migrations, two workers at once."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import pytest
from running import DEPARTMENTS, ENTITIES, ROOT, database_of, environment, manage, script

pytestmark = pytest.mark.xdist_group("postgres")


SUMMARY = """
import json
from zhunsheng.web.models import *
newest = Assessment.objects.order_by("pk").last().result
print(json.dumps([
    Organisation.objects.count(), SheetVersion.objects.count(), newest["results"][0]["score"]["total"],
    AuditEntry.objects.count() > 100, User.objects.get(username="keyuan").phone[:7],
]))
"""


@pytest.fixture(scope="module")
def small(loaded, tmp_path_factory):
    """A data folder with the sample on SQLite."""
    return shutil.copytree(loaded, tmp_path_factory.mktemp("small") / "site")


@pytest.fixture(scope="module")
def moved(postgres, tmp_path_factory):
    """A data folder with the sample on PostgreSQL, and the setting that says so."""
    data, database = tmp_path_factory.mktemp("moved"), database_of(postgres, "zhunsheng")
    manage(data, "migrate", "-v0", **database)
    manage(data, "sample_site", "--entities", str(ENTITIES), "--departments", str(DEPARTMENTS), **database)
    return data, database


def test_the_same_site_runs_on_postgresql(moved, small, collected):
    data, database = moved
    assert (
        script(data, "from django.db import connection; print(connection.vendor)", **database) == "postgresql"
    )
    assert not (data / "zhunsheng.sqlite3").exists()
    # The same sample gives the same figures on both databases.
    assert json.loads(script(data, SUMMARY, **database)) == json.loads(script(small, SUMMARY))
    assert "审计日志完整" in manage(data, "check_audit", **database).stdout
    refuse = """
from django.db import connection, DatabaseError
for table in ("web_auditentry", "web_step"):
    for act in ("UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {}", "TRUNCATE {} CASCADE"):
        try:
            with connection.cursor() as cursor: cursor.execute(act.format(table))
        except DatabaseError as error: assert "append-only" in str(error)
        else: raise SystemExit("changed")
print("refused")
"""
    assert script(data, refuse, **database) == "refused"
    weakened = """
from django.db import connection, transaction
from zhunsheng.web.databases.guards import unguarded
name = "web_step_append_only"
made = f"DROP TRIGGER {name} ON web_step; CREATE TRIGGER {name} BEFORE "
call = "FOR EACH ROW EXECUTE FUNCTION web_append_only()"
body = "BEGIN IF false THEN RAISE EXCEPTION 'no'; END IF; RETURN NEW; END"
found = [unguarded(connection)]
for statement in (
    f"{made} UPDATE ON web_step {call}",
    f"{made} UPDATE OF remark OR DELETE ON web_step {call}",
    f"{made} UPDATE OR DELETE ON web_sent {call}",
    f"{made} UPDATE OR DELETE ON web_step {call.replace('EXECUTE', 'WHEN (false) EXECUTE')}",
    f"CREATE OR REPLACE FUNCTION web_append_only() RETURNS trigger AS $$ {body} $$ LANGUAGE plpgsql",
):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
        found.append(unguarded(connection))
        transaction.set_rollback(True)
print([len(names) for names in found])
"""
    odd = """
from decimal import Decimal
from django.db import transaction
from zhunsheng.web.audit import unlogged_records
from zhunsheng.web.models import AuditEntry, SheetVersion, Word
with transaction.atomic():
    version, word = SheetVersion.objects.first(), Word.objects.first()
    version.unsure, word.share = [{"value": [1e16, -0.0, 1e300, 1.0, 0.1]}], Decimal("0.12345")
    version.save(), word.save()
    AuditEntry.objects.first()
    found = unlogged_records()
    transaction.set_rollback(True)
print(found)
"""
    assert script(data, odd, **database) == script(small, odd) == "[]"
    assert script(data, weakened, **database) == "[0, 1, 1, 1, 1, 8]"
    pages = """
from django.test import Client
from zhunsheng.web.models import User, Organisation
d = Organisation.objects.get(name="示例区市场监督管理局").pk
from django.conf import settings
settings.ALLOWED_HOSTS = ["testserver"]
bad = []
of_department = ("", "targets", "ledgers", "monitoring", "selfeval", "keyeval", "draws", "safeguards")
of_others = {
    "caizheng": ["/portfolio", "/portfolio/heat-map", "/portfolio/findings", "/portfolio/export"],
    "guanli": ["/admin", "/admin/users", "/audit"],
    "shenji": ["/audit?q=x"],
}
for who in ("keyuan", "caiwu", "caizheng", "guanli", "shenji"):
    c = Client()
    c.force_login(User.objects.get(username=who), backend="django.contrib.auth.backends.ModelBackend")
    paths = of_others.get(who, [f"/d/{d}/2021/{p}" for p in (*of_department, "publish")])
    bad += [(p, c.get(p).status_code) for p in paths if c.get(p).status_code != 200]
print(bad)
"""
    shutil.copytree(collected, data / "static")
    assert script(data, pages, **database) == "[]"


def test_jobs_are_shared_by_two_workers_and_done_once(small, tmp_path):
    data = tmp_path / "site"
    shutil.copytree(small, data)
    put = """
from zhunsheng.web.models import *
from zhunsheng.web.services import jobs
d = Organisation.objects.get(kind="district")
for n in range(12): jobs.enqueue("assess-all", f"t:{n}", None, d, year=2021)
"""
    script(data, put)
    command = [
        sys.executable,
        "manage.py",
        "worker",
        "--batch",
        "--no-startup-delay",
        "--interval",
        "0.1",
        "-v0",
    ]
    workers = [
        subprocess.Popen(command, cwd=ROOT, env=environment(data), stderr=subprocess.PIPE) for _ in range(2)
    ]
    for worker in workers:
        assert worker.wait(120) == 0, worker.stderr.read()
    left = (
        "from zhunsheng.web.models import Job; "
        "print(sorted(Job.objects.filter(kind='assess-all').values_list('state', 'attempts')) == [('done', "
        "1)] * 12)"
    )
    assert script(data, left) == "True"


def test_models_and_migrations_agree(empty, tmp_path):
    shutil.copytree(empty, tmp_path, dirs_exist_ok=True)
    assert "No changes" in manage(tmp_path, "makemigrations", "--check", "--dry-run").stdout
    manage(tmp_path, "migrate", "web", "0001", "-v0")
    assert "[ ] 0002" in manage(tmp_path, "showmigrations", "web").stdout
    manage(tmp_path, "migrate", "-v0")
    assert "[ ]" not in manage(tmp_path, "showmigrations", "web").stdout


def test_the_sample_is_not_loaded_over_a_site(small):
    assert "示例未装入" in manage(small, "sample_site").stdout


def test_an_empty_site_gets_its_first_administrator(empty, tmp_path):
    early = manage(tmp_path, "first_admin", "guanli", check=False)
    assert "数据库还没有建立" in early.stderr and "Traceback" not in early.stderr
    shutil.copy(empty / "zhunsheng.sqlite3", tmp_path)
    said = manage(tmp_path, "first_admin", "guanli", "--organisation", "某市").stdout
    assert "临时密码" in said
    check = (
        "from zhunsheng.web.models import *; u = User.objects.get(); print(u.must_change, "
        "u.check_password(%r), u.memberships.get().role)"
    )
    assert script(tmp_path, check % said.rsplit("：", 1)[1].strip()) == "True True admin"
    assert manage(tmp_path, "first_admin", "other", check=False).returncode != 0
    # Where none of them can sign in any more, whoever operates the machine makes another,
    # for the same organisation.
    script(
        tmp_path,
        "from zhunsheng.web.models import *; u = User.objects.get(); u.is_active = False; u.save(); print()",
    )
    assert "用户名 guanli 已存在" in manage(tmp_path, "first_admin", "guanli", check=False).stderr
    assert "某市 的系统管理员 other" in manage(tmp_path, "first_admin", "other").stdout
