"""Score a year by the scheme in force: a project's sheet, a department's over its projects.

Basis: 财预〔2020〕10号（单位自评）; the figures are data of the scheme (``regulations``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

from zhunsheng.evaluation.execution import score_execution
from zhunsheng.evaluation.indicators import Case, not_due, score_indicator
from zhunsheng.evaluation.points import allot, dimensions_of, spread
from zhunsheng.evaluation.projects import bound, shares, unweighed, weight_of
from zhunsheng.evaluation.scorecard import ExecutionScore, Score, Scorecard, Verdict, rounded
from zhunsheng.judgements import Judgement
from zhunsheng.outcomes import Outcome
from zhunsheng.regulations import Scheme, frameworks
from zhunsheng.targets import Indicator, TargetSheet
from zhunsheng.targets.units import comparable
from zhunsheng.translation import worded
from zhunsheng.wording import percent, percent_beside


@dataclass(frozen=True)
class Paid:
    """What was spent of the budget after adjustment, in yuan; None where unknown.

    ``doubt`` says why nothing can be divided by the budget: the execution is then open. ``unsure`` says that
    the budget, as the document was read, is yet to be confirmed: it weighs nothing then.
    """

    spent: Decimal | None
    budget: Decimal | None
    doubt: str | None = None
    unsure: bool = False


@dataclass(frozen=True)
class ScoringTerms:
    """By what a sheet is scored: the scheme, the day, and what people said.

    ``said`` holds judgements by the indicator's code; ``dues`` the day each indicator is due (default:
    the year's end).
    """

    scheme: Scheme
    as_of: date
    said: Mapping[str, Judgement] = field(default_factory=dict)
    dues: Sequence[date] | None = None


def score_sheet(
    sheet: TargetSheet, outcomes: Sequence[Outcome], paid: Paid, terms: ScoringTerms
) -> Scorecard:
    """Score a project's sheet; ``outcomes`` go with its indicators.

    Raises ``ZS-SC-02``/``-03`` for a judgement outside its band or without reason.
    A result that can't be compared with its target stops nothing: its row is 待核对 and says why.
    """
    scheme, as_of = terms.scheme, terms.as_of
    framework = next(f for f in frameworks() if f.id == scheme.framework)
    allotted = allot(sheet, scheme, framework)
    notes = allotted.notes
    caps = scheme.caps
    over = _over(sheet, as_of)
    execution = score_execution(
        paid.spent, paid.budget, allotted.execution, caps, over=over, doubt=paid.doubt
    )
    scores = _scores(sheet, outcomes, allotted.points, dimensions_of(sheet, framework), terms)
    if (row := allotted.execution_row) is not None:
        own = _as_execution(scores[row], sheet.indicators[row], execution)
        scores = (*scores[:row], own, *scores[row + 1 :])
    total = sum((s.score for s in scores), execution.score)
    most = Decimal(100)
    for cap in scheme.execution_caps:
        if execution.rate is not None and not execution.open and execution.rate < Fraction(cap.below):
            most = cap.total
            if total > cap.total:
                notes.append(
                    worded(
                        "预算执行率 {rate} 低于 {below}，总分由 {total} 限为 {bound}（{citation}）",
                        rate=percent_beside(execution.rate, caps),
                        below=percent(cap.below),
                        total=total,
                        bound=cap.total,
                        citation=scheme.citation,
                    )
                )
                total = cap.total
            break
    card = Scorecard(
        sheet,
        scheme,
        as_of,
        scores,
        execution,
        total,
        grade=None,
        notes=tuple(notes),
        citations=tuple(allotted.citations),
        said=terms.said,
        most=most,
        unsure_budget=paid.unsure,
    )
    return graded(card)


def graded(card: Scorecard) -> Scorecard:
    """Return the card with its grade, which it has only once nothing is open and every
    measure is confirmed.
    """
    sure = card.range.settled and not card.unconfirmed
    return replace(card, grade=card.scheme.grade(card.total) if sure else None)


def _as_execution(score: Score, indicator: Indicator, execution: ExecutionScore) -> Score:
    """Return the score of a row 预算执行率, which is the execution part: it has no points of its own."""
    how = worded("本行即预算执行部分：{how}", how=execution.how)
    verdict: Verdict = "nothing"
    if execution.rate is not None:
        reached = comparable(indicator.aim.unit, "比值") and indicator.aim.meets(execution.rate, "比值")
        verdict = "met" if reached else "early" if execution.open else "missed"
    return replace(score, score=Decimal(0), verdict=verdict, how=how, asks=None, granted=Decimal(0))


def _over(sheet: TargetSheet, as_of: date) -> bool:
    """Return whether the sheet's year is over on a day, so that money no longer moves."""
    return as_of >= date(sheet.year or as_of.year, 12, 31)


