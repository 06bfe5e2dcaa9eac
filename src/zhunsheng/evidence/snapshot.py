"""The store as of a batch: the files that hold each ledger's rows, whoever imports meanwhile."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Protocol

from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence.departments import Department, departments_of
from zhunsheng.evidence.index import Index
from zhunsheng.evidence.layout import files_at
from zhunsheng.evidence.ledgers import Ledger
from zhunsheng.evidence.records import Batch
from zhunsheng.evidence.tables import ledger_sql
from zhunsheng.translation import worded


class Origin(Protocol):
    """The store that a snapshot was taken of."""

    def reading(self) -> AbstractContextManager[Index]:
        """Give an index of all records."""

    def verify(self) -> list[str]:
        """Return what does not hold of the store."""


@dataclass(frozen=True)
class Snapshot:
    """The store as of a batch: for each ledger the data files that hold its rows.

    ``renames`` (ledger -> name -> code) speaks for files written before departments had codes.
    """

    batch: int
    when: str | None
    digest: str
    files: Mapping[str, tuple[str, ...]]
    renames: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)
    store: Origin | None = field(default=None, repr=False, compare=False)

    def sql(self, ledger: Ledger) -> str:
        """Return the DuckDB query over a ledger's rows, with all columns of today and departments by code."""
        return ledger_sql(ledger, self.files.get(ledger.id, ()), self.renames.get(ledger.id))

    @property
    def imported(self) -> tuple[str, ...]:
        """The ledgers that were imported at least once up to this state, whatever of them still stands."""
        return tuple(sorted(self.files))

    def batches_of(
        self, *, department: str | None = None, ledgers: Sequence[str] | None = None, limit: int | None = None
    ) -> tuple[Batch, ...]:
        """Return the batches that a department's rows of some ledgers can rest on; with
        ``limit`` the newest.
        """
        if self.store is None:
            return ()
        chosen = None if department is None else [department]
        with self.store.reading() as index:
            found = tuple(
                index.batches(department=chosen, ledgers=ledgers, until=self.batch, limit=limit, holding=True)
            )
        self._looked_up.update((b.batch, b) for b in found)
        return found

    def state_of(self, department: str) -> str:
        """Return the digest that stands for all that a department's rows rest on,
        whatever others imported since.
        """
        return self.changed_in(department)[1]

    def changed_in(self, department: str) -> tuple[int, str]:
        """Return number and digest of the newest batch that can have changed a department's rows."""
        if self.store is None:
            return self.batch, self.digest
        with self.store.reading() as index:
            return index.changed_in(department, self.batch)

    @cached_property
    def _looked_up(self) -> dict[int, Batch]:
        return {}

    def batch_of(self, number: int) -> Batch:
        """Return the batch that brought a row, by the row's ``_batch``. Raises ``ZS-EV-05``."""
        if number not in self._looked_up:
            found = None
            if self.store is not None:
                with self.store.reading() as index:
                    found = index.batch(number)
            if found is None:
                raise ZhunshengError("ZS-EV-05", version=worded("批次 {batch}", batch=number))
            self._looked_up[number] = found
        return self._looked_up[number]

    @cached_property
    def departments(self) -> dict[str, Department]:
        """The departments of the store by code."""
        if self.store is None:
            return {}
        with self.store.reading() as index:
            return departments_of(index)

    def name_of(self, code: str) -> str:
        """Return a department's name as of this state; with its code behind it where another has the same
        name.
        """
        if self.store is None:
            return code
        with self.store.reading() as index:
            name = index.name_of(code, self.batch)
        if name is None or name == code:
            return code
        alike = [d for d in self.departments.values() if d.name == name and d.code != code]
        return f"{name}（{code}）" if alike else name


class Earlier(Mapping[str, tuple[str, ...]]):
    """The files of an earlier state, looked up in a ledger's log when it is asked for:
    few questions ask for all.
    """

    def __init__(self, root: Path, versions: dict[str, int]) -> None:
        self._root, self._versions = root, versions
        self._known: dict[str, tuple[str, ...]] = {}

    def __getitem__(self, name: str) -> tuple[str, ...]:
        if name not in self._known:
            self._known[name] = files_at(self._root, name, self._versions[name])
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._versions)

    def __len__(self) -> int:
        return len(self._versions)
