"""What the test documents say: invented projects and departments, each value's spellings and true reading."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent
SIGN = {">=": "≥", "<=": "≤", "==": "=", ">": ">", "<": "<"}
# How a bound is written in one cell, by the document's habit.
SPELLINGS: tuple[dict[str, str], ...] = (
    {">=": "≥{}", "<=": "≤{}", "==": "={}", ">": ">{}"},
    {">=": "≥{}", "<=": "≤{}", "==": "{}", ">": "＞{}"},
    {">=": ">={}", "<=": "<={}", "==": "={}", ">": ">{}"},
    {">=": "≧{}", "<=": "≦{}", "==": "＝{}", ">": "＞{}"},
    {">=": "不低于{}", "<=": "不超过{}", "==": "{}", ">": "大于{}"},
    {">=": "{}以上", "<=": "{}以内", "==": "{}", ">": "大于{}"},
    {">=": "大于等于{}", "<=": "小于等于{}", "==": "等于{}", ">": "大于{}"},
    {">=": "＞＝{}", "<=": "＜＝{}", "==": "＝{}", ">": "＞{}"},
)
DAYS = (
    "{y}年{m}月{d}日前",
    "{m}月{d}日前",
    "{y}年{m}月底前",
    "{m}月底前",
    "{y}-{m:02}-{d:02}",
    "{m}.{d}前",
    "{y}/{m}/{d}",
)
WIDE = str.maketrans("0123456789.", "０１２３４５６７８９．")


@dataclass(frozen=True)
class Item:
    """One invented indicator: its class (o1 …), the true target, and what else a form may say of it."""

    level: str
    name: str
    op: str
    value: str
    unit: str
    fixed: str
    weight: str
    actual: str
    score: str
    basis: str
    description: str
    direction: str = ""  # as a form says it against the bound; else what the bound means

    @property
    def numeric(self) -> bool:
        """Return whether the target is one number."""
        return self.op in SIGN

    def last(self) -> str:
        """Return last year's value: a little worse, in the same unit; words stay words."""
        if not self.numeric:
            return "" if self.op == "by" else self.value
        number = Decimal(self.value)
        if self.op in ("<=", "<"):
            return (
                f"{(number * 2 if self.unit == '名' else number * Decimal('1.1')).normalize():f}{self.unit}"
            )
        less = number - 2 if self.unit == "%" and number > 2 else (number * Decimal("0.9")).normalize()
        return f"{less:f}{self.unit}"

    def medium(self) -> str:
        """Return the medium-term value: three years' worth of a count, the same rate."""
        if not self.numeric:
            return "" if self.op == "by" else self.value
        more = Decimal(self.value) * (3 if self.level == "o1" and self.unit not in ("%", "次") else 1)
        return f"{SIGN[self.op]}{more.normalize():f}{self.unit}"


@dataclass(frozen=True)
class Content:
    """One invented project, or a department with its overall goals; money in 元."""

    kind: str
    name: str
    code: str
    department: str
    unit: str
    purpose: str
    money: dict[str, int]
    plan: tuple[int, ...]
    goals: tuple[str, ...]
    medium: tuple[str, ...]
    items: tuple[Item, ...]
    year: int = 2025

    def of_year(self, year: int) -> Content:
        """Return the same content for another year."""
        return replace(self, year=year)


def _item(line: str) -> Item:
    level, name, truth, weight, actual, score, basis, description = (part.strip() for part in line.split("|"))
    truth, _, fixed = (part.strip() for part in truth.partition(" ~ "))
    op, value, unit = (*truth.split(" ", 2), "")[:3]
    if op == "range":
        found = re.fullmatch(r"([\d.]+-[\d.]+) ?(.*)", f"{value} {unit}")
        assert found, line
        value, unit = found[1], found[2]
    return Item(level, name, op, value, unit, fixed, weight, actual, score, basis, description)


def _content(kind: str, said: dict[str, Any]) -> Content:
    return Content(
        kind=kind,
        name=said["name"],
        code=said["code"],
        department=said["department"],
        unit=said["unit"],
        purpose=said["purpose"],
        money=said["money"],
        plan=tuple(said["plan"]),
        goals=tuple(said["goals"]),
        medium=tuple(said["medium"]),
        items=tuple(_item(line) for line in said["indicators"]),
    )


@cache
def contents() -> dict[str, tuple[Content, ...]]:
    """Return the invented contents by kind: project, department."""
    said = yaml.safe_load((HERE / "contents.yaml").read_text(encoding="utf-8"))
    return {
        kind: tuple(_content(kind, one) for one in said[f"{kind}s"]) for kind in ("project", "department")
    }


@dataclass(frozen=True)
class Habit:
    """How one document spells its values."""

    signs: int = 0
    days: int = 0
    thousands: bool = False
    wide: bool = False
    spaced: bool = False  # a blank between number and unit
    bracketed: bool = False  # the unit in brackets

    def bound(self, item: Item) -> str:
        """Return the target's bound and number without its unit."""
        return (
            SPELLINGS[self.signs][item.op].format(self.number(item)) if item.numeric else self.whole(item, 0)
        )

    def number(self, item: Item) -> str:
        """Return the number alone as this document writes it."""
        text = f"{Decimal(item.value):,f}" if self.thousands else item.value
        return text.translate(WIDE) if self.wide else text

    def day(self, item: Item, year: int) -> str:
        """Return a day before which something is to be done."""
        month, day = (int(part) for part in item.value.split("-"))
        last = {1: 31, 2: 28, 3: 31, 4: 30, 5: 31, 6: 30, 7: 31, 8: 31, 9: 30, 10: 31, 11: 30, 12: 31}[
            month
        ] == day
        how = self.days if last or "底" not in DAYS[self.days] else 0
        return DAYS[how].format(y=year, m=month, d=day)

    def whole(self, item: Item, year: int) -> str:
        """Return the target in one cell."""
        if item.fixed:
            return item.fixed.replace("{y}", str(year))
        if item.op == "by":
            return self.day(item, year)
        if item.op == "level":
            return item.value
        if item.op == "range":
            return f"{item.value}{item.unit}"
        unit = item.unit
        if unit not in ("%", "‰"):
            unit = f"（{unit}）" if self.bracketed else f" {unit}" if self.spaced else unit
        elif self.wide:
            unit = unit.replace("%", "％")
        return SPELLINGS[self.signs][item.op].format(self.number(item) + unit)


def truth(item: Item, year: int, *, split: bool, signed: bool = True) -> dict[str, Any]:
    """Return the true reading of a target, written whole or ``split`` over columns.

    ``|`` stands between alternatives; an empty one allows none. ``signed`` is false where the form has no
    sign at all.
    """
    op, value, unit = item.op, item.value, item.unit
    if op == "by":
        return {"op": "by", "value": f"{year}-{value}", "unit": None}
    if op == "level":
        return {"op": "level", "value": value, "unit": None}
    if op in SIGN and not split and item.fixed:
        if item.fixed.startswith("前"):
            unit = f"{unit}|位|"
        elif not re.match(r"[≥≤>]|不|.*(?:以上|内$|不)", item.fixed):
            op = f"{op}|=="
        if item.fixed.startswith("零"):
            unit = f"{unit}|"
        if item.fixed == "未发生":  # in words, or as the none that it means
            return {"op": "level|==", "value": "未发生|0", "unit": f"{unit}|"}
        if "日" in item.fixed:
            unit = f"{unit}|日"
    elif not signed and op in SIGN:
        op = f"{op}|=="
    return {"op": op, "value": value, "unit": unit}
