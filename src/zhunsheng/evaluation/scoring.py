"""Score a year by the scheme in force: points for every indicator and for budget execution,
each in words and numbers.

Basis: 财预〔2020〕10号（单位自评）; the figures are data of the scheme (``regulations``).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Literal, NamedTuple

from zhunsheng.errors import ZhunshengError
from zhunsheng.judgements import Judgement
from zhunsheng.outcomes import Outcome, figure_text, result_of
from zhunsheng.regulations import Framework, PointSet, Scheme, frameworks
from zhunsheng.targets import Indicator, TargetSheet
from zhunsheng.translation import series, worded
from zhunsheng.wording import number as show_number
from zhunsheng.wording import percent, percent_beside

HUNDREDTH = Decimal("0.01")
FULL, NONE = Fraction(1), Fraction(0)  # shares of an indicator's points
Verdict = Literal["met", "over", "missed", "judged", "pending", "nothing", "early", "check"]
VERDICT_WORDS: dict[Verdict, str] = {
    "met": "完成",
    "over": "超额较多",
    "missed": "未达标",
    "judged": "已评定",
    "pending": "待评定",
    "nothing": "无证据",
    "early": "未到期",
    "check": "待核对",
}
# Verdicts that leave an indicator's points undecided.
OPEN: tuple[Verdict, ...] = ("pending", "nothing", "early", "check")
OPEN_WORD = "待定"  # what stands in place of points that are not decided
# What the decided points of a card rest on, and why the others are open, in words.
BASIS_WORDS = {
    "evidence": "台账",
    "unconfirmed": "台账（口径未确认）",
    "typed": "人工填报",
    "judged": "定性评定",
}


@dataclass(frozen=True)
class Score:
    """One indicator's points (full and earned, two decimals), how they came about,
    and what is asked of the office.

    ``score`` is what adds up to the total; what is shown is ``shown``, which knows points that are not
    decided. ``granted`` is the part of it that nothing but the filler's own reason gives.
    """

    indicator: int
    dimension: str
    points: Decimal
    score: Decimal
    verdict: Verdict
    how: str
    asks: str | None = None
    outcome: Outcome | None = None
    granted: Decimal = Decimal(0)

    @property
    def shown(self) -> Decimal | None:
        """The points to show: None while they are open, which is not nought."""
        return None if self.verdict in OPEN else self.score

    @property
    def open(self) -> Decimal:
        """The points that are not decided yet: all of them while nobody judged, nothing proves it,
        or it is not due.
        """
        return self.points if self.verdict in OPEN else Decimal(0)

    @property
    def basis(self) -> str | None:
        """What the decided points rest on, a key of ``BASIS_WORDS``; None while they are open."""
        if self.verdict in OPEN:
            return None
        if self.verdict == "judged" or self.outcome is None:
            return "judged"
        if self.outcome.origin == "evidence":
            return "evidence" if self.outcome.confirmed else "unconfirmed"
        return "typed"


@dataclass(frozen=True)
class ExecutionScore:
    """Points for budget execution; amounts in yuan. ``open`` points are not decided: no data,
    or a year not over.
    """

    points: Decimal
    score: Decimal
    spent: Decimal | None
    budget: Decimal | None
    rate: Fraction | None
    how: str
    open: Decimal = Decimal(0)

    @property
    def shown(self) -> Decimal | None:
        """The points to show: None where nothing is known of the money, which is not nought."""
        return None if self.rate is None else self.score


class Sum(NamedTuple):
    """Points of a dimension: full, earned, still open."""

    points: Decimal
    score: Decimal
    open: Decimal


@dataclass(frozen=True)
class Range:
    """A total that may still move: what is earned for sure, and what it can come to at most."""

    low: Decimal
    high: Decimal

    @property
    def settled(self) -> bool:
        """Whether nothing is open."""
        return self.low == self.high


@dataclass(frozen=True)
class Scorecard:
    """A sheet's year: scores, execution, total, grade, and the entries of law they rest on.

    ``total`` is what is earned; ``range`` says what it may still come to. While anything is open,
    or rests on a measure that nobody confirmed, there is no grade.
    ``said`` are the judgements that went in, by the indicator's code.
    """

    sheet: TargetSheet
    scheme: Scheme
    as_of: date
    scores: tuple[Score, ...]
    execution: ExecutionScore
    total: Decimal
    grade: str | None
    notes: tuple[str, ...] = ()
    citations: tuple[str, ...] = ()
    # (name, budget, total) behind a department's card
    projects: tuple[tuple[str, Decimal, Range], ...] = field(default=())
    projects_points: Decimal = Decimal(0)
    projects_score: Decimal = Decimal(0)
    projects_open: Decimal = Decimal(0)
    said: Mapping[str, Judgement] = field(default_factory=dict, repr=False)
    projects_basis: Mapping[str, Decimal] = field(default_factory=dict)  # what ``projects_score`` rests on
    projects_unconfirmed: bool = False
    most: Decimal = Decimal(100)  # the highest total that a cap leaves
    initial: Decimal | None = None  # the budget of the year's beginning, in yuan

    @property
    def range(self) -> Range:
        """What the total is for sure and at most."""
        waiting = sum((s.open for s in self.scores), self.execution.open + self.projects_open)
        return Range(self.total, max(self.total, min(self.total + waiting, self.most)))

    @property
    def basis(self) -> dict[str, Decimal]:
        """The points earned by what they rest on, with keys of ``BASIS_WORDS``; what is nil is left out."""
        found: dict[str, Decimal] = {}
        for score in self.scores:
            if score.basis:
                found[score.basis] = found.get(score.basis, Decimal(0)) + score.score - score.granted
                found["typed"] = found.get("typed", Decimal(0)) + score.granted
        found["evidence"] = found.get("evidence", Decimal(0)) + self.execution.score
        for name, points in self.projects_basis.items():
            found[name] = found.get(name, Decimal(0)) + points
        return {k: found[k] for k in BASIS_WORDS if found.get(k)}

    @property
    def unconfirmed(self) -> bool:
        """Whether any points, earned or lost, rest on a measure that nobody confirmed."""
        return self.projects_unconfirmed or any(s.basis == "unconfirmed" for s in self.scores)

    @property
    def waiting(self) -> dict[Verdict, Decimal]:
        """The open points of indicators by why they are open."""
        found: dict[Verdict, Decimal] = {}
        for score in self.scores:
            if score.open:
                found[score.verdict] = found.get(score.verdict, Decimal(0)) + score.open
        return found

    def by_dimension(self) -> dict[str, Sum]:
        """Return what each dimension has, came to and leaves open, in the order of the
        sheet, execution last.
        """
        parts: dict[str, list[Score]] = {}
        for score in self.scores:
            parts.setdefault(score.dimension, []).append(score)
        found = {
            name: Sum(
                sum((s.points for s in scores), Decimal(0)),
                sum((s.score for s in scores), Decimal(0)),
                sum((s.open for s in scores), Decimal(0)),
            )
            for name, scores in parts.items()
        }
        if self.projects_points:
            found["所属项目"] = Sum(self.projects_points, self.projects_score, self.projects_open)
        found["预算执行率"] = Sum(self.execution.points, self.execution.score, self.execution.open)
        return found

    @property
    def pending(self) -> tuple[Score, ...]:
        """The scores that are not decided yet."""
        return tuple(s for s in self.scores if s.verdict in OPEN)


@dataclass(frozen=True)
class Paid:
    """What was spent of the budget after adjustment, in yuan; None where unknown.

    ``doubt`` says why nothing can be divided by the budget: the execution is then open.
    """

    spent: Decimal | None
    budget: Decimal | None
    doubt: str | None = None


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
    points, execution_points, notes, citations = allot(sheet, scheme, framework)
    scores = _scores(sheet, outcomes, points, dimensions_of(sheet, framework), terms)
    caps = scheme.caps
    over = _over(sheet, as_of)
    execution = score_execution(paid.spent, paid.budget, execution_points, caps, over=over, doubt=paid.doubt)
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
        citations=tuple(citations),
        said=terms.said,
        most=most,
    )
    return graded(card)


def graded(card: Scorecard) -> Scorecard:
    """Return the card with its grade, which it has only once nothing is open and every
    measure is confirmed.
    """
    sure = card.range.settled and not card.unconfirmed
    return replace(card, grade=card.scheme.grade(card.total) if sure else None)


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
        sheet.goals[i.goal].title or sheet.goals[i.goal].text if i.goal is not None else "部门指标"
        for i in sheet.indicators
    ]
    scores = _scores(sheet, outcomes, points, groups, terms)
    unweighed = _unweighed(projects)
    if unweighed:
        names = "、".join(p.sheet.title() for p in unweighed)
        notes.append(
            worded(
                "{names}没有预算数或预算数不是正数，在所属项目中的权重不能确定，所属项目得分"
                "按各种权重的最低与最高计",
                names=names,
            )
        )
    earned = _round(Fraction(from_projects) * _bound(projects, [p.range.low for p in projects], min) / 100)
    highest = _round(Fraction(from_projects) * _bound(projects, [p.range.high for p in projects], max) / 100)
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
        projects=tuple((p.sheet.title(), _weight(p), p.range) for p in projects),
        projects_points=from_projects,
        projects_score=earned,
        projects_open=highest - earned,
        said=terms.said,
        projects_basis=_shares(earned, projects),
        projects_unconfirmed=any(p.unconfirmed for p in projects),
    )
    return graded(card)


def _shares(earned: Decimal, projects: Sequence[Scorecard]) -> dict[str, Decimal]:
    """Divide the points that projects bring by what the projects' own points rest on;
    they add up to ``earned``.
    """
    parts = {
        name: _average(projects, [p.basis.get(name, Decimal(0)) for p in projects]) for name in BASIS_WORDS
    }
    known = [name for name in BASIS_WORDS if parts[name]]
    divided = spread(earned, [parts[name] for name in known]) if earned and known else []
    return dict(zip(known, divided, strict=True)) if divided else {}


def _weight(card: Scorecard) -> Decimal:
    """Return what a project weighs in its department's score: its budget after adjustment, in yuan;
    0 where none is known.

    A budget of nought or less weighs nothing by itself and would turn an average inside out:
    it is to be looked at.
    """
    budget = card.execution.budget if card.execution.budget is not None else card.sheet.budget.total
    return max(budget or Decimal(0), Decimal(0))


def _unweighed(projects: Sequence[Scorecard]) -> list[Scorecard]:
    """Return the projects whose weight nobody knows; none where there is but one project,
    whose weight says nothing.
    """
    return [p for p in projects if not _weight(p)] if projects[1:] else []


def _bound(
    projects: Sequence[Scorecard],
    totals: Sequence[Decimal],
    pick: Callable[[Iterable[Fraction]], Fraction],
) -> Fraction:
    """Return the least (or most, as ``pick`` says) that the weighted average can be,
    whatever unknown weights are.
    """
    unknown = {id(p) for p in _unweighed(projects)}
    if not unknown:
        return _average(projects, totals)
    known = [(p, t) for p, t in zip(projects, totals, strict=True) if id(p) not in unknown]
    alone = [Fraction(t) for p, t in zip(projects, totals, strict=True) if id(p) in unknown]
    return pick([*alone, _average([p for p, _ in known], [t for _, t in known])] if known else alone)


def _average(projects: Sequence[Scorecard], totals: Sequence[Decimal]) -> Fraction:
    """Return the totals weighted by the projects' budgets, evenly where no budget is known;
    nothing without projects.
    """
    weights = [Fraction(_weight(p)) for p in projects]
    if not any(weights):
        weights = [Fraction(1) for _ in projects]  # equal weights
    whole = sum(weights, Fraction(0))
    return (
        sum((w * Fraction(t) for w, t in zip(weights, totals, strict=True)), Fraction(0)) / whole
        if whole
        else whole
    )


def dimensions_of(sheet: TargetSheet, framework: Framework) -> list[str]:
    """Return the dimension each indicator is scored under; those of no known dimension fall under 产出."""
    found = []
    for indicator in sheet.indicators:
        dimension = framework.dimension(indicator.level1, indicator.level2)
        found.append(dimension.name if dimension else "产出")
    return found


def allot(
    sheet: TargetSheet, scheme: Scheme, framework: Framework
) -> tuple[list[Decimal], Decimal, list[str], list[str]]:
    """Return the points of each indicator, of execution, notes on how they were allotted,
    and the citations used.
    """
    dimensions = dimensions_of(sheet, framework)
    present = set(dimensions)
    chosen = _point_set(scheme, present)
    notes: list[str] = []
    weights = [i.weight for i in sheet.indicators]
    if weights and all(w is not None and w > 0 for w in weights):
        given = [Fraction(w) for w in weights if w is not None]
        room = 100 - chosen.execution
        if sum(given) != room:
            notes.append(
                worded(
                    "表内权重合计 {given}，按比例折算为 {room} 分",
                    given=show_number(sum(given, Fraction(0))),
                    room=room,
                )
            )
        else:
            notes.append(worded("按表内权重计分"))
        return spread(room, given), chosen.execution, notes, [chosen.citation]
    counted = {d: p for d, p in chosen.dimensions.items() if d in present}
    missing = [d for d in chosen.dimensions if d not in present]
    strangers = present - chosen.dimensions.keys()
    room = 100 - chosen.execution
    if missing:
        notes.append(worded("没有{missing}指标，其分值按比例并入其他一级指标", missing=series(missing)))
    if strangers:
        notes.append(
            worded("{strangers}指标不在本方案之内，与产出指标一并计分", strangers=series(sorted(strangers)))
        )
    counted = counted or {"产出": room}
    home = "产出" if "产出" in counted else next(iter(counted))
    groups = [d if d in counted else home for d in dimensions]
    points = [Fraction(counted[group]) / groups.count(group) for group in groups]
    notes.append(
        worded("表内没有权重，各一级指标的分值在其指标间平均分配")
        if not any(weights)
        else worded("表内权重不全，各一级指标的分值平均分配")
    )
    return spread(room, points), chosen.execution, notes, [chosen.citation]


def _point_set(scheme: Scheme, present: set[str]) -> PointSet:
    """Return the first point set whose dimensions are all present, or else the one that covers
    most of them.
    """
    for one in scheme.points:
        if one.dimensions.keys() <= present:
            return one
    return max(scheme.points, key=lambda one: (len(present & one.dimensions.keys()), -len(one.dimensions)))


def spread(total: Decimal, weights: Sequence[Fraction]) -> list[Decimal]:
    """Spread points over weights in hundredths so that they sum to ``total`` exactly (largest remainder)."""
    # In whole numbers: every weight over one common denominator, every share in hundredths.
    common = math.lcm(*(w.denominator for w in weights))
    counts = [w.numerator * (common // w.denominator) for w in weights]
    whole = sum(counts)
    if not whole:
        return [Decimal(0)] * len(weights)
    cents = int(total * 100)
    exact = [divmod(cents * c, whole) for c in counts]
    rest = cents - sum(floor for floor, _ in exact)
    order = sorted(range(len(counts)), key=lambda n: (-exact[n][1], n))
    extra = set(order[:rest])
    return [Decimal(floor + (n in extra)).scaleb(-2).normalize() + 0 for n, (floor, _) in enumerate(exact)]


def score_execution(
    spent: Decimal | None,
    budget: Decimal | None,
    points: Decimal,
    bounds: Sequence[Fraction] = (),
    *,
    over: bool = True,
    doubt: str | None = None,
) -> ExecutionScore:
    """Return execution points: points × spent ÷ budget after adjustment, at most all. Basis:
    财预〔2020〕10号（单位自评）.

    Where spending or budget is unknown, the budget is no positive amount, or ``doubt`` says why the two don't
    go together, all points are open; while the year is not ``over``, those not earned so far.
    The rate is shown on its true side of ``bounds`` (fractions, such as a scheme's caps) and of the whole.
    """
    if doubt:
        return ExecutionScore(
            points, Decimal(0), spent, budget, None, worded("{doubt}，预算执行率待核对", doubt=doubt), points
        )
    if spent is None or budget is None or budget <= 0:
        what = worded("没有支付数据") if spent is None else worded("没有可以作除数的预算数")
        return ExecutionScore(
            points, Decimal(0), spent, budget, None, worded("{what}，预算执行率待定", what=what), points
        )
    rate = Fraction(spent) / Fraction(budget)
    score = _round(Fraction(points) * min(max(rate, NONE), FULL))
    shown_rate = percent_beside(rate, (FULL, *bounds))
    how = worded(
        "{points} × {spent} ÷ {budget} = {points} × {shown_rate} = {score} 分",
        points=points,
        spent=_money(spent),
        budget=_money(budget),
        shown_rate=shown_rate,
        score=score,
    )
    how += worded("（不超过满分）") if rate > 1 else ""
    left = Decimal(0) if over else points - score
    return ExecutionScore(
        points, score, spent, budget, rate, how + (worded("，年度未满") if left else ""), left
    )


def _scores(
    sheet: TargetSheet,
    outcomes: Sequence[Outcome],
    points: Sequence[Decimal],
    groups: Sequence[str],
    terms: ScoringTerms,
) -> tuple[Score, ...]:
    """Score every indicator for its points under the dimension or goal it counts in, as far as it is due."""
    year = sheet.year or terms.as_of.year
    due = terms.dues or [due_on(indicator, year) for indicator in sheet.indicators]
    found = []
    for n, indicator in enumerate(sheet.indicators):
        case = Case(n, indicator, outcomes[n], points[n], groups[n], terms.said.get(indicator.id))
        score = score_indicator(case, terms.scheme)
        found.append(_not_due(score, indicator, due[n]) if terms.as_of < due[n] else score)
    return tuple(found)


def due_on(indicator: Indicator, year: int) -> date:
    """Return the day by which an indicator is to be met: its own date, or the end of the year."""
    return indicator.aim.value if isinstance(indicator.aim.value, date) else date(year, 12, 31)


def _not_due(score: Score, indicator: Indicator, due: date) -> Score:
    """Return a score before its day: what is not met yet is not missed, unless a ceiling on a count was
    already broken.

    Where nothing is known nothing is early: no evidence stays no evidence, whatever the day.
    """
    if score.verdict not in ("missed", "nothing"):
        return score
    outcome = score.outcome
    known = outcome is not None and outcome.value is not None
    if score.verdict == "nothing" and not (outcome and outcome.origin == "evidence"):
        return score
    if known and indicator.aim.ceiling and indicator.aim.unit not in ("%", "元"):
        return score
    said = outcome.text if outcome is not None and (known or outcome.origin == "evidence") else "尚未完成"
    how = worded(
        "{due} 到期，现为 {what}，未到期，{came}（满分 {points}）",
        due=due,
        what=said,
        came=OPEN_WORD,
        points=score.points,
    )
    return replace(score, score=Decimal(0), verdict="early", how=how, asks=None)


@dataclass(frozen=True)
class Case:
    """An indicator to be scored: its number in the sheet, what it came to, its points,
    and what a person said of it.

    ``dimension`` is what its points count in.
    """

    number: int
    indicator: Indicator
    outcome: Outcome
    points: Decimal
    dimension: str
    said: Judgement | None = None

    @property
    def qualitative(self) -> bool:
        """Whether a band may decide it.

        A band is a judgement of quality. What is a quantity, share, date, growth,
        frequency or a yes or no is not judged: it is measured or proved, and open as long as it is not.
        """
        return self.indicator.type.kind == "level" or self.indicator.aim.op == "unread"

    def score(self, share: Fraction, verdict: Verdict, how: str, asks: str | None = None) -> Score:
        """Return the score that a share of the points (a fraction) is, with how it came about in words."""
        points, said = self.points, self.said
        earned = points.quantize(HUNDREDTH) if share >= FULL else _round(Fraction(points) * max(share, NONE))
        if verdict == "missed" and share < FULL and earned == points and points:
            earned -= HUNDREDTH  # 89.996 of 90 is no full mark, so it is not shown as one
        if said and said.band and not self.qualitative:
            how += worded("（所填档次“{band}”不计：定量指标只按完成值计分）", band=said.band)
        came = OPEN_WORD if verdict in OPEN else worded("得 {earned} 分", earned=earned)
        words = worded("{how}，{came}（满分 {points}）", how=how, came=came, points=points)
        return Score(self.number, self.dimension, points, earned, verdict, words, asks, self.outcome)


def score_indicator(case: Case, scheme: Scheme) -> Score:
    """Score one indicator: its outcome against its target, or a person's judgement where the target is
    qualitative.
    """
    indicator, said = case.indicator, case.said
    if said and said.band and case.qualitative:
        share = _judged(indicator, said, scheme)
        return case.score(
            share,
            "judged",
            worded(
                "评为“{band}”，得分率 {share}，理由：{reason}",
                band=said.band,
                share=percent(share),
                reason=said.reason,
            ),
        )
    result = result_of(indicator, case.outcome)
    if undecided := _undecided(case, result.doubt):
        return undecided
    if indicator.type.kind == "yes_no":
        return _score_answer(case, result.value)
    if indicator.aim.op == "by":
        return _score_date(case, scheme)
    if not isinstance(result.value, Fraction):
        return case.score(
            NONE, "nothing", case.outcome.note or worded("没有证据"), worded("请补充证据或填报完成值")
        )
    return _score_figure(case, result.value, scheme)


def _undecided(case: Case, doubt: str | None) -> Score | None:
    """Return the open score of an indicator that a person has to look at first;
    None where its result decides.
    """
    target, told, outcome, said = case.indicator.aim, case.indicator.type, case.outcome, case.said
    if said and said.anew and said.actual and outcome.origin == "none":
        return case.score(
            NONE, "pending", outcome.note or said.anew, worded("请按现在的指标重新填报完成值，并附证明材料")
        )
    if outcome.contest and outcome.origin == "none":
        return case.score(
            NONE,
            "nothing",
            outcome.note or worded("没有证据"),
            worded("请恢复台账，或由财政局裁定所填的完成值"),
        )
    if target.op == "unread" or (told.kind == "level" and not told.unsure):
        asks = (
            worded("请评定档次并写明理由")
            if target.op == "level"
            else worded("指标值读不出，请评定并写明理由")
        )
        return case.score(
            NONE, "pending", worded("目标“{indicator}”需人工评定", indicator=case.indicator.words()), asks
        )
    if not doubt:
        return None
    asks = worded("请把完成值改成可以比较的写法")
    if outcome.origin == "evidence":
        asks = worded("请由财政局换一个口径或改为没有口径，也可填报完成值由财政局裁定")
    return case.score(NONE, "check", worded("{doubt}，待核对", doubt=doubt), asks)


def _score_figure(case: Case, value: Fraction, scheme: Scheme) -> Score:
    """Score a figure (in the target's unit) against a target that is a number or a range."""
    target = case.indicator.aim
    words = worded("完成值 {text}，目标 {target}", text=case.outcome.text, target=target.text())
    if case.outcome.value != value:
        words += worded("（折合 {value}）", value=figure_text(value, target.unit, case.indicator))
    attained = target.attainment(value)
    if target.meets(value):
        if (
            attained is None
            or attained < scheme.over.limit
            or (target.op in ("==", "range") and not target.implied)
        ):
            return case.score(FULL, "met", worded("{words}，已完成", words=words))
        return _score_over(case, words, attained, scheme)
    if attained is None:
        return case.score(
            NONE,
            "missed",
            worded("{words}，未完成，零目标未达到不得分", words=words),
            worded("请说明原因和改进措施"),
        )
    share = min(attained, FULL / attained) if attained > 0 else NONE
    turn = worded("目标 ÷ 结果") if target.ceiling else worded("结果 ÷ 目标")
    part = percent_beside(share, (FULL,))
    return case.score(
        share,
        "missed",
        worded("{words}，未完成，按{turn} {part} 计分", words=words, turn=turn, part=part),
        worded("请说明原因和改进措施"),
    )


def _score_over(case: Case, words: str, attained: Fraction, scheme: Scheme) -> Score:
    """Score a result that goes far beyond its target (``attained`` = result ÷ target),
    which the target may be to blame for.
    """
    over, said = scheme.over, case.said
    reached = percent_beside(attained, (FULL, over.limit))
    words += worded("，为目标的 {reached}", reached=reached)
    if case.indicator.aim.ceiling:
        return case.score(
            FULL, "met", worded("{words}，已完成", words=words), worded("结果远低于上限，请说明上限是否偏高")
        )
    ask = worded(
        "结果达到目标的 {reached}，请说明目标是否偏低（{citation}）", reached=reached, citation=over.citation
    )
    if over.mode == "fixed":
        off = Fraction(over.deduct) / Fraction(case.points) if case.points else NONE
        how = worded("{words}，超额较多，扣 {deduct} 分", words=words, deduct=over.deduct)
    else:
        off = min(attained - over.limit, Fraction(over.most))
        how = worded(
            "{words}，超过 {limit} 的部分按偏离度扣 {off}",
            words=words,
            limit=percent(over.limit),
            off=percent(off),
        )
    plain = case.score(FULL - off, "over", how, ask)
    if not (said and said.over_accepted):
        return plain
    if not said.reason:
        raise ZhunshengError("ZS-SC-03", name=case.indicator.name)
    kept = case.score(
        FULL,
        "over",
        worded("{words}，填报理由：{reason}，不扣分（复核时不计此理由）", words=words, reason=said.reason),
    )
    return replace(kept, granted=kept.score - plain.score)


def _score_answer(case: Case, met: object) -> Score:
    words = worded(
        "完成值 {text}，目标“{indicator}”", text=case.outcome.text, indicator=case.indicator.words()
    )
    if met is None:
        asks = worded("请填报是否完成，并附证明材料")
        return case.score(
            NONE, "pending", worded("目标“{indicator}”需人工填报", indicator=case.indicator.words()), asks
        )
    if met:
        return case.score(FULL, "met", worded("{words}，已完成", words=words))
    return case.score(NONE, "missed", worded("{words}，未完成", words=words), worded("请说明原因和改进措施"))


def _score_date(case: Case, scheme: Scheme) -> Score:
    target, outcome = case.indicator.aim, case.outcome
    assert isinstance(target.value, date)
    if not isinstance(outcome.value, date):
        how = worded(
            "目标 {value} 前完成，{what}", value=target.value, what=outcome.note or worded("没有完成日期")
        )
        if outcome.known:
            return case.score(
                NONE, "missed", worded("{how}，不得分", how=how), worded("请说明逾期原因")
            )  # the ledger says that it is not done
        return case.score(NONE, "nothing", how, worded("请补充完成日期"))
    late = (outcome.value - target.value).days
    if late <= 0:
        return case.score(
            FULL, "met", worded("{value} 完成，不晚于 {target}", value=outcome.value, target=target.value)
        )
    bands = sorted(scheme.late.bands, key=lambda b: b.days)
    share = next((Fraction(b.share) for b in bands if late <= b.days), NONE)
    how = worded(
        "{value} 完成，逾期 {late} 天，得分率 {share}（{citation}）",
        value=outcome.value,
        late=late,
        share=percent(share),
        citation=scheme.late.citation,
    )
    return case.score(share, "missed", how, worded("请说明逾期原因"))


def _judged(indicator: Indicator, said: Judgement, scheme: Scheme) -> Fraction:
    band = next((b for b in scheme.qualitative if b.name == said.band), None)
    if band is None:
        known = "、".join(b.name for b in scheme.qualitative)
        raise ZhunshengError(
            "ZS-SC-04",
            detail=worded(
                "“{name}”的档次“{band}”不在 {known} 之内", name=indicator.name, band=said.band, known=known
            ),
        )
    if said.share is None:
        raise ZhunshengError(
            "ZS-SC-04",
            detail=worded("“{name}”评了“{band}”，没有写得分率 share", name=indicator.name, band=said.band),
        )
    top = max(b.high for b in scheme.qualitative)
    # A band holds its lower bound (80%（含）) but not its upper one, which begins the next band.
    if not (band.low <= said.share < band.high or said.share == band.high == top):
        raise ZhunshengError(
            "ZS-SC-02",
            name=indicator.name,
            share=f"{said.share:.0%}",
            band=band.name,
            low=f"{band.low:.0%}",
            high=f"{band.high:.0%}",
        )
    if not (said.reason or "").strip():
        raise ZhunshengError("ZS-SC-03", name=indicator.name)
    return Fraction(said.share)


def _round(value: Fraction) -> Decimal:
    return (Decimal(value.numerator) / Decimal(value.denominator)).quantize(HUNDREDTH, ROUND_HALF_UP)


def _money(amount: Decimal) -> str:
    return f"{amount:,.2f}元"
