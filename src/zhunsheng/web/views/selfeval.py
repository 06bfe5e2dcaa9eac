"""Self-evaluation: scores filled and explained, qualitative bands with reasons and files, signatures,
the re-check beside it.
"""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from zhunsheng.errors import ZhunshengError
from zhunsheng.web.actions import Act
from zhunsheng.web.forms.year import LowTargetForm, RecheckForm, WordForm
from zhunsheng.web.models import Contest, Organisation, SelfEvaluation, Upload
from zhunsheng.web.requests import SignedInRequest
from zhunsheng.web.roles import available, may
from zhunsheng.web.services import ledgers
from zhunsheng.web.services.matching import open_proposals
from zhunsheng.web.services.rules import rules_for
from zhunsheng.web.services.sheets.lookup import book_in_force
from zhunsheng.web.services.uploads import take
from zhunsheng.web.services.year import (
    calendar,
    comparing,
    filling,
    low_targets,
    official,
    question,
    rechecking,
    records,
    schemes,
    trying,
    words,
)
from zhunsheng.web.views.common import demand, done, download, page, send

_OUTCOME = ("actual", "points", "scheme")
FILES = {"table.xlsx": "绩效自评表.xlsx", "table.docx": "绩效自评表.docx", "report.docx": "绩效评价报告.docx"}


@page("selfeval.view", methods=("GET", "POST"), whole=False)
def selfeval(request: SignedInRequest, department: Organisation, year: int) -> HttpResponse:
    """Show the self-evaluation of a year; a POST opens it."""
    evaluation = (
        SelfEvaluation.objects.filter(department=department, year=year).select_related("assessment").first()
    )
    if request.method == "POST":
        demand(request, "selfeval.open", department)
        filling.open_self_evaluation(department, year, request.user)
        return done(
            request,
            "selfeval",
            _("已开启，得分已按台账和评分办法算好。"),
            department=department.pk,
            year=year,
        )
    if evaluation is None:
        entry, early = calendar.self_entry(department, year), calendar.self_too_early(department, year)
        can_open = not early and may(request.user, "selfeval.open", department)
        empty = {"part": "selfeval", "entry": entry, "can_open": can_open, "early": early}
        return render(request, "web/selfeval_empty.html", empty)
    rules = rules_for(department, year)
    said, earlier = records.words_of(evaluation), records.earlier_words(evaluation)
    contests = {c.word_id: c for c in evaluation.contests.exclude(state="replaced")}
    run = evaluation.assessment.run if evaluation.assessment else None
    banded = words.banded(evaluation)
    promised = question.promises(book_in_force(department, year, evaluation.as_of))
    owed = set(records.unexplained(evaluation))

    editable = may(request.user, "selfeval.fill", evaluation)
    findings, finding = low_targets.newest(evaluation), may(request.user, "selfeval.find", evaluation)
    causes = rules.monitoring(evaluation.as_of).causes

    def said_of(key: tuple[str, str]) -> dict[str, object]:
        """Return what is said and to be said of an indicator, told by the codes of sheet and indicator."""
        word = said.get(key)
        contest = contests.get(word.pk) if word else None
        return {
            "word": word,
            "earlier": None if word else earlier.get(key),
            "contest": contest,
            "owed": key in owed,
            "rulings": _rulings(request, evaluation, contest) if contest else [],
            "banded": key in banded,
            "anew": word.asked_anew(promised[key]) if word and key in promised else "",
        }

    results = []
    for sheet in run.results if run else ():
        lines = []
        for i in sheet.indicators:
            line = said_of((sheet.id, i.id))
            blank = WordForm.blank(request, rules.scheme, causes, key=f"word-{sheet.id}-{i.id}")
            form = blank.tell(i, said.get((sheet.id, i.id)), anew=bool(line["anew"]))
            found = findings.get((sheet.id, i.id))
            waits = found is not None and found.state == "found"
            asked = finding and not waits and i.score.verdict in low_targets.EXCEEDED
            line |= {
                "finding": found,
                "upholds": available(request.user, found, "lowtarget") if found else [],
                "find": LowTargetForm.blank(request, key=f"low-{sheet.id}-{i.id}") if asked else None,
            }
            lines.append(line | {"i": i, "form": form if editable else None})
        results.append((sheet, lines))
    steps = evaluation.steps()
    signed = {s.action: s for s in steps}
    chain = [
        (_("填报人"), signed.get("selfeval.submit")),
        (_("财务科"), signed.get("selfeval.check")),
        (_("部门负责人"), signed.get("selfeval.sign")),
        (_("财政局复核"), signed.get("selfeval.accept")),
    ]
    reached = {"draft": 0, "returned": 0, "filled": 1, "checked": 2, "signed": 3, "accepted": 4}[
        evaluation.state
    ]
    context: dict[str, object] = {
        "part": "selfeval",
        "evaluation": evaluation,
        "record": evaluation,
        "results": results,
        "run": run,
        "proposals": open_proposals(run) if run else [],
        "undone": ledgers.undone(department, year),
        "overtaken": evaluation.state in records.UNSETTLED and comparing.drifted(evaluation),
        "drift": comparing.drift(evaluation) if reached > 0 else [],
        "chain": [(label, step if n < reached else None) for n, (label, step) in enumerate(chain)],
        "editable": editable,
        "can_publish": evaluation.state in ("signed", "accepted")
        and may(request.user, "publish.request", evaluation),
        "actions": available(request.user, evaluation, "selfeval"),
        "steps": steps,
        "prefix": "selfeval",
        "late": evaluation.state in ("draft", "returned") and evaluation.due_on < timezone.localdate(),
    }
    return render(request, "web/selfeval.html", context)


