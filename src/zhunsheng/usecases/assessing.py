"""Assess a book: reviewed, measured, monitored and scored on a date against one state of the evidence.

Evidence comes first: where a reading exists, what a person typed stands beside it as a contest and counts
only once the finance bureau has accepted it; so it is where a reading existed and was taken back.
What no ledger ever held counts with its proof, marked as typed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import lru_cache

from zhunsheng import __version__
from zhunsheng.errors import ZhunshengError
from zhunsheng.evaluation import Paid, Scorecard, ScoringTerms, score_department, score_sheet
from zhunsheng.evaluation.scorecard import FULL
from zhunsheng.evidence import Snapshot, ledgers
from zhunsheng.judgements import Judgement, Said, proof_names, resolve
from zhunsheng.measures import (
    Link,
    Match,
    Measure,
    ProjectMatch,
    Reading,
    Readings,
    match_book,
    match_projects,
    why_absent,
)
from zhunsheng.measures.course import Course, Courses, joined
from zhunsheng.measures.definitions import BY_DATE, MONEY, SOURCES
from zhunsheng.measures.reading import combine
from zhunsheng.measures.sources import Parts, named, parted
from zhunsheng.monitoring import Figures, MonitoredSheet, MonitoringTerms, PlanMode, Trail, last_day, monitor
from zhunsheng.outcomes import (
    NOTHING,
    Outcome,
    ledger_words,
    outcome_of_reading,
    outcome_of_text,
    parts_of,
    sampled_words,
)
from zhunsheng.regulations import Rules, rules_for
from zhunsheng.review import Finding, LocalBasis, Review, review
from zhunsheng.targets import Book, Indicator, TargetSheet
from zhunsheng.targets.doubts import Waiting, doubts_of, must_confirm, waiting
from zhunsheng.targets.partial_year import begun
from zhunsheng.translation import series, worded
from zhunsheng.usecases.contesting import contested, equal, told_by_ledgers, with_refusal
from zhunsheng.usecases.opened_evidence import Evidence
from zhunsheng.wording import percent_beside


@dataclass(frozen=True)
class AssessedDepartment:
    """Whose year is assessed: its stable code in the evidence, its name of the time, and the day ``since``
    which it is there, where it began within the year.
    """

    code: str
    name: str
    since: date | None = None

    def began_in(self, year: int) -> date | None:
        """Return the day on which it began within a year; None where it was there from the first day on."""
        there = self.since is None or self.since == date(year, 1, 1) or self.since.year != year
        return None if there else self.since


@dataclass(frozen=True)
class SheetResult:
    """One sheet with all that was found out about it; lists go with the sheet's indicators."""

    sheet: TargetSheet
    review: Review
    matches: tuple[Match, ...]
    readings: tuple[Reading | None, ...]
    outcomes: tuple[Outcome, ...]
    checkpoint: MonitoredSheet
    card: Scorecard
    project: ProjectMatch
    money: dict[str, Reading]  # the readings behind budget and payments, by measure
    paid: Paid  # with ``terms``: what the outcomes were scored by
    terms: ScoringTerms = field(repr=False)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What the review found on the sheet."""
        return self.review.findings

    @property
    def unconfirmed(self) -> tuple[int, ...]:
        """The indicators whose reading rests on a measure that nobody confirmed."""
        return tuple(n for n, match in enumerate(self.matches) if match.used and match.status != "confirmed")


@dataclass(frozen=True)
class Assessed:
    """A document assessed on a date against a snapshot of the evidence; ``basis`` is the digest of all it
    rests on.
    """

    book: Book
    department: AssessedDepartment
    as_of: date
    snapshot: Snapshot
    rules: Rules
    results: tuple[SheetResult, ...]
    basis: str
    measures: dict[str, Measure] = field(repr=False)

    @property
    def final(self) -> bool:
        """Whether the date lies at or behind the end of the sheets' year, so that scores are the year's."""
        return all(self.as_of >= date(r.sheet.year or self.as_of.year, 12, 31) for r in self.results)


@dataclass(frozen=True)
class Grounds:
    """What a book is judged by, besides its evidence: the day (inclusive), the department, the rules,
    what people settled.

    ``links`` are what they confirmed, ``said`` what they said of indicators; ``previous`` is the book of the
    year before.
    """

    as_of: date
    department: AssessedDepartment
    rules: Rules
    links: Sequence[Link] = ()
    said: Said = field(default_factory=dict)
    mode: PlanMode = "linear"
    previous: Book | None = None


def assess(  # noqa: PLR0913 - options, by their names
    book: Book,
    evidence: Evidence,
    as_of: date,
    *,
    department: AssessedDepartment | None = None,
    links: Sequence[Link] = (),
    judgements: Sequence[Judgement] = (),
    rules: Rules | None = None,
    mode: PlanMode = "linear",
    previous: Book | None = None,
    since: date | None = None,
    bases: Sequence[LocalBasis] = (),
) -> Assessed:
    """Review, measure, monitor and score every sheet of a book as of a date (inclusive).

    ``links`` are what people confirmed, ``judgements`` what they said; a re-check passes no judgements.
    ``since`` is the day on which the department began, where that was within the year, ``bases`` the place's
    own documents that rules of the review rest on.
    Raises ``ZS-RG-02`` when no rules were in force, ``ZS-CL-01`` when the store holds several departments and
    none was named, ``ZS-ID-*`` for a name in links or judgements that is not one indicator's.
    """
    years = {sheet.year or as_of.year for sheet in book.sheets}
    year = max(years, default=as_of.year)
    rules = rules or rules_for(year)
    place = department or _department(book, evidence)
    place = replace(place, since=since) if since is not None else place
    said = resolve(book, judgements)
    grounds = Grounds(as_of, place, rules, links, said, mode, previous)
    reviewed = review(book, previous, bases=bases)
    matches = match_book(book, evidence.measures, links)
    used = {m.measure for m in matches if m.used and m.measure}
    readings = {one: evidence.read(one, as_of, place.code, used) for one in years}
    courses = {one: _courses(book, matches, evidence, one, as_of, place.code) for one in years}
    projects = match_projects(book, written_projects(readings.values(), place.code), links)
    found: dict[int, SheetResult] = {}
    # Projects first: the department's score rests on theirs.
    for n in sorted(range(len(book.sheets)), key=lambda n: book.sheets[n].kind == "department"):
        cards = [found[k].card for k in sorted(found) if found[k].sheet.kind == "project"]
        found[n] = _assess_sheet(
            _Sheet(
                book.sheets[n],
                [m for m in matches if m.sheet == n],
                projects[n],
                _Ledgers(
                    readings[one := book.sheets[n].year or as_of.year],
                    place.code,
                    evidence.measures,
                    evidence.snapshot,
                    courses[one],
                ),
                reviewed.of(n),
                waiting(book.sheets[n], doubts_of(book, n)),
            ),
            grounds,
            cards,
        )
    results = tuple(found[n] for n in range(len(book.sheets)))
    state = evidence.snapshot.state_of(place.code)
    rests_on = basis(book, state, evidence.snapshot.imported, evidence.measures, grounds)
    return Assessed(book, place, as_of, evidence.snapshot, rules, results, rests_on, evidence.measures)


def _courses(
    book: Book, matches: Iterable[Match], evidence: Evidence, year: int, as_of: date, department: str
) -> tuple[Courses, Courses, Courses]:
    """Return how the measures in use came through a year to a day, with the days to come, and through the
    year before: what a forecast needs of them, nothing once the year is over, and what is to be done in each
    period or step by step.
    """
    used = [
        (m.measure, book.sheets[m.sheet].indicators[m.indicator].aim.per)
        for m in matches
        if m.used and m.measure
    ]
    accruals = {name: evidence.measures[name].accrual for name, _ in used}
    # One measure may prove two indicators, of which one asks for something in each period.
    stepwise = {name for name, per in used if per or accruals[name].shape == "date"}
    course = evidence.course(stepwise, year, min(as_of, date(year, 12, 31)), department)
    if as_of >= date(year, 12, 31):
        return course, {}, {}
    planned = {name for name, accrual in accruals.items() if accrual.ahead}
    ahead = evidence.course(planned, year, as_of, department, ahead=True)
    return (
        course,
        ahead,
        evidence.course(set(accruals) - planned, year - 1, date(year - 1, 12, 31), department),
    )


def basis(
    book: Book, evidence: str, imported: Sequence[str], measures: dict[str, Measure], grounds: Grounds
) -> str:
    """Return the one digest of all that figures rest on; ``evidence`` is the digest of the state of the
    department's rows, ``imported`` are the ledgers that anybody ever imported.

    The program, national and local rules, measures, identities, sheets, what people confirmed and said,
    evidence, date: change any of them and the figures are computed anew.
    """
    unsure = [one.model_dump_json() for one in book.unsure if must_confirm(one)]
    parts = {
        "program": __version__,
        "rules": grounds.rules.digest(),
        "measures": _written(tuple(sorted(measures.items()))),
        "ledgers": {name: ledger.model_dump_json() for name, ledger in sorted(ledgers().items())},
        "department": [grounds.department.code, grounds.department.name],
        **({"since": f"{grounds.department.since}"} if grounds.department.since else {}),
        "sheets": [s.model_dump_json() for s in book.sheets],
        **({"unsure": unsure} if unsure else {}),
        "previous": [s.model_dump_json() for s in grounds.previous.sheets] if grounds.previous else [],
        "links": sorted(x.model_dump_json() for x in grounds.links),
        "said": sorted([*key, j.model_dump_json()] for key, j in grounds.said.items()),
        "evidence": evidence,
        "imported": list(imported),
        "as_of": grounds.as_of.isoformat(),
        "mode": grounds.mode,
    }
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


@lru_cache(maxsize=16)
def _written(known: tuple[tuple[str, Measure], ...]) -> dict[str, str]:
    return {name: one.model_dump_json() for name, one in known}


def written_projects(readings: Iterable[Readings], department: str) -> list[str]:
    """Return the codes or names of projects that a department's ledgers write, in order."""
    return sorted({key[2] for one in readings for key in one if key[1] == department and key[2]})


