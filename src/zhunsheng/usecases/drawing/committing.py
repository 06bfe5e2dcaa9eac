"""Commit a plan: plan, register, frame and commitment are written to a folder."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from zhunsheng.clock import now as clock_now
from zhunsheng.draws.assignment import RegisteredInspector, districts_of, register_json
from zhunsheng.draws.frame import open_database
from zhunsheng.draws.lookalikes import refuse_inspectors, refuse_sources, refuse_words
from zhunsheng.draws.plan import Plan
from zhunsheng.draws.protocol import commitment, commitment_digest, refuse_too_large, write_frame
from zhunsheng.draws.staffing import recusals, refuse_unstaffed
from zhunsheng.files.scratch import scratch_folder
from zhunsheng.usecases.drawing.draw_folder import write_canonical
from zhunsheng.usecases.drawing.frames import KEPT, FrameSource, new_frame


def commit_plan(  # noqa: PLR0913 - what is committed, and three options by their names
    plan: Plan,
    people: Sequence[RegisteredInspector],
    out: Path,
    source: FrameSource,
    *,
    now: datetime | None = None,
    memory_limit: str | None = None,
    bundled: bool = False,
) -> tuple[dict[str, Any], str]:
    """Write plan.json, inspectors.json, frame.tsv and commitment.json to ``out``;
    return the commitment and its digest.

    ``bundled``: refuse what one bundle can't carry, where nothing else is made of a draw. Raises ``ZS-DR-*``.
    """
    refuse_sources(plan)
    refuse_words(plan)
    with scratch_folder() as scratch:
        connection = open_database(memory_limit, scratch)
        built = new_frame(connection, plan, *source.view(connection), scratch)
        refuse_inspectors(people, districts_of(plan, built.sizes))
        committed = commitment(plan, built, list(people), now or clock_now())
        if bundled:
            refuse_too_large(plan, committed["strata"])
        refuse_unstaffed(plan, committed["strata"], people, built.strata_of([*recusals(people)]))
        out.mkdir(parents=True, exist_ok=True)
        write_frame(built, out / "frame.tsv")
        (out / KEPT).unlink(missing_ok=True)
        built.keep(out / KEPT)
        connection.close()
    write_canonical(out / "plan.json", plan.as_json())
    write_canonical(out / "inspectors.json", register_json(list(people)))
    write_canonical(out / "commitment.json", committed)
    return committed, commitment_digest(committed)
