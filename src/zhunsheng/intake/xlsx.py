"""Reader for xlsx and xls: every worksheet as one grid."""

from __future__ import annotations

from collections.abc import Callable

from zhunsheng.files.opening import Opened
from zhunsheng.files.spreadsheet import read_workbook
from zhunsheng.intake.grid import Block, Grid
from zhunsheng.intake.pictures import in_workbook
from zhunsheng.targets import Place


def read(opened: Opened) -> list[Block]:
    """Return one grid a worksheet, without empty sheets, each followed by its pictures. Raises as ``read_workbook`` does."""
    sheets = list(read_workbook(opened))
    pictures = in_workbook(opened, sheets)
    blocks: list[Block] = []
    for sheet in sheets:
        if sheet.rows:
            blocks.append(Grid(sheet.rows, sheet.spans, _placer(sheet.name), title=sheet.name, percents=sheet.percents))
        blocks += [p for p in pictures if p.place.sheet == sheet.name]
    return blocks + [p for p in pictures if p.place.sheet is None]


def _placer(sheet: str) -> Callable[[int, int], Place]:
    return lambda row, column: Place(sheet=sheet, row=row + 1, column=column + 1)
