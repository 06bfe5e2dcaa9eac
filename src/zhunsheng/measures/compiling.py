"""Turn measures into SQL: one query a ledger for all its measures, by department and project,
in any engine's dialect.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from sqlglot import exp, parse_one

from zhunsheng.evidence import defined
from zhunsheng.evidence.ledgers import DEPARTMENT, LINEAGE, Ledger, Once, ledgers
from zhunsheng.measures import limits
from zhunsheng.measures.definitions import PARAMETERS, UNDIVIDED, Link, Measure, Within, day_of, predicate
from zhunsheng.regulations.dates import fixed_day

PROJECT = "project"
PROJECT_CODE = "project_code"
_PROJECT = (
    "_project"  # what rows of a project are gathered under: its code, or its name where a row has no code
)
# What a joined link, and the columns of a joined limit, are called in a query.
_LINK = re.compile(r"link\d+|limit\d+_\w+")
NTH = "_nth"  # a row's number among those that say the same again, 1 for the last
_BITS = 30  # conditions that one column of bits holds
_AGGREGATES: dict[str, Callable[..., exp.Expr]] = {
    "count": exp.Count,
    "sum": exp.Sum,
    "max": exp.Max,
    "median": exp.Median,
    "distinct": exp.Count,
}
CHOSEN = "@departments"  # stands in a kept query for the departments asked for


@dataclass(frozen=True)
class Query:
    """What a query over one ledger asks: columns department, project, whole (1 = department total), rows_
    (how many rows), then n_, d_ for each measure; parameters as ``STAND_INS``.
    """

    ledger: str
    measures: tuple[Measure, ...]


def parameter_days(year: int, today: date, ahead: bool = False) -> dict[str, date]:
    """Return the days that predicates' parameters stand for; ``as_of`` is ``today`` cut to the year's end, or
    the year's end itself with ``ahead``.

    Raises ``ZS-RG-02`` for a year without rules.
    """
    return {
        "year_start": date(year, 1, 1),
        "year_end": date(year, 12, 31),
        "as_of": date(year, 12, 31) if ahead else min(today, date(year, 12, 31)),
        "today": today,
        "report_deadline": fixed_day("annual-report-due", year),
        "budget_from": fixed_day("budget-approved-after", year),
        "last_year_end": date(year - 1, 12, 31),
        "two_years": _two_years_before(date(year, 12, 31) if ahead else min(today, date(year, 12, 31))),
    }


def _two_years_before(day: date) -> date:
    """Return the first of the two years that end with a day."""
    same = (
        date(day.year - 2, day.month, 28)
        if (day.month, day.day) == (2, 29)
        else day.replace(year=day.year - 2)
    )
    return same + timedelta(1)


def parameters(year: int, today: date) -> dict[str, exp.Expression]:
    """Return the literals that predicates' parameters stand for. Raises as ``parameter_days``."""
    days = parameter_days(year, today)
    return {name: _day_literal(day.isoformat()) for name, day in days.items()} | {
        "year": exp.Literal.number(year)
    }


def _day_literal(text: str) -> exp.Expression:
    return exp.cast(exp.Literal.string(text), "date")


# What stands in a kept query for the parameters' values, which another day changes.
STAND_INS: dict[str, exp.Expression] = {
    name: exp.Literal.number("@year") if name == "year" else _day_literal(f"@{name}") for name in PARAMETERS
}


def at(text: str, year: int, today: date, ahead: bool = False) -> str:
    """Return a query made with ``STAND_INS`` as it is asked for a year and day."""
    for name, day in parameter_days(year, today, ahead).items():
        text = text.replace(f"'@{name}'", f"'{day.isoformat()}'")
    return text.replace("@year", str(year))


def texts(
    measures: Sequence[Measure],
    year: int,
    today: date,
    by: str | None,
    departments: Collection[str] | None,
    dialect: str,
) -> list[tuple[Query, str]]:
    """Return one query a ledger with its SQL in a dialect, for all departments or those of given codes.

    ``by`` names a drill-down column to group by in place of the project.
    """
    found = [
        (query, at(text, year, today))
        for query, text in _texts(tuple(measures), by, departments is not None, dialect)
    ]
    if departments is None:
        return found
    return [(query, put_in(text, departments, dialect)) for query, text in found]


def put_in(text: str, departments: Collection[str], dialect: str) -> str:
    """Return a query kept for ``CHOSEN`` departments as it is asked for those of given codes."""
    # No department at all gives no rows: a literal that is no code stands in for the empty list.
    chosen = ", ".join(exp.Literal.string(d).sql(dialect=dialect) for d in departments) or "NULL"
    return text.replace(f"'{CHOSEN}'", chosen)


