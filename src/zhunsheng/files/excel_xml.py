"""Read Excel 2003 XML (SpreadsheetML), which office systems export under the name .xls, cell by cell."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from lxml import etree

from zhunsheng.errors import ZhunshengError
from zhunsheng.faults import first_line
from zhunsheng.files.bounds import EXCEL_XML_MAX_STYLES, EXCEL_XML_MAX_WITHIN
from zhunsheng.files.number_formats import is_general
from zhunsheng.files.opening import Opened, marked_up, refuse_tags
from zhunsheng.files.sheets import (
    MAX_COLUMNS,
    MAX_ROWS,
    Growing,
    Run,
    Style,
    Worksheet,
    of_signs,
)
from zhunsheng.text import whole
from zhunsheng.translation import worded

_SS = "{urn:schemas-microsoft-com:office:spreadsheet}"
_X = "{urn:schemas-microsoft-com:office:excel}"
_HTML = "{http://www.w3.org/TR/REC-html40}"
_ROW, _CELL, _COLUMN, _DATA = (f"{_SS}{name}" for name in ("Row", "Cell", "Column", "Data"))
_SHEET, _STYLE = f"{_SS}Worksheet", f"{_SS}Style"
_DAY_ZERO = datetime(1899, 12, 31)  # what a time without a day is counted from
# What the formats are that have a name of their own.
_NAMED = {
    "general number": "",
    "fixed": "0.00",
    "standard": "#,##0.00",
    "currency": '"¥"#,##0.00',
    "percent": "0.00%",
    "scientific": "0.00E+00",
    "general date": "yyyy/m/d h:mm",
    "short date": "yyyy/m/d",
    "medium date": "d-mmm-yy",
    "long date": 'yyyy"年"m"月"d"日"',
    "short time": "h:mm",
    "medium time": "h:mm AM/PM",
    "long time": "h:mm:ss",
    "yes/no": '"是";"是";"否"',
    "true/false": '"是";"是";"否"',
    "on/off": '"开";"开";"关"',
}


@dataclass
class _Book:
    """What holds for the whole file."""

    name: str
    max_cells: int
    max_text: int
    as_seen: bool
    styles: dict[str, Style] = field(default_factory=dict)
    of_1904: bool = False


def read_excel_xml(
    opened: Opened, *, max_cells: int, max_text: int, as_seen: bool = False
) -> Iterator[Worksheet]:
    """Yield the sheets of an Excel 2003 XML file in order, none above ``max_cells`` or ``max_text`` bytes;
    ``as_seen`` with how their cells look.

    Raises ``ZS-IN-05`` (broken), ``-07`` (too many tags), ``-08`` (document type) or ``-10`` (too large).
    """
    book = _Book(opened.name, max_cells, max_text, as_seen)
    sheet: Growing | None = None
    kept = 0  # elements of the row or style that is open
    within: etree._Element | None = None
    data = marked_up(opened.data, opened.name)
    if as_seen:
        refuse_tags(data, opened.name)
    beside = 0  # elements that are part of no row
    events = etree.iterparse(io.BytesIO(data), ("start", "end"), resolve_entities=False, no_network=True)
    try:
        for event, element in events:
            if event == "start":
                if within is not None:
                    kept += 1
                    if kept > EXCEL_XML_MAX_WITHIN:
                        where = sheet.where() if sheet else worded("样式")
                        detail = worded("一行超过 {most} 个标记", most=f"{EXCEL_XML_MAX_WITHIN:,}")
                        raise ZhunshengError("ZS-IN-10", name=book.name, where=where, detail=detail)
                elif element.tag in (_ROW, _STYLE):
                    within, kept = element, 0
                elif element.tag == _SHEET:
                    sheet = Growing(book.name, element.get(f"{_SS}Name") or "", max_cells, max_text)
                continue
            if within is not None and element is not within:
                continue
            beside += within is None
            if beside > EXCEL_XML_MAX_WITHIN:
                detail = worded("行以外超过 {most} 个标记", most=f"{EXCEL_XML_MAX_WITHIN:,}")
                raise ZhunshengError("ZS-IN-10", name=book.name, where=worded("工作簿"), detail=detail)
            within = None
            if element.tag == _SHEET and sheet is not None:
                yield sheet.finished(of_1904=book.of_1904)
                sheet = None
            else:
                _take(book, sheet, element)
            parent = element.getparent()
            element.clear()
            while parent is not None and element.getprevious() is not None:
                del parent[0]
    except etree.XMLSyntaxError as error:
        raise ZhunshengError("ZS-IN-05", name=opened.name, detail=first_line(error)) from None


def _take(book: _Book, sheet: Growing | None, element: etree._Element) -> None:
    """Take what ended, of the book or of the sheet that is open."""
    said = (element.text or "").strip()
    if element.tag == _STYLE:
        _take_style(book, element)
    elif element.tag == f"{_X}Date1904":
        book.of_1904 = said != "0"
    elif sheet is None:
        return
    elif element.tag == _COLUMN:
        _take_column(sheet, element)
    elif element.tag == _ROW:
        _take_row(book, sheet, element)
    elif element.tag == f"{_X}Visible":
        sheet.hidden = said in ("SheetHidden", "SheetVeryHidden")
    elif element.tag == f"{_X}DoNotDisplayZeros":
        sheet.appearance.zeros = False


def _take_style(book: _Book, element: etree._Element) -> None:
    """Note what a style does; it has of its parent what it does not say itself."""
    if len(book.styles) >= EXCEL_XML_MAX_STYLES:
        raise ZhunshengError(
            "ZS-IN-10",
            name=book.name,
            where=worded("样式"),
            detail=worded("超过 {most} 个", most=EXCEL_XML_MAX_STYLES),
        )
    parent = book.styles.get(element.get(f"{_SS}Parent") or "Default", Style())
    code, white, struck, font = parent.code, parent.white, parent.struck, parent.font
    for one in element:
        if one.tag == f"{_SS}NumberFormat":
            said = one.get(f"{_SS}Format") or ""
            code = _NAMED.get(said.strip().lower(), said)
        elif one.tag == f"{_SS}Font":
            struck = one.get(f"{_SS}StrikeThrough") == "1"
            white = (one.get(f"{_SS}Color") or "").lower() == "#ffffff"
            font = of_signs(one.get(f"{_SS}FontName"))
        elif one.tag == f"{_SS}Interior":
            ground = (one.get(f"{_SS}Color") or "#ffffff").lower()
            white = white and (ground == "#ffffff" or one.get(f"{_SS}Pattern") in (None, "None"))
    book.styles[element.get(f"{_SS}ID") or ""] = Style("" if is_general(code) else code, white, struck, font)


def _number(element: etree._Element, name: str) -> int:
    return whole(element.get(f"{_SS}{name}") or "0", 9) or 0


def _take_column(sheet: Growing, element: etree._Element) -> None:
    first = _number(element, "Index") or sheet.columns + 1
    sheet.columns = first + _number(element, "Span")
    if element.get(f"{_SS}Hidden") == "1":
        sheet.hide_columns(first, sheet.columns)
    elif _is_nothing(element.get(f"{_SS}Width")):
        sheet.hide_columns(first, sheet.columns, flat=True)


def _is_nothing(size: str | None) -> bool:
    return size is not None and size.strip() != "" and not size.strip().strip("0.")


def _take_row(book: _Book, sheet: Growing, element: etree._Element) -> None:
    sheet.at = max(sheet.at, _number(element, "Index") - 1)
    count = 1 + _number(element, "Span")  # so many empty rows after it are as it is
    if sheet.at >= MAX_ROWS:
        sheet.refuse(sheet.at + 1, MAX_COLUMNS, 1)
    if element.get(f"{_SS}Hidden") == "1":
        sheet.hide_rows(count)
    elif _is_nothing(element.get(f"{_SS}Height")):
        sheet.hide_rows(count, flat=True)
    values: list[Any] = []
    column = filled = text = 0
    for cell in element.iterchildren(_CELL):
        column = max(column, _number(cell, "Index") - 1)
        if column >= MAX_COLUMNS:
            sheet.refuse(1, column + 1, 1)
        width, height = _number(cell, "MergeAcross") + 1, _number(cell, "MergeDown") + 1
        sheet.span(column, height, width)
        value = _value(book, sheet, cell, (sheet.at, column), element)
        if value is not None:
            values += [""] * (column - len(values)) + [value]
            filled += 1
            text += len(value.encode("utf8", "replace")) if isinstance(value, str) else 0
        column += width
    if values:
        sheet.take(values, 1, filled, text)
    sheet.at += count


def _value(
    book: _Book, sheet: Growing, cell: etree._Element, at: tuple[int, int], row: etree._Element
) -> Any:
    """Return the value of a cell, None for an empty one; note how it looks."""
    sheet.comments += sum(1 for _one in cell.iterchildren(f"{_SS}Comment"))
    data = next(cell.iterchildren(_DATA), None)
    formula = cell.get(f"{_SS}Formula")
    said = "" if data is None else _text(data)
    if not said:
        if formula is not None and (data is None or data.get(f"{_SS}Type") != "String"):
            sheet.faults[at] = formula if formula.startswith("=") else f"={formula}"
            return sheet.faults[at]
        return None
    style = book.styles.get(cell.get(f"{_SS}StyleID") or row.get(f"{_SS}StyleID") or "Default", Style())
    assert data is not None
    kind = data.get(f"{_SS}Type") or "String"
    if kind == "Error":
        sheet.faults[at] = said
        return said
    if "%" in style.code:
        sheet.percents.add(at)
    if book.as_seen:
        sheet.appearance.take(at, style)
        if len(data):
            sheet.appearance.take_runs(at, list(_runs(data)))
    return _typed(kind, said)


def _typed(kind: str, said: str) -> Any:
    """Return a value as its type has it; as the text that stands there where it is none of that."""
    if kind == "Number":
        try:
            number = float(said)
        except ValueError:
            return said
        return number if number == number else said
    if kind == "Boolean":
        return {"1": True, "0": False}.get(said.strip(), said)
    if kind == "DateTime":
        try:
            moment = datetime.fromisoformat(said.strip()[:19])
        except ValueError:
            return said
        return _moment(moment)
    return said


def _moment(moment: datetime) -> date | datetime | time | timedelta:
    if moment.date() == _DAY_ZERO.date():
        return moment.time()
    return moment.date() if moment.time() == time() else moment


def _text(data: etree._Element) -> str:
    """Return the text of a cell, rich or plain."""
    return "".join(run.text for run in _runs(data)) if len(data) else data.text or ""


def _runs(node: etree._Element, font: str = "", struck: bool = False) -> Iterator[Run]:
    """Yield the pieces of a rich text."""
    yield Run(node.text or "", font, struck)
    for child in node:
        if child.tag == f"{_HTML}Br":
            yield Run("\n")
        face = child.get(f"{_HTML}Face") if child.tag == f"{_HTML}Font" else None
        own = font if face is None else of_signs(face)
        yield from _runs(child, own, struck or child.tag in (f"{_HTML}S", f"{_HTML}Del"))
        yield Run(child.tail or "", font, struck)
