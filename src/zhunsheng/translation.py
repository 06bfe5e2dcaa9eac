"""Texts of the program in the language of whoever reads them: Chinese, with an English catalogue beside it.

A text stands in the code once, in Chinese; its translation stands in ``locale/en`` (``manage.py messages``
finds what lacks one). Where a text is made is not where it is read: an error is raised by a reader of files
and told on a page. So a text that may be told in another language keeps its template and what fills it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

LOCALE = Path(__file__).parent / "locale"
DOMAIN = "django"  # the one catalogue, under the name that Django looks for
CHINESE = "zh-hans"


def translatable(text: str) -> str:
    """Return a text as it is: it stands in a table, is told from there, and wants its translation too."""
    return text


COMMA = translatable("、")  # between the parts of a list
LINE = translatable("[{code}] {what}。{mend}")  # an error


class Worded(str):
    """A text of the program: its Chinese wording, as any text, with the template and what fills it."""

    template: str
    filled: Mapping[str, Any]

    def __add__(self, other: str) -> Series:
        """Return this text and another behind it, each told on its own."""
        return series((self, other), "")

    def told(self, language: str) -> str:
        """Return the text in a language, what fills it too; Chinese where the catalogue has no other."""
        template = translated(self.template, language)
        told = {name: in_language(value, language) for name, value in self.filled.items()}
        return template.format_map(told) if told else template  # braces may be a text's own


class Series(Worded):
    """Several texts as one, with a sign between them that each language writes its own way."""

    # ``template`` is the sign.

    parts: tuple[Any, ...]

    def told(self, language: str) -> str:
        """Return the parts in a language, with its sign between them."""
        return translated(self.template, language).join(in_language(part, language) for part in self.parts)


def worded(template: str, /, **filled: Any) -> Worded:
    """Return a text by its Chinese template; its parameters may be texts of the program themselves."""
    text = Worded(template.format_map(filled) if filled else template)
    text.template, text.filled = template, filled
    return text


def series(parts: Iterable[Any], between: str = COMMA) -> Series:
    """Return several texts as one; the sign between them (``、``, ``；``) is a text of the catalogue too."""
    kept = tuple(parts)
    text = Series(between.join(map(str, kept)))
    text.template, text.filled, text.parts = between, {}, kept
    return text


def in_language(value: Any, language: str) -> str:
    """Return what fills a text, or a text, in a language; what is no text of the program is left as it is."""
    return value.told(language) if isinstance(value, Worded) else str(value)


def raised_with(error: BaseException) -> str:
    """Return what an error says: the text that it was raised with, which knows its translation."""
    return error.args[0] if error.args and isinstance(error.args[0], str) else str(error)


def translated(text: str, language: str) -> str:
    """Return a text of the catalogue in a language; the text itself where it has none."""
    return catalogue(language).get(text, text) if text and language != CHINESE else text


@lru_cache(maxsize=8)
def catalogue(language: str) -> Mapping[str, str]:
    """Return the texts of a language by the Chinese; none where the program does not speak it."""
    from gettext import GNUTranslations  # only who reads another language needs it

    file = LOCALE / language / "LC_MESSAGES" / f"{DOMAIN}.mo"
    if not file.is_file():
        return {}
    with file.open("rb") as stream:
        found = GNUTranslations(stream)._catalog  # type: ignore[attr-defined]
    return {text: told for text, told in found.items() if isinstance(text, str) and text and told}
