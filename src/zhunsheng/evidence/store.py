"""The evidence store: Delta tables merged by key, a chained record of every batch, and any earlier state at hand."""

from __future__ import annotations

import getpass
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
from deltalake import CommitProperties, DeltaTable, PostCommitHookProperties, write_deltalake
from filelock import FileLock, Timeout

from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence.importing import Checked
from zhunsheng.evidence.ledgers import DEPARTMENT, ledgers
from zhunsheng.evidence.privacy import Cipher
from zhunsheng.evidence.sql import quoted
from zhunsheng.files.opening import file_digest

_KEY = "zhunsheng"  # where a commit of the Delta log carries its batch
# Checkpoints would be a second account of the same facts that could be altered apart from the log.
_NO_HOOKS = PostCommitHookProperties(create_checkpoint=False, cleanup_expired_logs=False)
LOCK_SECONDS = 60.0
READ_SECONDS = 0.5  # a reader waits no longer for an import that goes on


@dataclass(frozen=True)
class Batch:
    """One committed import. ``files`` are (path in the store, bytes, SHA-256) of all that the batch added."""

    batch: int
    ledger: str
    department: str
    file: str
    sha256: str
    rows: int
    inserted: int
    updated: int
    rejected: int
    who: str
    when: str
    version: int
    files: tuple[tuple[str, int, str], ...] = ()
    previous: str = ""
    digest: str = ""
    undoes: int | None = None  # the batch whose changes this one takes back

    def as_json(self) -> dict[str, Any]:
        """Return the batch as plain data; ``undoes`` is there only where it says something."""
        return {k: v for k, v in asdict(self).items() if (k, v) != ("undoes", None)}

    def sealed(self) -> Batch:
        """Return the batch with the digest of all its other fields, the previous digest among them."""
        body = {k: v for k, v in self.as_json().items() if k != "digest"}
        text = json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return Batch(**{**body, "files": self.files, "digest": hashlib.sha256(text.encode()).hexdigest()})


@dataclass(frozen=True)
class Snapshot:
    """The store as of a batch: for each ledger the data files that hold its rows."""

    batch: int
    when: str | None
    digest: str
    files: dict[str, tuple[str, ...]]
    batches: tuple[Batch, ...] = field(default=(), repr=False)

    @property
    def departments(self) -> tuple[Any, ...]:
        """The departments whose batches the state holds."""
        names = list(dict.fromkeys(b.department for b in self.batches))
        return tuple(SimpleNamespace(code=n, name=n) for n in names)

    def batch_of(self, number: int) -> Batch:
        """Return the batch that brought a row, by the row's ``_batch``."""
        return self.batches[number - 1]


