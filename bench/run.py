"""Benchmarks as ratios against a named alternative, each case in a process of its own,
interleaved in one run.

``python bench/run.py`` runs all and writes docs/benchmarks.md; ``python bench/run.py CASE`` runs one case
once.
"""

from __future__ import annotations

import json
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

WORK = Path("build/bench")
DOCX, XLSX = WORK / "200.docx", WORK / "20000.xlsx"
ENTITIES, COMPLAINTS = 10_000_000, 5_000_000
SHEETS = 10_000
BY_HAND = "## The catalogue beside queries written by hand"


# -- inputs
# -----------------------------------------------------------------------------------------------------------


def make_documents() -> None:
    """Write a Word table of 200 indicator rows and a workbook of 20,000, as a bureau's
    system exports them.
    """
    import docx
    import xlsxwriter

    if XLSX.exists():
        return
    WORK.mkdir(parents=True, exist_ok=True)
    head = ("一级指标", "二级指标", "三级指标", "指标描述", "指标值", "权重", "依据", "备注")
    levels = (("产出指标", "数量指标"), ("产出指标", "质量指标"), ("效益指标", "社会效益指标"))

    def row(n: int) -> tuple[str, ...]:
        one, two = levels[n % 3]
        return (
            one,
            two,
            f"第{n}类事项检查次数",
            f"第{n}类事项检查的场次",
            f"≥{n % 90 + 1}次",
            "1",
            "年度计划",
            "",
        )

    document = docx.Document()
    document.add_paragraph("2021年度项目支出绩效目标表")
    table = document.add_table(rows=202, cols=8)
    for r, cells in enumerate([("项目名称", "基准项目", *[""] * 6), head, *(row(n) for n in range(200))]):
        for cell, text in zip(table.rows[r].cells, cells, strict=True):
            cell.text = text
    document.save(str(DOCX))
    book = xlsxwriter.Workbook(str(XLSX))
    sheet = book.add_worksheet("2021目标表")
    for r, cells in enumerate([("项目名称", "基准项目", *[""] * 6), head, *(row(n) for n in range(20_000))]):
        for c, text in enumerate(cells):
            if text:
                sheet.write_string(r, c, text)
    book.close()


def make_store() -> None:
    """Write the ledgers of 10 million entities and 5 million complaints as the store's tables hold them."""
    import duckdb

    if (WORK / "complaints.parquet").exists():
        return
    WORK.mkdir(parents=True, exist_ok=True)
    connection = duckdb.connect()
    connection.execute(
        f"""COPY (SELECT '局' || i % 3 AS department, '91130190' || lpad(i::VARCHAR, 10, '0') AS credit_code,
          '主体' || i AS name,
        CASE i % 5 WHEN 0 THEN '农民专业合作社' WHEN 1 THEN '企业' WHEN 2 THEN '企业' ELSE '个体工商户' END
          AS type,
        DATE '2005-01-01' + (hash(i) % 6000)::INTEGER AS registered_on,
        CASE WHEN hash(i, 1) % 50 = 0 THEN DATE '2021-01-01' + (hash(i, 2) % 365)::INTEGER END
          AS deregistered_on,
        ['A', 'B', 'C', 'D'][1 + (hash(i, 3) % 4)::INTEGER] AS credit_class, i % 60 = 1 AS food_producer,
          '所' || i % 40 AS district,
        NULL::VARCHAR AS address, NULL::VARCHAR AS legal_person, NULL::VARCHAR AS phone, 1::BIGINT AS _batch,
          i AS _row
        FROM range({ENTITIES}) t(i)) TO '{WORK}/entities.parquet'"""
    )
    connection.execute(
        f"""COPY (SELECT '局' || i % 3 AS department, '91130190' || lpad(i::VARCHAR, 10, '0') AS credit_code,
          2020 AS report_year,
        DATE '2021-01-01' + (hash(i, 4) % 200)::INTEGER AS filed_on, 1::BIGINT AS _batch, i AS _row
        FROM range({ENTITIES}) t(i) WHERE hash(i, 5) % 10 < 8) TO '{WORK}/annual_reports.parquet'"""
    )
    connection.execute(
        f"""COPY (SELECT '局' || i % 3 AS department, 'T1' AS task_no,
          '91130190' || lpad(i::VARCHAR, 10, '0') AS credit_code,
        CASE WHEN i % 7 = 0 THEN '专项检查' ELSE '双随机' END AS kind, '食品生产监督检查' AS item,
          DATE '2021-01-01' + (hash(i, 6) % 365)::INTEGER AS inspected_on,
        NULL::VARCHAR AS inspectors, '未发现问题' AS result, NULL::DATE AS published_on, 1::BIGINT AS _batch,
          i AS _row
        FROM range({ENTITIES}) t(i) WHERE hash(i, 7) % 25 = 0) TO '{WORK}/inspections.parquet'"""
    )
    connection.execute(
        f"""COPY (SELECT '局' || i % 3 AS department, 'T' || i AS complaint_no, CASE WHEN i % 3 = 0
          THEN '举报' ELSE '投诉' END AS kind,
        DATE '2021-01-01' + (hash(i) % 365)::INTEGER AS received_on, NULL::DATE AS accepted_on,
        CASE WHEN hash(i, 1) % 10 < 9 THEN DATE '2021-01-20' + (hash(i) % 365)::INTEGER END AS closed_on,
          NULL::VARCHAR AS outcome,
        '科' || i % 9 AS section, NULL::VARCHAR AS complainant, NULL::VARCHAR AS phone, 1::BIGINT AS _batch,
          i AS _row
        FROM range({COMPLAINTS}) t(i)) TO '{WORK}/complaints.parquet'"""
    )


