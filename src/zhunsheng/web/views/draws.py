"""Double random: items, registers, plan, commitment, entries by two people, draw, tasks, results (also on a phone), notices."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _

from zhunsheng.draws.results import categories
from zhunsheng.errors import ZhunshengError
from zhunsheng.files.opening import decode
from zhunsheng.web.models import Draw, DrawTask, InspectionItem, Inspector, Organisation, Upload
from zhunsheng.web.roles import may
from zhunsheng.web.services import draws as service
from zhunsheng.web.services import jobs
from zhunsheng.web.services.uploads import take
from zhunsheng.web.views.common import (
    choice_of,
    date_of,
    demand,
    done,
    integer_of,
    moment_of,
    number_of,
    page,
    paged,
    say_error,
    send,
    text_of,
)
from zhunsheng.web.workflow import steps_of

FILES = (
    "抽查包.zip",
    "frame.tsv",
    "commitment.json",
    "公告.html",
    "公告.docx",
    "任务清单.xlsx",
    "检查记录表.docx",
    "verify.html",
)
TASKS = 50


@page("draws.view")
def draws(request: HttpRequest, department: Organisation, year: int) -> HttpResponse:
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
def register(request: HttpRequest, department: Organisation, year: int) -> HttpResponse:
    """Add an item, add an inspector, take in a csv of inspectors, or end an entry's use."""
    demand(request, "draws.registers", department)
    what = request.POST.get("what")
    if what == "item":
        code, name = (
            text_of(request, "code", _("编号"), required=True, most=20),
            text_of(request, "name", _("抽查事项"), required=True, most=120),
        )
        InspectionItem.objects.update_or_create(
            department=department,
            code=code,
            defaults={"name": name, "basis": text_of(request, "basis", most=200), "active": True},
        )
    elif what == "inspector":
        _inspector(
            department,
            {k: request.POST.get(k, "") for k in ("number", "name", "certified", "districts", "items", "recuse")},
        )
    elif what == "file":
        upload: Upload = take(request.FILES.get("file"), "ledger", department, request.user, limit=5 * 2**20)
        rows = list(csv.DictReader(io.StringIO(decode(upload.content(), upload.name))))
        titles = {
            "编号": "number",
            "姓名": "name",
            "有执法证": "certified",
            "辖区": "districts",
            "可查事项": "items",
            "回避对象": "recuse",
        }
        for n, row in enumerate(rows, start=2):
            try:
                _inspector(
                    department, {titles[k.strip()]: v or "" for k, v in row.items() if k and k.strip() in titles}
                )
            except ZhunshengError as error:
                raise ZhunshengError(
                    "ZS-WB-06",
                    detail=_("%(file)s 第 %(n)s 行：%(why)s")
                    % {"file": upload.name, "n": n, "why": error.params.get("detail", "")},
                ) from None
    elif what in ("end-item", "end-inspector"):
        model = InspectionItem if what == "end-item" else Inspector
        one = get_object_or_404(model, pk=integer_of(request.POST, "id", 0, 0, 2**31), department=department)
        one.active = not one.active
        one.save()
    else:
        raise Http404
    return done(request, "draws", _("已保存。"), department=department.pk, year=year)


def _inspector(department: Organisation, said: dict[str, str]) -> None:
    number = said.get("number", "").strip()
    if not number or len(number) > 30 or not number.isascii() or not number.isalnum():
        raise ZhunshengError("ZS-WB-06", detail=_("检查人员编号应由字母和数字组成"))

    def listed(name: str) -> list[str]:
        return [p.strip() for p in said.get(name, "").replace("，", "、").replace(",", "、").split("、") if p.strip()]

    values = {
        "name": said.get("name", "").strip()[:60],
        "certified": said.get("certified", "").strip() in ("是", "on", "1", "true"),
        "districts": listed("districts"),
        "items": listed("items"),
        "recuse": listed("recuse"),
        "active": True,
    }
    Inspector.objects.update_or_create(department=department, number=number, defaults=values)


