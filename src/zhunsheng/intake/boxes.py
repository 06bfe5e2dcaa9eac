"""Tables drawn with strokes in a plain text: │ 产出指标 │ 数量指标 │, with merged cells as they are drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from zhunsheng.files.bounds import ALIGNED_MAX_LENGTH, ALIGNED_MAX_LINES
from zhunsheng.intake.grid import Spans
from zhunsheng.intake.lined_up import Cells, width_of

_LEVEL = frozenset("─━═┄┅┈┉╌╍╴╶╸╺")
_ASCII = str.maketrans("+|-=", "┼│──")
_LEAST_LINES = 3


def _is_stroke(sign: str) -> bool:
    return "─" <= sign <= "╿"


def is_upright(sign: str) -> bool:
    """Say whether a sign parts the cells of a line."""
    return _is_stroke(sign) and sign not in _LEVEL


def _drawn(line: str) -> str:
    """Return a line with strokes of ASCII (+--+, |  |) as strokes."""
    text = line.strip()
    if text[:2] in ("+-", "+=") and set(text) <= set("+-= \t"):
        return text.translate(_ASCII)
    return f"│{text[1:-1].replace('|', '│')}│" if len(text) > 1 and text[0] == text[-1] == "|" else text


def stretch(lines: Sequence[str], at: int) -> int:
    """Return the number of the line (from 0) before which the drawn table ends that begins at a line; ``at``
    where none does.
    """
    first = lines[at].strip()[:2]
    if not first or not (_is_stroke(first[0]) or first in ("+-", "+=")):
        return at
    end = at
    while end < min(len(lines), at + ALIGNED_MAX_LINES) and len(lines[end]) <= ALIGNED_MAX_LENGTH:
        text = _drawn(lines[end])
        if (
            len(text) < 2
            or not (is_upright(text[0]) or set(text) <= _LEVEL)
            or not any(map(is_upright, text))
        ):
            break
        end += 1
    return end if end - at >= _LEAST_LINES else at


@dataclass
class _Cell:
    """A cell while its lines are read: where it begins, how many rows and columns it covers."""

    row: int
    column: int
    columns: int
    line: int
    rows: int = 1
    texts: list[str] = field(default_factory=list)


def rows_of(lines: Sequence[str], first: int) -> tuple[Cells, Spans]:
    """Return the cells of a drawn table by row, and what merged ones cover; ``first`` is the number of its
    first line in the file.
    """
    signs = _measured([_drawn(line) for line in lines])
    bounds = sorted({at for line in signs for at, sign in enumerate(line) if is_upright(sign)})
    lined = _parted(signs, bounds)
    cells: list[_Cell] = []
    open_cells: dict[int, _Cell] = {}
    row, filled = 0, False
    for n, line in enumerate(signs):
        ruled = [_is_ruled(line, bounds, c) for c in range(len(bounds) - 1)]
        if any(ruled) or (n in lined and filled):
            row, filled = row + filled, False
            open_cells = {c: one for c, one in open_cells.items() if not ruled[c] and n not in lined}
        if all(ruled):
            continue
        column = 0
        while column < len(bounds) - 1:
            last = column
            while last + 2 < len(bounds) and not _upright_at(line, bounds[last + 1]):
                last += 1
            if not ruled[column]:
                cell = open_cells.get(column)
                if cell is None:
                    cell = _Cell(row, column, last + 1 - column, first + n)
                    cells.append(cell)
                    open_cells |= dict.fromkeys(range(column, last + 1), cell)
                cell.rows = row + 1 - cell.row
                text = _between(line, bounds[column] + 1, bounds[last + 1])
                cell.texts += [text] if text else []
                filled = filled or not any(ruled)
            column = last + 1
    return _laid_out(cells, len(bounds) - 1)


def _laid_out(cells: Sequence[_Cell], columns: int) -> tuple[Cells, Spans]:
    last = max((cell.row + cell.rows for cell in cells), default=0)
    made: Cells = [[("", 0)] * columns for _row in range(last)]
    spans: Spans = {}
    for cell in cells:
        made[cell.row][cell.column] = ("".join(cell.texts), cell.line)
        if cell.rows * cell.columns > 1:
            spans[cell.row, cell.column] = (cell.rows, cell.columns)
    begun = [max((line for _text, line in row), default=0) for row in made]
    return [[(text, line or begun[n]) for text, line in row] for n, row in enumerate(made)], spans


def _measured(lines: Sequence[str]) -> list[list[str]]:
    """Return the signs of lines by the columns that they take; a stroke takes one or two, as makes the lines
    equally long.
    """

    def laid(stroke: int) -> list[list[str]]:
        wide = [[stroke if _is_stroke(sign) else width_of(sign) for sign in line] for line in lines]
        return [
            [part for sign, width in zip(line, widths, strict=True) for part in (sign, *[""] * (width - 1))]
            for line, widths in zip(lines, wide, strict=True)
        ]

    signs = min((laid(1), laid(2)), key=lambda signs: len({len(line) for line in signs}))
    most = max(sum(map(is_upright, line)) for line in signs)
    bounds = {at for line in signs for at, sign in enumerate(line) if is_upright(sign)}
    return signs if len(bounds) <= most else _evened(signs, most)


def _evened(signs: Sequence[Sequence[str]], most: int) -> list[list[str]]:
    """Return lines whose upright strokes do not stand below one another with the first below the first, and
    so on; what a line has too few, its last cell covers.
    """
    lines = [_segments(line) for line in signs]
    lengths = [max(len(line[n]) for line in lines if len(line) == most - 1) for n in range(most - 1)]
    made = []
    for line in lines:
        whole = ["│"]
        for n, segment in enumerate(line):
            room = lengths[n] if n + 1 < len(line) else sum(lengths[n:]) + len(lengths) - n - 1
            level = bool(segment) and all(sign in _LEVEL for sign in segment)
            whole += [*segment, *(["─" if level else " "] * (room - len(segment))), "│"]
        made.append(whole)
    return made


def _segments(line: Sequence[str]) -> list[list[str]]:
    """Return what stands between the upright strokes of a line."""
    found: list[list[str]] = [[]]
    for sign in line:
        if is_upright(sign):
            found.append([])
        else:
            found[-1].append(sign)
    return found[1:-1] if len(found) > 2 else found[1:]


def _upright_at(line: Sequence[str], at: int) -> bool:
    return at < len(line) and is_upright(line[at])


def _is_ruled(line: Sequence[str], bounds: Sequence[int], column: int) -> bool:
    """Say whether a line is drawn through a column."""
    inner = [sign for sign in line[bounds[column] + 1 : bounds[column + 1]] if sign]
    return bool(inner) and all(_is_stroke(sign) for sign in inner) and any(sign in _LEVEL for sign in inner)


def _between(line: Sequence[str], start: int, end: int) -> str:
    return "".join(line[start:end]).strip("\u3000 \t")


def _parted(signs: Sequence[Sequence[str]], bounds: Sequence[int]) -> set[int]:
    """Return the lines before which a row ends although none is drawn: where only the head of a table is
    underlined, each line below is a row, but for one that goes on with a single cell.
    """
    drawn = [
        n for n, line in enumerate(signs) if any(_is_ruled(line, bounds, c) for c in range(len(bounds) - 1))
    ]
    if len([n for n in drawn if 0 < n < len(signs) - 1]) > 1:
        return set()
    head = next((n for n in drawn if 0 < n < len(signs) - 1), -1)
    found = set()
    for n in range(head + 2, len(signs)):
        if n not in drawn and n - 1 not in drawn:
            texts = [_between(signs[n], start + 1, end) for start, end in pairwise(bounds)]
            if texts and (texts[0] or sum(map(bool, texts)) > 1):
                found.add(n)
    return found
