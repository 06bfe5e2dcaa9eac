"""What is asked of the evidence: sheets, rules and words that a year's figures rest on, and their digest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from django.utils import timezone

from zhunsheng.errors import ZhunshengError
from zhunsheng.evaluation.indicators import holds
from zhunsheng.evidence import Snapshot, Store
from zhunsheng.judgements import Judgement, resolve
from zhunsheng.measures import catalogue, match_book
from zhunsheng.measures.definitions import of_body
from zhunsheng.targets import Book
from zhunsheng.translation import worded
from zhunsheng.usecases.assessing import Assessed, AssessedDepartment, Grounds, assess, basis
from zhunsheng.usecases.opened_evidence import Evidence
from zhunsheng.web.models import Assessment, Contest, Organisation, SelfEvaluation, Upload, Word
from zhunsheng.web.services.evidence import store
from zhunsheng.web.services.matching import links_of, promise
from zhunsheng.web.services.rules import rules_for
from zhunsheng.web.services.sheets.lookup import book_in_force
from zhunsheng.web.services.year.records import Record, record_of, rulings_of, words_of


class Question:
    """What is asked of the evidence: a department's sheets in force on a day, what people confirmed and said,
    the rules.
    """

    def __init__(
        self,
        department: Organisation,
        year: int,
        day: date,
        record: Record | None,
        *,
        words: bool = True,
        new: WordUnkept | None = None,
    ):
        self.department, self.year, self.day = department, year, day
        self.book = book_in_force(department, year, day)
        self.place = AssessedDepartment(department.code, department.name_in(year), department.begun_in(year))
        self.rules = rules_for(department, year)
        self.links = links_of(department, self.book)
        promised = promises(self.book)
        said = words_of(record) if words else {}
        # A word on an indicator that an adjustment took out has nothing to speak of any more.
        spoken = [
            w.judgement(promised[key])
            for key, w in said.items()
            if key in promised and not (new and new.key == key)
        ]
        # A result without a day is of the year's end; in a self-evaluation of an earlier one it is of that.
        of_day = day if isinstance(record, SelfEvaluation) and day < date(year, 12, 31) else None
        # A band of another scheme than today's is no judgement by it: the indicator waits to be judged anew.
        none = {"band": None, "share": None}
        spoken = [
            j if not j.band or holds(self.rules.scheme, j.band, j.share) else j.model_copy(update=none)
            for j in spoken
        ]
        if new is not None and new.key in promised:
            spoken.append(new.word.judged(promised[new.key], new.files, new.contests))
        self.judgements: list[Judgement] = [j.model_copy(update={"day": of_day}) for j in spoken]
        # What the judge found goes in whatever the office said, and into a re-check that takes none of that.
        for key, found in rulings_of(department, year, day, promised).items():
            self.judgements = with_ruling(self.judgements, key, low=found.low, ruling=found.reason)

    def basis(self, evidence: Store | Snapshot) -> str:
        """Return the digest of all that the figures rest on, given the evidence."""
        batch, state = evidence.changed_in(self.place.code)
        said = resolve(self.book, self._said(batch))
        grounds = Grounds(self.day, self.place, self.rules, self.links, said)
        return basis(self.book, state, evidence.imported, of_body(self.place.code), grounds)

    def answer(self, evidence: Evidence) -> Assessed:
        """Assess. Raises ``ZS-WB-06`` where nothing is in force, ``ZS-SC-*`` for a word
        that scoring refuses.
        """
        if not self.book.sheets:
            raise ZhunshengError(
                "ZS-WB-06",
                detail=worded("{name} {year}年还没有批复的绩效目标", name=self.place.name, year=self.year),
            )
        batch, _ = evidence.snapshot.changed_in(self.place.code)
        return assess(
            self.book,
            evidence,
            self.day,
            department=self.place,
            links=self.links,
            judgements=self._said(batch),
            rules=self.rules,
        )

    def _said(self, batch: int) -> list[Judgement]:
        """Return what people said, each typed figure with the last reading that the ledgers gave before
        ``batch``.

        That batch made the rows what they are: a reading of before it was taken back where there is none any
        more. It is one by the measure that the indicator has today: what another measure said is no evidence
        against a figure, nor what was read before the indicator came to count something else.
        """
        typed = {(j.sheet or "", j.indicator) for j in self.judgements if j.actual}
        if not typed:
            return self.judgements
        measures = {}
        for match in match_book(self.book, of_body(self.place.code), self.links):
            sheet = self.book.sheets[match.sheet]
            key = sheet.id, sheet.indicators[match.indicator].id
            if key in typed and match.used and match.measure:
                measures[key] = match.measure
        once = _former_readings(self.department, self.year, self.day, batch, measures)
        return [j.model_copy(update=once.get((j.sheet or "", j.indicator), {})) for j in self.judgements]


def with_ruling(
    judgements: list[Judgement], key: tuple[str, str], *, low: bool, ruling: str
) -> list[Judgement]:
    """Return judgements with what the finance bureau found of an indicator (codes of sheet and indicator)."""
    sheet, indicator = key
    mine = [j for j in judgements if (j.sheet, j.indicator) == key] or [
        Judgement(sheet=sheet, indicator=indicator)
    ]
    others = [j for j in judgements if (j.sheet, j.indicator) != key]
    return [*others, *(j.model_copy(update={"ruled_low": low, "ruling": ruling}) for j in mine)]


def promises(book: Book) -> dict[tuple[str, str], dict[str, str]]:
    """Return what each indicator of a book promises, by codes of sheet and indicator."""
    return {(s.id, i.id): promise(i) for s in book.sheets for i in s.indicators}


def _former_readings(
    department: Organisation, year: int, day: date, batch: int, measures: dict[tuple[str, str], str]
) -> dict[tuple[str, str], dict[str, object]]:
    """Return the last reading that the ledgers gave of each indicator by its measure,
    as fields of a judgement.

    These are ``former`` and ``former_on``, from figures of the year kept before a ``batch``:
    those of the day itself first, then of earlier days. A later day may hold rows that this one does not;
    what was read of one counts where a batch of that ledger was taken back, or rows taken out, since.
    """
    found: dict[tuple[str, str], dict[str, Any]] = {}
    kept = Assessment.objects.filter(department=department, year=year, batch__lt=batch)
    columns = ("as_of", "pk", "key", "created_at", "batch")
    told = list(kept.order_by("-as_of", "-assessed_at", "-pk").values_list(*columns))
    taken: dict[str, int] = {}
    if any(as_of > day for as_of, *_ in told):
        batches = store().batches(department=department.code)
        back = (b for b in batches if b.undoes or b.removes is not None)
        taken = {b.ledger: b.batch for b in back if b.batch <= batch}
    for as_of, pk, key, made, then in sorted(told, key=lambda t: t[0] > day):
        for one in set(measures) - set(found):
            text, measure = _readings_kept(key, pk).get(one, ("", ""))
            since = as_of <= day or then < taken.get(
                catalogue()[measure].ledger if measure in catalogue() else "", 0
            )
            if text and measure == measures[one] and since:
                found[one] = {"former": text, "former_on": timezone.localtime(made).date()}
        if len(found) == len(measures):
            break
    return found


@lru_cache(maxsize=4096)
def _readings_kept(key: str, pk: int) -> dict[tuple[str, str], tuple[str, str]]:
    """Return what the ledgers gave in kept figures, which never change: the text and its measure by
    indicator.
    """
    result = Assessment.objects.filter(pk=pk, key=key).values_list("result", flat=True).first() or {}
    found = {}
    for sheet in result.get("results", ()):
        for line in sheet["indicators"]:
            outcome, contest = line["outcome"], line["outcome"].get("contest") or {}
            text = outcome["text"] if outcome["origin"] == "evidence" else ""
            if contest and not contest.get("measured_on"):
                text = contest["computed"]
            if text:
                found[sheet.get("id", ""), line.get("id", "")] = text, line["match"].get("measure") or ""
    return found


def state_key(department: Organisation, year: int, as_of: date, record: Record | None = None) -> str:
    """Return the digest of all that the figures of a day rest on now, those of a ``record`` with its own
    words.
    """
    return Question(department, year, as_of, record or record_of(department, year, as_of)).basis(store())


@dataclass(frozen=True)
class WordUnkept:
    """A word that is not kept yet, with the files and contests that it will have;
    ``former`` is the one it takes the place of.
    """

    key: tuple[str, str]
    word: Word
    files: list[Upload]
    contests: list[Contest]
    former: Word | None
