"""How strong a draw's randomness is and what may be said of it: one place for command, notice, site and browser page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from importlib.resources import files
from typing import Any

import yaml

from zhunsheng.clock import told
from zhunsheng.draws.plan import Ceremony, Drand, Lottery, Plan, Source

ORDER = ("proved", "published", "witnessed", "office")  # the strongest first
_STRENGTH = {"beacon": "proved", "lottery": "published", "sealed": "witnessed", "spoken": "witnessed", "office": "office"}


@dataclass(frozen=True)
class Verdict:
    """A strength (one of ``ORDER``), its mark of four characters or so, and what may be said."""

    strength: str
    mark: str
    says: str

    def text(self) -> str:
        """Return mark and words as one sentence."""
        return f"{self.mark}：{self.says}"


@lru_cache(maxsize=1)
def words() -> dict[str, dict[str, str]]:
    """Return the words of ``verdicts.yaml``."""
    found: dict[str, dict[str, str]] = yaml.safe_load((files("zhunsheng.draws") / "verdicts.yaml").read_text("utf8"))
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
        said = said.format(chain=source.chain, round=source.round, time=told(source.published))
    elif isinstance(source, Lottery):
        said = said.format(name=source.name, issue=source.issue)
    return Verdict(_STRENGTH[kind], words()["marks"][_STRENGTH[kind]], said)


def verdict(plan: Plan, values: Sequence[Mapping[str, Any]] | None = None) -> Verdict:
    """Return what all sources give together; ``values`` are the seed's, None before they are known.

    The strongest decides only where nobody could choose another value after it was out: numbers of the office, and spoken
    ones that were not sealed, are entered last, so that whoever says them decides.
    """
    if len(plan.randomness) == 1:
        return of_source(plan.randomness[0])
    kinds = [_kind(source) for source in plan.randomness]
    if {*kinds} == {"office"}:
        return of_source(plan.randomness[0])
    marks, mixed = words()["marks"], words()["mixed"]
    if "office" in kinds:
        return Verdict("office", marks["office"], mixed["office"])
    if "spoken" in kinds:
        spoken = {*kinds} == {"spoken"}
        return Verdict("witnessed", marks["witnessed"], words()["sources"]["spoken"] if spoken else mixed["spoken"])
    out = [source.published for source in plan.randomness if isinstance(source, Drand)]
    sealed = [value["sealed_at"] for value in values or () if "sealed_at" in value]
    if out and any(datetime.fromisoformat(moment) >= min(out) for moment in sealed):
        return Verdict("witnessed", marks["witnessed"], mixed["late"])
    best = min(ORDER.index(_STRENGTH[kind]) for kind in kinds)
    chosen = next(s for s in plan.randomness if _STRENGTH[_kind(s)] == ORDER[best])
    return Verdict(ORDER[best], marks[ORDER[best]], f"{of_source(chosen).says}。{mixed['strongest']}")
