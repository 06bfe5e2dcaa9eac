"""What is asked of a body that began within the year: of each quarter or month only from then on."""

from __future__ import annotations

from datetime import date

from zhunsheng.targets.dates import spans
from zhunsheng.targets.sheet import Indicator, TargetSheet
from zhunsheng.targets.spelling import periods


def begun(sheet: TargetSheet, since: date) -> TargetSheet:
    """Return the sheet as it binds a body that began on a day of its year: of what is to be done in each
    period the periods count that begin on that day or later, the last one in any case.
    """
    return sheet.model_copy(update={"indicators": tuple(_begun(i, since) for i in sheet.indicators)})


def _begun(indicator: Indicator, since: date) -> Indicator:
    per = indicator.target.per
    if not per:
        return indicator
    count, first = periods(per), date(since.year, 1, 1)
    before = sum(begins < since for begins, _ in spans(per, since.year))
    if count > 12:  # weeks and days, of which no list is kept
        before = -(-count * (since - first).days // (date(since.year, 12, 31) - first).days)
    target = indicator.target.replaced(before=min(before, count - 1))
    return indicator.model_copy(update={"target": target})
