"""How the cells of an xlsx look to a person: number formats, white on white, struck through, no height."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence

from lxml import etree

from zhunsheng.files.number_formats import BUILT_IN, is_general
from zhunsheng.files.opening import Opened
from zhunsheng.files.sheets import MAX_COLUMNS, Appearance, Cell, Run, Style, of_signs, pieces
from zhunsheng.text import whole

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_OFF = ("0", "false", "none")
_ODD = re.compile(rb'<[\w.-]+:(?:c|row)[\s/>]|<c\s+(?!r="[A-Z])')
_STYLED = re.compile(rb'<c r="([A-Z]{1,7})(\d{1,9})"[^>]*?\ss="(\d{1,6})"')
_FLAT_ROW = re.compile(rb'<row\b(?=[^>]*\sht="0(?:\.0+)?")[^>]*?\sr="(\d{1,9})"')
_FLAT_COLUMN = re.compile(rb'<(?:[\w.-]+:)?col\b(?=[^>]*\swidth="0(?:\.0+)?")[^>]*>')
_ENDS = re.compile(rb'\bm(?:in|ax)="(\d{1,9})"')
_NO_ZEROS = re.compile(rb'<(?:[\w.-]+:)?sheetView\b[^>]*\sshowZeros="(?:0|false)"')
# What may colour a cell besides its own style: there white letters need not be on white.
_COLOURED = re.compile(rb"<(?:[\w.-]+:)?(?:tableParts|conditionalFormatting)\b")
_SIGNS = re.compile(rb"[Ss]ymbol|[Dd]ings")
_PLACE = re.compile(r"([A-Z]{1,7})(\d{1,9})")


class Looks:
    """Finds how the worksheets of an xlsx look. Raises ``ZS-IN-05`` or ``ZS-IN-08`` as its parts are read."""

    def __init__(self, opened: Opened) -> None:
        self._opened = opened
        self._styles = {n: style for n, style in enumerate(_styles(opened)) if style}
        self._rich = _rich_texts(opened)

    def of(self, path: str) -> Appearance:
        """Return how the worksheet at ``path`` looks."""
        data = self._opened.member(path)
        begin = max(0, data.find(b"sheetData"))  # before it stand the columns, behind it what colours cells
        head, tail = data[:begin], data[max(begin, data.rfind(b"sheetData")) :]
        found = Appearance(zeros=_NO_ZEROS.search(head) is None)
        if b' ht="0' in data:
            found.rows = {int(row) for row in _FLAT_ROW.findall(data)}
        for tag in _FLAT_COLUMN.findall(head):
            ends = [int(end) for end in _ENDS.findall(tag)]
            found.columns |= set(range(min(ends, default=1), min(max(ends, default=0), MAX_COLUMNS) + 1))
        if self._styles:
            self._take_styles(data, found)
        if _COLOURED.search(tail):
            found.white.clear()
        if self._rich or b"strike" in data or b"rFont" in data:
            for at, runs in self._rich_cells(data):
                found.take_runs(at, runs)
        return found

    def _take_styles(self, data: bytes, found: Appearance) -> None:
        """Note of the cells that have one of the styles that matter what it does to them."""
        if _ODD.search(data):
            for at, cell in _cells(data):
                if style := self._styles.get(whole(cell.get("s") or "", 6) or 0):
                    found.take(at, style)
            return
        styles = {str(number).encode(): style for number, style in self._styles.items()}
        codes = {number: style.code for number, style in styles.items() if style.code}
        others = {number for number, style in styles.items() if style.white or style.struck or style.font}
        columns = _Columns()
        for piece in pieces(data):
            cells = _STYLED.findall(piece)
            found.formats |= {(int(row) - 1, columns[c]): codes[n] for c, row, n in cells if n in codes}
            for letters, row, number in cells if others else ():
                if number in others:
                    found.take((int(row) - 1, columns[letters]), styles[number])

    def _rich_cells(self, data: bytes) -> Iterator[tuple[Cell, Sequence[Run]]]:
        """Yield the cells whose texts have several pieces, with these."""
        for at, cell in _cells(data):
            if cell.get("t") == "s":
                number = whole((cell.findtext("{*}v") or "").strip(), 9)
                if runs := self._rich.get(-1 if number is None else number):
                    yield at, runs
            elif cell.get("t") == "inlineStr":
                yield at, _runs(cell)


class _Columns(dict[bytes, int]):
    """The numbers (from 0) of columns by their letters, found once."""

    def __missing__(self, letters: bytes) -> int:
        self[letters] = _column(letters.decode())
        return self[letters]


def _cells(data: bytes) -> Iterator[tuple[Cell, etree._Element]]:
    """Yield the cells of a worksheet with their places, also where it leaves these to be counted."""
    row = column = 0
    tags = ("{*}row", "{*}c")
    for event, element in etree.iterparse(
        io.BytesIO(data), ("start", "end"), tag=tags, resolve_entities=False, no_network=True
    ):
        if event == "start" and etree.QName(element).localname == "row":
            row, column = whole(element.get("r") or "", 9) or row + 1, 0
        elif event == "start":
            said = _PLACE.fullmatch((element.get("r") or "").upper())
            row, column = (int(said[2]), _column(said[1]) + 1) if said else (row, column + 1)
        else:
            if etree.QName(element).localname == "c":
                yield (row - 1, column - 1), element
            element.clear()


def _column(letters: str) -> int:
    """Return the number (from 0) of a column by its letters."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def _styles(opened: Opened) -> Iterator[Style]:
    """Yield the styles of the cells of an xlsx in the order of their numbers."""
    assert opened.archive is not None
    if "xl/styles.xml" not in opened.archive.names:
        return
    root = opened.xml("xl/styles.xml")
    formats = BUILT_IN | {
        whole(f.get("numFmtId") or "", 9): f.get("formatCode") or "" for f in root.iter(f"{_MAIN}numFmt")
    }
    fonts = [
        (_is_white(font.find(f"{_MAIN}color")), _on(font.find(f"{_MAIN}strike")), _named(font, "name"))
        for font in root.iterfind(f"{_MAIN}fonts/{_MAIN}font")
    ]
    pale = [_is_pale(fill) for fill in root.iterfind(f"{_MAIN}fills/{_MAIN}fill")]
    for xf in root.iterfind(f"{_MAIN}cellXfs/{_MAIN}xf"):
        number, font, fill = (whole(xf.get(name) or "0", 9) or 0 for name in ("numFmtId", "fontId", "fillId"))
        white, struck, name = fonts[font] if font < len(fonts) else (False, False, "")
        code = formats.get(number, "")
        white = white and (fill >= len(pale) or pale[fill])
        yield Style("" if is_general(code) else code, white, struck, name)


