"""Double random: items, registers, plan, commitment, entries by two people, draw, tasks, results (also on a phone), notices."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from zhunsheng.draws.results import categories
from zhunsheng.web.forms.base import checked
from zhunsheng.web.forms.draws import PlanForm
from zhunsheng.web.models import Draw, DrawTask, InspectionItem, Inspector, Organisation, Upload
from zhunsheng.web.requests import SignedInRequest
from zhunsheng.web.roles import available, may
from zhunsheng.web.services import draws as service
from zhunsheng.web.services import jobs, stamps
from zhunsheng.web.services.commitments import happened
from zhunsheng.web.services.uploads import content_of, take
from zhunsheng.web.views.common import (
    choice_of,
    date_of,
    demand,
    done,
    integer_of,
    on_screen,
    page,
    paged,
    say_error,
    send,
    text_of,
)
from zhunsheng.web.workflow import compare

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
DEFAULTS = {"A": ("0.5", 3), "B": ("1", 3), "C": ("3", 5), "D": ("10", 5)}  # class -> percent, floor


@page("draws.view")
def draws(request: SignedInRequest, department: Organisation, year: int) -> HttpResponse:
    """List draws, items and the register of inspectors."""
    found = Draw.objects.filter(department=department).select_related("first_by", "second_by")
    today = timezone.localdate()
    context = {
        "part": "draws",
        "draws": [(d, d.tasks.exclude(inspected_on=None).count(), len(service.overdue_tasks(d, today))) for d in found],
        "items": InspectionItem.objects.filter(department=department),
        "inspectors": Inspector.objects.filter(department=department),
        "can_register": may(request.user, "draws.registers", department),
        "can_plan": may(request.user, "draws.plan", department),
        "named": may(request.user, "ledgers.personal", department),
    }
    return render(request, "web/draws.html", context)


@page("draws.view", methods=("POST",))
def register(request: SignedInRequest, department: Organisation, year: int) -> HttpResponse:
    """Add an item, add an inspector, take in a csv of inspectors, or end an entry's use."""
    demand(request, "draws.registers", department)
    what = request.POST.get("what")
    if what == "item":
        service.keep_item(
            department,
            text_of(request, "code", _("编号"), required=True, most=20),
            text_of(request, "name", _("抽查事项"), required=True, most=120),
            text_of(request, "basis", most=200),
        )
    elif what == "inspector":
        names = ("number", "name", "certified", "districts", "items", "recuse")
        service.keep_inspector(department, {k: request.POST.get(k, "") for k in names})
    elif what == "file":
        upload: Upload = take(request.FILES.get("file"), "ledger", department, request.user, limit=5 * 2**20)
        service.take_inspectors(upload, department)
    elif what in ("end-item", "end-inspector"):
        pk = integer_of(request.POST, "id", 0, 0, 2**31)
        if what == "end-item":
            service.turn(get_object_or_404(InspectionItem, pk=pk, department=department))
        else:
            service.turn(get_object_or_404(Inspector, pk=pk, department=department))
    else:
        raise Http404
    return done(request, "draws", _("已保存。"), department=department.pk, year=year)


@page("draws.view", methods=("GET", "POST"))
def plan(request: SignedInRequest, department: Organisation, year: int) -> HttpResponse:
    """Show the form of a plan; a POST keeps it."""
    demand(request, "draws.plan", department)
    items = InspectionItem.objects.filter(department=department, active=True)
    if request.method == "POST":
        draw = service.make_plan(department, checked(PlanForm(request.POST, items)), request.user)
        return done(
            request, "draw", _("方案已保存。核对无误后公布承诺；承诺后方案、名录库和人员名录都不能再改。"), draw.pk
        )
    said: dict[str, Any] = {f"ratio_{c}": ratio for c, (ratio, _floor) in DEFAULTS.items()}
    said |= {f"floor_{c}": floor for c, (_ratio, floor) in DEFAULTS.items()}
    said["lead"] = 30
    address = reverse("draw-plan", args=[department.pk, year])
    return render(request, "web/draw_plan.html", _plan_page(department, said) | {"action": address})


