"""The draw itself: tickets, a threshold, ranks; one SQL text for DuckDB, PostgreSQL and Spark."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import sqlglot

from zhunsheng.draws.spec import SEPARATOR, ticket
from zhunsheng.evidence.sql import quoted
from zhunsheng.files.writing import whole_file

# Ids and seeds are ASCII of fixed form (spec.ID), so no quoting can break out of the text below.
_TICKETS = "SELECT stratum, id, SHA256('{seed}' || '{separator}' || id) AS ticket FROM frame"
_SELECT = """
WITH tickets AS ({tickets}),
quotas AS (SELECT * FROM (VALUES {quotas}) AS q(stratum, wanted, threshold)),
below AS (SELECT t.stratum, t.id, t.ticket, q.wanted FROM tickets AS t JOIN quotas
  AS q ON t.stratum = q.stratum WHERE t.ticket < '{highest}' AND t.ticket < q.threshold),
ranked AS (SELECT stratum, id, ticket, wanted, ROW_NUMBER() OVER (PARTITION BY stratum ORDER BY ticket, id)
  AS place FROM below)
SELECT stratum, place, id, ticket FROM ranked WHERE place <= wanted ORDER BY stratum, place
"""
FULL = "g" * 64  # above every ticket: no filter


@dataclass(frozen=True)
class Drawn:
    """One drawn object: stratum, rank within it (from 1), id, ticket; ``reserve`` where it only steps in."""

    stratum: str
    rank: int
    id: str
    ticket: str
    reserve: bool


class DrawEngine(Protocol):
    """Draws from a frame."""

    def ranked(
        self, seed: str, quotas: Mapping[str, Mapping[str, int]], *, filtered: bool
    ) -> list[tuple[Any, ...]]:
        """Return (stratum, place, id, ticket) of the smallest tickets of each stratum, by stratum and place.

        ``filtered``: only tickets below the threshold need be ranked, so that there may be too few.
        """
        ...


class Database:
    """An engine that runs SQL over a table ``frame(id, stratum)``."""

    dialect: str

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query in the database's dialect."""
        raise NotImplementedError

    def ranked(
        self, seed: str, quotas: Mapping[str, Mapping[str, int]], *, filtered: bool
    ) -> list[tuple[Any, ...]]:
        """Return the rows of the draw's query."""
        return self.rows(query(seed, quotas, self.dialect, filtered=filtered))


class DuckDatabase(Database):
    """A DuckDB connection that holds the frame."""

    dialect = "duckdb"

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        return self.connection.execute(sql).fetchall()


class PostgresDatabase(Database):
    """A psycopg connection to a PostgreSQL database that holds the frame; its sha256 works on bytes."""

    dialect = "postgres"

    def __init__(self, connection: Any) -> None:
        self.connection = connection

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        with self.connection.cursor() as cursor:
            cursor.execute(sql)
            return [tuple(row) for row in cursor.fetchall()]


class SparkDatabase(Database):
    """A Spark session with a view ``frame``."""

    dialect = "spark"

    def __init__(self, session: Any) -> None:
        self.session = session

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        return [tuple(row) for row in self.session.sql(sql).collect()]


def threshold(wanted: int, size: int) -> str:
    """Return a ticket prefix below which at least ``wanted`` of ``size`` tickets lie,
    but for one draw in millions.

    The number below is binomial; eight standard deviations and a little are added to its mean.
    When it is too low all the same, the draw is run again without it, so nothing is ever dropped.
    """
    aim = wanted + 8 * math.sqrt(wanted + 1) + 16
    if aim >= size:
        return FULL
    return f"{int(aim / size * 2**60):015x}"


def limits_of(quotas: Mapping[str, Mapping[str, int]], *, filtered: bool) -> dict[str, int]:
    """Return by stratum the greatest first 64 bits of a ticket that is below its threshold;
    0 where nobody is drawn.
    """
    found = {}
    for stratum, numbers in quotas.items():
        wanted = numbers["quota"] + numbers["reserve"]
        limit = threshold(wanted, numbers["size"]) if filtered else FULL
        found[stratum] = (
            0 if not wanted else 2**64 - 1 if limit == FULL else max(0, (int(limit, 16) << 4) - 1)
        )
    return found


