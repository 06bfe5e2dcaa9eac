"""Pages as drawn, from whatever format: letters, lines, areas and pictures with their boxes, and the words
that letters make.

All boxes are in points from the upper left corner of the page as shown, x to the right and y downwards.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import NamedTuple

_MARK = re.compile(
    r"(?:\d{1,2}[.、．)）](?!\d)|[（(][\d一二三四五六七八九十]{1,3}[)）]|[一二三四五六七八九十]{1,3}、|[①-⑳]|"
    r"目标\s?[\d一二三四五六七八九十]+|指标\s?\d+[：:])"
)
_SIGNS = "≥≤＝=＞＜><"  # what a value begins with
_ENDS = "）)%％‰"  # what one ends with
_OPENING, _CLOSING = "（(“‘《〈【「『〔[{", "，。、；：？！）)”’》〉】」』〕]}%％‰…,.;:?!/／"


class Box(NamedTuple):
    """A rectangle, or a line along an axis, whose width or height is then next to nothing."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        """Its width in points."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Its height in points."""
        return self.bottom - self.top

    def moved(self, down: float) -> Box:
        """Return it moved down by so many points."""
        return Box(self.left, self.top + down, self.right, self.bottom + down)


class Letter(NamedTuple):
    """A letter with the box that its font gives it (as high as the font, as wide as it takes in a line);
    ``turns`` are the quarters of a circle, clockwise, by which its line is turned; ``order`` counts the
    letters of a document in the order in which they were written.
    """

    text: str
    left: float
    top: float
    right: float
    bottom: float
    turns: int = 0
    order: int = 0

    @property
    def middle(self) -> float:
        """The height at which it stands."""
        return (self.top + self.bottom) / 2

    def moved(self, down: float, order: int) -> Letter:
        """Return it moved down by so many points and numbered."""
        return Letter(
            self.text, self.left, self.top + down, self.right, self.bottom + down, self.turns, order
        )


@dataclass(frozen=True)
class Page:
    """A page: ``number`` counts from 1; ``letters`` stand in the order in which they were written;
    ``lines`` are strokes and thin areas along the axes, ``areas`` filled with a colour that shows.

    ``guessed`` pages have letters that were told from a picture. ``turns`` are the quarters by which the
    page was turned clockwise after what is shown, so that its text is upright.
    """

    number: int
    width: float
    height: float
    letters: Sequence[Letter]
    lines: Sequence[Box] = ()
    areas: Sequence[Box] = ()
    pictures: Sequence[Box] = ()
    guessed: bool = False
    turns: int = field(default=0)


@cache
def radicals() -> dict[int, str]:
    """Return for each CJK radical and stroke the ideograph that it stands for, to be used with
    ``str.translate``: fonts without a table of their own say ⽬ where 目 is shown.
    """
    lines = files(__package__).joinpath("radicals.txt").read_text("utf8").splitlines()
    pairs = (line.split() for line in lines if not line.startswith("#"))
    return {int(sign, 16): chr(int(for_, 16)) for sign, for_ in pairs}


def turned_back(box: Box, page: Page) -> Box:
    """Return where a box of an upright page stands on the page as shown."""
    return _turned(box, page.width, page.height, -page.turns % 4)


def _turned(box: Box, width: float, height: float, quarters: int) -> Box:
    """Return a box of a page after the page was turned clockwise."""
    left, top, right, bottom = box
    match quarters % 4:
        case 1:
            return Box(height - bottom, left, height - top, right)
        case 2:
            return Box(width - right, height - bottom, width - left, height - top)
        case 3:
            return Box(top, width - right, bottom, width - left)
    return box


def upright(page: Page) -> Page:
    """Return a page turned so that most of its letters stand upright: tables are printed sideways."""
    counts = Counter(letter.turns for letter in page.letters)
    most = counts.most_common(1)[0][0] if counts else 0
    quarters = -most % 4
    if not quarters:
        return page
    swap = quarters % 2 == 1

    def turn(box: Iterable[float]) -> Box:
        return _turned(Box(*box), page.width, page.height, quarters)

    return replace(
        page,
        width=page.height if swap else page.width,
        height=page.width if swap else page.height,
        letters=[Letter(one.text, *turn(one[1:5]), (one.turns + quarters) % 4) for one in page.letters],
        lines=[turn(box) for box in page.lines],
        areas=[turn(box) for box in page.areas],
        pictures=[turn(box) for box in page.pictures],
        turns=quarters,
    )


def region(box: Box, page: Page) -> tuple[float, float, float, float]:
    """Return a box of an upright page as fractions of the page as shown, of four decimals, within 0 and 1."""
    wide, high = (page.height, page.width) if page.turns % 2 else (page.width, page.height)
    shown = turned_back(box, page)
    parts = (shown.left / wide, shown.top / high, shown.right / wide, shown.bottom / high)
    left, top, right, bottom = (round(min(max(part, 0.0), 1.0), 4) for part in parts)
    return left, top, right, bottom


def around(letters: Iterable[Letter]) -> Box:
    """Return the box around letters; there is at least one."""
    boxes = list(letters)
    return Box(
        min(one.left for one in boxes),
        min(one.top for one in boxes),
        max(one.right for one in boxes),
        max(one.bottom for one in boxes),
    )


def size_of(letters: Sequence[Letter]) -> float:
    """Return the height of most of the letters, 10 where there is none."""
    heights = Counter(round(letter.bottom - letter.top, 1) for letter in letters if not letter.text.isspace())
    return heights.most_common(1)[0][0] if heights else 10.0


