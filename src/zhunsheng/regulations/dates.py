"""Days of the year that rules fix, as cited data: until when annual reports are due,
from when a budget is approved.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Annotated

from pydantic import Field, model_validator

from zhunsheng.regulations.entries import Checked
from zhunsheng.regulations.loading import DATA, in_force, read_packaged


class FixedDay(Checked):
    """A month and a day, ``years`` after the fiscal year it belongs to (-1: in the year before)."""

    month: Annotated[int, Field(ge=1, le=12)]
    day: Annotated[int, Field(ge=1, le=31)]
    years: Annotated[int, Field(ge=-1, le=1)]

    @model_validator(mode="after")
    def _of_every_year(self) -> FixedDay:
        date(2001, self.month, self.day)  # no leap year: 29 February is no day of every year
        return self


@lru_cache
def fixed_days() -> tuple[FixedDay, ...]:
    """Return all days of the year that rules fix."""
    return tuple(read_packaged(DATA / "dates.yaml", list[FixedDay]))


@lru_cache(maxsize=1024)
def fixed_day(rule: str, year: int) -> date:
    """Return the day that a rule (its id) fixes for a fiscal year, by its earliest entry for years before
    any.

    Raises ``ZS-RG-02`` for a year behind the last entry.
    """
    entries = [d for d in fixed_days() if d.id == rule]
    on = max(date(year, 12, 31), min(d.valid_from for d in entries))
    found = in_force(entries, on, entries[0].name)
    return date(year + found.years, found.month, found.day)
