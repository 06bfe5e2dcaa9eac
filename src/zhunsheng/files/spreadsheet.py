"""Read workbooks with calamine, guarded against sheets and spans that would not fit in memory."""

from __future__ import annotations

import html
import io
import math
import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise, zip_longest
from typing import Any

from lxml import etree
from python_calamine import CalamineWorkbook, PasswordError, SheetVisibleEnum

from zhunsheng.errors import ZhunshengError
from zhunsheng.faults import first_line
from zhunsheng.files.appearance import Looks
from zhunsheng.files.biff import is_locked, look_xls, sound_xls
from zhunsheng.files.excel_xml import read_excel_xml
from zhunsheng.files.number_formats import figures_shown
from zhunsheng.files.ods import read_ods
from zhunsheng.files.opening import Opened, refuse_tags
from zhunsheng.files.sheets import (
    MAX_COLUMNS,
    MAX_SPAN,
    SPARSE_FROM,
    Appearance,
    Hidden,
    Look,
    Worksheet,
    numbered,
    pieces,
    refuse_too_large,
    refuse_too_much_text,
)
from zhunsheng.text import whole
from zhunsheng.translation import worded

MAX_CELLS = 40_000_000  # rows × filled columns of one sheet of a ledger on one's own machine
DOCUMENT_CELLS = 4_000_000  # of a sheet of a document
MAX_TEXT = 2**31  # bytes of all texts of a sheet: one text of the shared table can stand in a million cells
DOCUMENT_TEXT = 32 * 2**20
# The quick look reads column letters only; a row number of six digits or more calls for the full one.
_LETTERS = re.compile(rb'<c r="([A-Z]{1,7})')
_DEEP = re.compile(rb'<c r="[A-Z]{1,7}\d{6}')
_FILLED = re.compile(rb'<c r="([A-Z]{1,7})(\d{1,9})"[^>/]*>')
_ODD = re.compile(rb'<[\w.-]+:c[\s/>]|<c\s+(?!r="[A-Z])')  # a cell written as the quick look doesn't see it
_SHARED_CELL = re.compile(rb'<c [^>]*\bt="s"[^>]*>\s*<v>(\d{1,9})</v>')
_SHARED = re.compile(rb"<(?:[\w.-]+:)?si\b")
_PLACE = re.compile("([A-Za-z]{1,7})([0-9]{1,9})")
MERGE = re.compile(rb'<mergeCell ref="([A-Z]{1,7})(\d{1,9}):([A-Z]{1,7})(\d{1,9})"')
_ERROR_CELL = re.compile(
    rb'<c r="([A-Z]{1,7})(\d{1,9})"[^>]*\bt="e"[^>]*>\s*(?:<f[^>]*/>|<f[^>]*>[^<]*</f>)?'
    rb"\s*<v[^>]*>([^<]*)</v>"
)
_FORMULA_ONLY = re.compile(
    rb'<c r="([A-Z]{1,7})(\d{1,9})"([^>]*[^>/])?>\s*<f(?:[^>]*/>|[^>]*>([^<]*)</f>)'
    rb"\s*(<v\s*/>|<v>\s*</v>)?\s*</c>"
)
_TEXTS = re.compile(rb"<(?:[\w.-]+:)?sst\b[^>]*>")
_COUNT = re.compile(rb"\buniqueCount\s*=\s*[\"']([^\"']*)[\"']")
LEAST_TEXT = 5  # bytes of the shortest shared text, <si/>
_IS_HIDDEN = re.compile(rb'\bhidden="(?:1|true)"')
_HIDDEN_ROW = re.compile(rb'<row\b(?=[^>]*\bhidden="(?:1|true)")[^>]*?\br="(\d{1,9})"')
_COL = re.compile(rb"<col\b[^>]*>")
_COL_ENDS, _COL_ENDS_MAX = re.compile(rb'\bmin="(\d{1,9})"'), re.compile(rb'\bmax="(\d{1,9})"')
_COMMENTS = re.compile(rb'Target="([^"]*/comments?\d*\.xml)"')
_COMMENT = re.compile(rb"<(?:[\w.-]+:)?comment\b")
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_REL = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"


