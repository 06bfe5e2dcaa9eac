"""Scoring schemes: how a year is scored, as national data or a body's own file,
refused where its parts don't fit.
"""

from __future__ import annotations

import itertools
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator

from zhunsheng.faults import packaged, written
from zhunsheng.regulations.entries import Dated, Days, Framework, Part, Points, RuleEntry
from zhunsheng.regulations.loading import DATA, frameworks, in_force, read_packaged, read_yaml
from zhunsheng.translation import series, worded

# what a scheme that is like another does not take over
_OF_ITS_OWN = ("checked_on", "ended", "known")


class PointSet(RuleEntry):
    """Points of each dimension and of budget execution; together 100."""

    dimensions: dict[str, Points]
    execution: Points
    citation: str

    @model_validator(mode="after")
    def _hundred(self) -> PointSet:
        if sum(self.dimensions.values()) + self.execution != 100:
            raise ValueError(worded("分值合计应为 100"))
        return self


class Over(RuleEntry):
    """What happens when a result is ``threshold`` times its target or more.

    ``when`` says when points go down: once a person found that the target was set too low (``asked``;
    until then the result has full points and is to be explained), or ``at_once``.
    ``deviation`` takes off the share by which it exceeds the threshold, ``most`` at most;
    ``fixed`` takes off ``deduct`` points.
    """

    threshold: Decimal = Field(gt=1, le=100)
    when: Literal["asked", "at_once"] = "asked"
    mode: Literal["deviation", "fixed"]
    deduct: Points = Decimal(0)
    most: Part = Decimal(0)
    citation: str
    status: Literal["verified", "unverified"]

    @cached_property
    def limit(self) -> Fraction:
        """The threshold as a fraction."""
        return Fraction(self.threshold)

    @model_validator(mode="after")
    def _deduction(self) -> Over:
        if (self.mode == "fixed") != (self.deduct > 0) or (self.mode == "deviation") != (self.most > 0):
            raise ValueError(worded("mode 为 fixed 时须写 deduct，为 deviation 时须写 most"))
        return self


class LateBand(RuleEntry):
    """Up to ``days`` late (inclusive) earns ``share`` of the points."""

    days: Days
    share: Part


class Late(RuleEntry):
    """Points for a missed date, by how late it was met; without ``bands`` no rule says, and a person
    judges.
    """

    bands: tuple[LateBand, ...]
    citation: str
    status: Literal["verified", "unverified"]


class QualityBand(RuleEntry):
    """One band of a qualitative judgement: shares from ``low`` to ``high`` of the points."""

    name: str = Field(min_length=1, max_length=60)
    low: Part
    high: Part

    @model_validator(mode="after")
    def _upwards(self) -> QualityBand:
        if self.low >= self.high:
            raise ValueError(worded("档次“{name}”的 low 应小于 high", name=self.name))
        return self


class Grade(RuleEntry):
    """A grade and the lowest total it is given for."""

    name: str = Field(min_length=1, max_length=10)
    from_: Points = Field(alias="from")


class ExecutionCap(RuleEntry):
    """The highest total allowed when budget execution is below a share."""

    below: Part
    total: Points


class DepartmentPoints(RuleEntry):
    """How a department-wide total is put together."""

    indicators: Points
    projects: Points
    execution: Points
    citation: str
    status: Literal["verified", "unverified"]

    @model_validator(mode="after")
    def _hundred(self) -> DepartmentPoints:
        if self.indicators + self.projects + self.execution != 100:
            raise ValueError(worded("部门整体分值合计应为 100"))
        return self


