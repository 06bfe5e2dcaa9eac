"""Backups and their return: whole or not at all, with the right keys alone, on SQLite and PostgreSQL; what a
full disk, a torn archive or a stranger's leaves is nothing.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import tarfile
import time
from contextlib import closing
from pathlib import Path

import pytest
from running import DEPARTMENTS, ENTITIES, ROOT, database_of, environment, manage, script

import disks
from zhunsheng.clock import moment_of

pytestmark = pytest.mark.xdist_group("postgres")
KEYS = ("secret.key", "personal.key", "log.key")
SUMMARY = """
import json
from zhunsheng.web.models import *
newest = Assessment.objects.order_by("pk").last().result
print(json.dumps([
    Organisation.objects.count(), SheetVersion.objects.count(), newest["results"][0]["score"]["total"],
    AuditEntry.objects.count() > 100, User.objects.get(username="keyuan").phone[:7],
]))
"""
SEAL = "from zhunsheng.web.services import transparency; transparency.seal(); print(transparency.key())"


@pytest.fixture(scope="module")
def small(loaded, tmp_path_factory):
    """A data folder with the sample on SQLite, its log sealed."""
    data = shutil.copytree(loaded, tmp_path_factory.mktemp("small") / "site")
    script(data, SEAL)
    return data


@pytest.fixture(scope="module")
def backed(small, tmp_path_factory):
    """A backup of it with its keys."""
    archive = tmp_path_factory.mktemp("backed") / "site.tar"
    manage(small, "backup", archive, "--with-keys")
    return archive


@pytest.fixture
def empty_folder(tmp_path):
    """A data folder without anything."""
    (folder := tmp_path / "new").mkdir()
    return folder


def refused(data, archive, code, *words, **more):
    """Restore, see that it is refused by a code and that nothing has come; return what was said."""
    before = lies(data)
    done = manage(data, "restore", archive, *words, check=False, **more)
    assert done.returncode == 1 and f"[{code}]" in done.stderr and "Traceback" not in done.stderr, done.stderr
    assert lies(data) == before
    return done.stderr


def lies(data):
    """Return what lies in a data folder, every file with its bytes."""
    return {p.relative_to(data).as_posix(): p.read_bytes() for p in data.rglob("*") if p.is_file()}


def repacked(archive, target, change):
    """Write an archive again, its members (name to bytes) changed, the listing after them."""
    with tarfile.open(archive) as tar:
        members = {m.name: tar.extractfile(m).read() for m in tar.getmembers()}
    change(members)
    with tarfile.open(target, "w") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return target


def listed(members, **changes):
    """Change what a backup says of itself."""
    members["backup.json"] = json.dumps(json.loads(members["backup.json"]) | changes).encode()


# -- whole
# ------------------------------------------------------------------------------------------------------------


def test_a_backup_comes_back_whole_with_its_keys_and_says_what_was_checked(small, backed, empty_folder):
    done = manage(empty_folder, "restore", backed)
    assert "核验通过" in done.stdout and "没有核验的" in done.stdout and "透明日志" in done.stdout
    assert script(empty_folder, SUMMARY) == script(small, SUMMARY)
    assert "审计日志完整" in manage(empty_folder, "check_audit").stdout
    assert [(empty_folder / k).read_bytes() for k in KEYS] == [(small / k).read_bytes() for k in KEYS]
    # All of it is the account's alone, and nothing of the work is left.
    assert not [p for p in empty_folder.rglob("*") if stat.S_IMODE(p.stat().st_mode) & 0o077]
    assert stat.S_IMODE(backed.stat().st_mode) == 0o600
    assert not [p.name for p in empty_folder.iterdir() if p.name.startswith(".")]
    refused(empty_folder, backed, "ZS-WB-95")


def test_a_backup_holds_the_keys_fingerprints_and_never_the_keys(small, tmp_path):
    archives = [tmp_path / "1.tar", tmp_path / "2.tar"]
    for archive in archives:
        assert "密钥没有备份在内" in manage(small, "backup", archive).stdout
    found = []
    for archive in archives:
        with tarfile.open(archive) as tar:
            assert not set(KEYS) & set(tar.getnames())
            found.append(json.load(tar.extractfile("backup.json")))
        for key in KEYS:
            assert (small / key).read_bytes().strip() not in archive.read_bytes()
    # Of the same key each archive has another, so that none tells which sites share one.
    assert all(found[0]["keys"][key] != found[1]["keys"][key] for key in KEYS)
    with sqlite3.connect(small / "zhunsheng.sqlite3") as database:
        ((at, good),) = database.execute("SELECT at, good FROM web_upkeep WHERE kind = 'backup'")
    # Written down once, in the database, as the second one was there.
    assert good and moment_of(at.replace(" ", "T") + "+00:00") >= moment_of(found[1]["made"])


def test_checking_alone_changes_nothing(small, backed, empty_folder):
    said = manage(empty_folder, "restore", "--check", backed).stdout
    assert "备份完整" in said and "密钥与备份时的相符" in said
    assert not list(empty_folder.iterdir())


# -- keys
# ------------------------------------------------------------------------------------------------------------


def test_other_keys_are_refused_by_their_names_and_the_right_ones_come_through(small, tmp_path, empty_folder):
    archive = tmp_path / "b.tar"
    manage(small, "backup", archive)
    said = refused(empty_folder, archive, "ZS-WB-96")
    assert all(key in said for key in KEYS) and not list(empty_folder.iterdir())
    for key in KEYS[:2]:
        shutil.copy(small / key, empty_folder)
    said = refused(empty_folder, archive, "ZS-WB-96")
    assert "log.key（" in said and "secret.key" not in said and "personal.key" not in said
    # Who lost the log's key goes on with a new one, once the former one is known by its public key.
    public = script(small, SEAL)
    known = {"ZHUNSHENG_LOG_KEYS_FORMER": public}
    assert "核验通过" in manage(empty_folder, "restore", archive, **known).stdout
    assert (empty_folder / "log.key").read_text() != (small / "log.key").read_text()


def test_a_key_given_by_a_variable_counts_before_the_archives(small, backed, empty_folder):
    assert "secret.key" in refused(empty_folder, backed, "ZS-WB-96", ZHUNSHENG_SECRET_KEY="x" * 50)
    right = {"ZHUNSHENG_SECRET_KEY": (small / "secret.key").read_text()}
    assert "核验通过" in manage(empty_folder, "restore", backed, **right).stdout
    assert not (empty_folder / "secret.key").exists()


def test_keys_that_were_there_before_are_put_aside_not_lost(backed, empty_folder):
    (empty_folder / "personal.key").write_text("of another site, and the only copy of it")
    said = manage(empty_folder, "restore", backed).stdout
    assert "personal.key.replaced" in said
    assert (empty_folder / "personal.key.replaced").read_text() == "of another site, and the only copy of it"


def test_a_backup_of_an_earlier_version_is_refused_under_other_keys_too(
    small, backed, tmp_path, empty_folder
):
    def without_fingerprints(members):
        about = json.loads(members["backup.json"])
        kept = {k: about[k] for k in ("made", "vendor", "audit", "files")}
        for key in KEYS:
            del members[key], kept["files"][key]
        members["backup.json"] = json.dumps(kept).encode()

    old = repacked(backed, tmp_path / "old.tar", without_fingerprints)
    said = refused(empty_folder, old, "ZS-WB-99")
    # The log is told of first; without the other keys what is encrypted differs from what the log says.
    assert "不是本网站的密钥签的" in said and "内容不同" in said
    for key in KEYS:
        shutil.copy(small / key, empty_folder)
    assert "核验通过" in manage(empty_folder, "restore", old).stdout


# -- archives that are none
# ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("share", [0.0, 0.2, 0.9, 0.99])
def test_a_torn_archive_is_refused(backed, tmp_path, empty_folder, share):
    content = backed.read_bytes()
    (torn := tmp_path / "torn.tar").write_bytes(content[: int(len(content) * share)])
    refused(empty_folder, torn, "ZS-WB-97")


def test_an_altered_file_is_refused_by_its_name(backed, tmp_path, empty_folder):
    content = bytearray(backed.read_bytes())
    content[content.find(b"PAR1") + 200] ^= 0xFF
    (broken := tmp_path / "broken.tar").write_bytes(content)
    assert "已损坏：evidence/" in refused(empty_folder, broken, "ZS-WB-97")
    assert "ZS-WB-97" in manage(empty_folder, "restore", "--check", broken, check=False).stderr


@pytest.mark.parametrize(
    "name", ["../beside", "/etc/beside", "uploads/../../beside", "settings.py", "pointer"]
)
def test_what_belongs_elsewhere_is_refused(backed, tmp_path, empty_folder, name):
    shutil.copy(backed, odd := tmp_path / "odd.tar")
    with tarfile.open(odd, "a") as tar:
        info = tarfile.TarInfo("uploads/x" if name == "pointer" else name)
        info.type, info.linkname = (tarfile.SYMTYPE, "/etc") if name == "pointer" else (tarfile.REGTYPE, "")
        tar.addfile(info)
    refused(empty_folder, odd, "ZS-WB-97")

    def added(members):
        about = json.loads(members["backup.json"])
        del members["backup.json"]
        members[name] = b""
        about["files"][name] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        members["backup.json"] = json.dumps(about).encode()

    assert "不属于" in refused(empty_folder, repacked(backed, tmp_path / "told.tar", added), "ZS-WB-97")
    assert not list(tmp_path.glob("**/beside"))


def test_foreign_archives_and_later_versions_are_refused(backed, tmp_path, empty_folder):
    (foreign := tmp_path / "foreign.tar").write_bytes(b"PK\x03\x04" * 999)
    refused(empty_folder, foreign, "ZS-WB-97")
    refused(empty_folder, tmp_path / "none.tar", "ZS-IN-01")
    with tarfile.open(backed) as tar:
        done = json.load(tar.extractfile("backup.json"))["migrations"]
    later = repacked(backed, tmp_path / "l.tar", lambda m: listed(m, migrations=[*done, "web.9999_later"]))
    assert "web.9999_later" in refused(empty_folder, later, "ZS-WB-98")
    other = repacked(backed, tmp_path / "o.tar", lambda m: listed(m, vendor="postgresql"))
    refused(empty_folder, other, "ZS-WB-98")
    newer = repacked(backed, tmp_path / "n.tar", lambda m: listed(m, format="zhunsheng.backup/3"))
    refused(empty_folder, newer, "ZS-WB-98")


def test_a_site_that_was_altered_is_refused_unless_it_is_asked_for(small, tmp_path, empty_folder):
    altered = shutil.copytree(small, tmp_path / "altered")
    with closing(sqlite3.connect(altered / "zhunsheng.sqlite3")) as base, base:
        base.execute("UPDATE web_organisation SET name = '别的' WHERE id = 1")
    record = next((altered / "evidence" / "ledgers").rglob("part-*.parquet"))
    record.write_bytes(record.read_bytes()[:-1])
    archive = tmp_path / "altered.tar"
    manage(altered, "backup", archive, "--with-keys")
    said = refused(empty_folder, archive, "ZS-WB-99")
    assert "文件被改动" in said and "与日志第" in said
    done = manage(empty_folder, "restore", archive, "--despite")
    assert "文件被改动" in done.stderr and "核验通过" not in done.stdout
    assert (empty_folder / "zhunsheng.sqlite3").is_file()


def test_a_checkpoint_from_elsewhere_is_held_against_what_comes_back(small, backed, tmp_path, empty_folder):
    note = "from zhunsheng.web.services import transparency; print(repr(transparency.newest().note))"
    (good := tmp_path / "good.txt").write_text(eval(script(small, note)), "utf8")
    lines = good.read_text("utf8").split("\n")
    lines[1] = str(int(lines[1]) + 5)
    other = shutil.copytree(small, tmp_path / "other")
    extended = "from zhunsheng.web.models.audited import record; record('x', title='y'); "
    script(other, extended + SEAL)
    (later := tmp_path / "later.txt").write_text(eval(script(other, note)), "utf8")
    said = refused(empty_folder, backed, "ZS-WB-99", "--checkpoint", later)
    assert "末尾被截断" in said
    assert "核验通过" in manage(empty_folder, "restore", backed, "--checkpoint", good).stdout


# -- again
# ------------------------------------------------------------------------------------------------------------


def test_a_restore_comes_over_what_migrate_alone_made(backed, empty, tmp_path):
    data = shutil.copytree(empty, tmp_path / "site")
    assert "核验通过" in manage(data, "restore", backed).stdout


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
def test_a_killed_restore_leaves_no_half_site_and_is_done_again(backed, empty_folder, share):
    command = [sys.executable, "manage.py", "restore", str(backed)]
    begun = time.monotonic()
    running = subprocess.Popen(
        command, cwd=ROOT, env=environment(empty_folder), stdout=subprocess.PIPE, start_new_session=True
    )
    while running.poll() is None and not (empty_folder / ".restoring" / "site" / "evidence").is_dir():
        time.sleep(0.002)
    time.sleep(share * (time.monotonic() - begun))
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    assert "核验通过" in manage(empty_folder, "restore", backed).stdout
    assert not (empty_folder / ".restoring").exists()


def test_no_site_starts_on_what_came_back_in_part(backed, empty_folder):
    manage(empty_folder, "restore", backed)
    place = empty_folder / ".restoring"
    place.mkdir()
    (place / "begun.json").write_text(json.dumps({"database": False, "names": ["evidence"]}))
    done = manage(empty_folder, "migrate", check=False)
    assert done.returncode and "恢复没有做完" in done.stderr
    loaded = [sys.executable, "-c", "import zhunsheng.web.wsgi"]
    done = subprocess.run(loaded, env=environment(empty_folder), capture_output=True, text=True)
    assert done.returncode and "恢复没有做完" in done.stderr


# -- full disks
# ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("room", [0, 64 * 2**10, 2**20])
def test_a_backup_to_a_full_disk_is_told_and_leaves_nothing(small, tmp_path, room):
    with disks.small(tmp_path / "disk") as disk:
        with disks.full(disk, room):
            done = manage(small, "backup", disk / "b.tar", check=False, anew=True)
            assert done.returncode == 1 and "Traceback" not in done.stderr
            assert "[ZS-CL-14]" in done.stderr or "[ZS-CL-10]" in done.stderr
            assert not [p for p in disk.iterdir() if p.name not in (".filler", disks.MARK)]
        assert "已备份" in manage(small, "backup", disk / "b.tar").stdout


@pytest.mark.parametrize("room", [64 * 2**10, 2**20, 5 * 2**20])
def test_a_restore_to_a_full_disk_is_told_leaves_nothing_and_is_done_again(backed, tmp_path, room):
    with disks.small(tmp_path / "disk") as disk:
        with disks.full(disk, room):
            done = manage(disk / "site", "restore", backed, check=False, anew=True)
            assert done.returncode == 1 and "Traceback" not in done.stderr, done.stderr
            assert "[ZS-CL-14]" in done.stderr or "[ZS-CL-10]" in done.stderr
            assert not (disk / "site").exists() or not list((disk / "site").iterdir())
        assert "核验通过" in manage(disk / "site", "restore", backed).stdout


# -- PostgreSQL
# ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def moved(postgres, tmp_path_factory):
    """A data folder with the sample on PostgreSQL, and the settings that say so."""
    data = tmp_path_factory.mktemp("moved")
    tools = Path(__import__("pgserver").__file__).parent / "pginstall" / "bin"
    database = database_of(postgres, "backed") | {"PATH": f"{tools}:{os.environ['PATH']}"}
    manage(data, "migrate", "-v0", **database)
    manage(data, "sample_site", "--entities", str(ENTITIES), "--departments", str(DEPARTMENTS), **database)
    script(data, SEAL, **database)
    return data, database


def test_postgresql_comes_back_over_migrate_and_extensions_and_again_after_a_failure(
    postgres, moved, tmp_path, empty_folder
):
    data, database = moved
    archive = tmp_path / "b.tar"
    postgres.psql("\\c backed\nCREATE EXTENSION IF NOT EXISTS vector")
    manage(data, "backup", archive, "--with-keys", **database)
    other = database | database_of(postgres, "again")
    postgres.psql("\\c again\nCREATE EXTENSION IF NOT EXISTS vector")
    manage(empty_folder, "migrate", "-v0", **other)
    for key in KEYS:
        (empty_folder / key).unlink()
    tables = "from django.db import connection as c; print(len(c.introspection.table_names()))"
    # What does not hold leaves neither files nor tables, and the next try comes through.
    with tarfile.open(archive) as tar:
        about = json.load(tar.extractfile("backup.json"))
    assert about["vendor"] == "postgresql"
    wrong = repacked(archive, tmp_path / "w.tar", lambda m: listed(m, audit="0" * 64))
    refused(empty_folder, wrong, "ZS-WB-99", **other)
    assert script(empty_folder, tables, **other) == "0"
    for key in KEYS:
        (empty_folder / key).unlink()
    assert "核验通过" in manage(empty_folder, "restore", archive, **other).stdout
    assert script(empty_folder, SUMMARY, **other) == script(data, SUMMARY, **database)
    refused(empty_folder, archive, "ZS-WB-95", **other)
    lacking = other | {"PATH": "/nowhere"}
    done = manage(data, "backup", tmp_path / "none.tar", check=False, **lacking)
    assert "[ZS-CL-15]" in done.stderr and not (tmp_path / "none.tar").exists()


def test_postgresqls_own_programs_are_told_all_that_the_connection_says(empty_folder):
    said = (
        "postgres://u:p%40ss@db.example:6543/zs?sslmode=verify-full&sslrootcert=/etc/ca.pem&connect_timeout=7"
    )
    asked = "from zhunsheng.web.backups.databases import reached; print(reached())"
    name, hidden = eval(script(empty_folder, asked, ZHUNSHENG_DATABASE=said))
    assert {*name.split()} >= {
        "sslmode=verify-full",
        "sslrootcert=/etc/ca.pem",
        "connect_timeout=7",
        "host=db.example",
        "port=6543",
        "dbname=zs",
        "user=u",
    }
    assert "p@ss" not in name and hidden == {"PGPASSWORD": "p@ss"}