def query(seed: str, quotas: Mapping[str, Mapping[str, int]], dialect: str, *, filtered: bool = True) -> str:
    """Return the draw's SQL in a dialect (duckdb, postgres, spark); ``filtered`` False ranks every ticket."""
    rows = []
    highest = ""  # a constant that most rows fail spares them the join
    for stratum, numbers in quotas.items():
        wanted = numbers["quota"] + numbers["reserve"]
        if wanted:
            limit = threshold(wanted, numbers["size"]) if filtered else FULL
            highest = max(highest, limit)
            rows.append(f"({quoted(stratum)}, {wanted}, '{limit}')")
    if not rows:
        rows.append("('', 0, '')")
    sql = _SELECT.format(
        tickets=_TICKETS.format(seed=seed, separator=SEPARATOR), quotas=", ".join(rows), highest=highest
    )
    if dialect == "duckdb":
        return sql
    text = sqlglot.transpile(sql, read="duckdb", write=dialect)[0]
    if dialect == "postgres":
        # PostgreSQL digests bytes, and compares text by the collation of the database unless told otherwise.
        bytewise = r'''ENCODE(SHA256(CONVERT_TO(\1, 'UTF8')), 'hex') COLLATE "C"'''
        text = re.sub(r"ENCODE\(SHA256\((.+?)\), 'hex'\)", bytewise, text)
    return text


def draw(engine: DrawEngine, seed: str, quotas: Mapping[str, Mapping[str, int]]) -> list[Drawn]:
    """Draw from the frame by seed; in each stratum the smallest tickets, the reserve behind the quota.

    The order is by stratum (bytes), then rank. Every drawn ticket is computed again with ``hashlib``.
    """
    rows = engine.ranked(seed, quotas, filtered=True)
    # Enough tickets below the threshold means that the smallest ones are all among them;
    # otherwise rank them all.
    if len(rows) < wanted_of(quotas):
        rows = engine.ranked(seed, quotas, filtered=False)
    check(seed, rows)
    found = [
        Drawn(s, int(place), entity, mark, int(place) > quotas[s]["quota"]) for s, place, entity, mark in rows
    ]
    return sorted(found, key=lambda d: (d.stratum.encode(), d.rank))


def draw_file(database: DuckDatabase, seed: str, quotas: Mapping[str, Mapping[str, int]], path: Path) -> int:
    """Do the same for draws too large to hold: write (stratum, place, id, ticket) to a Parquet file;
    return the rows.

    One drawn ticket in a hundred, at least a thousand, is computed again with ``hashlib``.
    """
    for filtered in (True, False):
        sql = query(seed, quotas, database.dialect, filtered=filtered)
        # What is beside it until it is whole the caller has: one more nobody would take away.
        database.rows(f"COPY ({sql}) TO {quoted(str(path))} (FORMAT parquet, USE_TMP_FILE false)")
        drawn = f"read_parquet({quoted(str(path))})"
        ((count,),) = database.rows(f"SELECT count(*) FROM {drawn}")
        if count == wanted_of(quotas):
            break
    step = max(1, min(100, count // 1000))
    check(seed, database.rows(f"SELECT stratum, place, id, ticket FROM {drawn} WHERE place % {step} = 0"))
    return int(count)


def write_list(drawn: Sequence[Drawn], path: Path) -> int:
    """Write drawn objects as ``draw_file`` does; return how many."""
    columns = {
        "stratum": pa.array([d.stratum for d in drawn], pa.string()),
        "place": pa.array([d.rank for d in drawn], pa.int64()),
        "id": pa.array([d.id for d in drawn], pa.string()),
        "ticket": pa.array([d.ticket for d in drawn], pa.string()),
    }
    with whole_file(path) as partial:
        pq.write_table(pa.table(columns), partial)
    return len(drawn)


def wanted_of(quotas: Mapping[str, Mapping[str, int]]) -> int:
    """Return how many are drawn, with the reserve."""
    return sum(n["quota"] + n["reserve"] for n in quotas.values())


def check(seed: str, rows: Iterable[tuple[Any, ...]]) -> None:
    """Compute the tickets of (stratum, place, id, ticket) again with
    ``hashlib``; raises ``AssertionError``.
    """
    for _, _, entity, mark in rows:
        if ticket(seed, entity) != mark:
            raise AssertionError(f"the engine's ticket of {entity} is not SHA-256")
