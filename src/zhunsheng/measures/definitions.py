"""What a measure is: an indicator computed over ledgers, defined as data and checked against their schema
before it runs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal

import sqlglot
from pydantic import BaseModel, ConfigDict, Field, field_validator
from sqlglot import exp
from sqlglot.errors import SqlglotError

from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence import defined
from zhunsheng.evidence.ledgers import Ledger, ledgers
from zhunsheng.faults import packaged, written
from zhunsheng.measures.limits import FLAGS, beside
from zhunsheng.regulations import read_packaged, read_yaml
from zhunsheng.regulations.conditions import expanded
from zhunsheng.regulations.limits import applied
from zhunsheng.translation import worded

Kind = Literal["count", "ratio", "mean", "sum", "date", "median", "distinct"]
# Kinds that are no sum of parts: a figure of all is to be asked of all the rows.
UNDIVIDED: tuple[Kind, ...] = ("median", "distinct")
Shape = Literal["count", "level", "window", "date"]

# What predicates may be made of: comparisons, logic, arithmetic, literals (a day as CAST), and few functions.
_ALLOWED = (
    exp.Column,
    exp.Identifier,
    exp.Literal,
    exp.Boolean,
    exp.Null,
    exp.Placeholder,
    exp.And,
    exp.Or,
    exp.Not,
    exp.Paren,
    exp.EQ,
    exp.NEQ,
    exp.GT,
    exp.GTE,
    exp.LT,
    exp.LTE,
    exp.Is,
    exp.In,
    exp.Between,
    exp.Add,
    exp.Sub,
    exp.Mul,
    exp.Neg,
    exp.Case,
    exp.If,
    exp.Coalesce,
    exp.Least,
    exp.Greatest,
    exp.Abs,
    exp.Year,
    exp.Month,
    exp.Day,
    exp.StrPosition,
    exp.Cast,
    exp.DataType,
    exp.Like,
)
# The measures of a year's money, the sources it is told apart by, and what has its year from its date alone:
# parts of each, as ``money.yaml`` says.
MONEY = ("budget_initial", "budget_adjusted", "paid")
SOURCES = ("fiscal", "carried", "other")
BY_DATE = "by_date"
PARAMETERS = (
    "year",
    "year_start",
    "year_end",
    "as_of",
    "today",
    "report_deadline",
    "budget_from",
    "last_year_end",
    "two_years",
)
Told = Annotated[str, Field(min_length=1)]
# The five questions an auditor asks of a measure, in the order they are asked.
QUESTIONS = {
    "verified": "怎样核实",
    "source": "数据从哪里来",
    "accuracy": "要准到什么程度",
    "limits": "已知的局限",
    "remedy": "怎样弥补",
}


class _MeasurePart(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Link(_MeasurePart):
    """Another ledger: a row of the measure's own ledger counts as ``as`` where the other has a row with the
    same ``keys``. With ``count`` ``as`` is how many such rows there are, with ``first`` (a date column of
    the other ledger) the earliest day of theirs.
    """

    as_: str = Field(alias="as")
    ledger: str
    keys: tuple[str, ...]
    where: str
    count: bool = False
    first: str | None = None

    @field_validator("where")
    @classmethod
    def _written_out(cls, where: str) -> str:
        return expanded(where)


class Answers(_MeasurePart):
    """What auditors ask of a measure (``QUESTIONS``): how it is verified, where its data comes from, how
    accurate it has to be, its known limits, and how they are made up for.
    """

    verified: Told
    source: Told
    accuracy: Told
    limits: Told
    remedy: Told


class Aside(_MeasurePart):
    """What a reading says of rows that meet ``where``, of the population or (``within`` false) of the whole
    ledger: how many there are, and ``says`` what was done with them for want of what they leave out.
    """

    where: str
    says: Told
    within: bool = True

    @field_validator("where")
    @classmethod
    def _written_out(cls, where: str) -> str:
        return expanded(where)


class Change(_MeasurePart):
    """A version of a definition: from which day it is used, what is otherwise than before, and why."""

    version: int
    since: date
    what: Told


class Accrual(_MeasurePart):
    """How the figure grows through the year: ``count`` from nothing, ``level`` at any time,
    ``window`` between two days.

    ``day`` is the date column by which its rows come through the year, of its own ledger or of a link's
    (``reported.filed_on``). ``ahead`` says that the ledger holds the days to come as well, planned or due;
    ``later`` that a row which does not count yet may still come to count, as an open case may be decided.
    """

    shape: Shape
    from_: str = Field(default="01-01", alias="from")
    to: str = "12-31"
    day: str | None = None
    ahead: bool = False
    later: bool = False

    def window(self, year: int) -> tuple[date, date]:
        """Return the first and last day (inclusive) on which the figure grows."""
        return date.fromisoformat(f"{year}-{self.from_}"), date.fromisoformat(f"{year}-{self.to}")


class Within(_MeasurePart):
    """A number of days, each row's own limit: from the day in the column ``from`` (itself not counted) to
    that in ``to``; of working days or of all. It has the last day ``limit_due`` and the day it was done
    ``limit_done``, as a statutory limit has.
    """

    from_: str = Field(alias="from")
    to: str
    days: int = Field(ge=0, le=3650)
    workdays: bool = True


class Measure(_MeasurePart):
    """One measure. ``population`` chooses rows, ``hits`` those that count, ``of`` the column (or expression)
    summed or averaged, or the column dated, of which the median is told or different values are counted. A
    ratio with ``of`` and ``per`` divides sums in place of numbers
    of rows: ``of`` over rows that count by ``per`` over all. With ``limit`` (of the statutory limits)
    conditions may name ``limit_due`` and ``limit_done``, a row's last day and the day it was done; rows that
    it does not bind have no last day; ``within`` says the same of a limit in days of the measure's own.

    ``needs`` are columns of its ledger of which a department must have filled one: else it can't be told.
    ``asides`` are told with every reading. ``changes`` date the versions, ``answers`` are what auditors ask.
    ``part`` is true for what only tells another measure apart (``money.yaml``) and proves no indicator.
    ``owner`` is the code of the body that defined it for itself, None for all whose rows are there.
    """

    id: str
    name: str
    version: int = 1
    kind: Kind
    unit: str
    ledger: str
    links: tuple[Link, ...] = ()
    population: str
    hits: str | None = None
    of: str | None = None
    per: str | None = None
    needs: tuple[str, ...] = ()
    asides: tuple[Aside, ...] = ()
    accrual: Accrual
    interval: Literal["wilson"] | None = None
    drill: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    formula: str
    citation: str
    limit: str | None = None
    within: Within | None = None
    part: bool = False
    owner: str | None = None
    changes: tuple[Change, ...] = ()
    answers: Answers | None = None

    @field_validator("population", "hits", "of", "per")
    @classmethod
    def _written_out(cls, text: str | None) -> str | None:
        return expanded(text) if text else text

    @property
    def flags(self) -> tuple[str, ...]:
        """What conditions may name beside the ledger's columns."""
        return (*(link.as_ for link in self.links), *(FLAGS if self.limit or self.within else ()))

    @property
    def beside(self) -> tuple[str, ...]:
        """The ledgers that its limit is looked up in."""
        return beside(self.limit) if self.limit else ()


