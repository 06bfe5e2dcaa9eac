"""Rows of a file that are no records: totals, repeated headers, signatures, examples of how to fill it in;
left out by name, never in silence.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

import duckdb

from zhunsheng.evidence.headers import in_yuan, units_stated
from zhunsheng.evidence.raw import LISTED, Raw, rows_listed
from zhunsheng.evidence.sql import quoted
from zhunsheng.text import clean
from zhunsheng.translation import series, translatable, worded
from zhunsheng.wording import plain

# 合计, 本月小计, 1月合计：, 总 计; never a name that only begins so (总计划室, 小计量器具).
_TOTAL = (
    "(本|第|共|[0-9一二三四五六七八九十]+)?[页月季年日项笔]?"
    "(合计|小计|总计|累计|共计)([（(][^）)]*[）)])?[:：]?|过次页|转下页|承前页|承上页|接上页"
)
_SIGNED = (
    "(填表|填报|制表|编制|审核|复核|审批|经办|负责|联系|单位负责|部门负责|财务负责|分管领导|录入|统计)(人|单"
    "位|部门|日期|时间|人员)?(签字|签名|签章|盖章|（[^）]*）)?[:：].*"
)
# 单位负责人（签章）, （加盖公章）: a seal needs no colon.
_SEAL = "(签字|签名|签章|盖章|公章)"
_SEALED = f"([\u4e00-\u9fff]{{2,8}})?([（(](加?盖)?{_SEAL}[）)]|{_SEAL}[:：]?)"
_NOTE = "(注|附注|备注|说明|填表说明|填报说明)[0-9]*[:：].*"
_PAGE = "第[0-9一二三四五六七八九十]+页[,，/]?(共[0-9一二三四五六七八九十]+页)?"
# 一、基本支出; （二）项目支出：it stands over the rows below it, alone in its own.
_HEADING = "[（(]?[一二三四五六七八九十]{1,3}[）)、.．].+"
_DAY = "[12][0-9]{3}[年./-][0-9]{1,2}[月./-][0-9]{1,2}日?"
# 示例, （填写示例）, 示例项目, 例1, 例：某某公司; never a name that only begins so (例行检查, 示例村改造).
_SAMPLE = "(填写|填报|录入)?(示例|样例|范例|例子)"
_EXAMPLE = (
    f"[（(【\\[]?({_SAMPLE}(数据|行|项目|单位|企业|公司|记录)?|例|例如)[-_0-9A-Za-z一二三]*[）)】\\]]?([:：，,].*)?"
    f"|[（(【\\[]({_SAMPLE}|例)[）)】\\]].*"
)
EXAMPLES_AMONG = 3  # first rows of a table, among which an example of how to fill it in stands
_BARE = "regexp_replace(coalesce({}, ''), '[\\s\u3000\u00a0]', '', 'g')"
_KINDS = {
    "total": translatable("合计、小计行"),
    "header": translatable("重复的表头"),
    "signed": translatable("落款、说明"),
    "heading": translatable("小标题行"),
    "example": translatable("填写示例"),
}


@dataclass(frozen=True)
class Stated:
    """A sum that a file states in a row of it: the column (name and title), what it says and what the rows
    above come to, both in the unit of the file.
    """

    sheet: str | None
    row: int
    column: str
    title: str
    said: Decimal
    read: Decimal

    def words(self) -> str:
        """Return in words whether the two agree."""
        filled = {"row": self.row, "title": self.title}
        filled |= {"said": plain(self.said), "read": plain(self.read)}
        if self.said == self.read:
            return worded("第 {row} 行的合计与读到的“{title}”相符：{said}", **filled)
        return worded("第 {row} 行的合计与读到的“{title}”不符：写的是 {said}，读到 {read}", **filled)


@dataclass(frozen=True)
class LeftOut:
    """What was left out of a file: rows by kind and where they stand, what is said of them, and of sums and
    units that are not those read.
    """

    counts: dict[str, int]
    places: tuple[tuple[str, str | None, int, int], ...]  # kind, sheet, first and last row
    notes: tuple[str, ...]
    amiss: tuple[str, ...]
    sums: tuple[Stated, ...] = ()


@dataclass(frozen=True)
class _Tests:
    """The SQL conditions by which rows are left out: which rows may be at all, and what each kind says."""

    maybe: str
    total: str
    header: str
    signed: str
    heading: str
    example: str


def maybe_left_out(raw: Raw) -> str:
    """Return the SQL condition that all rows of table ``raw`` meet that may be no records."""
    return _tests(raw).maybe


def _tests(raw: Raw) -> _Tests:
    texts = {c.name: f"c{raw.columns[c.name]}" for c in raw.ledger.columns if c.name in raw.columns}
    bare = _BARE.format("_lead")
    says, some_say = (
        " OR ".join(f"regexp_full_match({_BARE.format(cell)}, {quoted(_TOTAL)})" for cell in cells)
        for cells in (("_lead",), texts.values())
    )
    titles = _titles(raw)
    first, *others = (f"({cell} IS NULL OR {cell} IN ({titles[name]}))" for name, cell in texts.items())
    # Of nearly every row the first cell says that it is none: the others are then not looked at.
    header = f"CASE WHEN {first} THEN {' AND '.join(others) or 'true'} ELSE false END"
    some = " OR ".join(f"{cell} IS NOT NULL" for cell in texts.values())
    alone = " AND ".join(f"({cell} IS NULL OR {cell} = _lead)" for cell in texts.values())
    # Where nothing is known to be required, as in a sample, a record has more than one text.
    lacks = " OR ".join(f"{texts[c.name]} IS NULL" for c in raw.ledger.columns if c.required) or alone
    day = f"({alone} AND regexp_full_match({bare}, {quoted(_DAY)}))"
    signed = f"(regexp_full_match({bare}, {quoted(f'{_SIGNED}|{_SEALED}|{_NOTE}|{_PAGE}')}) OR {day})"
    heading = f"({alone} AND regexp_full_match({bare}, {quoted(_HEADING)}))"
    # Patterns are tried on the few rows that can fit one: of a million nearly all are records.
    totals = [f"contains(_lead, '{sign}')" for sign in "计页" if raw.may_hold(sign)]
    keys = [
        texts[name] for name in raw.ledger.key if name in texts and raw.ledger.column(name).type == "text"
    ]
    said = [f"regexp_full_match({_BARE.format(cell)}, {quoted(_EXAMPLE)})" for cell in ("_lead", *keys)]
    # A text that is none has its sign mostly further on, or not at all.
    few = [
        f"CASE WHEN contains({cell}, '例') THEN {test} ELSE false END"
        for cell, test in zip(("_lead", *keys), said, strict=True)
    ]
    example = " OR ".join(few)
    maybe = " OR ".join([*totals, header, lacks, *([example] if raw.may_hold("例") else [])])
    return _Tests(
        f"({maybe}) AND NOT coalesce(_row IN ({raw.torn}), false)",
        # A record that has all it needs may bear such a name in one of its columns.
        f"{says} OR (({lacks}) AND ({some_say}))",
        f"({some}) AND {header}",
        f"({lacks}) AND {signed}",
        f"({lacks}) AND {heading}",
        f"_id IN (FROM firsts) AND ({example})",
    )


def left_out(connection: duckdb.DuckDBPyConnection, raw: Raw, *, examples: bool = False) -> LeftOut:
    """Take rows that are no records out of table ``raw``; return what they were, sums compared. With
    ``examples`` such rows are records.

    A total is a row of which the first text says so, or another where it lacks what every record has;
    a repeated header one whose texts are the titles; a signature or a note one that begins with its word and
    lacks what every record has, as do a day or a numbered heading that stand alone in their row; an example
    one of the first rows whose first text, or whose key, is the word for it.
    """
    tests = _tests(raw)
    if not any(raw.some(connection, [tests.maybe])):
        return LeftOut({}, (), (), ())
    connection.execute(
        "CREATE TABLE firsts AS SELECT _id FROM raw WHERE _lead IS NOT NULL QUALIFY row_number() OVER "
        f"(PARTITION BY _sheet ORDER BY _id) <= {0 if examples else EXAMPLES_AMONG}"
    )
    connection.execute(
        f"CREATE TABLE gone AS SELECT _id, CASE WHEN {tests.total} THEN 'total' WHEN {tests.header} THEN "
        f"'header' WHEN {tests.signed} THEN 'signed' "
        f"WHEN {tests.heading} THEN 'heading' WHEN {tests.example} THEN 'example' END "
        f"AS kind FROM raw WHERE {tests.maybe}"
    )
    connection.execute("DELETE FROM gone WHERE kind IS NULL")
    counts = dict(connection.execute("SELECT kind, count(*) FROM gone GROUP BY 1 ORDER BY 1").fetchall())
    listed = list(_listed(connection, raw)) if counts else []
    places = tuple(_places(connection)) if counts else ()
    sums = list(_sums(connection, raw)) if "total" in counts else []
    units = list(_units(connection, raw)) if "signed" in counts else []
    if counts:
        raw.keep(connection)
        connection.execute("DELETE FROM raw WHERE _id IN (SELECT _id FROM gone)")
    connection.execute("DROP TABLE gone; DROP TABLE firsts")
    notes = (*listed, *(one.words() for one in sums if one.said == one.read))
    amiss = (*(one.words() for one in sums if one.said != one.read), *units)
    return LeftOut(counts, places, notes, amiss, tuple(sums))


def _titles(raw: Raw) -> dict[str, str]:
    """Return the titles of each column on the sheets that were read, as an SQL list."""
    found: dict[str, str] = {}
    for name in raw.columns:
        words = {
            layout.head.titles[layout.head.columns[name]]
            for layout in raw.layouts
            if name in layout.head.columns
        }
        found[name] = ", ".join(map(quoted, sorted(words))) or "''"
    return found


def _listed(connection: duckdb.DuckDBPyConnection, raw: Raw) -> Iterator[str]:
    """Say which rows are left out, kind by kind."""
    several = len(raw.layouts) > 1
    for kind, title in _KINDS.items():
        rows = connection.execute(
            "SELECT raw._sheet, raw._row FROM gone JOIN raw USING (_id) WHERE kind = ? ORDER BY _id", [kind]
        ).fetchall()
        if rows:
            yield worded("略过{what}：{rows}", what=worded(title), rows=rows_listed(rows, several=several))


def _places(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, str | None, int, int]]:
    """Yield where rows were left out: kind, sheet, and of rows that follow one another the first and last."""
    yield from connection.execute(
        "SELECT kind, _sheet, min(_row), max(_row) FROM (SELECT *, _id - row_number() OVER (PARTITION BY "
        "kind, _sheet ORDER BY _id) AS run FROM gone JOIN raw USING (_id)) GROUP BY kind, _sheet, run "
        "ORDER BY min(_id)"
    ).fetchall()


def _units(connection: duckdb.DuckDBPyConnection, raw: Raw) -> Iterator[str]:
    """Say of a note under the table that states another unit of money than the amounts are read in."""
    heads = {layout.sheet: layout.head for layout in raw.layouts}
    money = [c for c in raw.ledger.columns if c.type == "money" and c.name in raw.columns]
    rows = connection.execute(
        "SELECT _sheet, _row, _lead FROM raw JOIN gone USING (_id) WHERE kind = 'signed' ORDER BY _id"
    ).fetchall()
    for sheet, row, text in rows:
        head = heads[sheet]
        for unit in units_stated(text):
            other = [c.title for c in money if c.name in head.columns and head.units.get(c.name, 1) != unit]
            if other:
                yield worded(
                    "第 {row} 行写着“{text}”，“{title}”却不是按{unit}读入的",
                    row=row,
                    text=clean(text),
                    title=series(other),
                    unit=in_yuan(unit),
                )


def _sums(connection: duckdb.DuckDBPyConnection, raw: Raw) -> Iterator[Stated]:
    """Compare the whole total that a file states with the rows above it, on each sheet."""
    money = [c for c in raw.ledger.columns if c.type == "money" and c.name in raw.columns]
    whole = f"regexp_matches({_BARE.format('_lead')}, '合计|总计|共计') AND NOT "
    whole += f"regexp_matches({_BARE.format('_lead')}, '[页月季日]|小计|累计')"
    for column in money:
        amount = f"zs_yuan(c{raw.columns[column.name]}, 1)"
        stated = connection.execute(
            f"SELECT _sheet, _row, {amount} FROM raw WHERE _id IN (SELECT _id FROM gone WHERE kind = "
            f"'total') AND {whole} AND {amount} IS NOT NULL ORDER BY _id"
        ).fetchall()
        for sheet, row, said in stated[:LISTED]:
            ((read,),) = connection.execute(
                f"SELECT coalesce(sum({amount}), 0) FROM raw WHERE _sheet IS NOT DISTINCT FROM ? AND _row < "
                "? AND _id NOT IN (SELECT _id FROM gone)",
                [sheet, row],
            ).fetchall()
            yield Stated(sheet, row, column.name, column.title, Decimal(said), Decimal(read))
