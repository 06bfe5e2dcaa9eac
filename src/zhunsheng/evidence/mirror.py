"""A store in an object store and its mirror here: what is new there comes, what is made here goes, and the
record of a batch, put only where none of its number is, decides whose batch it is.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import random
import re
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import ParamSpec, TypeVar
from urllib.parse import unquote

from filelock import FileLock, Timeout

from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence import defined, layout
from zhunsheng.evidence.commits import committed
from zhunsheng.evidence.index import Index
from zhunsheng.evidence.ledgers import ledgers
from zhunsheng.evidence.objects import ObjectStoreError, Remote
from zhunsheng.evidence.records import REMOVED, Batch, Records, actions
from zhunsheng.evidence.sources import sources
from zhunsheng.files.opening import file_digest
from zhunsheng.files.own import own_folder
from zhunsheng.files.writing import whole_file, write_whole
from zhunsheng.translation import worded

MARK = "remote.json"  # in a mirror's folder: which store it mirrors
_AT_ONCE = 8  # objects that come or go at the same time
# The files that a record may name: what an altered one named beside these would be written where it said.
_NAMED = re.compile(
    r"ledgers/\w+/(?:_delta_log/\d{20}\.(?:json|checkpoint\.parquet)|part-[\w.-]+\.parquet)"
    r"|sources/[0-9a-f]{64}[.\w]*|(?:again|removed)/\d{6,}\.parquet"
    rf"|{defined.FOLDER}/{defined.NAMED.pattern}"
)
_kept: set[tuple[int, Remote]] = set()  # processes and stores of which it is known that conditions are kept


_TURNS = 12  # so often a batch is made anew behind those of other machines
_T = TypeVar("_T")
_R = TypeVar("_R")
_P = ParamSpec("_P")


class Overtaken(ObjectStoreError):
    """Another machine put a batch of the same number first."""

    def __init__(self, remote: Remote) -> None:
        super().__init__("ZS-EV-98", place=remote.url)


def in_line(write: Callable[_P, _R]) -> Callable[_P, _R]:
    """Let a method that writes begin anew where another machine's batch took its number meanwhile.
    Raises ``Overtaken`` where that goes on.
    """

    @functools.wraps(write)
    def written(*args: _P.args, **given: _P.kwargs) -> _R:
        for turn in range(_TURNS):
            try:
                return write(*args, **given)
            except Overtaken:
                # Not all at once: who waits by chance comes through.
                time.sleep(random.uniform(0, min(0.1 * 2**turn, 5)))
        return write(*args, **given)

    return written


# -- which folder mirrors what
# ----------------------------------------------------------------------------------------------------------


def folder_of(place: str) -> Path:
    """Return the folder that mirrors the store at ``s3://bucket/prefix``, among this user's own files.
    Raises ``ZS-EV-91``, ``-99``.
    """
    remote = Remote.at(place)
    bucket = remote.url.split("/")[2]
    told = hashlib.sha256(f"{remote.endpoint}\n{remote.url}".encode()).hexdigest()[:16]
    mirrors = own_folder("mirrors")
    if mirrors is None:
        raise ObjectStoreError(
            "ZS-EV-99", folder="~/.cache/zhunsheng", place=place, detail=worded("不能写入")
        )
    return bound(mirrors / f"{bucket}-{told}", place)


def bound(root: Path, place: str) -> Path:
    """Make a folder the mirror of ``s3://bucket/prefix``, once; return it. Raises ``ZS-EV-91``, ``-99``."""
    remote = Remote.at(place)
    there = remote_of(root)
    if there is None:
        if Records(root).folder.is_dir():
            detail = worded("它本身是一个证据库")
            raise ObjectStoreError("ZS-EV-99", folder=str(root), place=place, detail=detail)
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(root / MARK, json.dumps({"url": remote.url, "endpoint": remote.endpoint}))
    elif there != remote:
        detail = worded("它是 {other}（{endpoint}）的", other=there.url, endpoint=there.endpoint or "AWS")
        raise ObjectStoreError("ZS-EV-99", folder=str(root), place=place, detail=detail)
    return root


def remote_of(root: Path) -> Remote | None:
    """Return the store that a folder mirrors, None for a store that is its folder. Raises ``ZS-EV-99``."""
    mark = root / MARK
    if not mark.is_file():
        return None
    try:
        said = json.loads(mark.read_text("utf8"))
        return Remote(str(said["url"]), str(said["endpoint"]))
    except (ValueError, KeyError, TypeError):
        detail = worded("{name} 读不出来", name=MARK)
        raise ObjectStoreError("ZS-EV-99", folder=str(root), place="s3://", detail=detail) from None


