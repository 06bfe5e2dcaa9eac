"""Official forms as data: one form a file, built once and written alike to Excel, Word and the dashboard."""

from zhunsheng.reports.forms.form import Align, Cell, Form, Row, label, share, text
from zhunsheng.reports.forms.monitoring import monitoring_form
from zhunsheng.reports.forms.scores import (
    UNCONFIRMED,
    basis_words,
    grade_words,
    of_full,
    points_words,
    range_words,
    sum_words,
    total_words,
    typed_words,
)
from zhunsheng.reports.forms.self_evaluation import self_evaluation_form
from zhunsheng.reports.forms.target import target_form, value_cell

__all__ = [
    "UNCONFIRMED",
    "Align",
    "Cell",
    "Form",
    "Row",
    "basis_words",
    "grade_words",
    "label",
    "monitoring_form",
    "of_full",
    "points_words",
    "range_words",
    "self_evaluation_form",
    "share",
    "sum_words",
    "target_form",
    "text",
    "total_words",
    "typed_words",
    "value_cell",
]
