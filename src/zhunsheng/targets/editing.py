"""Change a target sheet field by field; sheets stay frozen values."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from zhunsheng.clock import today
from zhunsheng.errors import ZhunshengError
from zhunsheng.targets.fields import NEW_INDICATOR, PLACEHOLDER, WAN, fields_of, most_of
from zhunsheng.targets.sheet import (
    MOST_MONEY,
    MOST_WEIGHT,
    Goal,
    Indicator,
    PlanStep,
    SpendingPlan,
    TargetSheet,
)
from zhunsheng.targets.spelling import misgrouped, normalise
from zhunsheng.targets.value import TargetValue
from zhunsheng.text import clean
from zhunsheng.translation import worded


def with_text(sheet: TargetSheet, path: str, text: str) -> TargetSheet:
    """Return the sheet with one field set from what a person typed; empty text clears it.

    A target value is typed whole (≥25所) or in part: what is left out of a number (operator, unit,
    period) stays as it was.

    Raises ``ZS-TG-01`` for text the field can't hold, ``ZS-TG-02`` for a path the sheet does not have,
    ``ZS-IN-30`` for text that is too long.
    """
    fields = fields_of(sheet)
    if path not in fields:
        raise ZhunshengError("ZS-TG-02", path=path)
    label, text = fields[path].label, clean(text).strip()
    if len(text) > (most := most_of(path)):
        raise ZhunshengError("ZS-IN-30", label=label, count=len(text), most=most)
    head, _, rest = path.partition(".")
    if head == "budget":
        amount = None if not text else _number(text, label, MOST_MONEY / WAN) * WAN
        if amount is not None and amount < 0:
            raise ZhunshengError("ZS-TG-01", label=label, text=text, why=worded("金额不能为负"))
        return sheet.model_copy(update={"budget": sheet.budget.model_copy(update={rest: amount})})
    if head == "plan":
        n, what = rest.split(".")
        steps = list(sheet.spending_plan.steps)
        if what == "by":
            steps[int(n)] = PlanStep(by=_date(text, label), cumulative=steps[int(n)].cumulative)
        else:
            share = _number(text, label, Decimal(100)) / 100
            if not 0 <= share <= 1:
                raise ZhunshengError("ZS-TG-01", label=label, text=text, why=worded("应在 0 与 100 之间"))
            steps[int(n)] = PlanStep(by=steps[int(n)].by, cumulative=share)
        return sheet.model_copy(update={"spending_plan": SpendingPlan(steps=tuple(steps))})
    if head == "goals":
        goals = list(sheet.goals)
        n = rest.split(".")[0]
        if not text:
            raise ZhunshengError(
                "ZS-TG-01", label=label, text=text, why=worded("目标不能为空；不需要时请删除")
            )
        goals[int(n)] = goals[int(n)].model_copy(update={"text": text})
        return sheet.model_copy(update={"goals": tuple(goals)})
    if head == "indicators":
        n, what = rest.split(".")
        indicators = list(sheet.indicators)
        indicators[int(n)] = _indicator(indicators[int(n)], what, text, label, sheet.year)
        return sheet.model_copy(update={"indicators": tuple(indicators)})
    if head == "name" and not text and sheet.kind == "project":
        raise ZhunshengError("ZS-TG-01", label=label, text=text, why=worded("项目名称不能为空"))
    return sheet.model_copy(update={head: text or None})


def _indicator(one: Indicator, what: str, text: str, label: str, year: int | None) -> Indicator:
    value: Any = text or None
    if what == "name" and not text:
        raise ZhunshengError(
            "ZS-TG-01", label=label, text=text, why=worded("指标名称不能为空；不需要时请删除该指标")
        )
    if what == "target":
        return with_target(one, text, year)
    if what == "weight":
        value = None if not text else _number(text.rstrip("%％"), label, MOST_WEIGHT)
        if value is not None and value < 0:
            raise ZhunshengError("ZS-TG-01", label=label, text=text, why=worded("权重不能为负"))
    return one.model_copy(update={what: value})


def with_target(one: Indicator, text: str, year: int | None) -> Indicator:
    """Return the indicator with its target value set from text, in its own operator and unit columns where it
    has them.

    26 over ≥24所 is ≥26所. A decision on its type stays while operator and kind stay.
    """
    if text == one.target.words():
        return one
    old = one.target
    typed = TargetValue.parse(text, year=year)
    if typed.op == "unread" and not text:
        return one.model_copy(update={"target": typed.replaced(unit=one.unit)})
    if typed.number is not None:
        typed = _kept(typed, old, one)
    columns: dict[str, Any] = {"settled": one.settled if _stays_settled(old, typed) else None}
    if one.operator_column():
        sign = _sign(typed)
        columns |= {"operator": sign} if one.operator else {"nature": sign}
    if one.unit and typed.op not in ("by", "level", "unread"):
        columns |= {"unit": typed.unit}
    return one.model_copy(update={**columns, "target": typed.replaced(raw=_raw(typed, one))})


def _kept(typed: TargetValue, old: TargetValue, one: Indicator) -> TargetValue:
    """Return a typed number with what was left out of it taken from the value it replaces."""
    column = TargetValue.parse("1", op=one.operator_column(), unit=one.unit)
    source = old if isinstance(old.value, Decimal | tuple) else column
    kept: dict[str, Any] = {"unit": typed.unit or source.unit or one.unit}
    if typed.unit and source.unit in (f"万{typed.unit}", f"亿{typed.unit}"):
        kept["unit"] = typed.unit  # what is typed is meant: 700元 over 0.07万元
    if typed.unit in (None, source.unit):
        kept |= {"per": typed.per or source.per, "relative": typed.relative or source.relative}
    if typed.implied and source.op in (">=", "<=", ">", "<", "=="):
        kept |= {"op": source.op, "implied": source.implied}
    changed = typed.replaced(**kept)
    return changed if changed == typed else changed.replaced(raw=changed.text())


def _stays_settled(old: TargetValue, new: TargetValue) -> bool:
    return (old.op, old.implied, type(old.value)) == (new.op, new.implied, type(new.value))


def _raw(typed: TargetValue, one: Indicator) -> str:
    """Return what the value column says: the number alone where operator and unit have columns
    of their own.
    """
    if (
        isinstance(typed.value, Decimal)
        and one.operator_column()
        and one.unit
        and not (typed.per or typed.relative)
    ):
        return f"{typed.value:f}"
    return typed.raw


def _sign(value: TargetValue) -> str | None:
    if value.op == "level":
        return "定性"
    return None if value.implied else {">=": "≥", "<=": "≤", "==": "＝", ">": ">", "<": "<"}.get(value.op)


def _undated(text: str) -> str:
    """Return why a text is no date: it is written otherwise, or as it should be and there is no such day."""
    form = re.fullmatch(r"\d{4}-\d{2}-\d{2}", text.strip())
    return worded("没有 {text} 这一天", text=text.strip()) if form else worded("日期应写成 2021-03-31 这样")


def _number(text: str, label: str, most: Decimal) -> Decimal:
    if odd := misgrouped(normalise(text)):
        raise ZhunshengError(
            "ZS-TG-01", label=label, text=text, why=worded("“{odd}”的逗号不在千位上，不知是几", odd=odd)
        )
    cleaned = re.sub(r"[,，\s]|万元$|元$|%$", "", normalise(text))
    # Digits alone: what is written with an exponent (1e9) may be larger than any arithmetic bears.
    if not re.fullmatch(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)", cleaned):
        raise ZhunshengError("ZS-TG-01", label=label, text=text, why=worded("应为数字"))
    if len(cleaned) > 40 or abs(number := Decimal(cleaned)) > most:
        raise ZhunshengError(
            "ZS-TG-01",
            label=label,
            text=text,
            why=worded("数字超出范围，绝对值不大于 {most}", most=f"{most:f}"),
        )
    return number


def _date(text: str, label: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ZhunshengError("ZS-TG-01", label=label, text=text, why=_undated(text)) from None


Part = Literal["indicators", "goals", "plan"]


def with_added(sheet: TargetSheet, part: Part, indicator: Indicator | None = None) -> TargetSheet:
    """Return the sheet with one more indicator (given, or empty), goal or plan date at the end."""
    if part == "indicators":
        new = indicator or Indicator(name=NEW_INDICATOR, target=TargetValue.parse(""))
        return sheet.model_copy(update={"indicators": (*sheet.indicators, new)})
    if part == "goals":
        goal = Goal(title=f"目标{len(sheet.goals) + 1}", text=PLACEHOLDER)
        return sheet.model_copy(update={"goals": (*sheet.goals, goal)})
    steps = sheet.spending_plan.steps
    last = max((s.by for s in steps), default=date((sheet.year or today().year), 1, 1))
    step = PlanStep(by=last, cumulative=max((s.cumulative for s in steps), default=Decimal(0)))
    return sheet.model_copy(update={"spending_plan": SpendingPlan(steps=(*steps, step))})


def without(sheet: TargetSheet, part: Part, n: int) -> TargetSheet:
    """Return the sheet without its n-th (from 0) indicator, goal or plan date. Raises ``ZS-TG-02``."""
    items: tuple[Any, ...] = sheet.spending_plan.steps if part == "plan" else getattr(sheet, part)
    if not 0 <= n < len(items):
        raise ZhunshengError("ZS-TG-02", path=f"{part}.{n}")
    left = items[:n] + items[n + 1 :]
    if part == "plan":
        return sheet.model_copy(update={"spending_plan": SpendingPlan(steps=left)})
    if part == "goals":  # indicators name their goal by its index
        moved = tuple(
            i.model_copy(
                update={
                    "goal": None
                    if i.goal == n
                    else i.goal - 1
                    if i.goal is not None and i.goal > n
                    else i.goal
                }
            )
            for i in sheet.indicators
        )
        return sheet.model_copy(update={"goals": left, "indicators": moved})
    return sheet.model_copy(update={"indicators": left})
