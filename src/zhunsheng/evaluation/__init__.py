"""What the year scores: scorecards of projects and departments, grades, and the re-check of reported self-evaluations."""

from zhunsheng.evaluation.recheck import Difference, recheck
from zhunsheng.evaluation.scoring import ExecutionScore, Score, Scorecard, score_department, score_sheet

__all__ = ["Difference", "ExecutionScore", "Score", "Scorecard", "recheck", "score_department", "score_sheet"]
