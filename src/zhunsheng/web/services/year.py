"""The year's figures: assess a department against the evidence, once for each state of all it rests on,
and keep them.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass, replace
from datetime import date
from decimal import Decimal, DecimalException
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from pydantic import TypeAdapter

from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence import Snapshot, Store
from zhunsheng.intake import read_book
from zhunsheng.judgements import Judgement, refuse_marks, resolve
from zhunsheng.measures import DuckEngine, catalogue, match_book
from zhunsheng.regulations.dates import fixed_day
from zhunsheng.reports.forms import Form
from zhunsheng.targets import Book
from zhunsheng.translation import worded
from zhunsheng.usecases.assessing import AssessedDepartment, Evidence, Grounds, assess, basis
from zhunsheng.usecases.assessing import Assessment as Assessed
from zhunsheng.usecases.outputs import official_forms, write_outputs, write_table
from zhunsheng.usecases.rechecking import recheck_book
from zhunsheng.usecases.result import Run, run_of
from zhunsheng.web.actor import current
from zhunsheng.web.databases import remembered
from zhunsheng.web.models import (
    Assessment,
    CalendarEntry,
    Checkpoint,
    Contest,
    IndicatorLight,
    Organisation,
    SelfEvaluation,
    SheetVersion,
    Upload,
    User,
    Word,
)
from zhunsheng.web.models.work import cipher
from zhunsheng.web.models.year import promise_moved
from zhunsheng.web.roles import permits
from zhunsheng.web.services.matching import links_of, promise
from zhunsheng.web.services.rules import rules_for
from zhunsheng.web.services.sheets import book_in_force
from zhunsheng.web.workflow import advance, note
from zhunsheng.wording import plain

Record = Checkpoint | SelfEvaluation
# States of a self-evaluation whose figures follow the evidence: from the filler's signature on they are what
# was signed.
UNSETTLED = ("draft", "returned")
# What a record's people take along: the tables are written from the kept forms when asked for,
# the report with the forms.
FORM = TypeAdapter(Form)
REPORT = "绩效评价报告.docx"
TABLES = {f"{name}.{kind}": name for name in ("绩效运行监控表", "绩效自评表") for kind in ("xlsx", "docx")}


def store() -> Store:
    """Return the site's evidence store; it is made at the first import, and one kept by names is brought to
    codes.
    """
    opened = Store(settings.DATA / "evidence", cipher())
    if (opened.root / "batches").is_dir() and not (opened.root / "format.json").is_file():
        opened.migrate(_codes(), who="system")
    return opened


def _codes() -> dict[str, str]:
    """Return departments' codes by name; a name that several bear tells nobody's rows, so it is left out."""
    named: dict[str, list[str]] = {}
    for name, code in Organisation.objects.values_list("name", "code"):
        named.setdefault(name, []).append(code)
    return {name: codes[0] for name, codes in named.items() if len(codes) == 1}


def default_as_of(year: int) -> date:
    """Return the date up to which a year is shown: today, for years past the day to which self-evaluations go
    by custom.
    """
    return min(timezone.localdate(), fixed_day("self-evaluation-as-of", year))


def day_of(department: Organisation, year: int) -> date:
    """Return the day up to which a department's year is shown: once it is over that of its self-evaluation,
    if one is open.

    One of a day within the year does not hold the year there: what came after it is shown, too.
    """
    return days_of([department.pk], year).get(department.pk, default_as_of(year))


def days_of(departments: Collection[int], year: int) -> dict[int, date]:
    """Return the days of ``day_of`` by department, those alone that are another than the year's."""
    opened = SelfEvaluation.objects.filter(
        department__in=departments, year=year, as_of__range=(date(year, 12, 31), timezone.localdate())
    )
    return dict(opened.values_list("department_id", "as_of"))


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


def earlier_words(record: Record) -> dict[tuple[str, str], Word]:
    """Return what was last said of indicators in other records of the year: offered to write from,
    counted nowhere.
    """
    mine = {"checkpoint": record} if isinstance(record, Checkpoint) else {"evaluation": record}
    others = Word.objects.filter(department=record.department, year=record.year).exclude(**mine)
    return {(w.sheet_code, w.indicator_code): w for w in others.order_by("pk")}


