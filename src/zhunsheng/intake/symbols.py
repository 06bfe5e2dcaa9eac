"""Signs of fonts of symbols as characters: the Wingdings þ is ☑, the Symbol ³ is ≥."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from importlib.resources import files

from zhunsheng.faults import packaged

UNKNOWN = "�"
_PRIVATE = range(0xF000, 0xF100)  # where Word keeps the 256 signs of such a font
# What LibreOffice prints with its own font keeps the code of Symbol or Wingdings, whichever it stands for: of
# these codes one of the two is a sign of forms, and the other's is used in none.
_OF_EITHER = {0xA3: "≤", 0xB1: "±", 0xB3: "≥", 0xB4: "×", 0xB8: "÷", 0xB9: "≠", 0xFC: "✓", 0xFE: "☑"}
_PRINTED = re.compile(r"^(?:[A-Z]{6}\+)?(\w+?)(?:MT|PS)*(?:[-,]\w+)?$")
_SUPERSCRIPT = str.maketrans("0123456789+-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻")
_RAISED = frozenset("0123456789+-")


@lru_cache(maxsize=1)
def _fonts() -> dict[str, str]:
    rows = packaged(files(__package__) / "symbols.yaml")
    return {font.lower(): " " * 0x20 + "".join(parts) for font, parts in rows.items()}


@lru_cache(maxsize=1)
def _compact() -> dict[str, str]:
    return {font.replace(" ", ""): font for font in _fonts()}


def is_symbolic(font: str | None) -> bool:
    """Say whether a font shows signs in the place of letters."""
    return font is not None and font.lower() in _fonts()


def symbol(code: int, font: str | None) -> str:
    """Return the character that a font shows for a sign, by its code or that in the private area, from
    U+F000 on.

    A sign of another font is the character itself; ``UNKNOWN`` where it can't be told.
    """
    signs = _fonts().get((font or "").lower())
    if signs is None:
        private = 0xE000 <= code <= 0xF8FF or not 0x20 <= code <= 0x10FFFF or 0xD800 <= code <= 0xDFFF
        return UNKNOWN if private else chr(code)
    code -= _PRIVATE.start if code in _PRIVATE else 0
    if code >= 0x100:
        return chr(code)
    return signs[code] if 0x20 <= code < len(signs) else UNKNOWN


def printed(sign: str, base_font: str) -> str:
    """Return the character that a font of a PDF shows for a sign, by the font's name there
    (``BCDEEE+SymbolMT``); ``UNKNOWN`` where it can't be told.
    """
    code = ord(sign)
    found = _PRINTED.match(base_font.replace(" ", ""))
    font = _compact().get(found[1].lower() if found else "")
    if font is None:
        known = _OF_EITHER.get(code - _PRIVATE.start) if found and found[1] == "OpenSymbol" else None
        return known or (UNKNOWN if code in _PRIVATE else sign)
    # Of the font Symbol a program can tell what stands for a sign, and of these some have codes of others.
    told = font == "symbol" and (sign.isascii() or sign in "×÷¬°")
    return sign if told or sign.isspace() else symbol(code, font)


def translated(text: str, fonts: Iterable[str]) -> str:
    """Return a text of a run with these fonts as it shows: signs of symbols as characters."""
    font = next((one for one in fonts if is_symbolic(one)), None)
    if font is None and not any(ord(sign) in _PRIVATE for sign in text):
        return text
    if font is None:
        return "".join(UNKNOWN if ord(sign) in _PRIVATE else sign for sign in text)
    return "".join(symbol(ord(sign), font) if sign >= " " else sign for sign in text)


def raised(text: str, after: str) -> str:
    """Return a superscript behind ``after``: digits raised (10⁴, m²), so that they are none of its digits."""
    said = text.strip()
    if not said or len(said) > 3 or not after.strip() or not _RAISED.issuperset(said):
        return text
    return said.translate(_SUPERSCRIPT)
