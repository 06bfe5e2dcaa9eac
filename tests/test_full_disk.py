"""Commands on a disk that is full: each says so by a code, leaves nothing behind, loses nothing, and comes
through once there is room.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest

import disks
from agreed import import_ledger
from test_trouble import command, told, wild
from zhunsheng.evidence import Store
from zhunsheng.sample.documents import write_documents
from zhunsheng.sample.draw import demo_draw
from zhunsheng.sample.ledgers import write_ledgers

DEPARTMENT = "示例区市场监督管理局"


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    """Documents, a store of every ledger of the sample, and a draw that is sealed and not yet run."""
    top = tmp_path_factory.mktemp("sample")
    write_documents(top / "documents")
    for path in write_ledgers(top / "ledgers", entities=300):
        import_ledger(top / "store", path, good_rows=True, department="A1", label=DEPARTMENT)
    demo_draw(top / "draw", top / "store", 2021)
    for name in (
        "抽查包.zip",
        "公告.json",
        "公告.html",
        "公告.docx",
        "任务清单.xlsx",
        "任务清单.html",
        "检查记录表.docx",
    ):
        (top / "draw" / name).unlink()
    return top


def lies(folder: Path):
    """Return what lies in a folder but for what fills the disk and what is derived from the rest."""
    derived = (".filler", disks.MARK, ".lock", "index.sqlite", "index.sqlite-wal", "index.sqlite-shm")
    return {
        p.relative_to(folder).as_posix(): p.read_bytes()
        for p in folder.rglob("*")
        if p.is_file() and p.name not in derived
    }


@pytest.fixture
def disk(tmp_path, monkeypatch):
    """A small disk on which temporary files lie too."""
    with disks.small(tmp_path / "disk") as folder:
        (folder / "tmp").mkdir()
        monkeypatch.setattr(tempfile, "tempdir", str(folder / "tmp"))
        yield folder


def tried(disk, rooms, *words):
    """Run a command with ever more room; see each time that it is refused by a code and leaves all as it was,
    and that it comes through at last.
    """
    before, refusals = lies(disk), 0
    for room in rooms:
        with disks.full(disk, room):
            code, said = command(*words)
        if code == 0:
            break
        refusals += 1
        assert told(code, said) and "[ZS-CL-10]" in said, (room, said)
        left = lies(disk)
        assert {k: v for k, v in left.items() if k in before} == before, room
        yield room, sorted(set(left) - set(before))
    assert refusals
    assert code == 0 or command(*words)[0] == 0
    assert not list((disk / "tmp").iterdir())


ROOMS = (0, 4_096, 16_384, 65_536, 262_144, 2**20)


def either(disk, store, *words):
    """Run a command on a store with ever more room: refused it leaves the store as it was, or, where only
    what is derived from the records had no room any more, the batch is made and whole.
    """
    number, refusals = Store(store).head[0], 0
    for _room, left in tried(disk, ROOMS, *words):
        refusals += 1
        assert Store(store).verify() == []
        if Store(store).head[0] > number:
            break
        assert left == [] and Store(store).head[0] == number
    assert refusals and Store(store).head[0] == number + 1 and Store(store).verify() == []


def test_an_import(disk, sample):
    store = shutil.copytree(sample / "store", disk / "store")
    rows = "".join(f"T{n},举报,2021-03-01,科室{n * 7919 % 1009}\n" for n in range(20_000))
    (file := disk / "a.csv").write_text("登记编号,类别,收到日期,承办科室\n" + rows, "utf8")
    either(disk, store, "ledger", "import", file, "--store", store, "--department", "A1", "--yes")


def test_undoing(disk, sample):
    store = shutil.copytree(sample / "store", disk / "store")
    either(disk, store, "ledger", "undo", "1", "--store", store)


def test_a_draw(disk, sample):
    folder = shutil.copytree(sample / "draw", disk / "draw")
    for _room, left in tried(disk, ROOMS, "draw", "run", folder, "--evidence", sample / "store"):
        # What was written before the disk was full is whole; the rest is not there.
        assert not [name for name in left if name.endswith(".partial") or name.startswith("tmp/")]
    assert command("draw", "verify", folder / "抽查包.zip", "--frame", folder / "frame.tsv")[0] == 0


def test_a_run_of_a_whole_year(disk, sample):
    documents = sorted((sample / "documents").glob("*.docx"))
    words = (
        "run",
        *documents,
        "--evidence",
        sample / "store",
        "--as-of",
        "2021-12-31",
        "--out",
        disk / "out",
    )
    for _room, left in tried(disk, ROOMS, *words):
        assert not [name for name in left if name.endswith(".partial") or name.startswith("tmp/")]


def test_a_file_to_a_disk_that_is_full_says_which(disk):
    (disk / "small.csv").write_text("登记编号,类别,收到日期,承办科室\nT1,举报,2021-03-01,一科\n", "utf8")
    with disks.full(disk):
        code, said = command("ledger", "template", "complaints", "--out", disk / "templates")
    assert told(code, said) and "[ZS-CL-10]" in said and str(disk) in said
    assert wild("16-A").is_file()
