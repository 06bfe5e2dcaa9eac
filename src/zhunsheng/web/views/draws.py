"""Double random: items, registers, plan, commitment, entries by two people, draw, tasks,
results (also on a phone), notices.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from zhunsheng.web.forms.base import SeenForm
from zhunsheng.web.forms.draws import (
    SOURCES,
    InspectorForm,
    InspectorTurn,
    ItemForm,
    ItemTurn,
    NumbersForm,
    PlanForm,
    ResultForm,
    SlipsForm,
    StampForm,
)
from zhunsheng.web.forms.lists import RegisterFile
from zhunsheng.web.models import Draw, DrawTask, InspectionItem, Inspector, Organisation
from zhunsheng.web.requests import SignedInRequest
from zhunsheng.web.roles import available, may
from zhunsheng.web.services import jobs, papers, stamps
from zhunsheng.web.services.commitments import happened
from zhunsheng.web.services.draws import committing, entering, inspectors, plans, results
from zhunsheng.web.views.common import demand, done, given, on_screen, page, paged, say_error

FILES = (
    "抽查包.zip",
    "frame.tsv",
    "commitment.json",
    "slips.json",
    "公告.html",
    "公告.docx",
    "任务清单.xlsx",
    "检查记录表.docx",
    "verify.html",
)
TASKS = 50
RULE = "国发〔2019〕5号；国市监信〔2019〕38号"
DEFAULTS = {"A": ("0.5", 3), "B": ("1", 3), "C": ("3", 5), "D": ("10", 5)}  # class -> percent, floor


@page("draws.view")
def draws(request: SignedInRequest, department: Organisation, year: int) -> HttpResponse:
    """List draws, items and the register of inspectors."""
    found = Draw.objects.filter(department=department).select_related("first_by", "second_by")
    today = timezone.localdate()
    context = {
        "part": "draws",
        "draws": [
            (d, d.tasks.exclude(inspected_on=None).count(), len(results.overdue_tasks(d, today)))
            for d in found
        ],
        "items": InspectionItem.objects.filter(department=department),
        "inspectors": Inspector.objects.filter(department=department),
        "can_register": may(request.user, "draws.registers", department),
        "can_plan": may(request.user, "draws.plan", department),
        "new_item": ItemForm.blank(request),
        "new_inspector": InspectorForm.blank(request),
        "register_file": RegisterFile.blank(request),
        "named": may(request.user, "ledgers.personal", department),
    }
    return render(request, "web/draws.html", context)


@page("draws.view", methods=("POST",))
def register(request: SignedInRequest, department: Organisation, year: int) -> HttpResponse:
    """Add an item, add an inspector, or end an entry's use."""
    demand(request, "draws.registers", department)
    if ItemForm.came(request):
        inspectors.keep_item(department, **ItemForm.of(request))
    elif InspectorForm.came(request):
        inspectors.keep_inspector(department, InspectorForm.of(request))
    elif ItemTurn.came(request):
        inspectors.turn(ItemTurn.of(request, department)["id"])
    elif InspectorTurn.came(request):
        inspectors.turn(InspectorTurn.of(request, department)["id"])
    else:
        raise Http404
    return done(request, "draws", _("已保存。"), department=department.pk, year=year)


@page("draws.view", methods=("GET", "POST"))
def plan(request: SignedInRequest, department: Organisation, year: int) -> HttpResponse:
    """Show the form of a plan; a POST keeps it."""
    demand(request, "draws.plan", department)
    items = InspectionItem.objects.filter(department=department, active=True)
    if request.method == "POST":
        draw = plans.make_plan(department, PlanForm.of(request, items), request.user)
        return done(
            request,
            "draw",
            _("方案已保存。核对无误后公布承诺；承诺后方案、名录库和人员名录都不能再改。"),
            draw.pk,
        )
    said: dict[str, Any] = {f"ratio_{c}": ratio for c, (ratio, _floor) in DEFAULTS.items()}
    said |= {f"floor_{c}": floor for c, (_ratio, floor) in DEFAULTS.items()}
    said |= {"lead": 30, "per_object": 2, "reserve": 10, "rule": RULE, "items": [i.code for i in items]}
    address = reverse("draw-plan", args=[department.pk, year])
    return _plan_page(request, department, said, {"action": address})


