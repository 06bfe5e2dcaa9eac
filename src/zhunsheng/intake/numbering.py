"""The numbers that Word itself puts before paragraphs of a list (ECMA-376 part 1 §17.9): 目标1、 一、 (1)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

from lxml import etree

from zhunsheng.files.bounds import WORD_MAX_PATTERN
from zhunsheng.files.number_formats import in_words
from zhunsheng.text import whole

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_VAL = f"{_W}val"
LEVELS = 9
ENDS = "、.．。:：)）,，;；〕】]"  # behind these nothing need part a number from the text
_PLACE = re.compile(r"%([1-9])")
_STEMS = "甲乙丙丁戊己庚辛壬癸"
_BRANCHES = "子丑寅卯辰巳午未申酉戌亥"
_ROMAN: tuple[tuple[int, str], ...] = (
    (1000, "m"),
    (900, "cm"),
    (500, "d"),
    (400, "cd"),
    (100, "c"),
    (90, "xc"),
)
_ROMAN += ((50, "l"), (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))
_COUNTED: tuple[str, ...] = (
    "chineseCounting",
    "chineseCountingThousand",
    "japaneseCounting",
    "taiwaneseCounting",
)
_COUNTED += ("taiwaneseCountingThousand", "ideographDigital", "japaneseDigitalTenThousand", "koreanCounting")
_LEGAL = ("chineseLegalSimplified", "ideographLegalTraditional", "japaneseLegal")
_RANGES = {"decimalEnclosedCircle": (0x2460, 20), "decimalEnclosedParen": (0x2474, 20)}
_RANGES |= {"decimalEnclosedCircleChinese": (0x2460, 20), "decimalEnclosedFullstop": (0x2488, 20)}
_RANGES |= {"ideographEnclosedCircle": (0x3280, 10), "ideographParenthesized": (0x3220, 10)}


@dataclass
class _Level:
    """How the numbers of one level of a list are written."""

    start: int = 1
    style: str = "decimal"
    text: str = ""
    space: str = "tab"  # what stands behind the number
    legal: bool = False  # whether the numbers of the levels above are shown as digits
    paragraphs: str = ""  # the style of the paragraphs that are of this level


@dataclass
class _List:
    """A list: where its levels are described, and what of them it has its own."""

    abstract: str
    levels: dict[int, _Level] = field(default_factory=dict)
    starts: dict[int, int] = field(default_factory=dict)


class Numbering:
    """Counts the paragraphs of a document's lists, in the order in which they are given to it."""

    def __init__(
        self, part: Callable[[], etree._Element | None], of_styles: dict[str, tuple[str, int]]
    ) -> None:
        """Take what gives the part of a document that describes its lists, and the list and level of each
        style.
        """
        self._part = part
        self._of_styles = of_styles
        self._counts: dict[str, list[int | None]] = {}
        self._begun: set[str] = set()

    @cached_property
    def _lists(self) -> dict[str, _List]:
        root = self._part()
        if root is None:
            return {}
        abstracts: dict[str, dict[int, _Level]] = {}
        links: dict[str, str] = {}
        for abstract in root.iterfind(f"{_W}abstractNum"):
            number = abstract.get(f"{_W}abstractNumId") or ""
            abstracts[number] = dict(_levels(abstract))
            if link := _said(abstract, "numStyleLink"):
                links[number] = link
        found: dict[str, _List] = {}
        for one in root.iterfind(f"{_W}num"):
            abstract_id = _said(one, "abstractNumId")
            made = _List(abstract_id, dict(abstracts.get(abstract_id, {})))
            for own in one.iterfind(f"{_W}lvlOverride"):
                level = whole(own.get(f"{_W}ilvl") or "", 2) or 0
                made.levels |= dict(_levels(own))
                if (start := whole(_said(own, "startOverride"), 6)) is not None:
                    made.starts[level] = start
            found[one.get(f"{_W}numId") or ""] = made
        for made in found.values():
            linked = found.get(self._of_styles.get(links.get(made.abstract, ""), ("", 0))[0])
            if linked is not None and not made.levels:
                made.levels, made.abstract = linked.levels, linked.abstract
        return found

    def before(self, properties: etree._Element | None, style: str) -> str:
        """Count a paragraph by its properties and style; return what Word shows before its text."""
        own, level = self._of_styles.get(style, ("", 0))
        listed = properties.find(f"{_W}numPr") if properties is not None else None
        if listed is not None:
            own = _said(listed, "numId") or own
            level = whole(_said(listed, "ilvl") or str(level), 2) or 0
        found = self._lists.get(own) if own not in ("", "0") else None
        if found is None or level not in found.levels:
            return ""
        if listed is None or not _said(listed, "ilvl"):
            level = next((n for n, one in found.levels.items() if style and one.paragraphs == style), level)
        counts = self._counts.setdefault(found.abstract, [None] * LEVELS)
        if own not in self._begun:
            self._begun.add(own)
            for at, start in found.starts.items():
                if at < LEVELS:
                    counts[at] = start - 1
        before = counts[level]
        counts[level] = found.levels[level].start if before is None else before + 1
        counts[level + 1 :] = [None] * (LEVELS - level - 1)
        return _label(found.levels, counts, level)


