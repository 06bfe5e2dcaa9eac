"""What queries came to, kept while a process lives, so that an import costs what it brought: rows of files
that are still a ledger's are not added up again.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any, Literal

from zhunsheng.evidence.ledgers import DEPARTMENT, ledgers
from zhunsheng.evidence.snapshot import Snapshot
from zhunsheng.measures.engines import Engine, Keys, Part

Row = tuple[Any, ...]
Key = tuple[Any, ...]
File = tuple[str, int, int]  # path, bytes, time of change
State = dict[str, frozenset[File]]  # the files of each ledger that a query reads
How = Literal["count", "amount", "sum", "latest", "whole"]
MOST_ROWS = 500_000  # of all that is kept
MOST_KEYS = 2_000  # of the rows that changed; where there are more, a ledger is read as a whole


@dataclass(frozen=True)
class Asked:
    """A query over one ledger's rows, and how what it came to over some of them goes together with what it
    came to over others.

    ``links`` are the ledgers that it looks its rows up in, each with the columns by which (besides the
    department's), None where these are not always the same. The first ``named`` columns name a group, the
    next says how many rows it has, and ``how`` what each further one is: a ``count``, an ``amount`` (nought
    where there is nothing to add up), the ``sum`` of as many values as the next column says, the ``latest``
    of some days, or what is told of the ``whole`` alone.
    """

    sql: str
    ledger: str
    links: Mapping[str, tuple[str, ...] | None]
    named: int
    how: Sequence[How]

    def columns(self, ledger: str) -> list[str]:
        """Return the columns of a ledger on which the query can depend."""
        return [c for c in ledgers()[ledger].stored() if re.search(rf"\b{c}\b", self.sql)]


def put_together(
    known: Sequence[Row], gone: Sequence[Row], come: Sequence[Row], asked: Asked
) -> list[Row] | None:
    """Return what a query comes to once rows went and others came, of what it came to before and what it
    comes to over those that went and those that came; None where that can't be told: the latest of days once
    one of them is gone, and what is told of the whole alone.
    """
    if "whole" in asked.how:
        return None
    if gone and "latest" in asked.how:
        return None
    first = asked.named
    found = {row[:first]: list(row) for row in known}
    for sign, rows in ((-1, gone), (1, come)):
        for row in rows:
            there = found.get(row[:first])
            if there is None:
                if sign < 0:
                    return None
                found[row[:first]] = list(row)
                continue
            for n, how in enumerate(("count", *asked.how), start=first):
                if how == "latest":
                    there[n] = max((d for d in (there[n], row[n]) if d is not None), default=None)
                elif row[n] is not None:
                    there[n] = (there[n] or 0) + sign * row[n]
    for there in found.values():
        for n, how in enumerate(("count", *asked.how), start=first):
            if how == "count" and there[n] < 0:
                return None
            if how == "sum" and not there[n + 1]:
                there[n] = None
    return [tuple(there) for there in found.values() if there[first]]


@dataclass
class Kept:
    """Rows by query and by the state of all it reads. A data file never changes once it is written, so that
    rows by file, size and time of change can't be stale. Where some files of a ledger went and others came,
    the rows that differ are taken off and added; where a ledger changed that rows are looked up in, this is
    done of the rows with the keys that changed there. What can't be told so is asked of all.
    """

    _found: OrderedDict[Key, tuple[State, list[Row]]] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def rows(self, engine: Engine, snapshot: Snapshot, asked: Asked) -> list[Row]:
        """Return the rows of a query. They come in no order."""
        now: State = {}
        for name in (asked.ledger, *asked.links):
            if (files := _state(snapshot, name)) is None:
                return engine.query(asked.sql)  # which says what is wrong with the files
            now[name] = files
        renames = tuple((n, tuple(sorted(snapshot.renames.get(n, {}).items()))) for n in sorted(now))
        key = (engine.dialect, asked.sql, renames)
        with self._lock:
            known = self._found.get(key)
        if known is not None and known[0] == now:
            return known[1]
        rows = _changed(engine, asked, known[1], known[0], now) if known is not None else None
        if rows is None:
            rows = engine.query(asked.sql)
        with self._lock:
            self._found[key] = now, rows
            self._found.move_to_end(key)
            while sum(len(r) + 1 for _, r in self._found.values()) > MOST_ROWS and len(self._found) > 1:
                self._found.popitem(last=False)
        return rows


def _changed(engine: Engine, asked: Asked, rows: list[Row], before: State, now: State) -> list[Row] | None:
    """Return the rows of a query in a state of its ledgers, of those in the state before, one ledger after
    the other; None where it is to be asked of all.
    """
    state = dict(before)
    for name in (asked.ledger, *sorted(asked.links)):
        gone, come = state[name] - now[name], now[name] - state[name]
        if not gone and not come:
            continue
        # A ledger that is looked up in itself changes in two ways at once.
        if not state[name] or asked.ledger in asked.links or not all(map(_at_hand, gone)):
            return None
        own = name == asked.ledger
        # What differs in its own rows is worth finding out where each of them is looked up elsewhere.
        columns = (ledgers()[name].key if asked.links else None) if own else asked.links[name]
        keys = _keys(engine, asked, name, columns, gone, come) if columns is not None else None
        if keys is None and not own:
            return None
        after = {**state, name: now[name]}
        if own and keys is None:
            took, brought = (_asked_of(engine, asked, {**state, name: part}, None) for part in (gone, come))
        elif keys is not None and keys.rows:
            one, other = (gone, come) if own else (state[name], now[name])
            took, brought = (_asked_of(engine, asked, {**state, name: part}, keys) for part in (one, other))
        else:
            took, brought = [], []
        put = put_together(rows, took, brought, asked)
        if put is None:
            return None
        rows, state = put, after
    return rows


def _asked_of(engine: Engine, asked: Asked, state: State, keys: Keys | None) -> list[Row]:
    """Return what a query comes to over a state of its ledgers, over the rows of some keys alone."""
    if not state[asked.ledger]:
        return []
    parts = {}
    for name, files in state.items():
        own = keys
        if keys is not None and name != asked.ledger:
            columns = asked.links[name]
            fits = columns is not None and {*columns} <= {*keys.columns}
            own = keys.of((DEPARTMENT, *(columns or ()))) if fits else None
        parts[name] = Part(tuple(sorted(path for path, _size, _when in files)), own)
    return engine.query(engine.over(asked.sql, parts))


def _keys(
    engine: Engine,
    asked: Asked,
    name: str,
    columns: Sequence[str],
    gone: Collection[File],
    come: Collection[File],
) -> Keys | None:
    """Return the keys of the rows that differ between two groups of a ledger's files, as far as the query
    depends on them; None where there are too many, or rows of the ledger itself have a part of the key empty.
    """
    named = (DEPARTMENT, *columns)
    compared = ", ".join(dict.fromkeys((*named, *asked.columns(name))))
    one, other = (tuple(sorted(path for path, *_ in files)) for files in (come, gone))
    rows = f"SELECT {compared}, 1 AS side FROM {name}"
    if other:
        engine.view(ledgers()[name], f"{name}_other", other)
        both = f"{rows} UNION ALL SELECT {compared}, -1 AS side FROM {name}_other"
        rows = f"SELECT {compared} FROM ({both}) AS sides GROUP BY {compared} HAVING SUM(side) <> 0"
    text = f"SELECT DISTINCT {', '.join(named)} FROM ({rows}) AS differing LIMIT {MOST_KEYS + 1}"
    found = set(engine.query(engine.over(text, {name: Part(one)})))
    if len(found) > MOST_KEYS:
        return None
    whole = {row for row in found if None not in row}
    if len(whole) < len(found) and name == asked.ledger:
        return None
    return Keys(named, tuple(sorted(whole)))


def _at_hand(file: File) -> bool:
    """Return whether a file of before is there as it was."""
    path, size, when = file
    try:
        seen = Path(path).stat()
    except OSError:
        return False
    return (seen.st_size, seen.st_mtime_ns) == (size, when)


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