@lru_cache(maxsize=4096)
def digest_of(measure: Measure) -> str:
    """Return the SHA-256 (hexadecimal) of a definition as it stands, which names it beyond its version."""
    return hashlib.sha256(measure.model_dump_json(by_alias=True).encode()).hexdigest()


def own(measure: Measure) -> bool:
    """Return whether a body defined a measure itself: the package has none such."""
    return packaged_measures().get(measure.id) != measure


def of_body(code: str) -> dict[str, Measure]:
    """Return the measures that hold for a body, by its code: all but what another defined for itself."""
    return {name: m for name, m in measures().items() if m.owner in (None, code)}


def change_of(measure: Measure, version: int) -> Change | None:
    """Return from when a version of a definition is used, and why; None where it does not say."""
    return next((one for one in measure.changes if one.version == version), None)


def check(measure: Measure) -> None:
    """Check a measure against the ledgers. Raises ``ZS-MS-02`` naming the column, word or parameter that
    does not fit, ``ZS-MS-04`` for one that leaves what auditors ask unanswered, ``ZS-MS-05`` for a version
    without a date.
    """
    if measure.answers is None:
        raise ZhunshengError("ZS-MS-04", measure=measure.id)
    if measure.version > 1 and measure.version not in {c.version for c in measure.changes}:
        raise ZhunshengError("ZS-MS-05", measure=measure.id, version=measure.version)
    if measure.ledger not in ledgers():
        _refuse(measure, worded("没有台账 {ledger}", ledger=measure.ledger))
    ledger = ledgers()[measure.ledger]
    names = {c.name for c in ledger.columns}
    _check_sums(measure)
    dated = [measure.of] if measure.kind in ("date", *UNDIVIDED) and measure.of else []
    if measure.within is not None:
        _check_within(measure, measure.within)
    for name in (*measure.drill, *measure.needs, *dated):
        if name not in names:
            _refuse(measure, worded("台账“{title}”没有列 {name}", title=ledger.title, name=name))
    if measure.accrual.day is not None:
        _check_day(measure, measure.accrual.day)
    if measure.limit and measure.limit not in {
        name for name, entries in applied().items() if entries[-1].ledger == measure.ledger
    }:
        _refuse(measure, worded("台账“{title}”没有期限 {limit}", title=ledger.title, limit=measure.limit))
    for link in measure.links:
        _check_link(measure, link, names)
    said = (measure.population, measure.hits, measure.of, measure.per, *(a.where for a in measure.asides))
    for text in filter(None, said):
        predicate(measure, text, ledger, set(measure.flags))


