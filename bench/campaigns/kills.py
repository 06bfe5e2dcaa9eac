"""Processes killed at any moment: imports, undoing, draws, migrations, backups, restores. Each time what lies
there must be whole and either as before or as after, the same command must then come through, and nothing of
the killed one be left behind.
"""

from __future__ import annotations

import hashlib
import json
import math
import multiprocessing
import os
import random
import shutil
import sqlite3
import sys
import tarfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from campaigns.processes import NEVER, ROOT, Command, Ended, Moment, of_site, program, run, site, told

ROWS = 6_000  # of the file that is imported
TURNS = 20
ABOVE = 1.05  # of what the command takes: until then it is killed
CONTROLS = 1 / 20  # of the kills go by the command as a shell starts it
SHARES = {
    "import": 35,
    "undo": 25,
    "draw": 15,
    "store migration": 10,
    "site migration": 5,
    "backup": 5,
    "restore": 5,
}
_DERIVED = ("index.sqlite", ".lock", "format.json")  # of a store, beside what its records name


@dataclass
class Kind:
    """One command, on what it works (``make`` writes that to an empty folder), what it runs with, and what a
     ``look`` finds of it (``state`` is compared; ``wrong`` must be empty at any moment, ``left`` at the end).

    ``repeated`` are the codes of errors by which the command may say that it is done already.
    """

    make: Callable[[Path], None]
    work: Callable[[Path], Command]
    look: Callable[[Path], dict[str, Any]]
    variables: Callable[[Path], dict[str, str]] = lambda place: {}
    between: bool = (
        False  # made of steps, each of which is whole: what is between is neither before nor after
    )
    repeated: tuple[str, ...] = ()


@dataclass
class Tally:
    """What came of the kills of a kind."""

    kills: int = 0
    too_late: int = 0  # the command had ended before
    moments: Counter[str] = field(default_factory=Counter)  # by what; from the shell
    found: Counter[str] = field(default_factory=Counter)  # before, after, between
    faults: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Count another's kills among these."""
        self.kills += other.kills
        self.too_late += other.too_late
        self.moments += other.moments
        self.found += other.found
        self.faults += other.faults


# -- evidence stores
# ------------------------------------------------------------------------------------------------------------


def of_store(place: Path) -> dict[str, Any]:
    """Look at a store: its batches and rows; what does not hold; what no record names."""
    import duckdb

    from zhunsheng.evidence import Store

    root = place / "store"
    opened = Store(root)
    wrong = opened.verify()
    digest = hashlib.sha256()
    snapshot = opened.snapshot()
    for name in sorted(snapshot.files):
        if files := list(snapshot.files[name]):
            # What is a batch's number is not the rows'.
            for row in sorted(
                map(repr, duckdb.sql(f"SELECT * EXCLUDE (_batch) FROM read_parquet({files})").fetchall())
            ):
                digest.update(f"{name} {row}\n".encode())
    recorded = {name for batch in opened.batches() for name, _, _ in batch.files}
    paths = {p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file()}
    left = [p for p in paths - recorded if not p.startswith("batches/") and not p.startswith(_DERIVED)]
    state = [len(opened.batches()), digest.hexdigest()]
    return {
        "state": state,
        "wrong": wrong,
        "left": [p for p in left if "part-" not in p],
        "unread": len(left),
    }


def filled(place: Path) -> None:
    """Make a store of three batches and write a file to import, some of whose rows stand there already."""
    from zhunsheng.usecases.importing import import_ledger

    place.mkdir()
    wild = ROOT / "tests" / "wild"
    for name in ("16-A", "16-B", "02-voucher-week1"):
        import_ledger(
            place / "store", next(wild.glob(f"{name}*")), department="A1", label="甲局", agreed=True
        )
    rows = (f"T{n},举报,2021-03-{n % 28 + 1:02d},科室{n * 7919 % 1009}\n" for n in range(ROWS))
    (place / "a.csv").write_text("登记编号,类别,收到日期,承办科室\n" + "".join(rows), "utf8")


def landed_store(place: Path) -> None:
    """Unpack the store that the version that landed first left, which is kept by names."""
    place.mkdir()
    with tarfile.open(ROOT / "tests" / "landed" / "store.tar.gz") as tar:
        tar.extractall(place, filter="data")


# -- draws
# ------------------------------------------------------------------------------------------------------------
MADE = (
    "抽查包.zip",
    "verify.html",
    "公告.html",
    "公告.docx",
    "公告.json",
    "任务清单.xlsx",
    "任务清单.html",
    "检查记录表.docx",
)


