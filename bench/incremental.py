"""What 100 rows cost that come into ten million: their import, and figures, score and page after it, with
what a process keeps of earlier answers and by a full computation.

``python bench/incremental.py`` makes a store of 10 million entities, 8 million annual reports and 5 million
complaints under build/bench (directly, not by imports) and writes docs/benchmarks-incremental.md.
"""

from __future__ import annotations

import os
import platform
import shutil
import statistics
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
from deltalake import write_deltalake
from stdnum.cn import uscc

from run import COMPLAINTS, ENTITIES, LEDGERS, make_store
from zhunsheng.evidence import Store, ledgers
from zhunsheng.evidence.batches import next_batch, recover
from zhunsheng.evidence.commits import FILE_SIZE, NO_HOOKS, properties
from zhunsheng.intake import read_book
from zhunsheng.measures import DuckEngine, catalogue, read_all
from zhunsheng.measures.kept import Kept
from zhunsheng.sample.documents import write_documents
from zhunsheng.usecases.assessing import Assessed, AssessedDepartment, assess
from zhunsheng.usecases.importing import import_ledger
from zhunsheng.usecases.opened_evidence import Evidence
from zhunsheng.usecases.outputs import write_outputs

WORK = Path("build/bench")
ROOT = WORK / "incremental"
DAY = date(2021, 12, 31)
TURNS, ROWS = 3, 100
OWN = "局1"


def made() -> Store:
    """Return the store, made of the parquet files of ``bench/run.py`` with one batch a ledger."""
    store = Store(ROOT)
    if (ROOT / "made").is_file():
        return store
    make_store()
    shutil.rmtree(ROOT, ignore_errors=True)
    connection = duckdb.connect()
    connection.execute("SET memory_limit = '2GB'; SET preserve_insertion_order = true")
    with store._writing() as index:
        for name in LEDGERS:
            source = f"read_parquet('{WORK}/{name}.parquet')"
            there = {c for c, *_ in connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()}
            number = index.last + 1
            told = {"_batch": f"{number}::BIGINT"}
            columns = ", ".join(
                f"{told.get(c, c if c in there else 'NULL')}::{kind} AS {c}"
                for c, kind in ledgers()[name].stored().items()
            )
            rows = connection.sql(f"SELECT {columns} FROM {source}").to_arrow_reader(100_000)
            said: dict[str, Any] = {"department": OWN, "label": OWN, "file": f"{name}.parquet"}
            said |= {"sha256": name, "rows": 0, "holds": ("局0", "局2")}
            batch = next_batch(index, name, "bench", None, **said)
            write_deltalake(
                str(ROOT / "ledgers" / name),
                rows,
                mode="append",
                target_file_size=FILE_SIZE,
                commit_properties=properties(batch),
                post_commithook_properties=NO_HOOKS,
            )
            recover(index)
    (ROOT / "made").write_text("")
    return store


def entities(turn: int) -> str:
    """Return a file of entities that nobody brought before."""
    started = int(time.time()) % 1_000_000
    stems = [f"9113{started:06d}{turn:03d}{n:04d}" for n in range(ROWS)]
    rows = [f"{s}{uscc.calc_check_digit(s)},新户{n},企业,2020-03-01,否" for n, s in enumerate(stems)]
    return "\n".join(["统一社会信用代码,名称,主体类型,成立日期,食品生产许可", *rows])


def reports(turn: int) -> str:
    """Return a file of annual reports, in which entities are looked up."""
    started = int(time.time()) % 1_000_000
    stems = [f"9113{started:06d}{turn:03d}{n:04d}" for n in range(ROWS)]
    rows = [f"{s}{uscc.calc_check_digit(s)},2020,2021-03-01" for s in stems]
    return "\n".join(["统一社会信用代码,年报年度,报送日期", *rows])


def complaints(turn: int) -> str:
    """Return a file of complaints that nobody brought before."""
    rows = [f"N{time.time_ns()}-{n},举报,2021-03-0{turn % 9 + 1},2021-04-01" for n in range(ROWS)]
    return "\n".join(["登记编号,类别,收到日期,办结日期", *rows])


def known(turn: int) -> str:
    """Return a file of complaints that stand there, each closed another day."""
    day = date(2021, 4, 1) + timedelta(days=int(time.time()) % 250)
    rows = [f"T{3 * n + 1},投诉,2021-03-01,{day}" for n in range(turn * 1000, turn * 1000 + ROWS)]
    return "\n".join(["登记编号,类别,收到日期,办结日期", *rows])


