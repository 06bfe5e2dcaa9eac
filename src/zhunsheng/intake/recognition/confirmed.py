"""Tables whose columns a person confirmed: known again by the words over them, refused where their cells are
something else now; and what a table shows so that a person can confirm it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from zhunsheng.intake import labels
from zhunsheng.intake.grid import Grid, clipped
from zhunsheng.intake.layouts import FIELDS, Key, Layout, LayoutColumn, key_of, misfit, word_of
from zhunsheng.intake.recognition.content import Class, is_value
from zhunsheng.intake.recognition.headers import (
    FORM,
    TALLEST,
    Column,
    Header,
    columns_at,
    is_indicator,
    numbers_columns,
    own_cells,
    proposed,
)
from zhunsheng.intake.recognition.rows import said
from zhunsheng.targets import Place
from zhunsheng.translation import Worded

_JOINT = " / "  # between the words over a column, the lowest last
_SHOWN = 3  # samples of a column
_LONGEST_HEAD = 20  # characters of a cell that may be the head of a column in words of an office's own
How = Literal["words", "content", "confirmed", ""]


@dataclass(frozen=True)
class TableColumn:
    """A column of a table as a person is to confirm it: its head as the document has it, what it holds, some
    of its cells, the field it was read as (None: none), and how that was told.
    """

    words: str
    head: str
    holds: Class
    samples: tuple[str, ...]
    field: str | None
    how: How
    cells: tuple[str, ...] = ()


@dataclass(frozen=True)
class TableRead:
    """A table of a document: where its header stands, of which sheet (from 0) it is, its columns, by which
    confirmed layout it was read if any, and whether it was read at all.
    """

    place: Place
    sheet: int | None
    columns: tuple[TableColumn, ...]
    headed: bool
    read: bool
    layout: Layout | None = None

    @property
    def key(self) -> Key:
        """What its layout is known by."""
        return key_of((one.words for one in self.columns), headed=self.headed)

    @property
    def sure(self) -> bool:
        """Whether all of its columns were told by their words or by what a person confirmed."""
        return self.read and all(one.how != "content" for one in self.columns)

    def proposal(self) -> Layout:
        """Return its layout as it was read, which nobody has confirmed yet."""
        columns = [LayoutColumn(words=one.words, field=one.field, holds=one.holds) for one in self.columns]
        return Layout(columns=tuple(columns), headed=self.headed)


@dataclass
class Known:
    """The layouts by which a document is read, by their keys, and the words that stand in them."""

    layouts: dict[Key, Layout] = field(default_factory=dict)
    words: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, layouts: Iterable[Layout]) -> Known:
        """Return the confirmed layouts as they are looked up; of two of a key the first."""
        known = cls()
        for one in layouts:
            if one.confirmed_by:
                known.layouts.setdefault(one.key, one)
                known.words |= {word for c in one.columns for word in c.words.split(_JOINT)}
        return known

    def at(self, grid: Grid, row: int, year: int | None) -> tuple[Header, dict[int, Worded]] | None:
        """Return the header of a confirmed layout that begins at a row, with the columns (by number) whose
        cells are not what was confirmed and what they are; None where none begins there.
        """
        if not self.layouts or not self._among(grid, row, year):
            return None
        for height in range(1, TALLEST + 1):
            if height > 1 and (
                row + height > len(grid.rows) or not self._among(grid, row + height - 1, year)
            ):
                return None
            columns = told_columns(columns_at(grid, row, height))
            layout = self.layouts.get(key_of((_words(one, year) for one in columns), headed=True))
            if layout is not None:
                while row + height < len(grid.rows) and numbers_columns(list(own_cells(grid, row + height))):
                    height += 1
                return _headed(layout, columns, height)
        return None

    def unheaded(self, header: Header) -> tuple[Header, dict[int, Worded]] | None:
        """Return what was confirmed of rows that begin without a header, as ``at`` does."""
        columns = told_columns(header.columns)
        layout = self.layouts.get(key_of((one.holds for one in columns), headed=False))
        return _headed(layout, columns, 0) if layout is not None else None

    def _among(self, grid: Grid, row: int, year: int | None) -> bool:
        """Say whether every text of a row's own is a head of a layout."""
        heads = [labels.clean(text) for _, text in own_cells(grid, row)]
        told = [word_of(head, year) for head in heads if head and not head.isdigit()]
        return bool(told) and all(word in self.words or word in FORM for word in told)


