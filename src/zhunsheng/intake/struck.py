"""Letters of a drawn page that a line strikes through."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import replace

from zhunsheng.intake.drawn import Box, Letter, Page

_UPPER, _LOWER = 0.3, 0.72  # of a letter's height, from above: where a line strikes through it
_THIN = 0.2  # of a letter's height: a thicker line is a bar
_FILLED = 0.75  # of such a line stands on letters; other lines only pass some


def without_struck(page: Page, letters: Sequence[Letter]) -> tuple[Page, list[Letter], list[list[Letter]]]:
    """Return an upright page without the lines that strike through letters, its letters without those, and
    these by line.

    Such a line runs through the middle of the letters of one line and begins and ends with them; the lines of
    a table stand between letters, and reach further.
    """
    upright = sorted((one for one in letters if not one.turns), key=lambda one: one.middle)
    middles = [one.middle for one in upright]
    tallest = max((one.bottom - one.top for one in upright), default=0.0)
    struck: list[list[Letter]] = []
    lines: list[Box] = []
    for line in page.lines:
        if line.width < 2 or line.height > line.width:
            continue
        y = (line.top + line.bottom) / 2
        near = upright[bisect_left(middles, y - tallest / 2) : bisect_right(middles, y + tallest / 2)]
        if found := _struck_by(line, y, near):
            lines.append(line)
            if found not in struck:  # by two lines, one below the other
                struck.append(found)
    if not struck:
        return page, list(letters), []
    gone = {id(one) for found in struck for one in found}
    kept = [one for one in letters if id(one) not in gone]
    return replace(page, lines=[one for one in page.lines if one not in lines]), kept, struck


def _struck_by(line: Box, y: float, near: Sequence[Letter]) -> list[Letter]:
    """Return the letters that a line at a height strikes through, in order; none for any other line."""
    found = []
    for one in near:
        high = one.bottom - one.top
        across = one.top + _UPPER * high <= y <= one.top + _LOWER * high and line.height < _THIN * high
        if across and line.left - 0.2 * high <= (one.left + one.right) / 2 <= line.right + 0.2 * high:
            found.append(one)
    found.sort(key=lambda one: (one.left, one.order))
    seen = [one for one in found if not one.text.isspace()]
    if not seen:
        return []
    high = seen[0].bottom - seen[0].top
    reaches = line.left < found[0].left - 0.3 * high or line.right > found[-1].right + 0.3 * high
    filled = sum(min(one.right, line.right) - max(one.left, line.left) for one in found)
    return [] if reaches or filled < _FILLED * line.width else found
