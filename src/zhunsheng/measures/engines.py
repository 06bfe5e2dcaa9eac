"""Where queries run: DuckDB in this process, or Spark, over the same files of one snapshot."""

from __future__ import annotations

from typing import Any, Protocol

import duckdb

from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence.ledgers import ledgers
from zhunsheng.evidence.sql import quoted
from zhunsheng.evidence.store import Snapshot


class Engine(Protocol):
    """Runs queries over a snapshot's ledgers."""

    dialect: str

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query in the engine's own dialect."""
        ...


class DuckEngine:
    """DuckDB embedded; each ledger is a view on the snapshot's Parquet files, empty where nothing was imported."""

    dialect = "duckdb"

    def __init__(self, snapshot: Snapshot, *, memory_limit: str | None = None) -> None:
        self.connection = duckdb.connect()
        self.connection.execute("SET enable_progress_bar = false")
        if memory_limit:
            self.connection.execute(f"SET memory_limit = '{memory_limit}'")
        for name, ledger in ledgers().items():
            if files := snapshot.files.get(name):
                listed = ", ".join(map(quoted, files))
                self.connection.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet([{listed}])")
            else:
                columns = ", ".join(f"NULL::{t} AS {c}" for c, t in ledger.stored().items())
                self.connection.execute(f"CREATE VIEW {name} AS SELECT {columns} WHERE false")

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query. Raises ``ZS-EV-11`` when a data file can't be read."""
        try:
            return self.connection.execute(sql).fetchall()
        except (duckdb.IOException, duckdb.InvalidInputException) as error:
            raise ZhunshengError("ZS-EV-11", detail=str(error).splitlines()[0][:160]) from None


class SparkEngine:
    """An existing Spark session; each ledger is a temporary view on the snapshot's Parquet files."""

    dialect = "spark"

    def __init__(self, snapshot: Snapshot, session: Any) -> None:
        self.session = session
        for name, ledger in ledgers().items():
            if files := snapshot.files.get(name):
                frame = session.read.parquet(*files)
            else:
                columns = ", ".join(
                    f"CAST(NULL AS {t.replace('VARCHAR', 'STRING')}) AS {c}" for c, t in ledger.stored().items()
                )
                frame = session.sql(f"SELECT {columns} WHERE false")
            frame.createOrReplaceTempView(name)

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        return [tuple(row) for row in self.session.sql(sql).collect()]
