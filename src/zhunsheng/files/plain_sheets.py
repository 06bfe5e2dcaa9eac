"""Read large workbooks whose sheets are written plainly as columns of numbered texts, without an object a
cell: their XML is taken apart in pieces, and every value that occurs is read once, by calamine.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from python_calamine import CalamineWorkbook

from zhunsheng.files.opening import Opened
from zhunsheng.files.sheets import MAX_COLUMNS, Hidden, refuse_too_large
from zhunsheng.files.spreadsheet import (
    MERGE,
    column_of,
    comments,
    hidden_parts,
    number_styles,
    of_1904,
    sheets_of,
    show,
    with_noughts,
)
from zhunsheng.files.zips import UnfitZip
from zhunsheng.translation import worded

LARGE = 8 * 2**20  # bytes of a sheet's XML from where on it is worth the trouble
_BLOCK = 2**20  # bytes of XML that are taken apart at once
_LONGEST = 16 * 2**20  # bytes of one row, or of what stands before the first one
_MOST = 50_000  # values that are read at once
_ROOM = 2**16  # rows for which there is room at first
_SPARSE = 64  # rows without a cell among so many
_MAX_PAIR = 2**14  # more than a sheet has columns
Codes = npt.NDArray[np.int32]
_Places = npt.NDArray[np.int64]

_SHARED = int.from_bytes(b' t="s"><', "little")
_ENDS = int.from_bytes(b"</v></c>", "little")
_ROW = int.from_bytes(b'<row r="', "little")
_CELL = int.from_bytes(b'<c r="', "little")
_LOW = np.uint64(0x0F0F0F0F0F0F0F0F)
_HIGH = np.uint64(0xF0F0F0F0F0F0F0F0)
_ZEROS = np.uint64(0x3030303030303030)
_SIXES = np.uint64(0x0606060606060606)
_STYLE = re.compile(rb' s="(\d{1,9})"')
_DECLARED = re.compile(rb"<\?xml[^>]*\bencoding=[\"'](?!utf-8)", re.IGNORECASE)
_SI, _SI_ENDS, _BETWEEN = b"<si><t>", b"</t></si>", b"</t></si><si><t>"
# What occurs in nearly every file and of which nothing depends on whether it does.
_COMMON = bytes(c for c in range(128) if chr(c).isalnum() or chr(c) in ",.-/")
_BLANK = "".join(sign for sign in map(chr, range(0x3001)) if sign.isspace())
_SPACE = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_TYPES = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_FRAME = {
    "[Content_Types].xml": (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="xml" ContentType="application/xml"/></Types>'
    ),
    "_rels/.rels": (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="r1" Type="{_TYPES}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
    ),
    "xl/workbook.xml": (
        '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
        f'xmlns:r="{_TYPES}"><sheets><sheet name="1" sheetId="1" r:id="r1"/></sheets></workbook>'
    ),
    "xl/_rels/workbook.xml.rels": (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="r1" Type="{_TYPES}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="r2" Type="{_TYPES}/styles" Target="styles.xml"/>'
        f'<Relationship Id="r3" Type="{_TYPES}/sharedStrings" Target="sharedStrings.xml"/></Relationships>'
    ),
}


class Odd(Exception):
    """A workbook that is not written plainly: another reader takes it."""


@dataclass
class Values:
    """The values that occur in a workbook, by number: as they show (``texts``), whether each is a text by
    type (``words``), and which are numbers with decimals (``fractions``) or of more digits than a double
    holds (``large``).
    """

    texts: pa.Array = None
    words: npt.NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, bool))
    fractions: set[int] = field(default_factory=set)
    large: set[int] = field(default_factory=set)
    signs: set[str] = field(default_factory=set)  # the characters that occur in them, of the common not all
    count: int = 0
    parts: list[pa.Array] = field(default_factory=list)  # of ``texts`` and ``words``, until they are joined
    kinds: list[npt.NDArray[np.bool_]] = field(default_factory=list)

    def add(self, texts: list[str], words: Sequence[bool] | None = None) -> None:
        """Add values as they show; without ``words`` all are texts."""
        self.signs |= set("".join(texts).encode().translate(None, _COMMON).decode())
        self.parts.append(pa.array(texts, pa.string()))
        self.kinds.append(np.ones(len(texts), bool) if words is None else np.array(words, bool))
        self.count += len(texts)

    def join(self) -> None:
        """Put the parts together, once all are read, and give back the memory that they took."""
        self.texts = pa.concat_arrays(self.parts) if self.parts else pa.array([], pa.string())
        self.words = np.concatenate(self.kinds) if self.kinds else np.zeros(0, bool)
        self.parts.clear()
        self.kinds.clear()
        pa.default_memory_pool().release_unused()

    def trimmed(self) -> pa.Array:
        """Return all values as they show, without blanks at their ends."""
        if not any(sign.isspace() for sign in self.signs):
            return self.texts
        from pyarrow import compute  # here: a tenth of a second that no small file pays

        return compute.utf8_trim(self.texts, characters=_BLANK)


@dataclass
class PlainSheet:
    """A worksheet as numbers of ``values`` by column, -1 where a cell is empty; rows and columns from 0."""

    name: str
    values: Values
    columns: list[Codes]
    rows: int
    spans: dict[tuple[int, int], tuple[int, int]]
    hidden: Hidden
    comments: int = 0

    def first(self, count: int) -> list[list[Any]]:
        """Return the first rows as the sheet shows them."""
        texts = self.values.texts
        return [
            [texts[int(column[row])].as_py() if column[row] >= 0 else "" for column in self.columns]
            for row in range(min(count, self.rows))
        ]


def read_plain(
    opened: Opened, max_cells: int, max_text: int, said: Callable[[float], None]
) -> list[PlainSheet] | None:
    """Return the sheets of an xlsx with a large one, all written plainly; None for any other.
    ``said`` is told which fraction is read. Raises ``ZS-IN-*`` as ``read_workbook``.
    """
    if opened.kind != "xlsx" or opened.archive is None:
        return None
    archive = opened.archive
    found = sheets_of(opened)
    sizes = {member.filename: member.file_size for member in archive.members}
    if not any(sizes.get(path, 0) >= LARGE for _name, path, _hidden in found):
        return None
    try:
        if of_1904(opened) or any("worksheets/" not in path for _name, path, _hidden in found):
            raise Odd
        values = Values()
        styles = opened.member("xl/styles.xml") if "xl/styles.xml" in archive.names else b""
        shared = [name for name in archive.names if name.lower().endswith("sharedstrings.xml")]
        if shared not in ([], ["xl/sharedStrings.xml"]):
            raise Odd
        whole = sum(sizes[name] for name in (*shared, *(path for _name, path, _hidden in found)))
        done = 0

        def pieces(name: str) -> Iterator[bytes]:
            nonlocal done
            for piece in archive.pieces(name, _BLOCK):
                yield piece
                done += len(piece)
                said(done / whole)

        for name in shared:
            _read_shared(pieces(name), values, styles)
        pool: dict[bytes, int] = {}
        taken = [_Sheet(values.count, pool) for _one in found]
        for sheet, (_name, path, _hidden) in zip(taken, found, strict=True):
            sheet.read(pieces(path))
        _read_pool(pool, values, styles, number_styles(opened))
        values.join()
        made = []
        for sheet, (name, path, unseen) in zip(taken, found, strict=True):
            where = worded("工作表“{name}”", name=name)
            refuse_too_large(sheet.last, len(sheet.cells), sheet.filled, opened.name, where, max_cells)
            columns = sheet.columns()
            _bounded(columns, values, max_text)
            hidden = Hidden(unseen, tuple(sheet.hidden_rows), sheet.hidden_columns)
            made.append(
                PlainSheet(name, values, columns, sheet.last, sheet.spans, hidden, comments(opened, path))
            )
        return made
    except (Odd, KeyError, UnfitZip):
        return None


def lengths(texts: pa.Array) -> npt.NDArray[np.int32]:
    """Return of texts how many bytes each takes."""
    _valid, offsets, _data = texts.buffers()
    ends = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1]
    return np.diff(ends)


def _bounded(columns: list[Codes], values: Values, max_text: int) -> None:
    """Leave to the other reader, which says why it refuses it, a sheet whose texts come to too much."""
    sizes = np.append(lengths(values.texts), 0)
    if sum(int(sizes[column].sum(dtype=np.int64)) for column in columns) > max_text:
        raise Odd


# -- texts and values
# --------------------------------------------------------------------------------------------------------


def _read_shared(pieces: Iterator[bytes], values: Values, styles: bytes) -> None:
    """Read the table of shared texts, a piece at a time."""
    rest, begun = b"", False
    for piece in pieces:
        rest += piece
        if not begun:
            at = rest.find(b"<sst")
            at = rest.find(b">", at) + 1 if at >= 0 else 0
            if not at or _DECLARED.match(rest) or b"<!" in rest[:at] or rest[at - 2 : at] == b"/>":
                raise Odd
            rest, begun = rest[at:], True
        cut = rest.rfind(b"</si>") + 5
        if cut > 4:
            _add_shared(rest[:cut], values, styles)
            rest = rest[cut:]
        if len(rest) > _LONGEST:
            raise Odd
    if rest.strip() != b"</sst>":
        raise Odd


def _add_shared(data: bytes, values: Values, styles: bytes) -> None:
    inner = data[len(_SI) : -len(_SI_ENDS)]
    plain = data.startswith(_SI) and data.endswith(_SI_ENDS) and b"&" not in inner and b"_x" not in inner
    if plain and b"\r" not in inner and inner.count(b"<") == 4 * inner.count(_BETWEEN):
        try:
            values.add(inner.decode().split(_BETWEEN.decode()))
        except UnicodeDecodeError:
            raise Odd from None
        return
    count = data.count(b"<si>") + data.count(b"<si/>") + data.count(b"<si ")
    cells = [b' t="s"><v>%d</v>' % n for n in range(count)]
    found = _values_of(cells, styles, b"<sst " + _SPACE + b">" + data + b"</sst>")
    if not all(isinstance(value, str) for value in found):
        raise Odd
    values.add(found)


def _read_pool(pool: dict[bytes, int], values: Values, styles: bytes, formats: Mapping[bytes, int]) -> None:
    """Read the cells that are no shared texts, each that occurs once, by what stands between its place and
    its end.
    """
    cells, begun = list(pool), values.count
    for start in range(0, len(cells), _MOST):
        some = cells[start : start + _MOST]
        if any(b't="e"' in cell for cell in some):
            raise Odd
        texts, words = [], []
        for n, (cell, value) in enumerate(zip(some, _values_of(some, styles), strict=True), begun + start):
            style = _STYLE.match(cell)
            width = formats.get(style[1]) if style else None
            shown = with_noughts(value, width) if width else value
            texts.append(show(shown, percent=width == 0))
            words.append(isinstance(shown, str))
            if isinstance(value, int | float) and not isinstance(value, bool):
                if isinstance(value, float) and value % 1:
                    values.fractions.add(n)
                if abs(value) >= 10**15:
                    values.large.add(n)
        values.add(texts, words)


def _values_of(cells: Sequence[bytes], styles: bytes, shared: bytes = b"") -> list[Any]:
    """Return what calamine makes of cells, each in a row of a sheet of its own. Raises ``Odd``."""
    rows = b"".join(b'<row r="%d"><c r="A%d"%s</c></row>' % (n, n, cell) for n, cell in enumerate(cells, 1))
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as target:
        for name, text in _FRAME.items():
            target.writestr(name, text)
        target.writestr("xl/styles.xml", styles or b"<styleSheet " + _SPACE + b"/>")
        target.writestr("xl/sharedStrings.xml", shared or b"<sst " + _SPACE + b"/>")
        sheet = b"<worksheet " + _SPACE + b"><sheetData>" + rows + b"</sheetData></worksheet>"
        target.writestr("xl/worksheets/sheet1.xml", sheet)
    made.seek(0)
    try:
        read = CalamineWorkbook.from_filelike(made).get_sheet_by_index(0).to_python(skip_empty_area=False)
    except BaseException as error:  # calamine raises a family of errors; its panics are no Exception
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        raise Odd from None
    return [row[0] if row else "" for row in read] + [""] * (len(cells) - len(read))


# -- cells
# --------------------------------------------------------------------------------------------------------


def _number(words: npt.NDArray[np.uint64], digits: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Return the numbers that begin eight bytes each, of one to eight ``digits``. Raises ``Odd``."""
    kept = words << (np.uint64(64) - digits * np.uint64(8))
    filled = kept | (_ZEROS >> (digits * np.uint64(8) % np.uint64(64))) * (digits < 8)
    if (((filled & _HIGH) ^ _ZEROS) | (((filled + _SIXES) & _HIGH) ^ _ZEROS)).any():
        raise Odd
    found = kept & _LOW
    found = (found * np.uint64(2561)) >> np.uint64(8) & np.uint64(0x00FF00FF00FF00FF)
    found = (found * np.uint64(6553601)) >> np.uint64(16) & np.uint64(0x0000FFFF0000FFFF)
    return (found * np.uint64(42949672960001)) >> np.uint64(32)


