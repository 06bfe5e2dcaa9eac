"""The evidence store: Delta tables merged by key, a chained record of every batch,
and any earlier state at hand.
"""

from __future__ import annotations

import getpass
import json
import os
import shutil
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import CommitProperties, DeltaTable, PostCommitHookProperties, write_deltalake
from filelock import FileLock, Timeout

from zhunsheng.clock import told
from zhunsheng.codes import department_code
from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence.importing import Checked
from zhunsheng.evidence.index import Index
from zhunsheng.evidence.ledgers import DEPARTMENT, Ledger, ledgers
from zhunsheng.evidence.privacy import Cipher
from zhunsheng.evidence.records import Batch, Records, actions
from zhunsheng.evidence.sql import quoted
from zhunsheng.evidence.tables import half_key, ledger_sql, same_key
from zhunsheng.files.opening import file_digest
from zhunsheng.files.writing import whole_file, write_whole
from zhunsheng.translation import series, worded

FORMAT = "zhunsheng.store/2"
MARKER = "format.json"
AGAIN = "again"  # the folder of rows that a batch said again, as they stood there already
_KEY = "zhunsheng"  # where a commit of the Delta log carries its batch
# Checkpoints are made only with a compaction, whose record holds their digest;
# the log itself is never cleaned.
_NO_HOOKS = PostCommitHookProperties(create_checkpoint=False, cleanup_expired_logs=False)
LOCK_SECONDS = 60.0
READ_SECONDS = 0.5  # a reader waits no longer for an import that goes on
COMPACT_FROM = 16  # so many small files of a ledger are put together
SMALL = 8 * 2**20  # bytes; a larger file is no reason to put files together
PACKED = 64 * 2**20  # bytes; files are put together up to this size
_ENDINGS = (".csv", ".xlsx", ".xls", ".parquet", ".xlsm", ".txt", "")  # that a kept source can have


@dataclass(frozen=True)
class Department:
    """A department in the store: its code and its names, each with the time of the batch that
    first bore it.
    """

    code: str
    names: tuple[tuple[str, str], ...]  # (from, name), oldest first

    @property
    def name(self) -> str:
        """Its latest name."""
        return self.names[-1][1]

    @property
    def words(self) -> frozenset[str]:
        """All that it is called by: its code and every name it bears or bore."""
        return frozenset((self.code, *(name for _, name in self.names)))


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
    store: Store | None = field(default=None, repr=False, compare=False)

    def sql(self, ledger: Ledger) -> str:
        """Return the DuckDB query over a ledger's rows, with all columns of today and departments by code."""
        return ledger_sql(ledger, self.files.get(ledger.id, ()), self.renames.get(ledger.id))

    def batches_of(
        self, *, department: str | None = None, ledgers: Sequence[str] | None = None, limit: int | None = None
    ) -> tuple[Batch, ...]:
        """Return the batches that a department's rows of some ledgers can rest on; with
        ``limit`` the newest.
        """
        if self.store is None:
            return ()
        chosen = None if department is None else [department]
        with self.store._reading() as index:
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
        return self.store.changed_in(department, self.batch) if self.store else (self.batch, self.digest)

    @cached_property
    def _looked_up(self) -> dict[int, Batch]:
        return {}

    def batch_of(self, number: int) -> Batch:
        """Return the batch that brought a row, by the row's ``_batch``. Raises ``ZS-EV-05``."""
        if number not in self._looked_up:
            found = None
            if self.store is not None:
                with self.store._reading() as index:
                    found = index.batch(number)
            if found is None:
                raise ZhunshengError("ZS-EV-05", version=worded("批次 {batch}", batch=number))
            self._looked_up[number] = found
        return self._looked_up[number]

    @cached_property
    def departments(self) -> dict[str, Department]:
        """The departments of the store by code."""
        return self.store.departments() if self.store else {}

    def name_of(self, code: str) -> str:
        """Return a department's name as of this state; with its code behind it where another has the same
        name.
        """
        if self.store is None:
            return code
        with self.store._reading() as index:
            name = index.name_of(code, self.batch)
        if name is None or name == code:
            return code
        alike = [d for d in self.departments.values() if d.name == name and d.code != code]
        return f"{name}（{code}）" if alike else name