def sealed_draw(place: Path) -> None:
    """Make a draw that is committed and sealed and waits to be run, from the sample's frame."""
    from zhunsheng.sample.draw import demo_draw
    from zhunsheng.sample.ledgers import write_ledgers
    from zhunsheng.usecases.importing import import_ledger

    place.mkdir()
    for path in write_ledgers(place / "ledgers", entities=3_000):
        if "市场主体" in path.name:
            import_ledger(place / "evidence", path, agreed=True)
    demo_draw(place / "draw", place / "evidence", 2021)
    for name in MADE:
        (place / "draw" / name).unlink(missing_ok=True)
    # What a run that nobody kills makes today: papers bear their day.
    shutil.copytree(place / "draw", place / "whole")
    if (done := run(drawn(place, "whole"), {})).code:
        raise SystemExit(done.said[-2000:])
    shutil.rmtree(place / "ledgers")


def drawn(place: Path, name: str = "draw") -> Command:
    """Return the command that draws."""
    return program("draw", "run", place / name, "--evidence", place / "evidence")


def of_draw(place: Path) -> dict[str, Any]:
    """Look at a draw: whether it is run, and whether the bundle holds; files that are not whole."""
    from zhunsheng.usecases.drawing.verifying import verify_bundle

    folder, whole = place / "draw", place / "whole"
    there = sorted(p.name for p in folder.iterdir())
    wrong, bundle = [], folder / "抽查包.zip"
    if bundle.is_file():
        checks = verify_bundle(bundle, folder / "frame.tsv", None)
        wrong = [f"{c.code}: {c.says}" for c in checks if c.holds is False]
        # Bytes that are made of nothing but the draw are the same, whenever it is run.
        same = ("公告.json", "verify.html", "任务清单.html", *(() if wrong else ("抽查包.zip",)))
        wrong += [
            n for n in same if (folder / n).exists() and (folder / n).read_bytes() != (whole / n).read_bytes()
        ]
    left = [n for n in there if n.endswith(".partial") or n.startswith("zhunsheng-")]
    return {"state": [n for n in there if n not in left], "wrong": wrong, "left": left}


# -- sites
# ------------------------------------------------------------------------------------------------------------


def landed_site(place: Path) -> None:
    """Unpack the data folder that the version that landed first left."""
    place.mkdir()
    with tarfile.open(ROOT / "tests" / "landed" / "site.tar.xz") as tar:
        tar.extractall(place / "site", filter="data")


