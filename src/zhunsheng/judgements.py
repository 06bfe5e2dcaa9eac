"""What people decide and explain: qualitative bands, reasons for over-achievement, causes of deviation and measures."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from zhunsheng.errors import ZhunshengError
from zhunsheng.regulations import read_yaml


class Judgement(BaseModel):
    """A person's word on one indicator (``sheet`` None: in every sheet).

    ``band`` and ``share`` (0–1) judge a qualitative indicator, with a ``reason``; ``actual`` is a result that no ledger
    holds; ``over_accepted`` keeps the points of an over-achieved target, with a ``reason``; ``cause`` is one of the
    official categories of deviation, ``measures`` what is done about it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    sheet: str | None = None
    indicator: str
    band: str | None = None
    share: Decimal | None = None
    actual: str | None = None
    over_accepted: bool = False
    reason: str | None = None
    cause: str | None = None
    measures: str | None = None
    by: str | None = None


def read_judgements(path: Path) -> list[Judgement]:
    """Read a judgement file (YAML list). Raises ``ZS-IN-01`` or ``ZS-RG-01``."""
    if not path.is_file():
        raise ZhunshengError("ZS-IN-01", name=str(path))
    found: list[Judgement] | None = read_yaml(path.read_text("utf8"), list[Judgement] | None, path.name)
    return found or []


def judgement_of(judgements: Sequence[Judgement], sheet: str, indicator: str) -> Judgement | None:
    """Return the judgement on an indicator: one for its sheet first, then one for every sheet."""
    for name in (sheet, None):
        for one in judgements:
            if one.sheet == name and one.indicator == indicator:
                return one
    return None
