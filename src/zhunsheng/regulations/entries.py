"""What the data files of the rules hold: frameworks, monitoring bands, deadlines and key evaluation,
each with its source.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from zhunsheng.regulations.conditions import expanded
from zhunsheng.translation import worded

Points = Annotated[Decimal, Field(ge=0, le=100)]
Part = Annotated[Decimal, Field(ge=0, le=1)]  # a share of something: 0.8 is 80 %
Days = Annotated[int, Field(ge=0, le=3660)]
Name = Annotated[str, Field(min_length=1, max_length=120)]


class RuleEntry(BaseModel):
    """What a data file says of one thing: frozen, and closed to fields it does not have."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Dated(RuleEntry):
    """An entry valid from ``valid_from`` to ``valid_to`` (both inclusive; None = until further notice),
    with its source. ``scope`` says whom it binds, ``checked_on`` on which day it was last held against its
    source, or entered without one (always there in the data that come along), ``ended`` why no entry follows
    one that expired, ``known`` from where an entry is known whose text could not be had in full.
    """

    id: str
    name: Name
    valid_from: date
    valid_to: date | None = None
    scope: str = ""
    citation: str
    status: Literal["verified", "unverified"]
    checked_on: date | None = None
    ended: str | None = None
    known: str | None = None

    @model_validator(mode="after")
    def _ends(self) -> Self:
        if self.ended and self.valid_to is None:
            raise ValueError(worded("没有失效日期的条目不写失效的原因"))
        return self

    def holds(self, year: int) -> bool:
        """Return whether the entry is in force at the end of a fiscal year."""
        day = date(year, 12, 31)
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


class Category(RuleEntry):
    """A level-2 category with the names documents give it."""

    name: str
    synonyms: tuple[str, ...]
    required: bool


class Dimension(RuleEntry):
    """A level-1 dimension with the names documents give it and its categories."""

    name: str
    synonyms: tuple[str, ...]
    required: bool
    categories: tuple[Category, ...]


class Framework(Dated):
    """The tree of dimensions and categories."""

    dimensions: tuple[Dimension, ...]

    def dimension(self, written: str | None, category: str | None = None) -> Dimension | None:
        """Return the dimension that a level-1 name as written means, or the one its level-2
        name belongs to.
        """
        key, second = _key(written), _key(category)
        for dimension in self.dimensions:
            if key and key in dimension.synonyms:
                return dimension
        return next(
            (d for d in self.dimensions for c in d.categories if second and second in c.synonyms), None
        )

    def category(self, written: str | None, level1: str | None = None) -> Category | None:
        """Return the category that a level-2 name as written means, looking under ``level1`` first."""
        key = _key(written)
        if not key:
            return None
        first = self.dimension(level1)
        order = ([first] if first else []) + [d for d in self.dimensions if d is not first]
        return next((c for d in order for c in d.categories if key in c.synonyms), None)

    def fits(self, levels: Iterable[tuple[str | None, str | None]]) -> int:
        """Return how many of a sheet's (level 1, level 2) names stand in this tree where the
        sheet has them.
        """
        return sum(
            any(
                _key(first) in d.synonyms and _key(second) in c.synonyms
                for d in self.dimensions
                for c in d.categories
            )
            for first, second in levels
        )


@lru_cache(maxsize=4096)
def _key(written: str | None) -> str:
    """Strip what documents add to a level name: points (产出指标(50分)), numbering, blanks, 目标 for 指标."""
    text = "".join((written or "").split())
    for mark in "（([【":
        text = text.split(mark)[0]
    return text.lstrip("0123456789一二三四五六七八九十、.．").removesuffix("目标")


class Lights(RuleEntry):
    """Bounds of the traffic lights of money, as shares of what is expected by now: ``green`` and ``yellow``
    from below, ``ahead`` from above.
    """

    green: Decimal
    yellow: Decimal
    ahead: Decimal
    citation: str
    status: Literal["verified", "unverified"]


class Chances(RuleEntry):
    """From which chance (0 to 1) that a target is met an indicator is green or yellow."""

    green: Decimal
    yellow: Decimal
    citation: str
    status: Literal["verified", "unverified"]


