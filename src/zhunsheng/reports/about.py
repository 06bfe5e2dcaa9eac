"""What a report or a page says of itself: whose year it is, up to which day, and from which evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from zhunsheng.evaluation import Difference
from zhunsheng.evidence import Snapshot


@dataclass(frozen=True)
class About:
    """The department (its name), the day (inclusive), whether scores are the whole year's,
    the state of the evidence.

    ``problems`` are what a check of the store found, ``differences`` what the re-check found, by sheet;
    ``source`` names the documents.
    """

    department: str
    as_of: date
    final: bool
    snapshot: Snapshot
    problems: Sequence[str] = ()
    differences: Sequence[tuple[str, Sequence[Difference]]] = ()
    source: str = ""
