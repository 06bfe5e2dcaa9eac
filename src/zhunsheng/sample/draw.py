"""One draw of the sample bureau, from plan to verified bundle: inspectors, plan, and numbers spoken at a ceremony."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import yaml

from zhunsheng.draw_folders import commit_draw, seal_draw
from zhunsheng.draws.verification import Check
from zhunsheng.sample.ledgers import DISTRICTS
from zhunsheng.usecases.drawing import run_draw, verify_bundle


@dataclass(frozen=True)
class DrawDemo:
    """What the demonstration's draw came to: how many were drawn from how many, where it lies, and its checks."""

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
        "randomness": [{"source": "ceremony", "speakers": ["人大代表", "政协委员", "企业代表"]}, {"source": "lottery", "name": "某彩票", "issue": "2021024"}],
        "known_at": "2021-03-01T22:00:00+08:00",
    }  # fmt: skip


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


def demo_draw(out: Path, store: Path, seed: int) -> DrawDemo:
    """Commit, enter the seed twice, draw and verify; everything is written to ``out``."""
    out.mkdir(parents=True, exist_ok=True)
    numbers = [{"numbers": ["0731", "58", "906"]}, {"numbers": "03 08 17 22 26 31 09"}]
    for name, data in {
        "方案.yaml": plan(),
        "检查人员.yaml": inspectors(seed),
        "录入一.yaml": {"by": "录入员一", "values": numbers},
        "录入二.yaml": {"by": "录入员二", "values": numbers},
    }.items():
        (out / name).write_text(yaml.safe_dump(data, allow_unicode=True, sort_keys=False), "utf8")
    committed, digest = commit_draw(
        out / "方案.yaml",
        out / "检查人员.yaml",
        out,
        evidence=store,
        on=date(2021, 2, 25),
        now=datetime(2021, 2, 26, 1, 0, tzinfo=UTC),
    )
    seal_draw(out, out / "录入一.yaml", out / "录入二.yaml")
    outcome = run_draw(out, store)
    checks = verify_bundle(out / "抽查包.zip", out / "frame.tsv", digest)
    return DrawDemo(sum(not d.reserve for d in outcome.drawn), committed["frame"]["count"], out, digest, tuple(checks))