LEDGERS = ("entities", "annual_reports", "inspections", "complaints")


# -- cases: each does its work once and returns what it found
# -----------------------------------------------------------


def docx_zhunsheng() -> object:
    """Read, recognise and keep the places of all 200 indicators."""
    from zhunsheng.intake import read_book

    return timed(lambda: len(read_book(DOCX).sheets[0].indicators))


def docx_python_docx() -> object:
    """Open the file with python-docx, nothing more."""
    import docx

    return timed(lambda: len(docx.Document(str(DOCX)).tables))


def docx_python_docx_cells() -> object:
    """Open the file with python-docx and take the text of its cells."""
    import docx

    return timed(lambda: sum(1 for r in docx.Document(str(DOCX)).tables[0].rows for c in r.cells if c.text))


def xlsx_zhunsheng() -> object:
    """Open, check and turn the workbook into grids."""
    from zhunsheng.files.opening import open_file
    from zhunsheng.intake import blocks_of

    return timed(lambda: len(blocks_of(open_file(XLSX))[0].rows))


def xlsx_zhunsheng_read() -> object:
    """Do the same and recognise all 20,000 indicators."""
    from zhunsheng.intake import read_book

    return timed(lambda: len(read_book(XLSX).sheets[0].indicators))


def xlsx_openpyxl() -> object:
    """Open the workbook with openpyxl."""
    import openpyxl

    return timed(lambda: openpyxl.load_workbook(XLSX).active.max_row)


def xlsx_calamine() -> object:
    """Take all rows with calamine, the cheapest library that reads the file."""
    from python_calamine import CalamineWorkbook

    return timed(lambda: len(CalamineWorkbook.from_path(str(XLSX)).get_sheet_by_index(0).to_python()))


def measures_zhunsheng() -> object:
    """Compute the whole catalogue for all departments."""
    from zhunsheng.evidence import Snapshot
    from zhunsheng.measures import DuckEngine, measures, read_all

    snapshot = Snapshot(1, None, "", {n: (str(WORK / f"{n}.parquet"),) for n in LEDGERS})

    def work() -> dict[str, str]:
        found = read_all(
            list(measures().values()),
            DuckEngine(snapshot, memory_limit="1500MB"),
            snapshot,
            2021,
            date(2021, 12, 31),
        )
        return {
            f"{m} {d}": f"{r.numerator}/{r.denominator}"
            for (m, d, p), r in sorted(found.items(), key=str)
            if p is None
        }

    return timed(work)