def _named(font: etree._Element | None, name: str) -> str:
    """Return the name of a font, where it is one of signs."""
    named = font.find(f"{{*}}{name}") if font is not None else None
    return of_signs(named.get("val")) if named is not None else ""


def _on(toggle: etree._Element | None) -> bool:
    return toggle is not None and toggle.get("val") not in _OFF


def _is_white(color: etree._Element | None) -> bool:
    if color is None:
        return False
    tint = (color.get("tint") or "0").strip("0.-")
    white = (color.get("rgb") or "")[-6:].upper() == "FFFFFF" or color.get("indexed") in ("1", "9", "65")
    return (white or color.get("theme") == "0") and not tint


def _is_pale(fill: etree._Element) -> bool:
    """Say whether a fill leaves a cell white."""
    pattern = fill.find(f"{_MAIN}patternFill")
    if pattern is None:
        return not len(fill)
    kind = pattern.get("patternType") or "none"
    return kind == "none" or (kind == "solid" and _is_white(pattern.find(f"{_MAIN}fgColor")))


def _rich_texts(opened: Opened) -> dict[int, tuple[Run, ...]]:
    """Return the pieces of the shared texts of an xlsx that have several looks, by the text's number."""
    assert opened.archive is not None
    path = "xl/sharedStrings.xml"
    if path not in opened.archive.names:
        return {}
    data = opened.member(path)
    if b"strike" not in data and not (b"rFont" in data and _SIGNS.search(data)):
        return {}
    found = {}
    texts = etree.iterparse(io.BytesIO(data), tag="{*}si", resolve_entities=False, no_network=True)
    for number, (_event, text) in enumerate(texts):
        runs = _runs(text)
        if any(run.struck or run.font for run in runs):
            found[number] = tuple(runs)
        text.clear()
    return found


def _runs(text: etree._Element) -> list[Run]:
    """Return the pieces of a text of several looks."""
    return [
        Run(
            run.findtext("{*}t") or "",
            _named(run.find("{*}rPr"), "rFont"),
            _on(run.find("{*}rPr/{*}strike")),
        )
        for run in text.iter("{*}r")
    ]
