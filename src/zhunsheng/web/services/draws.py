"""Double random at work: a plan from the registers, the commitment, two people's entries, the draw,
tasks and results.
"""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Mapping
from datetime import date, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy
from pydantic import ValidationError

from zhunsheng.clock import told
from zhunsheng.draws import lookalikes
from zhunsheng.draws.assignment import Inspector as Registered
from zhunsheng.draws.assignment import districts_of
from zhunsheng.draws.beacons import CHAINS
from zhunsheng.draws.bundle import read_bundle, read_part
from zhunsheng.draws.frame import sizes_in_ledger
from zhunsheng.draws.plan import Plan
from zhunsheng.draws.protocol import commitment_digest, refuse_early, refuse_too_large
from zhunsheng.draws.randomness import canonical_text, entered
from zhunsheng.draws.reading import plan_of, read_plan
from zhunsheng.draws.results import InspectionResult, check_results, overdue, publish_by
from zhunsheng.draws.results import categories as categories
from zhunsheng.draws.slips import ceremony_of, opened, record, record_digest
from zhunsheng.draws.spec import ID
from zhunsheng.draws.staffing import recusals, refuse_unstaffed
from zhunsheng.draws.strata import untouched as untouched
from zhunsheng.draws.verdicts import Verdict, verdict
from zhunsheng.errors import ZhunshengError
from zhunsheng.faults import fault
from zhunsheng.files.opening import decode
from zhunsheng.translation import series, worded
from zhunsheng.usecases.drawing import (
    BUNDLE,
    FrameSource,
    commit_plan,
    entity_names,
    record_slips,
    results_csv,
    run_draw,
    seal_entries,
    slips_of,
    write_notice,
)
from zhunsheng.usecases.progress import Progress, no_progress
from zhunsheng.web.models import Draw, DrawTask, InspectionItem, Inspector, Organisation, User
from zhunsheng.web.services import commitments, stamps
from zhunsheng.web.services.conditions import frame_past, known_later
from zhunsheng.web.services.evidence import store
from zhunsheng.web.services.uploads import take
from zhunsheng.web.workflow import advance, check, note
from zhunsheng.wording import number

CLASSES = ("A", "B", "C", "D")
CHAIN_NAMES = tuple(CHAINS)


COLUMNS = {
    "编号": "number",
    "姓名": "name",
    "有执法证": "certified",
    "辖区": "districts",
    "可查事项": "items",
    "回避对象": "recuse",
}


UNNUMBERED = gettext_lazy("检查人员编号应由字母和数字组成，至多 22 个")


def numbered(number: str) -> bool:
    """Return whether a text can be an inspector's number."""
    return bool(ID.fullmatch(number)) and number.isalnum()


def keep_item(department: Organisation, code: str, name: str, basis: str) -> InspectionItem:
    """Keep an entry of the item list, in use again where it was ended."""
    kept, _made = InspectionItem.objects.update_or_create(
        department=department, code=code, defaults={"name": name, "basis": basis, "active": True}
    )
    return kept


def _numbers(department: Organisation) -> dict[str, str]:
    """Return what the numbers in a register look like -> the number."""
    numbers = Inspector.objects.filter(department=department).values_list("number", flat=True)
    return {lookalikes.of_id(number): number for number in numbers}


def keep_inspector(
    department: Organisation, said: Mapping[str, str], known: dict[str, str] | None = None
) -> Inspector:
    """Keep an entry of the register of inspectors; ``known`` are its ``_numbers``, which the new one joins.

    Raises ``ZS-WB-06`` for a number that is none, ``ZS-DR-25`` for one that looks like another's.
    """
    number = said.get("number", "").strip()
    if not numbered(number):
        raise ZhunshengError("ZS-WB-06", detail=str(UNNUMBERED))
    other = (_numbers(department) if known is None else known).setdefault(lookalikes.of_id(number), number)
    if other != number and not Inspector.objects.filter(department=department, number=number).exists():
        raise ZhunshengError(
            "ZS-DR-25", detail=gettext("%(new)s 与已有的 %(old)s") % {"new": number, "old": other}
        )
    if len(said.get("name", "").strip()) > 60:
        raise ZhunshengError(
            "ZS-WB-06", detail=gettext("“%(label)s”超过 %(most)s 字") % {"label": gettext("姓名"), "most": 60}
        )

    def listed(name: str) -> list[str]:
        return [
            p.strip()
            for p in said.get(name, "").replace("，", "、").replace(",", "、").split("、")
            if p.strip()
        ]

    values = {
        "name": said.get("name", "").strip(),
        "certified": said.get("certified", "").strip() in ("是", "on", "1", "true"),
        "districts": listed("districts"),
        "items": listed("items"),
        "recuse": listed("recuse"),
        "active": True,
    }
    kept, _made = Inspector.objects.update_or_create(department=department, number=number, defaults=values)
    return kept


