"""Recompute the test vectors of the draw's specification, ours or those that another implementation wrote."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from zhunsheng.draws.assignment import RegisteredInspector
from zhunsheng.draws.drawing import draw
from zhunsheng.draws.frame import open_database
from zhunsheng.draws.frame_making import frame_from_file
from zhunsheng.draws.own_proof import read_proof
from zhunsheng.draws.plan import Plan
from zhunsheng.draws.protocol import ASSIGN
from zhunsheng.draws.randomness import canonical_text
from zhunsheng.draws.spec import canonical, digest, frame_line, head, seed_of, ticket
from zhunsheng.draws.verdicts import verdict
from zhunsheng.draws.verification import Check
from zhunsheng.errors import ZhunshengError
from zhunsheng.faults import written
from zhunsheng.files.scratch import scratch_folder
from zhunsheng.translation import worded


def run_vectors(path: Path) -> list[Check]:
    """Recompute a file of test vectors (docs/draw-vectors.json), also one that
    another implementation wrote.
    """
    try:
        # As JSON: other programs may write signs beyond U+FFFF as two escapes, which YAML reads as two
        # halves.
        said = json.loads(written(path))
    except (ValueError, RecursionError):
        raise ZhunshengError("ZS-DR-08", name=path.name, detail=worded("不是 JSON")) from None
    try:
        plan = Plan.model_validate(said["plan"])
        people = TypeAdapter(list[RegisteredInspector]).validate_python(said["inspectors"])
        with scratch_folder() as scratch:
            published = scratch / "frame.tsv"
            text = "".join(f"{entity}\t{stratum}\n" for entity, stratum in said["frame"])
            published.write_text(text, "utf8", newline="")
            frame = frame_from_file(published, plan, open_database(), published=True)
            published.write_text(head(said["salted"]["key"]).decode() + text, "utf8", newline="")
            salted = frame_from_file(published, plan, open_database(), published=True)
            proofs = salted.proofs(list(said["salted"]["proofs"]))
            own = read_proof(said["salted"]["own"].encode(), path.name)
        text = canonical_text(plan, said["values"])
        seed = seed_of(said["commitment"], text)
        drawn = draw(frame.engine(), seed, plan.allot(frame.sizes))
        objects = [(d.ticket, d.id, d.stratum) for d in drawn if not d.reserve]
        teams = ASSIGN[said["version"]](plan, objects, people, seed)
        assigned = [
            (f"人员分派（{one['name']}）", _assigned(one), _said_of(one))
            for one in said.get("assignments", [])
        ]
        sources = [_source_vector(one) for one in said.get("sources", [])]
        plans = [_plan_vector(one) for one in said.get("plans", [])]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ZhunshengError("ZS-DR-08", name=path.name, detail=str(error).splitlines()[0]) from None
    pairs = [
        ("名录库摘要", frame.digest, said["frame_digest"]),
        ("名录库树根", frame.root, said["frame_root"]),
        ("加盐的名录库摘要", salted.digest, said["salted"]["frame_digest"]),
        ("加盐的名录库树根", salted.root, said["salted"]["frame_root"]),
        ("在册证明", proofs, said["salted"]["proofs"]),
        (
            "单个对象的在册证明",
            (own.root(), dict(salted.lines())[own.id]),
            (said["salted"]["frame_root"], own.stratum),
        ),
        ("各层配额", plan.allot(frame.sizes), said["strata"]),
        ("随机数", text, said["randomness"]),
        ("种子", seed, said["seed"]),
        ("抽中名单", [d.__dict__ for d in drawn], said["drawn"]),
        (
            "人员分派",
            {k: list(v) for k, v in teams.items()},
            {a["id"]: a["inspectors"] for a in said["assignment"]},
        ),
        *sources,
        *assigned,
        *plans,
    ]
    return [Check("vectors", title, a == b, "相同" if a == b else "不同") for title, a, b in pairs]


def _assigned(case: Mapping[str, Any]) -> dict[str, Any]:
    """Return what one of the vectors' assignments comes to: teams by object, or how many can't be staffed."""
    objects = [(ticket(case["seed"], entity), entity, stratum) for entity, stratum in case["objects"]]
    people = TypeAdapter(list[RegisteredInspector]).validate_python(case["inspectors"])
    try:
        teams = ASSIGN[case["version"]](Plan.model_validate(case["plan"]), objects, people, case["seed"])
    except ZhunshengError as error:
        # A number that is one at least is for the message; how near it comes is not of the protocol.
        return {"refused": error.code} | ({"count": error.params["count"]} if "count" in case else {})
    return {entity: list(team) for entity, team in teams.items()}


def _said_of(case: Mapping[str, Any]) -> dict[str, Any]:
    if "refused" in case:
        return {key: case[key] for key in ("refused", "count") if key in case}
    return {one["id"]: one["inspectors"] for one in case["assignment"]}


def _source_vector(said: dict[str, Any]) -> tuple[str, Any, Any]:
    """Return the title of a vector of randomness, what it comes to here, and what it says."""
    plan = Plan.model_validate(said["plan"])
    here = (plan.digest, canonical_text(plan, said["values"]), verdict(plan, said["values"]).strength)
    return f"随机数的来源：{said['name']}", here, (said["plan_digest"], said["randomness"], said["strength"])


def _plan_vector(said: dict[str, Any]) -> tuple[str, Any, Any]:
    """Return the title of a vector of a plan, what frame, quotas and draw come to here, and what it says.

    ``sizes`` counts the ids C000001, C000002, … on from stratum to stratum.
    """
    plan, number, lines = Plan.model_validate(said["plan"]), itertools.count(1), []
    for stratum, size in said["sizes"]:
        lines += [frame_line(f"C{next(number):06d}", stratum) + b"\n" for _ in range(size)]
    with scratch_folder() as scratch:
        published = scratch / "frame.tsv"
        published.write_bytes(head(said["key"]) + b"".join(lines))
        frame = frame_from_file(published, plan, open_database(), published=True)
    strata = plan.allot(frame.sizes)
    drawn = [one.__dict__ for one in draw(frame.engine(), said["seed"], strata)]
    here = {
        "plan_digest": plan.digest,
        "strata": strata,
        "frame_digest": frame.digest,
        "frame_root": frame.root,
        "drawn": len(drawn),
        "drawn_digest": digest(canonical(drawn)),
    }
    return f"方案 {plan.id}", here, {name: said[name] for name in here}
