"""Where queries run: DuckDB in this process, or Spark, over the same files of one snapshot."""

from __future__ import annotations

import logging
import re
from typing import Any, Protocol

import duckdb

from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence.ledgers import DEPARTMENT, ledgers
from zhunsheng.evidence.shared import session
from zhunsheng.evidence.snapshot import Snapshot
from zhunsheng.translation import series

log = logging.getLogger(__name__)


class Engine(Protocol):
    """Runs queries over a snapshot's ledgers."""

    dialect: str

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query in the engine's own dialect."""
        ...


class DuckEngine:
    """DuckDB embedded; each ledger is a view on the snapshot's Parquet files, empty where nothing was
    imported.
    """

    dialect = "duckdb"

    def __init__(self, snapshot: Snapshot, *, memory_limit: str | None = None) -> None:
        self.connection = duckdb.connect() if memory_limit else session()
        self._snapshot = snapshot
        # Made when a query asks for it: opening every ledger's files costs more than one figure.
        self._waiting = set(ledgers())
        if memory_limit:
            self.connection.execute(f"SET enable_progress_bar = false; SET memory_limit = '{memory_limit}'")

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query. Raises ``ZS-EV-11`` naming the data files that can't be read as they
        were written.
        """
        try:
            for name in [n for n in self._waiting if re.search(rf"\b{n}\b", sql)]:
                self.connection.execute(f"CREATE TEMP VIEW {name} AS {self._snapshot.sql(ledgers()[name])}")
                self._waiting.discard(name)
            return self.connection.execute(sql).fetchall()
        except duckdb.OutOfMemoryException:
            raise
        except duckdb.Error as error:
            # What the engine says of a damaged file is its own affair; which file it is, the records tell.
            store = self._snapshot.store
            damaged = store.verify() if store else []
            if not damaged:
                raise
            log.warning("a query over a damaged store failed: %s", error)
            raise ZhunshengError("ZS-EV-11", detail=series(damaged[:3], "；")) from None


class SparkEngine:
    """An existing Spark session; each ledger is a temporary view on the snapshot's Parquet files."""

    dialect = "spark"

    def __init__(self, snapshot: Snapshot, session: Any) -> None:
        self.session = session
        for name, ledger in ledgers().items():
            columns = ", ".join(
                f"CAST(NULL AS {t.replace('VARCHAR', 'STRING')}) AS {c}" for c, t in ledger.stored().items()
            )
            frame = session.sql(f"SELECT {columns} WHERE false")
            if files := snapshot.files.get(name):
                found = session.read.option("mergeSchema", "true").parquet(*files)
                frame = frame.unionByName(found, allowMissingColumns=True).select(*ledger.stored())
            if renames := snapshot.renames.get(name):
                frame = frame.replace(dict(renames), subset=[DEPARTMENT])
            frame.createOrReplaceTempView(name)

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        return [tuple(row) for row in self.session.sql(sql).collect()]
