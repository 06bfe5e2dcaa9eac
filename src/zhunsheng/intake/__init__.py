"""From a document to target sheets: readers, one a format, and recognition by meaning."""

from zhunsheng.files.bounds import MAX_DOCUMENT
from zhunsheng.intake.reading import (
    ENDINGS,
    DocumentRead,
    blocks_of,
    book_of,
    document_of,
    read_book,
    read_tables,
)

__all__ = [
    "ENDINGS",
    "MAX_DOCUMENT",
    "DocumentRead",
    "blocks_of",
    "book_of",
    "document_of",
    "read_book",
    "read_tables",
]
