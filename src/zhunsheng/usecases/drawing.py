"""The use cases of a draw: commit a plan, seal two entries, draw, verify, results;
what is public is written to a folder.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib.resources import files
from itertools import chain, pairwise
from pathlib import Path
from typing import Any, Literal

import duckdb

from zhunsheng.clock import now as clock_now
from zhunsheng.clock import today, told
from zhunsheng.draws.assignment import Inspector, districts_of, register_json
from zhunsheng.draws.bundle import read_bundle, read_part
from zhunsheng.draws.drawing import DrawEngine, draw, wanted_of, write_list
from zhunsheng.draws.engines import Kind, connected
from zhunsheng.draws.frame import (
    BATCH,
    LEDGER,
    Frame,
    frame_from_file,
    frame_of_source,
    open_database,
    source_of_file,
    source_of_ledger,
)
from zhunsheng.draws.lookalikes import refuse_inspectors, refuse_sources, refuse_words
from zhunsheng.draws.merkle import compiles, kept
from zhunsheng.draws.plan import MOMENT, Plan
from zhunsheng.draws.protocol import (
    ASSIGN,
    DrawOutcome,
    commitment,
    commitment_digest,
    fits_a_bundle,
    perform,
    refuse_too_large,
    seal,
    write_bundle,
    write_frame,
)
from zhunsheng.draws.public_log import Entry, Held, backwards, concluded, held, read_log, told_of
from zhunsheng.draws.reading import load, read_inspectors, read_plan
from zhunsheng.draws.results import InspectionResult, check_results
from zhunsheng.draws.slips import record as slip_record
from zhunsheng.draws.slips import record_digest, recorded
from zhunsheng.draws.spec import canonical, version_of
from zhunsheng.draws.staffing import recusals, refuse_unstaffed
from zhunsheng.draws.verification import Check, refuse_altered, verify
from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence import Store, ledger_of
from zhunsheng.faults import written
from zhunsheng.files.writing import TextBook, whole_file, write_whole
from zhunsheng.text import csv_text
from zhunsheng.translation import series, worded

SLIPS = "slips.json"  # of a ceremony whose numbers are sealed first
ENTERED = (
    "entered.json"  # when the seed was entered; no part of the bundle, which is the same whenever it is made
)
BUNDLE = "抽查包.zip"
# beside frame.tsv, of large frames: the tree's nodes, so that proofs need no second hashing
KEPT = "frame.tree.parquet"
MAX_CHECK_FORMS = 200  # check forms written to Word at once


@dataclass(frozen=True)
class FrameSource:
    """What a frame is made from: a file as it is, or the ``entities`` ledger of the ``evidence`` as of a day
    (None: today).

    ``where`` (a condition) and ``department`` (a code) narrow the ledger.
    """

    file: Path | None = None
    evidence: Path | None = None
    on: date | None = None
    where: str | None = None
    department: str | None = None

    def view(self, connection: duckdb.DuckDBPyConnection) -> tuple[list[str], str]:
        """Make the view ``source`` of it; return its columns and what a refusal calls it.
        Raises ``ZS-CL-01``, ``ZS-DR-*``.
        """
        if self.file is not None:
            if self.evidence or self.on or self.where:
                raise ZhunshengError(
                    "ZS-CL-01",
                    detail=worded(
                        "--evidence、--on 和 --where 不能与 --frame 同用：名录库文件是什么样就按什么"
                        "样抽，请先在文件里筛好"
                    ),
                )
            return source_of_file(self.file, connection), self.file.name
        if self.evidence is None:
            raise ZhunshengError("ZS-CL-01", detail=worded("请用 --frame 或 --evidence 指明名录库"))
        snapshot = Store.existing(self.evidence).snapshot()
        return source_of_ledger(snapshot, self.on or today(), connection, self.where, self.department), LEDGER


def commit_plan(  # noqa: PLR0913 - what is committed, and three options by their names
    plan: Plan,
    people: Sequence[Inspector],
    out: Path,
    source: FrameSource,
    *,
    now: datetime | None = None,
    memory_limit: str | None = None,
    bundled: bool = False,
) -> tuple[dict[str, Any], str]:
    """Write plan.json, inspectors.json, frame.tsv and commitment.json to ``out``;
    return the commitment and its digest.

    ``bundled``: refuse what one bundle can't carry, where nothing else is made of a draw. Raises ``ZS-DR-*``.
    """
    refuse_sources(plan)
    refuse_words(plan)
    with tempfile.TemporaryDirectory(prefix="zhunsheng-") as scratch:
        connection = open_database(memory_limit, Path(scratch))
        built = _new_frame(connection, plan, *source.view(connection), Path(scratch))
        refuse_inspectors(people, districts_of(plan, built.sizes))
        committed = commitment(plan, built, list(people), now or clock_now())
        if bundled:
            refuse_too_large(plan, committed["strata"])
        refuse_unstaffed(plan, committed["strata"], people, built.strata_of([*recusals(people)]))
        out.mkdir(parents=True, exist_ok=True)
        write_frame(built, out / "frame.tsv")
        (out / KEPT).unlink(missing_ok=True)
        built.keep(out / KEPT)
        connection.close()
    _write(out / "plan.json", plan.as_json())
    _write(out / "inspectors.json", register_json(list(people)))
    _write(out / "commitment.json", committed)
    return committed, commitment_digest(committed)


@dataclass(frozen=True)
class InFolder:
    """What a draw's folder holds and what holds together: plan, commitment, the seed's record (empty before
    there is one).
    """

    plan: Plan
    committed: dict[str, Any]
    sealed: dict[str, Any]
    people: tuple[Inspector, ...] = ()

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


def seal_entries(
    folder: Path, first: dict[str, Any], second: dict[str, Any], now: datetime | None = None
) -> dict[str, Any]:
    """Check two people's entries (``by``, ``values``) and write seed.json, once,
    and not before the numbers are known.

    Raises ``ZS-DR-04``, ``ZS-DR-05``, ``ZS-DR-35``, ``ZS-DR-36``; ``ZS-DR-38`` where the draw has another
    seed.
    """
    found = in_folder(folder, "not asked")
    when = now or clock_now()
    sealed = seal(found.plan, found.committed, first, second, slips_of(folder), when)
    kept = folder / "seed.json"
    known = [
        record["seed"] for record in (_entered(folder), read_part(kept) if kept.is_file() else {}) if record
    ]
    # Of one commitment there is one seed, or whoever enters could try until the result pleases.
    if any(seed != sealed["seed"] for seed in known):
        raise ZhunshengError("ZS-DR-38")
    if not known:
        _write(
            folder / ENTERED,
            {"seed": sealed["seed"], "entered_at": when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")},
        )
    _write(kept, sealed)
    return sealed


def _entered(folder: Path) -> dict[str, str]:
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
        or not _is_moment(found["entered_at"])
    ):
        raise ZhunshengError("ZS-DR-61", name=ENTERED, detail=worded("不是录入时写下的那样"))
    return found


def _is_moment(said: Any) -> bool:
    try:
        return (
            isinstance(said, str)
            and re.fullmatch(MOMENT, said) is not None
            and bool(datetime.fromisoformat(said))
        )
    except ValueError:  # a day that the calendar has not
        return False


def _refuse_times(folder: Path, found: InFolder, now: datetime) -> None:
    """Raise ``ZS-DR-61`` unless the folder's times follow one another: commitment, slips, numbers known,
    entry, now.

    They are no part of a commitment, so a notice that told them could be dated as one likes.
    """
    slips, entry = slips_of(folder), _entered(folder)
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
        same = found == recorded(plan, found["slips"], found["sealed_at"]) and _is_moment(found["sealed_at"])
    except (LookupError, TypeError):
        same = False
    if not same:
        raise ZhunshengError("ZS-DR-39", detail=worded("{slips} 不是为这个方案登记的，或被改动", slips=SLIPS))
    return dict(found)


def record_slips(
    folder: Path, slips: Sequence[str], now: datetime | None = None
) -> tuple[dict[str, Any], str]:
    """Write the record of the slips that the speakers handed in, once; return it and the digest to show
    before opening.

    Raises ``ZS-DR-37`` where slips are recorded already, ``ZS-DR-38`` where the seed is known, ``ZS-DR-39``.
    """
    kept = slips_of(folder)
    if kept is not None:
        raise ZhunshengError("ZS-DR-37", sealed_at=told(kept["sealed_at"]))
    if (folder / "seed.json").is_file():
        raise ZhunshengError("ZS-DR-38")
    made = slip_record(in_folder(folder, "not asked").plan, slips, now or clock_now())
    _write(folder / SLIPS, made)
    return made, record_digest(made)


@dataclass(frozen=True)
class Where:
    """Where a draw is computed: an engine, its address, and of PostgreSQL a table that already holds the
    frame.
    """

    kind: Kind = "duckdb"
    url: str | None = None
    table: str | None = None


HERE = Where()


@contextmanager
def _engine(where: Where, frame: Frame, text: Path) -> Iterator[DrawEngine]:
    """Give the engine that was chosen, with the frame, whose published text is given.
    Raises as ``engines.connected``.
    """
    if where.kind == "duckdb":
        yield frame.engine()
        return
    with connected(where.kind, where.url, text, frame.digest, where.table) as engine:
        yield engine


def run_draw(  # noqa: PLR0913 - options, by their names
    folder: Path,
    evidence: Path | None = None,
    memory_limit: str | None = None,
    *,
    where: Where = HERE,
    tasks: bool = True,
    told: Callable[[str], None] = lambda words: None,
    now: datetime | None = None,
    stamped: str = "",
) -> DrawOutcome:
    """Draw, assign and write the bundle, notice and tasks to ``folder``; ``evidence`` gives the tasks their
    objects' names.

    ``tasks`` False: no task lists and no check forms. ``told`` gets notes for people;
    ``now`` is the notice's time of the draw, ``stamped`` what it says of time-stamps. Raises ``ZS-DR-06``,
    ``ZS-DR-08``, ``ZS-EV-04``, and as ``engines.connected``.
    """
    found, drawn_at = in_folder(folder, register=True), now or clock_now()
    _refuse_times(folder, found, drawn_at)
    with tempfile.TemporaryDirectory(prefix="zhunsheng-") as scratch:
        connection = open_database(memory_limit, Path(scratch))
        root = found.committed["frame"]["root"]
        frame = _with_kept_tree(folder, found.plan, connection, found.wanted, root, told)
        with _engine(where, frame, folder / "frame.tsv") as engine:
            outcome = perform(found.plan, found.committed, found.sealed, frame, found.people, engine)
        connection.close()
    write_bundle(outcome, folder / BUNDLE)
    shutil.copyfile(str(files("zhunsheng.draws") / "verify.html"), folder / "verify.html")
    write_notice(outcome, folder, _recorded(folder, outcome, drawn_at), stamped)
    _write(
        folder / "公告.json",
        {
            k: v
            for k, v in outcome.parts().items()
            if k in ("plan.json", "commitment.json", "seed.json", "drawn.json", "assignment.json")
        },
    )
    if tasks:
        _write_tasks(
            outcome, folder, entity_names(evidence, [d.id for d in outcome.drawn]) if evidence else {}
        )
    return outcome


def write_notice(
    outcome: DrawOutcome, folder: Path, happened: Sequence[tuple[datetime, str]], stamped: str = ""
) -> None:
    """Write the notice, as a page and for Word: ``happened`` and ``stamped`` as in ``notice_form``."""
    # Word's library takes a second that lists and verifications need not wait for.
    from zhunsheng.reports.docx import write_forms
    from zhunsheng.reports.draw_forms import notice_form, page_of

    notice = notice_form(outcome, happened, stamped)
    write_whole(folder / "公告.html", page_of([notice]))
    write_forms([notice], folder / "公告.docx")


def _recorded(folder: Path, outcome: DrawOutcome, drawn: datetime) -> list[tuple[datetime, str]]:
    """Return what the folder holds of a draw's events: where it was published only who published it knows."""
    found = [
        (
            datetime.fromisoformat(outcome.committed["committed_at"]),
            "作出承诺（何时公布以公布的承诺记录为准）",
        )
    ]
    if slips := slips_of(folder):
        found.append((datetime.fromisoformat(slips["sealed_at"]), "登记封条"))
    if entry := _entered(folder):
        found.append((datetime.fromisoformat(entry["entered_at"]), "两人录入一致，种子已定"))
    return [*found, (drawn, "抽取并分派")]