# -- assessing
# --------------------------------------------------------------------------------------------------------


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


_ahead: ContextVar[Ahead | None] = ContextVar("ahead", default=None)
TURNS = 3  # with these used up, what was not computed ahead is computed where it is asked for


@contextmanager
def ahead(*computed: Computed, only: bool) -> Iterator[None]:
    """Let figures that were computed ahead be kept within the block; with ``only`` no others are computed
    there (``Moved``).
    """
    token = _ahead.set(Ahead({one.done.basis: one for one in computed}, only))
    try:
        yield
    finally:
        _ahead.reset(token)


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
        self.place = AssessedDepartment(department.code, department.name_in(year))
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
        if new is not None and new.key in promised:
            spoken.append(new.word.judged(promised[new.key], new.files, new.contests))
        # A result without a day is of the year's end; in a self-evaluation of an earlier one it is of that.
        of_day = day if isinstance(record, SelfEvaluation) and day < date(year, 12, 31) else None
        self.judgements: list[Judgement] = [j.model_copy(update={"day": of_day}) for j in spoken]

    def basis(self, evidence: Store | Snapshot) -> str:
        """Return the digest of all that the figures rest on, given the evidence."""
        batch, state = evidence.changed_in(self.place.code)
        said = resolve(self.book, self._said(batch))
        grounds = Grounds(self.day, self.place, self.rules, self.links, said)
        return basis(self.book, state, catalogue(), grounds)

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
        for match in match_book(self.book, catalogue(), self.links):
            sheet = self.book.sheets[match.sheet]
            key = sheet.id, sheet.indicators[match.indicator].id
            if key in typed and match.used and match.measure:
                measures[key] = match.measure
        once = _former_readings(self.department, self.year, self.day, batch, measures)
        return [j.model_copy(update=once.get((j.sheet or "", j.indicator), {})) for j in self.judgements]


def promises(book: Book) -> dict[tuple[str, str], dict[str, str]]:
    """Return what each indicator of a book promises, by codes of sheet and indicator."""
    return {(s.id, i.id): promise(i) for s in book.sheets for i in s.indicators}


def _former_readings(
    department: Organisation, year: int, day: date, batch: int, measures: dict[tuple[str, str], str]
) -> dict[tuple[str, str], dict[str, Any]]:
    """Return the last reading that the ledgers gave of each indicator by its measure,
    as fields of a judgement.

    These are ``former`` and ``former_on``, from figures of the year kept before a ``batch``:
    those of the day itself first, then of earlier days. A later day may hold rows that this one does not;
    what was read of one counts where a batch of that ledger was taken back since.
    """
    found: dict[tuple[str, str], dict[str, Any]] = {}
    kept = Assessment.objects.filter(department=department, year=year, batch__lt=batch)
    columns = ("as_of", "pk", "key", "created_at", "batch")
    told = list(kept.order_by("-as_of", "-assessed_at", "-pk").values_list(*columns))
    taken: dict[str, int] = {}
    if any(as_of > day for as_of, *_ in told):
        undoings = store().batches(department=department.code)
        taken = {b.ledger: b.batch for b in undoings if b.undoes and b.batch <= batch}
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
        kept = _assess(Question(department, year, day, record), evidence, tables=tables, lights=False)
        # What the department shows of that day stays the self-evaluation's, though another record was
        # assessed last.
        _assess(Question(department, year, day, shown), evidence, tables=False, lights=False)
        return kept
    lights = day == day_of(department, year)
    return _assess(Question(department, year, day, record or shown), evidence, tables=tables, lights=lights)


