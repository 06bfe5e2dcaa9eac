"""Conditions on a ledger's rows that several measures and limits share, as data: written ``[name day]``."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.resources import files

from zhunsheng.faults import packaged
from zhunsheng.translation import worded

_NAMED = re.compile(r"\[([a-z]+)(?: ([^\]]+))?\]")


@lru_cache
def conditions() -> dict[str, str]:
    """Return the shared conditions by name, each with ``:day`` for the day it is asked of."""
    return dict(packaged(files(__package__) / "data" / "conditions.yaml"))


def expanded(text: str) -> str:
    """Return SQL with the conditions that it names written out: ``[standing :as_of]``, ``[undated]``.

    Raises ``ValueError`` for one that is not there.
    """

    def written(match: re.Match[str]) -> str:
        if match[1] not in conditions():
            raise ValueError(worded("没有条件 {name}", name=match[1]))
        return conditions()[match[1]].replace(":day", match[2] or ":day")

    return _NAMED.sub(written, text)