def list_draw(folder: Path, out: Path, memory_limit: str | None = None, *, where: Where = HERE) -> int:
    """Write the drawn of a very large draw to a Parquet file, or by its name a csv or workbook;
    return how many.

    A draw that fits a bundle is listed only where it can be run, so its teams are tried.
    Raises ``ZS-DR-08`` when the frame is not the committed one, ``ZS-DR-68`` for more than a worksheet holds,
    ``ZS-DR-06``, ``ZS-DR-61``, and as ``engines.connected``.
    """
    found = in_folder(folder, register=True)
    _refuse_times(folder, found, clock_now())
    plan, committed, wanted = found.plan, found.committed, found.wanted
    with tempfile.TemporaryDirectory(prefix="zhunsheng-") as scratch:
        connection = open_database(memory_limit, Path(scratch))
        frame = _published_frame(folder / "frame.tsv", plan, connection, wanted, tree=False)
        if frame.digest != committed["frame"]["digest"]:
            raise ZhunshengError("ZS-DR-08", name="frame.tsv", detail=worded("名录库与承诺的不是同一份"))
        kind = out.suffix.lower()
        if kind == ".xlsx" and (count := wanted_of(wanted[1])) >= MOST_ROWS:
            raise ZhunshengError("ZS-DR-68", count=count, most=MOST_ROWS - 1)
        as_text = kind in (".csv", ".xlsx")
        fits = fits_a_bundle(plan, wanted[1])
        listed = Path(scratch) / "listed.parquet" if as_text or fits else out
        if where.kind == "duckdb":
            count = frame.write_drawn(*wanted, listed)
        else:
            with _engine(where, frame, folder / "frame.tsv") as engine:
                count = write_list(draw(engine, *wanted), listed)
        if fits:
            rows = connection.execute(
                "SELECT ticket, id, stratum, place FROM read_parquet(?)", [str(listed)]
            ).fetchall()
            objects = [
                (mark, entity, stratum)
                for mark, entity, stratum, place in rows
                if place <= wanted[1][stratum]["quota"]
            ]
            ASSIGN[version_of(committed)](plan, objects, found.people, wanted[0])
        if fits and not as_text:
            with whole_file(out) as partial:
                shutil.copyfile(listed, partial)
        if as_text:
            in_order = connection.execute(
                "SELECT stratum, place, id, ticket FROM read_parquet(?)", [str(listed)]
            )
            (_write_sheet if kind == ".xlsx" else _write_csv)(in_order, out)
        connection.close()
    return count