@page("draws.view", methods=("GET", "POST"), draw=Draw)
def edit(request: SignedInRequest, draw: Draw) -> HttpResponse:
    """Show the form of a plan that is not committed yet; a POST changes it."""
    request.year = draw.frame_on.year
    demand(request, "draws.plan", draw)
    items = InspectionItem.objects.filter(department=draw.department, active=True)
    if request.method == "POST":
        said = PlanForm.of(request, items)
        plans.change_plan(draw, said, request.user, said["seen"])
        return done(request, "draw", _("方案已修改。"), draw.pk)
    more = {"action": reverse("draw-edit", args=[draw.pk]), "draw": draw}
    said = {f"floor_{c}": 0 for c in DEFAULTS} | plans.form_of(draw)
    return _plan_page(request, draw.department, said, more)


def _plan_page(
    request: SignedInRequest, department: Organisation, said: Mapping[str, object], more: dict[str, object]
) -> HttpResponse:
    """Show the form of a plan with what it says now."""
    items = InspectionItem.objects.filter(department=department, active=True)
    context = {
        "part": "draws",
        "items": items,
        "form": PlanForm.blank(request, items, key="plan", said=said),
        "people": Inspector.objects.filter(department=department, active=True).count(),
    }
    return render(request, "web/draw_plan.html", context | more)


@page("draws.view", draw=Draw)
def draw(request: SignedInRequest, draw: Draw) -> HttpResponse:
    """Show a draw with its steps, proofs and tasks."""
    search, state = request.GET.get("q", "").strip(), request.GET.get("state", "")
    tasks = draw.tasks.all()
    if search:
        tasks = (
            tasks.filter(entity__contains=search)
            | tasks.filter(name__contains=search)
            | tasks.filter(team__icontains=search)
        )
    if state == "open":
        tasks = tasks.filter(inspected_on=None)
    elif state == "done":
        tasks = tasks.exclude(inspected_on=None)
    listed = paged(request, tasks, TASKS)
    today = timezone.localdate()
    names = (
        {i.number: i.name for i in Inspector.objects.filter(department=draw.department)}
        if may(request.user, "ledgers.personal", draw.department)
        else {}
    )
    shown = [(t, [(p, names.get(p, "")) for p in t.team]) for t in listed["found"]]
    can_commit = may(request.user, "draws.commit", draw)
    strata, refusal = committing.foreseen(draw) if can_commit else ([], None)
    strata = strata or committing.allotted(draw)
    seals, mine = entering.seals(draw), draw.first_by_id == request.user.pk
    can_enter = may(request.user, "draws.enter", draw) and not mine and not seals
    can_seal = may(request.user, "draws.slips", draw) and not mine and seals
    context = listed | {
        "part": "draws",
        "draw": draw,
        "refusal": refusal,
        "untouched": committing.untouched(strata),
        "sources": [(s, SOURCES[s["source"]]) for s in draw.plan["randomness"]],
        "numbers": NumbersForm.blank(request, draw.plan["randomness"]) if can_enter else None,
        "seals_to_enter": SlipsForm.blank(request, entering.sealing(draw)) if can_seal else None,
        "stamp": StampForm.blank(request),
        "items": draw.plan["items"],
        "quotas": plans.rules(draw),
        "tasks": shown,
        "search": search,
        "state": state,
        "finished": draw.tasks.exclude(inspected_on=None).count(),
        "strata": strata,
        "overdue": results.overdue_tasks(draw, today)[:20],
        "publish_by": results.publication_deadline(draw),
        "files": [f for f in FILES if (draw.folder() / f).is_file()],
        "known_at": timezone.localtime(datetime.fromisoformat(draw.plan["known_at"])),
        "can_change": may(request.user, "draws.plan", draw),
        "can_commit": can_commit,
        "seals": seals,
        "slips": entering.slips_shown(draw),
        "verdict": entering.strength(draw),
        "waiting_other": draw.state in ("committed", "entered") and mine,
        "can_draw": may(request.user, "draws.draw", draw),
        "can_result": may(request.user, "draws.result", draw),
        "can_publish": may(request.user, "publish.request", draw) and draw.state not in ("planned", "void"),
        "actions": available(request.user, draw, "draws"),
        "steps": draw.steps(),
        "happened": happened(draw),
        "published": draw.published.all(),
        "can_stamp": may(request.user, "draws.stamp", draw),
        "stamped": stamps.of_draw(draw),
    }
    return render(request, "web/draw.html", context)


