"""The store as it grows and ages: departments by code, migration, compaction, an index that is never the
truth.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import duckdb
import pytest
from deltalake import DeltaTable
from hypothesis import given, settings
from hypothesis import strategies as st

from agreed import import_ledger
from zhunsheng.cli import main
from zhunsheng.codes import department_code
from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence import Store, View, Window, browse, check_file, commits, compacting, layout, ledgers
from zhunsheng.evidence.index import Index
from zhunsheng.evidence.privacy import Cipher
from zhunsheng.evidence.sql import one_file, quoted
from zhunsheng.measures import DuckEngine, Rows, combine, compiling, evidence_rows, measures, read_all

END = date(2021, 12, 31)
CLOSURE = "report_closure_rate"
HEAD = "编号,类型,收到日期,办结日期"
PAID = "凭证号,项目名称,项目编码,支付金额,支付日期"
LANDED = Path(__file__).parent / "landed" / "store.tar.gz"
LANDED_HEAD = "e54ecf74d7ac23a22746bd4799610e17b9272964e51173d582c6b9c474c862e8"


def put(root, name, lines, head=HEAD, **how):
    path = root.parent / name
    path.write_text("\n".join([head, *lines]) + "\n", "utf8")
    return import_ledger(root, path, **how).batch


def numbers(store, department, ledger="complaints", **when):
    return sorted(r.values[0] for r in browse(store.snapshot(**when), ledgers()[ledger], department).rows)


def read(store, *departments, names=(CLOSURE,), **when):
    snapshot = store.snapshot(**when)
    chosen = [measures()[n] for n in names]
    return read_all(chosen, DuckEngine(snapshot), snapshot, 2021, END, departments=departments or None)


@pytest.fixture
def root(tmp_path):
    return tmp_path / "store"


@pytest.fixture
def landed(tmp_path):
    with tarfile.open(LANDED) as archive:
        archive.extractall(tmp_path)  # our own: every Python 3.11 takes it so
    return tmp_path / "store"


# -- departments
# ------------------------------------------------------------------------------------------------------


def test_departments_of_one_name_share_nothing(root):
    put(root, "a.csv", ["T1,举报,2021-03-05,2021-04-01"], department="A1", label="市场监督管理局")
    put(
        root, "b.csv", ["T1,举报,2021-03-05,", "T2,举报,2021-03-05,"], department="B1", label="市场监督管理局"
    )
    store = Store(root)
    assert (numbers(store, "A1"), numbers(store, "B1")) == (["T1"], ["T1", "T2"])
    assert {k[1]: r.value for k, r in read(store).items()} == {"A1": 100, "B1": 0}
    assert [b.batch for b in store.batches(department="A1")] == [1]
    assert [b.batch for b in store.snapshot().batches_of(department="B1")] == [2]
    with pytest.raises(ZhunshengError, match="ZS-EV-12"):
        store.undo(2, department="A1")
    store.undo(2, department="B1")
    assert (numbers(store, "A1"), numbers(store, "B1")) == (["T1"], [])
    with pytest.raises(ZhunshengError, match=r"ZS-EV-20.*A1.*B1"):
        store.resolve("市场监督管理局")
    assert store.known()["市场监督管理局"] == ""
    assert store.snapshot().name_of("A1") == "市场监督管理局（A1）"
    # The same file for the namesake is another batch.
    assert (
        put(root, "a.csv", ["T1,举报,2021-03-05,2021-04-01"], department="B1", label="市场监督管理局").batch
        == 4
    )


def test_renaming_a_department_keeps_its_evidence(root):
    put(root, "a.csv", ["T1,举报,2021-03-05,2021-04-01"], department="A1", label="工商局")
    put(root, "b.csv", ["T2,举报,2021-03-05,"], department="A1", label="市场监督管理局")
    store = Store(root)
    assert numbers(store, "A1") == ["T1", "T2"]
    assert [name for _, name in store.departments()["A1"].names] == ["工商局", "市场监督管理局"]
    assert (
        store.resolve("工商局").code
        == store.resolve("市场监督管理局").code
        == store.resolve("A1").code
        == "A1"
    )
    assert [b.label for b in store.batches()] == ["工商局", "市场监督管理局"]
    assert [store.snapshot(batch=n).name_of("A1") for n in (1, 2)] == ["工商局", "市场监督管理局"]
    # Undoing a batch of the old name is no rename back.
    store.undo(1)
    assert store.departments()["A1"].name == "市场监督管理局"


def test_a_likeness_never_names_a_department(root):
    put(root, "a.csv", ["T1,举报,2021-03-05,"], department="A1", label="市场监督管理局")
    with pytest.raises(ZhunshengError, match="ZS-EV-21"):
        Store(root).resolve("市场监管局")


def test_a_row_names_its_department_by_code_or_exact_name(root, tmp_path):
    put(root, "a.csv", ["T1,举报,2021-03-05,"], department="A1", label="甲局")
    put(root, "b.csv", ["T1,举报,2021-03-05,"], department="B1", label="同名局")
    put(root, "c.csv", ["T1,举报,2021-03-05,"], department="C1", label="同名局")
    head = f"部门,{HEAD}"
    lines = [
        "甲局,T2,举报,2021-03-05,",
        "B1,T3,举报,2021-03-05,",
        ",T4,举报,2021-03-05,",
        "新局,T5,举报,2021-03-05,",
    ]
    made = put(root, "d.csv", lines, head, department="C1")
    new = department_code("新局")
    assert (made.named, made.holds) == ({new: "新局"}, tuple(sorted(["A1", "B1", new])))
    store = Store(root)
    assert [numbers(store, code) for code in ("A1", "B1", "C1", new)] == [
        ["T1", "T2"],
        ["T1", "T3"],
        ["T1", "T4"],
        ["T5"],
    ]
    path = tmp_path / "e.csv"
    path.write_text(f"{head}\n同名局,T9,举报,2021-03-05,\n甲局,T8,举报,2021-03-05,\n", "utf8")
    with check_file(path, None, "A1", known=store.known()) as checked:
        assert [(e.row, e.column) for e in checked.errors] == [(2, "部门")]
    # Its own name stands for the department itself, whoever else bears it.
    with check_file(path, None, "C1", label="同名局", known=store.known(), only=True) as checked:
        assert [(e.row, e.value) for e in checked.errors] == [(3, "甲局")]


def run(capsys, *words):
    with pytest.raises(SystemExit) as left:
        main([*map(str, words)])
    said = capsys.readouterr()
    return left.value.code, said.out + said.err


def test_the_command_line_takes_a_code_a_name_or_both(root, tmp_path, capsys):
    path = tmp_path / "a.csv"
    path.write_text(f"{HEAD}\nT1,举报,2021-03-05,\n", "utf8")
    assert run(capsys, "ledger", "import", path, "--store", root, "--department", "甲局")[0] == 0
    assert list(Store(root).departments()) == [department_code("甲局")]
    assert run(capsys, "ledger", "import", path, "--store", root, "--department", "K9=甲局")[0] == 0
    code, said = run(capsys, "ledger", "import", path, "--store", root, "--department", "甲局")
    assert code == 2 and "ZS-EV-20" in said
    assert run(capsys, "ledger", "import", path, "--store", root, "--department", "K9=乙局")[0] == 0
    assert Store(root).departments()["K9"].name == "甲局"  # the same file: no batch, so nothing was said
    path.write_text(f"{HEAD}\nT2,举报,2021-03-05,\n", "utf8")
    assert run(capsys, "ledger", "import", path, "--store", root, "--department", "K9=乙局")[0] == 0
    assert Store(root).resolve("乙局").code == "K9"
    code, said = run(capsys, "ledger", "log", "--store", root, "--department", "乙局", "--json")
    assert (code, [b["batch"] for b in json.loads(said)]) == (0, [2, 3])
    assert "K9" in run(capsys, "ledger", "departments", "--store", root)[1]
    assert "ZS-EV-21" in run(capsys, "ledger", "log", "--store", root, "--department", "丙局")[1]
    asked = ("measure", "report_closure_rate", "--evidence", root, "--as-of", "2021-12-31", "--json")
    assert len(json.loads(run(capsys, *asked)[1])) == 2
    assert [r["department"] for r in json.loads(run(capsys, *asked, "--department", "乙局")[1])] == ["K9"]
    assert "ZS-EV-21" in run(capsys, *asked, "--department", "丙局")[1]
    assert "ZS-EV-23" in run(capsys, "ledger", "import", path, "--store", root, "--department", "=丙局")[1]


def test_the_state_of_a_department_moves_with_its_rows_and_with_nothing_else(landed, monkeypatch):
    monkeypatch.setattr(compacting, "COMPACT_FROM", 4)
    store = Store(landed)
    store.migrate({"甲局": "A1"})
    for n in range(6):
        put(landed, f"{n}.csv", [f"S{n},举报,2021-03-05,"], department=("A1", "B1", "C1")[n % 3])
    held = put(
        landed,
        "held.csv",
        ["A1,S9,举报,2021-03-05,", "B1,S8,举报,2021-03-05,", ",S7,举报,2021-03-05,"],
        f"部门,{HEAD}",
        department="C1",
    )
    store.undo(held.batch)
    states = [store.snapshot(batch=n) for n in range(store.head[0] + 1)]

    def seen(snapshot, code):
        return sorted(
            (
                [n, *row]
                for n, found in rows(store, batch=snapshot.batch).items()
                for row in found
                if row[0] == code
            ),
            key=repr,
        )

    for code in ("A1", "B1", "C1"):
        moves = [seen(one, code) != seen(two, code) for one, two in pairwise(states)]
        told = [one.state_of(code) != two.state_of(code) for one, two in pairwise(states)]
        # A migration moves all departments' rows from names to codes, which earlier states are read by as
        # well.
        migrated = [b.renames is not None for b in store.batches()]
        assert told == [a or b for a, b in zip(moves, migrated, strict=True)]
        assert store.state_of(code) == states[-1].state_of(code)
    assert any(b.compacts for b in store.batches())


# -- migration
# --------------------------------------------------------------------------------------------------------

JIA, YI = department_code("甲局"), department_code("乙局")


def rows(store, **when):
    snapshot = store.snapshot(**when)
    return {
        name: sorted(
            duckdb.sql(f"SELECT * EXCLUDE (project_code) FROM ({snapshot.sql(ledger)})").fetchall(), key=repr
        )
        if any(c.name == "project_code" for c in ledger.columns)
        else sorted(duckdb.sql(snapshot.sql(ledger)).fetchall(), key=repr)
        for name, ledger in ledgers().items()
        if name in snapshot.files
    }


def test_a_landed_store_is_migrated_by_a_verifiable_batch(landed):
    store = Store(landed)
    before = [rows(store, batch=n) for n in range(9)]
    made = store.migrate({"甲局": "K1"})
    assert sorted((b.ledger, b.renames["甲局"], b.renames.get("乙局")) for b in made) == [
        ("activities", "K1", None),
        ("complaints", "K1", YI),
        ("payments", "K1", YI),
    ]
    assert json.loads((landed / "format.json").read_text()) == {"format": "zhunsheng.store/2"}
    assert store.verify() == [] and store.verify(since=LANDED_HEAD) == []
    assert numbers(store, "K1") == ["T1", "T2", "T4"] and numbers(store, YI) == ["T1", "T9"]
    # A name is as old as the first batch that bore it.
    assert store.departments()["K1"].names == (("2021-04-01T00:00:00+00:00", "甲局"),)
    assert store.snapshot(batch=1).name_of("K1") == "甲局" and store.resolve("乙局").code == YI

    def coded(state):
        return {n: [("K1" if r[0] == JIA else r[0], *r[1:]) for r in found] for n, found in state.items()}

    # Every row keeps its values, batch and place, now and in every earlier state.
    assert rows(store) == coded(before[8])
    assert [rows(store, batch=n) for n in range(9)] == [coded(state) for state in before]
    assert [b.department for b in store.batches(department="K1")] == ["K1"] * 6
    assert [b.digest for b in store.batches()][7] == LANDED_HEAD
    # Once: a second call and further batches change nothing of it.
    assert store.migrate({"甲局": "K2"}) == []
    put(landed, "n.csv", ["V9,监管经费,P1,5,2021-05-05"], PAID, department="K1", label="甲局")
    assert store.verify() == [] and numbers(store, "K1", "payments") == ["V1", "V2", "V9"]
    # A batch from before the migration can still be taken back.
    store.undo(1, department="K1")
    assert numbers(store, "K1") == ["T4"] and store.verify() == []


def test_a_landed_store_is_read_without_writing(landed, monkeypatch):
    before = {p: p.read_bytes() if p.is_file() else None for p in landed.rglob("*")}
    folders = [landed, *(p for p in before if p.is_dir())]
    for folder in folders:
        folder.chmod(0o555)
    # To root every folder can be written, so it is told what others would be.
    monkeypatch.setattr(os, "access", lambda path, mode: mode & os.W_OK == 0)
    try:
        store = Store.existing(landed)
        assert numbers(store, JIA) == ["T1", "T2", "T4"] and numbers(store, JIA, batch=6) == [
            "T1",
            "T2",
            "T3",
        ]
        assert store.resolve("甲局").code == JIA and store.departments()[JIA].name == "甲局"
        assert [b.batch for b in store.batches(department=JIA)] == [1, 3, 5, 6, 7, 8]
        assert {k[1]: r.text() for k, r in read(store).items()} == {JIA: "66.67%", YI: "0%"}
        assert store.verify(LANDED_HEAD) == []
    finally:
        for folder in folders:
            folder.chmod(0o755)
    assert {p: p.read_bytes() if p.is_file() else None for p in landed.rglob("*")} == before


KILLED = """
import os, sys
from pathlib import Path
from zhunsheng.evidence import Store, layout, migrating
from zhunsheng.evidence.records import Records
where, at = sys.argv[2], int(sys.argv[3])
owner = {"rewrite": migrating, "write": Records, "mark": layout}[where]
real, count = getattr(owner, where), [0]
def die(*a, **k):
    count[0] += 1
    if count[0] == at:
        os._exit(9)
    return real(*a, **k)
