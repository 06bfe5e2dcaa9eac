"""The core's words for lights, verdicts, origins and levels, as pages tell them: defined there,
translated here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy

from zhunsheng.evaluation.scorecard import BASIS_WORDS, OPEN_WORD, VERDICT_WORDS
from zhunsheng.measures.matching import STATUS_WORDS
from zhunsheng.monitoring.lights import LIGHT_WORDS
from zhunsheng.outcomes import ORIGIN_WORDS, RULED_WORDS
from zhunsheng.review.catalogue import LEVELS as LEVEL_WORDS
from zhunsheng.usecases.coherence import BY_WORDS, ORPHAN_WORDS

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


def _told(words: Iterable[tuple[str, str]]) -> dict[str, StrOrPromise]:
    return {name: gettext_lazy(word) for name, word in words}


LIGHTS = _told(LIGHT_WORDS.items())
VERDICTS = _told(VERDICT_WORDS.items())
BASES = _told(BASIS_WORDS.items())
MATCHES = _told(STATUS_WORDS.items())
ORIGINS = _told(ORIGIN_WORDS.items())
RULED = _told(RULED_WORDS.items())
LEVELS = _told(LEVEL_WORDS.items())
TIES = _told(BY_WORDS.items())
ORPHANS = _told(ORPHAN_WORDS.items())
OPEN = gettext_lazy(OPEN_WORD)


def words() -> set[str]:
    """Return every word that is told here, for the catalogue of translations."""
    known = (LIGHT_WORDS, VERDICT_WORDS, BASIS_WORDS, STATUS_WORDS, ORIGIN_WORDS, RULED_WORDS, LEVEL_WORDS)
    of_maps = {*BY_WORDS.values(), *ORPHAN_WORDS.values()}
    return {word for one in known for word in one.values()} | of_maps | {OPEN_WORD}
