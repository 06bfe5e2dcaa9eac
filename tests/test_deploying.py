"""What is installed: the wheel holds the whole program, the archive for machines without network refuses
what is not as it was made, and the site's commands are those of its program.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import django
import pytest
from django.core.management import load_command_class
from running import environment
from typer.main import get_command

from zhunsheng.cli.site import app

ROOT = Path(__file__).parents[1]
# Of the commands that the program hands over, whose options they are.
OWNERS = {"check": "django.core", "collectstatic": "django.contrib.staticfiles"}
# What Django's own commands take beside: of no use to who runs a site.
LEFT = {
    "check": {"args", "tags", "list_tags", "fail_level", "databases"},
    "collectstatic": {
        "post_process",
        "ignore_patterns",
        "dry_run",
        "clear",
        "link",
        "use_default_ignore_patterns",
    },
    "migrate": {
        "database",
        "fake",
        "fake_initial",
        "plan",
        "run_syncdb",
        "check_unapplied",
        "prune",
        "interactive",
    },
}
EVERYWHERE = {
    "help",
    "version",
    "verbosity",
    "settings",
    "pythonpath",
    "traceback",
    "no_color",
    "force_color",
}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel of this tree."""
    out = tmp_path_factory.mktemp("wheel")
    words = ["wheel", "-q", "--no-deps", "--no-build-isolation", "--wheel-dir", str(out), str(ROOT)]
    subprocess.run([sys.executable, "-m", "pip", *words], check=True, capture_output=True)
    (made,) = out.glob("*.whl")
    return made


def test_the_wheel_holds_every_file_of_the_program(wheel):
    listed = subprocess.run(["git", "ls-files", "src"], cwd=ROOT, capture_output=True, text=True, check=True)
    with zipfile.ZipFile(wheel) as packed:
        held = {f"src/{name}" for name in packed.namelist()}
    assert {
        f"src/zhunsheng/web/{one}" for one in ("templates/web/base.html", "migrations/0001_initial.py")
    } <= held
    assert not set(listed.stdout.split()) - held


def options_of(command):
    """Return what a command of Django takes by name, and its positional arguments, as names of parameters."""
    return (
        {one.dest for one in command.create_parser("zhunsheng", "x")._actions} - EVERYWHERE - {"skip_checks"}
    )


def test_the_site_s_commands_take_what_its_program_takes():
    django.setup()
    commands = get_command(app).commands  # type: ignore[attr-defined]
    given = {"serve": commands["serve"], **commands["admin"].commands}
    for name, command in given.items():
        there = options_of(load_command_class(OWNERS.get(name, "zhunsheng.web"), name)) - LEFT.get(
            name, set()
        )
        if name == "worker":  # the rest is the library's, as it is by default
            there = set()
        mine = {{"noinput": "interactive"}.get(one.name, one.name) for one in command.params}
        assert mine == there, name


def test_a_command_of_the_site_is_handed_over_as_it_was_written(tmp_path):
    site = environment(tmp_path / "data")

    def zhunsheng(*words):
        started = [sys.executable, "-m", "zhunsheng", *words]
        return subprocess.run(started, cwd=tmp_path, env=site, capture_output=True, text=True)

    early = zhunsheng("admin", "first_admin", "guanli")
    assert early.returncode == 1 and "zhunsheng serve" in early.stderr and "Traceback" not in early.stderr
    assert zhunsheng("admin", "migrate").returncode == 0
    said = zhunsheng("admin", "first_admin", "--organisation", "某市 -x", "guanli")
    assert "已建立 某市 -x 的系统管理员 guanli" in said.stdout, said.stderr
    assert zhunsheng("admin", "backup", "--with-keys", "a.tar").returncode == 0
    with tarfile.open(tmp_path / "a.tar") as tar:
        assert {"keys/secret.key", "secret.key"} & set(tar.getnames())
    wrong = zhunsheng("admin", "backup")
    assert wrong.returncode == 2 and "ZS-CL-01" in wrong.stderr


def test_the_archive_s_script_installs_nothing_where_a_file_was_changed(tmp_path):
    for name in ("install.sh", "zhunsheng.service"):
        shutil.copy(ROOT / "deploy" / name, tmp_path)
    digest = hashlib.sha256((tmp_path / "zhunsheng.service").read_bytes()).hexdigest()
    (tmp_path / "SHA256SUMS").write_text(f"{digest}  zhunsheng.service\n")
    with (tmp_path / "zhunsheng.service").open("a") as unit:
        unit.write("ExecStartPre=/bin/true\n")
    place = tmp_path / "place"
    script = ["sh", str(tmp_path / "install.sh"), str(place)]
    done = subprocess.run(
        script, env={**os.environ, "PYTHON": sys.executable}, capture_output=True, text=True
    )
    assert done.returncode == 1 and "与清单不符" in done.stderr and not place.exists()
