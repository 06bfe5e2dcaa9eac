"""The draw itself: tickets, a threshold, ranks; one SQL text for DuckDB, PostgreSQL and Spark."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import duckdb
import sqlglot

from zhunsheng.draws.spec import SEPARATOR, ticket

# Ids and seeds are ASCII of fixed form (spec.ID), so no quoting can break out of the text below.
_TICKETS = "SELECT stratum, id, SHA256('{seed}' || '{separator}' || id) AS ticket FROM frame"
_SELECT = """
WITH tickets AS ({tickets}),
quotas AS (SELECT * FROM (VALUES {quotas}) AS q(stratum, wanted, threshold)),
below AS (SELECT t.stratum, t.id, t.ticket, q.wanted FROM tickets AS t JOIN quotas AS q ON t.stratum = q.stratum WHERE t.ticket < q.threshold),
ranked AS (SELECT stratum, id, ticket, wanted, ROW_NUMBER() OVER (PARTITION BY stratum ORDER BY ticket, id) AS place FROM below)
SELECT stratum, place, id, ticket FROM ranked WHERE place <= wanted ORDER BY stratum, place
"""
_FULL = "g" * 64  # above every ticket: no filter


@dataclass(frozen=True)
class Drawn:
    """One drawn object: stratum, rank within it (from 1), id, ticket; ``reserve`` where it only steps in."""

    stratum: str
    rank: int
    id: str
    ticket: str
    reserve: bool


class Database(Protocol):
    """Runs SQL over a table ``frame(id, stratum)``."""

    dialect: str

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query in the database's dialect."""
        ...


class DuckDatabase:
    """A DuckDB connection that holds the frame."""

    dialect = "duckdb"

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        return self.connection.execute(sql).fetchall()


class PostgresDatabase:
    """A psycopg connection to a PostgreSQL database that holds the frame; its sha256 works on bytes."""

    dialect = "postgres"

    def __init__(self, connection: Any) -> None:
        self.connection = connection

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        with self.connection.cursor() as cursor:
            cursor.execute(sql)
            return [tuple(row) for row in cursor.fetchall()]


class SparkDatabase:
    """A Spark session with a view ``frame``."""

    dialect = "spark"

    def __init__(self, session: Any) -> None:
        self.session = session

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        return [tuple(row) for row in self.session.sql(sql).collect()]


def threshold(wanted: int, size: int) -> str:
    """Return a ticket prefix below which at least ``wanted`` of ``size`` tickets lie, but for one draw in millions.

    The number below is binomial; eight standard deviations and a little are added to its mean. When it is too low all the
    same, the draw is run again without it, so nothing is ever dropped.
    """
    aim = wanted + 8 * math.sqrt(wanted + 1) + 16
    if aim >= size:
        return _FULL
    return f"{int(aim / size * 2**60):015x}"


def query(seed: str, quotas: Mapping[str, Mapping[str, int]], dialect: str, *, filtered: bool = True) -> str:
    """Return the draw's SQL in a dialect (duckdb, postgres, spark); ``filtered`` False ranks every ticket."""
    rows = []
    for stratum, numbers in quotas.items():
        wanted = numbers["quota"] + numbers["reserve"]
        if wanted:
            limit = threshold(wanted, numbers["size"]) if filtered else _FULL
            rows.append(f"('{stratum.replace(chr(39), chr(39) * 2)}', {wanted}, '{limit}')")
    if not rows:
        rows.append("('', 0, '')")
    sql = _SELECT.format(tickets=_TICKETS.format(seed=seed, separator=SEPARATOR), quotas=", ".join(rows))
    if dialect == "duckdb":
        return sql
    text = sqlglot.transpile(sql, read="duckdb", write=dialect)[0]
    if dialect == "postgres":
        # PostgreSQL digests bytes, and compares text by the collation of the database unless told otherwise.
        bytewise = r'''ENCODE(SHA256(CONVERT_TO(\1, 'UTF8')), 'hex') COLLATE "C"'''
        text = re.sub(r"ENCODE\(SHA256\((.+?)\), 'hex'\)", bytewise, text)
    return text


def draw(database: Database, seed: str, quotas: Mapping[str, Mapping[str, int]]) -> list[Drawn]:
    """Draw from the frame by seed; in each stratum the smallest tickets, the reserve behind the quota.

    The order is by stratum (bytes), then rank. Every drawn ticket is computed again with ``hashlib``.
    """
    rows = database.rows(query(seed, quotas, database.dialect))
    wanted = {s: n["quota"] + n["reserve"] for s, n in quotas.items()}
    counts: dict[str, int] = {}
    for stratum, *_ in rows:
        counts[stratum] = counts.get(stratum, 0) + 1
    # Enough tickets below the threshold means that the smallest ones are all among them; otherwise rank them all.
    if any(counts.get(s, 0) < n for s, n in wanted.items()):
        rows = database.rows(query(seed, quotas, database.dialect, filtered=False))
    found = [Drawn(s, int(place), entity, mark, int(place) > quotas[s]["quota"]) for s, place, entity, mark in rows]
    for one in found:
        if ticket(seed, one.id) != one.ticket:
            raise AssertionError(f"the engine's ticket of {one.id} is not SHA-256")
    return sorted(found, key=lambda d: (d.stratum.encode(), d.rank))