# -- what comes
# ----------------------------------------------------------------------------------------------------------


def behind(remote: Remote, number: int) -> bool:
    """Return whether there is a batch behind batch ``number`` there. Raises ``ZS-EV-90`` to ``-94``."""
    return remote.get(_record(number + 1)) is not None


def refresh(index: Index, remote: Remote) -> None:
    """Bring the mirror to the newest batch that is there, each checked as it comes: its place in the chain,
    the digests of its files. What was begun here and never got there goes.

    Whoever asks holds the store's lock. Raises ``ZS-EV-90`` to ``-94``, ``ZS-EV-96`` for what is not as
    recorded, ``ZS-EV-97`` where batches that were there are no more.
    """
    discard(index)
    last = index.last
    if last and remote.get(_record(last)) != Records(index.root).path(last).read_bytes():
        raise ObjectStoreError("ZS-EV-97", place=remote.url, batch=last, folder=str(index.root))
    with FileLock(str(_coming(index.root)), mode=0o600):
        while (data := remote.get(_record(index.last + 1))) is not None:
            index.add_all([_arrived(index, remote, data)])


def wait(root: Path, seconds: float) -> None:
    """Wait while batches come to a mirror, at most some seconds. Raises ``ZS-EV-09``."""
    try:
        with FileLock(str(_coming(root)), timeout=seconds, mode=0o600):
            pass
    except Timeout:
        raise ZhunshengError("ZS-EV-09", store=str(root)) from None


def discard(index: Index) -> None:
    """Take away the commits that no record tells of, with their files: whoever made them here died, or
    failed, before the batch was in the object store.
    """
    root = index.root
    for ledger, version in {name: index.heads().get(name, -1) for name in ledgers()}.items():
        folder, standing = layout.table(root, ledger), {path for path, _ in index.files(ledger)}
        logs = []
        while (log := layout.commit_file(root, ledger, version + 1)).is_file():
            logs.append(log)
            version += 1
        for log in reversed(logs):
            said = actions(log)
            for path in {unquote(a["add"]["path"]) for a in said if "add" in a} - standing:
                (folder / path).unlink(missing_ok=True)
            if (sha256 := committed(said).get("sha256")) and not index.brought(sha256):
                for source in sources(root, sha256):
                    source.unlink(missing_ok=True)
            log.unlink()
    for name in (layout.AGAIN, REMOVED):
        for kept in (root / name).glob("*.parquet"):
            if int(kept.stem) > index.last:
                kept.unlink(missing_ok=True)
    for definition in layout.unrecorded(index):
        definition.unlink()


def _arrived(index: Index, remote: Remote, data: bytes) -> Batch:
    """Take in the batch of a record that comes next, with its files; return it. Raises ``ZS-EV-96``."""
    number = index.last + 1
    try:
        batch = Batch.of(json.loads(data))
    except (ValueError, TypeError, KeyError, IndexError):
        raise _unlike(remote, _record(number)) from None
    in_line = batch.batch == number and batch.previous == index.digest
    if not in_line or batch.sealed().digest != batch.digest:
        raise _unlike(remote, _record(number))
    # Its commit comes behind all that it names, and goes again with a batch that did not come whole.
    logged = _logged(batch)
    try:
        for later in (False, True):
            coming = [file for file in batch.files if (file[0] in logged) == later]
            _all_at_once(lambda file: _fetch(index.root, remote, *file), coming)
        write_whole(Records(index.root).path(number), data)
    except BaseException:
        discard(index)
        raise
    return batch


def _fetch(root: Path, remote: Remote, name: str, size: int, digest: str) -> None:
    if not _NAMED.fullmatch(name):
        raise _unlike(remote, name)
    path = root / name
    if path.is_file() and path.stat().st_size == size and file_digest(path) == digest:
        return
    with whole_file(path) as partial:
        with partial.open("wb") as stream:
            found = remote.read(_object(name, digest), stream)
        if found != (size, digest):
            raise _unlike(remote, name)


def _unlike(remote: Remote, name: str) -> ObjectStoreError:
    return ObjectStoreError("ZS-EV-96", place=remote.url, name=name)


# -- what goes
# ----------------------------------------------------------------------------------------------------------


