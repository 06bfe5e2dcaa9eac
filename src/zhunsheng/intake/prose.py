"""Indicators stated in sentences: 企业年报率不低于85%，农专年报率不低于85%."""

from __future__ import annotations

import re
from dataclasses import dataclass

from zhunsheng.targets import TargetValue

_SPLIT = re.compile(r"[，,；;。\n]")
_LEAD = re.compile(r"^(?:确保|力争|实现|维持|保持|其中|以及|并|且|使|全面|努力)+")
# Words that may stand between a name and its value; the longest wins at a position.
_OPERATOR = re.compile(
    r"不得低于|不得少于|不低于|不少于|不小于|大于等于|大于或等于|大于|高于|超过|多于|至少|达到|达|"
    r"不得超过|不得高于|不高于|不超过|不大于|小于等于|小于或等于|小于|低于|少于|控制在|等于|保持在|稳定在|"
    r"≥|≧|>=|＞=|>|＞|≤|≦|<=|＜=|<|＜|=|＝|为(?=[零\d百])"
)
_SIGN = re.compile(r"[≥≧≤≦＞>＜<]")  # in a name it is the value of another indicator
_BARE = re.compile(
    r"^(.*?[^\d.,第](?<!\d[年月]))(\d[\d,.]*(?:%|％|‰|[一-龥]{1,4}(?:/[一-龥]{1,3})?)(?:以上|以内|以下)?)$"
)
# What ends a name and is of the value: in which period, held against what.
_OF_VALUE = re.compile(
    r"(?:每个?(?:季度?|半年|月|周|年|[天日])|(?:(?:较|比|与|同)?(?:上一?年|去年|同期|往年)(?:同期)?(?:相比)?|同比|环比)?"
    r"(?:增长|增加|提高|提升|上升|下降|降低|减少)?)$"
)
# Behind a name that ends like this, words run up to the number: 拨付时间 | 每学期开学后1个月内.
_SINCE = re.compile(r"(?:时间|时限|期限|日期)([一-龥]{2,12}后)$")
_DAY = r"(?:\d{4}年)?\d{1,2}月(?:\d{1,2}日|底|末)?(?:之?前|以前|底前)"
_UNTIL = re.compile(
    rf"^(.{{2,}}?(?:时限|时间|日期|期限)|.{{2,}}?(?=[于在]\d))(?:为|是|在|于)?[：: ]?({_DAY})(?:完成)?$"
)
_DONE_BY = re.compile(rf"^(.*[^\d].)({_DAY})(?:全部|全面)?([一-龥]{{2,6}})$")  # 补贴资金9月30日前发放
_DATED = re.compile(rf"^({_DAY})(?:完成)?(.{{2,}})$")


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
        if target.op not in ("level", "unread") and _name(name) and not _SIGN.search(name):
            return _stated(name, raw, target, year)
    if until := _UNTIL.match(clause):
        target = TargetValue.parse(until[2], year=year)
        if target.op == "by":
            return Stated(_name(until[1]), until[2], target)
    if dated := _DATED.match(clause):
        target = TargetValue.parse(dated[1], year=year)
        if target.op == "by":
            return Stated(_name(dated[2]), dated[1], target)
    if done := _DONE_BY.match(clause):
        target = TargetValue.parse(done[2], year=year)
        if target.op == "by" and not re.search(r"\d", done[1]):
            name = done[1] if done[3] == "完成" else f"{done[1]}{done[3]}"
            return Stated(_name(name), done[2], target)
    if bare := _BARE.match(clause):
        target = TargetValue.parse(bare[2], year=year)
        if target.op not in ("level", "unread", "by") and target.unit and len(_name(bare[1])) >= 2:
            return _stated(bare[1], bare[2], target, year)
    return None


def _stated(name: str, raw: str, target: TargetValue, year: int | None) -> Stated:
    """Return an indicator with the words that end its name put to its value, where they are read as of it:
    培训次数每季度1次 is no 培训次数每季度.
    """
    if since := _SINCE.search(name):
        whole = f"{since[1]}{raw}"
        if (read := TargetValue.parse(whole, year=year)).op not in ("level", "unread"):
            return Stated(_name(name[: since.start(1)]), whole, read)
    own = _OF_VALUE.sub("", name)
    if own != name and len(_name(own)) >= 2:
        whole = f"{name[len(own) :]}{raw}"
        read = TargetValue.parse(whole, year=year)
        if read.op not in ("level", "unread", "by") and (read.per or read.relative):
            return Stated(_name(own), whole, read)
    return Stated(_name(name), raw, target)


def _name(text: str) -> str:
    return _LEAD.sub("", text.strip()).strip("：: 、")