def _levels(parent: etree._Element) -> list[tuple[int, _Level]]:
    found = []
    for one in parent.iterfind(f"{_W}lvl"):
        level = whole(one.get(f"{_W}ilvl") or "", 2)
        if level is not None and level < LEVELS:
            style = _said(one, "numFmt") or "decimal"
            legal = one.find(f"{_W}isLgl") is not None
            start = whole(_said(one, "start"), 6)
            text, space = _said(one, "lvlText")[:WORD_MAX_PATTERN], _said(one, "suff") or "tab"
            made = _Level(1 if start is None else start, style, text, space, legal, _said(one, "pStyle"))
            found.append((level, made))
    return found


def _said(parent: etree._Element, name: str) -> str:
    found = parent.find(f"{_W}{name}")
    return (found.get(_VAL) or "") if found is not None else ""


def _label(levels: dict[int, _Level], counts: list[int | None], level: int) -> str:
    own = levels[level]
    if own.style in ("bullet", "none") and not _PLACE.search(own.text):
        return ""

    shown: dict[str, str] = {}  # a pattern may name a level many times
    for place in set(_PLACE.findall(own.text)):
        one, count = levels.get(int(place) - 1, own), counts[int(place) - 1]
        shown[place] = counted(one.start if count is None else count, "decimal" if own.legal else one.style)
    text = _PLACE.sub(lambda place: shown[place[1]], own.text)[:WORD_MAX_PATTERN]
    return text if not text or text[-1] in ENDS or own.space == "nothing" else f"{text} "


def counted(number: int, style: str) -> str:
    """Return a number as a list of a style shows it; in digits for a style that is not known."""
    if style in ("none", "bullet"):
        return ""
    if style in _COUNTED:
        text = in_words(str(number), 1).replace("〇", "零")
        return text[1:] if 10 <= number < 20 else text
    if style in _LEGAL:
        return in_words(str(number), 2)
    if style in _RANGES and 1 <= number <= _RANGES[style][1]:
        return chr(_RANGES[style][0] + number - 1)
    if style == "decimalFullWidth" or style == "decimalFullWidth2":
        return in_words(str(number), 4).translate(str.maketrans("0123456789", "０１２３４５６７８９"))
    if style == "decimalZero":
        return f"{number:02d}"
    if style in ("ideographTraditional", "ideographZodiac"):
        signs = _STEMS if style == "ideographTraditional" else _BRANCHES
        return signs[number - 1] if 1 <= number <= len(signs) else str(number)
    if style in ("upperLetter", "lowerLetter") and number > 0:
        letter = chr(65 + (number - 1) % 26) * min((number - 1) // 26 + 1, 5)
        return letter if style == "upperLetter" else letter.lower()
    if style in ("upperRoman", "lowerRoman") and 0 < number < 4000:
        roman = _roman(number)
        return roman.upper() if style == "upperRoman" else roman
    return str(number)


def _roman(number: int) -> str:
    text = ""
    for size, signs in _ROMAN:
        times, number = divmod(number, size)
        text += signs * times
    return text
