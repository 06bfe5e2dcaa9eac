"""The use cases of one entity's own proof: what it is told of a draw in a folder, its proof,
and a proof's check.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from zhunsheng.draws.bundle import part_of, read_bundle, read_members
from zhunsheng.draws.bundle_rules import LIMITS
from zhunsheng.draws.own_proof import (
    MOST,
    WAITING,
    Hat,
    OwnProof,
    Standing,
    check_proof,
    read_proof,
    standing,
    writings,
)
from zhunsheng.draws.spec import ID
from zhunsheng.draws.verification import Check, published_check, verify
from zhunsheng.errors import ZhunshengError
from zhunsheng.files.writing import write_whole
from zhunsheng.translation import series, worded
from zhunsheng.usecases.drawing.draw_folder import in_folder
from zhunsheng.usecases.drawing.frames import KEPT
from zhunsheng.usecases.drawing.running import BUNDLE


@dataclass(frozen=True)
class Own:
    """What an entity of a draw is told: the stratum in which it is, None where it is not in the frame;
    where it stands.
    """

    entity: str
    stratum: str | None
    standing: Standing = WAITING

    def says(self) -> str:
        """Return it in words."""
        if self.stratum is None:
            return worded("不在这次抽查的名录库中")
        return worded(
            "在名录库中，属于“{stratum}”层；{says}", stratum=self.stratum, says=self.standing.says()
        )


def own_of(folder: Path, typed: str, *, drawn: bool = True) -> Own:
    """Return where an entity stands in the draw of a folder; ``drawn`` False tells of the frame alone,
    as before the draw.

    ``typed``: its code as a person writes it. Little is read: the frame is not.
    Raises ``ZS-DR-08`` where the frame's text is not the committed one, ``ZS-IN-01``.
    """
    hat = _hat(folder)
    entity = hat.entity(typed)
    stratum = hat.stratum(entity)
    bundle = folder / BUNDLE
    if stratum is None or not drawn or not bundle.is_file():
        return Own(entity, stratum)
    seed, rows, strata = _drawn_of(folder, _as_they_lie(folder, *_BOUND, BUNDLE))
    return Own(entity, stratum, standing(entity, stratum, seed, rows, strata[stratum]))


def own_proof(folder: Path, typed: str) -> OwnProof | None:
    """Return an entity's own proof, None where it is not in the frame. Raises as ``own_of``,
    ``ZS-DR-50`` for ``draw/1``.
    """
    hat = _hat(folder)
    return hat.proof(hat.entity(typed))


_BOUND = ("plan.json", "commitment.json", "seed.json")


def _as_they_lie(folder: Path, *names: str) -> tuple[tuple[int, int], ...]:
    """Return what tells whether files are still those that were read: when they changed,
    and how long they are.
    """
    found = [(folder / name).stat() if (folder / name).is_file() else None for name in names]
    return tuple((one.st_mtime_ns, one.st_size) if one else (0, 0) for one in found)


def _hat(folder: Path) -> Hat:
    return _hat_of(folder, _as_they_lie(folder, *_BOUND, "frame.tsv"))


@lru_cache(
    maxsize=4
)  # the nodes of a tree, half a byte an entity, are not read and compared anew for each who asks
def _hat_of(folder: Path, _read: tuple[tuple[int, int], ...]) -> Hat:
    return Hat(folder / "frame.tsv", folder / KEPT, in_folder(folder, "if there").committed)


@lru_cache(maxsize=4)
def _drawn_of(
    folder: Path, _read: tuple[tuple[int, int], ...]
) -> tuple[str, list[dict[str, Any]], dict[str, Any]]:
    """Return seed, drawn and strata of a folder's bundle. Raises ``ZS-DR-61`` where it is another
    commitment's or seed's.
    """
    found = in_folder(folder)
    parts = read_members(folder / BUNDLE, ("commitment.json", "seed.json", "drawn.json"))
    if (parts["commitment.json"], parts["seed.json"]) != (found.committed, found.sealed):
        raise ZhunshengError("ZS-DR-61", name=BUNDLE, detail=worded("它是另一份承诺或另一个种子的"))
    return found.wanted[0], parts["drawn.json"], found.committed["strata"]


def write_proofs(folder: Path, entities: Sequence[str], out: Path) -> list[tuple[Own, Path | None]]:
    """Write each entity's own proof to ``out``; return where it stands, and its file (none for who is not in
    the frame).

    Raises ``ZS-DR-74`` before anything is written for what can be no code, and as ``own_proof``.
    """
    # "Not in the frame" is a grave answer, and not one to a name.
    if strange := [typed for typed in entities if not ID.fullmatch(writings(typed)[0])]:
        raise ZhunshengError("ZS-DR-74", typed=series(f"“{typed[:40]}”" for typed in strange[:5]))
    told: list[tuple[Own, Path | None]] = []
    for typed in dict.fromkeys(entities):
        proof, path = own_proof(folder, typed), None
        if proof:
            path = out / proof.file_name()
            out.mkdir(parents=True, exist_ok=True)
            write_whole(path, proof.raw())
        told.append((own_of(folder, typed), path))
    return told


def check_own(file: Path, against: Path, expected: str | None = None) -> tuple[OwnProof, list[Check]]:
    """Check an entity's own proof against a bundle, or a commitment.json before there is one;
    the bundle is checked too.

    Raises ``ZS-IN-01``, ``ZS-DR-49`` for a file that is no proof, and as ``read_bundle`` and ``read_part``.
    """
    if not file.is_file():
        raise ZhunshengError("ZS-IN-01", name=str(file))
    with file.open("rb") as stream:
        proof = read_proof(stream.read(MOST + 1), file.name)
    if against.suffix == ".json":
        parts = {"commitment.json": _commitment_in(against)}
        found = [published_check(parts, expected)]
    else:
        parts = read_bundle(against)
        found = verify(parts, None, expected)
    return proof, [*found, *check_proof(proof, parts)]


def _commitment_in(path: Path) -> Any:
    """Return the commitment in a file of any name. Raises ``ZS-IN-01``, ``ZS-DR-08`` for another file,
    ``ZS-DR-22``.
    """
    if not path.is_file():
        raise ZhunshengError("ZS-IN-01", name=str(path))
    with path.open("rb") as stream:
        raw = stream.read(LIMITS["commitment.json"][0] + 1)
    if (other := re.search(rb'"format":"([a-z./0-9-]{1,80})"', raw)) and not other[1].endswith(
        b"/commitment"
    ):
        detail = worded("它不是承诺（commitment.json）：写的是 {found}", found=other[1].decode())
        raise ZhunshengError("ZS-DR-08", name=path.name, detail=detail)
    return part_of("commitment.json", raw, path.name)
