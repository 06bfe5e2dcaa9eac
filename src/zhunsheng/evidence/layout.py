"""Where what lies in a store: Delta tables and their logs, rows said again, the marker of its format."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote

import pyarrow as pa
from deltalake import DeltaTable

from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence import defined
from zhunsheng.evidence.index import Index
from zhunsheng.evidence.ledgers import ledgers
from zhunsheng.evidence.records import REMOVED, Batch, actions
from zhunsheng.files.opening import file_digest
from zhunsheng.files.writing import write_whole
from zhunsheng.translation import worded

FORMAT = "zhunsheng.store/2"
MARKER = "format.json"
AGAIN = "again"  # the folder of rows that a batch said again, as they stood there already


def table(root: Path, ledger: str) -> Path:
    """Return the folder of a ledger's Delta table."""
    return root / "ledgers" / ledger


def commit_file(root: Path, ledger: str, version: int) -> Path:
    """Return where the log of a ledger's table has the commit of a version."""
    return table(root, ledger) / "_delta_log" / f"{version:020d}.json"


def half_written(name: str) -> bool:
    """Return whether a file is what the table's library writes before it gives it the name that counts: a
    process that is killed leaves it, and nobody reads it.
    """
    return re.search(r"\.(json|parquet)#\d+$", name) is not None


def behind(root: Path, heads: Mapping[str, int]) -> bool:
    """Return whether a table has a commit behind the version (by ledger) that is known of it."""
    return any(commit_file(root, name, heads.get(name, -1) + 1).is_file() for name in ledgers())


def unrecorded(index: Index) -> list[Path]:
    """Return the definitions that no record tells of, in the order of their versions."""
    there = defined.kept(index.root)
    known = set(index.defines(of for _path, of in there)) if there else set()
    return [path for path, _of in there if path.stem not in known]


def current(index: Index, ledger: str) -> tuple[str, ...]:
    """Return the data files in which a ledger's rows of now stand."""
    folder = table(index.root.absolute(), ledger)
    return tuple(str(folder / path) for path, _ in index.files(ledger))


def files_at(root: Path, ledger: str, version: int) -> tuple[str, ...]:
    """Return the data files of a ledger at a version of its table. Raises ``ZS-EV-11``."""
    try:
        added = pa.table(DeltaTable(table(root, ledger), version=version).get_add_actions())
        # Not its ``file_uris``, which are addresses with %E7 for a Chinese letter.
        return tuple(sorted(str(table(root, ledger) / path) for path in added["path"].to_pylist()))
    except Exception as error:  # delta-rs has one family of errors for all that is wrong with a log
        raise ZhunshengError("ZS-EV-11", detail=str(error).splitlines()[0][:160]) from None


def brought(root: Path, batch: Batch) -> list[str]:
    """Return the data files that a batch wrote; they stay where they are whatever came later.
    Raises ``ZS-EV-11``.
    """
    folder = table(root.absolute(), batch.ledger)
    log = commit_file(root, batch.ledger, batch.version)
    if not log.is_file():
        raise ZhunshengError("ZS-EV-11", detail=worded("批次 {batch} 的提交丢失", batch=batch.batch))
    written = [folder / unquote(a["add"]["path"]) for a in actions(log) if "add" in a]
    written += [root.absolute() / name for name, _, _ in batch.files if name.startswith(f"{AGAIN}/")]
    if gone := next((p for p in written if not p.is_file()), None):
        raise ZhunshengError(
            "ZS-EV-11", detail=worded("批次 {batch} 的文件丢失：{name}", batch=batch.batch, name=gone.name)
        )
    return [str(p) for p in written]


def removed(root: Path, batch: Batch) -> str:
    """Return the data file of the rows that a batch took out of its ledger. Raises ``ZS-EV-11``."""
    path = root.absolute() / REMOVED / f"{batch.batch:06d}.parquet"
    if not path.is_file():
        raise ZhunshengError(
            "ZS-EV-11", detail=worded("批次 {batch} 的文件丢失：{name}", batch=batch.batch, name=path.name)
        )
    return str(path)


def seen(root: Path, path: Path) -> tuple[str, int, str]:
    """Return a file as a record names it: path in the store, bytes, SHA-256."""
    return path.relative_to(root).as_posix(), path.stat().st_size, file_digest(path)


def marker() -> str:
    """Return what the marker of the format says."""
    return json.dumps({"format": FORMAT})


def mark(root: Path) -> None:
    """Write what version the store is of, for other programs; the records themselves tell it as well."""
    path = root / MARKER
    if not path.is_file():
        write_whole(path, marker())
