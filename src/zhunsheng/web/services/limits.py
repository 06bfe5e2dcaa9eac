"""Statutory limits on the site: how a department's rows stand to them on a day, as pages and files."""

from __future__ import annotations

import io
import logging
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from zhunsheng.errors import ZhunshengError
from zhunsheng.measures import measures, read_all
from zhunsheng.measures.standings import BOUND, Asked, Line, Stray, counted, strays
from zhunsheng.regulations import Deadline
from zhunsheng.regulations.limits import STATES, State, applied, limit_of, version_on
from zhunsheng.regulations.workdays import FIRST, LAST, PUBLISHED
from zhunsheng.usecases.limits import (
    csv_bytes,
    fill_book,
    name_of,
    note_of,
    rows_of,
    stray_told,
    table,
    totals,
)
from zhunsheng.usecases.opened_evidence import Evidence
from zhunsheng.web.audit import record
from zhunsheng.web.models import Organisation
from zhunsheng.web.services import evidence
from zhunsheng.web.services.ledgers import key_of
from zhunsheng.web.services.year.readings import KEPT

log = logging.getLogger(__name__)
SHOWN = 200  # rows of each limit on a page; the file has all
URGENT: tuple[State, ...] = ("overdue", "due-soon")
PUBLISHED_UNTIL = PUBLISHED[1]


@dataclass(frozen=True)
class Waits:
    """A limit of which some rows are overdue or due soon, in a department or in each of its sections."""

    id: str
    name: str
    ours: bool
    overdue: int
    soon: int
    earliest: date | None
    sections: tuple[tuple[str | None, int, int], ...]


@dataclass(frozen=True)
class Sought:
    """Which rows a page lists: of one limit or of all, of a section, in a state; those that are overdue or
    due soon where none is given.
    """

    limit: str | None = None
    section: str | None = None
    state: State | None = None

    @property
    def states(self) -> tuple[State, ...]:
        """The states of the rows that are listed."""
        return (self.state,) if self.state else URGENT


def sought(limit: str, section: str, state: str) -> Sought:
    """Return what an address asks for, empty texts for all. Raises ``ZS-RG-20`` for a limit that is none;
    another state is as good as none.
    """
    chosen = next((one for one in BOUND if one == state), None)
    return Sought(limit_of(limit) if limit else None, section or None, chosen)


def day_named(text: str, default: date) -> date:
    """Return the day that an address names, ``default`` for a text that is none."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return default
    return day if FIRST <= day <= LAST else default


@lru_cache(maxsize=512)
def _lines(_state: str, code: str, as_of: date) -> tuple[Line, ...]:
    """Return how a department's rows stand; ``_state`` is that of the evidence they are computed from."""
    return tuple(counted(Evidence.of(evidence.store()).engine, as_of, code))


@lru_cache(maxsize=512)
def _strays(_state: str, code: str) -> tuple[Stray, ...]:
    """Return a department's suspensions that stop no clock; ``_state`` as of ``_lines``."""
    return tuple(strays(Evidence.of(evidence.store()).engine, code))


def _standing(department: Organisation, as_of: date) -> tuple[Line, ...]:
    code = key_of(department)
    return _lines(evidence.store().snapshot().state_of(code), code, as_of)


def waiting(department: Organisation, as_of: date) -> list[Waits]:
    """Return the limits of which rows are overdue or due soon at the end of a day.

    The overview and the list of what is to be done stand without them where the evidence can't be read: the
    pages of the ledgers say what is wrong with it.
    """
    try:
        found = totals(_standing(department, as_of))
    except ZhunshengError as error:
        log.warning("no limits of %s: %s", department.pk, error.code)
        return []
    return [
        Waits(
            total.limit,
            _entry(total.limit, as_of).name,
            _entry(total.limit, as_of).ours,
            total.counts["overdue"],
            total.counts["due-soon"],
            total.earliest,
            tuple(
                (line.section, line.counts["overdue"], line.counts["due-soon"])
                for line in total.lines
                if line.counts["overdue"] or line.counts["due-soon"]
            ),
        )
        for total in found
        if total.recorded and (total.counts["overdue"] or total.counts["due-soon"])
    ]


