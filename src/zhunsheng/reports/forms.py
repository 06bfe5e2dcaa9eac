"""Official forms as data: cells with spans, built once and written alike to Excel, Word and the dashboard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from zhunsheng.evaluation import Range, Score, Scorecard
from zhunsheng.evaluation.scoring import BASIS_WORDS, OPEN_WORD, VERDICT_WORDS, ExecutionScore, Sum
from zhunsheng.monitoring import BY_TIME, LIGHT_WORDS, MODE_WORDS, Checkpoint
from zhunsheng.outcomes import RULED_WORDS, Contest, Outcome, forecast_text, ledger_words, shown_result
from zhunsheng.targets import Indicator, SpendingPlan, TargetSheet, TargetValue
from zhunsheng.wording import percent_beside, plain

Align = Literal["center", "left", "right"]


@dataclass(frozen=True)
class Cell:
    """One cell of a form; ``rows`` × ``columns`` positions are covered."""

    text: str
    rows: int = 1
    columns: int = 1
    align: Align = "center"
    bold: bool = False


Row = tuple[Cell, ...]


@dataclass(frozen=True)
class Form:
    """A form: title, caption lines under it, relative column widths, rows, and how many of them head the indicators.

    ``header_rows`` are (first, last) rows, from 0, that repeat on every page in Word and Excel; rows list only cells
    that are not covered from above or from the left, as in HTML.
    """

    title: str
    widths: tuple[float, ...]
    rows: tuple[Row, ...]
    caption: str = ""
    landscape: bool = False
    header_rows: tuple[int, int] | None = None
    notes: tuple[str, ...] = field(default=())

    def placed(self) -> list[tuple[int, int, Cell]]:
        """Return (row, column, cell) for every cell, from 0. Raises ``ValueError`` when rows do not fill the width."""
        taken: set[tuple[int, int]] = set()
        found = []
        for r, row in enumerate(self.rows):
            column = 0
            for cell in row:
                while (r, column) in taken:
                    column += 1
                found.append((r, column, cell))
                taken.update((r + i, column + j) for i in range(cell.rows) for j in range(cell.columns))
                column += cell.columns
        if len(taken) != len(self.rows) * len(self.widths) or any(c >= len(self.widths) for _, c in taken):
            raise ValueError(f"the rows of form {self.title} do not fill its {len(self.widths)} columns")
        return found


def label(text: str, rows: int = 1, columns: int = 1) -> Cell:
    """Return a bold, centred cell."""
    return Cell(text, rows, columns, bold=True)


def text(value: str | None, columns: int = 1, rows: int = 1) -> Cell:
    """Return a left-aligned cell for running text."""
    return Cell(value or "", rows, columns, align="left")


def wan(amount: Decimal | None, unit: str = "万元") -> str:
    """Return yuan as 万元 in words, empty where there is none."""
    return "" if amount is None else f"{plain(amount / 10000)}{unit}"


def share(value: Fraction | None, bounds: Sequence[Fraction] = ()) -> str:
    """Return a fraction in percent, on its true side of ``bounds`` and of the whole."""
    return "—" if value is None else percent_beside(value, (Fraction(1), *bounds))


def value_cell(value: TargetValue | None, indicator: Indicator) -> str:
    """Return what stands in the value column of a form that has the indicator's own operator and unit columns too.

    That is what the document says, or the standard spelling where it and its columns no longer read as the typed value.
    """
    if value is None:
        return ""
    year = value.value.year if isinstance(value.value, date) else None
    read = TargetValue.parse(value.raw, op=indicator.operator_column(), unit=indicator.unit, year=year)
    return value.raw if read.same(value) else value.words()


# -- target table -----------------------------------------------------------------------------------------------------


def target_form(sheet: TargetSheet) -> Form:
    """Return the official target table of a project or department; reading it back gives the same sheet."""
    return _department_form(sheet) if sheet.kind == "department" else _project_form(sheet)


# Columns of the target table: field, title, width, and whether every table has them; others only where something is said.
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
    for indicator, one, two in _levelled(sheet):
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
    """Return two rows, dates over shares; more dates than the form has columns go on in further pairs of rows."""
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
        rows.append(tuple(Cell(f"{plain(s.cumulative * 100)}%", columns=w) for s, w in zip(chunk, spans, strict=True)))
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
    for indicator, *cells in _levelled(sheet, two_columns=named):
        values = [text(indicator.name), text(indicator.description), Cell(indicator.words())]
        rows.append((*cells[0], *cells[1], *values, *((Cell(_goal_title(sheet, indicator)),) if named else ())))
    for s, measure in enumerate(sheet.safeguards):
        head = (label("工作保障措施", rows=len(sheet.safeguards)),) if s == 0 else ()
        rows.append((*head, label(f"措施{s + 1}"), text(measure.text, columns=n - 2)))
    title = sheet.name if sheet.name and "整体" in sheet.name else "部门整体绩效目标"
    return Form(f"{title}表" if not title.endswith("表") else title, widths, tuple(rows), header_rows=(header, header))


def _levelled(sheet: TargetSheet, *, two_columns: bool = True) -> list[tuple[Indicator, Row, Row]]:
    """Return indicators with their level-1 and level-2 cells, merged downwards over neighbours of the same name.

    A department's indicators that have no levels stand under their sub-goals, across both columns where there are two.
    """
    indicators = sheet.indicators
    bare = not any(i.level1 or i.level2 for i in indicators)
    found = []
    for n, indicator in enumerate(indicators):
        one: Row = ()
        two: Row = ()
        if bare:
            if n == 0 or indicators[n - 1].goal != indicator.goal:
                rows = _run(indicators, n, lambda i: i.goal)
                one = (label(_goal_title(sheet, indicator), rows, 2 if two_columns else 1),)
        else:
            if n == 0 or indicators[n - 1].level1 != indicator.level1:
                one = (label(indicator.level1 or "", rows=_run(indicators, n, lambda i: i.level1)),)
            if n == 0 or (indicators[n - 1].level1, indicators[n - 1].level2) != (indicator.level1, indicator.level2):
                two = (Cell(indicator.level2 or "", rows=_run(indicators, n, lambda i: (i.level1, i.level2))),)
        found.append((indicator, one, two))
    return found


def _level_heads(sheet: TargetSheet, rows: int = 1) -> Row:
    if any(i.level1 or i.level2 for i in sheet.indicators):
        return label("一级指标", rows), label("二级指标", rows)
    return (label("分项目标", rows, 2),)


def _goal(sheet: TargetSheet, g: int, columns: int) -> tuple[Cell, ...]:
    """Return a goal's cells: title and words, or words alone where it has no title and no indicator has to name it."""
    goal = sheet.goals[g]
    named = goal.title or (f"目标{g + 1}" if any(i.goal == g for i in sheet.indicators) else None)
    return (label(named), text(goal.text, columns=columns - 1)) if named else (text(goal.text, columns=columns),)


