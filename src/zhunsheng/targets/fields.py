"""The fields of a target sheet: by their paths, with label and text, and how long each may be."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from zhunsheng.targets.sheet import Place, TargetSheet
from zhunsheng.targets.value import TargetValue
from zhunsheng.text import MOST
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
# What the columns of a table of indicators are called, beyond what the editor offers.
COLUMN_LABELS = INDICATOR_LABELS | {
    "op": worded("比较符"),
    "unit": worded("计量单位"),
    "nature": worded("指标性质"),
    "direction": worded("指标方向"),
    "medium_term": worded("中期指标值"),
    "original": worded("调整前指标值"),
    "actual": worded("完成值"),
    "score": worded("得分"),
    "term": worded("目标类型"),
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
        for name, kind in _KINDS_OF_INDICATOR.items():
            value = one.target.raw if name == "target" else getattr(one, name)
            if value and len(value) > MOST[kind]:
                path = f"indicators.{n}.{name}"
                label = worded(
                    "指标{n}：{indicator_labels}", n=n + 1, indicator_labels=INDICATOR_LABELS[name]
                )
                found.append((path, label, value, one.place))
    return found
