"""A department's ledgers: browsed, exported as Excel or csv, templates, batches and their undoing."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _

from zhunsheng.clock import local
from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence import Ledger, LedgerPage, View, Window, browse, ledgers_of, write_template
from zhunsheng.evidence import ledgers as all_ledgers
from zhunsheng.evidence.account import BY, fates_told
from zhunsheng.evidence.browsing import LedgerRow
from zhunsheng.evidence.differing import KINDS
from zhunsheng.evidence.records import Batch
from zhunsheng.evidence.removing import RemovedRow, removed_rows
from zhunsheng.files.scratch import scratch_folder
from zhunsheng.files.writing import TextBook
from zhunsheng.text import csv_line, csv_text
from zhunsheng.translation import worded
from zhunsheng.usecases.difference_book import fill_difference
from zhunsheng.usecases.differing import Difference, difference, moved_scores, state_of
from zhunsheng.usecases.opened_evidence import Evidence
from zhunsheng.usecases.removing import remove_rows
from zhunsheng.web.audit import record
from zhunsheng.web.models import Organisation, User
from zhunsheng.web.models.work import cipher
from zhunsheng.web.services import evidence, jobs
from zhunsheng.web.services.year.calendar import day_of
from zhunsheng.web.services.year.question import Question
from zhunsheng.web.services.year.readings import KEPT
from zhunsheng.web.services.year.records import record_of

EXPORT_ROWS = 200_000
MATCHED_BY = BY  # by what a column was found, in words


def key_of(department: Organisation) -> str:
    """Return what the evidence store knows a department by: its code."""
    return department.code


def known(department: Organisation) -> dict[str, Ledger]:
    """Return the ledgers that a department keeps, by id."""
    evidence.store()
    return ledgers_of(key_of(department))


def one(name: str, department: Organisation) -> Ledger | None:
    """Return a ledger of a department by id or title, also one that it keeps no longer; None for one that is
    not known there.
    """
    found = named(department)
    return found.get(name) or next((one for one in found.values() if one.title == name), None)


def named(department: Organisation) -> dict[str, Ledger]:
    """Return the ledgers of a department by id, those it keeps no longer among them."""
    evidence.store()
    code = key_of(department)
    return {one.id: one.of(code) for one in all_ledgers().values() if one.department in ("", code)}


def listed(department: Organisation) -> tuple[list[dict[str, Any]], list[tuple[Batch, bool]]]:
    """Return each ledger with its newest batch, those with data first; and all batches, newest first,
    with whether undone.
    """
    batches = evidence.store().batches(department=key_of(department))
    undone = {b.undoes for b in batches if b.undoes}
    found = []
    for ledger in named(department).values():
        mine = [b for b in batches if b.ledger == ledger.id and not b.defines]
        found.append({"ledger": ledger, "batch": mine[-1] if mine else None, "batches": len(mine)})
    # What has data first, then what the body defined itself.
    return sorted(found, key=lambda x: (x["batch"] is None, not x["ledger"].department)), [
        (b, b.batch in undone) for b in reversed(batches)
    ]


def fates(result: Mapping[str, Any]) -> list[tuple[str, str, int]]:
    """Return where the rows of an imported file went: fate, its words, rows; nothing of one imported before
    accounts were kept.
    """
    return fates_told((result.get("account") or {}).get("fates") or {})


def shares(listed: Sequence[tuple[str, str, int]]) -> list[tuple[str, int, int]]:
    """Return the fates as pieces of a bar of 1,000: fate, where it begins, how wide; what is
    there is seen.
    """
    whole = sum(rows for _fate, _title, rows in listed) or 1
    found, begins = [], 0
    for fate, _title, rows in listed:
        width = max(4, 1000 * rows // whole)
        found.append((fate, begins, width))
        begins += width
    return found


def reasons(result: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return why rows were refused: column and message with how many cells, the commonest first,
    each with its first cell.
    """
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for error in result.get("errors") or ():
        key = error["column"], error["message"]
        one = found.setdefault(
            key, {"column": error["column"], "message": error["message"], "count": 0, "first": error}
        )
        one["count"] += 1
    return sorted(found.values(), key=lambda one: -one["count"])