MOST_ROWS = 2**20  # of a worksheet
LISTED = ("分层", "名次", "编号", "号码")


def _write_csv(rows: duckdb.DuckDBPyConnection, out: Path) -> None:
    """Write a list of the drawn as a csv, in its order. Excel takes long ids for numbers and
    shows them cut.
    """
    with whole_file(out) as partial, partial.open("w", encoding="utf-8-sig", newline="") as stream:
        stream.write(csv_text([LISTED]))
        while piece := rows.fetchmany(BATCH):
            stream.write(csv_text(piece))


def _write_sheet(rows: duckdb.DuckDBPyConnection, out: Path) -> None:
    """Write a list of the drawn as a workbook in which ids stay text, row by row."""
    with whole_file(out) as partial, TextBook(partial, constant_memory=True) as book:
        sheet = book.sheet("抽中名单")
        for column, width in enumerate((24, 8, 24, 70)):
            sheet.set_column(column, column, width)
        sheet.freeze_panes(1, 0)
        for column, title in enumerate(LISTED):
            book.text(sheet, 0, column, title)
        each = chain.from_iterable(iter(lambda: rows.fetchmany(BATCH), []))
        for n, (stratum, place, entity, ticket) in enumerate(each, start=1):
            book.text(sheet, n, 0, stratum)
            sheet.write_number(n, 1, place)
            book.text(sheet, n, 2, entity)
            book.text(sheet, n, 3, ticket)


