"""What a document does to its layout beyond the clean form: spellings, marks, rows, other words."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import yaml

from bed.contents import DAYS, HERE, SPELLINGS, Habit

# How an operator column writes its signs, by the document's habit.
OP_WORDS = (
    {">=": "≥", "<=": "≤", "==": "＝", ">": "＞"},
    {">=": "≥", "<=": "≤", "==": "=", ">": ">"},
    {">=": "大于等于", "<=": "小于等于", "==": "等于", ">": "大于"},
    {">=": ">=", "<=": "<=", "==": "=", ">": ">"},
)


@dataclass(frozen=True)
class Noise:
    """What one document does to its layout; everything off is the clean form."""

    habit: Habit = field(default_factory=Habit)
    signs: int = 0  # of an operator column
    levels: str = "down"  # down (merged), blank, repeat
    marks: bool = False  # 指标1：
    counted: bool = False  # levels with numbers: 一、产出指标
    cents: bool = False  # 1,286,000.00, 128.60
    ellipsis: bool = False
    total: bool = False
    numbered: bool = False  # a row of column numbers under the head
    blanks: bool = False
    extra: tuple[str, ...] = ()
    words: str = "own"  # the layout's own header words, others seen, or others nobody has seen
    broken: str = ""  # again (head repeated), table (a new table with head), bare (without)
    slips: bool = False  # of a scanner
    hidden: bool = False
    spaced: bool = False  # 项 目 名 称
    notes: bool = False
    stranger: bool = False  # an unrelated table before
    year: str = "own"  # where the layout tells it, or in the file's name only


def noise_of(draw: random.Random, amount: float) -> Noise:
    """Draw a document's noise; ``amount`` from 0 (none) to 1 says how much of it."""

    def now(chance: float) -> bool:
        return draw.random() < chance * amount

    habit = Habit(
        signs=draw.randrange(len(SPELLINGS)) if now(0.8) else 0,
        days=draw.randrange(len(DAYS)) if now(0.8) else 0,
        thousands=now(0.2),
        wide=now(0.12),
        spaced=now(0.15),
        bracketed=now(0.08),
    )
    return Noise(
        habit=habit,
        signs=draw.randrange(len(OP_WORDS)) if now(0.8) else 0,
        levels=draw.choice(("down", "blank", "repeat")) if now(0.7) else "down",
        marks=now(0.2),
        counted=now(0.1),
        cents=now(0.2),
        ellipsis=now(0.2),
        total=now(0.3),
        numbered=now(0.15),
        blanks=now(0.1),
        extra=tuple(draw.sample(sorted(words()["extra"]), draw.randint(1, 2))) if now(0.35) else (),
        words="unseen" if now(0.15) else "seen" if now(0.5) else "own",
        broken=draw.choice(("again", "table", "bare")) if now(0.2) else "",
        slips=now(0.08),
        hidden=now(0.1),
        spaced=now(0.15),
        notes=now(0.3),
        stranger=now(0.15),
        year="file" if now(0.15) else "own",
    )


def single_noises() -> dict[str, Noise]:
    """Return each kind of noise alone, by a name: what it costs is told by the difference from ``clean``."""
    found = {"clean": Noise()}
    for n in range(1, len(SPELLINGS)):
        found[f"signs {SPELLINGS[n]['>=']} {SPELLINGS[n]['==']}"] = Noise(Habit(signs=n))
    for n in range(1, len(DAYS)):
        found[f"days {DAYS[n]}"] = Noise(Habit(days=n))
    for name in ("thousands", "wide", "spaced", "bracketed"):
        found[f"numbers {name}"] = Noise(Habit(**{name: True}))
    for n in range(1, len(OP_WORDS)):
        found[f"operators {OP_WORDS[n]['>=']}"] = Noise(signs=n)
    for name in (
        "marks",
        "counted",
        "cents",
        "ellipsis",
        "total",
        "numbered",
        "blanks",
        "slips",
        "hidden",
        "spaced",
        "notes",
        "stranger",
    ):
        found[name] = replace(Noise(), **{name: True})
    found |= {f"levels {how}": Noise(levels=how) for how in ("blank", "repeat")}
    found |= {f"words {how}": Noise(words=how) for how in ("seen", "unseen")}
    found |= {f"broken {how}": Noise(broken=how) for how in ("again", "table", "bare")}
    found |= {f"extra {name}": Noise(extra=(name,)) for name in words()["extra"]}
    return {**found, "year in file": Noise(year="file")}


@cache
def words() -> dict[str, Any]:
    """Return the names of levels, header words and extra columns."""
    return yaml.safe_load((HERE / "words.yaml").read_text(encoding="utf-8"))
