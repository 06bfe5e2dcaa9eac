"""The use cases that the command line and the web both call: read, review, import, measure, assess, re-check, report."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from rapidfuzz import fuzz

from zhunsheng import __version__
from zhunsheng.errors import ZhunshengError
from zhunsheng.evaluation import Difference, Scorecard, recheck, score_department, score_sheet
from zhunsheng.evidence import Batch, Cipher, Ledger, RowError, Snapshot, Store, check_file, marked_copy
from zhunsheng.intake import read_book
from zhunsheng.judgements import Judgement, judgement_of, read_judgements
from zhunsheng.measures import (
    DuckEngine,
    Engine,
    EvidenceRow,
    Mapping,
    Match,
    Measure,
    Reading,
    Readings,
    catalogue,
    evidence_rows,
    match_book,
    read_all,
    read_mapping,
    show_number,
)
from zhunsheng.monitoring import Checkpoint, Figures, PlanMode, monitor
from zhunsheng.outcomes import NOTHING, Outcome, outcome_of_text
from zhunsheng.regulations import Scheme, scheme_of
from zhunsheng.reports.dashboard import Lineage, Panel, render
from zhunsheng.reports.docx import write_forms
from zhunsheng.reports.evaluation_report import write_report
from zhunsheng.reports.forms import Form, monitoring_form, self_evaluation_form, target_form
from zhunsheng.reports.xlsx import write_workbook
from zhunsheng.review import Finding, review
from zhunsheng.targets import Book, Source, TargetSheet
from zhunsheng.targets.units import comparable

RUN_FORMAT = "zhunsheng.run/1"
OUTPUTS = ("绩效目标表", "绩效运行监控表", "绩效自评表", "绩效评价报告", "绩效总览", "结果")
PROJECT_MATCH = 60.0  # how alike (0–100) a sheet's and a ledger's project names must be to be taken for the same
Progress = Callable[[str, int, int], None]  # what, how many done, of how many


def no_progress(_what: str, _done: int, _total: int) -> None:
    """Report nothing."""


# -- evidence ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Imported:
    """What an import came to: the batch (None when nothing was imported), whether it was new, errors, the marked copy."""

    file: str
    ledger: Ledger
    batch: Batch | None
    new: bool
    rows: int
    bad_rows: int
    errors: tuple[RowError, ...]
    marked: Path | None

    def as_json(self) -> dict[str, Any]:
        """Return the outcome as plain data."""
        return {
            "file": self.file,
            "ledger": self.ledger.id,
            "rows": self.rows,
            "bad_rows": self.bad_rows,
            "new": self.new,
            "batch": self.batch.__dict__ if self.batch else None,
            "errors": [e.__dict__ for e in self.errors],
            "marked": str(self.marked) if self.marked else None,
        }


def import_ledger(
    store: Path,
    path: Path,
    *,
    ledger: Ledger | None = None,
    department: str = "本部门",
    label: str | None = None,
    good_rows: bool = False,
    marked_in: Path | None = None,
    who: str | None = None,
    when: datetime | None = None,
    cipher: Cipher | None = None,
    only_own: bool = False,
) -> Imported:
    """Check a ledger file and commit it to the store: all rows, or with ``good_rows`` those that pass, or none.

    ``department`` is a code and ``label`` its name today. With ``only_own``, rows that name another department are errors. The copy with marked cells goes to ``marked_in`` (default: beside the file). Raises ``ZS-IN-*`` and ``ZS-EV-*``; rows
    with errors do not raise, the batch is then None unless ``good_rows``.
    """
    opened = Store(store, cipher)
    named = label or opened.label_of(department)
    with check_file(path, ledger, department, only=only_own, label=named, known=opened.known()) as checked:
        marked = marked_copy(checked, marked_in or path.parent) if checked.errors else None
        batch, new = None, False
        if (not checked.errors or good_rows) and checked.good_rows:
            batch, new = opened.commit(checked, department=department, label=named, who=who, when=when)
        return Imported(
            path.name, checked.ledger, batch, new, checked.rows, checked.bad_rows, tuple(checked.errors), marked
        )


LEDGER_ENDINGS = (".xlsx", ".xls", ".csv", ".parquet")


def open_evidence(
    folder: Path, work: Path, department: str, progress: Progress = no_progress, *, label: str | None = None
) -> tuple[Store, list[Imported]]:
    """Return the store in ``folder``; a folder of ledger files is first imported into a store under ``work``.

    Rows with errors are left out and listed in what is returned. Raises ``ZS-EV-04`` where the folder holds neither.
    """
    if (folder / "batches").is_dir():
        return Store(folder), []
    paths = (
        sorted(p for p in folder.glob("*") if p.suffix.lower() in LEDGER_ENDINGS and not p.name.startswith(("~$", ".")))
        if folder.is_dir()
        else []
    )
    paths = [p for p in paths if not p.stem.endswith("-标注")]
    if not paths:
        raise ZhunshengError("ZS-EV-04", store=str(folder))
    done = []
    for n, path in enumerate(paths):
        progress(f"导入 {path.name}", n, len(paths))
        done.append(
            import_ledger(
                work / "evidence",
                path,
                department=department,
                label=label,
                good_rows=True,
                marked_in=work / "marked",
            )
        )
    progress("导入完成", len(paths), len(paths))
    return Store(work / "evidence"), done


@dataclass
class Evidence:
    """A snapshot opened on an engine, with the measures to compute."""

    snapshot: Snapshot
    engine: Engine
    measures: dict[str, Measure]
    departments: tuple[str, ...] | None = None  # codes to compute for, None for all
    _known: dict[tuple[int, date], Readings] = field(default_factory=dict, repr=False)

    @classmethod
    def of(
        cls,
        store: Store,
        *,
        batch: int | None = None,
        at: datetime | None = None,
        measures: Iterable[Path] = (),
        departments: Sequence[str] | None = None,
    ) -> Evidence:
        """Open the store as of a batch or time on DuckDB; ``measures`` are local measure files.

        ``departments`` narrows what is computed to those codes: one department's figures cost the same among thousands.
        """
        snapshot = store.snapshot(batch=batch, at=at)
        chosen = None if departments is None else tuple(departments)
        return cls(snapshot, DuckEngine(snapshot), catalogue(measures), chosen)

    def read(self, year: int, as_of: date) -> Readings:
        """Compute all measures for all departments (or those chosen), once a year and date."""
        if (year, as_of) not in self._known:
            self._known[year, as_of] = read_all(
                list(self.measures.values()), self.engine, self.snapshot, year, as_of, departments=self.departments
            )
        return self._known[year, as_of]


# -- assessment -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SheetResult:
    """One sheet with all that was found out about it; lists go with the sheet's indicators."""

    sheet: TargetSheet
    findings: tuple[Finding, ...]
    matches: tuple[Match, ...]
    readings: tuple[Reading | None, ...]
    outcomes: tuple[Outcome, ...]
    checkpoint: Checkpoint
    card: Scorecard
    project: str | None  # the ledgers' name of the project
    project_why: str


