"""One way to take a decision on any record: the table of roles says who may, this says what follows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from zhunsheng.errors import ZhunshengError
from zhunsheng.web.models import (
    Checkpoint,
    KeyEvaluation,
    Publication,
    Rectification,
    SafeguardRecord,
    SelfEvaluation,
    SheetVersion,
)
from zhunsheng.web.roles import ACTIONS
from zhunsheng.web.services import jobs, publishing
from zhunsheng.web.services import year as figures
from zhunsheng.web.services.registers import registers
from zhunsheng.web.services.uploads import take
from zhunsheng.web.views.common import done, page, text_of
from zhunsheng.web.workflow import advance

RECORDS: dict[str, type[models.Model]] = {
    "targets": SheetVersion,
    "monitoring": Checkpoint,
    "selfeval": SelfEvaluation,
    "keyeval": KeyEvaluation,
    "rectify": Rectification,
    "safeguards": SafeguardRecord,
    "publish": Publication,
}


def address_of(record: Any) -> str:
    """Return the page of a record."""
    place = {"department": record.department.pk}
    if isinstance(record, SheetVersion):
        return reverse("version", args=[record.pk])
    if isinstance(record, Checkpoint):
        return reverse("checkpoint", args=[record.pk])
    if isinstance(record, SelfEvaluation):
        return reverse("selfeval", kwargs=place | {"year": record.year})
    if isinstance(record, KeyEvaluation):
        return reverse("keyevaluation", args=[record.pk])
    if isinstance(record, Rectification):
        return reverse("keyevaluation", args=[record.evaluation_id])
    if isinstance(record, SafeguardRecord):
        return reverse("record", args=[record.pk])
    return reverse("publication", args=[record.pk])


@page(None, methods=("POST",))
def step(request: HttpRequest, prefix: str, pk: int) -> HttpResponse:
    """Take a step on a record: check, approve, return, sign, confirm, close … with a remark where one is asked for."""
    if prefix not in RECORDS:
        raise Http404
    record: Any = get_object_or_404(RECORDS[prefix], pk=pk)
    action = request.POST.get("action", "")
    if not action.startswith(f"{prefix}.") or action not in ACTIONS or not ACTIONS[action].to:
        raise Http404
    remark = text_of(request, "remark", most=1000)
    if action in BEFORE:
        BEFORE[action](request, record)
    if prefix == "publish":
        publishing.decide(record, request.user, action, remark)
    else:
        advance(request.user, record, action, remark)
    if action in AFTER:
        AFTER[action](request, record)
    return done(request, address_of(record), _("已办理：%s。") % ACTIONS[action].label)


def _nothing_unread(request: HttpRequest, version: Any) -> None:
    errors = version.findings.filter(level="error").count()
    if errors and "despite" not in request.POST:
        raise ZhunshengError(
            "ZS-WB-06", detail=_("还有 %s 个“错误”级问题，请改正；确需提交的，请勾选“仍要提交”") % errors
        )


def _all_explained(request: HttpRequest, checkpoint: Any) -> None:
    figures.fill_checkpoint(checkpoint, tables=True)
    missing = figures.unexplained(checkpoint)
    if missing:
        names = "、".join(name for _sheet, name in missing[:5])
        raise ZhunshengError(
            "ZS-WB-06",
            detail=_("还有 %(n)s 项红黄灯没有写明原因和措施：%(names)s") % {"n": len(missing), "names": names},
        )


def _all_judged(request: HttpRequest, evaluation: Any) -> None:
    figures.fill_self_evaluation(evaluation, tables=True)
    assert evaluation.assessment is not None
    pending = [
        i["name"]
        for one in evaluation.assessment.result["results"]
        for i in one["indicators"]
        if i["score"]["verdict"] == "pending"
    ]
    if pending:
        raise ZhunshengError(
            "ZS-WB-06",
            detail=_("还有 %(n)s 项指标待评定：%(names)s") % {"n": len(pending), "names": "、".join(pending[:5])},
        )


def _proof(request: HttpRequest, record: Any) -> None:
    record.result = text_of(request, "result", _("整改情况"), required=True)
    if request.FILES.get("file"):
        record.proof = take(request.FILES["file"], "attachment", record.department, request.user, limit=20 * 2**20)
    record.save()


def _asked(request: HttpRequest, record: Any) -> None:
    wanted = text_of(request, "request", _("申请事项"), required=True)
    if wanted not in registers()[record.register].requests:
        raise ZhunshengError("ZS-WB-06", detail=_("没有这种申请：%s") % wanted[:40])
    record.request = wanted
    record.save()


def _assess(request: HttpRequest, record: Any) -> None:
    jobs.assess_soon(record.department, request.user)


BEFORE: dict[str, Callable[[HttpRequest, Any], None]] = {
    "targets.submit": _nothing_unread,
    "monitoring.submit": _all_explained,
    "selfeval.submit": _all_judged,
    "rectify.prove": _proof,
    "safeguards.request": _asked,
}
AFTER: dict[str, Callable[[HttpRequest, Any], None]] = {"targets.approve": _assess}
