"""A difference between two states of the evidence as a workbook: batches, rows, readings, scores."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from zhunsheng.clock import to_minute
from zhunsheng.evidence import ledger_of
from zhunsheng.evidence.differing import KINDS
from zhunsheng.files.writing import TextBook, whole_file
from zhunsheng.usecases.differing import Difference
from zhunsheng.wording import row_place

Row = Sequence[object]


def write_difference(path: Path, found: Difference, name_of: Callable[[str], str]) -> None:
    """Write a difference to a workbook, whole or not at all; ``name_of`` names a department by its code.
    Raises as ``whole_file``.
    """
    with whole_file(path) as partial:
        fill_difference(partial, found, name_of)


def fill_difference(target: Path | BinaryIO, found: Difference, name_of: Callable[[str], str]) -> None:
    """Write a difference as the content of a workbook, one worksheet for each part of it."""
    in_memory: dict[str, Any] = {} if isinstance(target, Path) else {"in_memory": True}
    with TextBook(target, default_date_format="yyyy-mm-dd", **in_memory) as book:
        _sheet(book, "批次", {"批次": 8, "台账": 16, "文件或原因": 44, "谁": 12, "何时": 18}, _batches(found))
        rows = {
            "台账": 16,
            "部门": 22,
            "变化": 9,
            "键": 26,
            "列": 16,
            "原值": 26,
            "现值": 26,
            "批次": 8,
            "文件行": 14,
        }
        _sheet(book, "行的变化", rows, _cells(found, name_of))
        readings = {"测度": 30, "部门": 22, "项目": 26, "原值": 18, "现值": 18}
        _sheet(
            book,
            "读数的变化",
            readings,
            ((r.name, name_of(r.department), r.project or "合计", r.before, r.after) for r in found.readings),
        )
        if found.scores:
            scores = {"目标表": 34, "指标": 34, "原得分": 12, "现得分": 12}
            _sheet(
                book,
                "得分的变化",
                scores,
                ((s.sheet, s.indicator or "总分", s.before, s.after) for s in found.scores),
            )


def _batches(found: Difference) -> Iterator[Row]:
    for b in found.batches:
        yield b.batch, ledger_of(b.ledger).title, b.told, b.who, to_minute(b.when)


def _cells(found: Difference, name_of: Callable[[str], str]) -> Iterator[Row]:
    for one in found.ledgers:
        for row in one.rows:
            for cell in row.cells:
                yield (
                    one.ledger.title,
                    name_of(row.department),
                    KINDS[row.kind],
                    row.key,
                    cell.column,
                    cell.before,
                    cell.after,
                    row.batch,
                    row_place(row.sheet, row.row),
                )


def _sheet(book: TextBook, name: str, columns: dict[str, int], rows: Iterator[Row]) -> None:
    sheet = book.sheet(name)
    style = {"border": 1, "valign": "top", "text_wrap": True, "font_name": "宋体"}
    head = book.book.add_format(style | {"bold": True, "bg_color": "#EEF2F7"})
    plain = book.book.add_format(style)
    for c, (title, width) in enumerate(columns.items()):
        sheet.write_string(0, c, title, head)
        sheet.set_column(c, c, width)
    count = 0
    for count, row in enumerate(rows, start=1):
        for c, value in enumerate(row):
            if isinstance(value, bool):
                book.text(sheet, count, c, "是" if value else "否", plain)
            elif isinstance(value, int):
                sheet.write_number(count, c, value, plain)
            else:
                book.text(sheet, count, c, "" if value is None else value, plain)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, max(1, count), len(columns) - 1)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