class Scheme(Dated):
    """How a year is scored.

    A data file may say that it is ``like`` a national scheme by its id: what it does not say is as there,
    but for the day on which it was checked.
    """

    framework: str
    points: tuple[PointSet, ...] = Field(min_length=1)
    # which dimension gets the points of one that is missing
    heirs: dict[str, str] = Field(default_factory=dict)
    over: Over
    late: Late
    qualitative: tuple[QualityBand, ...] = Field(min_length=1)
    qualitative_citation: str
    grades: tuple[Grade, ...] = Field(min_length=1)
    grades_citation: str
    execution_caps: tuple[ExecutionCap, ...]
    department: DepartmentPoints

    @model_validator(mode="before")
    @classmethod
    def _filled_in(cls, data: Any) -> Any:
        return _like(data)

    @model_validator(mode="after")
    def _whole(self) -> Scheme:
        if min(g.from_ for g in self.grades) != 0:
            raise ValueError(worded("grades 的最低一档应从 0 分起，否则有的总分没有等级"))
        if self.framework not in (known := [f.id for f in frameworks()]):
            raise ValueError(worded("framework 只能是 {known}", known=series(known)))
        if self.valid_to is not None and self.valid_to < self.valid_from:
            raise ValueError(worded("valid_to 早于 valid_from"))
        return self

    @model_validator(mode="after")
    def _bands_apart(self) -> Scheme:
        for one, other in itertools.pairwise(sorted(self.qualitative, key=lambda b: (b.low, b.high))):
            if other.low < one.high:
                raise ValueError(worded("档次“{name}”与“{other}”的范围重叠", name=one.name, other=other.name))
        return self

    @property
    def caps(self) -> list[Fraction]:
        """The execution rates below which a total is capped, fractions."""
        return [Fraction(cap.below) for cap in self.execution_caps]

    def grade(self, total: Decimal) -> str:
        """Return the grade of a total (0–100)."""
        return next(g.name for g in sorted(self.grades, key=lambda g: -g.from_) if total >= g.from_)


def _like(data: Any) -> Any:
    """Return a scheme's data with what it does not say itself as in the one that it is like."""
    if not isinstance(data, dict) or "like" not in data:
        return data
    path = DATA / "schemes" / f"{data['like']}.yaml"
    known = sorted(p.name.removesuffix(".yaml") for p in (DATA / "schemes").iterdir())
    if data["like"] not in known:
        raise ValueError(worded("like 只能是 {known}", known=series(known)))
    base = {name: value for name, value in _like(packaged(path)).items() if name not in _OF_ITS_OWN}
    return base | {name: value for name, value in data.items() if name != "like"}


@lru_cache
def schemes() -> tuple[Scheme, ...]:
    """Return all national scoring schemes."""
    return _schemes_in("schemes")


@lru_cache
def local_schemes() -> tuple[Scheme, ...]:
    """Return the schemes of places that come along, to be chosen by their id."""
    return _schemes_in("local")


def _schemes_in(folder: str) -> tuple[Scheme, ...]:
    found = sorted((p for p in (DATA / folder).iterdir() if p.name.endswith(".yaml")), key=lambda p: p.name)
    return tuple(read_packaged(p, Scheme) for p in found)


def scheme_text(scheme: Scheme) -> str:
    """Return the data file of a scheme that comes along, national or of a place."""
    own = (DATA / folder / f"{scheme.id}.yaml" for folder in ("schemes", "local"))
    return next(path for path in own if path.is_file()).read_text("utf8")


def scheme_named(name: str) -> Scheme | None:
    """Return the scheme with an id, national or of a place; None where there is none."""
    return next((s for s in (*schemes(), *local_schemes()) if s.id == name), None)


def read_scheme(text: str, name: str, year: int | None = None) -> Scheme:
    """Read a local scheme from YAML text. Raises ``ZS-RG-01``, and ``ZS-RG-02`` where it does not hold for a
    year given.
    """
    scheme: Scheme = read_yaml(text, Scheme, name)
    return scheme if year is None else in_force([scheme], date(year, 12, 31), "评分方案")


def scheme_for(framework: Framework, year: int) -> Scheme:
    """Return the national scheme of a framework for a fiscal year; the one of the year where the framework's
    is not in force yet: what a document's own tree says outranks its year.
    """
    fitting = [s for s in schemes() if s.framework == framework.id]
    return next((s for s in fitting if s.holds(year)), None) or next(iter(fitting), None) or scheme_of(year)


def scheme_of(year: int, local: Path | None = None) -> Scheme:
    """Return the scoring scheme of a fiscal year, or the one in the file ``local``. Raises ``ZS-RG-01``,
    ``ZS-RG-02``.
    """
    if local is not None:
        return read_scheme(written(local), local.name, year)
    return in_force(schemes(), date(year, 12, 31), "评分方案")
