"""A small draw and its frame, as the tests of draws take them."""

from __future__ import annotations

import shutil
import zipfile
from datetime import UTC, datetime
from pathlib import Path

from zhunsheng.draws import spec
from zhunsheng.draws.assignment import RegisteredInspector
from zhunsheng.draws.bundle import read_bundle
from zhunsheng.draws.plan import Plan

# quicknet round 1000
SIGNATURE = "b44679b9a59af2ec876b1a6b1ad52ea9b1615fc3982b19576350f93447cb1125e342b73a8dd2bacbe47e4b6b63ed5e39"
BASE = {
    "id": "T-1",
    "title": "试抽",
    "office": "某局",
    "rule": "国市监信〔2019〕38号",
    "items": [{"code": "A", "name": "甲"}],
    "strata": ["district", "credit_class"],
    "quotas": [
        {"match": {"credit_class": "D"}, "ratio": "0.2", "floor": 2},
        {"ratio": "0.05", "floor": 1, "ceiling": 30},
    ],
    "reserve": "0.5",
    "randomness": [{"source": "lottery", "name": "某彩票", "issue": "2021024"}],
    "known_at": "2021-03-01T22:00:00+08:00",
}
NUMBERS = [{"numbers": "03 08 17 22"}]
BEFORE = datetime(2021, 2, 26, tzinfo=UTC)


def plan_of(**changes) -> Plan:
    return Plan.model_validate({**BASE, **changes})


def people(n=12, **changes):
    return [RegisteredInspector(**{"id": f"P{i:02d}", "certified": i % 2 == 0, **changes}) for i in range(n)]


def rows(n=400):
    return [(f"E{i:05d}", ("东", "西")[i % 2], "ABCD"[i // 2 % 4]) for i in range(n)]


def write_frame_csv(path: Path, data) -> Path:
    path.write_text("id,district,credit_class\n" + "".join(",".join(r) + "\n" for r in data), "utf8")
    return path


def objects_of(n, seed="a" * 32):
    return [(spec.ticket(seed, f"E{i:05d}"), f"E{i:05d}", f"{'东西'[i % 2]}|A") for i in range(n)]


def held(checks):
    return {c.code: c.holds for c in checks}


def tampered(out: Path, kind: str, elsewhere: Path) -> tuple[Path, Path]:
    """Return (bundle, frame) changed in one way."""
    parts = read_bundle(out / "抽查包.zip")
    frame = elsewhere / "frame.tsv"
    elsewhere.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(out / "frame.tsv", frame)
    drawn = parts["drawn.json"]
    if kind == "name added to the frame":
        lines = frame.read_text("utf8").splitlines()
        frame.write_text("\n".join(sorted([*lines, "E99999\t东|A"])) + "\n", "utf8")
    elif kind == "name taken out of the frame":
        frame.write_text("".join(frame.read_text("utf8").splitlines(keepends=True)[1:]), "utf8")
    elif kind == "changed quota":
        parts["plan.json"]["quotas"][0]["ratio"] = "0.1"
    elif kind == "changed quota in the commitment":
        next(iter(parts["commitment.json"]["strata"].values()))["quota"] += 1
    elif kind == "another seed":
        parts["seed.json"]["seed"] = "f" * 32
    elif kind == "other numbers":
        parts["seed.json"]["values"] = [{"numbers": "1 2 3"}]
    elif kind == "swapped object":
        ids = {d["id"] for d in drawn}
        drawn[0]["id"] = next(one for one, *_ in rows() if one not in ids)
    elif kind == "object left out":
        del drawn[0]
    elif kind == "swapped inspector":
        first = parts["assignment.json"][0]
        first["inspectors"][1] = next(
            f"P{n:02d}" for n in range(1, 12, 2) if f"P{n:02d}" not in first["inspectors"]
        )
    elif kind == "reordered list":
        drawn[0], drawn[1] = drawn[1], drawn[0]
    elif kind == "re-used seed":
        parts["seed.json"]["commitment"] = "0" * 64
    elif kind == "later commitment":
        parts["commitment.json"]["committed_at"] = "2021-03-01T20:00:00Z"
    elif kind == "register changed":
        parts["inspectors.json"][0]["certified"] = False
    elif kind == "one person entered twice":
        parts["seed.json"]["entered_by"] = ["a" * 16, "a" * 16]
    elif kind == "office hidden":
        parts["seed.json"]["controlled_by_office"] = True
    elif kind == "another cut-off":
        parts["cutoffs.json"] = dict.fromkeys(parts["cutoffs.json"], "f" * 64)
    elif kind == "broken part":
        parts["drawn.json"] = {"x": 1}
    bundle = elsewhere / "b.zip"
    with zipfile.ZipFile(bundle, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, spec.canonical(data))
    return bundle, frame


TAMPERINGS = {
    "name added to the frame": "frame",
    "name taken out of the frame": "frame",
    "changed quota": "plan",
    "changed quota in the commitment": "quotas",
    "another seed": "seed",
    "other numbers": "randomness",
    "swapped object": "tickets",
    "object left out": "order",
    "swapped inspector": "assignment",
    "reordered list": "order",
    "re-used seed": "seed",
    "later commitment": "published",
    "register changed": "inspectors",
    "one person entered twice": "randomness",
    "office hidden": "randomness",
    "broken part": "ZS-DR-22",
    "another cut-off": "order",
}