def lines_of(letters: Iterable[Letter]) -> list[list[Letter]]:
    """Return upright letters by line, from above and from the left."""
    lines: list[list[Letter]] = []
    for letter in sorted(letters, key=lambda one: one.middle):
        last = lines[-1][-1] if lines else None
        near = 0.45 * max(letter.bottom - letter.top, last.bottom - last.top) if last else 0.0
        if last and letter.middle - last.middle <= near:
            lines[-1].append(letter)
        else:
            lines.append([letter])
    return [sorted(line, key=lambda one: (one.left, one.order)) for line in lines]


def _spelled(line: Sequence[Letter]) -> str:
    """Return the text of one line, with a blank where a wide gap stands."""
    parts = [line[0].text]
    for before, letter in pairwise(line):
        gap = letter.left - before.right
        high = letter.bottom - letter.top
        if gap > 0.5 * high and not parts[-1].isspace() and not letter.text.isspace():
            parts.append(" ")
        parts.append(letter.text)
    return "".join(parts).strip()


def words_of(letters: Sequence[Letter], left: float, right: float) -> str:
    """Return the text of a cell or column whose lines may run from ``left`` to ``right``: a line that ended
    for want of room goes on, one that ended before that was ended by its author.
    """
    upright_ = [one for one in letters if not one.turns and not one.text.isspace()]
    aside = [one for one in letters if one.turns and not one.text.isspace()]
    parts = [_wrapped(_with_blanks(letters, upright_), left, right)] if upright_ else []
    for turns in sorted({one.turns for one in aside}):
        own = [one for one in aside if one.turns == turns]
        turned = [Letter(one.text, *_turned(Box(*one[1:5]), 0, 0, -turns % 4)) for one in own]
        box = around(turned)
        parts.append(_wrapped(turned, box.left, box.right))
    return "\n".join(filter(None, parts))


def _with_blanks(letters: Sequence[Letter], seen: Sequence[Letter]) -> list[Letter]:
    """Return the upright letters with the blanks that stand between two of them in a line."""
    box = around(seen)
    blanks = [one for one in letters if one.text.isspace() and not one.turns]
    return [*seen, *(one for one in blanks if box.left <= one.left and one.right <= box.right)]


def _wrapped(letters: Sequence[Letter], left: float, right: float) -> str:
    lines = [line for line in lines_of(letters) if any(not one.text.isspace() for one in line)]
    spelled = [_spelled(line) for line in lines]
    if len(lines) > 2 and all(len(one) == 1 for one in spelled):  # written downwards
        return "".join(spelled)
    parts = [spelled[0]]
    for n, (above, line) in enumerate(pairwise(lines), start=1):
        parts.append(_between(above, line, left, right))
        parts.append(spelled[n])
    return "".join(parts)


def goes_on(above: Sequence[Letter], below: Sequence[Letter], left: float, right: float) -> bool:
    """Say whether the words of one cell, whose lines may run from ``left`` to ``right``, can go on in
    another's.
    """
    lines = [[one for one in part if not one.text.isspace() and not one.turns] for part in (above, below)]
    if not all(lines):
        return False
    downwards = all(len(line) == 1 and _is_wide(line[0]) for part in lines for line in lines_of(part))
    if downwards and len(lines[0]) > 1:
        return True
    return _between(lines_of(lines[0])[-1], lines_of(lines[1])[0], left, right) != "\n"


def _between(above: Sequence[Letter], line: Sequence[Letter], left: float, right: float) -> str:
    """Return what stands between two lines: nothing where the first was full, else a line break."""
    ended = above[0].text in _SIGNS or above[-1].text in _ENDS or above[-1].text.isdigit()
    if (line[0].text in _SIGNS and ended) or is_marked(line):
        return "\n"
    seen = [one for one in above if not one.text.isspace()]
    first, last, high = seen[0], seen[-1], seen[-1].bottom - seen[-1].top
    centred = abs((first.left - left) - (right - last.right)) < high
    used = last.right - first.left if centred else last.right - left
    if used + _unit(line) + 0.5 * high <= right - left:
        return "\n"
    plain = last.text.isascii() and line[0].text.isascii() and last.text.isalpha() and line[0].text.isalpha()
    return " " if plain else ""


def is_marked(line: Sequence[Letter]) -> bool:
    """Say whether a line begins with the mark of a point of a list: 目标1, （2）, 3."""
    return _MARK.match("".join(one.text for one in line).lstrip()) is not None


def _unit(line: Sequence[Letter]) -> float:
    """Return the width of what can't be parted at the start of a line: a word, or a character with the marks
    around it; a bracket clings to the figure before it.
    """
    seen = [one for one in line if not one.text.isspace()]
    last = len(seen) - 1
    end = 0
    while end < last and seen[end].text in _OPENING:
        end += 1
    if not _is_wide(seen[end]):
        while end < last and not _is_wide(seen[end + 1]):
            end += 1
        if end + 1 < last and seen[end + 1].text in _OPENING:
            end += 2
    while end < last and seen[end + 1].text in _CLOSING:
        end += 1
    return seen[end].right - seen[0].left


def _is_wide(letter: Letter) -> bool:
    return unicodedata.east_asian_width(letter.text) in "WF"


def starts_anew(above: Sequence[Letter], line: Sequence[Letter], column: Box) -> bool:
    """Say whether a line of text starts a paragraph, after the line above it, in a column of text."""
    high = above[0].bottom - above[0].top
    own = line[0].bottom - line[0].top
    if abs(own - high) > 0.15 * high or line[0].middle - above[0].middle > 2.2 * high:
        return True
    if line[0].left > column.left + 1.5 * own and line[0].left > above[0].left + own:
        return True
    return _between(above, line, min(above[0].left, column.left), column.right) == "\n"
