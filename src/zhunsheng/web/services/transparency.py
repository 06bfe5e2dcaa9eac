"""The site's transparency log: what was recorded is entered and sealed by signed checkpoints; proofs; its
check against all that it was made of.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import timedelta
from itertools import islice
from typing import Any

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence.records import Records
from zhunsheng.translation import worded
from zhunsheng.transparency.checkpoints import (
    Checkpoint,
    read_checkpoint,
    signed,
    signed_by,
    signed_text,
    verifier,
)
from zhunsheng.transparency.entries import KINDS, Entry
from zhunsheng.transparency.merkle import EMPTY, At, Growing, consistency, inclusion, node_hash
from zhunsheng.transparency.signing import ALGORITHMS, ED25519, SM2, Key, has_sm2
from zhunsheng.usecases.sealed import CONSISTENCY, INCLUSION, continued
from zhunsheng.web.models import AuditEntry, Commitment, LogCheckpoint, LogEntry, LogNode, Paper
from zhunsheng.web.services.commitments import entry_of
from zhunsheng.web.services.evidence import folder

STEP = 8  # levels of the tree between those that are kept
MOST = 20  # entries told one by one that are not what they were made of
UNSEALED = timedelta(days=1)  # the longest that an entry waits to be sealed; a minute is the rule
AT_ONCE = 5_000  # entries sealed in one transaction, so that nobody waits for a long one


def _signing(algorithms: Iterable[str]) -> list[Key]:
    return [Key(one, one.private(settings.LOG_KEY)) for one in map(ALGORITHMS.__getitem__, algorithms)]


def origin() -> str:
    """Return the log's name: of its key for Ed25519, so that no two sites share one, whatever signs."""
    public = ED25519.public(ED25519.private(settings.LOG_KEY))
    return f"zhunsheng/{hashlib.sha256(public).hexdigest()[:16]}"


def keys() -> list[str]:
    """Return the public keys that checkpoints are signed for, each as the line that people keep."""
    return _lines(settings.LOG_ALGORITHMS)


def key() -> str:
    """Return the first of them."""
    return keys()[0]


def _lines(algorithms: Iterable[str]) -> list[str]:
    name = origin()
    return [verifier(name, one.public, one.algorithm) for one in _signing(algorithms)]


def signed_note(text: str) -> str:
    """Return a text (lines, each ended) as a note that the site's key signs."""
    return signed_text(text, origin(), *_signing(settings.LOG_ALGORITHMS))


def newest() -> LogCheckpoint | None:
    """Return the newest checkpoint."""
    return LogCheckpoint.objects.order_by("-size").first()


def sealed_up_to(kind: str) -> int:
    """Return the number of the last entry of a kind that was sealed, 0 for none."""
    return int(LogEntry.objects.filter(kind=kind).aggregate(last=models.Max("number"))["last"] or 0)


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
    return _subtrees([(level, index)])[level, index]


def _subtrees(asked: Collection[tuple[int, int]]) -> dict[tuple[int, int], bytes]:
    """Return the hashes of complete subtrees, by one query of each table that they start from: of the whole
    blocks (``2**STEP``) that they lie in, for those of a proof lie side by side in one or two.
    """
    found = {}
    for base in sorted({level - level % STEP for level, _index in asked}):
        spans = {
            (level, i): (i << level - base, 1 << level - base)
            for level, i in asked
            if level // STEP == base // STEP
        }
        wanted = models.Q(pk__in=())
        for block in {first >> STEP for first, _count in spans.values()}:
            wanted |= models.Q(index__gte=block << STEP, index__lt=block + 1 << STEP)
        if base:
            nodes = LogNode.objects.filter(wanted, level=base).values_list("index", "hash")
            rows = {index: bytes(one) for index, one in nodes}
        else:
            entries = LogEntry.objects.filter(wanted).values_list("index", "kind", "number", "digest")
            rows = {index: Entry(kind, n, digest).leaf() for index, kind, n, digest in entries}
        for key, (first, count) in spans.items():
            row = [rows[index] for index in range(first, first + count)]
            while len(row) > 1:
                row = [node_hash(row[i], row[i + 1]) for i in range(0, len(row), 2)]
            found[key] = row[0]
    return found


def _proved(prove: Callable[[At], list[bytes]]) -> list[str]:
    """Return a proof's hashes in base64. What it asks for is noted first and read at once: a query for each
    would be some forty, each a wait for the database.
    """
    asked: dict[tuple[int, int], bytes] = {}

    def note(level: int, index: int) -> bytes:
        return asked.setdefault((level, index), EMPTY)

    prove(note)
    known = _subtrees(asked)
    return [base64.b64encode(one).decode() for one in prove(lambda level, index: known[level, index])]


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
        fresh += islice(_since(kind, sealed_up_to(kind)), AT_ONCE - len(fresh))
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
    note = signed(Checkpoint(origin(), tree.size, tree.root(), now), *_signing(settings.LOG_ALGORITHMS))
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
    found = _proved(lambda at: consistency(old, size, at))
    return {"format": CONSISTENCY, "old": old, "checkpoint": last.note, "proof": found}


