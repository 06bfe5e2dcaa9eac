"""A published log of commitments, read and held against a bundle."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from zhunsheng.draws.bundle import read_bundle
from zhunsheng.draws.plan import Plan
from zhunsheng.draws.protocol import commitment_digest
from zhunsheng.draws.public_log import Entry, Held, backwards, concluded, held, read_log, told_of
from zhunsheng.draws.verification import verify
from zhunsheng.errors import ZhunshengError
from zhunsheng.faults import written
from zhunsheng.translation import series, worded


@dataclass(frozen=True)
class LogRead:
    """What a published log says: its entries, or those on one bundle's draw; its last;
    how a noted digest stands to it.

    ``doubts`` are what speaks against it or the bundle's commitment, ``says`` what may be said where nothing
    does.
    """

    entries: list[Entry]
    head: Entry
    mine: Held | None
    doubts: list[str]
    says: str = ""


def read_commitments(
    file: Path, bundle: Path | None = None, head: str | None = None, number: int | None = None
) -> LogRead:
    """Return the entries of a published log, whole and unbroken; with ``bundle`` those on its commitment and
    its draw.

    Also how ``head`` (a digest noted before, of entry ``number`` where that is known) stands to it.
    Raises ``ZS-DR-45`` where the log is broken, ``ZS-DR-58`` where it does not hold ``head``,
    ``ZS-DR-65`` where nothing is in it, ``ZS-DR-46`` where a bundle's commitment is not in it, ``ZS-IN-01``,
    ``ZS-IN-05``, and as ``read_bundle``.
    """
    if zipped(file):
        raise ZhunshengError(
            "ZS-CL-01",
            detail=worded("{name} 是 zip 文件，不是承诺记录；抽查包用 --bundle 给出", name=file.name),
        )
    entries = read_log(written(file), file.name)
    if not entries:
        raise ZhunshengError("ZS-DR-65", name=file.name)
    mine = held(entries, head, number) if head is not None else None
    if mine is not None and not mine.agrees:
        raise ZhunshengError("ZS-DR-58", name=file.name, detail=mine.says)
    doubts = backwards(entries)
    if bundle is None:
        return LogRead(entries, entries[-1], mine, doubts)
    parts = read_bundle(bundle)
    committed = parts["commitment.json"]
    bound = commitment_digest(committed)
    found = told_of(entries, bound)
    if not any(entry.digest == bound for entry in found):
        raise ZhunshengError("ZS-DR-46", name=file.name)
    said, against = concluded(
        found,
        bound,
        Plan.model_validate(parts["plan.json"]),
        datetime.fromisoformat(committed["committed_at"]),
    )
    if wrong := [check.title for check in verify(parts) if check.holds is False]:
        against.append(worded("抽查包本身核验不成立：{wrong}不符", wrong=series(wrong)))
    return LogRead(found, entries[-1], mine, [*doubts, *against], said)


def zipped(file: Path) -> bool:
    """Return whether a file is there and begins as a zip does: a bundle or a workbook given in another's
    place.
    """
    if not file.is_file():
        return False
    with file.open("rb") as stream:
        return stream.read(4) == b"PK\3\4"
