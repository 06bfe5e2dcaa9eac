"""Change a target sheet field by field, start one anew, and say where two versions differ; sheets stay frozen values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from zhunsheng.clock import today
from zhunsheng.errors import ZhunshengError
from zhunsheng.targets.sheet import Budget, Goal, Indicator, Place, PlanStep, SpendingPlan, TargetSheet, plain
from zhunsheng.targets.value import TargetValue, normalise

LABELS = {
    "name": "名称",
    "code": "项目编码",
    "department": "主管部门",
    "unit": "实施单位",
    "year": "年度",
    "purpose": "资金用途",
    "narrative": "总体绩效目标",
    "budget.total": "预算总额（万元）",
    "budget.fiscal": "其中：财政资金（万元）",
    "budget.other": "其他资金（万元）",
}
INDICATOR_LABELS = {
    "level1": "一级指标",
    "level2": "二级指标",
    "name": "三级指标",
    "description": "指标描述",
    "target": "指标值",
    "basis": "确定依据",
    "weight": "权重",
    "last_year": "上年值",
}
WAN = Decimal(10000)


@dataclass(frozen=True)
class Field:
    """One editable field: dotted path, its label, its text as a person edits it, and where it stood in the document."""

    path: str
    label: str
    text: str
    place: Place | None = None


@dataclass(frozen=True)
class Change:
    """One field that differs between two versions; ``old`` or ``new`` is empty where the field is not there."""

    path: str
    label: str
    old: str
    new: str


def fields_of(sheet: TargetSheet) -> dict[str, Field]:
    """Return all editable fields by path, in the order of the official table; amounts are texts in 万元."""
    found: dict[str, Field] = {}

    def add(path: str, label: str, text: object, place: Place | None = None) -> None:
        found[path] = Field(path, label, "" if text is None else str(text), place or sheet.provenance.get(path))

    for path, label in LABELS.items():
        if sheet.kind == "department" and path in ("code", "unit", "purpose"):
            continue
        if sheet.kind == "project" and path == "narrative":
            continue
        if path.startswith("budget."):
            amount = getattr(sheet.budget, path.removeprefix("budget."))
            add(path, label, None if amount is None else plain(amount / WAN))
        else:
            add(path, label, getattr(sheet, path))
    for n, step in enumerate(sheet.spending_plan.steps):
        add(f"plan.{n}.by", f"支出计划{n + 1}：日期", step.by.isoformat(), sheet.provenance.get("spending_plan"))
        add(
            f"plan.{n}.share",
            f"支出计划{n + 1}：累计（%）",
            plain(step.cumulative * 100),
            sheet.provenance.get("spending_plan"),
        )
    for n, goal in enumerate(sheet.goals):
        add(f"goals.{n}.text", goal.title or f"目标{n + 1}", goal.text, goal.place)
    for n, indicator in enumerate(sheet.indicators):
        for name, label in INDICATOR_LABELS.items():
            value = getattr(indicator, name)
            shown = (
                value.raw if isinstance(value, TargetValue) else plain(value) if isinstance(value, Decimal) else value
            )
            add(f"indicators.{n}.{name}", f"指标{n + 1}：{label}", shown, indicator.place)
    return found


def with_text(sheet: TargetSheet, path: str, text: str) -> TargetSheet:
    """Return the sheet with one field set from what a person typed; empty text clears it.

    Raises ``ZS-TG-01`` for text the field can't hold, ``ZS-TG-02`` for a path the sheet does not have.
    """
    fields = fields_of(sheet)
    if path not in fields:
        raise ZhunshengError("ZS-TG-02", path=path)
    label, text = fields[path].label, text.strip()
    head, _, rest = path.partition(".")
    if head == "budget":
        amount = None if not text else _number(text, label) * WAN
        if amount is not None and amount < 0:
            raise ZhunshengError("ZS-TG-01", label=label, text=text, why="金额不能为负")
        return sheet.model_copy(update={"budget": sheet.budget.model_copy(update={rest: amount})})
    if head == "plan":
        n, what = rest.split(".")
        steps = list(sheet.spending_plan.steps)
        if what == "by":
            steps[int(n)] = PlanStep(by=_date(text, label), cumulative=steps[int(n)].cumulative)
        else:
            share = _number(text, label) / 100
            if not 0 <= share <= 1:
                raise ZhunshengError("ZS-TG-01", label=label, text=text, why="应在 0 与 100 之间")
            steps[int(n)] = PlanStep(by=steps[int(n)].by, cumulative=share)
        return sheet.model_copy(update={"spending_plan": SpendingPlan(steps=tuple(steps))})
    if head == "goals":
        goals = list(sheet.goals)
        n = rest.split(".")[0]
        if not text:
            raise ZhunshengError("ZS-TG-01", label=label, text=text, why="目标不能为空；不需要时请删除")
        goals[int(n)] = goals[int(n)].model_copy(update={"text": text})
        return sheet.model_copy(update={"goals": tuple(goals)})
    if head == "indicators":
        n, what = rest.split(".")
        indicators = list(sheet.indicators)
        indicators[int(n)] = _indicator(indicators[int(n)], what, text, label, sheet.year)
        return sheet.model_copy(update={"indicators": tuple(indicators)})
    if head == "year":
        year = int(_number(text, label)) if text else None
        if year is not None and not 2000 <= year <= 2100:
            raise ZhunshengError("ZS-TG-01", label=label, text=text, why="年度应为四位数的公元年份")
        return sheet.model_copy(update={"year": year})
    if head == "name" and not text and sheet.kind == "project":
        raise ZhunshengError("ZS-TG-01", label=label, text=text, why="项目名称不能为空")
    return sheet.model_copy(update={head: text or None})


def _indicator(one: Indicator, what: str, text: str, label: str, year: int | None) -> Indicator:
    value: Any = text or None
    if what == "name" and not text:
        raise ZhunshengError("ZS-TG-01", label=label, text=text, why="指标名称不能为空；不需要时请删除该指标")
    if what == "target":
        value = TargetValue.parse(text, year=year)
    if what == "weight":
        value = None if not text else _number(text.rstrip("%％"), label)
    return one.model_copy(update={what: value})


def _number(text: str, label: str) -> Decimal:
    cleaned = re.sub(r"[,，\s]|万元$|元$|%$", "", normalise(text))
    try:
        number = Decimal(cleaned)
    except InvalidOperation:
        raise ZhunshengError("ZS-TG-01", label=label, text=text, why="应为数字") from None
    if not number.is_finite() or abs(number) > Decimal(10) ** 14:
        raise ZhunshengError("ZS-TG-01", label=label, text=text, why="数字超出范围")
    return number


def _date(text: str, label: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ZhunshengError("ZS-TG-01", label=label, text=text, why="日期应写成 2021-03-31 这样") from None


Part = Literal["indicators", "goals", "plan"]


def with_added(sheet: TargetSheet, part: Part, indicator: Indicator | None = None) -> TargetSheet:
    """Return the sheet with one more indicator (given, or empty), goal or plan date at the end."""
    if part == "indicators":
        new = indicator or Indicator(name="（新指标）", target=TargetValue.parse(""))
        return sheet.model_copy(update={"indicators": (*sheet.indicators, new)})
    if part == "goals":
        goal = Goal(title=f"目标{len(sheet.goals) + 1}", text="（待填写）")
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
                update={"goal": None if i.goal == n else i.goal - 1 if i.goal is not None and i.goal > n else i.goal}
            )
            for i in sheet.indicators
        )
        return sheet.model_copy(update={"goals": left, "indicators": moved})
    return sheet.model_copy(update={"indicators": left})


def blank_sheet(kind: Literal["department", "project"], name: str | None, department: str, year: int) -> TargetSheet:
    """Return an empty form: the quarters' spending plan of a project, one goal to fill, no indicators."""
    quarters = ((3, 31), (6, 30), (9, 30), (12, 31))
    steps = tuple(PlanStep(by=date(year, m, d), cumulative=Decimal(n + 1) / 4) for n, (m, d) in enumerate(quarters))
    return TargetSheet(
        kind=kind,
        name=name,
        department=department,
        year=year,
        spending_plan=SpendingPlan(steps=steps if kind == "project" else ()),
        goals=(Goal(title="目标1", text="（待填写）"),),
    )


