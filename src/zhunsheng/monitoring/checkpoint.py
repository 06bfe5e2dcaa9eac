"""The checkpoint of a sheet: its money and every indicator on one date."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from zhunsheng.judgements import Judgement
from zhunsheng.monitoring.indicators import MonitoredCase, Status, status_of
from zhunsheng.monitoring.money import Figures, Money, PlanMode, money_of
from zhunsheng.monitoring.trail import Trail, last_day
from zhunsheng.outcomes import Outcome
from zhunsheng.regulations import MonitoringRules
from zhunsheng.targets import TargetSheet


@dataclass(frozen=True)
class MonitoringTerms:
    """By what a checkpoint judges: the day (inclusive), the rules, how a spending plan is read,
    and what people said.

    ``said`` holds judgements by the indicator's code; causes and measures written for another day explain
    nothing. ``since`` is the day on which the body began: nothing is expected of the days before it.
    """

    as_of: date
    rules: MonitoringRules
    mode: PlanMode = "linear"
    said: Mapping[str, Judgement] = field(default_factory=dict)
    since: date | None = None

    def words_on(self, code: str) -> Judgement | None:
        """Return what is said of an indicator for the day."""
        judgement = self.said.get(code)
        return judgement if judgement is not None and judgement.day in (None, self.as_of) else None


@dataclass(frozen=True)
class MonitoredSheet:
    """One sheet on one date; ``rules`` are the monitoring rules it was judged by."""

    sheet: TargetSheet
    as_of: date
    rules: MonitoringRules
    money: Money
    indicators: tuple[Status, ...]


def monitor(
    sheet: TargetSheet,
    outcomes: Sequence[Outcome],
    trails: Sequence[Trail | None],
    figures: Figures,
    terms: MonitoringTerms,
) -> MonitoredSheet:
    """Return the checkpoint of a sheet; ``outcomes`` and ``trails`` go with its indicators.

    Basis: 财预〔2019〕136号 (双监控: budget execution and target attainment).
    """
    as_of, rules, year = terms.as_of, terms.rules, sheet.year or terms.as_of.year
    cases = (
        MonitoredCase(
            n,
            indicator,
            outcome,
            trail,
            terms.words_on(indicator.id),
            year,
            last_day(indicator, trail.accrual if trail else None, year),
            as_of,
            rules,
            terms.since,
        )
        for n, (indicator, outcome, trail) in enumerate(zip(sheet.indicators, outcomes, trails, strict=True))
    )
    statuses = tuple([status_of(case) for case in cases])
    money = money_of(sheet, figures, as_of, terms.mode, rules, terms.since)
    return MonitoredSheet(sheet, as_of, rules, money, statuses)
