"""One DuckDB a process for what is small: to start another takes longer than most of the questions to it."""

from __future__ import annotations

import atexit
import itertools
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

import duckdb

from zhunsheng.evidence.checks import macros
from zhunsheng.evidence.sql import quoted
from zhunsheng.files.scratch import scratch_folder

# By process: a child has none of its parent's threads.
_started: dict[int, duckdb.DuckDBPyConnection] = {}
_overflow: dict[int, ExitStack] = {}
_numbers = itertools.count(1)


def session() -> duckdb.DuckDBPyConnection:
    """Return a connection of its own to the shared DuckDB, which knows the macros of cells, to be closed.

    What it makes is temporary (``CREATE TEMP``) and nobody else's; it leaves the settings of the whole
    database alone.
    """
    try:
        made = _started[os.getpid()].cursor()
        made.execute("SET enable_progress_bar = false")
    except (KeyError, duckdb.Error):  # none yet, or one that a fault within it has closed for good
        # What does not fit into memory would else lie, as rows of a ledger, where the program was started.
        overflow = _overflow.setdefault(os.getpid(), ExitStack())
        place = overflow.enter_context(scratch_folder())
        database = duckdb.connect(config={"temp_directory": str(place)})
        database.execute(macros())
        _started[os.getpid()] = database
        made = database.cursor()
        made.execute("SET enable_progress_bar = false")
    return made


@contextmanager
def workroom() -> Iterator[duckdb.DuckDBPyConnection]:
    """Return a connection to the shared DuckDB in which tables need not be temporary: they go with it."""
    connection, name = session(), f"work_{next(_numbers)}"
    try:
        connection.execute(f"ATTACH ':memory:' AS {name}; SET search_path = '{name}.main,memory.main'")
        yield connection
    finally:
        with suppress(duckdb.Error):
            connection.execute(f"USE memory; DETACH {name}")
        connection.close()


@contextmanager
def scratch_database() -> Iterator[duckdb.DuckDBPyConnection]:
    """Return a database of its own, in memory; what does not fit there goes to a scratch folder."""
    with scratch_folder() as scratch, duckdb.connect(":memory:") as connection:
        connection.execute(f"SET temp_directory = {quoted(str(scratch))}; SET enable_progress_bar = false")
        yield connection


@atexit.register
def stop() -> None:
    """Close the shared DuckDB of this process; whoever asks for it next starts another."""
    if started := _started.pop(os.getpid(), None):
        started.close()
    if overflow := _overflow.pop(os.getpid(), None):
        overflow.close()
