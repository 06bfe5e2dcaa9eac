"""What comes between commitment and draw: slips are recorded, two entries sealed as the seed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from zhunsheng.clock import now as clock_now
from zhunsheng.clock import told, utc
from zhunsheng.draws.bundle import read_part
from zhunsheng.draws.protocol import seal
from zhunsheng.draws.slips import record as slip_record
from zhunsheng.draws.slips import record_digest
from zhunsheng.errors import ZhunshengError
from zhunsheng.usecases.drawing.draw_folder import (
    ENTERED,
    SLIPS,
    entered,
    in_folder,
    slips_of,
    write_canonical,
)


def seal_entries(
    folder: Path, first: dict[str, Any], second: dict[str, Any], now: datetime | None = None
) -> dict[str, Any]:
    """Check two people's entries (``by``, ``values``) and write seed.json, once,
    and not before the numbers are known.

    Raises ``ZS-DR-04``, ``ZS-DR-05``, ``ZS-DR-35``, ``ZS-DR-36``; ``ZS-DR-38`` where the draw has another
    seed.
    """
    found = in_folder(folder, "not asked")
    when = now or clock_now()
    sealed = seal(found.plan, found.committed, first, second, slips_of(folder), when)
    kept = folder / "seed.json"
    known = [
        record["seed"] for record in (entered(folder), read_part(kept) if kept.is_file() else {}) if record
    ]
    # Of one commitment there is one seed, or whoever enters could try until the result pleases.
    if any(seed != sealed["seed"] for seed in known):
        raise ZhunshengError("ZS-DR-38")
    if not known:
        write_canonical(
            folder / ENTERED,
            {"seed": sealed["seed"], "entered_at": utc(when)},
        )
    write_canonical(kept, sealed)
    return sealed


def record_slips(
    folder: Path, slips: Sequence[str], now: datetime | None = None
) -> tuple[dict[str, Any], str]:
    """Write the record of the slips that the speakers handed in, once; return it and the digest to show
    before opening.

    Raises ``ZS-DR-37`` where slips are recorded already, ``ZS-DR-38`` where the seed is known, ``ZS-DR-39``.
    """
    kept = slips_of(folder)
    if kept is not None:
        raise ZhunshengError("ZS-DR-37", sealed_at=told(kept["sealed_at"]))
    if (folder / "seed.json").is_file():
        raise ZhunshengError("ZS-DR-38")
    made = slip_record(in_folder(folder, "not asked").plan, slips, now or clock_now())
    write_canonical(folder / SLIPS, made)
    return made, record_digest(made)
