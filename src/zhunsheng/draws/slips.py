"""Sealed slips of a ceremony: everyone's number is fixed by a digest before the first is spoken (commit,
then reveal).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from zhunsheng.clock import told, utc
from zhunsheng.draws.plan import Ceremony, Plan
from zhunsheng.draws.spec import DIGEST, canonical, digest
from zhunsheng.errors import ZhunshengError
from zhunsheng.translation import worded

FORMAT = "zhunsheng.draw-slips/1"
SALT = re.compile(r"[0-9a-f]{32}")


def slip(salt: str, numbers: str) -> str:
    """Return what is recorded of a slip: SHA-256(salt, colon, numbers), both as the text that
    stands on it.
    """
    return digest(f"{salt}:{numbers}".encode())


def ceremony_of(plan: Plan) -> tuple[int, Ceremony] | None:
    """Return the plan's ceremony with sealed slips and its place among the sources, None without one."""
    return next(
        ((n, s) for n, s in enumerate(plan.randomness) if isinstance(s, Ceremony) and s.sealed is True), None
    )


def recorded(plan: Plan, slips: Sequence[str], sealed_at: str) -> dict[str, Any]:
    """Return the record of the slips as it is digested; ``slips`` stand in the order of
    the plan's speakers.
    """
    return {"format": FORMAT, "plan": plan.digest, "sealed_at": sealed_at, "slips": list(slips)}


def record_digest(record: Mapping[str, Any]) -> str:
    """Return the digest of a record, which is shown to all before the first slip is opened."""
    return digest(canonical(record))


def record(plan: Plan, slips: Sequence[str], when: datetime) -> dict[str, Any]:
    """Return the record of the slips handed in. Raises ``ZS-DR-39`` for slips that can't be these speakers',
    or too late.
    """
    found = ceremony_of(plan)
    if found is None:
        raise ZhunshengError("ZS-DR-39", detail=worded("方案里没有先封存的现场报数"))
    speakers = found[1].speakers
    if len(slips) != len(speakers):
        raise ZhunshengError(
            "ZS-DR-39",
            detail=worded(
                "应有 {speakers} 张封条，登记了 {slips} 张", speakers=len(speakers), slips=len(slips)
            ),
        )
    for who, one in zip(speakers, slips, strict=True):
        if not isinstance(one, str) or not DIGEST.fullmatch(one):
            raise ZhunshengError(
                "ZS-DR-39", detail=worded("{who} 的封条摘要应为 64 个十六进制字符（0-9、a-f）", who=who)
            )
    # Whoever hands in another's digest would open it with the other's words, and add nothing of their own.
    if len({*slips}) != len(slips):
        raise ZhunshengError("ZS-DR-39", detail=worded("有两张封条的摘要相同，各人须自己写数和盐"))
    if when >= plan.known_at:
        raise ZhunshengError(
            "ZS-DR-39",
            detail=worded(
                "数字从 {known_at} 起公布，现在是 {when}，来不及封存",
                known_at=told(plan.known_at),
                when=told(when),
            ),
        )
    return recorded(plan, slips, utc(when))


def opened(
    plan: Plan, values: Sequence[dict[str, Any]], sealed: Mapping[str, Any] | None
) -> list[dict[str, Any]]:
    """Return an entry's values with the time at which the slips were sealed; ``sealed`` is their record.

    Raises ``ZS-DR-35`` where no slips are recorded for this plan, ``ZS-DR-36`` naming whose slip is another
    one.
    """
    found = ceremony_of(plan)
    if found is None or found[0] >= len(values):
        return list(values)
    place, ceremony = found
    if sealed is None or sealed["plan"] != plan.digest:
        raise ZhunshengError("ZS-DR-35")
    said = values[place]
    for name, what in (("numbers", worded("数")), ("salts", worded("盐"))):
        given = said.get(name)
        # What is missing, or not written as a list, is nobody's slip that differs.
        if not isinstance(given, list) or len(given) != len(ceremony.speakers):
            raise ZhunshengError(
                "ZS-DR-05",
                detail=worded(
                    "{name} 应是列表，{speakers} 个报数人各一个{what}",
                    name=name,
                    speakers=len(ceremony.speakers),
                    what=what,
                ),
            )
    for n, who in enumerate(ceremony.speakers):
        try:
            same = slip(said["salts"][n], said["numbers"][n]) == sealed["slips"][n]
        except (LookupError, TypeError):
            same = False
        if not same:
            raise ZhunshengError("ZS-DR-36", who=who)
    return [
        {**value, "sealed_at": sealed["sealed_at"]} if n == place else value for n, value in enumerate(values)
    ]
