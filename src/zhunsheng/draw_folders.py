"""The use cases of a draw on files, for the command line: plan, register, entries and results as people wrote
them.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

from zhunsheng.clock import local, today, zone
from zhunsheng.draws.bundle import read_bundle
from zhunsheng.draws.lookalikes import refuse_entrants
from zhunsheng.draws.plan import Plan
from zhunsheng.draws.reading import load, read_inspectors, read_plan, read_results
from zhunsheng.draws.results import InspectionResult, check_results
from zhunsheng.draws.verification import verify
from zhunsheng.errors import ZhunshengError
from zhunsheng.files.writing import safe_name, write_whole
from zhunsheng.translation import series
from zhunsheng.usecases.drawing.committing import commit_plan
from zhunsheng.usecases.drawing.frames import FrameSource
from zhunsheng.usecases.drawing.results import results_csv
from zhunsheng.usecases.drawing.sealing import seal_entries


def commit_draw(
    plan: Path,
    inspectors: Path,
    out: Path,
    source: FrameSource,
    *,
    now: datetime | None = None,
    memory_limit: str | None = None,
) -> tuple[dict[str, Any], str]:
    """Commit a plan and inspectors from files; return the commitment and its digest.
    Raises as ``commit_plan``.
    """
    return commit_plan(
        read_plan(plan), read_inspectors(inspectors), out, source, now=now, memory_limit=memory_limit
    )


TEMPLATE = {
    "plan.yaml": "方案.yaml",
    "inspectors.yaml": "检查人员.yaml",
    "frame.csv": "名录库.csv",
    "entry.yaml": "录入甲.yaml",
    "results.yaml": "检查结果.yaml",
}


def write_template(out: Path) -> list[Path]:
    """Write a plan, a register and a frame to change and commit, an entry and results to fill in later;
    return the files.

    Raises ``ZS-DR-67`` rather than write over one that is there.
    """
    if there := [name for name in TEMPLATE.values() if (out / name).exists()]:
        raise ZhunshengError("ZS-DR-67", name=str(out), held=series(there))
    known = datetime.combine(today() + timedelta(days=1), time(20), zone()).isoformat()
    out.mkdir(parents=True, exist_ok=True)
    for name, written in TEMPLATE.items():
        text = (files("zhunsheng.draws") / "template" / name).read_text("utf8").replace("KNOWN_AT", known)
        # Excel takes a csv for UTF-8 only by its mark.
        write_whole(out / written, text.encode("utf-8-sig" if name.endswith(".csv") else "utf8"))
    return [out / written for written in TEMPLATE.values()]


HELD = ("commitment.json", "frame.tsv", "seed.json")  # any of these is of a draw that is under way


def refuse_held(out: Path) -> None:
    """Raise ``ZS-DR-64`` for a folder that already holds a commitment, or the frame whose key is nowhere
    else.
    """
    if held := [name for name in HELD if (out / name).exists()]:
        raise ZhunshengError("ZS-DR-64", name=str(out), held=series(held))


def seal_draw(folder: Path, first: Path, second: Path, now: datetime | None = None) -> dict[str, Any]:
    """Check two people's entries from files and write seed.json. Raises ``ZS-DR-04``, ``ZS-DR-05``."""
    one, two = load(first), load(second)
    refuse_entrants(one, two)
    return seal_entries(folder, one, two, now)


def results_of(bundle: Path, results: Path) -> tuple[dict[str, Any], list[InspectionResult]]:
    """Return the parts of a bundle that holds, and results (yaml or json list) that are of its objects.

    Fields of a result: ``id``, ``inspectors``, ``result``, ``inspected_on``, ``published_on``.
    Raises ``ZS-DR-73`` for a bundle of which something is false, ``ZS-DR-08``, ``ZS-DR-09``.
    """
    parts = read_bundle(bundle)
    if wrong := [check for check in verify(parts) if check.holds is False]:
        detail = "；".join(f"{check.title}：{check.says}" for check in wrong)
        raise ZhunshengError("ZS-DR-73", name=bundle.name, detail=detail)
    found = read_results(results)
    teams = {a["id"]: a["inspectors"] for a in parts["assignment.json"]}
    reserve = {d["id"] for d in parts["drawn.json"] if d["reserve"]}
    known = local(Plan.model_validate(parts["plan.json"]).known_at).date()
    check_results(found, teams, reserve=reserve, since=known, until=today())
    return parts, found


def results_to_ledger(bundle: Path, results: Path, out: Path) -> Path:
    """Write results as a file for the inspections ledger. Raises as ``results_of``."""
    parts, found = results_of(bundle, results)
    target = out / safe_name(f"检查台账-{parts['plan.json']['id']}.csv")
    write_whole(target, results_csv(parts, found).encode("utf-8-sig"))
    return target