def _goal_title(sheet: TargetSheet, indicator: Indicator) -> str:
    if indicator.goal is None:
        return ""
    return sheet.goals[indicator.goal].title or f"目标{indicator.goal + 1}"


def _run(indicators: Sequence[Indicator], start: int, key: object) -> int:
    assert callable(key)
    end = start
    while end < len(indicators) and key(indicators[end]) == key(indicators[start]):
        end += 1
    return end - start


# -- monitoring table -------------------------------------------------------------------------------------------------


def monitoring_form(checkpoint: Checkpoint) -> Form:
    """Return the official monitoring table (财预〔2019〕136号 附件) on the checkpoint's date."""
    sheet, rules, money = checkpoint.sheet, checkpoint.rules, checkpoint.money
    day = checkpoint.as_of
    until = f"1—{day.month}月" if day.year == (sheet.year or day.year) else "全年"
    causes, likely = len(rules.causes), len(rules.likelihood)
    widths = (1.4, 1.6, 2.6, 1.8, 1.9, 1.9, *(1.0,) * causes, 2.6, *(1.1,) * likely, 1.3)
    n = len(widths)
    rows: list[Row] = [
        (
            label("项目名称", columns=2),
            Cell(sheet.title(), columns=4),
            label("年度", columns=3),
            Cell(str(sheet.year or ""), columns=n - 9),
        ),
        (
            label("主管部门", columns=2),
            Cell(sheet.department or "", columns=4),
            label("实施单位", columns=3),
            Cell(sheet.unit or "", columns=n - 9),
        ),
    ]
    money_titles = ("年初预算数", "调整后预算数", f"{until}执行数", f"{until}执行率", "计划应支出", "全年预计执行率")
    spans = _spread_columns(n - 3, len(money_titles))
    rows.append(
        (
            label("项目资金（万元）", rows=2, columns=2),
            label(""),
            *(label(t, columns=w) for t, w in zip(money_titles, spans, strict=True)),
        )
    )
    known = () if money.expected is None else (money.expected,)
    values = (
        wan(money.initial, "") or "—",
        wan(money.adjusted, "") or "—",
        wan(money.paid, "") or "—",
        share(money.actual, known),
        share(money.expected) if sheet.spending_plan.steps else f"{share(money.expected)}（{BY_TIME}）",
        share(money.forecast),
    )
    rows.append((Cell("年度资金总额"), *(Cell(v, columns=w) for v, w in zip(values, spans, strict=True))))
    goals = "\n".join(f"{g.title}：{g.text}" if g.title else g.text for g in sheet.goals)
    rows.append((label("年度总体目标", columns=2), text(goals, columns=n - 2)))
    header = len(rows)
    rows.append(
        (
            *_level_heads(sheet, 2),
            *(label(t, rows=2) for t in ("三级指标", "年度指标值", f"{until}完成值", "全年预计完成值")),
            label("偏差原因分析", columns=causes + 1),
            label("完成目标可能性", columns=likely),
            label("预警", rows=2),
        )
    )
    rows.append((*(label(c) for c in rules.causes), label("原因说明及措施"), *(label(w) for w in rules.likelihood)))
    for (indicator, one, two), status in zip(_levelled(sheet), checkpoint.indicators, strict=True):
        forecast = forecast_text(status.forecast, indicator)
        marks = [Cell("√" if status.cause == c else "") for c in rules.causes]
        chances = [Cell("√" if status.likelihood == w else "") for w in rules.likelihood]
        cells = [
            text(indicator.name),
            Cell(indicator.words()),
            Cell(shown_result(status.outcome)),
            Cell(forecast),
            *marks,
            text("；".join(filter(None, (status.measures, *typed_words(status.outcome))))),
            *chances,
        ]
        rows.append((*one, *two, *cells, Cell(LIGHT_WORDS[status.light])))
    notes = (
        f"资金进度：{MODE_WORDS[money.mode] if sheet.spending_plan.steps else BY_TIME}；预计：{money.method}。",
        f"预警界限：完成值与应完成值之比不低于 {rules.lights.green:.0%} 为绿灯，不低于 {rules.lights.yellow:.0%} 为黄灯（{rules.lights.citation}）；时限已到或只看现状的指标，未达目标的不给绿灯。",
        f"依据：{rules.citation}。",
    )
    return Form(rules.form, widths, tuple(rows), f"截至 {day:%Y年%m月%d日}", True, (header, header + 1), notes)


