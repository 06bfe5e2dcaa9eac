"""An index of a store's records, made from them and never the truth: the last batch, batches by department,
files at hand.

It lies in ``index.sqlite`` so that opening a store costs the same whatever the number of its batches.
It is made anew where it is absent, unreadable or not of the records' last digest;
a folder that can't be written is read by one in memory.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence.records import Batch, Records, actions
from zhunsheng.translation import worded

NAME = "index.sqlite"
_FORMAT = 1
_TABLES = """
BEGIN;
CREATE TABLE meta(format INTEGER, last INTEGER, digest TEXT);
CREATE TABLE batch(n INTEGER PRIMARY KEY, ledger TEXT, department TEXT, label TEXT, sha256 TEXT,
  imports INTEGER,
    undoes INTEGER, version INTEGER, at REAL, digest TEXT, body TEXT);
CREATE INDEX batch_department ON batch(department, n);
CREATE INDEX batch_ledger ON batch(ledger, n);
CREATE INDEX batch_source ON batch(sha256, ledger);
CREATE INDEX batch_undoes ON batch(undoes) WHERE undoes IS NOT NULL;
CREATE INDEX batch_digest ON batch(digest);
CREATE TABLE holds(department TEXT, n INTEGER, PRIMARY KEY(department, n)) WITHOUT ROWID;
CREATE TABLE name(code TEXT, name TEXT, n INTEGER, since TEXT, PRIMARY KEY(code, n, name)) WITHOUT ROWID;
CREATE INDEX name_name ON name(name);
CREATE TABLE rename(ledger TEXT, name TEXT, code TEXT, n INTEGER, PRIMARY KEY(ledger, name)) WITHOUT ROWID;
CREATE TABLE file(ledger TEXT, path TEXT, size INTEGER, PRIMARY KEY(ledger, path)) WITHOUT ROWID;
CREATE TABLE head(ledger TEXT PRIMARY KEY, version INTEGER, n INTEGER, landed INTEGER) WITHOUT ROWID;
INSERT INTO meta VALUES (%d, 0, '');
COMMIT;
"""


class Index:
    """An open index; ``last`` and ``digest`` are those of the newest batch it knows."""

    def __init__(self, root: Path, connection: sqlite3.Connection) -> None:
        """Take an open database of the index's tables."""
        self.root = root
        self.connection = connection

    @staticmethod
    def path(root: Path) -> Path:
        """Return where a store's index lies."""
        return root / NAME

    # -- opening
    # ----------------------------------------------------------------------------------------------

    @classmethod
    def at_hand(cls, root: Path, *, write: bool) -> Index:
        """Return an index that knows every record: the kept one, brought up to date, or one in memory.

        ``write`` says that the caller holds the store's lock, so that the kept index may be changed.
        """
        records = Records(root)
        found = cls.kept(root, write=write)
        try:
            if found is not None and found._fits(records):
                if records.path(found.last + 1).is_file():
                    found = found if write else found._in_memory()
                    found.add_all(records.after(found.last))
                return found
        except sqlite3.DatabaseError:
            pass  # whatever became of it, it can be made again
        if found is not None:
            found.close()
        made = cls._empty(root, write=write)
        made.add_all(records.after(0))
        return made

    def complete(self) -> bool:
        """Return whether the index knows the newest record."""
        records = Records(self.root)
        try:
            return self._fits(records) and not records.path(self.last + 1).is_file()
        except sqlite3.DatabaseError:
            return False

    @classmethod
    def in_memory(cls, root: Path) -> Index:
        """Return an empty index that touches no file."""
        return cls._empty(root, write=False)

    @classmethod
    def kept(cls, root: Path, *, write: bool = False) -> Index | None:
        """Return the index as it lies in the store, None where there is none that can be read."""
        path = cls.path(root)
        if not path.is_file():
            return None
        connection = None
        try:
            connection = _connect(f"{path.absolute().as_uri()}?mode={'rw' if write else 'ro'}")
            (number,) = connection.execute("SELECT format FROM meta").fetchone()
        except (sqlite3.Error, TypeError):
            number = None
        if connection is not None and number == _FORMAT:
            return cls(root, connection)
        if connection is not None:
            connection.close()
        return None

    @classmethod
    def unfinished(cls, root: Path) -> bool:
        """Return whether a process was ended, or is, while it wrote the kept index: what it wrote is of one
        transaction, which the next one that writes takes back.
        """
        path = cls.path(root)
        return path.with_name(f"{NAME}-journal").exists() or (path.is_file() and not path.stat().st_size)

    @classmethod
    def _empty(cls, root: Path, *, write: bool) -> Index:
        path = cls.path(root)
        if write:
            for old in (path, path.with_name(f"{NAME}-journal")):
                old.unlink(missing_ok=True)
        connection = _connect(f"{path.absolute().as_uri()}?mode=rwc" if write else ":memory:")
        connection.executescript(_TABLES % _FORMAT)
        return cls(root, connection)

    def _in_memory(self) -> Index:
        connection = _connect(":memory:")
        self.connection.backup(connection)
        return Index(self.root, connection)

    def leave_file(self) -> None:
        """Go on in memory, where the kept index can't be written: it is derived, and stays behind until one
        can.
        """
        self.connection.close()
        self.connection = _connect(":memory:")
        self.connection.executescript(_TABLES % _FORMAT)
        self.add_all(Records(self.root).after(0))

    def planned(self, plan: Mapping[str, Mapping[str, str]]) -> Index:
        """Return a copy in memory that speaks as if migrations (ledger -> name -> code) had been made."""
        copy = self._in_memory()
        newest = self.batch(self.last)
        when = newest.when if newest else ""
        for ledger, renames in plan.items():
            for name, code in renames.items():
                copy._rename(ledger, name, code, self.last + 1, when)
        return copy

    def _fits(self, records: Records) -> bool:
        if not self.last:
            return not records.path(1).is_file()
        newest = records.read(self.last)
        return newest is not None and newest.digest == self.digest

    def close(self) -> None:
        """Close the index."""
        self.connection.close()

    def __enter__(self) -> Index:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- adding
    # -----------------------------------------------------------------------------------------------

    def add_all(self, batches: Iterable[Batch]) -> None:
        """Take up records in order, all or none. Raises ``ZS-EV-11`` for one whose fields are not what they
        should be.
        """
        with self.connection:
            self.connection.execute("BEGIN")
            for batch in batches:
                try:
                    self._add(batch)
                except (
                    ValueError,
                    TypeError,
                    AttributeError,
                    KeyError,
                    sqlite3.IntegrityError,
                    sqlite3.ProgrammingError,
                ):
                    raise ZhunshengError(
                        "ZS-EV-11", detail=worded("批次 {batch} 的记录内容不对", batch=batch.batch)
                    ) from None

    def _add(self, batch: Batch) -> None:
        run = self.connection.execute
        number = batch.batch
        run(
            "INSERT INTO batch VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                number,
                batch.ledger,
                batch.department,
                batch.label,
                batch.sha256,
                batch.imports,
                batch.undoes,
                batch.version,
                datetime.fromisoformat(batch.when).timestamp(),
                batch.digest,
                json.dumps(batch.as_json(), ensure_ascii=False),
            ),
        )
        for code in batch.holds:
            run("INSERT OR IGNORE INTO holds VALUES (?, ?)", (code, number))
        if batch.renames is not None:
            for name, code in batch.renames.items():
                self._rename(batch.ledger, name, code, number, batch.when)
        # An undoing speaks of the past, so its label is no new name.
        if batch.label and batch.imports:
            self._name(batch.department, batch.label, number, batch.when)
        for code, name in batch.named.items():
            self._name(code, name, number, batch.when)
        log = self.root / "ledgers" / batch.ledger / "_delta_log" / f"{batch.version:020d}.json"
        said = actions(log) if log.is_file() else ()
        for action in said:
            if "remove" in action:
                run(
                    "DELETE FROM file WHERE ledger = ? AND path = ?",
                    (batch.ledger, unquote(action["remove"]["path"])),
                )
        for action in said:
            if "add" in action:
                run(
                    "INSERT OR REPLACE INTO file VALUES (?, ?, ?)",
                    (batch.ledger, unquote(action["add"]["path"]), action["add"]["size"]),
                )
        if batch.defines:  # of no table
            run("UPDATE meta SET last = ?, digest = ?", (number, batch.digest))
            return
        landed = not batch.label and batch.renames is None and batch.compacts is None
        run(
            "INSERT INTO head VALUES (?, ?, ?, ?) ON CONFLICT(ledger) DO UPDATE SET version = "
            "excluded.version, n = excluded.n, landed = CASE WHEN ? THEN 0 ELSE landed END",
            (batch.ledger, batch.version, number, landed, batch.renames is not None),
        )
        run("UPDATE meta SET last = ?, digest = ?", (number, batch.digest))

    def _rename(self, ledger: str, name: str, code: str, number: int, when: str) -> None:
        run = self.connection.execute
        run("INSERT OR IGNORE INTO rename VALUES (?, ?, ?, ?)", (ledger, name, code, number))
        mine = "ledger = ? AND department = ? AND label = '' AND n < ?"
        first = run(
            f"SELECT n, body FROM batch WHERE {mine} ORDER BY n LIMIT 1", (ledger, name, number)
        ).fetchone()
        run(f"UPDATE batch SET department = ?, label = ? WHERE {mine}", (code, name, ledger, name, number))
        # The name is as old as the first batch that bore it, not as the migration.
        since, day = (first[0], json.loads(first[1])["when"]) if first else (number, when)
        known = self._one("SELECT min(n) FROM name WHERE code = ? AND name = ?", (code, name))
        if known is None or since < known:
            run("DELETE FROM name WHERE code = ? AND name = ?", (code, name))
            run("INSERT INTO name VALUES (?, ?, ?, ?)", (code, name, since, day))

    def _name(self, code: str, name: str, number: int, when: str) -> None:
        if self.name_of(code) != name:
            self.connection.execute(
                "INSERT OR REPLACE INTO name VALUES (?, ?, ?, ?)", (code, name, number, when)
            )

    # -- asking
    # -----------------------------------------------------------------------------------------------

    def _one(self, query: str, values: Sequence[Any] = ()) -> Any:
        row = self.connection.execute(query, values).fetchone()
        return row[0] if row else None

    @property
    def last(self) -> int:
        """The number of the newest batch, 0 in an empty store."""
        return int(self._one("SELECT last FROM meta"))

    @property
    def digest(self) -> str:
        """The digest of the newest batch."""
        return str(self._one("SELECT digest FROM meta"))

    def batch(self, number: int) -> Batch | None:
        """Return a batch by its number, its department by code."""
        if number > self.last:
            return None  # also what no integer of the database holds
        return next(self._batches("n = ?", (number,)), None)

    def batches(
        self,
        *,
        department: Sequence[str] | None = None,
        ledgers: Sequence[str] | None = None,
        until: int | None = None,
        limit: int | None = None,
        holding: bool = False,
    ) -> list[Batch]:
        """Return batches in order; with ``limit`` the newest of them; ``holding``:
        also others' with rows of it.
        """
        tests, values = ["1"], []
        if department is not None:
            marks = ", ".join("?" * len(department))
            held = f" OR n IN (SELECT n FROM holds WHERE department IN ({marks}))" if holding else ""
            tests.append(f"(department IN ({marks}){held})")
            values += [*department, *(department if holding else ())]
        if ledgers is not None:
            tests.append(f"ledger IN ({', '.join('?' * len(ledgers))})")
            values += ledgers
        if until is not None:
            tests.append("n <= ?")
            values.append(str(until))
        newest = f" DESC LIMIT {int(limit)}" if limit is not None else ""
        found = list(self._batches(f"{' AND '.join(tests)} ORDER BY n{newest}", values))
        return found[::-1] if limit is not None else found

    def _batches(self, where: str, values: Sequence[Any]) -> Iterator[Batch]:
        for body, department, label in self.connection.execute(
            f"SELECT body, department, label FROM batch WHERE {where}", values
        ):
            data = json.loads(body)
            yield Batch.of({**data, "department": department} | ({"label": label} if label else {}))

    def changed_in(self, department: str, until: int | None = None) -> tuple[int, str]:
        """Return number and digest of the newest batch that can have changed a department's rows, (0,
        "") for none.

        Digests are chained, so it stands for all before it; a migration gave every department's rows their
        codes, so that before one the newest of all stands for each.
        """
        if self.unmigrated():
            return self.last, self.digest
        found = self.connection.execute(
            "SELECT n, digest FROM batch WHERE (? IS NULL OR n <= ?) AND (department = ? OR n IN (SELECT n "
            "FROM holds WHERE department = ?) OR n IN (SELECT n FROM rename) OR n IN (SELECT n FROM batch "
            "WHERE department = '' AND json_extract(body, '$.defines') IS NOT NULL)) ORDER BY n DESC LIMIT 1",
            (until, until, department, department),
        ).fetchone()
        return (int(found[0]), str(found[1])) if found else (0, "")

    def imported(self, ledger: str, sha256: str, department: str) -> int | None:
        """Return the number of the newest batch that brought a file for a department and was not undone."""
        found: int | None = self._one(
            "SELECT n FROM batch b WHERE sha256 = ? AND ledger = ? AND department = ? AND imports"
            " AND NOT EXISTS (SELECT 1 FROM batch u WHERE u.undoes = b.n) ORDER BY n DESC LIMIT 1",
            (sha256, ledger, department),
        )
        return found

    def brought(self, sha256: str) -> bool:
        """Return whether any batch brought a file, whatever became of it."""
        return self._one("SELECT 1 FROM batch WHERE sha256 = ? LIMIT 1", (sha256,)) is not None

    def sealed(self, ledgers: Sequence[str]) -> bool:
        """Return whether one of some ledgers was last imported under a key, so that its file is kept
        encrypted.
        """
        for ledger in ledgers:
            body = self._one(
                "SELECT body FROM batch WHERE ledger = ? AND imports ORDER BY n DESC LIMIT 1", (ledger,)
            )
            if body and any(
                name.startswith("sources/") and name.endswith(".enc")
                for name, _, _ in json.loads(body)["files"]
            ):
                return True
        return False

    def defines(self, ledgers: Iterable[str]) -> list[str]:
        """Return the versions of definitions (``Batch.defines``) that batches of some ledgers keep, in
        order; a measure's are its ledger's.
        """
        among = sorted(set(ledgers))
        return [
            name
            for (name,) in self.connection.execute(
                "SELECT json_extract(body, '$.defines') FROM batch WHERE version < 0 "
                f"AND ledger IN ({', '.join('?' * len(among))}) ORDER BY n",
                among,
            )
            if name
        ]

    def undone(self, number: int) -> bool:
        """Return whether a batch was taken back."""
        return self._one("SELECT 1 FROM batch WHERE undoes = ?", (number,)) is not None

    def undone_of(self, ledger: str) -> list[int]:
        """Return the numbers of a ledger's batches that were taken back."""
        return [
            n
            for (n,) in self.connection.execute(
                "SELECT undoes FROM batch WHERE ledger = ? AND undoes", (ledger,)
            )
        ]

    def migrated(self, ledger: str) -> int:
        """Return the number of the batch that gave the departments of a ledger's rows their codes,
        0 where none did.
        """
        return int(self._one("SELECT coalesce(max(n), 0) FROM rename WHERE ledger = ?", (ledger,)))

    def stating(self, ledger: str, departments: Sequence[str]) -> list[Batch]:
        """Return, in order, the imports and removals of a ledger that were not undone and can speak of rows
        of some departments.

        Records from before departments had codes don't say of whom they hold rows,
        so all of those are among them.
        """
        marks = ", ".join("?" * len(departments))
        return list(
            self._batches(
                "ledger = ? AND (imports OR json_extract(body, '$.removes') IS NOT NULL) "
                "AND NOT EXISTS (SELECT 1 FROM batch u WHERE u.undoes = batch.n) "
                f"AND (department IN ({marks}) OR n IN (SELECT n FROM holds WHERE department IN ({marks})) "
                "OR n < ?) ORDER BY n",
                (ledger, *departments, *departments, self.migrated(ledger)),
            )
        )

    def numbered(self, digest: str) -> int | None:
        """Return the number of the batch with a digest."""
        found: int | None = self._one("SELECT n FROM batch WHERE digest = ?", (digest,))
        return found

    def at(self, moment: datetime) -> int:
        """Return the number of the last batch made up to a moment (inclusive)."""
        return int(self._one("SELECT coalesce(max(n), 0) FROM batch WHERE at <= ?", (moment.timestamp(),)))

    def heads(self, until: int | None = None) -> dict[str, int]:
        """Return the version of each ledger's table, now or as of a batch."""
        if until is None:
            return dict(self.connection.execute("SELECT ledger, version FROM head ORDER BY ledger"))
        return dict(
            self.connection.execute(
                "SELECT ledger, max(version) FROM batch WHERE n <= ? AND version >= 0 GROUP BY ledger",
                (until,),
            )
        )

    def files(self, ledger: str) -> list[tuple[str, int]]:
        """Return (path in the ledger's folder, bytes) of the files that hold a ledger's rows now."""
        return self.connection.execute(
            "SELECT path, size FROM file WHERE ledger = ? ORDER BY path", (ledger,)
        ).fetchall()

    def unmigrated(self) -> list[str]:
        """Return the ledgers whose rows still stand under names of departments, as the first version wrote
        them.
        """
        return [
            name
            for (name,) in self.connection.execute("SELECT ledger FROM head WHERE landed ORDER BY ledger")
        ]

    def departments_named(self, ledger: str) -> list[str]:
        """Return the departments that a ledger's batches without a label were imported for."""
        return [
            d
            for (d,) in self.connection.execute(
                "SELECT DISTINCT department FROM batch WHERE ledger = ? AND label = '' ORDER BY 1", (ledger,)
            )
        ]

    def renames(self, ledger: str | None = None, after: int = 0) -> dict[str, str]:
        """Return name -> code of the migrations of a ledger (or all) that came after a batch."""
        return dict(
            self.connection.execute(
                "SELECT name, code FROM rename WHERE n > ? AND (? IS NULL OR ledger = ?) ORDER BY n DESC",
                (after, ledger, ledger),
            )
        )

    def name_of(self, code: str, until: int | None = None) -> str | None:
        """Return the name that a department had as of a batch (its first one before that),
        None for an unknown code.
        """
        found: str | None = self._one(
            "SELECT name FROM name WHERE code = ? AND (? IS NULL OR n <= ?) ORDER BY n DESC LIMIT 1",
            (code, until, until),
        )
        return found or self._one("SELECT name FROM name WHERE code = ? ORDER BY n LIMIT 1", (code,))

    def names(self) -> list[tuple[str, str, str]]:
        """Return (code, from when, name) in order of batches."""
        return self.connection.execute("SELECT code, since, name FROM name ORDER BY n, code").fetchall()

    def content(self) -> list[list[Any]]:
        """Return all that the index says, to compare it with another."""
        tables = ("meta", "batch", "holds", "name", "rename", "file", "head")
        return [sorted(self.connection.execute(f"SELECT * FROM {table}"), key=repr) for table in tables]


def _connect(place: str) -> sqlite3.Connection:
    # The index is derived: what a crash leaves out is made again, so nothing waits for the disk.
    connection = sqlite3.connect(place, uri=place != ":memory:", timeout=10, isolation_level=None)
    try:
        if "mode=ro" not in place:
            connection.execute("PRAGMA synchronous = OFF")
    except sqlite3.Error:
        connection.close()
        raise
    return connection