def of_database(place: Path) -> dict[str, Any]:
    """Look at a site's database: the migrations that are done, the rows of each table, what SQLite says."""
    with sqlite3.connect(place / "site" / "zhunsheng.sqlite3") as base:
        wrong = [said for (said,) in base.execute("PRAGMA integrity_check") if said != "ok"]
        wrong += [f"a row without its record: {row}" for row in base.execute("PRAGMA foreign_key_check")]
        names = [n for (n,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1")]
        counts = {n: base.execute(f'SELECT count(*) FROM "{n}"').fetchone()[0] for n in names}
        done = sorted(map(list, base.execute("SELECT app, name FROM django_migrations")))
    return {"state": [done, counts], "wrong": wrong, "left": [n for n in names if n.startswith("new__")]}


def current_site(place: Path) -> None:
    """Make a site of today out of the landed one, sealed."""
    landed_site(place)
    for words in (("migrate", "-v0"), ("shell", "-v0", "-c", SEAL)):
        done = run(site(*words), of_site(place / "site"))
        if done.code:
            raise SystemExit(done.said[-2000:])
    (place / "backups").mkdir()


SEAL = "from zhunsheng.web.services import transparency; transparency.seal()"


def backed_up(place: Path) -> None:
    """Make a backup with its keys, and an empty data folder to restore it to."""
    current_site(place)
    done = run(site("backup", place / "backups" / "site.tar", "--with-keys"), of_site(place / "site"))
    if done.code:
        raise SystemExit(done.said[-2000:])
    shutil.rmtree(place / "site")


def of_backups(place: Path) -> dict[str, Any]:
    """Look at the backups: an archive that is there is whole."""
    folder = place / "backups"
    names = sorted(p.name for p in folder.iterdir())
    wrong = []
    for name in names:
        if name.endswith(".tar"):
            done = run(site("restore", folder / name, "--check"), of_site(place / "site"))
            wrong += [done.said[-500:]] if done.code else []
    left = [n for n in names if not n.endswith(".tar")]
    return {"state": [n for n in names if n not in left], "wrong": wrong, "left": left}


def of_restored(place: Path) -> dict[str, Any]:
    """Look at a data folder: whether a site is there, and whether all of it holds."""
    data = place / "site"
    there = sorted(p.name for p in data.iterdir()) if data.is_dir() else []
    wrong, state = [], "nothing"
    if (data / "zhunsheng.sqlite3").exists():
        state = "a site"
        done = run(site("check_audit"), of_site(data))
        wrong = [done.said[-500:]] if done.code else []
        wrong += told(_verified, data / "evidence")
    left = [n for n in there if n.startswith(".")]
    return {"state": state, "wrong": [] if left else wrong, "left": left}


def _verified(store: Path) -> list[str]:
    from zhunsheng.evidence import Store

    return Store(store).verify()


# -- the kinds
# ------------------------------------------------------------------------------------------------------------


def kinds() -> dict[str, Kind]:
    """Return what is killed, by name."""
    data = lambda place: of_site(place / "site")  # noqa: E731
    imported = lambda p: program(  # noqa: E731
        "ledger", "import", p / "a.csv", "--store", p / "store", "--department", "A1", "--yes"
    )
    undone = lambda p: program("ledger", "undo", "1", "--store", p / "store")  # noqa: E731
    moved = lambda p: program("ledger", "migrate", "--store", p / "store")  # noqa: E731
    saved = lambda p: site("backup", p / "backups" / "site.tar", "--with-keys")  # noqa: E731
    back = lambda p: site("restore", p / "backups" / "site.tar")  # noqa: E731
    return {
        "import": Kind(filled, imported, of_store),
        "undo": Kind(filled, undone, of_store, repeated=("ZS-EV-12",)),
        "draw": Kind(sealed_draw, drawn, of_draw, between=True),
        "store migration": Kind(landed_store, moved, of_store, between=True),
        "site migration": Kind(
            landed_site, lambda p: site("migrate", "-v0"), of_database, data, between=True
        ),
        "backup": Kind(current_site, saved, of_backups, data),
        "restore": Kind(backed_up, back, of_restored, data, repeated=("ZS-WB-95",)),
    }


# -- killing
# ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Span:
    """What a command takes when nobody kills it: seconds, writes to files, changes to folders."""

    seconds: float
    writes: int
    changes: int


@dataclass(frozen=True)
class Course:
    """The kills of a kind: where its like lies, how it is before and after, what the command takes, in a
    process that has the libraries loaded and (``True``) from the shell.
    """

    name: str
    template: Path
    before: Any
    after: Any
    spans: dict[bool, Span]


@dataclass(frozen=True)
class Piece:
    """Some of the kills of a course: as many as that, from a seed, in a folder of their own."""

    course: Course
    kills: int
    seed: str
    work: Path


def killed(piece: Piece) -> tuple[str, Tally]:
    """Kill the command as often as the piece says; return its kind's name and what came of it."""
    kind, course, draw = kinds()[piece.course.name], piece.course, random.Random(piece.seed)
    tally, place = Tally(), piece.work / "place"
    piece.work.mkdir(parents=True)
    while tally.kills < piece.kills and tally.too_late < 2 * piece.kills + 20:
        shutil.copytree(course.template, place)
        real = draw.random() < CONTROLS
        by = draw.choice(("clock", "writes") if real else ("clock", "writes", "changes"))
        # Half of them late, where what was made is put in its place.
        share = draw.choice((draw.uniform(0, ABOVE), draw.uniform(0.6, ABOVE)))
        span = course.spans[real]
        moment = {
            "clock": Moment(span.seconds * share),
            "writes": Moment(writes=span.writes * share),
            "changes": Moment(change=math.ceil(span.changes * share / ABOVE)),
        }[by]
        first = _ran(kind, place, piece.work, moment, real=real)
        if first.code >= 0:
            tally.too_late += 1
            if first.code:
                tally.faults.append(f"ended with {first.code} before it was killed: {first.said[-300:]}")
        else:
            tally.kills += 1
            tally.moments[by] += 1
            tally.moments["shell"] += real
            if fault := _after_kill(kind, place, piece.work, course, tally):
                when = f"{first.seconds:.3f} s, {first.writes} writes, {first.changes} changes, by {by}"
                tally.faults.append(f"{piece.seed} kill {tally.kills} after {when}: {fault}")
        shutil.rmtree(place)
        shutil.rmtree(piece.work / "scratch", ignore_errors=True)
    shutil.rmtree(piece.work)
    return course.name, tally


def course(name: str, work: Path) -> Course:
    """Make what is worked on, and see that the command itself comes through."""
    work.mkdir(parents=True)
    kind, template, first = kinds()[name], work / "template", work / "first"
    done = run(lambda: kind.make(template), {})
    if done.code:
        raise RuntimeError(done.said[-3000:])
    spans, after = {}, None
    for real in (False, True):
        shutil.copytree(template, first)
        before, _, _ = _looked(kind, first)
        whole = _ran(kind, first, work, real=real)
        if whole.code:
            raise RuntimeError(whole.said[-3000:])
        spans[real] = Span(whole.seconds, whole.writes, whole.changes)
        found, wrong, left = _looked(kind, first)
        if before == found or wrong or left or after not in (None, found):
            raise RuntimeError(f"{name}: the command itself does not hold: {before} {found} {wrong} {left}")
        after = found
        shutil.rmtree(first)
        shutil.rmtree(work / "scratch")
    return Course(name, template, before, after, spans)


def _ran(kind: Kind, place: Path, work: Path, moment: Moment = NEVER, *, real: bool = False) -> Ended:
    scratch = work / "scratch"
    scratch.mkdir(exist_ok=True)
    command = kind.work(place)
    variables = kind.variables(place) | {"TMPDIR": str(scratch)}
    return run(command.really if real else command, variables, moment)


def _looked(kind: Kind, place: Path) -> tuple[Any, list[str], list[str]]:
    found = told(lambda: kind.look(place))
    return found["state"], found["wrong"], found["left"]


def _after_kill(kind: Kind, place: Path, work: Path, course: Course, tally: Tally) -> str:
    """Return what does not hold after a kill and after the next run; count what was found."""
    try:
        state, wrong, _left = _looked(kind, place)
    except AssertionError as error:
        return f"can't be looked at: {str(error)[-500:]}"
    end = "before" if state == course.before else "after" if state == course.after else "between"
    tally.found[end] += 1
    if wrong:
        return f"({end}) does not hold: {wrong[:3]}"
    if end == "between" and not kind.between:
        return f"neither before nor after: {str(state)[:300]}"
    for path in (work / "scratch").glob(".zhunsheng-*"):
        os.utime(path, (0, 0))  # one that had no name yet: the next run may come an hour later
    again = _ran(kind, place, work)
    if again.code and not (end == "after" and any(f"[{code}]" in again.said for code in kind.repeated)):
        return f"({end}) the next run ended with {again.code}: {again.said[-400:]}"
    try:
        state, wrong, left = _looked(kind, place)
    except AssertionError as error:
        return f"can't be looked at after the next run: {str(error)[-500:]}"
    # By which Python tries whether it may write there, and which it would have taken away at once.
    probes = [p for p in (work / "scratch").iterdir() if p.is_file() and p.read_bytes() in (b"", b"blat")]
    left += [p.name for p in (work / "scratch").iterdir() if p not in probes]
    if state != course.after or wrong or left:
        same = "" if state == course.after else _differing(course.after, state)
        return f"({end}) after the next run: {same} wrong {wrong[:3]}, left {left[:5]}"
    return ""


def _differing(one: Any, other: Any) -> str:
    """Return where two states differ first."""
    one, other = json.dumps(one, ensure_ascii=False), json.dumps(other, ensure_ascii=False)
    at = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), 0)
    return f"not as after: {one[max(0, at - 80) : at + 80]} | {other[max(0, at - 80) : at + 80]}"


