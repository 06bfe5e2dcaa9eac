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

_CHINESE = re.compile("[一-鿿]")
_FIELD = re.compile(r"(?<!\{)\{(\w+)\}(?!\})")
_ERROR = re.compile(r"\[(ZS-[A-Z]{2}-[0-9]{2,3})\] ")
_OWN = 2  # characters of its own that make a template known by itself; in another text fewer do
_MOST = (
    1_000  # characters of a text that is looked at: what people write may make it slow to see that none fits
)
_SIGNS = ("；", "、", "，")  # between parts of a text
_BEHIND = "，（；"  # what is put behind a text begins with one
# The parameters that hold a text of the program, by the names that templates give them.
_SAY = frozenset({"what", "mend", "detail", "why", "where", "says", "parts", "words", "how", "came"}) | {
    "doubt",
    "anew",
    "since",
    "contest",
    "unproved",
    "grade",
    "turn",
}


def recalled(text: str, language: str, least: int = 0) -> str:
    """Return a text that a record keeps, in a language; the text itself where it is none of the program's.

    ``least`` characters of its own are asked of a text where people write beside the program.
    """
    return text if language == CHINESE else _told(text, language, max(least, _OWN), least) or text


@lru_cache(maxsize=8192)
def _told(text: str, language: str, own: int = 1, least: int = 0) -> str | None:
    """Return a text by its template, None where no template of the catalogue fits that has ``own`` characters
    beside its parameters.
    """
    if not text or text.isascii() or not least <= len(text) <= _MOST:
        return None
    if (whole := translated(text, language)) != text:
        return whole
    if error := _ERROR.match(text):
        for what, mend in _cuts(text[error.end() :]):
            told = (_told(what, language), _told(mend, language))
            if told[0] and told[1]:
                return translated(LINE, language).format(code=error[1], what=told[0], mend=told[1])
        return None
    # Where several fit, as they do where one is put together of others, the one that leaves least in Chinese.
    return min(_readings(text, language, own), key=lambda told: len(_CHINESE.findall(told)), default=None)


def _readings(text: str, language: str, own: int) -> Iterator[str]:
    """Yield a text as each template tells it that fits."""
    for size, pattern, template in _templates(language):
        found = pattern.fullmatch(text)
        if found and (size >= own or _says(found, language)):
            yield _filled(template, found, language)
        # What a text ends with may have been put behind it: a bracket, or a clause after a comma.
        if template[0] in _BEHIND and (found := re.fullmatch(f"(?P<_>.+?){pattern.pattern}", text, re.S)):
            yield (_told(found["_"], language, own) or found["_"]) + _filled(template, found, language)
    # What is said of several things, these in brackets behind it.
    if (found := re.fullmatch("(.+?)（(.+)）", text, re.S)) and (head := _told(found[1], language)):
        yield f"{head} ({found[2]})"


def _says(found: re.Match[str], language: str) -> bool:
    """Return whether something that fills a template is a text of the program, which speaks for the whole."""
    return any(name in _SAY and _told(value, language) for name, value in found.groupdict().items())


def _filled(template: str, found: re.Match[str], language: str) -> str:
    filled = {
        name: _part(value, language) if name in _SAY else value for name, value in found.groupdict().items()
    }
    return translated(template, language).format_map(filled)


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
def _templates(language: str) -> tuple[tuple[int, re.Pattern[str], str], ...]:
    """Return the catalogue's templates that have parameters, or are put behind a text: how many characters of
    its own a template has, what matches it, and itself.

    One whose parameters say something stands there twice, to be matched with these as short and as long as
    can be.
    """
    found = []
    for template in catalogue(language):
        if template == LINE or not (_FIELD.search(template) or template[0] in _BEHIND):
            continue
        size = len(_CHINESE.findall(_FIELD.sub("", template)))
        if not size:
            continue  # signs alone would fit anything
        for pattern in dict.fromkeys((_pattern(template, ".*?"), _pattern(template, ".*"))):
            found.append((size, re.compile(pattern, re.S), template))
    return tuple(found)


def _pattern(template: str, says: str) -> str:
    """Return the pattern of a template; ``says`` is that of its parameters that say something."""
    seen: set[str] = set()
    pieces, at = [], 0
    for field in _FIELD.finditer(template):
        name = field[1]
        pieces.append(re.escape(_plain(template[at : field.start()])))
        held = says if name in _SAY else ".*?"
        pieces.append(f"(?P={name})" if name in seen else f"(?P<{name}>{held})")
        seen.add(name)
        at = field.end()
    return "".join([*pieces, re.escape(_plain(template[at:]))])


def _plain(piece: str) -> str:
    return piece.replace("{{", "{").replace("}}", "}")