def read_workbook(
    opened: Opened,
    *,
    max_cells: int = DOCUMENT_CELLS,
    max_text: int = DOCUMENT_TEXT,
    as_seen: bool = False,
) -> Iterator[Worksheet]:
    """Yield the visible and hidden sheets of an xlsx, xls, ods or Excel 2003 XML file, in order, none above
    ``max_cells`` or ``max_text`` bytes; ``as_seen`` with how their cells look, and those of an ods with the
    text they show.

    Raises ``ZS-IN-04`` (password), ``ZS-IN-05`` (broken), ``ZS-IN-08`` (document type) or ``ZS-IN-10`` (too
    large).
    """
    if opened.kind in ("ods", "excelxml"):
        read = read_ods if opened.kind == "ods" else read_excel_xml
        yield from read(opened, max_cells=max_cells, max_text=max_text, as_seen=as_seen)
        return
    if opened.kind == "xls" and is_locked(opened):
        raise ZhunshengError("ZS-IN-04", name=opened.name)
    old = opened.kind == "xls"
    data = sound_xls(opened, max_cells, max_text) if old else opened.data
    looks = look_xls(opened) if old else iter(())
    try:
        measured = None if old else _Measured(opened, max_cells, max_text, as_seen=as_seen)
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        unseen = {s.name for s in book.sheets_metadata if s.visible != SheetVisibleEnum.Visible}
        for name in book.sheet_names:
            # One after the other: what is to be told of all sheets together can take more room than they do.
            look = measured.look(name) if measured else next(looks, Look())
            sheet = book.get_sheet_by_name(name)
            rows = sheet.to_python(skip_empty_area=False)
            merged = sheet.merged_cell_ranges if rows else None
            _pad(rows, {} if as_seen else look.padded)
            hidden = replace(look.hidden, sheet=name in unseen)
            spans = _spans(merged or [], rows, opened.name, name)
            yield Worksheet(
                name,
                rows,
                spans,
                look.percents,
                look.faults,
                hidden,
                look.comments,
                look.of_1904,
                appearance=look.appearance,
            )
    except PasswordError:
        raise ZhunshengError("ZS-IN-04", name=opened.name) from None
    except ZhunshengError:
        raise
    except BaseException as error:  # calamine raises a family of errors; its panics are no Exception
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        raise ZhunshengError("ZS-IN-05", name=opened.name, detail=first_line(error)) from None


class _Measured:
    """The worksheets of an xlsx, each looked through before the library makes room for it."""

    def __init__(self, opened: Opened, max_cells: int, max_text: int, *, as_seen: bool) -> None:
        """Read what holds for all of them. Raises ``ZS-IN-05``, ``-07`` or ``-08``."""
        self._opened, self._most = opened, (max_cells, max_text)
        self._texts = _count_strings(opened)
        self._of_1904 = of_1904(opened)
        self._styles = {} if as_seen else number_styles(opened)  # values as they are shown need none
        self._shown = Looks(opened) if as_seen else None
        self._paths = dict(sheet_paths(opened))

    def look(self, name: str) -> Look:
        """Return what is to be told of a worksheet. Raises as ``read_workbook``, ``ZS-IN-05`` for one that
        the library alone knows of.
        """
        if (path := self._paths.get(name)) is None:
            detail = worded("没有找到工作表“{name}”", name=name)
            raise ZhunshengError("ZS-IN-05", name=self._opened.name, detail=detail)
        look = _inspect(self._opened, name, path, self._texts, self._styles, *self._most)
        appearance = self._shown.of(path) if self._shown else Appearance()
        notes = comments(self._opened, path)
        return replace(look, comments=notes, of_1904=self._of_1904, appearance=appearance)


def _count_strings(opened: Opened) -> list[int]:
    """Return how many bytes each shared text takes at most; refuse a table that says it has more texts than
    its bytes can hold.

    Raises ``ZS-IN-05``.
    The library makes room for as many as it says before it reads one: a count of 100 billion ends the
    process.
    """
    assert opened.archive is not None
    longest: list[int] = []
    for member in opened.archive.members:
        if not member.filename.lower().endswith("sharedstrings.xml"):
            continue
        data = opened.member(
            member
        )  # each one that bears the name: which of them is read, is the library's choice
        for head in _TEXTS.findall(data):
            for said in _COUNT.findall(head):
                count = whole(said.decode("ascii", "replace"), 12)
                if count is None or count > len(data) // LEAST_TEXT:
                    detail = worded(
                        "共有文字表说有 {said} 条，与内容不符", said=said[:20].decode("ascii", "replace")
                    )
                    raise ZhunshengError("ZS-IN-05", name=opened.name, detail=detail)
        starts = [found.start() for found in _SHARED.finditer(data)]
        lengths = [after - start for start, after in pairwise([*starts, len(data)])]
        longest = [max(pair) for pair in zip_longest(longest, lengths, fillvalue=0)]
    return longest