def department_in(book: Book, snapshot: Snapshot) -> AssessedDepartment | None:
    """Return the one department whose code or exact name a sheet states, or the only one there is;
    None for none or many.
    """
    known = snapshot.departments
    for sheet in book.sheets:
        stated = [d for d in known.values() if sheet.department in d.words]
        if len(stated) == 1:
            return AssessedDepartment(stated[0].code, stated[0].name)
    if len(known) == 1:
        (only,) = known.values()
        return AssessedDepartment(only.code, only.name)
    return None


def _department(book: Book, evidence: Evidence) -> AssessedDepartment:
    found = department_in(book, evidence.snapshot)
    if found is not None:
        return found
    known = evidence.snapshot.departments.values()
    if known:
        listed = series(worded("{name}（{code}）", name=d.name, code=d.code) for d in list(known)[:8])
        raise ZhunshengError(
            "ZS-CL-01", detail=worded("证据库里有多个部门，请用 --department 指明：{listed}", listed=listed)
        )
    name = next((s.department for s in book.sheets if s.department), "本部门")
    return AssessedDepartment(name, name)


@dataclass(frozen=True)
class _Ledgers:
    """What one department's ledgers say of a year."""

    readings: Readings
    department: str
    measures: dict[str, Measure]
    snapshot: Snapshot
    courses: tuple[
        Courses, Courses, Courses
    ]  # of the year to the day, with the days to come, of the last year

    def why_not(self, measure: str, project: ProjectMatch | None) -> str:
        """Return why a measure says nothing of the department, or of a project of it."""
        one = self.measures[measure]
        if reading := self.of(measure, project):
            return reading.text()
        told = ledgers()[one.ledger].by_project and (measure, self.department, None) in self.readings
        return why_absent(one, self.snapshot, self.department, project=bool(project and told))

    def of(self, measure: str, project: ProjectMatch | None) -> Reading | None:
        """Return a measure for the whole department, or for a project where the ledger tells projects apart.

        A project without rows has no evidence: the rows of the level above are not its own.
        """
        ledger = ledgers()[self.measures[measure].ledger]
        if project is None or not ledger.by_project:
            return self.readings.get((measure, self.department, None))
        found = [r for key in project.keys if (r := self.readings.get((measure, self.department, key)))]
        return combine(self.measures[measure], found)

    def course_of(self, measure: str, project: ProjectMatch | None) -> Course | None:
        """Return how a count came through the year to the day; None for what is no count."""
        one = self.measures[measure]
        return self._course(one, self.courses[0], project) if one.kind == "count" else None

    def trail(self, measure: Measure, reading: Reading | None, project: ProjectMatch | None) -> Trail | None:
        """Return what the ledgers tell of a reading besides its figure."""
        if reading is None:
            return None
        course, ahead, last = (self._course(measure, courses, project) for courses in self.courses)
        return Trail(
            measure.kind, measure.accrual, reading.numerator, reading.denominator, course, ahead, last
        )

    def _course(self, measure: Measure, courses: Courses, project: ProjectMatch | None) -> Course:
        by = courses.get((measure.id, self.department), {})
        if project is None or not ledgers()[measure.ledger].by_project:
            return joined(by.values())
        return joined(by[key] for key in project.keys if key in by)


