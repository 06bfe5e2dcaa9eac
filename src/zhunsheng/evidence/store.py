"""The evidence store: ledgers merged by key in chained batches, taken back, brought up to date, and any
earlier state at hand.
"""

from __future__ import annotations

import os
import re
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence import commits, compacting, defined, layout, migrating, mirror, sources
from zhunsheng.evidence.adopting import adopt, adopted_rows
from zhunsheng.evidence.batches import next_batch, pending, recover
from zhunsheng.evidence.departments import Department, codes, departments_of, resolved
from zhunsheng.evidence.importing import Checked
from zhunsheng.evidence.index import Index
from zhunsheng.evidence.ledgers import DEPARTMENT, Ledger, ledgers
from zhunsheng.evidence.previewing import Preview, preview
from zhunsheng.evidence.privacy import Cipher
from zhunsheng.evidence.questions import Unanswered, settled, unanswered
from zhunsheng.evidence.records import REMOVED, Batch, Records
from zhunsheng.evidence.removing import keep_removed, leaving, returned
from zhunsheng.evidence.shared import workroom
from zhunsheng.evidence.snapshot import Earlier, Snapshot
from zhunsheng.evidence.sql import quoted
from zhunsheng.evidence.standing import (
    keep_again,
    refuse_contradictions,
    refuse_halves,
    standing,
    with_adopted,
)
from zhunsheng.evidence.tables import ledger_sql
from zhunsheng.evidence.undoing import refuse_twins, settle
from zhunsheng.evidence.verifying import problems
from zhunsheng.files.scratch import sweep_once
from zhunsheng.text import clean
from zhunsheng.translation import worded

_UNFIT_PLACE = re.compile(r"[\[\]^|\\\x00-\x1f\x7f\ud800-\udfff]|%[0-9A-Fa-f]{2}")
_swept: set[tuple[int, Path]] = set()  # processes and stores that were looked through
LOCK_SECONDS = 60.0
READ_SECONDS = 0.5  # a reader waits no longer for an import that goes on
LOOK_SECONDS = 1.0  # a process that reads asks an object store no oftener for new batches
_looked: dict[tuple[int, Path], float] = {}  # when a process last asked for those of a mirror


