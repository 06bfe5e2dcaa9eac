"""Ledger files drawn by lot as offices might make them, each cell with what is right of it.

A drawn file knows of every cell what stands there, how it is written, and what must become of it: a value
(``right``), a refusal (``REFUSED``), or whatever the importer says, as long as it says it (``SAID``).
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import random
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from xml.sax.saxutils import escape

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter
from stdnum.cn import uscc

from zhunsheng.evidence import Ledger, ledgers
from zhunsheng.evidence.ledgers import Column

REFUSED, SAID = "refused", "said"
KINDS = ("xlsx", "openpyxl", "ods", "html", "csv", "tsv", "parquet")
TEXTS = ("csv", "tsv", "parquet")  # kinds of one table, without worksheets
_WIDE = str.maketrans({chr(c): chr(c + 0xFEE0) for c in range(0x21, 0x7F)})
_INVISIBLE = "\u200b\u00ad\ufeff\u202e\u2060"


@dataclass(frozen=True)
class Fault:
    """What a cell holds instead of a value: an error (#N/A), or a formula without a result (=C2+4)."""

    said: str


@dataclass(frozen=True)
class Cell:
    """A cell: what is written, what is right (value, ``REFUSED``, ``SAID``), whether it is a percentage."""

    written: Any
    right: Any = SAID
    percent: bool = False


@dataclass
class Sheet:
    """A worksheet: cells by row and column from 0, what merged cells cover, what is hidden, noted cells.

    ``header`` are its first and last row of the header, None where it has none.
    """

    name: str
    cells: dict[tuple[int, int], Cell] = field(default_factory=dict)
    spans: dict[tuple[int, int], tuple[int, int]] = field(default_factory=dict)
    hidden: bool = False
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    noted: set[tuple[int, int]] = field(default_factory=set)
    header: tuple[int, int] | None = None
    columns: dict[int, Column] = field(default_factory=dict)
    unit: int = 1  # in how many yuan its amounts are written
    units: dict[int, int] = field(default_factory=dict)  # the same of columns whose title states it
    before: str = ""  # what a page says before the table

    @property
    def size(self) -> tuple[int, int]:
        """How many rows and columns its cells take."""
        return (
            max((r for r, _ in self.cells), default=-1) + 1,
            max((c for _, c in self.cells), default=-1) + 1,
        )


@dataclass
class Drawn:
    """A drawn file: its name, how it is written, its sheets; ``bytes`` once it is written, and in a text the
    line where each row begins.
    """

    ledger: Ledger
    kind: str
    sheets: list[Sheet]
    name: str = ""
    data: bytes = b""
    lines: dict[int, int] = field(default_factory=dict)
    of_1904: bool = False
    broken: bool = False  # whether a quote runs on, so that what follows can be read as anything


# -- cells
# ----------------------------------------------------------------------------------------------------------


def _of(draw: random.Random, plain: list[Cell], odd: list[Cell]) -> Cell:
    """Return one of the plain cells, now and then one of the odd ones: each of them costs its row."""
    return draw.choice(odd if draw.random() < 0.06 else plain)


def _text(draw: random.Random, column: Column, row: int, typed: bool) -> Cell:
    key = f"{column.name[:2].upper()}{draw.randrange(10**6)}-{row}"
    if column.check:
        digits = f"91{draw.randrange(10**6):06d}{draw.choice('0123456789ABCDEFGHJKLMNPQRTUWXY')}{row:08d}"
        code = digits[:17] + uscc.calc_check_digit(digits[:17])
        wrong = code[:17] + draw.choice([c for c in "0123456789ABCDEFGH" if c != code[17]])
        wide = code.translate(_WIDE)
        return _of(
            draw, [Cell(code, code)], [Cell(wrong, REFUSED), Cell(wide, code), Cell(f" {code}\u200b", code)]
        )
    number = draw.randrange(1, 2**53 if draw.random() < 0.2 else 10**6)
    plain = [Cell(key, key)]
    odd = [
        Cell(f"{key}“甲”,乙;丙|丁", f"{key}“甲”,乙;丙|丁"),
        Cell(f'{key}"内"', f'{key}"内"'),
        Cell(f"{key}\n第二行", f"{key}\n第二行"),
        Cell(key[:2] + draw.choice(_INVISIBLE) + key[2:], key),
        Cell(f"　{key} ", key),
        Cell(f'="000{row}{number}"', f"000{row}{number}"),
        Cell(f"'000{row}{number}", f"000{row}{number}"),
        Cell(f"000{row}9{number}", f"000{row}9{number}"),
        Cell("2.02103E+14", REFUSED),
        Cell("#N/A", REFUSED),
        Cell("#REF!", REFUSED),
    ]
    if not column.required or column.name not in ("project",):
        odd.append(Cell(key.translate(_WIDE), SAID))
    numbers = [
        Cell(number, REFUSED if number >= 10**15 else str(number)),
        Cell(float(row + 1), str(row + 1) if typed else SAID),
        Cell(2**53 + 2, REFUSED if typed else str(2**53 + 2)),
        Cell(0.5, "50%" if typed else "0.5", percent=typed),
        Cell(True, "是" if typed else "TRUE"),
        Cell(dt.date(2021, 3, 5), "2021-03-05"),
        Cell(Fault("#DIV/0!"), REFUSED),
        Cell(Fault("=A1+1"), REFUSED),
    ]
    if not typed:
        numbers[0] = Cell(number, str(number))
    return _of(draw, plain, odd + numbers)


def _date(draw: random.Random, column: Column, row: int, typed: bool) -> Cell:
    day = dt.date(2005, 1, 1) + dt.timedelta(days=draw.randrange(7000))
    serial = (day - dt.date(1899, 12, 30)).days
    y, m, d = day.year, day.month, day.day
    figures = "〇一二三四五六七八九"
    year = "".join(figures[int(c)] for c in str(y))
    plain = [Cell(day, day)] * 5 + [Cell(f"{y}-{m}-{d}", day), Cell(f"{y}/{m}/{d}", day)]
    odd = [
        Cell(f"{y}.{m}.{d}", day),
        Cell(f"{y}年{m}月{d}日", day),
        Cell(f"{y}{m:02d}{d:02d}", day),
        Cell(f"{y}-{m}-{d}".translate(_WIDE), day),
        Cell(f"{year}年{m}月{d}日", day),
        Cell(serial, day),
        Cell(dt.datetime(y, m, d, 10, 30), day),
        Cell("2021-02-30", REFUSED),
        Cell("待定", REFUSED),
        Cell("0221-03-05", REFUSED),
        Cell(dt.date(1901, 3, 5), REFUSED),
        Cell(dt.date(2201, 3, 5), REFUSED),
        Cell(f"{y % 100:02d}.{m}.{d}", SAID),
        Cell(f"{d}/{m}/{y}", SAID),
        Cell(f"{y % 100:02d}年{m}月{d}日", SAID),
        Cell(f"{y}年{m}月", REFUSED),
        Cell(f"{m}月{d}日", REFUSED),
        Cell(dt.date(2090, 1, 1), SAID if column.ahead else REFUSED),
        Cell(Fault("#VALUE!"), REFUSED),
        Cell(Fault("=TODAY()"), REFUSED),
        Cell(0.25, REFUSED, percent=True) if typed else Cell("25%", REFUSED),
        Cell(True, REFUSED),
        Cell(12, REFUSED),
        Cell(10**9, REFUSED),
        Cell("2020-02-29", dt.date(2020, 2, 29)),
        Cell("2021-02-29", REFUSED),
        Cell("2021-13-01", REFUSED),
        Cell("2021-00-00", REFUSED),
        Cell("0000-00-00", REFUSED),
        Cell("1900-01-00", REFUSED),
        Cell("1949-09-30", REFUSED),
        Cell("2100-01-01", REFUSED),
        Cell("9999-12-31", REFUSED),
        Cell(dt.date(9999, 12, 31), REFUSED),
        Cell(2958465, REFUSED),
        Cell(60, REFUSED),
        Cell(-1, REFUSED),
        Cell(f"{y}-{m:02d}-{d:02d} 00:00:00", day),
        Cell(f"{y}-{m:02d}-{d:02d}T08:00:00+08:00", SAID),
        Cell(dt.datetime(y, m, d, 23, 59, 59), day),
        Cell(int(f"{y}{m:02d}{d:02d}"), day),
    ]
    return _of(draw, plain, odd)


def _money(draw: random.Random, column: Column, row: int, typed: bool) -> Cell:
    fen = draw.randrange(-(10**4), 10**9)
    amount = Decimal(fen) / 100
    plain = [Cell(float(amount), amount)] * 5 + [Cell(f"{amount}", amount), Cell(fen, Decimal(fen))]
    low = abs(amount)
    odd = [
        Cell(f"{low:,}", low),
        Cell(f"￥{low:,}", low),
        Cell(f"{low}".translate(_WIDE), low),
        Cell(f"({low})", -low if column.minimum is None else SAID),
        Cell(f"（{low}）", -low if column.minimum is None else SAID),
        Cell(f"−{low}", -low if column.minimum is None else SAID),
        Cell("1,2345", REFUSED),
        Cell("12.345", REFUSED),
        Cell("待核", REFUSED),
        Cell("1e5", REFUSED),
        Cell(10.0**14, REFUSED),
        Cell("12,5", SAID),
        Cell("1.234,56", SAID),
        Cell("一万二千", SAID),
        Cell("壹佰元整", SAID),
        Cell(Fault("#NUM!"), REFUSED),
        Cell(Fault("=SUM(A1:A3)"), REFUSED),
        Cell(dt.date(2021, 3, 5), REFUSED),
        Cell(True, REFUSED),
        Cell("#N/A", REFUSED),
    ]
    if typed:
        odd.append(Cell(0.5, REFUSED, percent=True))
    return _of(draw, plain, odd)


def _integer(draw: random.Random, column: Column, row: int, typed: bool) -> Cell:
    n = draw.randrange(1, 10**7)
    plain = [Cell(n, n)] * 5 + [Cell(str(n), n), Cell(f"{n:,}", n), Cell(float(n), n)]
    odd = [
        Cell(f"{n}".translate(_WIDE), n),
        Cell("3.5", REFUSED),
        Cell(3.5, REFUSED),
        Cell("约3", REFUSED),
        Cell("一百二十", SAID),
        Cell("1,23,456", REFUSED),
        Cell(Fault("#N/A"), REFUSED),
        Cell(True, REFUSED),
        Cell(dt.date(2021, 3, 5), REFUSED),
    ]
    return _of(draw, plain, odd)


def _bool(draw: random.Random, column: Column, row: int, typed: bool) -> Cell:
    yes = [Cell(w, True) for w in ("是", "有", "√", "TRUE", "Yes", "1", True, 1)]
    no = [Cell(w, False) for w in ("否", "无", "×", "false", "0", False, 0)]
    return _of(draw, yes + no, [Cell("也许", REFUSED), Cell("✓", SAID), Cell(Fault("#N/A"), REFUSED)])


def _choice(draw: random.Random, column: Column, row: int, typed: bool) -> Cell:
    values = [Cell(value, value) for value in column.values]
    also = [Cell(word, value) for word, value in column.aliases.items()]
    return _of(
        draw, values * 2 + also, [Cell("别的", REFUSED), Cell(7, REFUSED), Cell(Fault("#REF!"), REFUSED)]
    )


_CELLS: dict[str, Callable[[random.Random, Column, int, bool], Cell]] = {
    "text": _text,
    "date": _date,
    "money": _money,
    "integer": _integer,
    "bool": _bool,
    "choice": _choice,
}


# -- files
# ----------------------------------------------------------------------------------------------------------


def drawn(draw: random.Random, kinds: tuple[str, ...] = KINDS) -> Drawn:
    """Return a file drawn by lot, written."""
    ledger = draw.choice(list(ledgers().values()))
    kind = draw.choice(kinds)
    typed = kind in ("xlsx", "openpyxl", "ods", "xls")
    count = draw.choice((1, 1, 1, 2, 3)) if kind not in TEXTS else 1
    sheets = [_sheet(draw, ledger, f"表{n + 1}", typed) for n in range(count)]
    if typed and draw.random() < 0.3:
        sheets.insert(draw.randrange(len(sheets) + 1), _other(draw))
    if kind == "html":
        for n, sheet in enumerate(sheets, start=1):
            sheet.name = f"表{n}"
    file = Drawn(ledger, kind, sheets, of_1904=kind in ("xlsx", "openpyxl") and draw.random() < 0.15)
    _WRITERS[kind](file, draw)
    return file


def _other(draw: random.Random) -> Sheet:
    """Return a worksheet that is of no ledger: notes, or nothing."""
    sheet = Sheet(draw.choice(("说明", "Sheet9", "字典")), hidden=draw.random() < 0.5)
    if draw.random() < 0.7:
        sheet.cells[draw.randrange(3), draw.randrange(3)] = Cell("填表说明：请逐行填写")
    return sheet


def _spelled(draw: random.Random, column: Column) -> str:
    title = draw.choice((column.title, column.title, *column.synonyms))
    return draw.choice(
        (
            *(title, title, title, f"*{title}", f" {title} ", f"{title}：", title[:1] + "\n" + title[1:]),
            *(f"{title}*", f"\ufeff{title}\u200b", f"【{title}】", f"{title}\u00a0"),
        )
    )


_TITLE_UNITS = {
    "（万元）": 10_000,
    "(元)": 1,
    "（单位：万元）": 10_000,
    "万元": 10_000,
    "（元）：": 1,
    "（人民币千元）*": 1_000,
}


def _with_unit(draw: random.Random, sheet: Sheet, at: int, column: Column, title: str) -> str:
    """Return a title of a column, of amounts now and then with their unit, which is then the column's."""
    if column.type == "money" and "元" in title:
        sheet.units[at] = 1
    elif column.type == "money" and draw.random() < 0.2:
        unit = draw.choice(list(_TITLE_UNITS))
        sheet.units[at] = _TITLE_UNITS[unit]
        return title.rstrip("：* \u200b\u00a0") + unit
    return title


def _sheet(draw: random.Random, ledger: Ledger, name: str, typed: bool) -> Sheet:
    sheet = Sheet(name)
    row = _above(draw, sheet)
    columns = [c for c in ledger.columns if c.required or draw.random() < 0.5]
    draw.shuffle(columns)
    places: list[Column | str | None] = list(columns)
    for _extra in range(draw.choice((0, 0, 1, 2))):
        places.insert(
            draw.randrange(len(places) + 1), draw.choice(("备用", "经办情况", "序号", "附件张数", None))
        )
    if draw.random() < 0.03:
        places.append(draw.choice(columns))
    two = draw.random() < 0.15
    for at, what in enumerate(places):
        if what is None:
            continue
        title = _spelled(draw, what) if isinstance(what, Column) else what
        if two and isinstance(what, Column) and len(what.title) > 3:
            cut = len(what.title) // 2
            sheet.cells[row, at] = Cell(what.title[:cut])
            sheet.cells[row + 1, at] = Cell(what.title[cut:])
            if "元" in what.title and what.type == "money":
                sheet.units[at] = 1
        elif two and isinstance(what, Column) and draw.random() < 0.5:
            sheet.cells[row, at] = Cell(_with_unit(draw, sheet, at, what, title))
            sheet.spans[row, at] = (2, 1)
        elif isinstance(what, Column):
            sheet.cells[row + two, at] = Cell(_with_unit(draw, sheet, at, what, title))
        else:
            sheet.cells[row + two, at] = Cell(title)
        if isinstance(what, Column):
            sheet.columns[at] = what
    sheet.header = (row, row + two)
    _fill(draw, sheet, row + two + 1, places, typed)
    _dress(draw, sheet)
    return sheet


def _above(draw: random.Random, sheet: Sheet) -> int:
    """Put lines above the header; return the row where that begins."""
    row = 0
    if draw.random() < 0.4:
        sheet.cells[0, 0] = Cell(
            draw.choice(
                (
                    *("二〇二一年台账", "XX局台账（样例）", "2021 年度, 汇总, 表, 一, 二, 三, 四"),
                    "XX局支出情况表（万元）",
                )
            )
        )
        if sheet.cells[0, 0].written.endswith("（万元）"):
            sheet.unit = 10_000
        row = draw.choice((1, 2))
    if draw.random() < 0.2:
        sheet.cells[row, draw.randrange(4)] = Cell(
            draw.choice(("制表日期：2021年12月31日", "填报单位：样例局"))
        )
        row += 1
    if draw.random() < 0.1:
        sheet.cells[row, draw.randrange(4)] = Cell("单位：万元")
        sheet.unit = 10_000
        row += 1
    return row


def _fill(
    draw: random.Random, sheet: Sheet, top: int, places: list[Column | str | None], typed: bool
) -> None:
    row = top
    for n in range(draw.choice((0, 1, 3, 8, 20, 20, 40, 60))):
        what = draw.random()
        if what < 0.04:
            row += 1  # a blank row
        elif what < 0.07:
            sheet.cells[row, 0] = Cell(draw.choice(("合计", "小计", "本页合计：")))
            if len(places) > 2 and draw.random() < 0.7:
                sheet.cells[row, 2] = Cell(draw.choice((300, "1,200.00", "共 3 笔")))
            row += 1
            continue
        elif what < 0.08:
            for at in range(len(places)):
                if (title := sheet.cells.get((top - 1, at))) is not None:
                    sheet.cells[row, at] = title
            row += 1
            continue
        empty = draw.random() < 0.1
        for at, column in enumerate(places):
            if isinstance(column, Column):
                if empty or (draw.random() < 0.15 and not column.required) or draw.random() < 0.01:
                    continue
                sheet.cells[row, at] = _CELLS[column.type](draw, column, n, typed)
            elif draw.random() < 0.6:
                sheet.cells[row, at] = Cell(draw.choice((n + 1, "见附件", dt.date(2021, 1, 2), 0.5)))
        if draw.random() < 0.02:
            sheet.cells[row, len(places) + draw.randrange(3)] = Cell("多出的一格")
        row += 1
    if draw.random() < 0.25:
        sheet.cells[row + draw.randrange(2), draw.randrange(2)] = Cell(
            draw.choice(("填表人：张某", "审核人：", "注：金额以元计", "数据来源：业务系统"))
        )


def _dress(draw: random.Random, sheet: Sheet) -> None:
    """Merge, hide and annotate."""
    assert sheet.header
    rows, columns = sheet.size
    top = sheet.header[1] + 1
    if rows > top + 3 and draw.random() < 0.3:
        at, height = draw.randrange(columns), draw.choice((2, 3))
        row = draw.randrange(top, rows - height)
        kept = sheet.cells.get((row, at))
        if kept and not isinstance(kept.written, Fault):
            sheet.spans[row, at] = (height, 1)
            for below in range(row + 1, row + height):
                sheet.cells.pop((below, at), None)
    if rows > top and columns > 3 and draw.random() < 0.1:
        row, at = draw.randrange(top, rows), draw.randrange(columns - 1)
        clash = any(r <= row < r + h and c in (at, at + 1) for (r, c), (h, _w) in sheet.spans.items())
        if (row, at) in sheet.cells and not clash and not isinstance(sheet.cells[row, at].written, Fault):
            sheet.spans[row, at] = (1, 2)
            sheet.cells.pop((row, at + 1), None)
    if draw.random() < 0.2:
        sheet.hidden_rows = {draw.randrange(rows) for _ in range(3)}
    if draw.random() < 0.15:
        sheet.hidden_columns = {draw.randrange(columns)}
    if draw.random() < 0.1:
        sheet.hidden = True
    if draw.random() < 0.15:
        sheet.noted = {draw.choice(list(sheet.cells))}


# -- writers
# ----------------------------------------------------------------------------------------------------------


def _shown_first(sheets: list[Sheet]) -> None:
    """Leave one sheet of a workbook to be seen: none that hides all of them can be opened."""
    if all(sheet.hidden for sheet in sheets):
        sheets[0].hidden = False


def _write_xlsx(file: Drawn, draw: random.Random) -> None:
    stream = io.BytesIO()
    _shown_first(file.sheets)
    book = xlsxwriter.Workbook(
        stream,
        {
            "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            "date_1904": file.of_1904,
        },
    )
    day = book.add_format({"num_format": draw.choice(("yyyy-mm-dd", "yyyy/m/d", 'yyyy"年"m"月"d"日"'))})
    time = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    percent = book.add_format({"num_format": draw.choice(("0%", "0.00%"))})
    first = next(n for n, sheet in enumerate(file.sheets) if not sheet.hidden)
    for n, sheet in enumerate(file.sheets):
        page = book.add_worksheet(sheet.name)
        if sheet.hidden:
            page.hide()
        elif n == first:
            page.activate()
            page.set_first_sheet()
        for (row, column), (height, width) in sheet.spans.items():
            page.merge_range(row, column, row + height - 1, column + width - 1, "")
        for (row, column), cell in sheet.cells.items():
            value = cell.written
            if isinstance(value, Fault):
                formula = value.said if value.said.startswith("=") else "=NA()"
                page.write_formula(row, column, formula, None, "" if formula is value.said else value.said)
            elif isinstance(value, bool):
                page.write_boolean(row, column, value)
            elif isinstance(value, dt.datetime):
                page.write_datetime(row, column, value, time)
            elif isinstance(value, dt.date) and value.year >= 1904:
                page.write_datetime(row, column, value, day)
            elif isinstance(value, dt.date):
                page.write_string(row, column, value.isoformat())
            elif isinstance(value, int | float):
                number = value - 1462 if file.of_1904 and _serial(sheet, column, value) else value
                page.write_number(row, column, number, percent if cell.percent else None)
            else:
                page.write_string(row, column, value)
        for row in sheet.hidden_rows:
            page.set_row(row, None, None, {"hidden": True})
        for column in sheet.hidden_columns:
            page.set_column(column, column, None, None, {"hidden": True})
        for row, column in sheet.noted:
            page.write_comment(row, column, "请核对")
    book.close()
    file.name, file.data = "台账.xlsx", stream.getvalue()


def _serial(sheet: Sheet, column: int, value: float) -> bool:
    """Say whether a number stands for a day: it is another one in a workbook that counts from 1904."""
    return column in sheet.columns and sheet.columns[column].type == "date" and 30_000 < value < 60_000


def _write_openpyxl(file: Drawn, draw: random.Random) -> None:
    from openpyxl.comments import Comment
    from openpyxl.utils import get_column_letter
    from openpyxl.utils.datetime import CALENDAR_MAC_1904

    _shown_first(file.sheets)
    book = openpyxl.Workbook()
    book.remove(book.active)
    if file.of_1904:
        book.epoch = CALENDAR_MAC_1904
    for sheet in file.sheets:
        page = book.create_sheet(sheet.name)
        page.sheet_state = "hidden" if sheet.hidden else "visible"
        for (row, column), cell in sheet.cells.items():
            value = cell.written
            if isinstance(value, dt.date) and value.year < 1904:
                value = value.isoformat()
            elif isinstance(value, int | float) and file.of_1904 and _serial(sheet, column, value):
                value -= 1462
            one = page.cell(row + 1, column + 1)
            one.value = value.said if isinstance(value, Fault) else value
            if isinstance(value, str):
                one.data_type = "s"
            if cell.percent:
                one.number_format = "0.0%"
            if (row, column) in sheet.noted:
                one.comment = Comment("请核对", "审核")
        for (row, column), (height, width) in sheet.spans.items():
            page.merge_cells(
                start_row=row + 1, start_column=column + 1, end_row=row + height, end_column=column + width
            )
        for row in sheet.hidden_rows:
            page.row_dimensions[row + 1].hidden = True
        for column in sheet.hidden_columns:
            page.column_dimensions[get_column_letter(column + 1)].hidden = True
    book.active = next(n for n, sheet in enumerate(file.sheets) if not sheet.hidden)
    stream = io.BytesIO()
    book.save(stream)
    file.name, file.data = "台账.xlsx", stream.getvalue()


_ODS_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?><office:document-content '
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
    'xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0">'
    '<office:automatic-styles><style:style style:name="ta2" style:family="table">'
    '<style:table-properties table:display="false"/></style:style></office:automatic-styles>'
    "<office:body><office:spreadsheet>"
)


