"""A worksheet as every reader of workbooks returns it, and how large one may be."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from zhunsheng.errors import ZhunshengError
from zhunsheng.translation import worded

MAX_COLUMNS = 2_000  # filled columns; the widest real export seen has 60
# From so many cells on, one in so many holds something: each takes memory.
SPARSE_FROM, MAX_SPARSE = 4_000_000, 64
MAX_SPAN = 2_000_000  # cells under one merged cell
MAX_ROWS = 2**20  # that a worksheet can have
_BEGIN, _PIECE = b'<c r="', 2**20  # where a cell begins; bytes looked through at once
Cell = tuple[int, int]  # row and column, from 0


@dataclass(frozen=True)
class Hidden:
    """What of a worksheet nobody sees who opens it: the sheet itself, rows and columns (from 1).
    A ledger is read with it, a document of targets without.
    """

    sheet: bool = False
    rows: tuple[int, ...] = ()
    columns: tuple[int, ...] = ()

    def __bool__(self) -> bool:
        return self.sheet or bool(self.rows) or bool(self.columns)


_SIGNS = re.compile(r"symbol|dings", re.IGNORECASE)  # in the names of fonts of symbols


def of_signs(font: str | None) -> str:
    """Return the name of a font that may show signs in the place of letters, nothing for any other."""
    return font if font and _SIGNS.search(font) else ""


@dataclass(frozen=True)
class Run:
    """A piece of a cell's text: its font, where that is one of signs, and whether it is struck through."""

    text: str
    font: str = ""
    struck: bool = False


@dataclass
class Style:
    """What a cell's style does to what it shows."""

    code: str = ""  # its number format, where it is more than a general one
    white: bool = False
    struck: bool = False
    font: str = ""  # where it is one of signs

    def __bool__(self) -> bool:
        return bool(self.code) or self.white or self.struck or bool(self.font)


@dataclass
class Appearance:
    """How the cells of one worksheet look; rows and columns without height or width count from 1."""

    formats: dict[Cell, str] = field(default_factory=dict)
    white: set[Cell] = field(default_factory=set)
    struck: set[Cell] = field(default_factory=set)  # cells that are struck through as a whole
    fonts: dict[Cell, str] = field(default_factory=dict)  # of signs
    runs: dict[Cell, tuple[Run, ...]] = field(
        default_factory=dict
    )  # of texts of which some is struck or of signs
    rows: set[int] = field(default_factory=set)
    columns: set[int] = field(default_factory=set)
    zeros: bool = True  # whether it shows them

    def take(self, at: Cell, style: Style) -> None:
        """Note what the style of a cell does to it."""
        if style.code:
            self.formats[at] = style.code
        if style.white:
            self.white.add(at)
        if style.struck:
            self.struck.add(at)
        if style.font:
            self.fonts[at] = style.font

    def take_runs(self, at: Cell, runs: Sequence[Run]) -> None:
        """Note the pieces of a cell's text, where one is struck through or of a font of signs."""
        if any(run.struck or run.font for run in runs):
            self.runs[at] = tuple(runs)


@dataclass
class Worksheet:
    """One worksheet: cell values by row, from A1; ``spans`` maps an anchor (row, column) to (rows,
    columns) covered.

    Rows and columns count from 0; ``percents`` are the cells whose number format shows percent.
    ``faults`` are the cells without a value where there should be one: an Excel error (#N/A),
    or a formula (=C2+4) whose result was never kept.
    """

    name: str
    rows: list[list[Any]]
    spans: dict[tuple[int, int], tuple[int, int]] = field(default_factory=dict)
    percents: frozenset[tuple[int, int]] = frozenset()
    faults: dict[tuple[int, int], str] = field(default_factory=dict)
    hidden: Hidden = field(default_factory=Hidden)
    comments: int = 0  # notes on its cells, which are not read
    of_1904: bool = False  # whether its bare numbers count days from 1904 on, not from 1900
    around: tuple[str, ...] = ()  # texts of a page that stand before its table, or behind the last one
    appearance: Appearance = field(default_factory=Appearance)  # where it is read as a person sees it


def refuse_too_large(rows: int, columns: int, filled: int, name: str, where: str, max_cells: int) -> None:
    """Raise ``ZS-IN-10`` when the filled cells span more than would fit; formatted but empty ones do not
    count.
    """
    if columns > MAX_COLUMNS:
        raise ZhunshengError(
            "ZS-IN-10",
            name=name,
            where=where,
            detail=worded("{columns} 列，上限 {most} 列", columns=f"{columns:,}", most=f"{MAX_COLUMNS:,}"),
        )
    cells = rows * columns
    if cells > max_cells or (cells > SPARSE_FROM and cells > MAX_SPARSE * filled):
        raise ZhunshengError(
            "ZS-IN-10",
            name=name,
            where=where,
            detail=worded("{rows} 行 × {columns} 列", rows=f"{rows:,}", columns=f"{columns:,}"),
        )


def refuse_too_much_text(size: int, most: int, name: str, where: str) -> None:
    """Raise ``ZS-IN-10`` where the texts of a worksheet, each as often as it stands there, come to more
    bytes.
    """
    if size > most:
        said = f"{size / 2**20:,.0f}", f"{most / 2**20:,.0f}"
        detail = worded("文字重复写出有 {size} MB，上限 {most} MB", size=said[0], most=said[1])
        raise ZhunshengError("ZS-IN-10", name=name, where=where, detail=detail)


