"""What queries came to, kept while a process lives, so that an import costs what it brought: rows of files
that are still a ledger's are not added up again.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

from zhunsheng.evidence.snapshot import Snapshot
from zhunsheng.measures.engines import Engine

Row = tuple[Any, ...]
Key = tuple[Any, ...]
File = tuple[str, int, int]  # path, bytes, time of change
MOST_ROWS = 500_000  # of all that is kept


def put_together(
    one: Sequence[Row], other: Sequence[Row], named: int, add: Sequence[Callable[..., Any]]
) -> list[Row]:
    """Return what a query over two groups of rows comes to, of what it came to over each: the first
    ``named`` columns name a group, ``add`` says how each further one is put together where both have a value.
    """
    found = {row[:named]: row for row in one}
    for row in other:
        known = found.get(row[:named])
        if known is not None:
            pairs = zip(add, known[named:], row[named:], strict=True)
            values = (b if a is None else a if b is None else join(a, b) for join, a, b in pairs)
            row = (*row[:named], *values)
        found[row[:named]] = row
    return list(found.values())


@dataclass
class Kept:
    """Rows by query and by the state of all it reads. A data file never changes once it is written, so that
    rows by file, size and time of change can't be stale; a ledger whose files only became more is asked for
    the new ones alone.
    """

    _found: OrderedDict[Key, tuple[frozenset[File], list[Row]]] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def rows(  # noqa: PLR0913 - a query, what it reads, and how its rows are put together
        self,
        engine: Engine,
        snapshot: Snapshot,
        sql: str,
        ledger: str,
        beside: Collection[str],
        named: int,
        add: Sequence[Callable[..., Any]],
    ) -> list[Row]:
        """Return the rows of a query over one ledger's rows; ``beside`` are the ledgers that it looks these
        up in. ``named`` and ``add`` as ``put_together`` takes them. Rows come in no order.
        """
        states = {name: _state(snapshot, name) for name in {ledger, *beside}}
        files = states[ledger]
        if None in states.values() or files is None:
            return engine.query(sql)  # which says what is wrong with the files
        looked_up = tuple((name, states[name]) for name in sorted(beside))
        key = (engine.dialect, sql, looked_up, tuple(sorted(snapshot.renames.get(ledger, {}).items())))
        with self._lock:
            known = self._found.get(key)
        if known is not None and known[0] == files:
            return known[1]
        if known is not None and known[0] and known[0] < files:
            new = sorted(path for path, _size, _when in files - known[0])
            rows = put_together(known[1], engine.query(engine.over(sql, ledger, new)), named, add)
        else:
            rows = engine.query(sql)
        with self._lock:
            self._found[key] = files, rows
            self._found.move_to_end(key)
            while sum(len(r) + 1 for _, r in self._found.values()) > MOST_ROWS and len(self._found) > 1:
                self._found.popitem(last=False)
        return rows


def _state(snapshot: Snapshot, ledger: str) -> frozenset[File] | None:
    """Return a ledger's files as they are seen, None where one can't be."""
    found = []
    try:
        for path in snapshot.files.get(ledger, ()):
            seen = Path(path).stat()
            found.append((path, seen.st_size, seen.st_mtime_ns))
    except OSError:
        return None
    return frozenset(found)
