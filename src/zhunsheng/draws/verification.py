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
from zhunsheng.translation import series, worded


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
                worded("方案与名录"),
                False,
                worded(
                    "读不出来：{why}", why=fault(error) if isinstance(error, ValidationError) else str(error)
                ),
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
        found.append(Check("frame", worded("名录库"), None, worded("没有提供名录库，无法核对有没有漏抽")))
        return found
    try:
        frame = frame_of(plan)
    except ZhunshengError as error:
        return [*found, Check("frame", worded("名录库"), False, error.worded())]
    return [*found, _safely(lambda: _frame(parts, frame, name)), _safely(lambda: _again(parts, frame))]


def conclusion(found: Sequence[Check]) -> str:
    """Return what all checks of a bundle come to, in a sentence that names what does not hold, or is open."""
    bad, open_ = ([one.title for one in found if one.holds is which] for which in (False, None))
    if bad:
        return worded("不成立：{count} 项不符（{names}）", count=len(bad), names=series(bad))
    return (
        worded(
            "所核各项相符，另有 {count} 项未核（{names}），要您自己核对",
            count=len(open_),
            names=series(open_),
        )
        if open_
        else worded("全部相符")
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
        return Check(
            "form",
            worded("文件格式"),
            False,
            worded("内容残缺：{name} {error}", name=type(error).__name__, error=error),
        )


def published_check(parts: dict[str, Any], expected: str | None) -> Check:
    """Compare a commitment with the digest that was published, where one is given; blanks in it,
    and capitals, don't count.
    """
    ours = commitment_digest(parts["commitment.json"])
    said = typed_digest(expected or "")
    if not said:
        return Check(
            "published",
            worded("事先公布的承诺"),
            None,
            worded("承诺摘要 {ours}，请与事先公布的核对", ours=ours),
        )
    if not DIGEST.fullmatch(said):
        return Check(
            "published",
            worded("事先公布的承诺"),
            None,
            worded("所填的不是摘要，没有核对；承诺摘要 {ours}", ours=ours),
        )
    unlike = worded("与事先公布的摘要不同；请确认填的是承诺摘要，不是摘要单上的“本条摘要”")
    return Check(
        "published",
        worded("事先公布的承诺"),
        ours == said,
        worded("与事先公布的摘要相同") if ours == said else unlike,
    )


def _plan(parts: dict[str, Any], plan: Plan) -> Check:
    same = plan.digest == parts["commitment.json"]["plan"]
    return Check(
        "plan", worded("方案"), same, worded("与承诺的相同") if same else worded("方案在承诺之后被改动")
    )


def _register(parts: dict[str, Any], people: list[RegisteredInspector]) -> Check:
    said = parts["commitment.json"]["inspectors"]
    same = register_digest(people) == said["digest"] and len(people) == said["count"]
    return Check(
        "inspectors",
        worded("检查人员名录"),
        same,
        worded("{people} 人，与承诺的相同", people=len(people)) if same else worded("名录在承诺之后被改动"),
    )


def _time(parts: dict[str, Any], plan: Plan) -> Check:
    when = datetime.fromisoformat(parts["commitment.json"]["committed_at"])
    early = when < plan.known_from
    if early and when > plan.commit_by:
        return Check(
            "time",
            worded("承诺在先"),
            False,
            worded(
                "按机关自己写的时间，{when} 才承诺，不到方案要求的提前 {lead} 分钟",
                when=told(when),
                lead=plan.lead,
            ),
        )
    known = told(plan.known_from)
    says = (
        worded("{when} 承诺，早于方案写的随机数公布时间 {known}", when=told(when), known=known)
        if early
        else worded("{when} 才承诺，不早于随机数公布的 {known}", when=told(when), known=known)
    )
    return Check("time", worded("承诺在先"), early, worded("按机关自己写的时间，{says}", says=says))


def _quotas(parts: dict[str, Any], plan: Plan) -> Check:
    said = parts["commitment.json"]["strata"]
    again = plan.allot({s: n["size"] for s, n in said.items()})
    total = sum(n["size"] for n in said.values())
    same = again == said and total == parts["commitment.json"]["frame"]["count"]
    return Check(
        "quotas",
        worded("各层配额"),
        same,
        worded("{strata} 层，共抽 {n} 户", strata=len(said), n=sum(n["quota"] for n in again.values()))
        if same
        else worded("配额与方案算出的不同"),
    )


def _randomness(parts: dict[str, Any], plan: Plan) -> Check:
    sealed = parts["seed.json"]
    try:
        text = canonical_text(plan, sealed["values"])
    except ZhunshengError as error:
        return Check("randomness", worded("随机数"), False, error.worded())
    if text != sealed["randomness"]:
        return Check("randomness", worded("随机数"), False, worded("记录的随机数与来源公布的不同"))
    if sealed.get("controlled_by_office") is not plan.controlled_by_office:
        return Check("randomness", worded("随机数"), False, worded("没有如实标明随机数由谁控制"))
    two = len(set(sealed["entered_by"])) == 2
    says = (
        worded("由录入的数值算出，相同；录入人记作两个人，是谁、怎样录入的，只凭机关的记录")
        if two
        else worded("不是由两个不同的人录入")
    )
    return Check("randomness", worded("随机数"), two, says)


def _strength(parts: dict[str, Any], plan: Plan) -> Check:
    """Say how strong the randomness is: only a beacon's, whose signature the check before has verified,
    is a proof.
    """
    found = verdict(plan, parts["seed.json"]["values"])
    return Check(
        "strength", worded("随机数的来源"), True if found.strength == "proved" else None, found.text()
    )


def _seed(parts: dict[str, Any]) -> Check:
    sealed = parts["seed.json"]
    bound = commitment_digest(parts["commitment.json"])
    if sealed["commitment"] != bound:
        return Check("seed", worded("种子"), False, worded("种子绑定的是另一份承诺，可能是重复使用的种子"))
    same = seed_of(bound, sealed["randomness"]) == sealed["seed"]
    return Check(
        "seed",
        worded("种子"),
        same,
        worded("由承诺和随机数算出，相同") if same else worded("与承诺和随机数算出的不同"),
    )


def _tickets(parts: dict[str, Any]) -> Check:
    seed = parts["seed.json"]["seed"]
    wrong = [d["id"] for d in parts["drawn.json"] if ticket(seed, d["id"]) != d["ticket"]]
    return Check(
        "tickets",
        worded("号码"),
        not wrong,
        worded("{count} 个号码逐一算过，相同", count=len(parts["drawn.json"]))
        if not wrong
        else worded("号码不对：{wrong}", wrong=series(wrong[:5])),
    )


def _order(parts: dict[str, Any]) -> Check:
    drawn, strata = parts["drawn.json"], parts["commitment.json"]["strata"]
    if drawn != sorted(drawn, key=lambda d: (d["stratum"].encode(), d["rank"])):
        return Check("order", worded("名次"), False, worded("名单的先后被调换"))
    if len({d["id"] for d in drawn}) != len(drawn):
        return Check("order", worded("名次"), False, worded("有对象出现两次"))
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
                worded("名次"),
                False,
                worded(
                    "“{stratum}”层的数量、名次或号码次序不对",
                    stratum=stratum_words(parts["plan.json"]["strata"], stratum),
                ),
            )
    last = {d["stratum"]: d["ticket"] for d in drawn if not d["reserve"]}
    if parts["cutoffs.json"] != last:
        return Check("order", worded("名次"), False, worded("公布的各层末位号码与名单不同"))
    if any(d["stratum"] not in strata for d in drawn):
        return Check("order", worded("名次"), False, worded("有对象不属于任何一层"))
    return Check("order", worded("名次"), True, worded("各层数量与配额相同，按号码从小到大"))


