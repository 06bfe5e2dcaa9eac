"""Read a document of targets as the site takes it in: its book, what is personal, what its columns are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from zhunsheng.disclosure import Text, texts_of, texts_of_rows
from zhunsheng.errors import ZhunshengError
from zhunsheng.files.opening import Opened, open_bytes
from zhunsheng.intake import document_of
from zhunsheng.intake.apart import apart
from zhunsheng.intake.grid import Block, Grid, Paragraph
from zhunsheng.intake.layouts import Layout
from zhunsheng.intake.recognition.confirmed import TableRead
from zhunsheng.targets import Book, Place
from zhunsheng.translation import worded
from zhunsheng.usecases.many_documents import Task, opened

NOTED = 40  # personal data told of a document


@dataclass(frozen=True)
class TargetRead:
    """A target document as it was read: its book, why that is none where it holds no targets (``refusal``),
    of each personal datum its kind, masked form and place, and its tables.
    """

    book: Book
    refusal: ZhunshengError | None
    personal: list[dict[str, str]]
    tables: list[TableRead]


def read_targets(name: str, content: bytes, layouts: Sequence[Layout]) -> TargetRead:
    """Read a document in a process of its own. Raises ``ZS-IN-*``, but for one without targets."""
    return apart(name, _read, name, content, tuple(layouts))


def _read(name: str, content: bytes, layouts: Sequence[Layout]) -> TargetRead:
    return _of(open_bytes(content, name), layouts)


def read_task(task: Task, layouts: Sequence[Layout]) -> TargetRead:
    """Do what ``read_targets`` does of one of many, in the process that reads these."""
    return _of(opened(task), layouts)


def _of(document: Opened, layouts: Sequence[Layout]) -> TargetRead:
    read = document_of(document, layouts)
    personal = noted(document.name, document.data, read.blocks)
    return TargetRead(read.book, read.refusal, personal, read.tables)


def texts_of_file(name: str, content: bytes, called: str) -> Iterator[Text]:
    """Yield the texts of a file and its name, whose place is ``called`` so. Raises ``ZS-WB-43``."""
    yield Text(called, [([name], 0)])
    yield from texts_of(name, content)


def _of_document(name: str, content: bytes, blocks: Sequence[Block]) -> Iterator[Text]:
    """Yield the texts of a document that is taken in; of a format that is read and never published (doc, pdf,
    ofd) those that the reader of targets saw, its ``blocks``.
    """
    try:
        yield from texts_of_file(name, content, worded("文件名"))
    except ZhunshengError as error:
        if error.code != "ZS-WB-43":
            raise
        for block in blocks:
            if isinstance(block, Paragraph):
                yield Text(block.place.label(), [([block.text], 0)])
            elif isinstance(block, Grid):
                rows = [[block.text(r, c) for c in block.distinct(r)] for r in range(len(block.rows))]
                yield from texts_of_rows(Place(table=block.place(0, 0).table or 1).label(), rows)


def noted(name: str, content: bytes, blocks: Sequence[Block]) -> list[dict[str, str]]:
    """Return what is personal in a document that is taken in and was read into ``blocks``, in its name,
    pages' heads and feet too: kind, masked, place.
    """
    found = []
    try:
        for text in _of_document(name, content, blocks):
            found += [
                {
                    "kind": one.title,
                    "shown": one.shown,
                    "place": re.sub(f"^{re.escape(name)}的?", "", text.where(one)),
                }
                for one in text.found()
                if one.kind != "author"
            ]
    except ZhunshengError:
        return []  # what can't be read at all was refused before
    return found[:NOTED]
