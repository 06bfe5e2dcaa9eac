"""What waits for a person in a department's year: decisions, explanations, entries, things late."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from zhunsheng.web.models import (
    Checkpoint,
    Draw,
    DrawTask,
    KeyEvaluation,
    Organisation,
    Publication,
    Rectification,
    SafeguardRecord,
    SelfEvaluation,
    User,
)
from zhunsheng.web.roles import available, may
from zhunsheng.web.services.draws import seals
from zhunsheng.web.services.registers import due_of, registers
from zhunsheng.web.services.sheets import newest, sheets_of
from zhunsheng.web.services.year import calendar_of, self_entry, self_too_early, unexplained


def of(user: User, department: Organisation, year: int, today: date) -> list[dict[str, Any]]:
    """Return entries ``{"what", "url", "due", "late"}``, what is late first. Times are days; ``late`` counts those past due."""
    found: list[dict[str, Any]] = []

    def add(what: str, url: str, due: date | None = None) -> None:
        found.append({"what": what, "url": url, "due": due, "late": (today - due).days if due and due < today else 0})

    place = {"department": department.pk, "year": year}
    for sheet in sheets_of(department, year):
        version = newest(sheet)
        for _name, act in available(user, version, "targets"):
            if act.style == "primary":
                add(f"{sheet.name}：{act.label}", reverse("version", args=[version.pk]))
                break
    for entry in calendar_of(department, year):
        if entry.kind == "monitoring" and entry.opens_on <= today and may(user, "monitoring.open", department):
            if not Checkpoint.objects.filter(department=department, as_of=entry.as_of).exists():
                add(_("开启运行监控：%s") % entry.name, reverse("monitoring", kwargs=place), entry.due_on)
    for checkpoint in (
        Checkpoint.objects.filter(department=department, year=year)
        .exclude(state="confirmed")
        .select_related("assessment")
    ):
        url = reverse("checkpoint", args=[checkpoint.pk])
        if may(user, "monitoring.explain", checkpoint) and (missing := unexplained(checkpoint)):
            add(
                _("%(name)s：%(n)s 项红黄灯待说明") % {"name": checkpoint.name, "n": len(missing)},
                url,
                checkpoint.due_on,
            )
        elif may(user, "monitoring.submit", checkpoint):
            add(_("提交运行监控：%s") % checkpoint.name, url, checkpoint.due_on)
        if may(user, "monitoring.confirm", checkpoint):
            add(_("确认运行监控：%s") % checkpoint.name, url, checkpoint.due_on)
    evaluation = SelfEvaluation.objects.filter(department=department, year=year).first()
    if evaluation is None:
        own = self_entry(department, year)
        if own and not self_too_early(department, year) and may(user, "selfeval.open", department):
            add(_("开启绩效自评"), reverse("selfeval", kwargs=place), own.due_on)
    else:
        for _name, act in available(user, evaluation, "selfeval"):
            if act.style == "primary":
                add(_("绩效自评：%s") % act.label, reverse("selfeval", kwargs=place), evaluation.due_on)
                break
    for one in KeyEvaluation.objects.filter(department=department, state="scoring", evaluators=user):
        if user.pk not in one.finished:
            add(_("独立评分：%s") % one.sheet.name, reverse("keyevaluation", args=[one.pk]))
    for fix in Rectification.objects.filter(department=department).exclude(state="closed"):
        if may(user, "rectify.prove", fix) or may(user, "rectify.close", fix):
            add(_("整改：%s") % fix.problem[:30], reverse("keyevaluation", args=[fix.evaluation_id]), fix.due_on)
    for draw in Draw.objects.filter(department=department).exclude(state__in=("drawn", "void")):
        for action, words in (
            ("draws.commit", _("公布承诺")),
            ("draws.slips", _("录入封条摘要")),
            ("draws.enter", _("录入随机数")),
            ("draws.draw", _("抽取")),
        ):
            if action in ("draws.slips", "draws.enter") and (
                draw.first_by_id == user.pk or (action == "draws.slips") != seals(draw)
            ):
                continue
            if may(user, action, draw):
                add(f"{draw.title}：{words}", reverse("draw", args=[draw.pk]))
    if may(user, "draws.result", department):
        open_tasks = DrawTask.objects.filter(draw__department=department, draw__frame_on__year=year, inspected_on=None)
        for row in open_tasks.order_by("draw").values("draw", "draw__title", "draw__ends_on").distinct():
            add(
                _("%s：有检查任务未完成") % row["draw__title"],
                reverse("draw", args=[row["draw"]]),
                row["draw__ends_on"],
            )
    for record in SafeguardRecord.objects.filter(department=department).exclude(state__in=("closed", "void")):
        register = registers().get(record.register)
        if register is None:
            continue
        if record.state == "requested" and may(user, "safeguards.approve", record):
            add(
                _("审批：%(what)s %(title)s") % {"what": record.request, "title": record},
                reverse("record", args=[record.pk]),
            )
        due = due_of(register, record.data)
        if due and due <= today and due.year in (year, year + 1) and may(user, "safeguards.record", department):
            add(f"{register.title}：{record}", reverse("record", args=[record.pk]), due)
    for publication in Publication.objects.filter(department=department, state="requested"):
        if may(user, "publish.approve", publication):
            add(_("批准公开：%s") % publication.title, reverse("publication", args=[publication.pk]))
    # By an upgrade, by new rules: what is public already is not taken down by itself, the head decides.
    for publication in Publication.objects.filter(department=department, state="published"):
        if any(not item["decision"] for item in publication.disclosures) and may(user, "publish.keep", publication):
            told = _("公开的内容里有个人信息待处理：%s") % publication.title
            since = publication.published_at
            add(told, reverse("publication", args=[publication.pk]), since.date() if since else None)
    return sorted(found, key=lambda t: (-t["late"], t["due"] or date.max))
