"""Load a ledger from a csv in any common encoding, each row under the number of its own line."""

from __future__ import annotations

import csv
import mmap
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TextIO

import duckdb
import pyarrow as pa

from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence.bounds import HOME, Bounds
from zhunsheng.evidence.headers import HEAD_ROWS, Head, header_of
from zhunsheng.evidence.ledgers import Ledger
from zhunsheng.evidence.mappings import Guide
from zhunsheng.evidence.raw import Layout, Raw, refuse_more, too_much
from zhunsheng.evidence.sql import one_file
from zhunsheng.faults import of_system
from zhunsheng.files.opening import decode
from zhunsheng.translation import worded

_HEAD_LINE = 2**20  # characters of one of the first rows
_SURPLUS = 16  # cells beyond the header that are looked for in a row
_PIECE = 100_000  # rows handed to the database at once
# What only a reader of quotes can take apart: a quote, or an empty line, which the database's reader skips
# without counting it.
_NOT_PLAIN = re.compile(rb'"|\r?\n\r?\n[^\r\n]|\r\r|\r[^\n]')


def load_csv(
    path: Path,
    ledger: Ledger | None,
    connection: duckdb.DuckDBPyConnection,
    scratch: Path,
    bounds: Bounds,
    guide: Guide,
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
            worded("前 {rows} 行中有一行超过 {most} 个字", rows=HEAD_ROWS, most=f"{_HEAD_LINE:,}"),
        )
    if any("\0" in line for line in lines):
        raise ZhunshengError("ZS-IN-03", name=path.name, detail=worded("二进制文件"))
    delimiter = max(",\t;|", key=lambda d: max((line.count(d) for line in lines), default=0))
    with source.open(encoding="utf-8-sig", newline="") as stream:
        top = list(islice(_records(stream, delimiter, path.name), HEAD_ROWS))
    rows = [cells for _line, cells, _why in top]
    head, mapping = header_of(rows, ledger, path.name, guide)
    width = max(len(row) for row in rows)
    refuse_more(path.name, 0, width, bounds)
    most = min(bounds.rows, bounds.cells // (width + _SURPLUS))
    columns = {name: n for n, name in enumerate(head.columns)}
    raw = Raw(head.ledger, columns, [], guarded=True, mapping=mapping)
    begins = top[head.at + head.lines - 1][0] + 1  # the line under the header
    if _plain(source):
        _load_plain(source, connection, delimiter, head, begins, width + _SURPLUS, most, bounds, path.name)
    else:
        raw.faults += _load_quoted(source, connection, delimiter, head, most, path.name)
    ((count,),) = connection.execute("SELECT count(*) FROM raw").fetchall()
    if count > most:
        raise too_much(
            path.name,
            worded("超过 {most} 行（{columns} 列的文件的上限）", most=f"{most:,}", columns=f"{width:,}"),
        )
    raw.layouts.append(Layout(None, replace(head, at=begins - 1 - head.lines), count))
    return raw


def _plain(source: Path) -> bool:
    """Say whether every line of a file is a row and every delimiter one: no quote, no empty line between."""
    with source.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return _NOT_PLAIN.search(data) is None


def _load_plain(  # noqa: PLR0913 - what a table of a csv is made of
    source: Path,
    connection: duckdb.DuckDBPyConnection,
    delimiter: str,
    head: Head,
    begins: int,
    width: int,
    most: int,
    bounds: Bounds,
    name: str,
) -> None:
    """Load a file without quotes by the database's own reader, which takes it in pieces at once."""
    names = "{" + ", ".join(f"'f{n}': 'VARCHAR'" for n in range(width)) + "}"
    lead = ", ".join(f"nullif(trim(f{n}), '')" for n in range(width))
    own = _own_width(head)
    over = ", ".join(f"nullif(trim(f{n}), '')" for n in range(own, width))
    used = "".join(f", f{at} AS c{n}" for n, at in enumerate(head.columns.values()))
    # One more than may be, so that no more than that is read where the file holds more.
    end = f" LIMIT {most + 1}" if bounds.rows < HOME.rows else ""
    query = (
        "CREATE TABLE raw AS SELECT row_number() OVER () AS _id, NULL::VARCHAR AS _sheet, "
        f"row_number() OVER () + {begins - 1} AS _row, coalesce({lead}) AS _lead, "
        f"coalesce({over}) AS _over{used} FROM read_csv(?, header = false, skip = {begins - 1}, "
        f"delim = '{delimiter}', quote = '', escape = '', columns = {names}, null_padding = true, "
        f"auto_detect = false, strict_mode = false){end}"
    )
    try:
        connection.execute(query, [one_file(str(source))])
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:
        if told := of_system(error):  # a full disk says nothing against the file
            raise told from error
        raise ZhunshengError("ZS-IN-05", name=name, detail=str(error).splitlines()[0][:160]) from None


def _load_quoted(
    source: Path, connection: duckdb.DuckDBPyConnection, delimiter: str, head: Head, most: int, name: str
) -> list[tuple[str | None, int, str, str]]:
    """Load a file record by record, each under the line where it begins; return cells whose quote ran on."""
    own, places = _own_width(head), list(head.columns.values())
    titles = {at: column for column, at in head.columns.items()}
    faults: list[tuple[str | None, int, str, str]] = []
    fields = ["_id", "_sheet", "_row", "_lead", "_over", *(f"c{n}" for n in range(len(places)))]
    types = [pa.int64(), pa.string(), pa.int64(), *[pa.string()] * (len(fields) - 3)]
    schema = pa.schema(zip(fields, types, strict=True))
    connection.register("incoming", schema.empty_table())
    connection.execute("CREATE TABLE raw AS SELECT * FROM incoming")
    connection.unregister("incoming")
    done = 0
    with source.open(encoding="utf-8-sig", newline="") as stream:
        records = islice(_records(stream, delimiter, name), head.at + head.lines, None)
        while piece := list(islice(records, _PIECE)):
            data = [[*map(str.strip, cells)] for _line, cells, _why in piece]
            columns: list[Sequence[object]] = [
                list(range(done + 1, done + 1 + len(piece))),
                [None] * len(piece),
                [line for line, _cells, _why in piece],
                [next(filter(None, cells), None) for cells in data],
                [next(filter(None, cells[own:]), None) for cells in data],
                *(list(_column(data, at)) for at in places),
            ]
            connection.register("incoming", pa.table(columns, schema=schema))
            connection.execute("INSERT INTO raw SELECT * FROM incoming")
            connection.unregister("incoming")
            for line, _cells, why in piece:
                if why:
                    faults.append((None, line, titles.get(why[0], ""), why[1]))
            done += len(piece)
            if done > most:
                break
    return faults


def _column(rows: list[list[str]], at: int) -> Iterator[str | None]:
    return (cells[at] or None if at < len(cells) else None for cells in rows)


def _own_width(head: Head) -> int:
    return max((n + 1 for n, title in enumerate(head.titles) if title.strip()), default=0)


def _records(
    stream: TextIO, delimiter: str, name: str
) -> Iterator[tuple[int, list[str], tuple[int, str] | None]]:
    """Yield the records of a csv: the line where each begins, its cells, and the cell whose quote ran on and
    why.

    A quote that is never closed, or closed far below, takes whole lines into one cell; nobody types those.
    Raises ``ZS-IN-05``.
    """
    taken: list[str] = []

    def lines() -> Iterator[str]:
        for line in stream:
            taken.append(line)
            yield line

    csv.field_size_limit(_HEAD_LINE)
    reader = csv.reader(lines(), delimiter=delimiter)
    begins = 1
    try:
        for cells in reader:
            why = _ran_on(cells, taken, delimiter) if len(taken) > 1 or taken[0].count('"') % 2 else None
            yield begins, cells, why
            begins = reader.line_num + 1
            taken.clear()
    except csv.Error as error:
        detail = worded("第 {line} 行：{detail}", line=begins, detail=str(error))
        raise ZhunshengError("ZS-IN-05", name=name, detail=detail) from None


def _ran_on(cells: list[str], taken: list[str], delimiter: str) -> tuple[int, str] | None:
    """Return which cell of a record holds lines that are rows of their own, and what is wrong."""
    open_ended = sum(line.count('"') for line in taken) % 2 == 1
    for n, cell in enumerate(cells):
        whole = [line for line in cell.split("\n") if line.count(delimiter) >= max(1, len(cells) - 1)]
        if whole or (open_ended and n == len(cells) - 1):
            if len(taken) > 1:
                return n, worded("引号没有闭合，把后面 {lines} 行并进了这一格，没有读", lines=len(taken) - 1)
            return n, worded("引号没有闭合")
    return None


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