def entry_proof(kind: str, number: int, size: int | None = None, *, content: str = "") -> dict[str, Any]:
    """Return what shows that an entry is among the first ``size`` (all that are sealed, for None), and what
    its digest is of where that is public or given. Raises ``ZS-LG-05``, ``ZS-LG-11``.
    """
    last = newest()
    sealed = last.size if last else 0
    size = sealed if size is None else size
    if not 0 <= size <= sealed:
        raise ZhunshengError("ZS-LG-05", old=size, size=sealed)
    one = LogEntry.objects.filter(kind=kind, number=number, index__lt=size).first()
    if one is None:
        raise ZhunshengError("ZS-LG-11", kind=worded(KINDS[kind]), number=number, size=size)
    if kind == "commitment":
        written = Commitment.objects.filter(number=number).first()
        content = written.line if written else ""
    said = {
        "format": INCLUSION,
        "entry": Entry(one.kind, one.number, one.digest).line(),
        "index": one.index,
        "size": size,
        "proof": _proved(lambda at: inclusion(one.index, size, at)),
    }
    return said | ({"content": content} if content else {})


def place_of(kind: str, number: int) -> int | None:
    """Return the number (from 1) of the entry of a record, None before it is sealed."""
    found = LogEntry.objects.filter(kind=kind, number=number).first()
    return found.index + 1 if found else None


def inclusion_proof(kind: str, number: int, size: int | None = None) -> dict[str, Any] | None:
    """Return what shows that a record's entry is among the first ``size`` of the log, without it those of the
    newest checkpoint, with the checkpoint of that size where there is one; None before it is sealed. Raises
    ``ZS-LG-05`` for a size that the log hasn't, or that is before the entry.
    """
    place, last = place_of(kind, number), newest()
    if place is None or last is None:
        return None
    wanted = last.size if size is None else size
    if not place <= wanted <= last.size:
        raise ZhunshengError("ZS-LG-05", old=wanted, size=last.size)
    known = LogCheckpoint.objects.filter(size=wanted).first()
    return entry_proof(kind, number, wanted) | {"checkpoint": known.note if known else ""}


def problems(noted: str | None = None, name: str = "") -> list[str]:
    """Return what does not hold in the log: entries that are not of what they were made of, nodes and
    checkpoints that don't follow from the entries; ``noted`` is a checkpoint from elsewhere.
    Raises ``ZS-LG-01``, ``ZS-LG-03`` for a former key of the site that is none.
    """
    held = read_checkpoint(noted, name) if noted is not None else None
    checkpoints = {one.size: one.note for one in LogCheckpoint.objects.order_by("size")}
    found: list[str] = []
    differing = 0
    sources = {kind: _since(kind, 0) for kind in KINDS}
    tree, roots = Growing(), {0: Growing().root()}
    nodes = {(one.level, one.index): bytes(one.hash) for one in LogNode.objects.all()}
    for one in LogEntry.objects.order_by("index").iterator(chunk_size=5_000):
        if one.index != tree.size:
            found.append(f"透明日志第 {tree.size + 1} 条缺失")
            break
        entry = Entry(one.kind, one.number, one.digest)
        if next(sources.get(one.kind, iter(())), None) != entry:
            differing += 1
            if differing <= MOST:
                what = f"{KINDS.get(one.kind, one.kind)} {one.number}"
                found.append(f"透明日志第 {one.index + 1} 条（{what}）与原来的记录不同，或原来的记录已不在")
        for level, index, made in tree.add(entry.leaf()):
            if level and level % STEP == 0 and nodes.get((level, index)) != made:
                found.append(f"透明日志的节点 {level}/{index} 与各条不符")
        if tree.size in checkpoints or (held is not None and tree.size == held.size):
            roots[tree.size] = tree.root()
    if differing > MOST:
        found.append(f"……共有 {differing} 条这样的")
    found += _of_checkpoints(checkpoints, roots)
    if tree.size != max(checkpoints, default=0):
        found.append(f"透明日志应有 {max(checkpoints, default=0)} 条，现有 {tree.size} 条")
    found += _unsealed()
    if held is not None:
        stands = continued(held, tree.size, roots.get(held.size) == held.root)
        found += [] if stands.holds else [stands.says]
    return found


def _of_checkpoints(notes: Mapping[int, str], roots: Mapping[int, bytes]) -> list[str]:
    """Return which checkpoints (by size) do not follow from the entries, whose roots are given, or are not
    signed by this site. Raises ``ZS-LG-01``, ``ZS-LG-03``.
    """
    known = [one.name for one in ALGORITHMS.values() if one is not SM2 or has_sm2()]
    ours, others, found = [*_lines(known), *settings.LOG_KEYS_FORMER], 0, []
    for size, note in notes.items():
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
    return found


def _unsealed() -> list[str]:
    """Return whether entries of the audit log stand unsealed longer than any worker takes, by the log's own
    times: a backup may be of a minute, and restored years later. A site of a version before there was this
    log has a day to seal what it has.
    """
    newest = AuditEntry.objects.order_by("-number").first()
    begun = MigrationRecorder.Migration.objects.filter(app="web", name="0030_transparency").first()
    if newest is None or (begun is not None and begun.applied > newest.at - UNSEALED):
        return []
    late = AuditEntry.objects.filter(number__gt=sealed_up_to("audit"), at__lt=newest.at - UNSEALED).count()
    what = f"审计日志有 {late} 条早已写下的记录没有封存"
    return [f"{what}：透明日志被清空或截断过，或者后台任务没有运行"] if late else []
