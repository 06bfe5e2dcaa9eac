"""What an assessment came to, as a typed and versioned value: format ``zhunsheng.run/1`` with its schema and
its reader.

Everything that shows figures reads this: pages, tables of departments, the API, publications.
Amounts are yuan, shares fractions, scores points; decimals are strings in JSON so that nothing is rounded on
the way.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, ValidationError

from zhunsheng import __version__
from zhunsheng.errors import ZhunshengError
from zhunsheng.evaluation.scorecard import OPEN, Scorecard, Verdict
from zhunsheng.faults import fault
from zhunsheng.measures import Reading, show_number
from zhunsheng.monitoring import Light
from zhunsheng.outcomes import ContestedResult, Origin
from zhunsheng.usecases.assessing import Assessed, SheetResult
from zhunsheng.usecases.opened_evidence import Evidence
from zhunsheng.usecases.tracing import payments_of
from zhunsheng.wording import number_beside, plain

FORMAT: Literal["zhunsheng.run/1"] = "zhunsheng.run/1"

Amount = Annotated[Decimal, PlainSerializer(plain, return_type=str, when_used="json")]
Share = Annotated[Decimal, PlainSerializer(str, return_type=str, when_used="json")]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class RunStore(_Part):
    """The state of the evidence: last batch, when it came, its digest in the chain."""

    batch: int
    when: str | None = None
    digest: str = ""


class RunScheme(_Part):
    """The scoring scheme."""

    id: str
    name: str
    citation: str
    status: str


class RunContest(_Part):
    """What someone typed against the reading, shown beside it; ``accepted`` or ``refused`` is the finance
    bureau's reason.

    Both are None while it has not ruled. ``doubt`` says why the typed text can't be compared.
    ``measured_on`` is the day of a reading that the ledgers no longer give; None for one that stands.
    """

    typed: str
    computed: str
    difference: str | None = None
    doubt: str | None = None
    reason: str | None = None
    proof: str | None = None
    by: str | None = None
    accepted: str | None = None
    measured_on: str | None = None
    refused: str | None = None


class RunOutcome(_Part):
    """What an indicator came to, where that is from, and whether somebody confirmed that this
    is its measure.
    """

    text: str
    origin: Origin
    note: str | None = None
    confirmed: bool = True
    contest: RunContest | None = None
    sampled: str = ""


class RunMatch(_Part):
    """The measure of an indicator."""

    measure: str | None = None
    confidence: float
    status: Literal["confirmed", "proposed", "weak", "none"]
    why: str


class RunReading(_Part):
    """The reading behind a figure; ``department`` and ``project`` are codes (or names of a time before
    codes), ``definition`` is the SHA-256 of its measure's definition (empty in results of before).
    """

    measure: str
    version: int = 1
    definition: str = ""
    department: str
    project: str | None = None
    value: str | None = None
    unit: str
    numerator: str | None = None
    denominator: int
    as_of: date
    year: int
    batch: int
    digest: str
    note: str | None = None
    interval: tuple[float, float] | None = None
    people: int | None = None
    questions: int = 0
    repeated: int = 0


class RunMonitoring(_Part):
    """Where an indicator stands on the date: what is expected by now, what the year may end with, the ends of
    what it does in eight years of ten, the chance (0 to 1) that the target is met, what is still to be done.
    """

    expected: str | None = None
    forecast: str | None = None
    low: str | None = None
    high: str | None = None
    chance: float | None = None
    task: str = ""
    method: str
    light: Light
    likelihood: str
    cause: str | None = None
    measures: str | None = None


class RunScore(_Part):
    """An indicator's points: full, earned, and still open; ``granted`` is the part that only the filler's
    reason keeps.
    """

    dimension: str | None = None
    points: Amount
    score: Amount
    open: Amount = Decimal(0)
    granted: Amount = Decimal(0)
    verdict: Verdict
    how: str
    asks: str | None = None

    @property
    def shown(self) -> Decimal | None:
        """The points to show: None while they are open, which is not nought."""
        return None if self.verdict in OPEN else self.score


class RunIndicator(_Part):
    """One indicator with all that was found out about it."""

    id: str = ""
    name: str
    level1: str | None = None
    level2: str | None = None
    target: str
    outcome: RunOutcome
    match: RunMatch
    reading: RunReading | None = None
    monitoring: RunMonitoring
    score: RunScore


class RunSource(_Part):
    """What one source (``fiscal``, ``carried``, ``other``) is of a year's money, in yuan; None where the
    ledger's rows do not tell it.
    """

    name: str
    initial: Amount | None = None
    adjusted: Amount | None = None
    paid: Amount | None = None


class RunMoney(_Part):
    """Budget execution: yuan, and shares of the budget as fractions; None where nothing is known.

    ``approved`` is the budget of the approved sheet, ``doubt`` why nothing can be divided by the budget.
    ``sources`` is the money by where it is from, ``told`` says by what rows were placed in the year where
    they do not state their budget year.
    """

    approved: Amount | None = None
    doubt: str | None = None
    initial: Amount | None = None
    adjusted: Amount | None = None
    paid: Amount | None = None
    expected: Share | None = None
    actual: Share | None = None
    forecast: Share | None = None
    mode: str
    method: str
    light: Light
    sources: tuple[RunSource, ...] = ()
    told: tuple[str, ...] = ()


class RunDimension(_Part):
    """Points of a dimension: full, earned, and still open."""

    points: Amount
    score: Amount
    open: Amount = Decimal(0)


class RunExecution(_Part):
    """Points of budget execution."""

    points: Amount
    score: Amount
    open: Amount = Decimal(0)
    how: str

    @property
    def shown(self) -> Decimal | None:
        """The points to show: None where all of them are open."""
        return None if self.open and self.open == self.points else self.score


class RunTotal(_Part):
    """A sheet's score: earned, at least and at most; ``basis`` says what points rest on,
    ``waiting`` why others are open.
    """

    scheme: str
    total: Amount
    low: Amount | None = None
    high: Amount | None = None
    grade: str | None = None
    basis: dict[str, Amount] = Field(default_factory=dict)
    waiting: dict[str, Amount] = Field(default_factory=dict)
    dimensions: dict[str, RunDimension]
    execution: RunExecution
    notes: tuple[str, ...] = ()
    citations: tuple[str, ...] = ()

    @property
    def settled(self) -> bool:
        """Whether nothing is open."""
        return self.high is None or self.high == self.total

    @property
    def open(self) -> Decimal:
        """The points that may still come."""
        return Decimal(0) if self.high is None else self.high - self.total

    @property
    def typed(self) -> Decimal:
        """The points that rest on what someone typed."""
        return self.basis.get("typed", Decimal(0))

    @property
    def unconfirmed(self) -> Decimal:
        """The points that rest on measures nobody confirmed."""
        return self.basis.get("unconfirmed", Decimal(0))


class RunReview(_Part):
    """What the review came to: its verdict in words, and how many rules are in which state."""

    verdict: str
    counts: dict[str, int]


class RunSheet(_Part):
    """One sheet; ``project`` is how the ledgers write its project, ``proposals`` what they write that may be
    it.
    """

    id: str = ""
    sheet: str
    kind: Literal["department", "project"]
    project: str | None = None
    project_keys: tuple[str, ...] = ()
    project_why: str | None = None
    proposals: tuple[str, ...] = ()
    findings: tuple[dict[str, Any], ...] = ()
    review: RunReview | None = None
    money: RunMoney
    money_readings: dict[str, RunReading] = Field(default_factory=dict)
    indicators: tuple[RunIndicator, ...]
    score: RunTotal
    payments: tuple[tuple[date, Amount], ...] = ()
    plan: tuple[tuple[date, Amount], ...] = ()

    def indicator(self, code: str) -> RunIndicator | None:
        """Return an indicator by its code."""
        return next((i for i in self.indicators if i.id == code), None)

    @property
    def open_matches(self) -> tuple[RunIndicator, ...]:
        """The indicators whose reading rests on a proposal."""
        return tuple(i for i in self.indicators if i.match.status == "proposed")


class Run(_Part):
    """A department's sheets assessed on a date; ``department`` is its name of the time,
    ``department_code`` its code.
    """

    format: Literal["zhunsheng.run/1"] = FORMAT
    program: str
    department: str
    department_code: str = ""
    as_of: date
    final: bool
    basis: str = ""
    store: RunStore
    scheme: RunScheme
    book: dict[str, Any] | None = None
    results: tuple[RunSheet, ...]

    @classmethod
    def read(cls, data: Any) -> Run:
        """Read what ``as_json`` wrote, also results kept before codes and ranges
        were. Raises ``ZS-RN-01``.
        """
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            raise ZhunshengError("ZS-RN-01", detail=fault(error)) from None

    def as_json(self) -> dict[str, Any]:
        """Return the run as plain data."""
        return self.model_dump(mode="json", exclude={"book"} if self.book is None else set())

    def sheet(self, code: str) -> RunSheet | None:
        """Return a sheet by its code."""
        return next((s for s in self.results if s.id == code), None)

    def line(self, sheet: str, indicator: str) -> RunIndicator | None:
        """Return an indicator by the codes of its sheet and its own."""
        found = self.sheet(sheet)
        return found.indicator(indicator) if found else None

    @property
    def main(self) -> RunSheet | None:
        """The sheet whose score is the department's: its own, else its only project's."""
        own = [s for s in self.results if s.kind == "department"]
        return own[0] if own else self.results[0] if len(self.results) == 1 else None


def json_schema() -> dict[str, Any]:
    """Return the JSON schema of format ``zhunsheng.run/1``."""
    schema = Run.model_json_schema(mode="serialization")
    return {"$id": FORMAT, **schema, "title": "准绳评价结果"}


def run_of(assessment: Assessed, evidence: Evidence, *, book: bool = True) -> Run:
    """Return an assessment as a value to keep; with ``book`` the sheets it rests on go along."""
    scheme, store = assessment.rules.scheme, assessment.snapshot
    return Run(
        program=__version__,
        department=assessment.department.name,
        department_code=assessment.department.code,
        as_of=assessment.as_of,
        final=assessment.final,
        basis=assessment.basis,
        store=RunStore(batch=store.batch, when=store.when, digest=store.digest),
        scheme=RunScheme(id=scheme.id, name=scheme.name, citation=scheme.citation, status=scheme.status),
        book=assessment.book.as_json() if book else None,
        results=tuple(_sheet(r, assessment, evidence) for r in assessment.results),
    )


def _sheet(result: SheetResult, assessment: Assessed, evidence: Evidence) -> RunSheet:
    sheet, money, keys = result.sheet, result.checkpoint.money, result.project.keys
    year = sheet.year or assessment.as_of.year
    paid = payments_of(evidence, assessment.department.code, keys, year, assessment.as_of) if keys else ()
    return RunSheet(
        id=sheet.id,
        sheet=sheet.title(),
        kind=sheet.kind,
        project="、".join(keys) or None,
        project_keys=keys,
        project_why=result.project.why or None,
        proposals=tuple(name for name, _ in result.project.proposals),
        findings=tuple(f.as_json() for f in result.findings),
        review=RunReview(
            verdict=result.review.verdict(), counts={str(k): n for k, n in result.review.counts.items()}
        ),
        money=RunMoney(
            approved=sheet.budget.total,
            doubt=money.doubt,
            initial=money.initial,
            adjusted=money.adjusted,
            paid=money.paid,
            expected=_share(money.expected),
            actual=_share(
                money.actual,
                [*result.card.scheme.caps, *([money.expected] if money.expected is not None else [])],
            ),
            forecast=_share(money.forecast),
            mode=money.mode,
            method=money.method,
            light=money.light,
            sources=tuple(
                RunSource(name=s.name, initial=s.initial, adjusted=s.adjusted, paid=s.paid)
                for s in money.sources
            ),
            told=money.told,
        ),
        money_readings={name: reading_of(r) for name, r in result.money.items()},
        indicators=tuple(_indicator(result, n) for n in range(len(sheet.indicators))),
        score=_total(result.card),
        payments=paid,
        plan=tuple((s.by, s.cumulative) for s in sheet.spending_plan.steps),
    )


def _total(card: Scorecard) -> RunTotal:
    return RunTotal(
        scheme=card.scheme.id,
        total=card.total,
        low=card.range.low,
        high=card.range.high,
        grade=card.grade,
        basis=card.basis,
        waiting={str(k): v for k, v in card.waiting.items()},
        dimensions={
            k: RunDimension(points=d.points, score=d.score, open=d.open)
            for k, d in card.by_dimension().items()
        },
        execution=RunExecution(
            points=card.execution.points,
            score=card.execution.score,
            open=card.execution.open,
            how=card.execution.how,
        ),
        notes=card.notes,
        citations=tuple(dict.fromkeys((card.scheme.citation, *card.citations))),
    )


def _indicator(result: SheetResult, n: int) -> RunIndicator:
    indicator, status, score = (
        result.sheet.indicators[n],
        result.checkpoint.indicators[n],
        result.card.scores[n],
    )
    match, reading, outcome = result.matches[n], result.readings[n], result.outcomes[n]
    return RunIndicator(
        id=indicator.id,
        name=indicator.name,
        level1=indicator.level1,
        level2=indicator.level2,
        target=indicator.words(),
        outcome=RunOutcome(
            text=outcome.text,
            origin=outcome.origin,
            note=outcome.note,
            confirmed=outcome.confirmed,
            contest=_contest(outcome.contest),
            sampled=outcome.sampled,
        ),
        match=RunMatch(
            measure=match.measure, confidence=round(match.confidence, 4), status=match.status, why=match.why
        ),
        reading=reading_of(reading) if reading else None,
        monitoring=RunMonitoring(
            expected=_number(status.expected),
            forecast=_number(status.forecast),
            low=_number(status.low),
            high=_number(status.high),
            chance=None if status.chance is None else round(status.chance, 2),
            task=status.task,
            method=status.method,
            light=status.light,
            likelihood=status.likelihood,
            cause=status.cause,
            measures=status.measures,
        ),
        score=RunScore(
            dimension=score.dimension,
            points=score.points,
            score=score.score,
            open=score.open,
            granted=score.granted,
            verdict=score.verdict,
            how=score.how,
            asks=score.asks,
        ),
    )


def _contest(contest: ContestedResult | None) -> RunContest | None:
    return RunContest(**contest.__dict__) if contest else None


def reading_of(reading: Reading) -> RunReading:
    """Return a reading as it is kept."""
    return RunReading.model_validate(reading.as_json())


def _number(value: Fraction | date | None) -> str | None:
    if value is None:
        return None
    return value.isoformat() if isinstance(value, date) else show_number(value)


def _share(value: Fraction | None, bounds: Sequence[Fraction] = ()) -> Decimal | None:
    """Return a share to four decimals, a hundredth of a percent; to more where it takes them to stand on its
    true side of the whole and of ``bounds``.
    """
    if value is None:
        return None
    told = Decimal(number_beside(value, (Fraction(1), *bounds), 4))
    short = told.quantize(Decimal("0.0001"))
    return short if short == told else told
