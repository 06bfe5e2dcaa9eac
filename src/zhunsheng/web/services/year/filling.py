"""Checkpoints and self-evaluations, opened by the calendar and filled with the figures of now."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone

from zhunsheng.errors import ZhunshengError
from zhunsheng.web.models import CalendarEntry, Checkpoint, Organisation, SelfEvaluation, User
from zhunsheng.web.services.year.calendar import self_dates, self_entry, self_too_early, time_has_come
from zhunsheng.web.services.year.contests import settle_contests
from zhunsheng.web.services.year.figures import AHEAD, TURNS, assess_now, assess_question
from zhunsheng.web.services.year.question import Question, state_key
from zhunsheng.web.services.year.records import UNSETTLED, Record
from zhunsheng.web.workflow import note


def open_checkpoint(entry: CalendarEntry, department: Organisation, user: User | None) -> Checkpoint:
    """Open the checkpoint of a calendar entry with figures filled from the evidence;
    an open one is returned as it is.

    Raises ``ZS-WB-06`` before its time.
    """
    if not Checkpoint.objects.filter(department=department, as_of=entry.as_of).exists():
        time_has_come(entry.name, entry.opens_on, entry.as_of)
        _ready_to_open(department, entry.year, entry.as_of)
    with transaction.atomic():
        kept, made = Checkpoint.objects.get_or_create(
            department=department,
            as_of=entry.as_of,
            defaults={"year": entry.year, "name": entry.name, "due_on": entry.due_on},
        )
        if made and user is not None:
            note(user, kept, "monitoring.open", after="open")
    return fill_checkpoint(kept)


def _ready_to_open(department: Organisation, year: int, day: date) -> None:
    """Compute the figures that a record will be opened with, so that one without any is not opened.
    Raises as ``assess_now``.
    """
    assess_question(Question(department, year, day, None), None, tables=False, lights=False)


def fill_checkpoint(checkpoint: Checkpoint, *, tables: bool = False) -> Checkpoint:
    """Fill the figures of an open checkpoint anew from the evidence and its own words;
    any other stays as it is.
    """
    _fill(checkpoint, ("open",), tables=tables)
    return checkpoint


def fill(record: Record, *, tables: bool = False) -> Record:
    """Fill the figures of an open record of either kind anew."""
    if isinstance(record, Checkpoint):
        return fill_checkpoint(record, tables=tables)
    return fill_self_evaluation(record, tables=tables)


def _fill(record: Record, states: tuple[str, ...], *, tables: bool) -> None:
    """Assess, then put the figures in where the record is still in one of the states:
    a decision taken meanwhile stands.
    """
    for turn in range(1, TURNS + 1):
        if record.state not in states:
            return
        figures = assess_now(record.department, record.year, record.as_of, tables=tables, record=record)
        with transaction.atomic():
            now = type(record).objects.select_for_update(no_key=True).get(pk=record.pk)
            # What somebody said or imported while this was computed is not written over with figures from
            # before. Where it was computed ahead, the record is locked already, and the key was asked for
            # behind the lock.
            moved = (
                turn < TURNS
                and AHEAD.get() is None
                and state_key(now.department, now.year, now.as_of, now) != figures.key
            )
            if not moved and now.state in states and now.assessment_id != figures.pk:
                now.assessment = figures
                now.save()
        record.refresh_from_db()
        if not moved:
            return


def weigh(evaluation: SelfEvaluation) -> None:
    """Bring a self-evaluation's figures, where they are not settled, and its contests to the present evidence
    and words.
    """
    if evaluation.state in UNSETTLED:
        fill_self_evaluation(evaluation)
    elif evaluation.state != "accepted":
        found = assess_now(evaluation.department, evaluation.year, evaluation.as_of, record=evaluation)
        settle_contests(evaluation, found.run)


def open_self_evaluation(department: Organisation, year: int, user: User | None) -> SelfEvaluation:
    """Open the self-evaluation of a year by the calendar (default: data to the end of February,
    due on 31 March).

    Raises ``ZS-WB-06`` before its time.
    """
    if not SelfEvaluation.objects.filter(department=department, year=year).exists():
        if early := self_too_early(department, year):
            raise ZhunshengError("ZS-WB-06", detail=early)
        _ready_to_open(department, year, self_dates(department, year)["as_of"])
    with transaction.atomic():
        kept, made = SelfEvaluation.objects.get_or_create(
            department=department, year=year, defaults=self_dates(department, year)
        )
        if made and user is not None:
            note(user, kept, "selfeval.open", after="draft")
    return fill_self_evaluation(kept)


def _follow_calendar(evaluation: SelfEvaluation) -> None:
    """Bring the dates of a self-evaluation that nobody submitted to the calendar,
    as soon as its day has come.
    """
    dates = self_dates(evaluation.department, evaluation.year)
    known = {name: getattr(evaluation, name) for name in dates}
    if evaluation.state not in UNSETTLED or known == dates or dates["as_of"] > timezone.localdate():
        return
    if (
        evaluation.as_of >= date(evaluation.year, 12, 31)
        and self_entry(evaluation.department, evaluation.year) is None
    ):
        return  # of a day after the year, on which nothing else was set
    with transaction.atomic():
        now = SelfEvaluation.objects.select_for_update().get(pk=evaluation.pk)
        if now.state in UNSETTLED:
            now.as_of, now.due_on = dates["as_of"], dates["due_on"]
            now.save()
    evaluation.refresh_from_db()


def fill_self_evaluation(evaluation: SelfEvaluation, *, tables: bool = False) -> SelfEvaluation:
    """Compute the scores anew, its contests with them; one that was submitted stays as it was signed."""
    _follow_calendar(evaluation)
    _fill(evaluation, UNSETTLED, tables=tables)
    if evaluation.state in UNSETTLED and evaluation.assessment is not None:
        if settle_contests(evaluation, evaluation.assessment.run):
            _fill(evaluation, UNSETTLED, tables=tables)
    return evaluation


def refill(department: Organisation, year: int) -> list[str]:
    """Bring every record of a year that is not settled to the present evidence; return what could not be,
    in words.
    """
    failed = []
    waiting: list[tuple[Record, Callable[[Any], object]]] = [
        *(
            (c, fill_checkpoint)
            for c in Checkpoint.objects.filter(department=department, year=year, state="open")
        ),
        *((e, weigh) for e in SelfEvaluation.objects.filter(department=department, year=year)),
    ]
    for record, bring in waiting:
        try:
            # Computed before the transaction, which finds it: nobody waits for it.
            assess_now(department, year, record.as_of, record=record)
            with transaction.atomic():
                bring(record)
        except (
            ZhunshengError
        ) as error:  # a word that no longer fits: its page says what is wrong, the others go on
            failed.append(f"{record}：{error.web}")
    return failed
