"""Trouble around a store: no rights, a full disk, broken files, processes that die. Each is told by its code,
nothing is left behind, and reading asks for no right to write.
"""

from __future__ import annotations

import contextlib
import io
import os
import resource
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

import pytest

from agreed import import_ledger
from zhunsheng.cli import main
from zhunsheng.evidence import Store
from zhunsheng.files.scratch import scratch_folder, sweep

WILD = Path(__file__).parent / "wild"
NOBODY = 65534
CHANGES = 8  # that making a scratch folder with one file, and taking it away, makes to folders
AS_OF = ("--as-of", "2021-12-31")


def wild(name):
    """Return a file of the folder by the first letters of its name."""
    return next(WILD.glob(f"{name}*"))


def command(*words):
    """Run a command; return what it ended with, and all that it said."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            main([str(word) for word in words])
        except SystemExit as ended:
            return ended.code, said.getvalue()
    raise AssertionError("a command ends")


def child(work):
    """Do something in a process of its own; return what it ended with (a signal is negative)."""
    if not (pid := os.fork()):
        code = 70
        try:
            code = work()
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


@contextlib.contextmanager
def nobody():
    """Be an account without rights, where this is root: to root every mode is open."""
    root = os.geteuid() == 0
    if root:
        os.setegid(NOBODY)
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)
            os.setegid(0)


@contextlib.contextmanager
def full_disk(size):
    """Let no file grow beyond ``size`` bytes: the system refuses as it does on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def told(code, said):
    """Say whether a command failed as it should: by a code of its own, without a trace."""
    return code == 2 and "[ZS-" in said and "ZS-CL-99" not in said and "Traceback" not in said


@pytest.fixture(scope="module")
def filled():
    """A store of three batches in a folder that others may enter, and a copy in which each command was run
    once, so that all that they load is loaded.
    """
    top = Path(tempfile.mkdtemp(prefix="trouble-"))
    top.chmod(0o755)
    store = top / "store"
    for name in ("16-A", "16-B", "02-voucher-week1"):
        import_ledger(store, wild(name), marked_in=top, department="A1", label="甲局")
    warm = shutil.copytree(store, top / "warm")
    for words in READS:
        assert command(*words, warm)[0] == 0, words
    for words in WRITES:
        assert command(*words, warm)[0] == 0, words
    yield store
    shutil.rmtree(top)


READS = (
    ("ledger", "verify", "--store"),
    ("ledger", "log", "--store"),
    ("ledger", "departments", "--store"),
    ("ledger", "diff", "1", "2", "--store"),
    ("measure", *AS_OF, "--evidence"),
    ("measure", "举报案件办结率", "--rows", *AS_OF, "--evidence"),
)
WRITES = (
    ("ledger", "import", wild("16-C"), "--department", "A1=甲局", "--yes", "--store"),
    ("ledger", "undo", "1", "--store"),
    ("ledger", "compact", "--store"),
)


@pytest.fixture
def shut(filled, tmp_path_factory):
    """A copy of the store that nobody may write to."""
    top = Path(tempfile.mkdtemp(prefix="trouble-"))
    top.chmod(0o755)
    store = shutil.copytree(filled, top / "store")
    _close(store, 0o555, 0o444)
    yield store
    _close(store, 0o755, 0o644)
    shutil.rmtree(top)


def _close(store, folders, files):
    store.chmod(0o755)
    for path in [store, *store.rglob("*")]:
        path.chmod(folders if path.is_dir() else files)


def tree(folder):
    """Return what lies in a folder, to compare it."""
    return {p: (p.stat().st_mtime_ns, p.read_bytes()) for p in folder.rglob("*") if p.is_file()}


# -- no rights
# ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("indexed", [True, False])
def test_reading_and_verifying_need_no_right_to_write(shut, indexed):
    if not indexed:
        shut.chmod(0o755)
        (shut / "index.sqlite").unlink()
        shut.chmod(0o555)
    before = tree(shut)
    for words in READS:
        with nobody():
            code, said = command(*words, shut)
        assert code == 0, (words, said)
    assert tree(shut) == before


