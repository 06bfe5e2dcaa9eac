"""What a person says of an indicator in a record: checked, kept, and the figures it makes with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import transaction

from zhunsheng.errors import ZhunshengError
from zhunsheng.judgements import refuse_marks
from zhunsheng.translation import worded
from zhunsheng.web.models import Assessment, Checkpoint, User, Word
from zhunsheng.web.services.evidence import store
from zhunsheng.web.services.sheets.lookup import book_in_force
from zhunsheng.web.services.year.figures import TURNS, Moved, ahead, compute
from zhunsheng.web.services.year.filling import fill
from zhunsheng.web.services.year.question import Question, WordUnkept, promises
from zhunsheng.web.services.year.records import UNSETTLED, Record, words_of

_JUDGED = ("pending", "judged")  # verdicts on a day that was missed where a person judges


def say(
    record: Record, sheet: str, indicator: str, user: User, *, seen: str | None = None, **said: Any
) -> tuple[Word, Word | None]:
    """Keep a person's word and fill the record with the figures it makes; return it, and the one before it.

    The figures are computed as if the word were kept, before anything is locked,
    and kept with it where nothing they rest on has moved meanwhile. Raises as ``keep_word`` and
    ``assess_now``; nothing is kept then.
    """
    for turn in range(1, TURNS + 1):
        new = _spoken(record, sheet, indicator, user, seen, dict(said))
        asked = Question(record.department, record.year, record.as_of, record, new=new)
        known = Assessment.objects.filter(
            department=record.department, year=record.year, key=asked.basis(store())
        )
        computed = [] if known.exists() else [compute(asked)]
        try:
            with ahead(*computed, only=turn < TURNS):
                kept = keep_word(record, sheet, indicator, user, lambda: fill(record), seen=seen, **said)
        except Moved:
            record.refresh_from_db()
            continue
        return kept, new.former
    raise AssertionError  # the last turn computes whatever it needs


def keep_word(
    record: Record,
    sheet: str,
    indicator: str,
    user: User,
    check: Callable[[], object] | None = None,
    *,
    seen: str | None = None,
    **said: object,
) -> Word:
    """Keep a person's word on an indicator of a record, both by code; with ``check`` it is kept only if that
    runs.

    ``seen`` is the word their page showed, by its number (0: none); another one meanwhile is not written
    over.

    ``attachments`` of the record's former word go along while it states the same figure of the same thing:
    what proves one figure proves no other. Raises ``ZS-WB-01`` for a record that takes no words any more,
    ``ZS-WB-10`` for an old page, ``ZS-WB-06`` for an indicator that the record does not have,
    for a band on a quantity, for an excess without reason, and what ``check`` raises; nothing is kept then.
    """
    with transaction.atomic():
        # Of two who speak of one record at once, the second finds the word of the first.
        now = type(record)._base_manager.select_for_update(no_key=True).get(pk=record.pk)
        if now.state not in (("open",) if isinstance(record, Checkpoint) else UNSETTLED):
            raise ZhunshengError("ZS-WB-01", title=str(now), state=now.get_state_display())
        new = _spoken(record, sheet, indicator, user, seen, said)
        new.word.save()
        new.word.attachments.set(new.files)
        for contest in new.contests:
            # The same claim stays the same contest, before any figure is computed;
            # another claim stands on its own.
            contest.word = new.word
            contest.save()
        if check is not None:
            check()
    return new.word


def _spoken(
    record: Record, sheet: str, indicator: str, user: User, seen: str | None, said: dict[str, Any]
) -> WordUnkept:
    """Return the word that what was said makes of the former one. Raises as ``keep_word``."""
    run = record.assessment.run if record.assessment else None
    found = run.sheet(sheet) if run else None
    line = run.line(sheet, indicator) if run else None
    if found is None or line is None:
        raise ZhunshengError("ZS-WB-06", detail=worded("没有这个指标，目标表可能已调整，请刷新页面"))
    if (said.get("band") or said.get("share") is not None) and (sheet, indicator) not in banded(record):
        raise ZhunshengError(
            "ZS-WB-06", detail=worded("“{name}”是定量指标，定量指标不评档次，也不填得分率", name=line.name)
        )
    if said.get("share") is not None and not said.get("band"):
        raise ZhunshengError("ZS-WB-06", detail=worded("“{name}”填了得分率，没有选评定档次", name=line.name))
    if said.get("over_accepted") and not str(said.get("reason") or "").strip():
        raise ZhunshengError("ZS-WB-06", detail=worded("“{name}”认可超额，没有写理由", name=line.name))
    if said.get("target_low") and not str(said.get("reason") or "").strip():
        raise ZhunshengError("ZS-WB-06", detail=worded("“{name}”认定目标定低了，没有写理由", name=line.name))
    refuse_marks(said.get("actual"))
    files = list(said.pop("attachments", []))
    promised = promises(book_in_force(record.department, record.year, record.as_of)).get(
        (sheet, indicator), {}
    )
    former = words_of(record).get((sheet, indicator))
    if seen is not None and seen != str(former.pk if former else 0):
        raise ZhunshengError("ZS-WB-10", title=line.name)
    stale = bool(former and promised and former.asked_anew(promised))
    if former is not None and "actual" not in said:
        promised = former.promised  # nobody typed it again: it stays a figure for what it was typed for
        stale = False
    if former is not None:
        for name in ("cause", "measures", "actual", "band", "share", "over_accepted", "target_low", "reason"):
            said.setdefault(name, getattr(former, name))
        if said["actual"] == former.actual and not stale:
            files = [*former.attachments.all(), *files]
    mine = {"checkpoint": record} if isinstance(record, Checkpoint) else {"evaluation": record}
    word = Word(
        department=record.department,
        year=record.year,
        by=user,
        sheet=found.sheet[:200],
        sheet_code=sheet,
        indicator=line.name[:300],
        indicator_code=indicator,
        promised=promised,
        **mine,
        **said,
    )
    same = former is not None and word.claim_with(files) == former.claim
    contests = list(former.contests.exclude(state="replaced")) if former is not None and same else []
    return WordUnkept((sheet, indicator), word, files, contests, former)


def banded(record: Record) -> set[tuple[str, str]]:
    """Return the indicators (codes of sheet and indicator) that a band may be given for:
    no quantity can be read there, or a day was missed and no rule says what that costs.
    """
    book = book_in_force(record.department, record.year, record.as_of)
    run = record.assessment.run if record.assessment else None
    return {
        (s.id, i.id)
        for s in book.sheets
        for i in s.indicators
        if i.type.kind in ("level", "yes_no")
        or i.aim.op in ("level", "unread")
        or (i.aim.op == "by" and run and (line := run.line(s.id, i.id)) and line.score.verdict in _JUDGED)
    }
