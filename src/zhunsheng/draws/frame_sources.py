"""What a frame is made from: a file as it comes, or the ledger of entities; as a view of texts."""

from __future__ import annotations

import csv
import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE, getincrementaldecoder
from datetime import date
from pathlib import Path

import duckdb

from zhunsheng.draws.frame import key_of
from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence import Snapshot, ledgers
from zhunsheng.evidence.ledgers import DEPARTMENT
from zhunsheng.evidence.sql import quoted
from zhunsheng.faults import of_system
from zhunsheng.measures.definitions import measures, predicate
from zhunsheng.translation import worded

PIECE = 2**22  # bytes of a csv read at once, for its encoding
LEDGER = "市场主体台账"


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
        raise unread(path.name, error) from None


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


def unread(name: str, error: duckdb.Error) -> ZhunshengError:
    """Return what the library could not read as an error for a person, with the line where it says one; a
    full disk says nothing against the file.
    """
    if told := of_system(error):
        return told
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
