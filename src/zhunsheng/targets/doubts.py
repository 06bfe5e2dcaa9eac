"""What doubts of a document are about: which a person must confirm, which are only told."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from zhunsheng.targets.fields import INDICATOR_LABELS, LABELS, fields_of
from zhunsheng.targets.sheet import Book, TargetSheet, Unsure
from zhunsheng.translation import worded

Made = TypeVar("Made")


def _of_last(make: Callable[[TargetSheet], Made]) -> Callable[[TargetSheet], Made]:
    """Keep what was made of the last sheet: its doubts, up to one a row, are asked for one after another."""
    kept: list[tuple[TargetSheet, Made]] = []

    def made(sheet: TargetSheet) -> Made:
        last = kept[0] if kept else None
        if last is None or last[0] is not sheet:
            last = sheet, make(sheet)
            kept[:] = [last]
        return last[1]

    return made


# What was left out and is told, so that a person knows; the rest of the document was read without it.
TOLD = {
    "column": worded("没有读入的列"),
    "hidden": worded("隐藏的内容"),
    "layout": worded("版式"),
    "macro": worded("宏"),
    "picture": worded("图片"),
    "scan": worded("图片识别"),  # of a page; each field that was read from it is doubted beside
    "tracked": worded("修订"),
}
# What may have been read wrong or is missing where it counts; a path of the editor has its label.
ASKED = {
    "budget": worded("资金"),
    "cell": worded("单元格"),
    "execution": worded("预算执行情况"),
    "header": worded("表头"),
    "indicators": worded("绩效指标"),
    "spending_plan": worded("资金支出计划"),
    "symbol": worded("符号"),
    "target": worded("指标值"),
    "year": worded("年度"),
}


def must_confirm(one: Unsure) -> bool:
    """Say whether a person has to confirm it before the sheet is submitted; of an unknown kind, too."""
    return one.field not in TOLD


def doubts_of(book: Book, number: int) -> list[Unsure]:
    """Return the doubts of a book's sheet (from 0); what is of no sheet may be of any."""
    return [one for one in book.unsure if one.sheet in (None, number)]


def nothing_read(one: Unsure, sheet: TargetSheet | None) -> bool:
    """Say whether nothing was read where a doubt stands, so that nothing there can be right."""
    path = path_of(sheet, one) if sheet else None
    return one.unread or bool(sheet and path and not read_at(sheet, path))


def words_of(one: Unsure, sheet: TargetSheet | None = None) -> str:
    """Return what a doubt is about, in words, of the sheet where that is known."""
    path = path_of(sheet, one) if sheet else None
    known = TOLD.get(one.field) or ASKED.get(one.field)
    if known and not (path or "").startswith("budget."):
        return known
    field = _fields(sheet).get(path or one.field) if sheet else None
    return field.label if field else LABELS.get(one.field, worded("内容"))


def said_of(one: Unsure) -> str:
    """Return what the document says where a doubt stands, without the place, which is told beside it."""
    return one.text.removeprefix(str(one.place.label()) if one.place else "").lstrip()


def path_of(sheet: TargetSheet, one: Unsure) -> str | None:
    """Return the path of the editor's field that a doubt is of, by where it stands; None for one of no
    single field.

    Rows that were added or removed since move an indicator; its place in the document stays.
    """
    head, _, rest = one.field.partition(".")
    name = rest.rpartition(".")[2] or head
    if head in ("target", "name", "indicators") and name in INDICATOR_LABELS:
        found = _row(sheet, one)
        if found is not None:
            return f"indicators.{found}.{name}"
        return "name" if one.field == "name" else None
    fields = _fields(sheet)
    if head == "budget" and not rest:
        there = (
            path for path in fields if path.startswith("budget.") and sheet.provenance.get(path) == one.place
        )
        return next(there, None)
    known = fields.get(one.field)
    if known is None or (head in ("goals", "plan") and known.place != one.place):
        return None
    return one.field


def read_at(sheet: TargetSheet, path: str) -> str:
    """Return what a sheet says at a path, of a target value as it is compared; empty for nothing."""
    if path.startswith("indicators.") and path.endswith(".target"):
        return sheet.indicators[int(path.split(".")[1])].reads
    return fields_of(sheet)[path].text


def part_of(one: Unsure) -> str:
    """Return the part of the editor in which to mend a doubt of no single field."""
    head = one.field.partition(".")[0]
    if head in ("spending_plan", "plan"):
        return "plan"
    if head in ("indicators", "target", "header", "column", "cell", "symbol"):
        return "indicators"
    return "goals" if head == "goals" else "head"


def _row(sheet: TargetSheet, one: Unsure) -> int | None:
    """Return the number of the indicator on the row of a doubt: of several there the one that says its text,
    of text files the last to begin before it.
    """
    here = one.place.position() if one.place else None
    if here is None:
        return None
    where, line = here
    rows = _rows(sheet).get(where, [])
    begin, end = bisect_left(rows, (line, -1)), bisect_left(rows, (line + 1, -1))
    there = [n for _, n in rows[begin:end] or (rows[:end][-1:] if where[0] == "line" else [])]
    saying = [n for n in there if sheet.indicators[n].target.raw == one.text]
    named = [n for n in there if sheet.indicators[n].name == one.text]
    return next(iter((*saying, *named, *there)), None)


_fields = _of_last(fields_of)


@_of_last
def _rows(sheet: TargetSheet) -> dict[tuple[str, str], list[tuple[int, int]]]:
    """Return the rows of the indicators in order, each with the number of its indicator, by what they can be
    told before or after in.
    """
    found: defaultdict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
    for n, indicator in enumerate(sheet.indicators):
        if indicator.place and (known := indicator.place.position()):
            found[known[0]].append((known[1], n))
    return {where: sorted(rows) for where, rows in found.items()}


def grouped(found: tuple[Unsure, ...]) -> Iterator[tuple[bool, list[Unsure]]]:
    """Give the doubts that must be confirmed, then those that are told, where there are any."""
    for asked in (True, False):
        if those := [one for one in found if must_confirm(one) is asked]:
            yield asked, those


# Words of a sheet that no figure is compared with.
_UNSCORED = ("name", "code", "department", "unit", "purpose", "narrative", "goals", "safeguards")
_MONEY = ("budget", "plan", "spending_plan")


@dataclass(frozen=True)
class Waiting:
    """What of a sheet stays open before a person has confirmed how it was read: why, in words, of its
    indicators (by number, from 0) and of its money (empty where nothing is in doubt).
    """

    rows: Mapping[int, str] = field(default_factory=dict)
    money: str = ""


def waiting(sheet: TargetSheet, found: Iterable[Unsure]) -> Waiting:
    """Return what stays open of a sheet for the doubts of it that nobody has answered.

    A doubt of one indicator opens that one; of what all rest on (the year, a header, what could not be read
    and may be an indicator, the points, which are shared out among all) every one, and the money.
    """
    rows: dict[int, str] = {}
    money = whole = ""
    for one in found:
        if not must_confirm(one):
            continue
        path = path_of(sheet, one) or ""
        head = (path or one.field).partition(".")[0]
        why = worded("{what}读得没有把握，还没有人核对（{why}）", what=words_of(one, sheet), why=one.why)
        row = int(path.split(".")[1]) if head == "indicators" and path else _row(sheet, one)
        if head in _MONEY:
            money = money or why
        elif head in _UNSCORED:
            continue
        elif row is not None and not path.endswith(".weight"):
            rows.setdefault(row, why)
        else:
            whole = whole or why
    if whole:
        rows = {n: rows.get(n, whole) for n in range(len(sheet.indicators))}
    return Waiting(rows, money or whole)
