"""Verify a bundle: recompute everything from it and, where given, the public frame;
say in plain words what holds.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError

from zhunsheng.clock import told
from zhunsheng.draws.assignment import RegisteredInspector, register_digest
from zhunsheng.draws.bundle_rules import MAX_PROOFS
from zhunsheng.draws.drawing import draw
from zhunsheng.draws.frame import Frame, refuse_key
from zhunsheng.draws.plan import Plan
from zhunsheng.draws.protocol import ASSIGN, commitment_digest
from zhunsheng.draws.randomness import canonical_text
from zhunsheng.draws.spec import (
    DIGEST,
    UNSALTED,
    climb,
    frame_line,
    seed_of,
    ticket,
    typed_digest,
    version_of,
)
from zhunsheng.draws.strata import stratum_words
from zhunsheng.draws.verdicts import verdict
from zhunsheng.errors import ZhunshengError
from zhunsheng.faults import fault


@dataclass(frozen=True)
class Check:
    """One thing that was checked: ``holds`` None where it could not be (no frame given)."""

    code: str
    title: str
    holds: bool | None
    says: str


FrameOf = Callable[[Plan], Frame]


def verify(
    parts: dict[str, Any],
    frame_of: FrameOf | None = None,
    expected: str | None = None,
    name: str = "frame.tsv",
) -> list[Check]:
    """Return all checks of a bundle's parts.

    ``frame_of`` reads the public frame, whose file is called ``name``; ``expected`` is the commitment's
    digest as it was published, without which a bundle could have been made whole afterwards.
    """
    try:
        plan = Plan.model_validate(parts["plan.json"])
        people = TypeAdapter(list[RegisteredInspector]).validate_python(parts["inspectors.json"])
    except (ValidationError, ZhunshengError) as error:
        return [
            Check(
                "plan",
                "方案与名录",
                False,
                f"读不出来：{fault(error) if isinstance(error, ValidationError) else str(error)}",
            )
        ]
    steps: list[Callable[[], Check]] = [
        lambda: published_check(parts, expected),
        lambda: _plan(parts, plan),
        lambda: _register(parts, people),
        lambda: _time(parts, plan),
        lambda: _quotas(parts, plan),
        lambda: _randomness(parts, plan),
        lambda: _strength(parts, plan),
        lambda: _seed(parts),
        lambda: _tickets(parts),
        lambda: _order(parts),
        lambda: _proofs(parts),
        lambda: _assignment(parts, plan, people),
    ]
    found = [_safely(step) for step in steps]
    if frame_of is None:
        found.append(Check("frame", "名录库", None, "没有提供名录库，无法核对有没有漏抽"))
        return found
    try:
        frame = frame_of(plan)
    except ZhunshengError as error:
        return [*found, Check("frame", "名录库", False, error.text())]
    return [*found, _safely(lambda: _frame(parts, frame, name)), _safely(lambda: _again(parts, frame))]


def conclusion(found: Sequence[Check]) -> str:
    """Return what all checks of a bundle come to, in a sentence that names what does not hold, or is open."""
    bad, open_ = ([one.title for one in found if one.holds is which] for which in (False, None))
    if bad:
        return f"不成立：{len(bad)} 项不符（{'、'.join(bad)}）"
    return (
        f"所核各项相符，另有 {len(open_)} 项未核（{'、'.join(open_)}），要您自己核对" if open_ else "全部相符"
    )


_FILES = {"plan": "plan.json", "inspectors": "inspectors.json", "quotas": "commitment.json"}


def refuse_altered(
    parts: Mapping[str, Any], plan: Plan, people: Sequence[RegisteredInspector] | None = None
) -> None:
    """Raise ``ZS-DR-61`` naming the file of a draw's folder that is not what was committed, or sealed.

    ``parts``: commitment.json, and seed.json once there is one; ``people``: the register, where it is used.
    What a verifier would find false afterwards is refused before anybody is drawn, or told where they stand.
    """
    given = dict(parts)
    steps: list[Callable[[], Check]] = [lambda: _plan(given, plan), lambda: _quotas(given, plan)]
    if people is not None:
        steps.append(lambda: _register(given, list(people)))
    if "seed.json" in given:
        steps += [lambda: _randomness(given, plan), lambda: _seed(given)]
    for step in steps:
        found = _safely(step)
        if found.holds is False:
            raise ZhunshengError("ZS-DR-61", name=_FILES.get(found.code, "seed.json"), detail=found.says)


def _safely(step: Callable[[], Check]) -> Check:
    """Run a step; a bundle so broken that a step can't read it does not hold."""
    try:
        return step()
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError) as error:
        return Check("form", "文件格式", False, f"内容残缺：{type(error).__name__} {error}")