def publish(root: Path, remote: Remote, batch: Batch) -> None:
    """Put a sealed batch into the object store: its files, then its record, which decides, then its commit
    into the log of the table, for other programs that read it.

    Killed before the record is there, nothing is; killed behind it, all is but the commit in the log, which
    whoever writes next puts there. Raises ``Overtaken``, ``ZS-EV-90`` to ``-95``.
    """
    _ask_for_conditions(remote, first=batch.batch == 1)
    if before := Records(root).read(batch.batch - 1):
        _complete(root, remote, before)
    if behind(remote, batch.batch - 1):  # known before anything large goes
        raise Overtaken(remote)
    _all_at_once(lambda file: _send(root, remote, *file), batch.files)
    if not remote.put_first(_record(batch.batch), Records.text(batch).encode()):
        raise Overtaken(remote)
    _complete(root, remote, batch)


def _send(root: Path, remote: Remote, name: str, size: int, digest: str) -> None:
    if remote.size(there := _object(name, digest)) != size:
        remote.put(there, root / name)


def _complete(root: Path, remote: Remote, batch: Batch) -> None:
    """Put what a batch committed into the log of its table, a checkpoint before its commit."""
    for name in sorted(_logged(batch)):
        if remote.size(name) is None:
            remote.put_first(name, (root / name).read_bytes())


def _ask_for_conditions(remote: Remote, *, first: bool) -> None:
    """Find out, once a process, whether the object store keeps the condition that puts rest on.
    Raises ``ZS-EV-95``.
    """
    if (os.getpid(), remote) in _kept:
        return
    if not remote.refuses_second(layout.MARKER, layout.marker().encode()):
        if first:
            remote.remove(layout.MARKER)
        raise ObjectStoreError("ZS-EV-95", place=remote.url)
    _kept.add((os.getpid(), remote))


# -- whether it holds
# ----------------------------------------------------------------------------------------------------------


def problems(root: Path, remote: Remote, since: int = 0, *, current: bool = False) -> list[str]:
    """Return what of the batches behind batch ``since`` is not in the object store as it is recorded here;
    empty where all is. Every object is read; with ``current`` only records are, and of files the sizes are
    compared. Raises ``ZS-EV-90`` to ``-94``.
    """
    batches = list(Records(root).after(since))
    sizes = {name: size for folder in _FOLDERS for name, size in remote.sizes(folder).items()}
    found: list[str] = []

    def differs(file: tuple[str, int, str]) -> str:
        """Return what to say of an object whose name, size and digest are given."""
        if file[0] not in sizes:
            return worded("丢失")
        same = sizes[file[0]] == file[1] and (current or remote.read(file[0]) == file[1:])
        return "" if same else worded("被改动")

    for batch in batches:
        if remote.get(_record(batch.batch)) != Records(root).path(batch.batch).read_bytes():
            found.append(worded("对象存储里批次 {batch} 的记录缺失或被改动", batch=batch.batch))
        wanted = [(_object(name, digest), size, digest) for name, size, digest in batch.files]
        # The newest commit can be on its way to the log: whoever writes next puts it there.
        if batch is not batches[-1]:
            logged = _logged(batch)
            wanted += [file for file in batch.files if file[0] in logged]
        for (name, _, _), what in zip(wanted, _all_at_once(differs, wanted), strict=True):
            if what:
                words = worded(
                    "对象存储里批次 {batch} 的文件{what}：{name}", batch=batch.batch, what=what, name=name
                )
                found.append(words)
    recorded = {name for batch in Records(root).after(0) for name in _logged(batch)}
    recorded |= {_record(batch.batch) for batch in Records(root).after(0)}
    strays = [n for n in sizes if (n.startswith("batches/") or "/_delta_log/" in n) and n not in recorded]
    found += [worded("对象存储里有未经记录的提交：{file}", file=name) for name in sorted(strays)]
    return found


# -- names there
# ----------------------------------------------------------------------------------------------------------

_FOLDERS = ("batches", "ledgers", "files")


def _record(number: int) -> str:
    return f"batches/{number:06d}.json"


def _object(name: str, digest: str) -> str:
    """Return under which name a file lies there: a data file, whose own is nobody else's, under its own, so
    that other programs find it; any other by its digest, so that none can come in the way of another.
    """
    return name if name.startswith("ledgers/") and "/_delta_log/" not in name else f"files/{digest}"


def _logged(batch: Batch) -> set[str]:
    """Return the files of a batch that lie in the log of its table."""
    return {name for name, _, _ in batch.files if "/_delta_log/" in name}


def _coming(root: Path) -> Path:
    return root / ".coming.lock"


def _all_at_once(does: Callable[[_T], _R], among: Iterable[_T]) -> list[_R]:
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(does, among))
