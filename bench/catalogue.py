"""What the whole catalogue costs over ten million entities and five million complaints, beside the same six
measures in one DuckDB query written by hand, in polars, and a bare scan of the columns.

``python bench/catalogue.py`` makes the ledgers of ``bench/run.py`` and prints CPU and wall seconds, medians
of turns in which every case runs once, each in a process of its own; with ``--write`` they go to
docs/benchmarks.md. Wants polars, which nothing else does: without it that case is left out.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from run import BY_HAND as MARK
from run import COMPLAINTS, ENTITIES, LEDGERS, WORK, len_cores, make_store

TURNS = 3
DOC = Path("docs/benchmarks.md")
Figures = dict[str, str]

# One pass over the entities, as one who knows DuckDB writes it.
BY_HAND_SQL = f"""
WITH due AS (SELECT department, credit_code FROM '{WORK}/annual_reports.parquet' WHERE report_year = 2020
    AND filed_on BETWEEN DATE '2021-01-01' AND DATE '2021-06-30'),
  seen AS (SELECT department, credit_code, bool_or(kind IN ('双随机', '跨部门联合')) AS drawn
    FROM '{WORK}/inspections.parquet' WHERE inspected_on BETWEEN DATE '2021-01-01' AND DATE '2021-12-31'
    GROUP BY ALL),
  market AS (SELECT e.department, type, food_producer, due.credit_code IS NOT NULL AS filed,
    seen.credit_code IS NOT NULL AS inspected, coalesce(drawn, false) AS drawn,
    registered_on < DATE '2021-01-01' AND (deregistered_on IS NULL OR deregistered_on > DATE '2021-06-30') AS old,
    registered_on <= DATE '2021-12-31' AND (deregistered_on IS NULL OR deregistered_on > DATE '2021-12-31') AS there
    FROM '{WORK}/entities.parquet' e LEFT JOIN due USING (department, credit_code)
    LEFT JOIN seen USING (department, credit_code))
SELECT department,
  count(*) FILTER (old AND type = '企业' AND filed), count(*) FILTER (old AND type = '企业'),
  count(*) FILTER (old AND type = '农民专业合作社' AND filed), count(*) FILTER (old AND type = '农民专业合作社'),
  count(*) FILTER (old AND type = '个体工商户' AND filed), count(*) FILTER (old AND type = '个体工商户'),
  count(*) FILTER (there AND food_producer AND inspected), count(*) FILTER (there AND food_producer),
  count(*) FILTER (there AND drawn), count(*) FILTER (there)
