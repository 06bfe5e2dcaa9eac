"""Engines that a user chooses for a draw: the committed text of the frame is taken to PostgreSQL or Spark and
drawn from there.

What is drawn from is always what was committed: the text's digest is checked here,
and so is that of a table that is already there. Spark reads the text itself, in its workers (which must see
the same file); only the drawn come back.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from zhunsheng.clusters import Unreachable, spark_session
from zhunsheng.draws.drawing import DrawEngine, PostgresDatabase, SparkDatabase
from zhunsheng.draws.frame import key_of
from zhunsheng.draws.spec import head
from zhunsheng.errors import ZhunshengError
from zhunsheng.faults import first_line
from zhunsheng.translation import worded

Kind = Literal["duckdb", "postgres", "spark"]
PIECE = 2**20  # bytes


@contextmanager
def connected(
    kind: Kind, url: str | None, text: Path, digest: str, table: str | None = None
) -> Iterator[DrawEngine]:
    """Give an engine of PostgreSQL or Spark on which the frame lies whose published text and its digest are
    given.

    ``table``: of PostgreSQL, one that is already there (columns ``id``, ``stratum``),
    whose text must have that digest.
    Raises ``ZS-DR-40`` where it can't be reached, ``ZS-DR-41`` for a package that is missing,
    ``ZS-DR-42`` for no such table, ``ZS-DR-43`` for a table that is not the committed frame,
    ``ZS-DR-44`` for ``table`` with Spark.
    """
    if kind == "postgres":
        with _postgres(url, text, digest, table) as engine:
            yield engine
        return
    if table:
        raise ZhunshengError("ZS-DR-44")
    with _spark(url, text) as engine:
        yield engine


@contextmanager
def _postgres(url: str | None, text: Path, digest: str, table: str | None) -> Iterator[DrawEngine]:
    try:
        import psycopg
        from psycopg import sql
    except ImportError:
        raise ZhunshengError("ZS-DR-41", engine="PostgreSQL", package="psycopg[binary]") from None
    if not url or urlsplit(url).scheme not in ("postgresql", "postgres"):
        raise ZhunshengError(
            "ZS-DR-40", engine="PostgreSQL", detail=worded("--url 应写成 postgresql://用户@主机:端口/数据库")
        )
    try:
        connection = psycopg.connect(url, connect_timeout=20)
    except (psycopg.Error, UnicodeError, ValueError) as error:
        # Of the address only the host: it may hold a password.
        detail = f"{urlsplit(url).hostname or ''} {first_line(error)}".strip()
        raise ZhunshengError("ZS-DR-40", engine="PostgreSQL", detail=detail) from None
    with connection, connection.cursor() as cursor:
        # A tab between, no quotes and no escapes: text is taken as it is. Control characters are none in a
        # frame.
        form = "(FORMAT csv, DELIMITER E'\\t', QUOTE E'\\x01', ESCAPE E'\\x01')"
        first = head(key_of(text))  # the key is no row
        cursor.execute("CREATE TEMP TABLE frame (id text, stratum text) ON COMMIT DROP")
        if table is None:
            with cursor.copy(f"COPY frame FROM STDIN {form}") as copy, text.open("rb") as stream:
                stream.seek(len(first))
                while piece := stream.read(PIECE):
                    copy.write(piece)
        else:
            name = sql.Identifier(*table.split("."))
            whole = hashlib.sha256(first)
            rows = sql.SQL('COPY (SELECT id, stratum FROM {} ORDER BY id COLLATE "C") TO STDOUT ').format(
                name
            )
            try:
                with cursor.copy(rows + sql.SQL(form)) as copy:
                    for data in copy:
                        whole.update(data)
            except psycopg.errors.Error as error:
                raise ZhunshengError("ZS-DR-42", table=table, detail=first_line(error)) from None
            if whole.hexdigest() != digest:
                raise ZhunshengError("ZS-DR-43", table=table)
            cursor.execute("DROP TABLE frame")
            cursor.execute(sql.SQL("CREATE TEMP VIEW frame AS SELECT id, stratum FROM {}").format(name))
        yield PostgresDatabase(connection)
        connection.rollback()


@contextmanager
def _spark(url: str | None, text: Path) -> Iterator[DrawEngine]:
    try:
        session = spark_session(url, "zhunsheng draw")
    except ImportError:
        raise ZhunshengError("ZS-DR-41", engine="Spark", package="pyspark") from None
    except Unreachable as error:
        raise ZhunshengError("ZS-DR-40", engine="Spark", detail=error.args[0]) from None
    try:
        _frame_view(session, text)
    except Exception as error:  # of Java, of Py4J or of the network
        raise ZhunshengError("ZS-DR-40", engine="Spark", detail=first_line(error)) from None
    try:
        yield SparkDatabase(session)
    finally:
        session.stop()


def _frame_view(session: Any, text: Path) -> None:
    """Make the view ``frame`` over the published text, read as it is, but for the key's line."""
    lines = session.read.text(str(text.resolve()), lineSep="\n").filter("NOT startswith(value, '#')")
    parts = lines.selectExpr(
        "substring_index(value, '\t', 1) AS id", "substring_index(value, '\t', -1) AS stratum"
    )
    parts.createOrReplaceTempView("frame")
