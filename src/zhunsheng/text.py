"""What a text may hold: line breaks and visible signs; control and invisible characters become breaks or go
at the door.

Two names that look the same are the same to whoever reads them, and what looks empty is empty;
so nothing stays in a text that is never shown.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable
from typing import Any

# Breaks that word processors and terminals write: soft break (U+000B), page break, C1 next line,
# line and paragraph separators.
_BREAKS = re.compile("\r\n|[\r\v\f\x1c\x1d\x1e\x85\u2028\u2029]")
# What XML 1.0 can't hold: C0 and C1 controls, lone surrogates, non-characters.
UNFIT = ((0x00, 0x08), (0x0E, 0x1F), (0x7F, 0x9F), (0xD800, 0xDFFF), (0xFFFE, 0xFFFF))
# What is never shown: Default_Ignorable_Code_Point of the Unicode Character Database (soft hyphen, joiners,
# zero-width signs, bidi marks and overrides, fillers, variation selectors, tags, the BOM), interlinear marks,
# the Braille blank.
INVISIBLE = (
    (0xAD, 0xAD),
    (0x34F, 0x34F),
    (0x61C, 0x61C),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x200B, 0x200F),
    (0x202A, 0x202E),
    (0x2060, 0x206F),
    (0x2800, 0x2800),
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),
    (0xFEFF, 0xFEFF),
    (0xFFA0, 0xFFA0),
    (0xFFF0, 0xFFFB),
    (0x1BCA0, 0x1BCA3),
    (0x1D173, 0x1D17A),
    (0xE0000, 0xE0FFF),
)
_GONE = re.compile(f"[{''.join(f'{chr(first)}-{chr(last)}' for first, last in (*UNFIT, *INVISIBLE))}]")


# What a text may have at most, in characters: one place for what forms, data files and readers take.
# What people type is refused beyond it; what a document brings is kept as it says and told.
# Two of the longest texts fit one cell of Excel.
MOST = {
    "name": 200,  # of a project, a department, a unit
    "code": 40,
    "level": 60,
    "indicator": 300,
    "value": 300,  # a target value, a value of last year, a basis
    "unit": 20,
    "actual": 100,  # a result as someone types it
    "words": 4_000,  # reasons, measures, descriptions, conclusions
    "remark": 1_000,
    "long": 10_000,  # goals, the purpose of money, what a department sets out to do
}


# A text that begins so runs as a formula in a spreadsheet; a signed number with its unit in words is none.
_RUNS = "[=+\\-@\t\r\n＝＋－＠]"
_SIGNED = "[+-][0-9][0-9,]*(?:\\.[0-9]+)?[ 　]?[%‰一-\u9fff]*"
# What ``guarded`` writes, and what it leaves though it seems so: patterns that RE2 and Python read alike.
GUARDED = f"'+{_RUNS}(?s:.*)"
NOT_GUARDED = f"'+{_SIGNED}"
_TO_GUARD, _SAFE = re.compile(f"'*{_RUNS}(?s:.*)"), re.compile(f"'*{_SIGNED}")


def guarded(text: str) -> str:
    """Return a text as it stands in a csv that a spreadsheet opens: an apostrophe before what would run as a
    formula.

    One that already begins with apostrophes before such gets one more, so that whoever takes one off has the
    text again.
    """
    return f"'{text}" if _TO_GUARD.fullmatch(text) and not _SAFE.fullmatch(text) else text


def csv_text(rows: Iterable[Iterable[Any]]) -> str:
    """Return rows as the text of a csv that a spreadsheet may open: no text of theirs runs.
    The one way to write a csv.
    """
    stream = io.StringIO(newline="")
    csv.writer(stream).writerows([guarded(v) if isinstance(v, str) else v for v in row] for row in rows)
    return stream.getvalue()


def csv_line(values: Iterable[object]) -> str:
    """Return values as one line of csv, None as nothing, which a program reads back:
    no file that a spreadsheet opens, so that its texts are left as they are.
    """
    stream = io.StringIO(newline="")
    csv.writer(stream, lineterminator="").writerow(["" if value is None else value for value in values])
    return stream.getvalue()


# How every workbook is opened for writing: what looks like a formula, a link or a number stays the text that
# it is.
AS_TEXT = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


def whole(text: str, digits: int = 18) -> int | None:
    """Return a whole number written in the plain digits 0–9, at most so many; None for anything else.

    What ``str.isdigit`` and ``int`` take besides is no number here: ², ٣, ９, 1_000, nor thousands of digits.
    """
    return int(text) if re.fullmatch(f"[0-9]{{1,{digits}}}", text) else None


def clean(text: str) -> str:
    """Return a text with every kind of break as ``\\n`` and without characters that no document can hold or
    nobody sees.

    Of canonically equivalent spellings (composed or not, the compatibility ideographs that are the same
    character) one is left, by NFC; what only looks alike, as full-width forms do, stays.
    """
    return unicodedata.normalize("NFC", _GONE.sub("", _BREAKS.sub("\n", text)))


def readable(text: str) -> str:
    """Return the text of a data file (YAML, JSON) so that its parser takes it: a raw break of another kind
    becomes a space.

    A line break there would change what the file means; breaks written as escapes come through and are for
    ``cleaned``.
    """
    return _GONE.sub("", re.sub("[\v\f\x1c\x1d\x1e]", " ", text))


def cleaned(data: Any) -> Any:
    """Return plain data (dicts, lists, scalars) with every text in it, keys too, made clean."""
    if isinstance(data, str):
        return clean(data)
    if isinstance(data, dict):
        return {cleaned(k): cleaned(v) for k, v in data.items()}
    if isinstance(data, list):
        return [cleaned(v) for v in data]
    return data
