"""Why a measure has no reading: a ledger never imported, or one without rows of the department or project."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from zhunsheng.evidence.ledgers import ledgers
from zhunsheng.evidence.snapshot import Snapshot
from zhunsheng.measures.definitions import Measure
from zhunsheng.measures.reading import Readings, never_imported, unimported
from zhunsheng.translation import worded


@dataclass(frozen=True)
class Absence:
    """That measures have no reading, and why: the ledger, the department (a code; "" where it is all of
    them), in words.
    """

    measures: tuple[Measure, ...]
    ledger: str
    department: str
    why: str


def why_absent(measure: Measure, snapshot: Snapshot, department: str, *, project: bool = False) -> str:
    """Return why a measure has no reading of a department (a code), in words; with ``project`` the
    department has one, and it is one of its projects that has none.
    """
    if missing := unimported(measure, snapshot):
        return never_imported(missing)
    title = ledgers()[measure.ledger].title
    if project:
        return worded("台账“{title}”没有这个项目的记录", title=title)
    if snapshot.batches_of(department=department, ledgers=[measure.ledger], limit=1):
        return worded("台账“{title}”里本部门的记录已全部撤销或删除", title=title)
    return worded("台账“{title}”没有本部门的记录", title=title)


def absences(
    measures: Sequence[Measure], found: Readings, snapshot: Snapshot, departments: Collection[str]
) -> Iterator[Absence]:
    """Yield, ledger by ledger, which measures have no reading among those ``found``: of none of the
    departments where a ledger was never imported, else of which of them (codes).
    """
    there = {(measure, department) for measure, department, _project in found}
    groups: dict[tuple[str, str, str], list[Measure]] = {}
    for measure in measures:
        if missing := unimported(measure, snapshot):
            if not any((measure.id, code) in there for code in departments):
                groups.setdefault((missing, "", never_imported(missing)), []).append(measure)
            continue
        for code in sorted(departments):
            if (measure.id, code) not in there:
                why = why_absent(measure, snapshot, code)
                groups.setdefault((measure.ledger, code, why), []).append(measure)
    for ledger, code, why in sorted(groups):
        yield Absence(tuple(groups[ledger, code, why]), ledger, code, why)
