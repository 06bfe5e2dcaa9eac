"""The plan of a draw: made from the form, changed until it is committed, told in words."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from django.db import transaction
from django.utils import timezone

from zhunsheng.draws.beacons import CHAINS
from zhunsheng.draws.plan import Plan
from zhunsheng.draws.reading import plan_of
from zhunsheng.errors import ZhunshengError
from zhunsheng.translation import worded
from zhunsheng.web.models import Draw, InspectionItem, Organisation, User
from zhunsheng.web.services.conditions import frame_past, known_later
from zhunsheng.web.workflow import check, note
from zhunsheng.wording import number

CLASSES = ("A", "B", "C", "D")
CHAIN_NAMES = tuple(CHAINS)


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


def form_of(draw: Draw) -> dict[str, object]:
    """Return a plan as the values of the form it came from."""
    plan = Plan.model_validate(draw.plan)
    form: dict[str, object] = {
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


def rules(draw: Draw) -> list[str]:
    """Return the plan's rules as people read them, in order."""
    return [quota.words() for quota in Plan.model_validate(draw.plan).quotas]


def chained(source: Mapping[str, Any]) -> bool:
    """Return whether a source of a plan is a beacon whose rounds each need the signature before."""
    return source["source"] == "drand" and CHAINS[source["chain"]].chained