def _write_ods(file: Drawn, draw: random.Random) -> None:
    parts = [_ODS_HEAD]
    for sheet in file.sheets:
        rows, columns = sheet.size
        parts.append(f'<table:table table:name="{sheet.name}" table:style-name="ta{1 + sheet.hidden}">')
        for column in range(columns):
            hidden = ' table:visibility="collapse"' if column in sheet.hidden_columns else ""
            parts.append(f"<table:table-column{hidden}/>")
        covered = {
            (row + r, column + c)
            for (row, column), (height, width) in sheet.spans.items()
            for r in range(height)
            for c in range(width)
            if r or c
        }
        for row in range(rows):
            hidden = ' table:visibility="collapse"' if row in sheet.hidden_rows else ""
            parts.append(f"<table:table-row{hidden}>")
            for column in range(columns):
                if (row, column) in covered:
                    parts.append("<table:covered-table-cell/>")
                else:
                    parts.append(_ods_cell(sheet, row, column))
            parts.append("</table:table-row>")
        parts.append(
            '<table:table-row table:number-rows-repeated="1048000"><table:table-cell '
            'table:number-columns-repeated="16384"/></table:table-row></table:table>'
        )
    parts.append("</office:spreadsheet></office:body></office:document-content>")
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", "".join(parts))
    file.name, file.data = "台账.ods", stream.getvalue()


