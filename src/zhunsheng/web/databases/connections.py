"""Databases that write the audit log last: entries wait with their transaction and are chained just before it
commits.

The log's head is one row that every change of the site takes in turn. Taken at the first change of a
transaction it would be held for as long as the transaction computes; taken last it is held for the time of
two statements. What waits is kept by the savepoints it was made under, as Django keeps what is to run after a
commit, so that what is rolled back leaves nothing.

They also keep what a request has read, until it writes, locks a row or begins or ends a transaction:
a page asks for the same sheets, words and names in many places.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

from django.db import connection as _connection
from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper

P = ParamSpec("P")
R = TypeVar("R")
Writer = Callable[[list[Any]], None]
_writers: list[Writer] = []
connection = cast("LateWriting", _connection)  # what the settings name as the engine is one of those below


def writer(write: Writer) -> Writer:
    """Register what writes down, in one go and in order, all that waits when a transaction ends."""
    _writers[:] = [write]
    return write


@contextmanager
def remembering() -> Iterator[None]:
    """Keep what ``remembered`` functions find within the block (a request), as long as nothing is written or
    locked.
    """
    connection.found = {}
    try:
        yield
    finally:
        connection.found = None


@contextmanager
def steady() -> Iterator[None]:
    """Read all within the block as the database stood at its beginning, whatever others write meanwhile; they
    are not held up. Within a transaction that is open already it does nothing.
    """
    if connection.in_atomic_block:
        yield
        return
    connection.ensure_connection()
    sqlite = connection.vendor == "sqlite"
    lasting = getattr(connection, "transaction_mode", None)
    if sqlite:  # one that is to write would keep all others from it
        connection.transaction_mode = "DEFERRED"
    try:
        with transaction.atomic():
            if not sqlite:
                with connection.cursor() as cursor:
                    cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield
    finally:
        if sqlite:
            connection.transaction_mode = lasting


def remembered(function: Callable[P, R]) -> Callable[P, R]:
    """Find once within a request what ``function`` reads from the database; its arguments are hashable.

    What it returns is shared by all who ask, and changed by none of them.
    """

    @wraps(function)
    def found(*args: P.args, **kwargs: P.kwargs) -> R:
        kept: dict[object, Any] | None = connection.found
        if kept is None:
            return function(*args, **kwargs)
        key = (function, args, *kwargs.items())
        if key not in kept:
            kept[key] = function(*args, **kwargs)
        once: R = kept[key]
        return once

    return found


def _reads_only(sql: str) -> bool:
    return sql.startswith("SELECT") and " FOR UPDATE" not in sql and " FOR NO KEY UPDATE" not in sql


class LateWriting(BaseDatabaseWrapper):
    """A database wrapper whose transactions end with what was put off, and which keeps what a request has
    read.
    """

    waiting: list[tuple[set[str], object]]
    found: dict[object, Any] | None = None
    transaction_mode: str | None  # of SQLite alone

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.waiting = []
        self.execute_wrappers.append(self._watch)

    def forget(self) -> None:
        """Forget what was read."""
        if self.found:
            self.found.clear()

    def _watch(self, execute: Any, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        """Forget what was read before anything but a plain reading is done."""
        if not _reads_only(sql):
            self.forget()
        return execute(sql, params, many, context)

    def set_autocommit(self, *args: Any, **kwargs: Any) -> None:
        """Begin or end a transaction, and forget what was read outside or in it."""
        self.forget()
        super().set_autocommit(*args, **kwargs)

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction of the program's own is open: one that a test wraps around itself is none."""
        return any(not getattr(block, "_from_testcase", False) for block in self.atomic_blocks)

    def put_off(self, item: object) -> None:
        """Keep something for the end of the transaction, or until it is asked for."""
        self.waiting.append((set(self.savepoint_ids), item))

    def write_waiting(self) -> None:
        """Write down what waits."""
        items, self.waiting = [item for _savepoints, item in self.waiting], []
        if items:
            _writers[0](items)

    def commit(self) -> None:
        """Write down what waits, then commit; where that fails, nothing of the transaction stays."""
        try:
            self.write_waiting()
        except BaseException:
            self.rollback()
            raise
        super().commit()

    def rollback(self) -> None:
        """Roll back, and forget what waits."""
        self.waiting = []
        self.forget()
        super().rollback()

    def savepoint_commit(self, sid: str) -> None:
        """Release a savepoint; within a test's own transaction that is the end of the program's."""
        if not self.in_transaction:
            try:
                self.write_waiting()
            except BaseException:
                self.savepoint_rollback(sid)
                raise
        super().savepoint_commit(sid)

    def savepoint_rollback(self, sid: str) -> None:
        """Roll back to a savepoint, and forget what waits from behind it."""
        self.waiting = [one for one in self.waiting if sid not in one[0]]
        super().savepoint_rollback(sid)

    def close(self) -> None:
        """Close the connection, and forget what waits."""
        self.waiting = []
        super().close()
