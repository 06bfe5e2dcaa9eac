"""The commitment of a draw: foreseen while it is planned, made, and what it allots."""

from __future__ import annotations

import json
import shutil
from datetime import datetime
from typing import Any

from django.db import transaction
from pydantic import ValidationError

from zhunsheng.draws import lookalikes
from zhunsheng.draws.assignment import RegisteredInspector, districts_of
from zhunsheng.draws.frame_making import sizes_in_ledger
from zhunsheng.draws.plan import Plan
from zhunsheng.draws.protocol import refuse_too_large
from zhunsheng.draws.staffing import recusals, refuse_unstaffed
from zhunsheng.draws.strata import untouched as untouched
from zhunsheng.errors import ZhunshengError
from zhunsheng.faults import fault
from zhunsheng.translation import worded
from zhunsheng.usecases.drawing.committing import commit_plan
from zhunsheng.usecases.drawing.frames import FrameSource
from zhunsheng.usecases.progress import Progress, no_progress
from zhunsheng.web.models import Draw, Inspector, Organisation, User
from zhunsheng.web.services import commitments
from zhunsheng.web.services.conditions import frame_past, known_later
from zhunsheng.web.services.evidence import store
from zhunsheng.web.workflow import advance, check


def commit(draw: Draw, user: User, progress: Progress = no_progress, seen: str | None = None) -> Draw:
    """Fix plan, frame and register by publishing their digests: they stand in the public log with the step
    itself.

    Raises ``PermissionDenied``, ``ZS-WB-10`` for a plan that is not the one on the screen,
    ``ZS-WB-12`` where the numbers are known, ``ZS-WB-58`` for a frame of a day to come,
    ``ZS-WB-48`` for personal data in the plan, ``ZS-DR-*``, ``ZS-EV-04``.
    """
    check(user, draw, "draws.commit", seen)
    known_later(datetime.fromisoformat(draw.plan["known_at"]))
    frame_past(draw.frame_on)
    commitments.refuse_personal(draw)
    folder = draw.folder()
    # A draw that is only planned has no files: what lies here is of another whose number was given again (a
    # restored site).
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    people = _registered(draw.department)
    progress(worded("生成名录库与承诺"), 0, 1)
    committed, digest = commit_plan(
        Plan.model_validate(draw.plan),
        people,
        folder,
        FrameSource(evidence=store().root, on=draw.frame_on, department=draw.department.code),
        bundled=True,
    )

    def fixed(now: Draw) -> None:
        now.digest, now.frame_count = digest, committed["frame"]["count"]

    # Fixed and public are one: nothing is committed to that does not stand in the public log.
    with transaction.atomic():
        advance(user, draw, "draws.commit", seen=seen, change=fixed)
        commitments.append(draw, "commit")
    return draw


def _registered(department: Organisation) -> list[RegisteredInspector]:
    """Return the inspectors in use as the protocol knows them. Raises ``ZS-DR-01`` for an entry that can't be
    one.
    """
    found = []
    for i in Inspector.objects.filter(department=department, active=True):
        try:
            found.append(
                RegisteredInspector(
                    id=i.number,
                    certified=i.certified,
                    districts=tuple(i.districts),
                    items=tuple(i.items),
                    recuse=tuple(i.recuse),
                )
            )
        except ValidationError as error:
            raise ZhunshengError(
                "ZS-DR-01",
                detail=worded("检查人员 {number} {error}", number=i.number[:40], error=fault(error)),
            ) from None
    return found


def foreseen(draw: Draw) -> tuple[list[dict[str, object]], ZhunshengError | None]:
    """Return each stratum as a commitment made now would have it, or why none can be made;
    nothing once committed.
    """
    if draw.state != "planned":
        return [], None
    plan = Plan.model_validate(draw.plan)
    try:
        frame_past(draw.frame_on)
        people = _registered(draw.department)
        sizes, recused = sizes_in_ledger(
            store().snapshot(), plan, draw.frame_on, draw.department.code, [*recusals(people)]
        )
        plan.check_rules(sizes)
        commitments.refuse_personal(draw)
        lookalikes.refuse_sources(plan)
        lookalikes.refuse_words(plan)
        lookalikes.refuse_inspectors(people, districts_of(plan, sizes))
        strata = plan.allot(sizes)
        refuse_too_large(plan, strata)
        refuse_unstaffed(plan, strata, people, recused)
    except ZhunshengError as error:
        return [], error
    return plan.allotted(strata), None


def allotted(draw: Draw) -> list[dict[str, Any]]:
    """Return each stratum of the commitment with its size, rule and number to draw;
    none before the commitment.
    """
    committed = draw.folder() / "commitment.json"
    if draw.state == "planned" or not committed.is_file():
        return []
    strata = json.loads(committed.read_text("utf8"))["strata"]
    return Plan.model_validate(draw.plan).allotted(strata)