def score_department(
    sheet: TargetSheet,
    outcomes: Sequence[Outcome],
    projects: Sequence[Scorecard],
    paid: Paid,
    terms: ScoringTerms,
) -> Scorecard:
    """Score a department: its own indicators evenly, its projects' totals by budget,
    and execution as a whole.

    ``paid.doubt`` says why the ledgers' budget is not the department's. A project without a budget,
    or with one that is no positive amount, has no known weight: what the projects bring is then open between
    the least and the most that any weight makes of it.
    """
    scheme, as_of, doubt = terms.scheme, terms.as_of, paid.doubt
    rules = scheme.department
    own, from_projects = rules.indicators, rules.projects
    notes = [
        worded(
            "部门整体：指标 {indicators} 分、所属项目 {projects} 分、预算执行率 "
            "{execution} 分（{citation}{doubtful}）",
            indicators=rules.indicators,
            projects=rules.projects,
            execution=rules.execution,
            citation=rules.citation,
            doubtful=worded("，未核实") if rules.status == "unverified" else "",
        )
    ]
    if not projects or not sheet.indicators:
        missing = worded("所属项目") if not projects else worded("部门指标")
        notes.append(worded("没有{what}，其分值并入另一部分", what=missing))
        own, from_projects = (own + from_projects, own * 0) if not projects else (own, own + from_projects)
    points = spread(own, [Fraction(1)] * len(sheet.indicators))  # equal weights
    groups = [
        sheet.goals[i.goal].title or sheet.goals[i.goal].text if i.goal is not None else worded("部门指标")
        for i in sheet.indicators
    ]
    scores = _scores(sheet, outcomes, points, groups, terms)
    unknown = unweighed(projects)
    if unknown:
        names = "、".join(p.sheet.title() for p in unknown)
        notes.append(
            worded(
                "{names}没有预算数、预算数不是正数或还没有核对，在所属项目中的权重不能确定，所属项目得分"
                "按各种权重的最低与最高计",
                names=names,
            )
        )
    earned = rounded(Fraction(from_projects) * bound(projects, [p.range.low for p in projects], min) / 100)
    highest = rounded(Fraction(from_projects) * bound(projects, [p.range.high for p in projects], max) / 100)
    over = _over(sheet, as_of)
    execution = score_execution(paid.spent, paid.budget, rules.execution, over=over, doubt=doubt)
    notes += [worded("{doubt}，预算执行率待核对", doubt=doubt)] if doubt else []
    total = sum((s.score for s in scores), execution.score + earned)
    card = Scorecard(
        sheet,
        scheme,
        as_of,
        scores,
        execution,
        total,
        grade=None,
        notes=tuple(notes),
        citations=(scheme.citation, rules.citation),
        projects=tuple((p.sheet.title(), weight_of(p), p.range) for p in projects),
        projects_points=from_projects,
        projects_score=earned,
        projects_open=highest - earned,
        said=terms.said,
        projects_basis=shares(earned, projects),
        projects_unconfirmed=any(p.unconfirmed for p in projects),
    )
    return graded(card)


def _by(outcome: Outcome, as_of: date) -> Outcome:
    """Return what an outcome is on a day: what is said to be done on a later one is not done yet."""
    if not isinstance(outcome.value, date) or outcome.value <= as_of:
        return outcome
    note = worded("{done} 才完成，至 {day} 没有完成", done=outcome.value, day=as_of)
    return replace(outcome, value=None, written=None, known=True, note=note)


def _scores(
    sheet: TargetSheet,
    outcomes: Sequence[Outcome],
    points: Sequence[Decimal],
    groups: Sequence[str],
    terms: ScoringTerms,
) -> tuple[Score, ...]:
    """Score every indicator for its points under the dimension or goal it counts in, as far as it is due."""
    year = sheet.year or terms.as_of.year
    due = terms.dues or [indicator.due_on(year) for indicator in sheet.indicators]
    found = []
    for n, indicator in enumerate(sheet.indicators):
        outcome = _by(outcomes[n], terms.as_of)
        case = Case(n, indicator, outcome, points[n], groups[n], terms.said.get(indicator.id))
        score = score_indicator(case, terms.scheme)
        found.append(not_due(score, indicator, due[n]) if terms.as_of < due[n] else score)
    return tuple(found)
