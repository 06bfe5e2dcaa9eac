"""Review of targets: every rule applied to every sheet; each rule's state, and findings at their place in the
document.
"""

from zhunsheng.review.bases import Basis, LocalBasis, bases_in, bases_of, documents
from zhunsheng.review.catalogue import LEVELS, Finding, Rule, all_rules
from zhunsheng.review.duties import STATES, Duty, Review, State
from zhunsheng.review.judging import review, review_sheet, rules_digest

__all__ = [
    "LEVELS",
    "STATES",
    "Basis",
    "Duty",
    "Finding",
    "LocalBasis",
    "Review",
    "Rule",
    "State",
    "all_rules",
    "bases_in",
    "bases_of",
    "documents",
    "review",
    "review_sheet",
    "rules_digest",
]