class _Sheet:
    """A worksheet while it is read: its cells in blocks of rows."""

    def __init__(self, shared: int, pool: dict[bytes, int]) -> None:
        self.shared = shared  # how many shared texts there are: numbers of other values come after
        self.pool = pool
        self.cells: list[Codes] = []  # by column, with room for more rows
        self.spans: dict[tuple[int, int], tuple[int, int]] = {}
        self.hidden_rows: list[int] = []
        self.hidden_columns: tuple[int, ...] = ()
        self.last = self.filled = 0
        self._row = 0  # the last that was read, filled or not

    def read(self, pieces: Iterator[bytes]) -> None:
        """Read the XML of the sheet. Raises ``Odd``."""
        rest, begun = b"", False
        for piece in pieces:
            rest += piece
            if not begun and (at := rest.find(b"<sheetData>")) >= 0:
                head = rest[:at]
                if (
                    _DECLARED.match(head)
                    or b"<!" in head
                    or not head.lstrip().startswith((b"<?xml", b"<work"))
                ):
                    raise Odd
                self.hidden_columns = hidden_parts(head).columns
                rest, begun = rest[at + len(b"<sheetData>") :], True
            cut = rest.rfind(b"</row>") + 6 if begun else 0
            if cut > 5:
                self._block(rest[:cut])
                rest = rest[cut:]
            if len(rest) > _LONGEST:
                raise Odd
        if not begun or not rest.startswith(b"</sheetData>"):
            raise Odd
        self._merged(rest)

    def _merged(self, tail: bytes) -> None:
        found = MERGE.findall(tail)
        if len(found) != tail.count(b"<mergeCell ") or b":mergeCell" in tail:
            raise Odd
        for left, top, right, bottom in found:
            first, last = column_of(left) - 1, column_of(right) - 1
            self.spans[int(top) - 1, first] = (int(bottom) - int(top) + 1, last - first + 1)

    def columns(self) -> list[Codes]:
        """Return the cells by column, of all rows from the first to the last that has one."""
        made = [column[: self.last] for column in self.cells]
        self.cells.clear()
        return made

    def _block(self, data: bytes) -> None:
        """Take some whole rows apart."""
        bytes_ = np.frombuffer(data + bytes(16), np.uint8)
        words = np.ndarray((len(data),), "<u8", bytes_, strides=(1,))
        tags = np.flatnonzero(bytes_ == ord("<"))
        one, two = bytes_[tags + 1], bytes_[tags + 2]
        # A comment, a formula, or what else no plain sheet has.
        if ((one == ord("!")) | (one == ord("?")) | (one == ord("f"))).any():
            raise Odd
        opens, ends = (one == ord("c")) & (two == ord(" ")), (one == ord("/")) & (two == ord("c"))
        row_tags = (one == ord("r")) & (two == ord("o"))
        at = np.flatnonzero(opens)
        cells, following = tags[at], tags[at + 1]
        if (bytes_[following - 1] != ord(">")).any():
            raise Odd
        closed = bytes_[following - 2] == ord("/")
        begins, stops = at[~closed], np.flatnonzero(ends)
        if len(begins) != len(stops) or (stops <= begins).any() or (stops[:-1] >= begins[1:]).any():
            raise Odd
        steps = np.zeros(len(tags), np.int8)
        steps[begins], steps[stops] = 1, -1
        inside = np.cumsum(steps, dtype=np.int8)
        row_ends = (one == ord("/")) & (two == ord("r"))
        outside = (inside == 0) & (steps == 0)
        if (outside & ~row_tags & ~row_ends & ~opens).any() or inside[at[closed]].any():
            raise Odd
        rows = np.flatnonzero(row_tags & outside)
        numbers, owner, width, keys = self._rows(
            words, bytes_, tags[rows], np.searchsorted(at, rows), len(at)
        )
        column, after = self._places(words, bytes_, cells, owner, width, keys)
        pair = owner * _MAX_PAIR + column
        if (pair[1:] <= pair[:-1]).any():
            raise Odd
        full = ~closed
        codes = self._codes(data, words, bytes_, following[full], after[full], tags[stops])
        self._keep(numbers, owner[full], column[full], codes)
        if b'hidden="' in data:
            self.hidden_rows += hidden_parts(data).rows

    def _rows(
        self,
        words: npt.NDArray[np.uint64],
        bytes_: npt.NDArray[np.uint8],
        places: _Places,
        cells: _Places,
        count: int,
    ) -> tuple[_Places, _Places, npt.NDArray[np.uint64], npt.NDArray[np.uint64]]:
        """Return the numbers of the rows that begin at ``places``; of each cell which it is in; of each row
        how many digits its number has, and these. ``cells`` are how many stand before each row.
        """
        if not len(places) or (words[places] != _ROW).any() or cells[0]:
            raise Odd
        width = np.zeros(len(places), np.uint64)
        for digits in range(7, 0, -1):
            width[bytes_[places + 8 + digits] == ord('"')] = digits
        if not width.all():
            raise Odd
        numbers = _number(words[places + 8], width).astype(np.int64)
        if numbers[0] <= self._row or (np.diff(numbers) <= 0).any():
            raise Odd
        self._row = int(numbers[-1])
        keys = words[places + 8] << (np.uint64(64) - width * np.uint64(8))
        owner = np.repeat(np.arange(len(places)), np.diff(np.append(cells, count)))
        return numbers, owner, width, keys

    def _places(
        self,
        words: npt.NDArray[np.uint64],
        bytes_: npt.NDArray[np.uint8],
        cells: _Places,
        owner: _Places,
        width: npt.NDArray[np.uint64],
        keys: npt.NDArray[np.uint64],
    ) -> tuple[_Places, _Places]:
        """Return the columns of cells (from 0), and where the sign after the place of each stands. Raises
        ``Odd`` for a cell whose place is not in the row that it stands in.
        """
        if ((words[cells] & np.uint64(2**48 - 1)) != _CELL).any():
            raise Odd
        letters = [bytes_[cells + 6 + n].astype(np.int64) - 64 for n in range(3)]
        more = letters[1] > 0
        third = more & (letters[2] > 0)
        if (letters[0] < 1).any() or any((one > 26).any() for one in letters[:1]):
            raise Odd
        column = np.where(more, letters[0] * 26 + letters[1], letters[0])
        column = np.where(third, column * 26 + letters[2], column) - 1
        if len(column) and column.max() >= MAX_COLUMNS:
            raise Odd
        digits = cells + 7 + more + third
        own = width[owner]
        after = digits + own.astype(np.int64)
        if (bytes_[after] != ord('"')).any():
            raise Odd
        if ((words[digits] << (np.uint64(64) - own * np.uint64(8))) != keys[owner]).any():
            raise Odd
        return column, after + 1

    def _codes(
        self,
        data: bytes,
        words: npt.NDArray[np.uint64],
        bytes_: npt.NDArray[np.uint8],
        content: _Places,
        after: _Places,
        ends: _Places,
    ) -> Codes:
        """Return the numbers of the values of cells: where their content begins, where what stands behind
        their place does, and where they end.
        """
        digits = ends - 7 - content
        shared = (words[content - 7] == _SHARED) & (words[ends - 4] == _ENDS)
        shared &= (bytes_[content + 1] == ord("v")) & (bytes_[content + 2] == ord(">"))
        shared &= (digits >= 1) & (digits <= 8)
        codes = np.empty(len(content), np.int32)
        found = _number(words[content[shared] + 3], digits[shared].astype(np.uint64))
        if len(found) and found.max() >= self.shared:
            raise Odd
        codes[shared] = found
        if not shared.all():
            pool, begun = self.pool, self.shared
            others = zip(after[~shared].tolist(), ends[~shared].tolist(), strict=True)
            codes[~shared] = [begun + pool.setdefault(data[a:b], len(pool)) for a, b in others]
        return codes

    def _keep(self, numbers: _Places, owner: _Places, column: _Places, codes: Codes) -> None:
        """Keep the cells of some rows."""
        first, last = int(numbers[0]), int(numbers[-1])
        if not len(codes):
            return
        if last - first + 1 > _SPARSE * (len(numbers) + _SPARSE):
            raise Odd
        self.filled += len(codes)
        self.last = int(numbers[owner[-1]])
        room = len(self.cells[0]) if self.cells else 0
        if self.last > room:
            room = max(self.last, room + room // 2, _ROOM)
            self.cells = [_longer(cells, room) for cells in self.cells]
        while len(self.cells) <= column.max():
            self.cells.append(np.full(room, -1, np.int32))
        row = numbers[owner] - 1
        for at in range(len(self.cells)):
            own = column == at
            self.cells[at][row[own]] = codes[own]


def _longer(cells: Codes, room: int) -> Codes:
    made = np.full(room, -1, np.int32)
    made[: len(cells)] = cells
    return made
