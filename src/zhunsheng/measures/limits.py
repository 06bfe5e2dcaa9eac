"""Statutory limits in SQL: for each row of a ledger the day it is due, the day it was done and how it stands,
on any engine.

Working days are counted by a calendar table with a running number of working days, joined once at the start
and once at the end. ``regulations.limits.standing`` says the same of one row in Python.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sqlglot
from sqlglot import exp

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
# What a measure of a limit may name beside its ledger's columns.
FLAGS = ("limit_due", "limit_done")


def beside(limit: str) -> tuple[str, ...]:
    """Return the ledgers that a limit looks something up in."""
    entry = applied()[limit][-1]
    found = (SUSPENSIONS,) if entry.stops else ()
    return (*found, entry.elsewhere.ledger) if entry.elsewhere else found


def join(
    source: exp.Select, limit: str, name: str, values: dict[str, exp.Expression], chosen: str | None
) -> exp.Select:
    """Return a query over a ledger's rows (``t``) with the columns of a limit: ``NAME_start``, ``NAME_due``
    and ``NAME_done`` (days), ``NAME_odd`` (the day of what was done before the clock began: then it counts as
    not done), ``NAME_stopped`` (1 where the clock stands still), ``NAME_late`` (1 where an extension was
    approved when the limit had run out).

    Rows that the limit does not bind have no last day. ``values`` are the literals that parameters stand for;
    what lies behind ``:as_of`` is not known. ``chosen`` is a literal that stands for the departments asked
    for.
    """
    words = _Words(applied()[limit], name, chosen)
    for alias, other, on in words.joins():
        table = exp.to_table(CALENDAR, alias=alias) if other is None else _parsed(other).subquery(alias)
        source = source.join(
            filled(table, values), on=filled(_parsed(on), values), join_type="left", copy=False
        )
    for column, text in words.columns().items():
        source = source.select(exp.alias_(filled(_parsed(text), values), f"{name}_{column}"), copy=False)
    return source


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


@dataclass(frozen=True)
class _Words:
    """The SQL of one limit, in DuckDB's dialect, over rows named ``t``; names of its own begin with
    ``name``.
    """

    versions: tuple[Deadline, ...]
    name: str
    chosen: str | None

    @property
    def entry(self) -> Deadline:
        """The version that says which rows and columns: they are the same for all."""
        return self.versions[-1]

    def among(self, table: str) -> str:
        """Return the condition that a table's rows are of the departments asked for."""
        return "TRUE" if self.chosen is None else f"{table}.{DEPARTMENT} IN ('{self.chosen}')"

    def by_version(self, table: str, said: Sequence[str]) -> str:
        """Return what is said of each version, by the day on which a row of a table starts to run."""
        start, cases = _first(self.entry.starts, table), []
        for entry, text in zip(self.versions, said, strict=True):
            until = f" AND {start} <= DATE '{entry.valid_to}'" if entry.valid_to else ""
            cases.append(f"WHEN {start} >= DATE '{entry.valid_from}'{until} THEN {text}")
        return f"CASE {' '.join(cases)} END"

    def days(self, table: str) -> str:
        """Return how many days a row of a table has, without an extension."""
        return self.by_version(table, [str(v.days) for v in self.versions])

    def stood(self, column: str) -> str:
        """Return by how many suspended days a row's limit is lengthened: without (``k``) or with (``kx``) an
        extension.
        """
        return f"COALESCE({self.name}_z.{self.name}_{column}, 0)" if self.entry.stops else "0"

    @property
    def extended(self) -> str:
        """The day of a row's extension, empty where none is known of yet."""
        return f"CASE WHEN t.{self.entry.extended} <= :as_of THEN t.{self.entry.extended} END"

    @property
    def plain_due(self) -> str:
        """The last day without the extension."""
        return self.by_version("t", [self.end(v, "p", "q") for v in self.versions])

    def joins(self) -> list[tuple[str, str | None, str]]:
        """Return what is joined to ``t``, under which alias and on what: the calendar at the start,
        suspensions, the calendar at the end by working and by calendar days (before at the end without the
        extension, where there may be one), the ledger of the end. None is the calendar.
        """
        n, entry = self.name, self.entry
        found: list[tuple[str, str | None, str]] = [
            (f"{n}_s", None, f"{n}_s.cal_day = {_first(entry.starts, 't')}")
        ]
        days = self.days("t")
        if entry.stops:
            key = ledgers()[entry.ledger or ""].key[0]
            on = f"{n}_z.{n}_dep = t.{DEPARTMENT} AND {n}_z.{n}_num = t.{key}"
            found.append((f"{n}_z", self.suspended(key), on))
        more = f"{days} + {self.stood('k')}"
        if entry.extended:
            found += self.at_end("p", "q", more)
            more = (
                f"{days} + CASE WHEN {self.extended} <= {self.plain_due} "
                f"THEN {entry.extension} + {self.stood('kx')} ELSE {self.stood('k')} END"
            )
        found += self.at_end("w", "d", more)
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

    def at_end(self, works: str, calendar: str, more: str) -> list[tuple[str, str | None, str]]:
        """Return the joins with the calendar ``more`` days behind the start, by the letters of their aliases
        for working days and for calendar days.
        """
        n, found = self.name, list[tuple[str, str | None, str]]()
        if any(v.workdays for v in self.versions):
            found.append((f"{n}_{works}", None, f"{n}_{works}.cal_turn = {n}_s.cal_count + {more}"))
        if not all(v.workdays for v in self.versions):
            found.append((f"{n}_{calendar}", None, f"{n}_{calendar}.cal_number = {n}_s.cal_number + {more}"))
        return found

    def suspended(self, key: str) -> str:
        """Return, for each row with suspensions, how many days they lengthen its limit by without and with an
        extension, and whether one holds ``:as_of``. None goes on behind what was done.

        The i-th suspended day, w counted days behind the start, lengthens the limit if the w - i days before
        it that were not suspended are fewer than the limit's: else the limit ended before it.
        """
        n, entry = self.name, self.entry
        why = ", ".join(f"'{reason}'" for reason in entry.stops)
        works = self.by_version("r", [str(int(v.workdays)) for v in self.versions])
        months = (
            "SELECT cal_month AS month, MIN(cal_day) AS begins, MAX(cal_day) AS ends "
            f"FROM {CALENDAR} GROUP BY cal_month"
        )
        # Months first, days by month: to compare each suspension with each day of the calendar takes minutes;
        # and months by the suspension alone, which they are then joined to before its row is known.
        spans = (
            f"SELECT DISTINCT r.{DEPARTMENT} AS dep, r.{key} AS num, s.cal_day AS start, "
            f"s.cal_count AS from_count, s.cal_number AS from_number, {works} AS works, "
            f"{self.days('r')} AS days, p.stopped_on AS stopped, "
            f"LEAST(COALESCE(p.resumed_on, :as_of), COALESCE({_first(entry.ends, 'r')}, :as_of), :as_of) "
            "AS resumed, m.month AS month "
            f"FROM {entry.ledger} AS r JOIN {SUSPENSIONS} AS p "
            f"ON p.{DEPARTMENT} = r.{DEPARTMENT} AND p.number = r.{key} "
            f"AND p.register = '{ledgers()[entry.ledger or ''].title}' AND p.reason IN ({why}) "
            f"JOIN {CALENDAR} AS s ON s.cal_day = {_first(entry.starts, 'r')} "
            f"JOIN ({months}) AS m ON m.ends >= p.stopped_on "
            "AND m.begins <= LEAST(COALESCE(p.resumed_on, :as_of), :as_of) "
            f"WHERE {self.among('r')}"
        )
        days = (
            "SELECT DISTINCT q.dep AS dep, q.num AS num, c.cal_day AS cal_day, q.days AS days, "
            "CASE WHEN q.works = 0 THEN c.cal_number - q.from_number "
            "WHEN c.cal_turn IS NOT NULL THEN c.cal_count - q.from_count END AS place "
            f"FROM ({spans}) AS q JOIN {CALENDAR} AS c ON c.cal_month = q.month "
            "AND c.cal_day >= q.stopped AND c.cal_day <= q.resumed AND c.cal_day > q.start"
        )
        before = (
            "SELECT dep, num, days, cal_day, place, place - ROW_NUMBER() OVER "
            f"(PARTITION BY dep, num, place IS NULL ORDER BY place) AS before FROM ({days}) AS x"
        )
        return (
            f"SELECT dep AS {n}_dep, num AS {n}_num, "
            f"SUM(CASE WHEN before < days THEN 1 ELSE 0 END) AS {n}_k, "
            f"SUM(CASE WHEN before < days + {entry.extension} THEN 1 ELSE 0 END) AS {n}_kx, "
            f"MAX(CASE WHEN cal_day = :as_of THEN 1 ELSE 0 END) AS {n}_now FROM ({before}) AS y "
            "GROUP BY dep, num"
        )

    def columns(self) -> dict[str, str]:
        """Return the columns of a limit."""
        n, entry = self.name, self.entry
        start = _first(entry.starts, "t")
        ends = f"{n}_e.{n}_end" if entry.elsewhere else _first(entry.ends, "t")
        due = self.by_version("t", [self.end(v, "w", "d") for v in self.versions])
        late = f"{self.extended} > {self.plain_due}" if entry.extended else "FALSE"
        if entry.until:
            due = f"GREATEST({due}, CASE WHEN {late} THEN {due} ELSE COALESCE(t.{entry.until}, {due}) END)"
        bound = f"({_of(entry.where, 't')})" if entry.where else "TRUE"
        if not entry.ahead:
            bound += f" AND {start} <= :as_of"
        done = f"{bound} AND {ends} <= :as_of"
        return {
            "start": start,
            "due": f"CASE WHEN {bound} THEN {due} END",
            "done": f"CASE WHEN {done}{'' if entry.ahead else f' AND {ends} >= {start}'} THEN {ends} END",
            "odd": f"CASE WHEN {done} AND {'FALSE' if entry.ahead else f'{ends} < {start}'} THEN {ends} END",
            "stopped": f"COALESCE({n}_z.{n}_now, 0)" if entry.stops else "0",
            "late": f"CASE WHEN {bound} AND {late} THEN 1 ELSE 0 END",
        }

    def end(self, entry: Deadline, works: str, calendar: str) -> str:
        """Return the column with the last day by a version, of the calendars that ``at_end`` joined."""
        if entry.month_before:
            return f"{self.name}_s.cal_before"
        if entry.workdays:
            return f"{self.name}_{works}.cal_day"
        return f"{self.name}_{calendar}.{'cal_after' if entry.shift else 'cal_day'}"