def published_check(parts: dict[str, Any], expected: str | None) -> Check:
    """Compare a commitment with the digest that was published, where one is given; blanks in it,
    and capitals, don't count.
    """
    ours = commitment_digest(parts["commitment.json"])
    said = typed_digest(expected or "")
    if not said:
        return Check("published", "事先公布的承诺", None, f"承诺摘要 {ours}，请与事先公布的核对")
    if not DIGEST.fullmatch(said):
        return Check("published", "事先公布的承诺", None, f"所填的不是摘要，没有核对；承诺摘要 {ours}")
    unlike = "与事先公布的摘要不同；请确认填的是承诺摘要，不是摘要单上的“本条摘要”"
    return Check(
        "published", "事先公布的承诺", ours == said, "与事先公布的摘要相同" if ours == said else unlike
    )


def _plan(parts: dict[str, Any], plan: Plan) -> Check:
    same = plan.digest == parts["commitment.json"]["plan"]
    return Check("plan", "方案", same, "与承诺的相同" if same else "方案在承诺之后被改动")


def _register(parts: dict[str, Any], people: list[RegisteredInspector]) -> Check:
    said = parts["commitment.json"]["inspectors"]
    same = register_digest(people) == said["digest"] and len(people) == said["count"]
    return Check(
        "inspectors",
        "检查人员名录",
        same,
        f"{len(people)} 人，与承诺的相同" if same else "名录在承诺之后被改动",
    )


def _time(parts: dict[str, Any], plan: Plan) -> Check:
    when = datetime.fromisoformat(parts["commitment.json"]["committed_at"])
    early = when < plan.known_from
    if early and when > plan.commit_by:
        return Check(
            "time",
            "承诺在先",
            False,
            f"按机关自己写的时间，{told(when)} 才承诺，不到方案要求的提前 {plan.lead} 分钟",
        )
    known = told(plan.known_from)
    says = (
        f"{told(when)} 承诺，早于方案写的随机数公布时间 {known}"
        if early
        else f"{told(when)} 才承诺，不早于随机数公布的 {known}"
    )
    return Check("time", "承诺在先", early, f"按机关自己写的时间，{says}")


def _quotas(parts: dict[str, Any], plan: Plan) -> Check:
    said = parts["commitment.json"]["strata"]
    again = plan.allot({s: n["size"] for s, n in said.items()})
    total = sum(n["size"] for n in said.values())
    same = again == said and total == parts["commitment.json"]["frame"]["count"]
    return Check(
        "quotas",
        "各层配额",
        same,
        f"{len(said)} 层，共抽 {sum(n['quota'] for n in again.values())} 户"
        if same
        else "配额与方案算出的不同",
    )


def _randomness(parts: dict[str, Any], plan: Plan) -> Check:
    sealed = parts["seed.json"]
    try:
        text = canonical_text(plan, sealed["values"])
    except ZhunshengError as error:
        return Check("randomness", "随机数", False, error.text())
    if text != sealed["randomness"]:
        return Check("randomness", "随机数", False, "记录的随机数与来源公布的不同")
    if sealed.get("controlled_by_office") is not plan.controlled_by_office:
        return Check("randomness", "随机数", False, "没有如实标明随机数由谁控制")
    two = len(set(sealed["entered_by"])) == 2
    says = (
        "由录入的数值算出，相同；录入人记作两个人，是谁、怎样录入的，只凭机关的记录"
        if two
        else "不是由两个不同的人录入"
    )
    return Check("randomness", "随机数", two, says)


def _strength(parts: dict[str, Any], plan: Plan) -> Check:
    """Say how strong the randomness is: only a beacon's, whose signature the check before has verified,
    is a proof.
    """
    found = verdict(plan, parts["seed.json"]["values"])
    return Check("strength", "随机数的来源", True if found.strength == "proved" else None, found.text())


def _seed(parts: dict[str, Any]) -> Check:
    sealed = parts["seed.json"]
    bound = commitment_digest(parts["commitment.json"])
    if sealed["commitment"] != bound:
        return Check("seed", "种子", False, "种子绑定的是另一份承诺，可能是重复使用的种子")
    same = seed_of(bound, sealed["randomness"]) == sealed["seed"]
    return Check("seed", "种子", same, "由承诺和随机数算出，相同" if same else "与承诺和随机数算出的不同")


def _tickets(parts: dict[str, Any]) -> Check:
    seed = parts["seed.json"]["seed"]
    wrong = [d["id"] for d in parts["drawn.json"] if ticket(seed, d["id"]) != d["ticket"]]
    return Check(
        "tickets",
        "号码",
        not wrong,
        f"{len(parts['drawn.json'])} 个号码逐一算过，相同"
        if not wrong
        else f"号码不对：{'、'.join(wrong[:5])}",
    )


