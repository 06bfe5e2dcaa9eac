"""All rules that hold for a body in a fiscal year, in one value with one digest."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from zhunsheng.regulations.entries import KeyFramework, MonitoringRules
from zhunsheng.regulations.loading import (
    data_digest,
    framework_for,
    in_force,
    key_frameworks,
    monitoring_rules,
)
from zhunsheng.regulations.schemes import Scheme, scheme_for, scheme_of
from zhunsheng.translation import worded


@dataclass(frozen=True)
class Rules:
    """All rules that hold for a body in a fiscal year: how it is framed, scored, monitored and evaluated.

    ``scheme`` is the local one, or the national one of the year; a sheet is scored by ``scheme_for`` it.
    """

    year: int
    scheme: Scheme
    local: bool  # whether the scheme is a local one
    why: str = ""  # why a local scheme that was given is not the one

    def scheme_for(self, levels: Sequence[tuple[str | None, str | None]]) -> Scheme:
        """Return the scheme of a sheet with these (level 1, level 2) names: the local one,
        else the national one of the framework that the sheet is written by.
        """
        return self.scheme if self.local else scheme_for(framework_for(levels, self.year), self.year)

    def monitoring(self, day: date) -> MonitoringRules:
        """Return the monitoring rules in force on a day. Raises ``ZS-RG-02``."""
        return in_force(monitoring_rules(), day, "运行监控规则")

    @property
    def key(self) -> KeyFramework:
        """The framework of key evaluation in force at the year's end. Raises ``ZS-RG-02``."""
        return in_force(key_frameworks(), date(self.year, 12, 31), "重点评价指标体系")

    def digest(self) -> str:
        """Return the digest of all these rules and of the national data files beside them."""
        local = self.scheme.model_dump_json() if self.local else ""
        return hashlib.sha256(f"{data_digest()}{local}{self.why}".encode()).hexdigest()


def rules_for(year: int, scheme: Scheme | None = None) -> Rules:
    """Return the rules of a fiscal year; ``scheme`` is a local scheme that takes the national one's place.

    A local scheme that does not hold for the year leaves the national one in its place, and ``why`` says so.
    Raises ``ZS-RG-02`` for a year without rules.
    """
    if scheme is None or scheme.holds(year):
        return Rules(year, scheme or scheme_of(year), scheme is not None)
    national = scheme_of(year)
    until = (
        worded("至 {valid_to}", valid_to=scheme.valid_to) if scheme.valid_to else worded("起，没有截止日期")
    )
    why = worded(
        "本地方案“{name}”自 {valid_from} {until}，不适用于 {year} 年，按国家方案“{national}”计分",
        name=scheme.name,
        valid_from=scheme.valid_from,
        until=until,
        year=year,
        national=national.name,
    )
    return Rules(year, national, False, why)
