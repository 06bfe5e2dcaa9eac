"""A measure as a person states it without any SQL: what is counted of which rows, in which year; made into a
definition, and read back from one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal, cast

from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence.ledgers import Column, Ledger, ledgers
from zhunsheng.measures.clicked import Condition, clicked, predicate_text
from zhunsheng.measures.definitions import Answers, Measure, Shape, check
from zhunsheng.translation import translatable, worded

What = Literal["count", "ratio", "in_days", "sum", "mean", "median", "distinct", "date"]
WHATS: dict[What, str] = {
    "count": translatable("数行数（多少件、多少户）"),
    "ratio": translatable("占比（其中符合条件的占多少）"),
    "in_days": translatable("限期内办结的占比"),
    "sum": translatable("合计"),
    "mean": translatable("平均数"),
    "median": translatable("中位数"),
    "distinct": translatable("不同的值有多少个"),
    "date": translatable("最后一天（全部完成的日期）"),
}
YEARS: dict[Shape, str] = {
    "count": translatable("当年的：从年初到截至日"),
    "window": translatable("当年某几个月日之间的"),
    "level": translatable("到截至日为止的全部"),
}
# What is computed of a column, and of which types it can be.
OF: dict[What, tuple[str, ...]] = {
    "sum": ("integer", "money"),
    "mean": ("integer", "money"),
    "median": ("integer", "money"),
    "distinct": ("text", "choice", "date", "integer"),
    "date": ("date",),
}
_DUE = "limit_due IS NOT NULL AND (NOT limit_done IS NULL OR limit_due < :as_of)"
_IN_TIME = "limit_done <= limit_due"


@dataclass(frozen=True)
class Stated:
    """What a person says of a measure. ``conditions`` choose its rows, ``hits`` those of them that count in a
    share; ``also`` and ``hits_also`` are predicates typed beside them. ``day`` is the date column that places
    rows in a year, by ``shape``, from ``first`` to ``last`` (MM-DD) of it; ``days`` is the limit from the
    column ``begins`` to ``ends``.
    """

    ledger: str
    name: str = ""
    what: What = "count"
    of: str = ""
    conditions: tuple[Condition, ...] = ()
    also: str = ""
    hits: tuple[Condition, ...] = ()
    hits_also: str = ""
    begins: str = ""
    ends: str = ""
    days: int | None = None
    workdays: bool = True
    day: str = ""
    shape: Shape = "count"
    first: str = "01-01"
    last: str = "12-31"
    unit: str = ""
    drill: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    formula: str = ""
    citation: str = ""
    answers: Mapping[str, str] | None = None


def id_of(name: str, owner: str | None) -> str:
    """Return the id of a measure that a body defines under a name: the same wherever it is defined."""
    said = "\0".join((owner or "", name))
    return f"own_{hashlib.sha256(said.encode()).hexdigest()[:12]}"


def measure_of(said: Stated, name: str, owner: str | None) -> Measure:
    """Return the first version of the measure that a person states, with this id, checked. Raises
    ``ZS-MS-02``, ``ZS-MS-06`` for a condition and ``ZS-MS-12`` for a column that does not fit.
    """
    ledger = ledgers()[said.ledger]
    _check(said, ledger)
    parts = [_year_text(said), predicate_text(said.conditions, ledger), _apart(said.also)]
    hits: list[str] = []
    if said.what == "in_days":
        parts.append(_DUE)
        hits = [_IN_TIME]
    elif said.what == "ratio":
        hits = [predicate_text(said.hits, ledger), _apart(said.hits_also)]
    day = said.day if said.shape != "level" and said.what not in ("median", "distinct", "date") else ""
    made = Measure.model_validate(
        {
            "id": name,
            "name": said.name,
            "kind": "ratio" if said.what == "in_days" else said.what,
            "unit": "%" if said.what in ("ratio", "in_days") else said.unit,
            "ledger": said.ledger,
            "population": " AND ".join(filter(None, parts)) or "TRUE",
            "hits": " AND ".join(filter(None, hits)) or None,
            "of": said.of if said.what in OF else None,
            "within": {"from": said.begins, "to": said.ends, "days": said.days, "workdays": said.workdays}
            if said.what == "in_days"
            else None,
            "accrual": {
                "shape": "date" if said.what == "date" else said.shape,
                "from": said.first,
                "to": said.last,
                "day": day or None,
                "later": said.what == "in_days",
            },
            "drill": said.drill,
            "aliases": said.aliases,
            "formula": said.formula,
            "citation": said.citation,
            "answers": dict(said.answers or {}),
            "owner": owner,
        }
    )
    check(made)
    return made


def stated_of(measure: Measure) -> Stated | None:
    """Return what a person would state for a definition; None for one with parts that no statement has, such
    as links to other ledgers.
    """
    if measure.links or measure.limit or measure.per or measure.needs or measure.asides or measure.interval:
        return None
    ledger = ledgers()[measure.ledger]
    population = measure.population
    what: What = cast(What, measure.kind)
    hits, hits_also = clicked(measure.hits or "", ledger) if not measure.within else ([], "")
    within = measure.within
    if within is not None:
        if measure.hits != _IN_TIME or not population.endswith(_DUE):
            return None
        what, population = "in_days", population.removesuffix(_DUE).removesuffix(" AND ")
    conditions, also = clicked("" if population == "TRUE" else population, ledger)
    shape: Shape = "level" if measure.accrual.shape == "date" else measure.accrual.shape
    said = Stated(
        ledger=measure.ledger,
        name=measure.name,
        what=what,
        of=measure.of or "",
        conditions=tuple(conditions),
        also=also,
        hits=tuple(hits),
        hits_also=hits_also,
        begins=within.from_ if within else "",
        ends=within.to if within else "",
        days=within.days if within else None,
        workdays=within.workdays if within else True,
        shape=shape,
        first=measure.accrual.from_,
        last=measure.accrual.to,
        unit=measure.unit,
        drill=measure.drill,
        aliases=measure.aliases,
        formula=measure.formula,
        citation=measure.citation,
        answers=measure.answers.model_dump() if isinstance(measure.answers, Answers) else None,
    )
    for column in (c.name for c in ledger.columns if c.type == "date"):
        placed = replace(said, day=column)
        begins = _year_text(placed)
        if not (population == begins or population.startswith(f"{begins} AND ")):
            continue
        rest = population.removeprefix(begins).removeprefix(" AND ")
        conditions, also = clicked(rest, ledger)
        return replace(placed, conditions=tuple(conditions), also=also)
    return said


def _apart(text: str) -> str:
    """Return a typed predicate so that what stands beside it joins all of it; one that is said by clicking
    stands as it is.
    """
    return f"({text})" if text.strip() else ""


def _year_text(said: Stated) -> str:
    """Return the predicate that places rows in a year by their day."""
    if not said.day:
        return ""
    if said.shape == "level":
        return f"{said.day} <= :as_of"
    within = f"{said.day} BETWEEN :year_start AND :as_of"
    if said.shape == "window":
        first, last = (int(day.replace("-", "")) for day in (said.first, said.last))
        return f"{within} AND MONTH({said.day}) * 100 + DAY({said.day}) BETWEEN {first} AND {last}"
    return within


def _check(said: Stated, ledger: Ledger) -> None:
    columns: dict[str, Column] = {c.name: c for c in ledger.columns}
    if said.what in OF:
        column = columns.get(said.of)
        if column is None or column.type not in OF[said.what] or column.personal:
            detail = worded("合计、平均数、中位数要一列数，最后一天要一列日期，个人信息不能用")
            raise ZhunshengError("ZS-MS-12", title=worded("算哪一列"), detail=detail)
    if said.shape != "level" and not said.day:
        raise ZhunshengError("ZS-MS-12", title=worded("按哪个日期归年"), detail=worded("没有选日期列"))
    if said.what == "in_days" and (not said.begins or not said.ends or said.days is None):
        raise ZhunshengError(
            "ZS-MS-12", title=worded("限期"), detail=worded("起算、办结的日期列和天数要写全")
        )
    if said.what == "ratio" and not said.hits and not said.hits_also.strip():
        raise ZhunshengError("ZS-MS-12", title=worded("其中符合什么条件"), detail=worded("占比要有条件"))
    for day in (said.first, said.last):
        try:
            date.fromisoformat(f"2021-{day}")
        except ValueError:
            detail = worded("“{day}”不是月日，如 03-31", day=day)
            raise ZhunshengError("ZS-MS-12", title=worded("当年某几个月日之间的"), detail=detail) from None
