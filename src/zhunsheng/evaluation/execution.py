"""Points for the execution of the budget."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from zhunsheng.evaluation.scorecard import FULL, NONE, ExecutionScore, rounded
from zhunsheng.translation import worded
from zhunsheng.wording import percent_beside, yuan


def score_execution(
    spent: Decimal | None,
    budget: Decimal | None,
    points: Decimal,
    bounds: Sequence[Fraction] = (),
    *,
    over: bool = True,
    doubt: str | None = None,
) -> ExecutionScore:
    """Return execution points: points × spent ÷ budget after adjustment, at most all. Basis:
    财预〔2020〕10号（单位自评）.

    Where spending or budget is unknown, the budget is no positive amount, or ``doubt`` says why the two don't
    go together, all points are open; while the year is not ``over``, those not earned so far.
    The rate is shown on its true side of ``bounds`` (fractions, such as a scheme's caps) and of the whole.
    """
    if doubt:
        return ExecutionScore(
            points, Decimal(0), spent, budget, None, worded("{doubt}，预算执行率待核对", doubt=doubt), points
        )
    if spent is None or budget is None or budget <= 0:
        what = worded("没有支付数据") if spent is None else worded("没有可以作除数的预算数")
        return ExecutionScore(
            points, Decimal(0), spent, budget, None, worded("{what}，预算执行率待定", what=what), points
        )
    rate = Fraction(spent) / Fraction(budget)
    score = rounded(Fraction(points) * min(max(rate, NONE), FULL))
    shown_rate = percent_beside(rate, (FULL, *bounds))
    how = worded(
        "{points} × {spent} ÷ {budget} = {points} × {shown_rate} = {score} 分",
        points=points,
        spent=yuan(spent),
        budget=yuan(budget),
        shown_rate=shown_rate,
        score=score,
    )
    how += worded("（不超过满分）") if rate > 1 else ""
    left = Decimal(0) if over else points - score
    return ExecutionScore(
        points, score, spent, budget, rate, how + (worded("，年度未满") if left else ""), left
    )