@page("draws.view", methods=("GET", "POST"))
def plan(request: HttpRequest, department: Organisation, year: int) -> HttpResponse:
    """Show the form of a plan; a POST keeps it."""
    demand(request, "draws.plan", department)
    if request.method == "POST":
        form = {
            "code": text_of(request, "code", _("抽查编号"), required=True, most=40),
            "title": text_of(request, "title", _("名称"), required=True, most=120),
            "rule": text_of(request, "rule", _("抽查依据"), required=True, most=200),
            "items": request.POST.getlist("items"),
            "frame_on": date_of(request, "frame_on", _("名录库日期")),
            "known_at": moment_of(request, "known_at", _("随机数公布时间")),
            "ends_on": date_of(request, "ends_on", _("任务截止日期"), required=False),
            "lottery_name": text_of(request, "lottery_name", most=60),
            "lottery_issue": text_of(request, "lottery_issue", most=40),
            "speakers": text_of(request, "speakers", most=200),
            "drand_round": integer_of(request.POST, "drand_round", 0, 0, 10**12) or None,
            "per_object": integer_of(request.POST, "per_object", 2, 2, 10),
            "reserve": number_of(request, "reserve", _("候补比例"), Decimal(0), Decimal(100), required=False),
        }
        for letter in service.CLASSES:
            form[f"ratio_{letter}"] = number_of(
                request, f"ratio_{letter}", _("%s 类抽取比例") % letter, Decimal(0), Decimal(100), required=False
            )
            form[f"floor_{letter}"] = integer_of(request.POST, f"floor_{letter}", 0, 0, 10**6)
        if form["lottery_name"] and not form["lottery_issue"]:
            raise ZhunshengError("ZS-WB-06", detail=_("请填写彩票期号"))
        draw = service.make_plan(department, form, request.user)
        return done(
            request, "draw", _("方案已保存。核对无误后公布承诺；承诺后方案、名录库和人员名录都不能再改。"), draw.pk
        )
    items = InspectionItem.objects.filter(department=department, active=True)
    defaults = {"A": ("0.5", 3), "B": ("1", 3), "C": ("3", 5), "D": ("10", 5)}
    context = {
        "part": "draws",
        "items": items,
        "classes": [(c, *defaults[c]) for c in service.CLASSES],
        "today": timezone.localdate(),
        "people": Inspector.objects.filter(department=department, active=True).count(),
    }
    return render(request, "web/draw_plan.html", context)


@page("draws.view", draw=Draw)
def draw(request: HttpRequest, draw: Draw) -> HttpResponse:
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
    context = listed | {
        "part": "draws",
        "draw": draw,
        "sources": sources,
        "items": draw.plan["items"],
        "tasks": shown,
        "search": search,
        "state": state,
        "finished": draw.tasks.exclude(inspected_on=None).count(),
        "strata": service.allotted(draw),
        "overdue": service.overdue_tasks(draw, today)[:20],
        "publish_by": service.publication_deadline(draw),
        "files": [f for f in FILES if (draw.folder() / f).is_file()],
        "can_commit": may(request.user, "draws.commit", draw),
        "can_enter": may(request.user, "draws.enter", draw) and draw.first_by_id != request.user.pk,
        "waiting_other": draw.state == "entered" and draw.first_by_id == request.user.pk,
        "can_draw": may(request.user, "draws.draw", draw),
        "can_result": may(request.user, "draws.result", draw),
        "can_publish": may(request.user, "publish.request", draw) and draw.state != "planned",
        "steps": steps_of(draw),
    }
    return render(request, "web/draw.html", context)


@page("draws.view", methods=("POST",), draw=Draw)
def act(request: HttpRequest, draw: Draw, what: str) -> HttpResponse:
    """Take the next step of a draw: commit, enter the numbers, draw, or hand the results to the ledger."""
    if what == "commit":
        demand(request, "draws.commit", draw)
        job = jobs.enqueue("commit", f"commit:{draw.pk}", request.user, draw.department, draw=draw.pk)
    elif what == "enter":
        demand(request, "draws.enter", draw)
        values: list[dict[str, Any]] = []
        for n, source in enumerate(draw.plan["randomness"]):
            if source["source"] == "ceremony":
                values.append(
                    {
                        "numbers": [
                            text_of(request, f"v{n}_{k}", who, required=True, most=60)
                            for k, who in enumerate(source["speakers"])
                        ]
                    }
                )
            elif source["source"] == "drand":
                values.append({"signature": text_of(request, f"v{n}", _("签名"), required=True, most=200).lower()})
            else:
                values.append({"numbers": text_of(request, f"v{n}", _("号码"), required=True, most=200)})
        now, differ = service.enter(draw, request.user, values)
        if differ is not None:
            return say_error(request, differ)
        message = (
            _("两人录入一致，种子已定，可以抽取。") if now.state == "sealed" else _("已录入，请另一人独立录入核对。")
        )
        return done(request, "draw", message, draw.pk)
    elif what == "draw":
        demand(request, "draws.draw", draw)
        job = jobs.enqueue("draw", f"draw:{draw.pk}", request.user, draw.department, draw=draw.pk)
    elif what == "ledger":
        demand(request, "ledgers.import", draw.department)
        content = service.ledger_file(draw)
        upload = Upload.keep(content, f"检查台账-{draw.code}.csv", "ledger", draw.department, request.user)
        job = jobs.import_soon(upload, request.user, "inspections")
    else:
        raise Http404
    return done(request, "job", "", job.pk)


@page("draws.view", methods=("GET", "POST"), task=DrawTask)
def task(request: HttpRequest, task: DrawTask) -> HttpResponse:
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
def draw_file(request: HttpRequest, draw: Draw, name: str) -> HttpResponse:
    """Send one file of a draw."""
    if name not in FILES:
        raise Http404
    return send(draw.folder() / name)
