"""Turn measures into SQL: one query a ledger for all its measures, by department and project,
in any engine's dialect.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from sqlglot import exp

from zhunsheng.evidence.ledgers import DEPARTMENT, Ledger, ledgers
from zhunsheng.measures import limits
from zhunsheng.measures.definitions import PARAMETERS, Link, Measure, predicate
from zhunsheng.regulations.dates import fixed_day

PROJECT = "project"
PROJECT_CODE = "project_code"
_PROJECT = (
    "_project"  # what rows of a project are gathered under: its code, or its name where a row has no code
)
CHOSEN = "@departments"  # stands in a kept query for the departments asked for


@dataclass(frozen=True)
class Query:
    """A query over one ledger: columns department, project, whole (1 = department total), then n_,
    d_ for each measure; parameters as ``STAND_INS``.
    """

    ledger: str
    measures: tuple[Measure, ...]
    sql: exp.Select

    def text(self, dialect: str) -> str:
        """Return the SQL in a dialect of sqlglot (duckdb, spark)."""
        return self.sql.sql(dialect=dialect)


def parameter_days(year: int, today: date) -> dict[str, date]:
    """Return the days that predicates' parameters stand for; ``as_of`` is ``today`` cut to the year's end.

    Raises ``ZS-RG-02`` for a year without rules.
    """
    return {
        "year_start": date(year, 1, 1),
        "year_end": date(year, 12, 31),
        "as_of": min(today, date(year, 12, 31)),
        "today": today,
        "report_deadline": fixed_day("annual-report-due", year),
        "budget_from": fixed_day("budget-approved-after", year),
    }


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


def at(text: str, year: int, today: date) -> str:
    """Return a query made with ``STAND_INS`` as it is asked for a year and day."""
    for name, day in parameter_days(year, today).items():
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


@lru_cache(maxsize=256)
def _texts(
    measures: tuple[Measure, ...], by: str | None, narrowed: bool, dialect: str
) -> tuple[tuple[Query, str], ...]:
    found: dict[str, list[Measure]] = {}
    for measure in measures:
        found.setdefault(measure.ledger, []).append(measure)
    queries = [_compile(ledgers()[name], tuple(group), by, narrowed) for name, group in found.items()]
    return tuple((query, query.text(dialect)) for query in queries)


def _compile(ledger: Ledger, measures: tuple[Measure, ...], by: str | None, narrowed: bool) -> Query:
    values = STAND_INS
    group = by or (_PROJECT if ledger.by_project else None)
    source, flags = _source(ledger, measures, values, narrowed)
    select = exp.select(exp.column(DEPARTMENT))
    if group:
        select = select.select(
            exp.alias_(exp.column(group), PROJECT),
            exp.alias_(exp.Grouping(expressions=[exp.column(group)]), "whole"),
        )
    else:
        select = select.select(exp.alias_(exp.Null(), PROJECT), exp.alias_(exp.Literal.number(1), "whole"))
    for measure in measures:
        numerator, denominator = _figures(measure, ledger, values, flags)
        select = select.select(
            exp.alias_(numerator, f"n_{measure.id}"),
            exp.alias_(denominator, f"d_{measure.id}"),
            copy=False,
        )
    select = select.from_(source, copy=False)
    if group:
        # Totals come from the same pass, since distinct figures can't be added up.
        sets = exp.GroupingSets(
            expressions=[
                exp.Tuple(expressions=[exp.column(DEPARTMENT)]),
                exp.Tuple(expressions=[exp.column(DEPARTMENT), exp.column(group)]),
            ]
        )
        select.set("group", exp.Group(grouping_sets=[sets]))
    else:
        select = select.group_by(exp.column(DEPARTMENT))
    return Query(ledger.id, measures, select)


def _chosen(column: exp.Expression) -> exp.Expression:
    return exp.In(this=column, expressions=[exp.Literal.string(CHOSEN)])


def _source(
    ledger: Ledger, measures: Sequence[Measure], values: dict[str, exp.Expression], narrowed: bool = False
) -> tuple[exp.Expression, dict[tuple[str, str], str]]:
    """Return the ledger joined with what its measures link to; links of the same words are joined once."""
    joined: dict[tuple[str, tuple[str, ...], str], str] = {}
    flags: dict[tuple[str, str], str] = {}
    source = exp.select("t.*").from_(exp.alias_(exp.to_table(ledger.id), "t"))
    if ledger.by_project:
        project = exp.column(PROJECT, "t")
        named = exp.Coalesce(this=exp.column(PROJECT_CODE, "t"), expressions=[project])
        source = source.select(exp.alias_(named, _PROJECT))
    if narrowed:
        source = source.where(_chosen(exp.column(DEPARTMENT, "t")))
    for measure in measures:
        for link in measure.links:
            words = (link.ledger, link.keys, link.where)
            if words not in joined:
                name = f"link{len(joined)}"
                joined[words] = name
                source = _join(source, measure, link, name, values, narrowed)
            flags[measure.id, link.as_] = joined[words]
    known: dict[str, str] = {}
    for measure in measures:
        if measure.limit is None:
            continue
        if measure.limit not in known:
            name = known[measure.limit] = f"limit{len(known)}"
            source = limits.join(source, measure.limit, name, values, CHOSEN if narrowed else None)
        for flag in limits.FLAGS:
            flags[measure.id, flag] = f"{known[measure.limit]}{flag.removeprefix('limit')}"
    return source.subquery("rows", copy=False), flags


def _join(
    source: exp.Select,
    measure: Measure,
    link: Link,
    name: str,
    values: dict[str, exp.Expression],
    narrowed: bool,
) -> exp.Select:
    where = _fill(predicate(measure, link.where, ledgers()[link.ledger], set()), values, {})
    keys = [DEPARTMENT, *link.keys]
    chosen = exp.select(*keys, exp.alias_(exp.true(), name)).from_(link.ledger).where(where)
    if narrowed:
        chosen = chosen.where(_chosen(exp.column(DEPARTMENT)))
    # The store keeps a ledger's key unique, so rows that the link tells apart by the whole key can't come
    # twice.
    if not set(ledgers()[link.ledger].key) <= {*link.keys, *_fixed(where)}:
        chosen = chosen.distinct()
    other = chosen.subquery(f"{name}_")
    on = exp.and_(*(exp.EQ(this=exp.column(k, "t"), expression=exp.column(k, f"{name}_")) for k in keys))
    # A row without partner has no flag: that is false, not unknown.
    flag = exp.alias_(exp.Coalesce(this=exp.column(name, f"{name}_"), expressions=[exp.false()]), name)
    return source.select(flag).join(other, on=on, join_type="left")


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


def _figures(
    measure: Measure, ledger: Ledger, values: dict[str, exp.Expression], flags: dict[tuple[str, str], str]
) -> tuple[exp.Expression, exp.Expression]:
    """Return numerator and denominator; the denominator of a plain count or sum is the number of rows it
    rests on.
    """
    own = {flag: flags[measure.id, flag] for flag in measure.flags}
    population = _fill(predicate(measure, measure.population, ledger, set(own)), values, own)
    rows = _filter(exp.Count(this=exp.Star()), population)
    if measure.kind == "ratio":
        hits = _fill(predicate(measure, measure.hits or "", ledger, set(own)), values, own)
        return _filter(exp.Count(this=exp.Star()), exp.and_(population.copy(), hits)), rows
    if measure.kind == "count":
        return rows, rows.copy()
    column = exp.column(measure.of or "")
    if measure.kind == "date":
        # A date counts only once every row of the population has one by today; the denominator tells how many
        # lack it.
        undone = exp.or_(
            exp.Is(this=column.copy(), expression=exp.Null()),
            exp.GT(this=column.copy(), expression=values["today"].copy()),
        )
        lacking = exp.and_(population.copy(), undone)
        return _filter(exp.Max(this=column), population.copy()), _filter(exp.Count(this=exp.Star()), lacking)
    filled = exp.and_(population, exp.Not(this=exp.Is(this=column.copy(), expression=exp.Null())))
    return _filter(exp.Sum(this=column), filled), _filter(exp.Count(this=exp.Star()), filled.copy())


def _filter(aggregate: exp.Expression, where: exp.Expr) -> exp.Expression:
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

    One row a department that has rows: its code, then 1 or 0 for each group; a group without columns asks for
    any row.
    """
    first, last = (exp.cast(exp.Literal.string(f"{year}-{day}"), "date") for day in ("01-01", "12-31"))
    rows = exp.alias_(exp.to_table(ledger.id), "t")
    select = exp.select(DEPARTMENT).from_(rows).where(_chosen(exp.column(DEPARTMENT)))
    for n, group in enumerate(days):
        within = [exp.Between(this=exp.column(d), low=first.copy(), high=last.copy()) for d in group]
        said = exp.Case().when(exp.or_(*within) if within else exp.true(), exp.Literal.number(1))
        select = select.select(exp.alias_(exp.Max(this=said.else_(exp.Literal.number(0))), f"said{n}"))
    return put_in(select.group_by(exp.column(DEPARTMENT)).sql(dialect=dialect), departments, dialect)