@page("draws.view", draw=Draw)
def screen(request: SignedInRequest, draw: Draw) -> HttpResponse:
    """Show a draw to the hall: what has happened, with its times; the part that changes is asked for again
    and again.
    """
    return on_screen(request, draw, inside=True)


@page("draws.view", methods=("POST",), draw=Draw)
def act(request: SignedInRequest, draw: Draw, what: str) -> HttpResponse:
    """Take the next step of a draw: commit, enter the numbers, draw, or hand the results to the ledger."""
    if what not in ACTS:
        raise Http404
    return ACTS[what](request, draw)


def _commit(request: SignedInRequest, draw: Draw) -> HttpResponse:
    demand(request, "draws.commit", draw)
    return done(request, "job", "", jobs.commit_soon(draw, request.user, SeenForm.of(request)["seen"]).pk)


def _enter(request: SignedInRequest, draw: Draw) -> HttpResponse:
    demand(request, "draws.enter", draw)
    form = NumbersForm.sent(request, draw.plan["randomness"])
    now, differ = entering.enter(draw, request.user, form.values(), form.cleaned_data["seen"])
    if differ is not None:
        return say_error(request, differ)
    sealed = now.state == "sealed"
    told = _("两人录入一致，种子已定，可以抽取。") if sealed else _("已录入，请另一人独立录入核对。")
    return done(request, "draw", told, draw.pk)


def _slips(request: SignedInRequest, draw: Draw) -> HttpResponse:
    demand(request, "draws.slips", draw)
    form = SlipsForm.sent(request, entering.sealing(draw))
    shown, differ = entering.seal_slips(draw, request.user, form.slips(), form.cleaned_data["seen"])
    if differ is not None:
        return say_error(request, differ)
    sealed = _("两人录入一致，封条已登记。请在开封之前公布封存摘要。")
    return done(request, "draw", sealed if shown else _("已录入，请另一人独立录入封条的摘要。"), draw.pk)


def _stamp(request: SignedInRequest, draw: Draw) -> HttpResponse:
    demand(request, "draws.stamp", draw)
    stamps.take(draw, request.user, StampForm.of(request)["file"])
    return done(request, "draw", _("时间戳已核对并登记，在公开的承诺记录里可见。"), draw.pk)


def _draw(request: SignedInRequest, draw: Draw) -> HttpResponse:
    demand(request, "draws.draw", draw)
    return done(request, "job", "", jobs.draw_soon(draw, request.user, SeenForm.of(request)["seen"]).pk)


def _to_ledger(request: SignedInRequest, draw: Draw) -> HttpResponse:
    demand(request, "ledgers.import", draw.department)
    return done(request, "job", "", jobs.results_soon(draw, request.user).pk)


ACTS: dict[str, Callable[[SignedInRequest, Draw], HttpResponse]] = {
    "commit": _commit,
    "enter": _enter,
    "slips": _slips,
    "stamp": _stamp,
    "draw": _draw,
    "ledger": _to_ledger,
}


@page("draws.view", methods=("GET", "POST"), task=DrawTask)
def task(request: SignedInRequest, task: DrawTask) -> HttpResponse:
    """Show one inspection, made for a phone; a POST keeps its result."""
    draw = task.draw
    if request.method == "POST":
        demand(request, "draws.result", draw)
        said = ResultForm.of(request, results.categories())
        on, published_on = said["inspected_on"], said["published_on"]
        results.keep_result(
            task, request.user, on, said["result"], said["note"], published_on, seen=said["seen"]
        )
        following = draw.tasks.filter(inspected_on=None).exclude(pk=task.pk).first()
        if said["next"] and following:
            return done(request, "task", _("已保存，下一户。"), following.pk)
        return done(request, "draw", _("已保存。"), draw.pk)
    said = {name: getattr(task, name) for name in ("inspected_on", "result", "note", "published_on")}
    context = {
        "part": "draws",
        "form": ResultForm.blank(request, results.categories(), said=said),
        "task": task,
        "draw": draw,
        "items": draw.plan["items"],
        "can_result": may(request.user, "draws.result", draw),
        "today": timezone.localdate(),
    }
    return render(request, "web/task.html", context)


@page("draws.view", draw=Draw)
def draw_file(request: SignedInRequest, draw: Draw, name: str) -> HttpResponse:
    """Send one file of a draw."""
    if name not in FILES:
        raise Http404
    return given(papers.of_draw(draw, name), name)
