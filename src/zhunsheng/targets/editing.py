"""Change a target sheet field by field, start one anew, and say where two versions differ;
sheets stay frozen values.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from rapidfuzz import fuzz

from zhunsheng.clock import today
from zhunsheng.errors import ZhunshengError
from zhunsheng.targets.sheet import (
    MOST_MONEY,
    MOST_WEIGHT,
    Budget,
    Goal,
    Indicator,
    Place,
    PlanStep,
    SpendingPlan,
    TargetSheet,
)
from zhunsheng.targets.spelling import misgrouped, normalise
from zhunsheng.targets.value import TargetValue
from zhunsheng.text import MOST, clean
from zhunsheng.translation import worded
from zhunsheng.wording import plain

# What an empty form puts where a person has to write.
PLACEHOLDER, NEW_INDICATOR = "（待填写）", "（新指标）"
LABELS = {
    "name": worded("名称"),
    "code": worded("项目编码"),
    "department": worded("主管部门"),
    "unit": worded("实施单位"),
    "purpose": worded("资金用途"),
    "narrative": worded("总体绩效目标"),
    "budget.total": worded("预算总额（万元）"),
    "budget.fiscal": worded("其中：财政资金（万元）"),
    "budget.other": worded("其他资金（万元）"),
}
INDICATOR_LABELS = {
    "level1": worded("一级指标"),
    "level2": worded("二级指标"),
    "name": worded("三级指标"),
    "description": worded("指标描述"),
    "target": worded("指标值"),
    "basis": worded("确定依据"),
    "weight": worded("权重"),
    "last_year": worded("上年值"),
}
# What kind of text each field holds, which says how long it may be (``text.MOST``);
# others are numbers and days.
_KINDS_OF_SHEET = {
    "name": "name",
    "code": "code",
    "department": "name",
    "unit": "name",
    "purpose": "long",
    "narrative": "long",
}
_KINDS_OF_INDICATOR = {
    "level1": "level",
    "level2": "level",
    "name": "indicator",
    "description": "words",
    "target": "value",
    "basis": "words",
    "last_year": "value",
}
WAN = Decimal(10000)


@dataclass(frozen=True)
class Field:
    """One editable field: dotted path, its label, its text as a person edits it,
    and where it stood in the document.
    """

    path: str
    label: str
    text: str
    place: Place | None = None


@dataclass(frozen=True)
class Change:
    """One field that differs between two versions; ``old`` or ``new`` is empty where the field
    is not there.
    """

    path: str
    label: str
    old: str
    new: str


def fields_of(sheet: TargetSheet) -> dict[str, Field]:
    """Return all editable fields by path, in the order of the official table; amounts are texts in 万元."""
    found: dict[str, Field] = {}

    def add(path: str, label: str, text: object, place: Place | None = None) -> None:
        found[path] = Field(
            path, label, "" if text is None else str(text), place or sheet.provenance.get(path)
        )

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
        add(
            f"plan.{n}.by",
            worded("支出计划{n}：日期", n=n + 1),
            step.by.isoformat(),
            sheet.provenance.get("spending_plan"),
        )
        add(
            f"plan.{n}.share",
            worded("支出计划{n}：累计（%）", n=n + 1),
            plain(step.cumulative * 100),
            sheet.provenance.get("spending_plan"),
        )
    for n, goal in enumerate(sheet.goals):
        add(f"goals.{n}.text", goal.title or worded("目标{n}", n=n + 1), goal.text, goal.place)
    for n, indicator in enumerate(sheet.indicators):
        for name, label in INDICATOR_LABELS.items():
            value = getattr(indicator, name)
            shown = (
                value.words()
                if isinstance(value, TargetValue)
                else plain(value)
                if isinstance(value, Decimal)
                else value
            )
            add(
                f"indicators.{n}.{name}",
                worded("指标{n}：{label}", n=n + 1, label=label),
                shown,
                indicator.place,
            )
    return found


def most_of(path: str) -> int:
    """Return how many characters a field may have at most, by its dotted path."""
    head, _, rest = path.partition(".")
    if head == "indicators":
        return MOST[_KINDS_OF_INDICATOR.get(rest.rpartition(".")[2], "words")]
    return MOST["long"] if head == "goals" else MOST[_KINDS_OF_SHEET.get(head, "words")]


def is_name(path: str) -> bool:
    """Return whether a field is what something is called by, rather than what is said of it."""
    head, _, rest = path.partition(".")
    return head in ("name", "department", "unit") or (
        head == "indicators" and rest.rpartition(".")[2] in ("name", "level1", "level2")
    )


def overlong(sheet: TargetSheet) -> list[tuple[str, str, str, Place | None]]:
    """Return the texts of a sheet that are longer than a person could type there: path, label, text,
    and where it stood.
    """
    found: list[tuple[str, str, str, Place | None]] = []

    def look(path: str, label: str, text: str | None, place: Place | None) -> None:
        if text and len(text) > most_of(path):
            found.append((path, label, text, place))

    for name in _KINDS_OF_SHEET:
        look(name, LABELS[name], getattr(sheet, name), sheet.provenance.get(name))
    for n, goal in enumerate(sheet.goals):
        look(f"goals.{n}.text", goal.title or worded("目标{n}", n=n + 1), goal.text, goal.place)
    for n, one in enumerate(sheet.indicators):
        for name in _KINDS_OF_INDICATOR:
            value = one.target.raw if name == "target" else getattr(one, name)
            look(
                f"indicators.{n}.{name}",
                worded("指标{n}：{indicator_labels}", n=n + 1, indicator_labels=INDICATOR_LABELS[name]),
                value,
                one.place,
            )
    return found


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


def changes(old: TargetSheet, new: TargetSheet) -> list[Change]:
    """Return the fields that differ, all text of both sheets included.

    Indicators are paired by their codes, so that a renamed one is one changed name;
    those without codes by level 2 and name. Goals and safeguards are paired by their words,
    then by what they are most like, never by position alone.
    """
    found: list[Change] = []
    before, after = fields_of(old), fields_of(new)
    for path in dict.fromkeys([*before, *after]):
        if path.split(".")[0] not in ("goals", "indicators"):
            found += _change(path, (after.get(path) or before[path]).label, before.get(path), after.get(path))
    for part, label in (("goals", "目标"), ("safeguards", "保障措施")):
        for o, n in paired_goals(getattr(old, part), getattr(new, part)):
            found += _goal_changes(part, label, old, new, o, n)
    for a, b in _paired(old.indicators, new.indicators):
        found += _indicator_changes(old, new, a, b)
    return found


def _change(path: str, label: str, old: Field | None, new: Field | None) -> list[Change]:
    one, other = old.text if old else "", new.text if new else ""
    return [Change(path, label, one, other)] if one != other else []


def _goal_changes(
    part: str, label: str, old: TargetSheet, new: TargetSheet, o: int | None, n: int | None
) -> list[Change]:
    one: Goal | None = None if o is None else getattr(old, part)[o]
    other: Goal | None = None if n is None else getattr(new, part)[n]
    at, known = (n, other) if n is not None else (o, one)
    assert at is not None and known is not None
    title = known.title or f"{label}{at + 1}"
    said = (("title", f"{title}：标题"), ("text", title))
    texts = [
        (what, shown, (one and getattr(one, what)) or "", (other and getattr(other, what)) or "")
        for what, shown in said
    ]
    return [Change(f"{part}.{at}.{what}", shown, a, b) for what, shown, a, b in texts if a != b]


# Everything an indicator says, beyond what the editor offers.
_COMPARED = INDICATOR_LABELS | {
    "nature": "指标性质",
    "direction": "指标方向",
    "medium_term": "中期指标值",
    "settled": "性质与方向的认定",
    "goal": "所属目标",
}


def _indicator_changes(old: TargetSheet, new: TargetSheet, a: int | None, b: int | None) -> list[Change]:
    one = {} if a is None else _texts(old, old.indicators[a])
    other = {} if b is None else _texts(new, new.indicators[b])
    at = b if b is not None else a
    known = new.indicators[b] if b is not None else old.indicators[a or 0]
    found = []
    for what, label in _COMPARED.items():
        if one.get(what, "") != other.get(what, ""):
            path = f"indicators.{at}.{what}"
            found.append(Change(path, f"{known.name}：{label}", one.get(what, ""), other.get(what, "")))
    return found


def _texts(sheet: TargetSheet, one: Indicator) -> dict[str, str]:
    found = {}
    for what in _COMPARED:
        value = getattr(one, what)
        if what == "goal":
            goal = sheet.goals[value] if value is not None and value < len(sheet.goals) else None
            value = goal and (goal.title or goal.text)
        elif isinstance(value, TargetValue):
            value = value.words()
        elif isinstance(value, Decimal):
            value = plain(value)
        elif what == "settled" and value is not None:
            value = f"{one.type.words()}（{value.reason or ''}）"
        found[what] = value or ""
    return found


def _paired(old: Sequence[Indicator], new: Sequence[Indicator]) -> list[tuple[int | None, int | None]]:
    """Pair indicators by code, those without one on either side by level 2, name and order;
    in the order of ``new``.
    """
    codes = {i.id: n for n, i in enumerate(old) if i.id}
    pairs = {b: codes[i.id] for b, i in enumerate(new) if i.id in codes}
    left = {key: n for key, n in _by_name(old).items() if n not in pairs.values()}
    for key, b in _by_name(new).items():
        if b not in pairs and key in left and not (new[b].id and old[left[key]].id):
            pairs[b] = left.pop(key)
    gone = [n for n in range(len(old)) if n not in pairs.values()]
    return [*((pairs.get(b), b) for b in range(len(new))), *((n, None) for n in gone)]


def _by_name(indicators: Sequence[Indicator]) -> dict[tuple[str, str, int], int]:
    seen: dict[tuple[str, str], int] = {}
    found = {}
    for n, i in enumerate(indicators):
        base = (i.level2 or "", i.name)
        seen[base] = seen.get(base, 0) + 1
        found[*base, seen[base]] = n
    return found


LIKE = 60  # likeness in percent from which two texts are versions of one goal rather than two goals


def paired_goals(old: Sequence[Goal], new: Sequence[Goal]) -> list[tuple[int | None, int | None]]:
    """Pair goals of two versions as (old index, new index), None where one has no partner,
    in the order of ``new``.

    The same words are the same goal, then the same text, then the same title of its own (目标1 is only a
    number), then the most alike text.
    """
    pairs: dict[int, int] = {}

    def pair(same: Callable[[Goal, Goal], bool]) -> None:
        for b, goal in enumerate(new):
            free = (a for a in range(len(old)) if a not in pairs.values() and same(old[a], goal))
            if b not in pairs and (a := next(free, None)) is not None:
                pairs[b] = a

    pair(lambda one, other: (one.title, one.text) == (other.title, other.text))
    pair(lambda one, other: one.text == other.text)
    pair(
        lambda one, other: (
            one.title == other.title and not re.fullmatch(r"目标\W*\w{0,2}", one.title or "目标")
        )
    )
    likeness = sorted(
        ((fuzz.ratio(o.text, n.text), -b, -a) for a, o in enumerate(old) for b, n in enumerate(new)),
        reverse=True,
    )
    for alike, b, a in likeness:
        if alike >= LIKE and -b not in pairs and -a not in pairs.values():
            pairs[-b] = -a
    gone = [a for a in range(len(old)) if a not in pairs.values()]
    return [*((pairs.get(b), b) for b in range(len(new))), *((a, None) for a in gone)]
