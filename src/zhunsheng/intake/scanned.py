"""Pages that are pictures: their words by recognition of characters (the extra ``ocr``), their lines by
their dark pixels, and a doubt for every field that was read so.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from importlib.util import find_spec
from typing import Any, NamedTuple

from zhunsheng.intake.drawn import Box, Letter, Page
from zhunsheng.intake.grid import Block
from zhunsheng.targets import Place, TargetSheet, Unsure
from zhunsheng.targets.fields import fields_of
from zhunsheng.translation import worded

PIXELS = 1_754  # of a page's longer side: 150 to the inch on A4
_LEAST = 0.3  # how sure the recognition is of a word, of 1; less is noise
_LINE = 0.02  # of a page's longer side: what is longer and straight is a line
_FIELD = "scan"


class Word(NamedTuple):
    """A word on a picture: its text and box in pixels."""

    text: str
    left: float
    top: float
    right: float
    bottom: float


def can_recognise() -> bool:
    """Say whether the recognition of characters is installed."""
    return find_spec("rapidocr") is not None and find_spec("cv2") is not None


def page_of(png: bytes, number: int, width: float, height: float) -> Page:
    """Return a page, of so many points, as its picture shows it."""
    words, lines, pixels = recognised(png)
    scale = max(width, height) / pixels
    return Page(
        number=number,
        width=width,
        height=height,
        letters=[letter for word in words for letter in _letters(word, scale)],
        lines=[Box(*(value * scale for value in line)) for line in lines],
        guessed=True,
    )


def _letters(word: Word, scale: float) -> Iterator[Letter]:
    """Give the letters of a word, spread over its box by their widths."""
    shares = [1.0 if unicodedata.east_asian_width(one) in "WF" else 0.55 for one in word.text]
    step = (word.right - word.left) / sum(shares)
    inner = 0.12 * (word.bottom - word.top)  # boxes are drawn wider than the letters
    left = word.left
    for one, share in zip(word.text, shares, strict=True):
        right = left + share * step
        yield Letter(
            one, left * scale, (word.top + inner) * scale, right * scale, (word.bottom - inner) * scale
        )
        left = right


def recognised(png: bytes) -> tuple[list[Word], list[tuple[float, float, float, float]], int]:
    """Return the words and straight lines of a picture and its longer side, all in pixels."""
    import cv2
    import numpy as np

    picture = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)
    pixels = max(picture.shape[:2])
    dark = (cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY) < 160).astype(np.uint8)
    least = max(8, int(_LINE * pixels))
    lines = []
    for shape in ((least, 1), (1, least)):
        kept = cv2.morphologyEx(dark, cv2.MORPH_OPEN, np.ones(shape[::-1], np.uint8))
        _count, _labels, stats, _middles = cv2.connectedComponentsWithStats(kept)
        lines += [(float(x), float(y), float(x + w), float(y + h)) for x, y, w, h, _area in stats[1:]]
    thin = [one for one in lines if min(one[2] - one[0], one[3] - one[1]) < least / 2]
    return _words(_engine()(picture)), thin, pixels


def _words(found: Any) -> list[Word]:
    if found.boxes is None:
        return []
    return [
        Word(text, *map(float, (*box.min(axis=0), *box.max(axis=0))))
        for box, text, sure in zip(found.boxes, found.txts, found.scores, strict=True)
        if sure >= _LEAST and text.strip()
    ]


@lru_cache(maxsize=1)
def _engine() -> Any:
    from rapidocr import RapidOCR

    return RapidOCR(params={"Global.log_level": "critical"})


def told(page: Page) -> Unsure:
    """Return the entry of a page whose letters were told from a picture."""
    why = worded("这一页是图片，文字由识别得来，比较符、单独的符号最易认错，请逐项与原件核对")
    return Unsure(place=Place(page=page.number), field=_FIELD, text=f"第{page.number}页", why=why)


def doubts(sheets: Sequence[TargetSheet], blocks: Sequence[Block]) -> list[Unsure]:
    """Return an entry for each field that was read from a page whose letters were told from a picture."""
    pages = {b.place.page for b in blocks if isinstance(b, Unsure) and b.field == _FIELD and b.place}
    if not pages:
        return []
    why = worded("由图片识别得来，请与原件核对")
    found = []
    for number, sheet in enumerate(sheets):
        seen = [place for place in sheet.places() if place.page in pages]
        if sheet.year is not None and seen:  # by which its figures are found; it is no field of the editor
            page = Place(page=seen[0].page)
            found.append(Unsure(place=page, field="year", text=f"{sheet.year}", why=why, sheet=number))
        found += [
            Unsure(place=field.place, field=field.path, text=field.text, why=why, sheet=number)
            for field in fields_of(sheet).values()
            if field.text and field.place and field.place.page in pages
        ]
    return found