COMPILED_FROM = 4 * 2**20  # bytes of a frame's text from which the start of compiled code is worth it
_Wanted = tuple[str, Mapping[str, Mapping[str, int]]]


def _new_frame(
    connection: duckdb.DuckDBPyConnection, plan: Plan, names: list[str], source: str, scratch: Path
) -> Frame:
    """Return the frame of the view ``source``: by compiled code where there is some and much to do,
    else by SQL.
    """
    if compiles() and _large(connection):
        from zhunsheng.draws import texts

        if found := texts.new_frame(connection, plan, names, source, scratch / "frame.tsv"):
            return found
    return frame_of_source(connection, plan, names, source)


def _large(connection: duckdb.DuckDBPyConnection) -> bool:
    """Return whether the view ``source`` has so many rows that their text is large (a line is
    some 25 bytes).
    """
    rows = f"SELECT count(*) FROM (SELECT 1 FROM source LIMIT {COMPILED_FROM // 25 + 1})"
    try:
        ((count,),) = connection.execute(rows).fetchall()
    except duckdb.Error:  # what is no row is told with its place by who reads them
        return False
    return bool(25 * count > COMPILED_FROM)


def _compiled(path: Path) -> bool:
    """Return whether a text is read by compiled code: where there is some and much to do."""
    return path.is_file() and path.stat().st_size > COMPILED_FROM and compiles()