def take_inspectors(file: UploadedFile[bytes] | None, department: Organisation, user: User) -> int:
    """Keep every row of a csv of inspectors; all or none.

    Raises as ``uploads.take``, ``ZS-WB-06`` and ``ZS-DR-25`` naming the row, ``ZS-EV-07``.
    """
    upload = take(file, "ledger", department, user, limit=5 * 2**20)
    rows = list(csv.DictReader(io.StringIO(decode(upload.content(), upload.name))))
    known = _numbers(department)
    with transaction.atomic():
        for n, row in enumerate(rows, start=2):
            said = {COLUMNS[k.strip()]: v or "" for k, v in row.items() if k and k.strip() in COLUMNS}
            try:
                keep_inspector(department, said, known)
            except ZhunshengError as error:
                why = {"file": upload.name, "n": n, "why": error.params.get("detail", "")}
                detail = gettext("%(file)s 第 %(n)s 行：%(why)s") % why
                if error.code == "ZS-DR-25":
                    raise ZhunshengError("ZS-DR-25", detail=detail) from None
                raise ZhunshengError("ZS-WB-06", detail=detail) from None
    return len(rows)


def turn(entry: InspectionItem | Inspector) -> None:
    """End the use of an entry of a register, or begin it again."""
    entry.active = not entry.active
    entry.save()


def plan_from_form(department: Organisation, form: dict[str, Any]) -> dict[str, Any]:
    """Return a plan as data from the fields of the form. Raises ``ZS-DR-01`` naming what is wrong."""
    items = InspectionItem.objects.filter(department=department, active=True, code__in=form["items"])
    sources: list[dict[str, Any]] = []
    if form.get("lottery_name"):
        sources.append({"source": "lottery", "name": form["lottery_name"], "issue": form["lottery_issue"]})
    if form.get("speakers"):
        speakers = [s.strip() for s in form["speakers"].replace("，", "、").split("、") if s.strip()]
        sources.append(
            {"source": "ceremony", "speakers": speakers} | ({"sealed": True} if form.get("sealed") else {})
        )
    if form.get("drand_round") or form.get("drand_chain"):
        sources.append(
            {
                "source": "drand",
                "chain": form.get("drand_chain") or "quicknet",
                "round": form.get("drand_round"),
            }
        )
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
    if form.get("lead"):
        plan["lead"] = form["lead"]
    if form.get("ends_on"):
        plan["ends_on"] = form["ends_on"].isoformat()
    return plan_of(plan).as_json()


def make_plan(department: Organisation, form: dict[str, Any], user: User) -> Draw:
    """Keep a new draw's plan. Raises ``ZS-DR-01``, ``ZS-WB-06`` for a code that is taken,
    ``ZS-WB-12`` for a time past, ``ZS-WB-58`` for a frame of a day to come.
    """
    if Draw.objects.filter(department=department, code=form["code"]).exists():
        raise ZhunshengError("ZS-WB-06", detail=worded("编号 {code} 已用过", code=form["code"]))
    plan = plan_from_form(department, form)
    known_later(form["known_at"])
    frame_past(form["frame_on"])
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


