"""Re-check reported self-evaluations: from evidence and the approved sheets alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from zhunsheng.errors import ZhunshengError
from zhunsheng.evaluation import Difference, Undecided, evaluated, recheck, undecided
from zhunsheng.targets import Book, TargetSheet
from zhunsheng.targets.doubts import doubts_of, waiting
from zhunsheng.usecases.assessing import Assessed, SheetResult


@dataclass(frozen=True)
class Rechecked:
    """One reported sheet: its differences, and what evidence alone could not decide."""

    sheet: str
    differences: tuple[Difference, ...]
    undecided: tuple[Undecided, ...]
    low: str
    high: str

    def as_json(self) -> dict[str, Any]:
        """Return the re-check as plain data; points are strings."""
        return {
            "sheet": self.sheet,
            "differences": [d.as_json() for d in self.differences],
            "undecided": [{**u.__dict__, "points": str(u.points)} for u in self.undecided],
            "low": self.low,
            "high": self.high,
        }


def recheck_book(reported: Book, assessment: Assessed) -> list[Rechecked]:
    """Re-check every reported sheet against the assessed sheet it names: by project code, or by exact name.

    An assessed sheet that was not reported, or without any result, is a difference of its own.
    ``assessment`` must be one without judgements but the finance bureau's own. Raises ``ZS-SC-05`` when it
    holds any other,
    ``ZS-ID-02`` for a reported sheet that no assessed one is.
    """
    if any(not said.ruling_alone for r in assessment.results for said in r.card.said.values()):
        raise ZhunshengError("ZS-SC-05")
    found: list[Rechecked] = []
    left = list(assessment.results)
    for n, sheet in enumerate(reported.sheets):
        ours = _same(sheet, assessment)
        if ours is None:
            raise ZhunshengError("ZS-ID-02", name=sheet.title())
        left = [one for one in left if one is not ours]
        waits = waiting(sheet, doubts_of(reported, n))
        if evaluated(sheet):
            found.append(_rechecked(sheet.title(), recheck(sheet, ours.card, waits.rows), ours))
        else:
            why = "上报的这张表没有填完成值，也没有填得分，不是自评表"
            found.append(_rechecked(sheet.title(), [_absent(ours, why)], ours))
    why = "批复的目标里有这张表，上报材料里没有它的自评"
    return found + [_rechecked(one.sheet.title(), [_absent(one, why)], one) for one in left]


def _rechecked(title: str, found: Sequence[Difference], ours: SheetResult) -> Rechecked:
    card = ours.card
    return Rechecked(title, tuple(found), tuple(undecided(card)), str(card.range.low), str(card.range.high))


def _absent(ours: SheetResult, why: str) -> Difference:
    low, high = ours.card.range.low, ours.card.range.high
    return Difference("absent", "整张表", "—", f"{low}" if low == high else f"{low}–{high}", why)


def _same(sheet: TargetSheet, assessment: Assessed) -> SheetResult | None:
    kind = [r for r in assessment.results if r.sheet.kind == sheet.kind]
    if sheet.kind == "department":
        return kind[0] if len(kind) == 1 else None
    coded = [r for r in kind if sheet.code and r.sheet.code == sheet.code]
    named = coded or [r for r in kind if r.sheet.title() == sheet.title()]
    return named[0] if len(named) == 1 else None
