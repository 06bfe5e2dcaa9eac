"""The finance bureau's re-check of a self-evaluation, from evidence and approved sheets alone."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from zhunsheng.errors import ZhunshengError
from zhunsheng.intake import read_book
from zhunsheng.translation import worded
from zhunsheng.usecases.rechecking import recheck_book
from zhunsheng.web.models import SelfEvaluation, Upload
from zhunsheng.web.services.evidence import opened
from zhunsheng.web.services.year.official import file_of
from zhunsheng.web.services.year.question import Question


def recheck(evaluation: SelfEvaluation, reported: Upload | None = None) -> list[dict[str, Any]]:
    """Re-check the tables signed in the system, and a reported file beside them,
    from evidence and approved sheets alone.

    Nothing that the department typed goes in. Returns and keeps what was found by sheet
    (``Rechecked.as_json``), ``of`` naming the file (empty: the signed tables), and for which figures it was
    made. Raises ``ZS-*`` for a file that can't be read or whose sheets are not those that were approved.
    """
    found, key = findings(evaluation, reported)
    with transaction.atomic():
        now = SelfEvaluation.objects.select_for_update().get(pk=evaluation.pk)
        if now.state != evaluation.state:
            raise ZhunshengError("ZS-WB-01", title=str(now), state=now.get_state_display())
        now.differences, now.rechecked, now.rechecked_at, now.rechecked_of = (
            found,
            key,
            timezone.now(),
            reported,
        )
        if reported is not None:
            now.reported = reported
        now.save()
    evaluation.refresh_from_db()
    return found


def findings(evaluation: SelfEvaluation, reported: Upload | None) -> tuple[list[dict[str, Any]], str]:
    """Return what a re-check finds at this moment and the key of the figures it was made for;
    raises as ``recheck``.
    """
    asked = Question(evaluation.department, evaluation.year, evaluation.as_of, None, words=False)
    done = asked.answer(opened())
    signed = file_of(evaluation, "绩效自评表.xlsx")
    kept = evaluation.assessment
    if signed is None or kept is None:
        raise ZhunshengError("ZS-WB-06", detail=worded("还没有自评结果"))
    found = [{**r.as_json(), "of": ""} for r in recheck_book(read_book(signed), done)]
    if reported is not None:
        with reported.opened() as path:
            found += [{**r.as_json(), "of": reported.name} for r in recheck_book(read_book(path), done)]
    return found, kept.key
