"""Indicators stated in sentences: 企业年报率不低于85%，农专年报率不低于85%."""

from __future__ import annotations

import re
from dataclasses import dataclass

from zhunsheng.targets import TargetValue

_SPLIT = re.compile(r"[，,；;。]")
_LEAD = re.compile(r"^(?:确保|力争|实现|维持|保持|其中|以及|并|且|使|全面|努力)+")
# Words that may stand between a name and its value; the longest wins at a position.
_OPERATOR = re.compile(
    r"不得低于|不得少于|不低于|不少于|不小于|大于等于|大于或等于|大于|高于|超过|多于|至少|达到|达|"
    r"不得超过|不得高于|不高于|不超过|不大于|小于等于|小于或等于|小于|低于|少于|控制在|等于|保持在|稳定在|"
    r"≥|≧|>=|＞=|>|＞|≤|≦|<=|＜=|<|＜|=|＝|为(?=[零\d百])"
)
_BARE = re.compile(r"^(.*?[^\d.,第])(\d[\d,.]*(?:%|％|‰|[一-龥]{1,4}(?:/[一-龥]{1,3})?)(?:以上|以内|以下)?)$")
_DATED = re.compile(r"^((?:\d{4}年)?\d{1,2}月(?:\d{1,2}日|底|末)?(?:之?前|以前|底前))(?:完成)?(.{2,})$")


@dataclass(frozen=True)
class Stated:
    """One indicator found in a sentence: its name, the words of its value, and the value."""

    name: str
    raw: str
    target: TargetValue


def indicators(text: str, year: int | None) -> tuple[list[Stated], list[str]]:
    """Return the indicators a sentence states, in order, and the clauses in which none was found."""
    found: list[Stated] = []
    left: list[str] = []
    for clause in _SPLIT.split(text):
        clause = clause.strip()
        if not clause:
            continue
        stated = _clause(clause, year)
        if stated:
            found.append(stated)
        else:
            left.append(clause)
    return found, left


def _clause(clause: str, year: int | None) -> Stated | None:
    for match in _OPERATOR.finditer(clause):
        name, raw = clause[: match.start()], clause[match.start() :]
        target = TargetValue.parse(raw, year=year)
        if target.op not in ("level", "unread") and _name(name):
            return Stated(_name(name), raw, target)
    if dated := _DATED.match(clause):
        target = TargetValue.parse(dated[1], year=year)
        if target.op == "by":
            return Stated(_name(dated[2]), dated[1], target)
    if bare := _BARE.match(clause):
        target = TargetValue.parse(bare[2], year=year)
        if target.op not in ("level", "unread", "by") and target.unit and len(_name(bare[1])) >= 2:
            return Stated(_name(bare[1]), bare[2], target)
    return None


def _name(text: str) -> str:
    return _LEAD.sub("", text.strip()).strip("：: 、")
