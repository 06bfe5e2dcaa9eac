"""A reading: what a measure says for a department (and project) on a date, with all that is needed to find
its rows again.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any
from weakref import WeakKeyDictionary

from zhunsheng.evidence.ledgers import ledgers
from zhunsheng.evidence.privacy import mask
from zhunsheng.evidence.snapshot import Snapshot
from zhunsheng.measures.compiling import (
    Among,
    Query,
    Rows,
    beginning_query,
    days_of,
    people_text,
    rows_query,
    speaking_text,
    texts,
)
from zhunsheng.measures.definitions import UNDIVIDED, Measure, beside_of, digest_of
from zhunsheng.measures.engines import Engine
from zhunsheng.measures.kept import Asked, How, Kept
from zhunsheng.regulations.limits import applied
from zhunsheng.translation import series, worded
from zhunsheng.wording import number as show_number

NO_BASE = worded("没有基数")


@dataclass(frozen=True)
class Reading:
    """One figure. ``value`` is in the measure's unit (90 for 90 %), None where there is no base or no date
    yet.

    ``interval`` is the 95 % confidence interval of a survey's share, in %; ``latest`` the latest date of a
    date measure, also where rows are still lacking one; ``silent`` a ledger it rests on that says nothing of
    the year: nought of it is not known to be nought. ``department`` is a code; ``project`` a code,
    or the name where rows have none. Of a survey ``people`` says of how many its answers are, ``questions``
    on how many questions, and ``repeated`` how many answers someone gave anew to the same and that don't
    count. ``asides`` says of how many rows something is left out, and what was done with them; ``note`` has
    it in words. ``definition`` is the SHA-256 of the measure's definition, empty where it was not kept yet.
    """

    measure: str
    version: int
    department: str
    project: str | None
    value: Fraction | date | None
    unit: str
    numerator: Decimal | None
    denominator: int
    as_of: date
    year: int
    batch: int
    digest: str
    note: str | None = None
    interval: tuple[float, float] | None = None
    latest: date | None = None
    silent: str | None = None
    people: int | None = None
    questions: int = 0
    repeated: int = 0
    asides: tuple[tuple[str, int], ...] = ()
    definition: str = ""

    @property
    def known(self) -> bool:
        """Whether the ledgers say anything: a value, or that it is not done yet;
        not where they hold no rows for it.
        """
        return self.value is not None or (self.note not in (None, NO_BASE) and self.silent is None)

    def text(self) -> str:
        """Return the value in words: 92.35%, 没有基数, 2021-11-30."""
        if self.value is None:
            return self.note or NO_BASE
        if isinstance(self.value, date):
            return self.value.isoformat()
        return f"{show_number(self.value)}{self.unit}"

    def as_json(self) -> dict[str, Any]:
        """Return the reading as plain data."""
        value = (
            self.value.isoformat()
            if isinstance(self.value, date)
            else show_number(self.value)
            if self.value is not None
            else None
        )
        return {
            **{
                k: v
                for k, v in self.__dict__.items()
                if k not in ("value", "numerator", "as_of", "interval", "latest", "silent", "asides")
            },
            "value": value,
            "numerator": None if self.numerator is None else f"{self.numerator:f}",
            "as_of": self.as_of.isoformat(),
            "interval": list(self.interval) if self.interval else None,
        }


Readings = dict[tuple[str, str, str | None], Reading]


def read_all(  # noqa: PLR0913 - measures, their evidence, the time, how narrowed
    measures: Sequence[Measure],
    engine: Engine,
    snapshot: Snapshot,
    year: int,
    as_of: date,
    by: str | None = None,
    *,
    departments: Collection[str] | None = None,
    kept: Kept | None = None,
) -> Readings:
    """Compute measures for all departments at once; keys are (measure, department's code,
    project or None for the whole).

    ``departments`` narrows the work to those codes. A project is what rows say of it: its code,
    or its name where they have none. ``as_of`` counts inclusively; the year's figures are cut to its end,
    only completion dates may lie beyond it. With ``by`` the third part of the key is that column's value.
    With ``kept`` only what is not known there is computed.
    """
    found: Readings = {}
    asking = _Asking(engine, snapshot, kept)
    beside = {part.id: part for m in measures for part in beside_of(m).values()}
    # To write a query takes as long as to read some thousand rows: of a ledger without files there are none.
    there = [m for m in (*measures, *beside.values()) if snapshot.files.get(m.ledger)]
    for query, text in texts(there, year, as_of, by, departments, engine.dialect):
        for row in asking.rows(Asked(text, query.ledger, _links(query.measures), 3, _how(query.measures))):
            for reading in _readings(query, row, snapshot, year, as_of):
                found[reading.measure, reading.department, reading.project] = reading
    known = {m.id: m for m in measures}
    found = _with_asides(found, known)
    if by is None:
        found |= _peopled(found, known, asking, (year, as_of), departments)
    return found | _silent(found, known, asking, year) | _unlinked(found, known, snapshot)


def _with_asides(found: Readings, known: Mapping[str, Measure]) -> Readings:
    """Return readings with what was counted beside them, which is no reading itself: a value without anything
    in the columns it needs is not known, and rows that leave something out are told.
    """
    told: Readings = {}
    for (name, department, project), reading in found.items():
        if (measure := known.get(name)) is None:
            continue
        counts = [found.get((part, department, project)) for part in beside_of(measure)]
        asides = tuple(
            (aside.says, count.denominator)
            for aside, count in zip(measure.asides, counts, strict=False)
            if count is not None and count.denominator
        )
        one = _noted(replace(reading, asides=asides))
        if measure.needs:
            whole = found.get((list(beside_of(measure))[-1], department, None))
            if whole is None or not whole.denominator:
                one = _untold(one, measure)
        told[name, department, project] = one
    return told


def _noted(reading: Reading) -> Reading:
    """Return a reading that says what its asides say, where it has a value."""
    if reading.value is None or not reading.asides:
        return reading
    said = (worded("其中 {count} 行{says}", count=count, says=says) for says, count in reading.asides)
    return replace(reading, note=series(said, "；"))


def _untold(reading: Reading, measure: Measure) -> Reading:
    """Return a reading that can't be told since no row fills what it needs."""
    ledger = ledgers()[measure.ledger]
    columns = series(f"“{ledger.column(name).title}”" for name in measure.needs)
    note = worded("{title}没有填写{columns}，说不出", title=ledger.title, columns=columns)
    return replace(reading, value=None, interval=None, silent=ledger.id, note=note, asides=())


