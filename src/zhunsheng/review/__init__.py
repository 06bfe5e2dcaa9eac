"""Review of targets: every rule applied to every sheet, findings at their place in the document."""

from __future__ import annotations

from collections.abc import Sequence

from zhunsheng.review.catalogue import Context, Finding, Hit, Level, Rule, all_rules
from zhunsheng.review.rules import completeness, structure, values  # noqa: F401  (importing enters the rules)
from zhunsheng.targets import Book, Place, TargetSheet

LEVELS: dict[Level, str] = {"error": "错误", "warning": "警告", "note": "提示"}


def review(book: Book, previous: Book | None = None, only: Sequence[Rule] | None = None) -> list[Finding]:
    """Apply the rules to all sheets of a book; ``previous`` is last year's book, matched by kind and name.

    Returns findings by sheet, then rule code. Basis: 财预〔2015〕88号（目标审核） (complete, relevant, proportionate, feasible).
    """
    found: list[Finding] = []
    for number, sheet in enumerate(book.sheets):
        siblings = book.sheets[:number] + book.sheets[number + 1 :]
        found.extend(review_sheet(sheet, number, siblings, _last_year(sheet, previous), only))
    return found


def review_sheet(
    sheet: TargetSheet,
    number: int = 0,
    siblings: tuple[TargetSheet, ...] = (),
    previous: TargetSheet | None = None,
    only: Sequence[Rule] | None = None,
) -> list[Finding]:
    """Apply the rules to one sheet."""
    context = Context(sheet, siblings, previous)
    return [_finding(entry, hit, sheet, number) for entry in only or all_rules() for hit in entry.check(context)]


def _last_year(sheet: TargetSheet, previous: Book | None) -> TargetSheet | None:
    for old in previous.sheets if previous else ():
        if old.kind == sheet.kind and (old.kind == "department" or old.name == sheet.name):
            return old
    return None


def _finding(entry: Rule, hit: Hit, sheet: TargetSheet, number: int) -> Finding:
    indicator = sheet.indicators[hit.indicator] if hit.indicator is not None else None
    return Finding(
        code=entry.code,
        level=entry.level,
        title=entry.title,
        message=hit.message,
        mend=entry.mend,
        sheet=number,
        sheet_name=sheet.title(),
        indicator=indicator.name if indicator else None,
        field=hit.field,
        place=_place(sheet, hit),
    )


def _place(sheet: TargetSheet, hit: Hit) -> Place | None:
    if hit.place is not None:
        return hit.place
    if hit.indicator is not None and (place := sheet.indicators[hit.indicator].place):
        return place
    if hit.field and hit.field in sheet.provenance:
        return sheet.provenance[hit.field]
    return sheet.place


__all__ = ["LEVELS", "Finding", "Rule", "all_rules", "review", "review_sheet"]
