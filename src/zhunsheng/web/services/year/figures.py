"""A year's figures: a department is assessed against the evidence, once for each state of all it rests on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date

from django.utils import timezone

from zhunsheng.usecases.assessing import Assessed
from zhunsheng.usecases.opened_evidence import Evidence
from zhunsheng.usecases.result import Run, run_of
from zhunsheng.web.models import Assessment, Organisation, SheetVersion
from zhunsheng.web.services import evidence as site
from zhunsheng.web.services.matching import links_of
from zhunsheng.web.services.papers import record_kept
from zhunsheng.web.services.sheets.lookup import with_version
from zhunsheng.web.services.year.calendar import day_of
from zhunsheng.web.services.year.keeping import keep, keep_forms, keep_lights
from zhunsheng.web.services.year.question import Question
from zhunsheng.web.services.year.readings import opened_for, remember
from zhunsheng.web.services.year.records import Record, record_of


@dataclass(frozen=True)
class Computed:
    """Figures that were computed and not kept yet, with the evidence they were computed from."""

    done: Assessed
    evidence: Evidence
    run: Run


class Moved(Exception):
    """What figures were computed from has moved since: they are computed again, before anything is locked."""


@dataclass(frozen=True)
class Ahead:
    """Figures that were computed ahead, by their key; with ``only`` no others are computed."""

    computed: dict[str, Computed]
    only: bool


AHEAD: ContextVar[Ahead | None] = ContextVar("ahead", default=None)
TURNS = 3  # with these used up, what was not computed ahead is computed where it is asked for


@contextmanager
def ahead(*computed: Computed, only: bool) -> Iterator[None]:
    """Let figures that were computed ahead be kept within the block; with ``only`` no others are computed
    there (``Moved``).
    """
    token = AHEAD.set(Ahead({one.done.basis: one for one in computed}, only))
    try:
        yield
    finally:
        AHEAD.reset(token)


def assess_now(
    department: Organisation,
    year: int,
    as_of: date | None = None,
    evidence: Evidence | None = None,
    *,
    tables: bool = False,
    record: Record | None = None,
) -> Assessment:
    """Assess a department's year and keep the result; the same state is not assessed twice.
    Raises as ``Question.answer``.

    ``tables`` keeps the official forms and the report with it, as they are of this moment.
    The words that go in are those of the ``record``, else of the record that the day's figures are.
    """
    day = as_of or day_of(department, year)
    shown = record_of(department, year, day)
    if record is not None and shown is not None and record != shown:
        kept = assess_question(Question(department, year, day, record), evidence, tables=tables, lights=False)
        # What the department shows of that day stays the self-evaluation's, though another record was
        # assessed last.
        assess_question(Question(department, year, day, shown), evidence, tables=False, lights=False)
        return kept
    lights = day == day_of(department, year)
    return assess_question(
        Question(department, year, day, record or shown), evidence, tables=tables, lights=lights
    )


def assess_question(asked: Question, evidence: Evidence | None, *, tables: bool, lights: bool) -> Assessment:
    """Answer a question and keep the answer, with ``lights`` as what the department shows now.
    Raises as ``Question.answer``, and ``Moved`` where only figures computed ahead are kept.
    """
    department, year, day = asked.department, asked.year, asked.day
    key = asked.basis(evidence.snapshot if evidence else site.store())
    known = Assessment.objects.filter(department=department, year=year, key=key).first()
    if known and (not tables or (known.folder() / "forms.json").is_file()):
        # Found again, it is the figures of now: whatever was assessed between is not.
        Assessment.objects.filter(pk=known.pk).update(assessed_at=timezone.now())
        if lights:
            keep_lights(known)
        return known
    ahead_of = AHEAD.get()
    found = ahead_of.computed.get(key) if ahead_of else None
    if found is None:
        if ahead_of and ahead_of.only:
            raise Moved
        found = compute(asked, evidence)
    kept = keep(department, year, day, found.done, found.run)
    if lights:
        keep_lights(kept)
    if tables:
        keep_forms(found.done, found.evidence, kept.folder())
        record_kept(kept)
    return kept


def compute(asked: Question, evidence: Evidence | None = None) -> Computed:
    """Answer a question without keeping the answer. Raises as ``Question.answer``."""
    opened = evidence or opened_for(asked.place.code)
    done = asked.answer(opened)
    if evidence is None:
        remember(asked.place.code, opened)
    return Computed(done, opened, run_of(done, opened, book=False))


def trial(version: SheetVersion) -> Run:
    """Compute a year with a version that is not in force in place of the one that is; nothing is kept.
    Raises ``ZS-*``.

    Trial figures (试算) go to the page that asked and nowhere else.
    """
    department, year = version.department, version.sheet.year
    day = day_of(department, year)
    asked = Question(department, year, day, record_of(department, year, day), words=False)
    asked.book = with_version(asked.book, version)
    asked.links = links_of(department, asked.book)
    opened = site.opened()
    return run_of(asked.answer(opened), opened, book=False)