def main(count: int, seed: int, only: list[str], work: Path, keep: Callable[[dict[str, Any]], None]) -> bool:
    """Kill ``count`` times, shared among the kinds, piece by piece, as many at once as there are cores;
    ``keep`` what came of it after each piece. Return whether all of it held.
    """
    shares = {name: share for name, share in SHARES.items() if not only or name in only}
    whole, tallies = sum(shares.values()), {name: Tally() for name in shares}
    with multiprocessing.get_context("fork").Pool(os.cpu_count()) as pool:
        courses = pool.starmap(course, [(name, work / name.replace(" ", "-")) for name in shares], 1)
        pieces = [
            Piece(
                one,
                count * share * (turn + 1) // (whole * TURNS) - count * share * turn // (whole * TURNS),
                f"{seed}-{one.name}-{turn}",
                work / f"{one.name.replace(' ', '-')}-{turn}",
            )
            for turn in range(TURNS)
            for one, share in zip(courses, shares.values(), strict=True)
        ]
        for name, found in pool.imap_unordered(killed, [piece for piece in pieces if piece.kills]):
            tallies[name].add(found)
            for fault in found.faults:
                print(f"    {name}: {fault}", file=sys.stderr, flush=True)
            keep({one: shown(tally) for one, tally in tallies.items()})
    return not any(tally.faults for tally in tallies.values())


def shown(tally: Tally) -> dict[str, Any]:
    """Return what came of the kills of a kind."""
    ends = {end: tally.found[end] for end in ("before", "after", "between")}
    moments = {by: tally.moments[by] for by in ("clock", "writes", "changes", "shell")}
    return {"kills": tally.kills, **moments, "ended before": tally.too_late, **ends, "faults": tally.faults}
