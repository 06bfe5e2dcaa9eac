"""Where money and indicators stand on a date: expected by now, forecast for the year's end,
and a light for each.

Basis: 财预〔2019〕136号 (双监控: budget execution and target attainment).
"""

from zhunsheng.monitoring.checkpoint import MonitoredSheet, MonitoringTerms, monitor
from zhunsheng.monitoring.indicators import NO_EVIDENCE, Status
from zhunsheng.monitoring.lights import LIGHT_WORDS, Light, elapsed, light_of
from zhunsheng.monitoring.money import BY_TIME, MODE_WORDS, Figures, Money, PlanMode, expected_share, money_of
from zhunsheng.monitoring.trail import Trail, last_day

__all__ = [
    "BY_TIME",
    "LIGHT_WORDS",
    "MODE_WORDS",
    "NO_EVIDENCE",
    "Figures",
    "Light",
    "Money",
    "MonitoredSheet",
    "MonitoringTerms",
    "PlanMode",
    "Status",
    "Trail",
    "elapsed",
    "expected_share",
    "last_day",
    "light_of",
    "money_of",
    "monitor",
]
