"""What two people enter each: the digests of sealed slips, the random numbers."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from zhunsheng.clock import told
from zhunsheng.draws.bundle import read_part
from zhunsheng.draws.plan import Plan
from zhunsheng.draws.protocol import refuse_early
from zhunsheng.draws.randomness import canonical_text, entered
from zhunsheng.draws.slips import ceremony_of, opened, record, record_digest
from zhunsheng.draws.verdicts import Verdict, verdict
from zhunsheng.errors import ZhunshengError
from zhunsheng.translation import series, worded
from zhunsheng.usecases.drawing.draw_folder import slips_of
from zhunsheng.usecases.drawing.sealing import record_slips, seal_entries
from zhunsheng.web.models import Draw, User
from zhunsheng.web.workflow import advance, check, note


def seals(draw: Draw) -> bool:
    """Return whether slips of a ceremony are to be recorded before numbers are entered."""
    sealed = ceremony_of(Plan.model_validate(draw.plan)) is not None
    return draw.state == "committed" and sealed and slips_of(draw.folder()) is None


def seal_slips(
    draw: Draw, user: User, slips: list[str], seen: str | None = None
) -> tuple[str, ZhunshengError | None]:
    """Take one person's entry of the digests of a ceremony's slips; the second, by another person,
    records them for good.

    Returns the digest to show to all, "" while there is one entry only, and where the two differ
    ``ZS-WB-59``: the first is then taken back and nothing recorded. Raises ``PermissionDenied``,
    ``ZS-WB-10``, ``ZS-DR-37``, ``ZS-DR-39``, ``ZS-WB-06`` for the same person twice.
    """
    check(user, draw, "draws.slips", seen)
    with transaction.atomic():
        now = Draw.objects.select_for_update().get(pk=draw.pk)
        if now.state != "committed":
            raise ZhunshengError("ZS-WB-01", title=str(now), state=now.get_state_display())
        at = timezone.now()
        if (kept := slips_of(now.folder())) is not None:
            raise ZhunshengError("ZS-DR-37", sealed_at=told(kept["sealed_at"]))
        record(
            Plan.model_validate(now.plan), slips, at
        )  # what can't be is said at once, not when the second comes
        first = now.first_entry
        if first is None:
            now.first_entry, now.first_by = {"by": user.get_username(), "slips": slips}, user
            now.save()
            note(user, now, "draws.slips", now.state, now.state, seen=seen)
            return "", None
        if now.first_by_id == user.pk:
            raise ZhunshengError("ZS-WB-06", detail=gettext("封条的摘要须由两个人各自录入"))
        now.first_entry, now.first_by = None, None
        now.save()
        found = ceremony_of(Plan.model_validate(now.plan))
        speakers = found[1].speakers if found else ()
        differ = [who for who, one, two in zip(speakers, first["slips"], slips, strict=True) if one != two]
        if differ:
            note(
                user,
                now,
                "draws.differ",
                now.state,
                now.state,
                gettext("封条的摘要两次录入不一致：%s") % "、".join(differ),
                seen=seen,
            )
            return "", ZhunshengError("ZS-WB-59", who=series(differ))
        _record, shown = record_slips(now.folder(), slips, at)
        note(
            user, now, "draws.seal", now.state, now.state, gettext("登记封条，封存摘要 %s") % shown, seen=seen
        )
    return shown, None


def strength(draw: Draw) -> Verdict:
    """Return how strong a draw's randomness is, by its seed where there is one, else as the
    plan foresees it.
    """
    sealed = draw.folder() / "seed.json"
    values = read_part(sealed)["values"] if sealed.is_file() else None
    return verdict(Plan.model_validate(draw.plan), values)


def sealing(draw: Draw) -> list[str]:
    """Return the speakers of a draw's ceremony whose slips are sealed before they speak,
    none without such a ceremony.
    """
    found: list[str] = next((s["speakers"] for s in draw.plan["randomness"] if s.get("sealed")), [])
    return found


def slips_shown(draw: Draw) -> dict[str, str] | None:
    """Return when a ceremony's slips were recorded and the digest of the record, None without one."""
    kept = slips_of(draw.folder()) if draw.state != "planned" else None
    return {"sealed_at": kept["sealed_at"], "digest": record_digest(kept)} if kept else None


def enter(
    draw: Draw, user: User, values: list[dict[str, Any]], seen: str | None = None
) -> tuple[Draw, ZhunshengError | None]:
    """Take one person's entry of the random numbers; the second, by another person,
    seals the seed if both agree.

    Returns the draw and, where the two entries differ, ``ZS-DR-04``: the first entry is then taken back,
    so that both look again, which an error raised would undo. Raises ``ZS-DR-05`` before the numbers are
    known or for ones that can't be, ``ZS-WB-06`` for the same person twice, ``ZS-DR-35`` and ``ZS-DR-36`` for
    slips that are not recorded or not these.
    """
    check(user, draw, "draws.enter", seen)
    # A number that can't be right is said at once, not when the second person comes.
    plan = Plan.model_validate(draw.plan)
    canonical_text(plan, opened(plan, entered(values), slips_of(draw.folder())))
    refuse_early(plan, timezone.now())
    entry = {"by": user.get_username(), "values": values}
    with transaction.atomic():
        now = Draw.objects.select_for_update().get(pk=draw.pk)
        if now.state == "committed":

            def first(one: Draw) -> None:
                one.first_entry, one.first_by = entry, user

            advance(user, now, "draws.enter", seen=seen, change=first)
            return now, None
        if now.state != "entered":
            raise ZhunshengError("ZS-WB-01", title=str(now), state=now.get_state_display())
        if now.first_by_id == user.pk:
            raise ZhunshengError("ZS-WB-06", detail=worded("两次录入须由两个人完成"))
        assert now.first_entry is not None
        try:
            seal_entries(now.folder(), now.first_entry, entry)
        except ZhunshengError as error:
            failure: ZhunshengError | None = error

            def taken_back(one: Draw) -> None:
                one.first_entry, one.first_by = None, None

            advance(
                user, now, "draws.differ", worded("两次录入不一致或不成立，须各自重录"), change=taken_back
            )
        else:
            failure = None

            def second(one: Draw) -> None:
                one.second_by = user

            advance(user, now, "draws.enter", seen=seen, change=second, to="sealed")
    return now, failure
