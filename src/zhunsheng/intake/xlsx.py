"""Reader for xlsx and xls: every worksheet as one grid."""

from __future__ import annotations

from collections.abc import Callable

from zhunsheng.files.opening import Opened
from zhunsheng.files.spreadsheet import read_workbook
from zhunsheng.intake.grid import Block, Grid
from zhunsheng.targets import Place


def read(opened: Opened) -> list[Block]:
    """Return one grid a worksheet, without empty sheets. Raises as ``read_workbook`` does."""
    return [
        Grid(sheet.rows, sheet.spans, _placer(sheet.name), title=sheet.name, percents=sheet.percents)
        for sheet in read_workbook(opened)
        if sheet.rows
    ]


def _placer(sheet: str) -> Callable[[int, int], Place]:
    return lambda row, column: Place(sheet=sheet, row=row + 1, column=column + 1)
