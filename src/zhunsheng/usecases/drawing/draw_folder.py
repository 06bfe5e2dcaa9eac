"""A draw's folder: what it holds, that it holds together, and that its times follow one another."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

from zhunsheng.clock import told
from zhunsheng.draws.assignment import RegisteredInspector
from zhunsheng.draws.bundle import read_part
from zhunsheng.draws.plan import MOMENT, Plan
from zhunsheng.draws.reading import load, read_inspectors, read_plan
from zhunsheng.draws.slips import recorded
from zhunsheng.draws.spec import canonical
from zhunsheng.draws.verification import refuse_altered
from zhunsheng.errors import ZhunshengError
from zhunsheng.files.writing import write_whole
from zhunsheng.translation import series, worded

SLIPS = "slips.json"  # of a ceremony whose numbers are sealed first
ENTERED = (
    "entered.json"  # when the seed was entered; no part of the bundle, which is the same whenever it is made
)


@dataclass(frozen=True)
class InFolder:
    """What a draw's folder holds and what holds together: plan, commitment, the seed's record (empty before
    there is one).
    """

    plan: Plan
    committed: dict[str, Any]
    sealed: dict[str, Any]
    people: tuple[RegisteredInspector, ...] = ()

    @property
    def wanted(self) -> tuple[str, dict[str, Any]]:
        """The draw that follows: seed and quotas. Only of a folder that was read with its seed."""
        return self.sealed["seed"], self.committed["strata"]


def in_folder(
    folder: Path, seed: Literal["needed", "if there", "not asked"] = "needed", *, register: bool = False
) -> InFolder:
    """Return what a draw's folder holds, recomputed: the one way in for whatever draws, lists or tells of it.

    ``seed``: whether its record must be there, is checked where it is, or is not read. ``register``:
    the inspectors too. Raises ``ZS-DR-61`` naming the file that is not as it was committed,
    ``ZS-DR-62`` before the seed, ``ZS-DR-63`` where there is no commitment, and as ``read_part``,
    ``read_plan`` and ``read_inspectors``.
    """
    if missing := [name for name in ("commitment.json", "plan.json") if not (folder / name).is_file()]:
        raise ZhunshengError("ZS-DR-63", name=str(folder), missing=series(missing))
    plan, parts = read_plan(folder / "plan.json"), {"commitment.json": read_part(folder / "commitment.json")}
    if seed != "not asked" and (folder / "seed.json").is_file():
        parts["seed.json"] = read_part(folder / "seed.json")
    elif seed == "needed":
        raise ZhunshengError("ZS-DR-62", name=str(folder))
    people = read_inspectors(folder / "inspectors.json") if register else None
    refuse_altered(parts, plan, people)
    return InFolder(plan, parts["commitment.json"], parts.get("seed.json", {}), tuple(people or ()))


def entered(folder: Path) -> dict[str, str]:
    """Return what is kept of the entry, seed and moment; empty where nothing is.
    Raises ``ZS-DR-61`` for what was changed.
    """
    if not (folder / ENTERED).is_file():
        return {}
    try:
        found = load(folder / ENTERED)
    except ZhunshengError:  # no text, or no JSON
        found = None
    if (
        not isinstance(found, dict)
        or {*found} != {"seed", "entered_at"}
        or not isinstance(found["seed"], str)
        or not is_moment(found["entered_at"])
    ):
        raise ZhunshengError("ZS-DR-61", name=ENTERED, detail=worded("不是录入时写下的那样"))
    return found


def is_moment(said: Any) -> bool:
    """Return whether something is a moment as the records of a draw write it."""
    try:
        return (
            isinstance(said, str)
            and re.fullmatch(MOMENT, said) is not None
            and bool(datetime.fromisoformat(said))
        )
    except ValueError:  # a day that the calendar has not
        return False


def refuse_times(folder: Path, found: InFolder, now: datetime) -> None:
    """Raise ``ZS-DR-61`` unless the folder's times follow one another: commitment, slips, numbers known,
    entry, now.

    They are no part of a commitment, so a notice that told them could be dated as one likes.
    """
    slips, entry = slips_of(folder), entered(folder)
    if entry and entry["seed"] != found.sealed["seed"]:
        raise ZhunshengError("ZS-DR-61", name=ENTERED, detail=worded("它记的是另一个种子的录入"))
    opened = [value["sealed_at"] for value in found.sealed["values"] if "sealed_at" in value]
    if slips and opened != [slips["sealed_at"]]:
        raise ZhunshengError("ZS-DR-61", name=SLIPS, detail=worded("登记的时间与录入时的不同"))
    times = [("commitment.json", worded("承诺"), datetime.fromisoformat(found.committed["committed_at"]))]
    times += [(SLIPS, worded("登记封条"), datetime.fromisoformat(moment)) for moment in opened]
    times.append(("", worded("方案写的随机数公布"), found.plan.known_at))
    if entry:
        times.append((ENTERED, worded("录入"), datetime.fromisoformat(entry["entered_at"])))
    times.append(("", worded("现在"), now))
    for (first, before, earlier), (second, after, later) in pairwise(times):
        # Slips that are recorded when the numbers come out were not sealed before them.
        if later < earlier or (first == SLIPS and later == earlier):
            detail = worded(
                "{after}的时间 {later} 应晚于{before}的时间 {earlier}",
                after=after,
                later=told(later),
                before=before,
                earlier=told(earlier),
            )
            raise ZhunshengError("ZS-DR-61", name=second or first or "seed.json", detail=detail)


def slips_of(folder: Path) -> dict[str, Any] | None:
    """Return the record of a ceremony's sealed slips, None where none is kept. Raises ``ZS-DR-39`` for a
    broken one.
    """
    path = folder / SLIPS
    if not path.is_file():
        return None
    found = load(path)
    plan = read_plan(folder / "plan.json")
    try:
        same = found == recorded(plan, found["slips"], found["sealed_at"]) and is_moment(found["sealed_at"])
    except (LookupError, TypeError):
        same = False
    if not same:
        raise ZhunshengError("ZS-DR-39", detail=worded("{slips} 不是为这个方案登记的，或被改动", slips=SLIPS))
    return dict(found)


def write_canonical(path: Path, data: Any) -> None:
    """Write canonical JSON, so that the file's own SHA-256 is its digest."""
    write_whole(path, canonical(data))
