"""The site's transparency log: what was recorded is entered and sealed by signed checkpoints; proofs; its
check against all that it was made of.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.utils import timezone

from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence.records import Records
from zhunsheng.transparency.checkpoints import (
    Checkpoint,
    public_key,
    read_checkpoint,
    signed,
    signed_by,
    signed_text,
    verifier,
)
from zhunsheng.transparency.entries import KINDS, Entry
from zhunsheng.transparency.merkle import Growing, consistency, inclusion, node_hash
from zhunsheng.web.models import AuditEntry, Commitment, LogCheckpoint, LogEntry, LogNode, Paper
from zhunsheng.web.services.commitments import entry_of
from zhunsheng.web.services.evidence import folder

STEP = 8  # levels of the tree between those that are kept
AT_ONCE = 5_000  # entries sealed in one transaction, so that nobody waits for a long one


def _private() -> bytes:
    return hashlib.sha256(b"zhunsheng.log/1\n" + settings.LOG_KEY.encode()).digest()


def origin() -> str:
    """Return the log's name: of its key, so that no two sites share one."""
    return f"zhunsheng/{hashlib.sha256(public_key(_private())).hexdigest()[:16]}"


def key() -> str:
    """Return the public key as the line that people keep."""
    return verifier(origin(), public_key(_private()))


def signed_note(text: str) -> str:
    """Return a text (lines, each ended) as a note that the site's key signs."""
    return signed_text(text, origin(), _private())


def newest() -> LogCheckpoint | None:
    """Return the newest checkpoint."""
    return LogCheckpoint.objects.order_by("-size").first()


def _since(kind: str, last: int) -> Iterator[Entry]:
    """Yield what was recorded of a kind behind number ``last``, in order."""
    if kind == "audit":
        found = AuditEntry.objects.filter(number__gt=last).order_by("number")
        pairs = found.values_list("number", "digest").iterator(chunk_size=2_000)
    elif kind == "batch":
        pairs = ((batch.batch, batch.digest) for batch in Records(folder()).after(last))
    elif kind == "paper":
        given = Paper.objects.filter(number__gt=last).order_by("number")
        pairs = given.values_list("number", "manifest").iterator(chunk_size=2_000)
    else:
        written = Commitment.objects.filter(number__gt=last).order_by("number")
        pairs = ((one.number, entry_of(one).own) for one in written.iterator(chunk_size=2_000))
    return (Entry(kind, number, digest) for number, digest in pairs)


def at(level: int, index: int) -> bytes:
    """Return the hash of a complete subtree, from the entries or the nodes that are kept."""
    below = level % STEP
    first, count = index << below, 1 << below
    if level < STEP:
        entries = LogEntry.objects.filter(index__gte=first, index__lt=first + count).order_by("index")
        row = [Entry(*said).leaf() for said in entries.values_list("kind", "number", "digest")]
    else:
        nodes = LogNode.objects.filter(level=level - below, index__gte=first, index__lt=first + count)
        row = [bytes(one) for one in nodes.order_by("index").values_list("hash", flat=True)]
    while len(row) > 1:
        row = [node_hash(row[i], row[i + 1]) for i in range(0, len(row), 2)]
    return row[0]


def seal() -> LogCheckpoint | None:
    """Enter all that was recorded since the last checkpoint, and sign a new one; return it, None where there
    was nothing.
    """
    made: LogCheckpoint | None = None
    try:
        while (sealed := _seal_some()) is not None:
            made = sealed
    except IntegrityError:  # another process sealed the same entries at the same time: once is enough
        return newest()
    return made


@transaction.atomic
def _seal_some() -> LogCheckpoint | None:
    last = newest()
    size = last.size if last else 0
    fresh: list[Entry] = []
    for kind in KINDS:
        known = LogEntry.objects.filter(kind=kind).aggregate(last=models.Max("number"))["last"] or 0
        fresh += islice(_since(kind, known), AT_ONCE - len(fresh))
    if not fresh:
        return None
    tree, nodes = Growing(size, at), []
    for entry in fresh:
        for level, index, found in tree.add(entry.leaf()):
            if level and level % STEP == 0:
                nodes.append(LogNode(level=level, index=index, hash=found))
    LogEntry.objects.bulk_create(
        [
            LogEntry(index=size + place, kind=entry.kind, number=entry.number, digest=entry.digest)
            for place, entry in enumerate(fresh)
        ]
    )
    LogNode.objects.bulk_create(nodes)
    now = timezone.now().replace(microsecond=0)
    note = signed(Checkpoint(origin(), tree.size, tree.root(), now), _private())
    return LogCheckpoint.objects.create(size=tree.size, at=now, note=note)


def lines(start: int = 0) -> Iterator[str]:
    """Yield the entries of the log from an index on, up to the newest checkpoint, a line each."""
    last = newest()
    found = LogEntry.objects.filter(index__gte=start, index__lt=last.size if last else 0).order_by("index")
    for kind, number, digest in found.values_list("kind", "number", "digest").iterator(chunk_size=5_000):
        yield Entry(kind, number, digest).line() + "\n"


