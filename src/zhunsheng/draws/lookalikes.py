"""What only looks the same: ids and names that differ by case, width, blanks, invisible signs or a sign of
the same outline.

A stratum of one object beside its look-alike with a quota of none would exempt that object,
and nobody reading the lists would see it. What is canonically the same becomes one spelling at the door
(``text.clean``); what only looks alike is refused with both places named.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Any

from zhunsheng.clock import local
from zhunsheng.draws.assignment import RegisteredInspector
from zhunsheng.draws.plan import Ceremony, Lottery, Plan
from zhunsheng.errors import ZhunshengError
from zhunsheng.faults import packaged
from zhunsheng.text import clean
from zhunsheng.translation import series, worded

# The same in SQL and in Python, for ids, which are ASCII: SQL's ``translate(upper(id), …)``.
LETTERS, FIGURES = "OIL", "011"
_ALIKE = str.maketrans(LETTERS, FIGURES)
SHOWN = 5


def of_id(entity: str) -> str:
    """Return what all ids that look like this one share: capitals, with O as 0 and I and L as 1."""
    return entity.upper().translate(_ALIKE)


@cache
def _signs() -> dict[int, str]:
    groups: list[str] = packaged(files("zhunsheng.draws") / "lookalikes.yaml")
    return {ord(sign): group[0] for group in groups for sign in group[1:]}


def of_name(name: str) -> str:
    """Return what all names that look like this one share; blanks and invisible signs don't count."""
    plain = unicodedata.normalize("NFKC", clean(name)).translate(_signs())
    return "".join(c for c in plain.upper() if c.isprintable() and not c.isspace()).translate(_ALIKE)


def pairs(names: Iterable[str]) -> list[tuple[str, str]]:
    """Return pairs of different names that look alike, each with the next of its kind, in order."""
    kinds: dict[str, list[str]] = {}
    for name in sorted(set(names)):
        kinds.setdefault(of_name(name), []).append(name)
    return [two for kind in kinds.values() for two in pairwise(kind)]


def shown(name: str) -> str:
    """Return a name in quotes, with the code points of what can't be told apart or seen by eye."""
    odd = [
        c for c in name if (not c.isascii() and unicodedata.normalize("NFKC", c) != c) or ord(c) in _signs()
    ]
    odd += [c for c in name if not c.isprintable() or c.isspace() or unicodedata.combining(c)]
    points = series(f"U+{ord(c):04X}" for c in dict.fromkeys(odd))
    return (
        worded("“{name}”（{points}）", name=name, points=points) if points else worded("“{name}”", name=name)
    )


PARTING = ";=:\n"  # what the canonical text of the randomness is parted by
QUOTES = '"“”„‟«»‹›「」『』《》〈〉＂'  # what a name stands in where it is told


