"""Every department of a district assessed in one go."""

from __future__ import annotations

from zhunsheng.errors import ZhunshengError
from zhunsheng.usecases.progress import Progress, no_progress
from zhunsheng.web.models import Organisation
from zhunsheng.web.services import office
from zhunsheng.web.services.evidence import opened
from zhunsheng.web.services.publishing.drift import check_published
from zhunsheng.web.services.year.figures import assess_now


def assess_all(district: Organisation, year: int, progress: Progress = no_progress) -> dict[str, object]:
    """Assess every department below with a sheet in force in the year, against one state of the evidence."""
    departments = list(
        Organisation.objects.filter(
            office.below(district, year),
            sheets__year=year,
            sheets__retired=False,
            sheets__versions__state="approved",
        ).distinct()
    )
    evidence = opened(together=[d.code for d in departments])
    failed = []
    for n, department in enumerate(departments):
        progress(department.name, n, len(departments))
        try:
            assess_now(department, year, evidence=evidence)
            check_published(department, year)
        except ZhunshengError as error:
            failed.append({"department": department.name, "error": error.web})
    return {"departments": len(departments), "failed": failed}
