"""After the draw: due dates in working days, results by the official categories, what is overdue."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence import ledger_of
from zhunsheng.regulations import deadlines, in_force
from zhunsheng.regulations.workdays import nth_workday
from zhunsheng.translation import series, worded


def publish_by(ended_on: date) -> date:
    """Return the last day to publish results of a task that ended on ``ended_on``: 20 working days behind it
    (企业公示信息抽查办法, art. 12; before 2025-03-18 国市监信〔2019〕38号).
    """
    rule = in_force([d for d in deadlines() if d.id == "inspection-publish"], ended_on, "公示期限")
    return nth_workday(ended_on, rule.days)


@dataclass(frozen=True)
class InspectionResult:
    """One object's result: an official category, when it was checked and published (None: not yet)."""

    id: str
    inspectors: tuple[str, ...]
    result: str | None
    inspected_on: date | None
    published_on: date | None


def categories() -> tuple[str, ...]:
    """Return the official result categories, as the inspections ledger has them."""
    return ledger_of("inspections").column("result").values


def check_results(
    results: Iterable[InspectionResult],
    teams: dict[str, Sequence[str]],
    *,
    reserve: Collection[str] = (),
    since: date = date.min,
    until: date = date.max,
) -> None:
    """Raise ``ZS-DR-09`` for an object that was not drawn, or stands twice, other inspectors,
    an unknown category, wrong dates.

    ``reserve`` are ids that only step in. Dates may not run backwards, nor lie before ``since``,
    when nobody was drawn yet, or after ``until``.
    """
    seen: set[str] = set()
    for one in results:
        if one.id in seen:
            raise ZhunshengError("ZS-DR-09", detail=worded("{id} 有两条结果，只能有一条", id=one.id))
        seen.add(one.id)
        for words, day in ((worded("检查日期"), one.inspected_on), (worded("公示日期"), one.published_on)):
            if day and day < since:
                raise ZhunshengError(
                    "ZS-DR-09",
                    detail=worded(
                        "{id} 的{words} {day} 早于随机数公布的 {since}，那时还没有抽取",
                        id=one.id,
                        words=words,
                        day=day,
                        since=since,
                    ),
                )
            if day and day > until:
                raise ZhunshengError(
                    "ZS-DR-09",
                    detail=worded(
                        "{id} 的{words} {day} 晚于今天（{until}）",
                        id=one.id,
                        words=words,
                        day=day,
                        until=until,
                    ),
                )
        if one.id in reserve:
            detail = worded(
                "{id} 是候补，没有分派检查人员：递补的结果还不能在这里登记，请另行登记，并公布为什么递补",
                id=one.id,
            )
            raise ZhunshengError("ZS-DR-09", detail=detail)
        if one.id not in teams:
            raise ZhunshengError("ZS-DR-09", detail=worded("{id} 不在本次抽查名单里", id=one.id))
        if set(one.inspectors) != set(teams[one.id]):
            raise ZhunshengError(
                "ZS-DR-09",
                detail=worded(
                    "{id} 的检查人员应为 {inspectors}", id=one.id, inspectors=series(teams[one.id])
                ),
            )
        if one.result is not None and one.result not in categories():
            raise ZhunshengError(
                "ZS-DR-09",
                detail=worded(
                    "{id} 的结果“{result}”应为：{categories}",
                    id=one.id,
                    result=one.result,
                    categories=series(categories()),
                ),
            )
        if one.published_on and (one.inspected_on is None or one.published_on < one.inspected_on):
            raise ZhunshengError("ZS-DR-09", detail=worded("{id} 的公示日期早于检查日期", id=one.id))


def overdue(
    results: Iterable[InspectionResult], teams: dict[str, Sequence[str]], ended_on: date, today: date
) -> list[tuple[str, str, date]]:
    """Return (object, what is missing, due date) for all that was due before ``today``:
    checks by the task's end, publication after.
    """
    known = {r.id: r for r in results}
    late: list[tuple[str, str, date]] = []
    for entity in teams:
        one = known.get(entity)
        if (one is None or one.inspected_on is None) and today > ended_on:
            late.append((entity, worded("尚未检查"), ended_on))
        elif (
            one is not None and one.inspected_on and one.published_on is None and today > publish_by(ended_on)
        ):
            late.append((entity, worded("结果尚未公示"), publish_by(ended_on)))
    return late
