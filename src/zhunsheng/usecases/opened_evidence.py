"""A state of the evidence opened on an engine, which remembers what was read of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
    was read so far, by year and date, readings of statutory limits by their ledger.
    """

    snapshot: Snapshot
    engine: Engine
    measures: dict[str, Measure]
    together: frozenset[str] = frozenset()
    kept: Kept | None = None
    readings: dict[tuple[int, date, str | None, str], Readings] = field(default_factory=dict, repr=False)
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

    def read(
        self, year: int, as_of: date, department: str | None = None, asked: Iterable[str] | None = None
    ) -> Readings:
        """Compute measures for one department by code (None: for all), once a year and date: all of them or,
        where ``asked`` names some, all but those of statutory limits over ledgers of which it names none.
        """
        found: Readings = {}
        for group, measures in self._groups(asked).items():
            if (year, as_of, department, group) not in self.readings:
                self._read(year, as_of, department, group, measures)
            found |= self.readings[year, as_of, department, group]
        return found

    def _groups(self, asked: Iterable[str] | None) -> dict[str, list[Measure]]:
        """Return the measures to read: those of limits by their ledger, since to count the days of one takes
        longer than all that stands in a ledger, and the others under no name.
        """
        named = self.measures if asked is None else [n for n in asked if self.measures[n].limit is not None]
        counted = {self.measures[name].ledger for name in named}
        groups: dict[str, list[Measure]] = {"": []}
        for one in self.measures.values():
            if one.limit is None:
                groups[""].append(one)
            elif one.ledger in counted:
                groups.setdefault(one.ledger, []).append(one)
        return groups

    def _read(
        self, year: int, as_of: date, department: str | None, group: str, measures: Sequence[Measure]
    ) -> None:
        only = None if department is None else self._with(department)
        found = read_all(measures, self.engine, self.snapshot, year, as_of, departments=only, kept=self.kept)
        if only is None:
            self.readings[year, as_of, None, group] = found
            return
        self.readings |= {(year, as_of, code, group): {} for code in only}
        for name, reading in found.items():
            self.readings[year, as_of, name[1], group][name] = reading

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