def test_writing_without_the_right_is_told_and_changes_nothing(shut):
    before = tree(shut)
    for words in WRITES:
        with nobody():
            code, said = command(*words, shut)
        assert told(code, said) and "ZS-CL-11" in said and "没有权限" in said, (words, said)
    assert tree(shut) == before


@pytest.mark.parametrize("part", ["batches", "ledgers/complaints", "ledgers/complaints/*.parquet", "."])
def test_what_may_not_be_read_is_told(shut, part):
    for path in [shut] if part == "." else shut.glob(part):
        path.chmod(0)
    for words in (READS[0], READS[4]):
        with nobody():
            code, said = command(*words, shut)
        assert told(code, said) and "权限" in said, (words, said)


# -- a full disk
# ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1, 100, 700, 2_000, 5_000, 9_000, 20_000, 60_000])
def test_a_disk_that_is_full_at_any_moment_is_told_and_the_store_is_what_it_was(
    filled, tmp_path, monkeypatch, size
):
    store = shutil.copytree(filled, tmp_path / "store")
    place = tmp_path / "scratch"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    rows = "".join(f"T{n},举报,2021-03-01,科室{n * 7919 % 1009}\n" for n in range(3_000))
    file = tmp_path / "a.csv"
    file.write_text("登记编号,类别,收到日期,承办科室\n" + rows, "utf8")

    words = ("ledger", "import", file, "--store", store, "--department", "A1", "--yes")
    with full_disk(size):
        code, said = command(*words)
    assert told(code, said) or code == 0, said
    assert not list(place.iterdir()) and not list(store.rglob("*.partial"))
    assert Store(store).verify() == []
    assert Store(store).head[0] == (4 if code == 0 else 3)
    assert command(*words)[0] == 0 and Store(store).head[0] == 4


# -- broken files
# ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_a_file_cut_short_is_told_by_its_code(tmp_path, share):
    for path in sorted(WILD.iterdir()):
        content = path.read_bytes()
        cut = tmp_path / path.name
        cut.write_bytes(content[: int(len(content) * share)])
        words = (
            "ledger",
            "import",
            cut,
            "--store",
            tmp_path / "s",
            "--department",
            "A1",
            "--marked",
            tmp_path,
        )
        code, said = command(*words)
        assert "ZS-CL-99" not in said and "Traceback" not in said, (path.name, said)
        assert code in (0, 1) or told(code, said), (path.name, said)


# -- processes that die
# ------------------------------------------------------------------------------------------------------------


