"""Whether a bundle's files agree with one another, before anything is computed of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError

from zhunsheng.draws.assignment import RegisteredInspector, register_json
from zhunsheng.draws.bundle_rules import MAX_MATCHES
from zhunsheng.draws.plan import Plan
from zhunsheng.draws.spec import STRATUM_JOIN, UNSALTED, version_of
from zhunsheng.faults import fault
from zhunsheng.translation import worded


def contradicted(parts: Mapping[str, Any]) -> str:
    """Return where a bundle's parts contradict themselves or one another in form, empty where they don't."""
    try:
        plan = Plan.model_validate(parts["plan.json"])
        people = TypeAdapter(list[RegisteredInspector]).validate_python(parts["inspectors.json"])
    except ValidationError as error:
        return worded("plan.json 或 inspectors.json {error}", error=fault(error))
    return (
        _of_versions(parts, plan) or _repeated(parts) or _unordered(parts, people) or _of_strata(parts, plan)
    )


def _of_versions(parts: Mapping[str, Any], plan: Plan) -> str:
    """Return where versions, the draw's number or moments of the parts contradict one another."""
    try:
        datetime.fromisoformat(parts["commitment.json"]["committed_at"])
    except ValueError:
        return worded("commitment.json 的 committed_at 不是日历上有的时刻")
    if parts["seed.json"]["format"] != f"{version_of(parts['commitment.json'])}/seed":
        return worded("seed.json 与 commitment.json 的版本（format）不同")
    kind = list if version_of(parts["commitment.json"]) == UNSALTED else dict
    if not all(type(proof) is kind for proof in parts["proofs.json"].values()):
        return worded("proofs.json 的写法不是 commitment.json 的版本的")
    if parts["commitment.json"]["draw"] != plan.id:
        return worded("commitment.json 的 draw 不是 plan.json 的编号")
    try:
        for value in parts["seed.json"]["values"]:
            datetime.fromisoformat(value.get("sealed_at", parts["commitment.json"]["committed_at"]))
    except ValueError:
        return worded("seed.json 的 sealed_at 不是日历上有的时刻")
    return ""


def _repeated(parts: Mapping[str, Any]) -> str:
    """Return where an id stands twice in a list."""
    for member in ("inspectors.json", "drawn.json", "assignment.json"):
        seen: dict[str, int] = {}
        for n, row in enumerate(parts[member], start=1):
            if seen.setdefault(row["id"], n) != n:
                return worded(
                    "{member} 第 {n} 项与第 {seen} 项都是 {id}",
                    member=member,
                    n=n,
                    seen=seen[row["id"]],
                    id=row["id"],
                )
    return ""


def _unordered(parts: Mapping[str, Any], people: Sequence[RegisteredInspector]) -> str:
    """Return that the register is not written in the order that it is digested in."""
    if register_json(people) != parts["inspectors.json"]:
        return worded("inspectors.json 没有按编号排列，或辖区、事项、回避没有排列")
    return ""


def _of_strata(parts: Mapping[str, Any], plan: Plan) -> str:
    """Return where strata do not fit the plan, or objects not the strata."""
    strata = parts["commitment.json"]["strata"]
    if len(strata) * len(plan.quotas) > MAX_MATCHES:
        return worded(
            "{strata} 层、{quotas} 条配额，相乘超过 {max_matches}",
            strata=len(strata),
            quotas=len(plan.quotas),
            max_matches=MAX_MATCHES,
        )
    for stratum in strata:
        if stratum.count(STRATUM_JOIN) + 1 != len(plan.strata):
            return worded(
                "commitment.json 的“{stratum}”层不是 {strata} 项", stratum=stratum, strata=len(plan.strata)
            )
        if plan.quota(stratum) is None:
            return worded("plan.json 没有给“{stratum}”层配额", stratum=stratum)
    for n, row in enumerate(parts["drawn.json"], start=1):
        if row["stratum"] not in strata:
            return worded(
                "drawn.json 第 {n} 项的“{stratum}”层不在 commitment.json 里", n=n, stratum=row["stratum"]
            )
    return ""
