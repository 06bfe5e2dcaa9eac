"""Reader for PDF: its pages as drawn, and where these hold no text, the words of their pictures by
recognition of characters.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zhunsheng.errors import ZhunshengError
from zhunsheng.files.bounds import SCANNED_MAX_PAGES
from zhunsheng.files.opening import Opened
from zhunsheng.files.pdf import contents, page_picture
from zhunsheng.intake import paged, scanned
from zhunsheng.intake.drawn import Box, Letter, Page
from zhunsheng.intake.grid import Block
from zhunsheng.intake.scanned import PIXELS, can_recognise
from zhunsheng.intake.symbols import UNKNOWN, printed
from zhunsheng.translation import series, worded

_NEVER_DRAWN, _UNKNOWN = 1, 2  # how a letter is drawn, as files/pdfium.py tells it
_NAMED = 5  # pages named in a refusal
_UNREADABLE = 0.2  # of a page's letters without a meaning: more make its text no text


def read(opened: Opened) -> list[Block]:
    """Return the blocks of a PDF, with an entry for each page whose letters were told from a picture.

    Raises ``ZS-IN-04``, ``-05``, ``-41`` (a scan), ``-42`` or ``-44``.
    """
    told = contents(opened.data, opened.name)
    pages = [page_of(one, number) for number, one in enumerate(told, start=1)]
    unreadable = [page.number for page, one in zip(pages, told, strict=True) if _unreadable(one)]
    pictures = [page.number for page in pages if not page.letters and (page.pictures or page.lines)]
    if can_recognise():
        for number in sorted({*unreadable, *pictures})[:SCANNED_MAX_PAGES]:
            pages[number - 1] = _recognised(opened, pages[number - 1])
    elif unreadable:
        where = series(worded("第{page}页", page=page) for page in unreadable[:_NAMED])
        raise ZhunshengError("ZS-IN-44", name=opened.name, pages=where)
    if pictures and not any(page.letters for page in pages):
        raise ZhunshengError("ZS-IN-41", name=opened.name, pages=len(pages))
    return [*paged.blocks_of(pages), *(scanned.told(page) for page in pages if page.guessed)]


def _recognised(opened: Opened, page: Page) -> Page:
    picture = page_picture(opened.data, opened.name, page.number, PIXELS)
    return scanned.page_of(picture, page.number, page.width, page.height)


def _unreadable(told: dict[str, Any]) -> bool:
    letters: list[list[Any]] = told["letters"]
    unknown = sum(1 for one in letters if one[6] == _UNKNOWN and (len(one) < 8 or _sign(*one) == UNKNOWN))
    return unknown > 20 and unknown > _UNREADABLE * len(letters)


def _sign(sign: str, *told: Any) -> str:
    """Return the character of a letter as ``pdfium.content`` tells it, by its font where that is told."""
    return printed(sign, told[6]) if len(told) > 6 else sign


def page_of(told: dict[str, Any], number: int) -> Page:
    """Return a page as ``pdfium.content`` tells it, counted from 1."""
    width, height = told["size"]
    letters: Sequence[list[Any]] = told["letters"]
    return Page(
        number=number,
        width=width,
        height=height,
        letters=[Letter(_sign(*letter), *letter[1:6]) for letter in letters],
        lines=[Box(*line) for line in told["lines"]],
        areas=[Box(*area) for area in told["areas"]],
        pictures=[Box(*picture) for picture in told["pictures"]],
        guessed=bool(letters) and 2 * sum(one[6] == _NEVER_DRAWN for one in letters) > len(letters),
    )
