"""Check a ledger file row by row: what is good of it, what is wrong with the rest, whose rows they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import islice
from pathlib import Path

import duckdb

from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence.account import Account, Sum, account_of
from zhunsheng.evidence.bounds import HOME, WEB, Bounds, Said, silent
from zhunsheng.evidence.checks import (
    Strictness,
    macros,
    sign_checks,
)
from zhunsheng.evidence.cleaning import clean_texts, empty, unguard, untrick
from zhunsheng.evidence.conventions import settle
from zhunsheng.evidence.csv_files import load_csv
from zhunsheng.evidence.doubts import (
    EXAMPLE,
    SPELLINGS,
    TAKE,
    Question,
    alike_names,
    columns_asked,
    examples_asked,
    merged_asked,
    names_asked,
    names_told,
    nothing_asked,
    sheets_asked,
    unfilled_asked,
    values_asked,
)
from zhunsheng.evidence.headers import shown_title
from zhunsheng.evidence.judging import judge
from zhunsheng.evidence.ledgers import DEPARTMENT, Ledger, ledgers
from zhunsheng.evidence.left_out import LeftOut, left_out
from zhunsheng.evidence.mappings import UNGUIDED, Guide, LedgerMapping
from zhunsheng.evidence.parquet import load_parquet
from zhunsheng.evidence.parsing import Owner, departments_or_none, parse, signed
from zhunsheng.evidence.raw import Layout, Raw, give_back
from zhunsheng.evidence.remarks import of_good_rows, of_reading
from zhunsheng.evidence.shared import workroom
from zhunsheng.evidence.sql import quoted
from zhunsheng.evidence.workbooks import load_workbook
from zhunsheng.files.opening import HEAD, begins_as_page, file_digest
from zhunsheng.files.scratch import scratch_folder
from zhunsheng.text import clean


@dataclass(frozen=True)
class RowError:
    """What is wrong with one cell: row as the file counts it (from 1), column title, the value as it stands,
    and why.
    """

    row: int
    column: str
    value: str
    message: str
    sheet: str | None = None  # of a file of which several were read


@dataclass
class Checked:
    """A file after checking: ``connection`` holds the good rows as view ``good``;
    errors are in order of rows.
    """

    ledger: Ledger
    path: Path
    sha256: str
    connection: duckdb.DuckDBPyConnection
    rows: int
    bad_rows: int
    errors: list[RowError]
    layouts: tuple[Layout, ...]  # the tables that were read, in the file's order
    account: Account  # its good rows are still held
    columns: tuple[str, ...]  # the ledger's columns that the file has, in the ledger's order
    named: dict[str, str] = field(default_factory=dict)  # departments first met in the rows: code -> name
    holds: tuple[str, ...] = ()  # codes of departments other than the given one that good rows belong to
    owner: str = ""  # the code of the given one
    notes: tuple[str, ...] = ()  # what its reader should know though no row is wrong
    amiss: tuple[str, ...] = ()  # sums that the file states and that are not those of its rows
    questions: tuple[Question, ...] = ()  # what is asked of its columns and values
    learned: LedgerMapping | None = None  # by what files like it are read from now on, if all is agreed

    @property
    def stated(self) -> tuple[str, ...]:
        """The columns of which a row of the file says what they hold, its department among them."""
        return (DEPARTMENT, *self.columns)

    @property
    def good_rows(self) -> int:
        """How many rows passed every check."""
        return self.rows - self.bad_rows

    def others_held(self) -> tuple[str, ...]:
        """Return the codes of other departments that the rows belong to which an answer did not put aside."""
        return _others(self.connection, self.owner)

    def aside(self) -> list[RowError]:
        """Return the rows that an answer put aside, each with why."""
        sheet = "p._sheet" if len(self.layouts) > 1 else "NULL"
        found = self.connection.execute(
            f"SELECT p._row, a.title, coalesce(a.value, ''), a.message, {sheet} FROM aside a "
            f"JOIN parsed p ON p._id = a._id ORDER BY p._id, a.title LIMIT {MAX_ERRORS}"
        ).fetchall()
        return [RowError(*row) for row in found]


def _others(connection: duckdb.DuckDBPyConnection, owner: str) -> tuple[str, ...]:
    query = f"SELECT DISTINCT {DEPARTMENT} FROM good WHERE {DEPARTMENT} <> ? ORDER BY 1"
    return tuple(code for (code,) in connection.execute(query, [owner]).fetchall())


# How much of the work is done where a file is loaded, its conventions are settled, its values read.
_LOADED, _SETTLED, _PARSED = 0.55, 0.65, 0.85
MAX_ERRORS = 10_000  # errors listed by row; more are counted
_PACKED = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # workbooks, new and old
_THREADS = 2  # of the database of a file: each needs memory of its own, and others import beside
_BESIDE = "96MB"  # of the database where the rows of a large workbook lie in memory beside it
_SMALL = 2**20  # bytes of a file up to which no database is made on disk for it


def _no_names(_ledger: Ledger, _departments: list[str]) -> list[str]:
    return []


@contextmanager
def check_file(  # noqa: PLR0913 - options, by their names
    path: Path,
    ledger: Ledger | None,
    department: str,
    bounds: Bounds = HOME,
    *,
    only: bool = False,
    label: str | None = None,
    known: Mapping[str, str] | None = None,
    strictness: Strictness | None = None,
    guide: Guide = UNGUIDED,
    names: Callable[[Ledger, list[str]], list[str]] = _no_names,
    said: Said = silent,
) -> Iterator[Checked]:
    """Read and check a ledger file; the result is valid within the ``with`` block.

    ``ledger`` None recognises the ledger by its headers; ``department`` (a code,
    ``label`` its name) fills rows that name none. A row's own department is a code or an exact name out of
    ``known`` (name or code -> code, "" for a name of several, which is an error;
    a code is its own department's, whoever bears it as a name); any other makes a new department,
    told in ``Checked.named``: a name under a code made from it, what is no name under itself. With ``only``,
    rows of another department are errors. ``strictness`` says whether a wrong check character is an error or
    a warning (by default an error in codes of 18, a warning in the older numbers of 15); ``guide`` by what
    columns and values are known beyond the ledger's own words, ``names`` returns the project names that stand
    in a ledger of some departments (codes); ``said`` is told how much of the work is done
    (a fraction). Memory is bounded
    by ``bounds.memory``, beyond it DuckDB spills to disk. Raises ``ZS-IN-*`` and ``ZS-EV-02``, ``-06``,
    ``-07``, ``-08``, ``-10``; ``-40`` for more than ``bounds`` let through, ``-41`` where memory is too small
    for it all the same, ``-42`` for a column that holds no single values.
    """
    with (
        scratch_folder() as scratch,
        _room(path, bounds, scratch) as connection,
    ):
        guide = replace(guide, department=department)
        if ledger and ledger.retired:
            raise ZhunshengError("ZS-EV-117", ledger=ledger.title)
        try:
            mine = ledger.of(department) if ledger else None
            raw = _load(path, mine, connection, scratch, bounds, guide, said)
            if not guide.sample:  # stored with the columns of all, of which a file names its department's
                raw.ledger = ledger or ledgers()[raw.ledger.id]
            if path.stat().st_size > _SMALL:
                give_back()
                if raw.registered:
                    connection.execute(f"SET memory_limit = '{_BESIDE}'")
            given = {clean(word): code for word, code in (known or {}).items()}
            codes = {department, *given.values()} - {""}
            given |= ({clean(label): department} if label else {}) | {code: code for code in codes}
            owner = Owner(department, label or department, only, given)
            yield _check(path, raw, connection, owner, strictness, guide, names, said)
        except (MemoryError, duckdb.OutOfMemoryException) as error:
            raise ZhunshengError("ZS-EV-41") from error


@contextmanager
def _room(path: Path, bounds: Bounds, scratch: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Return a database to check a file in: of its own where it can grow beyond what the file's size says."""
    small = path.is_file() and path.stat().st_size <= _SMALL
    if small and bounds in (HOME, WEB) and not _packed(path):
        with workroom() as connection:
            yield connection
        return
    # In memory, of which what does not fit goes to disk: a database on disk is written whole, which few are.
    with duckdb.connect(":memory:") as connection:
        connection.execute(
            f"SET memory_limit = '{bounds.memory}'; SET threads = {_THREADS}; "
            f"SET temp_directory = {quoted(str(scratch))}; SET enable_progress_bar = false; {macros()}"
        )
        yield connection


def _packed(path: Path) -> bool:
    """Tell whether a file is of a kind that holds more than its size says."""
    with path.open("rb") as stream:
        return stream.read(4) in (*_PACKED, b"PAR1")


def _load(  # noqa: PLR0913 - what a file is loaded by
    path: Path,
    ledger: Ledger | None,
    connection: duckdb.DuckDBPyConnection,
    scratch: Path,
    bounds: Bounds,
    guide: Guide,
    said: Said,
) -> Raw:
    if not path.is_file():
        raise ZhunshengError("ZS-IN-01", name=str(path))
    with path.open("rb") as stream:
        head = stream.read(HEAD)
    if head[:4] == b"PAR1":
        return load_parquet(path, ledger, connection, bounds, guide)
    packed = head[:4] in _PACKED
    # Without its noughts a text of two bytes a letter shows its marks too.
    page = begins_as_page(head.replace(b"\0", b"").decode("latin-1"))
    if packed or page or path.suffix.lower() in (".xlsx", ".xlsm"):
        return load_workbook(path, ledger, connection, bounds, guide, said)
    return load_csv(path, ledger, connection, scratch, bounds, guide)


def _check(  # noqa: PLR0913 - what a file is checked by
    path: Path,
    raw: Raw,
    connection: duckdb.DuckDBPyConnection,
    owner: Owner,
    strictness: Strictness | None,
    guide: Guide,
    names: Callable[[Ledger, list[str]], list[str]],
    said: Said,
) -> Checked:
    said(_LOADED)
    if raw.mapping:
        raw.mapping = raw.mapping.model_copy(update={"ledger": raw.ledger.id}).of_names()
    changes = {"guarded": unguard(connection, raw)}
    changes["invisible"] = clean_texts(connection, raw)
    answered = raw.mapping.answers.get(EXAMPLE) if raw.mapping else None
    left = left_out(connection, raw, examples=guide.examples or answered == TAKE)
    changes |= untrick(connection, raw)
    changes["nothing"] = empty(connection, raw)
    notes = [
        *raw.notes,
        *left.notes,
        *of_reading(raw, changes),
        *departments_or_none(connection, raw, owner),
    ]
    settled = settle(connection, raw)
    changes |= settled.changes
    notes += settled.notes
    asked = [*columns_asked(connection, raw), *merged_asked(connection, raw), *examples_asked(raw, left)]
    said(_SETTLED)
    named = parse(connection, raw, owner, settled)
    said(_PARSED)
    notes += signed(connection, raw)
    (rows,) = connection.execute("SELECT count(*) FROM parsed").fetchone() or (0,)
    if not rows:
        raise ZhunshengError("ZS-EV-06", name=path.name)
    if alike := alike_names(connection, raw, names):
        proposed = dict(islice(alike.items(), SPELLINGS if "values" in guide.propose else 0))
        if proposed:
            asked.append(names_asked(connection, raw, proposed))
        if rest := {name: other for name, other in alike.items() if name not in proposed}:
            notes.append(names_told(raw, rest))
    judge(connection, raw, owner, strictness)
    if "values" in guide.propose:
        asked += values_asked(connection, raw)
        asked += unfilled_asked(connection, raw)
        if raw.ledger.signs and raw.ledger.signs.by in raw.proposed:
            notes += signed(connection, raw)  # of spellings that are only now read as a kind
            for contrary in sign_checks(raw.ledger):
                connection.execute(f"INSERT INTO problems {contrary.select()} EXCEPT SELECT * FROM problems")
    asked += nothing_asked(connection, raw)
    asked += sheets_asked(connection, raw, owner.code, owner.known)
    (bad,) = connection.execute("SELECT count(DISTINCT _id) FROM problems").fetchone() or (0,)
    account = account_of(raw, left, rows, bad, changes, [*_sums(connection, left)])
    notes += of_good_rows(connection, raw, account, strictness)
    sheet = "p._sheet" if len(raw.layouts) > 1 else "NULL"
    found = connection.execute(
        f"SELECT p._row, e.title, coalesce(e.value, ''), e.message, {sheet} FROM problems e "
        f"JOIN parsed p ON p._id = e._id ORDER BY p._id, e.title LIMIT {MAX_ERRORS}"
    ).fetchall()
    others = _others(connection, owner.code)
    return Checked(
        ledger=raw.ledger,
        path=path,
        sha256=file_digest(path),
        connection=connection,
        rows=rows,
        bad_rows=bad,
        errors=[RowError(*row) for row in found],
        layouts=tuple(raw.layouts),
        account=account,
        columns=tuple(c.name for c in raw.ledger.columns if c.name in raw.columns),
        named={code: name for code, name in named.items() if code in others},
        holds=others,
        owner=owner.code,
        notes=tuple(notes),
        amiss=left.amiss,
        questions=tuple(asked),
        learned=_learned(raw, account),
    )


def _sums(connection: duckdb.DuckDBPyConnection, left: LeftOut) -> Iterator[Sum]:
    """Yield the sums that a file states, each with what its rows above come to that are good and refused."""
    for one in left.sums:
        ((refused,),) = connection.execute(
            f"SELECT coalesce(sum(zs_yuan(raw_{one.column}, 1)), 0) FROM parsed WHERE _row < ? AND "
            "_sheet IS NOT DISTINCT FROM ? AND _id IN (SELECT _id FROM problems)",
            [one.row, one.sheet],
        ).fetchall()
        yield Sum(one.sheet, one.row, one.title, one.said, one.read - Decimal(refused), Decimal(refused))


def _learned(raw: Raw, account: Account) -> LedgerMapping:
    """Return the mapping by which files like this one are read from now on, once what is asked is agreed:
    all its titles, what is not used among them, and all spellings spoken of.
    """
    base = raw.mapping or LedgerMapping(ledger=raw.ledger.id)
    heads = [layout.head for layout in raw.layouts]
    columns: dict[str, str | None] = {
        shown_title(head.titles[at]): name
        for head in heads
        for name, at in head.columns.items()
        if head.how[name] in ("mapping", "proposed") and name in raw.columns
    }
    unused: dict[str, str | None] = {one.title: None for table in account.tables for one in table.unused}
    values = {
        name: {**base.values.get(name, {}), **raw.proposed.get(name, {})}
        for name in dict.fromkeys((*base.values, *raw.proposed))
    }
    titles = tuple(shown_title(title) for title in heads[0].titles if title.strip())
    said = {"ledger": raw.ledger.id, "titles": titles, "columns": {**columns, **unused}, "values": values}
    return base.model_copy(update=said)
