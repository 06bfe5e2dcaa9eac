"""The frame (检查对象名录库): read from a file or the entities ledger, checked, sorted, digested;
memory stays bounded.
"""

from __future__ import annotations

import csv
import hashlib
import re
import secrets
import sys
from codecs import BOM_UTF16_BE, BOM_UTF16_LE, getincrementaldecoder
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from zhunsheng.draws import lookalikes
from zhunsheng.draws.bundle import MAX_MATCHES, MAX_STRATA
from zhunsheng.draws.drawing import DrawEngine, DuckDatabase, draw_file
from zhunsheng.draws.merkle import KEPT_FROM, Groups, keep
from zhunsheng.draws.plan import Plan
from zhunsheng.draws.spec import (
    ID,
    KEY,
    PART,
    STRATUM_JOIN,
    UNSALTED,
    Tree,
    frame_line,
    head,
    leaf_under,
    proof_of,
)
from zhunsheng.draws.strata import column_words
from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence import Snapshot, ledgers
from zhunsheng.evidence.ledgers import DEPARTMENT
from zhunsheng.evidence.sql import quoted
from zhunsheng.measures.definitions import measures, predicate
from zhunsheng.translation import series, worded

BATCH = 200_000
PIECE = 2**22  # bytes of a csv read at once, for its encoding
TEXT_BATCH = 2**20  # lines of the text at a time
LEDGER = "市场主体台账"
SHOWN = 10  # bad rows named in a refusal
_LOOK = f"translate(upper(id), '{lookalikes.LETTERS}', '{lookalikes.FIGURES}')"


@dataclass
class Frame:
    """A checked frame: table ``frame(id, stratum)`` on ``connection``, with its digests and the size of each
    stratum.

    ``root`` is empty where it was not asked for, ``key`` in a frame of ``draw/1``, whose tree is not salted.
    """

    connection: duckdb.DuckDBPyConnection
    count: int
    digest: str
    root: str
    sizes: dict[str, int]
    key: str
    groups: Groups

    def lines(self) -> Iterator[tuple[str, str]]:
        """Yield (id, stratum) in the protocol's order: by the bytes of the id."""
        cursor = self.connection.cursor()
        cursor.execute("SELECT id, stratum FROM frame ORDER BY id")
        while rows := cursor.fetchmany(BATCH):
            yield from rows

    def text(self) -> Iterator[pa.Buffer]:
        """Yield the published text, the key's line first, then a million lines at a time."""
        yield pa.py_buffer(head(self.key))
        yield from _text(self.connection)

    def write(self, path: Path) -> None:
        """Write the published text, so that ``sha256sum`` of the file is the committed digest."""
        with path.open("wb") as stream:
            for text in self.text():
                stream.write(text)

    def keep(self, path: Path) -> None:
        """Write the tree's nodes to a file beside the text, for who asks for one entity's proof;
        of a small frame nothing.
        """
        if self.count >= KEPT_FROM:
            keep(self.groups, self.digest, path)

    def engine(self) -> DrawEngine:
        """Return what draws from this frame."""
        return DuckDatabase(self.connection)

    def write_drawn(self, seed: str, quotas: Mapping[str, Mapping[str, int]], path: Path) -> int:
        """Write the drawn of a draw too large to hold to a Parquet file; return how many."""
        return draw_file(DuckDatabase(self.connection), seed, quotas, path)

    def proofs(self, entities: list[str]) -> dict[str, Any]:
        """Return the salt and the path in the tree (``spec.proof_of``) of each of ``entities``,
        all in the frame.
        """
        places, tree = self.position(entities), self.tree()
        return {entity: proof_of(self.key, entity, tree.proof(places[entity])) for entity in entities}

    def tree(self) -> Tree:
        """Return the tree over the frame; 64 bytes an entity."""
        return Tree(leaf_under(self.key, frame_line(*row)) for row in self.lines())

    def strata_of(self, entities: Sequence[str]) -> dict[str, str]:
        """Return the stratum of each of ``entities`` that is in the frame."""
        return _strata_of(self.connection, entities)

    def position(self, entities: list[str]) -> dict[str, int]:
        """Return where entities stand in the frame, from 0."""
        rows = self.connection.execute(
            "SELECT id, n FROM (SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM frame) WHERE id IN "
            "(SELECT unnest(?))",
            [entities],
        ).fetchall()
        return dict(rows)


