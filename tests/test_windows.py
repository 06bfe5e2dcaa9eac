"""The command on a system without the calls of POSIX, as Windows is one: what the program would ask of them
is taken away before it is loaded.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from zhunsheng.sample.documents import bureau, flattened

# Modules that the program does not get, and what its system does not have.
WITHOUT = """
import builtins, os, signal, sys
import importlib
gone = {"fcntl", "resource", "pwd", "grp", "termios", "posix"}
ask = builtins.__import__
def asked(name, globals=None, locals=None, fromlist=(), level=0):
    if name in gone and str((globals or {}).get("__name__", "")).startswith("zhunsheng"):
        raise ImportError(name)
    return ask(name, globals, locals, fromlist, level)
builtins.__import__ = asked
for name in ("fork", "geteuid", "getgid", "O_NOFOLLOW", "O_CLOEXEC", "killpg", "nice"):
    if hasattr(os, name):
        delattr(os, name)
for name in ("SIGALRM", "SIGPROF", "SIGKILL", "SIGXCPU", "SIGHUP", "setitimer", "getitimer", "alarm"):
    delattr(signal, name)
from zhunsheng.cli import main
main(sys.argv[1:])
"""


@pytest.fixture
def command(tmp_path):
    """Run the command in a folder of its own; return what it says."""

    def run(*words, code=0):
        done = subprocess.run(
            [sys.executable, "-c", WITHOUT, *map(str, words)],
            cwd=tmp_path,
            env=os.environ | {"TMPDIR": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")},
            capture_output=True,
            text=True,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout

    return run


def test_documents_and_ledgers_are_read_measured_and_written(command, tmp_path):
    (tmp_path / "目标.txt").write_text(flattened(bureau()), "utf8")
    assert len(json.loads(command("read", "目标.txt", "--json"))["sheets"]) == 3
    assert json.loads(command("review", "目标.txt", "--json"))["counts"]["passed"] > 50
    rows = "".join(f"T{n},举报,2021-03-{n:02},2021-04-{n:02}\n" for n in range(1, 11))
    (tmp_path / "举报.csv").write_text(f"登记编号,类别,收到日期,办结日期\n{rows}", "utf8")
    command("ledger", "import", "举报.csv", "--store", "evidence")
    assert "相符" in command("ledger", "verify", "--store", "evidence")
    asked = ("--evidence", "evidence", "--as-of", "2021-12-31")
    assert "100" in command("measure", "report_closure_rate", *asked, "--year", "2021")
    command("report", "目标.txt", "--out", "结果", *asked)
    (form,) = (tmp_path / "结果").glob("*绩效目标表*.xlsx")
    assert len(json.loads(command("read", form, "--json"))["sheets"]) == 3


def test_calls_of_posix_stand_in_one_place_and_in_the_site():
    own = re.compile(
        r"\bfcntl\b|os\.(?:fork|get[ue]?[ug]id|O_NOFOLLOW|O_CLOEXEC|killpg|fchmod)\b"
        r"|signal\.(?:SIG(?!INT|TERM|_)\w+|setitimer|getitimer|alarm)\b"
    )
    source = Path(__file__).parents[1] / "src" / "zhunsheng"
    told = [
        f"{path.relative_to(source)}: {line.strip()}"
        for path in source.rglob("*.py")
        if not path.is_relative_to(source / "web") and path.name != "system.py"
        for line in path.read_text("utf8").splitlines()
        if own.search(line) and not line.strip().startswith("#")
    ]
    # Of a pool's processes, where the system has the signal.
    assert [one for one in told if "many_documents" not in one] == []
    assert "if system.POSIX:" in (source / "usecases" / "many_documents.py").read_text("utf8")