@defined.cached
def _texts(
    measures: tuple[Measure, ...], by: str | None, narrowed: bool, dialect: str
) -> tuple[tuple[Query, str], ...]:
    found: dict[tuple[str, bool], list[Measure]] = {}
    for measure in measures:
        found.setdefault((measure.ledger, measure.kind in UNDIVIDED), []).append(measure)
    made = []
    for (name, undivided), group in found.items():
        compiled = (_undivided if undivided else _compile)(ledgers()[name], group, by, narrowed)
        # Its tree is nobody else's: to copy it takes as long as to write it.
        made.append((Query(name, tuple(group)), compiled.sql(dialect, copy=False)))
    return tuple(made)


def _compile(ledger: Ledger, measures: Sequence[Measure], by: str | None, narrowed: bool) -> exp.Select:
    """Return the query of measures over one ledger, in two steps.

    The first counts and adds up rows that are alike to all measures: of one department and project, with the
    same conditions true. What no link decides is settled before ledgers are joined, so that the join carries
    one number a row. The second reads every figure off these few counts.
    """
    values, group = STAND_INS, _group(ledger, by)
    figures = [(m, _figures(m, ledger, values, _named(measures)[m.id])) for m in measures]
    packed = _Packed()
    told = [(m.id, _of_alike(one, packed), _of_alike(other, packed)) for m, (one, other) in figures]
    names = [DEPARTMENT, *([group] if group else []), *packed.columns()]
    columns = [exp.column(name) for name in names]
    made = {f.called: f for _, pair in figures for f in pair if f.of is not None}
    alike = exp.select(
        *columns,
        exp.alias_(exp.Count(this=exp.Star()), "_rows"),
        *(exp.alias_(_AGGREGATES[f.how](this=f.value), name) for name, f in sorted(made.items())),
        copy=False,
    )
    source = _source(ledger, measures, values, narrowed, packed.before)
    alike = alike.from_(packed.after(source), copy=False).group_by(
        *(exp.column(name) for name in names), copy=False
    )
    rows = exp.Sum(this=exp.column("_rows"))
    return _by_project(alike.subquery("alike", copy=False), group, rows, told)


def _group(ledger: Ledger, by: str | None) -> str | None:
    return by or (_PROJECT if ledger.by_project else None)


def _undivided(ledger: Ledger, measures: Sequence[Measure], by: str | None, narrowed: bool) -> exp.Select:
    """Return the query of measures that are no sum of parts: every figure is asked of the rows themselves."""
    names = _named(measures)
    told = []
    for measure in measures:
        above, below = _figures(measure, ledger, STAND_INS, names[measure.id])
        told.append((measure.id, _of_rows(above), _of_rows(below)))
    source = _source(ledger, measures, STAND_INS, narrowed)
    return _by_project(source, _group(ledger, by), exp.Count(this=exp.Star()), told)


def _by_project(
    source: exp.Expr,
    group: str | None,
    rows: exp.Expr,
    told: Sequence[tuple[str, exp.Expr, exp.Expr]],
) -> exp.Select:
    """Return the query that tells figures of a source by department, and with a ``group`` by it as well."""
    project: exp.Expr = exp.column(group) if group else exp.Null()
    whole: exp.Expr = exp.Grouping(expressions=[exp.column(group)]) if group else exp.Literal.number(1)
    select = exp.select(
        exp.column(DEPARTMENT),
        exp.alias_(project, PROJECT, copy=False),
        exp.alias_(whole, "whole", copy=False),
        exp.alias_(rows, "rows_"),
        *(
            exp.alias_(figure, f"{letter}_{name}", copy=False)
            for name, *pair in told
            for letter, figure in zip("nd", pair, strict=True)
        ),
        copy=False,
    ).from_(source, copy=False)
    if group:
        # Totals come from the same pass, since latest days can't be added up.
        sets = exp.GroupingSets(
            expressions=[
                exp.Tuple(expressions=[exp.column(DEPARTMENT)]),
                exp.Tuple(expressions=[exp.column(DEPARTMENT), exp.column(group)]),
            ]
        )
        select.set("group", exp.Group(grouping_sets=[sets]))
    else:
        select = select.group_by(exp.column(DEPARTMENT), copy=False)
    return select


