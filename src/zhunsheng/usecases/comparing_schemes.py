"""Score the same year by several schemes side by side: what a change of scheme would move."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from zhunsheng.evaluation import Scorecard, score_department, score_sheet
from zhunsheng.regulations import Scheme
from zhunsheng.translation import worded
from zhunsheng.usecases.assessing import Assessed


@dataclass(frozen=True)
class Moved:
    """What another scheme makes of one row: points earned (None while open) of full ones, by both."""

    name: str
    score: Decimal | None
    points: Decimal
    other_score: Decimal | None
    other_points: Decimal

    def as_json(self) -> dict[str, str | None]:
        """Return it as plain data; points as text."""
        return {k: v if v is None or isinstance(v, str) else f"{v:f}" for k, v in self.__dict__.items()}


@dataclass(frozen=True)
class Beside:
    """One sheet by another scheme (``card``) beside its own."""

    card: Scorecard
    own: Scorecard

    @property
    def cards(self) -> tuple[Scorecard, Scorecard]:
        """Its own card, then the other."""
        return self.own, self.card

    def moved(self) -> list[Moved]:
        """Return the rows, projects and execution last, whose points or score are others."""
        names = [i.name for i in self.own.sheet.indicators]
        rows = [*zip(names, self.own.scores, self.card.scores, strict=True)]
        told = [Moved(name, a.shown, a.points, b.shown, b.points) for name, a, b in rows]
        mine, other = self.own, self.card
        told.append(
            Moved(
                worded("所属项目"),
                mine.projects_score,
                mine.projects_points,
                other.projects_score,
                other.projects_points,
            )
        )
        a, b = mine.execution, other.execution
        told.append(Moved(worded("预算执行率"), a.shown, a.points, b.shown, b.points))
        return [m for m in told if (m.score, m.points) != (m.other_score, m.other_points)]

    def as_json(self) -> dict[str, Any]:
        """Return it as plain data; points as text."""
        scheme = self.card.scheme
        return {
            "sheet": self.own.sheet.title(),
            "scheme": {
                "id": scheme.id,
                "name": scheme.name,
                "citation": scheme.citation,
                "status": scheme.status,
            },
            "low": f"{self.card.range.low:f}",
            "high": f"{self.card.range.high:f}",
            "grade": self.card.grade,
            "moved": [one.as_json() for one in self.moved()],
        }


def by_schemes(assessed: Assessed, schemes: Sequence[Scheme]) -> list[Beside]:
    """Return every sheet by each of the schemes, from the same outcomes, judgements and money.

    A scheme is tried whether it is in force for the year or not. Raises ``ZS-SC-02``/``-04`` where a band
    that someone chose is none of a scheme's.
    """
    found = []
    for scheme in schemes:
        cards: dict[int, Scorecard] = {}
        order = sorted(
            range(len(assessed.results)), key=lambda n: assessed.results[n].sheet.kind == "department"
        )
        for n in order:
            one = assessed.results[n]
            terms = replace(one.terms, scheme=scheme)
            if one.sheet.kind == "department":
                projects = [cards[k] for k in sorted(cards) if cards[k].sheet.kind == "project"]
                cards[n] = score_department(one.sheet, one.outcomes, projects, one.paid, terms)
            else:
                cards[n] = score_sheet(one.sheet, one.outcomes, one.paid, terms)
        found += [Beside(cards[n], one.card) for n, one in enumerate(assessed.results)]
    return found
