"""The demonstration: make the sample bureau and run its whole year, from the target document
to the re-check.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

from zhunsheng.folders import Inputs, RunResult, open_evidence, read_books, run
from zhunsheng.measures import match_book, read_mapping, write_mapping
from zhunsheng.sample.documents import write_documents, write_reported
from zhunsheng.sample.ledgers import write_ledgers
from zhunsheng.targets import Book
from zhunsheng.usecases.assessing import assess
from zhunsheng.usecases.opened_evidence import Evidence
from zhunsheng.usecases.progress import Progress, no_progress


def demo(out: Path, *, entities: int, seed: int, as_of: date, progress: Progress = no_progress) -> RunResult:
    """Write the sample to ``out``, import its ledgers, run the main job and re-check the self-evaluation it
    reported.

    A folder left by an earlier demonstration is made anew; any other files in ``out`` stay.
    """
    for name in ("documents", "ledgers", "results"):
        shutil.rmtree(out / name, ignore_errors=True)
    progress("生成目标文件", 0, 4)
    documents = write_documents(out / "documents")
    progress("生成台账", 1, 4)
    write_ledgers(out / "ledgers", seed=seed, entities=entities)
    book = read_books([documents["docx"]])
    department = next(s.department for s in book.sheets if s.department)
    store, imports = open_evidence(out / "ledgers", out / "results", department, progress)
    opened = Evidence.of(store)
    reported = out / "documents" / "2021年绩效自评表（上报）.xlsx"
    mapping = confirm_all(book, opened, out / "documents" / "指标与测度对照.yaml")
    links = read_mapping(mapping, opened.measures)
    cards = [r.card for r in assess(book, opened, as_of, links=links).results]
    write_reported(cards, reported)
    given = Inputs(
        [documents["docx"]],
        store.root,
        as_of,
        mapping=mapping,
        judgements=documents["judgements"],
        reported=reported,
    )
    done = run(given, out / "results", progress=progress)
    return RunResult(done.assessment, tuple(imports), done.problems, done.rechecked, done.files)


def confirm_all(book: Book, evidence: Evidence, path: Path) -> Path:
    """Write the mapping file in which the sample's people confirmed every measure that was proposed;
    return its path.
    """
    matches = match_book(book, evidence.measures)
    write_mapping(
        path, book, [replace(m, status="confirmed") if m.status == "proposed" else m for m in matches]
    )
    return path