def _spans(
    merged: list[Any], rows: list[list[Any]], file: str, sheet: str
) -> dict[tuple[int, int], tuple[int, int]]:
    height, width = len(rows), max(map(len, rows), default=0)
    spans = {}
    for (top, left), (bottom, right) in merged:
        if (bottom - top + 1) * (right - left + 1) > MAX_SPAN:
            raise ZhunshengError(
                "ZS-IN-10",
                name=file,
                where=worded("工作表“{sheet}”", sheet=sheet),
                detail=worded("合并单元格过大"),
            )
        if top < height and left < width:
            spans[top, left] = (min(bottom, height - 1) - top + 1, min(right, width - 1) - left + 1)
    return spans


def sheet_paths(opened: Opened) -> list[tuple[str, str]]:
    """Return the worksheets of an xlsx file in order, as (name, path in the archive)."""
    return [(name, path) for name, path, _hidden in sheets_of(opened)]


def sheets_of(opened: Opened) -> list[tuple[str, str, bool]]:
    """Return the worksheets of an xlsx in order, as (name, path in the archive, whether it is hidden).

    Raises ``ZS-IN-05`` where two are the same part or bear the same name.
    """
    targets = {r.get("Id"): r.get("Target") or "" for r in opened.xml("xl/_rels/workbook.xml.rels")}
    found = []
    for sheet in opened.xml("xl/workbook.xml").iter(f"{_MAIN}sheet"):
        target = targets.get(sheet.get(f"{_REL}id"), "")
        path = target.lstrip("/") if target.startswith("/") else posixpath.normpath(f"xl/{target}")
        found.append((sheet.get("name") or "", path, sheet.get("state", "visible") != "visible"))
    names, paths = ({one[n] for one in found} for n in (0, 1))
    if min(len(names), len(paths)) < len(found):
        detail = worded("两张工作表同名") if len(names) < len(found) else worded("两张工作表在同一处")
        raise ZhunshengError("ZS-IN-05", name=opened.name, detail=detail)
    return found


def of_1904(opened: Opened) -> bool:
    """Say whether an xlsx counts its days from 1904 on, as Excel for the Mac did."""
    said = opened.xml("xl/workbook.xml").find(f"{_MAIN}workbookPr")
    return said is not None and said.get("date1904") in ("1", "true")


def comments(opened: Opened, path: str) -> int:
    """Return how many comments stand on the cells of a worksheet of an xlsx."""
    assert opened.archive is not None
    related = f"{posixpath.dirname(path)}/_rels/{posixpath.basename(path)}.rels"
    if related not in opened.archive.names:
        return 0
    parts = set()  # each once, however often it is named
    for target in _COMMENTS.findall(opened.member(related)):
        said = target.decode("utf8", "replace")
        parts.add(said.lstrip("/") if said.startswith("/") else posixpath.normpath(f"xl/worksheets/{said}"))
    return sum(len(_COMMENT.findall(opened.member(part))) for part in parts & opened.archive.names)


