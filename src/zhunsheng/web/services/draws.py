"""Double random at work: a plan from the registers, the commitment, two people's entries, the draw, tasks and results."""

from __future__ import annotations

import json
import shutil
import tempfile
from datetime import date, datetime
from pathlib import Path
from typing import Any

import yaml
from django.db import transaction
from django.utils import timezone
from pydantic import ValidationError

from zhunsheng.draws.plan import Plan
from zhunsheng.draws.protocol import read_bundle
from zhunsheng.draws.randomness import canonical_text
from zhunsheng.draws.results import Result, check_results, overdue, publish_by
from zhunsheng.errors import ZhunshengError
from zhunsheng.web.models import Draw, DrawTask, InspectionItem, Inspector, Organisation, User
from zhunsheng.web.services.year import store
from zhunsheng.web.workflow import note
from zhunsheng.workspace import Progress, no_progress
from zhunsheng.workspace.draws import commit_draw, entity_names, read_plan, results_to_ledger, run_draw, seal_draw

CLASSES = ("A", "B", "C", "D")


def plan_from_form(department: Organisation, form: dict[str, Any]) -> dict[str, Any]:
    """Return a plan as data from the fields of the form. Raises ``ZS-DR-01`` naming what is wrong."""
    items = InspectionItem.objects.filter(department=department, active=True, code__in=form["items"])
    sources: list[dict[str, Any]] = []
    if form.get("lottery_name"):
        sources.append({"source": "lottery", "name": form["lottery_name"], "issue": form["lottery_issue"]})
    if form.get("speakers"):
        speakers = [s.strip() for s in form["speakers"].replace("，", "、").split("、") if s.strip()]
        sources.append({"source": "ceremony", "speakers": speakers})
    if form.get("drand_round"):
        sources.append({"source": "drand", "chain": "quicknet", "round": int(form["drand_round"])})
    if not sources:
        sources.append({"source": "office"})
    quotas: list[dict[str, Any]] = []
    for letter in CLASSES:
        percent = form.get(f"ratio_{letter}")
        if percent not in (None, ""):
            quota = {
                "match": {"credit_class": letter},
                "ratio": f"{percent / 100:f}",
                "floor": int(form.get(f"floor_{letter}") or 0),
            }
            quotas.append(quota)
    plan = {
        "format": "zhunsheng.draw-plan/1",
        "id": form["code"],
        "title": form["title"],
        "office": department.name,
        "rule": form["rule"],
        "items": [{"code": i.code, "name": i.name} for i in items],
        "strata": ["district", "credit_class"],
        "quotas": quotas,
        "reserve": f"{(form.get('reserve') or 0) / 100:f}",
        "staffing": {"per_object": int(form.get("per_object") or 2), "certified": 1},
        "randomness": sources,
        "known_at": form["known_at"].isoformat(),
    }
    if form.get("ends_on"):
        plan["ends_on"] = form["ends_on"].isoformat()
    try:
        return Plan.model_validate(plan).as_json()
    except ValidationError as error:
        first = error.errors()[0]
        raise ZhunshengError("ZS-DR-01", detail=f"{'.'.join(map(str, first['loc']))} {first['msg']}".strip()) from None


def make_plan(department: Organisation, form: dict[str, Any], user: User) -> Draw:
    """Keep a new draw's plan. Raises ``ZS-DR-01``, ``ZS-WB-06`` for a code that is taken."""
    if Draw.objects.filter(department=department, code=form["code"]).exists():
        raise ZhunshengError("ZS-WB-06", detail=f"编号 {form['code']} 已用过")
    plan = plan_from_form(department, form)
    with transaction.atomic():
        draw = Draw.objects.create(
            department=department,
            code=form["code"],
            title=form["title"],
            plan=plan,
            frame_on=form["frame_on"],
            ends_on=form.get("ends_on"),
            created_by=user,
        )
        note(user, draw, "draws.plan", after="planned")
    return draw


