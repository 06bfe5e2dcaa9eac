"""How figures are kept: the assessment's record, its lights, its official forms and report."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from datetime import date
from decimal import Decimal, DecimalException
from pathlib import Path

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from zhunsheng.errors import ZhunshengError
from zhunsheng.files.scratch import scratch_folder
from zhunsheng.translation import worded
from zhunsheng.usecases.assessing import Assessed
from zhunsheng.usecases.opened_evidence import Evidence
from zhunsheng.usecases.outputs import official_forms, write_outputs
from zhunsheng.usecases.result import Run
from zhunsheng.web.models import Assessment, IndicatorLight, Organisation

REPORT = "绩效评价报告.docx"
TABLES = {f"{name}.{kind}": name for name in ("绩效运行监控表", "绩效自评表") for kind in ("xlsx", "docx")}


def keep(department: Organisation, year: int, day: date, done: Assessed, run: Run) -> Assessment:
    """Keep a run as the assessment of a day; one of the same key stays as it is. Raises ``ZS-RN-01``."""
    main = run.main
    total = main.score if main else None
    own = main.money if main and main.kind == "department" and not main.money.doubt else None
    # The department's own money where the ledgers tell it, else that of the projects whose money is known.
    parts = [own] if own and own.paid is not None else [s.money for s in run.results if s.kind == "project"]
    known = [m for m in parts if m.adjusted is not None and not m.doubt and m.paid is not None]
    values = {
        "as_of": day,
        "batch": run.store.batch,
        "digest": run.store.digest,
        "program": run.program,
        "result": run.as_json(),
        "total": total.total if total else None,
        "most": total.high if total else None,
        "grade": (total.grade or "") if total else "",
        "basis": {k: f"{v:f}" for k, v in total.basis.items()} if total else {},
        "paid": _cents(m.paid for m in known) if known else None,
        "budget": _cents(m.adjusted for m in known) if known else None,
    }
    _readable(Assessment(department=department, year=year, key=done.basis, **values))
    with transaction.atomic():
        kept, made = Assessment.objects.get_or_create(
            department=department, year=year, key=done.basis, defaults=values
        )
        if not made:
            Assessment.objects.filter(pk=kept.pk).update(assessed_at=timezone.now())
    return kept


def _cents(amounts: Iterable[Decimal | None]) -> Decimal:
    """Return a sum of yuan in whole cents. Raises ``ZS-RN-01`` for one that has more digits
    than any amount.
    """
    try:
        return sum((a for a in amounts if a is not None), Decimal(0)).quantize(Decimal("0.01"))
    except DecimalException:
        raise ZhunshengError("ZS-RN-01", detail=worded("金额位数过多，请核对台账与目标表中的金额")) from None


def _readable(kept: Assessment) -> None:
    """Refuse what could not be read back: a row that some databases take and no page can show.
    Raises ``ZS-RN-01``.
    """
    try:
        kept.clean_fields()
    except ValidationError as error:
        detail = "；".join(f"{name}：{'、'.join(said)}" for name, said in error.message_dict.items())
        raise ZhunshengError("ZS-RN-01", detail=detail) from None


def keep_forms(done: Assessed, opened: Evidence, folder: Path) -> None:
    """Keep the report and the official forms; made aside and moved in, so that whoever reads meanwhile gets
    whole files.

    The forms come last: where they lie, all is there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    forms = {
        name: [{**asdict(form), "sheet": title} for title, form in listed]
        for name, listed in official_forms(done).items()
        if name in TABLES.values()
    }
    with scratch_folder(folder.parent) as made:
        # Its code is given when it is given out: of the report alone, whoever asks for it.
        write_outputs(done, opened, made, only=[Path(REPORT).stem], faced=False)
        (made / "forms.json").write_text(json.dumps(forms, ensure_ascii=False), "utf8")
        for name in (REPORT, "forms.json"):
            (made / name).replace(folder / name)


def keep_lights(assessment: Assessment) -> None:
    """Put an assessment's lights in place of those that its department's year was shown with."""
    IndicatorLight.objects.filter(department=assessment.department, year=assessment.year).delete()
    IndicatorLight.objects.bulk_create(
        IndicatorLight(
            department=assessment.department,
            year=assessment.year,
            sheet=one.sheet[:200],
            sheet_code=one.id,
            indicator=line.name[:300],
            indicator_code=line.id,
            dimension=line.score.dimension or "",
            light=line.monitoring.light,
            verdict=line.score.verdict,
            points=line.score.points,
            score=line.score.score,
        )
        for one in assessment.run.results
        for line in one.indicators
    )