def measures_pandas() -> object:
    """Compute the catalogue's six measures that have rows here, by department, as one would write them in
    pandas.
    """
    import pandas as pd

    def work() -> dict[str, str]:
        def frame(name: str, columns: list[str]) -> pd.DataFrame:
            return pd.read_parquet(WORK / f"{name}.parquet", columns=["department", *columns])

        day = pd.Timestamp
        out: dict[str, str] = {}

        def put(name: str, rows: pd.DataFrame, hit: pd.Series) -> None:
            both = (
                pd.DataFrame({"department": rows["department"], "hit": hit})
                .groupby("department")["hit"]
                .agg(["sum", "count"])
            )
            out.update({f"{name} {d}": f"{int(r['sum'])}/{int(r['count'])}" for d, r in both.iterrows()})

        keys = ["department", "credit_code"]
        entities = frame(
            "entities", ["credit_code", "type", "registered_on", "deregistered_on", "food_producer"]
        )
        for column in ("registered_on", "deregistered_on"):
            entities[column] = pd.to_datetime(entities[column])
        gone = entities["deregistered_on"]
        reports = frame("annual_reports", ["credit_code", "report_year", "filed_on"])
        reports["filed_on"] = pd.to_datetime(reports["filed_on"])
        due = reports[
            (reports["report_year"] == 2020)
            & (reports["filed_on"] >= day(2021, 1, 1))
            & (reports["filed_on"] <= day(2021, 6, 30))
        ]
        filed = entities.merge(due[keys].drop_duplicates().assign(hit=True), on=keys, how="left")[
            "hit"
        ].notna()
        old = (entities["registered_on"] < day(2021, 1, 1)) & (gone.isna() | (gone > day(2021, 6, 30)))
        for name, kind in (
            ("company", "企业"),
            ("cooperative", "农民专业合作社"),
            ("individual", "个体工商户"),
        ):
            chosen = old & (entities["type"] == kind)
            put(f"annual_report_rate_{name}", entities[chosen], filed[chosen])
        inspections = frame("inspections", ["credit_code", "kind", "inspected_on"])
        inspections["inspected_on"] = pd.to_datetime(inspections["inspected_on"])
        year = inspections[
            (inspections["inspected_on"] >= day(2021, 1, 1))
            & (inspections["inspected_on"] <= day(2021, 12, 31))
        ]
        seen = entities.merge(year[keys].drop_duplicates().assign(hit=True), on=keys, how="left")[
            "hit"
        ].notna()
        food = (
            entities["food_producer"]
            & (entities["registered_on"] <= day(2021, 12, 31))
            & (gone.isna() | (gone > day(2021, 12, 31)))
        )
        put("food_producer_inspection_rate", entities[food], seen[food])
        drawn_rows = year[year["kind"].isin(["双随机", "跨部门联合"])]
        drawn = entities.merge(drawn_rows[keys].drop_duplicates().assign(hit=True), on=keys, how="left")[
            "hit"
        ].notna()
        market = (entities["registered_on"] <= day(2021, 12, 31)) & (gone.isna() | (gone > day(2021, 12, 31)))
        put("double_random_ratio", entities[market], drawn[market])
        complaints = frame("complaints", ["kind", "received_on", "closed_on"])
        complaints["received_on"] = pd.to_datetime(complaints["received_on"])
        complaints["closed_on"] = pd.to_datetime(complaints["closed_on"])
        chosen = (
            (complaints["kind"] == "举报")
            & (complaints["received_on"] >= day(2021, 1, 1))
            & (complaints["received_on"] <= day(2021, 12, 31))
        )
        put("report_closure_rate", complaints[chosen], complaints["closed_on"][chosen] <= day(2021, 12, 31))
        return dict(sorted(out.items()))

    return timed(work)


