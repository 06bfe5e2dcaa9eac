"""The ledgers an office keeps, as data: columns, types, keys, allowed values, and which
columns are personal.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from importlib.resources import files
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence import defined
from zhunsheng.faults import fault
from zhunsheng.regulations import read_packaged, read_yaml
from zhunsheng.translation import series

ColumnType = Literal["text", "date", "integer", "money", "bool", "choice"]
SQL_TYPES: dict[ColumnType, str] = {
    "text": "VARCHAR",
    "choice": "VARCHAR",
    "date": "DATE",
    "integer": "BIGINT",
    "money": "DECIMAL(18,2)",
    "bool": "BOOLEAN",
}
# No amount of one row reaches ten million million yuan, half of what the whole country spends in a year.
MONEY_BELOW = 10**13
# No record an office keeps lies outside: a year before is one whose century was left out (21-3-5),
# one behind a slip.
FIRST_DAY, LAST_DAY = date(1949, 10, 1), date(2099, 12, 31)
# Every row knows its department, the batch that brought it, and its row in that batch's file, on which of its
# worksheets (none in a csv, nor known of what was imported before sheets were kept).
DEPARTMENT = "department"
LINEAGE = {"_batch": "BIGINT", "_row": "BIGINT", "_sheet": "VARCHAR"}


class Column(BaseModel):
    """One column. ``values`` are allowed for a choice, ``aliases`` turn other spellings into them;
    money is in yuan.

    A date is of something that happened, so that none lies in the future, unless ``ahead`` says that it is a
    plan's; none lies outside ``first_year`` and ``last_year`` (``FIRST_DAY``, ``LAST_DAY`` where none are
    given). ``reads`` is how a value of a choice is said by itself, such as ``{} 类``; ``check`` names the
    rule of the check character that a number ends with. ``needs`` gives the column that a value can't do
    without, ``near`` the date column whose year a year is at most one from. ``department`` is the code of the
    one that added the column to a ledger of the package, for itself alone.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    title: str
    type: ColumnType
    required: bool = False
    values: tuple[str, ...] = ()
    aliases: dict[str, str] = {}
    synonyms: tuple[str, ...] = ()
    pattern: str | None = None
    check: Literal["credit_code"] | None = None
    minimum: int | None = None
    not_before: str | None = None
    near: str | None = None
    ahead: bool = False
    first_year: int | None = None
    last_year: int | None = None
    personal: bool = False
    reads: str | None = None
    note: str | None = None
    needs: dict[str, str] = {}
    department: str = ""

    @property
    def sql_type(self) -> str:
        """The column's type in the evidence store."""
        return SQL_TYPES[self.type]

    @property
    def first_day(self) -> date:
        """The first day that a date of the column can be."""
        return date(self.first_year, 1, 1) if self.first_year else FIRST_DAY

    @property
    def last_day(self) -> date:
        """The last day that a date of the column can be, whatever day it is today."""
        return date(self.last_year, 12, 31) if self.last_year else LAST_DAY


class Signs(BaseModel):
    """What the kind of a row (column ``by``) says of the sign of its amount (column ``of``): of a
    ``negative`` kind it counts negative however it was written, of a ``positive`` one it can't be negative.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    of: str
    by: str
    negative: tuple[str, ...]
    positive: tuple[str, ...]


class Once(BaseModel):
    """Rows that are alike in ``by`` and in ``who`` (and name one) are one thing said again in a year: the
    last counts, by the columns of ``last``, of which the first is its day; one that says ``nothing`` (by
    column) takes the place of none that says something. ``nobody`` is a pattern of what is written in ``who``
    where nobody is named.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    who: str
    by: tuple[str, ...]
    last: tuple[str, ...]
    nothing: dict[str, str] = {}
    nobody: str = ""

    @property
    def named(self) -> str:
        """The SQL (DuckDB) of who a row is of: one in whatever capitals and spaces, none for nobody."""
        written = f"upper(replace(\"{self.who}\", ' ', ''))"
        if not self.nobody:
            return written
        return f"CASE WHEN NOT regexp_matches({written}, '^(?:{self.nobody})$') THEN {written} END"