@dataclass(frozen=True)
class Assessment:
    """A document assessed on a date against a snapshot of the evidence."""

    book: Book
    department: str
    as_of: date
    snapshot: Snapshot
    scheme: Scheme
    results: tuple[SheetResult, ...]
    measures: dict[str, Measure] = field(repr=False)
    readings: Readings = field(repr=False)

    @property
    def department_name(self) -> str:
        """The department's name in the store; its code where none is known."""
        return self.snapshot.name_of(self.department)

    @property
    def final(self) -> bool:
        """Whether the date lies at or behind the end of the sheets' year, so that scores are the year's."""
        return all(self.as_of >= date(r.sheet.year or self.as_of.year, 12, 31) for r in self.results)

    def as_json(self) -> dict[str, Any]:
        """Return the whole assessment in format ``zhunsheng.run/1``."""
        return {
            "format": RUN_FORMAT,
            "program": __version__,
            "department": self.department,
            "department_name": self.department_name,
            "as_of": self.as_of.isoformat(),
            "final": self.final,
            "store": {"batch": self.snapshot.batch, "when": self.snapshot.when, "digest": self.snapshot.digest},
            "scheme": {
                "id": self.scheme.id,
                "name": self.scheme.name,
                "citation": self.scheme.citation,
                "status": self.scheme.status,
            },
            "book": self.book.as_json(),
            "results": [_result_json(r) for r in self.results],
        }


