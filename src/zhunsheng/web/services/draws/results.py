"""Results of inspections: kept task by task, what is overdue, the csv for their ledger."""

from __future__ import annotations

from datetime import date

from django.utils import timezone

from zhunsheng.draws.results import InspectionResult, check_results, overdue, publish_by
from zhunsheng.draws.results import categories as categories
from zhunsheng.errors import ZhunshengError
from zhunsheng.translation import worded
from zhunsheng.usecases.drawing.results import results_csv
from zhunsheng.web.models import Draw, DrawTask, User
from zhunsheng.web.services.draws.performing import proof_of


def keep_result(
    task: DrawTask,
    user: User,
    inspected_on: date | None,
    result: str,
    text: str,
    published_on: date | None,
    *,
    seen: str | None = None,
) -> DrawTask:
    """Keep what an inspection came to: when it was and what was found; ``seen`` is what the page carried.

    Raises ``ZS-DR-09`` for a category that is not official, for dates out of order,
    before the register was taken or in the future, and where either is missing;
    ``ZS-WB-10`` where someone kept another result meanwhile.
    """
    if seen is not None and seen != task.seen_digest():
        raise ZhunshengError("ZS-WB-10", title=str(task))
    check_results(
        [InspectionResult(task.entity, tuple(task.team), result or None, inspected_on, published_on)],
        {task.entity: task.team},
    )
    if result and not inspected_on:
        raise ZhunshengError("ZS-DR-09", detail=worded("{entity} 有结果而没有检查日期", entity=task.entity))
    if not result or not inspected_on:
        raise ZhunshengError(
            "ZS-DR-09", detail=worded("{entity} 没有填检查日期和检查结果", entity=task.entity)
        )
    today = timezone.localdate()
    for words, day in ((worded("检查日期"), inspected_on), (worded("公示日期"), published_on)):
        if day and day > today:
            raise ZhunshengError(
                "ZS-DR-09",
                detail=worded("{entity} 的{words} {day} 晚于今天", entity=task.entity, words=words, day=day),
            )
        if day and day < task.draw.frame_on:
            detail = worded(
                "{entity} 的{words} {day} 早于名录库的日期 {frame_on}，那时还没有抽取",
                entity=task.entity,
                words=words,
                day=day,
                frame_on=task.draw.frame_on,
            )
            raise ZhunshengError("ZS-DR-09", detail=detail)
    task.inspected_on, task.result, task.note, task.published_on, task.by = (
        inspected_on,
        result,
        text.strip(),
        published_on,
        user,
    )
    task.save()
    return task


def overdue_tasks(draw: Draw, today: date) -> list[tuple[str, str, date]]:
    """Return (object, what is missing, due date) of a draw's tasks."""
    if draw.ends_on is None:
        return []
    tasks = list(draw.tasks.all())
    results = [
        InspectionResult(t.entity, tuple(t.team), t.result or None, t.inspected_on, t.published_on)
        for t in tasks
    ]
    return overdue(results, {t.entity: t.team for t in tasks}, draw.ends_on, today)


def ledger_file(draw: Draw) -> bytes:
    """Return the results as a csv of the inspections ledger, to be imported as evidence.
    Raises ``ZS-WB-06`` without any.
    """
    done = draw.tasks.exclude(inspected_on=None)
    if not done:
        raise ZhunshengError("ZS-WB-06", detail=worded("还没有检查结果"))
    results = [
        InspectionResult(t.entity, tuple(t.team), t.result or None, t.inspected_on, t.published_on)
        for t in done
    ]
    return results_csv(proof_of(draw), results).encode("utf-8-sig")


def publication_deadline(draw: Draw) -> date | None:
    """Return the last day to publish the results (国市监信〔2019〕38号), None without an end of the task."""
    return publish_by(draw.ends_on) if draw.ends_on else None
