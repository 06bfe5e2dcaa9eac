"""A state of the evidence opened on an engine, which remembers what was read of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

from zhunsheng.evidence import Snapshot, Store
from zhunsheng.measures import Engine, Measure, Readings, Where, catalogue, read_all
from zhunsheng.measures.course import Courses, read_courses
from zhunsheng.measures.engines import HERE
from zhunsheng.measures.kept import Kept

Named = frozenset[str]  # measures, departments


@dataclass
class Evidence:
    """A snapshot opened on an engine, with the measures to compute.

    ``together`` are codes of departments that are all going to be asked for: the first question reads for all
    of them. ``kept`` is what a process keeps of answers to all states; ``readings`` and ``courses`` are what
    was read so far, by year and date.
    """

    snapshot: Snapshot
    engine: Engine
    measures: dict[str, Measure]
    together: frozenset[str] = frozenset()
    kept: Kept | None = None
    readings: dict[tuple[int, date, str | None], Readings] = field(default_factory=dict, repr=False)
    courses: dict[tuple[int, date, bool, Named, Named], Courses] = field(default_factory=dict, repr=False)

    @classmethod
    def of(
        cls,
        store: Store,
        *,
        batch: int | None = None,
        at: datetime | None = None,
        measures: Iterable[Path] = (),
        together: Iterable[str] = (),
        where: Where = HERE,
    ) -> Evidence:
        """Open the store as of a batch or time on the engine ``where`` names; ``measures`` are local measure
        files. Raises ``ZS-EV-70``, ``-71``.
        """
        snapshot = store.snapshot(batch=batch, at=at)
        return cls(snapshot, where.opened(snapshot), catalogue(measures), frozenset(together))

    def read(self, year: int, as_of: date, department: str | None = None) -> Readings:
        """Compute all measures for one department by code (None: for all), once a year and date."""
        key = (year, as_of, department)
        if key not in self.readings:
            only = None if department is None else self._with(department)
            found = read_all(
                list(self.measures.values()),
                self.engine,
                self.snapshot,
                year,
                as_of,
                departments=only,
                kept=self.kept,
            )
            if only is None:
                self.readings[key] = found
            else:
                self.readings |= {(year, as_of, code): {} for code in only}
                for name, reading in found.items():
                    self.readings[year, as_of, name[1]][name] = reading
        return self.readings[key]

    def course(
        self, measures: Iterable[str], year: int, as_of: date, department: str, *, ahead: bool = False
    ) -> Courses:
        """Return how measures (by id) came through a year for a department (by code); with ``ahead`` also the
        days to come.
        """
        wanted = frozenset(name for name in measures if self.measures[name].accrual.day)
        known = next(
            (
                c
                for (*day, names, codes), c in self.courses.items()
                if day == [year, as_of, ahead] and wanted <= names and department in codes
            ),
            None,
        )
        if known is None:
            only = frozenset(self._with(department))
            known = read_courses(
                [self.measures[name] for name in sorted(wanted)],
                self.engine,
                self.snapshot,
                year,
                as_of,
                only,
                self.kept,
                ahead=ahead,
            )
            self.courses[year, as_of, ahead, wanted, only] = known
        return known

    def _with(self, department: str) -> list[str]:
        return sorted(self.together) if department in self.together else [department]