def _assess(asked: Question, evidence: Evidence | None, *, tables: bool, lights: bool) -> Assessment:
    department, year, day = asked.department, asked.year, asked.day
    key = asked.basis(evidence.snapshot if evidence else store())
    known = Assessment.objects.filter(department=department, year=year, key=key).first()
    if known and (not tables or (known.folder() / "forms.json").is_file()):
        # Found again, it is the figures of now: whatever was assessed between is not.
        Assessment.objects.filter(pk=known.pk).update(assessed_at=timezone.now())
        if lights:
            _keep_lights(known)
        return known
    ahead_of = _ahead.get()
    found = ahead_of.computed.get(key) if ahead_of else None
    if found is None:
        if ahead_of and ahead_of.only:
            raise Moved
        found = _compute(asked, evidence)
    kept = _keep(department, year, day, found.done, found.run)
    if lights:
        _keep_lights(kept)
    if tables:
        _keep_forms(found.done, found.evidence, kept.folder())
    return kept


def _compute(asked: Question, evidence: Evidence | None = None) -> Computed:
    opened = evidence or _opened(asked.place.code)
    done = asked.answer(opened)
    if evidence is None:
        _remember(asked.place.code, opened)
    return Computed(done, opened, run_of(done, opened, book=False))


class _Lazy:
    """An engine that is started by the first question: where all readings are remembered, none is."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def __getattr__(self, name: str) -> Any:
        if "_engine" not in self.__dict__:
            self._engine = DuckEngine(self._snapshot)
        return getattr(self._engine, name)


# What was read of a department's rows, by the digest of their state: a word that somebody says changes none
# of them.
_read: OrderedDict[tuple[str, str], tuple[dict[Any, Any], dict[Any, Any]]] = OrderedDict()
_reading = Lock()
REMEMBERED = 128  # departments


def _opened(code: str) -> Evidence:
    """Return the evidence as it is now, with what was read of a department while its rows were the same."""
    snapshot = store().snapshot()
    with _reading:
        known, paid = _read.get((code, snapshot.state_of(code)), ({}, {}))
    opened = Evidence(snapshot, _Lazy(snapshot), catalogue())
    now = {"batch": snapshot.batch, "digest": snapshot.digest}
    opened._known.update(
        {key: {n: replace(r, **now) for n, r in found.items()} for key, found in known.items()}
    )
    opened._paid.update(paid)
    return opened


def _remember(code: str, opened: Evidence) -> None:
    key = (code, opened.snapshot.state_of(code))
    with _reading:
        _read[key] = dict(opened._known), dict(opened._paid)
        _read.move_to_end(key)
        while len(_read) > REMEMBERED:
            _read.popitem(last=False)


def _keep(department: Organisation, year: int, day: date, done: Assessed, run: Run) -> Assessment:
    main = run.main
    total = main.score if main else None
    own = main.money if main and main.kind == "department" and not main.money.doubt else None
    # The department's own money where the ledgers tell it, else that of the projects whose money is known.
    parts = [own] if own and own.paid is not None else [s.money for s in run.results if s.kind == "project"]
    known = [m for m in parts if m.adjusted is not None and not m.doubt and m.paid is not None]
    values = {
        "as_of": day,
        "batch": run.store.batch,
        "digest": run.store.digest,
        "program": run.program,
        "result": run.as_json(),
        "total": total.total if total else None,
        "most": total.high if total else None,
        "grade": (total.grade or "") if total else "",
        "basis": {k: f"{v:f}" for k, v in total.basis.items()} if total else {},
        "paid": _cents(m.paid for m in known) if known else None,
        "budget": _cents(m.adjusted for m in known) if known else None,
    }
    _readable(Assessment(department=department, year=year, key=done.basis, **values))
    with transaction.atomic():
        kept, made = Assessment.objects.get_or_create(
            department=department, year=year, key=done.basis, defaults=values
        )
        if not made:
            Assessment.objects.filter(pk=kept.pk).update(assessed_at=timezone.now())
    return kept


def _cents(amounts: Iterable[Decimal | None]) -> Decimal:
    """Return a sum of yuan in whole cents. Raises ``ZS-RN-01`` for one that has more digits
    than any amount.
    """
    try:
        return sum((a for a in amounts if a is not None), Decimal(0)).quantize(Decimal("0.01"))
    except DecimalException:
        raise ZhunshengError("ZS-RN-01", detail=worded("金额位数过多，请核对台账与目标表中的金额")) from None


def _readable(kept: Assessment) -> None:
    """Refuse what could not be read back: a row that some databases take and no page can show.
    Raises ``ZS-RN-01``.
    """
    try:
        kept.clean_fields()
    except ValidationError as error:
        detail = "；".join(f"{name}：{'、'.join(said)}" for name, said in error.message_dict.items())
        raise ZhunshengError("ZS-RN-01", detail=detail) from None


def trial(version: SheetVersion) -> Run:
    """Compute a year with a version that is not in force in place of the one that is; nothing is kept.
    Raises ``ZS-*``.

    Trial figures (试算) go to the page that asked and nowhere else.
    """
    department, year = version.department, version.sheet.year
    day = day_of(department, year)
    asked = Question(department, year, day, record_of(department, year, day), words=False)
    others = [s for s in asked.book.sheets if s.id != version.sheet.code]
    asked.book = asked.book.model_copy(update={"sheets": (*others, version.target_sheet())})
    asked.links = links_of(department, asked.book)
    opened = Evidence.of(store())
    return run_of(asked.answer(opened), opened, book=False)


def _keep_forms(done: Assessed, opened: Evidence, folder: Path) -> None:
    """Keep the report and the official forms; made aside and moved in, so that whoever reads meanwhile gets
    whole files.

    The forms come last: where they lie, all is there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    forms = {
        name: [{**asdict(form), "sheet": title} for title, form in listed]
        for name, listed in official_forms(done).items()
        if name in TABLES.values()
    }
    with tempfile.TemporaryDirectory(prefix="making-", dir=folder.parent) as scratch:
        made = Path(scratch)
        write_outputs(done, opened, made, only=[Path(REPORT).stem])
        (made / "forms.json").write_text(json.dumps(forms, ensure_ascii=False), "utf8")
        for name in (REPORT, "forms.json"):
            (made / name).replace(folder / name)