setattr(owner, where, die)
Store(Path(sys.argv[1])).migrate()
"""


@pytest.mark.parametrize(("where", "at"), [("rewrite", 1), ("rewrite", 3), ("write", 2), ("mark", 1)])
def test_a_killed_migration_goes_on(landed, where, at):
    assert subprocess.run([sys.executable, "-c", KILLED, str(landed), where, str(at)]).returncode == 9
    store = Store(landed)
    assert numbers(store, JIA) == ["T1", "T2", "T4"] and store.verify() == []
    store.migrate()
    assert sorted(b.ledger for b in store.batches() if b.renames) == ["activities", "complaints", "payments"]
    assert numbers(store, JIA) == ["T1", "T2", "T4"] and store.verify() == []


def test_the_first_writing_migrates(landed):
    put(landed, "n.csv", ["T7,举报,2021-03-05,"], department=JIA, label="甲局")
    store = Store(landed)
    assert numbers(store, JIA) == ["T1", "T2", "T4", "T7"] and store.verify() == []
    assert len([b for b in store.batches() if b.renames]) == 3


# -- projects
# ---------------------------------------------------------------------------------------------------------


def test_rows_of_a_project_are_gathered_by_its_code_or_its_name(root):
    lines = [
        "V1,监管经费,P1,10,2021-03-01",
        "V2,监管经费（旧名）,P1,5,2021-03-01",
        "V3,监管经费,,7,2021-03-01",
    ]
    put(root, "p.csv", lines, PAID, department="A1")
    store = Store(root)
    found = read(store, names=["paid"])
    assert {k[2]: r.numerator for k, r in found.items()} == {None: 22, "P1": 15, "监管经费": 7}
    snapshot, measure = store.snapshot(), measures()["paid"]

    def vouchers(*projects):
        listed = evidence_rows(
            measure, DuckEngine(snapshot), snapshot, 2021, END, Rows(department="A1", projects=projects)
        )
        return [r.values["凭证号"] for r in listed]

    assert (vouchers("P1"), vouchers("P1", "监管经费"), vouchers()) == (["V1", "V2"], ["V1", "V2", "V3"], [])
    both = combine(measure, [found["paid", "A1", "P1"], found["paid", "A1", "监管经费"]])
    assert (both.value, both.numerator, both.denominator) == (22, 22, 3)


def test_readings_of_disjoint_rows_add_up_exactly(root):
    put(
        root,
        "a.csv",
        [f"T{n},举报,2021-03-05,{'2021-04-01' if n else ''}" for n in range(3)],
        department="A1",
    )
    put(root, "b.csv", [f"T{n},举报,2021-03-05," for n in range(4)], department="B1")
    found = read(Store(root))
    measure = measures()[CLOSURE]
    parts = [found[CLOSURE, code, None] for code in ("A1", "B1")]
    whole = combine(measure, parts)
    assert (whole.value, whole.numerator, whole.denominator) == (Fraction(200, 7), Decimal(2), 7)
    assert combine(measure, []) is None and combine(measure, parts[:1]) is parts[0]


def test_combined_dates_are_the_latest_once_nothing_is_lacking(root):
    head = "项目名称,采购环节,计划完成日期,完成日期"
    ledger = ledgers()["procurements"]
    titles = {c.name: c.title for c in ledger.columns}
    measure = measures()["project_completed_on"]
    head = ",".join(c.title for c in ledger.columns if c.required or c.name == measure.of)
    example = {"text": "甲", "date": "2021-03-05", "integer": "1", "money": "1", "bool": "是"}

    def line(project, day):
        values = {c.name: c.values[-1] if c.values else example[c.type] for c in ledger.columns}
        values |= {"project": project, measure.of: day}
        return ",".join(values[c.name] for c in ledger.columns if c.title in head.split(","))

    assert measure.ledger == ledger.id and titles[measure.of] in head
    put(
        root,
        "p.csv",
        [line("甲", "2021-05-01"), line("乙", "2021-06-01"), line("丙", "")],
        head,
        department="A1",
    )
    found = read(Store(root), names=[measure.id])
    one, two, lacking = (found[measure.id, "A1", p] for p in ("甲", "乙", "丙"))
    assert combine(measure, [one, two]).value == date(2021, 6, 1)
    both = combine(measure, [one, lacking])
    assert both.value is None and both.denominator == 1 and both.latest == date(2021, 5, 1)


# -- many batches
# -----------------------------------------------------------------------------------------------------


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(compacting, "COMPACT_FROM", 4)


def grown(root, batches, start=0):
    for n in range(start, start + batches):
        put(
            root,
            f"{n}.csv",
            [f"T{n},举报,2021-03-05,2021-04-0{n % 9 + 1}", "S,举报,2021-03-05,"],
            department=f"D{n % 3}",
        )
    return Store(root)


def test_earlier_states_stay_readable_after_compaction(root, small):
    store = grown(root, 3)
    states = {n: rows(store, batch=n) for n in range(4)}
    heads = {n: store.snapshot(batch=n).digest for n in range(4)}
    grown(root, 9, 3)
    made = [b for b in store.batches() if b.compacts]
    assert made and all(b.rows == 0 for b in made)
    assert len(store.snapshot().files["complaints"]) <= 4
    for n, state in states.items():
        assert rows(store, batch=n) == state and store.snapshot(batch=n).digest == heads[n]
    for batch in made:
        assert rows(store, batch=batch.batch) == rows(store, batch=batch.batch - 1)
    assert store.verify() == []
    # Rows still tell the batch that brought them, and that batch can be taken back.
    assert store.snapshot().batch_of(1).file == "0.csv"
    assert numbers(store, "D1") == ["S", "T1", "T10", "T4", "T7"]
    store.undo(2)
    assert "T1" not in numbers(store, "D1") and store.verify() == []
    with pytest.raises(ZhunshengError, match="ZS-EV-12"):
        store.undo(made[0].batch)


def test_a_changed_or_lost_checkpoint_is_found(root, small):
    store = grown(root, 6)
    (checkpoint,) = (root / "ledgers" / "complaints" / "_delta_log").glob("*.checkpoint.parquet")
    kept = checkpoint.read_bytes()
    checkpoint.write_bytes(kept[:-1] + b"!")
    assert any("被改动" in p for p in store.verify())
    checkpoint.unlink()
    assert any("丢失" in p for p in store.verify())
    checkpoint.write_bytes(kept)
    assert store.verify() == []
    hint = checkpoint.with_name("_last_checkpoint")
    hint.write_text(json.dumps({"version": 1, "size": 1}))
    assert any("未经记录" in p for p in store.verify())


def test_a_compaction_killed_before_its_commit_leaves_nothing(root):
    store = grown(root, 3)
    script = (
        "import os, sys\nfrom pathlib import Path\nfrom zhunsheng.evidence import Store, layout\n"
        "layout.seen = lambda *a: os._exit(9)\nStore(Path(sys.argv[1])).compact()\n"
    )
    assert subprocess.run([sys.executable, "-c", script, str(root)]).returncode == 9
    assert list(root.rglob("*.checkpoint.parquet"))
    grown(root, 1, 3)
    assert not list(root.rglob("*.checkpoint.parquet")) and store.verify() == []
    assert [b.compacts for b in store.compact()] == [4] and store.verify() == []


def test_verify_writes_nothing(root):
    store = grown(root, 3)
    (root / "index.sqlite").unlink()
    (root / "batches" / "000003.json").unlink()  # as a process killed after its commit leaves it
    before = {p: (p.stat().st_mtime_ns, p.read_bytes()) for p in root.rglob("*") if p.is_file()}
    assert store.verify() == [] and store.verified_head()[0] == 3
    assert {p: (p.stat().st_mtime_ns, p.read_bytes()) for p in root.rglob("*") if p.is_file()} == before


def test_verify_since_checks_what_came_after(root):
    store = grown(root, 2)
    number, digest = store.head
    grown(root, 2, 2)
    last = store.head[1]
    assert store.verify(last, since=digest) == store.verify(last, since=number) == []
    (root / store.batches()[0].files[1][0]).write_bytes(b"x")
    assert store.verify() and store.verify(since=digest) == []
    (root / store.batches()[2].files[1][0]).write_bytes(b"x")
    assert any("批次 3" in p for p in store.verify(since=digest))
    assert any("不符" in p for p in store.verify("0" * 64, since=digest))
    with pytest.raises(ZhunshengError, match="ZS-EV-22"):
        store.verify(since="0" * 64)
    with pytest.raises(ZhunshengError, match="ZS-EV-22"):
        store.verify(since=99)
    log = root / "ledgers" / "complaints" / "_delta_log"
    (log / f"{4:020d}.json").write_text(json.dumps({"commitInfo": {"operation": "WRITE"}}))
    assert any("未经记录" in p for p in store.verify(since=digest))


def test_a_record_of_nonsense_is_found(root):
    store = grown(root, 2)
    record = root / "batches" / "000001.json"
    for field, nonsense in (("when", "never"), ("version", "x"), ("named", 3), ("ledger", None)):
        kept = record.read_text()
        record.write_text(json.dumps({**json.loads(kept), field: nonsense}))
        assert any("批次 1" in p for p in store.verify()), field
        record.write_text(kept)
    assert store.verify() == []


def test_verify_since_refuses_a_start_that_was_altered(root):
    store = grown(root, 3)
    digest = store.batches()[1].digest
    record = root / "batches" / "000002.json"
    record.write_text(record.read_text().replace('"rejected": 0', '"rejected": 1'))
    with pytest.raises(ZhunshengError, match="ZS-EV-22"):
        store.verify(since=digest)


def test_the_index_is_made_anew_where_it_is_lost_wrong_or_behind(root):
    store = grown(root, 3)
    path = root / "index.sqlite"
    whole = rows(store), store.batches(), store.departments()
    two = root.parent / "two.sqlite"
    shutil.copy(path, two)
    grown(root, 1, 3)
    later = rows(store), store.batches(), store.departments()
    assert later != whole
    for spoil in (
        path.unlink,
        lambda: path.write_bytes(b"no database"),
        lambda: shutil.copy(two, path),  # behind
        lambda: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    ):
        spoil()
        assert (rows(store), store.batches(), store.departments()) == later
        assert store.verify() == []
    # An index that says other than the records is found by verification.
    with Index.at_hand(root, write=True) as index:
        index.connection.execute("UPDATE batch SET department = 'X' WHERE n = 1")
    assert any("index.sqlite" in p for p in store.verify())


def test_reading_is_done_by_others_while_one_writes(root):
    store = grown(root, 2)
    with Store(root)._locked():
        (root / "index.sqlite").unlink()
        assert store.snapshot().batch == 2 and len(store.batches(department="D0")) == 1


def test_cost_does_not_grow_with_batches(root, small, monkeypatch):
    """Count the files that are opened, of any kind: the same for a dozen batches and for four
    times as many.
    """
    opened: list[str] = []

    def hook(event, arguments):
        if event in ("open", "sqlite3.connect") and str(root) in str(arguments[0]):
            opened.append(str(arguments[0]))

    sys.addaudithook(hook)

    def cost(act):
        del opened[:]
        act()
        return len(opened)

    def costs(store):
        snapshot = store.snapshot()
        number = store.head[0]
        return {
            "ledger": cost(lambda: store.batches(department="D1", limit=5)),
            "rows": cost(lambda: browse(store.snapshot(), ledgers()["complaints"], "D1")),
            "figures": cost(lambda: read(store, "D1")),
            "batch": cost(lambda: snapshot.batch_of(1)),
            "since": cost(lambda: store.verify(since=number - 1)),
            "import": cost(lambda: put(root, "x.csv", [f"X{number},举报,2021-03-05,"], department="D2")),
            "files": len(snapshot.files["complaints"]),
        }

    few = costs(grown(root, 9))
    many = costs(grown(root, 35, 10))
    assert few["ledger"] > 0
    # Compaction falls on another import here and there; nothing else differs.
    assert {k: n for k, n in many.items() if n > few[k] + 8} == {}


def test_one_department_is_computed_alone(root):
    store = grown(root, 6)
    assert {k[1] for k in read(store, "D1")} == {"D1"}
    assert read(store, "D1") == {k: r for k, r in read(store).items() if k[1] == "D1"}
    assert read(store, "D1", "D'2") == read(store, "D1") and read(store, "nobody") == {}
    snapshot = store.snapshot()
    assert (
        read_all(list(measures().values()), DuckEngine(snapshot), snapshot, 2021, END, departments=[]) == {}
    )


def test_queries_are_compiled_once(root, monkeypatch):
    store = grown(root, 1)
    read(store, "D0")
    monkeypatch.setattr(compiling, "_compile", None)  # what is compiled again fails
    read(store, "D1")


def test_a_column_that_a_file_lacks_is_empty(root):
    put(root, "p.csv", ["V1,监管经费,P1,10,2021-03-01"], PAID, department="A1")
    snapshot = Store(root).snapshot()
    (file,) = snapshot.files["payments"]
    old = quoted(f"{root}/old.parquet")
    rows = f"read_parquet({quoted(one_file(file))})"
    duckdb.sql(f"COPY (SELECT * EXCLUDE (project_code) FROM {rows}) TO {old}")
    both = type(snapshot)(1, None, "", {"payments": (file, f"{root}/old.parquet")})
    found = duckdb.sql(f"SELECT project_code FROM ({both.sql(ledgers()['payments'])})").fetchall()
    assert len(found) == 2 and {*found} == {("P1",), (None,)}


def test_a_ledger_may_gain_a_column(root):
    """As a later version of the program adds one: the table takes it up, and every batch can
    be taken back.
    """
    today = ledgers()["payments"]
    before = today.model_copy(update={"columns": tuple(c for c in today.columns if c.name != "project_code")})
    old = "凭证号,项目名称,支付金额,支付日期"
    put(root, "a.csv", ["V1,经费,10,2021-03-01", "V2,经费,1,2021-03-01"], old, department="A1", ledger=before)
    put(root, "b.csv", ["V2,经费,2,2021-03-01"], old, department="A1", ledger=before)
    store = Store(root)
    assert {k[2]: r.numerator for k, r in read(store, names=["paid"]).items()} == {None: 12, "经费": 12}
    store.undo(2)
    assert {k[2]: r.numerator for k, r in read(store, names=["paid"]).items()} == {None: 11, "经费": 11}
    put(root, "c.csv", ["V1,经费,P1,10,2021-03-01", "V3,经费,P1,5,2021-03-01"], PAID, department="A1")
    assert {k[2]: r.numerator for k, r in read(store, names=["paid"]).items()} == {
        None: 16,
        "经费": 1,
        "P1": 15,
    }
    store.undo(4)
    assert {k[2]: r.numerator for k, r in read(store, names=["paid"]).items()} == {None: 11, "经费": 11}
    assert store.verify() == []


def test_a_check_of_what_counts_now_leaves_out_what_was_overtaken(root):
    put(root, "a.csv", ["T1,举报,2021-03-05,"], department="A1")
    (first,) = (root / "ledgers" / "complaints").glob("*.parquet")
    put(root, "b.csv", ["T1,举报,2021-03-06,"], department="A1")
    (second,) = set((root / "ledgers" / "complaints").glob("*.parquet")) - {first}
    store = Store(root)
    assert store.verify(current=True) == store.verify() == []
    kept = first.read_bytes()
    first.write_bytes(kept + b" ")
    assert store.verify(current=True) == [] and first.name in store.verify()[0]
    first.write_bytes(kept)
    second.write_bytes(second.read_bytes() + b" ")
    assert second.name in store.verify(current=True)[0]


def test_as_of_a_time(root):
    put(root, "a.csv", ["T1,举报,2021-03-05,"], department="A1", when=datetime(2021, 4, 1, tzinfo=UTC))
    put(root, "b.csv", ["T2,举报,2021-03-05,"], department="A1", when=datetime(2021, 6, 1, tzinfo=UTC))
    store = Store(root)
    moments = [
        datetime(2021, 3, 1, tzinfo=UTC),
        datetime(2021, 4, 1, tzinfo=UTC),
        datetime(2022, 1, 1, tzinfo=UTC),
    ]
    assert [store.snapshot(at=m).batch for m in moments] == [0, 1, 2]


def test_what_an_import_says_of_departments(root, tmp_path, capsys):
    put(root, "a.csv", ["T1,举报,2021-03-05,"], department="A1", label="甲局")
    path = tmp_path / "b.csv"
    path.write_text(f"{HEAD}\nT2,举报,2021-03-05,\n", "utf8")
    # Without a word it is the only department there is, and of several none.
    assert run(capsys, "ledger", "import", path, "--store", root)[0] == 0
    assert numbers(Store(root), "A1") == ["T1", "T2"]
    path.write_text(f"部门,{HEAD}\n110190,T3,举报,2021-03-05,\n", "utf8")
    ask = ("ledger", "import", path, "--store", root, "--department", "A1")
    code, said = run(capsys, *ask)
    assert code == 1 and "110190 1 行" in said and numbers(Store(root), "110190") == []
    code, said = run(capsys, *ask, "--yes")
    new = "110190"  # what is no name is a code, and its own department's
    assert code == 0 and "新登记的部门" in said and f"110190（代码 {new}）" in "".join(said.split("\n"))
    path.write_text(f"{HEAD}\nT4,举报,2021-03-05,\n", "utf8")
    assert "ZS-EV-24" in run(capsys, "ledger", "import", path, "--store", root)[1]


def test_the_first_import_to_a_landed_store_gives_its_department_the_code_it_states(landed):
    put(landed, "x.csv", ["T77,举报,2021-03-05,"], department="K1", label="甲局")
    store = Store(landed)
    assert (
        "T77" in numbers(store, "K1") and "T1" in numbers(store, "K1") and store.resolve("甲局").code == "K1"
    )


# -- undo in any order
# ------------------------------------------------------------------------------------------------

_LINES = st.lists(
    st.tuples(st.sampled_from("ABCD"), st.integers(1, 2)),
    min_size=1,
    max_size=4,
    unique_by=lambda line: line[0],
)
# An import of a department, the undoing of one of the imports, or a compaction.
_STEPS = st.lists(
    st.one_of(st.tuples(st.sampled_from(["K1", "K2"]), _LINES), st.integers(0, 5), st.just("compact")),
    min_size=3,
    max_size=9,
)


def paid(root, number, department, lines):
    """Import vouchers; empty lines make each file another one, also where its rows are the same."""
    rows = [f"V{key},经费,{amount},2021-03-01" for key, amount in lines]
    name = f"{root.name}-{number}.csv"
    return put(
        root, name, [*rows, *[",,,"] * number], "凭证号,项目名称,支付金额,支付日期", department=department
    )


def told(store, origins):
    """Return the rows of every department, each with the import that it is of."""
    ledger = ledgers()["payments"]
    found = [
        (d, r)
        for d in ("K1", "K2")
        for r in browse(store.snapshot(), ledger, d, window=Window(limit=99)).rows
    ]
    return sorted((d, r.values, origins[r.batch], r.row) for d, r in found)


@settings(max_examples=30, deadline=None)
@given(_STEPS)
def test_3_after_any_undoing_the_state_is_that_of_the_batches_left(steps):
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch) / "store"
        store, imports, origins, undone = Store(root), [], {}, set()
        for step in steps:
            if isinstance(step, tuple):
                origins[paid(root, len(imports), *step).batch] = len(imports)
                imports.append(step)
            elif isinstance(step, int):
                if step < len(imports) and step not in undone:
                    store.undo(next(b for b, n in origins.items() if n == step))
                    undone.add(step)
            else:
                store.compact()
        other = Path(scratch) / "fresh"
        left = {paid(other, n, *step).batch: n for n, step in enumerate(imports) if n not in undone}
        assert told(store, origins) == told(Store(other), left)
        assert store.verify() == []


def test_undoing_what_later_batches_covered_whole_is_recorded(root):
    for number, amount in enumerate((1, 2)):
        paid(root, number, "K1", [("A", amount)])
    store = Store(root)
    made = store.undo(1)
    assert (made.batch, made.undoes, made.rows, made.updated) == (3, 1, 0, 0)
    assert [r.values[2] for r in browse(store.snapshot(), ledgers()["payments"], "K1").rows] == [2]
    store.undo(2)
    assert browse(store.snapshot(), ledgers()["payments"], "K1").total == 0 and store.verify() == []


def test_a_file_of_rows_that_all_stand_there_is_a_batch_of_its_own(root):
    paid(root, 0, "K1", [("A", 1)])
    made = paid(root, 1, "K1", [("A", 1)])
    assert (made.batch, made.rows, made.inserted, made.updated) == (2, 1, 0, 0)
    store = Store(root)
    (row,) = browse(store.snapshot(), ledgers()["payments"], "K1").rows
    assert row.batch == 1
    store.undo(1)
    (row,) = browse(store.snapshot(), ledgers()["payments"], "K1").rows
    assert row.batch == 2 and store.verify() == []
    (kept,) = (root / "again").iterdir()
    kept.write_bytes(b"")
    assert any("again/" in p for p in store.verify())


def test_rows_said_again_stand_apart_under_a_cipher_too(root):
    cipher = Cipher("k" * 32)
    head = f"{HEAD},诉求人"
    for name in ("a", "b"):
        path = root.parent / f"{name}.csv"
        path.write_text(
            "\n".join([head, "T1,举报,2021-03-05,,张某某", *["", ",,,,"][: ord(name) - 96]]), "utf8"
        )
        import_ledger(root, path, department="A1", cipher=cipher)
    store = Store(root, cipher)
    assert (
        len(store.batches()) == 2 and "张某某".encode() not in next((root / "again").iterdir()).read_bytes()
    )
    store.undo(1)
    (row,) = browse(store.snapshot(), ledgers()["complaints"], "A1", View(personal=True), cipher=cipher).rows
    assert row.batch == 2 and "张某某" in row.values


def test_a_row_of_a_batch_undone_long_ago_goes_with_the_next_undoing(root, monkeypatch):
    """As stores hold them whose batches were undone oldest first by an earlier version."""
    paid(root, 0, "K1", [("A", 1)])
    paid(root, 1, "K1", [("B", 1)])
    store = Store(root)
    with monkeypatch.context() as patched:
        patched.setattr(
            commits,
            "take_back",
            lambda root, ledger, source, batch: commits.say(
                DeltaTable(layout.table(root, "payments")), batch
            ),
        )
        store.undo(1)
    assert browse(store.snapshot(), ledgers()["payments"], "K1").total == 2
    store.undo(2)
    assert browse(store.snapshot(), ledgers()["payments"], "K1").total == 0


def test_a_batch_of_a_landed_store_is_undone_after_the_migration(landed):
    store = Store(landed)
    for batch in [b for b in store.batches() if b.imports]:
        if not any(b.undoes == batch.batch for b in store.batches()):
            store.undo(batch.batch)
    for name in {b.ledger for b in store.batches()}:
        assert sum(browse(store.snapshot(), ledgers()[name], d).total for d in store.departments()) == 0
    assert store.verify() == []


# -- what tells rows apart
# ------------------------------------------------------------------------------------------------

BUDGET = "项目名称,项目编码,变动类型,金额,批复日期"
STEP = "项目名称,项目编码,环节,计划完成日期,实际完成日期"


def budgets(store):
    """Return (code, kind, amount) of the budget rows of K1."""
    rows = browse(store.snapshot(), ledgers()["budgets"], "K1").rows
    return sorted((r.values[4] or "", r.values[1], int(r.values[2])) for r in rows)


def test_1_projects_of_one_name_and_kinds_of_one_day_are_rows_of_their_own(root):
    put(root, "a.csv", ["治理经费,P1,年初批复,1000000,2021-01-01"], BUDGET, department="K1")
    put(root, "b.csv", ["治理经费,P2,年初批复,800000,2021-01-01"], BUDGET, department="K1")
    put(root, "c.csv", ["治理经费,P1,追加,500000,2021-01-01"], BUDGET, department="K1")
    put(root, "d.csv", ["治理经费,P2,年初批复,900000,2021-01-01"], BUDGET, department="K1")
    store = Store(root)
    expected = [("P1", "年初批复", 1000000), ("P1", "追加", 500000), ("P2", "年初批复", 900000)]
    assert budgets(store) == expected
    store.undo(4)
    assert budgets(store) == [*expected[:2], ("P2", "年初批复", 800000)]
    put(
        root,
        "e.csv",
        ["治理经费,P1,验收,2021-11-20,", "治理经费,P2,验收,2021-11-20,2021-11-01"],
        STEP,
        department="K1",
    )
    put(root, "f.csv", ["治理经费,P2,验收,2021-11-20,2021-11-02"], STEP, department="K1")
    rows = browse(store.snapshot(), ledgers()["procurements"], "K1").rows
    assert sorted((r.values[4], r.values[3]) for r in rows) == [("P1", None), ("P2", date(2021, 11, 2))]
    assert store.verify() == []


def test_1_rows_without_a_code_are_updated_by_rows_without_one(root):
    put(
        root,
        "a.csv",
        ["治理经费,,年初批复,1000000,2021-01-01", "其他,,年初批复,1,2021-01-01"],
        BUDGET,
        department="K1",
    )
    made = put(
        root,
        "b.csv",
        ["治理经费,年初批复,900000,2021-01-01"],
        "项目名称,变动类型,金额,批复日期",
        department="K1",
    )
    store = Store(root)
    assert (made.inserted, made.updated) == (0, 1)
    assert budgets(store) == [("", "年初批复", 1), ("", "年初批复", 900000)]
    put(root, "c.csv", ["其他,,年初批复,1,2021-01-01", ",,,,"], BUDGET, department="K1")
    store.undo(1)
    assert budgets(store) == [("", "年初批复", 1), ("", "年初批复", 900000)]
    store.undo(2)
    assert budgets(store) == [("", "年初批复", 1)]


@pytest.mark.parametrize(("there", "comes"), [("P1", ""), ("", "P1")])
def test_1_a_row_without_the_code_that_its_namesake_has_is_refused(root, tmp_path, there, comes):
    first = f"治理经费,{there},年初批复,1000000,2021-01-01"
    put(root, "a.csv", [first], BUDGET, department="K1")
    with pytest.raises(ZhunshengError, match=r"ZS-EV-25.*第 2 行“治理经费”.*项目编码.*P1.*批次 1"):
        put(root, "b.csv", [f"治理经费,{comes},年初批复,1000000,2021-01-01"], BUDGET, department="K1")
    store = Store(root)
    assert budgets(store) == [(there, "年初批复", 1000000)] and len(store.batches()) == 1
    # Another department's rows, another day and another kind are none of it.
    put(root, "c.csv", [f"治理经费,{comes},年初批复,1000000,2021-01-01"], BUDGET, department="K2")
    put(root, "d.csv", [f"治理经费,{comes},追加,1000000,2021-01-01"], BUDGET, department="K1")
    store.undo(1)
    store.undo(3)
    put(root, "b.csv", [f"治理经费,{comes},年初批复,900000,2021-01-01"], BUDGET, department="K1")
    assert budgets(store) == [(comes, "年初批复", 900000)]
    # Within one file, the row that lacks it is told; the other one is good.
    path = tmp_path / "both.csv"
    path.write_text("\n".join([BUDGET, first, f"治理经费,{comes},年初批复,9,2021-01-01"]), "utf8")
    with check_file(path, None, "K1") as checked:
        (error,) = checked.errors
        assert (error.row, error.column) == (3 if there else 2, "项目编码") and "P1" in error.message


def test_1_a_store_merged_by_the_wider_key_stays_usable(root, monkeypatch):
    """Up to an earlier version another code, or another kind on the same day, replaced a row."""
    with monkeypatch.context() as patched:
        for name in ("budgets", "procurements"):
            ledger = ledgers()[name]
            patched.setitem(
                ledgers(), name, ledger.model_copy(update={"key": ledger.formerly, "formerly": ()})
            )
        put(root, "a.csv", ["治理经费,,年初批复,1000000,2021-01-01"], BUDGET, department="K1")
        put(root, "b.csv", ["治理经费,P1,年初批复,1000000,2021-01-01"], BUDGET, department="K1")
        put(root, "c.csv", ["治理经费,P2,年初批复,7,2021-01-01"], BUDGET, department="K1")
    store = Store(root)
    assert budgets(store) == [("P2", "年初批复", 7)]
    store.undo(3)
    assert budgets(store) == [("P1", "年初批复", 1000000)]
    store.undo(2)
    assert budgets(store) == [("", "年初批复", 1000000)]
    store.undo(1)
    put(
        root,
        "d.csv",
        ["治理经费,P1,年初批复,1,2021-01-01", "治理经费,P2,年初批复,2,2021-01-01"],
        BUDGET,
        department="K1",
    )
    assert budgets(store) == [("P1", "年初批复", 1), ("P2", "年初批复", 2)] and store.verify() == []


def test_1_a_table_that_never_had_the_code_takes_rows_with_and_without(root):
    ledger = ledgers()["budgets"]
    (root / "ledgers" / "budgets").parent.mkdir(parents=True)
    put(root, "a.csv", ["治理经费,,年初批复,1000000,2021-01-01"], BUDGET, department="K1")
    folder = root / "ledgers" / "budgets"
    log = folder / "_delta_log" / f"{0:020d}.json"
    said = [json.loads(line) for line in log.read_text("utf8").splitlines()]
    for action in said:
        if "metaData" in action:
            schema = json.loads(action["metaData"]["schemaString"])
            lacking = (*ledger.open_key, "budget_year")
            schema["fields"] = [f for f in schema["fields"] if f["name"] not in lacking]
            action["metaData"]["schemaString"] = json.dumps(schema)
    log.write_text("\n".join(json.dumps(a, ensure_ascii=False) for a in said) + "\n", "utf8")
    made = put(root, "b.csv", ["治理经费,,年初批复,900000,2021-01-01"], BUDGET, department="K1")
    assert (made.inserted, made.updated) == (0, 1)
    assert ledger.open_key == ("project_code", "source") and budgets(Store(root)) == [
        ("", "年初批复", 900000)
    ]
    Store(root).undo(2)
    assert budgets(Store(root)) == [("", "年初批复", 1000000)]


def test_1_a_code_is_its_own_departments_whoever_bears_it_as_a_name(root, tmp_path):
    put(root, "a.csv", ["T1,举报,2021-03-05,"], department="A1", label="甲局")
    put(root, "b.csv", ["T1,举报,2021-03-05,"], department="B1", label="A1")
    store = Store(root)
    assert store.known() == {"A1": "A1", "甲局": "A1", "B1": "B1"} and store.resolve("A1").code == "A1"
    head = f"部门,{HEAD}"
    made = put(
        root, "c.csv", ["A1,T2,举报,2021-03-05,", ",T3,举报,2021-03-05,"], head, department="B1", label="A1"
    )
    assert made.holds == ("A1",) and (numbers(store, "A1"), numbers(store, "B1")) == (
        ["T1", "T2"],
        ["T1", "T3"],
    )
    # A name that another program gives for it does not count against the code either.
    path = tmp_path / "d.csv"
    path.write_text(f"{head}\nA1,T9,举报,2021-03-05,\n", "utf8")
    with check_file(path, None, "B1", known={"甲局": "A1", "A1": "B1"}) as checked:
        assert checked.holds == ("A1",)


def test_1_a_code_that_a_row_names_first_is_no_name_of_another_department(root):
    head = f"部门,{HEAD}"
    made = put(
        root,
        "a.csv",
        ["B1,T1,举报,2021-03-05,", "乙局,T2,举报,2021-03-05,"],
        head,
        department="A1",
        label="甲局",
    )
    assert made.named == {"B1": "B1", department_code("乙局"): "乙局"}
    put(root, "b.csv", ["T3,举报,2021-03-05,"], department="B1", label="丙局")
    store = Store(root)
    assert numbers(store, "B1") == ["T1", "T3"] and store.resolve("B1").name == "丙局"
    assert store.known()["B1"] == "B1" and store.snapshot().name_of("B1") == "丙局"


def test_without_the_key_nothing_is_written_in_clear_beside_encrypted_columns(root):
    cipher, head = Cipher("k" * 32), f"{HEAD},诉求人"
    put(root, "a.csv", ["T1,举报,2021-03-05,,张某某"], head, department="A1", cipher=cipher)
    for name, lines, titles in (
        ("b", ["T1,举报,2021-03-05,,张某某", ",,,,"], head),
        ("c", ["V1,经费,1,2021-03-01,李某某"], "凭证号,项目名称,支付金额,支付日期,收款人"),
    ):
        with pytest.raises(ZhunshengError, match="ZS-EV-26"):
            put(root, f"{name}.csv", lines, titles, department="A1")
    # A ledger without such columns is taken; with the key all is.
    put(root, "d.csv", ["治理经费,P1,年初批复,1,2021-01-01"], BUDGET, department="A1")
    made = put(root, "b.csv", ["T1,举报,2021-03-05,,张某某", ",,,,"], head, department="A1", cipher=cipher)
    assert (made.batch, made.inserted, made.updated) == (3, 0, 0)
    assert not any("张某某".encode() in p.read_bytes() for p in root.rglob("*") if p.is_file())


def test_3_an_earlier_file_is_a_step_back_where_later_batches_changed_its_rows(root):
    """It changes nothing only while all it says stands there."""
    first = paid(root, 0, "K1", [("A", 1), ("B", 1)])
    path = root.parent / f"{root.name}-0.csv"
    head = "凭证号,项目名称,支付金额,支付日期"
    rows = [head, "VA,经费,1,2021-03-01", "VB,经费,1,2021-03-01"]

    def again():
        path.write_text("\n".join(rows) + "\n", "utf8")
        return import_ledger(root, path, department="K1")

    assert (again().new, Store(root).head[0]) == (False, first.batch)
    paid(root, 1, "K1", [("C", 5)])  # another row is nothing to it
    assert not again().new
    paid(root, 2, "K1", [("A", 2)])
    back = again()
    assert back.new and (back.batch.inserted, back.batch.updated) == (0, 1)
    values = {
        r.values[0]: r.values[2] for r in browse(Store(root).snapshot(), ledgers()["payments"], "K1").rows
    }
    assert values == {"VA": 1, "VB": 1, "VC": 5} and Store(root).verify() == []
    assert not again().new


def test_the_command_imports_under_the_key_of_the_site_and_under_no_other(root, monkeypatch, capsys):
    key = "k" * 40
    head = f"{HEAD},诉求人"
    put(root, "a.csv", ["T1,举报,2021-03-05,,张三"], head, department="K1", cipher=Cipher(key))
    path = root.parent / "b.csv"
    path.write_text(f"{head}\nT2,举报,2021-03-06,,李四\n", "utf8")
    for secret, code, said in ((None, 2, "ZS-EV-26"), ("x" * 40, 2, "ZS-EV-13"), (key, 0, "")):
        monkeypatch.delenv("ZHUNSHENG_PERSONAL_KEY", raising=False)
        if secret:
            monkeypatch.setenv("ZHUNSHENG_PERSONAL_KEY", secret)
        with pytest.raises(SystemExit) as ended:
            main(["ledger", "import", str(path), "--store", str(root), "--department", "K1"])
        assert ((ended.value.code or 0), said in capsys.readouterr().err) == (code, True)
    assert numbers(Store(root), "K1") == ["T1", "T2"]