def assess(
    book: Book,
    evidence: Evidence,
    as_of: date,
    *,
    department: str | None = None,
    mapping: Sequence[Mapping] = (),
    judgements: Sequence[Judgement] = (),
    scheme: Path | None = None,
    mode: PlanMode = "linear",
    previous: Book | None = None,
) -> Assessment:
    """Review, measure, monitor and score every sheet of a book as of a date (inclusive).

    Raises ``ZS-RG-02`` when no scheme was in force, ``ZS-CL-01`` when the store holds several departments and none was named.
    """
    findings = review(book, previous)
    matches = match_book(book, evidence.measures, mapping)
    years = {sheet.year or as_of.year for sheet in book.sheets}
    readings: dict[int, Readings] = {year: evidence.read(year, as_of) for year in years}
    year = max(years)
    named = department or _department(book, readings[year], evidence.snapshot)
    rules = scheme_of(year, scheme)
    found: dict[int, SheetResult] = {}
    # Projects first: the department's score rests on theirs.
    order = sorted(range(len(book.sheets)), key=lambda n: book.sheets[n].kind == "department")
    for n in order:
        sheet = book.sheets[n]
        own = tuple(m for m in matches if m.sheet == n)
        figures = readings[sheet.year or as_of.year]
        project, why = _project(sheet, figures, named)
        lines = [_line(sheet, m, figures, named, project, evidence.measures, judgements) for m in own]
        outcomes = tuple(outcome for outcome, _ in lines)
        accruals = [evidence.measures[m.measure].accrual if m.used and m.measure else None for m in own]
        amounts = _amounts(figures, named, project, sheet)
        checkpoint = monitor(sheet, outcomes, accruals, amounts, as_of, mode=mode, judgements=judgements)
        budget = amounts.adjusted if amounts.adjusted is not None else sheet.budget.total
        if sheet.kind == "department":
            cards = [found[k].card for k in sorted(found) if found[k].sheet.kind == "project"]
            card = score_department(
                sheet,
                outcomes,
                cards,
                spent=amounts.paid,
                budget=budget,
                scheme=rules,
                as_of=as_of,
                judgements=judgements,
            )
        else:
            card = score_sheet(
                sheet, outcomes, spent=amounts.paid, budget=budget, scheme=rules, as_of=as_of, judgements=judgements
            )
        here = tuple(f for f in findings if f.sheet == n)
        found[n] = SheetResult(sheet, here, own, tuple(r for _, r in lines), outcomes, checkpoint, card, project, why)
    results = tuple(found[n] for n in range(len(book.sheets)))
    return Assessment(book, named, as_of, evidence.snapshot, rules, results, evidence.measures, readings[year])


def _department(book: Book, readings: Readings, snapshot: Snapshot) -> str:
    """Return the code of the one department whose exact code or name a sheet states, or of the only one there is."""
    known = sorted({key[1] for key in readings})
    named = {code: {code, *(name for _, name in d.names)} for code, d in snapshot.departments.items() if code in known}
    for sheet in book.sheets:
        stated = [code for code in known if sheet.department in named.get(code, {code})]
        if len(stated) == 1:
            return stated[0]
    if len(known) > 1:
        listed = "、".join(snapshot.name_of(code) for code in known[:8])
        raise ZhunshengError("ZS-CL-01", detail=f"证据库里有多个部门，请用 --department 指明：{listed}")
    return known[0] if known else "本部门"


def _project(sheet: TargetSheet, readings: Readings, department: str) -> tuple[str | None, str]:
    """Return the ledgers' name of a sheet's project and how it was recognised."""
    if sheet.kind == "department":
        return None, ""
    names = sorted({key[2] for key in readings if key[1] == department and key[2]})
    if sheet.name in names:
        return sheet.name, "项目名称相同"
    best = max(names, key=lambda name: fuzz.ratio(name, sheet.name or ""), default=None)
    if best is None or (alike := fuzz.ratio(best, sheet.name or "")) < PROJECT_MATCH:
        return None, "台账里没有名称相近的项目"
    return best, f"与台账项目“{best}”名称相近（{alike:.0f}%），待确认"