def change_plan(draw: Draw, form: dict[str, Any], user: User, seen: str | None = None) -> Draw:
    """Change a plan that is not committed yet; its code stays.

    Raises ``PermissionDenied``, ``ZS-WB-10`` where it was changed meanwhile, ``ZS-WB-01`` once committed,
    ``ZS-DR-01``, ``ZS-WB-12``, ``ZS-WB-58``.
    """
    with transaction.atomic():
        now = Draw.objects.select_for_update().get(pk=draw.pk)
        check(user, now, "draws.plan", seen)
        now.plan = plan_from_form(now.department, {**form, "code": now.code})
        known_later(form["known_at"])
        frame_past(form["frame_on"])
        now.title, now.frame_on, now.ends_on = form["title"], form["frame_on"], form.get("ends_on")
        now.save()
        note(user, now, "draws.plan", now.state, now.state, seen=seen)
    return now


def form_of(draw: Draw) -> dict[str, Any]:
    """Return a plan as the values of the form it came from."""
    plan = Plan.model_validate(draw.plan)
    form: dict[str, Any] = {
        "code": draw.code,
        "title": draw.title,
        "rule": plan.rule,
        "items": [i.code for i in plan.items],
        "frame_on": draw.frame_on,
        "known_at": timezone.localtime(plan.known_at),
        "lead": plan.lead,
        "ends_on": draw.ends_on,
        "per_object": plan.staffing.per_object,
        "reserve": number(Fraction(str(plan.reserve)) * 100, 7),
    }
    for source in draw.plan["randomness"]:
        if source["source"] == "lottery":
            form |= {"lottery_name": source["name"], "lottery_issue": source["issue"]}
        elif source["source"] == "ceremony":
            form |= {"speakers": "、".join(source["speakers"]), "sealed": source.get("sealed", False)}
        elif source["source"] == "drand":
            form |= {"drand_chain": source["chain"], "drand_round": source["round"]}
    for quota in draw.plan["quotas"]:
        letter = quota.get("match", {}).get("credit_class")
        if letter and quota.get("ratio"):
            form |= {
                f"ratio_{letter}": number(Fraction(quota["ratio"]) * 100, 7),
                f"floor_{letter}": quota.get("floor", 0),
            }
    return form


def commit(draw: Draw, user: User, progress: Progress = no_progress, seen: str | None = None) -> Draw:
    """Fix plan, frame and register by publishing their digests: they stand in the public log with the step
    itself.

    Raises ``PermissionDenied``, ``ZS-WB-10`` for a plan that is not the one on the screen,
    ``ZS-WB-12`` where the numbers are known, ``ZS-WB-58`` for a frame of a day to come,
    ``ZS-WB-48`` for personal data in the plan, ``ZS-DR-*``, ``ZS-EV-04``.
    """
    check(user, draw, "draws.commit", seen)
    known_later(datetime.fromisoformat(draw.plan["known_at"]))
    frame_past(draw.frame_on)
    commitments.refuse_personal(draw)
    folder = draw.folder()
    # A draw that is only planned has no files: what lies here is of another whose number was given again (a
    # restored site).
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    people = _registered(draw.department)
    progress(worded("生成名录库与承诺"), 0, 1)
    committed, digest = commit_plan(
        Plan.model_validate(draw.plan),
        people,
        folder,
        FrameSource(evidence=store().root, on=draw.frame_on, department=draw.department.code),
        bundled=True,
    )

    def fixed(now: Draw) -> None:
        now.digest, now.frame_count = digest, committed["frame"]["count"]

    # Fixed and public are one: nothing is committed to that does not stand in the public log.
    with transaction.atomic():
        advance(user, draw, "draws.commit", seen=seen, change=fixed)
        commitments.append(draw, "commit")
    return draw


def _registered(department: Organisation) -> list[Registered]:
    """Return the inspectors in use as the protocol knows them. Raises ``ZS-DR-01`` for an entry that can't be
    one.
    """
    found = []
    for i in Inspector.objects.filter(department=department, active=True):
        try:
            found.append(
                Registered(
                    id=i.number,
                    certified=i.certified,
                    districts=tuple(i.districts),
                    items=tuple(i.items),
                    recuse=tuple(i.recuse),
                )
            )
        except ValidationError as error:
            raise ZhunshengError(
                "ZS-DR-01",
                detail=worded("检查人员 {number} {error}", number=i.number[:40], error=fault(error)),
            ) from None
    return found


