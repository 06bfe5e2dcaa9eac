"""How a ledger's rows stand to their statutory limits: counted by section, or listed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Literal

import sqlglot
from sqlglot import exp

from zhunsheng.evidence import defined
from zhunsheng.evidence.ledgers import DEPARTMENT, Ledger, ledgers
from zhunsheng.measures import limits
from zhunsheng.measures.compiling import CHOSEN, STAND_INS, at, put_in
from zhunsheng.measures.engines import Engine
from zhunsheng.regulations.limits import OPEN, STATES, Interval, Row, Standing, State, applied, standing
from zhunsheng.regulations.workdays import DAY

StrayKind = Literal["no-row", "no-limit", "reversed"]
# States of rows that a limit binds and that began to run.
BOUND: tuple[State, ...] = tuple(state for state in STATES if state != "not-started")


@dataclass(frozen=True)
class Line:
    """How many rows of a section (None: none is named) stand how to a limit. ``earliest`` is the first last
    day of those that are overdue or due soon. ``recorded`` is whether the department ever noted an end: where
    it noted none, that nothing is done is not known. ``extended_late`` is how many of them have an extension
    that was approved when the limit had run out.
    """

    limit: str
    department: str
    section: str | None
    counts: Counter[State] = field(hash=False)
    earliest: date | None
    recorded: bool = True
    extended_late: int = 0


@dataclass(frozen=True)
class Asked:
    """Which rows are listed, of how many at most (None: all)."""

    states: Sequence[State] = OPEN
    department: str | None = None
    section: str | None = None
    limit: int | None = 200


@dataclass(frozen=True)
class LimitRow:
    """One row of a ledger by its number, and how it stands to a limit."""

    limit: str
    department: str
    number: str
    section: str | None
    start: date
    standing: Standing


@dataclass(frozen=True)
class Stray:
    """A suspension that stops no clock: whose, of which ledger (its title) and row, for which reason from
    which to which day, and why not.
    """

    department: str
    register: str
    number: str
    reason: str
    first: date
    last: date | None
    why: StrayKind


def strays(engine: Engine, department: str | None = None) -> list[Stray]:
    """Return the suspensions that stop no clock: whose number no row of their ledger has, whose reason stops
    none of its limits, or that end before they begin. Without ``department`` (a code) of all departments.
    """
    found = []
    kept = engine.query(_strays_text(engine.dialect, department))
    for code, register, number, reason, first, last, known in kept:
        why: StrayKind = "no-row"
        if known:
            why = "reversed" if last is not None and last < first else "no-limit"
        found.append(Stray(code, register, number, reason, first, last, why))
    return found


def _strays_text(dialect: str, department: str | None) -> str:
    titles = {ledger.title: ledger for ledger in ledgers().values()}
    registers = [titles[value] for value in ledgers()[limits.SUSPENSIONS].column("register").values]
    parts = []
    for ledger in registers:
        reasons = {why for e in applied().values() if e[-1].ledger == ledger.id for why in e[-1].stops}
        own = f"p.reason IN ({', '.join(repr(why) for why in sorted(reasons))})" if reasons else "FALSE"
        among = "" if department is None else f" AND p.{DEPARTMENT} = '{department}'"
        parts.append(
            f"SELECT p.{DEPARTMENT} AS dep, p.register AS register, p.number AS number, p.reason AS reason, "
            "p.stopped_on AS first_day, p.resumed_on AS last_day, r.num IS NOT NULL AS known "
            f"FROM {limits.SUSPENSIONS} AS p LEFT JOIN (SELECT DISTINCT {DEPARTMENT} AS dep, "
            f"{ledger.key[0]} AS num FROM {ledger.id}) AS r ON r.dep = p.{DEPARTMENT} AND r.num = p.number "
            f"WHERE p.register = '{ledger.title}'{among} "
            f"AND (r.num IS NULL OR NOT ({own}) OR p.resumed_on < p.stopped_on)"
        )
    text = " UNION ALL ".join(parts) + " ORDER BY dep, register, number, first_day, reason"
    return str(sqlglot.transpile(text, read="duckdb", write=dialect)[0])


def counted(engine: Engine, as_of: date, department: str | None = None) -> list[Line]:
    """Return how all rows stand to all limits at the end of a day, by section: those that are open, and
    those done in the day's year. Without ``department`` (a code) of all departments.
    """
    found, ends = [], Counter[tuple[str, str]]()
    for ledger, names in _by_ledger().items():
        text = _counts_text(ledger, tuple(names), engine.dialect, narrowed=department is not None)
        for row in engine.query(_at(text, as_of, department, engine.dialect)):
            code, section, *figures = row
            width = len(BOUND) + 3
            for n, name in enumerate(names):
                *numbers, earliest, done, late = figures[n * width : (n + 1) * width]
                ends[name, code] += done
                counts: Counter[State] = Counter(
                    {state: int(number) for state, number in zip(BOUND, numbers, strict=True) if number}
                )
                if counts:
                    found.append(Line(name, code, section, counts, earliest, extended_late=late))
    order = list(applied())
    told = [replace(line, recorded=ends[line.limit, line.department] > 0) for line in found]
    return sorted(told, key=lambda line: (order.index(line.limit), line.department, line.section or ""))


def listed(engine: Engine, limit: str, as_of: date, asked: Asked) -> list[LimitRow]:
    """Return rows with how they stand to a limit at the end of a day, by their last day."""
    entry = applied()[limit][-1]
    ledger = ledgers()[entry.ledger or ""]
    stops = _stops(engine, ledger, asked.department) if entry.stops else {}
    found = []
    text = _rows_text(
        limit,
        tuple(asked.states),
        asked.limit,
        engine.dialect,
        narrowed=asked.department is not None,
        by_section=asked.section is not None,
    )
    text = _at(text, as_of, asked.department, engine.dialect)
    if asked.section is not None:  # last, so that nothing within it is taken for a stand-in
        section = exp.Literal.string(asked.section).sql(dialect=engine.dialect)
        text = text.replace("'@section'", section)
    for row in engine.query(text):
        code, number, section, start, done, extended_on, until, *parts = row
        said = Row(start, done, extended_on, until, stops.get((code, number), ()))
        label = " ".join(str(part) for part in parts if part is not None)
        found.append(LimitRow(limit, code, label, section, start, standing(limit, said, as_of)))
    return found


def _by_ledger() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, entries in applied().items():
        found.setdefault(entries[-1].ledger or "", []).append(name)
    return found


def _at(text: str, as_of: date, department: str | None, dialect: str) -> str:
    """Return a kept query as it is asked at the end of a day, of one department or of all."""
    for found in set(re.findall(r"'@soon(\d+)'", text)):
        text = text.replace(f"'@soon{found}'", f"'{as_of + int(found) * DAY}'")
    text = at(text, as_of.year, as_of)
    return text if department is None else put_in(text, [department], dialect)


def _source(ledger: Ledger, names: Sequence[str], *, narrowed: bool) -> exp.Select:
    source = exp.select("t.*").from_(exp.alias_(exp.to_table(ledger.id), "t"))
    named = {name: f"limit{n}" for n, name in enumerate(names)}
    source = limits.join(source, named, STAND_INS, CHOSEN if narrowed else None)
    if narrowed:
        source = source.where(exp.column(DEPARTMENT, "t").isin(CHOSEN), copy=False)
    return source


def _state(limit: str, name: str) -> exp.Expression:
    return limits.filled(limits.state_sql(name, f"@soon{applied()[limit][-1].soon}"), STAND_INS)


def _section(name: str) -> exp.Expression:
    section = applied()[name][-1].section
    return exp.column(section) if section else exp.cast(exp.Null(), "text")


@defined.cached
def _counts_text(name: str, names: tuple[str, ...], dialect: str, *, narrowed: bool) -> str:
    inner = exp.select(exp.column(DEPARTMENT), exp.alias_(_section(names[0]), "section_"))
    select = exp.select(exp.column(DEPARTMENT), exp.column("section_"))
    for n, limit in enumerate(names):
        state, due = f"state{n}", exp.column(f"limit{n}_due")
        done, odd, late = (exp.column(f"limit{n}_{of}") for of in ("done", "odd", "late"))
        ended = exp.alias_(exp.Coalesce(this=done, expressions=[odd]), f"ended{n}")
        inner = inner.select(exp.alias_(_state(limit, f"limit{n}"), state), due, ended, late, copy=False)
        for number, one in enumerate(BOUND):
            of_state = exp.EQ(this=exp.column(state), expression=exp.Literal.string(one))
            counted = _filter(exp.Count(this=exp.Star()), of_state)
            select = select.select(exp.alias_(counted, f"n{n}_{number}"), copy=False)
        earliest = _filter(exp.Min(this=due.copy()), exp.column(state).isin("overdue", "due-soon"))
        select = select.select(
            exp.alias_(earliest, f"first{n}"),
            exp.alias_(exp.Count(this=exp.column(f"ended{n}")), f"ends{n}"),
            exp.alias_(
                _filter(
                    exp.Count(this=exp.Star()),
                    exp.and_(late.copy().eq(1), exp.column(state).is_(exp.Null()).not_()),
                ),
                f"lates{n}",
            ),
            copy=False,
        )
    source = _source(ledgers()[name], names, narrowed=narrowed)
    inner = inner.from_(source.subquery("rows", copy=False), copy=False)
    select = select.from_(inner.subquery("stated", copy=False), copy=False)
    return select.group_by(exp.column(DEPARTMENT), exp.column("section_"), copy=False).sql(dialect=dialect)


def _filter(aggregate: Any, where: Any) -> exp.Expression:
    return exp.Filter(this=aggregate, expression=exp.Where(this=where))


@defined.cached
def _rows_text(
    limit: str,
    states: tuple[State, ...],
    most: int | None,
    dialect: str,
    *,
    narrowed: bool,
    by_section: bool,
) -> str:
    entry = applied()[limit][-1]
    ledger = ledgers()[entry.ledger or ""]
    columns = [
        exp.column(DEPARTMENT),
        exp.column(ledger.key[0]),
        exp.alias_(_section(limit), "section_"),
        exp.column("limit0_start"),
        exp.Coalesce(this=exp.column("limit0_done"), expressions=[exp.column("limit0_odd")]),
        exp.column(entry.extended) if entry.extended else exp.Null(),
        exp.column(entry.until) if entry.until else exp.Null(),
        *(exp.column(part) for part in ledger.key if ledger.column(part).type == "text"),
    ]
    source = _source(ledger, [limit], narrowed=narrowed).subquery("rows", copy=False)
    chosen = exp.select(*columns).from_(source).where(_state(limit, "limit0").isin(*states))
    if by_section:
        chosen = chosen.where(exp.EQ(this=_section(limit), expression=exp.Literal.string("@section")))
    chosen = chosen.order_by("limit0_due", *(exp.column(c) for c in ledger.key))
    return (chosen.limit(most) if most is not None else chosen).sql(dialect=dialect)


def _stops(
    engine: Engine, ledger: Ledger, department: str | None
) -> Mapping[tuple[str, str], Sequence[Interval]]:
    """Return the suspensions of a ledger's rows by department and number."""
    query = (
        exp.select(DEPARTMENT, "number", "stopped_on", "resumed_on", "reason")
        .from_(limits.SUSPENSIONS)
        .where(exp.EQ(this=exp.column("register"), expression=exp.Literal.string(ledger.title)))
    )
    if department is not None:
        query = query.where(exp.EQ(this=exp.column(DEPARTMENT), expression=exp.Literal.string(department)))
    found: dict[tuple[str, str], list[Interval]] = {}
    for code, number, first, last, why in _asked(engine, query):
        found.setdefault((code, number), []).append(Interval(first, last, why))
    return found


def _asked(engine: Engine, query: exp.Select) -> Iterator[tuple[str, str, date, date | None, str]]:
    yield from engine.query(query.sql(dialect=engine.dialect))
