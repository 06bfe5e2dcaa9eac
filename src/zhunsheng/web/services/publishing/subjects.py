"""The records that publications are of: whether one is ready, which publications are of one thing."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from zhunsheng.errors import ZhunshengError
from zhunsheng.translation import worded
from zhunsheng.web.models import Draw, Publication, SelfEvaluation, SheetVersion, Step
from zhunsheng.web.models.public import SETTLED

SUBJECTS: dict[str, Any] = {"targets": SheetVersion, "self": SelfEvaluation, "draw": Draw, "results": Draw}


def same(publication: Publication) -> QuerySet[Publication]:
    """Return the query of all publications of the same thing, itself included; versions of a sheet are one
    thing.
    """
    return of_one_thing(publication.kind, publication.object_id)


def of_one_thing(kind: str, object_id: int) -> QuerySet[Publication]:
    """Return the query of all publications of the thing that a record is, as ``same``."""
    if kind != "targets":
        return Publication.objects.filter(kind=kind, object_id=object_id)
    sheet = SheetVersion.objects.filter(pk=object_id).values("sheet")
    versions = SheetVersion.objects.filter(sheet__in=sheet).values("pk")
    return Publication.objects.filter(kind=kind, object_id__in=versions)


def refuse_unready(kind: str, subject: Any) -> None:
    """Refuse what is not in a state to be public. Raises ``ZS-WB-01``, ``ZS-WB-06`` for a draw without
    results.
    """
    state = ""
    if kind == "targets":
        holds = subject.sheet.effective
        if subject.state != "approved":
            state = subject.get_state_display()
        elif holds != subject:
            state = worded("已由第{number}版代替", number=holds.number)
    elif kind == "self":
        state = "" if subject.state in SETTLED and subject.assessment else subject.get_state_display()
    elif kind == "draw":
        state = subject.get_state_display() if subject.state in ("planned", "void") else ""
    elif not any(task.result for task in subject.tasks.all()):
        raise ZhunshengError("ZS-WB-06", detail=worded("还没有检查结果"))
    if state:
        raise ZhunshengError("ZS-WB-01", title=str(subject), state=state)


def still_ready(publication: Publication) -> None:
    """Refuse to approve what has moved on since it was asked for. Raises as ``refuse_unready``."""
    subject = SUBJECTS[publication.kind].objects.get(pk=publication.object_id)
    refuse_unready(publication.kind, subject)
    if publication.kind == "self" and returned(publication) is not None:
        raise ZhunshengError("ZS-WB-01", title=str(subject), state=worded("提出申请之后曾退回"))


def returned(publication: Publication) -> Step | None:
    """Return the newest step by which a self-evaluation went back to be filled anew since its
    copy was made.
    """
    asked = Step.objects.filter(
        model="publication", object_id=publication.pk, action="publish.request"
    ).first()
    found = Step.objects.filter(
        model="selfevaluation", object_id=publication.object_id, after__in=("draft", "returned")
    )
    return found.filter(pk__gt=asked.pk if asked else 0).order_by("pk").last()
