"""One form of writing for every text in which personal data are looked for."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from zhunsheng.text import INVISIBLE, UNFIT

FIGURES = str.maketrans("〇零一二三四五六七八九幺壹贰貳叁參肆伍陆陸柒捌玖", "001234567891122334566789")


@lru_cache
def _tables() -> tuple[frozenset[str], dict[int, str], dict[int, str]]:
    """Return what nobody sees, and the tables to one width and to plain digits;
    every sign becomes exactly one.
    """
    unseen = {c for first, last in (*UNFIT, *INVISIBLE) for c in range(first, last + 1)} - {9, 10}
    width: dict[int, str] = {}
    digits: dict[int, str] = {}
    for code in range(sys.maxunicode + 1):
        sign = chr(code)
        category = unicodedata.category(sign)
        if category in ("Mn", "Me", "Cf"):
            unseen.add(code)
        elif category == "Pd" or sign in "−﹣－~～〜":
            width[code] = "-"
        elif category == "Zs":
            width[code] = " "
        elif 0xFF01 <= code <= 0xFF5E:
            width[code] = chr(code - 0xFEE0)
        elif code > 0x7F and (number := unicodedata.digit(sign, None)) is not None:
            digits[code] = str(number)
    width |= {ord(c): "·" for c in "•‧∙⋅・･●"} | {
        ord("︓"): ":",
        ord("﹕"): ":",
        ord("Ⅹ"): "X",
        ord("Х"): "X",
        ord("Χ"): "X",
    }
    return frozenset(map(chr, unseen)), width, width | digits


def one_form(text: str) -> tuple[str, str, Sequence[int]]:
    """Return a text of one width without unseen signs, the same with plain digits,
    and where each sign of both stood.
    """
    if text.isascii():
        return text, text, range(len(text))
    gone, width, digits = _tables()
    at: Sequence[int] = range(len(text))
    if not gone.isdisjoint(text):
        at = [n for n, sign in enumerate(text) if sign not in gone]
        text = "".join(text[n] for n in at)
    return text.translate(width), text.translate(digits), at
