"""How strata and their rules read to people: columns by their titles in the ledger of entities;
the data stay as they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from zhunsheng.draws.spec import STRATUM_JOIN
from zhunsheng.evidence import ledger_of
from zhunsheng.translation import series, worded

# a frame's columns are this ledger's; one from a file may have others, which are called as it does
LEDGER = "entities"


def column_words(name: str) -> str:
    """Return the title of a column of the frame, its name where the ledger has no such column."""
    return next((c.title for c in ledger_of(LEDGER).columns if c.name == name), name)


def value_words(name: str, value: str) -> str:
    """Return a value of a column as it reads by itself: ``A 类`` for a class of credit, others
    as they are.
    """
    column = next((c for c in ledger_of(LEDGER).columns if c.name == name), None)
    return column.reads.format(value) if column and column.reads and value in column.values else value


def stratum_words(names: Sequence[str], stratum: str) -> str:
    """Return a stratum's name as people read it; ``names`` are the plan's ``strata``, whose
    values it joins.
    """
    parts = stratum.split(STRATUM_JOIN)
    if len(parts) != len(names):
        return stratum
    return " ".join(value_words(name, value) for name, value in zip(names, parts, strict=True))


def match_words(match: Mapping[str, str]) -> str:
    """Say for which strata a rule is; what no such column can hold stands under its title."""
    said = []
    for name, value in match.items():
        words = value_words(name, value)
        said.append(
            words if words != value else worded("{column}“{value}”", column=column_words(name), value=value)
        )
    return series(said) or worded("其余各层")


def untouched(allotted: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return of what ``Plan.allotted`` gave the strata of which nobody is drawn, the smallest first:
    who sits there is exempt.
    """
    return sorted((dict(s) for s in allotted if not s["quota"]), key=lambda s: (s["size"], s["stratum"]))