def _published_frame(
    path: Path, plan: Plan, connection: duckdb.DuckDBPyConnection, wanted: _Wanted, *, tree: bool = True
) -> Frame:
    """Return a published frame, read for the draw ``wanted`` (seed, quotas).
    Raises as ``frame_from_file``.
    """
    if path.suffix == ".tsv" and _compiled(path):
        from zhunsheng.draws import texts

        if found := texts.published_frame(path, plan, connection, texts.Tickets(*wanted), tree=tree):
            return found
    return frame_from_file(path, plan, connection, published=True, tree=tree)


def _with_kept_tree(
    folder: Path,
    plan: Plan,
    connection: duckdb.DuckDBPyConnection,
    wanted: _Wanted,
    root: str,
    told: Callable[[str], None],
) -> Frame:
    """Return the published frame of a folder, with the tree kept at the commitment where that is still its
    own.

    The text is digested anew whatever lies beside it; ``root`` is the committed one,
    to which the kept nodes must lead.
    """
    path = folder / KEPT
    if not path.is_file() or not _compiled(folder / "frame.tsv"):
        return _published_frame(folder / "frame.tsv", plan, connection, wanted)
    frame = _published_frame(folder / "frame.tsv", plan, connection, wanted, tree=False)
    if (take := getattr(frame, "take", None)) and (groups := kept(path, frame.digest, root, frame.key)):
        take(groups)
        return frame
    told(f"{KEPT} 不是这份名录库的，已不用，树根重新计算")
    return _published_frame(folder / "frame.tsv", plan, connection, wanted)


