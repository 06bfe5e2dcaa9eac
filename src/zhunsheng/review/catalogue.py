"""What a review rule is, what it sees, and the catalogue that holds all rules."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, Literal

from zhunsheng.regulations import Framework, framework_for, frameworks
from zhunsheng.review.bases import Basis, LocalBasis
from zhunsheng.targets import Indicator, Place, TargetSheet

Level = Literal["error", "warning", "note"]
LEVELS: dict[Level, str] = {"error": "错误", "warning": "警告", "note": "提示"}


@dataclass(frozen=True)
class Hit:
    """What one rule found: the message, and the indicator (by index), the field or the place it is about."""

    message: str
    indicator: int | None = None
    field: str | None = None
    place: Place | None = None


@dataclass(frozen=True)
class Finding:
    """A hit in its document: rule code, level, message, sheet, indicator (``indicator_id`` is its code),
    place.
    """

    code: str
    level: Level
    title: str
    message: str
    mend: str
    sheet: int
    sheet_name: str
    indicator: str | None
    indicator_id: str | None
    field: str | None
    place: Place | None
    basis: tuple[Basis, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the finding as plain data."""
        data = {k: v for k, v in self.__dict__.items() if k not in ("place", "basis")}
        data["basis"] = [one.as_json() for one in self.basis]
        data["place"] = (
            {**self.place.model_dump(exclude_none=True), "label": self.place.label()} if self.place else None
        )
        return data


@dataclass
class Context:
    """One sheet as rules see it, with the sheets beside it, last year's sheet, and what is derived once for
    all rules.
    """

    sheet: TargetSheet
    siblings: tuple[TargetSheet, ...] = ()
    previous: TargetSheet | None = None
    local: tuple[LocalBasis, ...] = ()  # what rules rest on in this place
    number: int = 0  # of the sheet in its document: so many of the siblings stand before it
    answers: dict[Any, Any] = field(
        default_factory=dict, repr=False
    )  # to what rules ask alike, by the question

    @cached_property
    def framework(self) -> Framework:
        """The indicator framework that the sheet is written by."""
        return framework_for(self.sheet.levels(), self.sheet.year or 2021)

    @cached_property
    def places(self) -> list[tuple[str, str]]:
        """For each indicator the (dimension, category) its level names mean; empty text where
        they mean none.
        """
        return [_levels(self.framework.id, i.level1, i.level2) for i in self.sheet.indicators]

    @cached_property
    def project(self) -> bool:
        """Whether this is a project's sheet."""
        return self.sheet.kind == "project"

    def of(self, category: str) -> Iterator[tuple[int, Indicator]]:
        """Yield the indicators standing under a category."""
        for n, (indicator, place) in enumerate(zip(self.sheet.indicators, self.places, strict=True)):
            if place[1] == category:
                yield n, indicator


@lru_cache(maxsize=4096)
def _levels(framework: str, level1: str | None, level2: str | None) -> tuple[str, str]:
    found = next(f for f in frameworks() if f.id == framework)
    dimension, category = found.dimension(level1, level2), found.category(level2, level1)
    return (dimension.name if dimension else "", category.name if category else "")


Check = Callable[[Context], Iterable[Hit]]


@dataclass(frozen=True)
class Rule:
    """A rule: stable code, level, what it finds, why that is bad, how to mend it, its basis,
    and its two examples.

    ``bad`` and ``good`` patch the example sheets (``examples.py``): dotted path -> value.
    What the rule bears on is declared by names of ``conditions.py``: ``only`` on such sheets,
    not without these ``needs``, ``about`` these indicators, of which ``each`` must have these details.
    A rule without what it needs can't be judged, and is never counted as passed.
    """

    code: str
    level: Level
    title: str
    why: str
    mend: str
    basis: str
    bad: dict[str, Any]
    good: dict[str, Any]
    check: Check = field(repr=False)
    only: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    about: str = "indicators"
    each: tuple[str, ...] = ()


_RULES: dict[str, Rule] = {}


def rule(  # noqa: PLR0913 - an entry of the catalogue, field by field
    code: str,
    level: Level,
    title: str,
    *,
    why: str,
    mend: str,
    basis: str,
    bad: dict[str, Any],
    good: dict[str, Any],
    only: tuple[str, ...] = (),
    needs: tuple[str, ...] = (),
    about: str = "indicators",
    each: tuple[str, ...] = (),
) -> Callable[[Check], Check]:
    """Enter a check in the catalogue under ``code``."""

    def enter(check: Check) -> Check:
        if code in _RULES:
            raise ValueError(f"rule {code} is defined twice")
        _RULES[code] = Rule(code, level, title, why, mend, basis, bad, good, check, only, needs, about, each)
        return check

    return enter


def all_rules() -> tuple[Rule, ...]:
    """Return all rules by code."""
    return tuple(_RULES[code] for code in sorted(_RULES))


# -- words that several rules look at
# ---------------------------------------------------------------------------------

_STOP = frozenset(
    [
        "工作",
        "开展",
        "组织",
        "监督",
        "管理",
        "项目",
        "提高",
        "加强",
        "指标",
        "完成",
        "推进",
        "强化",
        "落实",
        "建设",
        "水平",
        "能力",
        "能效",
        "效能",
        "进一",
        "一步",
        "步提",
        "提升",
        "质量",
        "全面",
        "有效",
        "实施",
        "机制",
        "情况",
        "相关",
        "增强",
        "服务",
        "保障",
        "体系",
        "促进",
        "规范",
        "构建",
        "行为",
        "年度",
        "目标",
        "发展",
        "重点",
        "领域",
        "确保",
        "力度",
        "比例",
        "次数",
        "数量",
        "费用",
        "单次",
    ]
)


@lru_cache(maxsize=16384)
def bigrams(text: str) -> frozenset[str]:
    """Return the two-character pieces of a text that carry meaning, without the words every target document
    uses.
    """
    clean = re.sub(r"[^一-龥A-Za-z0-9]+", "", text)
    return frozenset(clean[i : i + 2] for i in range(len(clean) - 1)) - _STOP


@lru_cache(maxsize=16384)
def squeezed(text: str | None) -> str:
    """Return a text without blanks and punctuation, to compare wording."""
    return re.sub(r"[^一-龥A-Za-z0-9]+", "", text or "")
