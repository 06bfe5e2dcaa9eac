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
