"""Every way in which a store was, or could be, changed past the program: whether ``ledger verify`` finds it
without and with the digest of its last batch that somebody kept. docs/tampering.md tells the same table.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from agreed import import_ledger
from zhunsheng.evidence import Store

DOC = Path(__file__).parents[1] / "docs" / "tampering.md"
HEAD = "编号,类型,收到日期,办结日期"


def parquet(root):
    return max((root / "ledgers").rglob("*.parquet"))


def commit(root, place=-1):
    return sorted((root / "ledgers" / "complaints" / "_delta_log").glob("*.json"))[place]


def record(root, place=-1):
    return sorted((root / "batches").glob("*.json"))[place]


def spoil(file, content):
    file.write_bytes(content)


def gone(root, count):
    """The last batches are deleted whole: their commits, rows and records, and the index."""
    for _ in range(count):
        for action in commit(root).read_text("utf8").splitlines():
            if added := json.loads(action).get("add"):
                (root / "ledgers" / "complaints" / added["path"]).unlink(missing_ok=True)
        commit(root).unlink()
        record(root).unlink()
    (root / "index.sqlite").unlink()


def rewritten(root):
    """When the last batch was made is changed in its commit, and its record is deleted, to be made anew."""
    file = commit(root)
    said = re.sub(r"20\d\d-\d\d-\d\dT", "2020-01-01T", file.read_text("utf8"))
    file.write_text(said, "utf8")
    record(root).unlink()
    (root / "index.sqlite").unlink()


def forged(root):
    """Rows of a batch are changed with the size in its commit, and every record is deleted."""
    file = parquet(root)
    size, new = file.stat().st_size, file.read_bytes() + b" "
    file.write_bytes(new)
    for one in (root / "ledgers" / "complaints" / "_delta_log").glob("*.json"):
        one.write_text(one.read_text("utf8").replace(f'"size":{size}', f'"size":{len(new)}'), "utf8")
    shutil.rmtree(root / "batches")
    (root / "index.sqlite").unlink()


def foreign(root):
    log = commit(root)
    number = int(log.stem) + 1
    said = {"commitInfo": {"operation": "WRITE"}}
    log.with_name(f"{number:020d}.json").write_text(json.dumps(said), "utf8")


def checkpoint(root):
    log = commit(root).parent
    (log / "_last_checkpoint").write_text('{"version":1,"size":1}', "utf8")
    (log / f"{1:020d}.checkpoint.parquet").write_bytes(parquet(root).read_bytes())


def edited_record(root):
    file = record(root, 0)
    file.write_text(file.read_text("utf8").replace('"rejected": 0', '"rejected": 1'), "utf8")


def source(root):
    return max(one for one in (root / "sources").rglob("*") if one.is_file())


def beside(root):
    spoil(parquet(root).with_name("x.parquet"), b"x")


@dataclass(frozen=True)
class Case:
    """One way: by the words of docs/tampering.md; what is done; whether it is found alone and with a head."""

    words: str
    act: Callable[[Path], object]
    alone: bool
    kept: bool


CASES = [
    Case("改数据文件（Parquet）", lambda root: spoil(parquet(root), b"x"), True, True),
    Case("删数据文件", lambda root: parquet(root).unlink(), True, True),
    Case("改提交（Delta 日志）", lambda root: spoil(commit(root, 0), b"{}"), True, True),
    Case("清空提交", lambda root: spoil(commit(root, 0), b""), True, True),
    Case("损坏提交：不是 JSON", lambda root: spoil(commit(root), b'{"commitInfo":'), True, True),
    Case("改批次记录", edited_record, True, True),
    Case("损坏批次记录", lambda root: spoil(record(root, 0), b"{"), True, True),
    Case("删去原始文件", lambda root: source(root).unlink(), True, True),
    Case("改原始文件", lambda root: spoil(source(root), b"x"), True, True),
    Case("加一个检查点（Delta 的）", checkpoint, True, True),
    Case("加一次不是本程序的提交", foreign, True, True),
    Case("整批删去最后一批", lambda root: gone(root, 1), False, True),
    Case("整批删去最后几批", lambda root: gone(root, 3), False, True),
    Case("改最后一批的时间，删去它的记录", rewritten, False, True),
    Case("改任一批的数据和提交，删去全部记录", forged, False, True),
    Case(
        "多一个数据文件，不在提交里",
        lambda root: spoil(parquet(root).with_name("x.parquet"), b"x"),
        False,
        False,
    ),
    Case("多一个原始文件", lambda root: spoil(source(root).with_name("x"), b"x"), False, False),
    Case("只删去最后一批的记录", lambda root: record(root).unlink(), False, False),
]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    root = tmp_path_factory.mktemp("whole") / "store"
    for n in range(4):
        file = root.parent / f"{n}.csv"
        rows = [f"T{n},举报,2021-03-05,2021-04-01", f"S{n},举报,2021-03-05,"]
        file.write_text("\n".join([HEAD, *rows]) + "\n", "utf8")
        assert import_ledger(root, file, department="A1", label="甲局").batch is not None
    return root


@pytest.mark.parametrize("case", CASES, ids=[case.words for case in CASES])
def test_what_is_done_past_the_program_is_found_as_the_documents_say(whole, tmp_path, case):
    head = Store(whole).head[1]
    for kept, found in ((None, case.alone), (head, case.kept)):
        root = tmp_path / str(found) / str(kept) / "store"
        shutil.copytree(whole, root)
        case.act(root)
        assert bool(Store(root).verify(kept)) == found, Store(root).verify(kept)


def test_the_documents_tell_every_way_and_what_comes_of_it():
    part = DOC.read_text("utf8").split("## 证据库\n")[1].split("\n## ")[0]
    rows = [line.strip("|").split("|") for line in part.splitlines() if line.startswith("| ")][1:]
    words = {True: "查得出", False: "查不出"}
    said = {(case.words, words[case.alone], words[case.kept]) for case in CASES}
    assert {tuple(cell.strip() for cell in row[:3]) for row in rows} == said
