"""What people decide, explain and contest: qualitative bands, reasons, causes and measures,
results of their own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from zhunsheng.errors import ZhunshengError
from zhunsheng.faults import written
from zhunsheng.regulations import read_yaml
from zhunsheng.targets import Book
from zhunsheng.targets.naming import indicators_named
from zhunsheng.targets.written import own_marks
from zhunsheng.text import MOST
from zhunsheng.translation import worded


class Judgement(BaseModel):
    """A person's word on one indicator (``sheet`` None: in every sheet). Both are named by code,
    or by an unambiguous name.

    ``band`` and ``share`` (0–1) judge a qualitative indicator, with a ``reason``.
    ``actual`` is a result that someone typed: beside a reading it is only a contest,
    which counts once the finance bureau has ``accepted`` it (the reason), and only while the reading is still
    the text ``against`` which it was accepted (None: whatever the reading); without a reading it counts with
    its ``proof`` (what proves it: file names). ``target_low`` says that an over-achieved target was set too
    low, so that its points go down; ``over_accepted`` keeps them where the scheme takes them off at once:
    both with a ``reason``; ``cause`` is one of the official categories of deviation, ``measures`` what is
    done about it. ``day`` is the date these words were written for (None:
    whatever the date); see ``on``. ``refused`` is the reason of a refusal of that result against the reading
    ``refused_against``. ``unproved`` says why the ``proof`` proves nothing (files that do not lie beside the
    judgements, empty ones, none named), so that the result counts nothing. ``former`` is the reading that the
    ledgers once gave, computed on ``former_on``: where they give none any more,
    the result is a contest against that one. ``anew`` says why a result is to be typed again:
    what it was typed for has changed. ``ruled_low`` is what the finance bureau found of an over-achieved
    target, set too low or not, and ``ruling`` its reason: it stands before whatever else is said of that.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    sheet: str | None = None
    indicator: str
    band: str | None = None
    share: Decimal | None = None
    actual: str | None = Field(None, max_length=MOST["actual"])
    proof: str | None = None
    accepted: str | None = None
    against: str | None = None
    over_accepted: bool = False
    target_low: bool = False
    reason: str | None = Field(None, max_length=MOST["words"])
    cause: str | None = None
    measures: str | None = Field(None, max_length=MOST["words"])
    day: date | None = None
    by: str | None = None
    unproved: str | None = None
    former: str | None = None
    former_on: date | None = None
    anew: str | None = None
    refused: str | None = None
    refused_against: str | None = None
    ruled_low: bool | None = None
    ruling: str | None = Field(None, max_length=MOST["words"])

    @property
    def ruling_alone(self) -> bool:
        """Whether it says nothing but what the finance bureau found, so that a re-check may take it."""
        own = ("sheet", "indicator", "ruled_low", "ruling", "day")
        return self == Judgement.model_validate({name: getattr(self, name) for name in own})

    def on(self, as_of: date, year: int) -> Judgement | None:
        """Return what holds of this on a day (inclusive) of a year's sheet: None before its ``day``.

        Words (``cause``, ``measures``) explain the date they were written for and no other.
        A result without ``day`` is the year's: it holds from the year's end on.
        """
        if self.day is not None and as_of < self.day:
            return None
        told: dict[str, None] = {}
        if self.day not in (None, as_of):
            told = {"cause": None, "measures": None}
        if self.day is None and as_of < date(year, 12, 31):
            told["actual"] = None
        return self.model_copy(update=told)


Said = Mapping[tuple[str, str], Judgement]  # by code of sheet and of indicator


def read_judgements(path: Path) -> list[Judgement]:
    """Read a judgement file (YAML list). Raises ``ZS-IN-01``, ``ZS-IN-05``, ``ZS-RG-01`` or ``ZS-SC-10``.

    Proof lies beside the file; an entry whose proof is not there, is empty or is the file itself says so in
    ``unproved``.
    """
    found: list[Judgement] | None = read_yaml(written(path), list[Judgement] | None, path.name)
    for one in found or []:
        refuse_marks(one.actual)
    return [_proved(one, path) for one in found or []]


def refuse_marks(typed: str | None) -> None:
    """Refuse a typed result with words that say where a figure is from or what was ruled on it:
    only the system says so.

    Raises ``ZS-SC-10``.
    """
    if words := own_marks(typed or ""):
        raise ZhunshengError("ZS-SC-10", words=words)


def proof_names(proof: str | None) -> list[str]:
    """Return the names of files that a proof consists of."""
    return [name.strip() for name in re.split(r"[、;；\n]", proof or "") if name.strip()]


def _proved(said: Judgement, path: Path) -> Judgement:
    faults: dict[str, list[str]] = {}
    for name in proof_names(said.proof):
        if fault := _fault(path, name):
            faults.setdefault(fault, []).append(name)
    unproved = "，".join(f"{fault}{'、'.join(names)}" for fault, names in faults.items())
    return said.model_copy(update={"unproved": unproved or None})


def _fault(path: Path, name: str) -> str | None:
    """Return why a file named beside the judgement file proves nothing; None where it is a file with
    something in it.
    """
    if not _lies_in(path.parent, name):
        return worded("没有找到证明材料 ")
    file = path.parent / name
    if file.samefile(path):
        return worded("没有证明材料，写的是填报文件自己：")
    return None if file.stat().st_size else worded("没有证明材料，文件是空的：")


def _lies_in(folder: Path, name: str) -> bool:
    """Return whether a file of that name lies in the folder; a path out of it is none of its files."""
    try:
        return (folder / name).resolve().is_relative_to(folder.resolve()) and (folder / name).is_file()
    except (OSError, ValueError):
        return False


def resolve(book: Book, judgements: Sequence[Judgement]) -> dict[tuple[str, str], Judgement]:
    """Return the judgements by code of sheet and indicator; one for a sheet outranks one for every sheet.

    Raises ``ZS-ID-01`` for a name that several indicators bear, ``ZS-ID-02`` for one that nothing bears,
    ``ZS-ID-03`` where two speak of the same indicator: nothing a person wrote is dropped or guessed.
    """
    found: dict[tuple[str, str], Judgement] = {}
    for general in (True, False):
        said: set[tuple[str, str]] = set()
        for one in judgements:
            if (one.sheet is None) != general:
                continue
            for key in indicators_named(book, one.sheet, one.indicator):
                if key in said:
                    raise ZhunshengError("ZS-ID-03", name=one.indicator)
                said.add(key)
                found[key] = one
    return found