class Ledger(BaseModel):
    """One ledger; ``key`` identifies a row within a department.

    A column of the key that is not required may be empty: empty is then a value like any other.
    ``formerly`` is the key that earlier versions merged by, where it was another:
    what a batch of theirs replaced returns when it is undone. ``signs`` say which rows take from what others
    bring, ``once`` which rows say again what others said. ``identity`` are columns beside the key that
    say what a row is of: where one of a known row changes, someone is asked. ``adopts`` are columns that a
    known row without them may get, of its key too: someone is asked, and the row stays the one it was.
    Of one that a body defined itself: ``defined`` is the version that is read, ``department`` the code of
    whose it is (empty for all), ``steward`` the section that keeps it, ``retired`` that nothing is imported
    into it any more.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    title: str
    what: str
    key: tuple[str, ...]
    formerly: tuple[str, ...] = ()
    identity: tuple[str, ...] = ()
    adopts: tuple[str, ...] = ()
    columns: tuple[Column, ...]
    signs: Signs | None = None
    once: Once | None = None
    steward: str = ""
    department: str = ""
    retired: bool = False
    defined: str = ""

    @model_validator(mode="after")
    def _names_fit(self) -> Ledger:
        names = [c.name for c in self.columns]
        if len(set(names)) != len(names):
            raise ValueError("a column is defined twice")
        for name in (
            *self.key,
            *self.formerly,
            *self.identity,
            *self.adopts,
            *((self.once.who, *self.once.by, *self.once.last) if self.once else ()),
            *(c.not_before for c in self.columns if c.not_before),
            *(c.near for c in self.columns if c.near),
            *(name for c in self.columns for name in c.needs.values()),
        ):
            if name not in names:
                raise ValueError(f"no column {name}")
        for column in self.columns:
            if (column.type == "choice") != bool(column.values):
                raise ValueError(f"{column.name}: values go with choice")
        if self.signs:
            kinds = self.column(self.signs.by).values if self.signs.by in names else ()
            if self.signs.of not in names or not {*self.signs.negative, *self.signs.positive} <= {*kinds}:
                raise ValueError("signs name a column or a kind that is not there")
        return self

    @property
    def by_project(self) -> bool:
        """Whether its rows name a project."""
        return any(c.name == "project" for c in self.columns)

    def column(self, name: str) -> Column:
        """Return a column by name."""
        return next(c for c in self.columns if c.name == name)

    @property
    def telling(self) -> tuple[Column, ...]:
        """The columns beside the key by which a known row would be another thing: of its identity,
        its project, its amounts.
        """
        named = (*self.identity, "project", "project_code")
        return tuple(
            c for c in self.columns if c.name not in self.key and (c.type == "money" or c.name in named)
        )

    @property
    def open_key(self) -> tuple[str, ...]:
        """The columns of the key that may be empty: a row without them can be one with them that was filled
        in badly.
        """
        return tuple(name for name in self.key if not self.column(name).required)

    def of(self, department: str) -> Ledger:
        """Return the ledger as a department (code) keeps it: without the columns that others added."""
        columns = tuple(c for c in self.columns if c.department in ("", department))
        return self if len(columns) == len(self.columns) else self.model_copy(update={"columns": columns})

    def stored(self) -> dict[str, str]:
        """Return the stored columns and their SQL types, in order, department and lineage included."""
        return {DEPARTMENT: "VARCHAR", **{c.name: c.sql_type for c in self.columns}, **LINEAGE}


@lru_cache
def packaged_ledgers() -> dict[str, Ledger]:
    """Return the ledgers of the package by id. Raises ``ZS-RG-01`` when a data file is wrong."""
    found: dict[str, Ledger] = {}
    for path in sorted((files(__package__) / "ledgers").iterdir(), key=lambda p: p.name):
        if path.name.endswith(".yaml"):
            ledger = read_packaged(path, Ledger)
            found[ledger.id] = ledger
    return found


class Extension(BaseModel):
    """The columns that bodies added to a ledger of the package, each for its department."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str = ""
    columns: tuple[Column, ...]


@defined.cached
def ledgers() -> dict[str, Ledger]:
    """Return all ledgers by id: the package's, with the columns that were added to them, and those that a
    body defined itself (``defined``). Raises ``ZS-RG-01`` when a definition is wrong.
    """
    made = (read_ledger(one) for one in defined.current("ledger"))
    return packaged_ledgers() | {ledger.id: ledger for ledger in made}


def read_ledger(one: defined.Definition) -> Ledger:
    """Return the ledger that a version defines. Raises ``ZS-RG-01`` for one that is wrong."""
    named = defined.stem(one)
    if built_in := packaged_ledgers().get(one.id):
        added = read_yaml(one.body or "", Extension, named).columns
        return built_in.model_copy(update={"columns": (*built_in.columns, *added), "defined": named})
    try:
        return Ledger.model_validate({**one.said, "id": one.id, "defined": named})
    except ValidationError as error:
        raise ZhunshengError("ZS-RG-01", name=named, detail=fault(error)) from None


def ledgers_of(department: str) -> dict[str, Ledger]:
    """Return the ledgers that a department (code) keeps, by id: without those and without the columns that
    others defined for themselves, and without what is no longer kept.
    """
    return {
        name: ledger.of(department)
        for name, ledger in ledgers().items()
        if ledger.department in ("", department) and not ledger.retired
    }


def ledger_of(name: str) -> Ledger:
    """Return a ledger by its id or Chinese title. Raises ``ZS-EV-01``, ``ZS-EV-108`` for a title that several
    departments gave to ledgers of their own.
    """
    if found := ledgers().get(name):
        return found
    called = [ledger for ledger in ledgers().values() if ledger.title == name]
    if len(called) > 1:
        raise ZhunshengError("ZS-EV-108", title=name, ids=series(one.id for one in called))
    if called:
        return called[0]
    raise ZhunshengError("ZS-EV-01", ledger=name, known=series(one.title for one in ledgers().values()))
