"""The office's day and time: decided in one place, inclusive, whatever zone the machine keeps."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

import zhunsheng
from agreed import import_ledger
from zhunsheng.cli import main
from zhunsheng.clock import moment_of, told
from zhunsheng.evidence import Store

SOURCE = Path(zhunsheng.__file__).parent
# What asks the machine for today or now; the site asks Django, whose zone is the clock's.
ASKS = {"today", "now", "utcnow", "localtime", "gmtime", "ctime", "asctime"}
OWNERS = {"date", "datetime", "time"}
HEAD = "编号,类型,收到日期"


def test_no_module_but_the_clock_asks_the_machine_for_the_day_or_the_time():
    found = []
    for path in sorted(SOURCE.rglob("*.py")):
        if path == SOURCE / "clock.py" or "migrations" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text("utf8"))):
            if isinstance(node, ast.Attribute) and node.attr in ASKS:
                owner = node.value
                name = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
                if name in OWNERS:
                    found.append(f"{path.relative_to(SOURCE)}:{node.lineno}")
    assert not found


@pytest.mark.parametrize(
    "text, moment",
    [
        ("2021-10-31", "2021-10-31T15:59:59.999999+00:00"),
        ("20211031", "2021-10-31T15:59:59.999999+00:00"),
        ("2021-10-31T00:00:00", "2021-10-30T16:00:00+00:00"),
        ("2021-10-31 12:00", "2021-10-31T04:00:00+00:00"),
        ("2021-10-31T12:00:00+00:00", "2021-10-31T12:00:00+00:00"),
    ],
)
def test_a_time_is_the_offices_and_a_day_is_its_end(text, moment):
    assert moment_of(text).astimezone(UTC).isoformat() == moment


def put(root, row, when):
    path = root.parent / f"{row[:2]}.csv"
    path.write_text(f"{HEAD}\n{row}\n", "utf8")
    import_ledger(root, path, department="A", when=when)


@pytest.fixture
def root(tmp_path):
    """Batch 1 at 23:59:59 of 31 October in Beijing, batch 2 a second later."""
    root = tmp_path / "store"
    put(root, "T1,举报,2021-10-31", datetime(2021, 10, 31, 15, 59, 59, tzinfo=UTC))
    put(root, "T2,举报,2021-11-01", datetime(2021, 10, 31, 16, 0, 0, tzinfo=UTC))
    return root


@pytest.mark.parametrize(
    "words, received",
    [
        (("--at", "2021-10-31"), 1),
        (("--at", "2021-10-31T23:59:59"), 1),
        (("--at", "2021-11-01T00:00:00"), 2),
        (("--at", "2021-10-31T16:00:00+00:00"), 2),
        (("--at", "2021-11-01"), 2),
        (("--as-of", "2021-10-31"), 1),
        (("--as-of", "2021-11-01"), 2),
    ],
)
def test_at_and_as_of_are_inclusive(root, capsys, words, received):
    given = words if "--as-of" in words else (*words, "--as-of", "2021-12-31")
    with pytest.raises(SystemExit):
        main(["measure", "report_closure_rate", "--evidence", str(root), "--json", *given])
    (reading,) = json.loads(capsys.readouterr().out)
    assert reading["denominator"] == received


def test_the_log_is_told_in_the_offices_time_on_a_machine_in_utc(root):
    code = "import sys; from zhunsheng.cli import main; main(sys.argv[1:])"
    ran = subprocess.run(
        [sys.executable, "-c", code, "ledger", "log", "--store", str(root)],
        env=os.environ | {"TZ": "UTC", "COLUMNS": "200", "ZHUNSHENG_TIMEZONE": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "2021-10-31 23:59:59" in ran.stdout and "2021-11-01 00:00:00" in ran.stdout
    assert [told(b.when) for b in Store(root).batches()] == ["2021-10-31 23:59:59", "2021-11-01 00:00:00"]
