"""What a store costs as it grows: one import, one department's figures, one ledger's page and verification,
few batches against many.

``python bench/store.py`` makes a store of 200 and one of 20,000 batches under build/bench (directly,
not by imports), times each act on both in turn and writes docs/benchmarks-store.md.
``--few`` and ``--many`` give other numbers of batches.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import shutil
import statistics
import time
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any
from unittest import mock

import pyarrow as pa
import pyarrow.parquet as pq

from zhunsheng.evidence import Batch, Ledger, Store, browse, ledgers
from zhunsheng.evidence.batches import next_batch, recover
from zhunsheng.evidence.commits import KEY, NO_HOOKS, properties
from zhunsheng.evidence.compacting import COMPACT_FROM, compact_where_due
from zhunsheng.usecases.importing import import_ledger
from zhunsheng.usecases.opened_evidence import Evidence

WORK = Path("build/bench/stores")
DEPARTMENTS = 1_000
ROWS = 10  # rows a batch
TURNS = 7
LIMIT = 1.5
OWN = "D0007"  # the department that acts are for
DAY = date(2021, 12, 31)
TYPES = {
    "VARCHAR": pa.string(),
    "DATE": pa.date32(),
    "BIGINT": pa.int64(),
    "DECIMAL(18,2)": pa.decimal128(18, 2),
    "BOOLEAN": pa.bool_(),
}
EXAMPLE = {
    "VARCHAR": "甲",
    "DATE": date(2021, 3, 5),
    "BIGINT": 3,
    "DECIMAL(18,2)": Decimal("12.50"),
    "BOOLEAN": True,
}


# -- a store made directly
# --------------------------------------------------------------------------------------------


@lru_cache
def example_of(name: str) -> pa.Table:
    """Return rows of a ledger; key, department and batch are put in by ``rows_of``."""
    ledger = ledgers()[name]

    def value(name: str, kind: str, row: int) -> Any:
        if name in ("department", "_batch", "_row"):
            return {"department": "", "_batch": 0, "_row": row + 2}[name]
        column = ledger.column(name)
        if column.values:
            return column.values[row % len(column.values)]
        return f"项目{row % 3}" if name == "project" else EXAMPLE[kind]

    return pa.table(
        {n: pa.array([value(n, t, r) for r in range(ROWS)], TYPES[t]) for n, t in ledger.stored().items()},
    )


def rows_of(ledger: Ledger, number: int, department: str) -> pa.Table:
    """Return the rows of one batch, of keys that no other batch has."""
    key = ledger.column(ledger.key[0])
    keys = [f"{number}-{row}" if key.sql_type == "VARCHAR" else number * ROWS + row for row in range(ROWS)]
    changed = {
        "department": pa.array([department] * ROWS, pa.string()),
        "_batch": pa.array([number] * ROWS, pa.int64()),
        key.name: pa.array(keys, TYPES[key.sql_type]),
    }
    table = example_of(ledger.id)
    for name, values in changed.items():
        table = table.set_column(table.schema.get_field_index(name), name, values)
    return table


def write_commit(store: Store, ledger: Ledger, batch: Batch, rows: pa.Table, version: int) -> None:
    """Write what a merge of new rows leaves: a Parquet file and a commit that carries the batch."""
    from deltalake import write_deltalake

    folder = store.root / "ledgers" / ledger.id
    if version == 0:
        write_deltalake(
            str(folder),
            rows,
            mode="append",
            commit_properties=properties(batch),
            post_commithook_properties=NO_HOOKS,
        )
        return
    path = folder / f"part-{batch.batch:08d}.parquet"
    pq.write_table(rows, path, compression="snappy")
    now = int(time.time() * 1000)
    info = {"timestamp": now, "operation": "MERGE", "operationMetrics": {"num_target_rows_inserted": ROWS}}
    add = {
        "path": path.name,
        "partitionValues": {},
        "size": path.stat().st_size,
        "modificationTime": now,
        "dataChange": True,
        "stats": json.dumps({"numRecords": ROWS}),
    }
    lines = [{"commitInfo": {**info, KEY: json.dumps(batch.as_json(), ensure_ascii=False)}}, {"add": add}]
    log = folder / "_delta_log" / f"{version:020d}.json"
    log.write_text("\n".join(json.dumps(line, ensure_ascii=False) for line in lines), "utf8")


def make(count: int) -> Store:
    """Return a store of about ``count`` batches of all ledgers and 1,000 departments,
    compacted as imports compact it.
    """
    root = WORK / str(count)
    if (root / "made").is_file():
        return Store(root)
    shutil.rmtree(root, ignore_errors=True)
    store, known = Store(root), list(ledgers().values())
    (root / "sources").mkdir(parents=True)
    start = time.perf_counter()
    # What is made here need not outlive a power cut.
    with mock.patch("os.fsync"), store._writing() as index:
        while index.last < count:
            number = index.last + 1
            ledger = known[number % len(known)]
            department = f"D{number % DEPARTMENTS:04d}"
            name = f"{ledger.title}-{number}.csv"
            sha256 = hashlib.sha256(name.encode()).hexdigest()
            (root / "sources" / f"{sha256}.csv").write_text(name, "utf8")
            batch = next_batch(
                index,
                ledger.id,
                "bench",
                None,
                department=department,
                label=f"第{department[1:]}局",
                file=name,
                sha256=sha256,
                rows=ROWS,
            )
            version = index.heads().get(ledger.id, -1) + 1
            write_commit(store, ledger, batch, rows_of(ledger, number, department), version)
            recover(index)
            compact_where_due(index, ledger.id)
    (root / "made").write_text(f"{time.perf_counter() - start:.0f}")
    return store


# -- what is timed
# ----------------------------------------------------------------------------------------------------


def act_import(store: Store) -> None:
    """Import a file of five rows."""
    number = store.head[0]
    path = WORK / f"import-{os.getpid()}-{number}.csv"
    lines = [f"N{number}-{n},经费,10,2021-05-06" for n in range(5)]
    path.write_text("\n".join(["凭证号,项目名称,支付金额,支付日期", *lines]), "utf8")
    assert import_ledger(store.root, path, department=OWN, label="第0007局").new
    path.unlink()


def act_figures(store: Store) -> None:
    """Compute all measures for one department."""
    found = Evidence.of(store).read(2021, DAY, OWN)
    assert {k[1] for k in found} == {OWN}


def act_batches(store: Store) -> None:
    """List the newest batches of one department."""
    assert store.batches(department=OWN, limit=50)


def act_rows(store: Store) -> None:
    """Show a page of one department's rows of a ledger."""
    assert browse(store.snapshot(), ledgers()["payments"], OWN).total


