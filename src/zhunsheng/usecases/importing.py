"""Take a ledger file into the evidence store: checked row by row, committed as one batch, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from zhunsheng.evidence import HOME, Batch, Bounds, Cipher, Ledger, RowError, Store, check_file, marked_copy
from zhunsheng.evidence.account import Account
from zhunsheng.evidence.checks import Strictness
from zhunsheng.evidence.doubts import EXAMPLE, TAKE, Question
from zhunsheng.evidence.mappings import Guide, LedgerMapping, chosen_of
from zhunsheng.evidence.previewing import UNCHANGED, Preview, preview
from zhunsheng.evidence.questions import Unanswered
from zhunsheng.measures import DuckEngine
from zhunsheng.measures.limits import SUSPENSIONS
from zhunsheng.measures.standings import strays
from zhunsheng.translation import series, worded
from zhunsheng.usecases.limits import stray_told
from zhunsheng.usecases.progress import Progress, no_progress

_CHECKED, _WRITTEN = 80, 95  # of a hundred: how far an import is where its file is checked, and written

STRAYS_TOLD = 5  # suspensions that stop nothing, told of an import; more are counted
PREVIEWED = 2_000  # rows that a file would change, listed before it is imported; more are counted


@dataclass(frozen=True)
class Imported:
    """What an import came to: the batch (None when nothing was imported), whether it was new, errors,
    the marked copy.
    """

    file: str
    ledger: Ledger
    batch: Batch | None
    new: bool
    rows: int
    bad_rows: int
    errors: tuple[RowError, ...]
    marked: Path | None
    notes: tuple[str, ...] = ()  # unused columns, hidden rows: what was read or left, though no row is wrong
    account: Account | None = None
    questions: tuple[Question, ...] = ()  # what waits for a yes before any row is written
    asked: str = ""  # the digests of what was asked, which a yes names
    learned: LedgerMapping | None = None  # by what files like it are read, if what it asked is agreed
    preview: Preview = UNCHANGED  # what would be changed of a file that was not imported

    def as_json(self) -> dict[str, Any]:
        """Return the outcome as plain data."""
        return {
            "file": self.file,
            "ledger": self.ledger.id,
            "rows": self.rows,
            "bad_rows": self.bad_rows,
            "new": self.new,
            "batch": self.batch.__dict__ if self.batch else None,
            "errors": [e.__dict__ for e in self.errors],
            "marked": str(self.marked) if self.marked else None,
            "notes": list(self.notes),
            "account": self.account.as_json() if self.account else None,
            "questions": [asdict(question) for question in self.questions],
            "asked": self.asked,
            "preview": asdict(self.preview),
            "mapping": self.learned.titled().model_dump(mode="json") if self.learned else None,
        }


def import_ledger(  # noqa: PLR0913 - options, by their names
    store: Path,
    path: Path,
    *,
    ledger: Ledger | None = None,
    department: str = "本部门",
    label: str | None = None,
    good_rows: bool = False,
    marked_in: Path | None = None,
    who: str | None = None,
    when: datetime | None = None,
    cipher: Cipher | None = None,
    only_own: bool = False,
    known: Mapping[str, str] | None = None,
    bounds: Bounds = HOME,
    strictness: Strictness | None = None,
    agreed: bool | str = False,
    answers: Mapping[str, str] | None = None,
    mapping: LedgerMapping | None = None,
    remembered: Sequence[LedgerMapping] = (),
    progress: Progress = no_progress,
) -> Imported:
    """Check a ledger file and commit it to the store: all rows, or with ``good_rows`` those that pass,
    or none.

    ``department`` is a code, ``label`` its name today, ``known`` gives codes of others that rows may name,
    by name. With ``only_own``, rows that name another department are errors. The copy with marked cells goes
    to ``marked_in`` (default: beside the file). Raises ``ZS-IN-*`` and ``ZS-EV-*``;
    rows with errors do not raise, the batch is then None unless ``good_rows``. ``bounds`` is what the file
    may hold, by where it comes from; ``strictness`` what is made of a wrong check character.
    What is doubtful of the file as a whole waits: ``questions`` are then set and the batch is None,
    until they are ``agreed``, by True whatever they are, or by the digests of those that were ``asked``,
    or by ``answers`` (a question's key or kind -> answer). ``mapping`` says what columns and values mean,
    ``remembered`` are those of earlier files, of which one with just these titles is taken.
    A plain yes (``agreed`` True) makes no likeness a fact: columns and values are then proposed only where
    an answer takes what is ``proposed``. ``progress`` is told what is done and how far of a hundred.
    """
    progress(worded("检查 {name}", name=path.name), 0, 100)
    answers = dict(answers or {})
    kinds = [k for k in ("columns", "values") if agreed is not True or answers.get(k) == "proposed"]
    chosen = chosen_of(mapping.ledger if mapping else ledger.id if ledger else "", answers)
    guide = Guide(
        mapping,
        remembered,
        chosen if chosen.columns or chosen.values else None,
        frozenset(kinds),
        answers.get(EXAMPLE) == TAKE,
    )
    opened = Store(store, cipher)
    named = label or opened.label_of(department)
    everyone = {**opened.known(), **(known or {})}
    asked: dict[str, Any] = {"only": only_own, "label": named, "known": everyone, "strictness": strictness}
    asked |= {"guide": guide, "names": opened.project_names}
    asked["said"] = _percents(worded("检查 {name}", name=path.name), progress)
    with check_file(path, ledger, department, bounds, **asked) as checked:
        batch, new, account, coming = None, False, checked.account, UNCHANGED
        waits: Unanswered | None = None
        try:
            if checked.good_rows and (good_rows or not checked.errors):
                progress(worded("写入 {name}", name=path.name), _CHECKED, 100)
                batch, new = opened.commit(
                    checked,
                    department=department,
                    label=named,
                    who=who,
                    when=when,
                    agreed=agreed,
                    answers=answers,
                )
            else:  # what is asked can be answered though other rows have errors
                waits, coming = opened.would_ask(checked, PREVIEWED, agreed, answers)
        except Unanswered as unanswered:
            waits, coming = unanswered, preview(checked, unanswered.there, PREVIEWED)
        finally:
            aside = checked.aside()
            checked.errors += aside
            if checked.errors:
                progress(worded("标注 {name}", name=path.name), _WRITTEN, 100)
            if batch:
                put = batch.rejected - checked.bad_rows if new else 0
                account = account.merged(batch.inserted if new else 0, batch.updated if new else 0, put)
            elif waits:
                account = account.waiting(waits.known)
            checked.account = account  # the copy says what became of the file, as the command does
            marked = marked_copy(checked, marked_in or path.parent) if checked.errors else None
        notes = batch.notes if batch and new else checked.notes
        if batch and new and checked.ledger.id == SUSPENSIONS:
            notes = (*notes, *_stopping_nothing(opened, department))
        return Imported(
            path.name,
            checked.ledger,
            batch,
            new,
            checked.rows,
            checked.bad_rows,
            tuple(checked.errors),
            marked,
            notes,
            account,
            waits.questions if waits else (),
            waits.asked if waits else "",
            checked.learned,
            coming,
        )


def _stopping_nothing(store: Store, department: str) -> tuple[str, ...]:
    """Say which suspensions of a department stop no clock, as its ledgers are now: without a word a row that
    was suspended looks late.
    """
    snapshot = store.snapshot()
    found = strays(DuckEngine(snapshot), department)
    if not found:
        return ()
    more = worded("；等 {count} 段", count=len(found)) if len(found) > STRAYS_TOLD else ""
    told = series([stray_told(one) for one in found[:STRAYS_TOLD]], "；") + more
    return (worded("不停计任何期限的停计时间：{told}", told=told),)


def _percents(what: str, progress: Progress) -> Callable[[float], None]:
    """Return what tells ``progress`` how much of a file is checked, once a percent."""
    last = 0

    def said(part: float) -> None:
        nonlocal last
        if (now := int(_CHECKED * part)) > last:
            last = now
            progress(what, now, 100)

    return said
