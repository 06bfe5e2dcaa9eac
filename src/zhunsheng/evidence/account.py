"""The account of a ledger file: what of it was read and by what, what was left, and where each row went."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from zhunsheng.evidence.headers import How, nearest
from zhunsheng.evidence.ledgers import DEPARTMENT, Ledger
from zhunsheng.evidence.raw import Layout, Raw
from zhunsheng.translation import translatable, worded

# Where a row under a header can go, in the order in which an account lists them.
FATES = {
    "new": translatable("新增"),
    "changed": translatable("有变化"),
    "equal": translatable("与台账相同"),
    "known": translatable("台账里已有，待写入"),
    "fresh": translatable("台账里没有，待写入"),
    "refused": translatable("拒绝"),
    "aside": translatable("按答复没有导入"),
    "held": translatable("没有写入"),
    "blank": translatable("空行"),
    "total": translatable("合计、小计行"),
    "header": translatable("重复的表头"),
    "signed": translatable("落款、说明"),
}
BY: dict[How, str] = {
    "title": translatable("列名"),
    "synonym": translatable("同义的列名"),
    "mapping": translatable("确认过的对应"),
    "proposed": translatable("名称或内容相近，待确认"),
}


def fates_told(fates: Mapping[str, int]) -> list[tuple[str, str, int]]:
    """Return the fates that some rows met, in their order: fate, its words, rows."""
    return [(fate, title, fates[fate]) for fate, title in FATES.items() if fates.get(fate)]


@dataclass(frozen=True)
class Match:
    """A column of a file that a ledger takes: its title there, the ledger's, by what it was found, and in how
    many yuan its amounts are written.
    """

    title: str
    column: str
    by: How
    unit: int = 1


@dataclass(frozen=True)
class Unused:
    """A column of a file that no column of the ledger takes, with the ledger's title most alike,
    if one is.
    """

    title: str
    nearest: str | None


@dataclass(frozen=True)
class Table:
    """A table of a file: its worksheet (None in a csv), the lines of its header (from 1, the last included;
    0 where the file has none), the rows under it, its columns.
    """

    sheet: str | None
    header: tuple[int, int]
    rows: int
    matched: tuple[Match, ...]
    unused: tuple[Unused, ...]


@dataclass(frozen=True)
class Account:
    """What became of a file: its tables, the worksheets that were not read and why, and its rows by fate
    (``FATES``), which together are all the rows under a header.
    """

    tables: tuple[Table, ...]
    unread: tuple[str, ...] = ()
    fates: dict[str, int] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """How many rows stand under the headers."""
        return sum(table.rows for table in self.tables)

    def told(self) -> list[tuple[str, int]]:
        """Return the rows by fate, in words, as far as there are any."""
        return [(worded(title), rows) for _fate, title, rows in fates_told(self.fates)]

    def lines(self) -> Iterator[tuple[str, str]]:
        """Yield the account line by line, as (what, how it was) in words."""
        for title, rows in self.told():
            yield title, worded("{rows} 行", rows=rows)
        for table in self.tables:
            first, last = table.header
            where = table.sheet or worded("文件")
            if first:
                yield (
                    where,
                    worded("表头在第 {lines} 行", lines=first if first == last else f"{first}～{last}"),
                )
            for match in table.matched:
                yield (
                    match.title,
                    worded("读作“{column}”（{by}）", column=match.column, by=worded(BY[match.by])),
                )
            for column in table.unused:
                yield column.title, worded("没有用到")
        for sheet in self.unread:
            yield worded("没有读的工作表"), sheet

    def waiting(self, known: int) -> Account:
        """Return the account of a file whose good rows wait, of which the ledger knows some by their keys."""
        held = self.fates["held"]
        return replace(self, fates=self.fates | {"held": 0, "known": known, "fresh": held - known})

    def merged(self, new: int, changed: int, aside: int = 0) -> Account:
        """Return the account once the good rows were merged into the ledger, of which some are new there,
        some changed what stood there, and some were put ``aside`` by an answer.
        """
        equal = self.fates["held"] - new - changed - aside
        fates = {"held": 0, "aside": aside, "new": new, "changed": changed, "equal": equal}
        return replace(self, fates=self.fates | fates)

    def as_json(self) -> dict[str, Any]:
        """Return the account as plain data."""
        return asdict(self) | {"rows": self.rows}


def account_of(raw: Raw, left: dict[str, int], rows: int, refused: int) -> Account:
    """Return the account of a file that was checked: of all rows under its headers ``left`` were no records,
    by kind, ``rows`` were, and of these ``refused`` can't be taken.
    """
    tables = tuple(_table(layout, raw) for layout in raw.layouts)
    under = sum(table.rows for table in tables)
    fates = {"refused": refused, "held": rows - refused, "blank": under - rows - sum(left.values()), **left}
    return Account(tables, raw.unread, fates)


def _table(layout: Layout, raw: Raw) -> Table:
    head = layout.head
    used = {name: at for name, at in head.columns.items() if name in raw.columns}
    matched = (
        Match(_shown(head.titles[at]), _title(raw.ledger, name), head.how[name], head.units.get(name, 1))
        for name, at in sorted(used.items(), key=lambda item: item[1])
    )
    # A file without lines for its titles, such as a parquet, has a header before its first row.
    lines = (head.at + 1, head.at + head.lines) if head.at >= 0 else (0, 0)
    return Table(layout.sheet, lines, layout.rows, tuple(matched), tuple(_unused(layout, raw)))


def _title(ledger: Ledger, name: str) -> str:
    return worded("部门") if name == DEPARTMENT else ledger.column(name).title


def _unused(layout: Layout, raw: Raw) -> Iterator[Unused]:
    used = {layout.head.columns[name] for name in layout.head.columns if name in raw.columns}
    for n, title in enumerate(layout.head.titles):
        if n not in used and (shown := _shown(title)):
            yield Unused(shown, nearest(shown, raw.ledger, set(raw.columns)))


def _shown(title: str) -> str:
    return " ".join(str(title).split())
