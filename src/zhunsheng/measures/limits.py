"""Statutory limits in SQL: for each row of a ledger the day it is due, the day it was done and how it stands,
on any engine.

When a limit ends that begins on some day is the same for all rows: it is looked up in a table of the ledger's
limits by day, made once of a calendar with a running number of working days (``tables_of``). Only the few
rows whose clock stood still have an end of their own. ``regulations.limits.standing`` says the same of one
row in Python.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sqlglot
from sqlglot import exp

from zhunsheng.evidence import defined
from zhunsheng.evidence.ledgers import DEPARTMENT, ledgers
from zhunsheng.regulations.entries import Deadline
from zhunsheng.regulations.limits import applied

CALENDAR = "day_calendar"
# The columns of the calendar with their types on DuckDB and Spark, in the order of ``calendar_rows``.
CALENDAR_COLUMNS = {
    "cal_day": "DATE",
    "cal_number": "BIGINT",
    "cal_count": "BIGINT",
    "cal_turn": "BIGINT",
    "cal_after": "DATE",
    "cal_before": "DATE",
    "cal_month": "BIGINT",
}
SUSPENSIONS = "suspensions"
_ENDS = "limit_ends_"
_DAY = "begins_on"  # of a table of ends
# What a measure of a limit may name beside its ledger's columns.
FLAGS = ("limit_due", "limit_done")


def beside(limit: str) -> tuple[str, ...]:
    """Return the ledgers that a limit looks something up in."""
    entry = applied()[limit][-1]
    found = (SUSPENSIONS,) if entry.stops else ()
    return (*found, entry.elsewhere.ledger) if entry.elsewhere else found


def join(
    source: exp.Select, named: Mapping[str, str], values: dict[str, exp.Expression], chosen: str | None
) -> exp.Select:
    """Return a query over a ledger's rows (``t``) with the columns of its limits, each under the name it is
    ``named`` by: ``NAME_start``, ``NAME_due`` and ``NAME_done`` (days), ``NAME_odd`` (the day of what was
    done before the clock began: then it counts as not done), ``NAME_stopped`` (1 where the clock stands
    still), ``NAME_late`` (1 where an extension was approved when the limit had run out).

    Rows that the limit does not bind have no last day. ``values`` are the literals that parameters stand for;
    what lies behind ``:as_of`` is not known. ``chosen`` is a literal that stands for the departments asked
    for.
    """
    tables: dict[str, str] = {}  # the day on which limits begin, and the alias of the ends that are looked up
    for limit, name in named.items():
        start = _first(applied()[limit][-1].starts, "t")
        words = _Words(applied()[limit], name, chosen, tables.setdefault(start, f"{name}_s"))
        for alias, other, on in words.joins():
            table = exp.to_table(other, alias=alias) if " " not in other else _parsed(other).subquery(alias)
            source = source.join(
                filled(table, values),
                on=filled(_parsed(on), values),
                join_type="left",
                copy=False,
            )
        for column, text in words.columns().items():
            source = source.select(exp.alias_(filled(_parsed(text), values), f"{name}_{column}"), copy=False)
    return source


def join_days(  # noqa: PLR0913 - the limit, and the two columns that it is between
    source: exp.Select, name: str, start: str, end: str, days: int, workdays: bool, as_of: exp.Expression
) -> exp.Select:
    """Return a query over a ledger's rows (``t``) with the columns of a limit of so many days, called
    ``NAME_due`` and ``NAME_done``: from the day in the column ``start``, which does not count, to that in
    ``end``, unknown where it lies behind ``as_of``.
    """
    number, turn = ("cal_count", "cal_turn") if workdays else ("cal_number", "cal_number")
    begins, ends = exp.to_table(CALENDAR, alias=f"{name}_s"), exp.to_table(CALENDAR, alias=f"{name}_w")
    began = _parsed(f"{name}_s.cal_day = t.{start}").copy()
    ended = _parsed(f"{name}_w.{turn} = {name}_s.{number} + {days}").copy()
    source = source.join(begins, on=began, join_type="left", copy=False)
    source = source.join(ends, on=ended, join_type="left", copy=False)
    due = exp.alias_(exp.column("cal_day", f"{name}_w"), f"{name}_due")
    known = exp.LTE(this=exp.column(end, "t"), expression=as_of.copy())
    done = exp.alias_(exp.Case().when(known, exp.column(end, "t")), f"{name}_done")
    return source.select(due, done, copy=False)


def state_sql(name: str, soon: str) -> Any:
    """Return the SQL of a row's state, as ``standing`` says it, of the columns that ``join`` made; empty for
    rows that the limit does not bind, and for those done before ``:year_start``, or doubtful and begun before
    it.

    ``soon`` is the literal of the last day that is due soon.
    """
    due, done = f"{name}_due", f"{name}_done"
    return _parsed(
        f"CASE WHEN {due} IS NULL OR {done} < :year_start THEN NULL "
        f"WHEN {name}_odd IS NOT NULL AND {name}_start < :year_start THEN NULL "
        f"WHEN {name}_odd IS NOT NULL THEN 'doubtful' WHEN {done} <= {due} THEN 'in-time' "
        f"WHEN {done} IS NOT NULL THEN 'late' WHEN {due} < :as_of THEN 'overdue' "
        f"WHEN {name}_stopped = 1 THEN 'stopped' "
        f"WHEN {due} <= CAST('{soon}' AS DATE) THEN 'due-soon' ELSE 'running' END"
    )


@lru_cache(maxsize=512)
def _parsed(text: str) -> Any:
    return sqlglot.parse_one(text, read="duckdb")


def filled(tree: exp.Expression, values: dict[str, exp.Expression]) -> exp.Expression:
    """Return SQL with literals in place of parameters."""

    def replace(node: exp.Expression) -> exp.Expression:
        return values[node.name].copy() if isinstance(node, exp.Placeholder) else node

    return tree.copy().transform(replace, copy=False)


def _of(text: str, table: str) -> str:
    """Return a condition with its columns named as those of a table."""

    def named(node: exp.Expression) -> exp.Expression:
        return exp.column(node.name, table) if isinstance(node, exp.Column) else node

    return str(_parsed(text).copy().transform(named).sql(dialect="duckdb"))


def _first(columns: Sequence[str], table: str) -> str:
    """Return the first day that there is in some columns of a table; a parameter stands as it is."""
    named = [c if c.startswith(":") else f"{table}.{c}" for c in columns]
    return named[0] if len(named) == 1 else f"COALESCE({', '.join(named)})"


def ends_table(ledger: str) -> str:
    """Return what the table is called that says when limits of a ledger end by the day they begin on."""
    return f"{_ENDS}{ledger}"


def tables_of(sql: str) -> dict[str, str | None]:
    """Return the tables of days that a query asks for, by name: the calendar, which no SQL makes, and behind
    it the tables of ends, each with the SQL in DuckDB's dialect that
    makes it: one row a day of the calendar, and of each limit the last day without an extension
    (``LIMIT_plain``) and, where there may be one, with it (``LIMIT_long``).
    """
    names = set(re.findall(rf"\b{_ENDS}(\w+)", sql))
    ends: dict[str, str | None] = {ends_table(ledger): _ends_text(ledger) for ledger in sorted(names)}
    return {CALENDAR: None, **ends} if ends or re.search(rf"\b{CALENDAR}\b", sql) else {}


@defined.cached
def _ends_text(ledger: str) -> str:
    columns, joins = [f"s.cal_day AS {_DAY}"], ""
    for n, (name, versions) in enumerate(_of_ledger(ledger).items()):
        words = _Words(versions, name, None, "")
        for kind, more in words.kinds().items():
            alias = f"{kind}{n}"
            days = words.by_version("s.cal_day", [str(v.days + more) for v in versions])
            joins += _at_end(versions, alias, f"s.cal_count + {days}", f"s.cal_number + {days}")
            end = words.by_version("s.cal_day", [_end(v, alias, "s") for v in versions])
            columns.append(f"{end} AS {_column(name, kind)}")
    return f"SELECT {', '.join(columns)} FROM {CALENDAR} AS s{joins}"


def _of_ledger(ledger: str) -> dict[str, tuple[Deadline, ...]]:
    return {name: versions for name, versions in applied().items() if versions[-1].ledger == ledger}


def _column(limit: str, kind: str) -> str:
    return f"{limit.replace('-', '_')}_{kind}"


def _at_end(versions: Sequence[Deadline], alias: str, count: str, number: str) -> str:
    """Return the joins with the calendar where a limit ends: by the number of its last working day, and by
    that of its last day where not all versions count working days.
    """
    found = ""
    if any(v.workdays for v in versions):
        found += f" LEFT JOIN {CALENDAR} AS {alias}w ON {alias}w.cal_turn = {count}"
    if not all(v.workdays for v in versions):
        found += f" LEFT JOIN {CALENDAR} AS {alias}d ON {alias}d.cal_number = {number}"
    return found


def _end(entry: Deadline, alias: str, start: str) -> str:
    """Return the column with the last day by a version, of the calendars that ``_at_end`` joined; ``start``
    is the calendar's alias where the limit begins.
    """
    if entry.month_before:
        return f"{start}.cal_before"
    if entry.workdays:
        return f"{alias}w.cal_day"
    return f"{alias}d.{'cal_after' if entry.shift else 'cal_day'}"


@dataclass(frozen=True)
class _Words:
    """The SQL of one limit, in DuckDB's dialect, over rows named ``t``; names of its own begin with ``name``,
    ``ends`` is the alias of the table with its ends.
    """

    versions: tuple[Deadline, ...]
    name: str
    chosen: str | None
    ends: str

    @property
    def entry(self) -> Deadline:
        """The version that says which rows and columns: they are the same for all."""
        return self.versions[-1]

    @property
    def extended(self) -> str:
        """The day of a row's extension, empty where none is known of yet."""
        return f"CASE WHEN t.{self.entry.extended} <= :as_of THEN t.{self.entry.extended} END"

    def among(self, table: str) -> str:
        """Return the condition that a table's rows are of the departments asked for."""
        return "TRUE" if self.chosen is None else f"{table}.{DEPARTMENT} IN ('{self.chosen}')"

    def kinds(self) -> dict[str, int]:
        """Return the ends that a row may have, without and with an extension, with how many days more."""
        return {"plain": 0, "long": self.entry.extension} if self.entry.extended else {"plain": 0}

    def by_version(self, start: str, said: Sequence[str]) -> str:
        """Return what is said of each version, by the day on which it starts to run."""
        cases = []
        for entry, text in zip(self.versions, said, strict=True):
            until = f" AND {start} <= DATE '{entry.valid_to}'" if entry.valid_to else ""
            cases.append(f"WHEN {start} >= DATE '{entry.valid_from}'{until} THEN {text}")
        return f"CASE {' '.join(cases)} END"

    def joins(self) -> list[tuple[str, str, str]]:
        """Return what is joined to ``t``, under which alias and on what: ends by the day of the start, ends
        of rows with suspensions, the ledger of what is done.
        """
        n, entry = self.name, self.entry
        found = []
        if self.ends == f"{n}_s":  # else another limit that begins on the same day joined them
            on = f"{n}_s.{_DAY} = {_first(entry.starts, 't')}"
            found.append((self.ends, ends_table(entry.ledger or ""), on))
        if entry.stops:
            key = ledgers()[entry.ledger or ""].key[0]
            on = f"{n}_z.{n}_dep = t.{DEPARTMENT} AND {n}_z.{n}_num = t.{key}"
            found.append((f"{n}_z", self.suspended(key), on))
        if entry.elsewhere:
            far = entry.elsewhere
            keys = ", ".join(f"e.{k} AS {n}_{k}" for k in far.keys)
            text = (
                f"SELECT e.{DEPARTMENT} AS {n}_dep, {keys}, MIN(e.{far.column}) AS {n}_end FROM {far.ledger} "
                f"AS e WHERE {_of(far.where, 'e')} AND {self.among('e')} "
                f"GROUP BY e.{DEPARTMENT}, {', '.join(f'e.{k}' for k in far.keys)}"
            )
            equal = " AND ".join(f"{n}_e.{n}_{k} = t.{k}" for k in far.keys)
            found.append((f"{n}_e", text, f"{n}_e.{n}_dep = t.{DEPARTMENT} AND {equal}"))
        return found

    def suspended(self, key: str) -> str:
        """Return, for each row with suspensions, when its limit ends without and with an extension, and
        whether a suspension holds ``:as_of``. None goes on behind what was done.

        The i-th suspended day, w counted days behind the start, lengthens the limit if the w - i days before
        it that were not suspended are fewer than the limit's: else the limit ended before it.
        """
        n, entry = self.name, self.entry
        why = ", ".join(f"'{reason}'" for reason in entry.stops)
        start = _first(entry.starts, "r")
        works = self.by_version(start, [str(int(v.workdays)) for v in self.versions])
        limit = self.by_version(start, [str(v.days) for v in self.versions])
        months = (
            "SELECT cal_month AS month, MIN(cal_day) AS begins, MAX(cal_day) AS ends "
            f"FROM {CALENDAR} GROUP BY cal_month"
        )
        # Months first, days by month: to compare each suspension with each day of the calendar takes minutes;
        # and months by the suspension alone, which they are then joined to before its row is known.
        spans = (
            f"SELECT DISTINCT r.{DEPARTMENT} AS dep, r.{key} AS num, s.cal_day AS start, "
            f"s.cal_count AS from_count, s.cal_number AS from_number, {works} AS works, "
            f"{limit} AS days, p.stopped_on AS stopped, "
            f"LEAST(COALESCE(p.resumed_on, :as_of), COALESCE({_first(entry.ends, 'r')}, :as_of), :as_of) "
            "AS resumed, m.month AS month "
            f"FROM {entry.ledger} AS r JOIN {SUSPENSIONS} AS p "
            f"ON p.{DEPARTMENT} = r.{DEPARTMENT} AND p.number = r.{key} "
            f"AND p.register = '{ledgers()[entry.ledger or ''].title}' AND p.reason IN ({why}) "
            f"JOIN {CALENDAR} AS s ON s.cal_day = {start} "
            f"JOIN ({months}) AS m ON m.ends >= p.stopped_on "
            "AND m.begins <= LEAST(COALESCE(p.resumed_on, :as_of), :as_of) "
            f"WHERE {self.among('r')}"
        )
        row = "dep, num, start, from_count, from_number, days"
        days = (
            f"SELECT DISTINCT {', '.join(f'q.{c} AS {c}' for c in row.split(', '))}, c.cal_day AS cal_day, "
            "CASE WHEN q.works = 0 THEN c.cal_number - q.from_number "
            "WHEN c.cal_turn IS NOT NULL THEN c.cal_count - q.from_count END AS place "
            f"FROM ({spans}) AS q JOIN {CALENDAR} AS c ON c.cal_month = q.month "
            "AND c.cal_day >= q.stopped AND c.cal_day <= q.resumed AND c.cal_day > q.start"
        )
        before = (
            f"SELECT {row}, cal_day, place - ROW_NUMBER() OVER "
            f"(PARTITION BY dep, num, place IS NULL ORDER BY place) AS before FROM ({days}) AS x"
        )
        kinds = self.kinds()
        lengthened = ", ".join(
            f"SUM(CASE WHEN before < days + {more} THEN 1 ELSE 0 END) + days + {more} AS {kind}"
            for kind, more in kinds.items()
        )
        stood = (
            f"SELECT {row}, {lengthened}, MAX(CASE WHEN cal_day = :as_of THEN 1 ELSE 0 END) AS now "
            f"FROM ({before}) AS y GROUP BY {row}"
        )
        columns, joins = "", ""
        for kind in kinds:
            count, number = (f"z.{of} + z.{kind}" for of in ("from_count", "from_number"))
            joins += _at_end(self.versions, kind, count, number)
            end = self.by_version("z.start", [_end(v, kind, "z") for v in self.versions])
            columns += f", {end} AS {n}_{kind}"
        return (
            f"SELECT z.dep AS {n}_dep, z.num AS {n}_num, z.now AS {n}_now{columns} FROM ({stood}) AS z{joins}"
        )

    def last(self, kind: str) -> str:
        """Return the last day of a row, without (``plain``) or with (``long``) an extension."""
        n, end = self.name, f"{self.ends}.{_column(self.entry.id, kind)}"
        return (
            f"CASE WHEN {n}_z.{n}_num IS NULL THEN {end} ELSE {n}_z.{n}_{kind} END"
            if self.entry.stops
            else end
        )

    def columns(self) -> dict[str, str]:
        """Return the columns of a limit."""
        n, entry = self.name, self.entry
        start = _first(entry.starts, "t")
        done_on = f"{n}_e.{n}_end" if entry.elsewhere else _first(entry.ends, "t")
        due, late = self.last("plain"), "FALSE"
        if entry.extended:
            late = f"{self.extended} > {due}"
            due = f"CASE WHEN {self.extended} <= {due} THEN {self.last('long')} ELSE {due} END"
        if entry.until:
            due = f"GREATEST({due}, CASE WHEN {late} THEN {due} ELSE COALESCE(t.{entry.until}, {due}) END)"
        bound = f"({_of(entry.where, 't')})" if entry.where else "TRUE"
        if not entry.ahead:
            bound += f" AND {start} <= :as_of"
        done = f"{bound} AND {done_on} <= :as_of"
        begun, odd = ("", "FALSE") if entry.ahead else (f" AND {done_on} >= {start}", f"{done_on} < {start}")
        return {
            "start": start,
            "due": f"CASE WHEN {bound} THEN {due} END",
            "done": f"CASE WHEN {done}{begun} THEN {done_on} END",
            "odd": f"CASE WHEN {done} AND {odd} THEN {done_on} END",
            "stopped": f"COALESCE({n}_z.{n}_now, 0)" if entry.stops else "0",
            "late": f"CASE WHEN {bound} AND {late} THEN 1 ELSE 0 END",
        }