def unimported(measure: Measure, snapshot: Snapshot) -> str | None:
    """Return the first ledger that a measure rests on and that nobody ever imported, None where all were."""
    names = (measure.ledger, *(link.ledger for link in measure.links))
    return next((name for name in names if name not in snapshot.imported), None)


def never_imported(ledger: str) -> str:
    """Return the words for a ledger that nobody ever imported."""
    return worded("台账“{title}”从未导入", title=ledgers()[ledger].title)


def _links(measures: Sequence[Measure]) -> dict[str, tuple[str, ...] | None]:
    """Return the ledgers that measures look rows up in, each with the columns by which, None where these are
    not the same for all.
    """
    found: dict[str, tuple[str, ...] | None] = {}
    for link in (link for measure in measures for link in measure.links):
        found[link.ledger] = link.keys if found.get(link.ledger, link.keys) == link.keys else None
    # Rows that are said again are looked up in their own ledger.
    again = {measure.ledger: None for measure in measures if ledgers()[measure.ledger].once}
    return found | {ledger: None for measure in measures for ledger in measure.beside} | again


def _how(measures: Iterable[Measure]) -> list[How]:
    """Return what numerator and denominator of each measure are."""
    kinds: dict[str, How] = {"date": "latest", "sum": "sum", "mean": "sum"}
    kinds |= dict.fromkeys(UNDIVIDED, "whole")
    found: list[How] = []
    for measure in measures:
        found += ["amount", "amount"] if measure.per else [kinds.get(measure.kind, "count"), "count"]
    return found


