"""A site to race acts on: the sample loaded once and brought to where every act can be taken,
on both databases.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import servers

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


def environment(data: Path, **more: str) -> dict[str, str]:
    """Return what the harness runs with on a data folder."""
    paths = os.pathsep.join([str(ROOT / "src"), str(HERE)])
    settings = {"ZHUNSHENG_HTTPS": "0", "DJANGO_SETTINGS_MODULE": "site_settings", "PYTHONPATH": paths}
    inherited = {
        k: v for k, v in os.environ.items() if k != "ZHUNSHENG_DATABASE"
    }  # of tests that run on another
    return inherited | {"ZHUNSHENG_DATA": str(data)} | settings | more


def run(data: Path, *words: str, program: str = "harness.py", **more: str) -> str:
    """Run the harness on a data folder and return the last line it prints."""
    command = [sys.executable, str(HERE / program if program == "harness.py" else ROOT / program), *words]
    done = subprocess.run(command, env=environment(data, **more), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.strip().splitlines()[-1] if done.stdout.strip() else ""


class Raced:
    """A prepared site on one of the databases."""

    def __init__(self, data: Path, **more: str) -> None:
        """Remember where it is."""
        self.data, self.more = data, more

    def race(self, *words: str) -> dict:
        """Race on it and return what was found."""
        return json.loads(run(self.data, *words, **self.more))


@pytest.fixture(scope="session")
def prepared(empty, tmp_path_factory):
    """A prepared site on SQLite."""
    data = shutil.copytree(empty, tmp_path_factory.mktemp("raced") / "site")
    run(data, "sample_site", "--entities", "60", "--departments", "1", program="manage.py")
    run(data, "--prepare")
    return Raced(data)


@pytest.fixture(scope="session")
def moved(prepared, tmp_path_factory):
    """The same site on a PostgreSQL server of its own."""
    folder = tmp_path_factory.mktemp("raced-pg")
    shutil.copytree(prepared.data, folder / "site")
    server = servers.postgres(folder / "pg")
    server.psql("CREATE DATABASE work")
    host = server.get_uri().split("host=")[1].replace("/", "%2F")
    more = {"ZHUNSHENG_DATABASE": f"postgres://postgres@{host}/work", "RACES_ADMIN": server.get_uri()}
    site = Raced(folder / "site", **more)
    run(site.data, "--fill", str(prepared.data / "zhunsheng.kept"), **more)
    yield site
    server.cleanup()