def _keep_lights(assessment: Assessment) -> None:
    IndicatorLight.objects.filter(department=assessment.department, year=assessment.year).delete()
    IndicatorLight.objects.bulk_create(
        IndicatorLight(
            department=assessment.department,
            year=assessment.year,
            sheet=one.sheet[:200],
            sheet_code=one.id,
            indicator=line.name[:300],
            indicator_code=line.id,
            dimension=line.score.dimension or "",
            light=line.monitoring.light,
            verdict=line.score.verdict,
            points=line.score.points,
            score=line.score.score,
        )
        for one in assessment.run.results
        for line in one.indicators
    )


def forms_of(record: Record, name: str) -> list[dict[str, Any]]:
    """Return the official forms of a checkpoint or self-evaluation as data; empty where there
    are no figures.
    """
    folder = _kept_forms(record)
    return _read_forms(folder, name) if folder else []


def _read_forms(folder: Path, name: str) -> list[dict[str, Any]]:
    forms: list[dict[str, Any]] = json.loads((folder / "forms.json").read_text("utf8")).get(name, [])
    return forms


def file_of(record: Record, name: str) -> Path | None:
    """Return one of a record's official files (``TABLES`` or ``REPORT``), None for one without figures."""
    folder = _kept_forms(record)
    if folder is None:
        return None
    if (folder / name).is_file() or name not in TABLES:
        return folder / name
    forms = _read_forms(folder, TABLES[name])
    named = [(form.get("sheet") or f"{n}", FORM.validate_python(form)) for n, form in enumerate(forms, 1)]
    with tempfile.TemporaryDirectory(prefix="making-", dir=folder.parent) as scratch:
        made = Path(scratch) / name
        write_table(named, made)
        made.replace(folder / name)
    return folder / name


def overtaken(assessment: Assessment) -> bool:
    """Return whether anything that an assessment rests on has changed since."""
    return state_key(assessment.department, assessment.year, assessment.as_of) != assessment.key


def drifted(record: Record) -> bool:
    """Return whether what a record's figures rest on has changed since they were taken;
    False where there are none.
    """
    kept = record.assessment
    return kept is not None and state_key(kept.department, kept.year, kept.as_of, record) != kept.key


