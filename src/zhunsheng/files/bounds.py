"""How large a document of targets may be: every count that costs time or memory, in one place.

What is beyond is refused before anything is made of it, so that whatever a file says, it is read or refused
within five seconds of one processor and 300 MiB. The longest documents known (a province's plan, a book of a
department with its hundred projects) come to a fifth of any of these. The sheets of ledgers, which are larger
by far, have bounds of their own where they are read (``files/sheets.py``, ``spreadsheet.py``,
``plain_sheets.py``, ``opening.py``), and so has the process that takes PDF apart, which runs without this
package (``pdfium.py``).
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

# Of single formats. Archives and what holds files:
ZIP_MAX_DIRECTORY = (
    8 * 2**20
)  # bytes of the list of members, which is read whole before anything can be asked
ZIP_MAX_RATIO = 250  # office XML packs about 10–30 to 1; a bomb packs a thousand to 1
COMPOUND_MAX_ENTRIES = 65_536  # a document has some dozens, one of many embedded objects some thousands
ARCHIVE_MAX_NESTED = 16  # parts of parts that say they hold more: an archive has one, seldom two
ARCHIVE_MAX_PARTS = 5_000  # pictures, mostly
ARCHIVE_MAX_TAGS = 400_000  # of the page: some hundred printed pages

# Workbooks:
BIFF_MAX_COLUMNS = 256  # of a sheet of this format
BIFF_MAX_CONTINUED = 20_000  # pieces of one record, of some 8,000 bytes each
BIFF_MAX_STYLES = 65_536  # a cell can name no other
BIFF_MAX_WALKED = 4  # times that the records of a workbook are gone through: once, where all is well
EXCEL_XML_MAX_STYLES = 20_000
EXCEL_XML_MAX_WITHIN = 200_000  # elements of one row, and such as are part of none

# Documents of words:
WORD97_MAX_RUNS = 500_000  # runs of equal properties
WORD97_MAX_STYLES = 5_000
WORD97_MAX_FONTS = 5_000
WORD_MAX_FIELDS = 40  # within one another
WORD_MAX_PATTERN = 100  # characters of a level's pattern; Word's own have a dozen
EQUATION_MAX_DEPTH = 40  # parts within parts; below, only the texts are taken
RTF_MAX_GROUPS = 2_000  # groups within groups
RTF_MAX_MARKS = 1_500_000  # of one file: some hundred pages
RTF_MAX_FONTS = 10_000  # of one table of fonts
ODT_MAX_COLUMNS = 500
ODT_MAX_ROWS = 20_000
ODT_MAX_TABLES = 8  # tables within tables
ODT_MAX_DEPTH = 80  # elements within elements

# Pages:
PAGE_MAX_SPAN = 2_000  # browsers stop at 1,000 columns; a form never comes near
STYLE_MAX_RULES = 500  # of the style sheets of a page
OFD_MAX_SIDE = 5_000.0  # millimetres of a page
PAGE_MAX_LINES = 500  # lines of one direction on a page; what has more is a drawing
SHADED_MAX_COLUMNS = 60  # places at which those of a table with shaded rows may begin
OFD_MAX_PAGES = 300
OFD_MAX_LETTERS = 100_000  # of a document: some hundred full pages
OFD_MAX_LINES = 50_000
OFD_MAX_BYTES = 64 * 2**20  # of all parts that are read, unpacked
OFD_MAX_TAGS = 500_000  # tags and attributes of one part
OFD_MAX_DEPTH = 20  # blocks within blocks
RULED_MAX_CELLS = 200_000  # of a table
SCANNED_MAX_PAGES = 20  # of a document: each takes some seconds and 650 MB

# Texts:
ALIGNED_MAX_LINES = 5_000  # of a text's table that is lined up by blanks
ALIGNED_MAX_LENGTH = 2_000  # signs of a line of it
ALIGNED_MAX_COLUMNS = 60
FORM_MAX_LINES = 2000  # of a form; what is longer was hardly copied by hand


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