def _ods_cell(sheet: Sheet, row: int, column: int) -> str:
    cell = sheet.cells.get((row, column))
    height, width = sheet.spans.get((row, column), (1, 1))
    said = f' table:number-rows-spanned="{height}"' if height > 1 else ""
    said += f' table:number-columns-spanned="{width}"' if width > 1 else ""
    if cell is None:
        return f"<table:table-cell{said}/>"
    note = "<office:annotation><text:p>请核对</text:p></office:annotation>" * ((row, column) in sheet.noted)
    value, shown = cell.written, ""
    if isinstance(value, Fault):
        said += f' table:formula="of:{escape(value.said) if value.said[0] == "=" else "=NA()"}"'
        if value.said[0] != "=":
            said += ' office:value-type="string" office:string-value="" calcext:value-type="error"'
            shown = value.said
    elif isinstance(value, bool):
        shown = str(value).upper()
        said += f' office:value-type="boolean" office:boolean-value="{str(value).lower()}"'
    elif isinstance(value, dt.date):
        shown = value.isoformat()
        said += f' office:value-type="date" office:date-value="{shown}"'
    elif isinstance(value, int | float):
        shown = f"{value * 100:g}%" if cell.percent else repr(value)
        kind = "percentage" if cell.percent else "float"
        said += f' office:value-type="{kind}" office:value="{value!r}"'
    else:
        said += ' office:value-type="string"'
        shown = value
    lines = "".join(f"<text:p>{_ods_text(line)}</text:p>" for line in shown.split("\n")) if shown else ""
    return f"<table:table-cell{said}>{note}{lines}</table:table-cell>"


