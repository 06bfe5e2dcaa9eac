"""What people decide, explain and contest: qualitative bands, reasons, causes and measures, results of their own."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from zhunsheng.errors import ZhunshengError
from zhunsheng.faults import written
from zhunsheng.regulations import read_yaml
from zhunsheng.targets import Book
from zhunsheng.targets.naming import indicators_named


class Judgement(BaseModel):
    """A person's word on one indicator (``sheet`` None: in every sheet). Both are named by code, or by an unambiguous name.

    ``band`` and ``share`` (0–1) judge a qualitative indicator, with a ``reason``. ``actual`` is a result that someone
    typed: beside a reading it is only a contest, which counts once the finance bureau has ``accepted`` it (the reason),
    and only while the reading is still the text ``against`` which it was accepted (None: whatever the reading);
    without a reading it counts with its ``proof`` (what proves it: file names). ``over_accepted`` keeps the points of an
    over-achieved target, with a ``reason``; ``cause`` is one of the official categories of deviation, ``measures`` what
    is done about it. ``day`` is the date these words were written for (None: whatever the date); see ``on``.
    ``refused`` is the reason of a refusal of that result against the reading ``refused_against``.
    ``unproved`` are the files among ``proof`` that do not lie beside the judgements, so that the result counts nothing.
    ``former`` is the reading that the ledgers once gave, computed on ``former_on``: where they give none any more, the
    result is a contest against that one. ``anew`` says why a result is to be typed again: what it was typed for has changed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    sheet: str | None = None
    indicator: str
    band: str | None = None
    share: Decimal | None = None
    actual: str | None = None
    proof: str | None = None
    accepted: str | None = None
    against: str | None = None
    over_accepted: bool = False
    reason: str | None = None
    cause: str | None = None
    measures: str | None = None
    day: date | None = None
    by: str | None = None
    unproved: str | None = None
    former: str | None = None
    former_on: date | None = None
    anew: str | None = None
    refused: str | None = None
    refused_against: str | None = None

    def on(self, as_of: date, year: int) -> Judgement | None:
        """Return what holds of this on a day (inclusive) of a year's sheet: None before its ``day``.

        Words (``cause``, ``measures``) explain the date they were written for and no other. A result without ``day`` is
        the year's: it holds from the year's end on.
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
    """Read a judgement file (YAML list). Raises ``ZS-IN-01``, ``ZS-IN-05`` or ``ZS-RG-01``.

    Proof lies beside the file; an entry that names a file which is not there keeps its name in ``unproved``.
    """
    found: list[Judgement] | None = read_yaml(written(path), list[Judgement] | None, path.name)
    return [_proved(one, path.parent) for one in found or []]


def _proved(said: Judgement, folder: Path) -> Judgement:
    named = [name.strip() for name in re.split(r"[、;；\n]", said.proof or "") if name.strip()]
    absent = [name for name in named if not _lies_in(folder, name)]
    return said.model_copy(update={"unproved": "、".join(absent) or None})


def _lies_in(folder: Path, name: str) -> bool:
    """Return whether a file of that name lies in the folder; a path out of it is none of its files."""
    try:
        return (folder / name).resolve().is_relative_to(folder.resolve()) and (folder / name).is_file()
    except (OSError, ValueError):
        return False


def resolve(book: Book, judgements: Sequence[Judgement]) -> dict[tuple[str, str], Judgement]:
    """Return the judgements by code of sheet and indicator; one for a sheet outranks one for every sheet.

    Raises ``ZS-ID-01`` for a name that several indicators bear, ``ZS-ID-02`` for one that nothing bears, ``ZS-ID-03``
    where two speak of the same indicator: nothing a person wrote is dropped or guessed.
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
