"""From a document to target sheets: readers, one a format, and recognition by meaning."""

from __future__ import annotations

from pathlib import Path

from zhunsheng.files.opening import Opened, open_bytes, open_file
from zhunsheng.intake import docx, html, text, xlsx
from zhunsheng.intake.grid import Block
from zhunsheng.intake.pictures import refusal, unread
from zhunsheng.intake.recognise import recognise
from zhunsheng.targets import Book, Source
from zhunsheng.targets.identity import identified_book

MAX_DOCUMENT = 50 * 2**20  # bytes; target documents are a few hundred KB

_READERS = {
    "txt": text.read,
    "csv": text.read,
    "docx": docx.read,
    "xlsx": xlsx.read,
    "xls": xlsx.read,
    "html": html.read,
}


def read_book(path: Path) -> Book:
    """Read one document. Raises ``ZS-IN-*``; ``ZS-IN-13`` when it holds no target sheet, ``ZS-IN-21``, ``-22`` where pictures may."""
    return book_of(open_file(path, max_bytes=MAX_DOCUMENT))


def book_of(opened: Opened) -> Book:
    """Do what ``read_book`` does for a file already opened."""
    source = Source(name=opened.name, sha256=opened.sha256, media_type=opened.media_type)
    blocks = blocks_of(opened)
    book = recognise(blocks, source)
    if not book.sheets:
        raise refusal(opened.name, blocks)
    return identified_book(book.model_copy(update={"unsure": (*book.unsure, *xlsx.doubts(blocks), *unread(blocks))}))


def blocks_of(opened: Opened) -> list[Block]:
    """Return the paragraphs, grids and pictures of a file already opened."""
    return _READERS[opened.kind](opened)


__all__ = ["blocks_of", "book_of", "open_bytes", "read_book"]
