"""What waits for a person in a department's year: decisions, explanations, entries, things late."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from zhunsheng.translation import worded
from zhunsheng.web.models import (
    Checkpoint,
    Draw,
    DrawTask,
    KeyEvaluation,
    LowTarget,
    Organisation,
    Publication,
    Rectification,
    SafeguardRecord,
    SelfEvaluation,
    User,
)
from zhunsheng.web.roles import available, may
from zhunsheng.web.services import limits
from zhunsheng.web.services.draws.entering import seals
from zhunsheng.web.services.registers import due_of, registers
from zhunsheng.web.services.sheets.lookup import newest, sheets_of
from zhunsheng.web.services.year.calendar import calendar_of, self_entry, self_too_early
from zhunsheng.web.services.year.records import unexplained

# What waits, where, and until when (a day, None where there is no date).
Waiting = tuple[str, str, date | None]


def of(user: User, department: Organisation, year: int, today: date) -> list[dict[str, Any]]:
    """Return entries ``{"what", "url", "due", "late"}``, what is late first. Times are days;
    ``late`` counts those past due.
    """
    found = [
        *_targets(user, department, year),
        *_monitoring(user, department, year, today),
        *_self_evaluation(user, department, year),
        *_low_targets(user, department, year),
        *_key_evaluation(user, department),
        *_draws(user, department),
        *_inspections(user, department, year),
        *_safeguards(user, department, year, today),
        *_publications(user, department),
        *_limits(user, department, year, today),
    ]
    told = [
        {"what": what, "url": url, "due": due, "late": (today - due).days if due and due < today else 0}
        for what, url, due in found
    ]
    return sorted(told, key=lambda t: (-t["late"], t["due"] or date.max))


def _targets(user: User, department: Organisation, year: int) -> Iterator[Waiting]:
    for sheet in sheets_of(department, year):
        version = newest(sheet)
        act = next(
            (act for _name, act in available(user, version, "targets") if act.style == "primary"), None
        )
        if act:
            yield f"{sheet.name}：{act.label}", reverse("version", args=[version.pk]), None


def _monitoring(user: User, department: Organisation, year: int, today: date) -> Iterator[Waiting]:
    for entry in calendar_of(department, year):
        due = (
            entry.kind == "monitoring"
            and entry.opens_on <= today
            and may(user, "monitoring.open", department)
        )
        if due and not Checkpoint.objects.filter(department=department, as_of=entry.as_of).exists():
            url = reverse("monitoring", kwargs={"department": department.pk, "year": year})
            yield _("开启运行监控：%s") % entry.name, url, entry.due_on
    open_ones = Checkpoint.objects.filter(department=department, year=year).exclude(state="confirmed")
    for checkpoint in open_ones.select_related("assessment"):
        url = reverse("checkpoint", args=[checkpoint.pk])
        if may(user, "monitoring.explain", checkpoint) and (missing := unexplained(checkpoint)):
            told = _("%(name)s：%(n)s 项红黄灯待说明") % {"name": checkpoint.name, "n": len(missing)}
            yield told, url, checkpoint.due_on
        elif may(user, "monitoring.submit", checkpoint):
            yield _("提交运行监控：%s") % checkpoint.name, url, checkpoint.due_on
        if may(user, "monitoring.confirm", checkpoint):
            yield _("确认运行监控：%s") % checkpoint.name, url, checkpoint.due_on


def _self_evaluation(user: User, department: Organisation, year: int) -> Iterator[Waiting]:
    url = reverse("selfeval", kwargs={"department": department.pk, "year": year})
    evaluation = SelfEvaluation.objects.filter(department=department, year=year).first()
    if evaluation is None:
        own = self_entry(department, year)
        if own and not self_too_early(department, year) and may(user, "selfeval.open", department):
            yield _("开启绩效自评"), url, own.due_on
        return
    act = next(
        (act for _name, act in available(user, evaluation, "selfeval") if act.style == "primary"), None
    )
    if act:
        yield _("绩效自评：%s") % act.label, url, evaluation.due_on


def _low_targets(user: User, department: Organisation, year: int) -> Iterator[Waiting]:
    url = reverse("selfeval", kwargs={"department": department.pk, "year": year})
    mine = LowTarget.objects.filter(evaluation__department=department, evaluation__year=year, state="found")
    for one in mine.select_related("by", "evaluation__department"):
        if may(user, "lowtarget.uphold", one):
            yield _("确认目标是否偏低的认定：%s") % one.indicator, url, None


def _key_evaluation(user: User, department: Organisation) -> Iterator[Waiting]:
    for one in KeyEvaluation.objects.filter(department=department, state="scoring", evaluators=user):
        if user.pk not in one.finished:
            yield _("独立评分：%s") % one.sheet.name, reverse("keyevaluation", args=[one.pk]), None
    for fix in Rectification.objects.filter(department=department).exclude(state="closed"):
        if may(user, "rectify.prove", fix) or may(user, "rectify.close", fix):
            yield (
                _("整改：%s") % fix.problem[:30],
                reverse("keyevaluation", args=[fix.evaluation_id]),
                fix.due_on,
            )


def _draws(user: User, department: Organisation) -> Iterator[Waiting]:
    for draw in Draw.objects.filter(department=department).exclude(state__in=("drawn", "void")):
        steps = [("draws.commit", _("公布承诺"))]
        if draw.first_by_id != user.pk:  # the second entry is another's
            steps.append(
                ("draws.slips", _("录入封条摘要")) if seals(draw) else ("draws.enter", _("录入随机数"))
            )
        for action, words in (*steps, ("draws.draw", _("抽取"))):
            if may(user, action, draw):
                yield f"{draw.title}：{words}", reverse("draw", args=[draw.pk]), None


def _inspections(user: User, department: Organisation, year: int) -> Iterator[Waiting]:
    if not may(user, "draws.result", department):
        return
    open_tasks = DrawTask.objects.filter(
        draw__department=department, draw__frame_on__year=year, inspected_on=None
    )
    for row in open_tasks.order_by("draw").values("draw", "draw__title", "draw__ends_on").distinct():
        yield (
            _("%s：有检查任务未完成") % row["draw__title"],
            reverse("draw", args=[row["draw"]]),
            row["draw__ends_on"],
        )


def _safeguards(user: User, department: Organisation, year: int, today: date) -> Iterator[Waiting]:
    for record in SafeguardRecord.objects.filter(department=department).exclude(state__in=("closed", "void")):
        register = registers().get(record.register)
        if register is None:
            continue
        url = reverse("record", args=[record.pk])
        if record.state == "requested" and may(user, "safeguards.approve", record):
            yield _("审批：%(what)s %(title)s") % {"what": record.request, "title": record}, url, None
        due = due_of(register, record.data)
        if (
            due
            and due <= today
            and due.year in (year, year + 1)
            and may(user, "safeguards.record", department)
        ):
            yield worded("{register}：{record}", register=worded(register.title), record=record), url, due


def _limits(user: User, department: Organisation, year: int, today: date) -> Iterator[Waiting]:
    """Yield the statutory limits of which rows are overdue or due soon, or can't be placed in time, on the
    pages of this year and the last.
    """
    if today.year not in (year, year + 1) or not may(user, "ledgers.import", department):
        return
    url = reverse("limits", kwargs={"department": department.pk, "year": year})
    for one in limits.waiting(department, today):
        if one.ours:
            told = worded(
                "{limit}：{late} 件逾期，{soon} 件临近到期", limit=one.name, late=one.overdue, soon=one.soon
            )
            yield told, f"{url}?{urlencode({'limit': one.id, 'as_of': today})}", one.earliest
    for name, title, count in limits.doubtful(department, today):
        asked = urlencode({"limit": name, "state": "doubtful", "as_of": today})
        yield (
            worded("{limit}：{count} 件日期存疑，请核对台账", limit=title, count=count),
            f"{url}?{asked}",
            None,
        )


def _publications(user: User, department: Organisation) -> Iterator[Waiting]:
    for publication in Publication.objects.filter(department=department, state="requested"):
        if may(user, "publish.approve", publication):
            yield _("批准公开：%s") % publication.title, reverse("publication", args=[publication.pk]), None
    # By an upgrade, by new rules: what is public already is not taken down by itself, the head decides.
    for publication in Publication.objects.filter(department=department, state="published"):
        if any(not item["decision"] for item in publication.disclosures) and may(
            user, "publish.keep", publication
        ):
            told = _("公开的内容里有个人信息待处理：%s") % publication.title
            since = publication.published_at
            yield told, reverse("publication", args=[publication.pk]), since.date() if since else None
