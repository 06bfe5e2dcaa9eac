"""Take text apart whose cells are parted by a sign (csv, tsv), each record under the line where it begins."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator

from zhunsheng.errors import ZhunshengError
from zhunsheng.translation import worded

LONGEST = 2**20  # characters of one cell, or of one of the first lines
Record = tuple[int, list[str], tuple[int, str] | None]


def records(stream: Iterable[str], delimiter: str, name: str) -> Iterator[Record]:
    """Yield the records of a csv: the line where each begins, its cells, and the cell whose quote ran on and
    why.

    A quote that is never closed, or closed far below, takes whole lines into one cell; nobody types those.
    Raises ``ZS-IN-05``.
    """
    taken: list[str] = []

    def lines() -> Iterator[str]:
        for line in stream:
            taken.append(line)
            yield line

    csv.field_size_limit(LONGEST)
    reader = csv.reader(lines(), delimiter=delimiter)
    sign = re.escape(delimiter)
    cell = re.compile(f'("([^"]|"")*"|[^"{sign}][^{sign}]*|)({sign}|$)')
    begins = 1
    try:
        for cells in reader:
            # A quote within a cell that begins without one is a sign like any other: 屏幕 24" 两台.
            stray = _stray(cells, "".join(taken), cell) if '"' in taken[0] else None
            unclosed = len(taken) > 1 or (stray and taken[0].count('"') % 2)
            why = (_ran_on(cells, taken, delimiter) if unclosed else None) or stray
            yield begins, cells, why
            begins = reader.line_num + 1
            taken.clear()
    except csv.Error as error:
        detail = worded("第 {line} 行：{detail}", line=begins, detail=str(error))
        raise ZhunshengError("ZS-IN-05", name=name, detail=detail) from None


def _ran_on(cells: list[str], taken: list[str], delimiter: str) -> tuple[int, str] | None:
    """Return which cell of a record holds lines that are rows of their own, and what is wrong."""
    open_ended = sum(line.count('"') for line in taken) % 2 == 1
    for n, cell in enumerate(cells):
        whole = [line for line in cell.split("\n") if line.count(delimiter) >= max(1, len(cells) - 1)]
        if whole or (open_ended and n == len(cells) - 1):
            if len(taken) > 1:
                return n, worded("引号没有闭合，把后面 {lines} 行并进了这一格，没有读", lines=len(taken) - 1)
            return n, worded("引号没有闭合")
    return None


def _stray(cells: list[str], text: str, cell: re.Pattern[str]) -> tuple[int, str] | None:
    """Return which cell of a record has something behind its closing quote, and what is wrong: a reader of
    quotes takes them off, so that what stands there is not what is read.
    """
    text, at = text.rstrip("\r\n"), 0
    for n in range(len(cells)):
        if not (found := cell.match(text, at)):
            return n, worded("引号后面还有文字，分不清引号是不是内容")
        at = found.end()
    return None