def foreseen(draw: Draw) -> tuple[list[dict[str, Any]], ZhunshengError | None]:
    """Return each stratum as a commitment made now would have it, or why none can be made;
    nothing once committed.
    """
    if draw.state != "planned":
        return [], None
    plan = Plan.model_validate(draw.plan)
    try:
        frame_past(draw.frame_on)
        people = _registered(draw.department)
        sizes, recused = sizes_in_ledger(
            store().snapshot(), plan, draw.frame_on, draw.department.code, [*recusals(people)]
        )
        plan.check_rules(sizes)
        commitments.refuse_personal(draw)
        lookalikes.refuse_sources(plan)
        lookalikes.refuse_words(plan)
        lookalikes.refuse_inspectors(people, districts_of(plan, sizes))
        strata = plan.allot(sizes)
        refuse_too_large(plan, strata)
        refuse_unstaffed(plan, strata, people, recused)
    except ZhunshengError as error:
        return [], error
    return plan.allotted(strata), None


def allotted(draw: Draw) -> list[dict[str, Any]]:
    """Return each stratum of the commitment with its size, rule and number to draw;
    none before the commitment.
    """
    committed = draw.folder() / "commitment.json"
    if draw.state == "planned" or not committed.is_file():
        return []
    strata = json.loads(committed.read_text("utf8"))["strata"]
    return Plan.model_validate(draw.plan).allotted(strata)


def rules(draw: Draw) -> list[str]:
    """Return the plan's rules as people read them, in order."""
    return [quota.words() for quota in Plan.model_validate(draw.plan).quotas]


def chained(source: Mapping[str, Any]) -> bool:
    """Return whether a source of a plan is a beacon whose rounds each need the signature before."""
    return source["source"] == "drand" and CHAINS[source["chain"]].chained


def seals(draw: Draw) -> bool:
    """Return whether slips of a ceremony are to be recorded before numbers are entered."""
    sealed = ceremony_of(Plan.model_validate(draw.plan)) is not None
    return draw.state == "committed" and sealed and slips_of(draw.folder()) is None


def seal_slips(
    draw: Draw, user: User, slips: list[str], seen: str | None = None
) -> tuple[str, ZhunshengError | None]:
    """Take one person's entry of the digests of a ceremony's slips; the second, by another person,
    records them for good.

    Returns the digest to show to all, "" while there is one entry only, and where the two differ
    ``ZS-WB-59``: the first is then taken back and nothing recorded. Raises ``PermissionDenied``,
    ``ZS-WB-10``, ``ZS-DR-37``, ``ZS-DR-39``, ``ZS-WB-06`` for the same person twice.
    """
    check(user, draw, "draws.slips", seen)
    with transaction.atomic():
        now = Draw.objects.select_for_update().get(pk=draw.pk)
        if now.state != "committed":
            raise ZhunshengError("ZS-WB-01", title=str(now), state=now.get_state_display())
        at = timezone.now()
        if (kept := slips_of(now.folder())) is not None:
            raise ZhunshengError("ZS-DR-37", sealed_at=told(kept["sealed_at"]))
        record(
            Plan.model_validate(now.plan), slips, at
        )  # what can't be is said at once, not when the second comes
        first = now.first_entry
        if first is None:
            now.first_entry, now.first_by = {"by": user.get_username(), "slips": slips}, user
            now.save()
            note(user, now, "draws.slips", now.state, now.state, seen=seen)
            return "", None
        if now.first_by_id == user.pk:
            raise ZhunshengError("ZS-WB-06", detail=gettext("封条的摘要须由两个人各自录入"))
        now.first_entry, now.first_by = None, None
        now.save()
        found = ceremony_of(Plan.model_validate(now.plan))
        speakers = found[1].speakers if found else ()
        differ = [who for who, one, two in zip(speakers, first["slips"], slips, strict=True) if one != two]
        if differ:
            note(
                user,
                now,
                "draws.differ",
                now.state,
                now.state,
                gettext("封条的摘要两次录入不一致：%s") % "、".join(differ),
                seen=seen,
            )
            return "", ZhunshengError("ZS-WB-59", who=series(differ))
        _record, shown = record_slips(now.folder(), slips, at)
        note(
            user, now, "draws.seal", now.state, now.state, gettext("登记封条，封存摘要 %s") % shown, seen=seen
        )
    return shown, None


