"""Which measure proves an indicator and which project of the ledgers is a sheet's: what people confirmed,
and what is open.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence.defined import Definition
from zhunsheng.measures import Link, Match, Measure, MeasureLink, ProjectLink, match_book, measures, taken_by
from zhunsheng.measures.definitions import of_body, own
from zhunsheng.targets import Book, Indicator
from zhunsheng.translation import worded
from zhunsheng.usecases.own_measures import changed_after
from zhunsheng.usecases.result import Run, RunIndicator, RunSheet
from zhunsheng.web.models import MeasureDecision, Organisation, ProjectDecision, SheetVersion, Step, User
from zhunsheng.web.models.decided import shown
from zhunsheng.web.roles import permits
from zhunsheng.web.services import evidence as site


def described(indicator: Indicator) -> str:
    """Return the digest of what an indicator says it counts: its description and the unit of its target.

    Its name says it only where nothing else does: where it has no description, or one that repeats the name.
    """
    said, name = ("".join((text or "").split()) for text in (indicator.description, indicator.name))
    words = (indicator.description or "") if said and said != name else f"\x1e{name}"
    return hashlib.sha256(f"{words}\x1f{indicator.aim.unit or ''}".encode()).hexdigest()


def promise(indicator: Indicator) -> dict[str, str]:
    """Return what an indicator promises, as texts by ``name``, ``description``, ``target`` and ``unit``;
    ``counts`` is the digest of what it counts (``described``).
    """
    return {
        "name": indicator.name,
        "description": indicator.description or "",
        "target": indicator.words(),
        "unit": indicator.aim.unit or "",
        "counts": described(indicator),
    }


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
    found += [ProjectLink(sheet=sheet, project=project, same=d.same) for (sheet, project), d in said.items()]
    return found


def decisions(department: Organisation, sheets: list[str]) -> dict[tuple[str, str], MeasureDecision]:
    """Return the newest decision on each indicator by codes of sheet and indicator."""
    kept = MeasureDecision.objects.filter(department=department, sheet_code__in=sheets).select_related("by")
    return {(d.sheet_code, d.indicator_code): d for d in kept}


def match_seen(
    name: str, description: str | None, measure: str | None, decision: MeasureDecision | None
) -> str:
    """Return the digest of what a person confirms: the indicator's name and description,
    its measure with the formula, and the decision before theirs.
    """
    formula = measures()[measure].formula if measure in measures() else ""
    return shown(name, description or "", measure or "", formula, decision.pk if decision else "")


def project_seen(title: str, department: Organisation, sheet: str) -> str:
    """Return the digest of what a person links a project to: the sheet's title and the last
    decision on it.
    """
    return _project_shown(
        title, list(ProjectDecision.objects.filter(department=department, sheet_code=sheet))
    )


def project_lines(department: Organisation, run: Run) -> list[tuple[RunSheet, str, list[str]]]:
    """Return each project sheet of a year's figures with what its page shows (``project_seen``) and the
    projects of the ledgers that the newest decision on each says are not its own.
    """
    sheets = [s for s in run.results if s.kind == "project"]
    made: dict[str, list[ProjectDecision]] = {s.id: [] for s in sheets}
    for one in ProjectDecision.objects.filter(department=department, sheet_code__in=made):
        made[one.sheet_code].append(one)
    found = []
    for sheet in sheets:
        newest = {d.project: d.same for d in made[sheet.id]}
        denied = [project for project, same in newest.items() if not same]
        found.append((sheet, _project_shown(sheet.sheet, made[sheet.id]), denied))
    return found


def _project_shown(title: str, made: list[ProjectDecision]) -> str:
    return shown(title, made[-1].pk if made else "")


@dataclass(frozen=True)
class Line:
    """One indicator on the page of matches: how it is computed now, and who confirmed that."""

    sheet: RunSheet
    indicator: RunIndicator
    description: str | None
    measure: Measure | None
    decision: MeasureDecision | None
    changed: tuple[Definition, ...] = ()  # versions of an own measure since the target was approved

    @property
    def held(self) -> bool:
        """Whether a measure computes the indicator now, so that only the finance bureau may say otherwise."""
        match = self.indicator.match
        return bool(match.measure) and match.status in ("proposed", "confirmed")

    @property
    def own(self) -> bool:
        """Whether the body defined the measure itself."""
        return self.measure is not None and own(self.measure)

    @property
    def seen(self) -> str:
        """What a confirmation on this line rests on."""
        return match_seen(self.indicator.name, self.description, self.indicator.match.measure, self.decision)


def approvals(department: Organisation, sheets: list[str]) -> dict[str, datetime]:
    """Return the moment at which each sheet was last approved, by its code."""
    steps = Step.objects.filter(action="targets.approve", model="sheetversion")
    found: dict[str, datetime] = {}
    versions = SheetVersion.objects.filter(sheet__department=department, sheet__code__in=sheets)
    codes = {v.pk: v.sheet.code for v in versions.select_related("sheet")}
    for step in steps.filter(object_id__in=list(codes)).order_by("at"):
        found[codes[step.object_id]] = step.at
    return found


def lines(department: Organisation, book: Book, run: Run) -> list[Line]:
    """Return every indicator of a year's figures with its match, open proposals first."""
    known = measures()
    made = decisions(department, [s.id for s in book.sheets])
    approved = approvals(department, [s.id for s in book.sheets])
    texts = {(s.id, i.id): i.description for s in book.sheets for i in s.indicators}
    found = [
        Line(
            s,
            i,
            texts.get((s.id, i.id)),
            known.get(i.match.measure or ""),
            made.get((s.id, i.id)),
            changed_after(site.folder(), i.match.measure, approved[s.id])
            if i.match.measure and s.id in approved
            else (),
        )
        for s in run.results
        for i in s.indicators
    ]
    order = {"proposed": 0, "weak": 1, "none": 2, "confirmed": 3}
    return sorted(found, key=lambda line: order[line.indicator.match.status])


