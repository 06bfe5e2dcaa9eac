"""Reader for xlsx, xls and ods: every worksheet as one grid of what a person sees of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from math import isfinite
from typing import Any

from zhunsheng.errors import ZhunshengError
from zhunsheng.files.bounds import MAX_SHEET, MAX_SIGNS, too_long
from zhunsheng.files.number_formats import shown, simple_format
from zhunsheng.files.opening import Opened
from zhunsheng.files.sheets import Cell, Worksheet, refuse_too_large
from zhunsheng.files.spreadsheet import read_workbook, show
from zhunsheng.intake.grid import Block, Grid, Spans, clipped, part_of
from zhunsheng.intake.pictures import in_workbook
from zhunsheng.intake.symbols import UNKNOWN, translated
from zhunsheng.intake.telling import STRUCK, SYMBOL
from zhunsheng.targets import Place, Unsure
from zhunsheng.targets.sheet import column_letters
from zhunsheng.translation import series, worded

LISTED = 20  # cells, rows or columns listed before they are only counted
_EXACT = 10**15  # from here on a workbook keeps no more digits of a whole number


def read(opened: Opened) -> list[Block]:
    """Return one grid a worksheet that is shown, without empty ones, each followed by its pictures and by
    what is to be told of it. Raises as ``read_workbook`` does.
    """
    sheets, cells = [], 0
    for one in read_workbook(opened, max_cells=MAX_SHEET, as_seen=True):
        wide, where = max(map(len, one.rows), default=0), worded("工作表“{name}”", name=one.name)
        refuse_too_large(len(one.rows), wide, MAX_SHEET, opened.name, where, MAX_SHEET - cells)
        cells += len(one.rows) * wide
        sheets.append(one)
    pictures = in_workbook(opened, sheets)
    drawn = {picture.place for picture in pictures}
    blocks: list[Block] = []
    for sheet in sheets:
        seen = _Seen.of(opened.name, sheet)
        if seen.rows and not sheet.hidden.sheet:
            blocks.append(Grid(seen.rows, seen.spans, seen.place, title=sheet.name))
        blocks += [p for p in pictures if p.place.sheet == sheet.name]
        blocks += seen.told(drawn)
    return blocks + [p for p in pictures if p.place.sheet is None]


@dataclass
class _Seen:
    """What a person sees of a worksheet: its cells without hidden rows and columns, and where each stands.

    ``row_of`` and ``column_of`` give of the rows and columns that are shown where they stand (from 0);
    ``moved`` where the value of a merged cell stands whose first row or column is hidden.
    """

    file: str
    sheet: Worksheet
    row_of: list[int]
    column_of: list[int]
    rows: list[list[Any]] = field(default_factory=list)
    spans: Spans = field(default_factory=dict)
    moved: dict[Cell, Cell] = field(default_factory=dict)
    left_out: list[tuple[Cell, str]] = field(default_factory=list)  # cells that show nothing, with their text
    struck: list[tuple[Cell, str]] = field(default_factory=list)  # what is struck through
    unknown: list[tuple[Cell, str]] = field(default_factory=list)  # texts with a sign that can't be told
    long_numbers: list[tuple[Cell, str]] = field(default_factory=list)  # of more digits than are kept

    @classmethod
    def of(cls, file: str, sheet: Worksheet) -> _Seen:
        """Return what is seen of a worksheet."""
        hidden_rows = {row - 1 for row in sheet.hidden.rows} | {row - 1 for row in sheet.appearance.rows}
        hidden_columns = {c - 1 for c in sheet.hidden.columns} | {c - 1 for c in sheet.appearance.columns}
        width = max(map(len, sheet.rows), default=0)
        seen = cls(
            file,
            sheet,
            [row for row in range(len(sheet.rows)) if row not in hidden_rows],
            [column for column in range(width) if column not in hidden_columns],
        )
        seen._show()
        if len(seen.row_of) == len(sheet.rows) and len(seen.column_of) == width:
            seen.rows, seen.spans = sheet.rows, sheet.spans
        else:
            found = part_of(sheet.rows, sheet.spans, seen.row_of, seen.column_of)
            seen.rows, seen.spans, seen.moved = found
        return seen

    def _show_numbers(self) -> None:
        """Put into the cells what they show of numbers that have no format of their own: all digits of long
        ones, nothing of a nought that the sheet does not show. Raises ``ZS-IN-06``.
        """
        look, written = self.sheet.appearance, 0
        for row, cells in enumerate(self.sheet.rows):
            for column, value in enumerate(cells):
                if type(value) is not float or (0 < value < _EXACT):
                    continue
                if abs(value) >= _EXACT:
                    whole = f"{Decimal(f'{value:.15g}'):f}" if isfinite(value) else show(value)
                    written += len(whole)
                    if written > MAX_SIGNS:
                        raise ZhunshengError("ZS-IN-06", name=self.file, detail=too_long())
                    self.long_numbers.append(((row, column), whole))
                    if (row, column) not in look.formats:
                        cells[column] = whole
                elif not value and not look.zeros:
                    cells[column] = ""

    def _show(self) -> None:
        """Put into the cells of the worksheet what they show."""
        self._show_numbers()
        sheet, look = self.sheet, self.sheet.appearance
        rows, faults = sheet.rows, sheet.faults
        simple = {code: simple_format(code) for code in set(look.formats.values())}
        for at, code in look.formats.items():
            row, column = at
            cells = rows[row] if row < len(rows) else []
            value = cells[column] if column < len(cells) else ""
            if value == "" or value is None or at in faults:
                continue
            text = None
            if type(value) is float and (known := simple[code]) is not None:
                text = known.shown(value)
            if text is None:
                text = shown(value, code, of_1904=sheet.of_1904)
            if text is None:
                continue
            if not text and value != 0:
                self.left_out.append((at, show(value)))
            cells[column] = text
        self._show_texts()
        for row, column in look.white:
            if text := self._text(row, column):
                self.left_out.append(((row, column), text))
                sheet.rows[row][column] = ""

    def _show_texts(self) -> None:
        """Put into cells of several fonts what counts of them: without what is struck through, and signs of
        fonts of symbols as characters.
        """
        rows, look = self.sheet.rows, self.sheet.appearance
        for (row, column), font in look.fonts.items():
            if isinstance(value := self._value(row, column), str) and value:
                self._put((row, column), translated(value, (font,)))
        for at, runs in look.runs.items():
            if isinstance(self._value(*at), str) and self._text(*at):
                self._put(at, "".join(translated(run.text, (run.font,)) for run in runs if not run.struck))
                if gone := "".join(run.text for run in runs if run.struck).strip():
                    self.struck.append((at, gone))
        for row, column in look.struck:
            if text := self._text(row, column):
                self.struck.append(((row, column), text))
                rows[row][column] = ""

    def _put(self, at: Cell, text: str) -> None:
        self.sheet.rows[at[0]][at[1]] = text
        if UNKNOWN in text:
            self.unknown.append((at, text))

    def place(self, row: int, column: int) -> Place:
        """Return where in its file a cell stands that is seen at ``row`` and ``column`` (from 0)."""
        column_at = self.column_of[column] if column < len(self.column_of) else column
        return self._place(self.moved.get((row, column), (self.row_of[row], column_at)))

    def _place(self, at: Cell) -> Place:
        return Place(sheet=self.sheet.name, row=at[0] + 1, column=at[1] + 1)

    def _value(self, row: int, column: int) -> Any:
        cells = self.sheet.rows[row] if row < len(self.sheet.rows) else []
        return cells[column] if column < len(cells) else ""

    def _text(self, row: int, column: int) -> str:
        value = self._value(row, column)
        return "" if value is None else show(value)

    def told(self, drawn: set[Place]) -> Iterator[Unsure]:
        """Yield what a person should know of the worksheet; pictures, in ``drawn``, are told as such."""
        hidden = self._hidden()
        if self.sheet.hidden.sheet:
            yield from hidden
            return
        rows, columns = set(self.row_of), set(self.column_of)
        sheet = self.sheet
        cells: list[tuple[Cell, str, str]] = [
            (at, said, _NO_RESULT if said.startswith("=") else _ERROR) for at, said in sheet.faults.items()
        ]
        cells += [(at, text, _NOT_SHOWN) for at, text in self.left_out]
        cells += [(at, text, STRUCK) for at, text in self.struck]
        cells += [(at, text, SYMBOL) for at, text in self.unknown]
        cells += [(at, text, _DIGITS) for at, text in self.long_numbers]
        cells = sorted(one for one in cells if one[0][0] in rows and one[0][1] in columns)
        places = [(self._place(at), said, why) for at, said, why in cells]
        places = [one for one in places if one[0] not in drawn]
        for place, said, why in places[:LISTED]:
            gone = why in (_NO_RESULT, _ERROR, _NOT_SHOWN)
            said = f"{place.label()} {clipped(said)}"
            yield Unsure(place=place, field="cell", text=said, why=why, unread=gone)
        if len(places) > LISTED:
            more = worded("另有 {count} 格没有值", count=len(places) - LISTED)
            why = worded("是错误值或没有计算结果的公式")
            if any(why not in (_ERROR, _NO_RESULT) for _place, _said, why in places[LISTED:]):
                more = worded("另有 {count} 格", count=len(places) - LISTED)
                why = worded("没有值，或看不出是否有效")
            yield Unsure(place=Place(sheet=sheet.name), field="cell", text=more, why=why)
        yield from hidden

    def _hidden(self) -> list[Unsure]:
        """Return an entry for what of the worksheet is hidden and holds something."""
        sheet = self.sheet
        filled = [[column for column, v in enumerate(cells) if v not in ("", None)] for cells in sheet.rows]
        if not any(filled):
            return []
        if sheet.hidden.sheet:
            parts: list[str] = [worded("整张工作表")]
        else:
            shown_rows, shown_columns = set(self.row_of), set(self.column_of)
            rows = [row + 1 for row, cells in enumerate(filled) if cells and row not in shown_rows]
            columns = sorted(
                {column + 1 for cells in filled for column in cells if column not in shown_columns}
            )
            parts = list(_named(rows, columns))
        return [
            Unsure(
                place=Place(sheet=sheet.name),
                field="hidden",
                text=f"“{sheet.name}”{part}",
                why=worded("是隐藏的，没有读入，请核对"),
            )
            for part in parts
        ]


_NO_RESULT = worded("公式没有计算结果，没有读入；请打开、计算后保存")
_ERROR = worded("是 Excel 的错误值，没有读入")
_NOT_SHOWN = worded("打开文件时看不见（白字或隐藏的格式），没有读入")
_DIGITS = worded("超过 15 位，Excel 没有保留后面的数字，请对照原件补全")


def _named(rows: Sequence[int], columns: Sequence[int]) -> Iterator[str]:
    if rows:
        yield worded("第 {rows} 行", rows=series(map(str, rows[:LISTED]))) + (
            worded("等") if len(rows) > LISTED else ""
        )
    if columns:
        yield worded("{columns} 列", columns=series(map(column_letters, columns[:LISTED])))