def _ods_text(line: str) -> str:
    return escape(line).replace("  ", " <text:s/>")


def as_text(cell: Cell) -> str:
    """Return what a cell is written as in a text."""
    value = cell.written
    if isinstance(value, Fault):
        return value.said if value.said[0] == "#" else "#VALUE!"
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, dt.datetime):
        return value.isoformat(" ")
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, float):
        return repr(value) if abs(value) < 1e15 else str(int(value))
    return str(value)


def _write_html(file: Drawn, draw: random.Random) -> None:
    parts = ['<html><head><meta charset="gbk"><title>导出</title></head><body>']
    for sheet in file.sheets:
        sheet.hidden, sheet.hidden_rows, sheet.hidden_columns, sheet.noted = False, set(), set(), set()
        rows, columns = sheet.size
        if draw.random() < 0.3:
            sheet.before = f"{sheet.name}之前的说明"
            parts.append(f"<h3>{sheet.before}</h3>")
        parts.append("<table border=1>")
        covered = {
            (row + r, column + c)
            for (row, column), (height, width) in sheet.spans.items()
            for r in range(height)
            for c in range(width)
            if r or c
        }
        for row in range(rows):
            parts.append("<tr>")
            for column in range(columns):
                if (row, column) in covered:
                    continue
                height, width = sheet.spans.get((row, column), (1, 1))
                said = (f" rowspan={height}" if height > 1 else "") + (
                    f" colspan={width}" if width > 1 else ""
                )
                cell = sheet.cells.get((row, column))
                text = escape(as_text(cell)).replace("\n", "<br>") if cell else ""
                parts.append(f"<td{said}>{text}</td>")
            parts.append("</tr>")
        parts.append("</table>")
    text = "".join([*parts, "</body></html>"])
    file.name, file.data = "台账.xls", text.encode(draw.choice(("gb18030", "utf-8", "utf-8-sig", "utf-16")))


