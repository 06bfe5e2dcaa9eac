"""How a document hangs together: its goals, the projects and the money behind them, the indicators that
measure them and the ledgers that prove those, with what stands alone on either side.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any, Literal

from zhunsheng.measures import Measure, match_book
from zhunsheng.measures.matching import Link
from zhunsheng.measures.pledges import Pledged, pledged
from zhunsheng.review.serving import sheet_topics, speaks_of, topics
from zhunsheng.targets import Book, Goal, Indicator, TargetSheet
from zhunsheng.targets.fields import PLACEHOLDER
from zhunsheng.wording import plain

_NUMBERED = re.compile(r"(?:年度)?(?:绩效)?目标\s*[\d一二三四五六七八九十]*[：:、]?")
FORMAT = "zhunsheng.coherence/1"
By = Literal["written", "alike"]
BY_WORDS: dict[By, str] = {"written": "表中写明", "alike": "按文字相近，待确认"}
Orphans = Literal[
    "goals_without_project",
    "goals_without_indicator",
    "projects_without_goal",
    "indicators_without_goal",
    "indicators_without_ledger",
]
ORPHAN_WORDS: dict[Orphans, str] = {
    "goals_without_project": "没有项目的部门目标",
    "goals_without_indicator": "没有指标的目标",
    "projects_without_goal": "不对应部门目标的项目",
    "indicators_without_goal": "不对应目标的指标",
    "indicators_without_ledger": "没有台账的指标",
}


@dataclass(frozen=True)
class Tied:
    """What a goal is tied to: its name, whose sheet it is of, and by what: the document, or words alike."""

    sheet: str
    name: str
    by: By
    budget: Decimal | None = None  # of a project, in yuan
    ledger: str | None = None  # of an indicator: the ledger that its measure is read from


@dataclass(frozen=True)
class Promise:
    """A goal of a sheet with what it is tied to."""

    sheet: str
    kind: Literal["department", "project"]
    goal: str
    place: str
    projects: tuple[Tied, ...]
    indicators: tuple[Tied, ...]

    @property
    def money(self) -> Decimal:
        """What the projects tied to it have in all, in yuan. A project tied to two goals counts for both."""
        return sum((one.budget or Decimal(0) for one in self.projects), Decimal(0))


@dataclass(frozen=True)
class Coherence:
    """The promises of a document, by kind what stands alone: (sheet, what it is called), and what its prose
    promises with the measures that prove it.
    """

    promises: tuple[Promise, ...]
    orphans: Mapping[Orphans, tuple[tuple[str, str], ...]]
    pledged: tuple[Pledged, ...] = ()

    @property
    def measured(self) -> tuple[Pledged, ...]:
        """What is promised in prose and measured."""
        return tuple(one for one in self.pledged if one.pledge.measures)

    @property
    def unmeasured(self) -> tuple[Pledged, ...]:
        """What is promised in prose and measured by nothing."""
        return tuple(one for one in self.pledged if not one.pledge.measures)

    def as_json(self) -> dict[str, Any]:
        """Return the map as plain data; money in yuan, as text."""
        told = []
        for promise in self.promises:
            data = asdict(promise) | {"money": plain(promise.money)}
            for one in (*data["projects"], *data["indicators"]):
                one["budget"] = None if one["budget"] is None else plain(one["budget"])
            told.append(data)
        alone = {kind: [{"sheet": s, "name": n} for s, n in found] for kind, found in self.orphans.items()}
        pledges = [one.as_json() for one in self.pledged]
        return {"format": FORMAT, "promises": told, "orphans": alone, "pledges": pledges}


def coherence(book: Book, known: Mapping[str, Measure], links: Iterable[Link] = ()) -> Coherence:
    """Return how a book's goals, projects, indicators and ledgers hang together. ``known`` are the measures
    in force, ``links`` what people confirmed.

    What the document does not write is proposed where words are alike (``review.serving``): never a fact.
    """
    ledgers = {
        (m.sheet, m.indicator): known[m.measure].ledger
        for m in match_book(book, known, links)
        if m.measure is not None and m.used
    }
    projects = [sheet for sheet in book.sheets if sheet.kind == "project"]
    promises: list[Promise] = []
    served: set[tuple[int, int]] = set()
    backed: set[str] = set()
    for s, sheet in enumerate(book.sheets):
        for g, goal in enumerate(sheet.goals):
            if not goal.text or goal.text == PLACEHOLDER:
                continue
            own = _words_of(sheet, g, goal)
            tied = _measuring(sheet, g, own, s, ledgers)
            served |= {(s, n) for n, _ in tied}
            behind = _behind(projects, own) if sheet.kind == "department" else ()
            backed |= {one.id for one in behind}
            promises.append(
                Promise(
                    sheet.title(),
                    sheet.kind,
                    _called(goal),
                    goal.place.label() if goal.place else "",
                    tuple(Tied(one.title(), one.title(), "alike", one.budget.total) for one in behind),
                    tuple(one for _, one in tied),
                )
            )
    department = any(p.kind == "department" for p in promises)
    alone: dict[Orphans, list[tuple[str, str]]] = {
        "goals_without_project": [
            (p.sheet, p.goal) for p in promises if p.kind == "department" and projects and not p.projects
        ],
        "goals_without_indicator": [(p.sheet, p.goal) for p in promises if not p.indicators],
        "projects_without_goal": [
            (one.title(), one.title()) for one in projects if department and one.id not in backed
        ],
        "indicators_without_goal": _lone(book, served),
        "indicators_without_ledger": [
            (sheet.title(), one.name)
            for s, sheet in enumerate(book.sheets)
            for n, one in enumerate(sheet.indicators)
            if (s, n) not in ledgers
        ],
    }
    orphans = {kind: tuple(found) for kind, found in alone.items()}
    return Coherence(tuple(promises), orphans, pledged(book))


def _called(goal: Goal) -> str:
    """Return what to call a goal: its title, unless that is but a number (目标1)."""
    return goal.title if goal.title and not _NUMBERED.fullmatch(goal.title.strip()) else goal.text


def _words_of(sheet: TargetSheet, number: int, goal: Goal) -> frozenset[str]:
    """Return what a goal speaks of: its title with the indicators under it, or its text."""
    under = "。".join(i.name for i in sheet.indicators if i.goal == number)
    return topics(f"{goal.title or ''}。{under}") if under else topics(f"{goal.title or ''}。{goal.text}")


def _measuring(
    sheet: TargetSheet, goal: int, own: frozenset[str], number: int, ledgers: Mapping[tuple[int, int], str]
) -> list[tuple[int, Tied]]:
    found: list[tuple[int, Tied]] = []
    for n, one in enumerate(sheet.indicators):
        by: By | None = "written" if one.goal == goal else None
        if by is None and one.goal is None and topics(f"{one.name}。{one.description or ''}") & own:
            by = "alike"
        if by is not None:
            found.append((n, Tied(sheet.title(), one.name, by, ledger=ledgers.get((number, n)))))
    return found


def _behind(projects: Collection[TargetSheet], own: frozenset[str]) -> tuple[TargetSheet, ...]:
    """Return the projects that speak of a goal."""
    return tuple(one for one in projects if own and speaks_of(sheet_topics(one), own))


def _lone(book: Book, served: set[tuple[int, int]]) -> list[tuple[str, str]]:
    """Return the indicators that no goal of their sheet speaks of; when all is done and how satisfied people
    are serve any goal.
    """

    def of_any(one: Indicator) -> bool:
        return "满意" in one.name or one.aim.op == "by"

    return [
        (sheet.title(), one.name)
        for s, sheet in enumerate(book.sheets)
        if sheet.goals
        for n, one in enumerate(sheet.indicators)
        if (s, n) not in served and not of_any(one)
    ]
