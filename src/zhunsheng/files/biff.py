"""Look into an xls (Excel 97–2003, WPS .et): what its values omit (errors, percents, what is hidden), and
whether the library that reads the values can be trusted with it.
"""

from __future__ import annotations

import contextlib
import struct
from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

from zhunsheng.errors import ZhunshengError
from zhunsheng.files.bounds import BIFF_MAX_COLUMNS, BIFF_MAX_CONTINUED, BIFF_MAX_STYLES, BIFF_MAX_WALKED
from zhunsheng.files.compound import Compound, UnfitCompound, holding
from zhunsheng.files.number_formats import BUILT_IN, figures_shown, is_general
from zhunsheng.files.opening import Opened
from zhunsheng.files.sheets import (
    Appearance,
    Hidden,
    Look,
    Run,
    Style,
    numbered,
    of_signs,
    refuse_too_large,
    refuse_too_much_text,
)
from zhunsheng.translation import raised_with, worded

_ERRORS = {0: "#NULL!", 7: "#DIV/0!", 15: "#VALUE!", 23: "#REF!", 29: "#NAME?", 36: "#NUM!", 42: "#N/A"}
_FILEPASS, _HEAD_RECORDS = 0x2F, 8
_BOF, _EOF, _SHEET, _1904, _FONT, _FORMAT, _XF = 0x0809, 0x0A, 0x85, 0x22, 0x31, 0x041E, 0xE0
_ROW, _COLINFO, _BOOLERR, _FORMULA, _NUMBER, _RK, _MULRK, _NOTE = (
    0x0208,
    0x7D,
    0x0205,
    0x06,
    0x0203,
    0x027E,
    0xBD,
    0x1C,
)


_LABELS = (0xFD, 0x0204, 0xD6)  # cells of text
_VALUES = frozenset((_NUMBER, _RK, _MULRK, _FORMULA, _BOOLERR, *_LABELS))  # records that hold a cell
_DIMENSIONS, _SHARED, _CONTINUE, _OF_SHARED, _NOTHING = 0x0200, 0xFC, 0x3C, 0xFD, 0xFFFF
_LEAST_TEXT = 3  # bytes of the shortest shared text
_LONG_FORMULA = 600  # bytes of a record; the library takes time by the square of them
_BESIDE = 100_000  # records beside those of cells: of rows, pictures, notes
_MERGED = 0xE5
_WINDOW = 0x023E
_BIFF_8 = 0x0600
_WHITE = (1, 9, 65)  # numbers of colours: of the palette, and that of the window's ground
_NO_FONT = 4  # the number that no font has


@dataclass
class _Found:
    """What was found of one worksheet."""

    faults: dict[tuple[int, int], str] = field(default_factory=dict)
    numbered: dict[tuple[int, int], int] = field(default_factory=dict)  # as ``figures_shown``
    rows: list[int] = field(default_factory=list)
    columns: set[int] = field(default_factory=set)
    comments: int = 0
    appearance: Appearance = field(default_factory=Appearance)


def look_xls(opened: Opened) -> Iterator[Look]:
    """Yield what is to be told of the worksheets of an xls, in the order of their names.

    Raises ``ZS-IN-05`` for a file whose parts can't be found.
    """
    try:
        book = _workbook(opened.compound or Compound(opened.data))
        yield from _looks(book)
    except (UnfitCompound, KeyError, struct.error, IndexError, ValueError, OverflowError) as error:
        raise ZhunshengError("ZS-IN-05", name=opened.name, detail=str(error)[:120]) from None


def sound_xls(opened: Opened, max_cells: int, max_text: int) -> bytes:
    """Return an xls as the library reads it: its workbook in sectors that are sound, without formulas so long
    that they take it minutes, and without a statement of size that no such file can have.

    The library makes room for as many texts and cells as a file says it has, and for those between the first
    and the last, before it reads one: counts that can't be would end the process. Raises ``ZS-IN-05``, and
    ``ZS-IN-10`` for more than ``max_cells`` cells or ``max_text`` bytes of text in all sheets together.
    """
    try:
        whole = opened.compound or Compound(opened.data)
        book = _workbook(whole)
        patches = _patches(book, opened.name, max_cells, max_text)
    except (UnfitCompound, KeyError, struct.error, IndexError) as error:
        raise ZhunshengError("ZS-IN-05", name=opened.name, detail=str(error)[:120]) from None
    except ValueError as error:
        raise ZhunshengError("ZS-IN-05", name=opened.name, detail=raised_with(error)) from None
    mended = bytearray(book)
    del book
    for at, number in patches:
        struct.pack_into("<H", mended, at, number)
    return holding("Workbook" if "Workbook" in whole else "Book", mended)


