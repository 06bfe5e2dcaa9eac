"""The use cases on folders, for the command line: documents and ledgers from files, results into a folder."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from zhunsheng.codes import named_code
from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence import Store
from zhunsheng.evidence.privacy import Cipher
from zhunsheng.faults import written
from zhunsheng.intake import read_book
from zhunsheng.intake.answers import answered, for_none, read_answers
from zhunsheng.intake.layouts import confirmed, read_layouts
from zhunsheng.judgements import Judgement, read_judgements
from zhunsheng.measures import Link, Measure, Where, check_projects, read_mapping
from zhunsheng.measures.engines import HERE
from zhunsheng.monitoring import PlanMode
from zhunsheng.regulations import Rules, Scheme, read_scheme, rules_for, scheme_named
from zhunsheng.review import all_rules, bases_in
from zhunsheng.targets import Book, Source
from zhunsheng.targets.identity import identified_book
from zhunsheng.text import clean
from zhunsheng.translation import series, worded
from zhunsheng.usecases.assessing import Assessed, AssessedDepartment, assess
from zhunsheng.usecases.importing import Imported, import_ledger
from zhunsheng.usecases.many_documents import is_many
from zhunsheng.usecases.opened_evidence import Evidence
from zhunsheng.usecases.outputs import OUTPUTS, Beside, write_outputs
from zhunsheng.usecases.progress import Progress, no_progress
from zhunsheng.usecases.rechecking import Rechecked, recheck_book

LEDGER_ENDINGS = (".xlsx", ".xls", ".et", ".ods", ".csv", ".tsv", ".parquet")


def open_evidence(
    folder: Path, work: Path, department: str, progress: Progress = no_progress, *, label: str | None = None
) -> tuple[Store, list[Imported]]:
    """Return the store in ``folder``; a folder of ledger files is first imported into a store under ``work``.

    Rows with errors are left out and listed in what is returned. Raises ``ZS-EV-04`` where the folder holds
    neither.
    """
    opened = Store(folder)
    if opened.begun():
        return opened, []
    paths = (
        sorted(
            p
            for p in folder.glob("*")
            if p.suffix.lower() in LEDGER_ENDINGS and not p.name.startswith(("~$", "."))
        )
        if folder.is_dir()
        else []
    )
    paths = [p for p in paths if not p.stem.endswith("-标注")]
    if not paths:
        raise ZhunshengError("ZS-EV-04", store=opened.place)
    done = []
    for n, path in enumerate(paths):
        progress(f"导入 {path.name}", n, len(paths))
        done.append(
            import_ledger(
                work / "evidence",
                path,
                department=department,
                label=label,
                good_rows=True,
                marked_in=work / "marked",
                agreed=True,  # nothing is kept: what is doubtful is told beside the result
            )
        )
    progress("导入完成", len(paths), len(paths))
    return Store(work / "evidence"), done


def read_books(
    paths: Sequence[Path],
    progress: Progress = no_progress,
    *,
    layouts: Path | None = None,
    answers: Sequence[Path] = (),
) -> Book:
    """Read several documents as one book; its source is the first, places carry on from each file.

    ``layouts`` is a file of confirmed layouts by which they are read, ``answers`` are files of what a person
    answered of their doubts. Raises ``ZS-IN-*``; ``ZS-IN-66`` for answers of another document, ``-69`` for
    a folder or zip of documents.
    """
    known = confirmed(read_layouts(layouts)) if layouts else ()
    given = [read_answers(path) for path in answers]
    books = []
    for n, path in enumerate(paths):
        progress(f"读取 {path.name}", n, len(paths))
        if is_many(path):
            raise ZhunshengError("ZS-IN-69", name=path.name)
        books.append(read_book(path, known))
    if (other := for_none(given, books)) is not None:
        name = answers[given.index(other)].name
        raise ZhunshengError("ZS-IN-66", name=name, document=other.document)
    books = [answered(one, given) for one in books]
    if len(books) == 1:
        return books[0]
    begin = [sum(len(b.sheets) for b in books[:n]) for n in range(len(books))]
    source = Source(
        name="、".join(b.source.name for b in books),
        sha256=books[0].source.sha256,
        media_type=books[0].source.media_type,
    )
    return identified_book(
        Book(
            source=source,
            sheets=tuple(s for b in books for s in b.sheets),
            unsure=tuple(
                u if u.sheet is None else u.model_copy(update={"sheet": u.sheet + first})
                for b, first in zip(books, begin, strict=True)
                for u in b.unsure
            ),
        )
    )


def cipher_of(store: Path) -> Cipher | None:
    """Return the cipher under the key in ``ZHUNSHENG_PERSONAL_KEY``, None where none is set.
    Raises ``ZS-EV-13``.

    A key other than that of the files kept in the store is refused: what it wrote nobody could read beside
    the rest.
    """
    key = os.environ.get("ZHUNSHENG_PERSONAL_KEY")
    if not key:
        return None
    opened = Store(store, Cipher(key))
    newest = (
        b for b in reversed(opened.batches(limit=50)) if any(name.endswith(".enc") for name, _, _ in b.files)
    )
    if kept := next(newest, None):
        opened.source_of(kept)
    return opened.cipher


def load_mapping(path: Path | None, measures: dict[str, Measure], book: Book) -> list[Link]:
    """Return the decisions of a mapping file for a book, none without a file. Raises ``ZS-MS-03``."""
    if path is None:
        return []
    links = read_mapping(path, measures)
    check_projects(book, links, path.name)
    return links


def load_judgements(path: Path | None, causes: Collection[str]) -> list[Judgement]:
    """Return the judgements of a file, none without a file. Raises ``ZS-SC-06`` for a cause the official
    table has no column for.
    """
    found = read_judgements(path) if path else []
    for one in found:
        if one.cause and one.cause not in causes:
            raise ZhunshengError("ZS-SC-06", name=one.indicator, cause=one.cause, known=series(causes))
    return found


def rules_of(book: Book, as_of: date, scheme: Path | None) -> Rules:
    """Return the rules of a book's year, with the local scheme in a file where one is given and holds.
    Raises ``ZS-RG-*``.
    """
    year = max((s.year or as_of.year for s in book.sheets), default=as_of.year)
    return rules_for(year, scheme_at(scheme) if scheme else None)


def scheme_at(place: Path) -> Scheme:
    """Return the scheme in a file, or the one with that id that comes along. Raises ``ZS-RG-01``."""
    known = None if place.exists() else scheme_named(str(place))
    return known or read_scheme(written(place), place.name)


@dataclass(frozen=True)
class RunResult:
    """What a run made: the assessment, the imports before it, problems of the store, the re-check, files."""

    assessment: Assessed
    imports: tuple[Imported, ...]
    problems: tuple[str, ...]
    rechecked: tuple[Rechecked, ...]
    files: dict[str, Path]


@dataclass(frozen=True)
class Inputs:
    """The files that a year is assessed from as of a day (inclusive), and what people wrote beside them.

    ``evidence`` is a store or a folder of ledger files, ``department`` a code, a name or 代码=名称,
    ``scheme`` a local one in place of the national, ``previous`` the targets of the year before,
    ``reported`` a self-evaluation to re-check, ``where`` the engine that computes the figures, ``since`` the
    day on which the department began, where that was within the year; ``layouts`` a file of confirmed layouts
    by which all documents are read, ``answers`` files of what a person answered of their doubts, ``batch``
    the state of the evidence (its newest, without), ``bases`` a file of the local documents that the review's
    rules rest on.
    """

    documents: Sequence[Path]
    evidence: Path
    as_of: date
    department: str | None = None
    mapping: Path | None = None
    judgements: Path | None = None
    scheme: Path | None = None
    measures: Sequence[Path] = ()
    mode: PlanMode = "linear"
    previous: Path | None = None
    reported: Path | None = None
    where: Where = HERE
    since: date | None = None
    layouts: Path | None = None
    answers: Sequence[Path] = ()
    batch: int | None = None
    bases: Path | None = None

    def book(self, progress: Progress = no_progress) -> Book:
        """Read the documents. Raises ``ZS-IN-*``."""
        return read_books(self.documents, progress, layouts=self.layouts, answers=self.answers)

    def beside(self, path: Path) -> Book:
        """Read a document that stands beside them, by the same layouts. Raises ``ZS-IN-*``."""
        return read_books([path], layouts=self.layouts)


def run(
    given: Inputs, out: Path, *, only: Sequence[str] = OUTPUTS, progress: Progress = no_progress
) -> RunResult:
    """Read documents, prove them with the evidence, and write to ``out`` the tables,
    reports and pages of these names.

    Raises ``ZS-*``.
    """
    out.mkdir(parents=True, exist_ok=True)
    book = given.book(progress)
    stated = given.department or next((s.department for s in book.sheets if s.department), "本部门")
    whose = department_to_write(out / "evidence", stated)
    store, imports = open_evidence(given.evidence, out, whose.code, progress, label=whose.name)
    problems = tuple(store.verify())
    progress("计算测度", 0, 3)
    assessment, opened, links = assessed(given, book, store)
    rechecked = recheck(given.beside(given.reported), assessment, opened, links) if given.reported else []
    progress("写出报表", 1, 3)
    beside = Beside(problems, rechecked, "、".join(p.name for p in given.documents))
    files = write_outputs(assessment, opened, out, only=only, beside=beside)
    progress("完成", 3, 3)
    return RunResult(assessment, tuple(imports), problems, tuple(rechecked), files)


def assessed(given: Inputs, book: Book, store: Store) -> tuple[Assessed, Evidence, list[Link]]:
    """Return the assessment of a book by a store's evidence and what people wrote
    beside it, with what it rests on.

    Raises ``ZS-*``.
    """
    evidence = Evidence.of(store, batch=given.batch, measures=given.measures, where=given.where)
    links = load_mapping(given.mapping, evidence.measures, book)
    place = department_to_read(store.root, given.department)
    rules = rules_of(book, given.as_of, given.scheme)
    found = assess(
        book,
        evidence,
        given.as_of,
        department=place,
        links=links,
        judgements=load_judgements(given.judgements, rules.monitoring(given.as_of).causes),
        rules=rules,
        mode=given.mode,
        previous=given.beside(given.previous) if given.previous else None,
        since=given.since,
        bases=bases_in(given.bases, [rule.code for rule in all_rules()]) if given.bases else (),
    )
    return found, evidence, links


def stated_department(text: str) -> tuple[str, str | None]:
    """Return the code and the name of 代码=名称, or the text and None without the
    sign. Raises ``ZS-EV-23``.
    """
    code, sign, name = (part.strip() for part in clean(text).partition("="))
    if not code or (sign and not name):
        raise ZhunshengError("ZS-EV-23", text=text)
    return code, name or None


def department_to_read(store: Path, text: str | None) -> AssessedDepartment | None:
    """Return the department that a code, an exact name or 代码=名称 means in a store,
    None where none was named.

    Raises ``ZS-EV-20`` for a name that several bear, ``ZS-EV-21`` for one that is not there, ``ZS-EV-23``.
    """
    if text is None:
        return None
    code, name = stated_department(text)
    opened = Store.existing(store)
    if name is None:
        found = opened.resolve(code)
        return AssessedDepartment(found.code, found.name)
    if code not in opened.departments():
        raise ZhunshengError(
            "ZS-EV-21", name=text, known=series(list(opened.departments())[:8]) or worded("（无）")
        )
    return AssessedDepartment(code, name)


def department_to_write(store: Path, text: str | None) -> AssessedDepartment:
    """Return the department that rows are imported for; a name that is new gets a code made from it.

    代码=名称 states both, which tells a namesake or a rename. Without a text it is the only department of the
    store, or 本部门 in an empty one. Raises ``ZS-EV-20``, ``-23``; ``-24`` without a text where the store has
    several.
    """
    if text is None:
        known = Store(store).departments()
        if len(known) > 1:
            listed = sorted(f"{d.name}（{d.code}）" for d in known.values())
            raise ZhunshengError(
                "ZS-EV-24", known=series(listed[:8]) + (worded(" 等") if len(listed) > 8 else "")
            )
        if known:
            (only,) = known.values()
            return AssessedDepartment(only.code, only.name)
        text = "本部门"
    code, name = stated_department(text)
    if name is not None:
        return AssessedDepartment(code, name)
    try:
        found = Store(store).resolve(code)
    except ZhunshengError as error:
        if error.code != "ZS-EV-21":
            raise
        return AssessedDepartment(named_code(code), code)
    return AssessedDepartment(found.code, found.name)


def recheck(reported: Book, assessed: Assessed, evidence: Evidence, links: Sequence[Link]) -> list[Rechecked]:
    """Re-check a reported self-evaluation from evidence and the book alone: no judgement goes in.
    Raises ``ZS-*``.

    ``assessed`` is what was found already; it serves where no judgement went into it.
    """
    if any(r.card.said for r in assessed.results):
        assessed = assess(
            assessed.book,
            evidence,
            assessed.as_of,
            department=assessed.department,
            links=links,
            rules=assessed.rules,
        )
    return recheck_book(reported, assessed)
