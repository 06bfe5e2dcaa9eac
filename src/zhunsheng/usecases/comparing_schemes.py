"""Score the same year by several schemes side by side: what a change of scheme would move."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from zhunsheng.evaluation import Scorecard, score_department, score_sheet
from zhunsheng.evaluation.indicators import holds
from zhunsheng.evaluation.scorecard import Score
from zhunsheng.judgements import Judgement
from zhunsheng.regulations import Scheme
from zhunsheng.translation import worded
from zhunsheng.usecases.assessing import Assessed
from zhunsheng.wording import percent


@dataclass(frozen=True)
class Moved:
    """What another scheme makes of one row: points earned (None while open) of full ones, by both.

    ``why`` says why it is open by the other scheme alone.
    """

    name: str
    score: Decimal | None
    points: Decimal
    other_score: Decimal | None
    other_points: Decimal
    why: str | None = None

    def as_json(self) -> dict[str, str | None]:
        """Return it as plain data; points as text."""
        told = {k: v if v is None or isinstance(v, str) else f"{v:f}" for k, v in self.__dict__.items()}
        return told if self.why else {k: v for k, v in told.items() if k != "why"}


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
        rows = [*zip(self.own.sheet.indicators, self.own.scores, self.card.scores, strict=True)]
        told = [
            Moved(i.name, a.shown, a.points, b.shown, b.points, self._unjudged(i.id, a, b))
            for i, a, b in rows
        ]
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

    def _unjudged(self, indicator: str, mine: Score, other: Score) -> str | None:
        """Return why what someone judged of an indicator says nothing by the other scheme."""
        said = self.own.said.get(indicator)
        if said is None or said.share is None or mine.verdict != "judged" or other.shown is not None:
            return None
        share = percent(said.share)
        return worded("所评“{band}”（{share}）不在这个方案的档次里，须另评", band=said.band, share=share)

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

    A scheme is tried whether it is in force for the year or not. Where a band that someone chose, or its
    share, is none of a scheme's, the row is open by that one: a person would have to judge anew.
    """
    found = []
    for scheme in schemes:
        cards: dict[int, Scorecard] = {}
        order = sorted(
            range(len(assessed.results)), key=lambda n: assessed.results[n].sheet.kind == "department"
        )
        for n in order:
            one = assessed.results[n]
            terms = replace(one.terms, scheme=scheme, said=_said_by(one.terms.said, scheme))
            if one.sheet.kind == "department":
                projects = [cards[k] for k in sorted(cards) if cards[k].sheet.kind == "project"]
                cards[n] = score_department(one.sheet, one.outcomes, projects, one.paid, terms)
            else:
                cards[n] = score_sheet(one.sheet, one.outcomes, one.paid, terms)
        found += [Beside(cards[n], one.card) for n, one in enumerate(assessed.results)]
    return found


def _said_by(said: Mapping[str, Judgement], scheme: Scheme) -> dict[str, Judgement]:
    """Return what people said (by the indicator's code) without the bands that a scheme does not have."""
    return {
        code: one
        if one.band is None or holds(scheme, one.band, one.share)
        else one.model_copy(update={"band": None, "share": None})
        for code, one in said.items()
    }
