"""What lies behind one figure of an assessment: definition, rows, batches, files."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from zhunsheng.evidence import ledgers
from zhunsheng.measures import Match, Rows, combine
from zhunsheng.measures.definitions import own
from zhunsheng.usecases.tracing import trace
from zhunsheng.web.models import Organisation
from zhunsheng.web.models.work import cipher
from zhunsheng.web.services.evidence import opened
from zhunsheng.web.services.ledgers import key_of
from zhunsheng.web.services.year import records


def behind(
    department: Organisation, year: int, sheet: int, line: str, limit: int, *, personal: bool
) -> dict[str, object] | None:
    """Return what the page of a figure shows, None where there is no such figure.

    ``line`` is an indicator's number, or ``paid`` or ``budget`` for the money of the sheet;
    ``limit`` is how many rows are shown, ``personal`` whether with personal data.
    """
    assessment = records.newest_assessment(department, year)
    if assessment is None or sheet >= len(assessment.run.results):
        return None
    one = assessment.run.results[sheet]
    context: dict[str, Any] = {"assessment": assessment, "one": one, "sheet_n": sheet}
    if line in ("paid", "budget"):
        name = "paid" if line == "paid" else "budget_adjusted"
        kept = one.money_readings.get(name)
        match = Match(0, 0, name, 1.0, "confirmed", _("资金数据按固定的测度计算"))
        context["title"] = _("已支付金额") if line == "paid" else _("全年预算数")
        context["why"] = one.money.method
    else:
        if not (line.isascii() and line.isdigit()) or len(line) > 6 or int(line) >= len(one.indicators):
            return None
        indicator = one.indicators[int(line)]
        context |= {"title": indicator.name, "indicator": indicator, "why": indicator.outcome.note}
        kept, said = indicator.reading, indicator.match
        match = Match(0, int(line), said.measure, said.confidence, said.status, said.why)
    if kept is None:
        return context
    # Read again from the evidence as of the batch of that very assessment, so that the rows are those behind
    # the figure.
    evidence = opened(batch=assessment.batch)
    evidence.measures = {kept.measure: evidence.measures[kept.measure]}
    projects = one.project_keys if kept.project else None
    readings = evidence.read(year, assessment.as_of, key_of(department))
    parts = [readings.get((kept.measure, key_of(department), project)) for project in projects or (None,)]
    reading = combine(evidence.measures[kept.measure], [r for r in parts if r])
    if reading is not None:
        wanted = Rows(limit=limit, projects=projects, personal=personal)
        found = trace(evidence, match, reading, year, assessment.as_of, wanted)
        shown = cipher()
        rows = [(r, [shown.show(v) if personal else v for v in r.values.values()]) for r in found.rows]
        context |= {
            "found": found,
            "own": found.measure is not None and own(found.measure),
            "ledger": ledgers()[found.measure.ledger] if found.measure else None,
            "titles": list(found.rows[0].values) if found.rows else [],
            "rows": rows,
            "full": len(rows) >= limit,
            "more": limit * 4,
        }
    return context
