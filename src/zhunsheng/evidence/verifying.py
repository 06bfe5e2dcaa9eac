"""Verification of a store: its chain of records, the files that they name, what lies there unrecorded."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence import layout
from zhunsheng.evidence.batches import pending
from zhunsheng.evidence.index import Index
from zhunsheng.evidence.ledgers import ledgers
from zhunsheng.evidence.records import Batch, Records
from zhunsheng.files.opening import file_digest
from zhunsheng.translation import worded


def problems(
    root: Path, head: str | None = None, since: int | str | None = None, *, current: bool = False
) -> list[str]:
    """Return what does not hold: records out of the chain, files changed, missing or unrecorded;
    empty when sound.

    ``head`` is the digest of the last batch as noted elsewhere; with it, batches cut off the end are
    found too. ``since`` (a batch's number, or its digest as noted elsewhere) checks only what came after
    that batch. With ``current`` all records are checked, but of the data only the files in which rows of
    now stand. Nothing is written. Raises ``ZS-EV-22`` for a ``since`` that no batch has.
    """
    try:
        return _verified(root, head, None if since is None else _start(root, since), current)
    except ZhunshengError as error:
        if error.code not in ("ZS-EV-11", "ZS-RG-01"):  # the latter of a definition that can't be read
            raise
        return [error.text()]


def _start(root: Path, since: int | str) -> Batch:
    """Return the record of the batch to start behind; its digest is recomputed where one was given."""
    number = since if isinstance(since, int) else None
    if isinstance(since, str):
        with Index.at_hand(root, write=False) as index:
            number = index.numbered(since)
    found = Records(root).read(number) if number else None
    if found is None or (isinstance(since, str) and found.sealed().digest != since):
        raise ZhunshengError("ZS-EV-22", since=since)
    return found


def _verified(root: Path, head: str | None, start: Batch | None, current: bool) -> list[str]:
    found: list[str] = []
    if start is None:
        batches = Records(root).all()
        index = Index.in_memory(root)
        # Out of a broken chain no index can be made; what is broken is said below.
        sound = [b.batch for b in batches] == list(range(1, len(batches) + 1))
        if sound:
            try:
                index.add_all(batches)
                found += _index_problems(root, index)
            except ZhunshengError as error:
                found.append(error.text())
                sound = False
    else:
        batches = list(Records(root).after(start.batch))
        index = Index.at_hand(root, write=False)
        sound = True
    with index:
        waiting = pending(index) if sound else []
        heads = index.heads() | {batch.ledger: batch.version for batch in waiting if not batch.defines}
        batches += waiting
        rested = None
        if current and sound:
            rested = {Path(p) for name in ledgers() for p in layout.current(index, name)}
            rested |= {root.absolute() / name for batch in waiting for name, _, _ in batch.files}
    first = start.batch + 1 if start else 1
    previous = start.digest if start else ""
    recorded: set[str] = set()
    for number, batch in enumerate(batches, start=first):
        if batch.batch != number:
            found.append(worded("批次 {number} 的记录缺失或编号不对", number=number))
        if batch.previous != previous or batch.sealed().digest != batch.digest:
            found.append(worded("批次 {batch} 的记录被改动，或与前一批次不衔接", batch=batch.batch))
        previous = batch.digest
        for name, size, digest in batch.files:
            recorded.add(name)
            path = root / name
            if rested is not None and path.absolute() not in rested:
                continue
            if not path.is_file():
                found.append(worded("批次 {batch} 的文件丢失：{name}", batch=batch.batch, name=name))
            elif path.stat().st_size != size or file_digest(path) != digest:
                found.append(worded("批次 {batch} 的文件被改动：{name}", batch=batch.batch, name=name))
    if start is None:
        logs = sorted((root / "ledgers").glob("*/_delta_log/*"))
        strays = [
            p
            for p in logs
            if p.relative_to(root).as_posix() not in recorded and not layout.half_written(p.name)
        ]
    else:
        strays = [
            log
            for name in ledgers()
            if (log := layout.commit_file(root, name, heads.get(name, -1) + 1)).is_file()
        ]
    found += [worded("有未经记录的提交：{file}", file=p.relative_to(root).as_posix()) for p in strays]
    marker = root / layout.MARKER
    if marker.is_file() and marker.read_bytes() != layout.marker().encode():
        found.append(worded("{marker} 被改动", marker=layout.MARKER))
    if head is not None and head != previous:
        found.append(
            worded(
                "最后批次的摘要是 {ours}…，与所给的 {head}… 不符",
                ours=previous[:16] or worded("（无）"),
                head=head[:16],
            )
        )
    return found


def _index_problems(root: Path, made: Index) -> list[str]:
    """Return whether the kept index says other than one made from the records;
    one that is behind says nothing, nor does one whose last entry was broken off.
    """
    kept = Index.kept(root)
    if kept is None:
        lost = Index.path(root).is_file() and not Index.unfinished(root)
        return [worded("索引 index.sqlite 读不出来，删去后会由记录重建")] if lost else []
    with kept:
        try:
            same = kept.last != made.last or kept.content() == made.content()
        except sqlite3.DatabaseError:
            same = False
    return [] if same else [worded("索引 index.sqlite 与记录不符，删去后会由记录重建")]
