"""Key evaluation: projects chosen, evaluators' independent marks, differences, the agreed score, report, rectification."""

from __future__ import annotations

import tempfile
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from zhunsheng.errors import ZhunshengError
from zhunsheng.evaluation.key import KeyCard, check_points, key_card
from zhunsheng.regulations import KeyFramework, key_frameworks, scheme_of
from zhunsheng.reports.key_report import write_key_report
from zhunsheng.web.forms.keyeval import Starting
from zhunsheng.web.models import KeyEvaluation, KeyMark, Membership, Organisation, Rectification, Sheet, User
from zhunsheng.web.roles import available, may, reaches
from zhunsheng.web.services.sheets import in_force
from zhunsheng.web.services.year import newest_assessment
from zhunsheng.web.views.common import choice_of, date_of, demand, done, number_of, page, send, text_of
from zhunsheng.web.workflow import note, steps_of

WEAK = Decimal("0.6")  # a row below this share of its points is offered for rectification


def evaluators_for(department: Organisation) -> list[User]:
    """Return the people whose role of evaluator reaches a department."""
    held = Membership.objects.filter(role="evaluator", active=True, user__is_active=True).select_related(
        "user", "organisation__parent"
    )
    return sorted({m.user for m in held if reaches(m, department)}, key=lambda u: u.pk)


def framework_of(evaluation: KeyEvaluation) -> KeyFramework:
    """Return the framework an evaluation goes by."""
    return next(f for f in key_frameworks() if f.id == evaluation.framework)


def card_of(evaluation: KeyEvaluation) -> KeyCard:
    """Return the marks put together; evaluators are named by their display names."""
    given: dict[str, dict[str, Decimal]] = {}
    for mark in evaluation.marks.select_related("by"):
        given.setdefault(str(mark.by), {})[mark.row] = mark.points
    agreed = {code: Decimal(said["points"]) for code, said in evaluation.agreed.items()}
    return key_card(framework_of(evaluation), given, agreed)


@page("keyeval.view", methods=("GET", "POST"))
def keyeval(request: HttpRequest, department: Organisation, year: int) -> HttpResponse:
    """List the key evaluations; a POST chooses a project and its evaluators."""
    people = evaluators_for(department)
    if request.method == "POST":
        demand(request, "keyeval.start", department)
        sheet = Starting.of(request)["sheet"]
        if (sheet.department_id, sheet.year, sheet.kind) != (department.pk, year, "project"):
            raise Http404
        chosen = [p for p in people if str(p.pk) in request.POST.getlist("evaluators")]
        if len(chosen) < 2:
            raise ZhunshengError("ZS-WB-06", detail=_("请选择至少两位评价人"))
        if KeyEvaluation.objects.filter(sheet=sheet).exists():
            raise ZhunshengError("ZS-WB-06", detail=_("“%s”已列入重点评价") % sheet.name)
        framework = key_frameworks()[0]
        method = choice_of(request, "method", _("评价方法"), framework.methods)
        made = KeyEvaluation.objects.create(
            sheet=sheet, department=department, year=year, framework=framework.id, method=method
        )
        made.evaluators.set(chosen)
        note(request.user, made, "keyeval.start", after="scoring", remark="、".join(map(str, chosen)))
        return done(request, "keyevaluation", _("已列入重点评价，请评价人独立评分。"), made.pk)
    listed = (
        KeyEvaluation.objects.filter(department=department, year=year)
        .select_related("sheet")
        .prefetch_related("evaluators", "rectifications")
    )
    context = {
        "part": "keyeval",
        "listed": [(e, card_of(e)) for e in listed],
        "projects": Sheet.objects.filter(
            department=department, year=year, kind="project", retired=False, key_evaluations=None
        ),
        "people": people,
        "methods": key_frameworks()[0].methods,
        "can_start": may(request.user, "keyeval.start", department),
    }
    return render(request, "web/keyeval.html", context)


@page("keyeval.view", evaluation=KeyEvaluation)
def keyevaluation(request: HttpRequest, evaluation: KeyEvaluation) -> HttpResponse:
    """Show an evaluation. While marks are given, an evaluator sees only their own; then all stand side by side."""
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
    assessment = newest_assessment(evaluation.department, evaluation.year)
    result = next(
        (r for r in (assessment.result["results"] if assessment else []) if r["sheet"] == evaluation.sheet.name), None
    )
    rows = []
    for one in card.rows:
        agreed = evaluation.agreed.get(one.row.code, {})
        rows.append(
            {
                "score": one,
                "mine": mine.get(one.row.code),
                "given": list(one.given.items()) if apart else [],
                "reason": agreed.get("reason", ""),
            }
        )
    fixes = [(f, available(request.user, f, "rectify")) for f in evaluation.rectifications.all()]
    people = list(evaluation.evaluators.all())
    context = {
        "part": "keyeval",
        "evaluation": evaluation,
        "record": evaluation,
        "framework": framework,
        "card": card,
        "rows": rows,
        "names": [str(p) for p in people if apart],
        "people": [(p, p.pk in evaluation.finished) for p in people],
        "marking": marking,
        "result": result,
        "agreeing": evaluation.state == "agreeing" and may(request.user, "keyeval.agree", evaluation),
        "can_add": may(request.user, "rectify.add", evaluation),
        "suggested": _suggested(evaluation, card, result),
        "fixes": fixes,
        "today": timezone.localdate(),
        "actions": available(request.user, evaluation, "keyeval") if card.complete else [],
        "steps": steps_of(evaluation),
        "prefix": "keyeval",
    }
    return render(request, "web/keyevaluation.html", context)


