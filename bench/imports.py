"""What an import of a million rows costs as the command a user types, against the fastest library that reads
the cells and does nothing with them.

``python bench/imports.py`` makes files of a million complaints (csv, xlsx, each with bad rows too), a fifth
of them and 300, and of ten million entities (parquet) under build/bench/imports, runs every case as a process
of its own and writes docs/benchmarks-imports.md. ``--rows`` and ``--wide`` give other numbers, ``--only`` the
cases of a name. At last a small file is imported again and again while a large one goes into the same store.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from multiprocessing import get_context
from pathlib import Path

import duckdb
import xlsxwriter

WORK = Path("build/bench/imports")
TITLES = (
    "登记编号",
    "类别",
    "收到日期",
    "受理日期",
    "办结日期",
    "办理结果",
    "承办科室",
    "诉求人",
    "联系电话",
)
# One row in a thousand of the bad files has a day that is none.
_ROWS = """SELECT 'T2021' || lpad(i::VARCHAR, 8, '0') AS a,
  CASE WHEN i % 3 = 0 THEN '举报' ELSE '投诉' END AS b,
  {day} AS c, strftime(DATE '2021-01-02' + (hash(i) % 300)::INTEGER, '%Y-%m-%d') AS d,
  CASE WHEN hash(i, 1) % 10 < 9 THEN strftime(DATE '2021-01-12' + (hash(i) % 300)::INTEGER, '%Y-%m-%d') END
    AS e, NULL AS f, '科室' || i % 9 AS g, '张' || hash(i, 2) % 5000 AS h,
  '138' || lpad((hash(i, 3) % 100000000)::VARCHAR, 8, '0') AS j FROM range({rows}) t(i) ORDER BY i"""
_DAY = "strftime(DATE '2021-01-01' + (hash(i) % 300)::INTEGER, '%Y-%m-%d')"
_BAD_DAY = f"CASE WHEN i % 1000 = 7 THEN '2021-02-30' ELSE {_DAY} END"
_ENTITIES = """SELECT '主体' || i AS 名称, '9113' || lpad(i::VARCHAR, 11, '0') AS 统一社会信用代码,
  ['企业', '个体工商户', '农民专业合作社'][1 + i % 3] AS 主体类型,
  DATE '2005-01-01' + (hash(i) % 5800)::INTEGER AS 成立日期,
  CASE WHEN hash(i, 1) % 50 = 0 THEN DATE '2021-01-01' + (hash(i, 2) % 365)::INTEGER END AS 注销日期,
  ['A', 'B', 'C', 'D'][1 + (hash(i, 3) % 4)::INTEGER] AS 信用风险类别, i % 60 = 1 AS 食品生产许可,
  '所' || i % 40 AS 辖区 FROM range({rows}) t(i)"""


FEW = 300
SEVERAL = 8  # departments that import at once
BEFORE = """
Before large files were taken apart by column (2026-11-27, same cases, another run): csv 10.8 CPU s and
895 MiB, xlsx 22.2 and 1,647, with bad rows 8.5 and 549, 23.2 and 1,639; a workbook of that size came back as
a list of its bad rows and not marked.

