"""Running the site for real: PostgreSQL by one setting, backup and restore, upgrades by migrations, two workers at once."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.xdist_group("postgres")


def manage(data, *arguments, check=True, **more):
    environment = (
        os.environ
        | {"ZHUNSHENG_DATA": str(data), "ZHUNSHENG_HTTPS": "0", "DJANGO_SETTINGS_MODULE": "zhunsheng.web.settings"}
        | more
    )
    done = subprocess.run(
        [sys.executable, "manage.py", *map(str, arguments)], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert not check or done.returncode == 0, done.stderr
    return done


def script(data, text, **more):
    done = manage(data, "shell", "-v0", "-c", text, **more)
    return done.stdout.strip().splitlines()[-1] if done.stdout.strip() else ""


SUMMARY = """
import json
from zhunsheng.web.models import *
print(json.dumps([Organisation.objects.count(), SheetVersion.objects.count(), Assessment.objects.order_by("pk").last().result["results"][0]["score"]["total"], AuditEntry.objects.count() > 100, User.objects.get(username="keyuan").phone[:7]]))
"""


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A data folder with a small sample on SQLite."""
    data = tmp_path_factory.mktemp("small")
    manage(data, "migrate", "-v0")
    manage(data, "sample_site", "--entities", "400", "--departments", "2")
    return data


@pytest.fixture(scope="module")
def postgres(tmp_path_factory):
    import pgserver

    server = pgserver.get_server(tmp_path_factory.mktemp("pg"), cleanup_mode="stop")
    yield server
    server.cleanup()


def test_the_same_site_runs_on_postgresql(postgres, small, tmp_path):
    url = postgres.get_uri().replace("postgresql://", "postgres://")
    postgres.psql("CREATE DATABASE zhunsheng")
    host = url.split("host=")[1]
    database = f"postgres://postgres@{host.replace('/', '%2F')}/zhunsheng"
    manage(tmp_path, "migrate", "-v0", ZHUNSHENG_DATABASE=database)
    manage(tmp_path, "sample_site", "--entities", "400", "--departments", "2", ZHUNSHENG_DATABASE=database)
    assert (
        script(tmp_path, "from django.db import connection; print(connection.vendor)", ZHUNSHENG_DATABASE=database)
        == "postgresql"
    )
    assert not (tmp_path / "zhunsheng.sqlite3").exists()
    # The same sample gives the same figures on both databases.
    assert json.loads(script(tmp_path, SUMMARY, ZHUNSHENG_DATABASE=database)) == json.loads(script(small, SUMMARY))
    assert "审计日志完整" in manage(tmp_path, "check_audit", ZHUNSHENG_DATABASE=database).stdout
    refuse = """
from django.db import connection, DatabaseError
for table in ("web_auditentry", "web_step"):
    for act in ("UPDATE {} SET id = id", "DELETE FROM {}"):
        try:
            with connection.cursor() as cursor: cursor.execute(act.format(table))
        except DatabaseError as error: assert "append-only" in str(error)
        else: raise SystemExit("changed")
print("refused")
"""
    assert script(tmp_path, refuse, ZHUNSHENG_DATABASE=database) == "refused"
    pages = """
from django.test import Client
from zhunsheng.web.models import User, Organisation
d = Organisation.objects.get(name="示例区市场监督管理局").pk
from django.conf import settings
settings.ALLOWED_HOSTS = ["testserver"]
bad = []
for who in ("keyuan", "caiwu", "caizheng", "guanli", "shenji"):
    c = Client(); c.force_login(User.objects.get(username=who), backend="django.contrib.auth.backends.ModelBackend")
    paths = {"caizheng": ["/portfolio", "/portfolio/heat-map", "/portfolio/findings", "/portfolio/export"], "guanli": ["/admin", "/admin/users", "/audit"], "shenji": ["/audit?q=x"]}.get(who, [f"/d/{d}/2021/{p}" for p in ("", "targets", "ledgers", "monitoring", "selfeval", "keyeval", "draws", "safeguards", "publish")])
    bad += [(p, c.get(p).status_code) for p in paths if c.get(p).status_code != 200]
print(bad)
"""
    manage(tmp_path, "collectstatic", "--noinput", "-v0", ZHUNSHENG_DATABASE=database)
    assert script(tmp_path, pages, ZHUNSHENG_DATABASE=database) == "[]"


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
    environment = os.environ | {
        "ZHUNSHENG_DATA": str(data),
        "ZHUNSHENG_HTTPS": "0",
        "DJANGO_SETTINGS_MODULE": "zhunsheng.web.settings",
    }
    command = [sys.executable, "manage.py", "worker", "--batch", "--no-startup-delay", "--interval", "0.1", "-v0"]
    workers = [subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE) for _ in range(2)]
    for worker in workers:
        assert worker.wait(120) == 0, worker.stderr.read()
    left = "from zhunsheng.web.models import Job; print(sorted(Job.objects.filter(kind='assess-all').values_list('state', 'attempts')) == [('done', 1)] * 12)"
    assert script(data, left) == "True"


