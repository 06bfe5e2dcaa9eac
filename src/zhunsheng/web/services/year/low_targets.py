"""Targets that were far exceeded: the finance bureau finds whether they had been set too low."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction

from zhunsheng.errors import ZhunshengError
from zhunsheng.translation import worded
from zhunsheng.web.models import LowTarget, SelfEvaluation, User
from zhunsheng.web.models.year import promise_moved
from zhunsheng.web.services.sheets.lookup import book_in_force
from zhunsheng.web.services.year.contests import resign
from zhunsheng.web.services.year.figures import assess_now
from zhunsheng.web.services.year.question import promises
from zhunsheng.web.services.year.records import same_target
from zhunsheng.web.workflow import check, note

EXCEEDED = ("explain", "over")  # verdicts of results far beyond their target


def find(
    evaluation: SelfEvaluation, key: tuple[str, str], user: User, *, low: bool, reason: str, seen: str
) -> LowTarget:
    """Keep what an officer finds of a target (by the codes of sheet and indicator), for another to uphold.

    Raises as ``check``, ``ZS-WB-06`` for an indicator that the record does not have, ``ZS-WB-61`` for one
    that was not far exceeded, ``ZS-WB-62`` while a finding on it waits.
    """
    with transaction.atomic():
        now = SelfEvaluation.objects.select_for_update(no_key=True).get(pk=evaluation.pk)
        check(user, now, "selfeval.find", seen)
        line = now.assessment.run.line(*key) if now.assessment else None
        promised = promises(book_in_force(now.department, now.year, now.as_of)).get(key)
        if line is None or promised is None:
            raise ZhunshengError("ZS-WB-06", detail=worded("没有这个指标，目标表可能已调整，请刷新页面"))
        if line.score.verdict not in EXCEEDED:
            raise ZhunshengError("ZS-WB-61", name=line.name)
        if now.low_targets.filter(sheet_code=key[0], indicator_code=key[1], state="found").exists():
            raise ZhunshengError("ZS-WB-62", name=line.name)
        made = LowTarget.objects.create(
            evaluation=now,
            sheet_code=key[0],
            indicator=line.name[:300],
            indicator_code=key[1],
            low=low,
            reason=reason.strip(),
            result=line.outcome.text,
            promised=promised,
            by=user,
        )
        note(user, made, "selfeval.find", after="found", remark=reason)
    return made


def newest(evaluation: SelfEvaluation) -> Mapping[tuple[str, str], LowTarget]:
    """Return the newest finding on each indicator, by the codes of sheet and indicator."""
    found = evaluation.low_targets.select_related("by", "evaluation__department")
    return {(one.sheet_code, one.indicator_code): one for one in found.order_by("pk")}


def lapsed(evaluation: SelfEvaluation) -> list[str]:
    """Return the names of indicators far beyond their target whose upheld finding is of another target than
    today's: it counts no more, and nobody found anything of the new one.
    """
    run = evaluation.assessment.run if evaluation.assessment else None
    promised = promises(book_in_force(evaluation.department, evaluation.year, evaluation.as_of))
    return [
        line.name
        for key, one in newest(evaluation).items()
        if one.state == LowTarget.State.UPHELD
        and run is not None
        and (line := run.line(*key)) is not None
        and line.score.verdict in EXCEEDED
        and not (key in promised and same_target(one.promised, promised[key], evaluation.year))
    ]


def moved(finding: LowTarget) -> str:
    """Return in words what is another than a finding was made of: the target or the result; empty where both
    are the same.
    """
    evaluation, key = finding.evaluation, (finding.sheet_code, finding.indicator_code)
    promised = promises(book_in_force(evaluation.department, evaluation.year, evaluation.as_of)).get(key)
    line = evaluation.assessment.run.line(*key) if evaluation.assessment else None
    if promised is None or line is None:
        return worded("指标已从目标表中删除")
    if not same_target(finding.promised, promised, evaluation.year):
        return promise_moved(finding.promised, promised)
    now = line.outcome.text
    return "" if now == finding.result else worded("完成值 {was} → {now}", was=finding.result, now=now)


def upheld(finding: LowTarget, user: User) -> None:
    """Compute a self-evaluation anew once a finding on one of its targets is upheld."""
    evaluation = SelfEvaluation.objects.get(pk=finding.evaluation_id)
    figures = assess_now(
        evaluation.department, evaluation.year, evaluation.as_of, tables=True, record=evaluation
    )
    if evaluation.assessment_id != figures.pk:
        resign(evaluation, figures, user, finding)
