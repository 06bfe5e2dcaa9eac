"""Start a target sheet anew: blank, or carried over from the year before."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Literal

from zhunsheng.targets.fields import PLACEHOLDER
from zhunsheng.targets.sheet import Budget, Goal, Indicator, PlanStep, SpendingPlan, TargetSheet
from zhunsheng.targets.value import TargetValue


def blank_sheet(
    kind: Literal["department", "project"], name: str | None, department: str, year: int
) -> TargetSheet:
    """Return an empty form: the quarters' spending plan of a project, one goal to fill, no indicators."""
    quarters = ((3, 31), (6, 30), (9, 30), (12, 31))
    steps = tuple(
        PlanStep(by=date(year, m, d), cumulative=Decimal(n + 1) / 4) for n, (m, d) in enumerate(quarters)
    )
    return TargetSheet(
        kind=kind,
        name=name,
        department=department,
        year=year,
        spending_plan=SpendingPlan(steps=steps if kind == "project" else ()),
        goals=(Goal(title="目标1", text=PLACEHOLDER),),
    )


def carried_over(sheet: TargetSheet, year: int, *, in_force: bool = True) -> TargetSheet:
    """Return last year's sheet as a draft for ``year``: dates moved, its targets kept and,
    if they were in force, noted as last year's.
    """
    shift = year - (sheet.year or year - 1)

    def move(text: str | None) -> str | None:
        return re.sub(r"(20\d{2})(?=\s*[年\-/.])", lambda m: str(int(m[1]) + shift), text) if text else text

    def moved(day: date) -> date:
        return day.replace(year=day.year + shift, day=28 if (day.month, day.day) == (2, 29) else day.day)

    indicators = tuple(
        i.model_copy(
            update={
                "target": _carried(i, move(i.target.raw) or "", year),
                "last_year": (i.words() or None) if in_force else None,
                "actual": None,
                "score": None,
                "deviation": None,
                "place": None,
            }
        )
        for i in sheet.indicators
    )
    steps = tuple(PlanStep(by=moved(s.by), cumulative=s.cumulative) for s in sheet.spending_plan.steps)
    return sheet.model_copy(
        update={
            "year": year,
            "budget": Budget(),
            "indicators": indicators,
            "spending_plan": SpendingPlan(steps=steps),
            "goals": tuple(
                g.model_copy(update={"text": move(g.text) or g.text, "place": None}) for g in sheet.goals
            ),
            "narrative": move(sheet.narrative),
            "execution": None,
            "total_score": None,
            "provenance": {},
            "place": None,
        }
    )


def _carried(one: Indicator, raw: str, year: int) -> TargetValue:
    """Return last year's value read with the new year; only dates move, and operator and unit stay where they
    stood.
    """
    if one.target.op not in ("by", "unread"):
        return one.target
    return TargetValue.parse(
        raw, op=one.operator_column(), unit=one.unit, year=year, dated=one.target.op == "by"
    )