def _proofs(parts: dict[str, Any]) -> Check:
    proofs, root = parts["proofs.json"], parts["commitment.json"]["frame"]["root"]
    drawn = parts["drawn.json"]
    if not proofs and len(drawn) > MAX_PROOFS:
        return Check(
            "proofs",
            worded("在册证明"),
            None,
            worded(
                "抽中的超过 {max_proofs} 户，包里没有逐个的在册证明，请用名录库核对", max_proofs=MAX_PROOFS
            ),
        )
    if not proofs and drawn:
        return Check(
            "proofs",
            worded("在册证明"),
            False,
            worded("抽中 {drawn} 户，包里应有逐个的在册证明，却没有", drawn=len(drawn)),
        )
    if more := sorted(proofs.keys() - {d["id"] for d in drawn}):
        return Check(
            "proofs", worded("在册证明"), False, worded("有没抽中的对象的证明：{more}", more=series(more[:5]))
        )
    salted = version_of(parts["commitment.json"]) != UNSALTED
    wrong = [
        d["id"]
        for d in drawn
        if _proven(frame_line(d["id"], d["stratum"]), proofs.get(d["id"]), salted=salted) != root
    ]
    return Check(
        "proofs",
        worded("在册证明"),
        not wrong,
        worded("抽中的都在承诺的名录库里")
        if not wrong
        else worded("不在承诺的名录库里：{wrong}", wrong=series(wrong[:5])),
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
        return Check("assignment", worded("人员分派"), False, error.worded())
    # In the order of drawn.json, each object once.
    said = [(a["id"], tuple(a["inspectors"])) for a in parts["assignment.json"]]
    right = [(d["id"], teams[d["id"]]) for d in drawn]
    wrong = [(b or a)[0] for a, b in itertools.zip_longest(said, right) if a != b]
    return Check(
        "assignment",
        worded("人员分派"),
        not wrong,
        worded("{teams} 个对象的分派重算相同", teams=len(teams))
        if not wrong
        else worded("分派不对：{wrong}", wrong=series(wrong[:5])),
    )


def _frame(parts: dict[str, Any], frame: Frame, name: str) -> Check:
    said = parts["commitment.json"]
    try:
        refuse_key(version_of(said), frame, name)
    except ZhunshengError as error:
        return Check("frame", worded("名录库"), False, error.worded())
    same = {"count": frame.count, "digest": frame.digest, "root": frame.root} == said["frame"]
    sizes = frame.sizes == {s: n["size"] for s, n in said["strata"].items()}
    if same and sizes:
        return Check("frame", worded("名录库"), True, worded("{count} 户，与承诺的相同", count=frame.count))
    return Check(
        "frame",
        worded("名录库"),
        False,
        worded(
            "名录库在承诺之后被改动（现有 {count} 户，承诺时 {said} 户）",
            count=frame.count,
            said=said["frame"]["count"],
        ),
    )


def _again(parts: dict[str, Any], frame: Frame) -> Check:
    again = draw(frame.engine(), parts["seed.json"]["seed"], parts["commitment.json"]["strata"])
    same = [d.__dict__ for d in again] == parts["drawn.json"]
    return Check(
        "again",
        worded("重新抽取"),
        same,
        worded("用名录库重抽，名单相同") if same else worded("用名录库重抽，名单不同"),
    )
