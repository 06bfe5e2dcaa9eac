"""What of a file is doubtful, as questions with the answers they can have: of its columns and its values
here, of what it would change in ``questions``.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Literal

import duckdb

from zhunsheng.evidence.cleaning import says_nothing
from zhunsheng.evidence.headers import shown_title
from zhunsheng.evidence.ledgers import DEPARTMENT, Column, Ledger
from zhunsheng.evidence.left_out import LeftOut
from zhunsheng.evidence.mappings import EMPTIED, REFUSED, UNUSED
from zhunsheng.evidence.raw import LISTED, Raw, rows_listed
from zhunsheng.evidence.sql import quoted
from zhunsheng.text import clean
from zhunsheng.translation import series, worded

Kind = Literal[
    "columns",
    "values",
    "identity",
    "adopted",
    "cleared",
    "departments",
    "merged",
    "sums",
    "example",
    "nothing",
    "sheets",
]
SAMPLES = 3  # values of a column shown with what it is proposed for
NAMED = "project"  # the part of a key that is a name and no code
SPELLINGS = 50  # spellings of one column that can be asked about; more are no spellings of it
TAKE, ASIDE, LEAVE = "take", "aside", "leave"  # answers that several questions have
EXAMPLE = "example"  # the key of the question about examples of how to fill in a table
_SHORT = "级类等档型"  # what may follow a value of one letter: A级, B 类
# How people write into a day, a number or a yes that there is none yet, or none to be had. That there is none
# of something (没有) can mean nought, which is another thing.
_NOT_YET = re.compile(
    r"(?:尚|还|暂)?未\w{0,4}|(?:正在|仍在|在)\w{1,4}|\w{1,4}中|待\w{1,3}|暂[无缺]|不适用|不涉及|不详|不清楚|缺失?|[无不]需要?(?:办理)?"
)
_DENIED = re.compile(r"[非不未无否没]$")


@dataclass(frozen=True)
class Choice:
    """An answer, as a machine gives it and in words."""

    answer: str
    text: str


@dataclass(frozen=True)
class Change:
    """A cell of a known row that would become another: where the file has it, which row, and both values."""

    sheet: str | None
    row: int
    key: str
    column: str
    before: str
    after: str


@dataclass(frozen=True)
class Part:
    """One thing of several that a question is about, answered by itself: ``proposed`` is what stands
    unless another answer is given, empty where the answer to the whole question holds.
    """

    key: str
    text: str
    detail: str
    proposed: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True)
class Question:
    """What is asked, in words, how many rows it is about, and the first of them.
    It is answered as a whole by its ``key``, by one of ``choices``, the first of which is what the file says;
    or part by part.
    """

    kind: Kind
    key: str
    text: str
    rows: int = 0
    changes: tuple[Change, ...] = ()
    choices: tuple[Choice, ...] = ()
    parts: tuple[Part, ...] = ()

    def digest(self, sha256: str) -> str:
        """Return the digest of what is asked of a file (by its own digest): a yes is to this and nothing
        else.
        """
        said = json.dumps([sha256, asdict(self)], ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(said.encode()).hexdigest()[:32]


def columns_asked(connection: duckdb.DuckDBPyConnection, raw: Raw) -> Iterator[Question]:
    """Ask about the columns that are only proposed, with what stands in them; what is personal
    is not shown.
    """
    proposed = {
        head.titles[head.columns[name]]: name
        for head in (layout.head for layout in raw.layouts)
        for name, how in head.how.items()
        if how == "proposed"
    }
    if not proposed:
        return
    taken = set(raw.columns) - set(proposed.values())
    free = tuple(Choice(c.title, c.title) for c in raw.ledger.columns if c.name not in taken)
    choices = (*free, Choice(UNUSED, worded("不用这一列")))
    parts = []
    for title, name in proposed.items():
        shown, samples = shown_title(title), _samples(connection, raw, name)
        parts.append(Part(f"column:{shown}", shown, samples, raw.ledger.column(name).title, choices))
    listed = series(worded("{title}（是否为“{near}”？）", title=p.text, near=p.proposed) for p in parts)
    text = worded("{count} 列的名称台账里没有：{columns}", count=len(parts), columns=listed)
    yield Question("columns", "columns", text, 0, (), (), tuple(parts))


def merged_asked(connection: duckdb.DuckDBPyConnection, raw: Raw) -> Iterator[Question]:
    """Ask about amounts that stand once for several rows, and keep in table ``merged`` (sheet, row, title)
    which rows these are: the amount of each, or of all together, which would then count twice.
    """
    places = [
        (layout.sheet, row, raw.ledger.column(name).title)
        for layout in raw.layouts
        for first, last, name in layout.merged
        for row in range(first, last + 1)
    ]
    if not places:
        return
    connection.execute("CREATE TABLE merged(_sheet VARCHAR, _row BIGINT, title VARCHAR)")
    connection.executemany("INSERT INTO merged VALUES (?, ?, ?)", places)
    several = len(raw.layouts) > 1
    rows = rows_listed([(sheet, row) for sheet, row, _title in places], several=several)
    text = worded("金额合并了单元格，一个数盖住几行：{rows}", rows=rows)
    choices = (
        Choice(TAKE, worded("每一行都是这个数")),
        Choice(ASIDE, worded("是几行合在一起的数：这些行先不导入")),
    )
    yield Question("merged", "merged", text, len(places), (), choices)


def examples_asked(raw: Raw, left: LeftOut) -> Iterator[Question]:
    """Ask whether rows that seem to show how the table is filled in are none: they were left out, and are
    records where the answer says so (``Guide.examples``).
    """
    rows = [
        (sheet, row)
        for kind, sheet, first, last in left.places
        if kind == "example"
        for row in range(first, last + 1)
    ]
    if rows:
        listed = rows_listed(rows, several=len(raw.layouts) > 1)
        text = worded("像是填写示例，不是记录：{rows}", rows=listed)
        choices = (Choice(LEAVE, worded("是示例，不导入")), Choice(TAKE, worded("是真的记录，导入")))
        yield Question("example", EXAMPLE, text, len(rows), (), choices)


def sheets_asked(
    connection: duckdb.DuckDBPyConnection, raw: Raw, owner: str, known: Mapping[str, str]
) -> Iterator[Question]:
    """Ask about each worksheet that bears the name of another department than its rows would be of (codes;
    ``known`` gives them by name): its rows name none themselves.
    """
    for layout in raw.layouts if DEPARTMENT not in raw.columns else ():
        if layout.sheet and known.get(clean(layout.sheet).strip(), owner) != owner:
            query = "SELECT count(*) FROM good WHERE _sheet IS NOT DISTINCT FROM ?"
            ((rows,),) = connection.execute(query, [layout.sheet]).fetchall()
            text = worded(
                "工作表“{sheet}”是另一个部门的名称，它的 {rows} 行没有写部门", sheet=layout.sheet, rows=rows
            )
            choices = (Choice(ASIDE, worded("这些行先不导入")), Choice(TAKE, worded("是本部门的，导入")))
            yield Question("sheets", f"sheets:{layout.sheet}", text, rows, (), choices)


def nothing_asked(connection: duckdb.DuckDBPyConnection, raw: Raw) -> Iterator[Question]:
    """Ask about good rows that have a word for nothing (``cleaning.NOTHING``) where a text is required: a
    number or name that somebody chose so, or none at all; keep in table ``nothing`` (row, title) which.
    Of what is no key "无" can be said on purpose: a report of no accident is of the kind 无.
    """
    connection.execute("CREATE TABLE nothing(_id BIGINT, title VARCHAR)")
    for column in raw.ledger.columns:
        if column.name not in raw.columns or not (column.required and column.type == "text"):
            continue
        said = says_nothing(f"raw_{column.name}", () if column.name in raw.ledger.key else ("无",))
        query = f"INSERT INTO nothing SELECT _id, ? FROM good WHERE {said}"
        if connection.execute(query, [column.title]).fetchall() == [(0,)]:
            continue
        found = connection.execute(
            f"SELECT g._sheet, g._row, g.raw_{column.name} FROM nothing n JOIN good g USING (_id) "
            "WHERE n.title = ? ORDER BY _id",
            [column.title],
        ).fetchall()
        if found:
            rows = rows_listed([(sheet, row) for sheet, row, _text in found], several=len(raw.layouts) > 1)
            words = series(sorted({text for _sheet, _row, text in found})[:SPELLINGS])
            text = worded(
                "“{title}”必填，写的却是{words}：{rows}", title=column.title, words=words, rows=rows
            )
            choices = (Choice(ASIDE, worded("这些行先不导入")), Choice(TAKE, worded("就是这样写的，导入")))
            yield Question("nothing", f"nothing:{column.title}", text, len(found), (), choices)


def _samples(connection: duckdb.DuckDBPyConnection, raw: Raw, name: str) -> str:
    if raw.ledger.column(name).personal:
        return worded("（个人信息，不显示）")
    cell = f"c{raw.columns[name]}"
    query = f"SELECT {cell} FROM raw WHERE {cell} IS NOT NULL GROUP BY 1 ORDER BY min(_id) LIMIT {SAMPLES}"
    return series(value for (value,) in connection.execute(query).fetchall())


def values_asked(connection: duckdb.DuckDBPyConnection, raw: Raw) -> Iterator[Question]:
    """Read spellings that a column's values do not have as the one they contain, in table ``parsed``, and ask
    about it; without any such the spellings are errors, and not asked about.
    """
    wrong = {title for (title,) in connection.execute("SELECT DISTINCT title FROM problems").fetchall()}
    said = raw.mapping.values if raw.mapping else {}
    for column in raw.ledger.columns:
        # A key that is only proposed would make rows one or two on a guess.
        if column.type != "choice" or column.title not in wrong or column.name in raw.ledger.key:
            continue
        name = column.name
        found = connection.execute(
            f"SELECT raw_{name}, count(*) FROM parsed WHERE raw_{name} IS NOT NULL AND {name} IS NULL "
            f"GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {SPELLINGS + 1}"
        ).fetchall()
        spellings = {text: rows for text, rows in found if text not in said.get(name, {})}
        proposed = {text: value for text in spellings if (value := proposed_value(column, text))}
        if not proposed or len(found) > SPELLINGS:
            continue
        whens = " ".join(f"WHEN {quoted(text)} THEN {quoted(value)}" for text, value in proposed.items())
        connection.execute(f"UPDATE cells SET {name} = CASE raw_{name} {whens} END WHERE {name} IS NULL")
        connection.execute(
            f"DELETE FROM problems WHERE title = ? AND _id IN (SELECT _id FROM parsed WHERE {name} IS NOT "
            "NULL) AND _id NOT IN (SELECT _id FROM faults WHERE title = ?)",
            [column.title, column.title],
        )
        raw.proposed[name] = proposed
        yield _spellings(column, spellings, proposed)


def unfilled_asked(connection: duckdb.DuckDBPyConnection, raw: Raw) -> Iterator[Question]:
    """Take words that say of a day, a number or a yes that there is none yet (未办结) for an empty cell, in
    table ``parsed``, and ask about it; what must be filled, and other words, stay errors.
    """
    wrong = {title for (title,) in connection.execute("SELECT DISTINCT title FROM problems").fetchall()}
    said = raw.mapping.values if raw.mapping else {}
    for column in raw.ledger.columns:
        if column.required or column.type in ("text", "choice") or column.title not in wrong:
            continue
        name = column.name
        found = connection.execute(
            f"SELECT raw_{name}, count(*) FROM parsed WHERE raw_{name} IS NOT NULL AND {name} IS NULL "
            f"AND NOT regexp_matches(raw_{name}, '[0-9０-９]') "
            f"GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {SPELLINGS}"
        ).fetchall()
        words = {text: rows for text, rows in found if text not in said.get(name, {}) and says_not_yet(text)}
        if not words:
            continue
        listed = ", ".join(map(quoted, words))
        taken = f"SELECT _id FROM parsed WHERE raw_{name} IN ({listed})"
        connection.execute(f"DELETE FROM problems WHERE title = ? AND _id IN ({taken})", [column.title])
        connection.execute(f"UPDATE cells SET raw_{name} = NULL WHERE raw_{name} IN ({listed})")
        raw.proposed[name] = dict.fromkeys(words, "")
        choices = (
            Choice(EMPTIED, worded("是没有填，按空着导入")),
            Choice(REFUSED, worded("不认，这些行不导入")),
        )
        parts = tuple(
            Part(f"value:{column.title}:{text}", text, worded("{rows} 行", rows=rows), EMPTIED, choices)
            for text, rows in words.items()
        )
        told = worded(
            "“{title}”里写的{words}不是值，建议当作还没有填", title=column.title, words=series(words)
        )
        yield Question("values", f"values:{column.title}", told, sum(words.values()), (), (), parts)


def says_not_yet(text: str) -> bool:
    """Return whether a text says that there is no value yet, or none to be had."""
    return _NOT_YET.fullmatch(text.strip("（）()【】[] ")) is not None


def alike_names(
    connection: duckdb.DuckDBPyConnection, raw: Raw, there: Callable[[Ledger, list[str]], list[str]]
) -> dict[str, str]:
    """Return the names of the key in table ``parsed`` that differ from another only in wide letters, blanks
    or capitals, each with that other: one that stands ``there`` (a ledger and codes of departments -> names),
    else the one that more rows have. Two such names would be two projects of half the money each.
    """
    if NAMED not in raw.ledger.key or NAMED not in raw.columns:
        return {}
    said = raw.mapping.values.get(NAMED, {}) if raw.mapping else {}
    rows = connection.execute(
        f"SELECT {NAMED} FROM parsed WHERE {NAMED} IS NOT NULL GROUP BY 1 ORDER BY count(*) DESC, min(_id)"
    ).fetchall()
    own = connection.execute(f"SELECT DISTINCT {DEPARTMENT} FROM parsed").fetchall()
    standing = there(raw.ledger, [code for (code,) in own])
    first: dict[str, str] = {}
    for name in (*standing, *(name for (name,) in rows)):
        first.setdefault(_alike(name), name)
    known = {*standing, *said, *said.values()}
    return {
        name: first[_alike(name)] for (name,) in rows if name not in known and first[_alike(name)] != name
    }


def _alike(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).split()).casefold()


def names_asked(connection: duckdb.DuckDBPyConnection, raw: Raw, alike: dict[str, str]) -> Question:
    """Read names in table ``parsed`` as those that they are alike, and ask about it."""
    column = raw.ledger.column(NAMED)
    cells = ", ".join(map(quoted, alike))
    counted = dict(
        connection.execute(
            f"SELECT {NAMED}, count(*) FROM parsed WHERE {NAMED} IN ({cells}) GROUP BY 1"
        ).fetchall()
    )
    whens = " ".join(f"WHEN {quoted(text)} THEN {quoted(name)}" for text, name in alike.items())
    connection.execute(f"UPDATE cells SET {NAMED} = CASE {NAMED} {whens} END WHERE {NAMED} IN ({cells})")
    raw.proposed[NAMED] = alike
    parts = tuple(
        Part(
            f"value:{column.title}:{text}",
            text,
            worded("{rows} 行", rows=counted[text]),
            name,
            (Choice(name, name), Choice(REFUSED, worded("是另一个，照文件的写法"))),
        )
        for text, name in alike.items()
    )
    told = worded(
        "“{title}”有 {count} 个与另一个只差全角半角、空格或大小写，建议算作同一个",
        title=column.title,
        count=len(parts),
    )
    return Question("values", f"values:{column.title}", told, sum(counted.values()), (), (), parts)


def names_told(raw: Raw, alike: dict[str, str]) -> str:
    """Say which names alike are read as they stand because nobody took what is proposed: the first, and how
    many there are.
    """
    listed = [worded("{one}、{other}", one=text, other=name) for text, name in islice(alike.items(), LISTED)]
    more = worded("等 {count} 个", count=len(alike)) if len(alike) > LISTED else ""
    title = raw.ledger.column(NAMED).title
    pairs = series(listed) + more
    return worded("“{title}”只差全角半角、空格或大小写，仍按两个读入：{pairs}", title=title, pairs=pairs)


def _spellings(column: Column, spellings: dict[str, int], proposed: dict[str, str]) -> Question:
    choices = (*(Choice(v, v) for v in column.values), Choice(REFUSED, worded("不认，这些行不导入")))
    parts = tuple(
        Part(
            f"value:{column.title}:{text}",
            text,
            worded("{rows} 行", rows=rows),
            proposed.get(text, REFUSED),
            choices,
        )
        for text, rows in spellings.items()
    )
    said = {"title": column.title, "count": len(parts)}
    told = worded("“{title}”有 {count} 种写法台账里没有，建议归到台账的取值", **said)
    rows = sum(spellings.values())
    return Question("values", f"values:{column.title}", told, rows, (), (), parts)


def proposed_value(column: Column, text: str) -> str | None:
    """Return the value of a choice that a spelling contains by one of its words, None where it contains none
    or words of several, or denies it (非企业).
    """
    words = {**{value: value for value in column.values}, **column.aliases}
    found = [word for word in words if _contains(text, word)]
    whole = [word for word in found if not any(word != other and word in other for other in found)]
    values = {words[word] for word in whole}
    return values.pop() if len(values) == 1 else None


def _contains(text: str, word: str) -> bool:
    if len(word) == 1:
        return len(text) > 1 and text[0] == word and not text[1:].strip().strip(_SHORT)
    at = text.find(word)
    return at >= 0 and not _DENIED.search(text[:at])