def previewed(result: Mapping[str, Any]) -> int:
    """Return how many of the rows that a file would change are listed."""
    listed = (result.get("preview") or {}).get("changes") or ()
    return len({(one["sheet"], one["row"]) for one in listed})


def before(result: Mapping[str, Any]) -> int:
    """Return the number of the state before the batch that an import made; 0 where it made none."""
    return max(0, int((result.get("batch") or {}).get("batch", 0)) - 1)


def undone(department: Organisation, year: int) -> list[Batch]:
    """Return the batches by which a department took others back, or rows out of a ledger, newest first: of
    those that a year's data can have been in.

    What was imported before the year began held none of it; what a later batch held is not told by its date.
    """
    batches = evidence.store().batches(department=key_of(department))
    of_year = {b.batch for b in batches if local(b.when).year >= year}
    returned = {b.undoes for b in batches if b.undoes}
    return [
        b
        for b in reversed(batches)
        if b.undoes in of_year or (b.removes is not None and b.batch in of_year - returned)
    ]


def page_of(department: Organisation, ledger: Ledger, size: int, offset: int, **asked: Any) -> LedgerPage:
    """Return one page of rows. ``asked`` are the fields of ``evidence.View``."""
    snapshot = evidence.store().snapshot()
    return browse(snapshot, ledger, key_of(department), View(**asked), Window(size, offset), cipher())


def exported(department: Organisation, ledger: Ledger, kind: str, **asked: Any) -> tuple[bytes, str]:
    """Return what is found as an Excel (``xlsx``) or csv file with its name; the log keeps that it was taken
    out.
    """
    snapshot, view = evidence.store().snapshot(), View(**asked)
    found = browse(snapshot, ledger, key_of(department), view, Window(EXPORT_ROWS), cipher())
    said = {"ledger": ledger.id, "rows": len(found.rows), "personal": view.personal}
    record("export", department, after=said)
    content = _csv(ledger, found.rows) if kind == "csv" else _xlsx(ledger, found.rows)
    return content, f"{ledger.title}.{kind}"


def _csv(ledger: Ledger, rows: Sequence[LedgerRow]) -> bytes:
    return csv_text([[c.title for c in ledger.columns], *(r.values for r in rows)]).encode("utf-8-sig")


def _xlsx(ledger: Ledger, rows: Sequence[LedgerRow]) -> bytes:
    columns = [(c.title, max(10, 2 * len(c.title) + 4)) for c in ledger.columns]
    buffer = io.BytesIO()
    with TextBook(buffer, in_memory=True, default_date_format="yyyy-mm-dd") as book:
        book.table(ledger.title, columns, [row.values for row in rows])
    return buffer.getvalue()


def template(ledger: Ledger) -> tuple[bytes, str]:
    """Return the Excel template of a ledger with its name."""
    with scratch_folder() as scratch:
        path = scratch / f"{ledger.title}.xlsx"
        write_template(ledger, path)
        return path.read_bytes(), path.name


@dataclass(frozen=True)
class Comparison:
    """What is compared: two states (a batch's number, a day, a time; empty for the state before the newest
    batch of the department, and for that of now), in some ledgers or in all.
    """

    first: str = ""
    second: str = ""
    ledgers: tuple[Ledger, ...] = ()


def changed_words() -> dict[str, str]:
    """Return what each kind of change is called."""
    return {kind: worded(said) for kind, said in KINDS.items()}


def compared(
    department: Organisation, year: int, asked: Comparison, limit: int | None, *, personal: bool
) -> Difference:
    """Return what changed of a department's ledgers between two states, with the readings of the year that
    moved and the points of its sheets as far as any are in force. Raises ``ZS-EV-05``, ``-64``.
    """
    opened, code = evidence.store(), key_of(department)
    second = state_of(opened, asked.second) if asked.second else opened.head[0]
    newest = min(opened.changed_in(code)[0], second)
    first = state_of(opened, asked.first) if asked.first else max(0, newest - 1)
    first, second = sorted((first, second))
    before, after = (Evidence.of(opened, batch=n) for n in (first, second))
    if second == opened.head[0]:  # what was read of the rows as they are now need not be read again
        after = replace(after, kept=KEPT)
    day = day_of(department, year)
    shown = {"limit": limit, "personal": personal, "cipher": cipher()}
    found = difference(before, after, day, year=year, department=code, among=asked.ledgers, **shown)
    question = Question(department, year, day, record_of(department, year, day))
    if not question.book.sheets or not found.readings:
        return found
    return replace(found, scores=moved_scores(question.answer(before), question.answer(after)))