def test_a_backup_is_restored_whole_and_verified(small, tmp_path):
    archive = tmp_path / "backup.tar"
    said = manage(small, "backup", archive, "--with-keys").stdout
    assert "已备份" in said
    before = json.loads(script(small, SUMMARY))
    new = tmp_path / "new"
    new.mkdir()
    # The keys come first: the site would make its own otherwise.
    subprocess.run(["tar", "xf", archive, "-C", new, "secret.key", "personal.key"], check=True)
    assert "核验通过" in manage(new, "restore", archive).stdout
    assert json.loads(script(new, SUMMARY)) == before
    assert "审计日志完整" in manage(new, "check_audit").stdout
    # Not over a site that is there, and not from an archive that was altered.
    assert manage(new, "restore", archive, check=False).returncode != 0
    content = bytearray(archive.read_bytes())
    at = content.find(b"PAR1")
    content[at + 200] ^= 0xFF
    broken = tmp_path / "broken.tar"
    broken.write_bytes(content)
    again = tmp_path / "again"
    again.mkdir()
    done = manage(again, "restore", broken, check=False)
    assert done.returncode != 0 and "已损坏" in done.stderr and not (again / "evidence").exists()


def test_a_backup_without_keys_says_so(small, tmp_path):
    said = manage(small, "backup", tmp_path / "b.tar").stdout
    assert "密钥没有备份在内" in said
    listing = subprocess.run(["tar", "tf", tmp_path / "b.tar"], capture_output=True, text=True, check=True).stdout
    assert "zhunsheng.sqlite3" in listing and "secret.key" not in listing and "personal.key" not in listing


def test_models_and_migrations_agree(tmp_path):
    assert "No changes" in manage(tmp_path, "makemigrations", "--check", "--dry-run").stdout
    manage(tmp_path, "migrate", "-v0")
    manage(tmp_path, "migrate", "web", "0001", "-v0")
    assert "[ ] 0002" in manage(tmp_path, "showmigrations", "web").stdout
    manage(tmp_path, "migrate", "-v0")
    assert "[ ]" not in manage(tmp_path, "showmigrations", "web").stdout


def test_the_sample_is_not_loaded_over_a_site(small):
    assert "示例未装入" in manage(small, "sample_site").stdout


def test_an_empty_site_gets_its_first_administrator(tmp_path):
    manage(tmp_path, "migrate", "-v0")
    said = manage(tmp_path, "first_admin", "guanli", "--organisation", "某市").stdout
    assert "临时密码" in said
    check = "from zhunsheng.web.models import *; u = User.objects.get(); print(u.must_change, u.check_password(%r), u.memberships.get().role)"
    assert script(tmp_path, check % said.rsplit("：", 1)[1].strip()) == "True True admin"
    assert manage(tmp_path, "first_admin", "other", check=False).returncode != 0


def test_postgresql_is_backed_up_and_restored_too(postgres, tmp_path):
    host = postgres.get_uri().split("host=")[1].replace("/", "%2F")
    tools = Path(__import__("pgserver").__file__).parent / "pginstall" / "bin"
    path = f"{tools}:{os.environ['PATH']}"
    places = []
    for name in ("backed", "restored"):
        postgres.psql(f"CREATE DATABASE {name}")
        (tmp_path / name).mkdir()
        places.append({"ZHUNSHENG_DATABASE": f"postgres://postgres@{host}/{name}", "PATH": path})
    manage(tmp_path / "backed", "migrate", "-v0", **places[0])
    manage(tmp_path / "backed", "sample_site", "--entities", "400", "--departments", "0", **places[0])
    archive = tmp_path / "backup.tar"
    manage(tmp_path / "backed", "backup", archive, "--with-keys", **places[0])
    subprocess.run(["tar", "xf", archive, "-C", tmp_path / "restored", "secret.key", "personal.key"], check=True)
    assert "核验通过" in manage(tmp_path / "restored", "restore", archive, **places[1]).stdout
    assert script(tmp_path / "restored", SUMMARY, **places[1]) == script(tmp_path / "backed", SUMMARY, **places[0])
