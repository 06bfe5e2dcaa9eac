"""Tables of a plain text whose columns are lined up by blanks: which lines make one, and its cells."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_PIECE = re.compile(r"\S+(?:[ \u00a0]\S+)*")  # words with single blanks between them; wider ones part
_RULE = re.compile(r"[\s\-—=_*─━~+]+")
_LEAST_ROWS = 2
_PROSE = 60  # columns of a line that is too long to go on with a cell
MAX_LINES, MAX_LENGTH, MAX_COLUMNS = 5000, 2000, 60  # of a table, of a line, of a row
Cells = list[list[tuple[str, int]]]  # by row: text and the number of the line where it begins


def width_of(text: str) -> int:
    """Return how many columns a text takes in print: two for each Chinese sign."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)


@dataclass(frozen=True)
class _Piece:
    """What stands between wide blanks: its text, and from which column of the line to which, the last not."""

    text: str
    start: int
    end: int


def pieces_of(line: str, *, wide: bool = True) -> list[_Piece]:
    """Return the pieces of a line that two or more blanks, or a wide one, part.

    Columns count as in print, or one a sign where not ``wide``: programs fill up to either.
    """
    line = line.replace("\u3000", "  ").rstrip()
    measure = width_of if wide else len
    found: list[_Piece] = []
    at = column = 0
    for match in _PIECE.finditer(line):
        column += match.start() - at
        end = column + measure(match[0])
        found.append(_Piece(match[0], column, end))
        at, column = match.end(), end
    return found


def is_rule(line: str) -> bool:
    """Say whether a line is drawn under a heading or between rows."""
    return bool(line.strip()) and _RULE.fullmatch(line) is not None


def stretch(lines: Sequence[str], at: int) -> tuple[int, bool]:
    """Return the number of the line (from 0) before which lines end that look like those of a table, of which
    one may begin at a line; and whether they are one.

    Its lines have two pieces at least, but for those that go on with a cell of the one before. Every second
    line may be empty.
    """
    counts: list[int] = []
    end = at
    if len(lines[at]) > MAX_LENGTH or len(pieces_of(lines[at])) < 2:
        return at, False
    spaced = len(lines) > at + 2 and not lines[at + 1].strip() and len(pieces_of(lines[at + 2])) > 1
    for n in range(at, min(len(lines), at + MAX_LINES)):
        line = lines[n]
        if not line.strip():
            if spaced and n > at and lines[n - 1].strip():
                continue
            break
        if "\t" in line.strip() or line.startswith("|") or len(line) > MAX_LENGTH:
            break
        count = len(pieces_of(line))
        if count > MAX_COLUMNS:
            break
        if count > 1:
            counts.append(count)
        elif not counts or not (is_rule(line) or _goes_on(line)):
            break
        end = n + 1
    return end, len(counts) >= _LEAST_ROWS and not _is_prose(lines[at:end], max(counts))


def _goes_on(line: str) -> bool:
    """Say whether a line of one piece stands well within a table, below a cell that it goes on with."""
    indent = len(line) - len(line.lstrip())
    return indent >= 2 and width_of(line.strip()) < _PROSE and not line.rstrip().endswith("。")


def _is_prose(lines: Sequence[str], most: int) -> bool:
    """Say whether lines are sentences, or labels with their values, in which somebody put wide blanks."""
    if most > 2:
        return False
    pieces = [piece.text for line in lines for piece in pieces_of(line)]
    sentences = sum(text.endswith(("。", "；", "，")) for text in pieces)
    return sentences * 3 > len(pieces) or all("：" in text or ":" in text for text in pieces)


def rows_of(lines: Sequence[str], first: int) -> Cells:
    """Return the cells of a table by row; ``first`` is the number of its first line in the file."""
    numbered = [(first + n, line) for n, line in enumerate(lines) if line.strip() and not is_rule(line)]
    placed = [_placed([pieces_of(line, wide=wide) for _n, line in numbered]) for wide in (True, False)]
    _fits, columns, rows = min(placed, key=lambda one: one[:2])
    made: Cells = []
    for (number, _line), row in zip(numbered, rows, strict=True):
        ((only, piece), *more) = row.items()
        if made and not more and only and made[-1][only][0]:
            text, line = made[-1][only]
            made[-1][only] = (_joined(text, piece.text), line)
        else:
            made.append([(row[c].text if c in row else "", number) for c in range(columns)])
    return made


def _joined(before: str, after: str) -> str:
    """Return a cell that goes on in the next line: words with a blank between, Chinese without."""
    return f"{before} {after}" if before[-1:].isascii() and after[:1].isascii() else before + after


def _placed(rows: list[list[_Piece]]) -> tuple[bool, int, list[dict[int, _Piece]]]:
    """Return whether the rows of a table do not fit, how many columns it has, and their pieces by column.

    Columns are what blanks part that run down through all rows; where there are no such blanks, those of the
    row with the most pieces.
    """
    full = max(rows, key=len)
    starts = [piece.start for piece in full]
    inked: set[int] = set()
    for row in rows:
        # A row whose text runs over several columns (a title, a merged cell) says nothing of them.
        if not any(sum(piece.start <= at < piece.end for at in starts) > 1 for piece in row):
            for piece in row:
                inked |= set(range(piece.start, piece.end))
    lefts = sorted(at for at in inked if at - 1 not in inked)
    found = [_between(row, lefts) for row in rows]
    if all(len(own) == len(row) for own, row in zip(found, rows, strict=True)):
        return False, len(lefts), found
    return True, len(full), [dict(_fitted(row, full)) for row in rows]


def _between(row: Sequence[_Piece], lefts: Sequence[int]) -> dict[int, _Piece]:
    """Return the pieces of a row by the column in which each begins."""
    return {max(0, bisect_right(lefts, piece.start) - 1): piece for piece in row}


def _fitted(row: Sequence[_Piece], full: Sequence[_Piece]) -> Iterator[tuple[int, _Piece]]:
    """Yield the pieces of a row with the columns of a ``full`` one that they stand under, in order."""
    free = 0
    for n, piece in enumerate(row):
        last = len(full) - (len(row) - n)  # the pieces to come need a column each
        column = min((_apart(piece, full[c]), c) for c in range(free, last + 1))[1]
        yield column, piece
        free = column + 1


def _apart(one: _Piece, other: _Piece) -> tuple[int, int]:
    """Return how far two pieces are apart, and how far one begins from the other."""
    return max(0, max(one.start, other.start) - min(one.end, other.end)), abs(one.start - other.start)
