"""Reader for PDF: its pages as drawn, and where these hold no text, the words of their pictures by recognition of
characters.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zhunsheng.errors import ZhunshengError
from zhunsheng.files.opening import Opened
from zhunsheng.files.pdf import contents
from zhunsheng.intake import paged
from zhunsheng.intake.drawn import Box, Letter, Page
from zhunsheng.intake.grid import Block
from zhunsheng.translation import series, worded

_NEVER_DRAWN, _UNKNOWN = 1, 2  # how a letter is drawn, as files/pdfium.py tells it
_UNREADABLE = 0.2  # of a page's letters without a meaning: more make its text no text


def read(opened: Opened) -> list[Block]:
    """Return the blocks of a PDF. Raises ``ZS-IN-04``, ``-05``, ``-41`` (a scan), ``-42`` or ``-44``."""
    told = contents(opened.data, opened.name)
    pages = [_page(one, number) for number, one in enumerate(told, start=1)]
    unreadable = [number for number, one in enumerate(told, start=1) if _unreadable(one)]
    if unreadable:
        where = series(worded("第{page}页", page=page) for page in unreadable[:5])
        raise ZhunshengError("ZS-IN-44", name=opened.name, pages=where)
    if not any(page.letters for page in pages):
        raise ZhunshengError("ZS-IN-41", name=opened.name, pages=len(pages))
    return paged.blocks_of(pages)


def _unreadable(told: dict[str, Any]) -> bool:
    unknown = sum(letter[6] == _UNKNOWN for letter in told["letters"])
    return unknown > 20 and unknown > _UNREADABLE * len(told["letters"])


def _page(told: dict[str, Any], number: int) -> Page:
    width, height = told["size"]
    letters: Sequence[list[Any]] = told["letters"]
    return Page(
        number=number,
        width=width,
        height=height,
        letters=[Letter(*letter[:6]) for letter in letters],
        lines=[Box(*line) for line in told["lines"]],
        areas=[Box(*area) for area in told["areas"]],
        pictures=[Box(*picture) for picture in told["pictures"]],
        guessed=2 * sum(letter[6] == _NEVER_DRAWN for letter in letters) > len(letters),
    )
