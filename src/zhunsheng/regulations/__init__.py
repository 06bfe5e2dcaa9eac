"""The rules in force on a date: frameworks, scoring schemes, monitoring bands and deadlines, as cited data."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cached_property, lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from zhunsheng.errors import ZhunshengError
from zhunsheng.faults import fault, packaged, parsed, written
from zhunsheng.text import cleaned

Points = Annotated[Decimal, Field(ge=0, le=100)]
Part = Annotated[Decimal, Field(ge=0, le=1)]  # a share of something: 0.8 is 80 %
Days = Annotated[int, Field(ge=0, le=3660)]
Name = Annotated[str, Field(min_length=1, max_length=120)]


class _RulePart(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Dated(_RulePart):
    """An entry valid from ``valid_from`` to ``valid_to`` (both inclusive; None = until further notice), with its source."""

    id: str
    name: Name
    valid_from: date
    valid_to: date | None = None
    citation: str
    status: Literal["verified", "unverified"]

    def holds(self, year: int) -> bool:
        """Return whether the entry is in force at the end of a fiscal year."""
        day = date(year, 12, 31)
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


class Category(_RulePart):
    """A level-2 category with the names documents give it."""

    name: str
    synonyms: tuple[str, ...]
    required: bool


class Dimension(_RulePart):
    """A level-1 dimension with the names documents give it and its categories."""

    name: str
    synonyms: tuple[str, ...]
    required: bool
    categories: tuple[Category, ...]


class Framework(Dated):
    """The tree of dimensions and categories."""

    dimensions: tuple[Dimension, ...]

    def dimension(self, written: str | None, category: str | None = None) -> Dimension | None:
        """Return the dimension that a level-1 name as written means, or the one its level-2 name belongs to."""
        key = _key(written)
        for dimension in self.dimensions:
            if key and key in dimension.synonyms:
                # Under the four-dimension framework an older sheet may still put 成本 under 产出.
                if category and self.id == "cn-2021" and _key(category) in ("成本指标", "成本"):
                    return next(d for d in self.dimensions if d.name == "成本")
                return dimension
        second = _key(category)
        return next((d for d in self.dimensions for c in d.categories if second and second in c.synonyms), None)

    def category(self, written: str | None, level1: str | None = None) -> Category | None:
        """Return the category that a level-2 name as written means, looking under ``level1`` first."""
        key = _key(written)
        if not key:
            return None
        first = self.dimension(level1)
        order = ([first] if first else []) + [d for d in self.dimensions if d is not first]
        return next((c for d in order for c in d.categories if key in c.synonyms), None)


@lru_cache(maxsize=4096)
def _key(written: str | None) -> str:
    """Strip what documents add to a level name: points (产出指标(50分)), numbering, blanks."""
    text = "".join((written or "").split())
    for mark in "（([【":
        text = text.split(mark)[0]
    return text.lstrip("0123456789一二三四五六七八九十、.．")


class PointSet(_RulePart):
    """Points of each dimension and of budget execution; together 100."""

    dimensions: dict[str, Points]
    execution: Points
    citation: str

    @model_validator(mode="after")
    def _hundred(self) -> PointSet:
        if sum(self.dimensions.values()) + self.execution != 100:
            raise ValueError("分值合计应为 100")
        return self


class Over(_RulePart):
    """What happens when a result is ``threshold`` times its target or more.

    ``deviation`` takes off the share by which it exceeds the threshold, ``most`` at most; ``fixed`` takes off ``deduct`` points.
    """

    threshold: Decimal = Field(gt=1, le=100)
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
            raise ValueError("mode 为 fixed 时须写 deduct，为 deviation 时须写 most")
        return self


class LateBand(_RulePart):
    """Up to ``days`` late (inclusive) earns ``share`` of the points."""

    days: Days
    share: Part


class Late(_RulePart):
    """Points for a missed date, by how late it was met."""

    bands: tuple[LateBand, ...]
    citation: str
    status: Literal["verified", "unverified"]


class QualityBand(_RulePart):
    """One band of a qualitative judgement: shares from ``low`` to ``high`` of the points."""

    name: str = Field(min_length=1, max_length=60)
    low: Part
    high: Part

    @model_validator(mode="after")
    def _upwards(self) -> QualityBand:
        if self.low >= self.high:
            raise ValueError(f"档次“{self.name}”的 low 应小于 high")
        return self


class Grade(_RulePart):
    """A grade and the lowest total it is given for."""

    name: str = Field(min_length=1, max_length=10)
    from_: Points = Field(alias="from")


class ExecutionCap(_RulePart):
    """The highest total allowed when budget execution is below a share."""

    below: Part
    total: Points


class DepartmentPoints(_RulePart):
    """How a department-wide total is put together."""

    indicators: Points
    projects: Points
    execution: Points
    citation: str
    status: Literal["verified", "unverified"]

    @model_validator(mode="after")
    def _hundred(self) -> DepartmentPoints:
        if self.indicators + self.projects + self.execution != 100:
            raise ValueError("部门整体分值合计应为 100")
        return self


class Scheme(Dated):
    """How a year is scored."""

    framework: str
    points: tuple[PointSet, ...] = Field(min_length=1)
    over: Over
    late: Late
    qualitative: tuple[QualityBand, ...] = Field(min_length=1)
    qualitative_citation: str
    grades: tuple[Grade, ...] = Field(min_length=1)
    grades_citation: str
    execution_caps: tuple[ExecutionCap, ...]
    department: DepartmentPoints

    @model_validator(mode="after")
    def _whole(self) -> Scheme:
        if min(g.from_ for g in self.grades) != 0:
            raise ValueError("grades 的最低一档应从 0 分起，否则有的总分没有等级")
        if self.framework not in (known := [f.id for f in frameworks()]):
            raise ValueError(f"framework 只能是 {'、'.join(known)}")
        if self.valid_to is not None and self.valid_to < self.valid_from:
            raise ValueError("valid_to 早于 valid_from")
        return self

    @model_validator(mode="after")
    def _bands_apart(self) -> Scheme:
        for one, other in itertools.pairwise(sorted(self.qualitative, key=lambda b: (b.low, b.high))):
            if other.low < one.high:
                raise ValueError(f"档次“{one.name}”与“{other.name}”的范围重叠")
        return self

    @property
    def caps(self) -> list[Fraction]:
        """The execution rates below which a total is capped, fractions."""
        return [Fraction(cap.below) for cap in self.execution_caps]

    def grade(self, total: Decimal) -> str:
        """Return the grade of a total (0–100)."""
        return next(g.name for g in sorted(self.grades, key=lambda g: -g.from_) if total >= g.from_)


class Lights(_RulePart):
    """Bounds of the traffic lights, as shares of what is expected by now."""

    green: Decimal
    yellow: Decimal
    citation: str
    status: Literal["verified", "unverified"]


class MonitoringRules(Dated):
    """Bands and official categories for monitoring."""

    lights: Lights
    causes: tuple[str, ...]
    likelihood: tuple[str, str, str]
    consequences: tuple[str, ...]
    form: str


class Deadline(Dated):
    """A statutory number of days, working days or calendar days."""

    days: int
    workdays: bool


class KeyRow(_RulePart):
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
            raise ValueError("分值合计应为 100")
        if sum(r.points for r in self.rows if r.dimension in ("产出", "效益")) < self.least_results:
            raise ValueError("产出与效益的分值占比太小")
        return self


_T = TypeVar("_T", bound=BaseModel)
_D = TypeVar("_D", bound=Dated)
_DATA = files(__package__) / "data"


def read_yaml(text: str, kind: Any, name: str) -> Any:
    """Parse YAML text as pydantic type ``kind``. Raises ``ZS-RG-01`` naming the field that is wrong."""
    try:
        return TypeAdapter(kind).validate_python(cleaned(parsed(text)))
    except (yaml.YAMLError, ValidationError) as error:
        raise ZhunshengError("ZS-RG-01", name=name, detail=fault(error)) from None


def read_packaged(resource: Traversable, kind: Any) -> Any:
    """Return a YAML file of this package as pydantic type ``kind``. Raises ``ZS-RG-01`` naming the field that is wrong."""
    try:
        return TypeAdapter(kind).validate_python(cleaned(packaged(resource)))
    except ValidationError as error:
        raise ZhunshengError("ZS-RG-01", name=resource.name, detail=fault(error)) from None


@lru_cache
def frameworks() -> tuple[Framework, ...]:
    """Return all indicator frameworks."""
    return tuple(read_packaged(_DATA / "frameworks.yaml", list[Framework]))


@lru_cache
def schemes() -> tuple[Scheme, ...]:
    """Return all national scoring schemes."""
    found = sorted((p for p in (_DATA / "schemes").iterdir() if p.name.endswith(".yaml")), key=lambda p: p.name)
    return tuple(read_packaged(p, Scheme) for p in found)


@lru_cache
def monitoring_rules() -> tuple[MonitoringRules, ...]:
    """Return all monitoring rules."""
    return tuple(read_packaged(_DATA / "monitoring.yaml", list[MonitoringRules]))


@lru_cache
def deadlines() -> tuple[Deadline, ...]:
    """Return all statutory deadlines."""
    return tuple(read_packaged(_DATA / "deadlines.yaml", list[Deadline]))


@lru_cache
def key_frameworks() -> tuple[KeyFramework, ...]:
    """Return all frameworks of key evaluation."""
    return tuple(read_packaged(_DATA / "key-evaluation.yaml", list[KeyFramework]))


def in_force(entries: Sequence[_D], on: date, kind: str) -> _D:
    """Return the entry in force on ``on``. Raises ``ZS-RG-02`` where there is none."""
    for entry in entries:
        if entry.valid_from <= on and (entry.valid_to is None or on <= entry.valid_to):
            return entry
    raise ZhunshengError("ZS-RG-02", date=on, kind=kind)


@lru_cache(maxsize=256)
def framework_of(year: int) -> Framework:
    """Return the framework of a fiscal year, the earliest one for years before any."""
    on = max(date(year, 12, 31), min(f.valid_from for f in frameworks()))
    return in_force(frameworks(), on, "绩效指标框架")


def read_scheme(text: str, name: str, year: int | None = None) -> Scheme:
    """Read a local scheme from YAML text. Raises ``ZS-RG-01``, and ``ZS-RG-02`` where it does not hold for a year given."""
    scheme: Scheme = read_yaml(text, Scheme, name)
    return scheme if year is None else in_force([scheme], date(year, 12, 31), "评分方案")


def scheme_of(year: int, local: Path | None = None) -> Scheme:
    """Return the scoring scheme of a fiscal year, or the one in the file ``local``. Raises ``ZS-RG-01``, ``ZS-RG-02``."""
    if local is not None:
        return read_scheme(written(local), local.name, year)
    return in_force(schemes(), date(year, 12, 31), "评分方案")


@dataclass(frozen=True)
class Rules:
    """All rules that hold for a body in a fiscal year: how it is framed, scored, monitored and evaluated."""

    year: int
    framework: Framework
    scheme: Scheme
    local: bool  # whether the scheme is a local one
    why: str = ""  # why a local scheme that was given is not the one

    def monitoring(self, day: date) -> MonitoringRules:
        """Return the monitoring rules in force on a day. Raises ``ZS-RG-02``."""
        return in_force(monitoring_rules(), day, "运行监控规则")

    @property
    def key(self) -> KeyFramework:
        """The framework of key evaluation in force at the year's end. Raises ``ZS-RG-02``."""
        return in_force(key_frameworks(), date(self.year, 12, 31), "重点评价指标体系")

    def digest(self) -> str:
        """Return the digest of all these rules and of the national data files beside them."""
        local = self.scheme.model_dump_json() if self.local else ""
        return hashlib.sha256(f"{data_digest()}{local}{self.why}".encode()).hexdigest()


def rules_for(year: int, scheme: Scheme | None = None) -> Rules:
    """Return the rules of a fiscal year; ``scheme`` is a local scheme that takes the national one's place.

    A local scheme that does not hold for the year leaves the national one in its place, and ``why`` says so. Raises
    ``ZS-RG-02`` for a year without rules.
    """
    if scheme is None or scheme.holds(year):
        return Rules(year, framework_of(year), scheme or scheme_of(year), scheme is not None)
    national = scheme_of(year)
    until = f"至 {scheme.valid_to}" if scheme.valid_to else "起，没有截止日期"
    why = f"本地方案“{scheme.name}”自 {scheme.valid_from} {until}，不适用于 {year} 年，按国家方案“{national.name}”计分"
    return Rules(year, framework_of(year), national, False, why)


@lru_cache
def data_digest() -> str:
    """Return the SHA-256 over all national data files, so that a change in any of them shows."""
    found = hashlib.sha256()
    for folder in (_DATA, _DATA / "schemes"):
        for path in sorted(folder.iterdir(), key=lambda p: p.name):
            if path.is_file():
                found.update(f"{path.name}\0".encode() + path.read_bytes())
    return found.hexdigest()
