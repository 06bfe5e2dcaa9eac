"""The tables of the ministry's data standard as files: rows of texts by field name, as workbook or JSON."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from zhunsheng.errors import ZhunshengError
from zhunsheng.faults import first_line
from zhunsheng.files.opening import open_bytes
from zhunsheng.files.spreadsheet import read_workbook, show
from zhunsheng.files.writing import TextBook, fits
from zhunsheng.regulations import read_packaged
from zhunsheng.text import clean
from zhunsheng.translation import series, worded

FORMAT = "zhunsheng.exchange/1"
Row = dict[str, str]
Tables = dict[str, list[Row]]
KIND_WORDS = {
    "standard": "库表字段",
    "vendor": "供应商模块的列",
    "words": "只见到中文名",
    "added": "本系统另加",
}
ABOUT, LEFT = "说明", "没有写进来的"


class FieldOf(BaseModel):
    """A field of a table: ``kind`` says where its name is from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    title: str
    kind: Literal["standard", "vendor", "words", "added"] = "standard"


class TableOf(BaseModel):
    """A table of the standard: ``fields`` then ``more``, in the order in which they are written."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    title: str
    fields: tuple[FieldOf, ...]
    more: tuple[FieldOf, ...] = ()

    @property
    def columns(self) -> tuple[FieldOf, ...]:
        """All its fields."""
        return (*self.fields, *self.more)


@lru_cache
def standard() -> dict[str, TableOf]:
    """Return the tables by name. Raises ``ZS-RG-01``."""
    found = read_packaged(files(__package__) / "standard.yaml", list[TableOf])
    return {table.name: table for table in found}


def as_json(tables: Mapping[str, Sequence[Row]], left: Sequence[str] = ()) -> bytes:
    """Return tables as JSON, with what has no place in them by name."""
    held = {name: list(rows) for name, rows in tables.items()}
    said = {"format": FORMAT, "left_out": list(left), "tables": held}
    return json.dumps(said, ensure_ascii=False, indent=1).encode()


def as_workbook(tables: Mapping[str, Sequence[Row]], left: Sequence[str] = ()) -> bytes:
    """Return tables as a workbook: a worksheet each, field names in the first row and what they mean in the
    second; before them what the columns are, behind them what has no place in them.
    """
    buffer = io.BytesIO()
    with TextBook(buffer, in_memory=True) as book:
        about = [
            (table.name, table.title, one.name, one.title, KIND_WORDS[one.kind])
            for name in tables
            for table in (standard()[name],)
            for one in table.columns
        ]
        book.table(ABOUT, (("表", 28), ("表的含义", 20), ("字段", 24), ("含义", 20), ("来历", 16)), about)
        for name, rows in tables.items():
            columns = standard()[name].columns
            titles = [one.title for one in columns]
            body = [titles, *([row.get(one.name, "") for one in columns] for row in rows)]
            book.table(name, [(one.name, 18.0) for one in columns], body)
        cut = [
            worded("{table} {field}：超过 Excel 一格能放的字数，分成了几段", table=name, field=key)
            for name, rows in tables.items()
            for row in rows
            for key, value in row.items()
            if not fits(value)
        ]
        if left := [*left, *cut]:
            book.table(LEFT, (("数据标准里没有位置的内容", 100),), [(one,) for one in left])
    return buffer.getvalue()


def read(content: bytes, name: str) -> tuple[Tables, list[str]]:
    """Return the tables of a file, and what of it was not read. Raises ``ZS-RG-25`` for a file that holds no
    table of the standard, and ``ZS-IN-*``.
    """
    found, left = (_of_json if content.lstrip()[:1] in (b"{", b"[") else _of_workbook)(content, name)
    if not found:
        known = series(f"{one.name}（{one.title}）" for one in standard().values())
        raise ZhunshengError("ZS-RG-25", name=name, detail=worded("没有这些表：{known}", known=known))
    return found, left


def read_file(path: Path) -> tuple[Tables, list[str]]:
    """Do what ``read`` does for a file. Raises ``ZS-IN-01``, ``ZS-IN-12``."""
    if not path.is_file():
        raise ZhunshengError("ZS-IN-01", name=path)
    try:
        return read(path.read_bytes(), path.name)
    except OSError as error:
        raise ZhunshengError("ZS-IN-12", name=path.name, detail=first_line(error)) from None


def _of_json(content: bytes, name: str) -> tuple[Tables, list[str]]:
    try:
        said = json.loads(content)
        held = said.get("tables", said)
        given = {table: [dict(row) for row in rows] for table, rows in held.items() if isinstance(rows, list)}
    except (ValueError, AttributeError, TypeError, RecursionError) as error:
        raise ZhunshengError("ZS-RG-25", name=name, detail=first_line(error)) from None
    found: Tables = {}
    left: list[str] = []
    for table, rows in given.items():
        if table not in standard():
            if table != "left_out":
                left.append(worded("表 {table}：不是这里读的表", table=table))
            continue
        texts = [{str(key): _text(value) for key, value in row.items()} for row in rows]
        found[table] = [{key: value for key, value in row.items() if value} for row in texts]
        left += _strange(table, {key for row in found[table] for key in row})
    return found, left


def _of_workbook(content: bytes, name: str) -> tuple[Tables, list[str]]:
    found: Tables = {}
    left: list[str] = []
    for sheet in read_workbook(open_bytes(content, name)):
        rows = [
            [_text(value, percent=(r, c) in sheet.percents) for c, value in enumerate(row)]
            for r, row in enumerate(sheet.rows)
        ]
        rows = [row for row in rows if any(row)]
        if not rows or sheet.name in (ABOUT, LEFT):
            continue
        table = _table_of(sheet.name, rows[0])
        if table is None:
            left.append(worded("工作表“{sheet}”：不是这里读的表", sheet=sheet.name))
            continue
        called = {one.title: one.name for one in table.columns} | {
            one.name: one.name for one in table.columns
        }
        heads = [called.get(head, head) for head in rows[0]]
        titles = {one.name: one.title for one in table.columns}
        body = [dict(zip(heads, row, strict=False)) for row in rows[1:]]
        body = [row for row in body if any(value and value != titles.get(key) for key, value in row.items())]
        found.setdefault(table.name, []).extend(
            {key: value for key, value in row.items() if key in titles and value} for row in body
        )
        left += _strange(table.name, {key for row in body for key, value in row.items() if value})
    return found, left


def _table_of(name: str, heads: Sequence[str]) -> TableOf | None:
    """Return the table that a worksheet is, by its name or, under another one, by its heads."""
    for table in standard().values():
        if name.strip().upper() in (table.name, table.title):
            return table
    fits = [(len({one.name for one in table.columns} & set(heads)), table) for table in standard().values()]
    most = max(number for number, _table in fits)
    best = [table for number, table in fits if number == most]
    return best[0] if most >= 3 and len(best) == 1 else None


def _strange(table: str, keys: set[str]) -> list[str]:
    known = {one.name for one in standard()[table].columns}
    title = standard()[table].title
    return [
        worded("{table}：没有字段 {field}", table=title, field=key) for key in sorted(keys - known) if key
    ]


def _text(value: Any, *, percent: bool = False) -> str:
    return "" if value is None else clean(show(value, percent=percent)).strip()