@dataclass(frozen=True)
class _Asking:
    """An engine that is asked for rows, or what is kept of its answers."""

    engine: Engine
    snapshot: Snapshot
    kept: Kept | None

    def rows(self, asked: Asked) -> list[tuple[Any, ...]]:
        """Return the rows of a query, none of a ledger without files: it groups rows, and there are none."""
        if not self.snapshot.files.get(asked.ledger):
            return []
        if self.kept is None:
            return self.engine.query(asked.sql)
        return self.kept.rows(self.engine, self.snapshot, asked)


def _peopled(
    found: Readings,
    known: dict[str, Measure],
    asking: _Asking,
    when: tuple[int, date],
    departments: Collection[str] | None,
) -> Readings:
    """Return anew the readings of surveys, with the people behind their answers: the interval of a share is
    one of people, who may have answered several questions each.
    """
    told: Readings = {}
    for measure in (m for m in known.values() if m.interval and ledgers()[m.ledger].once):
        text = people_text(measure, *when, departments, asking.engine.dialect)
        for row in asking.rows(Asked(text, measure.ledger, _links([measure]), 3, ["count"] * 3)):
            department, project, whole, rows, counted, people, questions = row
            reading = found.get((measure.id, department, None if whole else project))
            if reading is not None and (whole or project is not None):
                told[measure.id, department, reading.project] = replace(
                    reading,
                    people=people,
                    questions=questions,
                    repeated=rows - counted,
                    interval=_interval(reading, people),
                )
    return told


def _interval(reading: Reading, people: int) -> tuple[float, float] | None:
    """Return the interval of a share that so many people gave, however many answers it is of."""
    if reading.interval is None or not isinstance(reading.value, Fraction):
        return None
    return wilson(reading.value / 100 * people, people)


def _silent(found: Readings, known: dict[str, Measure], asking: _Asking, year: int) -> Readings:
    """Return anew the readings of nought that come from a ledger without any row of the year:
    unknown is not nought.

    A count or sum of nothing asks its own ledger, a ratio without hits those that its hits are looked up in,
    the rate of a limit the days on which something was done.
    """
    doubted: dict[str, tuple[set[str], set[tuple[str, ...]]]] = {}
    asked: dict[tuple[str, str, str | None], list[tuple[str, tuple[str, ...]]]] = {}
    for key, reading in found.items():
        if reading.value != 0:
            continue
        if rests := _rests_on(known[reading.measure], counted=bool(reading.denominator)):
            asked[key] = rests
            for ledger, days in rests:
                codes, groups = doubted.setdefault(ledger, (set(), set()))
                codes.add(reading.department)
                groups.add(days)
    speaking: set[tuple[str, tuple[str, ...], str]] = set()
    for name, (codes, groups) in doubted.items():
        ordered = sorted(groups)
        text = speaking_text(ledgers()[name], year, ordered, sorted(codes), asking.engine.dialect)
        for row in asking.rows(Asked(text, name, {}, 1, ["count"] * len(ordered))):
            speaking |= {(name, days, row[0]) for days, said in zip(ordered, row[2:], strict=True) if said}
    told: Readings = {}
    for key, rests in asked.items():
        mute = next((n for n, days in rests if (n, days, found[key].department) not in speaking), None)
        if mute is not None:
            told[key] = replace(
                found[key],
                value=None,
                silent=mute,
                note=worded("{title}没有{year}年的记录", title=ledgers()[mute].title, year=year),
            )
    return told


def _unlinked(found: Readings, known: dict[str, Measure], snapshot: Snapshot) -> Readings:
    """Return anew the readings whose rows are looked up in a ledger that was never imported: whatever they
    come to, half of what they rest on is not known.
    """
    missing = {name: ledger for name, m in known.items() if m.links and (ledger := unimported(m, snapshot))}
    return {
        key: replace(reading, value=None, interval=None, silent=ledger, note=never_imported(ledger))
        for key, reading in found.items()
        if (ledger := missing.get(reading.measure))
    }


