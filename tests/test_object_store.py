"""A store in an object store: its mirrors neither lose nor double a batch, whatever is killed or fails."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import threading

import pytest
from typer.testing import CliRunner

from agreed import import_ledger
from object_store import BUCKET, serving
from zhunsheng.cli.commands import app
from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence import Cipher, Store, mirror, objects
from zhunsheng.evidence import store as stores
from zhunsheng.evidence.mirror import bound
from zhunsheng.evidence.records import Records

PLACE = f"s3://{BUCKET}/bureau"
KINDS = ["batches", "files", "ledgers/complaints/part", "ledgers/complaints/_delta_log"]
OUTSIDE = ["../../outside.csv", "/tmp/outside", "remote.json", "sources/../remote.json"]
NO_PLACES = ["s3://", "s3://B", "s3://bucket/../x", "s3://bucket//x", "s3:/bucket/x", "s3://b u/x"]
HEADER = "登记编号,类别,收到日期"


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr(stores, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr(mirror, "_kept", set())
    with serving() as running:
        yield running


@pytest.fixture
def machine(tmp_path):
    """Return a mirror of the store of its own each time."""
    numbers = itertools.count(1)
    return lambda: bound(tmp_path / f"machine{next(numbers)}", PLACE)


def written(folder, name, rows, kind="投诉"):
    path = folder / f"{name}.csv"
    path.write_text("\n".join([HEADER, *(f"{name}{n},{kind},2021-03-05" for n in range(rows))]), "utf8")
    return path


def rows_of(root):
    """Return the numbers of all complaints that stand in a store, in order, one for each row."""
    store = Store(root)
    import duckdb

    from zhunsheng.evidence import ledgers

    query = store.snapshot().sql(ledgers()["complaints"])
    with duckdb.connect() as connection:
        return sorted(n for (n,) in connection.execute(f"SELECT complaint_no FROM ({query})").fetchall())


def sound(root, numbers):
    """Say that a store verifies and that its batches are these."""
    assert Store(root).verify() == []
    assert [b.batch for b in Store(root).batches()] == list(numbers)
    assert not list(root.rglob("*.partial"))


# -- two machines
# ----------------------------------------------------------------------------------------------------------


def test_what_one_machine_does_another_goes_on_from(server, machine, tmp_path):
    one, other = machine(), machine()
    assert import_ledger(one, written(tmp_path, "A", 50), department="甲局").batch.batch == 1
    assert Store(other).batch(1).file == "A.csv"
    assert import_ledger(other, written(tmp_path, "B", 30), department="乙局").batch.batch == 2
    assert import_ledger(one, written(tmp_path, "A", 50, "举报"), department="甲局").batch.updated == 50
    assert Store(other).undo(3).updated == 50
    assert not import_ledger(one, written(tmp_path, "B", 30), department="乙局").new
    for root in (one, other, machine()):  # the last knows nothing but the object store
        sound(root, range(1, 5))
        assert len(rows_of(root)) == 80
    assert {Store(root).head for root in (one, other, machine())} == {Store(one).head}
    assert all(path.stat().st_mode & 0o77 == 0 for path in one.rglob("*") if path.is_file())


def test_a_machine_that_is_overtaken_begins_anew(server, machine, tmp_path):
    one, other = machine(), machine()
    import_ledger(one, written(tmp_path, "A", 20), department="甲局")
    changed = tmp_path / "C.csv"
    changed.write_text(f"{HEADER}\nA1,举报,2021-03-05\nC1,投诉,2021-03-05\n", "utf8")
    overtaken = []

    def overtake(name):
        if name.endswith("/batches/000002.json") and not overtaken:
            overtaken.append(name)
            import_ledger(other, written(tmp_path, "B", 20), department="乙局")

    server.before = overtake
    made = import_ledger(one, changed, department="甲局", answers={"identity": "aside"}).batch
    assert made.batch == 3 and made.inserted == 1 and made.updated == 0 and made.rejected == 1
    assert len(made.notes) == 1  # what was asked and answered, once
    for root in (one, other, machine()):
        sound(root, range(1, 4))
        assert len(rows_of(root)) == 41


def test_machines_that_import_undo_and_remove_at_once_neither_lose_nor_double(server, machine, tmp_path):
    failed, made = [], []
    import_ledger(machine(), written(tmp_path, "Z", 5), department="某局")

    def work(name):
        try:
            root = machine()
            for turn in range(4):
                path = written(tmp_path, f"{name}{turn}-", 20)
                made.append(import_ledger(root, path, department=name, cipher=Cipher("k" * 40)).batch.batch)
            made.append(Store(root).undo(made[-1]).batch if name == "甲" else Store(root).head[0])
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(name,)) for name in "甲乙丙"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(300)
    assert not failed
    fresh = machine()
    sound(fresh, range(1, len(Store(fresh).batches()) + 1))
    batches = Store(fresh).batches()
    assert sum(b.imports for b in batches) == 13 and len(made) == 15
    undone = [b.undoes for b in batches if b.undoes]
    assert len(undone) == 1
    kept = [b for b in batches if b.imports and b.batch not in undone]
    assert len(rows_of(fresh)) == len(set(rows_of(fresh))) == sum(b.rows for b in kept)


COMMAND = "import sys; from zhunsheng.cli import main; main(sys.argv[1:])"


def process(server, cache, *words):
    """Start a command of the program as a process of its own, with a mirror of its own."""
    given = {"XDG_CACHE_HOME": str(cache), "ZHUNSHENG_STORE": PLACE}
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND, *words],
        env=os.environ | server.env() | given,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


# Files come in any order, so that of these the first asked for is named by its folder.
POINTS = [
    ("before", "/files/"),
    ("before", "/batches/"),
    ("after", "/batches/"),
    ("after", "/_delta_log/"),
]


@pytest.mark.parametrize(("when", "what"), POINTS)
def test_a_process_killed_at_any_point_leaves_the_batch_whole_or_not_at_all(
    server, machine, tmp_path, when, what
):
    import_ledger(machine(), written(tmp_path, "A", 20), department="甲局")
    path = written(tmp_path, "B", 20)
    running = process(server, tmp_path / "cache", "ledger", "import", str(path), "--yes")

    def kill(name):
        if what in name and running.poll() is None:
            running.send_signal(signal.SIGKILL)
            running.wait()
        return running.returncode is not None

    setattr(server, when, kill)
    running.wait(120)
    assert running.returncode == -signal.SIGKILL
    server.before = server.after = None
    there = when == "after"
    other = machine()
    sound(other, range(1, 3 if there else 2))
    # Another machine continues, and the one that died does, with the same file.
    assert import_ledger(other, written(tmp_path, "C", 20), department="甲局").new
    again = process(server, tmp_path / "cache", "ledger", "import", str(path), "--yes", "--json")
    said, _ = again.communicate(timeout=120)
    assert again.returncode == 0, said
    (died,) = (tmp_path / "cache" / "zhunsheng" / "mirrors").iterdir()
    for root in (other, died, machine()):
        sound(root, range(1, 4))
        assert len(rows_of(root)) == len(set(rows_of(root))) == 60


def test_a_commit_that_did_not_get_into_the_log_is_put_there_by_who_writes_next(server, machine, tmp_path):
    import_ledger(machine(), written(tmp_path, "A", 20), department="甲局")
    log = "bureau/ledgers/complaints/_delta_log/00000000000000000000.json"
    said = server.get(log)
    server.delete(log)
    other = machine()
    sound(other, [1])
    import_ledger(other, written(tmp_path, "B", 20), department="甲局")
    assert server.get(log) == said
    sound(machine(), [1, 2])


def test_an_answer_that_is_lost_neither_fails_nor_doubles(server, machine, tmp_path):
    one = machine()
    server.unanswered = lambda name: "/batches/" in name
    assert import_ledger(one, written(tmp_path, "A", 20), department="甲局").batch.batch == 1
    assert server.asked.count("bureau/batches/000001.json") == 2
    sound(one, [1])
    sound(machine(), [1])


def test_other_programs_read_the_tables_where_they_lie(server, machine, tmp_path):
    from deltalake import DeltaTable

    one = machine()
    for name in "AB":
        import_ledger(one, written(tmp_path, name, 20), department="甲局")
    options = {k.lower(): v for k, v in server.env().items()}
    table = DeltaTable(f"{PLACE}/ledgers/complaints", storage_options=options)
    assert table.version() == 1 and table.to_pyarrow_table().num_rows == 40


def test_small_files_put_together_come_to_every_mirror(server, machine, tmp_path):
    one = machine()
    for n in range(4):
        import_ledger(one, written(tmp_path, f"A{n}-", 5), department="甲局")
    (made,) = Store(one).compact()
    assert made.compacts == 4
    fresh = machine()
    sound(fresh, range(1, 6))
    assert len(Store(fresh).snapshot().files["complaints"]) == 1 and len(rows_of(fresh)) == 20
    assert len(Store(fresh).snapshot(batch=2).files["complaints"]) == 2


# -- what does not hold
# ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("folder", KINDS)
@pytest.mark.parametrize("deed", ["altered", "gone"])
def test_every_object_that_is_altered_or_gone_is_told(server, machine, tmp_path, folder, deed):
    one = machine()
    for name in "ABC":
        import_ledger(one, written(tmp_path, name, 20), department="甲局")
    names = [name for name in server.objects() if name.startswith(f"bureau/{folder}")]
    for name in names:
        if folder.endswith("_delta_log") and name.endswith("2.json"):
            continue  # the newest may be on its way
        content = server.get(name)
        if deed == "altered":
            server.put(name, bytes([content[0] ^ 1]) + content[1:])
        else:
            server.delete(name)
        assert Store(one).verify(), name
        if not folder.endswith("_delta_log"):  # which mirrors read from where nobody writes twice
            assert Store(machine()).verify() or deed == "gone", name
        server.put(name, content)
        assert Store(one).verify() == []


def test_what_does_not_arrive_as_recorded_is_not_taken_in(server, machine, tmp_path):
    one, fresh = machine(), machine()
    import_ledger(one, written(tmp_path, "A", 20), department="甲局")
    (part,) = [name for name in server.objects() if "/part-" in name]
    server.put(part, b"PAR1")
    with pytest.raises(ZhunshengError) as caught:
        Store(fresh).batches()
    assert caught.value.code == "ZS-EV-96" and "part-" in caught.value.text()
    assert not Records(fresh).folder.exists() and not list(fresh.rglob("*.parquet"))
    assert any("ZS-EV-96" in said for said in Store(fresh).verify())


@pytest.mark.parametrize("name", OUTSIDE)
def test_a_record_names_no_file_outside_its_store(server, machine, tmp_path, name):
    one, fresh = machine(), machine()
    batch = import_ledger(one, written(tmp_path, "A", 20), department="甲局").batch
    record = json.loads(server.get("bureau/batches/000001.json"))
    size, digest = next((size, digest) for path, size, digest in batch.files if path.startswith("sources/"))
    record["files"] = [[name, size, digest]]
    from zhunsheng.evidence import Batch

    sealed = Batch.of({**record, "digest": ""}).sealed()
    server.put("bureau/batches/000001.json", Records.text(sealed).encode())
    mark = (fresh / mirror.MARK).read_bytes()
    with pytest.raises(ZhunshengError) as caught:
        Store(fresh).batches()
    assert caught.value.code == "ZS-EV-96"
    assert (fresh / mirror.MARK).read_bytes() == mark and not (tmp_path / "outside.csv").exists()


@pytest.mark.parametrize("deed", ["cut off", "another"])
def test_batches_that_are_there_no_more_stop_whoever_writes(server, machine, tmp_path, deed):
    one = machine()
    for name in "AB":
        import_ledger(one, written(tmp_path, name, 20), department="甲局")
    server.delete("bureau/batches/000002.json")
    if deed == "another":
        import_ledger(machine(), written(tmp_path, "C", 20), department="甲局")
    before = server.objects()
    with pytest.raises(ZhunshengError) as caught:
        import_ledger(one, written(tmp_path, "D", 20), department="甲局")
    assert caught.value.code == "ZS-EV-97" and str(one) in caught.value.text()
    assert server.objects() == before
    assert any("ZS-EV-97" in said for said in Store(one).verify())
    (one / mirror.MARK).unlink()  # the mirror alone is a store as it was
    sound(one, [1, 2])


# -- what fails
# ----------------------------------------------------------------------------------------------------------


def refused(root, path):
    """Return the error of an import that fails, and say that it left nothing here."""

    def lying():
        made = {".lock", ".coming.lock", "index.sqlite", "format.json"}
        return sorted(p for p in root.rglob("*") if p.is_file() and p.name not in made)

    before = lying()
    with pytest.raises(ZhunshengError) as caught:
        import_ledger(root, path, department="甲局")
    assert lying() == before
    return caught.value


def test_a_service_that_does_not_answer(server, machine, tmp_path, monkeypatch):
    monkeypatch.setattr(objects, "_TRIES", {"max_retries": 0})
    monkeypatch.setattr(objects, "_client", objects._client.__wrapped__)
    one, path = machine(), written(tmp_path, "A", 20)
    server.down = True
    error = refused(one, path)
    assert error.code == "ZS-EV-92" and PLACE in error.text() and "503" in error.text()
    server.down = False
    # In the midst of an import: what is written is not there until its record is.
    for what in ("/part-", "/files/", "/batches/"):

        def fall(name, what=what):
            server.down = server.down or what in name

        server.after = fall
        server.unanswered = lambda name, what=what: what in name
        assert refused(one, path).code == "ZS-EV-92"
        server.down, server.after, server.unanswered = False, None, None
    # The record was there, and its answer was lost: the same file is the same batch.
    assert not import_ledger(one, path, department="甲局").new
    sound(one, [1])
    sound(machine(), [1])


def begun(server):
    """Return how many uploads in parts were begun and neither ended nor given up."""
    return server._plain("GET", f"/{BUCKET}?uploads").decode().count("<UploadId>")


def test_a_file_of_the_store_goes_in_one_piece_and_a_large_source_in_parts(server, tmp_path, monkeypatch):
    remote, large = objects.Remote.at(PLACE), tmp_path / "large.csv"
    large.write_bytes(os.urandom(12 * 2**20))
    remote.put("files/whole", large)
    assert server.asked.count("bureau/files/whole") == 1
    monkeypatch.setattr(objects, "_WHOLE", 2**20)
    remote.put("files/parts", large)
    assert server.asked.count("bureau/files/parts") > 2
    for name in ("files/whole", "files/parts"):
        with (tmp_path / "back").open("wb") as into:
            remote.read(name, into)
        assert (tmp_path / "back").read_bytes() == large.read_bytes()
    monkeypatch.setattr(objects, "_TRIES", {"max_retries": 0})
    objects._client.cache_clear()
    tries = itertools.count()
    server.before = lambda name: name.endswith("broken") and next(tries) == 2
    with pytest.raises(ZhunshengError, match="ZS-EV-92"):
        remote.put("files/broken", large)
    server.before = None
    assert remote.size("files/broken") is None and begun(server) == 0


def test_a_bucket_that_is_not_there(server, tmp_path):
    root = bound(tmp_path / "one", "s3://other-bucket/bureau")
    error = refused(root, written(tmp_path, "A", 20))
    assert error.code == "ZS-EV-93" and "other-bucket" in error.text() and server.endpoint in error.text()


def test_credentials_that_are_wrong(server, machine, tmp_path, monkeypatch):
    one = machine()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAWRONG")
    objects._client.cache_clear()
    error = refused(one, written(tmp_path, "A", 20))
    assert error.code == "ZS-EV-94" and "403 InvalidAccessKeyId" in error.text()
    objects._client.cache_clear()


def test_a_service_that_loses_conditions(server, machine, tmp_path):
    one = machine()
    server.conditions = False
    error = refused(one, written(tmp_path, "A", 20))
    assert error.code == "ZS-EV-95" and server.objects() == []


def test_a_client_that_is_not_installed(server, machine, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "obstore.exceptions", None)
    error = refused(machine(), written(tmp_path, "A", 20))
    assert error.code == "ZS-EV-90" and "zhunsheng[object-store]" in error.text()


@pytest.mark.parametrize("place", NO_PLACES)
def test_an_address_that_is_none(place, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    answer = CliRunner().invoke(app, ["ledger", "log", "--store", place])
    assert answer.exception.code == "ZS-EV-91"
    assert not list(tmp_path.rglob("remote.json"))


def test_a_folder_that_is_another_store(server, machine, tmp_path):
    plain = tmp_path / "plain"
    import_ledger(plain, written(tmp_path, "A", 20), department="甲局")
    for root in (plain, machine()):
        with pytest.raises(ZhunshengError) as caught:
            bound(root, f"s3://{BUCKET}/elsewhere")
        assert caught.value.code == "ZS-EV-99" and str(root) in caught.value.text()


# -- every face
# ----------------------------------------------------------------------------------------------------------


def test_every_command_takes_the_address_for_the_store(server, tmp_path, monkeypatch):
    def run(machine, *words):
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / machine))
        answer = CliRunner().invoke(app, [*words])
        assert answer.exit_code == 0, (words, answer.output, answer.exception)
        return answer.output

    path = written(tmp_path, "A", 20)
    run("one", "ledger", "import", str(path), "--store", PLACE, "--department", "305001=甲局", "--yes")
    run("two", "ledger", "remove", "complaints", "A1", "--reason", "重复登记", "--store", PLACE)
    assert "305001" in run("one", "ledger", "departments", "--store", PLACE)
    assert len(json.loads(run("three", "ledger", "log", "--store", PLACE, "--json"))) == 2
    assert "A1" in run("one", "ledger", "diff", "1", "2", "--store", PLACE)
    run("one", "ledger", "undo", "2", "--store", PLACE)
    assert json.loads(run("four", "ledger", "verify", "--store", PLACE, "--json"))["batch"] == 3
    read = json.loads(run("two", "measure", "--evidence", PLACE, "--as-of", "2021-12-31", "--json"))
    assert read


def test_the_site_keeps_its_evidence_there(server, tmp_path, settings):
    from zhunsheng.web.services import evidence

    settings.DATA, settings.EVIDENCE = tmp_path / "data", PLACE
    root = evidence.folder()
    assert root == tmp_path / "data" / "evidence"
    import_ledger(root, written(tmp_path, "A", 20), department="甲局")
    settings.DATA = tmp_path / "another"
    assert Store(evidence.folder()).verify() == []
    assert len(rows_of(evidence.folder())) == 20
