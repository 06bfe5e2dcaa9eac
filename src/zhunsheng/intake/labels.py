"""Recognise headers and labels by their synonyms."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.resources import files
from typing import Any

from zhunsheng.faults import packaged

_NOISE = re.compile(r"[\s::：、,，.．。*＊（）()【】\[\]“”\"'‘’/／%％]+")
_UNIT_NOTE = re.compile(r"[（(](?:单位[:：])?(?:人民币)?(?:百?万元|元|亿元|千元|%|％|分|A|B|B/A|A/B)[）)]")
_OUTLINE = re.compile(  # 1.资金来源：（1）政府预算资金
    r"^\s*(?:[（(]?[\d一二三四五六七八九十]{1,2}[）)、.．])?\s*(?:资金(?:来源|结构|构成)[：:])?\s*(?:其中[：:、]?)?"
    r"(?:[（(]?\d{1,2}[）)、.．])?\s*"
)
_OF_PROJECT = re.compile(r"(?:项目|专项)(?:名称|编码|代码|编号)$")
_PART_SPENT = re.compile(
    r"(?:\d{1,2}[-—–至~～]\d{1,2}月份?|上半年|前三季度|截[至止]\d{1,2}月(?:[底末份]|\d{1,2}日)?|监控期|累计)"
    r"(?:实际|累计)?(?:执行|支出|支付)(?:[数额]|金额)?"
)
_LATIN = re.compile(r"(?<=[一-龥])\s+[A-Za-z][A-Za-z .\d/]*$")  # 一级指标 Level 1
_Patterns = tuple[tuple[str, re.Pattern[str]], ...]
_LONGEST = 60  # characters of a label or header at most; what is longer is neither, and takes memory to keep
_LONGEST_HEAD = 16  # characters
_ASIDE = re.compile(r"[（(][^（()）]*[）)]")


@lru_cache(maxsize=1)
def _data() -> dict[str, Any]:
    found: dict[str, Any] = packaged(files(__package__) / "labels.yaml")
    return found


@lru_cache(maxsize=1)
def _tables() -> dict[str, dict[str, str]]:
    data = _data()
    tables = {
        group: {clean(word): field for field, words in data[group].items() for word in words}
        for group in ("headers", "labels", "execution")
    }
    tables["totals"] = {clean(word): "total" for word in data["totals"]}
    return tables


@lru_cache(maxsize=1)
def _patterns() -> tuple[_Patterns, _Patterns, dict[str, re.Pattern[str]]]:
    """Return what heads and labels mean by their key words, in order, and what qualifies a head (past …)."""
    data = _data()
    heads, marks = (
        tuple((field, re.compile(pattern)) for field, pattern in data[group])
        for group in ("header_patterns", "label_patterns")
    )
    return heads, marks, {name: re.compile(pattern) for name, pattern in data["qualifiers"].items()}


def other_levels() -> dict[str, list[str]]:
    """Return names of level 1 and level 2 that documents use and no framework in force has."""
    found: dict[str, list[str]] = _data()["levels"]
    return found


@lru_cache(maxsize=65536)
def clean(text: str) -> str:
    """Return a label without blanks, punctuation and unit notes: 项目资金\\n（万元）： -> 项目资金."""
    return _NOISE.sub("", _UNIT_NOTE.sub("", _LATIN.sub("", text)))


def _find(group: str, text: str) -> str | None:
    return _found(group, text) if text and len(text) <= _LONGEST else None


@lru_cache(maxsize=65536)
def _found(group: str, text: str) -> str | None:
    table = _tables()[group]
    return table.get(clean(text)) or table.get(clean(_ASIDE.sub("", text)))


def header(text: str) -> str | None:
    """Return the indicator column that a header names exactly or by a synonym, or None."""
    return _find("headers", text)


def header_like(text: str) -> str | None:
    """Return the indicator column that a header names by its key words (指标权重值), or None.

    A header is short: longer words are rather a cell of the table.
    """
    return header(text) or (_header_like(text) if len(text) <= _LONGEST else None)


@lru_cache(maxsize=65536)
def _header_like(text: str) -> str | None:
    bare = clean(_ASIDE.sub("", text))
    if not bare or len(bare) > _LONGEST_HEAD or _aside().fullmatch(bare):
        return None
    return next((field for field, pattern in _patterns()[0] if pattern.search(bare)), None)


def qualifies(text: str, how: str) -> bool:
    """Say whether a header speaks of a ``past`` year, the ``medium`` term, the ``adjusted`` or ``original``
    value.
    """
    return len(text) <= _LONGEST_HEAD and bool(_patterns()[2][how].search(clean(text)))


def label(text: str) -> str | None:
    """Return the field that a label names, exactly, by a synonym or (money) by its key words; or None.

    ``money`` is a label over words that tell several amounts.
    """
    return _label(text) if text and len(text) <= _LONGEST else None


def label_named(text: str) -> str | None:
    """Return the field that a label names exactly or by a synonym, or None."""
    return _find("labels", text)


@lru_cache(maxsize=65536)
def _label(text: str) -> str | None:
    whole = clean(text)
    if whole not in _tables()["labels"] and _OF_PROJECT.search(whole) and re.search("[（(]", text):
        return "name" if whole.endswith("名称") else "code"  # 项目单位（项目名称）, 单位（专项）名称
    return _find("labels", text) or _label_like(text)


def _label_like(text: str) -> str | None:
    text = _OUTLINE.sub("", text)
    bare = clean(_ASIDE.sub("", text))
    if not 2 <= len(bare) <= _LONGEST_HEAD or _find("headers", text):
        return None
    if re.search(r"\d", re.sub(r"20\d\d", "", bare)):
        return None  # with its value behind it
    if found := _find("labels", text):
        return found
    return next((name for name, how in _patterns()[1] if how.search(bare)), None)


def execution(text: str) -> str | None:
    """Return the money column of a self-evaluation that a header names, or None."""
    if len(text) <= _LONGEST and _PART_SPENT.fullmatch(clean(text)):
        return "spent"  # of a monitoring form: 1-7月执行数
    return _find("execution", text)


def parts_a_head(text: str) -> bool:
    """Say whether words only part the head above them: 经费保障 under 偏差原因分析, a quarter of the year."""
    parts = len(text) <= _LONGEST_HEAD and _parts().fullmatch(clean(text)) is not None
    return parts or qualifies(text, "part")


def is_aside(head: str) -> bool:
    """Say whether a head stands over what says nothing of targets (责任科室, 审核意见), so that nobody need
    be told that its column was left out.
    """
    return len(head) <= _LONGEST and bool(_aside().fullmatch(clean(head)))


@lru_cache(maxsize=1)
def _parts() -> re.Pattern[str]:
    data: dict[str, Any] = packaged(files(__package__) / "labels.yaml")
    return re.compile(data["parts"])


@lru_cache(maxsize=1)
def _aside() -> re.Pattern[str]:
    return re.compile(_data()["asides"])


def is_total(text: str) -> bool:
    """Say whether a cell marks a row of totals."""
    return _find("totals", text) is not None