def _headed(layout: Layout, columns: Sequence[Column], height: int) -> tuple[Header, dict[int, Worded]]:
    fields: dict[str, int] = {}
    wrong: dict[int, Worded] = {}
    for one, confirmed in zip(columns, layout.columns, strict=True):
        if confirmed.field is None:
            continue
        if (holds := misfit(confirmed.field, one.cells, one.holds, confirmed.holds)) is not None:
            wrong[one.number] = holds
        fields[confirmed.field] = one.number
    if "stated" in fields:
        fields["name"] = fields["stated"]
    return Header(fields, height, columns=tuple(columns), layout=layout), wrong


def told_columns(columns: Iterable[Column]) -> list[Column]:
    """Return the columns that say something: not the form's own label at the side, and no empty ones."""
    return [
        one
        for one in columns
        if one.holds != "empty" or (one.heads and labels.clean(one.heads[-1]) not in FORM)
    ]


def _words(one: Column, year: int | None) -> str:
    heads = [word_of(labels.clean(head), year) for head in one.heads]
    return _JOINT.join(head for head in heads if head and (len(heads) == 1 or head not in FORM))


def table_of(header: Header, place: Place, sheet: int | None, year: int | None) -> TableRead | None:
    """Return what a header's table shows; None for one whose columns stand in groups."""
    if not header.columns:
        return None
    columns = told_columns(header.columns)
    guessed = {number for number, _ in header.guessed}
    by_number = {number: name for name, number in header.fields.items() if name in FIELDS}
    if "stated" in header.fields:
        by_number[header.fields["stated"]] = "stated"
    told = []
    for one in columns:
        name = by_number.get(one.number)
        how: How = "confirmed" if header.layout else "content" if one.number in guessed else "words"
        told.append(_shown(one, name, how if name or header.layout else "", year, headed=header.height > 0))
    return TableRead(place, sheet, tuple(told), header.height > 0, read=True, layout=header.layout)


def _shown(one: Column, name: str | None, how: How, year: int | None, *, headed: bool) -> TableColumn:
    cells = [text for text in map(said, one.cells) if text]
    samples = tuple(clipped(text) for text in dict.fromkeys(cells))[:_SHOWN]
    words = _words(one, year) if headed else one.holds
    return TableColumn(words, " ".join(one.heads), one.holds, samples, name, how, tuple(one.cells))


def unread_table(grid: Grid, sheet: int | None, year: int | None) -> TableRead | None:
    """Return a table that nobody could read with what its columns may be; None for one that has no rows under
    something like a header.
    """
    for row in range(len(grid.rows) - 1):
        own = [text for _, text in own_cells(grid, row)]
        heads = len(own) >= 3 and all(len(text) <= _LONGEST_HEAD and not _is_valued(text) for text in own)
        if not heads or len(set(own)) < 3 or is_indicator(grid, row) or _is_labelled(grid, row):
            continue
        header = proposed(grid, row, year)
        first = row + header.height
        if first >= len(grid.rows) or sum(1 for _ in own_cells(grid, first)) < 3:
            continue
        columns = told_columns(header.columns)
        if len(columns) < 3:
            continue
        place = grid.place(row, columns[0].number)
        table = table_of(header, place, sheet, year)
        assert table is not None
        return TableRead(table.place, sheet, table.columns, headed=True, read=False)
    return None


def _is_valued(head: str) -> bool:
    """Say whether a cell is a value and no head: 2025年要求 and 2025年 are heads."""
    return is_value(re.sub(r"^20\d\d(?:年度?)?(?!\d|\s*\d)", "", head.strip()))


def _is_labelled(grid: Grid, row: int) -> bool:
    """Say whether a row and the next are labels with what they label at their right: 项目名称 | … over
    实施单位 | ….
    """
    pair = [[labels.label(text) for _, text in own_cells(grid, one)] for one in (row, row + 1)]
    return all(told and told[0] and None in told and told.count(None) <= len(told) // 2 for told in pair)


def looks_promising(table: TableRead) -> bool:
    """Say whether a table that was not read may be one of indicators: names beside values."""
    held = [one.holds for one in table.columns]
    return "words" in held and ("target" in held or "points" in held)


def tables_of(found: Iterable[TableRead | None]) -> Iterator[TableRead]:
    """Give the tables, each layout of a sheet once."""
    seen = set()
    for one in found:
        if one is not None and (one.sheet, one.key, one.read) not in seen:
            seen.add((one.sheet, one.key, one.read))
            yield one
