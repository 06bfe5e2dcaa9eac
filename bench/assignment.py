"""Benchmark of the assignment of inspectors: growth with the draw, districts apart or chained, teams,
recusals; steps counted.

``python bench/assignment.py`` runs all and writes docs/benchmarks-assignment.md;
``python bench/assignment.py CASE`` runs one case once and prints its figures.
"""

from __future__ import annotations

import json
import os
import random
import statistics
import subprocess
import sys
import time
from collections import Counter
from datetime import date
from pathlib import Path

from draws import peak, plan

SEED = "0123456789abcdef0123456789abcdef"
# Name -> (objects, inspectors, districts, inspectors an object, chained, recusals an inspector)
CASES = {
    "10k": (10_000, 200, 10, 2, False, 2),
    "30k": (30_000, 600, 20, 2, False, 2),
    "100k": (100_000, 2_000, 40, 2, False, 2),
    "300k": (300_000, 6_000, 100, 2, False, 2),
    "1m": (1_000_000, 20_000, 200, 2, False, 2),
    "10k-chained": (10_000, 200, 10, 2, True, 2),
    "30k-chained": (30_000, 600, 20, 2, True, 2),
    "100k-chained": (100_000, 2_000, 40, 2, True, 2),
    "300k-chained": (300_000, 6_000, 100, 2, True, 2),
    "1m-chained": (1_000_000, 20_000, 200, 2, True, 2),
    "100k-of-four": (100_000, 2_000, 40, 4, True, 2),
    "100k-recusals": (100_000, 2_000, 40, 2, True, 100),
    "100k-small-districts": (100_000, 2_000, 400, 2, True, 2),
}
ROUNDS = int(os.environ.get("ROUNDS", "3"))
REQUIRED = {"100k": 2, "100k-chained": 2, "1m": 20, "1m-chained": 20}  # CPU seconds


def run(
    objects: int, inspectors: int, districts: int, per_object: int, chained: bool, recusals: int
) -> dict[str, float]:
    """Assign once; districts of unlike size, most inspectors of one or two, 60 % certified."""
    from zhunsheng.draws import loads
    from zhunsheng.draws.assignment import RegisteredInspector, assign
    from zhunsheng.draws.plan import Staffing
    from zhunsheng.draws.spec import ticket

    chance = random.Random(7)
    names = [f"所{d}" for d in range(districts)]
    ids = [f"9113019{n:011d}" for n in range(objects)]
    where = chance.choices(names, [1 / (1 + d) ** 0.7 for d in range(districts)], k=objects)
    drawn = [(ticket(SEED, one), one, f"{place}|A") for one, place in zip(ids, where, strict=True)]
    people = []
    for n in range(inspectors):
        home = n % districts
        second = (
            [(home + 1) % districts]
            if chained
            else [chance.randrange(districts)]
            if chance.random() < 0.4
            else []
        )
        certified = n < per_object * districts or chance.random() < 0.6
        mine = [names[d] for d in sorted({home, *second})]
        people.append(
            RegisteredInspector(
                id=f"P{n:05d}", certified=certified, districts=mine, recuse=chance.sample(ids, recusals)
            )
        )
    looked: Counter[int] = Counter()
    add = loads.Work.add

    def counted(self: loads.Work, steps: int) -> None:
        looked[self.most] += steps
        add(self, steps)

    loads.Work.add = counted  # type: ignore[method-assign]
    how = plan().model_copy(update={"staffing": Staffing(per_object=per_object)})
    wall, cpu = time.perf_counter(), time.process_time()
    teams = assign(how, drawn, people, SEED)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    work = Counter(p for team in teams.values() for p in team)
    return {
        "cpu": cpu,
        "wall": wall,
        "peak": peak(),
        "steps": sum(looked.values()),
        "busiest": max(work.values()),
        "squares": sum(load * load for load in work.values()),
    }


def main() -> None:
    """Run every case in turn, ``ROUNDS`` times, each in a process of its own, and write the
    page of figures.
    """
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in CASES}
    for _ in range(ROUNDS):
        for name in CASES:
            done = subprocess.run(
                [sys.executable, __file__, name], capture_output=True, text=True, check=True
            )
            runs[name].append(json.loads(done.stdout.splitlines()[-1]))
            print(name, runs[name][-1], flush=True)
    rows = []
    for name, (objects, inspectors, districts, per_object, chained, recusals) in CASES.items():
        cpu, wall, steps = (statistics.median(r[key] for r in runs[name]) for key in ("cpu", "wall", "steps"))
        most = max(r["peak"] for r in runs[name])
        bound = f"below {REQUIRED[name]}" if name in REQUIRED else "–"
        rows.append(
            f"| {objects:,} | {inspectors:,} | {districts}{' chained' if chained else ''} | {per_object} | "
            f"{recusals} | {bound} | {cpu:.2f} | {wall:.2f} | {cpu / objects * 1e6:.1f} | "
            f"{steps / objects:.1f} | {most:,.0f} |"
        )
    body = "\n".join(rows)
    text = f"""# Benchmarks of the assignment

Measured by `python bench/assignment.py` on {date.today().isoformat()}, {os.cpu_count()} cores,
medians of runs in turn ({ROUNDS} of each), each in a process of its own; read the column by object for the
growth. Districts are chained where every inspector works in two that follow one another,
so that evening out goes through all of them. Steps are arcs and places looked at,
and don't depend on the machine. The peak has the objects and the register in it.

| objects | inspectors | districts | to each | recusals of each inspector | CPU seconds required | CPU seconds | wall | µs an object | steps an object | peak MiB |
|---:|---:|---|---:|---:|---|---:|---:|---:|---:|---:|
{body}
"""  # noqa: E501 - a row of a table is one line
    Path("docs/benchmarks-assignment.md").write_text(text, "utf8")
    print(text)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(run(*CASES[sys.argv[1]])))
    else:
        main()
