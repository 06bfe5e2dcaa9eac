"""Ledger files drawn by lot, imported, and every cell of them looked up: stored, refused, or named.

``python bench/fuzz_ledgers.py`` draws files from a seed for a number of seconds (``--seconds``, 60), imports
what is good of each into a store of its own and asks of every cell that holds something where it went: into
the value of a stored row, among the errors, or by name in the account. It prints counts by kind of file and
ends with 1 where an import crashed, a cell was lost in silence, or stored as another value. ``--write`` keeps
the table in docs/benchmarks-fuzz.md.
"""

from __future__ import annotations

import argparse
import datetime as dt
import importlib.util
import platform
import random
import re
import sys
import tempfile
import time
import traceback
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from drawn_ledgers import KINDS, REFUSED, SAID, TEXTS, Cell, Drawn, Fault, Sheet, as_text, drawn
from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence import Store
from zhunsheng.evidence.layout import current
from zhunsheng.evidence.tables import ledger_sql
from zhunsheng.files.spreadsheet import show
from zhunsheng.text import clean
from zhunsheng.usecases.importing import Imported, import_ledger

START, END = "<!-- ledgers -->\n", "<!-- /ledgers -->\n"
FATES = ("stored", "refused", "named", "lost", "wrong")
_RAN_ON = re.compile("把后面 ([0-9]+) 行并进了这一格")


def stored_rows(store: Path, done: Imported) -> dict[tuple[str | None, int], dict[str, Any]]:
    """Return the rows of a ledger as they stand in a store, by sheet and row of the file."""
    if done.batch is None:
        return {}
    opened = Store(store)
    with opened.reading() as index:
        query = ledger_sql(done.ledger, current(index, done.ledger.id))
        connection = duckdb.sql(query)
        names = [column[0] for column in connection.description]
        rows = [dict(zip(names, row, strict=True)) for row in connection.fetchall()]
    return {(row["_sheet"], row["_row"]): row for row in rows}


def fates_of(
    file: Drawn, done: Imported, stored: dict[tuple[str | None, int], dict[str, Any]]
) -> tuple[Counter[str], list[str]]:
    """Return how many cells of a file went where (``FATES``), and of each that was lost or is wrong what and
    where it is.
    """
    ends: Counter[str] = Counter()
    faults: list[str] = []
    assert done.account
    rows = sum(done.account.fates.values())
    if rows != done.account.rows:
        faults.append(f"{done.account.rows} rows, {rows} with a fate")
    for sheet in file.sheets:
        for (row, column), cell in sorted(sheet.cells.items()):
            fate = _fate(file, sheet, (row, column), cell, done, stored)
            fate, _, why = fate.partition(":")
            ends[fate] += 1
            if fate in ("lost", "wrong"):
                faults.append(f"{fate} {sheet.name} {row + 1},{column + 1} {cell.written!r} {why}")
        faults += _unnamed(file, sheet, done)
    return ends, faults


def _fate(
    file: Drawn,
    sheet: Sheet,
    at: tuple[int, int],
    cell: Cell,
    done: Imported,
    stored: dict[tuple[str | None, int], dict[str, Any]],
) -> str:
    """Return where a cell went: one of ``FATES``, with a reason where it is lost or wrong."""
    account = done.account
    assert account
    text = file.kind in TEXTS
    name = None if text else sheet.name
    table = next((t for t in account.tables if t.sheet == name), None)
    if table is None:
        return "named" if any(said.startswith(sheet.name) for said in account.unread) else "lost:unread sheet"
    row = file.lines[at[0]] if text else at[0] + 1
    first, last = table.header
    written = _normal(
        as_text(cell) if text or file.kind == "html" else show(_plain(cell), percent=cell.percent)
    )
    if not written:
        return "named"
    if row < first:
        lines = [said for line, said in table.above if line == row]
        return "named" if any(written in _normal(line) for line in lines) else "lost:above the header"
    if row <= last or (text and sheet.header and at[0] <= sheet.header[1]):
        titles = [_normal(c.title) for c in (*table.matched, *table.unused)]
        return "named" if any(written in title for title in titles) else "lost:title"
    if any(one.sheet == name and one.first <= row <= one.last for one in account.left):
        return "named"
    if any(_covers(error, name if len(account.tables) > 1 else None, row) for error in done.errors):
        return "refused"
    title = _title(sheet, table, at[1])
    column = sheet.columns.get(at[1])
    if column is None or done.ledger.id != file.ledger.id:
        if not title:
            return "named" if at[1] in map(_place, table.bare) else "lost:column without a title"
        if title in {_normal(u.title) for u in table.unused}:
            return "named"
        if column is None:
            return "lost:unused column"
    assert column
    if title in {_normal(u.title) for u in table.unused}:
        return "named"
    if at[1] in map(_place, table.bare):
        return "named"  # the header that was read, the lower of two or one repeated, has no title there
    there = stored.get((name, row))
    if there is None:
        return "lost:row"
    value = there.get(column.name)
    if value is None:
        return "lost:empty in the store"
    unit = sheet.units.get(at[1], sheet.unit)  # a title's own unit counts before the one above it
    signs = done.ledger.signs
    taken = bool(signs and column.name == signs.of and there.get(signs.by) in signs.negative)
    return _judged(unit, cell, column.type, -value if taken and _plus(cell) else value)