def _spread_columns(total: int, parts: int) -> list[int]:
    return [total // parts + (1 if i < total % parts else 0) for i in range(parts)]


# -- scores in words ---------------------------------------------------------------------------------------------------


UNCONFIRMED = "口径未确认，不评等级"  # what stands in place of a grade that rests on measures nobody confirmed


def grade_words(card: Scorecard) -> str:
    """Return the grade, or in a word or two why there is none."""
    return card.grade or ("口径未确认，不评" if card.range.settled else "不评等级")


def points_words(score: Score | ExecutionScore) -> str:
    """Return points as a table shows them: 9.41; 待定 while nothing decides them."""
    return OPEN_WORD if score.shown is None else plain(score.shown)


def of_full(score: Score | ExecutionScore) -> str:
    """Return points over full points: 9.41/10, 待定/10; what may still come of a year that is not over stands behind."""
    rest = f"（{OPEN_WORD} {plain(score.open)}）" if score.shown is not None and score.open else ""
    return f"{points_words(score)}/{plain(score.points)}{rest}"


def sum_words(found: Sum) -> str:
    """Return what a dimension came to: 40 / 40; 已得 0，待定 40（满分 40）while anything of it is open."""
    if not found.open:
        return f"{plain(found.score)} / {plain(found.points)}"
    return f"已得 {plain(found.score)}，{OPEN_WORD} {plain(found.open)}（满分 {plain(found.points)}）"


def total_words(card: Scorecard) -> str:
    """Return what a total comes to beside its number: the grade, or what is still open and what that makes possible."""
    found = card.range
    if found.settled:
        return f"等级：{card.grade}" if card.grade else UNCONFIRMED
    waiting = found.high - found.low
    return f"已得 {plain(found.low)}，待定 {plain(waiting)}，可能 {plain(found.low)}–{plain(found.high)}，不评等级"


def basis_words(card: Scorecard) -> str:
    """Return what a total rests on and why the rest is open: 台账 62.4 分、人工填报 3 分；待定：无证据 10 分."""
    rests = "、".join(f"{BASIS_WORDS[k]} {plain(v)} 分" for k, v in card.basis.items())
    reasons = [f"{VERDICT_WORDS[k]} {plain(v)} 分" for k, v in card.waiting.items()]
    reasons += [f"预算执行 {plain(card.execution.open)} 分"] if card.execution.open else []
    reasons += [f"所属项目 {plain(card.projects_open)} 分"] if card.projects_open else []
    return f"得分依据：{rests or '无'}" + (f"；待定：{'、'.join(reasons)}" if reasons else "")


# -- self-evaluation table --------------------------------------------------------------------------------------------


def self_evaluation_form(card: Scorecard, *, coded: bool = False) -> Form:
    """Return the official self-evaluation table (财预〔2020〕10号 附件1); reading it back gives points, results and scores.

    The official table has no place for a project's code; ``coded`` adds one, for projects that share their name.
    """
    sheet, execution = card.sheet, card.execution
    widths = (1.6, 1.9, 3.2, 2.1, 2.3, 1.4, 1.4, 1.4, 4.2)
    planned = card.initial if card.initial is not None else sheet.budget.total
    head = label("部门名称" if sheet.kind == "department" else "项目名称", columns=2)
    rows: list[Row] = [
        (
            head,
            Cell(sheet.department or sheet.title() if sheet.kind == "department" else sheet.title(), columns=3),
            label("年度", columns=2),
            Cell(str(sheet.year or ""), columns=2),
        ),
        *([(label("项目编码", columns=2), Cell(sheet.code, columns=7))] if coded and sheet.code else []),
        (
            label("主管部门", columns=2),
            Cell(sheet.department or "————", columns=3),
            label("实施单位", columns=2),
            Cell(sheet.unit or "————", columns=2),
        ),
        (
            label("项目资金（万元）", rows=2, columns=2),
            label(""),
            label("年初预算数"),
            label("全年预算数"),
            label("全年执行数"),
            label("分值"),
            label("执行率"),
            label("得分"),
        ),
        (
            label("年度资金总额"),
            Cell(wan(planned, "") or "—"),
            Cell(wan(execution.budget, "") or "—"),
            Cell(wan(execution.spent, "") or "—"),
            Cell(plain(execution.points)),
            Cell(share(execution.rate, card.scheme.caps)),
            Cell(points_words(execution) if execution.shown is None else _came_to(card.by_dimension()["预算执行率"])),
        ),
    ]
    goals = sheet.goals or ()
    done = f"{sum(s.verdict in ('met', 'over', 'judged') for s in card.scores)} 个指标完成，{sum(s.verdict == 'missed' for s in card.scores)} 个未达标，{len(card.pending)} 个待定（待评定、无证据或未到期）。"
    rows.append(
        (label("年度总体目标", rows=2, columns=2), label("预期目标", columns=4), label("实际完成情况", columns=3))
    )
    rows.append(
        (
            text("\n".join(f"{g.title}：{g.text}" if g.title else g.text for g in goals), columns=4),
            text(done, columns=3),
        )
    )
    header = len(rows)
    titles = ("三级指标", "年度指标值", "实际完成值", "分值", "得分")
    rows.append((*_level_heads(sheet), *(label(t) for t in titles), label("偏差原因分析及改进措施", columns=2)))
    for (indicator, one, two), score in zip(_levelled(sheet), card.scores, strict=True):
        why = _deviation(card, score)
        cells = [
            text(indicator.name),
            Cell(indicator.words()),
            Cell(shown_result(score.outcome)),
            Cell(plain(score.points)),
            Cell(points_words(score)),
        ]
        rows.append((*one, *two, *cells, text(why, columns=2)))
    if card.projects_points:
        rows.append(
            (
                label("所属项目（自评得分按预算加权）", columns=3),
                Cell("—"),
                Cell("—"),
                Cell(plain(card.projects_points)),
                Cell(_came_to(Sum(card.projects_points, card.projects_score, card.projects_open))),
                text("；".join(f"{name} {range_words(found)} 分" for name, _, found in card.projects), columns=2),
            )
        )
    total = plain(card.total) if card.range.settled else f"已得 {plain(card.total)}"
    rows.append((label("总分", columns=5), label("100"), label(total), label(total_words(card), columns=2)))
    notes = (
        *card.notes,
        f"{basis_words(card)}。",
        f"依据：{'；'.join(dict.fromkeys((card.scheme.citation, *card.citations)))}。",
    )
    name = "部门整体支出绩效自评表" if sheet.kind == "department" else "项目支出绩效自评表"
    return Form(name, widths, tuple(rows), f"（{sheet.year or ''}年度）", True, (header, header), notes)


def _came_to(found: Sum) -> str:
    """Return the points of a row: what it earned, and what of it is open."""
    return f"已得 {plain(found.score)}，{OPEN_WORD} {plain(found.open)}" if found.open else plain(found.score)


def range_words(found: Range) -> str:
    """Return a total, or what it can come to: 92.5, 62.4–92.4."""
    return plain(found.low) if found.settled else f"{plain(found.low)}–{plain(found.high)}"


def _deviation(card: Scorecard, score: Score) -> str:
    """Return what stands in the column for deviations: what people wrote, and how it was scored where that says more.

    What is asked of the filler is not part of an official table: it stands on the page that is filled in.
    """
    said = card.said.get(card.sheet.indicators[score.indicator].id)
    outcome = score.outcome
    parts = ["：".join(filter(None, (said.cause, said.measures)))] if said else []
    parts += typed_words(outcome) if outcome else []
    if score.verdict != "met":
        parts.append(f"得分依据：{score.how}")
    return "；".join(filter(None, parts))


def typed_words(outcome: Outcome) -> list[str]:
    """Return what a table says of a result that someone typed: its proof, or the reading beside it; empty for none."""
    found = [f"完成值为人工填报，证明材料：{outcome.proof or '无'}"] if outcome.origin == "judgement" else []
    if c := outcome.contest:
        counted = "待定" if c.measured_on else "按台账计算"
        state = f"争议已采纳：{c.accepted}" if c.accepted else f"{_not_accepted(c)}，{counted}"
        apart = f"，{c.apart}" if c.apart else ""
        found.append(f"{ledger_words(c)}，人工填报 {c.typed}{apart}（{state}）")
    return found


def _not_accepted(contest: Contest) -> str:
    """Return that nobody ruled on a contest yet, or that it was refused and why."""
    words = RULED_WORDS[contest.state]
    return f"{words}：{contest.refused}" if contest.refused else words