def refuse_words(plan: Plan) -> None:
    """Refuse words in a new plan that could be read as the program's own: breaks, invisible signs, quotes,
    no dates.

    A name with a closing quote goes on as a sentence of the verdict, one with a line break as a line of the
    notice. Raises ``ZS-DR-01`` with the place. Only asked of what is to be committed.
    """
    said: dict[str, str] = {"title": plan.title, "office": plan.office, "rule": plan.rule}
    said |= {worded("items 第 {n} 项的 name", n=n): item.name for n, item in enumerate(plan.items, start=1)}
    names: dict[str, str] = {}
    for n, source in enumerate(plan.randomness, start=1):
        if isinstance(source, Lottery):
            names[worded("randomness 第 {n} 项的 name", n=n)] = source.name
        elif isinstance(source, Ceremony):
            names |= {
                worded("randomness 第 {n} 项的第 {m} 个报数人", n=n, m=m): one
                for m, one in enumerate(source.speakers, start=1)
            }
    for at, words in {**said, **names}.items():
        if not of_name(words):
            raise ZhunshengError("ZS-DR-01", detail=worded("{at} 是空的", at=at))
    for at, words in {
        **said,
        **names,
        "ends_on": plan.ends_on or "",
        "supplements": plan.supplements or "",
    }.items():
        if odd := [c for c in words if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")]:
            raise ZhunshengError(
                "ZS-DR-01",
                detail=worded("{at} 里不能有换行和看不见的字符（U+{odd}）", at=at, odd=f"{ord(odd[0]):04X}"),
            )
    for at, words in names.items():
        if odd := [c for c in words if c in QUOTES]:
            raise ZhunshengError(
                "ZS-DR-01", detail=worded("{at} 里不能有引号和书名号（{odd}）", at=at, odd=odd[0])
            )
    if plan.ends_on is not None:
        known = local(plan.known_at).date()
        try:
            ends = date.fromisoformat(plan.ends_on) if len(plan.ends_on) == 10 else None
        except ValueError:
            ends = None
        if ends is None:
            raise ZhunshengError(
                "ZS-DR-01",
                detail=worded(
                    'ends_on“{ends_on}”不是日历上的日期，应写成 "{year}-12-31"',
                    ends_on=plan.ends_on,
                    year=known.year,
                ),
            )
        if ends < known:
            raise ZhunshengError(
                "ZS-DR-01",
                detail=worded(
                    "ends_on {ends} 早于随机数公布的 {known}：还没有抽取，任务就结束了",
                    ends=ends,
                    known=known,
                ),
            )


def refuse_sources(plan: Plan) -> None:
    """Refuse names in a new plan's sources by which two different ceremonies would have one text,
    or one person two voices.

    Raises ``ZS-DR-01`` with the place. Only asked of what is to be committed: what is committed is verified
    as it stands.
    """
    for number, source in enumerate(plan.randomness, start=1):
        at = worded("randomness 第 {number} 项", number=number)
        names = (
            source.speakers
            if isinstance(source, Ceremony)
            else (source.name,)
            if isinstance(source, Lottery)
            else ()
        )
        for n, name in enumerate(names, start=1):
            if not of_name(name):
                raise ZhunshengError("ZS-DR-01", detail=worded("{at}的第 {n} 个名字是空的", at=at, n=n))
            if any(sign in name for sign in PARTING):
                signs = worded("分号（;）、等号（=）、冒号（:）和换行")
                raise ZhunshengError(
                    "ZS-DR-01",
                    detail=worded("{at}的名字“{name}”里不能有{signs}", at=at, name=name[:40], signs=signs),
                )
            if before := next(
                (m for m, one in enumerate(names[: n - 1], start=1) if of_name(one) == of_name(name)), 0
            ):
                detail = worded(
                    "{at}的第 {before} 个报数人{names}与第 {n} 个{name}相同，或看上去相同；应是不同的人",
                    at=at,
                    before=before,
                    names=shown(names[before - 1]),
                    n=n,
                    name=shown(name),
                )
                raise ZhunshengError("ZS-DR-01", detail=detail)


def refuse_entrants(first: Any, second: Any) -> None:
    """Refuse two entries of numbers whose names (``by``), typed by hand, are of one person.
    Raises ``ZS-DR-04``.

    Not asked of accounts of a site, which are two whatever they are called.
    """
    one, two = (
        str(entry.get("by", "")).strip() if isinstance(entry, Mapping) else "" for entry in (first, second)
    )
    empty = any(name and not of_name(name) for name in (one, two))
    if empty or (one != two and of_name(one) == of_name(two)):
        detail = worded(
            "录入人{one}与{two}看上去是同一个人，或没有名字；须由两个不同的人录入，并写明姓名（by）",
            one=shown(one),
            two=shown(two),
        )
        raise ZhunshengError("ZS-DR-04", detail=detail)


def refuse_inspectors(people: Sequence[RegisteredInspector], districts: Iterable[str] = ()) -> None:
    """Refuse ids in a register that look alike, and districts that look like one of the frame's and are
    another.

    Raises ``ZS-DR-25`` naming both with their rows.
    """
    said: list[str] = []
    kinds: dict[str, tuple[int, str]] = {}
    for n, one in enumerate(people, start=1):
        before, theirs = kinds.setdefault(of_id(one.id), (n, one.id))
        if theirs != one.id:
            said.append(
                worded("第{before}人 {theirs} 与第{n}人 {id}", before=before, theirs=theirs, n=n, id=one.id)
            )
    known = {of_name(district): district for district in districts}
    for n, one in enumerate(people, start=1):
        for mine in one.districts:
            there = known.get(of_name(mine), mine)
            if there != mine:
                said.append(
                    worded(
                        "第{n}人 {id} 的辖区{mine}与名录库的{there}",
                        n=n,
                        id=one.id,
                        mine=shown(mine),
                        there=shown(there),
                    )
                )
    if said:
        more = worded("等 {count} 处", count=len(said)) if len(said) > SHOWN else ""
        raise ZhunshengError("ZS-DR-25", detail=series(said[:SHOWN], "；") + more)