@dataclass(frozen=True)
class _Sheet:
    """One sheet with what is known of it: measures, its project in the ledgers, their figures, the review,
    and what of it waits for a person to confirm how it was read.
    """

    sheet: TargetSheet
    matches: Sequence[Match]
    project: ProjectMatch
    figures: _Ledgers
    reviewed: Review
    waits: Waiting


def _assess_sheet(known: _Sheet, grounds: Grounds, projects: Sequence[Scorecard]) -> SheetResult:
    """Return what a sheet comes to; ``projects`` are the cards that a department's own rests on."""
    sheet, matches, figures, rules, as_of = (
        known.sheet,
        known.matches,
        known.figures,
        grounds.rules,
        grounds.as_of,
    )
    own = known.project if sheet.kind == "project" else None
    year = sheet.year or as_of.year
    if (since := grounds.department.began_in(year)) is not None:
        sheet = begun(sheet, since)
    stated = {i: j for (s, i), j in grounds.said.items() if s == sheet.id}
    said = {i: now for i, j in stated.items() if (now := j.on(as_of, year)) is not None}
    lines = [
        _line(sheet, m, figures, own, said.get(code), stated.get(code))
        for m in matches
        for code in [sheet.indicators[m.indicator].id]
    ]
    spoken = [said.get(sheet.indicators[m.indicator].id) for m in matches]
    lines = [
        (with_refusal(outcome, one), reading) for (outcome, reading), one in zip(lines, spoken, strict=True)
    ]
    unsure = known.waits.rows
    outcomes = tuple(replace(outcome, unsure=unsure.get(n, "")) for n, (outcome, _) in enumerate(lines))
    measured = [figures.measures[m.measure] if m.used and m.measure else None for m in matches]
    dues = [
        last_day(i, m.accrual if m else None, year) for i, m in zip(sheet.indicators, measured, strict=True)
    ]
    money = {name: r for name in MONEY if (r := figures.of(name, own)) and r.denominator}
    initial, adjusted, spent = (money[name].numerator if name in money else None for name in MONEY)
    parts = {name: {key: figures.of(f"{name}_{key}", own) for key in SOURCES} for name in money}
    missing = _why_no_money(sheet, money, figures, own)
    placed = _placed(money, parts, figures, own, year)
    if since is not None:
        placed = (*placed, worded("自 {day} 起计，此前的时段不作要求", day=since))
    if own and "budget_adjusted" in money and "paid" not in money and _unpaid(figures, own):
        spent, missing = Decimal(0), None
        placed = (*placed, worded("支付台账有本部门其他项目的支付，没有这个项目的，按没有支付计"))
    amounts = Figures(initial, adjusted, spent, missing, parted(money, parts), placed, known.waits.money)
    checkpoint = monitor(
        sheet,
        outcomes,
        [
            _begun(figures.trail(m, reading, own), since) if m and outcome.origin == "evidence" else None
            for m, (outcome, reading) in zip(measured, lines, strict=True)
        ],
        amounts,
        MonitoringTerms(as_of, rules.monitoring(as_of), grounds.mode, said, since),
    )
    paid = Paid(
        amounts.paid, checkpoint.money.adjusted, checkpoint.money.doubt, unsure=bool(known.waits.money)
    )
    terms = ScoringTerms(rules.scheme_for(sheet.levels()), as_of, said, dues)
    if sheet.kind == "department":
        card = score_department(sheet, outcomes, projects, paid, terms)
    else:
        card = score_sheet(sheet, outcomes, paid, terms)
    notes = (rules.why, *card.notes) if rules.why else card.notes
    told = (*amounts.told, *_overspent(card))
    card = replace(card, initial=checkpoint.money.initial, notes=notes, sources=amounts.sources, told=told)
    if amounts.missing and card.execution.rate is None:
        how = worded("{how}（{why}）", how=card.execution.how, why=amounts.missing)
        card = replace(card, execution=replace(card.execution, how=how))
    return SheetResult(
        sheet,
        known.reviewed,
        tuple(matches),
        tuple(r for _, r in lines),
        outcomes,
        checkpoint,
        card,
        known.project,
        money,
        paid,
        terms,
    )