class MonitoringRules(Dated):
    """Bands and official categories for monitoring."""

    lights: Lights
    chances: Chances
    causes: tuple[str, ...]
    likelihood: tuple[str, str, str]
    consequences: tuple[str, ...]
    form: str


class Checked(Dated):
    """A dated entry that must say on which day it was checked."""

    checked_on: date


class Elsewhere(RuleEntry):
    """Where a limit's end stands in another ledger: the first ``column`` of its rows with the same ``keys``
    that ``where`` (SQL, with the parameters of a measure) lets through.
    """

    ledger: str
    keys: tuple[str, ...]
    column: str
    where: str


class Deadline(Checked):
    """A statutory number of days: working days or calendar days, the first day never counted.

    ``shift`` says that a last day on a published holiday moves to the first day behind it. ``extension`` are
    further days, once the column ``extended`` has the day of their approval; the date in ``until`` is one to
    which an extension without a number was set. ``stops`` are the reasons (of the ledger ``suspensions``) for
    which the clock stands still. With ``month_before`` it ends a month before its start instead.

    With ``ledger`` it is applied to rows: those of ``where`` (SQL), from the first day in ``starts`` to the
    first in ``ends``; ``ahead`` says that the start may lie in the future, as a planned day does. ``soon`` is
    how many calendar days before its end a row is due soon. ``rate`` names the measure of what was in time
    (``also``: what else it is called), ``unrated`` says why there is none.
    ``binds`` says whom it binds (``ours``: whether the office itself has to act).
    """

    days: Days
    workdays: bool
    month_before: bool = False
    shift: bool = False
    extension: Days = 0
    extended: str | None = None
    until: str | None = None
    stops: tuple[str, ...] = ()
    ledger: str | None = None
    where: str | None = None
    starts: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()
    elsewhere: Elsewhere | None = None
    section: str | None = None
    ahead: bool = False
    soon: Annotated[int, Field(ge=0, le=366)] = 3
    rate: str | None = None
    also: tuple[str, ...] = ()
    unrated: str | None = None
    binds: Name
    ours: bool = True
    note: str | None = None

    @field_validator("where")
    @classmethod
    def _written_out(cls, where: str | None) -> str | None:
        return expanded(where) if where else where

    @model_validator(mode="after")
    def _whole(self) -> Deadline:
        if self.ledger and not (self.starts and (self.ends or self.elsewhere)):
            raise ValueError(worded("按台账计算的期限要写明起算与办结的列"))
        if (self.rate is None) == (self.unrated is None):
            raise ValueError(worded("期限要么有按期率（rate），要么写明为什么没有（unrated）"))
        if self.rate and not self.ledger:
            raise ValueError(worded("没有台账的期限算不出按期率"))
        if (self.extended is not None) != bool(self.extension):
            raise ValueError(worded("延长的天数与记载延长的列要一起写"))
        return self


class Holiday(Checked):
    """Days of every year that are holidays by law, for years whose calendar is not published yet."""

    days: tuple[Annotated[str, Field(pattern="[01][0-9]-[0-3][0-9]")], ...]


class KeyRow(RuleEntry):
    """One third-level indicator of a key evaluation with its full points and what it asks."""

    code: str
    dimension: str
    category: str
    name: str
    points: Decimal
    asks: str


class KeyFramework(Dated):
    """The indicators by which a project is evaluated (决策、过程、产出、效益); points sum to 100."""

    points_citation: str
    points_status: Literal["verified", "unverified"]
    least_results: Decimal
    methods: tuple[str, ...]
    rows: tuple[KeyRow, ...]

    @model_validator(mode="after")
    def _weighs_results(self) -> KeyFramework:
        if sum(r.points for r in self.rows) != 100:
            raise ValueError(worded("分值合计应为 100"))
        if sum(r.points for r in self.rows if r.dimension in ("产出", "效益")) < self.least_results:
            raise ValueError(worded("产出与效益的分值占比太小"))
        return self
