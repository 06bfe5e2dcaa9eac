"""Compute the figures of a province's year on a standalone Spark master with two workers, by the commands a
user types, and compare them with DuckDB's.

``python bench/spark_figures.py`` makes the sample's ledgers of a million entities (``--entities``), runs
``measure``, ``monitor`` and ``evaluate`` here and on the cluster and writes docs/benchmarks-spark.md.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Any

from spark_standalone import URL, cluster

WORK = Path("build/bench/province")
COMMAND = [sys.executable, "-m", "zhunsheng"]
SPARK = ["--engine", "spark", "--url", URL]
DAY, YEAR = "2022-02-28", "2021"


def made(entities: int) -> Path:
    """Return a folder with the sample's documents and its evidence store of so many entities."""
    folder = WORK / str(entities)
    if not (folder / "results" / "evidence" / "batches").is_dir():
        call = [*COMMAND, "demo", "--out", str(folder), "--entities", str(entities), "--as-of", DAY]
        subprocess.run(call, check=True, stdout=subprocess.DEVNULL)
    return folder


def said(*arguments: str) -> tuple[Any, float, float]:
    """Run a command; return the data it says, and wall and CPU seconds of its process (Spark's not among
    them).
    """
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([*COMMAND, *arguments, "--json"], check=True, capture_output=True, text=True)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return json.loads(done.stdout), wall, cpu


def main() -> None:
    """Make the store, run every command on both, compare, print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entities", type=int, default=1_000_000)
    entities = parser.parse_args().entities
    folder = made(entities)
    evidence = ["--evidence", str(folder / "results" / "evidence"), "--as-of", DAY]
    document = str(folder / "documents" / "2021年绩效目标.docx")
    commands = {
        "measure": ["measure", *evidence, "--year", YEAR],
        "monitor": ["monitor", document, *evidence],
        "evaluate": ["evaluate", document, *evidence],
    }
    here = {name: said(*arguments) for name, arguments in commands.items()}
    os.environ["PYSPARK_SUBMIT_ARGS"] = "--conf spark.executor.memory=900m pyspark-shell"
    with tempfile.TemporaryDirectory(prefix="zhunsheng-spark-") as scratch, cluster(Path(scratch)):
        there = {name: said(*arguments, *SPARK) for name, arguments in commands.items()}
    lines = [
        "| command | this machine: wall, CPU s | cluster: wall s | what they say |",
        "|---|---:|---:|---|",
    ]
    same = True
    for name in commands:
        (ours, wall, cpu), (theirs, there_wall, _) = here[name], there[name]
        equal = ours == theirs
        same = same and equal
        lines.append(
            f"| `{name}` | {wall:.1f}, {cpu:.1f} | {there_wall:.1f} | {'equal' if equal else 'DIFFERENT'} |"
        )
    text = (
        "# Figures on a Spark cluster\n\n"
        f"Measured by `python bench/spark_figures.py --entities {entities}` on {date.today()}, "
        f"{platform.machine()}, {os.cpu_count()} cores: a standalone master and two workers of one core each "
        "on this same machine, each command a process of its own from typing to answer. The store is the "
        f"sample's with {entities:,} entities, all {len(here['measure'][0])} readings of its year compared."
        "\n\n" + "\n".join(lines) + "\n\n"
        "On one machine a cluster can only cost more: these figures say that the numbers are the same and "
        "what beginning costs, not what many machines bring.\n"
    )
    print(text)
    Path("docs/benchmarks-spark.md").write_text(text, "utf8")
    sys.exit(not same)


if __name__ == "__main__":
    main()
