"""The command on measures: their definitions, readings and rows, and which of them prove a document's
indicators.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from zhunsheng import folders
from zhunsheng.cli import terminal
from zhunsheng.cli.arguments import (
    DEFAULT_STORE,
    AsJson,
    AsOf,
    AsOfBatch,
    DepartmentName,
    EngineName,
    EngineUrl,
    EvidenceDir,
    MappingFile,
    MeasureFiles,
    day,
    moment,
)
from zhunsheng.cli.show import documents
from zhunsheng.cli.show import measures as show
from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence import Store
from zhunsheng.measures import (
    Absence,
    Link,
    Match,
    Measure,
    ProjectMatch,
    Readings,
    Rows,
    Where,
    absences,
    catalogue,
    evidence_rows,
    match_book,
    match_projects,
    measure_of,
    read_all,
    write_mapping,
)
from zhunsheng.targets import Book
from zhunsheng.translation import worded
from zhunsheng.usecases.assessing import department_in, written_projects
from zhunsheng.usecases.opened_evidence import Evidence

app = typer.Typer()


@app.command()
def measure(
    name: Annotated[str | None, typer.Argument(metavar="测度", help="测度名或别名；缺省为全部")] = None,
    evidence: EvidenceDir = DEFAULT_STORE,
    as_of: AsOf = None,
    year: Annotated[
        int | None, typer.Option("--year", metavar="年度", help="年度；缺省为截至日的年度")
    ] = None,
    rows: Annotated[bool, typer.Option("--rows", help="列出测度涉及的行（个人信息已遮盖）")] = False,
    limit: Annotated[int, typer.Option("--limit", metavar="行数", help="最多列出多少行")] = 50,
    by: Annotated[str | None, typer.Option("--by", metavar="列", help="按这一列下钻，如 district")] = None,
    batch: AsOfBatch = None,
    at: Annotated[
        str | None,
        typer.Option(
            "--at",
            metavar="时间",
            help="按这一时间的证据库计算（含当时；只写日期的含当日），如 2021-10-31T12:00:00+08:00",
        ),
    ] = None,
    match: Annotated[
        Path | None, typer.Option("--match", metavar="文件", help="列出目标文件的指标与测度的对应")
    ] = None,
    department: DepartmentName = None,
    mapping: MappingFile = None,
    write: Annotated[
        Path | None, typer.Option("--write-mapping", metavar="文件", help="把对应写成对照文件，供核对确认")
    ] = None,
    measures: MeasureFiles = None,
    listing: Annotated[bool, typer.Option("--list", help="列出全部测度的定义")] = False,
    engine: EngineName = "duckdb",
    url: EngineUrl = None,
    as_json: AsJson = False,
) -> None:
    """由台账计算指标，可列出每一行、下钻、回到较早的版本。"""
    known = catalogue(measures or ())
    if match is not None:
        until, book = day(as_of), folders.read_books([match])
        documents.unread(book)
        links = folders.load_mapping(mapping, known, book)
        projects = _projects(book, links, evidence, department, until)
        _match(book, match_book(book, known, links), projects, write, as_json)
        return
    chosen = list(known.values()) if name is None else [measure_of(name, known)]
    if listing:
        _define(chosen, as_json)
        return
    until = day(as_of)
    opened = Evidence.of(
        Store.existing(evidence),
        batch=batch,
        at=moment(at),
        measures=measures or (),
        where=Where(engine, url),
    )
    place = folders.department_to_read(evidence, department)
    asked = _Asked(chosen, opened, year or until.year, until, place.code if place else None)
    if rows and len(chosen) == 1:
        _trace(asked, limit, as_json)
    else:
        _read(asked, by, as_json)


def _define(chosen: Sequence[Measure], as_json: bool) -> None:
    """Say how measures are defined."""
    if as_json:
        terminal.say_json([m.model_dump(mode="json", by_alias=True) for m in chosen])
    else:
        show.definitions(chosen)


@dataclass(frozen=True)
class _Asked:
    """Which measures are read: over which evidence, for which year up to a day,
    of one department (its code) or of all.
    """

    measures: Sequence[Measure]
    evidence: Evidence
    year: int
    until: date
    department: str | None


def _trace(asked: _Asked, limit: int, as_json: bool) -> None:
    """Show at most ``limit`` rows behind the one measure asked for."""
    (measure,), opened = asked.measures, asked.evidence
    wanted = Rows(limit=limit, department=asked.department)
    listed = evidence_rows(measure, opened.engine, opened.snapshot, asked.year, asked.until, wanted)
    if as_json:
        terminal.say_json([dataclasses.asdict(r) for r in listed])
        return
    show.rows(listed)
    if not listed:
        only = {asked.department} if asked.department else None
        values = read_all(
            [measure], opened.engine, opened.snapshot, asked.year, asked.until, departments=only
        )
        show.absent(_missing(asked, values), {code: opened.snapshot.name_of(code) for code in only or ()})


def _read(asked: _Asked, by: str | None, as_json: bool) -> None:
    """Show what measures come to, ``by`` a column of one measure. Raises ``ZS-CL-01`` for a column that is
    not its own.
    """
    chosen, opened = asked.measures, asked.evidence
    if by is not None and (len(chosen) != 1 or by not in chosen[0].drill):
        allowed = "、".join(chosen[0].drill) if len(chosen) == 1 else ""
        raise ZhunshengError(
            "ZS-CL-01",
            detail=worded(
                "--by 要与一个测度同用，可用的列：{columns}", columns=allowed or worded("（先指明测度）")
            ),
        )
    only = {asked.department} if asked.department else None
    values = read_all(chosen, opened.engine, opened.snapshot, asked.year, asked.until, by, departments=only)
    found = sorted(values.values(), key=lambda r: (r.measure, r.department, r.project or ""))
    missing = _missing(asked, values)
    if as_json:
        silent = [entry for one in missing for entry in _absent_json(one, asked)]
        terminal.say_json([r.as_json() for r in found] + silent)
        return
    codes = {r.department for r in found} | {one.department for one in missing} - {""}
    called = {code: opened.snapshot.name_of(code) for code in codes}
    if found:
        show.readings(found, {m.id: m.name for m in chosen}, called)
    show.absent(missing, called)


def _missing(asked: _Asked, values: Readings) -> list[Absence]:
    """Return which of the measures asked for say nothing, and why."""
    snapshot = asked.evidence.snapshot
    codes = [asked.department] if asked.department else [*snapshot.departments]
    return list(absences(asked.measures, values, snapshot, codes))


def _absent_json(absence: Absence, asked: _Asked) -> list[dict[str, Any]]:
    """Return what says nothing as readings without a value; the department is null where it is all of
    them.
    """
    snapshot = asked.evidence.snapshot
    return [
        {
            "measure": measure.id,
            "version": measure.version,
            "department": absence.department or asked.department,
            "project": None,
            "unit": measure.unit,
            "denominator": 0,
            "year": asked.year,
            "batch": snapshot.batch,
            "digest": snapshot.digest,
            "note": absence.why,
            "value": None,
            "numerator": None,
            "as_of": asked.until.isoformat(),
            "interval": None,
            "people": None,
            "questions": 0,
            "repeated": 0,
        }
        for measure in absence.measures
    ]


def _projects(
    book: Book, links: Sequence[Link], evidence: Path, department: str | None, as_of: date
) -> list[ProjectMatch]:
    """Return which projects of the ledgers are a document's sheets', none where there is no store to look
    them up in.
    """
    store = Store(evidence)
    if not store.begun():
        return []
    opened = Evidence.of(store)
    place = folders.department_to_read(evidence, department) or department_in(book, opened.snapshot)
    if place is None:
        return []
    years = {s.year or as_of.year for s in book.sheets}
    readings = [opened.read(year, as_of, place.code, ()) for year in years]
    return match_projects(book, written_projects(readings, place.code), links)


def _match(
    book: Book, found: Sequence[Match], projects: Sequence[ProjectMatch], write: Path | None, as_json: bool
) -> None:
    """Show, and with ``write`` write down, which measures prove a document's indicators and which projects
    are its sheets'.
    """
    if write is not None:
        write_mapping(write, book, found, projects)
    if as_json:
        terminal.say_json([dataclasses.asdict(m) for m in found])
    else:
        show.matches(found, book)
        show.projects(projects, book)
