"""Recognise headers and labels by their synonyms."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.resources import files
from typing import Any

from zhunsheng.faults import packaged

_NOISE = re.compile(r"[\s::：、,，.．。*＊（）()【】\[\]“”\"'‘’/／%％]+")
_UNIT_NOTE = re.compile(r"[（(](?:单位[:：])?(?:人民币)?(?:百?万元|元|亿元|千元|%|％|分|A|B|B/A|A/B)[）)]")
_ASIDE = re.compile(r"[（(][^（()）]*[）)]")


@lru_cache(maxsize=1)
def _tables() -> dict[str, dict[str, str]]:
    data: dict[str, Any] = packaged(files(__package__) / "labels.yaml")
    tables = {
        group: {clean(word): field for field, words in data[group].items() for word in words}
        for group in ("headers", "labels", "execution")
    }
    tables["totals"] = {clean(word): "total" for word in data["totals"]}
    return tables


@lru_cache(maxsize=65536)
def clean(text: str) -> str:
    """Return a label without blanks, punctuation and unit notes: 项目资金\\n（万元）： -> 项目资金."""
    return _NOISE.sub("", _UNIT_NOTE.sub("", text))


@lru_cache(maxsize=65536)
def _find(group: str, text: str) -> str | None:
    if not text or len(text) > 60:
        return None
    table = _tables()[group]
    return table.get(clean(text)) or table.get(clean(_ASIDE.sub("", text)))


def header(text: str) -> str | None:
    """Return the indicator column that a header names, or None."""
    return _find("headers", text)


def label(text: str) -> str | None:
    """Return the field that a label names, or None."""
    return _find("labels", text)


def execution(text: str) -> str | None:
    """Return the money column of a self-evaluation that a header names, or None."""
    return _find("execution", text)


def is_total(text: str) -> bool:
    """Say whether a cell marks a row of totals."""
    return _find("totals", text) is not None
