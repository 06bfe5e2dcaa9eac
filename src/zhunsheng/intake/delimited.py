"""Reader for csv and tsv: one grid, whose cells know the line of the file where their record begins."""

from __future__ import annotations

import io
import re
from collections import Counter
from itertools import islice

from zhunsheng.errors import ZhunshengError
from zhunsheng.files.bounds import MAX_CELLS, MAX_COLUMNS, MAX_ROWS
from zhunsheng.files.delimited import records
from zhunsheng.files.opening import Opened
from zhunsheng.intake import text
from zhunsheng.intake.grid import Block, Grid
from zhunsheng.targets import Place
from zhunsheng.translation import worded

_SIGNS = ",\t;|，；^~"  # those that part cells, the likeliest first
_OF_SENTENCES = "，；"  # which part cells only where most records have as many
_LOOKED = 200  # records by which the sign is told
_SAID = re.compile(r"sep=(.)\s*", re.IGNORECASE)  # how Excel notes the sign in a first line
_KEPT = re.compile(r'="(.*)"', re.DOTALL)  # how exports keep a number from being read as one


def read(opened: Opened) -> list[Block]:
    """Return a delimited text as one grid; one in which no sign parts cells is read as text.

    Raises ``ZS-IN-05``, ``ZS-IN-10`` beyond what a sheet may have, ``ZS-IN-46`` for a quote that is never
    closed.
    """
    lines = list(io.StringIO(opened.text, newline=""))
    skipped = 0
    if said := _SAID.fullmatch(lines[0]):
        skipped, sign = 1, said[1]
    else:
        sign = _sign(lines, opened.name)
    if not sign or (sign == "|" and opened.text.lstrip().startswith("|")):  # a table drawn with strokes
        return text.read(opened)
    rows: list[list[str]] = []
    begins: list[int] = []
    count = 0
    for line, cells, why in records(iter(lines[skipped:]), sign, opened.name):
        if why and "\n" in cells[why[0]]:
            raise ZhunshengError("ZS-IN-46", name=opened.name, line=line + skipped)
        count += len(cells)
        if len(cells) > MAX_COLUMNS or count > MAX_CELLS or len(rows) >= MAX_ROWS:
            raise _too_large(opened.name, line + skipped, len(cells), count)
        rows.append([_plain(cell) for cell in cells])
        begins.append(line + skipped)

    def place(row: int, column: int) -> Place:
        return Place(line=begins[row], table=1, row=row + 1, column=column + 1)

    return [Grid(rows, {}, place)]


def _too_large(name: str, line: int, columns: int, cells: int) -> ZhunshengError:
    if columns > MAX_COLUMNS:
        detail = worded("{columns} 列，上限 {most} 列", columns=f"{columns:,}", most=f"{MAX_COLUMNS:,}")
    elif cells > MAX_CELLS:
        detail = worded("{count} 格，上限 {most} 格", count=f"{cells:,}", most=f"{MAX_CELLS:,}")
    else:
        detail = worded("超过 {most} 行", most=f"{MAX_ROWS:,}")
    return ZhunshengError("ZS-IN-10", name=name, where=worded("第{line}行", line=line), detail=detail)


def _plain(cell: str) -> str:
    cell = cell.strip()
    kept = _KEPT.fullmatch(cell)
    return kept[1] if kept else cell


def _sign(lines: list[str], name: str) -> str:
    """Return the sign that parts the cells of most records into one number of columns, "" for none."""
    found = []
    head = lines[:_LOOKED]
    for rank, sign in enumerate(_SIGNS):
        if not any(sign in line for line in head):
            continue
        try:
            widths = Counter(
                len(cells)
                for _line, cells, _why in islice(records(iter(head), sign, name), _LOOKED)
                if any(cells)
            )
        except ZhunshengError:
            continue
        several = {width: n for width, n in widths.items() if width > 1}
        if several and (sign not in _OF_SENTENCES or 2 * max(several.values()) > sum(widths.values())):
            found.append((max(several.values()), sum(several.values()), -rank, sign))
    return max(found)[-1] if found else ""