def _places(book: bytes) -> list[int]:
    """Return where the sheets of a workbook begin. Raises ``ValueError`` for counts that it can't have."""
    places, continued = [], 0
    for kind, at, _length, _depth in _walk(book, 0):
        if kind == _EOF:
            break
        continued = continued + 1 if kind == _CONTINUE else 0
        if kind == _SHEET:
            places.append(struct.unpack_from("<I", book, at)[0])
        elif kind == _SHARED:
            count = struct.unpack_from("<I", book, at + 4)[0]
            if count > (len(book) - at) // _LEAST_TEXT:
                raise ValueError(worded("共有文字表说有 {said} 条，与内容不符", said=str(count)))
        elif continued > BIFF_MAX_CONTINUED:
            raise ValueError(worded("一条记录分成了太多段"))
    if len(set(places)) < len(places):
        raise ValueError(worded("两张工作表在同一处"))
    return places


@dataclass
class _Sum:
    """What the sheets of a workbook come to so far, which the library reads all at once."""

    name: str
    max_cells: int
    max_text: int
    cells: int = 0
    text: int = 0  # bytes
    merged: int = 0
    records: int = 0
    walked: int = 0  # bytes that were gone through

    def most_records(self) -> int:
        return 2 * self.max_cells + _BESIDE

    def refuse_too_much(self, book: bytes) -> None:
        """Raise ``ZS-IN-10``; ``ValueError`` for sheets that lie within one another."""
        where = worded("工作表")
        refuse_too_much_text(self.text, self.max_text, self.name, where)
        detail = ""
        if self.cells > self.max_cells:
            detail = worded("超过 {most} 个单元格", most=f"{self.max_cells:,}")
        elif self.merged > self.max_cells // 4:
            detail = worded("合并单元格过大")
        elif self.records > self.most_records():
            detail = worded("超过 {most} 条记录", most=f"{self.most_records():,}")
        elif self.walked > BIFF_MAX_WALKED * len(book):
            raise ValueError(worded("工作表互相重叠"))
        if detail:
            raise ZhunshengError("ZS-IN-10", name=self.name, where=where, detail=detail)


def _patches(book: bytes, name: str, max_cells: int, max_text: int) -> list[tuple[int, int]]:
    """Return what must be another number before the library reads the sheets: (byte of the stream, number).

    Raises ``ValueError`` for cells in an order or at a place that a sheet can't have, or for sheets that lie
    within one another, ``ZS-IN-10`` for too many cells, merged ones, records or bytes of text.
    """
    found: list[tuple[int, int]] = []
    sizes, total = _sizes(book, max_cells), _Sum(name, max_cells, max_text)
    for place in _places(book):
        found += _patches_of(book, place, sizes, total)
        total.refuse_too_much(book)
    return found


