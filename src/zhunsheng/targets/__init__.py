"""What was promised: target values, indicators, spending plans, budgets and target sheets,
as frozen values.
"""

from zhunsheng.targets.kinds import IndicatorType, Kind, Sense, Settled
from zhunsheng.targets.sheet import (
    Book,
    Budget,
    Goal,
    Indicator,
    Place,
    PlanStep,
    Source,
    SpendingPlan,
    TargetSheet,
    Unsure,
    json_schema,
)
from zhunsheng.targets.units import convert, split_unit
from zhunsheng.targets.value import TargetValue

__all__ = [
    "Book",
    "Budget",
    "Goal",
    "Indicator",
    "IndicatorType",
    "Kind",
    "Place",
    "PlanStep",
    "Sense",
    "Settled",
    "Source",
    "SpendingPlan",
    "TargetSheet",
    "TargetValue",
    "Unsure",
    "convert",
    "json_schema",
    "split_unit",
]