def _begun(trail: Trail | None, since: date | None) -> Trail | None:
    return trail.begun(since) if trail is not None and since is not None else trail


def _why_no_money(
    sheet: TargetSheet, money: dict[str, Reading], figures: _Ledgers, project: ProjectMatch | None
) -> str | None:
    """Return why nothing is known of what was paid or, where the sheet states none, of the budget; None where
    both are known.
    """
    asked = ["paid"] if sheet.budget.total is not None else ["paid", "budget_adjusted"]
    whys = dict.fromkeys(figures.why_not(name, project) for name in asked if name not in money)
    return series(whys, "；") if whys else None


def _unpaid(figures: _Ledgers, project: ProjectMatch) -> bool:
    """Say whether a project that the budgets name and the payments of the year don't was surely paid nothing:
    whatever was paid is of projects that both ledgers write alike, and none may be this one by another name.
    """
    told = {
        name: {
            key for measure, code, key in figures.readings if (measure, code) == (name, figures.department)
        }
        for name in ("paid", "budget_adjusted")
    }
    paid = told["paid"] - {None}
    return bool(paid) and paid <= told["budget_adjusted"] and not project.proposals


def _overspent(card: Scorecard) -> tuple[str, ...]:
    """Say that more was paid than the budget: full points all the same, but a slip in one of the ledgers or
    an addition that nobody entered.
    """
    rate = card.execution.rate
    if rate is None or rate <= 1:
        return ()
    return (
        worded(
            "支出是全年预算数的 {rate}，超过预算，请核对预算台账是否漏了追加、支付台账是否多记",
            rate=percent_beside(rate, (FULL,)),
        ),
    )