def _line(cells: list[str], delimiter: str, ends: str, quoting: int, raw: bool) -> str:
    """Return a record of a csv; ``raw`` as programs write it that know no quotes, where nothing parts the
    cells but the delimiter.
    """
    joined = "".join(cells)
    if raw and not any(sign in joined for sign in (delimiter, "\r", "\n")) and '"' in joined:
        return delimiter.join(cells) + ends
    stream = io.StringIO(newline="")
    csv.writer(stream, delimiter=delimiter, lineterminator=ends, quoting=quoting).writerow(cells)  # type: ignore[arg-type]
    return stream.getvalue()


def _write_csv(file: Drawn, draw: random.Random) -> None:
    (sheet,) = file.sheets
    sheet.spans, sheet.hidden, sheet.noted = {}, False, set()
    sheet.hidden_rows, sheet.hidden_columns = set(), set()
    rows, columns = sheet.size
    delimiter = "\t" if file.kind == "tsv" else draw.choice((",", ",", ",", ";", "|"))
    ends = draw.choice(("\r\n", "\n"))
    quoting = draw.choice((csv.QUOTE_MINIMAL, csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC))
    raw = draw.random() < 0.1
    records, line = [], 1
    for row in range(rows):
        cells = [as_text(sheet.cells[row, c]) if (row, c) in sheet.cells else "" for c in range(columns)]
        if not any(cells) and draw.random() < 0.5:
            text = ends
        else:
            if draw.random() < 0.1:
                while cells and not cells[-1]:
                    cells.pop()
            text = _line(cells, delimiter, ends, quoting, raw)
        file.lines[row] = line
        line += text.replace("\r\n", "\n").count("\n")
        records.append(text)
    data = "".join(records)
    if '"' in data and draw.random() < 0.03:
        at = data.rindex('"')
        data, file.broken = data[:at] + data[at + 1 :], True
    encoding = draw.choice(("utf-8", "utf-8-sig", "gb18030", "utf-16"))
    file.name = draw.choice(("台账.csv", "台账.txt", "台账.tsv")) if file.kind == "csv" else "台账.tsv"
    file.data = data.encode(encoding)