def test_scratch_folders_are_the_accounts_alone_and_go_with_their_work(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with scratch_folder() as folder:
        (folder / "x").write_text("a")
        modes = {stat.S_IMODE(path.stat().st_mode) for path in (folder, folder.parent)}
        assert modes == {0o700} and folder.parent.parent == tmp_path
        assert sweep(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_goes_at_the_next_start_and_what_lives_stays(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def killed():
        with scratch_folder() as folder:
            (folder / "诉求人.csv").write_text("张三")
            os.kill(os.getpid(), signal.SIGKILL)

    assert child(killed) == -signal.SIGKILL
    (left,) = tmp_path.iterdir()
    other = tmp_path / "zhunsheng-of-somebody"  # not made here: nothing says that its process is no more
    other.mkdir()
    with scratch_folder() as lives:

        def at_start():
            with scratch_folder():
                return int(left.exists())

        assert child(at_start) == 0
        assert lives.is_dir() and not left.exists() and other.is_dir()


@pytest.mark.parametrize("number", range(1, 12))
def test_a_scratch_folder_is_found_whenever_its_process_was_killed(tmp_path, monkeypatch, number):
    """Right before any change that it makes to a folder."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    changes = {"os.mkdir", "os.rename", "os.remove", "os.rmdir"}

    def killed():
        left = [None] * number

        def end(event, given):
            if event in changes:
                left.pop()
                if not left:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(end)
        with scratch_folder() as folder:
            (folder / "诉求人.csv").write_text("张三")
        return 0

    assert child(killed) == (-signal.SIGKILL if number <= CHANGES else 0)
    found = list(tmp_path.iterdir())
    for path in found:
        if list(path.rglob("诉求人.csv")):
            sweep(tmp_path)
            assert not path.exists()  # at once, for it can hold personal data
        else:
            os.utime(path, (0, 0))  # what may be one that has no name yet is left alone for an hour
    sweep(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_uploads_that_no_process_has_open_go_once_they_are_old(tmp_path):
    paths = [tmp_path / f"tmp{n}.upload.xlsx" for n in range(3)]
    for path in paths:
        path.write_text("a")
    for path in paths[:2]:
        os.utime(path, (time.time() - 7200,) * 2)
    with paths[1].open():
        assert sweep(tmp_path) == [paths[0]]
    assert [path.exists() for path in paths] == [False, True, True]


def test_what_a_library_half_wrote_is_no_commit_and_goes_with_the_next_writing(filled, tmp_path):
    store = shutil.copytree(filled, tmp_path / "store")
    log = next(store.glob("ledgers/*/_delta_log"))
    left = [log / f"{9:020d}.json#1", log.parent / "part-00000-x.parquet#1"]
    for path in left:
        path.write_text("{}")
    assert Store(store).verify() == []
    code, said = command(*WRITES[0], store)
    assert code == 0, said
    assert not any(path.exists() for path in left) and Store(store).verify() == []
    (log / f"{9:020d}.json").write_text("{}")  # under its name it counts
    assert len(Store(store).verify()) == 1


@pytest.mark.parametrize("journal", [False, True])
def test_an_index_that_a_killed_process_was_writing_is_not_called_broken(filled, tmp_path, journal):
    store = shutil.copytree(filled, tmp_path / "store")
    index = store / "index.sqlite"
    if journal:
        # As SQLite leaves both where a process dies within a transaction whose pages are on the disk already.
        def killed():
            database = sqlite3.connect(index, isolation_level=None)
            database.execute("PRAGMA cache_spill = 1")
            database.execute("PRAGMA cache_size = 1")
            database.execute("BEGIN")
            for number in range(2000):
                database.execute("INSERT INTO holds VALUES (?, 1)", (f"{number}" * 50,))
            os.kill(os.getpid(), signal.SIGKILL)

        assert child(killed) == -signal.SIGKILL
        assert index.with_name("index.sqlite-journal").exists()
    else:
        index.write_bytes(b"")
    assert Store(store).verify() == []
    code, said = command(*WRITES[0], store)
    assert code == 0, said
    assert Store(store).verify() == []
    index.write_bytes(b"no database" * 1000)
    assert len(Store(store).verify()) == 1


def test_a_batch_is_one_and_said_so_where_only_the_index_finds_no_room(filled, tmp_path):
    store = shutil.copytree(filled, tmp_path / "store")
    before = Store(store).head[0]
    room = max(p.stat().st_size for p in store.rglob("*") if p.is_file() and not p.name.startswith("index"))
    index = store / "index.sqlite"
    with sqlite3.connect(index) as database:  # larger than all that an import writes
        database.execute("CREATE TABLE more AS SELECT hex(zeroblob(?)) AS x", (2 * room,))
    with closing(sqlite3.connect(index)) as database:
        database.execute("DROP TABLE more")  # its pages come last, and are what the next entries are put in

    done = subprocess.run(
        [sys.executable, "-m", "zhunsheng", *map(str, (*WRITES[0], store))],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (room + 4096,) * 2),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert Store(store).head[0] == before + 1 and Store(store).verify() == []


def test_a_file_half_written_into_the_store_goes_with_the_next_writing(filled, tmp_path):
    store = shutil.copytree(filled, tmp_path / "store")
    left = [store / "sources" / ".0a1b.partial", store / "again" / "000009.partial"]
    for path in left:
        path.parent.mkdir(exist_ok=True)
        path.write_text("张三")
    code, said = command(*WRITES[0], store)
    assert code == 0, said
    assert not any(path.exists() for path in left) and Store(store).verify() == []
