"""What the reader of a ledger file should know of it though no row is wrong, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import duckdb

from zhunsheng.evidence.account import Account
from zhunsheng.evidence.checks import (
    Strictness,
    mischecked,
)
from zhunsheng.evidence.headers import in_yuan, shown_title
from zhunsheng.evidence.ledgers import DEPARTMENT
from zhunsheng.evidence.raw import LISTED, Raw, rows_listed
from zhunsheng.text import clean
from zhunsheng.translation import series, worded


def of_reading(raw: Raw, changes: Mapping[str, int]) -> list[str]:
    """Return how the columns and texts of a file were read: ``changes`` are cells by what was done to them
    (``account.CHANGES``).
    """
    return [*_mended(changes), *_units(raw), *_overruled(raw), *_mapped(raw)]


def of_good_rows(
    connection: duckdb.DuckDBPyConnection, raw: Raw, account: Account, strictness: Strictness | None
) -> list[str]:
    """Return what was left unused of a file, and which of its good rows (view ``good``) are odd;
    ``strictness`` is what is made of a wrong check character.
    """
    return [
        *_unused(account),
        *_doubted(connection, raw, strictness),
        *_years_apart(connection, raw),
        *_repeated(connection, raw),
    ]


def _mended(changes: Mapping[str, int]) -> list[str]:
    said = {
        "tricks": worded("去掉为保留文本而加的撇号、等号：{count} 格", count=changes["tricks"]),
        "wide": worded("编号里的全角字符改为半角：{count} 格", count=changes["wide"]),
    }
    return [words for kind, words in said.items() if changes[kind]]


def _units(raw: Raw) -> list[str]:
    """Say in which unit amounts were written and where that stands, where it is not the yuan."""
    said = {
        (unit, layout.head.stated[name], raw.ledger.column(name).title)
        for layout in raw.layouts
        for name, unit in layout.head.units.items()
        if unit != 1
    }
    return [
        worded(
            "“{title}”按{unit}读入，乘 {factor} 存为元（文件写明：{stated}）",
            title=title,
            unit=in_yuan(unit),
            factor=f"{unit:,}",
            stated=clean(stated),
        )
        for unit, stated, title in sorted(said)
    ]


def _overruled(raw: Raw) -> list[str]:
    """Say which columns state a unit of their own that is not the one above the header."""
    both = {(title, line) for layout in raw.layouts for title, line in layout.head.overruled.items()}
    return [
        worded("“{title}”按列名写的单位读入，表头上面写的是“{line}”", title=clean(title), line=clean(line))
        for title, line in sorted(both)
    ]


def _mapped(raw: Raw) -> list[str]:
    """Say which columns and spellings were read by what a person said of them: a batch keeps what it rests
    on.
    """
    columns = {
        worded(
            "{title}→{column}", title=shown_title(head.titles[at]), column=raw.ledger.column(name).title
        ): None
        for head in (layout.head for layout in raw.layouts)
        for name, at in head.columns.items()
        if head.how[name] == "mapping" and name != DEPARTMENT
    }
    values = {
        worded("{title}→{column}", title=text, column=value): None
        for said in (raw.mapping.values if raw.mapping else {}).values()
        for text, value in said.items()
        if value is not None
    }
    found: list[str] = [worded("按确认的对应读入的列：{columns}", columns=series(columns))] if columns else []
    return [*found, worded("按确认的对应读入的取值：{values}", values=series(values))] if values else found


def _unused(account: Account) -> list[str]:
    """Say which titled columns of a file no column of the ledger takes, each with the title it
    is most alike.
    """
    left = {
        worded("{title}（是否为“{near}”？）", title=column.title, near=column.nearest)
        if column.nearest
        else column.title: None
        for table in account.tables
        for column in table.unused
    }
    return [worded("没有用到的列：{columns}", columns=series(left))] if left else []


def _doubted(connection: duckdb.DuckDBPyConnection, raw: Raw, strictness: Strictness | None) -> Iterator[str]:
    """Say which rows were let in though the check character of a number contradicts it."""
    for column in raw.ledger.columns:
        if column.check:
            wrong = mischecked(column, "warning", strictness)
            connection.execute(
                f"CREATE OR REPLACE TEMP TABLE doubted AS SELECT _id, _sheet, _row FROM good WHERE {wrong}"
            )
            ((count,),) = connection.execute("SELECT count(*) FROM doubted").fetchall()
            if count:
                first = f"SELECT _sheet, _row FROM doubted ORDER BY _id LIMIT {LISTED}"
                rows = connection.execute(first).fetchall()
                listed = rows_listed(rows, several=len(raw.layouts) > 1, count=count)
                yield worded("“{title}”校验位不对，仍已读入：{rows}", title=column.title, rows=listed)


def _years_apart(connection: duckdb.DuckDBPyConnection, raw: Raw) -> Iterator[str]:
    """Say which rows are of another year than that of their day: by right (what is paid in January of last
    year's budget), or a slip of the pen.
    """
    for column in raw.ledger.columns:
        if not column.near:
            continue
        other = raw.ledger.column(column.near)
        found = connection.execute(
            f"SELECT _sheet, _row FROM good WHERE {column.name} <> year({other.name}) ORDER BY _id"
        ).fetchall()
        if found:
            rows = rows_listed(found, several=len(raw.layouts) > 1)
            said = {"title": column.title, "day": other.title, "rows": rows}
            yield worded("“{title}”与“{day}”不在同一年，仍按{title}计，请核对：{rows}", **said)


def _repeated(connection: duckdb.DuckDBPyConnection, raw: Raw) -> Iterator[str]:
    """Say who says something again in a file of a ledger where that counts once, and in which rows."""
    if (once := raw.ledger.once) is None:
        return
    key = ", ".join((DEPARTMENT, once.named, *once.by))
    title = raw.ledger.column(once.who).title
    several = len(raw.layouts) > 1
    if nobody := connection.execute(
        f"SELECT _sheet, _row FROM good WHERE {once.who} IS NOT NULL AND ({once.named}) IS NULL ORDER BY _id"
    ).fetchall():
        rows = rows_listed(nobody, several=several)
        yield worded("“{title}”写的是占位，按没有填写处理，一份答卷算一人：{rows}", title=title, rows=rows)
    found = connection.execute(
        f"SELECT arg_min({once.who}, _id), list(_sheet ORDER BY _id), list(_row ORDER BY _id) FROM good "
        f"WHERE ({once.named}) IS NOT NULL GROUP BY {key} HAVING count(*) > 1 ORDER BY min(_id)"
    ).fetchall()
    if not found:
        return
    said = series(
        worded(
            "{who}（{rows}）",
            who=who,
            rows=rows_listed(list(zip(sheets, rows, strict=True)), several=several, count=len(rows)),
        )
        for who, sheets, rows in found[:LISTED]
    )
    more = worded(" 等 {count} 处", count=len(found)) if len(found) > LISTED else ""
    yield worded("同一{title}重复的行只计最后一次：{said}", title=title, said=said + more)