class Store:
    """A folder with ``ledgers/`` (Delta tables), ``batches/`` (one JSON a batch) and ``sources/`` (the files imported)."""

    def __init__(self, root: Path, cipher: Cipher | None = None) -> None:
        """Open the store at ``root``; with a ``cipher``, personal columns and kept files are encrypted from now on."""
        self.root = root
        self.cipher = cipher

    @classmethod
    def existing(cls, root: Path, cipher: Cipher | None = None) -> Store:
        """Return the store at ``root``. Raises ``ZS-EV-04`` where there is none."""
        if not (root / "batches").is_dir():
            raise ZhunshengError("ZS-EV-04", store=str(root))
        return cls(root, cipher)

    # -- writing ----------------------------------------------------------------------------------------------

    def commit(
        self, checked: Checked, *, department: str, who: str | None = None, when: datetime | None = None
    ) -> tuple[Batch, bool]:
        """Merge the good rows of a checked file by key; return its batch and whether anything was new.

        A file already imported for this ledger and department changes nothing. A row of known key is updated where it
        differs. Killed at any moment, the batch is there whole or not at all: the Delta commit decides, and its record
        is completed from the commit on the next opening. Raises ``ZS-EV-09`` when another import holds the store.
        """
        with self._locked():
            batches = self._recover()
            undone = {b.undoes for b in batches}
            for batch in batches:
                known = (batch.ledger, batch.sha256, batch.department)
                if known == (checked.ledger.id, checked.sha256, department) and not (
                    batch.undoes or batch.batch in undone
                ):
                    return batch, False
            self._keep_source(checked)
            batch = Batch(
                batch=len(batches) + 1,
                ledger=checked.ledger.id,
                department=department,
                file=checked.path.name,
                sha256=checked.sha256,
                rows=checked.good_rows,
                inserted=0,
                updated=0,
                rejected=checked.bad_rows,
                who=who or getpass.getuser(),
                when=(when or datetime.now(UTC)).isoformat(timespec="seconds"),
                version=0,
            )
            self._merge(checked, batch)
            return self._recover()[-1], True

    def _merge(self, checked: Checked, batch: Batch) -> None:
        schema = checked.ledger.stored()
        table = self.root / "ledgers" / checked.ledger.id
        values = [name for name in schema if not name.startswith("_")]
        rows: Any = checked.connection.sql(
            f"SELECT {', '.join(values)}, {batch.batch}::BIGINT AS _batch, _row FROM good ORDER BY _row"
        ).to_arrow_reader(100_000)
        if self.cipher:
            rows = self.cipher.encrypted(rows, [c.name for c in checked.ledger.columns if c.personal])
        properties = _properties(batch)
        if not DeltaTable.is_deltatable(str(table)):
            write_deltalake(
                str(table), rows, mode="append", commit_properties=properties, post_commithook_properties=_NO_HOOKS
            )
            return
        key = (DEPARTMENT, *checked.ledger.key)
        changed = " OR ".join(f'(t."{c}" IS DISTINCT FROM s."{c}")' for c in values if c not in key)
        merge = DeltaTable(str(table)).merge(
            rows,
            predicate=" AND ".join(f't."{c}" = s."{c}"' for c in key),
            source_alias="s",
            target_alias="t",
            commit_properties=properties,
            post_commithook_properties=_NO_HOOKS,
        )
        if changed:
            merge = merge.when_matched_update_all(changed)
        merge.when_not_matched_insert_all().execute()

    def undo(self, number: int, *, who: str | None = None, when: datetime | None = None) -> Batch:
        """Take a batch back by a new batch: rows it brought go, rows it changed return to what they were before it.

        Rows that later batches changed stay as they are now; every earlier state stays readable. Raises ``ZS-EV-12`` for
        a batch that is not there, is an undoing itself, or was taken back before.
        """
        with self._locked():
            batches = self._recover()
            if not 1 <= number <= len(batches):
                raise ZhunshengError("ZS-EV-12", batch=number, detail="没有这个批次")
            batch = batches[number - 1]
            if batch.undoes:
                raise ZhunshengError("ZS-EV-12", batch=number, detail="它本身就是一次撤销")
            if any(b.undoes == number for b in batches):
                raise ZhunshengError("ZS-EV-12", batch=number, detail="已经撤销过")
            table = str(self.root / "ledgers" / batch.ledger)
            schema = ledgers()[batch.ledger].stored()
            names = ", ".join(f'"{c}"' for c in schema)
            key = " AND ".join(f'b."{c}" = n."{c}"' for c in (DEPARTMENT, *ledgers()[batch.ledger].key))
            with duckdb.connect() as connection:
                now = _rows_of(DeltaTable(table))
                rest = f"SELECT {names} FROM {now} WHERE _batch <> {number}"
                restored = 0
                if batch.version:
                    before = _rows_of(DeltaTable(table, version=batch.version - 1))
                    touched = (
                        f"FROM {before} b WHERE EXISTS (SELECT 1 FROM {now} n WHERE n._batch = {number} AND {key})"
                    )
                    rest += f" UNION ALL SELECT {names} {touched}"
                    restored = int(connection.execute(f"SELECT count(*) {touched}").fetchall()[0][0])
                rows = int(connection.execute(f"SELECT count(*) FROM {now} WHERE _batch = {number}").fetchall()[0][0])
                undoing = replace(
                    batch,
                    batch=len(batches) + 1,
                    file=f"撤销批次 {number}（{batch.file}）",
                    rows=rows,
                    inserted=0,
                    updated=restored,
                    rejected=0,
                    who=who or getpass.getuser(),
                    when=(when or datetime.now(UTC)).isoformat(timespec="seconds"),
                    files=(),
                    previous="",
                    digest="",
                    undoes=number,
                )
                left: Any = connection.sql(rest).to_arrow_reader(100_000)
                write_deltalake(
                    table,
                    left,
                    mode="overwrite",
                    commit_properties=_properties(undoing),
                    post_commithook_properties=_NO_HOOKS,
                )
            return self._recover()[-1]

    def _keep_source(self, checked: Checked) -> None:
        folder = self.root / "sources"
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / f"{checked.sha256}{checked.path.suffix.lower()}{'.enc' if self.cipher else ''}"
        if not target.exists():
            partial = target.with_suffix(".partial")
            if self.cipher:
                partial.write_bytes(self.cipher.sealed(checked.path.read_bytes()))
            else:
                shutil.copyfile(checked.path, partial)
            partial.replace(target)

    def source_of(self, batch: Batch) -> tuple[str, bytes]:
        """Return the name and the bytes of the file that a batch was imported from. Raises ``ZS-EV-11``, ``ZS-EV-13``."""
        for path in sorted((self.root / "sources").glob(f"{batch.sha256}.*")):
            if path.suffix != ".enc":
                return batch.file, path.read_bytes()
            if not self.cipher:
                raise ZhunshengError("ZS-EV-13", detail="没有配置密钥")
            return batch.file, self.cipher.opened(path.read_bytes())
        raise ZhunshengError("ZS-EV-11", detail=f"批次 {batch.batch} 的原文件丢失")

    @contextmanager
    def _locked(self, seconds: float | None = None) -> Iterator[None]:
        self.root.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(str(self.root / ".lock"), timeout=LOCK_SECONDS if seconds is None else seconds):
                yield
        except Timeout:
            raise ZhunshengError("ZS-EV-09", store=str(self.root)) from None

    def _recover(self) -> list[Batch]:
        """Complete the record of a batch whose commit outlived its process; return all batches."""
        (self.root / "batches").mkdir(parents=True, exist_ok=True)
        batches = self._records()
        seen = {(b.ledger, b.version) for b in batches}
        pending = []
        for name in ledgers():
            log = self.root / "ledgers" / name / "_delta_log"
            for path in sorted(log.glob("*.json")) if log.is_dir() else ():
                if path.stem.isdigit() and (name, int(path.stem)) not in seen:
                    pending.append((self._committed(path), name, int(path.stem)))
        for body, name, version in sorted((p for p in pending if p[0]), key=lambda p: p[0]["batch"]):
            actions = _actions(self._log(name, version))
            metrics: dict[str, Any] = next(
                (a["commitInfo"].get("operationMetrics", {}) for a in actions if "commitInfo" in a), {}
            )
            batch = Batch(
                **{
                    **body,
                    "inserted": metrics.get("num_target_rows_inserted", 0 if body.get("undoes") else body["rows"]),
                    "updated": metrics.get("num_target_rows_updated", body["updated"]),
                    "version": version,
                    "files": tuple(self._added(name, version, actions, body["sha256"])),
                    "previous": batches[-1].digest if batches else "",
                }
            ).sealed()
            if batch.batch != len(batches) + 1:
                continue  # not the next in line: left for verify to report
            self._write_record(batch)
            batches.append(batch)
        return batches

    def _log(self, ledger: str, version: int) -> Path:
        return self.root / "ledgers" / ledger / "_delta_log" / f"{version:020d}.json"

    @staticmethod
    def _committed(path: Path) -> dict[str, Any]:
        for action in _actions(path):
            if "commitInfo" in action and _KEY in action["commitInfo"]:
                body: dict[str, Any] = json.loads(action["commitInfo"][_KEY])
                return body
        return {}

    def _added(
        self, ledger: str, version: int, actions: list[dict[str, Any]], sha256: str
    ) -> Iterator[tuple[str, int, str]]:
        folder = self.root / "ledgers" / ledger
        paths = [self._log(ledger, version), *(folder / a["add"]["path"] for a in actions if "add" in a)]
        paths += sorted((self.root / "sources").glob(f"{sha256}.*"))
        for path in paths:
            yield path.relative_to(self.root).as_posix(), path.stat().st_size, file_digest(path)

    def _write_record(self, batch: Batch) -> None:
        target = self.root / "batches" / f"{batch.batch:06d}.json"
        partial = target.with_suffix(".partial")
        with partial.open("w", encoding="utf8") as stream:
            json.dump(batch.as_json(), stream, ensure_ascii=False, indent=1)
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(target)

    # -- reading ----------------------------------------------------------------------------------------------

    def _records(self) -> list[Batch]:
        found = []
        for path in sorted((self.root / "batches").glob("*.json")):
            try:
                body = json.loads(path.read_text("utf8"))
                found.append(Batch(**{**body, "files": tuple(tuple(f) for f in body["files"])}))
            except (ValueError, TypeError, KeyError):
                raise ZhunshengError("ZS-EV-11", detail=f"{path.name} 读不出来") from None
        return found

    def batches(self) -> list[Batch]:
        """Return all committed batches in order, also while another process imports."""
        try:
            with self._locked(READ_SECONDS):
                return self._recover()
        except ZhunshengError as error:
            if error.code != "ZS-EV-09":
                raise
            # Whoever holds the lock lives, so that nothing waits to be recovered: the records are all there is.
            return self._records()

    def snapshot(self, *, batch: int | None = None, at: datetime | None = None) -> Snapshot:
        """Return the store as of batch ``batch``, or as of time ``at`` (inclusive), or as it is. Raises ``ZS-EV-05``."""
        batches = self.batches()
        if batch is not None:
            if not 0 <= batch <= len(batches):
                raise ZhunshengError("ZS-EV-05", version=f"批次 {batch}")
            batches = batches[:batch]
        if at is not None:
            batches = [b for b in batches if datetime.fromisoformat(b.when) <= at]
        latest = {b.ledger: b.version for b in batches}
        files = {}
        for name, version in latest.items():
            try:
                table = DeltaTable(str(self.root / "ledgers" / name), version=version)
            except Exception as error:  # delta-rs has one family of errors for all that is wrong with a log
                raise ZhunshengError("ZS-EV-11", detail=str(error).splitlines()[0][:160]) from None
            files[name] = tuple(sorted(table.file_uris()))
        last = batches[-1] if batches else None
        return Snapshot(len(batches), last.when if last else None, last.digest if last else "", files, tuple(batches))

    def verify(self, head: str | None = None) -> list[str]:
        """Return what does not hold: records out of the chain, files changed, missing or unrecorded; empty when sound.

        ``head`` is the digest of the last batch as noted elsewhere; with it, batches cut off the end are found too.
        """
        problems: list[str] = []
        try:
            batches = self.batches()
        except ZhunshengError as error:
            return [error.text()]
        previous = ""
        recorded: set[str] = set()
        for number, batch in enumerate(batches, start=1):
            if batch.batch != number:
                problems.append(f"批次 {number} 的记录缺失或编号不对")
            if batch.previous != previous or batch.sealed().digest != batch.digest:
                problems.append(f"批次 {batch.batch} 的记录被改动，或与前一批次不衔接")
            previous = batch.digest
            for name, size, digest in batch.files:
                recorded.add(name)
                path = self.root / name
                if not path.is_file():
                    problems.append(f"批次 {batch.batch} 的文件丢失：{name}")
                elif path.stat().st_size != size or file_digest(path) != digest:
                    problems.append(f"批次 {batch.batch} 的文件被改动：{name}")
        for log in sorted((self.root / "ledgers").glob("*/_delta_log/*")):
            name = log.relative_to(self.root).as_posix()
            if name not in recorded:
                problems.append(f"有未经记录的提交：{name}")
        if head is not None and head != previous:
            problems.append(f"最后批次的摘要是 {previous[:16] or '（无）'}…，与所给的 {head[:16]}… 不符")
        return problems


def _rows_of(table: DeltaTable) -> str:
    return f"read_parquet([{', '.join(quoted(uri) for uri in table.file_uris())}])"


def _properties(batch: Batch) -> CommitProperties:
    return CommitProperties(custom_metadata={_KEY: json.dumps(batch.as_json(), ensure_ascii=False)})


def _actions(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf8").splitlines() if line.strip()]
