"""A ledger proposed from a sample file: types, key, allowed values and personal columns by what stands in it,
with what is doubtful said.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path

import duckdb

from zhunsheng.disclosure import found_in, rules
from zhunsheng.evidence import HOME, Bounds, Column, check_file, mask
from zhunsheng.evidence.headers import title_and_unit
from zhunsheng.evidence.ledgers import ColumnType
from zhunsheng.evidence.mappings import Guide
from zhunsheng.evidence.sql import column_list, quoted_name
from zhunsheng.translation import series, worded

SHOWN = 3  # values shown of a column
_FEW = 5  # rows from which nothing is told of which values a column has
_MOST = 0.8  # the share of values that tells a type; the others are said
_PERSONAL = 0.3  # of values in which something personal is found: a few names among companies are no column
_LOOKED = 200  # values looked through for it
_COUNT = "序号"  # a title of no more than the order of rows
_CHOICES, _LONGEST = 12, 20  # values that a column chooses from, characters of each
_CODE = re.compile("(号|编号|编码|代码|证|电话|手机|id|no)$", re.IGNORECASE)
_KEY = re.compile("(编号|编码|代码|号|id|no)$", re.IGNORECASE)
_AMOUNT = re.compile("金额|经费|资金|价|款|费|收入|支出")
_DAY = re.compile("日期|时间|日$")
# What measures know by name: of which project a row is.
_PROJECT = {
    "项目名称": "project",
    "所属项目": "project",
    "项目编码": "project_code",
    "项目代码": "project_code",
}
_COUNTED = {
    "filled": "count({0})",
    "distinct": "count(DISTINCT {0})",
    "longest": "coalesce(max(length({0})), 0)",
    "coded": r"count({0}) FILTER (regexp_full_match({0}, '0\d+|\d{{8,}}'))",
    "digits": r"count({0}) FILTER (regexp_full_match({0}, '\d+'))",
    "bool": "count({0}) FILTER ({0} IN ('是', '否'))",
    "date": "count(zs_date(zs_narrow({0})))",
    "integer": "count(zs_integer(zs_narrow({0})))",
    "money": "count(zs_money(zs_narrow({0}), 1))",
}
_READ: dict[ColumnType, str] = {
    "date": "zs_date(zs_narrow({0}))",
    "integer": "zs_integer(zs_narrow({0}))",
    "money": "zs_money(zs_narrow({0}), 1)",
}


@dataclass(frozen=True)
class Proposed:
    """A column that is proposed, some of its values (those of a personal one masked), what to look at, and
    whether it is ``taken`` up at all.
    """

    column: Column
    examples: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    taken: bool = True


@dataclass(frozen=True)
class Proposal:
    """A ledger that is proposed from a file of so many ``rows``: its columns, its ``key`` by their names, and
    what to look at of the whole.
    """

    title: str
    key: tuple[str, ...]
    columns: tuple[Proposed, ...]
    rows: int
    doubts: tuple[str, ...] = ()


def propose(path: Path, bounds: Bounds = HOME, *, title: str = "") -> Proposal:
    """Return the ledger that a sample file may be of; nothing is kept. Raises ``ZS-IN-*``, ``ZS-EV-06``,
    ``-08``, ``-40``.
    """
    with check_file(path, None, "sample", bounds, guide=Guide(sample=True)) as checked:
        db, columns = checked.connection, checked.ledger.columns
        texts = ", ".join(f'trim(raw_{c.name}) AS "{c.name}"' for c in columns)
        db.execute(f"CREATE OR REPLACE TEMP TABLE sample AS SELECT {texts} FROM parsed ORDER BY _id")
        counts = {c.name: _counts(db, c.name) for c in columns}
        found = {c.name: _proposed(db, c, counts[c.name], checked.rows) for c in columns}
        key = _key(db, {c.name: c.title for c in columns}, counts, checked.rows)
        doubts = [] if key else [worded("没有一列或两列的值能把各行区分开：请指定主键，或给样表加上编号列")]
        if checked.rows < _FEW:
            doubts.append(worded("样表只有 {rows} 行，各列的类型和取值请逐项核对", rows=checked.rows))
    called = _called([one.column for one in found.values()])
    named = [
        replace(one, column=one.column.model_copy(update=called[name] | _keyed(name in key)))
        for name, one in found.items()
    ]
    renamed = tuple(called[name]["name"] for name in key)
    return Proposal(title or path.stem, renamed, tuple(named), checked.rows, tuple(doubts))


def _keyed(in_key: bool) -> dict[str, bool]:
    return {"required": True} if in_key else {}


def _called(columns: list[Column]) -> dict[str, dict[str, str]]:
    """Return what columns are called by those that measures know by name; the others keep what they are."""
    taken: set[str] = set()
    found = {}
    for column in columns:
        name = _PROJECT.get(column.title, column.name)
        name = column.name if name in taken else name
        taken.add(name)
        found[column.name] = {"name": name}
    return found


def _counts(db: duckdb.DuckDBPyConnection, name: str) -> dict[str, int]:
    asked = ", ".join(count.format(quoted_name(name)) for count in _COUNTED.values())
    values = db.execute(f"SELECT {asked} FROM sample").fetchall()[0]
    return dict(zip(_COUNTED, map(int, values), strict=True))


def _proposed(
    db: duckdb.DuckDBPyConnection, column: Column, counts: Mapping[str, int], rows: int
) -> Proposed:
    name, filled = quoted_name(column.name), counts["filled"]
    listed = f"SELECT {name} FROM sample WHERE {name} IS NOT NULL"
    values = [v for (v,) in db.execute(f"{listed} LIMIT {_LOOKED}").fetchall()]
    title, unit = title_and_unit(column.title)
    kinds = _personal(values, column.title)
    kind = "text" if kinds else _type(column.title, counts, money=unit is not None)
    said: dict[str, object] = {"title": title if kind == "money" else column.title, "type": kind}
    doubts = []
    if not filled:
        doubts.append(worded("样表里没有值，类型请自己选"))
    if kinds:
        said["personal"] = True
        told = series(rules().kinds[one].title for one in kinds)
        doubts.append(worded("像是个人信息（{kinds}）：加密保存，查看时遮盖", kinds=told))
    if kind in _READ and counts[kind] < filled:
        odd = f"{listed} AND {_READ[kind].format(name)} IS NULL LIMIT {SHOWN}"
        shown = series(v for (v,) in db.execute(odd).fetchall())
        doubts.append(worded("有 {count} 个值读不出来：{values}", count=filled - counts[kind], values=shown))
    if kind == "money" and unit is None and not _AMOUNT.search(column.title):
        doubts.append(worded("有小数，按金额（元）收；不是金额的请改为文字"))
    if kind == "text" and not kinds and (allowed := _choices(db, name, counts)):
        said |= {"type": "choice", "values": allowed}
        doubts.append(worded("只有 {count} 种值：还会有别的，请补上或改为文字", count=len(allowed)))
    if rows >= _FEW and filled == rows:
        said["required"] = True
    counted = column.title == _COUNT and counts["digits"] == filled
    if counted:
        doubts = [worded("只是样表里行的次序，不收")]
    examples = [str(mask(v)) if kinds else v for v in dict.fromkeys(values)][:SHOWN]
    return Proposed(column.model_copy(update=said), tuple(examples), tuple(doubts), not counted)


def _type(title: str, counts: Mapping[str, int], *, money: bool) -> ColumnType:
    """Return the type that nearly all values are of; what is written in figures and is no amount of anything
    (a number of something, a telephone) stays text.
    """
    filled = counts["filled"]
    if not filled:
        return "money" if money else "date" if _DAY.search(title) else "text"
    if counts["bool"] == filled:
        return "bool"
    figures = counts["digits"] == filled
    if counts["date"] >= _MOST * filled and (not figures or _DAY.search(title)):
        return "date"
    if counts["money"] < _MOST * filled or (figures and (counts["coded"] or _CODE.search(title))):
        return "text"
    return "integer" if counts["integer"] == filled and not money and not _AMOUNT.search(title) else "money"


def _personal(values: list[str], title: str) -> list[str]:
    """Return the kinds of personal data that a column is of, by its title and what stands in it."""
    found = [{one.kind for one in found_in(value, (title,))} for value in values]
    kinds = sorted({kind for some in found for kind in some} - {"author"})
    return [k for k in kinds if sum(k in some for some in found) >= _PERSONAL * len(values)]


def _choices(db: duckdb.DuckDBPyConnection, name: str, counts: Mapping[str, int]) -> tuple[str, ...]:
    """Return the values that a column chooses from, the commonest first; none where each is rare."""
    few = 1 < counts["distinct"] <= _CHOICES and counts["distinct"] * 3 <= counts["filled"]
    if not few or counts["longest"] > _LONGEST:
        return ()
    query = f"SELECT {name} FROM sample WHERE {name} IS NOT NULL GROUP BY 1 ORDER BY count(*) DESC, 1"
    return tuple(v for (v,) in db.execute(query).fetchall())


def _key(
    db: duckdb.DuckDBPyConnection,
    titles: Mapping[str, str],
    counts: Mapping[str, Mapping[str, int]],
    rows: int,
) -> tuple[str, ...]:
    """Return the column that tells rows apart, one that is called a number first, or else two of them."""
    full = [name for name, found in counts.items() if found["filled"] == rows]
    order = sorted(full, key=lambda name: not _KEY.search(titles[name]))
    for name in order:
        if counts[name]["distinct"] == rows and titles[name] != _COUNT:
            return (name,)
    for pair in combinations(order, 2):
        both = f"SELECT count(*) FROM (SELECT DISTINCT {column_list(pair)} FROM sample)"
        if db.execute(both).fetchall()[0][0] == rows:
            return pair
    return ()