def entity_names(evidence: Path, drawn: list[str]) -> dict[str, str]:
    """Return the objects' names by id from the ``entities`` ledger; they go to the tasks,
    never to notice or bundle.
    """
    rows_of = Store.existing(evidence).snapshot().sql(ledger_of("entities"))
    rows = open_database().execute(
        f"SELECT credit_code, name FROM ({rows_of}) WHERE credit_code IN (SELECT unnest(?))", [drawn]
    )
    return dict(rows.fetchall())


def _write_tasks(outcome: DrawOutcome, folder: Path, names: dict[str, str]) -> None:
    from zhunsheng.reports.docx import write_forms
    from zhunsheng.reports.draw_forms import check_form, page_of, task_form
    from zhunsheng.reports.xlsx import write_workbook

    teams = sorted(set(outcome.teams.values()))
    forms = [task_form(outcome, team, names) for team in teams]
    if not forms:
        return
    write_workbook(
        [("、".join(team), form) for team, form in zip(teams, forms, strict=True)], folder / "任务清单.xlsx"
    )
    write_whole(folder / "任务清单.html", page_of(forms))
    drawn = [d.id for d in outcome.drawn if not d.reserve][:MAX_CHECK_FORMS]
    write_forms([check_form(outcome, entity, names) for entity in drawn], folder / "检查记录表.docx")


def zipped(file: Path) -> bool:
    """Return whether a file is there and begins as a zip does: a bundle or a workbook given in another's
    place.
    """
    if not file.is_file():
        return False
    with file.open("rb") as stream:
        return stream.read(4) == b"PK\3\4"


def verify_bundle(
    bundle: Path, frame: Path | None = None, expected: str | None = None, memory_limit: str | None = None
) -> list[Check]:
    """Verify a bundle, with the public frame where given. Raises ``ZS-IN-01``, ``ZS-DR-07`` when it can't be
    opened.
    """
    parts = read_bundle(bundle)
    if frame is None:
        return verify(parts, None, expected)
    with tempfile.TemporaryDirectory(prefix="zhunsheng-") as scratch:
        connection = open_database(memory_limit, Path(scratch))

        def frame_of(plan: Plan) -> Frame:
            if zipped(frame):
                raise ZhunshengError(
                    "ZS-DR-08", name=frame.name, detail=worded("它是 zip 或 xlsx 文件，不是公布的 frame.tsv")
                )
            wanted = (parts["seed.json"]["seed"], parts["commitment.json"]["strata"])
            return _published_frame(frame, plan, connection, wanted)

        found = verify(parts, frame_of, expected, frame.name)
        connection.close()
        return found


def results_csv(parts: dict[str, Any], results: Sequence[InspectionResult]) -> str:
    """Return results, checked against a bundle's parts, as a csv for the inspections ledger.
    Raises ``ZS-DR-09``.
    """
    teams: dict[str, Sequence[str]] = {a["id"]: a["inspectors"] for a in parts["assignment.json"]}
    check_results(list(results), teams)
    plan = parts["plan.json"]
    item = "、".join(i["name"] for i in plan["items"])
    rows: list[Sequence[Any]] = [
        (
            "任务编号",
            "统一社会信用代码",
            "检查方式",
            "检查事项",
            "检查日期",
            "检查人员",
            "检查结果",
            "公示日期",
        )
    ]
    for r in results:
        if r.inspected_on:
            people = "、".join(r.inspectors)
            row = (
                plan["id"],
                r.id,
                "双随机",
                item,
                r.inspected_on,
                people,
                r.result or "",
                r.published_on or "",
            )
            rows.append(row)
    return csv_text(rows)


def _write(path: Path, data: Any) -> None:
    """Write canonical JSON, so that the file's own SHA-256 is its digest."""
    write_whole(path, canonical(data))
