"""How strong a draw's randomness is and what may be said of it: one place for command, notice,
site and browser page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from importlib.resources import files
from typing import Any

from zhunsheng.clock import told
from zhunsheng.draws.plan import Ceremony, Drand, Lottery, Plan, Source
from zhunsheng.faults import packaged
from zhunsheng.translation import worded

_STRENGTH = {
    "beacon": "proved",
    "lottery": "published",
    "sealed": "witnessed",
    "spoken": "witnessed",
    "office": "office",
}


@dataclass(frozen=True)
class Verdict:
    """A strength (``proved``, ``published``, ``witnessed``, ``office``), its mark of four characters or so,
    and what may be said.
    """

    strength: str
    mark: str
    says: str

    def text(self) -> str:
        """Return mark and words as one sentence."""
        return worded("{mark}：{says}", mark=self.mark, says=self.says)


@lru_cache(maxsize=1)
def words() -> dict[str, dict[str, str]]:
    """Return the words of ``verdicts.yaml``."""
    found: dict[str, dict[str, str]] = packaged(files("zhunsheng.draws") / "verdicts.yaml")
    return found


def _kind(source: Source) -> str:
    if isinstance(source, Drand):
        return "beacon"
    if isinstance(source, Lottery):
        return "lottery"
    if isinstance(source, Ceremony):
        return "sealed" if source.sealed else "spoken"
    return "office"


def of_source(source: Source) -> Verdict:
    """Return what a source gives by itself."""
    kind = _kind(source)
    said = words()["sources"][kind]
    if isinstance(source, Drand):
        said = worded(said, chain=source.chain, round=source.round, time=told(source.published))
    elif isinstance(source, Lottery):
        said = worded(said, name=source.name, issue=source.issue)
    else:
        said = worded(said)
    return Verdict(_STRENGTH[kind], worded(words()["marks"][_STRENGTH[kind]]), said)


def verdict(plan: Plan, values: Sequence[Mapping[str, Any]] | None = None) -> Verdict:
    """Return what all sources give together; ``values`` are the seed's, None before they are known.

    The weakest decides: whoever can say or enter one value as they like once the others are out decides the
    seed with it.
    """
    kinds = {_kind(source): source for source in plan.randomness}
    if len(kinds) == 1:
        return of_source(plan.randomness[0])
    weakest: str = next(kind for kind in ("office", "spoken", "sealed", "lottery") if kind in kinds)
    out = [source.published for source in plan.randomness if isinstance(source, Drand)]
    sealed = [value["sealed_at"] for value in values or () if "sealed_at" in value]
    if weakest == "sealed" and out and any(datetime.fromisoformat(moment) >= min(out) for moment in sealed):
        weakest = "late"
    strength = _STRENGTH.get(weakest, "witnessed")
    return Verdict(strength, worded(words()["marks"][strength]), worded(words()["mixed"][weakest]))