class Store:
    """A folder with ``ledgers/`` (Delta tables), ``batches/`` (one JSON a batch) and ``sources/`` (the files
    imported).

    ``again/`` holds the rows that a batch brought and that stood there already:
    what is left when an earlier one is undone; ``removed/`` those that a batch took out, as they stood there.

    ``index.sqlite`` beside them is made from the records and never the truth. A store of the first version,
    keyed by names of departments, is read under codes at once and migrated before the first batch that is
    written to it.

    A folder with ``remote.json`` mirrors a store in an object store (``mirror``): it is brought up to date
    before it is read or written, and a batch is one once its record lies there.
    """

    def __init__(self, root: Path, cipher: Cipher | None = None) -> None:
        """Open the store at ``root``; with a ``cipher``, personal columns and kept files are encrypted from
        now on. Raises ``ZS-EV-46`` for a place whose path the tables' library can't take.
        """
        # delta-rs makes a host name of the path, in which some can't stand, and decodes %20 before it opens
        # it; it follows links and /proc/self/fd to the place itself first, so that no other name helps.
        if signs := sorted(set(_UNFIT_PLACE.findall(str(root.resolve())))):
            shown = (sign if sign.isprintable() else ascii(sign)[1:-1] for sign in signs)
            told = str(root).encode(errors="backslashreplace").decode()
            raise ZhunshengError("ZS-EV-46", store=told, signs=" ".join(shown))
        self.root = root
        self.cipher = cipher
        self.remote = mirror.remote_of(root)
        defined.use(root)

    @classmethod
    def existing(cls, root: Path, cipher: Cipher | None = None) -> Store:
        """Return the store at ``root``. Raises ``ZS-EV-04`` where there is none."""
        opened = cls(root, cipher)
        if not opened.begun():
            raise ZhunshengError("ZS-EV-04", store=opened.place)
        return opened

    @property
    def place(self) -> str:
        """Where the store lies, as people name it."""
        return self.remote.url if self.remote else str(self.root)

    def begun(self) -> bool:
        """Return whether anything was ever imported. Raises ``ZS-EV-90`` to ``-97``."""
        self._catch_up()
        return Records(self.root).folder.is_dir()

    # -- writing
    # ----------------------------------------------------------------------------------------------

    @mirror.in_line
    def commit(  # noqa: PLR0913 - options, by their names
        self,
        checked: Checked,
        *,
        department: str,
        label: str | None = None,
        who: str | None = None,
        when: datetime | None = None,
        agreed: bool | str = True,
        answers: Mapping[str, str] | None = None,
        why: str = "",
    ) -> tuple[Batch, bool]:
        """Merge the good rows of a checked file by key; return its batch and whether anything was new.

        ``department`` is the code, ``label`` its name today (the code where none is given);
        another label for a known code is a rename. A file already imported for this ledger and department
        changes nothing while all its good rows stand there; where later batches changed some of them,
        it is a step back to what it says. A row of known key is updated where it differs;
        one that lacks a code which a row of the same name has there, or the other way round,
        can't be told to be the same or another and is refused with the file (``ZS-EV-25``), but for a column
        that a row may get later (``Ledger.adopts``): the row is asked about and stays the one it was.
        Killed at any moment, the batch is there whole or not at all: the Delta commit decides,
        and its record is completed from the commit on the next opening. ``why`` is why rows were typed in.
        Raises ``ZS-EV-09`` when another import holds the store, ``ZS-EV-109`` where the ledger was defined
        anew since the file was read, ``ZS-EV-47`` (``Unanswered``) where something is asked that is neither
        ``agreed`` nor among ``answers`` (``questions.settled``), ``ZS-EV-49`` where these leave no row,
        ``ZS-EV-26`` without a key where personal columns stand encrypted: beside them no row is written in
        clear.
        """
        # Who writes code and name to a store of names says which code the rows of that name are to have.
        codes = {label: department} if label else None
        commits.afresh(checked)
        with commits.prepared(checked, self.cipher) as rows, self._writing(codes) as index:
            personal = [ledger.id for ledger in ledgers().values() if any(c.personal for c in ledger.columns)]
            if not self.cipher and checked.ledger.id in personal and index.sealed(personal):
                raise ZhunshengError("ZS-EV-26", ledger=checked.ledger.title)
            if ledgers().get(checked.ledger.id, checked.ledger).defined != checked.ledger.defined:
                raise ZhunshengError("ZS-EV-109", ledger=checked.ledger.title)
            adopting = adopt(checked, index)
            refuse_halves(checked, index)
            exact = standing(checked, index)
            there = with_adopted(exact, adopting)
            refuse_contradictions(checked, there)
            done = settled(checked, there, agreed, answers)
            holds = checked.others_held()
            batch = next_batch(
                index,
                checked.ledger.id,
                who,
                when,
                department=department,
                label=label or index.name_of(department) or department,
                file=checked.path.name,
                sha256=checked.sha256,
                rows=checked.good_rows - done.aside,
                rejected=checked.bad_rows + done.aside,
                named={code: name for code, name in checked.named.items() if code in holds},
                holds=holds,
                notes=(*checked.notes, *done.notes, *returned(index, checked, there)),
                columns=checked.columns if len(checked.columns) < len(checked.ledger.columns) else (),
                read_by=checked.ledger.defined,
                why=why,
            )
            again, count = keep_again(self.root, checked, rows, batch, exact, done.kept)
            known = index.imported(checked.ledger.id, checked.sha256, department)
            if known is not None and count == batch.rows and (found := index.batch(known)):
                for path, _, _ in again:
                    (self.root / path).unlink()
                return found, False
            sources.keep_source(self.root, checked, self.cipher)
            if adopting and (before := adopted_rows(checked)).num_rows:
                again = (*again, keep_removed(self.root, before, batch))
            sealed = replace(batch, files=again)
            commits.merge(self.root, checked, rows, sealed, there=there, kept=done.kept)
            made = recover(index)[-1]
            compacting.compact_where_due(index, checked.ledger.id, who)
            return made, True

    @mirror.in_line
    def remove(
        self,
        checked: Checked,
        reason: str,
        *,
        department: str,
        who: str | None = None,
        when: datetime | None = None,
    ) -> Batch:
        """Take out of a ledger the rows whose keys stand in a checked list of keys
        (``removing.keys_ledger``), all or none, by a batch that keeps them and says why; undone, they return.

        ``department`` is the code for which it is done. Raises ``ZS-EV-09``, ``ZS-EV-60`` for keys that no
        row of the ledger has, ``ZS-EV-61`` without a reason.
        """
        if not (why := " ".join(clean(reason).split())):
            raise ZhunshengError("ZS-EV-61")
        ledger = ledgers()[checked.ledger.id]
        with self._writing() as index:
            rows = leaving(index, ledger, checked)
            batch = next_batch(
                index,
                ledger.id,
                who,
                when,
                department=department,
                label=index.name_of(department) or department,
                file=f"删除 {rows.num_rows} 行",
                rows=rows.num_rows,
                holds=tuple(sorted({*rows[DEPARTMENT].to_pylist()} - {department})),
                removes=why,
            )
            kept = keep_removed(self.root, rows, batch)
            gone = rows.append_column("_gone", [[True] * rows.num_rows])
            commits.take_back(self.root, ledger, gone, replace(batch, files=(kept,)))
            made = recover(index)[-1]
            compacting.compact_where_due(index, ledger.id, who)
            return made

    def would_ask(
        self,
        checked: Checked,
        limit: int,
        agreed: bool | str = False,
        answers: Mapping[str, str] | None = None,
    ) -> tuple[Unanswered | None, Preview]:
        """Return what ``commit`` would ask of a checked file, None where nothing, and what it would change of
        the rows that stand there, of at most so many rows; write nothing.
        """
        with self.reading() as index:
            there = with_adopted(standing(checked, index), adopt(checked, index))
            return unanswered(checked, there, agreed, answers or {}), preview(checked, there, limit)

    @mirror.in_line
    def undo(
        self,
        number: int,
        *,
        department: str | None = None,
        who: str | None = None,
        when: datetime | None = None,
    ) -> Batch:
        """Take a batch back by a new batch: the rows are then what the batches that are left make of them,
        in order.

        This holds whatever else was or will be undone, and is recorded also where no row changes;
        every earlier state stays readable. With ``department``, only a batch of that one.
        Raises ``ZS-EV-12`` for a batch that is not there, brought no file, or was taken back; ``ZS-EV-100``
        where a row would return beside one that may be the same.
        """
        with self._writing() as index:
            batch = index.batch(number)
            if batch is None or (department is not None and batch.department != department):
                raise ZhunshengError("ZS-EV-12", batch=number, detail=worded("没有这个批次"))
            if batch.undoes:
                raise ZhunshengError("ZS-EV-12", batch=number, detail=worded("它本身就是一次撤销"))
            if batch.defines:
                raise ZhunshengError(
                    "ZS-EV-12", batch=number, detail=worded("它是一次定义，要改的请定义新的一版")
                )
            if not batch.speaks:
                raise ZhunshengError(
                    "ZS-EV-12", batch=number, detail=worded("它没有导入数据，只是整理了证据库")
                )
            if index.undone(number):
                raise ZhunshengError("ZS-EV-12", batch=number, detail=worded("已经撤销过"))
            ledger = ledgers()[batch.ledger]
            with workroom() as connection:
                settle(index, ledger, batch, connection)
                refuse_twins(index, ledger, batch, connection)
                counted = "SELECT count(*), count(*) FILTER (NOT _gone) FROM settled"
                rows, restored = (int(n) for n in connection.execute(counted).fetchall()[0])
                others = connection.execute(f"SELECT DISTINCT {DEPARTMENT} FROM settled").fetchall()
                undoing = next_batch(
                    index,
                    ledger.id,
                    who,
                    when,
                    department=batch.department,
                    label=index.name_of(batch.department) or batch.department,
                    file=f"撤销批次 {number}（{batch.file}）",
                    sha256=batch.sha256,
                    rows=rows,
                    updated=restored,
                    holds=tuple(sorted({*batch.holds, *(d for (d,) in others)} - {batch.department})),
                    undoes=number,
                )
                settled = connection.sql("SELECT * FROM settled").to_arrow_table()
                commits.take_back(self.root, ledger, settled, undoing)
            made = recover(index)[-1]
            compacting.compact_where_due(index, ledger.id, who)
            return made

    @mirror.in_line
    def define(  # noqa: PLR0913 - options, by their names
        self,
        kind: defined.Kind,
        name: str,
        body: str | None,
        *,
        who: str,
        why: str,
        department: str = "",
        checks: Callable[[Index], None] | None = None,
    ) -> Batch:
        """Keep a new version of a definition (``body`` None: it ends) by a batch of its own; return it.

        ``name`` is its id, a free one where it is empty; ``department`` the code that it is for, none for
        all. What ``checks`` raises about the rows that stand there leaves everything as it was. Killed at any
        moment, the version is there whole, with its record from the next opening on, or not at all. Raises
        ``ZS-EV-09``, ``ZS-EV-11`` where an earlier version is lost, ``ZS-EV-106`` for an id that is none,
        ``ZS-EV-107`` without a reason.
        """
        with self._writing() as index:
            name = name or defined.free(self.root, kind)
            defined.refuse_unfit(name, why)
            if checks:
                checks(index)
            here = {path.stem for path, _of in defined.kept(self.root)}
            recorded = (one for one in index.defines([name, "", *ledgers()]) if one not in here)
            if lost := [one for one in recorded if one.startswith(f"{kind}.{name}.")]:
                detail = worded("定义的文件丢失：{name}", name=lost[0])
                raise ZhunshengError("ZS-EV-11", detail=detail)
            defined.keep(self.root, kind, name, body, who=who, why=why, department=department)
            return recover(index)[-1]

    @mirror.in_line
    def migrate(
        self,
        codes: Mapping[str, str] | None = None,
        *,
        who: str | None = None,
        when: datetime | None = None,
    ) -> list[Batch]:
        """Bring a store of the first version to codes for departments, one recorded batch a ledger;
        return these.

        ``codes`` gives a department's code by its name; one it does not know gets a code made from its name.
        Does nothing to a store of today. Killed at any moment, it goes on at the next call.
        Raises ``ZS-EV-09``.
        """
        with self._writing(migrate=False) as index:
            return migrating.migrate(index, codes or {}, who, when)

    @mirror.in_line
    def compact(self, *, who: str | None = None) -> list[Batch]:
        """Put together the small files of every ledger that has several, one recorded batch each;
        return these.

        Rows stay as they are, and every earlier state stays readable. Raises ``ZS-EV-09``.
        """
        with self._writing() as index:
            return [
                compacting.compact(index, name, who)
                for name in index.heads()
                if sum(size < compacting.SMALL for _, size in index.files(name)) > 1
            ]

    @contextmanager
    def _locked(self, seconds: float | None = None) -> Iterator[None]:
        before = os.umask(0o077)  # ledgers hold personal data: what is written here is its account's alone
        try:
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            with FileLock(
                str(self.root / ".lock"), timeout=LOCK_SECONDS if seconds is None else seconds, mode=0o600
            ):
                yield
        except Timeout:
            raise ZhunshengError("ZS-EV-09", store=self.place) from None
        finally:
            os.umask(before)

    @contextmanager
    def _writing(self, codes: Mapping[str, str] | None = None, *, migrate: bool = True) -> Iterator[Index]:
        """Hold the store, bring a mirror up to date, complete what a killed process left, migrate (to
        ``codes`` by name); give the index of all records.
        """
        with self._locked(), Index.at_hand(self.root, write=True) as index:
            if self.remote:
                mirror.refresh(index, self.remote)
            Records(self.root).folder.mkdir(parents=True, exist_ok=True)
            _sweep(self.root)
            try:
                recover(index)
                compacting.clear(index)
                if index.unmigrated():
                    if migrate:
                        migrating.migrate(index, codes or {})
                else:
                    layout.mark(self.root)
            except BaseException:
                if self.remote:  # what failed on its way there was never made
                    mirror.discard(index)
                raise
            try:
                yield index
            except BaseException:
                # What failed, on a full disk too, was never made: committed without a record it would be at
                # the next opening, whatever its person was told.
                if self.remote or Records(self.root).read(index.last + 1) is None:
                    mirror.discard(index)
                raise

    # -- reading
    # ----------------------------------------------------------------------------------------------

    @contextmanager
    def reading(self) -> Iterator[Index]:
        """Give an index of all records, departments by code; wait for nobody, and write only what can be
        derived.
        """
        index = self._open_index()
        try:
            if index.unmigrated():
                planned = index.planned(migrating.plan(index, {}))
                index.close()
                index = planned
            yield index
        finally:
            index.close()

    def _catch_up(self, *, surely: bool = False) -> None:
        """Bring a mirror up to date: ``surely``, or where the object store was not asked this second."""
        asked, now = (os.getpid(), self.root), time.monotonic()
        if not self.remote or (not surely and now - _looked.get(asked, -LOOK_SECONDS) < LOOK_SECONDS):
            return
        with Index.at_hand(self.root, write=False) as index:
            number = index.last
        if surely or mirror.behind(self.remote, number):
            try:
                with self._locked(READ_SECONDS), Index.at_hand(self.root, write=True) as index:
                    mirror.refresh(index, self.remote)
            except ZhunshengError as error:
                # An import of this machine goes on, from what was there when it began; batches that come are
                # waited for.
                if error.code != "ZS-EV-09":
                    raise
                mirror.wait(self.root, LOCK_SECONDS)
        _looked[asked] = time.monotonic()

    def _open_index(self) -> Index:
        self._catch_up()
        if not Records(self.root).folder.is_dir() and not layout.behind(self.root, {}):
            return Index.in_memory(self.root)
        index = Index.kept(self.root)
        if index is not None:
            if (
                index.complete()
                and not layout.behind(self.root, index.heads())
                and not layout.unrecorded(index)
            ):
                return index
            index.close()
        if os.access(self.root, os.W_OK):
            try:
                with self._locked(READ_SECONDS):
                    written = Index.at_hand(self.root, write=True)
                    if self.remote:
                        mirror.discard(written)
                    recover(written)
                    return written
            except (OSError, sqlite3.OperationalError):
                pass  # a folder that can't be written after all
            except ZhunshengError as error:
                # Whoever holds the lock lives, so that nothing waits to be recovered:
                # the records are all there is.
                if error.code != "ZS-EV-09":
                    raise
        return Index.at_hand(self.root, write=False)

    def batches(self, *, department: str | None = None, limit: int | None = None) -> list[Batch]:
        """Return committed batches in order, also while another process imports.

        ``department`` gives those imported for one code; ``limit`` the newest so many.
        """
        with self.reading() as index:
            return index.batches(department=None if department is None else [department], limit=limit)

    def batch(self, number: int) -> Batch | None:
        """Return one batch, None where there is none of that number."""
        with self.reading() as index:
            return index.batch(number)

    @property
    def head(self) -> tuple[int, str]:
        """The number and the digest of the newest batch: what to note elsewhere; (0, "") for
        an empty store.
        """
        with self.reading() as index:
            return index.last, index.digest

    def state_of(self, department: str, until: int | None = None) -> str:
        """Return the digest of the newest batch (up to ``until``) that can have changed the rows of a
        department, by code.
        """
        return self.changed_in(department, until)[1]

    def changed_in(self, department: str, until: int | None = None) -> tuple[int, str]:
        """Return number and digest of the newest batch (up to ``until``) that can have changed a department's
        rows.
        """
        with self.reading() as index:
            return index.changed_in(department, until)

    @property
    def imported(self) -> tuple[str, ...]:
        """The ledgers that were imported at least once, whatever of them still stands."""
        with self.reading() as index:
            return tuple(sorted(index.heads()))

    def verified_head(self) -> tuple[int, str]:
        """Return number and digest of the newest batch as ``head`` does, and write nothing, as ``verify``."""
        with Index.at_hand(self.root, write=False) as index:
            waiting = pending(index)
            return (waiting[-1].batch, waiting[-1].digest) if waiting else (index.last, index.digest)

    def departments(self) -> dict[str, Department]:
        """Return the departments that batches speak of, by code, each with its dated names."""
        with self.reading() as index:
            return departments_of(index)

    def label_of(self, code: str) -> str | None:
        """Return a department's latest name, None for a code that no batch speaks of."""
        with self.reading() as index:
            return index.name_of(code)

    def resolve(self, text: str) -> Department:
        """Return the department of a code, or else of a name that is or was exactly one's.

        Raises ``ZS-EV-20`` for a name of several, ``ZS-EV-21`` for one that nobody bears;
        likeness never decides.
        """
        return resolved(self.departments(), text)

    def known(self) -> dict[str, str]:
        """Return code for each code and each name; "" for a name of several departments.
        A code means its own alone.
        """
        return codes(self.departments())

    def project_names(self, ledger: Ledger, departments: list[str]) -> list[str]:
        """Return the project names that stand in a ledger of some departments (codes), in order of rows."""
        with self.reading() as index, workroom() as connection:
            if not (current := layout.current(index, ledger.id)):
                return []
            of = ", ".join(map(quoted, departments))
            found = connection.execute(
                f"SELECT project FROM ({ledger_sql(ledger, current)}) WHERE {DEPARTMENT} IN ({of or 'NULL'}) "
                "AND project IS NOT NULL GROUP BY 1 ORDER BY count(*) DESC, 1"
            ).fetchall()
        return [name for (name,) in found]

    def source_of(self, batch: Batch) -> tuple[str, bytes]:
        """Return the name and the bytes of the file that a batch was imported from. Raises ``ZS-EV-11``,
        ``ZS-EV-13``.
        """
        return sources.source_of(self.root, batch, self.cipher)

    def snapshot(self, *, batch: int | None = None, at: datetime | None = None) -> Snapshot:
        """Return the store as of batch ``batch``, or as of time ``at`` (inclusive), or as it is.
        Raises ``ZS-EV-05``.
        """
        with self.reading() as index:
            last = index.last
            if batch is not None and not 0 <= batch <= last:
                raise ZhunshengError("ZS-EV-05", version=worded("批次 {batch}", batch=batch))
            number = last if batch is None else batch
            if at is not None:
                number = min(number, index.at(at))
            if number == last:
                files: Mapping[str, tuple[str, ...]] = {
                    name: layout.current(index, name) for name in index.heads()
                }
            else:
                files = Earlier(self.root, index.heads(number))
            renames = {name: found for name in files if (found := index.renames(name, after=number))}
            newest = index.batch(number)
            return Snapshot(
                number, newest.when if newest else None, newest.digest if newest else "", files, renames, self
            )

    def verify(
        self, head: str | None = None, since: int | str | None = None, *, current: bool = False
    ) -> list[str]:
        """Return what does not hold: records out of the chain, files changed, missing or unrecorded;
        empty when sound.

        ``head`` is the digest of the last batch as noted elsewhere; with it, batches cut off the end are
        found too. ``since`` (a batch's number, or its digest as noted elsewhere) checks only what came after
        that batch. With ``current`` all records are checked, but of the data only the files in which rows of
        now stand. Nothing is written, but what a mirror lacks comes to it first; what lies in the object
        store is then checked as well: with ``current`` by names and sizes, else by every byte. Raises
        ``ZS-EV-22`` for a ``since`` that no batch has, ``ZS-EV-90`` to ``-94`` for an object store.
        """
        told = []
        try:
            self._catch_up(surely=True)
        except ZhunshengError as error:
            if error.code not in ("ZS-EV-11", "ZS-EV-96", "ZS-EV-97"):
                raise
            told = [error.text()]
        found = told + problems(self.root, head, since, current=current)
        if self.remote and "ZS-EV-11" not in "".join(found):
            found += mirror.problems(self.root, self.remote, self._number(since), current=current)
        return found

    def _number(self, since: int | str | None) -> int:
        """Return the number of the batch that a verification starts behind."""
        if not isinstance(since, str):
            return since or 0
        with Index.at_hand(self.root, write=False) as index:
            return index.numbered(since) or 0


def _sweep(root: Path) -> None:
    """Take away what a killed process left half written, once a process; whoever writes holds the lock."""
    sweep_once()
    if (os.getpid(), root) not in _swept:
        _swept.add((os.getpid(), root))
        for folder in ("batches", "sources", layout.AGAIN, REMOVED, defined.FOLDER):
            for partial in (root / folder).glob("*.partial"):
                partial.unlink(missing_ok=True)
        for path in [*(root / "ledgers").glob("*/*"), *(root / "ledgers").glob("*/_delta_log/*")]:
            if layout.half_written(path.name):
                path.unlink(missing_ok=True)