def _rests_on(measure: Measure, *, counted: bool) -> list[tuple[str, tuple[str, ...]]]:
    """Return the ledgers that a nought rests on, each with the date columns by which the measure places their
    rows.
    """
    if not counted:
        return [(measure.ledger, days_of(measure, measure.population, ledgers()[measure.ledger]))]
    if measure.limit:
        return [(measure.ledger, applied()[measure.limit][-1].ends)]
    return [(link.ledger, days_of(measure, link.where, ledgers()[link.ledger])) for link in measure.links]


def _readings(
    query: Query, row: tuple[Any, ...], snapshot: Snapshot, year: int, as_of: date
) -> Iterable[Reading]:
    department, project, whole, _rows, *figures = row
    for n, measure in enumerate(query.measures):
        numerator, denominator = figures[2 * n], int(figures[2 * n + 1] or 0)
        # Rows that name no project count for the department only.
        if not whole and project is None:
            continue
        if measure.kind == "median" and numerator is not None:
            numerator = Decimal(numerator) / 100  # it is told in hundredths
        value, note, interval = _value(measure, numerator, denominator)
        yield Reading(
            measure=measure.id,
            version=measure.version,
            department=department,
            project=None if whole else str(project),
            value=value,
            unit=measure.unit,
            numerator=Decimal(numerator) if isinstance(numerator, int | Decimal) else None,
            denominator=denominator,
            as_of=as_of,
            year=year,
            batch=snapshot.batch,
            digest=snapshot.digest,
            note=note,
            interval=interval,
            latest=numerator if isinstance(numerator, date) else None,
            definition=digest_of(measure),
        )


def _value(
    measure: Measure, numerator: Any, denominator: int
) -> tuple[Fraction | date | None, str | None, tuple[float, float] | None]:
    if measure.kind == "date":
        if numerator is None:
            return None, worded("尚未完成") if denominator else NO_BASE, None
        return (
            (None, worded("还有 {denominator} 个环节没有完成", denominator=denominator), None)
            if denominator
            else (numerator, None, None)
        )
    if measure.kind == "ratio":
        if not denominator:
            return None, NO_BASE, None
        interval = wilson(int(numerator), denominator) if measure.interval else None
        return Fraction(int(numerator) * 100, denominator), None, interval
    if measure.kind == "mean":
        return (Fraction(numerator) / denominator, None, None) if denominator else (None, NO_BASE, None)
    if measure.kind == "median" and not denominator:
        return None, NO_BASE, None
    return Fraction(numerator or 0), None, None


def combine(measure: Measure, readings: Sequence[Reading]) -> Reading | None:
    """Return one reading of several over disjoint rows (the same measure, date and state), None for none.

    Numerators and denominators are added up and the value is made of the sums, never a mean of means;
    of dates it is the latest, once nothing is lacking; a survey's interval is that of the sums. What is no
    sum of parts is not known of several.
    Department and project are the first's.
    """
    if not readings:
        return None
    first = readings[0]
    if len(readings) == 1:
        return first
    if all(r.silent for r in readings):
        return replace(first, denominator=sum(r.denominator for r in readings))
    denominator = sum(r.denominator for r in readings)
    if measure.kind in UNDIVIDED:
        said = worded("几个项目的数不能合成一个：要由全部的行算")
        return replace(
            first, value=None, numerator=None, denominator=denominator, note=said, silent=measure.ledger
        )
    if measure.kind == "date":
        days = [r.latest for r in readings if r.latest is not None]
        latest = max(days, default=None)
        value, note, interval = _value(measure, latest, denominator)
        return replace(
            first, value=value, denominator=denominator, note=note, interval=interval, latest=latest
        )
    numerators = [r.numerator for r in readings if r.numerator is not None]
    numerator = sum(numerators, Decimal(0)) if numerators else None
    value, note, interval = _value(measure, numerator, denominator)
    both = replace(
        first, value=value, numerator=numerator, denominator=denominator, note=note, interval=interval
    )
    return _noted(replace(_together(both, readings), asides=_asides_of(readings)))


