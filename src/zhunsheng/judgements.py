"""What people decide, explain and contest: qualitative bands, reasons, causes and measures, results of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from zhunsheng.errors import ZhunshengError
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
    is done about it. ``day`` is the date these words were written for (None: whatever the date).
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


Said = Mapping[tuple[str, str], Judgement]  # by code of sheet and of indicator


def read_judgements(path: Path) -> list[Judgement]:
    """Read a judgement file (YAML list). Raises ``ZS-IN-01`` or ``ZS-RG-01``."""
    if not path.is_file():
        raise ZhunshengError("ZS-IN-01", name=str(path))
    found: list[Judgement] | None = read_yaml(path.read_text("utf8"), list[Judgement] | None, path.name)
    return found or []


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
