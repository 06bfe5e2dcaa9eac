"""What lies behind one figure, as pages and reports show it."""

from __future__ import annotations

from dataclasses import dataclass

from zhunsheng.evidence import Batch
from zhunsheng.measures.definitions import Measure
from zhunsheng.measures.matching import Match
from zhunsheng.measures.reading import EvidenceRow, Reading


@dataclass(frozen=True)
class Lineage:
    """What lies behind one figure: the measure and why it was chosen, the reading, the batches it rests on,
    some rows.
    """

    match: Match
    measure: Measure | None
    reading: Reading | None
    batches: tuple[Batch, ...]
    rows: tuple[EvidenceRow, ...]