@page("draws.view", methods=("GET", "POST"), draw=Draw)
def edit(request: SignedInRequest, draw: Draw) -> HttpResponse:
    """Show the form of a plan that is not committed yet; a POST changes it."""
    request.year = draw.frame_on.year
    demand(request, "draws.plan", draw)
    items = InspectionItem.objects.filter(department=draw.department, active=True)
    if request.method == "POST":
        said = checked(PlanForm(request.POST, items))
        service.change_plan(draw, said, request.user, said["seen"])
        return done(request, "draw", _("方案已修改。"), draw.pk)
    context = _plan_page(draw.department, service.form_of(draw))
    return render(
        request, "web/draw_plan.html", context | {"action": reverse("draw-edit", args=[draw.pk]), "draw": draw}
    )


def _plan_page(department: Organisation, said: dict[str, Any]) -> dict[str, Any]:
    """Return the context of the form of a plan with what it says now."""
    return {
        "part": "draws",
        "items": InspectionItem.objects.filter(department=department, active=True),
        "classes": [(c, said.get(f"ratio_{c}", ""), said.get(f"floor_{c}", 0)) for c in service.CLASSES],
        "said": said,
        "chains": service.CHAIN_NAMES,
        "people": Inspector.objects.filter(department=department, active=True).count(),
    }


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
    sources = [
        (
            n,
            s,
            {"lottery": _("彩票"), "ceremony": _("现场报数"), "drand": "drand", "office": _("机关自定")}[s["source"]],
        )
        for n, s in enumerate(draw.plan["randomness"])
    ]
    today = timezone.localdate()
    names = (
        {i.number: i.name for i in Inspector.objects.filter(department=draw.department)}
        if may(request.user, "ledgers.personal", draw.department)
        else {}
    )
    shown = [(t, [(p, names.get(p, "")) for p in t.team]) for t in listed["found"]]
    can_commit = may(request.user, "draws.commit", draw)
    strata, refusal = service.foreseen(draw) if can_commit else ([], None)
    strata = strata or service.allotted(draw)
    seals, mine = service.seals(draw), draw.first_by_id == request.user.pk
    context = listed | {
        "part": "draws",
        "draw": draw,
        "refusal": refusal,
        "untouched": service.untouched(strata),
        "sources": sources,
        "items": draw.plan["items"],
        "quotas": service.rules(draw),
        "tasks": shown,
        "search": search,
        "state": state,
        "finished": draw.tasks.exclude(inspected_on=None).count(),
        "strata": strata,
        "overdue": service.overdue_tasks(draw, today)[:20],
        "publish_by": service.publication_deadline(draw),
        "files": [f for f in FILES if (draw.folder() / f).is_file()],
        "known_at": timezone.localtime(datetime.fromisoformat(draw.plan["known_at"])),
        "can_change": may(request.user, "draws.plan", draw),
        "can_commit": can_commit,
        "can_enter": may(request.user, "draws.enter", draw) and not mine and not seals,
        "can_seal": may(request.user, "draws.slips", draw) and not mine and seals,
        "seals": seals,
        "slips": service.slips_shown(draw),
        "verdict": service.strength(draw),
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
    """Show a draw to the hall: what has happened, with its times; the part that changes is asked for again and again."""
    return on_screen(request, draw, inside=True)


def _each(request: SignedInRequest, name: str, ceremony: dict[str, Any]) -> list[str]:
    """Return what was sent for each speaker of a ceremony, in the plan's order."""
    return [
        text_of(request, f"{name}_{k}", who, required=True, most=64) for k, who in enumerate(ceremony["speakers"])
    ]


@page("draws.view", methods=("POST",), draw=Draw)
def act(request: SignedInRequest, draw: Draw, what: str) -> HttpResponse:
    """Take the next step of a draw: commit, enter the numbers, draw, or hand the results to the ledger."""
    seen = request.POST.get("seen", "")
    if what == "commit":
        demand(request, "draws.commit", draw)
        compare(draw, seen)
        key = f"commit:{draw.pk}:{seen}"
        job = jobs.enqueue("commit", key, request.user, draw.department, draw=draw.pk, seen=seen)
    elif what == "enter":
        demand(request, "draws.enter", draw)
        values: list[dict[str, Any]] = []
        said: dict[str, Any]
        for n, source in enumerate(draw.plan["randomness"]):
            if source["source"] == "ceremony":
                said = {"numbers": _each(request, f"v{n}", source)}
                values.append(said | ({"salts": _each(request, f"s{n}", source)} if source.get("sealed") else {}))
            elif source["source"] == "drand":
                said = {"signature": text_of(request, f"v{n}", _("签名"), required=True, most=200).lower()}
                if service.chained(source):
                    before = text_of(request, f"p{n}", _("前一轮签名"), required=True, most=200)
                    said["previous_signature"] = before.lower()
                values.append(said)
            else:
                values.append({"numbers": text_of(request, f"v{n}", _("号码"), required=True, most=200)})
        now, differ = service.enter(draw, request.user, values, seen)
        if differ is not None:
            return say_error(request, differ)
        message = (
            _("两人录入一致，种子已定，可以抽取。") if now.state == "sealed" else _("已录入，请另一人独立录入核对。")
        )
        return done(request, "draw", message, draw.pk)
    elif what == "slips":
        demand(request, "draws.slips", draw)
        ceremony: dict[str, Any] = next((s for s in draw.plan["randomness"] if s.get("sealed")), {"speakers": []})
        slips = [one.lower() for one in _each(request, "slip", ceremony)]
        shown, differ = service.seal_slips(draw, request.user, slips, seen)
        if differ is not None:
            return say_error(request, differ)
        sealed = _("两人录入一致，封条已登记。请在开封之前公布封存摘要。")
        return done(request, "draw", sealed if shown else _("已录入，请另一人独立录入封条的摘要。"), draw.pk)
    elif what == "stamp":
        demand(request, "draws.stamp", draw)
        file = request.FILES.get("file")
        stamps.add(draw, request.user, content_of(file, "stamp", limit=2**20), (file and file.name) or "")
        return done(request, "draw", _("时间戳已核对并登记，在公开的承诺记录里可见。"), draw.pk)
    elif what == "draw":
        demand(request, "draws.draw", draw)
        compare(draw, seen)
        job = jobs.enqueue("draw", f"draw:{draw.pk}", request.user, draw.department, draw=draw.pk, seen=seen)
    elif what == "ledger":
        demand(request, "ledgers.import", draw.department)
        content = service.ledger_file(draw)
        upload = Upload.keep(content, f"检查台账-{draw.code}.csv", "ledger", draw.department, request.user)
        job = jobs.import_soon(upload, request.user, "inspections")
    else:
        raise Http404
    return done(request, "job", "", job.pk)


@page("draws.view", methods=("GET", "POST"), task=DrawTask)
def task(request: SignedInRequest, task: DrawTask) -> HttpResponse:
    """Show one inspection, made for a phone; a POST keeps its result."""
    draw = task.draw
    if request.method == "POST":
        demand(request, "draws.result", draw)
        service.keep_result(
            task,
            request.user,
            date_of(request, "inspected_on", _("检查日期"), required=False),
            choice_of(request, "result", _("检查结果"), categories(), required=False),
            text_of(request, "note", _("情况说明")),
            date_of(request, "published_on", _("公示日期"), required=False),
            seen=request.POST.get("seen", ""),
        )
        following = draw.tasks.filter(inspected_on=None).exclude(pk=task.pk).first()
        if "next" in request.POST and following:
            return done(request, "task", _("已保存，下一户。"), following.pk)
        return done(request, "draw", _("已保存。"), draw.pk)
    context = {
        "part": "draws",
        "task": task,
        "draw": draw,
        "items": draw.plan["items"],
        "categories": categories(),
        "can_result": may(request.user, "draws.result", draw),
        "today": timezone.localdate(),
    }
    return render(request, "web/task.html", context)


@page("draws.view", draw=Draw)
def draw_file(request: SignedInRequest, draw: Draw, name: str) -> HttpResponse:
    """Send one file of a draw."""
    if name not in FILES:
        raise Http404
    return send(draw.folder() / name)
