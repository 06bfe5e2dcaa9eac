"""Hand each block of a document to what reads it, and make a book of what they drafted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from zhunsheng.intake.grid import Block, Grid, Paragraph
from zhunsheng.intake.layouts import Layout
from zhunsheng.intake.recognition.confirmed import Known, TableRead, table_of, tables_of, unread_table
from zhunsheng.intake.recognition.draft import Document
from zhunsheng.intake.recognition.paragraphs import read_paragraph
from zhunsheng.intake.recognition.sheets import book_of
from zhunsheng.intake.recognition.tables import read_table
from zhunsheng.targets import Book, Source


def recognise(
    blocks: Sequence[Block], source: Source, layouts: Iterable[Layout] = ()
) -> tuple[Book, Callable[[], list[TableRead]]]:
    """Return the target sheets that a document's blocks hold, with what was uncertain; and what gives its
    tables, for a person to confirm what their columns are.

    ``layouts`` are those that were confirmed: they outrank the words and what the columns hold.
    """
    document = Document.of(source, Known.of(layouts))
    for block in blocks:
        if isinstance(block, Paragraph):
            read_paragraph(document, block)
        elif isinstance(block, Grid):
            read_table(document, block)
    book, found = book_of(document)
    return book, lambda: _tables(document, found)


def _tables(document: Document, found: Sequence[int]) -> list[TableRead]:
    """Return the tables of a document that was read, of whose drafts ``found`` became sheets.

    Those that nobody could read are among them where something like indicators stands in them, or where the
    document has no sheet at all.
    """
    number = {draft: n for n, draft in enumerate(found)}
    last = len(document.drafts) - 1
    read = (table_of(t.header, t.place, number.get(t.draft), t.year) for t in document.tables)
    unread = (
        unread_table(t.grid, None if t.draft is None else number.get(min(t.draft, last)), t.year)
        for t in document.unread
        if t.doubted or not found
    )
    return list(tables_of((*read, *unread)))