class Store:
    """A folder with ``ledgers/`` (Delta tables), ``batches/`` (one JSON a batch) and ``sources/`` (the files
    imported).

    ``again/`` holds the rows that a batch brought and that stood there already:
    what is left when an earlier one is undone.

    ``index.sqlite`` beside them is made from the records and never the truth. A store of the first version,
    keyed by names of departments, is read under codes at once and migrated before the first batch that is
    written to it.
    """

    def __init__(self, root: Path, cipher: Cipher | None = None) -> None:
        """Open the store at ``root``; with a ``cipher``, personal columns and kept files are encrypted from
        now on.
        """
        self.root = root
        self.cipher = cipher
        self.records = Records(root)

    @classmethod
    def existing(cls, root: Path, cipher: Cipher | None = None) -> Store:
        """Return the store at ``root``. Raises ``ZS-EV-04`` where there is none."""
        if not (root / "batches").is_dir():
            raise ZhunshengError("ZS-EV-04", store=str(root))
        return cls(root, cipher)

    # -- writing
    # ----------------------------------------------------------------------------------------------

    def commit(
        self,
        checked: Checked,
        *,
        department: str,
        label: str | None = None,
        who: str | None = None,
        when: datetime | None = None,
    ) -> tuple[Batch, bool]:
        """Merge the good rows of a checked file by key; return its batch and whether anything was new.

        ``department`` is the code, ``label`` its name today (the code where none is given);
        another label for a known code is a rename. A file already imported for this ledger and department
        changes nothing while all its good rows stand there; where later batches changed some of them,
        it is a step back to what it says. A row of known key is updated where it differs;
        one that lacks a code which a row of the same name has there, or the other way round,
        can't be told to be the same or another and is refused with the file (``ZS-EV-25``).
        Killed at any moment, the batch is there whole or not at all: the Delta commit decides,
        and its record is completed from the commit on the next opening. Raises ``ZS-EV-09`` when another
        import holds the store, ``ZS-EV-26`` without a key where personal columns stand encrypted:
        beside them no row is written in clear.
        """
        # Who writes code and name to a store of names says which code the rows of that name are to have.
        with self._writing({label: department} if label else None) as index:
            personal = [ledger.id for ledger in ledgers().values() if any(c.personal for c in ledger.columns)]
            if not self.cipher and checked.ledger.id in personal and index.sealed(personal):
                raise ZhunshengError("ZS-EV-26", ledger=checked.ledger.title)
            self._refuse_halves(checked, index)
            batch = self._next(
                index,
                checked.ledger.id,
                who,
                when,
                department=department,
                label=label or index.name_of(department) or department,
                file=checked.path.name,
                sha256=checked.sha256,
                rows=checked.good_rows,
                rejected=checked.bad_rows,
                named=dict(checked.named),
                holds=tuple(checked.holds),
                notes=checked.notes,
            )
            there = self._there(checked, index)
            again, count = self._keep_again(checked, batch, there)
            known = index.imported(checked.ledger.id, checked.sha256, department)
            if known is not None and count == checked.good_rows and (found := index.batch(known)):
                for path, _, _ in again:
                    (self.root / path).unlink()
                return found, False
            self._keep_source(checked)
            self._merge(checked, replace(batch, files=again), new=not there)
            made = self._recover(index)[-1]
            self._compact_where_due(index, checked.ledger.id, who)
            return made, True

    def _next(
        self, index: Index, ledger: str, who: str | None, when: datetime | None, **fields: Any
    ) -> Batch:
        start: dict[str, Any] = {
            "department": "",
            "sha256": "",
            "rows": 0,
            "inserted": 0,
            "updated": 0,
            "rejected": 0,
        }
        return Batch(
            batch=index.last + 1,
            ledger=ledger,
            who=who or getpass.getuser(),
            when=(when or datetime.now(UTC)).isoformat(timespec="seconds"),
            version=0,
            **{**start, **fields},
        )

    def _table(self, ledger: str) -> str:
        return str(self.root / "ledgers" / ledger)

    def _merge(self, checked: Checked, batch: Batch, *, new: bool) -> None:
        """Commit the good rows; where all their keys are ``new`` nothing that stands there need be read or
        compared.
        """
        schema = checked.ledger.stored()
        table = self._table(checked.ledger.id)
        values = [name for name in schema if not name.startswith("_")]
        rows: Any = checked.connection.sql(
            f"SELECT {', '.join(values)}, {batch.batch}::BIGINT AS _batch, _row FROM good ORDER BY _row"
        ).to_arrow_reader(100_000)
        if self.cipher:
            rows = self.cipher.encrypted(rows, [c.name for c in checked.ledger.columns if c.personal])
        properties = _properties(batch)
        if not self._log(
            checked.ledger.id, 0
        ).is_file():  # delta-rs would look through the whole log to say so
            write_deltalake(
                table, rows, mode="append", commit_properties=properties, post_commithook_properties=_NO_HOOKS
            )
            return
        opened = DeltaTable(table)
        opened_at = opened.version()
        key = (DEPARTMENT, *checked.ledger.key)
        there = {f.name for f in opened.schema().fields}
        if new:
            write_deltalake(
                opened,
                rows,
                mode="append",
                schema_mode=None if set(schema) == there else "merge",
                commit_properties=properties,
                post_commithook_properties=_NO_HOOKS,
            )
            return
        changed = " OR ".join(
            f'(t."{c}" IS DISTINCT FROM s."{c}")' if c in there else f'(s."{c}" IS NOT NULL)'
            for c in values
            if c not in key
        )
        merge = opened.merge(
            rows,
            predicate=same_key(checked.ledger, "t", "s", set(schema) - there),
            source_alias="s",
            target_alias="t",
            merge_schema=not set(schema) <= there,
            commit_properties=properties,
            post_commithook_properties=_NO_HOOKS,
        )
        if changed:
            merge = merge.when_matched_update_all(changed)
        merge.when_not_matched_insert_all().execute()
        if DeltaTable(table).version() == opened_at:
            self._say(DeltaTable(table), batch)  # every row stood there already

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
        Raises ``ZS-EV-12`` for a batch that is not there, brought no file, or was taken back.
        """
        with self._writing() as index:
            batch = index.batch(number)
            if batch is None or (department is not None and batch.department != department):
                raise ZhunshengError("ZS-EV-12", batch=number, detail=worded("没有这个批次"))
            if batch.undoes:
                raise ZhunshengError("ZS-EV-12", batch=number, detail=worded("它本身就是一次撤销"))
            if not batch.imports:
                raise ZhunshengError(
                    "ZS-EV-12", batch=number, detail=worded("它没有导入数据，只是整理了证据库")
                )
            if index.undone(number):
                raise ZhunshengError("ZS-EV-12", batch=number, detail=worded("已经撤销过"))
            ledger = ledgers()[batch.ledger]
            with duckdb.connect() as connection:
                connection.execute("SET enable_progress_bar = false")
                self._settle(index, ledger, batch, connection)
                counted = "SELECT count(*), count(*) FILTER (NOT _gone) FROM settled"
                rows, restored = (int(n) for n in connection.execute(counted).fetchall()[0])
                others = connection.execute(f"SELECT DISTINCT {DEPARTMENT} FROM settled").fetchall()
                undoing = self._next(
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
                self._take_back(ledger, connection.sql("SELECT * FROM settled").to_arrow_table(), undoing)
            made = self._recover(index)[-1]
            self._compact_where_due(index, ledger.id, who)
            return made

    def _settle(
        self, index: Index, ledger: Ledger, batch: Batch, connection: duckdb.DuckDBPyConnection
    ) -> None:
        """Make a table ``settled`` of the rows that change once ``batch`` counts no more, as they are to be.

        ``_gone`` marks those that no batch left brings. What a row is to be follows from what every batch
        left said of its key, in order: the newest word counts, and the row is of the batch that said it first
        without a break. Rows of batches undone long ago that still stand there are put right along with it.
        """
        undone = [*index.undone_of(ledger.id), batch.batch]
        key = _columns((DEPARTMENT, *ledger.key))
        values = [c for c in ledger.stored() if not c.startswith("_")]
        said = "struct_pack(" + ", ".join(f'"{c}" := "{c}"' for c in values) + ")"
        run = connection.execute
        run(f"CREATE TABLE mine AS SELECT DISTINCT {key} FROM ({self._said(index, ledger, [batch])})")
        now = ledger_sql(ledger, self._current(index, ledger.id))
        stale = f"SELECT {key} FROM ({now}) WHERE _batch IN ({', '.join(map(str, undone))})"
        run(f"CREATE TABLE touched AS SELECT * FROM mine UNION {stale}")
        same = same_key(ledger, "r", "k")
        run(f"CREATE TABLE now AS SELECT r.* FROM ({now}) r SEMI JOIN touched k ON {same}")
        departments = [d for (d,) in run(f"SELECT DISTINCT {DEPARTMENT} FROM touched").fetchall()]
        left = [b for b in index.stating(ledger.id, departments) if b.batch != batch.batch]

        def newest(rows: str, key: str) -> str:
            return (
                f"SELECT * EXCLUDE (_new) FROM (SELECT *, {said} IS DISTINCT FROM lag({said}) OVER "
                f"(PARTITION BY {key} ORDER BY _batch) AS _new FROM (SELECT DISTINCT r.* FROM {rows})) "
                f"WHERE _new QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY _batch DESC) = 1"
            )

        told = f"({self._said(index, ledger, left)}) r"
        run(f"CREATE TABLE due AS {newest(f'{told} SEMI JOIN touched k ON {same}', key)}")
        if ledger.formerly:
            # What a batch of an earlier version replaced by the wider key of then returns where nothing else
            # stands for it.
            wide = _columns((DEPARTMENT, *ledger.formerly))
            run(
                f"CREATE TABLE bare AS SELECT {wide} FROM now r ANTI JOIN due k ON {same} EXCEPT (SELECT "
                f"{wide} FROM due UNION ALL SELECT {wide} FROM ({now}) r ANTI JOIN touched k ON {same})"
            )
            run(f"INSERT INTO due {newest(f'{told} SEMI JOIN bare k USING ({wide})', wide)}")
        run(
            "CREATE TABLE settled AS SELECT *, false AS _gone FROM (SELECT * FROM due EXCEPT SELECT * FROM "
            f"now) UNION ALL SELECT r.*, true FROM now r ANTI JOIN due k ON {same}"
        )

    def _said(self, index: Index, ledger: Ledger, batches: Sequence[Batch]) -> str:
        """Return the query of all that batches said: rows they brought or changed,
        and those they only said again.
        """
        parts = [ledger_sql(ledger, ())]
        moved = index.migrated(ledger.id)
        for renames, some in (
            (index.renames(ledger.id), [b for b in batches if b.batch < moved]),
            (None, [b for b in batches if b.batch >= moved]),
        ):
            files = [path for b in some for path in self._brought(b)]
            numbers = ", ".join(str(b.batch) for b in some)
            if files:
                parts.append(
                    f"SELECT * FROM ({ledger_sql(ledger, files, renames)}) WHERE _batch IN ({numbers})"
                )
        return " UNION ALL ".join(parts)

    def _brought(self, batch: Batch) -> list[str]:
        """Return the data files that a batch wrote; they stay where they are whatever came later.
        Raises ``ZS-EV-11``.
        """
        folder = self.root.absolute() / "ledgers" / batch.ledger
        log = self._log(batch.ledger, batch.version)
        if not log.is_file():
            raise ZhunshengError("ZS-EV-11", detail=worded("批次 {batch} 的提交丢失", batch=batch.batch))
        written = [folder / unquote(a["add"]["path"]) for a in actions(log) if "add" in a]
        written += [self.root.absolute() / name for name, _, _ in batch.files if name.startswith(f"{AGAIN}/")]
        if gone := next((p for p in written if not p.is_file()), None):
            raise ZhunshengError(
                "ZS-EV-11",
                detail=worded("批次 {batch} 的文件丢失：{name}", batch=batch.batch, name=gone.name),
            )
        return [str(p) for p in written]

    def _take_back(self, ledger: Ledger, source: Any, undoing: Batch) -> None:
        """Commit the rows that return and the keys that go; other files stay as they are. Without rows,
        the word alone.
        """
        table = DeltaTable(self._table(ledger.id))
        if not source.num_rows:
            self._say(table, undoing)
            return
        lacking = set(ledger.stored()) - {f.name for f in table.schema().fields}
        table.merge(
            source,
            predicate=same_key(ledger, "t", "s", lacking),
            source_alias="s",
            target_alias="t",
            merge_schema=bool(lacking),
            commit_properties=_properties(undoing),
            post_commithook_properties=_NO_HOOKS,
        ).when_matched_delete("s._gone").when_matched_update(
            {f'"{c}"': f's."{c}"' for c in ledger.stored()}
        ).when_not_matched_insert(
            {f'"{c}"': f's."{c}"' for c in ledger.stored()}, predicate="NOT s._gone"
        ).execute()

    def _say(self, table: DeltaTable, batch: Batch) -> None:
        """Commit a batch that changes no row."""
        nothing = pa.schema(table.schema().to_arrow()).empty_table()
        write_deltalake(
            table,
            nothing,
            mode="append",
            commit_properties=_properties(batch),
            post_commithook_properties=_NO_HOOKS,
        )

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
            return self._migrate(index, codes or {}, who, when)

    def _migrate(
        self, index: Index, codes: Mapping[str, str], who: str | None = None, when: datetime | None = None
    ) -> list[Batch]:
        done = []
        for name, renames in self._plan(index, codes).items():
            ledger = ledgers()[name]
            files = self._current(index, name)
            with duckdb.connect() as connection:
                connection.execute("SET enable_progress_bar = false")
                query = ledger_sql(ledger, files, renames)
                rows = int(connection.execute(f"SELECT count(*) FROM ({query})").fetchall()[0][0])
                batch = self._next(
                    index,
                    name,
                    who,
                    when,
                    file="迁移：部门改用代码",
                    rows=rows,
                    updated=rows,
                    renames=renames,
                )
                self._rewrite(ledger, connection.sql(query).to_arrow_reader(100_000), batch)
            done.append(self._recover(index)[-1])
        self._mark()
        return done

    def _rewrite(self, ledger: Ledger, rows: Any, batch: Batch) -> None:
        write_deltalake(
            self._table(ledger.id),
            rows,
            mode="overwrite",
            schema_mode="overwrite",
            commit_properties=_properties(batch),
            post_commithook_properties=_NO_HOOKS,
        )

    def _plan(self, index: Index, codes: Mapping[str, str]) -> dict[str, dict[str, str]]:
        """Return name -> code for each ledger that is not migrated, as migrations before,
        ``codes`` or the name give it.
        """
        known = {**codes, **index.renames()}
        plan = {}
        for ledger in index.unmigrated():
            names = set(index.departments_named(ledger))
            written = sorted((self.root / "ledgers" / ledger).glob("*.parquet"))
            if written:
                listed = ", ".join(quoted(str(p)) for p in written)
                with duckdb.connect() as connection:
                    rows = connection.execute(
                        f"SELECT DISTINCT {DEPARTMENT} FROM read_parquet([{listed}])"
                    ).fetchall()
                names |= {name for (name,) in rows}
            plan[ledger] = {name: known.get(name) or department_code(name) for name in sorted(names)}
        return plan

    def _mark(self) -> None:
        """Write what version the store is of, for other programs; the records themselves tell it as well."""
        path = self.root / MARKER
        if not path.is_file():
            write_whole(path, json.dumps({"format": FORMAT}))

    def _compact_where_due(self, index: Index, ledger: str, who: str | None = None) -> None:
        if sum(size < SMALL for _, size in index.files(ledger)) >= COMPACT_FROM:
            self._compact(index, ledger, who)

    def compact(self, *, who: str | None = None) -> list[Batch]:
        """Put together the small files of every ledger that has several, one recorded batch each;
        return these.

        Rows stay as they are, and every earlier state stays readable. Raises ``ZS-EV-09``.
        """
        with self._writing() as index:
            return [
                self._compact(index, name, who)
                for name in index.heads()
                if sum(size < SMALL for _, size in index.files(name)) > 1
            ]

    def _compact(self, index: Index, ledger: str, who: str | None = None) -> Batch:
        table = DeltaTable(self._table(ledger))
        table.create_checkpoint()
        log = self.root / "ledgers" / ledger / "_delta_log"
        # A hint to readers that could be altered apart from the log; they find the checkpoint without it.
        (log / "_last_checkpoint").unlink(missing_ok=True)
        checkpoint = log / f"{table.version():020d}.checkpoint.parquet"
        small = [size for _, size in index.files(ledger) if size < SMALL]
        batch = self._next(
            index,
            ledger,
            who,
            None,
            file=f"整理：{len(small)} 个小文件合为一处",
            compacts=len(small),
            files=(self._seen(checkpoint),),
        )
        table.optimize.compact(
            target_size=PACKED, commit_properties=_properties(batch), post_commithook_properties=_NO_HOOKS
        )
        return self._recover(index)[-1]

    def _refuse_halves(self, checked: Checked, index: Index) -> None:
        """Raise ``ZS-EV-25`` for rows that may be rows that stand there, but for a part of the key that one
        of them lacks.
        """
        ledger = checked.ledger
        if not ledger.open_key or not (current := self._current(index, ledger.id)):
            return
        name = ledger.key[0]
        found = checked.connection.execute(
            f"SELECT g._row, g.{name}, {', '.join(f'g.{c}, t.{c}' for c in ledger.open_key)}, t._batch "
            f"FROM good g JOIN ({ledger_sql(ledger, current)}) t ON {half_key(ledger, 'g', 't')} ORDER BY ALL"
        ).fetchall()
        if not found:
            return
        said = {}
        for row, named, *codes, batch in found:
            for column, (own, there) in zip(
                ledger.open_key, zip(codes[::2], codes[1::2], strict=True), strict=True
            ):
                title = ledger.column(column).title
                if own is None and there is not None:
                    said[row] = worded(
                        "第 {row} 行“{named}”没有填{title}，台账中同名项目已有{title} {there}（批次 "
                        "{batch}）",
                        row=row,
                        named=named,
                        title=title,
                        there=there,
                        batch=batch,
                    )
                elif own is not None and there is None:
                    said[row] = worded(
                        "第 {row} 行“{named}”的{title}是 {own}，台账中同名项目没有填{title}（批次 {batch}）",
                        row=row,
                        named=named,
                        title=title,
                        own=own,
                        batch=batch,
                    )
        more = worded("；等 {count} 行", count=len(said)) if len(said) > 5 else ""
        raise ZhunshengError(
            "ZS-EV-25", name=checked.path.name, rows=series(list(said.values())[:5], "；") + more
        )

    def _there(self, checked: Checked, index: Index) -> str:
        """Return the query of the rows that stand there of the same departments;
        empty where no key of the file does.

        Most files bring rows that nobody brought before: to learn that, the keys alone are read.
        """
        ledger, run = checked.ledger, checked.connection.execute
        current = self._current(index, ledger.id)
        if not current:
            return ""
        own = ", ".join(quoted(d) for (d,) in run(f"SELECT DISTINCT {DEPARTMENT} FROM good").fetchall())
        there = f"(SELECT * FROM ({ledger_sql(ledger, current)}) WHERE {DEPARTMENT} IN ({own or 'NULL'}))"
        same = same_key(ledger, "g", "t")
        known = run(f"SELECT count(*) FROM good g SEMI JOIN {there} t ON {same}").fetchall()[0][0]
        return there if known else ""

    def _keep_again(
        self, checked: Checked, batch: Batch, there: str
    ) -> tuple[tuple[tuple[str, int, str], ...], int]:
        """Keep the rows that stand ``there`` already just as the file has them; return the file of them,
        if any, and how many.

        The merge leaves such rows to the batch that brought them. Once that one is undone,
        they are this one's.
        """
        if not there:
            return (), 0
        names = [c for c in checked.ledger.stored() if not c.startswith("_")]
        values = _columns(names)
        said = f"SELECT {values}, {batch.batch}::BIGINT AS _batch, _row FROM good"
        path = self.root / AGAIN / f"{batch.batch:06d}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        partial, hidden = path.with_suffix(".partial"), path.with_suffix(".hidden")
        try:
            if not (count := self._write_again(checked, said, there, names, partial, hidden)):
                return (), 0
            partial.replace(path)
        finally:  # whatever fails, a full disk too, leaves nothing half written
            partial.unlink(missing_ok=True)
            hidden.unlink(missing_ok=True)
        return (self._seen(path),), count

    def _write_again(
        self, checked: Checked, said: str, there: str, names: list[str], partial: Path, hidden: Path
    ) -> int:
        """Write to ``partial`` the rows of the query ``said`` that stand ``there`` just so;
        return how many.
        """
        ledger, run = checked.ledger, checked.connection.execute
        if self.cipher and (personal := [c.name for c in ledger.columns if c.personal]):
            # What is personal stands encrypted in the ledger, so only so can it be compared.
            query = f"{said} g SEMI JOIN {there} t ON {same_key(ledger, 'g', 't')}"
            known: Any = checked.connection.sql(query).to_arrow_reader(100_000)
            rows = self.cipher.encrypted(known, personal)
            with pq.ParquetWriter(hidden, rows.schema) as writer:
                for some in rows:
                    writer.write_batch(some)
            said = f"SELECT * FROM read_parquet({quoted(str(hidden))})"
        same = " AND ".join(f'k."{c}" IS NOT DISTINCT FROM t."{c}"' for c in names)
        query = f"SELECT k.* FROM ({said}) k SEMI JOIN {there} t ON {same} ORDER BY _row"
        (count,) = run(
            f"COPY ({query}) TO {quoted(str(partial))} (FORMAT parquet, COMPRESSION zstd)"
        ).fetchone() or (0,)
        return int(count)

    def _keep_source(self, checked: Checked) -> None:
        folder = self.root / "sources"
        folder.mkdir(parents=True, exist_ok=True)
        ending = checked.path.suffix.lower()
        ending = (
            ending if ending in _ENDINGS else ""
        )  # what a stranger calls an ending may be longer than any name
        target = folder / f"{checked.sha256}{ending}{'.enc' if self.cipher else ''}"
        if not target.exists():
            with whole_file(target) as partial:
                if self.cipher:
                    partial.write_bytes(self.cipher.sealed(checked.path.read_bytes()))
                else:
                    shutil.copyfile(checked.path, partial)

    def _sources(self, sha256: str) -> list[Path]:
        # Asked for by name: looking through the folder would cost more with every batch.
        folder = self.root / "sources"
        paths = [folder / f"{sha256}{ending}{sealed}" for ending in _ENDINGS for sealed in ("", ".enc")]
        found = [p for p in paths if p.is_file()]
        return found or sorted(folder.glob(f"{sha256}*"))

    def source_of(self, batch: Batch) -> tuple[str, bytes]:
        """Return the name and the bytes of the file that a batch was imported from. Raises ``ZS-EV-11``,
        ``ZS-EV-13``.
        """
        for path in self._sources(batch.sha256) if batch.sha256 else ():
            if path.suffix != ".enc":
                return batch.file, path.read_bytes()
            if not self.cipher:
                raise ZhunshengError("ZS-EV-13", detail=worded("没有配置密钥"))
            return batch.file, self.cipher.opened(path.read_bytes())
        raise ZhunshengError("ZS-EV-11", detail=worded("批次 {batch} 的原文件丢失", batch=batch.batch))

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
            raise ZhunshengError("ZS-EV-09", store=str(self.root)) from None
        finally:
            os.umask(before)

    @contextmanager
    def _writing(self, codes: Mapping[str, str] | None = None, *, migrate: bool = True) -> Iterator[Index]:
        """Hold the store, complete what a killed process left, migrate (to ``codes`` by name);
        give the index of all records.
        """
        with self._locked():
            self.records.folder.mkdir(parents=True, exist_ok=True)
            with Index.at_hand(self.root, write=True) as index:
                self._recover(index)
                self._clear(index)
                if index.unmigrated():
                    if migrate:
                        self._migrate(index, codes or {})
                else:
                    self._mark()
                yield index

    def _clear(self, index: Index) -> None:
        """Remove the checkpoint of a compaction that was killed before its commit."""
        for name, version in index.heads().items():
            log = self.root / "ledgers" / name / "_delta_log"
            for left in (log / "_last_checkpoint", log / f"{version:020d}.checkpoint.parquet"):
                left.unlink(missing_ok=True)

    def _recover(self, index: Index) -> list[Batch]:
        """Write the record of each batch whose commit outlived its process, and take it into the index;
        return these.
        """
        done = []
        for batch in self._pending(index):
            # A record that lies there, behind one that was missing, is left as it is for verification to
            # judge.
            there = self.records.read(batch.batch)
            if there is None:
                self._write_record(batch)
            index.add_all([there or batch])
            done.append(there or batch)
        return done

    def _write_record(self, batch: Batch) -> None:
        self.records.write(batch)

    def _pending(self, index: Index) -> list[Batch]:
        """Return the records, sealed, of commits that have none yet, as far as they go on in line."""
        heads = index.heads()
        waiting: dict[int, tuple[dict[str, Any], str, int, list[dict[str, Any]]]] = {}
        for name in ledgers():
            version = heads.get(name, -1) + 1
            while (log := self._log(name, version)).is_file():
                said = actions(log)
                if body := _committed(said):
                    waiting.setdefault(body["batch"], (body, name, version, said))
                version += 1
        done: list[Batch] = []
        number, previous = index.last, index.digest
        while number + 1 in waiting:
            body, name, version, said = waiting[number + 1]
            metrics: dict[str, Any] = next(
                (a["commitInfo"].get("operationMetrics", {}) for a in said if "commitInfo" in a), {}
            )
            plain = Batch.of({"version": 0, **body}).imports
            batch = Batch.of(
                {
                    **body,
                    "inserted": metrics.get(
                        "num_target_rows_inserted", metrics.get("num_added_rows", body["rows"])
                    )
                    if plain
                    else 0,
                    "updated": metrics.get("num_target_rows_updated", body["updated"])
                    if plain
                    else body["updated"],
                    "version": version,
                    "files": [*self._added(name, version, said, body["sha256"]), *body["files"]],
                    "previous": previous,
                }
            ).sealed()
            done.append(batch)
            number, previous = number + 1, batch.digest
        return done

    def _log(self, ledger: str, version: int) -> Path:
        return self.root / "ledgers" / ledger / "_delta_log" / f"{version:020d}.json"

    def _added(
        self, ledger: str, version: int, said: list[dict[str, Any]], sha256: str
    ) -> Iterator[tuple[str, int, str]]:
        folder = self.root / "ledgers" / ledger
        paths = [
            self._log(ledger, version),
            *(folder / unquote(a["add"]["path"]) for a in said if "add" in a),
        ]
        paths += self._sources(sha256) if sha256 else []
        return (self._seen(path) for path in paths)

    def _seen(self, path: Path) -> tuple[str, int, str]:
        return path.relative_to(self.root).as_posix(), path.stat().st_size, file_digest(path)

    # -- reading
    # ----------------------------------------------------------------------------------------------

    @contextmanager
    def _reading(self) -> Iterator[Index]:
        """Give an index of all records, departments by code; wait for nobody, and write only what can be
        derived.
        """
        index = self._open_index()
        try:
            if index.unmigrated():
                planned = index.planned(self._plan(index, {}))
                index.close()
                index = planned
            yield index
        finally:
            index.close()

    def _open_index(self) -> Index:
        if not self.records.folder.is_dir() and not self._logged({}):
            return Index.in_memory(self.root)
        index = Index.kept(self.root)
        if index is not None:
            if index.complete() and not self._logged(index.heads()):
                return index
            index.close()
        if os.access(self.root, os.W_OK):
            try:
                with self._locked(READ_SECONDS):
                    written = Index.at_hand(self.root, write=True)
                    self._recover(written)
                    return written
            except (OSError, sqlite3.OperationalError):
                pass  # a folder that can't be written after all
            except ZhunshengError as error:
                # Whoever holds the lock lives, so that nothing waits to be recovered:
                # the records are all there is.
                if error.code != "ZS-EV-09":
                    raise
        return Index.at_hand(self.root, write=False)

    def _logged(self, heads: Mapping[str, int]) -> bool:
        """Return whether a table has a commit behind the version that is known of it."""
        return any(self._log(name, heads.get(name, -1) + 1).is_file() for name in ledgers())

    def batches(self, *, department: str | None = None, limit: int | None = None) -> list[Batch]:
        """Return committed batches in order, also while another process imports.

        ``department`` gives those imported for one code; ``limit`` the newest so many.
        """
        with self._reading() as index:
            return index.batches(department=None if department is None else [department], limit=limit)

    def batch(self, number: int) -> Batch | None:
        """Return one batch, None where there is none of that number."""
        with self._reading() as index:
            return index.batch(number)

    @property
    def head(self) -> tuple[int, str]:
        """The number and the digest of the newest batch: what to note elsewhere; (0, "") for
        an empty store.
        """
        with self._reading() as index:
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
        with self._reading() as index:
            return (index.last, index.digest) if index.unmigrated() else index.changed_in(department, until)

    def verified_head(self) -> tuple[int, str]:
        """Return number and digest of the newest batch as ``head`` does, and write nothing, as ``verify``."""
        with Index.at_hand(self.root, write=False) as index:
            pending = self._pending(index)
            return (pending[-1].batch, pending[-1].digest) if pending else (index.last, index.digest)

    def departments(self) -> dict[str, Department]:
        """Return the departments that batches speak of, by code, each with its dated names."""
        with self._reading() as index:
            named = index.names()
        found: dict[str, list[tuple[str, str]]] = {}
        for code, since, name in named:
            found.setdefault(code, []).append((since, name))
        return {code: Department(code, tuple(names)) for code, names in found.items()}

    def label_of(self, code: str) -> str | None:
        """Return a department's latest name, None for a code that no batch speaks of."""
        with self._reading() as index:
            return index.name_of(code)

    def resolve(self, text: str) -> Department:
        """Return the department of a code, or else of a name that is or was exactly one's.

        Raises ``ZS-EV-20`` for a name of several, ``ZS-EV-21`` for one that nobody bears;
        likeness never decides.
        """
        departments = self.departments()
        if text in departments:
            return departments[text]  # whoever else is called so
        found = [d for d in departments.values() if text in d.words]
        if len(found) == 1:
            return found[0]
        if found:
            choices = series(
                worded(
                    "{code}（{name}，始见于 {since}）",
                    code=d.code,
                    name=d.name,
                    since=told(d.names[0][0])[:10],
                )
                for d in found[:8]
            )
            raise ZhunshengError("ZS-EV-20", name=text, choices=choices)
        listed = sorted({d.name for d in departments.values()})
        more = worded("等 {count} 个", count=len(listed)) if len(listed) > 8 else ""
        raise ZhunshengError("ZS-EV-21", name=text, known=series(listed[:8]) + more or worded("（无）"))

    def known(self) -> dict[str, str]:
        """Return code for each code and each name; "" for a name of several departments.
        A code means its own alone.
        """
        found: dict[str, str] = {}
        departments = self.departments().values()
        for department in departments:
            for _, name in department.names:
                found[name] = department.code if found.get(name, department.code) == department.code else ""
        return found | {department.code: department.code for department in departments}

    def _current(self, index: Index, ledger: str) -> tuple[str, ...]:
        folder = self.root.absolute() / "ledgers" / ledger
        return tuple(str(folder / path) for path, _ in index.files(ledger))

    def _files_at(self, ledger: str, version: int) -> tuple[str, ...]:
        try:
            return tuple(sorted(DeltaTable(self._table(ledger), version=version).file_uris()))
        except Exception as error:  # delta-rs has one family of errors for all that is wrong with a log
            raise ZhunshengError("ZS-EV-11", detail=str(error).splitlines()[0][:160]) from None

    def snapshot(self, *, batch: int | None = None, at: datetime | None = None) -> Snapshot:
        """Return the store as of batch ``batch``, or as of time ``at`` (inclusive), or as it is.
        Raises ``ZS-EV-05``.
        """
        with self._reading() as index:
            last = index.last
            if batch is not None and not 0 <= batch <= last:
                raise ZhunshengError("ZS-EV-05", version=worded("批次 {batch}", batch=batch))
            number = last if batch is None else batch
            if at is not None:
                number = min(number, index.at(at))
            if number == last:
                files: Mapping[str, tuple[str, ...]] = {
                    name: self._current(index, name) for name in index.heads()
                }
            else:
                files = _Earlier(self, index.heads(number))
            renames = {name: found for name in files if (found := index.renames(name, after=number))}
            newest = index.batch(number)
            return Snapshot(
                number, newest.when if newest else None, newest.digest if newest else "", files, renames, self
            )

    # -- verifying
    # --------------------------------------------------------------------------------------------

    def verify(
        self, head: str | None = None, since: int | str | None = None, *, current: bool = False
    ) -> list[str]:
        """Return what does not hold: records out of the chain, files changed, missing or unrecorded;
        empty when sound.

        ``head`` is the digest of the last batch as noted elsewhere; with it, batches cut off the end are
        found too. ``since`` (a batch's number, or its digest as noted elsewhere) checks only what came after
        that batch. With ``current`` all records are checked, but of the data only the files in which rows of
        now stand. Nothing is written. Raises ``ZS-EV-22`` for a ``since`` that no batch has.
        """
        try:
            return self._verified(head, None if since is None else self._start(since), current)
        except ZhunshengError as error:
            if error.code != "ZS-EV-11":
                raise
            return [error.text()]

    def _start(self, since: int | str) -> Batch:
        """Return the record of the batch to start behind; its digest is recomputed where one was given."""
        number = since if isinstance(since, int) else None
        if isinstance(since, str):
            with Index.at_hand(self.root, write=False) as index:
                number = index.numbered(since)
        found = self.records.read(number) if number else None
        if found is None or (isinstance(since, str) and found.sealed().digest != since):
            raise ZhunshengError("ZS-EV-22", since=since)
        return found

    def _verified(self, head: str | None, start: Batch | None, current: bool) -> list[str]:
        problems: list[str] = []
        if start is None:
            batches = self.records.all()
            index = Index.in_memory(self.root)
            # Out of a broken chain no index can be made; what is broken is said below.
            sound = [b.batch for b in batches] == list(range(1, len(batches) + 1))
            if sound:
                try:
                    index.add_all(batches)
                    problems += self._index_problems(index)
                except ZhunshengError as error:
                    problems.append(error.text())
                    sound = False
        else:
            batches = list(self.records.after(start.batch))
            index = Index.at_hand(self.root, write=False)
            sound = True
        with index:
            pending = self._pending(index) if sound else []
            heads = index.heads() | {batch.ledger: batch.version for batch in pending}
            batches += pending
            rested = None
            if current and sound:
                rested = {Path(p) for name in ledgers() for p in self._current(index, name)}
                rested |= {self.root.absolute() / name for batch in pending for name, _, _ in batch.files}
        first = start.batch + 1 if start else 1
        previous = start.digest if start else ""
        recorded: set[str] = set()
        for number, batch in enumerate(batches, start=first):
            if batch.batch != number:
                problems.append(worded("批次 {number} 的记录缺失或编号不对", number=number))
            if batch.previous != previous or batch.sealed().digest != batch.digest:
                problems.append(worded("批次 {batch} 的记录被改动，或与前一批次不衔接", batch=batch.batch))
            previous = batch.digest
            for name, size, digest in batch.files:
                recorded.add(name)
                path = self.root / name
                if rested is not None and path.absolute() not in rested:
                    continue
                if not path.is_file():
                    problems.append(worded("批次 {batch} 的文件丢失：{name}", batch=batch.batch, name=name))
                elif path.stat().st_size != size or file_digest(path) != digest:
                    problems.append(worded("批次 {batch} 的文件被改动：{name}", batch=batch.batch, name=name))
        if start is None:
            logs = sorted((self.root / "ledgers").glob("*/_delta_log/*"))
            strays = [p for p in logs if p.relative_to(self.root).as_posix() not in recorded]
        else:
            strays = [
                log for name in ledgers() if (log := self._log(name, heads.get(name, -1) + 1)).is_file()
            ]
        problems += [
            worded("有未经记录的提交：{file}", file=p.relative_to(self.root).as_posix()) for p in strays
        ]
        marker = self.root / MARKER
        if marker.is_file() and marker.read_bytes() != json.dumps({"format": FORMAT}).encode():
            problems.append(worded("{marker} 被改动", marker=MARKER))
        if head is not None and head != previous:
            problems.append(
                worded(
                    "最后批次的摘要是 {ours}…，与所给的 {head}… 不符",
                    ours=previous[:16] or worded("（无）"),
                    head=head[:16],
                )
            )
        return problems

    def _index_problems(self, made: Index) -> list[str]:
        """Return whether the kept index says other than one made from the records;
        one that is behind says nothing.
        """
        kept = Index.kept(self.root)
        if kept is None:
            return (
                [worded("索引 index.sqlite 读不出来，删去后会由记录重建")]
                if Index.path(self.root).is_file()
                else []
            )
        with kept:
            try:
                same = kept.last != made.last or kept.content() == made.content()
            except sqlite3.DatabaseError:
                same = False
        return [] if same else [worded("索引 index.sqlite 与记录不符，删去后会由记录重建")]


class _Earlier(Mapping[str, tuple[str, ...]]):
    """The files of an earlier state, looked up in a ledger's log when it is asked for:
    few questions ask for all.
    """

    def __init__(self, store: Store, versions: dict[str, int]) -> None:
        self._store, self._versions = store, versions
        self._known: dict[str, tuple[str, ...]] = {}

    def __getitem__(self, name: str) -> tuple[str, ...]:
        if name not in self._known:
            self._known[name] = self._store._files_at(name, self._versions[name])
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._versions)

    def __len__(self) -> int:
        return len(self._versions)


def _columns(names: Sequence[str]) -> str:
    return ", ".join(f'"{c}"' for c in names)


def _properties(batch: Batch) -> CommitProperties:
    return CommitProperties(custom_metadata={_KEY: json.dumps(batch.as_json(), ensure_ascii=False)})


def _committed(said: list[dict[str, Any]]) -> dict[str, Any]:
    for action in said:
        if "commitInfo" in action and _KEY in action["commitInfo"]:
            body: dict[str, Any] = json.loads(action["commitInfo"][_KEY])
            return body
    return {}


__all__ = ["Batch", "Department", "Snapshot", "Store"]