def _check_within(measure: Measure, within: Within) -> None:
    title = ledgers()[measure.ledger].title
    days = {c.name for c in ledgers()[measure.ledger].columns if c.sql_type == "DATE"}
    for name in (within.from_, within.to):
        if name not in days:
            _refuse(measure, worded("台账“{title}”没有日期列 {name}", title=title, name=name))
    if measure.limit:
        _refuse(measure, worded("limit 和 within 只能有一个"))


def _check_sums(measure: Measure) -> None:
    if (measure.kind == "ratio") != (measure.hits is not None):
        _refuse(measure, worded("ratio 要有 hits，其他种类不能有"))
    if measure.kind == "ratio":
        if (measure.of is None) != (measure.per is None):
            _refuse(measure, worded("ratio 的 of 和 per 要一起写"))
    elif (measure.kind != "count") != (measure.of is not None) or measure.per:
        _refuse(measure, worded("mean、sum、date、median、distinct 要有 of，其他种类不能有"))
    if measure.kind in UNDIVIDED and measure.accrual.day:
        _refuse(measure, worded("median、distinct 不能逐日相加，accrual 里不写 day"))
    if measure.kind == "median" and measure.of:
        column = next((c for c in ledgers()[measure.ledger].columns if c.name == measure.of), None)
        if column is not None and column.type not in ("integer", "money"):
            _refuse(measure, worded("“{title}”不是数，没有中位数", title=column.title))


def _check_link(measure: Measure, link: Link, names: set[str]) -> None:
    if link.ledger not in ledgers():
        _refuse(measure, worded("没有台账 {ledger}", ledger=link.ledger))
    other = ledgers()[link.ledger]
    for name in link.keys:
        if name not in names or name not in {c.name for c in other.columns}:
            _refuse(measure, worded("两个台账不是都有列 {name}", name=name))
    predicate(measure, link.where, other, set())
    if link.first and link.first not in {c.name for c in other.columns if c.sql_type == "DATE"}:
        _refuse(measure, worded("台账“{title}”没有日期列 {name}", title=other.title, name=link.first))


def day_of(measure: Measure) -> tuple[Link | None, str]:
    """Return the link (None: its own ledger) and the date column by which a measure's rows come through the
    year; the column is empty where nothing says.
    """
    of, _, column = (measure.accrual.day or "").rpartition(".")
    return next((link for link in measure.links if link.as_ == of), None), column


def _check_day(measure: Measure, day: str) -> None:
    link, column = day_of(measure)
    name = link.ledger if link else measure.ledger
    if name not in ledgers():
        _refuse(measure, worded("没有台账 {ledger}", ledger=name))
    ledger = ledgers()[name]
    if ("." in day) != (link is not None):
        _refuse(measure, worded("没有关联 {name}", name=day.rpartition(".")[0]))
    if column not in {c.name for c in ledger.columns if c.sql_type == "DATE"}:
        _refuse(measure, worded("台账“{title}”没有日期列 {name}", title=ledger.title, name=column))


def predicate(measure: Measure, text: str, ledger: Ledger, flags: set[str]) -> exp.Condition:
    """Parse one predicate and check every node of it. Raises ``ZS-MS-02``."""
    try:
        tree = sqlglot.parse_one(text, read="duckdb", into=exp.Condition)
    except SqlglotError as error:  # signs that are none, too
        _refuse(
            measure,
            worded("“{text}”不是一个条件（{error}）", text=text, error=str(error).splitlines()[0]),
        )
    columns = {c.name: c for c in ledger.columns}
    for node in tree.walk():
        if not isinstance(node, _ALLOWED):
            _refuse(measure, worded("“{text}”里不能用 {name}", text=text, name=type(node).__name__))
        if isinstance(node, exp.Cast) and not (node.is_type("date") and isinstance(node.this, exp.Literal)):
            _refuse(measure, worded("“{text}”里不能用 {name}", text=text, name=type(node).__name__))
        if isinstance(node, exp.Column) and node.name not in columns and node.name not in flags:
            _refuse(measure, worded("台账“{title}”没有列 {name}", title=ledger.title, name=node.name))
        if isinstance(node, exp.Placeholder) and node.name not in PARAMETERS:
            _refuse(measure, worded("没有参数 :{name}", name=node.name))
        if isinstance(node, exp.EQ | exp.NEQ | exp.In) and isinstance(node.this, exp.Column):
            column = columns.get(node.this.name)
            literals = [
                e
                for e in (node.expressions if isinstance(node, exp.In) else [node.expression])
                if isinstance(e, exp.Literal)
            ]
            for literal in literals:
                if column and column.values and literal.this not in column.values:
                    _refuse(
                        measure,
                        worded("“{title}”没有“{value}”这个值", title=column.title, value=literal.this),
                    )
    return tree


