"""Self-evaluation: scores filled and explained, qualitative bands with reasons and files, signatures, the re-check beside it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from zhunsheng.regulations import in_force, monitoring_rules, scheme_of
from zhunsheng.web.models import Organisation, SelfEvaluation, Upload
from zhunsheng.web.roles import available, may
from zhunsheng.web.services import year as figures
from zhunsheng.web.services.uploads import take
from zhunsheng.web.views.common import choice_of, demand, done, number_of, page, send, text_of
from zhunsheng.web.workflow import steps_of

FILES = {"table.xlsx": "绩效自评表.xlsx", "table.docx": "绩效自评表.docx", "report.docx": "绩效评价报告.docx"}


@page("selfeval.view", methods=("GET", "POST"))
def selfeval(request: HttpRequest, department: Organisation, year: int) -> HttpResponse:
    """Show the self-evaluation of a year; a POST opens it."""
    evaluation = SelfEvaluation.objects.filter(department=department, year=year).select_related("assessment").first()
    if request.method == "POST":
        demand(request, "selfeval.open", department)
        figures.open_self_evaluation(department, year, request.user)
        return done(request, "selfeval", _("已开启，得分已按台账和评分办法算好。"), department=department.pk, year=year)
    if evaluation is None:
        entry = next(iter(figures.calendar_of(department, year, "self")), None)
        empty = {"part": "selfeval", "entry": entry, "can_open": may(request.user, "selfeval.open", department)}
        return render(request, "web/selfeval_empty.html", empty)
    scheme = scheme_of(year)
    results = evaluation.assessment.result["results"] if evaluation.assessment else []
    words = figures.words_of(department, year)
    for one in results:
        for line in one["indicators"]:
            line["word"] = words.get((one["sheet"], line["name"]))
    steps = steps_of(evaluation)
    signed = {s.action: s for s in steps}
    chain = [
        (_("填报人"), signed.get("selfeval.submit")),
        (_("财务科"), signed.get("selfeval.check")),
        (_("部门负责人"), signed.get("selfeval.sign")),
        (_("财政局复核"), signed.get("selfeval.accept")),
    ]
    reached = {"draft": 0, "returned": 0, "filled": 1, "checked": 2, "signed": 3, "accepted": 4}[evaluation.state]
    context: dict[str, Any] = {
        "part": "selfeval",
        "evaluation": evaluation,
        "record": evaluation,
        "results": results,
        "bands": [{"name": b.name, "low": b.low, "high": b.high} for b in scheme.qualitative],
        "causes": in_force(monitoring_rules(), evaluation.as_of, "运行监控规则").causes,
        "chain": [(label, step if n < reached else None) for n, (label, step) in enumerate(chain)],
        "editable": may(request.user, "selfeval.fill", evaluation),
        "can_recheck": may(request.user, "selfeval.recheck", evaluation),
        "can_publish": evaluation.state in ("signed", "accepted") and may(request.user, "publish.request", evaluation),
        "actions": available(request.user, evaluation, "selfeval"),
        "steps": steps,
        "prefix": "selfeval",
        "late": evaluation.state in ("draft", "returned") and evaluation.due_on < timezone.localdate(),
    }
    return render(request, "web/selfeval.html", context)


@page("selfeval.view", methods=("POST",), evaluation=SelfEvaluation)
def word(request: HttpRequest, evaluation: SelfEvaluation) -> HttpResponse:
    """Keep what is said of one indicator: band and share with a reason, a result no ledger holds, cause and measures, files."""
    demand(request, "selfeval.fill", evaluation)
    scheme = scheme_of(evaluation.year)
    causes = in_force(monitoring_rules(), evaluation.as_of, "运行监控规则").causes
    share = number_of(request, "share", _("得分率"), Decimal(0), Decimal(100), required=False)
    said = {
        "sheet": text_of(request, "sheet", required=True, most=200),
        "indicator": text_of(request, "indicator", required=True, most=300),
        "band": choice_of(request, "band", _("评定档次"), [b.name for b in scheme.qualitative], required=False),
        "share": None if share is None else share / 100,
        "actual": text_of(request, "actual", _("完成值"), most=100),
        "over_accepted": "over_accepted" in request.POST,
        "reason": text_of(request, "reason", _("理由")),
        "cause": choice_of(request, "cause", _("偏差原因"), causes, required=False),
        "measures": text_of(request, "measures", _("改进措施")),
    }
    files = [
        take(f, "attachment", evaluation.department, request.user, limit=20 * 2**20)
        for f in request.FILES.getlist("files")
    ]
    figures.keep_word(
        evaluation.department,
        evaluation.year,
        request.user,
        lambda: figures.fill_self_evaluation(evaluation),
        attachments=files,
        **said,
    )
    return done(
        request, "selfeval", _("已保存，得分已重算。"), department=evaluation.department_id, year=evaluation.year
    )


@page("selfeval.view", methods=("GET", "POST"), evaluation=SelfEvaluation)
def recheck(request: HttpRequest, evaluation: SelfEvaluation) -> HttpResponse:
    """Re-check: figures computed anew beside the reported ones; a POST may bring the department's own table."""
    if request.method == "POST":
        demand(request, "selfeval.recheck", evaluation)
        if request.FILES.get("file"):
            evaluation.reported = take(
                request.FILES["file"], "document", evaluation.department, request.user, limit=50 * 2**20
            )
            evaluation.save()
        found = figures.recheck(evaluation)
        count = sum(len(f["differences"]) for f in found)
        return done(request, "recheck", _("复核完成，差异 %s 处。") % count, evaluation.pk)
    context: dict[str, Any] = {
        "part": "selfeval",
        "evaluation": evaluation,
        "results": evaluation.assessment.result["results"] if evaluation.assessment else [],
        "can_recheck": may(request.user, "selfeval.recheck", evaluation),
    }
    return render(request, "web/recheck.html", context)


@page("selfeval.view", evaluation=SelfEvaluation)
def selfeval_form(request: HttpRequest, evaluation: SelfEvaluation) -> HttpResponse:
    """Show the official self-evaluation tables as they print."""
    if evaluation.assessment is None:
        raise Http404
    forms = figures.forms_of(evaluation, "绩效自评表")
    return render(request, "web/forms.html", {"part": "selfeval", "forms": forms, "title": _("绩效自评表")})


@page("selfeval.view", evaluation=SelfEvaluation)
def selfeval_file(request: HttpRequest, evaluation: SelfEvaluation, name: str) -> HttpResponse:
    """Send the official table or the report."""
    folder = figures.tables_of(evaluation) if name in FILES else None
    if folder is None:
        raise Http404
    return send(folder / FILES[name], f"{evaluation.year}年{FILES[name]}")


@page("selfeval.view", attachment=Upload)
def attachment(request: HttpRequest, attachment: Upload) -> HttpResponse:
    """Send a file that someone attached as proof."""
    if attachment.purpose != "attachment":
        raise Http404
    with attachment.opened() as path:
        return send(path)
