"""Re-check reported self-evaluations: from evidence and the approved sheets alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from zhunsheng.errors import ZhunshengError
from zhunsheng.evaluation import Difference, Undecided, recheck, undecided
from zhunsheng.targets import Book, TargetSheet
from zhunsheng.usecases.assessing import Assessment, SheetResult


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


def recheck_book(reported: Book, assessment: Assessment) -> list[Rechecked]:
    """Re-check every reported sheet against the assessed sheet it names: by project code, or by exact name.

    ``assessment`` must be one without judgements. Raises ``ZS-SC-05`` when it holds any, ``ZS-ID-02`` for a reported
    sheet that no assessed one is.
    """
    if any(r.card.said for r in assessment.results):
        raise ZhunshengError("ZS-SC-05")
    found = []
    for sheet in reported.sheets:
        ours = _same(sheet, assessment)
        if ours is None:
            raise ZhunshengError("ZS-ID-02", name=sheet.title())
        found.append(
            Rechecked(
                sheet.title(),
                tuple(recheck(sheet, ours.card)),
                tuple(undecided(ours.card)),
                str(ours.card.range.low),
                str(ours.card.range.high),
            )
        )
    return found


def _same(sheet: TargetSheet, assessment: Assessment) -> SheetResult | None:
    kind = [r for r in assessment.results if r.sheet.kind == sheet.kind]
    if sheet.kind == "department":
        return kind[0] if len(kind) == 1 else None
    coded = [r for r in kind if sheet.code and r.sheet.code == sheet.code]
    named = coded or [r for r in kind if r.sheet.title() == sheet.title()]
    return named[0] if len(named) == 1 else None