def strength(draw: Draw) -> Verdict:
    """Return how strong a draw's randomness is, by its seed where there is one, else as the
    plan foresees it.
    """
    sealed = draw.folder() / "seed.json"
    values = read_part(sealed)["values"] if sealed.is_file() else None
    return verdict(Plan.model_validate(draw.plan), values)


def sealing(draw: Draw) -> list[str]:
    """Return the speakers of a draw's ceremony whose slips are sealed before they speak,
    none without such a ceremony.
    """
    found: list[str] = next((s["speakers"] for s in draw.plan["randomness"] if s.get("sealed")), [])
    return found


def slips_shown(draw: Draw) -> dict[str, str] | None:
    """Return when a ceremony's slips were recorded and the digest of the record, None without one."""
    kept = slips_of(draw.folder()) if draw.state != "planned" else None
    return {"sealed_at": kept["sealed_at"], "digest": record_digest(kept)} if kept else None


def enter(
    draw: Draw, user: User, values: list[dict[str, Any]], seen: str | None = None
) -> tuple[Draw, ZhunshengError | None]:
    """Take one person's entry of the random numbers; the second, by another person,
    seals the seed if both agree.

    Returns the draw and, where the two entries differ, ``ZS-DR-04``: the first entry is then taken back,
    so that both look again, which an error raised would undo. Raises ``ZS-DR-05`` before the numbers are
    known or for ones that can't be, ``ZS-WB-06`` for the same person twice, ``ZS-DR-35`` and ``ZS-DR-36`` for
    slips that are not recorded or not these.
    """
    check(user, draw, "draws.enter", seen)
    # A number that can't be right is said at once, not when the second person comes.
    plan = Plan.model_validate(draw.plan)
    canonical_text(plan, opened(plan, entered(values), slips_of(draw.folder())))
    refuse_early(plan, timezone.now())
    entry = {"by": user.get_username(), "values": values}
    with transaction.atomic():
        now = Draw.objects.select_for_update().get(pk=draw.pk)
        if now.state == "committed":

            def first(one: Draw) -> None:
                one.first_entry, one.first_by = entry, user

            advance(user, now, "draws.enter", seen=seen, change=first)
            return now, None
        if now.state != "entered":
            raise ZhunshengError("ZS-WB-01", title=str(now), state=now.get_state_display())
        if now.first_by_id == user.pk:
            raise ZhunshengError("ZS-WB-06", detail=worded("两次录入须由两个人完成"))
        assert now.first_entry is not None
        try:
            seal_entries(now.folder(), now.first_entry, entry)
        except ZhunshengError as error:
            failure: ZhunshengError | None = error

            def taken_back(one: Draw) -> None:
                one.first_entry, one.first_by = None, None

            advance(
                user, now, "draws.differ", worded("两次录入不一致或不成立，须各自重录"), change=taken_back
            )
        else:
            failure = None

            def second(one: Draw) -> None:
                one.second_by = user

            advance(user, now, "draws.enter", seen=seen, change=second, to="sealed")
    return now, failure


def perform(draw: Draw, user: User, progress: Progress = no_progress, seen: str | None = None) -> Draw:
    """Draw, assign, write bundle, notice and tasks, and keep a task for every object drawn.

    Raises ``PermissionDenied``, ``ZS-WB-10``, ``ZS-DR-*``.
    """
    check(user, draw, "draws.draw", seen)
    progress(worded("抽取与分派"), 0, 2)
    outcome = run_draw(draw.folder(), store().root)
    drawn = [d for d in outcome.drawn if not d.reserve]
    names = entity_names(store().root, [d.id for d in drawn])
    progress(worded("生成任务"), 1, 2)
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

        def counted(now: Draw) -> None:
            now.drawn_count = len(drawn)

        advance(user, draw, "draws.draw", seen=seen, change=counted)
    # Once more, with the times of the record, which has the draw's own step now;
    # what no lock may wait for comes after it.
    happened = [(e.at, _told(e)) for e in commitments.happened(draw)]
    write_notice(outcome, draw.folder(), happened, stamps.words_for(draw))
    return draw