def drift(record: Record) -> list[dict[str, str]]:
    """Return how the figures of a settled record differ from what they would be now: sheet, what, then, now.

    Only figures are compared; where all are the same, the change beneath them changed nothing that is shown.
    """
    if record.assessment is None or not drifted(record):
        return []
    now = assess_now(record.department, record.year, record.assessment.as_of, record=record).run
    return differences(figures_of(record.assessment.run), figures_of(now))


# Behind an indicator's code: the words of its target, the points it earned of the points it carries.
TARGET, POINTS = "/target", "/points"


@dataclass(frozen=True)
class Shown:
    """The figures that a page shows of one sheet: by the indicator's code (or a word of our own) its name and
    text.
    """

    sheet: str
    figures: dict[str, tuple[str, str]]


def figures_of(run: Run) -> dict[str, Shown]:
    """Return what a run shows of each sheet, by the sheet's code."""
    found = {}
    for sheet in run.results:
        score = sheet.score
        most = score.total if score.high is None else score.high
        shown = score_figures(plain(score.total), plain(most), score.grade)
        shown["paid"] = ("已支付（元）", str(sheet.money.paid or "无"))
        for line in sheet.indicators:
            shown |= {
                line.id: (line.name, line.outcome.text),
                f"{line.id}{TARGET}": (f"{line.name}（目标）", line.target),
                f"{line.id}{POINTS}": points_figure(line.name, line.score.shown, line.score.points),
            }
        found[sheet.id] = Shown(sheet.sheet, shown)
    return found


def score_figures(total: str, most: str | None, grade: str | None) -> dict[str, tuple[str, str]]:
    """Return a sheet's total, the most it may come to and its grade as figures to compare; ``most`` None:
    not known.
    """
    found = {"total": ("得分", total), "grade": ("等级", grade or "不评等级")}
    return found if most is None else found | {"most": ("最高可能得分", most)}


def points_figure(name: str, score: Decimal | str | None, points: Decimal | str) -> tuple[str, str]:
    """Return what an indicator earned of its points as a figure to compare; a score of None is open."""
    earned, of = ("待定" if one is None else plain(Decimal(one)) for one in (score, points))
    return f"{name}（得分 / 分值）", f"{earned} / {of}"


def differences(then: dict[str, Shown], now: dict[str, Shown]) -> list[dict[str, str]]:
    """Return where figures shown then are others now: sheet, what, then, now; told by the codes of sheet and
    indicator.
    """
    found = []
    for code, shown in then.items():
        if code not in now:
            found.append({"sheet": shown.sheet, "what": "目标表", "then": "有", "now": "不再有效"})
            continue
        for key, (what, text) in shown.figures.items():
            _name, other = now[code].figures.get(key, ("", "不再有这个指标"))
            gone = key.endswith(POINTS) and key not in now[code].figures  # said of the indicator itself
            if other != text and not gone:
                found.append({"sheet": shown.sheet, "what": what, "then": text, "now": other})
        for key, (what, text) in now[code].figures.items():
            if key.endswith(TARGET) and key not in shown.figures:
                found.append({"sheet": shown.sheet, "what": what, "then": "没有这个指标", "now": text})
    new = [shown for code, shown in now.items() if code not in then]
    return found + [{"sheet": s.sheet, "what": "目标表", "then": "没有", "now": "有"} for s in new]


# -- monitoring
# -------------------------------------------------------------------------------------------------------


def calendar_of(department: Organisation, year: int, kind: str | None = None) -> list[CalendarEntry]:
    """Return the dates that hold for a department: its own and those set above it."""
    found = CalendarEntry.objects.filter(organisation__in=department.line, year=year, active=True)
    return list(found.filter(kind=kind) if kind else found)


def open_checkpoint(entry: CalendarEntry, department: Organisation, user: User | None) -> Checkpoint:
    """Open the checkpoint of a calendar entry with figures filled from the evidence;
    an open one is returned as it is.

    Raises ``ZS-WB-06`` before its time.
    """
    if not Checkpoint.objects.filter(department=department, as_of=entry.as_of).exists():
        _time_has_come(entry.name, entry.opens_on, entry.as_of)
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
    _assess(Question(department, year, day, None), None, tables=False, lights=False)