def act_verify(store: Store) -> None:
    """Verify the last 20 batches against a digest noted before them."""
    assert store.verify(since=store.batches(limit=21)[0].digest) == []


ACTS: dict[str, Callable[[Store], None]] = {
    "import": act_import,
    "figures": act_figures,
    "batches": act_batches,
    "rows": act_rows,
    "verify --since": act_verify,
}


def timed(act: Callable[[Store], None], store: Store) -> tuple[float, float]:
    """Return (wall, CPU) seconds of an act."""
    wall, cpu = time.perf_counter(), time.process_time()
    act(store)
    return time.perf_counter() - wall, time.process_time() - cpu


def main() -> None:
    """Make the stores, time every act on both in turn, print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--few", type=int, default=200)
    parser.add_argument("--many", type=int, default=20_000)
    asked = parser.parse_args()
    stores = [make(asked.few), make(asked.many)]
    for store in stores:
        act_import(store)  # whatever is done once
    lines = [
        f"| act | what it does | {asked.few:,} batches: wall, CPU s | {asked.many:,} batches: wall, "
        "CPU s | ratio wall, CPU |",
        "|---|---|---:|---:|---:|",
    ]
    worst = 0.0
    for name, act in ACTS.items():
        taken: list[list[tuple[float, float]]] = [[], []]
        for _ in range(TURNS):
            for n, store in enumerate(stores):
                taken[n].append(timed(act, store))
        few, many = ([statistics.median(t[k] for t in one) for k in (0, 1)] for one in taken)
        worst = max(worst, many[1] / few[1])
        what = (act.__doc__ or "").strip()
        lines.append(
            f"| {name} | {what} | {few[0]:.3f}, {few[1]:.3f} | {many[0]:.3f}, {many[1]:.3f} "
            f"| {many[0] / few[0]:.2f}, {many[1] / few[1]:.2f} |"
        )
    whole = [timed(lambda s: s.verify(), store)[0] for store in stores]  # once: it reads every file
    kept = Path("docs/benchmarks-store.md")
    head = (
        "# Benchmarks of the evidence store\n\n"
        f"Measured by `make bench-store` on {date.today()}, {platform.machine()}, {os.cpu_count()} cores, "
        f"medians of {TURNS} turns, both stores in turn in one run. {DEPARTMENTS:,} departments, "
        f"{len(ledgers())} ledgers, {ROWS} rows a batch. Read the ratios; the aim is at most {LIMIT}.\n\n"
    )
    foot = (
        "\n\n"
        f"A full `verify`, which reads every file, takes {whole[0]:.1f} s and {whole[1]:.1f} s. "
        f"An import on which a compaction falls (one in about {COMPACT_FROM} of a ledger) takes longer by "
        "that.\n"
    )
    # What another program wrote behind it stays.
    behind = kept.read_text("utf8").partition("\n## ") if kept.is_file() else ("", "", "")
    text = head + "\n".join(lines) + foot + "".join(behind[1:])
    print(text)
    kept.write_text(text, "utf8")
    if worst > LIMIT:
        raise SystemExit(f"more than {LIMIT} times: {worst:.2f}")


if __name__ == "__main__":
    main()
