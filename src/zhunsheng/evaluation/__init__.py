"""What the year scores: scorecards of projects and departments, grades, and the re-check of reported
self-evaluations.
"""

from zhunsheng.evaluation.recheck import Difference, Undecided, evaluated, recheck, undecided
from zhunsheng.evaluation.scorecard import ExecutionScore, Range, Score, Scorecard
from zhunsheng.evaluation.scoring import Paid, ScoringTerms, score_department, score_sheet

__all__ = [
    "Difference",
    "ExecutionScore",
    "Paid",
    "Range",
    "Score",
    "Scorecard",
    "ScoringTerms",
    "Undecided",
    "evaluated",
    "recheck",
    "score_department",
    "score_sheet",
    "undecided",
]