def _suggested(evaluation: KeyEvaluation, card: KeyCard, result: dict[str, Any] | None) -> list[str]:
    """Return findings that may become rectification items: targets missed, review errors, rows that lost much."""
    found = []
    for line in result["indicators"] if result else ():
        if line["score"]["verdict"] in ("missed", "nothing"):
            found.append(f"{line['name']}：{line['score']['how']}")
    version = in_force(evaluation.sheet)
    found += [f.message for f in version.findings.all() if f.level == "error"] if version else []
    for one in card.rows:
        if one.agreed is not None and one.agreed < one.row.points * WEAK:
            found.append(f"{one.row.name}得分偏低（{one.agreed} / {one.row.points}）")
    return found


@page("keyeval.view", methods=("POST",), evaluation=KeyEvaluation)
def marks(request: HttpRequest, evaluation: KeyEvaluation) -> HttpResponse:
    """Keep an evaluator's marks; with ``finish`` they are final, and the last evaluator's opens the talk."""
    demand(request, "keyeval.mark", evaluation)
    now = KeyEvaluation.objects.select_for_update().get(pk=evaluation.pk)
    if request.user.pk in now.finished or not now.evaluators.filter(pk=request.user.pk).exists():
        raise ZhunshengError("ZS-WB-01", title=str(now), state=_("已提交评分"))
    framework = framework_of(now)
    for row in framework.rows:
        points = number_of(request, f"points_{row.code}", row.name, Decimal(0), row.points, required=False)
        if points is None:
            continue
        reason = text_of(request, f"reason_{row.code}", most=1000)
        KeyMark.objects.update_or_create(
            evaluation=now,
            by=request.user,
            row=row.code,
            defaults={"points": check_points(row, points), "reason": reason},
        )
    if "finish" in request.POST:
        have = set(now.marks.filter(by=request.user).values_list("row", flat=True))
        missing = [r.name for r in framework.rows if r.code not in have]
        if missing:
            raise ZhunshengError(
                "ZS-WB-06",
                detail=_("还有 %(n)s 项没有评分：%(names)s") % {"n": len(missing), "names": "、".join(missing[:5])},
            )
        now.finished = [*now.finished, request.user.pk]
        note(request.user, now, "keyeval.mark", now.state, now.state)
        if len(now.finished) == now.evaluators.count():
            now.state = "agreeing"
        now.save()
    return done(request, "keyevaluation", _("评分已保存。"), now.pk)


@page("keyeval.view", methods=("POST",), evaluation=KeyEvaluation)
def agree(request: HttpRequest, evaluation: KeyEvaluation) -> HttpResponse:
    """Keep the agreed points of every row with the reason, and the conclusion."""
    demand(request, "keyeval.agree", evaluation)
    agreed: dict[str, Any] = dict(evaluation.agreed)
    for row in framework_of(evaluation).rows:
        points = number_of(request, f"points_{row.code}", row.name, Decimal(0), row.points, required=False)
        if points is not None:
            agreed[row.code] = {
                "points": str(check_points(row, points)),
                "reason": text_of(request, f"reason_{row.code}", most=1000),
            }
    evaluation.agreed = agreed
    evaluation.conclusion = text_of(request, "conclusion", _("评价结论"))
    evaluation.save()
    return done(request, "keyevaluation", _("合议结果已保存。"), evaluation.pk)


@page("keyeval.view", methods=("POST",), evaluation=KeyEvaluation)
def rectification(request: HttpRequest, evaluation: KeyEvaluation) -> HttpResponse:
    """Add a problem to be mended, with its owner and due date."""
    demand(request, "rectify.add", evaluation)
    made = Rectification.objects.create(
        evaluation=evaluation,
        department=evaluation.department,
        problem=text_of(request, "problem", _("问题"), required=True, most=1000),
        owner=text_of(request, "owner", _("责任人"), required=True, most=60),
        due_on=date_of(request, "due_on", _("整改期限")),
    )
    note(request.user, made, "rectify.add", after="open")
    return done(request, "keyevaluation", _("已列入整改清单。"), evaluation.pk)


@page("keyeval.view", evaluation=KeyEvaluation)
def key_report(request: HttpRequest, evaluation: KeyEvaluation) -> HttpResponse:
    """Send the report in Word, once every row is agreed."""
    card = card_of(evaluation)
    if not card.complete:
        raise Http404
    reasons = {code: said.get("reason", "") for code, said in evaluation.agreed.items()}
    with tempfile.TemporaryDirectory(prefix="zhunsheng-") as scratch:
        path = Path(scratch) / "重点绩效评价报告.docx"
        write_key_report(
            framework_of(evaluation),
            card,
            reasons,
            path,
            project=evaluation.sheet.name,
            department=evaluation.department.name,
            year=evaluation.year,
            on=timezone.localdate(),
            grade=scheme_of(evaluation.year).grade(card.total),
            method=evaluation.method,
            conclusion=evaluation.conclusion,
            findings=[(r.problem, r.owner, r.due_on) for r in evaluation.rectifications.all()],
        )
        return send(path, f"{evaluation.sheet.name}重点绩效评价报告.docx")