def _placed(
    money: dict[str, Reading],
    parts: Mapping[str, Parts],
    figures: _Ledgers,
    project: ProjectMatch | None,
    year: int,
) -> tuple[str, ...]:
    """Return in words which rows of a sheet's money were placed in the year by their date, for want of a
    budget year, and which do not tell their source though others do.
    """
    found = []
    for name in MONEY[1:]:
        if (whole := money.get(name)) is None:
            continue
        ledger = ledgers()[figures.measures[name].ledger]
        dated = figures.of(f"{name}_{BY_DATE}", project)
        count = dated.denominator if dated else 0
        day = ledger.column(ledger.column("budget_year").near or "").title
        said = {"ledger": ledger.title, "day": day, "year": year}
        if count == whole.denominator:
            found.append(worded("{ledger}没有写预算年度，按{day}算入 {year} 年", **said))
        elif count:
            found.append(
                worded("{ledger}有 {count} 行没有写预算年度，按{day}算入 {year} 年", count=count, **said)
            )
        count = named(parts[name])
        if 0 < count < whole.denominator:
            left = whole.denominator - count
            found.append(
                worded("{ledger}有 {left} 行没有写资金来源，不分来源列出", ledger=ledger.title, left=left)
            )
    return tuple(found)


def _line(
    sheet: TargetSheet,
    match: Match,
    figures: _Ledgers,
    project: ProjectMatch | None,
    said: Judgement | None,
    stated: Judgement | None = None,
) -> tuple[Outcome, Reading | None]:
    """Return the outcome of one indicator and the reading behind it; the reading outranks what was typed.

    ``said`` holds on the day; what of ``stated`` does not yet is told beside an indicator that has no
    evidence.
    """
    indicator = sheet.indicators[match.indicator]
    reading = figures.of(match.measure, project) if match.used and match.measure else None
    outcome = _read(indicator, match, reading, figures, project)
    if said is None or not said.actual:
        if stated and stated.actual and not told_by_ledgers(outcome):
            since = worded("自 {day} 起计", day=stated.day) if stated.day else worded("没有写日期，年底起计")
            return replace(
                outcome, note=worded("填报了“{actual}”，{since}", actual=stated.actual, since=since)
            ), reading
        return outcome, reading
    typed = outcome_of_text(said.actual, indicator.aim.unit, sheet.year, "judgement")
    if told_by_ledgers(outcome):
        if equal(indicator, typed, outcome):
            return outcome, reading
        contest = contested(said, indicator, typed, outcome)
        if contest.accepted:
            return replace(typed, origin="accepted", contest=contest), reading
        return replace(outcome, contest=contest), reading
    if said.anew:
        return replace(
            outcome, note=worded("填报了“{actual}”，{anew}，不计", actual=said.actual, anew=said.anew)
        ), reading
    if said.former:
        # The reading was taken back, not refuted: whoever types afterwards fares no better than before.
        once = outcome_of_text(said.former, indicator.aim.unit, sheet.year, "evidence")
        contest = contested(said, indicator, typed, once)
        contest = replace(contest, measured_on=said.former_on.isoformat() if said.former_on else "")
        if contest.accepted:
            return replace(typed, origin="accepted", contest=contest), reading
        note = worded(
            "{contest}，填报的“{actual}”待财政局裁定", contest=ledger_words(contest), actual=said.actual
        )
        return replace(outcome, note=note, contest=contest), reading
    if not proof_names(said.proof):
        why = worded("，没有写出文件名") if said.proof else ""
        return replace(
            outcome, note=worded("填报了“{actual}”，没有证明材料{why}，不计", actual=said.actual, why=why)
        ), reading
    if said.unproved:
        return replace(
            outcome,
            note=worded("填报了“{actual}”，{unproved}，不计", actual=said.actual, unproved=said.unproved),
        ), reading
    return replace(typed, proof=said.proof), reading


