"""Signs of fonts of symbols as characters: the Wingdings þ is ☑, the Symbol ³ is ≥."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from importlib.resources import files

from zhunsheng.faults import packaged

UNKNOWN = "�"
_PRIVATE = range(0xF000, 0xF100)  # where Word keeps the 256 signs of such a font
_SUPERSCRIPT = str.maketrans("0123456789+-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻")
_RAISED = frozenset("0123456789+-")


@lru_cache(maxsize=1)
def _fonts() -> dict[str, str]:
    rows = packaged(files(__package__) / "symbols.yaml")
    return {font.lower(): " " * 0x20 + "".join(parts) for font, parts in rows.items()}


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
