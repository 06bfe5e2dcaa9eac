"""A million values and a hundred thousand documents and bundles, spoiled, for every reader: by numbers of
inputs what ``bench/fuzz.py`` does by time.
"""

from __future__ import annotations

import json
import random
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import fuzz
from spoiling import spoiled_data, spoiled_zip

HOUR = 3600.0
PIECE = 2_000  # inputs read by one process


def bundles(work: Path) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Return what makes a spoiled bundle of a draw, by its zip or by the data in it, and what verifies it."""
    import zipfile

    from zhunsheng.draws.bundle import read_bundle
    from zhunsheng.draws.verification import verify
    from zhunsheng.usecases.drawing.verifying import verify_bundle

    place = fuzz.ROOT / "docs" / "draw-bundles"
    cases = json.loads((place / "cases.json").read_text("utf8"))
    sound = [place / one["bundle"] for one in cases if "refused" not in one]

    def make(draw: random.Random) -> tuple[str, Any]:
        path = draw.choice(sound)
        if draw.random() < 0.5:
            return "zip", spoiled_zip(path.read_bytes(), draw)
        with zipfile.ZipFile(path) as archive:
            parts = {n: json.loads(archive.read(n)) for n in archive.namelist() if n.endswith(".json")}
        name = draw.choice(sorted(parts))
        return "parts", parts | {name: spoiled_data(parts[name], draw)}

    def read(said: tuple[str, Any]) -> None:
        kind, what = said
        if kind == "parts":
            (path := work / "parts.zip").unlink(missing_ok=True)
            with zipfile.ZipFile(path, "w") as archive:
                for name, data in what.items():
                    archive.writestr(name, json.dumps(data, ensure_ascii=False))
            verify(read_bundle(path))
            return
        (path := work / "bundle.zip").write_bytes(what)
        checks = verify_bundle(path, None, None)
        assert all(c.holds in (True, False, None) for c in checks)

    return make, read


def kinds(work: Path) -> Iterator[tuple[str, Callable[..., Any], Callable[..., Any]]]:
    """Yield what is read: name, what makes an input, what reads it."""
    readers = fuzz.Readers(work)
    yield from ((name, make, read) for name, make, read in readers.kinds() if name in fuzz.DOCUMENTS)
    yield ("bundle", *bundles(work))


def main(values: int, documents: int, seed: int, work: Path, keep: Callable[[dict[str, Any]], None]) -> bool:
    """Read that many values, and documents of all kinds and bundles in equal parts; ``keep`` what came of it
    after each round. Return whether all of it held.
    """
    warnings.simplefilter("ignore")  # of zipfile, for the names doubled on purpose
    known = list(kinds(work))
    each = -(-documents // (len(known) - 1))
    tallies = {name: fuzz.Tally() for name, _make, _read in known}
    # All kinds grow together: what is broken off has read something of each.
    while any(_read_so_far(tallies[name]) < (values if name == "value" else each) for name, _, _ in known):
        for name, make, read in known:
            wanted = values if name == "value" else each
            last = min(wanted, _read_so_far(tallies[name]) + PIECE * (20 if name == "value" else 1) // 4)
            before = len(tallies[name].failures)
            fuzz.turn(tallies[name], seed, name, make, read, HOUR, last)
            for what, n in list(tallies[name].failures.items())[before:]:
                print(f"    {name}:{n} {what}", file=sys.stderr, flush=True)
        keep(shown(tallies))
    return not any(t.failures for t in tallies.values())


def _read_so_far(tally: fuzz.Tally) -> int:
    return sum(tally.ends.values()) - tally.ends["over"]


def shown(tallies: dict[str, fuzz.Tally]) -> dict[str, Any]:
    """Return what each kind came to."""
    return {
        name: {
            "inputs": _read_so_far(t),
            **{end: t.ends[end] for end in ("read", "refused", "crashed", "hung", "over")},
            "seconds": round(t.seconds),
            "slowest": round(t.slowest, 2),
            "mib": round(t.mib),
            "failures": t.failures,
        }
        for name, t in tallies.items()
    }
