"""The site's public log of commitments: what is promised before a draw stands there at once, and what is given up too."""

from __future__ import annotations

import json
from datetime import UTC
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy

from zhunsheng.disclosure.documents import json_texts
from zhunsheng.draws.plan import Plan
from zhunsheng.draws.public_log import START, Entry, read_log
from zhunsheng.draws.strata import untouched
from zhunsheng.errors import ZhunshengError
from zhunsheng.web.models import AuditHead, Commitment, Draw, Publication
from zhunsheng.web.roles import WORDS
from zhunsheng.web.services.disclosing import items_in

FILES = ("plan.json", "commitment.json")


def refuse_personal(draw: Draw, reason: str = "") -> None:
    """Refuse a plan, or a reason, with personal data in it, for it becomes public as it is. Raises ``ZS-WB-48``.

    Who speaks at a ceremony does so in public, under their name, and an entry can't wait for a decision on it; the notice's
    publication can, and asks for them as for anybody (``docs/security.md``).
    """
    plan = Plan.model_validate(draw.plan).as_json()
    plan["randomness"] = [{k: v for k, v in s.items() if k != "speakers"} for s in plan["randomness"]]
    found = items_in(json_texts("", [[plan, reason]], 0))
    if found:
        raise ZhunshengError("ZS-WB-48", where="；".join(f"{one.title} {one.shown}" for one in found[:5]))


def append(draw: Draw, kind: str, reason: str = "") -> Commitment:
    """Write an entry on a draw's commitment at the end of the log, in the caller's transaction."""
    with transaction.atomic():
        # One entry comes after the other: the head of the audit log is the site's one turn to wait for.
        AuditHead.objects.select_for_update().filter(pk=1).first()
        last = Commitment.objects.order_by("number").last()
        at = timezone.now().replace(microsecond=0)
        entry = Entry(
            number=last.number + 1 if last else 1,
            at=at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            kind=kind,  # type: ignore[arg-type]
            office=draw.department.code,
            draw=draw.code,
            title=draw.title,
            digest=draw.digest,
            reason=reason.strip()[:1_000],
            previous=entry_of(last).own if last else START,
        )
        made = Commitment(draw=draw, number=entry.number, at=at, kind=kind, line=entry.line())
        made.save()
    return made


def entry_of(kept: Commitment) -> Entry:
    """Return what an entry says, from its line."""
    return Entry.model_validate_json(kept.line)


# What a step of a draw is, as the public reads it; an entry is there only where the step was taken.
HAPPENED = {action: WORDS[action] for action in ("draws.enter", "draws.differ")} | {
    "draws.commit": gettext_lazy("承诺已作出"),
    "draws.draw": gettext_lazy("已抽取"),
}


def shown(kept: Commitment) -> dict[str, Any]:
    """Return what the page of an entry shows: the promise in words, and what the site saw happen, each with its time."""
    draw = kept.draw
    plan = Plan.model_validate(draw.plan)
    entries = list(draw.published.all())
    happened = [(e.at, e.get_kind_display(), entry_of(e).reason) for e in entries]
    happened += [(s.at, HAPPENED[s.action], "") for s in draw.steps() if s.action in HAPPENED]
    of_year = Commitment.objects.filter(draw__department=draw.department, draw__frame_on__year=draw.year)
    path = draw.folder() / "commitment.json"
    committed = json.loads(path.read_text("utf8")) if path.is_file() else {"strata": {}}
    return {
        "entry": entry_of(kept),
        "kept": kept,
        "draw": draw,
        "plan": plan,
        "own": entry_of(kept).own,
        "committed": committed,
        "strata": plan.allotted(committed["strata"]),
        "untouched": untouched(plan.allotted(committed["strata"])),
        "happened": sorted(happened, key=lambda h: h[0]),
        "given_up": any(e.kind == Commitment.Kind.VOID for e in entries),
        "publications": Publication.objects.filter(kind__in=("draw", "results"), state="published", object_id=draw.pk),
        "files": [name for name in FILES if (draw.folder() / name).is_file()],
        # Many committed to with one kept is for all to see.
        "counts": {kind: of_year.filter(kind=kind).count() for kind in Commitment.Kind.values},
    }


def log_text() -> str:
    """Return the whole log as it is published: one canonical line an entry."""
    return "".join(f"{line}\n" for line in Commitment.objects.order_by("number").values_list("line", flat=True))


def check_log() -> list[Entry]:
    """Return all entries, read as anyone outside reads them. Raises ``ZS-DR-45`` where the table was tampered with."""
    return read_log(log_text(), "承诺记录.jsonl")
