"""What its projects bring to a department's score, weighted by their budgets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from fractions import Fraction

from zhunsheng.evaluation.points import spread
from zhunsheng.evaluation.scorecard import BASIS_WORDS, Scorecard


def shares(earned: Decimal, projects: Sequence[Scorecard]) -> dict[str, Decimal]:
    """Divide the points that projects bring by what the projects' own points rest on;
    they add up to ``earned``.
    """
    parts = {
        name: _average(projects, [p.basis.get(name, Decimal(0)) for p in projects]) for name in BASIS_WORDS
    }
    known = [name for name in BASIS_WORDS if parts[name]]
    divided = spread(earned, [parts[name] for name in known]) if earned and known else []
    return dict(zip(known, divided, strict=True)) if divided else {}


def weight_of(card: Scorecard) -> Decimal:
    """Return what a project weighs in its department's score: its budget after adjustment, in yuan;
    0 where none is known.

    A budget of nought or less weighs nothing by itself and would turn an average inside out:
    it is to be looked at; so is one that nobody has confirmed as it was read.
    """
    if card.unsure_budget:
        return Decimal(0)
    budget = card.execution.budget if card.execution.budget is not None else card.sheet.budget.total
    return max(budget or Decimal(0), Decimal(0))


def unweighed(projects: Sequence[Scorecard]) -> list[Scorecard]:
    """Return the projects whose weight nobody knows; none where there is but one project,
    whose weight says nothing.
    """
    return [p for p in projects if not weight_of(p)] if projects[1:] else []


def bound(
    projects: Sequence[Scorecard],
    totals: Sequence[Decimal],
    pick: Callable[[Iterable[Fraction]], Fraction],
) -> Fraction:
    """Return the least (or most, as ``pick`` says) that the weighted average can be,
    whatever unknown weights are.
    """
    unknown = {id(p) for p in unweighed(projects)}
    if not unknown:
        return _average(projects, totals)
    known = [(p, t) for p, t in zip(projects, totals, strict=True) if id(p) not in unknown]
    alone = [Fraction(t) for p, t in zip(projects, totals, strict=True) if id(p) in unknown]
    return pick([*alone, _average([p for p, _ in known], [t for _, t in known])] if known else alone)


def _average(projects: Sequence[Scorecard], totals: Sequence[Decimal]) -> Fraction:
    """Return the totals weighted by the projects' budgets, evenly where no budget is known;
    nothing without projects.
    """
    weights = [Fraction(weight_of(p)) for p in projects]
    if not any(weights):
        weights = [Fraction(1) for _ in projects]  # equal weights
    whole = sum(weights, Fraction(0))
    return (
        sum((w * Fraction(t) for w, t in zip(weights, totals, strict=True)), Fraction(0)) / whole
        if whole
        else whole
    )
