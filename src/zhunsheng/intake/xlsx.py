"""Reader for xlsx, xls and ods: every worksheet as one grid."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from zhunsheng.files.opening import Opened
from zhunsheng.files.sheets import Hidden
from zhunsheng.files.spreadsheet import read_workbook
from zhunsheng.intake.grid import Block, Grid, Picture
from zhunsheng.intake.pictures import in_workbook
from zhunsheng.targets import Place, Unsure
from zhunsheng.targets.sheet import column_letters
from zhunsheng.translation import series, worded

LISTED = 20  # cells, rows or columns listed before they are only counted


def read(opened: Opened) -> list[Block]:
    """Return one grid a worksheet, without empty sheets, each followed by its pictures.
    Raises as ``read_workbook`` does.
    """
    sheets = list(read_workbook(opened))
    pictures = in_workbook(opened, sheets)
    blocks: list[Block] = []
    for sheet in sheets:
        if sheet.rows:
            grid = Grid(
                sheet.rows, sheet.spans, _placer(sheet.name), title=sheet.name, percents=sheet.percents
            )
            grid.faults, grid.hidden = sheet.faults, sheet.hidden
            blocks.append(grid)
        blocks += [p for p in pictures if p.place.sheet == sheet.name]
    return blocks + [p for p in pictures if p.place.sheet is None]


def doubts(blocks: Sequence[Block]) -> tuple[Unsure, ...]:
    """Return an entry for each cell that holds no value of its own, and for what is hidden and was read all
    the same.
    """
    found: list[Unsure] = []
    drawn = {block.place for block in blocks if isinstance(block, Picture)}
    for block in blocks:
        if not isinstance(block, Grid):
            continue
        cells = [(block.place_of(*at), said) for at, said in sorted(block.faults.items())]
        cells = [
            (place, said) for place, said in cells if place not in drawn
        ]  # a picture in a cell is told as one
        for place, said in cells[:LISTED]:
            why = (
                worded("公式没有计算结果，没有读入；请打开、计算后保存")
                if said.startswith("=")
                else worded("是 Excel 的错误值，没有读入")
            )
            found.append(Unsure(place=place, field="cell", text=f"{place.label()} {said}", why=why))
        if len(cells) > LISTED:
            more = worded("另有 {count} 格没有值", count=len(cells) - LISTED)
            found.append(
                Unsure(
                    place=Place(sheet=block.title),
                    field="cell",
                    text=more,
                    why=worded("是错误值或没有计算结果的公式"),
                )
            )
        found += [
            Unsure(
                place=Place(sheet=block.title),
                field="hidden",
                text=f"“{block.title}”{part}",
                why=worded("是隐藏的，也已读入，请核对"),
            )
            for part in _hidden(block.hidden)
        ]
    return tuple(found)


def _hidden(hidden: Hidden) -> Iterator[str]:
    if hidden.sheet:
        yield worded("整张工作表")
    if hidden.rows:
        yield worded("第 {rows} 行", rows=series(map(str, hidden.rows[:LISTED]))) + (
            worded("等") if len(hidden.rows) > LISTED else ""
        )
    if hidden.columns:
        yield worded("{columns} 列", columns=series(map(column_letters, hidden.columns[:LISTED])))


def _placer(sheet: str) -> Callable[[int, int], Place]:
    return lambda row, column: Place(sheet=sheet, row=row + 1, column=column + 1)