def commit(draw: Draw, user: User | None, progress: Progress = no_progress) -> Draw:
    """Fix plan, frame and register by publishing their digests. Raises ``ZS-DR-*``, ``ZS-EV-04``."""
    folder = draw.folder()
    folder.mkdir(parents=True, exist_ok=True)
    people = [
        {"id": i.number, "certified": i.certified, "districts": i.districts, "items": i.items, "recuse": i.recuse}
        for i in Inspector.objects.filter(department=draw.department, active=True)
    ]
    _write(folder / "方案.yaml", draw.plan)
    _write(folder / "检查人员.yaml", people)
    progress("生成名录库与承诺", 0, 1)
    committed, digest = commit_draw(
        folder / "方案.yaml",
        folder / "检查人员.yaml",
        folder,
        evidence=store().root,
        on=draw.frame_on,
        department=draw.department.name,
    )
    with transaction.atomic():
        draw.state, draw.digest, draw.frame_count = "committed", digest, committed["frame"]["count"]
        draw.save()
        if user is not None:
            note(user, draw, "draws.commit", "planned", "committed")
    return draw


def allotted(draw: Draw) -> list[dict[str, Any]]:
    """Return each stratum of the commitment with its size, rule and number to draw; none before the commitment."""
    committed = draw.folder() / "commitment.json"
    if draw.state == "planned" or not committed.is_file():
        return []
    strata = json.loads(committed.read_text("utf8"))["strata"]
    return read_plan(draw.folder() / "plan.json").allotted(strata)


def enter(draw: Draw, user: User, values: list[dict[str, Any]]) -> tuple[Draw, ZhunshengError | None]:
    """Take one person's entry of the random numbers; the second, by another person, seals the seed if both agree.

    Returns the draw and, where the two entries differ, ``ZS-DR-04``: the first entry is then taken back, so that both look
    again, which an error raised would undo. Raises ``ZS-DR-05`` before the numbers are known or for ones that can't be,
    ``ZS-WB-06`` for the same person twice.
    """
    # A number that can't be right is said at once, not when the second person comes.
    canonical_text(read_plan(draw.folder() / "plan.json"), values)
    known_at = datetime.fromisoformat(draw.plan["known_at"])
    if timezone.now() < known_at:
        raise ZhunshengError("ZS-DR-05", detail=f"随机数要到 {timezone.localtime(known_at):%Y-%m-%d %H:%M:%S} 才公布")
    entry = {"by": user.get_username(), "values": values}
    with transaction.atomic():
        now = Draw.objects.select_for_update().get(pk=draw.pk)
        if now.state == "committed":
            now.first_entry, now.first_by, now.state = entry, user, "entered"
            now.save()
            note(user, now, "draws.enter", "committed", "entered")
            return now, None
        if now.state != "entered":
            raise ZhunshengError("ZS-WB-01", title=str(now), state=now.get_state_display())
        if now.first_by_id == user.pk:
            raise ZhunshengError("ZS-WB-06", detail="两次录入须由两个人完成")
        folder = now.folder()
        _write(folder / "录入一.yaml", now.first_entry)
        _write(folder / "录入二.yaml", entry)
        try:
            seal_draw(folder, folder / "录入一.yaml", folder / "录入二.yaml")
        except ZhunshengError as error:
            failure: ZhunshengError | None = error
            now.state, now.first_entry, now.first_by = "committed", None, None
            now.save()
            note(user, now, "draws.enter", "entered", "committed", "两次录入不一致或不成立")
        else:
            failure = None
            now.second_by, now.state = user, "sealed"
            now.save()
            note(user, now, "draws.enter", "entered", "sealed")
    return now, failure


