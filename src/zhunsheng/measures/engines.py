"""Where queries run: DuckDB in this process, or Spark, over the same files of one snapshot."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any, Protocol

import duckdb
from sqlglot import exp, transpile

from zhunsheng.clusters import Kind, Unreachable, spark_session
from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence.ledgers import DEPARTMENT, Ledger, ledgers
from zhunsheng.evidence.shared import session
from zhunsheng.evidence.snapshot import Snapshot
from zhunsheng.faults import first_line
from zhunsheng.measures.limits import CALENDAR_COLUMNS, tables_of
from zhunsheng.regulations.workdays import calendar_rows
from zhunsheng.translation import series

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Where:
    """Where figures are computed: in this process, or on the Spark master at ``url``."""

    kind: Kind = "duckdb"
    url: str | None = None

    def opened(self, snapshot: Snapshot) -> Engine:
        """Open a snapshot on the engine. Raises ``ZS-EV-70`` where it can't be reached, ``ZS-EV-71`` for a
        package that is missing.
        """
        if self.kind == "duckdb":
            return DuckEngine(snapshot)
        try:
            session = spark_session(self.url, "zhunsheng")
        except ImportError:
            raise ZhunshengError("ZS-EV-71", engine="Spark", package="pyspark") from None
        except Unreachable as error:
            raise ZhunshengError("ZS-EV-70", engine="Spark", detail=error.args[0]) from None
        return SparkEngine(snapshot, session)


HERE = Where()


class Engine(Protocol):
    """Runs queries over a snapshot's ledgers."""

    dialect: str

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query in the engine's own dialect."""
        ...

    def over(self, sql: str, parts: Mapping[str, Part]) -> str:
        """Return a query as it is asked of parts of some ledgers in place of their rows."""
        ...

    def view(self, ledger: Ledger, name: str, files: Sequence[str]) -> None:
        """Name the rows that some files hold of a ledger."""
        ...


@dataclass(frozen=True)
class Keys:
    """Values that rows have in some columns, the department's code first among them; none is empty."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]

    def of(self, columns: Sequence[str]) -> Keys:
        """Return the values of some of the columns."""
        places = [self.columns.index(name) for name in columns]
        return Keys(tuple(columns), tuple(dict.fromkeys(tuple(row[p] for p in places) for row in self.rows)))

    def met(self, dialect: str) -> str:
        """Return the condition that a row of alias ``v`` has one of these."""
        values = [tuple(exp.convert(v).sql(dialect=dialect) for v in row) for row in self.rows]
        if not values:
            return "false"
        listed = ", ".join(f"({', '.join(row)})" for row in values)
        names = ", ".join(self.columns)
        same = " AND ".join(f"k.{name} = v.{name}" for name in self.columns)
        # Each column for itself, too: by it files and parts of files are passed over.
        alone = (
            f"v.{name} IN ({', '.join(sorted({row[n] for row in values}))})"
            for n, name in enumerate(self.columns)
        )
        return " AND ".join([*alone, f"EXISTS (SELECT 1 FROM (VALUES {listed}) AS k({names}) WHERE {same})"])


@dataclass(frozen=True)
class Part:
    """Rows of a ledger: of some files, those of some keys alone where ``keys`` are given."""

    files: tuple[str, ...]
    keys: Keys | None = None


def _over(engine: DuckEngine | SparkEngine, sql: str, parts: Mapping[str, Part], named: str) -> str:
    """Return a query whose ledgers are hidden by parts of theirs; ``named`` is how the dialect names a
    query that it does not keep.
    """
    put = []
    for name, part in parts.items():
        engine.view(ledgers()[name], f"{name}_some", part.files)
        where = f" WHERE {part.keys.met(engine.dialect)}" if part.keys else ""
        put.append(f"{name} {named} (SELECT v.* FROM {name}_some AS v{where})")
    return f"WITH {', '.join(put)} {sql}"


class _Waiting:
    """Ledgers that no query asked for yet: opening every ledger's files costs more than one figure."""

    def __init__(self) -> None:
        self._waiting = set(ledgers())

    def asked(self, sql: str) -> Iterator[Ledger]:
        """Yield the ledgers that a query asks for first; one counts as opened when the next is asked for."""
        for name in [n for n in self._waiting if re.search(rf"\b{n}\b", sql)]:
            yield ledgers()[name]
            self._waiting.discard(name)


_MAKING = Lock()


@lru_cache
def _calendar_columns() -> list[list[object]]:
    return [list(column) for column in zip(*calendar_rows(), strict=True)]


def _refuse_damaged(snapshot: Snapshot, error: Exception) -> None:
    """Raise ``ZS-EV-11`` where a query failed over files that are not as they were written.

    What an engine says of a damaged file is its own affair; which file it is, the records tell.
    """
    if damaged := snapshot.store.verify() if snapshot.store else []:
        log.warning("a query over a damaged store failed: %s", error)
        raise ZhunshengError("ZS-EV-11", detail=series(damaged[:3], "；")) from None


