"""The records that a year's figures are told in (checkpoints and self-evaluations): which one a day has,
what was said in it, and what it still owes a word on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from zhunsheng.targets import TargetValue
from zhunsheng.web.databases.connections import remembered
from zhunsheng.web.models import Assessment, Checkpoint, LowTarget, Organisation, SelfEvaluation, Word
from zhunsheng.web.services.year.calendar import day_of

Record = Checkpoint | SelfEvaluation
# States of a self-evaluation whose figures follow the evidence: from the filler's signature on they are what
# was signed.
UNSETTLED = ("draft", "returned")


def newest_assessment(department: Organisation, year: int) -> Assessment | None:
    """Return the figures of the latest date that is shown; of several states of it the one that was assessed
    last.
    """
    known = Assessment.objects.filter(department=department, year=year, as_of__lte=day_of(department, year))
    return known.order_by("-as_of", "-assessed_at", "-pk").first()


def record_of(department: Organisation, year: int, day: date) -> Record | None:
    """Return the record whose words go into the figures that a day is shown with: its self-evaluation,
    else its checkpoint.

    A record's own figures are made from its own words, whatever else is of that day.
    """
    found = SelfEvaluation.objects.filter(department=department, year=year, as_of=day).first()
    return found or Checkpoint.objects.filter(department=department, year=year, as_of=day).first()


@remembered
def words_of(record: Record | None) -> Mapping[tuple[str, str], Word]:
    """Return the newest word of a record on each indicator, by codes of sheet and indicator."""
    if record is None:
        return {}
    kept = record.words if isinstance(record, Checkpoint) else record.words()
    found = kept.select_related("by").prefetch_related("attachments", "contests")
    return {(w.sheet_code, w.indicator_code): w for w in found.order_by("pk")}


def same_target(was: dict[str, str], now: dict[str, str], year: int) -> bool:
    """Return whether an indicator promises the same as it did, whatever it is called now and however it is
    written: ≥60.0% is no other target than ≥60%.
    """
    before, after = (
        TargetValue.parse(one.get("target", ""), year=year, unit=one.get("unit") or None)
        for one in (was, now)
    )
    return before.same(after)


def rulings_of(
    department: Organisation, year: int, day: date, promised: Mapping[tuple[str, str], dict[str, str]]
) -> dict[tuple[str, str], LowTarget]:
    """Return what the finance bureau found, by the newest upheld finding, of each target that still promises
    what it was found of, by codes of sheet and indicator: in the self-evaluation of that day or of an earlier
    one, since the target is the same in what came after.
    """
    mine = LowTarget.objects.filter(
        evaluation__department=department, evaluation__year=year, evaluation__as_of__lte=day, state="upheld"
    )
    found = {(one.sheet_code, one.indicator_code): one for one in mine.order_by("pk")}
    return {
        key: one
        for key, one in found.items()
        if key in promised and same_target(one.promised, promised[key], year)
    }


def earlier_words(record: Record) -> dict[tuple[str, str], Word]:
    """Return what was last said of indicators in other records of the year: offered to write from,
    counted nowhere.
    """
    mine = {"checkpoint": record} if isinstance(record, Checkpoint) else {"evaluation": record}
    others = Word.objects.filter(department=record.department, year=record.year).exclude(**mine)
    return {(w.sheet_code, w.indicator_code): w for w in others.order_by("pk")}


def unexplained(record: Record) -> list[tuple[str, str]]:
    """Return (sheet code, indicator code) of what this record owes a cause and measures for and has none.

    At a checkpoint that is a yellow or red light, in a self-evaluation a target that was missed;
    both official tables ask for it (偏差原因分析及改进措施).
    """
    if record.assessment is None:
        return []
    said, monitored = words_of(record), isinstance(record, Checkpoint)
    return [
        (one.id, line.id)
        for one in record.assessment.run.results
        for line in one.indicators
        if (line.monitoring.light in ("yellow", "red") if monitored else line.score.verdict == "missed")
        and not ((word := said.get((one.id, line.id))) and word.cause and re.search(r"\w\w", word.measures))
    ]


def names_of(record: Record, keys: list[tuple[str, str]]) -> list[str]:
    """Return the names of indicators by their codes, as the record's figures call them."""
    run = record.assessment.run if record.assessment else None
    lines = {(s.id, i.id): i.name for s in run.results for i in s.indicators} if run else {}
    return [lines.get(key, "") for key in keys]
