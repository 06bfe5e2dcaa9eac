"""What is still to be done for a target, said as a task: how much, of what, by when."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from fractions import Fraction

from zhunsheng.monitoring.endings import Ending
from zhunsheng.monitoring.forecasting import Figure
from zhunsheng.monitoring.milestones import Finish
from zhunsheng.targets import convert
from zhunsheng.targets.dates import spans
from zhunsheng.targets.value import TargetValue
from zhunsheng.translation import worded
from zhunsheng.wording import number, plain


def steps_left(finish: Finish, goal: date, on: date) -> str:
    """Return what is left of a thing to be done by a day."""
    if on >= goal:
        return worded("已到 {day}，没有完成", day=goal)
    if not finish.left:
        return worded("{day} 前完成", day=goal)
    left = worded("还有 {left} 个环节，{day} 前完成", left=finish.left, day=goal)
    return worded("{words}；已迟 {late} 天", words=left, late=finish.late) if finish.late else left


def period_left(parts: Sequence[Fraction], target: TargetValue, year: int, on: date) -> str:
    """Return what is missing of the periods of a year that each have their own number: what can't be made
    good any more, or what the present one lacks.
    """
    goal, unit = Fraction(target.number or 0), target.unit or ""
    for n, (first, last) in enumerate(spans(target.per, year)[target.before :]):
        held = parts[n] if n < len(parts) else Fraction(0)
        if last <= on and held < goal:
            return worded(
                "第 {n} 期（至 {day}）只有 {what}，补不回来",
                n=target.before + n + 1,
                day=last,
                what=f"{plain(held)}{unit}",
            )
        if first <= on < last and held < goal:
            gap = f"{plain(goal - held)}{unit}"
            return worded("本期还差 {what}，{day} 前", what=gap, day=last)
    return ""


def figure_left(figure: Figure, ending: Ending, due: date, expected: Fraction | None) -> str:
    """Return what is missing to the target (还差 37 件，10月31日前), or what there may still be of a ceiling;
    empty where nothing is, or where no number of pieces tells it.
    """
    told, value = figure.indicator.type, figure.value
    open_ = ending.low is None or ending.low != ending.high
    if told.sense == "less":
        return _room(figure) if figure.grows and open_ else ""
    if told.sense != "more" or told.aim.meets(value) or not open_:
        return ""
    if not figure.grows:
        return _of_due(figure, due)
    words = worded("还差 {what}，{day} 前", what=_much(figure, figure.goal - value), day=due)
    if expected is None or value >= expected:
        return words
    return worded("{words}；比此时应达少 {came}", words=words, came=_much(figure, expected - value))


def _much(figure: Figure, gap: Fraction) -> str:
    """Return a gap in the target's unit; of a share by the ledger also in rows."""
    unit = figure.indicator.aim.unit or ""
    if figure.trail is not None and figure.trail.kind == "ratio" and (piece := figure.piece):
        rows = math.ceil(gap / piece)
        points = Fraction(convert(rows * piece, figure.indicator.aim.unit, "%"))
        return worded("{rows} 项（{points}个百分点）", rows=rows, points=number(points))
    if figure.counted and (piece := figure.piece):
        return f"{plain(math.ceil(gap / piece) * piece)}{unit}"  # 0.032万人次 is no 0.03
    return f"{number(gap)}{unit}"


def _room(figure: Figure) -> str:
    """Return how much of a ceiling is left, or by how much it is broken."""
    room = figure.goal - figure.value
    if room < 0:
        return worded("已超出 {what}", what=_much(figure, -room))
    return worded("至多还可有 {what}", what=_much(figure, room)) if room else ""


def _least(figure: Figure, rows: int) -> int:
    """Return how many of some rows have to count for the target to be met."""
    count = math.ceil(figure.goal / figure.full * rows)
    return count if figure.indicator.aim.meets(figure.full * count / rows) else count + 1


def _of_due(figure: Figure, due: date) -> str:
    """Return how many of the rows that the ledger still holds for the year have to count."""
    trail = figure.trail
    if trail is None or trail.kind != "ratio" or not (trail.to_come or trail.accrual.later):
        return ""
    hits = int(trail.numerator or 0)
    if trail.to_come is None:
        wanted = _least(figure, trail.denominator) - hits
        return worded("按现有 {rows} 件计，还须办结 {wanted} 件", rows=trail.denominator, wanted=wanted)
    wanted = _least(figure, trail.denominator + trail.secured + trail.to_come) - hits - trail.secured
    if wanted > trail.to_come:
        return worded("今后到期的 {coming} 项全部按期也不够", coming=trail.to_come)
    return worded(
        "{day} 前到期的 {coming} 项中须有 {wanted} 项按期",
        day=due,
        coming=trail.to_come,
        wanted=wanted,
    )