def _patches_of(book: bytes, place: int, sizes: array[int], total: _Sum) -> Iterator[tuple[int, int]]:
    """Yield the patches of one sheet and add what it comes to; stop where that is too much. Raises as
    ``_patches``.
    """
    rows = columns = filled = 0
    at = length = 0
    for kind, at, length, depth in _walk(book, place):
        total.records += 1
        if total.records > total.most_records() or filled > total.max_cells or total.text > total.max_text:
            break
        if kind == _DIMENSIONS:  # no more than a hint, for which the library takes all the room it names
            yield at - 4, _NOTHING
        elif kind == _MERGED:
            total.merged += struct.unpack_from("<H", book, at)[0]
        # A chart within a sheet is passed over; a sheet that begins with no beginning is read all the same.
        elif depth <= 1 and kind in _VALUES:
            row, column = struct.unpack_from("<2H", book, at)
            end = column + (max(1, (length - 6) // 6) if kind == _MULRK else 1)
            if end > BIFF_MAX_COLUMNS or row + 1 < rows:
                raise ValueError(worded("第 {row} 行的单元格不在应在的位置", row=row + 1))
            rows, columns, filled = row + 1, max(columns, end), filled + end - column
            if kind == _FORMULA and length > _LONG_FORMULA:
                yield at + 20, 0
            if kind == _OF_SHARED:
                number = struct.unpack_from("<I", book, at + 6)[0]
                total.text += sizes[number] if number < len(sizes) else 0
            elif kind in _LABELS:
                total.text += length
    total.walked += max(0, at + length - place)
    room = total.max_cells - total.cells
    refuse_too_large(rows, columns, filled, total.name, worded("工作表"), room)
    total.cells += max(filled, rows * columns)


def _walk(book: bytes, at: int) -> Iterator[tuple[int, int, int, int]]:
    """Yield the records of one part of a workbook, with those of parts within it: kind, where its content
    begins, its length, how deep it stands, from 1.
    """
    depth = 0
    while at + 4 <= len(book):
        kind, length = struct.unpack_from("<HH", book, at)
        depth += kind == _BOF
        yield kind, at + 4, length, depth
        depth -= kind == _EOF
        if kind == _EOF and depth <= 0:
            return
        at += 4 + length


def is_locked(opened: Opened) -> bool:
    """Say whether an xls is encrypted, by the record that stands before all cells then."""
    try:
        book = _workbook(opened.compound or Compound(opened.data))
        return any(kind == _FILEPASS for kind, _at, _length in islice(_records(book, 0), _HEAD_RECORDS))
    except (UnfitCompound, KeyError, struct.error):
        return False


def _workbook(whole: Compound) -> bytes:
    """Return the stream of the workbook out of the compound file that an xls is."""
    name = next((name for name in ("Workbook", "Book") if name in whole), "Workbook")
    return whole.stream(name)


def _records(book: bytes, at: int) -> Iterator[tuple[int, int, int]]:
    """Yield the records of one part of a workbook and of none within it, as a chart is within a sheet: kind,
    where its content begins, its length.
    """
    for kind, place, length, depth in _walk(book, at):
        if depth == 1 and kind not in (_BOF, _EOF):
            yield kind, place, length


def _looks(book: bytes) -> Iterator[Look]:
    places: list[int] = []
    formats = dict(BUILT_IN)
    fonts: list[_Font] = []
    frames: list[bytes] = []  # of the styles of cells
    of_1904 = False
    is_8 = struct.unpack_from("<H", book, 4)[0] == _BIFF_8
    for kind, at, length in _records(book, 0):
        if kind == _SHEET:
            places.append(struct.unpack_from("<I", book, at)[0])
        elif kind == _1904:
            of_1904 = struct.unpack_from("<H", book, at)[0] == 1
        elif kind == _FORMAT:
            formats[struct.unpack_from("<H", book, at)[0]] = _code(book[at + 2 : at + length], is_8=is_8)
        elif kind == _FONT:
            if len(fonts) >= BIFF_MAX_STYLES:
                continue
            fonts += [_Font()] if len(fonts) == _NO_FONT else []
            fonts.append(_font(book[at : at + length], is_8=is_8))
        elif kind == _XF and len(frames) < BIFF_MAX_STYLES:
            frames.append(book[at : at + length])
    rich = _rich(book, fonts)
    styles = [_style(frame, formats, fonts) for frame in frames]
    numbers = {n: figures for n, s in enumerate(styles) if (figures := figures_shown(s.code)) is not None}
    for place in places:
        found = _Found()
        for kind, at, length in _records(book, place):
            _take(found, book, kind, at, length, numbers)
            _see(found.appearance, book, kind, at, length, styles)
            if rich and kind == _OF_SHARED:
                row, column, _style_number, number = struct.unpack_from("<3HI", book, at)
                if (row, column) not in found.appearance.struck:
                    found.appearance.take_runs((row, column), rich.get(number, ()))
        hidden = Hidden(rows=tuple(found.rows), columns=tuple(sorted(found.columns)))
        yield numbered(
            Look(
                faults=found.faults,
                hidden=hidden,
                comments=found.comments,
                of_1904=of_1904,
                appearance=found.appearance,
            ),
            found.numbered,
        )


def _code(said: bytes, *, is_8: bool) -> str:
    """Return a number format as it is written: of two bytes a sign, or of one."""
    if not is_8:
        return said[1 : 1 + said[0]].decode("gb18030", "replace")
    count, wide = struct.unpack_from("<HB", said)
    return (
        said[3 : 3 + 2 * count].decode("utf-16-le", "replace")
        if wide & 1
        else said[3 : 3 + count].decode("latin-1")
    )


@dataclass(frozen=True)
class _Font:
    """How a font looks, and its name where it is one of signs."""

    white: bool = False
    struck: bool = False
    name: str = ""


def _font(said: bytes, *, is_8: bool) -> _Font:
    options, colour = struct.unpack_from("<2H", said, 2)
    name = said[15 : 15 + said[14]].decode("latin-1") if len(said) > 15 else ""
    if is_8 and len(said) > 16:
        wide = said[15] & 1
        name = said[16 : 16 + said[14] * (1 + wide)].decode("utf-16-le" if wide else "latin-1", "replace")
    return _Font(colour in _WHITE, bool(options & 8), of_signs(name))


class _Texts:
    """Reads the shared texts, which go on from record to record."""

    def __init__(self, pieces: list[bytes]) -> None:
        self.pieces = pieces
        self.piece = self.at = 0

    def take(self, count: int) -> bytes:
        """Return the next bytes that are no characters."""
        found = b""
        while len(found) < count:
            if self.at >= len(self.pieces[self.piece]):
                self.piece, self.at = self.piece + 1, 0
            part = self.pieces[self.piece][self.at : self.at + count - len(found)]
            found += part
            self.at += len(part)
        return found

    def skip(self, count: int) -> None:
        """Pass over bytes that nobody asks for: a file may claim any number of them."""
        while count > 0:
            if self.at >= len(self.pieces[self.piece]):
                self.piece, self.at = self.piece + 1, 0
            step = min(count, len(self.pieces[self.piece]) - self.at)
            self.at, count = self.at + step, count - step

    def signs(self, count: int, wide: int) -> str:
        """Return the next characters; each record says anew how wide they are."""
        found = ""
        while count > 0:
            if self.at >= len(self.pieces[self.piece]):
                self.piece, self.at = self.piece + 1, 1
                wide = self.pieces[self.piece][0] & 1
            part = self.pieces[self.piece][self.at : self.at + count * (1 + wide)]
            self.at += len(part)
            count -= max(1, len(part) // (1 + wide))
            found += part.decode("utf-16-le" if wide else "latin-1", "replace")
        return found


def _shared(book: bytes) -> list[bytes]:
    """Return the table of shared texts in the records that it lies in."""
    pieces: list[bytes] = []
    before = 0
    for kind, at, length in _records(book, 0):
        if kind == _SHARED or (kind == _CONTINUE and before == _SHARED):
            pieces.append(book[at : at + length])
            kind = _SHARED
        before = kind
    return pieces


def _texts(pieces: list[bytes]) -> Iterator[tuple[str, list[tuple[int, int]]]]:
    """Yield the shared texts, each with where its fonts change and to which: (character, font)."""
    texts = _Texts(pieces)
    _total, count = struct.unpack("<2I", texts.take(8))
    for _number in range(min(count, sum(map(len, pieces)) // _LEAST_TEXT)):
        length, flags = struct.unpack("<HB", texts.take(3))
        changes = struct.unpack("<H", texts.take(2))[0] if flags & 8 else 0
        beyond = struct.unpack("<I", texts.take(4))[0] if flags & 4 else 0
        text = texts.signs(length, flags & 1)
        marks = list(struct.iter_unpack("<2H", texts.take(4 * changes)))
        texts.skip(beyond)
        yield text, marks


def _sizes(book: bytes, most: int) -> array[int]:
    """Return how many bytes the shared texts take, as far as they can be read: one may stand in each cell.
    Raises ``ValueError`` for more than ``most``.
    """
    found = array("I")
    if pieces := _shared(book):
        with contextlib.suppress(struct.error, IndexError):
            for text, _marks in _texts(pieces):
                found.append(len(text.encode("utf8", "replace")))
                if len(found) > most:
                    raise ValueError(worded("共有文字超过 {most} 条", most=f"{most:,}"))
    return found


def _rich(book: bytes, fonts: list[_Font]) -> dict[int, tuple[Run, ...]]:
    """Return the shared texts of which some is struck through or of a font of signs, by their number."""
    if not any(font.struck or font.name for font in fonts) or not (pieces := _shared(book)):
        return {}
    found = dict[int, tuple[Run, ...]]()
    for number, (text, marks) in enumerate(_texts(pieces)):
        ends = [*(at for at, _font_number in marks[1:]), len(text)]
        runs = [Run(text[: marks[0][0]])] if marks else []
        for (at, font_number), end in zip(marks, ends, strict=False):
            font = fonts[font_number] if font_number < len(fonts) else _Font()
            runs.append(Run(text[at:end], font.name, font.struck))
        if any(run.struck or run.font for run in runs):
            found[number] = tuple(runs)
    return found


def _style(frame: bytes, formats: dict[int, str], fonts: list[_Font]) -> Style:
    """Return what a style does to what its cells show."""
    number_of_font, number = struct.unpack_from("<2H", frame)
    font = fonts[number_of_font] if number_of_font < len(fonts) else _Font()
    white = font.white
    if len(frame) >= 20:
        pattern, colours = frame[17] >> 2, struct.unpack_from("<H", frame, 18)[0]
        white = white and (pattern == 0 or (pattern == 1 and colours & 0x7F in _WHITE))
    code = formats.get(number, "")
    return Style("" if is_general(code) else code, white and len(frame) >= 20, font.struck, font.name)


def _see(seen: Appearance, book: bytes, kind: int, at: int, length: int, styles: list[Style]) -> None:
    """Note how cells look, and what has no height or width."""
    if kind in (_NUMBER, _RK, _FORMULA, *_LABELS):
        row, column, style = struct.unpack_from("<3H", book, at)
        if style < len(styles) and styles[style]:
            seen.take((row, column), styles[style])
    elif kind == _MULRK:
        row, first = struct.unpack_from("<2H", book, at)
        for n in range((length - 6) // 6):
            style = struct.unpack_from("<H", book, at + 4 + 6 * n)[0]
            if style < len(styles) and styles[style]:
                seen.take((row, first + n), styles[style])
    elif kind == _ROW:
        row, height = struct.unpack_from("<H4xH", book, at)
        seen.rows |= {row + 1} if height & 0x7FFF == 0 else set()
    elif kind == _COLINFO:
        first, last, width = struct.unpack_from("<3H", book, at)
        seen.columns |= (
            _between(first, last) if width == 0 and len(seen.columns) < BIFF_MAX_COLUMNS else set()
        )
    elif kind == _WINDOW:
        seen.zeros = bool(struct.unpack_from("<H", book, at)[0] & 0x10)


def _between(first: int, last: int) -> set[int]:
    """Return the numbers from 1 of columns numbered from 0, as far as this format has any."""
    return set(range(first + 1, min(last + 1, BIFF_MAX_COLUMNS) + 1))


def _take(found: _Found, book: bytes, kind: int, at: int, length: int, numbers: Mapping[int, int]) -> None:
    if kind in (_NUMBER, _RK, _FORMULA, _BOOLERR):
        row, column, style = struct.unpack_from("<3H", book, at)
        if kind == _BOOLERR:
            value, is_error = struct.unpack_from("<2B", book, at + 6)
            if is_error:
                found.faults[row, column] = _ERRORS.get(value, "#N/A")
        elif kind == _FORMULA and book[at + 12 : at + 14] == b"\xff\xff" and book[at + 6] == 2:
            found.faults[row, column] = _ERRORS.get(book[at + 8], "#N/A")
        elif style in numbers:
            found.numbered[row, column] = numbers[style]
    elif kind == _MULRK and numbers:
        row, first = struct.unpack_from("<2H", book, at)
        for n in range((length - 6) // 6):
            style = struct.unpack_from("<H", book, at + 4 + 6 * n)[0]
            if style in numbers:
                found.numbered[row, first + n] = numbers[style]
    elif kind == _ROW:
        if struct.unpack_from("<I", book, at + 12)[0] & 0x20:
            found.rows.append(struct.unpack_from("<H", book, at)[0] + 1)
    elif kind == _COLINFO:
        first, last, _width, _style, options = struct.unpack_from("<5H", book, at)
        if options & 1 and len(found.columns) < BIFF_MAX_COLUMNS:
            found.columns |= _between(first, last)
    elif kind == _NOTE:
        found.comments += 1
