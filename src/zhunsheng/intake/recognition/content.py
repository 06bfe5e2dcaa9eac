"""What the cells of a column are (levels, names, signs, values, units, points), whatever stands over them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Literal

from zhunsheng.intake import labels, prose
from zhunsheng.intake.recognition.rows import decimal, said
from zhunsheng.regulations import frameworks
from zhunsheng.targets import TargetValue
from zhunsheng.targets.spelling import column_op, normalise
from zhunsheng.targets.units import known_unit

Class = Literal[
    "level1",
    "level2",
    "op",
    "nature",
    "direction",
    "unit",
    "points",
    "target",
    "serial",
    "term",
    "words",
    "empty",
]

_MOST = Decimal("0.8")  # of a column's cells that are to be of one class; others are slips and notes
_TERMS = re.compile(r"(?:[中长]期|中长期|实施期|年度|当年|本年度?)(?:绩效)?(?:目标|指标)?")
_NATURES = re.compile(r"定[量性](?:指标)?")
_DIRECTIONS = re.compile(r"[↑↓]|[正反逆负]向?(?:指标)?|越[高低大小多少]越好|(?:高|低)优")
_UNITS = re.compile(r"[%％‰]|百分比|百分点|个?工作日|[一-龥]{1,3}(?:/[一-龥]{1,3})?")
_ORDINAL = re.compile(r"(?:目标|指标|任务)(?:\d{1,2}|[一二三四五六七八九十]{1,2})")  # 目标1, 目标2
_NUMBER = re.compile(
    r"^(?:\d{1,2}(?:[.．]\d{1,2}){1,3}|[（(][\d一二三四五六七八九十]{1,3}[）)]|[\d一二三四五六七八九十]{1,3}[、.．)）])[、.．]?|\d{1,2}(?=(?:产出|效益|成本|满意度)指标)"
)
MARK = re.compile(
    r"^指标\s*\d{1,2}\s*[：:.、]\s*|^[（(]?\d{1,2}[）)、.．]\s*(?=[一-龥])|^\d{1,2}(?:[.．]\d{1,2}){2,3}[.．、]?\s*(?=[一-龥])"
)
_FRAMED = re.compile(r"^[【\[［〔]([^【】\[\]［］〔〕]+)[】\]］〕]$")  # 【产出指标】
_ASIDE = re.compile(r"^(?:预期|年度|项目|绩效)(?=产出|效益|效果|满意|数量|质量|时效|成本)")
_JOINTS = "-—–_/、:：·→>．."
_LONGEST_VALUE = 60  # characters of a value in a table; what is longer says something else
LONGEST_STATED = 100  # characters of a cell that states an indicator with its value
_MEASURED = re.compile(r"[\d≥≤<>=]|^零|(?:不[低少]于|不超过|达到|至少|百分之)|以[上下内]$")
_MOST_POINTS = Decimal(60)  # of one indicator
_FULL = (Decimal(90), Decimal(100))  # what the points of a table come to, with or without the execution rate


@lru_cache(maxsize=1)
def _names() -> tuple[frozenset[str], frozenset[str]]:
    """Return the level-1 and level-2 names of every framework, and others that documents use."""
    dimensions = [d for framework in frameworks() for d in framework.dimensions]
    more = labels.other_levels()
    first = {name for d in dimensions for name in d.synonyms} | {*more["level1"]}
    second = {name for d in dimensions for c in d.categories for name in c.synonyms} | {*more["level2"]}
    return frozenset(first), frozenset(second)


@lru_cache(maxsize=16384)
def bare_level(text: str) -> str:
    """Return a name without its number and the points behind it: （一）数量指标（20分） gives 数量指标."""
    text = _FRAMED.sub(r"\1", _NUMBER.sub("", "".join(text.split())))
    return re.sub(r"[（(【\[：:].*$", "", _ASIDE.sub("", text))


def unnumbered_level(text: str) -> str:
    """Return a name as written but for the number before it: （一）数量指标 gives 数量指标."""
    return _NUMBER.sub("", text)


def level_of(text: str) -> Literal["level1", "level2"] | None:
    """Return ``level1`` or ``level2`` where a cell is the name of a dimension or category of a framework.

    What is both (成本指标, 满意度指标) counts as ``level1``.
    """
    first, second = _levels(text) if len(text) <= _LONGEST_VALUE else (False, False)
    return "level1" if first else "level2" if second else None


def is_level(text: str, level: Literal["level1", "level2"]) -> bool:
    """Say whether a cell may be a name of that level."""
    return len(text) <= _LONGEST_VALUE and _levels(text)[level == "level2"]


@lru_cache(maxsize=16384)
def _levels(text: str) -> tuple[bool, bool]:
    """Say whether a text is a name of level 1, and whether it is one of level 2."""
    bare = bare_level(text).removesuffix("目标")
    first, second = _names()
    return bare in first, bare in second


def both_levels(text: str) -> tuple[str, str] | None:
    """Return the two levels that one cell names (产出-数量, 产出指标数量指标); None where it doesn't."""
    return _both(text) if len(text) <= _LONGEST_VALUE else None


