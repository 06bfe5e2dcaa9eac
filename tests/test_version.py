"""The version: the tag, between two tags the commit, and told to a copy without history."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest

from zhunsheng import __version__

ROOT = Path(__file__).parents[1]
BUILD = "from hatchling.build import build_wheel; print(build_wheel('dist'))"


def git(folder, *words):
    """Run git in a folder under a name of nobody."""
    who = ("-c", "user.name=x", "-c", "user.email=x@example.org")
    subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def project(tmp_path):
    """A folder with what a wheel is built of, and no history."""
    for name in ("pyproject.toml", "README.md", ".gitignore"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "src/zhunsheng").mkdir(parents=True)
    shutil.copy(ROOT / "src/zhunsheng/__init__.py", tmp_path / "src/zhunsheng")
    return tmp_path


def built(project):
    """Return the version of the wheel's name and the one that its program tells."""
    shutil.rmtree(project / "dist", ignore_errors=True)
    told = subprocess.run(
        [sys.executable, "-c", BUILD], cwd=project, check=True, capture_output=True, text=True
    )
    wheel = project / "dist" / told.stdout.split()[-1]
    program = "import sys; sys.path.insert(0, sys.argv[1]); import zhunsheng; print(zhunsheng.__version__)"
    assert "zhunsheng/_version.py" in zipfile.ZipFile(wheel).namelist()
    said = subprocess.run(
        [sys.executable, "-I", "-c", program, wheel], check=True, capture_output=True, text=True
    )
    return wheel.name.split("-")[1], said.stdout.strip()


def test_the_version_is_the_tag_and_between_two_tags_the_commit(project):
    assert built(project) == ("0.1.0", "0.1.0")
    git(project, "init", "-q")
    git(project, "add", "-A")
    git(project, "commit", "-qm", "Begin")
    git(project, "tag", "v2.3.0")
    assert built(project) == ("2.3.0", "2.3.0")
    (project / "README.md").write_text("x", "utf8")
    git(project, "commit", "-qam", "Go on")
    name, said = built(project)
    assert name == said and name.startswith("2.3.1.dev1+g")


def test_the_program_tells_the_version_that_is_installed():
    assert __version__ in {
        version("zhunsheng"),
        "0+unknown",
    }  # the latter: a checkout beside the installed one
