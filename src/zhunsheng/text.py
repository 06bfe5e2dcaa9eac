"""What a text may hold: line breaks and visible signs; control characters become line breaks or go at the door."""

from __future__ import annotations

import re
from typing import Any

# Breaks that word processors and terminals write: soft break (U+000B), page break, C1 next line, line and paragraph separators.
_BREAKS = re.compile("\r\n|[\r\v\f\x1c\x1d\x1e\x85\u2028\u2029]")
# What XML 1.0 can't hold, and marks that are never shown: C0 and C1 controls, lone surrogates, non-characters, the BOM.
_GONE = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\ufeff]")


def clean(text: str) -> str:
    """Return a text with every kind of break as ``\\n`` and without characters that no document can hold."""
    return _GONE.sub("", _BREAKS.sub("\n", text))


def readable(text: str) -> str:
    """Return the text of a data file (YAML, JSON) so that its parser takes it: a raw break of another kind becomes a space.

    A line break there would change what the file means; breaks written as escapes come through and are for ``cleaned``.
    """
    return _GONE.sub("", re.sub("[\v\f\x1c\x1d\x1e]", " ", text))


def cleaned(data: Any) -> Any:
    """Return plain data (dicts, lists, scalars) with every text in it, keys too, made clean."""
    if isinstance(data, str):
        return clean(data)
    if isinstance(data, dict):
        return {cleaned(k): cleaned(v) for k, v in data.items()}
    if isinstance(data, list):
        return [cleaned(v) for v in data]
    return data
