"""Load a ledger from a parquet file, within bounds of what it comes to as texts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from zhunsheng.clock import zone_name
from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence.bounds import Bounds
from zhunsheng.evidence.headers import Head, header_of
from zhunsheng.evidence.ledgers import DEPARTMENT, Ledger
from zhunsheng.evidence.mappings import Guide
from zhunsheng.evidence.raw import DIGITS_LOST, Layout, Raw, refuse_more, too_much
from zhunsheng.evidence.sql import one_file, quoted, quoted_name
from zhunsheng.faults import of_system
from zhunsheng.translation import translatable, worded

_LOST = translatable("超过 15 位的数字存成了浮点数，末位已经丢失；请把这一列存为文字")


def look_parquet(source: Path | IO[bytes], name: str, bounds: Bounds) -> pa.Schema:
    """Return the schema of a parquet file whose own account of itself is within ``bounds``.
    Raises ``ZS-IN-05``, ``ZS-EV-40``.
    """
    try:
        said = pq.ParquetFile(source).metadata
        schema = said.schema.to_arrow_schema()
        groups = [said.row_group(n) for n in range(said.num_row_groups)]
        names = schema.names
    except (pa.ArrowException, OSError, ValueError) as error:
        if told := of_system(error):
            raise told from error
        raise ZhunshengError("ZS-IN-05", name=name, detail=str(error)[:120]) from None
    refuse_more(name, max(said.num_rows, sum(group.num_rows for group in groups)), len(names), bounds)
    size = sum(group.total_byte_size for group in groups)
    if size > bounds.texts:
        raise too_much(
            name,
            worded(
                "解压后 {size} MB，上限 {most} MB",
                size=f"{size / 2**20:,.0f}",
                most=f"{bounds.texts / 2**20:,.0f}",
            ),
        )
    return schema


def load_parquet(
    path: Path, ledger: Ledger | None, connection: duckdb.DuckDBPyConnection, bounds: Bounds, guide: Guide
) -> Raw:
    """Load a parquet file's used columns into table ``raw``, as texts. Raises ``ZS-IN-05``, ``ZS-EV-*``."""
    schema = look_parquet(path, path.name, bounds)
    head, mapping = header_of([schema.names], ledger, path.name, guide)
    used = list(head.columns.values())
    for n in used:
        if pa.types.is_nested(schema.field(n).type):
            raise ZhunshengError(
                "ZS-EV-42", name=path.name, column=schema.names[n], kind=str(schema.field(n).type)[:40]
            )
    texts = ", ".join(f"{_written(schema.field(at))} AS c{n}" for n, at in enumerate(used))
    try:
        # A value that stands in the file once can stand in a million rows: what it comes to is asked of the
        # rows, whose texts the database counts where they are, without writing one of them out.
        sizes = " + ".join(f"coalesce(sum({_size(schema.field(n))}), 0)" for n in used)
        whole = one_file(str(path))
        ((size,),) = connection.execute(f"SELECT {sizes} FROM read_parquet(?)", [whole]).fetchall()
        if size > bounds.texts:
            raise too_much(
                path.name,
                worded(
                    "写成文字有 {size} MB，上限 {most} MB",
                    size=f"{size / 2**20:,.0f}",
                    most=f"{bounds.texts / 2**20:,.0f}",
                ),
            )
        connection.execute(
            "CREATE TABLE raw AS SELECT file_row_number + 1 AS _id, NULL::VARCHAR AS _sheet, "
            "file_row_number + 1 AS _row, NULL::VARCHAR AS _lead, NULL::VARCHAR AS _over, "
            f"{texts} FROM read_parquet(?, file_row_number = true)",
            [whole],
        )
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:
        if told := of_system(error):
            raise told from error
        raise ZhunshengError("ZS-IN-05", name=path.name, detail=str(error).splitlines()[0][:160]) from None
    ((rows,),) = connection.execute("SELECT count(*) FROM raw").fetchall()
    columns = {name: n for n, name in enumerate(head.columns)}
    typed = frozenset(n for n, at in enumerate(used) if _typed(schema.field(at).type))
    layouts = [Layout(None, replace(head, at=-1), rows)]
    faults = list(_lost_digits(connection, head, schema, whole))
    return Raw(head.ledger, columns, layouts, faults=faults, mapping=mapping, typed=typed)


def _lost_digits(
    connection: duckdb.DuckDBPyConnection, head: Head, schema: pa.Schema, path: str
) -> Iterator[tuple[str | None, int, str, str]]:
    """Yield the cells of texts that hold a number which a binary fraction can't have kept to its last
    digit.
    """
    exact = {c.name for c in head.ledger.columns if c.type == "text"} | {DEPARTMENT}
    for name, at in head.columns.items():
        if name in exact and pa.types.is_floating(schema.field(at).type):
            query = (
                "SELECT file_row_number + 1 FROM read_parquet(?, file_row_number = true) WHERE "
                f"abs({quoted_name(schema.names[at])}) >= {DIGITS_LOST} ORDER BY 1"
            )
            for (row,) in connection.execute(query, [path]).fetchall():
                yield None, row, name, worded(_LOST)


def _typed(kind: pa.DataType) -> bool:
    """Say whether values of a type are written as texts that are clean."""
    return any(is_one(kind) for is_one in (pa.types.is_integer, pa.types.is_date, pa.types.is_boolean))


def _size(column: pa.Field) -> str:
    """Return the SQL of how many bytes a parquet column's value takes as text, at most."""
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return f"strlen({quoted_name(column.name)})"
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        return f"4 * octet_length(CAST({quoted_name(column.name)} AS BLOB))"
    return "40"


def _written(column: pa.Field) -> str:
    """Return the SQL that writes a parquet column as text: binary fractions without their noise, moments as
    the office's.
    """
    name = quoted_name(column.name)
    if pa.types.is_timestamp(column.type) and column.type.tz:
        return f"CAST(timezone({quoted(zone_name())}, {name}) AS VARCHAR)"  # the day it is in the office
    if not pa.types.is_floating(column.type):
        return f"CAST({name} AS VARCHAR)"
    exact = f"CAST(try_cast(round({name}, 6) AS DECIMAL(38, 6)) AS VARCHAR)"
    whole = f"CASE WHEN {name} = floor({name}) THEN CAST(try_cast({name} AS HUGEINT) AS VARCHAR) END"
    return f"coalesce({whole}, regexp_replace({exact}, '\\.?0+$', ''), CAST({name} AS VARCHAR))"