FROM market GROUP BY department"""  # noqa: E501 - a condition is one line
CLOSED = f"""
SELECT department, count(*) FILTER (closed_on <= DATE '2021-12-31'), count(*) FROM '{WORK}/complaints.parquet'
WHERE kind = '举报' AND received_on BETWEEN DATE '2021-01-01' AND DATE '2021-12-31' GROUP BY department"""
MEASURES = (
    "annual_report_rate_company",
    "annual_report_rate_cooperative",
    "annual_report_rate_individual",
    "food_producer_inspection_rate",
    "double_random_ratio",
    "report_closure_rate",
)


def catalogue() -> Figures:
    """Compute the whole catalogue for all departments, statutory limits of each complaint among it."""
    from zhunsheng.measures import measures

    return read(list(measures()))


def same_six() -> Figures:
    """Compute by the product the six measures that the queries by hand compute."""
    return read(MEASURES)


def read(names: Sequence[str]) -> Figures:
    """Compute measures by the product; return the figures of those that the queries by hand compute too."""
    from zhunsheng.evidence import Snapshot
    from zhunsheng.measures import DuckEngine, measures, read_all

    snapshot = Snapshot(1, None, "", {n: (str(WORK / f"{n}.parquet"),) for n in LEDGERS})
    engine = DuckEngine(snapshot, memory_limit="1500MB")
    asked = [measures()[name] for name in names]
    found = read_all(asked, engine, snapshot, 2021, date(2021, 12, 31))
    return {
        f"{m} {d}": f"{r.numerator}/{r.denominator}"
        for (m, d, p), r in found.items()
        if p is None and m in MEASURES
    }


def duckdb_by_hand() -> Figures:
    """Compute six of its measures by one DuckDB query over each ledger, written by hand."""
    import duckdb

    connection = duckdb.connect()
    connection.execute("SET enable_progress_bar = false; SET memory_limit = '1500MB'")
    both = (
        (MEASURES[:-1], connection.execute(BY_HAND_SQL).fetchall()),
        (MEASURES[-1:], connection.execute(CLOSED).fetchall()),
    )
    return {
        f"{name} {row[0]}": f"{row[2 * n + 1]}/{row[2 * n + 2]}"
        for names, rows in both
        for row in rows
        for n, name in enumerate(names)
    }


def polars_by_hand() -> Figures:
    """Compute the same six by lazy queries of polars."""
    import polars as pl

    keys = ["department", "credit_code"]

    def rows(name: str) -> pl.LazyFrame:
        return pl.scan_parquet(WORK / f"{name}.parquet")

    filed, seen = pl.col("filed_on"), pl.col("inspected_on")
    year = date(2021, 1, 1), date(2021, 12, 31)
    due = rows("annual_reports").filter(
        pl.col("report_year") == 2020, filed.is_between(year[0], date(2021, 6, 30))
    )
    due = due.select(*keys, filed=pl.lit(value=True))
    drawn = pl.col("kind").is_in(["双随机", "跨部门联合"]).any()
    inspected = rows("inspections").filter(seen.is_between(*year)).group_by(keys)
    inspected = inspected.agg(drawn=drawn).with_columns(inspected=pl.lit(value=True))
    market = rows("entities").join(due, on=keys, how="left").join(inspected, on=keys, how="left")

    def there(gone_after: date, registered: pl.Expr) -> pl.Expr:
        gone = pl.col("deregistered_on")
        return registered & (gone.is_null() | (gone > gone_after))

    since, kind = pl.col("registered_on"), pl.col("type")
    old = there(date(2021, 6, 30), since < year[0])
    wanted = {
        MEASURES[0]: (old & (kind == "企业"), pl.col("filed")),
        MEASURES[1]: (old & (kind == "农民专业合作社"), pl.col("filed")),
        MEASURES[2]: (old & (kind == "个体工商户"), pl.col("filed")),
        MEASURES[3]: (there(year[1], since <= year[1]) & pl.col("food_producer"), pl.col("inspected")),
        MEASURES[4]: (there(year[1], since <= year[1]), pl.col("drawn")),
    }
    counts = [
        expression
        for name, (population, hit) in wanted.items()
        for expression in (
            (population & hit.fill_null(value=False)).sum().alias(f"n_{name}"),
            population.sum().alias(f"d_{name}"),
        )
    ]
    entities = market.group_by("department").agg(counts).collect()
    reports = rows("complaints").filter(pl.col("kind") == "举报", pl.col("received_on").is_between(*year))
    closed = (pl.col("closed_on") <= year[1]).fill_null(value=False).sum()
    ended = reports.group_by("department").agg(
        closed.alias(f"n_{MEASURES[5]}"), pl.len().alias(f"d_{MEASURES[5]}")
    )
    return {
        f"{name} {row['department']}": f"{row[f'n_{name}']}/{row[f'd_{name}']}"
        for frame in (entities, ended.collect())
        for row in frame.to_dicts()
        for name in MEASURES
        if f"n_{name}" in row
    }


def bare_scan() -> Figures:
    """Read the same columns of all four ledgers and hash what is in them, so that each value is read."""
    import duckdb

    columns = {
        "entities": "department, credit_code, type, registered_on, deregistered_on, food_producer",
        "annual_reports": "department, credit_code, report_year, filed_on",
        "inspections": "department, credit_code, kind, inspected_on",
        "complaints": "department, kind, received_on, closed_on",
    }
    connection = duckdb.connect()
    connection.execute("SET enable_progress_bar = false")
    for name, listed in columns.items():
        counted = ", ".join(f"max(hash({column}))" for column in listed.split(", "))
        connection.execute(f"SELECT {counted} FROM '{WORK}/{name}.parquet'").fetchall()
    return {}


CASES: dict[str, Callable[[], Figures]] = {
    one.__name__: one for one in (catalogue, same_six, duckdb_by_hand, polars_by_hand, bare_scan)
}


def run(case: str) -> dict[str, Any]:
    """Run one case in a process of its own; return CPU and wall seconds and what it found."""
    done = subprocess.run([sys.executable, __file__, case], capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    """Run all in turn, compare what they found, print the table, and write it where asked."""
    make_store()
    cases = [case for case in CASES if case != "polars_by_hand" or find_spec("polars")]
    runs = [{case: run(case) for case in cases} for _ in range(TURNS)]
    ours = runs[0]["catalogue"]["found"]
    for case in cases:  # a department without a row of the kind has no line there
        if any(ours[name] != figure for name, figure in runs[0][case]["found"].items()):
            raise SystemExit(f"{case} gives other figures")
    cpu, wall = (
        {case: statistics.median(one[case][kind] for one in runs) for case in cases}
        for kind in ("cpu", "wall")
    )
    lines = [
        "| case | what it does | CPU s | wall s | catalogue's CPU ÷ its own | same six's CPU ÷ its own |",
        "|---|---|---:|---:|---:|---:|",
        *(
            f"| `{case}` | {CASES[case].__doc__} | {cpu[case]:.2f} | {wall[case]:.2f} | "
            f"{cpu['catalogue'] / cpu[case]:.2f} | {cpu['same_six'] / cpu[case]:.2f} |"
            for case in cases
        ),
    ]
    text = (
        f"{MARK}\n\nMeasured by `python bench/catalogue.py --write` on {date.today()}, {len_cores()} cores, "
        f"medians of {TURNS} turns in one run, each case in a process of its own; imports of modules are not "
        f"counted. {ENTITIES:,} entities, {COMPLAINTS:,} complaints, the annual reports and inspections of "
        "the entities. All give the same figures, over the same rows: a ledger's files hold each row once, "
        "as it stands after all batches, so that no side tells batches apart. The query by hand has the plan "
        "of ours; the catalogue has beside the six what the limits of every complaint come to, and asks of "
        "each nought whether a ledger speaks of the year at all.\n\n" + "\n".join(lines) + "\n"
    )
    print(text)
    if "--write" in sys.argv:
        DOC.write_text(f"{DOC.read_text('utf8').split(MARK)[0].rstrip()}\n\n{text}", "utf8")


def timed(case: str) -> dict[str, Any]:
    """Run one case in this process, its imports first."""
    for module in ("zhunsheng.measures", "duckdb", "polars"):
        if find_spec(module):
            __import__(module)
    wall, cpu = time.perf_counter(), time.process_time()
    found = CASES[case]()
    spent = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    return {**spent, "found": dict(sorted(found.items()))}


if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1] in CASES:
        print(json.dumps(timed(sys.argv[1])))
    else:
        main()