def _told(event: commitments.Event) -> str:
    """Return what happened as a notice has it."""
    numbered = worded("，公开记录第 {number} 号", number=event.number) if event.number else ""
    return event.what + numbered + (f"（{event.reason}）" if event.reason else "")


def keep_result(
    task: DrawTask,
    user: User,
    inspected_on: date | None,
    result: str,
    text: str,
    published_on: date | None,
    *,
    seen: str | None = None,
) -> DrawTask:
    """Keep what an inspection came to: when it was and what was found; ``seen`` is what the page carried.

    Raises ``ZS-DR-09`` for a category that is not official, for dates out of order,
    before the register was taken or in the future, and where either is missing;
    ``ZS-WB-10`` where someone kept another result meanwhile.
    """
    if seen is not None and seen != task.seen_digest():
        raise ZhunshengError("ZS-WB-10", title=str(task))
    check_results(
        [InspectionResult(task.entity, tuple(task.team), result or None, inspected_on, published_on)],
        {task.entity: task.team},
    )
    if result and not inspected_on:
        raise ZhunshengError("ZS-DR-09", detail=worded("{entity} 有结果而没有检查日期", entity=task.entity))
    if not result or not inspected_on:
        raise ZhunshengError(
            "ZS-DR-09", detail=worded("{entity} 没有填检查日期和检查结果", entity=task.entity)
        )
    today = timezone.localdate()
    for words, day in ((worded("检查日期"), inspected_on), (worded("公示日期"), published_on)):
        if day and day > today:
            raise ZhunshengError(
                "ZS-DR-09",
                detail=worded("{entity} 的{words} {day} 晚于今天", entity=task.entity, words=words, day=day),
            )
        if day and day < task.draw.frame_on:
            detail = worded(
                "{entity} 的{words} {day} 早于名录库的日期 {frame_on}，那时还没有抽取",
                entity=task.entity,
                words=words,
                day=day,
                frame_on=task.draw.frame_on,
            )
            raise ZhunshengError("ZS-DR-09", detail=detail)
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
    results = [
        InspectionResult(t.entity, tuple(t.team), t.result or None, t.inspected_on, t.published_on)
        for t in tasks
    ]
    return overdue(results, {t.entity: t.team for t in tasks}, draw.ends_on, today)


def ledger_file(draw: Draw) -> bytes:
    """Return the results as a csv of the inspections ledger, to be imported as evidence.
    Raises ``ZS-WB-06`` without any.
    """
    done = draw.tasks.exclude(inspected_on=None)
    if not done:
        raise ZhunshengError("ZS-WB-06", detail=worded("还没有检查结果"))
    results = [
        InspectionResult(t.entity, tuple(t.team), t.result or None, t.inspected_on, t.published_on)
        for t in done
    ]
    return results_csv(proof_of(draw), results).encode("utf-8-sig")


def proof_of(draw: Draw) -> dict[str, Any]:
    """Return the parts of a draw's bundle. Raises ``ZS-IN-01``, ``ZS-DR-07``."""
    return read_bundle(draw.folder() / BUNDLE)


def adopt(draw: Draw, source: Path, user: User) -> Draw:
    """Take over a draw made by the command line: its folder is copied, its tasks are made,
    its state follows.
    """
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

    def fixed(now: Draw) -> None:
        now.digest, now.frame_count = (
            commitment_digest(parts["commitment.json"]),
            parts["commitment.json"]["frame"]["count"],
        )
        now.drawn_count = len(drawn)

    with transaction.atomic():
        advance(user, draw, "draws.adopt", worded("由命令行完成抽取，整包接收"), change=fixed)
        commitments.append(draw, "late", worded("由命令行完成抽取后接收，承诺事先没有在本站公布"))
    return draw


def publication_deadline(draw: Draw) -> date | None:
    """Return the last day to publish the results (国市监信〔2019〕38号), None without an end of the task."""
    return publish_by(draw.ends_on) if draw.ends_on else None
