"""A published transparency log, or a proof from it, held against a checkpoint that somebody kept."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from pathlib import Path

from zhunsheng.clock import to_minute
from zhunsheng.errors import ZhunshengError
from zhunsheng.faults import written
from zhunsheng.translation import worded
from zhunsheng.transparency.checkpoints import Checkpoint, read_checkpoint, signed_by
from zhunsheng.transparency.entries import read_entries
from zhunsheng.transparency.merkle import Growing, consistent
from zhunsheng.usecases.papers import checkpoint_note

MOST_PROOF = 100_000  # characters of a proof: it has some sixty hashes at most


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
    checked; without it nothing is said of who signed. Raises ``ZS-LG-01`` to ``ZS-LG-04``, ``ZS-LG-24``,
    ``ZS-IN-01``, ``ZS-IN-40``.
    """
    note = checkpoint_note(checkpoint)
    kept = read_checkpoint(note, checkpoint.name)
    if key is not None and not signed_by(note, key):
        return Held(False, worded("手里的检查点不是用这把公钥签的"), kept.size, 0)
    if not published.is_file():
        raise ZhunshengError("ZS-IN-01", name=str(published))
    with published.open("rb") as stream:
        is_log = stream.read(11) == b'{"digest":"'
    return _of_log(kept, published) if is_log else _of_proof(kept, published, key)


def _of_log(kept: Checkpoint, published: Path) -> Held:
    """Hold against all entries, read one by one."""
    tree = Growing()
    found = tree.root() if kept.size == 0 else None
    with published.open(encoding="utf-8", errors="replace", newline="\n") as lines:
        for entry in read_entries(lines, published.name):
            tree.add(entry.leaf())
            if tree.size == kept.size:
                found = tree.root()
    if kept.size > tree.size:
        says = worded(
            "检查点有 {kept} 条，公布的日志只有 {now} 条：末尾被截断，或者日志被重建过",
            kept=kept.size,
            now=tree.size,
        )
        return Held(False, says, kept.size, tree.size)
    return _said(kept, found == kept.root, tree.size)


def _of_proof(kept: Checkpoint, published: Path, key: str | None) -> Held:
    """Hold against a proof that the log of the newest checkpoint goes on from the kept one."""

    def refuse(why: str) -> ZhunshengError:
        return ZhunshengError("ZS-LG-04", name=published.name, detail=why)

    text = written(published)
    if len(text) > MOST_PROOF:
        raise refuse(worded("过长"))
    try:
        said = json.loads(text)
        old, note, proof = (
            said["old"],
            said["checkpoint"],
            [base64.b64decode(p, validate=True) for p in said["proof"]],
        )
    except (ValueError, KeyError, TypeError, RecursionError, binascii.Error):
        raise refuse(worded("缺少 old、checkpoint 或 proof，或者写法不对")) from None
    if said.get("format") != "zhunsheng.consistency/1" or not isinstance(note, str):
        raise refuse(worded("不是这种格式"))
    if old != kept.size:
        raise refuse(
            worded(
                "它是前 {old} 条的，检查点是 {kept} 条：请按检查点的条数下载",
                old=str(old)[:20],
                kept=kept.size,
            )
        )
    now = read_checkpoint(note, published.name)
    if key is not None and not signed_by(note, key):
        return Held(False, worded("证明里的检查点不是用这把公钥签的"), kept.size, now.size)
    return _said(kept, consistent(kept.size, now.size, kept.root, now.root, proof), now.size)


def _said(kept: Checkpoint, holds: bool, now: int) -> Held:
    at = to_minute(kept.at)
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
