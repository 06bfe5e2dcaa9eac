"""Load a ledger from a csv in any common encoding."""

from __future__ import annotations

import csv
from pathlib import Path

import duckdb

from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence.bounds import HOME, Bounds
from zhunsheng.evidence.headers import HEAD_ROWS, find_header
from zhunsheng.evidence.ledgers import Ledger
from zhunsheng.evidence.raw import Raw, refuse_more, too_much
from zhunsheng.faults import of_system
from zhunsheng.files.opening import decode
from zhunsheng.translation import worded

_HEAD_LINE = 2**20  # characters of one of the first rows
_SURPLUS = 16  # cells beyond the header that are looked for in a row of a csv


def load_csv(
    path: Path, ledger: Ledger | None, connection: duckdb.DuckDBPyConnection, scratch: Path, bounds: Bounds
) -> Raw:
    """Load a csv into table ``raw``. Raises ``ZS-IN-*``, ``ZS-EV-*``."""
    if not path.stat().st_size:
        raise ZhunshengError("ZS-IN-02", name=path.name)
    source = _as_utf8(path, scratch)
    with source.open(encoding="utf-8-sig", newline="") as stream:
        lines = [line for _ in range(HEAD_ROWS) if (line := stream.readline(_HEAD_LINE))]
    if any(len(line) >= _HEAD_LINE for line in lines):
        raise too_much(
            path.name,
            worded(
                "前 {rows} 行中有一行超过 {most} 个字",
                rows=HEAD_ROWS,
                most=f"{_HEAD_LINE:,}",
            ),
        )
    if any("\0" in line for line in lines):
        raise ZhunshengError("ZS-IN-03", name=path.name, detail=worded("二进制文件"))
    delimiter = max(",\t;|", key=lambda d: max((line.count(d) for line in lines), default=0))
    try:
        head = list(csv.reader(lines, delimiter=delimiter))
    except csv.Error as error:
        raise ZhunshengError("ZS-IN-05", name=path.name, detail=str(error)) from None
    found, columns, at = find_header(head, ledger, path.name)
    titles = tuple(head[at])
    own = max((n + 1 for n, title in enumerate(titles) if title.strip()), default=0)
    width = max(len(row) for row in head) + _SURPLUS
    refuse_more(path.name, 0, width - _SURPLUS, bounds)
    most = min(bounds.rows, bounds.cells // width)
    names = "{" + ", ".join(f"'c{n}': 'VARCHAR'" for n in range(width)) + "}"
    query = (
        f"CREATE OR REPLACE TABLE raw AS SELECT row_number() OVER () + {at + 1} AS _row, * FROM read_csv(?, "
        f"header = false, skip = {at + 1}, delim = '{delimiter}', quote = '\"', escape = '\"', "
        f"columns = {names}, null_padding = true, auto_detect = false, strict_mode = false, parallel = "
    )
    # One more than may be, so that no more than that is read where the file holds more.
    end = f") LIMIT {most + 1}" if bounds.rows < HOME.rows else ")"
    try:
        connection.execute(query + "true" + end, [str(source)])
    except duckdb.Error:
        try:  # quoted line breaks can't be split among threads
            connection.execute(query + "false" + end, [str(source)])
        except duckdb.OutOfMemoryException:
            raise
        except duckdb.Error as error:
            if told := of_system(error):  # a full disk says nothing against the file
                raise told from error
            raise ZhunshengError(
                "ZS-IN-05", name=path.name, detail=str(error).splitlines()[0][:160]
            ) from None
    ((rows,),) = connection.execute("SELECT count(*) FROM raw").fetchall()
    if rows > most:
        raise too_much(
            path.name,
            worded(
                "超过 {most} 行（{columns} 列的文件的上限）",
                most=f"{most:,}",
                columns=f"{width - _SURPLUS:,}",
            ),
        )
    return Raw(found, columns, at + 1, None, titles, surplus=tuple(range(own, width)), guarded=True)


def _as_utf8(path: Path, scratch: Path) -> Path:
    """Return the file, or a copy in UTF-8 where it is in another encoding. Raises ``ZS-EV-07``."""
    encoding = None
    with path.open("rb") as stream:
        mark = stream.read(2)
    for candidate in ("utf-16",) if mark in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "gb18030"):
        try:
            with path.open(encoding=candidate, newline="") as stream:
                while stream.read(2**20):
                    pass
        except UnicodeError:
            continue
        encoding = candidate
        break
    if encoding == "utf-8-sig":
        return path
    copy = scratch / "utf8.csv"
    if encoding is None:
        copy.write_text(decode(path.read_bytes(), path.name), "utf8")
        return copy
    with (
        path.open(encoding=encoding, newline="") as source,
        copy.open("w", encoding="utf8", newline="") as target,
    ):
        while block := source.read(2**20):
            target.write(block)
    return copy