def _rulings(request: SignedInRequest, evaluation: SelfEvaluation, contest: Contest) -> list[tuple[str, Act]]:
    """Return the rulings that are offered: on a closed self-evaluation none that would move its figures."""
    closed = evaluation.state == "accepted"
    offered = available(request.user, contest, "contest")
    return [(name, act) for name, act in offered if not (closed and name == "contest.accept")]


@page("selfeval.view")
def calculator(request: SignedInRequest, department: Organisation, year: int) -> HttpResponse:
    """Show what one indicator would score, as it is typed; nothing is kept."""
    said = {name: request.GET.get(name, "").strip()[:300] for name in (*trying.COLUMNS, *_OUTCOME)}
    context: dict[str, object] = {"part": "selfeval", "said": said, "schemes": schemes.packs()}
    if said["target"]:
        try:
            context["found"] = trying.tried(department, year, said)
        except ZhunshengError as error:
            context["error"] = error
    return render(request, "web/calculator.html", context)


@page("selfeval.view")
def scheme_beside(request: SignedInRequest, department: Organisation, year: int) -> HttpResponse:
    """Show the year by a scheme that comes with the program beside its own; nothing is kept."""
    chosen = request.GET.get("scheme", "").strip()[:60]
    context: dict[str, object] = {"part": "selfeval", "chosen": chosen, "schemes": schemes.packs()}
    if chosen:
        try:
            context["found"] = schemes.beside(department, year, [schemes.pack(chosen)])
        except ZhunshengError as error:
            context["error"] = error
    return render(request, "web/scheme_beside.html", context)


@page("selfeval.view", methods=("POST",), whole=False, evaluation=SelfEvaluation)
def word(request: SignedInRequest, evaluation: SelfEvaluation) -> HttpResponse:
    """Keep what is said of one indicator: band and share with a reason, a result no ledger holds,
    cause and measures, files.
    """
    demand(request, "selfeval.fill", evaluation)
    rules = rules_for(evaluation.department, evaluation.year)
    said = WordForm.of(request, rules.scheme, rules.monitoring(evaluation.as_of).causes)
    files = [take(f, "attachment", evaluation.department, request.user) for f in said.pop("files")]
    sheet, indicator = said.pop("sheet"), said.pop("indicator")
    kept, former = words.say(evaluation, sheet, indicator, request.user, attachments=files, **said)
    told = _("已保存，得分已重算。")
    if former is not None and former.actual != kept.actual and former.attachments.exists():
        told += _("完成值改了，证明原来那个数的附件没有带过来。")
    return done(request, "selfeval", told, department=evaluation.department_id, year=evaluation.year)


@page("selfeval.view", methods=("POST",), whole=False, evaluation=SelfEvaluation)
def low_target(request: SignedInRequest, evaluation: SelfEvaluation) -> HttpResponse:
    """Keep what the finance bureau finds of a target that was far exceeded, for another officer to uphold."""
    demand(request, "selfeval.find", evaluation)
    said = LowTargetForm.of(request)
    low_targets.find(
        evaluation,
        (said["sheet"], said["indicator"]),
        request.user,
        low=said["low"] == "yes",
        reason=said["reason"],
        seen=said["seen"],
    )
    told = _("已认定，待另一人确认后计入得分。")
    return done(request, "selfeval", told, department=evaluation.department_id, year=evaluation.year)


@page("selfeval.view", methods=("GET", "POST"), whole=False, evaluation=SelfEvaluation)
def recheck(request: SignedInRequest, evaluation: SelfEvaluation) -> HttpResponse:
    """Re-check the signed tables against figures computed anew, and beside them a file that the department
    reported.

    A POST may bring the file, or ask (``again``) for the one that was brought before.
    """
    if request.method == "POST":
        demand(request, "selfeval.recheck", evaluation)
        said = RecheckForm.of(request)
        reported = evaluation.reported if said["again"] else None
        if said["file"]:
            reported = take(said["file"], "document", evaluation.department, request.user)
        found = rechecking.recheck(evaluation, reported)
        count = sum(len(f["differences"]) for f in found)
        return done(request, "recheck", _("复核完成，差异 %s 处。") % count, evaluation.pk)
    context: dict[str, object] = {
        "part": "selfeval",
        "evaluation": evaluation,
        "form": RecheckForm.blank(request),
        "can_recheck": may(request.user, "selfeval.recheck", evaluation),
        "undone": ledgers.undone(evaluation.department, evaluation.year),
    }
    return render(request, "web/recheck.html", context)


@page("selfeval.view", evaluation=SelfEvaluation)
def selfeval_form(request: SignedInRequest, evaluation: SelfEvaluation) -> HttpResponse:
    """Show the official self-evaluation tables as they print."""
    if evaluation.assessment is None:
        raise Http404
    forms = official.forms_of(evaluation, "绩效自评表")
    return render(request, "web/forms.html", {"part": "selfeval", "forms": forms, "title": _("绩效自评表")})


@page("selfeval.view", evaluation=SelfEvaluation)
def selfeval_file(request: SignedInRequest, evaluation: SelfEvaluation, name: str) -> HttpResponse:
    """Send the official table or the report."""
    if name not in FILES:
        raise Http404
    title = f"{evaluation.year}年{FILES[name]}"
    content = official.given(evaluation, FILES[name], title)
    if content is None:
        raise Http404
    return download(content, title)


@page("selfeval.view", attachment=Upload)
def attachment(request: SignedInRequest, attachment: Upload) -> HttpResponse:
    """Send a file that someone attached as proof."""
    if attachment.purpose != "attachment":
        raise Http404
    with attachment.opened() as path:
        return send(path)