Where a csv is far from the time of its reader it is the start of the program, which takes longer than DuckDB
needs for the whole file, and the checks: every day is read as a day, every key looked up, every row written.
"""


def make(rows: int, wide: int) -> None:
    """Write the files, where they are not there yet."""
    WORK.mkdir(parents=True, exist_ok=True)
    for count in (rows, rows // 5, FEW):
        _make_complaints(count)
    path = WORK / f"entities-{wide}.parquet"
    if not path.exists():
        duckdb.connect().execute(f"COPY ({_ENTITIES.format(rows=wide)}) TO '{path}'")


def _make_complaints(rows: int) -> None:
    connection = duckdb.connect()
    titles = ", ".join(f'{letter} AS "{title}"' for letter, title in zip("abcdefghj", TITLES, strict=True))
    for kind, day in (("good", _DAY), ("bad", _BAD_DAY)):
        query = _ROWS.format(day=day, rows=rows)
        path = WORK / f"{kind}-{rows}.csv"
        if not path.exists():
            connection.execute(f"COPY (SELECT {titles} FROM ({query})) TO '{path}' (HEADER, DELIMITER ',')")
        path = path.with_suffix(".xlsx")
        if not path.exists():
            book = xlsxwriter.Workbook(path)
            sheet = book.add_worksheet("台账")
            sheet.write_row(0, 0, TITLES)
            found, at = connection.execute(query), 1
            while some := found.fetchmany(100_000):
                for row in some:
                    for n, text in enumerate(row):
                        if text:
                            sheet.write_string(at, n, text)
                    at += 1
            book.close()


def import_of(path: Path, *, good_rows: bool = False) -> list[str]:
    """Return the command that imports a file into a store of its own."""
    store = WORK / "store"
    shutil.rmtree(store, ignore_errors=True)
    return into(store, path, "甲局", good_rows=good_rows)


def into(store: Path, path: Path, department: str, *, good_rows: bool = False) -> list[str]:
    """Return the command that imports a file of a department into a store."""
    command = [
        "-m",
        "zhunsheng",
        "ledger",
        "import",
        str(path),
        "--store",
        str(store),
        "--department",
        department,
    ]
    marked = WORK / "marked"
    shutil.rmtree(marked, ignore_errors=True)
    warned = ["--check-characters", "warning"] if path.suffix == ".parquet" else []
    return [*command, "--marked", str(marked), *warned, *(["--good-rows"] if good_rows else [])]


def reading_of(path: Path) -> list[str]:
    """Return the program that takes the cells of a file and does nothing with them."""
    if path.suffix == ".xlsx":
        code = (
            "from python_calamine import CalamineWorkbook as W; "
            f"print(len(W.from_path({str(path)!r}).get_sheet_by_index(0).to_python()))"
        )
    else:
        read = "read_csv" if path.suffix == ".csv" else "read_parquet"
        given = ", all_varchar = true" if path.suffix == ".csv" else ""
        # Into a table: a count alone would take no cell.
        code = (
            "import duckdb; c = duckdb.connect(); "
            f"c.execute(\"CREATE TABLE t AS SELECT * FROM {read}('{path}'{given})\")"
        )
    return ["-c", code]


def copy_of(path: Path) -> list[str]:
    """Return the program that writes the rows of a file anew and checks nothing."""
    copy = WORK / "copy.parquet"
    return ["-c", f"import duckdb; duckdb.connect().execute(\"COPY (FROM '{path}') TO '{copy}'\")"]


def measured(command: list[str]) -> tuple[float, float, float]:
    """Run Python with these arguments; return wall and CPU seconds and the peak memory in MiB, by the
    kernel's own account of the process.
    """
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    if os.waitstatus_to_exitcode(status) not in (0, 1):
        raise SystemExit(f"{command} ended with {status}")
    return wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def beside(large: Path, small: Path) -> tuple[float, list[float]]:
    """Import a small file alone, then again and again, each time of another department, while a large one
    goes into the same store; return the wall seconds alone and of the others.
    """
    store = WORK / "store"
    shutil.rmtree(store, ignore_errors=True)
    alone, _cpu, _peak = measured(into(store, small, "乙局"))
    going = subprocess.Popen(
        [sys.executable, *into(store, large, "甲局")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    found: list[float] = []
    while going.poll() is None:
        found.append(measured(into(store, small, f"丙局{len(found)}"))[0])
    return alone, found


def at_once(file: Path, count: int) -> tuple[float, list[float]]:
    """Import a file for so many departments at once into one store; return the CPU seconds of all, and the
    wall seconds to each one's end.
    """
    store = WORK / "store"
    shutil.rmtree(store, ignore_errors=True)
    started, quiet = time.perf_counter(), subprocess.DEVNULL
    going = {
        process.pid: process
        for process in (
            subprocess.Popen([sys.executable, *into(store, file, f"局{n}")], stdout=quiet, stderr=quiet)
            for n in range(count)
        )
    }
    cpu, ends = 0.0, []
    while going:
        pid, status, used = os.wait3(0)
        if going.pop(pid, None) is not None:
            if os.waitstatus_to_exitcode(status):
                raise SystemExit(f"an import at once with {count - 1} others ended with {status}")
            ends.append(time.perf_counter() - started)
            cpu += used.ru_utime + used.ru_stime
    return cpu, ends


def main() -> None:
    """Make the files, measure the cases in turn, print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--wide", type=int, default=10_000_000)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--only", default="")
    asked = parser.parse_args()
    # In a process of its own: what a process takes at most counts for all that it starts.
    making = get_context("spawn").Process(target=make, args=(asked.rows, asked.wide))
    making.start()
    making.join()
    started = os.getloadavg()[1]
    good, bad, wide = (WORK / f"{n}" for n in (f"good-{asked.rows}", f"bad-{asked.rows}", "entities"))
    wide = WORK / f"entities-{asked.wide}.parquet"
    cases: dict[str, Callable[[], list[str]]] = {}
    for ending, reader in ((".csv", "DuckDB"), (".xlsx", "calamine")):
        path, faulty = good.with_suffix(ending), bad.with_suffix(ending)
        cases[f"{ending[1:]}: {reader} reads the cells"] = lambda path=path: reading_of(path)  # type: ignore[misc]
        cases[f"{ending[1:]}: `ledger import`"] = lambda path=path: import_of(path)  # type: ignore[misc]
        cases[f"{ending[1:]}: `ledger import` of {asked.rows // 1000:,} bad rows, marked copy"] = (
            lambda faulty=faulty: import_of(faulty)  # type: ignore[misc]
        )
    for count in (asked.rows // 5, FEW):
        for ending in (".csv", ".xlsx"):
            few, faulty = (WORK / f"{kind}-{count}{ending}" for kind in ("good", "bad"))
            name = f"{ending[1:]}: {count:,} rows"
            cases[f"{name}, `ledger import`"] = lambda few=few: import_of(few)  # type: ignore[misc]
            if ending == ".xlsx" and count > FEW:
                cases[f"{name}, `ledger import` of bad rows, marked copy"] = (
                    lambda faulty=faulty: import_of(faulty)  # type: ignore[misc]
                )
    cases["parquet: DuckDB reads the cells"] = lambda: reading_of(wide)
    cases["parquet: DuckDB copies the file"] = lambda: copy_of(wide)
    cases[f"parquet: `ledger import` of {asked.wide:,} rows"] = lambda: import_of(wide)
    cases = {name: case for name, case in cases.items() if asked.only in name}
    found: dict[str, list[tuple[float, float, float]]] = {name: [] for name in cases}
    for _turn in range(asked.turns):
        for name, case in cases.items():
            found[name].append(measured(case()))
            print(name, *(f"{value:.1f}" for value in found[name][-1]), flush=True)
    lines = ["| case | wall s | CPU s | CPU, times the reader | peak MiB |", "|---|---:|---:|---:|---:|"]
    readers: dict[str, float] = {}
    for name, turns in found.items():
        wall, cpu = (statistics.median(turn[n] for turn in turns) for n in (0, 1))
        kind = name.partition(":")[0]
        if name.endswith("reads the cells"):
            readers[kind] = cpu
        times = f"{cpu / readers[kind]:.1f}" if kind in readers and "rows," not in name else ""
        lines.append(f"| {name} | {wall:.1f} | {cpu:.1f} | {times} | {max(t[2] for t in turns):,.0f} |")
    waited = ""
    if not asked.only:
        alone, others = beside(good.with_suffix(".xlsx"), WORK / f"good-{FEW}.csv")
        waited = (
            f"\n{FEW} rows of csv took {alone:.1f} s alone; {len(others)} such imports of other departments, "
            f"one after another while the xlsx of {asked.rows:,} rows went into the same store, took "
            f"{statistics.median(others):.1f} s in the middle and {max(others):.1f} s at most: nobody waits "
            "for another's file to be read and checked, only for its commit.\n"
        )
        for count in (FEW, asked.rows // 5):
            (one, (end,)), (all_, ends) = (at_once(WORK / f"good-{count}.csv", n) for n in (1, SEVERAL))
            waited += (
                f"\n{SEVERAL} imports of {count:,} rows of csv, each of another department, begun at once: "
                f"{all_:.1f} CPU s in all where one takes {one:.1f}; the first ended after {ends[0]:.1f} s, "
                f"the last after {ends[-1]:.1f}, one alone after {end:.1f}.\n"
            )
    busy = max(started, os.getloadavg()[1]) / (os.cpu_count() or 1)
    note = (
        f" The machine was busy with other work ({busy:.1f} processes a core): read the CPU seconds and what "
        "they are of the reader's in the same run, not the wall seconds."
        if busy > 1.2
        else ""
    )
    text = (
        "# Benchmarks of imports\n\n"
        f"Measured by `python bench/imports.py` on {date.today()}, {platform.machine()}, {os.cpu_count()} "
        f"cores, medians of {asked.turns} turns, the cases in turn, each a process of its own from typing to "
        f"its end.{note} {asked.rows:,} complaints of {len(TITLES)} columns as csv and xlsx, {asked.wide:,} "
        "entities of 8 columns as parquet; every file goes into an empty store and every row is checked. The "
        "start of the program alone takes about a second of it.\n\n"
        + "\n".join(lines)
        + "\n"
        + waited
        + BEFORE
    )
    print(text)
    if not asked.only:
        Path("docs/benchmarks-imports.md").write_text(text, "utf8")


if __name__ == "__main__":
    main()
