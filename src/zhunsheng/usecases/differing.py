"""What changed between two states of the evidence: batches, rows, and the readings and scores that moved."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from zhunsheng.clock import moment_of
from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence import Batch, Ledger, Snapshot, Store, ledgers
from zhunsheng.evidence.differing import LedgerChanges, changes
from zhunsheng.measures import Reading
from zhunsheng.measures.reading import NO_BASE
from zhunsheng.text import whole
from zhunsheng.translation import worded
from zhunsheng.usecases.assessing import Assessed
from zhunsheng.usecases.opened_evidence import Evidence


@dataclass(frozen=True)
class MovedReading:
    """A reading that moved, in words (没有基数 where there was none): of a measure by its id and name, a
    department by its code, a project or None for all.
    """

    measure: str
    name: str
    department: str
    project: str | None
    before: str
    after: str


@dataclass(frozen=True)
class MovedScore:
    """A score that moved: of a sheet, and of an indicator of it or None for the total; both in points."""

    sheet: str
    indicator: str | None
    before: str
    after: str


@dataclass(frozen=True)
class Difference:
    """What changed from one state (``before``) to another: the batches between, rows by ledger, and what
    moved.
    """

    before: Snapshot
    after: Snapshot
    batches: tuple[Batch, ...]
    ledgers: tuple[LedgerChanges, ...]
    readings: tuple[MovedReading, ...]
    scores: tuple[MovedScore, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the difference as plain data; values of cells as text, empty ones as null."""

        def plain(value: object) -> object:
            if value is None or isinstance(value, bool | int | str):
                return value
            return str(value)

        return {
            "before": {"batch": self.before.batch, "when": self.before.when},
            "after": {"batch": self.after.batch, "when": self.after.when},
            "batches": [{k: v for k, v in b.as_json().items() if k != "files"} for b in self.batches],
            "ledgers": [
                {
                    "ledger": found.ledger.id,
                    "counts": found.counts,
                    "rows": [
                        {
                            **{k: v for k, v in row.__dict__.items() if k != "cells"},
                            "cells": [
                                {"column": c.column, "before": plain(c.before), "after": plain(c.after)}
                                for c in row.cells
                            ],
                        }
                        for row in found.rows
                    ],
                }
                for found in self.ledgers
            ],
            "readings": [r.__dict__ for r in self.readings],
            "scores": [s.__dict__ for s in self.scores],
        }


def state_of(store: Store, text: str) -> int:
    """Return the number of the batch that a state is named by: a batch's number (0 for before the first), a
    day (its end, in the office's zone) or a time, both inclusive. Raises ``ZS-EV-05`` for a batch that is not
    there, ``ZS-EV-64`` for what is none of these.
    """
    if (number := whole(text, 10)) is not None:
        return store.snapshot(batch=number).batch
    try:
        moment = moment_of(text)
    except ValueError:
        raise ZhunshengError("ZS-EV-64", text=text) from None
    return store.snapshot(at=moment).batch


def difference(
    before: Evidence,
    after: Evidence,
    as_of: date,
    *,
    year: int,
    department: str | None = None,
    among: Sequence[Ledger] = (),
    **how: Any,
) -> Difference:
    """Return what changed between two states of one store, of a department (a code) or of all, in some
    ledgers or in all; readings are those of the year as of a day (inclusive). ``how`` as of
    ``evidence.differing.ledger_changes``.
    """
    chosen = list(among or ledgers().values())
    names = [ledger.id for ledger in chosen]
    batches = tuple(
        b
        for b in after.snapshot.batches_of(department=department, ledgers=names)
        if b.batch > before.snapshot.batch
    )
    found = tuple(changes(before.snapshot, after.snapshot, chosen, department=department, **how))
    changed = {one.ledger.id for one in found}
    return Difference(
        before.snapshot,
        after.snapshot,
        batches,
        found,
        tuple(moved_readings(before, after, year, as_of, department, changed)),
    )


def moved_readings(
    before: Evidence, after: Evidence, year: int, as_of: date, department: str | None, changed: set[str]
) -> Iterator[MovedReading]:
    """Yield the readings of a year as of a day (inclusive) that moved between two states, of the measures
    that rest on a ledger (its id) that changed; of a department (a code) or of all.
    """
    resting = {
        name: measure
        for name, measure in after.measures.items()
        if changed & {measure.ledger, *(link.ledger for link in measure.links)}
    }
    if not resting:
        return
    was, now = (one.read(year, as_of, department, resting) for one in (before, after))
    for key in sorted({*was, *now}, key=lambda k: (k[0], k[1], k[2] or "")):
        if not any(reading and reading.known for reading in (was.get(key), now.get(key))):
            continue  # unknown for one reason, then for another
        if key[0] in resting and (one := _said(was.get(key))) != (other := _said(now.get(key))):
            measure, code, project = key
            yield MovedReading(measure, resting[measure].name, code, project, one, other)


def _said(reading: Reading | None) -> str:
    return reading.text() if reading else NO_BASE


def moved_scores(before: Assessed, after: Assessed) -> tuple[MovedScore, ...]:
    """Return the totals, the execution's and the indicators' points that moved between two assessments of one
    book.
    """
    found = []
    for was, now in zip(before.results, after.results, strict=True):
        pairs: list[tuple[str | None, object, object]] = [(None, was.card.total, now.card.total)]
        pairs.append((worded("预算执行率"), was.card.execution.shown, now.card.execution.shown))
        pairs += [
            (indicator.name, one.shown, other.shown)
            for indicator, one, other in zip(
                now.sheet.indicators, was.card.scores, now.card.scores, strict=True
            )
        ]
        found += [
            MovedScore(now.sheet.name or "", indicator, _points(one), _points(other))
            for indicator, one, other in pairs
            if one != other
        ]
    return tuple(found)


def _points(score: object) -> str:
    return worded("未定") if score is None else f"{score:f}"