def carried_over(sheet: TargetSheet, year: int) -> TargetSheet:
    """Return last year's sheet as a draft for ``year``: dates moved, its targets kept and noted as last year's values."""
    shift = year - (sheet.year or year - 1)

    def move(text: str | None) -> str | None:
        return re.sub(r"(20\d{2})(?=\s*[年\-/.])", lambda m: str(int(m[1]) + shift), text) if text else text

    def moved(day: date) -> date:
        return day.replace(year=day.year + shift, day=28 if (day.month, day.day) == (2, 29) else day.day)

    indicators = tuple(
        i.model_copy(
            update={
                "target": TargetValue.parse(move(i.target.raw) or "", unit=i.target.unit, year=year),
                "last_year": i.target.raw or None,
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
            "goals": tuple(g.model_copy(update={"text": move(g.text) or g.text, "place": None}) for g in sheet.goals),
            "narrative": move(sheet.narrative),
            "execution": None,
            "total_score": None,
            "provenance": {},
            "place": None,
        }
    )


def changes(old: TargetSheet, new: TargetSheet) -> list[Change]:
    """Return the fields that differ; indicators are compared with those of the same level-2 and name, wherever they stand."""
    before, after = _keyed(old), _keyed(new)
    keys = list(dict.fromkeys([*before, *after]))
    found = []
    for key in keys:
        one, other = before.get(key), after.get(key)
        if (one.text if one else "") != (other.text if other else ""):
            known = other or one
            assert known is not None
            found.append(Change(known.path, _named(key, known), one.text if one else "", other.text if other else ""))
    return found


def _keyed(sheet: TargetSheet) -> dict[tuple[str, ...], Field]:
    found: dict[tuple[str, ...], Field] = {}
    seen: dict[tuple[str, ...], int] = {}
    names = []
    for i in sheet.indicators:
        base = (i.level2 or "", i.name)
        seen[base] = seen.get(base, 0) + 1
        names.append((*base, str(seen[base])))
    for path, field in fields_of(sheet).items():
        parts = path.split(".")
        key = ("indicators", *names[int(parts[1])], parts[2]) if parts[0] == "indicators" else (path,)
        found[key] = field
    return found


def _named(key: tuple[str, ...], field: Field) -> str:
    return f"{key[2]}：{INDICATOR_LABELS[key[-1]]}" if key[0] == "indicators" else field.label