def _asides_of(readings: Sequence[Reading]) -> tuple[tuple[str, int], ...]:
    """Return the asides of several readings over disjoint rows."""
    found: Counter[str] = Counter()
    for reading in readings:
        found.update(dict(reading.asides))
    return tuple(found.items())


def _together(both: Reading, readings: Sequence[Reading]) -> Reading:
    """Return a reading of several with the people of all; who answered several questions may have answered
    in several parts: then there are at least as many as in the largest.
    """
    counts = [r.people for r in readings if r.people is not None]
    if len(counts) < len(readings):
        return both
    people = max(counts) if any(r.people != r.denominator for r in readings) else sum(counts)
    return replace(
        both,
        people=people,
        questions=max(r.questions for r in readings),
        repeated=sum(r.repeated for r in readings),
        interval=_interval(both, people),
    )


def asked_of(
    engine: Engine, snapshot: Snapshot, kept: Kept | None, measures: Sequence[Measure], text: str
) -> list[tuple[Any, ...]]:
    """Return the rows of a query of measures over one ledger by department, project and day."""
    asked = Asked(text, measures[0].ledger, _links(measures), 3, _how(measures))
    return _Asking(engine, snapshot, kept).rows(asked)


def wilson(hits: int | Fraction, n: int, z: float = 1.959964) -> tuple[float, float]:
    """Return the Wilson score interval of a share, in percent (95 % by default)."""
    share = float(Fraction(hits) / n)
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return round(100 * (middle - half), 2), round(100 * (middle + half), 2)


@dataclass(frozen=True)
class EvidenceRow:
    """One row behind a reading: its values by column title, whether it counts, and where it came from."""

    hit: bool
    values: dict[str, Any]
    batch: int
    file: str
    row: int
    sheet: str | None = None


FIRST_ROWS = Rows()
FIRST = 5_000  # rows among which the few that are shown are looked for
# By engine, which is of one snapshot: to find a ledger's first row takes as long as to list ten.
_BEGINNINGS: WeakKeyDictionary[Engine, dict[str, list[tuple[Any, ...]]]] = WeakKeyDictionary()
MANY_FILES = 8  # of a ledger, from where its first rows are looked for in its first file alone, at first


def _places(measure: Measure, engine: Engine, snapshot: Snapshot, rows: Rows) -> Iterator[Among | None]:
    """Yield among which first rows the few that are shown are looked for in turn, None for all."""
    if measure.links and rows.limit is not None:
        if len(snapshot.files.get(measure.ledger, ())) > MANY_FILES:
            begins = beginning_query(measure, rows).sql(dialect=engine.dialect)
            known = _BEGINNINGS.setdefault(engine, {})
            if begins not in known:
                known[begins] = engine.query(begins)
            for batch, sheet in known[begins]:
                yield Among(FIRST, (batch, sheet))
        yield Among(FIRST)
    yield None


def evidence_rows(
    measure: Measure,
    engine: Engine,
    snapshot: Snapshot,
    year: int,
    as_of: date,
    rows: Rows = FIRST_ROWS,
) -> list[EvidenceRow]:
    """List a measure's rows in the order they were imported, as of a day (inclusive) of a year."""
    ledger = ledgers()[measure.ledger]
    listed: list[tuple[Any, ...]] = []
    # To look up every row elsewhere takes long where a few are shown; mostly the first ones have enough.
    for among in _places(measure, engine, snapshot, rows):
        text = rows_query(measure, year, as_of, rows, among).sql(dialect=engine.dialect, copy=False)
        listed = engine.query(text)
        if len(listed) == rows.limit:
            break
    found = []
    names: dict[str, str] = {}
    for code, *values, batch, row, sheet, hit in listed:
        if code not in names:
            names[code] = snapshot.name_of(code)
        shown = {"部门": names[code]} | {
            c.title: mask(v) if c.personal and not rows.personal else v
            for c, v in zip(ledger.columns, values, strict=True)
        }
        found.append(EvidenceRow(bool(hit), shown, batch, snapshot.batch_of(batch).file, row, sheet))
    return found