def _line(
    sheet: TargetSheet,
    match: Match,
    readings: Readings,
    department: str,
    project: str | None,
    measures: dict[str, Measure],
    judgements: Sequence[Judgement],
) -> tuple[Outcome, Reading | None]:
    """Return the outcome of one indicator and the reading behind it."""
    indicator = sheet.indicators[match.indicator]
    said = judgement_of(judgements, sheet.title(), indicator.name)
    if said and said.actual:
        return outcome_of_text(said.actual, indicator.target.unit, sheet.year, "judgement"), None
    if not match.used or match.measure is None:
        return NOTHING if match.status == "none" else Outcome(
            None, None, "—", "none", f"与测度的对应把握不足，未采用（{match.why}）"
        ), None
    reading = readings.get((match.measure, department, project)) if project else None
    reading = reading or readings.get((match.measure, department, None))
    if reading is None:
        return Outcome(None, None, "—", "none", f"台账“{measures[match.measure].ledger}”没有数据"), None
    if (
        indicator.target.unit
        and not isinstance(reading.value, date)
        and not comparable(indicator.target.unit, reading.unit)
    ):
        return Outcome(
            None,
            None,
            reading.text(),
            "evidence",
            f"测度的单位“{reading.unit}”与指标值的单位“{indicator.target.unit}”不可比",
        ), reading
    if isinstance(reading.value, date) or reading.value is None:
        return Outcome(reading.value, None, reading.text(), "evidence", reading.note), reading
    # An indicator's own word for the unit is what readers expect: 3个 where the target says ≥2个.
    counted = reading.unit not in ("%", "元") and indicator.target.unit
    text = (
        f"{show_number(reading.value)}{indicator.target.unit}"
        if counted and indicator.target.unit == reading.unit
        else reading.text()
    )
    return Outcome(reading.value, reading.unit, text, "evidence", reading.note), reading


def _amounts(readings: Readings, department: str, project: str | None, sheet: TargetSheet) -> Figures:
    def amount(measure: str) -> Decimal | None:
        if sheet.kind == "project" and project is None:
            return None
        reading = readings.get((measure, department, project))
        return reading.numerator if reading and reading.denominator else None

    return Figures(amount("budget_initial"), amount("budget_adjusted"), amount("paid"))


def recheck_book(reported: Book, assessment: Assessment) -> list[tuple[str, list[Difference]]]:
    """Re-check every sheet of a reported self-evaluation against the assessed sheet of the same name."""
    found = []
    for sheet in reported.sheets:
        ours = max(
            (r for r in assessment.results if r.sheet.kind == sheet.kind),
            key=lambda r: fuzz.ratio(r.sheet.title(), sheet.title()) if sheet.kind == "project" else 100.0,
            default=None,
        )
        if ours is not None:
            found.append((sheet.title(), recheck(sheet, ours.card)))
    return found


def read_books(paths: Sequence[Path], progress: Progress = no_progress) -> Book:
    """Read several documents as one book; its source is the first, places carry on from each file."""
    books = []
    for n, path in enumerate(paths):
        progress(f"读取 {path.name}", n, len(paths))
        books.append(read_book(path))
    if len(books) == 1:
        return books[0]
    source = Source(
        name="、".join(b.source.name for b in books),
        sha256=books[0].source.sha256,
        media_type=books[0].source.media_type,
    )
    return Book(
        source=source,
        sheets=tuple(s for b in books for s in b.sheets),
        unsure=tuple(u for b in books for u in b.unsure),
    )


def load_mapping(path: Path | None, measures: dict[str, Measure]) -> list[Mapping]:
    """Return the decisions of a mapping file, none without a file."""
    return read_mapping(path, measures) if path else []


def load_judgements(path: Path | None) -> list[Judgement]:
    """Return the judgements of a file, none without a file."""
    return read_judgements(path) if path else []


# -- JSON -------------------------------------------------------------------------------------------------------------


def _result_json(result: SheetResult) -> dict[str, Any]:
    card, money = result.card, result.checkpoint.money
    return {
        "sheet": result.sheet.title(),
        "kind": result.sheet.kind,
        "project": result.project,
        "project_why": result.project_why or None,
        "findings": [f.as_json() for f in result.findings],
        "money": {
            "initial": _text(money.initial),
            "adjusted": _text(money.adjusted),
            "paid": _text(money.paid),
            "expected": _ratio(money.expected),
            "actual": _ratio(money.actual),
            "forecast": _ratio(money.forecast),
            "mode": money.mode,
            "method": money.method,
            "light": money.light,
        },
        "indicators": [_indicator_json(result, n) for n in range(len(result.sheet.indicators))],
        "score": {
            "scheme": card.scheme.id,
            "total": str(card.total),
            "grade": card.grade,
            "dimensions": {k: {"points": str(p), "score": str(s)} for k, (p, s) in card.by_dimension().items()},
            "execution": {
                "points": str(card.execution.points),
                "score": str(card.execution.score),
                "how": card.execution.how,
            },
            "notes": list(card.notes),
            "citations": list(dict.fromkeys((card.scheme.citation, *card.citations))),
        },
    }


