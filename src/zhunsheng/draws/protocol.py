"""The protocol's steps on values: commit, bind the seed, draw and assign, and put it all into one bundle."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from zhunsheng.clock import told, utc
from zhunsheng.draws import assignment_1
from zhunsheng.draws.assignment import RegisteredInspector, assign, register_digest, register_json
from zhunsheng.draws.bundle import part_of
from zhunsheng.draws.bundle_rules import MAX_DRAWN, MAX_PLACED, MAX_PROOFS
from zhunsheng.draws.drawing import DrawEngine, Drawn, draw
from zhunsheng.draws.frame import Frame, refuse_key
from zhunsheng.draws.plan import Plan
from zhunsheng.draws.randomness import both
from zhunsheng.draws.spec import VERSION, VERSIONS, canonical, digest, seed_of, version_of
from zhunsheng.errors import ZhunshengError
from zhunsheng.files.writing import whole_file
from zhunsheng.translation import worded

Assign = Callable[
    [Plan, Sequence[tuple[str, str, str]], Sequence[RegisteredInspector], str], dict[str, tuple[str, ...]]
]
# A draw that was committed under an earlier version is drawn, and verified, as that version has it.
ASSIGN: dict[str, Assign] = dict(zip(VERSIONS, (assignment_1.assign, assign), strict=True))


def commitment(
    plan: Plan, frame: Frame, inspectors: Sequence[RegisteredInspector], when: datetime
) -> dict[str, Any]:
    """Return the commitment to publish: digests of plan, frame and register, the quotas, and its time.

    Raises ``ZS-DR-03`` unless ``when`` lies before the randomness is known, or before a drand round is out;
    ``ZS-DR-20`` for a quota that is for no stratum of the frame, ``ZS-DR-48`` for a frame without a key.
    """
    refuse_key(VERSION, frame, "frame.tsv")
    plan.check_rules(frame.sizes)
    if when >= plan.known_from:
        raise ZhunshengError("ZS-DR-03", committed=told(when), known=told(plan.known_from))
    if when > plan.commit_by:
        raise ZhunshengError("ZS-DR-47", committed=told(when), lead=plan.lead, by=told(plan.commit_by))
    return {
        "format": f"{VERSION}/commitment",
        "draw": plan.id,
        "plan": plan.digest,
        "frame": {"count": frame.count, "digest": frame.digest, "root": frame.root},
        "strata": plan.allot(frame.sizes),
        "inspectors": {"count": len(inspectors), "digest": register_digest(inspectors)},
        "committed_at": utc(when),
    }


def refuse_too_large(plan: Plan, strata: Mapping[str, Mapping[str, int]]) -> None:
    """Raise ``ZS-DR-26`` for more than one bundle can carry and prove; such draws are only listed (``draw
    list``).
    """
    drawn = sum(n["quota"] for n in strata.values())
    wanted = drawn + sum(n["reserve"] for n in strata.values())
    if wanted > MAX_DRAWN:
        raise ZhunshengError(
            "ZS-DR-26", what=worded("将抽 {wanted} 户（连同候补），户数", wanted=wanted), most=MAX_DRAWN
        )
    if drawn * plan.staffing.per_object > MAX_PLACED:
        raise ZhunshengError("ZS-DR-26", what=worded("抽中户数与每户检查人员之积"), most=MAX_PLACED)


def fits_a_bundle(plan: Plan, strata: Mapping[str, Mapping[str, int]]) -> bool:
    """Return whether a draw can be run, and inspectors assigned; a larger one is only listed."""
    try:
        refuse_too_large(plan, strata)
    except ZhunshengError:
        return False
    return True


def commitment_digest(committed: dict[str, Any]) -> str:
    """Return the digest that binds everything to this commitment."""
    return digest(canonical(committed))


def refuse_early(plan: Plan, when: datetime) -> None:
    """Raise ``ZS-DR-05`` for an entry of numbers that are not known yet."""
    if when < plan.known_at:
        raise ZhunshengError(
            "ZS-DR-05", detail=worded("随机数要到 {known_at} 才公布", known_at=told(plan.known_at))
        )


def seal(
    plan: Plan,
    committed: dict[str, Any],
    first: dict[str, Any],
    second: dict[str, Any],
    slips: Mapping[str, Any] | None = None,
    when: datetime | None = None,
) -> dict[str, Any]:
    """Return the seed's record from two people's entries; names are published as digests only.

    ``slips`` is the record of a ceremony's sealed slips, ``when`` the moment of the entry,
    before which nothing of it may be awaited. Raises ``ZS-DR-04`` when the two differ, ``ZS-DR-05`` when a
    source's proof does not hold, ``ZS-DR-35`` and ``ZS-DR-36`` for slips that are not recorded or not these.
    """
    if when is not None:
        refuse_early(plan, when)
    text, names, values = both(plan, first, second, slips)
    bound = commitment_digest(committed)
    return {
        "format": f"{version_of(committed)}/seed",
        "commitment": bound,
        "values": values,
        "randomness": text,
        "seed": seed_of(bound, text),
        "entered_by": [digest(f"{bound}:{name}".encode())[:16] for name in names],
        "controlled_by_office": plan.controlled_by_office,
    }


@dataclass(frozen=True)
class DrawOutcome:
    """What a draw came to; ``proofs`` maps a drawn id to its proof (``spec.proof_of``),
    empty for very large draws.
    """

    plan: Plan
    committed: dict[str, Any]
    sealed: dict[str, Any]
    inspectors: tuple[RegisteredInspector, ...]
    drawn: tuple[Drawn, ...]
    teams: dict[str, tuple[str, ...]]
    proofs: dict[str, Any]

    def parts(self) -> dict[str, Any]:
        """Return the bundle's JSON parts by file name."""
        return {
            "plan.json": self.plan.as_json(),
            "commitment.json": self.committed,
            "seed.json": self.sealed,
            "inspectors.json": register_json(self.inspectors),
            "drawn.json": [d.__dict__ for d in self.drawn],
            "assignment.json": [
                {"id": d.id, "inspectors": list(self.teams[d.id])} for d in self.drawn if not d.reserve
            ],
            "cutoffs.json": cutoffs(self.drawn),
            "proofs.json": self.proofs,
        }


