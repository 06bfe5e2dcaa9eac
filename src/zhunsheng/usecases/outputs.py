"""Write what an assessment came to: official tables, report, page and data, whole or not at all."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from zhunsheng.faults import of_system
from zhunsheng.files.scratch import scratch_folder
from zhunsheng.measures import Lineage, Match, Reading, Rows
from zhunsheng.papers.packing import face
from zhunsheng.reports.about import About
from zhunsheng.reports.dashboard import Panel, render
from zhunsheng.reports.docx import write_forms
from zhunsheng.reports.evaluation_report import write_report
from zhunsheng.reports.forms import Form, monitoring_form, self_evaluation_form, target_form
from zhunsheng.reports.xlsx import write_workbook
from zhunsheng.usecases.assessing import Assessed, SheetResult
from zhunsheng.usecases.opened_evidence import Evidence
from zhunsheng.usecases.rechecking import Rechecked
from zhunsheng.usecases.result import run_of
from zhunsheng.usecases.tracing import ROWS_SHOWN, payments_of, trace

OUTPUTS = ("绩效目标表", "绩效运行监控表", "绩效自评表", "绩效评价报告", "绩效总览", "结果")


def official_forms(assessment: Assessed) -> dict[str, list[tuple[str, Form]]]:
    """Return the official tables by name: (name of the worksheet, form) of each target sheet,
    in the order of the book.
    """
    results = assessment.results
    names = Counter(r.sheet.title() for r in results)
    forms = {
        "绩效目标表": [target_form(r.sheet) for r in results],
        "绩效运行监控表": [monitoring_form(r.checkpoint) for r in results],
        "绩效自评表": [self_evaluation_form(r.card, coded=names[r.sheet.title()] > 1) for r in results],
    }
    return {
        name: [
            (name if len(results) == 1 else r.sheet.title(), form)
            for r, form in zip(results, made, strict=True)
        ]
        for name, made in forms.items()
    }


def write_table(named: Sequence[tuple[str, Form]], path: Path) -> None:
    """Write an official table as Excel or Word, whichever the ending of ``path`` says."""
    if path.suffix == ".xlsx":
        write_workbook(named, path)
    else:
        write_forms([form for _, form in named], path)


@dataclass(frozen=True)
class Beside:
    """What outputs tell beside an assessment: problems of the store, the re-check,
    the names of the documents.
    """

    problems: Sequence[str] = ()
    rechecked: Sequence[Rechecked] = ()
    source: str = ""


NOTHING_BESIDE = Beside()


def write_outputs(
    assessment: Assessed,
    evidence: Evidence,
    out: Path,
    *,
    only: Sequence[str] = OUTPUTS,
    beside: Beside = NOTHING_BESIDE,
    faced: bool = True,
) -> dict[str, Path]:
    """Write the tables (xlsx, docx), the report (docx), the page (html) and the data (json) named in
    ``only``. ``faced``: each bears its code and its manifest, as of the assessment's day.

    All are made aside and moved in together, so that a failure leaves what was there.
    Returns what each file is and where.
    Raises ``ZS-CL-10`` for a full disk, ``ZS-CL-11`` where nothing may be written.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        with scratch_folder(out) as scratch:
            made = _write(assessment, evidence, scratch, only, beside)
            for path in made.values():
                if faced:
                    face(path, assessment.as_of)
                path.replace(out / path.name)
    except OSError as error:
        if told := of_system(error, str(out)):
            raise told from error
        raise
    return {what: out / path.name for what, path in made.items()}


def _write(
    assessment: Assessed, evidence: Evidence, out: Path, only: Sequence[str], beside: Beside
) -> dict[str, Path]:
    results = assessment.results
    files: dict[str, Path] = {}
    for name, forms in official_forms(assessment).items():
        if name not in only:
            continue
        for what, kind in (("Excel", "xlsx"), ("Word", "docx")):
            files[f"{name}（{what}）"] = out / f"{name}.{kind}"
            write_table(forms, files[f"{name}（{what}）"])
    about = About(
        assessment.department.name,
        assessment.as_of,
        assessment.final,
        assessment.snapshot,
        problems=beside.problems,
        differences=[(r.sheet, r.differences) for r in beside.rechecked],
        source=beside.source,
    )
    if "绩效评价报告" in only:
        files["绩效评价报告（Word）"] = out / "绩效评价报告.docx"
        write_report(
            [(r.card, r.checkpoint, r.review) for r in results], files["绩效评价报告（Word）"], about
        )
    if "绩效总览" in only:
        files["绩效总览（网页）"] = out / "绩效总览.html"
        panels = [_panel(r, assessment, evidence) for r in results]
        files["绩效总览（网页）"].write_text(render(panels, about), "utf8")
    if "结果" in only:
        files["全部数据（JSON）"] = out / "结果.json"
        data = run_of(assessment, evidence).as_json() | {
            "problems": list(beside.problems),
            "recheck": [r.as_json() for r in beside.rechecked],
        }
        files["全部数据（JSON）"].write_text(json.dumps(data, ensure_ascii=False, indent=1), "utf8")
    return files


def _panel(result: SheetResult, assessment: Assessed, evidence: Evidence) -> Panel:
    year = result.sheet.year or assessment.as_of.year
    lineages = tuple(
        _lineage(m, r, result, assessment, evidence)
        for m, r in zip(result.matches, result.readings, strict=True)
    )
    always = "资金数据按固定的测度计算"
    figures = [r for name, r in result.money.items() if name != "budget_initial"]
    money = tuple(
        _lineage(Match(0, 0, r.measure, 1.0, "confirmed", always), r, result, assessment, evidence)
        for r in figures
    )
    keys = result.project.keys
    code = assessment.department.code
    payments = payments_of(evidence, code, keys, year, assessment.as_of) if keys else ()
    return Panel(result.card, result.checkpoint, result.review, lineages, payments, result.project.why, money)


def _lineage(
    match: Match, reading: Reading | None, result: SheetResult, assessment: Assessed, evidence: Evidence
) -> Lineage:
    if reading is None:
        return Lineage(match, assessment.measures.get(match.measure or ""), None, (), ())
    year = result.sheet.year or assessment.as_of.year
    projects = result.project.keys if reading.project else None
    return trace(evidence, match, reading, year, assessment.as_of, Rows(limit=ROWS_SHOWN, projects=projects))
