"""The site's public log of commitments: what is promised before a draw stands there at once,
and what is given up too.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy

from zhunsheng.clock import local, told, utc
from zhunsheng.disclosure.documents import json_texts
from zhunsheng.draws.plan import Plan
from zhunsheng.draws.public_log import KINDS as KINDS
from zhunsheng.draws.public_log import START, Entry, Held, held, read_log
from zhunsheng.draws.spec import grouped, typed_digest
from zhunsheng.draws.strata import untouched
from zhunsheng.errors import ZhunshengError
from zhunsheng.translation import series
from zhunsheng.web.actions import WORDS
from zhunsheng.web.models import AuditHead, Commitment, Draw, Publication
from zhunsheng.web.services.disclosing import items_in

FILES = ("plan.json", "commitment.json")


def refuse_personal(draw: Draw, reason: str = "") -> None:
    """Refuse a plan, or a reason, with personal data in it, for it becomes public as it is.
    Raises ``ZS-WB-48``.

    Who speaks at a ceremony does so in public, under their name, and an entry can't wait for a decision on
    it; the notice's publication can, and asks for them as for anybody (``docs/security.md``).
    """
    plan = Plan.model_validate(draw.plan).as_json()
    plan["randomness"] = [{k: v for k, v in s.items() if k != "speakers"} for s in plan["randomness"]]
    found = items_in(json_texts("", [[plan, reason]], 0))
    if found:
        raise ZhunshengError(
            "ZS-WB-48", where=series((f"{one.title} {one.shown}" for one in found[:5]), "；")
        )


def append(draw: Draw, kind: str, reason: str = "") -> Commitment:
    """Write an entry on a draw's commitment at the end of the log, in the caller's transaction."""
    with transaction.atomic():
        # One entry comes after the other: the head of the audit log is the site's one turn to wait for.
        AuditHead.objects.select_for_update().filter(pk=1).first()
        last = Commitment.objects.order_by("number").last()
        at = timezone.now().replace(microsecond=0)
        entry = Entry(
            number=last.number + 1 if last else 1,
            at=utc(at),
            kind=kind,
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


# What a step of a draw is, as people read it: by what was done and, of entries, where that led.
HAPPENED = {
    ("draws.enter", "committed"): gettext_lazy("登记封条"),  # by one person, as it was once
    ("draws.slips", "committed"): gettext_lazy("第一人录入封条摘要"),
    ("draws.seal", "committed"): gettext_lazy("第二人录入封条摘要，两次一致，封条已登记"),
    ("draws.enter", "entered"): gettext_lazy("第一人录入随机数"),
    ("draws.enter", "sealed"): gettext_lazy("第二人录入，两次一致，种子已定"),
    ("draws.differ", "committed"): WORDS["draws.differ"],
    ("draws.draw", "drawn"): gettext_lazy("抽取并分派"),
    ("draws.adopt", "drawn"): WORDS["draws.adopt"],
}


@dataclass(frozen=True)
class Happening:
    """One thing that happened to a draw: when, what in words, why where a reason was given,
    and its number in the public log.
    """

    at: datetime
    what: str
    reason: str = ""
    number: int | None = None


def happened(draw: Draw) -> list[Happening]:
    """Return what happened to a draw since it was promised, each with its own time as it was recorded,
    in order.

    The promise has the time that its file gives, its publication that of its entry in the log,
    all else that of its step.
    """
    found = []
    path = draw.folder() / "commitment.json"
    if draw.state != "planned" and path.is_file():
        made = datetime.fromisoformat(json.loads(path.read_text("utf8"))["committed_at"])
        found.append(Happening(made, gettext("作出承诺（承诺文件所记的时间）")))
    for entry in draw.published.order_by("number"):
        found.append(Happening(entry.at, str(entry.get_kind_display()), entry_of(entry).reason, entry.number))
    for step in draw.steps():
        if words := HAPPENED.get((step.action, step.after)):
            found.append(Happening(step.at, str(words)))
    # Those of one second keep this order: a step's time is finer than an entry's.
    return sorted(found, key=lambda event: event.at.replace(microsecond=0))


def shown(kept: Commitment) -> dict[str, Any]:
    """Return what the page of an entry shows: the promise in words, and what the site saw happen,
    each with its time.
    """
    draw = kept.draw
    plan = Plan.model_validate(draw.plan)
    # By when the site wrote the entry: the day of a frame is for the office to choose.
    year = local(kept.at).year
    of_year = Commitment.objects.filter(draw__department=draw.department, at__year=year)
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
        "happened": happened(draw),
        "given_up": given_up(draw),
        "publications": Publication.objects.filter(
            kind__in=("draw", "results"), state="published", object_id=draw.pk
        ),
        "files": [name for name in FILES if (draw.folder() / name).is_file()],
        # Many committed to with one kept is for all to see.
        "year": year,
        "counts": {kind: of_year.filter(kind=kind).count() for kind in Commitment.Kind.values},
    }


def given_up(draw: Draw) -> bool:
    """Return whether a draw's commitment was given up in public."""
    return any(e.kind == Commitment.Kind.VOID for e in draw.published.all())


def slip_text(kept: Commitment, address: str) -> str:
    """Return what an observer keeps of an entry, as a text to be mailed; at ``address`` it is compared with
    the log.
    """
    entry = entry_of(kept)
    return "\n".join(
        (
            "抽查承诺公开记录　摘要",
            f"编号　第 {entry.number} 号（{KINDS[entry.kind]}）",
            f"时间　{told(entry.at)}",
            f"抽查　{entry.title}（{entry.draw}）",
            f"本条摘要　{' '.join(grouped(entry.own, 4))}",
            "　　（核对手里的摘要时填这一个）",
            f"承诺摘要　{' '.join(grouped(entry.digest, 4))}",
            "　　（填入核验网页）",
            "请保留这两个摘要。以后打开下面的网址，看记录是不是还和本条摘要一致；",
            "不一致的，这一条或它之前的记录被改动过。",
            address,
            "",
        )
    )


def mistaken_for(digest: str) -> Entry | None:
    """Return the first entry whose commitment has the digest that was given in the place of an entry's own,
    if any.
    """
    bare = typed_digest(digest)
    every = (entry_of(kept) for kept in Commitment.objects.order_by("number"))
    return next((entry for entry in every if entry.digest == bare), None)


def held_by(digest: str, number: int | None) -> Held:
    """Return how a slip that someone holds stands to the log as it is now; a log that is broken agrees with
    none.
    """
    try:
        return held(check_log(), digest, number)
    except ZhunshengError as error:
        return Held(False, error.worded("web"))


def log_text() -> str:
    """Return the whole log as it is published: one canonical line an entry."""
    return "".join(
        f"{line}\n" for line in Commitment.objects.order_by("number").values_list("line", flat=True)
    )


def check_log() -> list[Entry]:
    """Return all entries, read as anyone outside reads them. Raises ``ZS-DR-45`` where the table was tampered
    with.
    """
    return read_log(log_text(), "承诺记录.jsonl")
