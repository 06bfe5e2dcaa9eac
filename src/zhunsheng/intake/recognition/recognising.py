"""Hand each block of a document to what reads it, and make a book of what they drafted."""

from __future__ import annotations

from collections.abc import Sequence

from zhunsheng.intake.grid import Block, Grid, Paragraph
from zhunsheng.intake.recognition.draft import Document
from zhunsheng.intake.recognition.paragraphs import read_paragraph
from zhunsheng.intake.recognition.sheets import book_of
from zhunsheng.intake.recognition.tables import read_table
from zhunsheng.targets import Book, Source


def recognise(blocks: Sequence[Block], source: Source) -> Book:
    """Return the target sheets that a document's blocks hold, with what was uncertain."""
    document = Document.of(source)
    for block in blocks:
        if isinstance(block, Paragraph):
            read_paragraph(document, block)
        elif isinstance(block, Grid):
            read_table(document, block)
    return book_of(document)
