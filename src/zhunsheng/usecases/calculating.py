"""Score one case by itself: an indicator as it is written and what it came to, without sheet,
ledger or day.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from zhunsheng.errors import ZhunshengError
from zhunsheng.evaluation.indicators import Case, score_indicator
from zhunsheng.evaluation.scorecard import OPEN, Verdict
from zhunsheng.faults import fault, once
from zhunsheng.intake.recognition.indicators import is_dated
from zhunsheng.outcomes import NOTHING, outcome_of_text
from zhunsheng.regulations import Rules, Scheme, local_schemes, rules_for, scheme_named, schemes
from zhunsheng.targets import Indicator, TargetValue
from zhunsheng.text import MOST, cleaned
from zhunsheng.translation import series, worded


def _told(value: object) -> object:
    """Return a number as the text that a person would have written; anything else as it is."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


Text = Annotated[str, BeforeValidator(_told), Field(max_length=MOST["words"])]
Points = Annotated[Decimal, Field(gt=0, le=100, max_digits=8, decimal_places=4)]


_NESTS = 100  # a case has two; its texts may have some


class CalculatedIndicator(BaseModel):
    """An indicator as the columns of a table have it."""

    model_config = ConfigDict(extra="forbid")

    level1: Text | None = None
    level2: Text | None = None
    name: Text = ""
    description: Text | None = None
    target: Text
    op: Text | None = None
    unit: Text | None = None
    direction: Text | None = None


class CalculatedCase(BaseModel):
    """A case: the fiscal ``year`` (this one where none is said), the ``scheme`` by its id
    (None: the one in force at the end of the year), what the indicator came to, and its points.
    """

    model_config = ConfigDict(extra="forbid")

    year: int | None = Field(None, ge=2000, le=2099)
    scheme: Text | None = None
    indicator: CalculatedIndicator
    actual: Annotated[Annotated[str, Field(max_length=MOST["actual"])] | None, BeforeValidator(_told)]
    points: Points


class Calculated(BaseModel):
    """What a case came to: points earned (None where a person must decide), the verdict, what is pending and
    why (also beside points that stand until someone explains a result far beyond its target), and how it came
    about in words.
    """

    score: Decimal | None
    verdict: Verdict | None
    pending: str | None
    explanation: str
    scheme: str

    def as_json(self) -> dict[str, Any]:
        """Return it as plain data, the score as text with two places."""
        return {
            "score": None if self.score is None else f"{self.score:.2f}",
            "verdict": self.verdict,
            "pending": self.pending,
            "explanation": self.explanation,
        }


def calculate(text: str, this_year: int) -> Calculated:
    """Score the case that a JSON text holds. Raises ``ZS-SC-08`` for what is no case."""
    if text.count("{") + text.count("[") > _NESTS:  # deep ones end a process whose stack is set to be deep
        raise ZhunshengError("ZS-SC-08", detail=worded("不是 JSON"))
    try:
        said = CalculatedCase.model_validate(
            cleaned(json.loads(text, object_pairs_hook=once, parse_float=str))
        )
    except ValidationError as error:
        raise ZhunshengError("ZS-SC-08", detail=fault(error)) from None
    except (ValueError, RecursionError):
        raise ZhunshengError("ZS-SC-08", detail=worded("不是 JSON")) from None
    return score_case(said, this_year)


def score_case(said: CalculatedCase, this_year: int, rules: Rules | None = None) -> Calculated:
    """Score a case by the rules of its year and scheme; ``rules`` are a body's own, where the case names no
    scheme. Raises ``ZS-SC-08`` for a scheme that is not known, ``ZS-RG-02`` for a year without one.
    """
    year, told = said.year or this_year, said.indicator
    levels = [(told.level1, told.level2)]
    scheme = _named(said.scheme) if said.scheme else (rules or rules_for(year)).scheme_for(levels)
    dated = is_dated(told.name, told.level1 or "", told.level2 or "", year)
    target = TargetValue.parse(told.target, op=told.op, unit=told.unit, year=year, dated=dated)
    indicator = Indicator(
        level1=told.level1,
        level2=told.level2,
        name=told.name,
        description=told.description,
        target=target,
        operator=told.op,
        unit=told.unit,
        direction=told.direction,
    )
    typed = (said.actual or "").strip()
    outcome = outcome_of_text(typed, indicator.aim.unit, year, "judgement") if typed else NOTHING
    score = score_indicator(Case(1, indicator, outcome, said.points, told.level1 or ""), scheme)
    waits = score.verdict in OPEN
    if target.doubts and not waits:  # beside a document someone is asked; a case by itself has nobody
        doubt = worded("指标本身待核对：{doubt}", doubt=series(target.doubts, "；"))
        told_so = worded("{doubt}，待核对，待定（满分 {points}）", doubt=doubt, points=said.points)
        return Calculated(score=None, verdict="check", pending=doubt, explanation=told_so, scheme=scheme.name)
    return Calculated(
        score=None if waits else score.score,
        verdict=score.verdict,
        pending=(score.asks or score.how) if waits or score.verdict == "explain" else None,
        explanation=score.how,
        scheme=scheme.name,
    )


def _named(name: str) -> Scheme:
    found = scheme_named(name)
    if found is None:
        known = series(scheme.id for scheme in (*schemes(), *local_schemes()))
        raise ZhunshengError(
            "ZS-SC-08", detail=worded("没有方案“{name}”，有：{known}", name=name, known=known)
        )
    return found
