"""Campaigns that last a night: ``python bench/reliability.py kills|fuzz|day|restores``.

Each has a seed and counts (``--help``), prints what it came to, ends with 1 where anything did not hold,
and keeps its figures in build/bench/reliability.json, of which ``write`` makes docs/reliability.md's tables.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "bench"), str(ROOT / "tests")]
KEPT = ROOT / "build" / "bench" / "reliability.json"


def keep(name: str, found: dict[str, Any], said: dict[str, Any], seconds: float) -> None:
    """Keep a campaign's figures beside those of the others."""
    KEPT.parent.mkdir(parents=True, exist_ok=True)
    known = json.loads(KEPT.read_text("utf8")) if KEPT.is_file() else {}
    run = {"day": date.today().isoformat(), "python": platform.python_version(), "cores": os.cpu_count()}
    known[name] = {"asked": said, "seconds": round(seconds), "run": run, "found": found}
    KEPT.write_text(json.dumps(known, ensure_ascii=False, indent=1), "utf8")


def main() -> None:
    """Run the campaign asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seed", type=int, default=2021)
    campaigns = parser.add_subparsers(dest="campaign", required=True)
    kills = campaigns.add_parser("kills", help="processes killed at any moment")
    kills.add_argument("--count", type=int, default=1_000)
    kills.add_argument("--only", nargs="*", default=[])
    fuzz = campaigns.add_parser("fuzz", help="nonsense for every reader")
    fuzz.add_argument("--values", type=int, default=1_000_000)
    fuzz.add_argument("--documents", type=int, default=100_000)
    given = parser.parse_args()
    from campaigns import fuzzing
    from campaigns import kills as killing
    from campaigns.processes import load

    load()
    begun = time.monotonic()
    said = {k: v for k, v in vars(given).items() if k != "campaign"}

    def kept(found: dict[str, Any]) -> None:
        keep(given.campaign, found, said, time.monotonic() - begun)

    with tempfile.TemporaryDirectory(prefix="reliability-") as folder:
        work = Path(folder)
        match given.campaign:
            case "kills":
                sound = killing.main(given.count, given.seed, given.only, work, kept)
            case "fuzz":
                sound = fuzzing.main(given.values, given.documents, given.seed, work, kept)
    sys.exit(not sound)


if __name__ == "__main__":
    main()
