"""The spending plan (资金支出计划): a row of dates over a row of shares, or dates with
their shares beside.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

from zhunsheng.intake.recognition.draft import Document, Draft
from zhunsheng.intake.recognition.rows import Row
from zhunsheng.targets import PlanStep, TargetValue
from zhunsheng.targets.spelling import normalise
from zhunsheng.translation import worded

_PERCENT = re.compile(r"^(\d{1,3}(?:\.\d+)?)\s*[%％]?$")
_BOTH = re.compile(r"^(.*?[月日末底度年前])[^\d]{0,3}(\d{1,3}(?:\.\d+)?)\s*[%％]$")


def read_plan(document: Document, draft: Draft, row: Row) -> None:
    """Read one row of the plan into its draft; shares become fractions (25% is 0.25)."""
    dates = [(column, text) for column, text in row.cells if _is_date(text)]
    shares = [text for _, text in row.cells if _PERCENT.match(normalise(text)) and not _is_date(text)]
    if dates and not shares:
        draft.plan_dates = [text for _, text in dates]
        draft.provenance.setdefault("spending_plan", row.place(dates[0][0]))
        return
    both = [(m[1], m[2]) for _, text in row.cells if (m := _BOTH.match(normalise(text)))]
    place = row.place(row.cells[0][0])
    if shares and len(shares) != len(draft.plan_dates):
        document.doubt(place, "spending_plan", row.words(), worded("支出计划的日期与比例个数不一致"))
    for when, share in both or zip(draft.plan_dates, shares, strict=False):
        if step := _step(when, share, document.year):
            draft.plan.append(step)
        else:
            document.doubt(place, "spending_plan", f"{when} {share}", worded("认不出支出计划的日期或比例"))


def _step(when: str, share: str, year: int | None) -> PlanStep | None:
    by = TargetValue.parse(when, year=year, dated=True)
    number = _PERCENT.match(normalise(share))
    if by.op != "by" or not isinstance(by.value, date) or number is None:
        return None
    value = Decimal(number[1])
    # A share written without % may be a fraction already.
    fraction = value if "%" not in normalise(share) and value <= 1 else value / 100
    return PlanStep(by=by.value, cumulative=fraction)


def _is_date(text: str) -> bool:
    return TargetValue.parse(text, year=2000).op == "by"