def doubtful(department: Organisation, as_of: date) -> list[tuple[str, str, int]]:
    """Return the limits (id, name) with how many rows no one can place in time, since their days contradict
    each other; none where the evidence can't be read.
    """
    try:
        found = totals(_standing(department, as_of))
    except ZhunshengError:  # ``waiting`` keeps it in the log
        return []
    return [
        (total.limit, _entry(total.limit, as_of).name, total.counts["doubtful"])
        for total in found
        if total.counts["doubtful"]
    ]


def _entry(limit: str, day: date) -> Deadline:
    return version_on(limit, day) or applied()[limit][-1]


def shown(department: Organisation, as_of: date, asked: Sought) -> dict[str, Any]:
    """Return what the page of the limits shows at the end of a day: all limits with their counts by section
    and the rate of what was in time, and the rows that are asked for.
    """
    opened = Evidence.of(evidence.store())
    code, lines = key_of(department), _standing(department, as_of)
    rates = _rates(opened, code, as_of)
    lost = _strays(opened.snapshot.state_of(code), code)
    found = [
        {
            "id": total.limit,
            "entry": _entry(total.limit, as_of),
            "counts": [total.counts[state] for state in BOUND],
            "rate": rates.get(total.limit, ""),
            "lacking": "" if total.recorded else total.lacking,
            "extended_late": total.extended_late,
            "lines": [(line.section, [line.counts[state] for state in BOUND]) for line in total.lines],
        }
        for total in totals(lines)
    ]
    listed = rows_of(
        opened,
        [asked.limit] if asked.limit else None,
        as_of,
        Asked(asked.states, code, asked.section, SHOWN),
        lines,
    )
    listed.sort(key=lambda row: (row.standing.due or date.max, row.limit, row.number))
    return {
        "limits": found,
        "states": [(state, STATES[state]) for state in BOUND],
        "rows": [(row, name_of(row), STATES[row.standing.state], note_of(row)) for row in listed],
        "names": {name: entries[-1].name for name, entries in applied().items()},
        "strays": [stray_told(one) for one in lost[:SHOWN]],
        "strays_count": len(lost),
        "sections": sorted({line.section for line in lines if line.section}),
    }


def _rates(opened: Evidence, code: str, as_of: date) -> dict[str, str]:
    """Return each limit's rate of what was in time in the day's year, where there is one."""
    chosen = [m for m in measures().values() if m.limit]
    asked = (chosen, opened.engine, opened.snapshot, as_of.year, as_of)
    found = read_all(*asked, departments=[code], kept=KEPT)
    named = {m.id: m.limit for m in chosen}
    return {
        named[reading.measure] or "": reading.text()
        for reading in found.values()
        if reading.project is None and reading.value is not None
    }


def exported(department: Organisation, as_of: date, asked: Sought, kind: str) -> tuple[bytes, str]:
    """Return the rows that are asked for as an Excel (``xlsx``) or csv file with its name; the log keeps that
    it was taken out.
    """
    opened = Evidence.of(evidence.store())
    limits = [asked.limit] if asked.limit else None
    chosen = Asked(asked.states, key_of(department), asked.section, None)
    rows = rows_of(opened, limits, as_of, chosen, _standing(department, as_of))
    told = table(rows, opened.snapshot.name_of)
    record("export", department, after={"ledger": "limits", "rows": len(told), "as_of": as_of.isoformat()})
    name = f"办理期限-{as_of}.{kind}"
    if kind == "csv":
        return csv_bytes(told), name
    buffer = io.BytesIO()
    fill_book(buffer, told)
    return buffer.getvalue(), name
