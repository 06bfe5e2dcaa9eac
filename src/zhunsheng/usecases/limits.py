"""Statutory limits at work: how a department's rows stand, by section, as a list, as a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO

from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence import ledgers
from zhunsheng.files.writing import TextBook, whole_file
from zhunsheng.measures.standings import BOUND, Asked, LimitRow, Line, Stray, listed
from zhunsheng.regulations.limits import STATES, State, applied
from zhunsheng.text import csv_text
from zhunsheng.translation import series, worded
from zhunsheng.usecases.opened_evidence import Evidence

HEADER = ("期限", "部门", "编号", "科室或辖区", "起算", "到期", "办结", "已用天数", "状态", "说明", "依据")
_WIDTHS = (26, 22, 28, 18, 12, 12, 12, 10, 12, 20, 60)


@dataclass
class Total:
    """How all rows stand to a limit, with the lines by section that it is made of."""

    limit: str
    counts: Counter[State] = field(default_factory=Counter)
    lines: list[Line] = field(default_factory=list)
    earliest: date | None = None
    recorded: bool = False
    extended_late: int = 0

    @property
    def lacking(self) -> str:
        """The titles of the columns that would say when something was done."""
        entry = applied()[self.limit][-1]
        if entry.elsewhere:
            return ledgers()[entry.elsewhere.ledger].column(entry.elsewhere.column).title
        own = ledgers()[entry.ledger or ""]
        return series([own.column(name).title for name in entry.ends])


def totals(lines: Iterable[Line]) -> list[Total]:
    """Return the limits that any row stands to, in the order of the data."""
    found: dict[str, Total] = {}
    for line in lines:
        total = found.setdefault(line.limit, Total(line.limit))
        total.counts += line.counts
        total.lines.append(line)
        total.recorded = total.recorded or line.recorded
        total.extended_late += line.extended_late
        if line.earliest is not None:
            total.earliest = min(line.earliest, total.earliest or line.earliest)
    return list(found.values())


def state_named(text: str) -> State:
    """Return a state by its words or its name. Raises ``ZS-RG-21``."""
    for state in BOUND:
        if text in (state, STATES[state]):
            return state
    raise ZhunshengError("ZS-RG-21", state=text, known=series([STATES[state] for state in BOUND]))


def rows_of(
    evidence: Evidence, limits: Iterable[str] | None, as_of: date, asked: Asked, lines: Iterable[Line]
) -> list[LimitRow]:
    """Return the rows of some limits (None: of all) in the states that are asked for, by their last day; none
    of a department that never noted an end. ``lines`` are the counts of that day, which tell where there is
    anything to be listed.
    """
    known = {
        (line.limit, line.department)
        for line in lines
        if line.recorded and any(line.counts[state] for state in asked.states)
    }
    chosen = applied() if limits is None else limits
    return [
        row
        for name in chosen
        if any(limit == name for limit, _department in known)
        for row in listed(evidence.engine, name, as_of, asked)
        if (name, row.department) in known
    ]


def note_of(row: LimitRow) -> str:
    """Return what is to be known of a row's last day: that the clock stands, that an extension does not
    count, that dates contradict each other, that it is provisional; empty for nothing.
    """
    said = row.standing
    found = {
        worded("停计中，恢复后顺延"): said.state == "stopped",
        worded("办结早于起算，请核对两个日期"): said.state == "doubtful",
        worded("逾期批准的延期，不计"): said.extended_late,
        worded("办结时停计没有结束，停计算到办结日"): said.unended,
        worded("暂定：放假安排未公布"): said.provisional and said.state != "stopped",
    }
    return series([note for note, holds in found.items() if holds], "；")


def stray_told(stray: Stray) -> str:
    """Return a suspension that stops no clock in words, with why."""
    why = {
        "no-row": worded("台账里没有这个编号"),
        "no-limit": worded("这一事由不停计这个台账的任何期限"),
        "reversed": worded("结束早于开始"),
    }
    until = worded("未结束") if stray.last is None else str(stray.last)
    return worded(
        "{register} {number}，{reason}（{first}至{until}）：{why}",
        register=stray.register,
        number=stray.number,
        reason=stray.reason,
        first=stray.first,
        until=until,
        why=why[stray.why],
    )


def name_of(row: LimitRow) -> str:
    """Return the name of the version of the limit that holds for a row."""
    return (row.standing.entry or applied()[row.limit][-1]).name


def table(rows: Iterable[LimitRow], department_name: Callable[[str], str]) -> list[tuple[Any, ...]]:
    """Return rows as a table under ``HEADER``; ``department_name`` names a department by its code, which is
    asked once of each: it looks into the store.
    """
    rows = list(rows)
    names = {code: department_name(code) for code in {row.department for row in rows}}
    return [
        (
            name_of(row),
            names[row.department],
            row.number,
            row.section or "",
            row.start,
            row.standing.due,
            row.standing.done,
            row.standing.used,
            STATES[row.standing.state],
            note_of(row),
            row.standing.entry.citation if row.standing.entry else "",
        )
        for row in rows
    ]


def write_rows(path: Path, rows: Sequence[tuple[Any, ...]]) -> None:
    """Write a table of rows to a csv or xlsx file by its ending, whole or not at all. Raises ``ZS-RG-22`` for
    another ending.
    """
    if path.suffix.lower() not in (".csv", ".xlsx"):
        raise ZhunshengError("ZS-RG-22", name=path.name)
    with whole_file(path) as partial:
        if path.suffix.lower() == ".csv":
            partial.write_bytes(csv_bytes(rows))
        else:
            fill_book(partial, rows)


def csv_bytes(rows: Sequence[tuple[Any, ...]]) -> bytes:
    """Return a table of rows as a csv that a spreadsheet opens."""
    return csv_text([HEADER, *rows]).encode("utf-8-sig")


def fill_book(target: Path | BinaryIO, rows: Sequence[tuple[Any, ...]]) -> None:
    """Write a table of rows as the content of a workbook."""
    in_memory: dict[str, Any] = {} if isinstance(target, Path) else {"in_memory": True}
    with TextBook(target, default_date_format="yyyy-mm-dd", **in_memory) as book:
        book.table("办理期限", list(zip(HEADER, _WIDTHS, strict=True)), rows)
