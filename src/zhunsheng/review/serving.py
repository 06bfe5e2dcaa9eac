"""What goals and indicators speak of: their own words, and those that are said for one another."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.resources import files

from zhunsheng.faults import packaged
from zhunsheng.review.catalogue import bigrams
from zhunsheng.targets import Goal, TargetSheet

_NUMBERED = re.compile(r"(?:年度)?(?:绩效)?目标\s*[\d一二三四五六七八九十]*[：:、]?")


@lru_cache(maxsize=2)
def _groups(file: str) -> tuple[re.Pattern[str], ...]:
    """Return for each group of words in a data file what finds any of them."""
    groups: list[list[str]] = packaged(files(__package__) / file)
    return tuple(re.compile("|".join(sorted(words, key=len, reverse=True))) for words in groups)


@lru_cache(maxsize=16384)
def topics(text: str) -> frozenset[str]:
    """Return what a text speaks of: its two-character pieces that carry meaning, and the number of each group
    of words that it uses one of.
    """
    found = {f"#{n}" for n, group in enumerate(_groups("alike.yaml")) if group.search(text)}
    return bigrams(text) | found


@lru_cache(maxsize=16384)
def trades(text: str) -> frozenset[int]:
    """Return the trades whose own things a text names, by their numbers in ``trades.yaml``."""
    return frozenset(n for n, group in enumerate(_groups("trades.yaml")) if group.search(text))


def called(goal: Goal) -> str:
    """Return what to call a goal: its title, unless that is but a number (目标1)."""
    return goal.title if goal.title and not _NUMBERED.fullmatch(goal.title.strip()) else goal.text


def goal_topics(sheet: TargetSheet, number: int) -> frozenset[str]:
    """Return what a goal speaks of: its title with the indicators under it, or its text."""
    goal = sheet.goals[number]
    under = "。".join(i.name for i in sheet.indicators if i.goal == number)
    head = "" if _NUMBERED.fullmatch((goal.title or "").strip()) else goal.title or ""
    return topics(f"{head}。{under or goal.text}")


def indicator_topics(sheet: TargetSheet) -> frozenset[str]:
    """Return what the indicators of a sheet speak of, by name and description."""
    return frozenset[str]().union(*(topics(i.name) | topics(i.description or "") for i in sheet.indicators))


def sheet_topics(sheet: TargetSheet) -> frozenset[str]:
    """Return what a sheet speaks of: its name, purpose, goals and indicators."""
    goals = "。".join((g.title or "") + g.text for g in sheet.goals)
    return topics("。".join((sheet.name or "", sheet.purpose or "", goals))) | indicator_topics(sheet)


def backs(words: frozenset[str], sheet: TargetSheet, number: int) -> bool:
    """Return whether what is said somewhere (a project's sheet) speaks of a goal: of a sixth of what its
    title with the indicators under it speaks of, or of its title with its text.
    """
    goal = sheet.goals[number]
    told = (goal_topics(sheet, number), topics(f"{goal.title or ''}。{goal.text}"))
    return any(len(own & words) * 6 >= len(own) for own in told if own)