def sheets_zhunsheng() -> object:
    """Review and score 10,000 project sheets of seven indicators on one core, each with other names and
    values.
    """
    from decimal import Decimal
    from fractions import Fraction

    from zhunsheng.evaluation import Paid, ScoringTerms, score_sheet
    from zhunsheng.outcomes import Outcome
    from zhunsheng.regulations import scheme_of
    from zhunsheng.review import review_sheet
    from zhunsheng.sample.documents import bureau
    from zhunsheng.targets import Goal, Indicator, PlanStep, SpendingPlan, TargetSheet, TargetValue

    project = bureau()["projects"][0]
    plan = SpendingPlan(
        steps=tuple(
            PlanStep(by=d, cumulative=c)
            for d, c in (
                ("2021-03-31", "0.25"),
                ("2021-06-30", "0.5"),
                ("2021-10-31", "0.75"),
                ("2021-12-31", "1"),
            )
        )
    )
    sheets = []
    for n in range(SHEETS):
        rows = tuple(
            Indicator(
                level1=a,
                level2=b,
                name=f"{c}{n % 997}",
                description=d,
                target=TargetValue.parse(e.replace("2个", f"{n % 40 + 2}个"), year=2021),
                basis=f,
            )
            for a, b, c, d, e, f in project["indicators"]
        )
        goals = tuple(Goal(title=f"目标{k}", text=f"{g}{n % 991}") for k, g in enumerate(project["goals"], 1))
        sheets.append(
            TargetSheet(
                kind="project",
                name=f"项目{n}",
                year=2021,
                purpose=project["purpose"],
                budget={"total": "400000", "fiscal": "400000"},
                spending_plan=plan,
                goals=goals,
                indicators=rows,
            )
        )
    scheme = scheme_of(2021)
    values = [
        Outcome(v, u, "", "evidence")
        for v, u in (
            (Fraction(3), "次"),
            (Fraction(4), "次"),
            (Fraction(887, 10), "%"),
            (date(2021, 11, 26), None),
            (Fraction(744), "元"),
            (Fraction(35, 10), "%"),
            (Fraction(95), "%"),
        )
    ]

    paid = Paid(Decimal(386_000), Decimal(400_000))
    terms = ScoringTerms(scheme, date(2022, 2, 28))

    def work() -> int:
        found = 0
        for sheet in sheets:
            found += len(review_sheet(sheet).findings)
            found += len(score_sheet(sheet, values, paid, terms).scores)
        return found

    return timed(work)


def timed(work: Callable[[], object]) -> dict[str, object]:
    """Run the work once; imports and the making of inputs are not counted."""
    started = time.perf_counter()
    result = work()
    return {"seconds": time.perf_counter() - started, "result": result}


CASES = {
    name: value
    for name, value in list(globals().items())
    if name.split("_")[0] in ("docx", "xlsx", "measures", "sheets") and callable(value)
}