def _read(
    indicator: Indicator,
    match: Match,
    reading: Reading | None,
    figures: _Ledgers,
    project: ProjectMatch | None,
) -> Outcome:
    if not match.used or match.measure is None:
        if match.status == "none":
            return NOTHING
        return Outcome(
            None, None, "—", "none", worded("与测度的对应把握不足，未采用（{why}）", why=match.why)
        )
    confirmed = match.status == "confirmed"
    if reading is None:
        why = figures.why_not(match.measure, project)
        return Outcome(None, None, "—", "none", why, confirmed=confirmed)
    outcome = outcome_of_reading(reading.value, reading.unit, indicator, reading.note, known=reading.known)
    if not outcome.known:
        return replace(outcome, note=outcome.note or reading.text(), confirmed=confirmed)
    course = figures.course_of(match.measure, project)
    parts = parts_of(indicator, course, outcome.unit, reading.year, reading.as_of) if course else ()
    return replace(
        outcome,
        text=reading.text() if reading.value is None else outcome.text,
        confirmed=confirmed,
        sampled=_sampled(reading, indicator),
        parts=parts,
    )


def _sampled(reading: Reading, indicator: Indicator) -> str:
    if reading.interval is None:
        return ""
    return sampled_words(
        reading.interval,
        reading.denominator,
        indicator,
        people=reading.people,
        questions=reading.questions,
        repeated=reading.repeated,
    )