def open_database(memory_limit: str | None = None, scratch: Path | None = None) -> duckdb.DuckDBPyConnection:
    """Return a DuckDB connection that spills to ``scratch`` beyond ``memory_limit``."""
    connection = duckdb.connect(str(scratch / "draw.duckdb") if scratch else ":memory:")
    connection.execute("SET enable_progress_bar = false")
    if memory_limit:
        connection.execute(f"SET memory_limit = '{memory_limit}'")
    return connection


def _text(connection: duckdb.DuckDBPyConnection) -> Iterator[pa.Buffer]:
    """Yield the lines of the table ``frame`` as it is published, a million at a time."""
    rows = "SELECT id, stratum FROM frame ORDER BY id"
    for batch in connection.cursor().sql(rows).to_arrow_reader(TEXT_BATCH):
        if batch.num_rows:
            yield text_of(batch)


def text_of(batch: pa.RecordBatch) -> pa.Buffer:
    """Return the lines of rows (id, stratum), none of them null, joined one after another."""
    ids, strata = (column.cast(pa.large_string()) for column in batch.columns)
    feed, tab = pa.scalar("\n", pa.large_string()), pa.scalar("\t", pa.large_string())
    lines = pc.binary_join_element_wise(
        ids, pc.binary_join_element_wise(strata, pa.scalar("", pa.large_string()), feed), tab
    )
    _, places, data = lines.buffers()
    begin, end = (
        int.from_bytes(places[8 * k : 8 * k + 8].to_pybytes(), sys.byteorder)
        for k in (lines.offset, lines.offset + len(lines))
    )
    return data.slice(begin, end - begin)


def new_key() -> str:
    """Return a key for a new frame: whoever doesn't have the frame can't guess from one line's proof what
    others hold.
    """
    return secrets.token_hex(16)


def key_of(path: Path) -> str:
    """Return the key in the first line of a frame.tsv, empty where there is none.
    Raises ``ZS-DR-48`` for a broken line, ``ZS-DR-08`` for one that ends otherwise.
    """
    with path.open("rb") as stream:
        first = stream.read(len(head("0" * 32)))
    if not first.startswith(b"#"):
        return ""
    key = first[2:-1].decode("latin-1")
    if first[-1:] == b"\r" and KEY.fullmatch(key):
        detail = worded("换行被改成了 Windows 的写法（CRLF），多半是用别的软件打开后又存过")
        raise ZhunshengError("ZS-DR-08", name=path.name, detail=detail)
    if not KEY.fullmatch(key) or first != head(key):
        raise ZhunshengError(
            "ZS-DR-48", name=path.name, detail=worded("第一行应是“#”、制表符和 32 个十六进制字符")
        )
    return key


def refuse_key(version: str, frame: Frame, name: str) -> None:
    """Raise ``ZS-DR-48`` for a frame without a key under a version that has one, and the other way round."""
    if (version == UNSALTED) == bool(frame.key):
        detail = worded("这个版本的名录库第一行没有盐") if frame.key else worded("缺少第一行的盐，无法核对")
        raise ZhunshengError("ZS-DR-48", name=name, detail=detail)


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