def days_text(
    measure: Measure, year: int, today: date, day: str, departments: Collection[str], dialect: str
) -> str:
    """Return the SQL that adds up a sum measure's column by department, project and a date column,
    in order of these.
    """
    return put_in(_days_text(measure, year, today, day, dialect), departments, dialect)


@lru_cache(maxsize=256)
def _days_text(measure: Measure, year: int, today: date, day: str, dialect: str) -> str:
    ledger = ledgers()[measure.ledger]
    source, flags = _source(ledger, [measure], parameters(year, today), narrowed=True)
    total, _rows = _figures(measure, ledger, parameters(year, today), flags)
    columns = [exp.column(DEPARTMENT), exp.column(_PROJECT), exp.column(day)]
    select = (
        exp.select(*columns, exp.alias_(total, "total")).from_(source).group_by(*(c.copy() for c in columns))
    )
    return select.order_by(*(c.copy() for c in columns)).sql(dialect=dialect)


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


def rows_query(measure: Measure, year: int, today: date, rows: Rows) -> exp.Select:
    """Return the query that lists a measure's rows: the ledger's columns, whether each is a hit,
    and its lineage.
    """
    ledger = ledgers()[measure.ledger]
    values = parameters(year, today)
    source, flags = _source(ledger, [measure], values)
    joined = {flag: flags[measure.id, flag] for flag in measure.flags}
    population = _fill(predicate(measure, measure.population, ledger, set(joined)), values, joined)
    hit: exp.Expression = exp.true()
    if measure.hits:
        hit = exp.Coalesce(
            this=_fill(predicate(measure, measure.hits, ledger, set(joined)), values, joined),
            expressions=[exp.false()],
        )
    columns = [DEPARTMENT, *(c.name for c in ledger.columns), "_batch", "_row", "_sheet"]
    select = exp.select(*columns, exp.alias_(hit, "_hit")).from_(source).where(population)
    if rows.department is not None:
        select = select.where(
            exp.EQ(this=exp.column(DEPARTMENT), expression=exp.Literal.string(rows.department))
        )
    if rows.projects is not None:
        # A ledger without projects has no rows of one.
        listed: list[exp.Expression] = [exp.Literal.string(p) for p in sorted(rows.projects)] or [exp.Null()]
        own = exp.In(this=exp.column(_PROJECT), expressions=listed)
        select = select.where(own if ledger.by_project else exp.false())
    if rows.only is not None:
        select = select.where(hit.copy() if rows.only else exp.Not(this=hit.copy()))
    select = select.order_by("_batch", "_sheet", "_row")
    return select.limit(rows.limit) if rows.limit is not None else select