def perform(draw: Draw, user: User | None, progress: Progress = no_progress) -> Draw:
    """Draw, assign, write bundle, notice and tasks, and keep a task for every object drawn. Raises ``ZS-DR-*``."""
    progress("抽取与分派", 0, 2)
    outcome = run_draw(draw.folder(), store().root)
    drawn = [d for d in outcome.drawn if not d.reserve]
    names = entity_names(store().root, [d.id for d in drawn])
    progress("生成任务", 1, 2)
    with transaction.atomic():
        if not draw.tasks.exists():
            for d in drawn:
                DrawTask.objects.create(
                    draw=draw,
                    entity=d.id,
                    name=names.get(d.id, ""),
                    stratum=d.stratum,
                    rank=d.rank,
                    team=list(outcome.teams[d.id]),
                )
        draw.state, draw.drawn_count = "drawn", len(drawn)
        draw.save()
        if user is not None:
            note(user, draw, "draws.draw", "sealed", "drawn")
    return draw


def keep_result(
    task: DrawTask, user: User, inspected_on: date | None, result: str, text: str, published_on: date | None
) -> DrawTask:
    """Keep what an inspection came to. Raises ``ZS-DR-09`` for a category that is not official or dates out of order."""
    check_results(
        [Result(task.entity, tuple(task.team), result or None, inspected_on, published_on)], {task.entity: task.team}
    )
    if result and not inspected_on:
        raise ZhunshengError("ZS-DR-09", detail=f"{task.entity} 有结果而没有检查日期")
    task.inspected_on, task.result, task.note, task.published_on, task.by = (
        inspected_on,
        result,
        text.strip(),
        published_on,
        user,
    )
    task.save()
    return task


def overdue_tasks(draw: Draw, today: date) -> list[tuple[str, str, date]]:
    """Return (object, what is missing, due date) of a draw's tasks."""
    if draw.ends_on is None:
        return []
    tasks = list(draw.tasks.all())
    results = [Result(t.entity, tuple(t.team), t.result or None, t.inspected_on, t.published_on) for t in tasks]
    return overdue(results, {t.entity: t.team for t in tasks}, draw.ends_on, today)


def ledger_file(draw: Draw) -> bytes:
    """Return the results as a csv of the inspections ledger, to be imported as evidence. Raises ``ZS-WB-06`` without any."""
    done = draw.tasks.exclude(inspected_on=None)
    if not done:
        raise ZhunshengError("ZS-WB-06", detail="还没有检查结果")
    with tempfile.TemporaryDirectory(prefix="zhunsheng-") as scratch:
        results = Path(scratch) / "结果.yaml"
        listed = [
            {
                "id": t.entity,
                "inspectors": t.team,
                "result": t.result or None,
                "inspected_on": t.inspected_on,
                "published_on": t.published_on,
            }
            for t in done
        ]
        _write(results, listed)
        return results_to_ledger(draw.folder() / "抽查包.zip", results, Path(scratch) / "out").read_bytes()


def proof_of(draw: Draw) -> dict[str, Any]:
    """Return the parts of a draw's bundle. Raises ``ZS-IN-01``, ``ZS-DR-07``."""
    return read_bundle(draw.folder() / "抽查包.zip")


def adopt(draw: Draw, source: Any) -> Draw:
    """Take over a draw made by the command line: its folder is copied, its tasks are made."""
    shutil.copytree(source, draw.folder(), dirs_exist_ok=True)
    read_plan(draw.folder() / "plan.json")
    parts = proof_of(draw)
    teams = {a["id"]: a["inspectors"] for a in parts["assignment.json"]}
    drawn = [d for d in parts["drawn.json"] if not d["reserve"]]
    names = entity_names(store().root, [d["id"] for d in drawn])
    for d in drawn:
        DrawTask.objects.create(
            draw=draw,
            entity=d["id"],
            name=names.get(d["id"], ""),
            stratum=d["stratum"],
            rank=d["rank"],
            team=teams[d["id"]],
        )
    return draw


def publication_deadline(draw: Draw) -> date | None:
    """Return the last day to publish the results (国市监信〔2019〕38号), None without an end of the task."""
    return publish_by(draw.ends_on) if draw.ends_on else None


def _write(path: Any, data: Any) -> None:
    path.write_text(yaml.safe_dump(data, allow_unicode=True, sort_keys=False), "utf8")
