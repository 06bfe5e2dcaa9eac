"""The table of roles as people read it: part by part, in the words of the site."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from zhunsheng.web.actions import ACTIONS, PARTS, Act, words_of
from zhunsheng.web.models import Role
from zhunsheng.web.services.decisions import RECORDS

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True)
class ActionRow:
    """One action: its name, who may take it, on which states (by role where they differ), where it leads,
    apart from what.
    """

    words: StrOrPromise
    held: list[tuple[str, bool]]
    on: list[str]
    to: list[str]
    apart: list[StrOrPromise]
    remark: bool
    system: bool


@dataclass(frozen=True)
class Part:
    """The actions of one part; ``held`` says of each role whether it acts there (``act``),
    looks (``look``) or neither.
    """

    words: StrOrPromise
    rows: list[ActionRow]
    held: list[tuple[str, str]]
    way: list[str]


def parts() -> list[Part]:
    """Return the whole table."""
    found = []
    for prefix, words in PARTS.items():
        acts = {name: act for name, act in ACTIONS.items() if name.split(".")[0] == prefix}
        states = states_of(prefix)
        rows = [_row(name, act, states) for name, act in acts.items()]
        held = [(str(role.label), _held(role, acts)) for role in Role]
        found.append(Part(words, rows, held, [states[s] for s in main_way(acts, states)]))
    return found


def states_of(prefix: str) -> dict[str, str]:
    """Return the states of a part's records with their words, none where it has no records with states."""
    kind: Any = RECORDS.get(prefix)
    return {str(value): str(words) for value, words in kind.State.choices} if kind else {}


def _row(name: str, act: Act, states: dict[str, str]) -> ActionRow:
    return ActionRow(
        words=words_of(name),
        held=[(str(role.label), role in act.roles) for role in Role],
        on=[f"{Role(role).label}：{states[s]}" for role, s in act.by] or [states[s] for s in act.on],
        to=[states[s] for s in act.leads if (s,) != act.on],
        apart=[words_of(other) for other in act.apart],
        remark=act.remark,
        system=act.system,
    )


def _held(role: Role, acts: dict[str, Act]) -> str:
    mine = [name for name, act in acts.items() if role in act.roles]
    return "act" if any(not name.endswith(".view") for name in mine) else "look" if mine else ""


def main_way(acts: dict[str, Act], states: dict[str, str]) -> list[str]:
    """Return the states that a record goes through when nobody objects, from where it begins."""
    way = list(states)[:1]
    while way:
        onward = (
            to
            for act in acts.values()
            if way[-1] in act.on and act.style == "primary" and not act.system
            for to in act.leads
            if to not in way
        )
        if (further := next(onward, None)) is None:
            break
        way.append(further)
    return way if len(way) > 1 else []