def run(case: str) -> dict[str, float]:
    """Run one case in a process of its own; return seconds, peak memory in MiB and the result."""
    done = subprocess.run([sys.executable, __file__, case], capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def group(cases: list[str], rounds: int) -> dict[str, dict[str, object]]:
    """Run cases in turn, so that what else the machine does falls on all alike; return medians
    and the peak.
    """
    runs: dict[str, list[dict[str, float]]] = {c: [] for c in cases}
    for n in range(rounds):
        for case in cases:
            runs[case].append(run(case))
            print(f"{case} {n + 1}/{rounds}: {runs[case][-1]['seconds']:.3f} s", flush=True)
    return {
        c: {
            "seconds": statistics.median(r["seconds"] for r in rs),
            "peak": max(r["peak"] for r in rs),
            "result": rs[0]["result"],
        }
        for c, rs in runs.items()
    }


def main() -> None:
    """Run everything and write the page of figures."""
    make_documents()
    make_store()
    documents = group(
        [
            "docx_zhunsheng",
            "docx_python_docx",
            "docx_python_docx_cells",
            "xlsx_zhunsheng",
            "xlsx_zhunsheng_read",
            "xlsx_openpyxl",
            "xlsx_calamine",
        ],
        5,
    )
    large = group(["measures_zhunsheng", "measures_pandas"], 3)
    sheets = group(["sheets_zhunsheng"], 3)
    ours, theirs = large["measures_zhunsheng"]["result"], large["measures_pandas"]["result"]
    if any(ours[k] != v for k, v in theirs.items()):  # type: ignore[index,attr-defined,union-attr]
        raise SystemExit("the two give different figures")
    write_page({**documents, **large, **sheets})


def write_page(found: dict[str, dict[str, object]]) -> None:
    """Write docs/benchmarks.md."""

    def ratio(a: str, b: str) -> str:
        return f"{float(str(found[a]['seconds'])) / float(str(found[b]['seconds'])):.2f}"

    def line(case: str) -> str:
        return (
            f"| `{case}` | {CASES[case].__doc__ or ''} | {float(str(found[case]['seconds'])):.3f} | "
            f"{float(str(found[case]['peak'])):.0f} |"
        )

    rate = SHEETS / float(str(found["sheets_zhunsheng"]["seconds"]))
    text = f"""# Benchmarks

Measured by `make bench` on {date.today().isoformat()}: {platform.machine()}, {len_cores()} cores,
Python {platform.python_version()}. Machines are
noisy, so the figures to read are the ratios: both sides of a ratio ran in turn, in one run,
each in a process of its own.
Seconds are medians; peak memory is the whole process, libraries included.

| case | what it does | seconds | peak MiB |
|---|---|---:|---:|
{chr(10).join(line(c) for c in found)}

| ratio | aim | measured |
|---|---|---:|
| reading and recognising a 200-row docx ÷ python-docx opening it, no cell read | – | {ratio("docx_zhunsheng", "docx_python_docx")} |
| reading and recognising a 200-row docx ÷ python-docx taking its cells, the least that reads it | below 1.5 | {ratio("docx_zhunsheng", "docx_python_docx_cells")} |
| opening a 20,000-row xlsx as grids ÷ calamine | below 1.5 | {ratio("xlsx_zhunsheng", "xlsx_calamine")} |
| opening a 20,000-row xlsx as grids ÷ openpyxl | – | {ratio("xlsx_zhunsheng", "xlsx_openpyxl")} |
| the same and recognising 20,000 indicators ÷ openpyxl | – | {ratio("xlsx_zhunsheng_read", "xlsx_openpyxl")} |
| pandas ÷ the measure catalogue over {ENTITIES:,} entities and {COMPLAINTS:,} complaints | above 10 | {ratio("measures_pandas", "measures_zhunsheng")} |
| sheets of seven indicators reviewed and scored a second, one core | above 2,000 | {rate:,.0f} |

The pandas side computes the six measures that have rows in this data and gives the same numerators and
denominators;
ours computes all of the catalogue.

Nonsense for every reader (316,000 values, 10,000 documents and more kinds):
[benchmarks-fuzz.md](benchmarks-fuzz.md).
Invented target documents in many layouts and formats: [benchmarks-reading.md](benchmarks-reading.md).
"""  # noqa: E501 - a row of a table is one line
    page = Path("docs/benchmarks.md")
    behind = page.read_text("utf8").partition(BY_HAND)[1:]  # what bench/catalogue.py wrote
    page.write_text(text + "".join(("\n", *behind) if behind[0] else ()), "utf8")
    print(text)


def len_cores() -> int:
    """Return how many cores there are."""
    import os

    return os.cpu_count() or 1


def peak() -> float:
    """Return this process's own peak memory in MiB; getrusage would count the process that
    launched it too.
    """
    text = Path("/proc/self/status").read_text("utf8")
    return int(text.split("VmHWM:")[1].split()[0]) / 1024


if __name__ == "__main__":
    if len(sys.argv) > 1:
        outcome = CASES[sys.argv[1]]()
        print(json.dumps({**outcome, "peak": peak()}))  # type: ignore[dict-item]
    else:
        main()