def _write_parquet(file: Drawn, draw: random.Random) -> None:
    """Write a table as programs do: no lines above, titles that are never empty, columns of one type."""
    (sheet,) = file.sheets
    assert sheet.header
    top, last = sheet.header
    titles: dict[int, str] = {}
    rows, columns = sheet.size
    for at in range(columns):
        both = [str(sheet.cells[row, at].written) for row in (top, last) if (row, at) in sheet.cells]
        titles[at] = "".join(dict.fromkeys(both)) or f"Unnamed: {at}"
    sheet.cells = {
        **{(last, at): Cell(title) for at, title in titles.items()},
        **{(row, at): cell for (row, at), cell in sheet.cells.items() if row > last},
    }
    sheet.header = (last, last)
    sheet.spans, sheet.hidden, sheet.noted = {}, False, set()
    sheet.hidden_rows, sheet.hidden_columns = set(), set()
    if sheet.unit != 1:
        sheet.unit = 1  # it stood in a line above
    file.lines = {row: row - last for row in range(last, rows)}
    data = []
    for at in range(columns):
        cells = [sheet.cells.get((row, at)) for row in range(last + 1, rows)]
        values = [cell.written for cell in cells if cell]
        kinds = {type(value) for value in values}
        kind: pa.DataType = pa.string()
        if kinds == {dt.date}:
            kind = pa.date32()
        elif kinds == {float}:
            kind = pa.float64()
        elif kinds == {int} and all(abs(value) < 2**63 for value in values):
            kind = pa.int64()
        plain = kind != pa.string()
        data.append(pa.array([c and (c.written if plain else as_text(c)) for c in cells], kind))
    stream = io.BytesIO()
    pq.write_table(pa.Table.from_arrays(data, list(titles.values())), stream)
    file.name, file.data = "台账.parquet", stream.getvalue()


