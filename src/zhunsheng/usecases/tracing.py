"""From a figure back to the rows it rests on."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import accumulate

from zhunsheng.measures import EvidenceRow, Lineage, Match, Reading, Rows, evidence_rows
from zhunsheng.measures.course import joined
from zhunsheng.usecases.opened_evidence import Evidence

ROWS_SHOWN = 10
BATCHES_SHOWN = 50  # the newest; a lineage need not name thousands


def trace(
    evidence: Evidence,
    match: Match,
    reading: Reading,
    year: int,
    as_of: date,
    wanted: Rows,
) -> Lineage:
    """Return what lies behind a reading: its measure, the batches it rests on, and rows (those that fell
    short first).

    ``wanted`` says how many, of which project the reading is, and whether masked;
    the department is the reading's.
    """
    measure = evidence.measures[reading.measure]
    names = {measure.ledger, *(link.ledger for link in measure.links)}
    batches = evidence.snapshot.batches_of(
        department=reading.department, ledgers=sorted(names), limit=BATCHES_SHOWN
    )
    rows: list[EvidenceRow] = []
    # What fell short explains a share; what was counted explains a number.
    for only in (False, True) if measure.kind == "ratio" else (True,):
        if not rows:
            these = replace(wanted, only=only, department=reading.department)
            rows = evidence_rows(measure, evidence.engine, evidence.snapshot, year, as_of, these)
    return Lineage(match, measure, reading, batches, tuple(rows))


def payments_of(
    evidence: Evidence, department: str, projects: Collection[str], year: int, as_of: date
) -> tuple[tuple[date, Decimal], ...]:
    """Return (date, cumulative yuan) of a project's payments in a year up to ``as_of`` (inclusive)."""
    paid = evidence.course(["paid"], year, as_of, department).get(("paid", department), {})
    days = joined(paid[project] for project in projects if project in paid).days
    totals = accumulate(day.amount for day in days)
    return tuple((day.day, total) for day, total in zip(days, totals, strict=True) if day.day)