def _order(parts: dict[str, Any]) -> Check:
    drawn, strata = parts["drawn.json"], parts["commitment.json"]["strata"]
    if drawn != sorted(drawn, key=lambda d: (d["stratum"].encode(), d["rank"])):
        return Check("order", "名次", False, "名单的先后被调换")
    if len({d["id"] for d in drawn}) != len(drawn):
        return Check("order", "名次", False, "有对象出现两次")
    by_stratum: dict[str, list[dict[str, Any]]] = {}
    for d in drawn:
        by_stratum.setdefault(d["stratum"], []).append(d)
    for stratum, numbers in strata.items():
        mine = by_stratum.get(stratum, [])
        wanted = numbers["quota"] + numbers["reserve"]
        ranks = len(mine) == wanted and all(d["rank"] == n for n, d in enumerate(mine, start=1))
        rising = all((a["ticket"], a["id"]) < (b["ticket"], b["id"]) for a, b in itertools.pairwise(mine))
        reserves = all(d["reserve"] is (d["rank"] > numbers["quota"]) for d in mine)
        if not (ranks and rising and reserves):
            return Check(
                "order",
                "名次",
                False,
                f"“{stratum_words(parts['plan.json']['strata'], stratum)}”层的数量、名次或号码次序不对",
            )
    last = {d["stratum"]: d["ticket"] for d in drawn if not d["reserve"]}
    if parts["cutoffs.json"] != last:
        return Check("order", "名次", False, "公布的各层末位号码与名单不同")
    if any(d["stratum"] not in strata for d in drawn):
        return Check("order", "名次", False, "有对象不属于任何一层")
    return Check("order", "名次", True, "各层数量与配额相同，按号码从小到大")


def _proofs(parts: dict[str, Any]) -> Check:
    proofs, root = parts["proofs.json"], parts["commitment.json"]["frame"]["root"]
    drawn = parts["drawn.json"]
    if not proofs and len(drawn) > MAX_PROOFS:
        return Check(
            "proofs", "在册证明", None, f"抽中的超过 {MAX_PROOFS} 户，包里没有逐个的在册证明，请用名录库核对"
        )
    if not proofs and drawn:
        return Check("proofs", "在册证明", False, f"抽中 {len(drawn)} 户，包里应有逐个的在册证明，却没有")
    if more := sorted(proofs.keys() - {d["id"] for d in drawn}):
        return Check("proofs", "在册证明", False, f"有没抽中的对象的证明：{'、'.join(more[:5])}")
    salted = version_of(parts["commitment.json"]) != UNSALTED
    wrong = [
        d["id"]
        for d in drawn
        if _proven(frame_line(d["id"], d["stratum"]), proofs.get(d["id"]), salted=salted) != root
    ]
    return Check(
        "proofs",
        "在册证明",
        not wrong,
        "抽中的都在承诺的名录库里" if not wrong else f"不在承诺的名录库里：{'、'.join(wrong[:5])}",
    )


def _proven(line: bytes, proof: Any, *, salted: bool) -> str:
    """Return the root that a line's proof leads to; without a proof none."""
    if proof is None:
        return ""
    return climb(line, proof["path"], bytes.fromhex(proof["salt"])) if salted else climb(line, proof)


def _assignment(parts: dict[str, Any], plan: Plan, people: list[RegisteredInspector]) -> Check:
    drawn = [d for d in parts["drawn.json"] if not d["reserve"]]
    try:
        objects = [(d["ticket"], d["id"], d["stratum"]) for d in drawn]
        teams = ASSIGN[version_of(parts["commitment.json"])](
            plan, objects, people, parts["seed.json"]["seed"]
        )
    except ZhunshengError as error:
        return Check("assignment", "人员分派", False, error.text())
    # In the order of drawn.json, each object once.
    said = [(a["id"], tuple(a["inspectors"])) for a in parts["assignment.json"]]
    right = [(d["id"], teams[d["id"]]) for d in drawn]
    wrong = [(b or a)[0] for a, b in itertools.zip_longest(said, right) if a != b]
    return Check(
        "assignment",
        "人员分派",
        not wrong,
        f"{len(teams)} 个对象的分派重算相同" if not wrong else f"分派不对：{'、'.join(wrong[:5])}",
    )


def _frame(parts: dict[str, Any], frame: Frame, name: str) -> Check:
    said = parts["commitment.json"]
    try:
        refuse_key(version_of(said), frame, name)
    except ZhunshengError as error:
        return Check("frame", "名录库", False, error.text())
    same = {"count": frame.count, "digest": frame.digest, "root": frame.root} == said["frame"]
    sizes = frame.sizes == {s: n["size"] for s, n in said["strata"].items()}
    if same and sizes:
        return Check("frame", "名录库", True, f"{frame.count} 户，与承诺的相同")
    return Check(
        "frame",
        "名录库",
        False,
        f"名录库在承诺之后被改动（现有 {frame.count} 户，承诺时 {said['frame']['count']} 户）",
    )


def _again(parts: dict[str, Any], frame: Frame) -> Check:
    again = draw(frame.engine(), parts["seed.json"]["seed"], parts["commitment.json"]["strata"])
    same = [d.__dict__ for d in again] == parts["drawn.json"]
    return Check("again", "重新抽取", same, "用名录库重抽，名单相同" if same else "用名录库重抽，名单不同")