def difference_file(
    department: Organisation, year: int, asked: Comparison, *, personal: bool
) -> tuple[bytes, str]:
    """Return a comparison with all its rows as an Excel file with its name; the log keeps that it was taken
    out.
    """
    found = compared(department, year, asked, None, personal=personal)
    span = {"from": found.before.batch, "to": found.after.batch, "personal": personal}
    record("export", department, after={"ledger": "difference", **span})
    buffer = io.BytesIO()
    fill_difference(buffer, found, found.after.name_of)
    return buffer.getvalue(), f"批次{found.before.batch}至{found.after.batch}的变化.xlsx"


def key_text(ledger: Ledger, row: LedgerRow) -> str:
    """Return the key of a row as one line of csv, which is how it is named where it is to be taken out."""
    values = {c.name: value for c, value in zip(ledger.columns, row.values, strict=True)}
    return csv_line(values[name] for name in ledger.key)


def removed(
    department: Organisation, ledger: Ledger, *, personal: bool
) -> tuple[tuple[RemovedRow, ...], int]:
    """Return the rows that were taken out of a department's ledger, the latest first, and how many."""
    with evidence.store().reading() as index:
        return removed_rows(index, ledger, key_of(department), personal=personal, cipher=cipher())


def remove(department: Organisation, ledger: Ledger, keys: Sequence[str], reason: str, user: User) -> Batch:
    """Take rows out of the department's ledger by their keys (``key_text``); return the batch of it.

    As with ``undo`` the log has the intention first. Raises ``ZS-WB-60`` without a row, ``ZS-EV-60`` to
    ``-63``.
    """
    if not keys:
        raise ZhunshengError("ZS-WB-60")
    said = {"ledger": ledger.id, "rows": len(keys), "reason": reason}
    record("remove rows", department, after=said)
    try:
        made = remove_rows(
            evidence.store().root,
            ledger,
            keys,
            reason,
            department=key_of(department),
            who=user.get_username(),
            cipher=cipher(),
            only_own=True,
        )
    except ZhunshengError as error:
        record("remove rows refused", department, after={**said, "why": error.code})
        raise
    record("rows removed", department, after={**said, "batch": made.batch})
    jobs.follow(department, user)
    return made


def undo(department: Organisation, number: int, user: User) -> int:
    """Take back a batch of the department by a new one and return its number. Raises ``ZS-EV-12``.

    The log has the intention before the store is touched, in a transaction of its own:
    whatever breaks behind it, no batch is undone without an entry, and the log is not held up while the store
    works. What follows from it comes last and can't take it back.
    """
    store = evidence.store()
    found = store.batch(number)
    if found is None or found.department != key_of(department):
        raise ZhunshengError("ZS-EV-12", batch=number, detail=_("不是本部门的批次"))
    record("undo batch", department, after={"batch": number, "ledger": found.ledger, "file": found.file})
    try:
        made = store.undo(number, who=user.get_username())
    except ZhunshengError as error:
        record("undo batch refused", department, after={"batch": number, "why": error.code})
        raise
    record("batch undone", department, after={"batch": number, "by": made.batch})
    jobs.follow(department, user)
    return made.batch


def source(department: Organisation, number: int) -> tuple[bytes, str] | None:
    """Return the file that a batch of the department was imported from, with its name;
    None for no such batch.
    """
    store = evidence.store()
    found = store.batch(number)
    if found is None or found.department != key_of(department):
        return None
    name, content = store.source_of(found)
    record("download source", department, after={"batch": number})
    return content, name
