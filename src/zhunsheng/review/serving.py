"""What goals and indicators speak of: their own words, and those that are said for one another."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.resources import files

from zhunsheng.faults import packaged
from zhunsheng.review.catalogue import bigrams
from zhunsheng.targets import TargetSheet


@lru_cache(maxsize=1)
def _groups() -> tuple[re.Pattern[str], ...]:
    """Return for each group of words that are said for one another what finds any of them."""
    groups: list[list[str]] = packaged(files(__package__) / "alike.yaml")
    return tuple(re.compile("|".join(sorted(words, key=len, reverse=True))) for words in groups)


@lru_cache(maxsize=16384)
def topics(text: str) -> frozenset[str]:
    """Return what a text speaks of: its two-character pieces that carry meaning, and the number of each group
    of words that it uses one of.
    """
    found = {f"#{n}" for n, group in enumerate(_groups()) if group.search(text)}
    return bigrams(text) | found


def indicator_topics(sheet: TargetSheet) -> frozenset[str]:
    """Return what the indicators of a sheet speak of, by name and description."""
    return frozenset[str]().union(*(topics(i.name) | topics(i.description or "") for i in sheet.indicators))


def sheet_topics(sheet: TargetSheet) -> frozenset[str]:
    """Return what a sheet speaks of: its name, purpose, goals and indicators."""
    goals = "。".join((g.title or "") + g.text for g in sheet.goals)
    return topics("。".join((sheet.name or "", sheet.purpose or "", goals))) | indicator_topics(sheet)


def speaks_of(words: frozenset[str], goal: frozenset[str]) -> bool:
    """Return whether what is said somewhere speaks of a quarter of what a goal speaks of."""
    return len(goal & words) * 4 >= len(goal)
