"""Tell in another language a text that a record keeps in Chinese: why a job failed, what a review
found, what is wrong with a row.

Records are kept in the language of the office, as plain texts, whatever language their reader has. Such a
text is told by the template of the catalogue that it was made from. What no template fits stays as it is, and
so does what fills a template, which is somebody's name or word, but for parameters that say something.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from zhunsheng.translation import CHINESE, LINE, catalogue, translated

_FIELD = re.compile(r"(?<!\{)\{(\w+)\}(?!\})")
_ERROR = re.compile(r"\[(ZS-[A-Z]{2}-[0-9]{2})\] ")
_SIGNS = ("；", "、")
# The parameters that hold a text of the program, by the names that templates give them.
_SAY = frozenset(
    "what mend detail why where says parts words how came doubt anew since contest unproved grade".split()
)


def recalled(text: str, language: str) -> str:
    """Return a text that a record keeps, in a language; the text itself where it is none of the program's."""
    return text if language == CHINESE else _told(text, language) or text


@lru_cache(maxsize=8192)
def _told(text: str, language: str) -> str | None:
    """Return a text by its template, None where no template of the catalogue fits."""
    if not text or text.isascii():
        return None
    if (whole := translated(text, language)) != text:
        return whole
    if error := _ERROR.match(text):
        for what, mend in _cuts(text[error.end() :]):
            told = (_told(what, language), _told(mend, language))
            if told[0] and told[1]:
                return translated(LINE, language).format(code=error[1], what=told[0], mend=told[1])
        return None
    for pattern, template in _templates(language):
        if found := pattern.fullmatch(text):
            filled = {
                name: _part(value, language) if name in _SAY else value
                for name, value in found.groupdict().items()
            }
            return translated(template, language).format_map(filled)
    return None


def _part(text: str, language: str) -> str:
    """Return what fills a template, told as a text of its own or as a list of such."""
    if whole := _told(text, language):
        return whole
    for sign in _SIGNS:
        parts = [(part, _told(part, language)) for part in text.split(sign)]
        if any(told for _, told in parts):
            return translated(sign, language).join(told or part for part, told in parts)
    return text


def _cuts(text: str) -> Iterator[tuple[str, str]]:
    """Yield the two parts of a text at each full stop inside it."""
    for stop in re.finditer("。", text[:-1]):
        yield text[: stop.start()], text[stop.end() :]


@lru_cache(maxsize=4)
def _templates(language: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    """Return the catalogue's templates that have parameters, those with most words of their own first, each
    with what matches it.
    """
    found = []
    for template in catalogue(language):
        if not _FIELD.search(template) or template == LINE:
            continue
        seen: set[str] = set()
        pieces, at = [], 0
        for field in _FIELD.finditer(template):
            pieces.append(re.escape(_plain(template[at : field.start()])))
            pieces.append(f"(?P={field[1]})" if field[1] in seen else f"(?P<{field[1]}>.*?)")
            seen.add(field[1])
            at = field.end()
        pieces.append(re.escape(_plain(template[at:])))
        own = _plain(_FIELD.sub("", template))
        if not re.search("[一-鿿]", own):
            continue  # signs alone would fit anything
        found.append((len(own), re.compile("".join(pieces), re.S), template))
    found.sort(key=lambda one: -one[0])
    return tuple((pattern, template) for _, pattern, template in found)


def _plain(piece: str) -> str:
    return piece.replace("{{", "{").replace("}}", "}")