@lru_cache(maxsize=16384)
def _both(text: str) -> tuple[str, str] | None:
    bare = _NUMBER.sub("", "".join(text.split()))
    for at in range(2, len(bare) - 1):
        first, second = bare[:at].rstrip(_JOINTS), bare[at:].lstrip(_JOINTS)
        joined = bare[at - 1] in _JOINTS  # behind a joint any words are a category
        if second and is_level(first, "level1") and (joined or is_level(second, "level2")):
            return first, second
    return None


def under(name: str, level1: str) -> bool:
    """Say whether a name may be a category under a dimension, in any framework: 成本指标 under 产出指标."""
    return any(
        bare_level(name).removesuffix("目标") in category.synonyms
        for framework in frameworks()
        for dimension in framework.dimensions
        if bare_level(level1).removesuffix("目标") in dimension.synonyms
        for category in dimension.categories
    )


def is_value(text: str) -> bool:
    """Say whether a cell is a target value that can be measured: a number with its sign or unit, a day."""
    return len(text) <= _LONGEST_VALUE and _measured(text)  # what is longer is not kept in memory either


@lru_cache(maxsize=16384)
def _measured(text: str) -> bool:
    measured = _MEASURED.search(normalise(text)) is not None
    return measured and TargetValue.parse(text, year=2000).op not in ("level", "unread")


def stated(text: str) -> bool:
    """Say whether a cell states an indicator with its value: 慰问人数≥500人."""
    if len(text) > LONGEST_STATED:
        return False
    text = "\n".join(unnumbered(line.strip()) for line in text.splitlines())
    found, left = prose.indicators(text, 2000)
    return bool(found) and not left and re.search(r"[\d零一二三四五六七八九十]", text) is not None


def unnumbered(name: str) -> str:
    """Return a name without the marks and numbers before it (指标1：, （2））."""
    while (bare := MARK.sub("", name)) != name:
        name = bare
    return name


def class_of(cells: Sequence[str]) -> Class:
    """Return what the cells of a column are, by most of those that say something."""
    told = [text for cell in cells for line in _lines(cell) if (text := said(line))]
    if not told:
        return "empty"

    def mostly(are: Iterable[bool]) -> bool:
        return Decimal(sum(are)) >= _MOST * len(told)

    firsts = sum(is_level(text, "level1") for text in told)
    seconds = sum(is_level(text, "level2") or both_levels(text) is not None for text in told)
    if max(firsts, seconds) >= _MOST * len(told):
        return "level1" if firsts > seconds else "level2"
    words = [normalise(text) for text in told]
    if mostly(_NATURES.fullmatch(word) is not None for word in words):
        return "nature"
    if all(_TERMS.fullmatch(word) for word in words) and any("年" in word for word in words):
        return "term"
    if mostly(column_op(text) is not None for text in told):
        return "op"
    if mostly(_DIRECTIONS.fullmatch(word) is not None for word in words):
        return "direction"
    numbers = [decimal(text) for text in told]
    first = numbers[0]
    counted = first is not None and numbers == [first + n for n in range(len(told))]
    if mostly(_ORDINAL.fullmatch(word) is not None for word in words):
        return "serial"
    if counted and (len(told) > 2 or (len(told) == 2 and first == 1)):
        return "serial"
    if mostly(number is not None for number in numbers):
        total = sum((number for number in numbers if number is not None), Decimal(0))
        small = all(number is None or number <= _MOST_POINTS for number in numbers)
        # Of one sheet, or of several in a list.
        full = small and total > 0 and any(total % whole == 0 for whole in _FULL)
        return "points" if len(told) > 1 and full else "target"
    units = mostly(known_unit(word) == word or _UNITS.fullmatch(word) is not None for word in words)
    if units and _are_units(words):
        return "unit"
    return "target" if mostly(map(is_value, told)) else "words"


def is_nature(text: str) -> bool:
    """Say whether a cell says how something is measured (定量) or which way is better."""
    word = normalise(text)
    return any(words.fullmatch(word) is not None for words in (_NATURES, _DIRECTIONS))


def _lines(cell: str) -> list[str]:
    """Return the lines of a cell, as one where they come of a narrow column: 小于等于17.5, 元/剂次."""
    lines = cell.splitlines()
    whole = "".join(cell.split())
    return [whole] if len(lines) > 1 and not all(map(is_value, lines)) and is_value(whole) else lines


def _are_units(words: Sequence[str]) -> bool:
    """Say whether known units are among the words, so that short names are not taken for units."""
    known = sum(known_unit(word) == word for word in words)
    return 2 * known >= len(words) or (known > 0 and Counter(words).most_common(1)[0][1] > 1)
