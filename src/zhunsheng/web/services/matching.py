"""Which measure proves an indicator and which project of the ledgers is a sheet's: what people confirmed, and what is open."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from zhunsheng.errors import ZhunshengError
from zhunsheng.measures import Link, Measure, MeasureLink, ProjectLink, measures
from zhunsheng.targets import Book, Indicator
from zhunsheng.usecases.result import Run, RunIndicator, RunSheet
from zhunsheng.web.models import MeasureDecision, Organisation, ProjectDecision, User


def described(indicator: Indicator) -> str:
    """Return the digest of what an indicator says it counts: its description and the unit of its target, not its name."""
    words = f"{indicator.description or ''}\x1f{indicator.aim.unit or ''}"
    return hashlib.sha256(words.encode()).hexdigest()


def links_of(department: Organisation, book: Book) -> list[Link]:
    """Return what people confirmed for the sheets of a book, newest decisions first to hold."""
    codes = [s.id for s in book.sheets]
    indicators = {(s.id, i.id): i for s in book.sheets for i in s.indicators}
    found: list[Link] = []
    for (sheet, indicator), decision in decisions(department, codes).items():
        known = indicators.get((sheet, indicator))
        # Described otherwise it counts something else: what was confirmed then says nothing of it now.
        if known is not None and described(known) == decision.described:
            found.append(MeasureLink(sheet=sheet, indicator=indicator, measure=decision.measure or None))
    said = {(d.sheet_code, d.project): d for d in ProjectDecision.objects.filter(sheet_code__in=codes)}
    found += [ProjectLink(sheet=sheet, project=project) for (sheet, project), d in said.items() if d.same]
    return found


def decisions(department: Organisation, sheets: list[str]) -> dict[tuple[str, str], MeasureDecision]:
    """Return the newest decision on each indicator by codes of sheet and indicator."""
    kept = MeasureDecision.objects.filter(department=department, sheet_code__in=sheets).select_related("by")
    return {(d.sheet_code, d.indicator_code): d for d in kept}


@dataclass(frozen=True)
class Line:
    """One indicator on the page of matches: how it is computed now, and who confirmed that."""

    sheet: RunSheet
    indicator: RunIndicator
    description: str | None
    measure: Measure | None
    decision: MeasureDecision | None


def lines(department: Organisation, book: Book, run: Run) -> list[Line]:
    """Return every indicator of a year's figures with its match, open proposals first."""
    known = measures()
    made = decisions(department, [s.id for s in book.sheets])
    texts = {(s.id, i.id): i.description for s in book.sheets for i in s.indicators}
    found = [
        Line(s, i, texts.get((s.id, i.id)), known.get(i.match.measure or ""), made.get((s.id, i.id)))
        for s in run.results
        for i in s.indicators
    ]
    order = {"proposed": 0, "weak": 1, "none": 2, "confirmed": 3}
    return sorted(found, key=lambda line: order[line.indicator.match.status])


def confirm(department: Organisation, book: Book, sheet: str, indicator: str, measure: str, user: User) -> None:
    """Keep a person's decision which measure (empty: none) proves an indicator. Raises ``ZS-WB-06``, ``ZS-MS-01``."""
    known = next((i for s in book.sheets if s.id == sheet for i in s.indicators if i.id == indicator), None)
    if known is None:
        raise ZhunshengError("ZS-WB-06", detail="没有这个指标，目标表可能已调整")
    if measure and measure not in measures():
        raise ZhunshengError("ZS-MS-01", measure=measure)
    MeasureDecision.objects.create(
        department=department,
        sheet_code=sheet,
        indicator_code=indicator,
        measure=measure,
        described=described(known),
        by=user,
    )


def confirm_project(department: Organisation, book: Book, sheet: str, project: str, same: bool, user: User) -> None:
    """Keep a person's word whether a project of the ledgers is a sheet's. Raises ``ZS-WB-06``."""
    if not any(s.id == sheet and s.kind == "project" for s in book.sheets) or not project.strip():
        raise ZhunshengError("ZS-WB-06", detail="没有这张项目目标表，目标表可能已调整")
    ProjectDecision.objects.create(
        department=department, sheet_code=sheet, project=project.strip()[:200], same=same, by=user
    )


def open_proposals(run: Run) -> list[str]:
    """Return the names of indicators whose reading rests on a proposal, and of sheets with an open project."""
    names = [i.name for s in run.results for i in s.open_matches]
    return names + [s.sheet for s in run.results if s.proposals and not s.project_keys]


def choices() -> list[Measure]:
    """Return the measures that a person can choose from, by name."""
    return sorted(measures().values(), key=lambda m: m.name)