class DuckEngine:
    """DuckDB embedded; each ledger is a view on the snapshot's Parquet files, empty where nothing was
    imported.
    """

    dialect = "duckdb"

    def __init__(self, snapshot: Snapshot, *, memory_limit: str | None = None) -> None:
        self.connection = duckdb.connect() if memory_limit else session()
        self._snapshot, self._waiting, self._days = snapshot, _Waiting(), set[str]()
        if memory_limit:
            self.connection.execute(f"SET enable_progress_bar = false; SET memory_limit = '{memory_limit}'")

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query. Raises ``ZS-EV-11`` naming the data files that can't be read as they
        were written.
        """
        try:
            for ledger in self._waiting.asked(sql):
                self.connection.execute(f"CREATE TEMP VIEW {ledger.id} AS {self._snapshot.sql(ledger)}")
            if days := {name: text for name, text in tables_of(sql).items() if name not in self._days}:
                self._count_days(days)
            return self.connection.execute(sql).fetchall()
        except duckdb.OutOfMemoryException:
            raise
        except duckdb.Error as error:
            _refuse_damaged(self._snapshot, error)
            raise

    def over(self, sql: str, parts: Mapping[str, Part]) -> str:
        """Return a query as it is asked of parts of some ledgers in place of their rows."""
        return _over(self, sql, parts, "AS NOT MATERIALIZED")

    def view(self, ledger: Ledger, name: str, files: Sequence[str]) -> None:
        """Name the rows that some files hold of a ledger."""
        some = replace(self._snapshot, files={ledger.id: tuple(files)})
        self.connection.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS {some.sql(ledger)}")

    def _count_days(self, tables: Mapping[str, str | None]) -> None:
        """Have the tables of days that limits are looked up in, which all engines of one database
        share: to make them takes as long as to read a department's year.
        """
        listed = "SELECT count(*) FROM duckdb_tables() WHERE table_name = ?"
        with _MAKING:
            for name, text in tables.items():
                if not self.connection.execute(listed, [name]).fetchall()[0][0]:
                    made = f"CREATE TABLE memory.main.{name} AS"
                    if text is None:
                        columns = ", ".join(
                            f"unnest(?::{kind}[]) AS {column}" for column, kind in CALENDAR_COLUMNS.items()
                        )
                        self.connection.execute(f"{made} SELECT {columns}", _calendar_columns())
                    else:
                        self.connection.execute(f"{made} {text}")
        self._days |= tables.keys()


class SparkEngine:
    """A Spark session; each ledger is a temporary view on the snapshot's Parquet files, which every worker
    must find under the same path. Views are this engine's own: another over the same cluster has others.
    """

    dialect = "spark"

    def __init__(self, snapshot: Snapshot, session: Any) -> None:
        self.session = session.newSession()
        self._snapshot, self._waiting, self._days = snapshot, _Waiting(), set[str]()

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query. Raises ``ZS-EV-11`` as ``DuckEngine``, ``ZS-EV-72`` where the cluster
        does not compute it.
        """
        try:
            for ledger in self._waiting.asked(sql):
                self.view(ledger, ledger.id, self._snapshot.files.get(ledger.id, ()))
            if days := {name: text for name, text in tables_of(sql).items() if name not in self._days}:
                self._count_days(days)
            return [tuple(row) for row in self.session.sql(sql).collect()]
        except Exception as error:  # of Java, of Py4J or of the network
            _refuse_damaged(self._snapshot, error)
            self._let_go()
            raise ZhunshengError("ZS-EV-72", engine="Spark", detail=first_line(error)) from error

    def over(self, sql: str, parts: Mapping[str, Part]) -> str:
        """Return a query as it is asked of parts of some ledgers in place of their rows."""
        return _over(self, sql, parts, "AS")

    def view(self, ledger: Ledger, name: str, files: Sequence[str]) -> None:
        """Name the rows that some files hold of a ledger."""
        columns = {name: kind.replace("VARCHAR", "STRING") for name, kind in ledger.stored().items()}
        # A column that a file lacks is empty there: no job need look through all files for what they have.
        form = ", ".join(f"`{column}` {kind}" for column, kind in columns.items())
        paths = [_literal(path) for path in files]
        frame = (
            self.session.read.schema(form).parquet(*paths)
            if paths
            else self.session.createDataFrame([], form)
        )
        if renames := self._snapshot.renames.get(ledger.id):
            frame = frame.replace(dict(renames), subset=[DEPARTMENT])
        frame.createOrReplaceTempView(name)

    def _count_days(self, tables: Mapping[str, str | None]) -> None:
        """Have the tables of days that limits are looked up in."""
        for name, text in tables.items():
            if text is None:
                form = ", ".join(f"{column} {kind}" for column, kind in CALENDAR_COLUMNS.items())
                self.session.createDataFrame(list(calendar_rows()), form).createOrReplaceTempView(name)
                continue
            made = self.session.sql(transpile(text, read="duckdb", write=self.dialect)[0])
            made.createOrReplaceTempView(name)
        self._days |= tables.keys()

    def _let_go(self) -> None:
        """End a session whose cluster ended it, so that the next question opens another."""
        context = self.session.sparkContext
        if context._jsc is None or context._jsc.sc().isStopped():
            self.session.stop()


def _literal(path: str) -> str:
    """Return a path for Spark's reader, which takes signs of patterns for such unless they are escaped."""
    return re.sub(r"([*?{}\[\]])", r"\\\1", str(Path(path).absolute()))
