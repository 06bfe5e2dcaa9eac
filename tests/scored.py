"""The scoring functions with all that they go by as keywords, on the scoring modules or on changed copies of
them.
"""

from __future__ import annotations

import ast
import inspect
from types import ModuleType

from zhunsheng.evaluation import execution, indicators, points, projects, scorecard, scoring

# The scoring code, what others use first.
MODULES = (scorecard, points, execution, projects, indicators, scoring)


def parsed() -> dict[ModuleType, ast.Module]:
    """Return the syntax tree of each of the scoring modules."""
    return {module: ast.parse(inspect.getsource(module)) for module in MODULES}


def together(trees: dict[ModuleType, ast.Module]) -> ModuleType:
    """Return all the scoring code as one module, so that each part uses the others as the trees have them."""
    one = ModuleType("scored")
    one.__dict__["__name__"] = scoring.__name__
    own = {module.__name__ for module in MODULES}
    for tree in trees.values():
        body = [n for n in tree.body if not (isinstance(n, ast.ImportFrom) and n.module in own)]
        exec(compile(ast.Module(body, []), "scored", "exec"), one.__dict__)
    return one


SCORING = together(parsed())

pass


def score_sheet(sheet, outcomes, *, spent, budget, scheme, as_of, doubt=None, module=SCORING, **terms):
    """Score a project's sheet; ``terms`` are ``said`` and ``dues``."""
    paid = module.Paid(spent, budget, doubt)
    return module.score_sheet(sheet, outcomes, paid, module.ScoringTerms(scheme, as_of, **terms))


def score_department(
    sheet, outcomes, projects, *, spent, budget, scheme, as_of, doubt=None, module=SCORING, **terms
):
    """Score a department's sheet over the cards of its projects."""
    paid = module.Paid(spent, budget, doubt)
    return module.score_department(
        sheet, outcomes, projects, paid, module.ScoringTerms(scheme, as_of, **terms)
    )


def score_indicator(indicator, outcome, points, scheme, said=None, module=SCORING):
    """Score one indicator for its points under 产出."""
    return module.score_indicator(module.Case(0, indicator, outcome, points, "产出", said), scheme)
