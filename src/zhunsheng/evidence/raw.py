"""A ledger file as it was loaded: a table of texts, and how much of a file is let through."""

from __future__ import annotations

import ctypes
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import duckdb
import pyarrow as pa

from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence.bounds import Bounds
from zhunsheng.evidence.headers import Head
from zhunsheng.evidence.ledgers import Ledger
from zhunsheng.evidence.mappings import LedgerMapping
from zhunsheng.files.sheets import Hidden
from zhunsheng.translation import series, translatable, worded
from zhunsheng.wording import row_place

EXCEL_ERROR = translatable("是 Excel 的错误值")
# A double holds 15 decimal digits and a bit: of a longer number Excel has put zeros for the last ones.
DIGITS_LOST = 10**15
BEYOND = "_over IS NOT NULL"  # the condition (SQL) of a row with something beyond the header
LISTED = 10  # rows or columns listed in a note before it only counts


@dataclass(frozen=True)
class Layout:
    """One table of a file that was read: its worksheet, its header, and how many rows stand under it.

    ``above`` are the lines before the header with their texts (line 0: outside the table of a page), ``bare``
    the columns without a title that hold something, ``comments`` how many notes stand on cells,
    ``spread`` how many cells took the value of the merged one that covers them, ``merged`` the amounts that
    did so: first and last row, and column.
    """

    sheet: str | None
    head: Head
    rows: int
    above: tuple[tuple[int, str], ...] = ()
    hidden: Hidden = field(default_factory=Hidden)
    bare: tuple[str, ...] = ()
    comments: int = 0
    spread: int = 0
    merged: tuple[tuple[int, int, str], ...] = ()


@dataclass
class Raw:
    """A file loaded as table ``raw``: _id (in the file's order), _sheet, _row as the sheet counts it,
    _lead (its first text, whatever the column), _over (what stands beyond the header) and a text c{n} for
    each used column.

    ``columns`` maps a ledger's column to its n, ``faults`` are cells that hold no value though they seem to:
    (sheet, row, column name, why).
    ``guarded`` says that a text can have an apostrophe before what a spreadsheet would run, as
    ``text.guarded`` writes it into a csv.
    """

    ledger: Ledger
    columns: dict[str, int]
    layouts: list[Layout]
    faults: list[tuple[str | None, int, str, str]] = field(default_factory=list)
    notes: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()  # worksheets that were not read, each with the reason
    guarded: bool = False
    # The characters that occur in its texts, which are then trimmed; None where nobody looked.
    signs: frozenset[str] | None = None
    typed: frozenset[int] = (
        frozenset()
    )  # columns that were written as texts here, from values of another type
    lazy: bool = False  # whether ``raw`` is a view of the file, which no statement can change
    registered: tuple[str, ...] = ()  # what such a view reads, if not the file itself
    fractions: frozenset[str] = frozenset()  # columns of which some cells are numbers with decimals by type
    mapping: LedgerMapping | None = None  # what a person said of its columns and values
    proposed: dict[str, dict[str, str]] = field(
        default_factory=dict
    )  # by column: a spelling's proposed value
    known: dict[str, bool] = field(default_factory=dict)  # what was asked of a view's rows (``some``)

    def some(self, connection: duckdb.DuckDBPyConnection, conditions: Sequence[str]) -> list[bool]:
        """Say of each condition (SQL) whether some row meets it. Where ``raw`` is a view of the file, what
        was asked once is known until its rows change: to read the file takes longer than any question.
        """
        asked = [one for one in dict.fromkeys(conditions) if one not in self.known]
        if asked:
            looks = ", ".join(f"bool_or({one})" for one in asked)
            (found,) = connection.execute(f"SELECT {looks} FROM raw").fetchall()
            self.known |= dict(zip(asked, map(bool, found), strict=True))
        answers = [self.known[one] for one in conditions]
        if not self.lazy:
            self.known.clear()
        return answers

    def may_hold(self, signs: str) -> bool:
        """Say whether a text of it can hold one of the characters ``signs``."""
        return self.signs is None or any(sign in self.signs for sign in signs)

    def keep(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Make table ``raw`` of a view, so that its cells can be changed and its rows taken out."""
        if self.lazy:
            connection.execute("CREATE TABLE kept AS SELECT * FROM raw")
            self.drop(connection)
            connection.execute("ALTER TABLE kept RENAME TO raw")
            self.lazy = False
            self.known.clear()

    def drop(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Let table ``raw`` go, and what it was read from."""
        connection.execute(f"DROP {'VIEW' if self.lazy else 'TABLE'} raw")
        for name in self.registered:
            connection.unregister(name)
        self.registered = ()

    def texts(self) -> list[int]:
        """Return the numbers of the columns that may need cleaning."""
        return sorted({*self.columns.values()} - self.typed)

    @property
    def units(self) -> dict[str, int]:
        """In how many yuan the amounts of a money column are written, where the file says so."""
        return {name: unit for layout in self.layouts for name, unit in layout.head.units.items()}

    @property
    def torn(self) -> str:
        """The rows of a csv whose quotes can't be told, as an SQL list: each may hold lines below it, so that
        none is left out whatever its texts say.
        """
        return ", ".join(str(row) for _sheet, row, _name, _why in self.faults if self.guarded) or "NULL"


def give_back() -> None:
    """Give back to the system the memory that was freed: what read a large file kept it for more of them."""
    pa.default_memory_pool().release_unused()
    if trim := getattr(ctypes.CDLL(None), "malloc_trim", None):  # of glibc; others do it by themselves
        trim(0)


def lines_above(rows: Iterable[tuple[int, Sequence[str]]]) -> tuple[tuple[int, str], ...]:
    """Return the lines (from 1) before a header that hold something, each with its texts in a row."""
    joined = ((line, " ".join(" ".join(cells).split())) for line, cells in rows)
    return tuple((line, text) for line, text in joined if text)


def rows_listed(rows: Sequence[tuple[str | None, int]], *, several: bool, count: int | None = None) -> str:
    """Return the words for rows (sheet, number), the first ones by number; with their sheets where a file has
    ``several``. ``count`` is how many there are where not all are given.
    """
    count = count or len(rows)
    listed = series(row_place(sheet if several else None, row) for sheet, row in rows[:LISTED])
    if count > LISTED:
        return worded("第 {rows} 等 {count} 行", rows=listed, count=count)
    return worded("第 {rows} 行", rows=listed)


def too_much(name: str, detail: str) -> ZhunshengError:
    """Return the refusal of a file of which ``detail`` is more than is let through."""
    return ZhunshengError("ZS-EV-40", name=name, detail=detail)


def refuse_more(name: str, rows: int, columns: int, bounds: Bounds) -> None:
    """Refuse more rows and columns than ``bounds`` let through. Raises ``ZS-EV-40``."""
    if columns > bounds.columns:
        raise too_much(
            name,
            worded("{columns} 列，上限 {most} 列", columns=f"{columns:,}", most=f"{bounds.columns:,}"),
        )
    if rows > bounds.rows:
        raise too_much(name, worded("{rows} 行，上限 {most} 行", rows=f"{rows:,}", most=f"{bounds.rows:,}"))
    if rows * columns > bounds.cells:
        raise too_much(
            name,
            worded(
                "{rows} 行 × {columns} 列，上限 {most} 格",
                rows=f"{rows:,}",
                columns=f"{columns:,}",
                most=f"{bounds.cells:,}",
            ),
        )
