"""What was read of a department's rows, remembered while they stay the same."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from threading import Lock
from typing import Any

from zhunsheng.evidence import Snapshot, defined
from zhunsheng.measures.definitions import of_body
from zhunsheng.measures.kept import Kept
from zhunsheng.usecases.opened_evidence import Evidence
from zhunsheng.web.services.evidence import store, where


class _Lazy:
    """An engine that is started by the first question: where all readings are remembered, none is."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def __getattr__(self, name: str) -> Any:
        if "_engine" not in self.__dict__:
            self._engine = where().opened(self._snapshot)
        return getattr(self._engine, name)


# What was read of a department's rows, by the digest of their state: a word that somebody says changes none
# of them. A ledger that anybody imports for the first time is one that is no longer missing.
_read: OrderedDict[
    tuple[str, str, tuple[str, ...], tuple[str, int]], tuple[dict[Any, Any], dict[Any, Any]]
] = OrderedDict()
_reading = Lock()
# What was read of all the files, whoever's rows they hold: after an import only its own are read.
KEPT = Kept()
REMEMBERED = 128  # departments


def _key(code: str, snapshot: Snapshot) -> tuple[str, str, tuple[str, ...], tuple[str, int]]:
    return code, snapshot.state_of(code), snapshot.imported, defined.stamp()


def opened_for(code: str) -> Evidence:
    """Return the evidence as it is now, with what was read of a department while its rows were the same."""
    snapshot = store().snapshot()
    with _reading:
        known, courses = _read.get(_key(code, snapshot), ({}, {}))
    opened = Evidence(snapshot, _Lazy(snapshot), of_body(code), kept=KEPT)
    now = {"batch": snapshot.batch, "digest": snapshot.digest}
    opened.readings.update(
        {key: {n: replace(r, **now) for n, r in found.items()} for key, found in known.items()}
    )
    opened.courses.update(courses)
    return opened


def remember(code: str, opened: Evidence) -> None:
    """Keep what was read of a department, by its code, for as long as its rows are what they were then."""
    key = _key(code, opened.snapshot)
    with _reading:
        _read[key] = dict(opened.readings), dict(opened.courses)
        _read.move_to_end(key)
        while len(_read) > REMEMBERED:
            _read.popitem(last=False)
