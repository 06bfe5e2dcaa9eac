"""Key evaluation: projects chosen, evaluators' independent marks, differences, the agreed score, report,
rectification.
"""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from zhunsheng.web.forms.keyeval import AppointForm, KeyStartForm, PointsForm, RectificationForm
from zhunsheng.web.models import KeyEvaluation, Organisation, Sheet
from zhunsheng.web.requests import SignedInRequest
from zhunsheng.web.roles import available, may
from zhunsheng.web.services import keyeval as service
from zhunsheng.web.services.keyeval import card_of, framework_of
from zhunsheng.web.views.common import demand, done, download, page


@page("keyeval.view", methods=("GET", "POST"))
def keyeval(request: SignedInRequest, department: Organisation, year: int) -> HttpResponse:
    """List the key evaluations; a POST chooses a project and its evaluators."""
    people = service.evaluators_for(department)
    if request.method == "POST":
        demand(request, "keyeval.start", department)
        projects = Sheet.objects.filter(department=department, year=year, kind="project")
        said = KeyStartForm.of(request, projects, people, service.framework_for(department, year).methods)
        made = service.start(said["sheet"], said["method"], list(said["evaluators"]), request.user)
        return done(request, "keyevaluation", _("已列入重点评价，请评价人独立评分。"), made.pk)
    listed = (
        KeyEvaluation.objects.filter(department=department, year=year)
        .select_related("sheet")
        .prefetch_related("evaluators", "rectifications")
    )
    projects, methods = (
        service.free_projects(department, year),
        service.framework_for(department, year).methods,
    )
    form = KeyStartForm.blank(request, projects, people, methods)
    form.tell_apart(service.told_apart(people).items())
    context = {
        "part": "keyeval",
        "listed": [(e, card_of(e)) for e in listed],
        "projects": projects,
        "people": people,
        "form": form,
        "can_start": may(request.user, "keyeval.start", department),
    }
    return render(request, "web/keyeval.html", context)


@page("keyeval.view", evaluation=KeyEvaluation)
def keyevaluation(request: SignedInRequest, evaluation: KeyEvaluation) -> HttpResponse:
    """Show an evaluation. While marks are given, an evaluator sees only their own;
    then all stand side by side.
    """
    framework, card = framework_of(evaluation), card_of(evaluation)
    mine = {m.row: m for m in evaluation.marks.filter(by=request.user)}
    chosen = evaluation.evaluators.filter(pk=request.user.pk).exists()
    marking = (
        evaluation.state == "scoring"
        and chosen
        and request.user.pk not in evaluation.finished
        and may(request.user, "keyeval.mark", evaluation)
    )
    apart = evaluation.state != "scoring"
    result, of_what = service.result_of(evaluation)
    agreeing = evaluation.state == "agreeing" and may(request.user, "keyeval.agree", evaluation)
    said: dict[str, object] = {"conclusion": evaluation.conclusion}
    rows = []
    for one in card.rows:
        agreed = evaluation.agreed.get(one.row.code, {})
        points, reason = f"points_{one.row.code}", f"reason_{one.row.code}"
        if marking:
            own = mine.get(one.row.code)
            said |= {points: own.points if own else None, reason: own.reason if own else ""}
        else:
            given = one.mean if one.agreed is None else one.agreed
            said |= {points: given, reason: agreed.get("reason", "")}
        rows.append(
            {
                "score": one,
                "given": list(one.given.items()) if apart else [],
                "reason": agreed.get("reason", ""),
            }
        )
    fixes = [(f, available(request.user, f, "rectify")) for f in evaluation.rectifications.all()]
    people = list(evaluation.evaluators.all())
    marked = PointsForm.blank(request, framework, said=said)
    for row in rows:
        code = row["score"].row.code
        row |= {"points_field": marked[f"points_{code}"], "reason_field": marked[f"reason_{code}"]}
    appointing = None
    if may(request.user, "keyeval.appoint", evaluation):
        known = service.experts(evaluation)
        appointing = AppointForm.blank(
            request,
            service.evaluators_for(evaluation.department),
            said={"evaluators": [pk for pk, _name, there, _done in known if there]},
        )
        appointing.tell_apart(
            [(pk, name) for pk, name, *_rest in known], [pk for pk, *_rest, finished in known if finished]
        )
    context = {
        "part": "keyeval",
        "evaluation": evaluation,
        "record": evaluation,
        "framework": framework,
        "card": card,
        "rows": rows,
        "names": [str(p) for p in people if apart],
        "people": [(p, p.pk in evaluation.finished) for p in people],
        "appointing": appointing,
        "form": marked,
        "new_fix": RectificationForm.blank(request),
        "marking": marking,
        "result": result,
        "of_what": of_what,
        "agreeing": agreeing,
        "can_add": may(request.user, "rectify.add", evaluation),
        "suggested": service.suggested(evaluation, card, result),
        "fixes": fixes,
        "today": timezone.localdate(),
        "actions": available(request.user, evaluation, "keyeval") if card.complete else [],
        "steps": evaluation.steps(),
        "prefix": "keyeval",
    }
    return render(request, "web/keyevaluation.html", context)


@page("keyeval.view", methods=("POST",), evaluation=KeyEvaluation)
def marks(request: SignedInRequest, evaluation: KeyEvaluation) -> HttpResponse:
    """Keep an evaluator's marks; with ``finish`` they are final, and the last evaluator's opens the talk."""
    demand(request, "keyeval.mark", evaluation)
    form = PointsForm.sent(request, framework_of(evaluation))
    said = form.cleaned_data
    service.keep_marks(evaluation, request.user, form.given(), finish=said["finish"], seen=said["seen"])
    return done(request, "keyevaluation", _("评分已保存。"), evaluation.pk)


@page("keyeval.view", methods=("POST",), evaluation=KeyEvaluation)
def appoint(request: SignedInRequest, evaluation: KeyEvaluation) -> HttpResponse:
    """Have others mark in the place of evaluators who have not finished."""
    demand(request, "keyeval.appoint", evaluation)
    said = AppointForm.of(request, service.evaluators_for(evaluation.department))
    service.appoint(evaluation, list(said["evaluators"]), said["remark"], request.user, said["seen"])
    return done(request, "keyevaluation", _("评价人已改派。"), evaluation.pk)


@page("keyeval.view", methods=("POST",), evaluation=KeyEvaluation)
def agree(request: SignedInRequest, evaluation: KeyEvaluation) -> HttpResponse:
    """Keep the agreed points of every row with the reason, and the conclusion."""
    demand(request, "keyeval.agree", evaluation)
    form = PointsForm.sent(request, framework_of(evaluation))
    said = form.cleaned_data
    service.agree(evaluation, request.user, form.given(), said["conclusion"], said["seen"])
    return done(request, "keyevaluation", _("合议结果已保存。"), evaluation.pk)


@page("keyeval.view", methods=("POST",), evaluation=KeyEvaluation)
def rectification(request: SignedInRequest, evaluation: KeyEvaluation) -> HttpResponse:
    """Add a problem to be mended, with its owner and due date."""
    demand(request, "rectify.add", evaluation)
    service.add_rectification(evaluation, request.user, **RectificationForm.of(request))
    return done(request, "keyevaluation", _("已列入整改清单。"), evaluation.pk)


@page("keyeval.view", evaluation=KeyEvaluation)
def key_report(request: SignedInRequest, evaluation: KeyEvaluation) -> HttpResponse:
    """Send the report in Word, once every row is agreed."""
    report = service.report_given(evaluation, timezone.localdate())
    if report is None:
        raise Http404
    return download(*report)