def _time_has_come(name: str, opens_on: date | None, as_of: date) -> None:
    """Refuse to open what has not begun, or whose data do not exist yet. Raises ``ZS-WB-06``."""
    if early := _too_early(name, opens_on, as_of):
        raise ZhunshengError("ZS-WB-06", detail=early)


def _too_early(name: str, opens_on: date | None, as_of: date) -> str:
    today = timezone.localdate()
    if opens_on is not None and opens_on > today:
        return f"“{name}”{opens_on} 起填报，现在还不能开启"
    return f"“{name}”的数据截至 {as_of}，这一天还没有到，现在还不能办理" if as_of > today else ""


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
                and _ahead.get() is None
                and state_key(now.department, now.year, now.as_of, now) != figures.key
            )
            if not moved and now.state in states and now.assessment_id != figures.pk:
                now.assessment = figures
                now.save()
        record.refresh_from_db()
        if not moved:
            return


def _kept_forms(record: Record) -> Path | None:
    """Return the folder of a record's official forms, None for one without figures.

    Words are saved quickly; the forms are made when someone wants them, or at the latest when the record is
    submitted. Figures that were overtaken while the record is open are filled anew.
    """
    kept = record.assessment
    if kept is None:
        return None
    if not (kept.folder() / "forms.json").is_file():
        if not drifted(record):
            assess_now(kept.department, kept.year, kept.as_of, tables=True, record=record)
        else:
            kept = fill(record, tables=True).assessment
    return kept.folder() if kept and (kept.folder() / "forms.json").is_file() else None


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
        computed = [] if known.exists() else [_compute(asked)]
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
    **said: Any,
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
        for name in ("cause", "measures", "actual", "band", "share", "over_accepted", "reason"):
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
    no quantity can be read there.
    """
    book = book_in_force(record.department, record.year, record.as_of)
    return {
        (s.id, i.id)
        for s in book.sheets
        for i in s.indicators
        if i.type.kind in ("level", "yes_no") or i.aim.op in ("level", "unread")
    }


# -- contests
# ---------------------------------------------------------------------------------------------------------


@transaction.atomic
def settle_contests(evaluation: SelfEvaluation, run: Run) -> bool:
    """Have the contests follow the words and readings that figures were computed from;
    return whether an acceptance fell.

    One whose claim or reading is another than it was made on is replaced; what stands contested without one
    gets one.
    """
    words = words_of(evaluation)
    promised = promises(book_in_force(evaluation.department, evaluation.year, evaluation.as_of))
    standing = {
        (c.word.sheet_code, c.word.indicator_code): c
        for c in evaluation.contests.exclude(state="replaced").select_related("word").order_by("pk")
    }
    readings = {
        (s.id, i.id): i.outcome.contest.computed
        for s in run.results
        for i in s.indicators
        if i.outcome.contest
    }
    fell = False
    for key in {**standing, **readings}:
        contest, word, reading = standing.get(key), words.get(key), readings.get(key)
        if contest is not None:
            moved = _moved(contest, word, reading, promised.get(key))
            if not moved:
                continue
            fell = fell or contest.state == "accepted"
            by = _acting(evaluation.department) or contest.word.by
            if by is None:
                continue  # nobody to put the step to; the figure is the reading's all the same
            advance(by, contest, "contest.replace", moved)
        if word is not None and word.by is not None and reading is not None:
            made = Contest.objects.create(
                word=word, evaluation=evaluation, computed=reading, promised=promised.get(key, {})
            )
            note(word.by, made, "contest.raise", after="open", remark=word.reason)
    return fell


def _moved(contest: Contest, word: Word | None, reading: str | None, promised: dict[str, str] | None) -> str:
    """Return in words what is another than the contest was made on; empty where nothing is.

    ``reading`` is what stands against the figure, be it one that was taken back;
    ``promised`` what the indicator promises now, None for one that is no longer there.
    """
    was, now = contest.word.claim, word.claim if word else ("", "", ())
    changed = promise_moved(contest.promised, promised) if promised else "指标已从目标表中删除"
    if reading is None:
        return (changed or "没有与填报的完成值不同的台账读数") if now[0] else "填报的完成值已撤回"
    told = [changed] if changed else []
    told += [] if reading == contest.computed else [f"台账算出 {contest.computed} → {reading}"]
    told += [] if was[0] == now[0] else [f"填报的完成值 {was[0]} → {now[0]}"]
    told += [] if was[1] == now[1] else [f"理由 “{was[1]}” → “{now[1]}”"]
    told += [] if was[2] == now[2] else ["证明材料有变"]
    return "；".join(told)


def _acting(department: Organisation) -> User | None:
    """Return the user of the current request or job who has a part in contests there;
    None for one who only looks.
    """
    user = User.objects.filter(username=current().name).first()
    acts = ("contest.raise", "contest.accept")
    return user if user is not None and any(permits(user, act, department) for act in acts) else None


def weigh(evaluation: SelfEvaluation) -> None:
    """Bring a self-evaluation's figures, where they are not settled, and its contests to the present evidence
    and words.
    """
    if evaluation.state in UNSETTLED:
        fill_self_evaluation(evaluation)
    elif evaluation.state != "accepted":
        found = assess_now(evaluation.department, evaluation.year, evaluation.as_of, record=evaluation)
        settle_contests(evaluation, found.run)


# -- self-evaluation
# --------------------------------------------------------------------------------------------------


def open_self_evaluation(department: Organisation, year: int, user: User | None) -> SelfEvaluation:
    """Open the self-evaluation of a year by the calendar (default: data to the end of February,
    due on 31 March).

    Raises ``ZS-WB-06`` before its time.
    """
    if not SelfEvaluation.objects.filter(department=department, year=year).exists():
        if early := self_too_early(department, year):
            raise ZhunshengError("ZS-WB-06", detail=early)
        _ready_to_open(department, year, _self_dates(department, year)["as_of"])
    with transaction.atomic():
        kept, made = SelfEvaluation.objects.get_or_create(
            department=department, year=year, defaults=_self_dates(department, year)
        )
        if made and user is not None:
            note(user, kept, "selfeval.open", after="draft")
    return fill_self_evaluation(kept)


def self_entry(department: Organisation, year: int) -> CalendarEntry | None:
    """Return the date of the self-evaluation that holds for a department: the nearest above it,
    there the newest.
    """
    line = department.line
    return max(
        calendar_of(department, year, "self"),
        key=lambda e: (line.index(e.organisation_id), e.pk),
        default=None,
    )


def self_too_early(department: Organisation, year: int, *, begun: bool = False) -> str:
    """Return in words why a year's self-evaluation can't be opened (or, where it has ``begun``,
    submitted) yet; else empty.

    A year that the calendar says nothing of is evaluated once it is over.
    """
    entry = self_entry(department, year)
    if entry is not None:
        return _too_early(entry.name, None if begun else entry.opens_on, entry.as_of)
    if timezone.localdate() > date(year, 12, 31):
        return ""
    return (
        f"{year}年还没有结束，年度自评在年度结束之后开启；确需提前的，请管理员先在日历中写明自评的数据截至日"
    )


def _self_dates(department: Organisation, year: int) -> dict[str, date]:
    entry = self_entry(department, year)
    if entry is None:
        return {"as_of": default_as_of(year), "due_on": fixed_day("self-evaluation-due", year)}
    return {"as_of": entry.as_of, "due_on": entry.due_on}


def _follow_calendar(evaluation: SelfEvaluation) -> None:
    """Bring the dates of a self-evaluation that nobody submitted to the calendar,
    as soon as its day has come.
    """
    dates = _self_dates(evaluation.department, evaluation.year)
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


def ruled(contest: Contest, user: User) -> None:
    """Compute a self-evaluation anew after a ruling of the finance bureau.

    The ruling holds whatever state the self-evaluation is in; signatures hold for the figures they were put
    to, so that one already submitted goes back to be signed with the new ones. A refusal moves only what
    counted the typed figure.
    """
    evaluation = SelfEvaluation.objects.get(pk=contest.evaluation_id)
    figures = assess_now(
        evaluation.department, evaluation.year, evaluation.as_of, tables=True, record=evaluation
    )
    if evaluation.assessment_id == figures.pk:
        return
    if contest.state == "refused" and not _counted(contest, evaluation):
        _told_refused(evaluation, figures)
        return
    if evaluation.state in ("draft", "returned"):
        evaluation.assessment = figures
        evaluation.save()
        return

    def moved(now: SelfEvaluation) -> None:
        now.assessment = figures

    remark = f"{contest.get_state_display()}：“{contest}”，得分随之改变，请重新审核签字"
    advance(user, evaluation, "selfeval.reopen", remark, change=moved)


def _told_refused(evaluation: SelfEvaluation, figures: Assessment) -> None:
    """Have a self-evaluation's tables tell a refusal, where no figure is another for it:
    what was signed stays signed.
    """
    kept = evaluation.assessment
    if kept is None or differences(figures_of(kept.run), figures_of(figures.run)):
        return
    if evaluation.rechecked == kept.key:
        evaluation.rechecked = figures.key
    evaluation.assessment = figures
    evaluation.save()


def _counted(contest: Contest, evaluation: SelfEvaluation) -> bool:
    """Return whether a self-evaluation's figures count the contested figure as accepted."""
    run = evaluation.assessment.run if evaluation.assessment else None
    line = run.line(contest.word.sheet_code, contest.word.indicator_code) if run else None
    return line is not None and line.outcome.origin == "accepted"


