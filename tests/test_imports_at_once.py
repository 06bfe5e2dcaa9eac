"""Departments import at once: what takes long of a file is done before the store is held."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from pathlib import Path

from agreed import import_ledger
from zhunsheng.evidence import Cipher, Store, commits

KEY = "k" * 40


def written(folder, name, rows):
    path = folder / f"{name}.csv"
    lines = [f"{name}{n},投诉,2021-03-05,张{n},138{n:08d}" for n in range(rows)]
    path.write_text("\n".join(["登记编号,类别,收到日期,诉求人,联系电话", *lines]), "utf8")
    return path


def test_a_file_is_checked_and_encrypted_while_another_holds_the_store(tmp_path, monkeypatch):
    store, ready, done = Store(tmp_path / "store", Cipher(KEY)), threading.Event(), []
    prepared = commits.prepared

    @contextmanager
    def told(*given):
        with prepared(*given) as rows:
            ready.set()
            yield rows

    monkeypatch.setattr(commits, "prepared", told)
    path = written(tmp_path, "A", 50)

    def work():
        done.append(import_ledger(store.root, path, department="甲局", cipher=Cipher(KEY)))

    thread = threading.Thread(target=work)
    with store._locked():
        thread.start()
        assert ready.wait(60)  # all but the writing is done
        assert not done
    thread.join(60)
    assert done[0].new and done[0].batch.inserted == 50
    (shown,) = store.snapshot().files["complaints"]
    assert "张1".encode() not in Path(shown).read_bytes()


def test_departments_that_import_at_once_leave_a_sound_store(tmp_path):
    root, failed = tmp_path / "store", []

    def work(name):
        try:
            for turn in range(3):
                path = written(tmp_path, f"{name}{turn}", 300)
                assert import_ledger(root, path, department=name, cipher=Cipher(KEY)).new
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(name,)) for name in ("甲局", "乙局", "丙局", "丁局")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    store = Store(root)
    assert not failed and store.verify() == []
    assert sorted(b.department for b in store.batches() if b.imports) == sorted(
        ["甲局", "乙局", "丙局", "丁局"] * 3
    )
    assert {b.batch for b in store.batches()} == set(range(1, store.head[0] + 1))