def _inspect(  # noqa: PLR0913 - what a sheet is measured by
    opened: Opened,
    name: str,
    path: str,
    texts: list[int],
    styles: Mapping[bytes, int],
    max_cells: int,
    max_text: int,
) -> Look:
    """Measure a sheet in its raw XML before anything allocates it; return its cells of the ``styles`` whose
    format says more, faults and hidden parts.
    """
    data = opened.member(path)
    if b"<!DOCTYPE" in data[:4096] or data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise ZhunshengError("ZS-IN-08", name=opened.name)
    where = worded("工作表“{name}”", name=name)
    for match in MERGE.finditer(data):
        rows = int(match[4]) - int(match[2]) + 1
        columns = column_of(match[3]) - column_of(match[1]) + 1
        if rows * columns > MAX_SPAN:
            raise ZhunshengError(
                "ZS-IN-10",
                name=opened.name,
                where=where,
                detail=worded("合并单元格跨 {n} 格", n=f"{rows * columns:,}"),
            )
    odd = _ODD.search(data) is not None
    repeated = max(texts, default=0) * (data.count(b"<v") + data.count(b":v")) > max_text
    measured = None
    if repeated and not odd and data.count(b't="s"') == len(numbers := _SHARED_CELL.findall(data)):
        size = sum(texts[at] for one in numbers if (at := int(one)) < len(texts))
        refuse_too_much_text(size, max_text, opened.name, where)
    elif odd or repeated:
        refuse_tags(data, opened.name, 4 * max_cells)
        measured = _measure(data, texts, styles, opened.name, where, max_cells, max_text)
    deep = _DEEP.search(data)
    width = 0 if deep else max(map(column_of, set(_LETTERS.findall(data))), default=0)
    if deep or width * 100_000 > min(SPARSE_FROM, max_cells):
        filled, last, used = 0, 0, set()
        for piece in pieces(data):  # millions of cells at once would take a gigabyte
            places = _FILLED.findall(piece)
            filled += len(places)
            used |= {letters for letters, _row in places}
            last = max(last, max(map(int, {row for _letters, row in places}), default=0))
        refuse_too_large(last, max(map(column_of, used), default=0), filled, opened.name, where, max_cells)
    if odd and measured:
        return measured
    look = Look(faults=_faults(data), hidden=hidden_parts(data))
    if not styles:
        return look
    styled = re.compile(rb'<c r="([A-Z]{1,7})(\d{1,9})" s="(' + b"|".join(sorted(styles)) + rb')"')
    cells = {(int(row) - 1, column_of(letters) - 1): styles[s] for letters, row, s in styled.findall(data)}
    return numbered(look, cells)


def _pad(rows: list[list[Any]], padded: Mapping[tuple[int, int], int]) -> None:
    """Put noughts before whole numbers that a sheet shows so."""
    for (row, column), width in padded.items():
        if row < len(rows) and column < len(rows[row]):
            rows[row][column] = with_noughts(rows[row][column], width)


def with_noughts(value: Any, width: int) -> Any:
    """Return a whole number as a format of so many noughts shows it; what has a fraction or more figures than
    a sheet keeps is left as it is, as is what is no number.
    """
    if not isinstance(value, int | float) or isinstance(value, bool) or value % 1 or not 0 <= value < 10**15:
        return value
    return f"{int(value):0{width}d}"


def _faults(data: bytes) -> dict[tuple[int, int], str]:
    found = {}
    if b't="e"' in data:
        for letters, row, error in _ERROR_CELL.findall(data):
            found[int(row) - 1, column_of(letters) - 1] = error.decode()
    if b"<f" in data:
        for match in _FORMULA_ONLY.finditer(data):
            # A formula whose kept result is the empty text has its (empty) value and says so by its type.
            if b't="str"' not in (match[3] or b"") or not match[5]:
                formula = html.unescape((match[4] or b"").decode("utf8", "replace"))
                found[int(match[2]) - 1, column_of(match[1]) - 1] = f"={formula}"
    return found


def hidden_parts(data: bytes) -> Hidden:
    rows: list[int] = []
    columns: set[int] = set()
    if b"hidden=" in data:
        for tag in _HIDDEN_ROW.findall(data):
            rows.append(int(tag))
        for tag in _COL.findall(data):
            if len(columns) >= MAX_COLUMNS:
                break
            ends = _COL_ENDS.search(tag), _COL_ENDS_MAX.search(tag)
            if _IS_HIDDEN.search(tag) and ends[0] and ends[1]:
                columns |= set(range(int(ends[0][1]), min(int(ends[1][1]), MAX_COLUMNS) + 1))
    return Hidden(rows=tuple(rows), columns=tuple(sorted(columns)))


