"""Read OpenDocument spreadsheets cell by cell: typed values, spans, what is hidden, cells without a value."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from lxml import etree

from zhunsheng.errors import ZhunshengError
from zhunsheng.faults import first_line
from zhunsheng.files.opening import Opened
from zhunsheng.files.sheets import (
    MAX_COLUMNS,
    Growing,
    Run,
    Style,
    Worksheet,
    of_signs,
)
from zhunsheng.text import whole

_FO = "{urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0}"
_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_CALC = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}"
_DAY = re.compile(r"(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d:\d\d)(?:\.\d+)?Z?)?")
_SPENT = re.compile(r"PT(\d{1,6})H(\d{1,2})M(\d{1,2})(?:[.,]\d+)?S")
# What the cell of a formula shows that came to no value.
_FAULT = re.compile(r"#(N/A|REF!|DIV/0!|VALUE!|NAME\?|NULL!|NUM!)|Err:\d{3}")
_NOTHING = re.compile(r"0(?:\.0+)?[a-z]+")  # a height of nothing
_NOUGHTS = re.compile("0[0-9]{1,14}")
_POWER = re.compile(r"-?\d(?:\.\d+)?E\+\d+")
_YUAN = ("", "CNY", "RMB")


@dataclass
class _Styles:
    """What the styles of a file do: hide a table, leave a row or column no height, show a cell otherwise."""

    unseen: set[str] = field(default_factory=set)
    flat: set[str] = field(default_factory=set)
    cells: dict[str, Style] = field(default_factory=dict)

    def take(self, style: etree._Element) -> None:
        name = style.get(f"{_STYLE}name") or ""
        said: dict[str, str] = {}
        for properties in style:
            said |= {str(key): str(value) for key, value in properties.attrib.items()}
        if said.get(f"{_TABLE}display") == "false":
            self.unseen.add(name)
        if any(_NOTHING.match(said.get(f"{_STYLE}{side}") or "") for side in ("row-height", "column-width")):
            self.flat.add(name)
        ground = said.get(f"{_FO}background-color", "transparent").lower()
        white = said.get(f"{_FO}color", "").lower() == "#ffffff" and ground in ("transparent", "#ffffff")
        struck = said.get(f"{_STYLE}text-line-through-style", "none") != "none"
        font = of_signs(said.get(f"{_STYLE}font-name") or said.get(f"{_FO}font-family"))
        if white or struck or font:
            self.cells[name] = Style(white=white, struck=struck, font=font)


@dataclass
class _Sheet(Growing):
    """A sheet while its rows are read: whether ``as_seen``, and the styles of its file."""

    as_seen: bool = False
    styles: _Styles = field(default_factory=_Styles)


def read_ods(opened: Opened, *, max_cells: int, max_text: int, as_seen: bool = False) -> Iterator[Worksheet]:
    """Yield the sheets of an ods file in order, none above ``max_cells`` or ``max_text`` bytes; their cells
    ``as_seen`` are the texts that these show.

    Raises ``ZS-IN-04`` (password), ``ZS-IN-05`` (broken), ``ZS-IN-08`` (document type) or ``ZS-IN-10`` (too
    large).
    """
    data = opened.member("content.xml")
    if b"<!DOCTYPE" in data[:4096] or data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise ZhunshengError("ZS-IN-08", name=opened.name)
    styles = _Styles()
    sheet: _Sheet | None = None
    tags = (f"{_TABLE}table", f"{_TABLE}table-row", f"{_TABLE}table-column", f"{_STYLE}style")
    try:
        for event, element in etree.iterparse(
            io.BytesIO(data), ("start", "end"), tag=tags, resolve_entities=False, no_network=True
        ):
            parent = element.getparent()
            top = element.tag == tags[0] and parent is not None and parent.tag == f"{_OFFICE}spreadsheet"
            if event == "start":
                if top:
                    hidden = element.get(f"{_TABLE}style-name") in styles.unseen
                    name = element.get(f"{_TABLE}name") or ""
                    sheet = _Sheet(
                        opened.name, name, max_cells, max_text, hidden, as_seen=as_seen, styles=styles
                    )
            elif element.tag == f"{_STYLE}style":
                styles.take(element)
            elif top and sheet:
                yield sheet.finished()
                sheet = None
                element.clear()
            elif sheet and element.tag == f"{_TABLE}table-column":
                _take_column(sheet, element)
            elif sheet and element.tag == f"{_TABLE}table-row":
                _take_row(sheet, element)
                element.clear()
                while element.getprevious() is not None:
                    del parent[0]
    except etree.XMLSyntaxError as error:
        raise ZhunshengError("ZS-IN-05", name=opened.name, detail=first_line(error)) from None


def _times(element: etree._Element, attribute: str) -> int:
    """Return how often a row, column or cell stands there; 1 for a number that is none."""
    return max(1, whole(element.get(f"{_TABLE}{attribute}") or "1", 9) or 1)


def _take_column(sheet: _Sheet, element: etree._Element) -> None:
    count = _times(element, "number-columns-repeated")
    first, last = sheet.columns + 1, sheet.columns + count
    if element.get(f"{_TABLE}visibility") in ("collapse", "filter"):
        sheet.hide_columns(first, last)
    if element.get(f"{_TABLE}style-name") in sheet.styles.flat:
        sheet.hide_columns(first, last, flat=True)
    sheet.columns = last


def _take_row(sheet: _Sheet, element: etree._Element) -> None:
    count = _times(element, "number-rows-repeated")
    if element.get(f"{_TABLE}visibility") in ("collapse", "filter"):
        sheet.hide_rows(count)
    elif element.get(f"{_TABLE}style-name") in sheet.styles.flat:
        sheet.hide_rows(count, flat=True)
    values: list[Any] = []
    column = filled = text = 0
    for cell in element.iter(f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"):
        if cell.getparent() is not element:
            continue
        times = _times(cell, "number-columns-repeated")
        sheet.span(column, _times(cell, "number-rows-spanned"), _times(cell, "number-columns-spanned"))
        value = _take_value(sheet, cell, column, times)
        if value is not None:
            if column + times > MAX_COLUMNS:
                sheet.refuse(1, column + times, 1)
            values += [""] * (column - len(values)) + [value] * times
            filled += times
            text += (len(value.encode("utf8", "replace")) if isinstance(value, str) else 0) * times
        column += times
    if values:
        sheet.take(values, count, filled, text)
        _repeat(sheet, count)
    sheet.at += count


def _repeat(sheet: _Sheet, count: int) -> None:
    """Say of the rows that repeat one what was said of its cells."""
    if count > 1:
        for column in [c for row, c in sheet.percents if row == sheet.at]:
            sheet.percents |= {(sheet.at + n, column) for n in range(1, count)}
        for column, said in [(c, said) for (row, c), said in sheet.faults.items() if row == sheet.at]:
            sheet.faults |= {(sheet.at + n, column): said for n in range(1, count)}


def _take_value(sheet: _Sheet, cell: etree._Element, column: int, times: int) -> Any:
    """Return the value of a cell, None for an empty one; note it where it is a percentage, or none."""
    kind = cell.get(f"{_OFFICE}value-type")
    formula = cell.get(f"{_TABLE}formula")
    if not len(cell) and kind is None and formula is None:
        return None
    runs = _shown(sheet, cell)
    shown = "".join(run.text for run in runs)
    error = cell.get(f"{_CALC}value-type") == "error" or (formula is not None and _FAULT.fullmatch(shown))
    if error or (formula is not None and kind is None and not shown):
        said = shown if error else "=" + (formula or "").partition("=")[2]
        sheet.faults |= {(sheet.at, column + n): said for n in range(times)}
        return said
    if sheet.as_seen:
        for n in range(times):
            sheet.appearance.take_runs((sheet.at, column + n), runs)
        if style := sheet.styles.cells.get(cell.get(f"{_TABLE}style-name") or ""):
            for n in range(times):
                sheet.appearance.take((sheet.at, column + n), style)
        if kind and kind != "string":
            return _seen(sheet, cell, column, times, shown)
    if kind in ("float", "percentage", "currency"):
        number = _number(cell.get(f"{_OFFICE}value") or "")
        if kind == "percentage":
            sheet.percents |= {(sheet.at, column + n) for n in range(times)}
        if _NOUGHTS.fullmatch(shown) and number == int(
            shown
        ):  # a code typed as a number, and shown as a code
            return shown
        currency = (cell.get(f"{_OFFICE}currency") or "").upper()
        # A sum of another currency is no amount of yuan, and is told as it is shown.
        return shown if number is None else number if currency in _YUAN else f"{currency} {number:.12g}"
    if kind == "boolean":
        return {"true": True, "false": False}.get(cell.get(f"{_OFFICE}boolean-value") or "", shown)
    if kind == "date":
        return _day(cell.get(f"{_OFFICE}date-value") or "") or shown
    if kind == "time":
        return _time(cell.get(f"{_OFFICE}time-value") or "") or shown
    return cell.get(f"{_OFFICE}string-value") or shown or None


def _seen(sheet: _Sheet, cell: etree._Element, column: int, times: int, shown: str) -> Any:
    """Return what the cell of a number, date or truth shows; a long number whole, and not by its power."""
    number = _number(cell.get(f"{_OFFICE}value") or "")
    if number is not None and _POWER.fullmatch(shown):
        return number
    if not shown and len(cell):
        sheet.appearance.formats |= {(sheet.at, column + n): ";;;" for n in range(times)}
        return number
    return shown or number


def _number(text: str) -> int | float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return int(value) if value == value and abs(value) < 2**53 and value == int(value) else value


def _day(text: str) -> date | datetime | None:
    found = _DAY.fullmatch(text)
    try:
        if found and found[2]:
            return datetime.fromisoformat(f"{found[1]} {found[2]}")
        return date.fromisoformat(found[1]) if found else None
    except ValueError:
        return None


def _time(text: str) -> time | timedelta | None:
    if not (found := _SPENT.fullmatch(text)):
        return None
    hours, minutes, seconds = map(int, found.groups())
    if hours < 24 and minutes < 60 and seconds < 60:
        return time(hours, minutes, seconds)
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)


def _shown(sheet: _Sheet, cell: etree._Element) -> list[Run]:
    """Return the pieces of the text that a cell shows, a line a paragraph; comments are counted and are none
    of it.
    """
    runs: list[Run] = []
    for child in cell:
        if child.tag == f"{_OFFICE}annotation":
            sheet.comments += 1
        elif child.tag == f"{_TEXT}p":
            runs += [Run("\n")] if runs else []
            runs += _pieces(child, sheet.styles, Style())
            runs += [] if runs else [Run("")]
    return runs


def _pieces(element: etree._Element, styles: _Styles, style: Style) -> Iterator[Run]:
    style = styles.cells.get(element.get(f"{_TEXT}style-name") or "", style)
    yield Run(element.text or "", style.font, style.struck)
    for child in element:
        if child.tag == f"{_TEXT}s":
            yield Run(" " * min(whole(child.get(f"{_TEXT}c") or "1", 4) or 1, 1000), "", style.struck)
        elif child.tag in (f"{_TEXT}tab", f"{_TEXT}line-break"):
            yield Run("\t" if child.tag.endswith("tab") else "\n", "", style.struck)
        elif child.tag not in (f"{_OFFICE}annotation", f"{_TEXT}note"):
            yield from _pieces(child, styles, style)
        yield Run(child.tail or "", style.font, style.struck)
