"""The draw itself: drawn here, or taken over from the command line; its tasks and its bundle."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from django.db import transaction

from zhunsheng.draws.bundle import read_bundle
from zhunsheng.draws.protocol import commitment_digest
from zhunsheng.draws.reading import read_plan
from zhunsheng.files.writing import write_whole
from zhunsheng.papers.packing import without_manifest
from zhunsheng.translation import worded
from zhunsheng.usecases.drawing.running import BUNDLE, PAPERS, entity_names, run_draw, write_notice
from zhunsheng.usecases.progress import Progress, no_progress
from zhunsheng.web.models import Draw, DrawTask, User
from zhunsheng.web.services import commitments, papers, stamps
from zhunsheng.web.services.evidence import store
from zhunsheng.web.workflow import advance, check


def perform(draw: Draw, user: User, progress: Progress = no_progress, seen: str | None = None) -> Draw:
    """Draw, assign, write bundle, notice and tasks, and keep a task for every object drawn.

    Raises ``PermissionDenied``, ``ZS-WB-10``, ``ZS-DR-*``.
    """
    check(user, draw, "draws.draw", seen)
    progress(worded("抽取与分派"), 0, 2)
    outcome = run_draw(draw.folder(), store().root)
    drawn = [d for d in outcome.drawn if not d.reserve]
    names = entity_names(store().root, [d.id for d in drawn])
    progress(worded("生成任务"), 1, 2)
    with transaction.atomic():
        if not draw.tasks.exists():
            for d in drawn:
                DrawTask.objects.create(
                    draw=draw,
                    entity=d.id,
                    name=names.get(d.id, ""),
                    stratum=d.stratum,
                    rank=d.rank,
                    team=list(outcome.teams[d.id]),
                )

        def counted(now: Draw) -> None:
            now.drawn_count = len(drawn)

        advance(user, draw, "draws.draw", seen=seen, change=counted)
        papers.record_kept(draw)
    # Once more, with the times of the record, which has the draw's own step now;
    # what no lock may wait for comes after it.
    happened = [(e.at, _told(e)) for e in commitments.happened(draw)]
    write_notice(outcome, draw.folder(), happened, stamps.words_for(draw))
    return draw


def _told(event: commitments.Happening) -> str:
    """Return what happened as a notice has it."""
    numbered = worded("，公开记录第 {number} 号", number=event.number) if event.number else ""
    return event.what + numbered + (f"（{event.reason}）" if event.reason else "")


def proof_of(draw: Draw) -> dict[str, Any]:
    """Return the parts of a draw's bundle. Raises ``ZS-IN-01``, ``ZS-DR-07``."""
    return read_bundle(draw.folder() / BUNDLE)


def adopt(draw: Draw, source: Path, user: User) -> Draw:
    """Take over a draw made by the command line: its folder is copied, its tasks are made,
    its state follows.
    """
    shutil.copytree(source, draw.folder(), dirs_exist_ok=True)
    for path in (draw.folder() / name for name in PAPERS):
        if path.is_file():  # they go out under the site's codes, not the command's
            write_whole(path, without_manifest(path.read_bytes(), path.name))
    read_plan(draw.folder() / "plan.json")
    parts = proof_of(draw)
    teams = {a["id"]: a["inspectors"] for a in parts["assignment.json"]}
    drawn = [d for d in parts["drawn.json"] if not d["reserve"]]
    names = entity_names(store().root, [d["id"] for d in drawn])
    for d in drawn:
        DrawTask.objects.create(
            draw=draw,
            entity=d["id"],
            name=names.get(d["id"], ""),
            stratum=d["stratum"],
            rank=d["rank"],
            team=teams[d["id"]],
        )

    def fixed(now: Draw) -> None:
        now.digest, now.frame_count = (
            commitment_digest(parts["commitment.json"]),
            parts["commitment.json"]["frame"]["count"],
        )
        now.drawn_count = len(drawn)

    with transaction.atomic():
        advance(user, draw, "draws.adopt", worded("由命令行完成抽取，整包接收"), change=fixed)
        commitments.append(draw, "late", worded("由命令行完成抽取后接收，承诺事先没有在本站公布"))
        papers.record_kept(draw)
    return draw
