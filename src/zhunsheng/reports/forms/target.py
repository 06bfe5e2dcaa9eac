"""The official target table of a project or a department."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from zhunsheng.reports.forms.form import Cell, Form, Row, label, text
from zhunsheng.reports.forms.levels import goal_title, levelled
from zhunsheng.targets import Indicator, SpendingPlan, TargetSheet, TargetValue
from zhunsheng.wording import plain, wan


def target_form(sheet: TargetSheet) -> Form:
    """Return the official target table of a project or department; reading it back gives the same sheet."""
    return _department_form(sheet) if sheet.kind == "department" else _project_form(sheet)


# Columns of the target table: field, title, width, and whether every table has them;
# others only where something is said.
_COLUMNS = (
    ("name", "三级指标", 3.4, True),
    ("description", "绩效指标描述", 3.6, True),
    ("nature", "指标性质", 1.2, False),
    ("operator", "比较符号", 1.0, False),
    ("target", "指标值", 2.2, True),
    ("unit", "度量单位", 1.2, False),
    ("basis", "指标值确定依据", 2.2, True),
    ("direction", "指标方向", 1.2, False),
    ("weight", "权重", 1.0, False),
    ("last_year", "上年值", 1.2, False),
    ("medium_term", "中期指标值", 1.4, False),
)


def _project_form(sheet: TargetSheet) -> Form:
    columns = [
        (name, title, width)
        for name, title, width, always in _COLUMNS
        if always or any(getattr(i, name) is not None for i in sheet.indicators)
    ]
    widths = (1.7, 2.0, *(w for _, _, w in columns))
    n = len(widths)
    rows: list[Row] = [
        (
            label("项目编码"),
            Cell(sheet.code or "————", columns=2),
            label("项目名称"),
            Cell(sheet.name or "", columns=n - 4),
        ),
        (
            label("主管部门"),
            Cell(sheet.department or "————", columns=2),
            label("实施单位"),
            Cell(sheet.unit or "————", columns=n - 4),
        ),
        (label("年度"), Cell(str(sheet.year or ""), columns=n - 1)),
        (
            label("预算规模及资金用途", rows=3),
            label("预算数"),
            Cell(wan(sheet.budget.total)),
            label("其中：财政资金"),
            Cell(wan(sheet.budget.fiscal), columns=n - 4),
        ),
        (label("其他资金"), Cell(wan(sheet.budget.other), columns=n - 2)),
        (text(sheet.purpose, columns=n - 1),),
    ]
    rows += _plan_rows(sheet.spending_plan, n)
    for g in range(len(sheet.goals)):
        head = (label("绩效目标", rows=len(sheet.goals)),) if g == 0 else ()
        rows.append((*head, *_goal(sheet, g, n - 1)))
    header = len(rows)
    rows.append(tuple(label(t) for t in ("一级指标", "二级指标", *(t for _, t, _ in columns))))
    for indicator, one, two in levelled(sheet):
        rows.append((*one, *two, *(_column(indicator, name) for name, _, _ in columns)))
    return Form(
        f"{sheet.name or ''}项目绩效目标表",
        widths,
        tuple(rows),
        landscape=len(widths) > 6,
        header_rows=(header, header),
    )


def _column(indicator: Indicator, name: str) -> Cell:
    value = getattr(indicator, name)
    if name in ("name", "description"):
        return text(value)
    if value is None or isinstance(value, TargetValue):
        return Cell(value_cell(value, indicator))
    return Cell(plain(value) if isinstance(value, Decimal) else value)


def _plan_rows(plan: SpendingPlan, n: int) -> list[Row]:
    """Return two rows, dates over shares; more dates than the form has columns go on in further pairs of
    rows.
    """
    steps = list(plan.steps)
    if not steps:
        return []
    room = n - 1
    rows: list[Row] = []
    chunks = [steps[i : i + room] for i in range(0, len(steps), room)]
    for c, chunk in enumerate(chunks):
        last = room - len(chunk) + 1
        spans = [1] * (len(chunk) - 1) + [last]
        head = (label("资金支出计划（%）", rows=2 * len(chunks)),) if c == 0 else ()
        rows.append(
            (
                *head,
                *(
                    label(f"{s.by.year}年{s.by.month}月{s.by.day}日", columns=w)
                    for s, w in zip(chunk, spans, strict=True)
                ),
            )
        )
        rows.append(
            tuple(Cell(f"{plain(s.cumulative * 100)}%", columns=w) for s, w in zip(chunk, spans, strict=True))
        )
    return rows


def _department_form(sheet: TargetSheet) -> Form:
    named = any(i.level1 for i in sheet.indicators)
    titles = (
        ("一级指标", "二级指标", "三级指标", "绩效指标描述", "指标值", "分项目标")
        if named
        else ("分项目标", "绩效指标", "绩效指标描述", "指标值")
    )
    widths = (1.8, 2.0, 3.6, 3.4, 2.2, 3.0) if named else (4.4, 5.2, 3.0, 3.0)
    n = len(widths)
    rows: list[Row] = [
        (
            label("部门名称"),
            Cell(sheet.department or "————", columns=n - 3),
            label("年度"),
            Cell(str(sheet.year or "")),
        ),
    ]
    money = (
        ("部门预算总额", sheet.budget.total),
        ("其中：财政资金", sheet.budget.fiscal),
        ("其他资金", sheet.budget.other),
    )
    rows += [(label(name), Cell(wan(amount), columns=n - 1)) for name, amount in money if amount is not None]
    rows += _plan_rows(sheet.spending_plan, n)
    if sheet.narrative:
        rows.append((label("年度工作思路"), text(sheet.narrative, columns=n - 1)))
    for g in range(len(sheet.goals)):
        head = (label("绩效目标", rows=len(sheet.goals)),) if g == 0 else ()
        rows.append((*head, *_goal(sheet, g, n - 1)))
    header = len(rows)
    rows.append(tuple(label(t) for t in titles))
    for indicator, *cells in levelled(sheet, two_columns=named):
        values = [text(indicator.name), text(indicator.description), Cell(indicator.words())]
        rows.append(
            (*cells[0], *cells[1], *values, *((Cell(goal_title(sheet, indicator)),) if named else ()))
        )
    for s, measure in enumerate(sheet.safeguards):
        head = (label("工作保障措施", rows=len(sheet.safeguards)),) if s == 0 else ()
        rows.append((*head, label(f"措施{s + 1}"), text(measure.text, columns=n - 2)))
    title = sheet.name if sheet.name and "整体" in sheet.name else "部门整体绩效目标"
    return Form(
        f"{title}表" if not title.endswith("表") else title, widths, tuple(rows), header_rows=(header, header)
    )


def _goal(sheet: TargetSheet, g: int, columns: int) -> tuple[Cell, ...]:
    """Return a goal's cells: title and words, or words alone where it has no title and no indicator has to
    name it.
    """
    goal = sheet.goals[g]
    named = goal.title or (f"目标{g + 1}" if any(i.goal == g for i in sheet.indicators) else None)
    return (
        (label(named), text(goal.text, columns=columns - 1)) if named else (text(goal.text, columns=columns),)
    )


def value_cell(value: TargetValue | None, indicator: Indicator) -> str:
    """Return what stands in the value column of a form that has the indicator's own operator and unit columns
    too.

    That is what the document says, or the standard spelling where it and its columns no longer read as the
    typed value.
    """
    if value is None:
        return ""
    year = value.value.year if isinstance(value.value, date) else None
    read = TargetValue.parse(value.raw, op=indicator.operator_column(), unit=indicator.unit, year=year)
    return value.raw if read.same(value) else value.words()