def _measure(  # noqa: PLR0913 - what a sheet is measured by
    data: bytes,
    texts: list[int],
    styles: Mapping[bytes, int],
    name: str,
    where: str,
    max_cells: int,
    max_text: int,
) -> Look:
    """Read a sheet as XML, cell by cell, where the quick look is not enough; return what that would.
    Raises as ``read_workbook``.
    """
    rows = columns = filled = size = row = column = 0
    faults: dict[tuple[int, int], str] = {}
    cells: dict[tuple[int, int], int] = {}
    hidden_rows: list[int] = []
    hidden_columns: set[int] = set()
    try:
        for event, element in etree.iterparse(
            io.BytesIO(data),
            ("start", "end"),
            tag=("{*}row", "{*}c", "{*}col"),
            resolve_entities=False,
            no_network=True,
        ):
            kind = str(element.tag).rpartition("}")[2]
            hidden = event == "start" and element.get("hidden") in ("1", "true")
            if kind == "col":
                first, last = (whole(element.get(end) or "", 9) or 0 for end in ("min", "max"))
                if hidden and len(hidden_columns) < MAX_COLUMNS:
                    hidden_columns |= set(range(first, min(last, MAX_COLUMNS) + 1))
            elif event == "start" and kind == "row":
                row, column = (whole(str(element.get("r") or ""), 9) or row + 1), 0
                hidden_rows += [row] if hidden else []
            elif event == "start":
                said = _PLACE.fullmatch(element.get("r") or "")
                row, column = (
                    (int(said[2]), column_of(said[1].upper().encode())) if said else (row, column + 1)
                )
            elif kind == "c" and len(element):
                rows, columns, filled = max(rows, row), max(columns, column), filled + 1
                at = whole((element.findtext("{*}v") or "").strip(), 9) if element.get("t") == "s" else None
                size += texts[at] if at is not None and at < len(texts) else 0
                if fault := _fault(element):
                    faults[row - 1, column - 1] = fault
                if (style := (element.get("s") or "").encode()) in styles:
                    cells[row - 1, column - 1] = styles[style]
                element.clear()
            else:
                element.clear()
    except etree.XMLSyntaxError as error:
        raise ZhunshengError("ZS-IN-05", name=name, detail=first_line(error)) from None
    refuse_too_large(rows, columns, filled, name, where, max_cells)
    refuse_too_much_text(size, max_text, name, where)
    hidden_parts = Hidden(rows=tuple(hidden_rows), columns=tuple(sorted(hidden_columns)))
    return numbered(Look(faults=faults, hidden=hidden_parts), cells)


def _fault(cell: etree._Element) -> str | None:
    """Return what a cell holds instead of a value: an error, or a formula whose result was never kept."""
    parts = {str(part.tag).rpartition("}")[2]: part for part in cell}
    value, formula = parts.get("v"), parts.get("f")
    shown = (value.text or "").strip() if value is not None else ""
    if cell.get("t") == "e":
        return shown or "#N/A"
    # A formula whose kept result is the empty text has its (empty) value and says so by its type.
    if formula is None or shown or (cell.get("t") == "str" and value is not None):
        return None
    return f"={formula.text or ''}"


def number_styles(opened: Opened) -> dict[bytes, int]:
    """Return the styles whose number format says more than the value: 0 for those that show percents, for
    those that show a number with noughts before it how many figures it has.
    """
    assert opened.archive is not None
    if "xl/styles.xml" not in opened.archive.names:
        return {}
    root = opened.xml("xl/styles.xml")
    formats = {f.get("numFmtId"): f.get("formatCode") or "" for f in root.iter(f"{_MAIN}numFmt")}
    found = {}
    for index, xf in enumerate(root.iterfind(f"{_MAIN}cellXfs/{_MAIN}xf")):
        number = xf.get("numFmtId") or ""
        code = "0%" if number in ("9", "10") else formats.get(number, "")
        if (figures := figures_shown(code)) is not None:
            found[str(index).encode()] = figures
    return found


def column_of(letters: bytes) -> int:
    """Return the number (from 1) of a column by its letters."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _exact(value: float) -> Decimal:
    """Return a number without binary noise: whole ones to the last digit, large ones to a hundredth
    of a fen.
    """
    if math.isfinite(value) and value == int(value) and abs(value) < 2**53:
        return Decimal(int(value))
    return Decimal(f"{value:.4f}" if 1e8 <= abs(value) < 1e15 else f"{value:.12g}")


def show(value: Any, *, percent: bool = False) -> str:
    """Return a cell value as the sheet shows it: 0.9 in percent format as 90%, dates as ISO,
    whole floats as integers.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, int | float):
        number = _exact(value)
        if percent:
            number *= 100
        text = f"{number:f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
        return text + ("%" if percent else "")
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time().isoformat() == "00:00:00" else value.isoformat(" ")
    if isinstance(value, date):
        return value.isoformat()
    return str(value)