def proof(old: int) -> dict[str, Any]:
    """Return what shows that the log of ``old`` entries is the beginning of that of the newest checkpoint.
    Raises ``ZS-LG-05`` where the log has fewer.
    """
    last = newest()
    size = last.size if last else 0
    if last is None or not 0 <= old <= size:
        raise ZhunshengError("ZS-LG-05", old=old, size=size)
    found = [base64.b64encode(one).decode() for one in consistency(old, size, at)]
    return {"format": "zhunsheng.consistency/1", "old": old, "checkpoint": last.note, "proof": found}


def place_of(kind: str, number: int) -> int | None:
    """Return the number (from 1) of the entry of a record, None before it is sealed."""
    found = LogEntry.objects.filter(kind=kind, number=number).first()
    return found.index + 1 if found else None


def inclusion_proof(kind: str, number: int, size: int | None = None) -> dict[str, Any] | None:
    """Return what shows that a record's entry is among the first ``size`` of the log, without it those of the
    newest checkpoint; None before it is sealed. Raises ``ZS-LG-05`` for a size that the log hasn't, or that
    is before the entry.
    """
    entry, last = LogEntry.objects.filter(kind=kind, number=number).first(), newest()
    if entry is None or last is None:
        return None
    wanted = last.size if size is None else size
    if not entry.index < wanted <= last.size:
        raise ZhunshengError("ZS-LG-05", old=wanted, size=last.size)
    known = LogCheckpoint.objects.filter(size=wanted).first()
    return {
        "entry": Entry(entry.kind, entry.number, entry.digest).line(),
        "index": entry.index,
        "size": wanted,
        "checkpoint": known.note if known else "",
        "proof": [base64.b64encode(one).decode() for one in inclusion(entry.index, wanted, at)],
    }


def problems(noted: str | None = None, name: str = "") -> list[str]:
    """Return what does not hold in the log: entries that are not of what they were made of, nodes and
    checkpoints that don't follow from the entries; ``noted`` is a checkpoint from elsewhere.
    Raises ``ZS-LG-01``, ``ZS-LG-03`` for a former key of the site that is none.
    """
    held = read_checkpoint(noted, name) if noted is not None else None
    checkpoints = {one.size: one.note for one in LogCheckpoint.objects.order_by("size")}
    found: list[str] = []
    sources = {kind: _since(kind, 0) for kind in KINDS}
    tree, roots = Growing(), {0: Growing().root()}
    nodes = {(one.level, one.index): bytes(one.hash) for one in LogNode.objects.all()}
    for one in LogEntry.objects.order_by("index").iterator(chunk_size=5_000):
        if one.index != tree.size:
            found.append(f"透明日志第 {tree.size + 1} 条缺失")
            break
        entry = Entry(one.kind, one.number, one.digest)
        if next(sources.get(one.kind, iter(())), None) != entry:
            what = f"{KINDS.get(one.kind, one.kind)} {one.number}"
            found.append(f"透明日志第 {one.index + 1} 条（{what}）与原来的记录不同，或原来的记录已不在")
        for level, index, made in tree.add(entry.leaf()):
            if level and level % STEP == 0 and nodes.get((level, index)) != made:
                found.append(f"透明日志的节点 {level}/{index} 与各条不符")
        if tree.size in checkpoints or (held is not None and tree.size == held.size):
            roots[tree.size] = tree.root()
    ours, others = [key(), *settings.LOG_KEYS_FORMER], 0
    for size, note in checkpoints.items():
        said = read_checkpoint(note, "")
        if (said.size, said.root) != (size, roots.get(size)):
            found.append(f"第 {size} 条之后的检查点与日志不符")
        elif not any(signed_by(note, one) for one in ours):
            others += 1
    if others:
        what = f"有 {others} 个检查点不是本网站的密钥签的"
        found.append(
            f"{what}：换过密钥的，请把以前的公钥写进 ZHUNSHENG_LOG_KEYS_FORMER；"
            "恢复备份时没有放回 log.key 的，请放回"
        )
    if tree.size != max(checkpoints, default=0):
        found.append(f"透明日志应有 {max(checkpoints, default=0)} 条，现有 {tree.size} 条")
    if held is not None:
        found += against(held, tree.size, roots.get(held.size))
    return found


def against(held: Checkpoint, size: int, root: bytes | None) -> list[str]:
    """Return how a checkpoint from elsewhere contradicts a log of ``size`` entries that has ``root`` at the
    checkpoint's size.
    """
    if held.size > size:
        return [f"所给的检查点有 {held.size} 条，现在的日志只有 {size} 条：末尾被截断，或者日志被重建过"]
    if held.root != root:
        what = f"现在的日志的前 {held.size} 条与所给的检查点不符"
        return [f"{what}：有记录被改动、删去、插入，或者日志被重建过"]
    return []
