"""Load a ledger from a csv in any common encoding, each row under the number of its own line."""

from __future__ import annotations

import codecs
import mmap
import re
import string
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Literal

import duckdb
import numpy as np
import pyarrow as pa
from xlsxwriter.utility import xl_col_to_name

from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence.bounds import HOME, Bounds
from zhunsheng.evidence.cleaning import BLANKS, emptying, plain_signs
from zhunsheng.evidence.conventions import conditions
from zhunsheng.evidence.headers import HEAD_ROWS, Head, header_of
from zhunsheng.evidence.ledgers import Ledger
from zhunsheng.evidence.left_out import maybe_left_out
from zhunsheng.evidence.mappings import Guide, LedgerMapping
from zhunsheng.evidence.raw import BEYOND, Layout, Raw, lines_above, refuse_more, too_much
from zhunsheng.evidence.sql import one_file, quoted
from zhunsheng.faults import of_system
from zhunsheng.files.delimited import LONGEST, Record, records
from zhunsheng.files.opening import HEAD, decode, two_bytes_a_letter
from zhunsheng.translation import worded

_DELIMITERS = ",\t;|"
_SURPLUS = 16  # cells beyond the header that are looked for in a row
_BLOCK = 2**20
# Of these nothing depends on whether they occur; breaks at the ends of a cell go where it is read.
_COMMON = (string.ascii_letters + string.digits + ",.-/\n").encode()
_PIECE = 100_000  # rows handed to the database at once
# Lines that the database's reader counts otherwise: an empty one, which it skips, and other ends of lines.
_ODD_LINES = re.compile(rb"\r?\n\r?\n[^\r\n]|\r\r|\r[^\n]")
_KEPT = 1 << 20  # bytes; to begin to read a file takes as long as to keep so many
_NOWHERE = b"\x01"  # taken for a delimiter that a file does not have, so that a line is one value


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
    source, signs = _as_utf8(path, scratch)
    with source.open(encoding="utf-8-sig", newline="") as stream:
        lines = [line for _ in range(HEAD_ROWS) if (line := stream.readline(LONGEST))]
    if any(len(line) >= LONGEST for line in lines):
        raise too_much(
            path.name,
            worded("前 {rows} 行中有一行超过 {most} 个字", rows=HEAD_ROWS, most=f"{LONGEST:,}"),
        )
    if any("\0" in line for line in lines):
        raise ZhunshengError("ZS-IN-03", name=path.name, detail=worded("二进制文件"))
    delimiter, top, (head, mapping) = _headed(source, lines, ledger, path.name, guide)
    rows = [cells for _line, cells, _why in top]
    width = max(len(row) for row in rows)
    refuse_more(path.name, 0, width, bounds)
    most = min(bounds.rows, bounds.cells // (width + _SURPLUS))
    columns = {name: n for n, name in enumerate(head.columns)}
    raw = Raw(head.ledger, columns, [], guarded=True, mapping=mapping, signs=signs)
    begins = top[head.at + head.lines - 1][0] + 1  # the line under the header
    if (quote := _quote_of_plain(source, connection, delimiter)) is not None:
        raw.signs = signs - {"\r"}  # which stands at the ends of lines alone
        # What needs no cleaning is read where it lies, each time it is asked for: to keep much takes longer.
        raw.lazy = plain_signs(raw.signs) and source.stat().st_size > _KEPT
        query = _lines_query(source, delimiter, quote, begins, width + _SURPLUS)
        # One more than may be, so that no more than that is read where the file holds more.
        end = f" LIMIT {most + 1}" if bounds.rows < HOME.rows else ""
        count = _load_plain(
            connection, raw, head, begins, f"FROM ({query}{end})", width + _SURPLUS, path.name
        )
    else:
        raw.faults += _load_quoted(source, connection, delimiter, head, most, path.name)
        ((count,),) = connection.execute("SELECT count(*) FROM raw").fetchall()
    if count > most:
        raise too_much(
            path.name,
            worded("超过 {most} 行（{columns} 列的文件的上限）", most=f"{most:,}", columns=f"{width:,}"),
        )
    above = lines_above((line, cells) for line, cells, _why in top[: head.at])
    bare = _bare(connection, raw, head)
    first = top[head.at][0]  # a title can run over several lines of the file
    placed = replace(head, at=first - 1, lines=begins - first)
    raw.layouts[:] = [Layout(None, placed, count, above, bare=bare)]
    return raw


def _headed(
    source: Path, lines: Sequence[str], ledger: Ledger | None, name: str, guide: Guide
) -> tuple[str, list[Record], tuple[Head, LedgerMapping | None]]:
    """Return the delimiter of a file, its first records by it, and the header among them.

    Of the signs that can part cells the one that comes most often in a line is tried first: a title above a
    header can have more commas than the table has tabs.
    """
    by_count = sorted(_DELIMITERS, key=lambda d: -max((line.count(d) for line in lines), default=0))
    fault: ZhunshengError | None = None
    for delimiter in [d for d in by_count if any(d in line for line in lines)] or by_count[:1]:
        try:
            with source.open(encoding="utf-8-sig", newline="") as stream:
                top = list(islice(records(stream, delimiter, name), HEAD_ROWS))
            rows = [cells for _line, cells, _why in top]
            return delimiter, top, header_of(rows, ledger, name, guide)
        except ZhunshengError as error:
            fault = fault or error
    assert fault is not None
    raise fault


def _untitled(head: Head) -> list[int]:
    """Return the places within a header that have no title."""
    return [n for n in range(_own_width(head)) if not head.titles[n].strip()]


def _bare(connection: duckdb.DuckDBPyConnection, raw: Raw, head: Head) -> tuple[str, ...]:
    """Return the letters of the columns without a title that hold something; they go from table ``raw``."""
    untitled, used = _untitled(head), len(raw.columns)
    if not untitled:
        return ()
    some = ", ".join(f"bool_or(nullif(c{used + n}, '') IS NOT NULL)" for n in range(len(untitled)))
    (found,) = connection.execute(f"SELECT {some} FROM raw").fetchall()
    for n in range(len(untitled)) if not raw.lazy else ():
        connection.execute(f"ALTER TABLE raw DROP COLUMN c{used + n}")
    return tuple(xl_col_to_name(at) for at, filled in zip(untitled, found, strict=True) if filled)


def _quote_of_plain(
    source: Path, connection: duckdb.DuckDBPyConnection, delimiter: str
) -> Literal["", '"'] | None:
    """Return the quote of a file in which every line is a row: none, or one that stands about whole cells
    alone and is closed in its line; None for a file that only a reader of quotes can take apart.
    """
    with source.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        # Looked for one by one: the pattern takes longer than all else that is done with a file's lines.
        if (data.find(b"\r") >= 0 or data.find(b"\n\n") >= 0) and _ODD_LINES.search(data):
            return None
        if data.find(b'"') < 0:
            return ""
        if data.find(_NOWHERE) >= 0:
            return None
    cell = f'([^"{delimiter}]*|"([^"]|"")*")'
    whole = f"{cell}({re.escape(delimiter)}{cell})*"
    try:
        ((odd,),) = connection.execute(
            f"SELECT bool_or(NOT regexp_full_match(line, '{whole}')) FROM read_csv(?, header = false, "
            f"delim = '{_NOWHERE.decode()}', quote = '', escape = '', columns = {{'line': 'VARCHAR'}}, "
            "auto_detect = false, strict_mode = false)",
            [one_file(str(source))],
        ).fetchall()
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error:
        return None
    return None if odd else '"'


def _lines_query(source: Path, delimiter: str, quote: str, begins: int, width: int) -> str:
    """Return the query of the cells (f0, f1, …) of a file whose every line is a row, by the database's own
    reader.
    """
    names = "{" + ", ".join(f"'f{n}': 'VARCHAR'" for n in range(width)) + "}"
    return (
        f"FROM read_csv({quoted(one_file(str(source)))}, header = false, skip = {begins - 1}, "
        f"delim = '{delimiter}', quote = '{quote}', escape = '{quote}', columns = {names}, "
        "null_padding = true, auto_detect = false, strict_mode = false)"
    )


def _load_plain(  # noqa: PLR0913 - what a table of a csv is made of
    connection: duckdb.DuckDBPyConnection,
    raw: Raw,
    head: Head,
    begins: int,
    lines: str,
    width: int,
    name: str,
) -> int:
    """Make table ``raw``, or a view, of the cells of ``lines`` (SQL); return its rows.
    Raises ``ZS-IN-05``.
    """
    lead, over = (
        "coalesce(" + ", ".join(f"nullif(trim(f{n}), '')" for n in range(first, width)) + ")"
        for first in (0, _own_width(head))
    )
    beyond = ", ".join(f"f{n}" for n in range(_own_width(head), width))
    over = f"CASE WHEN coalesce({beyond}) IS NOT NULL THEN {over} END"  # in nearly no row
    places = [*head.columns.values(), *_untitled(head)]
    blanks = [blank for blank in BLANKS if raw.may_hold(blank)]
    ends = " OR ".join(f"starts_with(f{{0}}, '{b}') OR ends_with(f{{0}}, '{b}')" for b in blanks) or "false"
    tests = "".join(f", bool_or({ends.format(at)})" for at in places)
    raw.layouts.append(Layout(None, head, 0))
    # Asked along: what all that reads the file asks of it first, on the guess that no cell is padded.
    asked = (
        [maybe_left_out(raw), *emptying(raw).values(), *conditions(raw).values(), BEYOND] if raw.lazy else []
    )
    looks = "".join(f", bool_or({one})" for one in asked)
    as_they_stand = "".join(f", f{at} AS c{n}" for n, at in enumerate(places))
    seen = f"SELECT *, 0 AS _row, {lead} AS _lead, {over} AS _over{as_they_stand} {lines}"
    try:
        ((count, *found),) = connection.execute(f"SELECT count(*){tests}{looks} FROM ({seen})").fetchall()
        padded, known = found[: len(places)], found[len(places) :]
        if not any(padded):
            raw.known = dict(zip(asked, map(bool, known), strict=True))
        cells = [
            f"nullif(trim(f{at}, '{BLANKS}'), '')" if blank else f"f{at}"
            for at, blank in zip(places, padded, strict=True)
        ]
        used = "".join(f", {cell} AS c{n}" for n, cell in enumerate(cells))
        connection.execute(
            f"CREATE {'VIEW' if raw.lazy else 'TABLE'} raw AS SELECT row_number() OVER () AS _id, "
            f"NULL::VARCHAR AS _sheet, row_number() OVER () + {begins - 1} AS _row, "
            f"{lead} AS _lead, {over} AS _over{used} {lines}"
        )
        return int(count)
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
    own, places = _own_width(head), [*head.columns.values(), *_untitled(head)]
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
        data_rows = islice(records(stream, delimiter, name), head.at + head.lines, None)
        while piece := list(islice(data_rows, _PIECE)):
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


def _as_utf8(path: Path, scratch: Path) -> tuple[Path, frozenset[str]]:
    """Return the file, or a copy in UTF-8 where it is in another encoding, and the characters that occur in
    it. Raises ``ZS-EV-07``.
    """
    with path.open("rb") as stream:
        wide = two_bytes_a_letter(stream.read(HEAD))
    if wide is None and (signs := _signs_of_utf8(path)) is not None:
        return path, signs
    copy = scratch / "utf8.csv"
    for candidate in (wide or "gb18030",):
        found: set[str] = set()
        try:
            with (
                path.open(encoding=candidate, newline="") as source,
                copy.open("w", encoding="utf8", newline="") as target,
            ):
                while block := source.read(_BLOCK):
                    found |= set(block)
                    target.write(block)
        except UnicodeError:
            continue
        return copy, frozenset(found)
    text = decode(path.read_bytes(), path.name)
    copy.write_text(text, "utf8")
    return copy, frozenset(text)


def _signs_of_utf8(path: Path) -> frozenset[str] | None:
    """Return the characters that occur in a file in UTF-8, of plain letters and digits not all; None for a
    file in another encoding.
    """
    seen = np.zeros(1 << 16, bool)
    rare: set[str] = set()
    rest = b""
    with path.open("rb") as stream:
        if stream.read(len(codecs.BOM_UTF8)) != codecs.BOM_UTF8:
            stream.seek(0)
        while block := stream.read(_BLOCK):
            whole, rest = _cut(rest + block)
            if not _in_utf8(whole):
                return None
            text = whole.translate(None, _COMMON).decode()
            units = np.frombuffer(text.encode("utf-16-le"), np.uint16)
            seen[units] = True
            if seen[0xD800:0xE000].any():  # signs of two units, each of which says nothing
                rare |= {sign for sign in text if sign > "\uffff"}
                seen[0xD800:0xE000] = False
    return None if rest else frozenset(map(chr, np.flatnonzero(seen).tolist())) | rare


_ONE = 3  # bytes that can be the beginning of a character, of at most four


def _cut(data: bytes) -> tuple[bytes, bytes]:
    """Return the whole characters of bytes in UTF-8, and the beginning of the next."""
    for back in range(1, min(_ONE, len(data)) + 1):
        first = data[-back]
        if first >= 0xC0:  # begins a character of two to four bytes
            long = 2 + (first >= 0xE0) + (first >= 0xF0)
            return (data[:-back], data[-back:]) if long > back else (data, b"")
        if first < 0x80:
            break
    return data, b""


def _in_utf8(data: bytes) -> bool:
    """Say whether bytes are text in UTF-8, by the fastest that can say so."""
    ends = pa.py_buffer(np.array([0, len(data)], np.int32))
    try:
        pa.Array.from_buffers(pa.string(), 1, [None, ends, pa.py_buffer(data)]).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True
