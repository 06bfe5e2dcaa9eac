"""Where two versions of a target sheet differ, field by field, goals and indicators paired."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from rapidfuzz import fuzz

from zhunsheng.targets.fields import COLUMN_LABELS, INDICATOR_LABELS, Field, fields_of
from zhunsheng.targets.sheet import Goal, Indicator, TargetSheet
from zhunsheng.targets.value import TargetValue
from zhunsheng.wording import plain


@dataclass(frozen=True)
class Change:
    """One field that differs between two versions; ``old`` or ``new`` is empty where the field
    is not there.
    """

    path: str
    label: str
    old: str
    new: str


def changes(old: TargetSheet, new: TargetSheet) -> list[Change]:
    """Return the fields that differ, all text of both sheets included.

    Indicators are paired by their codes, so that a renamed one is one changed name;
    those without codes by level 2 and name. Goals and safeguards are paired by their words,
    then by what they are most like, never by position alone.
    """
    found: list[Change] = []
    before, after = fields_of(old), fields_of(new)
    for path in dict.fromkeys([*before, *after]):
        if path.split(".")[0] not in ("goals", "indicators"):
            found += _change(path, (after.get(path) or before[path]).label, before.get(path), after.get(path))
    for part, label in (("goals", "目标"), ("safeguards", "保障措施")):
        for o, n in paired_goals(getattr(old, part), getattr(new, part)):
            found += _goal_changes(part, label, old, new, o, n)
    for a, b in _paired(old.indicators, new.indicators):
        found += _indicator_changes(old, new, a, b)
    return found


def _change(path: str, label: str, old: Field | None, new: Field | None) -> list[Change]:
    one, other = old.text if old else "", new.text if new else ""
    return [Change(path, label, one, other)] if one != other else []


def _goal_changes(
    part: str, label: str, old: TargetSheet, new: TargetSheet, o: int | None, n: int | None
) -> list[Change]:
    one: Goal | None = None if o is None else getattr(old, part)[o]
    other: Goal | None = None if n is None else getattr(new, part)[n]
    at, known = (n, other) if n is not None else (o, one)
    assert at is not None and known is not None
    title = known.title or f"{label}{at + 1}"
    said = (("title", f"{title}：标题"), ("text", title))
    texts = [
        (what, shown, (one and getattr(one, what)) or "", (other and getattr(other, what)) or "")
        for what, shown in said
    ]
    return [Change(f"{part}.{at}.{what}", shown, a, b) for what, shown, a, b in texts if a != b]


# Everything an indicator says, beyond what the editor offers.
_COMPARED = INDICATOR_LABELS | {
    **{name: COLUMN_LABELS[name] for name in ("nature", "direction", "medium_term", "original")},
    "settled": "性质与方向的认定",
    "goal": "所属目标",
}


def _indicator_changes(old: TargetSheet, new: TargetSheet, a: int | None, b: int | None) -> list[Change]:
    one = {} if a is None else _texts(old, old.indicators[a])
    other = {} if b is None else _texts(new, new.indicators[b])
    at = b if b is not None else a
    known = new.indicators[b] if b is not None else old.indicators[a or 0]
    found = []
    for what, label in _COMPARED.items():
        if one.get(what, "") != other.get(what, ""):
            path = f"indicators.{at}.{what}"
            found.append(Change(path, f"{known.name}：{label}", one.get(what, ""), other.get(what, "")))
    return found


def _texts(sheet: TargetSheet, one: Indicator) -> dict[str, str]:
    found = {}
    for what in _COMPARED:
        value = getattr(one, what)
        if what == "goal":
            goal = sheet.goals[value] if value is not None and value < len(sheet.goals) else None
            value = goal and (goal.title or goal.text)
        elif isinstance(value, TargetValue):
            value = value.words()
        elif isinstance(value, Decimal):
            value = plain(value)
        elif what == "settled" and value is not None:
            value = f"{one.type.words()}（{value.reason or ''}）"
        found[what] = value or ""
    return found


def _paired(old: Sequence[Indicator], new: Sequence[Indicator]) -> list[tuple[int | None, int | None]]:
    """Pair indicators by code, those without one on either side by level 2, name and order;
    in the order of ``new``.
    """
    codes = {i.id: n for n, i in enumerate(old) if i.id}
    pairs = {b: codes[i.id] for b, i in enumerate(new) if i.id in codes}
    left = {key: n for key, n in _by_name(old).items() if n not in pairs.values()}
    for key, b in _by_name(new).items():
        if b not in pairs and key in left and not (new[b].id and old[left[key]].id):
            pairs[b] = left.pop(key)
    gone = [n for n in range(len(old)) if n not in pairs.values()]
    return [*((pairs.get(b), b) for b in range(len(new))), *((n, None) for n in gone)]


def _by_name(indicators: Sequence[Indicator]) -> dict[tuple[str, str, int], int]:
    seen: dict[tuple[str, str], int] = {}
    found = {}
    for n, i in enumerate(indicators):
        base = (i.level2 or "", i.name)
        seen[base] = seen.get(base, 0) + 1
        found[*base, seen[base]] = n
    return found


LIKE = 60  # likeness in percent from which two texts are versions of one goal rather than two goals


def paired_goals(old: Sequence[Goal], new: Sequence[Goal]) -> list[tuple[int | None, int | None]]:
    """Pair goals of two versions as (old index, new index), None where one has no partner,
    in the order of ``new``.

    The same words are the same goal, then the same text, then the same title of its own (目标1 is only a
    number), then the most alike text.
    """
    pairs: dict[int, int] = {}

    def pair(same: Callable[[Goal, Goal], bool]) -> None:
        for b, goal in enumerate(new):
            free = (a for a in range(len(old)) if a not in pairs.values() and same(old[a], goal))
            if b not in pairs and (a := next(free, None)) is not None:
                pairs[b] = a

    pair(lambda one, other: (one.title, one.text) == (other.title, other.text))
    pair(lambda one, other: one.text == other.text)
    pair(
        lambda one, other: (
            one.title == other.title and not re.fullmatch(r"目标\W*\w{0,2}", one.title or "目标")
        )
    )
    likeness = sorted(
        ((fuzz.ratio(o.text, n.text), -b, -a) for a, o in enumerate(old) for b, n in enumerate(new)),
        reverse=True,
    )
    for alike, b, a in likeness:
        if alike >= LIKE and -b not in pairs and -a not in pairs.values():
            pairs[-b] = -a
    gone = [a for a in range(len(old)) if a not in pairs.values()]
    return [*((pairs.get(b), b) for b in range(len(new))), *((a, None) for a in gone)]