def _write_xls(file: Drawn, draw: random.Random) -> None:
    import xlwt  # where it is there: the tests get along without it

    book = xlwt.Workbook()
    _shown_first(file.sheets)
    day, percent = xlwt.easyxf(num_format_str="yyyy-mm-dd"), xlwt.easyxf(num_format_str="0.00%")
    for sheet in file.sheets:
        page = book.add_sheet(sheet.name)
        page.visibility = int(sheet.hidden)
        sheet.noted = set()
        for (row, column), cell in sheet.cells.items():
            value = cell.written
            if isinstance(value, Fault):
                code = {"#NULL!": 0, "#DIV/0!": 7, "#VALUE!": 15, "#REF!": 23, "#NAME?": 29, "#NUM!": 36}
                page.row(row).set_cell_error(column, code.get(value.said, 42))
            elif isinstance(value, dt.date) and value.year < 1904:
                page.write(row, column, value.isoformat())
            else:
                page.write(
                    row,
                    column,
                    value,
                    *([day] if isinstance(value, dt.date) else [percent] if cell.percent else []),
                )
        for (row, column), (height, width) in sheet.spans.items():
            page.merge(row, row + height - 1, column, column + width - 1)
        for row in sheet.hidden_rows:
            page.row(row).hidden = True
        for column in sheet.hidden_columns:
            page.col(column).hidden = True
    book.active_sheet = next(n for n, sheet in enumerate(file.sheets) if not sheet.hidden)
    stream = io.BytesIO()
    book.save(stream)
    file.name, file.data = draw.choice(("台账.xls", "台账.et")), stream.getvalue()


_WRITERS: dict[str, Callable[[Drawn, random.Random], None]] = {
    "xlsx": _write_xlsx,
    "openpyxl": _write_openpyxl,
    "ods": _write_ods,
    "html": _write_html,
    "csv": _write_csv,
    "tsv": _write_csv,
    "parquet": _write_parquet,
    "xls": _write_xls,
}
