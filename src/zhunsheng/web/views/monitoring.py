"""Monitoring: checkpoints by the calendar, figures from evidence, causes and measures for yellow and red,
the official table.
"""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from zhunsheng.web.forms.monitoring import Opening
from zhunsheng.web.forms.year import ExplanationForm, Refresh
from zhunsheng.web.models import Checkpoint, Organisation
from zhunsheng.web.requests import SignedInRequest
from zhunsheng.web.roles import available, may
from zhunsheng.web.services.rules import rules_for
from zhunsheng.web.services.year import calendar, comparing, filling, official, records, words
from zhunsheng.web.views.common import demand, done, download, page


@page("monitoring.view", methods=("GET", "POST"), whole=False)
def monitoring(request: SignedInRequest, department: Organisation, year: int) -> HttpResponse:
    """List the year's checkpoints with their dates; a POST opens one."""
    today = timezone.localdate()
    entries = calendar.calendar_of(department, year, "monitoring")
    if request.method == "POST":
        demand(request, "monitoring.open", department)
        entry = Opening.of(request)["entry"]
        if entry not in entries:
            raise Http404
        checkpoint = filling.open_checkpoint(entry, department, request.user)
        return done(request, "checkpoint", _("已开启，数据已从台账填好。"), checkpoint.pk)
    opened = {c.as_of: c for c in Checkpoint.objects.filter(department=department, year=year)}
    listed = []
    for entry in entries:
        begun = opened.pop(entry.as_of, None)
        waiting = records.unexplained(begun) if begun else []
        open_now = begun is None or begun.state == "open"
        listed.append(
            {
                "entry": entry,
                "checkpoint": begun,
                "waiting": len(waiting),
                "late": open_now and entry.due_on < today,
                "early": max(entry.opens_on, entry.as_of) > today,
            }
        )
    context = {
        "part": "monitoring",
        "listed": listed,
        "others": list(opened.values()),
        "can_open": may(request.user, "monitoring.open", department),
    }
    return render(request, "web/monitoring.html", context)


@page("monitoring.view", methods=("GET", "POST"), whole=False, checkpoint=Checkpoint)
def checkpoint(request: SignedInRequest, checkpoint: Checkpoint) -> HttpResponse:
    """Show a checkpoint: money and indicators with lights; a POST keeps the cause and the measures of one
    indicator.
    """
    rules = rules_for(checkpoint.department, checkpoint.year).monitoring(checkpoint.as_of)
    if request.method == "POST":
        demand(request, "monitoring.explain", checkpoint)
        if Refresh.came(request):
            filling.fill_checkpoint(checkpoint)
            return done(request, "checkpoint", _("数据已重新从台账填入。"), checkpoint.pk)
        told = ExplanationForm.of(request, rules.causes)
        words.say(checkpoint, told.pop("sheet"), told.pop("indicator"), request.user, **told)
        return done(request, "checkpoint", _("已保存。"), checkpoint.pk)
    missing = set(records.unexplained(checkpoint))
    earlier, said = records.earlier_words(checkpoint), records.words_of(checkpoint)
    run = checkpoint.assessment.run if checkpoint.assessment else None
    causes = rules.causes
    context = {
        "part": "monitoring",
        "checkpoint": checkpoint,
        "results": [
            (
                s,
                [
                    (
                        i,
                        (key := (s.id, i.id)) in missing,
                        earlier.get(key),
                        said.get(key),
                        ExplanationForm.blank(request, causes).tell(i),
                    )
                    for i in s.indicators
                ],
            )
            for s in (run.results if run else ())
        ],
        "rules": rules,
        "editable": may(request.user, "monitoring.explain", checkpoint),
        "missing": len(missing),
        "overtaken": checkpoint.state == "open" and comparing.drifted(checkpoint),
        "drift": comparing.drift(checkpoint) if checkpoint.state != "open" else [],
        "actions": available(request.user, checkpoint, "monitoring"),
        "steps": checkpoint.steps(),
        "prefix": "monitoring",
        "record": checkpoint,
    }
    return render(request, "web/checkpoint.html", context)


@page("monitoring.view", checkpoint=Checkpoint)
def checkpoint_form(request: SignedInRequest, checkpoint: Checkpoint) -> HttpResponse:
    """Show the official monitoring table as it prints."""
    if checkpoint.assessment is None:
        raise Http404
    forms = official.forms_of(checkpoint, "绩效运行监控表")
    return render(
        request,
        "web/forms.html",
        {"part": "monitoring", "forms": forms, "title": _("绩效运行监控表")},
    )


@page("monitoring.view", checkpoint=Checkpoint)
def checkpoint_file(request: SignedInRequest, checkpoint: Checkpoint, kind: str) -> HttpResponse:
    """Send the official monitoring table as Word or Excel."""
    title = f"绩效运行监控表（{checkpoint.as_of}）.{kind}"
    content = official.given(checkpoint, f"绩效运行监控表.{kind}", title)
    if content is None:
        raise Http404
    return download(content, title)