@dataclass
class Growing:
    """A worksheet of ``file`` while its rows are read one after another, of at most ``max_cells`` and
    ``max_text`` bytes; ``at`` is the row that comes next, from 0, ``columns`` how many were described.

    Rows that are hidden are kept as ranges, whatever their count, and come to no more than there are rows
    with cells.
    """

    file: str
    name: str
    max_cells: int
    max_text: int
    hidden: bool = False
    at: int = 0
    columns: int = 0
    comments: int = 0
    rows: list[list[Any]] = field(default_factory=list)
    spans: dict[Cell, Cell] = field(default_factory=dict)
    percents: set[Cell] = field(default_factory=set)
    faults: dict[Cell, str] = field(default_factory=dict)
    appearance: Appearance = field(default_factory=Appearance)
    _hidden_rows: list[list[int]] = field(
        default_factory=list
    )  # the first and the last of each range, from 1
    _flat_rows: list[list[int]] = field(default_factory=list)
    _hidden_columns: set[int] = field(default_factory=set)
    _width: int = 0
    _filled: int = 0
    _text: int = 0

    def where(self) -> str:
        """Return what the worksheet is called in a message."""
        return worded("工作表“{name}”", name=self.name)

    def hide_rows(self, count: int, *, flat: bool = False) -> None:
        """Note that so many rows from the next one on are hidden, or ``flat``: of no height."""
        ranges = self._flat_rows if flat else self._hidden_rows
        if ranges and ranges[-1][1] == self.at:
            ranges[-1][1] += count
        else:
            ranges.append([self.at + 1, self.at + count])

    def hide_columns(self, first: int, last: int, *, flat: bool = False) -> None:
        """Note that columns, from 1, are hidden, or ``flat``: of no width."""
        unseen = self.appearance.columns if flat else self._hidden_columns
        if len(unseen) < MAX_COLUMNS:
            unseen |= set(range(first, min(last, MAX_COLUMNS) + 1))

    def span(self, column: int, height: int, width: int) -> None:
        """Note a merged cell of the next row. Raises ``ZS-IN-10``."""
        if height * width > MAX_SPAN:
            detail = worded("合并单元格跨 {n} 格", n=f"{height * width:,}")
            raise ZhunshengError("ZS-IN-10", name=self.file, where=self.where(), detail=detail)
        if height * width > 1:
            self.spans[self.at, column] = (height, width)

    def refuse(self, rows: int, columns: int, filled: int) -> None:
        """Raise ``ZS-IN-10`` for more than fits, before room is made for it."""
        refuse_too_large(rows, columns, filled, self.file, self.where(), self.max_cells)

    def take(self, values: list[Any], count: int, filled: int, text: int) -> None:
        """Put in the next row, ``count`` times one below the other, without going on: its values of which so
        many are ``filled`` and have so many bytes of ``text``. Raises ``ZS-IN-10``.
        """
        self._width = max(self._width, len(values))
        self._filled, self._text = self._filled + filled * count, self._text + text * count
        self.refuse(self.at + count, self._width, self._filled)
        refuse_too_much_text(self._text, self.max_text, self.file, self.where())
        self.rows += [[] for _row in range(self.at - len(self.rows))]
        self.rows += [list(values) for _row in range(count)]

    def finished(self, *, of_1904: bool = False) -> Worksheet:
        """Return the worksheet."""
        last, wide = len(self.rows), self._width
        spans = {
            (r, c): (min(h, last - r), min(w, wide - c))
            for (r, c), (h, w) in self.spans.items()
            if r < last and c < wide
        }
        hidden, flat = (
            [row for first, end in ranges for row in range(first, min(end, last) + 1)]
            for ranges in (self._hidden_rows, self._flat_rows)
        )
        self.appearance.rows |= set(flat)
        return Worksheet(
            self.name,
            self.rows,
            spans,
            frozenset(self.percents),
            self.faults,
            Hidden(self.hidden, tuple(hidden), tuple(sorted(self._hidden_columns))),
            self.comments,
            of_1904,
            appearance=self.appearance,
        )


@dataclass(frozen=True)
class Look:
    """What a file says of a worksheet that its values don't; fields as of ``Worksheet``."""

    percents: frozenset[tuple[int, int]] = frozenset()
    faults: dict[tuple[int, int], str] = field(default_factory=dict)
    hidden: Hidden = field(default_factory=Hidden)
    comments: int = 0
    of_1904: bool = False
    appearance: Appearance = field(default_factory=Appearance)
    padded: dict[tuple[int, int], int] = field(
        default_factory=dict
    )  # shown with noughts: of how many figures


def numbered(look: Look, cells: Mapping[tuple[int, int], int]) -> Look:
    """Return a look with the cells whose number format says more than their value (``figures_shown``)."""
    percents = frozenset(at for at, width in cells.items() if not width)
    return replace(look, percents=percents, padded={at: width for at, width in cells.items() if width})


def pieces(data: bytes) -> Iterator[bytes]:
    """Yield a sheet's XML in pieces of a mebibyte or more, each from the beginning of a cell to that of
    another.
    """
    start = 0
    while start < len(data):
        end = data.find(_BEGIN, start + _PIECE)
        end = len(data) if end < 0 else end
        yield data[start:end]
        start = end