def recheck(evaluation: SelfEvaluation, reported: Upload | None = None) -> list[dict[str, Any]]:
    """Re-check the tables signed in the system, and a reported file beside them,
    from evidence and approved sheets alone.

    Nothing that the department typed goes in. Returns and keeps what was found by sheet
    (``Rechecked.as_json``), ``of`` naming the file (empty: the signed tables), and for which figures it was
    made. Raises ``ZS-*`` for a file that can't be read or whose sheets are not those that were approved.
    """
    found, key = rechecking(evaluation, reported)
    with transaction.atomic():
        now = SelfEvaluation.objects.select_for_update().get(pk=evaluation.pk)
        if now.state != evaluation.state:
            raise ZhunshengError("ZS-WB-01", title=str(now), state=now.get_state_display())
        now.differences, now.rechecked, now.rechecked_at, now.rechecked_of = (
            found,
            key,
            timezone.now(),
            reported,
        )
        if reported is not None:
            now.reported = reported
        now.save()
    evaluation.refresh_from_db()
    return found


def rechecking(evaluation: SelfEvaluation, reported: Upload | None) -> tuple[list[dict[str, Any]], str]:
    """Return what a re-check finds at this moment and the key of the figures it was made for;
    raises as ``recheck``.
    """
    asked = Question(evaluation.department, evaluation.year, evaluation.as_of, None, words=False)
    done = asked.answer(Evidence.of(store()))
    signed = file_of(evaluation, "绩效自评表.xlsx")
    kept = evaluation.assessment
    if signed is None or kept is None:
        raise ZhunshengError("ZS-WB-06", detail=worded("还没有自评结果"))
    found = [{**r.as_json(), "of": ""} for r in recheck_book(read_book(signed), done)]
    if reported is not None:
        with reported.opened() as path:
            found += [{**r.as_json(), "of": reported.name} for r in recheck_book(read_book(path), done)]
    return found, kept.key


def late_things(department: Organisation, year: int, today: date) -> list[dict[str, Any]]:
    """Return what is overdue or due within two weeks: checkpoints and self-evaluations not done,
    by due date.
    """
    found = []
    for entry in calendar_of(department, year):
        if entry.opens_on > today:
            continue
        done = False
        if entry.kind == "monitoring":
            done = (
                Checkpoint.objects.filter(department=department, as_of=entry.as_of)
                .exclude(state="open")
                .exists()
            )
        elif entry.kind == "self":
            done = (
                SelfEvaluation.objects.filter(department=department, year=year)
                .exclude(state__in=("draft", "returned"))
                .exists()
            )
        if not done:
            found.append(
                {
                    "name": entry.name,
                    "kind": entry.kind,
                    "due_on": entry.due_on,
                    "late": (today - entry.due_on).days,
                }
            )
    return sorted(found, key=lambda f: f["due_on"])