def confirm(
    department: Organisation,
    book: Book,
    sheet: str,
    indicator: str,
    measure: str,
    user: User,
    seen: str | None = None,
) -> None:
    """Keep a person's decision which measure (empty: none) proves an indicator;
    ``seen`` is what their page carried.

    Where a measure computes it already, confirmed or proposed, others than the finance bureau can only
    confirm that one; nor do they turn round what the bureau decided: else a bad reading would be silenced and
    a figure typed in its place.
    Raises ``ZS-WB-06``, ``ZS-MS-01``, ``ZS-WB-10`` where the page is an older one.
    """
    known = next((i for s in book.sheets if s.id == sheet for i in s.indicators if i.id == indicator), None)
    if known is None:
        raise ZhunshengError("ZS-WB-06", detail=worded("没有这个指标，目标表可能已调整"))
    if measure and measure not in measures():
        raise ZhunshengError("ZS-MS-01", measure=measure)
    links = links_of(department, book)
    now = next(m for m in match_book(book, measures(), links) if _codes(book, m) == (sheet, indicator))
    made = decisions(department, [sheet]).get((sheet, indicator))
    if seen is not None and seen != match_seen(known.name, known.description, now.measure, made):
        raise ZhunshengError("ZS-WB-10", title=known.name)
    rules = permits(user, "matches.override", department)
    if not rules:
        ruled = made is not None and made.described == described(known) and _ruled(made)
        if measure != (now.measure or "") and (now.used or ruled):
            held = (
                worded("由测度“{name}”计算", name=measures()[now.measure].name)
                if now.measure
                else worded("经财政局认定没有测度可以证明")
            )
            raise ZhunshengError(
                "ZS-WB-06",
                detail=worded(
                    "“{name}”{held}，改用别的测度或不用测度，由财政局改定", name=known.name, held=held
                ),
            )
    MeasureDecision.objects.create(
        department=department,
        sheet_code=sheet,
        indicator_code=indicator,
        measure=measure,
        described=described(known),
        by=user,
        ruled=rules,
    )


def _ruled(made: MeasureDecision | ProjectDecision) -> bool:
    """Return whether the finance bureau decided it; of those kept before that was told,
    by the roles of today.
    """
    return permits(made.by, "matches.override", made.department) if made.ruled is None else made.ruled


def _codes(book: Book, match: Match) -> tuple[str, str]:
    sheet = book.sheets[match.sheet]
    return sheet.id, sheet.indicators[match.indicator].id


def confirm_project(
    department: Organisation,
    book: Book,
    sheet: str,
    project: str,
    same: bool,
    user: User,
    seen: str | None = None,
) -> None:
    """Keep a person's word whether a project of the ledgers is a sheet's: of one sheet only,
    since no money counts twice.

    What was confirmed, the finance bureau alone takes back; nor is its own word turned round.
    Raises ``ZS-WB-06``, ``ZS-WB-10`` as ``confirm``.
    """
    project = project.strip()
    known = next((s for s in book.sheets if s.id == sheet and s.kind == "project"), None)
    if known is None or not project:
        raise ZhunshengError("ZS-WB-06", detail=worded("没有这张项目目标表，目标表可能已调整"))
    if seen is not None and seen != project_seen(known.title(), department, sheet):
        raise ZhunshengError("ZS-WB-10", title=known.title())
    links = links_of(department, book)
    if same and (other := taken_by(book, sheet, project, links)) is not None:
        detail = worded(
            "台账里的“{project}”已是目标表“{other}”的，一笔钱不能算两次", project=project, other=other.title()
        )
        raise ZhunshengError("ZS-WB-06", detail=detail)
    given = ProjectLink(sheet=sheet, project=project) in links
    made = ProjectDecision.objects.filter(
        department=department, sheet_code=sheet, project=project[:200]
    ).last()
    rules = permits(user, "matches.override", department)
    if not rules and given and not same:
        raise ZhunshengError(
            "ZS-WB-06", detail=worded("“{project}”已确认是这张目标表的项目，由财政局改定", project=project)
        )
    if not rules and same and made is not None and not made.same and _ruled(made):
        raise ZhunshengError(
            "ZS-WB-06",
            detail=worded("财政局已认定“{project}”不是这张目标表的项目，由财政局改定", project=project),
        )
    ProjectDecision.objects.create(
        department=department, sheet_code=sheet, project=project[:200], same=same, by=user, ruled=rules
    )


def open_proposals(run: Run) -> list[str]:
    """Return the names of indicators whose reading rests on a proposal, and of sheets with
    an open project.
    """
    names = [i.name for s in run.results for i in s.open_matches]
    return names + [s.sheet for s in run.results if s.proposals]


def choices(department: Organisation | None = None) -> list[Measure]:
    """Return the measures that a person can choose from in a department (None: in all), by name: no part of
    one, which only tells its whole
    apart.
    """
    return sorted(
        (m for m in of_body(department.code if department else "").values() if not m.part),
        key=lambda m: m.name,
    )
