"""The account of a ledger file: what of it was read and by what, what was left, and where each row went."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from decimal import Decimal
from itertools import groupby
from typing import Any

from xlsxwriter.utility import xl_col_to_name

from zhunsheng.evidence.headers import How, nearest, shown_title
from zhunsheng.evidence.ledgers import DEPARTMENT, Ledger
from zhunsheng.evidence.left_out import LeftOut
from zhunsheng.evidence.raw import LISTED, Layout, Raw
from zhunsheng.translation import series, translatable, worded

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
    "heading": translatable("小标题行"),
    "example": translatable("填写示例"),
}
# What was done to cells so that they could be read, in the order in which an account lists it.
CHANGES = {
    "guarded": translatable("去掉防公式的撇号"),
    "invisible": translatable("去掉看不见的字符、统一换行和字形"),
    "tricks": translatable("去掉为保留文本而加的撇号、等号"),
    "wide": translatable("编号里的全角字符改为半角"),
    "spread": translatable("合并的单元格，值算到所盖的各行"),
    "years": translatable("两位的年份补成四位"),
    "order": translatable("按列里的其他日期定年、月、日的先后"),
    "decimals": translatable("逗号作小数点"),
    "numerals": translatable("中文数字"),
    "floats": translatable("编号去掉末尾的 .0"),
    "nothing": translatable("写的是“无”“N/A”“—”之类，按没有填写"),
}
_MOST_RANGES = 1_000  # of rows, of one kind, that an account keeps; beyond them it counts
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
class Left:
    """Rows that are no records: what they are (of ``FATES``), their worksheet, the first and the last."""

    kind: str
    sheet: str | None
    first: int
    last: int


@dataclass(frozen=True)
class Table:
    """A table of a file: its worksheet (None in a csv), the lines of its header (from 1, the last included;
    0 where the file has none), the rows under it, its columns.

    ``above`` are the lines before the header (0: outside the table of a page) with their texts, ``bare`` the
    letters of columns without a title that hold something, ``comments`` how many notes stand on its cells;
    none of these is read. ``hidden``, ``hidden_rows`` (first and last of some) and ``hidden_columns``
    (letters) are what nobody sees who opens it, read all the same.
    """

    sheet: str | None
    header: tuple[int, int]
    rows: int
    matched: tuple[Match, ...]
    unused: tuple[Unused, ...]
    above: tuple[tuple[int, str], ...] = ()
    bare: tuple[str, ...] = ()
    comments: int = 0
    hidden: bool = False
    hidden_rows: tuple[tuple[int, int], ...] = ()
    hidden_columns: tuple[str, ...] = ()

    def remarks(self) -> Iterator[tuple[str, str]]:
        """Yield what else is to be told of the table, as (what, where) in words."""
        for line, text in self.above:
            yield (
                worded("表头上面，没有读入"),
                text if not line else worded("第 {line} 行：{text}", line=line, text=text),
            )
        if self.bare:
            yield worded("没有列名的列，没有读入"), series(self.bare)
        if self.comments:
            yield worded("批注，没有读入"), worded("{count} 条", count=self.comments)
        if self.hidden:
            yield worded("隐藏的工作表，也已读入"), self.sheet or ""
        if self.hidden_rows:
            yield worded("隐藏的行，也已读入"), worded("第 {rows} 行", rows=_ranges(self.hidden_rows))
        if self.hidden_columns:
            yield worded("隐藏的列，也已读入"), series(self.hidden_columns)


@dataclass(frozen=True)
class Sum:
    """A sum that a file states: where, of which column, and beside it what its rows come to that can be
    taken and that are refused, all in the unit of the file.
    """

    sheet: str | None
    row: int
    column: str
    stated: Decimal
    good: Decimal
    refused: Decimal

    def as_json(self) -> dict[str, Any]:
        """Return the sum as plain data, with what is missing."""
        amounts = {"stated": self.stated, "good": self.good, "refused": self.refused}
        amounts["apart"] = self.stated - self.good - self.refused
        told = {name: f"{amount.normalize():f}" for name, amount in amounts.items()}
        return {"sheet": self.sheet, "row": self.row, "column": self.column, **told}


@dataclass(frozen=True)
class Account:
    """What became of a file: its tables, the worksheets that were not read and why, and its rows by fate
    (``FATES``), which together are all the rows under a header; where those stand that are no records
    (``left``), how many cells were changed so that they could be read (``CHANGES``), and the ``sums`` that
    it states.
    """

    tables: tuple[Table, ...]
    unread: tuple[str, ...] = ()
    fates: dict[str, int] = field(default_factory=dict)
    left: tuple[Left, ...] = ()
    changes: dict[str, int] = field(default_factory=dict)
    sums: tuple[Sum, ...] = ()

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
            yield from table.remarks()
        for sheet in self.unread:
            yield worded("没有读的工作表"), sheet
        yield from self.rest()

    def rest(self) -> Iterator[tuple[str, str]]:
        """Yield which rows are no records and what was done to cells, as (what, where) in words."""
        for (kind, sheet), rows in groupby(self.left, key=lambda one: (one.kind, one.sheet)):
            listed = _ranges([(one.first, one.last) for one in rows])
            named = len(self.tables) > 1 and sheet
            where = (
                worded("“{sheet}”第 {rows} 行", sheet=sheet, rows=listed)
                if named
                else worded("第 {rows} 行", rows=listed)
            )
            yield worded(FATES[kind]), where
        for change, title in CHANGES.items():
            if self.changes.get(change):
                yield worded(title), worded("{count} 格", count=self.changes[change])

    def remarks(self) -> list[tuple[str, str]]:
        """Return all that a reader of the file should know of it beside its columns and the fates of its
        rows, as (what, where or how many) in words.
        """
        named = len(self.tables) > 1
        own = [
            (worded("{sheet}：{what}", sheet=table.sheet, what=what) if named else what, how)
            for table in self.tables
            for what, how in table.remarks()
        ]
        return [*own, *self.rest()]

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
        told = {"rows": self.rows, "remarks": self.remarks(), "sums": [one.as_json() for one in self.sums]}
        return asdict(self) | told


def account_of(
    raw: Raw, left: LeftOut, rows: int, refused: int, changes: Mapping[str, int], sums: Sequence[Sum] = ()
) -> Account:
    """Return the account of a file that was checked: of all rows under its headers those ``left`` out were no
    records, ``rows`` were, and of these ``refused`` can't be taken; ``changes`` are cells by what was done,
    ``sums`` those that it states.
    """
    tables = tuple(_table(layout, raw) for layout in raw.layouts)
    under = sum(table.rows for table in tables)
    gone = sum(left.counts.values())
    fates = {"refused": refused, "held": rows - refused, "blank": under - rows - gone, **left.counts}
    places = sorted(left.places, key=lambda place: (list(FATES).index(place[0]), place[1] or "", place[2]))
    told = [Left(*place) for kind in FATES for place in [p for p in places if p[0] == kind][:_MOST_RANGES]]
    counted = {**changes, "spread": sum(layout.spread for layout in raw.layouts)}
    changed = {k: n for k, n in counted.items() if n}
    return Account(tables, raw.unread, fates, tuple(told), changed, tuple(sums))


def _ranges(rows: Sequence[tuple[int, int]]) -> str:
    """Return the words for ranges of rows, the first of them by number."""
    shown = [str(first) if first == last else f"{first}～{last}" for first, last in rows[:LISTED]]
    count = sum(last - first + 1 for first, last in rows)
    listed = series(shown)
    return worded("{rows} 等 {count}", rows=listed, count=count) if len(rows) > LISTED else listed


def _runs(rows: Sequence[int]) -> tuple[tuple[int, int], ...]:
    """Return rows as runs of such that follow one another: the first and the last of each."""
    found: list[tuple[int, int]] = []
    for row in sorted(rows):
        if found and row == found[-1][1] + 1:
            found[-1] = (found[-1][0], row)
        else:
            found.append((row, row))
    return tuple(found)


def _table(layout: Layout, raw: Raw) -> Table:
    head = layout.head
    used = {name: at for name, at in head.columns.items() if name in raw.columns}
    matched = (
        Match(shown_title(head.titles[at]), _title(raw.ledger, name), head.how[name], head.units.get(name, 1))
        for name, at in sorted(used.items(), key=lambda item: item[1])
    )
    # A file without lines for its titles, such as a parquet, has a header before its first row.
    lines = (head.at + 1, head.at + head.lines) if head.at >= 0 else (0, 0)
    hidden = layout.hidden
    return Table(
        layout.sheet,
        lines,
        layout.rows,
        tuple(matched),
        tuple(_unused(layout, raw)),
        layout.above,
        layout.bare,
        layout.comments,
        hidden.sheet,
        _runs(hidden.rows)[:_MOST_RANGES],
        tuple(xl_col_to_name(column - 1) for column in hidden.columns),
    )


def _title(ledger: Ledger, name: str) -> str:
    return worded("部门") if name == DEPARTMENT else ledger.column(name).title


def _unused(layout: Layout, raw: Raw) -> Iterator[Unused]:
    used = {layout.head.columns[name] for name in layout.head.columns if name in raw.columns}
    for n, title in enumerate(layout.head.titles):
        if n not in used and (shown := shown_title(title)):
            yield Unused(shown, nearest(shown, raw.ledger, set(raw.columns)))