def source_of_file(path: Path, connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Make the view ``source`` over a file; return its columns. Raises ``ZS-IN-01``, ``ZS-DR-08``,
    ``ZS-DR-48``, ``ZS-DR-66``.

    The key of a frame.tsv is no row of it: a new frame that is made of an old one has a key of its own.
    """
    if not path.is_file():
        raise ZhunshengError("ZS-IN-01", name=str(path))
    name, above = quoted(str(path)), 0
    if path.suffix == ".parquet":
        reader = f"read_parquet({name})"
    elif path.suffix == ".tsv":
        above = int(bool(key_of(path)))
        reader = (
            f"read_csv({name}, delim = '\t', header = false, skip = {above}, quote = '', escape = '', "
            "columns = {'id': 'VARCHAR', 'stratum': 'VARCHAR'})"
        )
    else:
        _refuse_no_csv(path)
        titles, above = _titles(path)
        # Nothing is guessed: a row with a field too many would make the library take another sign for the
        # comma.
        columns = ", ".join(f"{quoted(title)}: 'VARCHAR'" for title in titles)
        reader = (
            f"read_csv({name}, auto_detect = false, delim = ',', quote = '\"', escape = '\"', "
            f"header = false, skip = {above}, columns = {{{columns}}})"
        )
    try:
        connection.execute(f"CREATE OR REPLACE VIEW source AS SELECT * FROM {reader}")
        connection.execute(f"SET VARIABLE above = {above}")  # lines of the file above the first entity's
        return [row[0] for row in connection.execute("DESCRIBE source").fetchall()]
    except duckdb.Error as error:
        raise _unread(path.name, error) from None


def _titles(path: Path) -> tuple[list[str], int]:
    """Return the columns of a csv and the lines that they take up. Raises ``ZS-IN-02``, ``ZS-DR-83``."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.reader(stream)
        titles = next((row for row in reader if row), [])
    if not titles:
        raise ZhunshengError("ZS-IN-02", name=path.name)
    seen: set[str] = set()
    for n, title in enumerate(titles, start=1):
        if not title.strip():
            raise ZhunshengError(
                "ZS-DR-83",
                name=path.name,
                detail=worded(
                    "第 {line_num} 行应是各列的列名，第 {n} 列没有列名", line_num=reader.line_num, n=n
                ),
            )
        if title.lower() in seen:
            raise ZhunshengError("ZS-DR-83", name=path.name, detail=worded("有两列都叫 {title}", title=title))
        seen.add(title.lower())
    return titles, reader.line_num


def _unread(name: str, error: duckdb.Error) -> ZhunshengError:
    """Return what the library could not read as an error for a person, with the line where it says one."""
    if line := re.search(r"Line: (\d+)", str(error)):
        return ZhunshengError(
            "ZS-DR-82", name=name, detail=worded("第 {line} 行的列数与第一行不同，或引号不成对", line=line[1])
        )
    return ZhunshengError("ZS-DR-82", name=name, detail=worded("内容不是这种格式的表"))


_NO_CSV = {
    b"PK\x03\x04": worded("它是 xlsx 工作簿，不是 csv"),
    b"\xd0\xcf\x11\xe0": worded("它是 xls 工作簿，不是 csv"),
}


def _refuse_no_csv(path: Path) -> None:
    """Raise ``ZS-DR-66`` for a workbook, or a csv in another encoding than UTF-8,
    as Excel saves it by itself.

    The whole text is read for its encoding: the one name that is not ASCII may stand in the last row.
    """
    decoder = getincrementaldecoder("utf-8")()
    with path.open("rb") as stream:
        piece = stream.read(PIECE)
        if said := _NO_CSV.get(piece[:4]):
            raise ZhunshengError("ZS-DR-66", name=path.name, detail=said)
        if piece[:2] in (BOM_UTF16_LE, BOM_UTF16_BE):
            raise ZhunshengError("ZS-DR-66", name=path.name, detail=worded("编码是 UTF-16，应为 UTF-8"))
        try:
            while piece:
                decoder.decode(piece)
                piece = stream.read(PIECE)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            detail = worded("编码不是 UTF-8（多半是 GBK，Excel 直接存成的 csv 就是）")
            raise ZhunshengError("ZS-DR-66", name=path.name, detail=detail) from None


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
    return _checked(connection, plan, names, LEDGER, new=True), _strata_of(connection, recused)


def _strata_of(connection: duckdb.DuckDBPyConnection, entities: Sequence[str]) -> dict[str, str]:
    if not entities:
        return {}
    rows = connection.execute(
        "SELECT id, stratum FROM frame WHERE id IN (SELECT unnest(?))", [list(entities)]
    ).fetchall()
    return dict(rows)


def source_of_ledger(
    snapshot: Snapshot,
    on: date,
    connection: duckdb.DuckDBPyConnection,
    where: str | None,
    department: str | None,
) -> list[str]:
    """Make the view ``source`` over the ledger of entities; return its columns. Raises ``ZS-DR-02``,
    ``ZS-MS-02``.
    """
    narrowed = ""
    if where:
        # Measures check their predicates node by node; here the words are the plan's,
        # and so is the name in the error.
        named = measures()["double_random_ratio"].model_copy(update={"id": "--where"})
        narrowed = f" AND ({predicate(named, where, ledgers()['entities'], set()).sql('duckdb')})"
    if department is not None:
        narrowed += f" AND {DEPARTMENT} = {quoted(department)}"
    if not snapshot.files.get("entities"):
        raise ZhunshengError("ZS-DR-02", name=LEDGER, count=0, detail=worded("证据库里没有市场主体"))
    day = f"DATE '{on.isoformat()}'"
    connection.execute(
        "CREATE OR REPLACE VIEW source AS SELECT credit_code AS id, * FROM "
        f"({snapshot.sql(ledgers()['entities'])}) WHERE registered_on <= {day} AND (deregistered_on IS NULL "
        f"OR deregistered_on > {day}){narrowed}"
    )
    return [row[0] for row in connection.execute("DESCRIBE source").fetchall()]


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
    for text in _text(connection):
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
        raise _unread(source, error) from None
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