def cutoffs(drawn: Sequence[Drawn]) -> dict[str, str]:
    """Return for each stratum the last ticket that was drawn without reserve: whoever lies above
    it was not.
    """
    return {d.stratum: d.ticket for d in sorted(drawn, key=lambda d: d.rank) if not d.reserve}


def perform(
    plan: Plan,
    committed: dict[str, Any],
    sealed: dict[str, Any],
    frame: Frame,
    inspectors: Sequence[RegisteredInspector],
    engine: DrawEngine,
) -> DrawOutcome:
    """Draw and assign by a sealed seed.

    Raises ``ZS-DR-08`` when frame or register are not the committed ones, ``ZS-DR-48`` for a committed frame
    without the key of its version, ``ZS-DR-06``, ``ZS-DR-26`` for more than a bundle holds.
    """
    if (frame.digest, frame.root) != (committed["frame"]["digest"], committed["frame"]["root"]):
        raise ZhunshengError("ZS-DR-08", name="frame.tsv", detail=worded("名录库与承诺的不是同一份"))
    refuse_key(version_of(committed), frame, "frame.tsv")
    if register_digest(inspectors) != committed["inspectors"]["digest"] or plan.digest != committed["plan"]:
        raise ZhunshengError(
            "ZS-DR-08",
            name="plan.json、inspectors.json",
            detail=worded("方案或检查人员名录与承诺的不是同一份"),
        )
    refuse_too_large(plan, committed["strata"])
    drawn = draw(engine, sealed["seed"], committed["strata"])
    objects = [(d.ticket, d.id, d.stratum) for d in drawn if not d.reserve]
    teams = ASSIGN[version_of(committed)](plan, objects, inspectors, sealed["seed"])
    proofs: dict[str, Any] = {}
    if len(drawn) <= MAX_PROOFS:
        proofs = frame.proofs([d.id for d in drawn])
    return DrawOutcome(plan, committed, sealed, tuple(inspectors), tuple(drawn), teams, proofs)


README = """抽查证明包

plan.json 方案；commitment.json 事先公布的承诺；seed.json 随机数及其证明、种子；\
drawn.json 抽中的对象、号码和名次；cutoffs.json 各层最后一个抽中的号码；
assignment.json 检查人员的分派；inspectors.json 检查人员名录（只有编号）；\
proofs.json 每个抽中对象确在名录库中的证明。

核验：zhunsheng draw verify 抽查包.zip --frame frame.tsv，或用浏览器打开 verify.html，选择本文件和名录库。
手工核对的办法见 docs/verify-by-hand.md。文件中没有姓名、电话等个人信息。
"""


def write_bundle(outcome: DrawOutcome, path: Path) -> None:
    """Write the proof bundle, whole: one zip, the same bytes for the same outcome.

    What could not be read again is not written: raises as ``bundle.part_of``.
    """
    members = {name: canonical(data) for name, data in outcome.parts().items()}
    for name, raw in members.items():
        part_of(name, raw, path.name)
    with whole_file(path) as partial, zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, raw in members.items():
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), raw, zipfile.ZIP_DEFLATED)
        archive.writestr(zipfile.ZipInfo("README.txt", (1980, 1, 1, 0, 0, 0)), README, zipfile.ZIP_DEFLATED)


def write_frame(frame: Frame, path: Path) -> None:
    """Write the frame as it is digested, so that ``sha256sum`` of the file is the committed digest."""
    with whole_file(path) as partial:
        frame.write(partial)
