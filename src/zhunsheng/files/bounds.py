"""How large a document of targets may be: every count that costs time or memory, in one place.

What is beyond is refused before anything is made of it, so that whatever a file says, it is read or refused
within five seconds of one processor and 300 MiB. The longest documents known (a province's plan, a book of a
department with its hundred projects) come to a fifth of any of these. Ledgers have bounds of their own.
"""

from __future__ import annotations

from zhunsheng.translation import Worded, worded

READING_SECONDS = 3.6  # of the processor; the start of the program takes 0.8
READING_MEMORY = 200 * 2**20  # bytes beyond the 77 MiB that the program itself takes
WAITED = 60  # seconds by the clock for a process that reads, on a machine that has much else to do

MAX_DOCUMENT = 50 * 2**20  # bytes of the file; target documents are a few hundred KB
MAX_UNPACKED = 64 * 2**20  # bytes of the XML in it
MAX_MARKS = 1_200_000  # of one part or page, see ``marks``, of some 170 bytes each: 90 dense pages
MAX_STYLE_MARKS = 1_500_000  # of the styles of a workbook; Excel stops at 65,000 of them
MAX_ATTRIBUTES = 2_000  # of one tag; the library takes time by the square of them

MAX_SIGNS = 4_000_000  # characters of a document; the longest plan of a province has some hundred thousand
MAX_SIGNS_97 = 1_500_000  # of one of Word 97–2003, whose every sign takes some 130 bytes while it is read
MAX_PARAGRAPHS = 50_000  # that say something, outside of tables
MAX_ENDS = 200_000  # of paragraphs, cells, rows and pictures together, in a document of Word
MAX_TABLES = 5_000
MAX_BREAKS = 50_000  # ends of lines within the cells of all tables
MAX_ROWS = 15_000  # of all tables together
MAX_SHEETS = 6_000  # of targets; lists of a province's projects have a few thousand
MAX_COLUMNS = 500  # of one table; Word stops at 63
MAX_CELLS = 200_000  # rows × columns of all tables together
MAX_SHEET = 600_000  # rows × columns of all worksheets together, also of those that are hidden
MAX_COVERED = 400_000  # positions under the merged cells of all of them
MAX_DEPTH = 8  # tables within tables
MAX_NESTED = 200  # elements of a page within elements
MAX_LINES = 200_000  # of a text, blank ones included; a hundred forms written out have some ten thousand
MAX_DRAWN = 500_000  # signs of a table that is drawn with strokes
MAX_STYLE_TESTS = 1_000_000  # comparisons of an element of a page with a rule of its style sheets


def marks(data: bytes | str) -> int:
    """Return what XML or HTML weighs once it is parsed: an attribute twice a tag, in units of some 100 bytes.

    Each is counted where it is written, before anything is made of it.
    """
    if isinstance(data, str):
        return data.count("<") + 2 * data.count("=")
    return data.count(b"<") + 2 * data.count(b"=")


def too_long() -> Worded:
    """Return in words that a document has more than ``MAX_SIGNS``."""
    return worded("正文超过 {most} 字", most=f"{MAX_SIGNS:,}")
