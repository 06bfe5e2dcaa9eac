"""A published transparency log, or a proof from it, held against a checkpoint that somebody kept."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zhunsheng.clock import to_minute
from zhunsheng.errors import ZhunshengError
from zhunsheng.faults import written
from zhunsheng.translation import worded
from zhunsheng.transparency.checkpoints import Checkpoint, read_checkpoint, signed_by
from zhunsheng.transparency.entries import KINDS, read_entries, read_entry
from zhunsheng.transparency.merkle import Growing, consistent, included
from zhunsheng.usecases.papers import MOST_PROOF, checkpoint_note

CONSISTENCY, INCLUSION = "zhunsheng.consistency/1", "zhunsheng.inclusion/1"


@dataclass(frozen=True)
class Held:
    """How a kept checkpoint stands to what is published now: whether that goes on from it, in words."""

    holds: bool
    says: str
    size: int  # entries of the kept checkpoint
    now: int  # entries published now


def held_against(checkpoint: Path, published: Path, key: str | None = None) -> Held:
    """Hold a kept checkpoint, a note or a paper that bears one, against a published log (its lines) or proof
    (JSON).

    ``key``, the log's public key as a line, lets the signatures of the kept checkpoint and of the proof be
    checked; without it nothing is said of who signed. Raises ``ZS-LG-01`` to ``ZS-LG-04``, ``ZS-LG-10``,
    ``ZS-LG-24``,
    ``ZS-IN-01``, ``ZS-IN-40``.
    """
    note = checkpoint_note(checkpoint)
    kept = read_checkpoint(note, checkpoint.name)
    if key is not None and not signed_by(note, key):
        return Held(False, worded("手里的检查点不是用这把公钥签的"), kept.size, 0)
    if not published.is_file():
        raise ZhunshengError("ZS-IN-01", name=str(published))
    with published.open(encoding="utf-8-sig", errors="replace") as stream:
        is_log = stream.read(11) == '{"digest":"'
    if is_log:
        return _of_log(kept, published)
    said = _read_proof(published)
    if said.get("format") == INCLUSION:
        return _of_entry(kept, said, published.name)
    return _of_consistency(kept, said, published.name, key)


def _of_log(kept: Checkpoint, published: Path) -> Held:
    """Hold against all entries, read one by one."""
    tree = Growing()
    found = tree.root() if kept.size == 0 else None
    with published.open(encoding="utf-8-sig", errors="replace", newline="\n") as lines:
        for entry in read_entries(lines, published.name):
            tree.add(entry.leaf())
            if tree.size == kept.size:
                found = tree.root()
    return continued(kept, tree.size, found == kept.root)


def _refuse(name: str, why: str) -> ZhunshengError:
    return ZhunshengError("ZS-LG-04", name=name, detail=why)


def _read_proof(published: Path) -> dict[str, Any]:
    """Return what a proof says, its hashes as bytes. Raises ``ZS-LG-04``."""
    text = written(published)
    if len(text) > MOST_PROOF:
        raise _refuse(published.name, worded("过长"))
    try:
        said = json.loads(text)
        said["proof"] = [base64.b64decode(one, validate=True) for one in said["proof"]]
    except (ValueError, KeyError, TypeError, RecursionError, binascii.Error):
        raise _refuse(published.name, worded("没有 proof，或者写法不对")) from None
    if said.get("format") not in (CONSISTENCY, INCLUSION):
        raise _refuse(published.name, worded("不是这种格式"))
    return dict(said)


def _same_size(said: Any, kept: Checkpoint, name: str) -> None:
    if said != kept.size:
        raise _refuse(
            name,
            worded(
                "它是前 {old} 条的，检查点是 {kept} 条：请按检查点的条数下载",
                old=str(said)[:20],
                kept=kept.size,
            ),
        )


def _of_consistency(kept: Checkpoint, said: dict[str, Any], name: str, key: str | None) -> Held:
    """Hold against a proof that the log of the newest checkpoint goes on from the kept one."""
    note = said.get("checkpoint")
    if not isinstance(note, str):
        raise _refuse(name, worded("没有检查点"))
    _same_size(said.get("old"), kept, name)
    now = read_checkpoint(note, name)
    if key is not None and not signed_by(note, key):
        return Held(False, worded("证明里的检查点不是用这把公钥签的"), kept.size, now.size)
    holds = consistent(kept.size, now.size, kept.root, now.root, said["proof"])
    return continued(kept, now.size, holds)


def _of_entry(kept: Checkpoint, said: dict[str, Any], name: str) -> Held:
    """Hold against a proof that one entry is among those that the kept checkpoint sealed, and that what is
    said of it is what its digest is of.
    """
    line, index, content = said.get("entry"), said.get("index"), said.get("content")
    if not isinstance(line, str) or type(index) is not int or not isinstance(content, str | None):
        raise _refuse(name, worded("没有 entry 或 index，或者写法不对"))
    _same_size(said.get("size"), kept, name)
    entry = read_entry(line, 1, name)
    at = to_minute(kept.at)
    which = {"kind": worded(KINDS[entry.kind]), "number": entry.number, "at": at}
    if not included(entry.leaf(), index, kept.size, said["proof"], kept.root):
        return Held(
            False, worded("{kind} {number} 不在检查点（{at}）所封存的里面", **which), kept.size, kept.size
        )
    if content is None:
        says = worded("{kind} {number} 在检查点（{at}）所封存的里面；它的内容不在证明里", **which)
    elif hashlib.sha256(content.encode()).hexdigest() != entry.digest:
        says = worded("{kind} {number} 在检查点（{at}）所封存的里面，证明里所写的内容却不是它的", **which)
        return Held(False, says, kept.size, kept.size)
    else:
        says = worded("{kind} {number} 在检查点（{at}）所封存的里面，内容就是证明里所写的", **which)
    return Held(True, says, kept.size, kept.size)


def continued(kept: Checkpoint, now: int, holds: bool) -> Held:
    """Return in words how a checkpoint from elsewhere stands to a log of ``now`` entries, which goes on from
    it or not.
    """
    at = to_minute(kept.at)
    if kept.size > now:
        says = worded(
            "检查点（{at}）有 {kept} 条，现在的日志只有 {now} 条：末尾被截断，或者日志被重建过",
            at=at,
            kept=kept.size,
            now=now,
        )
        return Held(False, says, kept.size, now)
    if not holds:
        says = worded(
            "现在的前 {kept} 条不是检查点（{at}）所封存的：有记录被改动、删去、插入，或者日志被重建过",
            kept=kept.size,
            at=at,
        )
        return Held(False, says, kept.size, now)
    says = worded(
        "检查点（{at}）封存的 {kept} 条都还在原处，一条未改；此后又有 {more} 条",
        at=at,
        kept=kept.size,
        more=now - kept.size,
    )
    return Held(True, says, kept.size, now)
