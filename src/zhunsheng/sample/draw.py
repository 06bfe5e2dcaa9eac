"""Two draws of the sample bureau, from plan to verified bundle: numbers sealed and then spoken,
and a round of drand.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from zhunsheng.draw_folders import commit_draw, seal_draw
from zhunsheng.draws.slips import slip
from zhunsheng.draws.verification import Check
from zhunsheng.sample.ledgers import DISTRICTS
from zhunsheng.usecases.drawing.frames import FrameSource
from zhunsheng.usecases.drawing.running import BUNDLE, run_draw
from zhunsheng.usecases.drawing.sealing import record_slips
from zhunsheng.usecases.drawing.verifying import verify_bundle

# What the speakers wrote on their slips, in the plan's order, and the salt beside it.
SPOKEN = ("0731", "58", "906")
SALTS = (
    "3f1c0a5d9be84726a1d0c4f2857e6b93",
    "9a7d24e16c0b5f83d2e8417ab6093c5f",
    "c580e2a94d7f1b36805ae9d37c42f61b",
)
# Round 1337 of drand's default chain, out on 2020-07-23 at 10:25:30 in Beijing, and the one before it,
# as published.
ROUND = 1337
SIGNATURE = (
    "945b08dcb30e24da281ccf14a646f0630ceec515af5c5895e18cc1b19edd65d156b71c776a369af3487f1bc6af106250"
    "0b059e01095cc0eedce91713977d7735cac675554edfa0d0481bb991ed93d333d08286192c05bf6b65d20f23a37fc7bb"
)
SIGNATURE_BEFORE = (
    "80d95247ddf1bb3acf5738497a5f10406be283144603f63d714bb1a44ff6b93285ae2697fffeb50c68862bd9fbecd4b2"
    "04b1798d2686b4ac5d573615031d9d67e6168bde9a7adf1161430a498ca701a25c216aee3e38ffd5290369034fa050a2"
)


@dataclass(frozen=True)
class DrawDemo:
    """What the demonstration's draw came to: how many were drawn from how many, where it lies,
    and its checks.
    """

    drawn: int
    frame: int
    folder: Path
    digest: str
    checks: tuple[Check, ...]


def plan() -> dict[str, Any]:
    """Return the sample's plan: by district and credit class, more where the risk is higher."""
    return {
        "format": "zhunsheng.draw-plan/1",
        "id": "SJ-2021-01",
        "title": "2021年第一次双随机抽查",
        "office": "示例区市场监督管理局",
        "rule": "国发〔2019〕5号；国市监信〔2019〕38号；国市监信发〔2022〕6号",
        "items": [{"code": "A01", "name": "公示信息检查"}, {"code": "A02", "name": "登记事项检查"}],
        "strata": ["district", "credit_class"],
        "quotas": [
            {"match": {"credit_class": "A"}, "ratio": "0.005", "floor": 3},
            {"match": {"credit_class": "B"}, "ratio": "0.01", "floor": 3},
            {"match": {"credit_class": "C"}, "ratio": "0.03", "floor": 5},
            {"match": {"credit_class": "D"}, "ratio": "0.1", "floor": 5},
        ],
        "reserve": "0.1",
        "staffing": {"per_object": 2, "certified": 1},
        "randomness": [
            {"source": "ceremony", "speakers": ["人大代表", "政协委员", "企业代表"], "sealed": True},
            {"source": "lottery", "name": "某彩票", "issue": "2021024"},
        ],
        "known_at": "2021-03-01T22:00:00+08:00",
    }


def inspectors(seed: int) -> list[dict[str, Any]]:
    """Return forty inspectors, by number: most of one district, two thirds with a certificate."""
    draw = random.Random(seed)
    return [
        {
            "id": f"ZF{n:03d}",
            "certified": draw.random() < 0.67,
            "districts": [] if n % 10 == 0 else [DISTRICTS[n % len(DISTRICTS)]],
            "items": ["A01", "A02"],
            "recuse": [],
        }
        for n in range(1, 41)
    ]


def beacon_plan() -> dict[str, Any]:
    """Return the plan of a draw whose randomness is a beacon's alone: what such a draw says,
    anyone can prove.
    """
    return plan() | {
        "id": "SJ-2020-02",
        "title": "2020年第二次双随机抽查",
        "randomness": [{"source": "drand", "chain": "default", "round": ROUND}],
        "known_at": "2020-07-23T10:25:30+08:00",
        "lead": 60,
    }


def demo_draw(out: Path, store: Path, seed: int) -> DrawDemo:
    """Commit, record the sealed slips, enter the seed twice, draw and verify; everything is written to
    ``out``.
    """
    said: list[dict[str, Any]] = [
        {"numbers": list(SPOKEN), "salts": list(SALTS)},
        {"numbers": "03 08 17 22 26 31 09"},
    ]
    committed_at, sealed_at = (
        datetime(2021, 2, 26, 1, 0, tzinfo=UTC),
        datetime(2021, 3, 1, 13, 40, tzinfo=UTC),
    )
    return _performed(out, store, seed, _Course(plan(), said, date(2021, 2, 25), committed_at, sealed_at))


def demo_beacon_draw(out: Path, store: Path, seed: int) -> DrawDemo:
    """Do the same with a round of drand that was really published."""
    said = [{"signature": SIGNATURE, "previous_signature": SIGNATURE_BEFORE}]
    committed_at = datetime(2020, 7, 21, 1, 0, tzinfo=UTC)
    return _performed(out, store, seed, _Course(beacon_plan(), said, date(2020, 7, 20), committed_at))


@dataclass(frozen=True)
class _Course:
    """How a draw goes: its plan, the values entered, the day of its frame, when it is committed and its slips
    are sealed.
    """

    plan: dict[str, Any]
    said: list[dict[str, Any]]
    on: date
    committed_at: datetime
    sealed_at: datetime | None = None


def _performed(out: Path, store: Path, seed: int, course: _Course) -> DrawDemo:
    """Take a plan through all its steps."""
    out.mkdir(parents=True, exist_ok=True)
    for name, data in {
        "方案.yaml": course.plan,
        "检查人员.yaml": inspectors(seed),
        "录入一.yaml": {"by": "录入员一", "values": course.said},
        "录入二.yaml": {"by": "录入员二", "values": course.said},
    }.items():
        (out / name).write_text(yaml.safe_dump(data, allow_unicode=True, sort_keys=False), "utf8")
    source = FrameSource(evidence=store, on=course.on)
    committed, digest = commit_draw(
        out / "方案.yaml", out / "检查人员.yaml", out, source, now=course.committed_at
    )
    if course.sealed_at is not None:
        record_slips(
            out, [slip(salt, number) for salt, number in zip(SALTS, SPOKEN, strict=True)], course.sealed_at
        )
    known = datetime.fromisoformat(course.plan["known_at"])
    seal_draw(out, out / "录入一.yaml", out / "录入二.yaml", known + timedelta(minutes=5))
    outcome = run_draw(out, store, now=known + timedelta(minutes=6), faced=True)
    checks = verify_bundle(out / BUNDLE, out / "frame.tsv", digest)
    return DrawDemo(
        sum(not d.reserve for d in outcome.drawn), committed["frame"]["count"], out, digest, tuple(checks)
    )
