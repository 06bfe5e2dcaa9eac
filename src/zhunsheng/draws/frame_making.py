"""Make a frame of a source: its strata by the plan, every row checked, wrong ones named."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from zhunsheng.draws import lookalikes
from zhunsheng.draws.bundle_rules import MAX_MATCHES, MAX_STRATA
from zhunsheng.draws.frame import Frame, key_of, new_key, open_database, strata_in, text_pieces
from zhunsheng.draws.frame_sources import LEDGER, source_of_file, source_of_ledger, unread
from zhunsheng.draws.merkle import Groups
from zhunsheng.draws.plan import Plan
from zhunsheng.draws.spec import ID, PART, STRATUM_JOIN, head
from zhunsheng.draws.strata import column_words
from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence import Snapshot
from zhunsheng.evidence.sql import quoted
from zhunsheng.translation import series, worded

SHOWN = 10  # bad rows named in a refusal
_LOOK = f"translate(upper(id), '{lookalikes.LETTERS}', '{lookalikes.FIGURES}')"


def frame_from_file(
    path: Path,
    plan: Plan,
    connection: duckdb.DuckDBPyConnection,
    *,
    published: bool = False,
    tree: bool = True,
    key: str | None = None,
) -> Frame:
    """Read a frame from csv or parquet with columns ``id`` and one a stratum name,
    or a frame.tsv as it is published.

    A frame.tsv has no header: the line of its key (none in ``draw/1``), then id, tab, stratum. ``published``:
    it is already committed, so that look-alikes, which a new frame may not have, can't be mended any more,
    the key is the file's, and a frame.tsv must be the very bytes that its digest is of. ``key``:
    of a new frame; None makes one. ``tree``: the root is asked for. Raises ``ZS-IN-01``,
    ``ZS-DR-02`` (duplicate ids, ids out of form, unknown strata, each with its row), ``ZS-DR-24``,
    ``ZS-DR-08``, ``ZS-DR-48``.
    """
    names = source_of_file(path, connection)
    if published:
        key = key_of(path) if path.suffix == ".tsv" else ""
    frame = frame_of_source(connection, plan, names, path.name, new=not published, tree=tree, key=key)
    if published and path.suffix == ".tsv":
        with path.open("rb") as stream:
            if hashlib.file_digest(stream, "sha256").hexdigest() != frame.digest:
                detail = worded("与公布的写法不同：换行、次序、编码或文件头被改动")
                raise ZhunshengError("ZS-DR-08", name=path.name, detail=detail)
    return frame


def frame_from_ledger(
    snapshot: Snapshot,
    plan: Plan,
    on: date,
    connection: duckdb.DuckDBPyConnection,
    where: str | None = None,
    department: str | None = None,
) -> Frame:
    """Read a frame from the ``entities`` ledger: those registered and not deregistered on ``on`` (inclusive).

    ``where`` narrows it by an SQL predicate on the ledger's columns, checked as measures are;
    ``department`` to one department's ledger (its code). Raises ``ZS-DR-02``, ``ZS-DR-24``, ``ZS-MS-02``.
    """
    return frame_of_source(
        connection, plan, source_of_ledger(snapshot, on, connection, where, department), LEDGER
    )


def sizes_in_ledger(
    snapshot: Snapshot, plan: Plan, on: date, department: str, recused: Sequence[str] = ()
) -> tuple[dict[str, int], dict[str, str]]:
    """Return the size of each stratum that a frame of today's ledger would have, digests apart;
    and ``recused``'s strata.

    Raises as the frame.
    """
    connection = open_database()
    names = source_of_ledger(snapshot, on, connection, None, department)
    return _checked(connection, plan, names, LEDGER, new=True), strata_in(connection, recused)


def frame_of_source(  # noqa: PLR0913 - a view with its columns and its name, and three choices
    connection: duckdb.DuckDBPyConnection,
    plan: Plan,
    names: list[str],
    source: str,
    *,
    new: bool = True,
    tree: bool = True,
    key: str | None = None,
) -> Frame:
    """Make a frame of the view ``source`` with columns ``names``; ``source`` is what a refusal calls it.
    Raises as above.

    ``key``: None makes one.
    """
    sizes = _checked(connection, plan, names, source, new=new)
    key = new_key() if key is None else key
    whole, groups = hashlib.sha256(head(key)), Groups(key=key)
    for text in text_pieces(connection):
        whole.update(text)
        if tree:
            groups.add_text(text.to_pybytes())
    root = groups.root() if tree else ""
    return Frame(connection, sum(sizes.values()), whole.hexdigest(), root, sizes, key, groups)


def _lacks(plan: Plan, names: list[str], source: str) -> ZhunshengError:
    wanted = ("id", *plan.strata)
    missing, have = series(one for one in wanted if one not in names), series(names[:SHOWN])
    detail = worded(
        "没有列 {missing}：第一行的列名应为 id 和 {strata}，现在是 {have}",
        missing=missing,
        strata=series(plan.strata),
        have=have,
    )
    return ZhunshengError("ZS-DR-83", name=source, detail=detail)


def stratum_of(plan: Plan, names: list[str], source: str) -> str:
    """Return the SQL for the stratum of a row of ``source`` with columns ``names``. Raises ``ZS-DR-83``."""
    if "stratum" in names:
        stratum = "stratum"
    elif [name for name in plan.strata if name not in names]:
        raise _lacks(plan, names, source)
    else:
        stratum = f" || '{STRATUM_JOIN}' || ".join(f'CAST("{name}" AS VARCHAR)' for name in plan.strata)
    if "id" not in names:
        raise _lacks(plan, names, source)
    return stratum


def _checked(
    connection: duckdb.DuckDBPyConnection, plan: Plan, names: list[str], source: str, *, new: bool
) -> dict[str, int]:
    """Make the table ``frame``, refuse what may not be in it, and return the size of each stratum,
    by its bytes.
    """
    stratum = stratum_of(plan, names, source)
    try:
        connection.execute(
            f"CREATE OR REPLACE TABLE frame AS SELECT CAST(id AS VARCHAR) AS id, {stratum} AS stratum FROM "
            "source"
        )
    except duckdb.Error as error:  # rows that are none are met only now
        raise unread(source, error) from None
    connection.execute(
        "CREATE OR REPLACE VIEW numbered AS SELECT row_number() OVER () + coalesce(getvariable('above'), "
        "0) AS n, * FROM frame"
    )
    parts = STRATUM_JOIN.replace("|", "\\|").join([f"({PART.pattern})"] * len(plan.strata))
    wrong = (
        f"id IS NULL OR NOT regexp_full_match(id, '{ID.pattern}') OR stratum IS NULL OR NOT "
        f"regexp_full_match(stratum, {quoted(parts)})"
    )
    _refuse(
        connection,
        source,
        f"SELECT n, id, stratum FROM numbered WHERE {wrong}",
        worded("编号或分层不合规"),
        _why,
    )
    # Ids of which no two look alike are no two the same: one pass tells both.
    alike = _repeats(connection, _LOOK if new else "id")
    _refuse(
        connection,
        source,
        "SELECT n, id, stratum FROM (SELECT *, count(*) OVER (PARTITION BY id) AS times FROM numbered) "
        "WHERE times > 1 ORDER BY id, n"
        if alike and _repeats(connection, "id")
        else "SELECT 1 WHERE false",
        worded("编号重复"),
    )
    sizes = dict(connection.execute("SELECT stratum, count(*) FROM frame GROUP BY stratum").fetchall())
    if len(sizes) > MAX_STRATA:
        raise ZhunshengError(
            "ZS-DR-26", what=worded("名录库有 {sizes} 层，层数", sizes=len(sizes)), most=MAX_STRATA
        )
    if len(sizes) * len(plan.quotas) > MAX_MATCHES:
        raise ZhunshengError("ZS-DR-26", what=worded("层数与配额条数之积"), most=MAX_MATCHES)
    unknown = [s for s in sizes if plan.quota(s) is None]
    if unknown:
        listed = ", ".join(quoted(s) for s in unknown)
        _refuse(
            connection,
            source,
            f"SELECT n, id, stratum FROM numbered WHERE stratum IN ({listed})",
            worded("方案没有给这个分层配额"),
        )
    if not sizes:
        raise ZhunshengError("ZS-DR-84", name=source)
    if new:
        _refuse_alike(connection, source, sizes, plan, alike=alike)
    return {k: sizes[k] for k in sorted(sizes, key=str.encode)}


def _repeats(connection: duckdb.DuckDBPyConnection, of: str) -> bool:
    total, distinct = connection.execute(f"SELECT count(*), count(DISTINCT {of}) FROM frame").fetchone() or (
        0,
        0,
    )
    return bool(total != distinct)


def _refuse_alike(
    connection: duckdb.DuckDBPyConnection, source: str, strata: Iterable[str], plan: Plan, *, alike: bool
) -> None:
    """Raise ``ZS-DR-24`` naming ids, and parts of strata, that look alike and aren't the same,
    with their rows.

    Ids are compared in the database, since there may be millions (``alike``: some are);
    the names of strata are few.
    """
    said: list[str] = []
    if alike:
        kinds = f"SELECT {_LOOK} AS look FROM frame GROUP BY look HAVING count(*) > 1"
        found = connection.execute(
            f"SELECT list(n ORDER BY n), list(id ORDER BY n) FROM numbered"
            f" JOIN ({kinds}) ON look = {_LOOK} GROUP BY look ORDER BY min(n)"
        ).fetchall()
        said += [
            series((worded("第{n}行 {one}", n=n, one=one) for n, one in zip(*two, strict=True)), "与")
            for two in found
        ]
    rows: dict[str, int] = {}
    for place, name in enumerate(plan.strata):
        for two in lookalikes.pairs(stratum.split(STRATUM_JOIN)[place] for stratum in strata):
            if not rows:
                rows = dict(
                    connection.execute("SELECT stratum, min(n) FROM numbered GROUP BY stratum").fetchall()
                )
            first = [min(n for s, n in rows.items() if s.split(STRATUM_JOIN)[place] == one) for one in two]
            named = [
                worded("第{n}行{one}", n=n, one=lookalikes.shown(one))
                for n, one in zip(first, two, strict=True)
            ]
            said.append(worded("{column} {named}", column=column_words(name), named=series(named, "与")))
    if said:
        raise ZhunshengError("ZS-DR-24", name=source, count=len(said), detail=series(said[:SHOWN], "；"))


def _why(entity: str | None, stratum: str | None) -> str:
    """Say what is wrong with a row's id, else with its stratum."""
    if entity is None:
        return worded("没有编号")
    if ID.fullmatch(entity):
        return (
            worded("分层有空着的，或有竖线、制表符、换行，或超过 40 个字")
            if stratum
            else worded("分层是空的")
        )
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?[Ee]\+?[0-9]+", entity):
        return worded("编号被表格软件写成了科学计数，请把这一列的格式设为文本，从原来的数据重新填")
    if entity[:1] in "'=\"":
        return worded("编号前带着表格软件的记号（' = \"）")
    if re.search(r"\s", entity):
        return worded("编号里有空格")
    if re.search(r"[\uff01-\uff5e]", entity):
        return worded("编号里有全角字符")
    return worded("编号应是 1 至 22 位字母、数字、下划线或短横")


def _refuse(
    connection: duckdb.DuckDBPyConnection,
    source: str,
    query: str,
    why: str,
    of_row: Callable[[str | None, str | None], str] | None = None,
) -> None:
    rows: list[Any] = connection.execute(f"{query} LIMIT {SHOWN + 1}").fetchall()
    if rows:
        (count,) = connection.execute(f"SELECT count(*) FROM ({query})").fetchone() or (0,)
        empty = worded("（空）")
        said = series(
            (
                worded("第{n}行 {entity} {stratum}", n=n, entity=entity or empty, stratum=stratum or empty)
                + (worded("（{why}）", why=of_row(entity, stratum)) if of_row else "")
                for n, entity, stratum in rows[:SHOWN]
            ),
            "；",
        )
        raise ZhunshengError(
            "ZS-DR-02", name=source, count=count, detail=worded("{why}：{rows}", why=why, rows=said)
        )