def _plus(cell: Cell) -> bool:
    """Say whether an amount is written as more than nothing, whatever the kind of its row makes of it."""
    return isinstance(cell.right, int | float | Decimal) and cell.right > 0


def _judged(unit: int, cell: Cell, kind: str, value: Any) -> str:
    """Say whether what was stored of a cell is what is right."""
    if cell.right is SAID:
        return "stored"
    if cell.right is REFUSED:
        if kind == "money" and unit > 1 and cell.written == "12.345":  # whole fen once it is yuan
            return "stored"
        return f"wrong:stored as {value!r}"
    right = cell.right
    if isinstance(right, str) and kind == "text":
        right = clean(right)
    if isinstance(right, dt.datetime):
        right = right.date()
    if isinstance(right, float):
        right = Decimal(str(right))
    if kind == "money":
        right *= unit
    return "stored" if value == right else f"wrong:stored as {value!r}, right is {right!r}"


def _plain(cell: Cell) -> Any:
    return cell.written.said if isinstance(cell.written, Fault) else cell.written


def _normal(text: str) -> str:
    return "".join(clean(text).split())


def _place(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def _title(sheet: Sheet, table: Any, column: int) -> str:
    """Return the title over a column as the account shows it: of a header of two lines both, joined."""
    assert sheet.header
    lines = range(sheet.header[0], sheet.header[1] + 1)
    cells = [sheet.cells[row, column] for row in lines if (row, column) in sheet.cells]
    both = [_normal(show(_plain(cell))) for cell in cells]
    known = {_normal(c.title) for c in (*table.matched, *table.unused)}
    return next((word for word in ("".join(both), *both) if word in known), "".join(both))


def _covers(error: Any, sheet: str | None, row: int) -> bool:
    ran_on = _RAN_ON.search(str(error.message))
    return error.sheet == sheet and error.row <= row <= error.row + (int(ran_on[1]) if ran_on else 0)


def _unnamed(file: Drawn, sheet: Sheet, done: Imported) -> list[str]:
    """Return what of a sheet that was read is hidden or noted and not named."""
    assert done.account
    table = next((t for t in done.account.tables if t.sheet == sheet.name), None)
    if table is None:
        return []
    found = []
    if sheet.before and not any(not line and text == sheet.before for line, text in table.above):
        found.append("text before the table")
    if sheet.hidden and not table.hidden:
        found.append("hidden sheet")
    rows = {r + 1 for r in sheet.hidden_rows if r < sheet.size[0]}
    told = {row for first, last in table.hidden_rows for row in range(first, last + 1)}
    if rows - told:
        found.append(f"hidden rows {rows - told}")
    if sheet.hidden_columns - set(map(_place, table.hidden_columns)):
        found.append("hidden column")
    if len(sheet.noted) != table.comments:
        found.append("comment")
    return [f"lost {sheet.name} {what}" for what in found]


# -- the run
# ----------------------------------------------------------------------------------------------------------


def one(file: Drawn, work: Path, draw: random.Random) -> tuple[str, Counter[str], list[str]]:
    """Import a file into a store of its own; return whether it was read or refused (with its code),
    its cells by fate, and faults.
    """
    with tempfile.TemporaryDirectory(dir=work) as folder:
        path = Path(folder) / file.name
        path.write_bytes(file.data)
        try:
            known = file.ledger if draw.random() < 0.7 else None
            done = import_ledger(Path(folder) / "store", path, ledger=known, good_rows=True, agreed=True)
            return "read", *fates_of(file, done, stored_rows(Path(folder) / "store", done))
        except ZhunshengError as error:
            if error.code == "ZS-CL-99":
                raise
            cells = sum(len(sheet.cells) for sheet in file.sheets)
            return f"refused {error.code}", Counter(refused=cells), []


def run(
    seed: int, seconds: float, kinds: tuple[str, ...] = KINDS, most: int = 10**9
) -> tuple[dict[str, Counter[str]], Counter[str], list[str]]:
    """Draw and import files for so many seconds, at most ``most``; return counts by kind of file, refusals by
    code, and faults.
    """
    counts: dict[str, Counter[str]] = {kind: Counter() for kind in kinds}
    codes: Counter[str] = Counter()
    faults: list[str] = []
    until = time.monotonic() + seconds
    with tempfile.TemporaryDirectory(prefix="zhunsheng-fuzz-") as work:
        for n in range(most):
            if time.monotonic() > until:
                break
            draw = random.Random(f"{seed}-{n}")
            file = drawn(draw, kinds)
            count = counts[file.kind]
            count["files"] += 1
            count["cells"] += sum(len(sheet.cells) for sheet in file.sheets)
            try:
                end, ends, said = one(file, Path(work), draw)
                count[end.partition(" ")[0]] += 1
                codes[end.partition(" ")[2]] += end != "read"
                count.update({f"cells {fate}": number for fate, number in ends.items()})
            except (KeyboardInterrupt, SystemExit):
                raise
            except BaseException as error:  # what panics in a library is no Exception
                count["crashed"] += 1
                last = traceback.extract_tb(error.__traceback__)[-1]
                where = f"{Path(last.filename).name}:{last.lineno}"
                said = [f"crash {type(error).__name__} {str(error)[:200]} {where}"]
            if said:
                faults += [f"file {n} ({file.kind}, {file.ledger.id}): {words}" for words in said]
                print("\n".join(faults[-min(len(said), 5) :]), file=sys.stderr, flush=True)
    return counts, codes, faults


HEAD = (
    "| kind | files | refused whole | crashed | cells | stored | refused | named | lost | wrong |",
    "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
)
INTRO = """## Ledgers drawn by lot

Imported by `bench/fuzz_ledgers.py` (seed {seed}, {seconds:.0f} seconds, {day}, Python {python}): workbooks,
pages and texts with titles above the header, headers of two lines, several sheets, totals, signatures,
merged, hidden and annotated cells, error values, formulas without a result, numbers as text and the other
way round, days of any form and of any year, units in titles and above them, quotes that are never closed or
stand within a cell, columns without a title or with one twice. Every cell that holds something is
looked up: *stored* as the value that is right, *refused* (its row is among the errors, or the file), *named*
in the account (above the header, of a column or sheet that is not read, of a total or a signature). *Lost*
is a cell of which nothing is said, *wrong* one that is stored as another value. xls is drawn where xlwt is
installed.

"""


def table(counts: dict[str, Counter[str]]) -> list[str]:
    """Return the counts as the lines of a table, the sums last."""
    total: Counter[str] = Counter()
    for count in counts.values():
        total.update(count)
    lines = list(HEAD)
    for kind, count in [*counts.items(), ("all", total)]:
        cells = [count["files"], count["refused"], count["crashed"], count["cells"]]
        cells += [count[f"cells {fate}"] for fate in FATES]
        lines.append(f"| {kind} | {' | '.join(f'{n:,}' for n in cells)} |")
    return lines


def main() -> None:
    """Run and print the counts; end with 1 where anything crashed, was lost or is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=2021)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    kinds = (*KINDS, "xls") if importlib.util.find_spec("xlwt") else KINDS
    counts, codes, faults = run(given.seed, given.seconds, kinds)
    lines = table(counts)
    print("\n".join(lines), flush=True)
    refused = ", ".join(f"{code} {n:,}" for code, n in codes.most_common() if code)
    print(f"refused whole: {refused}")
    if given.write:
        path = Path("docs/benchmarks-fuzz.md")
        before, _, rest = path.read_text("utf8").partition(START)
        intro = INTRO.format(
            seed=given.seed,
            seconds=given.seconds,
            day=dt.date.today().isoformat(),
            python=platform.python_version(),
        )
        own = START + intro + "\n".join(lines) + f"\n\nRefused whole: {refused}.\n" + END
        path.write_text(before.rstrip("\n") + "\n\n" + own + rest.partition(END)[2], "utf8")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
