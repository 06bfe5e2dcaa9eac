"""What a person answered of a document's doubts, as a file: written out to be filled in, and applied when
the document is read again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from zhunsheng.errors import ZhunshengError
from zhunsheng.faults import fault, parsed, written
from zhunsheng.files.writing import write_whole
from zhunsheng.targets import Book, TargetSheet, Unsure
from zhunsheng.targets.doubts import must_confirm, nothing_read, path_of, read_at, said_of, words_of
from zhunsheng.targets.editing import with_text
from zhunsheng.text import cleaned
from zhunsheng.translation import raised_with, worded

FORMAT = "zhunsheng.answers/1"
MOST = 20_000  # answers of one file
RIGHT = "无误"  # what was read is what the document says
LEFT = "不用补"  # what was not read is not missed


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Answer(_Frozen):
    """A doubt as its file shows it, and what a person says of it: ``RIGHT`` (``LEFT`` where nothing was
    read), what it should say, or nothing yet.
    """

    what: str
    place: str = ""
    text: str = ""
    read: str = ""
    why: str
    answer: str = Field("", max_length=20_000)

    @property
    def about(self) -> tuple[str, ...]:
        """By what it is known again in the document."""
        return self.what, self.place, self.text, self.why


class Answers(_Frozen):
    """The answers of a document, which is known by the SHA-256 of its bytes, and who gave them."""

    format: Literal["zhunsheng.answers/1"]
    document: str
    sha256: str
    answered_by: str = Field("", max_length=120)
    answers: tuple[Answer, ...] = Field(max_length=MOST)


def form_of(book: Book) -> Answers:
    """Return a document's doubts to be answered, none of them yet."""
    asked = [one for one in book.unsure if must_confirm(one)]
    return Answers(
        format=FORMAT,
        document=book.source.name,
        sha256=book.source.sha256,
        answers=tuple(_asked(book, one) for one in asked),
    )


def _asked(book: Book, one: Unsure) -> Answer:
    sheet = _sheet_of(book, one)
    path = path_of(sheet, one) if sheet else None
    row = path.split(".")[1] if path and path.startswith("indicators.") else ""
    parts = (
        str(sheet.title()) if sheet and len(book.sheets) > 1 else "",
        sheet.indicators[int(row)].name if sheet and row else "",
        str(words_of(one, sheet)),
    )
    return Answer(
        what=" ".join(part for part in parts if part),
        place=str(one.place.label()) if one.place else "",
        text=said_of(one),
        read=read_at(sheet, path) if sheet and path else "",
        why=str(one.why),
        answer="",
    )


def _sheet_of(book: Book, one: Unsure) -> TargetSheet | None:
    return book.sheets[one.sheet or 0] if book.sheets else None


def answers_text(answers: Answers) -> str:
    """Return answers as YAML."""
    data = answers.model_dump(mode="json")
    return yaml.safe_dump(data, allow_unicode=True, sort_keys=False, width=1000)


def write_answers(path: Path, answers: Answers) -> None:
    """Write a file of answers, whole or not at all."""
    write_whole(path, answers_text(answers).encode())


def read_answers(path: Path) -> Answers:
    """Read a file of answers (YAML or JSON). Raises ``ZS-IN-01``, ``-40``; ``ZS-IN-65`` for one that is none,
    or that nobody signed.
    """
    try:
        found = Answers.model_validate(cleaned(parsed(written(path))))
    except (yaml.YAMLError, ValidationError) as error:
        raise ZhunshengError("ZS-IN-65", name=path.name, detail=fault(error)) from None
    if not found.answered_by.strip():
        raise ZhunshengError("ZS-IN-65", name=path.name, detail=worded("没有写核对人（answered_by）"))
    return found


def answered(book: Book, given: Iterable[Answers]) -> Book:
    """Return a book with what was answered of its doubts: those are doubts no longer, and what was put right
    says what the answer says. Answers of other documents are passed over.

    Raises ``ZS-IN-67`` for an answer to what the document does not ask, or that can't stand there.
    """
    for answers in given:
        if answers.sha256 == book.source.sha256:
            book = _applied(book, answers)
    return book


def for_none(given: Iterable[Answers], read: Sequence[Book]) -> Answers | None:
    """Return the first answers that are of none of the documents that were read."""
    known = {one.source.sha256 for one in read}
    return next((one for one in given if one.sha256 not in known), None)


def _applied(book: Book, answers: Answers) -> Book:
    left = [(n, one) for n, one in enumerate(book.unsure) if must_confirm(one)]
    asked = {n: _asked(book, one).about for n, one in left}
    sheets, gone, told = list(book.sheets), set(), set()
    for number, said in enumerate(answers.answers, start=1):
        if not said.answer.strip():
            continue
        n = next((n for n, about in asked.items() if about == said.about and n not in told), None)
        if n is None:
            raise _refused(answers, number, worded("文件里现在没有这一处，请重新写出核对单"))
        one, of = book.unsure[n], book.unsure[n].sheet or 0
        told.add(n)
        gone.add(n)
        right = LEFT if nothing_read(one, book.sheets[of]) else RIGHT
        if said.answer.strip() == right:
            continue
        path = path_of(book.sheets[of], one)
        if path is None or said.answer.strip() in (LEFT, RIGHT):
            why = worded(
                "这里只能答“{right}”；要改的，请改原文件后重读，或用 --layouts 指明各列", right=right
            )
            raise _refused(answers, number, why)
        try:
            sheets[of] = with_text(sheets[of], path, said.answer)
        except ZhunshengError as error:
            raise _refused(answers, number, raised_with(error)) from None
        mine = [(m, other) for m, other in left if (other.sheet or 0) == of]
        gone |= {m for m, other in mine if path_of(book.sheets[of], other) == path}
    kept = tuple(one for n, one in enumerate(book.unsure) if n not in gone)
    return book.model_copy(update={"sheets": tuple(sheets), "unsure": kept})


def _refused(answers: Answers, number: int, detail: str) -> ZhunshengError:
    return ZhunshengError("ZS-IN-67", name=answers.document, number=number, detail=detail)