def _indicator_json(result: SheetResult, n: int) -> dict[str, Any]:
    indicator, status, score = result.sheet.indicators[n], result.checkpoint.indicators[n], result.card.scores[n]
    match, reading, outcome = result.matches[n], result.readings[n], result.outcomes[n]
    forecast = status.forecast
    return {
        "name": indicator.name,
        "target": indicator.target.raw,
        "outcome": {"text": outcome.text, "origin": outcome.origin, "note": outcome.note},
        "match": {
            "measure": match.measure,
            "confidence": round(match.confidence, 4),
            "status": match.status,
            "why": match.why,
        },
        "reading": reading.as_json() if reading else None,
        "monitoring": {
            "expected": show_number(status.expected) if status.expected is not None else None,
            "forecast": forecast.isoformat()
            if isinstance(forecast, date)
            else show_number(forecast)
            if forecast is not None
            else None,
            "method": status.method,
            "light": status.light,
            "likelihood": status.likelihood,
            "cause": status.cause,
            "measures": status.measures,
        },
        "score": {
            "dimension": score.dimension,
            "points": str(score.points),
            "score": str(score.score),
            "verdict": score.verdict,
            "how": score.how,
            "asks": score.asks,
        },
    }


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:f}"


def _ratio(value: Any) -> str | None:
    return None if value is None else f"{float(value):.4f}"


# -- the main job -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class RunResult:
    """What a run made: the assessment, the imports before it, problems of the store, re-check differences, files."""

    assessment: Assessment
    imports: tuple[Imported, ...]
    problems: tuple[str, ...]
    differences: tuple[tuple[str, list[Difference]], ...]
    files: dict[str, Path]


def run(
    documents: Sequence[Path],
    evidence: Path,
    as_of: date,
    out: Path,
    *,
    department: str | None = None,
    label: str | None = None,
    mapping: Path | None = None,
    judgements: Path | None = None,
    scheme: Path | None = None,
    measures: Sequence[Path] = (),
    mode: PlanMode = "linear",
    previous: Path | None = None,
    reported: Path | None = None,
    only: Sequence[str] = OUTPUTS,
    progress: Progress = no_progress,
) -> RunResult:
    """Read documents, prove them with the evidence as of a date, and write every table, report and page to ``out``.

    ``evidence`` is a store or a folder of ledger files (these are imported for ``department``, ``label`` its name),
    ``reported`` a self-evaluation to re-check. Raises ``ZS-*``.
    """
    out.mkdir(parents=True, exist_ok=True)
    book = read_books(documents, progress)
    store, imports = open_evidence(
        evidence,
        out,
        department or next((s.department for s in book.sheets if s.department), "本部门"),
        progress,
        label=label,
    )
    problems = tuple(store.verify())
    progress("计算测度", 0, 3)
    opened = Evidence.of(store, measures=measures)
    assessment = assess(
        book,
        opened,
        as_of,
        department=department,
        mapping=load_mapping(mapping, opened.measures),
        judgements=load_judgements(judgements),
        scheme=scheme,
        mode=mode,
        previous=read_book(previous) if previous else None,
    )
    differences = tuple(recheck_book(read_book(reported), assessment)) if reported else ()
    progress("写出报表", 1, 3)
    source = "、".join(p.name for p in documents)
    files = write_outputs(assessment, opened, out, only=only, problems=problems, differences=differences, source=source)
    progress("完成", 3, 3)
    return RunResult(assessment, tuple(imports), problems, differences, files)


def official_forms(assessment: Assessment) -> dict[str, list[Form]]:
    """Return the official tables by name, one form a sheet in the order of the book."""
    results = assessment.results
    return {
        "绩效目标表": [target_form(r.sheet) for r in results],
        "绩效运行监控表": [monitoring_form(r.checkpoint) for r in results],
        "绩效自评表": [self_evaluation_form(r.card) for r in results],
    }


