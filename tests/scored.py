"""The scoring functions with all that they go by as keywords, on the scoring module or on a changed copy of
it.
"""

from __future__ import annotations

from zhunsheng.evaluation import scoring


def score_sheet(sheet, outcomes, *, spent, budget, scheme, as_of, doubt=None, module=scoring, **terms):
    """Score a project's sheet; ``terms`` are ``said`` and ``dues``."""
    paid = module.Paid(spent, budget, doubt)
    return module.score_sheet(sheet, outcomes, paid, module.ScoringTerms(scheme, as_of, **terms))


def score_department(
    sheet, outcomes, projects, *, spent, budget, scheme, as_of, doubt=None, module=scoring, **terms
):
    """Score a department's sheet over the cards of its projects."""
    paid = module.Paid(spent, budget, doubt)
    return module.score_department(
        sheet, outcomes, projects, paid, module.ScoringTerms(scheme, as_of, **terms)
    )


def score_indicator(indicator, outcome, points, scheme, said=None, module=scoring):
    """Score one indicator for its points under 产出."""
    return module.score_indicator(module.Case(0, indicator, outcome, points, "产出", said), scheme)