def _refuse(measure: Measure, detail: str) -> None:
    raise ZhunshengError("ZS-MS-02", measure=measure.id, detail=detail)


def load(text: str, name: str) -> tuple[Measure, ...]:
    """Read and check measures from YAML text. Raises ``ZS-RG-01`` or ``ZS-MS-02``."""
    return _checked(read_yaml(text, list[Measure], name))


@lru_cache
def packaged_measures() -> dict[str, Measure]:
    """Return the measures that come with the package, by id."""
    found = read_packaged(files(__package__) / "catalogue.yaml", list[Measure])
    known = {m.id: m for m in _checked([*found, *_in_time()])}
    return known | _of_money(known)


@defined.cached
def measures() -> dict[str, Measure]:
    """Return all measures by id: the package's, and those that a body defined itself (``evidence.defined``).
    Raises ``ZS-RG-01``, ``ZS-MS-02`` to ``-05`` for a definition that is wrong.
    """
    made = [read_yaml(one.body or "", Measure, one.id) for one in defined.current("measure")]
    return packaged_measures() | {measure.id: measure for measure in _checked(made)}


def beside_of(measure: Measure) -> dict[str, Measure]:
    """Return the counts that are read beside a measure, by id: of the rows that its asides speak of, in their
    order, and last of those that fill what it needs.
    """
    found = {}
    wheres = [
        f"({measure.population}) AND ({aside.where})" if aside.within else aside.where
        for aside in measure.asides
    ]
    if measure.needs:
        wheres.append(" OR ".join(f"{name} IS NOT NULL" for name in measure.needs))
    for n, where in enumerate(wheres):
        changes = {"id": f"{measure.id}__{n}", "kind": "count", "population": where, "part": True}
        changes |= {"hits": None, "of": None, "per": None, "needs": (), "asides": (), "interval": None}
        found[f"{measure.id}__{n}"] = measure.model_copy(update=changes)
    return found


def _of_money(known: Mapping[str, Measure]) -> dict[str, Measure]:
    """Return the parts of each measure of money (``money.yaml``): what came from each source, and what was
    placed in the year by its date alone, for want of a budget year (预算年度).
    """
    found = []
    for base in (known[name] for name in MONEY):
        for part in packaged(files(__package__) / "money.yaml"):
            name = f"{base.name}（{part['name']}）"
            changes = {
                "id": f"{base.id}_{part['key']}",
                "name": name,
                "population": f"({base.population}) AND {part['where']}",
                "accrual": base.accrual.model_copy(update={"day": None}),  # the whole has its course
                "aliases": (name,),
                "formula": f"{base.formula}，{part['told']}",
                "part": True,
            }
            found.append(base.model_copy(update=changes))
    return {m.id: m for m in _checked(found)}


def _in_time() -> list[Measure]:
    """Return the measure of each statutory limit: what was done in time, of what was done or fell due in the
    year (``in_time.yaml``).
    """
    common = packaged(files(__package__) / "in_time.yaml")
    return [
        Measure(
            id=f"{name.replace('-', '_')}_in_time",
            name=entry.rate,
            ledger=entry.ledger or "",
            limit=name,
            drill=(entry.section,) if entry.section else (),
            aliases=(entry.rate, *entry.also),
            citation="；".join(e.citation for e in entries),
            **common,
        )
        for name, entries in applied().items()
        if (entry := entries[-1]).rate
    ]


def _checked(found: list[Measure]) -> tuple[Measure, ...]:
    for measure in found:
        check(measure)
    return tuple(found)


def catalogue(extra: Iterable[Path] = ()) -> dict[str, Measure]:
    """Return the package's measures, overridden and extended by local files in order."""
    local: dict[str, Measure] = {}
    for path in extra:
        local |= {m.id: m for m in load(written(path), path.name)}
    found = measures() | local
    return found | _of_money(found) | local if local.keys() & {*MONEY} else found


def measure_of(name: str, known: dict[str, Measure] | None = None) -> Measure:
    """Return a measure by id, name or alias. Raises ``ZS-MS-01``."""
    for measure in (known or measures()).values():
        if name in (measure.id, measure.name, *measure.aliases):
            return measure
    raise ZhunshengError("ZS-MS-01", measure=name)
