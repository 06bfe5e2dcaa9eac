"""Tables of a plain text whose columns are lined up by blanks: which lines make one, and its cells."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from zhunsheng.files.bounds import ALIGNED_MAX_COLUMNS, ALIGNED_MAX_LENGTH, ALIGNED_MAX_LINES

_PIECE = re.compile(r"\S+(?:[ \u00a0]\S+)*")  # words with single blanks between them; wider ones part
_RULE = re.compile(r"[\s\-—=_*─━~+]+")
_ITEM = re.compile(
    r"\d{1,2}[.、．)）](?!\d)|[（(]\d{1,2}[）)]|[一二三四五六七八九十][、.]|(?:目标|指标)\s*\d{1,2}\s*[:：.、]"
)
_LEAST_ROWS = 2
_ROOM = 4  # columns that may be left between a cell that is full and the next
_PROSE = 60  # columns of a line that is too long to go on with a cell
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
    begun: set[int] = set()  # where pieces begin, but for the first of each line
    end = at
    if len(lines[at]) > ALIGNED_MAX_LENGTH or len(pieces_of(lines[at])) < 2:
        return at, False
    spaced = len(lines) > at + 2 and not lines[at + 1].strip() and len(pieces_of(lines[at + 2])) > 1
    for n in range(at, min(len(lines), at + ALIGNED_MAX_LINES)):
        line = lines[n]
        if not line.strip():
            if spaced and n > at and lines[n - 1].strip():
                continue
            break
        if "\t" in line.strip() or line.startswith("|") or len(line) > ALIGNED_MAX_LENGTH:
            break
        count = len(pieces_of(line))
        if count > ALIGNED_MAX_COLUMNS:
            break
        if count > 1:
            counts.append(count)
            begun |= {piece.start for piece in pieces_of(line)[1:]}
        elif not counts or not (is_rule(line) or _goes_on(line) or _is_title(lines, n, begun)):
            break
        end = n + 1
    return end, len(counts) >= _LEAST_ROWS and not _is_prose(lines[at:end], max(counts))


def _goes_on(line: str) -> bool:
    """Say whether a line of one piece stands well within a table, below a cell that it goes on with."""
    indent = len(line) - len(line.lstrip())
    return indent >= 2 and width_of(line.strip()) < _PROSE and not line.rstrip().endswith("。")


def _is_title(lines: Sequence[str], at: int, begun: set[int]) -> bool:
    """Say whether a line is a title of the rows below it, which begin their pieces where those above do."""
    text = lines[at].strip()
    if width_of(text) > _PROSE // 2 or text.endswith(("。", "：", "；", ":", ";")):
        return False
    following = (pieces_of(line)[1:] for line in lines[at + 1 : at + 4] if len(line) <= ALIGNED_MAX_LENGTH)
    return any(piece.start in begun for pieces in following for piece in pieces)


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
    measured = [[pieces_of(line, wide=wide) for _n, line in numbered] for wide in (True, False)]
    placed = [(*_placed(pieces), len({one.start for row in pieces for one in row})) for pieces in measured]
    # Pieces that begin below one another show in which measure the program filled up.
    _unfit, _count, columns, rows, _starts = min(placed, key=lambda one: (one[0], one[4], one[1]))
    made: Cells = []
    above: dict[int, _Piece] = {}
    for (number, _line), row in zip(numbered, rows, strict=True):
        (only, *more) = row
        if made and not more and only and only in above and _goes_into(row[only], above, only, columns):
            text, line = made[-1][only]
            made[-1][only] = (_joined(text, row[only].text), line)
        else:
            made.append([(row[c].text if c in row else "", number) for c in range(len(columns))])
        above = row
    return made


def _goes_into(piece: _Piece, above: dict[int, _Piece], column: int, columns: Sequence[_Piece]) -> bool:
    """Say whether a line's only piece goes on with the cell above it, and does not begin the next goal beside
    a label that reaches down: 1.甲 over 2.乙.
    """
    counted = len(above) <= 2 and _ITEM.match(above[column].text) and _ITEM.match(piece.text)
    return not counted and _is_full(above[column], column, columns)


def _is_full(piece: _Piece, column: int, columns: Sequence[_Piece]) -> bool:
    """Say whether a piece fills its column, so that it may go on in the next line."""
    return column + 1 >= len(columns) or piece.end >= columns[column + 1].start - _ROOM


def _joined(before: str, after: str) -> str:
    """Return a cell that goes on in the next line: words with a blank between, Chinese without; the next item
    of a list in a line of its own.
    """
    if _ITEM.match(before) and _ITEM.match(after):
        return f"{before}\n{after}"
    return f"{before} {after}" if before[-1:].isascii() and after[:1].isascii() else before + after


def _placed(rows: list[list[_Piece]]) -> tuple[bool, int, Sequence[_Piece], list[dict[int, _Piece]]]:
    """Return whether the rows of a table do not fit its columns, how many these are, the columns themselves,
    and the pieces of the rows by column.

    Columns are what blanks part that run down through all rows, or else through those that begin their pieces
    below one another; where there are no such blanks, they are those of the row with the most pieces.
    """
    full = _telling(rows)
    # A row whose text runs over several columns (a title, a merged cell) says nothing of them.
    fine = [row for row in rows if not any(_runs_over(piece, full) for piece in row)]
    starts = {piece.start for piece in full}
    below = [row for row in fine if all(piece.start in starts for piece in row)]
    for telling in (fine, below):
        columns = _columns(telling)
        found = [_between(row, columns) for row in rows]
        unfit = sum(len(own) < len(row) for own, row in zip(found, rows, strict=True))
        if not unfit or (telling is below and unfit * 3 < len(rows) and len(columns) >= len(full)):
            return (
                unfit > 0,
                len(columns),
                columns,
                [
                    own if len(own) == len(row) else dict(_fitted(row, columns))
                    for own, row in zip(found, rows, strict=True)
                ],
            )
    return True, len(full), full, [dict(_fitted(row, full)) for row in rows]


def _telling(rows: Sequence[Sequence[_Piece]]) -> Sequence[_Piece]:
    """Return of the rows with the most pieces that below or above which most others begin."""
    starts = Counter(piece.start for row in rows for piece in row)
    most = max(map(len, rows))
    return max(
        (row for row in rows if len(row) == most), key=lambda row: sum(starts[piece.start] for piece in row)
    )


def _runs_over(piece: _Piece, full: Sequence[_Piece]) -> bool:
    return sum(piece.start <= one.start < piece.end for one in full) > 1


def _columns(rows: Sequence[Sequence[_Piece]]) -> list[_Piece]:
    """Return the columns that are parted in all rows, from where to where each is filled: by blanks, or where
    pieces of several rows begin and none runs over, be one above so long that it ends there.
    """
    pieces = [piece for row in rows for piece in row]
    inked = {at for piece in pieces for at in range(piece.start, piece.end)}
    inside = {at for piece in pieces for at in range(piece.start + 1, piece.end)}
    begun = Counter(piece.start for piece in pieces)
    touching = {at for at, count in begun.items() if count > 1 and at - 1 in inked and at not in inside}
    lefts = sorted({at for at in inked if at - 1 not in inked} | touching)
    rights = sorted({at + 1 for at in inked if at + 1 not in inked} | touching)
    return [_Piece("", left, right) for left, right in zip(lefts, rights, strict=True)]


def _between(row: Sequence[_Piece], columns: Sequence[_Piece]) -> dict[int, _Piece]:
    """Return the pieces of a row by the column in which each begins."""
    lefts = [column.start for column in columns]
    return {max(0, bisect_right(lefts, piece.start) - 1): piece for piece in row}


def _fitted(row: Sequence[_Piece], columns: Sequence[_Piece]) -> Iterator[tuple[int, _Piece]]:
    """Yield the pieces of a row with the columns that they stand under, each in one of its own, in order."""
    free = 0
    for n, piece in enumerate(row):
        last = len(columns) - (len(row) - n)  # the pieces to come need a column each
        column = min((_apart(piece, columns[c]), c) for c in range(free, last + 1))[1]
        yield column, piece
        free = column + 1


def _apart(one: _Piece, other: _Piece) -> tuple[int, int]:
    """Return how far two pieces are apart, and how far one begins from the other."""
    return max(0, max(one.start, other.start) - min(one.end, other.end)), abs(one.start - other.start)