def write_outputs(
    assessment: Assessment,
    evidence: Evidence,
    out: Path,
    *,
    only: Sequence[str] = OUTPUTS,
    problems: Sequence[str] = (),
    differences: Sequence[tuple[str, Sequence[Difference]]] = (),
    source: str = "",
) -> dict[str, Path]:
    """Write the tables (xlsx, docx), the report (docx), the page (html) and the data (json) named in ``only``.

    Returns what each file is and where it lies.
    """
    results = assessment.results
    single = len(results) == 1
    files: dict[str, Path] = {}
    for name, forms in official_forms(assessment).items():
        if name not in only:
            continue
        names = [name if single else r.sheet.title() for r in results]
        files[f"{name}（Excel）"] = out / f"{name}.xlsx"
        write_workbook(list(zip(names, forms, strict=True)), files[f"{name}（Excel）"])
        files[f"{name}（Word）"] = out / f"{name}.docx"
        write_forms(forms, files[f"{name}（Word）"])
    common: dict[str, Any] = {
        "department": assessment.department_name,
        "as_of": assessment.as_of,
        "final": assessment.final,
        "snapshot": assessment.snapshot,
        "differences": differences,
    }
    if "绩效评价报告" in only:
        files["绩效评价报告（Word）"] = out / "绩效评价报告.docx"
        write_report([(r.card, r.checkpoint, r.findings) for r in results], files["绩效评价报告（Word）"], **common)
    if "绩效总览" in only:
        files["绩效总览（网页）"] = out / "绩效总览.html"
        panels = [_panel(r, assessment, evidence) for r in results]
        files["绩效总览（网页）"].write_text(render(panels, problems=problems, source=source, **common), "utf8")
    if "结果" in only:
        files["全部数据（JSON）"] = out / "结果.json"
        data = assessment.as_json() | {
            "problems": list(problems),
            "recheck": [{"sheet": name, "differences": [d.as_json() for d in found]} for name, found in differences],
        }
        files["全部数据（JSON）"].write_text(json.dumps(data, ensure_ascii=False, indent=1), "utf8")
    return files


ROWS_SHOWN = 10
BATCHES_SHOWN = 50  # the newest; a lineage need not name thousands


def _panel(result: SheetResult, assessment: Assessment, evidence: Evidence) -> Panel:
    year = result.sheet.year or assessment.as_of.year
    lineages = tuple(
        _lineage(m, r, assessment, evidence, year) for m, r in zip(result.matches, result.readings, strict=True)
    )
    figures = [
        reading
        for name in ("budget_adjusted", "paid")
        if (result.project or result.sheet.kind == "department")
        and (reading := assessment.readings.get((name, assessment.department, result.project)))
    ]
    always = "资金数据按固定的测度计算"
    money = tuple(
        _lineage(Match(0, 0, r.measure, 1.0, "confirmed", always), r, assessment, evidence, year) for r in figures
    )
    payments = (
        payments_of(evidence, assessment.department, result.project, year, assessment.as_of) if result.project else ()
    )
    return Panel(result.card, result.checkpoint, result.findings, lineages, payments, result.project_why, money)


def _lineage(match: Match, reading: Reading | None, assessment: Assessment, evidence: Evidence, year: int) -> Lineage:
    if reading is None:
        return Lineage(match, assessment.measures.get(match.measure or ""), None, (), ())
    return trace(evidence, match, reading, year, assessment.as_of)


def trace(
    evidence: Evidence,
    match: Match,
    reading: Reading,
    year: int,
    as_of: date,
    *,
    limit: int = ROWS_SHOWN,
    personal: bool = False,
) -> Lineage:
    """Return what lies behind a reading: its measure, the batches it rests on, and rows (those that fell short first)."""
    measure = evidence.measures[reading.measure]
    names = {measure.ledger, *(link.ledger for link in measure.links)}
    batches = evidence.snapshot.batches_of(department=reading.department, ledgers=sorted(names), limit=BATCHES_SHOWN)
    rows: list[EvidenceRow] = []
    # What fell short explains a share; what was counted explains a number.
    for only in (False, True) if measure.kind == "ratio" else (True,):
        if not rows:
            rows = evidence_rows(
                measure,
                evidence.engine,
                evidence.snapshot,
                year,
                as_of,
                limit=limit,
                only=only,
                personal=personal,
                department=reading.department,
                project=reading.project,
            )
    return Lineage(match, measure, reading, batches, tuple(rows))


def payments_of(
    evidence: Evidence, department: str, project: str, year: int, as_of: date
) -> tuple[tuple[date, Decimal], ...]:
    """Return (date, cumulative yuan) of a project's payments in a year up to ``as_of`` (inclusive)."""
    paid = evidence.measures["paid"]
    rows = evidence_rows(
        paid,
        evidence.engine,
        evidence.snapshot,
        year,
        as_of,
        limit=None,
        personal=True,
        department=department,
        project=project,
    )
    by_day: dict[date, Decimal] = {}
    for row in rows:
        by_day[row.values["支付日期"]] = by_day.get(row.values["支付日期"], Decimal(0)) + row.values["支付金额"]
    total, found = Decimal(0), []
    for day in sorted(by_day):
        total += by_day[day]
        found.append((day, total))
    return tuple(found)