class _Packed:
    """Conditions of measures as bits of whole numbers, one number for so many of them: of ``_before``, which
    rows of the ledger settle alone, and of ``_after``, which need what the rows are linked to.
    """

    def __init__(self) -> None:
        self._conditions: dict[str, dict[str, exp.Expr]] = {"_before": {}, "_after": {}}

    def test(self, wheres: Sequence[exp.Expr]) -> exp.Expr:
        """Return the test of the bits that stand for conditions, all of which hold."""
        masks: dict[str, int] = {}
        for where in wheres:
            parts: dict[str, list[exp.Expr]] = {"_before": [], "_after": []}
            for condition in _conjuncts(where):
                parts["_after" if _linked(condition) else "_before"].append(condition)
            for kind, conditions in parts.items():
                if not conditions:
                    continue
                known, both = self._conditions[kind], exp.and_(*conditions, copy=False)
                words = both.sql(copy=False)
                known.setdefault(words, both)
                column, bit = divmod(list(known).index(words), _BITS)
                name = f"{kind}{column}"
                masks[name] = masks.get(name, 0) | 1 << bit
        tests = []
        for name, mask in masks.items():
            bits = exp.BitwiseAnd(this=exp.column(name), expression=exp.Literal.number(mask))
            tests.append(exp.EQ(this=exp.Paren(this=bits), expression=exp.Literal.number(mask)))
        return exp.and_(*tests, copy=False)

    def columns(self) -> list[str]:
        """Return the names of the columns that hold the bits."""
        return [
            f"{kind}{n}" for kind, known in self._conditions.items() for n in range(-(-len(known) // _BITS))
        ]

    def before(self, select: exp.Select) -> exp.Select:
        """Add the columns that are settled before anything is joined."""
        return self._put(select, "_before")

    def after(self, source: exp.Expr) -> exp.Expr:
        """Return a source with the columns that need what its rows are linked to."""
        if not self._conditions["_after"]:
            return source
        selected = exp.select("*").from_(source, copy=False)
        return self._put(selected, "_after").subquery("linked", copy=False)

    def _put(self, select: exp.Select, kind: str) -> exp.Select:
        found = list(self._conditions[kind].values())
        for first in range(0, len(found), _BITS):
            bits = [
                exp.Case(
                    ifs=[exp.If(this=c.copy(), true=exp.Literal.number(1 << n))],
                    default=exp.Literal.number(0),
                )
                for n, c in enumerate(found[first : first + _BITS])
            ]
            total: exp.Expr = bits[0]
            for bit in bits[1:]:
                total = exp.Add(this=total, expression=bit)
            select = select.select(exp.alias_(total, f"{kind}{first // _BITS}", copy=False), copy=False)
        return select


def _linked(condition: exp.Expr) -> bool:
    """Return whether a condition needs what the rows are linked to."""
    return any(_LINK.fullmatch(c.name) for c in condition.find_all(exp.Column))


def _conjuncts(where: exp.Expr) -> list[exp.Expr]:
    inner = where.unnest()
    if isinstance(inner, exp.And):
        return [*_conjuncts(inner.this), *_conjuncts(inner.expression)]
    return [inner if inner is where else where]


def _chosen(column: exp.Expression) -> exp.Expression:
    return exp.In(this=column, expressions=[exp.Literal.string(CHOSEN)])


def _named(measures: Sequence[Measure]) -> dict[str, dict[str, str]]:
    """Return, by measure, the name that each of its links has in a query of them all: the same words have the
    same name.
    """
    names: dict[tuple[object, ...], str] = {}
    found: dict[str, dict[str, str]] = {}
    for measure in measures:
        own = found.setdefault(measure.id, {})
        for link in measure.links:
            said = (link.ledger, link.keys, link.where, link.count, link.first)
            own[link.as_] = names.setdefault(said, f"link{len(names)}")
        if measure.limit is not None:
            name = _limits(measures)[measure.limit]
            own |= {flag: f"{name}{flag.removeprefix('limit')}" for flag in limits.FLAGS}
        if measure.within is not None:
            name = _days(measures)[measure.within]
            own |= {flag: f"{name}{flag.removeprefix('limit')}" for flag in limits.FLAGS}
    return found


def _days(measures: Sequence[Measure]) -> dict[Within, str]:
    """Return how the columns of each limit in days of some measures' own begin in a query of them all."""
    known = dict.fromkeys(measure.within for measure in measures if measure.within is not None)
    return {within: f"limit{n}" for n, within in enumerate(known, start=len(_limits(measures)))}


def _limits(measures: Sequence[Measure]) -> dict[str, str]:
    """Return how the columns of each limit of some measures begin in a query of them all."""
    names = dict.fromkeys(measure.limit for measure in measures if measure.limit is not None)
    return {limit: f"limit{n}" for n, limit in enumerate(names)}


def _source(
    ledger: Ledger,
    measures: Sequence[Measure],
    values: dict[str, exp.Expression],
    narrowed: bool = False,
    settled: Callable[[exp.Select], exp.Select] | None = None,
    *,
    again: bool = False,
) -> exp.Expression:
    """Return the ledger joined with what its measures link to, once each other ledger and key; ``settled``
    adds columns to its rows before. Of rows that say again what others said the last is there; ``again`` has
    them all, numbered from the last (``NTH``).
    """
    names = _named(measures)
    joined: dict[tuple[str, tuple[str, ...]], dict[str, _Linked]] = {}
    own = exp.select("t.*").from_(exp.alias_(_numbered(ledger), "t") if ledger.once else _table(ledger))
    if ledger.once and not again:
        own = own.where(exp.EQ(this=exp.column(NTH, "t"), expression=exp.Literal.number(1)), copy=False)
    if ledger.by_project:
        project = exp.column(PROJECT, "t")
        named = exp.Coalesce(this=exp.column(PROJECT_CODE, "t"), expressions=[project])
        own = own.select(exp.alias_(named, _PROJECT, copy=False), copy=False)
    if narrowed:
        own = own.where(_chosen(exp.column(DEPARTMENT, "t")), copy=False)
    source = exp.select("t.*").from_((settled(own) if settled else own).subquery("t", copy=False), copy=False)
    for measure in measures:
        for link in measure.links:
            words = predicate(measure, link.where, ledgers()[link.ledger], set())
            flags = joined.setdefault((link.ledger, link.keys), {})
            flags[names[measure.id][link.as_]] = _Linked(_fill(words, values, {}), link)
    for n, ((other, keys), flags) in enumerate(joined.items()):
        source = _join(source, ledgers()[other], keys, flags, f"linked{n}", narrowed)
    source = limits.join(source, _limits(measures), values, CHOSEN if narrowed else None)
    for own_days, name in _days(measures).items():
        source = limits.join_days(
            source, name, own_days.from_, own_days.to, own_days.days, own_days.workdays, values["as_of"]
        )
    return source.subquery("rows", copy=False)


def _table(ledger: Ledger) -> exp.Expr:
    return exp.alias_(exp.to_table(ledger.id), "t")


def _numbered(ledger: Ledger) -> exp.Expr:
    """Return a ledger's rows with their number among those that say the same again, 1 for the last; a row
    that does not say who it is of is none of them.
    """
    once = ledger.once
    assert once is not None
    order = [
        exp.Ordered(this=exp.EQ(this=exp.column(name), expression=exp.Literal.string(value)))
        for name, value in once.nothing.items()
    ]
    order += [exp.Ordered(this=exp.column(name), desc=True) for name in (*once.last, "_batch", "_row")]
    own_year = exp.Year(this=exp.column(once.last[0]))  # what was said in another year takes nothing away
    number = exp.Window(
        this=exp.RowNumber(),
        partition_by=[
            exp.column(DEPARTMENT),
            _who(once),
            *(exp.column(name) for name in once.by),
            own_year,
        ],
        order=exp.Order(expressions=order),
    )
    nobody = exp.Is(this=exp.paren(_who(once)), expression=exp.Null())
    nth = exp.Case().when(nobody, exp.Literal.number(1)).else_(number)
    return exp.select("*", exp.alias_(nth, NTH)).from_(exp.to_table(ledger.id)).subquery()


def _who(once: Once) -> exp.Expr:
    """Return who a row is of, None for nobody."""
    return parse_one(once.named, dialect="duckdb")


@dataclass(frozen=True)
class _Linked:
    """What a link makes of the rows that meet its condition: whether there is one, how many there are, or
    the earliest day of a column.
    """

    where: exp.Expr
    link: Link

    @property
    def plain(self) -> bool:
        return not self.link.count and self.link.first is None

    def gathered(self) -> exp.Expr:
        """Return it as it is made of several rows."""
        if self.link.count:
            one = exp.Case().when(self.where.copy(), exp.Literal.number(1)).else_(exp.Literal.number(0))
            return exp.Sum(this=one)
        if self.link.first is not None:
            return exp.Min(this=exp.Case().when(self.where.copy(), exp.column(self.link.first)))
        return exp.LogicalOr(this=self.where.copy())

    def said(self, column: exp.Expr) -> exp.Expr:
        """Return it as it is of a row without partner: false or nought, not unknown; of a day unknown."""
        if self.link.first is not None:
            return column
        nothing = exp.Literal.number(0) if self.link.count else exp.false()
        return exp.Coalesce(this=column, expressions=[nothing])


def _join(
    source: exp.Select,
    other: Ledger,
    keys: Sequence[str],
    flags: dict[str, _Linked],
    name: str,
    narrowed: bool,
) -> exp.Select:
    """Join a ledger by keys, with a flag for each condition that one of its rows may meet."""
    both = [DEPARTMENT, *keys]
    wheres = [linked.where for linked in flags.values()]
    alone = len(flags) == 1 and next(iter(flags.values())).plain
    chosen = exp.select(*both).from_(other.id, copy=False).where(exp.or_(*wheres), copy=False)
    if narrowed:
        chosen = chosen.where(_chosen(exp.column(DEPARTMENT)), copy=False)
    # The store keeps a ledger's key unique, so rows that the link tells apart by the whole key can't come
    # twice.
    fixed = _fixed(wheres[0]) if alone else set()
    if alone:
        chosen = chosen.select(exp.alias_(exp.true(), next(iter(flags))), copy=False)
    else:
        for flag, linked in flags.items():
            chosen = chosen.select(exp.alias_(linked.gathered(), flag, copy=False), copy=False)
        chosen = chosen.group_by(*both, copy=False)
    if alone and not set(other.key) <= {*keys, *fixed}:
        chosen = chosen.distinct(copy=False)
    on = exp.and_(*(exp.EQ(this=exp.column(k, "t"), expression=exp.column(k, name)) for k in both))
    for flag, linked in flags.items():
        said = linked.said(exp.column(flag, name))
        source = source.select(exp.alias_(said, flag, copy=False), copy=False)
    return source.join(chosen.subquery(name, copy=False), on=on, join_type="left", copy=False)


def _fixed(where: exp.Expr) -> set[str]:
    """Return the columns that a condition fixes to one value: those set equal to
    something without columns.
    """
    conditions = where.unnest().flatten() if isinstance(where.unnest(), exp.And) else [where.unnest()]
    return {
        c.this.name
        for c in conditions
        if isinstance(c, exp.EQ) and isinstance(c.this, exp.Column) and not c.expression.find(exp.Column)
    }


@dataclass(frozen=True)
class _Figure:
    """What is made of rows that meet some conditions: their number, or the sum, the latest, the median (in
    hundredths) or the number of different values of a column (or expression); ``known`` where nothing to sum
    is nought.
    """

    how: Literal["count", "sum", "max", "median", "distinct"]
    wheres: tuple[exp.Expr, ...]
    of: exp.Expr | None = None
    known: bool = False

    @property
    def value(self) -> exp.Expr:
        if self.of is None:
            return exp.Star()
        if self.how == "distinct":
            return exp.Distinct(expressions=[self.of.copy()])
        if self.how == "median":
            # Engines tell a median as a double: exact of whole hundredths, up to the largest amount there is.
            return exp.cast(exp.Mul(this=self.of.copy(), expression=exp.Literal.number(100)), "bigint")
        return self.of.copy()

    @property
    def called(self) -> str:
        """The name of what rows that are alike came to."""
        of = self.of
        if isinstance(of, exp.Column):
            return f"_{self.how}_{of.name}"
        return f"_{self.how}_{hashlib.sha256(of.sql().encode()).hexdigest()[:12] if of else ''}"

    def told(self, figure: exp.Expr) -> exp.Expr:
        if not self.known:
            return figure
        return exp.Coalesce(this=figure, expressions=[exp.Literal.number(0)])


def _figures(
    measure: Measure, ledger: Ledger, values: dict[str, exp.Expression], flags: dict[str, str]
) -> tuple[_Figure, _Figure]:
    """Return numerator and denominator; the denominator of a plain count or sum is the number of rows it
    rests on. ``flags`` gives the names of the joined links by those of the measure's own.
    """
    population = _fill(predicate(measure, measure.population, ledger, set(flags)), values, flags)
    rows = _Figure("count", (population,))
    if measure.kind == "ratio":
        hits = _fill(predicate(measure, measure.hits or "", ledger, set(flags)), values, flags)
        if measure.of is None or measure.per is None:
            return _Figure("count", (population, hits)), rows
        part, whole = (_value_of(measure, text, ledger, values, flags) for text in (measure.of, measure.per))
        above = _Figure("sum", (population, hits), part, known=True)
        return above, _Figure("sum", (population,), whole, known=True)
    if measure.kind == "count":
        return rows, rows
    column = _value_of(measure, measure.of or "", ledger, values, flags)
    if measure.kind == "date":
        # A date counts only once every row of the population has one by today; the denominator tells how many
        # lack it.
        undone = exp.or_(
            exp.Is(this=column.copy(), expression=exp.Null()),
            exp.GT(this=column.copy(), expression=values["today"].copy()),
        )
        return _Figure("max", (population,), column), _Figure("count", (population, undone))
    filled = population, exp.Not(this=exp.Is(this=column.copy(), expression=exp.Null()))
    how: Literal["sum", "median", "distinct"] = (
        "median" if measure.kind == "median" else "distinct" if measure.kind == "distinct" else "sum"
    )
    return _Figure(how, filled, column), _Figure("count", filled)


def _value_of(
    measure: Measure, text: str, ledger: Ledger, values: dict[str, exp.Expression], flags: dict[str, str]
) -> exp.Expr:
    """Return what is summed or dated of a row: a column, or an expression of some."""
    return _fill(predicate(measure, text, ledger, set(flags)), values, flags).unnest()


def _of_rows(figure: _Figure) -> exp.Expr:
    """Return a figure as it is made of rows."""
    return figure.told(_filter(_AGGREGATES[figure.how](this=figure.value), exp.and_(*figure.wheres)))


def _of_alike(figure: _Figure, packed: _Packed) -> exp.Expr:
    """Return a figure as it is made of what rows that are alike came to."""
    test = packed.test(figure.wheres)
    if figure.of is not None:
        again = exp.column(figure.called)
        return figure.told(_filter(_AGGREGATES[figure.how](this=again), test))
    counted = _filter(exp.Sum(this=exp.column("_rows")), test)
    return exp.Coalesce(this=counted, expressions=[exp.Literal.number(0)])


def _filter(aggregate: exp.Expr, where: exp.Expr) -> exp.Expression:
    return exp.Filter(this=aggregate, expression=exp.Where(this=where))


def _fill(tree: exp.Expr, values: dict[str, exp.Expression], flags: dict[str, str]) -> exp.Expression:
    """Put literals in place of parameters and the joined flags' names in place of the measure's own."""

    def replace(node: exp.Expression) -> exp.Expression:
        if isinstance(node, exp.Placeholder):
            return values[node.name].copy()
        if isinstance(node, exp.Column) and node.name in flags:
            return exp.column(flags[node.name])
        return node

    filled = tree.copy().transform(replace)
    return filled if isinstance(filled, exp.Paren) else exp.Paren(this=filled)


def days_of(measure: Measure, condition: str, ledger: Ledger) -> tuple[str, ...]:
    """Return the date columns of a ledger by which a condition places its rows in the year;
    all of them where it names none.

    A row of last year's that was dealt with in January says nothing of what came in this year.
    """
    named = {c.name for c in predicate(measure, condition, ledger, set(measure.flags)).find_all(exp.Column)}
    days = [c.name for c in ledger.columns if c.sql_type == "DATE"]
    return tuple(day for day in days if day in named) or tuple(days)


def speaking_text(
    ledger: Ledger, year: int, days: Sequence[tuple[str, ...]], departments: Collection[str], dialect: str
) -> str:
    """Return the SQL that says of some departments whether a ledger has any row of a year,
    by each of some groups of date columns.

    One row a department that has rows: its code, how many rows it has, then how many of the year by each
    group; a group without columns asks for any row.
    """
    first, last = (exp.cast(exp.Literal.string(f"{year}-{day}"), "date") for day in ("01-01", "12-31"))
    rows = exp.alias_(exp.to_table(ledger.id), "t")
    select = exp.select(DEPARTMENT, exp.alias_(exp.Count(this=exp.Star()), "rows_"))
    select = select.from_(rows).where(_chosen(exp.column(DEPARTMENT)))
    for n, group in enumerate(days):
        within = [exp.Between(this=exp.column(d), low=first.copy(), high=last.copy()) for d in group]
        said = exp.Case().when(exp.or_(*within) if within else exp.true(), exp.Literal.number(1))
        select = select.select(exp.alias_(exp.Sum(this=said.else_(exp.Literal.number(0))), f"said{n}"))
    return put_in(select.group_by(exp.column(DEPARTMENT)).sql(dialect=dialect), departments, dialect)


def people_text(
    measure: Measure, year: int, today: date, departments: Collection[str] | None, dialect: str
) -> str:
    """Return the SQL that says who stands behind a measure of a ledger with ``once``: department, project,
    whole (1 = department total), how many rows, how many count, of how many people, on how many questions.

    People are told apart by the ledger's column for it within its batch, else by the number of their answer.
    """
    ledger, once = ledgers()[measure.ledger], ledgers()[measure.ledger].once
    assert once is not None
    values = parameters(year, today)
    source = _source(ledger, [measure], values, narrowed=departments is not None, again=True)
    population = _fill(predicate(measure, measure.population, ledger, set()), values, {})
    counts = exp.EQ(this=exp.column(NTH), expression=exp.Literal.number(1))
    batch, question = once.by[:2]
    named = exp.Coalesce(this=_who(once), expressions=[exp.column(ledger.key[0])])
    person = exp.DPipe(
        this=exp.DPipe(this=exp.column(batch), expression=exp.Literal.string("\x1f")), expression=named
    )

    def distinct(of: exp.Expr) -> exp.Expr:
        return _filter(exp.Count(this=exp.Distinct(expressions=[of])), counts.copy())

    sets = [[exp.column(DEPARTMENT)], [exp.column(DEPARTMENT), exp.column(_PROJECT)]]
    select = exp.select(
        exp.column(DEPARTMENT),
        exp.column(_PROJECT),
        exp.Grouping(expressions=[exp.column(_PROJECT)]),
        exp.Count(this=exp.Star()),
        _filter(exp.Count(this=exp.Star()), counts.copy()),
        distinct(person),
        distinct(exp.column(question)),
    )
    select = select.from_(source).where(population)
    grouping = exp.GroupingSets(expressions=[exp.Tuple(expressions=columns) for columns in sets])
    select.set("group", exp.Group(grouping_sets=[grouping]))
    text = select.sql(dialect=dialect)
    return text if departments is None else put_in(text, departments, dialect)


def course_texts(
    measures: Sequence[Measure],
    year: int,
    today: date,
    departments: Collection[str],
    dialect: str,
    *,
    ahead: bool = False,
) -> list[tuple[tuple[Measure, ...], str]]:
    """Return the queries of how measures came through a year day by day, with the measures of each: those of
    one ledger by one date column together; with ``ahead`` also on the days to come, as they are known on the
    day. Measures that name no such day are left out.

    Columns: department, project, day, how many rows there are, then numerator and denominator for each.
    """
    found = _course_texts(tuple(m for m in measures if m.accrual.day), dialect)
    return [(group, put_in(at(text, year, today, ahead), departments, dialect)) for group, text in found]


@defined.cached
def _course_texts(measures: tuple[Measure, ...], dialect: str) -> tuple[tuple[tuple[Measure, ...], str], ...]:
    alike: dict[tuple[str, Link | None, str], list[Measure]] = {}
    for measure in measures:
        link, column = day_of(measure)
        # What a link is called in one measure or the other says nothing of its rows.
        named = link.model_copy(update={"as_": ""}) if link else None
        alike.setdefault((measure.ledger, named, column), []).append(measure)
    return tuple(
        (tuple(group), _course(ledgers()[ledger], tuple(group), link, day).sql(dialect=dialect))
        for (ledger, link, day), group in alike.items()
    )


def _course(ledger: Ledger, measures: tuple[Measure, ...], link: Link | None, day: str) -> exp.Select:
    """Return the query of measures over one ledger by a date column of it, or by the first day on which a
    link's rows let it count.
    """
    source, on = _source(ledger, measures, STAND_INS, narrowed=True), exp.column(day, "rows")
    joined = exp.select("rows.*").from_(source)
    if link is not None:
        both, other = [DEPARTMENT, *link.keys], ledgers()[link.ledger]
        where = _fill(predicate(measures[0], link.where, other, set()), STAND_INS, {})
        first = exp.select(*both, exp.alias_(exp.Min(this=exp.column(day)), "_first")).from_(other.id)
        first = first.where(where, _chosen(exp.column(DEPARTMENT))).group_by(*both)
        alike = (exp.EQ(this=exp.column(k, "rows"), expression=exp.column(k, "first")) for k in both)
        joined = joined.join(first.subquery("first"), on=exp.and_(*alike), join_type="left")
        on = exp.column("_first", "first")
    rows = joined.select(exp.alias_(on, "_day")).subquery("rows")
    project = exp.column(_PROJECT) if ledger.by_project else exp.Null()
    by = [exp.column(DEPARTMENT), *([exp.column(_PROJECT)] if ledger.by_project else []), exp.column("_day")]
    select = exp.select(exp.column(DEPARTMENT), exp.alias_(project, PROJECT), exp.column("_day"))
    select = select.select(exp.alias_(exp.Count(this=exp.Star()), "rows_"))
    names = _named(measures)
    for measure in measures:
        above, below = _figures(measure, ledger, STAND_INS, names[measure.id])
        select = select.select(exp.alias_(_of_rows(above), f"n_{measure.id}"))
        select = select.select(exp.alias_(_of_rows(below), f"d_{measure.id}"))
    return select.from_(rows).group_by(*by)


@dataclass(frozen=True)
class Rows:
    """Which of a measure's rows are listed, and how: ``limit`` at most (None: all),
    personal columns masked or as they are.

    ``only`` True lists the rows that count, False the others; ``department`` (a code) and ``projects``
    (codes, or names where rows have no code: what readings are keyed by) narrow the list.
    """

    limit: int | None = 1000
    only: bool | None = None
    department: str | None = None
    projects: Collection[str] | None = None
    personal: bool = False


@dataclass(frozen=True)
class Among:
    """The first rows of a measure's population among which some are looked for: at most so many, with
    ``begins`` (a batch and a sheet, the first of the ledger) of the first rows of that file alone.
    """

    rows: int
    begins: tuple[int, str | None] | None = None


FILE_ROWS = 20_000  # first rows of a file: what lies behind them is not read


def beginning_query(measure: Measure, rows: Rows) -> exp.Select:
    """Return the query of the batch and the sheet from which the first row of a measure's ledger is."""
    first = exp.select("_batch", "_sheet").from_(measure.ledger).order_by("_batch", "_sheet").limit(1)
    return first.where(_of_department(rows.department)) if rows.department is not None else first


def rows_query(
    measure: Measure, year: int, today: date, rows: Rows, among: Among | None = None
) -> exp.Select:
    """Return the query that lists a measure's rows: the ledger's columns, whether each is a hit,
    and its lineage. With ``among`` they are looked for among these first rows of the population, before
    these are looked up in other ledgers.
    """
    ledger = ledgers()[measure.ledger]
    values = parameters(year, today)
    joined = _named([measure])[measure.id]
    population = _fill(predicate(measure, measure.population, ledger, set(joined)), values, joined)

    def first(own: exp.Select) -> exp.Select:
        settled = [c for c in _conjuncts(population) if not _linked(c)]
        if rows.department is not None:
            settled.append(_of_department(rows.department))
        assert among
        if among.begins:
            batch, sheet = among.begins
            said = exp.Null() if sheet is None else exp.Literal.string(sheet)
            settled.append(exp.EQ(this=exp.column("_batch"), expression=exp.Literal.number(batch)))
            settled.append(exp.NullSafeEQ(this=exp.column("_sheet"), expression=said))
            settled.append(exp.LTE(this=exp.column("_row"), expression=exp.Literal.number(FILE_ROWS)))
        few = exp.select(*LINEAGE).from_(ledger.id).where(*(c.copy() for c in settled))
        few = few.order_by("_batch", "_sheet", "_row").limit(among.rows)
        same = (
            exp.NullSafeEQ(this=exp.column(name, "t"), expression=exp.column(name, "few"))
            if name == "_sheet"
            else exp.EQ(this=exp.column(name, "t"), expression=exp.column(name, "few"))
            for name in LINEAGE
        )
        # Which they are is told by narrow columns; of the others no more is read than where these rows stand.
        return own.where(exp.Exists(this=exp.select("1").from_(few.subquery("few")).where(*same)))

    source = _source(ledger, [measure], values, settled=first if among is not None else None)
    hit: exp.Expression = exp.true()
    if measure.hits:
        hit = exp.Coalesce(
            this=_fill(predicate(measure, measure.hits, ledger, set(joined)), values, joined),
            expressions=[exp.false()],
        )
    columns = [DEPARTMENT, *(c.name for c in ledger.columns), "_batch", "_row", "_sheet"]
    select = exp.select(*columns, exp.alias_(hit, "_hit"), copy=False).from_(source, copy=False)
    select = select.where(population, copy=False)
    if rows.department is not None:
        select = select.where(_of_department(rows.department), copy=False)
    if rows.projects is not None:
        # A ledger without projects has no rows of one.
        listed: list[exp.Expression] = [exp.Literal.string(p) for p in sorted(rows.projects)] or [exp.Null()]
        own = exp.In(this=exp.column(_PROJECT), expressions=listed)
        select = select.where(own if ledger.by_project else exp.false(), copy=False)
    if rows.only is not None:
        select = select.where(hit.copy() if rows.only else exp.Not(this=hit.copy()), copy=False)
    select = select.order_by("_batch", "_sheet", "_row", copy=False)
    return select.limit(rows.limit, copy=False) if rows.limit is not None else select


def _of_department(code: str) -> exp.Expr:
    return exp.EQ(this=exp.column(DEPARTMENT), expression=exp.Literal.string(code))