def changed(turn: int) -> str:
    """Return a file of entities that stand there, each of another district."""
    first = 3_000_001 + 3 * ROWS * turn
    rows = [
        f"91130190{n:010d},主体{n},企业,2020-03-01,否,所{time.time_ns()}"
        for n in range(first, first + 3 * ROWS, 3)
    ]
    return "\n".join(["统一社会信用代码,名称,主体类型,成立日期,食品生产许可,辖区", *rows])


def timed(work: Callable[[], Any]) -> tuple[Any, float, float]:
    """Return what work gives, with wall and CPU seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    found = work()
    return found, time.perf_counter() - wall, time.process_time() - cpu


def main() -> None:
    """Import and compute in turn, compare, print and write the table."""
    store, kept, chosen = made(), Kept(), list(catalogue().values())

    book = read_book(write_documents(WORK / "documents")["docx"])

    def opened() -> Evidence:
        snapshot = store.snapshot()
        return Evidence(snapshot, DuckEngine(snapshot), catalogue(), kept=kept)

    def figures(with_kept: Kept | None) -> Any:
        snapshot = store.snapshot()
        engine = DuckEngine(snapshot, memory_limit="1500MB")
        return read_all(chosen, engine, snapshot, 2021, DAY, departments=[OWN], kept=with_kept)

    def year(evidence: Evidence) -> Assessed:
        return assess(book, evidence, DAY, department=AssessedDepartment(OWN, OWN))

    figures(kept)
    year(opened())
    kinds = {
        f"{ROWS} new entities": ("市场主体台账", entities),
        f"{ROWS} new complaints": ("投诉举报台账", complaints),
        f"{ROWS} annual reports, in which the entities are looked up": ("年报台账", reports),
        f"{ROWS} known complaints changed": ("投诉举报台账", known),
        f"{ROWS} known entities changed": ("市场主体台账", changed),
    }
    parts = ("import", "figures after it", "score of a year", "its page", "full computation of the figures")
    lines = [
        f"| what came | {' | '.join(f'{part}: wall, CPU s' for part in parts)} |",
        f"|---|{'---:|' * len(parts)}",
    ]
    for name, (title, content) in kinds.items():
        taken: list[list[tuple[float, float]]] = [[] for _ in parts]
        for turn in range(TURNS):
            path = WORK / f"{title}-{time.time_ns()}.csv"
            path.write_text(content(turn), "utf8")
            said = {"department": OWN, "label": OWN, "agreed": True, "strictness": "warning"}
            done, *spent = timed(lambda path=path, said=said: import_ledger(store.root, path, **said))
            assert done.new and done.rows == ROWS, (name, done.errors[:3])
            taken[0].append((spent[0], spent[1]))
            ours, *spent = timed(lambda: figures(kept))
            taken[1].append((spent[0], spent[1]))
            evidence = opened()
            scored, *spent = timed(lambda evidence=evidence: year(evidence))
            taken[2].append((spent[0], spent[1]))
            _page, *spent = timed(
                lambda scored=scored, evidence=evidence: write_outputs(
                    scored, evidence, WORK / "page", only=["绩效总览"]
                )
            )
            taken[3].append((spent[0], spent[1]))
            full, *spent = timed(lambda: figures(None))
            taken[4].append((spent[0], spent[1]))
            assert ours == full, name
            path.unlink()
        middle = [[statistics.median(t[k] for t in one) for k in (0, 1)] for one in taken]
        lines.append(f"| {name} | " + " | ".join(f"{wall:.2f}, {cpu:.2f}" for wall, cpu in middle) + " |")
        print(lines[-1], flush=True)
    text = (
        "# Figures after an import\n\n"
        f"Measured by `python bench/incremental.py` on {date.today()}, {platform.machine()}, "
        f"{os.cpu_count()} cores, medians of {TURNS} turns in one process that keeps its answers, as the "
        f"site's worker does. The store holds {ENTITIES:,} entities, 8 million annual reports and "
        f"{COMPLAINTS:,} complaints of "
        "three departments; the whole catalogue is computed for the one that imports, and every result is "
        "compared with a full computation. The score is that of all sheets of the sample's document; the "
        "page opens offline and lists the first rows behind each figure. "
        "Changed rows are neighbours; were they spread over all files, all of these would be rewritten.\n\n"
        + "\n".join(lines)
        + "\n"
    )
    print(text)
    Path("docs/benchmarks-incremental.md").write_text(text, "utf8")


if __name__ == "__main__":
    main()
